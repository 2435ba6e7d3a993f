"""The command line as people and scripts meet it: exit codes, help, hints, JSON, hostile names, signals."""
import gzip
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import peers
import pytest

import fill  # noqa: I001 (peers makes it importable)

VERBS = ("init", "ingest", "ingest-oplog", "backup", "tail", "snapshot", "snapshots", "ranges", "gaps", "status", "show", "ls", "cat",
         "count", "diff", "log", "stats", "mount", "umount", "serve", "passwd", "dump", "restore", "check", "verify", "drill", "forget",
         "prune", "replicate", "repair", "copy", "rekey", "doctor", "version", "help")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")  # all but the end of a line
HOSTILE = ("new\nline", "escape\x1b[2J", "bidi\u202eetirw", "back\\slash", "tab\t", "quote\"s", "  spaces  ", "漢字")


def document(**fields):
    """BSON of a few int32 and str fields."""
    body = b""
    for name, value in fields.items():
        if isinstance(value, int):
            body += b"\x10" + name.encode() + b"\0" + struct.pack("<i", value)
        else:
            text = value.encode() + b"\0"
            body += b"\x02" + name.encode() + b"\0" + struct.pack("<i", len(text)) + text
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def write_dump(folder, collections, **options):
    """A mongodump folder: {(db, collection): [documents]}."""
    for (db, name), documents in collections.items():
        (folder / db).mkdir(parents=True, exist_ok=True)
        stem = folder / db / peers.escape(name)
        stem.with_name(stem.name + ".bson").write_bytes(b"".join(documents))
        metadata = {"indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "collectionName": name,
                    "type": "collection", "options": options}
        stem.with_name(stem.name + ".metadata.json").write_text(json.dumps(metadata))
    return folder


@pytest.fixture(scope="module")
def fixture_store(tmp_path_factory):
    """A store with the repository's dump in it, named "first"."""
    store = peers.Store(tmp_path_factory.mktemp("cli") / "store")
    store.ingest(peers.ROOT / "tests" / "fixture" / "dump", "--name", "first", "--tag", "a tag")
    return store


def hint_of(done):
    return next((line[6:] for line in done.err.splitlines() if line.startswith("HINT: ")), "")


# ---- help


def test_help_lists_what_there_is_and_only_that(yester):
    text = yester("help").out
    listed = re.findall(r"^  ([a-z-]+)  +\S", text, re.M)
    assert set(VERBS) <= set(listed)
    assert yester("--help").out == text
    assert yester(check=2).err == text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(yester, verb):
    text = yester(verb, "--help").out
    assert text == yester("help", verb).out == yester("--help", verb).out
    assert f"usage: yester {verb}" in text
    assert re.search(rf"Examples\n.*\byester {verb}\b", text, re.S)
    assert max(map(len, text.splitlines())) <= 100


def test_version(yester):
    assert re.match(r"yester \d+\.\d+\.\d+\n", yester("version").out)
    told = json.loads(yester("version", "--json").out)
    assert told["storeFormat"] == 1
    assert {"libbson", "libmongoc", "icu", "openssl", "zstd", "lmdb", "pcre2", "zlib"} == set(told["libraries"])
    assert all(re.match(r"\d+\.\d+", version) for version in told["libraries"].values())
    assert yester("--version").out == yester("version").out
    driver = peers.run([peers.program("yesterfs"), "--version"]).out
    assert re.match(r"yesterfs (\S+)\n", driver)[1] == told["yester"]
    for name in ("libbson", "icu", "openssl", "zstd", "lmdb"):
        assert f"{name} {told['libraries'][name]}" in driver
    assert re.search(r"libfuse 3\.\d+", driver)


# ---- exit codes and hints


@pytest.mark.parametrize("words, status, hint", [
    (("frob",), 2, "'yester help'"),
    (("ingset",), 2, "did you mean 'ingest'?"),
    (("unmount",), 2, "did you mean 'umount'?"),
    (("--nsInclude", "x", "ls"), 2, ""),
    (("ls",), 2, "-s STORE, or set YESTER_STORE"),
    (("ls", "-s", "nowhere"), 10, "yester init -s nowhere"),
    (("ls", "-s", "no where"), 10, "yester init -s 'no where'"),
    (("ls", "-s"), 2, ""),
    (("ls", "-s", "a", "b", "c"), 2, ""),
    (("ls", "--jsno"), 2, "did you mean --json?"),
    (("ingest", "--ns-include=x", "dump"), 2, "did you mean --nsInclude?"),
    (("snapshots", "--progress", "maybe", "-s", "x"), 2, ""),
    (("umount", "/"), 6, ""),
    (("init", "-s", "a", "b", "c"), 2, "the store goes behind -s: -s b"),
    (("cat", "-s", "a", "shop", "orders"), 2, "a collection is one word: shop.orders"),
    (("ls", "--repo", "x"), 2, "did you mean --store?"),
    (("restore", "--force"), 2, "did you mean --mode?"),
    (("dump", "--oplogLimit", "1"), 2, "did you mean --at?"),
    (("delete", "x"), 2, "did you mean 'forget'?"),
    (("undo",), 2, "did you mean 'restore'?"),
    (("forget", "-s", "x", "--keep-dayly", "1"), 2, "did you mean --keep-daily?"),
])
def test_mistakes(yester, tmp_path, words, status, hint):
    done = yester(*words, check=status, cwd=tmp_path)
    assert done.out == ""
    assert done.err.startswith("yester: ")
    assert hint in hint_of(done)


@pytest.mark.parametrize("words, asks", [
    (("cat",), "which collection?"), (("diff", "latest"), "which two moments?"), (("mount",), "an empty folder"),
    (("replicate",), "where to?"), (("copy",), "where to?"), (("umount",), "what"), (("passwd", "f"), "which user?"),
])
def test_a_missing_word_is_asked_for(yester, words, asks):
    assert asks in yester(*words, check=2).err.splitlines()[0]


def test_numbers_of_options_are_named_as_they_are_typed(yester):
    for words in (("serve", "--port", "x"), ("serve", "--max-memory", "x"), ("tail", "--metrics-port", "x", "--uri", "mongodb://h/"),
                  ("backup", "--rate", "x", "--uri", "mongodb://h/"), ("backup", "--numParallelCollections", "x", "--uri", "mongodb://h/")):
        said = yester(*words, "-s", "x", check=2).err
        assert f" {words[1]} needs " in said and "----" not in said


def test_the_driver_tells_slips(fixture_store, tmp_path):
    def driver(*words, check):
        return hint_of(peers.run([peers.program("yesterfs"), *words], check, cwd=tmp_path))

    mnt = tmp_path / "mnt"
    mnt.mkdir()
    assert "allow_other" in driver(fixture_store.path, mnt, "-o", "alow_other", check=2)
    assert "cache=SIZE" in driver(fixture_store.path, mnt, "-o", "cache", check=2)
    assert driver("--foreground", fixture_store.path, mnt, check=2) == "did you mean -f?"
    assert driver(mnt, fixture_store.path, check=6) == "the store comes first: yesterfs STORE MNT"
    assert "yester init" in driver("nowhere", mnt, check=10)


def test_a_usage_error_shows_the_usage_line(yester):
    for words in (("ls", "a", "b"), ("cat",), ("ls", "--nonsense"), ("dump", "-s", "x", "--out", "a", "--archive")):
        assert f"\nusage: yester {words[0]} " in yester(*words, check=2).err


@pytest.mark.parametrize("words, status, hint", [
    (("ls", "shp"), 1, "did you mean 'shop'?"),
    (("ls", "nothing-like-it"), 1, "'yester ls'"),
    (("ls", "orders"), 1, "shop.orders"),
    (("count", "orders"), 1, "shop.orders"),
    (("cat", "orders"), 2, "'yester ls' lists them"),
    (("ls", "shop.order"), 1, "did you mean 'shop.orders'?"),
    (("count", "shop.paid"), 2, "yester ls"),
    (("cat", "shop"), 2, "yester ls shop"),
    (("cat", "shop.paid"), 2, ""),
    (("cat", "metrics.weather"), 2, "metrics.system.buckets.weather"),
    (("cat", "shop.orders", "--id", "99999"), 1, ""),
    (("cat", "shop.orders", "--id", '"0"'), 1, "--id '0'"),
    (("cat", "shop.orders", "--id", "abc"), 2, "'\"abc\"'"),
    (("cat", "shop.orders", "--id", '1,"x":2'), 2, ""),
    (("cat", "shop.orders", "--query", "{"), 2, "a filter is a document"),
    (("cat", "shop.orders", "--query", '{"a": {"$foo": 1}}'), 2, ""),
    (("cat", "shop.orders", "--query", "{}", "--id", "1"), 2, ""),
    (("cat", "shop.orders", "--format", "xml"), 2, ""),
    (("cat", "shop.orders", "--format", "csv"), 2, ""),
    (("count", "--query", "{}"), 2, ""),
    (("stats", "--at", "latest"), 2, ""),
    (("show", "frist"), 1, 'did you mean "first"?'),
    (("show", "id:XY"), 2, ""),
    (("dump", "--nsInclude", "nothing.*", "--out", "none"), 1, ""),
    (("check", "--read-data-subset", "3/2"), 2, "2/7 is the second"),
    (("check", "--replay", "x"), 2, ""),
    (("prune", "--grace", "soon"), 2, "numbers with s, m, h"),
    (("init", "--encrypt"), 2, ""),
    (("init", "--leaf-size", "5000"), 2, ""),
    (("init", "--seed", "-1"), 2, ""),
    (("init",), 6, ""),
    (("ingest", "nowhere"), 1, ""),
    (("ingest", "--assert-quiesced", "nowhere"), 2, ""),
    (("ingest", "--time", "yesterday", "nowhere"), 2, ""),
    (("ingest", "--name", "two words", "nowhere"), 2, ""),
    (("ingest", "--objcheck", "some", "nowhere"), 2, ""),
    (("mount", "no-such-folder"), 1, "mkdir no-such-folder"),
])
def test_mistakes_in_a_store(fixture_store, tmp_path, words, status, hint):
    done = fixture_store.run(*words, check=status, cwd=tmp_path)
    assert done.out == ""
    assert done.err.startswith(f"yester: {words[0]}: ")
    assert hint in hint_of(done)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("when, status, hint", [
    ("latest", 0, ""), ("latest-snapshot", 0, ""), ("first", 0, ""),
    ("2026-11-21", 2, "2026-11-21T00:00:00Z"),
    ("2026-11-21T09:41:07", 2, "for UTC write 2026-11-21T09:41:07Z; for local time (CET) write 2026-11-21T08:41:07Z"),
    ("2026-11-21T09:41:07.5Z", 2, "2026-11-21T09:41:07Z"),
    ("2026-02-30T00:00:00Z", 2, ""),
    ("2001-01-01T00:00:00Z", 5, "--at first"), ("2001-01-01T020000+02:00", 5, ""), ("@978307200", 5, ""),
    ("978307200.1", 5, ""), ("978307200,1", 5, ""), ("now-9w", 5, ""), ("latest-1h", 5, ""), ("latest~", 5, ""),
    ("978307200", 1, "@978307200"), ("frist", 1, "first"), ("", 2, ""),
])
def test_when(fixture_store, when, status, hint):
    environment = {**os.environ, "TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}
    done = fixture_store.run("count", f"--at={when}", check=status, env=environment)
    assert hint in hint_of(done)


def test_a_snapshot_opens_by_its_id_and_its_time(fixture_store):
    (snapshot,) = json.loads(fixture_store.run("snapshots", "--json").out)
    count = fixture_store.run("count").out
    seconds = int(time.mktime(time.strptime(snapshot["time"], "%Y-%m-%dT%H:%M:%SZ"))) - time.timezone
    for when in (f"id:{snapshot['id']}", f"id:{snapshot['id'][:6]}", snapshot["time"], f"@{seconds}"):
        assert fixture_store.run("count", "--at", when).out == count


def test_an_empty_store(store):
    assert store.run("snapshots").out == ""
    assert json.loads(store.run("snapshots", "--json").out) == []
    assert "yester ingest" in hint_of(store.run("ls", check=5))
    assert json.loads(store.run("stats", "--json").out)["snapshots"] == 0


# ---- where options come from


def test_the_environment_and_a_configuration_file(yester, fixture_store, tmp_path):
    config = tmp_path / "yester.conf"
    config.write_text(f"# ours\nstore: {fixture_store.path}\nat = first\nnsInclude shop.*\njson\n")
    bare = {name: value for name, value in os.environ.items() if name != "YESTER_STORE"}
    wanted = fixture_store.run("count").out
    assert json.loads(yester("count", "--config", config, env=bare).out)["count"] == int(wanted)
    assert yester("count", env={**bare, "YESTER_STORE": str(fixture_store.path)}).out == wanted
    assert yester("-s", fixture_store.path, "count", env={**bare, "YESTER_STORE": "/nowhere"}).out == wanted
    config.write_text("store x\nquite\n")
    done = yester("count", "--config", config, env=bare, check=2)
    assert f"{config} line 2" in done.err and "--quiet" in hint_of(done)
    yester("count", "--config", tmp_path / "none", env=bare, check=1)


# ---- what is printed


@pytest.mark.parametrize("words", [
    ("snapshots",), ("show",), ("ls",), ("ls", "shop"), ("ls", "shop.orders"), ("count",), ("count", "shop"),
    ("stats",), ("check",), ("version",),
])
def test_json_is_one_document(fixture_store, words):
    done = fixture_store.run(*words, "--json")
    json.loads(done.out)
    assert done.err == ""


def test_listings_agree(fixture_store):
    listed = json.loads(fixture_store.run("ls", "--json").out)
    shown = json.loads(fixture_store.run("show", "first", "--json").out)
    assert shown["namespaces"] == listed
    assert shown["documents"] == sum(one["count"] for one in listed) == int(fixture_store.run("count").out)
    assert shown["bytes"] == sum(one["bytes"] for one in listed)
    assert shown["tag"] == "a tag" and shown["name"] == "first"
    for one in listed:
        if one["type"] == "collection":
            assert int(fixture_store.run("count", one["ns"]).out) == one["count"]
            assert len(fixture_store.run("cat", one["ns"], "--format", "bson").raw) == one["bytes"]
    table = fixture_store.run("ls").out.splitlines()
    assert len(table) == len(listed) + 1
    names = fixture_store.run("ls", "-1").out.splitlines()
    assert len(names) == len(listed)


def test_formats_of_cat(fixture_store):
    lines = fixture_store.run("cat", "shop.orders").out.splitlines()
    assert len(lines) == int(fixture_store.run("count", "shop.orders").out)
    assert [json.loads(line)["_id"] for line in lines] == sorted(json.loads(line)["_id"] for line in lines)
    canonical = fixture_store.run("cat", "shop.orders", "--id", "0", "--format", "canonical").out
    assert json.loads(canonical)["_id"] == {"$numberInt": "0"}
    pretty = fixture_store.run("cat", "shop.orders", "--id", "0", "--format", "pretty").out
    assert json.loads(pretty) == json.loads(lines[0]) and pretty.count("\n") > 3
    table = fixture_store.run("cat", "shop.orders", "--format", "csv", "--fields", "_id,customer.name").out
    assert table.splitlines()[0] == "_id,customer.name"
    assert len(table.splitlines()) == len(lines) + 1


def test_every_id_of_every_type_is_found(fixture_store):
    """The canonical form of each _id finds its document, and nothing else."""
    for ns in ("types.ids", "types.mixed", "collated.german2", "capped.log", "clustered.keys"):
        lines = fixture_store.run("cat", ns, "--format", "canonical").out.splitlines()
        for line in lines[:: max(1, len(lines) // 40)]:
            wanted = json.dumps(json.loads(line)["_id"], ensure_ascii=False)
            found = fixture_store.run("cat", ns, "--format", "canonical", f"--id={wanted}").out
            assert found == line + "\n", (ns, wanted)


def test_an_object_id_needs_no_wrapper(store, tmp_path):
    folder = tmp_path / "dump" / "a"
    folder.mkdir(parents=True)
    (folder / "b.bson").write_bytes(b"\x16\0\0\0\x07_id\0" + bytes.fromhex("507f1f77bcf86cd799439011") + b"\0")
    store.ingest(tmp_path / "dump")
    wanted = '{"_id":{"$oid":"507f1f77bcf86cd799439011"}}\n'
    assert store.run("cat", "a.b", "--id", "507f1f77bcf86cd799439011").out == wanted
    done = store.run("cat", "a.b", "--id", '"507f1f77bcf86cd799439011"', check=1)
    assert "--id '{\"$oid\":\"507f1f77bcf86cd799439011\"}'" in hint_of(done)


def test_ingest_says_what_it_did_and_what_to_type_next(store, fixture_dump):
    done = store.ingest(fixture_dump)
    assert done.out.startswith("snapshot ") and f"yester mount -s {store.path}" in done.out
    answer = json.loads(store.ingest(fixture_dump, "--name", "again", "--json").out)
    assert answer["snapshot"] == "again" and answer["documents"] > 1000 and answer["reusedChunks"] > 0
    assert store.ingest(fixture_dump, "--name", "third", "--quiet").out == ""
    assert len(json.loads(store.run("snapshots", "--json").out)) == 3
    done = store.ingest(fixture_dump, "--name", "again", check=6)
    assert "again" in done.err


@pytest.mark.parametrize("exact", [False, True])
def test_a_time_given_by_hand(store, fixture_dump, exact):
    store.ingest(fixture_dump, "--time", "1700000000.5", *(("--assert-quiesced",) if exact else ()))
    (snapshot,) = json.loads(store.run("snapshots", "--json").out)
    assert snapshot["time"] == "2023-11-14T22:13:20Z" and snapshot["exact"] is exact
    assert snapshot["optime"] == ("1700000000.5" if exact else None)
    store.run("count", "--at", "2023-11-14T22:13:20Z")
    store.run("count", "--at", "1700000000.5", check=0 if exact else 5)


def test_archives_from_a_file_and_from_standard_input(store, fixture_store, tmp_path):
    archive = fixture_store.run("dump", "--archive").raw
    assert fixture_store.run("dump", "--archive=-", "--gzip").raw[:2] == b"\x1f\x8b"
    (tmp_path / "plain").write_bytes(archive)
    (tmp_path / "packed").write_bytes(gzip.compress(archive))
    store.ingest(tmp_path / "plain", "--archive", "--name", "a")
    store.run("ingest", f"--archive={tmp_path / 'packed'}", "--name", "b")
    store.run("ingest", "-", "--name", "c", input=archive)
    listings = {store.run("ls", "--json", "--at", name).out for name in "abc"}
    assert len(listings) == 1
    store.run("ingest", tmp_path / "plain", f"--archive={tmp_path / 'packed'}", check=2)


def test_check_counts_in_words(store, fixture_dump):
    store.ingest(fixture_dump)
    assert re.search(r" chunks, 1 snapshot, 0 entries of the oplog checked: the store is whole$", store.run("check").out.strip())


def test_dump_gives_back_what_went_in(store, fixture_store, tmp_path):
    fixture_store.run("dump", "--out", tmp_path / "out", "--quiet")
    store.ingest(tmp_path / "out")
    assert json.loads(store.run("ls", "--json").out) != []
    ours, theirs = (json.loads(s.run("stats", "--dbhash", "--json").out)["databases"] for s in (store, fixture_store))
    assert ours == theirs
    done = fixture_store.run("dump", "--out", tmp_path / "out", check=6)
    assert hint_of(done)
    fixture_store.run("dump", "--out", tmp_path / "some", "--nsInclude", "shop.*", "--nsExclude", "*.paid")
    assert sorted(path.name for path in (tmp_path / "some").iterdir() if path.is_dir()) == ["shop"]
    assert not (tmp_path / "some" / "shop" / "paid.metadata.json").exists()


# ---- hostile names


def test_hostile_names_reach_no_terminal_and_are_understood_as_shown(store, tmp_path):
    collections = {("hostile", name): [document(_id=i, name=name) for i in range(n + 1)]
                   for n, name in enumerate(HOSTILE)}
    store.ingest(write_dump(tmp_path / "dump", collections))
    listed = {one["collection"]: one["count"] for one in json.loads(store.run("ls", "--json").out)}
    assert listed == {name: n + 1 for n, name in enumerate(HOSTILE)}
    for words in (("ls",), ("show",), ("stats", "--dbhash")):
        done = store.run(*words)
        assert not CONTROL.search(done.out), words
    shown = store.run("ls", "-1").out.splitlines()
    assert len(shown) == len(HOSTILE)
    counts = sorted(int(store.run("count", name).out) for name in shown)
    assert counts == list(range(1, len(HOSTILE) + 1))
    for name in HOSTILE:
        assert int(store.run("count", f"hostile.{name}").out) == listed[name]
    done = store.run("count", "hostile.no\x1b[2Jsuch\u202e", check=1)
    assert not CONTROL.search(done.err)


def test_names_and_tags_of_snapshots_are_escaped(store, fixture_dump):
    done = store.ingest(fixture_dump, "--name", "bad\x1b[31mname", "--tag", "t\ng", check=None)
    assert not CONTROL.search(done.out + done.err)
    if done.status == 0:
        done = store.run("snapshots")
        assert not CONTROL.search(done.out) and len(done.out.splitlines()) == 2


def on_terminal(*words, keys=b"", after=0.0, timeout=60, **environment):
    """Run on a pseudo-terminal; what it shows, and its exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", **environment})
        os.execv(words[0], [str(word) for word in words])
    shown, start = b"", time.monotonic()
    while time.monotonic() - start < timeout:
        if keys and time.monotonic() - start > after:
            os.write(fd, keys)
            keys = b""
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_terminal_sees_local_time_and_colours_unless_told_not_to(fixture_store):
    words = (str(peers.program("yester")), "snapshots", "-s", fixture_store.path)
    shown, status = on_terminal(*words, TZ="CET-1")
    assert status == 0 and re.search(r"UTC \(\d\d:\d\d:\d\d CET\)|UTC \(\d{4}", shown) and "\x1b[1m" in shown
    assert "\x1b" not in on_terminal(*words, NO_COLOR="1")[0]
    assert "\x1b" not in on_terminal(*words, TERM="dumb")[0]
    assert "\x1b" not in fixture_store.run("snapshots").out


def test_values_on_a_terminal_have_no_control_bytes(store, tmp_path):
    store.ingest(write_dump(tmp_path / "dump", {("a", "b"): [document(_id=1, x="\x9b2J\u202e\x7f")]}))
    shown, status = on_terminal(str(peers.program("yester")), "cat", "-s", store.path, "a.b")
    assert status == 0 and not CONTROL.search(shown.replace("\r\n", "\n"))
    assert store.run("cat", "a.b").raw.count("\u202e".encode()) == 1  # a pipe gets the value itself


def test_binary_output_is_refused_on_a_terminal(fixture_store):
    program = str(peers.program("yester"))
    for words in (("cat", "shop.orders", "--format", "bson"), ("dump", "--archive")):
        shown, status = on_terminal(program, words[0], "-s", fixture_store.path, *words[1:])
        assert status == 6 and "HINT" in shown


# ---- pipes, disks, signals


def test_a_reader_that_goes_away_is_no_error(fixture_store):
    command = f"'{peers.program('yester')}' cat -s '{fixture_store.path}' types.mixed | head -1"
    done = peers.run(["bash", "-c", command])
    assert done.err == "" and len(done.out.splitlines()) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_an_error(fixture_store):
    for words in ("cat -s '{}' types.values", "snapshots -s '{}'", "ls -s '{}' --json"):
        command = f"'{peers.program('yester')}' {words.format(fixture_store.path)} > /dev/full"
        done = peers.run(["bash", "-c", command], check=1)
        assert "No space left" in done.err


@pytest.fixture(scope="module")
def large_dump(tmp_path_factory):
    """Enough that an ingest takes a moment: 150 MB."""
    folder = tmp_path_factory.mktemp("large") / "dump" / "db"
    folder.mkdir(parents=True)
    with open(folder / "c.bson", "wb") as out:
        for block in range(150):
            pad = os.urandom(450).hex()
            out.write(b"".join(document(_id=block * 1000 + i, pad=pad + str(i)) for i in range(1000)))
    yield folder.parent
    shutil.rmtree(folder.parent)


def catches(process, number):
    """Does a signal not just end it?"""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{process.pid}/status").read_text(), re.M)
    return caught and int(caught[1], 16) >> (number - 1) & 1


def until(ready, process, what):
    """Wait for what a process does before it ends."""
    deadline = time.monotonic() + peers.START_SECONDS
    while not ready():
        assert process.poll() is None and time.monotonic() < deadline, f"it ended before, or it took too long: {what}"
        time.sleep(0.005)  # between two looks


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_ingest_leaves_no_snapshot(store, large_dump, number):
    process = subprocess.Popen([peers.program("yester"), "ingest", "-s", store.path, large_dump],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: "/c.bson" in Path(f"/proc/{process.pid}/maps").read_text() and catches(process, number), process, "it reads")
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130 and out == b"" and b"interrupted" in err
    assert store.snapshots() == ""
    assert not list((store.path / "local").rglob("*.tmp"))
    store.ingest(large_dump)
    assert json.loads(store.run("check", "--json").out)["whole"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_dump_removes_what_it_wrote(store, large_dump, tmp_path, number):
    """The last one comes when the connection to a terminal is lost."""
    store.ingest(large_dump)
    process = subprocess.Popen([peers.program("yester"), "dump", "-s", store.path, "--gzip", "--out", tmp_path / "out"],
                               stderr=subprocess.PIPE)
    until(lambda: list((tmp_path / "out").rglob("c.bson*")) and catches(process, number), process, "it writes")
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == 130
    assert not (tmp_path / "out").exists()


def test_progress_is_shown_when_asked_for(store, large_dump):
    done = store.ingest(large_dump, "--progress=always", "--name", "a")
    assert re.search(r"^yester: \w+: [\d.]+ \w+ of [\d.]+ \w+", done.err, re.M) or done.err == ""
    assert store.ingest(large_dump, "--progress=never", "--name", "b").err == ""


# ---- mounting


@pytest.mark.fuse
def test_mount_and_umount(fixture_store, tmp_path, yester):
    (tmp_path / "mnt").mkdir()
    with peers.Mount(fixture_store.path, tmp_path / "mnt") as mount:
        assert (mount.latest / "shop" / "orders.bson").stat().st_size > 0
    assert "nothing is mounted" in yester("umount", tmp_path / "mnt", check=1).err
    assert yester("umount", tmp_path / "none", check=1).err


@pytest.mark.fuse
def test_umount_mends_a_dead_mount(fixture_store, tmp_path, yester):
    point = tmp_path / "of a dead driver"
    point.mkdir()
    driver = subprocess.Popen([peers.program("yesterfs"), fixture_store.path, point, "-f"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: peers.is_mounted(point), driver, "it is mounted")
    driver.kill()
    driver.wait()
    with pytest.raises(OSError):
        os.listdir(point)
    assert "is a dead mount" in fixture_store.run("mount", point, check=1).err
    assert "mended" in yester("umount", point).out
    assert os.listdir(point) == []


@pytest.mark.fuse
def test_umount_waits_for_nobody_and_says_who_is_there(fixture_store, tmp_path, yester):
    (tmp_path / "mnt").mkdir()
    with peers.Mount(fixture_store.path, tmp_path / "mnt") as mount, open(mount.path / "README.txt"):
        done = yester("umount", mount.path, check=1)
        assert "fuser -vm" in hint_of(done)


# ---- dbHash


@pytest.mark.mongod
def test_dbhash_is_that_of_the_server(store, mongod, tools, tmp_path):
    """Capped and collated collections, views, time series, mixed _ids: what a mongod says, for each version."""
    mongod.wipe()
    fill.fill(mongod.client)
    db = mongod.client["hashed"]
    db.create_collection("capped", capped=True, size=100000)
    db.capped.insert_many([{"_id": i} for i in ("b", "A", 3, 1, 2, "é")])
    db.create_collection("collated", collation={"locale": "fr", "strength": 2, "backwards": True})
    db.collated.insert_many([{"_id": i} for i in ("cote", "côté", "coté", "côte", "Zoo", {"a": ["É", "f"]}, {"a": ["e"]})])
    tools.mongodump("--uri", mongod.uri, "--out", tmp_path / "dump")
    store.ingest(tmp_path / "dump")
    ours = {one["db"]: one for one in json.loads(store.run("stats", "--dbhash", "--json").out)["databases"]}
    for name in mongod.user_databases():
        theirs = mongod.client[name].command("dbHash")
        assert ours[name]["collections"] == theirs["collections"], name
        assert ours[name]["md5"] == theirs["md5"]
        assert sorted(ours[name]["capped"]) == sorted(theirs["capped"])


def test_what_a_lone_file_does_not_tell_is_no_difference(store, tmp_path):
    """Without .metadata.json neither options nor indexes are known: none were removed."""
    folder = write_dump(tmp_path / "dump", {("shop", "c"): [document(_id=i) for i in range(3)]}, validator={"_id": {"$gte": 0}})
    store.ingest(folder, "--name", "whole")
    (folder / "shop" / "c.metadata.json").unlink()
    store.ingest(folder / "shop" / "c.bson", "--db", "shop", "--name", "lone")
    assert store.run("diff", "whole", "lone", "--json").out == ""


def test_a_uri_that_is_none_is_told_without_a_piece_of_its_password(store, tmp_path):
    path = tmp_path / "uri"
    path.touch(0o600)
    usable = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"
    for text, status, said in (("", 2, "its first line is empty"), ("\nmongodb://127.0.0.1:1/", 2, "its first line is empty"),
                               (f'"{usable}"', 2, "does not begin with mongodb://"), ("127.0.0.1:1", 2, "does not begin with mongodb://"),
                               ("mongodb://u:hunter@tail@127.0.0.1:1/", 2, "@ and % are written as %XX"), (f"  {usable} \t\r\n", 1, "reached")):
        path.write_text(text)
        done = store.run("tail", "--once", "--uri-file", path, check=status)
        assert said in done.err and "hunter" not in done.err and "tail@" not in done.err, done.story()
