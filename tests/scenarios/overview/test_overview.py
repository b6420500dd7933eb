"""overview: the machine at a glance."""

import signal

from scenario import check, check_equal, check_in, scenario, wait_for


@scenario(root=True)
def an_empty_machine(s):
    answer = s.run()
    check_equal(answer.code, 0)
    check_in("Nothing listens on this machine.", answer.text)


@scenario(root=True)
def table_problems_and_commands(s):
    s.network("10.11.12.13/24")
    s.hold("tcp:127.0.0.1:3000")
    s.hold("tcp:0.0.0.0:3001")
    answer = s.run()
    check_equal(answer.lines[0].split()[:2], ["PORT", "SERVICE"])
    check_in("! 3001", answer.text)
    check_in("2 services, 1 open to the network", answer.text)
    check_in("Next  loopscope explain 3001", answer.text)
    document = s.run("overview", "--json").json
    check_equal([f["id"] for f in document["findings"]], ["exposed"])
    check_equal(document["schema"], "loopscope.overview/1")


@scenario(root=True)
def without_a_network_a_wildcard_is_not_exposed(s):
    s.hold("tcp:0.0.0.0:3001")
    check_equal(s.run("overview", "--json").json["findings"], [])


@scenario(root=True)
def shadowed_and_stopped(s):
    s.hold("tcp:127.0.0.1:3000")
    stopped = s.hold("tcp:[::1]:3000")
    stopped.send(signal.SIGSTOP)
    wait_for(lambda: stopped.state() == "T", "the process being stopped")
    found = {f["id"]: f for f in s.run("overview", "--json").json["findings"]}
    check_equal(set(found), {"shadowed", "stopped"})
    check_in(f"kill -CONT {stopped.pid}", found["stopped"]["fix"][0]["command"])
    check(found["stopped"]["severity"] == "high", "a server that cannot answer is grave")
