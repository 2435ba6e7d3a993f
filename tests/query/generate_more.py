"""More random stages and commands for generate.py: window functions, fields that come and go, options of commands. Each takes the Generator."""
from bson import Int64, ObjectId

WINDOW_FUNCTIONS = ["$sum", "$avg", "$min", "$max", "$push", "$stdDevPop", "$stdDevSamp", "$count", "$first", "$last", "$covariancePop", "$integral",
                    "$derivative", "$expMovingAvg", "$rank", "$denseRank", "$documentNumber", "$shift", "$locf", "$linearFill", "$firstN", "$lastN",
                    "$minN", "$top", "$bottomN"]
PATHS = ["n", "m", "o", "o.a", "o.b", "o.c.d", "arr", "arr.a", "deep.p", "e", "e.f", "_id"]


def window_function(g):
    name = g.pick(WINDOW_FUNCTIONS)
    # Numbers of one size: what is left of 1e300 in a sum that it has left is not ours to repeat.
    value = g.pick(["$m", "$m", {"$add": ["$m", 1]}, {"$size": {"$ifNull": ["$nums", []]}}, 1])
    window = {}
    if g.chance(45):
        window = {"window": {"documents": [g.pick(["unbounded", "current", -2, -1, 0, 1]), g.pick(["unbounded", "current", 2, 1, 0, -1])]}}
    elif g.chance(50):
        window = {"window": {"range": [g.pick(["unbounded", "current", -2, 0]), g.pick(["unbounded", "current", 2, 0])]}}
    if name in ("$count", "$rank", "$denseRank", "$documentNumber"):
        return {name: {}, **(window if name == "$count" else {})}
    if name == "$covariancePop":
        return {name: [{"$toInt": value}, {"$toInt": "$m"}], **window}
    if name in ("$integral", "$derivative"):
        return {name: {"input": value}, **window}
    if name == "$expMovingAvg":
        return {name: {"input": value, **g.pick([{"N": 3}, {"alpha": 0.5}, {"alpha": 1.5}])}}
    if name == "$shift":
        return {name: {"output": value, "by": g.pick([1, -1, 2, 0]), **({"default": "z"} if g.chance(50) else {})}}
    if name in ("$locf", "$linearFill"):
        return {name: g.pick(["$m", "$t", "$y"])}
    if name in ("$firstN", "$lastN", "$minN"):
        return {name: {"input": value, "n": g.pick([1, 2, 3])}, **window}
    if name in ("$top", "$bottomN"):
        return {name: {"output": value, "sortBy": {"s": 1, "_id": 1}, **({"n": 2} if name == "$bottomN" else {})}, **window}
    return {name: value, **window}


def window_stage(g):
    return {"$setWindowFields": {"sortBy": g.pick([{"_id": 1}, {"_id": -1}, {"s": 1, "_id": 1}]), **({"partitionBy": g.pick(["$s", "$m", None])} if g.chance(50) else {}),
                                 "output": {"w": window_function(g), **({"o.z": window_function(g)} if g.chance(20) else {})}}}


def leaf(g):
    return g.pick([1, "$n", "$$REMOVE", "$missing", {"k": "$m", "l": "$$REMOVE"}, {"$cond": [{"$gt": ["$m", 1]}, "x", "$$REMOVE"]},
                   {"$mergeObjects": ["$o", {"x": 9}]}, {"$literal": {"z": 1}}, ["$m", "$missing"], g.expression(0)])


def shape_stage(g):
    """A stage that sets fields, or takes them away."""
    paths = []
    for path in g.random.sample(PATHS, g.pick([1, 2, 3])):
        if not any(path == p or path.startswith(p + ".") or p.startswith(path + ".") for p in paths):
            paths.append(path)
    return g.pick([
        lambda: {"$unset": paths}, lambda: {g.pick(["$set", "$addFields"]): {p: leaf(g) for p in paths}}, lambda: {"$project": {p: 0 for p in paths}},
        lambda: {"$set": {p: leaf(g) for p in paths}}, lambda: {"$match": {g.pick(PATHS): g.predicate()}},
        lambda: {"$replaceWith": g.pick(["$$ROOT", {"$mergeObjects": ["$$ROOT", {"n": "$s"}]}, {"$unsetField": {"field": "n", "input": "$$ROOT"}}])},
        lambda: {"$fill": {"output": {"n": {"value": 0}}}}, lambda: {"$unwind": {"path": "$arr", "preserveNullAndEmptyArrays": True}},
        lambda: {"$group": {"_id": g.pick(["$m", {"a": "$m"}]), "c": {"$sum": g.pick([1, "$m"])}}}])()


def shape_pipeline(g):
    stages = []
    for _ in range(g.random.randint(2, 4)):
        stages.append(shape_stage(g))
        if "$group" in stages[-1]:
            stages.append({"$sort": {"_id": 1}})
    return stages


WRONG = (None, True, 1, -1, 0, 1.5, Int64(2), "x", {}, [], ObjectId("0" * 24))


def find_options(g):
    """Options of find, right ones and wrong ones."""
    options = {}
    for _ in range(g.random.randint(1, 3)):
        options.update(g.pick([
            lambda: {"hint": g.pick(["_id_", {"_id": 1}, {"$natural": 1}, {"$natural": -1}])},
            lambda: {"min": {"_id": g.pick([2, 5])}, "hint": {"_id": 1}}, lambda: {"max": {"_id": 9}, "min": {"_id": 3}, "hint": {"_id": 1}},
            lambda: {"let": {"v": g.pick([1, "$n", {"$add": [1, 2]}])}}, lambda: {"collation": g.pick([{"locale": "en", "strength": 2}, {"locale": "xx"}, {}])},
            lambda: {"returnKey": True}, lambda: {"allowDiskUse": g.pick([True, False])}, lambda: {"batchSize": g.pick([0, 1, 3, 1000])},
            lambda: {"singleBatch": True}, lambda: {"comment": g.value(1)}, lambda: {"maxTimeMS": 60000}, lambda: {"limit": g.pick([0, 1, 5])}, lambda: {"skip": g.pick([0, 2, 1000])},
            lambda: {g.pick(["foo", "tailable", "awaitData", "noCursorTimeout", "allowPartialResults", "oplogReplay", "ntoreturn"]): g.pick(WRONG)},
            lambda: {g.pick(["filter", "projection", "sort", "hint", "skip", "limit", "batchSize", "singleBatch", "let", "min", "max", "collation", "returnKey"]): g.pick(WRONG)},
            lambda: {"projection": g.pick([{"arr.$": 1}, {"arr": {"$slice": g.pick([1, -2, [1, 2]])}}, {"arr": {"$elemMatch": {"$gt": 1}}}, {"nums.$": 1, "n": 1}, {"k": {"$meta": "sortKey"}}])},
            lambda: {"filter": {g.pick(["arr", "nums"]): g.pick([1, 2, {"$gt": 1}, {"$elemMatch": {"$gt": 0}}])}},
        ])())
    # What prints the whole of a parsed query in its message is for tables of cases.
    if "min" in options or "max" in options:
        options["hint"] = {"_id": 1}
    return options


def aggregate_options(g):
    return g.pick([
        lambda: {"hint": g.pick(["_id_", {"_id": 1}])}, lambda: {"let": {"v": g.pick([1, {"$add": [1, 2]}])}}, lambda: {"allowDiskUse": True}, lambda: {"comment": "c"},
        lambda: {"cursor": {"batchSize": g.pick([0, 2])}}, lambda: {g.pick(["foo", "explain", "bypassDocumentValidation", "allowDiskUse", "collation", "let", "hint"]): g.pick(WRONG[2:])}])()
