"""Encrypted stores: nothing readable without the key, every verb with it, damage found, keys changed whatever kills it."""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import bson
import peers
import pytest
from bson.timestamp import Timestamp
from encrypted import (BEGIN, DUMP, SECRET, SEED, Encrypted, Planted, environment, fill, found_in, found_in_open_files, key_file,
                       planted_dump, read_all)
from serving import Server

sys.path.append(str(peers.ROOT / "tests" / "crash"))
import crash_workload as workload  # noqa: E402


@pytest.fixture
def encrypted(tmp_path):
    return Encrypted(tmp_path / "store")


# ---- planted strings


@pytest.mark.fuse
def test_planted_strings_are_found_nowhere(tmp_path):
    control = Encrypted(tmp_path / "plain" / "store", root=(tmp_path / "plain").mkdir() or tmp_path / "plain", encrypt=False)
    words = Planted(SEED)
    read_all(control, words, fill(control, tmp_path, words))
    in_the_clear = found_in(control.folders, words)
    # So the search can find them where they are.
    assert not set(words.words) - set(in_the_clear), set(words.words) - set(in_the_clear)

    store = Encrypted(tmp_path / "secret" / "store", root=(tmp_path / "secret").mkdir() or tmp_path / "secret")
    planted = Planted(SEED + 1)
    planted.words["key"] = SECRET
    ns = fill(store, tmp_path, planted)
    read_all(store, planted, ns)
    with environment(store.env), peers.Mount(store.path) as mount:
        db, name = ns.split(".")
        for when in ("latest", f"at/{BEGIN + 130}.1"):
            assert planted["value"] in (mount.path / when / db / f"{name}.json").read_text()
        with Server(store.path, "--noauth") as server:
            found = list(server.client[db][name].find({}, {"noise": 0}).sort(planted["field"], 1))
            assert planted["value"] in found[-1][planted["field"]]
        assert not found_in(store.folders, planted)
    del planted.words["key"]  # the key file lies beside the store, not in it
    assert not found_in(store.folders, planted)
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a folder read-only")
def test_what_goes_to_the_users_cache_folder_is_not_readable(tmp_path):
    """Of a store on read-only media local/ lies there."""
    def looked_at(store, planted):
        ns = fill(store, tmp_path, planted)
        shutil.rmtree(store.path / "local")
        (store.path / "local").mkdir()
        done = peers.run(["mount", "--bind", store.path, store.path], check=None)
        if done.status != 0:
            pytest.skip("no mounts here")
        try:
            peers.run(["mount", "-o", "remount,ro,bind", store.path])
            read_all(store, planted, ns)
        finally:
            peers.run(["umount", store.path])
        assert not list((store.path / "local").iterdir())
        return found_in(store.folders[1:], planted)

    for name in ("plain", "secret"):
        (tmp_path / name).mkdir()
    assert looked_at(Encrypted(tmp_path / "plain" / "store", encrypt=False), Planted(SEED + 6))
    store = Encrypted(tmp_path / "secret" / "store")
    assert not looked_at(store, Planted(SEED + 7))
    assert list((tmp_path / "secret" / "cache").rglob("*.pack"))


def test_what_a_sort_spills_is_not_readable(tmp_path):
    """A file without a name is one that a thief of the disk finds, too."""
    planted = Planted(SEED + 2)

    def spilled(store):
        folder = tmp_path / f"spill-{store.path.name}"
        (folder / "shop").mkdir(parents=True)
        (folder / "shop" / "wide.bson").write_bytes(b"".join(
            bson.encode({"_id": i, "k": (i * 7919) % 60_000, "text": planted["spilled"] + "x" * 2000}) for i in range(60_000)))
        store.ingest(folder)
        with environment(store.env), Server(store.path, "--noauth", "--max-memory", "128M") as server:
            cursor = server.client["shop"].wide.aggregate([{"$sort": {"k": 1}}], allowDiskUse=True, batchSize=10)
            assert planted["spilled"] in next(cursor)["text"]
            found, seen = found_in_open_files(server.process.pid, planted)
            cursor.close()
        return found, seen

    plain, seen = spilled(Encrypted(tmp_path / "plain", encrypt=False))
    assert plain and seen > 10_000_000  # so it did spill, and the search finds it
    found, seen = spilled(Encrypted(tmp_path / "store"))
    assert not found and seen > 10_000_000


def test_a_killed_ingest_leaves_nothing_readable(encrypted, tmp_path):
    print(f"seed {SEED}")
    rng, planted = random.Random(SEED), Planted(SEED + 3)
    dump = planted_dump(tmp_path / "dump", planted, documents=60_000)
    started = time.monotonic()
    encrypted.ingest(dump, "--name", "whole")
    took = time.monotonic() - started
    shutil.rmtree(encrypted.path)
    peers.yester("init", "-s", encrypted.path, "--encrypt", "--key-file", encrypted.key)
    for _ in range(5):
        ingest = subprocess.Popen([str(peers.program("yester")), "ingest", "-q", "-s", str(encrypted.path), str(dump)],
                                  env=encrypted.env, stdout=subprocess.DEVNULL)
        time.sleep(rng.random() * took)  # the moment of death is what is random here
        ingest.send_signal(signal.SIGKILL)
        ingest.wait()
        assert not found_in(encrypted.folders, planted)
        assert json.loads(encrypted.run("check", "--json").out)["whole"]
    encrypted.ingest(dump, "--name", "again")
    assert json.loads(encrypted.run("check", "--read-data", "--json").out)["whole"]


# ---- every verb, right and wrong keys


def test_every_verb_works_as_on_a_plain_store(encrypted, tmp_path):
    plain = peers.Store(tmp_path / "plain")
    uuid = bson.Binary(bytes.fromhex(json.loads((DUMP / "shop" / "orders.metadata.json").read_text())["uuid"]), 4)
    for store in (encrypted, plain):
        store.ingest(DUMP, "--name", "one", "--time", f"{BEGIN}.1", "--assert-quiesced")
        log = tmp_path / "log.bson"
        log.write_bytes(b"".join(bson.encode({
            "op": "i", "ns": "shop.orders", "ui": uuid, "ts": Timestamp(BEGIN + n, 1), "t": bson.Int64(1), "v": bson.Int64(2),
            "o": {"_id": 70_000 + n, "n": n}, "wall": bson.datetime.datetime(2026, 1, 1)}) for n in range(60)))
        store.run("ingest-oplog", log, check=(0, 3))
        store.run("snapshot", "--at", f"{BEGIN + 40}.1", "--name", "two")
    for words in (("ls",), ("ls", "--at", "one"), ("cat", "--at", "two", "shop.orders"), ("count", "shop.orders"), ("ranges", "--json"),
                  ("gaps",), ("diff", "one", "two"), ("diff", "one", "two", "--json"), ("log", "shop.orders", "--json"),
                  ("cat", "--at", f"{BEGIN + 50}.1", "--query", '{"n":{"$gt":20}}', "shop.orders"),
                  ("dump", "--at", "one", "--archive"), ("dump", "--at", f"{BEGIN + 45}.1", "--archive")):
        mine, theirs = encrypted.run(*words, check=(0, 3)), plain.run(*words, check=(0, 3))
        assert mine.raw == theirs.raw and mine.status == theirs.status, words
    for words in (("show", "one"), ("stats",), ("status",), ("check", "--read-data", "--replay", "all")):
        encrypted.run(*words, check=(0, 3) if words[0] == "status" else 0)
    encrypted.run("forget", "one")
    encrypted.run("prune", "--grace", "0", "--max-waste", "0")
    encrypted.run("prune", "--grace", "0", "--max-waste", "0")
    encrypted.run("repair")
    assert json.loads(encrypted.run("check", "--read-data", "--json").out)["whole"]
    assert encrypted.run("dump", "--at", "two", "--archive").raw == plain.run("dump", "--at", "two", "--archive").raw


OPENING = (("ingest", DUMP), ("ingest-oplog", "/dev/null"), ("snapshot",), ("snapshots",), ("ranges",), ("gaps",), ("status",), ("show", "one"),
           ("ls",), ("cat", "shop.orders"), ("count", "shop.orders"), ("diff", "one", "one"), ("log",), ("stats",), ("dump", "--archive"),
           ("serve", "--noauth", "--port", "0"), ("forget", "one"), ("prune",), ("repair",), ("copy", "/nowhere"),
           ("backup", "--uri", "mongodb://127.0.0.1:1"), ("tail", "--uri", "mongodb://127.0.0.1:1"),
           ("restore", "--at", "one", "--uri", "mongodb://127.0.0.1:1", "-y"), ("verify", "--uri", "mongodb://127.0.0.1:1"),
           ("drill", "--mongod", "/bin/true"), ("rekey", "--new-key-command", "echo 0123456789abcdef01234567"))
ANYWAY = (("check",), ("check", "--read-data"), ("replicate", "far"))  # what a key that was given has to fit, too


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    store = Encrypted(tmp_path_factory.mktemp("small") / "store")
    store.ingest(DUMP, "--name", "one")
    return store


@pytest.mark.parametrize("words", OPENING + ANYWAY, ids=lambda words: " ".join(map(str, words[:2])))
def test_a_wrong_key_is_12_and_a_missing_one_too(small, tmp_path, words):
    before = sorted(small.path.rglob("*"))
    done = small.keyless(*words, "--key-command", "echo not the key at all", check=12, cwd=tmp_path)
    assert "none of the store's" in done.err and "HINT: " in done.err and done.out == ""
    if words not in ANYWAY:
        done = small.keyless(*words, check=12, cwd=tmp_path)
        assert str(small.path) in done.err and "--key-file F" in done.err and "YESTER_KEY_FILE" in done.err
    assert sorted(small.path.rglob("*")) == before


def test_the_key_is_taken_in_every_form(small, tmp_path):
    wanted = small.run("ls").out
    assert small.keyless("ls", "--key-file", small.key).out == wanted
    assert small.keyless("ls", f"--key-command=cat {small.key}").out == wanted
    (tmp_path / "config").write_text(f"key-file {small.key}\n")
    assert small.keyless("ls", "--config", tmp_path / "config").out == wanted
    assert small.keyless("ls", "--key-file", "a", "--key-command", "b", check=2).err
    small.keyless("ls", "--key-file", "/nowhere", check=1)
    assert "ended with 7" in small.keyless("ls", "--key-command", f"cat {small.key}; exit 7", check=12).err
    assert SECRET not in small.keyless("ls", "--key-command", f"echo {SECRET} >&2; exit 7", check=12).err.splitlines()[-1]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(small, tmp_path, mode):
    loose = key_file(tmp_path / "loose")
    loose.chmod(mode)
    for words in (("ls",), ("check",), ("rekey", "--new-key-command", "echo 0123456789abcdef01234567")):
        done = small.keyless(*words, "--key-file", loose, check=6)
        assert "may be read by others" in done.err and "chmod 600" in done.err
    peers.yester("init", "-s", tmp_path / "new", "--encrypt", "--key-file", loose, check=6)
    assert not (tmp_path / "new" / "config").exists()
    yesterfs = [peers.program("yesterfs"), small.path, tmp_path, "-o", f"nonempty,key_file={loose}"]
    assert "may be read by others" in peers.run(yesterfs, check=6).err


def test_init_asks_for_what_belongs_together(tmp_path):
    key = key_file(tmp_path / "key")
    for words, status in ((("--encrypt",), 2), (("--key-file", key), 2), (("--encrypt", "--seed", "1", "--key-file", key), 2),
                          (("--encrypt", "--key-command", "echo short"), 12), (("--encrypt", "--key-file", "/nowhere"), 1)):
        peers.yester("init", "-s", tmp_path / "new", *words, check=status)
        assert not (tmp_path / "new").exists(), words
    # As all who have no key file yet: told how one is made.
    absent = peers.yester("init", "-s", tmp_path / "new", "--encrypt", "--key-file", tmp_path / "absent", check=1).err
    making = re.search(r"^HINT: (\(umask 077; .* >F\)) makes one", absent, re.M)[1]
    peers.run(["sh", "-c", making], cwd=tmp_path)
    peers.yester("init", "-s", tmp_path / "made", "--encrypt", "--key-file", tmp_path / "F")
    rekeyed = peers.yester("rekey", "-s", tmp_path / "made", "--key-file", tmp_path / "F", "--new-key-file", "/nowhere", check=1).err
    assert making in rekeyed
    assert "HINT: is what the key is kept on mounted?" in peers.yester("snapshots", "-s", tmp_path / "made", "--key-file", "/nowhere", check=1).err
    said = json.loads(peers.yester("init", "-s", tmp_path / "new", "--encrypt", "--key-file", key, "--json").out)
    assert said["encrypted"] is True and SECRET not in json.dumps(said)
    assert b"seed" not in (tmp_path / "new" / "config").read_bytes()


@pytest.mark.fuse
def test_the_mount_takes_the_key(small, tmp_path):
    plain_env = {k: v for k, v in small.env.items() if k != "YESTER_KEY_FILE"}
    mnt = tmp_path / "mnt"
    mnt.mkdir()
    odd = tmp_path / "odd, name"
    shutil.copy(small.key, odd)
    odd.chmod(0o600)
    for words in (("--key-file", odd), ("--key-command", f"cat '{odd}'"), ("-o", f"key_file={small.key}")):
        peers.yester("mount", "-s", small.path, mnt, *words, env=plain_env)
        try:
            assert b"orders.bson" in b" ".join(os.listdir(os.fsencode(mnt / "latest" / "shop")))
        finally:
            peers.yester("umount", mnt)
    for words in ((), ("-o", "key_command=echo not the key at all"), ("--key-command", "false")):
        assert peers.yester("mount", "-s", small.path, mnt, *words, env=plain_env, check=12).err
        assert not peers.is_mounted(mnt)


# ---- what can be done without the key


def test_check_without_the_key_says_what_it_did_not_look_at(small, tmp_path):
    done = small.keyless("check", "--read-data")
    assert "as far as can be seen without its key" in done.out and "not checked, as no key was given" in done.out
    said = json.loads(small.keyless("check", "--read-data", "--json").out)
    assert said["whole"] and said["keyless"] and said["encrypted"] and said["snapshots"] == 1 and said["readBytes"] > 0
    said = json.loads(small.run("check", "--json").out)
    assert said["encrypted"] and not said["keyless"]
    assert "--key-file" in small.keyless("check", "--replay", "1", check=12).err
    copy = workload.Copied(small, tmp_path / "copy", warm=False)
    for pattern in ("chunks/*/*.pack", "snapshots/*", "keys/*"):
        file = next(copy.path.glob(pattern))
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.chmod(0o600)
        file.write_bytes(data)
        said = json.loads(peers.yester("check", "-s", copy.path, "--read-data", "--json", check=4).out)
        assert any(file.name[:16] in text for text in said["problems"]), (pattern, said)
        data[len(data) // 2] ^= 1
        file.write_bytes(data)


def test_a_replica_needs_no_key_and_is_an_encrypted_store(small, tmp_path):
    far = tmp_path / "far"
    said = json.loads(small.keyless("replicate", far, "--verify", "full", "--json").out)
    assert said["verified"] and said["snapshots"] == 1
    assert SECRET.encode() not in b"".join(f.read_bytes() for f in far.rglob("*") if f.is_file())
    # Monitoring knows of it, and nobody else to where.
    copied = json.loads(small.run("status", "--json").out)["offsite"]
    assert copied["verified"] and copied["dest"] == ""
    assert "off-site" in small.run("status").out and "never copied" not in small.run("status").out
    small.run("status", "--check", "--max-offsite-age", "1d", "--quiet")
    assert str(tmp_path).encode() not in b"".join(f.read_bytes() for f in (small.path / "local").rglob("*.json"))
    peers.yester("ls", "-s", far, check=12)
    assert peers.yester("ls", "-s", far, "--key-file", small.key).out == small.run("ls").out
    assert json.loads(peers.yester("check", "-s", far, "--read-data", "--key-file", small.key, "--json").out)["whole"]


def test_repair_takes_what_is_lost_from_a_replica_with_an_older_key(tmp_path):
    store = Encrypted(tmp_path / "store")
    store.ingest(DUMP, "--name", "one")
    wanted = store.run("dump", "--at", "one", "--archive").raw
    store.run("replicate", tmp_path / "far")
    fresh = key_file(tmp_path / "fresh", "another secret of the store's owner")
    store.run("rekey", "--new-key-file", fresh)
    for pack in store.path.rglob("*.pack"):
        pack.unlink()
    shutil.rmtree(store.path / "local")
    words = ("repair", "--key-file", fresh, "--from", tmp_path / "far")
    assert "--from-key-file" in store.keyless(*words, check=12).err
    store.keyless(*words, "--from-key-file", store.key)
    assert store.keyless("dump", "--key-file", fresh, "--at", "one", "--archive").raw == wanted
    assert json.loads(store.keyless("check", "--read-data", "--key-file", fresh, "--json").out)["whole"]


# ---- copies


def test_copies_between_plain_and_encrypted_stores_are_equal(tmp_path):
    plain = peers.Store(tmp_path / "plain", "--seed", "5")
    plain.ingest(DUMP, "--name", "one", "--tag", "kept", "--time", f"{BEGIN}.1", "--assert-quiesced")
    hidden = Encrypted(tmp_path / "hidden")
    other = Encrypted(tmp_path / "other", "--leaf-size", "64K")
    key_file(other.key, "the other store has another key")
    shutil.rmtree(other.path)
    peers.yester("init", "-s", other.path, "--encrypt", "--key-file", other.key)
    back = peers.Store(tmp_path / "back", "--seed", "5")
    assert "--dst-key-file" in plain.run("copy", hidden.path, check=12).err
    plain.run("copy", hidden.path, "--dst-key-file", hidden.key)
    hidden.run("copy", other.path, check=12)
    hidden.run("copy", other.path, "--dst-key-command", f"cat {other.key}")
    other.run("copy", back.path)
    wanted = plain.run("dump", "--at", "one", "--archive").raw
    for store in (hidden, other, back):
        assert store.run("dump", "--at", "one", "--archive").raw == wanted
        assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]
    # With one seed and no key roots are equal.
    hashes = [store.run("stats", "--dbhash", "--json").out for store in (plain, back)]
    assert json.loads(hashes[0]) == json.loads(hashes[1])


# ---- keys


def opens(store, key):
    status = store.keyless("snapshots", "--key-file", key, check=(0, 12)).status
    return status == 0


def test_rekey(encrypted, tmp_path):
    encrypted.ingest(DUMP, "--name", "one")
    packs = sorted(p.name for p in encrypted.path.rglob("*.pack"))
    second, third = key_file(tmp_path / "second", "a second secret, long enough"), key_file(tmp_path / "third", "a third secret, long enough")
    said = json.loads(encrypted.run("rekey", "--new-key-file", second, "--keep-old", "--json").out)
    assert said == {"added": 1, "removed": 0, "keys": 2}
    assert opens(encrypted, encrypted.key) and opens(encrypted, second)
    done = encrypted.keyless("rekey", "--key-file", second, "--new-key-command", f"cat {third}")
    assert "replicate --delete" in done.out
    assert opens(encrypted, encrypted.key) and not opens(encrypted, second) and opens(encrypted, third)
    encrypted.keyless("rekey", "--key-file", encrypted.key, "--new-key-file", third)
    assert not opens(encrypted, encrypted.key) and opens(encrypted, third)
    assert sorted(p.name for p in encrypted.path.rglob("*.pack")) == packs
    encrypted.keyless("rekey", "--key-file", encrypted.key, "--new-key-file", second, check=12)
    encrypted.keyless("rekey", "--key-file", third, "--new-key-file", third, check=2)
    encrypted.keyless("rekey", "--key-file", third, check=2)
    encrypted.keyless("rekey", "--key-file", third, "--new-key-command", "echo short", check=(2, 12))
    assert "not encrypted" in peers.Store(tmp_path / "plain").run("rekey", "--key-file", third, "--new-key-file", second, check=6).err


def test_a_replica_forgets_the_old_key_with_delete_only(encrypted, tmp_path):
    encrypted.ingest(DUMP, "--name", "one")
    encrypted.run("replicate", tmp_path / "far")
    second = key_file(tmp_path / "second", "a second secret, long enough")
    encrypted.run("rekey", "--new-key-file", second)
    for words, old_opens in (((), True), (("--delete",), False)):
        encrypted.keyless("replicate", tmp_path / "far", *words)
        assert peers.yester("ls", "-s", tmp_path / "far", "--key-file", encrypted.key, check=None).status == (0 if old_opens else 12)
        peers.yester("ls", "-s", tmp_path / "far", "--key-file", second)


@pytest.mark.parametrize("deed", ["kill-after", *(pytest.param(deed, marks=pytest.mark.long)
                                                  for deed in ("kill-before", "tear", "eio", "enospc+"))])
def test_a_rekey_that_dies_at_any_call_leaves_a_key_that_opens(tmp_path, deed):
    template = Encrypted(tmp_path / "store")
    template.ingest(DUMP, "--name", "one")
    second = key_file(tmp_path / "second", "a second secret, long enough")
    ended = []
    for at in range(1, 50):
        store = workload.Copied(template, tmp_path / "copy", warm=False)
        words = ("rekey", "-q", "-s", store.path, "--key-file", template.key, "--new-key-file", second)
        done = peers.yester(*words, check=None, env=workload.shim("rename,manifest,unlink", at, deed))
        if "shim: " not in done.err:
            assert done.status == 0
            break
        ended.append(done.err.splitlines()[0])
        # 0: the old one did open it still. 12: it does not any more; then the new one has to.
        peers.yester(*words, check=(0, 12))
        peers.yester("dump", "-s", store.path, "--key-file", second, "--at", "one", "--archive")
        peers.yester("snapshots", "-s", store.path, "--key-file", template.key, check=12)
    print("\n".join(ended))
    assert len(ended) >= 4


# ---- damage


def test_a_flipped_bit_anywhere_is_found_and_nothing_wrong_is_served(tmp_path):
    print(f"seed {SEED}")
    rng, planted = random.Random(SEED), Planted(SEED + 5)
    store = Encrypted(tmp_path / "store")
    fill(store, tmp_path, planted)
    wanted = {name: store.run("dump", "--at", planted[name], "--archive").raw for name in ("snapshot", "second snapshot")}
    kinds = {"config": [store.path / "config"], "key": list((store.path / "keys").iterdir()),
             "pack": list(store.path.glob("chunks/*/*.pack")), "manifest": list((store.path / "snapshots").iterdir()),
             "segment": [f for f in (store.path / "oplog").rglob("*") if f.is_file()]}
    assert all(kinds.values())
    for kind, files in kinds.items():
        for _ in range(6):
            file = rng.choice(files)
            whole = file.read_bytes()
            data = bytearray(whole)
            bit = rng.randrange(8 * len(data))
            data[bit // 8] ^= 1 << bit % 8
            story = f"{kind}: bit {bit} of {file.name}"
            file.chmod(0o600)
            file.write_bytes(data)
            shutil.rmtree(store.path / "local", ignore_errors=True)
            check = store.run("check", "--read-data", check=None)
            assert check.status == 4, f"{story}: {check.story()}"
            for name, right in wanted.items():
                dump = store.run("dump", "--at", planted[name], "--archive", check=None)
                assert dump.status != 0 or dump.raw == right, f"{story}: {dump.story()[:2000]}"
            file.write_bytes(whole)
    shutil.rmtree(store.path / "local")
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]
