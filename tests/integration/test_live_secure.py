"""yester backup and tail with users, TLS and X.509; what may not be followed; and the files of a mongod."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import peers
import pymongo
import pytest
from following import equal, state_in
from replica_set import state_of, until

SECRET = "p4ss-0f-k33per"
KEY_SECRET = "p4ss-0f-th3-k3y"
pytestmark = pytest.mark.mongod
VERSIONS = ["6.0.27", *(pytest.param(v, marks=pytest.mark.long) for v in ("4.2.6", "4.4.2", "5.0.4"))]


def openssl(folder, *arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def certificates(folder):
    """ca.pem, server.pem, client.pem, locked.pem (its key has a password), each with its key."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/O=CA/CN=ca")
    for name, subject in (("server", "/O=Servers/CN=127.0.0.1"), ("client", "/O=Clients/CN=keeper")):
        openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        (folder / "ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.crt", "-days", "2", "-extfile", "ext")
        (folder / f"{name}.pem").write_text((folder / f"{name}.key").read_text() + (folder / f"{name}.crt").read_text())
    openssl(folder, "rsa", "-aes256", "-passout", f"pass:{KEY_SECRET}", "-in", "client.key", "-out", "locked.key")
    (folder / "locked.pem").write_text((folder / "locked.key").read_text() + (folder / "client.crt").read_text())
    (folder / "keyfile").write_text("x" * 64)
    for path in folder.iterdir():
        path.chmod(0o600)


@pytest.fixture(scope="module", params=VERSIONS)
def secured(request):
    """A replica set that wants users, with TLS; (server, folder of certificates)."""
    if request.param not in peers.VERSIONS:
        pytest.skip("no such server")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificates(folder)
        server = peers.Mongod(request.param, replset=False, arguments=(
            "--replSet", "rs0", "--oplogSize", "100", "--keyFile", folder / "keyfile", "--tlsMode", "preferTLS",
            "--tlsCertificateKeyFile", folder / "server.pem", "--tlsCAFile", folder / "ca.pem",
            "--tlsAllowConnectionsWithoutCertificates"))
        with server:
            server.replset = True
            server._initiate()
            server.client.admin.command("createUser", "root", pwd="root", roles=["root"])
            root = pymongo.MongoClient("127.0.0.1", server.port, directConnection=True, username="root", password="root")
            root.admin.command("createUser", "keeper", pwd=SECRET, roles=["backup"])
            root["$external"].command("createUser", "CN=keeper,O=Clients", roles=[{"role": "backup", "db": "admin"}])
            root["shop"]["c"].insert_many([{"i": i} for i in range(200)])
            root["shop"].create_collection("capped", capped=True, size=100000)
            server.root = root
            yield server, folder
            root.close()


def uris(server, folder):
    """{name: (URI, what may be said nowhere)}"""
    host = f"{server.address}"
    tls = f"tls=true&tlsCAFile={folder}/ca.pem"
    x509 = f"{tls}&authMechanism=MONGODB-X509&authSource=$external"
    return {
        "scram": (f"mongodb://keeper:{SECRET}@{host}/?replicaSet=rs0&authSource=admin", SECRET),
        "scram-tls": (f"mongodb://keeper:{SECRET}@{host}/?replicaSet=rs0&authSource=admin&{tls}", SECRET),
        "x509": (f"mongodb://{host}/?replicaSet=rs0&{x509}&tlsCertificateKeyFile={folder}/client.pem", "PRIVATE KEY"),
        "x509-locked": (f"mongodb://{host}/?replicaSet=rs0&{x509}&tlsCertificateKeyFile={folder}/locked.pem"
                        f"&tlsCertificateKeyFilePassword={KEY_SECRET}", KEY_SECRET),
    }


def test_users_and_certificates_open_a_deployment_and_are_said_nowhere(secured, tmp_path):
    server, folder = secured
    for name, (uri, secret) in uris(server, folder).items():
        store = peers.Store(tmp_path / name)
        environment = {**os.environ, "YESTER_URI": uri}
        said = [store.run("backup", "--json", "--progress", "always", env=environment)]
        assert json.loads(said[0].out)["exact"]
        server.root["shop"]["c"].insert_one({"for": name})
        said.append(store.run("tail", "--once", env=environment))
        said.append(store.run("status", "--json"))
        with open(tmp_path / f"{name}.out", "w+") as out:
            process = subprocess.Popen(
                [str(peers.program("yester")), "tail", "-s", str(store.path), "--every", "1s", "--on-gap", "snapshot",
                 "--metrics-file", str(tmp_path / f"{name}.prom")], stdout=out, stderr=out, env=environment)
            try:
                until(lambda: "following" in (tmp_path / f"{name}.out").read_text(), "following")
                seen = open(f"/proc/{process.pid}/environ", "rb").read() + open(f"/proc/{process.pid}/cmdline", "rb").read()
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=120) == 0
        assert secret.encode() not in seen
        for wrong in (uri.replace("keeper:", "nobody:").replace("client.pem", "server.pem").replace("locked.pem", "server.pem"),
                      uri.replace("127.0.0.1", "127.0.0.2") + "&serverSelectionTimeoutMS=300&connectTimeoutMS=300"):
            said.append(store.run("tail", "--once", check=(1, 2, 6), env={**os.environ, "YESTER_URI": wrong}))
            said.append(store.run("backup", check=(1, 2, 6), env={**os.environ, "YESTER_URI": wrong}))
        for done in said:
            assert secret not in done.out + done.err, done.err
        for path in [p for p in tmp_path.rglob(f"{name}*") if p.is_file()] + [p for p in store.path.rglob("*") if p.is_file()]:
            assert secret.encode() not in path.read_bytes(), path
        equal({ns: docs for ns, docs in state_in(store, "latest", tmp_path / f"{name}.d").items()}, state_of(server.root))


def test_a_server_that_wants_tls_and_gets_none_of_ours_is_told(secured, store):
    server, folder = secured
    uri = f"mongodb://{server.address}/?replicaSet=rs0&tls=true&serverSelectionTimeoutMS=500"  # no CA that signed it
    done = store.run("backup", check=1, env={**os.environ, "YESTER_URI": uri})
    assert "reached" in done.err


def test_a_user_with_too_few_rights_is_refused(secured, store):
    server, _ = secured
    with_none = f"mongodb://little:{SECRET}@{server.address}/?replicaSet=rs0&authSource=admin"
    server.root.admin.command("createUser", "little", pwd=SECRET, roles=["read"])
    try:
        assert store.run("backup", check=6, env={**os.environ, "YESTER_URI": with_none}).err
        assert store.run("tail", "--once", check=6, env={**os.environ, "YESTER_URI": with_none}).err
    finally:
        server.root.admin.command("dropUser", "little")


def test_a_set_without_a_secondary_is_told(secured, store):
    server, _ = secured
    uri = (f"mongodb://keeper:{SECRET}@{server.address}/?replicaSet=rs0&authSource=admin&readPreference=secondary"
           "&serverSelectionTimeoutMS=4000")
    done = store.run("backup", check=1, env={**os.environ, "YESTER_URI": uri})
    assert "secondaryPreferred" in done.err, done.story()


def with_user(server, name, roles):
    """A URI of a new user."""
    server.root.admin.command("createUser", name, pwd="pw", roles=roles)
    return f"mongodb://{name}:pw@{server.address}/?replicaSet=rs0"


def test_the_roles_restore_and_backup_restore(secured, store):
    """Those that mongodump and mongorestore need; readWrite of a database does within it. Documents that a validator is against, too."""
    server, folder = secured
    shop = server.root["shop"]
    shop["v"].insert_many([{"_id": i} for i in range(20)])
    shop.command("collMod", "v", validator={"a": 1})
    shop["w"].insert_many([{"_id": i} for i in range(20)])
    shop["w"].create_index("a")
    store.run("backup", "--uri", uris(server, folder)["scram"][0])
    both = with_user(server, "both", ["restore", "backup"])
    one = with_user(server, "one", [{"role": "readWrite", "db": "shop"}])
    only = ("--nsInclude", "shop.w", "-y")
    for uri, more in ((both, ("--nsInclude", "shop.v")), (one, ())):
        for words in (("--nsFrom", "shop.*", "--nsTo", "shop.old_*"), ("--drop",)):
            store.run("restore", "--uri", uri, *only, *more, *words)
        shop["w"].delete_many({"_id": {"$gt": 3}})
        store.run("restore", "--uri", uri, *only, "--mode", "missing")
        assert shop["w"].count_documents({}) == shop["old_w"].count_documents({}) == 20
        shop["old_w"].drop()
    assert shop["v"].count_documents({}) == shop["old_v"].count_documents({}) == 20
    for name in ("v", "w", "old_v"):
        shop[name].drop()


def test_the_role_restore_puts_back_a_password(secured, store):
    server, folder = secured
    shop = server.root["shop"]
    shop.command("createUser", "clerk", pwd="a", roles=["read"])
    store.run("backup", "--uri", uris(server, folder)["scram"][0])
    shop.command("updateUser", "clerk", pwd="b")
    who = with_user(server, "who", ["restore", {"role": "readWrite", "db": "shop"}])
    words = ("--uri", who, "--nsInclude", "shop.*", "--nsExclude", "shop.capped", "--restoreDbUsersAndRoles", "-y", "--mode")
    done = store.run("restore", *words, "missing", check=3)
    assert 'admin.system.users "shop.clerk": left as it is, as it differs by now' in done.out, done.story()
    done = store.run("restore", *words, "replace")
    assert ", 1 user;" in done.out, done.story()
    for password, ok in (("a", True), ("b", False)):
        client = pymongo.MongoClient("127.0.0.1", server.port, username="clerk", password=password, authSource="shop",
                                     directConnection=True)
        try:
            client.admin.command("ping")
            assert ok
        except pymongo.errors.OperationFailure:
            assert not ok
    server.root.admin.command("dropUser", "who")
    shop.command("dropUser", "clerk")


def test_what_a_user_may_not_is_refused_before_anything_is_dropped(secured, store):
    server, folder = secured
    shop = server.root["shop"]
    shop["v"].insert_many([{"_id": i} for i in range(20)])
    shop.command("collMod", "v", validator={"a": 1})
    store.run("backup", "--uri", uris(server, folder)["scram"][0])
    server.root["shop"].command("createRole", "drops", roles=["read"], privileges=[
        {"resource": {"db": "shop", "collection": "v"}, "actions": ["dropCollection", "createCollection"]}])
    for name, roles, mode, lacks in (
            ("reads", [{"role": "read", "db": "shop"}], "drop", "dropCollection, createCollection, insert"),
            ("drops", [{"role": "drops", "db": "shop"}], "drop", "insert, bypassDocumentValidation"),
            ("writes", [{"role": "readWrite", "db": "shop"}], "drop", "bypassDocumentValidation"),
            ("keeps", ["restore", "backup"], "replace", "update")):
        uri = with_user(server, name, roles)
        done = store.run("restore", "--uri", uri, "--nsInclude", "shop.v", "--mode", mode, "-y", check=6)
        said = done.err.split("no right to ")[1].split(" in shop.v")[0]
        assert set(lacks.split(", ")) <= set(said.split(", ")), done.err
        assert "HINT: the roles restore and backup on admin are enough" in done.err
        assert shop["v"].count_documents({}) == 20
    shop.command("collMod", "v", validator={})
    has = any("applyOps" in p["actions"] for p in server.root.admin.command(
        "rolesInfo", {"role": "restore", "db": "admin"}, showPrivileges=True)["roles"][0]["inheritedPrivileges"])
    free = has or server.number < (5, 0)  # a 5.0.4 asks for it, and its role does not have it
    done = store.run("restore", "--uri", with_user(server, "uuids", ["restore", "backup"]), "--nsInclude", "shop.v", "--drop",
                     "--preserveUUID", "-y", check=0 if free else 6)
    assert free or "no right to applyOps" in done.err and shop["v"].count_documents({}) == 20
    done = store.run("restore", "--uri", with_user(server, "inserts", ["restore"]), "--nsInclude", "shop.v",
                     "--mode", "missing", "-y", check=6)
    assert "execute command { find: \"v\", ... }" in done.err and "restore and backup" in done.err
    shop["v"].drop()


def test_rights_that_servers_take_instead_are_taken(secured, store):
    """Who may insert may make a collection, but no capped one; with --noVerify an update stands for a find."""
    server, folder = secured
    shop = server.root["shop"]
    shop["r"].insert_many([{"_id": i} for i in range(20)])
    shop["r"].create_index("a")
    shop["capped"].insert_one({"_id": 1})
    store.run("backup", "--uri", uris(server, folder)["scram"][0])

    def custom(name, *actions):
        server.root["shop"].command("createRole", name, roles=[], privileges=[
            {"resource": {"db": "shop", "collection": ""}, "actions": ["listCollections", "insert", *actions]}])
        return with_user(server, name, [{"role": name, "db": "shop"}])

    inserts = custom("noCreate", "find", "createIndex", "dropCollection")
    blind = custom("noFind", "update", "createCollection", "createIndex", "dropCollection")
    only = ("--nsInclude", "shop.r", "-y")
    store.run("restore", "--uri", inserts, *only, "--drop")
    store.run("restore", "--uri", blind, *only, "--drop", "--noVerify")
    assert "no right to find" in store.run("restore", "--uri", blind, *only, "--drop", check=6).err
    assert shop["r"].count_documents({}) == 20
    for uri in (inserts, blind):
        done = store.run("restore", "--uri", uri, "--nsInclude", "shop.capped", "-y", "--drop", "--noVerify", check=6)
        assert "no right to convertToCapped" in done.err and shop["capped"].count_documents({}) == 1, done.err
    both = with_user(server, "both2", ["restore", "backup"])
    store.run("restore", "--uri", both, "--nsInclude", "shop.capped", "-y", "--drop")
    if server.number >= (5, 0):
        shop.create_collection("series", timeseries={"timeField": "t"}, expireAfterSeconds=86400)
        store.run("backup", "--uri", uris(server, folder)["scram"][0])
        series = ("--nsInclude", "shop.series", "-y", "--drop")
        # of buckets and of collMod readWrite says nothing
        writes = with_user(server, "writes2", [{"role": "readWrite", "db": "shop"}])
        assert "no right to collMod" in store.run("restore", "--uri", writes, *series, check=6).err
        done = store.run("restore", "--uri", writes, *series, "--noTTL", check=6)
        assert "no right to find in shop.system.buckets.series" in done.err, done.err
        done = store.run("restore", "--uri", both, *series)
        assert next(shop.list_collections(filter={"name": "series"}))["options"]["expireAfterSeconds"] == 86400
        shop["series"].drop()
    # who may not list indexes is not told that they are lacking
    assert "does not have" not in store.run("restore", "--uri", inserts, *only, "--mode", "missing").out
    shop["r"].drop_index("a_1")
    assert "it does not have a_1" in store.run("restore", "--uri", both, *only, "--mode", "missing").out
    shop["r"].drop()


def test_what_is_wrong_with_a_uri_is_told(secured, store, tmp_path):
    server, folder = secured
    uri = uris(server, folder)["scram-tls"][0]
    for wrong, status, words in (
            (uri.replace("ca.pem", "none.pem"), 1, ("the URI's tlsCAFile", "none.pem: No such file")),
            (uri + "&tlsCertificateKeyFile=/none", 1, ("the URI's tlsCertificateKeyFile /none: No such file",)),
            (uri.replace("ca.pem", "server.key"), 2, ("the URI's tlsCAFile", 'server.key: there is no "CERTIFICATE-----" in it')),
            (uri + f"&tlsCertificateKeyFile={folder}/ca.pem", 2, ('ca.pem: there is no "PRIVATE KEY-----" in it',)),
            (uri.replace("authSource=admin", "authSource=shop"), 6, ("Authentication failed", "HINT: the user is looked for in authSource=")),
            ("mongodb+srv://u:p@localhost:1/", 2, ("HINT: mongodb+srv://USER:PASSWORD@NAME/; one name",)),
            (f"mongodb://{server.address}/?replicaSet=rs0", 6, ("requires authentication", "HINT: the URI names no user, or the user was removed meanwhile; the role backup"))):
        done = store.run("backup", check=status, env={**os.environ, "YESTER_URI": wrong})
        assert all(word in done.err for word in words) and SECRET not in done.err, done.err
    config = tmp_path / "config"
    config.write_text(f"# ours\nuri = {uri}\nstore {store.path}\n")
    config.chmod(0o644)
    done = peers.yester("backup", "--config", config, check=6)
    assert "holds a URI with a user, and may be read by others" in done.err and SECRET not in done.err
    config.chmod(0o600)
    peers.yester("backup", "--config", config)


def test_a_config_server_and_an_arbiter_are_refused(store):
    config = peers.Mongod("6.0.27", replset=False, arguments=("--replSet", "rs0", "--configsvr"))
    with config:
        config.client.admin.command("replSetInitiate", {
            "_id": "rs0", "configsvr": True, "members": [{"_id": 0, "host": config.address}]})
        until(lambda: config.client.admin.command("isMaster").get("ismaster"), "a primary")
        for verb in ("backup", "tail"):
            assert "config server" in store.run(verb, "--uri", config.uri, check=6).err
    first = peers.Mongod("6.0.27", replset=False, arguments=("--replSet", "rs0", "--oplogSize", "50"))
    arbiter = peers.Mongod("6.0.27", replset=False, arguments=("--replSet", "rs0", "--oplogSize", "50"))
    with first, arbiter:
        first.client.admin.command("replSetInitiate", {"_id": "rs0", "members": [
            {"_id": 0, "host": first.address, "priority": 2}, {"_id": 1, "host": arbiter.address, "arbiterOnly": True}]})
        until(lambda: arbiter.client.admin.command("isMaster").get("arbiterOnly"), "an arbiter")
        for verb in ("backup", "tail"):
            assert "arbiter" in store.run(verb, "--uri", arbiter.uri, check=6).err


def test_a_version_in_transition_is_refused_and_taken_afterwards(store):
    with peers.Mongod("6.0.27") as server:
        admin = server.client.admin
        admin.command("configureFailPoint", "failDowngrading", mode="alwaysOn")
        with pytest.raises(pymongo.errors.OperationFailure):
            admin.command("setFeatureCompatibilityVersion", "5.0")
        assert "compatibility" in store.run("backup", "--uri", server.uri, check=6).err
        admin.command("configureFailPoint", "failDowngrading", mode="off")
        admin.command("setFeatureCompatibilityVersion", "5.0")
        store.run("backup", "--uri", server.uri)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("in_place", [False, True])
def test_the_files_of_a_frozen_member_give_a_snapshot_that_a_tail_goes_on_from(store, tmp_path, version, in_place):
    if version not in peers.VERSIONS:
        pytest.skip("no such server")
    program = peers.fetched(peers.truth.mongod, version)
    with peers.Mongod(version, arguments=("--directoryperdb",)) as server:
        coll = server.client["shop"]["c"]
        coll.insert_many([{"i": i, "pad": "x" * 100} for i in range(3000)])
        coll.create_index("i")
        server.client["shop"]["d"].insert_many([{"i": i} for i in range(100)])
        coll.update_many({"i": {"$lt": 500}}, {"$set": {"late": 1}})
        coll.with_options(write_concern=pymongo.WriteConcern(j=True)).insert_one({"last": 1})
        server.process.send_signal(signal.SIGSTOP)  # all of its files stand still at once
        shutil.copytree(server.folder / "db", tmp_path / "db")
        server.process.send_signal(signal.SIGCONT)
        frozen = state_of(server.client)
        before = {p.relative_to(tmp_path): p.stat().st_mtime_ns for p in (tmp_path / "db").rglob("*")}
        arguments = ["--dbpath", tmp_path / "db", "--mongod", program.path, *(["--in-place"] if in_place else [])]
        made = json.loads(store.run("backup", "--json", *arguments, env=program.env()).out)
        assert made["exact"] and "inexactWhy" not in made
        after = {p.relative_to(tmp_path): p.stat().st_mtime_ns for p in (tmp_path / "db").rglob("*")}
        assert in_place or before == after
        assert not (tmp_path / "db" / "diagnostic.data").exists()
        assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".yester")] == []
        equal(state_in(store, "latest", tmp_path / "d"), frozen)
        shown = store.run("show", "latest-snapshot").out
        assert "rs0" in shown and version in shown
        # What runs is no snapshot of a disk.
        refused = store.run("backup", "--dbpath", server.folder / "db", "--mongod", program.path, check=6, env=program.env())
        assert "runs on" in refused.err
        coll.insert_one({"later": 1})
        result = json.loads(store.run("tail", "--once", "--json", "--uri", server.uri).out)
        assert "gap" not in result and result["newEntries"] >= 1
        equal(state_in(store, "latest", tmp_path / "e"), state_of(server.client))


def test_a_member_that_is_locked_can_be_copied_file_by_file(store, tmp_path):
    program = peers.fetched(peers.truth.mongod, "6.0.27")
    with peers.Mongod("6.0.27") as server:
        server.client["shop"]["c"].insert_many([{"i": i} for i in range(1000)])
        server.client.admin.command("fsync", lock=True)
        try:
            shutil.copytree(server.folder / "db", tmp_path / "db")
        finally:
            server.client.admin.command("fsyncUnlock")
        (tmp_path / "db" / "mongod.lock").unlink()
        store.run("backup", "--dbpath", tmp_path / "db", "--mongod", program.path, env=program.env())
        equal(state_in(store, "latest", tmp_path / "d"), state_of(server.client))


def test_what_is_no_folder_of_a_mongod_is_told(store, tmp_path):
    program = peers.fetched(peers.truth.mongod, "6.0.27")
    (tmp_path / "empty").mkdir()
    done = store.run("backup", "--dbpath", tmp_path / "empty", "--mongod", program.path, check=2)
    assert "no dbpath" in done.err
    assert store.run("backup", "--dbpath", tmp_path / "empty", check=2).err
    assert store.run("backup", "--dbpath", tmp_path / "empty", "--mongod", "/no/such", check=2).err
    assert store.run("backup", "--dbpath", tmp_path, "--mongod", program.path, "--uri", "mongodb://h/", check=2).err


def test_status_tells_what_is_wrong_by_its_exit_code(store, tmp_path):
    assert json.loads(store.run("status", "--json").out)["lastOptime"] is None
    store.run("status", "--check")
    assert "nothing is stored" in store.run("status", "--check", "--max-lag", "5m", check=3).err
    assert store.run("status", "--max-lag", "5m", check=2).err
    assert "6h" in store.run("status", "--check", "--max-lag", "soon", check=2).err
    store.run("status", "--check", "--max-drill-age", "8d", "--quiet", check=3)
    store.run("status", "--metrics-file", tmp_path / "m")
    assert "yester_snapshots 0\n" in (tmp_path / "m").read_text()
    peers.yester("status", "-s", tmp_path / "none", "--check", check=10)
