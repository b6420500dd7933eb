"""ls --watch: what opens and closes, as it happens."""

import json
import signal
import subprocess

from scenario import check_equal, check_in, scenario


class Stream:
    """A running `loopscope ls --watch`, line by line."""

    def __init__(self, s, *words):
        self.popen = subprocess.Popen([str(s.program), "ls", "--watch=100ms", *words], stdout=subprocess.PIPE,
                                      stdin=subprocess.DEVNULL, env=s.env, cwd=s.dir, text=True)

    def line(self):
        return self.popen.stdout.readline()

    def event(self):
        found = json.loads(self.line())
        return found["event"], found["service"]["port"]

    def end(self):
        self.popen.send_signal(signal.SIGINT)
        self.popen.communicate()
        return self.popen.returncode


@scenario(root=True)
def opened_and_closed(s):
    s.hold("tcp:127.0.0.1:3000")
    stream = Stream(s, "--jsonl")
    check_equal(stream.event(), ("open", 3000))
    other = s.hold("tcp:127.0.0.1:3001")
    check_equal(stream.event(), ("opened", 3001))
    other.kill()
    check_equal(stream.event(), ("closed", 3001))
    check_equal(stream.end(), 130, "the exit code after Ctrl-C")


@scenario(root=True)
def namespaces_do_not_flap(s):
    """Their order changes from one look to the next; the services in them do not."""
    for n in range(3):
        s.hold(f"tcp:127.0.0.1:{3000 + n}", netns=True)
    stream = Stream(s, "--jsonl")
    check_equal(sorted(stream.event() for _ in range(3)), [("open", 3000 + n) for n in range(3)])
    for n in range(3):  # some turns later the only news is this
        last = s.hold(f"tcp:127.0.0.1:{3100 + n}")
        check_equal(stream.event(), ("opened", 3100 + n))
    last.kill()
    check_equal(stream.event(), ("closed", 3102))
    stream.end()


@scenario(root=True)
def as_text(s):
    s.hold("tcp:127.0.0.1:3000")
    stream = Stream(s)
    check_in("open    127.0.0.1:3000", stream.line())
    stream.end()


@scenario(root=True)
def only_what_is_asked_for(s):
    s.network("192.168.77.2/24")
    s.hold("tcp:127.0.0.1:3000")
    s.hold("tcp:0.0.0.0:3001")
    stream = Stream(s, "--jsonl", "--exposed")
    check_equal(stream.event(), ("open", 3001))
    s.hold("tcp:127.0.0.1:3002")
    s.hold("tcp:192.168.77.2:3003")
    check_equal(stream.event(), ("opened", 3003))
    stream.end()


@scenario()
def what_makes_no_sense(s):
    answer = s.run("ls", "--watch", "--json")
    check_equal(answer.code, 2)
    check_in("--jsonl", answer.json["error"]["message"])
    check_equal(s.run("ls", "--watch=5", "--watch=1ms").code, 2)


@scenario(root=True)
def ends_with_its_reader(s):
    """`ls --watch | head -1`: nothing more may ever be written, and it must end all the same."""
    s.hold("tcp:127.0.0.1:3000")
    stream = Stream(s)
    stream.line()
    stream.popen.stdout.close()
    check_equal(stream.popen.wait(20), 0)


@scenario(root=True)
def an_error_is_said_once(s):
    answer = s.run("ls", "--watch", "--sort", "nonsense", tty=True)
    check_equal(answer.code, 2)
    check_equal(answer.text.count("'nonsense' is not a column"), 1)
