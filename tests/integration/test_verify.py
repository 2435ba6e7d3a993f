"""yester verify: the store against a running member, and what differs named."""
import json
import os
import random
import threading

import bson
import peers
import pymongo
import pytest
from following import Tail, until
from restoring import member, server  # noqa: F401, fixtures

COUNT = 1_000_000 if os.environ.get("YESTER_SCALE") == "full" else 100_000
SEED = int(os.environ.get("YESTER_SEED", "9"))


def verified(store, member, *options, check=0):
    return json.loads(store.run("verify", "--json", "--uri", member.uri, *options, check=check).out)


def fill(member):
    db = member.client["shop"]
    db["orders"].insert_many([{"_id": i, "n": i, "pad": "v" * (i % 200)} for i in range(20000)])
    db["orders"].create_index("n")
    db.create_collection("folded", collation={"locale": "de", "strength": 1})
    db["folded"].insert_many([{"_id": f"{c}{i}"} for i in range(500) for c in "zÖa"])
    db.create_collection("ring", capped=True, size=50000)
    db["ring"].insert_many([{"i": i} for i in range(2000)])
    db.create_collection("view", viewOn="orders", pipeline=[{"$match": {"n": 3}}])
    if member.number >= (5, 0):
        import datetime
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
        now = datetime.datetime.now(datetime.timezone.utc)
        db["series"].insert_many([{"t": now, "m": i % 3, "v": i} for i in range(300)])
    db.command("createUser", "anna", pwd="geheim", roles=["read"])


def test_what_is_the_same_is_the_same(member, store):
    fill(member)
    store.run("backup", "--uri", member.uri)
    found = verified(store, member)
    assert found["ok"] and found["catalogCompared"] and found["notes"] == []
    assert found["documents"] >= 20000 + 1500 + 1 and found["collections"] >= 4
    text = store.run("verify", "--uri", member.uri).out
    assert "the same" in text
    event = json.loads(next((store.path / "local").glob("*/status/verify.json")).read_text())
    assert event["ok"] and event["documents"] == found["documents"]


def test_while_clients_write_and_a_tail_follows(member, store):
    print(f"seed {SEED}")
    fill(member)
    store.run("backup", "--uri", member.uri)
    stop, problems = threading.Event(), []

    def client(number):
        rng = random.Random(SEED + number)
        db = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)["shop"]
        try:
            while not stop.is_set():
                db["orders"].update_one({"_id": rng.randrange(20000)}, {"$inc": {"times": 1}})
                db["orders"].insert_one({"by": number})
                db["folded"].update_one({"_id": f"z{rng.randrange(500)}"}, {"$inc": {"times": 1}})
                db["ring"].insert_one({"by": number})
        except Exception as error:
            problems.append(repr(error))

    with Tail(store, member.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        threads = [threading.Thread(target=client, args=(i,)) for i in range(2)]
        for thread in threads:
            thread.start()
        try:
            found = [verified(store, member, check=(0, 4)) for _ in range(2 if member.number >= (5, 0) else 1)]
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert not problems, problems
        busy = [n for one in found for n in one["notes"] if n["namespace"] != "shop.ring"]
        assert busy == []  # a capped collection that never rests can't be compared
        last = verified(store, member)
        assert last["ok"] and last["catalogCompared"]
        assert tail.end() == 0


def differing(store, member, change, folder):
    """Verify with a store whose documents were changed on their way in."""
    peers.tools.mongodump("--host", member.address, "--oplog", "--out", folder)
    change(folder)
    store.ingest(folder)
    return verified(store, member, check=4)


def test_one_changed_document_is_named(member, store, tmp_path):
    db = member.client["shop"]
    count = COUNT
    for begin in range(0, count, 10000):
        db["orders"].insert_many([{"_id": i, "n": i, "pad": "p" * 40} for i in range(begin, begin + 10000)])
    db["orders"].create_index("n", name="by_n")

    def change(folder):
        path = folder / "shop" / "orders.bson"
        documents = peers.dump_documents(path)
        documents[77777] = documents[77777].replace(b"pppp", b"pqpp", 1)
        del documents[5]
        path.write_bytes(b"".join(documents) + bson.encode({"_id": count + 1}))
        meta = folder / "shop" / "orders.metadata.json"
        meta.write_text(meta.read_text().replace("by_n", "by_m"))

    found = differing(store, member, change, tmp_path / "dump")
    assert not found["ok"] and found["documents"] == count
    assert {(n["kind"], n["namespace"], n["what"]) for n in found["notes"]} == {
        ("differs", "shop.orders", "77777"), ("extra", "shop.orders", "5"), ("missing", "shop.orders", str(count + 1)),
        ("catalog", "shop.orders", "")}
    said = store.run("verify", "--uri", member.uri, check=4).out
    assert "shop.orders 77777: DIFFERS" in said and "NOT the same" in said
    assert not json.loads(next((store.path / "local").glob("*/status/verify.json")).read_text())["ok"]


def test_a_collection_that_only_one_has_is_named(member, store):
    for name in ("one", "two"):
        member.client["shop"][name].insert_one({"_id": 1})
    store.run("backup", "--uri", member.uri, "--nsExclude", "shop.two")
    assert [(n["kind"], n["namespace"]) for n in verified(store, member, check=4)["notes"]] == [("catalog", "shop.two")]
    assert verified(store, member, "--nsExclude", "shop.two")["catalogCompared"]
    member.client["shop"]["one"].drop()
    behind = verified(store, member, "--nsInclude", "shop.one", check=None)
    assert not behind["catalogCompared"]  # the store does not know yet
    store.run("tail", "--once", "--uri", member.uri)
    assert verified(store, member, "--nsInclude", "shop.one")["collections"] == 0


def test_a_moment_that_the_member_no_longer_knows(member, store):
    member.client["shop"]["one"].insert_one({"_id": 1})
    store.run("backup", "--name", "b", "--uri", member.uri)
    if member.number < (5, 0):
        said = store.run("verify", "--at", "b", "--uri", member.uri, check=6)  # it said "the same" of nothing
        assert "only as it is now" in said.err and "without --at" in said.err
        return
    found = verified(store, member, "--at", "b")
    assert found["ok"] and found["documents"] == 1
    member.client["shop"]["one"].update_one({"_id": 1}, {"$set": {"later": True}})
    assert verified(store, member, "--at", "b")["documents"] == 1  # as it was then
    member.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)
    try:
        def too_old():
            member.client["shop"]["one"].update_one({"_id": 1}, {"$inc": {"more": 1}})
            done = store.run("verify", "--at", "b", "--uri", member.uri, check=(0, 5))
            return done.status == 5 and done
        assert "no longer knows" in until(too_old, "the history is gone").err
    finally:
        member.client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=300)


def test_what_was_dropped_since_is_no_difference_of_an_earlier_moment(member, store):
    """A member of before 7.0 shows it as empty at any time; exit 4 would say that the store is damaged."""
    if member.number < (5, 0):
        return  # refused
    shop = member.client["shop"]
    for name in ("kept", "dropped", "renamed", "made anew", "changed"):
        shop[name].insert_many([{"_id": i} for i in range(10)])
    store.run("backup", "--name", "b", "--uri", member.uri)
    for name in ("dropped", "made anew"):
        shop[name].drop()
    shop["renamed"].rename("elsewhere")
    shop["made anew"].insert_one({"_id": "other"})
    shop["changed"].delete_many({})
    shop["changed"].create_index("x")
    found = verified(store, member, "--at", "b")
    assert found["ok"] and found["documents"] >= 10 and found["skipped"] in (3, 4), found  # a collection with a new index can't be read either
    assert "may have changed since" in store.run("verify", "--at", "b", "--uri", member.uri).out


def test_nothing_is_written_to_the_member(member, store):
    fill(member)
    store.run("backup", "--uri", member.uri)
    log = member.client.local["oplog.rs"]
    last = log.find_one(sort=[("$natural", -1)])["ts"]
    verified(store, member)
    new = [e for e in log.find({"ts": {"$gt": last}}) if e["op"] != "n" and e.get("ns") != "config.system.sessions"]
    assert new == []
