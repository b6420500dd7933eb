#!/usr/bin/env python3
"""Records what the kernel answers about links, routes and rules, for tests/fixtures/netlink/.

    sudo tests/helpers/record_route.py tests/fixtures/netlink

Builds a small world in a fresh network namespace (with ip and tc) and asks for it as src/sys/route.c
does. The format is record_netlink.py's; the first byte is 0. fuzz/fuzz_route.c reads it too.
"""

import ctypes
import pathlib
import socket
import struct
import subprocess
import sys

NETLINK_ROUTE = 0
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_GETLINK, RTM_GETROUTE, RTM_GETRULE, RTM_GETQDISC = 18, 26, 34, 38
RTM_F_LOOKUP_TABLE = 0x1000
RTA_DST, RTA_UID = 1, 25
IFLA_IFNAME = 3
CLONE_NEWNET = 0x40000000

WORLD = """
ip link set lo up
tc qdisc add dev lo root tbf rate 8mbit burst 10kb limit 20000
ip rule add pref 40 to 127.0.0.1 uidrange 1000-1000 prohibit
ip rule add pref 50 not from 10.0.0.0/8 to 127.0.0.0/9 blackhole
ip rule add pref 60 fwmark 0x10/0xff iif lo ipproto tcp dport 80-90 lookup 51820
ip rule add pref 60 dport 80 unreachable
ip rule add pref 70 goto 32766
ip rule add pref 71 goto 99
ip rule add pref 72 from 1.2.3.0/24 oif eth9 tos 0x10 table main suppress_prefixlength 0
ip rule add pref 73 nop protocol static
ip rule add pref 74 l3mdev protocol 17
ip rule del pref 0
ip rule add pref 45 lookup local
ip -6 rule add pref 50 to ::1 prohibit
"""


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def route_request(address, uid):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    destination = socket.inet_pton(family, address)
    header = struct.pack("=BBBBBBBBI", family, 8 * len(destination), 0, 0, 0, 0, 0, 0,
                         RTM_F_LOOKUP_TABLE)
    return header + attribute(RTA_DST, destination) + attribute(RTA_UID, struct.pack("=I", uid))


def record(kind, flags, payload):
    out = [b"\0"]
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as s:
        s.bind((7, 0))  # the same port id in every recording
        s.sendto(struct.pack("=IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) +
                 payload, (0, 0))
        while True:
            data = s.recv(1 << 18)
            out.append(struct.pack("=I", len(data)) + data)
            at = 0
            while at + 16 <= len(data):
                length, answer = struct.unpack_from("=IH", data, at)
                if answer in (NLMSG_DONE, NLMSG_ERROR):
                    return b"".join(out)
                at += length + 3 & ~3


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1]).resolve()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        sys.exit("record_route: a new network namespace needs root")
    for line in WORLD.strip().splitlines():
        subprocess.run(line.split(), check=True)
    lo = struct.pack("=16x") + attribute(IFLA_IFNAME, b"lo\0")
    recordings = {
        "link-lo": (RTM_GETLINK, NLM_F_ACK, lo),
        "qdisc-tbf": (RTM_GETQDISC, NLM_F_DUMP, struct.pack("=BBHiIII", 0, 0, 0, 1, 0, 0, 0)),
        "route-local": (RTM_GETROUTE, NLM_F_ACK, route_request("127.0.0.1", 1001)),
        "route-prohibited": (RTM_GETROUTE, NLM_F_ACK, route_request("127.0.0.1", 1000)),
        "rules4": (RTM_GETRULE, NLM_F_DUMP, struct.pack("=BBBBBBBBI", 2, *[0] * 8)),
        "rules6": (RTM_GETRULE, NLM_F_DUMP, struct.pack("=BBBBBBBBI", 10, *[0] * 8)),
    }
    for name, (kind, flags, payload) in recordings.items():
        data = record(kind, flags, payload)
        (target / (name + ".bin")).write_bytes(data)
        print(f"{name}.bin: {len(data)} bytes")
    print(subprocess.run(["ip", "rule"], capture_output=True, text=True, check=True).stdout)


main()
