"""yester forget and prune: what the rules keep, what goes when, and what is still right beside them."""
import errno
import hashlib
import json
import os
import random
import subprocess
import time

import bson
import peers
import pytest
from bson.timestamp import Timestamp

SEED = int(os.environ.get("YESTER_SEED", "8"))
DAY = 86400
BEGIN = 1_600_041_600  # a Monday's midnight, UTC


def dump_of(folder, documents):
    """A dump with one collection."""
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    (folder / "shop" / "orders.bson").write_bytes(b"".join(bson.encode(d) for d in documents))
    return folder


def documents_of(version, count=3000):
    rng = random.Random(version)
    return [{"_id": i, "version": version if rng.random() < 0.1 else 0, "pad": f"{rng.getrandbits(200):050x}"} for i in range(count)]


def take(store, folder, name, seconds, version, *more):
    """A snapshot of that time."""
    store.ingest(dump_of(folder, documents_of(version)), "--name", name, "--time", f"{seconds}.1", *more)


def stored(store):
    return sum(f.stat().st_size for f in (store.path / "chunks").rglob("*.pack"))


def entry(seconds, key, change=None):
    """An insert, or with `change` an update."""
    deed = {"op": "i", "o": {"_id": key}} if change is None else {"op": "u", "o": {"$v": 1, "$set": change}, "o2": {"_id": key}}
    return bson.encode({"ts": Timestamp(seconds, 1), "t": bson.Int64(1), "v": bson.Int64(2), "ns": "shop.orders",
                        "ui": bson.Binary(bytes(range(16)), 4), "wall": bson.datetime.datetime(2026, 1, 1), **deed})


def test_the_rules_keep_the_newest_of_each_period(store, tmp_path):
    days = {"mon0": 0, "mon1": 0.5, "tue": 1, "wed": 2, "next": 8, "month": 40, "year": 400}
    for number, (name, day) in enumerate(days.items()):
        take(store, tmp_path / "dump", name, BEGIN + int(day * DAY), number)

    def kept(*rules):
        said = json.loads(store.run("forget", "--dry-run", "--json", *rules).out)
        return [s["name"] for s in said["snapshots"] if s["keep"]]

    assert kept("--keep-last", "2") == ["month", "year"]
    assert kept("--keep-daily", "all") == ["mon1", "tue", "wed", "next", "month", "year"]
    assert kept("--keep-daily", "3") == ["next", "month", "year"]
    assert kept("--keep-yearly", "2")[-1] == "year"
    assert kept("--keep-within", "361d") == ["month", "year"]
    assert kept("year")[-1] == "month" and "year" not in kept("year")
    assert len(json.loads(store.run("snapshots", "--json").out)) == len(days)


def test_mistakes_are_refused(store, tmp_path):
    take(store, tmp_path / "dump", "one", BEGIN, 1)
    assert "what is to stay" in store.run("forget", check=2).err
    assert "not both" in store.run("forget", "one", "--keep-last", "1", check=2).err
    store.run("forget", "nobody", check=1)
    assert "length of time" in store.run("forget", "--keep-within", "soon", check=2).err
    store.run("forget", "--keep-daily", "-1", check=2)
    store.run("prune", "--grace", "7", check=2)
    store.run("prune", "--max-waste", "101", check=2)


def test_what_is_forgotten_goes_after_the_grace_and_the_rest_is_as_it_was(store, tmp_path):
    for number in range(6):
        take(store, tmp_path / "dump", f"s{number}", BEGIN + number, number)
    before = {f"s{n}": store.run("dump", "--at", f"s{n}", "--archive").raw for n in (3, 5)}
    size = stored(store)
    store.run("forget", "s0", "s1", "s2", "s4")
    said = json.loads(store.run("prune", "--json").out)
    assert said["deletedPacks"] == 0 and stored(store) >= size
    for _ in range(3):  # find, wait for nothing, take away what was copied out of
        store.run("prune", "--grace", "0", "--max-waste", "10")
    assert stored(store) < 0.6 * size
    assert [s["name"] for s in json.loads(store.run("snapshots", "--json").out)] == ["s3", "s5"]
    for name, archive in before.items():
        assert store.run("dump", "--at", name, "--archive").raw == archive
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_a_little_waste_is_not_worth_a_copy(store, tmp_path):
    rng = random.Random(7)
    documents = [{"_id": i, "pad": rng.randbytes(6000)} for i in range(300)]
    folder = tmp_path / "dump" / "shop"
    folder.mkdir(parents=True)
    for number, changed in enumerate((range(0), range(0, 200, 40), range(0, 160, 40))):
        for i in changed:
            documents[i]["pad"] = rng.randbytes(6000)
        (folder / "blobs.bson").write_bytes(b"".join(map(bson.encode, documents)))
        store.ingest(folder.parent, "--name", f"s{number}")
    store.run("forget", "s1")
    # Of the pack of s1 one leaf of five is needed: the rest is 1 % of the store. That of its nodes goes whole, unless the seed of the
    # store made two levels, of which s2 shares a part.
    said = json.loads(store.run("prune", "--json", "--grace", "0").out)
    assert said["copiedPacks"] == 0, said
    said = json.loads(store.run("prune", "--json", "--grace", "0", "--max-waste", "0").out)
    assert said["copiedPacks"] > 0 and said["deletedPacks"] > 0, said
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_the_base_of_the_oplog_stays_unless_a_window_lets_it_go(store, tmp_path):
    exact = ("--assert-quiesced",)
    take(store, tmp_path / "dump", "base", BEGIN, 0, *exact)
    log = tmp_path / "oplog.bson"
    log.write_bytes(b"".join(entry(BEGIN + n * 3600, 10_000 + n) for n in range(0, 24 * 10)))
    begin = bson.encode({"ts": Timestamp(BEGIN, 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "n", "ns": "", "o": {},
                         "wall": bson.datetime.datetime(2026, 1, 1)})
    log.write_bytes(begin + b"".join(entry(BEGIN + n * 3600, 10_000 + n) for n in range(1, 24 * 10)))
    store.run("ingest-oplog", log)
    for day in (3, 6, 9):
        store.run("snapshot", "--at", f"{BEGIN + day * DAY}.1", "--name", f"day{day}")
    early, late = f"{BEGIN + DAY}.1", f"{BEGIN + 8 * DAY}.1"
    count = store.run("count", "--at", early, "shop.orders").out
    said = json.loads(store.run("forget", "--keep-last", "1", "--json").out)
    assert {s["name"]: s.get("why") for s in said["snapshots"] if s["keep"]} == {"base": "base of the oplog", "day9": "last"}
    assert store.run("count", "--at", early, "shop.orders").out == count
    count = store.run("count", "--at", late, "shop.orders").out
    store.run("snapshot", "--at", f"{BEGIN + 6 * DAY}.1", "--name", "again6")
    store.run("forget", "--pitr-window", "3d")
    assert store.run("count", "--at", late, "shop.orders").out == count
    store.run("forget", "--keep-last", "1", "--pitr-window", "3d")
    names = [s["name"] for s in json.loads(store.run("snapshots", "--json").out)]
    assert names == ["again6", "day9"]
    for _ in range(3):
        store.run("prune", "--grace", "0")
    assert store.run("count", "--at", late, "shop.orders").out == count
    store.run("count", "--at", early, "shop.orders", check=5)
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_a_moment_that_was_visited_outlives_the_snapshot_it_shared_with(store, tmp_path):
    """It is kept in local/cache, without what the store had then; a prune knows nothing of that."""
    take(store, tmp_path / "dump", "base", BEGIN, 0, "--assert-quiesced")
    changed = range(0, 3000, 3)
    later = [d | ({"version": 5} if d["_id"] % 3 == 0 else {}) for d in documents_of(0)]
    store.ingest(dump_of(tmp_path / "dump2", later), "--name", "later", "--time", f"{BEGIN + 5000}.1")
    log = tmp_path / "oplog.bson"
    begin = bson.encode({"ts": Timestamp(BEGIN, 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "n", "ns": "", "o": {},
                         "wall": bson.datetime.datetime(2026, 1, 1)})
    log.write_bytes(begin + b"".join(entry(BEGIN + 1 + n, key, {"version": 5}) for n, key in enumerate(changed)))
    store.run("ingest-oplog", log)
    words = ("cat", "--at", f"{BEGIN + len(changed)}.1", "shop.orders", "--format", "bson")
    seen = store.run(*words).raw
    assert seen == b"".join(map(bson.encode, later))
    store.run("forget", "later")
    for _ in range(3):
        store.run("prune", "--grace", "0", "--max-waste", "0")
    assert store.run(*words).raw == seen
    store.run("cat", "--at", f"{BEGIN + len(changed) // 2}.1", "shop.orders")


def oplog_of(path, hours):
    """An oplog with a noop and one insert an hour."""
    begin = bson.encode({"ts": Timestamp(BEGIN, 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "n", "ns": "", "o": {},
                         "wall": bson.datetime.datetime(2026, 1, 1)})
    path.write_bytes(begin + b"".join(entry(BEGIN + n * 3600, 10_000 + n) for n in range(1, hours)))
    return path


@pytest.mark.parametrize("how", ["oplog", "copy", "window"])
def test_who_thinks_again_before_the_grace_is_over_loses_nothing(store, tmp_path, how):
    """What a retention let go is brought again, or a longer window is given: from then on it stays."""
    dump, early = tmp_path / "dump", f"{BEGIN + DAY}.1"
    take(store, dump, "base", BEGIN, 0, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "begin.bson", 120))
    store.run("ingest-oplog", oplog_of(tmp_path / "all.bson", 240))
    store.run("snapshot", "--at", f"{BEGIN + 8 * DAY}.1", "--name", "day8")
    count = store.run("count", "--at", early, "shop.orders").out
    copy = peers.Store(tmp_path / "copy")
    store.run("copy", copy.path)
    store.run("forget", "--keep-last", "1", "--pitr-window", "1d")
    if how == "copy":
        copy.run("copy", store.path)
    else:
        take(store, dump, "base", BEGIN, 0, "--assert-quiesced")
    if how == "oplog":
        assert "240 already there" in store.run("ingest-oplog", tmp_path / "all.bson").out
    if how == "window":
        store.run("forget", "--pitr-window", "30d")
    for _ in range(2):
        assert json.loads(store.run("prune", "--grace", "0", "--json").out)["deletedFiles"] == 0
    assert store.run("count", "--at", early, "shop.orders").out == count
    store.run("forget", "--keep-last", "1", "--pitr-window", "1d")
    assert json.loads(store.run("prune", "--grace", "0", "--json").out)["deletedFiles"] == 1


def test_a_snapshot_of_the_future_lets_no_others_go(store, tmp_path):
    """A clock was wrong once: what it dated is kept, and the rules measure from the newest that can be."""
    times = {"old": BEGIN, "new": BEGIN + 40 * DAY, "newest": BEGIN + 41 * DAY, "future": 4_102_444_800}
    for number, (name, seconds) in enumerate(times.items()):
        take(store, tmp_path / "dump", name, seconds, number, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "all.bson", 24 * 41))

    def kept(*rules):
        said = json.loads(store.run("forget", "--dry-run", "--json", *rules).out)
        return [s["name"] for s in said["snapshots"] if s["keep"]], said["oplogFiles"]

    assert kept("--keep-within", "7d", "--pitr-window", "7d")[0] == ["old", "new", "newest", "future"]
    assert kept("--keep-within", "7d", "--pitr-window", "1d") == (["new", "newest", "future"], 0)
    assert kept("--keep-last", "1", "--pitr-window", "1d")[0][1:] == ["newest", "future"]
    assert kept("--keep-daily", "2", "--pitr-window", "1d")[0] == ["new", "newest", "future"]


def hours(path, *numbers):
    """A slice of the oplog: an entry each hour since BEGIN."""
    path.write_bytes(b"".join(entry(BEGIN + n * 3600, 10_000 + n) for n in numbers))
    return path


def history_with_a_gap(store, tmp_path):
    """Twelve days with a snapshot each; in the night after day 4 six hours are missing."""
    take(store, tmp_path / "dump", "base", BEGIN, 0, "--assert-quiesced")
    (tmp_path / "begin.bson").write_bytes(bson.encode({
        "ts": Timestamp(BEGIN, 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "n", "ns": "", "o": {},
        "wall": bson.datetime.datetime(2026, 1, 1)}) + b"".join(entry(BEGIN + n * 3600, 10_000 + n) for n in range(1, 25)))
    store.run("ingest-oplog", tmp_path / "begin.bson")
    for day in range(1, 12):
        begin = 24 * day + 6 if day == 4 else 24 * day
        store.run("ingest-oplog", hours(tmp_path / "day.bson", *range(begin, 24 * day + 25)), check=3 if day >= 4 else 0)
        if day == 4:
            take(store, tmp_path / "dump", "again", BEGIN + begin * 3600, 4, "--assert-quiesced")
        store.run("snapshot", "--at", f"{BEGIN + (day + 1) * DAY}.1", "--name", f"day{day + 1}")


def let_go_around_the_gap(store, window="2d"):
    store.run("forget", "--pitr-window", window, "day3", "day4", "again", "day5", "day7")
    for _ in range(3):
        store.run("prune", "--grace", "0")


def gaps_of(store):
    """(hour since BEGIN, hour, was it let go)"""
    said = json.loads(store.run("gaps", "--json", check=None).out)
    return [(*((int(g[end].split(".")[0]) - BEGIN) / 3600 for end in ("after", "before")), g["letGo"]) for g in said]


def copy_of(store, path):
    copy = peers.Store.__new__(peers.Store)
    copy.path = path
    store.run("replicate", path)
    return copy


def notes_of(store):
    return sorted(store.path.glob("oplog/*/*.letgo"))


def test_a_gap_that_no_retention_made_stays_one_when_all_around_it_is_let_go(store, tmp_path):
    """Here, and in copies that lack as much, where what the retention let go was such a gap."""
    history_with_a_gap(store, tmp_path)
    assert gaps_of(store) == [(96, 102, False)]
    late = copy_of(store, tmp_path / "late")
    let_go_around_the_gap(store)
    told = gaps_of(store)
    assert [gap[:2] for gap in told if not gap[2]] == [(96, 102)]
    assert told[0][0] <= 48 and told[-1][1] > 144 and all(a[1] <= b[0] for a, b in zip(told, told[1:]))
    # Told, but nothing to be warned of: moments on both sides of it are not wanted any more.
    said = store.run("gaps").out
    assert said.count("lost before a retention") == 1 and said.count("let go by a retention") == len(told) - 1
    store.run("status", "--check")
    assert "lost before a retention let go of all around it between" in store.run("count", "--at", f"{BEGIN + 99 * 3600}.1", "shop.orders", check=5).err
    assert "let go by a retention between" in store.run("count", "--at", f"{BEGIN + 90 * 3600}.1", "shop.orders", check=5).err
    # A copy that lacks nothing has no more gaps by the note; one that lacks as much knows the same as here.
    store.run("replicate", late.path)
    assert gaps_of(late) == [(96, 102, False)]
    store.run("replicate", late.path, "--delete")
    far = copy_of(store, tmp_path / "far")
    assert gaps_of(late) == gaps_of(far) == told
    for each in (store, late, far):
        each.run("check", "--read-data")
    # Without the note it is as with a program of before there were any.
    notes_of(far)[0].unlink()
    assert [gap[2] for gap in gaps_of(far)] == [False] * len(gaps_of(far))


def test_of_the_notes_that_say_the_same_one_stays(store, tmp_path):
    history_with_a_gap(store, tmp_path)
    let_go_around_the_gap(store)
    (first,), told = notes_of(store), gaps_of(store)
    store.run("forget", "--pitr-window", "2d", "--keep-last", "all")
    assert notes_of(store) == [first], "nothing new was let go"
    store.run("forget", "--pitr-window", "1d", "--keep-last", "all")
    assert len(notes_of(store)) == 2 and first.exists()
    store.run("forget", "--pitr-window", "1d", "--keep-last", "all", "--prune")
    assert len(notes_of(store)) == 2, "a copy may not have the new one yet"
    store.run("prune", "--grace", "0")
    assert len(notes_of(store)) == 1 and not first.exists()
    assert [gap[:2] for gap in gaps_of(store) if not gap[2]] == [gap[:2] for gap in told if not gap[2]]
    # What is missing later is no retention's.
    store.run("ingest-oplog", hours(tmp_path / "day.bson", *range(300, 320)), check=3)
    assert gaps_of(store)[-1][2] is False


def test_a_gap_that_was_filled_and_then_let_go_is_a_retention_s(store, tmp_path):
    history_with_a_gap(store, tmp_path)
    store.run("forget", "--pitr-window", "6d", "day2")
    store.run("ingest-oplog", hours(tmp_path / "fill.bson", *range(96, 103)))
    assert all(gap[2] for gap in gaps_of(store))
    let_go_around_the_gap(store)
    assert gaps_of(store) and all(gap[2] for gap in gaps_of(store))
    store.run("status", "--check")


@pytest.mark.parametrize("deed", ["flip", "cut", "empty", "newer"])
def test_a_damaged_note_of_what_was_let_go_is_damage_and_says_nothing(store, tmp_path, deed):
    history_with_a_gap(store, tmp_path)
    let_go_around_the_gap(store)
    copy = copy_of(store, tmp_path / "copy")
    told, (note,) = gaps_of(store), notes_of(store)
    content = note.read_bytes()
    changed = {"flip": content[:40] + bytes([content[40] ^ 4]) + content[41:], "cut": content[:-9], "empty": b"",
               "newer": content[:4] + b"\2" + content[5:]}[deed]
    if deed == "newer":  # under the name that it has then
        note = note.rename(note.with_name(hashlib.sha256(changed).hexdigest() + ".letgo"))
    note.chmod(0o600)
    note.write_bytes(changed)
    assert all(gap[2] for gap in gaps_of(store)), "as by what programs of before note"
    store.run("prune")
    if deed == "newer":
        assert "version 2" in store.run("check", check=1).err
        return
    assert note.name in store.run("check", check=4).out
    store.run("repair", "--from", copy.path, check=None)
    assert store.run("check", "--read-data").status == 0 and gaps_of(store) == told
    note.chmod(0o600)
    note.write_bytes(changed)
    store.run("repair", "--give-up", check=None)
    assert not note.exists() and store.run("check", "--read-data").status == 0


def test_what_a_retention_let_go_is_no_gap_for_monitoring(store, tmp_path):
    """Weekly snapshots of before the window have no oplog between them: as meant, and told as that for years."""
    take(store, tmp_path / "dump", "base", BEGIN, 0, "--assert-quiesced")

    def slice_of(day, until):
        log = tmp_path / "slice.bson"
        log.write_bytes(b"".join(entry(BEGIN + n * 3600, 10_000 + n) for n in range(24 * day, 24 * until + 1)))
        return log

    (tmp_path / "first.bson").write_bytes(bson.encode({
        "ts": Timestamp(BEGIN, 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "n", "ns": "", "o": {},
        "wall": bson.datetime.datetime(2026, 1, 1)}) + entry(BEGIN + 3600, 10_001))
    store.run("ingest-oplog", tmp_path / "first.bson")
    (tmp_path / "rest.bson").write_bytes(b"".join(entry(BEGIN + n * 3600, 10_000 + n) for n in range(1, 25)))
    store.run("ingest-oplog", tmp_path / "rest.bson")
    for day in range(1, 12):
        store.run("ingest-oplog", slice_of(day, day + 1))
        store.run("snapshot", "--at", f"{BEGIN + day * DAY}.1", "--name", f"day{day}")
    store.run("forget", "--keep-weekly", "5", "--pitr-window", "3d")

    def told():
        return [gap["letGo"] for gap in json.loads(store.run("gaps", "--json", check=None).out)]

    for _ in range(3):  # the list is written anew, and what it says stays
        store.run("prune", "--grace", "0")
    assert store.run("gaps").out.count("let go by a retention") == len(told()) > 0 and all(told())
    assert "let go by a retention between" in store.run("count", "--at", f"{BEGIN + 8 * DAY}.1", "shop.orders", check=5).err
    store.run("status", "--check")
    store.run("status", "--check", "--metrics-file", tmp_path / "metrics")
    assert "\nyester_gaps 0\n" in (tmp_path / "metrics").read_text()
    store.run("ingest-oplog", slice_of(13, 14), check=3)
    assert told()[-1] is False and store.run("gaps", check=3).out
    assert "1 gap in the history" in store.run("status", "--check", check=3).err or told().count(False) == 2
    before = store.run("count", "--at", "latest", "shop.orders").out
    # The list of a newer program can't be read: a prune refuses, and who reads documents goes on.
    (newest,) = (store.path / "prune").glob("*.condemned")
    later = bson.encode({**bson.decode(newest.read_bytes()), "version": 2})
    newest.unlink()
    number = int(newest.name.split("-")[0]) + 1
    (store.path / "prune" / f"{number:020}-{hashlib.sha256(later).hexdigest()}.condemned").write_bytes(later)
    assert "version 2" in store.run("prune", check=None).err
    assert store.run("count", "--at", "latest", "shop.orders").out == before
    assert "no oplog" in store.run("gaps", check=3).out


def test_each_range_of_the_oplog_within_the_window_keeps_a_base(store, tmp_path):
    """No replay crosses a gap: the base before the window's begin is none for what lies behind one."""
    take(store, tmp_path / "dump", "before", BEGIN, 0, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "first.bson", 24))
    entries = [entry(BEGIN + n * 3600, 20_000 + n) for n in range(48, 96)]
    (tmp_path / "second.bson").write_bytes(b"".join(entries))
    store.run("ingest-oplog", tmp_path / "second.bson", check=3)
    take(store, tmp_path / "dump", "behind", BEGIN + 50 * 3600, 0, "--assert-quiesced")
    store.run("snapshot", "--name", "last")
    early, late = f"{BEGIN + 12 * 3600}.1", f"{BEGIN + 60 * 3600}.1"
    count = store.run("count", "--at", late, "shop.orders").out

    def kept(window):
        said = json.loads(store.run("forget", "--keep-last", "1", "--pitr-window", window, "--json").out)
        return [s["name"] for s in said["snapshots"] if s["keep"]]

    for window in ("90h", "60h"):  # from before the gap on, and from within it
        assert kept(window) == ["before", "behind", "last"]
        store.run("prune", "--grace", "0")
        assert store.run("count", "--at", late, "shop.orders").out == count
        store.run("count", "--at", early, "shop.orders")
    assert kept("30h") == ["behind", "last"]
    for _ in range(2):
        store.run("prune", "--grace", "0")
    assert store.run("count", "--at", late, "shop.orders").out == count
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_a_second_prune_is_told_to_wait(store, tmp_path):
    take(store, tmp_path / "dump", "one", BEGIN, 1)
    import fcntl
    import struct as packing
    with open(store.path / "config", "r+b") as config:
        # An open file description lock on the byte for prunes, as a prune holds it.
        fcntl.fcntl(config, 37, packing.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 1, 1, 0))
        assert "runs now" in store.run("prune", check=11).err
        store.run("forget", "one", check=11)
    store.run("prune")


def test_readers_and_writers_go_on_beside_prunes(store, tmp_path):
    """Ingests, a mount and prunes with a grace that is short, but longer than any of them takes."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    for number in range(4):
        take(store, tmp_path / f"dump{number}", f"s{number}", BEGIN + number, number)
    with peers.Mount(store.path) as mount:
        data = (mount.path / "snapshots" / "s0" / "shop" / "orders.bson").read_bytes()
        for round_ in range(6):
            folder = dump_of(tmp_path / f"next{round_}", documents_of(rng.randrange(6)))
            ingest = subprocess.Popen([str(peers.program("yester")), "ingest", "-q", "-s", str(store.path), str(folder), "--name", f"n{round_}"])
            names = [s["name"] for s in json.loads(store.run("snapshots", "--json").out) if s["name"] not in ("s0",)]
            if len(names) > 2:
                store.run("forget", rng.choice(names))
            store.run("prune", "--grace", "3s", "--max-waste", "20")
            assert ingest.wait(timeout=60) == 0
        time.sleep(3.1)  # the grace itself
        for _ in range(2):
            store.run("prune", "--grace", "3s")
        assert (mount.path / "snapshots" / "s0" / "shop" / "orders.bson").read_bytes() == data
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_what_was_forgotten_and_pruned_under_a_reader_is_stale_and_its_path_is_the_same_moment(store, tmp_path):
    """A reader that holds a moment for longer than the grace: ESTALE, not an error of the disk; from the path it is there again."""
    documents = [{"_id": i, "pad": random.Random(i).randbytes(1000)} for i in range(20000)]
    entries = [entry(BEGIN + i, i * 200, {"changed": i}) for i in range(100)]
    (dump_of(tmp_path / "dump", documents) / "oplog.bson").write_bytes(entries[0])
    store.ingest(tmp_path / "dump", "--name", "first")
    (tmp_path / "oplog.bson").write_bytes(b"".join(entries))
    store.run("ingest-oplog", tmp_path / "oplog.bson")
    store.run("snapshot", "--at", f"{BEGIN + 50}.1", "--name", "later")
    with peers.Mount(store.path, options="cache=1M") as mount:
        of_moment = mount.path / "at" / f"{BEGIN + 90}.1" / "shop" / "orders.bson"
        of_snapshot = mount.path / "snapshots" / "later" / "shop" / "orders.bson"
        wanted = of_moment.read_bytes()
        held = [os.open(path, os.O_RDONLY) for path in (of_moment, of_snapshot)]
        store.run("forget", "later")
        for _ in range(2):
            # What the two have and the first snapshot hasn't is in one pack, of which most is waste then.
            store.run("prune", "--grace", "0", "--max-waste", "0")
        for file in held:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            with pytest.raises(OSError) as problem:
                while os.read(file, 1 << 20):
                    pass
            assert problem.value.errno == errno.ESTALE, problem.value
            os.close(file)
        assert of_moment.read_bytes() == wanted
        assert os.listdir(mount.path / "snapshots") == ["first"]


@pytest.mark.parametrize("point", range(6))
def test_a_prune_that_is_killed_leaves_the_store_whole(store, tmp_path, point):
    rng = random.Random(SEED * 100 + point)
    for number in range(5):
        take(store, tmp_path / "dump", f"s{number}", BEGIN + number, number)
    store.run("forget", "s1", "s3")
    for _ in range(4):
        prune = subprocess.Popen([str(peers.program("yester")), "prune", "-q", "-s", str(store.path), "--grace", "0", "--max-waste", "5"])
        time.sleep(rng.random() * 0.03)  # the moment of death is what is random here
        prune.kill()
        prune.wait()
        assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]
    for _ in range(3):
        store.run("prune", "--grace", "0", "--max-waste", "5")
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]
    assert [s["name"] for s in json.loads(store.run("snapshots", "--json").out)] == ["s0", "s2", "s4"]


def count_at(store, at):
    """How many documents the collection has then, or the exit code."""
    done = store.run("count", "--at", at, "shop.orders", check=None)
    return int(done.out) if done.status == 0 else f"exit {done.status}"


@pytest.mark.parametrize("window", [(), ("--pitr-window", "30d")])
@pytest.mark.parametrize("day", [1, 4])
def test_what_begins_with_a_partial_snapshot_stays_beside_a_whole_one(store, tmp_path, window, day):
    """Whether that one is behind a gap or in the same range: what lies before it has nothing else to begin with."""
    take(store, tmp_path / "dump", "part", BEGIN, 0, "--assert-quiesced", "--nsInclude", "shop.*")
    store.run("ingest-oplog", oplog_of(tmp_path / "oplog.bson", 48))
    for number in range(2):
        take(store, tmp_path / "dump", f"whole{number}", BEGIN + (day + number) * DAY, number, "--assert-quiesced")
    moments = [f"{BEGIN + hour * 3600}.1" for hour in (0, 1, 20, 30, 47)]
    before = [count_at(store, at) for at in moments]
    assert before[:3] == [3000, 3001, 3020]
    store.run("forget", "--keep-last", "1", *window)
    for _ in range(2):
        store.run("prune", "--grace", "0")
    assert [count_at(store, at) for at in moments] == before


def test_a_snapshot_whose_open_transaction_is_not_there_is_no_base(store, tmp_path):
    """Of its range the next one is: the oplog that is there does not tell what that transaction did."""
    def logged(seconds, **deed):
        return bson.encode({"ts": Timestamp(seconds, 1), "t": bson.Int64(1), "v": bson.Int64(2), "wall": bson.datetime.datetime(2026, 1, 1), **deed})

    def noop(seconds):
        return logged(seconds, op="n", ns="", o={})

    part = logged(BEGIN + 1, op="c", ns="admin.$cmd", lsid={"id": bson.Binary(bytes(16), 4), "uid": bson.Binary(bytes(32))}, txnNumber=bson.Int64(1),
                     prevOpTime={"ts": Timestamp(0, 0), "t": bson.Int64(-1)},
                     o={"applyOps": [{"op": "i", "ns": "shop.orders", "ui": bson.Binary(bytes(range(16)), 4), "o": {"_id": -1}}], "partialTxn": True})
    dump = dump_of(tmp_path / "dump", documents_of(0))
    (dump / "oplog.bson").write_bytes(noop(BEGIN) + part + noop(BEGIN + 10))
    store.ingest(dump, "--name", "open")
    assert json.loads(store.run("show", "open", "--json").out)["neededFrom"] == f"{BEGIN + 1}.1"
    (dump / "oplog.bson").unlink()
    for lost in store.path.glob("oplog/*/*.segment"):
        lost.unlink()
    (tmp_path / "oplog.bson").write_bytes(noop(BEGIN + 10) + b"".join(entry(BEGIN + 10 + n, 10_000 + n) for n in range(1, 100)))
    store.run("ingest-oplog", tmp_path / "oplog.bson")
    store.ingest(dump_of(tmp_path / "dump", documents_of(0) + [{"_id": 10_000 + n} for n in range(1, 21)]),
                 "--name", "base", "--time", f"{BEGIN + 30}.1", "--assert-quiesced")
    store.run("snapshot", "--at", f"{BEGIN + 90}.1", "--name", "newest")
    assert count_at(store, f"{BEGIN + 20}.1") == "exit 5" and count_at(store, f"{BEGIN + 40}.1") == 3030
    store.run("forget", "--keep-last", "1")
    assert count_at(store, f"{BEGIN + 40}.1") == 3030


@pytest.mark.parametrize("rules", [["--keep-last", "1"], ["--keep-last", "1", "--pitr-window", "60h"], ["--keep-daily", "2"]])
def test_no_moment_has_another_filter_when_a_partial_snapshot_goes(store, tmp_path, rules):
    """Two filters by turns: a moment that had one collection had the other one when the snapshot that it was made from was forgotten."""
    folder = tmp_path / "dump" / "shop"
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        (folder / f"{name}.bson").write_bytes(b"".join(bson.encode({"_id": i}) for i in range(10)))
    for day, name in enumerate("aabaabb"):
        store.ingest(folder.parent, "--name", f"{name}{day}", "--time", f"{BEGIN + day * DAY}.1", "--assert-quiesced", "--nsInclude", f"shop.{name}")
    log = tmp_path / "oplog.bson"
    log.write_bytes(b"".join(bson.encode(
        {"ts": Timestamp(BEGIN + hour * 3600, 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "n", "ns": "", "o": {},
         "wall": bson.datetime.datetime(2026, 1, 1)}) for hour in range(24 * 7)))
    store.run("ingest-oplog", log)

    def shown():
        found = {}
        for hour in range(0, 24 * 7, 12):
            done = store.run("ls", "--at", f"{BEGIN + hour * 3600}.1", "--json", check=(0, 5))
            if done.status == 0:
                found[hour] = "".join(line["collection"] for line in json.loads(done.out))
        return found

    before = shown()
    assert [before[24 * day] for day in range(7)] == list("aabaabb")
    store.run("forget", *rules)
    after = shown()
    assert after == {hour: names for hour, names in before.items() if hour >= min(after)}
    if "--pitr-window" not in rules:
        assert min(after) == 0
    # What nothing needs goes all the same.
    names = [s["name"] for s in json.loads(store.run("snapshots", "--json").out)]
    assert names == {"1": ["a0", "b2", "a3", "b5", "b6"], "60h": ["a4", "b5", "b6"], "2": ["a0", "b2", "a3", "b5", "b6"]}[rules[-1]]
