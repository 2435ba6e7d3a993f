"""Copies of a store by rsync, cut off at random moments beside writers and prunes: what was whole there stays, the next completes it.

`yester replicate`, plain rsync with and without local/, and one that writes in place, in turn. YESTER_CUTS is how many are cut off;
`make check-copies` runs 500. YESTER_SEED repeats a run.
"""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time

import bson
import peers
import pytest
from bson.timestamp import Timestamp

CUTS = int(os.environ.get("YESTER_CUTS", "8"))
SEED = int(os.environ.get("YESTER_SEED", "12"))
BEGIN = 1_790_000_000
UUID = bytes(range(16))
GRACE = "90s"  # longer than a copy and what comes before the next
METADATA = {"options": {}, "indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "uuid": UUID.hex(), "collectionName": "orders",
            "type": "collection"}

pytestmark = pytest.mark.skipif(not shutil.which("rsync"), reason="no rsync")


def digest(store, when):
    return hashlib.sha256(peers.yester("cat", "-s", store, "--at", when, "shop.orders", "--format", "bson").raw).hexdigest()


def entry(number):
    """The first one is the moment of the first snapshot."""
    what = {"op": "n", "ns": "", "o": {"msg": "begin"}} if number == 0 else {
        "op": "i", "ns": "shop.orders", "ui": bson.Binary(UUID, 4), "o": {"_id": 1000 + number, "pad": "x" * (number % 90)}}
    return bson.encode({"ts": Timestamp(BEGIN + number, 1), "t": bson.Int64(1), "v": bson.Int64(2), **what})


class Source:
    """A store that grows: snapshots, and an oplog behind the first one."""

    def __init__(self, folder, rng):
        self.folder, self.rng = folder, rng
        self.path = folder / "store"
        self.taken, self.entries, self.known = 0, 0, {}
        self.documents = [{"_id": i, "pad": f"{rng.getrandbits(2000):0500x}"} for i in range(600)]
        peers.yester("init", "-s", self.path)
        peers.yester(*self.ingest("--time", f"{BEGIN}.1", "--assert-quiesced"))
        peers.yester(*self.oplog())
        self.learn()

    def ingest(self, *more):
        """The words for another snapshot."""
        for i in self.rng.sample(range(len(self.documents)), 20):
            self.documents[i]["pad"] = f"{self.rng.getrandbits(2000):0500x}"
        shop = self.folder / "dump" / "shop"
        shop.mkdir(parents=True, exist_ok=True)
        (shop / "orders.bson").write_bytes(b"".join(map(bson.encode, self.documents)))
        (shop / "orders.metadata.json").write_text(json.dumps(METADATA))
        self.taken += 1
        return ("ingest", "-q", "-s", self.path, shop.parent, "--name", f"s{self.taken}", *more)

    def oplog(self):
        first, self.entries = self.entries, self.entries + self.rng.randrange(20, 200)
        log = self.folder / "oplog.bson"
        log.write_bytes(b"".join(entry(n) for n in range(max(0, first - 1), self.entries + 1)))
        return ("ingest-oplog", "-q", "-s", self.path, log)

    def work(self):
        """The words of something that changes it."""
        what = self.rng.randrange(4)
        if what == 0:
            return self.ingest()
        if what == 1:
            return ("forget", "-q", "-s", self.path, "--keep-last", "4", "--prune", "--grace", GRACE, "--max-waste", "10")
        return self.oplog() if what == 2 else ("prune", "-q", "-s", self.path, "--grace", GRACE, "--max-waste", "10")

    def learn(self):
        """Remember what the newest moments show."""
        for when in (f"s{self.taken}", f"{BEGIN + self.entries}.1"):
            if when not in self.known:
                self.known[when] = digest(self.path, when)


def copies(source, far):
    """{name: the command of a copy}"""
    rsync = ["rsync", "-a"]
    ends = [f"{source}/", f"{far}/"]
    return {"replicate": [str(peers.program("yester")), "replicate", "-q", "-s", str(source), str(far), "--verify", "no"],
            "rsync": [*rsync, "--exclude=/local", *ends], "rsync with local/": [*rsync, *ends],
            "rsync in place": [*rsync, "--inplace", "--partial", "--exclude=/local", *ends]}


def cut_off(command, seconds, rng):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL if rng.random() < 0.7 else signal.SIGTERM)
    process.wait()


def listed(store):
    """Exit code 3: what is not whole is left out."""
    return {one["name"] for one in json.loads(peers.yester("snapshots", "-s", store, "--json", check=(0, 3)).out)}


def some(rng, of):
    return rng.sample(sorted(of), min(2, len(of)))


def assert_far_is_fine(source, far, seen, ordered):
    """`ordered`: only copies that send in the order of dependency were cut off since it was complete."""
    names = listed(far)
    assert seen <= names, f"{sorted(seen - names)} are gone"
    told = json.loads(peers.yester("check", "-s", far, "--read-data", "--json", check=(0, 4)).out)
    # Plain rsync may bring the manifest of a snapshot that came meanwhile without its packs, in place a part of a file under its name:
    # both are found, and what is not whole is not shown.
    assert told["whole"] or not ordered, told["problems"]
    wrong = [text for text in told["problems"] if any(f"snapshot {name}:" in text for name in names)]
    assert not wrong, wrong
    for when in some(source.rng, names & set(source.known)):
        assert digest(far, when) == source.known[when], f"{when} shows something else"
    return names


def test_a_copy_that_is_cut_off_at_any_moment_is_whole_and_completed_by_the_next(tmp_path):
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    source, far = Source(tmp_path, rng), tmp_path / "far"
    started = time.monotonic()
    peers.run(copies(source.path, far)["replicate"])
    longest, seen, moments, ordered = time.monotonic() - started, {"s1"}, set(), True
    for number in range(CUTS):
        words = source.work()
        beside = subprocess.Popen([str(peers.program("yester")), *map(str, words)])
        kind, command = rng.choice(sorted(copies(source.path, far).items()))
        story = f"seed {SEED}, cut {number + 1}: {kind} beside {words[0]}"
        ordered = ordered and kind == "replicate"
        cut_off(command, rng.random() * longest, rng)
        assert beside.wait(timeout=120) == 0, story
        source.learn()
        try:
            seen = assert_far_is_fine(source, far, seen, ordered)
            for when in some(rng, moments):
                assert digest(far, when) == source.known[when], f"the moment {when} shows something else"
        except AssertionError as problem:
            raise AssertionError(f"{story}\n{problem}") from None
        if number % 10 == 9 or number == CUTS - 1:
            peers.run(copies(source.path, far)["replicate"])
            seen = assert_far_is_fine(source, far, seen | listed(source.path), True)
            ordered = True
            # All that can be reached here can be reached there from now on.
            moments = {when for when in source.known if not when.startswith("s")}
            assert all(digest(far, when) == source.known[when] for when in some(rng, moments)), story
            print(f"{number + 1} cuts, {len(seen)} snapshots and {len(moments)} moments are there")
