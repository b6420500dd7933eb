#!/usr/bin/env python3
"""loopscope doctor on machines that are broken in one way each: python3 test.py PATH/TO/loopscope

The broken machines are namespaces made by unshare(1); without the right to make them those are
skipped.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

program = os.path.abspath(sys.argv[1])
env = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
env["LC_ALL"] = "C.UTF-8"
passed = failed = skipped = 0


def check(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAILED {name}: {detail}", file=sys.stderr)


def run(*args, extra=None):
    return subprocess.run([program, "doctor", *args], env=dict(env, **(extra or {})),
                          capture_output=True, text=True, timeout=120)


def findings(done):
    document = json.loads(done.stdout)
    check("the schema stands first", next(iter(document)) == "schema", done.stdout[:80])
    return {f["subject"]: f for f in document["findings"]}, document


def unshared(script, *flags, after="true"):
    """The findings in a namespace, between two scripts; None when it cannot be made."""
    global skipped
    if subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode:
        skipped += 1
        return None, None
    start = time.monotonic()
    done = subprocess.run(["unshare", *flags, "sh", "-c",
                           f"{script}\n\"$0\" doctor --json --timeout 1s\ncode=$?\n"
                           f"{after}\nexit $code", program],
                          env=env, capture_output=True, text=True, timeout=120)
    check("it ends soon", time.monotonic() - start < 10)
    return findings(done)[0], done.returncode


done = run("--json")
seen, document = findings(done)
check("every check answers", len(seen) == 13, sorted(seen))
attention = [f["id"] for f in seen.values() if f["severity"] not in ("ok", "note")]
check("the exit code says whether something needs attention",
      done.returncode == (1 if attention else 0), (done.returncode, attention))
check("needs_attention counts", document["needs_attention"] == len(attention))
check("what is hidden is a blind spot",
      len(document["blind_spots"]) == sum(f["severity"] == "note" for f in seen.values()))
check("rights are a table", all("seen" in r and r["adds"] for r in document["rights"]))
text = run()
check("text begins with the answer", text.stdout.startswith("loopscope sees "), text.stdout)
check("no colour in a pipe", "\x1b" not in text.stdout)
check("nothing on stderr", text.stderr == "", text.stderr)
ascii_only = run(extra={"LC_ALL": "C"}).stdout
check("ASCII in the C locale", ascii_only.isascii(), ascii_only)
done = run("--json", extra={"http_proxy": "http://user:pass@proxy.example:3128"})
proxy = findings(done)[0]["proxy"]
check("a proxy takes localhost", proxy["id"] == "proxy-takes-loopback", proxy)
check("its password stays out", "pass" not in json.dumps(proxy["evidence"]), proxy)
check("that is a finding", done.returncode == 1)

seen, code = unshared("true", "-rn")
if seen:
    check("a dead loopback", seen["loopback"]["id"] in ("loopback-down", "loopback-missing"),
          seen["loopback"])
    check("rights inside a user namespace", seen["rights"]["id"] == "rights-of-container",
          seen["rights"])
    check("a dead loopback needs attention", code == 1)
seen, code = unshared("mount -t proc proc /proc", "-rmpf")
if seen:
    check("a process namespace of its own", seen["machine"]["id"] == "in-container",
          seen["machine"])

with tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o755)

    def mounts(**files):
        lines = ["ip link set lo up 2>/dev/null"]
        for name, content in files.items():
            path = f"{folder}/{name}"
            with open(path, "w", encoding="utf-8") as out:
                out.write(content)
            os.chmod(path, 0o644)
            lines.append(f"mount --bind {path} /etc/{name.replace('_', '.')} || exit 9")
        return "\n".join(lines)

    seen, code = unshared(mounts(hosts="127.0.0.1 localhost\n192.0.2.1 localhost\n",
                                 nsswitch_conf="hosts: files\n"), "-rmn")
    if seen:
        check("localhost leads away", seen["localhost"]["id"] == "localhost-maps-elsewhere",
              seen["localhost"])
    seen, code = unshared(mounts(hosts="127.0.0.1 localhost\n", nsswitch_conf="hosts: dns\n",
                                 resolv_conf="nameserver 127.0.0.1\n"), "-rmn")
    if seen:
        check("a hosts line that nobody reads", seen["localhost"]["id"] == "nsswitch-misconfigured",
              seen["localhost"])
    silent = ("python3 -c 'import socket, time; s = socket.socket(socket.AF_INET, "
              "socket.SOCK_DGRAM); s.bind((\"127.0.0.9\", 53)); print(flush=True); time.sleep(60)'"
              f" > {folder}/ready & helper=$!; while ! [ -s {folder}/ready ]; do :; done")
    seen, code = unshared(mounts(hosts="127.0.0.1 vm\n", nsswitch_conf="hosts: files dns\n",
                                 resolv_conf="nameserver 127.0.0.9\n") + "\n" + silent, "-rmn",
                          after="kill $helper")
    if seen:
        check("a name server that never answers",
              seen["localhost"]["id"] == "localhost-unresolvable" and
              "takes too long" in seen["localhost"]["sentence"], seen["localhost"])

print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
