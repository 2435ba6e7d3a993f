"""A deployment with a story: what a real mongod had after each of its steps, and a store of its dump and oplog."""
import json
import time

import bson
import peers
import pymongo
from peers import Store

RAW = peers.RAW
NAMESPACES = ("shop.orders", "shop.people", "shop.renamed", "shop.log", "shop.gone")
HOSTILE = "\x1b[31mred\u202e\x9b2J"
DELETED = range(100, 400)  # of the accident


def text_of(optime):
    return f"{optime.time}.{optime.inc}"


class Step:
    """What a mongod had after one thing was done to it."""

    def __init__(self, what, optime, documents):
        self.what = what
        self.optime = optime
        self.documents = documents  # namespace -> raw documents in _id order; of a capped one in natural order

    def __repr__(self):
        return f"{self.what} at {self.at}"

    @property
    def at(self):
        return text_of(self.optime)


class History:
    """A deployment to which things happen; a dump with --oplog before them, and the whole oplog after."""

    def __init__(self, server, folder):
        self.folder = folder
        self.client = pymongo.MongoClient(server.uri)
        self.db = self.client.shop
        self.steps = []
        self.begin(server)
        for what, done in self.story():
            done()
            self.note(what)
        self.wait_for_next_second()
        peers.tools.mongodump("--uri", server.uri, "--db", "local", "--collection", "oplog.rs", "--out", folder / "local")
        self.oplog_file = folder / "local" / "local" / "oplog.rs.bson"
        self.oplog = [bson.decode(raw) for raw in peers.dump_documents(self.oplog_file)]
        self.hashes = peers.dbhash(self.client, "shop")
        self.store = Store(folder / "store")
        self.snapshot = json.loads(self.store.ingest(folder / "dump", "--json").out)
        self.store.run("ingest-oplog", self.oplog_file)

    def documents(self, ns):
        db, name = ns.split(".", 1)
        collection = self.client.get_database(db, codec_options=RAW)[name]
        return [d.raw for d in (collection.find() if ns == "shop.log" else collection.find(sort=[("_id", 1)]))]

    def note(self, what):
        names = {f"shop.{n}" for n in self.db.list_collection_names()}
        # The optime that the answer carries is of the last write, whose document is in `documents`.
        optime = self.client.admin.command("ping")["operationTime"]
        self.steps.append(Step(what, optime, {ns: self.documents(ns) for ns in NAMESPACES if ns in names}))

    def wait_for_next_second(self):
        """The clock of the cluster is past the last operation's second, and the oplog has an entry that says so."""
        last = self.client.admin.command("ping")["operationTime"].time
        while self.client.admin.command("appendOplogNote", 1, data={"note": "later"})["operationTime"].time <= last:
            time.sleep(0.05)

    def begin(self, server):
        self.db.orders.insert_many([{"_id": n, "n": n, "who": f"u{n % 7}", "tags": ["a", "b"]} for n in range(500)])
        self.db.create_collection("log", capped=True, size=1 << 20)
        self.db.log.insert_many([{"_id": n, "line": n} for n in range(20)])
        self.db.people.insert_many([{"_id": "anna", "born": 1990}, {"_id": "bob", "born": 1985}])
        self.db.gone.insert_many([{"_id": n} for n in range(3)])
        peers.tools.mongodump("--uri", server.uri, "--oplog", "--out", self.folder / "dump")
        self.wait_for_next_second()
        self.note("the beginning")

    def transaction(self):
        with self.client.start_session() as session, session.start_transaction():
            self.db.orders.insert_one({"_id": "paid"}, session=session)
            self.db.orders.update_one({"_id": 6}, {"$set": {"paid": True}}, session=session)
            self.db.people.update_one({"_id": "anna"}, {"$inc": {"orders": 1}}, session=session)

    def aborted(self):
        with self.client.start_session() as session:
            session.start_transaction()
            self.db.orders.insert_one({"_id": "never"}, session=session)
            session.abort_transaction()

    def story(self):
        db = self.db
        yield "an update", lambda: db.orders.update_one({"_id": 5}, {"$set": {"n": 500, "extra": [1, 2]}})
        yield "a push", lambda: db.orders.update_one({"_id": 5}, {"$push": {"tags": "c"}, "$unset": {"who": 1}})
        yield "an insert", lambda: db.people.insert_one({"_id": "carl", "text": HOSTILE, HOSTILE: 1})
        yield "a type", lambda: db.people.update_one({"_id": "bob"}, {"$set": {"born": bson.Int64(1985)}})
        yield "the accident", lambda: db.orders.delete_many({"_id": {"$gte": DELETED[0], "$lte": DELETED[-1]}})
        yield "a transaction", self.transaction
        yield "an aborted transaction", self.aborted
        yield "a rename", lambda: db.people.rename("renamed")
        yield "an update after it", lambda: db.renamed.update_one({"_id": "anna"}, {"$set": {"born": 1991}})
        yield "an index", lambda: db.orders.create_index([("who", 1), ("n", -1)], name="who_n", sparse=True)
        yield "an option", lambda: db.command("collMod", "renamed", validator={"born": {"$exists": True}},
                                              validationLevel="moderate")
        yield "a capped insert", lambda: db.log.insert_one({"_id": 99, "line": "new"})
        yield "a drop", lambda: db.gone.drop()
        yield "a deletion", lambda: db.orders.delete_one({"_id": 5})
        yield "the same _id", lambda: db.orders.insert_one({"_id": 5, "again": True})
        yield "a made collection", lambda: db.gone.insert_one({"_id": "of another collection"})
        yield "a replacement", lambda: db.orders.replace_one({"_id": 5}, {"whole": "new"})
