"""An ingest-oplog that is killed, or fails, at any call: what is there is whole and true, and the same again completes it.

YESTER_CRASH_KILLS: of each deed (the default is the short form).
"""
import json
import os
import random
import shutil

import bson
import peers
import pytest
import crash_workload as workload
from bson.timestamp import Timestamp

KILLS = int(os.environ.get("YESTER_CRASH_KILLS", "3"))
SEED = int(os.environ.get("YESTER_SEED", "1"))
PHASES = "read,sort,pack,fsync,rename,index,pages,manifest"
ENTRIES = 4000


def entry(number):
    ui = bson.Binary(bytes(range(16)), 4)
    return bson.encode({"op": "i", "ns": "a.b", "ui": ui, "o": {"_id": number, "pad": "x" * (number * 7 % 90)},
                        "ts": Timestamp(1700000000 + number // 10, number % 10 + 1), "t": bson.Int64(1),
                        "v": bson.Int64(2)})


class World:
    """A store with some of an oplog, and slices that fill its gaps: new segments, links, duplicates."""

    def __init__(self, folder):
        self.folder = folder
        entries = [entry(i) for i in range(ENTRIES)]
        self.whole = folder / "whole.bson"
        self.whole.write_bytes(b"".join(entries))
        self.slices = []
        for i, (first, end) in enumerate(((0, 500), (900, 1000), (1000, 1500), (3000, 3100))):
            old = folder / f"old{i}.bson"
            old.write_bytes(b"".join(entries[first:end]))
            self.slices.append(old)
        self.template = peers.Store(folder / "template")
        self.template.run("ingest-oplog", *self.slices, check=3)
        self.new = []
        for i, (first, end) in enumerate(((400, 950), (990, 1010), (2000, 3050), (1400, 2100), (3099, ENTRIES))):
            new = folder / f"new{i}.bson"
            new.write_bytes(b"".join(entries[first:end]))
            self.new.append(new)
        report = folder / "report"
        store = self.copy("reference")
        self.run(store, workload.shim("", report=report))
        self.calls = sum(int(line.split()[1]) for line in report.read_text().splitlines())
        shutil.rmtree(store.path)
        print(f"\nseed {SEED}: {self.calls} calls")

    def copy(self, name):
        return workload.Copied(self.template, self.folder / name)

    def run(self, store, env):
        return store.run("ingest-oplog", *self.new, check=None, env=env)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash")
    yield World(folder)
    shutil.rmtree(folder, ignore_errors=True)


def assert_stream_is_fine(store, world, story):
    check = json.loads(store.run("check", "--read-data", "--json").out)
    assert check["whole"], f"{story}: {check}"
    again = json.loads(store.run("ingest-oplog", "--json", *world.new).out)
    assert "gap" not in again, f"{story}: {again}"
    # Every entry once, and each as it was.
    whole = json.loads(store.run("ingest-oplog", "--json", world.whole).out)
    assert whole["newEntries"] == 0 and whole["duplicateEntries"] == ENTRIES, f"{story}: {whole}"
    check = json.loads(store.run("check", "--read-data", "--json").out)
    assert check["whole"] and check["entries"] == ENTRIES, f"{story}: {check}"


@pytest.mark.parametrize("deed", ("kill-before", "kill-after", "tear", "eio", "enospc+"))
def test_an_ingest_of_an_oplog_that_dies_leaves_what_is_true(world, deed):
    rng = random.Random(f"{SEED} {deed}")
    last = list(range(max(1, world.calls - 25), world.calls + 1))  # where the segments are put
    for at in sorted(rng.sample(last, min(2 * KILLS, len(last))) + rng.sample(range(1, world.calls + 1), KILLS)):
        def attempt(call):
            store = world.copy(f"{deed}{at}-{call}")
            return store, world.run(store, workload.shim(PHASES, call, deed))

        store, done, at = workload.struck(attempt, at)
        story = f"{deed} at call {at} of {world.calls} (exit {done.status})"
        print(story)
        assert done.status != 0 or deed == "eio", done.story()
        assert_stream_is_fine(store, world, story)
        shutil.rmtree(store.path)
