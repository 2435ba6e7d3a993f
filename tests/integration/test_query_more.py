"""What a find or a pipeline answers in mongod's own order of things, against a mongod 6.0.27: which error comes first, what a filter in a plan
is and one in a stage is not, and sums of extreme numbers over windows that let go of them again."""
import bson
import pytest
from bson import Decimal128, Int64, ObjectId
from test_query import Pair, server  # noqa: F401 (a fixture)

HUGE = [Int64(2**63 - 1), Int64(-2**63), Int64(2**62), 2**31 - 1, -2**31, 1e308, -1e308, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), 5e-324, 0.1, -0.0, 1, -1, 0.5,
        Decimal128("9.999999999999999999999999999999999E+6144"), Decimal128("-9.999999999999999999999999999999999E+6144"), Decimal128("Infinity"), Decimal128("-Infinity"),
        Decimal128("NaN"), Decimal128("1E-6176"), Decimal128("0.1"), Decimal128("-0"), "x", None]
SUBSET = {"$setIsSubset": ["$missing", []]}
DIVIDE = {"$divide": [1, "$n"]}


@pytest.fixture
def pair(server, tmp_path):  # noqa: F811
    made = Pair(server, tmp_path)
    yield made
    made.close()


def aggregate(*pipeline, **more):
    return {"aggregate": "data", "pipeline": list(pipeline), "cursor": {}, **more}


def test_the_error_that_comes_first_is_the_one_of_mongod(pair):
    pair.database.data.insert_many([{"_id": i, "n": i, "v": 0 if i < 90 else "x", "o": {} if i else 5, "arr": [{"a": 1}]} for i in range(100)])
    pair.open()
    fails = {"$match": {"$expr": {"$gte": [{"$add": ["$v", 1]}, 0]}}}
    root = {"$replaceRoot": {"newRoot": "$o"}}
    by_id = {"$sort": {"_id": 1}}
    for command in (
        # A batch of documents is filtered before the pipeline sees the first, unless a $limit says how many are wanted.
        aggregate(fails, root), aggregate(by_id, fails, root), aggregate(fails, {"$limit": 3}, root), aggregate(fails, {"$skip": 1}, {"$limit": 5}, root), aggregate(by_id, fails, root, by_id),
        # A filter of a plan is made of its words once more, one of a stage is not.
        {"find": "data", "filter": {"$expr": SUBSET}}, {"count": "data", "query": {"$expr": SUBSET}}, {"find": "data", "projection": {"x": SUBSET}}, aggregate({"$match": {"$expr": SUBSET}}),
        aggregate({"$limit": 1}, {"$match": {"$expr": SUBSET}}), aggregate({"$lookup": {"from": "data", "as": "z", "pipeline": [{"$match": {"$expr": SUBSET}}]}}),
        # The children of a plan's filter are sorted, those of a stage's are not; a schema is what it comes down to.
        {"find": "data", "filter": {"$or": [{"$expr": DIVIDE}, {"n": {"$not": {"$size": 3}}}]}}, aggregate({"$match": {"$or": [{"$expr": DIVIDE}, {"n": {"$not": {"$size": 3}}}]}}),
        aggregate(by_id, {"$match": {"$or": [{"$expr": DIVIDE}, {"n": {"$not": {"$size": 3}}}]}}), {"find": "data", "filter": {"$or": [{"$expr": DIVIDE}, {"$jsonSchema": {"required": ["n"]}}]}},
        {"find": "data", "filter": {"$or": [{"$expr": 1}, {"$expr": DIVIDE}]}}, {"find": "data", "filter": {"$nor": [{"$jsonSchema": {"properties": {"n": {"minimum": 0}}}}, {"$expr": DIVIDE}]}},
        # min and max come before the filter, the query before the key of distinct, options of $bucketAuto before their values.
        {"find": "data", "filter": {"$expr": DIVIDE}, "min": {"_id": 1}, "max": {"_id": 5}, "hint": {"_id": 1}}, {"distinct": "data", "key": "", "query": {"n": {"$mod": ["x", 1]}}},
        {"distinct": "data", "key": "a..b", "query": {"$expr": {"$divide": [1, 0]}}}, aggregate({"$bucketAuto": {"groupBy": "$n", "buckets": 0, "granularity": "X"}}),
        # Metadata that no query has.
        {"find": "data", "filter": {"$expr": {"$meta": "textScore"}}}, {"find": "data", "projection": {"x": {"$meta": "textScore"}}}, aggregate({"$project": {"x": {"$meta": "textScore"}}}),
        aggregate({"$match": {"$expr": {"$meta": "sortKey"}}}), {"find": "data", "sort": {"a": {"$meta": "searchScore"}}}, aggregate({"$project": {"x": "$$SEARCH_META"}}),
        {"find": "data", "filter": {"$expr": "$$SEARCH_META"}},
        # Stages that may not stand where they do.
        aggregate({"$geoNear": {"near": [1, 1], "distanceField": "d"}}), aggregate({"$geoNear": {"near": [1, 1]}}),
        aggregate({"$limit": 1}, {"$geoNear": {"near": [1, 1], "distanceField": "d"}}), aggregate({"$facet": {"x": [{"$geoNear": {"near": [1, 1], "distanceField": "d"}}]}}), aggregate({"$geoNear": 1}),
        {"aggregate": "none", "pipeline": [{"$geoNear": {"near": [1, 1], "distanceField": "d"}}], "cursor": {}}, aggregate({"$unionWith": {"coll": "data", "pipeline": [{"$geoNear": {"near": [1, 1], "distanceField": "d"}}]}}),
        aggregate({"$facet": {"a": [{"$lookup": {"as": "y", "pipeline": [{"$documents": [{"a": 1}]}]}}]}}), aggregate({"$facet": {"a": [{"$unionWith": {"coll": "data", "pipeline": [{"$collStats": {"count": {}}}]}}]}}),
    ):
        pair.same(command)


def test_a_planners_error_tells_the_query_as_mongod_does(pair):
    pair.database.data.insert_one({"_id": 1})
    pair.open()
    for query in ({}, {"a": 1}, {"a": {"$gt": 1, "$lt": 5}}, {"$or": [{"a": 1}, {"b": 2}]}, {"a": {"$in": [1, 2, "x"]}}, {"a": {"$in": []}}, {"a": {"$nin": [1, 2]}}, {"a": {"$exists": False}},
                  {"a": {"$regex": "x", "$options": "i"}}, {"a": {"$type": "string"}}, {"a": {"$type": ["int", "number"]}}, {"a": {"$type": ["minKey", "maxKey", 19]}}, {"a": {"$mod": [2, 1]}}, {"a": {"$size": 2}},
                  {"a": {"$all": [{"$elemMatch": {"b": 1}}]}}, {"a": {"$elemMatch": {"b": 1, "c": {"$gt": 2}}}}, {"a": {"$elemMatch": {"$gt": 1, "$lt": 2}}}, {"$nor": [{"a": 1}, {"b": 1}]},
                  {"a": {"$bitsAllSet": [0, 1]}}, {"a": {"$bitsAnyClear": 5}, "b": 1}, {"a": {"$geoWithin": {"$box": [[0, 0], [1, 1]]}}}, {"$alwaysFalse": 1}, {"$alwaysTrue": 1}, {"$sampleRate": 0.5},
                  {"a": {"$lte": {"$x": 1}}}):
        pair.same({"find": "data", "filter": query, "hint": "nope"})
        pair.same(aggregate({"$match": query}, hint={"nope": 1}))


def test_sort_keys_and_projections_below_a_sort(pair):
    pair.database.data.insert_many([{"_id": i, "n": 20 - i, "arr": [[], [{"a": 5}], [{"a": i}, None], [7], [{"a": []}], [[{"a": 1}]], [None, {"a": 2}], [{}]][i % 8], "big": ObjectId()} for i in range(20)])
    pair.open()
    key = {"k": {"$meta": "sortKey"}}
    for more in (
        {"returnKey": True, "sort": {"_id": 1}, "projection": key}, {"returnKey": True, "sort": {"n": 1}, "projection": key}, {"returnKey": True, "sort": {"n": 1}, "projection": key, "hint": {"_id": 1}},
        {"returnKey": True, "sort": {"_id": -1}, "projection": {"a.b": {"$meta": "sortKey"}, "n": 1}}, {"returnKey": True, "sort": {"_id": 1}, "projection": {"_id": {"$meta": "sortKey"}}},
        {"returnKey": True, "showRecordId": True, "filter": {"_id": {"$gte": 1}}, "sort": {"_id": 1}, "projection": key}, {"returnKey": True, "filter": {"_id": 1}, "sort": {"_id": 1}, "projection": key},
        {"sort": {"arr.a": 1, "_id": -1}, "projection": {"arr.a": 1}}, {"sort": {"arr.a": -1, "_id": 1}, "projection": {"arr.a": 1, "n": 1}}, {"sort": {"arr.a": 1, "_id": -1}, "projection": {"arr.a": 1, "_id": 0}},
        {"sort": {"arr.a": 1, "_id": -1}, "projection": {"arr.a": 1}, "limit": 5}, {"sort": {"arr.a": 1, "_id": -1}, "projection": {"arr.a": 1}, "skip": 2}, {"sort": {"arr.a": 1, "n": 1}, "projection": {"arr.a": 1}},
        {"sort": {"arr.a": 1, "_id": -1}, "projection": {"arr": 1}}, {"sort": {"arr.a": 1, "_id": -1}, "projection": {"big": 0}}, {"sort": {"arr.a": 1, "_id": 1}, "projection": {**key, "arr.a": 1}},
    ):
        pair.same({"find": "data", **more})


def test_windows_let_go_of_extreme_numbers_as_mongod_does(pair):
    for c in range(5):
        pair.database[f"c{c}"].insert_many([{"_id": i, "v": HUGE[(i * (3, 5, 7, 8, 11)[c] + c) % len(HUGE)]} for i in range(14)])
    pair.open()
    for c in range(5):
        for name in ("$sum", "$avg", "$stdDevPop", "$stdDevSamp", "$min", "$max", "$integral"):
            for ends in ((-1, 1), (-2, 0), (0, 1), (1, 2), (-2, -1), ("current", "unbounded"), ("unbounded", "current")):
                function = {name: {"input": "$v"} if name == "$integral" else "$v", "window": {"documents": list(ends)}}
                match = [{"$match": {"v": {"$type": "number"}}}] if name == "$integral" else []
                pair.same({"aggregate": f"c{c}", "pipeline": [*match, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"w": function}}}], "cursor": {}})


def test_explain_tells_of_the_planner_what_mongod_does(pair):
    pair.database.data.insert_many([{"_id": i, "x": i} for i in range(5)])
    pair.open()
    for name in ("data", "none"):
        for command in ({"count": name}, {"count": name, "query": {}}, {"count": name, "query": {"x": 1}}, {"distinct": name, "key": "x"}, {"find": name, "filter": {"x": 1}},
                        *({"aggregate": name, "pipeline": pipeline, "cursor": {}} for pipeline in ([], [{"$match": {}}], [{"$match": {"x": 1}}]))):
            want, have = (bson.decode(raw)["queryPlanner"] for raw in pair.both({"explain": command, "verbosity": "queryPlanner"}))
            assert [field for field in want if field not in ("queryHash", "planCacheKey")] == list(have), command
            assert all(have[field] == want[field] for field in have if field not in ("winningPlan", "rejectedPlans")), command


def test_a_line_along_an_edge_meets_the_polygon_on_its_left(pair):
    shapes = [[[40, 5], [40, 6], [41, 6]], [[0, 0], [10, 0], [10, 10], [0, 10]], [[0, 0], [0, 10], [10, 10], [10, 0]], [[3, 3], [7, 4], [6, 8], [2, 7]]]
    rings = [[*shape, shape[0]] for shape in shapes]
    polygons = [[ring] for ring in rings] + [[rings[1], rings[3]], [rings[1], rings[3][::-1]]]
    lines = []
    for ring in rings:
        for a, b in zip(ring, ring[1:]):
            lines += [[a, b], [b, a], [a, b, [b[0] + 2, b[1] + 9]], [[a[0] - 1, a[1] - 7], a, b], [[a[0] - 1, a[1] - 7], b, a], [a, [a[0] - 3, a[1] - 2.5]]]
    pair.database.data.insert_many([{"_id": i, "g": {"type": "Polygon", "coordinates": polygon}} for i, polygon in enumerate(polygons)])
    pair.database.lines.insert_many([{"_id": i, "g": {"type": "LineString", "coordinates": line}} for i, line in enumerate(lines) if line[0] != line[-1]])
    pair.open()
    for polygon in polygons:
        for word in ("$geoWithin", "$geoIntersects"):
            pair.same({"find": "lines", "filter": {"g": {word: {"$geometry": {"type": "Polygon", "coordinates": polygon}}}}, "sort": {"_id": 1}})
    for line in lines:
        pair.same({"find": "data", "filter": {"g": {"$geoIntersects": {"$geometry": {"type": "LineString", "coordinates": line}}}}, "sort": {"_id": 1}})
