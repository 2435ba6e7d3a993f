"""`yester serve` under test: starting it, and a client that speaks raw messages."""
import itertools
import re
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

import bson
import peers
import pymongo

_ids = itertools.count(1)


class Server:
    """with Server(store.path, "--noauth") as server: server.client["shop"]["orders"].find_one()"""

    def __init__(self, store, *arguments, socket_path=None):
        self.arguments = [str(word) for word in arguments]
        self.command = [str(peers.program("yester")), "serve", "-s", str(store), *self.arguments]
        self.socket_path = socket_path
        if socket_path:
            self.command += ["--socket", str(socket_path)]
        elif "--port" not in self.arguments:
            self.command += ["--port", "0"]
        self.process = None
        self._client = None

    def __enter__(self):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        self.said = []
        for line in self.process.stdout:  # it ends when the process does
            self.said.append(line.rstrip("\n"))
            if line.startswith("ready"):
                break
        else:
            status = self.process.wait()
            raise AssertionError(f"yester serve ended with {status}: {self.error_text()}")
        found = re.search(r"port (\d+)", self.said[-1])
        self.port = int(found[1]) if found else None
        self.uri = re.search(r"mongosh '([^']+)'", self.said[0])[1]
        return self

    def error_text(self):
        return peers.written(self.errors)

    @property
    def client(self):
        if self._client is None:
            self._client = pymongo.MongoClient(self.uri, serverSelectionTimeoutMS=60000)
        return self._client

    def stop(self, number=signal.SIGTERM):
        """End it; its exit status."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=120)

    def __exit__(self, kind, *_):
        status = self.stop()
        errors = self.error_text()
        self.process.stdout.close()
        self.errors.close()
        if kind is None:
            assert status == 0, f"yester serve ended with {status}: {errors}"
            assert "ERROR: " not in errors, errors

    def raw(self):
        return Raw(self)

    def status(self):
        return self.client.admin.command("serverStatus")

    def resident(self):
        """Bytes of memory that it has."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) * 1024


class Raw:
    """One connection, messages as bytes."""

    def __init__(self, server):
        if server.socket_path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(server.socket_path))
        else:
            self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.settimeout(120)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self, count):
        got = b""
        while len(got) < count:
            more = self.socket.recv(count - len(got))
            if not more:
                raise EOFError(f"closed after {len(got)} of {count} bytes")
            got += more
        return got

    def message(self):
        """(request, operation, content) of the next message."""
        length, _, request, operation = struct.unpack("<iiii", self.receive(16))
        return request, operation, self.receive(length - 16)

    def send(self, content, operation=2013, number=None):
        number = number or next(_ids)
        self.socket.sendall(header(len(content), operation, number) + content)
        return number

    def command(self, document, db="admin", flags=0):
        """The reply's document."""
        number = self.send(body(dict(document, **{"$db": db}), flags))
        request, operation, content = self.message()
        assert (request, operation, content[4]) == (number, 2013, 0)
        return bson.decode(content[5:])

    def is_closed(self):
        """Does the other side end the connection, without another word?"""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def header(length, operation, number):
    return struct.pack("<iiii", 16 + length, number, 0, operation)


def body(document, flags=0):
    """The content of an OP_MSG with this command."""
    return struct.pack("<I", flags) + b"\0" + (document if isinstance(document, bytes) else bson.encode(document))
