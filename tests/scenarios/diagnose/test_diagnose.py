"""diagnose: the command around the engine: what is read, what is run, seats, the page."""

from scenario import check, check_equal, check_in, check_not_in, scenario

TEXT = "Error: connect ECONNREFUSED 127.0.0.1:3000"


@scenario(root=True)
def reads_a_text_and_touches_nothing(s):
    for answer in (
        s.run("diagnose", "--parse-only", "--json", "--error", TEXT),
        s.run("diagnose", "--parse-only", "--json", TEXT),
        s.run("diagnose", "--parse-only", "--json", stdin=TEXT),
        s.run("diagnose", "--parse-only", "--json", "--error", "-", stdin=TEXT),
    ):
        check_equal(answer.code, 0)
        target = answer.json["target"]
        check_equal((target["op"], target["errno"]), ("connect", "ECONNREFUSED"))
        check_equal(target["endpoints"], [{"host": "127.0.0.1", "port": 3000}])
        check_equal(target["path"], None)


@scenario(root=True)
def invents_no_endpoint(s):
    answer = s.run("diagnose", "--json", "--error", "it does not work")
    check_equal(answer.code, 2)
    check_equal(answer.json["verdict"], "inconclusive")
    check_equal(answer.json["target"]["endpoints"], [])
    check_equal(answer.json["findings"], [])


@scenario(root=True)
def takes_one_question(s):
    answer = s.run("diagnose", "3000", "--error", TEXT)
    check_equal(answer.code, 2)
    check_in("takes one of", answer.err.decode())
    answer = s.run("diagnose", "3000", "--from", "nowhere")
    check_equal(answer.code, 2)
    check_in("is no seat", answer.err.decode())


@scenario(root=True)
def a_command_keeps_stdout_clean(s):
    answer = s.run("diagnose", "--json", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    check_equal(answer.json["command"]["status"], 3)
    check_equal(answer.json["command"]["argv"][0], "sh")
    check_in("out", answer.err.decode())
    check_in("err", answer.err.decode())
    answer = s.run("diagnose", "--", "no-such-program-here")
    check_equal(answer.code, 2)


@scenario(root=True)
def names_the_seats_that_cannot_be_taken(s):
    answer = s.run("diagnose", "3000", "--json", "--from", "here,container:none")
    seats = answer.json["seats"]
    check_equal([seat["from"] for seat in seats], ["here", "container:none"])
    check_equal(seats[1]["error"]["code"], "nobody")
    check("verdict" in seats[0], "the others are still asked")
    check_equal(s.run("diagnose", "3000", "--from", "pid:999999").code, 3)


@scenario(root=True)
def writes_a_page(s):
    page = s.file("page.html", "")
    s.run("diagnose", "127.0.0.1:3000", "--report", str(page))
    text = page.read_text(encoding="utf-8")
    check_in("default-src 'none'", text)
    check_not_in("<script", text)
    check_not_in("src=", text)
    check_equal(page.stat().st_mode & 0o777, 0o600)


@scenario(root=True)
def calls_nothing_healthy_that_was_not_asked(s):
    s.http_server("127.0.0.1", 8000)
    check_equal(s.run("diagnose", "--json", "127.0.0.1:8000").json["verdict"], "healthy")
    for args in (["--passive", "127.0.0.1:8000"], ["192.0.2.7:8000"]):
        answer = s.run("diagnose", "--json", *args)
        check_equal((answer.json["verdict"], answer.json["talked"]), ("inconclusive", 0))
        check_equal(answer.code, 7)
