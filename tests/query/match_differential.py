#!/usr/bin/env python3
"""Random match documents against a real mongod 6.0.27: the same documents, the same errors, the same parsed query.

    match_differential.py DRIVER [--uri mongodb://..] [--cases 20000] [--seed N]

DRIVER is the program made of tests/query/match_driver.c. Without --uri a mongod 6.0.27 is started (tests/setup/truth.py) and
stopped. Prints the seed, each difference with what replays it, and counts; fails when there is a difference.
"""
import argparse
import collections
import contextlib
import datetime
import math
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bson
import pymongo
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.son import SON

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "setup"))
import truth

RAW = CodecOptions(document_class=RawBSONDocument, unicode_decode_error_handler="replace")
NAN, INF = float("nan"), float("inf")
DATE = datetime.datetime(2020, 1, 2, 3, 4, 5)


def scalars(rng):
    """A value of each BSON type, near those that the documents have."""
    return rng.choice(
        [
            lambda: rng.choice([0, 1, 2, 3, 5, -1, 7, 2**31 - 1]),
            lambda: Int64(rng.choice([0, 1, 2, 3, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)])),
            lambda: rng.choice([0.0, -0.0, 1.0, 1.5, 2.0, 3.0, 0.1, NAN, INF, -INF, 1e300, 2.0**53, -1.0, 2.0**63]),
            lambda: Decimal128(
                rng.choice(["0", "1", "1.0", "1.5", "0.1", "NaN", "Infinity", "-Infinity", "2", "1E+400", "9007199254740993",
                            "9223372036854775808", "-0", "3", "42.13"])
            ),
            lambda: rng.choice(["", "a", "b", "ab", "abc", "A", "x", "a\0b", "é", "10", "9"]),
            lambda: None,
            lambda: rng.choice([True, False]),
            lambda: ObjectId(rng.choice(["0" * 24, "1" * 24])),
            lambda: rng.choice([DATE, datetime.datetime(1960, 1, 1)]),
            lambda: rng.choice([Timestamp(1, 1), Timestamp(1, 2), Timestamp(2**31, 1)]),
            lambda: Binary(rng.choice([b"", b"\x01", b"\x03", b"\x01\x02", b"\xff\xff"]), rng.choice([0, 0, 2, 4 * 0 + 5])),
            lambda: Regex(rng.choice(["a", "^a", "b$", "."]), rng.choice(["", "i"])),
            lambda: Code(rng.choice(["f", "g"])),
            lambda: Code("f", {"a": rng.choice([1, 2])}),
            lambda: MinKey(),
            lambda: MaxKey(),
        ]
    )()


def value(rng, depth=0):
    kind = rng.random()
    if depth < 3 and kind < 0.18:
        return [value(rng, depth + 1) for _ in range(rng.choice([0, 1, 1, 2, 2, 3]))]
    if depth < 3 and kind < 0.36:
        return SON((rng.choice(["a", "b", "c", "0", "1"]), value(rng, depth + 1)) for _ in range(rng.choice([0, 1, 1, 2])))
    return scalars(rng)


def document(rng):
    names = [n for n in ("a", "b", "c") if rng.random() < 0.7]
    if rng.random() < 0.05:
        names.append("")
    rng.shuffle(names)
    return SON((n, value(rng)) for n in names)


PATHS = ["a", "a", "a", "b", "c", "a.b", "a.a", "b.a", "a.0", "a.1", "a.0.b", "a.b.0", "a.b.c", "a.0.0", "a.1.a", "b.0.a.b", "", "a.", "a..b", "d"]
NUMBERS = [0, 1, 2, 3, 4, 7, Int64(5), 1.0, 2.5, -1, -2, NAN, INF, Decimal128("2"), Decimal128("2.7"), 2**31, Int64(2**40), 1e300]
TYPES = ["double", "string", "object", "array", "binData", "undefined", "objectId", "bool", "date", "null", "regex", "dbPointer",
         "javascript", "symbol", "javascriptWithScope", "int", "timestamp", "long", "decimal", "minKey", "maxKey", "number",
         1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, -1, 127]
WILD_TYPES = TYPES + [0, 20, "missing", "x", 1.5, 2.0, None, True, Decimal128("2"), Int64(3), NAN]


def operand(rng, op, depth):
    """The operand of an operator; now and then one that it does not take."""
    if rng.random() < 0.04:
        return value(rng)
    if op in ("$in", "$nin", "$all"):
        if op == "$all" and rng.random() < 0.2:
            return [{"$elemMatch": elem_match(rng, depth)} for _ in range(rng.choice([1, 2]))]
        return [value(rng) for _ in range(rng.choice([0, 1, 2, 3, 4]))]
    if op == "$exists":
        return rng.choice([True, False, 1, 0, None, "x", 0.0, Decimal128("0")])
    if op == "$type":
        if rng.random() < 0.3:
            return [rng.choice(TYPES) for _ in range(rng.choice([0, 1, 2, 3]))]
        return rng.choice(WILD_TYPES if rng.random() < 0.1 else TYPES)
    if op == "$size":
        return rng.choice([0, 1, 2, 3, 1.0, Int64(2), Decimal128("1"), -1, 1.5, "x", NAN, 2**31])
    if op == "$mod":
        return [rng.choice(NUMBERS) for _ in range(rng.choice([2, 2, 2, 2, 2, 0, 1, 3]))]
    if op.startswith("$bits"):
        return rng.choice(
            [
                lambda: rng.choice(NUMBERS),
                lambda: [rng.choice([0, 1, 2, 3, 7, 8, 62, 63, 64, 100]) for _ in range(rng.choice([0, 1, 2, 3]))],
                lambda: [rng.choice(NUMBERS + ["x"])],
                lambda: Binary(rng.choice([b"", b"\x01", b"\x05", b"\x00\x01", b"\x00" * 9 + b"\x01"]), rng.choice([0, 5])),
            ]
        )()
    if op == "$regex":
        return rng.choice(["a", "^a", "b$", "A", ".", "^ab", "x|a", "(", "[a-", "a{2}", Regex("a", "i"), Regex("^A", "i"), 1])
    if op == "$elemMatch":
        return elem_match(rng, depth)
    if op == "$not":
        return rng.choice([lambda: operators(rng, depth + 1), lambda: operators(rng, depth + 1), lambda: Regex("a"), lambda: {}, lambda: 1])()
    return value(rng)


OPERATORS = ["$eq", "$gt", "$gte", "$lt", "$lte", "$ne", "$in", "$nin", "$exists", "$type", "$size", "$mod", "$regex", "$all",
             "$elemMatch", "$not", "$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear"]


def operators(rng, depth):
    doc = SON()
    for _ in range(rng.choice([1, 1, 1, 2])):
        op = rng.choice(OPERATORS)
        if op == "$regex" and rng.random() < 0.3:
            doc["$options"] = rng.choice(["i", "m", "s", "x", "im", "z", "", 1])
        doc[op] = operand(rng, op, depth)
    if rng.random() < 0.02:
        doc[rng.choice(["$foo", "a", "$options", "$where", "$comment"])] = 1
    return doc


def elem_match(rng, depth):
    if depth > 2:
        return {"$gt": 1}
    return operators(rng, depth + 1) if rng.random() < 0.5 else query(rng, depth + 1)


def query(rng, depth=0):
    doc = SON()
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        kind = rng.random()
        if kind < 0.16 and depth < 3:
            doc[rng.choice(["$and", "$or", "$nor"])] = [query(rng, depth + 1) for _ in range(rng.choice([1, 2, 2, 3]))]
        elif kind < 0.19:
            name = rng.choice(["$alwaysTrue", "$alwaysFalse", "$comment", "$foo", "$id", "$and", "$alwaysTrue"])
            doc[name] = rng.choice([1, 1, 1, 1.0, 2, "x"])
        elif kind < 0.45:
            doc[rng.choice(PATHS)] = value(rng)
        else:
            doc[rng.choice(PATHS)] = operators(rng, depth)
    return doc


SCHEMA_TYPES = ["object", "array", "number", "string", "null", "boolean"]
BSON_TYPES = ["object", "array", "number", "string", "null", "bool", "int", "double", "long", "decimal", "date", "objectId", "binData",
              "regex", "timestamp", "javascript", "minKey", "maxKey"]
NAMES = ["a", "b", "c", "0", "1", "_id"]  # "a.b" is known to differ behind an array: match_schema.c


def keyword(rng, name, depth):
    """The value of a $jsonSchema keyword; now and then one that it does not take."""
    if rng.random() < 0.02:
        return value(rng)
    if name in ("title", "description"):
        return "x"
    if name in ("type", "bsonType"):
        names = SCHEMA_TYPES if name == "type" else BSON_TYPES
        if rng.random() < 0.02:
            return rng.choice(["integer", "x", ["string", "string"], []])
        return rng.choice(names) if rng.random() < 0.6 else rng.sample(names, rng.choice([1, 2, 3]))
    if name in ("minimum", "maximum"):
        return rng.choice([0, 1, 2, 1.5, -1, Int64(2), Decimal128("1.5"), NAN, 1e300, "x"])
    if name in ("exclusiveMinimum", "exclusiveMaximum", "uniqueItems"):
        return rng.choice([True, False])
    if name == "multipleOf":
        return rng.choice([1, 2, 0.5, 1.5, Decimal128("0.1"), Int64(3), 0.1])
    if name == "pattern":
        return rng.choice(["a", "^a", "b$", ".", "^$"])
    if name in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"):
        return rng.choice([0, 1, 2, 3, 1.0, Int64(2), Decimal128("1")])
    if name == "items":
        return schema(rng, depth + 1) if rng.random() < 0.5 else [schema(rng, depth + 1) for _ in range(rng.choice([0, 1, 2]))]
    if name in ("additionalItems", "additionalProperties"):
        return rng.choice([True, False]) if rng.random() < 0.6 else schema(rng, depth + 1)
    if name == "required":
        return rng.sample(NAMES, rng.choice([1, 1, 2]))
    if name == "properties":
        return SON((n, schema(rng, depth + 1)) for n in rng.sample(NAMES, rng.choice([0, 1, 2])))
    if name == "patternProperties":
        return SON((n, schema(rng, depth + 1)) for n in rng.sample(["a", "^b", ".", "[0-9]", "_id"], rng.choice([1, 2])))
    if name == "dependencies":
        return SON((n, schema(rng, depth + 1) if rng.random() < 0.5 else rng.sample(NAMES, rng.choice([1, 2])))
                   for n in rng.sample(NAMES, rng.choice([0, 1, 2])))
    if name == "not":
        return schema(rng, depth + 1)
    if name == "enum":
        return [value(rng) for _ in range(rng.choice([1, 2, 3, 4]))]
    return [schema(rng, depth + 1) for _ in range(rng.choice([1, 2, 3]))]


KEYWORDS = ["title", "type", "bsonType", "minimum", "maximum", "multipleOf", "pattern", "minLength", "maxLength", "minItems", "maxItems",
            "uniqueItems", "items", "additionalItems", "required", "properties", "properties", "properties", "patternProperties",
            "additionalProperties", "minProperties", "maxProperties", "dependencies", "allOf", "anyOf", "oneOf", "not", "enum"]
DEEP = ("items", "properties", "patternProperties", "dependencies", "allOf", "anyOf", "oneOf", "not")


def schema(rng, depth=0):
    doc = SON()
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3])):
        name = rng.choice(KEYWORDS if depth < 3 else [k for k in KEYWORDS if k not in DEEP])
        doc[name] = keyword(rng, name, depth)
        if name in ("minimum", "maximum") and rng.random() < 0.4:
            doc["exclusive" + name.title()] = keyword(rng, "uniqueItems", depth)
    if rng.random() < 0.01:
        doc[rng.choice(["foo", "$ref", "default", "exclusiveMinimum"])] = 1
    if "items" in doc and rng.random() < 0.3:
        doc["additionalItems"] = keyword(rng, "additionalItems", depth)
    return doc


def schema_query(rng):
    what = schema(rng)
    if rng.random() < 0.7:
        what = SON(list(what.items()) + [("properties", SON((n, schema(rng, 1)) for n in rng.sample(["a", "b", "c"], rng.choice([1, 2]))))])
    return SON([("$jsonSchema", what)]) if rng.random() < 0.9 else SON([(rng.choice(["$nor", "$or"]), [SON([("$jsonSchema", what)])])])


def place(rng):
    return [round(rng.uniform(-10, 10), rng.choice([2, 5])), round(rng.uniform(-10, 10), rng.choice([2, 5]))]


def ring(rng, center, size):
    """A star around a place, closed."""
    count = rng.choice([3, 4, 6])
    turn = rng.uniform(0, 6.28)
    places = []
    for i in range(count):
        angle, far = turn + i * 6.2831853 / count, size * rng.uniform(0.6, 1)
        places.append([center[0] + far * math.cos(angle), center[1] + far * math.sin(angle)])
    return places if rng.random() < 0.5 else places[::-1]


def closed(places):
    return places + [places[0]]


def polygon(rng):
    center, size = place(rng), rng.uniform(0.5, 9)
    rings = [closed(ring(rng, center, size))]
    if rng.random() < 0.3:
        rings.append(closed(ring(rng, center, size * 0.2)))
    return rings


def geometry(rng, depth=0):
    kind = rng.choice(["Point", "Point", "LineString", "Polygon", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"])
    if kind == "GeometryCollection":
        if depth:
            kind = "Point"
        else:
            return SON([("type", kind), ("geometries", [geometry(rng, 1) for _ in range(rng.choice([1, 2]))])])
    lines = lambda: [place(rng) for _ in range(rng.choice([2, 3]))]
    many = range(rng.choice([1, 2]))
    what = {"Point": lambda: place(rng), "LineString": lines, "Polygon": lambda: polygon(rng), "MultiPoint": lambda: [place(rng) for _ in many],
            "MultiLineString": lambda: [lines() for _ in many], "MultiPolygon": lambda: [polygon(rng) for _ in many]}[kind]()
    return SON([("type", kind), ("coordinates", what)])


def geo_value(rng):
    return rng.choice([lambda: place(rng), lambda: SON(zip("xy", place(rng))), lambda: [place(rng), place(rng)], lambda: geometry(rng),
                       lambda: geometry(rng), lambda: geometry(rng), lambda: [geometry(rng)], lambda: [rng.uniform(-300, 300), 1],
                       lambda: place(rng) + [1], lambda: scalars(rng)])()


def geo_query(rng):
    kind = rng.random()
    if kind < 0.3:
        return {"a": {"$geoIntersects": {"$geometry": geometry(rng)}}}
    if kind < 0.6:
        what = {"$geometry": geometry(rng) if rng.random() < 0.2 else SON([("type", "Polygon"), ("coordinates", polygon(rng))])}
    else:
        what = rng.choice(
            [
                lambda: {"$box": [place(rng), place(rng)]},
                lambda: {"$center": [place(rng), rng.uniform(0, 9)]},
                lambda: {"$polygon": ring(rng, place(rng), rng.uniform(1, 9))},
                lambda: {"$centerSphere": [place(rng), rng.choice([rng.uniform(0, 0.2), rng.uniform(0, 4)])]},
            ]
        )()
    return {"a": {"$geoWithin": what}}


def numbers(rng):
    """Numbers of all types that lie close together."""
    base = rng.choice([0, 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 10**15, 7, 2**31])
    base += rng.choice([-1, 0, 0, 0, 1])
    kind = rng.randrange(6)
    if kind == 0 and -(2**63) <= base < 2**63:
        return Int64(base)
    if kind == 1:
        return float(base)
    if kind == 2:
        return Decimal128(str(base))
    if kind == 3:
        return rng.choice([0.1, 0.5, 0.30000000000000004, 1 / 3, 1e-320, 1e308])
    if kind == 4:
        return Decimal128(rng.choice(["0.1", "0.5", "0.1000000000000000055511151231257827", "1E-6176", "9.999E+6144", "0.50", "1E+308", "NaN"]))
    return max(-(2**31), min(2**31 - 1, base))


def pair(rng):
    if rng.random() < 0.4:
        return [numbers(rng), numbers(rng)]
    first = value(rng)
    return [first, first if rng.random() < 0.1 else value(rng)]


TEXT = re.compile("Missing either or both keys from: {x: (.*), y: 1}", re.S)
NEAR = re.compile("near must be first in: (.*)", re.S)


def error_of(db, command):
    try:
        db.command(command)
    except pymongo.errors.OperationFailure as e:
        return e.details["errmsg"]
    return ""


def ask_texts(db, what):
    """Value::toString() and BSONElement::toString() as they stand in errors."""
    stage = {"$project": {"r": {"$arrayToObject": {"$literal": [SON([("x", what), ("y", 1)])]}}}}
    text = TEXT.search(error_of(db, SON(aggregate="c", pipeline=[stage], cursor={})))
    near = NEAR.search(error_of(db, SON(find="c", filter={"a": SON([("$gt", 1), ("$near", what)])})))
    return text and text[1], near and near[1].removeprefix("{ $gt: 1, $near: ").removesuffix(" }")


def run_values(args, uri):
    """Order and hashes of pairs against $cmp, and texts."""
    driver = Driver(args.driver)
    db = pymongo.MongoClient(uri, directConnection=True)["match_differential"]
    counts = collections.Counter()
    for batch in range((args.cases + 499) // 500):
        rng = random.Random(f"{args.seed}/{batch}")
        pairs = [pair(rng) for _ in range(500)]
        collation = rng.choice(COLLATIONS) if rng.random() < 0.3 else None
        db.c.drop()
        db.c.insert_many([{"_id": i, "p": p} for i, p in enumerate(pairs)])
        project = {"$project": {"r": {"$cmp": [{"$arrayElemAt": ["$p", 0]}, {"$arrayElemAt": ["$p", 1]}]}}}
        theirs = {d["_id"]: d["r"] for d in db.c.aggregate([project], **({"collation": collation} if collation else {}))}
        for i, p in enumerate(pairs):
            ours = driver.ask(SON(order=p, **({"collation": collation} if collation else {})))
            counts["orders"] += 1
            if ours["order"] != theirs[i] or (theirs[i] == 0 and not ours["same"]):
                counts["different"] += 1
                print(f"--- order: {p}, collation {collation}: mongod {theirs[i]}, ours {ours}")
            if i >= 100:
                continue
            text, element = ask_texts(db, p[0])
            ours = driver.ask({"text": p[0]})
            counts["texts"] += text is not None
            for name, mongod in (("value", text), ("bson", element)):
                if mongod is not None and mongod.split("\0")[0] != ours[name].split("\0")[0]:
                    counts["different"] += 1
                    print(f"--- {name}: {p[0]!r}: mongod {mongod}, ours {ours[name]}")
    return counts


COLLATIONS = [{"locale": "en", "strength": 2}, {"locale": "en", "numericOrdering": True}, {"locale": "fr", "strength": 1}]


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, doc):
        self.process.stdin.write(doc if isinstance(doc, bytes) else bson.encode(doc))
        self.process.stdin.flush()
        head = self.process.stdout.read(4)
        if len(head) < 4:
            raise SystemExit(f"the driver ended: {self.process.wait()}")
        reply = bson.decode(head + self.process.stdout.read(struct.unpack("<i", head)[0] - 4), codec_options=RAW)
        # The parsed query stays as it came: names in it may be there twice.
        return {k: v if k == "parsed" else list(v) if isinstance(v, list) else v for k, v in reply.items()}


@contextlib.contextmanager
def oracle(uri):
    if uri:
        yield uri
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        program = truth.mongod("6.0.27")
        mongod = subprocess.Popen(
            [str(program.path), "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.25"],
            env=program.env(), stdout=subprocess.DEVNULL,
        )
        try:
            yield f"mongodb://127.0.0.1:{port}"
        finally:
            mongod.terminate()
            mongod.wait()


def ask_mongod(db, encoded, collation, with_plan):
    command = SON(find="c", filter=RawBSONDocument(encoded), batchSize=100000, projection={"_id": 1})
    if collation:
        command["collation"] = collation
    try:
        ids = [d["_id"] for d in db.command(SON(command))["cursor"]["firstBatch"]]
        parsed = None
        if with_plan:
            del command["batchSize"]
            parsed = db.command("explain", SON(command), verbosity="queryPlanner", codec_options=RAW)["queryPlanner"]["parsedQuery"]
        return {"hits": ids, "parsed": parsed}
    except pymongo.errors.OperationFailure as e:
        return {"code": e.code, "errmsg": e.details.get("errmsg")}


def mongod_only(ours, theirs):
    """What is not the match language's: errors of running, and of refusing what it took."""
    return "code" in theirs and theirs["code"] in (50,)


def run(args, uri):
    driver = Driver(args.driver)
    client = pymongo.MongoClient(uri, directConnection=True)
    db = client["match_differential"]
    counts = collections.Counter()
    for batch in range((args.cases + 499) // 500):
        rng = random.Random(f"{args.seed}/{batch}")
        docs = [{"a": geo_value(rng)} if args.what == "geo" else document(rng) for _ in range(args.docs)]
        db.c.drop()
        db.c.insert_many([RawBSONDocument(bson.encode(SON([("_id", i)] + list(d.items())))) for i, d in enumerate(docs)])
        # Read back, so that what mongod makes of fields (a timestamp of zeros) is the same for both.
        driver.ask({"docs": list(db.c.with_options(RAW).find().sort("_id", 1))})
        for number in range(500):
            rng = random.Random(f"{args.seed}/{batch}/{number}")
            encoded = bson.encode({"match": query, "schema": schema_query, "geo": geo_query}[args.what](rng))
            collation = rng.choice(COLLATIONS) if rng.random() < 0.15 else None
            theirs = ask_mongod(db, encoded, collation, args.plans and args.what == "match" and rng.random() < 0.3)
            ours = driver.ask(SON(q=RawBSONDocument(encoded), **({"collation": collation} if collation else {})))
            counts["cases"] += 1
            counts["errors"] += "code" in theirs
            different = compare(ours, theirs, counts)
            if different and not mongod_only(ours, theirs):
                counts["different"] += 1
                if counts["different"] <= args.show:
                    print(f"--- {different}: --seed {args.seed}, batch {batch}, number {number}, collation {collation}")
                    print("query ", bson.decode(encoded, codec_options=CodecOptions(document_class=SON)))
                    print("mongod", {k: v for k, v in theirs.items() if k != "parsed"}, "\nours  ", {k: v for k, v in ours.items() if k not in ("parsed", "at")})
                    if different == "parsed":
                        print("mongod", bson.decode(theirs["parsed"].raw), "\nours  ", bson.decode(ours["parsed"].raw))
                    if different == "hits":
                        for i in sorted(set(ours["hits"]) ^ set(theirs["hits"]))[:3]:
                            print("  document", docs[i])
    return counts


def compare(ours, theirs, counts):
    if "code" in theirs or "code" in ours:
        if ours.get("code") != theirs.get("code"):
            return "code"
        # Our texts end at a NUL.
        return "errmsg" if ours["errmsg"] != theirs["errmsg"].split("\0")[0] else None
    counts["hits"] += len(theirs["hits"])
    if sorted(ours["hits"]) != sorted(theirs["hits"]):
        return "hits"
    if theirs["parsed"] is not None:
        counts["plans"] += 1
        if theirs["parsed"].raw != ours["parsed"].raw:
            return "parsed"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--what", choices=["match", "schema", "geo", "value"], default="match")
    parser.add_argument("--uri")
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--docs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--show", type=int, default=10)
    parser.add_argument("--plans", action="store_true", help="compare explain's parsedQuery of some, too")
    args = parser.parse_args()
    print(f"seed {args.seed}")
    with oracle(args.uri) as uri:
        counts = (run_values if args.what == "value" else run)(args, uri)
    print(", ".join(f"{n} {k}" for k, n in sorted(counts.items())))
    sys.exit(1 if counts["different"] else 0)


if __name__ == "__main__":
    main()
