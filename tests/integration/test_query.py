"""The query engine against a real mongod 6.0.27: short forms of tests/query, and what the generator does not make."""
import datetime
import os
import random
import sys

import bson
import bson.json_util
import peers
import pymongo
import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Timestamp

sys.path.insert(0, str(peers.ROOT / "tests" / "query"))
import differential  # noqa: E402
import unified  # noqa: E402
from generate import Generator  # noqa: E402
from raw_client import RawClient, with_db  # noqa: E402
from replay import Driver  # noqa: E402

DB = differential.DB


class Pair:
    """A mongod, and our engine over a dump of it."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.client = pymongo.MongoClient(server.uri)
        self.client.drop_database(DB)
        self.database = self.client[DB]
        self.real = self.ours = None

    def open(self):
        store = self.folder / "store"
        peers.tools.mongodump("--quiet", "--uri", self.server.uri, "--db", DB, "--out", self.folder / "dump")
        peers.yester("init", store)
        peers.yester("ingest", "-s", store, self.folder / "dump")
        self.real = RawClient(f"mongodb://{self.server.address}")
        self.ours = Driver(store)
        return self

    def close(self):
        if self.real:
            self.real.close()
            self.ours.close()
        self.client.close()

    def both(self, command):
        raw = with_db(bson.encode(command), DB)
        return self.real.raw(raw), self.ours.raw(raw)

    def same(self, command):
        """The replies but for the cursor's number are the same bytes; returns ours decoded."""
        want, have = (bson.decode(raw, differential.LENIENT) for raw in self.both(command))
        if "cursor" in want:
            want["cursor"]["id"], have["cursor"]["id"] = bool(want["cursor"]["id"]), bool(have["cursor"]["id"])
        want["ok"] = float(want["ok"])  # an integer where mongod asks itself, as for the count of a view
        assert repr(have) == repr(want), command
        return have


@pytest.fixture(scope="module")
def server():
    with peers.Mongod("6.0.27", replset=False) as running:
        yield running


@pytest.fixture
def pair(server, tmp_path):
    made = Pair(server, tmp_path)
    yield made
    made.close()


def test_random_reads_are_answered_as_mongod_answers_them(pair, request):
    seed = int(os.environ.get("YESTER_SEED") or 20)  # always the same reads here; others with every `make check-query`
    print(f"seed {seed}")
    g = Generator(random.Random(seed))
    pair.database.data.insert_many([g.document(i) for i in range(60)])
    pair.database.other.insert_many([g.document(i) for i in range(20)])
    pair.open()
    counts, topics = differential.run(differential.Both(pair.real, pair.ours), g, 400, 60, None)
    assert pair.ours.deaths == 0, f"the engine died; seed {seed}"
    assert counts["same"] == 400, f"seed {seed}: {topics.most_common(20)}"


def series_documents(count, meta):
    """Measurements of every type that a column packs in its own way, some of them missing."""
    r = random.Random(f"{meta}")
    begin = datetime.datetime(2021, 5, 5)
    for i in range(count):
        document = {"t": begin + datetime.timedelta(seconds=i, milliseconds=r.choice([0, 0, 7])), "m": meta}
        values = {
            "int": i, "wild": r.randint(-2**31, 2**31 - 1), "long": Int64(2**40 + i * 3), "big": Int64(r.randint(-2**62, 2**62)),
            "tenth": i / 10, "cents": r.randint(0, 10**6) / 100, "odd": r.random(), "special": r.choice([float("inf"), float("nan"), -0.0, 1e300]),
            "bool": r.choice([True, True, False]), "text": f"sensor-{i % 5}", "long text": "x" * (i % 30), "date": begin + datetime.timedelta(days=i),
            "id": ObjectId(f"{0x5f000000 + i:08x}aabbccddee{i:06x}"), "stamp": Timestamp(1600000000 + i // 3, i % 3), "decimal": Decimal128(f"{i}.{i % 7}"),
            "binary": Binary(bytes([i % 256, 1, 2])), "null": None, "same": 42, "object": {"a": i, "b": {"c": i / 4}}, "list": [i, i + 1],
            "mixed": r.choice([1, 2.5, "a", None, Int64(3)]), "constant": {"x": 1},
        }
        for name, value in values.items():
            if r.random() > 0.1:
                document[name] = value
        yield document


def test_time_series_are_unpacked_as_mongod_unpacks_them(pair):
    pair.database.create_collection("ts", timeseries={"timeField": "t", "metaField": "m"})
    pair.database.create_collection("plain", timeseries={"timeField": "t"})
    for meta in (1, "two", {"three": 3}):
        pair.database.ts.insert_many(list(series_documents(2500, meta)))
    pair.database.plain.insert_many([{k: v for k, v in d.items() if k != "m"} for d in series_documents(1500, 4)])
    versions = pair.database["system.buckets.ts"].distinct("control.version")
    assert sorted(versions) == [1, 2], "the test wants plain and compressed buckets"
    pair.open()
    for name, count in (("ts", 7500), ("plain", 1500)):
        want, have = (differential.result(raw) for raw in pair.both({"find": name, "batchSize": 100000}))
        assert len(want) == count
        assert want == have
        pair.same({"count": name})
        pair.same({"aggregate": name, "pipeline": [{"$group": {"_id": "$text", "n": {"$sum": "$int"}}}, {"$sort": {"_id": 1}}], "cursor": {}})
        pair.same({"find": name, "filter": {"int": {"$lt": 5}}, "sort": {"t": 1, "_id": 1}, "projection": {"int": 1, "_id": 0}})


def test_views_are_pipelines_over_what_they_view(pair):
    pair.database.base.insert_many([{"_id": i, "a": i % 4, "s": "xyz"[i % 3]} for i in range(40)])
    pair.database.command("create", "v0", viewOn="base", pipeline=[{"$match": {"a": {"$gt": 0}}}])
    for i in range(1, 20):
        pair.database.command("create", f"v{i}", viewOn=f"v{i - 1}", pipeline=[{"$addFields": {f"f{i}": i}}])
    pair.database.command("create", "french", viewOn="base", pipeline=[], collation={"locale": "fr"})
    pair.open()
    for command in (
        {"find": "v0"}, {"find": "v0", "filter": {"a": 2}, "sort": {"_id": -1}, "limit": 3, "projection": {"s": 1}}, {"count": "v1"},
        {"find": "v0", "batchSize": 0}, {"find": "v0", "sort": {"$natural": -1}, "limit": 2}, {"find": "v18", "limit": 1}, {"find": "v19", "limit": 1},
        {"find": "v0", "showRecordId": True}, {"find": "v0", "returnKey": True}, {"find": "v0", "tailable": True}, {"find": "v0", "singleBatch": True},
        {"find": "v0", "collation": {"locale": "en"}}, {"find": "french", "collation": {"locale": "fr"}, "limit": 1},
        {"find": "french", "collation": {"locale": "simple"}}, {"aggregate": "french", "pipeline": [], "cursor": {}, "collation": {"locale": "en"}},
        {"distinct": "v2", "key": "nothing"}, {"find": "v0", "projection": {"a": {"$elemMatch": {"x": 1}}}}, {"find": "v0", "projection": {"a": {"$slice": 1}}},
    ):
        pair.same(command)


def test_cat_and_count_take_a_filter(pair):
    pair.database.data.insert_many([{"_id": i, "a": i % 3} for i in range(30)])
    pair.database.command("create", "view", viewOn="data", pipeline=[{"$match": {"a": 1}}])
    pair.database.create_collection("ts", timeseries={"timeField": "t"})
    pair.database.ts.insert_many([{"t": datetime.datetime(2021, 5, 5, 0, 0, i), "v": i} for i in range(5)])
    pair.open()
    store = ("-s", pair.folder / "store")
    for name, query, count in (("data", '{"a": 2}', 10), ("data", "{}", 30), ("view", '{"_id": {"$lt": 9}}', 3), ("ts", '{"v": {"$gt": 2}}', 2),
                               ("data", '{"_id": {"$in": [3, 5, 99]}}', 2), ("data", '{"_id": {"$numberInt": "7"}}', 1)):
        assert peers.yester("count", *store, f"{DB}.{name}", "--query", query).out == f"{count}\n"
        documents = peers.yester("cat", *store, f"{DB}.{name}", "--query", query, "--format", "bson").raw
        want = differential.result(pair.both({"find": name, "filter": bson.json_util.loads(query)})[0])
        assert documents == b"".join(want)
    assert "unknown operator: $foo" in peers.yester("cat", *store, f"{DB}.data", "--query", '{"a": {"$foo": 1}}', check=2).err


def test_the_fields_of_commands_are_checked_as_mongod_checks_them(pair):
    pair.database.data.insert_many([{"_id": i, "a": i % 3} for i in range(12)])
    pair.database.create_collection("capped", capped=True, size=100000)
    pair.database.capped.insert_many([{"_id": 9 - i} for i in range(5)])
    pair.database.data.create_index([("a", 1), ("b", -1)])
    pair.open()
    values = (None, True, 1, -1, 0, 1.5, -1.5, float("nan"), Int64(2), Decimal128("1.5"), "x", {}, [], ObjectId("0" * 24), Binary(b"x"))
    fields = {
        "find": ("filter", "projection", "sort", "hint", "collation", "skip", "limit", "batchSize", "ntoreturn", "singleBatch", "allowDiskUse",
                 "min", "max", "returnKey", "tailable", "noCursorTimeout", "awaitData", "oplogReplay", "maxTimeMS", "let", "comment", "foo"),
        "aggregate": ("pipeline", "cursor", "allowDiskUse", "collation", "hint", "let", "bypassDocumentValidation", "maxTimeMS", "foo"),
        "count": ("query", "limit", "skip", "hint", "collation", "fields", "maxTimeMS", "foo"),
        "distinct": ("key", "query", "collation", "hint", "maxTimeMS", "foo"),
    }
    for name, names in fields.items():
        base = {name: "data", **({"pipeline": [], "cursor": {}} if name == "aggregate" else {"key": "a"} if name == "distinct" else {})}
        for field in names:
            for value in values:
                if field != "maxTimeMS" or repr(value) not in ("1", "True", "2", "Int64(2)", "Decimal128('1.5')"):  # mongod may really not be done in 1 ms
                    pair.same({**base, field: value})
        for value in (*values, "", "a$b", ".a", "a\0b"):
            pair.same({**base, name: value})
    for more in ({"hint": "nope"}, {"hint": {"a": 1, "b": -1}}, {"hint": {"$natural": -1}}, {"sort": {"$natural": 1, "a": 1}}, {"min": {"a": 1}},
                 {"min": {"_id": 3}, "max": {"_id": 6}, "hint": "_id_"}, {"min": {"_id": 3}, "hint": {"$natural": 1}}, {"limit": 2, "batchSize": 2},
                 {"limit": 2, "batchSize": 2, "sort": {"a": 1, "_id": 1}}, {"filter": {"_id": 1}, "batchSize": 1}, {"filter": {"_id": {"$in": [1]}}, "batchSize": 1},
                 {"filter": {"_id": {"$gt": 3, "$lte": 7}}}, {"filter": {"_id": {"$lt": 3}}}, {"filter": {"_id": 1}, "batchSize": 0}, {"sort": {"_id": -1}, "limit": 3},
                 {"let": {"A": 1}}, {"let": {"a": "$x"}}, {"let": {"q": 2}, "filter": {"$expr": {"$eq": ["$a", "$$q"]}}}, {"returnKey": True, "filter": {"_id": 3}}):
        pair.same({"find": "data", **more})
    for more in ({}, {"sort": {"$natural": -1}}, {"tailable": True}, {"filter": {"_id": 7}}, {"sort": {"_id": 1}}, {"skip": 1, "limit": 2}):
        pair.same({"find": "capped", **more})


def test_a_scan_in_parts_gives_all_documents_in_order(pair):
    r = random.Random(7)
    documents = [{"_id": i if i % 3 else f"key {i:06}", "n": r.randint(0, 99), "text": "x" * r.randint(10, 1500)} for i in range(30000)]
    pair.database.data.insert_many(documents)
    pair.database.create_collection("capped", capped=True, size=40 << 20)
    pair.database.capped.insert_many(reversed(documents[:15000]))
    pair.open()
    everything = {"batchSize": 100000, "projection": {"n": 1}}
    for command in (
        {"filter": {"n": {"$lt": 50}}, "sort": {"_id": 1}}, {"filter": {"n": 7}, "sort": {"_id": -1}}, {"sort": {"_id": -1}},
        {"filter": {"_id": {"$gt": 5000, "$lte": 20000}}, "sort": {"_id": 1}}, {"filter": {"_id": {"$gte": "key 010"}, "n": 3}, "sort": {"_id": -1}},
        {"filter": {"_id": {"$in": [5, 7, "key 000003", 29999, 4000000, 7.0]}}}, {"filter": {"n": 50}, "sort": {"_id": 1}, "skip": 11, "limit": 13},
        {"filter": {"_id": {"$lt": 100}}}, {"filter": {"_id": {"$gt": "key 029990"}}}, {"filter": {"$expr": {"$eq": ["$n", 11]}}, "sort": {"_id": 1}},
        {"filter": {"n": {"$lt": 3}}, "sort": {"text": 1, "_id": 1}}, {"filter": {"n": 1}, "collation": {"locale": "en"}, "sort": {"n": 1, "_id": 1}},
    ):
        want, have = (differential.result(raw) for raw in pair.both({"find": "data", **command, **everything}))
        assert want == have, command
        assert want, command
    for command in ({}, {"sort": {"$natural": -1}}, {"filter": {"n": 9}}, {"filter": {"n": 9}, "sort": {"$natural": -1}, "limit": 40}, {"filter": {"_id": 7}}):
        want, have = (differential.result(raw) for raw in pair.both({"find": "capped", **command, **everything}))
        assert want == have, command
    for command in ({"count": "data"}, {"count": "data", "query": {"n": {"$gte": 90}}, "skip": 10}, {"count": "capped", "query": {"_id": {"$type": "string"}}},
                    {"distinct": "data", "key": "n", "query": {"_id": {"$lt": 500}}},
                    {"aggregate": "data", "pipeline": [{"$match": {}}, {"$skip": 5}, {"$group": {"_id": 1, "n": {"$sum": 1}}}], "cursor": {}},
                    {"aggregate": "data", "pipeline": [{"$match": {"n": 5}}, {"$count": "n"}], "cursor": {}}):
        pair.same(command)


@pytest.mark.slow
def test_the_read_cases_of_the_drivers_unified_tests_pass(shared):
    counts, failures = unified.run()
    print(*(f"{number:5} {name}" for name, number in counts.most_common()), sep="\n")
    assert not failures
    assert counts["passed"] >= 55
