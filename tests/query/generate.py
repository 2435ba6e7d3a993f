"""Random documents, filters, expressions and pipelines for differential.py. Everything comes from one random.Random."""
import datetime

import generate_more
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

NUMBERS = [0, 1, -1, 2, 3, 5, 7, 42, 100, -13, 2147483647, -2147483648, Int64(0), Int64(1), Int64(5), Int64(-7),
           Int64(2**53), Int64(2**53 + 1), Int64(2**63 - 1), Int64(-2**63), 0.0, -0.0, 1.0, 1.5, -2.5, 0.1, 3.999, 1e16,
           1e-5, 1e300, 5e-324, float("nan"), float("inf"), float("-inf"), 42.0,
           Decimal128("0"), Decimal128("1"), Decimal128("1.50"), Decimal128("-3.7"), Decimal128("0.1"),
           Decimal128("1E+10"), Decimal128("NaN"), Decimal128("Infinity"), Decimal128("-0"), Decimal128("9223372036854775808")]
SMALL = [0, 1, 2, 3, -1, 5, Int64(2), 1.5, 2.0, Decimal128("2"), Decimal128("2.5")]
STRINGS = ["", "a", "b", "A", "abc", "ABC", "hello world", "Hello", "é", "ÉCOLE", "日本", "a.b", "$a", "10", "-3.5", " x ",
           "2020-01-02", "2020-01-02T03:04:05Z", "aXbXc", "true", "%Y", "507f1f77bcf86cd799439011", "ab\0c", "😀 smile"]
DATES = [datetime.datetime(1970, 1, 1), datetime.datetime(2020, 2, 29, 12, 30, 45, 123000), datetime.datetime(2021, 12, 31, 23, 59, 59),
         datetime.datetime(1999, 3, 28, 1, 30), datetime.datetime(2024, 1, 1), datetime.datetime(1960, 6, 15, 8), datetime.datetime(2016, 10, 30, 1)]
OTHERS = [None, True, False, ObjectId("507f1f77bcf86cd799439011"), ObjectId("000000000000000000000000"),
          Timestamp(1, 1), Timestamp(1600000000, 5), Regex("^a"), Regex("b", "i"), Binary(b""), Binary(b"ab"),
          Binary(b"0" * 16, 4), Binary(b"\xff\x00", 128), Code("function(){}"), Code("x", {"y": 1}), MinKey(), MaxKey()]
FIELDS = ["n", "m", "s", "t", "d", "x", "y", "arr", "nums", "o", "o.a", "o.b", "arr.a", "arr.0", "deep.p.q", "missing", "_id"]
ZONES = ["UTC", "Europe/Paris", "America/New_York", "+05:30", "Asia/Kolkata", "GMT", "-03", "Australia/Lord_Howe"]
COLLATIONS = [{"locale": "en", "strength": 2}, {"locale": "fr"}, {"locale": "en", "strength": 1}, {"locale": "simple"},
              {"locale": "en", "numericOrdering": True}]


class Generator:
    def __init__(self, random):
        self.random = random

    # ---- values

    def pick(self, items):
        return self.random.choice(items)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def scalar(self):
        return self.pick(self.pick([NUMBERS, NUMBERS, STRINGS, STRINGS, DATES, OTHERS]))

    def value(self, depth=2):
        kind = self.random.random()
        if depth and kind < 0.15:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 4))]
        if depth and kind < 0.28:
            return {self.pick("abpq"): self.value(depth - 1) for _ in range(self.random.randint(0, 3))}
        return self.scalar()

    def document(self, number):
        document = {"_id": number, "n": self.pick(NUMBERS), "m": self.pick(SMALL), "s": self.pick(STRINGS), "d": self.pick(DATES)}
        for field, percent, make in (
                ("t", 70, lambda: self.pick(STRINGS)), ("x", 80, self.value), ("y", 60, self.value),
                ("arr", 80, lambda: [self.value(1) for _ in range(self.random.randint(0, 5))]),
                ("nums", 80, lambda: [self.pick(SMALL) for _ in range(self.random.randint(0, 5))]),
                ("o", 80, lambda: {"a": self.scalar(), "b": self.value(1)}),
                ("deep", 50, lambda: self.pick([{"p": {"q": self.scalar()}}, {"p": [{"q": self.scalar()}, {"q": self.scalar()}]},
                                                [{"p": {"q": 1}}, {"p": 2}]]))):
            if self.chance(percent):
                document[field] = make()
        return document

    # ---- filters

    def predicate(self):
        r = self.random
        value, other = self.value(1), self.scalar()
        return self.pick([
            lambda: value, lambda: {"$eq": value}, lambda: {"$ne": value}, lambda: {"$gt": value}, lambda: {"$gte": value},
            lambda: {"$lt": value}, lambda: {"$lte": value}, lambda: {"$gte": other, "$lt": self.scalar()},
            lambda: {"$in": [self.scalar() for _ in range(r.randint(0, 4))]}, lambda: {"$nin": [self.value(1), self.scalar()]},
            lambda: {"$exists": self.pick([True, False, 1, 0])},
            lambda: {"$type": self.pick(["number", "string", "array", "object", "null", "date", "bool", 1, 16, ["int", "long"], "decimal",
                                         "regex", "binData", "javascript", "minKey", 255, -1, "foo", 0])},
            lambda: {"$mod": [self.pick([2, 3, 0, 1.5, -2, Int64(4), "x"]), self.pick([0, 1, 2.9])]},
            lambda: {"$size": self.pick([0, 1, 2, 3, -1, 1.5, "a"])},
            lambda: {"$all": [self.value(1) for _ in range(r.randint(0, 3))]},
            lambda: {"$elemMatch": self.pick([{"$gt": other}, {"a": other}, {"$in": [1, "a", None]}, {"$gte": 1, "$lt": 4}, {"0": 1}])},
            lambda: {"$not": self.pick([{"$gt": other}, {"$in": [other]}, Regex("a"), {"$exists": True}, {"$size": 1}])},
            lambda: {"$regex": self.pick(["a", "^A", "b$", ".", "[0-9]+", "(", "é", "\\d"]), "$options": self.pick(["", "i", "s", "x", "m", "z"])},
            lambda: {"$bitsAllSet": self.pick([1, 3, [0, 1], Binary(b"\x01"), -1, 2.0, "x"])},
            lambda: {"$bitsAnySet": self.pick([1, 6, [0, 5, 70]])}, lambda: {"$bitsAllClear": self.pick([1, 2, [1]])},
            lambda: {"$bitsAnyClear": self.pick([1, 7, [2, 200]])},
        ])()

    def filter(self, depth=1):
        kind = self.random.random()
        if depth and kind < 0.2:
            return {self.pick(["$and", "$or", "$nor"]): [self.filter(depth - 1) for _ in range(self.random.randint(1, 3))]}
        if kind < 0.3:
            return {"$expr": self.expression(2)}
        if kind < 0.34:
            return {"$jsonSchema": self.pick([{"required": ["x"]}, {"properties": {"n": {"minimum": 2}}}, {"properties": {"s": {"bsonType": "string", "minLength": 3}}},
                                              {"properties": {"arr": {"items": {"bsonType": "number"}}}}, {"foo": 1}, {"anyOf": [{"required": ["t"]}, {"properties": {"n": {"type": "number"}}}]}])}
        return {self.pick(FIELDS): self.predicate() for _ in range(self.pick([1, 1, 1, 2]))}

    # ---- expressions

    def field(self):
        return "$" + self.pick(FIELDS)

    def operand(self, depth, like=None):
        """An operand; `like` says what kind would make sense, which is given mostly."""
        kind = self.random.random()
        if like and kind < 0.8:
            return {
                "number": lambda: self.pick(["$n", "$m", self.pick(NUMBERS), self.pick(SMALL), "$o.a"]),
                "small": lambda: self.pick(SMALL),
                "string": lambda: self.pick(["$s", "$t", {"$literal": self.pick(STRINGS)}]),
                "date": lambda: self.pick(["$d", self.pick(DATES), self.pick(DATES), Timestamp(1500000000, 1), ObjectId("507f1f77bcf86cd799439011")]),
                "array": lambda: self.pick(["$arr", "$nums", "$nums", [self.operand(0), 1, 2], []]),
                "numbers": lambda: self.pick(["$nums", [1, 2.5, Int64(3)], "$arr"]),
                "object": lambda: self.pick(["$o", "$$ROOT", {"p": self.operand(0)}, "$deep"]),
                "bool": lambda: self.pick([{"$gt": [self.field(), self.pick(SMALL)]}, True, False, "$x"]),
            }[like]()
        if depth > 0 and kind < 0.9:
            return self.expression(depth - 1)
        return self.pick([self.field(), self.field(), {"$literal": self.value(1)}, self.pick(NUMBERS)])

    def positional(self, depth, least, most, like):
        return [self.operand(depth, like) for _ in range(self.random.randint(least, most))]

    def expression(self, depth=2):
        name, make = self.pick(EXPRESSIONS)
        return {name: make(self, depth)}

    # ---- stages

    def sort(self):
        spec = {field: self.pick([1, -1]) for field in self.random.sample(["n", "s", "x", "y", "o.a", "arr", "d"], self.random.randint(1, 2))}
        return {**spec, "_id": 1}

    def projection(self):
        return self.pick([
            lambda: {field: 1 for field in self.random.sample(FIELDS[:-1], 2)},
            lambda: {field: 0 for field in self.random.sample(["n", "s", "arr.a", "o.b", "deep.p"], 2)},
            lambda: {"_id": 0, "x": 1, "r": self.expression(1)}, lambda: {"o": {"a": 1}, "arr": 1},
            lambda: {"n": 1, "s": 0}, lambda: {"": 1}, lambda: {"a..b": 1}, lambda: {"o": 1, "o.a": 1}])()

    def accumulator(self):
        name = self.pick(["$sum", "$avg", "$min", "$max", "$first", "$last", "$push", "$stdDevPop", "$stdDevSamp", "$mergeObjects",
                          "$addToSet", "$count", "$firstN", "$lastN", "$minN", "$maxN", "$top", "$bottomN"])
        if name == "$count":
            return {name: {}}
        if name in ("$firstN", "$lastN", "$minN", "$maxN"):
            return {name: {"input": self.field(), "n": self.pick([1, 2, 3, 0, Int64(2)])}}
        if name in ("$top", "$bottomN"):
            return {name: {"output": self.field(), "sortBy": {"n": self.pick([1, -1]), "_id": 1}, **({"n": 2} if name == "$bottomN" else {})}}
        return {name: "$o" if name == "$mergeObjects" else self.pick(["$n", "$m", "$s", "$x", "$d", self.expression(0)])}

    def stage(self):
        r = self.random
        return self.pick([
            lambda: {"$match": self.filter()}, lambda: {"$project": self.projection()}, lambda: {"$sort": self.sort()},
            lambda: {"$addFields": {self.pick(["r", "o.c", "arr.z", "n"]): self.expression(1)}}, lambda: {"$limit": r.randint(1, 9)},
            lambda: {"$skip": r.randint(0, 5)}, lambda: {"$unset": self.pick(["n", ["s", "o.a"], "arr.a"])},
            lambda: {"$unwind": self.pick(["$arr", "$nums", {"path": "$arr", "preserveNullAndEmptyArrays": True, "includeArrayIndex": "i"}, "$o.b", "x"])},
            lambda: {"$group": {"_id": self.pick(["$m", "$s", None, {"a": "$m", "b": "$t"}, self.expression(0)]), "r": self.accumulator(), "q": self.accumulator()}},
            lambda: {"$replaceRoot": {"newRoot": self.pick(["$o", {"a": "$n", "b": "$s"}, {"$ifNull": ["$deep", {"none": 1}]}])}},
            lambda: {"$sortByCount": self.pick(["$m", "$s", {"$type": "$x"}])}, lambda: {"$count": "c"},
            lambda: {"$lookup": {"from": "other", "localField": self.pick(["m", "s", "nums", "missing"]), "foreignField": self.pick(["m", "s", "_id", "nums"]), "as": "l"}},
            lambda: {"$lookup": {"from": "other", "let": {"v": "$m"}, "pipeline": [{"$match": {"$expr": {"$eq": ["$m", "$$v"]}}}, {"$project": {"m": 1}}], "as": "l"}},
            lambda: {"$facet": {"a": [{"$match": self.filter(0)}, {"$limit": 2}], "b": [{"$count": "n"}]}},
            lambda: {"$bucket": {"groupBy": "$m", "boundaries": [0, 2, 4], "default": "other", "output": {"c": {"$sum": 1}, "s": {"$push": "$_id"}}}},
            lambda: {"$bucketAuto": {"groupBy": self.pick(["$n", "$m", "$s"]), "buckets": r.randint(1, 5)}},
            lambda: {"$unionWith": self.pick(["other", {"coll": "other", "pipeline": [{"$match": {"m": 1}}]}])},
            lambda: {"$redact": {"$cond": [{"$gt": ["$m", 1]}, self.pick(["$$DESCEND", "$$KEEP"]), "$$PRUNE"]}},
            lambda: {"$graphLookup": {"from": "other", "startWith": "$m", "connectFromField": "m", "connectToField": "_id", "as": "g", "maxDepth": 1, "depthField": "z"}},
            lambda: {"$setWindowFields": {"partitionBy": self.pick(["$m", None]), "sortBy": {"_id": 1}, "output": {"w": {
                self.pick(["$sum", "$avg", "$min", "$max", "$push", "$first", "$last"]): "$m",
                "window": {"documents": self.pick([["unbounded", "current"], [-1, 1], ["current", "unbounded"]])}},
                "k": {self.pick(["$rank", "$denseRank", "$documentNumber"]): {}}}}},
            lambda: {"$fill": {"sortBy": {"_id": 1}, "output": {"t": {"method": "locf"}, "y": {"value": 0}}}},
            lambda: {"$densify": {"field": "_id", "range": {"step": 3, "bounds": self.pick(["full", [0, 12]])}}},
            lambda: generate_more.window_stage(self), lambda: generate_more.shape_stage(self),
        ])()

    def pipeline(self):
        stages = [{"$match": self.filter()}] * self.chance(40)
        for _ in range(self.random.randint(1, 3)):
            stages.append(self.stage())
            if "$group" in stages[-1] or "$sortByCount" in stages[-1]:
                stages.append({"$sort": {"_id": 1}})  # the order of groups is not defined
        return stages


def _arith(least, most, like="number"):
    return lambda g, d: g.positional(d, least, most, like)


def _one(like):
    return lambda g, d: g.operand(d, like)


def _zone(g):
    return {"timezone": g.pick(ZONES)} if g.chance(50) else {}


def _unit(g):
    return g.pick(["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"])


def _dates(**more):
    def make(g, d):
        operand = {"date": g.operand(d, "date"), **{k: v(g, d) for k, v in more.items()}, **_zone(g)}
        return operand
    return make


EXPRESSIONS = [
    *[(n, _arith(0, 3)) for n in ("$add", "$multiply", "$sum", "$avg", "$min", "$max", "$stdDevPop", "$stdDevSamp")],
    *[(n, _arith(2, 2)) for n in ("$subtract", "$divide", "$mod", "$pow", "$atan2", "$log")],
    *[(n, _one("number")) for n in ("$abs", "$ceil", "$floor", "$exp", "$ln", "$log10", "$sqrt", "$sin", "$cos", "$tan", "$asin", "$acos",
                                    "$atan", "$sinh", "$cosh", "$tanh", "$asinh", "$acosh", "$atanh", "$degreesToRadians", "$radiansToDegrees", "$isNumber")],
    ("$round", lambda g, d: [g.operand(d, "number"), g.pick([0, 1, -1, 2, 20, -20, 101])]), ("$trunc", lambda g, d: [g.operand(d, "number"), g.pick([0, 1, -1])]),
    *[(n, _arith(2, 2, None)) for n in ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$cmp")],
    *[(n, _arith(0, 3, "bool")) for n in ("$and", "$or")], ("$not", lambda g, d: [g.operand(d)]),
    ("$cond", lambda g, d: [g.operand(d, "bool"), g.operand(d), g.operand(d)]),
    ("$ifNull", lambda g, d: g.positional(d, 2, 3, None)),
    ("$switch", lambda g, d: {"branches": [{"case": g.operand(d, "bool"), "then": g.operand(d)}], **({"default": g.operand(d)} if g.chance(70) else {})}),
    ("$literal", lambda g, d: g.value(1)), ("$type", _one(None)), ("$bsonSize", _one("object")), ("$binarySize", _one("string")),
    ("$concat", _arith(0, 3, "string")), *[(n, _one("string")) for n in ("$toLower", "$toUpper", "$strLenBytes", "$strLenCP")],
    ("$substrBytes", lambda g, d: [g.operand(d, "string"), g.pick([0, 1, 2, -1]), g.pick([0, 1, 3, -1])]),
    ("$substrCP", lambda g, d: [g.operand(d, "string"), g.pick([0, 1, 2]), g.pick([0, 1, 3])]), ("$strcasecmp", _arith(2, 2, "string")),
    ("$split", lambda g, d: [g.operand(d, "string"), g.pick(["X", " ", ".", "", "$a"])]),
    *[(n, lambda g, d: {"input": g.operand(d, "string"), **({"chars": g.pick([" ", "a", "xé", ""])} if g.chance(50) else {})}) for n in ("$trim", "$ltrim", "$rtrim")],
    *[(n, lambda g, d: [g.operand(d, "string"), g.pick(["a", "b", "", "é"]), *([g.pick([0, 1, 5])] if g.chance(40) else [])]) for n in ("$indexOfBytes", "$indexOfCP")],
    *[(n, lambda g, d: {"input": g.operand(d, "string"), "find": g.pick(["a", "X", "", "l"]), "replacement": g.pick(["", "zz", "é"])}) for n in ("$replaceOne", "$replaceAll")],
    *[(n, lambda g, d: {"input": g.operand(d, "string"), "regex": g.pick(["a", "([a-z])([0-9])?", "^H", ".", "("]), **({"options": g.pick(["i", "s", "q"])} if g.chance(30) else {})})
      for n in ("$regexFind", "$regexFindAll", "$regexMatch")],
    ("$arrayElemAt", lambda g, d: [g.operand(d, "array"), g.pick([0, 1, -1, 5, -9, 1.0, 1.5, None])]), ("$first", _one("array")), ("$last", _one("array")),
    ("$size", _one("array")), ("$isArray", lambda g, d: [g.operand(d, "array")]), ("$reverseArray", _one("array")),
    ("$concatArrays", _arith(0, 3, "array")), ("$in", lambda g, d: [g.operand(d), g.operand(d, "array")]),
    ("$indexOfArray", lambda g, d: [g.operand(d, "array"), g.pick([1, 2, "a", None]), *([g.pick([0, 1])] if g.chance(30) else [])]),
    ("$slice", lambda g, d: [g.operand(d, "array"), g.pick([1, 2, -1, 0, 9]), *([g.pick([1, 2, 0])] if g.chance(40) else [])]),
    ("$range", lambda g, d: [g.pick([0, 1, 5, -2]), g.pick([5, 0, 3.0, 2.5]), g.pick([1, 2, -1, 0])]),
    ("$filter", lambda g, d: {"input": g.operand(d, "array"), "cond": {"$gt": ["$$this", g.pick([1, "a", None])]}, **({"limit": g.pick([1, 2, 0])} if g.chance(20) else {})}),
    ("$map", lambda g, d: {"input": g.operand(d, "array"), "as": "v", "in": g.pick([{"$type": "$$v"}, {"$add": ["$$v", 1]}, "$$v.a", ["$$v"]])}),
    ("$reduce", lambda g, d: {"input": g.operand(d, "numbers"), "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}),
    ("$zip", lambda g, d: {"inputs": [g.operand(d, "array"), g.operand(d, "array")], **({"useLongestLength": True} if g.chance(50) else {})}),
    ("$sortArray", lambda g, d: {"input": g.operand(d, "array"), "sortBy": g.pick([1, -1, {"a": 1}, 2])}),
    *[(n, lambda g, d: {"input": g.operand(d, "array"), "n": g.pick([1, 2, 3, 0, Int64(2), 1.5])}) for n in ("$firstN", "$lastN", "$minN", "$maxN")],
    *[(n, _arith(2, 2, "array")) for n in ("$setEquals", "$setIntersection", "$setUnion", "$setDifference", "$setIsSubset")],
    ("$allElementsTrue", lambda g, d: [g.operand(d, "array")]), ("$anyElementTrue", lambda g, d: [g.operand(d, "array")]),
    ("$mergeObjects", _arith(0, 3, "object")), ("$objectToArray", _one("object")),
    ("$arrayToObject", lambda g, d: g.pick(["$arr", {"$literal": [["a", 1], ["b", 2]]}, {"$objectToArray": "$o"}, {"$literal": [{"k": "a", "v": 1}]}])),
    ("$getField", lambda g, d: g.pick(["n", {"field": "a", "input": g.operand(d, "object")}, {"field": g.pick(["s", 1]), "input": "$$ROOT"}])),
    ("$setField", lambda g, d: {"field": "z", "input": g.operand(d, "object"), "value": g.operand(d)}),
    ("$unsetField", lambda g, d: {"field": "a", "input": g.operand(d, "object")}),
    ("$let", lambda g, d: {"vars": {"q": g.operand(d)}, "in": g.pick(["$$q", {"$type": "$$q"}, "$$q.a"])}),
    *[(n, _one(None)) for n in ("$toString", "$toInt", "$toLong", "$toDouble", "$toDecimal", "$toBool", "$toDate", "$toObjectId")],
    ("$convert", lambda g, d: {"input": g.operand(d), "to": g.pick(["int", "long", "double", "decimal", "string", "bool", "date", "objectId", 2, 16, "foo"]),
                               **({"onError": "bad"} if g.chance(50) else {}), **({"onNull": "null"} if g.chance(40) else {})}),
    *[(n, _one("date")) for n in ("$year", "$month", "$dayOfMonth", "$hour", "$minute", "$second", "$millisecond", "$dayOfYear", "$dayOfWeek",
                                  "$week", "$isoWeek", "$isoWeekYear", "$isoDayOfWeek")],
    *[(n, _dates()) for n in ("$year", "$month", "$dayOfMonth", "$hour", "$week", "$isoWeek", "$dateToParts")],
    ("$dateToString", lambda g, d: {"date": g.operand(d, "date"), **({"format": g.pick(["%Y-%m-%d", "%H:%M:%S.%L", "%j %u %V %G %w %U", "%z %Z", "%%", "%x", "%b %B"])} if g.chance(60) else {}), **_zone(g)}),
    ("$dateFromString", lambda g, d: {"dateString": g.pick(["2020-01-02", "2020-01-02T03:04:05.678Z", "Jan 5 2021", "x", "2020-13-01", "$s"]),
                                      **({"format": g.pick(["%Y-%m-%d", "%d/%m/%Y"])} if g.chance(30) else {}), **({"onError": "bad"} if g.chance(30) else {}), **_zone(g)}),
    ("$dateFromParts", lambda g, d: {"year": g.pick([2020, 1969, 1, 9999]), "month": g.pick([1, 13, 0, 2]), "day": g.pick([1, 29, 31, -1]), "hour": g.pick([0, 25]), **_zone(g)}),
    *[(n, lambda g, d: {"startDate": g.operand(d, "date"), "unit": _unit(g), "amount": g.pick([1, -1, 13, 1000, Int64(3), 1.5]), **_zone(g)}) for n in ("$dateAdd", "$dateSubtract")],
    ("$dateDiff", lambda g, d: {"startDate": g.operand(d, "date"), "endDate": g.operand(d, "date"), "unit": _unit(g), **_zone(g), **({"startOfWeek": g.pick(["mon", "sunday", "x"])} if g.chance(20) else {})}),
    ("$dateTrunc", lambda g, d: {"date": g.operand(d, "date"), "unit": _unit(g), **({"binSize": g.pick([1, 2, 7, 15, 0])} if g.chance(50) else {}), **_zone(g)}),
    ("$tsSecond", lambda g, d: g.pick([Timestamp(5, 6), "$x", None])), ("$tsIncrement", lambda g, d: g.pick([Timestamp(5, 6), "$x", None])),
    ("$toHashedIndexKey", _one(None)),
]
