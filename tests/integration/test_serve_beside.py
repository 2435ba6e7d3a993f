"""What programs ask about collections and the server, of `yester serve` and of a mongod 6.0.27 with the same data."""
import datetime
import re
import sys
from pathlib import Path

import bson
import peers
import pytest
from bson import MaxKey, MinKey, SON
from bson.raw_bson import RawBSONDocument
from serving import Server

sys.path.insert(0, str(peers.ROOT / "tests" / "query"))
from raw_client import RawClient  # noqa: E402

DB = "beside"
VOLATILE = ("millis", "storageSize", "freeStorageSize", "totalIndexSize", "totalSize", "indexSizes", "indexDetails", "wiredTiger", "uuid", "connectionId", "localTime", "topologyVersion")


def fill(db):
    db.people.insert_many([{"_id": i, "age": i % 50, "city": ["Bern", "Ulm", None][i % 3], "tags": ["a", "b"][:i % 3], "text": "x" * (i % 7)} for i in range(300)])
    for keys, more in ((["age"], {}), ([("city", 1), ("age", -1)], {}), (["tags"], {}), (["text"], {"sparse": True}), (["late"], {"partialFilterExpression": {"age": {"$gt": 30}}})):
        db.people.create_index(keys, **more)
    db.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    db.clustered.insert_many([{"_id": i} for i in range(20)])
    db.create_collection("collated", collation={"locale": "en", "strength": 2})
    db.collated.insert_many([{"_id": word} for word in "aBcD"])
    db.create_collection("series", timeseries={"timeField": "t"})
    db.series.insert_many([{"t": datetime.datetime(2021, 1, 1) + datetime.timedelta(hours=i), "v": i} for i in range(30)])
    db.create_collection("nothing", timeseries={"timeField": "t"})
    db.create_collection("empty")
    db.long.insert_many([{"_id": i, "text": "x" * 100_000} for i in range(100)])


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beside")
    with peers.Mongod("6.0.27", replset=False) as mongod:
        fill(mongod.client[DB])
        peers.tools.mongodump("--quiet", "--uri", mongod.uri, "--out", folder / "dump")
        store = peers.Store(folder / "store")
        store.ingest(folder / "dump")
        with Server(store.path, "--noauth") as server, RawClient(f"mongodb://{mongod.address}") as real, RawClient(f"mongodb://127.0.0.1:{server.port}") as ours:
            yield real, ours, server


@pytest.fixture
def both(three):
    return three[:2]


@pytest.fixture
def server(three):
    return three[2]


def same(both, command, db=DB, left_out=()):
    def told(value):
        if not isinstance(value, dict):
            return [told(one) for one in value] if isinstance(value, list) else value
        return {name: told(one) for name, one in value.items() if name not in VOLATILE and name not in left_out}

    real, ours = (told(client.command(db, command)) for client in both)
    assert list(real.items()) == list(ours.items()), command
    return real


def data_size(name, keys=None, low=None, high=None, **more):
    command = {"dataSize": f"{DB}.{name}"}
    command.update({part: value for part, value in (("keyPattern", keys), ("min", low), ("max", high)) if value is not None})
    return {**command, **more}


def test_a_data_size_is_that_of_the_range_and_ends_at_its_bounds(both):
    ids, ages = {"_id": 5}, {"age": 5}
    for command in (
            data_size("people", {"_id": 1}, ids, {"_id": 50}), data_size("people", None, ids, {"_id": 50}), data_size("people", {}, ids, {"_id": 50}), data_size("people", None, ids, ids), data_size("people", None, {"_id": 9}, ids),
            data_size("people", {"age": 1}, ages, {"age": 7}), data_size("people", None, ages, {"age": 7}), data_size("people", None, {"age": MinKey()}, {"age": MaxKey()}), data_size("people", None, {"city": "Bern"}, {"city": "Ulm"}),
            data_size("people", SON([("city", 1), ("age", -1)]), SON([("city", "Bern"), ("age", 10)]), SON([("city", "Bern"), ("age", 4)])), data_size("people", None, ages, {"age": 7}, estimate=True),
            data_size("people", None, ids, {"_id": 50}, maxSize=300), data_size("people", None, ids, {"_id": 50}, maxObjects=3), data_size("people", maxObjects=3), data_size("people", maxSize=300), data_size("people", maxObjects=3, estimate=True),
            data_size("people", None, ages, {"age": 6}, maxObjects=6), data_size("people", None, ages, {"age": 6}, maxObjects=5), data_size("people", None, {}, {}), data_size("people", {"_id": 1}),
            data_size("people", {"age": 1}, {"x": 5}, {"y": 7}), data_size("people", None, 5, 6), data_size("clustered", None, ids, {"_id": 7}), data_size("empty", None, {"x": 1}, {"x": 2}), data_size("gone", None, ids, {"_id": 7})):
        same(both, command)
    for command in (  # no index has these: of several keys, sparse, partial, of a collation, of another direction
            data_size("people", None, {"tags": "a"}, {"tags": "b"}), data_size("people", None, {"text": "a"}, {"text": "b"}), data_size("people", None, {"late": 1}, {"late": 2}), data_size("people", None, {"other": 1}, {"other": 2}),
            data_size("collated", None, {"_id": "b"}, {"_id": "d"}), data_size("people", {"_id": -1}, {"_id": 50}, ids), data_size("people", None, ids, {}), data_size("people", None, SON([("_id", 5), ("a", 1)]), SON([("_id", 6), ("a", 1)]))):
        assert same(both, command, left_out=("estimate",))["ok"] == 0


def test_stats_tell_of_a_time_series_its_buckets_and_of_a_cluster_no_index(both):
    real, ours = ([name for name in client.command(DB, {"collStats": "series"})["timeseries"] if name != "avgNumMeasurementsPerCommit"] for client in both)
    assert real == ours
    since_start = [*(name for name in ours if name.startswith("num")), "avgNumMeasurementsPerCommit"]
    for name in ("series", "system.buckets.series", "nothing", "system.buckets.nothing", "clustered", "people", "empty"):
        same(both, {"collStats": name}, left_out=since_start)
        for scale in (1, 3):
            same(both, {"aggregate": name, "pipeline": [{"$collStats": {"storageStats": {"scale": scale}, "count": {}}}], "cursor": {}}, left_out=(*since_start, "host"))


def test_parameters_that_shells_ask_for_are_there(both):
    real, ours = (client.command("admin", {"getParameter": 1, "logComponentVerbosity": 1}) for client in both)
    assert real == ours and str(real) == str(ours)


def test_who_answers_is_told_with_its_port(both, server):
    for client, port in zip(both, (None, server.port), strict=True):
        told = client.command("admin", {"serverStatus": 1})["host"]
        assert port is None or told.endswith(f":{port}")
        for stage in ({"$collStats": {"count": {}}}, {"$indexStats": {}}):
            assert client.command(DB, {"aggregate": "people", "pipeline": [stage], "cursor": {}})["cursor"]["firstBatch"][0]["host"] == told
        for command in ({"find": "people"}, {"count": "people"}, {"aggregate": "people", "pipeline": [{"$group": {"_id": 1}}], "cursor": {}}):
            info = client.command(DB, {"explain": command, "verbosity": "queryPlanner"})["serverInfo"]
            assert f"{info['host']}:{info['port']}" == told, command


def test_a_map_reduce_without_javascript_is_told_in_mongods_words(both):
    told = both[1].command(DB, {"mapReduce": "people", "map": bson.Code("a"), "reduce": bson.Code("b"), "out": {"inline": 1}})
    assert (told["code"], told["errmsg"]) == (31264, "MapReduce internal error :: caused by :: Cannot run server-side javascript without the javascript engine enabled")


def test_space_that_only_root_may_use_is_used_up(both):
    real, ours = (client.command(DB, {"dbStats": 1}) for client in both)
    assert real["fsTotalSize"] == ours["fsTotalSize"] and abs(real["fsUsedSize"] - ours["fsUsedSize"]) < 2 << 30


def test_a_strict_api_has_no_stage_and_no_field_that_may_change(both):
    strict = {"apiVersion": "1", "apiStrict": True}
    unstable = {"$indexStats": {}}
    fill = {"$fill": {"output": {"a": {"value": 1}}}}
    for stages in ([unstable], [{"$match": {}}, unstable], [{"$planCacheStats": {}}], [fill], [{"$listCatalog": {}}], [{"$collStats": {"storageStats": {}}}], [{"$collStats": {"latencyStats": {}, "count": {}}}], [unstable, {"$foo": 1}],
                   [{"$lookup": {"from": "people", "pipeline": [fill], "as": "x"}}], [{"$unionWith": {"coll": "people", "pipeline": [{"$collStats": {"storageStats": {}}}]}}], [{"$facet": {"a": [{"$lookup": {"from": "people", "pipeline": [fill], "as": "x"}}]}}],
                   [{"$project": {"a": {"$unsetField": {"field": "a", "input": "$$ROOT"}}}}], [{"$setWindowFields": {"sortBy": {"age": 1}, "output": {"a": {"$linearFill": "$age"}}}}]):
        command = {"aggregate": "people", "pipeline": stages, "cursor": {}}
        assert same(both, {**command, **strict})["ok"] == 0
        assert same(both, {"explain": command, "verbosity": "queryPlanner", **strict})["ok"] == 0
    for name, value in (("returnKey", False), ("showRecordId", 5), ("min", {"_id": 1}), ("tailable", True), ("noCursorTimeout", None), ("$_requestResumeToken", True), ("readOnce", True), ("options", {})):
        assert same(both, {"find": "people", "limit": 1, name: value, **strict})["code"] == 323
    for command in ({"aggregate": "people", "pipeline": [], "cursor": {}, "explain": False}, {"listIndexes": "people", "includeBuildUUIDs": False}, {"listIndexes": "none", "includeIndexBuildInfo": True}):
        assert same(both, {**command, **strict})["code"] == 323
    for command in ({"aggregate": "people", "pipeline": [{"$collStats": {"count": {}}}], "cursor": {}}, {"find": "people", "limit": 1, "sort": {"_id": 1}, "allowPartialResults": True}, {"listIndexes": "people"}):
        assert same(both, {**command, **strict}, left_out=("host",))["ok"] == 1


def test_a_hello_without_compressors_tells_those_that_were_agreed_on(both):
    for compressors in (["zlib", "none", "zstd"], None, ["nothing"], None, ["zstd", "zlib"], None, [], None):
        command = {"hello": 1, **({} if compressors is None else {"compression": compressors})}
        told = [client.command("admin", command).get("compression") for client in both]
        assert told[0] == told[1], compressors


def test_a_refused_write_tells_how_many_documents_it_had(both):
    for command, shown in (({"insert": "c", "documents": [{"_id": 1}, {"_id": 2}]}, "documents: 2"), ({"insert": "c", "documents": [{"_id": 1}]}, "documents: [ { _id: 1 } ]"), ({"insert": "c", "documents": []}, "documents: []"),
                           ({"update": "c", "updates": [{"q": {}, "u": {}}] * 3}, "updates: 3"), ({"delete": "c", "deletes": [{"q": {}, "limit": 1}] * 4}, "deletes: 4"), ({"update": "c", "documents": [1, 2]}, "documents: [ 1, 2 ]")):
        verb = next(iter(command))
        assert both[1].command(DB, command)["errmsg"] == f'not authorized on {DB} to execute command {{ {verb}: "c", {shown}, $db: "{DB}" }}'


def peak(server):
    """The most memory that it had, in bytes."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())[1]) << 10


def test_a_let_of_many_variables_takes_little_memory(both, server):
    before = peak(server)
    names = {f"v{i}": i if i % 3 else f"$$v{i - 1}" if i else 0 for i in range(3000)}
    same(both, {"find": "people", "let": names, "filter": {"$expr": {"$eq": ["$_id", "$$v299"]}}, "projection": {"r": ["$$v0", "$$v2998", "$$v2999"]}})
    assert peak(server) - before < 100 << 20  # it was 861 MiB


def test_the_results_of_a_window_are_made_one_by_one(both, server):
    before = peak(server)
    for window in ({}, {"window": {"documents": ["unbounded", "current"]}}, {"window": {"documents": [-30, 30]}}):
        output = {"all": {"$push": "$text", **window}, "last": {"$lastN": {"input": "$text", "n": 50}, **window}}
        same(both, {"aggregate": "long", "pipeline": [{"$setWindowFields": {"sortBy": {"_id": 1}, "output": output}}, {"$project": {"all": {"$size": "$all"}, "last": {"$size": "$last"}}}], "cursor": {}})
    assert peak(server) - before < 200 << 20  # it was 2.6 GiB


def test_wide_specifications_conflict_as_those_of_a_mongod(both):
    wide = {f"f{i}": 1 for i in range(40)}
    twice = SON([(f"k{i}", i) for i in range(30)])
    raw = bson.encode(twice)[4:-1] + bson.encode({"k7": 5})[4:-1] + b"\0"
    again = RawBSONDocument((len(raw) + 4).to_bytes(4, "little") + raw)
    for more in ({"f7.x": 1}, {"f7.x.y": 1, "f8": {"x": 1}}, {"g.z": 1, "g.b.c": 1, "g.b.a": 1, "h": 1, "g": 1}, {"g": {"m": {"z": 1}, "a-b": 1, "a": 1}, "h.g": 1, "g.m": 1}, {"g.b": 1, "g": {"b": 1}}, {"g": 1, "h": 1}):
        spec = {**wide, **more}
        for stage in ("$set", "$project"):
            same(both, {"aggregate": "clustered", "pipeline": [{stage: spec}, {"$limit": 1}], "cursor": {}})
        same(both, {"find": "clustered", "projection": spec, "limit": 1})
    for pipeline in ([{"$set": {"r": again}}], [{"$set": again}], [{"$project": again}], [{"$replaceWith": again}], [{"$group": {"_id": again}}]):
        assert same(both, {"aggregate": "clustered", "pipeline": pipeline, "cursor": {}})["ok"] == 0


def test_an_array_to_sort_by_is_refused_in_a_window_alone(both):
    for name, more in (("$top", {}), ("$topN", {"n": 1}), ("$bottom", {}), ("$bottomN", {"n": 2})):
        for sort in ([], [1], [{"age": 1}], {"age": 1}, {}):
            for window in ({}, {"window": {"documents": [-1, 0]}}, {"window": 5}):
                operand = {"sortBy": sort, "output": "$_id", **more}
                for stage in ({"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"r": {name: operand, **window}}}}, {"$group": {"_id": None, "r": {name: operand}}}):
                    same(both, {"aggregate": "clustered", "pipeline": [stage], "cursor": {}})
