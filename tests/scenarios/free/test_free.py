"""free: who is stopped, who is not, and what is said about the port afterwards."""

import os
import signal
import socket
import sys
import textwrap

from scenario import NOBODY, check, check_equal, check_in, check_not_in, scenario, wait_for

SERVER = """
    import os, signal, socket, sys, time
    address, port, *how = sys.argv[1:]
    kind = socket.SOCK_DGRAM if "udp" in how else socket.SOCK_STREAM
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "plain" in how:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    if "group" in how:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((address, int(port)))
    if "udp" not in how and "bound" not in how:
        s.listen(64)
    s.set_inheritable(True)
    if "stubborn" in how:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "fork" in how and os.fork() == 0:
        os.execvp("sleep", ["sleep", "600"])
    if "detached" in how and os.fork() == 0:
        s.close()
        os.setsid()
        os.execvp("sleep", ["sleep", "600"])
    print("READY", flush=True)
    kept = []
    while "serve" in how:
        kept.append(s.accept())
    while True:
        signal.pause()
"""


def server(s, address, port, *how, **settings):
    return s.python(SERVER, address, str(port), *how, **settings)


def check_ended(process):
    wait_for(lambda: process.popen.poll() is not None, f"the end of {process.pid}")


def check_runs(process):
    check(process.popen.poll() is None, f"process {process.pid} has ended")


def socket_count(pid):
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    return sum(link.startswith("socket:") for link in links)


def can_bind(address, port, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as t:
        t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            t.bind((address, port))
            return True
        except OSError:
            return False


@scenario()
def stops_the_listener_and_frees_the_port(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port)
    answer = s.run("free", str(port), "--yes")
    check_equal(answer.code, 0, "the exit code")
    check_in(f"Port {port} is held by python {web.pid}", answer.text)
    check_in("SIGTERM, then SIGKILL after 5 s", answer.text)
    check_in(f"; port {port} is free. Start it again: loopscope free --undo", answer.text)
    check_ended(web)
    check(can_bind("127.0.0.1", port), "the port is still taken")


@scenario()
def nobody_is_an_answer_of_its_own(s):
    port = s.port(3000)
    answer = s.run("free", str(port))
    check_equal((answer.code, answer.text),
                (3, f"Nobody is listening on port {port}; it is free.\n"))
    document = s.run("free", str(port), "--json")
    check_equal(document.code, 3)
    check_equal(document.json["error"]["code"], "nobody")
    check_equal(document.json["result"]["verdicts"][0]["state"], "free")


@scenario()
def asks_and_does_nothing_without_a_terminal(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port)
    answer = s.run("free", str(port))
    check_equal(answer.code, 5)
    check_in("nothing was changed", answer.err.decode())
    check_in(f"loopscope free {port} --yes", answer.err.decode())
    document = s.run("free", str(port), "--json")
    check_equal((document.code, document.json["error"]["code"]), (5, "confirm"))
    check_equal(document.json["plan"]["stops"][0]["owner"]["pid"], web.pid)
    check_runs(web)


@scenario()
def the_answer_to_the_question_counts(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port)
    for word in ("", "n", "no", "yep"):
        answer = s.run("free", str(port), tty=True, stdin=word + "\n")
        check_equal(answer.code, 1, f"the exit code after {word!r}")
        check_in("Nothing was changed.", answer.text)
    check_runs(web)
    answer = s.run("free", str(port), tty=True, stdin="y\n")
    check_equal(answer.code, 0)
    check_in("Stop it? [y/N]", answer.text)
    check_ended(web)


@scenario()
def ctrl_c_at_the_question_changes_nothing(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port)
    asked = s.python("""
        import os, pty, sys, time
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(sys.argv[1], sys.argv[1:])
        said = b""
        while b"[y/N]" not in said:
            said += os.read(fd, 4096)
        os.write(fd, b"\\x03")
        while True:
            try:
                part = os.read(fd, 4096)
            except OSError:
                break
            if not part:
                break
            said += part
        print(said.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "READY", flush=True)
        time.sleep(600)
    """, str(s.program), "free", str(port))
    check_in("Nothing was changed.", asked.output())
    check_in("130 READY", asked.output())
    check_runs(web)


def signal_set(pid, name):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith(name)), 16)


@scenario()
def ctrl_c_while_it_waits(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "stubborn")
    waiting = s.start([s.program, "free", str(port), "--yes", "--force-after", "60s"])
    wait_for(lambda: signal_set(waiting.pid, "SigBlk") & 1 << signal.SIGINT - 1, "the wait")
    waiting.send(signal.SIGINT)
    check_equal(waiting.popen.wait(20), 130)
    check_in("Interrupted after", waiting.output())
    check_runs(web)


@scenario()
def dry_run_shows_and_leaves(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "fork")
    answer = s.run("free", str(port), "--dry-run", "--yes")
    check_equal(answer.code, 0)
    check_in("also stops        sleep", answer.text)
    check_in("Nothing was changed: this was --dry-run.", answer.text)
    check_runs(web)


@scenario()
def who_ignores_the_request_is_forced(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "stubborn")
    document = s.run("free", str(port), "--yes", "--force-after", "100ms", "--json")
    check_equal(document.code, 0)
    check_equal(document.json["result"]["processes"][0]["outcome"], "killed")
    check_ended(web)
    check_equal(web.popen.returncode, -signal.SIGKILL)


@scenario()
def a_suspended_server_ends_too(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port)
    web.stop()
    document = s.run("free", str(port), "--yes", "--json")
    check_equal(document.json["result"]["processes"][0]["outcome"], "ended")
    check_ended(web)
    check_equal(web.popen.returncode, -signal.SIGTERM)


@scenario()
def a_child_that_inherited_the_socket_ends_too(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "fork")
    child = web.children()[0]
    document = s.run("free", str(port), "--yes", "--json").json
    roles = {v["owner"]["pid"]: (v["role"], v["wave"]) for v in document["plan"]["stops"]}
    check_equal(roles[child], ("holder", "inherited"))
    check_equal(document["result"]["outcome"], "freed")
    check_ended(web)
    check(can_bind("127.0.0.1", port), "the port is still taken")


@scenario()
def the_heir_alone_holds_the_port(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "fork")
    child = web.children()[0]
    web.kill()
    answer = s.run("free", str(port), "--yes")
    check_in(f"is held by sleep {child}", answer.text)
    check_in(f"port {port} is free", answer.text)


@scenario()
def what_left_the_session_stays(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "detached")
    child = wait_for(lambda: [c for c in web.children()
                              if "sleep" in open(f"/proc/{c}/cmdline").read()], "the child")[0]
    answer = s.run("free", str(port), "--yes")
    check_in(f"keeps running     sleep {child} (in a session of its own)", answer.text)
    check_ended(web)
    os.kill(child, 0)
    os.kill(child, signal.SIGKILL)


@scenario()
def clients_are_told_and_kept(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "serve")
    client = s.python("""
        import socket, sys, time
        kept = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(2)]
        print("READY", flush=True)
        time.sleep(600)
    """, str(port))
    answer = s.run("free", str(port), "--yes")
    check_in(f"disconnects       python {client.pid} (2 connections)      it keeps running", answer.text)
    check_ended(web)
    check_runs(client)


@scenario()
def a_client_is_never_stopped(s):
    port = s.port(3000)
    server(s, "127.0.0.1", port, "serve")
    client = s.python("""
        import socket, sys, time
        kept = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        print("READY", kept.getsockname()[1], flush=True)
        time.sleep(600)
    """, str(port))
    local = int(client.output().split()[1])
    answer = s.run("free", f"pid:{client.pid}", "--yes")
    check_equal(answer.code, 3)
    check_in("free stops listeners only", answer.text)
    answer = s.run("free", str(local), "--yes")
    check_equal(answer.code, 6)
    check_in(f"is the local port of a connection of python {client.pid} to 127.0.0.1:{port}", answer.text)
    check_runs(client)


@scenario()
def old_connections_are_a_note(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "serve")
    client = s.python("""
        import socket, sys
        kept = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        print("READY", flush=True)
        kept.recv(1)   # until the server is gone; then both ends are closed
        kept.close()
    """, str(port))
    wait_for(lambda: socket_count(web.pid) == 2, "the connection being accepted")
    document = s.run("free", str(port), "--yes", "--json").json
    check_equal(document["result"]["outcome"], "freed")
    client.popen.wait(10)
    answer = s.run("free", str(port))
    check_equal(answer.code, 3)
    check_in("it is free.", answer.text)
    check_in("1 old connection is in TIME_WAIT for up to", answer.text)
    check_in("only servers without SO_REUSEADDR mind", answer.text)


@scenario()
def one_socket_of_a_group_is_not_the_port(s):
    port = s.port(3000)
    one = server(s, "127.0.0.1", port, "group")
    two = server(s, "127.0.0.1", port, "group")
    answer = s.run("free", f"pid:{one.pid}", "--yes")
    check_equal(answer.code, 6)
    check_in(f"is still served by python {two.pid}, which has a socket of its own there", answer.text)
    check_ended(one)
    check_runs(two)
    check_equal(s.run("free", str(port), "--yes").code, 0)
    check_ended(two)


@scenario()
def both_of_a_group_by_the_port(s):
    port = s.port(3000)
    group = [server(s, "127.0.0.1", port, "group") for _ in range(2)]
    answer = s.run("free", str(port), "--yes")
    check_equal(answer.code, 0)
    check_in("is also held by", answer.text)
    for process in group:
        check_ended(process)


@scenario()
def one_address_is_not_the_port(s):
    port = s.port(3000)
    four, six = server(s, "127.0.0.1", port), server(s, "::1", port)
    answer = s.run("free", f"127.0.0.1:{port}", "--yes")
    check_equal(answer.code, 0)
    check_in(f"; 127.0.0.1:{port} is free", answer.text)
    check_ended(four)
    check_runs(six)
    check_equal(s.run("free", f"localhost:{port}", "--yes").code, 0)
    check_ended(six)


@scenario()
def bound_without_listening_is_told(s):
    port = s.port(3000)
    web = server(s, "127.0.0.1", port, "bound", "plain")
    answer = s.run("free", str(port), "--yes")
    check_equal(answer.code, 6)
    check_in("but it is not free", answer.text)
    check_in(f"is bound by python {web.pid}, which does not listen on it", answer.text)
    check_runs(web)
    web.kill()
    web = server(s, "127.0.0.1", port, "bound")
    answer = s.run("free", str(port), "--yes")
    check_equal(answer.code, 3)
    check_in(f"python {web.pid} has bound it and does not listen", answer.text)


@scenario()
def udp_and_unix(s):
    port = s.port(3000)
    udp = server(s, "127.0.0.1", port, "udp")
    check_equal(s.run("free", str(port)).code, 3)
    answer = s.run("free", f"{port}/udp", "--yes")
    check_equal(answer.code, 0)
    check_in(f"port {port}/udp is free", answer.text)
    check_ended(udp)
    path = s.dir / "x.sock"
    unix = s.hold(f"unix:{path}")
    answer = s.run("free", str(path), "--yes")
    check_equal(answer.code, 0)
    check_in(f"unix:{path} is free", answer.text)
    check_in("its file is still there", answer.text)
    check_ended(unix)
    path.unlink()
    answer = s.run("free", str(path))
    check_equal((answer.code, answer.text), (3, f"Nobody is listening on {path}; it is free.\n"))


@scenario()
def what_starts_again_is_told(s):
    port = s.port(3000)
    loop = s.python("""
        import subprocess, sys
        while True:
            subprocess.run([sys.executable, "-c", sys.argv[1], "127.0.0.1", sys.argv[2]])
    """, textwrap.dedent(SERVER), str(port), ready=port)
    answer = s.run("free", str(port), "--yes")
    check_equal(answer.code, 6)
    check_in(f"port {port} is taken again", answer.text)
    check_runs(loop)
    document = s.run("free", str(port), "--yes", "--json")
    check_equal(document.code, 6)
    states = [v["state"] for v in document.json["result"]["verdicts"]]
    check_in("restarted", states)


@scenario()
def a_runner_is_stopped_with_its_server(s):
    port = s.port(3000)
    script = s.file("node_modules/.bin/nodemon", """\
        import subprocess, sys
        while True:
            subprocess.run([sys.executable, "-c", sys.argv[1], "127.0.0.1", sys.argv[2]])
    """)
    runner = s.start([sys.executable, str(script), textwrap.dedent(SERVER), str(port)], ready=port)
    document = s.run("free", str(port), "--yes", "--json")
    check_equal(document.code, 0)
    plan = document.json["plan"]
    check_equal([(v["role"], v["owner"]["pid"] == runner.pid) for v in plan["stops"]],
                [("runner", True), ("holder", False)])
    check_in("which would start it again", plan["steps"][0]["how"])
    check_ended(runner)
    check(can_bind("127.0.0.1", port), "the port is still taken")


@scenario(root=True)
def never_what_loopscope_runs_in(s):
    # a terminal that listens, and a server whose socket both it and loopscope have inherited
    terminal = s.python("""
        import os, socket, subprocess, sys, time
        kept = socket.create_server(("127.0.0.1", 3000))
        kept.set_inheritable(True)
        for words in (["3000", "--yes"], ["pid:" + str(os.getpid()), "--yes"]):
            done = subprocess.run([sys.argv[1], "free", *words], capture_output=True, text=True,
                                  close_fds=False)
            print(done.returncode, done.stderr, done.stdout)
        print("READY", flush=True)
        time.sleep(600)
    """, str(s.program))
    check_in(f"6 loopscope: port 3000 is held by python {terminal.pid}, in which loopscope itself was "
             "started", terminal.output())
    check_equal(terminal.output().count("in which loopscope itself was started"), 2)
    check_runs(terminal)


@scenario(root=True)
def never_the_first_process(s):
    with socket.socket() as mine:  # the scenario is pid 1 of its namespace
        mine.bind(("127.0.0.1", 3000))
        mine.listen(1)
        answer = s.run("free", "3000", "--yes")
        check_equal(answer.code, 6)
        check_in("the first process of this system", answer.err.decode())


@scenario(root=True)
def another_users_process_needs_rights(s):
    web = server(s, "127.0.0.1", 3000)
    answer = s.run("free", "3000", "--force-after", "2s", "-y", user=NOBODY)
    check_equal(answer.code, 4)
    check_in("Next  sudo loopscope free 3000 --force-after 2s -y", answer.err.decode())
    document = s.run("free", "3000", "--json", user=NOBODY)
    check_equal((document.code, document.json["error"]["code"]), (4, "rights"))
    check_equal(document.json["error"]["fix"], "sudo loopscope free 3000 --json")
    check_runs(web)


@scenario(root=True)
def root_may_stop_anybody(s):
    web = s.hold("tcp:127.0.0.1:3000", user=NOBODY)
    answer = s.run("free", "3000", "--yes")
    check_equal(answer.code, 0)
    check_in("user nobody", answer.text)
    check_ended(web)


@scenario(root=True)
def one_refusal_stops_all(s):
    own = s.hold("tcp:127.0.0.1:3000", user=NOBODY)
    other = s.hold("tcp:127.0.0.1:3001")
    answer = s.run("free", "3000", "3001", "--yes", user=NOBODY)
    check_equal(answer.code, 4)
    check_in("port 3001 is held by root", answer.err.decode())
    check_runs(own)
    check_runs(other)


@scenario()
def several_targets_at_once(s):
    one, two, three = s.port(3000), s.port(3001), s.port(3002)
    processes = [server(s, "127.0.0.1", one), server(s, "127.0.0.1", two)]
    answer = s.run("free", str(one), str(two), str(three), "--yes")
    check_equal(answer.code, 0)
    check_in(f"port {one} and port {two} are free", answer.text)
    check_in(f"Nobody is listening on port {three}.", answer.text)
    for process in processes:
        check_ended(process)


@scenario()
def what_else_closes_is_shown(s):
    one, two = s.port(3000), s.port(3001)
    web = s.hold(f"tcp:127.0.0.1:{one}", f"tcp:127.0.0.1:{two}")
    answer = s.run("free", str(one), "--yes")
    check_in(f"also closes       127.0.0.1:{two}", answer.text)
    check_ended(web)


@scenario()
def nothing_left_over_is_fine(s):
    if not s.isolated:
        return  # the machine may well have left-overs of its own
    answer = s.run("free", "--orphans")
    check_equal((answer.code, answer.text), (0, "Nothing is left over.\n"))
    check_equal(s.run("free", "--orphans", "--json").json["plan"]["endpoints"], [])


@scenario(root=True)
def all_that_is_left_over(s):
    s.file("shop/package.json", '{"name": "shop"}')
    left = s.start(["sh", "-c", f"{sys.executable} -u server.py 127.0.0.1 3000 &"],
                   cwd=s.file("shop/server.py", SERVER).parent)
    left.popen.wait(10)
    wait_for(lambda: s.accepts("127.0.0.1", 3000), "the server that is left over")
    wanted = server(s, "127.0.0.1", 3001)
    answer = s.run("free", "--orphans", "--dry-run")
    check_equal(answer.code, 0)
    check_in("Port 3000 is held by python", answer.text)
    check_in("the process that started it ended", answer.text)
    check_not_in("3001", answer.text)
    answer = s.run("free", "--orphans", user=NOBODY)  # left over, but of another user
    check_equal(answer.code, 0)
    answer = s.run("free", "--orphans", "--yes")
    check_equal(answer.code, 0)
    check_in("port 3000 is free", answer.text)
    check_runs(wanted)


@scenario()
def names_must_mean_one_thing(s):
    one, two = s.port(3000), s.port(3001)
    web = [s.hold(f"tcp:127.0.0.1:{port}", program="uniquename") for port in (one, two)]
    answer = s.run("free", "uniquename", "--yes")
    check_equal(answer.code, 2)
    check_in("is the name of several things", answer.err.decode())
    for process in web:
        check_runs(process)
    web[1].kill()
    check_equal(s.run("free", "uniquename", "--yes").code, 0)
    check_ended(web[0])


@scenario()
def usage(s):
    for words, says in ((["free"], "needs a TARGET"), (["free", "99999"], "is not a port"),
                        (["free", "--orphans", "3000"], "takes no TARGET"),
                        (["free", "example.com:80"], "is not a name of this machine"),
                        (["free", "192.0.2.1:80"], "is not an address of this machine")):
        answer = s.run(*words)
        check_equal((answer.code, answer.out), (2, b""), f"{words}")
        check_in(says, answer.err.decode())


@scenario()
def foreign_names_are_harmless(s):
    port = s.port(3000)
    web = s.hold(f"tcp:127.0.0.1:{port}", program="evil\x1b[2J\u202ename", argv=["\x1b]0;x\x07", "--"])
    for settings in ({}, {"tty": True}):
        answer = s.run("free", str(port), "--dry-run", **settings)
        check_not_in(b"\x1b[2J", answer.out)
        check_not_in(b"\x1b]0;", answer.out)
        check_not_in("\u202e", answer.text)
    check_runs(web)


@scenario(needs=["nginx"])
def nginx_with_its_workers(s):
    port = s.port(8080)
    conf = s.file("nginx.conf", f"""\
        worker_processes 2; daemon off; pid {s.dir}/pid; error_log {s.dir}/err;
        events {{}}
        http {{ access_log off; client_body_temp_path {s.dir}/a; proxy_temp_path {s.dir}/b;
                fastcgi_temp_path {s.dir}/c; uwsgi_temp_path {s.dir}/d; scgi_temp_path {s.dir}/e;
                server {{ listen {port}; }} }}
    """)
    nginx = s.start(["nginx", "-c", str(conf), "-p", str(s.dir)], ready=port)
    workers = nginx.children()
    answer = s.run("free", str(port), "--yes")
    check_equal(answer.code, 0)
    for worker in workers:
        check_in(str(worker), answer.text)
    check_ended(nginx)


@scenario(needs=["node"])
def node_in_a_project(s):
    port = s.port(3000)
    s.file("shop/package.json", '{"name": "shop"}')
    s.file("shop/server.js", "require('http').createServer((q, r) => r.end('hi'))"
                             f".listen({port}, '127.0.0.1')")
    node = s.start(["node", "server.js"], cwd=s.dir / "shop", ready=port)
    answer = s.run("free", "shop", "--yes")
    check_equal(answer.code, 0)
    check_in(f"is held by node {node.pid} (shop", answer.text)
    check_ended(node)


@scenario()
def the_preview_looks_like_this(s):
    port = s.port(3000)
    server(s, "127.0.0.1", port, "serve", name="web")
    s.python("""
        import socket, sys, time
        kept = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        print("READY", flush=True)
        time.sleep(600)
    """, str(port), name="client")
    if s.isolated:
        s.golden("free-preview", s.run("free", str(port), "--dry-run").text)
