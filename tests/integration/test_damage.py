"""Damage of any file of a store: the right bytes or an error, never wrong bytes, a wrong size, or a crash.

YESTER_DAMAGE=N makes the samples N times as large (0: every bit of config and manifests, every byte of the rest).
"""
import contextlib
import errno
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import bson
import peers
import pymongo
import pytest
import serving
from peers import Mount, Store

sys.path.append(str(peers.ROOT / "tests" / "crash"))
import crash_workload as workload  # noqa: E402

SEED = int(os.environ.get("YESTER_SEED", "11"))
FACTOR = int(os.environ.get("YESTER_DAMAGE", "1"))
HEADER_LEN, SALT_LEN, FOOTER_LEN = 16, 16, 64
CODECS = {0: "raw", 1: "zstd", 2: "prefix"}


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def frames(data):
    """(what, offset of the header, offset of the stored bytes, their end) of a pack, by docs/format/pack.md."""
    end = struct.unpack_from("<Q", data, len(data) - FOOTER_LEN)[0]
    kind = {1: "leaf", 2: "node"}[data[5]]
    at = HEADER_LEN
    if data[7] != 0:  # encrypted: its salt is behind the header and behind the last frame
        at, end = at + SALT_LEN, end - SALT_LEN
    while at < end:
        assert data[at] == 0xC7, f"no frame at offset {at}"
        codec, depth = data[at + 1] & 15, data[at + 1] >> 4
        stored, after = varint(data, at + 2)
        _, after = varint(data, after)
        after += 4 if codec == 2 else 0
        yield (kind, CODECS[codec], depth), at, after, after + stored
        at = after + stored
    assert at == end


class World:
    """A small store with every kind of frame, and what its two snapshots hold."""

    def __init__(self, folder, *how):
        print(f"seed {SEED}")
        rng = random.Random(SEED)
        self.folder = folder
        self.dumps = []
        for version in (1, 2):
            dump = workload.Dump(folder / f"dump{version}")
            dump.add("data", "noise", [workload.document(i, rng.randbytes(3000)) for i in range(20 + version)])
            dump.add("data", "tiny", [workload.document(i, b"x" * 10) for i in range(version)])
            changes = () if version == 1 else ("--updates", 30, "--deletes", 3)
            orders = workload.gen_data("orders", folder / "orders", "--count", 2600, "--seed", SEED, *changes)
            dump.add_file("shop", "orders", orders)
            table = workload.gen_data("table", folder / "table", "--count", 1500, "--seed", SEED,
                                      "--version", version, "--percent", 1)
            dump.add_file("shop", "table", table)
            self.dumps.append(dump)
        self.truth = {f"v{i + 1}": {key: (dump.path / key[0] / f"{key[1]}.bson").read_bytes() for key in dump.expected}
                      for i, dump in enumerate(self.dumps)}
        self.store = Store(folder / "store", *how)
        for i, dump in enumerate(self.dumps):
            self.store.ingest(dump.path, "--name", f"v{i + 1}")
        self.pristine = workload.Copied(self.store, folder / "pristine", warm=False)
        self.packs = sorted(self.store.path.glob("chunks/*/*.pack"))

    def restore(self, store):
        """Undo all damage; local/ with it."""
        shutil.rmtree(store.path, ignore_errors=True)
        peers.run(["cp", "-a", self.pristine.path, store.path])


@pytest.fixture(scope="module", params=["plain", pytest.param("encrypted", marks=pytest.mark.long)])
def world(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage")
    key = folder / "key"
    key.write_text("the key of the store that is damaged")
    key.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "encrypted":
            patch.setenv("YESTER_KEY_FILE", str(key))
        yield World(folder, *(["--encrypt"] if request.param == "encrypted" else []))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(world):
    """The store, whole, its index fresh."""
    copy = workload.Copied(world.pristine, world.folder / "copy")
    yield copy
    shutil.rmtree(copy.path)


# ---- looking at a damaged store


def run(store, verb, *arguments, **kwargs):
    """One of our commands, which may fail but not crash."""
    done = store.run(verb, *arguments, check=None, timeout=120, **kwargs)
    assert 0 <= done.status < 126, f"a crash: {done.story()}"
    return done


def look(world, store, story, must_work=False):
    """Dump both snapshots; all that comes out is right, and complete where no error is told. How many came out whole."""
    whole = 0
    for name, truth in world.truth.items():
        out = world.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        done = run(store, "dump", "--at", name, "--out", out)
        found = {(p.parent.name, p.name[:-5]): p for p in out.glob("*/*.bson")}
        for key, path in found.items():
            data = path.read_bytes()
            assert key in truth and truth[key].startswith(data), f"{story}: wrong data in {name} {key}: {done.story()}"
            assert done.status != 0 or data == truth[key], f"{story}: {name} {key} is cut, without an error"
        if done.status == 0:
            assert found.keys() == truth.keys(), f"{story}: {name} has {sorted(found)}, without an error"
            whole += 1
        elif must_work:
            pytest.fail(f"{story}: it should still work: {done.story()}")
        else:
            assert done.err.strip(), f"{story}: an error without a word: {done.story()}"
    return whole


def look_through_mount(world, store, story):
    """Sizes and bytes in a mount: right, or EIO or ENOENT. What could be read whole."""
    read = 0
    path = world.folder / "mnt"
    path.mkdir(exist_ok=True)
    done = peers.yester("mount", "-s", store.path, path, check=None, timeout=120)
    assert 0 <= done.status < 126, f"{story}: a crash: {done.story()}"
    if done.status != 0:
        return 0
    try:
        for name, truth in world.truth.items():
            for (db, collection), wanted in truth.items():
                file = path / "snapshots" / name / db / f"{collection}.bson"
                try:
                    assert file.stat().st_size == len(wanted), f"{story}: a wrong size of {file}"
                    data = file.read_bytes()
                except OSError as error:
                    assert error.errno in (5, 2), f"{story}: {error}"
                    continue
                assert data == wanted, f"{story}: wrong data in {file}"
                read += 1
    finally:
        done = peers.yester("umount", path, check=None, timeout=120)
        if peers.is_mounted(path):
            subprocess.run(["fusermount3", "-uz", str(path)], check=False)
    assert done.status == 0, f"{story}: yesterfs did not survive: {done.story()}"
    return read


class flipped:
    """with flipped(path, offset, bit): the bit is another"""

    def __init__(self, path, offset, bit):
        self.path, self.offset, self.bit = path, offset, bit

    def flip(self):
        with open(self.path, "r+b", buffering=0) as file:
            was = os.pread(file.fileno(), 1, self.offset)[0]
            os.pwrite(file.fileno(), bytes([was ^ 1 << self.bit]), self.offset)

    def __enter__(self):
        self.flip()

    def __exit__(self, *_):
        self.flip()


def sample(rng, length, count):
    """(offset, bit) pairs: `count` times FACTOR, or every byte; FACTOR 0 takes each byte."""
    if FACTOR == 0 or count * FACTOR >= length:
        return [(at, rng.randrange(8)) for at in range(length)]
    return [(at, rng.randrange(8)) for at in sorted(rng.sample(range(length), count * FACTOR))]


def damage_bits(world, store, path, pairs, must_work=False):
    whole = 0
    for offset, bit in pairs:
        with flipped(path, offset, bit):
            whole += look(world, store, f"seed {SEED}, {path.relative_to(store.path)} offset {offset} bit {bit}", must_work)
    print(f"  {path.relative_to(store.path)}: {len(pairs)} bits, {whole} of {2 * len(pairs)} snapshots could still be read")
    assert look(world, store, "mended") == 2
    return whole


# ---- tests


def test_every_kind_of_frame_is_there(world):
    kinds = {what for path in world.packs for what, *_ in frames(path.read_bytes())}
    print(sorted(kinds))
    wanted = {("leaf", "raw", 1), ("leaf", "zstd", 0), ("leaf", "prefix", 1), ("leaf", "prefix", 2), ("node", "prefix", 2)}
    assert wanted <= kinds and any(k[0] == "node" and k[1] in ("raw", "zstd") for k in kinds), sorted(kinds)


def test_bits_of_config(world, store):
    path = store.path / "config"
    rng = random.Random(f"{SEED} config")
    whole = damage_bits(world, store, path, sample(rng, path.stat().st_size, 40))
    assert whole == 0, "a flipped bit of config was not noticed"


def test_bits_of_manifests(world, store):
    rng = random.Random(f"{SEED} manifest")
    for path in sorted((store.path / "snapshots").iterdir()):
        pairs = sample(rng, path.stat().st_size, 40)
        whole = damage_bits(world, store, path, pairs)
        assert whole == len(pairs), f"the other snapshot must be readable, this one not: {whole} of {2 * len(pairs)}"


def test_bits_of_the_index(world, store):
    """It is made again from the packs: everything works."""
    rng = random.Random(f"{SEED} index")
    path, = store.path.glob("local/*/index/data.mdb")
    size = path.stat().st_size
    pages = size // 4096
    # The heads of pages steer LMDB; records are behind.
    places = {(page * 4096 + rng.randrange(32), rng.randrange(8)) for page in range(pages)} | set(sample(rng, size, 50))
    places = sorted(places) if FACTOR == 0 else sorted(rng.sample(sorted(places), min(len(places), 90 * FACTOR)))
    kept = path.read_bytes()
    for offset, bit in places:
        # Made again by the program, so that each flip is of the same bytes: the inode stays.
        if path.read_bytes() != kept:
            store.run("snapshots")
        with open(path, "r+b") as file:
            size = file.seek(0, 2)
        flipped(path, offset % size, bit).flip()
        look(world, store, f"seed {SEED}, index offset {offset} bit {bit}", must_work=True)
        kept = path.read_bytes()


def test_bits_of_the_lock_files(world, store):
    rng = random.Random(f"{SEED} locks")
    for path in [p for p in store.path.glob("local/*/*/*lock*") if p.stat().st_size > 0]:
        for offset, bit in [(at, rng.randrange(8)) for at in range(0, 256, 16 if FACTOR == 1 else 1)]:
            if offset >= path.stat().st_size:
                continue
            flipped(path, offset, bit).flip()
            look(world, store, f"seed {SEED}, {path.name} offset {offset} bit {bit}", must_work=True)


def test_bits_of_packs(world, store):
    """Of each kind of frame its header and its bytes; of each pack its header, directory and footer; others by chance."""
    rng = random.Random(f"{SEED} packs")
    for pristine in world.packs:
        path = store.path / pristine.relative_to(world.store.path)
        data = path.read_bytes()
        places = {(at, rng.randrange(8)) for at in rng.sample(range(HEADER_LEN), 2)}
        places |= {(len(data) - 1 - at, rng.randrange(8)) for at in rng.sample(range(FOOTER_LEN), 4)}
        directory = struct.unpack_from("<Q", data, len(data) - FOOTER_LEN)[0]
        places |= {(rng.randrange(directory, len(data) - FOOTER_LEN), rng.randrange(8)) for _ in range(4)}
        by_kind = {}
        for what, *where in frames(data):
            by_kind.setdefault(what, []).append(where)
        for what, all_of_kind in by_kind.items():
            for header, begin, end in rng.sample(all_of_kind, min(len(all_of_kind), 2 * max(FACTOR, 1))):
                places |= {(rng.randrange(header, begin), rng.randrange(8)), (rng.randrange(begin, end), rng.randrange(8))}
        places |= set(sample(rng, len(data), 4 if FACTOR else 0))
        damage_bits(world, store, path, sorted(places))
        if any(what[0] == "leaf" for what in by_kind):
            header, begin, end = by_kind[max(by_kind, key=lambda k: len(by_kind[k]))][0]
            with flipped(path, begin + (end - begin) // 2, 3):
                assert look(world, store, f"{path.name}: a leaf") < 2, "a flipped bit of a leaf was not noticed"


def test_bits_of_packs_without_an_index(world, store):
    """The directory is all there is: it must not be believed when it is damaged."""
    rng = random.Random(f"{SEED} trailers")
    for pristine in world.packs:
        path = store.path / pristine.relative_to(world.store.path)
        data = path.read_bytes()
        directory = struct.unpack_from("<Q", data, len(data) - FOOTER_LEN)[0]
        tail = [(directory + at, bit) for at, bit in sample(rng, len(data) - directory, 8)]
        for offset, bit in tail + [(rng.randrange(HEADER_LEN), rng.randrange(8)) for _ in range(2)]:
            shutil.rmtree(store.path / "local")
            with flipped(path, offset, bit):
                look(world, store, f"seed {SEED}, no index, {path.name} offset {offset} bit {bit}")
        shutil.rmtree(store.path / "local")
        assert look(world, store, "mended") == 2


@pytest.mark.fuse
def test_bits_seen_through_a_mount(world, store):
    rng = random.Random(f"{SEED} mount")
    everything = sum(len(truth) for truth in world.truth.values())
    assert look_through_mount(world, store, "whole") == everything
    files = [p for p in sorted(store.path.rglob("*")) if p.is_file() and p.name in ("data.mdb", "config")
             or p.parent.name == "snapshots" or p.suffix == ".pack"]
    counts = []
    for path in files:
        for _ in range(4 * max(FACTOR, 1)):
            size = path.stat().st_size
            offset, bit = rng.randrange(size), rng.randrange(8)
            one = flipped(path, offset, bit)
            one.flip()
            story = f"seed {SEED}, mount, {path.relative_to(store.path)} offset {offset} bit {bit}"
            counts.append(look_through_mount(world, store, story))
            if path.name == "data.mdb":
                assert counts[-1] == everything, f"{story}: the index can be made again"
            else:
                one.flip()
    print(f"files that could be read, of {everything}: {counts}")


@pytest.mark.fuse
def test_damage_while_mounted(world, store):
    """The mount is there when the damage comes: EIO or right bytes, and it stays."""
    rng = random.Random(f"{SEED} while mounted")
    refused = 0
    with Mount(store.path) as mount:
        for path in store.path.glob("chunks/*/*.pack"):
            with open(path, "r+b") as file:
                for _ in range(60):
                    file.seek(rng.randrange(HEADER_LEN, path.stat().st_size))
                    file.write(rng.randbytes(40))
        for name, truth in world.truth.items():
            for (db, collection), wanted in truth.items():
                file = mount.path / "snapshots" / name / db / f"{collection}.bson"
                try:
                    assert file.stat().st_size == len(wanted)
                    assert file.read_bytes() == wanted, file
                except OSError as error:
                    assert error.errno == 5, error
                    refused += 1
        assert refused > 0, "the damage was not met"
        assert sorted(os.listdir(mount.path / "snapshots"))  # it lives


@pytest.mark.fuse
def test_without_local(world, store):
    shutil.rmtree(store.path / "local")
    assert look(world, store, "no local/", must_work=True) == 2
    shutil.rmtree(store.path / "local")
    assert look_through_mount(world, store, "no local/") == sum(len(t) for t in world.truth.values())
    shutil.rmtree(store.path / "local")
    before = workload.stored_bytes(store)
    store.ingest(world.dumps[1].path, "--name", "v3")
    assert workload.stored_bytes(store) - before < 4096, "a second ingest without an index stores everything again"
    workload.assert_snapshot(store, "v3", world.dumps[1], world.folder / "out")
    for garbage in ("local/*/index/data.mdb", "local/*/index/lock.mdb"):
        for path in store.path.glob(garbage):
            path.write_bytes(b"garbage" * 1000)
        look(world, store, f"garbage as {garbage}", must_work=True)
        for path in store.path.glob(garbage):
            path.write_bytes(b"")
        look(world, store, f"empty {garbage}", must_work=True)
    shutil.rmtree(next(store.path.glob("local/*")))
    (store.path / "local").rmdir()
    (store.path / "local").write_text("a file in the way")
    done = run(store, "snapshots")
    assert done.status in (0, 1), done.story()


def test_cut_and_missing_packs(world, store):
    """What needs them fails, the rest works; when they are back, all does."""
    for pristine in world.packs:
        path = store.path / pristine.relative_to(world.store.path)
        data = path.read_bytes()
        for cut in (0, 1, HEADER_LEN, len(data) // 2, len(data) - FOOTER_LEN, len(data) - 1):
            for fresh in (False, True):
                path.write_bytes(data[:cut])
                if fresh:
                    shutil.rmtree(store.path / "local")
                look(world, store, f"{path.name} cut to {cut} bytes, {'no' if fresh else 'an'} index")
        path.write_bytes(data + b"more")
        look(world, store, f"{path.name} is longer")
        path.unlink()
        look(world, store, f"{path.name} is missing")
        path.write_bytes(data)
        assert look(world, store, f"{path.name} is back", must_work=True) == 2


@pytest.mark.parametrize("how", ["cut", "empty", "missing"])
def test_an_ingest_after_the_loss_of_a_pack(world, store, how):
    """It may fail, or store again what is gone; it must not say that all is well and leave a snapshot that can't be read."""
    for pristine in world.packs:
        path = store.path / pristine.relative_to(world.store.path)
        data = path.read_bytes()
        for fresh in (False, True):
            path.unlink()
            if how != "missing":
                path.write_bytes(data[: len(data) // 2] if how == "cut" else b"")
            if fresh:
                shutil.rmtree(store.path / "local")
            name = f"again-{path.name[:6]}-{fresh}"
            done = run(store, "ingest", world.dumps[1].path, "--name", name)
            story = f"{path.name} {how}, {'no' if fresh else 'an'} index"
            assert done.status == 0, f"{story}: {done.story()}"
            workload.assert_snapshot(store, name, world.dumps[1], world.folder / "out", story)
            world.restore(store)


def test_garbage_names(world, store):
    """Names that are not of the form are nobody's business; those that are of the form and garbage are reported."""
    pack = next(store.path.glob("chunks/*/*.pack"))
    manifest = next((store.path / "snapshots").iterdir())
    for path, content in (
            (pack.parent / f".{pack.name}.Ab12Cd", pack.read_bytes()[:5000]),  # rsync's
            (pack.parent / f"{pack.stem}.pack~", b"x"), (pack.parent / "README", b"x"), (pack.parent / ("0" * 64), b"x"),
            (store.path / "chunks" / "zz" / "x.pack", b"x"), (store.path / "chunks" / pack.name, b"x"),
            (store.path / "chunks" / "ff" / ("A" * 64 + ".pack"), b"x"), (store.path / "chunks" / "x", b""),
            (manifest.parent / f".{manifest.name}.Ab12Cd", b"x"), (manifest.parent / "latest", b"x"),
            (manifest.parent / manifest.name.upper(), b"x"), (store.path / "lost+found", b"")):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (manifest.parent / "folder").mkdir()
    (manifest.parent / ("1" * 64)).mkdir()
    (manifest.parent / ("2" * 64)).symlink_to("/etc/passwd")
    (pack.parent / f"{'3' * 64}.pack").mkdir()
    (pack.parent / f"{pack.parent.name}{'5' * 62}.pack").symlink_to("/dev/zero")
    for fresh in (False, True):
        assert workload.names(store) == ["v1", "v2"]
        assert look(world, store, "garbage names", must_work=True) == 2
        if not fresh:
            shutil.rmtree(store.path / "local")
    for content in (b"", b"garbage", bytes(5), manifest.read_bytes()[:-1], manifest.read_bytes(), os.urandom(100_000)):
        (manifest.parent / ("4" * 64)).write_bytes(content)
        assert workload.names(store, check=None) == ["v1", "v2"]
        assert look(world, store, "a garbage manifest", must_work=True) == 2
    for content in (b"", b"garbage", os.urandom(100_000), pack.read_bytes()[:-1]):
        folder = store.path / "chunks" / "44"
        folder.mkdir(exist_ok=True)
        (folder / f"{'4' * 64}.pack").write_bytes(content)
        assert look(world, store, "a garbage pack", must_work=True) == 2


def test_a_pack_under_another_packs_name(world, store):
    """Each pack in turn takes another's place: sound in itself, but not what the name says."""
    paths = [store.path / p.relative_to(world.store.path) for p in world.packs]
    for path, other in zip(paths, paths[1:] + paths[:1]):
        kept = path.read_bytes()
        for fresh in (False, True):
            path.write_bytes(other.read_bytes())
            if fresh:
                shutil.rmtree(store.path / "local")
            look(world, store, f"{other.name} as {path.name}")
        path.write_bytes(kept)
        shutil.rmtree(store.path / "local")
        assert look(world, store, "mended", must_work=True) == 2


@pytest.mark.fuse
def test_a_document_whose_leaf_is_damaged_is_never_said_not_to_be(tmp_path):
    """Also where an `_id` is there several times, over the end of a leaf: all of them, or an error."""
    print(f"seed {SEED}")
    store, rng = Store(tmp_path / "store", "--seed", SEED), random.Random(SEED)
    ids = [n for n in range(1200) for _ in range(3 if n % 5 == 0 else 1)]
    documents = [{"_id": n, "place": place, "pad": rng.randbytes(200).hex()} for place, n in enumerate(ids)]
    (tmp_path / "dump" / "shop").mkdir(parents=True)
    (tmp_path / "dump" / "shop" / "orders.bson").write_bytes(b"".join(bson.encode(d) for d in documents))
    store.ingest(tmp_path / "dump", "--name", "one")
    whole = store.path.with_name("whole")
    shutil.copytree(store.path, whole)
    wanted = [str(n) for n in range(0, 1200, 20)]
    there = {n: ids.count(int(n)) for n in wanted}
    lost = 0
    for _ in range(3):
        shutil.rmtree(store.path)
        shutil.copytree(whole, store.path)
        pack = max((f for f in store.path.rglob("*.pack") if f.read_bytes()[5] == 1), key=lambda f: f.stat().st_size)
        _, _, begin, end = rng.choice([frame for frame in frames(pack.read_bytes()) if frame[3] - frame[2] > 10_000])
        data = bytearray(pack.read_bytes())
        data[rng.randrange(begin, end)] ^= 1 << rng.randrange(8)
        pack.chmod(0o600)
        pack.write_bytes(data)
        with Mount(store.path) as mount:
            for n in wanted:
                for words in (("--id", n), ("--query", f'{{"_id": {n}}}')):
                    done = store.run("cat", "--at", "one", "shop.orders", *words, check=(0, 1))
                    assert done.status == 0 or ("chunk" in done.err and "no document" not in done.err), done.story()
                    assert done.status == 1 or done.out.count("\n") == there[n]
                    lost += done.status == 1
                try:
                    assert f'"_id": {n},'.encode() in (mount.latest / "shop" / "orders" / f"{n}.json").read_bytes()
                except OSError as e:
                    assert e.errno == errno.EIO
    print(f"{lost} could not be read")
    assert lost > 0


def test_a_document_before_a_damaged_leaf_is_found(tmp_path):
    """Who asks for an `_id` looked whether the next leaf begins with the same one, and failed although all it asked for is sound."""
    store, rng = Store(tmp_path / "store", "--seed", "7"), random.Random(f"{SEED} edge")
    (tmp_path / "dump" / "shop").mkdir(parents=True)
    documents = [{"_id": i, "pad": rng.randbytes(250)} for i in range(3000)]
    (tmp_path / "dump" / "shop" / "o.bson").write_bytes(b"".join(map(bson.encode, documents)))
    store.ingest(tmp_path / "dump")
    pack = max(store.path.glob("chunks/*/*.pack"), key=lambda f: f.stat().st_size)
    pack.chmod(0o600)
    flipped(pack, pack.stat().st_size // 2, 3).flip()

    with serving.Server(store.path, "--noauth") as server:
        orders = server.client["shop"]["o"]

        def reads(*asked, limit=0):
            """Which of the `_id`s can be read: what comes is right in any case."""
            found = set()
            for i in asked:
                with contextlib.suppress(pymongo.errors.OperationFailure):
                    assert list(orders.find({"_id": i}).limit(limit)) == [documents[i]]
                    found.add(i)
            return found

        sound = reads(*range(3000), limit=1)
        lost = sorted(set(range(3000)) - sound)
        assert 0 < lost[0] and lost[-1] < 2999 and lost == list(range(lost[0], lost[-1] + 1)), (SEED, lost)
        assert reads(*range(3000)) == sound, SEED
        assert orders.count_documents({"_id": lost[0] - 1}) == 1
        assert [d["_id"] for d in orders.find({"_id": {"$in": [lost[0] - 1, lost[-1] + 1]}})] == [lost[0] - 1, lost[-1] + 1]
        with pytest.raises(pymongo.errors.OperationFailure):
            orders.count_documents({"_id": lost[0]})
    for i in (lost[0] - 1, lost[-1] + 1):
        assert f'"_id":{i},' in store.run("cat", "shop.o", "--id", i).out
        assert f'"_id":{i},' in store.run("cat", "shop.o", "--query", f'{{"_id":{i}}}').out
    for i in (lost[0], lost[-1]):
        assert lost and not store.run("cat", "shop.o", "--id", i, check=1).out
