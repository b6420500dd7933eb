"""doctor: the machine as it is, and machines that are broken in one way each."""

import subprocess

from scenario import NOBODY, check, check_equal, check_in, check_not_in, scenario


def examine(s, *words, **settings):
    """(findings by what they are about, the whole answer)"""
    answer = s.run("doctor", "--json", "--timeout=1s", *words, **settings)
    document = answer.json
    check_equal(list(document)[:2], ["schema", "answer"])
    check_equal(document["schema"], "loopscope.doctor/1")
    return {f["subject"]: f for f in document["findings"]}, answer


def replace(s, name, text):
    """Puts a file of ours over one in /etc, for this scenario's mount namespace only."""
    path = s.file(name, text)
    subprocess.run(["mount", "--bind", str(path), f"/etc/{name}"], check=True)


@scenario()
def answers_for_each_check(s):
    found, answer = examine(s)
    check_equal(list(found), ["rights", "owners", "processes", "namespaces", "machine", "loopback",
                              "ipv6", "localhost", "subdomains", "proxy", "console", "state", "terminal"])
    worse = [f["id"] for f in found.values() if f["severity"] not in ("ok", "note")]
    check_equal(answer.code, 1 if worse else 0, f"the exit code with {worse}")
    check_equal(answer.json["needs_attention"], len(worse))
    hidden = [f for f in found.values() if f["severity"] == "note"]
    check_equal(len(answer.json["blind_spots"]), len(hidden))
    check(all("seen" in right and right["adds"] for right in answer.json["rights"]))
    for f in found.values():
        check(f["evidence"] or f["id"] == "proxy", f"{f['id']} has no evidence")
        check(f["severity"] in ("ok", "note") or f["fix"], f"{f['id']} has no fix")


@scenario()
def says_the_answer_first(s):
    answer = s.run("doctor")
    check(answer.lines[0].startswith("loopscope sees "), answer.lines[0])
    check_equal(answer.err, b"")
    check_not_in("\x1b", answer.text)
    check(s.run("doctor", env={"LC_ALL": "C"}).text.isascii(), "the C locale gets other than ASCII")
    check_in("\x1b[1mloopscope sees", s.run("doctor", tty=True).text)


@scenario()
def changes_nothing(s):
    examine(s)
    check_equal(list((s.home / "state").iterdir()), [])


@scenario()
def finds_a_proxy_that_takes_localhost(s):
    found, answer = examine(s, env={"http_proxy": "http://user:secret@proxy.example:3128"})
    check_equal(found["proxy"]["id"], "proxy-takes-loopback")
    check_not_in("secret", answer.text)
    check_equal(answer.code, 1)
    spared, _ = examine(s, env={"http_proxy": "http://proxy.example", "no_proxy": "localhost,127.0.0.1"})
    check_equal(spared["proxy"]["id"], "proxy-spares-loopback")


@scenario(root=True)
def an_ordinary_user_sees_less(s):
    s.hold("tcp:127.0.0.1:3000")
    found, answer = examine(s, user=NOBODY, env={"HOME": "/nonexistent", "XDG_STATE_HOME": ""})
    check_equal(found["rights"]["id"], "rights-missing")
    check_equal(found["owners"]["id"], "owners-walk")
    check_equal(found["processes"]["id"], "processes-closed")
    check(all(spot["what"] for spot in answer.json["blind_spots"]))


@scenario(root=True)
def knows_that_it_is_in_a_container(s):
    found, answer = examine(s)
    check_equal(found["machine"]["id"], "in-container")
    check_in("inside this container", answer.json["answer"])


@scenario(root=True, needs=["ip"])
def finds_a_dead_loopback(s):
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    found, answer = examine(s)
    check_in(found["loopback"]["id"], ("loopback-down", "loopback-missing"))
    check_equal(found["loopback"]["severity"], "fault")
    check_equal(answer.code, 1)


@scenario(root=True)
def finds_who_has_the_consoles_port(s):
    holder = s.hold("tcp:127.0.0.1:62893", program="squatter")
    found, _ = examine(s)
    check_equal(found["console"]["id"], "console-port-taken")
    check_in(f"squatter {holder.pid}", found["console"]["sentence"])


@scenario(root=True)
def finds_a_localhost_that_leads_away(s):
    replace(s, "hosts", "127.0.0.1 localhost\n192.0.2.1 localhost\n")
    replace(s, "nsswitch.conf", "hosts: files\n")
    found, _ = examine(s)
    check_equal(found["localhost"]["id"], "localhost-maps-elsewhere")


@scenario(root=True)
def finds_a_hosts_file_that_nobody_reads(s):
    replace(s, "hosts", "127.0.0.1 localhost\n")
    replace(s, "nsswitch.conf", "hosts: dns\n")
    replace(s, "resolv.conf", "nameserver 127.0.0.1\n")
    found, _ = examine(s)
    check_equal(found["localhost"]["id"], "nsswitch-misconfigured")


@scenario(root=True)
def does_not_wait_for_a_dead_name_server(s):
    replace(s, "hosts", "127.0.0.1 vm\n")
    replace(s, "nsswitch.conf", "hosts: files dns\n")
    replace(s, "resolv.conf", "nameserver 127.0.0.9\n")
    s.hold("udp:127.0.0.9:53")
    found, _ = examine(s)
    check_equal(found["localhost"]["id"], "localhost-unresolvable")
    check_in("takes too long", found["localhost"]["sentence"])


@scenario(root=True)
def finds_localhost_below_the_name(s):
    replace(s, "hosts", "127.0.0.1 localhost loopscope.localhost\n::1 localhost\n")
    replace(s, "nsswitch.conf", "hosts: files\n")
    found, _ = examine(s)
    check_equal(found["subdomains"]["id"], "subdomains")
    check_in("::1", found["localhost"]["sentence"])
