"""ls: servers that people run, guessed from outside and asked with --probe."""

import os
import pwd

from scenario import Skip, check, check_equal, find_program, is_root, scenario, wait_for


def redis(s, port):
    return s.start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", s.dir],
                   ready=port)


def postgres(s, port):
    """postgres refuses to run as root."""
    user = None
    if is_root():
        try:
            user = pwd.getpwnam("postgres").pw_uid
        except KeyError:
            user = 65534
    data = s.dir / "pg"
    data.mkdir()
    if user is not None:
        os.chown(data, user, user)
    program = find_program("initdb")
    if not program:
        raise Skip("needs initdb (apt-get install postgresql)")
    init = s.start([program, "-D", data, "-A", "trust", "-N", "--locale=C"], user=user)
    wait_for(lambda: init.popen.poll() is not None, "initdb")
    check_equal(init.popen.returncode, 0, init.output())
    return s.start(["postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                    "-c", f"unix_socket_directories={data}", "-c", "fsync=off"], user=user, ready=port)


@scenario(needs=["redis-server"])
def redis_is_recognised(s):
    port = s.port(6379)
    server = redis(s, port)
    service = s.service(port)
    check_equal([o["pid"] for o in service["owners"]], [server.pid])
    check_equal(service["speaks"], "redis")
    check_equal(service["speaks_by"], "guess")
    check_equal(service["role"], "cache")


@scenario(needs=["redis-server"])
def redis_is_asked(s):
    port = s.port(7777)
    redis(s, port)
    service = s.service(port, "--probe")
    check_equal((service["speaks"], service["speaks_by"]), ("redis", "probe"))


@scenario(needs=["postgres"])
def postgres_is_recognised_and_asked(s):
    port = s.port(5432)
    server = postgres(s, port)
    service = s.service(port)
    check_equal(service["owners"][0]["pid"], server.pid)
    check_equal(service["speaks"], "postgres")
    check_equal(service["role"], "database")
    service = s.service(port, "--probe")
    check_equal((service["speaks"], service["speaks_by"]), ("postgres", "probe"))


@scenario()
def http_is_asked(s):
    port = s.port(8000)
    s.http_server("127.0.0.1", port)
    service = s.service(port, "--probe")
    check_equal((service["speaks"], service["speaks_by"]), ("http", "probe"))
    check_equal(service["url"], f"http://localhost:{port}")


@scenario()
def a_silent_server_does_not_hold_the_answer_up(s):
    """It accepts and says nothing: the probe ends by --timeout, and the row stays."""
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port},accept")
    service = s.service(port, "--probe", "--timeout=300ms")
    check(service.get("speaks_by") != "probe", "it never said a word")


@scenario()
def a_stopped_server_does_not_hold_the_answer_up(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}").stop()
    check_equal(s.service(port, "--probe", "--timeout=300ms")["note"], "stopped")


@scenario(needs=["node"])
def a_projects_server_has_the_projects_name(s):
    port = s.port(3000)
    folder = s.dir / "shop"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "shop"}')
    (folder / "server.js").write_text(f"require('http').createServer().listen({port}, '127.0.0.1')")
    s.start(["node", "server.js"], cwd=folder, ready=port)
    service = s.service(port)
    check_equal(service["project"]["name"], "shop")
    check_equal(service["project"]["root"], str(folder))
    check(service["service"].startswith("shop"), f"the name is {service['service']!r}")


@scenario()
def free_ports(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}")
    answer = s.run("ls", "--free", f"{port}-{port}")
    check_equal(answer.code, 1)
    answer = s.run("ls", "--free", f"{port}-{port + 9}")
    check_equal(answer.code, 0)
    check(str(port) not in answer.text.split(), f"the taken port is called free: {answer}")
