"""ls: what a person reads."""

from scenario import NOBODY, Skip, check_equal, check_in, check_not_in, scenario


@scenario()
def a_row_for_each_service(s):
    ports = [s.port(3000), s.port(3001)]
    s.hold(*(f"tcp:127.0.0.1:{port}" for port in ports))
    answer = s.run("ls")
    check_equal(answer.code, 0)
    check_equal(answer.err, b"")
    check_in("PORT", answer.lines[0])
    for port in ports:
        check_equal(len([line for line in answer.lines[1:] if line.split()[0] == str(port)]), 1)


@scenario(root=True)
def both_rungs_print_the_same(s):
    """The sandbox has a pid namespace of its own, so a pid of the wrong namespace would show."""
    s.hold("tcp:127.0.0.1:3000", "tcp:[::1]:3000", fork=2)
    s.hold("tcp:127.0.0.1:3001", user=NOBODY)
    iterator = s.run("ls", "--owners=bpf")
    if iterator.code:
        raise Skip(f"no BPF iterator here: {iterator.err.decode()[:200]}")
    check_equal(iterator.text, s.run("ls", "--owners=proc").text)


@scenario(root=True)
def a_pipe_gets_whole_lines_and_no_colour(s):
    s.hold("tcp:127.0.0.1:3000", program="a-program-with-a-very-long-name-that-no-terminal-of-80-has-room-for")
    answer = s.run("ls", env={"COLUMNS": "40"})
    check_in("a-program-with-a-very-long-name-that-no-terminal-of-80-has-room-for", answer.text)
    check_not_in("\x1b", answer.text)
    check_not_in("\x1b", s.run("ls", env={"NO_COLOR": "1"}, tty=True).text)
    check_in("\x1b", s.run("ls", "--color=always").text)


@scenario(root=True)
def a_terminal_is_never_overrun(s):
    s.hold("tcp:127.0.0.1:3000", program="a-program-with-a-very-long-name-that-no-terminal-of-80-has-room-for")
    for columns in (40, 60, 80, 120):
        answer = s.run("ls", tty=True, columns=columns, env={"NO_COLOR": "1"})
        check_equal(answer.code, 0)
        for line in answer.lines:
            if len(line) > columns:
                check_equal(len(line), columns, f"the width of {line!r}")


@scenario()
def a_slip_is_explained(s):
    answer = s.run("lss")
    check_equal(answer.code, 2)
    check_equal(answer.out, b"")
    check_equal(answer.err.decode(), "loopscope: unknown command 'lss'; did you mean 'ls'?\n")


@scenario()
def an_unknown_option_is_refused(s):
    answer = s.run("ls", "--ownres=bpf")
    check_equal(answer.code, 2)
    check_equal(answer.out, b"")
    check_in("did you mean '--owners'?", answer.err.decode())


@scenario()
def a_closed_pipe_is_no_error(s):
    s.hold(f"tcp:127.0.0.1:{s.port(3000)}")
    answer = s.run(prefix=["bash", "-c", '"$0" ls | true; exit "${PIPESTATUS[0]}"'])
    check_equal(answer.err, b"")


@scenario()
def a_full_disk_is_an_error(s):
    answer = s.run(prefix=["bash", "-c", 'exec "$0" ls >/dev/full'])
    check_equal(answer.code, 8)
    check_in("cannot write the answer", answer.err.decode())


@scenario(root=True)
def the_tables(s):
    s.network("192.168.77.2/24")
    s.hold("tcp:127.0.0.1:3000,accept", name="web", fork=1)
    s.hold("connect:127.0.0.1:3000", "udp:127.0.0.1:5353", name="client")
    s.hold("tcp:[::]:8080", name="open", program="thing")
    s.hold("tcp:127.0.0.1:6379", netns=True, name="inside")
    s.golden("ls", s.run("ls").text)
    s.golden("ls-narrow", s.run("ls", tty=True, columns=60, env={"NO_COLOR": "1"}).text)
    s.golden("ls-columns", s.run("ls", "--columns", "port,address,reach", "--sort", "-port").text)
