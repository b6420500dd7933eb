"""diagnose: services that are fine raise no alarm, and nothing is called fine that was not asked."""

import sys

from scenario import NOBODY, check_equal, check_in, check_not_in, scenario

SERVER = """
import http.server, sys, time
port, status, wait = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(wait)
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
        if status == 302:
            self.send_header("Location", sys.argv[4])
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
print("READY")
server.serve_forever()
"""

TLS_SERVER = """
import http.server, ssl, subprocess, sys
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj",
    "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"], check=True, stderr=subprocess.DEVNULL)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])),
    http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("READY")
server.serve_forever()
"""


@scenario(root=True)
def lets_a_server_be_slow_or_ask_for_a_login(s):
    s.python(SERVER, "3001", "200", "2.0")
    s.python(SERVER, "3002", "401", "0")
    s.python(SERVER, "3003", "302", "0", "/login")
    s.python(SERVER, "3004", "405", "0")
    for port in (3001, 3002, 3003, 3004):
        answer = s.run("diagnose", str(port), "--json")
        check_equal((answer.code, answer.json["verdict"]), (0, "healthy"), f"port {port}")
    check_in("it wants credentials", s.run("diagnose", "3002").text)
    # the path that was asked for is another matter
    check_equal(s.run("diagnose", "http://localhost:3002/api", "--json").json["verdict"], "fault")


@scenario(root=True, needs=["openssl"])
def a_port_without_a_scheme_may_speak_tls(s):
    s.python(TLS_SERVER, "3443")
    for user in (None, NOBODY):
        answer = s.run("diagnose", "3443", user=user)
        check_equal(answer.code, 0)
        check_in("HTTPS 200", answer.text)
    answer = s.run("diagnose", "http://localhost:3443/", "--json")
    check_equal(answer.json["findings"][0]["cause"], "http-to-tls-port")
    answer = s.run("diagnose", "https://localhost:3443/", "--json")
    check_in(answer.json["findings"][0]["cause"], ("tls-cert-untrusted", "tls-name-mismatch"))


@scenario(root=True)
def calls_nothing_fine_that_was_not_asked(s):
    s.http_server("127.0.0.1", 3000)
    s.hold("udp:127.0.0.1:3001")
    s.network("192.168.77.2/24")
    for words in (("3000", "--passive"), ("http://localhost:3000/", "--passive"),
                  ("127.0.0.1:3001/udp",), ("udp:3001",)):
        answer = s.run("diagnose", *words, "--json")
        check_equal(answer.json["verdict"], "inconclusive", f"the verdict on {words}")
        check_in("nothing that was seen stands in its way", answer.json["answer"])
        check_equal(answer.json["talked"], 0)
    # other machines are neither asked nor judged
    for words in (("192.168.77.9:80",), ("8.8.8.8:53",), ("http://192.168.77.9/",),
                  ("--error", "connect ECONNREFUSED 192.168.77.9:3000")):
        answer = s.run("diagnose", *words, "--json")
        check_equal(answer.json["verdict"], "inconclusive", f"the verdict on {words}")
        check_in("is another machine", answer.json["answer"])
        check_not_in("Unknown error", answer.out.decode())


@scenario(root=True, needs=["nc"])
def leaves_a_single_shot_listener_alone(s):
    nc = s.start(["nc", "-l", "127.0.0.1", "3050"], ready=lambda: ":0BEA 00000000:0000 0A" in
                 open("/proc/net/tcp").read())
    answer = s.run("diagnose", "3050", "--json")
    check_equal(answer.json["verdict"], "inconclusive")
    check_in("ends with its first client", answer.json["answer"])
    check_equal(nc.popen.poll(), None)


@scenario(root=True)
def a_guess_by_the_port_does_not_bind(s):
    s.http_server("127.0.0.1", 8443)
    answer = s.run("diagnose", "8443", "--json")
    check_equal(answer.json["verdict"], "healthy")
    check_equal(s.run("diagnose", "https://localhost:8443/", "--json").json["findings"][0]["cause"],
                "tls-to-http-port")


@scenario(root=True)
def who_runs_loopscope_is_no_server(s):
    run = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    answer = s.run("diagnose", "3900", "--json", prefix=[sys.executable, "-c", run])
    check_equal(answer.json["findings"][0]["cause"], "nothing-listening")
    # nor is who writes the text that is looked at
    s.start([sys.executable, "-c", "import time; time.sleep(60)", "connect ECONNREFUSED 127.0.0.1:3901"])
    answer = s.run("diagnose", "--json", "--error", "connect ECONNREFUSED 127.0.0.1:3901")
    check_equal(answer.json["findings"][0]["cause"], "nothing-listening")
