"""The least client that speaks OP_MSG: commands go out as the bytes given, replies come back as bytes.

A driver would change a command (sessions, read preferences) or refuse it before the server sees it.
"""
import socket
import struct

import bson

HEADER = struct.Struct("<iiii")
OP_MSG = 2013


class RawClient:
    """One connection to mongodb://127.0.0.1:PORT. Not for several threads."""

    def __init__(self, uri):
        host, _, port = uri.split("//")[1].split("/")[0].rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def raw(self, command):
        """The reply's document for a command's document (which has its $db)."""
        self.number += 1
        body = b"\0\0\0\0\0" + command
        self.socket.sendall(HEADER.pack(len(body) + 16, self.number, 0, OP_MSG) + body)
        length, _, answers, opcode = HEADER.unpack(self._read(16))
        body = self._read(length - 16)
        if answers != self.number or opcode != OP_MSG:
            raise ConnectionError(f"not the answer to {self.number}: {answers}, opcode {opcode}")
        return body[5:]

    def command(self, db, command):
        """The decoded reply to a command given as a dict in order."""
        return bson.decode(self.raw(with_db(bson.encode(command), db)))

    def _read(self, count):
        parts = []
        while count:
            part = self.socket.recv(min(count, 1 << 20))
            if not part:
                raise ConnectionError("the server has closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def with_db(raw, db):
    """The same command with {$db: db} at its end."""
    more = b"\x02$db\0" + struct.pack("<i", len(db.encode()) + 1) + db.encode() + b"\0"
    return struct.pack("<i", len(raw) + len(more)) + raw[4:-1] + more + b"\0"
