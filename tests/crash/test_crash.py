"""An ingest that is killed, or fails, at any point: older snapshots are whole, the next ingest works, nothing leaks.

YESTER_CRASH_KILLS (in each phase) and YESTER_CRASH_SEEDS; the defaults are the short form. YESTER_CRASH_SIZE=large fills
more packs and sorts more than fits into memory. Every point is printed.
"""
import contextlib
import os
import random
import re
import shutil
import signal

import peers
import pytest
import crash_workload as workload

KILLS = int(os.environ.get("YESTER_CRASH_KILLS", "3"))
SEEDS = [int(s) for s in os.environ.get("YESTER_CRASH_SEEDS", "1").split()]
LONG = KILLS > 5
LARGE = os.environ.get("YESTER_CRASH_SIZE") == "large"
PHASES = ("read", "sort", "pack", "fsync", "rename", "index", "pages", "manifest")
MANIFEST_RENAME = 3  # of the phase's calls: write, fsync, rename, fsync of the folder
SLACK = 64 * 1024  # bytes that the size of a store may differ by anyway


class World:
    """Two versions of a dump, a store with the first, and what an undisturbed second ingest does."""

    def __init__(self, folder, seed):
        size = {"blobs": 56, "unsorted": 56} if LARGE else {"blobs": 20, "unsorted": 3}
        self.folder, self.seed = folder, seed
        self.one = workload.mixed_dump(folder / "one", seed, 1, blobs=2, unsorted=3, orders=2000)
        self.two = workload.mixed_dump(folder / "two", seed, 2, orders=2000, **size)
        self.template = peers.Store(folder / "template")
        self.template.ingest(self.one.path, "--name", "one")
        store = self.copy("reference")
        report = folder / "report"
        done = self.ingest(store, workload.shim("", input=self.two.path, report=report))
        assert done.status == 0, done.story()
        self.calls = {k: int(v) for k, v in (line.split() for line in report.read_text().splitlines())}
        self.size = workload.stored_bytes(store)
        shutil.rmtree(store.path)
        print(f"\nseed {seed}: calls {self.calls}, {self.size} bytes stored")

    def copy(self, name):
        return workload.Copied(self.template, self.folder / name)

    def ingest(self, store, env, name="two", input=None):
        return store.ingest(self.two.path, "--name", name, check=None, env=env)

    def struck(self, phase, at, deed):
        """An ingest that dies, or fails, at a call: (store, done, call)."""
        def attempt(call):
            store = self.copy("store")
            return store, self.ingest(store, workload.shim(phase, call, deed, self.two.path))

        return workload.struck(attempt, at)


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed{seed}")
def world(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash")
    yield World(folder, request.param)
    shutil.rmtree(folder, ignore_errors=True)


def points(world, phase, kills):
    """(call, deed) of each kill: the first and last calls, and others by the seed."""
    rng = random.Random(f"{world.seed} {phase}")
    deeds = ["kill-before", "kill-after"] + (["tear"] if phase in ("sort", "pack", "pages", "manifest") else [])
    every = [(at, deed) for at in range(1, world.calls[phase] + 1) for deed in deeds]
    assert every, f"an ingest has no call in phase {phase}"
    if phase == "manifest" and kills < len(every):
        must = [(MANIFEST_RENAME, "kill-before"), (MANIFEST_RENAME, "kill-after")]
        return must + rng.sample(every, max(kills - 2, 1))
    if kills <= len(every):
        return rng.sample(every, kills)
    return every + [rng.choice(every) for _ in range(kills - len(every))]


def assert_store_is_fine(world, store, story, second_is_there):
    """What must hold after any mishap, and that the next ingest makes it good."""
    listed = workload.names(store)
    assert listed == (["one", "two"] if second_is_there else ["one"]), f"{story}: snapshots are {listed}"
    assert len(list((store.path / "snapshots").iterdir())) == len(listed), story
    workload.assert_snapshot(store, "one", world.one, world.folder / "out", story)
    if second_is_there:
        workload.assert_snapshot(store, "two", world.two, world.folder / "out", story)
    done = world.ingest(store, None, "three")
    assert done.status == 0, f"{story}: the next ingest failed: {done.story()}"
    workload.assert_snapshot(store, "three", world.two, world.folder / "out", story)
    assert workload.names(store) == listed + ["three"], story
    assert workload.left_in_tmp(store) == [], f"{story}: temporary files are left"
    size = workload.stored_bytes(store)
    assert size <= world.size * 1.04 + workload.MIB // 16 + SLACK, (
        f"{story}: {size} bytes are stored, {world.size} without the mishap: packs that were left are not reused")
    return size


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_ingest(world, phase):
    for number, (at, deed) in enumerate(points(world, phase, KILLS)):
        store, done, at = world.struck(phase, at, deed)
        told = re.search(r"shim: (.*)", done.err)
        story = f"seed {world.seed}, kill {number + 1}: {told[1] if told else f'{deed} at {phase} {at}'}"
        assert done.status == -signal.SIGKILL, f"{story}: the ingest was not killed: {done.story()}"
        visible = phase == "manifest" and ((at == MANIFEST_RENAME and deed != "kill-before") or at > MANIFEST_RENAME)
        size = assert_store_is_fine(world, store, story, visible)
        print(f"  {story}: ok, {size / world.size:.3f} of the undisturbed size")
        shutil.rmtree(store.path)


def test_kills_one_after_another(world):
    """A store that is never given time: each ingest is killed, the last one is not."""
    store, rng = world.copy("store"), random.Random(world.seed)
    for phase in rng.sample(PHASES[:-1], 4 if not LONG else 7):
        at = rng.randrange(1, max(2, world.calls[phase]))
        done = world.ingest(store, workload.shim(phase, at, "kill-before", world.two.path))
        assert done.status in (-signal.SIGKILL, 0), done.story()
        if done.status == 0:  # most of it was there already: the call never came
            assert workload.names(store) == ["one", "two"]
            break
        assert workload.names(store) == ["one"], f"after {phase} {at}"
    assert_store_is_fine(world, store, f"seed {world.seed}, kills in a row", "two" in workload.names(store))
    shutil.rmtree(store.path)


# ---- errors

FAULTS = [
    ("read", "eio"), ("sort", "enospc+"), ("sort", "eio"), ("pack", "enospc+"), ("pack", "eio"), ("fsync", "eio"),
    ("rename", "eio"), ("rename", "enospc"), ("index", "eio"), ("pages", "enospc+"), ("pages", "eio"),
    ("manifest", "enospc+"), ("manifest", "eio"), ("sort,pack,pages,manifest", "enospc+"), ("pack", "edquot+"),
]


@pytest.mark.parametrize("phase,deed", FAULTS, ids=[f"{p}-{d}".replace(",", "_") for p, d in FAULTS])
def test_an_ingest_that_meets_an_error(world, phase, deed):
    rng = random.Random(f"{world.seed} {phase} {deed}")
    calls = sum(world.calls[p] for p in phase.split(","))
    for _ in range(8 if LONG else 1):
        store, done, at = world.struck(phase, rng.randrange(1, calls + 1), deed)
        story = f"seed {world.seed}: {deed} at {phase} {at}"
        folder = phase == "manifest" and at > MANIFEST_RENAME  # it exists already, but may not last
        assert done.status == 1, f"{story}: an error must give exit code 1: {done.story()}"
        assert re.search(r"(Input/output error|No space left|quota exceeded)", done.err), f"{story}: the error is not told: {done.story()}"
        # A user's quota that is used up is a full disk.
        assert phase != "pack" or ("all of local/ can be deleted" in done.err) == (deed != "eio"), f"{story}: {done.story()}"
        assert_store_is_fine(world, store, story, folder)
        print(f"  {story}: ok: {done.err.strip().splitlines()[-1][:150]}")
        shutil.rmtree(store.path)


@pytest.mark.parametrize("deed", ["short", "eintr"])
@pytest.mark.parametrize("phase", ["read", "sort", "pack", "manifest"])
def test_short_and_interrupted_calls_are_no_errors(world, phase, deed):
    """A write of half the bytes, or one that a signal interrupts, is taken up again."""
    at = random.Random(f"{world.seed} {phase} {deed}").randrange(1, world.calls[phase] + 1)
    if phase == "manifest":
        at = 1  # the others are no reads or writes
    store = world.copy("store")
    done = world.ingest(store, workload.shim(phase, at, deed, world.two.path))
    if "mmap" in done.err or "shim:" not in done.err:
        shutil.rmtree(store.path)
        pytest.skip(f"call {at} of phase {phase} is no read or write")
    assert done.status == 0, f"{deed} at {phase} {at}: {done.story()}"
    workload.assert_snapshot(store, "two", world.two, world.folder / "out", f"{deed} at {phase} {at}")
    shutil.rmtree(store.path)


def fill_up(path):
    """Write until not a byte is free."""
    with open(path, "ab", buffering=0) as filler:
        with contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))


def test_a_disk_that_is_really_full(world, tmp_path):
    """A file system of 12 MiB: the ingest fails by itself, and what was there can still be read."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system of a small size")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = peers.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], check=None)
    if mounted.status != 0:
        pytest.skip(f"no tmpfs can be mounted: {mounted.err}")
    try:
        store = workload.Copied(world.template, disk / "store")
        done = world.ingest(store, None)
        assert done.status == 1 and "No space left" in done.err, done.story()
        assert workload.names(store) == ["one"]
        workload.assert_snapshot(store, "one", world.one, world.folder / "out", "full disk")
        fill_up(disk / "filler")
        assert workload.names(store) == ["one"]
        workload.assert_snapshot(store, "one", world.one, world.folder / "out", "not a byte free")
        for room in range(4, 260, 8):  # KiB: wherever the index is cut off
            shutil.rmtree(store.path / "local")
            fill_up(disk / "filler")
            os.truncate(disk / "filler", os.path.getsize(disk / "filler") - room * 1024)
            done = store.run("snapshots", check=None)
            assert done.status == 0 or (done.status == 1 and "No space left" in done.err), f"{room} KiB are free: {done.story()}"
        # No room for an index, not even for LMDB's lock file, which it maps: SIGBUS if it were a hole. It is made elsewhere.
        shutil.rmtree(store.path / "local")
        fill_up(disk / "filler")
        assert workload.names(store) == ["one"]
        done = world.ingest(store, None)
        assert done.status == 1 and "No space left" in done.err, f"no room for an index: {done.story()}"
    finally:
        peers.run(["umount", "-l", disk], check=None)
