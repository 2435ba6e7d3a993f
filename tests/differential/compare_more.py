"""What else a recording can prove: single collections and documents, diff of two moments, a stream that ends in a prepared transaction."""
import collections
import decimal
import hashlib
import json
import struct

import bson
from bson import SON, json_util
from bson.codec_options import CodecOptions, DatetimeConversion

import oplog
import peers
from oracle import CANONICAL

STRICT = CodecOptions(document_class=SON, datetime_conversion=DatetimeConversion.DATETIME_MS)


def text_of(moment):
    return "{}.{}".format(*moment["at"])


def collections_of(moment):
    return [ns for ns, one in moment["namespaces"].items() if one["type"] == "collection" and not ns.endswith(".system.views")]


def one_by_one(comparison, ours, moments, rng, count):
    """`cat` of one collection: replayed alone, from a base that knows nothing of the others."""
    for moment in rng.sample(moments, min(count, len(moments))):
        at, ns = text_of(moment), rng.choice(collections_of(moment))
        wanted = moment["namespaces"][ns]
        done = ours.run("cat", "--at", at, ns, "--format", "bson", check=None)
        if done.status != 0:
            comparison.refused(at, done, moment, "cat of one collection")
        elif hashlib.sha256(done.raw).hexdigest() != wanted["sha"]:
            comparison.differ(at, ns, "cat of one collection", moment, wanted=f"{wanted['count']} documents, {wanted['bytes']} bytes",
                              ours=f"{len(done.raw)} bytes")


def documents_alone(comparison, ours, moments, rng, count):
    """`cat --id`: one document replayed alone; also one that is there at another moment only."""
    for moment in rng.sample(moments, min(count, len(moments))):
        at, ns = text_of(moment), rng.choice(collections_of(moment))
        there = {same_id(d): d for d in oplog.split(comparison.recording.get(moment["namespaces"][ns]["sha"])) if peers.id_element(d)}
        other = rng.choice(moments)["namespaces"].get(ns, {}).get("sha")
        wanted = dict(rng.sample(sorted(there.items(), key=repr), min(2, len(there))))
        if other:
            gone = [d for d in oplog.split(comparison.recording.get(other)) if peers.id_element(d) and same_id(d) not in there]
            wanted |= {same_id(d): d for d in rng.sample(gone, min(1, len(gone)))}
        for key, document in wanted.items():
            try:
                identity = json_util.dumps(bson.decode(document, codec_options=STRICT)["_id"], json_options=CANONICAL)
            except (bson.errors.BSONError, ValueError, OverflowError):
                continue  # what the driver can't say
            done = ours.run("cat", "--at", at, ns, "--id", identity, "--format", "bson", check=None)
            if done.raw != there.get(key, b"") or (done.status == 0) != (key in there):
                comparison.differ(at, ns, f"cat of one document, {identity}: exit {done.status}: {done.err.strip()[:300]}", moment,
                                  wanted=f"{len(there.get(key, b''))} bytes", ours=f"{len(done.raw)} bytes")


def same_id(document):
    """A document's `_id` so that what is equal to MongoDB is equal: numbers by their value, whatever their type."""
    kind, raw = peers.id_element(document)
    if kind == 0x01:
        number = struct.unpack("<d", raw)[0]
    elif kind in (0x10, 0x12):
        number = int.from_bytes(raw, "little", signed=True)
    elif kind == 0x13:
        number = bson.Decimal128.from_bid(raw).to_decimal()
    else:
        return kind, raw
    return ("number", "NaN") if number != number else ("number", decimal.Decimal(number))


def counts(old, new):
    """How many documents were added, removed, changed between two lists of them."""
    before, after = ({same_id(d): d for d in documents} for documents in (old, new))
    return (len(after.keys() - before.keys()), len(before.keys() - after.keys()),
            sum(1 for i in before.keys() & after.keys() if before[i] != after[i]))


def differences(comparison, ours, moments, rng, count):
    """`diff` of two moments: as many documents as the mongod's own states differ by."""
    complete = [m for m in moments if m["complete"]]
    for _ in range(count if len(complete) > 1 else 0):
        one, two = sorted(rng.sample(complete, 2), key=lambda m: m["at"])
        done = ours.run("diff", text_of(one), text_of(two), "--json", check=None)
        if done.status not in (0, 3):
            comparison.refused(text_of(two), done, two, f"diff from {text_of(one)}")
            continue
        said = collections.Counter()
        for line in done.out.splitlines():
            change = json.loads(line)
            if change["change"] == "document":
                said[change["ns"], change["what"]] += 1
        for ns in collections_of(two):
            old, new = one["namespaces"].get(ns), two["namespaces"][ns]
            if old is None or old["uuid"] != new["uuid"] or new["capped"] or old["type"] != new["type"]:
                continue
            wanted = counts(*(list(oplog.split(comparison.recording.get(n["sha"]))) for n in (old, new)))
            mine = tuple(said[ns, what] for what in ("added", "removed", "changed"))
            if wanted != mine:
                comparison.differ(text_of(two), ns, f"diff from {text_of(one)}: added, removed, changed", two, wanted=wanted, ours=mine)


def cut_in_prepared(comparison, make, rng):
    """A stream that ends between a prepare and its end: before it all is well, after it nothing can be told yet."""
    entries = comparison.entries
    base = comparison.end_of("base")
    found = [s for s in oplog.spans(entries) if s.kind == "prepared" and s.begin > base and s.end is not None]
    if not found:
        return
    span = rng.choice(found)
    inside = [e for e in entries if e.ts < span.end]
    inside = inside[: rng.randrange(next(i for i, e in enumerate(inside) if e.ts == span.begin) + 1, len(inside) + 1)]
    first = min(s.begin for s in found if s.holds(inside[-1].ts))  # others may be prepared and not decided, too
    ours = make("cut")
    ours.ingest("base", "base")
    ours.run("ingest-oplog", "-", input=b"".join(e.raw for e in inside), check=(0, 3))
    for ts, wanted in ((oplog.before(first), 0), (first, 5), (inside[-1].ts, 5)):
        at = f"{ts.time}.{ts.inc}"
        done = ours.run("ls", "--at", at, check=None)
        if done.status != wanted:
            comparison.differ(at, "", f"a stream that ends at {inside[-1].ts.time}.{inside[-1].ts.inc}, with what was prepared at "
                              f"{first.time}.{first.inc}: exit {done.status}, expected {wanted}: {done.err.strip()[:300]}")


def has_metadata(ns):
    """Whether a dump writes a metadata file of its own for it: the buckets of a time series and the views' collection have none."""
    return not ns.partition(".")[2].startswith(("system.buckets.", "system.views"))


def lies(moment, rng):
    """A copy of a moment in which one thing is wrong, and what: the comparison has to see it."""
    false = json.loads(json.dumps(moment))
    spaces = false["namespaces"]
    full = [ns for ns in collections_of(false) if spaces[ns]["count"] > 0 and "indexes" in spaces[ns] and has_metadata(ns)]
    kind = rng.choice(("documents", "uuid", "options", "indexes", "absent", "too many"))
    if kind == "absent":
        spaces["d0.never there"] = {**spaces[full[0]]}
    elif kind == "too many":
        false["complete"] = True
        del spaces[full[0]]
    else:
        one = spaces[rng.choice(full)]
        if kind == "documents":
            one["sha"] = next(spaces[ns]["sha"] for ns in full if spaces[ns]["sha"] != one["sha"])
        elif kind == "uuid":
            one["uuid"] = "00" * 16
        elif kind == "options":
            one["options"] = {**one["options"], "max": 987654}
        else:
            one["indexes"] = [*one["indexes"], {"v": 2, "key": {"never": 1}, "name": "never_1"}]
    return kind, false

