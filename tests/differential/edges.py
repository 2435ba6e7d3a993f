"""Scenarios of what is rare: very deep and very wide values, names that look like a difference's sections, several
prepared transactions at once, builds that somebody else ends, names that change places, direct writes of system.views."""
import datetime

from bson import SON, Int64

from apply_ops import operation
from crud import one_operation
from ddl import INDEXES, wait_for, wait_for_start
from transactions import MEGABYTE, Transaction, done, own
from wire import session
from workload import GERMAN, STRENGTH_2, Others, scenario, threads

# What sections and headers of `$v: 2` are called, and what looks like an index of an array.
SECTIONS = ("u", "i", "d", "s", "a", "l", "b", "u0", "s0", "sa", "su", "ss", "diff", "0", "1", "00", "01", "10", "-1", "+1", "1e1", "99999999999")


# ---- documents


def nested(depth, inner, rng):
    """`inner` at the end of a path, and that path."""
    names = []
    for level in range(depth):
        if rng.random() < 0.3:
            inner = [level, inner]
            names.append("1")
        else:
            name = rng.choice("abu0s")
            inner = SON([("before", level), (name, inner), ("after", level)])
            names.append(name)
    return inner, ".".join(reversed(names))


@scenario()
def deep_documents(w):
    """Close to the limits of nesting, changed at every depth."""
    coll, rng = w.create(), w.rng
    for i in range(4):
        value, path = nested(rng.choice((5, 40, 90)), SON(x=1, y=[1, 2]), rng)
        w.insert(coll, [SON(_id=i, top=value, z=1)])
        names = path.split(".")
        for _ in range(4):
            part = ".".join(["top", *names[: rng.randrange(1, len(names) + 1)]])
            w.update(coll, {"_id": i}, rng.choice((
                {"$set": {f"top.{path}.x": rng.randrange(9), f"top.{path}.new": SON(q=1)}}, {"$unset": {f"top.{path}.y": 1}},
                {"$set": {part: SON(cut=1)}}, {"$push": {f"top.{path}.y": 7}}, [{"$set": {"z": {"$add": ["$z", 1]}, "w.w.w": 1}}],
                {"$set": {"t.0.1.2.3.4.5.6.7.8.9": 1}}, {"$unset": {part: 1}})))
    yield "deep documents"
    w.drop(coll)


@scenario()
def wide_arrays(w):
    """Arrays of thousands, cut, filled up, changed by filters and pipelines: long differences with `l` and many `u` and `s`."""
    coll, rng = w.create(), w.rng
    size = rng.choice((40, 300, 3000))
    w.insert(coll, [SON(_id=i, arr=[rng.randrange(50) for _ in range(size)], subs=[SON(k=n % 7, v=n, in_=[n, n]) for n in range(size // 4)],
                        mat=[[n, [n]] for n in range(10)], t="t" * rng.choice((0, 2000))) for i in range(3)])
    at = rng.randrange(size)
    changes = [
        ({"$set": {f"arr.{at}": "x", f"arr.{size + 3}": 1}}, {}), ({"$push": {"arr": SON([("$each", []), ("$slice", at)])}}, {}),
        ({"$push": {"arr": SON([("$each", [1, 2]), ("$slice", -at - 1)])}}, {}), ({"$pull": {"arr": SON([("$lt", 20)])}}, {}),
        ({"$set": {"subs.$[e].v": 1, "subs.$[e].new": SON(a=1)}}, {"arrayFilters": [{"e.k": 3}]}),
        ({"$unset": {"subs.$[e].in_": 1}}, {"arrayFilters": [{"e.k": SON([("$gt", 4)])}]}), ({"$inc": {"subs.$[].v": 1}}, {}),
        ({"$push": {"subs.$[e].in_": SON([("$each", [5, 6, 7]), ("$slice", 4)])}}, {"arrayFilters": [{"e.v": SON([("$mod", [9, 2])])}]}),
        ({"$pop": {"arr": 1, "subs": -1}}, {}), ({"$unset": {f"arr.{at}": 1, "mat.3.1.0": 1}}, {}), ({"$set": {"mat.4.1.7": 1, "mat.12.3": 1}}, {}),
        ([{"$set": {"arr": {"$slice": ["$arr", at // 2 + 1]}}}], {}), ([{"$set": {"subs": {"$slice": ["$subs", 3]}, "t": "new"}}], {}),
        ([{"$set": {"arr": {"$map": {"input": "$arr", "in": {"$cond": [{"$eq": ["$$this", 5]}, {"five": 1}, "$$this"]}}}}}], {}),
        ([{"$set": {"arr": {"$concatArrays": ["$arr", [{"a": 1}]]}, "mat": {"$reverseArray": "$mat"}}}], {}),
        ([{"$set": {"subs.v": "all", "subs.0": "in each"}}], {}), ([{"$unset": ["subs.k", "mat"]}], {}),
        ({"$set": {"mat.2": SON([("0", 1), ("1", 2)])}}, {}), ({"$set": {"mat.2.0.x": 1, "mat.5.1": SON([("0", 3)])}}, {})]
    for change, more in rng.sample(changes, 8):
        w.update(coll, {"_id": rng.randrange(3)}, change, **more)
    yield "wide arrays"
    for change, more in rng.sample(changes, 4):
        w.update(coll, {}, change, multi=True, **more)
    yield "wide arrays, all changed"
    w.drop(coll)


@scenario()
def names_like_sections(w):
    """Fields called as the sections of a difference, or like numbers; from 5.0 on with dots and dollars, too."""
    coll, rng = w.create(), w.rng

    def some(depth=2):
        return SON((n, some(depth - 1) if depth and rng.random() < 0.5 else rng.choice((1, "s", [1, 2, SON(u=1)], None, False)))
                   for n in rng.sample(SECTIONS, 6))

    w.insert(coll, [SON([("_id", i), *some().items()]) for i in range(4)])
    for _ in range(14):
        path = ".".join(rng.sample(SECTIONS, rng.randrange(1, 4)))
        other = ".".join(rng.sample(SECTIONS, 2))
        w.update(coll, {"_id": rng.randrange(4)}, rng.choice((
            {"$set": {path: some(1)}}, {"$unset": {path: 1}}, {"$set": {path: 1, other: 2}}, {"$unset": {path: 1}, "$set": {other: [3]}},
            [{"$set": {path: 7}}, {"$unset": [other]}], [{"$replaceWith": {"$mergeObjects": ["$$ROOT", some(1)]}}], some())), upsert=True)
    if w.number >= (5, 0) and not w.lowered:
        w.insert(coll, [SON([("_id", 50), ("a.b", SON([("$c", 1), ("", 2)])), ("x", SON([("u.i", 1), ("$set", 2), ("d", SON())])), ("", 0)])])
        for name in rng.sample(("a.b", "$y", "", "u.i", ".", "..", "a."), 4):
            w.update(coll, {"_id": 50}, [{"$replaceWith": {"$setField": {
                "field": {"$literal": name}, "input": "$$ROOT", "value": rng.choice((1, {"$literal": SON([("$x", 1)])}, "$$REMOVE"))}}}])
            w.update(coll, {"_id": 50}, {"$set": {"x.d.e": rng.randrange(9), "n": 1}})
            w.update(coll, {"_id": 50}, [{"$set": {"x": {"$setField": {"field": {"$literal": name}, "input": "$x", "value": 3}}}}])
    yield "names like sections"
    w.drop(coll)


@scenario()
def upserts_everywhere(w):
    """Into capped, clustered and collated collections; `_id`s that come from the query, the change, or the server."""
    rng = w.rng
    colls = [w.create("capped", size=9000, max=5), w.create("collated", collation=STRENGTH_2)]
    if w.number >= (5, 3) and not w.lowered:
        colls.append(w.create("clustered"))
    for coll in colls:
        for n in range(6):
            query = rng.choice((SON(_id=f"Key{n}"), SON(_id=f"kEY{n % 3}"), SON(k=n), SON([("_id.a", n), ("_id.b", 1)]), SON(_id=SON(x=n, y=1)),
                                SON([("$and", [SON(_id=n), SON(q=1)])]), SON(_id=SON([("$in", [n])]))))
            change = rng.choice(({"$set": {"a.b": n}}, {"$setOnInsert": {"only": 1}, "$inc": {"n": 1}}, SON(plain=n), {"$set": {"_id": f"set{n}"}},
                                 [{"$set": {"made": {"$ifNull": ["$made", n]}}}], {"$push": {"list": {"$each": [1, 2]}}}))
            w.update(coll, query, change, upsert=True)
            w.may(coll.db, w.retryable(SON([("findAndModify", coll.name), ("query", query), ("update", change), ("upsert", True), ("new", True)])))
        w.insert(coll, [SON(no_id=1), SON([("z", 1), ("_id", "last")])])
        w.delete(coll, SON(_id="KEY1"))
        w.delete(coll, {}, rng.choice((0, 1, 1)))
    yield "upserts everywhere"
    for coll in colls:
        w.drop(coll)


@scenario(since=(5, 0), fcv=True)
def time_series_changes(w):
    """Updates and deletes by the meta field, full buckets, indexes, all granularities, expiry; in its own database, which goes."""
    rng, db, name = w.rng, rng_db(w), w.new_name("tsc")
    w.run(db, SON([("create", name), ("timeseries", SON([("timeField", "t"), ("metaField", "m")])), ("expireAfterSeconds", 10**8)]))
    start = datetime.datetime(2026, 3, 1)
    for batch in range(3):
        w.may(db, SON([("insert", name), ("ordered", False), ("documents", [
            SON([("t", start + datetime.timedelta(seconds=n * rng.choice((1, 1, 50)))), ("m", SON(s=n % 2)), ("v", n), (f"f{n % 3}", "x" * 20)])
            for n in range(rng.choice((3, 400)) if batch else 1100)])]))
    yield "time series with full buckets"
    w.may(db, SON([("createIndexes", name), ("indexes", [SON(key=SON([("m.s", 1), ("t", -1)]), name="ms")])]))
    w.may(db, SON([("createIndexes", name), ("indexes", [SON(key=SON(v=1), name="v_1")])]))
    w.may(db, SON([("update", name), ("updates", [SON([("q", {"m.s": 1}), ("u", {"$set": {"m.new": 1}}), ("multi", True)])])]))
    w.may(db, SON([("delete", name), ("deletes", [SON(q={"m.s": 0}, limit=0)])]))
    for granularity in ("minutes", "hours"):
        w.may(db, SON([("collMod", name), ("timeseries", SON(granularity=granularity))]))
    w.may(db, SON([("collMod", name), ("expireAfterSeconds", rng.choice((10**7, Int64(10**9), "off")))]))
    w.may(db, SON([("collMod", name), ("index", SON(name="ms", hidden=True))]))
    w.may(db, SON([("collMod", f"system.buckets.{name}"), ("validationLevel", "off")]))
    yield "time series, changed by meta"
    w.may(db, SON([("dropIndexes", name), ("index", "ms")]))
    w.may(db, SON([("delete", name), ("deletes", [SON(q={}, limit=0)])]))
    w.may(db, SON([("insert", name), ("documents", [SON(t=start, m=1)])]))
    yield "time series, emptied"
    w.run(db, SON(dropDatabase=1) if rng.random() < 0.5 else SON(drop=name))
    yield "after the time series' database"


def rng_db(w):
    return f"x{4 + w.rng.randrange(3)}"


# ---- the catalog


@scenario(indexes=True)
def names_change_places(w):
    """Three collections of several kinds whose names go round, also over each other; the same names are used at once."""
    rng, db = w.rng, w.db()
    colls = [w.filled(3, db=db, kind=k) for k in rng.sample(("plain", "capped", "collated"), 3)]
    a, b, c = (coll.name for coll in colls)
    w.may(db, SON(createIndexes=a, indexes=[INDEXES[0]]))
    for old, new in ((a, "turn"), (b, a), (c, b), ("turn", c)):
        w.run("admin", SON([("renameCollection", f"{db}.{old}"), ("to", f"{db}.{new}")]))
        w.may(db, SON([("update", new), ("updates", [SON([("q", {}), ("u", {"$set": {"cnt": rng.randrange(99)}}), ("multi", True)])])]))
    yield "names that changed places"
    w.run("admin", SON([("renameCollection", f"{db}.{a}"), ("to", f"{db}.{b}"), ("dropTarget", True)]))
    w.run(db, SON([("insert", a), ("documents", [w.document()])]))
    w.run("admin", SON([("renameCollection", f"{db}.{c}"), ("to", f"{db}.{a}"), ("dropTarget", True)]))
    yield "names that went over each other"
    for coll in colls:
        w.forget(coll)
        w.may(db, SON(drop=coll.name))


@scenario(alone=True, indexes=True)
def rename_across_all(w):
    """Across databases what has options, indexes, a collation or a limit; over what is there."""
    rng = w.rng
    kind = rng.choice(("capped", "collated", "plain", "options"))
    more = {"validator": SON(cnt=SON([("$exists", True)])), "validationAction": "warn"} if kind == "options" else {}
    source = w.create("plain" if kind == "options" else kind, "d0", **more)
    w.may("d0", SON(createIndexes=source.name, indexes=[rng.choice(INDEXES), SON(key=SON(q=1), name="q_1", unique=True, sparse=True)]))
    w.insert(source, [w.document() for _ in range(rng.choice((1, 12)))], ordered=False)
    target = w.filled(3, db="d1")
    yield "before a rename across databases"
    w.may("admin", SON([("renameCollection", source.ns), ("to", target.ns), ("dropTarget", True)]))
    w.forget(source)
    w.case("C15")
    target.kind = "capped" if kind == "capped" else "plain"
    w.insert(target, [w.document() for _ in range(3)])
    yield "after a rename across databases"
    w.drop(target)


@scenario(alone=True)
def view_catalog(w):
    """system.views written as a collection, renamed-away bases, views of views, and a database that goes with them."""
    rng, db = w.rng, rng_db(w)
    base, name = w.filled(3, db=db), w.new_name("v")
    w.run(db, SON([("create", name), ("viewOn", base.name), ("pipeline", [SON([("$match", SON(a=1))])]), ("collation", GERMAN)]))
    w.may(db, SON([("collMod", name), ("viewOn", base.name), ("pipeline", [])]))
    w.may(db, SON([("insert", "system.views"), ("documents", [SON([("_id", f"{db}.by_hand"), ("viewOn", name), ("pipeline", [])])])]))
    w.may(db, SON([("update", "system.views"), ("updates", [SON([("q", SON(_id=f"{db}.by_hand")), ("u", {"$set": {"viewOn": base.name}})])])]))
    w.case("C32")
    yield "views, written by hand"
    if w.may(db, SON([("delete", "system.views"), ("deletes", [SON(q=SON(_id=f"{db}.{name}"), limit=1)])])) is None:
        w.run(db, SON(drop=name))
    w.may(db, SON([("create", name)]))
    w.may(db, SON([("insert", name), ("documents", [w.document()])]))
    yield "a collection where a view was"
    if rng.random() < 0.5:
        w.may(db, SON(drop="system.views"))
    yield "without views"
    w.run(db, SON(dropDatabase=1))
    for coll in [c for c in w.colls if c.db == db]:
        w.forget(coll)
    w.case("C17")
    yield "after dropDatabase"


@scenario(since=(4, 4), late=True, alone=True)
def builds_that_others_end(w):
    """Builds of several indexes that fail, or that dropIndexes, drop or dropDatabase ends."""
    rng, db = w.rng, rng_db(w)
    coll = w.filled(8, db=db)
    w.insert(coll, [SON(_id=10**8 + i, dup=1, loc="no place") for i in range(3)])
    form = rng.choice(("drop", "dropIndexes", "dropDatabase", "one fails"))
    indexes = [SON(key=SON(a=1), name="a_1"), SON(key=SON(b=1), name="b_1")]
    if form == "one fails":
        w.may(db, SON(createIndexes=coll.name, indexes=[*indexes, SON(key=SON(dup=1), name="dup_1", unique=True)]))
        w.may(db, SON(createIndexes=coll.name, indexes=[SON(key=SON(loc="2dsphere"), name="loc"), indexes[0]]))
        w.case("C21")
    else:
        names = {(coll.ns, i["name"]) for i in indexes}
        w.building |= names
        with w.failpoint("hangAfterStartingIndexBuild"):
            running = threads(w, 1, lambda one: one.may(db, SON(createIndexes=coll.name, indexes=indexes)))
            wait_for_start(w, coll.ns)
            yield "index build"
            command = {"drop": SON(drop=coll.name), "dropDatabase": SON(dropDatabase=1),
                       "dropIndexes": SON([("dropIndexes", coll.name), ("index", ["a_1", "b_1"])])}[form]
            ending = threads(w, 1, lambda one: one.may(db, command))
            wait_for(w, lambda: w.wire.find_one("local", "oplog.rs", {"ns": f"{db}.$cmd", "o.abortIndexBuild": coll.name}), 3)
        running.join(), ending.join()
        w.building -= names
        w.case("C21")
    yield "after a build that was ended"
    w.may(db, SON(dropDatabase=1))
    for one in [c for c in w.colls if c.db == db]:
        w.forget(one)


@scenario(late=True)
def builds_at_once(w):
    """Several builds that wait for each other's end, of one collection and of two, while both are written to."""
    colls = [w.filled(8) for _ in range(2)]
    indexes = [SON(key=SON(a=1), name="a_1"), SON(key=SON(b=1), name="b_1"), SON(key=SON(cnt=-1), name="cnt_-1")]
    plan = [(colls[0], indexes[:1]), (colls[0], indexes[1:2]), (colls[1], indexes[1:])]
    names = {(coll.ns, index["name"]) for coll, some in plan for index in some}
    for coll in colls:
        coll.busy = True
    w.building |= names
    running = []
    with w.failpoint("hangAfterStartingIndexBuild"):
        for coll, some in plan:
            running.append(threads(w, 1, lambda one, coll=coll, some=some: one.may(coll.db, SON(createIndexes=coll.name, indexes=some))))
        for coll in colls:
            wait_for_start(w, coll.ns)
        for _ in range(4):
            one_operation(w, w.rng.choice(colls))
        yield "index build"
        w.delete(colls[1], SON(_id=w.id(colls[1])))
    for one in running:
        one.join()
    w.building -= names
    w.case("C20", "F06")
    yield "after builds at once"
    for coll in colls:
        coll.busy = False
        one_operation(w, coll)
        w.drop(coll)


# ---- transactions, applyOps, images


@scenario(late=True, alone=True, weight=1.5)
def prepared_at_once(w):
    """Several prepared transactions over the same collections, ended in another order, with other writes of these between."""
    rng, colls = w.rng, own(w, 3)
    for coll in colls:
        w.insert(coll, [SON(_id=f"free{i}", n=0) for i in range(5)] + [SON(_id=f"{t}.{i}", n=0) for t in range(3) for i in range(3)])
    waiting = []
    for number in range(3):
        txn = Transaction(w)
        for i in range(rng.choice((1, 3, 9))):
            coll = rng.choice(colls)
            rng.choice((lambda c=coll, n=number, i=i: txn.insert(c, [SON(_id=f"new{n}.{i}", t=n)]),
                        lambda c=coll, n=number, i=i: txn.update(c, SON(_id=f"{n}.{i % 3}"), {"$inc": {"n": 1}, "$set": {f"by.{n}": i}}),
                        lambda c=coll, n=number, i=i: txn.delete(c, SON(_id=f"{n}.{i % 3}"))))()
        waiting.append((txn, txn.prepare()))
        yield "prepared"
        w.update(rng.choice(colls), SON(_id=f"free{rng.randrange(5)}"), {"$inc": {"n": 1}})
    rng.shuffle(waiting)
    for txn, at in waiting:
        if rng.random() < 0.3:
            txn.abort_prepared()
            w.case("T08")
        else:
            later = rng.random() < 0.5
            txn.commit_prepared(w.top() if later else at)
            w.case("T07" if later else "T06", "T09")
        w.update(rng.choice(colls), SON(_id=f"free{rng.randrange(5)}"), {"$set": {"after": rng.randrange(9)}})
        yield "prepared"
    w.case("T26")
    yield "after several prepared transactions"
    done(w, colls)


@scenario(most=4, late=True, alone=True)
def large_among_prepared(w):
    """Transactions of several entries, over several collections, that begin and end while others are prepared."""
    rng, colls = w.rng, own(w, 3)
    for coll in colls:
        w.insert(coll, [SON(_id=f"held{i}", n=0) for i in range(3)])
    waiting = []
    for number in range(2):
        txn = Transaction(w)
        for i in range(2):
            txn.update(colls[number], SON(_id=f"held{i}"), {"$inc": {"n": 1}, "$set": {f"by.{number}": i}})
        txn.insert(colls[2], [SON(_id=f"new{number}", t=number)])
        waiting.append((txn, txn.prepare()))
        large = Transaction(w)
        for i in range(5):
            large.insert(colls[(i + number) % 3], [SON([("_id", 10**6 + number * 10 + i), ("t", chr(97 + i) * (4 * MEGABYTE))])])
            large.update(colls[i % 3], SON(_id="held2"), {"$push": {"large": number * 10 + i}})
        large.commit()
        yield "prepared"
    rng.shuffle(waiting)
    for txn, at in waiting:
        if rng.random() < 0.4:
            txn.abort_prepared()
        else:
            txn.commit_prepared(rng.choice((at, w.top())))
        yield "prepared"
    w.case("T04", "T06", "T09", "F19")
    yield "after large transactions among prepared ones"
    for coll in colls:
        w.drop(coll)


@scenario(alone=True)
def apply_ops_one_by_one(w):
    """applyOps that is not atomic: its operations are logged each for itself, or are commands of several databases."""
    rng, a, b = w.rng, w.any("plain"), w.any("plain")
    i = rng.randrange(700_000, 750_000)
    w.apply([operation(a, "i", SON(_id=i)), operation(b, "u", SON([("$v", 1), ("$set", SON(p=1))]), SON(_id=i + 1)), operation(a, "d", SON(_id=i + 5))],
            allowAtomic=False)
    made = w.new_name("made")
    w.apply([SON([("op", "c"), ("ns", f"{a.db}.$cmd"), ("o", SON(create=made))]), operation(b, "i", SON(_id=i + 2)),
             SON([("op", "i"), ("ns", f"{a.db}.{made}"), ("o", SON(_id=1))]),
             SON([("op", "c"), ("ns", f"{a.db}.$cmd"), ("o", SON([("collMod", made), ("validationLevel", "moderate")]))])])
    yield "after applyOps of commands"
    other = f"{made}2"
    w.apply([SON([("op", "c"), ("ns", f"{a.db}.$cmd"), ("o", SON([("renameCollection", f"{a.db}.{made}"), ("to", f"{a.db}.{other}")]))]),
             SON([("op", "i"), ("ns", f"{a.db}.{other}"), ("o", SON(_id=2))])])
    w.apply([SON([("op", "c"), ("ns", f"{a.db}.$cmd"), ("o", SON(drop=rng.choice((made, other))))])])
    w.may(a.db, SON(drop=made)), w.may(a.db, SON(drop=other))
    yield "after applyOps of a rename"
    for coll in (a, b):
        w.delete(coll, SON(_id=SON([("$gte", 700_000), ("$lt", 800_000)])), 0)


@scenario(light=True)
def images(w):
    """Retryable findAndModify with images before and after: in a collection of its own, or as noops in the log."""
    coll = w.any("plain", "collated")
    side = w.number >= (5, 0) and not w.nested and w.rng.random() < 0.5
    if side:
        side = w.may("admin", SON([("setParameter", 1), ("storeFindAndModifyImagesInSideCollection", w.number < (6, 0))])) is not None
    try:
        for n in range(4):
            change = w.rng.choice(([("remove", True)], [("update", {"$set": {"img": n}}), ("new", True)], [("update", SON(img=n)), ("new", False)],
                                   [("update", [{"$set": {"img": n}}]), ("new", bool(n % 2))], [("update", {"$inc": {"cnt": 1}}), ("upsert", True)]))
            command = SON([("findAndModify", coll.name), ("query", SON(_id=w.id(coll))), *change, ("lsid", session()), ("txnNumber", Int64(n + 1))])
            w.may(coll.db, command), w.may(coll.db, command)
    finally:
        if side:
            w.parameter(storeFindAndModifyImagesInSideCollection=w.number >= (6, 0))
    w.case("T27" if w.number >= (6, 0) else "D16", "T24")
    yield "after images"


@scenario(alone=True, indexes=True)
def database_again(w):
    """A database goes while others are written, and comes again with the same names."""
    rng, db = w.rng, rng_db(w)
    for turn in range(2):
        colls = [w.create(kind, db) for kind in ("plain", "capped")]
        for number, coll in enumerate(colls):
            w.run("admin", SON([("renameCollection", coll.ns), ("to", f"{db}.again{number}")]))
            coll.name = f"again{number}"
            w.insert(coll, [SON(_id=i, turn=turn) for i in range(4)])
        w.may(db, SON(createIndexes="again0", indexes=[INDEXES[turn]]))
        w.may(db, SON([("createUser", "someone"), ("pwd", "x"), ("roles", [])]))
        yield "a database that goes"
        others = [c for c in w.colls if c.kind == "plain" and c.db != db]
        running = threads(w, 1, lambda one: [one_operation(one, one.rng.choice(others)) for _ in range(10)])
        w.run(db, SON(dropDatabase=1))
        running.join()
        for coll in colls:
            w.forget(coll)
        if rng.random() < 0.7:
            w.may(db, SON(dropUser="someone"))
        yield "after dropDatabase"
    w.may(db, SON(dropAllUsersFromDatabase=1))
    w.case("C17")
    yield Others(1, "after both")


@scenario(indexes=True)
def users_in_detail(w):
    """Passwords, restrictions, privileges, many at once."""
    rng, db, name = w.rng, w.rng.choice(("d1", "admin")), f"v{w.rng.randrange(1000)}"
    may = w.may
    privilege = SON([("resource", SON(db="d1", collection="")), ("actions", ["find", "insert"])])
    may(db, SON([("createRole", f"r{name}"), ("privileges", [privilege] if db == "d1" else []), ("roles", [])]))
    may(db, SON([("createUser", name), ("pwd", "a"), ("customData", SON(t=1)), ("mechanisms", ["SCRAM-SHA-256"]), ("roles", [f"r{name}"]),
                 ("authenticationRestrictions", [SON(clientSource=["10.0.0.0/8"])])]))
    yield "a user in detail"
    steps = [SON([("updateUser", name), ("pwd", "b")]), SON([("grantRolesToUser", name), ("roles", ["read", "dbAdmin"])]),
             SON([("revokeRolesFromUser", name), ("roles", ["read"])]), SON([("grantPrivilegesToRole", f"r{name}"), ("privileges", [privilege])]),
             SON([("revokePrivilegesFromRole", f"r{name}"), ("privileges", [privilege])]), SON([("grantRolesToRole", f"r{name}"), ("roles", ["read"])]),
             SON([("revokeRolesFromRole", f"r{name}"), ("roles", ["read"])]), SON([("updateRole", f"r{name}"), ("privileges", [])])]
    for step in rng.sample(steps, 5):
        may(db, step)
    w.case("F18")
    yield "a user in detail, changed"
    may(db, rng.choice((SON(dropRole=f"r{name}"), SON(dropAllRolesFromDatabase=1))))
    may(db, rng.choice((SON(dropUser=name), SON(dropAllUsersFromDatabase=1))))
    w.case("C35")
    yield "after a user in detail"
