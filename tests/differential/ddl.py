"""Scenarios of commands: create, rename, drop, collMod, indexes, capped, views, time series, clustered, users, FCV."""
import contextlib
import datetime
import time

import bson
from bson import SON, Int64, ObjectId
from bson.raw_bson import RawBSONDocument

from apply_ops import operation, v1
from crud import one_operation
from wire import ORDERED, CommandError
from workload import DATABASES, GERMAN, STRENGTH_2, Others, scenario, threads

INDEXES = (
    SON([("key", SON(a=1)), ("name", "a_1")]),
    SON([("key", SON([("a", -1), ("n.b", 1)])), ("name", "a_-1_n.b_1"), ("sparse", True)]),
    SON([("key", SON(b=1)), ("name", "b_1"), ("partialFilterExpression", SON(cnt=SON([("$gt", 3)])))]),
    SON([("key", SON(c=1)), ("name", "c_1"), ("collation", GERMAN)]),
    SON([("key", SON(t="text", c="text")), ("name", "words"), ("weights", SON(t=2, c=1)), ("default_language", "german")]),
    SON([("key", SON(z="hashed")), ("name", "z_hashed")]),
    SON([("key", SON(place="2dsphere")), ("name", "place")]),
    SON([("key", SON(point="2d")), ("name", "point"), ("bits", 20), ("min", -90), ("max", 90)]),
    SON([("key", SON([("$**", 1)])), ("name", "all"), ("wildcardProjection", SON(a=1, n=1))]),
    SON([("key", SON(at=1)), ("name", "at_1"), ("expireAfterSeconds", 10_000_000)]),
    SON([("key", SON(m=1)), ("name", "m_1"), ("background", True)]),
    SON([("key", SON(se=1)), ("name", "se_1"), ("storageEngine", SON(wiredTiger=SON()))]),
)


def some_indexes(w, count=None):
    return w.rng.sample(INDEXES, count or w.rng.randrange(1, 4))


# ---- create, drop, rename


@scenario()
def create_with_options(w):
    """Every option that a client may give."""
    rng = w.rng
    choices = [
        SON(validator=SON(a=SON([("$exists", True)])), validationLevel="moderate", validationAction="warn"),
        SON(validator=SON([("$jsonSchema", SON(required=["cnt"]))]), validationAction="warn"),
        SON(collation=SON([("locale", "fr"), ("strength", 2), ("backwards", True)])),
        SON(storageEngine=SON(wiredTiger=SON(configString="block_compressor=zlib"))),
        SON(indexOptionDefaults=SON(storageEngine=SON(wiredTiger=SON(configString="prefix_compression=false")))),
        SON([("capped", True), ("size", 5000), ("max", 7)]),
    ]
    if (4, 4) <= w.number < (6, 0) and not w.lowered:
        choices.append(SON(recordPreImages=True))
    if w.number >= (6, 0) and not w.lowered:
        choices.append(SON(changeStreamPreAndPostImages=SON(enabled=True)))
        choices.append(SON([("clusteredIndex", SON([("key", SON(_id=1)), ("unique", True), ("name", "mine")])), ("expireAfterSeconds", 10**7)]))
    made = []
    for options in rng.sample(choices, 3):
        name = w.new_name("opt")
        if w.may("d1", SON([("create", name), *options.items()])) is None:
            continue
        made.append(name)
        w.may("d1", SON([("insert", name), ("documents", [w.document() for _ in range(4)]), ("ordered", False)]))
        w.may("d1", SON([("update", name), ("updates", [SON([("q", {}), ("u", {"$inc": {"cnt": 1}}), ("multi", True)])])]))
    w.case("K10", *(["C07"] if w.number >= (5, 3) else []))
    yield "collections with options"
    for name in made:
        if rng.random() < 0.3:
            w.may("d1", SON(collMod=name, validationLevel="off"))
        if rng.random() < 0.9:
            w.run("d1", SON(drop=name))
    yield "after drops"


@scenario(weight=2)
def rename_simple(w):
    """Within a database, with documents, indexes and writes before and after."""
    coll = w.any("plain", "collated", free=True)
    old, new = coll.name, w.new_name("r")
    for _ in range(2):
        one_operation(w, coll)
    w.run("admin", SON([("renameCollection", coll.ns), ("to", f"{coll.db}.{new}")]))
    coll.name = new
    for _ in range(2):
        one_operation(w, coll)
    w.case("C08", "D18")
    yield "after a rename"
    if w.rng.random() < 0.9:
        w.run(coll.db, SON([("insert", old), ("documents", [w.document()])]))
        w.case("F02")
        yield "the old name used again"
        w.run(coll.db, SON(drop=old))


@scenario(weight=2, alone=True, indexes=True)
def rename_over(w):
    """With dropTarget, in a database and across; and the first name made anew."""
    source, target = w.create(), w.filled()
    w.run(source.db, SON(createIndexes=source.name, indexes=some_indexes(w, 1)))
    w.insert(source, [w.document() for _ in range(3)])
    if w.rng.random() < 0.5:
        target = w.filled(db=source.db)
    if w.rng.random() < 0.5:
        w.insert(source, [w.document() for _ in range(40)], ordered=False)
    w.run("admin", SON([("renameCollection", source.ns), ("to", target.ns), ("dropTarget", True)]))
    w.forget(source)
    w.case("C15" if source.db != target.db else "C08")
    yield "after a rename over another"
    w.insert(target, [w.document() for _ in range(3)])
    source_again = SON([("insert", source.name), ("documents", [w.document()])])
    w.run(source.db, source_again)
    yield "both names used again"
    w.run(source.db, SON(drop=source.name))
    w.drop(target)


@scenario(alone=True)
def rename_across(w):
    coll = w.filled()
    db = next(d for d in w.rng.sample(("d0", "d1", "d-2"), 3) if d != coll.db)
    w.run("admin", SON([("renameCollection", coll.ns), ("to", f"{db}.{coll.name}")]))
    coll.db = db
    w.case("C15")
    yield "after a rename across databases"
    one_operation(w, coll)
    if w.rng.random() < 0.5:
        w.drop(coll)
    yield "after the drop of a renamed collection"


@scenario(indexes=True)
def drop_and_again(w):
    """Drops and the same name again, with another UUID; a whole database."""
    coll = w.filled(kind=w.rng.choice(("plain", "capped", "collated")))
    w.run(coll.db, SON(drop=coll.name))
    yield "after a drop"
    w.run(coll.db, SON([("create", coll.name)]))
    coll.kind, coll.options, coll.ids = "plain", {}, []
    w.run(coll.db, SON(createIndexes=coll.name, indexes=some_indexes(w, 1)))
    w.insert(coll, [w.document() for _ in range(4)])
    w.case("F03", "C16")
    yield "the name made again"
    w.drop(coll)


@scenario()
def drop_database(w):
    db = f"x{w.rng.randrange(4)}"
    for kind in ("plain", "capped", "plain"):
        w.filled(3, kind=kind, db=db)
    w.may(db, SON([("create", "aview"), ("viewOn", "nothing"), ("pipeline", [])]))
    yield "a database to be dropped"
    w.run(db, SON(dropDatabase=1))
    for coll in [c for c in w.colls if c.db == db]:
        w.forget(coll)
    w.may("nosuch", SON(dropDatabase=1))
    w.case("C17")
    yield "after dropDatabase"


# ---- indexes


@scenario(weight=2, indexes=True)
def indexes_on_empty(w):
    coll = w.create()
    for index in some_indexes(w):
        w.may(coll.db, SON(createIndexes=coll.name, indexes=[index]))
    w.may(coll.db, SON(createIndexes=coll.name, indexes=some_indexes(w)))
    yield "indexes on an empty collection"
    for _ in range(3):
        one_operation(w, coll)
    drop_some_indexes(w, coll)
    yield "after dropIndexes"
    w.drop(coll)


def drop_some_indexes(w, coll):
    form = w.rng.choice((0, 0, 1, 2))
    found = [i["name"] for i in index_list(w, coll) if i["name"] != "_id_"]
    if form == 0 or not found:
        w.may(coll.db, SON([("dropIndexes", coll.name), ("index", "*")]))
        w.case("C23")
    elif form == 1:
        w.may(coll.db, SON([("dropIndexes", coll.name), ("index", w.rng.choice(found))]))
    else:
        w.may(coll.db, SON([("dropIndexes", coll.name), ("index", found[:2])]))
    w.may(coll.db, SON([("dropIndexes", coll.name), ("index", "none_1")]))


def index_list(w, coll):
    return [bson.decode(d, codec_options=ORDERED) for d in w.wire.documents(coll.db, SON(listIndexes=coll.name))]


@scenario(weight=2, late=True)
def indexes_on_filled(w):
    coll = w.any("plain", "collated", free=True)
    w.may(coll.db, SON(createIndexes=coll.name, indexes=some_indexes(w)))
    w.case("C20")
    yield "after an index build"
    for _ in range(4):
        one_operation(w, coll)
    drop_some_indexes(w, coll)
    yield "after dropIndexes of built ones"


@scenario(late=True)
def index_build_while_writing(w):
    """A build is held, others write, it goes on."""
    coll = w.filled(10)
    coll.busy = True
    index = w.rng.choice(INDEXES[:4])
    ns, name = coll.ns, index["name"]
    w.building.add((ns, name))

    def build(one):
        one.may(coll.db, SON(createIndexes=coll.name, indexes=[index]))

    with w.failpoint("hangAfterStartingIndexBuild"):
        running = threads(w, 1, build)
        in_progress = wait_for(w, lambda: any(o.get("msg", "").startswith("Index Build") or "createIndexes" in o.get("command", {})
                                              for o in w.run("admin", SON(currentOp=1))["inprog"]))
        assert in_progress, "the index build did not begin"
        wait_for_start(w, ns)
        for _ in range(5):
            one_operation(w, coll)
        yield "index build"
        w.delete(coll, SON(_id=w.id(coll)))
        yield Others(2, "index build")
    running.join()
    w.building.discard((ns, name))
    coll.busy = False
    w.case("C20", "F06")
    one_operation(w, coll)
    yield "after the index build"
    if w.rng.random() < 0.7:
        w.drop(coll)


def wait_for(w, ready, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.01)
    return False


def wait_for_start(w, ns):
    """4.4 and later log the start of a build."""
    if w.number < (4, 4):
        return
    db, _, name = ns.partition(".")
    assert wait_for(w, lambda: w.wire.find_one("local", "oplog.rs", {"ns": f"{db}.$cmd", "o.startIndexBuild": name},
                                               sort={"$natural": -1})), "no startIndexBuild in the log"


@scenario(late=True)
def index_build_fails(w):
    """A unique index on values that are not: abortIndexBuild, or nothing on 4.2."""
    coll = w.create()
    w.insert(coll, [SON(_id=i, k=i // 2) for i in range(6)])
    w.may(coll.db, SON(createIndexes=coll.name, indexes=[SON(key=SON(k=1), name="k_1", unique=True)]))
    w.case("C21")
    yield "after a build that failed"
    w.delete(coll, SON(_id=SON([("$in", [1, 3, 5])])), 0)
    w.may(coll.db, SON(createIndexes=coll.name, indexes=[SON(key=SON(k=1), name="k_1", unique=True)]))
    yield "after a unique build"
    w.drop(coll)


# ---- collMod


@scenario(weight=2, indexes=True)
def coll_mod(w):
    rng = w.rng
    coll = w.create()
    w.run(coll.db, SON(createIndexes=coll.name, indexes=[INDEXES[9], SON(key=SON(u=1), name="u_1"), SON(key=SON(p=1), name="p_1")]))
    w.insert(coll, [w.document() for _ in range(3)])

    def mod(**o):
        return w.may(coll.db, SON([("collMod", coll.name), *o.items()]))

    steps = [
        lambda: mod(validator=SON(a=SON([("$exists", True)])), validationLevel="moderate"),
        lambda: mod(validationAction="warn"), lambda: mod(validationLevel="off"), lambda: mod(validator=SON()),
        lambda: mod(index=SON([("name", "at_1"), ("expireAfterSeconds", rng.choice((77, Int64(88), 10**9)))])),
        lambda: mod(index=SON([("keyPattern", SON(at=1)), ("expireAfterSeconds", 5_000_000)])),
    ]
    if w.number >= (4, 4) and not w.lowered:
        steps += [lambda: mod(index=SON([("name", "u_1"), ("hidden", True)])), lambda: mod(index=SON([("name", "u_1"), ("hidden", False)]))]
        if w.number < (6, 0):
            steps += [lambda: mod(recordPreImages=True), lambda: mod(recordPreImages=False), lambda: mod()]
            w.case("C28")
    if w.number >= (5, 1):
        steps.append(lambda: mod(index=SON([("name", "p_1"), ("expireAfterSeconds", 1234567)])))
    if w.number >= (6, 0) and not w.lowered:
        steps += [lambda: mod(index=SON([("name", "p_1"), ("prepareUnique", True)])), lambda: mod(index=SON([("name", "p_1"), ("unique", True)])),
                  lambda: mod(changeStreamPreAndPostImages=SON(enabled=True)), lambda: mod(changeStreamPreAndPostImages=SON(enabled=False))]
    w.case("C26", "C27")
    for step in rng.sample(steps, min(len(steps), 6)):
        step()
        if rng.random() < 0.3:
            one_operation(w, coll)
    yield "after collMods"
    for step in rng.sample(steps, 3):
        step()
    yield "after more collMods"
    w.drop(coll)


# ---- capped


@scenario(weight=2)
def capped_writes(w):
    """Evictions by size and by number, natural order, updates that keep the size."""
    for limited in w.rng.sample((True, False), 2):
        yield from write_capped(w, capped(w, limited), limited)


def capped(w, limited):
    """A capped collection that nothing is open on, with a limit on its documents or without."""
    found = [c for c in w.colls if c.kind == "capped" and not c.busy and bool(c.options.get("max")) == limited]
    if found and (w.only_light or w.rng.random() < 0.9):
        return w.rng.choice(found)
    while True:
        coll = w.create("capped")
        if bool(coll.options.get("max")) == limited:
            return coll


def write_capped(w, coll, limited):
    rng = w.rng
    for _ in range(rng.randrange(3, 12)):
        coll_id = rng.randrange(10**9)
        w.insert(coll, [SON([("_id", coll_id + i), ("n", rng.randrange(100)), ("t", "x" * rng.choice((0, 10, 200, 1500)))])
                        for i in range(rng.choice((1, 1, 3)))])
    w.case("K03" if w.number >= (5, 0) and not w.lowered else "K02", "K01" if limited else "K02")
    yield "capped"
    newest = w.wire.find_one(coll.db, coll.name, sort={"$natural": -1})
    if newest:
        w.update(coll, SON(_id=newest["_id"]), {"$set": {"n": rng.randrange(100)}})
        w.case("K06")
        if w.number >= (6, 0):
            w.update(coll, SON(_id=newest["_id"]), {"$set": {"t": "y" * rng.choice((5, 700))}})
            w.case("K09")
            if rng.random() < 0.5:
                w.delete(coll, SON(_id=newest["_id"]))
    yield "capped, updated"


@scenario(alone=True)
def capped_inserted_again(w):
    coll = w.create("capped", size=9000, max=10)
    w.insert(coll, [SON(_id=i, t="abc") for i in range(6)])
    w.apply([operation(coll, "i", SON(_id=2, t="xyz"))], "K06")
    if w.number >= (6, 0):
        w.apply([operation(coll, "i", SON(_id=3, t="longer than before"))], "K07")
    w.apply([operation(coll, "u", v1(set={"t": "new"}), SON(_id=4))])
    yield "capped, inserted again"
    w.insert(coll, [SON(_id=i, t="abc") for i in range(6, 15)])
    w.case("K10")
    yield "capped, overflowing"
    if w.rng.random() < 0.7:
        w.drop(coll)


@scenario(alone=True)
def convert_and_clone(w):
    coll = w.filled(30)
    w.may(coll.db, SON([("cloneCollectionAsCapped", coll.name), ("toCollection", f"{coll.name}cl"), ("size", w.rng.choice((1000, 8192)))]))
    yield "after cloneCollectionAsCapped"
    if w.may(coll.db, SON([("convertToCapped", coll.name), ("size", w.rng.choice((4000, 9000)))])) is not None:
        coll.kind, coll.options = "capped", {"capped": True}
    w.case("C30")
    yield "after convertToCapped"
    w.insert(coll, [SON(_id=10**6 + i, t="z" * 100) for i in range(5)])
    w.may(coll.db, SON(drop=f"{coll.name}cl"))
    if w.rng.random() < 0.6:
        w.drop(coll)


@scenario(alone=True)
def empty_capped(w):
    coll = w.filled(5, kind="capped")
    if w.number >= (4, 4):
        w.run(coll.db, SON(emptycapped=coll.name))
        w.case("C31")
        yield "after emptycapped"
    w.insert(coll, [SON(_id=i) for i in range(3)])
    yield "an emptied one filled"
    w.drop(coll)


@scenario(since=(6, 0), fcv=True)
def capped_resized(w):
    coll = w.filled(12, kind="capped", size=9000, max=20)
    w.may(coll.db, SON([("collMod", coll.name), ("cappedSize", w.rng.choice((700, 3000, 20000)))]))
    w.may(coll.db, SON([("collMod", coll.name), ("cappedMax", w.rng.choice((3, 50)))]))
    w.case("C29")
    yield "after cappedSize"
    w.insert(coll, [SON(_id=10**7 + i, t="abc") for i in range(4)])
    yield "a resized one written"
    w.drop(coll)


# ---- views, time series, clustered


@scenario(alone=True)
def views(w):
    coll = w.any("plain")
    name = w.new_name("view")
    w.run(coll.db, SON([("create", name), ("viewOn", coll.name), ("pipeline", [SON([("$match", SON(a=1))])])]))
    yield "a view"
    w.may(coll.db, SON([("collMod", name), ("viewOn", coll.name), ("pipeline", [SON([("$project", SON(a=1))])])]))
    w.case("C32")
    if w.rng.random() < 0.98:
        w.may(coll.db, SON([("create", f"{name}2"), ("viewOn", name), ("pipeline", []), ("collation", STRENGTH_2)]))
        w.apply([SON([("op", "c"), ("ns", f"{coll.db}.$cmd"), ("o", SON(create=name))])], "C06")
    yield "a view, changed"
    w.run(coll.db, SON(drop=name))
    w.may(coll.db, SON(drop=f"{name}2"))
    yield "after the view"


@scenario(since=(5, 0), weight=2, fcv=True)
def time_series(w):
    rng = w.rng
    db, name = w.db(), w.new_name("ts")
    granularity = rng.choice(("seconds", "minutes"))
    options = SON([("timeField", "t"), ("metaField", "m"), ("granularity", granularity)])
    w.run(db, SON([("create", name), ("timeseries", options), *([("expireAfterSeconds", 10**8)] if rng.random() < 0.4 else [])]))
    start = datetime.datetime(2026, 3, 1) + datetime.timedelta(seconds=rng.randrange(10**6))

    def rows(count):
        return [SON([("t", start + datetime.timedelta(seconds=rng.randrange(4000))), ("m", rng.choice((1, "a", None, SON(x=1)))),
                     ("v", rng.randrange(99)), *([("w", w.value(1))] if rng.random() < 0.5 else [])]) for _ in range(count)]

    w.may(db, SON([("insert", name), ("documents", rows(rng.choice((1, 20))))]))
    yield "time series"
    for _ in range(3):
        w.may(db, SON([("insert", name), ("documents", rows(rng.choice((1, 3, 40)))), ("ordered", rng.random() < 0.5)]))
    w.case("C33", "B23")
    yield "time series, appended"
    if granularity == "seconds":
        w.may(db, SON([("collMod", name), ("timeseries", SON(granularity="minutes"))]))
    w.may(db, SON([("collMod", name), ("expireAfterSeconds", rng.choice((10**7, "off")))]))
    w.may(db, SON([("delete", name), ("deletes", [SON(q=SON(m=1), limit=0)])]))
    yield "time series, changed"
    w.run(db, SON(drop=name))
    yield "after the time series"


@scenario(since=(6, 0), fcv=True)
def clustered(w):
    coll = w.any("clustered", free=True)
    for _ in range(8):
        one_operation(w, coll)
    w.insert(coll, [SON(_id=ObjectId(), a=1), SON(_id="b" * 300), SON(_id=-5)], ordered=False)
    w.case("C07")
    yield "clustered"


# ---- users, FCV, temporary collections, noops


@scenario(indexes=True)
def users_and_roles(w):
    db, name = w.rng.choice(("d0", "admin")), f"u{w.rng.randrange(1000)}"
    w.may(db, SON([("createUser", name), ("pwd", "secret"), ("roles", [SON(role="read", db="d0")])]))
    w.may(db, SON([("createRole", f"r{name}"), ("privileges", []), ("roles", [SON(role="read", db="d0")])]))
    yield "a user and a role"
    w.may(db, SON([("grantRolesToUser", name), ("roles", [SON(role=f"r{name}", db=db)])]))
    w.may(db, SON([("updateUser", name), ("customData", SON(a=w.rng.randrange(9)))]))
    w.may(db, SON([("updateRole", f"r{name}"), ("roles", [])]))
    w.case("F18")
    yield "a user and a role, changed"
    w.may(db, SON(dropRole=f"r{name}"))
    w.case("C35")
    if w.rng.random() < 0.8:
        w.may(db, SON(dropUser=name))
    yield "after a user"


@scenario(alone=True, since=(4, 4), weight=0.3, late=True)
def lower_fcv(w):
    """The version of features goes down and up: other forms of updates, and capped collections that evict for themselves."""
    low = {4: "4.2", 5: "4.4", 6: "5.0"}[w.number[0]]
    high = f"{w.number[0]}.{w.number[1]}"
    for coll in [c for c in w.colls if c.kind == "clustered"]:
        w.drop(coll)
    query = SON([("$or", [{"options.changeStreamPreAndPostImages": {"$exists": True}}, {"options.clusteredIndex": {"$exists": True}},
                          {"type": "timeseries"}, {"options.recordPreImages": True}])])
    for db in DATABASES:
        for raw in w.wire.documents(db, SON(listCollections=1, filter=query)):
            name = RawBSONDocument(raw)["name"]
            if not name.startswith("system.buckets."):
                w.may(db, SON(drop=name))
    if w.may("admin", SON(setFeatureCompatibilityVersion=low)) is None:
        return
    w.lowered = True
    try:
        coll = w.create("capped", size=4096, max=3)
        yield "with a lower FCV"
        w.insert(coll, [SON(_id=i, t="abc") for i in range(9)])
        for _ in range(10):
            one_operation(w, w.any("plain"))
        w.case("F17", "K05")
        yield Others(4, "with a lower FCV")
    finally:
        w.run("admin", SON(setFeatureCompatibilityVersion=high))
        w.lowered = False
    w.insert(coll, [SON(_id=i, t="abc") for i in range(20, 26)])
    one_operation(w, w.any("plain"))
    yield "with the FCV of before"
    w.drop(coll)


@scenario(light=True)
def noops(w):
    w.note(majority=w.rng.random() < 0.3)
    w.case("D16", "F14")
    yield "a noop"


@scenario(light=True)
def server_javascript(w):
    """system.js, and profiling, which is never in the log."""
    db = w.db()
    w.may(db, SON([("insert", "system.js"), ("documents", [SON(_id=f"f{w.rng.randrange(50)}", value="function () {}")])]))
    yield "system.js"
    if w.rng.random() < 0.3:
        w.may(db, SON([("delete", "system.js"), ("deletes", [SON(q={}, limit=0)])]))


@scenario(alone=True, most=60, late=True)
def steps_down(w):
    """A new term."""
    with contextlib.suppress(CommandError):
        w.run("admin", SON([("replSetStepDown", 1), ("force", True)]))
    came = wait_for(w, lambda: w.run("admin", SON(isMaster=1)).get("ismaster"))
    assert came, "no primary after stepping down"
    w.case("F12")
    yield "in a new term"
