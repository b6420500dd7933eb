"""explain: the one sentence, and what stands behind it."""

import os
import subprocess

from scenario import NOBODY, Skip, check, check_equal, check_in, check_not_in, scenario, wait_for


def explain(s, target, code=0, **settings):
    answer = s.run("explain", target, "--json", **settings)
    check_equal(answer.code, code, f"the exit code for {target}")
    return answer.json


@scenario(root=True)
def nobody_listens(s):
    answer = s.run("62893")
    check_equal(answer.code, 3)
    check_in("Nobody is listening on port 62893", answer.text)
    check_in("Nothing is wrong with your network", answer.text)
    check_in("a dynamic port", answer.text)


@scenario(root=True)
def a_target_alone_means_explain(s):
    s.hold("tcp:127.0.0.1:3000")
    check_equal(s.run("127.0.0.1:3000").text, s.run("explain", "127.0.0.1:3000").text)


@scenario(root=True)
def names_who_and_why(s):
    folder = s.file("shop/package.json", '{"name": "@acme/shop"}').parent
    git = folder / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/feat/cart\n")
    server = s.hold("tcp:127.0.0.1:3000", cwd=str(folder))
    told = explain(s, "3000")
    check_in("your project shop", told["answer"])
    check_in("Only this computer", told["answer"])
    check_equal(told["services"][0]["project"]["branch"], "feat/cart")
    check_equal(told["chain"][-1]["pid"], server.pid)
    check(len(told["chain"]) > 1, "the chain names who started it")
    check_in(str(server.pid), told["started"])
    check_equal(told["addresses"], [])


@scenario(root=True)
def the_other_family_is_named(s):
    s.hold("tcp:[::1]:5000")
    told = explain(s, "127.0.0.1:5000", code=3)
    check_in("Nobody listens on 127.0.0.1:5000", told["answer"])
    check_in("[::1]:5000", told["answer"])
    check_equal([x["answered"] for x in told["listens"]], [False, True])
    check_equal(explain(s, "localhost:5000")["somebody"], True)
    check_equal(explain(s, "[::1]:5000")["somebody"], True)


@scenario(root=True)
def each_address_has_its_own_clients(s):
    """127.0.0.1:5000 and [::1]:5000 are two programs."""
    s.hold("tcp:127.0.0.1:5000,accept")
    s.hold("tcp:[::1]:5000,accept")
    client = s.hold("connect:[::1]:5000")
    counts = {x["listeners"][0]["endpoint"]: x["connections"]
              for x in explain(s, "5000")["services"]}
    check_equal(counts, {"127.0.0.1:5000": 0, "[::1]:5000": 1})
    check_equal([x["pid"] for x in explain(s, "[::1]:5000")["clients"]
                 if x["role"] == "client"], [client.pid])
    check_equal([x for x in explain(s, "127.0.0.1:5000")["clients"] if x["role"] == "client"], [])


@scenario(root=True, needs=["ip"])
def a_device_does_not_answer_on_loopback(s):
    """What is bound to another interface never sees what is sent to 127.0.0.1, which arrives by lo."""
    made = subprocess.run(["ip", "link", "add", "veth7", "type", "veth"], check=False)
    if made.returncode:
        raise Skip("this kernel has no veth")
    s.hold("tcp:0.0.0.0:5000,device=veth7")
    told = explain(s, "5000")
    check_equal([x["answered"] for x in told["listens"] if "127.0.0.1" in x["endpoint"]], [False])
    check_in("Nobody listens on 127.0.0.1:5000",
             explain(s, "127.0.0.1:5000", code=3)["answer"])
    explain(s, "0.0.0.0:5000", code=3)
    s.hold("tcp:0.0.0.0:5001,device=lo")
    check_equal(explain(s, "127.0.0.1:5001")["somebody"], True)


@scenario(root=True)
def dual_stack_and_v4_mapped(s):
    s.hold("tcp:[::]:5000")
    for target in ("5000", "127.0.0.1:5000", "[::1]:5000", "[::ffff:127.0.0.1]:5000", "0.0.0.0:5000",
                   "http://localhost:5000/x"):
        check_equal(explain(s, target)["somebody"], True, target)
    s.hold("tcp:[::]:5001,v6only")
    check_equal(explain(s, "127.0.0.1:5001", code=3)["somebody"], False)


@scenario(root=True)
def who_is_connected(s):
    s.hold("tcp:127.0.0.1:3000,accept", comm="server")
    client = s.hold("connect:127.0.0.1:3000", comm="browser")

    def connected():
        told = explain(s, "3000")
        return [x for x in told["clients"] if x.get("pid") == client.pid and x["role"] == "client"]

    found = wait_for(connected, "the client being named and accepted")
    check_equal(found[0]["connections"], 1)


@scenario(root=True)
def waiting_in_the_queue(s):
    """Complete connections that nobody accepted yet have no owner of their own."""
    s.hold("tcp:127.0.0.1:3000")
    s.hold("connect:127.0.0.1:3000")
    told = wait_for(lambda: (x := explain(s, "3000"))["waiting"] == 1 and x, "a waiting connection")
    check_equal(told["clients"][0]["role"], "waiting")


@scenario(root=True)
def bound_but_not_listening(s):
    holder = s.hold("bound:127.0.0.1:3000")
    told = explain(s, "3000", code=3)
    check_in(str(holder.pid), told["answer"])
    check_in("does not listen", told["answer"])


@scenario(root=True)
def the_source_port_of_a_connection(s):
    """62893 in an error may be the near end of a connection, not a server."""
    s.hold("tcp:127.0.0.1:3000,accept")
    client = s.hold("connect:127.0.0.1:3000")

    def ports():
        return [x["port"] for x in s.ls("--all")["sockets"]
                if x.get("remote") == "127.0.0.1:3000" and x.get("owner", {}).get("pid") == client.pid]

    port = wait_for(ports, "the connection")[0]
    told = explain(s, str(port), code=3)
    check_in("near end of a connection", told["answer"])
    check_in(str(client.pid), told["answer"])


@scenario(root=True)
def only_udp(s):
    s.hold("udp:127.0.0.1:5353")
    check_in("for UDP", explain(s, "5353", code=3)["answer"])
    check_equal(explain(s, "5353/udp")["somebody"], True)


@scenario(root=True)
def two_programs_share_a_port(s):
    s.hold("tcp:127.0.0.1:3000")
    s.hold("tcp:[::1]:3000")
    told = explain(s, "3000")
    check_in("Two programs share", told["answer"])
    check_equal([x["answered"] for x in told["listens"]], [True, True])


@scenario(root=True)
def another_protocol_is_named(s):
    s.hold("tcp:127.0.0.1:3000")
    check_in("Nobody listens on SCTP port 3000 for SCTP", explain(s, "3000/sctp", code=3)["answer"])


@scenario(root=True)
def several_programs_share_an_address(s):
    for _ in range(3):
        s.hold("tcp:127.0.0.1:3000,reuseport")
    told = explain(s, "3000")
    check_in("3 programs share port 3000", told["answer"])
    check_in("reuseport", told["hint"])


@scenario(root=True)
def another_users_process(s):
    s.hold("tcp:127.0.0.1:3000")
    answer = s.run("3000", user=NOBODY)
    check_equal(answer.code, 4)
    check_in("a process of root", answer.text)
    check_in("sudo loopscope 3000", answer.text)


@scenario(root=True)
def a_unix_socket(s):
    path = os.path.join(str(s.dir), "app.sock")
    holder = s.hold(f"unix:{path}")
    told = explain(s, f"unix:{path}")
    check_equal(told["services"][0]["owners"][0]["pid"], holder.pid)
    check_equal(explain(s, f"unix:{path}.none", code=3)["somebody"], False)


@scenario(root=True)
def by_pid_and_by_name(s):
    holder = s.hold("tcp:127.0.0.1:3000", comm="invoices")
    check_equal(explain(s, f"pid:{holder.pid}")["services"][0]["port"], 3000)
    check_equal(explain(s, "pid:1", code=3)["somebody"], False)
    check_in("Nothing on this machine is called", s.run("no-such-service").text)


@scenario(root=True)
def addresses_that_are_not_here(s):
    told = explain(s, "192.0.2.77:80", code=3)
    check_in("not on this machine", told["answer"])
    check_equal(told["addresses"][0]["own"], False)
    answer = s.run("explain", "db.example.org:5432")
    check_equal(answer.code, 2)
    check_in("db.example.org", answer.err.decode())


@scenario(root=True)
def a_suspended_server(s):
    holder = s.hold("tcp:127.0.0.1:3000")
    holder.send(19)  # SIGSTOP
    wait_for(lambda: holder.state() == "T", "the process being stopped")
    told = explain(s, "3000")
    check_in("suspended", told["hint"])
    check_in(f"kill -CONT {holder.pid}", told["next"][0]["command"])


@scenario()
def pasted_text(s):
    text = "Error: connect ECONNREFUSED 127.0.0.1:62893\n    at TCP (node:net:1611:16)\n"
    answer = s.run("explain", "-", stdin=text)
    check_equal(answer.code, 3)
    check_in("127.0.0.1:62893", answer.text)
    check_not_in("1611", answer.text)
    answer = s.run("explain", "-", stdin="nothing to see here\n")
    check_equal(answer.code, 2)


@scenario()
def bad_targets(s):
    for target, part in (("99999", "'99999' is not a port"), ("127.0.0.1:99999", "99999"),
                         ("127.0.0.1:", "port"), ("http://", "http://"), ("1.2.3", "1.2.3")):
        answer = s.run("explain", target)
        check_equal(answer.code, 2, f"the exit code for {target}")
        check_equal(answer.text, "", "nothing on standard output")
        check_in(part, answer.err.decode())
        error = s.run("explain", target, "--json")
        check_equal(error.code, 2)
        check_in(part, error.json["error"]["message"])


@scenario()
def escapes_what_was_typed(s):
    answer = s.run("explain", "pid:\x1b[31mred")
    check_equal(answer.code, 2)
    check_not_in("\x1b", answer.err.decode())


@scenario(root=True)
def an_address_alone(s):
    s.hold("tcp:127.0.0.1:3000")
    s.hold("tcp:[::1]:3001")
    told = explain(s, "127.0.0.1")
    check_equal([x["port"] for x in told["services"]], [3000])
    check_in("1 service answers there", told["hint"])
    check_equal([x["port"] for x in explain(s, "localhost")["services"]], [3000, 3001])
    check_equal(explain(s, "127.0.0.2", code=3)["services"], [])


@scenario(root=True)
def asks_only_when_told(s):
    s.http_server("127.0.0.1", 3000)
    check_equal(explain(s, "3000")["services"][0]["speaks_by"], "guess")
    answer = s.run("explain", "3000", "--probe", "--json")
    check_equal(answer.json["services"][0]["speaks_by"], "probe")
    check_equal(answer.json["services"][0]["speaks"], "http")


@scenario(root=True)
def what_to_do_next_means_the_same_protocol(s):
    s.hold("udp:127.0.0.1:5353")
    for target, code in (("5353", 3), ("5353/udp", 0)):
        commands = [step["command"] for step in explain(s, target, code)["next"]]
        named = [command for command in commands if "5353" in command]
        check(named, f"a command that names the port, among {commands}")
        for command in named:
            check(command.endswith("5353/udp"), f"{command!r} means UDP")


@scenario(root=True)
def says_that_a_process_has_more_services(s):
    server = s.hold("tcp:127.0.0.1:3000", "tcp:127.0.0.1:3001")
    told = explain(s, f"pid:{server.pid}")
    check_in("means 2 services", told["hint"])
    check_equal(told["next"][0]["command"], f"loopscope who pid:{server.pid}")
