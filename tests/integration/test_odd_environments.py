"""How a program is started: without standard files, with few open files, with a limit on the size of files."""
import json
import platform
import resource
import signal
import subprocess
import time

import peers
import pytest
from peers import Store

FIXTURE = peers.ROOT / "tests" / "fixture" / "dump"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("odd") / "store")
    store.ingest(FIXTURE, "--name", "first", "--time", "1795248000.1", "--assert-quiesced")
    return store


def closed(program, *words, streams="<&- >&- 2>&-"):
    return peers.run(["bash", "-c", f'"$@" {streams}', "bash", peers.program(program), *words], check=None)


def limited(kind, limit, *words):
    """yester with a limit of its own."""
    def enter():
        resource.setrlimit(kind, (limit, limit))
    return subprocess.run([peers.program("yester"), *words], preexec_fn=enter, capture_output=True, text=True, timeout=60)


def test_what_is_printed_without_standard_files_is_in_no_file_of_the_store(tmp_path):
    path = tmp_path / "store"
    for words in (("init",), ("ingest", FIXTURE), ("ls",), ("check",)):
        assert closed("yester", *words, "-s", path).status == 1  # it has printed nothing
    assert closed("yester", "ingest", "-s", path, FIXTURE, streams="<&-").status == 0
    assert not [file for file in path.rglob("*") if file.is_file() and b"yester: " in file.read_bytes()]
    assert (path / "config").read_text().startswith("yesterfs store 1\n")
    assert json.loads(peers.yester("check", "-s", path, "--read-data", "--json").out)["whole"]


def test_files_written_without_standard_files_are_what_they_would_be_with_them(filled, tmp_path):
    filled.run("dump", "--out", tmp_path / "with")
    assert closed("yester", "dump", "-s", filled.path, "--out", tmp_path / "without").status == 1
    peers.run(["diff", "-r", tmp_path / "with", tmp_path / "without"])


def test_who_was_started_by_somebody_who_ignores_the_end_of_children_waits_for_its_own(tmp_path):
    path = tmp_path / "store"
    for words in (["init", "--encrypt", path, "--key-command", "echo 0123456789abcdef0123456789abcdef"],
                  ["replicate", "-s", path, tmp_path / "copy"]):
        done = subprocess.run([peers.program("yester"), *words], capture_output=True, text=True, check=False, timeout=60,
                              preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        assert (done.returncode, done.stderr) == (0, ""), words
    assert (tmp_path / "copy" / "config").exists()


def test_help_that_can_not_be_printed_is_an_error():
    for program, words in (("yester", ["--help"]), ("yester", ["help"]), ("yester", ["ls", "--help"]), ("yester", ["--version"]),
                           ("yesterfs", ["--help"]), ("yesterfs", ["--version"])):
        for streams in (">/dev/full", ">&-"):
            done = closed(program, *words, streams=streams)
            assert (done.status, done.out) == (1, ""), (program, words, streams)
            assert "standard output could not be written" in done.err


def test_too_few_open_files_are_no_damage(filled):
    problems = []
    for limit in range(6, 20):
        done = limited(resource.RLIMIT_NOFILE, limit, "check", "-s", filled.path, "--read-data", "--json")
        if done.returncode != 0:
            assert done.returncode == 1 and done.stdout == "" and "Too many open files" in done.stderr, limit
            problems.append(limit)
    assert problems  # it met the limit


@pytest.fixture
def store_of_its_own(store):
    store.ingest(FIXTURE)
    return store


def test_a_repair_that_can_not_open_files_condemns_nothing(store_of_its_own):
    before = sorted(file for file in store_of_its_own.path.rglob("*") if "local" not in file.parts)
    for limit in range(6, 14):
        done = limited(resource.RLIMIT_NOFILE, limit, "repair", "-s", store_of_its_own.path)
        assert done.returncode == 0 or "Too many open files" in done.stderr, limit
    assert sorted(file for file in store_of_its_own.path.rglob("*") if "local" not in file.parts) == before
    assert json.loads(store_of_its_own.run("check", "--json").out)["whole"]


def test_a_limit_on_the_size_of_files_is_told_and_leaves_nothing(filled, tmp_path):
    store = Store(tmp_path / "store")
    for words in (("dump", "-s", filled.path, "--out", tmp_path / "out"), ("dump", "-s", filled.path, f"--archive={tmp_path / 'out'}"),
                  ("ingest", "-s", store.path, FIXTURE), ("copy", "-s", filled.path, store.path)):
        done = limited(resource.RLIMIT_FSIZE, 8192, *words)
        assert done.returncode == 1 and "File too large" in done.stderr, words
        assert not (tmp_path / "out").exists()
    assert json.loads(store.run("snapshots", "--json").out) == []


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of poll() is that of x86-64")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [("ingest", "-"), ("ingest", "--archive", "-"), ("ingest-oplog", "-")])
def test_one_signal_ends_what_waits_for_a_pipe(store, words, number):
    """Nobody ever writes into it. Again and again: in some a thread that begins just then takes the signal."""
    for _ in range(20):
        process = subprocess.Popen([peers.program("yester"), words[0], "-s", store.path, *words[1:]], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            until_it_waits(process)
            process.send_signal(number)
            assert process.wait(timeout=120) == 130
        finally:
            process.kill()
        assert b"standard input: interrupted" in process.stderr.read()
        assert not list((store.path / "local").rglob("*.tmp"))


def until_it_waits(process):
    """Until its main thread waits for standard input."""
    while process.poll() is None:
        with open(f"/proc/{process.pid}/syscall") as file:
            if file.read().startswith("7 0x"):  # x86-64: poll()
                return
        time.sleep(0.01)
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("name", ["-dash", "--rsh=false", "host:path", "rsync://x", "new\nline", "trail///"])
def test_a_store_may_have_any_name(filled, tmp_path, name):
    def run(*words):
        return peers.yester(*words, cwd=tmp_path)
    run("init", f"--store={name}")
    run("ingest", f"--store={name}", FIXTURE)
    run("replicate", f"--store={name}", "--delete", "--verify", "full", "replica")
    assert json.loads(run("check", "-s", "replica", "--json").out)["snapshots"] == 1
    if name.startswith("-"):  # with a colon a destination is another machine's
        run("replicate", "-s", filled.path, "--", name + "-replica")
        assert json.loads(run("check", f"--store={name}-replica", "--json").out)["whole"]


@pytest.mark.fuse
def test_a_store_and_a_mount_point_that_look_like_options_are_mounted(tmp_path):
    peers.yester("init", "--store=-o", cwd=tmp_path)
    (tmp_path / "-f").mkdir()
    peers.yester("mount", "--store=-o", "--", "-f", cwd=tmp_path)
    try:
        assert (tmp_path / "-f" / "README.txt").exists()
    finally:
        peers.yester("umount", "--", "-f", cwd=tmp_path)


def test_what_is_wrong_is_told_behind_a_path_that_is_nearly_too_long(tmp_path):
    path = tmp_path
    while len(str(path)) < 3900:
        path /= "x" * 90
        path.mkdir()
    store = path / ("y" * (4030 - len(str(path)) - 1))
    peers.yester("init", "-s", store)
    assert "xxx...: File name too long" in peers.yester("ingest", "-s", store, FIXTURE, check=1).err


@pytest.mark.parametrize("folder", ["snapshots", "oplog", "chunks"])
def test_a_prune_takes_nothing_away_while_a_folder_is_a_link_to_a_disk_that_is_away(store_of_its_own, tmp_path, folder):
    store = store_of_its_own
    store.run("ingest-oplog", peers.ROOT / "tests" / "fixture" / "slice")
    (store.path / folder).rename(tmp_path / "disk")
    (store.path / folder).symlink_to(tmp_path / "away")
    for words in (("prune", "--grace", "0"), ("check",)):
        assert "the link leads nowhere" in store.run(*words, check=1).err
    (tmp_path / "disk").rename(tmp_path / "away")
    assert json.loads(store.run("check", "--read-data", "--json").out)["whole"]


@pytest.mark.fuse
def test_a_mount_of_a_store_that_is_gone_is_not_empty(store_of_its_own, tmp_path):
    store = store_of_its_own
    with peers.Mount(store.path) as mount:
        before = list((mount.path / "snapshots").iterdir())
        store.path.rename(tmp_path / "elsewhere")
        assert before and list((mount.path / "snapshots").iterdir()) == before
        (tmp_path / "elsewhere").rename(store.path)
        assert list((mount.path / "snapshots").iterdir()) == before


@pytest.mark.fuse
def test_moments_can_be_looked_at_while_the_disk_of_the_store_is_full(filled, tmp_path):
    """It is full because something went wrong: that is when they are looked at."""
    here, home, mount = tmp_path / "full", tmp_path / "home", tmp_path / "mnt"
    for folder in (here, home, mount):
        folder.mkdir()
    alone = ["unshare", "--mount"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "-o", "size=1m", "none", here], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    script = f"""
        mount -t tmpfs -o size=1m none {here} && cp -r {filled.path} {here}/store && rm -rf {here}/store/local
        $yester ingest-oplog -q $slice && $yester ls -d shop.orders > /dev/null
        dd if=/dev/zero of={here}/fill bs=1k 2> /dev/null
        $yester count shop.orders --at 1795254067.1~
        $yester mount {mount} && ls {mount}/at/1795254067.1~/shop/orders | wc -l; $yester umount {mount}
        $yester snapshot --at 1795254067.1~
        """
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(home), "yester": str(peers.program("yester")),
                   "YESTER_STORE": f"{here}/store", "slice": str(FIXTURE.parent / "slice")}
    done = peers.run([*alone, "bash", "-c", script], 1, env=environment)
    assert done.out.split() == ["285", "285"], done.story()
    assert "No space left on device\nHINT: " in done.err, done.story()


@pytest.mark.parametrize("free", [0, *range(60, 204, 4)])
def test_a_replica_whose_disk_is_full_can_be_read_where_nobody_did_before(filled, tmp_path, free):
    """There is no local/ to delete, and no room to make one: it may be all that is left of the store."""
    here, home = tmp_path / "full", tmp_path / "home"
    here.mkdir(), home.mkdir()
    alone = ["unshare", "--mount"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "-o", "size=2m", "none", here], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    script = f"""
        mount -t tmpfs -o size=2m none {here} && cp -r {filled.path} {here}/store && rm -rf {here}/store/local
        dd if=/dev/zero of={here}/keep bs=1k count={free + 1} 2> /dev/null; dd if=/dev/zero of={here}/fill bs=1k 2> /dev/null; rm {here}/keep
        for again in 1 2; do $yester count shop.orders && $yester check --read-data -q || exit; done
        $yester ingest -q $dump && echo stored
        rm {here}/fill && $yester prune -q && $yester ingest -q $dump && echo stored later
        """
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(home), "yester": str(peers.program("yester")),
                   "YESTER_STORE": f"{here}/store", "dump": str(FIXTURE)}
    done = peers.run([*alone, "bash", "-c", script], env=environment)
    lines = done.out.split("\n")
    assert lines[0] == lines[1] == "250" and lines[-2] == "stored later", done.story()
    assert "stored" in lines or "No space left on device" in done.err, done.story()
