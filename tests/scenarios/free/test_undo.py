"""free --undo: what was stopped comes back as it was, or it is said why not."""

import json
import os
import signal
import stat
import sys

from scenario import (NOBODY, check, check_equal, check_in, check_not_in, scenario, wait_for)

SERVER = """
    import json, os, signal, socket, sys
    s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    umask = os.umask(0o22)
    os.umask(umask)
    print("output", json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "secret": os.environ.get("SECRET"),
          "umask": umask, "sid": os.getsid(0) == os.getpid(), "uid": os.getuid()}), flush=True)
    print("READY", flush=True)
    while True:
        signal.pause()
"""


def server(s, port, *arguments, **settings):
    script = s.file("server.py", SERVER)
    return s.start([sys.executable, "-u", str(script), str(port), *arguments], ready="READY", **settings)


def holder_of(s, port):
    return s.service(port)["owners"][0]["pid"]


def undo_folder(s):
    return s.home / "state" / "loopscope" / "undo"


@scenario()
def comes_back_as_it_was(s):
    port = s.port(3000)
    folder = s.dir / "a folder"
    folder.mkdir()
    first = server(s, port, "one two", "", "ä", cwd=folder, env={"SECRET": "s3 cr=et"})
    check_equal(s.run("free", str(port), "--yes").code, 0)
    first.popen.wait(10)
    kept = list(undo_folder(s).iterdir())
    check_equal(len(kept), 1)
    check_equal(stat.S_IMODE(kept[0].stat().st_mode), 0o600)
    check_equal(stat.S_IMODE(undo_folder(s).stat().st_mode), 0o700)

    dry = s.run("free", "--undo", "--dry-run")
    check_equal(dry.code, 0)
    check_in("'one two' '' ", dry.text)
    check_not_in("s3 cr=et", dry.text)
    check_not_in("s3 cr=et", s.run("free", "--undo", "--dry-run", "--json").text)

    answer = s.run("free", "--undo")
    check_equal(answer.code, 0)
    check_in(f"port {port} accepts connections again", answer.text)
    check_in(f"log/{port}-", answer.text)
    log = next((s.home / "state" / "loopscope" / "log").iterdir())
    check_equal(stat.S_IMODE(log.stat().st_mode), 0o600)
    said = json.loads(log.read_text().split("output ")[1].splitlines()[0])
    before = json.loads(first.output().split("output ")[1].splitlines()[0])
    check(said["sid"], "it has no session of its own")
    check_equal({**said, "sid": True}, {**before, "sid": True})
    check_equal(said["argv"], [str(port), "one two", "", "ä"])
    check_equal(list(undo_folder(s).iterdir()), [], "what is kept after the undo")
    os.kill(holder_of(s, port), signal.SIGKILL)


@scenario()
def the_latest_or_the_one_that_is_named(s):
    one, two = s.port(3000), s.port(3001)
    for port in (one, two):
        server(s, port)
        check_equal(s.run("free", str(port), "--yes").code, 0)
    check_equal(s.run("free", "--undo", str(one)).code, 0)
    os.kill(holder_of(s, one), signal.SIGKILL)
    check_equal(s.run("free", "--undo").code, 0)
    os.kill(holder_of(s, two), signal.SIGKILL)
    answer = s.run("free", "--undo")
    check_equal(answer.code, 3)
    check_in("nothing was stopped by loopscope", answer.err.decode())


@scenario()
def nothing_starts_on_a_taken_port(s):
    port = s.port(3000)
    server(s, port)
    check_equal(s.run("free", str(port), "--yes").code, 0)
    other = s.hold(f"tcp:127.0.0.1:{port}")
    answer = s.run("free", "--undo")
    check_equal(answer.code, 6)
    check_in("nothing was started", answer.err.decode())
    check_in(str(other.pid), answer.err.decode())
    check_equal(len(list(undo_folder(s).iterdir())), 1, "what is kept for later")


@scenario()
def who_ends_at_once_is_told(s):
    port = s.port(3000)
    server(s, port)
    check_equal(s.run("free", str(port), "--yes").code, 0)
    s.file("server.py", "print('no such module: x')\nraise SystemExit(3)\n")
    answer = s.run("free", "--undo")
    check_equal(answer.code, 1)
    check_in("was started and ended at once: no such module: x", answer.err.decode())


@scenario()
def a_folder_that_is_gone(s):
    port = s.port(3000)
    folder = s.dir / "gone"
    folder.mkdir()
    server(s, port, cwd=folder)
    check_equal(s.run("free", str(port), "--yes").code, 0)
    folder.rmdir()
    answer = s.run("free", "--undo")
    check_equal(answer.code, 8)
    check_in("its folder", answer.err.decode())


@scenario()
def a_title_is_told_before(s):
    port = s.port(3000)
    s.start(["python3", "-c", "exec(__import__('os').environ['CODE'])"],
            argv0=b"next-server (v14.1.0)", ready=port, env={
                "CODE": f"import socket,signal;s=socket.create_server(('127.0.0.1',{port}));signal.pause()"})
    # the rest of argv is still there, so hide it as a title does
    document = s.run("free", str(port), "--dry-run", "--json").json
    check(document["plan"]["stops"], "nobody would be stopped")


@scenario(root=True)
def root_gives_it_back_to_its_user(s):
    holder = s.hold("tcp:127.0.0.1:3000", user=NOBODY)
    check_equal(s.run("free", "3000", "--yes").code, 0)
    holder.popen.wait(10)
    check_equal(s.run("free", "--undo").code, 0)
    again = holder_of(s, 3000)
    check_equal(os.stat(f"/proc/{again}").st_uid, NOBODY)
    groups = next(line for line in open(f"/proc/{again}/status") if line.startswith("Groups:"))
    check_equal(groups.split()[1:], [], "its groups")
    os.kill(again, signal.SIGKILL)


@scenario(root=True)
def a_folder_that_others_can_write_is_not_used(s):
    state = s.home / "state" / "loopscope"
    state.mkdir(mode=0o777)
    state.chmod(0o777)
    server(s, 3000)
    answer = s.run("free", "3000", "--yes")
    check_equal(answer.code, 0)
    check_in("port 3000 is free.", answer.text)
    check_not_in("Start it again", answer.text)
    check_in("--undo is not possible", answer.err.decode())


@scenario()
def only_the_last_twenty_are_kept(s):
    port = s.port(3000)
    folder = undo_folder(s)
    folder.mkdir(parents=True)
    (s.home / "state" / "loopscope").chmod(0o700)
    for number in range(25):
        (folder / f"{number:015}-1.json").write_text("{}")
    server(s, port)
    check_equal(s.run("free", str(port), "--yes").code, 0)
    check_equal(len(list(folder.iterdir())), 20)
    check_equal(s.run("free", "--undo", "--dry-run").code, 0)


@scenario()
def a_daemon_that_detaches_is_back(s):
    port = s.port(3000)
    script = s.file("daemon.py", """\
        import os, signal, socket, sys
        s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        if os.fork():
            os._exit(0)
        os.setsid()
        signal.pause()
    """)
    s.start([sys.executable, str(script), str(port)], ready=None)
    wait_for(lambda: s.accepts("127.0.0.1", port), "the daemon")
    check_equal(s.run("free", str(port), "--yes").code, 0)
    answer = s.run("free", "--undo")
    check_equal(answer.code, 0)
    os.kill(holder_of(s, port), signal.SIGKILL)
