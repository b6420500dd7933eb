#!/usr/bin/env python3
"""Completion scripts in the real shells: python3 test.py PATH/TO/loopscope

bash runs the function as readline would and once more behind a real terminal; zsh and fish are
checked when they are installed.
"""
import json
import os
import pty
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

program = os.path.abspath(sys.argv[1])
env = dict(os.environ, PATH=os.path.dirname(program) + os.pathsep + os.environ["PATH"],
           LC_ALL="C.UTF-8", TERM="xterm")
env.pop("BASH_ENV", None)
passed = failed = skipped = 0


def check(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAILED {name}: {detail}", file=sys.stderr)


def loopscope(*args):
    return subprocess.run([program, *args], env=env, capture_output=True, text=True, timeout=60)


def bash_complete(line):
    script = r'''
source <(loopscope completion bash) || exit 1
COMP_LINE=$1 COMP_POINT=${#1}
exec 3>&2
compopt() { echo "compopt $*" >&3; }
_loopscope
printf '%s\n' "${COMPREPLY[@]}"
'''
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", line], env=env,
                          capture_output=True, text=True, timeout=60)
    return done.stdout.split(), done.stderr


def in_terminal(argv, typed, wanted):
    """Types into an interactive shell and waits until `wanted` is on its screen."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, env)
    seen, end = b"", time.monotonic() + 30
    try:
        for text, answer in zip(typed, wanted):
            os.write(fd, text.encode())
            while answer.encode() not in seen and time.monotonic() < end:
                if select.select([fd], [], [], 0.2)[0]:
                    seen += os.read(fd, 65536)
            if answer.encode() not in seen:
                return seen.decode(errors="replace")
        return None
    except OSError as error:
        return f"{error}; {seen!r}"
    finally:
        os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_bash(verbs, port):
    loaded = subprocess.run(
        ["bash", "--norc", "-c", "source <(loopscope completion bash); complete -p loopscope"],
        env=env, capture_output=True, text=True, timeout=60)
    check("bash loads it", "-F _loopscope loopscope" in loaded.stdout, loaded.stderr)
    words, _ = bash_complete("loopscope ")
    check("bash offers verbs", set(verbs) <= set(words), words)
    check("bash offers targets", str(port) in words, words)
    for line, wanted in [
            ("loopscope comp", ["completion"]),
            ("loopscope help exit", ["exit-codes"]),
            ("loopscope completion ", ["bash", "zsh", "fish"]),
            ("loopscope --json completion f", ["fish"]),
            ("loopscope help --col", ["--color="]),
            ("loopscope ls --color=al", ["always"]),
            ("loopscope ls --color n", ["never"]),
            ("loopscope --color never comp", ["completion"]),
            ("loopscope ls --owners=p", ["proc"]),
            ("loopscope ls --owners ", ["auto", "bpf", "proc", "none"]),
            ("loopscope --vers", ["--version"]),
            ("loopscope ls zzz", []),
            (f"loopscope {port}", [str(port)])]:
        words, errors = bash_complete(line)
        check(f"bash: {line}", words == wanted, (words, errors))
    with tempfile.TemporaryDirectory() as folder:
        bash_complete(f"loopscope ls $(touch {folder}/a) `touch {folder}/b` ")
        bash_complete(f"loopscope ls $(touch {folder}/a)")
        check("bash: what is typed is never run", not os.listdir(folder))
    _, errors = bash_complete("loopscope help --col")
    check("bash: no space after =", "compopt -o nospace" in errors, errors)
    said = in_terminal(["bash", "--norc", "-i"],
                       ["source <(loopscope completion bash); echo lo''aded\n",
                        "loopscope comple\tfi\t\n"],
                       ["loaded", "# fish completion for loopscope"])
    check("bash: at a terminal", said is None, said)


def test_zsh(verbs, port):
    script = loopscope("completion", "zsh").stdout
    done = subprocess.run(["zsh", "-n"], input=script, text=True, capture_output=True, timeout=60)
    check("zsh: syntax", done.returncode == 0, done.stderr)
    said = in_terminal(["zsh", "-f", "-i"],
                       ["autoload -U compinit; compinit -D -u; "
                        "source <(loopscope completion zsh); echo lo''aded\n",
                        "loopscope \t", f"\x15loopscope {str(port)[:-1]}\t",
                        "\x15loopscope completion fi\t\n"],
                       ["loaded", "list the services of this machine", str(port),
                        "# fish completion for loopscope"])
    check("zsh: at a terminal", said is None, said)


def test_fish(verbs, port):
    script = loopscope("completion", "fish").stdout
    done = subprocess.run(["fish", "-n"], input=script, text=True, capture_output=True, timeout=60)
    check("fish: syntax", done.returncode == 0, done.stderr)

    def complete(line):
        out = subprocess.run(
            ["fish", "--no-config", "-c",
             "loopscope completion fish | source; complete -C \"$argv[1]\"", line],
            env=dict(env, HOME="/nonexistent"), capture_output=True, text=True, timeout=60).stdout
        return [row.split("\t")[0] for row in out.splitlines()]

    words = complete("loopscope ")
    check("fish offers verbs", set(verbs) <= set(words), words)
    check("fish offers targets", str(port) in words, words)
    check("fish: choices", complete("loopscope ls --owners p") == ["proc"],
          complete("loopscope ls --owners p"))
    check("fish: words", set(complete("loopscope completion ")) == {"bash", "zsh", "fish"},
          complete("loopscope completion "))


with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
    document = json.loads(loopscope("help", "--json").stdout)
    verbs = [c["name"] for c in document["commands"] if not c.get("hidden")]
    rows = [row.split("\t") for row in loopscope("completion", "--targets").stdout.splitlines()]
    check("a target has a word and what it is", rows and all(len(row) == 2 for row in rows), rows)
    check("our port is a target", str(port) in [row[0] for row in rows], rows)
    check("an unknown shell is a usage error", loopscope("completion", "tcsh").returncode == 2)
    check("so is no shell", loopscope("completion").returncode == 2)
    for shell, test in [("bash", test_bash), ("zsh", test_zsh), ("fish", test_fish)]:
        if shutil.which(shell):
            test(verbs, port)
        else:
            skipped += 1
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
