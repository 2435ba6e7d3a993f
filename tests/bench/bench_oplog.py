"""The part of the bench about moments: how fast an oplog becomes the next snapshot, how soon a moment can be read,
what it costs to store.

The peer is mongorestore --oplogReplay into a mongod 6.0 that was restored from the same dump. It needs minutes for
all, so it replays the first entries only, and the speeds are compared. It comes from tests/setup/truth.py.
"""
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import json_part
from json_part import truth

BEGIN = "1790000000.1"  # the dump's optime: gen_oplog's first entry
MIB = 1024 * 1024


def figure(text):
    return f"{text:,.0f}".replace(",", " ")


def show_rate(value):
    return f"{figure(value)} ops/s"


def show_ms(value):
    return f"{value * 1000:.0f} ms"


def run_measured(kit, *command, ok=(0,)):
    """Run it to one of these exit statuses: seconds, processor seconds, the most memory, and what it printed."""
    os.sync()
    with tempfile.TemporaryFile() as out:
        start = time.monotonic()
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out)
        with kit.watched(child.pid) as peak:
            _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in ok:
            sys.exit(f"bench: {' '.join(map(str, command))}: exit status {child.returncode}")
        out.seek(0)
        return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "anon": peak[0], "out": out.read()}


def processor_seconds(pid):
    """What a process used so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def is_output(path, *command):
    """Is what the command prints the content of the file?"""
    with open(path, "rb") as file, subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE) as child:
        same = True
        while piece := child.stdout.read(MIB):
            same = piece == file.read(len(piece)) and same
        same = not file.read(1) and same
    return same and child.returncode == 0


class History:
    """A dump, the oplog that follows it, and a store of them."""

    def __init__(self, bench, kit, name):
        self.bench, self.kit = bench, kit
        self.folder = bench.work / name
        self.ours = kit.Ours(self.folder)
        self.store = self.ours.store
        self.marks = []

    def generate(self, *arguments):
        """What gen_oplog prints becomes the marks: (optime, [(namespace, _id)])."""
        self.folder.mkdir(exist_ok=True)
        words = [str(word) for word in (self.kit.BUILD / "gen_oplog", *arguments)]
        done = subprocess.run([*words, "--seed", str(self.bench.args.seed)], check=True, stdout=subprocess.PIPE, text=True)
        for line in done.stdout.splitlines()[:-1]:
            words = line.split()
            if len(words) == 1:
                self.marks.append((words[0], []))
            elif self.marks:
                self.marks[-1][1].append(words)

    def yester(self, verb, *arguments):
        return run_measured(self.kit, self.kit.BUILD / "yester", verb, "-s", self.store, *arguments)

    def begin(self):
        """A store with the dump alone, as of its optime."""
        self.ours.fresh()
        self.yester("ingest", "-q", self.folder / "dump", "--name", "base", "--time", BEGIN, "--assert-quiesced")

    def ingest_oplog(self):
        return self.yester("ingest-oplog", "-q", "--json", self.folder / "oplog.bson")

    def forget_visits(self):
        for cache in (self.store / "local").glob("*/cache"):
            shutil.rmtree(cache)


# ---- replay


def first_entries(source, out, count):
    """The first entries of an oplog.bson as one of their own."""
    with open(source, "rb") as entries, open(out, "wb") as sample:
        for _ in range(count):
            head = entries.read(4)
            if len(head) < 4:
                break
            sample.write(head + entries.read(struct.unpack("<i", head)[0] - 4))


def peer_rate(bench, kit, history):
    """Entries a second of mongorestore --oplogReplay; None where it can't be had."""
    count = 2000 if bench.args.quick else 20000
    sample = bench.work / "sample.bson"
    nothing = bench.work / "nothing"
    nothing.mkdir(exist_ok=True)
    first_entries(history.folder / "oplog.bson", sample, count)
    try:
        with json_part.mongod(bench.work) as address:
            restore = [truth.tool("mongorestore").path, "--quiet", "--host", address]
            kit.say("oplog: mongorestore of the dump")
            kit.timed([*restore, history.folder / "dump"])
            kit.say(f"oplog: mongorestore --oplogReplay of {count} entries")
            return count / kit.timed([*restore, "--oplogReplay", "--oplogFile", sample, nothing])["seconds"]
    except (truth.TruthError, OSError) as problem:
        kit.say(f"oplog: the peer is left out: {problem}")
    return None


def replay(bench, kit):
    entries = 30000 if bench.args.quick else 300000
    history = History(bench, kit, "mixed")
    history.generate("mixed", bench.orders()[0], history.folder, "--entries", entries,
                     "--mark", entries // 3)
    every, alone, cpu, anon = [], [], [], []
    for number in range(bench.args.rounds):
        kit.say(f"oplog: round {number + 1} of {bench.args.rounds}, replay of {entries} entries")
        history.begin()
        kit.take_memory()
        read, made = history.ingest_oplog(), history.yester("snapshot", "-q")
        seconds = read["seconds"] + made["seconds"]
        every.append(entries / seconds)
        alone.append(entries / (seconds - json.loads(read["out"])["milliseconds"] / 1000))
        cpu.append(entries / (read["cpu"] + made["cpu"]))
        anon.append(max(read["anon"], made["anon"]))
    peer = peer_rate(bench, kit, history)
    words = f"replay of {figure(entries)} entries, new snapshot"
    bench.add(words, show_rate, every, peer and [peer] * len(every), "mongorestore", limit=150000, more_is_better=True)
    bench.add(f"{words}, the oplog is in the store", show_rate, alone, peer and [peer] * len(every), "mongorestore",
              limit=150000, more_is_better=True)
    bench.add(f"{words}, for each second of processor", show_rate, cpu)
    bench.add("memory, replay (RssAnon)", kit.show_mib, anon, limit=256 * MIB)
    return history


# ---- moments


def first_byte(path):
    start = time.monotonic()
    with open(path, "rb", buffering=0) as file:
        if not file.read(1):
            sys.exit(f"bench: {path} is empty")
    return time.monotonic() - start


def on_the_line(history, moment, documents):
    """Seconds of `yester cat` of one document: cold, and once more."""
    ns, key = documents[0]
    taken = [history.yester("cat", "--at", moment, ns, "--id", json.dumps({"$oid": key})) for _ in range(2)]
    return [one["seconds"] for one in taken], [one["cpu"] for one in taken]


def in_the_mount(history, moment, documents):
    """Seconds to the first byte of a document's file in a new mount, then of others."""
    with history.kit.ours_mounted(history.store, history.bench.work / "mnt"):
        folder = history.bench.work / "mnt/at" / moment
        paths = [folder / ns.replace(".", "/", 1) / f"{key}.json" for ns, key in documents[2:12]]
        return first_byte(paths[0]), statistics.median(first_byte(path) for path in paths[1:])


def moments(bench, kit, history, mark, words):
    moment, documents = history.marks[mark]
    cat, cat_cpu, again, mount, visited = [], [], [], [], []
    for number in range(bench.args.rounds):
        kit.say(f"oplog: round {number + 1} of {bench.args.rounds}, a document {words}")
        history.forget_visits()
        kit.drop_caches()
        kit.take_memory()
        seconds, cpu = on_the_line(history, moment, documents)
        cat.append(seconds[0])
        cat_cpu.append(cpu[0])
        again.append(seconds[1])
        history.forget_visits()
        kit.drop_caches()
        kit.take_memory()
        seconds = in_the_mount(history, moment, documents)
        mount.append(seconds[0])
        visited.append(seconds[1])
    bench.add(f"yester cat of one document, {words}, cold", show_ms, cat, limit=0.1)
    bench.add(f"yester cat of one document, {words}, cold, processor", show_ms, cat_cpu)
    bench.add(f"yester cat of one document, {words}, visited", show_ms, again, limit=0.05)
    bench.add(f"mount, first byte of one document, {words}, cold", show_ms, mount, limit=0.1)
    bench.add(f"mount, first byte of one document, {words}, visited", show_ms, visited, limit=0.05)


def listing(bench, kit, history, mark, words):
    moment, _ = history.marks[mark]
    first, cpu, again = [], [], []
    for number in range(bench.args.rounds):
        kit.say(f"oplog: round {number + 1} of {bench.args.rounds}, ls -l {words}")
        history.forget_visits()
        with kit.ours_mounted(history.store, bench.work / "mnt") as pid:
            command = ["ls", "-l", bench.work / "mnt/at" / moment / "shop"]
            first.append(kit.timed(command)["seconds"])
            cpu.append(processor_seconds(pid))
            again.append(kit.timed(command)["seconds"])
    bench.add(f"mount, ls -l of 1000 collections, {words}, first", kit.show_seconds, first, limit=5)
    bench.add(f"mount, ls -l of 1000 collections, {words}, first, processor", kit.show_seconds, cpu)
    bench.add(f"mount, ls -l of 1000 collections, {words}, again", kit.show_seconds, again)


def long_stream(bench, kit):
    """Many collections, and a stream of which a visit may replay a small part only."""
    entries = 10000000 if bench.args.long else 100000 if bench.args.quick else 1000000
    mark = 10000 if bench.args.quick else 100000
    history = History(bench, kit, "long")
    part = bench.work / "part.bson"
    bench.generate("orders", part, "--count", bench.count // 4)
    kit.say(f"oplog: making {figure(entries)} entries")
    history.generate("mixed", part, history.folder, "--entries", entries, "--collections", 1000,
                     "--inserts", 14, "--deletes", 13, "--mark", mark)
    part.unlink()
    kit.say(f"oplog: ingest of {figure(entries)} entries, with checkpoints")
    history.begin()
    read = history.ingest_oplog()
    (history.folder / "oplog.bson").unlink()
    bench.add(f"ingest-oplog of {figure(entries)} entries, with checkpoints", show_rate, entries / read["seconds"])
    bench.add("memory, ingest-oplog (RssAnon)", kit.show_mib, read["anon"], limit=256 * MIB)
    words = f"in {figure(entries)} entries"
    moments(bench, kit, history, 0, f"{figure(mark)} after a snapshot {words}")
    moments(bench, kit, history, len(history.marks) * 7 // 10, f"anywhere {words}")
    listing(bench, kit, history, 0, f"{figure(mark)} after a snapshot {words}")
    listing(bench, kit, history, len(history.marks) * 7 // 10, f"anywhere {words}")
    shutil.rmtree(history.folder)


# ---- stored bytes


def stored(bench, kit):
    first, later = bench.orders()
    kit.say("oplog: stored by 1 % of updates")
    history = History(bench, kit, "between")
    history.generate("between", first, later, history.folder)
    history.begin()
    before = history.ours.stored()
    history.ingest_oplog()
    with_oplog = history.ours.stored()
    history.yester("snapshot", "-q")
    after = history.ours.stored()
    if not is_output(later, kit.BUILD / "yester", "cat", "-s", history.store, "shop.orders", "--format", "bson"):
        sys.exit("bench: the replayed collection is not the one that it should be")
    packed = bench.work / "packed.zst"
    peer = None
    if bench.has_zstd:
        kit.timed(["zstd", "-q", "-f", "-3", "--long=30", f"--patch-from={first}", later, "-o", packed])
        peer = packed.stat().st_size
        packed.unlink()
    bench.add("stored, 1 % changed by a replay, added", kit.show_bytes, after - with_oplog, peer,
              "zstd --patch-from", 2.3)
    bench.add("stored, the oplog of that", kit.show_bytes, with_oplog - before)
    shutil.rmtree(history.folder)


def run(bench, kit):
    """`kit` is the module with the programs and the mounts."""
    stored(bench, kit)
    history = replay(bench, kit)
    moments(bench, kit, history, 0, "100 000 after a snapshot" if not bench.args.quick else "10 000 after a snapshot")
    shutil.rmtree(history.folder)
    long_stream(bench, kit)
