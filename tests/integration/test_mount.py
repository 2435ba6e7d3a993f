"""What the mount promises as a file system: paths, owners, options, life and end. Contents are test_roundtrip.py's."""
import contextlib
import ctypes
import errno
import os
import platform
import random
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import bson
import peers
import pytest
from peers import Mount, Store

pytestmark = pytest.mark.fuse

NOBODY = 65534
ROOT = [".yester", "README.txt", "at", "latest", "oplog", "snapshots", "timeline"]


def yesterfs(*arguments, check=0, **kwargs):
    return peers.run([peers.program("yesterfs"), *arguments], check, timeout=peers.START_SECONDS, **kwargs)


def write_dump(folder, databases, server="6.0.27"):
    """A mongodump folder of {(db, collection): [documents]}."""
    for (db, name), documents in databases.items():
        (folder / db).mkdir(parents=True, exist_ok=True)
        stem = folder / db / peers.escape(name)
        Path(f"{stem}.bson").write_bytes(b"".join(bson.encode(d) for d in documents))
        Path(f"{stem}.metadata.json").write_text(
            '{"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],'
            '"uuid":"%032x","collectionName":%s,"type":"collection"}' % (random.Random(name).getrandbits(128), json_text(name)))
    (folder / "prelude.json").write_text('{"ServerVersion":"%s","ToolVersion":"100.9.4"}' % server)
    return folder


def json_text(text):
    return '"' + "".join(c if c.isalnum() or c in "._- " else "\\u%04x" % ord(c) for c in text) + '"'


def numbered(count, **fields):
    return [{"_id": i, "text": f"document {i} " + "x" * (i % 50), **fields} for i in range(count)]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A store with a few databases, users among them; it is not changed."""
    folder = tmp_path_factory.mktemp("small")
    dump = write_dump(folder / "dump", {
        ("shop", "orders"): numbered(2000), ("shop", "empty"): [], ("shop", "orders.metadata"): numbered(3),
        ("shop", "a b/c%\n"): numbered(1), ("shop", "漢" * 75): numbered(4), ("shop", "漢" * 74 + "字"): numbered(5),
        ("shop-eu", "orders"): numbered(6), ("shopping", "orders"): numbered(7),
        ("admin", "system.users"): [{"_id": "shop.anna", "user": "anna", "db": "shop", "credentials": {"a": 1}, "roles": []}],
        ("admin", "system.version"): [{"_id": "authSchema", "currentVersion": 5}],
    })
    store = Store(folder / "store")
    store.ingest(dump)
    return store


@pytest.fixture
def mnt(tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    yield path
    if peers.is_mounted(path):
        subprocess.run(["fusermount3", "-u", "-z", str(path)], check=False)


@pytest.fixture
def mounted(small, mnt):
    with Mount(small.path, mnt) as mount:
        yield mount


def wait_until(true, what):
    deadline = time.monotonic() + peers.START_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not so after {peers.START_SECONDS} s: {what}"
        time.sleep(0.01)


def others():
    """A command that runs another as an ordinary user; only root can give it."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user (by setpriv)")
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


# ---- what is there


def test_the_layout_is_a_mongodumps(mounted):
    assert sorted(os.listdir(mounted.path)) == ROOT
    assert os.readlink(mounted.path / "latest") == f"snapshots/{mounted.latest.name}"
    assert os.listdir(mounted.path / "snapshots") == [mounted.latest.name]
    assert sorted(os.listdir(mounted.latest)) == ["admin", "prelude.json", "shop", "shop-eu", "shopping"]
    assert sorted(os.listdir(mounted.latest / "shopping")) == ["orders", "orders.bson", "orders.json", "orders.metadata.json"]
    assert (mounted.latest / "prelude.json").read_text().startswith('{"ServerVersion":"6.0.27","ToolVersion":"')
    assert mounted.latest.name in (mounted.path / "README.txt").read_text()


def test_a_name_has_one_spelling(mounted):
    shop = mounted.latest / "shop"
    assert (shop / "a+b%2Fc%25%0A.bson").exists()
    for other in ("a%20b%2Fc%25%0A.bson", "a+b%2fc%25%0A.bson", "%6frders.bson", "orders%2Ebson", "nosuch.bson", "orders.bson.bson"):
        assert not (shop / other).exists(), other
    for name in os.listdir(shop):
        assert (shop / name).exists(), name
    assert not (mounted.latest / "sho").exists() and not (mounted.latest / "shop.").exists()


def test_everything_is_read_only(mounted):
    for attempt in (lambda: (mounted.path / "new").write_text(""), lambda: os.mkdir(mounted.latest / "new"),
                    lambda: os.remove(mounted.latest / "shop" / "orders.bson"), lambda: os.chmod(mounted.latest, 0o777),
                    lambda: open(mounted.latest / "shop" / "orders.bson", "r+b"),
                    lambda: os.setxattr(mounted.latest, "user.yester.count", b"1")):
        with pytest.raises(OSError) as told:
            attempt()
        assert told.value.errno == errno.EROFS
    found = peers.run(["findmnt", "-no", "OPTIONS,FSTYPE", "-M", mounted.path], check=None)
    if found.status == 0:
        options, kind = found.out.split()
        assert {"ro", "nosuid", "nodev", "noexec"} <= set(options.split(",")) and kind == "fuse.yesterfs"


def test_nothing_can_be_written_when_root_takes_the_read_only_away(mounted):
    if os.geteuid() != 0 or peers.run(["mount", "-i", "-o", "remount,rw", mounted.path], check=None).status != 0:
        pytest.skip("only root can remount")
    shop = mounted.latest / "shop"
    orders, new = shop / "orders.bson", shop / "new"
    good = orders.read_bytes()
    for attempt in (lambda: new.write_text(""), lambda: new.mkdir(), lambda: shop.rmdir(), lambda: orders.unlink(),
                    lambda: orders.rename(new), lambda: new.symlink_to("x"), lambda: os.link(orders, new), lambda: os.mkfifo(new),
                    lambda: orders.chmod(0o777), lambda: os.chown(orders, 1, 1), lambda: os.utime(orders), lambda: os.truncate(orders, 0),
                    lambda: os.open(orders, os.O_RDONLY | os.O_TRUNC), lambda: os.open(orders, os.O_WRONLY),
                    lambda: os.setxattr(orders, "user.x", b"1"), lambda: os.removexattr(orders, "user.yester.count")):
        with pytest.raises(OSError) as told:
            attempt()
        assert told.value.errno == errno.EROFS
    assert orders.read_bytes() == good


def test_attributes_tell_facts(mounted):
    orders = mounted.latest / "shop" / "orders.bson"
    names = ("count", "bytes", "root", "moment", "uuid")
    assert sorted(os.listxattr(orders)) == sorted(f"user.yester.{n}" for n in names)
    found = {n: os.getxattr(orders, f"user.yester.{n}").decode() for n in names}
    assert found["count"] == "2000" and int(found["bytes"]) == orders.stat().st_size
    assert re.fullmatch("[0-9a-f]{64}", found["root"]) and re.fullmatch("[0-9a-f-]{36}", found["uuid"])
    assert os.getxattr(mounted.latest, "user.yester.moment").decode() == found["moment"]
    assert os.listxattr(mounted.latest / "prelude.json") == []
    for name in ("user.other", "user.yester.other", "security.selinux"):
        with pytest.raises(OSError) as told:
            os.getxattr(orders, name)
        assert told.value.errno == errno.ENODATA


def test_statfs_tells_the_logical_size(mounted):
    told = os.statvfs(mounted.path)
    total = int(os.getxattr(mounted.latest, "user.yester.bytes"))
    assert total <= told.f_blocks * told.f_frsize < total + told.f_frsize
    assert told.f_bavail == 0 and told.f_namemax == 255


def every_inode(path):
    return {p: os.lstat(p).st_ino for p in sorted(Path(path).rglob("*"))}


def test_inodes_are_the_same_after_a_remount(small, mnt):
    with Mount(small.path, mnt):
        first = every_inode(mnt)
    with Mount(small.path, mnt):
        assert every_inode(mnt) == first
    assert len(set(first.values())) == len(first)
    for path, number in first.items():
        assert path.name and number > 1


def test_listing_can_go_on_from_anywhere(mounted):
    libc = ctypes.CDLL(None, use_errno=True)
    for name, result, *arguments in (("opendir", ctypes.c_void_p, ctypes.c_char_p), ("readdir", ctypes.c_void_p, ctypes.c_void_p),
                                     ("telldir", ctypes.c_long, ctypes.c_void_p), ("closedir", ctypes.c_int, ctypes.c_void_p),
                                     ("seekdir", None, ctypes.c_void_p, ctypes.c_long)):
        getattr(libc, name).restype, getattr(libc, name).argtypes = result, arguments
    rng = random.Random(1)
    for folder in (mounted.path, mounted.path / "snapshots", mounted.latest, mounted.latest / "shop", mounted.latest / "shop" / "orders"):
        listing, seen = libc.opendir(os.fsencode(folder)), []
        while True:
            at = libc.telldir(listing)
            entry = libc.readdir(listing)
            if not entry:
                break
            seen.append((at, ctypes.string_at(entry + 19)))
        assert sorted(n for _, n in seen) == sorted([b".", b"..", *map(os.fsencode, os.listdir(folder))])
        for at, name in rng.choices(seen, k=50):
            libc.seekdir(listing, at)
            assert ctypes.string_at(libc.readdir(listing) + 19) == name
        libc.closedir(listing)


class Handle(ctypes.Structure):
    """struct file_handle: what an NFS server gives to its clients."""

    _fields_ = [("size", ctypes.c_uint), ("kind", ctypes.c_int), ("bytes", ctypes.c_ubyte * 128)]

    def __init__(self, path):
        super().__init__(size=128)
        mount = ctypes.c_int()
        if ctypes.CDLL(None, use_errno=True).name_to_handle_at(
                -100, os.fsencode(path), ctypes.byref(self), ctypes.byref(mount), 0) < 0:
            raise OSError(ctypes.get_errno(), "name_to_handle_at", str(path))

    def open(self, mount):
        fd = ctypes.CDLL(None, use_errno=True).open_by_handle_at(mount, ctypes.byref(self), os.O_RDONLY)
        if fd < 0:
            raise OSError(ctypes.get_errno(), "open_by_handle_at")
        return fd


def test_a_handle_leads_to_what_the_kernel_has_forgotten(mounted):
    """As an NFS server asks for it: by the node alone, long after anybody has looked the path up."""
    drop = Path("/proc/sys/vm/drop_caches")
    if os.geteuid() != 0 or not os.access(drop, os.W_OK):
        pytest.skip("only root can make the kernel forget")
    shop = mounted.latest / "shop"
    files = [mounted.path / "README.txt", mounted.latest / "prelude.json",
             *(shop / f"orders{end}" for end in (".bson", ".json", ".metadata.json", "/5.json", "/5.bson"))]
    handles = [Handle(path) for path in files]
    folders = [Handle(path) for path in (mounted.path / "at", mounted.latest, shop, shop / "orders")]
    drop.write_text("2")
    root = os.open(mounted.path, os.O_RDONLY)
    try:
        for path, handle in zip(files, handles):
            with open(handle.open(root), "rb") as file:
                assert file.read() == path.read_bytes(), path
        for handle in folders:
            fd = handle.open(root)
            assert os.listdir(fd)
            os.close(fd)
    finally:
        os.close(root)


def test_many_threads_read_what_one_reads(mounted):
    path = mounted.latest / "shop" / "orders.bson"
    content, wrong = path.read_bytes(), []

    def reader(seed):
        rng = random.Random(seed)
        fd = os.open(path, os.O_RDONLY)
        for _ in range(500):
            at, length = rng.randrange(len(content) + 5000), rng.choice((1, 100, 4096, 70_000))
            if os.pread(fd, length, at) != content[at : at + length]:
                wrong.append((at, length))
        os.close(fd)

    threads = [threading.Thread(target=reader, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# ---- snapshots that come


def test_a_new_snapshot_appears_without_remounting(store, tmp_path):
    dump = write_dump(tmp_path / "dump", {("shop", "orders"): numbered(10)})
    with Mount(store.path) as mount:
        assert os.listdir(mount.path) and not os.path.lexists(mount.path / "latest")
        assert os.listdir(mount.path / "snapshots") == []
        assert not (mount.path / "snapshots" / "first").exists()
        store.ingest(dump, "--name", "first")
        assert (mount.path / "snapshots" / "first" / "shop" / "orders.bson").stat().st_size > 0
        assert os.readlink(mount.path / "latest") == "snapshots/first"
        before = (mount.path / "snapshots" / "first" / "shop" / "orders.bson").stat()
        store.ingest(write_dump(dump, {("shop", "orders"): numbered(11)}), "--name", "second")
        assert os.readlink(mount.path / "latest") == "snapshots/second"
        assert sorted(os.listdir(mount.path / "snapshots")) == ["first", "second"]
        assert (mount.path / "snapshots" / "first" / "shop" / "orders.bson").stat() == before
        assert os.getxattr(mount.path / "latest" / "shop" / "orders.bson", "user.yester.count") == b"11"


# ---- who may look


def test_another_user_sees_nothing(mounted):
    done = peers.run([*others(), "ls", mounted.path], check=None)
    assert done.status != 0 and "ermission denied" in done.err
    assert stat.S_IMODE((mounted.latest / "shop" / "orders.bson").stat().st_mode) == 0o400
    assert stat.S_IMODE(mounted.latest.stat().st_mode) == 0o500


@pytest.fixture
def open_mnt():
    """For all: pytest's folders are for their owner alone, and each pytest that begins makes them so again."""
    with tempfile.TemporaryDirectory(prefix="yester-mnt-") as folder:
        path = Path(folder) / "mnt"
        path.mkdir()
        Path(folder).chmod(0o755)
        yield path
        if peers.is_mounted(path):
            subprocess.run(["fusermount3", "-u", "-z", str(path)], check=False)


def test_with_allow_other_users_stay_hidden(small, open_mnt):
    become = others()
    with Mount(small.path, open_mnt, "allow_other") as mount:
        peers.run([*become, "cmp", mount.latest / "shop" / "orders.bson", mount.latest / "shop" / "orders.bson"])
        listed = peers.run([*become, "ls", mount.latest / "admin"]).out.split()
        assert listed == ["system.version", "system.version.bson", "system.version.json", "system.version.metadata.json"]
        assert peers.run([*become, "cat", mount.latest / "admin" / "system.users.bson"], check=None).status != 0
        assert not (mount.latest / "admin" / "system.users.bson").exists()


def test_credentials_are_the_mounters_alone(small, open_mnt):
    become = others()
    with Mount(small.path, open_mnt, f"allow_other,credentials,uid={NOBODY},gid={NOBODY},umask=027") as mount:
        orders, users = mount.latest / "shop" / "orders.bson", mount.latest / "admin" / "system.users.bson"
        assert (orders.stat().st_uid, stat.S_IMODE(orders.stat().st_mode)) == (NOBODY, 0o440)
        assert (users.stat().st_uid, stat.S_IMODE(users.stat().st_mode)) == (os.getuid(), 0o400)
        assert stat.S_IMODE(mount.latest.stat().st_mode) == 0o550
        peers.run([*become, "cat", orders])
        assert peers.run([*become, "cat", users], check=None).status != 0
        assert users.read_bytes()


# ---- beginning and end


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
def test_a_signal_unmounts(small, mnt, number):
    process = subprocess.Popen([peers.program("yesterfs"), small.path, mnt, "-f"], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: peers.is_mounted(mnt) and os.listdir(mnt), "mounted in the foreground")
        process.send_signal(number)
        assert process.wait(timeout=120) == 0, process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert not peers.is_mounted(mnt)


def test_in_the_background_it_returns_when_it_is_mounted(small, mnt):
    for _ in range(5):
        yesterfs(small.path, mnt)
        assert sorted(os.listdir(mnt)) == ROOT
        peers.run(["fusermount3", "-uz", mnt])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of clock_nanosleep() is that of x86-64")
def test_who_only_looks_in_does_not_keep_it_mounted(small, mnt):
    """A mongod with its defaults asks each mount of the machine once a second for its size: it was "busy" just then."""
    waits = False
    for _ in range(20):  # a machine that stands still may need more than one
        with Mount(small.path, mnt):
            looks_in = os.open(mnt, os.O_RDONLY | os.O_DIRECTORY)
            process = subprocess.Popen([peers.program("yester"), "umount", mnt], stderr=subprocess.PIPE)
            while process.poll() is None and not waits:
                with contextlib.suppress(OSError):
                    waits = Path(f"/proc/{process.pid}/syscall").read_text().startswith("230 ")
            os.close(looks_in)
            _, told = process.communicate(timeout=60)
            if process.returncode == 0:
                assert waits and not peers.is_mounted(mnt)
                yesterfs(small.path, mnt)  # so that it can be left
                return
        assert waits, told
        waits = False
    raise AssertionError(told)


def test_a_dead_mount_is_told_and_mended(small, mnt):
    process = subprocess.Popen([peers.program("yesterfs"), small.path, mnt, "-f"])
    try:
        wait_until(lambda: peers.is_mounted(mnt) and os.listdir(mnt), "mounted in the foreground")
    finally:
        process.kill()
        process.wait()
    told = yesterfs(small.path, mnt, check=1).err
    assert "not connected" in told and "yester umount" in told
    peers.yester("umount", mnt)
    with Mount(small.path, mnt):
        assert os.listdir(mnt)


def test_store_and_mount_point_may_not_hold_each_other(small, tmp_path):
    inside = small.path / "local" / "inside"
    inside.mkdir()
    link = tmp_path / "link"
    link.symlink_to(inside)
    for path in (small.path, inside, link, small.path.parent):
        told = yesterfs(small.path, path, check=6).err
        assert "inside" in told or "not empty" in told, told
    inside.rmdir()


def test_what_can_not_be_mounted_is_refused(small, mnt, tmp_path):
    (tmp_path / "file").write_text("")
    assert "HINT" in yesterfs(small.path, tmp_path, check=6).err
    yesterfs(tmp_path / "nosuch", mnt, check=10)
    (tmp_path / "empty").mkdir()
    yesterfs(tmp_path / "empty", mnt, check=10)
    yesterfs(small.path, tmp_path / "nosuch", check=1)
    yesterfs(small.path, tmp_path / "file", check=1)
    yesterfs(small.path, check=2)
    yesterfs(small.path, mnt, "-o", "nosuchoption", check=2)
    yesterfs(small.path, mnt, "-o", "show=text", check=2)
    yesterfs(small.path, mnt, "-o", "key_file=/nowhere", check=1)
    assert not peers.is_mounted(mnt)


def test_a_folder_with_something_in_it_needs_nonempty(small, mnt):
    (mnt / "something").write_text("")
    yesterfs(small.path, mnt, check=6)
    yesterfs(small.path, mnt, "-o", "nonempty")
    assert not (mnt / "something").exists()
    peers.run(["fusermount3", "-u", mnt])
    assert (mnt / "something").exists()


def test_mount_reads_fstabs_options(small, mnt):
    """As mount.fuse3 calls it; with mount(8) itself the program would have to be installed."""
    yesterfs(small.path, mnt, "-o", "rw,nofail,noauto,user,_netdev,x-systemd.automount,dev,suid,defaults")
    assert os.listdir(mnt)
    peers.run(["fusermount3", "-u", mnt])
    helper = shutil.which("mount.fuse3") or shutil.which("mount.fuse3", path="/sbin:/usr/sbin")
    if helper and os.geteuid() == 0:
        env = dict(os.environ, PATH=f"{peers.BUILD}:{os.environ['PATH']}")
        peers.run([helper, small.path, mnt, "-t", "fuse.yesterfs", "-o", "rw,nofail,x-systemd.automount"], env=env)
        assert os.listdir(mnt)
        peers.run(["fusermount3", "-u", mnt])


def test_a_path_with_commas_and_backslashes(small, mnt, tmp_path):
    odd = tmp_path / "a,b\\c d"
    odd.symlink_to(small.path)
    yesterfs(odd, mnt)
    assert os.listdir(mnt)
    peers.run(["fusermount3", "-u", mnt])
    copy = tmp_path / "st,o\\re"
    shutil.copytree(small.path, copy)
    with Mount(copy, mnt) as mount:
        assert (mount.latest / "shop" / "orders.bson").read_bytes()


# ---- damage


def read_all(folder, names):
    """{name: bytes, or the errno that reading it gave}."""
    found = {}
    for name in names:
        try:
            found[name] = (folder / name).read_bytes()
        except OSError as told:
            found[name] = told.errno
    return found


def test_damage_is_an_error_and_never_wrong_data(small, mnt, tmp_path):
    with Mount(small.path, mnt) as mount:
        latest = mount.latest.relative_to(mnt)
        names = [p.relative_to(mount.latest) for p in mount.latest.rglob("*.*") if p.is_file()]
        good = read_all(mount.latest, names)
    rng, refused = random.Random(3), 0
    for pack in sorted(small.path.glob("chunks/*/*")):
        for _ in range(8):
            store = tmp_path / "damaged"
            shutil.copytree(small.path, store)
            victim = store / pack.relative_to(small.path)
            data = bytearray(victim.read_bytes())
            at = rng.randrange(len(data))
            data[at] ^= 1 << rng.randrange(8)
            victim.write_bytes(data)
            if yesterfs(store, mnt, check=None).status == 0:
                for name, content in read_all(mnt / latest, names).items():
                    assert content in (good[name], errno.EIO, errno.ENOENT), f"{name}: {pack.name} byte {at}"
                    refused += content != good[name]
                peers.run(["fusermount3", "-u", mnt])
            shutil.rmtree(store)
    assert refused > 0
