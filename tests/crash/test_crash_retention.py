"""A forget, prune or repair that is killed, or fails, at any call: what is kept is whole, and the same again completes it.

YESTER_CRASH_KILLS: of each deed (the default is the short form).
"""
import json
import os
import random
import re
import shutil

import crash_workload as workload
import peers
import pytest

KILLS = int(os.environ.get("YESTER_CRASH_KILLS", "1"))
SEED = int(os.environ.get("YESTER_SEED", "1"))
PHASES = "pack,fsync,rename,index,pages,manifest,unlink"
KEPT = ("s1", "s3")
GONE = ("s0", "s2")


def forget(store, **how):
    left = [name for name in GONE if name in workload.names(store)]
    return store.run("forget", "-q", *left, **how) if left else None


def prune(store, more=(), **how):
    return store.run("prune", "-q", "--grace", "0", "--max-waste", "5", *more, **how)


def repair(store, **how):
    return store.run("repair", "-q", "--from", store.path.parent / "sound", **how)


class World:
    """Stores in which there is something to forget, to find, to take away, to repair; and what has to stay."""

    def __init__(self, folder):
        self.folder = folder
        self.dumps = [workload.mixed_dump(folder / f"dump{n}", SEED * 10, n + 1, blobs=4, unsorted=1, orders=1500) for n in range(4)]
        full = peers.Store(folder / "sound")
        for number, dump in enumerate(self.dumps):
            full.ingest(dump.path, "--name", f"s{number}")
        self.templates = {"forget": full}
        forgotten = self.templates["find"] = self.copy(full, "t-find")
        forget(forgotten)
        found = self.templates["take"] = self.copy(forgotten, "t-take")
        with workload.writer_works(found.path):
            prune(found)
        damaged = self.templates["repair"] = self.copy(full, "t-repair")
        for pack in sorted((damaged.path / "chunks").rglob("*.pack"))[:3]:
            data = bytearray(pack.read_bytes())
            data[len(data) // 2] ^= 1
            pack.chmod(0o600)
            pack.write_bytes(data)
        self.deeds = {"forget": forget, "find": prune, "take": prune, "repair": repair}
        self.calls = {what: self.count(what) for what in self.deeds}
        print(f"\nseed {SEED}: {self.calls} calls")

    def copy(self, template, name):
        return workload.Copied(template, self.folder / name, warm="repair" not in name and "repair" not in str(template.path))

    def count(self, what):
        report = self.folder / "report"
        store = self.copy(self.templates[what], "reference")
        self.deeds[what](store, env=workload.shim("", report=report))
        calls = sum(int(line.split()[1]) for line in report.read_text().splitlines() if line.split()[0] in PHASES.split(","))
        shutil.rmtree(store.path)
        return calls


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash")
    yield World(folder)
    shutil.rmtree(folder, ignore_errors=True)


def assert_is_fine(store, world, what, story):
    check = json.loads(store.run("check", "--read-data", "--json", check=(0, 4)).out)
    assert check["whole"] or what == "repair", f"{story}: {check}"
    listed = workload.names(store, check=(0, 3))
    assert what == "repair" or set(KEPT) <= set(listed), f"{story}: {listed}"
    world.deeds[what](store)
    for name in workload.names(store):
        workload.assert_snapshot(store, name, world.dumps[int(name[1])], world.folder / "out", story)
    wanted = {f"s{n}" for n in range(4)} if what == "repair" else set(KEPT)
    assert set(workload.names(store)) == wanted, story
    for _ in range(3):
        prune(store)
    check = json.loads(store.run("check", "--read-data", "--json").out)
    assert check["whole"], f"{story}: {check}"
    for name in sorted(wanted)[:1]:
        workload.assert_snapshot(store, name, world.dumps[int(name[1])], world.folder / "out", story)


@pytest.mark.parametrize("what", ("forget", "find", "take", "repair"))
@pytest.mark.parametrize("deed", ("kill-before", "kill-after", "tear", "eio", "enospc+"))
def test_what_dies_at_any_call_leaves_what_is_kept(world, what, deed):
    rng = random.Random(f"{SEED} {deed} {what}")
    calls = world.calls[what]
    for at in sorted(rng.sample(range(1, calls + 1), min(KILLS, calls))):
        def attempt(call):
            store = world.copy(world.templates[what], f"{what}-{deed}-{at}-{call}")
            return store, world.deeds[what](store, check=None, env=workload.shim(PHASES, call, deed))

        store, done, at = workload.struck(attempt, at)
        story = f"{what}: {deed} at call {at} of {calls} (exit {done.status})"
        print(story)
        assert_is_fine(store, world, what, story)
        shutil.rmtree(store.path)


def test_a_prune_copies_nothing_that_is_damaged(tmp_path):
    """Frames are copied as they are out of packs that have their hash; out of others each has to be what its id says."""
    store, rng = peers.Store(tmp_path / "store"), random.Random(SEED)
    documents = [workload.document(i, rng.randbytes(2000)) for i in range(400)]
    for number, changed in enumerate((range(0), range(200), range(100, 300))):
        for i in changed:
            documents[i] = workload.document(i, rng.randbytes(2000))
        dump = workload.Dump(tmp_path / f"dump{number}")
        dump.add("data", "blobs", documents)
        store.ingest(dump.path, "--name", f"s{number}")
    store.run("forget", "-q", "s1")  # of its pack a half is of s2, too

    def flip():
        for pack in sorted((store.path / "chunks").rglob("*.pack")):
            data = bytearray(pack.read_bytes())
            # All leaves, which the marks do not read: where one ends is a matter of the store's seed.
            for at in range(97, len(data) * 3 // 4, 97) if data[5] == 1 else ():
                data[at] ^= 1
            pack.chmod(0o600)
            pack.write_bytes(data)

    before = workload.stored_bytes(store)
    flip()
    done = prune(store, check=None)
    assert done.status == 1 and re.search("do not have its hash|zstd: ", done.err), done.story()
    assert workload.stored_bytes(store) == before
    flip()
    assert json.loads(prune(store, more=("--json",)).out)["copiedBytes"] > 100_000
    prune(store)
    check = json.loads(store.run("check", "--read-data", "--json").out)
    assert check["whole"] and check["snapshots"] == 2, check
    workload.assert_snapshot(store, "s2", dump, tmp_path / "out")
