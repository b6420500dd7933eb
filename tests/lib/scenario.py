#!/usr/bin/env python3
"""scenario - starts real programs, runs loopscope on them, and looks at what it says.

    tests/lib/scenario.py tests/scenarios/ls/test_listeners.py [NAME...]      one file, or some of it
    UPDATE_GOLDEN=1 make test T='--suite scenario'                            rewrites the goldens

A scenario is a function in a file tests/scenarios/VERB/test_*.py:

    from scenario import check_equal, scenario

    @scenario()
    def finds_a_web_server(s):
        web = s.hold("tcp:127.0.0.1:%d" % s.port(3000))
        service = s.service(s.port(3000))
        check_equal(service["owners"][0]["pid"], web.pid)

As root every scenario gets network, mount, process and IPC namespaces of its own: the machine holds
nothing but what the scenario starts, any port is free, and when it ends the kernel ends the rest.
Without root the scenarios share the machine: s.port() gives a free port instead of the nominal one.
Those that say root=True run in a user namespace then, and are skipped where that is not permitted or
another user is wanted. What a scenario needs and the machine lacks (needs=["nginx"]) skips it and
names the Debian package.

Nothing sleeps for a while and hopes: start() waits for READY or a condition, and wait_for() polls
with a deadline.
"""

import contextlib
import ctypes
import dataclasses
import fcntl
import functools
import glob
import json
import os
import pathlib
import pty
import re
import runpy
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import textwrap
import time
import traceback

TESTS = pathlib.Path(__file__).resolve().parent.parent
CHECKOUT = TESTS.parent
NOBODY = 65534
SCENARIO_SECONDS = 60
# a busy machine is slow, not wrong: deadlines are for what never happens
DEADLINE_S = 20

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_REC, MS_PRIVATE, MS_NOSUID_NODEV_NOEXEC = 0x4000, 1 << 18, 0xE
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

PACKAGES = {
    "curl": "curl", "ip": "iproute2", "lsof": "lsof", "nginx": "nginx-light", "node": "nodejs",
    "openssl": "openssl", "postgres": "postgresql", "redis-server": "redis-server", "ss": "iproute2",
    "tmux": "tmux",
}

libc = ctypes.CDLL(None, use_errno=True)
REAL_ROOT = os.geteuid() == 0  # in a user namespace one is root only inside


class Skip(Exception):
    pass


class Failure(AssertionError):
    pass


# ---- checks: each says both sides ----


def fail(message):
    raise Failure(message)


def check(condition, message="is false"):
    if not condition:
        fail(message)


def check_equal(got, want, what="the answer"):
    if got != want:
        fail(f"{what} is\n  {got!r}\nexpected\n  {want!r}")


def check_in(part, whole, what="the answer"):
    if part not in whole:
        fail(f"{what} lacks {part!r}:\n{whole if isinstance(whole, str) else repr(whole)}")


def check_not_in(part, whole, what="the answer"):
    if part in whole:
        fail(f"{what} has {part!r}:\n{whole if isinstance(whole, str) else repr(whole)}")


def wait_for(condition, what, seconds=DEADLINE_S):
    """Polls until condition() is true and returns its value; fails after the deadline."""
    end, pause = time.monotonic() + seconds, 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            fail(f"{what} did not happen within {seconds} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


# ---- what the machine has ----


def find_program(name):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = shutil.which(name, path=path)
    versions = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)
    return (versions or [found])[0]


def is_root():
    return os.geteuid() == 0


def loopscope_program():
    return pathlib.Path(os.environ.get("LOOPSCOPE") or CHECKOUT / "build" / "loopscope").resolve()


def holder_program():
    program = os.environ.get("LOOPSCOPE_HOLDER")
    return pathlib.Path(program or loopscope_program().parent / "tests/helpers/holder").resolve()


# ---- processes ----


class Process:
    """A program that a scenario started. Ends with the scenario."""

    def __init__(self, popen, words, log):
        self.popen, self.words, self.log = popen, words, log
        self.pid = popen.pid

    def send(self, number):
        os.kill(self.pid, number)

    def stop(self):
        """Suspends it and waits until it is."""
        self.send(signal.SIGSTOP)
        wait_for(lambda: self.state() == "T", f"{self.words[0]} being suspended")

    def kill(self, number=signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            self.send(number)
        self.popen.wait(DEADLINE_S)

    def state(self):
        return pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    def children(self):
        text = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(word) for word in text.split()]

    def output(self):
        return self.log.read_text(errors="replace")


@dataclasses.dataclass
class Answer:
    """What one run of loopscope printed."""

    words: list
    code: int
    out: bytes
    err: bytes

    @property
    def text(self):
        return self.out.decode("utf-8")

    @property
    def json(self):
        try:
            return json.loads(self.out.decode("utf-8"))
        except ValueError as e:
            fail(f"{self} is not JSON: {e}")

    @property
    def lines(self):
        return self.text.splitlines()

    def __str__(self):
        return (f"`loopscope {shlex.join(map(os.fsdecode, self.words))}` (exit {self.code}) said\n"
                + textwrap.indent(self.out[:4000].decode(errors="replace"), "  | ")
                + textwrap.indent(self.err[:4000].decode(errors="replace"), "  ! "))


def set_window(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def user_settings(user):
    """Popen's arguments that run a program as another user."""
    if user is None:
        return {}
    if not REAL_ROOT:
        raise Skip("needs root, to act as another user")
    return {"user": user, "group": user, "extra_groups": []}


class Scenario:
    """What a scenario function is given."""

    def __init__(self, folder, isolated):
        self.dir, self.isolated = folder, isolated
        self.home = folder / "home"
        self.started, self.ports, self.names, self.last = [], {}, {}, None
        for name in ("home/config", "home/state", "home/run", "bin"):
            (folder / name).mkdir(parents=True)
        (self.home / "run").chmod(0o700)
        self.env = self.clean_environment()

    def clean_environment(self):
        keep = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE")
        env = {name: os.environ[name] for name in keep if name in os.environ}
        env.update({
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.home),
            "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "TMPDIR": str(self.dir), "TZ": "UTC",
            "LOOPSCOPE_PAGER": "cat",
            "XDG_CONFIG_HOME": str(self.home / "config"), "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
        })
        return env

    # -- ports and files --

    def port(self, nominal):
        """The nominal port when the network is ours, else a free one that stands for it."""
        if self.isolated:
            return nominal
        if nominal not in self.ports:
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                self.ports[nominal] = s.getsockname()[1]
        return self.ports[nominal]

    def file(self, name, text="", mode=0o644):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        path.chmod(mode)
        return path

    def network(self, *addresses):
        """Gives the sandbox an interface besides lo, as if it were on a network."""
        if not find_program("ip"):
            raise Skip("needs ip (apt-get install iproute2)")
        commands = ["link add net0 type veth peer name net1", "link set net0 up", "link set net1 up"]
        commands += [f"addr add {address} dev net0 nodad" if ":" in address else
                     f"addr add {address} dev net0" for address in addresses or ("192.168.77.2/24",)]
        for command in commands:
            done = subprocess.run([find_program("ip"), *command.split()], capture_output=True, text=True)
            if done.returncode:
                raise Skip(f"this kernel refuses `ip {command}`: {done.stderr.strip()}")

    # -- programs --

    def start(self, words, ready=None, name=None, env=None, user=None, cwd=None, argv0=None, stdin=None,
              new_session=True):
        """
        Starts a program and waits until it is up. `ready`: "READY" waits for that line, a port or
        (address, port) until it accepts, a function until it is true; None does not wait. `name` is
        what its pid is called in goldens. argv0 (bytes) replaces the first argument.
        """
        words = [os.fsencode(str(w)) if not isinstance(w, bytes) else w for w in words]
        program = words[0]
        if b"/" not in program:
            program = os.fsencode(find_program(os.fsdecode(program)) or fail(f"no program {program}"))
        log = self.dir / f"log-{len(self.started)}"
        with open(log, "wb") as output:
            popen = subprocess.Popen(
                [argv0 if argv0 is not None else program] + words[1:], executable=program,
                stdin=subprocess.DEVNULL if stdin is None else stdin, stdout=output,
                stderr=subprocess.STDOUT, env={**self.env, **(env or {})}, cwd=cwd or self.dir,
                start_new_session=new_session, **user_settings(user))
        process = Process(popen, [os.fsdecode(w) for w in words], log)
        self.started.append(process)
        if name:
            self.names[process.pid] = name
        if ready is not None:
            self.wait_ready(process, ready)
        return process

    def wait_ready(self, process, ready):
        def is_up():
            if ready == "READY" and "READY" in process.output():
                return True
            if process.popen.poll() is not None:
                fail(f"{process.words} ended with {process.popen.returncode}:\n{process.output()}")
            if ready == "READY":
                return False
            if callable(ready):
                return ready()
            address, port = ("127.0.0.1", ready) if isinstance(ready, int) else ready
            return self.accepts(address, port)

        wait_for(is_up, f"{process.words[0]} being ready ({ready})")

    @staticmethod
    def accepts(address, port):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as s:
            s.settimeout(DEADLINE_S)
            return s.connect_ex((address, port)) == 0

    def hold(self, *specs, name=None, comm=None, fork=0, netns=False, argv=None, program=None, **settings):
        """A helper that holds the sockets of the specs (tests/helpers/holder.c) under any name."""
        env = {"HOLD": " ".join(specs)}
        if comm is not None:
            env["HOLD_COMM"] = os.fsdecode(comm)
        if fork:
            env["HOLD_FORK"] = str(fork)
        if netns:
            env["HOLD_NETNS"] = "1"
        target = holder_program()
        if program or settings.get("user"):
            target = self.dir / "bin" / (program or "holder")
            if not target.exists():
                shutil.copy(holder_program(), target)
                target.chmod(0o755)
        return self.start([target] + list(argv or []), ready="READY", name=name, env=env, **settings)

    def python(self, code, *arguments, ready="READY", **settings):
        """A Python program that prints READY when it is up."""
        return self.start([sys.executable, "-u", "-c", textwrap.dedent(code), *arguments], ready=ready,
                          **settings)

    def http_server(self, address, port, **settings):
        """`python3 -m http.server`, as people start it."""
        dial = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
        return self.start([sys.executable, "-m", "http.server", str(port), "--bind", address],
                          ready=(dial, port), **settings)

    # -- loopscope --

    @functools.cached_property
    def program(self):
        return loopscope_program()

    @functools.cached_property
    def public_program(self):
        """A copy that every user may execute."""
        copy = self.dir / "bin" / "loopscope"
        if not copy.exists():
            shutil.copy(self.program, copy)
            copy.chmod(0o755)
        return copy

    def run(self, *words, user=None, stdin=None, tty=False, columns=80, rows=24, env=None, cwd=None,
            timeout=DEADLINE_S, prefix=()):
        """Runs loopscope. With tty=True its output goes to a terminal, and .out is what that got."""
        program = self.program if user is None else self.public_program
        command = [*prefix, str(program), *words]
        settings = {"env": {**self.env, **(env or {})}, "cwd": cwd or self.dir, **user_settings(user)}
        if tty:
            code, out, err = self.run_on_terminal(command, settings, stdin, columns, rows, timeout)
        else:
            given = stdin.encode() if isinstance(stdin, str) else stdin
            try:
                done = subprocess.run(command, input=given, capture_output=True, timeout=timeout,
                                      stdin=subprocess.DEVNULL if given is None else None, **settings)
            except subprocess.TimeoutExpired as e:
                fail(f"`loopscope {' '.join(map(str, words))}` took more than {timeout} s: {e.stdout}")
            code, out, err = done.returncode, done.stdout, done.stderr
        self.last = Answer(list(words), code, out, err)
        if code < 0 or code == 99:  # 99: a sanitizer's report
            fail(f"it crashed: {self.last}")
        return self.last

    @staticmethod
    def run_on_terminal(command, settings, stdin, columns, rows, timeout):
        ours, theirs = pty.openpty()
        set_window(theirs, columns, rows)
        popen = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs,
                                 start_new_session=True, **settings)
        os.close(theirs)
        if stdin:
            os.write(ours, stdin.encode() if isinstance(stdin, str) else stdin)
        out, end = b"", time.monotonic() + timeout
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(ours, 65536)
            except OSError:  # the other end was closed
                break
            if not data:
                break
            out += data
        else:
            popen.kill()
            fail(f"{command} took more than {timeout} s: {out!r}")
        os.close(ours)
        return popen.wait(timeout), out.replace(b"\r\n", b"\n"), b""

    def ls(self, *words, code=0, **settings):
        """The document that `loopscope ls --json` prints."""
        answer = self.run("ls", "--json", *words, **settings)
        check_equal(answer.code, code, f"the exit code of {answer}")
        check_equal(answer.err, b"", "what stands on stderr")
        document = answer.json
        check_equal(document.get("schema"), "loopscope.ls/1", "the schema")
        return document

    def services(self, *words, port=None, **settings):
        found = self.ls(*words, **settings)["services"]
        return [x for x in found if port is None or x["port"] == port]

    def service(self, port, *words, **settings):
        """The one service on a port."""
        found = self.services(*words, port=port, **settings)
        if len(found) != 1:
            fail(f"{len(found)} services on port {port}: {self.last}")
        return found[0]

    # -- goldens --

    def normal(self, text):
        """Text with all that changes from run to run replaced."""
        for path, name in ((self.dir, "DIR"), (self.program, "LOOPSCOPE"), (holder_program(), "HOLDER"),
                           (sys.executable, "PYTHON"), (CHECKOUT, "CHECKOUT")):
            text = text.replace(str(path), name)
        for pid, name in self.names.items():
            text = re.sub(rf"(?<![\w.:]){pid}(?![\w.:])", name.upper(), text)
        for nominal, port in self.ports.items():
            text = re.sub(rf"(?<!\d){port}(?!\d)", str(nominal), text)
        text = re.sub(r"(?<![\w.])\d+ (?:s|min|h|d)(?!\w)", "AGE", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
        text = re.sub(r"since \d\d:\d\d", "since TIME", text)
        text = re.sub(r"netns \d+", "netns NUMBER", text)
        text = re.sub(r"(?<=\S)  +(?=\S)", "  ", text)  # columns move with the width of a pid
        return text

    def golden(self, name, text):
        """Compares text with tests/golden/scenarios/NAME.txt."""
        path = TESTS / "golden" / "scenarios" / f"{name}.txt"
        text = self.normal(text)
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return
        want = path.read_text() if path.exists() else ""
        if text != want:
            import difflib
            lines = difflib.unified_diff(want.splitlines(), text.splitlines(), "golden", "got", lineterm="")
            fail(f"{path.name} differs (UPDATE_GOLDEN=1 rewrites it):\n" + "\n".join(lines))

    def end(self):
        for process in reversed(self.started):
            if process.popen.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                with contextlib.suppress(ProcessLookupError):
                    process.popen.kill()
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.popen.wait(5)


# ---- the sandbox ----


def must_succeed(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def bring_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def root_is_a_mount():
    """False in a chroot: there no mount can be made private, and ours would show outside."""
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == "/" for line in lines)


def become_root_inside():
    """A user namespace where this user is root; what it may do stays what it was."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        return False
    try:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    except OSError:
        return False
    return True


def enter_namespaces(wanted):
    """New namespaces for this process and what it forks. False where that is not permitted."""
    flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
    if not root_is_a_mount():
        return False
    if not REAL_ROOT and not (wanted and become_root_inside()):
        return False
    if libc.unshare(flags) != 0:
        return False
    must_succeed(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "make mounts private")
    bring_up_loopback()
    return True


def mount_own_folders():
    must_succeed(libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID_NODEV_NOEXEC, None), "mount /proc")
    must_succeed(libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=755"), "mount /run")
    with contextlib.suppress(OSError):  # a pid that looks like no other number in a golden
        pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text("71000")


def describe(error):
    if isinstance(error, Failure):
        where = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
        place = f"{os.path.relpath(where[-1].filename)}:{where[-1].lineno}: " if where else ""
        return place + str(error)
    return "".join(traceback.format_exception(error))


def run_function(row, folder, isolated):
    """Runs one scenario in this process; returns (verdict, message)."""
    s = None
    try:
        row.require(isolated)
        s = Scenario(folder, isolated)
        row.function(s)
        return "passed", ""
    except Skip as e:
        return "skipped", str(e)
    except BaseException as e:  # whatever a scenario throws is its failure
        last = f"\nlast: {s.last}" if s and s.last and "said\n" not in str(e) else ""
        return "failed", describe(e) + last
    finally:
        if s:
            s.end()


def inner(row, folder, pipe):
    """The first process of the sandbox: 1 in its pid namespace, so its end is the end of all."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    isolated = enter_namespaces(row.root)
    if isolated:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            os._exit(0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        mount_own_folders()
    else:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    verdict = run_function(row, folder, isolated)
    os.write(pipe, json.dumps(verdict).encode())
    os._exit(0)


def run_apart(row, folder):
    """Runs one scenario in a sandbox; returns (verdict, message)."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            inner(row, folder, writing)
        except BaseException as e:
            os.write(writing, json.dumps(("failed", "the sandbox failed: " + describe(e))).encode())
        finally:
            os._exit(1)
    os.close(writing)
    data, end = b"", time.monotonic() + row.seconds
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            os.kill(child, signal.SIGKILL)
            verdict = ("failed", f"it took more than {row.seconds} s")
            break
        part = os.read(reading, 65536)
        data += part
        if not part:
            verdict = json.loads(data) if data else ("failed", "its process died")
            break
    os.close(reading)
    os.waitpid(child, 0)
    return verdict


# ---- the table of scenarios ----

table = []


@dataclasses.dataclass
class Row:
    function: object
    root: bool
    needs: list
    seconds: int

    @property
    def name(self):
        return self.function.__name__

    def require(self, isolated):
        if self.root and not isolated:
            raise Skip("needs root, or a machine that permits namespaces")
        for program in self.needs:
            if not find_program(program):
                raise Skip(f"needs {program} (apt-get install {PACKAGES.get(program, program)})")


def scenario(root=False, needs=(), seconds=SCENARIO_SECONDS):
    """Makes a function a scenario. root: it needs namespaces of its own, or another user."""
    def add(function):
        table.append(Row(function, root, list(needs), seconds))
        return function
    return add


def main():
    path, wanted = pathlib.Path(sys.argv[1]), sys.argv[2:]
    sys.modules["scenario"] = sys.modules["__main__"]
    runpy.run_path(str(path))
    rows = [row for row in table if not wanted or row.name in wanted]
    if not rows:
        sys.exit(f"scenario: no scenario of that name in {path}")
    count = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory(prefix="loopscope-", ignore_cleanup_errors=True) as base:
        os.chmod(base, 0o755)
        for number, row in enumerate(rows):
            folder = pathlib.Path(base) / f"{number}"
            folder.mkdir()
            started = time.monotonic()
            verdict, message = run_apart(row, folder)
            count[verdict] += 1
            if verdict == "skipped":
                print(f"SKIPPED {row.name}: {message}")
            else:
                word = "ok" if verdict == "passed" else "FAILED"
                print(f"{word} {row.name} ({time.monotonic() - started:.1f} s)")
            if verdict == "failed":
                print(textwrap.indent(message, "    "))
            shutil.rmtree(folder, ignore_errors=True)
    tail = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{tail}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
