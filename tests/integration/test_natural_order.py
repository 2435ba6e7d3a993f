"""Natural order: what a mongod answers without a sort comes in the order in which the documents lie in its record store, and so it does from a
dump of it. Against a mongod 6.0.27."""
import random

import bson
import peers
import pytest
from bson import ObjectId
from encrypted import Encrypted
from serving import Server
from test_query import DB, Pair, server  # noqa: F401 (a fixture)

SEED = 20261122
DOCUMENTS = 3000


@pytest.fixture
def pair(server, tmp_path):  # noqa: F811
    made = Pair(server, tmp_path)
    yield made
    made.close()


def shuffled(count, rng):
    ids = list(range(count))
    rng.shuffle(ids)
    return ids


def fill(database, rng):
    """Collections whose order in the record store is not that of `_id`, by all that can make it so."""
    data = database.data
    data.insert_many([{"_id": i, "n": i % 7, "s": f"x{i % 50}", "a": [i, -i], "pad": "p" * 400} for i in shuffled(DOCUMENTS, rng)])
    data.delete_many({"_id": {"$in": rng.sample(range(DOCUMENTS), DOCUMENTS // 5)}})
    for i in rng.sample(range(DOCUMENTS), 200):
        data.replace_one({"_id": i}, {"n": 8, "s": "y" * rng.randrange(300)}, upsert=True)
    mixed = [1, 2.5, "x", "B", ObjectId(), None, True, b"b", {"a": 1}, 7, -3, "c", ObjectId()]
    rng.shuffle(mixed)
    database.mixed.insert_many([{"_id": v, "n": i} for i, v in enumerate(mixed)])
    database.create_collection("folded", collation={"locale": "en", "strength": 2})
    database.folded.insert_many([{"_id": v, "n": len(v)} for v in ("b", "A", "c", "Ab", "aa", "ba")])
    database.command("create", "seen", viewOn="data", pipeline=[{"$match": {"n": {"$lt": 4}}}])


def find(coll="data", **more):
    return {"find": coll, "batchSize": DOCUMENTS * 2, **more}


def aggregate(*pipeline, coll="data", **more):
    return {"aggregate": coll, "pipeline": list(pipeline), "cursor": {"batchSize": DOCUMENTS * 2}, **more}


FINDS = [
    {}, {"filter": {"n": 3}}, {"filter": {"n": {"$gt": 2}}, "skip": 5, "limit": 20}, {"limit": 7}, {"skip": 2000}, {"sort": {"$natural": 1}}, {"sort": {"$natural": -1}}, {"hint": {"$natural": -1}, "limit": 50},
    {"sort": {"$natural": -1}, "filter": {"n": 1}, "skip": 3}, {"projection": {"_id": 1}}, {"projection": {"n": 1, "_id": 0}, "limit": 100}, {"filter": {"s": {"$regex": "^x1"}}}, {"filter": {"a": 7}}, {"singleBatch": True, "limit": 5},
    # By the index on _id.
    {"filter": {"_id": {"$gt": 50}}, "limit": 30}, {"filter": {"_id": {"$in": [9, 3, 77, 5]}}}, {"filter": {"_id": {"$ne": 4}}}, {"filter": {"_id": {"$nin": [4, 5]}}}, {"filter": {"_id": {"$exists": True}}},
    {"filter": {"_id": {"$exists": False}}}, {"filter": {"_id": {"$mod": [5, 1]}}}, {"filter": {"_id": {"$type": "int"}}}, {"filter": {"_id": {"$not": {"$gt": 100}}}}, {"filter": {"_id": {"$gte": 10}, "n": 2}},
    {"filter": {"$and": [{"n": 2}, {"_id": {"$ne": 1}}]}}, {"filter": {"$or": [{"_id": {"$gt": 2900}}, {"_id": {"$lt": 30}}]}}, {"filter": {"$or": [{"_id": 40}, {"_id": 30}]}}, {"filter": {"_id": {"$ne": None}}},
    {"filter": {"_id": {"$not": {"$mod": [5, 1]}}}}, {"filter": {"_id": {"$not": {"$type": "string"}}}}, {"filter": {"_id": {"$type": "number"}, "n": 4}}, {"hint": {"_id": 1}}, {"hint": "_id_", "filter": {"n": 2}},
    {"filter": {"_id": {"$gt": 50}}, "hint": {"$natural": 1}}, {"filter": {"_id": {"$gt": 50}}, "sort": {"$natural": -1}}, {"sort": {"_id": 1}}, {"sort": {"_id": -1}, "filter": {"n": 3}}, {"min": {"_id": 30}, "hint": {"_id": 1}},
    {"filter": {"_id": {"$gte": float("-inf")}}}, {"filter": {"_id": {"$lt": "x"}}}, {"filter": {"_id": {"$elemMatch": {"$gt": 1}}}}, {"filter": {"_id": {"$size": 1}}}, {"filter": {"_id": {"$bitsAllSet": 1}}},
    # Not by it.
    {"filter": {"$or": [{"_id": {"$gt": 2900}}, {"n": 3}]}}, {"filter": {"$nor": [{"n": 3}]}}, {"filter": {"$expr": {"$lt": ["$_id", 500]}}}, {"filter": {"$expr": {"$eq": ["$n", 3]}}}, {"filter": {"_id.a": {"$ne": 3}}},
    {"filter": {"$nor": [{"_id": {"$gt": 100}}]}}, {"filter": {"$nor": [{"_id": {"$gt": 100}}, {"n": 3}]}}, {"filter": {"$or": [{"_id": {"$gt": 2000}, "n": 3}, {"_id": {"$lt": 300}, "n": {"$gt": 4}}]}},
]
PIPELINES = [
    [], [{"$match": {"n": 3}}], [{"$match": {"n": {"$gt": 2}}}, {"$skip": 5}, {"$limit": 20}], [{"$limit": 7}], [{"$project": {"_id": 1}}], [{"$project": {"n": 1}}, {"$limit": 9}], [{"$match": {"_id": {"$gt": 9}}}, {"$limit": 40}],
    [{"$group": {"_id": "$n", "all": {"$push": "$_id"}, "first": {"$first": "$_id"}, "last": {"$last": "$_id"}}}, {"$sort": {"_id": 1}}], [{"$match": {"_id": {"$ne": 3}}}, {"$group": {"_id": None, "all": {"$push": "$_id"}}}],
    [{"$unwind": "$a"}, {"$limit": 99}], [{"$match": {"$expr": {"$lt": ["$_id", 500]}}}], [{"$match": {"$expr": {"$eq": ["$_id", 500]}}}], [{"$project": {"_id": 0, "s": 1}}, {"$match": {"s": "x3"}}],
    [{"$limit": 5}, {"$lookup": {"from": "mixed", "as": "m", "pipeline": [{"$project": {"n": 1}}]}}], [{"$limit": 3}, {"$lookup": {"from": "data", "localField": "n", "foreignField": "n", "as": "m"}}, {"$project": {"m._id": 1}}],
    [{"$match": {"n": 2}}, {"$unionWith": "mixed"}], [{"$facet": {"a": [{"$limit": 4}], "b": [{"$skip": 100}, {"$limit": 3}]}}], [{"$sort": {"_id": 1}}, {"$limit": 5}], [{"$sort": {"n": 1}}], [{"$addFields": {"z": 1}}, {"$skip": 2500}],
    [{"$match": {"n": {"$gte": 0}}}, {"$project": {"_id": 1}}], [{"$group": {"_id": "$_id"}}, {"$count": "n"}],
]


def check_all(pair):
    for more in FINDS:
        pair.same(find(**more))
    for more in FINDS[:8]:
        for coll in ("mixed", "folded", "seen"):
            if coll != "seen" or "sort" not in more and "hint" not in more:
                pair.same(find(coll, **more))
    for query in ({"_id": {"$ne": "x"}}, {"_id": {"$type": "string"}}, {"n": 1}):
        pair.same(find("mixed", filter=query, collation={"locale": "en", "strength": 2}))
        pair.same(find("mixed", filter=query))
    pair.same(find("folded", filter={"_id": {"$ne": "a"}}, collation={"locale": "simple"}))
    for pipeline in PIPELINES:
        pair.same(aggregate(*pipeline))
        pair.same(aggregate(*pipeline, coll="seen"))
    # The documents before the first that fails are given.
    for place in (0, 700, 1500):
        at = pair.database.data.find(skip=place, limit=1)[0]["_id"]
        fails = {"$expr": {"$divide": [1, {"$subtract": ["$_id", at]}]}}
        for more in ({}, {"limit": place + 1}, {"limit": max(place - 1, 1)}, {"sort": {"$natural": -1}, "limit": 100}, {"sort": {"$natural": -1}}):
            pair.same(find(filter=fails, **more))
    for hint in ({"$natural": -1}, {"$natural": 1}, {"_id": 1}, "_id_"):
        pair.same(aggregate({"$match": {"n": 2}}, hint=hint))
    for more in ({"key": "n"}, {"key": "s", "query": {"n": 2}}, {"key": "_id", "query": {"n": 2}}):
        pair.same({"distinct": "data", **more})
    pair.same({"count": "data", "query": {"n": 2}, "skip": 3, "limit": 9})


def test_what_has_no_sort_comes_as_from_mongod(pair):
    fill(pair.database, random.Random(SEED))
    pair.open()
    check_all(pair)


def order_of(collection, **more):
    return [document["_id"] for document in collection.find(**more)]


def files_of(folder):
    return {path.name: [bson.decode(document).get("_id") for document in peers.split_documents(path.read_bytes())] for path in folder.rglob("*.bson")}


def test_the_order_goes_with_archives_keys_and_copies(pair, tmp_path):
    fill(pair.database, random.Random(SEED + 1))
    archive = tmp_path / "archive.gz"
    peers.tools.mongodump("--quiet", "--uri", pair.server.uri, "--db", DB, "--gzip", f"--archive={archive}")
    locked = Encrypted(tmp_path / "locked")
    locked.run("ingest", "--archive", archive)
    plain = peers.Store(tmp_path / "plain")
    locked.run("copy", plain.path)
    for store in (locked, plain):
        store.run("check", "--read-data")
    with Server(plain.path, "--noauth") as server:  # noqa: F811
        for name in ("data", "mixed", "folded"):
            ours, real = server.client[DB][name], pair.database[name]
            assert order_of(ours) == order_of(real)
            assert order_of(ours, hint={"$natural": -1}) == order_of(real, hint={"$natural": -1})
            assert order_of(ours, sort={"_id": 1}, collation={"locale": "simple"}) == order_of(real, sort={"_id": 1}, collation={"locale": "simple"})
        peers.tools.mongodump("--quiet", "--uri", server.uri, "--db", DB, "--out", tmp_path / "again")
    peers.tools.mongodump("--quiet", "--uri", pair.server.uri, "--db", DB, "--out", tmp_path / "first")
    assert files_of(tmp_path / "again") == files_of(tmp_path / "first")
