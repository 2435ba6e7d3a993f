"""A flipped bit in any byte of a store is found by `yester check --read-data`: every_bit.c flips, in a store that holds all there is.

YESTER_STRIDE: a bit of each so many bytes (1: of each; the default is the short form), YESTER_SEED.
"""
import os
import random
import shutil

import crash_workload as workload
import peers
import pytest
from test_damage import frames

STRIDE = int(os.environ.get("YESTER_STRIDE", "1999"))
SEED = int(os.environ.get("YESTER_SEED", "13"))
WANTED = {("leaf", "raw", 1), ("leaf", "zstd", 0), ("leaf", "prefix", 1), ("leaf", "prefix", 2), ("node", "prefix", 2)}

pytestmark = pytest.mark.mongod


def fill(store, folder, server, more):
    """Two snapshots of leaves and nodes of all kinds, a segment, and a journal that is open: its tail was killed."""
    rng = random.Random(SEED)
    for version in (1, 2):
        dump = workload.Dump(folder / f"dump{version}")
        dump.add("data", "noise", [workload.document(i, rng.randbytes(4000)) for i in range(3)])
        # Many bytes for the shared prefix and the nodes, few of them stored: each is flipped.
        changed = rng.sample(range(4000), 3) if version == 2 else ()
        dump.add("shop", "orders", [workload.document(i, f"{i % 7:04} {-i if i in changed else i:06} ".encode() * 30) for i in range(4000)])
        peers.yester("ingest", "-q", "-s", store, dump.path, "--name", f"v{version}", *more)
    tail = ("tail", "-q", "--once", "-s", store, "--uri", server.uri, *more)
    for first in (0, 20):
        server.client["live"]["orders"].insert_many([{"_id": i, "pad": "x" * (i * 7 % 90)} for i in range(first, first + 20)])
        if first == 0:
            peers.yester(*tail)
    for at in range(10, 60):
        copy = folder / "copy"
        peers.run(["cp", "-a", store, copy])
        words = [copy if word == store else word for word in tail]
        assert peers.yester(*words, check=None, env=workload.shim("any", at, "kill-before", store=copy)).status == -9
        shutil.rmtree(copy / "local")
        if any(journal.stat().st_size > 1000 and not journal.with_suffix(".sealed").exists() for journal in copy.rglob("*.journal")):
            return copy
        shutil.rmtree(copy)
    raise AssertionError("no journal is open")


@pytest.fixture(scope="module", params=["plain", pytest.param("encrypted", marks=pytest.mark.long)])
def store(request, tmp_path_factory):
    """(store, the options of its key)"""
    folder = tmp_path_factory.mktemp("bits")
    key, path = folder / "key", folder / "store"
    key.write_text("the key of the store whose bits are flipped\n")
    key.chmod(0o600)
    more = ("--key-file", key) if request.param == "encrypted" else ()
    peers.yester("init", "-q", "-s", path, "--leaf-size", "4096", *(("--encrypt", *more) if more else ()))
    with peers.Mongod("6.0.27") as server:
        yield fill(path, folder, server, more), key if more else None
    shutil.rmtree(folder, ignore_errors=True)


def test_every_kind_of_frame_and_of_file_is_there(store):
    path, _ = store
    kinds = {what for pack in path.rglob("*.pack") for what, *_ in frames(pack.read_bytes())}
    assert WANTED <= kinds and any(kind[0] == "node" and kind[1] in ("raw", "zstd") for kind in kinds), sorted(kinds)
    assert {file.suffix for file in (path / "oplog").rglob("*") if file.is_file()} >= {".journal", ".sealed"}


def test_a_flipped_bit_of_each_byte_is_found(store):
    path, key = store
    words = [workload.built("every_bit"), path, "-s", SEED, "-n", STRIDE, *(("-k", key) if key else ())]
    done = peers.run(words, check=None, timeout=86400)
    print(f"\nseed {SEED}, {'encrypted' if key else 'plain'}: {done.out.splitlines()[-1]}")
    assert done.status == 0, done.story()
