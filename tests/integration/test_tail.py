"""yester tail against real replica sets: nothing lost, nothing twice, whatever happens to it or to its store."""
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import bson
import peers
import pymongo
import pytest
from following import SECONDS, Tail, Writer, equal, gaps_of, member, oplog_of, optime, optime_of, state_in, state_of, tail_once, until

sys.path.insert(0, str(peers.ROOT / "tests" / "crash"))
import crash_workload as workload  # noqa: E402

SEED = int(os.environ.get("YESTER_SEED", "6"))


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


@pytest.mark.long
def test_documents_of_16_mib_are_followed_in_256_mib(store):
    """Entries as large as they get, more than one journal of them: it is sealed, and a checkpoint is made, by the same process."""
    with peers.Mongod("6.0.27") as server:
        server.client["shop"].create_collection("large")
        store.run("backup", "--uri", server.uri)
        for i in range(12):
            server.client["shop"]["large"].insert_one({"_id": i, "pad": os.urandom(16 * 1024 * 1024 - 100)})
        process = subprocess.Popen([peers.program("yester"), "tail", "-s", store.path, "--once", "--uri", server.uri, "--quiet"])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert usage.ru_maxrss <= 256 * 1024, f"{usage.ru_maxrss / 1024:.0f} MiB"
    assert store.run("count", "shop.large").out.split()[-1] == "12"


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
    def begin():
        return subprocess.Popen([str(peers.program("yester")), "ingest-oplog", "-s", str(store.path), "-", "--quiet"],
                                stdin=subprocess.PIPE)

    def it_adds():
        nonlocal adding
        if adding.poll() == 11:  # it began just while it was asked for, and was the one that had to wait
            adding = begin()
        return "somebody else adds" in store.run("ingest-oplog", "-", input=b"", check=None).err

    adding = begin()
    try:
        until(it_adds, "it adds")
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
        took = []
        while not took or min(took) >= 3:  # a second, and what a loaded machine takes to start a process; it may stand still at times
            assert len(took) < 10, took
            began = time.monotonic()
            member.client["shop"]["c0"].insert_one({"now": 1})
            wanted = optime(oplog_of(member)[-1])
            until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
            took.append(time.monotonic() - began)
        assert store.run("tail", "--uri", member.uri, check=11)
        assert tail.end() == 0, tail.said()


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
