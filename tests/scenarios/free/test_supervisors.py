"""free: what a supervisor keeps is stopped through it; the supervisors here are played."""

import os
import pathlib
import signal
import sys
import textwrap

from scenario import Skip, check, check_equal, check_in, scenario, wait_for

CHILD = """
    import signal, socket, sys
    s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pause()
"""

# starts its program again until the file "stopped" is there, as supervisors do
KEEPER = """
    import os, subprocess, sys, time
    env = dict(os.environ, **dict(word.split("=", 1) for word in os.environ["GIVE"].split(";")))
    while not os.path.exists("stopped"):
        subprocess.run([os.environ["PYTHON"], os.environ["CHILD"], sys.argv[-1]], env=env)
    time.sleep(600)
"""


def tool(s, name, script):
    """A program on PATH that writes down how it was called."""
    s.file(f"tools/{name}", f"#!/bin/sh\necho {name} \"$@\" >>{s.dir}/calls\n" + textwrap.dedent(script), 0o755)


def calls(s):
    path = s.dir / "calls"
    return path.read_text().splitlines() if path.exists() else []


def with_tools(s):
    return {"PATH": f"{s.dir}/tools:{s.env['PATH']}"}


def child_script(s):
    return s.file("child.py", CHILD)


def stop_script(s):
    return f"touch {s.dir}/stopped\nkill $(cat {s.dir}/pid)\n"


def note_pid(s, keeper):
    pid = wait_for(keeper.children, "the program")[0]
    (s.dir / "pid").write_text(str(pid))
    return pid


def keep(s, port, give, argv0=None, words=()):
    keeper = s.start([sys.executable, "-c", textwrap.dedent(KEEPER), *words, str(port)], argv0=argv0,
                     env={"GIVE": give, "CHILD": str(child_script(s)), "PYTHON": sys.executable}, ready=("127.0.0.1", port))
    return keeper, note_pid(s, keeper)


@scenario()
def pm2(s):
    port = s.port(3000)
    # a title: the words behind it are still there, which is fine
    keeper, pid = keep(s, port, "pm_id=3;name=shop api",
                       argv0=f"PM2 v5.3.0: God Daemon ({s.home}/.pm2)".encode())
    tool(s, "pm2", stop_script(s))
    answer = s.run("free", str(port), "--yes", env=with_tools(s))
    check_equal(answer.code, 0)
    check_in("pm2 stop 3 (shop api)", answer.text)
    check_equal(calls(s), ["pm2 stop 3"])
    check(keeper.popen.poll() is None, "the supervisor was stopped too")
    tool(s, "pm2", f"rm {s.dir}/stopped; exec {sys.executable} {child_script(s)} {port} >/dev/null 2>&1 &")
    answer = s.run("free", "--undo", env=with_tools(s))
    check_equal(answer.code, 0)
    check_equal(calls(s)[-1], "pm2 start 3")


@scenario()
def supervisord(s):
    port = s.port(3000)
    s.file("supervisord", textwrap.dedent(KEEPER))
    keeper = s.start([sys.executable, str(s.dir / "supervisord"), "-c", "s.conf", str(port)],
                     env={"GIVE": "SUPERVISOR_PROCESS_NAME=web;SUPERVISOR_GROUP_NAME=shop",
                          "CHILD": str(child_script(s)), "PYTHON": sys.executable}, ready=("127.0.0.1", port))
    note_pid(s, keeper)
    tool(s, "supervisorctl", stop_script(s))
    answer = s.run("free", str(port), "--yes", env=with_tools(s))
    check_equal(answer.code, 0)
    check_equal(calls(s), [f"supervisorctl -c {s.dir}/s.conf stop shop:web"])


@scenario()
def a_supervisor_that_refuses(s):
    port = s.port(3000)
    keeper, pid = keep(s, port, "pm_id=3", argv0=f"PM2 v5.3.0: God Daemon ({s.home}/.pm2)".encode())
    tool(s, "pm2", "echo 'first line'; echo '[PM2][ERROR] Process 3 not found' >&2; exit 1")
    answer = s.run("free", str(port), "--yes", env=with_tools(s))
    check_equal(answer.code, 8)
    check_in("'pm2 stop 3' failed: [PM2][ERROR] Process 3 not found", answer.text)
    os.kill(pid, 0)  # no signal was sent behind its back
    (s.dir / "tools" / "pm2").unlink()
    answer = s.run("free", str(port), "--yes", env={"PATH": f"{s.dir}/tools"})
    check_equal(answer.code, 8)
    check_in("Cannot run 'pm2'", answer.text)


@scenario()
def a_supervisor_that_takes_too_long(s):
    port = s.port(3000)
    keep(s, port, "pm_id=3", argv0=f"PM2 v5.3.0: God Daemon ({s.home}/.pm2)".encode())
    tool(s, "pm2", "exec sleep 60")
    answer = s.run("free", str(port), "--yes", "--timeout", "200ms", "--force-after", "100ms",
                   env=with_tools(s), timeout=40)
    check_equal(answer.code, 7)
    check_in("did not come to an end in time", answer.text)


def systemd_cgroup():
    """The folder in which cgroups of units can be made, in either layout."""
    for path in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        if os.access(f"{path}/cgroup.procs", os.W_OK):
            return pathlib.Path(path)
    raise Skip("needs a cgroup file system that may be written")


@scenario(root=True)
def a_unit_by_systemctl(s):
    top = systemd_cgroup()
    slice_made = not (top / "system.slice").exists()
    unit = top / "system.slice" / f"loopscope-test-{os.stat('/proc/self/ns/pid').st_ino}.service"
    try:
        unit.mkdir(parents=True)
    except OSError as e:
        raise Skip(f"needs a cgroup file system that may be written: {e}")
    try:
        web = s.start([sys.executable, str(child_script(s)), "3000"], ready=3000)
        try:
            (unit / "cgroup.procs").write_text(str(web.pid))
        except OSError as e:
            raise Skip(f"needs a cgroup that takes processes: {e}")
        text = pathlib.Path(f"/proc/{web.pid}/cgroup").read_text()
        if unit.name not in text:
            raise Skip("the cgroup does not show")
        s.file("tools/systemctl", f"""\
            #!/bin/sh
            case "$*" in
            show*) echo {web.pid}; exit;;
            list-sockets*) exit;;
            esac
            echo systemctl "$@" >>{s.dir}/calls
            kill {web.pid}
        """, 0o755)
        answer = s.run("free", "3000", "--yes", env=with_tools(s))
        check_equal(answer.code, 0)
        check_equal(calls(s), [f"systemctl stop {unit.name}"])
        check_in(f"systemctl stop {unit.name}", answer.text)
        web.popen.wait(10)
        document = s.run("free", "--undo", "--dry-run", "--json", env=with_tools(s)).json
        check_equal(document["undo"]["commands"][0]["command"], ["systemctl", "start", unit.name])
    finally:
        for process in s.started:
            process.kill(signal.SIGKILL)
        unit.rmdir()
        if slice_made:
            unit.parent.rmdir()
