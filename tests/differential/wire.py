"""A connection to a mongod that says exactly what it is told: OP_MSG, one command at a time.

Drivers hide what the tests need to choose: the session and number of a transaction, prepareTransaction,
atClusterTime in a transaction, retried statements, documents whose bytes must not change on the way.
"""
import os
import socket
import struct

import bson
from bson import SON, Int64
from bson.binary import Binary
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

# Servers keep names and strings that are no UTF-8, and dates that Python has not.
ORDERED = CodecOptions(document_class=SON, tz_aware=False, unicode_decode_error_handler="replace",
                       datetime_conversion=DatetimeConversion.DATETIME_MS)
RAW = CodecOptions(document_class=RawBSONDocument, unicode_decode_error_handler="replace",
                   datetime_conversion=DatetimeConversion.DATETIME_MS)
OP_MSG = 2013
ANSWER_SECONDS = 120
# Kept small enough that a batch of documents of many types is decoded quickly; the server cuts at 16 MB itself.
BATCH = 100_000


class CommandError(Exception):
    """What the server refused: its code, its words, and the whole answer."""

    def __init__(self, answer, command):
        first = next(iter(command))
        super().__init__(f"{answer.get('codeName') or answer.get('code')}: {answer.get('errmsg')} ({first})")
        self.code = answer.get("code", 0)
        self.answer = answer


class Lost(Exception):
    """The server closed the connection, or did not answer."""


def session():
    """A new session's id, with the form that a command wants."""
    return SON(id=Binary(os.urandom(16), 4))


class Wire:
    """One connection, of one thread."""

    def __init__(self, port, seconds=ANSWER_SECONDS):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0
        self.commands = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self, size):
        parts = []
        while size > 0:
            part = self.socket.recv(min(size, 1 << 20))
            if not part:
                raise Lost("the server closed the connection")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def ask_raw(self, db, command):
        """The answer's bytes, whatever it says."""
        body = bson.encode(SON([*command.items(), ("$db", db)]))
        self.number += 1
        self.commands += 1
        try:
            self.socket.sendall(struct.pack("<iiiiiB", 21 + len(body), self.number, 0, OP_MSG, 0, 0) + body)
            head = self._read(16)
            answer = self._read(struct.unpack_from("<i", head)[0] - 16)
        except OSError as error:
            raise Lost(str(error)) from error
        return answer[5:]

    def run(self, db, command):
        """The answer, decoded; CommandError when it says no, or when a write of it failed."""
        answer = bson.decode(self.ask_raw(db, command), codec_options=ORDERED)
        if answer.get("ok") != 1:
            raise CommandError(answer, command)
        if answer.get("writeErrors"):
            raise CommandError({**answer["writeErrors"][0], "answer": answer}, command)
        return answer

    def documents(self, db, command, extra=None):
        """All documents of a find, aggregate or list command, each as its bytes; `extra` goes into every command."""
        extra = extra or {}
        answer = RawBSONDocument(self.ask_raw(db, SON([*command.items(), *extra.items()])), RAW)
        found = []
        while True:
            if answer["ok"] != 1:
                raise CommandError(bson.decode(answer.raw, codec_options=ORDERED), command)
            cursor = answer["cursor"]
            found += [d.raw for d in cursor.get("firstBatch", cursor.get("nextBatch"))]
            if cursor["id"] == 0:
                return found
            follow = {k: v for k, v in extra.items() if k in ("lsid", "txnNumber", "autocommit")}
            answer = RawBSONDocument(self.ask_raw(db, SON(
                [("getMore", Int64(cursor["id"])), ("collection", cursor["ns"].split(".", 1)[1]), *follow.items()])), RAW)

    def find_one(self, db, collection, query=None, **more):
        """One document decoded, or None."""
        found = self.documents(db, SON(find=collection, filter=query or {}, limit=1, singleBatch=True, **more))
        return bson.decode(found[0], codec_options=ORDERED) if found else None

    def top(self):
        """The timestamp of the newest entry of the oplog that can be read."""
        entry = self.find_one("local", "oplog.rs", sort={"$natural": -1}, projection={"ts": 1})
        return entry["ts"]
