#!/usr/bin/env python3
"""Records what the kernel answers to sock_diag dumps, for tests/fixtures/netlink/.

    sudo tests/helpers/record_netlink.py tests/fixtures/netlink

Builds a small world in a fresh network namespace, asks for it as src/sys/sock_diag.c does, and writes
one file for each question: a byte with the number of `enum proto`, then every datagram as its length
(4 bytes, little-endian) and its bytes. The request's sequence number is 1. fuzz/fuzz_netlink.c
reads the same format, so a recording is a seed too.
"""

import ctypes
import fcntl
import pathlib
import socket
import struct
import sys

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
ALL_STATES = (1 << 14) - 1
LISTEN, BOUND = 1 << 10, 1 << 13
TCP_INFO_AND_CONGESTION = 1 << 1 | 1 << 3  # INET_DIAG_INFO, INET_DIAG_CONG, counted from 1
UDIAG_SHOW = 0x01 | 0x04 | 0x10 | 0x40  # name, peer, queue lengths, user
PACKET_SHOW_INFO = 1
PROTO_TCP, PROTO_UDP, PROTO_PACKET, PROTO_UNIX = 0, 1, 5, 6
ETH_P_IP = 0x0800


def new_namespace():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        sys.exit("record_netlink: a new network namespace needs root")
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def listener(family, address, port, backlog=5, v6only=None):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if v6only is not None:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    s.bind((address, port))
    if backlog is not None:
        s.listen(backlog)
    return s


def build_world(folder):
    """Sockets of every kind; the caller keeps them alive."""
    v4, v6 = socket.AF_INET, socket.AF_INET6
    keep = [
        listener(v4, "127.0.0.1", 8000, 128),
        listener(v4, "0.0.0.0", 8001, 16),
        listener(v6, "::1", 8000, 128, 1),
        listener(v6, "::", 8002, 5, 1),
        listener(v6, "::", 8003, 5, 0),
        listener(v4, "127.0.0.1", 8004, None),  # bound, never listening
    ]
    client = socket.create_connection(("127.0.0.1", 8000), source_address=("127.0.0.1", 40000))
    server, _ = keep[0].accept()
    for _ in range(4):
        client.sendall(b"ping" * 25)
        server.recv(1000)
        server.sendall(b"pong" * 50)
        client.recv(1000)
    waiting = socket.create_connection(("127.0.0.1", 8001), source_address=("127.0.0.1", 40001))
    mapped = socket.create_connection(("127.0.0.1", 8003), source_address=("127.0.0.1", 40002))
    mapped_server, _ = keep[4].accept()
    gone = socket.create_connection(("127.0.0.1", 8000), source_address=("127.0.0.1", 40003))
    gone_server, _ = keep[0].accept()
    gone.close()  # closes first: TIME_WAIT on its side
    gone_server.recv(1)
    gone_server.close()
    keep += [client, server, waiting, mapped, mapped_server]

    udp = socket.socket(v4, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 8005))
    udp_pair = socket.socket(v4, socket.SOCK_DGRAM)
    udp_pair.bind(("127.0.0.1", 40004))
    udp_pair.connect(("127.0.0.1", 8005))
    keep += [udp, udp_pair]

    path = socket.socket(socket.AF_UNIX)
    path.bind(str(folder / "service.sock"))
    path.listen(7)
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(str(folder / "service.sock"))
    accepted, _ = path.accept()
    pending = socket.socket(socket.AF_UNIX)
    pending.connect(str(folder / "service.sock"))
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    abstract.bind(b"\0abstract\0name")
    abstract.listen(1)
    datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagram.bind(str(folder / "datagram.sock"))
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
    packet.bind(("lo", ETH_P_IP))
    return keep + [path, connected, accepted, pending, abstract, datagram, packet]


def inet_request(family, protocol, states, extensions=0):
    return struct.pack("=BBBBI48x", family, protocol, extensions, 0, states)


def dump(proto, payload):
    """The recording of one dump."""
    out = [struct.pack("=B", proto)]
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as s:
        s.bind((7, 0))  # the same port id in every recording
        header = struct.pack("=IHHII", 16 + len(payload), SOCK_DIAG_BY_FAMILY,
                             NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
        s.sendto(header + payload, (0, 0))
        while True:
            data = s.recv(1 << 18)
            out.append(struct.pack("=I", len(data)) + data)
            at = 0
            while at + 16 <= len(data):
                length, kind = struct.unpack_from("=IH", data, at)
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return b"".join(out)
                at += length + 3 & ~3


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1]).resolve()
    new_namespace()
    folder = pathlib.Path("/run/loopscope-recording")
    folder.mkdir(exist_ok=True)
    keep = build_world(folder)
    tcp, udp, sctp = socket.IPPROTO_TCP, socket.IPPROTO_UDP, 132
    v4, v6, both = socket.AF_INET, socket.AF_INET6, TCP_INFO_AND_CONGESTION
    recordings = {
        "tcp4-listeners": (PROTO_TCP, inet_request(v4, tcp, LISTEN)),
        "tcp6-listeners": (PROTO_TCP, inet_request(v6, tcp, LISTEN)),
        "tcp4-all": (PROTO_TCP, inet_request(v4, tcp, ALL_STATES, both)),
        "tcp6-all": (PROTO_TCP, inet_request(v6, tcp, ALL_STATES, both)),
        "udp4": (PROTO_UDP, inet_request(v4, udp, ALL_STATES)),
        "unix": (PROTO_UNIX, struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, ALL_STATES, 0,
                                         UDIAG_SHOW, 0, 0)),
        "packet": (PROTO_PACKET, struct.pack("=BBHIIII", socket.AF_PACKET, 0, 0, 0,
                                             PACKET_SHOW_INFO, 0, 0)),
    }
    # a protocol that this kernel has no module for ends with an error inside NLMSG_DONE
    recordings["no-module"] = (PROTO_TCP, inet_request(v4, sctp, ALL_STATES))
    for name, (proto, payload) in recordings.items():
        data = dump(proto, payload)
        (target / (name + ".bin")).write_bytes(data)
        print(f"{name}.bin: {len(data)} bytes")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    for s in keep:
        s.close()


main()
