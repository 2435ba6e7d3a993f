"""yester restore that is slow, interrupted, killed or beside elections."""
import datetime
import json
import os
import random
import signal
import subprocess
import time

import bson
import peers
import pytest
from restoring import assert_same, backed_up, fill, member, restore, restored, server, state_of  # noqa: F401, fixtures

SEED = int(os.environ.get("YESTER_SEED", "8"))


def begun_slowly(store, member, rate, *options):
    """A restore that waits for its rate: shop.orders has some documents by now."""
    running = subprocess.Popen([str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--uri", member.uri, "-j", "1",
                                "--rate", rate, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 120
    while not member.client["shop"]["orders"].find_one({"_id": 100000}) and running.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    return running


def test_an_interrupt_does_not_wait_for_the_rate(member, store):
    orders = member.client["shop"]["orders"]
    orders.insert_many([{"_id": 100000 + i, "pad": "x" * 200} for i in range(6000)])
    backed_up(store, member)
    member.wipe()
    with begun_slowly(store, member, "1K", "--nsInclude", "shop.orders") as running:  # it would take 23 minutes
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
    assert 0 < orders.count_documents({}) < 6000
    restore(store, member, "--nsInclude", "shop.orders", "--resume")
    assert orders.count_documents({}) == 6000


@pytest.mark.mongod
def test_many_documents_that_differ_hide_none_that_is_missing(store):
    """More are told than are kept with their names; what is gone at the end is no such one."""
    with peers.Mongod("6.0.27", replset=False) as member:
        orders = member.client["shop"]["orders"]
        old = [{"_id": i, "n": i} for i in range(1500)]
        orders.insert_many(old + [{"_id": 100000 + i, "pad": "x" * 200} for i in range(2500)])
        peers.tools.mongodump("--port", member.port, "--out", store.path.parent / "alone")
        store.ingest(store.path.parent / "alone")
        orders.update_many({"_id": {"$lt": 1499}}, {"$set": {"n": "later"}})
        orders.delete_many({"_id": {"$gte": 100000}})
        with begun_slowly(store, member, "100K", "--mode", "missing", "--nsInclude", "shop.orders") as running:
            orders.delete_one({"_id": 1499})  # it was there when it was looked for; a standalone does not tell who deleted it
            assert running.wait(120) == 4, running.stderr.read()


@pytest.fixture
def slow_index(member):
    """Indexes are not done between slow_index("alwaysOn") and slow_index("off")."""
    hang = "hangAfterStartingIndexBuild" if member.number >= (4, 4) else "hangAfterSettingUpIndexBuild"

    def switch(mode):
        member.client["admin"].command("configureFailPoint", hang, mode=mode)

    yield switch
    switch("off")


def index_builds(member):
    """The connections that ask for an index of orders."""
    stages = [{"$currentOp": {"allUsers": True}}, {"$match": {"command.createIndexes": "orders"}}]
    return {op["connectionId"] for op in member.client["admin"].aggregate(stages) if "connectionId" in op}


def begin_with_slow_index(store, member, slow_index):
    fill(member, 100)
    backed_up(store, member)
    member.wipe()
    slow_index("alwaysOn")
    running = subprocess.Popen([str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--uri",
                                f"{member.uri}&socketTimeoutMS=500", "--nsInclude", "shop.orders", "--progress=always"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 120
    while not index_builds(member) and running.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    return running


@pytest.mark.mongod
def test_an_index_may_take_longer_than_an_answer(member, store, slow_index):
    """The driver gives an answer five minutes: the command was sent again then, and given up at the second time."""
    with begin_with_slow_index(store, member, slow_index) as running:
        time.sleep(3)
        builds = index_builds(member)
        slow_index("off")
        assert running.wait(120) == 0 and len(builds) == 1
        assert b"indexes (namespaces): 0 of 1\n" in running.stderr.read()
    assert "n_1" in member.client["shop"]["orders"].index_information()


@pytest.mark.mongod
def test_an_index_that_takes_long_is_waited_for_until_somebody_interrupts(member, store, slow_index):
    with begin_with_slow_index(store, member, slow_index) as running:
        running.send_signal(signal.SIGINT)
        assert running.wait(120) == 130
    slow_index("off")
    restore(store, member, "--nsInclude", "shop.orders", "--resume")
    assert "n_1" in member.client["shop"]["orders"].index_information()


def test_an_index_that_can_not_be_built_is_told(member, store, tmp_path):
    (tmp_path / "dump" / "shop").mkdir(parents=True)
    (tmp_path / "dump" / "shop" / "c.bson").write_bytes(bson.encode({"_id": 1, "n": 1}) + bson.encode({"_id": 2, "n": 1}))
    (tmp_path / "dump" / "shop" / "c.metadata.json").write_text(json.dumps({"options": {}, "indexes": [
        {"v": 2, "key": {"_id": 1}, "name": "_id_"}, {"v": 2, "key": {"n": 1}, "name": "n_1", "unique": True},
        {"v": 2, "key": {"m": 1}, "name": "m_1"}], "collectionName": "c", "type": "collection"}))
    store.ingest(tmp_path / "dump")
    done = restored(store, member, check=3)
    assert [(n["kind"], n["namespace"], n["what"]) for n in done["result"]["notes"]] == [("index", "shop.c", "n_1")]
    assert "m_1" in member.client["shop"]["c"].index_information() and done["result"]["inserted"] == 2


def test_it_asks_on_a_terminal(member, store):
    fill(member, 10)
    backed_up(store, member)
    member.client.drop_database("shop")
    main, other = os.openpty()
    command = [str(peers.program("yester")), "restore", "-s", str(store.path), "--uri", member.uri]
    for answer, status in ((b"n\n", 6), (b"y\n", 0)):
        process = subprocess.Popen(command, stdin=other, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.write(main, answer)
        said = process.communicate(timeout=120)[1].decode()
        assert process.returncode == status and "[y/N]" in said, said
        assert ("shop" in member.user_databases()) == (status == 0)
    os.close(main), os.close(other)


def test_a_restore_killed_at_any_moment_ends_equal(member, store):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    fill(member, 20000)
    db = member.client["shop"]
    for name in ("a", "b"):
        db[name].insert_many([{"_id": i, "pad": "k" * 700} for i in range(20000)])
        db[name].create_index([("pad", 1)])
    db.create_collection("ring", capped=True, size=10**7)
    db["ring"].insert_many([{"i": i, "pad": "r" * 100} for i in range(20000)])
    if member.number >= (5, 0):
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"}, expireAfterSeconds=10**9)
        db["series"].create_index([("m", 1), ("t", 1)])
        db["series"].insert_many([{"t": datetime.datetime(2026, 11, 21), "m": i % 100} for i in range(1000)])
    backed_up(store, member)
    wanted, ring = state_of(member), [d["i"] for d in db["ring"].find()]
    member.client.drop_database("shop")
    command = [str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--resume", "--uri", member.uri]
    killed, was_killed = 0, False
    for round_ in range(20):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(timeout=0.05 + rng.random() * 0.5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        said = process.communicate()[1].decode()
        # 6: the one before was killed when all was done already, so there is nothing to go on with.
        assert process.returncode in ((0, -signal.SIGKILL, 6) if was_killed else (0, -signal.SIGKILL)), said
        was_killed = process.returncode == -signal.SIGKILL
        if process.returncode in (0, 6):
            assert_same(state_of(member), wanted)
            member.client.drop_database("shop")
    done = restore(store, member, "--resume", check=None)
    # The last one may have been killed when all was done already: then there is nothing to go on with.
    assert done.status in (0, 6), done.story()
    assert killed >= 5
    assert_same(state_of(member), wanted)
    assert [d["i"] for d in db["ring"].find()] == ring
    assert not list((store.path / "local").glob("*/restore/*")), "its state was left"


def test_what_was_left_before_a_run_was_killed_is_told_by_the_one_that_goes_on(member, store):
    orders = member.client["shop"]["orders"]
    orders.insert_many([{"_id": i, "pad": "x" * 1000} for i in range(40000)])
    backed_up(store, member)
    orders.delete_many({"_id": {"$gte": 10}})
    orders.update_many({}, {"$set": {"changed": True}})
    command = [str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "-j", "1", "--mode", "missing", "--uri", member.uri]
    process = subprocess.Popen([*command, "--rate", "4M"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while orders.estimated_document_count() < 5000 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = restored(store, member, "--mode", "missing", "--resume", check=3)
    assert done["result"]["kept"] == 10 and done["result"]["verified"]
    assert orders.count_documents({}) == 40000 and orders.count_documents({"changed": True}) == 10


def test_a_standalone_takes_it_too(store, member):
    fill(member)
    backed_up(store, member)
    wanted = state_of(member)
    with peers.Mongod(member.version, replset=False) as alone:
        restore(store, alone)
        assert_same(state_of(alone), wanted)
        alone.client["shop"]["orders"].delete_many({"_id": {"$lt": 10}})
        assert restored(store, alone, "--mode", "missing")["result"]["inserted"] == 10


def test_elections_meanwhile_lose_nothing_and_write_nothing_twice(tmp_path):
    from replica_set import ReplicaSet

    with peers.Mongod("6.0.27") as source:
        fill(source, 30000)
        db = source.client["shop"]
        db["wide"].insert_many([{"_id": i, "pad": "w" * 900} for i in range(20000)])
        db.create_collection("ring", capped=True, size=10**7)
        db["ring"].insert_many([{"i": i} for i in range(20000)])
        store = peers.Store(tmp_path / "store")
        backed_up(store, source)
        wanted = peers.dbhash(source.client, "shop")
    with ReplicaSet("6.0.27") as target:
        command = [str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--json", "--rate", "4M", "--uri", target.uri]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        elections = 0
        while elections < 3:
            try:
                process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                target.step_down()
                elections += 1
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err.decode()
        result = json.loads(out)["result"]
        assert elections >= 1 and result["verified"]
        assert peers.dbhash(target.leader().client, "shop") == wanted
