"""who: one line."""

from scenario import NOBODY, check_equal, check_in, scenario


@scenario(root=True)
def one_line_for_each_listener(s):
    holder = s.hold("tcp:127.0.0.1:3000")
    answer = s.run("who", "3000")
    check_equal((answer.code, len(answer.lines)), (0, 1))
    check_in(f"127.0.0.1:3000  holder {holder.pid}", answer.text)
    s.hold("tcp:[::1]:3000")
    check_equal(len(s.run("who", "3000").lines), 2)


@scenario(root=True)
def nobody_and_hidden(s):
    answer = s.run("who", "3000")
    check_equal((answer.code, answer.text), (3, "nobody\n"))
    s.hold("tcp:127.0.0.1:3000")
    answer = s.run("who", "3000", user=NOBODY)
    check_equal(answer.code, 4)
    check_in("root (process hidden)", answer.text)


@scenario(root=True)
def as_json(s):
    holder = s.hold("tcp:127.0.0.1:3000")
    document = s.run("who", "3000", "--json").json
    check_equal(document["schema"], "loopscope.who/1")
    check_equal(document["services"][0]["owners"][0]["pid"], holder.pid)


@scenario(root=True)
def udp_is_said(s):
    s.hold("udp:127.0.0.1:5353")
    check_in("127.0.0.1:5353/udp  holder", s.run("who", "5353/udp").text)
