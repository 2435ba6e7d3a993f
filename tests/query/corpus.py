"""The recorded corpora: collection states, reads of them, and what a mongod 6.0.27 answered.

A corpus is a folder with states.jsonl.gz ({id, docs: [base64 BSON], opts: listCollections' entry, idx: specs}) and reads.jsonl.gz
({db, colls: {name: state id}, req, rep: base64 BSON}). All states become collections s<id> of one database.
"""
import base64
import gzip
import json
import re
import struct

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

DB = "corpus"
RAW = CodecOptions(document_class=RawBSONDocument)
LENIENT = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace")
IGNORED_OPTIONS = ("uuid", "expireAfterSeconds")


STRING, DOCUMENT, ARRAY = 2, 3, 4
NAMES_COLLECTION = {b"$lookup": b"from", b"$graphLookup": b"from", b"$unionWith": b"coll"}
FIXED = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0}


def elements(raw):
    """(type, name, payload) of each field of a document."""
    at = 4
    while raw[at]:
        kind = raw[at]
        end = raw.index(b"\0", at + 1)
        name, at = raw[at + 1:end], end + 1
        (length,) = struct.unpack_from("<i", raw, at) if kind not in FIXED and kind != 11 else (0,)
        if kind in FIXED:
            size = FIXED[kind]
        elif kind == 11:
            size = raw.index(b"\0", raw.index(b"\0", at) + 1) + 1 - at
        else:
            size = {5: 5, 12: 16, 2: 4, 13: 4, 14: 4}.get(kind, 0) + length
        yield kind, name, raw[at:at + size]
        at += size


def document(fields):
    body = b"".join(bytes([kind]) + name + b"\0" + value for kind, name, value in fields)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def state_name(identity):
    return "s" + identity[:16]


def _lines(path):
    with gzip.open(path, "rt") as lines:
        for line in lines:
            yield json.loads(line)


def load(folder, database):
    """Make all states of a corpus in a pymongo database; returns how many, and what could not be made."""
    made, troubles = 0, []
    for state in _lines(folder / "states.jsonl.gz"):
        options = json_util.loads(state["opts"])
        if not options or options[0]["type"] == "view":
            continue
        name = state_name(state["id"])
        given = {k: v for k, v in options[0].get("options", {}).items() if k not in IGNORED_OPTIONS}
        try:
            database.command({"create": name, **given})
            for index in json_util.loads(state["idx"]):
                if index["name"] != "_id_":
                    plain = {k: v for k, v in index.items() if k not in ("v", "ns")}
                    database.command("createIndexes", name, indexes=[plain])
            documents = [RawBSONDocument(base64.b64decode(text)) for text in state["docs"]]
            if documents:
                database[name].insert_many(documents, bypass_document_validation=True)
            made += 1
        except Exception as error:  # noqa: BLE001 - what one state does not like is told, the others go on
            troubles.append(f"{name}: {str(error)[:200]}")
    return made, troubles


class Read:
    """One read: the command to send, and the answer wanted."""

    def __init__(self, number, line):
        self.number = number
        self.names = {name: state_name(identity) for name, identity in line["colls"].items()}
        self.recorded_db = line["db"]
        self.original = base64.b64decode(line["req"])
        self.reply = base64.b64decode(line["rep"])
        fields = list(elements(self.original))
        self.kind = fields[0][1].decode()
        self.command = document(self._top(n, *field) for n, field in enumerate(fields))

    def _top(self, number, kind, name, value):
        if number == 0:
            value = self._text(kind, value)
        elif name == b"pipeline":
            value = self._inside(kind, value)
        return kind, name, value

    def _text(self, kind, value):
        """A string that names a collection becomes the name of its state's."""
        if kind != STRING:
            return value
        name = self.names.get(value[4:-1].decode(), None)
        return value if name is None else struct.pack("<i", len(name) + 1) + name.encode() + b"\0"

    def _inside(self, kind, value):
        """The same where stages name collections, at any depth; field by field, as repeated names must stay."""
        if kind not in (DOCUMENT, ARRAY):
            return value
        changed = []
        for inner_kind, name, inner in elements(value):
            key = NAMES_COLLECTION.get(name)
            if key and inner_kind == STRING:
                inner = self._text(inner_kind, inner)
            elif key and inner_kind == DOCUMENT:
                inner = document((k, n, self._text(k, v) if n == key else self._inside(k, v))
                                 for k, n, v in elements(inner))
            else:
                inner = self._inside(inner_kind, inner)
            changed.append((inner_kind, name, inner))
        return document(changed)

    def compare(self, got):
        """Of our reply's bytes: "same", "same, other order", "same code" or "different"."""
        want = normal(self.reply)
        have = normal(got)
        if want == have:
            return "same"
        if want[0] == have[0] == "error":
            if self._plain(want) == self._plain(have):
                return "same"
            return "same code" if want[1] == have[1] else "different"
        if want[0] == have[0] == "cursor" and sorted(want[1]) == sorted(have[1]):
            return "same, other order" if want[2] == have[2] else "different"
        return "different"

    def _plain(self, error):
        """Code, name and text, without the names of databases and collections."""
        text = error[3]
        for name, ours in self.names.items():
            text = text.replace(f"{DB}.{ours}", "<ns>").replace(f"{self.recorded_db}.{name}", "<ns>")
            text = text.replace(ours, "<coll>").replace(name, "<coll>")
        return error[1], error[2], text

    def words(self):
        """The command for people."""
        return re.sub(r"\s+", " ", str(bson.decode(self.original, LENIENT)))


def normal(raw):
    """What of a reply is compared."""
    reply = bson.decode(raw, LENIENT)
    if reply.get("ok") != 1:
        return ("error", reply.get("code"), reply.get("codeName"), str(reply.get("errmsg")))
    if "cursor" in reply:
        batch = bson.decode(raw, RAW)["cursor"]["firstBatch"]
        return ("cursor", [bytes(d.raw) if isinstance(d, RawBSONDocument) else repr(d).encode() for d in batch],
                bool(reply["cursor"]["id"]))
    if "values" in reply:
        return ("values", json_util.dumps(reply["values"], json_options=json_util.CANONICAL_JSON_OPTIONS))
    return ("count", reply.get("n"))


def reads(folder):
    for number, line in enumerate(_lines(folder / "reads.jsonl.gz")):
        yield Read(number, line)
