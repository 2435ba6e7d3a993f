"""The dump that the repository carries is what its generator makes, and is what it claims to be."""
import json
import sys

import peers
import pytest
from peers import tools

GENERATOR = peers.ROOT / "tests" / "fixture" / "make_fixture.py"


def test_the_fixture_is_what_its_generator_makes():
    peers.run([sys.executable, GENERATOR, "--check"])


@pytest.mark.parametrize("seed", (7, 20, 26, 28))
def test_the_same_dump_again_stores_nothing(fixture_dump, tmp_path, seed):
    """Its documents are not in order of _id: with these seeds a leaf ended before the first that was out of order."""
    path = tmp_path / "store"
    peers.yester("init", "-s", path, "--seed", seed)
    first, again = (json.loads(peers.yester("ingest", "-s", path, fixture_dump, "--name", name, "--json").out) for name in ("a", "b"))
    assert first["newChunks"] > 20 and again["newChunks"] == 0 and again["storedBytes"] == 0


def test_the_fixture_is_small(fixture_dump):
    assert sum(p.stat().st_size for p in fixture_dump.rglob("*") if p.is_file()) < 300_000


@pytest.mark.mongod
def test_a_stock_mongorestore_takes_the_fixture(fixture_dump, target):
    tools.mongorestore("--port", target.port, "--dir", fixture_dump)
    for one in peers.read_dump(fixture_dump).values():
        if one.documents is None or "\n" in one.name or one.name == "system.version":
            continue  # mongorestore passes over names with a newline; the version is the server's own
        found = [d.raw for d in target.client.get_database(one.db, codec_options=peers.RAW)[one.name].find()]
        assert sorted(found) == sorted(one.documents), f"{one.db}.{one.name}"
        if one.keeps_natural_order:
            assert found == one.documents


def test_a_mongod_of_each_version_starts(mongod):
    assert mongod.client.server_info()["version"] == mongod.version


def test_the_tools_say_who_they_are():
    for name in peers.truth.TOOLS:
        assert peers.truth.TOOLS_NAME in getattr(tools, name)("--version").out


def test_dump_names_are_escaped_as_mongodump_does(mongod, tmp_path):
    """Against the real mongodump; hashed names too."""
    import values

    mongod.wipe()
    names = values.awkward_names(mongod.number)
    for name in names:
        mongod.client["names"].create_collection(name)
    tools.mongodump("--port", mongod.port, "--db", "names", "--out", tmp_path)
    found = {p.name for p in (tmp_path / "names").iterdir() if p.name.endswith(".bson")}
    assert found == {values.escape(name) + ".bson" for name in names}


def test_archives_and_folders_read_alike(mongod, tmp_path):
    """Our own reader of archives agrees with our own reader of folders, CRC-64s checked."""
    mongod.wipe()
    mongod.client["a"]["b"].insert_many({"_id": i, "pad": "x" * i} for i in range(300))
    mongod.client["a"].create_collection("empty")
    tools.mongodump("--port", mongod.port, "--db", "a", "--out", tmp_path / "dump")
    tools.mongodump("--port", mongod.port, "--db", "a", "--gzip", f"--archive={tmp_path / 'archive'}")
    folder = peers.read_dump(tmp_path / "dump")
    archive = peers.read_archive(tmp_path / "archive")
    assert {k: v.documents for k, v in folder.items()} == {k: v.documents or [] for k, v in archive.items()}
