"""A dump goes in, a mounted snapshot comes out that stock tools accept: the acceptance of issue 3.

The dumps are the repository's fixture, all of the shared data's, and those that mongodump makes of servers 4.2 to 6.0.
The judges are the real programs: mongorestore and a mongod's dbHash, bsondump, cp, rsync, diff.
"""
import collections
import dataclasses
import datetime
import json
import os
import random
import re
import shutil
import sys
from pathlib import Path

import dumps
import peers
import pytest
from peers import Mount, Store, tools

sys.path.insert(0, str(peers.ROOT / "tests" / "fixture"))
import fill  # noqa: E402

pytestmark = [pytest.mark.fuse, pytest.mark.mongod]

FORMS = ("folder", "gzip", "archive", "archive-gzip", "oplog", "oplog-gzip")
LARGE_FOR = ("4.2.6", "6.0.27")  # the versions whose dumps also hold the large things
# Ours may keep these or turn them into something else: index lists of old servers, profiles.
MAY_BE_ABSENT = re.compile(r"system\.(indexes|profile|namespaces|users|sessions|preimages)$")
# mongorestore does not write into `local`; so that such dumps are checked too, they go elsewhere.
RENAME_LOCAL = ("--nsFrom", "local.*", "--nsTo", "was_local.*")


@dataclasses.dataclass
class Case:
    """A dump and the mount of the snapshot that was made of it."""

    path: Path
    archive: bool
    content: dict  # (db, collection) -> peers.Dumped
    latest: Path
    store: Store
    mount: Mount
    rolled: bool = False  # its oplog was replayed: the snapshot is of the oplog's end
    reference: dict = None  # what a direct restore of the dump gives

    def bson_files(self):
        return sorted(self.latest.glob("*/*.bson"))

    def mounted(self, one, ending=".bson"):
        """Named as mongodump does: .json files and folders of documents yield to these names."""
        return self.latest / one.db / (peers.escape(one.name) + ending)


def is_gzip(path, archive):
    if archive:
        return path.read_bytes()[:2] == b"\x1f\x8b"
    return any(path.rglob("*.gz"))


def what_to_list(content):
    """Mount options: everything, or without a file for each document where those would take minutes to copy."""
    documents = sum(len(one.documents or ()) for one in content.values())
    return None if documents <= 5000 else "show=bson,json"


def mounted_case(path, archive, folder):
    """Ingest and mount; a generator, for fixtures."""
    content = peers.read_archive(path) if archive else peers.read_dump(path)
    store = Store(folder / "store")
    store.ingest(path, *(("--archive",) if archive else ()))
    with Mount(store.path, options=what_to_list(content)) as mount:
        yield Case(path, archive, content, mount.latest, store, mount, json.loads(store.run("snapshots", "--json").out)[0]["exact"])


@pytest.fixture(scope="module", params=dumps.folders() + dumps.archives())
def case(request, tmp_path_factory):
    path = request.param
    yield from mounted_case(path, path.is_file(), tmp_path_factory.mktemp("case"))


# ---- what is compared


def restore(server, path, archive, *options, check=0):
    where = (f"--archive={path}",) if archive else ("--dir", path)
    gzip = ("--gzip",) if is_gzip(path, archive) else ()
    return tools.mongorestore("--port", server.port, *gzip, *options, *RENAME_LOCAL, *where, check=check)


def state(server):
    """All that a restore has made, for comparing."""
    return {
        "hashes": {(db, name): md5 for db in server.user_databases()
                   for name, md5 in peers.dbhash(server.client, db).items()},
        "schema": peers.schema(server),
        "accounts": peers.users_and_roles(server),
    }


def assert_same_state(ours, theirs, what):
    for part in theirs:
        keys = set(ours[part]) | set(theirs[part])
        differ = {k: (ours[part].get(k), theirs[part].get(k)) for k in keys if ours[part].get(k) != theirs[part].get(k)}
        assert not differ, f"{what}: {part} differ in {len(differ)} of {len(keys)} (ours, theirs): {dict(list(differ.items())[:3])}"


def reference_of(case, target):
    """The state after the dump itself was restored, and with which options that works; made once for a case."""
    if case.reference is None:
        replay = ("--oplogReplay",) if case.rolled else ()
        for options in ((), ("--noIndexRestore", "--noOptionsRestore")):
            target.wipe()
            if restore(target, case.path, case.archive, *replay, *options, check=None).status == 0:
                orders = {key: peers.ids_in_order(target, "was_local" if key[0] == "local" else key[0], key[1])
                          for key, one in case.content.items()
                          if key[0] not in ("", "admin") and one.documents and not one.keeps_natural_order}
                case.reference = {"options": options, "state": state(target), "orders": orders}
                break
        else:
            case.reference = {"options": None, "state": None, "orders": {}}
        target.wipe()
    return case.reference


# ---- (a) the documents, byte for byte, in order


def check_documents(case, orders):
    # The oplog of an archive has no database.
    expected = {case.mounted(one): one for one in case.content.values() if one.db and one.documents is not None}
    mounted = set(case.bson_files())
    missing = [p for p, one in expected.items()
               if p not in mounted and (one.db == "admin" or not MAY_BE_ABSENT.match(one.name))]
    assert not missing, f"not in the mount: {missing}"
    extra = [p for p in mounted if p not in expected and p.stat().st_size > 0]
    assert not extra, f"in the mount, but not in the dump: {extra}"
    for path in sorted(mounted & set(expected)):
        one = expected[path]
        ours = peers.dump_documents(path)
        if collections.Counter(ours) != collections.Counter(one.documents):
            lost = collections.Counter(one.documents) - collections.Counter(ours)
            pytest.fail(f"{path}: {len(ours)} documents, the dump has {len(one.documents)}; {lost.total()} are not the dump's")
        if one.keeps_natural_order:
            assert ours == one.documents, f"{path}: the natural order is not kept"
        elif orders.get((one.db, one.name)):
            ids = [peers.id_element(d) for d in ours]
            theirs = orders[one.db, one.name]
            wrong = next((i for i, (a, b) in enumerate(zip(ids, theirs)) if a != b), None)
            assert wrong is None, f"{path}: document {wrong} has _id {ids[wrong]}, the server's order has {theirs[wrong]}"
            assert len(ids) == len(theirs), f"{path}: {len(ids)} documents, the server has {len(theirs)}"


def check_rolled_documents(case, target):
    """The truth of a dump with an oplog is what mongorestore makes of both."""
    if reference_of(case, target)["options"] is None:
        pytest.skip("mongorestore does not replay this oplog either")
    restore(target, case.path, case.archive, "--oplogReplay", *case.reference["options"])
    for db in target.user_databases():
        for name in target.client[db].list_collection_names(filter={"type": "collection"}):
            if name.startswith("system."):
                continue
            path = case.latest / db / (peers.escape(name) + ".bson")
            theirs = [d.raw for d in target.client[db].get_collection(name, codec_options=peers.RAW).find()]
            assert collections.Counter(peers.dump_documents(path)) == collections.Counter(theirs), path
    target.wipe()


def test_the_documents_are_the_dumps(case, target):
    if case.rolled:
        check_rolled_documents(case, target)
    else:
        check_documents(case, reference_of(case, target)["orders"])


def pairs(text):
    """JSON with the order of its keys."""
    return json.loads(text, object_pairs_hook=lambda found: ("object", found))


def check_metadata(case, in_order):
    for one in case.content.values():
        if not one.metadata or "type" not in one.metadata or case.archive:
            continue
        original = next(p for p in (case.path / one.db).iterdir()
                        if re.fullmatch(re.escape(peers.escape(one.name)) + r"\.metadata\.json(\.gz)?", p.name))
        ours, theirs = case.mounted(one, ".metadata.json").read_text(), peers.read_file(original).decode()
        if in_order:
            assert pairs(ours) == pairs(theirs), original
        else:
            ours, theirs = json.loads(ours), json.loads(theirs)
            for key in ("indexes", "uuid", "collectionName", "type"):
                if key in theirs:
                    assert ours.get(key) == theirs[key], f"{original}: {key}"


def test_the_metadata_are_the_dumps(case):
    if case.rolled:
        pytest.skip("the oplog may have changed them: the schema is compared after mongorestore")
    check_metadata(case, in_order=case.path.is_relative_to(dumps.FIXTURES))


# ---- (b) stock mongorestore and dbHash


def test_mongorestore_gives_the_same_databases(case, target):
    reference = reference_of(case, target)
    if reference["options"] is None:
        pytest.skip("mongorestore does not restore the dump itself into 6.0 either")
    target.wipe()
    restore(target, case.latest, False, *reference["options"])
    assert_same_state(state(target), reference["state"], str(case.path))


# ---- (c) to (e): what stock tools say of the files


def check_with_bsondump(case):
    refused = []
    for path in case.bson_files():
        done = tools.bsondump("--objcheck", "--quiet", "--outFile", "/dev/null", "--bsonFile", path, check=None)
        original = case.path / path.relative_to(case.latest)
        if done.status != 0 and not (original.is_file() and tools.bsondump(
                "--objcheck", "--quiet", "--outFile", "/dev/null", "--bsonFile", original, check=None).status != 0):
            refused.append(done.story())
    assert not refused, "\n".join(refused)


def test_bsondump_accepts_every_file(case):
    check_with_bsondump(case)


def check_sizes(case):
    rng = random.Random(fill.SEED)
    for path in sorted(p for p in case.latest.rglob("*") if p.is_file()):
        content = path.read_bytes()
        assert path.stat().st_size == len(content), f"{path}: stat says {path.stat().st_size}, {len(content)} bytes can be read"
        with open(path, "rb", buffering=0) as file:
            for _ in range(8):
                at, length = rng.randrange(len(content) + 10), rng.choice((1, 100, 4096, 70_000))
                assert os.pread(file.fileno(), length, at) == content[at : at + length], f"{path}: {length} bytes at {at}"


def test_sizes_are_exact(case):
    check_sizes(case)


def check_copies(case, folder):
    copy, synced = folder / "copy", folder / "synced"
    peers.run(["cp", "-r", case.latest, copy])
    peers.run(["diff", "-r", case.latest, copy])
    if shutil.which("rsync"):
        peers.run(["rsync", "-a", f"{case.latest}/", synced])
        peers.run(["diff", "-r", copy, synced])
        again = peers.run(["rsync", "-a", "--itemize-changes", f"{case.latest}/", synced])
        assert again.out == "", f"a second rsync finds changes:\n{again.out}"
    for made in (copy, synced):  # they are read-only, as in the mount
        peers.run(["chmod", "-R", "u+rwX", made], check=None)
        shutil.rmtree(made, ignore_errors=True)


def test_copies_work(case, tmp_path):
    check_copies(case, tmp_path)


# ---- dumps of live servers, in each form that mongodump has


@pytest.fixture(scope="module")
def filled(mongod):
    """Each version's server, filled; its state."""
    mongod.wipe()
    fill.fill(mongod.client, large=mongod.version in LARGE_FOR)
    return mongod, state(mongod)


@pytest.fixture(scope="module")
def same_version(mongod):
    """A second server of that version, to restore into."""
    with peers.Mongod(mongod.version) as server:
        yield server


@pytest.fixture(scope="module", params=FORMS)
def live(request, filled, tmp_path_factory):
    server, _ = filled
    folder = tmp_path_factory.mktemp("live")
    form = request.param
    path = folder / ("dump.archive" if "archive" in form else "dump")
    tools.mongodump("--port", server.port,
                    *((f"--archive={path}",) if "archive" in form else ("--out", path)),
                    *(("--gzip",) if "gzip" in form else ()), *(("--oplog",) if "oplog" in form else ()))
    yield from mounted_case_of_live(path, "archive" in form, folder)
    shutil.rmtree(folder, ignore_errors=True)


def mounted_case_of_live(path, archive, folder):
    # The CRC-64s in plain Python would take minutes for what the large servers give.
    content = peers.read_archive(path, check_crc=False) if archive else peers.read_dump(path)
    store = Store(folder / "store")
    store.ingest(path, *(("--archive",) if archive else ()))
    with Mount(store.path, options=what_to_list(content)) as mount:
        yield Case(path, archive, content, mount.latest, store, mount, json.loads(store.run("snapshots", "--json").out)[0]["exact"])


def without_newlines(state):
    """Our mongorestore passes over namespaces with a newline in their name, without a word (TOOLS-3822)."""
    return {part: {k: v for k, v in found.items() if part == "accounts" or "\n" not in k[1]} for part, found in state.items()}


def test_a_live_servers_documents(live, filled):
    server, _ = filled
    orders = {key: peers.ids_in_order(server, *key) for key, one in live.content.items()
              if key[0] not in ("", "admin") and one.documents and not one.keeps_natural_order}
    check_documents(live, orders)


def test_a_live_servers_metadata(live):
    check_metadata(live, in_order=True)


def test_a_live_servers_databases_come_back(live, filled, same_version):
    _, before = filled
    same_version.wipe()
    restore(same_version, live.latest, False)
    assert_same_state(without_newlines(state(same_version)), without_newlines(before), str(live.path))


def test_a_live_servers_files(live, tmp_path):
    check_with_bsondump(live)
    check_sizes(live)
    check_copies(live, tmp_path)


# ---- a snapshot lands while another is copied


def test_copies_work_while_a_snapshot_lands(store, fixture_dump, tmp_path):
    store.ingest(fixture_dump)
    with Mount(store.path) as mount:
        first = mount.latest
        with_new = tmp_path / "dump2"
        shutil.copytree(fixture_dump, with_new)
        (with_new / "shop" / "orders.bson").write_bytes((fixture_dump / "shop" / "empty.bson").read_bytes())
        command = [str(peers.program("yester")), "ingest", "-s", str(store.path), str(with_new)]
        ingest = peers.subprocess.Popen(command, stdin=peers.subprocess.DEVNULL,
                                        stdout=peers.subprocess.DEVNULL, stderr=peers.subprocess.DEVNULL)
        copies = 0
        while ingest.poll() is None or copies == 0:
            check_copies(dataclasses.replace(CASE_OF_NOTHING, latest=first), tmp_path)
            copies += 1
        assert ingest.wait(timeout=120) == 0
        assert mount.latest != first, "the new snapshot does not appear without mounting again"
        assert (first / "shop" / "orders.bson").stat().st_size > 0
        assert (mount.latest / "shop" / "orders.bson").stat().st_size == 0
        assert len(list((mount.path / "snapshots").iterdir())) == 2


CASE_OF_NOTHING = Case(None, False, {}, None, None, None)


# ---- lone files, standard input


@pytest.mark.parametrize("path", dumps.singles())
def test_a_lone_file(path, store, tmp_path):
    store.ingest(path)
    with Mount(store.path) as mount:
        found = sorted(mount.latest.glob("*/*.bson"))
        assert len(found) == 1, f"one collection was expected: {found}"
        assert collections.Counter(peers.dump_documents(found[0])) == collections.Counter(peers.dump_documents(path))


def test_a_database_is_named_only_where_the_dump_does_not_say_it(store, fixture_dump, tmp_path):
    store.ingest(fixture_dump / "shop", "--db", "other")
    assert {ns["db"] for ns in json.loads(store.run("ls", "--json").out)} == {"other"}
    store.run("dump", f"--archive={tmp_path / 'archive'}")
    for path in (fixture_dump, tmp_path / "archive"):
        assert "--db is for a lone .bson" in store.ingest(path, "--db", "other", check=2).err


@pytest.mark.parametrize("path", dumps.archives())
def test_an_archive_from_standard_input(path, store):
    store.ingest("-", "--archive", input=path.read_bytes())
    with Mount(store.path) as mount:
        check_documents(Case(path, True, peers.read_archive(path), mount.latest, store, mount), {})


# ---- damage: an error that names the file and the offset, and no snapshot


def assert_refused(done, store, name):
    assert done.status > 0 and done.status != 2, "damage was not refused: " + done.story()
    assert name in done.err, f"the error does not name {name}: " + done.story()
    assert re.search(r"\b(offset|at|byte)\D{0,12}\d+", done.err), "the error names no offset: " + done.story()
    assert not any((store.path / "snapshots").glob("*")), "a snapshot was made all the same"
    assert store.run("snapshots", "--json", check=None).out.strip() in ("", "[]"), "a snapshot is listed"


@pytest.mark.parametrize("path", dumps.broken())
def test_a_damaged_file_is_refused(path, store):
    archive = ".archive" in path.name
    done = store.ingest(path, *(("--archive",) if archive else ()), check=None)
    assert_refused(done, store, path.name)


@pytest.mark.parametrize("path", [p for p in dumps.broken() if p.values[0] is None or p.values[0].suffix == ".bson"])
def test_a_damaged_file_in_a_dump_is_refused(path, store, fixture_dump, tmp_path):
    dump = tmp_path / "dump"
    shutil.copytree(fixture_dump, dump)
    shutil.copy(path, dump / "shop" / path.name)
    assert_refused(store.ingest(dump, check=None), store, path.name)


@pytest.mark.parametrize("cut", (1, 2, 5, 100))
def test_a_file_that_was_cut_off_is_refused(cut, store, fixture_dump, tmp_path):
    dump = tmp_path / "dump"
    shutil.copytree(fixture_dump, dump)
    path = dump / "shop" / "orders.bson"
    path.write_bytes(path.read_bytes()[:-cut])
    assert_refused(store.ingest(dump, check=None), store, "orders.bson")


def test_what_is_not_read_is_told(store, fixture_dump, tmp_path):
    dump = tmp_path / "dump"
    shutil.copytree(fixture_dump, dump)
    shutil.copy(dump / "shop" / "orders.bson", dump / "stray.bson")
    (dump / "shop" / "indexed.bson").rename(dump / "shop" / "indexed.BSON")
    done = store.ingest(dump, "--quiet")
    assert re.search(r"warning: .*/shop/indexed\.BSON and 1 more: not read", done.err) or re.search(
        r"warning: .*/stray\.bson and 1 more: not read", done.err), done.story()
    assert re.search(r"warning: .*/shop/indexed\.metadata\.json: no \.bson beside it", done.err), done.story()
    told = json.loads(store.ingest(dump, "--json").out)
    assert (told["filesNotRead"], told["collectionsWithoutData"]) == (2, 1)
    assert "emptyMetadataFiles" not in told
    (dump / "shop" / "orders.metadata.json").write_bytes(b"")
    done = store.ingest(dump, "--quiet")
    assert re.search(r"warning: .*/shop/orders\.metadata\.json: an empty file: options and indexes", done.err), done.story()
    assert json.loads(store.ingest(dump, "--json").out)["emptyMetadataFiles"] == 1
    told = json.loads(store.ingest(fixture_dump, "--json").out)
    assert "filesNotRead" not in told and "collectionsWithoutData" not in told


def test_a_database_that_was_copied_out_of_a_mount(store, tmp_path):
    """Beside a collection's files are the folder of its documents, called by their _ids, and its lines of JSON."""
    dump = tmp_path / "dump" / "shop"
    dump.mkdir(parents=True)
    ids = b"".join(peers.bson.encode({"_id": name}) for name in ("prelude", "x.bson", "x.metadata"))
    for name in ("prelude", "x.json", "orders"):
        (dump / f"{name}.bson").write_bytes(ids)
        (dump / f"{name}.metadata.json").write_text(json.dumps({"indexes": [], "collectionName": name}))
    store.ingest(tmp_path / "dump")
    with Mount(store.path) as mount:
        peers.run(["cp", "-r", mount.latest / "shop", tmp_path / "shop"])
    peers.run(["chmod", "-R", "u+rwX", tmp_path / "shop"])
    other = Store(tmp_path / "other")
    done = other.ingest(tmp_path / "shop")
    assert done.err == "", done.story()
    with Mount(other.path) as mount:
        peers.run(["diff", "-r", mount.latest / "shop", tmp_path / "shop"])


def test_a_database_has_a_name_that_a_server_allows(store, fixture_dump):
    orders = fixture_dump / "shop" / "orders.bson"
    for name in ("", "a.b", "a b"):
        assert "--db: expected the name of a database" in store.ingest(orders, "--db", name, check=2).err
    assert "is a whole dump" in store.ingest(fixture_dump, "--db", "shop", check=2).err
    store.ingest(orders, "--db", "shop2")


def test_an_archive_with_a_flipped_bit_is_refused(store, shared, tmp_path):
    """Only the CRC-64 can tell."""
    source = shared / "data" / "archives" / "mongodump-parser-8.0.3.archive"
    if not source.exists():
        pytest.skip(f"no {source}")
    content = bytearray(source.read_bytes())
    documents = peers.read_archive(source)["testDB", "testColl"].documents
    at = content.find(documents[700]) + len(documents[700]) - 3
    content[at] ^= 1
    path = tmp_path / "flipped.archive"
    path.write_bytes(content)
    assert_refused(store.ingest(path, "--archive", check=None), store, path.name)


def test_a_time_series_as_servers_from_8_3_have_it(store, target, tmp_path):
    """There it is one collection, whose buckets mongodump writes as its own documents (mongo-tools mongodump/prepare.go)."""
    series = {"timeField": "t", "metaField": "m", "granularity": "seconds"}
    target.client.shop.create_collection("heat", timeseries=series)
    target.client.shop.heat.insert_many(
        {"_id": i, "t": datetime.datetime(2026, 1, 1, i), "m": i % 3, "v": i / 8} for i in range(20))
    points = sorted(target.client.shop.heat.find({}, {"_id": 1, "v": 1, "t": 1}), key=lambda d: d["_id"])
    dump = tmp_path / "dump"
    tools.mongodump("--port", target.port, "--db", "shop", "--out", dump)
    before = state(target)
    (dump / "shop" / "system.buckets.heat.bson").rename(dump / "shop" / "heat.bson")
    done = store.ingest(dump)
    assert done.err == "", done.story()
    target.wipe()
    peers.yester("dump", "-s", store.path, "--out", tmp_path / "ours")
    restore(target, tmp_path / "ours", False)
    assert sorted(target.client.shop.heat.find({}, {"_id": 1, "v": 1, "t": 1}), key=lambda d: d["_id"]) == points
    assert_same_state(state(target), before, "the time series")
