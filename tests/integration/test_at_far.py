"""Moments that are far from a snapshot, and what can't be told: at/ of the mount, with oplogs that are made here."""
import errno
import json
import os
import shutil
import signal
import struct
import subprocess
import threading
import time
import uuid
from pathlib import Path

import bson
import peers
import pytest
from bson import json_util
from moments import is_absent, optime, visited
from peers import Mount
from test_many_documents import driver_of, processor_seconds

pytestmark = pytest.mark.fuse

FIRST = 1_795_200_000  # the second of the snapshots that are made here


def make_store(folder, documents):
    """A store with an exact snapshot of shop.orders and shop.others; returns its path and the UUIDs by name."""
    store, dump = folder / "store", folder / "dump" / "shop"
    uuids = {name: uuid.UUID(int=number + 1) for number, name in enumerate(("orders", "others"))}
    dump.mkdir(parents=True)
    for name, unique in uuids.items():
        (dump / f"{name}.bson").write_bytes(b"".join(bson.encode({"_id": i, "n": 0}) for i in range(documents)))
        (dump / f"{name}.metadata.json").write_text(json.dumps({
            "indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "uuid": unique.hex, "collectionName": name, "type": "collection"}))
    peers.yester("init", "-s", store)
    peers.yester("ingest", "-s", store, folder / "dump", "--name", "base", "--time", f"{FIRST}.1", "--assert-quiesced")
    return store, uuids


def entry_of(stamp, op="n", ns="", o=None, o2=None, unique=None):
    entry = {"op": op, "ns": ns, "o": o or {}, "ts": bson.Timestamp(*stamp), "t": 1, "v": 2}
    if unique:
        entry["ui"] = bson.Binary(unique.bytes, 4)
    if o2:
        entry["o2"] = o2
    return bson.encode(entry)


class Far:
    """A store with one small snapshot and several hundred thousand operations after it, ten in a second."""

    COUNT = 740_000
    DOCUMENTS = 20_000

    def __init__(self, folder):
        self.folder = folder
        self.store, self.uuids = make_store(folder, self.DOCUMENTS)
        (folder / "oplog.bson").write_bytes(self.entries())
        peers.yester("ingest-oplog", "-s", self.store, folder / "oplog.bson")
        self.last = optime(self.stamp(self.COUNT))

    def stamp(self, number):
        return FIRST + number // 10, number % 10 + 1

    def entries(self):
        """Updates of one document after the other: n becomes the operation's number. Every hundredth is of others."""
        made, parts = bytearray(entry_of((FIRST, 1))), {}
        for name, unique in self.uuids.items():
            entry = entry_of((0x11121314, 0x15161718), "u", f"shop.{name}", {"_id": 0x01020304, "n": 0x05060708}, {"_id": 0x01020304}, unique)
            ids = entry.index(b"\x04\x03\x02\x01"), entry.rindex(b"\x04\x03\x02\x01")
            parts[name] = bytearray(entry), *ids, entry.index(b"\x08\x07\x06\x05"), entry.index(b"\x18\x17\x16\x15\x14\x13\x12\x11")
        for number in range(1, self.COUNT + 1):
            entry, first, second, value, stamp = parts["others" if number % 100 == 0 else "orders"]
            seconds, increment = self.stamp(number)
            struct.pack_into("<i", entry, first, number % self.DOCUMENTS)
            struct.pack_into("<i", entry, second, number % self.DOCUMENTS)
            struct.pack_into("<i", entry, value, number)
            struct.pack_into("<II", entry, stamp, increment, seconds)
            made += entry
        return made

    def value(self, document, number):
        """n of a document of orders after operation `number`."""
        last = number - (number - document) % self.DOCUMENTS
        while last > 0 and last % 100 == 0:
            last -= self.DOCUMENTS
        return max(last, 0)

    def forget_visits(self):
        for cache in self.store.glob("local/*/cache"):
            shutil.rmtree(cache)

    def mount(self):
        self.forget_visits()
        return Mount(self.store)


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    return Far(tmp_path_factory.mktemp("far"))


def progress(mount):
    return json.loads((mount.path / ".yester" / "progress.json").read_text())


def wait_for_progress(mount, process=None):
    """Until something is being replayed."""
    deadline = time.monotonic() + 120
    while not any(visit["done"] > 0 for visit in progress(mount)):
        assert time.monotonic() < deadline and (process is None or process.poll() is None)
        time.sleep(0.005)
    return progress(mount)


def test_a_document_far_from_the_snapshot_is_found_alone(far):
    number = far.COUNT - 7
    stamp = far.stamp(number)
    with far.mount() as mount:
        orders = mount.path / "at" / optime(stamp) / "shop" / "orders"
        started = time.monotonic()
        first = json.loads((orders / "17.json").read_text())
        took = time.monotonic() - started
        assert first == {"_id": 17, "n": far.value(17, number)}
        assert is_absent(orders / f"{far.DOCUMENTS}.json") and is_absent(orders / "017.json") and is_absent(orders / "%rank,99999999.json")
        for name, document in (("18.bson", 18), ("20.bson", 20)):
            path = orders / name
            assert bson.decode(path.read_bytes()) == {"_id": document, "n": far.value(document, number)}
            assert path.stat().st_size == len(path.read_bytes())
        assert os.getxattr(orders / "17.json", "user.yester.moment").decode() == optime(stamp)
        print(f"\n  the first document {far.COUNT} operations after the snapshot: {took * 1000:.0f} ms")
        # Then all of them; they say the same.
        started = time.monotonic()
        listed = os.listdir(orders)
        assert took < 10 or took < (time.monotonic() - started) / 2
        assert len(listed) == far.DOCUMENTS
        for document in (0, 17, 18, 99, 100, far.DOCUMENTS - 1):
            assert json.loads((orders / f"{document}.json").read_text())["n"] == far.value(document, number), document


def test_more_documents_than_are_kept_are_read_again(far):
    number = far.COUNT - 7
    with far.mount() as mount:
        orders = mount.path / "at" / optime(far.stamp(number)) / "shop" / "orders"
        for _ in range(2):
            for document in range(0, 1200):
                assert json.loads((orders / f"{document}.json").read_text())["n"] == far.value(document, number), document


def test_a_long_visit_can_be_interrupted_and_begun_again(far):
    with far.mount() as mount:
        path = mount.path / "at" / far.last / "shop" / "orders.bson"
        process = subprocess.Popen(["cat", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        visits = wait_for_progress(mount, process)
        assert [visit["moment"] for visit in visits] == [far.last] and visits[0]["requests"] == 1
        assert set(visits[0]) == {"moment", "phase", "done", "total", "rate", "seconds", "requests"}
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) != 0
        process.stderr.close()
        deadline = time.monotonic() + 120
        while progress(mount):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        documents = peers.split_documents(path.read_bytes())
        assert bson.decode(documents[17]) == {"_id": 17, "n": far.value(17, far.COUNT)}
        assert progress(mount) == []


def test_a_visitor_that_is_stopped_and_goes_on_gets_what_it_asked_for(far):
    """Ctrl-Z and fg, a debugger, a window that changes its size: none of them gives up, and stat() and readdir() never fail so elsewhere."""
    far.forget_visits()
    with far.mount() as mount:
        path = mount.path / "at" / far.last / "shop" / "orders.bson"
        process = subprocess.Popen(["stat", "--format=%s", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for_progress(mount, process)
        for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGSTOP, signal.SIGCONT):
            process.send_signal(number)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0 and int(out) == path.stat().st_size, err


def test_others_are_answered_while_a_moment_is_made(far):
    with far.mount() as mount:
        shop = mount.path / "at" / far.last / "shop"
        processes = [subprocess.Popen(["cat", shop / "orders.bson"], stdout=subprocess.PIPE) for _ in range(20)]
        wait_for_progress(mount)
        asked = 0
        while any(visit["requests"] for visit in progress(mount)):
            assert os.listdir(mount.path / "snapshots") == ["base"]
            assert (mount.path / "snapshots" / "base" / "shop" / "others.bson").stat().st_size > 0
            assert sorted(os.listdir(shop))[0] == "orders"
            asked += 1
        contents = {process.communicate()[0] for process in processes}
        assert len(contents) == 1 and all(process.returncode == 0 for process in processes)
        assert asked > 2  # one would wait until it is made


def test_several_that_visit_the_same_moment_have_it_replayed_once(far):
    with far.mount() as mount:
        name, found = f"{far.stamp(5000)[0]}.{far.stamp(5000)[1]}", []
        readers = [threading.Thread(target=lambda: found.append((mount.path / "at" / name / "shop" / "orders.bson").read_bytes()))
                   for _ in range(8)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert len(found) == 8 and len(set(found)) == 1
        assert len(visited(far.store)) == 1


def test_sigterm_ends_a_mount_that_replays(far):
    far.forget_visits()
    mount = Mount(far.store)
    with mount:
        process = subprocess.Popen(["cat", mount.path / "at" / far.last / "shop" / "orders.bson"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        wait_for_progress(mount, process)
        drivers = [int(p.name) for p in Path("/proc").glob("[0-9]*")
                   if (p / "cmdline").exists() and str(mount.path) in (p / "cmdline").read_bytes().decode(errors="replace")
                   and b"yesterfs" in (p / "cmdline").read_bytes()]
        assert len(drivers) == 1
        os.kill(drivers[0], signal.SIGTERM)
        assert process.wait(timeout=60) != 0
        deadline = time.monotonic() + 120
        while peers.is_mounted(mount.path):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        mount.__enter__()


def test_names_and_metadata_of_a_far_moment_replay_no_documents(far):
    with far.mount() as mount:
        shop = mount.path / "at" / far.last / "shop"
        assert sorted(os.listdir(shop)) == ["orders", "orders.bson", "orders.json", "orders.metadata.json", "others", "others.bson",
                                            "others.json", "others.metadata.json"]
        names = len(visited(far.store))
        (shop / "orders.metadata.json").read_text()
        peers.run(["find", shop, "-maxdepth", "1"])
        assert len(visited(far.store)) == names


def test_the_timeline_is_cheap_for_a_long_stream(far):
    with far.mount() as mount:
        driver = driver_of(mount)
        used = processor_seconds(driver)
        assert sorted(os.listdir(mount.path / "timeline")) == ["2026-11-20", "2026-11-21"]
        day = mount.path / "timeline" / "2026-11-21"
        hour = day / sorted(os.listdir(day))[-1]
        minute = hour / sorted(os.listdir(hour))[-1]
        assert os.listdir(minute / sorted(os.listdir(minute))[-1]) == ["shop"]
        assert processor_seconds(driver) - used < 2


# ---- what can't be told


def test_a_collection_that_can_not_be_followed_is_an_error_and_others_are_not(tmp_path):
    store, uuids = make_store(tmp_path, 100)
    entries = [entry_of((FIRST, 1)),
               entry_of((FIRST, 2), "u", "shop.orders", {"$v": 2, "diff": {"u": {"n": 5}}}, {"_id": 3}, uuids["orders"]),
               entry_of((FIRST, 3), "u", "shop.others", {"$v": 2, "diff": {"u": {"n": 6}}}, {"_id": 4}, uuids["others"]),
               entry_of((FIRST, 4), "u", "shop.orders", {"$v": 2, "diff": {"nonsense": 1}}, {"_id": 5}, uuids["orders"]),
               entry_of((FIRST, 5), "u", "shop.others", {"$v": 2, "diff": {"u": {"n": 7}}}, {"_id": 4}, uuids["others"])]
    (tmp_path / "oplog.bson").write_bytes(b"".join(entries))
    peers.yester("ingest-oplog", "-s", store, tmp_path / "oplog.bson")
    mnt = tmp_path / "mnt"
    mnt.mkdir()
    log = tmp_path / "log"
    with open(log, "wb") as out:
        driver = subprocess.Popen([peers.program("yesterfs"), store, mnt, "-f"], stderr=out)
    try:
        while not peers.is_mounted(mnt):
            assert driver.poll() is None
            time.sleep(0.01)
        good, bad = mnt / "at" / f"{FIRST}.3" / "shop", mnt / "at" / f"{FIRST}.5" / "shop"
        assert json.loads((good / "orders" / "3.json").read_text()) == {"_id": 3, "n": 5}
        assert os.listdir(bad) == os.listdir(good)
        assert json_util.loads((bad / "orders.metadata.json").read_text())["collectionName"] == "orders"
        assert json.loads((bad / "others" / "4.json").read_text()) == {"_id": 4, "n": 7}
        assert (bad / "others.bson").stat().st_size == (good / "others.bson").stat().st_size
        for _ in range(3):
            for attempt in (lambda: (bad / "orders.bson").stat(), lambda: (bad / "orders.json").read_bytes(),
                            lambda: os.listdir(bad / "orders"), lambda: (bad / "orders" / "3.json").read_text()):
                with pytest.raises(OSError) as told:
                    attempt()
                assert told.value.errno == errno.EIO
        lines = [line for line in log.read_text().splitlines() if "shop.orders" in line]
        assert len(lines) == 1 and f"{FIRST}.4" in lines[0], log.read_text()
    finally:
        subprocess.run(["fusermount3", "-uz", mnt], check=True)
        assert driver.wait(timeout=60) == 0
