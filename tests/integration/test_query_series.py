"""Reads of time series against a mongod 6.0.27: hints of their indexes, the order of fields that stages set anew."""
import datetime

import bson
import peers
import pymongo
import pytest
import serving
from bson import Int64
from test_query import DB, Pair, server  # noqa: F401 (server: a fixture)

BEGIN = datetime.datetime(2021, 5, 5)
INDEXES = ([("m.s", 1), ("t", -1)], [("m", 1)], [("t", 1)], [("t", -1)], [("x", 1)], [("x", -1), ("m.s", 1)], [("place", "2dsphere")], [("m.place", "2dsphere")])


@pytest.fixture
def pair(server, tmp_path):  # noqa: F811
    made = Pair(server, tmp_path)
    database = made.database
    database.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    for index in INDEXES:
        database.series.create_index(index)
    database.create_collection("plain", timeseries={"timeField": "t"})
    for i in range(40):
        document = {"t": BEGIN + datetime.timedelta(seconds=i), **({"m": {"s": i % 4, "r": "ab"[i % 2], "place": [i, 1]}} if i % 5 else {"m": {"place": [1, 2]}}), "_id": i, **({"x": i % 7} if i % 3 else {}), "y": str(i), "z": i, "place": [i, i]}
        database.series.insert_one(document)
        database.plain.insert_one(document)
    database.command("create", "view", viewOn="series", pipeline=[{"$match": {"z": {"$gt": 3}}}])
    yield made
    made.close()


def aggregate(name, *stages, **more):
    return {"aggregate": name, "pipeline": list(stages), "cursor": {}, **more}


HINTS = [dict(index) for index in INDEXES] + ["m.s_1_t_-1", "t_1", {"m.s": 1.0, "t": Int64(-1)}, {"$hint": "x_1"}]
NONE = [{"_id": 1}, {"m.s": 1}, {"t": -1, "m.s": 1}, {"meta": 1}, {"meta.s": 1, "control.max.t": -1, "control.min.t": -1}, {"y": 1}, {"place": "2d"}, "meta_1", {"$hint": "meta"}]


def test_a_hint_names_an_index_of_a_time_series_by_its_fields(pair):
    pair.open()
    for hint in HINTS:
        for name in ("series", "view"):
            pair.same({"find": name, "sort": {"_id": 1}, "hint": hint})
            pair.same({"find": name, "filter": {"m.s": {"$gte": 2}}, "sort": {"_id": 1}, "hint": hint})
            pair.same({"count": name, "query": {"z": {"$gt": 20}}, "hint": hint})
            pair.same(aggregate(name, {"$sort": {"_id": 1}}, hint=hint))
    for hint in NONE:
        assert pair.same(aggregate("series", hint=hint))["code"] == 2
        assert [bson.decode(raw)["code"] for raw in pair.both(aggregate("view", hint=hint))] == [2, 2]  # mongod tells the filter of the buckets
        pair.same(aggregate("plain", hint=hint))
    for hint in ({"meta.s": 1, "control.max.t": -1, "control.min.t": -1}, {"meta": 1}, "t_1", {"data.place": "2dsphere_bucket"}, {"control.min.x": 1, "control.max.x": 1}):
        pair.same({"count": "system.buckets.series", "query": {"meta.s": 1}, "hint": hint})


def test_buckets_list_the_indexes_of_their_time_series(pair):
    pair.open()
    with serving.Server(pair.folder / "store", "--noauth") as ours:
        client = pymongo.MongoClient(ours.uri)
        for name in ("series", "plain", "system.buckets.series", "system.buckets.plain"):
            have, want = (database.command("listIndexes", name)["cursor"]["firstBatch"] for database in (client[DB], pair.database))
            assert have == want, name
            assert [list(index["key"]) for index in have] == [list(index["key"]) for index in want], name
        client.close()


UNSET, META, NEW = {"$unset": "x"}, {"$set": {"x": "$m.s"}}, {"$set": {"x": 1}}
ORDERS = ([UNSET, NEW], [{"$match": {"z": 5}}, UNSET, NEW], [{"$match": {"m.s": 2}}, UNSET, NEW], [{"$sort": {"z": 1}}, UNSET, NEW], [{"$limit": 9}, UNSET, NEW], [UNSET, {"$limit": 9}, NEW], [{"$skip": 3}, UNSET, NEW],
          [UNSET, {"$skip": 3}, NEW], [UNSET, {"$limit": 9}, {"$skip": 1}, NEW], [UNSET, {"$match": {"z": 5}}, NEW], [UNSET, {"$match": {"x": None}}, NEW], [UNSET, {"$sort": {"t": -1}}, NEW],
          [UNSET, {"$unset": "y"}, {"$set": {"x": 1, "y": 1}}], [{"$unset": ["x", "y"]}, {"$set": {"y": 1, "x": 1}}], [{"$set": {"q": 1}}, UNSET, NEW], [{"$set": {"q": "$m.s"}}, UNSET, NEW], [{"$unset": ["x", "m.s"]}, NEW],
          [{"$unset": ["x", "y.a"]}, NEW], [{"$unset": ["x", "m", "y.a"]}, {"$set": {"x": 1, "m": 1}}], [{"$project": {"x": 0, "m": 0}}, {"$set": {"x": 1, "m": 1}}], [{"$unset": "t"}, {"$set": {"t": 1}}],
          [{"$project": {"_id": 0}}, {"$set": {"_id": 1}}], [UNSET, {"$set": {"q": 2}}, NEW], [META], [META, NEW], [META, {"$skip": 3}], [META, {"$limit": 3}], [{"$set": {"x": "$m.q"}}, NEW], [{"$set": {"y": "$m.s", "x": "$m.r"}}],
          [{"$set": {"x": "$m.s", "y": "$z"}}], [{"$set": {"x": 1, "y": "$m"}}], [{"$set": {"x": {"$ifNull": ["$m.s", 5]}}}], [{"$set": {"x": {"k": "$m.s"}}}], [{"$set": {"x": {"$ifNull": ["$m.s", "$z"]}}}], [{"$set": {"t": "$m"}}],
          [{"$set": {"_id": "$m"}}], [{"$set": {"x": {"$literal": "$m"}}}], [META, {"$match": {"x": 1}}], [META, {"$unset": "m"}], [META, {"$project": {"y": 0, "m": 0}}, {"$sort": {"x": 1, "_id": 1}}], [UNSET, META], [{"$unset": "m"}, META],
          [{"$match": {"m.s": 2}}, {"$unset": "m"}], [{"$sort": {"m.s": 1}}, {"$unset": "m"}, {"$sort": {"_id": 1}}])


def test_fields_that_are_set_anew_have_the_place_that_unpacking_leaves_them(pair):
    """Of the plain series, which has no index: what is asked of the meta field is read by one in mongod."""
    pair.database.command("drop", "plain")
    pair.database.create_collection("plain", timeseries={"timeField": "t", "metaField": "m"})
    pair.database.plain.insert_many([{"t": BEGIN + datetime.timedelta(seconds=i), **({"m": {"s": i % 3, "r": "ab"[i % 2]}} if i % 4 else {}), "x": i, "y": i % 5, "_id": i, "z": i % 6} for i in range(30)])
    pair.open()
    for stages in ORDERS:
        pair.same(aggregate("plain", *stages))


def without_run(document):
    return [(name, value) for name, value in document.items() if name not in ("host", "accesses", "localTime")]


def test_a_time_series_tells_of_its_indexes_and_sizes(pair):
    pair.database.command("create", "same", viewOn="series", pipeline=[])
    pair.open()
    for name in ("series", "view", "same", "plain", "system.buckets.series"):
        for stage in ({"$indexStats": {}}, {"$collStats": {"count": {}}}, {"$planCacheStats": {}}, {"$listCatalog": {}}):
            if stage == {"$listCatalog": {}} and name.startswith("system"):
                continue
            for pipeline in ([stage, {"$sort": {"name": 1}}], [{"$limit": 1}, {"$unionWith": {"coll": name, "pipeline": [stage]}}, {"$sort": {"name": 1}}]):
                if len(pipeline) == 3 and stage == {"$listCatalog": {}}:
                    continue
                want, have = (bson.decode(raw) for raw in pair.both(aggregate(name if len(pipeline) == 2 else "single", *pipeline)))
                assert want.get("code") == have.get("code"), (name, pipeline)
                if want["ok"]:
                    want, have = ([dict(without_run(d)) for d in reply["cursor"]["firstBatch"]] for reply in (want, have))
                    assert want == have, (name, pipeline)
    for name in ("series", "same"):
        want, have = (bson.decode(raw)["cursor"]["firstBatch"] for raw in pair.both(aggregate(name, {"$indexStats": {}}, {"$sort": {"name": 1}})))
        assert [list(d) for d in want] == [list(d) for d in have]


def test_indexes_that_came_by_the_oplog_are_the_same(tmp_path):
    with peers.Mongod("6.0.27") as member:
        client = pymongo.MongoClient(member.uri)
        store = tmp_path / "store"
        client[DB].first.insert_one({})
        peers.tools.mongodump("--quiet", "--uri", member.uri, "--oplog", "--out", tmp_path / "dump")
        peers.yester("init", store)
        peers.yester("ingest", "-s", store, tmp_path / "dump")
        client[DB].create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
        client[DB].series.insert_one({"t": BEGIN, "m": {"s": 1, "place": [1, 2]}, "x": 1, "place": [1, 1]})
        for index in INDEXES:
            client[DB].series.create_index(index)
        client[DB].first.insert_one({})
        peers.tools.mongodump("--quiet", "--uri", member.uri, "-d", "local", "-c", "oplog.rs", "--out", tmp_path / "slice")
        peers.yester("ingest-oplog", "-s", store, tmp_path / "slice")
        with serving.Server(store, "--noauth") as ours:
            moment = pymongo.MongoClient(ours.uri)
            for name in ("series", "system.buckets.series"):
                want, have = (c[DB].command("listIndexes", name)["cursor"]["firstBatch"] for c in (client, moment))
                assert have == want, name
                want, have = ([dict(without_run(d)) for d in c[DB][name].aggregate([{"$indexStats": {}}, {"$sort": {"name": 1}}])] for c in (client, moment))
                assert have == want, name
            for hint in HINTS:
                assert len(moment[DB].command("find", "series", hint=hint)["cursor"]["firstBatch"]) == 1
            moment.close()
        client.close()
