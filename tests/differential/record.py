"""Runs the workload against one mongod and records what it must come to: see oracle.py.

The run is made of legs. A leg begins with a checkpoint, so that its optimes can be reached by rolling a copy of the files
forward; it ends with that copy. In between the oplog is captured in slices, each of which begins with the last entry of the
one before.
"""
import bisect
import collections
import random
import shutil
import sys
import threading
import time

import peers
from bson import SON, Timestamp

import apply_ops  # noqa: F401  (registers its scenarios)
import crud
import ddl  # noqa: F401
import edges  # noqa: F401
import oplog
import transactions
from oracle import Oracle, Recording, catalog
from wire import CommandError
from workload import SCENARIOS, Others, World

PARAMETERS = ("ttlMonitorSleepSecs=1", 'failpoint.WTPreserveSnapshotHistoryIndefinitely={"mode":"alwaysOn"}',
              "transactionLifetimeLimitSeconds=600",
              f"maxNumberOfTransactionOperationsInSingleOplogEntry={transactions.ONE_ENTRY}")
HEAVY_CASES = ("F19", "F17", "K05", "F12")  # by scenarios that may run only some times
SLICE = 4000  # entries after which a slice is captured and its optimes are read with atClusterTime


class Server(peers.Mongod):
    """As the others' mongods, with what the oracle needs; it can be started again."""

    cache_gb = "4"  # all history is kept: with less, servers before 5.0 search for what they can evict, and do nothing else

    def __init__(self, version):
        arguments = ["--syncdelay", "3600"]
        for parameter in PARAMETERS:
            arguments += ["--setParameter", parameter]
        super().__init__(version, arguments=arguments)


class Plan:
    """How much of everything: `operations` in the log, moments of each kind, and how long the parts are."""

    def __init__(self, operations, short):
        self.operations, self.short = operations, short
        # One in so many yields is looked at quietly; optimes read back for each slice; optimes rolled to for each leg.
        self.legs = 1 if short else max(2, min(8, operations // 25_000))
        self.quiet_every = 5 if short else max(6, operations // 8000)
        self.history = 4 if short else 5
        self.recovered = 3 if short else 5
        self.most_heavy = 0 if short else 1  # a factor for scenarios that are heavy
        self.runs = 0 if short else 75  # how often every scenario is wanted, evenly over the run
        self.fuzzy = 0 if short else min(52, operations // 4000)  # dumps while others write, besides the one in the middle


class Recorder:
    def __init__(self, version, folder, seed, plan, say=print):
        self.version, self.seed, self.plan, self.say = version, seed, plan, say
        self.recording = Recording(folder)
        self.rng = random.Random(f"record {seed} {version}")
        self.held = []  # quiet moments whose prepared transactions are not resolved yet
        self.total = 0  # operations in the log
        self.counted = collections.Counter()
        self.labels = collections.Counter()
        self.all_allowed = False
        self.broken = collections.Counter()  # scenarios that a refusal ended early
        self.dumps = 0  # that are fuzzy

    def run(self):
        started = time.monotonic()
        with Server(self.version) as server:
            self.server = server
            self.world = World(server, self.seed, self.plan.short)
            self.oracle = Oracle(server, self.recording)
            self._prepare()
            self._dump("base", writers=False)
            self._legs()
            self._finish()
            self.world.wire.close()
            self.oracle.wire.close()
        self.seconds = time.monotonic() - started
        self._write_info()

    # ---- the parts

    def _prepare(self):
        w = self.world
        if w.number >= (4, 4):
            w.run("admin", SON([("setDefaultRWConcern", 1), ("defaultWriteConcern", SON(w=1))]))
        for kind in ("plain", "plain", "plain", "collated", "collated", "capped", "capped"):
            w.filled(kind=kind)
        for kind in ("clustered",) if w.number >= (5, 3) else ():
            w.filled(kind=kind)
        one_of_each = {s.name: s for s in SCENARIOS}
        for name in ("views", "indexes_on_empty", "users_and_roles", "time_series", "indexes_on_filled"):
            if self._fits(one_of_each[name], False, True):
                for _ in one_of_each[name].run(w):
                    break
        w.note(majority=True)

    def _dump(self, name, writers):
        """A mongodump --oplog; with `writers` others write meanwhile, so that it is fuzzy."""
        stop, running = threading.Event(), None
        if writers:
            running = self._background(stop)
        try:
            peers.tools.mongodump("--port", self.server.port, "--oplog", "--quiet", "--out", self.recording.folder / name)
        finally:
            stop.set()
            if running:
                running.join()

    def _fuzzy(self):
        """As many fuzzy dumps as there should be by now."""
        while self.dumps < self.plan.fuzzy * self.total // self.plan.operations:
            self.dumps += 1
            self._dump(f"fuzzy-{self.dumps}", writers=True)
            self._slice()

    def _background(self, stop):
        w = self.world

        def work():
            one = w.fork(7 + self.dumps)
            colls = [c for c in w.colls if c.kind in ("plain", "collated")]
            while not stop.is_set():
                crud.one_operation(one, one.rng.choice(colls))
            w.case("F01")
            one.wire.close()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def _legs(self):
        for leg in range(self.plan.legs):
            until = self.plan.operations * (leg + 1) // self.plan.legs
            self._leg(leg, until)

    def _leg(self, leg, until):
        w, plan = self.world, self.plan
        w.run("admin", SON(fsync=1))
        self._capture()
        self.oracle.entries.clear()
        begin = self.total
        while self.total < until:
            # Nothing in the first part that _stops_rolling().
            self.all_allowed = self.total - begin > (until - begin) * 0.6
            self._step()
            if sum(1 for _ in self.oracle.entries) == 0 or self._pending() >= min(SLICE, max(300, (until - begin) // 4)):
                self._slice()
                self._fuzzy()
        self._slice()
        if leg == (plan.legs - 1) // 2:
            self._dump("mid", writers=True)
            self._slice()
        self._recover()
        if not plan.short:
            self.say(f"  {self.version}: leg {leg + 1} of {plan.legs}, {self.total:,} operations, {self.oracle.seen}")

    def _pending(self):
        top, last = self.world.top(), self.oracle.last
        return 0 if last is None else (top.inc - last.inc if top.time == last.time else
                                       self.oracle.wire.run("local", SON(count="oplog.rs", query=SON(ts=SON([("$gt", last)]))))["n"])

    def _capture(self):
        new = self.oracle.capture()
        self.total += sum(oplog.operations(e) for e in new)
        oplog.count(new, self.counted)
        return new

    def _slice(self):
        """Capture, and read some of its optimes back with atClusterTime."""
        new = self._capture()
        new = [e for e in new if not e.ns.startswith("config.")]
        if not new:
            return
        spans = oplog.spans(self.oracle.entries)
        now = catalog(self.oracle.wire, self.world.building)
        touched, later = oplog.Touched(()), list(self.oracle.entries)
        for ts, label in sorted(self._choose(new, spans, self.plan.history), reverse=True):
            while later and later[-1].ts > ts:
                touched.add(later.pop())
            self.oracle.history(ts, label, now, touched)
            self.labels[label] += 1

    def _choose(self, entries, spans, count):
        """Optimes worth looking at: half of them where something is open, some right before or after an entry."""
        rng = self.rng
        times = [e.ts for e in entries]
        chosen, inside = [], []
        for span in spans:
            begin = bisect.bisect_left(times, span.begin)
            end = len(times) if span.end is None else bisect.bisect_left(times, span.end)
            if begin < end:
                inside.append((span, begin, end))
        for _ in range(count):
            if inside and rng.random() < 0.6:
                span, begin, end = rng.choice(inside)
                entry, label = entries[rng.randrange(begin, end)], span.kind
            else:
                entry, label = rng.choice(entries), "anywhere"
            ts = rng.choice((entry.ts, entry.ts, oplog.before(entry.ts), oplog.after(entry.ts)))
            if ts != entry.ts:
                label = label if any(s.kind == label and s.holds(ts) for s in spans) else "beside an entry"
            if entries[0].ts <= ts <= entries[-1].ts:
                chosen.append((ts, label))
        return chosen

    def _recover(self):
        """Roll a copy of the files forward to some optimes of this leg."""
        # A new primary of 6.0 builds an index in config: that stops it, too.
        limit = next((e.ts for e in self.oracle.entries if self._stops_rolling(e)), None)
        entries = [e for e in self.oracle.entries if not e.ns.startswith("config.") and (limit is None or e.ts < limit)]
        spans = oplog.spans(self.oracle.entries)
        if not entries:
            return
        files = self.recording.folder / "files"
        self.oracle.copy_files(files)
        for ts, label in self._choose(entries, spans, self.plan.recovered):
            self.oracle.recovered(files, ts, label)
            self.labels[label] += 1
        shutil.rmtree(files, ignore_errors=True)

    def _stops_rolling(self, entry):
        """A mongod that only rolls forward can neither build an index on documents nor prepare a transaction."""
        if entry.command == "applyOps":
            return bool(entry.doc["o"].get("prepare"))
        return entry.command == "startIndexBuild" or (entry.command == "createIndexes" and self.server.number < (5, 0))

    def _finish(self):
        w = self.world
        w.note(majority=True)
        self._capture()
        self._slice()
        self._dump("end", writers=False)
        self._capture()
        moment = self.oracle.quiet("the end")
        moment["how"] = "final"
        moment["dbhash"] = {db: w.run(db, SON(dbHash=1)) for db in self.server.user_databases()}
        for answer in moment["dbhash"].values():
            for key in [k for k in answer if k not in ("collections", "md5", "capped", "uuids")]:
                del answer[key]
            answer["uuids"] = {k: bytes(v).hex() for k, v in answer.get("uuids", {}).items()}
        w.note()
        self._capture()
        self.recording.add(moment)

    # ---- scenarios

    def _fits(self, one, inside, late=None):
        number = self.server.number
        limit = one.most * self.plan.most_heavy
        is_late = one.late or (one.indexes and number < (5, 0))
        if one.fcv and self.world.lowered:
            return False
        if inside and (one.alone or is_late or (number < (4, 4) and not one.light)):
            return False
        return (one.since <= number < one.until and not (one.most and one.ran >= limit)
                and (not is_late or (self.all_allowed if late is None else late)))

    def _pick(self, inside):
        found = [s for s in SCENARIOS if self._fits(s, inside)]
        if self.rng.random() < (0.4 if self.plan.short else 0.95 if self.all_allowed else 0.75):  # what ran least: all of them come about
            behind = self.plan.runs * self.total / self.plan.operations
            few = [s for s in found if s.ran < behind]
            least = min(s.ran if few else s.ran / s.weight for s in few or found)
            found = [s for s in found if (s.ran if few else s.ran / s.weight) <= least]
        return self.rng.choices(found, [s.weight for s in found])[0]

    def _step(self, inside=False):
        w = self.world
        one = self._pick(inside)
        one.ran += 1
        outer, w.doing = w.doing, one.name
        try:
            self._run(one, inside)
        except CommandError as error:
            if not inside and (w.prepared or w.building):
                raise  # what is open would stay so
            self.broken[one.name] += 1
            w.first_refusals.setdefault((one.name, "broken off", error.code), str(error)[:200])
            w.refused[one.name, "broken off", error.code] += 1
        w.doing = outer
        if not inside:
            w.trim()

    def _run(self, one, inside):
        w = self.world
        for label in one.run(w):
            if isinstance(label, Others):
                if not inside:
                    w.nested, w.only_light = True, w.number < (4, 4)
                    for _ in range(label.count):
                        self._step(inside=True)
                    w.doing, w.nested, w.only_light = one.name, False, False
                label = label.label
            self._look(f"{one.name}: {label}", label)

    def _look(self, label, kind):
        self._release()
        passes = self.rng.random() * self.plan.quiet_every > (3 if kind in ("prepared", "index build") else 1)
        if passes and self.oracle.seen["quiet"] > 0:  # a short run has few scenarios, and looks once at least
            return
        moment = self.oracle.quiet(label, self.world.building)
        if self.world.prepared:
            self.held.append((moment, list(self.world.prepared)))
        else:
            self._keep(moment)

    def _keep(self, moment):
        self.oracle.keep(moment)
        kind = moment["label"].split(": ", 1)[-1]
        self.labels[kind if kind in ("prepared", "index build") else "a quiet place"] += 1

    def _release(self):
        """Quiet moments beside prepared transactions: they hold when none of those was committed at or before them."""
        still = []
        for moment, keys in self.held:
            if any(k in self.world.prepared for k in keys):
                still.append((moment, keys))
                continue
            at = Timestamp(*moment["at"])
            if all(self.world.resolved[k] is None or self.world.resolved[k] > at for k in keys):
                self._keep(moment)
        self.held = still

    def _write_info(self):
        w = self.world
        self.recording.write_info({
            "version": self.version, "seed": self.seed, "operations": self.total, "seconds": round(self.seconds, 1),
            "counted": dict(self.counted), "cases": dict(w.cases), "labels": dict(self.labels), "moments": self.oracle.seen,
            "scenarios": {s.name: s.ran for s in SCENARIOS}, "broken off": dict(self.broken),
            "not rolled to": self.oracle.failed, "unavailable": self.oracle.unavailable,
            "refused": {" ".join(map(str, k)): [n, w.first_refusals.get(k, "")] for k, n in w.refused.items()}})


def record(version, folder, seed, plan, say=print):
    for one in SCENARIOS:
        one.ran = 0
    recorder = Recorder(version, folder, seed, plan, say)
    try:
        recorder.run()
    except BaseException:
        print(f"differential: seed {seed}, {version}, in {recorder.world.doing if hasattr(recorder, 'world') else 'the beginning'}",
              file=sys.stderr)
        raise
    return recorder
