"""ls --all: sockets that are no listeners, and listeners that cannot answer."""

import os
import socket

from scenario import check, check_equal, check_in, scenario, wait_for


def sockets(s, port, *words):
    """The sockets with this local or remote port."""
    document = s.ls("--all", *words)
    return [x for x in document["sockets"]
            if x["local"].endswith(f":{port}") or x.get("remote", "").endswith(f":{port}")]


def one(found, **wanted):
    hits = [x for x in found if all(x.get(name) == value for name, value in wanted.items())]
    check_equal(len(hits), 1, f"sockets with {wanted} in {found}")
    return hits[0]


@scenario(root=True)
def bound_and_never_listening(s):
    """In use although nothing listens: the kernel tells of it since Linux 6.8."""
    release = tuple(int(n) for n in os.uname().release.split(".")[:2])
    s.hold("bound:127.0.0.1:3000")
    check_equal(s.services(), [], "services")
    if release >= (6, 8):
        found = one(sockets(s, 3000), state="bound")
        check_equal(found["local"], "127.0.0.1:3000")


@scenario(root=True)
def time_wait_has_a_name_and_no_owner(s):
    server = socket.create_server(("127.0.0.1", 3001))
    client = socket.create_connection(("127.0.0.1", 3001))
    peer, _ = server.accept()
    client.close()  # who closes first has to wait
    peer.recv(1)
    peer.close()
    found = wait_for(lambda: [x for x in sockets(s, 3001) if x["state"] == "time-wait"], "TIME_WAIT")
    check_equal(found[0]["ownerless"], "time-wait")
    check_equal(found[0]["inode"], 0)
    check_equal(found[0]["remote"], "127.0.0.1:3001")


@scenario(root=True)
def both_ends_of_a_connection(s):
    server = s.hold("tcp:127.0.0.1:3000,accept")
    client = s.hold("connect:127.0.0.1:3000")

    def accepted():
        found = [x for x in sockets(s, 3000) if x["state"] == "established" and x["inode"]]
        return found if len(found) == 2 else None

    found = wait_for(accepted, "the connection being accepted")
    servers_end, clients_end = one(found, local="127.0.0.1:3000"), one(found, remote="127.0.0.1:3000")
    check_equal(servers_end["remote"], clients_end["local"])
    check_equal((servers_end["owner"]["pid"], servers_end["peer_owner"]["pid"]), (server.pid, client.pid))
    check_equal((clients_end["owner"]["pid"], clients_end["peer_owner"]["pid"]), (client.pid, server.pid))


@scenario(root=True)
def both_ends_with_a_mapped_address(s):
    """A dual-stack server sees an IPv4 client as ::ffff:127.0.0.1; the client knows nothing of it."""
    server = s.hold("tcp:[::]:3000,accept")
    client = s.hold("connect:127.0.0.1:3000")
    wait_for(lambda: len([x for x in sockets(s, 3000) if x.get("peer_owner")]) == 2, "both ends")
    found = [x for x in sockets(s, 3000) if x.get("peer_owner")]
    check_equal(sorted((x["owner"]["pid"], x["peer_owner"]["pid"]) for x in found),
                sorted([(server.pid, client.pid), (client.pid, server.pid)]))


@scenario(root=True)
def the_same_pair_of_ports_by_another_protocol(s):
    tcp = s.python("""
        import socket, signal
        listener = socket.create_server(("127.0.0.1", 3000))
        client = socket.create_connection(("127.0.0.1", 3000), source_address=("127.0.0.1", 4000))
        server, _ = listener.accept()
        print("READY")
        signal.pause()
        """)
    udp = s.python("""
        import socket, signal
        one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        one.bind(("127.0.0.1", 3000))
        two.bind(("127.0.0.1", 4000))
        one.connect(("127.0.0.1", 4000))
        two.connect(("127.0.0.1", 3000))
        print("READY")
        signal.pause()
        """)
    found = [x for x in sockets(s, 3000) if x["state"] == "established"]
    check_equal(sorted((x["owner"]["pid"], x["peer_owner"]["pid"]) for x in found),
                sorted([(tcp.pid, tcp.pid)] * 2 + [(udp.pid, udp.pid)] * 2))


@scenario(root=True)
def a_connection_nobody_accepted(s):
    s.hold("tcp:127.0.0.1:3000,backlog=5")
    s.hold("connect:127.0.0.1:3000")
    queued = one(sockets(s, 3000), state="established", inode=0)
    check_equal(queued["ownerless"], "not-accepted")
    check_equal(s.service(3000)["listeners"][0]["waiting"], 1)


@scenario(root=True)
def a_full_queue_is_a_problem(s):
    s.hold("tcp:127.0.0.1:3000,backlog=1")
    s.hold(*["connect:127.0.0.1:3000"] * 2)
    listener = s.service(3000)["listeners"][0]
    check_equal((listener["waiting"], listener["backlog"]), (2, 1))
    check_equal(s.service(3000)["note"], "queue full")
    check_in("does not accept", s.run("overview").text)


@scenario()
def a_suspended_server_is_named(s):
    port = s.port(3000)
    holder = s.hold(f"tcp:127.0.0.1:{port}")
    check("note" not in s.service(port), "nothing is wrong yet")
    holder.stop()
    service = s.service(port)
    check_equal(service["note"], "stopped")
    check_equal(service["owners"][0]["state"], "T")


@scenario()
def one_of_a_family_may_be_suspended(s):
    port = s.port(3000)
    holder = s.hold(f"tcp:127.0.0.1:{port}", fork=1)
    holder.stop()
    check("note" not in s.service(port), "the other one still answers")


@scenario(root=True)
def udp_on_demand(s):
    s.hold("udp:0.0.0.0:5353", "udp:127.0.0.1:5354", "tcp:127.0.0.1:3000")
    check_equal([x["port"] for x in s.services()], [3000])
    found = s.services("--udp")
    check_equal([(x["port"], x["proto"]) for x in found], [(5353, "udp"), (5354, "udp")])
    check_equal(found[0]["owners"][0]["comm"], "holder")


@scenario(root=True)
def a_connected_udp_socket_is_no_service(s):
    s.hold("udp:127.0.0.1:5353", "udp-connect:127.0.0.1:5353")
    check_equal([x["port"] for x in s.services("--udp")], [5353])
