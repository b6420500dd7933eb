"""ls --unix: sockets with a path, or an abstract name."""

from scenario import check, check_equal, scenario


def by_path(s, path, *words):
    found = [x for x in s.services("--unix", *words) if x["listeners"][0].get("path") == path]
    check_equal(len(found), 1, f"unix services on {path}")
    return found[0]


@scenario(root=True)
def a_path(s):
    path = str(s.dir / "service.sock")
    holder = s.hold(f"unix:{path}")
    service = by_path(s, path)
    check_equal(service["proto"], "unix")
    check_equal(service["reach"], "computer")
    check_equal([o["pid"] for o in service["owners"]], [holder.pid])
    check_equal(service["listeners"][0]["endpoint"], f"unix:{path}")


@scenario(root=True)
def an_abstract_name(s):
    holder = s.hold("unix:@loopscope/abstract")
    service = by_path(s, "@loopscope/abstract")
    check_equal([o["pid"] for o in service["owners"]], [holder.pid])


@scenario(root=True)
def datagrams_and_packets(s):
    s.hold(f"unix-dgram:{s.dir}/dgram", f"unix-seqpacket:{s.dir}/seq")
    check_equal(by_path(s, f"{s.dir}/dgram")["proto"], "unix-dgram")
    check_equal(by_path(s, f"{s.dir}/seq")["proto"], "unix-seqpacket")


@scenario(root=True)
def a_client_is_no_service(s):
    path = str(s.dir / "service.sock")
    s.hold(f"unix:{path},accept")
    s.hold(f"unix-connect:{path}")
    by_path(s, path)


@scenario(root=True)
def both_rungs_find_unix_owners(s):
    path = str(s.dir / "service.sock")
    holder = s.hold(f"unix:{path}")
    if s.run("ls", "--owners=bpf").code not in (0, 3):
        return
    for rung in ("bpf", "proc"):
        service = by_path(s, path, f"--owners={rung}")
        check_equal([o["pid"] for o in service["owners"]], [holder.pid], f"owners by {rung}")


@scenario(root=True)
def not_shown_unless_asked_for(s):
    s.hold(f"unix:{s.dir}/service.sock", "tcp:127.0.0.1:3000")
    check(all(x["proto"] == "tcp" for x in s.services()), "unix sockets are a list of their own")
