"""Many namespaces, many documents, large documents: time and memory, printed and bounded.

The short form is the default; YESTER_SCALE=full has the numbers of the issue: 1,000 databases of 10 collections,
5 million documents, 1.5 GB unsorted. Memory is RSS without the pages of mapped files, at its peak.
"""
import contextlib
import datetime
import json
import mmap
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bson
import peers
import pytest
from bson import Int64, Timestamp
from bson.binary import Binary
from peers import Mount, Store

sys.path.append(str(peers.ROOT / "tests" / "crash"))
import crash_workload as workload  # noqa: E402
from crash_workload import MIB  # noqa: E402

FULL = os.environ.get("YESTER_SCALE") == "full"
SEED = int(os.environ.get("YESTER_SEED", "3"))
LIMIT = 256 * MIB
DATABASES, COLLECTIONS = (1000, 10) if FULL else (150, 10)
SMALL = 5_000_000 if FULL else 300_000
ORDERS = 1_800_000 if FULL else 200_000  # 1.5 GB; the sort's memory is exceeded in any case
LARGE = 20 if FULL else 6  # documents of 16 MiB
LIST_SECONDS = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(autouse=True)
def no_litter(tmp_path):
    """pytest keeps the folders of three runs, which are gigabytes here."""
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


def mib(size):
    return f"{size / MIB:.0f} MiB"


def measured(what, command, stdin=None, preexec=None, code=0, env=None):
    """Run one of our commands; its memory is printed and bounded."""
    status, seconds, memory, err = workload.measured(command, stdin, preexec=preexec, env=env)
    print(f"  {what}: {seconds:.1f} s, peak {mib(memory.plain)} (anonymous {mib(memory.anon)}, {memory.samples} samples)")
    assert status == code, f"{what}: exit {status}: {err[-2000:]}"
    assert memory.plain <= LIMIT, f"{what}: {mib(memory.plain)} of memory"
    return seconds


def yester(store, verb, *arguments):
    return [peers.program("yester"), verb, "-s", store.path, *arguments]


def driver_of(mount):
    """The process of yesterfs that serves a mount."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"yesterfs" in words[0] and str(mount.path).encode() in words:
                    return int(folder.name)
    raise AssertionError(f"no yesterfs serves {mount.path}")


# ---- cgroups


class Limited:
    """A cgroup of 256 MiB, page cache included. `join` is what a child does before it runs."""

    def __init__(self, limit=LIMIT):
        self.path = None
        if os.geteuid() != 0:
            pytest.skip("only root can make a cgroup here")
        name = f"yester-{os.getpid()}"
        v2, v1 = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")
        if (v2 / "cgroup.controllers").exists():
            if "memory" not in (v2 / "cgroup.subtree_control").read_text().split():
                pytest.skip("the memory controller is not given to sub-groups of /sys/fs/cgroup")
            self._make(v2 / name, {"memory.max": limit, "memory.swap.max": 0})
        elif (v1 / "memory.limit_in_bytes").exists():  # a host with the older kind
            self._make(v1 / name, {"memory.limit_in_bytes": limit})
        else:
            pytest.skip("no memory controller under /sys/fs/cgroup")

    def _make(self, path, values):
        try:
            path.mkdir()
        except OSError as error:
            pytest.skip(f"a cgroup can't be made: {error}")
        self.path = path
        for name, value in values.items():
            with contextlib.suppress(FileNotFoundError):  # no swap accounting
                (path / name).write_text(str(value))

    def join(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            if (self.path / name).exists():
                return int((self.path / name).read_text())
        return 0

    def killed(self):
        """How many of its processes were killed for want of memory."""
        for name in ("memory.events", "memory.oom_control"):
            if (self.path / name).exists():
                found = re.search(r"^oom_kill (\d+)", (self.path / name).read_text(), re.M)
                return int(found[1]) if found else 0
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in (self.path / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        deadline = time.monotonic() + 120
        while self.path.exists():
            with contextlib.suppress(OSError):
                self.path.rmdir()
            assert time.monotonic() < deadline, f"{self.path} can't be removed"


class LimitedMount:
    """yesterfs in a cgroup."""

    def __init__(self, store, group):
        self.path = Path(tempfile.mkdtemp(prefix="yester-mnt-"))
        self.store, self.group = store, group

    def __enter__(self):
        self.process = subprocess.Popen([str(peers.program("yesterfs")), str(self.store.path), str(self.path), "-f"],
                                        stdin=subprocess.DEVNULL, preexec_fn=self.group.join)
        deadline = time.monotonic() + peers.START_SECONDS
        while not peers.is_mounted(self.path):
            assert self.process.poll() is None and time.monotonic() < deadline, "yesterfs did not mount"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        status = self.process.wait(timeout=120)
        if peers.is_mounted(self.path):
            subprocess.run(["fusermount3", "-uz", str(self.path)], check=False)
        self.path.rmdir()
        assert status == 0, f"yesterfs ended with {status}"


# ---- many databases


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A store of many small collections."""
    print(f"\nseed {SEED}, {'full' if FULL else 'short'} form: {DATABASES} databases of {COLLECTIONS} collections")
    folder = tmp_path_factory.mktemp("many")
    dump = folder / "dump"
    for d in range(DATABASES):
        (dump / f"db{d:04}").mkdir(parents=True)
        for c in range(COLLECTIONS):
            stem = dump / f"db{d:04}" / f"collection{c}"
            documents = [workload.document(i, f"{d}/{c}/{i}".encode() * 5) for i in range(3)]
            stem.with_suffix(".bson").write_bytes(b"".join(documents))
            stem.with_suffix(".metadata.json").write_text(workload.METADATA % f"collection{c}")
    store = Store(folder / "store")
    measured("ingest", yester(store, "ingest", dump, "--name", "one"))
    shutil.rmtree(dump / "db0000")
    measured("ingest again, one database less", yester(store, "ingest", dump, "--name", "two"))
    yield store
    shutil.rmtree(folder, ignore_errors=True)


def list_all(path):
    """ls -lR: (seconds, lines)."""
    start = time.monotonic()
    lines = peers.run(["ls", "-lR", path], timeout=600).raw.count(b"\n")
    return time.monotonic() - start, lines


@pytest.mark.fuse
def test_many_databases_in_a_mount(many):
    with Mount(many.path) as mount:
        driver = driver_of(mount)
        start = workload.Memory.read(driver)
        first, lines = list_all(mount.latest)
        assert lines >= 2 * (DATABASES - 1) * COLLECTIONS, f"only {lines} lines"
        second, _ = list_all(mount.latest)
        both, _ = list_all(mount.path / "snapshots")
        rng = random.Random(SEED)
        begin, count = time.monotonic(), 0
        for _ in range(2000):
            path = mount.latest / f"db{rng.randrange(1, DATABASES):04}" / f"collection{rng.randrange(COLLECTIONS)}.bson"
            count += path.stat().st_size
        stat = time.monotonic() - begin
        memory = workload.Memory.read(driver)
        plain = memory["VmRSS"] - memory["RssFile"]
        print(f"  ls -lR, {lines} lines: {first:.1f} s, again {second:.1f} s, of both snapshots {both:.1f} s; stat {stat / 2:.2f} ms each; yesterfs "
              f"{mib(start['VmRSS'] - start['RssFile'])} before, {mib(plain)} after, VmHWM {mib(memory['VmHWM'])}")
        assert first <= LIST_SECONDS and second <= LIST_SECONDS
        assert plain <= LIMIT, f"yesterfs has {mib(plain)} after ls -lR"


@pytest.mark.fuse
def test_many_databases_under_a_limit(many):
    with Limited() as group:
        with LimitedMount(many, group) as mount:
            seconds, lines = list_all(mount.path / "snapshots")
            peers.run(["find", mount.path / "snapshots" / "two", "-name", "*.bson", "-size", "-1k", "-exec", "cat", "{}", "+"], timeout=600)
        assert group.killed() == 0, "yesterfs was killed for want of memory"
        print(f"  ls -lR under a limit of {mib(LIMIT)}: {seconds:.1f} s, {lines} lines, peak {mib(group.peak())}")


def test_verbs_on_many_databases(many, tmp_path):
    for words in (("snapshots",), ("show", "two"), ("ls",), ("stats",), ("stats", "--dbhash"), ("check",), ("check", "--read-data"),
                  ("count", "db0001.collection1"), ("cat", "db0001.collection1"), ("dump", "--at", "two", "--out", tmp_path / "out"),
                  ("dump", "--at", "two", f"--archive={tmp_path / 'archive'}")):
        measured(" ".join(map(str, words[:2])), yester(many, *words))


# ---- many small documents


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    print(f"\n{SMALL} small documents")
    dump = workload.Dump(folder / "dump")
    dump.add_file("shop", "small", workload.gen_data("small", folder / "small", "--count", SMALL, "--seed", SEED))
    store = Store(folder / "store")
    measured("ingest", yester(store, "ingest", dump.path, "--name", "one"))
    measured("ingest again", yester(store, "ingest", dump.path, "--name", "two"))
    yield store, dump
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.fuse
def test_many_small_documents(small):
    store, dump = small
    source = dump.path / "shop" / "small.bson"
    size = source.stat().st_size
    begin = time.monotonic()
    with Mount(store.path) as mount:
        path = mount.latest / "shop" / "small.bson"
        names = os.listdir(path.parent)
        found = path.stat().st_size
        with open(path, "rb") as file:
            file.seek(-100_000, 2)
            tail = file.read()
        first = time.monotonic() - begin
        assert "small.bson" in names and found == size and len(tail) == 100_000
        with open(source, "rb") as file:
            file.seek(-100_000, 2)
            assert file.read() == tail
        begin = time.monotonic()
        assert workload.digest_file(path) == dump.expected["shop", "small"]
        seconds = time.monotonic() - begin
        memory = workload.Memory.read(driver_of(mount))
        print(f"  mount, list, stat, read the tail: {first:.2f} s; read all {size / MIB:.0f} MiB: {seconds:.1f} s, "
              f"{size / MIB / seconds:.0f} MiB/s; yesterfs {mib(memory['VmRSS'] - memory['RssFile'])}")
        assert first <= (5 if FULL else 60)
        assert memory["VmRSS"] - memory["RssFile"] <= LIMIT


def test_verbs_on_many_small_documents(small, tmp_path):
    store, _ = small
    for words in (("count", "shop.small"), ("cat", "shop.small", "--id", str(SMALL - 1)), ("cat", "shop.small", "--format", "json"),
                  ("stats",), ("stats", "--dbhash"), ("check", "--read-data"),
                  ("dump", "--at", "one", "--out", tmp_path / "out", "--gzip"),
                  ("dump", "--at", "one", f"--archive={tmp_path / 'archive'}")):
        seconds = measured(" ".join(map(str, words[:2])), yester(store, *words))
        if "--id" in words or words[0] == "count":
            assert seconds < (5 if FULL else 60)


# ---- memory of ingest, by the form of the input


def shuffled(source, target, rng):
    """The documents of a file in another order."""
    with open(source, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts, at, size = [], 0, len(data)
        while at < size:
            starts.append(at)
            at += struct.unpack_from("<i", data, at)[0]
        rng.shuffle(starts)
        with open(target, "wb", buffering=MIB) as out:
            for at in starts:
                out.write(data[at : at + struct.unpack_from("<i", data, at)[0]])


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orders")
    dump = workload.Dump(folder / "dump")
    dump.add_file("shop", "orders", workload.gen_data("orders", folder / "orders", "--count", ORDERS, "--seed", SEED))
    print(f"\n{ORDERS} orders, {mib(dump.sizes['shop', 'orders'])}")
    store = Store(folder / "store")
    measured("ingest a folder", yester(store, "ingest", dump.path, "--name", "one"))
    yield folder, dump, store
    shutil.rmtree(folder, ignore_errors=True)


def roots(store, name):
    """{namespace: root}, which is equal when the content is."""
    out = store.run("show", name, "--json").out
    return sorted(re.findall(r'"(?:ns|root)": "([^"]+)"', out))


def assert_equal_content(store, name, dump):
    process = subprocess.Popen([str(w) for w in yester(store, "cat", "--at", name, "shop.orders", "--format", "bson")],
                               stdout=subprocess.PIPE)
    with process.stdout as out:
        found = workload.digest(iter(lambda: out.read(MIB), b""))
    assert process.wait() == 0 and found == dump.expected["shop", "orders"], f"{name}: the content differs"


def test_ingest_of_each_form(orders, tmp_path):
    folder, dump, store = orders
    assert_equal_content(store, "one", dump)
    archive, zipped, gzip_folder = tmp_path / "archive", tmp_path / "archive.gz", tmp_path / "gzip"
    measured("dump --archive", yester(store, "dump", "--at", "one", f"--archive={archive}"))
    measured("dump --archive --gzip", yester(store, "dump", "--at", "one", f"--archive={zipped}", "--gzip"))
    measured("dump --gzip", yester(store, "dump", "--at", "one", "--out", gzip_folder, "--gzip"))
    for name, path in (("archive", archive), ("archive-gz", zipped)):
        fresh = Store(tmp_path / f"store-{name}")
        with open(path, "rb") as file:
            measured(f"ingest {name} on standard input", yester(fresh, "ingest", "-", "--archive", "--name", name), stdin=file)
        assert_equal_content(fresh, name, dump)
        path.unlink()
    fresh = Store(tmp_path / "store-gzip")
    measured("ingest a gzip'd folder", yester(fresh, "ingest", gzip_folder, "--name", "gzip"))
    assert_equal_content(fresh, "gzip", dump)


def test_ingest_of_unsorted_input(orders, tmp_path):
    _, dump, store = orders
    folder = tmp_path / "dump" / "shop"
    folder.mkdir(parents=True)
    shuffled(dump.path / "shop" / "orders.bson", folder / "orders.bson", random.Random(SEED))
    measured("ingest unsorted, where all is known", yester(store, "ingest", tmp_path / "dump", "--name", "unsorted"))
    assert_equal_content(store, "unsorted", dump)
    assert roots(store, "unsorted") == roots(store, "one"), "the order of the input changes the root"
    fresh = Store(tmp_path / "store")
    measured("ingest unsorted", yester(fresh, "ingest", tmp_path / "dump", "--name", "unsorted"))
    assert_equal_content(fresh, "unsorted", dump)


def large_documents(path, rng, edit):
    """Documents of 16 MiB, half of it noise; `edit` changes a few bytes of each."""
    with open(path, "wb") as file:
        for number in range(LARGE):
            payload = bytearray(rng.randbytes(8 * MIB) + rng.randbytes(64) * (8 * MIB // 64 - 1))
            if edit:
                payload[100 + number] ^= 0xFF
                payload[9 * MIB + number] ^= 0xFF
            file.write(workload.document(number, bytes(payload)))


def test_large_documents(tmp_path):
    store = Store(tmp_path / "store")
    for version in (1, 2, 3):
        folder = tmp_path / f"dump{version}" / "big"
        folder.mkdir(parents=True)
        large_documents(folder / "docs.bson", random.Random(SEED), version > 1)
        before = workload.stored_bytes(store)
        what = {1: "ingest", 2: "ingest an edit of each", 3: "ingest again"}[version]
        measured(f"{LARGE} documents of 16 MiB: {what}", yester(store, "ingest", tmp_path / f"dump{version}", "--name", f"v{version}"))
        added = workload.stored_bytes(store) - before
        print(f"    {mib(added)} stored")
        assert version == 1 or added < MIB, "an edit of a few bytes stores a large document again"
    for version in (1, 2):
        expected = workload.digest_file(tmp_path / f"dump{version}" / "big" / "docs.bson")
        out = tmp_path / "out"
        measured("dump", yester(store, "dump", "--at", f"v{version}", "--out", out))
        assert workload.digest_file(out / "big" / "docs.bson") == expected
        shutil.rmtree(out)
    for words in (("stats", "--dbhash"), ("cat", "big.docs", "--format", "json"), ("check", "--read-data")):
        measured(" ".join(words[:2]), yester(store, *words))


def write_large_transaction(folder, entries):
    """A dump of nothing and an oplog with one transaction of `entries` parts of 15 documents of 1 MiB; returns how many documents."""
    uuid = Binary(bytes(6) + b"\x40" + bytes(9), 4)
    (folder / "dump" / "db").mkdir(parents=True)
    (folder / "dump" / "db" / "large.bson").write_bytes(b"")
    (folder / "dump" / "db" / "large.metadata.json").write_text(
        json.dumps({"indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "uuid": bytes(uuid).hex(), "collectionName": "large",
                    "type": "collection", "options": {}}))
    rng, common = random.Random(SEED), {"t": Int64(1), "v": Int64(2), "wall": datetime.datetime(2026, 11, 21)}
    noise, previous = rng.randbytes(MIB), Timestamp(0, 0)
    first = bson.encode({"op": "n", "ns": "", "o": {}, "ts": Timestamp(1700000000, 1), **common})
    (folder / "dump" / "oplog.bson").write_bytes(first)
    with open(folder / "slice.bson", "wb") as out:
        out.write(first)
        for part in range(entries):
            at = rng.randrange(MIB)
            ops = [{"op": "i", "ns": "db.large", "ui": uuid, "o": {"_id": 15 * part + i, "b": noise[at + i:] + noise[:at + i]}} for i in range(15)]
            ended = {"count": Int64(15 * entries)} if part == entries - 1 else {"partialTxn": True}
            stamp = Timestamp(1700000001 + part, 1)
            out.write(bson.encode({"lsid": {"id": uuid, "uid": b"u"}, "txnNumber": Int64(1), "op": "c", "ns": "admin.$cmd",
                                   "o": {"applyOps": ops, **ended}, "prevOpTime": {"ts": previous, "t": Int64(1 if part else -1)},
                                   "ts": stamp, **common}))
            previous = stamp
    return 15 * entries


def test_a_large_transaction(tmp_path):
    """Its operations wait for its end; in memory there is room for a few of them only."""
    documents = write_large_transaction(tmp_path, 60 if FULL else 20)
    store = Store(tmp_path / "store")
    store.ingest(tmp_path / "dump")
    measured("ingest-oplog of a large transaction", yester(store, "ingest-oplog", tmp_path / "slice.bson"))
    measured("log of it", yester(store, "log", "--bursts"))
    measured("one document of it", yester(store, "log", "db.large", "7"))
    measured("a moment in it", yester(store, "ls", "--at", "1700000005.1"))
    measured("a moment behind it", yester(store, "count", "db.large"))
    assert store.run("count", "db.large", "--at", "1700000005.1").out.strip() == "0"
    assert store.run("count", "db.large").out.strip() == str(documents)


@pytest.mark.fuse
def test_large_documents_in_a_mount(tmp_path):
    store = Store(tmp_path / "store")
    for version in (1, 2):
        folder = tmp_path / f"dump{version}" / "big"
        folder.mkdir(parents=True)
        large_documents(folder / "docs.bson", random.Random(SEED), version > 1)
        store.ingest(tmp_path / f"dump{version}", "--name", f"v{version}")
    with Mount(store.path) as mount:
        memory = workload.Memory(driver_of(mount))
        for version in (1, 2):
            path = mount.path / "snapshots" / f"v{version}" / "big" / "docs.bson"
            assert workload.digest_file(path) == workload.digest_file(tmp_path / f"dump{version}" / "big" / "docs.bson")
        memory.end()
        print(f"  yesterfs while reading documents of 16 MiB: peak {mib(memory.plain)}")
        assert memory.plain <= LIMIT


def test_ingest_under_a_limit(orders, tmp_path):
    _, dump, _ = orders
    store = Store(tmp_path / "store")
    with Limited() as group:
        measured("ingest under a limit", yester(store, "ingest", dump.path, "--name", "one"), preexec=group.join)
        assert group.killed() == 0
        print(f"    peak of the group, page cache included: {mib(group.peak())}")
    assert_equal_content(store, "one", dump)


@pytest.mark.parametrize("cores", [8, 32])
def test_memory_on_a_machine_of_more_cores(tmp_path, cores):
    """The programs are told so; each thread that encodes or decodes has memory of its own."""
    store = Store(tmp_path / "store")
    env = workload.shim(cores=cores)
    dump = workload.Dump(tmp_path / "orders")
    dump.add_file("shop", "orders", workload.gen_data("orders", tmp_path / "orders.tmp", "--count", 120_000, "--seed", SEED))
    for version in (1, 2):
        folder = tmp_path / f"dump{version}" / "big"
        folder.mkdir(parents=True)
        large_documents(folder / "docs.bson", random.Random(SEED), version > 1)
    for what, path, name in (("orders", dump.path, "orders"), ("orders again", dump.path, "orders2"),
                             (f"{LARGE} documents of 16 MiB", tmp_path / "dump1", "v1"), ("an edit of each", tmp_path / "dump2", "v2")):
        measured(f"{cores} cores: ingest {what}", yester(store, "ingest", path, "--name", name), env=env)
    out = tmp_path / "out"
    for words in (("dump", "--at", "v1", "--out", out / "1"), ("dump", "--at", "v2", "--out", out / "2"), ("dump", "--at", "orders", "--out", out / "3"),
                  ("check", "--read-data"), ("stats", "--dbhash"), ("cat", "--at", "v2", "big.docs", "--format", "json")):
        measured(f"{cores} cores: {' '.join(map(str, words[:3]))}", yester(store, *words), env=env)
    path = tmp_path / "mnt"
    path.mkdir()
    process = subprocess.Popen([str(peers.program("yesterfs")), str(store.path), str(path), "-f"], stdin=subprocess.DEVNULL, env=env)
    try:
        deadline = time.monotonic() + peers.START_SECONDS
        while not peers.is_mounted(path):
            assert process.poll() is None and time.monotonic() < deadline, "yesterfs did not mount"
        memory = workload.Memory(process.pid)
        for name, expected in (("v2/big/docs", tmp_path / "dump2" / "big" / "docs.bson"), ("orders/shop/orders", dump.path / "shop" / "orders.bson")):
            assert workload.digest_file(path / "snapshots" / f"{name}.bson") == workload.digest_file(expected)
        memory.end()
        print(f"  {cores} cores: yesterfs while it is read: peak {mib(memory.plain)}")
        assert memory.plain <= LIMIT, f"yesterfs on {cores} cores: {mib(memory.plain)}"
    finally:
        process.terminate()
        process.wait(timeout=120)
        if peers.is_mounted(path):
            subprocess.run(["fusermount3", "-uz", str(path)], check=False)
