"""A member that is followed: clients that write to it, a tail that runs, and what both have."""
import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time

import bson
import peers
import pymongo
import pytest

SECONDS = 120  # the longest that anything here may take to be seen


@pytest.fixture(scope="module", params=["6.0.27", pytest.param("4.2.6", marks=pytest.mark.long)])
def member(request):
    if request.param not in peers.VERSIONS:
        pytest.skip("no such server")
    with peers.Mongod(request.param) as server:
        yield server


def until(ready, what, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = ready()
        if found:
            return found
        time.sleep(0.02)  # between two looks
    raise AssertionError(f"not within {seconds} s: {what}")


def oplog_of(server, first=None):
    log = server.client.local.get_collection("oplog.rs", codec_options=peers.RAW)
    return [entry.raw for entry in log.find({"ts": {"$gte": first}} if first else {}).sort("$natural", 1)]


def optime(entry):
    ts = bson.decode(entry)["ts"]
    return f"{ts.time}.{ts.inc}"


def tail_once(store, uri, check=0, **more):
    done = store.run("tail", "--once", "--json", "--uri", uri, check=check, **more)
    return json.loads(done.out) if done.out else done


class Writer:
    """Clients that write all the time, until stop()."""

    def __init__(self, server, seed, threads=2):
        for name in {"c0", "c1", "c2", "c3"} - set(server.client["shop"].list_collection_names()):
            server.client["shop"].create_collection(name)  # 4.2 makes none in a transaction
        self.server, self.stopped, self.problems = server, threading.Event(), []
        self.threads = [threading.Thread(target=self._run, args=(seed + i, i)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self, seed, mine):
        rng = random.Random(seed)
        client = pymongo.MongoClient("127.0.0.1", self.server.port, directConnection=True)
        try:
            n = 0
            while not self.stopped.is_set():
                n += 1
                self._step(client, rng, mine, n)
        except Exception as error:  # told by stop()
            self.problems.append(repr(error))
        finally:
            client.close()

    def _step(self, client, rng, mine, n):
        db, kind = client["shop"], rng.randrange(12)
        coll = db[f"c{rng.randrange(4)}"]
        if kind < 4:
            coll.insert_many([{"n": n, "by": mine, "pad": "x" * rng.randrange(400)} for _ in range(rng.randrange(1, 9))])
        elif kind < 8:
            coll.update_one({"by": mine, "n": rng.randrange(n + 1)}, {"$set": {f"f{n % 7}": n}, "$inc": {"times": 1}})
        elif kind < 10:
            coll.delete_one({"by": mine, "n": rng.randrange(n + 1)})
        elif kind == 10:
            with client.start_session() as session, session.start_transaction():
                db["c0"].insert_one({"_id": f"{mine}-{n}-{rng.random()}"}, session=session)
                db["c1"].insert_one({"_id": f"{mine}-{n}-{rng.random()}"}, session=session)
        elif n % 5 == 0:
            name = f"made{mine}_{n}"
            db[name].insert_many([{"i": i} for i in range(20)])
            if rng.randrange(2):
                db[name].create_index("i")
            if rng.randrange(3) == 0:
                db[name].drop()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        assert not self.problems, self.problems

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


class Tail:
    """A running `yester tail`."""

    def __init__(self, store, uri, *options):
        self.err = tempfile.TemporaryFile()
        self.out = tempfile.TemporaryFile()
        environment = {**os.environ, "YESTER_URI": uri}
        self.process = subprocess.Popen([str(peers.program("yester")), "tail", "-s", str(store.path), *options],
                                        stdout=self.out, stderr=self.err, env=environment)

    def said(self):
        return peers.written(self.out) + peers.written(self.err)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end(signal.SIGKILL)


def optime_of(text):
    """As a pair: texts do not compare as optimes do."""
    return tuple(int(part) for part in text.split("."))


def gaps_of(store):
    return json.loads(store.run("gaps", "--json", check=(0, 3)).out)


def state_of(server):
    """{namespace: its documents, sorted} as the server has it."""
    found = {}
    for db in server.user_databases():
        for entry in server.client[db].list_collections():
            coll = entry["name"]
            if not coll.startswith("system.") or coll.startswith("system.buckets."):
                docs = server.client.get_database(db, codec_options=peers.RAW)[coll].find()
                found[f"{db}.{coll}"] = sorted(doc.raw for doc in docs) if entry["type"] == "collection" else []
    return found


def state_in(store, at, folder):
    store.run("dump", "--at", at, "--out", folder)
    return {f"{db}.{coll}": sorted(one.documents or []) for (db, coll), one in peers.read_dump(folder).items()
            if db not in ("admin", "config")}


def equal(ours, theirs):
    assert sorted(ours) == sorted(theirs)
    for ns, documents in theirs.items():
        assert ours[ns] == documents, f"{ns}: {len(ours[ns])} documents, the server has {len(documents)}"


def metadata_of(folder):
    """{namespace: options, indexes by name, UUID} of a dump."""
    return {f"{db}.{coll}": (one.options, sorted(one.metadata["indexes"], key=lambda i: i["name"]),
                             one.metadata.get("uuid"))
            for (db, coll), one in peers.read_dump(folder).items() if one.metadata}
