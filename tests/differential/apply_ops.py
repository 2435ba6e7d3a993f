"""Scenarios that log chosen entries: applyOps of a user is logged with the operations it was given.

So the corner cases of sections 8.1 to 8.3, which no client's update would produce, pass through a real primary: it applies
them with the code that secondaries use, and logs them. It locks the whole server: none of these runs inside another.
"""
import uuid

from bson import SON, Decimal128, Int64, Timestamp
from bson.binary import Binary

from workload import STRENGTH_2, Others, scenario


def v1(**parts):
    """{$v: 1, $set: .., $unset: ..} from set= and unset=."""
    return SON([("$v", 1), *((f"${k}", SON(v)) for k, v in parts.items())])


def v2(*sections):
    return SON([("$v", 2), ("diff", SON(sections))])


def names(*order):
    return SON((n, 1) for n in order)


# Case -> (document before, `o` of the update). Documents get an `_id` of their own. A function of the random generator
# where the case has many forms.
A_CASES = {
    "A01": [(dict(a=5), v1(set={"a.b": 1}))],
    "A02": [(dict(a=None), v1(set={"a.b": 1}))],
    "A03": [(dict(a="s", z=0), v1(set={"a.b": 1, "z": 9}))],
    "A04": [(dict(x=1), v1(set={"a.b.c": 1}))],
    "A05": [(dict(x=1), v1(set={"a.0": 1})), (dict(x=1), v1(set={"a.0.b": 1}))],
    "A06": [(dict(a=[1]), v1(set={"a.4": 1}))],
    "A07": [(dict(a=[1, 2]), v1(set={"a.x": 1}))],
    "A08": [(dict(a=[1, 2]), v1(set={"a.01": 9}))],
    "A09": [(dict(a=[1, 2]), v1(set={"a.0.b": 1})), (dict(a=[None, 2]), v1(set={"a.0.b": 1}))],
    "A10": [(dict(a=[1]), v1(set={"a.3.b": 1}))],
    "A11": [(dict(a=[1]), v1(set={"a.1500002": 1})), (dict(a=[1]), v1(set={"a.3000": 1}))],
    "A12": [(dict(a=dict(x=1)), v1(set={"a.3": 1}))],
    "A13": [(dict(a=[1, 2, 3]), v1(unset={"a.1": True})), (dict(a=[1, 2]), v1(unset={"a.1": True}))],
    "A14": [(dict(a=[1]), v1(unset={"a.7": True})), (dict(a=1), v1(unset={"b": True})), (dict(a=1), v1(unset={"a.b": True}))],
    "A15": [(dict(a=dict(b=1)), v1(unset={"a.b": True}))],
    "A16": [(dict(), v1(set=names("z", "b", "a", "10", "9", "2")))],
    "A17": [(dict(), v1(set=names("b", "B", "a", "A", "_x", "é")))],
    "A18": [(dict(), v1(set=names("a.b", "a-b", "a.c", "aa", "a!")))],
    "A20": [(dict(a=1, b=2), v1(unset={"a": True}, set={"c": 1, "b": 5}))],
    "A21": [(dict(a=1), v1(set=SON([("a", 1), ("a.b", 2)])))],
    "A22": [(dict(a=1), v1(set={}))],
    "A23": [(dict(a=1, b=0.0), v1(set={"a": 1.0, "b": -0.0}))],
    "A24": [(SON([("q", 1), ("m", 2), ("c", 3)]), v1(set=names("z", "m", "a", "q")))],
    "A25": [(dict(a=1), SON([("$v", 0), ("$set", {"a": 2})])), (dict(a=1), SON([("$v", 3), ("$set", {"a": 2})]))],
    "A27": 2 * [(None, v1(set={"b": 1, "a": 2}))],  # some are refused
    "B20": [(dict(a=Binary(b"abcd")), v2(("b", {"a": {"o": 2, "d": Binary(b"x")}})))],
}
B_CASES = {
    "B01": [(dict(m=0), v2(("u", SON(z=1, b=2)), ("i", SON(y=3, a=4))))],
    "B02": [(SON(a=1, b=2, c=3), v2(("i", SON(a=9))))],
    "B03": [(dict(n=SON(a=1, b=2)), v2(("sn", SON(i=SON(a=1)))))],
    "B04": [(SON(a=1, b=2), v2(("i", SON(a=1))))],
    "B05": [(dict(a=1), v2(("d", SON(zz=False)), ("szy", SON(u=SON(a=1)))))],
    "B06": [(dict(f=5), v2(("sf", SON(u=SON(a=1))))), (dict(f=None), v2(("sf", SON(u=SON(a=1))))),
            (dict(f=[1]), v2(("sf", SON(u=SON(a=1))))), (dict(f=dict(a=1)), v2(("sf", SON([("a", True), ("u0", 1)]))))],
    "B07": [(dict(f=[1]), v2(("sf", SON([("a", True), ("u4", 7)]))))],
    "B08": [(dict(f=[1, 2, 3, 4]), v2(("sf", SON([("a", True), ("l", 2)])))), (dict(f=[1]), v2(("sf", SON([("a", True), ("l", 4)])))),
            (dict(f=[1, 2]), v2(("sf", SON([("a", True), ("l", 0)]))))],
    "B09": [(dict(f=[1, 2, 3, 4]), v2(("sf", SON([("a", True), ("l", 2), ("u0", 7)]))))],
    "B11": [(dict(f=[1]), v2(("sf", SON([("a", True), ("s2", SON(u=SON(x=1)))])))),
            (dict(f=[1]), v2(("sf", SON([("a", True), ("s0", SON(u=SON(x=1)))])))),
            (dict(f=[[1]]), v2(("sf", SON([("a", True), ("s0", SON(u=SON(x=1)))]))))],
    "B13": [(dict(f=[1, 2, 3]), v2(("sf", SON([("a", True), ("u01", 9)]))))],
    "B14": [(dict(f=[1, 2]), v2(("sf", SON([("a", True)]))))],
    "B15": [(dict(f=[1]), v2(("sf", SON([("a", False), ("u0", 1)])))), (dict(f=[1]), v2(("sf", SON([("a", True), ("l", Int64(1))])))),
            (dict(f=1), v2()), (dict(f=dict(a=1)), v2(("sf", SON()))), (dict(f=1), v2(("i", SON(a=1)), ("u", SON(b=1)))),
            (dict(f=1), v2(("x", SON(a=1)))), (dict(f=1), v2(("u", SON(a=1)), ("i", SON(a=2))))],
    "B16": [(dict(x=dict(a=1)), v2(("sx", SON(u=SON(a=5)))))],
    "B17": [(SON([("", dict(a=1)), ("a.b", 1)]), v2(("u", SON([("a.b", 2), ("c.d", 3)])), ("s", SON(u=SON(a=5)))))],
    "B18": [(dict(a=1), v2(("u", SON(_id=999999)))), (dict(a=1), v2(("d", SON(_id=False)), ("u", SON(a=2))))],
    "B19": [(dict(a=1), SON([("$v", Int64(2)), ("diff", SON(u=SON(a=2)))])), (dict(a=1), SON([("diff", SON(u=SON(a=2))), ("$v", 2)])),
            (dict(a=1), SON([("$v", 2), ("diff", SON(u=SON(a=2))), ("more", 1)]))],
    "B23": [(dict(data=dict(v=SON([("0", 1), ("1", 2)]))), v2(("sdata", SON([("sv", SON(i=SON([("2", 3)])))]))))],
}


def operation(coll, op, o, o2=None, **more):
    return SON([("op", op), ("ns", coll.ns), ("o", o), *((("o2", o2),) if o2 else ()), *more.items()])


def log_cases(w, coll, cases):
    for case in w.rng.sample(sorted(cases), 6 if w.short else len(cases)):
        for base, change in cases[case]:
            identity = w.rng.randrange(100_000, 200_000)
            if base is not None:
                w.insert(coll, [SON([("_id", identity), *base.items()])])
            one = operation(coll, "u", change, SON(_id=identity))
            more = {"alwaysUpsert": w.rng.random() < 0.5} if w.rng.random() < 0.3 else {}
            w.apply([one], case, **more)
            if w.rng.random() < 0.8:
                w.delete(coll, SON(_id=identity))


@scenario(alone=True, weight=3)
def modifiers_v1(w):
    coll = w.any("plain")
    cases = dict(A_CASES)
    if w.number < (5, 0):
        cases["A26"] = [(dict(a=1), v2(("u", SON(a=2))))]
        del cases["B20"]
    log_cases(w, coll, cases)
    yield "after logged modifiers"


@scenario(alone=True, since=(5, 0), weight=3, fcv=True)
def differences_v2(w):
    log_cases(w, w.any("plain"), B_CASES)
    yield "after logged differences"


@scenario(alone=True, weight=2)
def logged_documents(w):
    """Inserts over existing documents, replacements, deletes of nothing: 8.1.

    Never `b: false` inside: a primary upserts all the same, and members that apply the entry do not.
    """
    rng = w.rng
    coll = w.any("plain")
    i = rng.randrange(300_000, 400_000)
    w.insert(coll, [SON([("_id", i), ("a", 1), ("z", 5)]), SON([("_id", float(i + 1)), ("n", 1)]), SON([("_id", i + 2), ("n", 1)])])
    w.apply([operation(coll, "i", SON([("_id", i), ("b", 2), ("a", 9)]))], "D01")
    w.apply([operation(coll, "i", SON([("_id", i), ("a", 9), ("b", 2)]))], "D02")
    w.apply([operation(coll, "i", SON([("_id", Int64(i + 1)), ("n", 2)]))], "D03")
    yield "after inserts over documents"
    w.apply([operation(coll, "u", SON([("a", 1), ("b", 2), ("_id", i + 2)]), SON(_id=i + 2))], "D05")
    missing = operation(coll, "u", SON([("_id", i + 7), ("a", 1)]), SON(_id=i + 7))
    w.apply([missing], alwaysUpsert=False)
    w.apply([missing])
    w.apply([operation(coll, "u", SON([("_id", i + 8), ("a", 1)]), SON(_id=i + 8), b=True)], "D06", alwaysUpsert=False)
    w.apply([operation(coll, "u", SON([("_id", i + 1000), ("a", 1)]), SON(_id=i))], "D07")
    w.apply([operation(coll, "u", SON([("_id", i), ("a", 1), ("$y", 2)]), SON(_id=i))], "D08")
    w.apply([operation(coll, "d", SON(_id=i + 5000)), operation(coll, "i", SON(_id=i + 20, after=True))], "D09")
    w.apply([operation(coll, "d", SON([("sk", 999), ("_id", i + 20)]))], "D10")
    set_a = v1(set={"a": rng.randrange(9)})
    w.apply([operation(coll, "u", set_a, SON([("_id", i), ("sk", 999)]))])
    w.apply([operation(coll, "u", v1(set={"c": 1}), SON([("sk", 1), ("_id", i)]))], "D11")
    w.apply([operation(coll, "u", v1(set={"dec": 1}), SON(_id=Decimal128(str(i)))), operation(coll, "u", v1(set={"dbl": 1}), SON(_id=float(i)))])
    w.apply([operation(coll, "d", SON(_id=Decimal128(f"{i + 1}.0")))], "D12")
    yield "after logged replacements"
    w.delete(coll, SON(_id=SON([("$gte", 300_000), ("$lt", 500_000)])), 0)


@scenario(alone=True)
def logged_collation(w):
    """`_id`s that are equal under the collection's collation only."""
    coll = w.create("collated", collation=STRENGTH_2)
    w.insert(coll, [SON(_id="abc", n=1), SON(_id="other", n=1), SON(_id="Étude", n=1)])
    w.apply([operation(coll, "u", v1(set={"n": 2}), SON(_id="ABC"))])
    yield "an update that finds its _id by collation"
    w.apply([operation(coll, "d", SON(_id="aBC"))], "D14")
    w.apply([operation(coll, "i", SON(_id="AbC", n=3))])
    w.apply([operation(coll, "i", SON(_id="OTHER", n=5))])
    w.update(coll, {"_id": "étude"}, {"$set": {"m": 1}})
    w.delete(coll, {"_id": "OTHER"})
    yield "after writes by collation"
    w.drop(coll)


@scenario(alone=True)
def logged_uuids(w):
    """Entries whose UUID and name disagree; without UUID; with the UUID of nothing.

    Never with a UUID of another database: a primary follows it there, and members that apply the entry do not.
    """
    a = w.filled(4)
    b = w.filled(4, db=a.db)
    ub = w.uuid(b)
    w.apply([operation(a, "i", SON(_id="no uuid"))], "D17")
    w.apply([operation(a, "i", SON(_id="uuid of b"), ui=ub)])
    w.apply([operation(b, "u", v1(set={"x": 1}), SON(_id="uuid of b"), ui=ub)], "D18")
    w.apply([operation(a, "i", SON(_id="unknown"), ui=Binary.from_uuid(uuid.uuid4()))], "D19")
    yield "after names and UUIDs that disagree"
    w.drop(a), w.drop(b)


@scenario(alone=True)
def apply_ops_of_users(w):
    """Lists, nested lists, empty ones, junk beside them, upserts by default."""
    a, b = w.any("plain"), w.any("plain")
    i = w.rng.randrange(400_000, 450_000)
    w.apply([operation(a, "i", SON(_id=i)), operation(b, "u", v1(set={"p": 1}), SON(_id=i + 1)), operation(a, "d", SON(_id=i + 5))], "T14")
    w.apply([operation(a, "u", v1(set={"q": 1}), SON(_id=i + 2))], "T15", alwaysUpsert=False)
    w.apply([operation(a, "u", SON([("$set", SON(r=1))]), SON(_id=i + 3))])
    inner = SON([("op", "c"), ("ns", f"{a.db}.$cmd"), ("o", SON(applyOps=[
        operation(a, "i", SON(_id=i + 4, from_=1)), operation(a, "i", SON(_id=i, again=True))]))])
    w.apply([inner, operation(b, "i", SON(_id=i + 6))], "T17")
    yield "after nested applyOps"
    w.apply([], "T18")
    w.apply([operation(a, "i", SON(_id=i + 7))], "T19", comment="beside the list")
    w.apply([SON([("op", "n"), ("ns", ""), ("o", SON(msg="inner noop"))]), operation(a, "d", SON(_id=i))])
    w.delete(a, SON(_id=SON([("$gte", 400_000), ("$lt", 500_000)])), 0)
    w.delete(b, SON(_id=SON([("$gte", 400_000), ("$lt", 500_000)])), 0)
    yield "after applyOps"


@scenario(alone=True)
def logged_commands(w):
    """Commands given to applyOps: the server decides what it logs of them."""
    a = w.filled(3, db="logged")
    ua = w.uuid(a)

    def command(o, *cases, **more):
        before = w.top()
        w.apply([SON([("op", "c"), ("ns", f"{a.db}.$cmd"), ("o", o), *more.items()])])
        if w.top() != before:  # otherwise it took it, and logged nothing
            w.case(*cases)

    id_index = ("idIndex", SON([("v", 2), ("key", SON(_id=1)), ("name", "_id_")]))
    command(SON([("create", a.name), id_index]), "C01", ui=ua)
    other = w.new_name()
    command(SON([("create", other)]), "C05")
    yield "a collection without idIndex"
    taken = w.filled(2, db=a.db)
    command(SON([("create", taken.name)]), "C02", ui=Binary.from_uuid(uuid.uuid4()))
    yield "a name taken by another"
    command(SON([("create", w.new_name("moved")), id_index]), "C03", ui=ua)
    command(SON([("create", taken.name)]), "C04", ui=ua)
    yield "a UUID under another name"
    nowhere = SON([("renameCollection", f"{a.db}.nowhere"), ("to", f"{a.db}.elsewhere"), ("stayTemp", False)])
    command(nowhere, "C09", ui=Binary.from_uuid(uuid.uuid4()))
    command(SON(drop="another"), "C16", ui=ua)
    command(SON(drop="missing"))
    command(SON([("create", w.new_name("temp")), ("temp", True)]))
    command(SON([("dropIndexes", other), ("index", "none_1")]), "C24")
    command(SON([("collMod", "missing"), ("validator", SON())]), "C25")
    yield "after logged commands"
    w.may(a.db, SON(dropDatabase=1))
    for coll in [c for c in w.colls if c.db == a.db]:
        w.forget(coll)
    yield Others(1, "after dropDatabase")


@scenario(alone=True)
def zero_timestamps_logged(w):
    coll = w.any("plain")
    i = w.rng.randrange(600_000, 700_000)
    w.apply([operation(coll, "i", SON([("_id", i), ("n", SON(t=Timestamp(0, 0)))]))])
    w.apply([operation(coll, "u", v1(set={"n.u": Timestamp(0, 0)}), SON(_id=i))], "D15")
    yield "zero timestamps"
    w.delete(coll, SON(_id=i))
