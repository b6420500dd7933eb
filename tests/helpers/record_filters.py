#!/usr/bin/env python3
"""Records what the kernel answers about packet filters, for tests/fixtures/ and fuzz/corpus/.

    sudo tests/helpers/record_filters.py .

Loads rules with nft, iptables-nft and iptables-legacy into a fresh network namespace and asks for them
as src/sys/nft_rules.c and src/sys/iptables_legacy.c do. nft-*.bin: a zero byte, then every datagram
as its length (4 bytes, little-endian) and its bytes, all with sequence number 1. iptables-*.bin: the
answer of IPT_SO_GET_INFO (84 bytes), then the entries.
"""

import ctypes
import pathlib
import socket
import struct
import subprocess
import sys

NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES = 12, 10
GETTABLE, GETCHAIN, GETRULE, GETSET, GETSETELEM, GETOBJ = 1, 4, 7, 10, 13, 19
NLMSG_ERROR, NLMSG_DONE = 2, 3
CLONE_NEWNET = 0x40000000
IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES = 64, 65
SIZE_OF_INFO, SIZE_OF_GET = 84, 40
libc = ctypes.CDLL(None, use_errno=True)

GUARD = """
table inet guard {
  set ports {
    type inet_service
    elements = { 22, 5432 }
  }
  set flood {
    type ipv4_addr
    flags dynamic
    size 100
  }
  limit calm {
    rate over 7/minute
  }
  chain web {
    tcp dport 80 drop
    tcp dport 81 return
  }
  chain input {
    type filter hook input priority 0; policy drop;
    tcp dport @ports counter drop comment "hello"
    tcp dport { 80, 8000-8100 } reject with tcp reset
    tcp dport 9000-9100 drop
    tcp dport vmap { 1 : drop, 2 : accept, 3 : jump web }
    ip saddr . tcp dport { 127.0.0.1 . 3-5, 127.0.0.2 . 7 } drop
    ct count over 10 drop
    ct state { established, related } accept
    ct state new,invalid tcp dport 82 accept
    tcp dport 83 limit rate over 10/second drop
    tcp dport 84 limit name "calm" drop
    tcp dport 85 add @flood { ip saddr limit rate over 3/hour } drop
    tcp dport 86 quota over 10 mbytes drop
    tcp dport 87 numgen random mod 4 == 0 drop
    tcp dport 88 reject with icmpx admin-prohibited
    ip saddr 10.0.0.0/8 drop
    ip6 saddr fe80::/10 drop
    iif lo accept
    iifname "eth*" accept
    fib daddr type local meta mark & 0xff == 0x7 log prefix "x "
  }
  chain output {
    type nat hook output priority -100;
    tcp dport 90 redirect to :8080
    tcp dport 91 dnat ip to 127.0.0.2:8081
    meta skuid 1000 meta mark set 0x7
  }
}
"""
IPTABLES = """
-N CH
-A CH -p tcp --dport 6379 -m comment --comment lockdown -j REJECT
-A INPUT -i lo -p tcp -j CH
-A INPUT -s HERE -p udp -m multiport --dports 1,5:9 -j DROP
-A INPUT -p tcp -m conntrack --ctstate NEW -m multiport --dports 70,80:90 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp --dport 91 -m connlimit --connlimit-above 3 -j DROP
-A INPUT -p tcp --dport 92 -m limit --limit 3/minute -j ACCEPT
-A INPUT -m addrtype --dst-type LOCAL -m mark --mark 0x7/0xff -j ACCEPT
-A OUTPUT -m owner --uid-owner 1000 -p tcp --dport 92 -j DROP
-A OUTPUT -m state --state ESTABLISHED,RELATED -j ACCEPT
-t nat -A OUTPUT -p tcp --dport 93 -j REDIRECT --to-ports 94
-t nat -A OUTPUT -p tcp --dport 94 -j DNAT --to-destination TARGET:95
-P FORWARD DROP
"""


def kinds(datagram):
    at = 0
    while at < len(datagram):
        length, kind = struct.unpack_from("IH", datagram, at)
        yield kind
        at += length + 3 & ~3


def ask(message, payload=struct.pack("BBH", 0, 0, 0)):
    """All datagrams of one dump."""
    datagrams = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as s:
        kind = NFNL_SUBSYS_NFTABLES << 8 | message
        s.send(struct.pack("IHHII", 16 + len(payload), kind, 0x301, 1, 0) + payload)
        s.settimeout(5)
        while not datagrams or not set(kinds(datagrams[-1])) & {NLMSG_ERROR, NLMSG_DONE}:
            datagrams.append(s.recv(1 << 18))
    return datagrams


def attribute(kind, text):
    data = text.encode() + b"\0"
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def sets(datagrams):
    """(family, table, name) of the sets in an answer to GETSET."""
    for d in datagrams:
        at = 0
        while at < len(d):
            length, kind = struct.unpack_from("IH", d, at)
            if kind >> 8 == NFNL_SUBSYS_NFTABLES:
                names, a = {}, at + 20
                while a < at + length:
                    n, t = struct.unpack_from("HH", d, a)
                    names[t] = d[a + 4:a + n].rstrip(b"\0").decode("latin-1")
                    a += n + 3 & ~3
                yield d[at + 16], names[1], names[2]
            at += length + 3 & ~3


def record_nft():
    dumps = [ask(m) for m in (GETTABLE, GETCHAIN, GETSET, GETOBJ, GETRULE)]
    for family, table, name in list(sets(dumps[2])):
        dumps.append(ask(GETSETELEM, struct.pack("BBH", family, 0, 0) + attribute(1, table) + attribute(2, name)))
    flat = [d for dump in dumps for d in dump]
    return b"\0" + b"".join(struct.pack("<I", len(d)) + d for d in flat)


def record_iptables(level, table):
    family = socket.AF_INET if level == socket.IPPROTO_IP else socket.AF_INET6
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        info = ctypes.create_string_buffer(table.encode(), SIZE_OF_INFO)
        length = ctypes.c_uint32(SIZE_OF_INFO)
        assert libc.getsockopt(s.fileno(), level, IPT_SO_GET_INFO, info, ctypes.byref(length)) == 0
        size = struct.unpack_from("I", info.raw, 80)[0]
        get = ctypes.create_string_buffer(struct.pack("32sI", table.encode(), size), SIZE_OF_GET + size)
        length.value = SIZE_OF_GET + size
        assert libc.getsockopt(s.fileno(), level, IPT_SO_GET_ENTRIES, get, ctypes.byref(length)) == 0
        return info.raw + get.raw[SIZE_OF_GET:]


def fresh():
    if libc.unshare(CLONE_NEWNET):
        sys.exit("record_filters: a new network namespace needs root")


def iptables(tool, local, target):
    for line in IPTABLES.replace("HERE", local).replace("TARGET", target).strip().splitlines():
        subprocess.run([tool] + line.split(), check=True)


def main():
    root = pathlib.Path(sys.argv[1])
    out = {}
    fresh()
    subprocess.run(["nft", "-f", "-"], input=GUARD, text=True, check=True)
    out["nft", "nft-guard.bin"] = record_nft()
    fresh()
    iptables("iptables-nft", "127.0.0.1", "127.0.0.2")
    iptables("ip6tables-nft", "::1", "[::1]")
    out["nft", "nft-iptables.bin"] = record_nft()
    fresh()
    iptables("iptables-legacy", "127.0.0.1", "127.0.0.2")
    iptables("ip6tables-legacy", "::1", "[::1]")
    out["iptables", "iptables-filter4.bin"] = record_iptables(socket.IPPROTO_IP, "filter")
    out["iptables", "iptables-nat4.bin"] = record_iptables(socket.IPPROTO_IP, "nat")
    out["iptables", "iptables-filter6.bin"] = record_iptables(socket.IPPROTO_IPV6, "filter")
    for (corpus, name), data in out.items():
        for folder in ("tests/fixtures/netlink", f"fuzz/corpus/{corpus}"):
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / name).write_bytes(data)


main()
