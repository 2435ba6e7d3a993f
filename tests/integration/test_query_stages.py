"""The query engine against a real mongod 6.0.27: what mongod's own tests, and those of DocumentDB, have shown of stages and commands."""
import random
import re

import peers
import pytest
from bson import Decimal128, Int64, Timestamp
from serving import Server
from test_query import DB, Pair, RawClient, server  # noqa: F401 (server: a fixture)

POINT = {"type": "Point", "coordinates": [0, 0]}
CLUSTER_TIME = "$$CLUSTER_TIME"


@pytest.fixture(scope="module")
def pair(server, tmp_path_factory):  # noqa: F811
    made = Pair(server, tmp_path_factory.mktemp("stages"))
    made.database.data.insert_many([{"_id": i, "a": i} for i in range(3)])
    places = [[0, 0], [180, 0], [90, 0], [0, 90], [0, -90], [1, 1], [-179.99, 0.01]]
    made.database.places.insert_many([{"_id": i, "at": {"type": "Point", "coordinates": place}, "flat": place} for i, place in enumerate(places)])
    arrays = [{"_id": 0, "a": [{"b": 1, "c": 2}, {"b": 3}], "d": 5, "z": 0}, {"_id": 1, "a": [{"b": 1}, 7, [{"b": 1}]], "d": [{"e": 1, "x": 5}], "z": 1}, {"_id": 4, "z": 0}, {"_id": 5, "a": None, "z": 2},
              {"_id": 6, "a": [], "d": [1, 2], "z": 3}, {"_id": 7, "a": [{"b": [1, 2]}, {"b": {"c": 1}}], "z": 1}, {"_id": 8, "a": [[{"b": 1}]], "d": []}]
    made.database.arrays.insert_many(arrays)
    made.database.mixed.insert_many([*arrays, {"_id": 2, "a": {"b": 1}, "z": 0}, {"_id": 3, "a": 7, "z": 0}])
    pick = random.Random(20261124)
    made.database.ties.insert_many([{"_id": i, "k": pick.randrange(4), "m": pick.randrange(4), "l": [pick.randrange(9) for _ in range(pick.randrange(3))]} for i in range(300)])
    made.database.places.create_index([("at", "2dsphere")])
    made.database.places.create_index([("flat", "2d")])
    yield made.open()
    made.close()


def aggregate(name, *stages, **more):
    return {"aggregate": name, "pipeline": list(stages), "cursor": {}, **more}


def renamed(query, path):
    """The same query about another field than D."""
    if isinstance(query, dict):
        return {key.replace("D", path): renamed(value, path) for key, value in query.items()}
    if isinstance(query, list):
        return [renamed(value, path) for value in query]
    return query.replace("$D", "$" + path) if isinstance(query, str) else query


def test_the_32_keys_of_a_sort_are_those_that_are_fields(pair):
    random_value = {"$meta": "randVal"}
    for count in (31, 32, 33):
        fields = {f"f{i}": 1 for i in range(count)}
        for more in ({}, {"z": random_value}, {"z": 5}, {"z": "x"}, {"z..a": 1}, {"z": {"$meta": "x"}}):
            spec = {**fields, **more}
            pair.same(aggregate("data", {"$sort": spec}, {"$count": "n"}))
            pair.same(aggregate("data", {"$setWindowFields": {"sortBy": spec, "output": {"x": {"$sum": 1}}}}, {"$count": "n"}))
            if count + len(more) <= 32:
                pair.same(aggregate("data", {"$group": {"_id": None, "x": {"$top": {"sortBy": spec, "output": 1}}}}))


def test_a_top_by_32_fields_and_a_random_value_is_no_end_of_the_engine(pair):
    spec = {**{f"f{i}": 1 for i in range(32)}, "z": {"$meta": "randVal"}}
    for name in ("$top", "$bottom"):
        pair.both(aggregate("data", {"$group": {"_id": None, "x": {name: {"sortBy": spec, "output": 1}}}}))
    pair.both(aggregate("data", {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"x": {"$top": {"sortBy": spec, "output": 1}}}}}))
    assert pair.ours.deaths == 0


def test_nuls_in_the_paths_of_unset_and_unwind_are_told_after_other_mistakes(pair):
    for paths in ("a\0b", ["a\0b", 1], [1, "a\0b"], ["a\0b", "$x"], ["$x", "a\0b"], ["a\0b", ""], ["a..b", "a\0"], ["a\0", ["x"]]):
        pair.same(aggregate("data", {"$unset": paths}))
    for path in ("$a\0b", "$a\0b.c", "$a.b\0", "$a..b\0", "$\0", "$a.\0"):
        pair.same(aggregate("data", {"$unwind": path}))
        pair.same(aggregate("data", {"$unwind": {"path": path, "includeArrayIndex": "i"}}))


def test_an_aggregate_of_one_is_that_of_any_number_that_is_one_as_a_double(pair):
    for one in (1, 1.0, 1.5, 2, Int64(1), *map(Decimal128, ("1", "1.5", "0.99999999999999999", "1.0000000000000000001", "1.00000000001", "0.9999", "NaN"))):
        reply = pair.same(aggregate(one, {"$documents": [{"a": 1}]}))
        assert ("cursor" in reply) == (float(str(one)) == 1)


def test_a_let_of_a_name_that_mongod_itself_sets_is_refused(pair):
    for name in ("NOW", "CLUSTER_TIME", "JS_SCOPE", "IS_MR", "USER_ROLES", "ROOT", "REMOVE", "SEARCH_META", "NOW2"):
        for command in (aggregate("data"), {"find": "data"}, {"count": "data"}):
            pair.same({**command, "let": {name: 1}})


def test_a_legacy_point_to_compare_with_has_two_numbers_and_nothing_else(pair):
    for point in ([0, 0], [0, 0, 0], [0, 0, "x"], [0], [], {"x": 0, "y": 0}, {"x": 0, "y": 0, "z": 1}, {"x": 0, "y": 0, "z": "s"}, {"lon": 1, "lat": 2, "h": None}):
        for operator in ("$geoIntersects", "$geoWithin", "$near", "$nearSphere"):
            pair.same({"find": "places", "filter": {"at": {operator: {"$geometry": point}}}, "projection": {"_id": 1}, "limit": 1})


def test_nothing_is_farther_than_all_of_the_earth(pair):
    for distance in (20037392, 20037392.10, 20037393, 20037508, 1e9, float("inf")):
        for operator in ("$near", "$nearSphere"):
            pair.same({"find": "places", "filter": {"at": {operator: {"$geometry": POINT, "$minDistance": distance}}}, "projection": {"_id": 1}})
        pair.same(aggregate("places", {"$geoNear": {"near": POINT, "key": "at", "distanceField": "d", "minDistance": distance}}, {"$project": {"_id": 1}}))
    for distance in (3.1415, 3.15, 4, 1e9):
        for path in ("at", "flat"):
            pair.same({"find": "places", "filter": {path: {"$nearSphere": [0, 0], "$minDistance": distance}}, "projection": {"_id": 1}})


def test_the_cluster_time_of_a_replica_set_is_the_moment(tmp_path):
    with peers.Mongod("6.0.27") as mongod:
        mongod.client[DB].data.insert_many([{"_id": i} for i in range(3)])
        mongod.client[DB].command("create", "view", viewOn="data", pipeline=[{"$set": {"t": CLUSTER_TIME}}])
        store = tmp_path / "store"
        peers.yester("init", store)
        peers.yester("backup", "-s", store, "--uri", mongod.uri)
        kind = {"r": {"$type": CLUSTER_TIME}}
        with Server(store, "--noauth", "--replset", "rs0", "--advertise", "127.0.0.1:27017") as ours:
            reads = ({"find": "data", "projection": kind}, aggregate("data", {"$project": kind}), aggregate("view", {"$project": {"t": {"$type": "$t"}}}),
                     aggregate("data", {"$match": {"$expr": {"$eq": [CLUSTER_TIME, Timestamp(1, 1)]}}}), {"find": "data", "filter": {"$expr": {"$lt": [Timestamp(1, 1), CLUSTER_TIME]}}},
                     aggregate("data", {"$lookup": {"from": "data", "pipeline": [{"$project": kind}], "as": "l"}}), {"count": "data", "query": {"$expr": {"$gt": [CLUSTER_TIME, 1]}}},
                     {"distinct": "data", "key": "_id", "query": {"$expr": {"$gt": [CLUSTER_TIME, 1]}}}, {"find": "data", "filter": {"$expr": {"$eq": [{"$type": "$$v"}, "timestamp"]}}, "let": {"v": CLUSTER_TIME}},
                     {"count": "view", "query": {"$expr": {"$gt": [CLUSTER_TIME, 1]}}})
            with RawClient(f"mongodb://{mongod.address}") as real, RawClient(f"mongodb://127.0.0.1:{ours.port}") as served:
                for command in reads:
                    want, have = (client.command(DB, command) for client in (real, served))
                    for reply in (want, have):
                        for name in ("$clusterTime", "operationTime", "ok"):
                            reply.pop(name, None)
                    assert have == want, command
                reply = served.command(DB, aggregate("data", {"$project": {"t": CLUSTER_TIME}}, {"$limit": 1}))
                assert reply["cursor"]["firstBatch"][0]["t"] == served.command("admin", {"hello": 1})["lastWrite"]["opTime"]["ts"]
        with Server(store, "--noauth") as alone, RawClient(f"mongodb://127.0.0.1:{alone.port}") as served:
            assert served.command(DB, {"find": "data", "projection": kind})["code"] == 51144


def test_a_match_goes_before_a_map_that_gives_the_elements_fields_other_names(pair):
    zero = {"$divide": [1, "$z"]}
    inputs = [("$a", {"e": "$$this.b"}), ("$a", {"e": "$$it.b"}, "it"), ("$a", "$$this.b"), ("$a", "$$this"), ("$a", {"e": "$$this.b", "f": {"$add": ["$$this.c", 1]}}), ("$a", {"e": "$$this.b.c"}), ("$a.b", {"e": "$$this.c"}),
              ("$$ROOT.a", {"e": "$$this.b"}), ("$a", {"e": {"k": "$$this.b"}}), ("$a", {"e": {"$map": {"input": "$$it.b", "in": {"q": "$$this.c"}}}}, "it"), ("$a", {"e": {"$map": {"input": "$$this.b", "in": {"q": "$$this.c"}}}}),
              ("$a", {"e": "$z", "f": "$$this.b"}), ("$a", ["$$this.b"]), ({"$ifNull": ["$a", []]}, {"e": "$$this.b"}), ("$a", {}), ("$a", {"e": {"$literal": 1}, "g": "$$this.c"})]
    queries = ({"D.e": 1}, {"D.f": 3}, {"D.e": 1, "D.f": 3}, {"D": []}, {"D": {"$size": 2}}, {"D.x": 5}, {"D.e": None}, {"D.e": {"$exists": False}}, {"D.e.c": 1}, {"D": {"$elemMatch": {"e": 1}}}, {"$or": [{"D.e": 1}, {"D.e": 3}]},
               {"$expr": {"$eq": ["$D.e", [1, 3]]}}, {"D.e.k": 1}, {"D.0.e": 1}, {"z": 0, "D.e": 1})
    for source in ("arrays", "mixed"):
        for array, inner, *name in inputs:
            computed = {"$map": {"input": array, "in": inner, **({"as": name[0]} if name else {})}}
            for query in queries:
                for path, stage in (("d", {"$project": {"d": computed}}), ("d", {"$addFields": {"d": computed, "q": zero}}), ("_id", {"$group": {"_id": computed}}), ("d.d", {"$addFields": {"d": {"d": computed}}})):
                    pair.same(aggregate(source, {"$sort": {"_id": 1}}, stage, {"$match": renamed(query, path)}, {"$sort": {"_id": 1}}))
    for whole in ("$$ROOT.z", "$$CURRENT.z", "$z", "$$ROOT.a.b", "$$CURRENT"):
        for query in ({"D": 0}, {"D": {"$gt": 1}}, {"$expr": {"$eq": ["$D", 1]}}):
            for path, stage in (("d", {"$project": {"d": whole, "q": zero}}), ("d", {"$addFields": {"d": whole, "q": zero}}), ("_id", {"$group": {"_id": whole, "q": {"$sum": zero}}})):
                pair.same(aggregate("arrays", stage, {"$match": renamed(query, path)}, {"$sort": {"_id": 1}}))


def test_equals_of_a_sort_with_a_limit_are_those_that_a_mongod_keeps(pair):
    for key in ({"k": 1}, {"k": -1}, {"k": 1, "m": -1}, {"l": 1}, {"l": -1, "k": 1}, {"q": 1}):
        for limit in (1, 2, 3, 4, 5, 10, 16, 17, 50, 256, 299, 300, 301, 1000):
            for command in ({"find": "ties", "sort": key, "limit": limit}, {"find": "ties", "filter": {"m": {"$lt": 2}}, "sort": key, "skip": 3, "limit": limit, "projection": {"_id": 1}},
                            aggregate("ties", {"$sort": key}, {"$skip": 2}, {"$limit": limit}), aggregate("ties", {"$set": {"k": {"$add": ["$k", "$m"]}}}, {"$sort": key}, {"$limit": limit}),
                            aggregate("ties", {"$sort": key}, {"$skip": 2}, {"$project": {"k": 1}}, {"$skip": 4}, {"$limit": limit + 9}, {"$skip": 3}, {"$limit": limit}),
                            aggregate("ties", {"$sort": key}, {"$limit": limit}, {"$project": {"k": 1}}, {"$limit": 8}),
                            aggregate("data", {"$lookup": {"from": "ties", "pipeline": [{"$sort": key}, {"$limit": limit}], "as": "l"}})):
                pair.same(command)


def test_a_negative_nan_of_a_text_keeps_its_sign(pair):
    for text in ("NaN", "-NaN", "+NaN", "-nan", "-inf", "sNaN", "-0"):
        for expression in ({"$toDecimal": text}, {"$add": [{"$toDecimal": text}, 1]}, {"$abs": {"$toDecimal": text}}, {"$toDouble": {"$toDecimal": text}}):
            command = aggregate("data", {"$project": {"r": expression}})
            pair.same(command)
            want, have = (re.findall(rb"[\x01\x13]r\0(.{8,16}?)\0*\x03", raw, re.S) for raw in pair.both(command))  # a NaN's bytes: decoded it has no sign
            assert have == want, command


def test_a_pattern_may_have_as_many_groups_in_a_row_as_in_a_mongod(pair):
    for groups in (3997, 3998, 3999, 4000):
        for pattern in ("^" + "(d)" * groups, f"^(d|x){{{groups}}}"):
            pair.same(aggregate(1, {"$documents": [{"z": "d" * 4500}]}, {"$project": {"r": {"$regexMatch": {"input": "$z", "regex": pattern}}}}))
