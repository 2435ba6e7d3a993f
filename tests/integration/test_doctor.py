"""`yester doctor`: what it finds, on a machine and in a store, and the exit codes that scripts rely on."""
import json
import os
import resource
import shutil
import subprocess

import peers
import pytest

GOOD, WARNING = (0, 3), 3


def findings(done):
    """{name: [finding]}"""
    found = {}
    for finding in json.loads(done.out)["findings"]:
        found.setdefault(finding["name"], []).append(finding)
    return found


def states(found, name):
    return [finding["state"] for finding in found[name]]


def test_the_machine_is_looked_at_without_a_store(yester):
    found = findings(yester("doctor", "--json", check=GOOD))
    assert {"version", "kernel", "driver", "limits", "cores", "clock", "tmp", "store"} <= set(found)
    assert states(found, "store") == ["note"] and states(found, "driver") == ["good"]
    for library in ("libbson", "zstd", "lmdb", "icu"):
        assert library in found["version"][0]["text"]
    assert os.uname().release in found["kernel"][0]["text"]


def test_a_good_store_is_good(store, fixture_dump):
    store.ingest(fixture_dump)
    done = store.run("doctor", "--json", check=GOOD)
    found = findings(done)
    for name in ("place", "room", "rights", "local", "index", "snapshots"):
        assert states(found, name) in (["good"], ["warning"] if name in ("place", "room") else [])
    assert json.loads(done.out)["ok"] is (done.status == 0)
    text = store.run("doctor", check=done.status).out
    assert "snapshots  1, the newest with " in text
    assert store.run("doctor", "--quiet", check=done.status).out == "" or done.status == WARNING


def test_a_store_that_is_not_there_is_told_with_its_exit_code(yester, tmp_path):
    found = findings(yester("doctor", "-s", tmp_path / "none", "--json", check=10))
    assert states(found, "store") == ["problem"] and "yester init" in found["store"][0]["hint"]


def test_a_damaged_config_is_a_problem(store):
    path = store.path / "config"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"leaf", b"loaf"))
    done = store.run("doctor", "--json", check=(1, 4))
    assert states(findings(done), "store") == ["problem"]


def test_rights_that_let_others_in_are_told_and_the_hint_mends_them(store):
    store.path.chmod(0o755)
    finding = findings(store.run("doctor", "--json", check=WARNING))["rights"][0]
    assert finding["state"] == "warning" and "755" in finding["text"]
    peers.run(["sh", "-c", finding["hint"]])
    assert states(findings(store.run("doctor", "--json", check=GOOD)), "rights") == ["good"]


def test_a_gap_and_a_damaged_snapshot_are_told(store, fixture_dump):
    store.ingest(fixture_dump, "--time", "1795248000.1", "--assert-quiesced")
    store.run("ingest-oplog", fixture_dump.parent / "slice")
    store.ingest(fixture_dump, "--time", "1895248000.1", "--assert-quiesced", "--name", "far")
    found = findings(store.run("doctor", "--json", check=WARNING))
    assert "in the future" in found["clock"][-1]["text"]
    manifest = sorted((store.path / "snapshots").iterdir())[0]
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes()[:-9])
    health = findings(store.run("doctor", "--json", check=WARNING))["health"]
    assert any("damaged" in finding["text"] for finding in health)


def test_a_mongod_on_the_same_device_is_found(store):
    with peers.Mongod("6.0.5", replset=False) as server:
        here = store.path.stat().st_dev == (server.folder / "db").stat().st_dev
        found = findings(store.run("doctor", "--json", check=(0, 3)))["device"]
        told = any(str(server.folder / "db") in finding["text"] and finding["state"] == "warning" for finding in found)
        assert told == here


def test_a_dbpath_that_is_named_is_compared(store, tmp_path):
    (tmp_path / "db").mkdir()
    found = findings(store.run("doctor", "--json", "--dbpath", tmp_path / "db", check=WARNING))["device"]
    assert any(str(tmp_path / "db") in finding["text"] for finding in found)
    assert "/proc/version" not in json.dumps(findings(store.run("doctor", "--json", "--dbpath", "/proc", check=GOOD))["device"])


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="there is no /dev/shm")
def test_a_store_in_memory_is_told(tmp_path):
    place = f"/dev/shm/yester-doctor-{os.getpid()}"
    try:
        store = peers.Store(place)
        finding = findings(store.run("doctor", "--json", check=WARNING))["place"][0]
        assert finding["state"] == "warning" and "in memory (tmpfs)" in finding["text"]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_limits_and_cores_are_told():
    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        resource.setrlimit(resource.RLIMIT_CORE, (4096, resource.getrlimit(resource.RLIMIT_CORE)[1]))

    done = subprocess.run([peers.program("yester"), "doctor", "--json"], capture_output=True, text=True, preexec_fn=lower)
    found = {f["name"]: f for f in json.loads(done.stdout)["findings"]}
    assert done.returncode == WARNING
    assert found["limits"]["state"] == "warning" and "256 open files" in found["limits"]["text"]
    assert found["cores"]["state"] == "note"


def test_a_driver_of_another_version_is_told(tmp_path):
    for name, content in (("yesterfs", "#!/bin/sh\necho yesterfs 0.0.1\n"),):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o755)
    shutil.copy(peers.program("yester"), tmp_path / "yester")
    found = findings(peers.run([tmp_path / "yester", "doctor", "--json"], WARNING))
    assert states(found, "driver") == ["warning"] and "0.0.1" in found["driver"][0]["text"]
    (tmp_path / "yesterfs").unlink()
    found = findings(peers.run([tmp_path / "yester", "doctor", "--json"], WARNING, env={**os.environ, "PATH": "/nowhere"}))
    assert "there is no yesterfs" in found["driver"][0]["text"]


def test_an_encrypted_store_without_its_key_is_a_problem_with_the_exit_code_of_that(tmp_path):
    key = tmp_path / "key"
    key.write_text("sixteen bytes and more\n")
    key.chmod(0o600)
    store = peers.Store(tmp_path / "store", "--encrypt", "--key-file", key)
    assert states(findings(store.run("doctor", "--json", check=12)), "store") == ["problem"]
    assert states(findings(store.run("doctor", "--json", "--key-file", key, check=GOOD)), "index") == ["good"]
