"""A pytest plugin: --claims FOLDER lets several pytests share the tests of one run.

Each has all tests; a group of them (those of one file and one version of the server) is run by who first makes the file in
FOLDER that stands for it. So nobody waits while there is something left to do, however long each takes.
"""
import itertools
from pathlib import Path

import pytest

# A minute and more in one piece: not last.
HEAVY = {"test_roundtrip.py", "test_restore.py", "test_encrypt.py", "test_json_mount.py", "test_crash_verbs.py", "test_live.py",
         "test_live_set.py", "test_scale.py"}


def pytest_addoption(parser):
    parser.addoption("--claims", metavar="FOLDER", help="share the tests with those who are given the same empty folder")


def version_of(item):
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("mongod", "")) if callspec else ""


def groups_of(items):
    """In the order of the items, which keeps a version's server for as long as there are tests for it; long ones first."""
    groups = [list(group) for _, group in itertools.groupby(items, key=lambda item: (item.path, version_of(item)))]
    return sorted(groups, key=lambda group: group[0].path.name not in HEAVY)


def claimed(folder, items):
    for number, group in enumerate(groups_of(items)):
        try:
            (folder / str(number)).touch(exist_ok=False)
        except FileExistsError:
            continue
        yield from group


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    folder = session.config.getoption("--claims")
    if not folder or session.config.option.collectonly or session.testsfailed:
        return None  # pytest's own loop, which also tells what can't be collected
    mine = claimed(Path(folder), session.items)
    item = next(mine, None)
    while item is not None:
        following = next(mine, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True
