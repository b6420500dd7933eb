"""wait: which ports can be waited for."""

from scenario import check_equal, check_in, scenario


@scenario(root=True)
def port_zero_is_not_whoever_listens(s):
    s.hold("tcp:127.0.0.1:3000,accept")
    for target in ("0", "127.0.0.1:0", "0/udp"):
        for more in ((), ("--gone",)):
            answer = s.run("wait", target, "--timeout", "0", *more)
            check_equal(answer.code, 2, f"the exit code for {target} {more}")
            check_in(b"port 0 is no port to wait for", answer.err)
