"""diagnose: what is read, how it is put, and whether the advice can be followed as it stands."""

import socket
import subprocess

from scenario import NOBODY, check, check_equal, check_in, check_not_in, scenario


@scenario(root=True)
def a_command_that_names_nothing_is_no_timeout(s):
    for command in (["true"], ["false"], ["sh", "-c", "exit 3"]):
        answer = s.run("diagnose", "--", *command)
        check_equal(answer.code, 2)
        check_in("tried no endpoint", answer.text)
        check("\n\n\n" not in answer.text and not answer.text.endswith("\n\n"), "no empty rows")


@scenario(root=True)
def reads_a_text_from_a_socket_and_from_anothers_pipe(s):
    text = b"connect ECONNREFUSED 127.0.0.1:3000\r\n\x1b[31mat foo\x1b[0m\r\n"
    ours, theirs = socket.socketpair()  # what node gives to its children
    ours.sendall(text)
    ours.shutdown(socket.SHUT_WR)
    done = subprocess.run([str(s.program), "diagnose", "--parse-only"], stdin=theirs,
                          capture_output=True, env=s.env, text=True)
    check_in("127.0.0.1:3000", done.stdout)
    check_in("127.0.0.1:3000", s.run("diagnose", "--parse-only", stdin=text, user=NOBODY).text)


@scenario(root=True)
def gives_no_advice_to_take_over_a_name_of_the_internet(s):
    answer = s.run("diagnose", "http://api.example.com/", "--passive")
    check_not_in("tee -a /etc/hosts", answer.text)
    check_in("no name of this machine", answer.text)
    check_in("tee -a /etc/hosts", s.run("diagnose", "http://shop.test/", "--passive").text)


@scenario(root=True)
def speaks_plainly_of_a_holder_that_is_hidden(s):
    s.http_server("127.0.0.1", 3000)
    answer = s.run("diagnose", "--error", "listen EADDRINUSE: address already in use 127.0.0.1:3000",
                   user=NOBODY)
    check_in("taken by a hidden process of root", answer.text)
    check_in("sudo loopscope free 3000", answer.text)
    check_not_in("(or ", answer.text)
    check_not_in("hidden: root", answer.text)


@scenario(root=True)
def marks_what_does_not_matter_as_no_fault(s):
    s.python("""
        import http.server
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_error(500)
            def log_message(self, *words):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 3000), Handler)
        print("READY")
        server.serve_forever()
        """)
    ladder = {rung["name"]: rung["state"] for rung in s.run("diagnose", "3000", "--json").json["ladder"]}
    check_equal(ladder["accept"], "remark", "::1 that refuses beside 127.0.0.1 that answers")
    check_equal(ladder["listener"], "remark")
    check_equal(ladder["http"], "bad")


@scenario(root=True)
def says_what_a_page_says_without_its_tags(s):
    s.http_server("127.0.0.1", 8000)
    text = s.run("diagnose", "http://127.0.0.1:8000/nope").text
    check_in("File not found.", text)
    check_not_in("<", text)


@scenario(root=True)
def reads_the_url_out_of_a_program_in_one_word(s):
    code = 'import urllib.request\nurllib.request.urlopen("http://localhost:4993/")'
    answer = s.run("diagnose", "--json", "--", "python3", "-c", code, user=NOBODY)
    check_equal((answer.code, answer.json["findings"][0]["cause"]), (1, "nothing-listening"))


@scenario(root=True)
def a_server_that_comes_up_is_said_to(s):
    code = "import socket, time; l = socket.socket(); l.bind(('127.0.0.1', 3500)); l.listen(); time.sleep(60)"
    answer = s.run("diagnose", "--command-timeout", "1s", "--", "python3", "-c", code)
    check_equal(answer.code, 0)
    check_in("listened on 127.0.0.1:3500 without trouble", answer.text)


@scenario(root=True)
def an_address_that_no_command_can_use_is_a_cause(s):
    said = "echo 'TypeError: Invalid URL http://localhost:undefined/'; exit 1"
    answer = s.run("diagnose", "--json", "--", "sh", "-c", said)
    check_equal((answer.code, answer.json["findings"][0]["cause"]), (1, "invalid-endpoint"))
