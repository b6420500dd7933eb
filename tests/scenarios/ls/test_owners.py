"""ls: who holds a listener."""

from scenario import (NOBODY, Skip, check, check_equal, check_in, check_not_in, is_root, scenario, wait_for)


def pids(service):
    return sorted(owner["pid"] for owner in service["owners"])


NGINX = """
    daemon off;
    worker_processes 2;
    pid {dir}/nginx.pid;
    error_log stderr;
    events {{ worker_connections 32; }}
    http {{
        access_log off;
        client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
        uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
        server {{ listen 127.0.0.1:{port}; return 200 "hi"; }}
    }}
"""


@scenario(needs=["nginx"])
def nginx_with_two_workers_is_one_service(s):
    port = s.port(8080)
    config = s.file("nginx.conf", NGINX.format(dir=s.dir, port=port))
    master = s.start(["nginx", "-p", str(s.dir), "-c", config], ready=port)
    wait_for(lambda: len(master.children()) == 2, "nginx starting its workers")
    service = s.service(port)
    check_equal(pids(service), sorted([master.pid] + master.children()))
    check_equal(service["owners"][0]["pid"], master.pid, "the first owner")
    check_equal(service["listeners"][0]["sockets"], 1)


@scenario()
def a_forked_family_has_its_parent_first(s):
    port = s.port(3000)
    parent = s.hold(f"tcp:127.0.0.1:{port}", fork=3)
    service = s.service(port)
    check_equal(service["owners"][0]["pid"], parent.pid, "the first owner")
    check_equal(pids(service), sorted([parent.pid] + parent.children()))


@scenario()
def two_reuseport_processes_are_two_holders(s):
    port = s.port(3000)
    one = s.hold(f"tcp:127.0.0.1:{port},reuseport")
    two = s.hold(f"tcp:127.0.0.1:{port},reuseport")
    services = s.services(port=port)
    check_equal(sorted(pid for x in services for pid in pids(x)), sorted([one.pid, two.pid]))


@scenario()
def one_process_with_a_reuseport_group_is_one_listener(s):
    port = s.port(3000)
    s.hold(*[f"tcp:127.0.0.1:{port},reuseport,backlog=5"] * 3)
    service = s.service(port)
    check_equal(len(service["listeners"]), 1)
    check_equal(service["listeners"][0]["sockets"], 3)
    check_equal(service["listeners"][0]["backlog"], 15)


@scenario(root=True)
def another_users_owner_is_hidden_not_empty(s):
    s.hold("tcp:127.0.0.1:3000")
    document = s.ls(user=NOBODY)
    service = document["services"][0]
    check_equal(service["owners"], [])
    check_equal(service["uid"], 0)
    check_in("hidden", service["owner"])
    check_in("root", service["owner"])
    check_in("hidden", service["held_by"])
    spots = [b for b in document["blind_spots"] if b["count"] == 1 and "owner" in b["what"]]
    check_equal(len(spots), 1, f"blind spots about the owner in {document['blind_spots']}")
    check(spots[0]["why"] and spots[0]["needs"], "a blind spot says why and what it needs")


@scenario(root=True)
def another_users_owner_is_hidden_in_the_text_too(s):
    s.hold("tcp:127.0.0.1:3000")
    answer = s.run("ls", user=NOBODY)
    check_equal(answer.code, 0)
    row = [line for line in answer.lines if line.lstrip().startswith("3000")][0]
    check_in("hidden", row)


@scenario(root=True)
def ones_own_process_is_seen_without_rights(s):
    own = s.hold("tcp:127.0.0.1:3000", user=NOBODY)
    document = s.ls(user=NOBODY)
    check_equal(pids(document["services"][0]), [own.pid])
    check_equal([b for b in document["blind_spots"] if b["count"]], [], "what is hidden")


@scenario(root=True)
def root_sees_every_user(s):
    theirs = s.hold("tcp:127.0.0.1:3000", user=NOBODY)
    service = s.service(3000)
    check_equal(pids(service), [theirs.pid])
    check_equal(service["uid"], NOBODY)
    check_equal(service["owners"][0]["uid"], NOBODY)


@scenario(root=True)
def both_rungs_say_the_same(s):
    s.hold("tcp:127.0.0.1:3000", "tcp:[::1]:3000", fork=2)
    s.hold("tcp:127.0.0.1:3001,reuseport")
    s.hold("tcp:127.0.0.1:3001,reuseport")
    s.hold("tcp:127.0.0.1:3002", user=NOBODY)
    s.hold("tcp:127.0.0.1:3000", netns=True)
    probe = s.run("ls", "--json", "--owners=bpf")
    if probe.code:
        raise Skip(f"no BPF iterator here: {probe.err.decode()[:200]}")
    walk, iterator = s.ls("--owners=proc"), s.ls("--owners=bpf")
    check_equal(iterator["services"], walk["services"], "what the iterator sees")


@scenario()
def without_owners_nothing_is_claimed(s):
    s.hold(f"tcp:127.0.0.1:{s.port(3000)}")
    service = s.service(s.port(3000), "--owners=none")
    check_equal(service["owners"], [])
    check_not_in("hidden", service["owner"])


@scenario(root=True)
def docker_proxy_stands_for_a_container(s):
    """Two docker-proxies, one for each family, that forward to one container: one service."""
    s.network()
    arguments = ["-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "6379", "-container-ip",
                 "172.17.0.2", "-container-port", "6379"]
    one = s.hold("tcp:0.0.0.0:6379", program="docker-proxy", argv=arguments)
    arguments[3] = "::"
    two = s.hold("tcp:[::]:6379,v6only", program="docker-proxy", argv=arguments)
    service = s.service(6379)
    check_equal(service["reach"], "published")
    check_equal(pids(service), sorted([one.pid, two.pid]))
    check_equal([x["address"] for x in service["listeners"]], ["0.0.0.0", "::"])


@scenario()
def a_program_that_was_replaced(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}", program="server")
    (s.dir / "bin" / "server").unlink()
    owner = s.service(port)["owners"][0]
    check_equal(owner["exe"], str(s.dir / "bin" / "server"))
    check_equal(owner["exe_deleted"], True)


@scenario()
def facts_of_an_owner(s):
    port = s.port(3000)
    folder = s.dir / "project"
    folder.mkdir()
    holder = s.hold(f"tcp:127.0.0.1:{port}", program="server", argv=["--port", "3000", "with space"],
                    cwd=folder)
    owner = s.service(port)["owners"][0]
    check_equal(owner["pid"], holder.pid)
    check_equal(owner["argv"], [str(s.dir / "bin" / "server"), "--port", "3000", "with space"])
    check_equal(owner["comm"], "server")
    check_equal(owner["cwd"], str(folder))
    check_equal(owner["state"], "S")
    check_equal(owner["exe_deleted"], False)
    if is_root():
        check_equal(owner["user"], "root")
    check(owner["started"].endswith("Z"), "times are ISO 8601 in UTC")
