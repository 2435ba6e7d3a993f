"""The mount shows any moment: at/, timeline/, oplog/ and what .yester/ tells of them, against what a mongod had then."""
import contextlib
import datetime
import errno
import json
import os
import shutil
import time
from pathlib import Path

import bson
import peers
import pymongo
import pytest
from bson import json_util
from moments import UTC, is_absent, optime, second_name, visited
from peers import Mount, Store

pytestmark = pytest.mark.fuse

VERSION = "6.0.27"


# ---- a history that a real mongod wrote


class State:
    """What the server had after an operation."""

    def __init__(self, server, what, stamp):
        self.what, self.stamp = what, stamp
        self.documents, self.hashes = {}, {}
        for db in server.user_databases():
            raw = server.client.get_database(db, codec_options=peers.RAW)
            for name in raw.list_collection_names():
                self.documents[db, name] = [d.raw for d in raw[name].find(sort=[("_id", 1)])]
            self.hashes[db] = peers.dbhash(server.client, db)

    def __repr__(self):
        return f"{self.what} at {optime(self.stamp)}"


class History:
    """A store with a snapshot and the oplog of what came after it; `states` are in order of time."""

    def __init__(self, server, folder):
        self.server, self.folder, self.states, self.slices = server, folder, [], 0
        # The server's own client has connections from before it was a replica set: those have no transactions.
        self.client = pymongo.MongoClient("127.0.0.1", server.port, directConnection=True)

    def run(self, what, db, *command, **kwargs):
        reply = self.client[db].command(*command, **kwargs)
        stamp = reply["operationTime"]
        self.states.append(State(self.server, what, (stamp.time, stamp.inc)))

    def note(self):
        stamp = self.client.admin.command("appendOplogNote", 1, data={"what": "a note"})["operationTime"]
        return stamp.time, stamp.inc

    def next_second(self):
        """Write notes until one is of a later second."""
        first = self.note()[0]
        while self.note()[0] == first:
            pass

    def transaction(self, what, db, *work):
        with self.client.start_session() as session:
            with session.start_transaction():
                for name, document in work:
                    self.client[db][name].insert_one(document, session=session)
            stamp = session.operation_time
        self.states.append(State(self.server, what, (stamp.time, stamp.inc)))

    def fill(self):
        shop = self.client["shop"]
        shop["orders"].insert_many([{"_id": i, "customer": f"c{i % 50}", "qty": i % 9, "lines": list(range(i % 5))} for i in range(3000)])
        shop["customers"].insert_many([{"_id": f"c{i}", "name": f"customer {i}"} for i in range(50)])
        shop["customers"].create_index("name")
        self.client["admin"].command("createUser", "anna", pwd="secret", roles=["readAnyDatabase"])

    def work(self):
        self.next_second()
        self.run("one document changes", "shop", "update", "orders", updates=[{"q": {"_id": 42}, "u": {"$set": {"qty": 100}, "$push": {"lines": 7}}}])
        self.run("documents come", "shop", "insert", "orders", documents=[{"_id": i, "qty": 1} for i in range(5000, 5100)])
        self.next_second()
        self.run("a collection comes", "shop", "insert", "audit", documents=[{"_id": bson.ObjectId("507f1f77bcf86cd799439011"), "who": "anna"}])
        self.run("an index comes", "shop", "createIndexes", "orders", indexes=[{"key": {"customer": 1}, "name": "by_customer"}])
        self.transaction("a transaction", "shop", ("orders", {"_id": 9000, "qty": 2}), ("audit", {"_id": 2, "who": "bert"}))
        self.run("a collection is renamed", "admin", "renameCollection", "shop.customers", to="shop.people")
        self.next_second()
        self.run("the accident", "shop", "delete", "orders", deletes=[{"q": {"qty": {"$gt": 2}}, "limit": 0}])
        self.run("a collection goes", "shop", "drop", "audit")
        self.next_second()

    def dump_oplog(self):
        self.slices += 1
        folder = self.folder / f"slice{self.slices}"
        peers.tools.mongodump("--port", self.server.port, "-d", "local", "-c", "oplog.rs", "--out", folder)
        return folder

    def state(self, what):
        return next(s for s in self.states if s.what == what)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history")
    with peers.Mongod(VERSION) as server:
        made = History(server, folder)
        made.fill()
        peers.tools.mongodump("--port", server.port, "--oplog", "--out", folder / "dump")
        made.work()
        made.store = Store(folder / "store")
        made.store.ingest(folder / "dump", "--name", "base")
        made.store.run("ingest-oplog", made.dump_oplog())
        yield made


@pytest.fixture
def store_copy(history, tmp_path):
    """A copy of its store, which a test may change."""
    copy = tmp_path / "copy"
    shutil.copytree(history.store.path, copy)
    shutil.rmtree(copy / "local", ignore_errors=True)
    return copy


@pytest.fixture(scope="module")
def mounted(history):
    with Mount(history.store.path) as mount:
        yield mount


def collections_in(folder):
    return {(db, name[:-5]) for db in os.listdir(folder) if db not in ("admin", "config", "prelude.json")
            for name in os.listdir(folder / db) if name.endswith(".bson")}


def check_state(folder, state):
    assert collections_in(folder) == set(state.documents), state
    for (db, name), documents in state.documents.items():
        stem = folder / db / name
        assert Path(f"{stem}.bson").read_bytes() == b"".join(documents), (state, name)
        assert Path(f"{stem}.json").read_bytes().count(b"\n") == len(documents), (state, name)
        assert os.getxattr(f"{stem}.bson", "user.yester.count").decode() == str(len(documents)), (state, name)


# ---- what is in a moment


def test_each_operation_is_a_moment(history, mounted):
    for state in history.states:
        check_state(mounted.path / "at" / optime(state.stamp), state)


def test_just_before_an_operation_is_the_state_before_it(history, mounted):
    for before, after in zip(history.states, history.states[1:]):
        if after.what == "the accident":  # each document that it deletes is an operation
            continue
        first = Path(os.path.realpath(mounted.path / "at" / f"{optime(after.stamp)}~"))
        if after.what == "documents come":  # the last of a hundred: one is missing
            assert len(os.listdir(first / "shop" / "orders")) == len(after.documents["shop", "orders"]) - 1
            continue
        if after.what == "a collection comes":  # it is made, and then has its first document
            assert (first / "shop" / "audit.bson").stat().st_size == 0
            continue
        check_state(first, before)


def test_a_second_has_all_operations_of_it(history, mounted):
    last = {}
    for state in history.states:
        last[state.stamp[0]] = state
    assert len(last) >= 3
    for seconds, state in last.items():
        check_state(mounted.path / "at" / second_name(seconds), state)


def test_sizes_are_what_is_read(history, mounted):
    count = 0
    for folder, _, names in os.walk(mounted.path / "at" / optime(history.state("the accident").stamp)):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                assert os.stat(path).st_size == len(file.read()), path
            count += 1
    assert count > 1000


def test_one_document_is_read_by_its_id(history, mounted):
    state = history.state("one document changes")
    at = mounted.path / "at" / optime(state.stamp) / "shop"
    found = json.loads((at / "orders" / "42.json").read_text())
    assert found == {"_id": 42, "customer": "c42", "qty": 100, "lines": [0, 1, 7]}
    assert (at / "orders" / "42.bson").read_bytes() in state.documents["shop", "orders"]
    assert is_absent(at / "orders" / "5000.json")
    audit = mounted.path / "at" / optime(history.state("a transaction").stamp) / "shop" / "audit"
    assert sorted(os.listdir(audit)) == ["2.json", "507f1f77bcf86cd799439011.json"]


def test_metadata_is_that_of_the_moment(history, mounted):
    def indexes(state, name):
        text = (mounted.path / "at" / optime(state.stamp) / "shop" / f"{name}.metadata.json").read_text()
        return sorted(index["name"] for index in json_util.loads(text)["indexes"])

    assert indexes(history.state("a collection comes"), "orders") == ["_id_"]
    assert indexes(history.state("an index comes"), "orders") == ["_id_", "by_customer"]
    assert indexes(history.state("a collection is renamed"), "people") == ["_id_", "name_1"]


def test_mongorestore_of_a_moment_gives_what_the_server_had(history, mounted, target, tools):
    for what in ("documents come", "a transaction", "the accident"):
        state = history.state(what)
        target.wipe()
        tools.mongorestore("--port", target.port, "--dir", mounted.path / "at" / optime(state.stamp), "--nsInclude", "shop.*")
        assert peers.dbhash(target.client, "shop") == state.hashes["shop"], state


def test_times_are_of_the_last_change(history, mounted):
    moved = history.state("one document changes").stamp[0]
    at = mounted.path / "at" / optime(history.state("documents come").stamp) / "shop"
    assert (at / "orders.bson").stat().st_mtime == history.state("documents come").stamp[0]
    assert (at / "customers.bson").stat().st_mtime < moved
    folder = mounted.path / "at" / second_name(moved)
    assert folder.stat().st_mtime == moved


def test_attributes_tell_the_moment(history, mounted):
    state = history.state("documents come")
    snapshot = json.loads((mounted.path / ".yester" / "snapshots.json").read_text())[0]
    folder = mounted.path / "at" / optime(state.stamp)
    for path in (folder, folder / "shop" / "orders.bson", folder / "shop" / "orders", folder / "shop" / "orders" / "42.json"):
        assert os.getxattr(path, "user.yester.moment").decode() == optime(state.stamp), path
        assert os.getxattr(path, "user.yester.optime").decode() == optime(state.stamp), path
        assert os.getxattr(path, "user.yester.base").decode() == snapshot["id"], path
    assert sorted(os.listxattr(folder)) == [f"user.yester.{n}" for n in ("base", "moment", "optime")]
    second = mounted.path / "at" / second_name(state.stamp[0])
    assert os.getxattr(second, "user.yester.moment").decode() == second.name


# ---- names


def test_other_spellings_are_links_to_the_printed_name(history, mounted):
    state = history.state("documents come")
    seconds, increment = state.stamp
    at = mounted.path / "at"
    printed, zone = second_name(seconds), datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    for name in (datetime.datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z"),
                 datetime.datetime.fromtimestamp(seconds, zone).isoformat(), f"@{seconds}"):
        assert os.readlink(at / name) == printed, name
    for name in (f"{seconds},{increment}", f"{seconds}:{increment}"):
        assert os.readlink(at / name) == optime(state.stamp), name
    assert os.readlink(at / f"{optime(state.stamp)}~") == f"{seconds}.{increment - 1}"
    assert os.readlink(at / f"{printed}~") == second_name(seconds - 1)
    assert os.readlink(at / "base") == "../snapshots/base" == os.readlink(at / "latest-snapshot")
    for name in (printed, optime(state.stamp)):
        assert (at / name).is_dir() and not (at / name).is_symlink()
    assert os.listdir(at / f"@{seconds}" / "shop") == os.listdir(at / printed / "shop")
    assert os.path.realpath(at / "latest") == str(at / os.readlink(at / "latest"))


def test_a_snapshot_in_the_midst_of_a_second_does_not_stand_for_that_second(history, store_copy):
    """Its default name is that of the second; the second itself, also from the timeline, has what came later in it."""
    first, second = history.state("one document changes"), history.state("documents come")
    if first.stamp[0] != second.stamp[0]:
        pytest.skip("the second ended between the two operations")
    peers.yester("snapshot", "-s", store_copy, "--at", optime(first.stamp))
    name = second_name(first.stamp[0])
    with Mount(store_copy) as mount:
        assert not (mount.path / "at" / name / "shop" / "orders" / "5000.json").exists()
        for spelling in (f"@{first.stamp[0]}", name[:13] + ":" + name[13:15] + ":" + name[15:]):
            assert (mount.path / "at" / spelling / "shop" / "orders" / "5000.json").exists(), spelling
        day, clock = name.split("T")
        link = mount.path / "timeline" / day / clock[:2] / clock[2:4] / f"{clock[4:6]}Z"
        assert (link / "shop" / "orders" / "5000.json").exists(), os.readlink(link)


def test_what_is_no_moment_is_not_there(history, mounted):
    last = json.loads((mounted.path / ".yester" / "ranges.json").read_text())[-1]["last"]
    seconds, increment = map(int, last.split("."))
    first = history.states[0].stamp[0]
    for name in (second_name(seconds), f"@{seconds}", f"{seconds}.{increment + 1}", second_name(seconds + 5),  # not finished, not come
                 second_name(first - 86400), f"{first - 86400}.1", "1.1",  # before all
                 "nonsense", ".git", "2026-11-21", "2026-11-21T09:41:07", "2026-11-21T09:41:07.5Z", "id:", "~", "now+1h"):
        assert is_absent(mounted.path / "at" / name), name
    assert (mounted.path / "at" / second_name(seconds - 1)).is_dir()


def test_walking_through_all_ends_and_replays_nothing(store_copy):
    with Mount(store_copy) as mount:
        started = time.monotonic()
        found = peers.run(["find", mount.path]).out.splitlines()
        peers.run(["grep", "-r", "-l", "--include=*.json", "no such text", mount.path / "at", mount.path / "timeline"], check=1)
        assert time.monotonic() - started < 300
        assert any(path.endswith("/snapshots/base/shop/orders/42.json") for path in found)
        assert not any(path.count("/") > str(mount.path / "at" / "x").count("/") for path in found if path.startswith(f"{mount.path}/at/"))
        listed = list(os.scandir(mount.path / "at"))
        assert len(listed) >= 4 and all(entry.is_symlink() for entry in listed)
        assert {"base", "latest"} < {entry.name for entry in listed}
        assert all(os.path.isdir(entry.path) for entry in listed)
        assert visited(store_copy) == []
        os.listdir(mount.path / "at" / "latest")
        assert len(visited(store_copy)) == 1


# ---- what comes later


def test_operations_that_come_appear_without_a_remount(history, tmp_path):
    store = Store(tmp_path / "store")
    store.ingest(history.folder / "dump", "--name", "base")
    state = history.state("the accident")
    with Mount(store.path) as mount:
        name = mount.path / "at" / optime(state.stamp)
        assert is_absent(name) and os.listdir(mount.path / "timeline") == []
        store.run("ingest-oplog", history.folder / "slice1")
        check_state(name, state)
        assert len(os.listdir(mount.path / "oplog")) == 2 and len(os.listdir(mount.path / "timeline")) >= 1


def test_the_second_of_the_last_operation_comes_when_it_is_finished(history, store_copy):
    with Mount(store_copy) as mount:
        last = json.loads((mount.path / ".yester" / "status.json").read_text())["lastOperation"]
        name = mount.path / "at" / second_name(int(last.split(".")[0]))
        assert is_absent(name)
        history.next_second()
        peers.yester("ingest-oplog", "-s", store_copy, history.dump_oplog())
        assert name.is_dir()
        assert collections_in(name) == set(history.states[-1].documents)


def entries_of(folder):
    return peers.dump_documents(folder / "local" / "oplog.rs.bson")


def stamp_of(entry):
    stamp = bson.decode(entry)["ts"]
    return stamp.time, stamp.inc


def test_a_moment_in_a_gap_is_not_there_and_ranges_tell_why(history, tmp_path):
    entries = entries_of(history.folder / "slice1")
    accident = history.state("the accident").stamp
    first = [e for e in entries if stamp_of(e) < history.state("a collection comes").stamp]
    second = [e for e in entries if stamp_of(e) >= accident]
    store = Store(tmp_path / "store")
    store.ingest(history.folder / "dump", "--name", "base")
    for number, part in enumerate((first, second)):
        (tmp_path / f"{number}.bson").write_bytes(b"".join(part))
    store.run("ingest-oplog", tmp_path / "0.bson")
    store.run("ingest-oplog", tmp_path / "1.bson", check=3)
    with Mount(store.path) as mount:
        at = mount.path / "at"
        check_state(at / optime(history.state("documents come").stamp), history.state("documents come"))
        for state in history.states[2:]:
            assert is_absent(at / optime(state.stamp)), state
            assert is_absent(at / second_name(state.stamp[0])), state
        gaps = json.loads((mount.path / ".yester" / "gaps.json").read_text())
        ranges = json.loads((mount.path / ".yester" / "ranges.json").read_text())
        assert gaps == json.loads(store.run("gaps", "--json", check=None).out)
        assert ranges == json.loads(store.run("ranges", "--json").out)
        assert len(gaps) >= 1 and optime(stamp_of(first[-1])) in (ranges[0]["last"], gaps[0]["after"])
        status = json.loads((mount.path / ".yester" / "status.json").read_text())
        assert status["gaps"] == len(gaps) and status["ranges"] == len(ranges)
        assert "Gaps:" in (mount.path / "README.txt").read_text()
        # What was missing comes, and closes the gap.
        store.run("ingest-oplog", history.folder / "slice1")
        check_state(at / optime(accident), history.state("the accident"))
        assert json.loads((mount.path / ".yester" / "gaps.json").read_text()) == []


def test_a_forgotten_moment_is_stale_and_open_files_go_on(history, store_copy):
    state = history.state("the accident")
    with Mount(store_copy) as mount:
        folder = mount.path / "at" / optime(state.stamp)
        kept = os.open(folder / "shop", os.O_RDONLY | os.O_DIRECTORY)
        with open(folder / "shop" / "orders.bson", "rb", buffering=0) as file:
            head = file.read(100)
            for manifest in (store_copy / "snapshots").iterdir():
                manifest.unlink()
            assert os.listdir(mount.path / "snapshots") == []
            for name in (".", "people.bson", "orders.bson"):
                with pytest.raises(OSError) as told:
                    os.close(os.open(name, os.O_RDONLY, dir_fd=kept))
                assert told.value.errno == errno.ESTALE, name
            assert head + file.read() == b"".join(state.documents["shop", "orders"])
        os.close(kept)
        deadline = time.monotonic() + 120  # the kernel may remember the name for a second
        while not is_absent(folder):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_moment_that_was_closed_is_opened_again(history, store_copy):
    """More moments than are kept open, each with a folder that stays open."""
    state = history.state("documents come")
    seconds, increment = state.stamp
    with Mount(store_copy) as mount, contextlib.ExitStack() as kept:
        folders = []
        for number in range(80):
            path = mount.path / "at" / f"{seconds}.{increment - number}" / "shop"
            folders.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
            kept.callback(os.close, folders[-1])
        for number, folder in enumerate(folders):
            with open(os.open("orders.bson", os.O_RDONLY, dir_fd=folder), "rb") as file:
                expected = state.documents["shop", "orders"]
                assert file.read() == b"".join(expected[:len(expected) - number]), number


def test_local_is_deleted_again_and_again_under_a_mount(history, store_copy):
    """Each time what was replayed is gone, and is made again in a cache of its own: files that are open read on in the old ones."""
    state = history.state("documents come")
    seconds, increment = state.stamp
    expected = state.documents["shop", "orders"]
    with Mount(store_copy) as mount, contextlib.ExitStack() as kept:
        files = []
        for number in range(7):
            path = mount.path / "at" / f"{seconds}.{increment - number}" / "shop" / "orders.json"
            files.append(kept.enter_context(open(path, "rb")))
            assert files[-1].read().count(b"\n") == len(expected) - number
            shutil.rmtree(store_copy / "local")
        for number, file in enumerate(files):
            file.seek(0)
            assert file.read().count(b"\n") == len(expected) - number


def test_inodes_are_the_same_after_a_remount(history):
    def inodes():
        with Mount(history.store.path) as mount:
            folder = mount.path / "at" / optime(history.state("documents come").stamp)
            return [path.stat().st_ino for path in (folder, folder / "shop", folder / "shop" / "orders.bson")]

    assert inodes() == inodes()


# ---- timeline/ and oplog/


def test_the_timeline_leads_to_every_second_with_an_operation(history, mounted):
    base = min(s.stamp for s in history.states)
    base_time = json.loads((mounted.path / ".yester" / "ranges.json").read_text())[0]["first"]
    last = max(stamp_of(e) for e in entries_of(history.folder / "slice1"))
    wanted = {second_name(stamp_of(e)[0]) for e in entries_of(history.folder / "slice1")
              if bson.decode(e)["op"] != "n" and int(base_time.split(".")[0]) <= stamp_of(e)[0] < last[0]}
    found = {}
    for day in os.scandir(mounted.path / "timeline"):
        for hour in os.scandir(day):
            for minute in os.scandir(hour):
                for second in os.scandir(minute):
                    assert second.is_symlink() and len(second.name) == 3 and second.name.endswith("Z")
                    target = os.path.basename(os.readlink(second.path))
                    assert target.replace("-", "")[:8] == day.name.replace("-", "")
                    assert os.path.realpath(second.path) == str(Path(os.path.realpath(mounted.path)) / "at" / target)
                    found[target] = second.path
    assert set(found) == wanted and second_name(base[0]) in found
    for name, path in found.items():
        assert os.listdir(path) == os.listdir(mounted.path / "at" / name)


def test_the_oplog_is_there_as_one_file(history, mounted):
    names = sorted(os.listdir(mounted.path / "oplog"))
    assert [Path(name).suffix for name in names] == [".bson", ".json"]
    entries = entries_of(history.folder / "slice1")
    path = mounted.path / "oplog" / names[0]
    assert path.read_bytes() == b"".join(entries) and path.stat().st_size == len(b"".join(entries))
    path = mounted.path / "oplog" / names[1]
    lines = path.read_text().splitlines()
    assert path.stat().st_size == len(path.read_bytes()) and len(lines) == len(entries)
    for line, entry in zip(lines, entries):
        assert json_util.loads(line)["ts"] == bson.decode(entry)["ts"]
    with open(path, "rb") as file:
        file.seek(-1000, os.SEEK_END)
        assert file.read().decode().endswith("\n" + lines[-1] + "\n")
    done = peers.run(["sh", "-c", f"tail -n 3 {path} | wc -l"])
    assert done.out.strip() == "3"


def test_the_oplog_and_the_users_of_a_moment_are_for_the_mounter_only(history):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user (by setpriv)")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    for option, shown in (("allow_other", False), ("allow_other,credentials", True)):
        with Mount(history.store.path, options=option) as mount:
            mnt = mount.path
            assert ("oplog" in os.listdir(mnt)) == shown
            assert is_absent(mnt / "oplog") != shown
            admin = mnt / "at" / optime(history.states[0].stamp) / "admin"
            assert ("system.users.bson" in os.listdir(admin)) == shown
            assert is_absent(admin / "system.users.bson") != shown
            if not shown:
                continue
            assert mount.path.stat().st_mode & 0o777 == 0o555
            assert (mnt / "oplog").stat().st_mode & 0o777 == 0o500
            for path in (mnt / "oplog").iterdir():
                assert path.stat().st_mode & 0o777 == 0o400
                peers.run([*nobody, "cat", path], check=1)
            peers.run([*nobody, "cat", admin / "system.users.bson"], check=1)
            peers.run([*nobody, "cat", admin / "system.version.bson"])
            assert b"anna" in (admin / "system.users.bson").read_bytes()


# ---- the whole way


def test_from_the_hour_of_an_accident_to_the_lost_document(history, mounted):
    """Somebody knows about when, and which order: tab completion and cat are enough."""
    accident = history.state("the accident")
    moment = datetime.datetime.fromtimestamp(accident.stamp[0], UTC)
    minute = mounted.path / "timeline" / f"{moment:%F}" / f"{moment:%H}" / f"{moment:%M}"
    second = minute / f"{moment:%S}Z"
    assert second.name in os.listdir(minute)
    assert is_absent(second / "shop" / "orders" / "42.json")
    before = f"{os.readlink(second).split('/')[-1]}~"
    lost = json.loads((mounted.path / "at" / before / "shop" / "orders" / "42.json").read_text())
    assert lost["qty"] == 100
    done = peers.run(["diff", "-rq", mounted.path / "at" / before / "shop" / "orders", second / "shop" / "orders"], check=1)
    assert any("42.json" in line for line in done.out.splitlines())
