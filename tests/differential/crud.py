"""Scenarios of inserts, updates, deletes and what is made of them."""
import datetime
import time

import values
from bson import SON, Int64, Timestamp
from bson.raw_bson import RawBSONDocument

from wire import session
from workload import ALL_VALUES, NAMES, Others, scenario, threads

MEGABYTE = 1 << 20


def path(w):
    """A dotted path: into documents, arrays, through numbers."""
    rng = w.rng
    return rng.choice((
        lambda: rng.choice(NAMES), lambda: rng.choice(NAMES), lambda: f"n.{rng.choice(NAMES)}",
        lambda: f"arr.{rng.randrange(7)}", lambda: f"arr.{rng.randrange(4)}.{rng.choice(NAMES)}",
        lambda: f"list.{rng.randrange(5)}.{rng.choice('kvw')}", lambda: f"n.{rng.choice(NAMES)}.{rng.choice(NAMES)}",
        lambda: f"m.{rng.randrange(12)}.b", lambda: f"{rng.choice(NAMES)}.{rng.choice(NAMES)}.{rng.randrange(3)}",
    ))()


def modifier(w):
    """(query, change, options) of a modifier update."""
    rng = w.rng

    def some(make, most=4):
        return SON((path(w), make()) for _ in range(rng.randrange(1, most)))

    pick = rng.randrange(22)
    if pick < 6:
        return {}, SON([("$set", some(w.value))]), {}
    if pick < 8:
        return {}, SON([("$unset", some(lambda: 1))]), {}
    if pick < 10:
        return {}, SON([("$set", some(w.value)), ("$unset", some(lambda: 1, 3)), ("$inc", SON(cnt=1))]), {}
    simple = {
        10: lambda: SON([("$inc", SON([("cnt", rng.choice((1, Int64(3), 0.5)))]))]),
        11: lambda: SON([("$push", SON(arr=SON([("$each", [w.value(1) for _ in range(rng.randrange(3))]),
                                                ("$slice", rng.choice((-4, 3, 6)))])))]),
        12: lambda: SON([("$push", SON(list=SON([("$each", [SON(k=rng.randrange(4), v=rng.randrange(9))]), ("$slice", -6)]
                                                + rng.choice(([], [("$sort", SON(v=1))], [("$position", 0)])))))]),
        13: lambda: SON([("$pull", SON(list=SON(k=rng.randrange(4))))]),
        14: lambda: SON([("$pop", SON([(rng.choice(("arr", "list")), rng.choice((1, -1)))]))]),
        15: lambda: SON([("$addToSet", SON(arr=w.scalar()))]),
        16: lambda: SON([("$rename", SON([(rng.choice(NAMES), rng.choice(NAMES) + rng.choice(("", "r")))]))]),
        17: lambda: SON([(rng.choice(("$min", "$max", "$mul")), SON(cnt=rng.randrange(9)))]),
        18: lambda: SON([("$bit", SON(cnt=SON(xor=5))), ("$currentDate", SON(now=SON([("$type", "timestamp")])))]),
    }
    if pick in simple:
        return {}, simple[pick](), {}
    if pick == 19:
        return {"list.k": rng.randrange(4)}, SON([("$set", SON([("list.$.v", w.scalar())]))]), {}
    if pick == 20:
        return {}, SON([("$set", SON([("list.$[e].v", rng.randrange(99))]))]), {"arrayFilters": [{"e.k": rng.randrange(4)}]}
    return {}, SON([("$inc", SON([("list.$[].v", 1)]))]), {}


def pipeline(w):
    rng = w.rng
    return rng.choice((
        lambda: [{"$set": SON([(rng.choice(NAMES), {"$ifNull": ["$cnt", 1]}), ("cnt", {"$literal": rng.randrange(50)})])}],
        lambda: [{"$unset": [rng.choice(NAMES)]}, {"$set": {"n": {"$mergeObjects": ["$n", {rng.choice("abc"): rng.randrange(9)}]}}}],
        lambda: [{"$replaceWith": {"$mergeObjects": [{"first": rng.randrange(9)}, "$$ROOT", {"last": 1}]}}],
        lambda: [{"$replaceWith": {"_id": "$_id", "only": {"$ifNull": ["$arr", []]}}}],
        lambda: [{"$set": {"arr": {"$slice": [{"$concatArrays": [{"$cond": [{"$isArray": "$arr"}, "$arr", []]}, [1, {"q": 2}]]}, 6]}}}],
    ))()


def one_operation(w, coll):
    """A random write of one collection."""
    rng = w.rng
    pick = rng.randrange(100)
    query = SON(_id=w.id(coll))
    if pick < 22 or not coll.ids:
        w.insert(coll, [w.document() for _ in range(rng.choice((1, 1, 1, 2, 6)))], ordered=False)
    elif pick < 60:
        more, change, options = modifier(w)
        w.update(coll, SON([*query.items(), *more.items()]), change, **options)
    elif pick < 66:
        replacement = w.document()
        del replacement["_id"]
        w.update(coll, query, replacement, upsert=rng.random() < 0.3)
        w.case("D04")
    elif pick < 72:
        w.update(coll, query, pipeline(w))
        w.case("B22")
    elif pick < 76:
        w.update(coll, SON(cnt=rng.randrange(10)), modifier(w)[1], multi=True)
    elif pick < 80:
        w.update(coll, SON(_id=w.new_id(), a=1), rng.choice((modifier(w)[1], pipeline(w))), upsert=True)
    elif pick < 86:
        find_and_modify(w, coll, query)
    elif pick < 97:
        w.delete(coll, query)
        coll.ids = [i for i in coll.ids if i is not query["_id"]]
    else:
        w.delete(coll, SON(cnt=rng.randrange(10)), 0)


def find_and_modify(w, coll, query):
    rng = w.rng
    command = SON([("findAndModify", coll.name), ("query", query)])
    if rng.random() < 0.3:
        command["remove"] = True
    else:
        command["update"] = rng.choice((modifier(w)[1], SON(replaced=rng.randrange(99)), pipeline(w)))
        command["new"] = rng.random() < 0.5
        command["upsert"] = rng.random() < 0.3
    w.may(coll.db, w.retryable(command))


@scenario(weight=12, light=True)
def traffic(w):
    for _ in range(w.rng.randrange(5, 15 if w.short else 120)):
        one_operation(w, w.any())
    w.case("B24")
    yield "between writes"


@scenario(weight=5, light=True)
def bulk_writes(w):
    """Many statements in one command: the number of operations of the long form comes from here."""
    for _ in range(1 if w.short else 12):
        coll = w.any()
        with w.batched(coll):
            for _ in range(15 if w.short else 60):
                one_operation(w, coll)
    yield "after bulk writes"


@scenario(weight=2, light=True)
def writers_at_once(w):
    count = 10 if w.short else 60
    for _ in range(3):
        w.any()  # so that the threads need not create

    def work(one):
        for _ in range(count):
            one_operation(one, one.rng.choice([c for c in w.colls if c.kind in ("plain", "collated", "clustered")]))

    threads(w, 3, work).join()
    w.case("F04", "T24")
    yield "after concurrent writers"


@scenario()
def every_id(w):
    """Documents whose `_id`s are of every type, addressed by them."""
    coll = w.create()
    everything = [v for _, v in values.all_ids()]
    w.rng.shuffle(everything)
    w.insert(coll, [RawBSONDocument(values.raw_document(("_id", v), ("n", values.int32(i)))) for i, v in enumerate(everything)],
             ordered=False)
    yield "all types of _id"
    for value in everything:
        query = RawBSONDocument(values.raw_document(("_id", value)))
        if w.rng.random() < 0.5:
            w.update(coll, query, {"$set": {"a": w.rng.randrange(9), "b.c": 1}})
        elif w.rng.random() < 0.5:
            w.delete(coll, query)
    w.insert(coll, [SON(_id=SON(x=1, y=2)), SON(_id=SON(y=2, x=1)), SON(_id=SON())], ordered=False)
    w.case("D13")
    yield "all types of _id"
    w.delete(coll, SON(_id=SON(y=2, x=1)))
    if w.rng.random() < 0.7:
        w.drop(coll)


@scenario(light=True)
def every_value(w):
    coll = w.any("plain")
    for value in w.rng.sample(ALL_VALUES, 12):
        identity = values.int32(w.rng.randrange(3000, 4000))
        w.insert(coll, [RawBSONDocument(values.raw_document(("_id", identity), ("v", value), ("in", values.array(value, value))))])
        change = values.raw_document(("$set", values.document(("w", value), ("in.1", values.document(("x", value))))))
        w.update(coll, RawBSONDocument(values.raw_document(("_id", identity))), RawBSONDocument(change))
    yield "values of every type"


@scenario()
def odd_documents(w):
    """Names twice, invalid UTF-8, `_id` not first, deep nesting, zero timestamps.

    No update touches a name that is there twice: a primary changes the first, and members that apply its $v: 2 change all.
    """
    coll = w.create()
    w.insert(coll, [RawBSONDocument(d) for d in values.odd_documents(w.number)], ordered=False)
    for i in range(1, 8):
        w.update(coll, {"_id": i}, w.rng.choice(({"$set": {"new": i}}, {"$unset": {"bad": 1}}, {"r": 1})))
    zero = values.timestamp(0, 0)
    w.insert(coll, [RawBSONDocument(values.raw_document(
        ("a", values.int32(1)), ("z", zero), ("n", values.document(("t", zero))), ("_id", values.int32(50))))])
    w.update(coll, {"_id": 50}, {"$set": {"n.u": Timestamp(0, 0), "y": Timestamp(0, 0)}})
    w.case("D15")
    if w.number >= (5, 0):
        w.update(coll, {"_id": 50}, [{"$replaceWith": {"$setField": {"field": {"$literal": "$y"}, "input": "$$ROOT", "value": 5}}}])
        w.insert(coll, [SON([("_id", 51), ("$y", 1), ("a.b", 2)])])
        w.update(coll, {"_id": 51}, {"$set": {"c": 1}})
        w.case("D08")
    yield "odd documents"
    w.drop(coll)


@scenario(light=True)
def same_name_everywhere(w):
    """New fields in many orders: what decides the order of appended names."""
    coll = w.any("plain")
    letters = "0123456789ab-_zA~"
    for _ in range(4):
        names = {"".join(w.rng.choice(letters) for _ in range(w.rng.randrange(1, 4))) for _ in range(40)}
        identity = w.rng.randrange(5000, 5500)
        w.update(coll, {"_id": identity}, {"$set": SON((f"{w.rng.choice(('', 'n.'))}{n}", 1) for n in w.rng.sample(sorted(names), 20))},
                 upsert=w.rng.random() < 0.5)
        w.update(coll, {"_id": identity}, {"$set": SON((n, 2) for n in w.rng.sample(sorted(names), 12))}, upsert=True)
        if w.rng.random() < 0.8:
            w.delete(coll, {"_id": identity})
    w.case("A19")
    yield "many new names"


@scenario(indexes=True)
def unique_shuffle(w):
    """Values of a unique index wander between documents."""
    coll = w.create()
    w.run(coll.db, SON(createIndexes=coll.name, indexes=[SON(key=SON(k=1), name="k_1", unique=True)]))
    w.insert(coll, [SON(_id=i, k=i) for i in range(6)])
    for _ in range(5):
        a, b = w.rng.sample(range(6), 2)
        one, two = (w.wire.find_one(coll.db, coll.name, {"_id": i}) for i in (a, b))
        w.update(coll, {"_id": a}, {"$set": {"k": -1}})
        w.update(coll, {"_id": b}, {"$set": {"k": one["k"]}})
        w.update(coll, {"_id": a}, {"$set": {"k": two["k"]}})
    w.delete(coll, {"_id": 0})
    w.insert(coll, [SON(_id=100, k=-5)])
    w.case("F04")
    yield "unique values moved"
    w.drop(coll)


@scenario(light=True)
def deleted_and_back(w):
    coll = w.any("plain", "collated")
    for _ in range(5):
        identity = w.id(coll)
        w.delete(coll, SON(_id=identity))
        w.insert(coll, [w.document(identity)])
        w.case("F05")
    yield "deleted and inserted again"


@scenario(light=True)
def retried_statements(w):
    """The same statement twice: the second is not written again."""
    coll, lsid = w.any("plain"), session()
    for number in range(1, 4):
        command = SON([("insert", coll.name), ("documents", [w.document(w.rng.randrange(6000, 9000)) for _ in range(3)]),
                       ("ordered", False), ("lsid", lsid), ("txnNumber", Int64(number))])
        w.may(coll.db, command), w.may(coll.db, command)
        change = SON([("findAndModify", coll.name), ("query", SON(_id=w.id(coll))), ("update", SON([("$inc", SON(cnt=1))])),
                      ("new", bool(number % 2)), ("lsid", lsid), ("txnNumber", Int64(number + 10))])
        w.may(coll.db, change), w.may(coll.db, change)
        w.case("T24", "T27" if w.number >= (6, 0) else "D16")
        lsid = session()
    yield "after retried statements"


@scenario(indexes=True)
def out_and_merge(w):
    source, target = w.any("plain"), w.create()
    w.run(target.db, SON(createIndexes=target.name, indexes=[SON(key=SON(a=1), name="a_1")]))
    w.insert(target, [w.document() for _ in range(5)])
    across = target.db != source.db and w.number >= (4, 4)
    to = SON(db=target.db, coll=target.name) if across else target.name
    w.may(source.db, SON(aggregate=source.name, pipeline=[{"$limit": 20}, {"$out": to}], cursor=SON()))
    w.case("C34")
    yield "after $out"
    w.may(source.db, SON(aggregate=source.name, pipeline=[
        {"$limit": 10}, {"$set": {"merged": w.rng.randrange(99)}},
        {"$merge": SON(into=SON(db=target.db, coll=target.name), whenMatched=w.rng.choice(("replace", "merge")))}], cursor=SON()))
    if w.rng.random() < 0.3:
        w.may(source.db, SON(mapReduce=source.name, map="function () { emit(this.cnt, 1); }",
                             reduce="function (k, v) { return Array.sum(v); }", out=w.rng.choice((SON(replace="mr"), SON(merge="mr")))))
    yield "after $merge"
    for db, name in ((source.db, target.name), (source.db, "mr")):  # what $out and mapReduce may have made
        if (db, name) != (target.db, target.name) and w.rng.random() < 0.8:
            w.may(db, SON(drop=name))
    w.drop(target)


@scenario(alone=True, indexes=True)
def time_to_live(w):
    """The TTL monitor deletes; it runs here only."""
    coll = w.create()
    w.run(coll.db, SON(createIndexes=coll.name, indexes=[SON([("key", SON(at=1)), ("name", "at_1"), ("expireAfterSeconds", 1)])]))
    old = datetime.datetime(2020, 1, 1)
    never = datetime.datetime(2100, 1, 1)
    w.insert(coll, [SON(_id=i, at=[old, never][i % 2]) for i in range(12)] + [SON(_id="none"), SON(_id="array", at=[never, old])])
    yield "before the TTL monitor comes"
    w.parameter(ttlMonitorEnabled=True)
    deadline = time.monotonic() + 120
    while w.wire.find_one(coll.db, coll.name, {"_id": {"$in": [0, 2, 4, 6, 8, 10]}}) and time.monotonic() < deadline:
        w.insert(coll, [SON(_id=w.rng.randrange(1000, 10**9), at=never)])
        time.sleep(0.02)
    w.parameter(ttlMonitorEnabled=False)
    gone = not w.wire.find_one(coll.db, coll.name, {"_id": 0})
    assert gone, "the TTL monitor did not come"
    w.note()
    yield "after the TTL monitor"
    w.drop(coll)


@scenario(most=6)
def huge_document(w):
    """A document of 16 MiB, an update of it, and an entry above 16 MiB."""
    coll = w.create()
    w.insert(coll, [SON(_id=1, t="x" * (16 * MEGABYTE - 100))])
    w.update(coll, {"_id": 1}, {"$set": {"a": 1}})
    w.update(coll, {"_id": 1}, {"t": "y" * (16 * MEGABYTE - 100)})
    w.case("F19")
    yield "a document of 16 MiB"
    w.drop(coll)


@scenario(light=True)
def with_others_between(w):
    """Many documents at once, looked at in the middle by optime."""
    coll = w.any("plain")
    w.insert(coll, [w.document(w.rng.randrange(10_000, 20_000)) for _ in range(60)], ordered=False)
    w.update(coll, SON(_id=SON([("$gte", 10_000), ("$lt", 20_000)])), {"$inc": {"cnt": 1}, "$set": {"n.seen": w.rng.randrange(9)}}, multi=True)
    yield Others(1, "in a long series")
    w.delete(coll, SON(_id=SON([("$gte", 10_000), ("$lt", 20_000)])), 0)
    yield "after many deletes"
