"""More commands for record.py, by what they reach: arguments that fail, documents that fail on their way through the stages, rarer words.

As in commands.py what is done otherwise on purpose is left out.
"""
import datetime
from pathlib import Path

from bson import json_util
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from bson.codec_options import DatetimeConversion

from commands import DAY, aggregate, hours

JSON = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
ENCRYPTED = Binary(bytes([1]) + bytes(16) + bytes([2]) + b"abcdef", 6)
BAD = {"$abs": "$item"}  # fails for each document
DATE = {"$add": [DAY, "$_id"]}

# An operand of each operator that takes arguments, for a document of "sales".
VALID = {
    "abs": "$_id", "acos": "$nil", "add": ["$_id", 1], "allElementsTrue": ["$tags"], "and": ["$_id", 1], "anyElementTrue": ["$tags"],
    "arrayElemAt": ["$tags", 1], "arrayToObject": [[["a", "$item"]]], "atan2": ["$_id", 1], "avg": ["$_id", 2], "binarySize": "$item", "bsonSize": "$size", "ceil": "$_id", "cmp": ["$_id", 1],
    "concat": ["$item", "x"], "concatArrays": ["$tags", [1]], "cond": ["$_id", 1, "$item"],
    "convert": {"input": "$_id", "to": "string", "onError": "$item", "onNull": "$item"},
    "dateAdd": {"startDate": DATE, "unit": "day", "amount": 1, "timezone": "UTC"}, "dateSubtract": {"startDate": DATE, "unit": "day", "amount": 1, "timezone": "UTC"},
    "dateDiff": {"startDate": DATE, "endDate": DAY, "unit": "week", "timezone": "UTC", "startOfWeek": "monday"},
    "dateFromParts": {"year": 2020, "month": 2, "day": 3, "hour": 4, "minute": 5, "second": 6, "millisecond": 7, "timezone": "UTC"},
    "dateFromString": {"dateString": "2020-01-01", "format": "%Y-%m-%d", "timezone": "UTC", "onError": "$item", "onNull": "$item"},
    "dateToParts": {"date": DATE, "timezone": "UTC", "iso8601": True}, "dateToString": {"date": DATE, "format": "%Y", "timezone": "UTC", "onNull": "$item"},
    "dateTrunc": {"date": DATE, "unit": "week", "binSize": 2, "timezone": "UTC", "startOfWeek": "monday"}, "dayOfMonth": {"date": DATE, "timezone": "UTC"}, "dayOfWeek": DATE,
    "divide": ["$_id", 2], "eq": ["$_id", 1], "exp": "$_id", "filter": {"input": "$tags", "cond": {"$eq": ["$$this", "t1"]}, "limit": 1}, "first": "$tags", "firstN": {"input": "$tags", "n": 1}, "lastN": {"input": "$tags", "n": 1},
    "maxN": {"input": "$tags", "n": 1}, "minN": {"input": "$tags", "n": 1}, "floor": "$_id", "getField": {"field": "h", "input": "$size"}, "ifNull": ["$nil", "$item"], "in": ["t1", "$tags"], "indexOfArray": ["$tags", "t1", 0, 5],
    "indexOfBytes": ["$item", "i", 0, 2], "indexOfCP": ["$item", "i", 0, 2], "isArray": "$tags", "isNumber": "$_id", "last": "$tags", "let": {"vars": {"x": "$_id", "y": 1}, "in": ["$$x"]}, "ln": 2, "log": [8, 2],
    "log10": 10, "ltrim": {"input": "$item", "chars": "i"}, "trim": {"input": "$item", "chars": "i"}, "map": {"input": "$tags", "as": "t", "in": ["$$t"]}, "max": ["$_id", 1], "min": ["$_id", 1], "mergeObjects": ["$size", {"a": 1}], "mod": ["$_id", 3],
    "multiply": ["$_id", 3], "ne": ["$_id", 3], "not": ["$_id"], "objectToArray": "$size", "or": [False, "$nil"], "pow": ["$_id", 2], "range": [0, "$_id", 2], "reduce": {"input": "$tags", "initialValue": "", "in": {"$concat": ["$$value", "$$this"]}},
    "regexFind": {"input": "$item", "regex": "i", "options": "i"}, "regexFindAll": {"input": "$item", "regex": "i", "options": "i"}, "regexMatch": {"input": "$item", "regex": "i", "options": "i"}, "replaceAll": {"input": "$item", "find": "i", "replacement": "j"},
    "replaceOne": {"input": "$item", "find": "i", "replacement": "j"}, "reverseArray": "$tags", "round": ["$_id", 1], "trunc": ["$_id", 1], "setDifference": ["$tags", ["t1"]], "setEquals": ["$tags", ["t1"]], "setField": {"field": "h", "input": "$size", "value": "$_id"},
    "setIntersection": ["$tags", ["t1"]], "setIsSubset": ["$tags", ["t1"]], "setUnion": ["$tags", ["t1"]], "size": "$tags", "slice": ["$tags", 1, 1], "sortArray": {"input": "$tags", "sortBy": 1}, "split": ["$item", "i"], "sqrt": "$_id", "stdDevPop": ["$_id", 1],
    "stdDevSamp": ["$_id", 1], "strcasecmp": ["$item", "I"], "strLenBytes": "$item", "strLenCP": "$item", "substrBytes": ["$item", 0, 1], "substrCP": ["$item", 0, 1], "subtract": ["$_id", 1], "sum": ["$_id", 1],
    "switch": {"branches": [{"case": "$nil", "then": 1}, {"case": True, "then": "$item"}], "default": 5}, "toBool": "$_id", "toDate": "$amount", "toDecimal": "$_id", "toLower": "$item", "toUpper": "$item", "toString": "$_id", "tsIncrement": "$nil", "tsSecond": "$nil", "type": "$item",
    "unsetField": {"field": "h", "input": "$size"}, "zip": {"inputs": ["$tags", ["a"]], "useLongestLength": True, "defaults": [1, 2]}, "degreesToRadians": "$_id", "sin": "$_id", "tan": "$_id", "asinh": "$_id", "bitAnd": ["$_id", 1]}


def changes(operand, wrong):
    """The operand with each of its arguments in turn replaced."""
    if isinstance(operand, dict) and not any(k.startswith("$") for k in operand):
        for name, value in operand.items():
            yield {**operand, name: wrong}
            if isinstance(value, (dict, list)):
                yield from ({**operand, name: inner} for inner in changes(value, wrong))
    elif isinstance(operand, list):
        for i, value in enumerate(operand):
            yield operand[:i] + [wrong] + operand[i + 1:]
            if isinstance(value, list):
                yield from (operand[:i] + [inner] + operand[i + 1:] for inner in changes(value, wrong))
    else:
        yield wrong


def on_sale(operator, operand):
    return aggregate("sales", {"$match": {"_id": 5}}, {"$project": {"_id": 0, "r": {"$" + operator: operand}}})


def failing_arguments():
    """Each argument of each operator fails in turn."""
    for operator, operand in VALID.items():
        for changed in changes(operand, BAD):
            yield on_sale(operator, changed)


def wrong_arguments():
    """Each argument of each operator is of another type."""
    for operator, operand in VALID.items():
        for wrong in ("$nil", None, "$size", "$tags", "$item", "$_id", -1, 1.5, {"$literal": float("nan")}, {"$toDecimal": "$_id"}, {"$toLong": "$_id"}, {"$toDouble": "$_id"}, DAY, {"$literal": Regex("i")}, True, "", {"$literal": Timestamp(5, 6)}, {"$literal": "\u00e9"}):
            for changed in changes(operand, wrong):
                yield on_sale(operator, changed)


FAILS = {"$set": {"f": {"$cond": [{"$eq": ["$_id", 5]}, BAD, "$_id"]}}}  # at the sixth document
ORDER = {"$sort": {"_id": 1}}
SHORT = {"$match": {"_id": {"$lt": 8}}}
# A stage each of what may stand behind others, with its expressions where an argument may fail.
AFTER = (
    [{"$match": {"f": 1}}], [{"$match": {"$expr": {"$gt": ["$f", 1]}}}], [{"$project": {"f": 1}}], [{"$addFields": {"g": "$f"}}], [{"$unset": "g"}], [{"$replaceRoot": {"newRoot": "$size"}}], [{"$replaceWith": {"a": "$f"}}], [{"$skip": 2}], [{"$limit": 7}],
    [{"$count": "n"}], [{"$sort": {"f": -1}}], [{"$sort": {"f": -1}}, {"$limit": 1}], [{"$unwind": "$tags"}], [{"$unwind": {"path": "$tags", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": True}}], [{"$group": {"_id": None, "n": {"$sum": "$f"}}}], [{"$sortByCount": "$f"}, {"$sort": {"_id": 1}}],
    [{"$bucket": {"groupBy": "$f", "boundaries": [0, 20]}}], [{"$bucketAuto": {"groupBy": "$f", "buckets": 2}}], [{"$bucketAuto": {"groupBy": "$f", "buckets": 2, "granularity": "R5"}}], [{"$facet": {"a": [{"$skip": 3}], "b": [{"$count": "n"}]}}],
    [{"$lookup": {"from": "tree", "localField": "f", "foreignField": "_id", "as": "l"}}], [{"$lookup": {"from": "tree", "let": {"f": "$f"}, "pipeline": [{"$match": {"$expr": {"$eq": ["$_id", "$$f"]}}}], "as": "l"}}],
    [{"$lookup": {"from": "tree", "localField": "f", "foreignField": "_id", "as": "l"}}, {"$unwind": "$l"}],
    [{"$graphLookup": {"from": "staff", "startWith": "$f", "connectFromField": "boss", "connectToField": "_id", "as": "up"}}, {"$set": {"up": {"$size": "$up"}}}], [{"$graphLookup": {"from": "staff", "startWith": "$f", "connectFromField": "boss", "connectToField": "_id", "as": "up"}}, {"$unwind": "$up"}, {"$sort": {"_id": 1, "up._id": 1}}],
    [{"$unionWith": "tree"}], [{"$redact": {"$cond": [{"$gt": ["$f", 3]}, "$$KEEP", "$$PRUNE"]}}], [{"$setWindowFields": {"sortBy": {"f": 1}, "output": {"r": {"$sum": "$f", "window": {"documents": [-1, 1]}}}}}],
    [{"$densify": {"field": "f", "range": {"step": 1, "bounds": "full"}}}], [{"$densify": {"field": "f", "partitionByFields": ["item"], "range": {"step": 1, "bounds": "partition"}}}], [{"$densify": {"field": "f", "range": {"step": 1, "bounds": [0, 3]}}}],
    [{"$fill": {"output": {"q": {"value": 1}}}}], [{"$fill": {"sortBy": {"f": 1}, "output": {"q": {"method": "locf"}}}}], [{"$fill": {"sortBy": {"f": 1}, "partitionByFields": ["item"], "output": {"q": {"method": "linear"}}}}],
    [{"$setWindowFields": {"sortBy": {"f": 1}, "partitionBy": "$item", "output": {"r": {"$rank": {}}}}}], [{"$replaceRoot": {"newRoot": {"$mergeObjects": ["$size", {"f": "$f"}]}}}], [{"$project": {"f": 0}}], [{"$group": {"_id": "$item", "first": {"$first": "$f"}}}, ORDER])


def failing_documents():
    """A document fails on its way into each stage; and in sub-pipelines."""
    for stages in AFTER:
        yield aggregate("sales", ORDER, FAILS, *stages)
        yield aggregate("sales", ORDER, FAILS, {"$limit": 4}, *stages)
    for name in ("tree", "missing", "ts", "high"):
        for stages in AFTER[:18] + AFTER[19:]:
            if name in ("missing", "tree"):
                yield aggregate(name, ORDER, *stages)
        if name != "high":
            yield aggregate("sales", SHORT, ORDER, {"$unionWith": {"coll": name, "pipeline": [{"$set": {"q": {"$abs": "x"}}}]}})
        yield aggregate("sales", SHORT, ORDER, {"$unionWith": {"coll": name, "pipeline": [{"$set": {"q": {"$divide": [1, {"$indexOfArray": [["$item"], "i5"]}]}}}, {"$project": {"_id": 0}}]}}, {"$project": {"_id": 1}})
        yield aggregate("sales", SHORT, ORDER, {"$lookup": {"from": name, "as": "l", "pipeline": [{"$set": {"q": {"$add": [{"$toLong": "$_id"}, 1]}}}, {"$limit": 2}]}})
        yield aggregate("sales", SHORT, ORDER, {"$lookup": {"from": name, "as": "l", "let": {"i": BAD}, "pipeline": [{"$limit": 1}]}})
        yield aggregate("sales", SHORT, ORDER, {"$lookup": {"from": name, "as": "l", "localField": "_id", "foreignField": "_id", "pipeline": [{"$project": {"r": {"$divide": [1, "$$ROOT"]}}}]}})
        yield aggregate("sales", SHORT, ORDER, {"$lookup": {"from": name, "as": "l", "localField": "_id", "foreignField": "_id", "pipeline": [{"$project": {"r": {"$divide": [1, "$$ROOT"]}}}]}}, {"$unwind": "$l"})
        yield aggregate("sales", SHORT, ORDER, {"$graphLookup": {"from": name, "startWith": BAD, "connectFromField": "a", "connectToField": "b", "as": "g"}})
        yield aggregate("sales", SHORT, ORDER, {"$graphLookup": {"from": name, "startWith": "$_id", "connectFromField": "_id", "connectToField": "_id", "as": "g", "restrictSearchWithMatch": {"$expr": {"$abs": {"$concat": ["x"]}}}}})
        if name != "high":  # where mongod asks in another order
            yield aggregate("sales", SHORT, ORDER, {"$graphLookup": {"from": name, "startWith": "$_id", "connectFromField": "_id", "connectToField": "_id", "as": "g", "restrictSearchWithMatch": {"$expr": {"$divide": [1, {"$subtract": ["$_id", 3]}]}}}}, {"$project": {"g": 1}})
    for pipeline in ([FAILS], [{"$match": {"$expr": BAD}}], [{"$group": {"_id": BAD}}], [{"$sort": {"item": 1}}, FAILS], [{"$lookup": {"from": "sales", "as": "l", "pipeline": [FAILS]}}], [{"$unionWith": {"coll": "sales", "pipeline": [FAILS]}}]):
        yield aggregate("sales", {"$facet": {"a": [{"$count": "n"}], "b": pipeline}})
        yield aggregate("sales", {"$unionWith": {"coll": "sales", "pipeline": pipeline}}, {"$count": "n"})


def failing_stages():
    """Each expression of a stage fails."""
    for stage in (
            {"$match": {"$expr": BAD}}, {"$match": {"$or": [{"$expr": BAD}, {"a": 1}]}}, {"$match": {"$nor": [{"$expr": BAD}]}}, {"$project": {"a": {"b": BAD}}}, {"$project": {"size": {"h": BAD, "w": 1}}}, {"$addFields": {"size.h": BAD}}, {"$addFields": {"tags.x": BAD}}, {"$replaceRoot": {"newRoot": BAD}},
            {"$replaceWith": {"a": BAD}}, {"$group": {"_id": BAD}}, {"$group": {"_id": {"a": BAD, "b": 1}}}, {"$sortByCount": BAD}, {"$bucket": {"groupBy": BAD, "boundaries": [0, 1]}}, {"$bucket": {"groupBy": "$_id", "boundaries": [0, 50], "output": {"a": {"$sum": BAD}}}},
            {"$bucketAuto": {"groupBy": BAD, "buckets": 2}}, {"$bucketAuto": {"groupBy": BAD, "buckets": 2, "granularity": "R5"}}, {"$bucketAuto": {"groupBy": "$_id", "buckets": 2, "output": {"a": {"$max": BAD}}}}, {"$redact": BAD}, {"$redact": {"$cond": [{"$isArray": "$tags"}, "$$DESCEND", BAD]}},
            {"$setWindowFields": {"partitionBy": BAD, "output": {"r": {"$sum": 1}}}}, {"$setWindowFields": {"partitionBy": "$tags", "output": {"r": {"$sum": 1}}}}, {"$fill": {"output": {"q": {"value": BAD}}}}, {"$fill": {"output": {"q": {"method": "locf"}}, "sortBy": {"_id": 1}, "partitionBy": {"a": BAD}}},
            {"$fill": {"output": {"q": {"method": "locf"}}, "sortBy": {"_id": 1}, "partitionBy": {"a": {"$max": BAD}}}}):
        yield aggregate("sales", ORDER, stage)
    functions = [{name: BAD} for name in ("$sum", "$avg", "$min", "$max", "$push", "$addToSet", "$first", "$last", "$stdDevPop", "$stdDevSamp", "$mergeObjects")]
    functions += [{name: {"input": BAD, "n": 2}} for name in ("$firstN", "$lastN", "$minN", "$maxN")] + [{name: {"input": "$_id", "n": BAD}} for name in ("$firstN", "$lastN", "$minN", "$maxN")]
    functions += [{name: {"sortBy": {"_id": 1}, "output": BAD}} for name in ("$top", "$bottom")] + [{name: {"n": 2, "sortBy": {"_id": 1}, "output": BAD}} for name in ("$topN", "$bottomN")] + [{name: {"n": BAD, "sortBy": {"_id": 1}, "output": 1}} for name in ("$topN", "$bottomN")]
    late = {"$cond": [{"$eq": ["$_id", 5]}, BAD, "$_id"]}
    for function in functions:
        yield aggregate("sales", ORDER, {"$group": {"_id": None, "r": function}})
        yield aggregate("sales", ORDER, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": function}}})
        name = next(iter(function))
        for window in ({"documents": [-1, 1]}, {"documents": ["unbounded", "current"]}, {"range": [-1, 1]}, {"documents": [2, 3]}, {"documents": ["unbounded", 1]}):
            if function[name] == BAD:
                yield aggregate("sales", ORDER, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": {name: late, "window": window}}}}, {"$project": {"r": 1}})
            elif function[name].get("input") == BAD:
                yield aggregate("sales", ORDER, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": {name: {**function[name], "input": late}, "window": window}}}}, {"$project": {"r": 1}})
            elif function[name].get("output") == BAD:
                yield aggregate("sales", ORDER, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": {name: {**function[name], "output": late}, "window": window}}}}, {"$project": {"r": 1}})
    for function in ({"$shift": {"output": late, "by": 1}}, {"$shift": {"output": late, "by": -1, "default": 3}}, {"$expMovingAvg": {"input": late, "N": 2}}, {"$expMovingAvg": {"input": late, "alpha": 0.5}}, {"$locf": late}, {"$linearFill": late}, {"$derivative": {"input": late}, "window": {"documents": [-1, 1]}},
                     {"$integral": {"input": late}, "window": {"documents": [-1, 1]}}, {"$covariancePop": [late, "$_id"], "window": {"documents": [-1, 1]}}, {"$covarianceSamp": ["$_id", late], "window": {"documents": [-1, 1]}}, {"$covarianceSamp": [late, late]}):
        yield aggregate("sales", ORDER, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": function}}}, {"$project": {"r": 1}})
        yield aggregate("sales", ORDER, {"$setWindowFields": {"sortBy": {"_id": 1}, "partitionBy": "$item", "output": {"r": function, "q": {"$rank": {}}}}}, {"$project": {"r": 1}})


def fill(database):
    """Indexes of all kinds; documents whose natural order is not that of their _id; buckets of a time series that are compressed."""
    database.create_collection("indexed", collation={"locale": "simple"})
    database.indexed.create_index("a", sparse=True, name="sparse_a")
    database.indexed.create_index([("b", 1)], name="partial_b", partialFilterExpression={"b": {"$gt": 5}})
    database.indexed.create_index([("c", 1), ("d", -1)], name="c_d")
    database.indexed.create_index([("h", "hashed")], name="hashed_h")
    database.indexed.create_index([("n.x", 1)], sparse=True, name="sparse_n")
    database.indexed.insert_many([{"_id": i, **({"a": i % 5} if i % 2 else {}), "b": i, "c": i % 3, "d": i % 4, "h": i, **({"n": {"x": -i}} if i % 3 else {"n": {"y": 1}} if i % 2 else {})} for i in range(14)])
    database.shuffled.insert_many([{"_id": i * 7 % 31, "n": i, "s": "abc"[i % 3], "m": [i, i % 4]} for i in range(31)])
    database.secrets.insert_many([{"_id": 1, "secret": ENCRYPTED}, {"_id": 2, "secret": "x"}, {"_id": 3}, {"_id": 4, "secret": Binary(b"abc", 6)}, {"_id": 5, "secret": Binary(bytes([2]) + bytes(16) + bytes([16]), 6)}, {"_id": 6, "secret": Binary(b"ab")}])
    database.create_collection("packed", timeseries={"timeField": "t", "metaField": "m", "granularity": "seconds"})
    for i in range(48):
        more = {"o": {"x": i, **({"y": f"s{i % 5}"} if i % 3 else {})}} if i != 7 else {}
        database.packed.insert_one({"t": hours(i // 12 * 3) + datetime.timedelta(seconds=i * i), "m": "r", "_id": ObjectId(f"{i * 3:024x}"), "i": i * 5 % 17, "l": Int64(i) * 2**40, "d": i * 0.5, "e": 1.5 if i % 3 else i * 1e-7, "s": "same",
                                    "q": f"x{i % 4}" * (1 + i % 3 * 6), "ts": Timestamp(i * 3, i), "dec": Decimal128(f"{i}.5"), "b": Binary(bytes([i, 255 - i])), "long": Binary(bytes([i]) * 20), "f": i % 2 == 0, "n": None, "w": DAY + datetime.timedelta(milliseconds=i * 1000), "arr": [i, i + 1],
                                    "oid": ObjectId(f"{i:08x}0000000000000000"), "c": Code(f"f{i}"), "r": Regex("a"), "mixed": [i, i * 0.1, -i * 1e5][i % 3], **more})


def of_collections():
    """What tells of collections, without what is another value each time."""
    for name in ("sales", "capped", "empty", "missing", "high", "indexed", "tree", "ts", "french"):
        yield aggregate(name, {"$collStats": {"count": {}}}, {"$project": {"ns": 1, "count": 1}})
        yield aggregate(name, {"$collStats": {"storageStats": {}}}, {"$project": {"ns": 1, **{f"storageStats.{f}": 1 for f in ("count", "numOrphanDocs", "capped", "nindexes", "scaleFactor", "avgObjSize")[0 if name != "ts" else 1:5 if name == "ts" else 6]}, "names": {"$sortArray": {"input": {"$map": {"input": {"$objectToArray": "$storageStats.indexSizes"}, "in": "$$this.k"}}, "sortBy": 1}}}})
        yield aggregate(name, {"$collStats": {"storageStats": {"scale": 2}}}, {"$project": {"storageStats.scaleFactor": 1}})
        yield aggregate(name, {"$collStats": {"latencyStats": {}}}, {"$project": {"ns": 1, "k": {"$map": {"input": {"$objectToArray": "$latencyStats"}, "in": "$$this.k"}}}})
        yield aggregate(name, {"$collStats": {"queryExecStats": {}}}, {"$project": {"ns": 1, "k": {"$type": "$queryExecStats.collectionScans.total"}}})
        yield aggregate(name, {"$indexStats": {}}, {"$project": {"name": 1, "key": 1, "spec": 1, "t": {"$type": "$accesses.since"}}}, {"$sort": {"name": 1}})
        yield aggregate(name, {"$listCatalog": {}}, {"$project": {"db": 1, "name": 1, "type": 1, "ns": 1, "viewOn": 1, "indexes": "$md.indexes.spec", "o": {"$unsetField": {"field": "uuid", "input": "$md.options"}}}})
    for spec in (5, {}, {"foo": {}}, {"count": 5}, {"count": None}, {"count": {"x": 1}}, {"latencyStats": 5}, {"latencyStats": {"histograms": 5}}, {"latencyStats": {"histograms": True}}, {"storageStats": 5}, {"storageStats": {"scale": 0}}, {"storageStats": {"scale": "x"}}, {"storageStats": {"scale": 1.5}},
                 {"storageStats": {"scale": -2}}, {"storageStats": {"foo": 1}}, {"storageStats": {"verbose": True}}, {"queryExecStats": 5}, {"count": {}, "foo": 1}, {"latencyStats": None}, {"storageStats": None}):
        yield aggregate("sales", {"$collStats": spec}, {"$project": {"ns": 1}})
    for spec in (5, {"x": 1}, None, [], "x"):
        for name in ("$indexStats", "$listCatalog", "$planCacheStats", "$listSessions", "$listLocalSessions", "$currentOp", "$queryStats", "$operationMetrics"):
            if name not in ("$listSessions", "$queryStats"):
                yield {"aggregate": 1 if name in ("$currentOp", "$listLocalSessions", "$listCatalog") else "sales", "pipeline": [{name: spec}], "cursor": {}}
    yield aggregate("sales", {"$match": {}}, {"$indexStats": {}})
    yield aggregate("sales", {"$facet": {"a": [{"$indexStats": {}}]}})
    yield aggregate("sales", {"$facet": {"a": [{"$listCatalog": {}}]}})
    yield aggregate("sales", {"$limit": 1}, {"$lookup": {"from": "tree", "as": "l", "pipeline": [{"$collStats": {"count": {}}}, {"$project": {"count": 1}}]}}, {"$project": {"l": 1}})
    yield aggregate("sales", {"$limit": 1}, {"$unionWith": {"coll": "indexed", "pipeline": [{"$indexStats": {}}, {"$project": {"name": 1}}, {"$sort": {"name": 1}}]}}, {"$project": {"name": 1}})


def indexes():
    """Finds by a hinted index: which documents it holds, in which order; min and max."""
    for hint in ("sparse_a", "partial_b", "c_d", "sparse_n", "_id_", {"a": 1}, {"b": 1}, {"c": 1, "d": -1}, {"n.x": 1}, {"d": -1, "c": 1}, {"c": 1}, "", {}, {"h": "hashed"}, {"_id": 1}, {"_id": -1}):
        for more in ({}, {"filter": {"b": {"$gt": 3}}}, {"sort": {"_id": -1}}, {"limit": 4}, {"returnKey": True}, {"filter": {"_id": 5}}, {"projection": {"b": 1}, "skip": 2}):
            if hint == {"h": "hashed"} or hint == "hashed_h" or ("returnKey" in more and hint in ("sparse_n", {"n.x": 1})):
                continue
            yield {"find": "indexed", "hint": hint, **more}
        if hint != {"h": "hashed"}:
            yield {"count": "indexed", "hint": hint}
            yield {"count": "indexed", "hint": hint, "query": {"b": {"$lt": 9}}}
            if hint not in ("", {"_id": -1}, {"c": 1}, {"d": -1, "c": 1}):  # mongod's words have the fields that are needed
                yield aggregate("indexed", {"$project": {"b": 1}}, hint=hint)
            yield aggregate("indexed", {"$match": {"b": {"$lt": 9}}}, {"$count": "n"}, hint=hint)
            yield {"find": "indexed", "hint": hint, "collation": {"locale": "fr"}}
    yield from ({"find": "indexed", "hint": hint, **more} for hint, more in (
        ("sparse_a", {"min": {"a": 1}}), ("sparse_a", {"max": {"a": 3}}), ("sparse_a", {"min": {"a": 1}, "max": {"a": 3}}), ("sparse_a", {"min": {"b": 1}}), ("c_d", {"min": {"c": 1, "d": 2}}), ("c_d", {"min": {"c": 1}}), ("c_d", {"min": {"d": 2, "c": 1}}), ("c_d", {"min": {"c": 1, "d": 2, "e": 1}}),
        ("c_d", {"min": {"c": 1, "d": 2}, "max": {"c": 2, "d": 0}}), ("c_d", {"min": {"c": 2, "d": 0}, "max": {"c": 1, "d": 2}}), ("c_d", {"min": {"c": 1, "d": 2}, "max": {"c": 1, "d": 3}}), ("c_d", {"min": {"c": 1, "d": 2}, "max": {"d": 1, "c": 1}}), ("partial_b", {"min": {"b": 2}, "max": {"b": 9}}),
        ("partial_b", {"min": {"b": 2}, "sort": {"b": -1}}), ({"$natural": 1}, {"min": {"a": 1}}), ("c_d", {"min": {"c": 1, "d": 2}, "sort": {"_id": 1}}), ("_id_", {"max": {"_id": 4}, "returnKey": True}), ("sparse_a", {"min": {"a": 1}, "returnKey": True})))
    for key in ("a", "c", "b"):
        yield {"distinct": "indexed", "key": key, "hint": "c_d"}
    yield {"find": "indexed", "hint": {"$natural": -1}, "showRecordId": True, "limit": 3}


def natural():
    """Documents whose natural order is another one than that of their _id."""
    for more in ({}, {"limit": 3}, {"filter": {"s": "a"}}, {"sort": {"$natural": -1}}, {"sort": {"$natural": -1}, "limit": 4}, {"hint": {"$natural": -1}, "filter": {"n": {"$gt": 9}}}, {"hint": {"$natural": 1}}, {"sort": {"_id": 1}}, {"sort": {"_id": -1}, "limit": 3}, {"filter": {"_id": {"$gt": 10}}}, {"filter": {"_id": {"$gt": 10}}, "hint": {"$natural": 1}},
                 {"filter": {"_id": {"$in": [3, 30, 4]}}}, {"filter": {"_id": 12}}, {"skip": 28}, {"sort": {"s": 1}}, {"filter": {"$expr": {"$gt": [{"$divide": [100, {"$subtract": ["$n", 12]}]}, 0]}}}, {"filter": {"$expr": {"$gt": [{"$divide": [100, {"$subtract": ["$n", 12]}]}, 0]}}, "sort": {"$natural": -1}},
                 {"filter": {"$expr": {"$gt": [{"$divide": [100, {"$subtract": ["$n", 12]}]}, 0]}}, "batchSize": 2}, {"filter": {"$expr": {"$gt": [{"$divide": [100, {"$subtract": ["$n", 12]}]}, 0]}}, "batchSize": 2, "sort": {"$natural": -1}}, {"filter": {"$or": [{"n": 30}, {"n": 0}]}, "limit": 1}, {"showRecordId": True, "limit": 3}, {"showRecordId": True, "filter": {"_id": 9}},
                 {"showRecordId": True, "sort": {"_id": 1}, "limit": 2}, {"showRecordId": True, "filter": {"_id": {"$gt": 20}}}, {"filter": {"m": 3}, "sort": {"$natural": -1}, "projection": {"m.$": 1}}, {"sort": {"_id": 1}, "hint": {"$natural": 1}}):
        yield {"find": "shuffled", **more}
    for stages in ([], [{"$match": {"s": "b"}}], [{"$limit": 4}], [{"$group": {"_id": None, "f": {"$first": "$n"}, "l": {"$last": "$n"}}}], [{"$sort": {"_id": 1}}, {"$limit": 2}], [{"$match": {"_id": {"$gt": 25}}}], [{"$count": "n"}], [{"$project": {"r": {"$divide": [100, {"$subtract": ["$n", 25]}]}}}], [{"$match": {"$expr": {"$divide": [1, {"$subtract": ["$n", 25]}]}}}]):
        yield aggregate("shuffled", *stages)
        yield aggregate("shuffled", *stages, hint={"$natural": -1})
    yield {"distinct": "shuffled", "key": "s"}
    yield {"count": "shuffled", "query": {"n": {"$lt": 9}}}
    yield {"count": "shuffled", "hint": {"$natural": -1}, "query": {"$expr": {"$divide": [1, {"$subtract": ["$n", 25]}]}}}
    yield {"count": "sales", "hint": {"$natural": 1}, "query": {"item": "i1"}}
    for direction in (1, -1):
        for stages in ([{"$match": {"$expr": {"$divide": [1, {"$subtract": ["$_id", 5]}]}}}], [{"$match": {"$expr": {"$gt": [{"$divide": [1, {"$subtract": ["$_id", 5]}]}, 0]}}}]):
            yield aggregate("sales", *stages, hint={"$natural": direction})
            yield {"find": "sales", "filter": stages[0]["$match"], "hint": {"$natural": direction}}
            yield {"find": "sales", "filter": stages[0]["$match"], "sort": {"_id": direction}}
            yield {"find": "sales", "filter": stages[0]["$match"], "sort": {"_id": direction}, "batchSize": 2}
            yield {"count": "sales", "query": stages[0]["$match"]}
            yield {"distinct": "sales", "key": "item", "query": stages[0]["$match"]}


def series_of_all():
    """A time series with compressed buckets: every type in a column."""
    for name in ("i", "l", "d", "e", "s", "q", "ts", "dec", "b", "long", "f", "n", "w", "arr", "oid", "c", "r", "mixed", "o", "o.x", "t", "_id"):
        yield {"find": "packed", "projection": {"_id": 0, name: 1}, "sort": {"t": 1, "_id": 1}}
    for query in ({"i": 3}, {"t": {"$gt": hours(3)}}, {"m": "r", "i": {"$lt": 2}}, {"o.y": "s2"}, {"m": "x"}, {"o": {"$exists": False}}, {"mixed": {"$type": "string"}}, {"_id": ObjectId(f"{9:024x}")}, {"$expr": {"$gt": ["$d", 20]}}, {"t": hours(3)}, {"ts": Timestamp(9, 3)}):
        yield {"find": "packed", "filter": query, "projection": {"_id": 1, "i": 1}}
        yield {"count": "packed", "query": query}
    yield aggregate("packed", {"$group": {"_id": {"$dateTrunc": {"date": "$t", "unit": "hour"}}, "n": {"$sum": "$i"}, "a": {"$avg": "$d"}}}, {"$sort": {"_id": 1}})
    yield aggregate("packed", {"$sort": {"t": -1}}, {"$limit": 2}, {"$project": {"i": 1}})
    yield {"distinct": "packed", "key": "s"}
    yield {"distinct": "packed", "key": "m"}
    yield {"find": "packed", "hint": {"$natural": 1}, "limit": 1, "projection": {"i": 1}}
    yield {"find": "packed", "showRecordId": True, "limit": 1, "projection": {"i": 1}}
    for more in ({"$_requestResumeToken": True}, {"tailable": True}, {"awaitData": True}, {"min": {"a": 1}}, {"max": {"a": 1}}, {"returnKey": True}, {"showRecordId": True}, {"noCursorTimeout": True}, {"singleBatch": True}, {"singleBatch": True, "limit": 1}, {"oplogReplay": True}, {"allowPartialResults": True}, {"readOnce": True}, {"mirrored": True},
                 {"$_resumeAfter": {"a": 1}}, {"hint": "x"}, {"hint": {"_id": 1}}, {"collation": {"locale": "fr"}}, {"sort": {"$natural": 1}}, {"sort": {"$natural": -1}}, {"sort": {"item": 1, "$natural": 1}}, {"projection": {"tags.$": 1}}, {"projection": {"tags": {"$elemMatch": {"$gt": "a"}}}}, {"projection": {"tags": {"$slice": 1}}}, {"term": 5}, {"options": {}},
                 {"ntoreturn": 5}, {"ntoreturn": 5, "limit": 3}, {"tailable": True, "awaitData": True}, {"$_requestReshardingResumeToken": True}, {"allowSpeculativeMajorityRead": True}, {"oplogReplay": 5}, {"oplogReplay": {}}, {"$queryOptions": {}}, {"$queryOptions": {"x": 1}}, {"options": 5}):
        yield {"find": "high", **more}
        yield {"find": "sales", "limit": 1, **more}
        yield {"find": "packed", "limit": 1, "projection": {"i": 1}, **more}


def schemas():
    """Words of schemas that the generators do not have; and encryption."""
    key = Binary(bytes(16), 4)
    for words in ({"encrypt": {}}, {"encrypt": {"bsonType": "int"}}, {"encrypt": {"bsonType": ["string", "double"]}}, {"encrypt": {"bsonType": "string", "algorithm": "AEAD_AES_256_CBC_HMAC_SHA_512-Random", "keyId": [key]}}, {"encrypt": {"keyId": "/a"}}, {"encrypt": {"keyId": "a"}}, {"encrypt": {"keyId": ""}}, {"encrypt": {"keyId": 5}}, {"encrypt": {"keyId": [5]}},
                  {"encrypt": {"keyId": [Binary(b"a", 5)]}}, {"encrypt": {"keyId": []}}, {"encrypt": {"algorithm": 5}}, {"encrypt": {"algorithm": "x"}}, {"encrypt": {"algorithm": "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic"}}, {"encrypt": {"foo": 1}}, {"encrypt": {"bsonType": 5}}, {"encrypt": {"bsonType": []}}, {"encrypt": {"bsonType": ["x"]}}, {"encrypt": {"bsonType": "number"}}, {"encrypt": 5}, {"encrypt": {}, "type": "string"}, {"encrypt": {}, "bsonType": "string"},
                  {"encryptMetadata": {}}, {"encryptMetadata": 5}, {"encryptMetadata": {"keyId": [key]}}, {"encryptMetadata": {"algorithm": "x"}}, {"encryptMetadata": {"bsonType": "x"}}, {"encryptMetadata": {"algorithm": "AEAD_AES_256_CBC_HMAC_SHA_512-Random"}}, {"encrypt": {}, "encryptMetadata": {"keyId": "/a"}}, {"encrypt": {"bsonType": []}, "minimum": 5}):
        for schema in ({"properties": {"secret": words}}, words):
            yield {"find": "secrets", "filter": {"$jsonSchema": schema}, "projection": {"_id": 1}}
        yield {"explain": {"find": "secrets", "filter": {"$jsonSchema": {"properties": {"secret": words}}}}, "verbosity": "queryPlanner"}
        yield {"find": "secrets", "filter": {"a": {"$elemMatch": {"$jsonSchema": words}}}}
    for words in ({"required": ["a", "a"]}, {"required": []}, {"required": [5]}, {"required": 5}, {"dependencies": {"a": []}}, {"dependencies": {"a": ["b", "b"]}}, {"dependencies": {"a": [5]}}, {"dependencies": {"a": 5}}, {"dependencies": {"a": ["b"]}}, {"dependencies": {"a": {"required": ["b"]}}}, {"dependencies": 5}, {"patternProperties": {"(": {}}}, {"patternProperties": {"a": 5}}, {"patternProperties": 5}, {"properties": 5},
                  {"properties": {"a": 5}}, {"enum": []}, {"enum": 5}, {"enum": [1, 1]}, {"enum": [1, 1.0]}, {"multipleOf": 0}, {"multipleOf": -1}, {"multipleOf": float("nan")}, {"multipleOf": float("inf")}, {"multipleOf": "x"}, {"multipleOf": 2}, {"multipleOf": Decimal128("-NaN")}, {"items": 5}, {"items": [5]}, {"items": {"type": "string"}}, {"items": [{"type": "string"}], "additionalItems": False}, {"items": [{}], "additionalItems": {"type": "string"}}, {"additionalItems": 5},
                  {"oneOf": [{"type": "object"}, {"required": ["a"]}]}, {"oneOf": []}, {"oneOf": 5}, {"oneOf": [5]}, {"not": {"required": ["a"]}}, {"not": 5}, {"allOf": []}, {"anyOf": [{}]}, {"type": "x"}, {"type": 5}, {"type": []}, {"type": ["string", "string"]}, {"type": "integer"}, {"bsonType": "x"}, {"bsonType": []}, {"bsonType": ["string"]}, {"type": "string", "bsonType": "string"}, {"minimum": "x"}, {"exclusiveMinimum": True}, {"exclusiveMaximum": 5}, {"minLength": -1}, {"minLength": 1.5},
                  {"minItems": 1, "type": "array"}, {"uniqueItems": 5}, {"uniqueItems": True}, {"minProperties": 3}, {"maxProperties": 1}, {"title": 5}, {"title": "x"}, {"description": 5}, {"default": 5}, {"$ref": "x"}, {"$schema": "x"}, {"definitions": {}}, {"format": "x"}, {"id": "x"}, {"foo": 1}, {"additionalProperties": False}, {"additionalProperties": {"type": "string"}, "properties": {"_id": {}}}, {"additionalProperties": 5}):
        for schema in (words, {"properties": {"secret": words}}, {"properties": {"tags": {"items": words}}}):
            yield {"find": "sales", "filter": {"$jsonSchema": schema}, "projection": {"_id": 1}, "limit": 2}
            yield {"find": "secrets", "filter": {"$jsonSchema": schema}, "projection": {"_id": 1}}
        yield {"explain": {"find": "sales", "filter": {"$jsonSchema": {"properties": {"item": words}}}}, "verbosity": "queryPlanner"}
        yield aggregate("sales", {"$unwind": "$tags"}, {"$match": {"$jsonSchema": {"properties": {"tags": words, "item": {"type": "string"}}}}}, {"$count": "n"})
        yield aggregate("sales", {"$set": {"new": 5}}, {"$match": {"$jsonSchema": {"anyOf": [words, {"required": ["item"]}]}, "$comment": "x"}}, {"$count": "n"})


def redacts():
    """What of a $match goes before a $redact."""
    show = {"$redact": {"$cond": [{"$or": [{"$not": ["$acl"]}, {"$in": ["a", {"$ifNull": ["$acl", []]}]}]}, "$$DESCEND", "$$PRUNE"]}}
    for query in ({"level": 1}, {"acl": {"$in": ["a", "b"]}}, {"acl": {"$in": ["a", None]}}, {"acl": {"$in": 5}}, {"acl": {"$all": ["a", None]}}, {"acl": {"$all": [None]}}, {"acl": {"$all": ["a"]}}, {"part": {"$elemMatch": {"x": 3}}}, {"part": {"$elemMatch": {"$gt": 3}}}, {"part.list": {"$elemMatch": {"v": 1}}}, {"acl": {"$elemMatch": {"$eq": "a"}}}, {"$or": [{"level": 1}, {"level": 5}]}, {"$or": [{"level": 1}, {"part": {"a": 1}}]},
                  {"$and": [{"level": 1}, {"part": {"a": 1}}]}, {"$and": [{"part.x": {"$gt": 0}}, {"$or": [{"level": {"$lt": 3}}]}]}, {"$nor": [{"level": 1}]}, {"part": {"$exists": True}}, {"level": {"$type": "int"}}, {"level": {"$mod": [4, 1]}}, {"acl": {"$regex": "^a", "$options": "i"}}, {"level": {"$bitsAllSet": 1}}, {"level": {"$gte": 1, "$lte": 4, "$ne": 3}}, {"level": None}, {"$or": 5}, {"$and": [5]}, {"$and": [{"$and": [{"level": 1}]}]}, {"level": {"$not": {"$gt": 3}}},
                  {"$expr": {"$gt": ["$level", 1]}}, {"acl": ["a"]}, {"level": {"$eq": {"a": 1}}}):
        yield aggregate("tree", show, {"$match": query})
    for stage in ({"$redact": {"$cond": [{"$eq": ["$level", 1]}, "$$DESCEND", "$$KEEP"]}}, {"$redact": {"$cond": [{"$isArray": "$part"}, "$$PRUNE", {"$literal": "x"}]}}):
        yield aggregate("tree", stage)


def shapes_of_places():
    """Places and shapes that are wrong."""
    def polygon(*loops, **more):
        return {"$geoIntersects": {"$geometry": {"type": "Polygon", "coordinates": list(loops), **more}}}
    square, far = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[10, 10], [11, 10], [11, 11], [10, 10]]
    inner = [[1, 1], [2, 1], [2, 2], [1, 1]]
    crs = [{"type": "name", "properties": {"name": name}} for name in ("EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84", "foo", "urn:x-mongodb:crs:strictwinding:EPSG:4326")]
    for query in (polygon(square, inner), polygon(square, far), polygon(square, square), polygon([]), polygon(), polygon(5), polygon([[0, 0], [4, 0], [4, 4]]), polygon([[0, 0], [4, 0], [4, 4], [0, 4]]), polygon([[0, 0], [0, 0], [0, 0], [0, 0]]), polygon([[0, 0], [4, 0], [0, 0], [4, 0], [0, 0]]), polygon(square, crs=5), polygon(square, crs={}), polygon(square, crs={"type": 5}),
                  polygon(square, crs={"type": "x"}), polygon(square, crs={"type": "name"}), polygon(square, crs={"type": "name", "properties": 5}), polygon(square, crs={"type": "name", "properties": {}}), *(polygon(square, crs=c) for c in crs), *({"$geoIntersects": {"$geometry": {"type": "Point", "coordinates": [1, 1], "crs": c}}} for c in crs),
                  *({"$geoIntersects": {"$geometry": {"type": kind, "coordinates": c}}} for kind in ("Point", "LineString", "MultiPoint", "MultiLineString", "MultiPolygon", "Polygon") for c in (5, [], [5], [[1, 1]], [[1, 1], [2, 2]], [[[0, 0], [1, 1]]], [square], [[square]], [[square], [far]], {"x": 1, "y": 2}, [1, "x"], [1], [[1, 1], [1, 1]], [[181, 0], [0, 0]], "x", [["a", 1]], [1, 2, 3], [[1, 2, 3], [3, 4]])),
                  *({"$geoIntersects": {"$geometry": {"type": "GeometryCollection", "geometries": g}}} for g in (5, [], [5], [{}], [{"type": "x"}], [{"type": "Point", "coordinates": [1, 1]}], [{"type": "Point", "coordinates": [1, 1]}, {"type": "Polygon", "coordinates": [square]}], [{"type": "Point", "coordinates": 5}], [{"type": "GeometryCollection", "geometries": []}], [{"type": "LineString", "coordinates": [[0, 0], [5, 5]]}])),
                  {"$geoWithin": {"$geometry": {"type": "MultiPolygon", "coordinates": [[square], [far]]}}}, {"$geoWithin": {"$geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}}, {"$geoWithin": {"$geometry": {}}}, {"$geoWithin": {"$geometry": 5}}, {"$geoWithin": {"$geometry": {"type": 5}}}, {"$geoWithin": {"$geometry": {"coordinates": []}}},
                  *({"$geoWithin": {"$center": c}} for c in (5, [], [[0, 0]], [[0, 0], 1, 2], [5, 1], [[0], 1], [[0, 0], -1], [[0, 0], float("inf")], {"a": [0, 0], "b": 3}, [{"x": 1, "y": 2}, 9], [[0, 0, 0], 1])), *({"$geoWithin": {"$centerSphere": c}} for c in ([[200, 0], 1], [[0, 95], 1], [[0, 0], 4], [[0, 0], 1, 2], [[0, 0], "x"], [[1, 2], 0])),
                  *({"$geoWithin": {"$box": c}} for c in (5, [], [[0, 0], [1, 1], [2, 2]], [[4, 4], [0, 0]], [[0, "x"], [1, 1]], [{"x": 0, "y": 0}, {"x": 5, "y": 5}], [[0, 0, 0], [1, 1]])), *({"$geoWithin": {"$polygon": c}} for c in (5, [[0, 0], [1, 1], "x"], {"a": [0, 0], "b": [9, 0], "c": [9, 9]}, [[0, 0], [9, 0], [9, 9], [0, 9]])),
                  {"$within": {"$box": [[0, 0], [9, 9]], "$uniqueDocs": True}}, {"$geoWithin": {"$box": [[0, 0], [9, 9]], "$uniqueDocs": 1}}, {"$geoWithin": {"$box": [[0, 0], [9, 9]], "foo": 1}}, {"$geoWithin": {"$uniqueDocs": 1}}, {"$geoIntersects": 5}, {"$geoIntersects": {}}, {"$geoWithin": {}}):
        yield {"find": "places", "projection": {"_id": 1}, "filter": {"at": query}}
        yield {"find": "places", "projection": {"_id": 1}, "filter": {"flat": query}}
    for near in ({"$near": [1, 1], "$maxDistance": -1}, {"$near": [1, 1], "$maxDistance": "x"}, {"$near": [1, 1], "$minDistance": -1}, {"$near": {"$geometry": {"type": "Point", "coordinates": [1, 1]}, "$minDistance": -1}}, {"$near": {"$geometry": {"type": "Point", "coordinates": [1, 1]}, "$maxDistance": "x"}}, {"$near": {"$geometry": {"type": "LineString", "coordinates": [[1, 1], [2, 2]]}}}, {"$near": [1]}, {"$near": {}},
                 {"$near": {"$geometry": 5}}, {"$near": {"foo": 1}}, {"$nearSphere": [1, 1], "$minDistance": 1}, {"$near": [1, 1], "$uniqueDocs": True}, {"$near": {"$geometry": {"type": "Point", "coordinates": [1, 1]}, "$maxDistance": 5, "$minDistance": 9}}, {"$near": {"$geometry": {"type": "Point", "coordinates": [1, 1]}}, "$gt": 5}, {"$geoNear": [1, 1]}):
        yield {"find": "places", "filter": {"at": near}}
        yield {"find": "places", "filter": {"$or": [{"at": near}, {"a": 1}]}}
        yield {"find": "places", "filter": {"$and": [{"at": near}, {"flat": {"$near": [1, 1]}}]}}
        yield {"find": "places", "filter": {"at": {"$elemMatch": near}}}
        yield {"count": "places", "query": {"at": near}}
        yield aggregate("places", {"$match": {"at": near}})
    nothing = ({"at": {"$geoWithin": {"$box": [[0, 0], [1, 1]]}}}, {"$sampleRate": 0}, {"$sampleRate": 1}, {"at": {"$geoIntersects": {"$geometry": {"type": "Point", "coordinates": [1, 1]}}}}, {"$or": [{"a": {"$bitsAllSet": [1, 5]}}, {"b": {"$type": ["number", "minKey", "maxKey", 2]}}]}, {"$nor": [{"a": {"$in": [1, Regex("x", "i")]}}]},
               {"a": {"$elemMatch": {"b": 1, "c": {"$mod": [3, 1]}}}}, {"a": {"$elemMatch": {"$gt": 1}}}, {"a": {"$size": 3, "$exists": False}}, {"$alwaysFalse": 1}, {"$alwaysTrue": 1}, {"a": {"$not": {"$regex": "x"}}}, {"$comment": "x"}, {}, {"$expr": {"$gt": [{"$abs": "$a"}, 1]}}, {"$expr": True}, {"$expr": {"$add": [1, 2]}}, {"$sampleRate": 0.25})
    for query in nothing:
        yield {"find": "places", "filter": query, "hint": "none"}
        if "$sampleRate" not in query or query["$sampleRate"] in (0, 1):
            yield {"find": "places", "filter": query, "projection": {"_id": 1}, "limit": 2}
        yield {"explain": {"find": "places", "filter": query}, "verbosity": "queryPlanner"}
        yield aggregate("places", {"$match": query}, {"$limit": 2}, hint="none")
        yield {"count": "places", "query": query, "hint": "none"}
    for rate in (-1, 2, "x", None, float("nan"), Decimal128("0.5")):
        yield {"find": "places", "filter": {"$sampleRate": rate}, "limit": 0, "projection": {"_id": 1}} if rate != Decimal128("0.5") else {"explain": {"find": "places", "filter": {"$sampleRate": rate}}, "verbosity": "queryPlanner"}


def plans():
    """Explained, with their plans: of the collection, or of the index of _id."""
    for find in ({}, {"filter": {"item": "i1"}}, {"filter": {"_id": 3}}, {"filter": {"_id": {"$gt": 3}}}, {"filter": {"_id": {"$gte": 3, "$lt": 9}}}, {"filter": {"_id": {"$lte": 9}, "item": "i1"}}, {"filter": {"_id": {"$gt": "x"}}}, {"sort": {"item": 1}}, {"sort": {"item": 1}, "limit": 3}, {"sort": {"item": 1}, "limit": 3, "skip": 2},
                 {"sort": {"_id": -1}}, {"sort": {"_id": 1}, "filter": {"item": "i1"}}, {"sort": {"$natural": -1}}, {"hint": {"$natural": -1}}, {"limit": 2}, {"skip": 2, "limit": 2}, {"projection": {"item": 1}}, {"projection": {"size": 1}, "sort": {"item": -1}, "filter": {"size.w": {"$gt": 1}}, "limit": 3}, {"filter": {"_id": {"$in": [5, 2]}, "item": "i1"}}, {"filter": {"_id": {"$in": [5, 2]}}, "sort": {"_id": -1}}, {"filter": {"_id": 5, "item": "i1"}}, {"filter": {"_id": 99}}, {"limit": 0}, {"filter": {"_id": {"$in": [1, 2]}}}, {"filter": {"_id": {"$lt": "x"}}}, {"filter": {"_id": {"$gt": DAY}}}, {"filter": {"_id": {"$lt": DAY}}}, {"filter": {"_id": {"$gt": 3}}, "sort": {"_id": -1}},
                 {"filter": {"_id": {"$gt": ObjectId("1" * 24)}}}, {"filter": {"_id": {"$lte": ObjectId("1" * 24)}}}, {"filter": {"_id": {"$gt": False}}}, {"filter": {"_id": {"$gt": {"a": 1}}}}, {"filter": {"_id": {"$lt": {"a": 1}}}}, {"filter": {"_id": {"$lt": Binary(b"a", 0)}}}, {"filter": {"_id": {"$gt": Binary(b"a", 0)}}},
                 {"filter": {"_id": {"$gt": Timestamp(5, 6)}}}, {"filter": {"_id": {"$lt": Timestamp(5, 6)}}}, {"filter": {"_id": {"$gt": 1.5, "$lte": 2.0}, "item": "i1", "size.w": {"$lt": 4}}}):
        for verbosity in ("queryPlanner", "executionStats", "allPlansExecution"):
            yield {"explain": {"find": "sales", **find}, "verbosity": verbosity}
    for inner in ({"find": "missing"}, {"count": "sales"}, {"count": "sales", "query": {"item": "i1"}}, {"count": "sales", "query": {"item": "i1"}, "skip": 1}, {"count": "missing"}, {"distinct": "sales", "key": "item"}, {"distinct": "sales", "key": "item", "query": {"size.w": 1}}, {"aggregate": "sales", "pipeline": [], "cursor": {}},
                  {"aggregate": "sales", "pipeline": [{"$match": {"item": "i1"}}], "cursor": {}}, {"aggregate": "missing", "pipeline": [], "cursor": {}}):
        for verbosity in ("queryPlanner", "executionStats"):
            yield {"explain": inner, "verbosity": verbosity}
    yield {"explain": {"explain": {"find": "sales"}}, "verbosity": "queryPlanner"}
    for name in ("ping", "listCollections", "serverStatus", "foo", "validate"):
        yield {"explain": {name: "sales"}, "verbosity": "queryPlanner"}
    yield {"explain": {"find": "sales", "$db": "other"}, "verbosity": "queryPlanner"}
    yield {"explain": {"from": "sales", "$db": "other"}, "verbosity": "queryPlanner"}
    for name in (5, None, 1.5, ["a"], {"a": 1}, MinKey(), Timestamp(1, 2)):
        for verb in ("find", "count"):
            yield {"explain": {verb: name}, "verbosity": "queryPlanner"}
        yield {"explain": name, "verbosity": "queryPlanner", "foo": 1}
        yield {"explain": name, "verbosity": 5}
        yield {"explain": name, "verbosity": "foo", "bar": 1}
        yield {"explain": {"find": "sales"}, "verbosity": "queryPlanner", "readConcern": name}
    yield {"find": "sales", "limit": 0, "ntoreturn": 5}
    yield {"aggregate": 1, "pipeline": [{"$documents": {"": 1}}], "cursor": {}}
    yield aggregate("places", {"$match": {"at": {"$near": True, "$minDistance": -1}}})
    yield {"find": "places", "filter": {"at": {"$geoIntersects": {"$geometry": {"type": "Point", "coordinates": [1, 1], "crs": {"type": "name", "properties": []}}}}}}
    yield {"aggregate": "sales", "pipeline": [{"$match": {"item": "i1"}}], "explain": True}


def on_nothing(expression, **more):
    return {"aggregate": 1, "pipeline": [{"$documents": [{}]}, {"$project": {"r": expression}}], "cursor": {}, **more}


def rarer_expressions():
    """Words and limits of expressions that are met seldom."""
    texts = ("12 Jun 2020", "June 12", "12.6.2020", "2020W101", "2020-W10-1", "2020163", "2020.163", "pgydotd", "12:05 pm", "12 a.m.", "5pm", "noon", "midnight", "tomorrow", "yesterday noon", "now", "today", "@1234567", "@-5", "+2 weeks", "-3 days", "next month", "last year", "third day", "+1 weekday", "-5 weekdays", "+2 weekdays", "-1 weekday",
             "monday next week", "first day of next month", "last day of february 2020", "sat", "sunday", "last monday of june 2020", "back of 7pm", "front of 5am", "2020-06-12T10:00:00.123456789Z", "2020-06-12 10:00 America/New_York", "2020-06-12 10:00 EST", "2020-06-12 10:00+05:30", "2020-06-12 10:00 GMT+2", "10/Oct/2000:13:55:36 -0700", "20200612T101500", "20200612101500",
             "2020:06:12 10:00:00", "6/12/2020", "6/12", "12-Jun-2020", "Jun-12-2020", "2020-Jun-12", "Jun 2020", "12 June", "2020", "1530", "15:30:20.5", "15.30", "t1530", "2020-06", "--06-12", "2020-06-31", "2020-13-01", "fri, 12 jun 2020 10:00:00 +0000", "+1 microsecond", "+1 usec", "+5 sec", "+1 year", "2 years ago", "+1 fortnight", "+3 sat", "eighth day", "twelfth month", "this week",
             "2020-06-12 10:00:00:5", "10:00:00.5 PM", "+02:00:30", "2020-06-12 10:00:00+01:02:03", "0000-00-00", "-0001-01-01", "99999-01-01", "2020-06-12 25:00", "2020-06-12 24:00", "60:00", "x", "", " ", "2020-06-12 10:00 (comment)", "i", "xi", "2020-vi-12", "12 VI 2020", "1e5", "+99999999999 days", "-2147483649 years", "last sat of", "of", "june 12th, 2020", "1st june 2020", "2020-06-12  \t10:00")
    zones = ("UTC", "Europe/Berlin", "+05:30", "-0300", "+03", "Nowhere/Here", "EST5EDT", "America/Sao_Paulo", "+5", "+25:00", "Asia/Kathmandu", "GMT", "../etc", "posix/UTC")
    read = [{"$dateToString": {"date": {"$dateFromString": {"dateString": text, "onError": "wrong"}}, "format": "%Y-%m-%dT%H:%M:%S.%L"}} for text in texts if not any(w in text for w in ("now", "noon", "today", "tomorrow", "ago", "next", "last", "back", "front", "+", "this", ":", "sat", "sunday", "midnight", "am", "pm", "day", "month", "15", "June 12", "6/12", "--", "Jun-", "12 June"))]
    yield {"aggregate": 1, "pipeline": [{"$documents": [{}]}, {"$project": {f"r{i}": e for i, e in enumerate(read)}}], "cursor": {}}
    for text in texts:
        yield on_nothing({"$dateFromString": {"dateString": {"$concat": ["2019-03-04 ", text]}}})
        yield on_nothing({"$dateFromString": {"dateString": {"$concat": [text, " 2019-03-04"]}}})
    for zone in zones:
        yield on_nothing({"$dateToParts": {"date": DAY, "timezone": zone}})
        yield on_nothing({"$dateFromString": {"dateString": "2021-03-28 02:30:00", "timezone": zone}})
        yield on_nothing({"$dateAdd": {"startDate": datetime.datetime(2021, 10, 30, 12), "unit": "hour", "amount": 30, "timezone": zone}})
    big, small = Int64(2**63 - 1), Int64(-2**63)
    for unit in ("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"):
        for amount in (big, small, Int64(2**62), Int64(-2**62), Int64(10**14), Int64(2**31)):
            yield on_nothing({"$dateAdd": {"startDate": DAY, "unit": unit, "amount": amount}})
            yield on_nothing({"$dateSubtract": {"startDate": DAY, "unit": unit, "amount": amount}})
            yield on_nothing({"$dateTrunc": {"date": DAY, "unit": unit, "binSize": amount}})
        yield on_nothing({"$dateDiff": {"startDate": {"$toDate": small}, "endDate": {"$toDate": big}, "unit": unit}})
        yield on_nothing({"$dateTrunc": {"date": {"$toDate": small}, "unit": unit, "binSize": 7}})
        yield on_nothing({"$dateTrunc": {"date": {"$toDate": big}, "unit": unit, "binSize": 100000000000}})
    for part in ("year", "month", "day", "hour", "minute", "second", "millisecond", "isoWeekYear", "isoWeek", "isoDayOfWeek"):
        for value in (32767, -32768, 99999, Int64(2**40), big, 1.5, "x", None):
            yield on_nothing({"$dateFromParts": {**({"isoWeekYear": 2020} if part.startswith("iso") else {"year": 2020}), part: value}})
    yield on_nothing({"$dateFromParts": {"isoWeekYear": 2020, "month": 2}})
    yield on_nothing({"$dateFromParts": {"isoWeekYear": 2020, "day": 2}})
    wide = Decimal128("9.999999999999999999999999999999999E+6144")
    for expression in (
            {"$rand": {}}, {"$rand": []}, {"$rand": {"a": 1}}, {"$rand": 5}, {"$function": {}}, {"$function": 5}, {"$function": {"body": 5}}, {"$function": {"body": "f"}}, {"$function": {"body": "f", "args": []}}, {"$function": {"body": "f", "args": [], "lang": "x"}},
            {"$accumulator": {}}, {"$meta": "x"}, {"$meta": 5}, {"$toHashedIndexKey": "x"}, {"$toHashedIndexKey": [1, 2]}, {"$getField": ""}, {"$getField": "a.b"}, {"$getField": 5}, {"$getField": {"field": "a"}}, {"$getField": {"input": {}}}, {"$getField": {"field": "a", "input": {"a": 1}, "x": 1}}, {"$setField": {"field": "a\0b", "input": {}, "value": 1}}, {"$setField": {"field": "a", "input": {}}},
            {"$unsetField": {"field": "a", "input": {"a": 1}}}, {"$unsetField": {"field": "a"}}, {"$add": [DAY, DAY]}, {"$add": [DAY, big]}, {"$add": [DAY, 1e300]}, {"$add": [DAY, Decimal128("1e40")]}, {"$add": [1, DAY, 2.6, Decimal128("1.5")]}, {"$subtract": [DAY, small]}, {"$subtract": [DAY, DAY]}, {"$subtract": [small, 1]}, {"$subtract": [1, DAY]}, {"$subtract": [DAY, 2.5]}, {"$mod": [5, Decimal128("0")]}, {"$mod": [Decimal128("5"), 0]},
            {"$mod": [5.5, 0]}, {"$mod": [small, -1]}, {"$divide": [1, Decimal128("0")]}, {"$round": [wide, 6145]}, {"$round": [1.5, 101]}, {"$round": [1.5, -21]}, {"$round": [big, -19]}, {"$round": [big, -1]}, {"$round": [Int64(-9), -1]}, {"$trunc": [Decimal128("1.55"), 1]}, {"$trunc": [15, -1]}, {"$round": [2**31 - 1, -1]}, {"$pow": [0, -1]}, {"$pow": [Int64(2), 63]}, {"$pow": [Int64(2), 62]}, {"$pow": [-2, 63]}, {"$pow": [-1, 1001]}, {"$pow": [-1, 1000]},
            {"$pow": [10, Decimal128("2")]}, {"$pow": [Decimal128("10"), Decimal128("0")]}, {"$pow": [1, big]}, {"$log": [Decimal128("100"), 10]}, {"$log": [100, Decimal128("10")]}, {"$log": [Decimal128("8"), 2]}, {"$log": [0, 2]}, {"$log": [2, 1]}, {"$exp": Decimal128("1")}, {"$exp": Decimal128("1E+9")}, {"$ln": Decimal128("2")}, {"$sqrt": Decimal128("2")}, {"$sqrt": -1}, {"$abs": small}, {"$abs": Int64(-5)}, {"$ceil": Decimal128("1.2")}, {"$floor": Decimal128("-1.2")},
            {"$range": [0, 10, 0]}, {"$range": [0, 1.5]}, {"$range": [0, big]}, {"$range": [5, 0, -2]}, {"$range": [0, 100000000]}, {"$range": [-2**31, 2**31 - 1, 2**31 - 1]}, {"$substrCP": ["h\u00e9llo", 1, 2]}, {"$substrCP": ["x", -1, 2]}, {"$substrCP": ["x", 0, -1]}, {"$substrBytes": ["h\u00e9llo", 2, 2]}, {"$substrBytes": ["h\u00e9llo", 0, 2]}, {"$substr": ["hello", 1, -1]}, {"$indexOfCP": ["h\u00e9llo", "l", 3]}, {"$indexOfBytes": ["h\u00e9llo", "l", 3, 5]}, {"$strcasecmp": ["a", DAY]}, {"$concat": ["a", None]},
            {"$toLower": DAY}, {"$toUpper": Timestamp(5, 6)}, {"$toUpper": {"$literal": Regex("a")}}, {"$toLower": 1.5}, {"$toUpper": {"$literal": Code("f")}}, {"$trim": {"input": "  x\u00a0 "}}, {"$trim": {"input": "\u00e9x\u00e9", "chars": "\u00e9"}}, {"$ltrim": {"input": "x", "chars": 5}}, {"$rtrim": {"input": None}}, {"$split": ["a,b", ""]}, {"$split": ["", ","]}, {"$split": ["a,b,", ","]}, {"$replaceAll": {"input": "aaa", "find": "a", "replacement": "bb"}}, {"$replaceOne": {"input": "x", "find": "", "replacement": "y"}},
            {"$regexFind": {"input": "abc", "regex": "(b)(x)?"}}, {"$regexFindAll": {"input": "a\u00e9a", "regex": "a"}}, {"$regexFindAll": {"input": "abc", "regex": ""}}, {"$regexMatch": {"input": "abc", "regex": {"$literal": Regex("B", "i")}, "options": "i"}}, {"$regexMatch": {"input": "abc", "regex": {"$literal": Regex("B")}, "options": "i"}}, {"$regexMatch": {"input": "abc", "regex": "("}}, {"$regexMatch": {"input": "abc", "regex": "a", "options": "z"}}, {"$regexFind": {"input": "a\0b", "regex": "a\0"}},
            {"$regexMatch": {"input": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "regex": "(a+)+$"}}, {"$arrayToObject": [[["a", 1], {"k": "b", "v": 2}]]}, {"$arrayToObject": [[{"k": "b", "v": 2}, ["a", 1]]]}, {"$arrayToObject": [[["a"]]]}, {"$arrayToObject": [[[1, 2]]]}, {"$arrayToObject": [[{"k": 1, "v": 2}]]}, {"$arrayToObject": [[{"k": "a"}]]}, {"$arrayToObject": [[{"k": "a", "v": 1, "x": 2}]]}, {"$arrayToObject": [[{"x": "a", "v": 1}]]}, {"$arrayToObject": [[["a\0", 1]]]}, {"$arrayToObject": [[5]]}, {"$objectToArray": {"$literal": {"a": {"b": 1}}}},
            {"$mergeObjects": [{"a": 1}, None, {"b": 2}]}, {"$mergeObjects": [5]}, {"$zip": {"inputs": [[1, 2, 3], [4]], "defaults": [8, 9], "useLongestLength": True}}, {"$zip": {"inputs": [[1], None]}}, {"$zip": {"inputs": []}}, {"$zip": {"inputs": [[1]], "useLongestLength": 5}}, {"$reduce": {"input": [1, 2], "initialValue": [], "in": {"$concatArrays": ["$$value", ["$$this"]]}}}, {"$sortArray": {"input": [3, 1, "x", None], "sortBy": -1}}, {"$sortArray": {"input": [{"a": 2}, {"a": 1}], "sortBy": {"a": 1}}}, {"$sortArray": {"input": [1], "sortBy": {"a.": 1}}}, {"$sortArray": {"input": [1], "sortBy": {}}},
            {"$sortArray": {"input": [1], "sortBy": {"$a": 1}}}, {"$sortArray": {"input": [1], "sortBy": {"a": {"$meta": "textScore"}}}}, {"$sortArray": {"input": [1], "sortBy": 2}}, {"$firstN": {"input": [1, 2], "n": Int64(2**40)}}, {"$firstN": {"input": [1], "n": -1}}, {"$maxN": {"input": [3, None, 5], "n": 2}}, {"$minN": {"input": [3, None, 5], "n": 9}}, {"$maxN": {"input": 5, "n": 2}}, {"$slice": [[1, 2, 3], -2]}, {"$slice": [[1, 2, 3], 1, 0]}, {"$slice": [[1, 2, 3], 1.5]}, {"$slice": [[1, 2], big]}, {"$arrayElemAt": [[1, 2], -1]}, {"$arrayElemAt": [[1, 2], 9]}, {"$arrayElemAt": [[1], big]},
            {"$in": [1, {"$literal": [1, 2]}]}, {"$indexOfArray": [[1, 2, 1], 1, 1]}, {"$indexOfArray": [[1], 1, -1]}, {"$indexOfArray": [[1], 1, 0, -1]}, {"$setUnion": [[1, 1.0], [2]]}, {"$setEquals": [[1, 2], [2, 1, 1], [1, 2]]}, {"$setIsSubset": [[1], [1, 2]]}, {"$allElementsTrue": [[1, 0]]}, {"$anyElementTrue": [[None, False]]}, {"$type": {"$literal": MinKey()}}, {"$type": MaxKey()}, {"$bsonSize": 5}, {"$bsonSize": {"a": 1}}, {"$binarySize": Binary(b"abc")}, {"$binarySize": 5}, {"$tsSecond": Timestamp(5, 6)}, {"$tsIncrement": 5},
            {"$convert": {"input": "x", "to": "foo"}}, {"$convert": {"input": "x", "to": 99}}, {"$convert": {"input": "x", "to": 1.5}}, {"$convert": {"input": "x", "to": "missing"}}, {"$convert": {"input": "1e400", "to": "double"}}, {"$convert": {"input": "1e-400", "to": "double"}}, {"$convert": {"input": "1e7000", "to": "decimal"}}, {"$convert": {"input": Decimal128("1e400"), "to": "double"}}, {"$convert": {"input": Decimal128("1e-400"), "to": "double"}}, {"$convert": {"input": "ABCDEF0123456789abcdef01", "to": "objectId"}}, {"$convert": {"input": "ABCDEF0123456789abcdef0g", "to": "objectId"}},
            {"$convert": {"input": 1e20, "to": "long"}}, {"$convert": {"input": float("nan"), "to": "int"}}, {"$convert": {"input": Decimal128("NaN"), "to": "int"}}, {"$convert": {"input": Decimal128("1e30"), "to": "date"}}, {"$convert": {"input": 1e30, "to": "date"}}, {"$convert": {"input": " 5", "to": "int"}}, {"$convert": {"input": "5 ", "to": "int"}}, {"$convert": {"input": "+5", "to": "int"}}, {"$convert": {"input": "9999999999", "to": "int"}}, {"$convert": {"input": "99999999999999999999", "to": "long"}}, {"$convert": {"input": "5.5", "to": "int"}}, {"$convert": {"input": "", "to": "decimal"}},
            {"$convert": {"input": "nan", "to": "decimal"}}, {"$convert": {"input": "-inf", "to": "double"}}, {"$convert": {"input": {"$literal": MinKey()}, "to": "bool"}}, {"$switch": {"branches": [{"case": False, "then": 1}]}}, {"$switch": {"branches": [], "default": 1}}, {"$switch": {"branches": [{"case": 1, "then": 2, "x": 3}]}}, {"$switch": {"x": 1}}, {"$switch": {"branches": [5]}}, {"$switch": 5}, {"$let": {"vars": {"a": 1}, "in": {"$let": {"vars": {"b": "$$a"}, "in": ["$$a", "$$b"]}}}}, {"$let": {"vars": {"a b": 1}, "in": 1}}, {"$let": {"in": 1}}, {"$let": {"vars": {}}},
            {"$let": {"vars": {}, "in": 1, "x": 1}}, {"$map": {"input": [1], "as": "", "in": 1}}, {"$map": {"input": [1], "as": 5, "in": 1}}, {"$filter": {"input": [1, 2, 3], "cond": {"$gt": ["$$this", 1]}, "limit": 1}}, {"$filter": {"input": [1], "cond": 1, "limit": 0}}, {"$filter": {"input": [1], "cond": 1, "limit": None}}, {"$filter": {"input": [1], "cond": 1, "as": "CURRENT"}}, "$$SEARCH_META", "$$USER_ROLES", "$$CLUSTER_TIME", "$$JS_SCOPE", "$$nope", "$$", "$", "$a.", "$.a", "$a..b", "$a.$b", "$$ROOT.", {"a": 1, "a.b": 2}, {"a.b": 1}, {"$a": 1}, {"a": {"$add": [1, 2]}, "b": "$$REMOVE"}, {"": 1},
            {"$_internalFindPositional": 1}, {"$sampleRate": 1}, {"$covariancePop": [1, 2]}, {"$stdDevPop": [[1, 2, 3]]}, {"$stdDevSamp": [1]}, {"$avg": [[1, "x", Decimal128("2")]]}, {"$sum": [big, 1]}, {"$sum": [[1, 2], 3]}, {"$min": [[3, 1]]}, {"$max": [[]]}, {"$avg": []}, {"$concatArrays": [[1], 5]}, {"$reverseArray": 5}, {"$isNumber": "x"}, {"$isArray": [[1]]}, {"$size": "x"}, {"$cmp": [1]}, {"$ne": [1, 2, 3]}, {"$ifNull": [None]}, {"$ifNull": [None, "$$REMOVE"]}, {"$ifNull": [None, None, 5]}, {"$cond": {"if": 1, "then": 2}}, {"$cond": {"if": 1, "then": 2, "else": 3, "x": 4}}, {"$cond": [1, 2]}, {"$not": [1, 2]},
            {"$multiply": [big, 2]}, {"$multiply": [DAY, 2]}, {"$multiply": [Decimal128("2"), 1.1]}, {"$sin": float("inf")}, {"$sin": Decimal128("Infinity")}, {"$acos": 2}, {"$acosh": 0}, {"$atanh": 1}, {"$atanh": 2}, {"$tan": Decimal128("1")}, {"$degreesToRadians": Decimal128("180")}, {"$radiansToDegrees": 1}, {"$asin": Decimal128("0.5")}, {"$cosh": 1000}, {"$atan2": [Decimal128("1"), 2]}):
        if expression not in ({"$rand": {}}, {"$rand": []}):
            yield on_nothing(expression)
    yield on_nothing({"$lt": [{"$rand": {}}, 1]})
    yield on_nothing({"$lt": [{"$rand": []}, 1]})
    for query in ({"$expr": {"$switch": {"branches": [{"case": "$a", "then": {"$gt": ["$b", 1]}}, {"case": "$c", "then": 2}], "default": 3}}}, {"$expr": {"$switch": {"branches": [{"case": "$a", "then": 1}]}}}, {"$expr": {"$meta": "indexKey"}}, {"$expr": {"$meta": "x"}}, {"$expr": {"$let": {"vars": {"x": "$a"}, "in": "$$x"}}}, {"$expr": {"$setField": {"field": "a", "input": "$$ROOT", "value": "$b"}}},
                  {"$expr": {"$sortArray": {"input": "$a", "sortBy": {"x": 1}}}}, {"$expr": {"$firstN": {"input": "$a", "n": 2}}}, {"$expr": {"$dateAdd": {"startDate": "$a", "unit": "day", "amount": "$b"}}}, {"$expr": {"$reduce": {"input": "$a", "initialValue": 0, "in": {"$add": ["$$this", "$$value"]}}}}, {"$expr": {"$rand": {}}}, {"$expr": {"$zip": {"inputs": ["$a", "$b"], "useLongestLength": True, "defaults": [1, "$c"]}}}):
        yield {"explain": {"find": "missing", "filter": query}, "verbosity": "queryPlanner"}


def found():
    """What random commands reached that nothing else does (tests/query/commands_found.jsonl, extended JSON)."""
    for line in open(Path(__file__).with_name("commands_found.jsonl"), encoding="utf-8"):
        yield json_util.loads(line, json_options=JSON)


# All but the plans, which are recorded with more of their replies, and those of which a command is kept for each answer to the same name.
ALL = (failing_arguments, failing_documents, failing_stages, of_collections, indexes, natural, series_of_all, schemas, redacts, shapes_of_places, rarer_expressions)
ONE_FOR_EACH_ANSWER = (wrong_arguments,)
