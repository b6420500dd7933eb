"""completion: the scripts in the real shells, bash and zsh behind a terminal."""

import os
import pty
import select
import subprocess
import time

from scenario import check, check_equal, check_in, fail, scenario


def shell_settings(s):
    """The shells find loopscope by its name, as the scripts do."""
    link = s.dir / "bin" / "loopscope"
    if not link.exists():
        link.symlink_to(s.program)
    return dict(s.env, PATH=f"{link.parent}:{s.env['PATH']}")


def in_terminal(s, argv, steps):
    """Types into an interactive shell; each step is (what is typed, what must then be seen)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, shell_settings(s))
    seen, end = b"", time.monotonic() + 30
    try:
        for typed, wanted in steps:
            os.write(fd, typed.encode())
            while wanted.encode() not in seen:
                if time.monotonic() > end:
                    fail(f"{argv[0]} does not show {wanted!r} after {typed!r}:\n"
                         + seen.decode(errors="replace"))
                if select.select([fd], [], [], 0.2)[0]:
                    seen += os.read(fd, 65536)
    finally:
        os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def verbs(s):
    return {c["name"] for c in s.run("help", "--json").json["commands"] if not c.get("hidden")}


def bash(s, line):
    """What bash would offer for a line, and what it told readline."""
    script = r"""
source <(loopscope completion bash) || exit 1
COMP_LINE=$1 COMP_POINT=${#1}
exec 3>&2
compopt() { echo "compopt $*" >&3; }
_loopscope
printf '%s\n' "${COMPREPLY[@]}"
"""
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", line], env=shell_settings(s),
                          capture_output=True, text=True, timeout=60)
    return done.stdout.split(), done.stderr


@scenario()
def names_what_listens(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}", program="shop")
    rows = [line.split("\t") for line in s.run("completion", "--targets").lines]
    check(all(len(row) == 2 for row in rows), f"a row is no word and text: {rows}")
    check_in(str(port), [row[0] for row in rows])
    words = [t["word"] for t in s.run("completion", "--targets", "--json").json["targets"]]
    check_equal(words, [row[0] for row in rows])


@scenario()
def offers_no_word_that_a_shell_expands(s):
    s.hold(f"tcp:127.0.0.1:{s.port(3000)}", argv=["x"], comm=b"$(id)", program="$(touch x) `id`")
    for row in s.run("completion", "--targets").lines:
        word = row.split("\t")[0]
        check(all(c.isalnum() or c in "_@+:./-" for c in word), f"{word!r} is offered")


@scenario()
def needs_a_shell(s):
    for words in [["completion"], ["completion", "tcsh"]]:
        answer = s.run(*words)
        check_equal(answer.code, 2)
        check_equal(answer.out, b"")


@scenario(needs=["bash"])
def bash_loads_it(s):
    done = subprocess.run(["bash", "--norc", "-c",
                           "source <(loopscope completion bash); complete -p loopscope"],
                          env=shell_settings(s), capture_output=True, text=True, timeout=60)
    check_in("-F _loopscope loopscope", done.stdout)
    check_equal(done.stderr, "")


@scenario(needs=["bash"])
def bash_completes(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}")
    words, _ = bash(s, "loopscope ")
    check(verbs(s) <= set(words), f"verbs are missing: {words}")
    check_in(str(port), words)
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
            ("loopscope 3000 --owners=n", ["none"]),
            ("loopscope --vers", ["--version"]),
            ("loopscope ls zzz", []),
            (f"loopscope explain {port}", [str(port)]),
            (f"loopscope {port}", [str(port)])]:
        words, said = bash(s, line)
        check_equal(words, wanted, f"what bash offers for '{line}' ({said})")
    check_in("compopt -o nospace", bash(s, "loopscope help --col")[1])


@scenario(needs=["bash"])
def bash_runs_nothing_that_is_typed(s):
    (s.dir / "trap").mkdir()
    for line in [f"loopscope ls $(touch {s.dir}/trap/a) `touch {s.dir}/trap/b` ",
                 f"loopscope ls $(touch {s.dir}/trap/a)", f"loopscope --color=$(touch {s.dir}/trap/a)"]:
        bash(s, line)
    check_equal(os.listdir(s.dir / "trap"), [])


@scenario(needs=["bash"])
def bash_at_a_terminal(s):
    in_terminal(s, ["bash", "--norc", "-i"], [
        ("source <(loopscope completion bash); echo lo''aded\n", "loaded"),
        ("loopscope comple\tfi\t\n", "# fish completion for loopscope")])


@scenario(needs=["zsh"])
def zsh_takes_the_script(s):
    done = subprocess.run(["zsh", "-n"], input=s.run("completion", "zsh").text, text=True,
                          capture_output=True, timeout=60)
    check_equal((done.returncode, done.stderr), (0, ""))


@scenario(needs=["zsh"])
def zsh_at_a_terminal(s):
    port = s.port(43210)
    s.hold(f"tcp:127.0.0.1:{port}")
    in_terminal(s, ["zsh", "-f", "-i"], [
        ("autoload -U compinit; compinit -D -u; source <(loopscope completion zsh); echo lo''aded\n",
         "loaded"),
        ("loopscope \t", "list the services of this machine"),
        (f"\x15loopscope {str(port)[:-1]}\t", str(port)),
        ("\x15loopscope ls --owners=b\t", "--owners=bpf"),
        ("\x15loopscope completion fi\t\n", "# fish completion for loopscope")])


@scenario(needs=["fish"])
def fish_completes(s):
    port = s.port(3000)
    s.hold(f"tcp:127.0.0.1:{port}")
    done = subprocess.run(["fish", "-n"], input=s.run("completion", "fish").text, text=True,
                          capture_output=True, timeout=60)
    check_equal((done.returncode, done.stderr), (0, ""))

    def offered(line):
        out = subprocess.run(
            ["fish", "--no-config", "-c",
             "loopscope completion fish | source; complete -C \"$argv[1]\"", line],
            env=shell_settings(s), capture_output=True, text=True, timeout=60).stdout
        return {row.split("\t")[0] for row in out.splitlines()}

    check(verbs(s) | {str(port)} <= offered("loopscope "), "verbs or the target are missing")
    check_equal(offered("loopscope ls --owners p"), {"proc"})
    check_equal(offered("loopscope completion "), {"bash", "zsh", "fish"})
