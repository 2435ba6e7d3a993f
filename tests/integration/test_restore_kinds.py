"""yester restore of what is no plain collection: kinds, indexes, TTL, accounts, and servers that do not know them."""
import datetime
import json

import bson
import peers
import pytest
from restoring import assert_same, backed_up, fill, member, raw, restore, restored, server, state_of  # noqa: F401, fixtures

LONG = pytest.mark.long


def test_kinds_of_collections(member, store):
    db = member.client["kinds"]
    db.create_collection("ring", capped=True, size=100000, max=500)
    db["ring"].insert_many([{"_id": 1000 - i, "pad": "r" * (i % 50)} for i in range(700)])
    db.create_collection("folded", collation={"locale": "de", "strength": 1})
    db["folded"].insert_many([{"_id": f"{c}{i}", "n": i} for i in range(300) for c in "zÖa"])
    db.create_collection("view", viewOn="folded", pipeline=[{"$match": {"n": 3}}], collation={"locale": "de", "strength": 1})
    db.create_collection("checked", validator={"n": {"$gt": 5}}, validationAction="error")
    db.get_collection("checked").insert_many([{"n": 10}])
    db.command("insert", "checked", documents=[{"n": 1}], bypassDocumentValidation=True)
    db["indexed"].insert_many([{"a": i, "t": f"word{i}", "p": {"type": "Point", "coordinates": [i % 90, i % 45]}} for i in range(500)])
    db["indexed"].create_index([("a", 1), ("t", -1)], name="two", partialFilterExpression={"a": {"$gt": 10}})
    db["indexed"].create_index([("t", "text")], weights={"t": 3})
    db["indexed"].create_index([("p", "2dsphere")])
    db["indexed"].create_index([("$**", 1)], wildcardProjection={"a": 1})
    db["indexed"].create_index("a", name="folded", collation={"locale": "fr"}, sparse=True)
    if member.number >= (5, 0):
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m", "granularity": "minutes"})
        now = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
        db["series"].insert_many([{"t": now + datetime.timedelta(seconds=i * 37), "m": i % 5, "v": i} for i in range(2000)])
        db["series"].create_index([("m", 1), ("t", 1)])
    if member.number >= (5, 3):
        db.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True, "name": "mine"})
        db["clustered"].insert_many([{"_id": i, "v": i} for i in range(400)])
    backed_up(store, member)
    wanted, ring = state_of(member), [d["_id"] for d in db["ring"].find()]
    member.client.drop_database("kinds")
    done = restored(store, member)
    assert done["result"]["verified"]
    assert_same(state_of(member), wanted)
    assert [d["_id"] for d in db["ring"].find()] == ring
    restore(store, member, "--drop")
    assert_same(state_of(member), wanted)


def test_an_empty_collection_of_another_kind_is_not_filled_silently(member, store):
    db = member.client["shop"]
    db.create_collection("ring", capped=True, size=4096, max=50)
    db.create_collection("checked", validator={"n": {"$gt": 0}})
    for name in ("ring", "checked", "plain"):
        db[name].insert_many([{"n": i + 1} for i in range(50)])
    backed_up(store, member)
    wanted = {name: raw(member, "shop", name) for name in ("ring", "checked", "plain")}
    member.client.drop_database("shop")
    for name in ("ring", "checked"):
        db.create_collection(name)
    db.create_collection("plain", capped=True, size=4096, max=10)
    made = state_of(member)
    done = restore(store, member, "--json", "--dryRun", check=6)
    assert {i["becomes"]: i["refused"] for i in json.loads(done.out)["plan"]} == {
        "shop.checked": "has another validator by now", "shop.plain": "is capped by now", "shop.ring": "is no longer capped"}
    assert "is no longer capped" in done.err and state_of(member) == made
    for name in ("ring", "plain"):  # no other mode would keep all of its documents, or their order
        done = restore(store, member, "--nsInclude", f"shop.{name}", "--mode", "missing", check=6)
        assert f"--nsExclude shop.{name}" in done.err and "REFUSED" in done.out and state_of(member) == made
    restore(store, member, "--nsInclude", "shop.checked", "--mode", "missing")  # what it takes is another's decision
    assert raw(member, "shop", "checked") == wanted["checked"] and "validator" not in db["checked"].options()
    restore(store, member, "--drop")
    assert {name: raw(member, "shop", name) for name in wanted} == wanted
    assert db["ring"].options()["max"] == 50 and db["checked"].options()["validator"] and not db["plain"].options()


def test_a_collection_of_another_collation_is_not_filled_silently(member, store):
    db = member.client["shop"]
    collations = {"folded": {"locale": "en", "strength": 2}, "german": {"locale": "de"}, "same": {"locale": "fr", "strength": 1}}
    for name, collation in collations.items():
        db.create_collection(name, collation=collation)
        db[name].insert_many([{"_id": f"a{i}"} for i in range(10)])
    backed_up(store, member)
    for name, collation in {**collations, "folded": {"locale": "en", "strength": 3}, "german": {"locale": "sv"}}.items():
        db[name].drop()
        db.create_collection(name, collation=collation)
    db["german"].insert_one({"_id": "z"})
    for mode in ((), ("--mode", "missing"), ("--mode", "replace")):
        done = restore(store, member, *mode, check=6)
        assert "shop.folded has another collation" in done.err and "shop.german has another collation" in done.err, done.story()
        assert "shop.same" not in done.err
    restore(store, member, "--mode", "drop")
    assert {c["name"]: c["options"]["collation"]["locale"] for c in db.list_collections()} == {"folded": "en", "german": "de", "same": "fr"}


def test_indexes_keep_their_collation_where_the_collection_has_another(member, store):
    """One of the simple collation is listed without any; createIndexes would give it the collection's."""
    db = member.client["shop"]
    db.create_collection("c", collation={"locale": "fr", "strength": 1})
    db["c"].insert_many([{"_id": i, "n": n, "t": n} for i, n in enumerate(("a", "A", "\u00e0"))])
    db["c"].create_index("own")
    db["c"].create_index("n", unique=True, collation={"locale": "simple"})
    db["c"].create_index("when", expireAfterSeconds=60, collation={"locale": "simple"})
    db["c"].create_index("other", collation={"locale": "de"})
    db["c"].create_index([("t", "text")], collation={"locale": "simple"})
    db["c"].create_index([("p", "2d")], collation={"locale": "simple"})
    if member.number >= (5, 0):
        db.create_collection("series", timeseries={"timeField": "t", "metaField": "m"}, collation={"locale": "fr"})
        db["series"].create_index("m.own")
        db["series"].create_index("m.plain", collation={"locale": "simple"})
    wanted = state_of(member)
    backed_up(store, member)
    member.wipe()
    restore(store, member)
    assert_same(state_of(member), wanted)


def test_a_time_series_of_other_fields_takes_no_buckets(member, store):
    if member.number < (5, 0):
        pytest.skip("it has no time series")
    db = member.client["shop"]
    series = {"timeField": "t", "metaField": "m"}
    db.create_collection("series", timeseries=series)
    db["series"].insert_many([{"t": datetime.datetime(2026, 11, 21), "m": i, "k": i} for i in range(10)])
    backed_up(store, member)
    for other in ({"timeField": "t", "metaField": "k"}, {"timeField": "t"}, {**series, "granularity": "hours"}):
        db["series"].drop()
        db.create_collection("series", timeseries=other)
        for mode in ((), ("--mode", "missing"), ("--mode", "replace")):
            assert "other fields" in restore(store, member, *mode, check=6).err
        assert db["series"].count_documents({}) == 0
    db["series"].drop()
    db.create_collection("series", timeseries=series)
    restore(store, member)
    assert db["series"].count_documents({"m": 3}) == 1


def test_buckets_without_a_time_series_are_told_with_a_way_out(member, store):
    """Servers leave such behind when a collection of that name is made just then."""
    if member.number < (5, 0):
        pytest.skip("it has none")
    db = member.client["shop"]
    db.create_collection("model", timeseries={"timeField": "t"})
    buckets = next(one for one in db.list_collections() if one["name"] == "system.buckets.model")["options"]
    db.command(bson.SON([("create", "system.buckets.series"), *buckets.items()]))
    db["orders"].insert_one({"_id": 1})
    store.run("backup", "--uri", member.uri)
    db["orders"].drop()
    said = restore(store, member, "--mode", "drop", check=6).err
    assert "HINT" in said and "--nsExclude shop.series" in said
    restore(store, member, "--mode", "drop", "--nsExclude", "shop.series")
    assert list(db["orders"].find()) == [{"_id": 1}]


def test_hints_name_what_can_be_pasted(member, store):
    fill(member, 10)
    backed_up(store, member)
    beside = ("--nsInclude", "shop.orders", "--nsFrom", "shop.orders", "--nsTo", "shop.before")
    restore(store, member, *beside)
    said = restore(store, member, *beside, check=6).err
    assert "--nsFrom shop.orders --nsTo shop.before_before" in said
    restore(store, member, "--nsInclude", "shop.orders", *said.split("beside it: ")[1].split())


def test_documents_without_an_id_are_counted_and_not_told_as_different(member, store, tmp_path):
    """Capped collections of old servers had such; the server gives each an _id, and that was "NOT what was meant" (4)."""
    documents = [{"n": 1, "a": "x"}, {"_id": 5, "n": 2}, {"n": 1, "a": "x"}, {}]
    folder = tmp_path / "dump" / "shop"
    folder.mkdir(parents=True)
    (folder / "ring.bson").write_bytes(b"".join(bson.encode(d) for d in documents))
    (folder / "ring.metadata.json").write_text('{"options":{"capped":true,"size":100000},"indexes":[]}')
    store.ingest(tmp_path / "dump")
    done = restored(store, member, check=3)["result"]
    assert (done["inserted"], done["givenIds"], done["verified"]) == (4, 3, True) and not any(done["counts"].values())
    found = list(member.client["shop"]["ring"].find())
    assert found[1] == documents[1] and [{k: v for k, v in d.items() if k != "_id" or v == 5} for d in found] == documents
    assert "3 had no _id, and the server gave them one\n" in restore(store, member, "--drop", check=3).out


def test_preserved_uuids_are_those_of_the_moment(member, store):
    fill(member)
    backed_up(store, member)

    def uuids():
        return {c["name"]: c["info"]["uuid"] for c in member.client["shop"].list_collections()}

    wanted, state = uuids(), state_of(member)
    restore(store, member, "--drop")
    assert uuids() != wanted
    restore(store, member, "--drop", "--preserveUUID")
    assert uuids() == wanted
    assert_same(state_of(member), state)
    restore(store, member, "--mode", "missing", "--preserveUUID", check=6)


def test_a_uuid_is_not_taken_from_a_collection_that_was_renamed(member, store):
    """The server renames what has the UUID: it was gone under its name, which no filter took, and filled up; in another
    database it refused, when others had been dropped."""
    fill(member)
    backed_up(store, member)
    wanted, shop = state_of(member), member.client["shop"]
    uuids = {c["name"]: c["info"]["uuid"] for c in shop.list_collections()}
    shop["orders"].rename("orders_old")
    shop["orders_old"].insert_one({"_id": "of today", "n": -1})
    shop["carts"].insert_one({"_id": "of today"})
    before = state_of(member)
    for options in (("--nsInclude", "shop.orders"), ("--drop",), ("--drop", "--nsFrom", "shop.*", "--nsTo", "beside.*")):
        done = restore(store, member, "--preserveUUID", *options, check=6)
        assert "orders had the UUID that shop.orders_old has by now" in done.err and "HINT: without --preserveUUID" in done.err, done.story()
        assert state_of(member) == before
    restore(store, member, "--nsInclude", "shop.orders")
    assert shop["orders_old"].count_documents({}) == 3001 and shop["orders"].count_documents({}) == 3000
    # What is dropped itself gives its UUID free.
    shop["orders"].drop()
    shop["carts"].rename("orders")
    shop["orders_old"].rename("carts")
    restore(store, member, "--drop", "--preserveUUID")
    assert_same(state_of(member), wanted)
    assert {c["name"]: c["info"]["uuid"] for c in shop.list_collections()} == uuids


def test_what_a_ttl_index_would_remove_is_counted_first(member, store):
    import datetime
    old, new = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=d) for d in (-10, 1))
    coll = member.client["shop"]["sessions"]
    coll.create_index("seen", expireAfterSeconds=3600)
    coll.insert_many([{"_id": i, "seen": old if i < 7 else new} for i in range(20)] + [{"_id": "a", "seen": [new, old]}, {"_id": "n"}])
    backed_up(store, member)
    wanted = state_of(member)
    member.client.drop_database("shop")
    done = restore(store, member, check=6)
    assert "8 of the documents" in done.err and "--keepTTL" in done.err
    assert member.user_databases() == []
    assert json.loads(restore(store, member, "--dryRun", "--json", "--noTTL").out)["documents"] == 22
    restore(store, member, "--keepTTL")
    assert_same(state_of(member), wanted)
    restore(store, member, "--drop", "--noTTL")
    assert state_of(member)["hashes"] == wanted["hashes"]
    assert "expireAfterSeconds" not in coll.index_information()["seen_1"]


def test_a_partial_ttl_index_removes_only_what_its_filter_takes(member, store):
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=10)
    coll = member.client["shop"]["sessions"]
    coll.create_index("seen", expireAfterSeconds=3600, partialFilterExpression={"done": True, "n": {"$gte": 10}})
    coll.insert_many([{"_id": i, "seen": old, "n": i, "done": i < 10} for i in range(20)])
    backed_up(store, member)
    wanted = state_of(member)
    member.client.drop_database("shop")
    assert json.loads(restore(store, member, "--dryRun", "--json").out)["documents"] == 20
    restore(store, member)
    assert_same(state_of(member), wanted)
    coll.insert_many([{"_id": i, "seen": old, "n": i, "done": True} for i in range(20, 23)])
    store.run("backup", "--uri", member.uri)
    member.client.drop_database("shop")
    assert "remove 3 of the documents" in restore(store, member, check=6).err


def test_the_ttl_index_that_counts_is_the_one_that_will_be_there(member, store):
    """What holds data keeps its indexes: its own TTL index removes what comes back, that of the moment is not made."""
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=10)
    coll = member.client["shop"]["sessions"]
    coll.insert_many([{"_id": i, "seen": old} for i in range(20)])
    backed_up(store, member)
    coll.create_index("seen", expireAfterSeconds=3600)  # by mistake
    for action in ("merge", "fill"):  # it removes a part, then all
        coll.delete_many({"_id": {"$nin": list(range(5, 8))}} if action == "merge" else {})
        for options in ((), ("--noTTL",)):
            done = restore(store, member, "--mode", "missing", *options, check=6)
            assert "shop.sessions is there with a TTL index that would remove 20 of the documents" in done.err
            assert "drop that index there first" in done.err and "--keepTTL" in done.err
        plan = json.loads(restore(store, member, "--mode", "missing", "--keepTTL", "--dryRun", "--json").out)
        assert [item["action"] for item in plan["plan"]] == [action]
    done = restore(store, member, "--mode", "missing", "--id", "7", check=6)
    assert "remove 1 of the documents" in done.err
    coll.drop_index("seen_1")
    restore(store, member, "--mode", "missing")
    assert coll.count_documents({}) == 20

    coll.create_index("seen", expireAfterSeconds=3600)
    backed_up(store, member)  # the mistake is in this moment; by now it is mended
    coll.drop_index("seen_1")
    coll.delete_many({"_id": {"$gte": 5}})
    restore(store, member, "--mode", "missing")
    assert coll.count_documents({}) == 20 and list(coll.index_information()) == ["_id_"]
    coll.delete_many({})
    assert "--noTTL" in restore(store, member, "--mode", "missing", check=6).err  # empty: it would be made


def test_indexes_that_what_has_data_does_not_get_are_named(member, store):
    """A database was dropped, and its application made the collection anew before somebody looked."""
    coll = member.client["shop"]["users"]
    coll.insert_many([{"_id": i, "mail": i, "seen": 0} for i in range(5)])
    coll.create_index("mail", unique=True)
    coll.create_index([("mail", 1), ("seen", -1)])
    coll.create_index("when", expireAfterSeconds=60)
    backed_up(store, member)
    member.client.drop_database("shop")
    coll.insert_one({"_id": "new"})
    coll.create_index([("mail", 1), ("seen", -1)], name="another")
    plan = restored(store, member, "--mode", "missing", "--dryRun")["plan"]
    assert [item["lacksIndexes"] for item in plan] == ["mail_1, when_1"]
    done = restore(store, member, "--mode", "missing")
    assert "shop.users holds data and keeps its indexes: it does not have mail_1, when_1\n" in done.out
    assert coll.count_documents({}) == 6 and len(coll.index_information()) == 2
    coll.drop_indexes()
    for index in ("mail", [("mail", 1), ("seen", -1)], "when"):
        coll.create_index(index)
    assert "lacksIndexes" not in restored(store, member, "--mode", "missing", "--dryRun")["plan"][0]
    coll.drop()
    assert "lacksIndexes" not in restored(store, member, "--mode", "missing", "--dryRun")["plan"][0]


def test_a_time_series_that_is_there_removes_by_its_own_option(member, store):
    if member.number < (5, 0):
        pytest.skip("no time series")
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=10)
    shop = member.client["shop"]
    shop.create_collection("ts", timeseries={"timeField": "t", "metaField": "m"})
    shop["ts"].insert_many([{"t": old, "m": i} for i in range(9)])
    backed_up(store, member)
    shop.command("collMod", "ts", expireAfterSeconds=3600)
    for left in (1, 0):
        shop["system.buckets.ts"].delete_many({"meta": {"$gte": left}})
        done = restore(store, member, "--mode", "missing", check=6)
        assert "shop.system.buckets.ts is there with a TTL index that would remove 9 " in done.err
    shop.command("collMod", "ts", expireAfterSeconds="off")
    restore(store, member, "--mode", "missing")
    assert shop["ts"].count_documents({}) == 9


def test_users_and_roles_come_when_asked(member, store):
    fill(member, 10)
    shop = member.client["shop"]
    shop.command("createRole", "clerk", privileges=[], roles=["read"])
    shop.command("createUser", "anna", pwd="geheim", roles=["clerk"])
    backed_up(store, member)
    wanted = peers.users_and_roles(member)
    member.wipe()
    restore(store, member)
    assert peers.users_and_roles(member) == {"system.users": [], "system.roles": []}
    done = restored(store, member, "--drop", "--restoreDbUsersAndRoles")
    assert done["result"]["users"] == 1 and done["result"]["roles"] == 1
    assert peers.users_and_roles(member) == wanted
    assert not set(member.client["admin"].list_collection_names()) & {"tempusers", "temproles"}
    peers.pymongo.MongoClient("127.0.0.1", member.port, username="anna", password="geheim", authSource="shop",
                              directConnection=True).admin.command("ping")


def test_accounts_that_changed_since_are_told_or_put_back(member, store):
    """The server's merge leaves a user that is there as it is and says nothing: it was told as restored."""
    fill(member, 10)
    shop = member.client["shop"]
    shop.command("createRole", "clerk", privileges=[], roles=["read"])
    shop.command("createUser", "anna", pwd="geheim", roles=["clerk"])
    shop.command("createUser", "bert", pwd="geheim", roles=["read"])
    backed_up(store, member)
    wanted = peers.users_and_roles(member)
    shop.command("updateUser", "anna", pwd="vertippt")
    shop.command("updateRole", "clerk", roles=["readWrite"])
    shop.command("dropUser", "bert")
    member.client["other"].command("createUser", "carl", pwd="neu", roles=["read"])
    changed = peers.users_and_roles(member)
    only = ("--nsInclude", "shop.*", "--restoreDbUsersAndRoles")
    done = restore(store, member, *only, "--mode", "missing", check=3)
    assert "1 user, 2 users or roles left as they are, as they differ by now (--mode replace)" in done.out, done.story()
    assert "admin.system.users" in done.out and "shop.anna" in done.out, done.story()
    assert peers.users_and_roles(member)["system.roles"] == changed["system.roles"]
    shop.command("dropUser", "bert")
    done = restored(store, member, *only, "--mode", "replace")
    assert (done["result"]["users"], done["result"]["roles"], done["result"]["accountsKept"]) == (2, 1, 0)
    now = peers.users_and_roles(member)
    assert now["system.roles"] == wanted["system.roles"]
    carl = [user for user in changed["system.users"] if b"carl" in user]
    assert now["system.users"] == sorted(wanted["system.users"] + carl), "others stay"
    assert not set(member.client["admin"].list_collection_names()) & {"tempusers", "temproles"}
    # A second time there is nothing to do; without a filter the others go.
    assert restored(store, member, *only, "--mode", "replace")["result"]["users"] == 2
    restored(store, member, "--restoreDbUsersAndRoles", "--drop")
    assert peers.users_and_roles(member) == wanted


def may_log_in(member, name, password, db):
    with peers.pymongo.MongoClient("127.0.0.1", member.port, username=name, password=password, authSource=db, directConnection=True) as client:
        try:
            client.admin.command("ping")
        except peers.pymongo.errors.OperationFailure:
            return False
    return True


def shop_with_accounts(member):
    fill(member, 10)
    shop = member.client["shop"]
    shop.command("createRole", "clerk", privileges=[], roles=["read"])
    shop.command("createUser", "anna", pwd="geheim", roles=["clerk"])
    shop.command("createUser", "bert", pwd="heimlich", roles=["read"])
    member.client["other"].command("createUser", "carl", pwd="neu", roles=["read"])
    return shop


def change_accounts(shop):
    shop.command("updateUser", "anna", roles=["readWrite"])
    shop.command("updateRole", "clerk", roles=["readWrite"])
    shop.command("dropUser", "bert")
    shop.command("createUser", "dora", pwd="danach", roles=["read"])


@pytest.mark.parametrize("options", [(), ("--drop",)], ids=["as-it-is", "drop"])
def test_accounts_of_one_databases_dump_come_as_mongorestore_restores_them(options, member, store, tools, tmp_path):
    """mongodump -d shop --dumpDbUsersAndRoles puts them beside the collections: they were left out."""
    shop = shop_with_accounts(member)
    tools.mongodump("--port", member.port, "-d", "shop", "--dumpDbUsersAndRoles", "--out", tmp_path / "dump")
    change_accounts(shop)
    member.client.drop_database("shop")
    tools.mongorestore("--port", member.port, "-d", "shop", "--restoreDbUsersAndRoles", *options, tmp_path / "dump" / "shop")
    wanted = peers.users_and_roles(member)
    member.wipe()
    change_accounts(shop_with_accounts(member))
    member.client.drop_database("shop")
    # Who can write that file makes users of this database with it, and of no other: as with mongorestore.
    users = tmp_path / "dump" / "shop" / "$admin.system.users.bson"
    one = bson.decode_all(users.read_bytes())[0]
    users.write_bytes(users.read_bytes() + bson.encode({**one, "_id": "admin.eve", "user": "eve", "db": "admin"}))
    store.ingest(tmp_path / "dump")
    assert "users and roles: not restored (--restoreDbUsersAndRoles)\n" in restore(store, member, "--dryRun").out
    done = restored(store, member, "--restoreDbUsersAndRoles", *options, check=0 if options else 3)["result"]
    assert (done["users"], done["roles"], done["accountsKept"]) == ((2, 1, 0) if options else (1, 0, 2))
    now = peers.users_and_roles(member)
    for kind in wanted:  # credentials have a salt of their own each time they are made
        seen, asked = ([{k: v for k, v in bson.decode(d).items() if k not in ("credentials", "userId")} for d in docs]
                       for docs in (now[kind], wanted[kind]))
        assert seen == asked
    assert may_log_in(member, "anna", "geheim", "shop") and may_log_in(member, "bert", "heimlich", "shop")
    assert may_log_in(member, "dora", "danach", "shop") == (not options)
    assert may_log_in(member, "carl", "neu", "other")
    assert not set(member.client["admin"].list_collection_names()) & {"tempusers", "temproles"}


def test_accounts_of_several_databases_come_each_into_its_own(member, store, tools, tmp_path):
    shop_with_accounts(member)
    member.client["other"]["c"].insert_one({"_id": 1})
    wanted = peers.users_and_roles(member)
    for db in ("shop", "other"):
        tools.mongodump("--port", member.port, "-d", db, "--dumpDbUsersAndRoles", "--out", tmp_path / "dump")
    store.ingest(tmp_path / "dump")
    # A dump that we write again is one that mongorestore takes.
    store.run("dump", "--out", tmp_path / "again")
    tools.mongorestore("--port", member.port, "-d", "shop", "--drop", "--restoreDbUsersAndRoles", tmp_path / "again" / "shop")
    assert peers.users_and_roles(member)["system.users"] == wanted["system.users"]
    member.wipe()
    done = restored(store, member, "--restoreDbUsersAndRoles", "--nsInclude", "other.*")["result"]
    assert (done["users"], done["roles"]) == (1, 0)
    done = restored(store, member, "--restoreDbUsersAndRoles", "--mode", "replace")["result"]
    assert (done["users"], done["roles"], done["accountsKept"]) == (3, 1, 0)
    assert peers.users_and_roles(member) == wanted
    # What is there otherwise is put back, and who belongs to nobody's dump stays.
    member.client["shop"].command("updateUser", "anna", pwd="vertippt")
    member.client["shop"].command("createUser", "dora", pwd="danach", roles=["read"])
    member.client["third"].command("createUser", "emil", pwd="auch", roles=["read"])
    restored(store, member, "--restoreDbUsersAndRoles", "--mode", "replace")
    assert may_log_in(member, "anna", "geheim", "shop")
    assert {bson.decode(d)["_id"] for d in peers.users_and_roles(member)["system.users"]} == {
        "shop.anna", "shop.bert", "other.carl", "shop.dora", "third.emil"}


def test_a_pattern_gives_accounts_no_other_name(member, store):
    """That of the help, '$db$.old_$coll$', made a plain collection of them, which who reads the database could read."""
    fill(member, 10)
    shop = member.client["shop"]
    shop.command("createUser", "anna", pwd="geheim", roles=["read"])
    backed_up(store, member)
    restore(store, member, "--nsFrom", "$db$.$coll$", "--nsTo", "$db$.old_$coll$")
    assert sorted(shop.list_collection_names()) == ["carts", "old_carts", "old_orders", "orders"]
    assert not [name for name in member.client["admin"].list_collection_names() if not name.startswith("system.")]
    # Who names them means them.
    restore(store, member, "--nsInclude", "admin.system.users", "--nsFrom", "admin.system.users", "--nsTo", "safe.users_then")
    assert member.client["safe"]["users_then"].find_one()["user"] == "anna"


def dump_of(folder, **collections):
    """A dump of shop made by hand: metadata, with a document where it is no view."""
    (folder / "shop").mkdir(parents=True)
    for name, options in collections.items():
        metadata = {"options": options, "indexes": []}
        if "viewOn" not in options:
            metadata["indexes"] = [{"v": 2, "key": {"_id": 1}, "name": "_id_"}]
            (folder / "shop" / f"{name}.bson").write_bytes(bson.encode({"_id": 1}))
        (folder / "shop" / f"{name}.metadata.json").write_text(json.dumps(metadata))
    return folder


def test_what_the_server_does_not_know_is_refused_before_anything_is_dropped(member, store, tmp_path):
    """As of a newer one: it was found when it was made, when --drop had taken what was there."""
    store.ingest(dump_of(tmp_path / "dump", plain={}, rules={"validator": {"$expr": {"$newInVersion99": ["$a", 1]}}},
                         seen={"viewOn": "plain", "pipeline": [{"$stageOf99": {}}]}))
    for name in ("plain", "rules", "seen"):
        member.client["shop"][name].insert_one({"_id": "of today"})
    before = state_of(member)
    done = restore(store, member, "--drop", check=6)
    assert "shop.rules can't be" in done.err and "$newInVersion99" in done.err and "$stageOf99" in done.err
    assert state_of(member) == before
    excludes = done.err.split("leave it out: ")[1].split()
    assert excludes == ["--nsExclude", "shop.rules", "--nsExclude", "shop.seen"]
    restore(store, member, "--drop", *excludes)
    assert raw(member, "shop", "plain") == [bson.encode({"_id": 1})]
    assert raw(member, "shop", "rules") == [bson.encode({"_id": "of today"})]
    # Under a name that none takes: the same.
    done = restore(store, member, "--nsInclude", "shop.plain", "--nsFrom", "shop.plain", "--nsTo", "shop." + "x" * 251, check=6)
    assert "too long" in done.err


def test_options_that_the_server_does_not_know_are_refused_before_anything_is_dropped(member, store, tmp_path):
    """Of a newer server, or with another storage engine: the restore ended where it was made (1), with others dropped."""
    odd = {
        "newer": {"optionOf99": {"a": 1}}, "collated": {"collation": {"locale": "de", "version": "99.9"}},
        "memory": {"storageEngine": {"inMemory": {}}},
        "tunedOf99": {"storageEngine": {"wiredTiger": {"configString": "block_compressor=zlib,key_of_99=1"}}},
        "broken": {"storageEngine": {"wiredTiger": {"configString": "block_compressor=("}}},
        "defaultsOf99": {"indexOptionDefaults": {"storageEngine": {"wiredTiger": {"configString": "index_key_of_99=1"}}}},
    }
    fine = {
        "plain": {}, "ring": {"capped": True, "size": 4096, "max": 3}, "folded": {"collation": {"locale": "fr"}},
        "tuned": {"storageEngine": {"wiredTiger": {"configString": "block_compressor=zlib"}}},
        "tunedTwice": {"storageEngine": {"wiredTiger": {"configString": "app_metadata=(a=b),allocation_size=4KB,"}},
                       "indexOptionDefaults": {"storageEngine": {"wiredTiger": {"configString": "prefix_compression=false"}}}},
        "images": {"recordPreImages": True}, "changes": {"changeStreamPreAndPostImages": {"enabled": True}},
        "checked": {"validator": {"n": {"$gt": 1}}, "validationLevel": "moderate", "validationAction": "warn"},
        "defaults": {"indexOptionDefaults": {"storageEngine": {"wiredTiger": {"configString": ""}}}},
    }
    if member.number >= (6, 0):
        odd["within"] = {"clusteredIndex": {"key": {"_id": 1}, "unique": True, "fieldOf99": 1}}
        odd["worded"] = {"encryptedFields": {"fields": [{"path": "a", "bsonType": "int", "keyId": {"$uuid": "3b241101-e2bb-4255-8caf-4136c566a962"},
                                                         "queries": [{"queryType": "rangeOf99"}]}]}}
    store.ingest(dump_of(tmp_path / "dump", **odd, **fine))
    for name in ("plain", *odd):
        member.client["shop"][name].insert_one({"_id": "of today"})
    before = state_of(member)
    done = restore(store, member, "--drop", "--json", "--dryRun", check=6)
    refused = {i["becomes"].split(".")[1]: i["refused"] for i in json.loads(done.out)["plan"] if "refused" in i}
    assert set(refused) == set(odd), refused
    assert "optionOf99" in refused["newer"] and "99.9" in refused["collated"] and "inMemory" in refused["memory"]
    assert "key_of_99=1" in refused["tunedOf99"] and "index_key_of_99" in refused["defaultsOf99"] and "block_compressor=(" in refused["broken"]
    excludes = restore(store, member, "--drop", check=6).err.split("leave it out: ")[1].split()
    assert state_of(member) == before
    restore(store, member, "--drop", *excludes)
    assert {c for c in member.client["shop"].list_collection_names() if c not in odd} == set(fine)
    assert all(raw(member, "shop", name) == [bson.encode({"_id": "of today"})] for name in odd)


@LONG
@pytest.mark.mongod
def test_compressed_buckets_are_refused_by_a_server_that_can_not_read_them(store):
    """It took them, was told as verified, and no query of that time series had an answer."""
    start = datetime.datetime(2026, 11, 21)
    with peers.Mongod("6.0.27") as young:
        young.client["shop"].create_collection("ticks", timeseries={"timeField": "t"})
        young.client["shop"]["ticks"].insert_many([{"t": start + datetime.timedelta(seconds=i), "v": i} for i in range(1500)])
        young.client["shop"]["orders"].insert_one({"_id": 1})
        backed_up(store, young)
    with peers.Mongod("5.0.4") as old:
        done = restore(store, old, check=6)
        assert "compressed buckets" in done.err and "--nsExclude shop.ticks\n" in done.err and old.user_databases() == []
        restore(store, old, "--nsExclude", "shop.ticks")
        assert old.client["shop"].list_collection_names() == ["orders"]


def test_drop_puts_back_the_functions_that_no_server_drops(member, store):
    """mongod refuses to drop system.js: with the others dropped the restore ended there, and so did --resume."""
    fill(member, 50)
    functions = member.client["shop"]["system.js"]
    functions.insert_many([{"_id": "f", "value": 1}, {"_id": "g", "value": 2}])
    backed_up(store, member)
    wanted = state_of(member)
    functions.update_one({"_id": "f"}, {"$set": {"value": 9}})
    functions.delete_one({"_id": "g"})
    member.client["shop"]["orders"].delete_many({})
    restore(store, member, "--drop")
    assert state_of(member) == wanted
    functions.insert_one({"_id": "of today", "value": 3})
    restore(store, member, "--drop", "--preserveUUID")
    assert [d["_id"] for d in functions.find()] == ["f", "g", "of today"]


def test_what_old_and_later_servers_say_of_a_collection_stops_no_restore(member, store, tmp_path):
    """An index on _id that is unique or descending (2.x), $nExtents, record numbers (8.2), accounts beside the collections."""
    plain = {"v": 1, "key": {"_id": 1}, "ns": "d.c", "name": "_id_"}
    files = {
        "old.metadata.json": {"options": {"capped": True, "size": 10240, "$nExtents": 3}, "indexes": [{**plain, "unique": True}]},
        "down.metadata.json": {"indexes": [{**plain, "key": {"_id": -1}, "name": "_id_-1"}, plain]},
        "new.metadata.json": {"options": {"recordIdsReplicated": True}, "indexes": [plain], "type": "collection"},
        "old.bson": {"_id": 1}, "down.bson": {"_id": 2}, "new.bson": {"_id": 3},
        "$admin.system.users.bson": {"_id": "d.u", "user": "u", "db": "d", "credentials": {}, "roles": []},
        "system.users.bson": {"_id": 4, "user": "a", "pwd": "x"},
    }
    (tmp_path / "dump" / "d").mkdir(parents=True)
    for name, content in files.items():
        content = json.dumps(content).encode() if name.endswith(".json") else bson.encode(content)
        (tmp_path / "dump" / "d" / name).write_bytes(content)
    store.ingest(tmp_path / "dump")
    done = restore(store, member)
    assert "left out, as no client may write it: d.system.users\n" in done.out, done.story()
    assert "users and roles: not restored (--restoreDbUsersAndRoles)\n" in done.out, done.story()
    db = member.client["d"]
    assert sorted(db.list_collection_names()) == ["down", "new", "old"]
    for number, name in enumerate(("old", "down", "new"), 1):
        assert [d["_id"] for d in db[name].find()] == [number]
        assert [dict(i["key"]) for i in db[name].list_indexes()] == [{"_id": 1}]
