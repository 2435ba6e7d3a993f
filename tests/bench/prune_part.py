"""The part `prune` of bench.py: 200 snapshots of a table of which 1 % of the rows change each time; one of ten is kept, the rest goes.

Ours deletes what was unused for the grace, which is 0 here: `forget --prune` finds it, copies what is still used out of packs with much
waste, and the next prunes take it away; all of them that do something are timed together. "Written" is the size of the files that
are there afterwards and were not before: what a copy of the store by rsync then has to fetch.
The rows on replicate are of the store before that: what is sent for one more snapshot, against what the store grew by.
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

GOAL = 1 / 5  # of restic's time
SENT = 1.2  # bytes for each byte that the store grew by


def files_of(folder, without=()):
    """{path: bytes} of the folder, less the subfolders `without`."""
    found = {}
    for root, folders, names in os.walk(folder):
        if root == str(folder):
            folders[:] = [name for name in folders if name not in without]
        for name in names:
            path = Path(root, name)
            found[path] = path.lstat().st_size
    return found


def written(before, after):
    return sum(size for path, size in after.items() if path not in before)


def json_of(command, env=None):
    return json.loads(subprocess.run(list(map(str, command)), env=env, check=True, capture_output=True).stdout)


def grow(bench, b, tools, versions):
    """Give each program the snapshots, one after another."""
    table = bench.work / "table.bson"
    for version in range(versions):
        if version % 10 == 0:
            b.say(f"prune: snapshot {version + 1} of {versions}")
        bench.generate("table", table, "--count", 30000, "--version", version, "--percent", 1)
        dump = bench.dump_with(table)
        for tool in tools:
            tool.take(dump)


def replicate(bench, b, ours, versions):
    """What is sent to a copy of the store for one more snapshot."""
    if shutil.which("rsync") is None:
        return
    b.say("prune: replicate")
    far, table = bench.work / "far", bench.work / "table.bson"
    command = [b.BUILD / "yester", "replicate", "--json", "--verify", "no", "-s", ours.store, far]
    json_of(command)
    before = sum(files_of(ours.store, ("local",)).values())
    bench.generate("table", table, "--count", 30000, "--version", versions, "--percent", 1)
    ours.take(bench.dump_with(table))
    sent = json_of(command)["sentBytes"]
    grown = sum(files_of(ours.store, ("local",)).values()) - before
    bench.add("replicate, 1 % changed: sent for each byte that is new", lambda value: f"{value:.3f}", sent / grown, limit=SENT)
    bench.add("replicate, 1 % changed: sent", b.show_bytes, sent)
    shutil.rmtree(far)


def prune_ours(b, ours):
    """Seconds on the clock and of the processor, and the runs that it took."""
    yester = b.BUILD / "yester"
    names = [one["name"] for one in json_of([yester, "snapshots", "--json", "-s", ours.store])]
    gone = [name for number, name in enumerate(names) if number % 10 != 0]
    used = b.timed([yester, "forget", "-q", "-s", ours.store, "--prune", "--grace", "0", *gone])
    for runs in range(2, 10):
        before = files_of(ours.store, ("local", "prune"))
        more = b.timed([yester, "prune", "-q", "-s", ours.store, "--grace", "0"])
        if files_of(ours.store, ("local", "prune")) == before:
            return used, runs - 1
        used = {key: used[key] + more[key] for key in used}
    raise RuntimeError("prune finds no end")


def prune_restic(b, restic):
    taken = sorted(json_of(["restic", "snapshots", "--json"], restic.env), key=lambda one: one["time"])
    gone = [one["id"] for number, one in enumerate(taken) if number % 10 != 0]
    return b.timed(["restic", "forget", "--quiet", "--prune", *gone], env=restic.env)


def run(bench, b):
    """`b` is bench.py."""
    versions = 30 if bench.args.quick else 200
    ours = b.Ours(bench.work)
    restic = b.Restic(bench.work) if b.Restic in bench.peers else None
    tools = [ours, *([restic] if restic is not None else [])]
    for tool in tools:
        tool.fresh()
    grow(bench, b, tools, versions)
    replicate(bench, b, ours, versions)
    b.say("prune: forget and prune")
    before = [files_of(ours.store, ("local",)), files_of(restic.repo) if restic else {}]
    used, runs = prune_ours(b, ours)
    theirs = prune_restic(b, restic) if restic else {"seconds": None, "cpu": None}
    after = [files_of(ours.store, ("local",)), files_of(restic.repo) if restic else {}]
    peer = "restic" if restic else ""
    words = f"forget and prune, 1 of 10 of {versions} snapshots stays"
    bench.add(f"{words}; {runs} runs", b.show_seconds, used["seconds"], theirs["seconds"], peer, GOAL)
    bench.add(f"{words}, processor", b.show_seconds, used["cpu"], theirs["cpu"], peer)
    figures = {"written": [written(*pair) for pair in zip(before, after)], "stored before": [sum(one.values()) for one in before],
               "stored after": [sum(one.values()) for one in after]}
    for what, (mine, other) in figures.items():
        bench.add(f"{words}, {what}", b.show_bytes, mine, other if restic else None, peer)
    for tool in tools:
        shutil.rmtree(getattr(tool, "repo", None) or tool.store, ignore_errors=True)
