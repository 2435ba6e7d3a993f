"""The part `memory` of bench.py: the largest RssAnon that the verbs and the mount have over the orders and their oplog.

Not more than 256 MiB each, whatever the size of the store is.
"""
import shutil
import subprocess

from bench_oplog import BEGIN, run_measured

MIB = 1 << 20
LIMIT = 256 * MIB


def verbs(bench, b):
    """(what it is called, its words) in an order that works, over one store."""
    folder = bench.work / "memory"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    entries = 30000 if bench.args.quick else 300000
    subprocess.run([b.BUILD / "gen_oplog", "mixed", bench.orders()[0], folder, "--entries", str(entries), "--seed",
                    str(bench.args.seed)], check=True, stdout=subprocess.DEVNULL)
    store, other, copy = folder / "store", folder / "other", folder / "copy"
    for made in (store, copy):
        subprocess.run([b.BUILD / "yester", "init", "-s", made], check=True, stdout=subprocess.DEVNULL)
    yield "ingest", ("ingest", "-q", "-s", store, folder / "dump", "--name", "base", "--time", BEGIN, "--assert-quiesced")
    yield "ingest-oplog", ("ingest-oplog", "-q", "-s", store, folder / "oplog.bson")
    yield "snapshot", ("snapshot", "-q", "-s", store)
    yield "log", ("log", "-s", store, "--bursts")
    yield "diff", ("diff", "-s", store, "base", "latest")
    yield "dump", ("dump", "-q", "-s", store, "--at", "latest", "--out", folder / "out")
    yield "check --read-data", ("check", "-q", "-s", store, "--read-data")
    yield "check --replay", ("check", "-q", "-s", store, "--replay", "1")
    yield "replicate", ("replicate", "-q", "-s", store, other)
    yield "copy", ("copy", "-q", "-s", store, copy)
    yield "forget --prune", ("forget", "-q", "-s", store, "--keep-last", "1", "--prune", "--grace", "0s")
    shutil.rmtree(folder)


def run(bench, b):
    """`b` is bench.py."""
    for name, words in verbs(bench, b):
        b.say(f"memory: {name}")
        used = run_measured(b, b.BUILD / "yester", *words, ok=(0, 3))  # 3: diff found something
        bench.add(f"memory, {name} (RssAnon)", b.show_mib, used["anon"], limit=LIMIT)
    mount(bench, b)


def mount(bench, b):
    mnt = bench.work / "mnt"
    b.say("memory: mount")
    with b.ours_mounted(bench.ingested().store, mnt) as pid, b.watched(pid) as peak:
        b.read_through(mnt / "latest/shop/orders.bson")
    bench.add("memory, mount, after reading all (RssAnon)", b.show_mib, peak[0], limit=LIMIT)
    _, many = bench.many()
    with b.ours_mounted(many.store, mnt) as pid, b.watched(pid) as peak:
        b.timed(["ls", "-lR", f"{mnt}/latest/"])
    bench.add("memory, mount, after ls -lR of many (RssAnon)", b.show_mib, peak[0], limit=LIMIT)
