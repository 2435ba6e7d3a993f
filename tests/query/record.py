#!/usr/bin/env python3
"""Record what a mongod 6.0.27 answers: tests/unit/query/commands.bson.gz, which tests/unit/query/test_commands.c replays without a mongod.

    record.py [--out FILE]

The file is BSON documents one behind the other: {collection, type, options, indexes, docs} of each collection (and
`order`, the natural one, where it is not that of `_id`), then {command, reply}.
Of a reply is kept: ns, documents and whether the cursor is open; n; values; code, codeName and errmsg; of an explain namespace and
parsedQuery. The commands are those of commands.py and some of the random generators, always the same ones.
"""
import argparse
import gzip
import random
from pathlib import Path
import sys

import bson
import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "query")]
import commands  # noqa: E402
import commands_more  # noqa: E402
import differential  # noqa: E402
import match_differential  # noqa: E402
import peers  # noqa: E402
import pipeline_generator  # noqa: E402
from generate import Generator  # noqa: E402
from raw_client import RawClient, with_db  # noqa: E402

DB = "unit"
RAW = CodecOptions(document_class=RawBSONDocument, unicode_decode_error_handler="replace")
LONGEST = 3000  # bytes of a reply that is kept
# What has no order of its own, or another result each time.
LEFT_OUT = (b"$addToSet", b"$setUnion", b"$setIntersection", b"$setDifference", b"$graphLookup", b"$sample", b"$rand", b"$sampleRate", b"NOW", b"$sortByCount")


def fill(database):
    """Make the collections."""
    g = Generator(random.Random(1))
    database.data.insert_many([g.document(i) for i in range(20)])
    database.other.insert_many([g.document(i) for i in range(10)])
    rng = random.Random(2)
    database.geo.insert_many([{"_id": i, "a": match_differential.geo_value(rng)} for i in range(40)])
    database.typed.insert_many([RawBSONDocument(bson.encode({"_id": i, **match_differential.document(rng)})) for i in range(40)])
    pipeline_generator.R.seed(3)
    database.c.insert_many([pipeline_generator.doc(i) for i in range(12)], bypass_document_validation=True)
    database.o.insert_many([pipeline_generator.doc(i) for i in range(8)], bypass_document_validation=True)
    commands.fill(database)
    commands_more.fill(database)


def random_commands():
    g = Generator(random.Random(4))
    for _ in range(600):
        yield differential.make_case(g, 20)
    rng = random.Random(5)
    for make, name, count in ((match_differential.query, "typed", 250), (match_differential.schema_query, "typed", 250),
                              (match_differential.geo_query, "geo", 150)):
        for _ in range(count):
            command = {"find": name, "filter": make(rng), "projection": {"_id": 1}, "batchSize": 1000}
            if rng.random() < 0.15:
                command["collation"] = rng.choice(match_differential.COLLATIONS)
            yield command
            if rng.random() < 0.15 and not any(word in bson.encode(command) for word in (b"$expr", b"$jsonSchema")):
                del command["batchSize"]
                yield {"explain": command, "verbosity": "queryPlanner"}
    pipeline_generator.R.seed(6)
    for name in sorted(set(pipeline_generator.ALL)) * 22:
        stages = pipeline_generator.flat([pipeline_generator.stage(name), pipeline_generator.stage()][:pipeline_generator.R.choice([1, 1, 2])])
        yield {"aggregate": "c", "pipeline": [{"$sort": {"_id": 1}}, *stages], "cursor": {"batchSize": 1000}}


def is_left_out(command, raw):
    """What has no order, and what we do otherwise: a field that goes and comes again behind a $unionWith keeps its place in mongod."""
    # Partitions that a $densify ends come in the order of a table that each mongod hashes anew.
    if any(word in raw for word in LEFT_OUT) or "returnKey" in command or (b"$densify" in raw and b"partitionByFields" in raw):
        return True
    return b"$unionWith" in raw and b"\x10_id\0\0\0\0\0" in raw


def kept(reply, plans=False):
    """What of a reply has to be the same; with the plan of an explain if asked for."""
    if reply.get("ok") != 1:
        # The text of 291 tells mongod's plan; and mongod cuts long texts anywhere, also within a character.
        told = () if reply["code"] == 291 or "\ufffd" in reply["errmsg"] else ("errmsg",)
        return {k: reply[k] for k in ("code", "codeName", *told)}
    if "cursor" in reply:
        cursor = reply["cursor"]
        return {"ns": cursor["ns"], "docs": cursor["firstBatch"], "open": cursor["id"] != 0}
    if "queryPlanner" in reply:
        planner = reply["queryPlanner"]
        told = {k: planner[k] for k in ("namespace", "parsedQuery") if k in planner}
        # The plan where it is one of those that there are here: the collection, or the index of _id.
        if plans:
            told["winningPlan"] = planner["winningPlan"]
            told.update({k: reply["executionStats"][k] for k in ("nReturned", "totalDocsExamined", "executionSuccess") if "executionStats" in reply})
        return told
    return {k: reply[k] for k in ("n", "values") if k in reply}


def collection_of(database, entry):
    """A collection as a dump has it."""
    name, kind = entry["name"], entry["type"]
    options = {k: v for k, v in entry.get("options", {}).items() if k != "uuid"}
    indexes = [] if kind == "view" else [{k: v for k, v in i.items() if k != "ns"} for i in database.command("listIndexes", name)["cursor"]["firstBatch"]]
    stored = database.get_collection(name, RAW)
    docs = list(stored.find().sort("$natural", 1)) if kind == "collection" else []
    entry = {"collection": name, "type": kind, "options": options, "indexes": indexes, "docs": docs}
    if kind == "collection" and not options.get("capped"):
        entry["docs"] = list(stored.find().sort("_id", 1))
        ranks = {d.raw: rank for rank, d in enumerate(entry["docs"])}
        if docs != entry["docs"]:
            entry["order"] = [ranks[d.raw] for d in docs]
    return entry


def once_each(real, source):
    """Of the commands with the same operator those with another answer each."""
    seen = set()
    for command in source:
        reply = bson.decode(real.raw(with_db(bson.encode(command), DB)), RAW)
        stage = command["pipeline"][1]
        operand = stage.get("$project")
        operator = next(iter(operand["r"])) if isinstance(operand, dict) and "r" in operand else next(iter(stage))
        answer = operator, reply["errmsg"] if "errmsg" in reply else repr(reply["cursor"]["firstBatch"])
        if answer not in seen:
            seen.add(answer)
            yield command


def record(server, out):
    database = pymongo.MongoClient(server.uri)[DB]
    fill(database)
    for entry in sorted(database.command("listCollections")["cursor"]["firstBatch"], key=lambda e: e["name"].encode()):
        out.write(bson.encode(collection_of(database, entry)))
    counts = {"recorded": 0, "too long": 0, "without an order": 0}
    with RawClient(f"mongodb://{server.address}") as real:
        sources = [(True, commands.commands()), (True, once_each(real, commands.shapes())), (False, random_commands())]
        sources += [(True, source()) for source in commands_more.ALL] + [(True, once_each(real, source())) for source in commands_more.ONE_FOR_EACH_ANSWER] + [(False, commands_more.found())]
        for by_hand, plans, source in [(by_hand, False, source) for by_hand, source in sources] + [(True, True, commands_more.plans())]:
            for command in source:
                raw = with_db(bson.encode(command), DB)
                if not by_hand and is_left_out(command, raw):
                    counts["without an order"] += 1
                    continue
                pair = bson.encode({"command": RawBSONDocument(raw), "reply": kept(bson.decode(real.raw(raw), RAW), plans)})
                if not by_hand and len(pair) - len(raw) > LONGEST:
                    counts["too long"] += 1
                    continue
                out.write(pair)
                counts["recorded"] += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "unit" / "query" / "commands.bson.gz")
    options = parser.parse_args()
    with peers.Mongod("6.0.27", replset=False) as server, open(options.out, "wb") as packed:
        with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as out:  # the same bytes each time
            counts = record(server, out)
        print(counts, options.out, packed.tell(), "bytes")


if __name__ == "__main__":
    main()
