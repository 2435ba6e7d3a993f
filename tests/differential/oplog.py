"""The captured oplog, read plainly: entries, what they are, and what is open between two of them."""
import collections
import struct

import bson
from bson import Timestamp
from bson.raw_bson import RawBSONDocument

from wire import ORDERED, RAW

# Commands that change names, options or indexes; the value: does it change which collection a name means?
CATALOG = {"create": True, "drop": True, "dropDatabase": True, "renameCollection": True, "collMod": False,
           "createIndexes": False, "startIndexBuild": False, "commitIndexBuild": False, "abortIndexBuild": False,
           "dropIndexes": False, "deleteIndexes": False, "emptycapped": False}


def split(data):
    at = 0
    while at < len(data):
        length = struct.unpack_from("<i", data, at)[0]
        yield data[at : at + length]
        at += length


class Entry:
    """One entry: its bytes, and what is asked of it again and again."""

    __slots__ = ("raw", "ts", "op", "ns", "command")

    def __init__(self, raw):
        self.raw = raw
        lazy = RawBSONDocument(raw, RAW)
        self.ts, self.op, self.ns = lazy["ts"], lazy["op"], lazy["ns"]
        self.command = next(iter(lazy["o"])) if self.op == "c" else None

    @property
    def doc(self):
        return bson.decode(self.raw, codec_options=ORDERED)

    def text(self, limit=1500):
        """For messages."""
        try:
            said = repr({k: v for k, v in self.doc.items() if k not in ("v", "h", "wall", "lsid")})
        except Exception:  # dates that Python can't show, and the like
            said = self.raw.hex()
        return f"{self.ts.time}.{self.ts.inc} {said[:limit]}"


def after(ts, count=1):
    return Timestamp(ts.time, ts.inc + count)


def before(ts):
    return Timestamp(ts.time, ts.inc - 1) if ts.inc > 0 else Timestamp(ts.time - 1, 2**32 - 1)


def inner_operations(doc):
    """The operations of an applyOps entry, nested ones too; the entry itself otherwise."""
    o = doc["o"]
    if doc["op"] != "c" or not isinstance(o.get("applyOps"), list):
        yield doc
        return
    for one in o["applyOps"]:
        yield from inner_operations({"op": one.get("op"), "ns": one.get("ns", ""), "ui": one.get("ui"), "o": one["o"]})


def kinds(entry):
    """What an entry is counted as: ops, commands, forms of transactions, forms of updates."""
    if entry.op != "c" and entry.op != "u":
        yield f"op {entry.op}"
        if entry.op == "n" and entry.ns:
            yield "noop with a namespace"
        return
    yield f"op {entry.op}"
    if entry.op == "u":
        lazy = RawBSONDocument(entry.raw, RAW)  # a document's names may be no UTF-8
        yield "update " + form_of_update(lazy["o"].raw)
        if "txnNumber" in lazy:
            yield "retryable"
        return
    doc = entry.doc
    o = doc["o"]
    yield f"command {entry.command}"
    if entry.command == "renameCollection" and o.get("dropTarget"):
        yield "command renameCollection, dropTarget"
    if entry.command != "applyOps":
        return
    if "prevOpTime" in doc and "txnNumber" in doc:
        first = doc["prevOpTime"]["ts"] == Timestamp(0, 0)
        form = "prepare" if o.get("prepare") else "part" if o.get("partialTxn") else "end"
        yield f"transaction {form}" + (", first" if first else ", later")
    else:
        yield "applyOps by user"
    for one in inner_operations(doc):
        yield f"inner op {one['op']}"
        if one["op"] == "c":
            yield f"inner command {next(iter(one['o']))}"


def form_of_update(raw):
    """By the bytes of `o`."""
    for form, pattern in (("$v:1", b"\x10$v\0\1\0\0\0"), ("$v:2", b"\x10$v\0\2\0\0\0")):
        if raw[4:12] == pattern:
            return form
    return "modifier" if raw[5:6] == b"$" else "replacement"


def operations(entry):
    """How many operations an entry counts for."""
    return sum(1 for _ in inner_operations(entry.doc)) if entry.command == "applyOps" else 1


class Span:
    """A stretch of the log in which something is open: from the entry `begin` until the entry `end` (None: never ended)."""

    def __init__(self, kind, begin, **more):
        self.kind, self.begin, self.end = kind, begin, None
        self.commit = more.get("commit")

    def holds(self, ts):
        return self.begin <= ts and (self.end is None or ts < self.end)


def spans(entries):
    """Chains of partial entries, prepared transactions, index builds, and renames made of several entries."""
    found, chains, prepared, builds, copies = [], {}, {}, {}, {}

    def open_one(table, key, kind, ts):
        table[key] = Span(kind, ts)
        found.append(table[key])

    def close_one(table, key, ts):
        span = table.pop(key, None)
        if span:
            span.end = ts
        return span

    for entry in entries:
        if entry.op != "c":
            continue
        doc, ts = entry.doc, entry.ts
        o = doc["o"]
        if entry.command == "applyOps" and "prevOpTime" in doc and "lsid" in doc:
            key = bytes(doc["lsid"]["id"])
            if o.get("partialTxn") and key not in chains:
                open_one(chains, key, "chain", ts)
            elif not o.get("partialTxn"):
                close_one(chains, key, ts)
            if o.get("prepare"):
                open_one(prepared, key, "prepared", ts)
        elif entry.command in ("commitTransaction", "abortTransaction") and "lsid" in doc:
            span = close_one(prepared, bytes(doc["lsid"]["id"]), ts)
            if span:
                span.commit = o.get("commitTimestamp")
        elif entry.command == "startIndexBuild":
            open_one(builds, bytes(o["indexBuildUUID"]), "index build", ts)
        elif entry.command in ("commitIndexBuild", "abortIndexBuild"):
            close_one(builds, bytes(o["indexBuildUUID"]), ts)
        elif entry.command == "create" and str(o["create"]).startswith("tmp") and doc.get("ui"):
            open_one(copies, bytes(doc["ui"]), "rename", ts)
        elif entry.command in ("renameCollection", "drop") and doc.get("ui"):
            close_one(copies, bytes(doc["ui"]), ts)
    return found


class Touched:
    """Which names some entries touch by commands: `moved` may be other collections now, `changed` have other options."""

    def __init__(self, entries):
        self.moved, self.changed, self.databases = set(), set(), set()
        for entry in entries:
            self.add(entry)

    def add(self, entry):
        if entry.op == "c":
            for one in inner_operations(entry.doc):
                if one["op"] == "c":
                    self._add(one["ns"].split(".")[0], one["o"])

    def _add(self, db, o):
        command = next(iter(o), "")
        if command == "dropDatabase":
            self.databases.add(db)
        elif command == "renameCollection":
            self.moved.update((o[command], o["to"]))
        elif command in CATALOG:
            (self.moved if CATALOG[command] else self.changed).add(f"{db}.{o[command]}")

    def __bool__(self):
        return bool(self.moved or self.changed or self.databases)

    def is_moved(self, ns):
        return ns in self.moved or ns.split(".")[0] in self.databases

    def is_changed(self, ns):
        return ns in self.changed or self.is_moved(ns)


def count(entries, counter=None):
    counter = collections.Counter() if counter is None else counter
    for entry in entries:
        counter.update(kinds(entry))
    return counter
