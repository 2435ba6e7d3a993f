"""A backup or a tail of a real mongod, killed, failing, or cut off the power at any call that changes something below the store.

As test_crash_verbs.py has it of the others, with the same variables. Between two points the mongod is the same; nobody writes to it.
"""
import hashlib
import json
import random
import shutil

import crash_workload as workload
import peers
import pytest
from test_crash_verbs import DEEDS, ENDS, KILLS, SEED

pytestmark = pytest.mark.mongod
QUIET = ("--setParameter", "writePeriodicNoops=false")  # else the oplog grows while we look


class World:
    """A store that was filled by a backup and a tail, and is behind the mongod; and one that is new."""

    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.orders = server.client["shop"]["orders"]
        self.write(0, 200)
        self.new, self.tailed = folder / "new", folder / "tailed"
        for path in (self.new, self.tailed):
            peers.yester("init", "-s", path)
        self.backup(self.tailed)
        self.write(200, 300)
        self.tail(self.tailed)
        # A tail that was killed leaves a journal that the next one seals.
        self.write(300, 350)
        env = workload.shim("any", 12, "kill-before", store=self.tailed)
        assert self.tail(self.tailed, check=None, env=env).status == -9
        assert list(self.tailed.rglob("*.journal")), "no journal was left to seal"
        self.write(350, 400)
        self.before = {path: self.counts(path) for path in (self.new, self.tailed)}
        self.deeds = {"backup": (self.new, self.backup), "first tail": (self.new, self.tail), "tail": (self.tailed, self.tail)}
        self.calls, self.after = {}, {}
        for name, (template, run) in self.deeds.items():
            store, report = self.copy(template), folder / "report"
            run(store, env=workload.shim("any", report=report, store=store))
            self.calls[name] = next(int(line.split()[1]) for line in report.read_text().splitlines() if line.startswith("any "))
            self.after[name] = self.looks(store)

    def write(self, first, end):
        self.orders.insert_many([{"_id": i, "pad": "x" * (i * 7 % 90)} for i in range(first, end)])

    def backup(self, store, **how):
        return self.run(store, "backup", "-q", "--name", "b", **how)

    def tail(self, store, **how):
        return self.run(store, "tail", "-q", "--once", **how)

    def run(self, store, verb, *words, check=0, env=None):
        return peers.yester(verb, "-s", store, *words, "--uri", self.server.uri, check=check, env=env)

    def copy(self, template):
        path = self.folder / "store"
        shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(f"{path}.lost", ignore_errors=True)
        peers.run(["cp", "-a", template, path])
        return path

    @staticmethod
    def counts(store):
        said = json.loads(peers.yester("check", "-s", store, "--read-data", "--json").out)
        assert said["whole"], said
        return said["snapshots"], said["entries"]

    def looks(self, store):
        """What is there, and what the newest moment shows."""
        return *self.counts(store), self.digest(store)

    @staticmethod
    def digest(store):
        if not list((store / "snapshots").iterdir()):
            return "no moment can be reached yet"
        return hashlib.sha256(peers.yester("cat", "-s", store, "--at", "latest", "shop.orders", "--format", "bson").raw).hexdigest()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    with peers.Mongod("6.0.27", arguments=QUIET) as server:
        made = World(folder, server)
        print(f"\nseed {SEED}: calls {made.calls}")
        yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("name", ["backup", "first tail", "tail"])
def test_what_reads_a_mongod_and_dies_at_any_call_is_completed_by_the_next(world, name):
    template, run = world.deeds[name]
    rng, problems = random.Random(f"{SEED} {name}"), []
    every = [(at, *deed) for deed in DEEDS for at in range(1, world.calls[name] + 1)] + [(0, *end) for end in ENDS]
    count = 1 if KILLS < 0 else KILLS * (len(DEEDS) + len(ENDS)) or len(every)
    for number, (at, deed, cut) in enumerate(rng.sample(every, min(count, len(every)))):
        store = world.copy(template)
        env = workload.shim("any", at, "" if deed == "end" else deed, store=store, cut=cut, seed=SEED * 1000 + number)
        done = run(store, check=None, env=env)
        if at > 0 and "shim:" not in done.err and done.status == 0:
            continue  # it made fewer calls
        workload.count_point()
        try:
            is_fine(world, name, store, done)
        except AssertionError as problem:
            problems.append(f"{name}: {deed} {cut} at call {at} of {world.calls[name]} (exit {done.status}), seed {SEED * 1000 + number}: "
                            f"{done.err[-300:]}\n{problem}")
            print(problems[-1])
    assert not problems, f"{len(problems)} points: " + "\n".join(problems[:5])


def is_fine(world, name, store, done):
    template, run = world.deeds[name]
    counted = world.counts(store)
    assert all(now >= then for now, then in zip(counted, world.before[template])), f"{counted}, it was {world.before[template]}"
    if done.status == 0:
        assert world.looks(store) == world.after[name], "acknowledged, but not there"
    elif name != "backup" or counted[0] == 0:
        run(store)
    assert world.looks(store) == world.after[name]
