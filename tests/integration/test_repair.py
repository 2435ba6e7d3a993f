"""yester repair: what can be read of damaged packs is saved, what a copy has comes from there, the rest is told."""
import hashlib
import json
import os
import random
import re

import peers
import pytest
from test_retention import BEGIN, documents_of, dump_of, oplog_of, take

SEED = int(os.environ.get("YESTER_SEED", "10"))


def packs(path):
    """Largest first: leaves, then nodes."""
    return sorted((path / "chunks").rglob("*.pack"), key=lambda f: -f.stat().st_size)


def damage(file, change):
    data = bytearray(file.read_bytes())
    data = change(data) or data
    file.chmod(0o600)
    file.write_bytes(data)


def flip(at):
    def change(data):
        data[at % len(data)] ^= 0x10
    return change


def names(path):
    return [s["name"] for s in json.loads(peers.yester("snapshots", "-s", path, "--json", check=(0, 3)).out)]


def is_whole(path):
    return json.loads(peers.yester("check", "-s", path, "--read-data", "--json", check=(0, 4)).out)["whole"]


@pytest.fixture
def pair(store, tmp_path):
    """A store with two snapshots, a copy of it, and what both hold."""
    for number in range(2):
        take(store, tmp_path / "dump", f"s{number}", BEGIN + number, number)
    store.run("replicate", tmp_path / "far")
    return store, tmp_path / "far", [store.run("dump", "--at", f"s{n}", "--archive").raw for n in range(2)]


def same(store, archives):
    return [store.run("dump", "--at", f"s{n}", "--archive").raw for n in range(2)] == archives


def test_a_whole_store_needs_no_repair(pair):
    store, _, archives = pair
    said = json.loads(store.run("repair", "--json").out)
    assert said["whole"] and said["damagedPacks"] == said["saved"] == said["lost"] == 0 and said["told"] == []
    assert same(store, archives)


def test_a_pack_without_its_trailer_loses_nothing(pair):
    store, _, archives = pair
    for file in packs(store.path):
        damage(file, lambda data: data[:-30])
    assert not is_whole(store.path)
    said = json.loads(store.run("repair", "--json").out)
    assert said["whole"] and said["damagedPacks"] == len(packs(store.path)) // 2 or said["damagedPacks"] > 0
    assert names(store.path) == ["s0", "s1"] and is_whole(store.path) and same(store, archives)
    store.run("prune", "--grace", "0")
    assert is_whole(store.path) and same(store, archives)


def test_what_is_lost_is_told_and_comes_back_from_the_copy(pair):
    store, far, archives = pair
    leaves = packs(store.path)[0]
    damage(leaves, flip(leaves.stat().st_size // 3))
    done = store.run("repair", "--json", check=4)
    said = json.loads(done.out)
    assert said["damagedPacks"] == 1 and said["saved"] > 0 and said["lost"] > 0
    assert any("shop.orders" in line and "can't be read" in line for line in said["told"])
    assert said["lostDocuments"] < 6000
    assert names(store.path) != ["s0", "s1"] or not is_whole(store.path)
    said = json.loads(store.run("repair", "--from", far, "--json").out)
    assert said["whole"] and said["fetched"] > 0
    assert names(store.path) == ["s0", "s1"] and is_whole(store.path) and same(store, archives)
    for _ in range(2):
        store.run("prune", "--grace", "0")
    assert is_whole(store.path) and same(store, archives)


@pytest.mark.parametrize("what", ["leaves", "nodes", "manifest", "everything"])
def test_what_is_gone_comes_back_from_the_copy(pair, what):
    store, far, archives = pair
    victims = {"leaves": packs(store.path)[:1], "nodes": packs(store.path)[-1:], "everything": packs(store.path),
               "manifest": []}[what]
    for file in victims:
        file.unlink()
    if what == "manifest":
        manifest = sorted((store.path / "snapshots").iterdir())[0]
        damage(manifest, flip(40))
    assert not is_whole(store.path)
    store.run("repair", check=4)
    store.run("repair", "--from", far)
    assert names(store.path) == ["s0", "s1"] and is_whole(store.path) and same(store, archives)


def test_what_is_not_named_here_any_more_is_told(pair):
    """A manifest that is gone, or all of oplog/: a repair can't know of it, whoever asks it to mend the store does not either."""
    store, far, archives = pair
    said = json.loads(store.run("repair", "--from", far, "--json").out)
    assert said["snapshotsOnlyThere"] == 0 and not said["oplogOnlyThere"]
    peers.yester("ingest-oplog", "-s", far, oplog_of(far.parent / "oplog.bson", 5), check=(0, 3))
    sorted((store.path / "snapshots").iterdir())[0].unlink()
    said = json.loads(store.run("repair", "--from", far, "--json").out)
    assert said["whole"] and said["snapshotsOnlyThere"] == 1 and said["oplogOnlyThere"]
    out = store.run("repair", "--from", far).out
    assert "1 snapshot and a part of the oplog" in out
    assert peers.run(["sh", "-c", out.rsplit("to take that over: ", 1)[1].replace("yester", str(peers.program("yester")), 1)]).status == 0
    said = json.loads(store.run("repair", "--from", far, "--json").out)
    assert said["whole"] and not said["oplogOnlyThere"] and same(store, archives)


@pytest.mark.parametrize("number", range(12))
def test_any_flip_is_mended_by_the_copy(pair, number):
    store, far, archives = pair
    rng = random.Random(SEED * 1000 + number)
    print(f"seed {SEED}, number {number}")
    for _ in range(rng.randrange(1, 4)):
        file = rng.choice(packs(store.path))
        damage(file, rng.choice([flip(rng.randrange(10**6)), lambda data: data[:rng.randrange(len(data))]]))
    store.run("repair", check=(0, 4))
    for name in names(store.path):  # what is listed is whole
        assert store.run("dump", "--at", name, "--archive").raw == archives[int(name[1])]
    store.run("repair", "--from", far)
    assert is_whole(store.path) and same(store, archives)


def test_a_sound_pack_that_came_back_is_not_deleted(pair):
    """rsync brings back the pack that a repair has given up."""
    store, far, archives = pair
    leaves = packs(store.path)[0]
    damage(leaves, flip(5000))
    store.run("repair", check=(0, 4))
    leaves.unlink()
    leaves.write_bytes((far / leaves.relative_to(store.path)).read_bytes())
    for _ in range(3):
        store.run("prune", "--grace", "0")
    assert is_whole(store.path) and same(store, archives)


def test_what_leaned_on_a_lost_pack_and_came_anew_is_whole(pair):
    """Deltas whose bases are lost, and needed by nobody, lie beside what the copy gave: no damage, and nothing a prune goes by."""
    store, far, archives = pair
    store.run("forget", "s0")
    packs(store.path)[0].unlink()
    said = json.loads(store.run("repair", "--from", far, "--json").out)
    assert said["whole"] and said["fetched"] > 0 and is_whole(store.path)
    for _ in range(3):
        store.run("prune", "--grace", "0", "--max-waste", "0")
    assert is_whole(store.path) and store.run("dump", "--at", "s1", "--archive").raw == archives[1]


def test_a_delta_is_whole_again_with_its_base_which_is_all_that_the_copy_has(store, tmp_path):
    """The base is in no tree any more, and the copy lacks what leans on it."""
    far = tmp_path / "far"
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    of_first = {f.name for f in packs(store.path)}
    take(store, tmp_path / "dump", "s1", BEGIN + 1, 1)
    archive = store.run("dump", "--at", "s1", "--archive").raw
    store.run("replicate", far)
    for pack in packs(far):
        if pack.name not in of_first:
            pack.unlink()
    store.run("forget", "s0")
    for pack in packs(store.path):
        if pack.name in of_first:
            pack.unlink()
    said = json.loads(store.run("repair", "--from", far, "--give-up", "--json").out)
    assert said["whole"] and said["lost"] == 0 and said["givenUp"] == 0 and said["fetched"] > 0, said
    assert is_whole(store.path) and store.run("dump", "--at", "s1", "--archive").raw == archive


def test_what_helps_a_damaged_config_is_told(pair):
    store, far, archives = pair
    damage(store.path / "config", flip(40))
    for words in (("snapshots",), ("repair", "--from", far)):
        assert "HINT: every copy of the store has the same config" in store.run(*words, check=1).err
    store.run("check", check=4)
    (store.path / "config").write_bytes((far / "config").read_bytes())
    assert is_whole(store.path) and same(store, archives)


def test_mistakes(store, tmp_path):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    other = peers.Store(tmp_path / "other")
    assert "warning" in store.run("repair", "--from", other.path).err
    packs(store.path)[0].unlink()
    manifests = list((store.path / "snapshots").iterdir())
    assert "no copy of this store" in store.run("repair", "--from", other.path, "--give-up", check=6).err
    assert list((store.path / "snapshots").iterdir()) == manifests
    store.run("repair", "--from", tmp_path / "nowhere", check=10)


@pytest.mark.parametrize("what", ["manifest", "pack", "segment", "entries"])
def test_what_is_lost_for_ever_can_be_given_up(store, tmp_path, what):
    """Without a copy the rest has to go on: prune took nothing away, and nothing could be added to the oplog."""
    take(store, tmp_path / "dump", "base", BEGIN, 0, "--assert-quiesced")
    early = set(packs(store.path))
    store.run("ingest-oplog", oplog_of(tmp_path / "first.bson", 50))
    of_oplog = set(packs(store.path)) - early
    manifests, known = set((store.path / "snapshots").iterdir()), set(packs(store.path))
    take(store, tmp_path / "dump", "s1", BEGIN + 1, 1)
    take(store, tmp_path / "dump2", "s2", BEGIN + 2, 0)
    wanted = [store.run("dump", "--at", name, "--archive").raw for name in ("base", "s2")]
    if what == "manifest":
        damage(next(f for f in (store.path / "snapshots").iterdir() if f not in manifests and b"s1\0" in f.read_bytes()), flip(60))
    elif what == "pack":
        for pack in set(packs(store.path)) - known:
            pack.unlink()
    elif what == "segment":
        damage(next((store.path / "oplog").rglob("*.segment")), flip(60))
    else:
        for pack in of_oplog:
            pack.unlink()
    store.run("prune", check=1)
    assert store.run("ingest-oplog", oplog_of(tmp_path / "more.bson", 60), check=(0, 1)).status == (what in ("segment", "entries"))
    said = json.loads(store.run("repair", "--json", check=4).out)
    assert said["harmed"] > 0 and said["givenUp"] == 0 and not is_whole(store.path)
    said = json.loads(store.run("repair", "--give-up", "--json", check=4).out)
    assert said["givenUp"] == said["harmed"] > 0
    assert is_whole(store.path)
    store.run("prune", "--grace", "0", "--max-waste", "0")
    store.run("ingest-oplog", tmp_path / "more.bson")
    store.run("count", "--at", f"{BEGIN + 55 * 3600}.1", "shop.orders")
    left = names(store.path)
    assert left == ["base", "s2"] if what == "manifest" else "base" in left
    assert store.run("dump", "--at", "base", "--archive").raw == wanted[0]
    assert "s2" not in left or store.run("dump", "--at", "s2", "--archive").raw == wanted[1]
    assert is_whole(store.path)


def test_nothing_is_given_up_that_a_copy_may_have(pair):
    """The copy is there, but its disk can't be read."""
    store, far, _ = pair
    damage(next((store.path / "snapshots").iterdir()), flip(60))
    manifest = next(f for f in (store.path / "snapshots").iterdir() if not is_named_right(f))
    there = far / "snapshots" / manifest.name
    kept = there.read_bytes()
    there.unlink()
    there.symlink_to(there.name)  # ELOOP
    said = json.loads(store.run("repair", "--from", far, "--give-up", "--json", check=4).out)
    assert said["givenUp"] == 0 and manifest.exists() and any("can't be read" in line for line in said["told"])
    there.unlink()
    there.write_bytes(kept)
    assert json.loads(store.run("repair", "--from", far, "--give-up", "--json").out)["givenUp"] == 0
    assert is_whole(store.path)


def is_named_right(file):
    return hashlib.sha256(file.read_bytes()).hexdigest() == file.name


def test_which_documents_are_lost_is_told(store, tmp_path):
    """Runs of them, in the order of _id, each with what stands before and behind it."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    count = len(documents_of(0))
    leaves = packs(store.path)[0]
    size = leaves.stat().st_size
    for at in (size // 3, size // 3 * 2):
        damage(leaves, flip(at))
    told = json.loads(store.run("repair", "--json", check=4).out)
    [line] = [n for n, text in enumerate(told["told"]) if "documents of shop.orders" in text]
    assert told["told"][line].endswith(f": {told['lostDocuments']} of {count} can't be read")
    runs = [re.fullmatch(r"  lost: number (\d+) to (\d+)(?:, after (\d+))?(?:, before (\d+))?", text).groups()
            for text in told["told"][line + 1:]]
    assert 1 <= len(runs) <= 2 and sum(int(last) - int(first) + 1 for first, last, _, _ in runs) == told["lostDocuments"]
    for first, last, before, behind in runs:  # number n has the _id n - 1
        assert (int(first) == 1) if before is None else int(before) == int(first) - 2
        assert (int(last) == count) if behind is None else int(behind) == int(last)


@pytest.mark.parametrize("what", ["snapshots/*", "oplog/*/*.segment", "chunks/*/*.pack"])
def test_what_a_newer_program_wrote_is_no_damage(store, tmp_path, what):
    """Exit code 1, and nothing is given up for it."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "oplog.bson", 20))
    old = sorted(store.path.glob(what))[0]
    data = bytearray(old.read_bytes())
    data[4] += 1  # the version
    name = hashlib.sha256(data).hexdigest()
    new = old.parents[1] / name[:2] / f"{name}.pack" if "chunks" in what else old.with_name(name + old.suffix)
    old.unlink()
    new.parent.mkdir(exist_ok=True)
    new.write_bytes(data)
    for verb in (("check",), ("check", "--read-data"), ("repair", "--give-up")):
        told = store.run(*verb, check=1).err
        assert "version 2, this program knows 1" in told and told.count(name) == 1, told
    # A copy of it is one: it was told as DAMAGE, after all was sent.
    store.run("replicate", tmp_path / "far")
    told = store.run("replicate", tmp_path / "far", "--delete", check=1)
    assert "version 2, this program knows 1" in told.err and "nothing was deleted there" in told.err and "DAMAGE" not in told.out, told
    assert (tmp_path / "far" / new.relative_to(store.path)).exists()
    assert new.exists() and len(list(store.path.glob("snapshots/*"))) == 1


@pytest.mark.parametrize("is_encrypted", [True, False])
def test_a_pack_of_another_encrypted_store_is_let_go(tmp_path, is_encrypted):
    """Check said DAMAGE of it, and repair that all was whole."""
    path = tmp_path / "key"
    path.write_text("sixteen bytes, and more")
    path.chmod(0o600)
    sealed = ["--key-file", path]
    key = sealed if is_encrypted else []
    stores = [tmp_path / "one", tmp_path / "two"]
    for number, (path, words) in enumerate(zip(stores, [key, sealed])):
        peers.yester("init", "-s", path, *(["--encrypt", *words] if words else []))
        peers.yester("ingest", "-s", path, dump_of(tmp_path / "dump", documents_of(number)), "--name", "s0", *words)
    for pack in packs(stores[1]):
        (stores[0] / "chunks" / pack.parent.name).mkdir(exist_ok=True)
        (stores[0] / "chunks" / pack.parent.name / pack.name).write_bytes(pack.read_bytes())
    assert "DAMAGE" in peers.yester("check", "-s", stores[0], "--read-data", *key, check=4).out
    assert "of another store" in peers.yester("repair", "-s", stores[0], *key).out
    peers.yester("check", "-s", stores[0], "--read-data", *key)
    peers.yester("prune", "-s", stores[0], "--grace", "0", *key)
    assert {p.name for p in packs(stores[0])}.isdisjoint(p.name for p in packs(stores[1]))
    peers.yester("dump", "-s", stores[0], "--at", "s0", "--out", tmp_path / "out", *key)
