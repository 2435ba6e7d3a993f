"""Fixtures of the integration tests. Marks: fuse (mounts), mongod (runs servers), slow."""
import os
import shutil
import signal
from pathlib import Path

import peers
import pytest
from sanitizers import all_reports, reports  # noqa: F401, fixtures

DEFAULT_TIMEOUT = 600  # seconds for one test; a test's own mark goes before it


def pytest_configure(config):
    # A shell that runs this in the background has it ignored, and what is started here would be deaf to it, too.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "fuse: mounts; skipped where there is no FUSE")
    config.addinivalue_line("markers", "mongod: starts real mongods")
    config.addinivalue_line("markers", "slow: takes more than a few seconds; -m 'not slow' leaves it out")
    config.addinivalue_line("markers", "long: a longer form; `make test` leaves it out, `make check-integration` does not")


def fuse_lacks():
    """Why mounting can't work here, or an empty text."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse that this user may open (tests/setup/deps.sh says what to do)"
    if not shutil.which("fusermount3"):
        return "no fusermount3 (package fuse3)"
    return ""


# Of these the short form takes one version, the newest: on the others the same code runs on data of the same kinds.
LONG_FOR_OTHER_VERSIONS = ("test_a_live_servers_files", "test_the_oplog_of_a_dump_continues_the_stream")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    lacks = fuse_lacks()
    for item in items:
        if getattr(item, "originalname", "") in LONG_FOR_OTHER_VERSIONS and item.callspec.params.get("mongod") != "6.0.27":
            item.add_marker(pytest.mark.long)
        if "mongod" in getattr(item, "fixturenames", ()) or "target" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.mongod)
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(DEFAULT_TIMEOUT))
        if lacks and item.get_closest_marker("fuse"):
            item.add_marker(pytest.mark.skip(reason=lacks))


@pytest.fixture(scope="session")
def shared():
    """The folder of shared test data, which is beside the checkout and not part of it."""
    if not (peers.SHARED / "data").is_dir():
        pytest.skip(f"no shared test data at {peers.SHARED} (YESTER_SHARED names another place)")
    return peers.SHARED


@pytest.fixture(scope="session", params=peers.VERSIONS)
def mongod(request):
    """A replica set of one of each version in turn; a test that writes wipes it first."""
    with peers.Mongod(request.param) as server:
        yield server


@pytest.fixture(scope="session")
def target_server():
    with peers.Mongod("6.0.5") as server:
        yield server


@pytest.fixture
def target(target_server):
    """An empty mongod 6.0 to restore into."""
    target_server.wipe()
    return target_server


@pytest.fixture
def tools():
    return peers.tools


@pytest.fixture
def yester():
    return peers.yester


@pytest.fixture
def store(tmp_path):
    """A new, empty store."""
    return peers.Store(tmp_path / "store")


@pytest.fixture(scope="session")
def fixture_dump():
    """The small dump that the repository carries."""
    return Path(__file__).resolve().parents[1] / "fixture" / "dump"
