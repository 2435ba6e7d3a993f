"""yester restore into real servers: what was is there again, byte for byte, and nothing else was touched."""
import json
import os
import random
import threading
import time

import bson
import dumps
import peers
import pymongo
import pytest
from bson.timestamp import Timestamp
from restoring import assert_same, backed_up, fill, member, raw, restore, restored, server, state_of  # noqa: F401, fixtures

SEED = int(os.environ.get("YESTER_SEED", "8"))
SECRET = "k33p-th1s%secret/"


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
        deadline = time.monotonic() + 120
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


def test_documents_that_no_insert_takes_come_past_a_validator(member, store):
    """They are written as a secondary writes them, and that asked the validator, which is against what was there before it."""
    shop = member.client["shop"]
    odd = [bson.encode(bson.SON([("a", 1), ("_id", i)])) for i in range(3)] + [bson.encode({"_id": 3, "$set": 1, "a.b": 2})]
    shop.create_collection("c")
    for doc in odd:
        member.client.admin.command(bson.SON([("applyOps", [{"op": "i", "ns": "shop.c", "o": peers.RawBSONDocument(doc)}]), ("allowAtomic", False)]))
    shop.command("collMod", "c", validator={"n": {"$gt": 5}})
    assert raw(member, "shop", "c") == sorted(odd)
    backed_up(store, member)
    restore(store, member, "--drop")
    assert raw(member, "shop", "c") == sorted(odd)
    shop["c"].delete_many({})
    restore(store, member, "--mode", "missing")
    assert raw(member, "shop", "c") == sorted(odd)


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


def test_documents_beyond_16_mib_stop_no_restore(member, store, tmp_path):
    """What a secondary takes comes; of one that no server takes the error (10334) ended the restore of all others."""
    def document(_id, length):
        return bson.encode({"_id": _id, "pad": "x" * (length - 24)})

    documents = [document(i, length) for i, length in enumerate((100, 2**24 + 1, 2**24 + 12000, 2**24 + 2**14, 200))]
    assert [len(d) - 2**24 for d in documents[1:4]] == [1, 12000, 2**14]
    for name in ("big", "ring"):
        folder = tmp_path / "dump" / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.bson").write_bytes(b"".join(documents))
        (folder / f"{name}.metadata.json").write_text(
            '{"options":{"capped":true,"size":200000000},"indexes":[]}' if name == "ring" else '{"indexes":[]}')
    store.ingest(tmp_path / "dump")
    done = restored(store, member, check=3)["result"]
    assert done["inserted"] == 8 and done["counts"]["refused"] == 2 and done["verified"]
    assert {(n["namespace"], n["what"], n["why"]) for n in done["notes"]} == {
        (f"shop.{name}", "3", "it has more than 16 MiB, and no server takes that") for name in ("big", "ring")}
    for name in ("big", "ring"):
        assert raw(member, "shop", name) == sorted(documents[:3] + documents[4:])
    done = restored(store, member, "--nsInclude", "shop.big", "--mode", "replace", check=3)["result"]
    assert (done["same"], done["counts"]["refused"]) == (4, 1)


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
