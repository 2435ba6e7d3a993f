"""yester tail and backup against real replica sets: nothing lost, nothing twice, nothing said that is secret."""
import contextlib
import datetime
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import bson
import peers
import pymongo
import pytest

sys.path.insert(0, str(peers.ROOT / "tests" / "crash"))
import crash_workload as workload  # noqa: E402

SEED = int(os.environ.get("YESTER_SEED", "6"))
SECRET = "k33p-th1s%secret/"
SECONDS = 60  # the longest that anything here may take to be seen


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


def test_tail_once_takes_what_the_member_has(member, store):
    member.wipe()
    member.client["shop"]["orders"].insert_many([{"i": i} for i in range(10)])
    first = tail_once(store, member.uri)
    assert first["newEntries"] >= 1 and first["needsSnapshot"]
    begin = oplog_of(member)
    at = [optime(e) for e in begin].index(first["entries"]["first"])
    for round_ in range(3):
        member.client["shop"]["orders"].insert_many([{"i": i} for i in range(50)])
        result = tail_once(store, member.uri)
        assert result["newEntries"] >= 50
    entries = oplog_of(member)[at:]
    result = tail_once(store, member.uri)
    assert "gap" not in result
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]
    # The stream's bytes are the member's: what it says of them again is all known, byte for byte.
    path = store.path.parent / "again.bson"
    path.write_bytes(b"".join(entries))
    again = json.loads(store.run("ingest-oplog", "--json", path).out)
    assert again["newEntries"] == 0 and again["duplicateEntries"] == len(entries) and "gap" not in again


@pytest.mark.parametrize("later", [7, 1 << 33], ids=["between two entries", "behind the last one"])
def test_tail_goes_on_from_a_dump_whose_time_is_no_entry_s(member, store, tmp_path, later):
    """Who stops all writers says the time by the clock."""
    member.wipe()
    member.client["shop"]["orders"].insert_many([{"i": i} for i in range(10)])
    last = bson.decode(oplog_of(member)[-1])["ts"]
    peers.tools.mongodump("--quiet", "--port", member.port, "--out", tmp_path / "dump")
    at = (last.time << 32 | last.inc) + later
    store.run("ingest", tmp_path / "dump", "--assert-quiesced", "--time", f"{at >> 32}.{at & 0xffffffff}")
    if later > 7:  # nothing is behind it when it begins
        assert not tail_once(store, member.uri)["needsSnapshot"]
    until(lambda: time.time() > (at >> 32) + 1, "a later second")
    member.client["shop"]["orders"].insert_many([{"i": i} for i in range(20, 30)])
    assert "gap" not in tail_once(store, member.uri)
    assert "no gap" in store.run("gaps").out
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))


def test_tail_once_takes_all_however_long_its_own_work_takes(member, store):
    """It ends early only when the member has nothing to give for five seconds, not when the store was slow for as long."""
    member.wipe()
    member.client["shop"]["orders"].insert_one({"begin": 1})
    tail_once(store, member.uri)
    for i in range(6):
        member.client["shop"]["orders"].insert_one({"i": i, "x": "x" * 1200000})
    slow = dict(workload.shim("fsync", 2, "stop"), YESTER_URI=member.uri)
    process = subprocess.Popen([str(peers.program("yester")), "tail", "-s", str(store.path), "--once"], env=slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: Path(f"/proc/{process.pid}/stat").read_text().rsplit(")")[-1].split()[0] == "T", "stop")
        time.sleep(5.5)  # longer than it waits for a member
    finally:
        process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=SECONDS) == 0
    assert tail_once(store, member.uri)["newEntries"] <= 2  # signs of life since


def test_tail_survives_kill_9_at_any_moment(member, store):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    first = tail_once(store, member.uri)
    with Writer(member, SEED) as writer:
        for round_ in range(6):
            with Tail(store, member.uri) as tail:
                until(lambda: "following rs0" in tail.said(), f"following: {tail.said()}")
                time.sleep(rng.random())  # the moment of death is what is random here
                assert tail.end(signal.SIGKILL) == -signal.SIGKILL
                assert not Path(f"/dev/shm/mongoc-{tail.process.pid}").exists(), "the driver left a file"
        with Tail(store, member.uri) as tail:
            until(lambda: "following rs0" in tail.said(), "following")
            time.sleep(rng.random())
            assert tail.end(signal.SIGTERM) == 0, tail.said()
        writer.stop()
    result = tail_once(store, member.uri)
    assert "gap" not in result
    entries = oplog_of(member)
    entries = entries[[optime(e) for e in entries].index(first["entries"]["first"]):]
    path = store.path.parent / "again.bson"
    path.write_bytes(b"".join(entries))
    again = json.loads(store.run("ingest-oplog", "--json", path).out)
    assert again["newEntries"] <= 3 and again["duplicateEntries"] >= len(entries) - 3  # signs of life since
    assert "gap" not in again and again["range"]["first"] == optime(entries[0])
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


@contextlib.contextmanager
def somebody_who_adds(store):
    """A slice of the oplog comes through a pipe: nobody else adds to the stream until it ends."""
    adding = subprocess.Popen([str(peers.program("yester")), "ingest-oplog", "-s", str(store.path), "-", "--quiet"],
                              stdin=subprocess.PIPE)
    try:
        until(lambda: "somebody else adds" in store.run("ingest-oplog", "-", input=b"", check=None).err, "it adds")
        yield
    finally:
        adding.stdin.close()
        assert adding.wait(timeout=SECONDS) == 0


def test_tail_goes_on_while_somebody_else_adds_to_the_stream(member, store, tmp_path):
    """What it stored becomes segments later; it is not a reason to end."""
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)

    def files(suffix):
        return {path.stem for path in store.path.glob(f"oplog/*/*.{suffix}")}

    with somebody_who_adds(store):
        assert tail_once(store, member.uri)["segments"] == 0
        with Tail(store, member.uri) as tail:
            until(lambda: "following rs0" in tail.said(), "following")
            for i in range(80):  # more than one segment takes
                member.client["shop"]["c0"].insert_one({"i": i, "pad": os.urandom(1 << 20)})
            wanted = optime(oplog_of(member)[-1])
            until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
            assert tail.end() == 0, tail.said()
    assert len(files("journal")) >= 2 and not files("sealed")
    member.client["shop"]["c0"].insert_one({"end": 1})
    assert "gap" not in tail_once(store, member.uri)
    assert files("journal") == files("sealed") and "no gap" in store.run("gaps").out
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_what_is_acknowledged_is_seen_within_a_second_while_it_runs(member, store):
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)
    with Tail(store, member.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        began = time.monotonic()
        member.client["shop"]["c0"].insert_one({"now": 1})
        wanted = optime(oplog_of(member)[-1])
        until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
        took = time.monotonic() - began
        assert store.run("tail", "--uri", member.uri, check=11)
        assert tail.end() == 0, tail.said()
    assert took < 3, took  # a second, and what a loaded machine takes to start a process


@pytest.mark.parametrize("how", ["payload", "frame", "header"])
def test_a_journal_that_is_damaged_is_mended_by_the_member_or_by_a_copy(member, store, tmp_path, how):
    """Tail ended each time it was started, repair said that all was whole, and replicate spoilt the copy."""
    member.wipe()
    orders = member.client["shop"]["c0"]
    orders.insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)
    with Tail(store, member.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        for round_ in range(1, 9):  # a frame each
            orders.insert_many([{"i": i} for i in range(100)])
            until(lambda: store.run("count", "shop.c0", check=(0, 5)).out.strip() == str(1 + 100 * round_), "they are stored")
        tail.end(signal.SIGKILL)
    far, other = tmp_path / "far", tmp_path / "other"
    store.run("replicate", far)
    journal = max(store.path.glob("oplog/*/*.journal"), key=lambda f: f.stat().st_size)
    data = bytearray(journal.read_bytes())
    frame = data.index(b"YJFR", len(data) // 2)
    data[{"payload": frame + 80, "frame": frame, "header": 20}[how]] ^= 4
    journal.write_bytes(data)
    os.utime(journal, (1, 1))
    peers.run(["cp", "-a", store.path, other])
    store.run("check", "--read-data", check=4)
    assert json.loads(store.run("replicate", far, "--json", check=4).out)["damagedHere"] == 1
    assert "can't be read" in store.run("repair", check=4).out
    store.run("check", "--read-data", check=0)
    store.run("replicate", far)
    assert peers.yester("count", "-s", far, "shop.c0").out.strip() == "801"
    store.run("repair", "--from", far)
    assert store.run("count", "shop.c0").out.strip() == "801"
    store.run("check", "--read-data")
    # Or the member still has it.
    alone = peers.yester("tail", "-s", other, "--once", "--uri", member.uri)
    assert peers.yester("count", "-s", other, "shop.c0").out.strip() == "801", alone.story()
    peers.yester("repair", "-s", other)
    peers.yester("check", "-s", other, "--read-data")


@pytest.mark.parametrize("how", ["rsync", "inplace"])
def test_an_older_state_that_is_copied_over_the_store_ends_a_tail_and_loses_nothing(member, store, tmp_path, how):
    """It wrote on into a file without a name, and told as stored what nobody could read."""
    member.wipe()
    orders = member.client["shop"]["c0"]
    orders.insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)
    with Tail(store, member.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        orders.insert_many([{"i": i} for i in range(100)])
        until(lambda: store.run("count", "shop.c0", check=(0, 5)).out.strip() == "101", "the first ones are stored")
        older = tmp_path / "older"
        peers.run(["rsync", "-a", f"{store.path}/", older])
        orders.insert_many([{"j": i} for i in range(100)])
        until(lambda: store.run("count", "shop.c0").out.strip() == "201", "the others are stored")
        peers.run(["rsync", "-a", *(["--inplace"] if how == "inplace" else []), f"{older}/", store.path])
        orders.insert_one({"end": 1})
        assert tail.process.wait(timeout=SECONDS) == 1, tail.said()
        assert "in its place" in tail.said()
    tail_once(store, member.uri)
    assert store.run("count", "shop.c0").out.strip() == "202"
    assert "no gap" in store.run("gaps").out
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_a_copy_that_holds_more_of_a_journal_keeps_it(member, store, tmp_path):
    """This machine was brought back to an older state; the copy took it over, and what came after it was nowhere."""
    member.wipe()
    orders = member.client["shop"]["c0"]
    orders.insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)
    older, far = tmp_path / "older", tmp_path / "far"
    with Tail(store, member.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        orders.insert_many([{"i": i} for i in range(100)])
        until(lambda: store.run("count", "shop.c0", check=(0, 5)).out.strip() == "101", "the first ones are stored")
        peers.run(["rsync", "-a", f"{store.path}/", older])
        orders.insert_many([{"j": i} for i in range(100)])
        until(lambda: store.run("count", "shop.c0").out.strip() == "201", "the others are stored")
        tail.end(signal.SIGKILL)
    store.run("replicate", far)
    said = json.loads(peers.yester("replicate", "-s", older, far, "--json", "--verify", "full").out)
    assert said["longerThere"] == 1 and said["firstLonger"].endswith(".journal") and said["damagedHere"] == 0, said
    assert peers.yester("count", "-s", far, "shop.c0").out.strip() == "201"
    assert "hold more there" in peers.yester("replicate", "-s", older, far).out
    assert peers.yester("count", "-s", older, "shop.c0").out.strip() == "101"
    peers.yester("copy", "-s", far, older)
    assert peers.yester("count", "-s", older, "shop.c0").out.strip() == "201"
    # One that grew here goes there.
    assert json.loads(store.run("replicate", far, "--json").out)["longerThere"] == 0


def test_a_backup_while_a_tail_runs(member, store, tmp_path):
    print(f"seed {SEED}")
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    with Writer(member, SEED + 10) as writer, Tail(store, member.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        for round_ in range(2):
            made = json.loads(store.run("backup", "--json", "--name", f"b{round_}", "--uri", member.uri).out)
            assert made["exact"]
        writer.stop()
        wanted = optime(oplog_of(member)[-1])
        until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
        assert tail.end() == 0, tail.said()
    assert "gap" not in tail_once(store, member.uri)
    theirs = state_of(member)
    assert state_in(store, "latest", tmp_path / "latest") == theirs
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_a_name_that_is_taken_is_refused_before_anything_is_copied(member, store, tmp_path):
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--name", "once", "--uri", member.uri)
    member.client["shop"]["c0"].insert_one({"later": 1})
    peers.tools.mongodump("--quiet", "--port", member.port, "--out", tmp_path / "dump")

    def files():
        return sorted(p.relative_to(store.path) for p in store.path.rglob("*") if p.is_file() and "local" not in p.parts)

    before = files()
    for command in (("backup", "--uri", member.uri), ("ingest", tmp_path / "dump"), ("snapshot",)):
        assert 'there is a snapshot "once" already' in store.run(*command, "--name", "once", check=6).err
        assert files() == before, command


@contextlib.contextmanager
def small_oplog():
    """A replica set of one whose oplog holds a few megabytes."""
    server = peers.Mongod("6.0.27", replset=False, arguments=("--replSet", "rs0", "--oplogSize", "5"))
    with server:
        server.replset = True
        server._initiate()
        yield server


@pytest.mark.long
def test_an_oplog_that_was_overrun_is_a_gap_and_told_once(store):
    with small_oplog() as server:
        coll = server.client["shop"]["c0"]
        coll.insert_one({"begin": 1})
        before = tail_once(store, server.uri)
        last = bson.timestamp.Timestamp(*map(int, before["entries"]["last"].split(".")))

        def overrun():
            coll.insert_one({"pad": os.urandom(3000000)})
            with contextlib.suppress(pymongo.errors.OperationFailure):  # what it reads is cut off
                return server.client.local["oplog.rs"].find_one(sort=[("$natural", 1)])["ts"] > last

        until(overrun, "the oplog is overrun", 3 * SECONDS)  # only what a checkpoint holds is cut off
        result = tail_once(store, server.uri, check=3)
        assert result["gap"]["first"] == before["entries"]["last"]
        assert optime_of(result["gap"]["last"]) <= optime_of(result["entries"]["first"])
        assert before["entries"]["last"] in store.run("gaps", "--json", check=None).out
        coll.insert_one({"after": 1})
        again = tail_once(store, server.uri)
        assert "gap" not in again and again["newEntries"] >= 1
        assert before["entries"]["last"] in store.run("gaps", check=None).out


def test_what_a_full_disk_did_not_take_is_not_counted(member, store):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def stored():
        return sum(one["entries"] for one in json.loads(store.run("ranges", "--json").out))

    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)
    for _ in range(12):
        member.client["shop"]["c0"].insert_many([{"pad": os.urandom(200)} for _ in range(1000)])
    before = stored()
    command = [str(peers.program("yester")), "tail", "-s", str(store.path), "--once", "--json", "--uri", member.uri]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 1 and "File too large" in done.stderr, done.stderr
    taken = stored() - before
    assert json.loads(done.stdout)["newEntries"] == taken
    assert tail_once(store, member.uri)["newEntries"] == stored() - before - taken >= 12000 - taken
    assert gaps_of(store) == []


def gaps_of(store):
    return json.loads(store.run("gaps", "--json", check=(0, 3)).out)


def test_what_was_missed_beside_a_backup_is_fetched_while_the_member_has_it(member, store, tmp_path):
    member.wipe()
    coll = member.client["shop"].get_collection("c0", write_concern=pymongo.WriteConcern("majority"))  # else a backup begins before it
    coll.insert_many([{"_id": i} for i in range(100)])
    store.run("backup", "--uri", member.uri)
    coll.delete_many({"_id": {"$lt": 10}})
    tail_once(store, member.uri)
    coll.delete_many({"_id": {"$lt": 20}})
    missed = optime(oplog_of(member)[-1])
    coll.delete_many({"_id": {"$lt": 30}})
    store.run("backup", "--uri", member.uri)
    coll.delete_many({"_id": {"$lt": 40}})
    store.run("backup", "--name", "named", "--uri", member.uri)
    assert [gap["why"] for gap in gaps_of(store)] == ["no oplog"] * 2, gaps_of(store)
    store.run("count", "--at", missed, check=5)
    result = tail_once(store, member.uri)
    assert result["filledEntries"] == 28 and "gap" not in result and gaps_of(store) == []
    assert store.run("count", "shop.c0", "--at", missed).out.strip() == "80"
    assert len(json.loads(store.run("ranges", "--json").out)) == 1
    assert tail_once(store, member.uri)["filledEntries"] == 0
    assert json.loads(store.run("check", "--read-data", "--replay", "all", "--json").out)["whole"]


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


def test_a_backup_under_load_continued_by_tail_is_what_the_server_has(member, store, tmp_path, tools):
    print(f"seed {SEED}")
    member.wipe()
    client = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)
    db = client["shop"]
    for name in ("c0", "c1", "c2", "c3"):
        db[name].insert_many([{"n": i, "by": i % 2, "pad": "y" * 300} for i in range(5000)])
    db["c1"].create_index([("n", 1), ("by", -1)], name="both")
    db.create_collection("ring", capped=True, size=100000)
    db.create_collection("seen", viewOn="c0", pipeline=[{"$match": {"by": 1}}])
    if member.number >= (5, 0):
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    db.create_collection("folded", collation={"locale": "de", "strength": 2})
    last = None
    with Writer(member, SEED, threads=3) as writer:
        for round_ in range(4):
            with client.start_session() as session, session.start_transaction():
                db["c2"].insert_one({"open": round_}, session=session)
                db["ring"].insert_many([{"round": round_, "i": i} for i in range(50)])
                db["folded"].insert_many([{"_id": f"{kind}{round_}"} for kind in ("b", "A", "c")])
                if member.number >= (5, 0):
                    now = datetime.datetime.now(datetime.timezone.utc)
                    db["series"].insert_many([{"t": now, "m": i % 3, "v": i} for i in range(100)])
                made = json.loads(store.run("backup", "--json", "--name", f"b{round_}", "--uri", member.uri).out)
            assert made["exact"] and "inexactWhy" not in made
            optime = optime_of(made["optime"])
            assert last is None or optime > last
            last = optime
        writer.stop()
    result = tail_once(store, member.uri)
    assert "gap" not in result and result["newEntries"] > 0
    theirs = state_of(member)
    equal(state_in(store, "latest", tmp_path / "latest"), theirs)
    store.run("backup", "--name", "quiet", "--uri", member.uri)
    equal(state_in(store, "quiet", tmp_path / "quiet"), theirs)
    tools.mongodump("--host", member.address, "--out", tmp_path / "theirs")
    for mine in ("latest", "quiet"):
        assert metadata_of(tmp_path / mine) == metadata_of(tmp_path / "theirs")
    shown = store.run("show", "b0").out
    assert "rs0" in shown and member.version in shown
    client.close()


@pytest.mark.parametrize("seed", [SEED, *(pytest.param(SEED + more, marks=pytest.mark.long) for more in (1, 2))])
def test_a_backup_equals_a_snapshot_read_at_its_optime(member, store, tmp_path, seed):
    """Servers from 5.0 on can be asked what a collection held at a cluster time."""
    if member.number < (5, 0):
        pytest.skip("no snapshot reads outside of transactions before 5.0")
    print(f"seed {seed}")
    member.wipe()
    for name in ("c0", "c1", "c2", "c3"):
        member.client["shop"][name].insert_many([{"n": i, "by": i % 2, "pad": "z" * 200} for i in range(4000)])
    with Writer(member, seed, threads=3) as writer:
        made = json.loads(store.run("backup", "--json", "--name", "b", "--uri", member.uri).out)
        time_, increment = map(int, made["optime"].split("."))
        theirs = {}
        client = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)
        with client.start_session(snapshot=True) as session:
            session._snapshot_time = bson.timestamp.Timestamp(time_, increment)
            for name in ("c0", "c1", "c2", "c3"):
                documents = client.get_database("shop", codec_options=peers.RAW)[name].find({}, session=session)
                theirs[f"shop.{name}"] = sorted(doc.raw for doc in documents)
        client.close()
        writer.stop()
    ours = state_in(store, "b", tmp_path / "b")
    equal({ns: ours[ns] for ns in theirs}, theirs)


def test_a_rename_while_it_is_copied_begins_anew(member, store, tmp_path):
    member.wipe()
    db = member.client["shop"]
    for i in range(6):
        db[f"a{i}"].insert_many([{"i": n, "pad": "r" * 200} for n in range(3000)])
    stopped = threading.Event()

    def rename():
        client = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)
        for turn in range(6):
            client["shop"][f"a{turn}"].rename(f"z{turn}")
            client["shop"][f"z{turn}"].insert_one({"turn": turn})
            if stopped.wait(0.05):
                break
        client.close()

    thread = threading.Thread(target=rename)
    thread.start()
    try:
        done = store.run("backup", "--json", "--uri", member.uri, check=(0, 1))
    finally:
        stopped.set()
        thread.join()
    if done.status == 1:  # three times in a row
        assert "renamed" in done.err
        store.run("backup", "--uri", member.uri)
    tail_once(store, member.uri)
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))


def test_a_collection_that_is_renamed_while_it_is_listed_keeps_its_indexes(member, store, tmp_path):
    """By $out, for one: its new collection was listed under one name, and its indexes have to be asked for by another."""
    if member.number < (4, 4):
        pytest.skip("its failpoint knows no namespaces")
    member.wipe()
    db, admin = member.client["shop"], member.client.admin
    for name in ("first", "report", "new"):
        db[name].insert_many([{"i": n} for n in range(10)])
        db[name].create_index("i", name=f"of_{name}")
    admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": {
        "failCommands": ["listIndexes"], "namespace": "shop.first", "blockConnection": True, "blockTimeMS": 1500}})

    def listing():
        return [one for one in admin.aggregate([{"$currentOp": {"allUsers": True}}])
                if one.get("command", {}).get("listIndexes") == "first"]

    def rename():
        until(listing, "its indexes are asked for")
        db["first"].rename("last")
        admin.command("renameCollection", "shop.new", to="shop.report", dropTarget=True)

    thread = threading.Thread(target=rename)
    thread.start()
    try:
        store.run("backup", "--uri", member.uri)
    finally:
        thread.join()
        admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))
    ours = {ns: [index["name"] for index in indexes] for ns, (_, indexes, _) in metadata_of(tmp_path / "latest").items()}
    assert ours["shop.last"] == ["_id_", "of_first"] and ours["shop.report"] == ["_id_", "of_new"], ours


def test_a_time_series_whose_view_comes_after_its_buckets_is_one(member, store, tmp_path):
    """Servers make the buckets first. Who is copied in between lists no time series, and its options are logged no more."""
    if member.number < (5, 0):
        pytest.skip("it has none")
    member.wipe()
    db, options = member.client["shop"], {"timeField": "t", "metaField": "m"}
    db.create_collection("model", timeseries=options)
    buckets = next(one for one in db.list_collections() if one["name"] == "system.buckets.model")["options"]
    db.command(bson.SON([("create", "system.buckets.series"), *buckets.items()]))
    store.run("backup", "--uri", member.uri)
    store.run("snapshot", "--name", "between")
    db.create_collection("series", timeseries=options)
    db["series"].create_index("m")
    db["series"].insert_one({"t": datetime.datetime(2026, 11, 22), "m": 1})
    tail_once(store, member.uri)
    peers.tools.mongodump("--quiet", "--port", member.port, "--out", tmp_path / "theirs")
    store.run("dump", "--out", tmp_path / "ours")
    assert metadata_of(tmp_path / "ours")["shop.series"] == metadata_of(tmp_path / "theirs")["shop.series"]
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))


def test_only_what_is_asked_for_is_copied(member, store, tmp_path):
    member.wipe()
    for name in ("one", "two"):
        member.client[name]["c"].insert_one({"in": name})
    made = json.loads(store.run("backup", "--json", "--nsInclude", "one.*", "--uri", member.uri).out)
    assert made["partial"] and made["exact"]
    assert list(state_in(store, "latest-snapshot", tmp_path / "d")) == ["one.c"]


def test_an_entry_that_the_member_does_not_have_is_refused(member, store, tmp_path):
    member.wipe()
    member.client["shop"]["c0"].insert_many([{"i": i} for i in range(5)])
    member.client["shop"]["c0"].delete_many({})
    entries = oplog_of(member)
    forged = bson.decode(entries[-2])
    forged["wall"] = forged["wall"].replace(year=2001)
    other = bson.encode(forged)
    (tmp_path / "a.bson").write_bytes(b"".join(entries[:-2]) + other)
    store.run("ingest-oplog", tmp_path / "a.bson")
    done = tail_once(store, member.uri, check=6)
    assert "rolled back" in done.err
    # An entry of a time at which the member has none.
    forged["ts"] = bson.timestamp.Timestamp(forged["ts"].time, forged["ts"].inc + 100000)
    second = peers.Store(tmp_path / "second")
    (tmp_path / "b.bson").write_bytes(b"".join(entries[:-2]) + bson.encode(forged))
    second.run("ingest-oplog", tmp_path / "b.bson")
    until(lambda: member.client.admin.command("ping") and bson.decode(oplog_of(member)[-1])["ts"] > forged["ts"]
          or member.client["shop"]["c0"].insert_one({}) is None, "a later entry")
    assert "rolled back" in tail_once(second, member.uri, check=6).err


def test_a_cursor_that_the_server_kills_is_opened_again(member, store):
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)
    with Tail(store, member.uri, "--json") as tail:
        for round_ in range(1, 4):
            until(lambda: tail.said().count("following rs0") >= round_, f"following {round_} times: {tail.said()}")
            member.client.admin.command("killAllSessions", [])
            member.client["shop"]["c0"].insert_one({"round": round_})
        until(lambda: tail.said().count("following rs0") >= 4, "following again")
        wanted = optime(oplog_of(member)[-1])
        until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
        assert tail.end(signal.SIGINT) == 0, tail.said()
        assert '"reconnects": 3' in tail.said() and '"gap"' not in tail.said()


def test_another_set_s_name_is_hinted_at(member, store):
    said = store.run("backup", "--uri", f"mongodb://{member.address}/?replicaSet=other", check=1).err
    assert "HINT: is its name other, as replicaSet= in the URI says?" in said


def test_what_has_no_history_to_follow_is_refused(store):
    with peers.Mongod("6.0.27", replset=False) as server:
        done = store.run("tail", "--uri", server.uri, check=6)
        assert "standalone" in done.err and "--replSet" in done.err
        assert "standalone" in store.run("backup", "--uri", server.uri, check=6).err
    done = store.run("tail", "--once", "--uri", f"mongodb://127.0.0.1:{peers.free_port()}/?serverSelectionTimeoutMS=300",
                     check=1)
    assert "reached" in done.err
    assert "stop or snapshot" in store.run("tail", "--on-gap", "go", "--uri", "mongodb://h/", check=2).err
    assert "6h" in store.run("tail", "--every", "often", "--uri", "mongodb://h/", check=2).err
    assert "no URI" in store.run("tail", check=2).err


def test_a_password_is_said_nowhere(member, store, tmp_path):
    member.wipe()
    escaped = "k33p-th1s%25secret%2F"
    member.client.admin.command("createUser", "keeper", pwd=SECRET, roles=["backup", "clusterMonitor"])
    try:
        good = f"mongodb://keeper:{escaped}@{member.address}/?directConnection=true&authSource=admin"
        said = [store.run("backup", "--uri", good), store.run("backup", "--json", "--name", "again", "--uri", good)]
        said.append(store.run("tail", "--once", "--uri", good))
        path = tmp_path / "uri"
        path.write_text(good + "\n")
        path.chmod(0o644)
        said.append(store.run("tail", "--once", "--uri-file", path, check=6))
        assert "chmod 600" in said[-1].err
        path.chmod(0o600)
        said.append(store.run("tail", "--once", "--json", "--uri-file", path))
        environment = {**os.environ, "YESTER_URI": good}
        said.append(store.run("tail", "--once", env=environment))
        for bad, status in ((good.replace("keeper", "nobody"), 6),
                            (good.replace("authSource", "replicaSet=no&authSource") + "&serverSelectionTimeoutMS=300", 1),
                            (f"mongodb://keeper:{SECRET}@{member.address}/", 2),
                            (f"mongodb://keeper:{escaped}@[/", (1, 2)), (f"mongo://keeper:{escaped}@h/", 2),
                            (good + "&noSuchOption=" + escaped, (0, 1, 2))):
            said.append(store.run("tail", "--once", "--uri", bad, check=status))
            said.append(store.run("backup", "--name", f"n{len(said)}", "--uri", bad, check=status))
        said.append(store.run("tail", "--once", "--uri", good, "--uri-file", path, check=2))
        for done in said:
            for word in (SECRET, escaped, "k33p-th1s"):
                assert word not in done.out + done.err, done.err
        command = [str(peers.program("yester")), "tail", "-s", str(store.path), f"--uri={good}"]
        with open(tmp_path / "said", "w+") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)
            try:
                until(lambda: "following" in (tmp_path / "said").read_text(), "following")
                seen = open(f"/proc/{process.pid}/cmdline", "rb").read()
            finally:
                process.terminate()
                assert process.wait(timeout=SECONDS) == 0
        assert b"k33p" not in seen and b"--uri=" in seen
        assert "k33p" not in (tmp_path / "said").read_text()
        for file in (p for p in store.path.rglob("*") if p.is_file()):
            assert b"k33p" not in file.read_bytes(), file
    finally:
        member.client.admin.command("dropUser", "keeper")
