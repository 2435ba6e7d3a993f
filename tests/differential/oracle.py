"""What a real mongod holds at chosen optimes, and the recording that keeps it.

There are three ways to know:
  quiet      nothing writes: what can be read now is the state at the newest entry, catalog and capped collections included.
  history    documents read later with atClusterTime. Names, options and indexes are those of now, so collections that
             commands have touched since are left out, or only their documents are compared; capped ones are left out.
  recovered  a copy of the data files and the oplog is rolled forward to the optime by a mongod of the same version
             (recoverToOplogTimestamp): the state as replication itself makes it, everything included. It can't build
             indexes, so it ends before the first build after the checkpoint.
"""
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import peers
import truth
from bson import SON, Int64, Timestamp, json_util

import bson
import oplog
from wire import ORDERED, CommandError, Lost, Wire, session

# What is not replayed, or not in a dump: servers derive it, or it never is in the log.
LEFT_OUT_DATABASES = ("local", "config")
LEFT_OUT_COLLECTIONS = ("system.profile", "system.keys", "system.preimages")
NOT_AT_THAT_TIME = (246, 263, 51071)  # SnapshotUnavailable; not in a transaction (4.x: admin, system collections)
RECOVERY_SECONDS = 120
CANONICAL = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, document_class=SON, tz_aware=False,
                                  datetime_representation=json_util.DatetimeRepresentation.NUMBERLONG)


class Retry(Exception):
    """The state changed while it was read."""


def compared(ns):
    db, _, name = ns.partition(".")
    return db not in LEFT_OUT_DATABASES and name not in LEFT_OUT_COLLECTIONS


def as_json(document):
    return json.loads(json_util.dumps(document, json_options=CANONICAL))


# ---- reading a server


def collections_of(wire, db):
    for raw in wire.documents(db, SON(listCollections=1)):
        yield bson.decode(raw, codec_options=ORDERED)


def databases_of(wire):
    found = wire.run("admin", SON(listDatabases=1, nameOnly=True))["databases"]
    return sorted(d["name"] for d in found if d["name"] not in LEFT_OUT_DATABASES)


def find(name, capped, extra=None):
    """The find of all documents, in the order in which a dump of ours has them."""
    command = SON(find=name, batchSize=100_000)
    if capped:
        command["hint"] = SON([("$natural", 1)])
    else:
        command["sort"] = SON([("_id", 1)])
        command["collation"] = SON(locale="simple")
    return SON([*command.items(), *(extra or {}).items()])


def catalog(wire, building=()):
    """{namespace: {type, uuid, options, indexes, capped}} as JSON can keep it."""
    found = {}
    for db in databases_of(wire):
        for entry in collections_of(wire, db):
            ns = f"{db}.{entry['name']}"
            if not compared(ns):
                continue
            uuid = entry["info"].get("uuid")
            one = {"type": entry["type"], "uuid": bytes(uuid).hex() if uuid else None,
                   "options": as_json(entry["options"]), "capped": bool(entry["options"].get("capped"))}
            if entry["type"] == "collection":
                one["indexes"] = [as_json(i) for i in indexes(wire, db, entry["name"]) if (ns, i["name"]) not in building]
            found[ns] = one
    return found


def indexes(wire, db, name):
    """The indexes that are ready."""
    for raw in wire.documents(db, SON(listIndexes=name)):
        yield bson.decode(raw, codec_options=ORDERED)


# ---- the recording


class Recording:
    """A folder: dumps, slices of the oplog, documents by their hash, and one line of JSON for each moment."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.blobs = self.folder / "blobs"
        self.slices = self.folder / "oplog"
        for path in (self.blobs, self.slices):
            path.mkdir(parents=True, exist_ok=True)
        self.moments_path = self.folder / "moments.jsonl"

    def put(self, documents):
        """Keep documents; gives what a moment says of them."""
        data = b"".join(documents)
        digest = hashlib.sha256(data).hexdigest()
        path = self.blobs / digest
        if not path.exists():
            path.write_bytes(data)
        return {"count": len(documents), "bytes": len(data), "sha": digest}

    def get(self, digest):
        return (self.blobs / digest).read_bytes()

    def add(self, moment):
        with open(self.moments_path, "a") as file:
            file.write(json.dumps(moment, separators=(",", ":")) + "\n")

    def moments(self):
        if not self.moments_path.exists():
            return []
        return [json.loads(line) for line in self.moments_path.read_text().splitlines()]

    def write_info(self, info):
        (self.folder / "info.json").write_text(json.dumps(info, indent=1, sort_keys=True))

    def info(self):
        return json.loads((self.folder / "info.json").read_text())

    def add_slice(self, entries):
        path = self.slices / f"{len(list(self.slices.iterdir())):04}.bson"
        path.write_bytes(b"".join(e.raw for e in entries))
        return path

    def entries(self):
        """All entries of all slices, each once."""
        last = Timestamp(0, 0)
        for path in sorted(self.slices.iterdir()):
            for raw in oplog.split(path.read_bytes()):
                entry = oplog.Entry(raw)
                if entry.ts > last:
                    last = entry.ts
                    yield entry


# ---- the oracle


class Oracle:
    """Asks one server, and writes into a recording what it says."""

    def __init__(self, server, recording):
        self.server, self.recording = server, recording
        self.wire = Wire(server.port)
        self.last = None  # the newest entry that was captured
        self.entries = []  # of this leg
        self.seen = {"quiet": 0, "history": 0, "recovered": 0}
        self.failed = []
        self.unavailable = 0

    def reconnect(self):
        self.wire.close()
        self.wire = Wire(self.server.port)

    def capture(self):
        """Read what the oplog has more, and keep it as a slice that begins with the last entry of the one before."""
        query = SON(ts=SON([("$gte", self.last)])) if self.last else SON()
        found = [oplog.Entry(raw) for raw in self.wire.documents(
            "local", SON(find="oplog.rs", filter=query, sort=SON([("$natural", 1)])))]
        new = found
        if self.last is not None:
            assert found and found[0].ts == self.last, f"the oplog of {self.server} rolled over"
            new = found[1:]
        if new:
            self.recording.add_slice(found)
            self.last = new[-1].ts
            self.entries += new
        return new

    def read(self, one, ns, extra=None, rest=None):
        """Add the documents of a collection to what the catalog says of it."""
        db, _, name = ns.partition(".")
        documents = self.wire.documents(db, find(name, one["capped"], extra), rest)
        return {**one, **self.recording.put(documents)}

    def quiet(self, label, building=()):
        """The state now; the moment is returned, not kept, until keep() is called with it."""
        for _ in range(5):
            begin = self.wire.top()
            with contextlib.suppress(Retry, CommandError):
                state = {ns: self.read(one, ns) if one["type"] == "collection" else one
                         for ns, one in catalog(self.wire, building).items()}
                self._unchanged_since(begin)
                return {"at": [begin.time, begin.inc], "how": "quiet", "label": label, "complete": True, "namespaces": state}
        raise AssertionError(f"{self.server} does not come to rest: {label}")

    def _unchanged_since(self, begin):
        for raw in self.wire.documents("local", SON(find="oplog.rs", filter=SON(ts=SON([("$gt", begin)])))):
            entry = oplog.Entry(raw)
            if entry.op != "n" and not entry.ns.startswith("config."):
                raise Retry

    def keep(self, moment):
        self.recording.add(moment)
        self.seen[moment["how"]] += 1

    def history(self, ts, label, now, touched):
        """What was there at `ts`; `now` is the catalog of now, `touched` what the entries after `ts` until now touch."""
        state, complete = {}, not touched
        for ns, one in now.items():
            if touched.is_moved(ns):
                complete = False
                continue
            if touched.is_changed(ns):
                one = {"type": one["type"], "uuid": one["uuid"], "capped": one["capped"]}
            if one["type"] != "collection":
                state[ns] = one
                continue
            if one["capped"]:  # refused from 5.0 on; before that evictions have no time of their own
                complete = False
                continue
            try:
                state[ns] = self._read_at(one, ns, ts)
            except CommandError as error:
                if error.code not in NOT_AT_THAT_TIME:
                    raise
                self.unavailable += 1
                complete = False
        if not state:
            return None
        moment = {"at": [ts.time, ts.inc], "how": "history", "label": label, "complete": complete, "namespaces": state}
        self.keep(moment)
        return moment

    def _read_at(self, one, ns, ts):
        concern = SON(level="snapshot", atClusterTime=ts)
        if self.server.number >= (5, 0):
            return self.read(one, ns, SON(readConcern=concern))
        lsid, number = session(), Int64(1)
        common = SON(lsid=lsid, txnNumber=number, autocommit=False)
        try:
            return self.read(one, ns, SON(readConcern=concern, startTransaction=True), common)
        finally:
            with contextlib.suppress(CommandError):
                self.wire.run("admin", SON([("abortTransaction", 1), *common.items()]))

    # ---- rolled forward by a second mongod

    def copy_files(self, to):
        """A copy of the data files as a crash would leave them; the oplog in it is whole until now."""
        self.wire.run("admin", SON([("appendOplogNote", 1), ("data", SON(differential="copy")), ("writeConcern", SON(w=1, j=True))]))
        process = self.server.process
        shutil.rmtree(to, ignore_errors=True)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            shutil.copytree(self.server.folder / "db", to, copy_function=shutil.copyfile)
        finally:
            os.kill(process.pid, signal.SIGCONT)

    def recovered(self, files, ts, label):
        """The state at `ts` of a copy; None when the server could not go there.

        Where the log has no evictions (before 5.0, or with its FCV), a server that died counts capped collections wrongly
        and evicts too much when it recovers: those are left out.
        """
        by_log = self.server.number >= (5, 0) and not any(e.ns == "admin.system.version" for e in self.entries)
        try:
            with recovering(self.server.version, files, ts) as wire:
                mine, self.wire = self.wire, wire
                try:
                    found = {ns: one for ns, one in catalog(wire).items() if by_log or not one["capped"]}
                    state = {ns: self.read(one, ns) if one["type"] == "collection" else one for ns, one in found.items()}
                finally:
                    self.wire = mine
        except (Lost, CommandError) as error:
            self.failed.append((str(ts), label, str(error)[:300]))
            return None
        moment = {"at": [ts.time, ts.inc], "how": "recovered", "label": label, "complete": by_log, "namespaces": state}
        self.keep(moment)
        return moment


@contextlib.contextmanager
def recovering(version, files, ts):
    """A connection to a read-only mongod on data files, rolled forward to `ts`."""
    program = truth.mongod(version)
    files = Path(files)
    (files / "mongod.lock").write_bytes(b"")
    port = peers.free_port()
    at = json.dumps({"timestamp": {"$timestamp": {"t": ts.time, "i": ts.inc}}})
    command = [program.path, "--port", port, "--bind_ip", "127.0.0.1", "--dbpath", files, "--queryableBackupMode", "--nounixsocket",
               "--wiredTigerCacheSizeGB", "0.3", "--setParameter", f"recoverToOplogTimestamp={at}",
               "--setParameter", "diagnosticDataCollectionEnabled=false", "--setParameter", "ttlMonitorEnabled=false"]
    with open(files.with_suffix(".log"), "wb") as log:
        process = subprocess.Popen(peers.dies_with_us(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=program.env())
    try:
        yield _connect(process, port)
    finally:
        process.kill()
        process.wait()


def _connect(process, port):
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, Lost):
            wire = Wire(port)
            wire.run("admin", SON(isMaster=1))
            return wire
        try:
            process.wait(timeout=0.02)
            raise Lost(f"the mongod that rolls forward ended with {process.returncode}")
        except subprocess.TimeoutExpired:
            pass
    raise Lost(f"no answer in {RECOVERY_SECONDS} s")
