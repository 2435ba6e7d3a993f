"""yester ingest-oplog: slices of real oplogs in any order, every form of input, and what has to be refused."""
import bz2
import gzip
import json
import lzma
import os
import random
import struct
import subprocess

import bson
import peers
import pymongo
import pytest
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.timestamp import Timestamp

SEED = int(os.environ.get("YESTER_SEED", "5"))
RAW = CodecOptions(document_class=RawBSONDocument)


def documents(data):
    """The documents of a .bson, as bytes."""
    at, found = 0, []
    while at < len(data):
        length = struct.unpack_from("<i", data, at)[0]
        found.append(data[at:at + length])
        at += length
    return found


def optime(entry):
    ts = bson.decode(entry)["ts"]
    return f"{ts.time}.{ts.inc}"


def oplog_of(server):
    """All of a server's oplog up to now: entries as bytes."""
    log = server.client.local.get_collection("oplog.rs", codec_options=RAW)
    return [entry.raw for entry in log.find().sort("$natural", 1)]


def work(server, rng, rounds):
    """Writes of many kinds."""
    client = pymongo.MongoClient("127.0.0.1", server.port, directConnection=True)
    db = client["shop"]
    for name in {"orders", "users", "events"} - set(db.list_collection_names()):
        db.create_collection(name)
    for i in range(rounds):
        kind = rng.randrange(8)
        coll = db[rng.choice(("orders", "users", "events"))]
        if kind < 3:
            coll.insert_many([{"n": i, "pad": "x" * rng.randrange(300)} for _ in range(rng.randrange(1, 20))])
        elif kind == 3:
            coll.update_many({"n": rng.randrange(i + 1)}, {"$set": {"seen": i}})
        elif kind == 4:
            coll.delete_one({"n": rng.randrange(i + 1)})
        elif kind == 5:
            coll.create_index([(f"f{i}", 1)])
        elif kind == 6:
            with client.start_session() as session, session.start_transaction():
                db["orders"].insert_one({"in": "transaction", "i": i}, session=session)
                db["orders"].insert_one({"in": "transaction", "i": i}, session=session)
        else:
            db[f"temporary{i}"].insert_one({"i": i})
            db[f"temporary{i}"].drop()
    client.close()


def made_entry(seconds, increment=1, **fields):
    entry = {"op": "i", "ns": "shop.orders", "ui": bson.Binary(bytes(range(16)), 4), "o": {"_id": seconds},
             "ts": Timestamp(seconds, increment), "t": bson.Int64(1), "v": bson.Int64(2), **fields}
    return bson.encode({k: v for k, v in entry.items() if v is not None})


def write(path, entries):
    path.write_bytes(b"".join(entries))
    return path


class Oplog:
    """`yester ingest-oplog` into one store."""

    def __init__(self, store):
        self.store = store

    def add(self, *paths, check=0, **more):
        done = self.store.run("ingest-oplog", "--json", *paths, check=check, **more)
        return json.loads(done.out) if done.out else done

    def files(self):
        return sorted(str(p) for kind in ("oplog", "snapshots") for p in (self.store.path / kind).rglob("*"))

    def refuse(self, *paths, check, says="", **more):
        """It fails, says why, and changes nothing."""
        before = self.files()
        done = self.store.run("ingest-oplog", *paths, check=check, **more)
        assert self.files() == before
        assert says in done.err, done.story()
        return done


@pytest.fixture
def oplog(store):
    return Oplog(store)


def test_slices_of_a_real_oplog_in_any_order(mongod, oplog, tools, tmp_path):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    mongod.wipe()
    work(mongod, rng, 60)
    entries = oplog_of(mongod)
    count = len(entries)
    cuts = sorted(rng.sample(range(1, count - 1), 8))
    bounds = list(zip([0] + cuts, [c + rng.randrange(1, 10) for c in cuts] + [count]))
    rng.shuffle(bounds)
    seen = set()
    for i, (first, end) in enumerate(bounds):
        end = min(end, count)
        path = write(tmp_path / f"slice{i}.bson", entries[first:end])
        result = oplog.add(path, check=(0, 3))
        assert result["newEntries"] == len(set(range(first, end)) - seen)
        assert result["entries"]["first"] == optime(entries[first])
        assert result["entries"]["last"] == optime(entries[end - 1])
        seen.update(range(first, end))
    assert "gap" not in result
    assert result["range"]["first"] == optime(entries[0]) and result["range"]["last"] == optime(entries[-1])
    # Every form in which the tools write it says the same, byte for byte.
    address = ("--host", mongod.address)
    tools.mongodump(*address, "-d", "local", "-c", "oplog.rs", "--out", tmp_path / "plain")
    tools.mongodump(*address, "-d", "local", "-c", "oplog.rs", "--gzip", "--out", tmp_path / "gzip")
    tools.mongodump(*address, "-d", "local", "-c", "oplog.rs", f"--archive={tmp_path / 'archive'}")
    stream = tools.mongodump(*address, "-d", "local", "-c", "oplog.rs", "--out", "-").raw
    for i, forms in enumerate(([tmp_path / "plain"], [tmp_path / "plain" / "local"], [tmp_path / "gzip"],
                               [tmp_path / "archive"], [tmp_path / "plain" / "local" / "oplog.rs.bson"],
                               [tmp_path / "gzip" / "local" / "oplog.rs.bson.gz"],
                               [tmp_path / "archive", tmp_path / "plain"])):
        result = oplog.add(*forms)
        # A server goes on: the first dump may have a sign of life more.
        assert result["duplicateEntries"] >= count and (i == 0 or result["newEntries"] < 5)
    archive = (tmp_path / "archive").read_bytes()
    for given in (stream, archive, gzip.compress(archive)):
        result = oplog.add("-", input=given)
        assert result["duplicateEntries"] >= count
        assert "gap" not in result
    oplog.refuse("-", input=archive[:-100], check=1, says="standard input")
    check = json.loads(oplog.store.run("check", "--read-data", "--json").out)
    assert check["whole"] and check["entries"] >= count


def test_the_oplog_of_a_dump_continues_the_stream(mongod, oplog, tools, tmp_path):
    rng = random.Random(SEED)
    mongod.wipe()
    work(mongod, rng, 20)
    oplog.add(write(tmp_path / "before.bson", oplog_of(mongod)))
    tools.mongodump("--host", mongod.address, "--oplog", "--out", tmp_path / "dump")
    entries = documents((tmp_path / "dump" / "oplog.bson").read_bytes())
    result = oplog.add(tmp_path / "dump")
    assert result["newEntries"] + result["duplicateEntries"] == len(entries) > 0
    # An overlap by one entry is the proof; there may have been signs of life since.
    assert ("gap" in result) == (result["duplicateEntries"] == 0)


def test_a_gzipped_dump_with_its_oplog(mongod, tools, tmp_path):
    """mongodump writes a gzip'd oplog.bson, without .gz; mongorestore --gzip looks for that name, in ours too."""
    mongod.wipe()
    work(mongod, random.Random(SEED), 20)
    tools.mongodump("--host", mongod.address, "--oplog", "--gzip", "--out", tmp_path / "dump")
    assert (tmp_path / "dump" / "oplog.bson").read_bytes()[:2] == b"\x1f\x8b"
    store = peers.Store(tmp_path / "store")
    store.ingest(tmp_path / "dump")
    snapshot = json.loads(store.run("snapshots", "--json").out)[0]
    assert snapshot["exact"], snapshot
    result = json.loads(store.run("ingest-oplog", tmp_path / "dump", "--json").out)
    assert result["newEntries"] == 0 and result["duplicateEntries"] > 0


def test_a_gap_is_told_until_it_is_filled(oplog, tmp_path):
    entries = [made_entry(1700000000 + i) for i in range(30)]
    oplog.add(write(tmp_path / "a.bson", entries[:10]))
    result = oplog.add(write(tmp_path / "b.bson", entries[20:]), check=3)
    assert result["gap"]["first"] == optime(entries[9]) and result["gap"]["last"] == optime(entries[20])
    text = oplog.store.run("ingest-oplog", tmp_path / "b.bson", check=3).out
    assert "gap" in text and optime(entries[9]) in text and optime(entries[20]) in text
    # One that touches, without an overlap, proves nothing.
    assert "gap" in oplog.add(write(tmp_path / "c.bson", entries[10:20]), check=3)
    result = oplog.add(write(tmp_path / "d.bson", entries[9:11]), write(tmp_path / "e.bson", entries[19:21]))
    assert "gap" not in result and result["newEntries"] == 0
    assert result["range"]["first"] == optime(entries[0]) and result["range"]["last"] == optime(entries[-1])


def test_a_slice_that_a_query_cut_is_suspected(oplog, tmp_path):
    """What mongodump -q '{"ns": ...}' left out can't be seen; but a quarter of an hour without anything of the server's own is odd."""
    def told(entries):
        done = oplog.store.run("ingest-oplog", "--json", write(tmp_path / "slice", entries), check=(0, 3))
        return json.loads(done.out).get("slicesThatMayLackEntries", 0), done.err

    def shop(begin):
        return [made_entry(begin + 60 * i) for i in range(16)]

    cut = shop(1_700_000_000)
    assert told(cut[:15]) == (0, "")
    count, err = told(cut)
    assert count == 1 and "2023-11-14 22:13:20 UTC to 2023-11-14 22:28:20 UTC there is nothing that a server logs by itself" in err
    assert "query (-q)" in err
    for i, own in enumerate(({"op": "n", "ns": "", "ui": None, "o": {"msg": "periodic noop"}},
                             {"ns": "config.system.sessions"},
                             {"op": "c", "ns": "admin.$cmd", "ui": None, "o": {"applyOps": []}}), 1):
        begin = 1_700_000_000 + 10_000 * i
        assert told([*shop(begin), made_entry(begin + 1000, **own)]) == (0, "")
    # Each slice is looked at by itself.
    done = oplog.store.run("ingest-oplog", write(tmp_path / "cut", cut), tmp_path / "slice", tmp_path / "cut", check=(0, 3))
    assert "(and in 1 more)" in done.err


def test_damaged_input_changes_nothing(oplog, tmp_path):
    rng = random.Random(SEED)
    entries = [made_entry(1700000000 + i, o={"_id": i, "pad": "x" * rng.randrange(200)}) for i in range(200)]
    whole = b"".join(entries)
    oplog.add(write(tmp_path / "good.bson", entries[:50]))
    ends = {sum(map(len, entries[:i])) for i in range(201)}
    path = tmp_path / "bad.bson"
    for cut in [*range(1, 8), *rng.sample(range(1, len(whole)), 20), len(whole) - 1]:
        if cut in ends:
            continue
        path.write_bytes(whole[:cut])
        at = max(end for end in ends if end < cut)
        oplog.refuse(path, check=1, says=f"{path}: document at offset {at}")
    for at in sorted(ends - {len(whole)})[::45]:  # lengths that are none
        for length in (0, 4, -1, 1 << 30, 17 << 20):
            path.write_bytes(whole[:at] + struct.pack("<i", length) + whole[at + 4:])
            oplog.refuse(path, check=1, says=f"{path}: document at offset {at}")
    shuffled = entries[:]
    shuffled[60], shuffled[61] = shuffled[61], shuffled[60]
    oplog.refuse(write(path, shuffled), check=1, says=f"{path}: offset {sum(map(len, shuffled[:61]))}")
    twice = entries[:100] + entries[99:]
    oplog.refuse(write(path, twice), check=1, says="they have to ascend")
    oplog.refuse(write(path, [bson.encode({"_id": 1, "a": 2})]), check=1, says="no oplog entry")
    oplog.refuse(write(path, [made_entry(1700000000, o=None)]), check=1, says="field o is missing")
    # A good file does not help a bad one beside it, nor a cut off gzip.
    good = write(tmp_path / "rest.bson", entries[49:])
    path.write_bytes(whole[:-1])
    oplog.refuse(good, path, check=1)
    packed = gzip.compress(whole)
    (tmp_path / "cut.bson.gz").write_bytes(packed[:len(packed) // 2])
    oplog.refuse(good, tmp_path / "cut.bson.gz", check=1, says="cut.bson.gz")
    (tmp_path / "empty.bson.gz").write_bytes(b"")
    oplog.refuse(tmp_path / "empty.bson.gz", check=1, says="empty.bson.gz: expected gzip, the file has 0 bytes")
    oplog.refuse("-", check=1, says="standard input", input=whole[:-3])
    assert oplog.add(good)["newEntries"] == 150


def test_what_is_no_oplog_is_refused(oplog, fixture_dump, tmp_path):
    oplog.refuse(check=2, says="which oplog")
    oplog.refuse(tmp_path / "absent.bson", check=1, says="absent.bson")
    (tmp_path / "empty").mkdir()
    oplog.refuse(tmp_path / "empty", check=2)
    (tmp_path / "dump" / "shop").mkdir(parents=True)
    write(tmp_path / "dump" / "shop" / "orders.bson", [bson.encode({"_id": 1})])
    oplog.refuse(tmp_path / "dump", check=2, says="there is no oplog in it")
    oplog.refuse(tmp_path / "dump" / "shop" / "orders.bson", check=1, says="no oplog entry")
    write(tmp_path / "nothing.bson", [])
    result = oplog.add(tmp_path / "nothing.bson")
    assert result["newEntries"] == 0 and "entries" not in result
    done = peers.yester("ingest-oplog", "-s", tmp_path / "no-store", tmp_path / "nothing.bson", check=10)
    assert "no store" in done.err


def test_an_oplog_in_another_form_is_told_by_its_form(oplog, tmp_path):
    """Text of mongoexport and bsondump; what other backup programs and compressors make of one."""
    entries = [made_entry(1795254000 + i) for i in range(40)]
    whole = b"".join(entries)
    lines = "\n".join(json_util.dumps(bson.decode(entry), json_options=json_util.CANONICAL_JSON_OPTIONS) for entry in entries[:20]).encode()
    forms = {"json": (lines, "found JSON"), "array.json": (b"[" + lines.replace(b"\n", b",") + b"]", "found JSON"), "json.gz": (gzip.compress(lines), "found JSON"),
             "xz": (lzma.compress(whole), "that xz compressed"), "bz2": (bz2.compress(whole), "that bzip2 compressed"),
             "zst": (b"\x28\xb5\x2f\xfd" + whole, "that zstd compressed"), "lz4": (b"\x04\x22\x4d\x18" + whole, "that lz4 compressed"),
             "s2": (b"\xff\6\0\0S2sTwO\1" + whole, "that s2 compressed"), "snappy": (b"\xff\6\0\0sNaPpY\1" + whole, "that snappy compressed")}
    for ending, (data, says) in forms.items():
        (tmp_path / f"oplog.{ending}").write_bytes(data)
        done = oplog.refuse(tmp_path / f"oplog.{ending}", check=2, says=says)
        assert "mongodump -d local -c oplog.rs" in done.err or "only gzip is read as it is" in done.err, done.err
        oplog.refuse("-", check=2, says=says, input=data)
    (tmp_path / "20261123000000-1.20261123001000-5.oplog.gz").write_bytes(gzip.compress(whole))
    assert oplog.add(tmp_path / "20261123000000-1.20261123001000-5.oplog.gz")["newEntries"] == len(entries)


def test_another_replica_sets_oplog_is_refused(oplog, tmp_path):
    entries = [made_entry(1700000000 + i) for i in range(30)]
    oplog.add(write(tmp_path / "a.bson", entries))
    path = tmp_path / "b.bson"
    others = [made_entry(1700000000 + i, ui=bson.Binary(b"other-other-oth!", 4)) for i in range(30)]
    oplog.refuse(write(path, others), check=6, says="another replica set")
    rolled_back = entries[:20] + [made_entry(1700000000 + i, t=bson.Int64(2)) for i in range(20, 40)]
    oplog.refuse(write(path, rolled_back), check=6, says="rolled back")
    oplog.refuse(write(path, entries[:10] + entries[11:]), check=6, says=optime(entries[10]))
    between = entries[:10] + [made_entry(1700000009, 2)] + entries[10:]
    oplog.refuse(write(path, between), check=6, says="1700000009.2")


def test_indexes_and_renames_of_old_servers_are_followed(store, oplog, tmp_path):
    """Servers before 3.6 logged an index as a document of system.indexes, those before 3.2 a rename in admin."""
    dump = tmp_path / "dump"
    (dump / "shop").mkdir(parents=True)
    (dump / "shop" / "orders.bson").write_bytes(bson.encode({"_id": 1}))
    (dump / "shop" / "orders.metadata.json").write_text('{"indexes":[{"v":1,"key":{"_id":1},"name":"_id_","ns":"shop.orders"}]}')
    old = {"ui": None, "t": None, "h": bson.Int64(7), "v": 2}
    noop = made_entry(100, op="n", ns="", o={"msg": "x"}, **old)
    write(dump / "oplog.bson", [noop])
    store.ingest(dump)
    spec = {"v": 1, "key": {"a": 1}, "name": "a_1", "ns": "shop.orders"}
    oplog.add(write(tmp_path / "slice.bson", [
        noop, made_entry(101, ns="shop.system.indexes", o=spec, **old),
        made_entry(102, op="c", ns="shop.$cmd", o={"deleteIndexes": "orders", "index": "a_1"}, **old),
        made_entry(102, 2, op="c", ns="admin.$cmd", o={"renameCollection": "shop.orders", "to": "shop.renamed"}, **old),
        made_entry(103, ns="shop.system.indexes", o={**spec, "ns": "shop.none"}, **old)]))
    store.run("dump", "--at", "102.2", "--out", tmp_path / "moved")
    assert [path.name for path in (tmp_path / "moved" / "shop").glob("*.bson")] == ["renamed.bson"]
    for at, names in (("100.1", ["_id_"]), ("101.1", ["_id_", "a_1"]), ("102.1", ["_id_"])):
        store.run("dump", "--at", at, "--out", tmp_path / at)
        metadata = json.loads((tmp_path / at / "shop" / "orders.metadata.json").read_text())
        assert [index["name"] for index in metadata["indexes"]] == names, at
        assert not (tmp_path / at / "shop" / "system.indexes.bson").exists()
    assert "shop.none can't be told at this moment" in store.run("dump", "--at", "103.1", "--out", tmp_path / "103", check=1).err


def test_an_earlier_term_at_a_later_time_is_refused(oplog, tmp_path):
    """Two branches that somebody sorted into one file by their time: no member would follow that."""
    term = {n: {"t": bson.Int64(n)} for n in (-1, 4, 5)}
    mixed = [made_entry(1, **term[4]), made_entry(2, **term[5]), made_entry(3, **term[4]), made_entry(4, **term[5])]
    says = "entry 3.1 of term 4 comes after entry 2.1 of term 5"
    oplog.refuse(write(tmp_path / "mixed.bson", mixed), check=6, says=says)
    oplog.add(write(tmp_path / "first.bson", mixed[:2]))
    oplog.refuse(write(tmp_path / "next.bson", mixed[1:3]), check=6, says=says)
    # Terms of protocol version 0 are none.
    assert oplog.add(write(tmp_path / "none.bson", [mixed[1], made_entry(3, **term[-1]), made_entry(4, **term[4])]))["newEntries"] == 2


def test_slices_that_were_collected_in_a_folder_are_read_by_its_name(oplog, tmp_path):
    """Files of entries, and dumps that have an oplog, in one folder; what is of a collection is not taken for a slice."""
    entries = [made_entry(n) for n in range(1, 13)]
    slices = tmp_path / "slices"
    for folder in ("day2/local", "day3", "day3/shop", "shop"):
        (slices / folder).mkdir(parents=True)
    write(slices / "z.bson", entries[:4])
    (slices / "a.bson.gz").write_bytes(gzip.compress(b"".join(entries[3:6])))
    write(slices / "day2" / "local" / "oplog.rs.bson", entries[5:8])
    write(slices / "day3" / "oplog.bson", entries[7:11])
    write(slices / "day3" / "shop" / "orders.bson", [bson.encode({"_id": 1})])
    for name in ("orders", "shop/oplog"):  # collections
        write(slices / f"{name}.bson", [bson.encode({"_id": 1})])
        (slices / f"{name}.metadata.json").write_text("{}")
    (slices / "README").write_text("no slice")
    added = oplog.add(slices)
    assert (added["newEntries"], added["duplicateEntries"], "gap" in added) == (11, 3, False)
    assert oplog.add(slices / "day2" / "local")["duplicateEntries"] == 3
    (slices / "b.bson").write_bytes(entries[11] + entries[11][:-1])
    oplog.refuse(slices, check=1, says="b.bson")
    (slices / "none").mkdir()
    oplog.refuse(slices / "none", check=2)


def test_a_dump_that_lacks_a_collection_is_not_exact(store, tmp_path):
    """mongodump lists the collections before it looks where its oplog begins: what is made in between is in neither."""
    uuid, late = bytes(range(16)), bson.Binary(bytes(range(1, 17)), 4)
    shop = tmp_path / "dump" / "shop"
    shop.mkdir(parents=True)
    write(shop / "orders.bson", [bson.encode({"_id": 1})])
    (shop / "orders.metadata.json").write_text(json.dumps({"indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "uuid": uuid.hex(),
                                                           "collectionName": "orders", "type": "collection"}))
    log = [made_entry(1_700_000_000), made_entry(1_700_000_001, ns="shop.late", ui=late)]

    def ingest(entries):
        write(tmp_path / "dump" / "oplog.bson", entries)
        return json.loads(store.run("ingest", "--json", tmp_path / "dump").out)

    told = ingest(log)
    assert not told["exact"] and "shop.late is not in the dump and was written to" in told["inexactWhy"], told
    gone = made_entry(1_700_000_002, op="c", ns="shop.$cmd", ui=late, o={"drop": "late"})
    assert ingest([*log, gone])["exact"]


def test_an_oplog_that_contradicts_a_snapshot_is_refused(oplog, tools, target, tmp_path):
    """The UUIDs of an exact snapshot tell whose oplog it is, without any entry in common."""
    target.client["shop"]["orders"].insert_one({"_id": 1})
    tools.mongodump("--host", target.address, "--out", tmp_path / "dump", "-d", "shop")
    last = bson.decode(oplog_of(target)[-1])["ts"]
    at = f"{last.time}.{last.inc}"
    oplog.store.run("ingest", tmp_path / "dump", "--time", at, "--assert-quiesced")
    target.client["shop"]["orders"].insert_one({"_id": 2})
    entries = oplog_of(target)
    changed = []
    for entry in entries:
        if RawBSONDocument(entry)["ns"] == "shop.orders":  # only these: others may have been restored with what Python has not
            fields = bson.decode(entry, codec_options=CodecOptions(uuid_representation=0))
            fields["ui"] = bson.Binary(b"other-other-oth!", 4)
            entry = bson.encode(fields, codec_options=CodecOptions(uuid_representation=0))
        changed.append(entry)
    oplog.refuse(write(tmp_path / "b.bson", changed), check=6, says="another UUID than in snapshot")
    assert oplog.add(write(tmp_path / "a.bson", entries))["newEntries"] == len(entries)


def test_one_at_a_time_and_killed_it_leaves_nothing(oplog, tmp_path):
    entries = [made_entry(1700000000 + i) for i in range(1000)]
    path = write(tmp_path / "a.bson", entries)
    before = oplog.files()
    command = [peers.program("yester"), "ingest-oplog", "-s", oplog.store.path, "-"]
    busy = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    try:
        data = path.read_bytes()
        busy.stdin.write(data)
        busy.stdin.flush()
        # It has read more than a pipe and its window hold once this is through: it holds the lock.
        busy.stdin.write(b"".join(made_entry(1700001000 + i) for i in range(20000)))
        busy.stdin.flush()
        oplog.refuse(path, check=11)
    finally:
        busy.kill()
        busy.wait()
    assert oplog.files() == before
    assert oplog.add(path)["newEntries"] == 1000


def test_a_large_entry_and_an_operation_of_a_later_server_are_kept(oplog, tmp_path):
    large = made_entry(1700000000, o={"_id": 1, "pad": b"x" * (16 << 20)})
    assert len(large) > 16 << 20
    later = made_entry(1700000001, op="zz")
    command = made_entry(1700000002, op="c", ns="shop.$cmd", o={"whatIsThis": 1})
    path = write(tmp_path / "a.bson", [large, later, command])
    assert oplog.add(path)["newEntries"] == 3
    assert oplog.add(path)["duplicateEntries"] == 3
    too_large = made_entry(1700000003, o={"_id": 1, "pad": b"x" * (17 << 20)})
    oplog.refuse(write(path, [large, too_large]), check=1, says=f"offset {len(large)}")


def test_an_operation_of_a_later_server_is_told_of_its_collection_only(oplog, tmp_path):
    other = {"ns": "shop.other", "ui": bson.Binary(bytes(range(1, 17)), 4)}
    set_a = {"op": "u", "o": {"$v": 2, "diff": {"i": {"a": 1}}}, "o2": {"_id": 1}}
    oplog.add(write(tmp_path / "a.bson", [
        made_entry(1700000000, o={"_id": 1}), made_entry(1700000001, o={"_id": 1}, **other), made_entry(1700000002, op="zz"),
        made_entry(1700000003, **set_a), made_entry(1700000004, **set_a, **other)]))
    for name, count, status in (("shop.other", 2, 0), ("shop.orders", 2, 3), ("shop", 4, 3)):
        done = oplog.store.run("log", name, check=status)
        assert len(done.out.splitlines()) == count and ("unknown operation 'zz'" in done.err) == (status == 3), done
    made = [json.loads(line) for line in oplog.store.run("log", "shop.other", "1", "--json").out.splitlines()]
    assert made[-1]["document"] == {"_id": 1, "a": 1}
    done = oplog.store.run("log", "shop.orders", "1", "--json", check=3)
    assert '"a"' not in done.out and "unknown operation 'zz'" in done.err, done.out


def test_a_time_series_without_a_view_from_its_dump_on(store, oplog, tmp_path):
    """As servers from 8.3 on log it: under its own name, with its own UUID; its documents are buckets."""
    dump, series = tmp_path / "dump", bytes(range(16))
    named = {"ns": "shop.heat", "ui": bson.Binary(series, 4)}
    (dump / "shop").mkdir(parents=True)
    (dump / "shop" / "heat.bson").write_bytes(bson.encode({"_id": 1, "control": {}}))
    (dump / "shop" / "heat.metadata.json").write_text(json.dumps({
        "options": {"timeseries": {"timeField": "t"}}, "indexes": [], "uuid": series.hex(), "collectionName": "heat", "type": "timeseries"}))
    noop = made_entry(100, op="n", ns="", ui=None, o={"msg": "x"})
    write(dump / "oplog.bson", [noop])
    store.ingest(dump)
    oplog.add(write(tmp_path / "slice.bson", [
        noop, made_entry(101, o={"_id": 2, "control": {}}, **named), made_entry(102, op="d", o={"_id": 1}, **named)]))
    buckets = "shop.system.buckets.heat"
    for at, ids in (("100.1", [1]), ("101.1", [1, 2]), ("102.1", [2])):
        assert [json.loads(line)["_id"] for line in store.run("cat", buckets, "--at", at).out.splitlines()] == ids
    for name in ("shop.heat", buckets):
        assert len(store.run("log", name, "--op", "i,d").out.splitlines()) == 2, name
    made = [json.loads(line) for line in store.run("log", buckets, "1", "--json").out.splitlines()]
    assert [entry["op"] for entry in made][-1] == "d"
    oplog.add(write(tmp_path / "more.bson", [
        made_entry(102, op="d", o={"_id": 1}, **named),
        made_entry(103, op="c", **{**named, "ns": "shop.$cmd"}, o={"drop": "heat"})]))
    assert "heat" not in store.run("ls", "--at", "103.1").out


def test_samples_of_the_tools_are_taken(shared, store, tmp_path):
    """mongo-tools' own test data: handmade and old entries, and two files that are out of order."""
    base = shared / "data" / "mongo-tools-testdata" / "mongorestore" / "testdata"
    taken = refused = 0
    for path in sorted(base.rglob("oplog.bson")) + [base / "dump_local_oplog", base / "dump-w-oplog.archive"]:
        oplog = Oplog(peers.Store(tmp_path / f"store{taken + refused}"))
        done = oplog.store.run("ingest-oplog", path, check=(0, 1))
        if done.status == 0:
            taken += 1
            assert oplog.add(path)["newEntries"] == 0
        else:
            refused += 1
            assert "they have to ascend" in done.err
    assert (taken, refused) == (12, 2)
