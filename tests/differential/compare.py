"""Compares a recording with what our programs make of its base dump and its oplog.

Documents byte for byte and in order; names, UUIDs, types; options and indexes in normalised form; at the end dbHash, and the
roots of trees: a moment's must be those of a fresh dump that was taken then.
"""
import collections
import hashlib
import json
import os
import random
import re
import shutil
import tempfile
from pathlib import Path

import bson
import peers
from bson import Int64, Timestamp, json_util

import oplog
from compare_more import cut_in_prepared, differences, documents_alone, lies, one_by_one, text_of
from oracle import CANONICAL, Recording
from wire import ORDERED

SECONDS = 900  # for one command of ours
SPENT = collections.defaultdict(collections.Counter)  # verb -> how often, and the seconds that it took
SHOWN = 40  # differences that are told in full


# ---- normal forms


def normal(value):
    """A value for comparing: numbers by their value, documents as lists of pairs."""
    if isinstance(value, dict):
        return [(k, normal(v)) for k, v in value.items()]
    if isinstance(value, list):
        return ["list", *map(normal, value)]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, Int64) else value


def parsed(document):
    """What as_json() made, or mongodump wrote."""
    return json_util.loads(json.dumps(document), json_options=CANONICAL)


def cached(normalise):
    """Most moments have the same catalog: each text is brought into its normal form once."""
    known = {}

    def look(value):
        text = json.dumps(value)
        if text not in known:
            known[text] = normalise(value)
        return known[text]

    return look


@cached
def normal_options(options):
    return {k: normal(v) for k, v in parsed(options).items()}


@cached
def normal_indexes(indexes):
    """{name: {field: value}}; the order of fields in a specification is the server's own business."""
    found = {}
    for index in map(parsed, indexes):
        found[index["name"]] = {k: sorted(normal(v)) if k == "weights" else normal(v) for k, v in index.items() if k != "ns"}
    return found


# ---- what ours says


class Ours:
    """A store, filled from a recording."""

    def __init__(self, folder, recording, seed):
        self.recording = recording
        self.folder = Path(folder)
        self.path = self.folder / "store"
        shutil.rmtree(self.path, ignore_errors=True)
        self.run("init", "--seed", str(seed % 2**31))

    def run(self, verb, *arguments, **more):
        before = os.times()
        done = peers.yester(verb, "-s", self.path, *arguments, timeout=SECONDS, **more)
        after = os.times()
        SPENT[verb] += collections.Counter(
            times=1, cpu=after.children_user + after.children_system - before.children_user - before.children_system,
            wall=after.elapsed - before.elapsed)
        return done

    def ingest(self, name, dump):
        self.run("ingest", self.recording.folder / dump, "--name", name)

    def stream(self, rng):
        """The slices: in some order one by one, as a folder, or as one stream on standard input."""
        slices = sorted(self.recording.slices.iterdir())
        form = rng.choice(("one by one", "shuffled", "at once", "standard input"))
        if form == "at once":
            self.run("ingest-oplog", *slices)
        elif form == "standard input":
            data = b"".join(e.raw for e in self.recording.entries())
            self.run("ingest-oplog", "-", input=data)
        else:
            if form == "shuffled":
                rng.shuffle(slices)
            for path in slices:  # exit 3: a gap for now
                self.run("ingest-oplog", path, check=(0, 3))
        gaps = json.loads(self.run("gaps", "--json", check=None).out or "[]")
        assert not gaps, f"the slices overlap, but there are gaps: {gaps}"
        return form

    def dump(self, at, to, without=()):
        """{namespace: peers.Dumped} at a moment, or None, and how the command ended."""
        shutil.rmtree(to, ignore_errors=True)
        excludes = [word for ns in without for word in ("--nsExclude", ns.replace("*", "\\*"))]
        done = self.run("dump", "--at", at, "--out", to, *excludes, check=None)
        if done.status != 0:
            return None, done
        return {f"{db}.{name}": one for (db, name), one in peers.read_dump(to).items()}, done

    def mounted(self):
        """A mount for many moments: one process that keeps what it knows of the stream."""
        return peers.Mount(self.path, options="show=bson")

    @staticmethod
    def read_mounted(mount, at):
        """As dump(), from a mount; None when the moment is not there (a dump says why)."""
        try:
            return {f"{db}.{name}": one for (db, name), one in peers.read_dump(mount.path / "at" / at).items()}
        except OSError:
            return None

    def roots(self, snapshot):
        shown = json.loads(self.run("show", snapshot, "--json").out)
        return {n["ns"]: {k: n.get(k) for k in ("root", "count", "bytes", "uuid", "type")} for n in shown["namespaces"]}


# ---- comparing


class Comparison:
    def __init__(self, recording, say=print):
        self.recording, self.say = recording, say
        self.info = recording.info()
        self.differences = []
        self.told = {}  # what was told already, at an earlier moment
        self.moments = self.mounted = 0  # in all, and those that were read in a mount
        self.documents = 0
        self.reasons = collections.Counter()  # refusals
        self._entries = None

    @property
    def entries(self):
        if self._entries is None:
            self._entries = list(self.recording.entries())
        return self._entries

    def differ(self, at, ns, what, moment=None, **more):
        key = json.dumps([ns, what, more.get("wanted"), more.get("ours")], default=str, sort_keys=True)
        if key in self.told:
            self.told[key]["times"] += 1
            return
        one = {"version": self.info["version"], "seed": self.info["seed"], "at": at, "ns": ns, "what": what, "times": 1, **more}
        self.told[key] = one
        if moment:
            one |= {"label": moment["label"], "how": moment["how"]}
        if len(self.differences) < SHOWN:
            one["before"] = self.before(at, ns, more.get("needles", ()))
        one.pop("needles", None)
        self.differences.append(one)

    def before(self, at, ns, needles=(), count=3):
        """The last entries up to a time that touch a namespace, or one of its documents."""
        seconds, increment = map(int, at.split("."))
        limit, found = Timestamp(seconds, increment), []
        db, _, name = ns.partition(".")
        name = name.encode()
        if not ns:
            return []
        for entry in reversed(self.entries):
            if entry.ts > limit:
                continue
            same = entry.ns == ns or (entry.op == "c" and (entry.ns.split(".")[0] == db or entry.command == "applyOps") and name in entry.raw)
            if same and (not needles or any(n in entry.raw for n in needles)):
                found.append(entry.text())
                if len(found) == count:
                    break
        return found[::-1]

    def end_of(self, name):
        """The timestamp of the last entry of a dump's oplog.bson."""
        data = (self.recording.folder / name / "oplog.bson").read_bytes()
        return [oplog.Entry(raw) for raw in oplog.split(data)][-1].ts

    # ---- one moment

    def moment(self, ours, moment, folder, mount=None):
        at = text_of(moment)
        self.moments += 1
        found, done, without = None, None, []
        if mount:
            found = ours.read_mounted(mount, at)
            self.mounted += found is not None
        absent = mount and found is None
        while found is None and len(without) < 20:
            found, done = ours.dump(at, folder, without)
            if found is not None and absent and not without:
                self.differ(at, "", "a dump has the moment, the mount has not", moment)
            if found is None:
                self.refused(at, done, moment)
                stopped = re.search(r": dump: (.*) can't be told at this moment: ", done.err, re.S)
                if stopped is None or stopped[1] in without:
                    return
                without.append(stopped[1])  # the others may be right
        for ns, wanted in moment["namespaces"].items():
            if ns in without:
                continue
            self._namespace(at, ns, wanted, found, moment)
        if moment["complete"]:
            for ns in found.keys() - moment["namespaces"].keys():
                if ns.split(".")[0] not in ("config", "local", ""):
                    self.differ(at, ns, "it is there, and should not be", moment)

    def refused(self, at, done, moment, doing="dump"):
        """Told once for each reason."""
        what = f"{doing} refused, exit {done.status}: {done.err.strip()[:500]}"
        reason = re.sub(r"moment [\d.]+", "moment", what)
        if reason not in self.reasons:
            self.differ(at, "", what, moment, entries=self.named(what))
        self.reasons[reason] += 1

    def named(self, text):
        """The entries whose optimes a text names."""
        wanted = set(re.findall(r"\b\d{10}\.\d+\b", text))
        return [e.text(700) for e in self.entries if f"{e.ts.time}.{e.ts.inc}" in wanted]

    def _namespace(self, at, ns, wanted, found, moment):
        db, _, name = ns.partition(".")
        if name == "system.views":
            return  # a dump has the views themselves
        one = found.get(ns)
        if one is None:
            self.differ(at, ns, "it is not there", moment, wanted=str(wanted)[:300])
            return
        if wanted["type"] == "collection":
            self._documents(at, ns, wanted, one, moment)
        if one.metadata is not None:
            self._metadata(at, ns, wanted, one.metadata, moment)

    def _metadata(self, at, ns, wanted, metadata, moment):
        uuid = metadata.get("uuid") or None
        if wanted["type"] == "collection" and uuid != wanted["uuid"]:
            self.differ(at, ns, "UUID", moment, wanted=wanted["uuid"], ours=uuid)
        if metadata.get("type", wanted["type"]) != wanted["type"]:
            self.differ(at, ns, "type", moment, wanted=wanted["type"], ours=metadata.get("type"))
        text = json.loads(json_util.dumps(metadata, json_options=CANONICAL))
        for what, normalise in (("options", normal_options), ("indexes", normal_indexes)):
            if what not in wanted:
                continue
            theirs, mine = normalise(wanted[what]), normalise(text.get(what, {} if what == "options" else []))
            if theirs != mine:
                keys = {k for k in theirs.keys() | mine.keys() if theirs.get(k) != mine.get(k)}
                self.differ(at, ns, what, moment, wanted={k: theirs.get(k) for k in keys}, ours={k: mine.get(k) for k in keys})

    def _documents(self, at, ns, wanted, one, moment):
        if one.documents is None:
            self.differ(at, ns, "no documents", moment, wanted=wanted["count"])
            return
        data = b"".join(one.documents)
        self.documents += wanted["count"]
        if hashlib.sha256(data).hexdigest() == wanted["sha"]:
            return
        theirs = list(oplog.split(self.recording.get(wanted["sha"])))
        mine, theirs_set = set(one.documents), set(theirs)
        extra = [d for d in one.documents if d not in theirs_set]
        lacking = [d for d in theirs if d not in mine]
        if not extra and not lacking:
            self.differ(at, ns, "the order of documents" if len(theirs) == len(one.documents) else "documents twice", moment,
                        wanted=[readable(d, 60) for d in theirs[:6]], ours=[readable(d, 60) for d in one.documents[:6]])
            return
        needles = [raw_id(d) for d in (extra + lacking)[:1]]
        self.differ(at, ns, f"documents: {len(lacking)} of {len(theirs)} differ or are absent, {len(extra)} are others", moment,
                    wanted=[readable(d) for d in lacking[:2]], ours=[readable(d) for d in extra[:2]], needles=needles)

    # ---- the end

    def hashes(self, ours, moment):
        at = text_of(moment)
        done = ours.run("stats", "--dbhash", "--json", "--at", at, check=None)
        if done.status != 0:
            self.differ(at, "", f"no dbHash, exit {done.status}: {done.err.strip()[:500]}", moment)
            return
        said = json.loads(done.out)
        mine = {d["db"]: d for d in said["databases"]}
        for db, wanted in moment["dbhash"].items():
            one = mine.get(db, {"collections": {}, "md5": None})
            for name in wanted["collections"].keys() | one["collections"].keys():
                if wanted["collections"].get(name) != one["collections"].get(name):
                    self.differ(at, f"{db}.{name}", "dbHash", moment, wanted=wanted["collections"].get(name), ours=one["collections"].get(name))
            if wanted["md5"] != one["md5"]:
                self.differ(at, f"{db}.", "dbHash of the database", moment, wanted=wanted["md5"], ours=one["md5"])

    def snapshot(self, ours, at, name):
        """A snapshot of a moment; its namespaces, or None when it was refused."""
        done = ours.run("snapshot", "--at", at, "--name", name, check=None)
        if done.status == 0:
            return ours.roots(name)
        self.differ(at, "", f"no snapshot, exit {done.status}: {done.err.strip()[:500]}")
        return None

    def same_roots(self, at, first, second, what):
        if first is None:
            return
        for ns in sorted(first.keys() | second.keys()):
            if ns.split(".")[0] in ("config", "local") or ns.endswith(".system.views"):
                continue  # mongodump has the views, and nothing of a system.views that is empty
            one, two = first.get(ns), second.get(ns)
            if one is None or two is None or any(one[k] != two[k] for k in ("root", "count", "bytes", "type")) or (
                    one["uuid"] and two["uuid"] and one["uuid"] != two["uuid"]):
                self.differ(at, ns, f"roots: {what}", wanted=two, ours=one)


def raw_id(document):
    """The bytes of the `_id` element's value, to be looked for in entries."""
    found = peers.id_element(document)
    return b"_id\0" + found[1] if found else b"\0"


def readable(document, limit=700):
    try:
        return repr(dict(bson.decode(document, codec_options=ORDERED)))[:limit]
    except Exception:
        return document.hex()[:limit]


def compare(folder_of_recording, say=print, only=None):
    """Compare everything of a recording; a Comparison."""
    recording = Recording(folder_of_recording)
    comparison = Comparison(recording, say)
    seed, version = comparison.info["seed"], comparison.info["version"]
    rng = random.Random(f"compare {seed} {version}")
    with tempfile.TemporaryDirectory(prefix="yester-differential-", dir=recording.folder) as folder:
        def make(name):
            (Path(folder) / name).mkdir()
            return Ours(Path(folder) / name, recording, seed)

        ours = make("first")
        ours.ingest("base", "base")
        form = ours.stream(rng)
        moments = sorted(recording.moments(), key=lambda m: m["at"])
        if only:
            moments = [m for m in moments if text_of(m) == only]
        few = 4 if len(moments) < 100 else 40
        one_by_one(comparison, ours, moments, rng, few)
        documents_alone(comparison, ours, moments, rng, few)
        order = rng.choice(("first to last", "last to first", "any"))
        say(f"  {version}: the oplog went in {form}, moments are visited {order}")
        visit(comparison, ours, moments, order, rng, Path(folder) / "dump")
        if not only:
            one_by_one(comparison, ours, moments, rng, few // 2)
            differences(comparison, ours, moments, rng, few)
            cut_in_prepared(comparison, make, rng)
            roots(comparison, ours, moments, rng, make)
    (recording.folder / "differences.json").write_text(json.dumps(comparison.differences, indent=1, default=str))
    return comparison


def visit(comparison, ours, moments, order, rng, folder):
    if order == "last to first":
        moments = moments[::-1]
    elif order == "any":
        moments = rng.sample(moments, len(moments))
    share = 0.5 if len(moments) < 100 else 0.85  # a mount starts no program for each moment
    with ours.mounted() as mount:
        for moment in moments:
            comparison.moment(ours, moment, folder, mount if rng.random() < share else None)
    for moment in moments:
        if moment["how"] == "final":
            comparison.hashes(ours, moment)


def fuzzy_dumps(recording):
    """Those that mongodump made while others wrote, in their order."""
    found = [p.name for p in recording.folder.glob("fuzzy-*")]
    return sorted(found, key=lambda name: int(name.split("-")[1]))


def roots(comparison, ours, moments, rng, make):
    """Snapshots of moments against fresh dumps; from the first base in one go and in steps, and from the second base."""
    fuzzy = fuzzy_dumps(comparison.recording)
    ends = {name: "{0.time}.{0.inc}".format(comparison.end_of(name)) for name in ("mid", *fuzzy, "end")}
    fresh = make("fresh")
    for name in ends:
        fresh.ingest(f"fresh-{name}", name)
    wanted = {name: fresh.roots(f"fresh-{name}") for name in ends}

    def check(store, name, end, what):
        comparison.same_roots(ends[end], comparison.snapshot(store, ends[end], name), wanted[end], f"{what} against the dump '{end}'")

    for name in ("mid", *fuzzy):
        check(ours, f"at-{name}", name, "in one go")
    check(ours, "at-end", "end", "in one go")
    bases = ["mid", *rng.sample(fuzzy, min(3, len(fuzzy)))]
    for base in bases:
        second = make(f"second-{base}")
        second.ingest(base, base)
        second.stream(rng)
        check(second, f"from-{base}", "end", f"from the base '{base}'")
    steps = make("steps")
    steps.ingest("base", "base")
    steps.stream(rng)
    for number, moment in enumerate(sorted(rng.sample(moments, min(4, len(moments))), key=lambda m: m["at"])):
        comparison.snapshot(steps, text_of(moment), f"step-{number}")
    check(steps, "in-steps", "end", "in steps")


def sees_lies(folder_of_recording, count=4):
    """Whether the comparison finds what is wrong on purpose; the kinds that it did not find."""
    recording = Recording(folder_of_recording)
    comparison = Comparison(recording, lambda _: None)
    rng = random.Random(f"lies {comparison.info['seed']}")
    moments = [m for m in recording.moments() if m["how"] in ("quiet", "final")]
    missed = []
    with tempfile.TemporaryDirectory(prefix="yester-differential-", dir=recording.folder) as folder:
        ours = Ours(folder, recording, comparison.info["seed"])
        ours.ingest("base", "base")
        ours.stream(rng)
        for moment in rng.sample(moments, min(count, len(moments))):
            kind, false = lies(moment, rng)
            comparison.differences.clear(), comparison.told.clear()
            comparison.moment(ours, false, Path(folder) / "dump")
            if not comparison.differences:
                missed.append(kind)
    return missed
