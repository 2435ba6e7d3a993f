"""`yester ls` and `yester cat` of documents: the judge is mongoexport of a real server, or the mount."""
import csv
import io
import json
import os
import pty
import random
import re

import bson
import peers
import pytest
from peers import Mount, Store
from test_json_mount import Filled, first_difference

pytestmark = pytest.mark.mongod
CONTROL = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with peers.Mongod("6.0.27") as server:
        yield Filled(server, tmp_path_factory.mktemp("filled"))


def collections(filled, exported=True):
    """(namespace, Dumped) of all that has documents; `exported`: those that mongoexport writes in our order."""
    for entry in peers.read_dump(filled.folder / "dump").values():
        if entry.documents is None or entry.db in ("admin", "config", "known"):
            continue
        if exported and (entry.keeps_natural_order or entry.options.get("collation")):
            continue
        yield f"{entry.db}.{entry.name}", entry


def test_cat_writes_what_mongoexport_writes(filled):
    compared = 0
    for ns, entry in collections(filled):
        for form, options in (("json", ()), ("canonical", ("--jsonFormat", "canonical"))):
            ours = filled.store.run("cat", ns, "--format", form).raw
            theirs = filled.export(entry.db, entry.name, *options).raw
            assert ours == theirs, f"{ns}, {form}: {first_difference(ours, theirs)}"
            compared += 1
    assert compared > 70


FIELDS = {
    "types.values": "_id,what,value,in,in.array,in.array.0,in.array.1.a,nothing,value.a,value.0",
    "types.ids": "_id,what,_id.a,_id.b",
    "types.odd": "_id,twice,a,deep.d.d,deep",
    "shop.orders": "_id,customer.name,customer.city,total,items.0.sku,items.4.count,items.+1.sku,items.00.sku,items.-1.sku,"
                   "items.-0.sku,items.1x.sku,items.,items.99999999999999999999.sku,items,at,customer,customer.name.x,_id.",
    "large.mixed": "_id,n,pad,_id.a,_id.k.1",
    "files.fs.files": "_id,filename,length,uploadDate",
    "names.new\nline": "name,_id",
}
# docs/format/json.md, CSV: mongoexport ends with an error, or loses the content.
NOT_IN_CSV = ("symbol", "old binary")


@pytest.mark.parametrize("ns", FIELDS)
def test_csv_is_mongoexports(filled, ns):
    db, name = ns.split(".", 1)
    lines = filled.store.run("cat", ns, "--format", "canonical").raw.decode().splitlines()
    table = filled.store.run("cat", ns, "--format", "csv", "--fields", FIELDS[ns]).raw
    rows = list(csv.reader(io.StringIO(table.decode(errors="surrogateescape"), newline="")))
    assert len(rows) == len(lines) + 1
    left_out = [number for number, line in enumerate(lines)
                if "$symbol" in line or json.loads(line).get("what") in NOT_IN_CSV]
    query = ()
    if left_out:
        key = "n" if ns == "large.mixed" else "what"
        values = [json.loads(lines[number])[key] for number in left_out]
        query = ("--query", json.dumps({key: {"$nin": values}}))
    theirs = filled.export(db, name, "--type=csv", f"--fields={FIELDS[ns]}", *query).raw
    if not left_out:
        assert table == theirs, first_difference(table, theirs)
    kept = [rows[0]] + [row for number, row in enumerate(rows[1:]) if number not in set(left_out)]
    assert kept == list(csv.reader(io.StringIO(theirs.decode(errors="surrogateescape"), newline="")))
    if not left_out:
        return
    # With the documents that it can't write, mongoexport has nothing, or loses content: known, and as the docs say.
    shown = {row[1]: row for row in rows[1:]}
    if ns == "types.values":
        done = filled.export(db, name, "--type=csv", f"--fields={FIELDS[ns]}", "--query", '{"what":"symbol"}', check=None)
        assert done.status == 1 and shown["symbol"][2] == "sym"
        done = filled.export(db, name, "--type=csv", f"--fields={FIELDS[ns]}", "--query", '{"what":"old binary"}')
        assert "PANIC" in done.out and shown["old binary"][2] == b"abc".hex()


def test_cat_writes_the_bytes_and_the_pretty_files(filled):
    with Mount(filled.store.path) as mount:
        for ns, entry in collections(filled, exported=False):
            if entry.keeps_natural_order:
                assert filled.store.run("cat", ns, "--format", "bson").raw == b"".join(entry.documents)
            folder = mount.latest / entry.db / peers.escape(entry.name)
            assert filled.store.run("cat", ns, "--format", "bson").raw == folder.with_name(folder.name + ".bson").read_bytes()
            if not folder.is_dir() or len(entry.documents) > 3000:
                continue
            pretty = b"".join((folder / name).read_bytes() for name in os.listdir(folder))
            assert filled.store.run("cat", ns, "--format", "pretty").raw == pretty, ns


def test_ls_has_the_names_of_the_mount(filled):
    compared = 0
    with Mount(filled.store.path) as mount:
        for ns, entry in collections(filled, exported=False):
            folder = mount.latest / entry.db / peers.escape(entry.name)
            if not folder.is_dir():  # it yields: docs/format/names.md
                continue
            names = os.listdir(folder)
            listed = json.loads(filled.store.run("ls", ns, "--json").out)
            assert [one["name"] for one in listed] == names == filled.store.run("ls", ns, "-1").raw.decode().splitlines(), ns
            documents = peers.split_documents(filled.store.run("cat", ns, "--format", "bson").raw)
            assert [one["bytes"] for one in listed] == list(map(len, documents))
            lines = filled.store.run("cat", ns, "--format", "canonical").raw.splitlines()
            assert ["_id" in one for one in listed] == [peers.id_element(d) is not None for d in documents]
            for one, line in zip(listed, lines):
                assert "_id" not in one or json.dumps(one["_id"]) == json.dumps(json.loads(line)["_id"]), (ns, one)
            rows = filled.store.run("ls", ns).raw.decode().splitlines()
            assert rows[0].split() == ["BYTES", "NAME"] and [row[11:] for row in rows[1:]] == names
            compared += len(names)
    assert compared > 20_000
    (itself,) = json.loads(filled.store.run("ls", "-d", "shop.orders", "--json").out)
    assert itself["ns"] == "shop.orders" and itself["count"] == 3000


def test_every_listed_id_is_found_by_what_is_listed(filled):
    listed = [one for one in json.loads(filled.store.run("ls", "large.mixed", "--json").out)]
    lines = filled.store.run("cat", "large.mixed", "--format", "canonical").raw.decode().splitlines()
    for number in random.Random(1).sample(range(len(listed)), 150):
        found = filled.store.run("cat", "large.mixed", "--format", "canonical", "--id", json.dumps(listed[number]["_id"]))
        assert found.raw.decode() == lines[number] + "\n"


# ---- --id EJSON against the corpus of the specifications


def corpus(shared, kind):
    for path in sorted((shared / "data" / "conformance" / "bson_corpus").glob("*.json")):
        yield from ((path.name, one) for one in json.loads(path.read_text()).get(kind, ()))


def test_id_takes_extended_json_as_the_corpus_has_it(shared, store, tmp_path):
    """A document under each value that an `_id` can have is found by its canonical and its degenerate text."""
    documents, asked = {}, []
    for _, one in corpus(shared, "valid"):
        fields = list(peers.split_documents(bytes.fromhex(one["canonical_bson"])))
        text = json.loads(one["canonical_extjson"]) if one.get("canonical_extjson") else {}
        if one.get("lossy") or len(text) != 1:
            continue
        key, value = next(iter(text.items()))
        raw = fields[0]
        if raw[4] in (0x04, 0x06, 0x0B):  # arrays, undefined, regular expressions are no `_id`s
            continue
        made = b"_id\0" + raw[6 + len(key.encode()):]
        made = len(made + raw[:5]).to_bytes(4, "little") + raw[4:5] + made
        documents[made] = None
        forms = [one["canonical_extjson"], *([one["degenerate_extjson"]] if "degenerate_extjson" in one else [])]
        asked += [(made, json.dumps(list(json.loads(form).values())[0])) for form in forms]
    folder = tmp_path / "dump" / "a"
    folder.mkdir(parents=True)
    (folder / "b.bson").write_bytes(b"".join(documents))
    store.ingest(tmp_path / "dump")
    assert len(asked) > 500
    for made, text in random.Random(2).sample(asked, 250):
        found = peers.split_documents(store.run("cat", "a.b", "--format", "bson", "--id", text).raw)
        assert made in found, (text, found)  # more than one where MongoDB calls them equal


def test_id_refuses_what_is_no_extended_json(shared, store, tmp_path):
    folder = tmp_path / "dump" / "a"
    folder.mkdir(parents=True)
    (folder / "b.bson").write_bytes(bson.encode({"_id": 1}))
    store.ingest(tmp_path / "dump")
    refused = ["", " ", "{", "nul", "1 2", '"', '{"a":1,}', "[1", "'a'", "NaN", "0x1"]
    for name, one in corpus(shared, "parseErrors"):
        text = one["string"]
        if "decimal" in name and not text.lstrip().startswith("{"):
            refused.append(json.dumps({"$numberDecimal": text}))
        elif text.startswith("{"):
            refused.append(text)
    assert len(refused) > 150
    for text in refused:
        done = store.run("cat", "a.b", "--id", text, check=2)
        assert done.out == "" and "_id" in done.err and not CONTROL.search(done.err), text
    store.run("cat", "a.b", "--id", "1")


# ---- a terminal


def on_terminal(*words):
    """What a command shows on a pseudo-terminal, and its exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "NO_COLOR": "1", "PAGER": "cat"})
        os.execv(words[0], [os.fspath(word) for word in words])
    shown = b""
    while True:
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    return shown.decode(errors="surrogateescape").replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


HOSTILE = "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202eright\u2066 \x7f \r over \u200b\ufeff"


@pytest.fixture
def hostile(tmp_path):
    """A store in which all that a person can name is hostile: a database's collections, `_id`s, fields, values."""
    folder = tmp_path / "dump" / "db"
    folder.mkdir(parents=True)
    ids = [HOSTILE, {"k" + HOSTILE: HOSTILE}, bson.Code(HOSTILE), bson.Regex("x" + HOSTILE.replace("\0", "")), HOSTILE * 40]
    documents = [bson.encode({"_id": one, HOSTILE: HOSTILE, "in": {HOSTILE: [HOSTILE]}}) for one in ids if not isinstance(one, bson.Regex)]
    documents.append(bson.encode({"_id": 1, "code": bson.Code(HOSTILE, {HOSTILE: 1}), "re": ids[3], "raw": 2}))
    for name in (HOSTILE, "plain"):
        (folder / (peers.escape(name) + ".bson")).write_bytes(b"".join(documents))
        (folder / (peers.escape(name) + ".metadata.json")).write_text(json.dumps({
            "options": {"validator": {HOSTILE: HOSTILE}}, "indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"},
            {"v": 2, "key": {HOSTILE: 1}, "name": HOSTILE}], "collectionName": name, "type": "collection"}))
    store = Store(tmp_path / "store")
    store.ingest(tmp_path / "dump", "--name", "one")
    return store


def test_no_escape_sequence_reaches_a_terminal(hostile):
    ns, absent = f"db.{HOSTILE}", f"db.no{HOSTILE}"
    where = json.dumps(HOSTILE + "x", ensure_ascii=False)
    commands = [("snapshots",), ("show",), ("show", "one"), ("ls",), ("ls", "-1"), ("ls", "db"), ("ls", ns), ("ls", ns, "-1"), ("ls", "-d", ns),
                ("ls", absent), ("ls", HOSTILE), ("count", ns), ("count", absent), ("cat", ns), ("cat", absent),
                ("cat", ns, "--id", "1"), ("cat", ns, "--id", json.dumps(HOSTILE, ensure_ascii=False)), ("cat", ns, "--id", where),
                ("cat", "db.plain", "--id", HOSTILE), ("cat", ns, "--format", HOSTILE), ("cat", ns, "--" + HOSTILE), (HOSTILE,),
                ("ls", "--at", HOSTILE), ("show", HOSTILE), ("log", HOSTILE), ("log", ns), ("diff", "one", HOSTILE), ("diff", "one", "one", HOSTILE),
                ("stats",), ("stats", "--dbhash"), ("check",)]
    commands += [("cat", ns, "--format", form) for form in ("json", "canonical", "pretty")]
    commands += [("cat", ns, "--format", "csv", "--fields", f"_id,in.{HOSTILE},{HOSTILE}")]
    commands += [(*words, "--json") for words in (("ls",), ("ls", ns), ("ls", "-d", ns), ("show",), ("snapshots",), ("cat", ns), ("count", ns),
                                                  ("stats",), ("check",), ("stats", "--dbhash"))]
    codes = set()
    for words in commands:
        # The store is given by the environment, so that the words stand as a person types them.
        os.environ["YESTER_STORE"] = str(hostile.path)
        try:
            shown, code = on_terminal(peers.program("yester"), *words)
        finally:
            del os.environ["YESTER_STORE"]
        codes.add(code)
        found = CONTROL.search(shown)
        assert shown and not found, f"{words}: {found[0]!r} in {shown[max(0, found.start() - 60) : found.end() + 30]!r}"
        done = peers.yester(*words, check=None, env=dict(os.environ, YESTER_STORE=str(hostile.path)))
        assert not CONTROL.search(done.err), f"{words}: standard error {done.err!r}"
    assert codes >= {0, 1, 2}
    # What the test can fail with is there: a pipe gets the values as they are.
    assert "\u202e" in hostile.run("cat", ns).raw.decode()


@pytest.mark.fuse
def test_the_mounts_names_have_none(hostile):
    with Mount(hostile.path) as mount:
        for folder, folders, files in os.walk(mount.path):
            for name in folders + files:
                assert not re.search("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\udc80-\udcff]", name), (folder, name)
