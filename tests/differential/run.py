#!/usr/bin/env python3
"""The differential test of replay against real mongods.

    run.py [--seed N] [--ops N] [--versions 4.2.6,6.0.27] [--keep DIR]   record and compare; --ops is for all versions together
    run.py --compare DIR [--at T.I]                                       compare a recording again, or one moment of it

It prints what occurred how often: named cases of reference/oplog.md, ops, commands. Differences are told with what makes them
again, and a recording that shows one is kept.
"""
import argparse
import collections
import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
import compare  # noqa: E402
import record  # noqa: E402
from cases import NOT_MADE, UNTIL, all_cases  # noqa: E402

VERSIONS = ("4.2.6", "4.4.2", "5.0.4", "6.0.27")
LONG = 20_000  # operations of one version from which on it is the long form
MOMENTS, INSIDE = 200, 50  # at least, and of those inside chains, prepared transactions, index builds and renames
ENOUGH = 50  # how often each case, op and command has to occur in the long form


def in_memory(least=8 << 30):
    """A folder in memory where there is one with enough room, else None: mongods and stores sync a lot."""
    with contextlib.suppress(OSError):
        room = os.statvfs("/dev/shm")
        if room.f_bavail * room.f_frsize >= least:
            return Path(tempfile.mkdtemp(prefix="yester-differential-", dir="/dev/shm"))
    return None


@contextlib.contextmanager
def working_in(final):
    """A folder for one recording, and for all that is temporary, in memory if possible; copied to `final` when the block fails."""
    place = in_memory()
    if place is None:
        yield Path(final)
        return
    before, tempfile.tempdir = tempfile.tempdir, str(place)
    try:
        yield place / "recording"
    except BaseException:
        keep(place / "recording", final)
        raise
    finally:
        tempfile.tempdir = before
        shutil.rmtree(place, ignore_errors=True)


def keep(recording, final):
    if Path(recording) != Path(final) and Path(recording).exists():
        shutil.copytree(recording, final, dirs_exist_ok=True)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--ops", type=int, default=8000)
    parser.add_argument("--versions", default=",".join(VERSIONS))
    parser.add_argument("--keep", help="a folder for the recordings, which are then kept")
    parser.add_argument("--record-only", action="store_true", help="do not compare")
    parser.add_argument("--compare", metavar="DIR", help="a recording")
    parser.add_argument("--at", metavar="T.I", help="with --compare: this moment only")
    return parser.parse_args(arguments)


def tell(comparison, say=print):
    """The differences, so that a person can go on from there."""
    for one in comparison.differences[: compare.SHOWN]:
        say(f"DIFFERENT {one['version']} seed {one['seed']} at {one['at']} {one['ns'] or '(everything)'}: {one['what'][:400]}"
            + (f"  [{one['how']}: {one['label']}]" if "label" in one else "")
            + (f", and at {one['times'] - 1} more moments" if one["times"] > 1 else ""))
        for key in ("wanted", "ours"):
            if key in one:
                say(f"    {key:7} {str(one[key])[:400]}")
        for entry in [*one.get("before", ()), *one.get("entries", ())]:
            say(f"    entry   {entry[:400]}")
    if len(comparison.differences) > compare.SHOWN:
        say(f"... and {len(comparison.differences) - compare.SHOWN} more in differences.json")


def one_version(version, folder, seed, operations, say=print, only_record=False):
    """Record and compare; (info, differences)."""
    plan = record.Plan(operations, operations < LONG)
    began = time.monotonic()
    recorder = record.record(version, folder, seed, plan, say)
    info = recorder.recording.info()
    say(f"{version}: {info['operations']:,} operations, moments {info['moments']}, recorded in {info['seconds']:.0f} s")
    if only_record:
        return info, []
    comparison = compare.compare(folder, say)
    tell(comparison, say)
    say("  spent: " + ", ".join(f"{verb} {s['times']}x {s['cpu']:.1f} s of CPU, {s['wall']:.0f} s" for verb, s in compare.SPENT.items()))
    compare.SPENT.clear()
    say(f"{version}: {comparison.moments} moments ({comparison.mounted} of them in a mount), {comparison.documents:,} documents compared, "
        f"{len(comparison.differences)} differences, {time.monotonic() - began:.0f} s in all")
    return info, comparison.differences


def table(infos, say=print):
    """How often everything occurred, a column for each version; what did not is told with its reason."""
    versions = [i["version"] for i in infos]

    def rows(title, counters, names):
        say(f"\n{title:44}" + "".join(f"{v:>10}" for v in versions))
        for name in names:
            counts = [c.get(name, 0) for c in counters]
            reason = NOT_MADE.get(name, "") if not any(counts) else ""
            say(f"  {name:42}" + "".join(f"{n:>10,}" for n in counts) + (f"  {reason}" if reason else ""))

    counted = [i["counted"] for i in infos]
    rows("in the oplog", counted, sorted({k for c in counted for k in c}))
    rows("moments", [i["labels"] for i in infos], sorted({k for i in infos for k in i["labels"]}))
    rows("named cases", [i["cases"] for i in infos], all_cases())
    broken = collections.Counter()
    for info in infos:
        broken.update(info["broken off"])
    if broken:
        say(f"\nscenarios that a refusal ended early: {dict(broken)}")


def too_few(infos):
    """What occurred less than it has to in the long form."""
    found = []
    for info in infos:
        for name in all_cases():
            count, version = info["cases"].get(name, 0), tuple(map(int, info["version"].split(".")))
            possible = name not in NOT_MADE and all_cases()[name] <= version < UNTIL.get(name, (99,))
            if possible and count < ENOUGH and name not in record.HEAVY_CASES:
                found.append(f"{info['version']} {name}: {count}")
        found += [f"{info['version']} {name}: {count}" for name, count in info["counted"].items() if count < ENOUGH]
    if len(infos) == len(VERSIONS):
        heavy = {name: sum(i["cases"].get(name, 0) for i in infos) for name in record.HEAVY_CASES}
        found += [f"all versions {name}: {count}" for name, count in heavy.items() if count < ENOUGH]
    for info in infos:
        inside = sum(info["labels"].get(k, 0) for k in ("chain", "prepared", "index build", "rename"))
        if inside < INSIDE or sum(info["moments"].values()) < MOMENTS:
            found.append(f"{info['version']} moments: {info['moments']}, {inside} of them inside something")
    return found


def main(arguments):
    options = parse(arguments)
    if options.compare:
        comparison = compare.compare(options.compare, only=options.at)
        tell(comparison)
        print(f"{comparison.moments} moments, {comparison.documents:,} documents, {len(comparison.differences)} differences")
        return 1 if comparison.differences else 0
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    versions = options.versions.split(",")
    print(f"differential: seed {seed}, {options.ops:,} operations over {', '.join(versions)}", flush=True)
    folder = Path(options.keep or tempfile.mkdtemp(prefix="yester-differential-"))
    infos, differences = [], []
    for version in versions:
        where = folder / version
        shutil.rmtree(where, ignore_errors=True)
        with working_in(where) as fast:
            info, found = one_version(version, fast, seed, options.ops // len(versions), only_record=options.record_only)
            if found or options.keep:
                keep(fast, where)
        infos.append(info)
        differences += found
        sys.stdout.flush()
        if not found and not options.keep:
            shutil.rmtree(where, ignore_errors=True)
    table(infos)
    few = too_few(infos) if options.ops // len(versions) >= 200_000 else []
    for one in few:
        print(f"TOO FEW {one}")
    print(f"\ndifferential: seed {seed}, {sum(i['operations'] for i in infos):,} operations, {len(differences)} differences"
          + (f"; the recordings are in {folder}" if differences or options.keep else ""))
    if not differences and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if differences or few else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
