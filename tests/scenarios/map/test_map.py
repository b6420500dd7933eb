"""map: who talks to whom, between real programs."""

import json
import os
import xml.dom.minidom

from scenario import NOBODY, check, check_equal, check_in, check_not_in, scenario, wait_for

KEEP_ALIVE = """
    import http.client, sys, time
    kept = []
    for i in range(int(sys.argv[2])):
        c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
        for path in sys.argv[3:]:
            c.request("GET", path)
            c.getresponse().read()
        kept.append(c)
    print("READY")
    time.sleep(1000)
"""

WEB = """
    import http.server, socket, sys
    pool = [socket.create_connection(("127.0.0.1", int(p))) for p in sys.argv[2:] for _ in range(3)]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print("READY")
    server.serve_forever()
"""

NGINX = """
    daemon off; worker_processes 2; pid {dir}/nginx.pid; error_log {dir}/nginx.log;
    events {{ }}
    http {{
        access_log off;
        client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
        uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
        keepalive_timeout 1000;
        upstream web {{ server 127.0.0.1:3000; keepalive 8; keepalive_timeout 1000; }}
        upstream api {{ server 127.0.0.1:3001; keepalive 8; keepalive_timeout 1000; }}
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        server {{
            listen 8080;
            location /web {{ proxy_pass http://web; }}
            location /api {{ proxy_pass http://api; }}
        }}
    }}
"""


def a_map(s, *words, code=0, **settings):
    answer = s.run("map", *words, "--json", **settings)
    check_equal(answer.code, code, str(answer))
    check_equal(answer.json["schema"], "loopscope.map/1")
    return answer.json


def edges(document):
    """(from, to, connections) with ids for names."""
    return sorted((e["from"], e["to"], e["connections"]) for e in document["edges"])


def node(document, key):
    found = [n for n in document["nodes"] if n["id"] == key]
    check_equal(len(found), 1, f"nodes called {key} in {[n['id'] for n in document['nodes']]}")
    return found[0]


@scenario(root=True, needs=["nginx"])
def a_proxy_between(s):
    s.hold("tcp:127.0.0.1:6379,accept", program="cache")
    web = s.python(WEB, "3000", name="web")
    s.python(WEB, "3001", "6379", name="api")
    config = s.file("nginx.conf", NGINX.format(dir=s.dir))
    nginx = s.start(["nginx", "-c", config], ready=8080)
    s.python(KEEP_ALIVE, "8080", "4", "/web", "/api")
    document = a_map(s)
    proxied = {(e["from"], e["to"]): e for e in document["edges"]}
    for pair in (("0.0.0.0:8080", "127.0.0.1:3000"), ("0.0.0.0:8080", "127.0.0.1:3001"),
                 ("127.0.0.1:3001", "127.0.0.1:6379")):
        check_in(pair, proxied)
    check_equal(proxied["127.0.0.1:3001", "127.0.0.1:6379"]["connections"], 3)
    clients = [n for n in document["nodes"] if n["kind"] == "client"]
    check_equal([(c["opened"], c["processes"]) for c in clients], [(4, 1)])
    # the workers accept and dial, the master listens: one node
    check_equal((node(document, "0.0.0.0:8080")["pid"], node(document, "0.0.0.0:8080")["accepted"]),
                (nginx.pid, 4))
    check_equal(node(document, "127.0.0.1:3000")["pid"], web.pid)
    text = s.run("map").text
    check(text.index("8080") < text.index("3001") < text.index("6379"), text)
    check_in("└─", text)


@scenario(root=True)
def unix_sockets(s):
    path = s.dir / "app.sock"
    s.hold(f"unix:{path},accept", program="daemon")
    s.hold(f"unix-seqpacket:{s.dir}/seq.sock,accept", program="sequences")
    s.python("""
        import socket, sys, time
        a, b, c = (socket.socket(socket.AF_UNIX, kind) for kind in
                   (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET))
        a.connect(sys.argv[1]), b.connect(sys.argv[1]), c.connect(sys.argv[2])
        pair = socket.socketpair()
        print("READY")
        time.sleep(1000)
    """, path, s.dir / "seq.sock")
    # the daemon's accept() comes a moment after connect()
    def accepted():
        return sum(e["connections"] for e in a_map(s)["edges"] if e["via"] == "unix") == 3
    wait_for(accepted, "three accepted connections")
    document = a_map(s, f"unix:{path}")
    check_equal([(e["endpoint"], e["connections"]) for e in document["edges"]], [(f"unix:{path}", 2)])
    check_equal(a_map(s)["socket_pairs"], 1)


@scenario(root=True)
def the_system_bus_is_left_out(s):
    os.makedirs("/run/dbus", exist_ok=True)
    path = f"/run/dbus/test-{os.getpid()}"
    s.hold(f"unix:{path},accept", program="bus")
    s.python("""
        import socket, sys, time
        a = socket.socket(socket.AF_UNIX)
        a.connect(sys.argv[1])
        print("READY")
        time.sleep(1000)
    """, path)
    wait_for(lambda: a_map(s)["left_out_connections"] == 1, "the connection to the bus")
    check_equal((a_map(s)["edges"], a_map(s)["left_out_services"]), ([], 1))
    check_in("1 connection to D-Bus, the journal and their like is left out", s.run("map").text)
    check_in(path, s.run("map", "--all").text)


@scenario(root=True)
def nobody_accepts(s):
    s.hold("tcp:127.0.0.1:3000", program="stuck")
    s.hold("connect:127.0.0.1:3000", program="caller")
    check_equal([(e["connections"], e["waiting"]) for e in a_map(s)["edges"]], [(1, 1)])
    check_in("1 connection, 1 waiting", s.run("map").text)


@scenario(root=True)
def what_an_ordinary_user_sees(s):
    s.hold("tcp:127.0.0.1:3000,accept", program="server")
    s.hold("connect:127.0.0.1:3000", program="caller")
    answer = s.run("map", user=NOBODY)
    check_equal(answer.code, 0, str(answer))
    check_in("root (process hidden)", answer.text)
    check_in("1 connection", answer.text)
    check_in("the owner of", answer.text)


@scenario(root=True)
def into_other_namespaces(s):
    s.hold("tcp:127.0.0.1:4000,accept", "connect:127.0.0.1:4000", program="inside", netns=True)
    s.hold("tcp:127.0.0.1:4000,accept", program="outside")
    document = a_map(s, "4000")
    check_equal(len(document["nodes"]), 2, "nodes on port 4000")
    check_equal(len(document["edges"]), 1)
    check_equal(document["edges"][0]["from"], document["edges"][0]["to"])
    check_in("in netns", s.run("map").text)


@scenario(root=True)
def cycles_and_itself(s):
    s.hold("tcp:127.0.0.1:3000,accept", "connect:127.0.0.1:3000", program="self")
    check_in("(itself)", s.run("map").text)
    check_equal(s.run("map", env={"LC_ALL": "C"}).text.isascii(), True)


@scenario(root=True)
def nothing_listens(s):
    answer = s.run("map")
    check_equal((answer.code, answer.lines[0]),
                (3, "Nobody listens on this computer, and nobody is connected."))
    check_equal(a_map(s, code=3)["nodes"], [])
    check_equal(s.run("map", "--svg").code, 3)


@scenario(root=True)
def targets(s):
    s.hold("tcp:127.0.0.1:3000,accept", program="store")
    caller = s.hold("connect:127.0.0.1:3000", program="caller")
    s.hold("tcp:127.0.0.1:5000,accept", program="other")
    for words in ("3000", "localhost:3000", f"pid:{caller.pid}", "caller"):
        document = a_map(s, words)
        check_equal((len(document["nodes"]), len(document["edges"])), (2, 1), words)
    check_equal(s.run("map", "5000").lines[0].startswith("Nobody is connected to "), True)
    answer = s.run("map", "4999")
    check_equal((answer.code, answer.text), (3, ""))
    check_in("nothing on the map listens on '4999'", answer.err.decode())
    check_equal(s.run("map", "4999", "--json").json["error"]["code"], "nobody")
    check_equal(s.run("map", "70000").code, 2)


@scenario(root=True)
def pictures(s):
    s.hold("tcp:127.0.0.1:3000,accept", program="store")
    s.hold("connect:127.0.0.1:3000", program="<b>&\"'", comm="<b>&")
    file = s.dir / "map.svg"
    wait_for(lambda: a_map(s)["edges"][0]["waiting"] == 0, "the connection being accepted")
    answer = s.run("map", f"--svg={file}", f"--dot={s.dir}/map.dot")
    check_equal(answer.text, f"Wrote the map as SVG to {file}.\n"
                             f"Wrote the map as Graphviz text to {s.dir}/map.dot.\n")
    picture = xml.dom.minidom.parse(str(file)).documentElement
    check_equal(picture.tagName, "svg")
    names = [t.firstChild.data for t in picture.getElementsByTagName("text")]
    check_in("<b>&\"'", names)
    check(picture.getElementsByTagName("desc")[0].firstChild.data.count("\n") == 1)
    check_equal(s.run("map", "--svg").text.count("\n"), file.read_text().count("\n"))
    check_in("n1 -> n0", (s.dir / "map.dot").read_text())
    check_equal(s.run("map", "--svg", "--dot").code, 2)
    check_equal(s.run("map", "--svg", "--json").code, 2)
    check_equal(s.run("map", f"--svg={s.dir}/none/x.svg").code, 8)
    both = s.run("map", f"--svg={file}", "--json")
    check_equal(json.loads(both.text)["connections"], 1)


@scenario(root=True)
def hostile_names(s):
    s.hold("tcp:127.0.0.1:3000,accept", program="a\x1b[31mb")
    s.hold("connect:127.0.0.1:3000", program="c\nd\u202e")
    for words in ([], ["--svg"], ["--dot"], ["--all"]):
        answer = s.run("map", *words)
        check_not_in(b"\x1b", answer.out, f"map {words}")
        check_not_in("\u202e", answer.text, f"map {words}")
    check_in("c\\nd\\u202e", s.run("map").text)


@scenario(root=True)
def many(s):
    s.hold("tcp:127.0.0.1:3000,accept,count=40", program="worker")
    s.hold(*[f"connect:127.0.0.1:{3000 + i}" for i in range(40)], program="boss")
    s.hold("tcp:127.0.0.1:5000,count=30", program="idle")
    answer = s.run("map", tty=True, columns=70, env={"NO_COLOR": "1"})
    check(all(len(line) <= 70 for line in answer.text.splitlines()), str(answer))
    # 40 ports of one process are one node
    check_in("127.0.0.1:3000 +39", s.run("map").text)
    check_in("127.0.0.1:5000 +29", s.run("map").text)
