"""The query engine against a real mongod 6.0.27: rules that recorded reads of other programs' suites have shown to be missing, in wide tables."""
import itertools

import bson
import pytest
from bson import SON, Binary, Decimal128, Int64
from test_query import Pair, server  # noqa: F401 (a fixture)

WINDOWS = (["unbounded", "current"], ["unbounded", "unbounded"], ["current", "unbounded"], [-1, 1], [-2, 0], [0, 2])

BLOB = b"\0" * 16
LONG = ("9223372036854775807.5", "9223372036854775808", "-9223372036854775808.5", "-9223372036854775809", "1.9", "-1.9", "NaN", "Infinity", "9.223372036854775807E18")
PAIRS = [(1, 2), (Decimal128("Infinity"), 3), (3, 4), (4, 4), (5, 1), (float("inf"), 2), (1, 1), (2, float("nan")), (Decimal128("2"), Decimal128("NaN")), (1, 3),
         (3, Decimal128("NaN")), (Decimal128("NaN"), 1), (1, 2), (2, 5)]
ENCRYPTED = [Binary(b"\0" * 21, 6), 1, Binary(b"\0" * 21, 1), Binary(b"\1" + BLOB + b"\2abc", 6), Binary(b"\2" + BLOB + b"\2abc", 6),
             Binary(b"\0" + BLOB + b"\2abc", 6), Binary(b"\2" + BLOB + b"\x10abc", 6), Binary(b"", 6), Binary(b"\1", 6), [Binary(b"\1", 6)]]
SQUARE, ASIDE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], [[20, 0], [30, 0], [30, 10], [20, 10], [20, 0]]
HOLE, OTHER_HOLE = [[2, 2], [2, 4], [4, 4], [4, 2], [2, 2]], [[6, 6], [6, 8], [8, 8], [8, 6], [6, 6]]
SMALLER_HOLE = [[2.5, 2.5], [2.5, 3.5], [3.5, 3.5], [3.5, 2.5], [2.5, 2.5]]
POLYGONS = [[SQUARE], [SQUARE, HOLE], [SQUARE, SMALLER_HOLE], [SQUARE, HOLE, OTHER_HOLE], [HOLE], [ASIDE]]
EDGES = [[x + dx * r, y + dy * r] for (x, y), r in (([5, 52], 0.0001), ([5, 52], 0.00011), ([0.1, 0.2], 0.3), ([-71.3, 12.7], 1.1)) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (0.6, 0.8), (0.8, -0.6))]
DATA = {
    "hidden": [{"_id": i, "a": i} for i in range(3)],
    "circle": [{"_id": i, "at": place} for i, place in enumerate([*EDGES, [5.0001, 52], [5, 52.0001], [4.9999, 52], [5, 51.9999], [5.00011, 52], [5, 52.00011], [5.00010000000001, 52]])],
    "shapes": [*({"_id": i, "shape": {"type": "Polygon", "coordinates": polygon}} for i, polygon in enumerate(POLYGONS)),
               *({"_id": 20 + i, "shape": {"type": "MultiPolygon", "coordinates": [polygon, [ASIDE]]}} for i, polygon in enumerate(POLYGONS[:4]))],
    "data": [{"_id": 1, "a": "x"}, {"_id": 2, "a": "X"}],
    "arrays": [{"_id": 1, "name": "a", "owns": [{"t": 1, "s": 2}, {"t": 2}], "hat": "red", "b": [1, 2, 3]}],
    "decimals": [{"_id": i, "a": Decimal128(text)} for i, text in enumerate(LONG)],
    "equals": [{"_id": i, "k": k, "v": i} for i, k in enumerate([1, 1, 2, 2, 1, 3, 3, 3, 1, 2, 1.0, Int64(2)])],
    "pairs": [{"_id": i, "x": x, "y": y} for i, (x, y) in enumerate(PAIRS)],
    "late": [{"_id": i, "a": "x" if i == 5 else i, "p": i % 2} for i in range(60)],
    "nested": [{"_id": 1, "a": 1, "b": 2, "c": {"x": 1, "y": 2, "z": 3}}],
    "encrypted": [*({"_id": i, "data": value} for i, value in enumerate(ENCRYPTED)), {"_id": 99}],
}


@pytest.fixture(scope="module")
def pair(server, tmp_path_factory):  # noqa: F811
    made = Pair(server, tmp_path_factory.mktemp("suites"))
    for name, documents in DATA.items():
        made.database[name].insert_many(documents)
    made.database.hidden.create_index("a", hidden=True)
    made.database.hidden.create_index("b")
    for name, options in (("first", {"partialFilterExpression": {"b": {"$gt": 3}, "c": 1}}), ("second", {"collation": {"locale": "en"}}), ("third", {"sparse": True})):
        made.database.doubly.create_index("a", name=name, **options)
    for name, options in (("z", {"hidden": True}), ("y", {"sparse": True})):
        made.database.doubly.create_index([("z", -1)], name=name, **options)
    made.database.doubly.insert_one({"_id": 1, "a": 1, "z": 1})
    for name, source, kind in (("some", "data", {"a": "x"}), ("fewer", "some", {"_id": 1}), ("empty", "none", {})):
        made.database.create_collection(name, viewOn=source, pipeline=[{"$match": kind}])
    made.database.create_collection("all", viewOn="data", pipeline=[])
    made.database.create_collection("series", timeseries={"timeField": "t"})
    made.database.create_collection("french", collation={"locale": "fr"}).insert_one({"_id": 1, "a": "x"})
    yield made.open()
    made.close()


def aggregate(name, *stages, **more):
    return {"aggregate": name, "pipeline": list(stages), "cursor": {}, **more}


def test_a_collation_is_checked_field_by_field_then_as_a_whole(pair):
    locales = ("en_US", "fr_FR", "fr_CA", "en_GB", "de_AT", "zh", "zh_TW", "zh_Hant", "zh_Hans", "EN", "en-US", "eng", "sr_Latn_RS", "no", "nb", "uz", "xx", "root",
               "en_US_POSIX", "de@collation=phonebook", "de_DE@collation=phonebook", "", "simple", "en_")
    english = {"locale": "en"}
    specs = [{"locale": locale} for locale in locales]
    specs += [{**english, "strength": strength, "caseFirst": first, **level} for strength in range(1, 6) for first in ("upper", "off")
              for level in ({}, {"caseLevel": False}, {"caseLevel": True})]
    bad = {"strength": 0, "caseFirst": "bad", "alternate": "bad", "maxVariable": "bad", "backwards": "0", "foo": 1, "caseLevel": "x", "version": "1"}
    specs += [SON([("locale", "en"), (one, bad[one]), (two, bad[two])]) for one, two in itertools.permutations(bad, 2)]
    specs += [{**english, "backwards": None}, {**english, "backwards": True, "strength": 1}, {"locale": "en_DB", "caseFirst": "lower", "strength": 1},
              {"locale": "simple", "backwards": True, "strength": 1}, {**english, "caseFirst": "lower", "strength": 1, "backwards": True}]
    for spec in specs:
        pair.same({"find": "data", "filter": {"a": "x"}, "collation": spec})
    pair.same(aggregate("data", collation={"locale": "fr_FR"}))
    pair.same({"count": "data", "query": {}, "collation": {"locale": "fr_FR"}})


def test_a_stage_that_needs_a_collection_is_refused_without_one(pair):
    for stage in ({"$match": {}}, {"$set": {"a": 1}}, {"$unset": "a"}, {"$count": "n"}, {"$unionWith": "data"}, {"$facet": {"a": []}}, {"$replaceWith": "$a"},
                  {"$bucket": {"groupBy": "$a", "boundaries": [1, 2]}}, {"$bucketAuto": {"groupBy": "$a", "buckets": 2}}, {"$sortByCount": "$a"},
                  {"$densify": {"field": "a", "range": {"step": 1, "bounds": "full"}}}, {"$fill": {"output": {"a": {"value": 1}}}}, {"$nope": 1}, {"$match": 1},
                  {"$setWindowFields": {"output": {"a": {"$sum": 1}}}}, {"$setWindowFields": {"sortBy": {"a": 1}, "output": {"a": {"$sum": 1}}}},
                  {"$documents": [{"a": 1}]}, {"$_internalInhibitOptimization": {}}):
        pair.same(aggregate(1, stage))
    for value in (1, "a", None, [], {}, {"a": 1}):
        pair.same(aggregate("data", {"$_internalInhibitOptimization": value}))


def test_a_projection_computes_elem_match_behind_what_is_included(pair):
    match = {"$elemMatch": {"t": 1}}
    for projection in ([("owns", match), ("hat", 1)], [("hat", 1), ("owns", match)], [("owns", match)], [("owns", match), ("hat", 0)],
                       [("b", {"$elemMatch": {"$gt": 1}}), ("x", "$hat"), ("owns", match), ("name", 1)], [("name", match), ("hat", 1)],
                       [("b", {"$elemMatch": {"$gt": 1}}), ("owns", {"$slice": 1}), ("hat", 1)], [("none", match), ("hat", 1)]):
        pair.same({"find": "arrays", "projection": SON(projection)})
    for projection in ([("a", {"b": {"c": {"d": "$_id"}}}), ("a.b", {"c": 1.0})], [("a", {"b": {"c": 1}}), ("a.b", {"c": {"d": 1}})],
                       [("a", {"b": {"c": 1}}), ("a.b", {"d": 1})], [("a.b", {"c": 1}), ("a", {"b.c": 1})], [("a", 1), ("a.b", {"c": 1})]):
        pair.same({"find": "arrays", "projection": SON(projection)})


def test_a_variable_of_let_may_be_missing(pair):
    for expression in ("$$REMOVE", {"$getField": {"field": "c", "input": {"a": 1}}}, {"$arrayElemAt": [[], 0]}):
        let = {"let": {"c": expression, "d": 1}}
        pair.same({"find": "data", "projection": {"c": "$$c", "d": "$$d"}, **let})
        pair.same({"find": "data", "filter": {"$expr": {"$eq": ["$nope", "$$c"]}}, **let})
        pair.same(aggregate("data", {"$project": {"c": "$$c", "t": {"$type": "$$c"}}}, **let))
        pair.same(aggregate("data", {"$lookup": {"from": "data", "let": {"y": "$$c"}, "pipeline": [{"$project": {"t": {"$type": "$$y"}}}], "as": "l"}}, **let))


def test_mod_cuts_off_the_fraction_of_a_decimal_before_it_looks_at_its_size(pair):
    for mod in ([Int64(2**63 - 1), 0], [Int64(-(2**63)), 0], [2, 1], [2, 0], [1, 0]):
        pair.same({"find": "decimals", "filter": {"a": {"$mod": mod}}})
    for text in LONG:
        pair.same({"find": "decimals", "filter": {"a": {"$mod": [Decimal128(text), 0]}}})
        pair.same({"find": "decimals", "filter": {"a": {"$mod": [2, Decimal128(text)]}}})


@pytest.mark.parametrize("operator", ["$top", "$bottom", "$topN", "$bottomN", "$minN", "$maxN"])
def test_of_equals_a_moving_window_keeps_the_later_ones(pair, operator):
    for n, window, order in itertools.product((1, 2, 3), WINDOWS, (1, -1)):
        operand = {"input": "$k"} if operator in ("$minN", "$maxN") else {"output": "$v", "sortBy": {"k": order}}
        if operator.endswith("N"):
            operand["n"] = n
        pair.same(aggregate("equals", {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": {operator: operand, "window": {"documents": window}}}}}))


def test_covariance_takes_infinities_in_and_out_again(pair):
    for operator, window, first in itertools.product(("$covariancePop", "$covarianceSamp"), WINDOWS, (0, 2, 6, 9, 11)):
        pair.same(aggregate("pairs", {"$match": {"_id": {"$gte": first}}},
                            {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": {operator: ["$x", "$y"], "window": {"documents": window}}}}}))


def test_a_window_function_is_looked_at_before_its_path_and_n_before_documents(pair):
    for output in ({"": {"$nope": 1}}, {"": {"$sum": 1}}, {"a..b": {"$nope": 1}}, {"$a": {"$nope": 1}}, {"$a": {"$sum": 1}}, {"": 1}, {"$a": 1}):
        pair.same(aggregate("data", {"$setWindowFields": {"output": output}}))
    for n, name in itertools.product(("a", None, 0, -1, 1.5, float("inf"), float("nan"), Decimal128("Infinity"), "$nope", 2), ("data", "none")):
        for function in ({"$topN": {"output": "$q", "n": n, "sortBy": {"q": 1}}}, {"$firstN": {"input": "$q", "n": n}}, {"$maxN": {"input": "$q", "n": n}}):
            pair.same(aggregate(name, {"$setWindowFields": {"output": {"x": function}}}))
            pair.same(aggregate(name, {"$group": {"_id": None, "x": function}}))


def test_a_schema_tells_what_a_driver_has_encrypted(pair):
    key, algorithm = Binary(b"\5" * 16, 4), "AEAD_AES_256_CBC_HMAC_SHA_512-"
    wanted = ({}, {"bsonType": "string"}, {"bsonType": ["string", "int"]}, {"bsonType": 123}, {"bsonType": "nope"}, {"bsonType": []}, {"bsonType": "object"},
              {"keyId": [key]}, {"keyId": "/key"}, {"keyId": "key"}, {"keyId": []}, {"keyId": ["a"]}, {"keyId": [Binary(b"x")]}, {"keyId": 1}, {"foo": 1},
              {"algorithm": algorithm + "Random"}, {"algorithm": algorithm + "Deterministic", "bsonType": "string"}, {"algorithm": "x"}, {"algorithm": []}, 1)
    for one in wanted:
        pair.same({"find": "encrypted", "filter": {"$jsonSchema": {"properties": {"data": {"encrypt": one}}}}})
        pair.same({"find": "encrypted", "filter": {"$jsonSchema": {"encryptMetadata": one}}})
    for more in ({"type": "string"}, {"bsonType": "string"}, {"type": "string", "bsonType": "string"}, {"minLength": 1}, {"enum": [1]}):
        pair.same({"find": "encrypted", "filter": {"$jsonSchema": {"properties": {"data": {"encrypt": {}, **more}}}}})
    for schema in ({"encrypt": {}}, {"items": {"encrypt": {}}}, {"properties": {"data": {"items": {"encrypt": {}}}}},
                   {"properties": {"data": {"not": {"encrypt": {}}}}}, {"additionalProperties": {"encrypt": {}}}):
        pair.same({"find": "encrypted", "filter": {"$jsonSchema": schema}})
    for value in (float("nan"), -float("nan"), Decimal128("NaN"), Decimal128("-NaN"), Decimal128("-Infinity"), 0, -0.0):
        pair.same({"find": "encrypted", "filter": {"$jsonSchema": {"properties": {"data": {"multipleOf": value}}}}})


def test_what_goes_wrong_behind_the_first_batch_is_told_as_getmores(pair):
    divide = {"y": {"$divide": [1, {"$subtract": ["$_id", 5]}]}}
    for size in (0, 1, 3, 100):
        pair.same(aggregate("equals", {"$project": divide}, cursor={"batchSize": size}))
        pair.same({"find": "equals", "projection": divide, "batchSize": size})


def test_a_document_may_be_larger_than_16_mib_on_its_way_through_a_pipeline(pair):
    large, size, few = {"$range": [0, 500000]}, {"$project": {"n": {"$size": "$a"}}}, {"$limit": 4}
    pushed = {"$group": {"_id": None, "a": {"$push": large}}}
    whole = {"documents": ["unbounded", "current"]}
    text = {"$reduce": {"input": {"$range": [0, 23]}, "initialValue": "x", "in": {"$concat": ["$$value", "$$value"]}}}  # 8 MiB
    for pipeline in ([pushed, size], [pushed, {"$unwind": "$a"}, size], [pushed, {"$match": {"a": {"$size": 4}}}, size], [pushed, {"$sort": {"_id": 1}}, size],
                     [pushed, {"$facet": {"x": [size], "y": [{"$unwind": "$a"}, {"$count": "n"}]}}], [{"$facet": {"a": [{"$project": {"a": large}}]}}, size],
                     [{"$bucketAuto": {"groupBy": "$_id", "buckets": 1, "output": {"a": {"$push": large}}}}, size],
                     [{"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"a": {"$push": large, "window": whole}}}}, size],
                     [{"$limit": 1}, {"$addFields": {"a": {"$map": {"input": {"$range": [0, 7]}, "in": large}}}}, size],
                     [pushed], [{"$limit": 2}, {"$group": {"_id": None, "a": {"$push": text}}}]):  # too large where it leaves; less than 16 KiB over 16 MiB
        pair.same({"aggregate": "pairs", "pipeline": [few, *pipeline], "cursor": {}})


def test_a_place_on_the_edge_of_a_circle_is_compared_as_mongod_does(pair):
    for center, radius in (([5, 52], 0.0001), ([5, 52], 0.00011), ([0.1, 0.2], 0.3), ([-71.3, 12.7], 1.1)):
        pair.same({"find": "circle", "filter": {"at": {"$geoWithin": {"$center": [center, radius]}}}})


def test_a_polygon_with_a_hole_is_within_itself(pair):
    for holes in ((), (HOLE,), (HOLE[::-1],), (SMALLER_HOLE,), (HOLE, OTHER_HOLE)):
        polygon = [SQUARE, *holes]
        pair.same({"find": "shapes", "filter": {"shape": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": polygon}}}}})
        pair.same({"find": "shapes", "filter": {"shape": {"$geoWithin": {"$geometry": {"type": "MultiPolygon", "coordinates": [[ASIDE], polygon]}}}}})


def test_a_hint_may_not_name_a_hidden_index(pair):
    for hint in ({"a": 1}, "a_1", {"b": 1}, "b_1"):
        for command in ({"find": "hidden"}, {"find": "hidden", "filter": {"a": 1}}, {"count": "hidden"}, {"aggregate": "hidden", "pipeline": [], "cursor": {}}, {"find": "hidden", "min": {"a": 1}, "max": {"a": 2}}):
            if hint in ({"a": 1}, "a_1") or "min" not in command:
                pair.same({**command, "hint": hint})


def test_a_hint_by_a_key_has_to_mean_one_index(pair):
    for hint in ({"a": 1}, {"a": 1.0}, {"a": -1}, "first", {"$hint": "second"}, {"z": -1}, {"_id": 1}):
        for command in ({"find": "doubly"}, {"find": "doubly", "filter": {"a": 1}, "sort": {"b": 1}, "limit": 3}, {"count": "doubly"}, {"count": "doubly", "query": {"a": 1}, "limit": 1, "skip": 1},
                        {"aggregate": "doubly", "pipeline": [{"$match": {"a": 1}}], "cursor": {}}, {"find": "doubly", "min": {"z": 1}, "max": {"z": 2}}):
            if "min" not in command or hint == {"a": 1}:
                pair.same({**command, "hint": hint})


def test_a_field_of_a_mongocryptd_is_told_as_that(pair):
    for command in ({"find": "data"}, {"count": "data"}, {"distinct": "data", "key": "a"}, {"aggregate": "data", "pipeline": [], "cursor": {}}, {"explain": {"count": "data"}}):
        pair.same({**command, "jsonSchema": {}})
        pair.same({**command, "jsonschema": {}})


@pytest.mark.parametrize("command", [{"find": "data"}, {"find": "none"}, {"find": "french"}, {"find": "french", "filter": {"a": 1}, "sort": {"a": 1}}, {"count": "french", "query": {"a": 1}}, {"distinct": "french", "key": "a"},
                                     {"aggregate": "french", "pipeline": [{"$match": {"a": 1}}], "cursor": {}}, {"aggregate": "french", "pipeline": [{"$group": {"_id": "$a"}}], "cursor": {}}, {"aggregate": "data", "pipeline": [], "cursor": {}}])
def test_explain_shows_the_collation(pair, command):
    for more in ({}, {"collation": {"locale": "de", "strength": 2}}, {"collation": {"locale": "simple"}}, {"collation": {"locale": "zh", "backwards": False, "numericOrdering": True}}):
        shown = []
        for raw in pair.both({"explain": {**command, **more}, "verbosity": "queryPlanner"}):
            reply = bson.decode(raw)
            planner = reply.get("queryPlanner") or reply["stages"][0]["$cursor"]["queryPlanner"]
            names = list(planner)
            shown.append((planner["namespace"], planner["parsedQuery"], planner.get("collation"), list(planner.get("collation", {})), names[:names.index("parsedQuery") + (2 if "collation" in names else 1)]))
        assert shown[1] == shown[0], (command, more)


@pytest.mark.parametrize("name", ["data", "some", "fewer", "empty", "none", "series"])
def test_explain_names_the_collection_behind_a_view(pair, name):
    for command in ({"find": name}, {"find": name, "filter": {"_id": 1}}, {"count": name, "query": {"_id": 1}}, {"distinct": name, "key": "a"}, {"aggregate": name, "pipeline": [], "cursor": {}},
                    {"aggregate": name, "pipeline": [{"$group": {"_id": "$a"}}], "cursor": {}}):
        replies = [bson.decode(raw) for raw in pair.both({"explain": command, "verbosity": "queryPlanner"})]
        want, have = ((reply.get("queryPlanner") or reply["stages"][0]["$cursor"]["queryPlanner"])["namespace"] for reply in replies)
        assert have == want, command


def test_a_find_that_does_all_of_a_pipeline_is_asked_for_a_batch_alone(pair):
    fails = {"$match": {"$expr": {"$gt": [{"$add": ["$a", 1]}, -9]}}}
    pipelines = [[], *([stage] for stage in ({"$project": {"_id": 1}}, {"$project": {"_id": 0}}, {"$project": {"a": 0}}, {"$project": {"_id": 0, "a": 1}}, {"$project": {"r": {"$add": [1, 1]}}}, {"$project": {"p": {"q": 1}}},
                 {"$project": {"p": {"q": 0}}}, {"$set": {"q": 1}}, {"$unwind": "$p"}, {"$limit": 2}, {"$sort": {"_id": 1}})), [{"$sort": {"_id": 1}}, {"$project": {"_id": 1}}], [{"$project": {"a": 1}}, {"$set": {"q": 1}}]]
    for rest in pipelines:
        for size in (2, 5, 6, 40):
            pair.same({"aggregate": "late", "pipeline": [fails, *rest], "cursor": {"batchSize": size}})
    pair.same({"aggregate": "late", "pipeline": [{"$project": {"a": 1}}, fails], "cursor": {"batchSize": 2}})


def test_explain_tells_the_command_behind_the_server_where_there_are_stages(pair):
    for command in ({"find": "data"}, {"count": "data"}, {"distinct": "data", "key": "a"}, aggregate("data"), aggregate("data", {"$match": {"a": 1}}), aggregate("data", {"$group": {"_id": "$a"}}), aggregate("data", {"$set": {"b": 1}}),
                    aggregate("data", {"$lookup": {"from": "data", "localField": "a", "foreignField": "_id", "as": "l"}})):
        for verbosity in ("queryPlanner", "executionStats"):
            want, have = (list(bson.decode(raw)) for raw in pair.both({"explain": command, "verbosity": verbosity}))
            assert have == want, command


@pytest.mark.parametrize("name", ["data", "all", "some", "none", "series", "system.buckets.series"])
def test_stages_that_tell_of_a_collection_tell_of_what_a_view_views(pair, name):
    """Where it has no stages: else they are not the first, which a mongod tells before it runs, in shorter words."""
    tells = ({"$collStats": {"count": {}}}, {"$collStats": {"latencyStats": {}}}, {"$collStats": {"latencyStats": {"histograms": True}}}, {"$indexStats": {}}, {"$planCacheStats": {}}, {"$listCatalog": {}})
    kept = {"$project": {key: 1 for key in ("ns", "count", "latencyStats.transactions", "key", "db", "name", "type")}}
    for stage in tells:
        pair.same(aggregate(name, stage, kept))
        for inside in (aggregate("data", {"$lookup": {"from": name, "pipeline": [stage, kept], "as": "l"}}), aggregate("data", {"$unionWith": {"coll": name, "pipeline": [stage, kept]}})):
            want, have = (bson.decode(raw) for raw in pair.both(inside))
            assert have.get("code") == want.get("code"), inside
            if "code" not in want:
                pair.same(inside)


def test_a_graph_lookup_takes_no_text_search(pair):
    for query in ({"$text": {"$search": "x"}}, {"$text": 5}, {"$or": [{"a": 1}, {"$text": {"$search": "x"}}]}, {"$where": "1"}, {"a": {"$near": [0, 0]}}):
        pair.same(aggregate("data", {"$graphLookup": {"from": "data", "startWith": "$_id", "connectFromField": "_id", "connectToField": "_id", "as": "l", "restrictSearchWithMatch": query}}))


def test_a_field_that_an_expression_took_away_keeps_its_place_for_one_that_sets_it(pair):
    def unset(name, source):
        return {"$unsetField": {"field": name, "input": source}}

    def put(name, source, value=9):
        return {"$setField": {"field": name, "input": source, "value": value}}

    shapes = [lambda f, d: put(f, unset(f, d)), lambda f, d: put(f, put(f, d, "$$REMOVE")), lambda f, d: unset(f, put(f, d)), lambda f, d: put("q", unset(f, d)), lambda f, d: put(f, {"$cond": [True, unset(f, d), 1]}),
              lambda f, d: {"$let": {"vars": {"d": unset(f, d)}, "in": put(f, "$$d")}}, lambda f, d: put(f, {"$mergeObjects": [unset(f, d), {"k": 1}]}), lambda f, d: {"$objectToArray": put(f, unset(f, d))}, lambda f, d: {"$objectToArray": unset(f, d)},
              lambda f, d: {"$eq": [put(f, unset(f, d)), put(f, d)]}, lambda f, d: {"$first": {"$map": {"input": [unset(f, d)], "in": put(f, "$$this")}}}, lambda f, d: {"$reduce": {"input": [1, 2], "initialValue": d, "in": put(f, unset(f, "$$value"), "$$this")}}]
    for shape, (source, name) in itertools.product(shapes, (("$$ROOT", "a"), ("$c", "x"), ({"a": 1, "x": 5, "b": 2}, "x"))):
        made = shape(name, source)
        pair.same({"find": "nested", "projection": {"r": made}})
        pair.same({"find": "nested", "filter": {"$expr": {"$eq": [made, put(name, source)]}}})
        for stage in ({"$project": {"r": made}}, {"$set": {"r": made}}, {"$group": {"_id": made}}, {"$facet": {"f": [{"$project": {"r": made}}]}}, {"$match": {"$expr": {"$eq": [made, put(name, source)]}}}, {"$sortByCount": made},
                      {"$lookup": {"from": "nested", "let": {"q": made}, "pipeline": [{"$project": {"r": "$$q"}}], "as": "l"}}):
            pair.same(aggregate("nested", stage))
    pair.same(aggregate("nested", {"$project": {"r": "$$l"}}, let={"l": put("x", unset("x", {"a": 1, "x": 5, "b": 2}))}))


def test_a_field_keeps_its_place_in_pipelines_inside_of_stages_too(pair):
    removers = [{"$unset": "a"}, {"$project": {"a": 0}}, {"$set": {"a": "$$REMOVE"}}, {"$unset": "c.x"}, {"$replaceWith": {"b": 1, "a": "$q", "c": 1}}, {"$unwind": {"path": "$q", "preserveNullAndEmptyArrays": True}}]
    field = {"$setField": {"field": "x", "input": "$c", "value": 9}}
    setters = [{"$set": {"a": 5}}, {"$set": {"c.x": 5}}, {"$addFields": {"k.a": 5}}, {"$lookup": {"from": "nested", "localField": "b", "foreignField": "b", "as": "a"}}, {"$setWindowFields": {"output": {"a": {"$sum": 1}}}},
               {"$unwind": {"path": "$b", "includeArrayIndex": "a"}}, [{"$group": {"_id": "$c"}}, {"$sort": {"_id": 1}}], {"$set": {"r": field}}, {"$group": {"_id": None, "l": {"$push": field}}}, {"$match": {"$expr": {"$eq": [field, {"x": 9, "y": 2, "z": 3}]}}}]
    for first, then in itertools.product(removers, setters):
        if first.get("$replaceWith") and "$setField" in str(then):
            continue  # fails: there is no document
        then = then if isinstance(then, list) else [then]
        for pipeline in ([first, *then], [{"$lookup": {"from": "nested", "pipeline": [first, *then], "as": "k"}}], [{"$lookup": {"from": "nested", "pipeline": [first], "as": "k"}}, *then], [{"$unionWith": {"coll": "nested", "pipeline": [first, *then]}}],
                         [{"$unionWith": {"coll": "nested", "pipeline": [first]}}, *then], [{"$facet": {"f": [first, *then]}}], [{"$lookup": {"from": "nested", "pipeline": [{"$unionWith": {"coll": "nested", "pipeline": [first, *then]}}], "as": "k"}}]):
            pair.same(aggregate("nested", *pipeline))


def test_of_fields_with_one_name_an_inclusion_that_computes_gives_the_first_each_time(pair):
    twice = {"$collStats": {"latencyStats": {}}}  # has `ns` twice
    for fields in ({"ns": 1}, {"ns": 1, "k": {"$add": [1, 1]}}, {"ns": 1, "k": "$ns"}, {"k": "$ns"}):
        pair.same(aggregate("series", twice, {"$project": fields}))
