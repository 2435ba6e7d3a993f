"""The command line over moments: what a real mongod had at each operation, and what its own oplog says, are the judges."""
import datetime
import itertools
import json
import os
import pty
import re
import shutil
import subprocess
import time

import bson
import peers
import pytest
from bson import SON, Timestamp, json_util
from history import DELETED, HOSTILE, RAW, History, text_of
from peers import Mount, Store

pytestmark = pytest.mark.mongod
CONTROL = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
OTHERS = [pytest.param(version, marks=[pytest.mark.slow, pytest.mark.long]) for version in peers.VERSIONS if not version.startswith("6.")]


@pytest.fixture(scope="module", params=["6.0.27", *OTHERS])
def history(request, tmp_path_factory):
    with peers.Mongod(request.param) as server:
        yield History(server, tmp_path_factory.mktemp("history"))


def cat(history, at, ns):
    return peers.split_documents(history.store.run("cat", "--at", at, ns, "--format", "bson").raw)


def json_lines(done):
    return [json.loads(line) for line in done.out.splitlines()]


# ---- --at


def test_each_moment_shows_what_the_server_had(history):
    compared = 0
    for step in history.steps:
        listed = {line for line in history.store.run("ls", "-1", "--at", step.at, "shop").out.splitlines()}
        assert listed == set(step.documents), step
        for ns, documents in step.documents.items():
            assert cat(history, step.at, ns) == documents, f"{ns}: {step}"
            compared += len(documents)
    assert compared > 3000


def test_just_before_an_operation_is_what_the_one_before_left(history):
    for before, step in zip(history.steps, history.steps[1:]):
        if step.what == "the accident":  # many entries: its first one is what it is about
            continue
        count = sum(len(d) for d in before.documents.values())
        if step.what in ("an index", "a made collection", "an aborted transaction", "a drop"):
            continue  # more than one entry, or none
        out = history.store.run("count", "--at", step.at + "~", "shop", "--json").out
        assert json.loads(out)["count"] == count, step


def test_counts_sums_and_hashes_are_of_the_moment(history):
    last = history.steps[-1]
    assert history.store.run("count", "--at", last.at, "shop.orders").out.strip() == str(len(last.documents["shop.orders"]))
    rows = json.loads(history.store.run("ls", "--at", last.at, "shop", "--json").out)
    assert {r["ns"]: (r["count"], r["bytes"]) for r in rows} == {
        ns: (len(d), sum(map(len, d))) for ns, d in last.documents.items()}
    shown = json.loads(history.store.run("show", last.at, "--json").out)
    assert shown["name"] == last.at and shown["optime"] == last.at
    hashed = json.loads(history.store.run("stats", "--dbhash", "--at", "latest", "shop", "--json").out)
    assert hashed["databases"][0]["collections"] == history.hashes


def test_a_dump_of_a_moment_is_restored_as_it_was(history, target, tmp_path):
    step = next(s for s in history.steps if s.what == "a transaction")
    history.store.run("dump", "--at", step.at, "--out", tmp_path / "dump")
    peers.tools.mongorestore("--uri", target.uri, "--dir", tmp_path / "dump")
    for ns, documents in step.documents.items():
        db, name = ns.split(".")
        found = target.client.get_database(db, codec_options=RAW)[name].find(sort=[("_id", 1)])
        assert [d.raw for d in found] == sorted(documents, key=documents.index) or ns == "shop.log"


def test_a_second_has_all_its_operations_and_an_unfinished_one_is_refused(history):
    last = history.steps[-1]
    for form in (f"@{last.optime.time}", time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime(last.optime.time))):
        assert cat(history, form, "shop.orders") == last.documents["shop.orders"]
    newest = history.oplog[-1]["ts"]
    refused = history.store.run("ls", "--at", f"@{newest.time}", check=5)
    assert "not finished" in refused.err and "HINT: what can be reached" in refused.err
    for when in ("@1000000000", "2099-01-01T00:00:00Z", "now-9999w"):
        refused = history.store.run("cat", "--at", when, "shop.orders", check=5)
        assert "HINT: what can be reached" in refused.err, refused.story()


def test_latest_is_the_last_operation_and_the_default(history):
    last = history.steps[-1].documents["shop.orders"]
    for options in ((), ("--at", "latest")):
        out = history.store.run("cat", *options, "shop.orders", "--format", "bson").raw
        assert peers.split_documents(out) == last
    assert len(cat(history, "latest-snapshot", "shop.orders")) == 500
    assert len(cat(history, history.snapshot["snapshot"], "shop.orders")) == 500


def test_one_document_comes_without_the_rest(history):
    for step in history.steps:
        documents = {json_util.dumps(bson.decode(d)["_id"]): d for d in step.documents["shop.orders"]}
        out = history.store.run("cat", "--at", step.at, "shop.orders", "--id", "5", "--format", "bson",
                                check=(0, 1))
        assert out.raw == documents.get("5", b""), step


# ---- snapshot, ranges, gaps


def test_a_snapshot_from_the_oplog_has_the_roots_of_a_dump(history, tmp_path):
    """The same deployment once by replay and once by a dump: the same trees."""
    store = Store(tmp_path / "store")
    shutil.rmtree(store.path)
    shutil.copytree(history.store.path, store.path)
    made = json.loads(store.run("snapshot", "--at", history.steps[-1].at, "--name", "made", "--tag", "t", "--json").out)
    assert made["new"] and made["optime"] == history.steps[-1].at
    listed = json.loads(store.run("snapshots", "--json").out)[-1]
    assert (listed["name"], listed["source"], listed["exact"], listed["tag"]) == ("made", "replay", True, "t")
    assert listed["parent"] == history.snapshot["id"]
    for ns, documents in history.steps[-1].documents.items():
        assert peers.split_documents(store.run("cat", "--at", "made", ns, "--format", "bson").raw) == documents
    # A snapshot in an unfinished second does not finish it.
    store.run("snapshot", "--name", "newest")
    newest = history.oplog[-1]["ts"].time
    assert "newest (within that second)" in store.run("ls", "--at", f"@{newest}", check=5).err
    again = json.loads(store.run("snapshot", "--at", history.steps[-1].at, "--json").out)
    assert again["snapshot"] == "made" and not again["new"]
    assert "already" in store.run("snapshot", "--at", "latest", "--name", "made", check=6).err
    store.run("check", "--read-data")
    # One that was made in the middle of a second has its name, and is not that second. (A second that ends within a step has no one to tell
    # what it holds.)
    pairs = ((a, last) for a in history.steps[1:]
             for last in [[s for s in history.steps if s.optime.time == a.optime.time][-1]]
             if last.documents["shop.orders"] != a.documents["shop.orders"]
             and not any(last.optime < e["ts"] and e["ts"].time == last.optime.time and e["op"] != "n" for e in history.oplog))
    for middle, later in itertools.islice(pairs, 1):
        named = json.loads(store.run("snapshot", "--at", middle.at, "--json").out)["snapshot"]
        for form, step in ((named, middle), (f"@{later.optime.time}", later)):
            assert peers.split_documents(store.run("cat", "--at", form, "shop.orders", "--format", "bson").raw) == (
                step.documents["shop.orders"]), form
        assert json.loads(store.run("show", f"@{later.optime.time}", "--json").out)["name"] == f"@{later.optime.time}"
    # What is replayed from the new snapshot is what is replayed from the first one.
    for ns in ("shop.orders", "shop.log"):
        assert store.run("cat", ns).raw == history.store.run("cat", ns).raw


def test_a_moment_at_which_nothing_happened_has_one_snapshot(store, fixture_dump):
    """Just before an operation is just behind the one before, whatever time is between."""
    store.ingest(fixture_dump, "--time", "1795248000.1", "--assert-quiesced")
    store.run("ingest-oplog", fixture_dump.parent / "slice")
    for at in ("1795254067.1~", "1795254067.0", "1795254000.7", "2026-11-21T09:40:00Z"):
        first = json.loads(store.run("snapshot", "--at", at, "--json").out)
        again = json.loads(store.run("snapshot", "--at", at, "--json").out)
        assert not again["new"] and again["snapshot"] == first["snapshot"], at
    assert len(json.loads(store.run("snapshots", "--json").out)) == 3  # of the dump, of an operation, of a second
    assert json.loads(store.run("snapshot", "--at", "1795254067.1~", "--name", "named", "--json").out)["new"]


def test_ranges_say_what_can_be_reached(history):
    (reach,) = json.loads(history.store.run("ranges", "--json").out)
    last = history.oplog[-1]["ts"]
    assert reach["first"] == history.snapshot["optime"] and reach["last"] == text_of(last)
    assert reach["base"] == history.snapshot["snapshot"] and not reach["partial"]
    assert reach["lastSecond"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(last.time - 1))
    assert reach["base"] in history.store.run("ranges").out
    assert json.loads(history.store.run("gaps", "--json").out) == []


@pytest.fixture(scope="module")
def holed(history, tmp_path_factory):
    """A store whose oplog lacks what happened in the middle."""
    folder = tmp_path_factory.mktemp("holed")
    raw = peers.dump_documents(history.oplog_file)
    hole = next(i for i, entry in enumerate(history.oplog) if entry["op"] == "d")
    store = Store(folder / "store")
    store.ingest(history.folder / "dump")
    for name, entries in (("first", raw[:hole]), ("second", raw[hole + 100 :])):
        (folder / f"{name}.bson").write_bytes(b"".join(entries))
        store.run("ingest-oplog", folder / f"{name}.bson", check=(0, 3))
    return store, history.oplog[hole - 1]["ts"], history.oplog[hole + 100]["ts"]


def test_a_gap_is_told_by_everything_that_meets_it(history, holed):
    store, before, after = holed
    gaps = json.loads(store.run("gaps", "--json", check=3).out)
    assert (gaps[0]["after"], gaps[0]["before"], gaps[0]["why"]) == (text_of(before), text_of(after), "no oplog")
    assert gaps[1]["after"] == text_of(after) and gaps[1]["why"] == "no exact snapshot before it" and len(gaps) == 2
    assert text_of(before) in store.run("gaps", check=3).out
    inside = f"{before.time}.{before.inc + 5}"
    assert "HINT" in store.run("ls", "--at", inside, check=5).err
    store.run("ls", "--at", text_of(before))
    done = store.run("log", "shop.orders", "--op", "d", check=3)
    assert "there is no oplog between" in done.err and text_of(after) in done.out
    assert any("gap" in line for line in json_lines(store.run("log", "--json", check=3)))
    done = store.run("log", "--since", inside, "--until", text_of(after), check=3)
    assert "there is no oplog between" in done.err
    store.run("log", "--since", text_of(after))
    # A document's versions behind the gap are told as far as the oplog tells them.
    versions = json_lines(store.run("log", "shop.orders", "5", "--json", check=3))
    assert versions[-1]["document"] == {"_id": 5, "whole": "new"}


@pytest.fixture(scope="module")
def stopped(history, tmp_path_factory):
    """A store whose oplog has a command that nobody knows, about one collection."""
    folder = tmp_path_factory.mktemp("stopped")
    entries = []
    for raw, entry in zip(peers.dump_documents(history.oplog_file), history.oplog):
        if "collMod" in entry["o"]:
            entry = dict(entry, o={"frobnicate": entry["o"]["collMod"], "why": HOSTILE})
            raw = bson.encode(entry)
        entries.append(raw)
    (folder / "oplog.bson").write_bytes(b"".join(entries))
    store = Store(folder / "store")
    store.ingest(history.folder / "dump")
    store.run("ingest-oplog", folder / "oplog.bson")
    return store


def test_a_collection_that_cannot_be_followed_stops_alone(history, stopped, tmp_path):
    first, last = history.steps[0], history.steps[-1]
    done = stopped.run("ls", "shop", "--json", check=3)
    rows = {row["ns"]: row for row in json.loads(done.out)}
    assert rows["shop.renamed"]["untold"] and "shop.renamed" in done.err and "frobnicate" in done.err
    assert rows["shop.orders"]["count"] == len(last.documents["shop.orders"])
    assert re.search(r"collection +- +- +shop\.renamed", stopped.run("ls", "shop", check=3).out)
    assert "shop.renamed" in stopped.run("show", "latest", check=3).err
    assert "frobnicate" in stopped.run("cat", "shop.renamed", check=1).err
    assert peers.split_documents(stopped.run("cat", "shop.orders", "--format", "bson").raw) == last.documents["shop.orders"]
    assert "shop.renamed" in stopped.run("count", "shop", check=1).err
    done = stopped.run("diff", first.at, "latest", "--json", check=3)
    assert "shop.renamed" in done.err and any(line["change"] == "untold" for line in json_lines(done))
    assert "HINT: --nsExclude 'shop.renamed' leaves it out" in stopped.run("dump", "--out", tmp_path / "all", check=1).err
    stopped.run("dump", "--nsExclude", "shop.renamed", "--out", tmp_path / "others")
    # No snapshot is made that would not be whole; before that entry one is.
    before = json.loads(stopped.run("snapshots", "--json").out)
    refused = stopped.run("snapshot", check=6)
    assert "shop.renamed" in refused.err and "frobnicate" in refused.err
    assert json.loads(stopped.run("snapshots", "--json").out) == before
    stopped.run("snapshot", "--at", next(s for s in history.steps if s.what == "an index").at)
    assert not CONTROL.search(done.err + refused.err)
    # The log shows what it does not understand.
    assert any(line["op"] == "c" and line["command"] == "frobnicate" for line in json_lines(stopped.run("log", "--json")))


# ---- diff


def by_id(documents):
    return {json_util.dumps(bson.decode(d)["_id"]): d for d in documents}


def expected_differences(old, new):
    """{(what, _id): (old document, new document)} of two lists of documents."""
    old, new = by_id(old), by_id(new)
    found = {}
    for key in old.keys() | new.keys():
        if old.get(key) != new.get(key):
            what = "added" if key not in old else "removed" if key not in new else "changed"
            found[what, key] = (old.get(key), new.get(key))
    return found


def plain(document):
    return None if document is None else json_util.loads(
        json_util.dumps(bson.decode(document), json_options=json_util.RELAXED_JSON_OPTIONS))


def test_diff_finds_exactly_what_differs(history):
    renamed = ("shop.people", "shop.renamed")
    for first in history.steps[::4]:
        for second in history.steps[::3]:
            done = history.store.run("diff", first.at, second.at, "shop", "--json", check=(0, 3))
            found, names = {}, {}
            for line in json_lines(done):
                if line["change"] == "document":
                    key = line["ns"], line["what"], json_util.dumps(json_util.loads(json.dumps(line["_id"])))
                    assert key not in found
                    found[key] = line
                elif line["change"] == "namespace":
                    names[line["ns"]] = line["what"]
            wanted = {}
            for ns in {*first.documents, *second.documents}:
                if "renamed" in names.values() and ns in renamed:
                    continue
                for (what, key), pair in expected_differences(first.documents.get(ns, ()),
                                                              second.documents.get(ns, ())).items():
                    wanted[ns, what, key] = pair
            for ns, what in names.items():
                if what == "renamed":
                    other = "shop.people" if ns == "shop.renamed" else "shop.renamed"
                    for (kind, key), pair in expected_differences(first.documents[other], second.documents[ns]).items():
                        wanted[ns, kind, key] = pair
            assert found.keys() == wanted.keys(), f"{first} to {second}"
            assert done.status == (3 if wanted or names or done.out else 0)
            for key, line in found.items():
                if not line.get("canonical"):
                    assert json_util.loads(json.dumps(line["old"])) == plain(wanted[key][0]), key
                    assert json_util.loads(json.dumps(line["new"])) == plain(wanted[key][1]), key


def test_diff_tells_of_collections_indexes_and_options(history):
    first, last = history.steps[0], history.steps[-1]
    lines = json_lines(history.store.run("diff", first.at, last.at, "--json", check=3))
    names = {line["ns"]: line for line in lines if line["change"] == "namespace"}
    assert names["shop.renamed"]["what"] == "renamed" and names["shop.renamed"]["oldNs"] == "shop.people"
    assert names["shop.gone"]["what"] == "recreated"
    indexes = [line for line in lines if line["change"] == "index"]
    assert [(i["ns"], i["name"], i["old"], i["new"]["key"]) for i in indexes] == [
        ("shop.orders", "who_n", None, {"who": 1, "n": -1})]
    options = {line["name"]: line["new"] for line in lines if line["change"] == "option"}
    assert options == {"validator": {"born": {"$exists": True}}, "validationLevel": "moderate",
                       "validationAction": "error"} or options.keys() >= {"validator", "validationLevel"}
    changed = [line for line in lines if line["change"] == "document" and line["_id"] == "bob"]
    assert changed[0]["canonical"] and changed[0]["new"]["born"] == {"$numberLong": "1985"}
    text = history.store.run("diff", first.at, last.at, check=3).out
    assert "shop.renamed  (renamed from shop.people)" in text and "  index + who_n:" in text
    assert "  - 100\n" in text and '  + "paid"\n' in text


def test_diff_stat_counts_and_equal_moments_are_equal(history):
    accident = next(i for i, s in enumerate(history.steps) if s.what == "the accident")
    before, after = history.steps[accident - 1].at, history.steps[accident].at
    out = history.store.run("diff", before, after, "--stat", check=3).out
    assert re.search(rf"\+0\s+-{len(DELETED)}\s+~0\s+shop\.orders", out), out
    for same in ("--stat", "--json", "--patch"):
        done = history.store.run("diff", after, after, same)
        assert "shop" not in done.out
    slip = history.store.run("diff", before, after, "shop.order", check=1)
    assert "did you mean 'shop.orders'" in slip.err
    history.store.run("diff", before, after, "shop.log")


def test_a_patch_is_one_that_patch_takes(history, tmp_path):
    """Each document of the old moment, as the mount's files have it, becomes that of the new one."""
    first, last = history.steps[0], history.steps[-1]
    out = history.store.run("diff", first.at, last.at, "shop.orders", "--patch", check=3).out
    old, new = by_id(first.documents["shop.orders"]), by_id(last.documents["shop.orders"])
    parts = re.split(r"(?m)^(?=--- )", out)[1:]
    assert len(parts) == len(expected_differences(old.values(), new.values()))

    def pretty(at, key):
        return history.store.run("cat", "--at", at, "shop.orders", "--id", key, "--format", "pretty").raw

    tried = 0
    for part in parts:
        names = re.match(r"--- (?:a/shop\.orders (.*)|/dev/null)\n\+\+\+ (?:b/shop\.orders (.*)|/dev/null)\n", part)
        key = names[1] or names[2]
        if names[1] and not names[2] and tried > 5:
            continue  # one deletion is as good as another
        tried += 1
        file = tmp_path / "file"
        file.write_bytes(pretty(first.at, key) if names[1] else b"")
        subprocess.run(["patch", "-s", "--posix", str(file)], input=part, text=True, check=True)
        left = file.read_bytes() if file.exists() else b""
        assert left == (pretty(last.at, key) if names[2] else b""), part
    assert tried > 5


# ---- log


def operations(history, since):
    """What the oplog says after `since`, plainly: (optime, op, ns, _id or None)."""
    open_chains = {}
    for entry in history.oplog:
        key = entry.get("lsid", {}).get("id"), entry.get("txnNumber")
        if entry["op"] == "c" and "applyOps" in entry["o"]:
            inner = open_chains.pop(key, []) + entry["o"]["applyOps"]
            if entry["o"].get("partialTxn"):
                open_chains[key] = inner
                continue
        else:
            inner = [entry]
        if entry["ts"] <= since:
            continue
        for op in inner:
            if op["op"] in "iud":
                source = op["o2"] if op["op"] == "u" else op["o"]
                yield text_of(entry["ts"]), op["op"], op["ns"], json_util.dumps(source["_id"])
            elif op["op"] == "c":
                yield text_of(entry["ts"]), "c", next(iter(op["o"])), None


def test_log_shows_what_the_oplog_says(history):
    for since in (history.steps[0], history.steps[5]):
        shown = json_lines(history.store.run("log", "--since", since.at, "--json", "-v"))
        found = [(line["optime"], line["op"],
                  line["command"].split()[0] if line["op"] == "c" else line["ns"],
                  None if line["op"] == "c" else json_util.dumps(json_util.loads(json.dumps(line["_id"]))))
                 for line in shown if line["optime"] != since.at]
        assert found == list(operations(history, since.optime))
    inside = [line for line in shown if line["transaction"]]
    assert {line["ns"] for line in inside} == {"shop.orders", "shop.people"} and len(inside) == 3
    assert len({line["optime"] for line in inside}) == 1 and inside[0]["lsid"] and inside[0]["txnNumber"]


def test_log_of_a_collection_follows_its_renaming(history):
    lines = json_lines(history.store.run("log", "shop.renamed", "--json", "--since", history.steps[0].at))
    shown = [(line["ns"], line["op"]) for line in lines if line["optime"] != history.steps[0].at]
    assert shown[:4] == [("shop.people", "i"), ("shop.people", "u"), ("shop.people", "u"), ("shop.people", "c")]
    assert ("shop.renamed", "u") in shown
    only = json_lines(history.store.run("log", "shop.orders", "--op", "d", "--json", "--since", history.steps[0].at))
    assert len(only) == len(DELETED) + 1 and {line["op"] for line in only} == {"d"}
    assert "did you mean 'shop.orders'" in history.store.run("log", "shop.order", check=1).err


def test_log_of_a_document_shows_every_version(history):
    lines = json_lines(history.store.run("log", "shop.orders", "5", "--json", "--since", history.steps[0].at + "~"))
    by_optime = {line["optime"]: line for line in lines if line["op"]}
    assert lines[0]["op"] is None and lines[0]["document"]["n"] == 5
    previous = by_id(history.steps[0].documents["shop.orders"])["5"]
    versions = 0
    for step in history.steps[1:]:
        now = by_id(step.documents["shop.orders"]).get("5")
        if now == previous:
            assert step.at not in by_optime, step
            continue
        line = by_optime[step.at]
        assert line["known"]
        assert json_util.loads(json.dumps(line["document"])) == plain(now), step
        assert line["lsid"]
        previous = now
        versions += 1
    assert versions == 5 == len(by_optime)
    text = history.store.run("log", "shop.orders", "5", "-v", "--since", history.steps[0].at).out
    assert "(deleted)" in text and re.search(r'(?m)^  o \{"\$v":[12],', text)
    # Through the renaming, too.
    lines = json_lines(history.store.run("log", "shop.renamed", '"anna"', "--json", "--since", history.steps[0].at))
    assert [line["document"]["born"] for line in lines] == [1990, 1990, 1990, 1991]
    assert [line["ns"] for line in lines] == ["shop.people"] * 3 + ["shop.renamed"]
    history.store.run("log", "shop.orders", '"5"', check=1)


def test_log_of_a_document_that_is_replaced_before_it_is_known_shows_it_from_then_on(store, tmp_path):
    """The oplog begins in the middle, and no snapshot says what there was."""
    ui = bson.Binary(bytes(range(16)), 4)

    def update(number, o):
        return bson.encode(SON([("op", "u"), ("ns", "shop.c"), ("ui", ui), ("o", o), ("o2", {"_id": 1}), ("v", bson.Int64(2)),
                                ("ts", Timestamp(1700000000, number)), ("t", bson.Int64(1))]))

    difference = SON([("$v", 2), ("diff", {"i": {"b": 2}})])
    (tmp_path / "oplog.bson").write_bytes(update(1, difference) + update(2, SON([("_id", 1), ("a", 1)])) + update(3, difference))
    store.run("ingest-oplog", tmp_path / "oplog.bson")
    lines = json_lines(store.run("log", "shop.c", "1", "--json", check=3))
    assert [(line["known"], line["document"]) for line in lines] == [
        (False, None), (True, {"_id": 1, "a": 1}), (True, {"_id": 1, "a": 1, "b": 2})]


def test_log_is_clamped_with_a_note(history):
    done = history.store.run("log", "--since", "2001-01-01T00:00:00Z", "--until", "2099-01-01T00:00:00Z", "--op", "c")
    assert "the oplog begins at" in done.err and "the oplog ends at" in done.err
    done = history.store.run("log", "--since", "2099-01-01T00:00:00Z")
    assert done.out == "" and "the oplog ends at" in done.err
    assert "after" in history.store.run("log", "--since", "latest", "--until", history.steps[0].at, check=2).err
    # Both ends are inclusive.
    step = history.steps[1]
    assert len(history.store.run("log", "--since", step.at, "--until", step.at).out.splitlines()) == 1
    assert history.store.run("log", "--since", step.at, "--until", step.at + "~", check=2)
    after = history.store.run("log", "--since", history.snapshot["snapshot"], "--json").out.splitlines()[0]
    assert json.loads(after)["optime"] != history.snapshot["optime"]


@pytest.mark.fuse
def test_from_accident_to_evidence_in_three_commands(history):
    """All that is known is the hour. Before: what was deleted; then the documents as they were just before."""
    hour = time.strftime("%Y-%m-%dT%H:%M:%S+01:00", time.gmtime(history.steps[0].optime.time + 3600))
    bursts = history.store.run("log", "--bursts", "--since", hour).out.splitlines()
    assert "shop.orders" in bursts[0] and f"d {len(DELETED)}" in bursts[0], bursts[:3]
    pasted = re.search(r"--at (\S+~)$", bursts[0])[1]
    with Mount(history.store.path) as mount:
        folder = mount.path / "at" / pasted
        assert sorted(os.listdir(folder / "shop"))
        lost = json.loads((folder / "shop" / "orders" / "150.json").read_text())
        assert lost == {"_id": 150, "n": 150, "who": "u3", "tags": ["a", "b"]}
    assert json.loads(history.store.run("cat", "--at", pasted, "shop.orders", "--id", "150").out) == lost
    restored = cat(history, pasted, "shop.orders")
    assert len(restored) == 500


def test_bursts_put_deletions_first_and_leave_nothing_out(history):
    runs = json_lines(history.store.run("log", "--bursts", "--since", history.steps[1].at, "--json"))
    kinds = [0 if r["op"] == "d" else 1 if r["op"] == "c" else 2 for r in runs]
    assert kinds == sorted(kinds) and kinds.count(0) == 2
    assert [r["count"] for r in runs[:2]] == [len(DELETED), 1]
    assert runs[2]["command"].startswith("drop")
    wanted = [op for op in operations(history, history.steps[0].optime) if not op[2].startswith("config.")]
    commands = [r for r in runs if r["op"] == "c"]
    assert sum(r["count"] for r in runs) - len(commands) == len([op for op in wanted if op[1] != "c"])
    for run in runs:
        first = run["first"].split(".")
        assert run["at"] == f"{first[0]}.{first[1]}~"
        history.store.run("count", "--at", run["at"], "shop.orders")


# ---- terminals


@pytest.mark.parametrize("words", [
    ("diff", "BEGIN", "latest"), ("diff", "BEGIN", "latest", "--patch"), ("diff", "BEGIN", "latest", "--json"),
    ("log", "-v"), ("log", "--json", "-v"), ("log", "shop.people", '"carl"'), ("log", "--bursts"), ("ranges",), ("gaps",),
], ids=" ".join)
def test_no_control_byte_reaches_a_terminal(history, words):
    words = [history.steps[0].at if word == "BEGIN" else word for word in words]
    primary, secondary = pty.openpty()
    process = subprocess.Popen([peers.program("yester"), words[0], "-s", history.store.path, *words[1:]],
                               stdout=secondary, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env=dict(os.environ, NO_COLOR="1"))
    os.close(secondary)
    seen = b""
    while True:
        try:
            piece = os.read(primary, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    assert process.wait() in (0, 3)
    os.close(primary)
    text = seen.decode().replace("\r\n", "\n")
    assert text and not CONTROL.search(text), CONTROL.search(text)


def test_a_log_of_what_has_no_documents_tells_where_they_are(tmp_path):
    with peers.Mongod("6.0.27") as server:
        db = server.client["shop"]
        db.create_collection("temps", timeseries={"timeField": "t"})
        peers.tools.mongodump("--uri", server.uri, "--oplog", "--out", tmp_path / "dump")
        db["temps"].insert_one({"t": datetime.datetime(2026, 1, 1), "x": 1})
        db.command("create", "seen", viewOn="temps", pipeline=[])
        peers.tools.mongodump("--uri", server.uri, "-d", "local", "-c", "oplog.rs", "--out", tmp_path / "slice")
        db["temps"].drop()
        peers.tools.mongodump("--uri", server.uri, "-d", "local", "-c", "oplog.rs", "--out", tmp_path / "dropped")
        db["temps"].insert_one({"by": "an application that does not know"})
        peers.tools.mongodump("--uri", server.uri, "-d", "local", "-c", "oplog.rs", "--out", tmp_path / "again")
    store = Store(tmp_path / "store")
    store.ingest(tmp_path / "dump", "--name", "begin")
    store.run("ingest-oplog", tmp_path / "slice")
    for words in (["shop.temps"], ["shop.temps", "5"], ["shop.temps", "--bursts"]):
        refused = store.run("log", *words, check=None)
        assert refused.status == 2 and "is a time series" in refused.err and "yester log shop.system.buckets.temps" in refused.err, words
    assert "  i  " in store.run("log", "shop.system.buckets.temps").out
    refused = store.run("log", "shop.seen", check=2)
    assert "is a view" in refused.err and "yester log shop.system.views" in refused.err
    assert "shop.seen" in store.run("log", "shop.system.views").out
    for slice_, lines in (("dropped", 0), ("again", 2)):
        store.run("ingest-oplog", tmp_path / slice_)
        done = store.run("log", "shop.temps", "--bursts", "--since", "begin")
        assert len(done.out.splitlines()) == lines and "yester log shop.system.buckets.temps" in done.err, done.story()


def test_a_collection_that_is_made_anew_under_another_name_has_all_its_versions(tmp_path):
    """$out writes into a temporary collection that then gets the name; nobody has it at either end of the time."""
    with peers.Mongod("6.0.27") as server:
        db = server.client["shop"]
        db["src"].insert_many([{"_id": i, "v": 0} for i in range(3)])
        peers.tools.mongodump("--uri", server.uri, "--oplog", "--out", tmp_path / "dump")
        for value in (1, 2, 3):
            db["src"].update_many({}, {"$set": {"v": value}})
            db["src"].aggregate([{"$out": "report"}])
        db["report"].update_one({"_id": 1}, {"$set": {"v": 4}})
        db["report"].drop()
        peers.tools.mongodump("--uri", server.uri, "-d", "local", "-c", "oplog.rs", "--out", tmp_path / "slice")
    store = Store(tmp_path / "store")
    store.ingest(tmp_path / "dump")
    store.run("ingest-oplog", tmp_path / "slice")
    versions = [json.loads(line) for line in store.run("log", "shop.report", "1", "--json").out.splitlines()]
    seen = [(v["op"], v["document"] and v["document"]["v"]) for v in versions]
    assert seen == [("i", 1), ("c", 1), ("i", 2), ("c", 2), ("i", 3), ("c", 3), ("u", 4), ("c", None)]
    operations = [json.loads(line) for line in store.run("log", "shop.report", "--op", "i", "--json").out.splitlines()]
    assert [o["_id"] for o in operations] == [0, 1, 2] * 3
