#!/usr/bin/env python3
"""Random finds and pipelines on a real mongod 6.0.27 and on our query engine, over the same random documents.

    differential.py --cases 20000 [--seed N] [--changed PERCENT] [--out FILE]

Of the commands PERCENT are changed in a place or two (generate_changed.py): what is checked of arguments, and in which order.

What differs is made smaller (the innermost expression or clause that still differs) and counted by operator. Documents have to be the
same bytes, in the same order where the order is defined, else as a multiset; of errors code and name count, texts are counted apart.
What differs is asked again before that: a side that gives another answer then is named ("unstable"), with both of its answers. Where it is
the mongod, that is counted apart: its order is not defined then.
"""
import argparse
import collections
import json
import random
import sys
import tempfile
from pathlib import Path

import bson
import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "query")]
import generate_changed  # noqa: E402
import generate_more  # noqa: E402
import generate_wide  # noqa: E402
import peers  # noqa: E402
from generate import COLLATIONS, FIELDS, Generator  # noqa: E402
from raw_client import RawClient, with_db  # noqa: E402
from replay import Driver  # noqa: E402

DB = "differential"
LENIENT = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace")
RAW = CodecOptions(document_class=RawBSONDocument)
UNORDERED = (b"$graphLookup",)  # whose output mongod gives in any order
ANY_ORDER_INSIDE = (b"$addToSet", b"$setUnion", b"$setIntersection", b"$graphLookup", b"$setDifference")


class Both:
    """The two that are compared."""

    def __init__(self, real, ours):
        self.real, self.ours = real, ours

    def ask(self, command):
        raw = with_db(bson.encode(command), DB)
        return self.real.raw(raw), self.ours.raw(raw)

    def verdict(self, command):
        """"same", "text" (another text of the same error) or "different", and both answers."""
        want, have = self.ask(command)
        return judge(bson.encode(command), want, have), want, have


def judge(command, want, have):
    w, h = bson.decode(want, LENIENT), bson.decode(have, LENIENT)
    if w.get("ok") != 1 or h.get("ok") != 1:
        if w.get("ok") == h.get("ok") and (w["code"], w["codeName"]) == (h["code"], h.get("codeName")):
            return "same" if w["errmsg"] == h["errmsg"] else "text"
        return "different"
    w, h = result(want), result(have)
    if w == h:
        return "same"
    if not isinstance(w, list) or not isinstance(h, list):
        return "different"
    if any(name in command for name in ANY_ORDER_INSIDE):
        w, h = [scramble(d) for d in w], [scramble(d) for d in h]
    if any(name in command for name in UNORDERED + ANY_ORDER_INSIDE):
        w, h = sorted(w), sorted(h)
    return "same" if w == h else "different"


def result(raw):
    reply = bson.decode(raw, RAW)
    if "cursor" in reply:
        return [bytes(d.raw) for d in reply["cursor"]["firstBatch"]]
    return bson.encode({"v": reply["values"]}) if "values" in reply else reply["n"]


def first_difference(want, have):
    """Of two answers, what a person looks at: the first documents that differ, or all of it."""
    w, h = bson.decode(want, LENIENT), bson.decode(have, LENIENT)
    if "cursor" in w and "cursor" in h:
        w, h = w["cursor"]["firstBatch"], h["cursor"]["firstBatch"]
        at = next((i for i, (one, other) in enumerate(zip(w, h)) if repr(one) != repr(other)), min(len(w), len(h)))
        return {"at": at, "want": f"{len(w)} documents: {w[at:at + 2]!r}"[:3000], "have": f"{len(h)} documents: {h[at:at + 2]!r}"[:3000]}
    return {"want": repr(w)[:1500], "have": repr(h)[:1500]}


def scramble(raw):
    """A document as text with its arrays sorted."""
    def text(value):
        if isinstance(value, dict):
            return "{" + ",".join(f"{k}:{text(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(sorted(map(text, value))) + "]"
        return f"{type(value).__name__} {value!r}"
    return text(bson.decode(raw, LENIENT)).encode()


# ---- cases


def on_one(number, expression):
    return {"aggregate": "data", "pipeline": [{"$match": {"_id": number}}, {"$project": {"_id": 0, "r": expression}}], "cursor": {}}


def make_case(g, documents):
    if g.chance(30):
        return generate_wide.command(g)
    kind = g.random.random()
    collation = {"collation": g.pick(COLLATIONS)} if g.chance(8) else {}
    if kind < 0.06:
        return {"aggregate": "data", "pipeline": [{"$sort": {"_id": 1}}, *generate_more.shape_pipeline(g)], "cursor": {"batchSize": 1000}, **collation}
    if kind < 0.10:
        return {"find": "data", "filter": g.filter(), "sort": {"_id": 1}, "batchSize": 1000, **generate_more.find_options(g)}
    if kind < 0.12:
        return {"aggregate": "data", "pipeline": [{"$sort": {"_id": 1}}, *g.pipeline()], "cursor": {"batchSize": 1000}, **generate_more.aggregate_options(g)}
    if kind < 0.55:
        return on_one(g.random.randrange(documents), g.expression(2))
    if kind < 0.78:
        command = {"find": "data", "filter": g.filter(), "sort": {"_id": 1} if g.chance(50) else g.sort(), "batchSize": 1000, **collation}
        if g.chance(30):
            command["projection"] = g.projection()
        if g.chance(10):
            command["skip"] = g.random.randint(0, 5)
        return command
    if kind < 0.96:
        return {"aggregate": "data", "pipeline": [{"$sort": {"_id": 1}}, *g.pipeline()], "cursor": {"batchSize": 1000}, **collation}
    if kind < 0.98:
        return {"count": "data", "query": g.filter()}
    return {"distinct": "data", "key": g.pick(FIELDS), "query": g.filter(), **collation}


def smaller(command):
    """Commands that are parts of this one."""
    pipeline = command.get("pipeline")
    if pipeline and len(pipeline) == 2 and "$project" in pipeline[1] and "r" in pipeline[1]["$project"]:
        for inner in inner_expressions(pipeline[1]["$project"]["r"]):
            yield on_one(pipeline[0]["$match"]["_id"], inner)
    elif pipeline:
        for i in range(len(pipeline)):
            if len(pipeline) > 1 and "$sort" not in pipeline[i]:
                yield {**command, "pipeline": pipeline[:i] + pipeline[i + 1:]}
    for field in ("projection", "collation", "skip", "sort"):
        if field in command:
            yield {k: v for k, v in command.items() if k != field}
    for field in ("filter", "query"):
        if isinstance(command.get(field), dict):
            for part in inner_filters(command[field]):
                yield {**command, field: part}


def inner_expressions(expression):
    values = expression.values() if isinstance(expression, dict) else expression if isinstance(expression, list) else ()
    for value in values:
        if isinstance(value, dict) and any(k.startswith("$") for k in value):
            yield value
        elif isinstance(value, (dict, list)):
            yield from inner_expressions(value)


def inner_filters(query):
    if len(query) > 1:
        for key in query:
            yield {key: query[key]}
    for key, value in query.items():
        if key in ("$and", "$or", "$nor"):
            yield from value


def shrink(both, command, verdict):
    for part in smaller(command):
        if both.verdict(part)[0] == verdict:
            return shrink(both, part, verdict)
    return command


def topic(command):
    """The first operator of a small command."""
    if "pipeline" in command:
        last = command["pipeline"][-1] if command["pipeline"] else {}
        if "$project" in last and isinstance(last["$project"].get("r"), dict):
            return next(iter(last["$project"]["r"]))
        return "stage " + next(iter(last), "none")
    query = command.get("filter", command.get("query", {}))
    text = json.dumps(query, default=str)
    names = [part.split('"')[0] for part in text.split('"$')[1:]]
    return next(iter(command)) + (" $" + names[0] if names else "")


def encodes(command):
    try:
        return bool(bson.encode(command))
    except (bson.errors.BSONError, OverflowError):
        return False


def next_case(g, documents, changed):
    while True:
        command = make_case(g, documents)
        if changed and g.chance(changed):
            command = generate_changed.changed(g, command)
        if encodes(command):
            return command


def unstable(both, command, want, have):
    """The sides whose answer is another one when they are asked again: [(name, answer, later answer)]."""
    later = both.ask(command)
    pairs = zip(("mongod", "ours"), (want, have), later)
    return [(name, one, other) for name, one, other in pairs if judge(bson.encode(command), one, other) == "different"]


def run(both, g, cases, documents, out, changed=0):
    counts, topics, examples = collections.Counter(), collections.Counter(), {}
    for number in range(cases):
        command = next_case(g, documents, changed)
        verdict, want, have = both.verdict(command)
        counts[verdict] += 1
        counts["an error"] += bson.decode(want, LENIENT).get("ok") != 1
        if verdict == "same":
            continue
        turns = unstable(both, command, want, have)
        if verdict == "different" and [name for name, *_ in turns] == ["mongod"]:
            counts["different"] -= 1
            counts["undefined"] += 1
        for name, one, other in turns:
            topics[f"unstable: {name}", topic(command)] += 1
            print(f"differential: case {number}: {name} answers {command!r} in two ways: {first_difference(one, other)}", flush=True)
        small = shrink(both, command, verdict)
        verdict, want, have = both.verdict(small)
        key = verdict, topic(small)
        topics[key] += 1
        if topics[key] <= 5:
            examples.setdefault(key, []).append(small)
        if out:
            out.write(json.dumps({"verdict": verdict, "topic": key[1], "command": repr(small)[:3000], **first_difference(want, have)}) + "\n")
    return counts, topics


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--documents", type=int, default=120)
    parser.add_argument("--changed", type=int, default=0)
    parser.add_argument("--out", type=argparse.FileType("w"))
    options = parser.parse_args()
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    print(f"differential: seed {seed}, {options.cases} cases, {options.changed} % of them changed", flush=True)
    g = Generator(random.Random(seed))
    with peers.Mongod("6.0.27", replset=False) as server, tempfile.TemporaryDirectory() as work:
        database = pymongo.MongoClient(server.uri)[DB]
        database.data.insert_many([g.document(i) for i in range(options.documents)])
        database.other.insert_many([g.document(i) for i in range(30)])
        peers.tools.mongodump("--quiet", "--uri", server.uri, "--out", work + "/dump")
        peers.yester("init", work + "/store")
        peers.yester("ingest", "-s", work + "/store", work + "/dump")
        ours = Driver(work + "/store")
        with RawClient(f"mongodb://{server.address}") as real:
            counts, topics = run(Both(real, ours), g, options.cases, options.documents, options.out, options.changed)
        ours.close()
    for (verdict, name), number in topics.most_common(60):
        print(f"  {number:6} {verdict:10} {name}")
    print(f"differential: {counts['same']} same, {counts['text']} another text, {counts['different']} different, {counts['undefined']} that the mongod itself answers in two ways, "
          f"{counts['an error']} of them errors; seed {seed}; the driver died {ours.deaths} times")
    return counts["different"] > 0


if __name__ == "__main__":
    sys.exit(main())
