"""wait: until something accepts, answers, or is gone."""

import os
import signal

from scenario import check, check_equal, check_in, scenario, wait_for

LATE = """
    import socket, sys, time
    address, port, after = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    print("READY", flush=True)
    time.sleep(after)
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(8)
    time.sleep(600)
"""

HTTP = """
    import http.server, sys
    answers = sys.argv[2].split(",")
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            word = answers.pop(0) if len(answers) > 1 else answers[0]
            print(self.path, self.headers["Host"], flush=True)
            if word == "close":
                return
            self.send_response(int(word))
            self.end_headers()
        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print("READY", flush=True)
    server.serve_forever()
"""


def http(s, port, answers):
    return s.python(HTTP, str(port), answers)


@scenario()
def until_it_accepts(s):
    port = s.port(3000)
    s.python(LATE, "127.0.0.1", str(port), "0.3")
    answer = s.run("wait", str(port))
    check_equal(answer.code, 0)
    check_in(f"127.0.0.1:{port} accepts connections, after 0.", answer.text)
    check_equal(len(answer.lines), 1)


@scenario()
def on_either_loopback(s):
    port = s.port(3000)
    s.python(LATE, "::1", str(port), "0.1")
    answer = s.run("wait", str(port))
    check_equal(answer.code, 0)
    check_in(f"[::1]:{port} accepts connections", answer.text)
    check_equal(s.run("wait", f"localhost:{port}", "-t", "5s").code, 0)
    check_equal(s.run("wait", f"127.0.0.1:{port}", "-t", "0").code, 7)


@scenario()
def on_another_address_of_this_machine(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.7:{port}")
    answer = s.run("wait", str(port), "-t", "5s")
    check_equal(answer.code, 0)
    check_in(f"127.0.0.7:{port} accepts", answer.text)


@scenario()
def the_time_runs_out(s):
    port = s.port(3000)
    answer = s.run("wait", str(port), "--timeout", "200ms")
    check_equal((answer.code, answer.out), (7, b""))
    check_in(f"port {port} is not ready after", answer.err.decode())
    check_in(": refused", answer.err.decode())
    document = s.run("wait", str(port), "--timeout", "50ms", "--json")
    check_equal(document.code, 7)
    check_equal((document.json["ready"], document.json["saw"]), (False, "refused"))
    check_equal(document.json["error"]["code"], "timeout")


@scenario()
def http_by_its_status(s):
    port = s.port(3000)
    server = http(s, port, "503,close,404,200")
    answer = s.run("wait", f"http://localhost:{port}/health?x=1", "--http")
    check_equal(answer.code, 0)
    check_in("answered HTTP 200", answer.text)
    check_equal(set(server.output().splitlines()[1:]), {f"/health?x=1 localhost:{port}"})
    for words in (["--http", "2xx"], ["--http=200"], ["--http=200-299,404"]):
        check_equal(s.run("wait", str(port), *words).code, 0)
    check_equal(s.run("wait", "--http", "200", str(port)).code, 0)
    answer = s.run("wait", str(port), "--http", "404", "-t", "200ms")
    check_equal(answer.code, 7)
    check_in(": HTTP 200", answer.err.decode())


@scenario()
def accepts_is_not_answers(s):
    port = s.port(3000)
    http(s, port, "close")
    check_equal(s.run("wait", str(port)).code, 0)
    answer = s.run("wait", str(port), "--http", "-t", "200ms")
    check_equal(answer.code, 7)
    check_in("accepts but no HTTP answer", answer.err.decode())


@scenario()
def a_suspended_server_accepts_but_does_not_answer(s):
    port = s.port(3000)
    server = http(s, port, "200")
    server.stop()
    answer = s.run("wait", str(port), "--http", "-t", "300ms")
    check_equal(answer.code, 7)
    check_in("accepts but no HTTP answer", answer.err.decode())
    server.send(signal.SIGCONT)
    check_equal(s.run("wait", str(port), "--http").code, 0)


@scenario()
def until_it_is_gone(s):
    port = s.port(3000)
    check_equal(s.run("wait", str(port), "--gone").code, 0)
    server = s.hold(f"tcp:127.0.0.1:{port}")
    answer = s.run("wait", str(port), "--gone", "-t", "200ms")
    check_equal(answer.code, 7)
    check_in(f"still taken, by holder {server.pid}", answer.err.decode())
    check_in(f"loopscope free {port}", answer.err.decode())
    waiting = s.start([s.program, "wait", str(port), "--gone"])
    wait_for(lambda: waiting.popen.poll() is None, "the wait")
    server.kill()
    check_equal(waiting.popen.wait(20), 0)
    check_in(f"port {port} is free, after", waiting.output())


@scenario()
def unix_names_and_processes(s):
    path = s.dir / "x.sock"
    answer = s.run("wait", str(path), "-t", "50ms")
    check_equal(answer.code, 7)
    server = s.hold(f"unix:{path}", f"tcp:127.0.0.1:{s.port(3000)}", program="uniquename")
    check_equal(s.run("wait", f"unix:{path}").code, 0)
    answer = s.run("wait", "uniquename")
    check_equal(answer.code, 0)
    check_in(f"127.0.0.1:{s.port(3000)} accepts connections", answer.text)
    check_equal(s.run("wait", f"pid:{server.pid}").code, 0)
    answer = s.run("wait", "nosuchname", "-t", "50ms")
    check_equal(answer.code, 7)
    check_in("no service is called 'nosuchname'", answer.err.decode())


@scenario()
def a_process_that_ends_ends_the_waiting(s):
    idle = s.start(["sleep", "600"])
    waiting = s.start([s.program, "wait", f"pid:{idle.pid}"])
    wait_for(lambda: "eventpoll" in " ".join(descriptors(waiting.pid)), "the wait")
    idle.kill()
    check_equal(waiting.popen.wait(20), 3)
    check_in(f"process {idle.pid} has ended", waiting.output())
    answer = s.run("wait", f"pid:{idle.pid}")
    check_equal(answer.code, 3)
    check_in("there is no process", answer.err.decode())


def descriptors(pid):
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    return names


@scenario()
def udp_is_there_when_somebody_has_bound_it(s):
    port = s.port(3000)
    check_equal(s.run("wait", f"{port}/udp", "-t", "50ms").code, 7)
    s.hold(f"udp:127.0.0.1:{port}")
    answer = s.run("wait", f"{port}/udp")
    check_equal(answer.code, 0)
    check_in(f"somebody listens on 127.0.0.1:{port}/udp", answer.text)


@scenario()
def ctrl_c(s):
    waiting = s.start([s.program, "wait", str(s.port(3000))])
    wait_for(lambda: "eventpoll" in " ".join(descriptors(waiting.pid)), "the wait")
    waiting.send(signal.SIGINT)
    check_equal(waiting.popen.wait(20), 130)


@scenario()
def only_this_machine(s):
    for target, says in (("192.0.2.1:80", "is not an address of this machine"),
                         ("example.com:80", "is not a name of this machine"),
                         ("localhost", "names no port"), ("https://localhost:1/", "plain HTTP only")):
        answer = s.run("wait", target, "--http")
        check_equal((answer.code, answer.out), (2, b""), target)
        check_in(says, answer.err.decode())
    check_equal(s.run("wait", "3000", "--http", "999").code, 2)
    check_equal(s.run("wait", "3000", "3001").code, 2)
    check_equal(s.run("wait", "3000", "--gone", "--http").code, 2)


@scenario()
def progress_is_for_terminals(s):
    port = s.port(3000)
    answer = s.run("wait", str(port), "-t", "900ms", tty=True)
    check_equal(answer.code, 7)
    check_in(f"waiting for port {port}", answer.text)
    answer = s.run("wait", str(port), "-t", "900ms")
    check(b"waiting" not in answer.err, "progress in a pipe")


@scenario()
def as_json(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}")
    document = s.run("wait", str(port), "--json").json
    check_equal(document["schema"], "loopscope.wait/1")
    check_equal((document["ready"], document["endpoint"]), (True, f"127.0.0.1:{port}"))
    check(document["tries"] >= 1 and document["took_ns"] > 0, "no numbers")
