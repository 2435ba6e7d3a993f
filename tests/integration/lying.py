"""A proxy in front of a mongod whose replies do not tell the truth.

with Liar(member, lie) as liar: store.run("backup", "--uri", liar.uri)

`lie(said)` sees each reply of the server (`Said`) before the client does, and returns what is sent instead: None as it is, bytes, a
list of what send() takes (bytes, a number of seconds to wait), or one of CLOSE, RESET, SILENCE. Replies without a lie go through as they are.
"""
import contextlib
import dataclasses
import socket
import struct
import threading

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

CLOSE, RESET, SILENCE = "close", "reset", "silence"
RAW = CodecOptions(document_class=RawBSONDocument)
OP_MSG, OP_COMPRESSED = 2013, 2012


@dataclasses.dataclass
class Said:
    """One reply, and what it answers."""

    request: dict  # the command, decoded as far as that can be
    reply: dict  # the reply, raw documents inside
    message: bytes  # the whole message
    nth: int  # of this command, counted over all connections from 1

    @property
    def command(self):
        return next(iter(self.request), "")

    @property
    def namespace(self):
        """"db.coll" of a command that reads a collection."""
        name = self.request.get("collection") if self.command == "getMore" else self.request.get(self.command)
        return f"{self.request.get('$db')}.{name}"

    @property
    def batch_name(self):
        cursor = self.reply.get("cursor")
        return next((name for name in ("firstBatch", "nextBatch") if cursor is not None and name in cursor), None)

    @property
    def batch(self):
        """The documents of a cursor's reply, None when it has none."""
        return list(self.reply["cursor"][self.batch_name]) if self.batch_name else None

    def with_reply(self, document):
        """The message with another document."""
        content = document if isinstance(document, bytes) else bson.encode(document)
        request, to, operation = struct.unpack_from("<iii", self.message, 4)
        if operation == OP_MSG:
            body = b"\0\0\0\0\0" + content
        else:
            body = struct.pack("<iqii", 8, 0, 0, 1) + content
        return struct.pack("<iiii", 16 + len(body), request, to, operation) + body

    def with_fields(self, **fields):
        """Fields of the reply changed; of None taken away."""
        changed = dict(self.reply)
        changed.update(fields)
        return self.with_reply({name: value for name, value in changed.items() if value is not None})

    def with_cursor(self, **fields):
        cursor = dict(self.reply["cursor"])
        cursor.update(fields)
        return self.with_fields(cursor={name: value for name, value in cursor.items() if value is not None})

    def with_batch(self, batch):
        return self.with_cursor(**{self.batch_name: batch})

    def refused(self, code, name, message="no", **more):
        """The command was not done."""
        return self.with_reply({"ok": 0.0, "errmsg": message, "code": code, "codeName": name, **more})


def _read(sock, count):
    got = b""
    while len(got) < count:
        more = sock.recv(count - len(got))
        if not more:
            raise EOFError
        got += more
    return got


def _message(sock):
    head = _read(sock, 16)
    return head + _read(sock, struct.unpack_from("<i", head)[0] - 16)


def _request_of(message):
    """The command of a request; {} when it is of another kind."""
    operation, = struct.unpack_from("<i", message, 12)
    with contextlib.suppress(bson.errors.InvalidBSON, struct.error, ValueError):
        at = 21 if operation == OP_MSG else message.index(b"\0", 20) + 9
        length, = struct.unpack_from("<i", message, at)
        return dict(bson.decode(message[at : at + length], RAW))
    return {}


def _reply_of(message):
    operation, = struct.unpack_from("<i", message, 12)
    return dict(RawBSONDocument(message[21 if operation == OP_MSG else 36 :], RAW))


class Liar:
    def __init__(self, server, lie):
        self.server, self.lie = server, lie
        self.counts, self.lies, self.problems = {}, 0, []
        self.lock = threading.Lock()
        self.sockets = set()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self):
        return f"mongodb://{self.address}/?directConnection=true&socketTimeoutMS=3000&connectTimeoutMS=3000&serverSelectionTimeoutMS=3000"

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for one in self.sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        assert kind is not None or not self.problems, self.problems

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client, socket.create_connection(("127.0.0.1", self.server.port)) as server:
                with self.lock:
                    self.sockets |= {client, server}
                while self._pass_on(client, server):
                    pass
        except (EOFError, OSError):
            pass
        except Exception as error:  # of the lie: told by __exit__()
            self.problems.append(repr(error))
        finally:
            with self.lock:
                self.sockets.discard(client)

    def _pass_on(self, client, server):
        """One request and its reply. Is there another?"""
        request = _message(client)
        server.sendall(request)
        flags = struct.unpack_from("<I", request, 16)[0] if struct.unpack_from("<i", request, 12)[0] == OP_MSG else 0
        if flags & 2:  # the client wants no reply
            return True
        message = _message(server)
        if OP_COMPRESSED in (struct.unpack_from("<i", request, 12)[0], struct.unpack_from("<i", message, 12)[0]):
            return self._send(client, message)
        asked = _request_of(request)
        with self.lock:
            name = next(iter(asked), "")
            self.counts[name] = self.counts.get(name, 0) + 1
            instead = self.lie(Said(asked, _reply_of(message), message, self.counts[name]))
            self.lies += instead is not None
        return self._send(client, message if instead is None else instead)

    def _send(self, client, what):
        if what == SILENCE:
            _read(client, 1 << 30)
        if what == RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if what in (CLOSE, RESET):
            return False
        for piece in what if isinstance(what, list) else [what]:
            if isinstance(piece, (int, float)):
                threading.Event().wait(piece)
            elif piece in (CLOSE, RESET, SILENCE):
                return self._send(client, piece)
            else:
                client.sendall(piece)
        return True
