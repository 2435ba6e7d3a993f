"""What a sanitizer finds in any of our programs fails the test that ran it, also where nobody sees the program's standard error.

A build with SANITIZE= writes its reports to files of one folder. It is looked at after every test, and at the end when all programs
have ended: a mount that was left by its clients still looks for leaks.
"""
import functools
import os
import tempfile
import time
from pathlib import Path

import peers
import pytest

SUPPRESSIONS = Path(__file__).with_name("tsan.supp")
SYMBOLS = {"ASAN_OPTIONS": b"__asan_init", "TSAN_OPTIONS": b"__tsan_init", "UBSAN_OPTIONS": b"__ubsan_handle"}
# gcc's runtime of -fsanitize=undefined writes to standard error only; that it has found something is told by the exit status, too.
EXIT = f"exitcode={peers.REPORTED}:print_stacktrace=1"
# The libraries of tests/crash are loaded before all others.
MORE = {"TSAN_OPTIONS": f":suppressions={SUPPRESSIONS}", "ASAN_OPTIONS": ":verify_asan_link_order=0"}
END_SECONDS = 60  # what a program may take to end when nobody needs it


@functools.cache
def options_of_build():
    """The names of the variables that this build listens to; none when it has no sanitizer."""
    program = peers.BUILD / "yesterfs"
    content = program.read_bytes() if program.exists() else b""
    return tuple(name for name, symbol in SYMBOLS.items() if symbol in content)


def make_options():
    """What make has to be told to link something with the objects of this build."""
    kinds = [kind for name, kind in (("ASAN_OPTIONS", "address"), ("TSAN_OPTIONS", "thread"), ("UBSAN_OPTIONS", "undefined")) if name in options_of_build()]
    return [f"SANITIZE={','.join(kinds)}"] if kinds else []


class Reports:
    """The folder, and what was told of it already."""

    def __init__(self, folder):
        self.folder, self.told = Path(folder), set()

    def options(self, name):
        return f"{os.environ.get(name, '')}:{EXIT}:log_path={self.folder}/report{MORE.get(name, '')}"

    def check(self):
        found = sorted(set(self.folder.iterdir()) - self.told)
        self.told.update(found)
        assert not found, f"{len(found)} reports: {found[0].read_text(errors='replace')[:6000]}"


def running(folder):
    """Our own programs that still run and would leave their reports in the folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "exe").startswith(f"{peers.BUILD}/") and f"{folder}/".encode() in (process / "environ").read_bytes():
                yield process.name
        except OSError:  # it has ended, or is none of ours
            pass


@pytest.fixture(scope="session", autouse=True)
def all_reports():
    if not options_of_build():
        yield None
        return
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="yester-reports-") as folder:
        os.chmod(folder, 0o1777)  # also for programs that run as somebody else
        reports = Reports(folder)
        for name in options_of_build():
            patch.setenv(name, reports.options(name))
        yield reports
        deadline = time.monotonic() + END_SECONDS
        while list(running(folder)) and time.monotonic() < deadline:
            time.sleep(0.1)  # between two looks
        reports.check()
        assert not list(running(folder)), f"after {END_SECONDS} s there still run {list(running(folder))}"


@pytest.fixture(autouse=True)
def reports(all_reports):
    yield all_reports
    if all_reports is not None:
        all_reports.check()
