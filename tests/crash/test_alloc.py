"""An allocation that fails, anywhere: what was done is right, or the program says so and ends, and the store is whole.

The places are the chains of callers that a run of the same command has (tests/crash/alloc_shim.c). YESTER_ALLOC_PLACES (of
each command; the default is the short form, 0 is all) and YESTER_SEED. `make check-alloc` is the long form. For programs that go on
a failing allocation may fail a request, or end them with a word about it; nobody gets wrong bytes.
"""
import contextlib
import os
import random
import shutil
import subprocess
import time

import bson
import crash_workload as workload
import peers
import pymongo
import pytest
import serving
from bson.timestamp import Timestamp

PLACES = int(os.environ.get("YESTER_ALLOC_PLACES", "1"))
SHORT = os.environ.get("YESTER_ALLOC_PLACES") is None
SEED = int(os.environ.get("YESTER_SEED", "1"))
ONLY = os.environ.get("YESTER_ALLOC_SITE")  # one place, to look at
DOCUMENTS = 600
HOUR = 1700000000


def shim(report="", site="", later=False, start="", nth=1):
    """The environment in which the allocation at a site fails."""
    return dict(os.environ, LD_PRELOAD=str(workload.built("alloc_shim.so")), ALLOC_REPORT=str(report), ALLOC_SITE=site,
                ALLOC_LATER="1" if later else "", ALLOC_FROM=str(start), ALLOC_NTH=str(nth), ALLOC_WHERE="1" if ONLY else "")


def document(i, version):
    return {"_id": i, "a": i % 7, "text": "x" * (i % 50) + str(i * version if i % 20 == 0 else i), "sub": {"k": [i, i + 1]}}


def make_dump(folder, version):
    """Two collections, one of them zipped and not in order."""
    dump = workload.Dump(folder)
    raw = [bson.encode(document(i, version)) for i in range(DOCUMENTS)]
    order = random.Random(version).sample(range(DOCUMENTS), DOCUMENTS)
    dump.add("shop", "orders", raw)
    dump.add("shop", "unsorted", raw, order, zipped=True)
    return dump


def entries(first, end):
    """Of an oplog that updates and inserts."""
    ui = bson.Binary(bytes(range(16)), 4)
    for i in range(first, end):
        about = {"ns": "log.b", "ui": ui, "ts": Timestamp(HOUR + i // 10, i % 10 + 1), "t": bson.Int64(1), "v": bson.Int64(2)}
        yield bson.encode({"op": "i", "o": {"_id": i, "pad": "x" * (i * 7 % 90)}, **about})


class World:
    """Stores, the commands, and what each has to give."""

    def __init__(self, folder):
        self.folder = folder
        self.one, self.two = (make_dump(folder / f"dump{v}", v) for v in (1, 2))
        self.slices = [folder / "slice0.bson", folder / "slice1.bson"]
        for path, part in zip(self.slices, ((0, 300), (280, 700))):
            path.write_bytes(b"".join(entries(*part)))
        self.key = folder / "key"
        self.key.write_text("a key of the tests of allocations\n")
        self.key.chmod(0o600)
        self.templates = {}

    def template(self, name):
        """A store to copy, made when it is first wanted: plain, sealed, full, gone."""
        if name not in self.templates:
            self.templates[name] = getattr(self, "make_" + name)(self.folder / name)
        return self.templates[name]

    def make_plain(self, path, *options, secret=()):
        store = peers.Store(path, *options, *secret)
        store.ingest(self.one.path, "--name", "one", *secret)
        store.run("ingest-oplog", self.slices[0], *secret)
        return store

    def make_sealed(self, path):
        return self.make_plain(path, "--encrypt", secret=self.secret("sealed"))

    def make_full(self, path):
        store = self.copy("plain", path)
        store.ingest(self.two.path, "--name", "two")
        return store

    def make_gone(self, path):
        store = self.copy("full", path)
        store.run("forget", "-q", "one")
        return store

    def secret(self, template):
        return ("--key-file", self.key) if template == "sealed" else ()

    def copy(self, template, path):
        """A copy of a store; its index is made again (it belongs to one inode)."""
        store = workload.Copied(self.template(template), path, warm=False)
        store.run("snapshots", *self.secret(template))
        return store


# verb, template, arguments (a World's attributes in braces), does it write?
COMMANDS = {
    "ingest": ("ingest", "plain", ("{two.path}", "--name", "two"), True),
    "ingest-sealed": ("ingest", "sealed", ("{two.path}", "--name", "two"), True),
    "ingest-oplog": ("ingest-oplog", "plain", ("{slices[1]}",), True),
    "check": ("check", "full", ("--read-data",), False),
    "check-sealed": ("check", "sealed", ("--read-data",), False),
    "snapshots": ("snapshots", "full", (), False),
    "cat": ("cat", "full", ("shop.orders",), False),
    "cat-sealed": ("cat", "sealed", ("shop.unsorted",), False),
    "query": ("cat", "full", ("shop.orders", "--query",
                              '{"$or":[{"text":{"$regex":"^x+7"}},{"$expr":{"$gt":["$a",{"$size":"$sub.k"}]}}]}'), False),
    "dump": ("dump", "full", ("--out", "{folder}/dumped"), False),
    "diff": ("diff", "full", ("one", "two"), False),
    "forget": ("forget", "full", ("one",), True),
    "prune": ("prune", "gone", ("--grace", "0", "--max-waste", "1"), True),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alloc")
    yield World(folder)
    shutil.rmtree(folder, ignore_errors=True)


def read_sites(report):
    """[(site, calls)] in the order of their first calls."""
    rows = [line.split() for line in report.read_text().splitlines()]
    return [(site, int(calls)) for site, calls, _ in sorted(rows, key=lambda row: int(row[2]))]


def chosen(sites, what):
    """[(site, nth call of it, all later ones, too)], by the seed."""
    rng = random.Random(f"{SEED} {what}")
    if ONLY:
        return [(ONLY, nth, later) for nth in (1,) for later in (False, True)]
    if PLACES == 0:
        return [(site, nth, later) for site, calls in sites for nth in sorted({1, calls}) for later in (False, True)]
    return [(site, rng.randrange(1, calls + 1), rng.random() < 0.3) for site, calls in rng.sample(sites, min(PLACES, len(sites)))]


class Case:
    """A command over a copy of a store."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.verb, self.template, arguments, self.writes = COMMANDS[name]
        self.arguments = [word.format(**vars(world)) if word.startswith("{") and word[1].isalpha() else word for word in arguments]
        self.secret = world.secret(self.template)
        self.store = None
        self.fresh()

    def fresh(self):
        if self.store is None or self.writes:
            self.store = self.world.copy(self.template, self.world.folder / "store")

    def run(self, env=None):
        if self.verb == "dump":
            shutil.rmtree(self.world.folder / "dumped", ignore_errors=True)
        return self.store.run(self.verb, *self.arguments, *self.secret, check=None, env=env, timeout=120)

    def result(self, done):
        """What tells whether it did what it should."""
        if self.verb == "dump":
            folder = self.world.folder / "dumped"
            return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.bson*")}
        if not self.writes:
            return done.raw
        listed = workload.names(self.store) if not self.secret else None
        return listed, self.store.run("check", "--read-data", *self.secret).status, self.documents()

    def documents(self):
        found = []
        for name in ("shop.orders", "shop.unsorted"):
            found.append(self.store.run("cat", name, "--format", "bson", *self.secret).raw)
        return found


# What the short form has; each opening of an encrypted store takes a second, for scrypt.
USUAL = ("ingest", "ingest-oplog", "check", "query", "prune")


@pytest.mark.parametrize("name", USUAL if SHORT else COMMANDS)
def test_an_allocation_that_fails(world, name):
    case = Case(world, name)
    report = world.folder / "report"
    done = case.run(shim(report))
    good = done.status
    assert good in (0, 3), done.story()
    expected = case.result(done)
    problems = []
    for site, nth, later in chosen(read_sites(report), name):
        case.fresh()
        done = case.run(shim(site=site, nth=nth, later=later))
        story = f"seed {SEED}, {name}, site {site}, call {nth}{' and all later' if later else ''}"
        try:
            judge(case, done, good, expected, story)
        except AssertionError as problem:
            problems.append(str(problem))
            case.store = None
    assert not problems, "\n\n".join(problems)


def judge(case, done, good, expected, story):
    """Right, or ended with a word about it; then the store is whole, and the same again succeeds."""
    assert done.status in (good, 1), f"{story}: {done.story()}"
    if done.status == 1:
        assert "memory" in done.err, f"{story}: it is not told why: {done.story()}"
    else:
        assert case.result(done) == expected, f"{story}: it ended well, but with another result: {done.story()}"
        return
    case.store.run("check", "--read-data", "-q", *case.secret)
    again = case.run()
    # It may have been done: only what came behind it failed, as the time zone of what it prints.
    was_done = {"forget": "there is no snapshot", "ingest": 'there is a snapshot "two" already'}.get(case.verb)
    assert again.status == good or (was_done and was_done in again.err), f"{story}: the same again: {again.story()}\nafter {done.story()}"
    found = case.result(again)
    assert found == expected, f"{story}: the same again gave another result"


# ---- programs that go on


class Started:
    """A program that goes on, the shim in it; allocations are counted from count() on."""

    def __init__(self, world, how):
        self.begin = world.folder / "begin"
        self.begin.unlink(missing_ok=True)
        self.env = shim(start=self.begin, **how)

    @contextlib.contextmanager
    def environment(self):
        """For what starts it with the environment of this process."""
        before = dict(os.environ)
        os.environ.update(self.env)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def count(self):
        self.begin.write_text("")


QUERIES = (
    lambda c: list(c.find({"a": {"$gt": 3}}, batch_size=50)), lambda c: c.count_documents({"text": {"$regex": "^x+1"}}),
    lambda c: list(c.aggregate([{"$group": {"_id": "$a", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])), lambda c: c.distinct("a"),
    lambda c: list(c.find().sort([("a", -1), ("_id", 1)]).limit(20)), lambda c: c.find_one({"_id": 77}),
    lambda c: list(c.aggregate([{"$match": {"_id": {"$lt": 5}}}, {"$lookup": {"from": "unsorted", "localField": "a", "foreignField": "_id", "as": "l"}}])),
)


def ask_all(server):
    """What each query gives, None where it failed."""
    found = []
    with pymongo.MongoClient(server.uri, serverSelectionTimeoutMS=20000, retryReads=False) as client:
        for query in QUERIES:
            try:
                found.append(query(client.shop.orders) if server.process.poll() is None else None)
            except pymongo.errors.PyMongoError:
                found.append(None)
    return found


def serve(world, expected, **how):
    """Start a server, ask it; it is whole afterwards, or it has said why it is not there."""
    started = Started(world, how)
    server = serving.Server(world.template("full").path, "--noauth")
    with started.environment():
        server.__enter__()
    started.count()
    found = ask_all(server)
    if expected is not None:
        wrong = [i for i, (have, want) in enumerate(zip(found, expected)) if have is not None and have != want]
        assert not wrong, f"wrong answers of queries {wrong}"
    if server.process.poll() is None and not how.get("later"):
        before = "alloc:" in server.error_text()
        again = ask_all(server)
        wrong = [i for i, (have, want) in enumerate(zip(again, expected or found)) if have is not None and have != want]
        assert not wrong, f"wrong answers of queries {wrong}"
        assert not before or None not in again or server.process.poll() is not None, "one request's failure is past, and another fails"
    status, said = server.stop(), server.error_text()
    server.process.stdout.close()
    assert status in (0, 1), f"exit {status}: {said}"
    assert status == 0 or "memory" in said.replace("alloc: ", ""), said
    return found


def read_tree(path):
    """{path: content, or None where that failed} of a mount's newest snapshot."""
    found = {}
    for name in ("shop/orders.bson", "shop/unsorted.bson", "shop/orders.metadata.json", "shop/orders.json"):
        try:
            found[name] = (path / "latest" / name).read_bytes()
        except FileNotFoundError:
            found[name] = "absent" if peers.is_mounted(path) else None
        except OSError:
            found[name] = None
    return found


def mount(world, expected, **how):
    """The same of a mount."""
    started, folder = Started(world, how), world.folder / "mnt"
    folder.mkdir(exist_ok=True)
    with open(world.folder / "mount.err", "w+") as said:
        process = subprocess.Popen([peers.program("yesterfs"), world.template("full").path, folder, "-f"], env=started.env, stderr=said)
        try:
            while not peers.is_mounted(folder):
                assert process.poll() is None, "it did not mount"
                time.sleep(0.01)
            started.count()
            found = read_tree(folder)
            wrong = [k for k in found if expected and found[k] is not None and found[k] != expected[k]]
            if process.poll() is None and not how.get("later"):
                before = "alloc:" in peers.written(said)
                again = read_tree(folder)
                if "yester: out of memory\n" in peers.written(said):
                    process.wait(timeout=120)  # it is ending: what can't be read any more is no wonder
                wrong += [k for k in again if again[k] != (expected or found)[k] and (again[k] is not None or before and process.poll() is None)]
        finally:
            peers.run(["fusermount3", "-u", "-z", folder], check=None)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=120)
            process.kill()
        said.seek(0)
        text = said.read()
    assert not wrong, f"wrong content of {wrong}: {text}"
    assert process.returncode in (0, 1), f"exit {process.returncode}: {text}"
    assert process.returncode == 0 or "memory" in text.replace("alloc: ", ""), text
    return found


@pytest.mark.parametrize("going", [serve, pytest.param(mount, marks=pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="no FUSE here"))], ids=["serve", "mount"])
def test_an_allocation_that_fails_in_a_program_that_goes_on(world, going):
    report = world.folder / "report"
    expected = going(world, None, report=report)
    whole = expected if isinstance(expected, list) else expected.values()
    assert not any(one is None or one == "absent" for one in whole), expected
    problems = []
    for site, nth, later in chosen(read_sites(report), going.__name__):
        try:
            going(world, expected, site=site, nth=nth, later=later)
        except AssertionError as problem:
            problems.append(f"seed {SEED}, {going.__name__}, site {site}, call {nth}{' and all later' if later else ''}: {problem}")
    assert not problems, "\n\n".join(problems)
