"""ls: names that lie, processes that vanish, floods."""

from scenario import check, check_equal, is_root, scenario, wait_for

EVIL = [
    b"\x1b[31mred\x1b[0m",
    b"\x1b]0;title\x07",
    "user\u202etxt.exe".encode(),  # reads backwards
    b"new\nline\rback",
    b"\xff\xfe\xc3",  # no UTF-8
    b"\xc2\x9b31m",  # a C1 control
    b"tab\there \\x1b quote\" 'q'",
]


def no_control_bytes(text):
    bad = [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u2028"]
    check_equal(bad, [], f"control bytes in {text!r}")


@scenario()
def evil_names_are_escaped_in_text(s):
    for n, name in enumerate(EVIL):
        s.hold(f"tcp:127.0.0.1:{s.port(3000 + n)}", comm=name[:15], argv=[name], argv0=name)
    for words in (["ls"], ["ls", "--wide"], ["overview"], ["ls", "--all"]):
        for tty in (False, True):
            answer = s.run(*words, tty=tty, env={"NO_COLOR": "1"})
            check_equal(answer.code, 0)
            no_control_bytes(answer.text)
            check_equal(answer.err, b"")


@scenario()
def evil_names_are_whole_in_json(s):
    for n, name in enumerate(EVIL):
        s.hold(f"tcp:127.0.0.1:{s.port(3000 + n)}", comm=name[:15], argv=[b"--name", name], argv0=name)
    for n, name in enumerate(EVIL):
        owner = s.service(s.port(3000 + n))["owners"][0]
        check_equal(len(owner["argv"]), 3, f"arguments of {name!r}")
        if name.isascii():
            check_equal(owner["argv"][2], name.decode())
        no_control_bytes(s.last.text.replace("\\n", ""))


@scenario(root=True)
def evil_paths(s):
    folder = s.dir / "fol\x1b[31mder\nx"
    folder.mkdir()
    path = "/".join(["", "run", "evil\x1b[2J.sock"])
    s.hold(f"unix:{path}", "tcp:127.0.0.1:3000", cwd=folder)
    for words in (["ls", "--unix"], ["ls"], ["explain", "3000"]):
        no_control_bytes(s.run(*words, tty=True, env={"NO_COLOR": "1"}).text)
    found = [x for x in s.services("--unix") if x["listeners"][0].get("path") == path]
    check_equal(len(found), 1, "the evil path in JSON")


@scenario()
def four_megabytes_of_arguments(s):
    """More than is read: the answer is cut, says so, and stays quick and small."""
    port = s.port(3000)
    words = ["x" * 100_000 for _ in range(15)] if not is_root() else ["y" * 120_000 for _ in range(17)]
    s.hold(f"tcp:127.0.0.1:{port}", argv=words)
    service = s.service(port)
    owner = service["owners"][0]
    check_equal(owner["argv_cut"], True)
    check(len(s.last.out) < 2_000_000, f"the answer has {len(s.last.out)} bytes")
    check(len(s.run("ls").out) < 20_000, "a row stays a row")


@scenario()
def no_arguments_at_all(s):
    """A process may overwrite or empty its arguments; the kernel's name remains."""
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}", argv0=b"", comm=b"nameless")
    service = s.service(port)
    check(service["service"], "a service always has a name")
    check_equal(service["owners"][0]["comm"], "nameless")


STORM = """
    import os, sys, time
    print("READY", flush=True)
    while True:
        pids = []
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                import socket
                s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1)
                if os.getpid() % 3 == 0:
                    os._exit(0)
                time.sleep(0.002)
                os._exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)
"""


@scenario(seconds=120)
def processes_that_vanish_while_they_are_read(s):
    port = s.port(3000)
    holder = s.hold(f"tcp:127.0.0.1:{port}")
    s.python(STORM)
    for n in range(50):
        rung = ("auto", "proc", "auto", "bpf")[n % 4] if is_root() else "auto"
        words = ["ls", "--json"] + (["--all"] if n % 2 else []) + [f"--owners={rung}"]
        answer = s.run(*words)
        if rung == "bpf" and answer.code == 8:
            continue  # no iterator here
        check_equal(answer.code, 0, f"run {n}: {answer}")
        if "--all" in words:
            found = [x for x in answer.json["sockets"] if x["port"] == port and x["state"] == "listen"]
            check_equal([x["owner"]["pid"] for x in found], [holder.pid], f"run {n}: the steady one")
        else:
            found = [x for x in answer.json["services"] if x["port"] == port]
            check_equal([o["pid"] for x in found for o in x["owners"]], [holder.pid], f"run {n}")


@scenario(root=True)
def a_server_that_restarts_all_the_time(s):
    """The same port, always another pid: never two owners of one socket, never an error."""
    port = s.port(3000)
    s.python("""
        import os, socket, sys, time
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", int(sys.argv[1])))
        s.listen(5)
        print("READY", flush=True)
        end = time.monotonic() + 30
        while time.monotonic() < end:  # hand the socket on to a child and go
            if os.fork():
                time.sleep(0.003)
                os._exit(0)
            os.setsid()
    """, str(port))
    for _ in range(30):
        answer = s.run("ls", "--json")
        check_equal(answer.code, 0)
        found = [x for x in answer.json["services"] if x["port"] == port]
        check_equal(len(found), 1, f"services on the port in {answer}")


@scenario(root=True)
def a_zombie_holds_nothing(s):
    child = s.python("""
        import os, sys, time
        if os.fork() == 0:
            os._exit(0)
        print("READY", flush=True)
        time.sleep(1000)
    """)
    s.hold("tcp:127.0.0.1:3000")
    wait_for(lambda: child.children(), "the zombie")
    check_equal(s.service(3000)["owners"][0]["comm"], "holder")
