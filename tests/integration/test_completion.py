"""Tab completion of bash and zsh: every verb and option that --help knows of is offered, and names from a store."""
import fcntl
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import termios
import time

import peers
import pytest


@pytest.fixture(scope="module")
def tables():
    return json.loads(peers.yester("help", "--json").out)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    (folder / "yester.bash").write_text(peers.yester("help", "--as", "bash").out)
    (folder / "_yester").write_text(peers.yester("help", "--as", "zsh").out)
    return folder


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    store = peers.Store(tmp_path_factory.mktemp("store") / "store")
    store.ingest(peers.ROOT / "tests" / "fixture" / "dump", "--name", "named-one")
    return store


def bash(scripts, *words, env=None, cwd=None):
    """What bash offers for the last of `words`, which is being typed."""
    script = (f"source {scripts / 'yester.bash'}\nCOMP_WORDS=({shlex.join(words)})\nCOMP_CWORD={len(words) - 1}\n"
              f"_{words[0]} 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n")
    path = f"{peers.BUILD}{os.pathsep}{os.environ['PATH']}"
    return peers.run(["bash", "--norc", "-c", script], cwd=cwd, env={**os.environ, **(env or {}), "PATH": path}).out.split("\n")[:-1]


def test_bash_offers_every_verb(scripts, tables):
    assert bash(scripts, "yester", "") == [verb["name"] for verb in tables["verbs"]]
    assert bash(scripts, "yester", "help", "res") == ["restore"]
    assert bash(scripts, "yester", "-s", "/x", "ingest-") == ["ingest-oplog"]


def test_bash_offers_every_option_of_every_verb(scripts, tables):
    common = {f"--{option['name']}" for option in tables["options"]}
    for verb in tables["verbs"]:
        own = {f"--{option['name']}" for option in verb["options"]}
        assert set(bash(scripts, "yester", verb["name"], "--")) == common | own, verb["name"]


def test_bash_offers_the_values_that_can_be_chosen(scripts, tables):
    seen = 0
    for verb in tables["verbs"]:
        for option in verb["options"]:
            if re.fullmatch(r"[a-z]+(\|[a-z]+)+", option["value"] or ""):
                for words in ((f"--{option['name']}", ""), (f"--{option['name']}", "=")):
                    assert bash(scripts, "yester", verb["name"], *words) == option["value"].split("|")
                    seen += 1
    assert seen >= 10
    assert bash(scripts, "yester", "ls", "--progress", "al") == ["always"]


def test_bash_offers_names_from_the_store(scripts, filled, tmp_path):
    env = {"YESTER_STORE": str(filled.path)}
    assert bash(scripts, "yester", "cat", "shop.o", env=env) == ["shop.orders"]
    assert bash(scripts, "yester", "-s", str(filled.path), "count", "shop.o") == ["shop.orders"]
    assert bash(scripts, "yester", "cat", "--at", "", env=env) == ["latest", "latest-snapshot", "named-one"]
    assert bash(scripts, "yester", "show", "named", env=env) == ["named-one"]
    assert "names.two\\ words" in bash(scripts, "yester", "cat", "names.", env=env)
    (tmp_path / "a folder").mkdir(), (tmp_path / "a file").touch()
    assert bash(scripts, "yester", "ingest", "a", cwd=tmp_path) == ["a file", "a folder"] or \
        set(bash(scripts, "yester", "ingest", "a", cwd=tmp_path)) == {"a file", "a folder"}
    assert bash(scripts, "yester", "ls", "-s", "a", cwd=tmp_path) == ["a folder"]


def test_both_offer_the_options_of_the_driver(scripts):
    helped = peers.run([peers.program("yesterfs"), "--help"]).out
    offered = bash(scripts, "yesterfs", "-o", "")
    assert bash(scripts, "yester", "mount", "-o", "") == offered
    names = set(re.findall(r"([a-z_]+)(?==|,|\s\s)", "\n".join(re.findall(r"^  -o (.{1,17})", helped, re.M))))
    assert names and {word.split("=")[0] for word in offered} == names
    zsh = (scripts / "_yester").read_text()
    assert all(word in zsh for word in offered)
    assert set(bash(scripts, "yesterfs", "-")) >= {"-f", "-o", "--help", "--version"}


def test_no_store_and_a_wrong_verb_offer_nothing_and_say_nothing(scripts):
    assert bash(scripts, "yester", "cat", "x", env={"YESTER_STORE": "/nowhere"}) == [""]
    assert bash(scripts, "yester", "frobnicate", "x") == [""]


def test_the_script_of_zsh_names_every_verb_and_option(scripts, tables):
    text = (scripts / "_yester").read_text()
    cases = dict(re.findall(r"^\t([a-z-]+)\) own=\(\n(.*?)^\t\t\) ;;$", text, re.M | re.S))
    assert list(cases) == [verb["name"] for verb in tables["verbs"]]
    for verb in tables["verbs"]:
        assert f"'{verb['name']}:" in text
        for option in verb["options"]:
            assert f"--{option['name']}" in cases[verb["name"]]
    assert all(f"--{option['name']}" in text.split("_yester_verbs()")[0] for option in tables["options"])


class Zsh:
    """An interactive zsh on a terminal of its own."""

    def __init__(self, scripts, env):
        path = f"{peers.BUILD}{os.pathsep}{os.environ['PATH']}"
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, **env, "PATH": path, "TERM": "dumb", "COLUMNS": "200", "LINES": "200"})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 200, 0, 0))
        self.type(f"PS1='READY>'; fpath=({scripts} $fpath); autoload -U compinit; compinit -u -D; LISTMAX=9999; unsetopt beep "
                  "auto_menu zle_bracketed_paste; bindkey '^I' complete-word; bindkey -e; print set-'up'\n")
        self.until("set-up")

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, *expected):
        """What is shown, up to where all that is expected is there."""
        shown, deadline = "", time.monotonic() + 120
        while not all(text in shown for text in expected):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.fd], [], [], max(left, 0))
            assert ready, f"zsh did not show {expected}:\n{shown}"
            shown += os.read(self.fd, 65536).decode(errors="replace")
        return shown

    def completes(self, line, expected):
        """Type a line and TAB; then the line is given up."""
        self.type(line + "\t")
        shown = self.until(expected)
        self.type("\x15print e'n'd\n")  # ^U: the line is gone
        return shown + self.until("\r\nend")

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture(scope="module")
def zsh(scripts, filled):
    if not shutil.which("zsh"):
        pytest.skip("no zsh")
    shell = Zsh(scripts, {"YESTER_STORE": str(filled.path)})
    yield shell
    shell.close()


@pytest.mark.parametrize("line, expected", [
    ("yester restor", "yester restore"),
    ("yester restore --mode=mis", "--mode=missing"),
    ("yester ingest-oplog --qui", "--quiet"),
    ("yester cat shop.ord", "shop.orders"),
    ("yester ls --at=named-", "named-one"),
    ("yester help resto", "help restore"),
    ("yesterfs -o allow", "allow_other"),
])
def test_zsh_completes(zsh, line, expected):
    zsh.completes(line, expected)


def test_zsh_takes_every_specification(zsh, tables):
    """_arguments says "invalid argument" or the like when a specification is malformed."""
    for verb in tables["verbs"]:
        shown = zsh.completes(f"yester {verb['name']} --", "--progress")
        assert "invalid" not in shown and "_arguments:" not in shown, shown
