"""Accidents on a deployment that goes on: found by `yester log --bursts` as text, undone by `yester restore`, as the README says.

The truth is what the server held just before, by its own dbHash: nobody but the accident writes to the database that is hurt.
"""
import datetime
import os
import re

import peers
import pymongo
import pytest
from following import Tail, Writer, member, optime_of, until  # noqa: F401
from pymongo import ReplaceOne

SEED = int(os.environ.get("YESTER_SEED", "13"))


def migrate(app):
    """A bad migration, all of it or nothing."""
    with pymongo.MongoClient(*app.client.address, directConnection=True) as client, client.start_session() as session, session.start_transaction():
        client["app"].users.update_many({}, {"$unset": {"name": 1}}, session=session)
        client["app"].orders.delete_many({"n": {"$lt": 50}}, session=session)


def group_over(app):
    app.users.drop_index("email_1")
    app.orders.aggregate([{"$group": {"_id": "$status"}}, {"$out": "users"}])


def delete_beside_others(app):
    """The sessions of an application have more deletions, each."""
    carts = app.client["shop"].carts
    carts.insert_many([{"_id": i} for i in range(25 * 60)])
    for i in range(25):
        with pymongo.MongoClient(*app.client.address, directConnection=True) as client:
            for n in range(60):
                client["shop"].carts.delete_one({"_id": i * 60 + n})
    app.orders.delete_many({"n": {"$lt": 50}})


# What is done, and what the line to be pasted has in it.
ACCIDENTS = {
    "deleteMany": (lambda app: app.orders.delete_many({"status": "paid"}), "app.orders  d "),
    "besideOthers": (delete_beside_others, "app.orders  d 50  "),
    "updateMany": (lambda app: app.orders.update_many({}, {"$set": {"status": "void"}}), "app.orders  u "),
    "unset": (lambda app: app.users.update_many({}, {"$unset": {"name": 1}}), "app.users  u "),
    "upsert": (lambda app: app.users.bulk_write([ReplaceOne({"_id": str(i)}, {"email": f"x{i}"}, upsert=True) for i in range(100)]), "app.users  i "),
    "migration": (migrate, "  transaction  "),
    "drop": (lambda app: app.orders.drop(), "app.orders  drop ("),
    "dropSeries": (lambda app: app.metrics.drop(), "app.system.buckets.metrics  drop"),
    "dropDatabase": (lambda app: app.client.drop_database("app"), "app  dropDatabase ("),
    "renameOver": (lambda app: app.reports.rename("users", dropTarget=True), "app.reports  renameCollection to app.users, which is dropped ("),
    "rename": (lambda app: app.orders.rename("orders_old"), "app.orders  renameCollection to app.orders_old"),
    "out": (group_over, "app.users  dropIndexes email_1"),
    "dropIndexes": (lambda app: app.orders.drop_indexes(), "app.orders  dropIndexes "),
    "collMod": (lambda app: app.command("collMod", "orders", validator={"never": {"$exists": True}}), "app.orders  collMod"),
    "view": (lambda app: app.command("collMod", "paid", viewOn="users", pipeline=[]), "app.system.views  u 1"),
}


def has_series(app):
    return app.client.server_info()["versionArray"][0] >= 5


def fill(app):
    app.orders.insert_many([{"_id": i, "n": i, "status": ("new", "paid")[i % 2], "items": [{"sku": i, "tags": [[i], "x"]}]} for i in range(400)])
    app.orders.create_index([("status", 1), ("n", -1)])
    app.users.insert_many([{"_id": i, "email": f"{i}@x", "name": "Zoë"} for i in range(100)])
    app.users.create_index("email", unique=True)
    app.reports.insert_many([{"_id": i} for i in range(5)])
    app.create_collection("ring", capped=True, size=4096)
    app.ring.insert_many([{"n": i} for i in range(20)])
    if has_series(app):
        app.create_collection("metrics", timeseries={"timeField": "t", "metaField": "m"})
        app.metrics.insert_many([{"t": datetime.datetime(2026, 11, 1, i % 24), "m": i % 3, "v": i} for i in range(50)])
    app.create_collection("paid", viewOn="orders", pipeline=[{"$match": {"status": "paid"}}])


def make_noise(shop):
    """What a busy deployment does all day; more commands than are shown of a sort."""
    shop.noise.insert_many([{"_id": i} for i in range(3)])
    for _ in range(25):
        shop.noise.aggregate([{"$out": "noise_out"}])


def state_of_app(server):
    schema = {ns: of for ns, of in peers.schema(server).items() if ns[0] == "app"}
    return peers.dbhash(server.client, "app"), schema


@pytest.mark.parametrize("name", ACCIDENTS)
def test_an_accident_is_in_sight_and_undone_while_others_write(member, store, tmp_path, name):  # noqa: F811
    accident, line = ACCIDENTS[name]
    print(f"seed {SEED}")
    member.wipe()
    app = member.client["app"]
    if name == "dropSeries" and not has_series(app):
        pytest.skip("no time series before 5.0")
    fill(app)
    store.run("backup", "--uri", member.uri)
    with Tail(store, member.uri), Writer(member, SEED):
        make_noise(member.client["shop"])
        before = state_of_app(member)
        accident(app)
        last = member.client.local["oplog.rs"].find({}, {"ts": 1}).sort("$natural", -1).limit(1)[0]["ts"]
        until(lambda: (last.time, last.inc) <= max(map(optime_of, re.findall(r'"(\d{9,}\.\d+)"', store.run("ranges", "--json").out))), "the accident in the store")
        shown = store.run("log", "--bursts", "--since", "now-1h").out
        lines = [one for one in shown.splitlines() if line in one and "--at " in one]
        assert lines, f"{line!r} is not in sight:\n{shown}"
        at = lines[0].split("--at ")[1]
        store.run("restore", "--at", at, "--uri", member.uri, "--nsInclude", "app.*", "--nsFrom", "app.*", "--nsTo", "old.*", "-y")
        named = {"system.views"}  # its documents have the database's name in them
        old = peers.dbhash(member.client, "old")
        assert {c: h for c, h in old.items() if c not in named} == {c: h for c, h in before[0].items() if c not in named}
        member.client.drop_database("old")
        store.run("restore", "--at", at, "--uri", member.uri, "--nsInclude", "app.*", "--mode", "drop", "-y")
        app.orders_old.drop()  # what the moment does not have stays where it is
        assert state_of_app(member) == before
