"""$near, $nearSphere and $geoNear beside a mongod 6.0.27: the commands of tests/query/commands_near.py, and places by hand."""
import os

import pytest
from test_query import Pair, server  # noqa: F401 (server: a fixture)

import commands_near

HERE = {"type": "Point", "coordinates": [1, 1]}


@pytest.fixture
def pair(server, tmp_path):  # noqa: F811
    made = Pair(server, tmp_path)
    yield made
    made.close()


def test_random_searches_by_distance_are_answered_as_mongod_answers_them(pair):
    seed = int(os.environ.get("YESTER_SEED") or 20)
    print(f"seed {seed}")
    near = commands_near.Near(seed)
    near.fill(pair.database, 80)
    pair.open()
    found = [pair.same(near.command()) for _ in range(400)]
    assert sum(bool(reply.get("cursor", {}).get("firstBatch")) for reply in found) > 50


def test_a_near_behind_the_stages_of_a_view_has_no_distances(pair):
    database, stage = pair.database, {"$geoNear": {"near": HERE, "distanceField": "d"}}
    database.s.create_index([("loc", "2dsphere")])
    database.s.insert_many([{"_id": i, "a": i % 3, "loc": {"type": "Point", "coordinates": [i, -i]}} for i in range(8)])
    database.command({"create": "v", "viewOn": "s", "pipeline": [{"$match": {"a": {"$gte": 1}}}]})
    database.command({"create": "near", "viewOn": "s", "pipeline": [stage]})
    pair.open()
    # One each: which of two a mongod misses first goes by the order of a table that it hashes anew in each process.
    meta, point = ({"$addFields": {"m": {"$meta": name}}} for name in ("geoNearDistance", "geoNearPoint"))
    for name in ("s", "v", "near", "nothing"):
        for pipeline in ([stage], [stage, meta, point], [meta], [point], [{"$match": {}}, stage], [{"$match": {"a": 1}}, stage], [{"$facet": {"a": [stage]}}], [stage, {"$facet": {"a": [meta]}}], [stage, {"$group": {"_id": None, "m": {"$push": {"$meta": "geoNearDistance"}}}}]):
            pair.same({"aggregate": name, "pipeline": pipeline, "cursor": {}})
        pair.same({"aggregate": "s", "pipeline": [{"$lookup": {"from": name, "pipeline": [stage, {"$limit": 2}], "as": "x"}}, {"$limit": 2}], "cursor": {}} if name != "near" else {"find": "near"})
        pair.same({"find": name, "filter": {"loc": {"$near": {"$geometry": HERE}}}})
        pair.same({"count": name, "query": {"loc": {"$near": {"$geometry": HERE, "$maxDistance": 3e5}}}})


def test_a_near_is_about_any_place_of_an_array(pair):
    pair.database.flat.create_index([("at", "2d")])
    pair.database.flat.insert_many([{"_id": 1, "at": [[0, 0], [5, 5]]}, {"_id": 2, "at": [[1, 3]]}, {"_id": 3, "at": {"x": 2, "y": 2}}, {"_id": 4, "at": [9, 9]}, {"_id": 5}])
    pair.open()
    for x, y in ((0, 0.1), (5, 4.8), (1.1, 2.7), (-7, 3)):
        for limit in ({}, {"$maxDistance": 4}, {"$minDistance": 1}, {"$minDistance": 1, "$maxDistance": 6}):
            for word in ("$near", "$nearSphere"):
                pair.same({"find": "flat", "filter": {"at": {word: [x, y], **limit}}, "projection": {"d": {"$meta": "geoNearDistance"}, "p": {"$meta": "geoNearPoint"}}})
                pair.same({"find": "flat", "filter": {"at": {word: [x, y], **limit}}, "sort": {"_id": -1}})


def test_a_near_on_a_time_series_is_refused(pair):
    pair.database.create_collection("ts", timeseries={"timeField": "t", "metaField": "m"})
    pair.open()
    pair.same({"aggregate": "ts", "pipeline": [{"$geoNear": {"near": HERE, "distanceField": "d"}}], "cursor": {}})
    ours = pair.both({"aggregate": "ts", "pipeline": [{"$geoNear": {"near": HERE, "distanceField": "d", "key": "m"}}], "cursor": {}})[1]
    assert b"yesterfs does not answer $geoNear on a time-series collection" in ours
