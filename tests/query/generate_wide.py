"""More random commands for differential.py: what stands seldom in generate.py and generate_more.py. Each function takes the Generator.

Joins in each other, sorts and groups under collations, windows over times and over numbers of all sizes, projections of find that mix their
operators, names of fields that are no paths, and words that mongod 6.0 does not know.
"""
import datetime

from bson import Decimal128, Int64, Timestamp

COLLATIONS = [{"locale": "en", "strength": 1}, {"locale": "de", "strength": 2, "caseLevel": True}, {"locale": "en", "numericOrdering": True},
              {"locale": "fr", "backwards": True, "strength": 2}, {"locale": "en", "caseFirst": "upper"}, {"locale": "en", "alternate": "shifted", "maxVariable": "space"}]
ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Windhoek", "Pacific/Apia", "+13:45", "-0930", "UTC"]
# Around the changes of summer time, of years and of ISO years.
TIMES = [datetime.datetime(2021, 3, 28, 0, 59, 59), datetime.datetime(2021, 3, 28, 1), datetime.datetime(2021, 10, 31, 0, 30), datetime.datetime(2021, 10, 31, 1, 30),
         datetime.datetime(2021, 3, 14, 6, 59), datetime.datetime(2021, 11, 7, 5, 30), datetime.datetime(2021, 11, 7, 6, 30), datetime.datetime(2020, 12, 31, 23),
         datetime.datetime(2021, 1, 3, 12), datetime.datetime(2011, 12, 30, 9), datetime.datetime(1900, 1, 1), datetime.datetime(2400, 2, 29, 23, 59, 59, 999000)]
UNITS = ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"]
NAMES = ["n", "o", "a.b", "$a", "", "a$b", ".", "x.", "arr", "_id"]
HUGE = [Int64(2**63 - 1), Int64(-2**63), Int64(2**62), 2**31 - 1, -2**31, 1e308, -1e308, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), 5e-324, 0.1, -0.0, 1, -1,
        Decimal128("9.999999999999999999999999999999999E+6144"), Decimal128("-9.999999999999999999999999999999999E+6144"), Decimal128("Infinity"), Decimal128("-Infinity"),
        Decimal128("NaN"), Decimal128("1E-6176"), Decimal128("0.1"), Decimal128("-0"), "x", None]


def ends(stage):
    """A stage whose groups come in no order, and the sort that gives them one."""
    return [stage, {"$sort": {"_id": 1}}]


# ---- expressions


def date_expression(g):
    date, zone = g.pick([*TIMES, "$d"]), {"timezone": g.pick(ZONES)} if g.chance(70) else {}
    unit = g.pick(UNITS)
    return g.pick([
        lambda: {"$dateTrunc": {"date": date, "unit": unit, "binSize": g.pick([1, 2, 3, 7, 13, 100]), **zone, **({"startOfWeek": g.pick(["mon", "Friday", "sun"])} if g.chance(30) else {})}},
        lambda: {"$dateAdd": {"startDate": date, "unit": unit, "amount": g.pick([1, -1, 2, 6, 11, 25, -36, 1000, Int64(2**40)]), **zone}},
        lambda: {"$dateSubtract": {"startDate": date, "unit": unit, "amount": g.pick([1, 3, 24, 31, 400]), **zone}},
        lambda: {"$dateDiff": {"startDate": date, "endDate": g.pick(TIMES), "unit": unit, **zone, **({"startOfWeek": g.pick(["tue", "SAT", 1])} if g.chance(30) else {})}},
        lambda: {"$dateToParts": {"date": date, "iso8601": g.pick([True, False]), **zone}},
        lambda: {"$dateFromParts": g.pick([{"year": g.pick([2021, 2011]), "month": g.pick([3, 10, 12]), "day": g.pick([28, 30, 31]), "hour": g.pick([1, 2, 24]), "minute": g.pick([0, 61, -1])},
                                           {"isoWeekYear": g.pick([2020, 2021]), "isoWeek": g.pick([0, 1, 53]), "isoDayOfWeek": g.pick([1, 7, 8])}]) | zone},
        lambda: {"$dateToString": {"date": date, "format": g.pick(["%G-W%V-%u", "%Y-%j %H:%M:%S.%L %z", "%U %w", "%Z %d/%m"]), **zone, **({"onNull": "none"} if g.chance(20) else {})}},
        lambda: {"$dateFromString": {"dateString": g.pick(["2021-10-31T02:30:00", "2021-03-28 02:30", "31.10.2021", "2021-W05-3", "2021-302", "1635647400"]), **zone,
                                     **({"format": g.pick(["%Y-%m-%dT%H:%M:%S", "%G-W%V-%u", "%d.%m.%Y", "%Y-%j"])} if g.chance(60) else {}), "onError": "bad"}},
        lambda: {g.pick(["$isoWeek", "$isoWeekYear", "$isoDayOfWeek", "$week", "$dayOfYear", "$hour", "$dayOfWeek"]): {"date": date, **zone}},
    ])()


def text_expression(g):
    text = g.pick(["$s", "$t", "  éa\u00a0\u2003b \t", "ÀÉÎ straße ǅ", "a😀b😀c", "2021-01-02 and 2022-03-04", "aaa", "x\0y"])
    return g.pick([
        lambda: {g.pick(["$regexFind", "$regexFindAll", "$regexMatch"]): {"input": text, "regex": g.pick(["(a)(b)?", "(\\d+)-(\\d+)", "", "é|😀", "(?<n>a)", "^\\s*", "(", "A", "[à-ü]", "\\w+"]),
                                                                           **({"options": g.pick(["i", "ix", "ms", "u", ""])} if g.chance(40) else {})}},
        lambda: {g.pick(["$trim", "$ltrim", "$rtrim"]): {"input": text, **({"chars": g.pick(["a ", "é😀", "", "\0", "x", "2-"])} if g.chance(60) else {})}},
        lambda: {g.pick(["$substrCP", "$substrBytes", "$substr"]): [text, g.pick([0, 1, 2, 5, 40]), g.pick([0, 1, 2, 3, -1, 100])]},
        lambda: {g.pick(["$indexOfCP", "$indexOfBytes"]): [text, g.pick(["a", "😀", "", "z"]), *g.pick([[], [1], [2, 4], [4, 2], [0, 99]])]},
        lambda: {g.pick(["$toUpper", "$toLower", "$strLenCP", "$strLenBytes"]): text}, lambda: {"$strcasecmp": [text, g.pick(["AAA", "$s", "é"])]},
        lambda: {"$split": [text, g.pick([" ", "a", "😀", "aa", "\0"])]}, lambda: {g.pick(["$replaceOne", "$replaceAll"]): {"input": text, "find": g.pick(["a", "", "😀", "é"]), "replacement": g.pick(["", "$0", "é"])}},
        lambda: {"$concat": [text, g.pick(["é", "$t", None])]},
    ])()


def field_expression(g):
    name, source = g.pick(NAMES), g.pick(["$$ROOT", "$o", "$deep", {"a.b": 1, "$a": 2}, {"$literal": {"a.b": 1, "$a": 2, "": 3}}])
    return g.pick([
        lambda: {"$getField": {"field": g.pick([name, {"$literal": name}, {"$concat": ["a", ".b"]}, 5, "$s"]), "input": source}}, lambda: {"$getField": g.pick([name, {"$literal": name}])},
        lambda: {"$setField": {"field": g.pick([name, {"$literal": name}]), "input": source, "value": g.pick([1, "$m", "$$REMOVE", {"$literal": "$x"}])}},
        lambda: {"$unsetField": {"field": g.pick([name, {"$literal": name}]), "input": source}},
        lambda: {"$sortArray": {"input": g.pick(["$arr", "$nums", [3, "a", None, {"a": 1}, [1], 2.5]]), "sortBy": g.pick([1, -1, {"a": 1}, {"a": -1, "b": 1}, {"a.b": 1}, {}, 0, {"$x": 1}])}},
        lambda: {g.pick(["$firstN", "$lastN", "$minN", "$maxN"]): {"input": g.pick(["$arr", "$nums", "$m"]), "n": g.pick([1, 2, "$m", 2.0, 0, -1, "x", Int64(2**40)])}},
        lambda: {"$arrayToObject": g.pick([{"$map": {"input": "$nums", "in": {"k": {"$toString": "$$this"}, "v": "$$this"}}}, [["a", 1], ["a", 2]], {"$literal": [{"k": "x", "v": None}, {"k": "x\0", "v": 1}]}])},
        lambda: {"$reduce": {"input": g.pick(["$arr", "$nums"]), "initialValue": [], "in": {"$concatArrays": [["$$this"], "$$value"]}}},
        lambda: {"$zip": {"inputs": ["$arr", "$nums", g.pick([[1, 2], "$missing"])], "useLongestLength": g.pick([True, False]), **({"defaults": [0, "x", None]} if g.chance(40) else {})}},
        lambda: {"$map": {"input": {"$objectToArray": g.pick(["$o", "$$ROOT", "$deep"])}, "as": "e", "in": g.pick(["$$e.k", {"$type": "$$e.v"}])}},
        lambda: {"$convert": {"input": g.pick(["$x", "$y", "$n", "$s", "$d", "$arr", "$o"]), "to": g.pick(["double", "string", "objectId", "bool", "date", "int", "long", "decimal", 1, 9, "timestamp", 99, "$s", None]),
                              **({"onError": g.pick(["bad", "$m", None])} if g.chance(60) else {}), **({"onNull": g.pick([0, "$n"])} if g.chance(50) else {})}},
        lambda: {g.pick(["$type", "$isNumber", "$toBool"]): g.pick(["$$NOW", "$$ROOT", "$$REMOVE", "$$CURRENT.x", "$$CLUSTER_TIME", "$$USER_ROLES", "$$nope", "$$DESCEND"])},
        lambda: {g.pick(["$median", "$percentile", "$bitAnd", "$bitOr", "$bitNot", "$toUUID", "$createUUID", "$sigmoid", "$function", "$accumulator"]): g.pick(["$n", ["$n"], {}])},
    ])()


def expression(g):
    return g.pick([date_expression, text_expression, field_expression])(g)


# ---- stages


def accumulator(g):
    value = g.pick(["$n", "$m", "$s", "$x", "$y", "$nums", "$o.a", {"$type": "$x"}, {"$size": "$nums"}])
    order = {"sortBy": g.pick([{"n": 1, "_id": 1}, {"s": -1, "_id": 1}, {"arr": 1, "_id": -1}, {"o": 1, "_id": 1}])}
    count = {"n": g.pick([1, 2, 3, 2.0, Int64(4), 0, "x", {"$cond": [True, 2, 1]}])}
    return g.pick([
        lambda: {g.pick(["$sum", "$avg", "$min", "$max", "$first", "$last", "$push", "$stdDevPop", "$stdDevSamp"]): value}, lambda: {"$mergeObjects": g.pick(["$o", "$$ROOT", {"k": "$m"}])},
        lambda: {g.pick(["$firstN", "$lastN", "$minN", "$maxN"]): {"input": value, **count}}, lambda: {g.pick(["$topN", "$bottomN"]): {"output": g.pick([value, ["$_id", value]]), **order, **count}},
        lambda: {g.pick(["$top", "$bottom"]): {"output": value, **order}}, lambda: {"$count": g.pick([{}, {}, 1])}, lambda: {"$sum": g.pick([1, "$nums", ["$m", "$n"], {"$add": ["$m", 1]}])},
    ])()


def group(g):
    key = g.pick(["$s", "$m", "$t", "$x", {"a": "$s", "b": {"$type": "$y"}}, {"$toUpper": "$s"}, None, "$o.a", {"$ifNull": ["$arr", 0]}, ["$m"]])
    return ends({"$group": {"_id": key, "r": accumulator(g), **({"q": accumulator(g)} if g.chance(50) else {})}})


def inner_pipeline(g, depth):
    stages = []
    for _ in range(g.random.randint(0, 2)):
        stages += g.pick([lambda: [{"$match": g.filter(0)}], lambda: [{"$sort": g.sort()}, {"$limit": g.random.randint(1, 5)}], lambda: [{"$project": {"m": 1, "s": 1, "e": expression(g)}}],
                          lambda: [{"$match": {"$expr": {g.pick(["$eq", "$gte", "$lt"]): ["$m", "$$v"]}}}], lambda: group(g), lambda: [{"$count": "c"}],
                          lambda: [{"$unwind": g.pick(["$nums", "$arr"])}], lambda: lookup(g, depth - 1) if depth > 0 else [], lambda: union(g, depth - 1) if depth > 0 else []])()
    return stages


def lookup(g, depth=1):
    fields = {"localField": g.pick(["m", "s", "nums", "missing", "arr.a", "x", "o.a"]), "foreignField": g.pick(["m", "s", "_id", "nums", "arr.a", "x"])}
    return [{"$lookup": g.pick([
        lambda: {"from": g.pick(["other", "data", "none"]), **fields, "as": g.pick(["l", "o.l", "m"])},
        lambda: {"from": "other", **fields, "pipeline": inner_pipeline(g, depth), "let": {"v": g.pick(["$m", "$n", 2])}, "as": "l"},
        lambda: {"from": "other", "pipeline": inner_pipeline(g, depth), "let": {"v": g.pick(["$m", "$s"])}, "as": "l"},
        lambda: {"pipeline": [{"$documents": [{"m": 1, "k": "$$v"}, {"m": {"$add": [1, 1]}}]}], "let": {"v": "$s"}, "as": "l", **(fields if g.chance(40) else {})},
    ])()}]


def graph(g):
    return [{"$graphLookup": {"from": g.pick(["other", "data"]), "startWith": g.pick(["$m", "$nums", "$_id", {"$add": ["$m", 1]}]), "connectFromField": g.pick(["m", "nums", "_id"]),
                              "connectToField": g.pick(["_id", "m", "nums"]), "as": "g", **({"maxDepth": g.pick([0, 1, 2, -1, 1.5])} if g.chance(70) else {"maxDepth": 1}),
                              **({"depthField": g.pick(["z", "o.z"])} if g.chance(40) else {}),
                              **({"restrictSearchWithMatch": g.pick([{"m": {"$gt": 1}}, {"s": {"$regex": "^a", "$options": "i"}}, {"$expr": {"$gt": ["$m", 1]}}, {"nums": 2}])} if g.chance(50) else {})}},
            {"$project": {"m": 1, "g": g.pick([{"$size": "$g"}, {"$sortArray": {"input": "$g", "sortBy": {"_id": 1}}}])}}]


def union(g, depth=1):
    inner = [stage for stage in inner_pipeline(g, depth) if "$$v" not in repr(stage)]
    return [{"$unionWith": g.pick(["other", "none", {"coll": "other", "pipeline": inner}, {"coll": "data", "pipeline": [{"$sort": {"_id": 1}}, *inner]}, {"pipeline": [{"$documents": [{"u": 1}]}, *inner]}])}]


def facet(g):
    # Of two facets that fail, which one mongod tells is not known: all but one of these can't fail.
    first, *others = g.random.sample(["a", "b", "c"], g.random.randint(1, 3))
    any_stages = g.pick([lambda: group(g), lambda: inner_stages(g), lambda: lookup(g, 0), lambda: [{"$bucketAuto": {"groupBy": "$m", "buckets": 2}}]])
    quiet = [[{"$bucketAuto": {"groupBy": "$m", "buckets": 2}}], [{"$count": "c"}], [{"$sortByCount": "$m"}, {"$sort": {"_id": 1}}], [{"$skip": 3}, {"$limit": 2}, {"$project": {"m": 1, "t": {"$type": "$x"}}}]]
    return [{"$facet": {first: [{"$sort": {"_id": 1}}, *any_stages()], **{name: [{"$sort": {"_id": 1}}, *g.pick(quiet)] for name in others}}}]


def inner_stages(g):
    stages = [g.stage() for _ in range(g.random.randint(0, 2)) if g.chance(80)][:1]
    if stages and ("$group" in stages[0] or "$sortByCount" in stages[0]):
        stages.append({"$sort": {"_id": 1}})  # the first three groups of no order are not defined
    return [*stages, {"$limit": 3}]


def buckets(g):
    granular = g.pick([{}, {"granularity": g.pick(["R5", "R10", "R80", "1-2-5", "E6", "E192", "POWERSOF2", "X"])}])
    return [g.pick([
        lambda: {"$bucketAuto": {"groupBy": g.pick(["$_id", "$m", {"$abs": "$m"}, "$s", "$n", "$missing", {"$size": {"$ifNull": ["$nums", []]}}]), "buckets": g.pick([1, 2, 3, 7, 200, 0, 2.0, 1.5]), **granular,
                                 **({"output": {"r": accumulator(g)}} if g.chance(50) else {})}},
        lambda: {"$bucket": {"groupBy": g.pick(["$m", "$s", "$n", "$d"]), "boundaries": g.pick([[0, 1, 5], ["", "b", "z"], [0, 5, 2], [0], [0, "a"], [Int64(0), 1.5, Decimal128("3")]]),
                             **({"default": g.pick(["other", None, 2, -5])} if g.chance(80) else {}), **({"output": {"r": accumulator(g)}} if g.chance(50) else {})}},
    ])()]


def window(g):
    times = {"sortBy": {"d": 1}, "partitionBy": "$_id"} if g.chance(30) else {"sortBy": {"_id": 1}}
    by_time = "d" in times["sortBy"]
    reach = g.pick([{}, {"window": {"documents": [g.pick(["unbounded", -3, -1, 0, "current"]), g.pick([0, 1, 2, "unbounded", "current"])]}},
                    {"window": {"range": [g.pick([-2, -1, "unbounded"]), g.pick([0, 1, "current", "unbounded"])], **({"unit": g.pick(UNITS)} if by_time else {})}}])
    value = {"$arrayElemAt": [HUGE, {"$mod": [{"$multiply": ["$_id", g.pick([1, 3, 7, 11])]}, len(HUGE)]}]} if g.chance(50) else g.pick(["$m", "$_id", "$d", "$s"])
    unit = {"unit": g.pick(["week", "day", "hour", "millisecond", "month"])} if by_time else {}
    output = g.pick([
        lambda: {g.pick(["$sum", "$sum", "$avg", "$min", "$max", "$push", "$first", "$last"]): value, **reach}, lambda: {g.pick(["$derivative", "$integral"]): {"input": g.pick(["$m", "$_id"]), **unit}, **reach},
        lambda: {g.pick(["$firstN", "$lastN", "$minN", "$maxN"]): {"input": value, "n": g.pick([1, 2, 4])}, **reach}, lambda: {"$expMovingAvg": {"input": g.pick(["$m", "$_id", "$s"]), **g.pick([{"N": 2}, {"alpha": 0.25}])}},
        lambda: {g.pick(["$rank", "$denseRank", "$documentNumber"]): {}}, lambda: {"$shift": {"output": value, "by": g.pick([-2, 1, 3]), "default": g.pick([None, "none"])}},
        lambda: {g.pick(["$linearFill", "$locf"]): g.pick(["$m", "$missing", "$y"])}, lambda: {g.pick(["$top", "$bottom"]): {"output": value, "sortBy": {"m": 1, "_id": 1}}, **reach},
        lambda: {"$addToSet": g.pick(["$m", "$s"]), **reach}, lambda: {"$count": {}, **reach}, lambda: {g.pick(["$covariancePop", "$covarianceSamp"]): ["$_id", {"$toInt": "$m"}], **reach}])()
    return [{"$setWindowFields": {**times, "output": {"w": output}}}, {"$project": {"w": 1}}]


def densify_fill(g):
    return g.pick([
        lambda: [{"$project": {"_id": 1, "d": 1, "m": 1}}, {"$densify": {"field": "_id", "range": {"step": g.pick([1, 2, 0.5, 7, 0, -1, Decimal128("2.5")]), "bounds": g.pick(["full", "partition", [0, 10], [5, 2], [-3, Int64(200)]])},
                                                                  **({"partitionByFields": g.pick([["m"], [], ["_id"], ["$m"]])} if g.chance(40) else {})}}, {"$sort": {"m": 1, "_id": 1, "d": 1}}],
        lambda: [{"$match": {"_id": {"$lt": 8}}}, {"$project": {"_id": 0, "d": 1}}, {"$densify": {"field": "d", "range": {"step": g.pick([1, 5]), "unit": g.pick(["year", "quarter", "month"]), "bounds": g.pick(["full", [TIMES[10], TIMES[9]]])}}}],
        lambda: [{"$fill": {**g.pick([{"partitionBy": "$s"}, {"partitionByFields": ["m"]}, {}]), "sortBy": {"_id": 1}, "output": {g.pick(["y", "t", "o.q"]): g.pick([{"method": "locf"}, {"method": "linear"}, {"value": "$m"}, {"method": "x"}])}}}, {"$sort": {"_id": 1}}],
    ])()


def stages(g):
    return g.pick([group, lookup, graph, union, facet, buckets, window, window, densify_fill,
                   lambda g: [{g.pick(["$addFields", "$project"]): {"e": expression(g), **({"f": expression(g)} if g.chance(40) else {})}}],
                   lambda g: [{"$addFields": {g.pick(["e", "o.e", "arr.e", "deep.p.e"]): expression(g)}}], lambda g: [{"$match": {"$expr": expression(g)}}],
                   lambda g: [{"$redact": {"$switch": {"branches": [{"case": {"$isArray": "$nums"}, "then": g.pick(["$$DESCEND", "$$PRUNE"])}], "default": g.pick(["$$DESCEND", "$$KEEP", "$$PRUNE", 1])}}}],
                   lambda g: [{"$unwind": {"path": g.pick(["$arr", "$nums", "$o.b", "$deep"]), "includeArrayIndex": g.pick(["i", "o.i", "$i"])}}],
                   lambda g: [{"$sortByCount": g.pick(["$s", {"$toLower": "$t"}])}, {"$sort": {"count": -1, "_id": 1}}], lambda g: [{"$replaceWith": g.pick([{"$ifNull": ["$o", {}]}, {"$mergeObjects": ["$o", {"_id": "$_id"}]}, {"$setField": {"field": {"$literal": "$a"}, "input": "$$ROOT", "value": 1}}])}],
                   lambda g: [{g.pick(["$median", "$listSampledQueries", "$foo", "match"]): {}}]])(g)


# ---- commands


def projection(g):
    parts = [{"arr": {"$slice": g.pick([1, -1, [1, 2], [-3, 2], 0])}}, {"nums": {"$elemMatch": {"$gt": 1}}}, {"arr": {"$elemMatch": {"a": {"$exists": True}}}}, {"nums.$": 1}, {"o.a": 1}, {"n": 1}, {"s": 0}, {"_id": 0}, {"deep.p.q": 0},
             {"e": expression(g)}, {"arr.a": 1}, {"o": {"a": g.pick([0, 1, "$m"])}}, {"x": "$y"}, {"deep": {"$slice": 1}}, {"z": {"$literal": 1}}]
    ret = {}
    for part in g.random.sample(parts, g.pick([1, 2, 2, 3])):
        ret.update(part)
    return ret


def sort(g):
    return {**{field: g.pick([1, -1]) for field in g.random.sample(["arr", "nums", "x", "o", "s", "t", "deep.p.q", "arr.a", "o.b", "d"], g.pick([1, 2]))}, "_id": g.pick([1, -1])}


def find(g):
    query = g.pick([lambda: g.filter(), lambda: {"nums": g.pick([1, 2, {"$gt": 1}, {"$elemMatch": {"$gt": 0, "$lt": 3}}])}, lambda: {"$expr": expression(g)}, lambda: {}])()
    # A sort's key under a collation is mongod's ICU's own: not asked for.
    return {"find": "data", "filter": query, "sort": sort(g), **({"projection": projection(g)} if g.chance(70) else {}),
            **({"collation": g.pick(COLLATIONS)} if g.chance(40) else {"projection": {"k": {"$meta": "sortKey"}, "m": 1}} if g.chance(10) else {}),
            **({"limit": g.random.randint(1, 9)} if g.chance(20) else {}), **({"skip": g.random.randint(0, 9)} if g.chance(20) else {}), **({"let": {"v": g.pick([1, {"$add": [1, 1]}])}} if g.chance(10) else {}), "batchSize": 1000}


def command(g):
    kind, collation = g.random.random(), {"collation": g.pick(COLLATIONS)} if g.chance(20) else {}
    if kind < 0.3:
        return find(g)
    if kind < 0.36:
        return {"distinct": "data", "key": g.pick(["arr", "arr.a", "nums", "deep.p.q", "deep", "o", "s", "arr.0", "", "a..b"]), "query": g.filter(), **collation}
    if kind < 0.42:
        return {"count": "data", "query": g.filter(), **collation, **({"skip": g.pick([0, 3, 500, -1])} if g.chance(50) else {}), **({"limit": g.pick([0, 2, -3])} if g.chance(50) else {}), **({"hint": g.pick(["_id_", {"_id": 1}])} if g.chance(20) else {})}
    if kind < 0.6:
        return {"aggregate": "data", "pipeline": [{"$match": {"_id": g.random.randrange(60)}}, {"$project": {"_id": 0, "r": expression(g)}}], "cursor": {}, **collation}
    if kind < 0.62:
        return {"aggregate": "data", "pipeline": [{"$match": g.filter()}, {"$sample": {"size": 1000}}, {"$sort": {"_id": 1}}], "cursor": {"batchSize": 1000}, **collation}
    pipeline = [{"$sort": {"_id": 1}}]
    for _ in range(g.pick([1, 1, 2, 3])):
        pipeline += stages(g)
        if "$unionWith" in pipeline[-1] or "$unwind" in pipeline[-1]:
            break  # the order of documents with one `_id` is not defined
    return {"aggregate": "data", "pipeline": pipeline, "cursor": {"batchSize": 1000}, **collation, **({"let": {"v": 2}} if g.chance(10) else {})}
