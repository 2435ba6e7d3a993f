"""The README's walk through an accident, as it stands there, against a real mongod.

What runs is every line of the blocks that begin with ```sh, in their order, in one folder. What is put in is only the
right side of the four assignments that the README tells its reader to set: YESTER_STORE, MNT and URI, and AT, for which
the --at of the first line of `yester log --bursts` is pasted. Nothing else is changed or left out.
"""
import datetime
import json
import os
import re
from dataclasses import dataclass

import bson
import peers
import pytest
import walk
from bson import json_util

pytestmark = pytest.mark.fuse

VERSION = "6.0.5"
KNOWN = bson.ObjectId("507f1f77bcf86cd799439011")  # the one document that the README names
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
DIFFERS = {"yester diff": 3}  # what a command that the README tells of ends with, if not 0


def blocks():
    return [block.splitlines() for block in BLOCK.findall((peers.ROOT / "README.md").read_text())]


@dataclass
class Shell:
    """Each line is run by a bash of its own; the variables that were assigned go along."""

    folder: object
    values: dict  # put in for what is assigned
    assigned: dict

    def line(self, line):
        found = re.fullmatch(r"(?:export )?([A-Z_]+)=(\S+)", line)
        if found:
            self.assigned[found[1]] = self.values.pop(found[1])
            return None
        wanted = next((status for words, status in DIFFERS.items() if line.startswith(words)), 0)
        return self.run(line, wanted)

    def run(self, line, wanted=0):
        path = f"{peers.BUILD}{os.pathsep}{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return peers.run(["bash", "-o", "pipefail", "-c", line], wanted, cwd=self.folder,
                         env={**os.environ, **self.assigned, "PATH": path})

    def block(self, lines):
        """{line: its output}"""
        return {line: self.line(line) for line in lines}


class Shop:
    """A live shop, where work goes on before and after the accident."""

    def __init__(self, client):
        self.client, self.orders, self.new = client, client["shop"]["orders"], 0

    def fill(self):
        self.orders.insert_many([{"_id": KNOWN, "status": "paid", "total": 1}] + [
            {"_id": bson.ObjectId(f"65{n:022x}"), "status": ("new", "paid", "sent")[n % 3], "total": n} for n in range(900)])
        self.orders.create_index("status")
        self.client["shop"]["settings"].insert_one({"_id": "currency", "value": "EUR"})

    def work(self, count):
        for _ in range(count):
            self.new += 1
            self.orders.insert_one({"_id": f"new {self.new}", "status": "new"})
            self.orders.update_one({"_id": bson.ObjectId(f"65{self.new * 3:022x}")}, {"$set": {"n": self.new}})
        self.client["shop"]["settings"].replace_one({"_id": "currency"}, {"value": "EUR", "n": self.new})

    def all(self, name="orders"):
        return {d["_id"]: d for d in self.client["shop"][name].find()}


@pytest.fixture
def shell(tmp_path):
    walk.put_tools_into(tmp_path / "bin")
    (tmp_path / "mnt").mkdir()
    made = Shell(tmp_path, {"YESTER_STORE": str(tmp_path / "store"), "MNT": str(tmp_path / "mnt")}, {})
    yield made
    if peers.is_mounted(tmp_path / "mnt"):
        peers.run(["fusermount3", "-u", "-z", tmp_path / "mnt"])


def only_what_is_new(shell, printed):
    """The mongodump that ingest-oplog prints continues what is there, and fetches no more."""
    mongodump, ingest = printed.split("Next, any time later:\n")[1].replace("\\\n", "").strip().splitlines()
    shell.run(mongodump.replace("mongodump ", f"mongodump --uri '{shell.assigned['URI']}' ", 1))
    found = re.search(r"(\d+) new entries of the oplog, 1 already there", shell.run(ingest.strip()).out)
    assert found and int(found[1]) >= 31
    shell.run("yester gaps")


def test_the_walk_through_of_the_readme_works_as_it_stands(shell):
    settings, before, what_happened, paste, look, beside, back = blocks()
    assert [line.split("=")[0].split()[-1] for line in settings + paste] == ["YESTER_STORE", "MNT", "URI", "AT"]
    with peers.Mongod(VERSION) as server:
        shop = Shop(server.client)
        shop.fill()
        shell.values["URI"] = server.uri
        shell.block(settings)
        init, dump, slices = before
        shell.line(init), shell.line(dump)
        shop.work(40)
        printed = shell.line(slices).out
        shop.work(15)
        only_what_is_new(shell, printed)
        shop.work(15)
        good = shop.all()
        deleted = shop.orders.delete_many({"status": "paid"}).deleted_count
        assert deleted == 301
        shop.work(30)

        *_, log = shell.block(what_happened).values()
        burst = log.out.splitlines()[0]
        assert re.search(rf"shop\.orders  d {deleted}  --at \S+~$", burst), log.story()
        assert len(log.out.splitlines()) < 70, "what is looked for would scroll away"
        shell.values["AT"] = burst.split("--at ")[1]
        shell.block(paste)

        seen = shell.block(look)
        text = {line.split("  ")[0]: done.out for line, done in seen.items()}
        cat = next(out for line, out in text.items() if line.startswith("cat "))
        assert json_util.loads(cat) == good[KNOWN]
        assert next(out for line, out in text.items() if line.startswith("grep ")) == f"{deleted}\n"
        assert "(deleted)" in text["yester log shop.orders 507f1f77bcf86cd799439011"]
        assert f"-{deleted}" in text['yester diff "$AT" latest --stat']

        shell.block(beside)
        assert shop.all("orders_before") == good
        assert set(server.client["shop"]["orders_before"].index_information()) == {"_id_", "status_1"}
        live = shop.all()
        *_, mongorestore, ranges, gaps, _ = shell.block(back).values()
        assert f"{deleted} document(s) restored successfully" in mongorestore.out
        assert shop.all() == {**good, **live}, "all that was deleted is back, and later writes are as they were"
        assert "before-accident" not in gaps.out and len(ranges.out.splitlines()) == 2
        assert not peers.is_mounted(shell.assigned["MNT"])
    assert not shell.values


def test_the_line_that_the_readme_shows_is_what_log_prints(store, fixture_dump):
    """With the oplog that the repository carries, which is what `make demo` shows."""
    store.ingest(fixture_dump, "--time", "1795248000.1", "--assert-quiesced")
    store.run("ingest-oplog", fixture_dump.parent / "slice")
    form = re.sub(r"[\d,]+", "N", store.run("log", "--bursts").out.splitlines()[0])
    shown = re.search(r"^    (\d{4}-.* d [\d,]+ .*)$", (peers.ROOT / "README.md").read_text(), re.M)[1]
    assert re.sub(r"[\d,]+", "N", shown) == form


def test_the_demo_works(tmp_path):
    done = peers.run([peers.ROOT / "tests" / "demo" / "demo.sh"],
                     env={**os.environ, "BUILD": str(peers.BUILD), "TMPDIR": str(tmp_path)})
    assert "d 58  --at 1795254067.1~" in done.out and "before-accident" in done.out
    assert os.listdir(tmp_path) == []


def test_bursts_as_text_tell_what_they_leave_out(store, fixture_dump):
    store.ingest(fixture_dump, "--time", "1795248000.1", "--assert-quiesced")
    store.run("ingest-oplog", fixture_dump.parent / "slice")
    everything = store.run("log", "--bursts", "-v").out.splitlines()
    some = store.run("log", "--bursts").out.splitlines()
    assert len(everything) == len(store.run("log", "--bursts", "--json").out.splitlines()) > 21
    assert some[:21] == everything[:21]
    assert some[21:] == [f"... and {len(everything) - 21} more runs of inserts and updates, of 1 operation at most (-v shows all)"]


def test_what_several_sessions_did_together_is_one_line(store, tmp_path):
    """Four threads of which the first one does the least; a loop over a cursor: 101 deletions in one session, the rest in another. Both beside steady ones."""
    began = 1795254000
    sessions = [{"id": bson.Binary(bytes([i] * 16), 4), "uid": bson.Binary(bytes(32), 0)} for i in range(60)]
    made = [(ms, "shop.carts", i) for i in range(50) for ms in range(i, 300_000, 1000)]
    made += [(100_000 + 3 * n, "shop.orders", 50) for n in range(30)]
    made += [(100_010 + 11 * n + i, "shop.orders", 51 + i) for n in range(120) for i in range(3)]
    made += [(200_000 + 2 * n, "shop.users", 54 if n < 101 else 55) for n in range(700)]
    made.sort()
    increments = {}
    with open(tmp_path / "oplog.bson", "wb") as oplog:
        for n, (ms, ns, session) in enumerate(made):
            second = began + ms // 1000
            increments[second] = increments.get(second, 0) + 1
            oplog.write(bson.encode({"ts": bson.Timestamp(second, increments[second]), "t": bson.Int64(1), "v": bson.Int64(2), "op": "d", "ns": ns, "o": {"_id": n},
                                     "wall": datetime.datetime.fromtimestamp(began + ms / 1000, datetime.timezone.utc), "lsid": sessions[session], "txnNumber": bson.Int64(n)}))
    store.run("ingest-oplog", tmp_path / "oplog.bson")
    lines = [line.split("UTC  ")[1].split("  (")[0] for line in store.run("log", "--bursts").out.splitlines()]
    assert [re.sub(r" to \S+", "", line) for line in lines] == [
        f"{began}.1  shop.carts  d 15,000  50 runs", f"{began + 200}.2  shop.users  d 700  2 runs", f"{began + 100}.2  shop.orders  d 390  4 runs"]
    told = [json.loads(line) for line in store.run("log", "--bursts", "--json").out.splitlines()]
    assert len(told) == 56 == len(store.run("log", "--bursts", "-v").out.splitlines())
    assert [(run["count"], run["groupRuns"], run["groupCount"], run["groupFirst"]) for run in told[50:54]] == [
        (101, 2, 700, f"{began + 200}.2"), (599, 2, 700, f"{began + 200}.2"), (30, 4, 390, f"{began + 100}.2"), (120, 4, 390, f"{began + 100}.2")]


def test_bursts_of_one_namespace_leave_room_for_others(store, tmp_path):
    """A TTL index removes something each minute: sixty runs an hour, each bigger than the accident."""
    def deletions(ns, second, count):
        return [bson.encode({"ts": bson.Timestamp(second, i + 1), "t": bson.Int64(1), "v": bson.Int64(2), "op": "d", "ns": ns, "o": {"_id": i}}) for i in range(count)]

    began = 1795254000
    entries = [deletions("shop.sessions", began + 60 * minute, 30 + minute % 7) for minute in range(60)]
    entries.insert(30, deletions("shop.orders", began + 60 * 29 + 30, 20))
    (tmp_path / "oplog.bson").write_bytes(b"".join(one for run in entries for one in run))
    store.run("ingest-oplog", tmp_path / "oplog.bson")
    lines = store.run("log", "--bursts").out.splitlines()
    assert len(lines) == 21 and sum("shop.sessions  d 36" in line for line in lines) == 8
    assert "shop.orders  d 20" in lines[19]
    assert lines[20] == "... and 41 more runs of deletions, of 34 operations at most (-v shows all)"
    assert len(store.run("log", "--bursts", "-v").out.splitlines()) == 61


def test_an_oplog_is_not_ingested_as_data(store, fixture_dump):
    done = store.ingest(fixture_dump.parent / "slice", check=6)
    assert "yester ingest-oplog" in done.err
    assert store.run("snapshots", "--json").out.strip() == "[]"
    store.ingest(fixture_dump.parent / "slice", "--nsInclude", "local.oplog.rs")  # who insists
    assert "155 documents" in store.run("ls").out or "155" in store.run("count").out


def test_slips_are_told(store, fixture_dump, tmp_path):
    store.ingest(fixture_dump, "--time", "1795248000.1", "--assert-quiesced")
    store.run("ingest-oplog", fixture_dump.parent / "slice")
    assert "--archive" in store.run("dump", "--out", "-", check=2, cwd=tmp_path).err
    assert os.listdir(tmp_path) == ["store"]
    with peers.Mount(store.path) as mount:
        again = store.run("mount", mount.path, check=6)
        assert "mounted at" in again.err and "yester umount" in again.err
    for slip, hint in (("15:00", "now is"), ("1h", "latest-1h")):
        assert hint in store.run("log", "--since", slip, check=(1, 2)).err


def test_bursts_offer_only_moments_that_can_be_opened(store, fixture_dump):
    """The oplog may reach back behind the first snapshot: what happened there is told, but is nothing to go back to."""
    store.ingest(fixture_dump, "--time", "1795254067.1", "--assert-quiesced")
    store.run("ingest-oplog", fixture_dump.parent / "slice")
    lines = store.run("log", "--bursts", "-v").out.splitlines()
    offered = [re.search(r"--at (\S+)$", line)[1] for line in lines if "--at" in line]
    assert offered and len(offered) < len(lines)
    assert all(line.endswith("(the moment before can't be opened)") for line in lines if "--at" not in line)
    told = [json.loads(line) for line in store.run("log", "--bursts", "--json").out.splitlines()]
    assert {run["at"] for run in told if run["reachable"]} == set(offered)
    for run in (told[0], told[1], told[-1]):
        store.run("count", "--at", run["at"], check=0 if run["reachable"] else 5)
