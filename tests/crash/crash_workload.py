"""What the tests of crashes, concurrency, damage and scale share: data, a look at a store, measuring, the shim.

Data are made from a seed, and what a snapshot of them must hold is known without our programs.
"""
import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import threading
import time
from pathlib import Path

import peers
import sanitizers

MIB = 1 << 20


def built(name):
    """A helper of tests/crash/crash.mk, built when it is not there."""
    path = peers.BUILD / "crash" / name
    if not path.exists():
        # Whatever the tree was made with: that it has other flags than these is no reason to make it anew (-o).
        peers.run(["make", "-C", peers.ROOT, "--no-print-directory", f"BUILD={peers.BUILD}", "-o", f"{peers.BUILD}/flags", *sanitizers.make_options(), path],
                  timeout=600)
    return path


def gen_data(what, path, *arguments):
    peers.run([built("gen_data"), what, path, *arguments], timeout=600)
    return Path(path)


# ---- data


def document(number, payload, field=b"payload"):
    """{_id: <int64>, payload: <binary>}"""
    body = (b"\x12_id\0" + struct.pack("<q", number)
            + b"\x05" + field + b"\0" + struct.pack("<i", len(payload)) + b"\0" + payload)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def digest(documents):
    found = hashlib.sha256()
    for one in documents:
        found.update(one)
    return found.hexdigest()


def digest_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else digest(
            iter(lambda: file.read(MIB), b""))


METADATA = '{"options":{},"indexes":[{"v":2,"key":{"_id":1},"name":"_id_"}],"collectionName":"%s","type":"collection"}'


class Dump:
    """A dump in a folder, and the digest of each collection in the order of _id."""

    def __init__(self, folder):
        self.path = Path(folder)
        self.expected = {}
        self.sizes = {}

    def add(self, db, name, documents, order=None, zipped=False):
        """Write a collection; `documents` by ascending _id, written in `order` (a list of indexes)."""
        folder = self.path / db
        folder.mkdir(parents=True, exist_ok=True)
        data = b"".join(documents if order is None else (documents[i] for i in order))
        if zipped:
            with open(folder / f"{name}.bson.gz", "wb") as file, gzip.GzipFile(
                    fileobj=file, mode="wb", compresslevel=1, mtime=0) as out:
                out.write(data)
            (folder / f"{name}.metadata.json.gz").write_bytes(gzip.compress((METADATA % name).encode(), 1))
        else:
            (folder / f"{name}.bson").write_bytes(data)
            (folder / f"{name}.metadata.json").write_text(METADATA % name)
        self.expected[db, name] = digest(documents)
        self.sizes[db, name] = len(data)

    def add_file(self, db, name, path):
        """A .bson that is there already, sorted; moved."""
        folder = self.path / db
        folder.mkdir(parents=True, exist_ok=True)
        self.expected[db, name] = digest_file(path)
        self.sizes[db, name] = os.path.getsize(path)
        shutil.move(path, folder / f"{name}.bson")
        (folder / f"{name}.metadata.json").write_text(METADATA % name)


def mixed_dump(folder, seed, version, blobs=24, unsorted=4, orders=3000):
    """Several collections: bytes that don't compress, an unsorted one that is gzip'd, shop orders. MiB and documents.

    Version 1 has few blobs; from one version to the next some documents change.
    """
    rng = random.Random(seed)
    dump = Dump(folder)
    count = (2 if version == 1 else blobs) * 32
    dump.add("data", "blobs", [document(i, rng.randbytes(32 * 1024 - 40)) for i in range(count)])
    rng = random.Random(seed + 1)
    documents = [document(i, rng.randbytes(300) + bytes(200)) for i in range(unsorted * MIB // 540)]
    for _ in range(version - 1):
        for i in rng.sample(range(len(documents)), len(documents) // 50):
            documents[i] = document(i, rng.randbytes(300) + bytes(200))
    order = list(range(len(documents)))
    rng.shuffle(order)
    dump.add("data", "unsorted", documents, order, zipped=True)
    changes = () if version == 1 else ("--updates", orders // 100 * (version - 1), "--deletes", version)
    dump.add_file("shop", "orders", gen_data("orders", Path(folder) / "orders.tmp", "--count", orders, "--seed", seed, *changes))
    return dump


# ---- a look at a store


def names(store, check=0):
    """The snapshots that are listed. Exit code 3 says that some are left out, since not all of them is there."""
    return [one["name"] for one in json.loads(store.run("snapshots", "--json", check=check).out or "[]")]


def dumped_digests(store, name, folder):
    """{(db, collection): digest} of what `yester dump` writes."""
    shutil.rmtree(folder, ignore_errors=True)
    store.run("dump", "--at", name, "--out", folder)
    found = {(p.parent.name, p.name[: -len(".bson")]): digest_file(p) for p in Path(folder).glob("*/*.bson")}
    shutil.rmtree(folder, ignore_errors=True)
    return found


def assert_snapshot(store, name, dump, folder, story=""):
    found = dumped_digests(store, name, folder)
    wrong = sorted(k for k in found.keys() | dump.expected.keys() if found.get(k) != dump.expected.get(k))
    assert not wrong, f"{story}: snapshot {name} has wrong or missing collections: {wrong}"


def stored_bytes(store):
    """Of everything but local/."""
    return sum(p.stat().st_size for p in Path(store.path).rglob("*")
               if p.is_file() and p.relative_to(store.path).parts[0] != "local")


def left_in_tmp(store):
    return sorted(p.name for p in Path(store.path).glob("local/*/tmp/*") if p.name != "lock")


@contextlib.contextmanager
def writer_works(path):
    """As if a writer of this machine was at work: a prune without a grace leaves what it finds to the next one."""
    [lock] = Path(path).glob("local/*/tmp/lock")
    with open(lock, "rb") as file:
        fcntl.lockf(file, fcntl.LOCK_SH)
        yield


class Copied(peers.Store):
    """A copy of a store, ours to spoil. Its index is made again (it belongs to one inode)."""

    def __init__(self, template, path, warm=True):
        self.path = Path(path)
        shutil.rmtree(self.path, ignore_errors=True)
        peers.run(["cp", "-a", template.path, self.path])
        if warm:
            self.run("snapshots")


# ---- the shim


def shim(phases="", at=0, do="", input="", report="", cores="", store="", cut="", seed=0):
    """The environment in which a program is killed, or fails, at a call, or is told of other cores: tests/crash/shim.c."""
    return dict(os.environ, LD_PRELOAD=str(built("shim.so")), SHIM_PHASES=phases, SHIM_AT=str(at), SHIM_DO=do,
                SHIM_INPUT=str(input), SHIM_REPORT=str(report), SHIM_CORES=str(cores), SHIM_STORE=str(store),
                SHIM_CUT=cut, SHIM_SEED=str(seed))


points_tried = 0


def count_point():
    """One more point at which something was made to happen; conftest.py prints their number."""
    global points_tried
    points_tried += 1


def struck(attempt, at):
    """Run attempt(call) -> (store, done) so that the shim acted: (store, done, call).

    How many calls a run makes depends on its threads' timing: when call `at` never came, an earlier one is taken.
    """
    while True:
        store, done = attempt(at)
        if "shim:" in done.err:
            count_point()
            return store, done, at
        assert at > 1, f"the shim never acted: {done.story()}"
        at -= 1
        shutil.rmtree(store.path)


# ---- measuring


class Memory:
    """Samples a process until it ends: peak of RssAnon, and peak RSS without the pages of mapped files."""

    def __init__(self, pid, interval=0.02):
        self.pid, self.interval = pid, interval
        self.anon = self.plain = self.hwm = 0
        self.samples = 0
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.stop = threading.Event()
        self.thread.start()

    @staticmethod
    def read(pid):
        fields = {}
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            key, _, value = line.partition(":")
            if value.strip().endswith(" kB"):
                fields[key] = int(value.split()[0]) * 1024
        return fields

    def sample(self):
        fields = self.read(self.pid)
        if "VmRSS" not in fields:
            return False
        self.samples += 1
        self.anon = max(self.anon, fields["RssAnon"])
        self.plain = max(self.plain, fields["VmRSS"] - fields["RssFile"])
        self.hwm = max(self.hwm, fields["VmHWM"])
        return True

    def _run(self):
        while not self.stop.is_set():
            try:
                if not self.sample():
                    return
            except (OSError, ProcessLookupError):
                return
            self.stop.wait(self.interval)

    def end(self):
        self.stop.set()
        self.thread.join()
        return self


def measured(command, stdin=None, timeout=1200, preexec=None, env=None):
    """Run to the end: (status, seconds, Memory, what it wrote to standard error)."""
    start = time.monotonic()
    with open(os.devnull, "wb") as null:
        process = subprocess.Popen([str(c) for c in command], stdin=stdin or subprocess.DEVNULL, stdout=null,
                                   stderr=subprocess.PIPE, preexec_fn=preexec, env=env)
        memory = Memory(process.pid)
        try:
            _, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    return process.returncode, time.monotonic() - start, memory.end(), err.decode(errors="replace")
