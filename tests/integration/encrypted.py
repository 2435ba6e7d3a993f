"""Encrypted stores for tests, and strings planted in them that nobody may find without the key."""
import contextlib
import ctypes
import ctypes.util
import json
import os
import random
from pathlib import Path

import bson
import peers
from bson.timestamp import Timestamp

SEED = int(os.environ.get("YESTER_SEED", "12"))
BEGIN = 1_790_000_000
DUMP = peers.ROOT / "tests" / "fixture" / "dump"
SECRET = "planted-secret-of-the-key-file-5f1c"


def key_file(path, text=SECRET):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


class Encrypted(peers.Store):
    """A store whose verbs are given the key by the environment, in which every folder of ours is below `root`."""

    def __init__(self, path, *options, root=None, encrypt=True):
        self.path = Path(path)
        root = root or self.path.parent
        self.key = key_file(root / f"{self.path.name}.key")
        for name in ("cache", "tmp"):
            (root / name).mkdir(exist_ok=True)
        self.env = {**os.environ, "XDG_CACHE_HOME": str(root / "cache"), "TMPDIR": str(root / "tmp")}
        self.env.pop("YESTER_KEY_FILE", None)
        peers.yester("init", "-s", self.path, *options, *(("--encrypt", "--key-file", self.key) if encrypt else ()), env=self.env)
        self.folders = (self.path, root / "cache", root / "tmp")
        if encrypt:
            self.env["YESTER_KEY_FILE"] = str(self.key)

    def run(self, verb, *arguments, env=None, **kwargs):
        return peers.yester(verb, "-s", self.path, *arguments, env=env or self.env, **kwargs)

    def keyless(self, verb, *arguments, **kwargs):
        env = {k: v for k, v in self.env.items() if k != "YESTER_KEY_FILE"}
        return peers.yester(verb, "-s", self.path, *arguments, env=env, **kwargs)


@contextlib.contextmanager
def environment(env):
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Planted:
    """Strings that no store has by chance, one for each place where a name or a value is kept."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.words = {}

    def __getitem__(self, what):
        if what not in self.words:
            self.words[what] = f"zq{self.rng.getrandbits(96):024x}"
        return self.words[what]


zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_decompress.restype = ctypes.c_size_t
SCAN_MAX = 400_000  # bytes of a file that is searched for compressed pieces
_out = ctypes.create_string_buffer(1 << 17)


def unpacked(data):
    """What decompresses as zstd at any offset, with its magic number or (as packs have it) without."""
    for at in range(len(data) - 8):
        piece = data[at:at + (1 << 17)] if data[at:at + 4] == b"\x28\xb5\x2f\xfd" else b"\x28\xb5\x2f\xfd" + data[at:at + (1 << 17)]
        size = zstd.ZSTD_getFrameContentSize(piece, min(len(piece), 18))
        if size >= (1 << 64) - 2 or size == 0 or size > len(_out):
            continue
        zstd.ZSTD_decompress(_out, len(_out), piece, len(piece))  # an error at its end leaves what was decoded
        yield _out.raw[:size]


def found_in(folders, planted):
    """{what: a file in which it is}: raw or compressed, or in a name."""
    found, words = {}, {what: word.encode() for what, word in planted.words.items()}
    for folder in folders:
        for file in Path(folder).rglob("*"):
            texts = [str(file.relative_to(folder)).encode()]
            if file.is_file() and not file.is_symlink():
                data = file.read_bytes()
                texts.append(data)
                if len(data) <= SCAN_MAX:
                    texts += [b"".join(unpacked(data))]
            for what, word in words.items():
                if any(word in text for text in texts):
                    found[what] = str(file)
    return found


def found_in_open_files(pid, planted):
    """The same of files without a name that a process has open."""
    found, seen = {}, 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if not os.readlink(link).endswith(" (deleted)"):
                continue
            data = link.read_bytes()
            seen += len(data)
            for what, word in planted.words.items():
                if word.encode() in data:
                    found[what] = os.readlink(link)
    return found, seen


def planted_dump(folder, planted, documents=150):
    """Collections whose names, fields, options, indexes and values are planted; some compress, some do not."""
    db = folder / planted["database"]
    db.mkdir(parents=True)
    rng = random.Random(SEED)
    name = planted["collection"]
    db.joinpath(f"{name}.bson").write_bytes(b"".join(bson.encode({
        "_id": i, planted["field"]: f"{planted['value']} {i % 7}", "n": rng.randrange(1000),
        "noise": rng.randbytes(300)}) for i in range(documents)))
    db.joinpath(f"{name}.metadata.json").write_text(json.dumps({
        "options": {"validator": {planted["validator"]: {"$exists": True}}, "validationLevel": "off"},
        "indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}, {"v": 2, "key": {"n": 1}, "name": planted["index"]}],
        "uuid": bytes(range(16)).hex(), "collectionName": name, "type": "collection"}))
    db.joinpath("tiny.bson").write_bytes(bson.encode({"_id": planted["id"], "of": planted["database"]}))
    db.joinpath("tiny.metadata.json").write_text(json.dumps({"options": {}, "indexes": [], "collectionName": "tiny", "type": "collection"}))
    return folder


def entries(planted, first, count, ns):
    return b"".join(bson.encode({
        "op": "i", "ns": ns, "ui": bson.Binary(bytes(range(16)), 4), "ts": Timestamp(BEGIN + n, 1), "t": bson.Int64(1), "v": bson.Int64(2),
        "o": {"_id": 100_000 + n, planted["operation"]: f"{planted['operation value']} {n}", "noise": os.urandom(200)},
        "wall": bson.datetime.datetime(2026, 1, 1)}) for n in range(first, first + count))


def fill(store, tmp_path, planted):
    """Everything that writes and reads without a server."""
    dump = planted_dump(tmp_path / f"dump-{store.path.name}", planted)
    ns = f"{planted['database']}.{planted['collection']}"
    store.ingest(dump, "--name", planted["snapshot"], "--tag", planted["tag"], "--time", f"{BEGIN}.1", "--assert-quiesced")
    log = tmp_path / f"log-{store.path.name}.bson"
    log.write_bytes(entries(planted, 0, 200, ns))
    store.run("ingest-oplog", log, check=(0, 3))
    store.run("snapshot", "--at", f"{BEGIN + 50}.1", "--name", planted["second snapshot"])
    return ns


def read_all(store, planted, ns):
    """Moments that have to be replayed go to the cache."""
    assert planted["value"] in store.run("cat", "--at", f"{BEGIN + 20}.1", ns).out
    assert planted["operation value"] in store.run("cat", "--at", f"{BEGIN + 120}.1", ns).out
    assert planted["operation"] in store.run("log", ns, "100003", "--json").out
    store.run("stats")
    store.run("status", check=(0, 3))
