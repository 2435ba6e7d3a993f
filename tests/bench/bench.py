#!/usr/bin/env python3
"""Ours against the peers, in one run: time, stored bytes, mount reads, memory; one table and BUILD/bench.json,
which plot.py draws.

    bench.py [--only PART[,PART]] [--quick] [--long] [--rounds N] [--seed N] [--work DIR]

Parts: ingest (first, again unchanged, again after 1 % scattered changes; and what is stored),
versions (40 versions of a table: versions_part.py), read (a mounted .bson, cold and warm), json (a mounted .json, files of
documents, the renderer: json_part.py), list (ls -lR of many collections), memory, oplog (replay, moments, what they
store: bench_oplog.py), serve (requests a second against a mongod: serve_part.py),
live (backup and restore of a running member: live_part.py),
prune (most of 200 snapshots go: prune_part.py). Ours and the peers take turns; a ratio is the median of the rounds' ratios, so
that it holds when the machine's speed drifts. Goals are the ratios of DESIGN section 9 (what we must
reach against what the peer had there), or figures where it has no such peer; judged on the full data only.

It needs about 5 GB in --work (default: the temporary folder), which it removes, and for a cold
cache the right to drop it (root). A peer that is not installed is left out and named:
apt install restic borgbackup squashfs-tools squashfuse zstd
"""
import argparse
import contextlib
import json
import mmap
import os
import platform
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_oplog
import json_part
import live_part
import memory_part
import prune_part
import serve_part
import versions_part
from drivers import mounted, watched

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
MB = 1000 * 1000
MIB = 1024 * 1024
PARTS = ("ingest", "versions", "read", "json", "list", "memory", "oplog", "serve", "live", "prune")
PIECE = MIB


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- commands


def timed(command, cwd=None, env=None, ok=(0,)):
    """Run it to its end: seconds on the clock and seconds of processor time, its children's too."""
    os.sync()
    with tempfile.TemporaryFile() as said:
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in ok:
            said.seek(0)
            sys.exit(f"bench: {' '.join(map(str, command))}: exit status {child.returncode}\n"
                     + said.read().decode(errors="replace"))
    return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime}


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return None
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else "?"


def stored_bytes(folder, without=()):
    """What `du -sb` says of the folder, less the subfolders `without`."""
    total = folder.lstat().st_size
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            total += 0 if entry.name in without else stored_bytes(entry)
        else:
            total += entry.lstat().st_size
    return total


def drop_caches():
    """True when what follows reads from the disk."""
    os.sync()
    with contextlib.suppress(OSError):
        Path("/proc/sys/vm/drop_caches").write_text("3")
        return True
    return False


def take_memory(size=1536 * MIB):
    """
    Use memory and give it back. A virtual machine may have given what was free (as after drop_caches) to its
    host, and its next use then costs more than all that is measured here.
    """
    with contextlib.suppress(OSError):
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


# ---- the programs that are compared


class Ours:
    name = "yester"

    def __init__(self, work):
        self.store = work / "store"

    @staticmethod
    def version():
        return first_line(BUILD / "yester", "version") or sys.exit(f"bench: no {BUILD}/yester: run make")

    def fresh(self):
        shutil.rmtree(self.store, ignore_errors=True)
        timed([BUILD / "yester", "init", "-q", "-s", self.store])

    def command(self, dump):
        return [BUILD / "yester", "ingest", "-q", "-s", self.store, dump]

    def take(self, dump):
        return timed(self.command(dump))

    def stored(self):
        return stored_bytes(self.store, without=("local",))


class Restic:
    name = "restic"
    package = "restic"

    def __init__(self, work):
        self.repo = work / "restic"
        self.env = dict(os.environ, RESTIC_PASSWORD="bench", RESTIC_CACHE_DIR=str(work / "restic-cache"),
                        RESTIC_REPOSITORY=str(self.repo))

    @staticmethod
    def version():
        return first_line("restic", "version")

    def fresh(self):
        shutil.rmtree(self.repo, ignore_errors=True)
        timed(["restic", "init", "--quiet"], env=self.env)

    def take(self, dump):
        return timed(["restic", "backup", "--quiet", "--compression", "auto", "."], cwd=dump, env=self.env)

    def stored(self):
        return stored_bytes(self.repo)


class Borg:
    name = "borg"
    package = "borgbackup"

    def __init__(self, work):
        self.repo = work / "borg"
        self.env = dict(os.environ, BORG_BASE_DIR=str(work / "borg-home"),
                        BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes")
        self.taken = 0

    @staticmethod
    def version():
        return first_line("borg", "--version")

    def fresh(self):
        shutil.rmtree(self.repo, ignore_errors=True)
        timed(["borg", "init", "-e", "none", self.repo], env=self.env)

    def take(self, dump):
        self.taken += 1
        return timed(["borg", "create", "--compression", "zstd,3", f"{self.repo}::a{self.taken}", "."],
                     cwd=dump, env=self.env)

    def stored(self):
        return stored_bytes(self.repo)


# ---- mounts


def ours_mounted(store, mnt, *options):
    return mounted([BUILD / "yesterfs", store, mnt, "-f", *options], mnt)


def squashfs_mounted(image, mnt):
    return mounted(["squashfuse_ll", "-f", image, mnt], mnt)


def read_through(path):
    """Seconds to read the file from its begin to its end, in pieces of 1 MiB."""
    room = bytearray(PIECE)
    start = time.monotonic()
    with open(path, "rb", buffering=0) as file:
        while file.readinto(room):
            pass
    return time.monotonic() - start


# ---- the bench


def show_seconds(value):
    return f"{value:.2f} s"


def show_ms(value):
    return f"{value * 1000:.0f} ms"


def show_bytes(value):
    return f"{value / MB:.2f} MB" if value < 100 * MB else f"{value / MB:.0f} MB"


def show_mib(value):
    return f"{value / MIB:.0f} MiB"


def show_speed(value):
    return f"{value / MB:.0f} MB/s"


class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.rows = []
        self.curves = {}  # {title: {program: [bytes after each version]}}, which plot.py draws
        self.count = 80000 if args.quick else 800000
        self.left_out = [p for p in (Restic, Borg) if shutil.which(p.name) is None]
        self.peers = [p for p in (Borg, Restic) if p not in self.left_out]
        self.has_squash = shutil.which("mksquashfs") is not None and shutil.which("squashfuse_ll") is not None
        self.has_zstd = shutil.which("zstd") is not None

    def add(self, row, show, ours, peer=None, peer_name="", goal=None, more_is_better=False, limit=None):
        """`ours` and `peer` are figures of the same rounds. `goal` is a ratio, `limit` a figure; both may be set."""
        ours = ours if isinstance(ours, list) else [ours]
        peer = [] if peer is None else peer if isinstance(peer, list) else [peer] * len(ours)
        ratio = statistics.median(a / b for a, b in zip(ours, peer)) if peer else None
        figure, sign = statistics.median(ours), ">=" if more_is_better else "<="
        goals = [(figure, limit, show)] if limit is not None else []
        if goal is not None and ratio is not None:
            goals.append((ratio, goal, "{:.3g}".format))
        reached = [] if self.args.quick else [
            got >= wanted if more_is_better else got <= wanted for got, wanted, _ in goals]
        self.rows.append({
            "row": row, "peer_name": peer_name, "ours": figure, "ours_all": ours,
            "peer": statistics.median(peer) if peer else None, "peer_all": peer, "ratio": ratio,
            "goal": goal, "limit": limit, "reached": all(reached) if reached else None,
            "cells": (row, show(figure),
                      f"{peer_name} {show(statistics.median(peer))}" if peer else "-",
                      f"{ratio:.3g}" if ratio is not None else "-",
                      ", ".join(f"{sign} {words(wanted)}" for _, wanted, words in goals) or "-",
                      ", ".join("yes" if is_reached else "NO" for is_reached in reached) or "-")})

    # -- data

    def generate(self, what, out, *options):
        out.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            out.unlink()
        timed([BUILD / "gen_data", what, out, "--seed", str(self.args.seed), *map(str, options)])

    def orders(self):
        """The dump, and the file that it has after 1 % of changes; made once."""
        first, later = self.work / "orders-1.bson", self.work / "orders-2.bson"
        if not first.exists():
            say("making data")
            self.generate("orders", first, "--count", self.count)
            self.generate("orders", later, "--count", self.count, "--updates", self.count // 100,
                          "--deletes", self.count // 1000)
        return first, later

    def dump_with(self, file):
        """A dump of that one file; its inode and times are new, as those of a new dump are."""
        dump = self.work / "dump"
        shutil.rmtree(dump, ignore_errors=True)
        (dump / "shop").mkdir(parents=True)
        os.link(file, dump / "shop" / "orders.bson")
        os.utime(file)
        return dump

    def ingested(self):
        """A store with the first dump."""
        ours = Ours(self.work)
        ours.fresh()
        ours.take(self.dump_with(self.orders()[0]))
        return ours

    # -- parts

    def ingest(self):
        first, later = self.orders()
        steps = (("first", first), ("unchanged", first), ("1 % changed", later))
        tools = [cls(self.work) for cls in (Ours, *self.peers)]
        times = {(tool.name, step): [] for tool in tools for step, _ in steps}
        cpu = {key: [] for key in times}
        stored = {key: [] for key in times}
        for number in range(self.args.rounds):
            for tool in tools:
                tool.fresh()
            for step, file in steps:
                dump = self.dump_with(file)
                for tool in tools:
                    say(f"ingest: round {number + 1} of {self.args.rounds}, {step}, {tool.name}")
                    before = tool.stored()
                    # All alike find memory, and the dump in it: who comes first would else read it from the disk.
                    take_memory()
                    read_through(dump / "shop" / "orders.bson")
                    used = tool.take(dump)
                    times[tool.name, step].append(used["seconds"])
                    cpu[tool.name, step].append(used["cpu"])
                    stored[tool.name, step].append(tool.stored() - (0 if step == "first" else before))
        goals = {("first", "borg"): 3.3 / 4.5, ("first", "restic"): 3.3 / 7.0,
                 ("1 % changed", "borg"): 1.5 / 4.5, ("1 % changed", "restic"): 1.5 / 5.3}
        limits = {"first": 3.3, "unchanged": 1.5, "1 % changed": 1.5}
        for step, _ in steps:
            for peer in tools[1:]:
                self.add(f"ingest, {step}", show_seconds, times["yester", step], times[peer.name, step],
                         peer.name, goals.get((step, peer.name)), limit=limits[step])
        for step, _ in steps:
            for peer in tools[1:]:
                self.add(f"ingest, {step}, processor", show_seconds, cpu["yester", step], cpu[peer.name, step],
                         peer.name)
        self.stored_rows(stored, tools, first, later)
        for tool in tools:
            shutil.rmtree(getattr(tool, "repo", None) or tool.store, ignore_errors=True)

    def stored_rows(self, stored, tools, first, later):
        goals = {("first", "restic"): 228 / 213, ("first", "borg"): 228 / 205,
                 ("1 % changed", "restic"): 1.2 / 212, ("1 % changed", "borg"): 1.2 / 205}
        for step, words, limit in (("first", "first", 228 * MB), ("1 % changed", "1 % changed, added", 1.2 * MB)):
            for peer in tools[1:]:
                self.add(f"stored, {words}", show_bytes, stored["yester", step], stored[peer.name, step],
                         peer.name, goals[step, peer.name], limit=limit)
        self.add("stored, unchanged, added", show_bytes, stored["yester", "unchanged"])
        if not self.has_zstd:
            return
        say("stored: zstd -3, zstd --patch-from")
        packed = self.work / "packed.zst"
        timed(["zstd", "-q", "-f", "-3", first, "-o", packed])
        self.add("stored, first", show_bytes, stored["yester", "first"], packed.stat().st_size, "zstd -3", 228 / 202)
        timed(["zstd", "-q", "-f", "-3", "--long=30", f"--patch-from={first}", later, "-o", packed])
        self.add("stored, 1 % changed, added", show_bytes, stored["yester", "1 % changed"],
                 packed.stat().st_size, "zstd --patch-from", 1.2 / 0.53)
        packed.unlink()

    def versions(self):
        versions_part.run(self, sys.modules[__name__])

    def read(self):
        first, _ = self.orders()
        ours = self.ingested()
        size = first.stat().st_size
        mnt, image = self.work / "mnt", self.work / "dump.squashfs"
        kinds = [("ours", lambda: ours_mounted(ours.store, mnt),
                  lambda: (mnt / "latest").resolve() / "shop/orders.bson")]
        if self.has_squash:
            say("read: mksquashfs")
            timed(["mksquashfs", self.work / "dump", image, "-comp", "zstd", "-Xcompression-level", "3",
                   "-noappend", "-no-progress", "-quiet"])
            kinds.append(("squashfuse_ll", lambda: squashfs_mounted(image, mnt), lambda: mnt / "shop/orders.bson"))
        if Restic in self.peers and not self.args.quick:
            restic = Restic(self.work)
            restic.fresh()
            restic.take(self.work / "dump")
            kinds.append(("restic mount",
                          lambda: mounted(["restic", "mount", mnt], mnt, restic.env),
                          lambda: next((mnt / "snapshots/latest").rglob("orders.bson"))))
        speeds = {(name, heat): [] for name, _, _ in kinds for heat in ("cold", "warm")}
        is_cold = True
        for number in range(self.args.rounds):
            for name, mount, find in kinds:
                say(f"read: round {number + 1} of {self.args.rounds}, {name}")
                try:
                    is_cold = drop_caches() and is_cold
                    with mount():
                        path = find()
                        take_memory()
                        speeds[name, "cold"].append(size / read_through(path))
                        warm = min(read_through(path) for _ in range(2))
                        speeds[name, "warm"].append(size / warm)
                except (RuntimeError, OSError, StopIteration) as problem:
                    if name == "ours":
                        raise
                    say(f"read: {name} is left out: {problem}")
        heat_word = {"cold": "cold" if is_cold else "new mount (root alone may drop caches)", "warm": "warm"}
        goals = {("squashfuse_ll", "cold"): 600 / 474, ("squashfuse_ll", "warm"): 3 / 3.2,
                 ("restic mount", "cold"): 600 / 210}
        limits = {"cold": 600 * MB, "warm": 3000 * MB}
        for heat in ("cold", "warm"):
            for name, _, _ in kinds[1:] or [("", None, None)]:
                if name == "" or speeds[name, heat]:
                    self.add(f"mount, read, {heat_word[heat]}", show_speed, speeds["ours", heat],
                             speeds.get((name, heat)), name, goals.get((name, heat)), more_is_better=True, limit=limits[heat])
        image.unlink(missing_ok=True)
        shutil.rmtree(self.work / "restic", ignore_errors=True)

    def json(self):
        json_part.run(self, sys.modules[__name__])

    def oplog(self):
        bench_oplog.run(self, sys.modules[__name__])

    def serve(self):
        serve_part.run(self, sys.modules[__name__])

    def live(self):
        live_part.run(self, sys.modules[__name__])

    def prune(self):
        prune_part.run(self, sys.modules[__name__])

    def many(self):
        """A store with many small collections, and its dump."""
        dump = self.work / "many"
        databases = 100 if self.args.quick else 1000
        if not dump.exists():
            say(f"list: making {databases} databases of 10 collections")
            for d in range(databases):
                folder = dump / f"db{d:04}"
                folder.mkdir(parents=True)
                for c in range(10):
                    body = b"\x10_id\0" + struct.pack("<i", c) + b"\x10db\0" + struct.pack("<i", d)
                    (folder / f"c{c}.bson").write_bytes(struct.pack("<i", len(body) + 5) + body + b"\0")
                    (folder / f"c{c}.metadata.json").write_text(
                        '{"options":{},"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],'
                        f'"uuid":"{d:016x}{c:016x}","collectionName":"c{c}","type":"collection"}}')
        store = Ours(self.work / "many-store")
        store.store.parent.mkdir(exist_ok=True)
        store.fresh()
        store.took = store.take(dump)
        return dump, store

    def list(self):
        dump, ours = self.many()
        mnt, image = self.work / "mnt", self.work / "many.squashfs"
        # The peer has no folders of documents and no .json: it is compared with show=bson.
        kinds = [("ours", lambda: ours_mounted(ours.store, mnt, "-o", "show=bson"), "latest"),
                 ("all", lambda: ours_mounted(ours.store, mnt), "latest")]
        if self.has_squash:
            timed(["mksquashfs", dump, image, "-comp", "zstd", "-Xcompression-level", "3",
                   "-noappend", "-no-progress", "-quiet"])
            kinds.append(("squashfuse_ll", lambda: squashfs_mounted(image, mnt), ""))
        times = {(name, heat): [] for name, _, _ in kinds for heat in ("cold", "warm")}
        for number in range(self.args.rounds):
            for name, mount, folder in kinds:
                say(f"list: round {number + 1} of {self.args.rounds}, {name}")
                with mount():
                    command = ["ls", "-lR", (mnt / folder).resolve()]
                    times[name, "cold"].append(timed(command)["seconds"])
                    times[name, "warm"].append(timed(command)["seconds"])
        collections = len(list(dump.iterdir())) * 10
        for heat, words in (("cold", "first"), ("warm", "again")):
            self.add(f"mount, ls -lR of {collections} collections, {words}", show_ms, times["ours", heat],
                     times.get(("squashfuse_ll", heat)), "squashfuse_ll" if self.has_squash else "")
            self.add(f"mount, the same with .json and documents, {words}", show_ms, times["all", heat])
        self.add(f"ingest of {collections} collections", show_seconds, ours.took["seconds"])
        image.unlink(missing_ok=True)

    def memory(self):
        memory_part.run(self, sys.modules[__name__])

    # -- what it prints

    def machine(self):
        cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                    if line.startswith("model name")), platform.machine())
        memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines()
                      if line.startswith("MemTotal:"))
        versions = {"yester": Ours.version()}
        versions.update((p.name, p.version()) for p in (Restic, Borg) if p in self.peers)
        if self.has_squash:
            versions["squashfs"] = first_line("mksquashfs", "-version")
        if self.has_zstd:
            versions["zstd"] = first_line("zstd", "--version")
        return {"cpu": cpu, "cores": os.cpu_count(), "memory_mib": int(memory) // 1024,
                "kernel": platform.release(), "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"),
                "load_at_start": os.getloadavg()[0], "versions": versions}

    def print_table(self, machine):
        head = ("row", "ours", "peer", "ratio", "goal", "reached")
        table = [head] + [row["cells"] for row in self.rows]
        widths = [max(len(line[i]) for line in table) for i in range(len(head))]
        print(f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_mib']} MiB; {machine['system']}, "
              f"Linux {machine['kernel']}; load {machine['load_at_start']:.1f} at the start")
        print("; ".join(str(v) for v in machine["versions"].values()))
        print(f"seed {self.args.seed}, {self.count} orders, {self.args.rounds} rounds (medians)"
              + (", quick: goals are not judged" if self.args.quick else ""))
        if self.left_out:
            print("left out, not installed: " + ", ".join(p.package for p in self.left_out))
        print()
        for line in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, one round")
    parser.add_argument("--long", action="store_true", help="oplog: a stream of 10 million entries, not of one")
    parser.add_argument("--rounds", type=int, default=0, help="default: 3; quick: 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--versions-of", metavar="FOLDER", default=None,
                        help="versions: also of the .bson files there, a version each (real_versions.py makes some)")
    parser.add_argument("--work", default=None, help="folder to work in; on a real disk")
    args = parser.parse_args()
    args.rounds = args.rounds or (1 if args.quick else 3)
    parts = args.only.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"the parts are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if args.work:
        Path(args.work).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="yester-bench-", dir=args.work) as folder:
        bench = Bench(args, Path(folder).resolve())
        machine = bench.machine()
        start = time.monotonic()
        for part in parts:
            getattr(bench, part)()
        bench.print_table(machine)
        print(f"\n{time.monotonic() - start:.0f} s")
    result = {"machine": machine, "seed": args.seed, "quick": args.quick, "rounds": args.rounds,
              "orders": bench.count, "rows": [{k: v for k, v in row.items() if k != "cells"} for row in bench.rows],
              "curves": bench.curves}
    (BUILD / "bench.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
