"""ls: other network namespaces."""

import os

from scenario import NOBODY, check, check_equal, check_in, scenario


@scenario(root=True)
def a_listener_in_another_namespace(s):
    inside = s.hold("tcp:127.0.0.1:3000", netns=True)
    outside = s.hold("tcp:127.0.0.1:3000")
    services = s.services(port=3000)
    check_equal(len(services), 2)
    own = [x for x in services if "namespace" not in x]
    other = [x for x in services if "namespace" in x]
    check_equal([o["pid"] for x in own for o in x["owners"]], [outside.pid])
    check_equal([o["pid"] for x in other for o in x["owners"]], [inside.pid])
    check_equal(other[0]["reach"], "namespace")
    check(other[0]["namespace"], "it has a label")


@scenario(root=True)
def the_label_stands_in_the_text(s):
    s.hold("tcp:127.0.0.1:3000", netns=True)
    row = [line for line in s.run("ls").lines if line.split()[0] == "3000"][0]
    check_in("its namespace", row)


@scenario(root=True)
def the_same_address_twice_is_no_conflict(s):
    s.hold("tcp:127.0.0.1:3000", netns=True)
    s.hold("tcp:127.0.0.1:3000")
    check_equal([x for x in s.services(port=3000) if x.get("note")], [])


@scenario(root=True)
def many_namespaces(s):
    holders = [s.hold(f"tcp:127.0.0.1:{3000 + n}", netns=True) for n in range(8)]
    for rung in ("proc", "auto"):
        services = s.services(f"--owners={rung}")
        check_equal([x["owners"][0]["pid"] for x in services], [h.pid for h in holders], f"owners by {rung}")
        check_equal(len({x["namespace"] for x in services}), 8, "the number of labels")


@scenario(root=True)
def a_namespace_that_may_not_be_entered(s):
    """Without rights what is in there is not seen, and the answer says so."""
    s.hold("tcp:127.0.0.1:3000", netns=True)
    s.hold("tcp:127.0.0.1:3001", user=NOBODY)
    document = s.ls(user=NOBODY)
    check_equal([x["port"] for x in document["services"]], [3001])
    check(any("namespace" in b["what"] for b in document["blind_spots"]),
          f"no blind spot about namespaces: {document['blind_spots']}")


@scenario(root=True)
def a_process_that_left_its_socket_behind(s):
    """It holds a socket of a namespace it is not in, as dockerd does: that is no way in."""
    outside = s.hold("tcp:127.0.0.1:3000")
    s.python("""
        import ctypes, os, socket, signal
        libc = ctypes.CDLL(None)
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        assert libc.unshare(0x40000000) == 0
        listener = socket.create_server(("0.0.0.0", 3001))
        inside = os.fork()
        if inside == 0:
            listener.close()
            other = socket.create_server(("0.0.0.0", 3002))
            print("READY")
            signal.pause()
        assert libc.setns(home, 0x40000000) == 0
        signal.pause()
        """)
    rungs = ["proc"] if s.run("ls", "--owners=bpf").code else ["proc", "bpf"]
    for rung in rungs:
        services = s.services(f"--owners={rung}")
        check_equal([x["port"] for x in services], [3000, 3001, 3002], f"by {rung}")
        check_equal(["namespace" in x for x in services], [False, True, True], f"by {rung}")
        check_equal(services[0]["owners"][0]["pid"], outside.pid)


@scenario(root=True)
def comes_back_from_every_namespace(s):
    """What is asked after a look into another namespace is about our own again."""
    s.network("192.168.77.2/24")
    s.hold("tcp:127.0.0.1:3000", netns=True)
    s.hold("tcp:0.0.0.0:3001")
    check_equal(s.service(3001)["reach"], "network")
    check_equal(os.path.exists("/proc/self/ns/net"), True)
