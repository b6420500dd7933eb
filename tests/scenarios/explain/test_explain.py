"""explain: what is behind a target."""

from scenario import NOBODY, check, check_equal, check_in, check_not_in, scenario


def explained(s, *words, code=0, **settings):
    answer = s.run("explain", *words, "--json", **settings)
    check_equal(answer.code, code, f"the exit code of {answer}")
    check_equal(answer.json["schema"], "loopscope.explain/1")
    return answer.json


@scenario(root=True)
def a_server_and_its_client(s):
    web = s.hold("tcp:127.0.0.1:3000,accept", name="web")
    client = s.hold("connect:127.0.0.1:3000", name="client")
    document = explained(s, "3000")
    check_equal(document["somebody"], True)
    check_equal([o["pid"] for x in document["services"] for o in x["owners"]], [web.pid])
    check_equal([(c["pid"], c["connections"]) for c in document["clients"]], [(client.pid, 1)])
    check_equal([(x["endpoint"], x["answered"]) for x in document["listens"]],
                [("127.0.0.1:3000", True), ("[::1]:3000", False)])
    s.golden("explain-server", s.run("3000").text)


@scenario(root=True)
def every_way_to_name_it(s):
    web = s.hold("tcp:127.0.0.1:3000", name="web")
    for target in ("3000", ":3000", "127.0.0.1:3000", "localhost:3000", "http://localhost:3000/x",
                   f"pid:{web.pid}", "[::ffff:127.0.0.1]:3000"):
        document = explained(s, target)
        check_equal([o["pid"] for x in document["services"] for o in x["owners"]], [web.pid], target)


@scenario(root=True)
def the_other_family(s):
    s.hold("tcp:[::1]:3000", name="web")
    answer = s.run("127.0.0.1:3000")
    check_equal(answer.code, 3)
    s.golden("explain-other-family", answer.text)


@scenario(root=True)
def nobody_is_there(s):
    answer = s.run("62893")
    check_equal(answer.code, 3)
    s.golden("explain-nobody", answer.text)
    check_equal(explained(s, "62893", code=3)["somebody"], False)


@scenario(root=True)
def somebody_in_another_namespace_is_no_answer_here(s):
    s.hold("tcp:127.0.0.1:6379", netns=True)
    document = explained(s, "6379", code=3)
    check_equal(document["somebody"], False)
    check_in("netns", document["answer"])


@scenario(root=True)
def a_hidden_owner(s):
    s.hold("tcp:127.0.0.1:3000")
    document = explained(s, "3000", code=4, user=NOBODY)
    check_equal(document["services"][0]["owners"], [])
    check(document["blind_spots"], "what could not be seen is said")
    text = s.run("3000", user=NOBODY).text
    check_in("root", text)
    check_in("hidden", text)


@scenario()
def what_is_no_target(s):
    for target, words in (("99999", "'99999' is not a port: ports go from 0 to 65535"),
                          ("127.0.0.1:x", "is not a port"), ("pid:x", "pid")):
        answer = s.run("explain", target)
        check_equal(answer.code, 2, f"the exit code for {target}")
        check_equal(answer.out, b"")
        check_in(words, answer.err.decode())
        answer = s.run("explain", target, "--json")
        check_equal(answer.code, 2)
        check_equal(answer.err, b"")
        check_equal(answer.json["schema"], "loopscope.explain/1")
        check_in(words, answer.json["error"]["message"])


@scenario(root=True)
def evil_names(s):
    s.hold("tcp:127.0.0.1:3000", argv0=b"\x1b[31m\xe2\x80\xaeevil\n", argv=[b"\xff\x1b]0;x\x07"],
           comm=b"\x1b[2J", program="evil\x1b[31m\nname", cwd=s.dir)
    for words in (["3000"], ["who", "3000"], ["explain", "3000", "--wide"]):
        text = s.run(*words, tty=True, env={"NO_COLOR": "1"}).text
        check_not_in("\x1b", text)
        check_not_in("\u202e", text)
    explained(s, "3000")


@scenario(root=True)
def a_unix_socket(s):
    path = f"{s.dir}/service.sock"
    holder = s.hold(f"unix:{path}")
    for target in (path, f"unix:{path}"):
        document = explained(s, target)
        check_equal([o["pid"] for x in document["services"] for o in x["owners"]], [holder.pid], target)


@scenario()
def causes_need_no_machine(s):
    answer = s.run("explain", "listens-ipv4-only")
    check_equal(answer.code, 0)
    check_in("listens-ipv4-only", answer.text)
    told = s.run("explain", "listens-ipv4-only", "--json").json["cause"]
    check_equal(told["id"], "listens-ipv4-only")
    for name in ("title", "group", "shows", "why", "not", "fix", "more"):
        check(told[name], f"{name} is said")
    answer = s.run("explain", "listens-ipv4-onli")
    check_equal(answer.code, 2)
    check_in("did you mean 'listens-ipv4-only'?", answer.err.decode())
