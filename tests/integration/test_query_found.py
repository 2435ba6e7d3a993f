"""What long runs of tests/query/differential.py found, each with its siblings, against a mongod 6.0.27."""
import random

import bson
import pytest
from bson import Decimal128, Int64, MaxKey, Regex
from test_query import DB, Pair, server, with_db  # noqa: F401 (server: a fixture)


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


def test_the_parts_of_a_schema_are_asked_one_by_one_beside_an_expression(pair):
    values = [0, 5, "abc", [1, 2], [1, 1], {"x": 1}, {"x": 1, "y": 2}, None, 7.5, True]
    pair.database.data.insert_many([{"_id": i, "zero": 0, **({"n": values[i % 11]} if i % 11 < 10 else {}), **({"m": values[i % 7]} if i % 3 else {})} for i in range(80)])
    pair.open()
    late = {"$expr": {"$cond": [{"$gte": ["$_id", 44]}, {"$divide": [1, "$zero"]}, False]}}
    parts = ({"bsonType": "int"}, {"bsonType": ["int", "string"]}, {"type": "number"}, {"minLength": 4}, {"maxLength": 2}, {"pattern": "^z"}, {"minimum": 3}, {"maximum": 3}, {"multipleOf": 4}, {"bsonType": "int", "minimum": 3}, {"minItems": 3},
             {"maxItems": 1}, {"uniqueItems": True}, {"items": {"minimum": 2}}, {"items": [{"minimum": 2}], "additionalItems": False}, {"items": [{}], "additionalItems": {"minimum": 2}}, {"required": ["y"]}, {"minProperties": 2},
             {"maxProperties": 1}, {"properties": {"x": {"minimum": 2}}}, {"additionalProperties": False, "properties": {"x": {}}}, {"patternProperties": {"y": {"minimum": 3}}}, {"dependencies": {"x": ["y"]}}, {"dependencies": {"x": {"required": ["y"]}}},
             {"enum": [5, "abc", {"y": 2, "x": 1}]}, {"not": {"bsonType": "int"}}, {"anyOf": [{"minimum": 3}, {"bsonType": "string"}]}, {"oneOf": [{"minimum": 3}, {"maximum": 9}]}, {"allOf": [{"minimum": 3}, {"maxLength": 2}]})
    schemas = [{"properties": {"n": part}} for part in parts] + [{"properties": {"n": part}, "required": ["n"]} for part in parts] + [{"anyOf": [{"properties": {"n": part}}, {"required": ["m"]}]} for part in parts]
    schemas += [part for part in parts if "properties" in str(part).lower() or "required" in part or "dependencies" in part] + [{"enum": [{"_id": 1}]}, {"oneOf": [{"required": ["n"]}, {"required": ["m"]}]}, {"required": ["n", "m"], "minProperties": 4}]
    for schema in schemas:
        for fails in (FAILS, late):
            for query in ({"$or": [{"$jsonSchema": schema}, fails]}, {"$and": [fails, {"$jsonSchema": schema}]}, {"_id": {"$gt": 40}, "$jsonSchema": schema, **fails}):
                pair.same({"find": "data", "filter": query})
            pair.same(aggregate({"$limit": 70}, {"$match": {"$or": [{"$jsonSchema": schema}, late]}}))
            if list(schema) == ["properties"]:  # a $nor of what has no path ends this mongod
                pair.same({"find": "data", "filter": {"$or": [{"m": 5}, {"$nor": [{"$jsonSchema": schema}]}, fails]}})


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


def test_behind_a_limit_no_document_is_asked(pair):
    pair.database.data.insert_many([{"_id": i, "zero": int(i < 10), "n": i, "m": i % 3, "a": [i, i + 1]} for i in range(300)])
    pair.open()
    late = {"$expr": {"$gt": [{"$divide": [1, "$zero"]}, -1]}}
    stages = ({"$unset": "m"}, {"$set": {"x": 1}}, {"$project": {"n": 1}}, {"$project": {"n": 0}}, {"$replaceRoot": {"newRoot": {"q": "$n"}}}, {"$replaceWith": "$$ROOT"}, {"$unwind": "$a"}, {"$redact": "$$KEEP"}, {"$skip": 2}, {"$sort": {"_id": 1}}, {"$sort": {"n": 1}}, {"$match": {"n": {"$lt": 1000}}},
              {"$lookup": {"from": "data", "localField": "n", "foreignField": "_id", "as": "l"}}, {"$unionWith": "data"}, {"$setWindowFields": {"output": {"r": {"$sum": 1}}}}, {"$facet": {"a": [{"$limit": 3}], "b": [{"$limit": 12}]}}, {"$fill": {"output": {"x": {"value": 1}}}},
              {"$fill": {"sortBy": {"_id": 1}, "output": {"x": {"method": "locf"}}}}, {"$graphLookup": {"from": "data", "startWith": "$n", "connectFromField": "zz", "connectToField": "_id", "as": "g"}})
    for first in ([], [{"$sort": {"_id": 1}}], [{"$skip": 0}], [{"$match": {"n": {"$gte": 0}}}], [{"$sort": {"n": 1}}], [{"$limit": 100}], [{"$unset": "m"}]):
        for stage in stages:
            for end in ([{"$limit": 10}], [{"$skip": 1}, {"$limit": 9}], [{"$limit": 11}]):
                pair.same(aggregate(*first, {"$match": late}, stage, *end))
                pair.same(aggregate(*first, stage, {"$match": late}, *end))
        pair.same({"aggregate": "data", "pipeline": [*first, {"$match": late}, {"$unset": "m"}, {"$set": {"y": 1}}], "cursor": {"batchSize": 2}})
    for end in ([{"$limit": 5}, {"$skip": 5}], [{"$limit": 50}, {"$skip": 60}, {"$sort": {"n": 1}}], [{"$limit": 50}, {"$skip": 9}], [{"$skip": 3}, {"$limit": 50}, {"$skip": 50}], [{"$limit": 50}, {"$limit": 8}], [{"$unset": "m"}, {"$limit": 20}, {"$skip": 20}]):
        for first in ([], [{"$sort": {"_id": 1}}]):
            pair.same(aggregate(*first, {"$match": FAILS}, *end))
            pair.same(aggregate(*first, {"$match": late}, *end))
    for pipeline in ([{"$match": late}, {"$unset": "m"}, {"$limit": 3}], [{"$set": {"r": {"$divide": [1, "$zero"]}}}, {"$limit": 10}]):
        pair.same(aggregate({"$limit": 1}, {"$lookup": {"from": "data", "pipeline": pipeline, "as": "l"}}))
        pair.same(aggregate({"$limit": 1}, {"$unionWith": {"coll": "data", "pipeline": pipeline}}))
        pair.same(aggregate({"$facet": {"x": pipeline, "y": [{"$limit": 20}]}}))
        pair.same(aggregate({"$unset": "m"}, {"$facet": {"x": pipeline}}))
    for batch in (2, 9, 10, 11, 101):
        for more in ({}, {"sort": {"_id": 1}}, {"sort": {"n": 1}}, {"skip": 1}, {"singleBatch": True}, {"projection": {"r": {"$divide": [1, "$zero"]}}}, {"limit": 10}, {"limit": 10, "sort": {"n": 1}}):
            pair.same({"find": "data", "filter": late, "batchSize": batch, **more})
    for more in ({"limit": 3}, {"limit": 8, "skip": 2}, {"limit": 11}, {"limit": -3}):
        pair.same({"count": "data", "query": late, **more})


def test_of_equal_values_distinct_shows_the_least_of_the_first_document(pair):
    values = {"first": ["b", "B"], "other": ["B", "b"], "list": [["b", "B", "a"]], "lists": [["x", "b"], ["B", "X"]], "nul": ["abc", "x", "ab\0c"], "nuls": [["abc", "ab\0c"]], "number": [[2, 2.0], [1.0, 1]], "objects": [[{"s": "b"}, {"s": "B"}]], "mixed": [["e", "\u00e9", "E", 3, None]]}
    for name, list_of in values.items():
        pair.database[name].insert_many([{"_id": i, "v": v} for i, v in enumerate(list_of)])
    pair.database.command("create", "view", viewOn="nuls", pipeline=[], collation={"locale": "en", "strength": 2})
    pair.open()
    for name in (*values, "view"):
        for collation in ({"locale": "en"}, {"locale": "en", "strength": 1}, {"locale": "en", "strength": 2}, {"locale": "en", "strength": 5}, {"locale": "en", "alternate": "shifted"}, {"locale": "simple"}):
            for key in ("v", "v.s", "v.0"):
                pair.same({"distinct": name, "key": key, **({"collation": collation} if name != "view" else {})})


def test_a_window_function_fails_when_its_window_comes_to_what_fails(pair):
    pair.database.data.insert_many([{"_id": i, "p": i // 5, "n": "x" if i == 8 else i, "zero": int(i != 8), "e": int(i != 2), "f": int(i != 7)} for i in range(20)])
    pair.open()
    late = {"$divide": [1, "$zero"]}
    windows = [{"window": w} for w in ({"documents": ["unbounded", "current"]}, {"documents": ["unbounded", "unbounded"]}, {"documents": [-1, 0]}, {"documents": [0, 3]}, {"documents": ["current", "unbounded"]}, {"documents": [3, 6]}, {"documents": [9, 12]},
                                       {"documents": [-6, -3]}, {"range": [-3, 3]}, {"range": ["unbounded", 2]}, {"range": ["current", "unbounded"]}, {"range": [-9, -2]})] + [{}]
    functions = [{name: late, **w} for name in ("$sum", "$push", "$first", "$last", "$max", "$stdDevPop", "$avg") for w in windows]
    functions += [{"$derivative": {"input": late}, **w} for w in windows] + [{"$integral": {"input": late}, **w} for w in windows] + [{"$covariancePop": [late, "$f"], **w} for w in windows]
    functions += [{"$shift": {"output": late, "by": by}} for by in (-2, 1, 5)] + [{"$locf": late}, {"$linearFill": late}, {"$linearFill": "$n"}, {"$linearFill": {"$cond": [{"$in": ["$_id", [4, 5, 6, 7]]}, None, late]}}, {"$expMovingAvg": {"input": late, "N": 2}}, {"$rank": {}}]
    behind = ([{"$match": {"$expr": {"$gte": [{"$divide": [1, "$e"]}, 0]}}}], [{"$set": {"x": {"$size": {"$cond": ["$f", [], 1]}}}}], [{"$limit": 3}], [{"$limit": 8}], [])
    for function in functions:
        for part in ({}, {"partitionBy": "$p"}):
            for more in behind:
                pair.same({"aggregate": "data", "pipeline": [{"$setWindowFields": {**part, "sortBy": {"_id": 1}, "output": {"r": function}}}, *more], "cursor": {"batchSize": 5}})
    for output in ({"n": {"method": "linear"}}, {"n": {"method": "locf"}}, {"n": {"value": late}, "q": {"method": "linear"}}):
        for more in behind:
            pair.same(aggregate({"$fill": {"sortBy": {"_id": 1}, "output": output}}, *more))


def test_a_union_with_no_name_fails_when_it_is_read(pair):
    pair.database.data.insert_many([{"_id": i} for i in range(5)])
    pair.open()
    for stage in ({"$unionWith": ""}, {"$unionWith": {"coll": ""}}, {"$unionWith": {"coll": "", "pipeline": []}}, {"$unionWith": {"coll": "", "pipeline": [{"$match": {"a": 1}}]}}):
        for more in ([], [{"$limit": 3}], [{"$limit": 5}], [{"$limit": 6}], [{"$match": {"_id": 9}}]):
            pair.same(aggregate(stage, *more))
        pair.same(aggregate({"$facet": {"a": [stage]}}))
    for name in ("$_internalDensify", "$_internalReshardingOwnershipMatch", "$_internalChangeStreamTransform", "$_addReshardingResumeId", "$_internalFindAndModifyImageLookup"):
        for operand in (5, {}, None):
            pair.same(aggregate({name: operand}))
            pair.same(aggregate({"$limit": 1}, {name: operand}))


def test_the_key_of_an_index_on_id_is_returned_where_mongod_reads_by_it(pair):
    pair.database.data.insert_many([{"_id": i, "n": i} for i in range(5)] + [{"_id": "x"}, {"_id": 5.5}, {"_id": {"a": 1}}])
    pair.open()
    for query in (*({"$type": t} for t in ("int", "number", "string", ["int", "string"], ["array", "int"], "object", "null", 2)), {"$mod": [2, 1]}, {"$regex": "x"}, {"$exists": True}, {"$ne": 3}, {"$not": {"$type": "int"}}, {"$nin": [1, 2]}, {"$size": 1}, {"$bitsAllSet": 1}, {"$gt": "a"}, {"$in": [1, "x"]}):
        for more in ({}, {"collation": {"locale": "en"}}, {"hint": {"$natural": 1}}, {"hint": {"_id": 1}}, {"sort": {"n": 1}}, {"limit": 2}, {"projection": {"n": 1}}):
            pair.same({"find": "data", "filter": {"_id": query}, "returnKey": True, **more})
    for query in ({"n": 1}, {"$or": [{"_id": 1}, {"n": 1}]}, {"$or": [{"_id": 1}, {"_id": {"$type": "string"}}]}, {"n": {"$gt": 0}, "_id": {"$exists": True}}):
        pair.same({"find": "data", "filter": query, "returnKey": True})
    for command in ({"find": "data", "": 1}, {"count": "data", "": 1}, {"distinct": "data", "key": "n", "": 1}, aggregate(**{"": 1}), {"find": "data", "collation": {"": 1}}, aggregate(collation={"": 1, "locale": "en"})):
        pair.same(command)


def test_the_catalog_is_listed_without_what_tells_files(pair):
    d = pair.database
    d.data.insert_many([{"_id": i, "a": [1, i]} for i in range(3)])
    d.data.create_index([("a", 1), ("b.c", -1)], unique=True, name="odd", partialFilterExpression={"a": {"$gt": 7}})
    d.create_collection("capped", capped=True, size=5120, max=3)
    d.create_collection("collated", collation={"locale": "de", "strength": 2}, validator={"a": {"$exists": True}})
    d.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    d.command("create", "view", viewOn="data", pipeline=[{"$match": {"a": 1}}], collation={"locale": "en"})
    pair.open()
    files = {"ident": 0, "idxIdent": 0, "md.timeseriesBucketsMayHaveMixedSchemaData": 0,
             **{f"md.indexes.{name}": 0 for name in ("multikey", "multikeyPaths", "head", "backgroundSecondary")}}
    for name in ("data", "capped", "collated", "none"):  # the order of an index' words is that of listIndexes here
        want, have = (bson.decode(answer)["cursor"]["firstBatch"] for answer in pair.both({"aggregate": name, "pipeline": [{"$listCatalog": {}}, {"$project": files}], "cursor": {}}))
        assert have == want and list(map(list, have)) == list(map(list, want))
    for name in ("view", "series"):
        pair.same({"aggregate": name, "pipeline": [{"$listCatalog": {}}], "cursor": {}})
    for wrong in ({"x": 1}, 1, []):
        pair.same(aggregate({"$listCatalog": wrong}))
        pair.same({"aggregate": 1, "pipeline": [{"$listCatalog": {}}], "cursor": {}})
    raw = with_db(bson.encode({"aggregate": 1, "pipeline": [{"$listCatalog": {}}, {"$match": {"db": DB, "name": {"$not": {"$regex": "^system[.]"}}}}, {"$sort": {"ns": 1}}, {"$project": files}], "cursor": {}}), "admin")
    want, have = (bson.decode(answer)["cursor"]["firstBatch"] for answer in (pair.real.raw(raw), pair.ours.raw(raw)))
    assert have == want
    assert {one["name"]: one["type"] for one in have}.items() >= {"data": "collection", "view": "view", "series": "timeseries"}.items()
