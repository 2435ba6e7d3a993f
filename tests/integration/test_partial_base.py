"""Moments that begin with a part of a deployment: what its filter takes is followed, whenever it was made; all else is not there."""
import datetime
import json

import peers
from following import equal, member, oplog_of, optime, state_in, state_of, tail_once

__all__ = ["member"]


def taken(state):
    """Of all that a server has, what --nsInclude 'one.*' --nsInclude '*.kept' --nsExclude '*.tmp*' takes."""
    def takes(ns):
        db, _, name = ns.partition(".")
        name = name.removeprefix("system.buckets.")
        return (db == "one" or name == "kept") and not name.startswith("tmp")
    return {ns: content for ns, content in state.items() if takes(ns)}


FILTER = ("--nsInclude", "one.*", "--nsInclude", "*.kept", "--nsExclude", "*.tmp*")


def changes(client, series):
    """One thing after another that names of a filter could get wrong."""
    one, two = client["one"], client["two"]
    yield one["c"].insert_one({"_id": 2})
    yield one["later"].insert_many([{"_id": i} for i in range(20)])
    yield two["other"].insert_one({"_id": 1})
    yield two["kept"].insert_one({"_id": 1})
    yield one["tmp1"].insert_one({"_id": 1})
    yield one["later"].create_index("x")
    yield one.create_collection("view", viewOn="later", pipeline=[{"$match": {"_id": {"$gt": 3}}}])
    yield two.create_collection("view", viewOn="other", pipeline=[])
    if series:
        yield one.create_collection("series", timeseries={"timeField": "t"})
        yield one["series"].insert_one({"t": datetime.datetime(2026, 11, 23)})
    yield one.create_collection("capped", capped=True, size=4096)
    yield one["capped"].insert_many([{"_id": i, "pad": "x" * 500} for i in range(12)])
    yield one["later"].update_many({}, {"$set": {"y": 1}})
    yield one["later"].rename("renamed")
    yield client["one"].drop_collection("c")
    yield one["c"].insert_one({"_id": "again"})
    yield two.drop_collection("kept")
    yield client.drop_database("one")
    yield one["after"].insert_one({"_id": 1})


def test_what_the_filter_takes_is_there_whenever_it_was_made(member, store, tmp_path):
    member.wipe()
    member.client["one"]["c"].insert_one({"_id": 1})
    member.client["two"]["c"].insert_one({"_id": 1})
    made = json.loads(store.run("backup", "--json", *FILTER, "--uri", member.uri).out)
    assert made["partial"] and made["coverage"] == {"include": ["one.*", "*.kept"], "exclude": ["*.tmp*"]}
    truth = []
    for _ in changes(member.client, member.number >= (5,)):
        truth.append((optime(oplog_of(member)[-1]), taken(state_of(member))))
    tail_once(store, member.uri)
    for number, (at, theirs) in enumerate(truth):
        equal(state_in(store, at, tmp_path / f"m{number}"), theirs)
        shown = json.loads(store.run("ls", "--at", at, "--json").out)
        assert {item["ns"] for item in shown} >= set(theirs), at
    # A snapshot of a moment, and the moments after that, go on with the same filter; so does a copy in another store.
    again = json.loads(store.run("snapshot", "--json", "--at", truth[4][0], "--name", "again").out)
    assert again["partial"] and again["coverage"] == made["coverage"]
    other = peers.Store(tmp_path / "other")
    store.run("copy", other.path)
    store.run("forget", made["snapshot"], "--prune")
    for source in (store, other):
        for number in range(5, len(truth)):
            equal(state_in(source, truth[number][0], tmp_path / f"{source.path.name}{number}"), truth[number][1])


def test_what_comes_into_the_filter_without_its_documents_is_told(member, store, tmp_path):
    """A rename brings in a collection whose documents were left out: they can't be shown, and that is said."""
    member.wipe()
    member.client["one"]["c"].insert_one({"_id": 1})
    member.client["one"]["tmp1"].insert_many([{"_id": i} for i in range(5)])
    store.run("backup", *FILTER, "--uri", member.uri)
    member.client["one"]["tmp1"].rename("whole")
    member.client["one"]["c"].insert_one({"_id": 2})
    tail_once(store, member.uri)
    at = ("--at", optime(oplog_of(member)[-1]))
    done = store.run("dump", *at, "--out", tmp_path / "d", check=1)
    assert "one.whole" in done.err and "gets this name" in done.err and "--nsExclude 'one.whole'" in done.err
    store.run("dump", *at, "--out", tmp_path / "rest", "--nsExclude", "one.whole")
    assert len(peers.dump_documents(tmp_path / "rest" / "one" / "c.bson")) == 2
