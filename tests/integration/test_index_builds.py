"""Index builds that are open for long: snapshots and backups in the middle, the primary changes, they end in another order."""
import contextlib
import threading

import peers
import pymongo
import pytest
from replica_set import ReplicaSet, until

pytestmark = [pytest.mark.mongod, pytest.mark.slow]


@pytest.fixture(scope="module", params=["6.0.27", *(pytest.param(v, marks=pytest.mark.long) for v in ("4.4.2", "5.0.4"))])
def rs(request):
    """A set without one of its members: a build that has to have all their votes stays open."""
    if request.param not in peers.VERSIONS:
        pytest.skip("no such server")
    with ReplicaSet(request.param) as found:
        found.secondaries()[0].kill()
        yield found


class Builds:
    """Builds of indexes of shop.c, each in a thread of its own. (A member has three at once, others wait for them.)"""

    def __init__(self, rs):
        self.rs, self.threads = rs, []
        rs.client.drop_database("shop")
        rs.client["shop"]["c"].insert_many([{"_id": i, "a": i % 7, "b": i, "d": -i} for i in range(300)])

    def _build(self, field, quorum):
        client = pymongo.MongoClient(self.rs.leader().uri, serverSelectionTimeoutMS=20000)
        with contextlib.suppress(pymongo.errors.PyMongoError):  # the primary steps down, or it is dropped
            client["shop"].command({"createIndexes": "c", "indexes": [{"key": {field: 1}, "name": field}], "commitQuorum": quorum})
        client.close()

    def logged(self, command, field):
        query = {f"o.{command}": "c", "o.indexes.name": field, "ns": "shop.$cmd"}
        return list(self.rs.client.local.get_collection(
            "oplog.rs", read_concern=pymongo.read_concern.ReadConcern("majority")).find(query))

    def open(self, field):
        """Begin one that waits for the member that is not there."""
        before = len(self.logged("startIndexBuild", field))
        thread = threading.Thread(target=self._build, args=(field, 3), daemon=True)
        thread.start()
        self.threads.append(thread)
        until(lambda: len(self.logged("startIndexBuild", field)) > before, f"{field} begins")

    def whole(self, field):
        self._build(field, 2)
        until(lambda: self.logged("commitIndexBuild", field), f"{field} is ready")

    def end(self, field):
        def less():
            return self.rs.leader().client["shop"].command({"setIndexCommitQuorum": "c", "indexNames": [field], "commitQuorum": 1})

        until(less, f"the quorum of {field}")
        if self.rs.number < (5, 0):
            self.rs.step_down()  # 4.4 counts the votes that it has when another member takes over, or when one more comes
        until(lambda: self.logged("commitIndexBuild", field), f"{field} ends")

    def fail(self, name):
        """One that is given up: there is no such field, and so all have the same value."""
        with pytest.raises(pymongo.errors.OperationFailure):
            self.rs.leader().client["shop"].command({"createIndexes": "c", "commitQuorum": 1, "indexes": [
                {"key": {"nothing": 1}, "name": name, "unique": True}]})
        until(lambda: self.logged("abortIndexBuild", name), f"{name} is given up")

    def close(self):
        for thread in self.threads:
            thread.join()

    def ready(self):
        """The indexes that the primary lists as ready, in its order, and its last entry."""
        def look():
            leader = self.rs.leader()
            top = self.rs.last()
            cursor = leader.client["shop"].command({"listIndexes": "c", "includeBuildUUIDs": True})["cursor"]
            listed = [one["name"] for one in cursor["firstBatch"] if "buildUUID" not in one]
            return (top, listed) if self.rs.last() == top else None

        return until(look, "it does not change meanwhile")


def listed_by(store, at, folder):
    store.run("dump", "--at", at, "--out", folder, "--nsInclude", "shop.c")
    return [one["name"] for one in peers.read_dump(folder)["shop", "c"].metadata["indexes"]]


def test_indexes_are_listed_in_the_order_in_which_they_began(rs, store, tmp_path):
    """Whichever snapshot or backup lies between the begin and the end of a build."""
    builds, moments, stores = Builds(rs), [], [store]
    store.run("backup", "--uri", rs.uri)

    def see(what, another=False):
        at, names = builds.ready()
        moments.append((what, at, names, len(stores)))
        for one in stores:
            one.run("tail", "--once", "--uri", rs.uri)
        store.run("snapshot", "--at", at)
        if another:  # a copy that begins while builds are open
            stores.append(peers.Store(tmp_path / f"store-{len(stores)}"))
            stores[-1].run("backup", "--uri", rs.uri)

    builds.open("a")
    builds.open("b")
    builds.whole("x")
    see("a and b are open", another=True)
    builds.end("b")
    builds.open("d")
    see("b is ready", another=True)
    rs.step_down()
    see("another primary", another=True)
    builds.whole("y")
    builds.end("d")
    see("d is ready")
    builds.fail("e")
    builds.whole("e")
    see("e was made anew", another=True)
    builds.end("a")
    builds.whole("z")
    see("all are ready")
    builds.close()
    assert moments[-1][2] == ["_id_", "a", "b", "x", "d", "y", "e", "z"]
    found = {}
    for number, one in enumerate(stores):
        one.run("tail", "--once", "--uri", rs.uri)
        for what, at, names, count in moments:
            if number < count:
                got = listed_by(one, at, tmp_path / f"d-{number}-{at}")
                if got != names:
                    found[number, what] = (got, names)
    assert not found, found
