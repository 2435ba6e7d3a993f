#!/usr/bin/env python3
"""Random filters against a real mongod 6.0.27: the parsed query that explain shows, byte for byte.

    explain_differential.py DRIVER [--uri mongodb://..] [--cases 5000] [--seed N] [--record FILE]

DRIVER is the program made of tests/query/match_driver.c. Filters have every match operator, $expr with every kind of expression,
$jsonSchema with every keyword, and all of them inside of $and, $or and $nor. Prints the seed, each difference with its smallest
filter, and counts; fails when there is a difference. Filters that mongod refuses are counted, not compared: match_differential.py
does that. --record writes {q: filter, parsed: what mongod shows} of each that is not refused: tests/unit/query/explain.bson,
which tests/unit/query/test_match_show.c replays without a mongod.
"""
import argparse
import collections
import contextlib
import random
import sys
import time

import bson
import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.son import SON

import bson_values
import expr_generator
import expr_generator_text  # noqa: F401  adds its operators
import match_differential
from match_differential import COLLATIONS, RAW, Driver, oracle

LENIENT = CodecOptions(document_class=SON, unicode_decode_error_handler="replace")
# The time is not the same for both; what it is made to (an engine, a metadata field) has other tests.
LEFT_OUT = ("$$NOW", "$$letNumber", "$$letArray", "$$CLUSTER_TIME", "$rand", "$function")
CONSTANTS = [1, 1.5, "x", None, [1], {"a": 1}, True, {"$literal": "$a"}, {"$literal": [1]}, {"$add": [1, 2]}, "$$REMOVE", []]
PATHS = ["$a", "$b", "$a.b", "$a.0", "$$ROOT", "$$ROOT.a", "$$CURRENT", "$$CURRENT.a", "$c"]


def comparison(rng):
    sides = [rng.choice(PATHS), rng.choice(CONSTANTS if rng.random() < 0.8 else PATHS)]
    if rng.random() < 0.4:
        sides.reverse()
    return {rng.choice(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$cmp", "$eq", "$eq"]): sides}


def condition(rng, depth=0):
    """An expression of comparisons, as people write them."""
    kind = rng.random()
    if depth < 3 and kind < 0.4:
        return {rng.choice(["$and", "$or", "$and", "$not"]): [condition(rng, depth + 1) for _ in range(rng.choice([1, 1, 2, 3]))]}
    if kind < 0.5:
        return rng.choice(CONSTANTS + PATHS)
    return comparison(rng)


def expr_filter(rng):
    if rng.random() < 0.4:
        return {"$expr": condition(rng)}
    while True:
        generator = expr_generator.Generator(rng.randrange(1 << 32))
        expression = generator.operator(rng.choice([0, 0, 1, 2]))
        if not any(word in repr(expression) for word in LEFT_OUT):
            return {"$expr": expression}


def any_filter(rng, depth=0):
    kind = rng.random()
    if depth < 2 and kind < 0.15:
        return {rng.choice(["$and", "$or", "$nor"]): [any_filter(rng, depth + 1) for _ in range(rng.choice([1, 2, 2, 3]))]}
    if kind < 0.5:
        return expr_filter(rng)
    if kind < 0.8:
        return match_differential.schema_query(rng)
    if kind < 0.85:
        return {"a": {"$elemMatch": match_differential.schema_query(rng)}}
    doc = match_differential.query(rng)
    if rng.random() < 0.3:
        doc.update(any_filter(rng, 2))
    return doc


def ask(db, encoded, collation):
    command = SON(find="c", filter=RawBSONDocument(encoded), **({"collation": collation} if collation else {}))
    try:
        return db.command("explain", command, verbosity="queryPlanner", codec_options=RAW)["queryPlanner"]["parsedQuery"].raw
    except pymongo.errors.OperationFailure as e:
        return e.code


def answers(db, driver, query, collation):
    """What mongod shows and what we show; an error's code in its place."""
    encoded = bson_values.document(query)
    ours = driver.ask(SON(q=RawBSONDocument(encoded), **({"collation": collation} if collation else {})))
    return ask(db, encoded, collation), ours.get("code") or ours["parsed"].raw


def smaller(value):
    """Filters that are parts of this one, then those with a part made smaller."""
    for key, inner in value.items():
        if len(value) > 1:
            yield {k: v for k, v in value.items() if k != key}
        if key in ("$and", "$or", "$nor") and isinstance(inner, list):
            yield from (v for v in inner if isinstance(v, dict))
        yield from ({**value, key: part} for part in parts(inner))


def parts(value):
    if isinstance(value, dict):
        yield from (v for v in value.values() if isinstance(v, (dict, list)))
        if len(value) > 1:
            yield from ({k: v for k, v in value.items() if k != key} for key in value)
        for key, inner in value.items():
            yield from ({**value, key: part} for part in parts(inner))
    elif isinstance(value, list):
        yield from (v for v in value if isinstance(v, dict))
        yield from (value[:i] + value[i + 1:] for i in range(len(value)))
        for i, inner in enumerate(value):
            yield from (value[:i] + [part] + value[i + 1:] for part in parts(inner))


def differs(db, driver, query, collation):
    try:
        theirs, ours = answers(db, driver, query, collation)
    except (bson.errors.InvalidDocument, RecursionError):
        return None
    return (theirs, ours) if isinstance(theirs, bytes) and theirs != ours else None


def shrink(db, driver, query, collation, steps=300):
    for part in smaller(query):
        steps -= 1
        if steps < 0:
            break
        if differs(db, driver, part, collation):
            return shrink(db, driver, part, collation, steps)
    return query


def shown(answer):
    return bson.decode(answer, LENIENT) if isinstance(answer, bytes) else answer


class Mongod:
    """A mongod 6.0.27, and another one when it dies: a schema's {not: {maxProperties: 1}} is more than its explain can take."""

    def __init__(self, uri):
        self.stack = contextlib.ExitStack()
        self.start(uri)

    def start(self, uri=None):
        self.stack.close()
        uri = self.stack.enter_context(oracle(uri))
        self.db = pymongo.MongoClient(uri, directConnection=True, serverSelectionTimeoutMS=20000)["explain_differential"]
        self.db.c.insert_one({"a": 1})


def run_some(args, driver, server, numbers, counts):
    db = server.db
    for number in numbers:
        rng = random.Random(f"{args.seed}/{number}")
        query = any_filter(rng)
        collation = rng.choice(COLLATIONS) if rng.random() < 0.1 else None
        counts["cases"] += 1
        theirs, _ = answers(db, driver, query, collation)
        if not isinstance(theirs, bytes):
            counts["refused"] += 1
        elif args.record:
            if collation is None:
                args.record.write(bson.encode({"q": RawBSONDocument(bson_values.document(query)), "parsed": RawBSONDocument(theirs)}))
        elif differs(db, driver, query, collation):
            counts["different"] += 1
            if counts["different"] <= args.show:
                query = shrink(db, driver, query, collation)
                theirs, ours = answers(db, driver, query, collation)
                print(f"--- --seed {args.seed}, number {number}, collation {collation}: {query}")
                print("mongod", shown(theirs), "\nours  ", shown(ours), flush=True)


def run(args):
    driver, server = Driver(args.driver), Mongod(args.uri)
    counts = collections.Counter()
    numbers = iter(range(args.cases))
    while counts["cases"] < args.cases:
        try:
            run_some(args, driver, server, numbers, counts)
        except pymongo.errors.AutoReconnect:
            counts["mongod died"] += 1
            server.start()
    server.stack.close()
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--uri")
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--record", type=argparse.FileType("wb"))
    parser.add_argument("--show", type=int, default=20)
    args = parser.parse_args()
    print(f"seed {args.seed}")
    counts = run(args)
    print(", ".join(f"{n} {k}" for k, n in sorted(counts.items())))
    sys.exit(1 if counts["different"] else 0)


if __name__ == "__main__":
    main()
