"""A replica set of three members, a proxy that can freeze, and clients that write all the time."""
import contextlib
import random
import select
import signal
import socket
import threading
import time

import bson
import peers
import pymongo

SECONDS = 120  # the longest that anything here may take to be seen


def until(ready, what, seconds=SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(pymongo.errors.PyMongoError):
            found = ready()
            if found:
                return found
        time.sleep(0.05)  # between two looks
    raise AssertionError(f"not within {seconds} s: {what}")


class Member(peers.Mongod):
    """One that is initiated by its set, and can be started again on its files and its port."""

    def __init__(self, version, arguments=(), oplog=100):
        super().__init__(version, replset=False, arguments=(
            "--replSet", "rs0", "--oplogSize", str(oplog), *arguments))

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=SECONDS)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def again(self):
        """Start it again after kill()."""
        binary = peers.fetched(peers.truth.mongod, self.version)
        port, keep = self.port, peers.free_port
        peers.free_port = lambda: port
        try:
            assert self._start_once(binary), self.log_tail()
        finally:
            peers.free_port = keep

    def state(self):
        return self.client.admin.command("isMaster")

    def uri_of(self):
        return f"mongodb://{self.address}/?directConnection=true"


class ReplicaSet:
    """with ReplicaSet("6.0.27") as rs: rs.client["shop"]["c"].insert_one(...)"""

    def __init__(self, version, arguments=(), oplog=100, options=""):
        self.version = version
        self.number = tuple(int(part) for part in version.split("."))
        self.options = options
        self.members = [Member(version, arguments, oplog) for _ in range(3)]
        self.client = None

    def __enter__(self):
        try:
            for member in self.members:
                member.start()
            config = {"_id": "rs0", "settings": {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500},
                      "members": [{"_id": i, "host": m.address} for i, m in enumerate(self.members)]}
            self.members[0].client.admin.command("replSetInitiate", config)
            self.client = pymongo.MongoClient(self.uri, serverSelectionTimeoutMS=60000, w="majority")
            until(self.primary, "a primary")
            until(lambda: all(m.state().get("ismaster") or m.state().get("secondary") for m in self.members),
                  "three members")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.client:
            self.client.close()
        for member in self.members:
            if member.process and member.process.poll() is None:
                member.thaw()
            member.stop()

    @property
    def uri(self):
        hosts = ",".join(m.address for m in self.members)
        return f"mongodb://{hosts}/?replicaSet=rs0{self.options}"

    def primary(self):
        for member in self.members:
            with contextlib.suppress(pymongo.errors.PyMongoError):
                if member.process.poll() is None and member.state().get("ismaster"):
                    return member
        return None

    def secondaries(self):
        return [m for m in self.members if m.process.poll() is None and m.state().get("secondary")]

    def leader(self):
        """The primary, waited for: between two there is none."""
        return until(self.primary, "a primary")

    def step_down(self):
        old = self.leader()
        with contextlib.suppress(pymongo.errors.PyMongoError):
            old.client.admin.command("replSetStepDown", 10, force=True)

        def another():
            new = self.primary()
            return new if new is not old else None

        return until(another, "another primary")

    def last(self):
        """The primary's last entry, which a majority has."""
        top = self.leader().client.local["oplog.rs"].find_one(sort=[("$natural", -1)])["ts"]
        until(lambda: self.client.local.get_collection(
            "oplog.rs", read_concern=pymongo.read_concern.ReadConcern("majority")).find_one(
                {"ts": top}), "the majority has it")
        return f"{top.time}.{top.inc}"

    def wipe(self):
        until(lambda: all(member.others_done() for member in self.members), "the end of what others write")
        for name in self.client.list_database_names():
            if name not in ("admin", "config", "local"):
                self.client.drop_database(name)


class Proxy:
    """What lies between a client and a server: it can be frozen, so that nothing moves and nothing is closed."""

    def __init__(self, port):
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.frozen, self.closed = threading.Event(), False
        self.pairs = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.closed:
            if self.frozen.is_set():
                time.sleep(0.02)  # nothing moves
                continue
            ends = {}
            for a, b in self.pairs:
                ends[a], ends[b] = b, a
            ready, _, _ = select.select([self.listener, *ends], [], [], 0.05)
            for one in ready:
                if one is self.listener:
                    self._accept()
                elif one in ends:
                    self._pass(one, ends[one])

    def _accept(self):
        with contextlib.suppress(OSError):
            client, _ = self.listener.accept()
            try:
                self.pairs.append((client, socket.create_connection(("127.0.0.1", self.to), timeout=5)))
            except OSError:
                client.close()

    def passes(self, data):
        """Called with what is passed on next."""

    def _pass(self, one, other):
        try:
            data = one.recv(1 << 16)
            if data:
                self.passes(data)
                other.sendall(data)
                return
        except OSError:
            pass
        self._drop(one)

    def _drop(self, one):
        for pair in [p for p in self.pairs if one in p]:
            self.pairs.remove(pair)
            for end in pair:
                end.close()

    def cut(self):
        """Close every connection that there is."""
        for pair in list(self.pairs):
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True
        self.thread.join(timeout=5)
        for pair in self.pairs:
            for end in pair:
                end.close()
        self.listener.close()


class Load:
    """Clients that write through elections: what one does not know to be done it does not count."""

    def __init__(self, rs, seed, threads=2, collections=3):
        self.rs, self.stopped, self.problems = rs, threading.Event(), []
        self.collections, self.done = collections, 0
        for i in range(collections):
            if f"c{i}" not in rs.client["shop"].list_collection_names():
                rs.client["shop"].create_collection(f"c{i}")
        self.threads = [threading.Thread(target=self._run, args=(seed * 100 + i, i)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self, seed, mine):
        rng, n = random.Random(seed), 0
        client = pymongo.MongoClient(self.rs.uri, serverSelectionTimeoutMS=60000, retryWrites=True)
        while not self.stopped.is_set():
            n += 1
            try:
                self._step(client, rng, mine, n)
                self.done += 1
            except pymongo.errors.PyMongoError:
                time.sleep(0.05)  # an election
            except Exception as error:
                self.problems.append(repr(error))
                break
        client.close()

    def _step(self, client, rng, mine, n):
        db, kind = client["shop"], rng.randrange(14)
        coll = db[f"c{rng.randrange(self.collections)}"]
        if kind < 5:
            coll.insert_many([{"n": n, "by": mine, "pad": "x" * rng.randrange(300)} for _ in range(rng.randrange(1, 6))])
        elif kind < 9:
            coll.update_one({"by": mine, "n": rng.randrange(n + 1)}, {"$set": {f"f{n % 7}": n}, "$inc": {"t": 1}})
        elif kind < 11:
            coll.delete_one({"by": mine, "n": rng.randrange(n + 1)})
        elif kind == 11:
            with client.start_session() as session, session.start_transaction():
                db["c0"].insert_one({"_id": f"{mine}-{n}-{rng.random()}"}, session=session)
                db["c1"].insert_one({"_id": f"{mine}-{n}-{rng.random()}"}, session=session)
        elif n % 6 == 0:
            self._ddl(db, rng, mine, n)

    @staticmethod
    def _ddl(db, rng, mine, n):
        name, kind = f"made{mine}_{n}", rng.randrange(4)
        db[name].insert_many([{"i": i} for i in range(20)])
        if kind == 0:
            db[name].create_index("i")
        elif kind == 1:
            db[name].rename(f"renamed{mine}_{n}")
        elif kind == 2:
            db[name].drop()
        else:
            db.command("collMod", name, validator={"i": {"$gte": 0}})

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        assert not self.problems, self.problems

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def state_of(client):
    """{namespace: its documents, sorted} as the deployment has it."""
    found = {}
    for db in client.list_database_names():
        if db in ("admin", "config", "local"):
            continue
        for entry in client[db].list_collections():
            coll = entry["name"]
            if not coll.startswith("system."):
                docs = client.get_database(db, codec_options=peers.RAW)[coll].find()
                found[f"{db}.{coll}"] = sorted(doc.raw for doc in docs)
    return found


def read_at(rs, optime, names):
    """What the collections held at a cluster time, by the servers' own snapshot reads (5.0 and later)."""
    seconds, increment = map(int, optime.split("."))
    found = {}
    with rs.client.start_session(snapshot=True) as session:
        session._snapshot_time = bson.timestamp.Timestamp(seconds, increment)
        for name in names:
            docs = rs.client.get_database("shop", codec_options=peers.RAW)[name].find({}, session=session)
            found[f"shop.{name}"] = sorted(doc.raw for doc in docs)
    return found
