"""Programs that know nothing of us, on a mount: grep, find, diff, tar, rsync, jq, less, vim."""
import json
import os
import pty
import re
import select
import shutil
import signal
import tarfile
import time

import bson
import peers
import pytest
from peers import Mount, Store

pytestmark = pytest.mark.fuse
COUNT = 500


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"there is no {program} here")


def write(folder, documents, name="orders"):
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    (folder / "shop" / f"{name}.bson").write_bytes(b"".join(map(bson.encode, documents)))
    (folder / "shop" / f"{name}.metadata.json").write_text(json.dumps({
        "options": {}, "indexes": [{"v": 2, "key": {"_id": 1}, "name": "_id_"}], "collectionName": name, "type": "collection"}))


@pytest.fixture(scope="module")
def mount(tmp_path_factory):
    """Snapshots s1 and s2, which differ in one document, one more and one less; and of one second twins t1 and t2."""
    folder = tmp_path_factory.mktemp("programs")
    store = Store(folder / "store")
    documents = [{"_id": i, "text": f"document {i}", "v": 1, "pad": "x" * 100} for i in range(COUNT)]
    write(folder / "dump", documents)
    write(folder / "dump", [{"_id": "same"}], "untouched")
    store.ingest(folder / "dump", "--name", "s1")
    documents[7]["v"] = 2
    del documents[100]
    documents.append({"_id": "new", "text": "the needle"})
    write(folder / "dump", documents)
    store.ingest(folder / "dump", "--name", "s2")
    shutil.rmtree(folder / "dump")
    for number, name in enumerate(("t1", "t2"), 1):
        # The same sizes and the same second; half of the `_id`s are others, and the values of those that stay.
        write(folder / "dump", [{"_id": i + (number * 1000 if i % 2 else 1000), "v": number} for i in range(100)], "twins")
        store.ingest(folder / "dump", "--name", name, "--time", f"1700000000.{number}", "--assert-quiesced")
    with Mount(store.path) as mounted:
        yield mounted


@pytest.fixture
def orders(mount):
    return mount.path / "snapshots" / "s2" / "shop" / "orders"


def test_grep(mount, orders):
    found = peers.run(["grep", "-r", "needle", mount.path / "snapshots" / "s2"]).out.splitlines()
    text = [line for line in found if "binary file matches" not in line.lower()]
    assert [line.split(":", 1)[0].rpartition("/")[2] for line in sorted(text)] == ["orders.json", "new.json"] and len(found) in (2, 3)
    assert peers.run(["grep", "-c", '"v":1', f"{orders}.json"]).out == f"{COUNT - 2}\n"
    assert peers.run(["grep", "-rL", "document", orders]).out == f"{orders}/new.json\n"


def test_find(mount, orders):
    found = peers.run(["find", mount.path, "-name", "49[0-9].json"]).out.split()
    assert len(found) == 20
    assert peers.run(["find", orders, "-name", "new.json", "-size", "-1k"]).out == ""
    assert peers.run(["find", mount.path, "-type", "f", "-perm", "/222"]).out == ""
    done = peers.run(["find", orders, "-type", "f", "-exec", "cat", "{}", "+"])
    assert done.out.count('"_id":') == COUNT


def test_diff_of_two_snapshots(mount):
    one, other = (mount.path / "snapshots" / name for name in ("s1", "s2"))
    told = peers.run(["diff", "-rq", one, other], check=1).out.splitlines()
    short = [line.replace(f"{one}/", "").replace(f"{other}/", "").replace(str(one), "").replace(str(other), "") for line in told]
    assert sorted(short) == sorted([
        "Files shop/orders.bson and shop/orders.bson differ", "Files shop/orders.json and shop/orders.json differ",
        "Files shop/orders/7.json and shop/orders/7.json differ", "Only in shop/orders: 100.json", "Only in shop/orders: new.json"])
    done = peers.run(["diff", "-r", one / "shop/orders", other / "shop/orders"], check=1)
    assert '<   "v": 1,\n---\n>   "v": 2,\n' in done.out
    peers.run(["diff", "-r", one / "shop/untouched", other / "shop/untouched"])


def test_tar(mount, tmp_path):
    latest = mount.path / "snapshots" / "s2"
    peers.run(["tar", "-C", latest, "-cf", tmp_path / "all.tar", "."])
    peers.run(["tar", "-C", latest, "-df", tmp_path / "all.tar"])  # compares
    with tarfile.open(tmp_path / "all.tar") as archive:
        assert sum(member.isfile() for member in archive) == COUNT + 1 + 2 * 3
    os.mkdir(tmp_path / "out")
    peers.run(["tar", "-C", tmp_path / "out", "-xf", tmp_path / "all.tar"])
    peers.run(["diff", "-r", latest, tmp_path / "out"])
    peers.run(["chmod", "-R", "u+rwX", tmp_path / "out"])


@needs("jq")
def test_jq(orders):
    assert peers.run(["jq", "-c", "select(.v == 2)._id", f"{orders}.json"]).out == "7\n"
    assert peers.run(["jq", ".v", orders / "7.json"]).out == "2\n"
    assert peers.run(["bash", "-c", f"cat '{orders}'/*.json | jq -s length"]).out == f"{COUNT}\n"
    assert peers.run(["jq", "-s", "map(.v // 0) | add", f"{orders}.json"]).out == f"{COUNT - 2 + 2}\n"


# ---- rsync


def rsync(source, target, *options):
    """What it changed, by its own words."""
    return peers.run(["rsync", "-a", "--itemize-changes", *options, f"{source}/", target]).out


def is_equal(one, other):
    return peers.run(["diff", "-r", one, other], check=(0, 1)).status == 0


@needs("rsync")
def test_a_second_rsync_copies_nothing(mount, tmp_path):
    source = mount.path / "snapshots" / "s2"
    assert rsync(source, tmp_path / "copy")
    assert rsync(source, tmp_path / "copy") == "" and is_equal(source, tmp_path / "copy")
    assert rsync(source, tmp_path / "copy", "-c") == ""
    peers.run(["chmod", "-R", "u+rwX", tmp_path / "copy"])


@needs("rsync")
def test_rsync_of_another_moment_brings_what_differs(mount, tmp_path):
    copy = tmp_path / "copy"
    rsync(mount.path / "snapshots" / "s1", copy)
    peers.run(["chmod", "-R", "u+w", copy])  # so that another user than root can
    told = rsync(mount.path / "snapshots" / "s2", copy, "--delete", "-c", "--no-times", "--no-perms")
    changed = re.findall(r"^>f\S+ (\S+)$", told, re.M)
    assert sorted(changed) == ["shop/orders.bson", "shop/orders.json", "shop/orders/7.json", "shop/orders/new.json"]
    assert is_equal(mount.path / "snapshots" / "s2", copy)


@needs("rsync")
def test_rsync_between_moments_of_one_second_needs_checksums(mount, tmp_path):
    """Sizes and times agree, content does not: yesterfs(1) says that it takes -c then, and so it does."""
    t1, t2, copy = mount.path / "snapshots" / "t1", mount.path / "snapshots" / "t2", tmp_path / "copy"
    for name in ("twins.bson", "twins.json", "twins/1000.json"):
        one, other = (os.stat(t / "shop" / name) for t in (t1, t2))
        assert (one.st_size, one.st_mtime) == (other.st_size, other.st_mtime), name
        assert (t1 / "shop" / name).read_bytes() != (t2 / "shop" / name).read_bytes(), name
    assert set(os.listdir(t1 / "shop" / "twins")) != set(os.listdir(t2 / "shop" / "twins"))
    rsync(t1, copy)
    assert is_equal(t1, copy)
    peers.run(["chmod", "-R", "u+w", copy])
    rsync(t2, copy, "--delete", "--no-perms")
    assert not is_equal(t2, copy), "rsync finds the change without -c now: the man page should not ask for it"
    rsync(t2, copy, "--delete", "--no-perms", "-c")
    assert is_equal(t2, copy)
    assert rsync(t2, copy, "--delete", "--no-perms", "-c") == ""


# ---- for eyes


def on_terminal(command, keys, until, cwd):
    """Run on a terminal of 24 lines; type `keys` when `until` is on it. What it showed, and the exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "vt100", "LINES": "24", "COLUMNS": "80", "LESS": "", "LESSOPEN": "", "HOME": "/nonexistent"})
        os.chdir(cwd)
        os.execvp(command[0], [os.fspath(word) for word in command])
    shown, typed, deadline = b"", False, time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
        if not typed and until.encode() in shown:
            os.write(fd, keys)
            typed = True
    else:
        os.kill(pid, signal.SIGKILL)
    return shown.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@needs("less")
def test_less(orders):
    shown, status = on_terminal(["less", "orders.json"], b"Gq", "document 3", orders.parent)
    assert status == 0 and '"text":"document 0"' in shown and "the needle" in shown
    shown, status = on_terminal(["less", "-p", "needle", "orders.json"], b"q", '"_id":"new"', orders.parent)
    assert status == 0 and "No such" not in shown
    shown, status = on_terminal(["less", "7.json"], b"q", '"v": 2', orders)
    assert status == 0


@needs("vim")
def test_an_editor_that_only_reads(orders, tmp_path):
    path = orders / "7.json"
    content = path.read_bytes()
    shown, status = on_terminal(["vim", "-R", "-u", "NONE", "-i", "NONE", "7.json"], b":q\r", '"v": 2', orders)
    assert status == 0 and "[readonly]" in shown
    # It can't be forced either, and what was read can be written elsewhere.
    done = peers.run(["vim", "-R", "-E", "-s", "-u", "NONE", "-i", "NONE", "-c", "%s/2/3/", "-c", "w!", "-c", "q!", path], check=None)
    assert path.read_bytes() == content and not os.path.exists(orders / ".7.json.swp"), done.story()
    copy = tmp_path / "copy.json"
    peers.run(["vim", "-R", "-E", "-s", "-u", "NONE", "-i", "NONE", "-c", f"w! {copy}", "-c", "q!", f"{orders}.json"], check=(0, 1))
    assert copy.read_bytes() == orders.with_name("orders.json").read_bytes()


@needs("ex")
def test_ex(orders):
    done = peers.run(["ex", "-R", "-s", "-u", "NONE", "-i", "NONE", "-c", "g/needle/p", "-c", "q!", f"{orders}.json"], check=(0, 1))
    assert done.out.strip() == '{"_id":"new","text":"the needle"}'
