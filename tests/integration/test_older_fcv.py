"""A server with an older feature compatibility version logs `$v: 1`, in its own order of names, outside and inside of transactions."""
import json
import os
import random

import bson
import peers
import pymongo
import pytest
from bson import SON
from pymongo import InsertOne, UpdateOne

pytestmark = pytest.mark.mongod
SEED = int(os.environ.get("YESTER_SEED") or 20261123)
# 5.0 visits 5, 36, 4b, a; 4.x visits 36, 4b, 5, a.
NAMES = ("5", "36", "4b", "a", "110", "9", "9a", "m.9", "m.10", "m.2b")


def change(rng):
    return {"$set": SON((name, rng.randrange(9)) for name in rng.sample(NAMES, 5))}


def updates_logged(server):
    """[(is it inside a transaction?, names of $set)] of all that is `$v: 1`."""
    for entry in server.client.local["oplog.rs"].find({}, sort=[("$natural", 1)]):
        inside = entry["op"] == "c" and "applyOps" in entry["o"]
        for operation in entry["o"]["applyOps"] if inside else [entry]:
            if operation["op"] == "u" and operation["o"].get("$v") == 1 and "$set" in operation["o"]:
                yield inside, list(operation["o"]["$set"])


def test_new_fields_come_in_the_order_of_the_binary(store, tools, tmp_path):
    """The base is a dump that does not tell the server's version, as older tools write it: there is the older FCV only."""
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    with peers.Mongod("5.0.4") as server, pymongo.MongoClient(server.uri) as client:
        coll = client["shop"]["orders"]
        client.admin.command("setFeatureCompatibilityVersion", "4.4")
        coll.bulk_write([InsertOne({"_id": i}) for i in range(60)])
        tools.mongodump("--uri", server.uri, "--oplog", "--out", tmp_path / "dump")
        for prelude in (tmp_path / "dump").rglob("prelude.json*"):
            prelude.unlink()
        store.ingest(tmp_path / "dump")
        coll.bulk_write([UpdateOne({"_id": i}, change(rng)) for i in range(20)])
        with client.start_session() as session:
            for first in range(20, 60, 8):  # of a transaction several, in one entry
                with session.start_transaction():
                    for i in range(first, first + 8):
                        coll.update_one({"_id": i}, change(rng), session=session)
        logged = list(updates_logged(server))
        for inside in (False, True):
            assert any(names != sorted(names) for was, names in logged if was == inside), "the test tests nothing"
        tools.mongodump("--uri", server.uri, "-d", "local", "-c", "oplog.rs", "--out", tmp_path / "slice")
        store.run("ingest-oplog", tmp_path / "slice")
        theirs = {one["_id"]: one.raw for one in coll.with_options(codec_options=peers.RAW).find()}
    ours = bson.decode_all(store.run("cat", "shop.orders", "--format", "bson").raw, peers.RAW)
    assert {one["_id"]: one.raw for one in ours} == theirs
    for i in (0, 59):  # `log` applies them by itself
        last = json.loads(store.run("log", "shop.orders", str(i), "--json").out.splitlines()[-1])
        assert list(last["document"]) == list(bson.decode(theirs[i]))
