"""Every verb that writes, killed, failing, or cut off the power at any call that changes something below the store.

What was there before is there afterwards, what was acknowledged (exit code 0) too, `check` finds nothing, and the same again
completes it, byte for byte. Nobody has to help. The points are all calls times all deeds; YESTER_CRASH_KILLS of each deed are
taken (0: all), the default is the short form: a point a verb. YESTER_SEED draws others.
"""
import hashlib
import json
import os
import random
import shutil

import bson
import crash_workload as workload
import peers
import pytest
from bson.timestamp import Timestamp

KILLS = int(os.environ.get("YESTER_CRASH_KILLS", "-1"))
SEED = int(os.environ.get("YESTER_SEED", "1"))
BEGIN = 1_790_000_000
UUID = bytes(range(16))
# (deed at the call, what the power cut leaves; "": no cut). With "end" the process does all it wants, and the power goes then.
DEEDS = (("kill-before", ""), ("tear", ""), ("short", ""), ("eio", ""), ("eio+", ""), ("enospc+", ""),
         ("kill-after", "drop"), ("kill-after", "torn"), ("tear", "torn"), ("eio", "drop"), ("enospc+", "torn"))
ENDS = (("end", "drop"), ("end", "torn"))


def documents(version, count=120):
    rng = random.Random(SEED)
    change = random.Random(version)
    return [{"_id": i, "version": version if change.random() < 0.1 else 0, "pad": f"{rng.getrandbits(800):0200x}"} for i in range(count)]


def dump_of(folder, version):
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "orders.bson").write_bytes(b"".join(map(bson.encode, documents(version))))
    (folder / "shop" / "orders.metadata.json").write_text(json.dumps(
        {"options": {}, "indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "uuid": UUID.hex(), "collectionName": "orders",
         "type": "collection"}))
    return folder


def entries(folder, name, first, end):
    path = folder / name
    begin = {"op": "n", "ns": "", "o": {"msg": "the moment of the first snapshot"}}
    path.write_bytes(b"".join(bson.encode({"ts": Timestamp(BEGIN + n, 1), "t": bson.Int64(1), "v": bson.Int64(2), **(begin if n == 0 else {
        "op": "i", "ns": "shop.orders", "ui": bson.Binary(UUID, 4), "o": {"_id": 1000 + n, "pad": "x" * (n * 7 % 90)}})})
        for n in range(first, end)))
    return path


class Verb:
    """What is run: `run(store, env=, check=)`, on copies of `template`; what is there before it, and after it."""

    def __init__(self, template, run):
        self.template, self.run = template, run
        self.calls = 0
        self.before = self.after = self.listed = self.known = None


class World:
    """Stores in which each verb has something to do."""

    def __init__(self, folder, keyed):
        self.folder, self.rekeys = folder, False
        self.key, self.new_key = folder / "key", folder / "key2"
        for path in (self.key, self.new_key):
            path.write_text(f"the key in {path.name} is long enough\n")
            path.chmod(0o600)
        self.options = ("--encrypt", "--key-file", self.key) if keyed else ()
        self.more = ("--key-file", self.key) if keyed else ()
        self.dumps = [dump_of(folder / f"dump{n}", n) for n in range(4)]
        self.old, self.new = entries(folder, "old.bson", 0, 40), entries(folder, "new.bson", 30, 80)
        base = self.make("base")
        self.ingest(base, 0)
        self.do(base, "ingest-oplog", self.old)
        full = self.copy(base, "full")
        for number in (1, 2, 3):
            self.ingest(full, number)
        self.verbs = {"ingest": Verb(base, lambda store, **how: self.ingest(store, 1, **how)),
                      "ingest-oplog": Verb(base, lambda store, **how: self.do(store, "ingest-oplog", self.new, **how)),
                      "snapshot": Verb(base, lambda store, **how: self.do(store, "snapshot", "--name", "made", **how)),
                      "forget": Verb(full, self.forget)}
        self.retention(full)
        self.between_stores(base, full)
        if keyed:
            self.verbs["rekey"] = Verb(base, self.rekey)
        for verb in (*self.verbs.values(), self.replicate):
            self.reference(verb)

    def make(self, name, *options):
        path = self.folder / name
        peers.yester("init", "-s", path, *self.options, *options)
        return path

    def copy(self, template, name):
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(f"{path}.lost", ignore_errors=True)
        peers.run(["cp", "-a", template, path])
        return path

    def do(self, store, verb, *words, check=0, env=None):
        return peers.yester(verb, "-s", store, *words, *self.more, check=check, env=env)

    def ingest(self, store, number, **how):
        exact = ("--assert-quiesced",) if number == 0 else ()
        return self.do(store, "ingest", "-q", self.dumps[number], "--name", f"s{number}", "--time",
                       f"{BEGIN + 1000 * number}.1", *exact, **how)

    def forget(self, store, **how):
        left = [name for name in ("s1", "s2") if name in self.listed(store)]
        return self.do(store, "forget", "-q", *left, **how) if left else None

    def prune(self, store, **how):
        return self.do(store, "prune", "-q", "--grace", "0", "--max-waste", "5", **how)

    def retention(self, full):
        forgotten = self.copy(full, "forgotten")
        self.forget(forgotten)
        found = self.copy(forgotten, "found")
        with workload.writer_works(found):
            self.prune(found)
        damaged = self.copy(full, "damaged")
        for pack in sorted((damaged / "chunks").rglob("*.pack"))[:3]:
            data = bytearray(pack.read_bytes())
            data[len(data) // 2] ^= 1
            pack.chmod(0o600)
            pack.write_bytes(data)
        self.verbs |= {"prune, finding": Verb(forgotten, self.prune), "prune, taking": Verb(found, self.prune),
                       "repair": Verb(damaged, lambda store, **how: self.do(store, "repair", "-q", "--from", full, **how))}

    def between_stores(self, base, full):
        other = self.make("other", *(() if self.more else ("--seed", "77")))
        words = ("--dst-key-file", self.key) if self.more else ()
        self.verbs["copy"] = Verb(other, lambda store, **how: self.do(full, "copy", store, *words, **how))
        self.replicate = Verb(base, lambda store, **how: self.do(full, "replicate", "-q", store, **how))

    def rekey(self, store, check=0, env=None):
        words = ("rekey", "-q", "-s", store, "--key-file", self.key, "--new-key-file", self.new_key)
        return peers.yester(*words, check=check if check is None or env is not None else (0, 12), env=env)

    # -- looking

    def words_for(self, store):
        """The key that opens it."""
        if self.rekeys and peers.yester("ls", "-s", store, *self.more, check=None).status == 12:
            return ("--key-file", self.new_key)
        return self.more

    def listed(self, store):
        """{name: what is said of it} of the snapshots."""
        done = peers.yester("snapshots", "-s", store, "--json", *self.words_for(store), check=(0, 3))
        return {one["name"]: [one[key] for key in ("documents", "bytes", "exact", "optime")] for one in json.loads(done.out or "[]")}

    def counts(self, store, check=0):
        """What `check` counts: (snapshots, entries); it must find nothing wrong."""
        done = peers.yester("check", "-s", store, "--read-data", "--json", *self.words_for(store), check=check)
        said = json.loads(done.out)
        assert said["whole"] or check != 0, said
        return said["snapshots"], said["entries"]

    def digest(self, store, name):
        words = ("shop.orders", "--format", "bson", *self.words_for(store))
        return hashlib.sha256(peers.yester("cat", "-s", store, "--at", name, *words).raw).hexdigest()

    def reference(self, verb):
        """What the verb does when nothing happens, and in how many calls."""
        store, report = self.copy(verb.template, "reference"), self.folder / "report"
        self.rekeys = False
        verb.before = self.counts(store, check=(0, 4))
        verb.run(store, env=workload.shim("any", report=report, store=store))
        verb.calls = next(int(line.split()[1]) for line in report.read_text().splitlines() if line.startswith("any "))
        self.rekeys = verb.run == self.rekey
        verb.after, verb.listed = self.counts(store), self.listed(store)
        verb.known = {name: self.digest(store, name) for name in verb.listed}
        assert "made" not in verb.known or verb.known["made"] != verb.known["s0"], "nothing was replayed"
        shutil.rmtree(store)


@pytest.fixture(scope="module", params=["plain", pytest.param("encrypted", marks=pytest.mark.long)])
def world(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verbs")
    made = World(folder, request.param == "encrypted")
    print(f"\nseed {SEED}, {request.param}: " + ", ".join(f"{name}: {verb.calls} calls" for name, verb in made.verbs.items()))
    yield made
    shutil.rmtree(folder, ignore_errors=True)


def points(name, verb):
    """(call, deed, cut) of each point that is tried."""
    rng = random.Random(f"{SEED} {name}")
    every = [(at, *deed) for deed in DEEDS for at in range(1, verb.calls + 1)] + [(0, *end) for end in ENDS]
    if KILLS < 0:
        return rng.sample(every, 1)
    if KILLS == 0:
        return every
    return rng.sample(every, min(len(every), KILLS * (len(DEEDS) + len(ENDS))))


VERBS = ("ingest", "ingest-oplog", "snapshot", "forget", "prune, finding", "prune, taking", "repair", "copy", "rekey")


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_that_dies_at_any_call_is_completed_by_the_next(world, name):
    if name not in world.verbs:
        pytest.skip("there is no key")
    verb, problems = world.verbs[name], []
    for number, (at, deed, cut) in enumerate(points(name, verb)):
        store = world.copy(verb.template, "store")
        env = workload.shim("any", at, "" if deed == "end" else deed, store=store, cut=cut, seed=SEED * 1000 + number)
        done = verb.run(store, check=None, env=env)
        if at > 0 and "shim:" not in done.err and done.status == 0:
            continue  # the threads' timing: it made fewer calls
        workload.count_point()
        story = f"{name}: {deed} {cut} at call {at} of {verb.calls} (exit {done.status}), seed {SEED * 1000 + number}: {done.err[-300:]}"
        try:
            is_fine(world, verb, store, done)
        except AssertionError as problem:
            problems.append(f"{story}\n{problem}")
            print(problems[-1])
    assert not problems, f"{len(problems)} points: " + "\n".join(problems[:5])


def is_fine(world, verb, store, done):
    """What must hold after any mishap, and that the next run makes it good."""
    world.rekeys = verb.run == world.rekey
    repairs = verb is world.verbs["repair"]  # what it counts can be right before all is whole
    counted = world.counts(store, check=(0, 4) if repairs else 0)
    if done.status == 0:
        assert counted == verb.after, f"acknowledged, but {counted} is there, not {verb.after}"
        assert not world.rekeys or peers.yester("ls", "-s", store, *world.more, check=None).status == 12, "the old key opens it"
    elif verb.before[0] <= verb.after[0]:
        assert all(now >= then for now, then in zip(counted, verb.before)), f"{counted} is there, it was {verb.before}"
    if repairs or counted != verb.after or verb.before == verb.after:  # else the name of the new snapshot is taken
        verb.run(store)
    assert world.counts(store) == verb.after and world.listed(store) == verb.listed
    name = random.choice(list(verb.known))  # all are what `check` has read; one is looked at from outside
    assert world.digest(store, name) == verb.known[name], name


@pytest.mark.parametrize("name", ("ingest", "ingest-oplog", "snapshot", "copy", "repair", "rekey"))
def test_what_a_killed_one_left_lasts_once_the_next_relies_on_it(world, name):
    """Names that no fsync made durable are there for the next, until the power goes: which is when it has ended."""
    if name not in world.verbs:
        pytest.skip("there is no key")
    verb, left, rng = world.verbs[name], world.folder / "left", random.Random(f"{SEED} left {name}")
    every = [(at, deed) for at in range(1, verb.calls + 1) for deed in ("kill-before", "kill-after")]
    some = every if KILLS == 0 else rng.sample(every, min(len(every), 1 if KILLS < 0 else KILLS * 2))
    for at, deed in some:
        store = world.copy(verb.template, "store")
        env = workload.shim("any", at, deed, store=store, cut="drop", seed=SEED)
        killed = verb.run(store, check=None, env=env | {"SHIM_LEAVES": str(left)})
        if "shim:" not in killed.err:
            continue  # the threads' timing: it made fewer calls
        workload.count_point()
        env = workload.shim("any", store=store, cut="drop", seed=SEED)
        done = verb.run(store, check=None, env=env | {"SHIM_FINDS": str(left)})
        try:
            is_fine(world, verb, store, done)
        except AssertionError as problem:
            raise AssertionError(f"{name}: {deed} at call {at} of {verb.calls}, then one that ended with {done.status}: "
                                 f"{done.err[-300:]}\n{problem}") from None


@pytest.mark.parametrize("keyed", [False, pytest.param(True, marks=pytest.mark.long)], ids=["plain", "encrypted"])
def test_an_init_that_dies_at_any_call_is_completed_by_the_next(tmp_path, keyed):
    folder, key, report = tmp_path / "folder", tmp_path / "key", tmp_path / "report"
    key.write_text("the key of a store that is half made\n")
    key.chmod(0o600)
    more = ("--key-file", key) if keyed else ()

    def init(**how):
        return peers.yester("init", "-q", "-s", folder / "store", *(("--encrypt", *more) if keyed else ()), **how)

    folder.mkdir()
    init(env=workload.shim("any", report=report, store=folder))
    calls = next(int(line.split()[1]) for line in report.read_text().splitlines() if line.startswith("any "))
    every = [(at, *deed) for deed in DEEDS for at in range(1, calls + 1)] + [(0, *end) for end in ENDS]
    rng = random.Random(f"{SEED} init {keyed}")
    for number, (at, deed, cut) in enumerate(every if KILLS == 0 else rng.sample(every, 3 if KILLS < 0 else min(len(every), KILLS * 13))):
        shutil.rmtree(folder)
        folder.mkdir()
        done = init(check=None, env=workload.shim("any", at, "" if deed == "end" else deed, store=folder, cut=cut, seed=SEED + number))
        workload.count_point()
        story = f"{deed} {cut} at call {at} of {calls} (exit {done.status}), seed {SEED + number}"
        again = init(check=None)
        there = again.status == 6 and "is a store already" in again.err
        assert there if done.status == 0 else there or again.status == 0, f"{story}: {again.story()}"
        assert peers.yester("check", "-s", folder / "store", "--json", *more, check=None).status == 0, story
        assert len(list((folder / "store" / "keys").glob("*"))) == keyed, story


@pytest.mark.parametrize("cut", ["drop", "torn"])
def test_a_new_store_is_there_when_the_power_goes(tmp_path, cut):
    env = workload.shim(store=tmp_path, cut=cut, seed=SEED)
    peers.yester("init", "-q", "-s", tmp_path / "store", env=env)
    workload.count_point()
    assert peers.yester("check", "-s", tmp_path / "store", "--json").status == 0


# ---- replicate: the far side is written by rsync

RSYNC = """#!/bin/sh
echo >>"$COUNT_RSYNC"
[ "$(wc -l <"$COUNT_RSYNC")" = "$SHIM_RSYNC" ] && export LD_PRELOAD="$SHIM_LIBRARY"
exec "$REAL_RSYNC" "$@"
"""


class Replicas:
    """Replicates of which one rsync, with all of its processes, meets the mishap."""

    def __init__(self, world):
        self.world, self.counter = world, world.folder / "rsyncs"
        programs = world.folder / "bin"
        programs.mkdir()
        (programs / "rsync").write_text(RSYNC)
        (programs / "rsync").chmod(0o755)
        self.env = {"PATH": f"{programs}:{os.environ['PATH']}", "COUNT_RSYNC": str(self.counter), "SHIM_FORKS": "yes",
                    "REAL_RSYNC": shutil.which("rsync"), "SHIM_LIBRARY": str(workload.built("shim.so"))}
        self.run(0, 0, "", "", 0)
        self.rsyncs = len(self.counter.read_text().splitlines())

    def run(self, rsync, at, deed, cut, seed):
        """(far side, what replicate said): at call `at` of the rsync of that number."""
        self.counter.unlink(missing_ok=True)
        far = self.world.copy(self.world.replicate.template, "far")
        env = workload.shim("any", at, deed, store=far, cut=cut, seed=seed) | self.env | {"SHIM_RSYNC": str(rsync)}
        del env["LD_PRELOAD"]
        words = (peers.program("yester"), "replicate", "-q", "-s", self.world.folder / "full", far, *self.world.more)
        return far, peers.run(["setsid", "-w", *words], check=None, env=env)

    def point(self, rsync, at, deed, cut, seed):
        """True: it happened, and all is well."""
        far, done = self.run(rsync, at, deed, cut, seed)
        if "shim:" not in done.err:
            return False
        workload.count_point()
        try:
            is_fine(self.world, self.world.replicate, far, done)
        except AssertionError as problem:
            raise AssertionError(f"{deed} {cut} at call {at} of rsync {rsync} of {self.rsyncs} (exit {done.status}), seed {seed}: "
                                 f"{done.err[-300:]}\n{problem}") from None
        return True


@pytest.mark.skipif(not shutil.which("rsync"), reason="no rsync")
def test_a_replica_whose_rsync_dies_at_any_call_is_completed_by_the_next(world):
    replicas, rng = Replicas(world), random.Random(f"{SEED} replicate")
    every = [(rsync, *deed) for rsync in range(1, replicas.rsyncs + 1) for deed in DEEDS]
    if KILLS < 0:
        assert any(replicas.point(rsync, 1, deed, cut, SEED) for rsync, deed, cut in rng.sample(every, len(every)))
        return
    for number, (rsync, deed, cut) in enumerate(every):
        last = 1
        while replicas.point(rsync, last, deed, cut, SEED * 1000 + number):
            last = last + 1 if KILLS == 0 else last + rng.randrange(1, 20)
