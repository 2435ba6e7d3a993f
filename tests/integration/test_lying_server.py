"""A server whose replies are damaged, of another order, or never whole: nothing partial counts as whole, nothing waits for ever."""
import datetime
import json
import os
import random
import tempfile
from pathlib import Path

import bson
import peers
import pytest
from following import Tail, Writer, equal, member, oplog_of, optime, state_in, state_of, until  # noqa: F401, fixtures
from lying import CLOSE, RESET, SILENCE, Liar

COUNT = 300
QUIESCE = (91, "ShutdownInProgress", "The server is in quiesce mode and will shut down")  # hello and logins, of a member that is stopped cleanly
SEED = int(os.environ.get("YESTER_SEED", "104"))


@pytest.fixture
def filled(member):
    """A collection in order of _id, one in natural order, and an index; two batches each."""
    member.wipe()
    db = member.client["shop"]
    db["orders"].insert_many([{"_id": i, "pad": "x" * (i % 50)} for i in range(COUNT)])
    db["orders"].create_index("pad", name="by_pad")
    db.create_collection("ring", capped=True, size=100000)
    db["ring"].insert_many([{"_id": i} for i in range(COUNT)])
    return member


def cut_in_the_middle(said):
    """The batch's document in the middle says that it is longer than all of the reply."""
    middle = said.batch[len(said.batch) // 2].raw
    assert said.message.count(middle) == 1
    return said.message.replace(middle, b"\xff\xff\xff\x7f" + middle[4:])


def no_document_in_the_middle(said):
    batch = said.batch
    batch[len(batch) // 2] = "no document"
    return said.with_batch(batch)


def without_its_number(said):
    return said.with_cursor(id=None)


def one_in(namespace, lie, command=None):
    """The first reply with documents of a namespace is a lie, all others are true."""
    told = []

    def each(said):
        if told or not said.batch or said.namespace != namespace or command not in (None, said.command):
            return None
        told.append(True)
        return lie(said)

    return each


def counted(store):
    return json.loads(store.run("count", "shop.orders", "--json").out)["count"]


def snapshots_of(store):
    return [one["name"] for one in json.loads(store.run("snapshots", "--json").out or "[]")]


@pytest.mark.parametrize("lie", [cut_in_the_middle, no_document_in_the_middle, without_its_number])
@pytest.mark.parametrize("coll", ["orders", "ring"])
@pytest.mark.parametrize("command", ["find", "getMore"])
def test_a_damaged_batch_is_asked_for_again(filled, store, tmp_path, lie, coll, command):
    uuid = next(one for one in filled.client["shop"].list_collections() if one["name"] == coll)["info"]["uuid"]
    namespace = f"shop.{uuid}" if command == "find" else f"shop.{coll}"  # it is found by its UUID
    with Liar(filled, one_in(namespace, lie, command)) as liar:
        done = store.run("backup", "--uri", liar.uri)
        assert liar.lies == 1 and "the server's reply is damaged" in done.err
    equal(state_in(store, "latest", tmp_path / "d"), state_of(filled))


@pytest.mark.parametrize("lie", [cut_in_the_middle, no_document_in_the_middle, without_its_number, lambda said: said.with_batch(said.batch[::-1])],
                         ids=["cut", "scalar", "no number", "backwards"])
def test_a_damaged_batch_of_the_oplog_is_asked_for_again(filled, store, tmp_path, lie):
    store.run("backup", "--uri", filled.uri)
    filled.client["shop"]["orders"].insert_many([{"later": i} for i in range(COUNT)])
    seen = []

    def each(said):
        if seen or said.namespace != "local.oplog.rs" or len(said.batch or ()) < 10:
            return None
        seen.append(True)
        return lie(said)

    with Liar(filled, each) as liar:
        with Tail(store, liar.uri) as tail:
            until(lambda: "the server's reply is damaged" in tail.said(), "it is told")
            wanted = state_of(filled)
            until(lambda: counted(store) == 2 * COUNT, "all is there")
            assert tail.end() == 0, tail.said()
        assert liar.lies == 1
    equal(state_in(store, "latest", tmp_path / "d"), wanted)


def test_entries_that_come_twice_are_taken_once(filled, store, tmp_path):
    store.run("backup", "--uri", filled.uri)
    filled.client["shop"]["orders"].insert_many([{"later": i} for i in range(COUNT)])
    with Liar(filled, one_in("local.oplog.rs", lambda said: said.with_batch(said.batch * 2), "getMore")) as liar:
        with Tail(store, liar.uri) as tail:
            until(lambda: counted(store) == 2 * COUNT, "all is there")
            assert tail.end() == 0, tail.said()
        assert liar.lies == 1
    equal(state_in(store, "latest", tmp_path / "d"), state_of(filled))


PASSING = [(91, "ShutdownInProgress"), (11600, "InterruptedAtShutdown"), (11602, "InterruptedDueToReplStateChange"), (10107, "NotWritablePrimary"),
           (189, "PrimarySteppedDown"), (43, "CursorNotFound"), (237, "CursorKilled"), (175, "QueryPlanKilled"), (9001, "SocketException"),
           (13436, "NotPrimaryOrSecondary"), (262, "ExceededTimeLimit"), (134, "ReadConcernMajorityNotAvailableYet"), (50, "MaxTimeMSExpired")]


class Trouble:
    """One of twelve replies is of another kind of trouble, until it is over. What a server says of itself then is told by a hello, too."""

    def __init__(self, seed):
        self.random, self.over, self.kinds = random.Random(seed), False, set()

    def __call__(self, said):
        if self.over or self.random.randrange(12):
            return None
        kind = self.random.choice(["close", "reset", "half", "refused", "damaged", "neither"])
        self.kinds.add(kind)
        if kind == "half":
            return [said.message[: self.random.randrange(len(said.message))], CLOSE]
        if kind == "refused":
            return said.refused(*(QUIESCE if said.command == "isMaster" else self.random.choice(PASSING)))
        if kind == "damaged" and said.batch:
            return self.random.choice([no_document_in_the_middle, without_its_number])(said)
        if kind == "neither" and said.command == "isMaster":
            return said.with_fields(ismaster=False, secondary=False)
        return RESET if kind == "reset" else CLOSE


def test_a_tail_goes_on_through_all_that_passes(filled, store, tmp_path):
    print(f"seed {SEED}")
    trouble = Trouble(SEED)
    store.run("backup", "--uri", filled.uri)
    with Liar(filled, trouble) as liar, Tail(store, liar.uri) as tail:
        with Writer(filled, SEED) as writer:
            until(lambda: liar.lies >= 40 and len(trouble.kinds) == 6 or tail.process.poll() is not None, "enough trouble", 120)
            writer.stop()
        trouble.over = True
        assert tail.process.poll() is None, tail.said()
        wanted = optime(oplog_of(filled)[-1])
        until(lambda: wanted in store.run("ranges", "--json").out, f"{wanted} in ranges")
        assert tail.end() == 0 and "gap" not in tail.said(), tail.said()
    equal(state_in(store, "latest", tmp_path / "d"), state_of(filled))
    assert json.loads(store.run("check", "--read-data", "--replay", "all", "--json").out)["whole"]


def test_what_is_listed_is_whole(filled, store, tmp_path):
    def listing(lie):
        return lambda said: lie(said) if said.command in ("listCollections", "listIndexes") and said.batch else None

    for lie in (cut_in_the_middle, no_document_in_the_middle, without_its_number):
        with Liar(filled, listing(lie)) as liar:
            done = store.run("backup", "--uri", liar.uri, check=1)
            assert "the server's reply is damaged" in done.err
        assert snapshots_of(store) == []
    with Liar(filled, lambda said: said.with_batch([{"v": 2}]) if said.command == "listIndexes" else None) as liar:
        assert "an index without a name or a key" in store.run("backup", "--uri", liar.uri, check=1).err
    deep = bson.encode({"name": "orders", "type": "collection", "options": {"s": "abc"}}).replace(b"abc\0", b"abcd")
    with Liar(filled, lambda said: said.with_batch([bson.raw_bson.RawBSONDocument(deep)]) if said.command == "listCollections" else None) as liar:
        done = store.run("backup", "--uri", liar.uri, check=1)
        assert "of database" in done.err or "damaged" in done.err
    assert snapshots_of(store) == []
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


class Later:
    """The first answer to a getMore of a namespace is an empty batch of a cursor that goes on; each answer comes one later."""

    def __init__(self, namespace):
        self.namespace, self.held = namespace, []

    def __call__(self, said):
        if said.command != "getMore" or said.namespace != self.namespace:
            return None
        self.held.append(said.reply)
        if len(self.held) == 1:
            return empty_batch(said)
        return said.with_reply(self.held[-2])


def empty_batch(said):
    return said.with_reply({"cursor": {"nextBatch": [], "id": said.request["getMore"], "ns": said.namespace}, "ok": 1.0})


@pytest.mark.parametrize("coll", ["orders", "ring"])
def test_an_empty_batch_is_not_the_end(filled, store, tmp_path, coll):
    later = Later(f"shop.{coll}")
    with Liar(filled, later) as liar:
        store.run("backup", "--uri", liar.uri)
        assert len(later.held) >= 2
    equal(state_in(store, "latest", tmp_path / "d"), state_of(filled))
    again = Later(f"shop.{coll}")
    with Liar(filled, again) as liar:
        assert json.loads(store.run("verify", "--json", "--uri", liar.uri).out)["ok"]
        assert len(again.held) >= 2
    with Liar(filled, lambda said: empty_batch(said) if said.command == "getMore" and said.namespace == f"shop.{coll}" else None) as liar:
        # In order of _id each new find has documents behind what is there: it comes to the end without a second batch.
        done = store.run("backup", "--name", "first", "--uri", liar.uri, check=0 if coll == "orders" else 1)
        assert "its batches are empty, and do not end" in done.err
    if coll == "orders":
        equal(state_in(store, "first", tmp_path / "first"), state_of(filled))


@pytest.mark.parametrize("lie", [CLOSE, RESET, "cursor"])
def test_a_server_that_never_gives_the_second_batch_is_not_asked_for_ever(filled, store, lie):
    """In natural order each try begins anew, and gets the first batch each time."""
    def each(said):
        if said.command != "getMore":
            return None
        return said.refused(43, "CursorNotFound") if lie == "cursor" else lie

    with Liar(filled, each) as liar:
        done = store.run("backup", "--uri", liar.uri, check=1, timeout=120)
        assert "shop.ring" in done.err
    assert snapshots_of(store) == []
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_half_of_a_message_and_then_silence_ends_the_wait(filled, store, tmp_path):
    halves = one_in("shop.ring", lambda said: [said.message[: len(said.message) // 2], SILENCE], "getMore")
    with Liar(filled, halves) as liar:
        done = store.run("backup", "--uri", liar.uri, timeout=60)
        assert liar.lies == 1 and "shop.ring" in done.err
    equal(state_in(store, "latest", tmp_path / "d"), state_of(filled))


def test_bytes_that_come_slowly_are_waited_for(filled, store, tmp_path):
    def slowly(said):
        cuts = [0, 3, 16, 20, 25, len(said.message) - 1, len(said.message)]
        return [piece for at, to in zip(cuts, cuts[1:]) for piece in (said.message[at:to], 0.05)]

    with Liar(filled, one_in("shop.orders", slowly)) as liar:
        store.run("backup", "--uri", liar.uri)
        assert liar.lies == 1
    equal(state_in(store, "latest", tmp_path / "d"), state_of(filled))


def test_an_oplog_that_is_always_cut_off_ends_a_look(filled, store):
    """CappedPositionLost is told by the next look, which is the same each time."""
    store.run("backup", "--uri", filled.uri)
    with Liar(filled, lambda said: said.refused(136, "CappedPositionLost") if said.namespace == "local.oplog.rs" else None) as liar:
        done = store.run("tail", "--once", "--uri", liar.uri, check=1, timeout=120)
        assert "following the oplog" in done.err


def test_an_oplog_with_always_one_more_entry_does_not_keep_a_backup_from_its_end(filled, store):
    """As clients make it that never stop: who reads the entries looked after the copy only when there was none, or after 20,000."""
    seen = []

    def one_more(said):
        if said.namespace != "local.oplog.rs" or said.batch is None:
            return None
        seen.extend(entry["ts"] for entry in said.batch)
        if said.batch or len(seen) > 1000:
            return None
        seen.append(bson.Timestamp(seen[-1].time, seen[-1].inc + 1))
        wall = datetime.datetime.fromtimestamp(seen[-1].time, datetime.timezone.utc)
        return said.with_batch([{"op": "n", "ns": "", "o": {"msg": "more"}, "ts": seen[-1], "t": 1, "v": 2, "wall": wall}])

    def is_in_a_later_second():
        hello = filled.client.admin.command("isMaster")
        return hello["localTime"].timestamp() // 1 > hello["lastWrite"]["opTime"]["ts"].time

    until(is_in_a_later_second, "no entry of the server's own comes between those that are made up")
    with Liar(filled, one_more) as liar:
        store.run("backup", "--uri", liar.uri)
    assert 0 < liar.lies < 500, liar.lies
    assert counted(store) == COUNT


def test_what_a_server_says_is_on_one_line(filled, store):
    says = "no\r\nyester: backup: all is well\x1b[31m"
    for command in ("listCollections", "find", "isMaster"):
        with Liar(filled, lambda said, name=command: said.refused(1, "InternalError", says) if said.command == name else None) as liar:
            done = store.run("backup", "--uri", liar.uri, check=(1, 6))
            assert not any(line.startswith("yester: backup: all is well") for line in done.err.splitlines()), done.err
            assert "\x1b" not in done.err


def test_a_hello_that_is_not_understood_is_told(filled, store):
    """The driver has no words for it."""
    with Liar(filled, lambda said: said.with_fields(maxWireVersion="x") if said.command == "isMaster" else None) as liar:
        for verb in ("backup", "verify", "restore"):
            if verb != "backup":
                store.run("backup", "--uri", filled.uri)
            done = store.run(verb, *(["-y"] if verb == "restore" else []), "--uri", liar.uri, check=1)
            assert f"{liar.address}: its reply is not understood" in done.err


def test_a_last_write_in_the_future_is_not_waited_for(filled, store):
    """There is a new entry every ten seconds, and the end never comes."""
    future = {"ts": bson.timestamp.Timestamp(4294967295, 1), "t": bson.Int64(1)}

    def lie(said):
        return said.with_fields(lastWrite={**said.reply["lastWrite"], "opTime": future}) if said.command == "isMaster" else None

    with Liar(filled, lie) as liar:
        assert "far in the future" in store.run("backup", "--uri", liar.uri, check=1, timeout=120).err
    assert snapshots_of(store) == []


def test_an_entry_without_a_time_is_told_as_that(filled, store):
    lie = one_in("local.oplog.rs", lambda said: said.with_batch([{"op": "n"}]))
    with Liar(filled, lie) as liar:
        assert "has no timestamp" in store.run("backup", "--uri", liar.uri, check=1).err
    assert snapshots_of(store) == []


@pytest.mark.parametrize("lie", [cut_in_the_middle, no_document_in_the_middle])
def test_a_restore_takes_no_damaged_batch_for_all_there_is(filled, store, lie):
    """What the target has is compared by reading it: documents that were not seen would be told as missing, or as equal."""
    store.run("backup", "--name", "b", "--uri", filled.uri)
    filled.client["shop"]["orders"].update_many({}, {"$set": {"changed": 1}})
    filled.client["shop"]["later"].insert_one({"_id": 1})
    with Liar(filled, lambda said: lie(said) if said.command in ("find", "getMore") and said.batch and ".orders" in said.namespace else None) as liar:
        done = store.run("restore", "-y", "--at", "b", "--nsInclude", "shop.orders", "--mode", "replace", "--uri", liar.uri, check=1)
        assert "the server's reply is damaged" in done.err
    store.run("restore", "-y", "--at", "b", "--nsInclude", "shop.orders", "--mode", "replace", "--uri", filled.uri)
    assert filled.client["shop"]["orders"].count_documents({"changed": 1}) == 0
    assert filled.client["shop"]["orders"].count_documents({}) == COUNT
    assert filled.client["shop"]["later"].count_documents({}) == 1


@pytest.mark.parametrize("code", [43, 237, 175])
def test_a_restore_whose_cursor_is_ended_reads_again(filled, store, code):
    """CursorNotFound, CursorKilled, QueryPlanKilled: of each cursor that it has, while it looks for what differs and while it verifies."""
    store.run("backup", "--name", "b", "--uri", filled.uri)
    orders, seen = filled.client["shop"]["orders"], set()

    def each_once(said):
        if said.command != "getMore" or said.reply.get("ok") != 1 or said.nth in seen:
            return None
        seen.add(said.nth + 1)  # its second try is told the truth
        return said.refused(code, "gone", "the cursor is gone")

    orders.update_many({}, {"$set": {"changed": 1}})
    with Liar(filled, each_once) as liar:
        store.run("restore", "-y", "--at", "b", "--nsInclude", "shop.orders", "--mode", "replace", "--uri", liar.uri)
        assert liar.lies > 1
    assert orders.count_documents({"changed": 1}) == 0 and orders.count_documents({}) == COUNT


@pytest.mark.parametrize("lie", [cut_in_the_middle, no_document_in_the_middle, without_its_number])
def test_a_verify_takes_no_damaged_batch_for_all_there_is(filled, store, lie):
    store.run("backup", "--uri", filled.uri)
    lies = one_in("shop.orders", lie)
    with Liar(filled, lies) as liar:
        done = store.run("verify", "--uri", liar.uri, check=1)
        assert liar.lies == 1 and "the server's reply is damaged" in done.err
    assert peers.yester("verify", "-s", store.path, "--uri", filled.uri).status == 0


@pytest.fixture(scope="module")
def locked():
    """A member that wants users; `keeper` of it, by a URI's beginning."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "keyfile")
        key.write_text("x" * 64)
        key.chmod(0o600)
        with peers.Mongod("6.0.27", replset=False, arguments=("--replSet", "rs0", "--oplogSize", "100", "--keyFile", key)) as server:
            server.replset = True
            server._initiate()
            server.client.admin.command("createUser", "keeper", pwd="words", roles=["root"])
            yield server


def as_keeper(liar, password="words"):
    return liar.uri.replace("://", f"://keeper:{password}@").replace("/?", "/?authSource=admin&")



@pytest.mark.parametrize("command, lie", [("saslContinue", CLOSE), ("saslContinue", RESET), ("saslContinue", "half"), ("saslContinue", QUIESCE),
                                          ("saslContinue", (11600, "InterruptedAtShutdown", "interrupted at shutdown")), ("isMaster", QUIESCE)],
                         ids=["close", "reset", "half", "quiesce", "interrupted", "hello"])
def test_a_login_that_is_cut_off_is_tried_again(locked, store, command, lie):
    """The driver tells it as a wrong password is told, which ends a tail for good."""
    told = []

    def once(said):
        if said.command != command or told:
            return None
        told.append(True)
        if lie == "half":
            return [said.message[:30], CLOSE]
        return said.refused(*lie) if isinstance(lie, tuple) else lie

    with Liar(locked, once) as liar, Tail(store, as_keeper(liar)) as tail:
        until(lambda: "following rs0" in tail.said(), "following")
        assert "connecting again" in tail.said() and "authSource" not in tail.said()
        assert tail.end() == 0 and liar.lies == 1, tail.said()
    told.clear()
    with Liar(locked, once) as liar:
        done = store.run("backup", "--uri", as_keeper(liar), check=1)
        assert "authSource" not in done.err


def test_a_wrong_password_is_final(locked, store):
    with Liar(locked, lambda said: None) as liar:
        done = store.run("tail", "--uri", as_keeper(liar, "wrong"), check=6, timeout=60)
        assert "Authentication failed" in done.err and "authSource" in done.err
