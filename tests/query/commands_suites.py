#!/usr/bin/env python3
"""Commands that the suites of other programs have shown to be answered otherwise, with the words of a mongod 6.0.27.

    commands_suites.py [--out FILE]      records tests/unit/query/commands_suites.bson.gz anew, in the form of record.py

Left out is what record.py leaves out, and what tells of this machine (host, times).
"""
import argparse
import gzip
import itertools
from pathlib import Path
import sys

import bson
import pymongo
from bson import SON, Decimal128, MaxKey, MinKey

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "query")]
import peers  # noqa: E402
import record  # noqa: E402
from raw_client import RawClient, with_db  # noqa: E402

DOLLARS = ("$id", "$ref", "$db", "$sortKey", "$recordId", "$searchScore", "$searchSortValues", "$textScore", "$dis", "$foo")
DECIMALS = [Decimal128(text) for text in ("0.5", "0.51", "0.49", "1.5", "1.49", "2.5", "-0.5", "-0.51", "-1.5", "NaN", "Infinity", "1E+3")]
SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
POINT = {"type": "Point", "coordinates": [1, 1]}


# Documents of which an index has several keys, one or none; and indexes.
KEYS_DEEP = [{"_id": 1, "a": 1, "loc": [1, 1], "b": {"c": [5, 7]}}, {"_id": 2, "a": 2}, {"_id": 3, "a": 3, "loc": None, "b": [{"c": 1}, {"c": 9}, {}]}, {"_id": 4, "a": {"b": []}, "loc": POINT},
             {"_id": 5, "loc": []}, {"_id": 6, "loc": {}}, {"_id": 7, "b": {"c": []}}, {"_id": 8, "a": None, "b": []}, {"_id": 9, "b": [[{"c": 4}], {"c": [3, [8]]}]}]
KEYS_FLAT = [{"_id": 1, "a": [1, 5, 9], "k": 3}, {"_id": 2, "a": [2, 6]}, {"_id": 3, "a": 4, "k": 1}, {"_id": 4}, {"_id": 5, "a": []}, {"_id": 6, "a": [[7], 8]}, {"_id": 7, "a": None, "k": 2},
             {"_id": 8, "a": [{"x": 1}, {"x": [2, 9]}], "k": 5}, {"_id": 9, "a": ["q", 3]}, {"_id": 10, "a": {"x": 4}}, {"_id": 11, "a": MaxKey()}, {"_id": 12, "a": [MinKey(), 2]}]
KEYS = {
    "deep1": (KEYS_DEEP, {"a": 1}, {}), "deep2": (KEYS_DEEP, {"a": -1}, {"sparse": True}), "deep3": (KEYS_DEEP, {"b.c": 1}, {}), "deep4": (KEYS_DEEP, {"b.c": 1}, {"sparse": True}),
    "deep5": (KEYS_DEEP, {"a": 1, "loc": "2dsphere"}, {}), "deep6": (KEYS_DEEP, {"loc": "2dsphere"}, {}), "deep7": (KEYS_DEEP, {"a": "hashed"}, {"sparse": True}), "deep8": (KEYS_DEEP, {"a": 1}, {"hidden": True}),
    "deep9": ([d for d in KEYS_DEEP if d["_id"] not in (3, 4, 6)], {"loc": "2d"}, {}), "flat1": (KEYS_FLAT, {"a": 1}, {}), "flat2": (KEYS_FLAT, {"a": -1}, {}), "flat3": (KEYS_FLAT, {"a": 1, "k": -1}, {}),
    "flat4": (KEYS_FLAT, {"a.x": 1}, {}), "flat5": (KEYS_FLAT, {"k": 1, "a": 1}, {"sparse": True}), "flat6": (KEYS_FLAT, {"a.0": 1}, {}), "flat7": (KEYS_FLAT, {"a": 1}, {"collation": {"locale": "en"}}),
    "flat8": (KEYS_FLAT, {"a": 1}, {"partialFilterExpression": {"k": {"$gt": 1}}}),
}


# Places of which polygons and lines are made that have corners and edges in common.
CORNERS = [[-32.5, 44.5], [18.2, 28.9], [52.7, -11.9], [40.3, -6.7], [-56.9, 4.1], [31.5, -49.8], [-0.5, -5.1], [-6.6, 22.2]]
STRICT = {"crs": {"type": "name", "properties": {"name": "urn:x-mongodb:crs:strictwinding:EPSG:4326"}}}


def polygon(ring):
    return {"type": "Polygon", "coordinates": [ring]}


def box(x, y, width, height):
    return polygon([[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]])


def fill(database):
    database.few.insert_many([{"_id": i, "v": i} for i in range(3)])
    database.refs.insert_many([{"_id": 1, "a": SON([("$ref", "m"), ("$id", 5), ("$db", "x")])}, {"_id": 2, "a": [SON([("$ref", "m"), ("$id", 6)])]}])
    database.places.insert_many([{"_id": i * 7 + j, "at": [i, j]} for i in range(7) for j in range(7)])
    shapes = [box(0, 0, 10, 10), box(10, 10, 10, 10), box(10, 0, 5, 10), box(5, 5, 10, 10), box(20, 3, 2, 2), polygon([[0, 0], [10, 0], [0, 10], [0, 0]]),
              {"type": "LineString", "coordinates": [[10, 10], [12, 13]]}, {"type": "LineString", "coordinates": [[9, 9], [12, 13]]}, box(0, 14, 10, 3)]
    database.shapes.insert_many([{"_id": i, "g": shape} for i, shape in enumerate(shapes)])
    wide = [polygon([*ring, ring[0]]) for ring in itertools.combinations(CORNERS, 3)] + [{"type": "LineString", "coordinates": list(ends)} for ends in itertools.permutations(CORNERS, 2)]
    wide += [polygon([[120, y], [-120, y], [0, y], [120, y]]) for y in (1e-6, -1e-6, 1)] + [{"type": "Polygon", "coordinates": [box(-40, -40, 80, 80)["coordinates"][0], box(-20, -20, 45, 45)["coordinates"][0]]}]
    database.wide.insert_many([{"_id": i, "g": shape} for i, shape in enumerate(wide)])
    database.create_collection("capped", capped=True, size=1 << 16)
    database.create_collection("bounded", capped=True, size=1 << 16, max=50)
    database.create_collection("series", timeseries={"timeField": "t"})
    database.command("create", "plain", viewOn="few", pipeline=[])
    database.command("create", "chosen", viewOn="few", pipeline=[{"$match": {"v": {"$gt": 0}}}])
    for name, on, stages in (("counted", "few", [{"$collStats": {"count": {}}}]), ("recounted", "counted", [{"$collStats": {"count": {}}}]), ("around", "counted", [{"$project": {"ns": 1, "count": 1}}]),
                             ("itself", "plain", [{"$collStats": {"count": {}}}, {"$project": {"host": 0, "localTime": 0}}]), ("nowhere", "gone", [{"$collStats": {"count": {}}}]), ("of", "series", [{"$collStats": {"count": {}}}])):
        database.command("create", name, viewOn=on, pipeline=stages)
    for depth in range(1, 21):  # the last of them is one too many
        database.command("create", f"deep{depth}v", viewOn=f"deep{depth - 1}v" if depth > 1 else "few", pipeline=[])
    database.command("create", "joined", viewOn="few", pipeline=[{"$lookup": {"from": "deep18v", "localField": "v", "foreignField": "v", "as": "l"}}])
    for name, (documents, key, options) in KEYS.items():
        database[name].insert_many(documents)
        database[name].create_index(list(key.items()), name="i", **options)


def aggregate(name, *stages, **more):
    return {"aggregate": name, "pipeline": list(stages), "cursor": {"batchSize": 1000}, **more}


def names_with_a_dollar():
    for name in (*DOLLARS, *("a." + name for name in DOLLARS)):
        for stage in ({"$project": {name: 1}}, {"$project": {name: 0}}, {"$project": {"x": "$" + name}}, {"$addFields": {name: 1}}, {"$sort": {name: 1}}, {"$unset": name},
                      {"$unwind": "$" + name}, {"$project": {"x": {name: 1}}}, {"$replaceRoot": {"newRoot": {name: 1}}},
                      {"$lookup": {"from": "few", "localField": name, "foreignField": "_id", "as": "x"}},
                      {"$lookup": {"from": "few", "localField": "_id", "foreignField": "_id", "as": name}},
                      {"$densify": {"field": name, "range": {"step": 1, "bounds": "full"}}}, {"$fill": {"output": {name: {"value": 1}}}},
                      {"$setWindowFields": {"output": {name: {"$sum": 1}}}}):
            yield aggregate("refs", stage)
        yield from ({"find": "refs", **more} for more in ({"projection": {name: 1}}, {"projection": {name: 0}}, {"sort": {name: 1}}))
        yield {"distinct": "refs", "key": name}


def decimals():
    for number in DECIMALS:
        yield aggregate("few", {"$sort": {"v": number}})
        yield {"find": "few", "sort": {"v": number}}
        for stage in ("$limit", "$skip"):
            yield aggregate("few", {stage: number})
        if number != Decimal128("Infinity"):
            yield aggregate("few", {"$sample": {"size": number}}, {"$count": "n"})


def nested(stage, levels):
    pipeline = []
    for _ in range(levels):
        pipeline = [{"$lookup": {"from": "few", "pipeline": pipeline, "as": "x"}} if stage == "$lookup" else {"$unionWith": {"coll": "few", "pipeline": pipeline}}]
    return pipeline


def long_pipelines():
    for stage in ("$lookup", "$unionWith"):
        for levels in (20, 21):
            yield aggregate("none", *nested(stage, levels))
            yield aggregate("none", {"$facet": {"a": nested(stage, levels)}})
    for count in (1000, 1001):
        many = [{"$match": {}}] * count
        yield from (aggregate("few", *stages) for stages in (many, [{"$unionWith": {"coll": "few", "pipeline": many}}], [{"$facet": {"a": many}}], [*many, {"$nope": 1}]))
        yield aggregate("few", {"$limit": 1}, {"$lookup": {"from": "few", "pipeline": [{"$set": {"x": 1}}] * count, "as": "l"}})


def stats():
    for options in (*({"storageStats": {"scale": scale}} for scale in (True, "x", {}, [], 0, -1, 0.5, Decimal128("0.4"), float("nan"))),
                    {"storageStats": {"verbose": 1}}, {"storageStats": {"waitForLock": 1}}, {"storageStats": {"numericOnly": "x"}}, {"latencyStats": {"histograms": 1}},
                    {"latencyStats": {"x": 1}}, {"queryExecStats": {"x": 1}}, {"count": {"x": 1}}, {"x": 1}):
        yield aggregate("few", {"$collStats": options})
    for name in ("few", "none", "plain", "chosen", "capped", "bounded"):
        yield aggregate(name, {"$collStats": {"count": {}}}, {"$project": {"count": 1}})
        yield aggregate(name, {"$collStats": {"storageStats": {"scale": 2**40}}}, {"$project": {"storageStats": {key: 1 for key in ("capped", "max", "maxSize", "scaleFactor")}}})
        yield aggregate(name, {"$collStats": {"queryExecStats": {}}}, {"$project": {"ns": 1}})
        yield aggregate(name, {"$indexStats": {}}, {"$project": {"name": 1, "key": 1}})


def places():
    for ring in ([[0, 0], [6, 6], [6, 0], [0, 6]], [[0, 0], [6, 0], [6, 6], [0, 6]], [[1, 2], [4, 5], [6, 2]], [[2, 1], [4, 1], [2, 1], [1, 2]], [[4, 2], [5, 3], [2, 0], [1, 5]],
                 [[3, 6], [4, 3], [0, 3], [6, 2], [1, 2], [3, 0]], [[0, 3], [0, 6], [6, 0]], [[1, 1], [5, 1], [5, 5], [3, 3]]):
        yield {"find": "places", "filter": {"at": {"$geoWithin": {"$polygon": ring}}}, "projection": {"_id": 1}}
    for shape in (polygon(SQUARE), box(10, 10, 10, 10), box(5, 5, 2, 2), polygon([[0, 0], [10, 0], [0, 10], [0, 0]]), {"type": "LineString", "coordinates": [[10, 10], [12, 13]]}):
        yield {"find": "shapes", "filter": {"g": {"$geoIntersects": {"$geometry": shape}}}, "projection": {"_id": 1}}
    yield {"find": "shapes", "filter": {"g": {"$geoIntersects": {"$geometry": {**polygon(SQUARE), "crs": ["a"]}}}}}
    for near in ({"$geometry": 3.14}, {"$geometry": "x"}, {"$geometry": ["a", "b"]}, {"$geometry": {"type": "Point"}}, {"$geometry": {"type": "Point", "coordinates": [-181, 0]}},
                 {"$maxDistance": 5}, {"$geometry": POINT, "$maxDistance": "x"}, {"$geometry": POINT, "$maxDistance": -1}, {"$geometry": POINT, "$minDistance": "x"},
                 {"$geometry": POINT, "$minDistance": -1}, {"$geometry": POINT, "$foo": 1}, {"$box": [[0, 0], [1, 1]]}, [1], [], {}):
        yield from ({"find": "places", "filter": {"at": {operator: near}}} for operator in ("$near", "$nearSphere"))
    yield from ({"find": "places", "filter": {"at": filter}} for filter in (
        {"$near": {"$geometry": POINT}, "$maxDistance": "x"}, {"$near": [1, 1], "$foo": 1}, {"$near": {"$geometry": POINT}, "$nearSphere": {"$geometry": POINT}}))


def big_polygons():
    """Polygons that go the way round that they are written."""
    shell, hole = SQUARE, [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
    for rings in ([shell], [shell[::-1]], [shell, hole], [shell, shell], [[[0, 0], [1, 1]]], [[[0, 0], [1, 1], [0, 0]]], [[[0, 0], [5, 5], [0, 5], [5, 0], [0, 0]]], [[[0, 0], [5, 0], [5, 5], [5, 0], [0, 5], [0, 0]]],
                  [], [[]], [[], []], [shell, 5], 5, [5], [[5]], [[[200, 0], [1, 1], [0, 1], [200, 0]]], [[[0, 0], [1, 1], [1, 1], [0, 0]]]):
        for crs in ({}, STRICT):
            yield {"find": "places", "filter": {"at": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": rings, **crs}}}}, "projection": {"_id": 1}, "sort": {"_id": 1}}


def wide_polygons():
    """All but a polygon holds what does not meet that; and shapes that have corners and edges in common."""
    rings = [[*ring, ring[0]] for ring in itertools.combinations(CORNERS, 3)][::5] + [[*CORNERS[:4], CORNERS[0]]] + [SQUARE, SQUARE[::-1], box(-10, -10, 20, 20)["coordinates"][0][::-1]]
    for ring in (*rings, *(ring[::-1] for ring in rings)):
        yield from ({"find": "wide", "filter": {"g": {operator: {"$geometry": {**polygon(ring), **crs}}}}, "projection": {"_id": 1}, "sort": {"_id": 1}, "batchSize": 1000}
                    for operator in ("$geoWithin", "$geoIntersects") for crs in ({}, STRICT))


def counts():
    for expression in ("$$NOW", {"$lt": ["$v", "$$NOW"]}, {"$eq": ["$$CLUSTER_TIME", 1]}):
        for name in ("few", "none", "plain"):
            yield {"count": name, "query": {"$expr": expression}}
        yield {"distinct": "few", "key": "v", "query": {"$expr": expression}}
        yield {"find": "few", "filter": {"$expr": expression}}
        yield {"explain": {"count": "few", "query": {"v": 1}}, "verbosity": "queryPlanner"}
    for hint in ({}, {"_id": 1}, "_id_", {"$natural": 1}, {"$natural": -1}):
        yield from ({"explain": {"count": name, "query": query, "hint": hint}, "verbosity": "queryPlanner"} for name, query in (("few", {}), ("few", {"v": 1}), ("none", {})))
    for name in ("few", "plain", "chosen"):
        yield from ({"count": name, **more} for more in ({"limit": 0}, {"limit": 0, "skip": 1}, {"limit": -2}, {"limit": 2}, {"skip": 1}, {"limit": Decimal128("1.5")}))
    yield {"aggregate": "few", "pipeline": [], "explain": False}
    yield {"aggregate": "few", "pipeline": []}
    yield from ({"find": "few", name: None} for name in ("operationTime", "help"))


def keys_with_a_position():
    """A distinct's key is parsed as a find's projection to it."""
    for name in ("few", "refs", "none", "plain"):
        for key in ("v.$", "a.$", "$", "a.b.$", "a.$.b", "_id.$", "$.a", "a.0.$", "$a", "a.$b", "a.$[]", "a..$", ".$", "a.", ".a", "a.$id", "a.$.", "", "a..b", "_id.", "$id.$", "a.$.$", "_id.x", "_id"):
            if (name, key) != ("plain", "_id"):  # the order is that of a table of hashes
                yield from ({"distinct": name, "key": key, "query": query} for query in ({}, {"v": 1}, {"a.$": 1}))


def index_keys():
    """Of a document with arrays an index has several keys: min and max ask whether one lies between them, a distinct of everything takes the keys for the documents."""
    values = (1, 4, 6, None, "q", {"x": 1}, [7], [])
    for name, (_, key, options) in KEYS.items():
        yield from ({"distinct": name, "key": path, **more} for path in ("a", "b", "b.c", "a.x", "k", "a.0", "loc") for more in ({}, {"query": {"_id": {"$gt": 0}}}))
        if "hidden" in options:
            continue
        yield from ({"find": name, "hint": "i", "sort": {"_id": 1}}, {"count": name, "hint": "i"}, {"count": name, "query": {"_id": {"$gt": 2}}, "hint": "i"})
        yield {**aggregate(name, {"$match": {"_id": {"$gt": 2}}}, {"$sort": {"_id": 1}}), "hint": "i"}
        if any(isinstance(way, str) for way in key.values()):
            continue
        yield from ({"find": name, "hint": "i"}, {"find": name, "hint": "i", "returnKey": True})
        for value in values:
            low = {path: None if i else value for i, path in enumerate(key)}
            for bound in ("min", "max"):
                yield from ({"find": name, "hint": "i", bound: low, **more} for more in ({}, {"sort": {"a": -1, "_id": 1}}, {"filter": {"_id": {"$lt": 7}}, "limit": 2}))
                if "collation" not in options:  # the keys are those of an ICU
                    yield {"find": name, "hint": "i", bound: low, "returnKey": True}
            yield from ({"find": name, "hint": "i", "min": low, "max": {path: 4 if i else high for i, path in enumerate(key)}} for high in values)


def search_meta():
    """Where $$SEARCH_META is nothing, and where it is refused."""
    variable = "$$SEARCH_META"
    stages = ({"$project": {"r": {"$type": variable}}}, {"$set": {"r": variable}}, {"$match": {"$expr": {"$eq": [variable, 1]}}}, {"$group": {"_id": variable}}, {"$facet": {"a": [{"$project": {"r": variable}}]}},
              {"$lookup": {"from": "few", "let": {"q": variable}, "pipeline": [{"$project": {"r": "$$q"}}], "as": "q"}})
    for name in ("few", "none", "plain"):
        for stage in stages:
            yield aggregate(name, stage)
            yield aggregate(name, {"$lookup": {"from": "few", "pipeline": [stage], "as": "l"}})
            yield aggregate(name, {"$unionWith": {"coll": "few", "pipeline": [stage]}})
            yield aggregate(name, {"$facet": {"a": [{"$lookup": {"from": "plain", "pipeline": [stage], "as": "l"}}]}})
        yield from ({"find": name, "projection": {"v": v}} for v in (variable, variable + ".a", {"$type": variable}, {"$ifNull": [variable, 5]}))
        yield {"find": name, "filter": {"$expr": {"$eq": [{"$type": "$$v"}, "missing"]}}, "let": {"v": variable}}
        yield aggregate(name, {"$project": {"r": {"$type": "$$v"}}}, let={"v": variable})


def views_that_tell():
    """Views that begin with $collStats: it tells of what the view views, be that a view, too."""
    shown = {"$project": {"ns": 1, "count": 1}}
    for name in ("counted", "recounted", "around", "itself", "nowhere"):
        yield from ({"find": name, "projection": {"ns": 1, "count": 1}}, {"count": name}, {"distinct": name, "key": "count"}, aggregate(name, shown), aggregate(name, {"$match": {"count": 3}}, shown),
                    aggregate(name, {"$collStats": {"count": {}}}), aggregate("few", {"$match": {"_id": 0}}, {"$unionWith": name}, shown))
    for name in ("counted", "recounted", "around", "itself", "nowhere", "of"):
        yield aggregate("few", {"$lookup": {"from": name, "pipeline": [shown], "as": "l"}})


def views_too_deep():
    """A view that can't be resolved is told of before all else, though nothing is read from it."""
    for name in ("deep20v", "deep19v", "joined", "none"):
        for stage in ({"$lookup": {"from": name, "localField": "v", "foreignField": "v", "as": "l"}}, {"$unionWith": name}, {"$facet": {"a": [{"$lookup": {"from": name, "pipeline": [], "as": "l"}}]}},
                      {"$graphLookup": {"from": name, "startWith": "$v", "connectFromField": "v", "connectToField": "x", "as": "l"}}, {"$lookup": {"from": "few", "pipeline": [{"$unionWith": {"coll": name}}], "as": "l"}}):
            yield from (aggregate(coll, {"$match": {"_id": -1}}, stage, {"$count": "n"}) for coll in ("few", "none", "plain", "joined"))
            yield from (aggregate("few", stage, {"$project": {"a": "$$u"}}), aggregate("few", stage, let={"a": "$b"}))
        yield from ({"find": name, "filter": {"v": 1}}, {"count": name})
    yield {"distinct": "deep20v", "key": "_id"}


def constants():
    """What mongod itself sets can't be set by a let."""
    for name in ("NOW", "CLUSTER_TIME", "JS_SCOPE", "IS_MR", "SEARCH_META", "ROOT", "REMOVE", "CURRENT", "USER_ROLES", "DESCEND", "NOWx", "Now"):
        for value in (1, "$v", {"$add": ["a", 1]}):
            yield from ({"find": "few", "limit": 1, "let": {name: value}}, aggregate("few", {"$limit": 1}, let={name: value}), {"find": "plain", "limit": 1, "let": {"1": 1, name: value}})
        yield {"find": "few", "let": {"a": 1, name: 1}, "filter": {"$expr": {"$eq": ["$$" + name, 1]}}}


def metadata():
    for name in ("vectorSearchScore", "searchScore", "textScore", "searchHighlights", "searchScoreDetails", "geoNearDistance", "geoNearPoint", "indexKey", "sortKey", "randVal", "timeseriesBucketMinTime",
                 "timeseriesBucketMaxTime", "searchSequenceToken", "foo"):
        meta = {"$meta": name}
        for stage in ({"$match": {"$expr": {"$gt": [meta, 2]}}}, {"$match": {"$or": [{"v": 1}, {"$expr": meta}]}}):
            yield aggregate("few", stage)
            yield aggregate("few", {"$unionWith": {"coll": "few", "pipeline": [stage]}})
            yield {"find": "plain", "filter": stage["$match"]}
        if name != "randVal":
            yield from ({"find": coll, "sort": {"v": meta}} for coll in ("few", "plain"))
            yield aggregate("few", {"$sort": {"v": 1, "x": meta}})
            yield aggregate("few", {"$group": {"_id": 1, "r": {"$top": {"output": "$v", "sortBy": {"x": meta}}}}})


def broken_patterns():
    """What PCRE 8 says of a pattern that ends early, and its option X."""
    for pattern in ("(?0", "(?0|a)", "^(?0|John ?1|?1)", "(?1", "(?12a)", "(?+", "(?+1", "(?+1a", "(?-1", "(?-1)", "(?-1a", "(a)(?-1", "(a)(?+1", "(?R", "(?00", "x(?1y)(z)", "[(?1]", "\\(?1", "(?-0", "((?1", "(?(1)(?1", "(?'", "(?P<",
                    "(?<", "\\x{", "[\\x{", "a\\x{", "\\x{}", "\\o{", "[\\o{", "\\g0", "\\g00", "\\g{0}", "\\g01", "(?X)a", "(?X:a)B", "(?iX)A", "(?Xi)A", "(?-X)a", "(?i-X:A)", "(?X", "(?Xy)", "[(?X)]", "(?XX)a"):
        yield {"find": "few", "filter": {"v": {"$regex": pattern}}}
        yield {"find": "few", "projection": {"r": {"$regexMatch": {"input": "abc", "regex": pattern}}}}


def commands():
    for source in (names_with_a_dollar, decimals, long_pipelines, stats, places, big_polygons, wide_polygons, counts, keys_with_a_position, index_keys, search_meta, metadata, broken_patterns, views_that_tell, views_too_deep, constants):
        yield from source()


def kept(raw):
    """As record.kept(), but the values of a distinct stay as they are: Python has no undefined."""
    if raw[4:12] != b"\x04values\0":
        return record.kept(bson.decode(raw, record.RAW))
    values = raw[4:12 + int.from_bytes(raw[12:16], "little")]
    return record.RawBSONDocument((len(values) + 5).to_bytes(4, "little") + values + b"\0")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "unit" / "query" / "commands_suites.bson.gz")
    options = parser.parse_args()
    with peers.Mongod("6.0.27", replset=False) as server, gzip.GzipFile(options.out, "wb", mtime=0) as out:
        database = pymongo.MongoClient(server.uri)[record.DB]
        fill(database)
        for entry in sorted(database.command("listCollections")["cursor"]["firstBatch"], key=lambda e: e["name"].encode()):
            out.write(bson.encode(record.collection_of(database, entry)))
        with RawClient(f"mongodb://{server.address}") as real:
            for command in commands():
                raw = with_db(bson.encode(command), record.DB)
                out.write(bson.encode({"command": record.RawBSONDocument(raw), "reply": kept(real.raw(raw))}))
        print(options.out, options.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
