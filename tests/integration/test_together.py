"""All programs at once on one store: a mount with many readers, a server, a tail, ingests, forget and prune, while clients write.

What was read once from the server at a cluster time is what the mount and `yester serve` must show of that moment, at any time.
YESTER_TOGETHER=600 is the long form (make check-together runs it with both sanitizers).
"""
import hashlib
import json
import os
import random
import threading
import time

import bson
import peers
import pymongo
import pytest
from serving import Server
from following import Tail, until

SEED = int(os.environ.get("YESTER_SEED", "20"))
SECONDS = float(os.environ.get("YESTER_TOGETHER", "15"))
CHECK_SECONDS = 1200  # what the check at the end may take in a build that is ten times slower
pytestmark = [pytest.mark.mongod, pytest.mark.fuse, pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(SECONDS + 2 * CHECK_SECONDS)]

LONG = SECONDS > 60
READERS = 64 if LONG else 8
NAMES = ("c0", "c1", "c2")


def digest(documents):
    ordered = sorted(documents, key=lambda raw: bson.decode(raw)["_id"])
    return hashlib.sha256(b"".join(ordered)).hexdigest()


class Crew:
    """Threads that work until they are told to stop; the first thing that goes wrong stops all."""

    def __init__(self):
        self.stopped, self.problems, self.done, self.threads = threading.Event(), [], {}, []

    def add(self, name, step, *arguments):
        def run():
            rng = random.Random(f"{SEED} {name}")
            try:
                while not self.stopped.is_set():
                    step(rng, *arguments)
                    self.done[name] = self.done.get(name, 0) + 1
            except BaseException as error:
                self.problems.append(f"{name}: {error!r} {getattr(error, 'filename', None)}")
                self.stopped.set()
        self.threads.append(threading.Thread(target=run, name=name))
        self.threads[-1].start()

    def end(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        assert not self.problems, "\n".join(self.problems)

    def count(self, prefix):
        return sum(times for name, times in self.done.items() if name.startswith(prefix))


def client_of(member):
    """The member's own client is from before it was a replica set: it has no sessions."""
    return pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)


class Truth:
    """What the server had at some cluster times."""

    def __init__(self, member):
        self.client, self.moments, self.lock = client_of(member), [], threading.Lock()

    def take(self):
        with self.client.start_session(snapshot=True) as session:
            found = {}
            for name in NAMES:
                raw = self.client.get_database("shop", codec_options=peers.RAW)[name]
                found[name] = digest(doc.raw for doc in raw.find({}, session=session))
            stamp = session._snapshot_time
        return f"{stamp.time}.{stamp.inc}", found

    def add(self, at, found):
        stamp = bson.timestamp.Timestamp(*map(int, at.split(".")))
        with self.lock:
            self.moments.append((stamp, found))

    def draw(self, rng):
        with self.lock:
            return rng.choice(self.moments)


def write(rng, client, mine):
    orders = client["shop"][rng.choice(NAMES)]
    kind = rng.random()
    if kind < 0.5:
        orders.insert_many([{"n": rng.random(), "by": mine, "text": "t" * rng.randrange(300)} for _ in range(rng.randrange(1, 20))])
    elif kind < 0.8:
        orders.update_many({"n": {"$gt": 1 - rng.random() / 50}}, {"$set": {"n": rng.random()}, "$inc": {"times": 1}})
    elif kind < 0.9:
        orders.delete_many({"n": {"$lt": rng.random() / 20}})
    else:
        with client.start_session() as session, session.start_transaction():
            for name in NAMES:
                client["shop"][name].insert_one({"n": rng.random(), "by": f"{mine} together"}, session=session)
    time.sleep(0.02)


def look(rng, truth, mount):
    """One collection of a moment, in one of the ways in which it can be read."""
    stamp, wanted = truth.draw(rng)
    name, way = rng.choice(NAMES), rng.random()
    folder = mount.path / "at" / f"{stamp.time}.{stamp.inc}" / "shop"
    if way < 0.6:
        got = hashlib.sha256((folder / f"{name}.bson").read_bytes()).hexdigest()
    elif way < 0.8:
        lines = (folder / f"{name}.json").read_bytes().splitlines()
        assert len(lines) == int(os.getxattr(folder / f"{name}.bson", "user.yester.count"))
        return
    else:
        files = [file for file in os.listdir(folder / name) if file.endswith(".json")]
        whole = (folder / f"{name}.bson").read_bytes()
        for file in rng.sample(files, min(100, len(files))):
            assert (folder / name / file).with_suffix(".bson").read_bytes() in whole
        got = hashlib.sha256(whole).hexdigest()
    assert got == wanted[name], f"{name} at {stamp}: {way}"


def ask(rng, truth, client):
    stamp, wanted = truth.draw(rng)
    name = rng.choice(NAMES)
    reply = client["shop"].command("find", name, readConcern={"level": "snapshot", "atClusterTime": stamp}, batchSize=100_000,
                                   sort={"_id": 1}, allowDiskUse=True)
    assert reply["cursor"]["id"] == 0
    got = hashlib.sha256(b"".join(bson.encode(doc) for doc in reply["cursor"]["firstBatch"])).hexdigest()
    assert got == wanted[name], f"{name} at {stamp}"


def take_in(rng, member, store, folder):
    """
    A dump, as a snapshot of its own; then the older ones of them go. The grace is longer than the test: a mount that holds a moment
    for longer than the grace after its base was forgotten may lose it (docs/RELIABILITY.md).
    """
    out = folder / f"dump-{rng.random()}"
    peers.tools.mongodump("--host", member.address, "--oplog", "--out", out)
    store.ingest(out, "--tag", "dump", check=(0, 6))
    store.run("forget", "--tag", "dump", "--keep-last", "2", timeout=900)
    store.run("prune", "--grace", f"{int(SECONDS) + 600}s", timeout=900)


def note_moment(rng, truth, store, mount=None):
    """Another moment that all can see from now on: the tail has it, and the mount, which looks each second."""
    at, found = truth.take()
    until(lambda: store.run("cat", "shop.c0", "--at", at, "--id", '"none"', check=None).status not in (5, 10), f"{at} in the store")
    if mount is not None:
        until(lambda: (mount.path / "at" / at).exists(), f"{at} in the mount")
    truth.add(at, found)


def test_everything_at_once(store, tmp_path):
    print(f"seed {SEED}, {SECONDS:.0f} s")
    with peers.Mongod("6.0.27") as member:
        for name in NAMES:
            member.client["shop"][name].insert_many([{"n": i / 2000, "text": "t" * (i % 300)} for i in range(2000)])
        store.run("backup", "--uri", member.uri)
        truth, crew = Truth(member), Crew()
        with Tail(store, member.uri) as tail:
            until(lambda: "following" in tail.said(), "following")
            note_moment(None, truth, store)
            with peers.Mount(store.path) as mount, Server(store.path, "--noauth", "--replset", "rs0", "--advertise", "127.0.0.1:27017") as server:
                for i in range(2):
                    crew.add(f"writer {i}", write, client_of(member), i)
                crew.add("moments", note_moment, truth, store, mount)
                crew.add("dumps", take_in, member, store, tmp_path)
                for i in range(READERS):
                    crew.add(f"reader {i}", look, truth, mount)
                for i in range(4):
                    client = pymongo.MongoClient("127.0.0.1", server.port, directConnection=True)
                    crew.add(f"client {i}", ask, truth, client)
                crew.stopped.wait(SECONDS)
                crew.end()
            assert tail.end() == 0, tail.said()
        print({name: crew.count(name) for name in ("writer", "moments", "dumps", "reader", "client")})
        assert min(crew.count(name) for name in ("writer", "moments", "dumps", "reader", "client")) > 0
        assert json.loads(store.run("check", "--read-data", "--json", timeout=CHECK_SECONDS).out)["whole"]
