"""Documents that show commands and what they print: reads them, runs them in one bash, compares.

A block that begins with ```console holds lines `$ command` and, below each, what it prints. In what is shown a line "…"
stands for any number of lines, and "…" within a line for any text. Commands must end with 0; `|| echo "exit code $?"` shows
another. Nothing is changed but what `put` says: {text in the document: text that is run instead}.
"""
import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass, field

import peers

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
END = "walk: ended with"
SECONDS = 120


@dataclass
class Step:
    command: str
    shown: list = field(default_factory=list)


def steps(text):
    found = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:]))
            else:
                found[-1].shown.append(line)
    return found


def pattern(shown):
    """The regular expression of what a command may print."""
    parts = ["(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n" for line in shown]
    return re.compile("".join(parts))


def put_tools_into(folder, names=("mongodump", "mongorestore")):
    """The real tools as commands, with the libraries that they need; mongosh too when it is among the names."""
    folder.mkdir(exist_ok=True)
    for name in names:
        tool = peers.fetched(peers.truth.mongosh) if name == "mongosh" else peers.fetched(peers.truth.tool, name)
        variables = {k: v for k, v in tool.env().items() if os.environ.get(k) != v}
        words = ["env", *(f"{k}={v}" for k, v in variables.items()), str(tool.path)]
        (folder / name).write_text(f"#!/bin/sh\nexec {shlex.join(words)} \"$@\"\n")
        (folder / name).chmod(0o755)


class Bash:
    """One bash that lives as long as the walk: variables, folders and jobs stay."""

    def __init__(self, folder, env):
        self.process = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, cwd=folder, env=env, start_new_session=True)

    def run(self, command):
        """(exit status, what was printed)"""
        def late(*_):
            raise AssertionError(f"not done after {SECONDS} s: {command}")

        self.process.stdin.write(f"{{ {command}\n}} </dev/null\necho '{END}' $?\n")
        self.process.stdin.flush()
        before = signal.signal(signal.SIGALRM, late)
        signal.alarm(SECONDS)
        try:
            lines = []
            for line in self.process.stdout:
                if line.startswith(END):
                    return int(line[len(END):]), "".join(lines)
                lines.append(line)
            raise AssertionError(f"the shell ended at: {command}\n{''.join(lines)}")
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def check(bash, step, put):
    command = step.command
    for text, instead in put.items():
        command = command.replace(text, instead)
    status, printed = bash.run(command)
    assert status == 0, f"exit {status}: {command}\n{printed}"
    assert pattern(step.shown).fullmatch(printed), f"$ {command}\nthe document shows:\n" + "\n".join(
        step.shown) + f"\nit printed:\n{printed}"
