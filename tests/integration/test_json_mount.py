"""JSON lines and one file for each document, through the mount: the judge is mongoexport of real servers."""
import json
import mmap
import os
import random
import re
import shutil
import sys
import threading
import time
from pathlib import Path

import bson
import peers
import pytest
from peers import Mount, Store, tools

sys.path.insert(0, str(peers.ROOT / "tests" / "fixture"))
import fill  # noqa: E402
import values  # noqa: E402

pytestmark = pytest.mark.fuse

SERVERS = ("6.0.27", "4.4.2")
FULL = os.environ.get("YESTER_SCALE") == "full"
MIXED = 100_000 if FULL else 20_000  # documents of mixed `_id`s
READERS, READS = 8, 1_000_000 if FULL else 12_000  # of all readers
# What docs/format/json.md says that mongoexport writes otherwise: document, theirs (or how it fails), ours.
KNOWN = (
    (values.raw_document(("_id", values.int32(1)), ("b", values.binary(b"", 2))),
     '{"_id":1,"b":{"$binary":{"base64":"AAAAAA==","subType":"02"}}}', '{"_id":1,"b":{"$binary":{"base64":"","subType":"02"}}}'),
    (values.raw_document(("_id", values.int32(2)), ("p", values.Value(values.DBPOINTER, values.string('a."b\\').raw + values.oid(1).raw))),
     None, '{"_id":2,"p":{"$dbPointer":{"$ref":"a.\\"b\\\\","$id":{"$oid":"650000000000000000000001"}}}}'),
)


class Filled:
    """A filled server, a store with a dump of it."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        fill.fill(server.client)
        filler = fill.Filler(server.client, random.Random(fill.SEED))
        filler.mixed_ids(MIXED)
        filler.insert_raw("known", "differences", [document for document, _, _ in KNOWN])
        tools.mongodump("--port", server.port, "--out", folder / "dump")
        self.store = Store(folder / "store")
        self.store.ingest(folder / "dump")

    def export(self, db, name, *options, sort=True, check=0):
        by_id = ("--sort", '{"_id":1}') if sort else ()
        return tools.mongoexport("--port", self.server.port, f"--db={db}", f"--collection={name}", *by_id, *options, "--quiet", check=check)


@pytest.fixture(scope="module", params=SERVERS)
def filled(request, tmp_path_factory):
    with peers.Mongod(request.param) as server:
        yield Filled(server, tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def mounted(filled):
    with Mount(filled.store.path) as mount:
        yield mount


@pytest.fixture(scope="module")
def mixed(mounted):
    return mounted.latest / "large" / "mixed"


# ---- .json of collections


def first_difference(ours, theirs):
    ours, theirs = ours.split(b"\n"), theirs.split(b"\n")
    for number, (one, other) in enumerate(zip(ours, theirs)):
        if one != other:
            return f"line {number}:\n  ours   {one[:500]!r}\n  theirs {other[:500]!r}"
    return f"{len(ours)} lines, mongoexport has {len(theirs)}"


def check_exports(filled, latest, *options):
    """Each .json of the users' databases is mongoexport's; returns how many were compared."""
    compared = 0
    for entry in peers.read_dump(filled.folder / "dump").values():
        if entry.documents is None or entry.db in ("admin", "config", "known"):
            continue
        path = latest / entry.db / (peers.escape(entry.name) + ".json")
        if entry.name.endswith(".metadata"):
            path = latest / entry.db / (peers.escape(entry.name).replace(".metadata", "%2Emetadata") + ".json")
        ours = path.read_bytes()
        theirs = filled.export(entry.db, entry.name, *options, sort=not entry.keeps_natural_order).raw
        if entry.options.get("collation"):  # its own order there; ours is that of simple collation everywhere
            ours, theirs = (b"\n".join(sorted(text.split(b"\n"))) for text in (ours, theirs))
        assert ours == theirs, f"{path}: {first_difference(ours, theirs)}"
        compared += 1
    return compared


@pytest.mark.mongod
def test_every_json_is_what_mongoexport_writes(filled, mounted):
    assert check_exports(filled, mounted.latest) > 40


@pytest.mark.mongod
def test_canonical_json_is_what_mongoexport_writes(filled):
    with Mount(filled.store.path, options="json=canonical") as mount:
        assert check_exports(filled, mount.latest, "--jsonFormat", "canonical") > 40
        for path in sorted(mount.latest.glob("shop/*.json")):
            assert path.stat().st_size == len(path.read_bytes()), path


@pytest.mark.mongod
def test_the_known_differences_are_these(filled, mounted):
    ours = (mounted.latest / "known" / "differences.json").read_text().splitlines()
    assert ours == [line for _, _, line in KNOWN]
    for number, (_, theirs, line) in enumerate(KNOWN, 1):
        json.loads(line)
        done = filled.export("known", "differences", "--query", '{"_id":%d}' % number, check=None)
        if theirs is None:
            assert done.out.strip() != line, "mongoexport writes this as we do now"
        else:
            assert done.out.strip() == theirs


@pytest.mark.mongod
def test_views_and_time_series_have_no_json(filled, mounted):
    shop = set(os.listdir(mounted.latest / "shop"))
    assert "paid.metadata.json" in shop and not {"paid.json", "paid", "paid.bson"} & shop
    assert not (mounted.latest / "shop" / "paid.json").exists() and not (mounted.latest / "shop" / "paid").exists()
    if filled.server.number >= (5, 0):
        metrics = set(os.listdir(mounted.latest / "metrics"))
        assert {"system.buckets.weather.json", "system.buckets.weather"} <= metrics
        assert not {"weather.json", "weather"} & metrics


def every_file(latest):
    """All files, those of documents in both forms."""
    for folder, folders, names in os.walk(latest):
        folders.sort()
        for name in sorted(names):
            yield os.path.join(folder, name)
            if name.endswith(".json") and Path(folder).parent.parent == latest:
                yield os.path.join(folder, name[:-5] + ".bson")


def check_sizes(store, tmp_path):
    """`stat` is right before anything was read, also right after local/ was deleted; returns how many files."""
    copy = tmp_path / "copy"
    shutil.copytree(store.path, copy)
    shutil.rmtree(copy / "local")
    with Mount(copy) as mount:
        sizes = {path: os.stat(path).st_size for path in every_file(mount.latest)}
        for path, size in sizes.items():
            with open(path, "rb", buffering=0) as file:
                assert size == len(file.read()), path
    return len(sizes)


@pytest.mark.mongod
def test_sizes_are_exact_also_without_local(filled, tmp_path):
    assert check_sizes(filled.store, tmp_path) > 2 * MIXED


@pytest.mark.parametrize("name", ("dump", "dump-names"))
def test_sizes_of_the_fixtures_are_exact_without_local(name, store, tmp_path):
    store.ingest(peers.ROOT / "tests" / "fixture" / name)
    assert check_sizes(store, tmp_path) > {"dump": 2000, "dump-names": 20}[name]


class Reader(threading.Thread):
    """Reads as fsx does, anywhere and of any length: by pread, by mmap, by a descriptor that is opened anew."""

    def __init__(self, path, expected, seed, count):
        super().__init__()
        self.path, self.expected, self.count, self.wrong = path, expected, count, []
        self.rng = random.Random(seed)

    def one(self, fd, mapped):
        rng, expected = self.rng, self.expected
        at, length = rng.randrange(len(expected) + 5000), rng.choice((1, 100, 4096, 70_000))
        how = rng.random()
        if how < 0.1:
            got = mapped[at : at + length]
        elif how < 0.12:
            with open(self.path, "rb", buffering=0) as file:
                got = os.pread(file.fileno(), length, at)
        else:
            got = os.pread(fd, length, at)
        if got != expected[at : at + length]:
            self.wrong.append((at, length))
        if rng.random() < 0.02:  # so that it is not the kernel that remembers
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def run(self):
        with open(self.path, "rb", buffering=0) as file:
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                for _ in range(self.count):
                    self.one(file.fileno(), mapped)


@pytest.mark.mongod
@pytest.mark.timeout(3600)
def test_random_reads_of_many_threads_are_the_exports(filled, mounted):
    start = time.monotonic()
    readers = [Reader(mounted.latest / "large" / "mixed.json", filled.export("large", "mixed").raw, seed, READS // READERS)
               for seed in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert not [reader.wrong for reader in readers if reader.wrong]
    print(f"\n  {READS} reads of {READERS} threads: {time.monotonic() - start:.0f} s")


# ---- a file for each document


@pytest.mark.mongod
def test_every_document_of_mixed_ids_has_its_files(filled, mounted, mixed):
    expected = peers.dump_documents(mixed.parent / "mixed.bson")
    lines = (mixed.parent / "mixed.json").read_bytes().splitlines()
    names = os.listdir(mixed)  # in the order of the listing, that of the documents
    assert len(set(names)) == len(names) == len(expected) == len(lines)
    for name, document, line in zip(names, expected, lines):
        assert (mixed / (name[:-5] + ".bson")).read_bytes() == document, name
        pretty = (mixed / name).read_bytes()
        assert pretty.endswith(b"}\n") and same_json(pretty, line), name
        assert len(os.fsencode(name)) <= 255


def same_json(one, other):
    def pairs(text):
        return json.loads(text, object_pairs_hook=lambda found: ("object", found), parse_float=str)

    return pairs(one) == pairs(other)


@pytest.mark.mongod
def test_no_name_holds_an_escape_sequence(mounted):
    for folder, _, names in os.walk(mounted.latest):
        for name in names:
            assert not re.search("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\udc80-\udcff]", name), f"{folder}: {name!r}"
            if os.path.dirname(folder) != str(mounted.latest):
                assert name[0] not in "-.~" or folder == str(mounted.latest), f"{folder}: {name!r}"


@pytest.mark.mongod
def test_names_are_typed_by_hand(mounted):
    ids = mounted.latest / "types" / "ids"
    for name, what in (("650000000000000000000001", "ObjectId"), ("00010203-0405-0607-0809-0a0b0c0d0e0f", "UUID"), ("1", "int32"),
                       ("%str,1", "string"), ("2", "decimal 2.00"), ("true", "true"), ("2023-11-14T22:13:20.123Z", "date"),
                       ("%-5", "negative int32"), ("a", "string a"), ("{a:1,b:x}", "document"), ("😀", "emoji")):
        assert json.loads((ids / f"{name}.json").read_text())["what"] == what
        assert bson.decode((ids / f"{name}.bson").read_bytes())["what"] == what
    for name in ("1.0", "01", "+1", "%str,a", "650000000000000000000001 ", "nosuch", "%rank,0", "", "%"):
        assert not (ids / f"{name}.json").exists(), name
    for name in ("1", "1.txt", "1.JSON", "x" * 300):
        with pytest.raises(OSError):
            (ids / name).stat()


@pytest.mark.mongod
def test_documents_of_natural_order_go_by_rank(filled, mounted):
    log = mounted.latest / "capped" / "log"
    documents = peers.dump_documents(filled.folder / "dump" / "capped" / "log.bson")
    assert os.listdir(log) == [f"%rank,{i}.json" for i in range(len(documents))]
    for rank in (0, 1, len(documents) - 1):
        assert (log / f"%rank,{rank}.bson").read_bytes() == documents[rank]
        number = bson.decode(documents[rank])["_id"]
        assert (log / f"{number}.bson").read_bytes() == documents[rank], "by _id too, when typed"
        assert os.stat(log / f"{number}.json").st_ino == os.stat(log / f"%rank,{rank}.json").st_ino
    assert not (log / f"%rank,{len(documents)}.json").exists() and not (log / "nosuch.json").exists()


@pytest.mark.mongod
def test_inodes_of_documents_are_numbered_once(mixed):
    listed = {entry.name: entry.inode() for entry in os.scandir(mixed)}
    assert len(set(listed.values())) == len(listed)
    for name in random.Random(1).sample(sorted(listed), 300):
        found, raw = os.stat(mixed / name), os.stat(mixed / (name[:-5] + ".bson"))
        assert found.st_ino == listed[name] != raw.st_ino
        assert found.st_mtime == os.stat(f"{mixed}.bson").st_mtime and found.st_nlink == 1


# ---- the mount's options and facts


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two snapshots that differ in one document, one more and one less."""
    folder = tmp_path_factory.mktemp("two")
    store = Store(folder / "store")
    for number in (1, 2):
        documents = [{"_id": i, "text": f"document {i}", "v": 1} for i in range(300)]
        if number == 2:
            documents[7]["v"] = 2
            del documents[100]
            documents.append({"_id": "new", "text": "the needle"})
        (folder / "dump" / "shop").mkdir(parents=True, exist_ok=True)
        (folder / "dump" / "shop" / "orders.bson").write_bytes(b"".join(map(bson.encode, documents)))
        store.ingest(folder / "dump", "--name", f"s{number}")
    with Mount(store.path) as mount:
        yield mount


@pytest.mark.parametrize("show", ("bson", "json", "docs", "json,docs", "bson,json,docs"))
def test_show_decides_what_is_listed_and_not_what_is_there(two, show):
    with Mount(two.store, options=f"show={show}") as mount:
        forms = {"bson": "orders.bson", "json": "orders.json", "docs": "orders"}
        assert sorted(os.listdir(mount.latest / "shop")) == sorted(forms[f] for f in show.split(","))
        for name in ("orders.bson", "orders.json", "orders/7.json", "orders/7.bson"):
            assert (mount.latest / "shop" / name).read_bytes() == (two.latest / "shop" / name).read_bytes()
        assert json.loads((mount.path / ".yester/status.json").read_text())["show"] == show.split(",")


def test_dot_yester_tells_programs(two):
    store = two.store
    listed = json.loads((two.path / ".yester/snapshots.json").read_text())
    assert listed == json.loads(peers.yester("snapshots", "-s", store, "--json").out)
    status = json.loads((two.path / ".yester/status.json").read_text())
    assert (status["snapshots"], status["latest"], status["oldest"]) == (2, "s2", "s1")
    assert sorted(os.listdir(two.path / ".yester")) == [
        "gaps.json", "progress.json", "ranges.json", "snapshots.json", "status.json"]


def test_attributes_of_json_and_documents(two):
    shop = two.latest / "shop"
    for name in ("orders.json", "orders"):
        for attribute in ("count", "bytes", "root", "moment"):
            assert os.getxattr(shop / name, f"user.yester.{attribute}") == os.getxattr(shop / "orders.bson", f"user.yester.{attribute}")
    assert os.getxattr(shop / "orders/7.json", "user.yester.rank") == b"7"
    assert os.getxattr(shop / "orders/7.json", "user.yester.moment") == os.getxattr(shop / "orders.bson", "user.yester.moment")
    assert not os.listxattr(shop / "orders/7.json")  # cp -a would copy them


# What JSON does not hold (docs/format/json.md, What is lost), by namespace and what the documents say they are.
LOST = {"types.ids": {"NaN"}, "types.values": {"NaN", "negative NaN"}, "types.odd": {2, 7}, "types.one document": {None}}


def imported(target, db, name, path):
    tools.mongoimport("--port", target.port, "--db", db, "--collection", name, "--file", path, "--maintainInsertionOrder")
    return [d.raw for d in target.client.get_database(db, codec_options=peers.RAW)[name].find()]


def said_of(document):
    """What a document of types says that it is, or its number."""
    kind, number = peers.id_element(document)
    found = re.search(rb"\x02what\0....([^\0]*)\0", document, re.S)
    return found[1].decode() if found else int.from_bytes(number, "little") if kind == 0x10 else None


def importable(filled):
    """What mongoimport can put back: all but what has no name or size for it."""
    for entry in peers.read_dump(filled.folder / "dump").values():
        if entry.db not in ("admin", "config", "known", "metrics") and entry.documents and not entry.name.startswith("system."):
            if len(entry.documents) <= 5000 or entry.name == "mixed":
                yield entry


def path_of(latest, entry):
    stem = peers.escape(entry.name)
    return latest / entry.db / (stem.replace(".metadata", "%2Emetadata") if entry.name.endswith(".metadata") else stem)


@pytest.mark.mongod
def test_mongoimport_takes_canonical_json_back(filled, target):
    compared, wrong = 0, []
    with Mount(filled.store.path, options="json=canonical") as mount:
        for number, entry in enumerate(importable(filled)):
            path, ns = path_of(mount.latest, entry), f"{entry.db}.{entry.name}"
            back = imported(target, "back", f"c{number}", f"{path}.json")
            ours = peers.dump_documents(f"{path_of_bson(mount.latest, entry)}")
            assert len(back) == len(ours), ns
            for one, other in zip(back, ours):
                if one == other:
                    compared += 1
                    continue
                said = said_of(other)
                if said not in LOST.get(ns, ()):
                    wrong.append(f"{ns}, {said}: {one[:300]} came back for {other[:300]}")
    assert not wrong, "\n".join(wrong)
    assert compared > 0.9 * MIXED


def path_of_bson(latest, entry):
    return latest / entry.db / (peers.escape(entry.name) + ".bson")


@pytest.mark.mongod
def test_mongoimport_makes_the_same_of_relaxed_json_as_of_mongoexports(filled, mounted, target, tmp_path):
    compared = 0
    for number, entry in enumerate(importable(filled)):
        if entry.keeps_natural_order or entry.options.get("collation"):
            continue
        exported = tmp_path / f"{number}.json"
        exported.write_bytes(filled.export(entry.db, entry.name).raw)
        theirs = imported(target, "theirs", f"c{number}", exported)
        ours = imported(target, "ours", f"c{number}", f"{path_of(mounted.latest, entry)}.json")
        assert ours == theirs, f"{entry.db}.{entry.name}"
        compared += len(ours)
    assert compared > 0.9 * MIXED
