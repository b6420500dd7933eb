"""ls: which address, which family, and who can reach it."""

import pathlib
import sys

from scenario import check, check_equal, scenario


def listener(service, address):
    found = [x for x in service["listeners"] if x["address"] == address]
    check_equal(len(found), 1, f"listeners on {address}")
    return found[0]


@scenario()
def python_on_127_0_0_1(s):
    server = s.http_server("127.0.0.1", s.port(8000))
    service = s.service(s.port(8000))
    check_equal(service["proto"], "tcp")
    check_equal(service["reach"], "computer")
    check_equal([o["pid"] for o in service["owners"]], [server.pid])
    check_equal(service["owners"][0]["program"], "python")
    on = listener(service, "127.0.0.1")
    check_equal(on["endpoint"], f"127.0.0.1:{s.port(8000)}")
    check_equal((on["v6only"], on["dual_stack"]), (False, False))
    check("namespace" not in service, "our own namespace has no label")


@scenario()
def python_on_ipv6_loopback(s):
    s.http_server("::1", s.port(8000))
    service = s.service(s.port(8000))
    check_equal(service["reach"], "computer")
    check_equal(service["note"], "::1 only")
    check_equal(listener(service, "::1")["endpoint"], f"[::1]:{s.port(8000)}")


@scenario(root=True)
def python_on_every_ipv4_address(s):
    s.http_server("0.0.0.0", 8000)
    check_equal(s.service(8000)["reach"], "computer", "the reach without a network")
    s.network()
    service = s.service(8000)
    check_equal(service["reach"], "network")
    check_equal(listener(service, "0.0.0.0")["dual_stack"], False)


@scenario(root=True)
def dual_stack_and_v6only(s):
    s.network()
    s.hold("tcp:[::]:3000", "tcp:[::]:3001,v6only")
    both, only = s.service(3000), s.service(3001)
    check_equal((listener(both, "::")["dual_stack"], listener(both, "::")["v6only"]), (True, False))
    check_equal((listener(only, "::")["dual_stack"], listener(only, "::")["v6only"]), (False, True))
    check("note" not in both, "a dual-stack listener needs no note")
    check_equal(only["note"], "IPv6 only")
    check_equal(both["reach"], "network", "the reach of :: where the network is IPv4")
    check_equal(only["reach"], "network")


@scenario(root=True)
def only_one_address_of_the_network(s):
    s.network("192.168.77.2/24", "fd77::2/64")
    s.hold("tcp:192.168.77.2:3000", "tcp:127.0.0.2:3001")
    check_equal(s.service(3000)["reach"], "network")
    check_equal(s.service(3001)["reach"], "computer")
    check_equal(s.service(3001)["note"], "127.0.0.2 only")


@scenario()
def both_loopbacks_are_one_service(s):
    port = s.port(3000)
    holder = s.hold(f"tcp:[::1]:{port}", f"tcp:127.0.0.1:{port}")
    service = s.service(port)
    check_equal([x["address"] for x in service["listeners"]], ["127.0.0.1", "::1"])
    check_equal([o["pid"] for o in service["owners"]], [holder.pid])
    check("note" not in service, "it answers on both loopbacks")


@scenario(root=True)
def ipv4_through_an_ipv6_socket(s):
    """Java binds ::ffff:127.0.0.1 when it is told 127.0.0.1: no IPv6 client gets there."""
    s.hold("tcp:[::ffff:127.0.0.1]:3000", "tcp:[::ffff:127.0.0.2]:3001")
    check("note" not in s.service(3000), "it is an IPv4 listener like any other")
    check_equal(s.service(3001)["note"], "127.0.0.2 only")


@scenario()
def two_programs_share_a_port_by_family(s):
    port = s.port(3000)
    one, two = s.hold(f"tcp:127.0.0.1:{port}"), s.hold(f"tcp:[::1]:{port}")
    services = s.services(port=port)
    check_equal(sorted(x["owners"][0]["pid"] for x in services), sorted([one.pid, two.pid]))


@scenario()
def sorted_by_port(s):
    ports = [s.port(n) for n in (9000, 80, 3000, 443)]
    s.hold(*(f"tcp:127.0.0.1:{p}" for p in ports))
    found = [x["port"] for x in s.services() if x["port"] in ports]
    check_equal(found, sorted(ports))


@scenario(root=True)
def a_thousand_listeners(s):
    holder = s.hold("tcp:127.0.0.1:20000,count=1000")
    services = s.services()
    check_equal(len(services), 1000)
    check_equal([x["port"] for x in services], list(range(20000, 21000)))
    check(all(x["owners"][0]["pid"] == holder.pid for x in services), "one of them has another owner")


@scenario(root=True)
def nobody_listens(s):
    document = s.ls()
    check_equal(document["services"], [])
    check_equal(document["blind_spots"], [])
    check_equal(s.run("ls").text, "Nothing listens.\n")


@scenario(needs=["node"])
def node_serves(s):
    port = s.port(3000)
    code = "require('http').createServer((q, r) => r.end('hi')).listen({port: +process.argv[1]})"
    node = s.start(["node", "-e", code, str(port)], ready=("::1", port))
    service = s.service(port)
    check_equal(service["owners"][0]["pid"], node.pid)
    check_equal(service["owners"][0]["program"], "node")
    check_equal(listener(service, "::")["dual_stack"], True)


@scenario()
def stays_quiet_about_plain_python(s):
    """The interpreter's version is no part of what a person calls it."""
    s.http_server("127.0.0.1", s.port(8000))
    owner = s.service(s.port(8000))["owners"][0]
    check_equal(owner["exe"], str(pathlib.Path(sys.executable).resolve()))


@scenario(root=True)
def bound_to_one_device(s):
    s.hold("tcp:0.0.0.0:3000,device=lo")
    service = s.service(3000)
    check_equal(service["listeners"][0]["device"], "lo")
    check_equal(service["note"], "only on lo")
    check_equal(service["reach"], "computer")
