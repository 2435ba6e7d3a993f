"""Encrypted stores and running servers: what a tail writes, its journals, its children; what is restored."""
import contextlib
import json
import os
import random
import signal
import subprocess
import threading
from pathlib import Path

import peers
import pytest
from encrypted import SECRET, SEED, Encrypted, Planted, found_in
from replica_set import until

pytestmark = pytest.mark.mongod


@pytest.fixture(scope="module")
def member():
    with peers.Mongod("6.0.27") as server:
        yield server


class Children:
    """What `ps` shows of a process's children, command lines and environments, seen as often as can be."""

    def __init__(self, pid):
        self.pid, self.shown, self.over = pid, set(), threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _look(self):
        others = set()  # whose parent is another
        while not self.over.is_set():
            for number in set(filter(str.isdigit, os.listdir("/proc"))) - others:
                process = Path("/proc") / number
                with contextlib.suppress(OSError):
                    if int((process / "stat").read_text().rsplit(")", 1)[1].split()[1]) != self.pid:
                        others.add(number)
                        continue
                    self.shown.add((process / "cmdline").read_bytes())
                    self.shown.add((process / "environ").read_bytes())

    def text(self):
        return b" ".join(list(self.shown))


def test_a_tail_and_its_children_have_the_key_and_show_it_to_nobody(member, tmp_path):
    store, planted = Encrypted(tmp_path / "store"), Planted(SEED + 4)
    db, name = planted["live database"], planted["live collection"]
    member.client[db][name].insert_many([{"_id": i, "text": planted["live value"]} for i in range(500)])
    planted.words["host"] = member.address
    store.run("backup", "--uri", member.uri)
    # The key comes by a pipe that can be read once: the children can't get it again from where it was.
    pipe = os.pipe()
    os.write(pipe[1], SECRET.encode())
    os.close(pipe[1])
    env = {k: v for k, v in store.env.items() if k != "YESTER_KEY_FILE"} | {"YESTER_URI": member.uri}
    log = open(tmp_path / "log", "w+b")
    tail = subprocess.Popen([str(peers.program("yester")), "tail", "-s", str(store.path), "--every", "1s", "--key-file", f"/dev/fd/{pipe[0]}"],
                            env=env, stdout=log, stderr=log, pass_fds=[pipe[0]])
    os.close(pipe[0])

    def snapshots():
        member.client[db][name].update_one({"_id": 1}, {"$inc": {planted["live field"]: 1}})
        assert tail.poll() is None, (tmp_path / "log").read_text()
        return len(json.loads(store.run("snapshots", "--json").out)) >= 3 and b"snapshot" in children.text()

    children = Children(tail.pid)
    try:
        with children:
            until(snapshots, "the tail makes snapshots, and they are seen at it")
        assert list(store.path.rglob("*.journal")), "no journal to look into"
        assert not found_in(store.folders, planted)
    finally:
        tail.send_signal(signal.SIGTERM)
        status = tail.wait(timeout=120)
    log.seek(0)
    said = log.read()
    log.close()
    assert status == 0, said
    assert SECRET.encode() not in children.text() + said
    assert not found_in(store.folders, planted)
    assert json.loads(store.run("check", "--read-data", "--replay", "1", "--json").out)["whole"]
    assert planted["live field"] in store.run("cat", "--at", "latest", f"{db}.{name}").out


def test_flipped_bits_of_a_journal_are_found_or_end_it(member, tmp_path):
    """Of a tail that was killed. What is cut off at its end is no damage; what is served is what was acknowledged."""
    print(f"seed {SEED}")
    rng, store = random.Random(SEED), Encrypted(tmp_path / "store")
    member.client["shop"].journal.insert_many([{"_id": i} for i in range(100)])
    store.run("backup", "--uri", member.uri)
    tail = subprocess.Popen([str(peers.program("yester")), "tail", "-q", "-s", str(store.path)], env={**store.env, "YESTER_URI": member.uri})

    def lines():
        return store.run("log", "--json", "--op", "i").out.splitlines()

    try:
        for i in range(20):
            member.client["shop"].journal.insert_one({"_id": f"one {i}"})
        until(lambda: len([line for line in lines() if "one " in line]) == 20, "the tail has it")
    finally:
        tail.send_signal(signal.SIGKILL)
        tail.wait()
    journal, = store.path.rglob("*.journal")
    whole, right = journal.read_bytes(), lines()
    length = len(whole.rstrip(b"\0"))
    noticed = 0
    for _ in range(20):
        data, bit = bytearray(whole), rng.randrange(8 * length)
        data[bit // 8] ^= 1 << bit % 8
        journal.write_bytes(data)
        story = f"bit {bit} of {length} bytes"
        log, check = store.run("log", "--json", "--op", "i", check=None), store.run("check", "--read-data", check=(0, 4))
        served = log.out.splitlines()
        assert served == right[:len(served)], f"{story}: {log.story()}"
        noticed += check.status != 0 or len(served) < len(right)
    journal.write_bytes(whole)
    print(f"{noticed} of 20 were told, or ended the journal")
    assert noticed >= 19  # bits in what lies behind the last frame tell nothing
    assert lines() == right and json.loads(store.run("check", "--read-data", "--json").out)["whole"]


def test_what_is_restored_is_what_was_there(member, tmp_path):
    store = Encrypted(tmp_path / "store")
    member.wipe()
    member.client["shop"].orders.insert_many([{"_id": i, "n": i * i, "text": "x" * (i % 50)} for i in range(3000)])
    member.client["shop"].orders.create_index("n")
    store.run("backup", "--uri", member.uri, "--name", "before")
    before = peers.dbhash(member.client, "shop")
    member.client["shop"].orders.delete_many({"_id": {"$gt": 100}})
    store.run("restore", "--at", "before", "--uri", member.uri, "--nsInclude", "shop.*", "--drop", "-y")
    assert peers.dbhash(member.client, "shop") == before
    store.run("verify", "--at", "before", "--uri", member.uri)
    binary = peers.fetched(peers.truth.mongod, member.version)
    store.run("drill", "--at", "before", "--mongod", binary.path, env={**binary.env(), **store.env} if binary.env() else None)
