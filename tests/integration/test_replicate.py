"""yester replicate: the far side is a store of its own, whatever is cut off, and is compared with what was sent."""
import hashlib
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import time

import bson
import peers
import pytest
from following import until
from test_retention import BEGIN, DAY, documents_of, dump_of, entry, oplog_of, take

SEED = int(os.environ.get("YESTER_SEED", "9"))

pytestmark = pytest.mark.skipif(not shutil.which("rsync"), reason="no rsync")


def names(path):
    return [s["name"] for s in json.loads(peers.yester("snapshots", "-s", path, "--json").out)]


def is_whole(path):
    return json.loads(peers.yester("check", "-s", path, "--read-data", "--json").out)["whole"]


def test_the_far_side_is_a_store(store, tmp_path):
    for number in range(3):
        take(store, tmp_path / "dump", f"s{number}", BEGIN + number, number)
    far = tmp_path / "new" / "folder" / "far"
    said = json.loads(store.run("replicate", far, "--json").out)
    assert said["verified"] and said["snapshots"] == 3 and said["sentFiles"] > 3 and said["differ"] == 0
    assert names(far) == ["s0", "s1", "s2"] and is_whole(far)
    assert not (far / "local" / "status").exists()
    with peers.Mount(far) as mount:
        assert (mount.path / "snapshots/s1/shop/orders.bson").read_bytes() == (tmp_path / "dump/shop/orders.bson").read_bytes()[:0] + \
            store.run("cat", "--at", "s1", "shop.orders", "--format", "bson").raw
    again = json.loads(store.run("replicate", far, "--json", "--verify", "full").out)
    assert again["sentFiles"] == 0 and again["verified"]


def test_oplogs_that_were_begun_on_both_sides_come_together(store, tmp_path):
    """With other first entries; and where their folders are called otherwise it is told what to do."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0, "--assert-quiesced")
    far = tmp_path / "far"
    store.run("replicate", far)
    entries = [bson.encode(one) for one in bson.decode_all(oplog_of(tmp_path / "all.bson", 120).read_bytes())]
    for path, first, end in ((far, 0, 60), (store.path, 30, 120)):
        (tmp_path / "slice.bson").write_bytes(b"".join(entries[first:end]))
        peers.yester("ingest-oplog", "-s", path, tmp_path / "slice.bson", check=(0, 3))
    at = [f"{BEGIN + hour * 3600}.1" for hour in (50, 110)]
    count = peers.yester("count", "-s", far, "--at", at[0], "shop.orders").out
    store.run("replicate", far)
    assert peers.yester("count", "-s", far, "--at", at[0], "shop.orders").out == count
    peers.yester("repair", "-s", far)
    assert is_whole(far) and int(peers.yester("count", "-s", far, "--at", at[1], "shop.orders").out) == int(count) + 60
    [folder] = (far / "oplog").iterdir()
    shutil.copytree(folder, far / "oplog" / "other")
    assert "move the folder of one of them away" in peers.yester("count", "-s", far, "--at", at[0], "shop.orders", check=1).err


@pytest.mark.parametrize("place", ["far", "host:far"])
def test_an_oplog_that_was_begun_apart_does_not_go_beside_the_one_there(store, tmp_path, place):
    """As when oplog/ was lost here and begun anew by an older program: together nobody could read either of them."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "all.bson", 20))
    store.run("replicate", tmp_path / "far")
    [folder] = (store.path / "oplog").iterdir()
    folder.rename(folder.with_name("rs0"))
    before = peers.yester("ranges", "-s", tmp_path / "far").out
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nshift\ncd {tmp_path} && exec sh -c \"$*\"\n")
    ssh.chmod(0o700)
    said = store.run("replicate", place, "--ssh", ssh, check=6, cwd=tmp_path).err
    assert "begun apart" in said and "oplog/rs0" in said and folder.name in said and "yester copy" in said
    assert [one.name for one in (tmp_path / "far/oplog").iterdir()] == [folder.name]
    assert peers.yester("ranges", "-s", tmp_path / "far").out == before
    # What is told to do: it comes together by a copy.
    peers.yester("copy", "-s", store.path, tmp_path / "far")
    shutil.rmtree(store.path / "oplog")
    store.run("replicate", place, "--ssh", ssh, cwd=tmp_path)
    assert is_whole(tmp_path / "far") and peers.yester("ranges", "-s", tmp_path / "far").out == before


def test_little_is_sent_after_a_little_change(store, tmp_path):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    store.run("replicate", tmp_path / "far")

    def size():
        return sum(f.stat().st_size for f in store.path.rglob("*") if f.is_file() and "local" not in f.relative_to(store.path).parts)

    before = size()
    documents = documents_of(0)
    documents[17]["pad"] = "changed"
    store.ingest(dump_of(tmp_path / "dump2", documents))
    said = json.loads(store.run("replicate", tmp_path / "far", "--json").out)
    assert said["sentBytes"] <= 1.2 * (size() - before)


def crc64(data, crc=0):
    """CRC-64/XZ."""
    crc ^= (1 << 64) - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return crc ^ (1 << 64) - 1


def journal_of(number, slices):
    """A journal by docs/format/oplog.md, a frame a slice of entries."""
    head = b"YJNL" + bytes([1, 0, 0, 0]) + struct.pack("<QQQ", number, number, 0) + bytes(48)
    chain = crc64(head)
    out = head + struct.pack("<Q", chain)
    for entries in slices:
        ts = [bson.decode(one)["ts"] for one in (entries[0], entries[-1])]
        payload = b"".join(entries)
        frame = b"YJFR" + struct.pack("<IIIQQ", len(payload), len(entries), 0, *(t.time << 32 | t.inc for t in ts)) + hashlib.sha256(payload).digest()
        chain = crc64(frame, chain)
        out += frame + struct.pack("<Q", chain) + payload
    return out


@pytest.mark.parametrize("place", ["far", "host:far"])
def test_of_a_journal_that_grew_only_what_is_new_is_sent_and_counted(store, tmp_path, place):
    take(store, tmp_path / "dump", "s0", BEGIN, 0, "--assert-quiesced")
    slices = [[entry(BEGIN + n * 100 + k, random.Random(n * 100 + k).randbytes(2000)) for k in range(20)] for n in range(1, 9)]
    journal = store.path / "oplog" / "0123456789abcdef" / f"{BEGIN:020}.journal"
    journal.parent.mkdir(parents=True)
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nshift\ncd {tmp_path} && exec sh -c \"$*\"\n")
    ssh.chmod(0o700)
    for count in (7, 8):
        journal.write_bytes(journal_of(BEGIN, slices[:count]))
        os.utime(journal, (BEGIN + count, BEGIN + count))
        said = json.loads(store.run("replicate", place, "--ssh", ssh, "--json", cwd=tmp_path).out)
    assert said["sentFiles"] == 1 and 40_000 < said["sentBytes"] < 1.2 * len(b"".join(slices[7]))
    assert is_whole(tmp_path / "far")


def rot(folder):
    """A disk flips a bit: size and time are as before."""
    pack = max((folder / "chunks").rglob("*.pack"), key=lambda f: f.stat().st_size)
    stat = pack.stat()
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 4
    pack.chmod(0o600)
    pack.write_bytes(data)
    os.utime(pack, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return pack


@pytest.mark.parametrize("place", ["far", "host:far"])
@pytest.mark.parametrize("linked", ["chunks", "oplog", "snapshots", "chunks/??", "chunks/??/*.pack"])
def test_what_lies_on_another_disk_is_copied_and_not_the_link_to_it(store, tmp_path, place, linked):
    """The copy led back to this one's bytes, and was verified; of a folder the second one failed."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nshift\ncd {tmp_path} && exec sh -c \"$*\"\n")
    ssh.chmod(0o700)
    take(store, tmp_path / "dump", "s0", BEGIN, 0, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "all.bson", 20))
    moved = sorted(store.path.glob(linked))[0]
    moved.rename(tmp_path / "disk")
    moved.symlink_to(tmp_path / "disk")
    take(store, tmp_path / "dump", "s1", BEGIN + 100, 1)
    for sent in (True, False):
        said = json.loads(store.run("replicate", place, "--ssh", ssh, "--json", "--verify", "full", "--delete", cwd=tmp_path).out)
        assert said["verified"] and (said["sentFiles"] > 0) == sent, said
    (tmp_path / "disk").rename(tmp_path / "away")
    assert names(tmp_path / "far") == ["s0", "s1"] and is_whole(tmp_path / "far")
    # Not mounted: nothing is taken for deleted.
    store.run("replicate", place, "--ssh", ssh, "--delete", cwd=tmp_path, check=None)
    assert names(tmp_path / "far") == ["s0", "s1"] and is_whole(tmp_path / "far")
    (tmp_path / "away").rename(tmp_path / "disk")
    assert json.loads(store.run("replicate", place, "--ssh", ssh, "--json", cwd=tmp_path).out)["verified"]


def test_damage_of_the_far_side_is_found(store, tmp_path):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    far = tmp_path / "far"
    store.run("replicate", far)
    pack = rot(far)
    assert json.loads(store.run("replicate", far, "--json").out)["differ"] == 0  # the quick look can't see it
    done = store.run("replicate", far, "--json", "--verify", "full", check=4)
    said = json.loads(done.out)
    assert said["differ"] == 1 and pack.name in said["first"] and said["mended"] == 1
    assert is_whole(far)
    store.run("replicate", far, "--verify", "full")
    # the same here, where a disk flips a bit: it is told of this side
    pack = rot(store.path)
    said = json.loads(store.run("replicate", far, "--json", "--verify", "full", "--delete", check=4).out)
    assert (said["damagedHere"], said["differ"]) == (1, 0) and pack.name in said["firstDamaged"] and not said["verified"], said
    assert is_whole(far)


def test_the_copy_of_what_is_damaged_here_is_not_verified(store, tmp_path):
    """Both are equal: a store that nothing can be read from was called verified, by the quick look, too."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    pack, far = rot(store.path), tmp_path / "far"
    for sent in (True, False):  # as much of it as there is; and it is told each time
        said = json.loads(store.run("replicate", far, "--json", check=4).out)
        assert (said["damagedHere"], said["differ"], said["verified"], said["sentFiles"] > 0) == (1, 0, False, sent), said
        assert pack.name in said["firstDamaged"]
    assert (far / pack.relative_to(store.path)).exists()
    said = json.loads(store.run("replicate", far, "--json", "--verify", "full", check=4).out)
    assert (said["damagedHere"], said["differ"], said["verified"]) == (1, 0, False) and pack.name in said["firstDamaged"], said
    assert "damaged here" in store.run("replicate", far, "--verify", "full", check=4).out
    rot(store.path)  # the same bit: as it was
    assert json.loads(store.run("replicate", far, "--json", "--verify", "full", check=4).out)["mended"] == 1
    assert json.loads(store.run("replicate", far, "--json").out)["verified"] and is_whole(far)


def test_what_is_sent_of_an_encrypted_store_is_proven_without_its_key(tmp_path):
    key, store, far = tmp_path / "key", tmp_path / "store", tmp_path / "far"
    key.write_text("sixteen bytes, and more")
    key.chmod(0o600)
    peers.yester("init", "-s", store, "--encrypt", "--key-file", key)
    for number in range(2):
        dump = dump_of(tmp_path / f"dump{number}", documents_of(number))
        peers.yester("ingest", "-s", store, dump, "--name", f"s{number}", "--time", f"{BEGIN + number}.1", "--key-file", key)
        if number == 0:
            peers.yester("replicate", "-s", store, far)
    there = {path.name for path in far.rglob("*.pack")}
    pack = next(path for path in store.rglob("*.pack") if path.name not in there)
    spoilt(pack, "flip")
    for _ in range(2):
        said = json.loads(peers.yester("replicate", "-s", store, far, "--json", check=4).out)
        assert said["damagedHere"] == 1 and pack.name in said["firstDamaged"] and not said["verified"], said
    peers.yester("repair", "-s", store, "--key-file", key, check=(0, 4))
    assert json.loads(peers.yester("replicate", "-s", store, far, "--json").out)["verified"]


def spoilt(path, how):
    """Not as it was; a copier sees it by the size or the time."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.unlink()
    path.write_bytes(data if how == "flip" else data[: len(data) // 3])
    os.utime(path, (BEGIN, BEGIN))


@pytest.mark.parametrize("how", ["flip", "cut"])
@pytest.mark.parametrize("encrypted", [False, True])
def test_damage_here_is_not_sent_over_what_is_sound_there(tmp_path, how, encrypted):
    """The far side is what repairs this one."""
    key = tmp_path / "key"
    key.write_text("sixteen bytes, and more")
    key.chmod(0o600)
    store, far = tmp_path / "store", tmp_path / "far"
    with_key = ("--key-file", key) if encrypted else ()
    peers.yester("init", "-s", store, *(("--encrypt",) if encrypted else ()), *with_key)
    peers.yester("ingest", "-s", store, dump_of(tmp_path / "dump", documents_of(0)), "--name", "s0", "--time", f"{BEGIN}.1",
                 "--assert-quiesced", *with_key)
    peers.yester("ingest-oplog", "-s", store, oplog_of(tmp_path / "oplog.bson", 100), *with_key)
    peers.yester("replicate", "-s", store, far)
    pack = max((store / "chunks").rglob("*.pack"), key=lambda f: f.stat().st_size)
    harmed = [pack, *store.glob("snapshots/*"), *store.glob("oplog/*/*.segment"), *store.glob("keys/*")]
    for path in harmed:
        spoilt(path, how)
    said = json.loads(peers.yester("replicate", "-s", store, far, "--json", check=4).out)
    assert said["damagedHere"] == len(harmed) and not said["verified"] and said["sentFiles"] == 0
    assert json.loads(peers.yester("check", "-s", far, "--read-data", "--json", *with_key).out)["whole"]
    for path in store.glob("keys/*"):
        path.write_bytes((far / "keys" / path.name).read_bytes())
    peers.yester("repair", "-s", store, "--from", far, *with_key)
    peers.yester("replicate", "-s", store, far, "--verify", "full")
    assert json.loads(peers.yester("check", "-s", store, "--read-data", "--json", *with_key).out)["whole"]


def test_what_is_lost_here_is_not_deleted_there(store, tmp_path):
    """A disk that is not mounted, a folder that somebody emptied."""
    for number in range(2):
        take(store, tmp_path / "dump", f"s{number}", BEGIN + number, number)
    far = tmp_path / "far"
    store.run("replicate", far)
    (store.path / "snapshots").rename(tmp_path / "snapshots")
    (store.path / "snapshots").mkdir()
    assert "no snapshot is here" in store.run("replicate", far, "--delete", check=6).err
    (store.path / "snapshots").rmdir()
    (tmp_path / "snapshots").rename(store.path / "snapshots")
    (store.path / "chunks").rename(tmp_path / "chunks")
    (store.path / "chunks").mkdir()
    said = json.loads(store.run("replicate", far, "--delete", "--json", check=4).out)
    assert said["lackingHere"] == 2 and said["deletedFiles"] == 0
    assert names(far) == ["s0", "s1"] and is_whole(far)
    store.run("repair", "--from", far)
    store.run("replicate", far, "--delete")
    assert names(far) == ["s0", "s1"] and is_whole(far)


def test_a_first_copy_that_was_cut_off_goes_on(store, tmp_path):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    far = tmp_path / "far"
    (far / "lost+found").mkdir(parents=True)
    (far / ".config.a1B2c3").write_bytes((store.path / "config").read_bytes()[:10])
    store.run("replicate", far)
    assert names(far) == ["s0"] and is_whole(far)


def test_what_is_no_replica_is_refused(store, tmp_path):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    other = peers.Store(tmp_path / "other")
    assert "another store" in store.run("replicate", other.path, check=6).err
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")
    assert "not empty" in store.run("replicate", full, check=6).err
    assert "in each other" in store.run("replicate", store.path / "chunks" / "far", check=6).err
    assert "in each other" in store.run("replicate", tmp_path, check=6).err
    assert sorted(p.name for p in full.iterdir()) == ["letter.txt"]
    store.run("replicate", "nobody.invalid:/far", "--ssh", "false", check=1)
    assert "quick, full or no" in store.run("replicate", tmp_path / "far", "--verify", "maybe", check=2).err


@pytest.mark.parametrize("place", ["new/deep/far/", "far//", "host:deep/far/", "host:far//", "host:", "host:~", "host:~/far"])
def test_a_place_may_end_in_a_slash_and_a_host_alone_is_the_home_there(store, tmp_path, place):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    home = tmp_path / "home"
    home.mkdir()
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nshift\ncd {home} && exec sh -c \"$*\"\n")
    ssh.chmod(0o700)
    for sent in (True, False):
        said = json.loads(store.run("replicate", place, "--ssh", ssh, "--verify", "full", "--delete", "--json", cwd=home).out)
        assert said["verified"] and (said["sentFiles"] > 0) == sent
    far = home / place.removeprefix("host:").removeprefix("~").lstrip("/")
    assert names(far) == ["s0"] and is_whole(far)
    assert "~" not in os.listdir(home)  # a folder that nobody should have to remove
    for refused in ("", "host:~bob/far"):
        store.run("replicate", refused, "--ssh", ssh, check=2, cwd=tmp_path)


@pytest.mark.skipif(not shutil.which("rrsync"), reason="no rrsync")
@pytest.mark.parametrize("options", [(), ("-no-del",)], ids=["all", "no-del"])
def test_a_key_that_may_run_rrsync_only_is_enough(store, tmp_path, options):
    """It refuses -s and -L, which each call had: nothing could be sent to such a place."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0, "--assert-quiesced")
    store.run("ingest-oplog", oplog_of(tmp_path / "all.bson", 20))
    there = tmp_path / "there"
    there.mkdir()
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nshift\nSSH_CONNECTION='127.0.0.1 1 127.0.0.1 2' SSH_ORIGINAL_COMMAND=\"$*\" "
                   f"exec rrsync {' '.join(options)} {there}\n")
    ssh.chmod(0o700)
    for sent in (True, False):
        said = json.loads(store.run("replicate", "host:far", "--ssh", ssh, "--verify", "full", "--json").out)
        assert said["verified"] and (said["sentFiles"] > 0) == sent, said
    assert names(there / "far") == ["s0"] and is_whole(there / "far")
    done = store.run("replicate", "host:far", "--ssh", ssh, "--delete", check=1 if options else 0)
    assert ("--delete" in done.err) == bool(options), done.story()


@pytest.mark.parametrize("name", ["mit blank", "a'b\"c", "$HOME;x", "ü*"])
def test_a_place_may_have_any_name(store, tmp_path, name):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nshift\ncd {tmp_path} && exec sh -c \"$*\"\n")
    ssh.chmod(0o700)
    assert json.loads(store.run("replicate", f"host:{name}", "--ssh", ssh, "--json").out)["verified"]
    assert names(tmp_path / name) == ["s0"] and is_whole(tmp_path / name)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_module_of_an_rsync_daemon_is_a_place(store, tmp_path):
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    port, folder, conf = peers.free_port(), tmp_path / "mod", tmp_path / "rsyncd.conf"
    folder.mkdir()
    owner = "uid = 0\ngid = 0\n" if os.getuid() == 0 else ""
    conf.write_text(f"port = {port}\naddress = 127.0.0.1\nuse chroot = no\n{owner}[mod]\npath = {folder}\nread only = no\n"
                    f"[ro]\npath = {folder}\nread only = yes\n")
    with subprocess.Popen(["rsync", "--daemon", "--no-detach", f"--config={conf}"], stdin=subprocess.DEVNULL) as daemon:
        try:
            until(lambda: listens(port), "the daemon to listen")
            for sent in (True, False):
                for path in ("far", "new/mit blank"):
                    said = json.loads(store.run("replicate", f"rsync://127.0.0.1:{port}/mod/{path}", "--verify", "full", "--delete", "--json").out)
                    assert said["verified"] and (said["sentFiles"] > 0) == sent, said
            assert "read only" in store.run("replicate", f"rsync://127.0.0.1:{port}/ro/far2", check=1).err
        finally:
            daemon.terminate()
    for path in ("far", "new/mit blank"):
        assert names(folder / path) == ["s0"] and is_whole(folder / path)


def test_only_delete_takes_away_what_is_not_here(store, tmp_path):
    for number in range(3):
        take(store, tmp_path / "dump", f"s{number}", BEGIN + number, number)
    far = tmp_path / "far"
    store.run("replicate", far)
    store.run("forget", "s0", "s1")
    for _ in range(3):
        store.run("prune", "--grace", "0")
    store.run("replicate", far)
    assert names(far) == ["s0", "s1", "s2"] and is_whole(far)
    said = json.loads(store.run("replicate", far, "--delete", "--json").out)
    assert said["deletedFiles"] > 2 and names(far) == ["s2"] and is_whole(far)


def test_cut_off_at_any_moment_the_far_side_is_whole(store, tmp_path):
    """Beside ingests and prunes, too."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    far = tmp_path / "far"
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    store.run("replicate", far)
    seen = {"s0"}
    for round_ in range(8):
        folder = dump_of(tmp_path / f"d{round_}", documents_of(round_ % 5))
        ingest = subprocess.Popen([str(peers.program("yester")), "ingest", "-q", "-s", str(store.path), str(folder), "--name", f"n{round_}"])
        copy = subprocess.Popen([str(peers.program("yester")), "replicate", "-q", "-s", str(store.path), str(far), "--verify", "no"],
                                start_new_session=True)
        time.sleep(rng.random() * 0.4)  # the moment of death is what is random here
        os.killpg(copy.pid, 9)
        copy.wait()
        assert ingest.wait(timeout=120) == 0
        store.run("prune", "--grace", "1h")
        assert seen <= set(names(far)) and is_whole(far)
        seen = set(names(far))
    store.run("replicate", far)
    assert set(names(far)) == set(names(store.path)) and is_whole(far)


def test_a_writer_that_begins_meanwhile_takes_nothing_from_it(store, tmp_path):
    """What it has in the folder of temporary files was taken for a dead writer's: "No such file or directory"."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    slow = tmp_path / "bin" / "rsync"
    slow.parent.mkdir()
    slow.write_text(f"""#!/bin/sh
if mkdir {tmp_path}/begun 2>/dev/null; then
    while [ ! -e {tmp_path}/go ]; do sleep 0.05; done
fi
exec {shutil.which("rsync")} "$@"
""")
    slow.chmod(0o755)
    environment = dict(os.environ, PATH=f"{slow.parent}:{os.environ['PATH']}")
    replicate = subprocess.Popen([str(peers.program("yester")), "replicate", "-q", "-s", str(store.path), str(tmp_path / "far")],
                                 env=environment, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline and replicate.poll() is None, replicate.stderr.read()
        time.sleep(0.02)
    take(store, tmp_path / "dump", "s1", BEGIN + 1, 1)
    (tmp_path / "go").touch()
    _, told = replicate.communicate(timeout=120)
    assert replicate.returncode == 0, told
    assert "s0" in names(tmp_path / "far") and is_whole(tmp_path / "far")


def test_the_far_side_keeps_what_only_this_side_let_go(store, tmp_path):
    """A week of moments here, all of them there: a prune there must not do what a retention here said."""
    take(store, tmp_path / "dump", "base", BEGIN, 0, "--assert-quiesced")
    for hours in (100, 240):
        store.run("ingest-oplog", oplog_of(tmp_path / "oplog.bson", hours))
    store.run("snapshot", "--at", f"{BEGIN + 8 * DAY}.1", "--name", "day8")
    far, early = tmp_path / "far", f"{BEGIN + DAY}.1"
    store.run("replicate", far)
    count = peers.yester("count", "-s", far, "--at", early, "shop.orders").out
    store.run("forget", "--keep-last", "1", "--pitr-window", "1d", "--prune")
    store.run("replicate", far)
    for _ in range(2):
        peers.yester("prune", "-s", far, "--grace", "0")
    assert peers.yester("count", "-s", far, "--at", early, "shop.orders").out == count
    store.run("prune", "--grace", "0")
    store.run("replicate", far, "--delete")
    assert "day8" in names(far) and "base" not in names(far) and is_whole(far)
    assert peers.yester("count", "-s", far, "--at", early, "shop.orders", check=5)


def commits_of(store):
    """How often something was written to the index for good: LMDB counts in the newer of the first two pages."""
    (path,) = store.glob("local/*/index/data.mdb")
    head = path.read_bytes()[:8192]
    return max(struct.unpack_from("<Q", head, page + 16 + 128)[0] for page in (0, 4096))


def test_the_first_look_at_many_snapshots_is_noted_at_once(store, tmp_path):
    """Each was, by a commit of its own, which waits for the disk: 100,000 manifests of a new replica took minutes."""
    take(store, tmp_path / "dump", "s0", BEGIN, 0)
    (manifest,) = (store.path / "snapshots").iterdir()
    content = manifest.read_bytes()
    for number in range(1, 6000):
        changed = content[:8] + bson.encode({**bson.decode(content[8:]), "name": f"s{number}"})
        (store.path / "snapshots" / hashlib.sha256(changed).hexdigest()).write_bytes(changed)
    before = commits_of(store.path)
    assert len(json.loads(store.run("snapshots", "--json").out)) == 6000
    first = commits_of(store.path) - before
    assert 2 <= first < 10, "a commit for some thousands"
    assert len(json.loads(store.run("snapshots", "--json").out)) == 6000
    assert commits_of(store.path) - before == first, "nothing is left to be noted"
    store.run("forget", "--keep-last", "3")
    assert commits_of(store.path) - before == first
