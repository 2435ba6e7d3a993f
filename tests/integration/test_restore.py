"""yester restore into real servers: what was is there again, byte for byte, and nothing else was touched."""
import datetime
import json
import os
import random
import signal
import subprocess
import threading
import time

import bson
import dumps
import peers
import pymongo
import pytest
from bson.timestamp import Timestamp

SEED = int(os.environ.get("YESTER_SEED", "8"))
LONG = pytest.mark.long
SECRET = "k33p-th1s%secret/"


@pytest.fixture(scope="module", params=["6.0.27", *(pytest.param(v, marks=LONG) for v in ("4.2.6", "4.4.2", "5.0.4"))])
def server(request):
    with peers.Mongod(request.param) as one:
        yield one


@pytest.fixture
def member(server):
    server.wipe()
    return server


def restore(store, server, *options, check=0, **more):
    return store.run("restore", "--uri", server.uri, "-y", *options, check=check, **more)


def restored(store, server, *options, check=0):
    return json.loads(restore(store, server, "--json", *options, check=check).out)


def state_of(server):
    """All that a restore makes, to be compared."""
    return {
        "hashes": {(db, name): md5 for db in server.user_databases()
                   for name, md5 in peers.dbhash(server.client, db).items()},
        "schema": peers.schema(server),
    }


def assert_same(ours, theirs):
    for part in theirs:
        keys = set(ours[part]) | set(theirs[part])
        differ = {k: (ours[part].get(k), theirs[part].get(k)) for k in keys if ours[part].get(k) != theirs[part].get(k)}
        assert not differ, f"{part} differ in {len(differ)} of {len(keys)} (ours, theirs): {dict(list(differ.items())[:3])}"


def raw(server, db, coll):
    return sorted(d.raw for d in server.client.get_database(db, codec_options=peers.RAW)[coll].find())


def has_id_elsewhere(store, key):
    done = store.run("cat", f"{key[0].removeprefix('was_')}.{key[1]}", "--format", "bson", check=None)
    return any(doc[4:].split(b"\0", 1)[0][1:] != b"_id" for doc in peers.split_documents(done.raw))


@pytest.mark.mongod
@pytest.mark.parametrize("path", [p for p in dumps.folders() + dumps.archives()])
def test_a_dump_is_restored_as_mongorestore_would(member, store, path):
    """The judge is the server that mongorestore filled: the same dbHash, options and indexes."""
    archive = path.is_file()
    gzip = path.read_bytes()[:2] == b"\x1f\x8b" if archive else any(path.rglob("*.gz"))
    local = ("--nsFrom", "local.*", "--nsTo", "was_local.*")
    store.ingest(path, *(("--archive",) if archive else ()))
    exact = json.loads(store.run("snapshots", "--json").out)[0]["exact"]
    theirs = peers.tools.mongorestore("--port", member.port, *(("--gzip",) if gzip else ()),
                                      *(("--oplogReplay",) if exact else ()), *local, "--bypassDocumentValidation", "--keepIndexVersion",
                                      *((f"--archive={path}",) if archive else ("--dir", path)), check=None)
    if theirs.status != 0:
        pytest.skip(f"mongorestore can't: {theirs.err.splitlines()[-1] if theirs.err else theirs.status}")
    wanted = state_of(member)
    member.wipe()
    accounts = ("--restoreDbUsersAndRoles",) if path.name == "usersdump" else ()  # it has nothing else
    done = restore(store, member, *local, "--keepTTL", *accounts, check=None)
    if path.name == "ts_dump_invalid_buckets":  # mongorestore says nothing of the buckets that a server from 6.0 on refuses
        assert done.status == 0 or (done.status == 3 and "missing 'control' field" in done.out)
        if done.status == 0:  # one before takes them; behind mongorestore it has nothing all the same, without a word
            ns = ("timeseries_test", "system.buckets.foo_ts")
            assert raw(member, *ns) == sorted(peers.split_documents(store.run("cat", ".".join(ns), "--format", "bson").raw)) != []
            return
    else:
        assert done.status == 0, done.story()
    ours = state_of(member)
    for part in ours.values():  # names with a newline: mongorestore passes over them; _ids that are not first: it moves them
        for key in [k for k in part if "\n" in k[1] or (wanted and has_id_elsewhere(store, k))]:
            part.pop(key)
            for their in wanted.values():
                their.pop(key, None)
    assert_same(ours, wanted)


# ---- what has data


def fill(member, count=3000):
    db = member.client["shop"]
    db["orders"].insert_many([{"_id": i, "n": i, "pad": "x" * (i % 300)} for i in range(count)])
    db["orders"].create_index("n", unique=True)
    db["carts"].insert_many([{"_id": f"c{i}", "items": [i, i + 1]} for i in range(200)])


def backed_up(store, member):
    store.run("backup", "--uri", member.uri)


def test_what_holds_data_is_refused_without_a_mode(member, store):
    fill(member)
    backed_up(store, member)
    before = state_of(member)
    done = restore(store, member, check=6)
    assert "shop.orders holds data" in done.err and "--mode missing" in done.err
    assert "shop.orders" in restore(store, member, "--dryRun", check=6).out  # the plan is told nevertheless
    assert state_of(member) == before


@pytest.mark.parametrize("option", ["w=majority", "w=0", "w=1&journal=true", "readConcernLevel=snapshot", "readConcernLevel=linearizable"])
def test_what_a_uri_says_of_concerns_changes_nothing(member, store, option):
    """Drivers put them into each command: beside ours servers refused it, and with w=0 nobody was told what failed."""
    fill(member)
    member.client["shop"].create_collection("log", capped=True, size=4096)
    member.client["shop"]["log"].insert_many([{"_id": i} for i in range(9)])
    uri = ("--uri", f"{member.uri}&{option}")
    store.run("backup", *uri)
    wanted = state_of(member)
    member.wipe()
    store.run("restore", *uri, "-y")
    assert state_of(member) == wanted
    orders = member.client["shop"]["orders"]
    orders.update_one({"_id": 6}, {"$set": {"n": -6}})
    orders.delete_one({"_id": 7})
    done = json.loads(store.run("restore", *uri, "-y", "--json", "--nsInclude", "shop.orders", "--mode", "replace").out)
    assert (done["result"]["inserted"], done["result"]["replaced"]) == (1, 1) and state_of(member) == wanted
    store.run("verify", *uri)


def test_missing_inserts_what_is_absent_and_nothing_else(member, store):
    fill(member)
    backed_up(store, member)
    orders = member.client["shop"]["orders"]
    wanted = {d["_id"]: d for d in orders.find()}
    orders.delete_many({"_id": {"$lt": 1000}})
    orders.insert_one({"_id": 5, "n": 5, "new": True})  # its _id is taken
    orders.insert_one({"_id": "other", "n": 7})  # its n is
    orders.update_one({"_id": 2000}, {"$set": {"later": 1}})
    later = orders.insert_one({"n": 99999}).inserted_id
    result = restored(store, member, "--nsInclude", "shop.orders", "--mode", "missing", check=3)
    counts = result["result"]["counts"]
    assert result["result"]["inserted"] == 998 and counts["kept"] == 2 and counts["unique"] == 1
    assert {(n["kind"], n["what"]) for n in result["result"]["notes"]} == {("kept", "5"), ("kept", "2000"), ("unique", "7")}
    assert "n_1" in next(n["why"] for n in result["result"]["notes"] if n["kind"] == "unique")
    found = {d["_id"]: d for d in orders.find()}
    assert found[5] == {"_id": 5, "n": 5, "new": True} and found[2000]["later"] == 1 and later in found and 7 not in found
    for number in set(wanted) - {5, 7, 2000}:
        assert found[number] == wanted[number]
    again = restored(store, member, "--nsInclude", "shop.orders", "--mode", "missing", check=3)["result"]
    assert again["inserted"] == 0 and again["same"] == 2997


def test_replace_puts_back_what_is_different(member, store):
    fill(member)
    orders = member.client["shop"]["orders"]
    orders.insert_one({"_id": "stamp", "n": -1, "pad": "p"})
    orders.update_one({"_id": "stamp"}, [{"$replaceWith": {"$literal": {"_id": "stamp", "n": -1, "zero": Timestamp(0, 0)}}}])
    backed_up(store, member)
    wanted = raw(member, "shop", "orders")
    orders.update_many({"_id": {"$gte": 100, "$lt": 200}}, {"$set": {"pad": "changed"}})
    orders.delete_many({"_id": {"$lt": 50}})
    orders.update_one({"_id": "stamp"}, {"$set": {"zero": 1}})
    orders.delete_one({"_id": 300})
    orders.insert_one({"_id": 300.0, "n": 300})  # the same _id, of another type
    result = restored(store, member, "--nsInclude", "shop.orders", "--mode", "replace")["result"]
    assert result["inserted"] == 50 and result["replaced"] == 102
    assert raw(member, "shop", "orders") == wanted


def test_drop_starts_anew(member, store):
    fill(member)
    backed_up(store, member)
    wanted = state_of(member)
    member.client["shop"]["orders"].insert_one({"_id": "later", "n": -5})
    member.client["shop"]["orders"].create_index("pad")
    member.client["shop"]["left"].insert_one({"alone": True})
    restore(store, member, "--drop")
    now = state_of(member)
    assert now["hashes"].pop(("shop", "left")) and now["schema"].pop(("shop", "left"))
    assert_same(now, wanted)


def test_renames_query_and_filters_together(member, store):
    """What mongorestore refuses: a point in time, with names, patterns and a query."""
    fill(member)
    backed_up(store, member)
    ids = [d["_id"] for d in member.client["shop"]["orders"].find({"n": {"$gte": 100, "$lt": 110}})]
    restore(store, member, "--nsInclude", "shop.*", "--nsExclude", "*.carts", "--nsFrom", "$db$.$c$", "--nsTo", "old_$db$.$c$_before",
            "--query", '{"n": {"$gte": 100, "$lt": 110}}')
    found = member.client["old_shop"]["orders_before"]
    assert sorted(d["_id"] for d in found.find()) == ids and "n_1" in found.index_information()
    restore(store, member, "--nsFrom", "shop.*", "--nsTo", "other.*")
    assert peers.dbhash(member.client, "other") == peers.dbhash(member.client, "shop")
    restore(store, member, "--nsInclude", "shop.carts", "--id", '"c7"', "--nsFrom", "shop.carts", "--nsTo", "one.carts")
    assert [d["_id"] for d in member.client["one"]["carts"].find()] == ["c7"]
    assert "no document" in restore(store, member, "--nsInclude", "shop.carts", "--id", "999", "--mode", "missing", check=1).err
    assert "unknown operator: $foo" in restore(store, member, "--query", '{"n": {"$foo": 1}}', check=2).err
    assert "both become" in restore(store, member, "--nsFrom", "shop.$c$", "--nsTo", "shop.one", check=2).err
    assert restore(store, member, "--nsFrom", "shop.*", check=2)


def test_the_accident_is_undone(member, store):
    """deleteMany while clients go on writing; its time is found knowing only the hour; no later write is lost."""
    print(f"seed {SEED}")
    db = member.client["shop"]
    db["orders"].insert_many([{"_id": i, "status": "sent" if i % 3 else "new", "pad": "y" * 50} for i in range(20000)])
    backed_up(store, member)
    written, stop, problems = {}, threading.Event(), []

    def client(number):
        rng = random.Random(SEED + number)
        orders = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)["shop"]["orders"]
        try:
            n = 0
            while not stop.is_set():
                n += 1
                new = {"_id": f"{number}-{n}", "status": "late", "n": n}
                orders.insert_one(new)
                written[new["_id"]] = new
                kept = 3 * rng.randrange(6000)  # not one of those that are deleted
                orders.update_one({"_id": kept}, {"$set": {"touched": [number, n]}})
                if n % 10 == 0:
                    gone = f"{number}-{rng.randrange(n) + 1}"
                    orders.delete_one({"_id": gone})
                    written.pop(gone, None)
        except Exception as error:
            problems.append(repr(error))

    lost = {d.raw for d in member.client.get_database("shop", codec_options=peers.RAW)["orders"].find({"status": "sent"})}
    threads = [threading.Thread(target=client, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    try:
        deadline = time.monotonic() + 60
        while len(written) < 300 and time.monotonic() < deadline and not problems:
            time.sleep(0.01)
        assert db["orders"].delete_many({"status": "sent"}).deleted_count == len(lost)
        already = len(written)
        while len(written) < already + 300 and time.monotonic() < deadline and not problems:
            time.sleep(0.01)
        store.run("tail", "--once", "--uri", member.uri)
        said = store.run("log", "shop.orders", "--bursts", "--op", "d", "--since", "now-1h", "--json").out
        worst = max(map(json.loads, said.splitlines()), key=lambda burst: burst["count"])
        assert worst["count"] >= 100, said
        at = worst["at"]
        beside = restore(store, member, "--at", at, "--nsInclude", "shop.orders", "--nsFrom", "shop.orders", "--nsTo", "shop.orders_before")
        assert "verified" in beside.out
        result = restored(store, member, "--at", at, "--nsInclude", "shop.orders", "--mode", "missing", check=3)["result"]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not problems, problems
    assert result["counts"]["missing"] == result["counts"]["differs"] == result["counts"]["unique"] == 0
    now = {d.raw for d in member.client.get_database("shop", codec_options=peers.RAW)["orders"].find()}
    assert lost <= now, f"{len(lost - now)} of {len(lost)} did not come back byte for byte"
    have = {d["_id"]: d for d in db["orders"].find()}
    assert all(have.get(k) == v for k, v in written.items())
    assert db["orders_before"].count_documents({"status": "sent"}) == len(lost)


# ---- the rest


def test_documents_that_servers_change_on_insert_stay_as_they_are(member, store, tmp_path):
    def field(kind, name, value):
        return bytes([kind]) + name.encode() + b"\0" + value

    def document(*fields):
        body = b"".join(fields) + b"\0"
        return (len(body) + 4).to_bytes(4, "little") + body

    number = (5).to_bytes(4, "little")
    odd = [document(field(0x10, "_id", i.to_bytes(4, "little")), field(0x11, "zero", bytes(8))) for i in range(20)]
    odd += [document(field(0x10, "a", number), field(0x10, "_id", (100 + i).to_bytes(4, "little"))) for i in range(20)]
    odd += [document(field(0x10, "_id", (200 + i).to_bytes(4, "little")), field(0x10, "$set", number), field(0x10, "x.y", number),
                     field(0x10, "x.y", number)) for i in range(5)]
    (tmp_path / "dump" / "odd").mkdir(parents=True)
    (tmp_path / "dump" / "odd" / "c.bson").write_bytes(b"".join(odd))
    store.ingest(tmp_path / "dump")
    done = restore(store, member, check=None)
    found = raw(member, "odd", "c")
    if member.number >= (5, 0):
        assert done.status == 0, done.story()
    assert set(odd[:40]) <= set(found), done.story()
    assert done.status == (0 if set(found) == set(odd) else 3), done.story()


def test_what_comes_behind_a_document_that_no_insert_takes_keeps_its_place(member, store, tmp_path):
    """A server refuses the _id {$odd: 1} in an insert and takes it as a secondary does: the insert in order ends there, and goes on behind it."""
    documents = [{"_id": {"$odd": i} if i in (3, 4, 9) else i} for i in range(12)]
    folder = tmp_path / "dump" / "odd"
    folder.mkdir(parents=True)
    (folder / "ring.bson").write_bytes(b"".join(bson.encode(d) for d in documents))
    (folder / "ring.metadata.json").write_text('{"options":{"capped":true,"size":1000000},"indexes":[]}')
    store.ingest(tmp_path / "dump")
    done = restored(store, member)
    assert [d["_id"] for d in member.client["odd"]["ring"].find()] == [d["_id"] for d in documents]
    assert done["result"]["inserted"] == len(documents)


def test_an_id_that_looks_like_an_operator_is_looked_for(member, store, tmp_path):
    """No server takes {$odd: 1} within $in: such documents are asked for by $eq."""
    documents = [{"_id": {"$odd": i} if i % 4 == 0 else i, "n": i} for i in range(12)]
    folder = tmp_path / "dump" / "odd"
    folder.mkdir(parents=True)
    (folder / "c.bson").write_bytes(b"".join(bson.encode(d) for d in documents))
    store.ingest(tmp_path / "dump")
    assert restored(store, member)["result"]["inserted"] == 12
    c = member.client["odd"]["c"]
    assert c.delete_many({"n": {"$gte": 6}}).deleted_count == 6
    c.update_one({"n": 4}, {"$set": {"changed": True}})
    done = restored(store, member, "--mode", "missing", check=3)["result"]
    assert (done["inserted"], done["same"], done["kept"]) == (6, 5, 1)
    assert c.delete_one({"n": 4}).deleted_count == 1
    done = restored(store, member, "--mode", "replace")["result"]
    assert (done["inserted"], done["same"], done["replaced"]) == (1, 11, 0)
    assert sorted(raw(member, "odd", "c")) == sorted(bson.encode(d) for d in documents)


def test_documents_of_16_mib_and_many_small_ones(member, store):
    db = member.client["big"]
    for i in range(3):
        db["large"].insert_one({"_id": i, "pad": "z" * (16 * 2**20 - 100)})
    db["small"].insert_many([{"_id": i} for i in range(30000)])
    backed_up(store, member)
    wanted = state_of(member)
    member.client.drop_database("big")
    restore(store, member)
    assert_same(state_of(member), wanted)


def test_kinds_of_collections(member, store):
    db = member.client["kinds"]
    db.create_collection("ring", capped=True, size=100000, max=500)
    db["ring"].insert_many([{"_id": 1000 - i, "pad": "r" * (i % 50)} for i in range(700)])
    db.create_collection("folded", collation={"locale": "de", "strength": 1})
    db["folded"].insert_many([{"_id": f"{c}{i}", "n": i} for i in range(300) for c in "zÖa"])
    db.create_collection("view", viewOn="folded", pipeline=[{"$match": {"n": 3}}], collation={"locale": "de", "strength": 1})
    db.create_collection("checked", validator={"n": {"$gt": 5}}, validationAction="error")
    db.get_collection("checked").insert_many([{"n": 10}])
    db.command("insert", "checked", documents=[{"n": 1}], bypassDocumentValidation=True)
    db["indexed"].insert_many([{"a": i, "t": f"word{i}", "p": {"type": "Point", "coordinates": [i % 90, i % 45]}} for i in range(500)])
    db["indexed"].create_index([("a", 1), ("t", -1)], name="two", partialFilterExpression={"a": {"$gt": 10}})
    db["indexed"].create_index([("t", "text")], weights={"t": 3})
    db["indexed"].create_index([("p", "2dsphere")])
    db["indexed"].create_index([("$**", 1)], wildcardProjection={"a": 1})
    db["indexed"].create_index("a", name="folded", collation={"locale": "fr"}, sparse=True)
    if member.number >= (5, 0):
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m", "granularity": "minutes"})
        now = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
        db["series"].insert_many([{"t": now + datetime.timedelta(seconds=i * 37), "m": i % 5, "v": i} for i in range(2000)])
        db["series"].create_index([("m", 1), ("t", 1)])
    if member.number >= (5, 3):
        db.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True, "name": "mine"})
        db["clustered"].insert_many([{"_id": i, "v": i} for i in range(400)])
    backed_up(store, member)
    wanted, ring = state_of(member), [d["_id"] for d in db["ring"].find()]
    member.client.drop_database("kinds")
    done = restored(store, member)
    assert done["result"]["verified"]
    assert_same(state_of(member), wanted)
    assert [d["_id"] for d in db["ring"].find()] == ring
    restore(store, member, "--drop")
    assert_same(state_of(member), wanted)


def test_an_empty_collection_of_another_kind_is_not_filled_silently(member, store):
    db = member.client["shop"]
    db.create_collection("ring", capped=True, size=4096, max=50)
    db.create_collection("checked", validator={"n": {"$gt": 0}})
    for name in ("ring", "checked", "plain"):
        db[name].insert_many([{"n": i + 1} for i in range(50)])
    backed_up(store, member)
    wanted = {name: raw(member, "shop", name) for name in ("ring", "checked", "plain")}
    member.client.drop_database("shop")
    for name in ("ring", "checked"):
        db.create_collection(name)
    db.create_collection("plain", capped=True, size=4096, max=10)
    made = state_of(member)
    done = restore(store, member, "--json", "--dryRun", check=6)
    assert {i["becomes"]: i["refused"] for i in json.loads(done.out)["plan"]} == {
        "shop.checked": "has another validator by now", "shop.plain": "is capped by now", "shop.ring": "is no longer capped"}
    assert "is no longer capped" in done.err and state_of(member) == made
    for name in ("ring", "plain"):  # no other mode would keep all of its documents, or their order
        done = restore(store, member, "--nsInclude", f"shop.{name}", "--mode", "missing", check=6)
        assert f"--nsExclude shop.{name}" in done.err and "REFUSED" in done.out and state_of(member) == made
    restore(store, member, "--nsInclude", "shop.checked", "--mode", "missing")  # what it takes is another's decision
    assert raw(member, "shop", "checked") == wanted["checked"] and "validator" not in db["checked"].options()
    restore(store, member, "--drop")
    assert {name: raw(member, "shop", name) for name in wanted} == wanted
    assert db["ring"].options()["max"] == 50 and db["checked"].options()["validator"] and not db["plain"].options()


def test_a_collection_of_another_collation_is_not_filled_silently(member, store):
    db = member.client["shop"]
    collations = {"folded": {"locale": "en", "strength": 2}, "german": {"locale": "de"}, "same": {"locale": "fr", "strength": 1}}
    for name, collation in collations.items():
        db.create_collection(name, collation=collation)
        db[name].insert_many([{"_id": f"a{i}"} for i in range(10)])
    backed_up(store, member)
    for name, collation in {**collations, "folded": {"locale": "en", "strength": 3}, "german": {"locale": "sv"}}.items():
        db[name].drop()
        db.create_collection(name, collation=collation)
    db["german"].insert_one({"_id": "z"})
    for mode in ((), ("--mode", "missing"), ("--mode", "replace")):
        done = restore(store, member, *mode, check=6)
        assert "shop.folded has another collation" in done.err and "shop.german has another collation" in done.err, done.story()
        assert "shop.same" not in done.err
    restore(store, member, "--mode", "drop")
    assert {c["name"]: c["options"]["collation"]["locale"] for c in db.list_collections()} == {"folded": "en", "german": "de", "same": "fr"}


def test_a_time_series_of_other_fields_takes_no_buckets(member, store):
    if member.number < (5, 0):
        pytest.skip("it has no time series")
    db = member.client["shop"]
    series = {"timeField": "t", "metaField": "m"}
    db.create_collection("series", timeseries=series)
    db["series"].insert_many([{"t": datetime.datetime(2026, 11, 21), "m": i, "k": i} for i in range(10)])
    backed_up(store, member)
    for other in ({"timeField": "t", "metaField": "k"}, {"timeField": "t"}, {**series, "granularity": "hours"}):
        db["series"].drop()
        db.create_collection("series", timeseries=other)
        for mode in ((), ("--mode", "missing"), ("--mode", "replace")):
            assert "other fields" in restore(store, member, *mode, check=6).err
        assert db["series"].count_documents({}) == 0
    db["series"].drop()
    db.create_collection("series", timeseries=series)
    restore(store, member)
    assert db["series"].count_documents({"m": 3}) == 1


def test_buckets_without_a_time_series_are_told_with_a_way_out(member, store):
    """Servers leave such behind when a collection of that name is made just then."""
    if member.number < (5, 0):
        pytest.skip("it has none")
    db = member.client["shop"]
    db.create_collection("model", timeseries={"timeField": "t"})
    buckets = next(one for one in db.list_collections() if one["name"] == "system.buckets.model")["options"]
    db.command(bson.SON([("create", "system.buckets.series"), *buckets.items()]))
    db["orders"].insert_one({"_id": 1})
    store.run("backup", "--uri", member.uri)
    db["orders"].drop()
    said = restore(store, member, "--mode", "drop", check=6).err
    assert "HINT" in said and "--nsExclude shop.series" in said
    restore(store, member, "--mode", "drop", "--nsExclude", "shop.series")
    assert list(db["orders"].find()) == [{"_id": 1}]


def test_hints_name_what_can_be_pasted(member, store):
    fill(member, 10)
    backed_up(store, member)
    beside = ("--nsInclude", "shop.orders", "--nsFrom", "shop.orders", "--nsTo", "shop.before")
    restore(store, member, *beside)
    said = restore(store, member, *beside, check=6).err
    assert "--nsFrom shop.orders --nsTo shop.before_before" in said
    restore(store, member, "--nsInclude", "shop.orders", *said.split("beside it: ")[1].split())


def test_preserved_uuids_are_those_of_the_moment(member, store):
    fill(member)
    backed_up(store, member)

    def uuids():
        return {c["name"]: c["info"]["uuid"] for c in member.client["shop"].list_collections()}

    wanted, state = uuids(), state_of(member)
    restore(store, member, "--drop")
    assert uuids() != wanted
    restore(store, member, "--drop", "--preserveUUID")
    assert uuids() == wanted
    assert_same(state_of(member), state)
    restore(store, member, "--mode", "missing", "--preserveUUID", check=6)


def test_what_a_ttl_index_would_remove_is_counted_first(member, store):
    import datetime
    old, new = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=d) for d in (-10, 1))
    coll = member.client["shop"]["sessions"]
    coll.create_index("seen", expireAfterSeconds=3600)
    coll.insert_many([{"_id": i, "seen": old if i < 7 else new} for i in range(20)] + [{"_id": "a", "seen": [new, old]}, {"_id": "n"}])
    backed_up(store, member)
    wanted = state_of(member)
    member.client.drop_database("shop")
    done = restore(store, member, check=6)
    assert "8 of the documents" in done.err and "--keepTTL" in done.err
    assert member.user_databases() == []
    assert json.loads(restore(store, member, "--dryRun", "--json", "--noTTL").out)["documents"] == 22
    restore(store, member, "--keepTTL")
    assert_same(state_of(member), wanted)
    restore(store, member, "--drop", "--noTTL")
    assert state_of(member)["hashes"] == wanted["hashes"]
    assert "expireAfterSeconds" not in coll.index_information()["seen_1"]


def test_a_partial_ttl_index_removes_only_what_its_filter_takes(member, store):
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=10)
    coll = member.client["shop"]["sessions"]
    coll.create_index("seen", expireAfterSeconds=3600, partialFilterExpression={"done": True, "n": {"$gte": 10}})
    coll.insert_many([{"_id": i, "seen": old, "n": i, "done": i < 10} for i in range(20)])
    backed_up(store, member)
    wanted = state_of(member)
    member.client.drop_database("shop")
    assert json.loads(restore(store, member, "--dryRun", "--json").out)["documents"] == 20
    restore(store, member)
    assert_same(state_of(member), wanted)
    coll.insert_many([{"_id": i, "seen": old, "n": i, "done": True} for i in range(20, 23)])
    store.run("backup", "--uri", member.uri)
    member.client.drop_database("shop")
    assert "remove 3 of the documents" in restore(store, member, check=6).err


def test_the_ttl_index_that_counts_is_the_one_that_will_be_there(member, store):
    """What holds data keeps its indexes: its own TTL index removes what comes back, that of the moment is not made."""
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=10)
    coll = member.client["shop"]["sessions"]
    coll.insert_many([{"_id": i, "seen": old} for i in range(20)])
    backed_up(store, member)
    coll.create_index("seen", expireAfterSeconds=3600)  # by mistake
    for action in ("merge", "fill"):  # it removes a part, then all
        coll.delete_many({"_id": {"$nin": list(range(5, 8))}} if action == "merge" else {})
        for options in ((), ("--noTTL",)):
            done = restore(store, member, "--mode", "missing", *options, check=6)
            assert "shop.sessions is there with a TTL index that would remove 20 of the documents" in done.err
            assert "drop that index there first" in done.err and "--keepTTL" in done.err
        plan = json.loads(restore(store, member, "--mode", "missing", "--keepTTL", "--dryRun", "--json").out)
        assert [item["action"] for item in plan["plan"]] == [action]
    done = restore(store, member, "--mode", "missing", "--id", "7", check=6)
    assert "remove 1 of the documents" in done.err
    coll.drop_index("seen_1")
    restore(store, member, "--mode", "missing")
    assert coll.count_documents({}) == 20

    coll.create_index("seen", expireAfterSeconds=3600)
    backed_up(store, member)  # the mistake is in this moment; by now it is mended
    coll.drop_index("seen_1")
    coll.delete_many({"_id": {"$gte": 5}})
    restore(store, member, "--mode", "missing")
    assert coll.count_documents({}) == 20 and list(coll.index_information()) == ["_id_"]
    coll.delete_many({})
    assert "--noTTL" in restore(store, member, "--mode", "missing", check=6).err  # empty: it would be made


def test_indexes_that_what_has_data_does_not_get_are_named(member, store):
    """A database was dropped, and its application made the collection anew before somebody looked."""
    coll = member.client["shop"]["users"]
    coll.insert_many([{"_id": i, "mail": i, "seen": 0} for i in range(5)])
    coll.create_index("mail", unique=True)
    coll.create_index([("mail", 1), ("seen", -1)])
    coll.create_index("when", expireAfterSeconds=60)
    backed_up(store, member)
    member.client.drop_database("shop")
    coll.insert_one({"_id": "new"})
    coll.create_index([("mail", 1), ("seen", -1)], name="another")
    plan = restored(store, member, "--mode", "missing", "--dryRun")["plan"]
    assert [item["lacksIndexes"] for item in plan] == ["mail_1, when_1"]
    done = restore(store, member, "--mode", "missing")
    assert "shop.users holds data and keeps its indexes: it does not have mail_1, when_1\n" in done.out
    assert coll.count_documents({}) == 6 and len(coll.index_information()) == 2
    coll.drop_indexes()
    for index in ("mail", [("mail", 1), ("seen", -1)], "when"):
        coll.create_index(index)
    assert "lacksIndexes" not in restored(store, member, "--mode", "missing", "--dryRun")["plan"][0]
    coll.drop()
    assert "lacksIndexes" not in restored(store, member, "--mode", "missing", "--dryRun")["plan"][0]


def test_a_time_series_that_is_there_removes_by_its_own_option(member, store):
    if member.number < (5, 0):
        pytest.skip("no time series")
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=10)
    shop = member.client["shop"]
    shop.create_collection("ts", timeseries={"timeField": "t", "metaField": "m"})
    shop["ts"].insert_many([{"t": old, "m": i} for i in range(9)])
    backed_up(store, member)
    shop.command("collMod", "ts", expireAfterSeconds=3600)
    for left in (1, 0):
        shop["system.buckets.ts"].delete_many({"meta": {"$gte": left}})
        done = restore(store, member, "--mode", "missing", check=6)
        assert "shop.system.buckets.ts is there with a TTL index that would remove 9 " in done.err
    shop.command("collMod", "ts", expireAfterSeconds="off")
    restore(store, member, "--mode", "missing")
    assert shop["ts"].count_documents({}) == 9


def test_users_and_roles_come_when_asked(member, store):
    fill(member, 10)
    shop = member.client["shop"]
    shop.command("createRole", "clerk", privileges=[], roles=["read"])
    shop.command("createUser", "anna", pwd="geheim", roles=["clerk"])
    backed_up(store, member)
    wanted = peers.users_and_roles(member)
    member.wipe()
    restore(store, member)
    assert peers.users_and_roles(member) == {"system.users": [], "system.roles": []}
    done = restored(store, member, "--drop", "--restoreDbUsersAndRoles")
    assert done["result"]["users"] == 1 and done["result"]["roles"] == 1
    assert peers.users_and_roles(member) == wanted
    assert not set(member.client["admin"].list_collection_names()) & {"tempusers", "temproles"}
    peers.pymongo.MongoClient("127.0.0.1", member.port, username="anna", password="geheim", authSource="shop",
                              directConnection=True).admin.command("ping")


def dump_of(folder, **collections):
    """A dump of shop made by hand: metadata, with a document where it is no view."""
    (folder / "shop").mkdir(parents=True)
    for name, options in collections.items():
        metadata = {"options": options, "indexes": []}
        if "viewOn" not in options:
            metadata["indexes"] = [{"v": 2, "key": {"_id": 1}, "name": "_id_"}]
            (folder / "shop" / f"{name}.bson").write_bytes(bson.encode({"_id": 1}))
        (folder / "shop" / f"{name}.metadata.json").write_text(json.dumps(metadata))
    return folder


def test_what_the_server_does_not_know_is_refused_before_anything_is_dropped(member, store, tmp_path):
    """As of a newer one: it was found when it was made, when --drop had taken what was there."""
    store.ingest(dump_of(tmp_path / "dump", plain={}, rules={"validator": {"$expr": {"$newInVersion99": ["$a", 1]}}},
                         seen={"viewOn": "plain", "pipeline": [{"$stageOf99": {}}]}))
    for name in ("plain", "rules", "seen"):
        member.client["shop"][name].insert_one({"_id": "of today"})
    before = state_of(member)
    done = restore(store, member, "--drop", check=6)
    assert "shop.rules can't be" in done.err and "$newInVersion99" in done.err and "$stageOf99" in done.err
    assert state_of(member) == before
    excludes = done.err.split("leave it out: ")[1].split()
    assert excludes == ["--nsExclude", "shop.rules", "--nsExclude", "shop.seen"]
    restore(store, member, "--drop", *excludes)
    assert raw(member, "shop", "plain") == [bson.encode({"_id": 1})]
    assert raw(member, "shop", "rules") == [bson.encode({"_id": "of today"})]
    # Under a name that none takes: the same.
    done = restore(store, member, "--nsInclude", "shop.plain", "--nsFrom", "shop.plain", "--nsTo", "shop." + "x" * 251, check=6)
    assert "too long" in done.err


@LONG
@pytest.mark.mongod
def test_compressed_buckets_are_refused_by_a_server_that_can_not_read_them(store):
    """It took them, was told as verified, and no query of that time series had an answer."""
    start = datetime.datetime(2026, 11, 21)
    with peers.Mongod("6.0.27") as young:
        young.client["shop"].create_collection("ticks", timeseries={"timeField": "t"})
        young.client["shop"]["ticks"].insert_many([{"t": start + datetime.timedelta(seconds=i), "v": i} for i in range(1500)])
        young.client["shop"]["orders"].insert_one({"_id": 1})
        backed_up(store, young)
    with peers.Mongod("5.0.4") as old:
        done = restore(store, old, check=6)
        assert "compressed buckets" in done.err and "--nsExclude shop.ticks\n" in done.err and old.user_databases() == []
        restore(store, old, "--nsExclude", "shop.ticks")
        assert old.client["shop"].list_collection_names() == ["orders"]


def test_the_greatest_id_of_all_is_compared_too(member, store):
    """No bound of an index takes MaxKey in: behind it the comparison failed (1), or told it as missing (4)."""
    orders = member.client["shop"]["orders"]
    for _id in (*range(6), bson.MaxKey()):
        orders.insert_one({"_id": _id, "pad": "x" * (4 << 20)})
    backed_up(store, member)
    store.run("verify", "--uri", member.uri)
    wanted = state_of(member)
    member.wipe()
    restore(store, member)
    assert state_of(member) == wanted


def test_drop_puts_back_the_functions_that_no_server_drops(member, store):
    """mongod refuses to drop system.js: with the others dropped the restore ended there, and so did --resume."""
    fill(member, 50)
    functions = member.client["shop"]["system.js"]
    functions.insert_many([{"_id": "f", "value": 1}, {"_id": "g", "value": 2}])
    backed_up(store, member)
    wanted = state_of(member)
    functions.update_one({"_id": "f"}, {"$set": {"value": 9}})
    functions.delete_one({"_id": "g"})
    member.client["shop"]["orders"].delete_many({})
    restore(store, member, "--drop")
    assert state_of(member) == wanted
    functions.insert_one({"_id": "of today", "value": 3})
    restore(store, member, "--drop", "--preserveUUID")
    assert [d["_id"] for d in functions.find()] == ["f", "g", "of today"]


def begun_slowly(store, member, rate, *options):
    """A restore that waits for its rate: shop.orders has some documents by now."""
    running = subprocess.Popen([str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--uri", member.uri, "-j", "1",
                                "--rate", rate, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while not member.client["shop"]["orders"].find_one({"_id": 100000}) and running.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    return running


def test_an_interrupt_does_not_wait_for_the_rate(member, store):
    orders = member.client["shop"]["orders"]
    orders.insert_many([{"_id": 100000 + i, "pad": "x" * 200} for i in range(6000)])
    backed_up(store, member)
    member.wipe()
    with begun_slowly(store, member, "20K", "--nsInclude", "shop.orders") as running:
        running.send_signal(signal.SIGINT)
        assert running.wait(8) == 130
    assert 0 < orders.count_documents({}) < 6000
    restore(store, member, "--nsInclude", "shop.orders", "--resume")
    assert orders.count_documents({}) == 6000


@pytest.mark.mongod
def test_many_documents_that_differ_hide_none_that_is_missing(store):
    """More are told than are kept with their names; what is gone at the end is no such one."""
    with peers.Mongod("6.0.27", replset=False) as member:
        orders = member.client["shop"]["orders"]
        old = [{"_id": i, "n": i} for i in range(1500)]
        orders.insert_many(old + [{"_id": 100000 + i, "pad": "x" * 200} for i in range(2500)])
        peers.tools.mongodump("--port", member.port, "--out", store.path.parent / "alone")
        store.ingest(store.path.parent / "alone")
        orders.update_many({"_id": {"$lt": 1499}}, {"$set": {"n": "later"}})
        orders.delete_many({"_id": {"$gte": 100000}})
        with begun_slowly(store, member, "100K", "--mode", "missing", "--nsInclude", "shop.orders") as running:
            orders.delete_one({"_id": 1499})  # it was there when it was looked for; a standalone does not tell who deleted it
            assert running.wait(60) == 4, running.stderr.read()


@pytest.fixture
def slow_index(member):
    """Indexes are not done between slow_index("alwaysOn") and slow_index("off")."""
    hang = "hangAfterStartingIndexBuild" if member.number >= (4, 4) else "hangAfterSettingUpIndexBuild"

    def switch(mode):
        member.client["admin"].command("configureFailPoint", hang, mode=mode)

    yield switch
    switch("off")


def index_builds(member):
    """The connections that ask for an index of orders."""
    stages = [{"$currentOp": {"allUsers": True}}, {"$match": {"command.createIndexes": "orders"}}]
    return {op["connectionId"] for op in member.client["admin"].aggregate(stages) if "connectionId" in op}


def begin_with_slow_index(store, member, slow_index):
    fill(member, 100)
    backed_up(store, member)
    member.wipe()
    slow_index("alwaysOn")
    running = subprocess.Popen([str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--uri",
                                f"{member.uri}&socketTimeoutMS=500", "--nsInclude", "shop.orders", "--progress=always"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while not index_builds(member) and running.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    return running


@pytest.mark.mongod
def test_an_index_may_take_longer_than_an_answer(member, store, slow_index):
    """The driver gives an answer five minutes: the command was sent again then, and given up at the second time."""
    with begin_with_slow_index(store, member, slow_index) as running:
        time.sleep(3)
        builds = index_builds(member)
        slow_index("off")
        assert running.wait(60) == 0 and len(builds) == 1
        assert b"indexes (namespaces): 0 of 1\n" in running.stderr.read()
    assert "n_1" in member.client["shop"]["orders"].index_information()


@pytest.mark.mongod
def test_an_index_that_takes_long_is_waited_for_until_somebody_interrupts(member, store, slow_index):
    with begin_with_slow_index(store, member, slow_index) as running:
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130
    slow_index("off")
    restore(store, member, "--nsInclude", "shop.orders", "--resume")
    assert "n_1" in member.client["shop"]["orders"].index_information()


def test_an_index_that_can_not_be_built_is_told(member, store, tmp_path):
    (tmp_path / "dump" / "shop").mkdir(parents=True)
    (tmp_path / "dump" / "shop" / "c.bson").write_bytes(bson.encode({"_id": 1, "n": 1}) + bson.encode({"_id": 2, "n": 1}))
    (tmp_path / "dump" / "shop" / "c.metadata.json").write_text(json.dumps({"options": {}, "indexes": [
        {"v": 2, "key": {"_id": 1}, "name": "_id_"}, {"v": 2, "key": {"n": 1}, "name": "n_1", "unique": True},
        {"v": 2, "key": {"m": 1}, "name": "m_1"}], "collectionName": "c", "type": "collection"}))
    store.ingest(tmp_path / "dump")
    done = restored(store, member, check=3)
    assert [(n["kind"], n["namespace"], n["what"]) for n in done["result"]["notes"]] == [("index", "shop.c", "n_1")]
    assert "m_1" in member.client["shop"]["c"].index_information() and done["result"]["inserted"] == 2


def test_it_asks_on_a_terminal(member, store):
    fill(member, 10)
    backed_up(store, member)
    member.client.drop_database("shop")
    main, other = os.openpty()
    command = [str(peers.program("yester")), "restore", "-s", str(store.path), "--uri", member.uri]
    for answer, status in ((b"n\n", 6), (b"y\n", 0)):
        process = subprocess.Popen(command, stdin=other, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.write(main, answer)
        said = process.communicate(timeout=60)[1].decode()
        assert process.returncode == status and "[y/N]" in said, said
        assert ("shop" in member.user_databases()) == (status == 0)
    os.close(main), os.close(other)


def test_a_restore_killed_at_any_moment_ends_equal(member, store):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    fill(member, 20000)
    db = member.client["shop"]
    for name in ("a", "b"):
        db[name].insert_many([{"_id": i, "pad": "k" * 700} for i in range(20000)])
        db[name].create_index([("pad", 1)])
    db.create_collection("ring", capped=True, size=10**7)
    db["ring"].insert_many([{"i": i, "pad": "r" * 100} for i in range(20000)])
    if member.number >= (5, 0):
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"}, expireAfterSeconds=10**9)
        db["series"].create_index([("m", 1), ("t", 1)])
        db["series"].insert_many([{"t": datetime.datetime(2026, 11, 21), "m": i % 100} for i in range(1000)])
    backed_up(store, member)
    wanted, ring = state_of(member), [d["i"] for d in db["ring"].find()]
    member.client.drop_database("shop")
    command = [str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--resume", "--uri", member.uri]
    killed, was_killed = 0, False
    for round_ in range(20):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(timeout=0.05 + rng.random() * 0.5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        said = process.communicate()[1].decode()
        # 6: the one before was killed when all was done already, so there is nothing to go on with.
        assert process.returncode in ((0, -signal.SIGKILL, 6) if was_killed else (0, -signal.SIGKILL)), said
        was_killed = process.returncode == -signal.SIGKILL
        if process.returncode in (0, 6):
            assert_same(state_of(member), wanted)
            member.client.drop_database("shop")
    done = restore(store, member, "--resume", check=None)
    # The last one may have been killed when all was done already: then there is nothing to go on with.
    assert done.status in (0, 6), done.story()
    assert killed >= 5
    assert_same(state_of(member), wanted)
    assert [d["i"] for d in db["ring"].find()] == ring
    assert not list((store.path / "local").glob("*/restore/*")), "its state was left"


def test_what_was_left_before_a_run_was_killed_is_told_by_the_one_that_goes_on(member, store):
    orders = member.client["shop"]["orders"]
    orders.insert_many([{"_id": i, "pad": "x" * 1000} for i in range(40000)])
    backed_up(store, member)
    orders.delete_many({"_id": {"$gte": 10}})
    orders.update_many({}, {"$set": {"changed": True}})
    command = [str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "-j", "1", "--mode", "missing", "--uri", member.uri]
    process = subprocess.Popen([*command, "--rate", "8M"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while orders.estimated_document_count() < 20000 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = restored(store, member, "--mode", "missing", "--resume", check=3)
    assert done["result"]["kept"] == 10 and done["result"]["verified"]
    assert orders.count_documents({}) == 40000 and orders.count_documents({"changed": True}) == 10


def test_a_standalone_takes_it_too(store, member):
    fill(member)
    backed_up(store, member)
    wanted = state_of(member)
    with peers.Mongod(member.version, replset=False) as alone:
        restore(store, alone)
        assert_same(state_of(alone), wanted)
        alone.client["shop"]["orders"].delete_many({"_id": {"$lt": 10}})
        assert restored(store, alone, "--mode", "missing")["result"]["inserted"] == 10


def test_a_password_is_said_nowhere(member, store, tmp_path):
    fill(member, 10)
    backed_up(store, member)
    member.client.admin.command("createUser", "writer", pwd=SECRET, roles=["restore"])
    good = f"mongodb://writer:k33p-th1s%25secret%2F@{member.address}/?directConnection=true&authSource=admin"
    path = tmp_path / "uri"
    path.write_text(good + "\n")
    path.chmod(0o600)
    said = [store.run("restore", "--uri-file", path, "-y", "--drop"), store.run("restore", "--uri", good, "-y", "--drop", "--json"),
            store.run("restore", "--uri", good.replace("k33p", "K33p"), "-y", "--drop", check=6),
            store.run("restore", "--uri", f"mongodb://writer:{SECRET}@{member.address}/", "-y", check=2),
            store.run("verify", "--uri", good.replace("writer", "nobody"), check=6)]
    for done in said:
        for word in (SECRET, "k33p-th1s", "K33p"):
            assert word not in done.out + done.err, done.story()
    for file in (p for p in store.path.rglob("*") if p.is_file()):
        assert b"k33p-th1s" not in file.read_bytes(), file


def test_what_can_not_be_is_a_usage_error(member, store):
    fill(member, 10)
    backed_up(store, member)
    for options, status in ((("--mode", "all"), 2), (("--id", "1", "--query", "{}"), 2), (("--keepTTL", "--noTTL"), 2),
                            (("--drop", "--mode", "missing"), 2), (("--drop", "--id", "1"), 2), (("--numInsertionWorkers", "0"), 2),
                            (("--nsInclude", "no.such"), 1), (("--at", "2001-01-01T00:00:00Z"), 5), (("--at", "nothing"), 1),
                            (("--query", "{"), 2)):
        done = restore(store, member, *options, check=None)
        assert done.status == status, done.story()
    assert store.run("restore", "-y", check=2)
    gone = f"mongodb://127.0.0.1:{peers.free_port()}/?serverSelectionTimeoutMS=300"
    assert store.run("restore", "-y", "--uri", gone, check=1)


def test_elections_meanwhile_lose_nothing_and_write_nothing_twice(tmp_path):
    from replica_set import ReplicaSet

    with peers.Mongod("6.0.27") as source:
        fill(source, 30000)
        db = source.client["shop"]
        db["wide"].insert_many([{"_id": i, "pad": "w" * 900} for i in range(20000)])
        db.create_collection("ring", capped=True, size=10**7)
        db["ring"].insert_many([{"i": i} for i in range(20000)])
        store = peers.Store(tmp_path / "store")
        backed_up(store, source)
        wanted = peers.dbhash(source.client, "shop")
    with ReplicaSet("6.0.27") as target:
        command = [str(peers.program("yester")), "restore", "-s", str(store.path), "-y", "--json", "--rate", "4M", "--uri", target.uri]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        elections = 0
        while elections < 3:
            try:
                process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                target.step_down()
                elections += 1
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err.decode()
        result = json.loads(out)["result"]
        assert elections >= 1 and result["verified"]
        assert peers.dbhash(target.leader().client, "shop") == wanted
