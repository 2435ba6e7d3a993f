#!/usr/bin/env python3
"""Replay the recorded corpora and count the answers that are those of mongod 6.0.27.

    replay.py prepare CORPUS STORE    load the states into a mongod, dump it, ingest the dump into a new STORE
    replay.py run CORPUS STORE [--uri URI] [--out FILE]    all reads: by build/query_driver, or by a server
    replay.py                         both, for all corpora, by a server each, in a folder of its own; fails below --least percent
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import bson
import pymongo

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "query")]
import corpus  # noqa: E402
import peers  # noqa: E402
import serving  # noqa: E402
from raw_client import RawClient, with_db  # noqa: E402

CORPORA = ("ferretdb_recorded", "pymongo_recorded")
SAME = ("same",)
MOST_DEATHS = 30


class Driver:
    """build/query_driver with one store. Started again when it dies: that is a difference, not the end."""

    def __init__(self, store):
        self.store = store
        self.process = None
        self.deaths = 0

    def raw(self, command):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen([peers.program("query_driver"), self.store],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.process.stdin.write(command)
            self.process.stdin.flush()
            head = self.process.stdout.read(4)
            return head + self.process.stdout.read(int.from_bytes(head, "little") - 4)
        except (BrokenPipeError, ValueError, OverflowError):
            return self._died()

    def _died(self):
        self.process.wait()
        self.deaths += 1
        if self.deaths > MOST_DEATHS:
            sys.exit(f"the driver has died {self.deaths} times: {self.process.returncode}")
        return bson.encode({"ok": 0, "errmsg": f"the driver died: {self.process.returncode}", "code": -1})

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def prepare(folder, store):
    """The corpus' states as a store: through a real mongod, mongodump and yester ingest."""
    with peers.Mongod("6.0.27", replset=False) as server, tempfile.TemporaryDirectory() as work:
        client = pymongo.MongoClient(server.uri, directConnection=True)
        made, troubles = corpus.load(folder, client[corpus.DB])
        print(f"{folder.name}: {made} states loaded, {len(troubles)} not", *troubles[:5], sep="\n  ")
        peers.tools.mongodump("--quiet", "--uri", server.uri, "--out", work, timeout=900)
        peers.yester("init", store)
        peers.yester("ingest", "-s", store, work, timeout=900)


def run(folder, target, out):
    """Counter of (command, result); each difference as a line of JSON in `out`."""
    counts = collections.Counter()
    for read in corpus.reads(folder):
        got = target.raw(with_db(read.command, corpus.DB))
        result = read.compare(got)
        counts[read.kind.lower(), result] += 1
        if out and result not in SAME:
            out.write(json.dumps({
                "n": read.number, "result": result, "request": read.words()[:3000], "colls": read.names,
                "want": str(corpus.normal(read.reply))[:6000], "got": str(corpus.normal(got))[:6000]}) + "\n")
    return counts


def show(name, counts):
    """Print the table; returns the percentage that is the same."""
    total = sum(counts.values())
    same = sum(n for (_, result), n in counts.items() if result in SAME)
    for (kind, result), number in sorted(counts.items()):
        print(f"  {number:6} {kind:12} {result}")
    percent = 100 * same / max(total, 1)
    print(f"{name}: {same} of {total} the same, {percent:.2f} %", flush=True)
    return percent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", nargs="?", choices=("prepare", "run"))
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("store", nargs="?")
    parser.add_argument("--uri")
    parser.add_argument("--out", type=argparse.FileType("w"))
    parser.add_argument("--least", type=float, default=97.0)
    options = parser.parse_args()
    data = peers.SHARED / "data" / "conformance"
    if options.verb == "prepare":
        return prepare(data / options.corpus, options.store)
    if options.verb == "run":
        target = RawClient(options.uri) if options.uri else Driver(options.store)
        percent = show(options.corpus, run(data / options.corpus, target, options.out))
        target.close()
        return percent < options.least
    percents = []
    with tempfile.TemporaryDirectory(prefix="yester-replay-") as work:
        for name in CORPORA:
            store = os.path.join(work, name)
            prepare(data / name, store)
            with serving.Server(store, "--noauth") as server, RawClient(server.uri) as target:
                percents.append(show(name, run(data / name, target, options.out)))
    return min(percents) < options.least


if __name__ == "__main__":
    sys.exit(main())
