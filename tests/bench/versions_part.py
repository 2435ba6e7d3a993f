"""The part `versions` of bench.py: 40 versions of a table, of which 5 % of the rows change each time, or real ones.

What is stored is noted after each version, so that it can be drawn.
"""
import shutil
from pathlib import Path

# The design's figures are those of 173 MB of real versions of a table.
GOALS = {"restic": 1.15 / 23.6, "borg": 1.15 / 21.5}
OF_RAW = 1.15 / 173


def run(bench, b):
    """Changes all over the table, and next to each other; and those of a folder. `b` is bench.py."""
    for clustered, where in ((0, "scattered"), (1, "neighbours")):
        count = 8 if bench.args.quick else 40
        one(bench, b, where, made(bench, count, clustered))
    if bench.args.versions_of:
        one(bench, b, "real", copied(bench, sorted(Path(bench.args.versions_of).glob("*.bson"))))


def made(bench, count, clustered):
    """Functions that write a version each to the file that they are given."""
    return [lambda table, version=version: bench.generate(
        "table", table, "--count", 30000, "--version", version, "--percent", 5, "--clustered", clustered)
        for version in range(count)]


def copied(bench, files):
    if not files:
        raise SystemExit(f"bench: no .bson in {bench.args.versions_of}")
    return [lambda table, file=file: shutil.copyfile(file, table) for file in files]


def fill(bench, b, tools, versions):
    """({program: [bytes stored after each version]}, {program: seconds})"""
    seconds = {tool.name: 0 for tool in tools}
    curves = {tool.name: [] for tool in tools}
    curves["raw"] = []
    table, last, packed = (bench.work / name for name in ("table.bson", "last.bson", "packed.zst"))
    if bench.has_zstd:
        curves["zstd --patch-from"] = []
    for version, write in enumerate(versions):
        write(table)
        curves["raw"].append(sum(curves["raw"][-1:]) + table.stat().st_size)
        if bench.has_zstd:
            against = [f"--patch-from={last}"] if version > 0 else []
            b.timed(["zstd", "-q", "-f", "-3", *against, table, "-o", packed])
            curves["zstd --patch-from"].append(sum(curves["zstd --patch-from"][-1:]) + packed.stat().st_size)
        dump = bench.dump_with(table)
        for tool in tools:
            seconds[tool.name] += tool.take(dump)["seconds"]
            curves[tool.name].append(tool.stored())
        table.replace(last)
    return curves, seconds


def one(bench, b, where, versions):
    tools = [cls(bench.work) for cls in (b.Ours, *bench.peers)]
    for tool in tools:
        tool.fresh()
    words = f"{len(versions)} versions, {where}"
    b.say(f"versions: {words}")
    curves, seconds = fill(bench, b, tools, versions)
    bench.curves[f"stored, {words}"] = curves
    stored = {name: values[-1] for name, values in curves.items()}
    for peer in tools[1:]:
        bench.add(f"stored, {words}", b.show_bytes, stored["yester"], stored[peer.name], peer.name, GOALS[peer.name],
                  limit=OF_RAW * stored["raw"])
    if bench.has_zstd:
        bench.add(f"stored, {words}", b.show_bytes, stored["yester"], stored["zstd --patch-from"], "zstd --patch-from")
    bench.add(f"stored, {words}: raw", b.show_bytes, stored["raw"])
    for peer in tools[1:]:
        bench.add(f"time, {words}", b.show_seconds, seconds["yester"], seconds[peer.name], peer.name)
    for tool in tools:
        shutil.rmtree(getattr(tool, "repo", None) or tool.store, ignore_errors=True)
