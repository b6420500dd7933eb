"""loopscope alone: this machine at a glance."""

from scenario import check_equal, check_in, scenario


@scenario(root=True)
def the_whole_page(s):
    s.network("192.168.77.2/24")
    s.hold("tcp:127.0.0.1:3000", name="web")
    s.hold("tcp:[::1]:5000", name="stuck").stop()
    s.hold("tcp:0.0.0.0:9000", name="open", program="thing")
    s.hold("tcp:127.0.0.1:6379", netns=True, name="inside")
    answer = s.run("overview")
    check_equal(answer.code, 0)
    s.golden("overview", answer.text)
    check_equal(s.run().text, answer.text, "loopscope alone")


@scenario(root=True)
def an_empty_machine(s):
    s.golden("overview-empty", s.run().text)


@scenario(root=True)
def for_programs(s):
    s.hold("tcp:[::1]:5000").stop()
    answer = s.run("overview", "--json")
    check_equal(answer.code, 0)
    check_equal(answer.json["schema"], "loopscope.overview/1")
    check_equal([(f["id"], f["severity"], f["subject"]) for f in answer.json["findings"]],
                [("stopped", "high", "5000")])


@scenario(root=True)
def two_programs_behind_one_name(s):
    """127.0.0.1:3000 and [::1]:3000 are two servers: whom does localhost mean?"""
    s.hold("tcp:127.0.0.1:3000", name="one")
    s.hold("tcp:[::1]:3000", name="two")
    finding = s.run("overview", "--json").json["findings"][0]
    check_equal(finding["id"], "shadowed")
    check_in("two programs share this port", finding["sentence"])


@scenario(root=True)
def without_a_network_a_wildcard_is_not_exposed(s):
    s.hold("tcp:0.0.0.0:3001")
    check_equal(s.run("overview", "--json").json["findings"], [])
