"""yester backup, alone and with a tail, against real replica sets: nothing lost, nothing twice, nothing said that is secret."""
import contextlib
import datetime
import json
import os
import signal
import socket
import subprocess
import threading

import bson
import peers
import pymongo
import pytest
from following import SECONDS, Tail, Writer, equal, member, metadata_of, oplog_of, optime, optime_of, state_in, state_of, tail_once, until
from replica_set import Proxy

SEED = int(os.environ.get("YESTER_SEED", "6"))
SECRET = "k33p-th1s%secret/"


def test_a_backup_while_a_tail_runs(member, store, tmp_path):
    print(f"seed {SEED}")
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    with Writer(member, SEED + 10) as writer, Tail(store, member.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        for round_ in range(2):
            made = json.loads(store.run("backup", "--json", "--name", f"b{round_}", "--uri", member.uri).out)
            assert made["exact"]
        writer.stop()
        wanted = optime(oplog_of(member)[-1])
        until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
        assert tail.end() == 0, tail.said()
    assert "gap" not in tail_once(store, member.uri)
    theirs = state_of(member)
    assert state_in(store, "latest", tmp_path / "latest") == theirs
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


class Watching(Proxy):
    """It does what is asked for before it passes on a request that has certain words in it."""

    def __init__(self, port, deeds):
        self.deeds = deeds  # [words, what to do], each once
        super().__init__(port)

    def _pass(self, one, other):
        if any(one is client for client, _ in self.pairs):
            with contextlib.suppress(OSError):
                seen = one.recv(1 << 16, socket.MSG_PEEK)
                for deed in [d for d in self.deeds if d[0] in seen]:
                    self.deeds.remove(deed)
                    deed[1]()
        super()._pass(one, other)


def test_a_transaction_that_ends_while_open_ones_are_looked_for_is_whole(member, store, tmp_path):
    """The oplog of a backup begins before it, also where one that began later is still open."""
    member.wipe()
    with pymongo.MongoClient(member.uri) as client, contextlib.ExitStack() as stack:
        coll = client["shop"]["c0"]
        coll.insert_one({"_id": 0})

        def prepared(number):
            session = stack.enter_context(client.start_session())
            session.start_transaction()
            coll.insert_one({"_id": number}, session=session)
            return session, client.admin.command({"prepareTransaction": 1, "writeConcern": {"w": "majority"}}, session=session)

        def commit(session, answer):
            client.admin.command({"commitTransaction": 1, "commitTimestamp": answer["prepareTimestamp"],
                                  "writeConcern": {"w": "majority"}}, session=session)

        first, second = prepared(1), prepared(2)
        deeds = [[b"transactions\0", lambda: commit(*first)], [b"listDatabases", lambda: commit(*second)]]
        proxy = stack.enter_context(Watching(member.port, deeds))
        done = store.run("backup", "--uri", f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", check=None)
        assert not deeds and done.status == 0, f"{deeds}: {done.story()}"
    equal(state_in(store, "latest", tmp_path / "d"), state_of(member))


def test_a_name_that_is_taken_is_refused_before_anything_is_copied(member, store, tmp_path):
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--name", "once", "--uri", member.uri)
    member.client["shop"]["c0"].insert_one({"later": 1})
    peers.tools.mongodump("--quiet", "--port", member.port, "--out", tmp_path / "dump")

    def files():
        return sorted(p.relative_to(store.path) for p in store.path.rglob("*") if p.is_file() and "local" not in p.parts)

    before = files()
    for command in (("backup", "--uri", member.uri), ("ingest", tmp_path / "dump"), ("snapshot",)):
        assert 'there is a snapshot "once" already' in store.run(*command, "--name", "once", check=6).err
        assert files() == before, command


def test_a_backup_under_load_continued_by_tail_is_what_the_server_has(member, store, tmp_path, tools):
    print(f"seed {SEED}")
    member.wipe()
    client = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)
    db = client["shop"]
    for name in ("c0", "c1", "c2", "c3"):
        db[name].insert_many([{"n": i, "by": i % 2, "pad": "y" * 300} for i in range(5000)])
    db["c1"].create_index([("n", 1), ("by", -1)], name="both")
    db.create_collection("ring", capped=True, size=100000)
    db.create_collection("seen", viewOn="c0", pipeline=[{"$match": {"by": 1}}])
    if member.number >= (5, 0):
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    db.create_collection("folded", collation={"locale": "de", "strength": 2})
    last = None
    with Writer(member, SEED, threads=3) as writer:
        for round_ in range(4):
            with client.start_session() as session, session.start_transaction():
                db["c2"].insert_one({"open": round_}, session=session)
                db["ring"].insert_many([{"round": round_, "i": i} for i in range(50)])
                db["folded"].insert_many([{"_id": f"{kind}{round_}"} for kind in ("b", "A", "c")])
                if member.number >= (5, 0):
                    now = datetime.datetime.now(datetime.timezone.utc)
                    db["series"].insert_many([{"t": now, "m": i % 3, "v": i} for i in range(100)])
                made = json.loads(store.run("backup", "--json", "--name", f"b{round_}", "--uri", member.uri).out)
            assert made["exact"] and "inexactWhy" not in made
            optime = optime_of(made["optime"])
            assert last is None or optime > last
            last = optime
        writer.stop()
    result = tail_once(store, member.uri)
    assert "gap" not in result and result["newEntries"] > 0
    theirs = state_of(member)
    equal(state_in(store, "latest", tmp_path / "latest"), theirs)
    store.run("backup", "--name", "quiet", "--uri", member.uri)
    equal(state_in(store, "quiet", tmp_path / "quiet"), theirs)
    tools.mongodump("--host", member.address, "--out", tmp_path / "theirs")
    for mine in ("latest", "quiet"):
        assert metadata_of(tmp_path / mine) == metadata_of(tmp_path / "theirs")
    shown = store.run("show", "b0").out
    assert "rs0" in shown and member.version in shown
    client.close()


@pytest.mark.parametrize("seed", [SEED, *(pytest.param(SEED + more, marks=pytest.mark.long) for more in (1, 2))])
def test_a_backup_equals_a_snapshot_read_at_its_optime(member, store, tmp_path, seed):
    """Servers from 5.0 on can be asked what a collection held at a cluster time."""
    if member.number < (5, 0):
        pytest.skip("no snapshot reads outside of transactions before 5.0")
    print(f"seed {seed}")
    member.wipe()
    for name in ("c0", "c1", "c2", "c3"):
        member.client["shop"][name].insert_many([{"n": i, "by": i % 2, "pad": "z" * 200} for i in range(4000)])
    with Writer(member, seed, threads=3) as writer:
        made = json.loads(store.run("backup", "--json", "--name", "b", "--uri", member.uri).out)
        time_, increment = map(int, made["optime"].split("."))
        theirs = {}
        client = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)
        with client.start_session(snapshot=True) as session:
            session._snapshot_time = bson.timestamp.Timestamp(time_, increment)
            for name in ("c0", "c1", "c2", "c3"):
                documents = client.get_database("shop", codec_options=peers.RAW)[name].find({}, session=session)
                theirs[f"shop.{name}"] = sorted(doc.raw for doc in documents)
        client.close()
        writer.stop()
    ours = state_in(store, "b", tmp_path / "b")
    equal({ns: ours[ns] for ns in theirs}, theirs)


def test_a_rename_while_it_is_copied_begins_anew(member, store, tmp_path):
    member.wipe()
    db = member.client["shop"]
    for i in range(6):
        db[f"a{i}"].insert_many([{"i": n, "pad": "r" * 200} for n in range(3000)])
    stopped = threading.Event()

    def rename():
        client = pymongo.MongoClient("127.0.0.1", member.port, directConnection=True)
        for turn in range(6):
            client["shop"][f"a{turn}"].rename(f"z{turn}")
            client["shop"][f"z{turn}"].insert_one({"turn": turn})
            if stopped.wait(0.05):
                break
        client.close()

    thread = threading.Thread(target=rename)
    thread.start()
    try:
        done = store.run("backup", "--json", "--uri", member.uri, check=(0, 1))
    finally:
        stopped.set()
        thread.join()
    if done.status == 1:  # three times in a row
        assert "renamed" in done.err
        store.run("backup", "--uri", member.uri)
    tail_once(store, member.uri)
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))


class Before(Proxy):
    """What lies between a client and a server, and does a deed just before the client asks for the indexes of a collection."""

    def __init__(self, server, name, deed):
        self.name, self.deed, self.done = name.encode() + b"\0", deed, False
        super().__init__(server.port)
        self.uri = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def passes(self, data):
        if not self.done and b"\2listIndexes\0" in data and self.name in data:
            self.deed()
            self.done = True


def test_a_collection_that_is_renamed_while_it_is_listed_keeps_its_indexes(member, store, tmp_path):
    """By $out, for one: its new collection was listed under one name, and its indexes have to be asked for by another."""
    member.wipe()
    db, admin = member.client["shop"], member.client.admin
    for name in ("first", "report", "new"):
        db[name].insert_many([{"i": n} for n in range(10)])
        db[name].create_index("i", name=f"of_{name}")

    def rename():
        db["first"].rename("last")
        admin.command("renameCollection", "shop.new", to="shop.report", dropTarget=True)

    with Before(member, "first", rename) as proxy:
        store.run("backup", "--uri", proxy.uri)
    assert proxy.done
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))
    ours = {ns: [index["name"] for index in indexes] for ns, (_, indexes, _) in metadata_of(tmp_path / "latest").items()}
    assert ours["shop.last"] == ["_id_", "of_first"] and ours["shop.report"] == ["_id_", "of_new"], ours


def test_a_name_that_is_listed_twice_is_listed_again(member, store, tmp_path):
    """While collections take each other's names, 4.2 may list one name for both. A view and a collection of one name do the same."""
    if member.number < (5, 0):
        pytest.skip("it lists only one of them")
    member.wipe()
    db, admin = member.client["shop"], member.client.admin
    for name in ("first", "second"):
        db[name].insert_one({"i": 1})
    db.command("create", "other", viewOn="first", pipeline=[])
    admin.command("applyOps", [{"op": "i", "ns": "shop.system.views", "o": {"_id": "shop.second", "viewOn": "first", "pipeline": []}}])
    listed = [one["name"] for one in db.list_collections()]
    assert listed.count("second") == 2, listed
    done = store.run("backup", "--uri", member.uri, check=1)
    assert "lists shop.second twice: there are a collection and a view of this name" in done.err and "--nsExclude 'shop.second'" in done.err
    assert store.run("snapshots", "--json").out.strip() in ("", "[]")

    def drop_the_view():
        admin.command("applyOps", [{"op": "d", "ns": "shop.system.views", "o": {"_id": "shop.second"}}])

    with Before(member, "first", drop_the_view) as proxy:
        store.run("backup", "--uri", proxy.uri)
    assert proxy.done
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))


def test_a_collection_beside_the_buckets_of_its_name_keeps_its_indexes(member, store, tmp_path):
    """From 5.0 on listIndexes takes X for a time series where there is a system.buckets.X, and lists those of the buckets."""
    if member.number < (5, 0):
        pytest.skip("it has no time series")
    member.wipe()
    db, admin = member.client["shop"], member.client.admin
    db.create_collection("heat", timeseries={"timeField": "t", "metaField": "m"})
    admin.command("applyOps", [{"op": "d", "ns": "shop.system.views", "o": {"_id": "shop.heat"}}])
    db.create_collection("heat")
    db.create_collection("plain")
    uuid = next(one for one in db.list_collections() if one["name"] == "heat")["info"]["uuid"]
    assert db.command("listIndexes", "heat")["cursor"]["firstBatch"] == []
    assert [i["name"] for i in db.command("listIndexes", uuid)["cursor"]["firstBatch"]] == ["_id_"]
    store.run("backup", "--uri", member.uri)
    store.run("dump", "--out", tmp_path / "ours")
    assert metadata_of(tmp_path / "ours")["shop.heat"][1] == metadata_of(tmp_path / "ours")["shop.plain"][1] != []


def test_a_time_series_whose_view_comes_after_its_buckets_is_one(member, store, tmp_path):
    """Servers make the buckets first. Who is copied in between lists no time series, and its options are logged no more."""
    if member.number < (5, 0):
        pytest.skip("it has none")
    member.wipe()
    db, options = member.client["shop"], {"timeField": "t", "metaField": "m"}
    db.create_collection("model", timeseries=options)
    buckets = next(one for one in db.list_collections() if one["name"] == "system.buckets.model")["options"]
    db.command(bson.SON([("create", "system.buckets.series"), *buckets.items()]))
    store.run("backup", "--uri", member.uri)
    store.run("snapshot", "--name", "between")
    db.create_collection("series", timeseries=options)
    db["series"].create_index("m")
    db["series"].insert_one({"t": datetime.datetime(2026, 11, 22), "m": 1})
    tail_once(store, member.uri)
    peers.tools.mongodump("--quiet", "--port", member.port, "--out", tmp_path / "theirs")
    store.run("dump", "--out", tmp_path / "ours")
    assert metadata_of(tmp_path / "ours")["shop.series"] == metadata_of(tmp_path / "theirs")["shop.series"]
    equal(state_in(store, "latest", tmp_path / "latest"), state_of(member))


def test_an_index_of_a_time_series_that_is_being_built_is_not_there(member, store, tmp_path):
    """It was listed as ready, also when its build is given up. What follows it is ready where the oplog says so."""
    if member.number < (5, 0):
        pytest.skip("it has no time series")
    member.wipe()
    db, hang = member.client["shop"], ("configureFailPoint", "hangAfterStartingIndexBuild")
    db.create_collection("s", timeseries={"timeField": "t", "metaField": "m"})
    db["s"].insert_one({"t": datetime.datetime(2026, 1, 1), "m": {"a": 1}})
    db["s"].create_index("m.a", name="ready")
    thread = threading.Thread(target=db["s"].create_index, args=("m.b",), kwargs={"name": "slow"})
    member.client.admin.command(*hang, mode="alwaysOn")
    try:
        thread.start()
        until(lambda: "buildUUID" in str(list(db.command("listIndexes", "system.buckets.s", includeBuildUUIDs=True)["cursor"]["firstBatch"])), "it is being built")
        store.run("backup", "--name", "early", "--uri", member.uri)
    finally:
        member.client.admin.command(*hang, mode="off")
        thread.join()
    tail_once(store, member.uri)
    for at, names in (("early", ["ready"]), ("latest", ["ready", "slow"])):
        store.run("dump", "--at", at, "--out", tmp_path / at, "--nsInclude", "shop.s")
        assert [one["name"] for one in metadata_of(tmp_path / at)["shop.s"][1]] == names


def test_only_what_is_asked_for_is_copied(member, store, tmp_path):
    member.wipe()
    for name in ("one", "two"):
        member.client[name]["c"].insert_one({"in": name})
    made = json.loads(store.run("backup", "--json", "--nsInclude", "one.*", "--uri", member.uri).out)
    assert made["partial"] and made["exact"]
    assert list(state_in(store, "latest-snapshot", tmp_path / "d")) == ["one.c"]


def test_an_entry_that_the_member_does_not_have_is_refused(member, store, tmp_path):
    member.wipe()
    member.client["shop"]["c0"].insert_many([{"i": i} for i in range(5)])
    member.client["shop"]["c0"].delete_many({})
    entries = oplog_of(member)
    forged = bson.decode(entries[-2])
    forged["wall"] = forged["wall"].replace(year=2001)
    other = bson.encode(forged)
    (tmp_path / "a.bson").write_bytes(b"".join(entries[:-2]) + other)
    store.run("ingest-oplog", tmp_path / "a.bson")
    done = tail_once(store, member.uri, check=6)
    assert "rolled back" in done.err
    # An entry of a time at which the member has none.
    forged["ts"] = bson.timestamp.Timestamp(forged["ts"].time, forged["ts"].inc + 100000)
    second = peers.Store(tmp_path / "second")
    (tmp_path / "b.bson").write_bytes(b"".join(entries[:-2]) + bson.encode(forged))
    second.run("ingest-oplog", tmp_path / "b.bson")
    until(lambda: member.client.admin.command("ping") and bson.decode(oplog_of(member)[-1])["ts"] > forged["ts"]
          or member.client["shop"]["c0"].insert_one({}) is None, "a later entry")
    assert "rolled back" in tail_once(second, member.uri, check=6).err


def test_a_cursor_that_the_server_kills_is_opened_again(member, store):
    member.wipe()
    member.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--uri", member.uri)
    with Tail(store, member.uri, "--json") as tail:
        for round_ in range(1, 4):
            until(lambda: tail.said().count("following rs0") >= round_, f"following {round_} times: {tail.said()}")
            member.client.admin.command("killAllSessions", [])
            member.client["shop"]["c0"].insert_one({"round": round_})
        until(lambda: tail.said().count("following rs0") >= 4, "following again")
        wanted = optime(oplog_of(member)[-1])
        until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
        assert tail.end(signal.SIGINT) == 0, tail.said()
        assert '"reconnects": 3' in tail.said() and '"gap"' not in tail.said()


def test_another_set_s_name_is_hinted_at(member, store):
    said = store.run("backup", "--uri", f"mongodb://{member.address}/?replicaSet=other", check=1).err
    assert "HINT: is its name other, as replicaSet= in the URI says?" in said


def test_what_has_no_history_to_follow_is_refused(store):
    with peers.Mongod("6.0.27", replset=False) as server:
        done = store.run("tail", "--uri", server.uri, check=6)
        assert "standalone" in done.err and "--replSet" in done.err
        assert "standalone" in store.run("backup", "--uri", server.uri, check=6).err
    done = store.run("tail", "--once", "--uri", f"mongodb://127.0.0.1:{peers.free_port()}/?serverSelectionTimeoutMS=300",
                     check=1)
    assert "reached" in done.err
    assert "stop or snapshot" in store.run("tail", "--on-gap", "go", "--uri", "mongodb://h/", check=2).err
    assert "6h" in store.run("tail", "--every", "often", "--uri", "mongodb://h/", check=2).err
    assert "no URI" in store.run("tail", check=2).err


def test_a_password_is_said_nowhere(member, store, tmp_path):
    member.wipe()
    escaped = "k33p-th1s%25secret%2F"
    member.client.admin.command("createUser", "keeper", pwd=SECRET, roles=["backup", "clusterMonitor"])
    try:
        good = f"mongodb://keeper:{escaped}@{member.address}/?directConnection=true&authSource=admin"
        said = [store.run("backup", "--uri", good), store.run("backup", "--json", "--name", "again", "--uri", good)]
        said.append(store.run("tail", "--once", "--uri", good))
        path = tmp_path / "uri"
        path.write_text(good + "\n")
        path.chmod(0o644)
        said.append(store.run("tail", "--once", "--uri-file", path, check=6))
        assert "chmod 600" in said[-1].err
        path.chmod(0o600)
        said.append(store.run("tail", "--once", "--json", "--uri-file", path))
        environment = {**os.environ, "YESTER_URI": good}
        said.append(store.run("tail", "--once", env=environment))
        for bad, status in ((good.replace("keeper", "nobody"), 6),
                            (good.replace("authSource", "replicaSet=no&authSource") + "&serverSelectionTimeoutMS=300", 1),
                            (f"mongodb://keeper:{SECRET}@{member.address}/", 2),
                            (f"mongodb://keeper:{escaped}@[/", (1, 2)), (f"mongo://keeper:{escaped}@h/", 2),
                            (good + "&noSuchOption=" + escaped, (0, 1, 2))):
            said.append(store.run("tail", "--once", "--uri", bad, check=status))
            said.append(store.run("backup", "--name", f"n{len(said)}", "--uri", bad, check=status))
        said.append(store.run("tail", "--once", "--uri", good, "--uri-file", path, check=2))
        for done in said:
            for word in (SECRET, escaped, "k33p-th1s"):
                assert word not in done.out + done.err, done.err
        command = [str(peers.program("yester")), "tail", "-s", str(store.path), f"--uri={good}"]
        with open(tmp_path / "said", "w+") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)
            try:
                until(lambda: "following" in (tmp_path / "said").read_text(), "following")
                seen = open(f"/proc/{process.pid}/cmdline", "rb").read()
            finally:
                process.terminate()
                assert process.wait(timeout=SECONDS) == 0
        assert b"k33p" not in seen and b"--uri=" in seen
        assert "k33p" not in (tmp_path / "said").read_text()
        for file in (p for p in store.path.rglob("*") if p.is_file()):
            assert b"k33p" not in file.read_bytes(), file
    finally:
        member.client.admin.command("dropUser", "keeper")
