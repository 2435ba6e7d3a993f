"""What long runs of tests/query/differential.py found, each with its siblings, against a mongod 6.0.27."""
import random

import pytest
from bson import Decimal128, Int64, MaxKey, Regex
from test_query import Pair, server  # noqa: F401 (a fixture)


@pytest.fixture
def pair(server, tmp_path):  # noqa: F811
    made = Pair(server, tmp_path)
    yield made
    made.close()


def aggregate(*pipeline, **more):
    return {"aggregate": "data", "pipeline": list(pipeline), "cursor": {}, **more}


def window(partition, **output):
    return aggregate({"$setWindowFields": {**({"partitionBy": partition} if partition else {}), "sortBy": {"_id": 1}, "output": output}})


FAILS = {"$expr": {"$divide": [1, "$zero"]}}  # at run time
COSTS = {"$size": "$n"}  # which is no array


def test_an_expression_is_asked_after_those_predicates_that_mongod_asks_first(pair):
    pair.database.data.insert_many([{"_id": i, "n": i, "zero": 0, "arr": [1]} for i in range(40)])
    pair.open()
    for _id in (3, {"$in": [3]}, {"$gt": 38}, {"$mod": [40, 3]}, {"$exists": True}, {"$type": "int"}, {"$ne": 4}, {"$nin": [4]}, {"$nin": [[], 4]}, {"$ne": "x"}, {"$nin": ["x", 1]}, {"$size": 1}, {"$not": {"$gt": 3}}, {"$not": {"$mod": [2, 1]}}, {"$bitsAllSet": 1}):
        for other in ({"a": 1}, {"a": {"$exists": True}}, {"0": 1}, {"$or": [{"b": 1}, {"c": 1}]}, {"n": {"$type": "string"}}, {"$nor": [{"n": {"$gte": 0}}, FAILS]}, {"$or": [{"n": {"$gte": 0}}, FAILS]}):
            pair.same({"find": "data", "filter": {"_id": _id, **other, **FAILS}})
            pair.same({"find": "data", "filter": {"_id": _id, **other, **FAILS}, "collation": {"locale": "en", "strength": 2}})
            pair.same(aggregate({"$match": {"_id": _id, **other}}, {"$match": FAILS}))
    for query in ({"$or": [{"$jsonSchema": {"anyOf": [{"required": ["n"]}, {"required": ["m"]}]}}, FAILS]}, {"$or": [{"$jsonSchema": {"required": ["n"]}}, FAILS]}, {"$or": [{"$jsonSchema": {"not": {"required": ["x"]}}}, FAILS]},
                  {"$and": [{"$jsonSchema": {"allOf": [{"required": ["x"]}, {"required": ["y"]}]}}, FAILS]}, {"$or": [{"$jsonSchema": {"properties": {"n": {"minimum": 0}}}}, FAILS]}, {"$or": [{"$jsonSchema": {"properties": {"n": {"minimum": 0, "maximum": 99}}}}, FAILS]},
                  {"$or": [{"$jsonSchema": {"oneOf": [{"required": ["n"]}]}}, FAILS]}, {"$or": [{"$jsonSchema": {"anyOf": [{"required": ["n"]}]}}, FAILS]}, {"$or": [{"$jsonSchema": {"minProperties": 1}}, FAILS]}):
        pair.same({"find": "data", "filter": query})
        pair.same(aggregate({"$sort": {"_id": 1}}, {"$match": query}))


def test_read_backward_the_error_is_that_of_the_last_document_that_fails(pair):
    pair.database.data.insert_many([{"_id": i, "base": {5: 0, 700: "x"}.get(i, 2)} for i in range(900)])
    pair.open()
    query = {"$expr": {"$gt": [{"$log": [8, "$base"]}, 0]}}
    for more in ({"sort": {"_id": 1}}, {"sort": {"_id": -1}}, {"hint": {"$natural": -1}}, {"sort": {"$natural": -1}}, {"sort": {"_id": -1}, "limit": 3}, {"sort": {"_id": -1}, "batchSize": 5}, {"hint": {"$natural": -1}, "sort": {"_id": 1}}):
        pair.same({"find": "data", "filter": query, **more})


def test_integrals_and_covariances_keep_what_windows_have_left(pair):
    pick = random.Random(20271122)
    numbers = [*map(Decimal128, ("2", "2.0", "2.50", "-3.7", "1E+3", "0.1", "0.00", "NaN", "Infinity")), 1, 2.0, 0.1, -4, Int64(5)]
    pair.database.data.insert_many([{"_id": i, "part": i % 6, "x": pick.choice(numbers), "y": pick.choice(numbers)} for i in range(90)])
    pair.open()
    for bounds in ({"range": [-2, 0]}, {"range": [0, 2]}, {"range": [-7, 7]}, {"range": ["current", 13]}, {"documents": [-1, 0]}, {"documents": [0, 1]}, {"documents": ["unbounded", 0]}, {"documents": [-3, -1]}):
        for part in ("$part", "$x", None):
            pair.same(window(part, i={"$integral": {"input": "$x"}, "window": bounds}, p={"$covariancePop": ["$x", "$y"], "window": bounds}, s={"$covarianceSamp": ["$x", "$x"], "window": bounds}))


def test_a_pipelines_names_are_looked_at_before_collation_and_let(pair):
    pair.database.data.insert_one({"_id": 1, "n": 1})
    pair.open()
    for wrong in ({"collation": {"locale": "xx"}}, {"collation": {"locale": "en", "strength": "x"}}, {"collation": {}}, {"let": {"$x": 1}}, {"let": {"v": "$n"}}, {"let": {"v": "$$v"}}, {"let": {"v": 1, "w": "$$v"}}):
        for stage in ({"$match": {}}, {"$foo": 1}, {}, {"$match": {}, "$limit": 1}, {"$lookup": {"from": 5}}, {"$facet": {"a": 5}}, {"$match": 5}, {"$unionWith": {"coll": "x", "y": 1}}):
            pair.same(aggregate(stage, **wrong))
    for time in (-1, 1e300, "x", None):
        pair.same({"find": "data", "filter": 5, "maxTimeMS": time})
        pair.same({"count": "data", "query": 5, "maxTimeMS": time})
        pair.same(aggregate({"$match": {}}, maxTimeMS=time))


def test_null_is_nothing_to_generated_parsers(pair):
    pair.database.data.insert_many([{"_id": i, "n": i} for i in range(3)])
    pair.open()
    for stage in ({"$setWindowFields": {"partitionBy": None, "sortBy": None, "output": {"r": {"$sum": 1}}}}, {"$setWindowFields": {"output": None}}, {"$densify": {"field": None, "range": {"step": 1, "bounds": "full"}}},
                  {"$densify": {"field": "_id", "range": None}}, {"$densify": {"field": "_id", "range": {"step": None, "bounds": "full"}}}, {"$densify": {"field": "_id", "range": {"step": 1, "bounds": "full", "unit": None}}},
                  {"$densify": {"field": "_id", "partitionByFields": None, "range": {"step": 1, "bounds": "full"}}}, {"$fill": {"output": None}}, {"$fill": {"sortBy": None, "output": {"a": {"value": 1}}}},
                  {"$fill": {"partitionBy": None, "output": {"a": {"value": 1}}}}, {"$fill": {"partitionByFields": None, "output": {"a": {"value": 1}}}}, {"$fill": {"output": {"a": {"method": None}}}}, {"$unionWith": {"coll": None}}):
        pair.same(aggregate(stage))
    for name in ("locale", "caseLevel", "caseFirst", "strength", "numericOrdering", "alternate", "maxVariable", "normalization", "backwards", "version"):
        pair.same(aggregate({"$match": {}}, collation={"locale": "en", name: None}))
    for strength in (Decimal128("2"), Decimal128("2.9"), 5.5, 0.5, Int64(1)):
        pair.same({"find": "data", "collation": {"locale": "en", "strength": strength}})


def test_wrong_words_of_stages_are_told_as_mongod_tells_them(pair):
    pair.database.data.insert_many([{"_id": i, "n": i} for i in range(3)])
    pair.open()
    graph = {"from": "data", "startWith": "$n", "connectFromField": "n", "connectToField": "_id", "as": "g"}
    join = {"localField": "n", "foreignField": "_id", "as": "l"}
    for stage in (*({"$graphLookup": {**graph, name: v}} for name in ("from", "as", "connectFromField", "connectToField", "depthField") for v in (5, None, {}, {"a": 1}, [], Regex("a"), "a\0b", ".a")),
                  *({"$lookup": {"from": v, **join}} for v in ({"": 1}, {"a": 1}, {"db": "x"}, {"db": 1}, {"db": "x", "coll": 5}, {"coll": "y", "x": 1}, {"db": None, "coll": "x"}, "a\0b", ".a")),
                  {"$unionWith": "a\0b"}, {"$unionWith": {"coll": ".a"}}, {"$facet": {"$x": 1}}, {"$facet": {"": "x"}}, {"$unset": "a\0"}, {"$unset": ["a", "\0"]},
                  *({"$group": {"_id": 1, "r": {name: v}}} for name in ("$count", "$top", "$firstN", "$add", "$foo", "$accumulator") for v in ([], [1])), *({"$bucket": {"groupBy": "$n", "boundaries": [0, 9], "output": {"_id": v}}} for v in (1, {"a": 1}, "$.a")),
                  *({"$group": {"_id": 1, "r": {"$top": {"output": "$n", "sortBy": v}}}} for v in ([], [1], [1, 2], 5)), *({"$setWindowFields": {"partitionBy": v, "output": {"r": {"$sum": 1}}}} for v in ("$$ROOT", "$$CURRENT", "$$ROOT.a", [[]])),
                  {"$setWindowFields": {"partitionBy": [[]], "sortBy": {"n": "x"}, "output": {"r": {"$sum": 1}}}}, {"$setWindowFields": {"partitionBy": [[]], "sortBy": {"n": 1}, "output": {"r": {"$foo": 1}}}},
                  *({"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": {"$sum": 1, "window": {"documents": v}}}}} for v in ([2**40, 0], [-2**40, 0], [0, 2**31], [2**31, "current"], [Int64(0), 1.0])),
                  *({"$unionWith": {"pipeline": [{"$documents": v}]}} for v in ({"$foo": 1}, {"$foo": 1, "a": 1}, {"a": 1}, [{"$foo": 1}])), {"$project": {"r": {"$setField": {"field": "a\0", "input": "$$ROOT", "value": 1}}}},
                  {"$project": {"r": {"$unsetField": {"field": {"$literal": "\0"}, "input": "$$ROOT"}}}}, {"$fill": {"partitionByFields": [1], "output": {"a": {"method": "x"}}}}):
        pair.same(aggregate(stage))
    for word in ("foo", "eq", "ne", "nin", "not", "and", "ref", "all", "where", "regex", "options", "expr", "size", "near", "within", "maxDistance", "bitsAllSet", "mod", "geoIntersects", "comment", "_internalExprEq"):
        pair.same({"find": "data", "filter": {"n": {"$all": [{"$" + word: 1}]}}})
        pair.same({"find": "data", "filter": {"n": {"$all": [1, {"$" + word: 1}]}}})
    pair.same({"find": "data", "projection": {"n.a": 1, "n": {"$elemMatch": {"$foo": 1}}}})


def test_what_of_a_match_goes_before_a_redact_and_a_bucket(pair):
    pair.database.data.insert_many([{"_id": i, "n": i, "b": [1, 2]} for i in range(5)])
    pair.open()
    for query in ({"n": 99}, {"n": None}, {"n": Regex("x")}, {"n": {"$in": [99]}}, {"n": {"$in": [99, None]}}, {"n": {"$in": []}}, {"n": {"$all": [99, [1]]}}, {"n": {"$all": [[1]]}}, {"n": {"$type": "string"}}, {"n": {"$mod": [100, 99]}},
                  {"n": {"$regex": "x", "$options": "i"}}, {"n": {"$exists": False}}, {"n": {"$ne": 1}}, {"b": {"$elemMatch": {"$gt": 9}}}, {"b": {"$elemMatch": {"c": 9}}}, {"b": {"$elemMatch": {"c": None}}}, {"$or": [{"n": 99}, {"b": 77}]},
                  {"$or": [{"n": 99}, {"b": None}]}, {"$and": [{"n": 99}, {"b": None}]}, {"$nor": [{"n": {"$gt": -1}}]}, {"n": {"$bitsAllSet": 1000}}, {"n": {"$gt": MaxKey()}}, {"n": {"$eq": {"x": 1}}}, {"": 5}, {"$expr": False}):
        pair.same(aggregate({"$redact": 1}, {"$match": query}))
        pair.same(aggregate({"$set": {"b.c": COSTS}}, {"$match": {"n": {"$all": []}}}))
        for stage in ({"$bucket": {"groupBy": COSTS, "boundaries": [0, 9]}}, {"$group": {"_id": COSTS}}, {"$project": {"r": COSTS}}, {"$bucketAuto": {"groupBy": COSTS, "buckets": 2}}):
            pair.same(aggregate(stage, {"$match": query}))
