"""Updates of single documents: our C code against what servers did, against a model of them, and against servers.

YESTER_UPDATES is how many random updates are tried (default 4,000; the long form is 100,000 and more), YESTER_SEED
makes them others. The samples and the model lie in the folder of shared test data; without it those tests are skipped.
"""
import importlib.util
import os
import random
import re
import struct

import bson
import peers
import pymongo
import pytest
from bson import SON, Int64, json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

COUNT = int(os.environ.get("YESTER_UPDATES") or 4000)
SEED = int(os.environ.get("YESTER_SEED") or 20260722)
VERSIONS = ("4.2.6", "4.4.2", "5.0.4", "6.0.27")
ORDERED = CodecOptions(document_class=SON)
CANONICAL = json_util.JSONOptions(document_class=SON, tz_aware=False)
CORRUPT, UNSUPPORTED = -3, -4


def loads(text):
    """Extended JSON to SON, with int32 and int64 apart."""
    return json_util.loads(text, json_options=CANONICAL)


def ordered(raw):
    return bson.decode(raw, codec_options=ORDERED)


@pytest.fixture(scope="session")
def apply():
    """apply([(doc or None, o, major, upsert, _id)]) gives [(code, bytes)]: documents as SON or bytes."""
    program = peers.BUILD / "oplog_update"
    peers.run(["make", "-f", "Makefile", "-f", "tests/oplog_update/oplog_update.mk", f"BUILD={peers.BUILD}", program],
              cwd=peers.ROOT, timeout=900)

    def raw(document):
        if document is None:
            return b""
        return document if isinstance(document, bytes) else bson.encode(document)

    def call(records):
        feed = bytearray()
        for doc, o, major, upsert, identity in records:
            feed += bytes([major, bool(upsert)])
            for part in (raw(doc), raw(o), raw({"": identity})):
                feed += struct.pack("<I", len(part)) + part
        answer, at, results = peers.run([program], input=bytes(feed)).raw, 0, []
        for _ in records:
            code, length = struct.unpack_from("<iI", answer, at)
            results.append((code, answer[at + 8 : at + 8 + length]))
            at += 8 + length
        assert at == len(answer)
        return results

    return call


def after(doc, result):
    """The document after an update that was not refused; None when there is none."""
    code, raw = result
    assert code >= 0, raw.decode()
    return raw if code == 1 else doc


# ---- what servers did


def expected_of(case, outcome):
    """What one mode of a corner case must give: ("reject", code), ("len", n) or ("doc", bytes or None)."""
    status = outcome["status"]
    if status == "ok":
        docs = outcome["docs"]
        for value in docs[0].values() if docs else ():
            if isinstance(value, list) and value and isinstance(value[0], str) and value[0].startswith("len="):
                return "len", int(value[0][4:])
        return "doc", bson.encode(docs[0]) if docs else None
    if status == "CRASH":
        return "reject", None
    code = int(re.match(r"ERR (\d+)", status)[1])
    return ("doc", None) if code == 218 else ("reject", code)


@pytest.mark.parametrize("version", VERSIONS)
def test_corner_cases_are_what_the_server_made_of_them(shared, apply, version):
    cases = loads((shared / "data/oplog_samples" / version / "_semantics_applyops.json").read_text())
    major = int(version[0])
    records, wanted = [], []
    for name, case in cases.items():
        for mode in ("ApplyOps", "InitialSync", "Upsert"):
            records.append((case["base"], case["o"], major, mode == "Upsert", 1))
            wanted.append((f"{name} {mode}", case, expected_of(case, case[mode])))
    assert len(cases) == 108
    compared, left_out = 0, {}
    for (name, case, (kind, value)), (code, raw) in zip(wanted, apply(records)):
        if any(key.startswith("$") and key not in ("$v", "$set", "$unset") for key in case["o"]) and code == UNSUPPORTED:
            left_out[name] = "a modifier that is not logged"
        elif name.startswith("repl_zero_ts") and major < 6:
            left_out[name] = "the primary fills in the time, a secondary does not"
        elif kind == "reject":
            text = raw.decode()
            assert code == CORRUPT, f"{name}: {code} {text}"
            assert value is None or f"code {value}:" in text, f"{name}: {text}, expected {value}"
            compared += 1
        elif kind == "len":
            assert code == 1 and len(bson.decode(raw)["a"]) == value, name
            compared += 1
        else:
            base = bson.encode(case["base"]) if case["base"] is not None else None
            assert after(base, (code, raw)) == value, name
            compared += 1
    print(f"{version}: {compared} outcomes equal, {len(left_out)} left out: {left_out}")
    assert compared + len(left_out) == 324 and len(left_out) <= 12


class Replay:
    """The least that replays the samples: no catalog, documents by collection and _id."""

    def __init__(self, apply, major):
        self.apply, self.major = apply, major
        self.docs, self.names, self.chains, self.updates = {}, {}, {}, 0

    def collection(self, entry):
        ui = entry.get("ui")
        if ui is None:
            return self.names.setdefault(entry["ns"], entry["ns"])
        self.names.setdefault(entry["ns"], bytes(ui))
        return bytes(ui)

    def crud(self, entry, upsert):
        docs = self.docs.setdefault(self.collection(entry), {})
        op, o = entry["op"], entry["o"]
        if op == "i":
            docs[self.key(o["_id"])] = bson.encode(o)
        elif op == "d":
            docs.pop(self.key(o["_id"]), None)
        elif op == "u":
            key = self.key(entry["o2"]["_id"])
            (result,) = self.apply([(docs.get(key), o, self.major, entry.get("b", upsert), entry["o2"]["_id"])])
            if result[0] == UNSUPPORTED:
                raise LookupError(result[1].decode())
            new = after(docs.get(key), result)
            self.updates += 1
            if new is not None:
                docs[key] = new

    @staticmethod
    def key(identity):
        return bson.encode({"": float(identity) if isinstance(identity, (int, float)) else identity})

    def entry(self, entry):
        if entry["op"] in ("i", "u", "d"):
            self.crud(entry, False)
        elif entry["op"] == "c":
            self.command(entry)

    def command(self, entry):
        o, name = entry["o"], next(iter(entry["o"]))
        if name == "applyOps":
            self.apply_ops(entry)
        elif name == "commitTransaction":
            for one in self.chains.pop(str(entry["prevOpTime"])):
                self.entry(one)
        elif name in ("drop", "emptycapped"):
            self.docs.pop(self.collection(entry), None)

    def apply_ops(self, entry):
        o, prev = entry["o"], entry.get("prevOpTime")
        linked = prev is not None and prev["t"] != -1
        ops = (self.chains.pop(str(prev)) if linked else []) + list(o["applyOps"])
        if o.get("partialTxn") or o.get("prepare"):
            self.chains[str(SON([("ts", entry["ts"]), ("t", entry["t"])]))] = ops
            return
        for one in ops:
            one = SON([*((k, v) for k, v in entry.items() if k not in one), *one.items()])
            if one["op"] in ("i", "u", "d"):
                self.crud(one, "txnNumber" not in entry and o.get("alwaysUpsert", True))
            else:
                self.entry(one)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_updates_of_all_samples_give_the_documents_that_were_there(shared, apply, version):
    updates = compared = 0
    for path in sorted((shared / "data/oplog_samples" / version).glob("[!_]*.json")):
        text = path.read_text()
        sample = loads(text)
        # Left out: no documents, long values that the sample has cut, documents that went without an entry.
        if not isinstance(sample.get("result"), dict) or " chars)" in text or path.stem == "capTrunc":
            continue
        replay = Replay(apply, int(version[0]))
        try:
            for entry in sample["oplog"]:
                replay.entry(entry)
        except LookupError as error:
            print(f"{path.stem}: {error}")
            continue
        updates += replay.updates
        for db, result in sample["result"].items():
            for one in result.get("catalog", ()):
                info = one["info"]
                uuid, docs = info.get("info", {}).get("uuid"), result["docs"].get(info["name"])
                if uuid is None or docs is None or info["options"].get("capped"):
                    continue
                ours = sorted(replay.docs.get(bytes(uuid), {}).values())
                assert ours == sorted(map(bson.encode, docs)), f"{version} {path.stem} {db}.{info['name']}"
                compared += len(docs)
    print(f"{version}: {updates} updates, {compared} documents equal")
    assert updates > 90 and compared > 150


# ---- random updates


class Maker:
    """Random documents and updates, small names so that they meet."""

    NAMES = ("a", "b", "c", "d", "10", "9", "2", "0", "aa", "_x", "é")

    def __init__(self, seed):
        self.random = random.Random(seed)

    def scalar(self):
        r = self.random
        return r.choice((r.randrange(100), Int64(r.randrange(100)), r.random(), None, True, "", "text" * r.randrange(5),
                         -0.0, b"bytes", bson.Timestamp(r.randrange(9), 1), bson.ObjectId(b"0123456789ab")))

    def value(self, depth=0):
        roll = self.random.random()
        if depth > 3 or roll < 0.5:
            return self.scalar()
        if roll < 0.75:
            return self.fields(depth + 1)
        return [self.value(depth + 1) for _ in range(self.random.randrange(5))]

    def fields(self, depth=0, most=6):
        names = self.random.sample(self.NAMES, self.random.randrange(most))
        return SON((name, self.value(depth)) for name in names)

    def document(self):
        return SON([("_id", 1), *self.fields(most=8).items()])

    def path(self):
        parts = [self.random.choice(self.NAMES) for _ in range(self.random.choice((1, 1, 2, 2, 2, 3, 4)))]
        return ".".join(parts)

    def modifiers(self):
        o = SON([("$v", 1)])
        chosen = {}
        for _ in range(self.random.choice((1, 1, 2, 3, 5, 12, 30))):
            path = self.path()
            if self.random.random() < 0.02 or not any(
                    (other + ".").startswith(path + ".") or (path + ".").startswith(other + ".") for other in chosen):
                chosen[path] = self.random.random() < 0.7
        sections = [("$set", SON((p, self.value()) for p, yes in chosen.items() if yes)),
                    ("$unset", SON((p, True) for p, yes in chosen.items() if not yes))]
        self.random.shuffle(sections)
        o.update((k, v) for k, v in sections if v or self.random.random() < 0.05)
        return o

    def diff(self, like=None, depth=0):
        """A difference of the right grammar; when `like` is given mostly for fields that it has."""
        r = self.random
        names = list(self.NAMES)
        if isinstance(like, dict):
            names += [name for name in like if name != "_id"] * 3
        chosen = list(dict.fromkeys(r.choice(names) for _ in range(r.choice((1, 2, 3, 5)))))
        diff, subs = SON(), []
        for name in chosen:
            section = r.choice("duis")
            if section == "s":
                subs.append((name, self.sub(like.get(name) if isinstance(like, dict) else None, depth + 1)))
            else:
                diff.setdefault(section, SON())[name] = False if section == "d" else self.value(1)
        diff = SON((section, diff[section]) for section in "dui" if section in diff)
        diff.update(("s" + name, sub) for name, sub in subs)
        return diff

    def sub(self, like, depth):
        array = isinstance(like, list) if self.random.random() < 0.9 else self.random.random() < 0.5
        if depth > 4 or not array:
            return self.diff(like, depth) if depth <= 4 else SON([("u", SON([("a", 1)]))])
        size = len(like) if isinstance(like, list) else 2
        diff = SON([("a", True)])
        limit = size + 4
        if self.random.random() < 0.3:
            limit = diff["l"] = self.random.randrange(size + 3)
        for index in sorted(self.random.sample(range(size + 4), self.random.randrange(4))):
            if index >= limit:
                continue
            if self.random.random() < 0.6:
                diff[f"u{index}"] = self.value(2)
            else:
                inner = like[index] if isinstance(like, list) and index < len(like) else None
                diff[f"s{index}"] = self.sub(inner, depth + 1)
        return diff

    def update(self, doc, major):
        roll = self.random.random()
        if roll < 0.05:
            return self.document()
        if major >= 5 and roll < 0.6:
            return SON([("$v", 2), ("diff", self.diff(doc if self.random.random() < 0.8 else None))])
        return self.modifiers()


def model_of(shared):
    path = shared / "reference/oplog_model/ref_apply.py"
    spec = importlib.util.spec_from_file_location("ref_apply", path)
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    return model


def model_says(model, doc, o, major, upsert=False):
    """The new document's bytes, None for a missing one, or the model's Bad."""
    try:
        new = model.apply_update(ordered(doc) if doc else None, o, major, upsert, 1)
        return None if new is None else bson.encode(new)
    except model.Bad as error:
        return error


def test_random_histories_and_their_replays_are_as_the_model_says(shared, apply):
    model, maker = model_of(shared), Maker(SEED)
    print(f"YESTER_SEED={SEED} YESTER_UPDATES={COUNT}")
    records, wanted, rejected = [], [], 0

    def step(doc, o, major, upsert=False):
        says = model_says(model, doc, o, major, upsert)
        records.append((doc, o, major, upsert, 1))
        wanted.append(says)
        return doc if isinstance(says, model.Bad) else says

    while len(records) < COUNT:
        major = maker.random.choice((4, 4, 5, 6, 8))
        doc = first = bson.encode(maker.document()) if maker.random.random() < 0.95 else None
        history, states = [], [first]
        for _ in range(maker.random.randrange(1, 9)):
            o = maker.update(ordered(doc) if doc else None, major)
            before = doc
            doc = step(doc, o, major, upsert=doc is None and maker.random.random() < 0.7)
            if not isinstance(wanted[-1], model.Bad) and before is not None:
                history.append(o)
                states.append(doc)
        for state in states[1:]:
            for o in history:
                state = step(state, o, major)
    for (doc, o, major, upsert, _), says, (code, raw) in zip(records, wanted, apply(records)):
        story = f"major {major} upsert {upsert}\n  doc {doc and ordered(doc)}\n  o {o}\n  model {says}\n  ours {code} {raw}"
        if isinstance(says, model.Bad):
            rejected += 1
            assert code == CORRUPT, story
        else:
            assert code in (0, 1) and after(doc, (code, raw)) == says, story
    print(f"{len(records)} updates equal, {rejected} of them refused")


@pytest.mark.mongod
@pytest.mark.parametrize("version", VERSIONS)
def test_random_updates_are_as_a_real_server_makes_them(apply, version):
    maker, major = Maker(SEED + 1), int(version[0])
    print(f"YESTER_SEED={SEED} YESTER_UPDATES={COUNT}")
    changed = refused = 0
    with peers.Mongod(version) as server:
        db = server.client.get_database("model", codec_options=peers.RAW)
        for _ in range(max(COUNT // 20, 50)):
            doc, records, answers = bson.encode(maker.document()), [], []
            db["t"].drop()
            db["t"].insert_one(RawBSONDocument(doc))
            for _ in range(5):
                o = maker.update(ordered(doc), major)
                op = SON([("op", "u"), ("ns", "model.t"), ("o2", {"_id": 1}), ("o", o)])
                records.append((doc, o, major, False, 1))
                try:
                    server.client.admin.command(SON([("applyOps", [op]), ("alwaysUpsert", False),
                                                     ("oplogApplicationMode", "InitialSync")]))
                    doc = db["t"].find_one().raw
                    answers.append(doc)
                except pymongo.errors.OperationFailure as error:
                    answers.append(error)
            for (before, o, *_), answer, (code, raw) in zip(records, answers, apply(records)):
                story = f"doc {ordered(before)}\n  o {o}\n  server {answer}\n  ours {code} {raw}"
                if isinstance(answer, bytes):
                    assert code in (0, 1) and after(before, (code, raw)) == answer, story
                    changed += 1
                else:
                    assert code == CORRUPT, story
                    refused += 1
    print(f"{version}: {changed} documents equal, {refused} updates refused by both")
    assert changed > refused
