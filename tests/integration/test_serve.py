"""`yester serve` with the real clients: what they read, what they are refused, how it ends."""
import contextlib
import datetime
import json
import os
import shutil
import socket
import signal
import struct
import subprocess
import time
import zlib
from pathlib import Path

import bson
import peers
import pymongo
import pytest
import truth
from bson import Timestamp
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from serving import Raw, Server, header

FIXTURE = Path(__file__).resolve().parents[1] / "fixture" / "dump"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A store with the repository's small dump."""
    store = peers.Store(tmp_path_factory.mktemp("serve") / "store")
    store.ingest(FIXTURE)
    return store


@pytest.fixture(scope="module")
def open_server(shop):
    with Server(shop.path, "--noauth") as server:
        yield server


def mongosh(uri, script, check=0):
    program = peers.fetched(truth.mongosh)
    return peers.run([program.path, uri, "--quiet", "--norc", "--eval", script], check, timeout=120,
                     env=dict(program.env(), HOME=os.environ.get("HOME", "/tmp")))


# ---- clients


def test_pymongo_reads_what_the_dump_has(open_server):
    db = open_server.client["shop"]
    found = peers.read_dump(FIXTURE)
    for (name, collection), one in found.items():
        if one.documents is None or collection.startswith("system."):
            continue
        got = open_server.client.get_database(name, codec_options=peers.RAW)[collection]
        assert sorted(d.raw for d in got.find()) == sorted(one.documents), (name, collection)
        assert got.estimated_document_count() == len(one.documents)
    assert sorted(db.list_collection_names())
    assert open_server.client.server_info()["version"] == "6.0.27"


def test_batches_go_on_with_get_more(open_server):
    orders = open_server.client["shop"]["orders"]
    assert len(list(orders.find(batch_size=7))) == orders.estimated_document_count()
    assert len(list(orders.aggregate([{"$match": {}}], batchSize=9))) == orders.estimated_document_count()


def test_what_takes_longer_than_max_time_ends(open_server):
    orders = open_server.client["shop"]["orders"]
    count = orders.estimated_document_count()
    every = [stage for _ in range(12) for stage in (
        {"$lookup": {"from": "orders", "pipeline": [{"$match": {"$expr": {"$gte": ["$_id", "$$o"]}}}], "let": {"o": "$_id"}, "as": "o"}},
        {"$project": {"n": {"$size": "$o"}}})]
    with pytest.raises(pymongo.errors.OperationFailure, match="operation exceeded time limit") as refused:
        list(orders.aggregate(every, maxTimeMS=1))
    assert refused.value.code == 50
    assert len(list(orders.aggregate(every, maxTimeMS=600_000))) == count > 0


def test_mongosh_reads_and_is_refused_writes(open_server):
    done = mongosh(open_server.uri, """
        const shop = db.getSiblingDB("shop");
        print(JSON.stringify({n: shop.orders.countDocuments(), f: shop.orders.find().toArray().length,
                              dbs: db.getMongo().getDBNames().includes("shop"),
                              c: shop.getCollectionNames().includes("orders"),
                              s: shop.orders.stats().count, v: db.version()}));
        try { shop.orders.insertOne({a: 1}); print("taken"); } catch (e) { print(e.code + " " + e.message); }
    """)
    first, second = done.out.strip().splitlines()[-2:]
    told = json.loads(first)
    assert told["n"] == told["f"] == told["s"] > 0 and told["dbs"] and told["c"] and told["v"] == "6.0.27"
    assert second.startswith('13 not authorized on shop to execute command { insert: "orders"'), second


def test_the_node_driver_reads(open_server, tmp_path):
    program = peers.fetched(truth.mongosh)
    modules = next(p for p in program.path.parents if p.name == "node_modules")
    script = tmp_path / "read.js"
    script.write_text("""
        const { MongoClient } = require(process.argv[2] + '/mongodb');
        (async () => {
          const client = new MongoClient(process.argv[3], { compressors: ['zlib'] });
          await client.connect();
          const orders = client.db('shop').collection('orders');
          const all = await orders.find({}, { batchSize: 5 }).toArray();
          const session = client.startSession({ causalConsistency: true });
          const once = await orders.find({}, { session }).toArray();
          await session.endSession();
          console.log(all.length, once.length, await orders.estimatedDocumentCount());
          await client.close();
        })().catch(e => { console.error(e); process.exit(1); });
    """)
    done = peers.run(["node", script, modules, open_server.uri], timeout=120)
    counts = set(done.out.split())
    assert len(counts) == 1 and counts != {"0"}, done.out


C_CLIENT = r"""
#include <mongoc/mongoc.h>
#include <stdio.h>
int main(int argc, char **argv) {
    bson_t query = BSON_INITIALIZER; const bson_t *doc; bson_error_t error; long count = 0;
    (void)argc; mongoc_init();
    mongoc_client_t *client = mongoc_client_new(argv[1]);
    mongoc_collection_t *orders = mongoc_client_get_collection(client, "shop", "orders");
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(orders, &query, NULL, NULL);
    while (mongoc_cursor_next(cursor, &doc)) count++;
    if (mongoc_cursor_error(cursor, &error)) { fprintf(stderr, "%s\n", error.message); return 1; }
    printf("%ld %ld\n", count, (long)mongoc_collection_estimated_document_count(orders, NULL, NULL, NULL, &error));
    mongoc_cursor_destroy(cursor); mongoc_collection_destroy(orders); mongoc_client_destroy(client); mongoc_cleanup();
    return 0;
}
"""


def test_libmongoc_reads(open_server, tmp_path):
    if not shutil.which("cc") or not shutil.which("pkg-config"):
        pytest.skip("no C compiler")
    (tmp_path / "client.c").write_text(C_CLIENT)
    flags = peers.run(["pkg-config", "--cflags", "--libs", "libmongoc-1.0"]).out.split()
    peers.run(["cc", "-o", tmp_path / "client", tmp_path / "client.c", *flags])
    found, counted = peers.run([tmp_path / "client", open_server.uri]).out.split()
    assert found == counted != "0"


def test_mongoexport_writes_what_is_there(open_server, tools, tmp_path):
    tools.mongoexport("--uri", open_server.uri, "--db", "shop", "--collection", "orders", "--out", tmp_path / "o.json")
    lines = (tmp_path / "o.json").read_text().splitlines()
    assert len(lines) == open_server.client["shop"]["orders"].estimated_document_count()


def dumped(folder):
    """{namespace: sorted documents} of a dump."""
    return {key: sorted(one.documents) for key, one in peers.read_dump(folder).items() if one.documents is not None}


def test_mongodump_of_all_gives_the_dump_that_went_in(open_server, tools, tmp_path):
    tools.mongodump("--uri", open_server.uri, "--out", tmp_path / "dump")
    wanted = {k: v for k, v in dumped(FIXTURE).items() if k[0] != "admin" or not k[1].startswith("system.")}
    got = {k: v for k, v in dumped(tmp_path / "dump").items() if k[0] != "admin" or not k[1].startswith("system.")}
    assert got == wanted


def test_mongodump_of_one_database_a_query_and_an_archive(open_server, tools, tmp_path):
    orders = open_server.client["shop"]["orders"]
    some = orders.find_one({}, {"_id": 1})["_id"]
    tools.mongodump("--uri", open_server.uri, "--db", "shop", "--out", tmp_path / "one")
    assert {db for db, _ in dumped(tmp_path / "one")} == {"shop"}
    tools.mongodump("--uri", open_server.uri, "--db", "shop", "--collection", "orders", "--out", tmp_path / "q",
                    "--query", bson.json_util.dumps({"_id": some}))
    assert [len(d) for d in dumped(tmp_path / "q").values()] == [1]
    tools.mongodump("--uri", open_server.uri, f"--archive={tmp_path / 'a'}", "--gzip")
    archive = peers.read_archive(tmp_path / "a")
    assert len(archive["shop", "orders"].documents) == orders.estimated_document_count()


@pytest.mark.mongod
def test_our_mongodump_restored_has_the_hash_of_the_source(target, tools, tmp_path):
    """From a mongod into a store, from our server by mongodump, into another database server: the same dbHash."""
    with peers.Mongod("6.0.27") as source:
        db = source.client["shop"]
        db["orders"].insert_many([{"_id": i, "n": i * 1.5, "t": [i, str(i)]} for i in range(2000)])
        db["orders"].create_index([("n", 1)], name="by_n")
        db.create_collection("log", capped=True, size=100000)
        db["log"].insert_many([{"m": i} for i in range(50)])
        db.create_collection("words", collation={"locale": "de", "strength": 2})
        db["words"].insert_many([{"_id": w} for w in ("b", "a", "ä", "z")])
        db.create_collection("dear", viewOn="orders", pipeline=[{"$match": {"n": {"$gt": 100}}}])
        db.create_collection("temps", timeseries={"timeField": "t", "metaField": "m"})
        db["temps"].insert_many([{"t": datetime.datetime(2026, 1, 1, 0, i), "m": i % 3, "c": i} for i in range(30)])
        tools.mongodump("--port", source.port, "--out", tmp_path / "in")
        wanted = source.client["shop"].command("dbHash")
        dear = sorted(d["_id"] for d in db["dear"].find())
        store = peers.Store(tmp_path / "store")
        store.ingest(tmp_path / "in")
        with Server(store.path) as server:
            told = server.client["shop"].command("dbHash")
            assert told["collections"] == wanted["collections"] and told["md5"] == wanted["md5"]
            assert sorted(d["_id"] for d in server.client["shop"]["dear"].find()) == dear
            assert server.client["shop"]["temps"].count_documents({}) == 30
            for name in ("orders", "log", "words", "system.buckets.temps"):
                assert server.client["shop"].command("validate", name)["valid"] is True
            tools.mongodump("--uri", server.uri, "--out", tmp_path / "out")
        tools.mongorestore("--port", target.port, "--dir", tmp_path / "out")
        got = target.client["shop"].command("dbHash")
        assert got["collections"] == wanted["collections"] and got["md5"] == wanted["md5"]


# ---- who may


def test_a_one_time_user_is_made_and_needed(shop):
    with Server(shop.path) as server:
        assert server.said[0].startswith("mongosh 'mongodb://yester:")
        assert server.client["shop"]["orders"].estimated_document_count() > 0
        told = server.client.admin.command("connectionStatus")["authInfo"]
        assert told["authenticatedUsers"] == [{"user": "yester", "db": "admin"}]
        with server.raw() as raw:
            reply = raw.command({"find": "orders"}, "shop")
            assert (reply["code"], reply["errmsg"]) == (13, "command find requires authentication")
            assert raw.command({"ping": 1})["ok"] == 1
            assert raw.command({"nonsense": 1})["code"] == 59
        wrong = server.uri.replace("mongodb://yester:", "mongodb://yester:x")
        with pymongo.MongoClient(wrong) as client, pytest.raises(pymongo.errors.OperationFailure) as failed:
            client["shop"]["orders"].find_one()
        assert failed.value.code == 18


def test_users_of_a_file_log_in(shop, tmp_path, yester):
    users = tmp_path / "users"
    assert "added" in yester("passwd", users, "ada, = % b", input=b"s\xc3\xa9cret \xe2\x85\xa8\n").out
    yester("passwd", users, "bob", input=b"one\n")
    assert "changed" in yester("passwd", users, "bob", input=b"two\n").out
    assert users.stat().st_mode & 0o777 == 0o600
    assert "cret" not in users.read_text()
    with Server(shop.path, "--auth-file", users) as server:
        for name, password, right in (("ada, = % b", "sécret IX", True), ("bob", "two", True), ("bob", "one", False),
                                      ("eve", "two", False)):
            with pymongo.MongoClient("127.0.0.1", server.port, username=name, password=password,
                                     authMechanism="SCRAM-SHA-256") as client:
                if right:
                    assert client["shop"]["orders"].find_one() is not None
                else:
                    with pytest.raises(pymongo.errors.OperationFailure, match="Authentication failed"):
                        client["shop"]["orders"].find_one()
    users.chmod(0o644)
    done = yester("serve", "-s", shop.path, "--auth-file", users, "--port", "0", check=6)
    assert "chmod 600" in done.err


def test_a_logout_is_of_the_database_that_it_names(shop, tmp_path, yester):
    users = tmp_path / "users"
    yester("passwd", users, "ada", input=b"x\n")
    with Server(shop.path, "--auth-file", users) as server, pymongo.MongoClient("127.0.0.1", server.port, username="ada", password="x", maxPoolSize=1) as client:
        client["shop"].command("logout")  # users are those of admin: nobody is logged in by this one
        assert client["shop"].command("count", "orders")["ok"] == 1
        client.admin.command("logout")
        with pytest.raises(pymongo.errors.OperationFailure) as failed:
            client["shop"].command("count", "orders")
        assert failed.value.code == 13


def test_one_users_cursor_is_not_anothers(shop, tmp_path, yester):
    users = tmp_path / "users"
    for name in ("ada", "bob"):
        yester("passwd", users, name, input=b"x\n")
    with Server(shop.path, "--auth-file", users) as server:
        ada, bob = (pymongo.MongoClient("127.0.0.1", server.port, username=n, password="x") for n in ("ada", "bob"))
        opened = ada["shop"].command("find", "orders", batchSize=1)
        with pytest.raises(pymongo.errors.OperationFailure) as failed:
            bob["shop"].command("getMore", bson.Int64(opened["cursor"]["id"]), collection="orders")
        assert failed.value.code == 13
        with ada.start_session() as one, ada.start_session() as other:  # logged in, another session is a want of rights, as to a mongod
            begun = ada["shop"].command("find", "orders", batchSize=1, session=one)["cursor"]["id"]
            with pytest.raises(pymongo.errors.OperationFailure, match=r"Cursor session id \(.*\) is not the same as the operation context's session id \(.*\)") as failed:
                ada["shop"].command("getMore", bson.Int64(begun), collection="orders", session=other)
            assert failed.value.code == 13
        killed = bob["shop"].command("killCursors", "orders", cursors=[bson.Int64(opened["cursor"]["id"])])
        assert killed["cursorsKilled"] == []
        ada.close(), bob.close()


def test_a_socket_is_its_owners(shop, tmp_path):
    path = tmp_path / "s.sock"
    with Server(shop.path, socket_path=path) as server:
        assert path.stat().st_mode & 0o777 == 0o600
        assert server.client["shop"]["orders"].find_one() is not None
    assert not path.exists()
    path.touch()
    done = peers.yester("serve", "-s", shop.path, "--socket", path, check=None)
    assert done.status != 0 and "no socket" in done.err and path.exists()


def test_only_a_socket_that_nobody_has_any_more_is_replaced(shop, tmp_path):
    path = tmp_path / "s.sock"
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_UNIX, kind) as theirs, socket.socket(socket.AF_UNIX, kind) as waiting:
            theirs.bind(str(path))
            if kind == socket.SOCK_STREAM:
                theirs.listen(0)
                waiting.connect(str(path))  # and nobody accepts: there is no room for another one
            done = peers.yester("serve", "-s", shop.path, "--socket", path, check=11, timeout=120)
            assert "another program" in done.err and path.exists()
        if kind == socket.SOCK_DGRAM:
            path.unlink()
    with Server(shop.path, socket_path=path) as server:
        assert server.client["shop"]["orders"].find_one() is not None


def test_a_public_address_needs_logins_and_tls(shop, yester):
    for more in ((), ("--noauth",)):
        done = yester("serve", "-s", shop.path, "--bind", "0.0.0.0", "--port", "0", *more, check=6)
        assert "TLS" in done.err
    done = yester("serve", "-s", shop.path, "--noauth", "--auth-file", "x", check=2)
    assert "exclude" in done.err


def make_certificates(folder):
    if not shutil.which("openssl"):
        pytest.skip("no openssl program")
    for name in ("server", "client"):
        peers.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                   "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / f"{name}.key",
                   "-out", folder / f"{name}.crt"])
        pem = folder / f"{name}.pem"
        pem.write_bytes((folder / f"{name}.key").read_bytes() + (folder / f"{name}.crt").read_bytes())
        pem.chmod(0o600)


def test_tls_is_spoken(shop, tmp_path, yester):
    make_certificates(tmp_path)
    with Server(shop.path, "--bind", "0.0.0.0", "--tlsCertificateKeyFile", tmp_path / "server.pem") as server:
        uri = server.uri.replace("0.0.0.0", "127.0.0.1")
        with pymongo.MongoClient(uri, tlsCAFile=str(tmp_path / "server.crt")) as client:
            assert len(list(client["shop"]["orders"].find(batch_size=10))) > 0
        with Raw(server) as raw:  # no TLS: nothing is answered
            raw.socket.sendall(b"\x3a\0\0\0 no handshake, but enough bytes to be judged by")
            with contextlib.suppress(ConnectionResetError):
                assert b"ok" not in raw.socket.recv(100)
    arguments = ("--tlsCertificateKeyFile", tmp_path / "server.pem", "--tlsCAFile", tmp_path / "client.crt")
    with Server(shop.path, *arguments) as server:
        ca = str(tmp_path / "server.crt")
        with pymongo.MongoClient(server.uri, tlsCAFile=ca, tlsCertificateKeyFile=str(tmp_path / "client.pem")) as client:
            assert client["shop"]["orders"].find_one() is not None
        with pymongo.MongoClient(server.uri, tlsCAFile=ca, serverSelectionTimeoutMS=3000) as client, pytest.raises(pymongo.errors.PyMongoError):
            client["shop"]["orders"].find_one()
    (tmp_path / "server.pem").chmod(0o644)
    yester("serve", "-s", shop.path, "--tlsCertificateKeyFile", tmp_path / "server.pem", "--port", "0", check=6)


@pytest.mark.mongod
def test_users_are_hidden_unless_asked_for(tmp_path, tools):
    with peers.Mongod("6.0.27") as source:
        source.client.admin.command("createUser", "ada", pwd="secret", roles=["read"])
        source.client["shop"]["orders"].insert_one({"_id": 1})
        tools.mongodump("--port", source.port, "--out", tmp_path / "in")
        source.client["shop"].command("createUser", "bob", pwd="secret", roles=["read"])
        tools.mongodump("--port", source.port, "-d", "shop", "--dumpDbUsersAndRoles", "--out", tmp_path / "one")
        source.client.admin.command("dropUser", "ada")
    store = peers.Store(tmp_path / "store")
    store.ingest(tmp_path / "in")
    with Server(store.path) as server:
        admin = server.client.admin
        assert "system.users" not in admin.list_collection_names()
        assert admin.command("find", "system.users")["cursor"]["firstBatch"] == []
        assert admin.command("usersInfo", 1)["users"] == []
        assert "system.users" not in admin.command("dbHash")["collections"]
        leak = admin.command("aggregate", "orders", pipeline=[{"$unionWith": "system.users"}], cursor={})
        assert leak["cursor"]["firstBatch"] == []
        leak = admin.command("aggregate", "orders", cursor={}, pipeline=[
            {"$unionWith": {"coll": "orders", "pipeline": [{"$unionWith": "system.users"}]}}])
        assert leak["cursor"]["firstBatch"] == []
    with Server(store.path, "--with-users") as server:
        admin = server.client.admin
        assert "system.users" in admin.list_collection_names()
        assert [u["user"] for u in admin.command("usersInfo", 1)["users"]] == ["ada"]
        assert "credentials" not in admin.command("usersInfo", "ada")["users"][0]
    (tmp_path / "old" / "shop").mkdir(parents=True)
    (tmp_path / "old" / "shop" / "system.users.bson").write_bytes(bson.encode({"_id": 1, "user": "ada", "pwd": "hash"}))
    for dump, name in ((tmp_path / "one", "$admin.system.users"), (tmp_path / "old", "system.users")):
        store = peers.Store(tmp_path / f"store-{dump.name}")
        store.ingest(dump)
        for options, count in ((), 0), (("--with-users",), 1):
            with Server(store.path, *options) as server:
                shop = server.client["shop"]
                assert (name in shop.list_collection_names()) == bool(count)
                union = shop.command("aggregate", 1, cursor={}, pipeline=[{"$documents": []}, {"$unionWith": name}])
                assert len(union["cursor"]["firstBatch"]) == count
                if "$" not in name:  # as a mongod, a find takes no such name
                    assert len(list(shop[name].find())) == count


# ---- how it ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_clients_wait(shop, number):
    with Server(shop.path, "--noauth") as server:
        with server.raw() as idle, server.raw() as busy:
            idle.command({"ping": 1})
            busy.command({"find": "orders", "batchSize": 1}, "shop")
            assert server.stop(number) == 0
            assert idle.is_closed()


def test_a_port_in_use_is_told(shop, open_server, yester):
    done = yester("serve", "-s", shop.path, "--noauth", "--port", open_server.port, check=11)
    assert "used by another program" in done.err


def test_the_ready_line_is_json_when_asked(shop):
    process = subprocess.Popen([str(peers.program("yester")), "serve", "-s", str(shop.path), "--port", "0", "--json",
                                "--noauth"], stdout=subprocess.PIPE, text=True)
    text = ""
    for line in process.stdout:
        text += line
        try:
            told = json.loads(text)
            break
        except ValueError:
            continue
    process.terminate()
    process.stdout.close()
    assert process.wait(timeout=120) == 0
    assert told["ready"] is True and told["port"] > 0 and told["uri"].startswith("mongodb://")


# ---- the moment


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A store with a base and operations behind it, and what the collection had at some of them."""
    folder = tmp_path_factory.mktemp("history")
    with peers.Mongod("6.0.27") as source:
        items = source.client["shop"]["items"]
        items.insert_many([{"_id": i, "v": 0} for i in range(200)])
        tools = peers.tools
        tools.mongodump("--port", source.port, "--oplog", "--out", folder / "dump")
        source.client["side"].create_collection("events", capped=True, size=1 << 16).insert_many([{"_id": i} for i in range(600)])
        seen = []
        for step in range(1, 6):
            source.client.admin.command("appendOplogNote", 1, data={"step": step})
            items.update_many({"_id": {"$lt": 20 * step}}, {"$set": {"v": step}})
            items.delete_one({"_id": 199 - step})
            moment = source.client.admin.command("ping")["operationTime"]
            seen.append((moment, sorted((d["_id"], d["v"]) for d in items.find())))
            time.sleep(1.1)  # a second with nothing in it, so that whole seconds differ
        source.client.admin.command("appendOplogNote", 1, data={"end": 1})
        tools.mongodump("--port", source.port, "--db", "local", "--collection", "oplog.rs", "--out", folder / "log")
    store = peers.Store(folder / "store")
    store.ingest(folder / "dump")
    store.run("ingest-oplog", folder / "log" / "local" / "oplog.rs.bson")
    return store, seen


def content(collection, **more):
    return sorted((d["_id"], d["v"]) for d in collection.find(**more))


def test_at_cluster_time_reads_the_past(history):
    store, seen = history
    with Server(store.path, "--noauth") as server:
        db = server.client["shop"]
        for moment, wanted in seen:
            concern = {"level": "snapshot", "atClusterTime": moment}
            opened = db.command("find", "items", readConcern=concern, batchSize=50)["cursor"]
            assert opened["atClusterTime"] == moment
            got = opened["firstBatch"]
            while opened["id"]:
                opened = db.command("getMore", bson.Int64(opened["id"]), collection="items")["cursor"]
                assert opened["atClusterTime"] == moment
                got += opened["nextBatch"]
            assert sorted((d["_id"], d["v"]) for d in got) == wanted
            told = db.command("distinct", "items", key="v", readConcern=concern)
            assert set(told["values"]) == {v for _, v in wanted} and told["atClusterTime"] == moment
            total = db.command("aggregate", "items", pipeline=[{"$count": "n"}], cursor={}, readConcern=concern)
            assert total["cursor"]["firstBatch"] == [{"n": len(wanted)}]


def test_errors_of_at_cluster_time_are_mongods(history):
    store, seen = history
    moment = seen[0][0]
    with Server(store.path, "--noauth") as server, server.raw() as raw:
        def code(concern, command={"find": "items"}):
            reply = raw.command(dict(command, readConcern=concern), "shop")
            assert reply["ok"] == 0, reply
            return reply["code"]

        assert code({"level": "snapshot", "atClusterTime": Timestamp(1, 1)}) == 239
        assert code({"level": "snapshot", "atClusterTime": Timestamp(moment.time + 10**6, 1)}) in (72, 246)
        assert code({"level": "majority", "atClusterTime": moment}) == 72
        assert code({"atClusterTime": moment}) == 72
        assert code({"level": "snapshot", "atClusterTime": Timestamp(0, 0)}) == 72
        assert code({"level": "snapshot", "atClusterTime": 5}) == 14
        assert code({"level": "snapshot", "atClusterTime": moment}, {"count": "items"}) == 72
        assert code({"level": "snapshot", "atClusterTime": moment}, {"listCollections": 1}) == 72


def test_a_database_name_can_say_its_moment(history):
    store, seen = history
    with Server(store.path, "--noauth") as server:
        client = server.client
        for moment, wanted in seen:
            for name in (f"shop@{moment.time},{moment.inc}", f"shop@{moment.time}:{moment.inc}"):
                assert content(client[name]["items"]) == wanted
            name = f"shop@{moment.time},{moment.inc}"
            assert client[name]["items"].count_documents({}) == len(wanted)
            opened = client[name].command("find", "items", batchSize=1)["cursor"]
            assert opened["ns"] == f"{name}.items"
            assert len(list(client[name]["items"].find(batch_size=20))) == len(wanted)
            assert client[name].list_collection_names() == ["items"]
        text = datetime.datetime.fromtimestamp(seen[2][0].time, datetime.timezone.utc)
        assert content(client[text.strftime("shop@%Y-%m-%dT%H%M%SZ")]["items"]) == seen[2][1]
        assert not any("@" in name for name in client.list_database_names())
        with pytest.raises(pymongo.errors.OperationFailure) as failed:
            client["shop@2001-01-01T000000Z"]["items"].find_one()
        assert failed.value.code in (239, 246) and str(seen[0][0].time)[:6] in failed.value.details["errmsg"]
        with pytest.raises(pymongo.errors.OperationFailure) as failed:
            client["shop@nonsense"]["items"].find_one()
        assert failed.value.code == 246


def test_at_is_the_default_moment(history):
    store, seen = history
    moment, wanted = seen[1]
    with Server(store.path, "--noauth", "--at", f"{moment.time}.{moment.inc}") as server:
        assert content(server.client["shop"]["items"]) == wanted
        with pytest.raises(pymongo.errors.OperationFailure, match="replica set member to use readConcern: snapshot") as failed:
            server.client["shop"].command("find", "items", readConcern={"level": "snapshot"})
        assert failed.value.code == 123  # as a mongod of its own answers
        port = peers.free_port()
    with Server(store.path, "--noauth", "--at", f"{moment.time}.{moment.inc}", "--port", port, "--replset", "rs", "--advertise", f"127.0.0.1:{port}") as server:
        told = server.client["shop"].command("find", "items", readConcern={"level": "snapshot"})["cursor"]
        assert told["atClusterTime"] == moment


def test_an_unknown_moment_of_at_is_told_before_anybody_is_served(history, yester):
    store, _ = history
    yester("serve", "-s", store.path, "--noauth", "--port", "0", "--at", "2001-01-01T00:00:00Z", check=5)


def test_latest_follows_and_open_cursors_keep_theirs(tmp_path):
    store = peers.Store(tmp_path / "store")
    for name, count in (("one", 300), ("two", 5)):
        folder = tmp_path / name / "shop"
        folder.mkdir(parents=True)
        (folder / "items.bson").write_bytes(b"".join(bson.encode({"_id": i, "in": name}) for i in range(count)))
    store.ingest(tmp_path / "one")
    with Server(store.path, "--noauth") as server:
        items = server.client["shop"]["items"]
        cursor = items.find(batch_size=10)
        first = next(cursor)
        store.ingest(tmp_path / "two")
        deadline = time.monotonic() + 120
        while items.estimated_document_count() != 5:
            assert time.monotonic() < deadline, "the new snapshot is not seen"
        rest = list(cursor)
        assert {d["in"] for d in [first, *rest]} == {"one"} and len(rest) == 299


def test_a_real_database_of_that_name_wins(tmp_path):
    store = peers.Store(tmp_path / "store")
    for name in ("shop", "shop@latest"):
        folder = tmp_path / "in" / name
        folder.mkdir(parents=True)
        (folder / "items.bson").write_bytes(bson.encode({"_id": 1, "in": name}))
    store.ingest(tmp_path / "in")
    with Server(store.path, "--noauth") as server:
        assert server.client["shop@latest"]["items"].find_one()["in"] == "shop@latest"
        assert server.client["shop@latest-snapshot"]["items"].find_one()["in"] == "shop"
        assert "shop@latest" in server.client.list_database_names()


def test_a_moment_can_stand_behind_the_longest_name_of_a_database(tmp_path):
    store, name = peers.Store(tmp_path / "store"), "x" * 63
    folder = tmp_path / "in" / name
    folder.mkdir(parents=True)
    (folder / "items.bson").write_bytes(bson.encode({"_id": 1, "v": 2}))
    store.ingest(tmp_path / "in")
    with Server(store.path, "--noauth") as server:
        client = server.client
        assert content(client[name + "@latest-snapshot"]["items"]) == content(client[name]["items"]) == [(1, 2)]
        for wrong in ("x" + name, "xxx" + name + "@latest-snapshot", name + "@" + "9" * 200):
            with pytest.raises(pymongo.errors.OperationFailure) as failed:
                client[wrong]["items"].find_one()
            assert failed.value.code == 73


# ---- personas


def test_the_persona_of_a_replica_set(shop, tools, tmp_path):
    port = peers.free_port()
    with Server(shop.path, "--noauth", "--port", port, "--replset", "rs7", "--advertise", f"127.0.0.1:{port}") as server:
        with pymongo.MongoClient(f"mongodb://127.0.0.1:{port}/?replicaSet=rs7") as client:
            assert client["shop"]["orders"].find_one() is not None
            with client.start_session(snapshot=True) as session:
                assert len(list(client["shop"]["orders"].find(session=session))) > 0
            with pytest.raises(pymongo.errors.OperationFailure) as failed:
                client["shop"]["orders"].insert_one({})
            assert failed.value.code == 13
        told = server.client.admin.command("hello")
        assert (told["setName"], told["me"], told["isWritablePrimary"]) == ("rs7", f"127.0.0.1:{port}", True)
        assert server.client.admin.command("replSetGetStatus")["myState"] == 1
        tools.mongodump("--uri", f"mongodb://127.0.0.1:{port}/?replicaSet=rs7", "--db", "shop", "--out", tmp_path)


def test_a_greeting_replays_nothing(history, tmp_path):
    """A driver takes who does not answer its hello for dead, and what it waits for as lost: a replay may take minutes."""
    shutil.copytree(history[0].path, tmp_path / "store", ignore=shutil.ignore_patterns("local"))
    with Server(tmp_path / "store", "--noauth", "--replset", "rs7", "--advertise", "127.0.0.1:27017") as server:
        client = pymongo.MongoClient("127.0.0.1", server.port, directConnection=True)
        told = client.admin.command("hello")
        assert told["lastWrite"]["opTime"]["ts"] >= history[1][-1][0]
        assert not list(tmp_path.glob("store/local/*/cache"))
        assert content(client["shop"]["items"]) == history[1][-1][1]
        assert list(tmp_path.glob("store/local/*/cache/snapshots/*"))
        client.close()


def test_a_tailable_cursor_goes_on_in_a_collection_that_the_oplog_made(history):
    with Server(history[0].path, "--noauth") as server:
        db = server.client["side"]
        for more in ({}, {"awaitData": True, "filter": {"_id": {"$gte": 0}}}):
            cursor = db.command("find", "events", tailable=True, batchSize=2, **more)["cursor"]
            rest = db.command("getMore", cursor["id"], collection="events")["cursor"]
            assert [d["_id"] for d in [*cursor["firstBatch"], *rest["nextBatch"]]] == list(range(600)) and rest["id"] == cursor["id"]


def test_what_is_before_an_entry_that_nobody_can_replay_is_read(history, tmp_path):
    store, seen = history
    shutil.copytree(store.path, tmp_path / "store", ignore=shutil.ignore_patterns("local"))
    last = bson.decode_all((store.path.parent / "log" / "local" / "oplog.rs.bson").read_bytes(), CodecOptions(document_class=RawBSONDocument))[-1]
    ts = Timestamp(last["ts"].time, last["ts"].inc + 1)
    (tmp_path / "slice.bson").write_bytes(last.raw + bson.encode({**last, "ts": ts, "op": "zz", "ns": "shop.$cmd"}))
    peers.yester("ingest-oplog", "-s", tmp_path / "store", tmp_path / "slice.bson")
    with Server(tmp_path / "store", "--noauth") as server:
        with pytest.raises(pymongo.errors.OperationFailure, match="zz"):
            server.client["shop"]["items"].find_one()
        for moment, wanted in seen:
            assert content(server.client[f"shop@{moment.time},{moment.inc}"]["items"]) == wanted


def test_who_is_not_logged_in_can_not_send_much(shop):
    with Server(shop.path) as server:
        with server.raw() as raw:
            assert raw.command({"ping": 1, "comment": "x" * 100_000})["ok"] == 1
            raw.socket.sendall(header(1_000_000, 2013, 1))
            assert raw.is_closed()
        with server.raw() as raw:
            raw.send(struct.pack("<iiB", 2013, 1_000_000, 2) + zlib.compress(bytes(1_000_000)), 2012)
            assert raw.is_closed()
        told = server.client["shop"].command("ping", comment="x" * 1_000_000)
        assert told["ok"] == 1
