"""yester drill: a moment restored into a mongod of its own, compared, and nothing left behind."""
import json
import os
import random
import subprocess
from pathlib import Path

import peers
import pytest
import truth

pytestmark = pytest.mark.mongod
SEED = int(os.environ.get("YESTER_SEED", "10"))


def drill(store, version="6.0.27", *options, check=0, tmp=None):
    program = peers.fetched(truth.mongod, version)
    environment = {**program.env(), **({"TMPDIR": str(tmp)} if tmp else {})}
    return store.run("drill", "--mongod", program.path, *options, check=check, env=environment)


def event(store):
    return json.loads(next((store.path / "local").glob("*/status/drill.json")).read_text())


def test_a_good_store_is_good(store, fixture_dump, tmp_path):
    store.ingest(fixture_dump)
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    done = drill(store, "6.0.27", "--json", tmp=scratch)
    found = json.loads(done.out)
    assert found["ok"] and found["mongod"] == "6.0.27" and found["notes"] == []
    documents = sum(len(one.documents or ()) for (db, _), one in peers.read_dump(fixture_dump).items() if db != "admin")
    assert found["documents"] == documents
    assert event(store)["ok"] and event(store)["documents"] == documents
    assert list(scratch.iterdir()) == [], "something was left"
    assert "good:" in drill(store, tmp=scratch).out


@pytest.mark.parametrize("version", [v for v in peers.VERSIONS if v != "6.0.27"])
def test_every_version(store, version):
    with peers.Mongod(version) as server:
        db = server.client["shop"]
        db["orders"].insert_many([{"_id": i, "pad": "d" * (i % 100)} for i in range(5000)])
        db["orders"].create_index("pad")
        db.create_collection("ring", capped=True, size=10000)
        db["ring"].insert_many([{"i": i} for i in range(500)])
        db.create_collection("view", viewOn="orders", pipeline=[])
        store.run("backup", "--uri", server.uri)
        db["orders"].delete_many({"_id": {"$lt": 100}})
        store.run("tail", "--once", "--uri", server.uri)
    found = json.loads(drill(store, version, "--json").out)
    assert found["ok"] and found["documents"] > 4900 and found["collections"] >= 3



def test_a_damaged_store_is_found(store, fixture_dump):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    store.ingest(fixture_dump)
    packs = sorted((store.path / "chunks").rglob("*.pack"))
    largest = max(packs, key=lambda p: p.stat().st_size)
    data = bytearray(largest.read_bytes())
    for _ in range(20):
        data[rng.randrange(64, len(data) * 2 // 3)] ^= 0x55
    largest.chmod(0o600)
    largest.write_bytes(data)
    done = drill(store, check=4)
    assert "chunk" in done.err and ".pack" in done.err, done.story()
    assert not event(store)["ok"]


def test_what_is_no_mongod_is_told(store, fixture_dump, tmp_path):
    store.ingest(fixture_dump)
    assert store.run("drill", check=2)
    assert store.run("drill", "--mongod", tmp_path / "none", check=(1, 2)).err
    assert store.run("drill", "--mongod", "/bin/false", check=1).err
    done = store.run("drill", "--mongod", "mongod", check=2, env={**os.environ, "PATH": str(tmp_path)})
    assert "there is no program mongod in PATH\nHINT: --mongod /usr/bin/mongod" in done.err
    assert not list((store.path / "local").glob("*/status/drill.json"))


def test_a_mongod_is_looked_for_in_path(store, fixture_dump, tmp_path):
    store.ingest(fixture_dump, "--nsInclude", "shop.*")
    program = peers.fetched(truth.mongod, "6.0.27")
    (tmp_path / "mongod").symlink_to(program.path)
    environment = {**program.env(), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert "good:" in store.run("drill", "--mongod", "mongod", env=environment).out


def test_no_mongod_is_left_when_it_is_killed(store, fixture_dump, tmp_path):
    store.ingest(fixture_dump)
    program = peers.fetched(truth.mongod, "6.0.27")
    process = subprocess.Popen([str(peers.program("yester")), "drill", "-s", str(store.path), "--mongod", str(program.path)],
                               env={**program.env(), "TMPDIR": str(tmp_path)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    child = None
    while process.poll() is None and not child:
        child = children.read_text().split()
    assert child, "it ended before a mongod was seen"
    process.kill()
    process.wait()
    gone = Path(f"/proc/{child[0]}/stat")
    from following import until
    until(lambda: not gone.exists() or gone.read_text().rsplit(")", 1)[1].split()[0] in "ZX", "the mongod is gone")
