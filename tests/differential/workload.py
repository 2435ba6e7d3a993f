"""A seeded random workload of everything that a primary can be made to log.

World is what scenarios work with: a connection, a random generator, the collections there are, and the count of the
named cases of reference/oplog.md. A scenario is a generator function, registered by @scenario: it makes entries, and
yields where the state may be looked at (a text that says what is open there), or Others(n) where other scenarios may run
in between. Scenarios are in crud.py, apply_ops.py, ddl.py and transactions.py.
"""
import collections
import contextlib
import dataclasses
import random
import threading

import values
from bson import SON, Int64
from bson.raw_bson import RawBSONDocument

from wire import RAW, CommandError, Wire, session

DATABASES = ("d0", "d1", "d-2")
COLLECTIONS_MAX = 36
NESTED_MS = 5000
WRITES = ("insert", "update", "delete", "findAndModify", "commitTransaction", "abortTransaction", "prepareTransaction")
STRENGTH_2 = SON([("locale", "en"), ("strength", 2)])
GERMAN = SON([("locale", "de"), ("strength", 1)])


class Others:
    """Yielded by a scenario: now others may run, about this many of them."""

    def __init__(self, count, label):
        self.count, self.label = count, label


@dataclasses.dataclass
class Scenario:
    name: str
    run: object
    since: tuple
    until: tuple
    weight: float
    alone: bool  # never inside another scenario
    light: bool  # makes no collections: fits inside an open transaction of 4.2, which locks its databases
    most: int  # at most so often in a run, where it is heavy; 0: no limit
    late: bool  # in the last part of a leg only, and not inside others: builds indexes, prepares
    indexes: bool  # makes indexes on empty collections, for which 4.x is late
    fcv: bool  # only while the FCV is the server's own
    ran: int = 0


SCENARIOS = []


def scenario(since=(4, 2), until=(99,), weight=1.0, alone=False, light=False, most=0, late=False, indexes=False, fcv=False):
    """Register a generator function."""
    def register(function):
        SCENARIOS.append(Scenario(function.__name__, function, since, until, weight, alone, light, most, late, indexes, fcv))
        return function
    return register


@dataclasses.dataclass(eq=False)
class Coll:
    db: str
    name: str
    kind: str = "plain"  # plain, collated, capped, clustered, timeseries
    options: dict = dataclasses.field(default_factory=dict)
    ids: list = dataclasses.field(default_factory=list)
    busy: bool = False  # no DDL on it: something is open

    @property
    def ns(self):
        return f"{self.db}.{self.name}"


class World:
    """One thread's view of the server; fork() gives one for another thread."""

    def __init__(self, server, seed, short=True):
        self.server, self.number = server, server.number
        self.seed, self.short = seed, short
        self.rng = random.Random(f"{seed} {server.version}")
        self.wire = Wire(server.port)
        self.colls = []
        self.cases = collections.Counter()
        self.refused = collections.Counter()
        self.first_refusals = {}
        self.building = set()  # (namespace, index) that are not ready
        self.prepared = {}  # transactions that are prepared now
        self.resolved = {}  # key -> commit timestamp, or None when it was aborted
        self.lowered = False  # the FCV is lower than the server's
        self.nested = False  # a transaction or an index build is open: what would wait for it gives up
        self.only_light = False  # what runs must not create collections
        self.batch = None  # writes are gathered here, and sent many at once
        self.names = 0
        self.doing = ""

    def fork(self, number):
        """For a thread: its own connection and random numbers, the same collections."""
        other = World.__new__(World)
        other.__dict__.update(self.__dict__)
        other.rng = random.Random(f"{self.seed} {self.names} {number} {self.rng.random()}")
        other.wire = Wire(self.server.port)
        other.refused, other.cases = collections.Counter(), collections.Counter()
        return other

    def reconnect(self):
        self.wire.close()
        self.wire = Wire(self.server.port)

    # ---- talking

    def case(self, *names):
        self.cases.update(names)

    def run(self, db, command):
        if self.nested and next(iter(command)) not in WRITES:
            command = SON([*command.items(), ("maxTimeMS", NESTED_MS)])
        return self.wire.run(db, command)

    def may(self, db, command):
        """Run what the server may refuse; None then. What it says is counted."""
        try:
            return self.run(db, command)
        except CommandError as error:
            first = next(iter(command))
            self.refused[self.doing, first, error.code] += 1
            self.first_refusals.setdefault((self.doing, first, error.code), str(error)[:200])
            return None

    def apply(self, operations, *cases, **more):
        """applyOps; the cases count when the server took it, and so logged it."""
        answer = self.may("admin", SON([("applyOps", operations), *more.items()]))
        if answer is not None:
            self.case(*cases)
        return answer

    def parameter(self, **parameters):
        self.run("admin", SON([("setParameter", 1), *parameters.items()]))

    @contextlib.contextmanager
    def failpoint(self, name, **data):
        self.run("admin", SON([("configureFailPoint", name), ("mode", "alwaysOn"), ("data", SON(data))]))
        try:
            yield
        finally:
            with Wire(self.server.port) as wire:
                wire.run("admin", SON([("configureFailPoint", name), ("mode", "off")]))

    def note(self, majority=False):
        """A noop entry; with `majority` everything before it is committed by a majority afterwards."""
        concern = SON(w="majority" if majority else 1)
        self.run("admin", SON([("appendOplogNote", 1), ("data", SON(note=self.rng.randrange(1000))), ("writeConcern", concern)]))

    def top(self):
        return self.wire.top()

    # ---- collections

    def new_name(self, prefix="c"):
        self.names += 1
        if self.rng.random() < 0.08:
            odd = self.rng.choice(("two words", "100%", "a/b", "orders.json", "x.metadata", "注文", "quote\"s", "new\nline", "-dash"))
            return f"{prefix}{self.names} {odd}"
        return f"{prefix}{self.names}"

    def db(self):
        return self.rng.choice(DATABASES)

    def create(self, kind="plain", db=None, **options):
        """A new collection, empty. Options that are None are left to chance."""
        coll = Coll(db or self.db(), self.new_name(), kind, dict(options))
        if kind == "collated" and "collation" not in options:
            coll.options["collation"] = self.rng.choice((STRENGTH_2, GERMAN))
        if kind == "capped":
            coll.options.setdefault("capped", True)
            coll.options.setdefault("size", self.rng.choice((1, 4096, 4097, 9000, 20000)))
            if self.rng.random() < 0.6 and "max" not in coll.options:
                coll.options["max"] = self.rng.choice((1, 3, 10, 50))
        if kind == "clustered":
            coll.options["clusteredIndex"] = SON([("key", SON(_id=1)), ("unique", True)])
        self.run(coll.db, SON([("create", coll.name), *coll.options.items()]))
        self.colls.append(coll)
        return coll

    def filled(self, count=None, kind="plain", db=None, **options):
        """A new collection with documents."""
        coll = self.create(kind, db, **options)
        self.insert(coll, [self.document() for _ in range(count or self.rng.randrange(3, 25))], ordered=False)
        return coll

    def any(self, *kinds, free=False):
        """A collection that exists; a new one when there is none of that kind."""
        kinds = kinds or ("plain", "plain", "collated") + (("clustered",) if self.number >= (5, 3) and not self.lowered else ())
        kind = self.rng.choice(kinds)
        found = [c for c in self.colls if c.kind == kind and not (free and c.busy)]
        if self.only_light:
            return self.rng.choice(found or [c for c in self.colls if c.kind == "plain"])
        if len(found) < 3 or self.rng.random() < 0.05:
            return self.filled(kind=kind)
        return self.rng.choice(found)

    def forget(self, coll):
        with contextlib.suppress(ValueError):
            self.colls.remove(coll)

    def drop(self, coll):
        self.run(coll.db, SON(drop=coll.name))
        self.forget(coll)

    def trim(self):
        """Drop some when there are too many."""
        while len(self.colls) > COLLECTIONS_MAX:
            free = [c for c in self.colls if not c.busy]
            if not free:
                return
            coll = self.rng.choice(free)
            self.may(coll.db, SON(drop=coll.name))
            self.forget(coll)

    def uuid(self, coll):
        found = self.wire.documents(coll.db, SON(listCollections=1, filter=SON(name=coll.name)))
        return RawBSONDocument(found[0], RAW)["info"]["uuid"] if found else None

    # ---- writing

    def retryable(self, command):
        """Sometimes as drivers do it: with a session and a statement number."""
        if self.rng.random() < 0.25:
            return SON([*command.items(), ("lsid", session()), ("txnNumber", Int64(self.rng.randrange(1, 5)))])
        return command

    @contextlib.contextmanager
    def batched(self, coll):
        """Inserts, updates and deletes of one collection go in three commands, in any order: far fewer round trips."""
        self.batch = {"insert": [], "update": [], "delete": []}
        try:
            yield
        finally:
            batch, self.batch = self.batch, None
        for kind in self.rng.sample(sorted(batch), 3):
            statements = batch[kind]
            if not statements:
                continue
            command = SON([(kind, coll.name), ("documents" if kind == "insert" else f"{kind}s", statements), ("ordered", False)])
            many = any(s.get("multi") or s.get("limit") == 0 for s in statements if kind != "insert")
            self.may(coll.db, command if many else self.retryable(command))

    def insert(self, coll, documents, **more):
        answer = None
        if self.batch is not None:
            self.batch["insert"] += documents
        else:
            answer = self.may(coll.db, self.retryable(SON([("insert", coll.name), ("documents", documents), *more.items()])))
        if coll.kind != "capped":
            coll.ids += [d["_id"] for d in documents if isinstance(d, SON) and "_id" in d]
            if len(coll.ids) > 120:
                del coll.ids[: len(coll.ids) - 100]
        return answer

    def update(self, coll, query, change, **more):
        statement = SON([("q", query), ("u", change), *more.items()])
        if self.batch is not None:
            self.batch["update"].append(statement)
            return None
        command = SON(update=coll.name, updates=[statement])
        return self.may(coll.db, command if more.get("multi") else self.retryable(command))

    def delete(self, coll, query, limit=1):
        if self.batch is not None:
            self.batch["delete"].append(SON(q=query, limit=limit))
            return None
        command = SON(delete=coll.name, deletes=[SON(q=query, limit=limit)])
        return self.may(coll.db, self.retryable(command) if limit else command)

    # ---- random values

    def id(self, coll):
        """The `_id` of a document that probably exists."""
        if coll.ids and self.rng.random() < 0.9:
            return self.rng.choice(coll.ids)
        return self.new_id()

    def new_id(self):
        rng = self.rng
        pick = rng.randrange(10)
        if pick < 4:
            return rng.randrange(1, 2000)
        if pick < 6:
            return "".join(rng.choice("abcABCéß z") for _ in range(rng.randrange(1, 6)))
        if pick == 6:
            return SON([("x", rng.randrange(3)), ("y", rng.randrange(3))][:: rng.choice((1, -1))])
        if pick == 7:
            return rng.choice((float(rng.randrange(1, 2000)), Int64(rng.randrange(1, 2000)), rng.random()))
        return self.raw(values.random_id(rng))

    @staticmethod
    def raw(value):
        """A values.Value as what bson can carry: it is looked at inside a document."""
        return Raw.of(value)

    def scalar(self):
        rng = self.rng
        pick = rng.randrange(14)
        if pick < 4:
            return rng.randrange(-5, 100)
        if pick == 4:
            return rng.choice((1.5, -0.0, 0.0, float("inf"), float("nan"), 1e300))
        if pick == 5:
            return Int64(rng.randrange(-(2**40), 2**40))
        if pick < 9:
            return "".join(rng.choice("abcdefgh ") for _ in range(rng.choice((0, 1, 3, 8, 40))))
        if pick == 9:
            return rng.choice((None, True, False))
        if pick == 10:
            return rng.randbytes(rng.randrange(12))
        return self.raw(rng.choice(ALL_VALUES))

    def value(self, depth=2):
        pick = self.rng.randrange(10)
        if depth == 0 or pick < 6:
            return self.scalar()
        if pick < 8:
            return [self.value(depth - 1) for _ in range(self.rng.choice((0, 1, 2, 3, 5)))]
        return SON((self.rng.choice(NAMES), self.value(depth - 1)) for _ in range(self.rng.randrange(4)))

    def document(self, identity=None):
        """A document with the fields that updates aim at."""
        rng = self.rng
        doc = SON(_id=self.new_id() if identity is None else identity)
        fields = [(name, self.value(1)) for name in rng.sample(NAMES, rng.randrange(1, 6))]
        fields += [("n", SON((k, self.value(1)) for k in rng.sample(NAMES, rng.randrange(4)))),
                   ("arr", [self.value(1) for _ in range(rng.randrange(5))]),
                   ("list", [SON(k=rng.randrange(4), v=rng.randrange(9)) for _ in range(rng.randrange(5))]),
                   ("cnt", rng.randrange(10)), ("t", "x" * rng.choice((0, 5, 60, 300)))]
        rng.shuffle(fields)
        doc.update(fields)
        return doc


NAMES = ("a", "b", "c", "z", "A", "_x", "é", "0", "2", "9", "10", "01", "a-b", "aa", "m")
ALL_VALUES = [v for _, v in values.all_types()]


class Raw:
    """A value of any BSON type, also those that drivers no longer write."""

    @staticmethod
    def of(value):
        return RawBSONDocument(values.raw_document(("v", value)))["v"] if value.kind not in ODD_KINDS else 7


# What the driver's reader gives back as something else; documents with these are made as bytes (crud.py).
ODD_KINDS = (values.SYMBOL, values.DBPOINTER, values.UNDEFINED, values.DATE)


def threads(world, count, work):
    """Run work(world of its own) in several threads at once; their cases and refusals are added up."""
    forks = [world.fork(i) for i in range(count)]
    failures = []

    def body(one):
        try:
            work(one)
        except Exception as error:  # told by the one that waits
            failures.append(error)
        finally:
            one.wire.close()

    running = [threading.Thread(target=body, args=(one,), daemon=True) for one in forks]
    for thread in running:
        thread.start()
    return Running(world, forks, running, failures)


class Running:
    def __init__(self, world, forks, running, failures):
        self.world, self.forks, self.running, self.failures = world, forks, running, failures

    def join(self):
        for thread in self.running:
            thread.join(timeout=300)
            assert not thread.is_alive(), f"a writer of {self.world.doing} hangs"
        for one in self.forks:
            self.world.cases.update(one.cases)
            self.world.refused.update(one.refused)
        if self.failures:
            raise self.failures[0]

