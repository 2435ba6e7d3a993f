"""The part of the bench about `yester serve`: requests a second of it and of a mongod with the same documents, by the same client.

The client is bench_serve.c (libmongoc), with 1 and with 16 connections; the peer is mongod 6.0.27 with its default cache, which holds
all documents. Ours has --max-memory 2G, so that the documents stay decoded, too; rows that say 256M have them decoded anew each time.
Both have read all once before the first round. "Processor" rows are of the servers, for each request: they hold on a busy machine.
"""
import contextlib
import os
import shutil
import socket
import statistics
import struct
import subprocess
import tempfile
import time

from bench_oplog import processor_seconds
from json_part import truth

VERSION = "6.0.27"
FIRST = 1.0  # seconds for each connection of a round, for requests that are short
# Kind of the client -> what the row says, the goal of the ratio, short requests?
KINDS = {"id": ("find by _id", 1, True), "range": ("find of 100 documents by _id", 1, True),
         "filter": ("find, filtered scan", 1, False), "cursor": ("find, all documents to the client", 1, False),
         "group": ("$group of all, 6 groups", 1, False), "groups": ("$group of all, 180,000 groups", 1, False),
         "sort": ("find, sort by another field, limit 100", None, False), "count": ("$match and $count", None, False)}
SMALL = {"filter": None, "cursor": None, "group": 0.5, "groups": 0.5}
CONNECTIONS = (1, 16)


def show_rate(value):
    return f"{value:,.0f}/s".replace(",", " ") if value >= 100 else f"{value:.2f}/s"


def show_us(value):
    return f"{value * 1e6:.0f} us" if value < 0.01 else f"{value * 1e3:.0f} ms"


# ---- the servers


def bson_document(*fields):
    """(type, name, payload) each."""
    body = b"".join(bytes([kind]) + name + b"\0" + payload for kind, name, payload in fields)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def first_answer(port):
    """Ask for one document and wait for the reply; the client's own start would take longer than it."""
    text = struct.pack("<i", 7) + b"orders\0"
    command = bson_document((2, b"find", text), (16, b"limit", struct.pack("<i", 1)),
                            (2, b"$db", struct.pack("<i", 5) + b"shop\0"))
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.sendall(struct.pack("<iiiiIB", 21 + len(command), 1, 0, 2013, 0, 0) + command)
        reply = link.makefile("rb")
        content = reply.read(struct.unpack("<i", reply.read(4))[0] - 4)
    if b"orderNo" not in content:
        raise RuntimeError("yester serve did not answer with a document")


@contextlib.contextmanager
def ours(kit, store, *options):
    """Gives its address, its process id, and the seconds until it had answered a first find."""
    start = time.monotonic()
    child = subprocess.Popen([str(kit.BUILD / "yester"), "serve", "-s", str(store), "--noauth", "--port", "0", *options],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        port = next(int(line.split()[-1]) for line in child.stdout if line.startswith("ready on port"))
        first_answer(port)
        yield f"mongodb://127.0.0.1:{port}/?directConnection=true", child.pid, time.monotonic() - start
    finally:
        child.terminate()
        child.wait(60)


@contextlib.contextmanager
def mongod(work, *options):
    """Gives its address, its process id and its port."""
    program = truth.mongod(VERSION)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="mongod-", dir=work) as folder:
        child = subprocess.Popen([program.path, "--bind_ip", "127.0.0.1", "--port", str(port), "--dbpath", folder,
                                  "--nounixsocket", *options], env=program.env(), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield f"mongodb://127.0.0.1:{port}/?directConnection=true", child.pid, port
        finally:
            child.terminate()
            child.wait(60)


def ask(kit, server, kind, connections, seconds, file):
    """Requests a second, processor seconds of the server for each, and what came: documents, bytes."""
    before = processor_seconds(server[1])
    done = subprocess.run([str(kit.BUILD / "bench_serve"), server[0], kind, str(connections), str(seconds), "1", str(file)],
                          check=True, stdout=subprocess.PIPE, text=True)
    requests, took, documents, size = (float(word) for word in done.stdout.split()[:4])
    return requests / took, (processor_seconds(server[1]) - before) / requests, (documents / requests, size / requests)


# ---- the rows


def compare(bench, kit, pair, kind, connections, file, words="", goal=None):
    """One row of ours and the peer in turn; the second, of processor time, for one connection."""
    name, _, is_short = KINDS[kind]
    speeds, used, came = ([], []), ([], []), [None, None]
    for number in range(bench.args.rounds):
        kit.say(f"serve: {name}{words}, {connections} connections, round {number + 1} of {bench.args.rounds}")
        for i, server in enumerate(pair):
            speed, cpu, came[i] = ask(kit, server, kind, connections, FIRST if is_short else 0, file)
            speeds[i].append(speed)
            used[i].append(cpu)
    if not is_short and kind != "groups" and came[0] != came[1]:
        raise RuntimeError(f"{name}: {came[0]} documents and bytes are not {came[1]}")
    row = f"serve, {name}, {connections} connection{'s' if connections > 1 else ''}{words}"
    bench.add(row, show_rate, speeds[0], speeds[1], f"mongod {VERSION}", goal, more_is_better=True)
    if connections == 1:
        bench.add(f"serve, {name}, processor{words}", show_us, used[0],
                  used[1] if all(used[1]) else None, f"mongod {VERSION}")


def other_field(bench, kit, pair, file):
    """A find by a field that is not `_id`: a scan for ours, whatever indexes there were."""
    speeds = []
    for server in pair:
        speeds.append([ask(kit, server, "other", 1, 0, file)[0] for _ in range(bench.args.rounds)])
    bench.add("serve, find by another field, 1 connection", show_rate, speeds[0], speeds[1],
              f"mongod {VERSION}, no index", more_is_better=True)
    subprocess.run([str(kit.BUILD / "bench_serve"), pair[1][0], "index", "1", "0", "1", str(file)], check=True,
                   stdout=subprocess.DEVNULL)
    indexed = [ask(kit, pair[1], "other", 1, FIRST, file)[0] for _ in range(bench.args.rounds)]
    bench.add("serve, find by another field, 1 connection", show_rate, speeds[0], indexed,
              f"mongod {VERSION}, index", more_is_better=True)


def first_answers(bench, kit, store):
    times = []
    for _ in range(max(bench.args.rounds, 3)):
        with ours(kit, store) as server:
            times.append(server[2])
    bench.add("serve, from its start to the first answer", lambda v: f"{v * 1000:.0f} ms", statistics.median(times),
              limit=0.3)


def run(bench, kit):
    file, _ = bench.orders()
    store = bench.ingested().store
    first_answers(bench, kit, store)
    try:
        with mongod(bench.work) as peer, ours(kit, store, "--max-memory", "2G") as our:
            kit.say("serve: mongorestore")
            subprocess.run([truth.tool("mongorestore").path, "--quiet", "--host", f"127.0.0.1:{peer[2]}", "--db", "shop",
                            "--collection", "orders", file], check=True)
            for server in (our, peer):
                ask(kit, server, "cursor", 1, 0, file)
            for kind, (_, goal, _) in KINDS.items():
                for connections in CONNECTIONS:
                    compare(bench, kit, (our, peer), kind, connections, file, goal=goal)
            with ours(kit, store, "--max-memory", "256M") as small:
                with kit.watched(small[1]) as peak:
                    for kind, goal in SMALL.items():
                        compare(bench, kit, (small, peer), kind, 1, file, " in 256M", goal)
                bench.add("serve, memory of these in 256M (RssAnon)", kit.show_mib, peak[0])
            other_field(bench, kit, (our, peer), file)
    except (truth.TruthError, OSError) as problem:
        kit.say(f"serve: the peer is left out: {problem}")
    shutil.rmtree(store, ignore_errors=True)
    os.sync()
