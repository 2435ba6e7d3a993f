"""yester copy: the same snapshots and moments in a store that is made otherwise."""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time

import bson
import peers
import pytest
from bson.timestamp import Timestamp
from test_repair import damage, flip, packs
from test_retention import BEGIN, DAY, documents_of, dump_of, entry, oplog_of, take

SEED = int(os.environ.get("YESTER_SEED", "11"))


def listed(path):
    said = json.loads(peers.yester("snapshots", "-s", path, "--json").out)
    return [{k: s.get(k) for k in ("name", "time", "documents", "bytes", "exact", "optime", "tag")} for s in said]


def archive(path, at):
    return peers.yester("dump", "-s", path, "--at", at, "--archive").raw


def history(store, tmp_path):
    """Three snapshots, and an oplog behind the exact one."""
    take(store, tmp_path / "dump", "one", BEGIN, 1, "--tag", "first")
    take(store, tmp_path / "dump", "two", BEGIN + DAY, 2)
    take(store, tmp_path / "dump", "exact", BEGIN + 2 * DAY, 3, "--assert-quiesced")
    log = tmp_path / "oplog.bson"
    log.write_bytes(entry(BEGIN + 2 * DAY, 1)[:0] + b"".join(entry(BEGIN + 2 * DAY + n * 60, 20_000 + n) for n in range(1, 50)))
    store.run("ingest-oplog", log, check=(0, 3))


def test_everything_is_there_in_a_store_of_another_kind(store, tmp_path):
    history(store, tmp_path)
    other = peers.Store(tmp_path / "other", "--seed", "99", "--leaf-size", "8192")
    said = json.loads(store.run("copy", other.path, "--json").out)
    assert said["snapshots"] == 3 and said["entries"] == 49
    assert listed(other.path) == listed(store.path)
    for name in ("one", "two", "exact"):
        assert archive(other.path, name) == archive(store.path, name)
    assert other.run("ranges", "--json").out == store.run("ranges", "--json").out
    again = json.loads(store.run("copy", other.path, "--json").out)
    assert again["snapshots"] == 0 and again["had"] == 3 and again["entries"] == 0
    assert json.loads(other.run("check", "--read-data", "--json").out)["whole"]


def test_some_snapshots_only(store, tmp_path):
    history(store, tmp_path)
    other = peers.Store(tmp_path / "other")
    store.run("copy", other.path, "two")
    assert [s["name"] for s in listed(other.path)] == ["two"]
    store.run("copy", other.path, "--since", f"{BEGIN + 2 * DAY}.0")
    assert [s["name"] for s in listed(other.path)] == ["two", "exact"]
    assert json.loads(other.run("ranges", "--json").out) == json.loads(other.run("ranges", "--json").out)
    store.run("copy", other.path, "nobody", check=1)
    store.run("copy", other.path, "one", "--since", "two", check=2)
    for number, (words, wanted) in enumerate((
            (("--since", "two"), ["two", "exact"]), (("--until", "two~"), ["one"]), (("--until", "two"), ["one", "two"]),
            (("--since", "latest-1d12h"), ["two", "exact"]), (("--since", f"{BEGIN + 2 * DAY}.2"), []), (("--until", f"{BEGIN + 2 * DAY}.0"), ["one", "two"]),
            (("--since", "latest"), []), (("--since", "latest-snapshot"), ["exact"]), (("--since", "two", "--until", "one"), None))):
        part = peers.Store(tmp_path / f"part{number}")
        store.run("copy", part.path, *words, check=2 if wanted is None else 0)
        assert [s["name"] for s in listed(part.path)] == (wanted or []), words
    store.run("copy", other.path, "--since", "soon", check=(1, 2))
    assert json.loads(store.run("copy", other.path, "--since", "now-36500d", "--json").out)["snapshots"] == 1
    store.run("copy", tmp_path / "nowhere", check=10)


def test_many_collections_and_those_that_are_the_same(store, tmp_path):
    folder = tmp_path / "dump" / "shop"
    folder.mkdir(parents=True)
    for i in range(700):
        (folder / f"c{i}.bson").write_bytes(bson.encode({"_id": i % 600}))
    for name in ("one", "two"):
        store.ingest(folder.parent, "--name", name)
        (folder / "c5.bson").write_bytes(bson.encode({"_id": 9999}))
    other = peers.Store(tmp_path / "other", "--seed", "99")
    assert json.loads(store.run("copy", other.path, "--json").out)["snapshots"] == 2
    for name in ("one", "two"):
        assert archive(other.path, name) == archive(store.path, name)


def test_another_snapshot_of_the_name_is_not_touched(store, tmp_path):
    history(store, tmp_path)
    other = peers.Store(tmp_path / "other")
    other.ingest(dump_of(tmp_path / "theirs", documents_of(9, 10)), "--name", "two")
    before = archive(other.path, "two")
    said = json.loads(store.run("copy", other.path, "--json").out)
    assert said["renamed"] == 1 and archive(other.path, "two") == before
    [name] = [s["name"] for s in json.loads(other.run("snapshots", "--json").out) if s["name"].startswith("two-")]
    assert archive(other.path, name) == archive(store.path, "two")
    again = json.loads(store.run("copy", other.path, "--json").out)
    assert again["snapshots"] == again["renamed"] == 0


def test_copies_that_went_on_apart_come_together(store, tmp_path):
    """Both made a snapshot of one moment, and one of another under one name: nothing stands for something else."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "all.bson", 60))
    far = tmp_path / "far"
    store.run("replicate", far)
    at = [f"{BEGIN + hour * 3600}.1" for hour in (40, 50, 55)]
    store.run("snapshot", "--at", at[0], "--name", "mine")
    peers.yester("snapshot", "-s", far, "--at", at[1], "--name", "mine")
    for path in (store.path, far):
        peers.yester("snapshot", "-s", path, "--at", at[2])
    mine = [archive(store.path, "mine"), archive(far, "mine")]
    store.run("replicate", far)
    names = [s["name"] for s in json.loads(peers.yester("snapshots", "-s", far, "--json").out)]
    assert len(names) == len(set(names)) == 5 and "mine" not in names
    own = [name for name in names if name.startswith("mine-")]
    assert [archive(far, name) for name in own] == mine
    for verb in (("count", "--at", "mine", "shop.orders"), ("forget", "mine")):
        err = peers.yester(verb[0], "-s", far, *verb[1:], check=(1, 2)).err
        assert own[0] in err and own[1] in err
    if os.path.exists("/dev/fuse"):
        with peers.Mount(far) as mount:
            assert sorted(os.listdir(mount.path / "snapshots")) == sorted(names)
    said = json.loads(peers.yester("copy", "-s", far, store.path, "--json").out)
    assert said["snapshots"] == 1 and said["had"] == 4
    assert archive(store.path, "mine") == mine[0] and archive(store.path, own[1]) == mine[1]
    assert json.loads(peers.yester("copy", "-s", far, store.path, "--json").out)["snapshots"] == 0
    peers.yester("forget", "-s", far, own[0])
    assert archive(far, "mine") == mine[1]


def damaged_part(tmp_path, what):
    """A store with four slices of an oplog, each with a snapshot; something of the second one is damaged."""
    store = peers.Store(tmp_path / "store", "--seed", "5")
    take(store, tmp_path / "dump", "base", BEGIN, 0, "--assert-quiesced")
    log = tmp_path / "oplog.bson"
    begin = bson.encode({"ts": Timestamp(BEGIN, 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "n", "ns": "", "o": {},
                         "wall": bson.datetime.datetime(2026, 1, 1)})
    entries = [begin] + [entry(BEGIN + n * 60, 20_000 + n) for n in range(1, 4001)]
    for part in range(4):
        known, manifests = set(packs(store.path)), set((store.path / "snapshots").iterdir())
        log.write_bytes(b"".join(entries[part * 1000:part * 1000 + 1001]))
        store.run("ingest-oplog", log)
        of_part = set(packs(store.path)) - known
        store.run("snapshot", "--at", f"{BEGIN + (part * 1000 + 900) * 60}.1", "--name", f"s{part}")
        if part == 1:
            leaves, nodes = sorted(of_part, key=lambda f: -f.stat().st_size)
            of_snapshot = sorted(set(packs(store.path)) - known - of_part, key=lambda f: -f.stat().st_size)
            [manifest] = set((store.path / "snapshots").iterdir()) - manifests
    segments = sorted((store.path / "oplog").rglob("*.segment"), key=lambda f: f.stat().st_mtime_ns)
    if what == "node":
        shutil.rmtree(store.path / "local")  # where it is noted what was found whole
    file = {"leaf": leaves, "node": nodes, "segment": segments[1], "manifest": manifest, "snapshot": of_snapshot[0]}[what]
    damage(file, flip(file.stat().st_size // 3))
    return store


@pytest.mark.parametrize("what", ["leaf", "node", "segment", "manifest", "snapshot"])
def test_what_is_damaged_is_told_and_the_rest_is_copied(tmp_path, what):
    store = damaged_part(tmp_path, what)
    other = peers.Store(tmp_path / "other", "--seed", "99")
    done = store.run("copy", other.path, "--json", check=4)
    said = json.loads(done.out)
    # Later snapshots may be made of what is damaged of this one.
    lacks = {"base", "s0", "s1", "s2", "s3"} - {s["name"] for s in listed(other.path)}
    assert "DAMAGE" in done.err and len(said["problems"]) == max(len(lacks), 1), said
    assert lacks == {"s1"} if what == "manifest" else "s1" in lacks if what == "snapshot" else not lacks
    assert what != "snapshot" or all(any(f"snapshot {name}: shop.orders: " in line for line in said["problems"]) for name in lacks)
    assert json.loads(other.run("check", "--read-data", "--json").out)["whole"]
    for minute in (500, 950, 1990, 2500, 3990):
        count = store.run("count", "--at", f"{BEGIN + minute * 60}.1", "shop.orders", check=None)
        if count.status == 0 and what != "leaf":
            assert other.run("count", "--at", f"{BEGIN + minute * 60}.1", "shop.orders").out == count.out
    gaps = json.loads(other.run("gaps", "--json", check=(0, 3)).out)
    if what in ("manifest", "snapshot"):
        assert said["entries"] == 4001 and gaps == []
    else:
        assert 3001 <= said["entries"] < 4001 and any(g["why"] == "no oplog" for g in gaps)
    if what == "leaf":
        # To the last entry before it, and from the first one behind it: what lies between is named, and is the gap.
        # (A snapshot in the midst of it makes it two.)
        between = [g for g in gaps if g["why"] == "no oplog"]
        lost = 4001 - said["entries"]
        ends = [between[0]["after"], between[-1]["before"]]
        assert lost > 0 and f"{lost} entries of the oplog after {ends[0]} and before {ends[1]}" in said["problems"][0]
        assert other.run("count", "--at", ends[0], "shop.orders").out == store.run("count", "--at", ends[0], "shop.orders").out
        # Here, all moments before it can be opened, wherever a search for them comes by.
        for minute in range(1000, (int(ends[0].split(".")[0]) - BEGIN) // 60 + 1, 120):
            assert int(store.run("count", "--at", f"{BEGIN + minute * 60}.1", "shop.orders").out) == 3000 + minute
        minute = int(ends[0].split(".")[0]) + 60
        other.run("count", "--at", f"{minute}.1", "shop.orders", check=5 if minute != BEGIN + 1900 * 60 else 0)
    elif what == "node":
        assert f"entries {BEGIN + 1001 * 60}.1 to {BEGIN + 2000 * 60}.1" in said["problems"][0]
    again = store.run("copy", other.path, "--json", check=4)
    assert json.loads(again.out)["snapshots"] == json.loads(again.out)["entries"] == 0


def test_what_was_lost_comes_with_the_next_copy(tmp_path):
    """The store is mended from a replica meanwhile."""
    store = damaged_part(tmp_path, "leaf")
    [bad] = [f for f in packs(store.path) if hashlib.sha256(f.read_bytes()).hexdigest() != f.stem]
    other = peers.Store(tmp_path / "other")
    store.run("copy", other.path, check=4)
    damage(bad, flip(bad.stat().st_size // 3))
    store.run("copy", other.path)
    assert other.run("ranges", "--json").out == store.run("ranges", "--json").out
    assert other.run("gaps").status == 0


def test_a_copy_that_is_killed_goes_on(store, tmp_path):
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    history(store, tmp_path)
    other = peers.Store(tmp_path / "other", "--seed", "3")
    for _ in range(6):
        copy = subprocess.Popen([str(peers.program("yester")), "copy", "-q", "-s", str(store.path), str(other.path)])
        time.sleep(rng.random() * 0.15)  # the moment of death is what is random here
        copy.send_signal(signal.SIGKILL)
        copy.wait()
        assert json.loads(other.run("check", "--json").out)["whole"]
    store.run("copy", other.path)
    assert listed(other.path) == listed(store.path)
    assert archive(other.path, "exact") == archive(store.path, "exact")


@pytest.mark.parametrize("what", ["cut", "gone", "nodes", "manifest", "segment"])
def test_a_damaged_destination_is_told_and_the_same_copy_goes_on(store, tmp_path, what):
    history(store, tmp_path)
    other = peers.Store(tmp_path / "other")
    store.run("copy", other.path, "one", "two")
    if what == "segment":
        store.run("copy", other.path)
        store.run("ingest-oplog", oplog_after(tmp_path), check=(0, 3))
    manifest, = [p for p in (other.path / "snapshots").iterdir() if json.loads(other.run("show", "two", "--json").out)["id"] == p.name]
    sizes = sorted(packs(other.path), key=lambda p: p.stat().st_size)
    victim = {"cut": sizes[-1], "gone": sizes[-1], "nodes": sizes[0], "manifest": manifest,
              "segment": next(iter(other.path.glob("oplog/*/*.segment")), None)}[what]
    content = victim.read_bytes()
    victim.chmod(0o600)
    if what in ("gone", "nodes"):
        victim.unlink()
    else:
        victim.write_bytes(content[:len(content) // 2])
    shutil.rmtree(other.path / "local")
    done = store.run("copy", other.path, check=4)
    assert "DAMAGE" in done.err and str(other.path) in done.err and "HINT: 'yester check -s" in done.err, done.story()
    if what in ("segment", "manifest"):
        other.run("repair", "--give-up", check=None)
    other.run("snapshots", check=(0, 3)), other.run("count", "--at", "one", "shop.orders")
    store.run("copy", other.path, check=(0, 4))
    assert listed(other.path) == listed(store.path)
    for name in ("one", "two", "exact"):
        assert archive(other.path, name) == archive(store.path, name)
    assert other.run("ranges", "--json").out == store.run("ranges", "--json").out


def oplog_after(tmp_path):
    """What goes on from that of history()."""
    log = tmp_path / "more.bson"
    log.write_bytes(b"".join(entry(BEGIN + 2 * DAY + n * 60, 20_000 + n) for n in range(49, 80)))
    return log


@pytest.mark.parametrize("room", ["160k", "280k", "340k"])
def test_a_full_destination_is_told_and_the_same_copy_goes_on(store, tmp_path, room):
    history(store, tmp_path)
    here, kept = tmp_path / "full", tmp_path / "kept"
    here.mkdir()
    alone = ["unshare", "--mount"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "-o", "size=1m", "none", here], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    script = f"""
        mount -t tmpfs -o size={room} none {here} && $yester init -q -s {here}/other || exit 99
        $yester copy -s {store.path} {here}/other; echo "exit $?"
        $yester snapshots -s {here}/other --json > /dev/null; echo "opened $?"
        mount -o remount,size=64m {here}
        $yester copy -q -s {store.path} {here}/other && $yester check --read-data -q -s {here}/other && cp -r {here}/other {kept}
        """
    done = peers.run([*alone, "bash", "-c", script], env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(tmp_path),
                                                        "yester": str(peers.program("yester"))})
    assert "exit 1\nopened 0\n" in done.out, done.story()
    assert "No space left on device" in done.err and f"HINT: make room where {here}/other lies" in done.err, done.story()
    assert listed(kept) == listed(store.path)
    assert archive(kept, "exact") == archive(store.path, "exact")
