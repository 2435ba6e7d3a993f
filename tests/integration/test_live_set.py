"""yester tail and backup against replica sets of three: elections, restarts, rollbacks, frozen networks."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

import bson
import peers
import pymongo
import pytest
from following import equal, gaps_of, state_in, tail_once
from replica_set import Load, Proxy, ReplicaSet, read_at, state_of, until

SEED = int(os.environ.get("YESTER_SEED", "6"))
SECONDS = 120
pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture(scope="module", params=[
    "6.0.27", *(pytest.param(v, marks=pytest.mark.long) for v in ("4.2.6", "4.4.2", "5.0.4"))])
def rs(request):
    if request.param not in peers.VERSIONS:
        pytest.skip("no such server")
    with ReplicaSet(request.param) as found:
        yield found


class Tail:
    """A running `yester tail`."""

    def __init__(self, store, uri, *options):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(peers.program("yester")), "tail", "-s", str(store.path), *options],
                                        stdout=self.out, stderr=self.err, env={**os.environ, "YESTER_URI": uri})

    def said(self):
        return peers.written(self.out) + peers.written(self.err)

    def end(self, number=signal.SIGTERM, seconds=SECONDS):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end(signal.SIGKILL)


def status(store, *options, check=0):
    return json.loads(store.run("status", "--json", *options, check=check).out)


def has(store, optime):
    wanted = tuple(map(int, optime.split(".")))
    last = status(store)["lastOptime"]
    return last is not None and tuple(map(int, last.split("."))) >= wanted


def same_as(rs, store, folder):
    """The last operation that is stored shows what the deployment has, once it is quiet."""
    until(lambda: store.run("tail", "--once", "--uri", rs.uri) and has(store, rs.last()),
          "all is stored")
    equal(state_in(store, "latest", folder), state_of(rs.client))


def test_elections_and_restarts_lose_nothing(rs, store, tmp_path):
    rs.wipe()
    print(f"seed {SEED}")
    with Load(rs, SEED) as load:
        made = json.loads(store.run("backup", "--json", "--uri", rs.uri).out)
        assert made["exact"]
        with Tail(store, rs.uri) as tail:
            until(lambda: "following rs0" in tail.said(), "following")
            rs.step_down()
            victim = next(m for m in rs.members if f"at {m.address}" in tail.said())
            victim.kill()
            victim.again()
            until(lambda: victim.state().get("secondary") or victim.state().get("ismaster"), "it is back")
            rs.step_down()
            until(lambda: load.done > 300, "some load")
            load.stop()
            until(lambda: has(store, rs.last()), "all is stored")
            assert tail.end() == 0, tail.said()
            assert "connecting again" in tail.said() and "gap" not in tail.said()
    assert status(store)["gaps"] == []
    same_as(rs, store, tmp_path / "d")
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_a_kill_at_any_moment_loses_nothing(rs, store, tmp_path):
    rs.wipe()
    kills = int(os.environ.get("YESTER_KILLS", "8"))
    with Load(rs, SEED + 1) as load:
        store.run("backup", "--uri", rs.uri)
        for kill in range(kills):
            with Tail(store, rs.uri) as tail:
                before = load.done
                until(lambda: "following rs0" in tail.said(), "following")
                until(lambda: load.done > before + kill * 7 % 60, "some load")
                tail.end(signal.SIGKILL)
        load.stop()
    done = store.run("tail", "--once", "--json", "--uri", rs.uri)
    assert "gap" not in json.loads(done.out)
    assert status(store)["gaps"] == []
    same_as(rs, store, tmp_path / "d")


def test_a_frozen_network_and_a_cut_one_lose_nothing(rs, store, tmp_path):
    rs.wipe()
    with Proxy(rs.leader().port) as proxy, Load(rs, SEED + 2) as load:
        uri = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true&socketTimeoutMS=2000&connectTimeoutMS=1000"
        store.run("backup", "--uri", uri.split("&")[0])  # which may take its time
        with Tail(store, uri) as tail:
            until(lambda: "following rs0" in tail.said(), "following")
            for round_ in range(1, 3):
                proxy.frozen.set()
                until(lambda: tail.said().count("connecting again") >= round_, "it notices")
                assert status(store)["tail"]["running"]
                proxy.frozen.clear()
                until(lambda: tail.said().count("following rs0") > round_, "it follows again")
            said = tail.said().count("following rs0")
            proxy.cut()
            until(lambda: tail.said().count("following rs0") > said, "it follows again")
            load.stop()
            until(lambda: has(store, rs.last()), "all is stored")
            assert tail.end() == 0, tail.said()
            assert "gap" not in tail.said()
    same_as(rs, store, tmp_path / "d")


def test_what_is_rolled_back_never_enters(store, tmp_path):
    """A primary that lost its majority takes writes that nobody else ever sees."""
    with ReplicaSet("6.0.27") as rs:
        coll = rs.client["shop"]["c0"]
        coll.insert_many([{"i": i} for i in range(50)])
        old = rs.leader()
        others = [m for m in rs.members if m is not old]
        store.run("backup", "--uri", old.uri_of())
        with Tail(store, old.uri_of()) as tail:
            until(lambda: "following rs0" in tail.said(), "following")
            lone = old.client["shop"]["c0"].with_options(write_concern=pymongo.WriteConcern(w=1, wtimeout=0))
            for other in others:
                other.freeze()
            lost = lone.insert_many([{"lost": i} for i in range(20)]).inserted_ids  # soon it notices that it is alone
            for other in others:
                other.kill()
            top = old.client.local["oplog.rs"].find_one(sort=[("$natural", -1)])["ts"]
            # It has them, and would give them to whoever asks for less than a majority's.
            assert old.client["shop"]["c0"].count_documents({"lost": {"$exists": True}}) == 20
            before = status(store)["lastOptime"]
            old.freeze()
            for other in others:
                other.again()
            until(lambda: any(m.state().get("ismaster") for m in others), "another primary")
            new = next(m for m in others if m.state().get("ismaster"))
            new.client["shop"]["c0"].with_options(write_concern=pymongo.WriteConcern(w=2)).insert_many(
                [{"kept": i} for i in range(30)])
            old.thaw()
            until(lambda: old.state().get("secondary"), "the old one is a secondary")
            until(lambda: old.client["shop"]["c0"].count_documents({"lost": {"$exists": True}}) == 0, "rolled back")
            coll.insert_one({"after": 1})
            until(lambda: has(store, rs.last()), "all is stored")
            assert tail.end() == 0, tail.said()
            assert "gap" not in tail.said() and "rolled back" not in tail.said()
        assert tuple(map(int, before.split("."))) < (top.time, top.inc)
        assert status(store)["gaps"] == []
        same_as(rs, store, tmp_path / "d")
        for segment in store.run("log", "--json", "shop.c0").out.splitlines():
            assert '"lost"' not in segment
        assert lost


def overrun(rs, last, members=None):
    """Write until the oplog (of these members, or all) no longer reaches back to `last`."""
    last = bson.timestamp.Timestamp(*map(int, last.split(".")))
    coll = rs.client["shop"]["big"]

    def gone():
        coll.insert_one({"pad": os.urandom(3000000)})
        with contextlib.suppress(pymongo.errors.OperationFailure):
            firsts = [m.client.local["oplog.rs"].find_one(sort=[("$natural", 1)])["ts"] for m in members or rs.members]
            return min(firsts) > last

    until(gone, "the oplog is overrun", 240)


@pytest.mark.long
def test_a_gap_is_told_and_a_new_snapshot_goes_on_behind_it(store, tmp_path):
    with ReplicaSet("6.0.27", oplog=5) as rs:
        coll = rs.client["shop"]["c0"]
        coll.insert_one({"begin": 1})
        store.run("backup", "--uri", rs.uri)
        store.run("tail", "--once", "--uri", rs.uri)
        overrun(rs, status(store)["lastOptime"])
        with Tail(store, rs.uri) as stopped:  # the default: it ends by itself
            assert stopped.process.wait(timeout=SECONDS) == 3, stopped.said()
            assert "gap" in stopped.said()
        # One at least: the members go on cutting their oplogs while it is read.
        assert [g["why"] for g in status(store)["gaps"]].count("no oplog") >= 1
        overrun(rs, status(store)["lastOptime"])
        with Tail(store, rs.uri, "--on-gap", "snapshot", "--json") as tail:
            until(lambda: "was copied from the deployment" in tail.said(), "a new snapshot")
            coll.insert_one({"behind": 1})
            until(lambda: has(store, rs.last()), "all is stored")
            assert tail.end() == 0, tail.said()
            assert '"backups": 1' in tail.said()
        assert len(status(store, "--check", check=3)["gaps"]) >= 1
        same_as(rs, store, tmp_path / "d")


@pytest.mark.long
def test_a_member_with_a_longer_oplog_closes_what_would_be_a_gap(store, tmp_path):
    """Members keep their oplogs for different times; secondaries are asked first."""
    found = ReplicaSet("6.0.27", oplog=3000)
    for member in found.members[1:]:
        member.arguments = tuple("5" if word == "3000" else word for word in member.arguments)
    with found as rs:
        config = rs.client.admin.command("replSetGetConfig")["config"]
        config["members"][0]["priority"], config["version"] = 10, config["version"] + 1
        rs.client.admin.command("replSetReconfig", config)
        until(lambda: rs.primary() is rs.members[0], "the primary is the member with the long oplog")
        rs.client["shop"]["c0"].insert_one({"begin": 1})
        store.run("backup", "--uri", rs.uri)
        store.run("tail", "--once", "--uri", rs.uri)
        overrun(rs, status(store)["lastOptime"], rs.members[1:])
        # Who wants secondaries only has a gap; nothing is taken from the primary.
        asked = store.run("tail", "--once", "--uri", f"{rs.uri}&readPreference=secondary", check=3)
        assert "a gap" in asked.err and rs.members[0].address not in asked.err
        said = store.run("tail", "--once", "--uri", rs.uri).err
        assert "filled " in said and "no gap" in store.run("gaps").out
        overrun(rs, status(store)["lastOptime"], rs.members[1:])
        said = store.run("tail", "--once", "--uri", rs.uri).err
        assert f"that of {rs.members[0].address} does not" in said
        same_as(rs, store, tmp_path / "d")


def test_one_command_begins_with_nothing_and_makes_snapshots_on_a_schedule(rs, store, tmp_path):
    rs.wipe()
    rs.client["shop"]["c0"].insert_many([{"i": i} for i in range(100)])
    metrics = tmp_path / "yester.prom"
    port = peers.free_port()
    with Tail(store, rs.uri, "--on-gap", "snapshot", "--every", "1s", "--metrics-file", str(metrics)) as tail, \
            Load(rs, SEED + 3) as load:
        until(lambda: status(store)["snapshots"] >= 3, "a backup and two snapshots")
        load.stop()
        wanted = int(rs.last().split(".")[0])
        until(lambda: f"yester_last_operation_timestamp_seconds {wanted}\n" in metrics.read_text()
              or int(status(store)["lastOptime"].split(".")[0]) > wanted, "the metrics follow")
        text = metrics.read_text()
        for line in ("yester_tail_up 1", "yester_tail_connected 1", "yester_gaps 0"):
            assert line + "\n" in text, text
        assert tail.end() == 0, tail.said()
    assert "yester_tail_up 0\n" in metrics.read_text()
    names = json.loads(store.run("snapshots", "--json").out)
    assert {s["source"] for s in names} == {"backup", "replay"}
    with Tail(store, rs.uri, "--metrics-port", str(port)) as tail:
        until(lambda: "following" in tail.said(), "following")

        def told():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as answer:
                lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines()
                             if line and line[0] != "#")
            return int(lines.get("yester_last_operation_timestamp_seconds", 0)) >= int(wanted.split(".")[0])

        took = []
        while not took or min(took) >= 5:  # a loaded machine may stand still at times
            assert len(took) < 10, took
            began = time.monotonic()
            rs.client["shop"]["c0"].insert_one({"now": 1})
            wanted = rs.last()
            until(told, "the metrics tell it")
            took.append(time.monotonic() - began)
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/other", timeout=SECONDS)
        assert tail.end() == 0
    same_as(rs, store, tmp_path / "d")


def test_a_tail_goes_on_in_a_replica_and_two_of_them_are_noticed(rs, store, tmp_path):
    rs.wipe()
    rs.client["shop"]["c0"].insert_many([{"i": i} for i in range(100)])
    store.run("backup", "--uri", rs.uri)
    with Tail(store, rs.uri) as first:
        until(lambda: "following" in first.said(), "following")
        until(lambda: has(store, rs.last()), "all is stored")
        # The copy that rsync would make, of a store that is being followed into.
        copy = peers.Store.__new__(peers.Store)
        copy.path = tmp_path / "copy"
        shutil.copytree(store.path, copy.path, ignore=shutil.ignore_patterns("local"))
        rs.client["shop"]["c0"].insert_many([{"later": i} for i in range(100)])
        until(lambda: has(store, rs.last()), "all is stored")
        with Tail(copy, rs.uri) as second:
            until(lambda: "following" in second.said(), "following")
            rs.client["shop"]["c0"].insert_one({"both": 1})
            until(lambda: has(copy, rs.last()), "all is stored there, too")
            assert "gap" not in second.said()
            # Its journals come to the first one, as a careless rsync back would bring them.
            for path in (copy.path / "oplog").rglob("*"):
                to = store.path / path.relative_to(copy.path)
                if path.is_file() and not to.exists():
                    shutil.copy(path, to)
            assert first.process.wait(timeout=SECONDS) == 11, first.said()
            assert "another tail" in first.said()
            assert second.end() == 0, second.said()
    assert status(copy)["gaps"] == []
    same_as(rs, copy, tmp_path / "d")
    same_as(rs, store, tmp_path / "e")
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_a_backup_goes_on_when_its_member_is_lost(rs, store, tmp_path):
    rs.wipe()
    for name in ("c0", "c1", "c2"):
        rs.client["shop"][name].insert_many([{"i": i, "pad": "p" * 500} for i in range(8000)])
    rs.client["shop"].create_collection("ring", capped=True, size=4000000)
    rs.client["shop"]["ring"].insert_many([{"i": i, "pad": "r" * 300} for i in range(5000)])
    process = None
    with Load(rs, SEED + 4) as load, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [str(peers.program("yester")), "backup", "-s", str(store.path), "--json", "--name", "b", "--rate", "1M",
             "--progress", "always"], stdout=out, stderr=err, env={**os.environ, "YESTER_URI": rs.uri})

        try:
            until(lambda: "ingesting" in peers.written(err), "it copies")
            victims = rs.secondaries()  # whichever it reads from
            for victim in victims:
                victim.kill()
            for victim in victims:
                victim.again()
            until(rs.primary, "a primary")
            assert process.wait(timeout=SECONDS) == 0, peers.written(err)
            assert "going on" in peers.written(err), peers.written(err)
            made = json.loads(peers.written(out))
        finally:
            process.kill()
        assert made["exact"] and "inexactWhy" not in made
        if rs.number >= (5, 0):
            names = ["c0", "c1", "c2"]
            theirs = read_at(rs, made["optime"], names)
            ours = state_in(store, "b", tmp_path / "b")
            equal({ns: ours[ns] for ns in theirs}, theirs)
        load.stop()
    same_as(rs, store, tmp_path / "d")


@pytest.mark.long
def test_a_member_that_lags_or_becomes_primary_is_spared(rs, store, tmp_path):
    rs.wipe()
    rs.client["shop"]["c0"].insert_many([{"i": i, "pad": "p" * 1000} for i in range(8000)])
    rs.last()
    with open(tmp_path / "err", "w+") as err, open(tmp_path / "out", "w+") as out:
        process = subprocess.Popen(
            [str(peers.program("yester")), "backup", "-s", str(store.path), "--json", "--rate", "150K"],
            stdout=out, stderr=err, env={**os.environ, "YESTER_URI": rs.uri})
        try:
            said = (tmp_path / "err").read_text
            until(lambda: (store.path / "local").exists() and process.poll() is None, "it runs")
            locked = rs.secondaries()
            for member in locked:
                member.client.admin.command("fsync", lock=True)
            try:
                lone = rs.leader().client["shop"]["c1"].with_options(write_concern=pymongo.WriteConcern(w=1))
                until(lambda: lone.insert_one({}) and "the copy waits" in said(), "it waits")
            finally:
                for member in locked:
                    member.client.admin.command("fsyncUnlock")
            for _ in range(6):
                if "became primary" in said() or process.poll() is not None:
                    break
                new = rs.step_down()
                with contextlib.suppress(AssertionError):
                    until(lambda: new is not rs.primary() or "became primary" in said(), "it is noticed", 6)
            assert "became primary" in said(), said()
            assert process.wait(timeout=240) == 0, said()
        finally:
            process.kill()
    assert json.loads((tmp_path / "out").read_text())["exact"]
    same_as(rs, store, tmp_path / "d")


@pytest.mark.long
def test_what_a_killed_backup_copied_is_not_stored_again(store, tmp_path):
    with peers.Mongod("6.0.27") as server:
        for name in ("c0", "c1", "c2", "c3"):
            for _ in range(15):
                server.client["shop"][name].insert_many([{"pad": os.urandom(800)} for _ in range(2000)])
        process = subprocess.Popen([str(peers.program("yester")), "backup", "-s", str(store.path), "--rate", "20M"],
                                   env={**os.environ, "YESTER_URI": server.uri})
        try:
            until(lambda: list((store.path / "chunks").rglob("*.pack")), "a pack is finished")
        finally:
            process.kill()
            process.wait()
        assert status(store)["snapshots"] == 0
        made = json.loads(store.run("backup", "--json", "--uri", server.uri).out)
        assert made["exact"] and made["reusedChunks"] > 200
        assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]
        equal(state_in(store, "latest", tmp_path / "d"), state_of(server.client))


@pytest.mark.parametrize("seed", [SEED, *(pytest.param(SEED + i, marks=pytest.mark.long) for i in range(1, 20))])
def test_a_backup_under_load_is_one_moment(rs, store, tmp_path, seed):
    """Every document equals the members' own snapshot read at the cluster time; older servers: after the tail."""
    rs.wipe()
    print(f"seed {seed}")
    names = ["c0", "c1", "c2"]
    for name in names:
        rs.client["shop"][name].insert_many([{"n": i, "by": i % 2, "pad": "z" * 200} for i in range(3000)])
    with Load(rs, seed, threads=int(os.environ.get("YESTER_WRITERS", "3"))) as load:
        with rs.client.start_session() as session, session.start_transaction():
            rs.client["shop"]["c2"].insert_one({"open": "across the begin"}, session=session)
            made = json.loads(store.run("backup", "--json", "--name", "b", "--uri", rs.uri).out)
        assert made["exact"] and "inexactWhy" not in made
        if rs.number >= (5, 0):
            theirs = read_at(rs, made["optime"], names)
            ours = state_in(store, "b", tmp_path / "b")
            equal({ns: ours[ns] for ns in theirs}, theirs)
        load.stop()
    same_as(rs, store, tmp_path / "d")


def test_nothing_is_written_to_the_deployment(rs, store):
    """Its oplog holds nothing of ours but sessions, which drivers write, and noops."""
    rs.wipe()
    rs.client["shop"]["c0"].insert_many([{"i": i} for i in range(100)])
    before = rs.last()
    store.run("backup", "--uri", rs.uri)
    with Tail(store, rs.uri, "--on-gap", "snapshot") as tail:
        until(lambda: "following" in tail.said(), "following")
        assert tail.end() == 0
    store.run("status", "--check", "--max-lag", "1h")
    seconds, increment = map(int, before.split("."))
    for entry in rs.leader().client.local["oplog.rs"].find(
            {"ts": {"$gt": bson.timestamp.Timestamp(seconds, increment)}}):
        assert entry["op"] == "n" or entry["ns"].startswith("config."), entry


def test_a_member_that_stands_still_is_left_for_one_that_does_not(rs, store, tmp_path):
    rs.wipe()
    rs.client["shop"]["c0"].insert_one({"begin": 1})
    store.run("backup", "--uri", rs.uri)
    with Tail(store, rs.uri) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        still = next(m for m in rs.secondaries() if f"at {m.address}" in tail.said())
        until(lambda: has(store, rs.last()), "all is stored")
        still.client.admin.command("fsync", lock=True)
        try:
            rs.client["shop"]["c0"].insert_one({"meanwhile": 1})
            until(lambda: has(store, rs.last()), "another member is followed")
            assert f"{still.address} stays behind the primary" in tail.said()
        finally:
            still.client.admin.command("fsyncUnlock")
        assert tail.end() == 0, tail.said()
    assert status(store)["gaps"] == []
    same_as(rs, store, tmp_path / "d")


def test_a_member_that_has_no_configuration_now_is_waited_for(store):
    """One that starts, that makes its first copy again, or that was removed."""
    with peers.Mongod("6.0.27", replset=False, arguments=("--replSet", "rs0", "--oplogSize", "50")) as server:
        with Tail(store, server.uri) as tail:
            until(lambda: "has no configuration of its replica set now" in tail.said(), "it is told")
            server.replset = True
            server._initiate()
            until(lambda: "following rs0" in tail.said(), "following")
            assert tail.end() == 0, tail.said()


def test_another_set_of_the_same_name_is_refused(store):
    """The URI of another deployment, whose set is called rs0 as half of all are, and whose oplog begins later: that looks like a gap."""
    with peers.Mongod("6.0.27") as first:
        first.client["shop"]["c0"].insert_one({"_id": 1})
        store.run("backup", "--uri", first.uri)
        first.client["shop"]["c0"].insert_one({"_id": 2})
        tail_once(store, first.uri)
    ended = int(time.time())  # an oplog that begins within the stored range contradicts it, which is told in other words
    until(lambda: int(time.time()) > ended, "the next second")
    with peers.Mongod("4.4.2") as other:
        other.client["shop"]["c0"].insert_one({"_id": 3})
        for words in (["backup"], ["tail", "--once"], ["tail", "--once", "--on-gap", "snapshot"]):
            refused = store.run(*words, "--uri", other.uri, check=6)
            assert "is a member of another replica set" in refused.err and "HINT" in refused.err, refused.story()
        assert gaps_of(store) == [] and len(json.loads(store.run("snapshots", "--json").out)) == 1
        fresh = peers.Store(store.path.parent / "fresh")
        fresh.run("backup", "--uri", other.uri)
        other.client["shop"]["c0"].drop()
        fresh.run("backup", "--uri", other.uri)
