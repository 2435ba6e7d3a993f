"""Scenarios of transactions: small, chains, above 16 MB, prepared, aborted, interleaved with other writes."""
from bson import SON, Int64

from crud import MEGABYTE, one_operation
from ddl import INDEXES
from wire import CommandError, session
from workload import Others, scenario

ONE_ENTRY = 4  # operations; the server is started so that more of them make a chain


class Transaction:
    """One open transaction: its statements carry the session and number."""

    def __init__(self, w, lsid=None, number=None):
        self.w, self.lsid, self.number = w, lsid or session(), Int64(number or w.rng.randrange(1, 9))
        self.started = False
        self.prepared_at = None

    def common(self):
        return [("lsid", self.lsid), ("txnNumber", self.number), ("autocommit", False)]

    def run(self, db, command):
        first = [] if self.started else [("startTransaction", True), ("readConcern", SON(level="snapshot"))]
        self.started = True
        return self.w.run(db, SON([*command.items(), *self.common(), *first]))

    def insert(self, coll, documents):
        return self.run(coll.db, SON(insert=coll.name, documents=documents))

    def update(self, coll, query, change, **more):
        return self.run(coll.db, SON(update=coll.name, updates=[SON([("q", query), ("u", change), *more.items()])]))

    def delete(self, coll, query, limit=1):
        return self.run(coll.db, SON(delete=coll.name, deletes=[SON(q=query, limit=limit)]))

    def commit(self, **more):
        return self.w.run("admin", SON([("commitTransaction", 1), *self.common(), ("writeConcern", SON(w=1)), *more.items()]))

    def abort(self):
        try:
            self.w.run("admin", SON([("abortTransaction", 1), *self.common()]))
        except CommandError:
            pass

    def prepare(self):
        answer = self.w.run("admin", SON([("prepareTransaction", 1), *self.common(), ("writeConcern", SON(w="majority"))]))
        self.prepared_at = answer["prepareTimestamp"]
        self.w.prepared[id(self)] = self
        return self.prepared_at

    def commit_prepared(self, at):
        self.w.note(majority=True)
        self.commit(commitTimestamp=at)
        self.w.prepared.pop(id(self))
        self.w.resolved[id(self)] = at

    def abort_prepared(self):
        self.w.run("admin", SON([("abortTransaction", 1), *self.common(), ("writeConcern", SON(w="majority"))]))
        self.w.prepared.pop(id(self))
        self.w.resolved[id(self)] = None


def write_some(w, txn, colls, count):
    """Statements of all kinds on collections that nobody else writes meanwhile."""
    rng = w.rng
    for _ in range(count):
        coll = rng.choice(colls)
        pick = rng.randrange(10)
        if pick < 5:
            documents = [w.document(rng.randrange(10**6, 10**9)) for _ in range(rng.choice((1, 2, 4)))]
            txn.insert(coll, documents)
            coll.ids += [d["_id"] for d in documents]
        elif pick < 8 and coll.ids:
            txn.update(coll, SON(_id=rng.choice(coll.ids)), SON([("$set", SON([("x", w.value(1)), ("y.z", rng.randrange(9))])),
                                                                 ("$inc", SON(txn=1))]))
        elif coll.ids:
            txn.delete(coll, SON(_id=rng.choice(coll.ids)))


def own(w, count, db=None):
    """Collections that no other scenario finds: a write to what a transaction has written waits for its end."""
    colls = [w.filled(6, db=db) for _ in range(count)]
    for coll in colls:
        w.forget(coll)
    return colls


def done(w, colls):
    w.colls += colls
    for coll in colls:
        if w.rng.random() < 0.8:
            w.drop(coll)


@scenario(weight=2)
def small_transaction(w):
    colls = own(w, 2, db=w.rng.choice((None, "d0")))
    txn = Transaction(w)
    txn.insert(colls[0], [w.document(1)])
    txn.update(colls[1], {}, {"$set": {"in": "txn"}})
    txn.delete(colls[0], {"cnt": {"$gt": 5}}, 0)
    yield "an open transaction"
    write_some(w, txn, colls, w.rng.randrange(4))
    yield Others(1, "an open transaction")
    txn.commit()
    w.case("T01", "T02" if colls[0].db != colls[1].db else "T01", "T26")
    yield "after a transaction"
    done(w, colls)


@scenario()
def aborted_transaction(w):
    colls = own(w, 1)
    txn = Transaction(w)
    write_some(w, txn, colls, 3)
    yield "an open transaction"
    txn.abort()
    if w.rng.random() < 0.5:
        reader = Transaction(w, txn.lsid, txn.number + 1)
        reader.run(colls[0].db, SON(find=colls[0].name, limit=1))
        reader.commit()
    colls[0].ids.clear()
    yield "after an aborted transaction"
    done(w, colls)


@scenario(weight=2)
def chain(w):
    """Several entries, by a limit of operations in one."""
    colls = own(w, 2)
    lsid = session()
    for number in range(1, w.rng.choice((2, 3))):
        txn = Transaction(w, lsid, number)
        write_some(w, txn, colls, w.rng.randrange(6, 12))
        yield "an open transaction"
        one_operation(w, w.any("plain"))
        txn.commit()
    w.case("T04", "T26")
    yield "after a chain"
    done(w, colls)


@scenario(weight=2, late=True)
def prepared_committed(w):
    """Prepared; others write; committed at the prepare timestamp or later."""
    colls = own(w, 2)
    [other] = own(w, 1)
    split = w.rng.random() < 0.6
    txn = Transaction(w)
    write_some(w, txn, colls, 12 if split else 2)
    at = txn.prepare()
    yield "prepared"
    for i in range(3):
        w.insert(other, [SON(_id=f"between{i}")])
    if w.rng.random() < 0.7:
        at = w.top()
        w.case("T07")
    yield "prepared"
    if w.rng.random() < 0.4:
        yield Others(2, "prepared")
    for i in range(3):
        w.insert(other, [SON(_id=f"after{i}")])
    txn.commit_prepared(at)
    w.case("T06", "T09" if split else "T06", "T26")
    yield "after a prepared transaction"
    done(w, [other, *colls])


@scenario(late=True)
def prepared_aborted(w):
    colls = own(w, 1)
    txn = Transaction(w)
    write_some(w, txn, colls, w.rng.choice((2, 8)))
    txn.prepare()
    yield "prepared"
    yield Others(1, "prepared")
    txn.abort_prepared()
    w.case("T08", "T26")
    colls[0].ids.clear()
    yield "after a prepared transaction was aborted"
    done(w, colls)


@scenario(late=True)
def prepared_empty(w):
    coll = own(w, 1)
    txn = Transaction(w)
    txn.run(coll[0].db, SON(find=coll[0].name, limit=1))
    at = txn.prepare()
    yield "prepared"
    txn.commit_prepared(at)
    w.case("T06")
    yield "after a prepared transaction of nothing"
    done(w, coll)


@scenario(since=(4, 4), indexes=True)
def creates_in_transaction(w):
    db = w.db()
    names = [w.new_name("intxn") for _ in range(2)]
    txn = Transaction(w)
    txn.started = True  # creating wants a read concern of its own
    first = [("startTransaction", True), ("readConcern", SON(level="local"))]
    w.run(db, SON([("create", names[0]), *txn.common(), *first]))
    txn.run(db, SON(createIndexes=names[0], indexes=[SON(INDEXES[0])]))
    txn.run(db, SON(insert=names[0], documents=[w.document(i) for i in range(3)]))
    txn.run(db, SON(insert=names[1], documents=[w.document(i) for i in range(2)]))
    txn.run(db, SON(update=names[0], updates=[SON(q=SON(_id=1), u=SON([("$set", SON(x=1))]))]))
    yield "a transaction that creates"
    txn.commit()
    w.case("T03")
    yield "after a transaction that created"
    for name in names:
        w.run(db, SON(drop=name))


@scenario(most=5, late=True)
def large_transaction(w):
    """More than one entry by its size."""
    colls = own(w, 2)
    txn = Transaction(w)
    for i in range(5):
        txn.insert(colls[i % 2], [SON([("_id", 10**6 + i), ("t", chr(97 + i) * (4 * MEGABYTE))])])
    txn.delete(colls[0], {"cnt": {"$gt": 4}}, 0)
    if w.rng.random() < 0.5:
        at = txn.prepare()
        yield "prepared"
        txn.commit_prepared(at)
    else:
        txn.commit()
    w.case("T09", "T04", "F19")
    yield "after a transaction above 16 MB"
    for coll in colls:
        w.drop(coll)


@scenario()
def transaction_and_retries(w):
    """One session: retryable writes, a transaction, retryable writes."""
    colls = own(w, 1)
    lsid = session()
    for number in range(1, 7):
        if number % 3 == 0:
            txn = Transaction(w, lsid, number)
            write_some(w, txn, colls, 2)
            txn.commit()
        else:
            w.may(colls[0].db, SON([("insert", colls[0].name), ("documents", [w.document(10**7 + number * 10 + i) for i in range(2)]),
                                    ("lsid", lsid), ("txnNumber", Int64(number))]))
    w.case("T24", "T26")
    yield "after transactions and retryable writes"
    done(w, colls)


@scenario(weight=1.5)
def two_at_once(w):
    """Two chains whose sessions take turns, and one of them is dropped for the next number."""
    colls = own(w, 2)
    one, two = Transaction(w), Transaction(w)
    write_some(w, one, colls[:1], 2)
    write_some(w, two, colls[1:], 2)
    write_some(w, one, colls[:1], 2)
    yield "two open transactions"
    two.commit()
    if w.rng.random() < 0.9:
        again = Transaction(w, one.lsid, one.number + 1)  # the server aborts the first
        colls[0].ids.clear()
        again.insert(colls[0], [w.document(5 * 10**6)])
        again.commit()
        w.case("T13")
    else:
        one.commit()
    w.case("T02")
    yield "after two transactions"
    done(w, colls)

