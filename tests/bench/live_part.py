"""The part of the bench about a running mongod: backup against mongodump, restore against mongorestore, and what a client of that
mongod notices meanwhile (bench_serve's paced client: finds and updates by _id).

The mongod is a replica set of one member, 6.0.27, with its default cache; it holds the orders with an index on two fields.
"""
import contextlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from json_part import truth
from serve_part import VERSION, bson_document, mongod, show_us

CLIENTS = 4
ALONE = 10  # seconds of the client with nothing else


def int32(name, value):
    return 16, name, struct.pack("<i", value)


def text(name, value):
    return 2, name, struct.pack("<i", len(value) + 1) + value + b"\0"


def command(port, db, *fields):
    """Run a command; its reply's bytes."""
    body = bson_document(*fields, text(b"$db", db))
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.sendall(struct.pack("<iiiiIB", 21 + len(body), 1, 0, 2013, 0, 0) + body)
        reply = link.makefile("rb")
        return reply.read(struct.unpack("<i", reply.read(4))[0] - 4)


def is_true(reply, name):
    return b"\x08" + name + b"\0\x01" in reply


def until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not in {seconds} s: {what}")
        time.sleep(0.05)  # between two looks


def answers(port):
    with contextlib.suppress(OSError):
        return b"isWritablePrimary" in command(port, b"admin", int32(b"hello", 1))
    return False


@contextlib.contextmanager
def member(kit, bench, file):
    """A member that holds the orders, and its port."""
    with mongod(bench.work, "--replSet", "rs") as (_, _, port):
        until(lambda: answers(port), "mongod answers")
        first = bson_document(int32(b"_id", 0), text(b"host", f"127.0.0.1:{port}".encode()))
        members = bson_document((3, b"0", first))
        config = bson_document(text(b"_id", b"rs"), (4, b"members", members))
        command(port, b"admin", (3, b"replSetInitiate", config))
        until(lambda: is_true(command(port, b"admin", int32(b"hello", 1)), b"isWritablePrimary"), "it is primary")
        kit.say("live: mongorestore")
        kit.timed([truth.tool("mongorestore").path, "--quiet", "--host", f"127.0.0.1:{port}", "--db", "shop", "--collection",
                   "orders", file])
        key = bson_document(int32(b"status", 1), (1, b"total", struct.pack("<d", 1)))
        index = bson_document((3, b"key", key), text(b"name", b"status_1_total_1"))
        command(port, b"shop", text(b"createIndexes", b"orders"), (4, b"indexes", bson_document((3, b"0", index))))
        yield port


@contextlib.contextmanager
def clients(kit, port, file):
    """Clients at work; the list has their median and 99th of a hundred, in seconds, when they have ended."""
    child = subprocess.Popen([str(kit.BUILD / "bench_serve"), f"mongodb://127.0.0.1:{port}/?directConnection=true", "client",
                              str(CLIENTS), "3600", "1", str(file)], stdout=subprocess.PIPE, text=True)
    found = []
    try:
        yield found
    finally:
        child.send_signal(signal.SIGTERM)
        told, _ = child.communicate(timeout=60)
    found += [float(word) / 1e6 for word in told.split()[4:6]]


def take(bench, kit, port, who):
    """Seconds of one backup into nothing."""
    if who == "yester":
        store = bench.work / "live-store"
        shutil.rmtree(store, ignore_errors=True)
        kit.timed([kit.BUILD / "yester", "init", "-q", "-s", store])
        return kit.timed([kit.BUILD / "yester", "backup", "-q", "-s", store, "--uri",
                          f"mongodb://127.0.0.1:{port}/?replicaSet=rs"])["seconds"]
    dump = bench.work / "live-dump"
    shutil.rmtree(dump, ignore_errors=True)
    return kit.timed([truth.tool("mongodump").path, "--quiet", "--host", f"127.0.0.1:{port}", "--oplog", "--out", dump])["seconds"]


def backups(bench, kit, port, file):
    quiet, busy = ([], []), ([], [])
    waits = {"yester": [], "mongodump": []}
    for number in range(bench.args.rounds):
        for i, who in enumerate(waits):
            kit.say(f"live: {'backup' if i == 0 else who}, round {number + 1} of {bench.args.rounds}")
            quiet[i].append(take(bench, kit, port, who))
            with clients(kit, port, file) as found:
                busy[i].append(take(bench, kit, port, who))
            waits[who].append(found)
    with clients(kit, port, file) as alone:
        time.sleep(ALONE)  # that is what is measured
    bench.add("backup of a running member", kit.show_seconds, quiet[0], quiet[1], "mongodump --oplog", 2)
    bench.add("backup of a running member with clients", kit.show_seconds, busy[0], busy[1], "mongodump --oplog", 2)
    for i, words in enumerate(("median", "99th of 100")):
        ours, peers = ([found[i] for found in waits[who]] for who in waits)
        bench.add(f"a client's request during it, {words}", show_us, ours, peers, "mongodump --oplog")
        bench.add(f"a client's request with nothing else, {words}", show_us, alone[i])


def restores(bench, kit, port):
    """Into another database, which is dropped before each round."""
    uri = f"mongodb://127.0.0.1:{port}/?replicaSet=rs"
    rename = ["--nsInclude", "shop.*", "--nsFrom", "shop.*", "--nsTo", "back.*"]
    ours = [kit.BUILD / "yester", "restore", "-q", "-y", "-s", bench.work / "live-store", "--uri", uri, *rename]
    peer = [truth.tool("mongorestore").path, "--quiet", "--host", f"127.0.0.1:{port}", *rename, "--dir", bench.work / "live-dump"]
    commands = {"with its comparison": ours, "--noVerify": [*ours, "--noVerify"], "mongorestore": peer}
    seconds = {name: [] for name in commands}
    for number in range(bench.args.rounds):
        for name, run in commands.items():
            kit.say(f"live: restore, {name}, round {number + 1} of {bench.args.rounds}")
            command(port, b"back", int32(b"dropDatabase", 1))
            seconds[name].append(kit.timed(run)["seconds"])
    peers = seconds.pop("mongorestore")
    for name, ours in seconds.items():
        bench.add(f"restore into a running member, {name}", kit.show_seconds, ours, peers, "mongorestore", 1 / 1.2)


def run(bench, kit):
    file, _ = bench.orders()
    try:
        with member(kit, bench, file) as port:
            backups(bench, kit, port, file)
            restores(bench, kit, port)
    except (truth.TruthError, OSError) as problem:
        kit.say(f"live: left out: {problem}")
    for name in ("live-store", "live-dump"):
        shutil.rmtree(bench.work / name, ignore_errors=True)
