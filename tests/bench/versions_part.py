"""The part `versions` of bench.py: 40 versions of a table, of which 5 % of the rows change each time.

What is stored is noted after each version, so that it can be drawn.
"""
import shutil

GOALS = {"restic": 1.15 / 23.6, "borg": 1.15 / 21.5}


def run(bench, b):
    """All over the table, and next to each other. `b` is bench.py."""
    for clustered, where in ((0, "scattered"), (1, "neighbours")):
        one(bench, b, clustered, where)


def fill(bench, b, tools, versions, clustered):
    """({program: [bytes stored after each version]}, {program: seconds})"""
    seconds = {tool.name: 0 for tool in tools}
    curves = {tool.name: [] for tool in tools}
    curves["raw"] = []
    table, last, packed = (bench.work / name for name in ("table.bson", "last.bson", "packed.zst"))
    if bench.has_zstd:
        curves["zstd --patch-from"] = []
    for version in range(versions):
        bench.generate("table", table, "--count", 30000, "--version", version, "--percent", 5, "--clustered", clustered)
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


def one(bench, b, clustered, where):
    versions = 8 if bench.args.quick else 40
    tools = [cls(bench.work) for cls in (b.Ours, *bench.peers)]
    for tool in tools:
        tool.fresh()
    b.say(f"versions: {versions}, {where}")
    curves, seconds = fill(bench, b, tools, versions, clustered)
    words = f"{versions} versions, {where}"
    bench.curves[f"stored, {words}"] = curves
    stored = {name: values[-1] for name, values in curves.items()}
    for peer in tools[1:]:
        bench.add(f"stored, {words}", b.show_bytes, stored["yester"], stored[peer.name], peer.name, GOALS[peer.name])
    if bench.has_zstd:
        bench.add(f"stored, {words}", b.show_bytes, stored["yester"], stored["zstd --patch-from"], "zstd --patch-from")
    bench.add(f"stored, {words}: raw", b.show_bytes, stored["raw"])
    for peer in tools[1:]:
        bench.add(f"time, {words}", b.show_seconds, seconds["yester"], seconds[peer.name], peer.name)
    for tool in tools:
        shutil.rmtree(getattr(tool, "repo", None) or tool.store, ignore_errors=True)
