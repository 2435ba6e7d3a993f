"""Real mongods, the real tools, our own programs, and readers of what mongodump writes.

The readers are independent of the code under test on purpose: they are small, slow and plain.
"""
import collections
import contextlib
import dataclasses
import gzip
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import bson
import pymongo
import pytest
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "setup"), str(ROOT / "tests" / "fixture")]
import truth  # noqa: E402
from values import escape  # noqa: E402,F401

BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
SHARED = Path(os.environ.get("YESTER_SHARED") or ROOT.parent / "shared").resolve()
VERSIONS = tuple(truth.MONGODS)
RAW = CodecOptions(document_class=RawBSONDocument)
# With 0.25 a 4.2 that takes documents of 16 MiB from several connections comes to a standstill: the cache is
# full of what is not majority-committed yet, and nothing can be evicted.
CACHE_GB = "1"
ANSWER_SECONDS = 120  # the longest that one command to a mongod may take
REPORTED = 77  # the exit status of a program of ours in which a sanitizer found something (sanitizers.py)
START_SECONDS = 120  # what a mongod may take to start, or a mount to appear
PORTS = range(15000, 27000)  # below those that the kernel gives to outgoing connections: a server that is started again finds its own free


# ---- running commands


@dataclasses.dataclass(frozen=True)
class Done:
    """A command that has ended."""

    command: tuple
    status: int
    raw: bytes
    err: str
    cwd: str

    @property
    def out(self):
        return self.raw.decode(errors="surrogateescape")

    def story(self):
        """What a person needs to know when it did not do what it should."""
        def tail(text):
            return "\n".join("    | " + line for line in text.splitlines()[-30:])

        words = " ".join(re.sub(r"[^\w./:=@%+,{}-]", lambda m: "\\" + m[0], w) for w in self.command)
        return (f"exit {self.status}: {words}\n  in {self.cwd}\n  stderr:\n{tail(self.err)}\n"
                f"  stdout:\n{tail(self.out[-4000:])}")


def run(command, check=0, input=None, timeout=300, cwd=None, env=None):
    """Run to the end. `check`: the exit status it must have, several of them, or None for any.

    Output goes through files, not pipes: a daemon that inherits them can't keep us waiting.
    """
    command = tuple(os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in command)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        feed = {"stdin": subprocess.DEVNULL} if input is None else {}
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=cwd, env=env,
                                   stdin=feed.get("stdin", subprocess.PIPE))
        late = False
        try:
            process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired:
            late = True
            process.kill()
            process.wait()
        out.seek(0), err.seek(0)
        done = Done(command, process.returncode, out.read(), err.read().decode(errors="replace"), str(cwd or os.getcwd()))
    assert not late, f"not done after {timeout} s: {done.story()}"
    assert done.status != REPORTED, f"a sanitizer found something: {done.story()}"
    if check is not None:
        wanted = check if isinstance(check, (tuple, list, set)) else (check,)
        assert done.status in wanted, f"expected exit {' or '.join(map(str, wanted))}, got " + done.story()
    return done


def program(name):
    """One of our own programs; the test fails, not skips, when it is not built."""
    path = BUILD / name
    assert path.exists(), f"{path} is not built: make BUILD={BUILD}"
    return path


def yester(*arguments, check=0, input=None, timeout=300, cwd=None, env=None):
    return run([program("yester"), *arguments], check, input, timeout, cwd, env)


def fetched(make, *arguments):
    """What `truth` makes; where it can't be fetched the test is skipped, but fails in CI."""
    try:
        return make(*arguments)
    except (truth.TruthError, OSError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"not to be had here: {error}")


class Tools:
    """tools.mongodump("--out", ...) and so on; arguments as on the command line."""

    def __getattr__(self, name):
        if name not in truth.TOOLS:
            raise AttributeError(name)

        def call(*arguments, check=0, input=None, timeout=300, cwd=None):
            tool = fetched(truth.tool, name)
            return run([tool.path, *arguments], check, input, timeout, cwd, tool.env())

        return call


tools = Tools()


# ---- mongod


_taken = collections.deque(maxlen=64)  # names that stand for the ports that this process took last


def free_port():
    """Nobody listens at it, and no other process that asks here takes it now."""
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        name = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as probe:
            name.bind(f"\0yester-port-{port}")  # goes with this process
            probe.bind(("127.0.0.1", port))
            _taken.append(name)
            return port
        name.close()
    raise AssertionError(f"no port of {PORTS} is free")


def dies_with_us(command):
    """The command, killed when we end. No Python runs between fork and exec: beside threads, as drivers have, it might stand still there."""
    return [*(["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []), *map(str, command)]


def clients_of(port):
    """The addresses of those who are connected to a port of this machine, and have not ended."""
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        (host, local), remote, state = line.split()[1].split(":"), line.split()[2].split(":")[1], line.split()[3]
        if int(remote, 16) == port and state == "01":  # ESTABLISHED, the end of the client
            found.add(f"{socket.inet_ntoa(struct.pack('=I', int(host, 16)))}:{int(local, 16)}")
    return found


WRITES = ("insert", "update", "delete", "findAndModify", "create", "createIndexes", "collMod", "applyOps", "drop", "dropDatabase", "renameCollection")


def writes(operation):
    """Is it, as $currentOp tells it, one that changes something?"""
    return operation.get("active") and (operation.get("op") in ("insert", "update", "remove") or any(name in operation.get("command", {}) for name in WRITES))


def asks_who_is_there(operation):
    """Drivers have one connection for that; it may stand in the server for ten seconds when the client is gone."""
    return any(name in operation.get("command", {}) for name in ("hello", "isMaster", "ismaster"))


class Mongod:
    """A mongod of its own in a temporary folder, as a replica set of one unless told otherwise.

    with Mongod("6.0.5") as server: server.client["shop"]["orders"].insert_one(...)
    """

    cache_gb = CACHE_GB

    def __init__(self, version, replset=True, arguments=()):
        self.version = version
        self.number = tuple(int(part) for part in version.split("."))
        self.replset = replset
        self.arguments = tuple(arguments)
        self.process = None
        self.client = None
        self.folder = None

    def __repr__(self):
        return f"mongod {self.version}"

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self):
        return f"mongodb://{self.address}/?directConnection=true"

    def start(self):
        binary = fetched(truth.mongod, self.version)
        self.folder = Path(tempfile.mkdtemp(prefix=f"yester-mongod-{self.version}-"))
        (self.folder / "db").mkdir()
        try:
            for attempt in range(3):  # somebody else may take the port before mongod does
                if self._start_once(binary):
                    break
            else:
                raise AssertionError(f"{self} did not start:\n{self.log_tail()}")
            self._initiate()
        except BaseException:
            self.stop()
            raise
        return self

    def _start_once(self, binary):
        self.port = free_port()
        # Nothing comes into the oplog by itself but signs of life: sessions would be written down every five minutes.
        parameters = ("enableTestCommands=1", "ttlMonitorEnabled=false", "diagnosticDataCollectionEnabled=false", "disableLogicalSessionCacheRefresh=true")
        command = [binary.path, "--bind_ip", "127.0.0.1", "--port", self.port, "--dbpath", self.folder / "db",
                   "--wiredTigerCacheSizeGB", self.cache_gb, "--nounixsocket", *self.arguments]
        for parameter in parameters:
            command += ["--setParameter", parameter]
        if self.replset:
            command += ["--replSet", "rs0", "--oplogSize", "400"]
        with open(self.folder / "log", "ab") as log:
            begin = log.seek(0, os.SEEK_END)
            self.process = subprocess.Popen(dies_with_us(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=binary.env())
        self.client = pymongo.MongoClient("127.0.0.1", self.port, directConnection=True,
                                          serverSelectionTimeoutMS=30000,
                                          socketTimeoutMS=ANSWER_SECONDS * 1000)

        def listens():  # it, and nobody else who has its port
            return b"aiting for connections" in (self.folder / "log").read_bytes()[begin:] and self.client.admin.command("isMaster")["ok"]

        return self._until(listens, "answer")

    def _until(self, ready, what):
        """Poll; False when the process ended. The wait is for it to change, not for time to pass."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(pymongo.errors.PyMongoError):
                if ready():
                    return True
            try:
                self.process.wait(timeout=0.02)
                return False
            except subprocess.TimeoutExpired:
                pass
        raise AssertionError(f"{self} did not {what} in {START_SECONDS} s:\n{self.log_tail()}")

    def _initiate(self):
        if not self.replset:
            return
        config = {"_id": "rs0", "members": [{"_id": 0, "host": self.address}]}
        self.client.admin.command("replSetInitiate", config)
        if not self._until(lambda: self.client.admin.command("isMaster").get("ismaster"), "become primary"):
            raise AssertionError(f"{self} ended:\n{self.log_tail()}")
        if "--keyFile" not in self.arguments:  # else it can't be looked at before there are users
            self._until(self._is_settled, "write what a new primary writes by itself")

    def _is_settled(self):
        """It comes a moment later: else it lies between what a test writes and looks at."""
        config, later = self.client["config"], ("external_validation_keys", "tenantMigrationDonors", "tenantMigrationRecipients")
        return self.client.admin["system.keys"].estimated_document_count() >= 2 and (
            self.number < (5, 0) or all(len(list(config[name].list_indexes())) == 2 for name in later))

    def stop(self, clean=False):
        """End it, by its process. Unclean is the default: nobody reads its files afterwards."""
        if self.client:
            self.client.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM if clean else signal.SIGKILL)
            self.process.wait(timeout=120)
        if self.folder and not clean:
            shutil.rmtree(self.folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def log_tail(self):
        with contextlib.suppress(OSError):
            return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-20:])
        return ""

    def user_databases(self):
        return sorted(n for n in self.client.list_database_names() if n not in ("admin", "config", "local"))

    def wipe(self):
        """Drop everything a test may have made: databases, users, roles, collections of admin."""
        try:
            self._drop_all()
        except pymongo.errors.ConnectionFailure:  # it hangs, or has crashed; the test that did it has failed
            self.stop()
            self.start()

    def others_done(self):
        """
        Nothing writes any more: what a client asked for goes on when it has ended (mongorestore does so at its first error), and may
        not have been read yet. Who is gone is done when the server has noticed it.
        """
        operations = list(self.client.admin.aggregate([{"$currentOp": {"allUsers": True, "idleConnections": True, "idleSessions": False}}, {"$match": {"client": {"$exists": True}}}]))
        there = clients_of(self.port)
        return not any(writes(one) if one["client"] in there else not asks_who_is_there(one) for one in operations)

    def _drop_all(self):
        self._until(self.others_done, "end what others write")
        for name in self.user_databases():
            self.client.drop_database(name)
        admin = self.client["admin"]
        for kind in ("Users", "Roles"):
            for db in {d["db"] for d in admin[f"system.{kind.lower()}"].find({}, {"db": 1})}:
                self.client[db].command(f"dropAll{kind}FromDatabase")
        for name in admin.list_collection_names():
            if not name.startswith("system."):
                admin.drop_collection(name)


def dbhash(client, db):
    """{collection: md5} of a database, by the server's dbHash."""
    return dict(client[db].command("dbHash")["collections"])


def dbhashes(server):
    return {db: dbhash(server.client, db) for db in server.user_databases()}


def users_and_roles(server):
    """The documents of admin's users and roles."""
    admin = server.client.get_database("admin", codec_options=RAW)
    return {name: sorted(d.raw for d in admin[name].find()) for name in ("system.users", "system.roles")}


def schema(server):
    """{(db, collection): (type, options, indexes)}, without what restoring may change (UUID, index version)."""
    found = {}
    for db in server.user_databases():
        views = []
        for entry in server.client[db].list_collections():
            if entry["name"].startswith("system.") and entry["name"] != "system.js":
                continue
            indexes = {}
            if entry["type"] != "view":
                for index in server.client[db][entry["name"]].list_indexes():
                    index = dict(index)
                    index.pop("ns", None)
                    index["key"] = list(index["key"].items())
                    indexes[index["name"]] = index
            found[db, entry["name"]] = (entry["type"], dict(entry["options"]), indexes)
            views.append(entry["name"])
    return found


def ids_in_order(server, db, name):
    """The raw `_id` elements of a collection as the server sorts them under simple collation."""
    collection = server.client.get_database(db, codec_options=RAW)[name]
    cursor = collection.find({}, {"_id": 1}, sort=[("_id", 1)], collation={"locale": "simple"}, allow_disk_use=True) \
        if server.number >= (4, 4) else \
        collection.find({}, {"_id": 1}, sort=[("_id", 1)], collation={"locale": "simple"})
    return [id_element(d.raw) for d in cursor]


# ---- our own store and mount


class Store:
    def __init__(self, path, *options):
        self.path = Path(path)
        yester("init", "-s", self.path, *options)

    def run(self, verb, *arguments, **kwargs):
        return yester(verb, "-s", self.path, *arguments, **kwargs)

    def ingest(self, what, *arguments, **kwargs):
        return self.run("ingest", what, *arguments, **kwargs)

    def snapshots(self):
        """The text of `yester snapshots`; empty when there is none."""
        return self.run("snapshots").out.strip()


def is_mounted(path):
    wanted = os.path.realpath(path)
    with open("/proc/self/mountinfo") as table:
        for line in table:
            at = line.split()[4].encode().decode("unicode_escape", errors="replace")
            if at == wanted:
                return True
    return False


def users_of(path):
    """Processes that hold something below `path` open, as far as /proc tells: for messages."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        held = []
        with contextlib.suppress(OSError):
            for link in (process / "cwd", process / "root", *(process / "fd").iterdir()):
                with contextlib.suppress(OSError):
                    target = os.readlink(link)
                    if target == str(path) or target.startswith(f"{path}/"):
                        held.append(target)
            if held:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"{process.name} ({command.strip()}): {' '.join(held[:3])}")
    return found


def written(file):
    """What a child that may go on has written into the file that is its output. Where it writes next is not moved: the two share that."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


class Mount:
    """with Mount(store.path) as mount: os.listdir(mount.latest)"""

    def __init__(self, store, path=None, options=None):
        self.store = store
        self.path = Path(path) if path else Path(tempfile.mkdtemp(prefix="yester-mnt-"))
        self.own_folder = path is None
        self.options = options

    def __enter__(self):
        try:
            yester("mount", "-s", self.store, self.path, *(("-o", self.options) if self.options else ()),
                   timeout=START_SECONDS)
            assert is_mounted(self.path), f"yester mount returned before {self.path} was mounted"
        except BaseException:
            self._force()
            raise
        return self

    def __exit__(self, kind, *_):
        done = yester("umount", self.path, check=None, timeout=START_SECONDS)
        still = is_mounted(self.path)
        users = users_of(self.path) if still else []
        self._force()
        if kind is None:
            assert done.status == 0 and not still, f"yester umount did not unmount: {done.story()}\n  held by: {users}"

    def _force(self):
        if is_mounted(self.path):
            subprocess.run(["fusermount3", "-u", "-z", str(self.path)], check=False)
        assert not is_mounted(self.path), f"{self.path} is still mounted"
        if self.own_folder:
            with contextlib.suppress(OSError):
                self.path.rmdir()

    @property
    def latest(self):
        """The folder of the newest snapshot, without the link that moves."""
        return Path(os.path.realpath(self.path / "latest"))


# ---- what mongodump writes


def split_documents(data, what="data"):
    """The BSON documents that lie back to back, as bytes, by their lengths."""
    at, documents = 0, []
    while at < len(data):
        length = struct.unpack_from("<i", data, at)[0] if at + 4 <= len(data) else -1
        if length < 5 or at + length > len(data) or data[at + length - 1] != 0:
            raise ValueError(f"{what}: no document at offset {at}")
        documents.append(data[at : at + length])
        at += length
    return documents


def read_file(path):
    """The content of a file, unzipped when its name says .gz."""
    data = Path(path).read_bytes()
    return gzip.decompress(data) if str(path).endswith(".gz") else data


def dump_documents(path):
    return split_documents(read_file(path), str(path))


_SIZES = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0xFF: 0, 0x7F: 0}


def _value_length(document, kind, at):
    if kind in _SIZES:
        return _SIZES[kind]
    if kind in (0x02, 0x0D, 0x0E):
        return 4 + struct.unpack_from("<i", document, at)[0]
    if kind in (0x03, 0x04, 0x0F):
        return struct.unpack_from("<i", document, at)[0]
    if kind == 0x05:
        return 5 + struct.unpack_from("<i", document, at)[0]
    if kind == 0x0C:
        return 4 + struct.unpack_from("<i", document, at)[0] + 12
    if kind == 0x0B:
        pattern = document.index(0, at) + 1
        return document.index(0, pattern) + 1 - at
    raise ValueError(f"BSON type {kind:#x}")


def id_element(document):
    """(type, bytes of the value) of the first `_id` at the top, or None."""
    at = 4
    while document[at] != 0:
        kind, end = document[at], document.index(0, at + 1)
        length = _value_length(document, kind, end + 1)
        if document[at + 1 : end] == b"_id":
            return kind, document[end + 1 : end + 1 + length]
        at = end + 1 + length
    return None


@dataclasses.dataclass
class Dumped:
    """One namespace of a dump. `documents` is None when there is no .bson (views, time series)."""

    db: str
    name: str
    documents: list = None
    metadata: dict = None

    @property
    def options(self):
        return (self.metadata or {}).get("options", {})

    @property
    def keeps_natural_order(self):
        return bool(self.options.get("capped")) or (
            bool(self.documents) and any(id_element(d) is None for d in self.documents))


def _unescape(stem):
    return urllib.parse.unquote_plus(stem)


def _sorted_files(folder):
    return sorted(p for p in Path(folder).iterdir() if p.is_file())


def read_dump(folder):
    """{(db, collection): Dumped} of a mongodump folder, gzip'd or not; system.indexes of old dumps included as it is."""
    found = {}
    for database in sorted(p for p in Path(folder).iterdir() if p.is_dir()):
        by_stem = {}
        for path in _sorted_files(database):
            plain = path.name[:-3] if path.name.endswith(".gz") else path.name
            for ending, kind in ((".metadata.json", "metadata"), (".bson", "documents")):
                if plain.endswith(ending):
                    by_stem.setdefault(plain[: -len(ending)], {})[kind] = path
                    break
        for stem, files in by_stem.items():
            one = Dumped(database.name, _unescape(stem))
            if "metadata" in files:
                one.metadata = json_util.loads(read_file(files["metadata"]).decode() or "{}")
                one.name = one.metadata.get("collectionName") or one.name
            if "documents" in files:
                one.documents = dump_documents(files["documents"])
            found[one.db, one.name] = one
    return found


_CRC_TABLE = []


def crc64(data, crc=0):
    """CRC-64/XZ, which Go calls crc64.ECMA."""
    if not _CRC_TABLE:
        for number in range(256):
            for _ in range(8):
                number = (number >> 1) ^ 0xC96C5795D7870F42 if number & 1 else number >> 1
            _CRC_TABLE.append(number)
    crc ^= 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFFFFFFFFFF


ARCHIVE_MAGIC = 0x8199E26D
_END = b"\xff\xff\xff\xff"


def read_archive(path, check_crc=True):
    """{(db, collection): Dumped} of a mongodump archive, gzip'd or not; checks each namespace's CRC-64."""
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if struct.unpack_from("<I", data)[0] != ARCHIVE_MAGIC:
        raise ValueError(f"{path} is no archive")
    at = 4

    def block():
        nonlocal at
        documents = []
        while data[at : at + 4] != _END:
            length = struct.unpack_from("<i", data, at)[0]
            if length < 5 or at + length > len(data):
                raise ValueError(f"{path}: no document at offset {at}")
            documents.append(data[at : at + length])
            at += length
        at += 4
        return documents

    found, sums, ended = {}, {}, set()
    for raw in block()[1:]:
        meta = bson.decode(raw)
        one = Dumped(meta["db"], meta["collection"])
        one.metadata = json_util.loads(meta["metadata"]) if meta.get("metadata") else None
        found[one.db, one.name] = one
    while at < len(data):
        first, *documents = block()
        head = bson.decode(first)
        namespace = head["db"], head["collection"]
        one = found.setdefault(namespace, Dumped(*namespace))
        one.documents = (one.documents or []) + documents
        if check_crc:
            sums[namespace] = crc64(b"".join(documents), sums.get(namespace, 0))
        if head["EOF"]:
            ended.add(namespace)
            if check_crc and sums.get(namespace, 0) != head["CRC"] & 0xFFFFFFFFFFFFFFFF:
                raise ValueError(f"{path}: the CRC of {namespace} differs")
    for one in found.values():  # a view has a block too, an empty one
        if (one.metadata or {}).get("type") in ("view", "timeseries") or "viewOn" in one.options:
            one.documents = None
    return found
