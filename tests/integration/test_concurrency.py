"""Several processes at one store: ingests, readers, mounts, rsync. Nobody sees half of anything."""
import hashlib
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import peers
import pytest
from peers import Mount, Store

sys.path.append(str(peers.ROOT / "tests" / "crash"))
import crash_workload as workload  # noqa: E402

SEED = int(os.environ.get("YESTER_SEED", "7"))


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    """Versions of one dump; the first is small."""
    print(f"seed {SEED}")
    folder = tmp_path_factory.mktemp("dumps")
    yield [workload.mixed_dump(folder / str(v), SEED, v, blobs=18, unsorted=2, orders=6000) for v in (1, 2, 3)]
    shutil.rmtree(folder, ignore_errors=True)


def start_ingest(store, dump, name):
    return subprocess.Popen([str(peers.program("yester")), "ingest", "-s", str(store.path), "--name", name, str(dump.path)],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def end(process, what):
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, f"{what}: exit {process.returncode}: {err.decode(errors='replace')}"


class Loop:
    """Runs `act` again and again in a thread until left; what it raises is raised then."""

    def __init__(self, act):
        self.act, self.turns, self.error = act, 0, None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self.ending.is_set() or self.turns == 0:
                self.act()
                self.turns += 1
        except BaseException as error:  # noqa: B902 - it is raised again below
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        self.thread.join()
        if self.error and kind is None:
            raise self.error


# ---- two ingests at once


@pytest.mark.parametrize("same", [False, True], ids=["different-dumps", "the-same-dump"])
def test_two_ingests_at_once(store, dumps, tmp_path, same):
    given = [dumps[1], dumps[1] if same else dumps[2]]
    running = [start_ingest(store, dump, f"s{i}") for i, dump in enumerate(given)]
    for process in running:
        end(process, "one of two ingests")
    assert sorted(workload.names(store)) == ["s0", "s1"]
    for i, dump in enumerate(given):
        workload.assert_snapshot(store, f"s{i}", dump, tmp_path / "out")
    assert workload.left_in_tmp(store) == []
    # Whichever was first: both are there for who opens the store anew, and after all of local/ is gone.
    shutil.rmtree(store.path / "local")
    for i, dump in enumerate(given):
        workload.assert_snapshot(store, f"s{i}", dump, tmp_path / "out", "without local/")


def test_one_name_for_two_ingests(store, dumps):
    """The second to commit is refused, and leaves nothing but packs."""
    running = [start_ingest(store, dumps[0], "same") for _ in range(2)]
    codes = sorted(process.wait(timeout=300) for process in running)
    for process in running:
        process.stderr.close()
    assert codes[0] == 0 and codes[1] in (1, 6), f"exit codes {codes}"
    assert workload.names(store) == ["same"]


def test_names_by_time_do_not_collide(store, dumps):
    command = [str(peers.program("yester")), "ingest", "-s", str(store.path), str(dumps[0].path)]
    running = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
               for _ in range(4)]
    for process in running:
        end(process, "one of four ingests")
    assert len(set(workload.names(store))) == 4


def test_ingests_beside_one_that_is_killed(store, dumps, tmp_path):
    """A dead writer's leftovers go away, a living writer's don't."""
    rng = random.Random(SEED)
    for turn in range(3):
        victim, other = start_ingest(store, dumps[1], f"victim{turn}"), start_ingest(store, dumps[2], f"other{turn}")
        try:
            victim.wait(timeout=rng.uniform(0.02, 0.4))
        except subprocess.TimeoutExpired:
            victim.kill()
        victim.wait()
        victim.stderr.close()
        end(other, "the ingest that went on")
        workload.assert_snapshot(store, f"other{turn}", dumps[2], tmp_path / "out")
    store.ingest(dumps[1].path, "--name", "after")
    assert workload.left_in_tmp(store) == []
    workload.assert_snapshot(store, "after", dumps[1], tmp_path / "out")


# ---- readers during an ingest


def cat_digest(store, name, namespace):
    return hashlib.sha256(store.run("cat", "--at", name, namespace, "--format", "bson").raw).hexdigest()


def test_readers_during_ingests(store, dumps, tmp_path):
    store.ingest(dumps[0].path, "--name", "v0")
    by_name = {"v0": dumps[0], "v1": dumps[1], "v2": dumps[2]}

    def read():
        listed = workload.names(store)
        assert listed == ["v0", "v1", "v2"][: len(listed)] and listed, f"snapshots are {listed}"
        dump = by_name[listed[-1]]
        assert cat_digest(store, listed[-1], "shop.orders") == dump.expected["shop", "orders"], listed
        assert len(store.run("ls", "--at", listed[-1]).out.split()) >= 2
        assert cat_digest(store, "v0", "data.unsorted") == dumps[0].expected["data", "unsorted"]

    with Loop(read) as loop:
        for version in (1, 2):
            end(start_ingest(store, dumps[version], f"v{version}"), "ingest beside readers")
    print(f"{loop.turns} turns of a reader during two ingests")


@pytest.mark.fuse
def test_a_mount_during_ingests(store, dumps, tmp_path):
    """Listed means whole; a new snapshot appears in the mount that is there; `latest` moves only to whole ones."""
    store.ingest(dumps[0].path, "--name", "v0")
    by_name = {"v0": dumps[0], "v1": dumps[1], "v2": dumps[2]}

    with Mount(store.path) as mount:
        snapshots = mount.path / "snapshots"

        def read():
            listed = sorted(os.listdir(snapshots))
            assert listed == ["v0", "v1", "v2"][: len(listed)] and listed, f"snapshots are {listed}"
            latest = mount.latest
            for name in {listed[0], latest.name}:
                for (db, collection), expected in by_name[name].expected.items():
                    path = snapshots / name / db / f"{collection}.bson"
                    data = path.read_bytes()
                    assert len(data) == path.stat().st_size and hashlib.sha256(data).hexdigest() == expected, path

        with Loop(read) as loop:
            for version in (1, 2):
                end(start_ingest(store, dumps[version], f"v{version}"), "ingest beside a mount")
                assert f"v{version}" in os.listdir(snapshots), "a new snapshot is not in the mount"
                assert mount.latest.name == f"v{version}", "latest does not link to the new snapshot"
        print(f"{loop.turns} turns of a reader of the mount during two ingests")


# ---- rsync beside an ingest

RSYNC = ["rsync", "-a"]
PARTIAL = (0, 3)  # exit codes of `yester snapshots` where some may be left out
needs_rsync = pytest.mark.skipif(not shutil.which("rsync"), reason="no rsync")


def cut_off_rsync(store, copy, rng):
    """rsync that is ended after a random while; by SIGTERM it keeps nothing, by SIGKILL its temporary file stays."""
    process = subprocess.Popen([*RSYNC, "--bwlimit=60m", f"{store.path}/", f"{copy}/"], stdin=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=rng.uniform(0.05, 0.6))
    except subprocess.TimeoutExpired:
        process.terminate() if rng.random() < 0.5 else process.kill()
    process.wait()


def assert_copy_shows_whole_snapshots(copy, by_name, folder, story):
    """Every snapshot that the copy lists can be read in full."""
    if not (copy / "config").exists():
        return []
    store = Store.__new__(Store)
    store.path = copy
    listed = workload.names(store, PARTIAL)
    for name in listed:
        workload.assert_snapshot(store, name, by_name[name], folder, f"{story}, copy lists {listed}")
    return listed


@needs_rsync
@pytest.mark.parametrize("without_local", [True, False], ids=["local-deleted", "local-kept"])
def test_rsync_beside_ingests(store, dumps, tmp_path, without_local):
    rng = random.Random(f"{SEED} {without_local}")
    copy = tmp_path / "copy"
    copy.mkdir()
    by_name = {f"v{i}": dump for i, dump in enumerate(dumps)}
    store.ingest(dumps[0].path, "--name", "v0")
    peers.run([*RSYNC, f"{store.path}/", f"{copy}/"])
    seen = []
    for version in (1, 2):
        ingest = start_ingest(store, dumps[version], f"v{version}")
        for turn in range(4):
            cut_off_rsync(store, copy, rng)
            if without_local:
                shutil.rmtree(copy / "local", ignore_errors=True)
            story = f"seed {SEED}, version {version}, turn {turn}"
            listed = assert_copy_shows_whole_snapshots(copy, by_name, tmp_path / "out", story)
            assert listed[:1] == ["v0"], f"{story}: the older snapshot is gone from the copy: {listed}"
            seen.append(len(listed))
        end(ingest, "ingest beside rsync")
    peers.run([*RSYNC, f"{store.path}/", f"{copy}/"], check=(0, 24))
    if without_local:
        shutil.rmtree(copy / "local")
    assert assert_copy_shows_whole_snapshots(copy, by_name, tmp_path / "out", "complete") == ["v0", "v1", "v2"]
    print(f"snapshots in the copy, turn by turn: {seen}")


def without(path):
    """Take a file away, and give it back."""
    hidden = path.with_name(path.name + ".hidden")
    path.rename(hidden)
    return lambda: hidden.rename(path)


@pytest.mark.fuse
def test_a_manifest_that_comes_before_its_packs(store, dumps, tmp_path):
    """It is not shown, by commands or a mount; it is once its packs are there. A mount does not need to be made anew."""
    store.ingest(dumps[0].path, "--name", "v0")
    first = set(store.path.glob("chunks/*/*.pack"))
    store.ingest(dumps[1].path, "--name", "v1")
    added = sorted(set(store.path.glob("chunks/*/*.pack")) - first)
    copy = workload.Copied(store, tmp_path / "copy", warm=False)
    shutil.rmtree(copy.path / "local")
    packs = [copy.path / p.relative_to(store.path) for p in added]
    give_back = [without(path) for path in packs]
    assert workload.names(copy, 3) == ["v0"]
    with Mount(copy.path) as mount:
        assert os.listdir(mount.path / "snapshots") == ["v0"]
        for number, back in enumerate(give_back):
            back()
            last = number == len(give_back) - 1
            assert workload.names(copy, PARTIAL) == (["v0", "v1"] if last else ["v0"]), f"{number + 1} of {len(packs)} packs are there"
        deadline = time.monotonic() + 120
        while sorted(os.listdir(mount.path / "snapshots")) != ["v0", "v1"]:
            assert time.monotonic() < deadline, "packs came, but the mount does not show the snapshot that they complete"
        workload.assert_snapshot(copy, "v1", dumps[1], tmp_path / "out")
        data = (Path(mount.path) / "snapshots" / "v1" / "shop" / "orders.bson").read_bytes()
        assert hashlib.sha256(data).hexdigest() == dumps[1].expected["shop", "orders"]
    for path in packs:
        # That a pack went is noticed when it is missed; from then on the snapshot is not listed any more.
        back = without(path)
        done = copy.run("dump", "--at", "v1", "--out", tmp_path / "out", check=None)
        assert 0 < done.status < 126, f"{path.name} is missing, but v1 can be dumped: {done.story()}"
        assert workload.names(copy, PARTIAL) == ["v0"], f"{path.name} is missing, but v1 is listed"
        back()
        assert workload.names(copy) == ["v0", "v1"]
    workload.assert_snapshot(copy, "v1", dumps[1], tmp_path / "out")
