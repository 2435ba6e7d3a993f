#!/usr/bin/env python3
"""Expressions on a real mongod and on ours: random ones (expr_generator.py), the same value or the same error, code and text.

    expr_differential.py --uri mongodb://... --driver BUILD/expr_driver [--seed N] [--count N] [--only '$add,$map'] [--show N]

Each runs as {$replaceWith: {v: <expr>}} over one document that has a value of every type, and in expr_driver. Prints the differences
and how many there were; exit status 1 when there was one.
"""
import argparse
import collections
import random
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

import expr_generator
import expr_generator_text
from bson_values import document, every_value

# A message may be cut inside of a character.
RAW = CodecOptions(document_class=RawBSONDocument, unicode_decode_error_handler="replace")
DATABASE, COLLECTION = "expr_differential", "c"
COLLATIONS = [{"locale": "en", "strength": 1}, {"locale": "de", "strength": 2}, {"locale": "en", "numericOrdering": True}]


class Driver:
    """expr_driver at work."""

    def __init__(self, path, doc):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.doc = Raw3(doc)

    def ask(self, expr, collation=None):
        body = {"expr": {"v": expr}, "doc": self.doc, "let": expr_generator.LET, "now": 0, "collation": collation or {}}
        self.process.stdin.write(document(body))
        self.process.stdin.flush()
        head = self.process.stdout.read(4)
        if len(head) < 4:
            raise SystemExit(f"expr_driver died of {expr!r}")
        reply = RawBSONDocument(head + self.process.stdout.read(struct.unpack("<i", head)[0] - 4), RAW)
        if reply["ok"]:
            return ("ok", reply["v"].raw)
        return (reply["code"], reply["errmsg"])


def Raw3(data):
    from bson_values import Raw

    return Raw(0x03, data, "doc")


def truth(db, expr, collation=None):
    stage = RawBSONDocument(document({"$replaceWith": {"v": expr}}))
    command = {"aggregate": COLLECTION, "pipeline": [stage], "cursor": {}, "let": RawBSONDocument(document(expr_generator.LET))}
    if collation:
        command["collation"] = collation
    try:
        reply = db.command(command, codec_options=RAW)
    except OperationFailure as failure:
        return (failure.code, failure.details["errmsg"])
    return ("ok", reply["cursor"]["firstBatch"][0].raw)


def readable(answer):
    if answer[0] != "ok":
        return f"{answer[0]}: {answer[1]}"
    try:
        import bson

        return f"{bson.decode(answer[1])!r}  {answer[1].hex()}"
    except Exception:
        return answer[1].hex()


def shortened(answer):
    """Our messages end at a NUL, and after a thousand bytes."""
    return answer if answer[0] == "ok" else (answer[0], answer[1].split("\0")[0].encode()[:900])


def uses_now(expr):
    return "$$NOW" in repr(expr)


def compare(uri, driver_path, seed, count, names=None, outermost=None, say=print, show=30):
    """Counts of "values", "errors", "different". `names`: operators that are used at all; `outermost`: those to begin with."""
    db = pymongo.MongoClient(uri)[DATABASE]
    doc = document([("_id", 1), *every_value()])
    db[COLLECTION].drop()
    db.command({"insert": COLLECTION, "documents": [RawBSONDocument(doc)]})
    driver = Driver(driver_path, doc)
    generator = expr_generator.Generator(seed, names)
    counts, shown = collections.Counter(), collections.Counter()
    for number in range(count):
        name = generator.random.choice(outermost) if outermost else generator.names[number % len(generator.names)]
        expr = generator.operator(2, name)
        if uses_now(expr):
            counts["skipped: $$NOW"] += 1
            continue
        collation = COLLATIONS[number % 10 % len(COLLATIONS)] if number % 10 < 3 else None
        theirs, ours = truth(db, expr, collation), driver.ask(expr, collation)
        counts["errors" if theirs[0] != "ok" else "values"] += 1
        if shortened(ours) == shortened(theirs):
            continue
        counts["different"] += 1
        key = (name, str(theirs[0]), str(ours[0]))
        shown[key] += 1
        if shown[key] <= 2 and len(shown) <= show:
            say(f"#{number} {expr!r} {collation or ''}\n   mongod: {readable(theirs)}\n   ours:   {readable(ours)}")
    driver.process.stdin.close()
    driver.process.wait()
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--uri", required=True, help="of a mongod 6.0.27 that was started with --noscripting")
    parser.add_argument("--driver", required=True)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--only", help="operators, by commas: the outermost is one of them. 'core': all are of expr_generator.py; "
                        "'text': the outermost is of expr_generator_text.py")
    parser.add_argument("--show", type=int, default=30)
    args = parser.parse_args()
    print(f"seed {args.seed}")
    names, outermost = None, args.only.split(",") if args.only else None
    if outermost == ["core"]:
        names, outermost = expr_generator.CORE, None
    elif outermost == ["text"]:
        outermost = expr_generator_text.NAMES
    counts = compare(args.uri, args.driver, args.seed, args.count, names, outermost, show=args.show)
    print(dict(counts))
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
