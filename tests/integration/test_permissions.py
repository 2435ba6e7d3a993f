"""Who may see what: a second user of this machine, owners and modes, mount(8) and fstab, and how a mount ends."""
import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import peers
import pytest
from peers import Mount, Store

pytestmark = pytest.mark.fuse
SECRETS = ("system.users", "system.roles")


class User:
    """An ordinary user of this machine, for the time of the tests."""

    def __init__(self):
        if os.geteuid() != 0:
            pytest.skip("only root can make a user and become it")
        for needed in ("useradd", "userdel", "setpriv"):
            if not shutil.which(needed, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
                pytest.skip(f"no {needed}")
        self.name = f"yester-{secrets.token_hex(4)}"
        peers.run(["/usr/sbin/useradd", "--create-home", "--shell", "/bin/sh", self.name])
        found = pwd.getpwnam(self.name)
        self.uid, self.gid, self.home = found.pw_uid, found.pw_gid, Path(found.pw_dir)

    def run(self, *command, groups=(), check=None, inside=None, **kwargs):
        """`inside`: a Namespace."""
        groups = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
        env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        enter = ["nsenter", f"--mount=/proc/{inside.pid}/ns/mnt"] if inside else []
        return peers.run([*enter, "setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", *groups, "--", *command],
                         check=check, env=env, cwd="/", **kwargs)

    def remove(self):
        deadline = time.monotonic() + 120
        while peers.run(["/usr/sbin/userdel", "--remove", self.name], check=None).status == 8:  # it still runs something
            assert time.monotonic() < deadline, f"{self.name} can't be removed"
            for folder in Path("/proc").iterdir():  # what ran as this user was started by these tests
                with contextlib.suppress(OSError):
                    if folder.name.isdigit() and folder.stat().st_uid == self.uid:
                        os.kill(int(folder.name), signal.SIGKILL)


class Namespace:
    """Mounts of its own, where every user may open /dev/fuse."""

    def __init__(self, folder):
        self.folder = Path(folder)
        fusermount = shutil.which("fusermount3")
        if not fusermount or not os.stat(fusermount).st_mode & stat.S_ISUID or not shutil.which("unshare"):
            pytest.skip("needs fusermount3 (with its setuid bit) and unshare")
        device = self.folder / "fuse"
        device.unlink(missing_ok=True)
        try:
            os.mknod(device, 0o666 | stat.S_IFCHR, os.stat("/dev/fuse").st_rdev)
        except OSError as error:
            pytest.skip(f"no device can be made here: {error}")
        device.chmod(0o666)
        self.process = subprocess.Popen(["unshare", "--mount", "--propagation", "slave", "sh", "-c",
                                         f"mount --bind '{device}' /dev/fuse && echo ready && exec sleep 600"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        assert self.process.stdout.readline() == b"ready\n", "no namespace could be made"

    def run(self, *command, check=None):
        return peers.run(["nsenter", f"--mount=/proc/{self.pid}/ns/mnt", *command], check=check)

    def is_mounted(self, path):
        return f" {path} " in Path(f"/proc/{self.pid}/mountinfo").read_text()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()  # and its mounts with it
        self.process.wait()
        self.process.stdout.close()
        (self.folder / "fuse").unlink()


@pytest.fixture(scope="module")
def user():
    one = User()
    yield one
    one.remove()


@pytest.fixture(scope="module")
def ground():
    """A folder that every user may enter; pytest's are for their owner alone."""
    path = Path(tempfile.mkdtemp(prefix="yester-perm-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def programs(ground):
    """Our programs, where every user may run them, beside each other; as if installed."""
    path = ground / "bin"
    path.mkdir()
    for name in ("yester", "yesterfs"):
        shutil.copy(peers.program(name), path / name)
        (path / name).chmod(0o755)
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def small(ground, fixture_dump):
    store = Store(ground / "store")
    store.ingest(fixture_dump)
    return store


@pytest.fixture
def mnt(ground):
    path = Path(tempfile.mkdtemp(dir=ground))
    path.chmod(0o755)
    yield path
    if peers.is_mounted(path):
        subprocess.run(["fusermount3", "-u", "-z", str(path)], check=False)
    path.rmdir()


def wait_until(true, what):
    deadline = time.monotonic() + peers.START_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not so after {peers.START_SECONDS} s: {what}"


def all_below(path):
    for folder, _, files in os.walk(path):
        yield Path(folder)
        yield from (Path(folder) / name for name in files)


def driver_of(mnt):
    """The yesterfs that serves a mount point."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"yesterfs") and str(mnt).encode() in words:
                    return int(folder.name)
    return None


# ---- a second user


def test_a_second_user_sees_nothing_of_the_mount(small, mnt, user):
    with Mount(small.path, mnt) as mount:
        orders = mount.latest / "shop" / "orders.bson"
        assert orders.stat().st_size > 0
        for command in (["ls", mnt], ["ls", mount.latest], ["cat", orders], ["stat", orders], ["cat", mnt / "README.txt"]):
            done = user.run(*command)
            assert done.status != 0 and done.raw == b"" and "ermission denied" in done.err, done.story()


def test_a_second_user_sees_nothing_of_the_store(small, user):
    """Made with umask 077, whatever the umask of who made it."""
    loose = [p for p in all_below(small.path) if stat.S_IMODE(p.lstat().st_mode) & 0o077]
    assert not loose, f"others may use {loose}"
    assert user.run("ls", small.path).status != 0
    done = user.run(peers.program("yester"), "snapshots", "-s", small.path)
    assert done.status > 0 and b"20" not in done.raw, done.story()


def test_a_store_is_private_under_any_umask(ground, fixture_dump):
    path = ground / "open"
    command = (f"umask 000; '{peers.program('yester')}' init -s '{path}' && "
               f"'{peers.program('yester')}' ingest -s '{path}' '{fixture_dump}'")
    peers.run(["sh", "-c", command])
    loose = [(str(p.relative_to(ground)), oct(p.lstat().st_mode)) for p in all_below(path) if stat.S_IMODE(p.lstat().st_mode) & 0o077]
    assert not loose, f"others may use {loose}"


def test_with_allow_other_all_but_accounts(small, mnt, user):
    with Mount(small.path, mnt, "allow_other") as mount:
        latest = mount.latest
        seen = [p for p in all_below(latest) if p.is_file()]
        assert seen and not any(p.name.startswith(SECRETS) for p in seen), "accounts are listed"
        listed = user.run("ls", "-R", latest, check=0).out
        assert "orders.bson" in listed and not any(name in listed for name in SECRETS), listed
        assert user.run("cat", latest / "shop" / "orders.bson", check=0).raw == (latest / "shop" / "orders.bson").read_bytes()
        for name in SECRETS:
            for ending in (".bson", ".metadata.json"):
                for reader in (user.run, lambda *c: peers.run(c, check=None)):
                    done = reader("cat", latest / "admin" / f"{name}{ending}")
                    assert done.status != 0 and done.raw == b"", done.story()
        modes = {stat.S_IMODE(p.stat().st_mode) for p in seen}, {stat.S_IMODE(p.stat().st_mode) for p in all_below(latest) if p.is_dir()}
        assert modes == ({0o444}, {0o555}), modes


def test_accounts_are_in_the_mounters_own_mount(small, mnt):
    """Without allow_other they are there: they are needed for a whole restore."""
    with Mount(small.path, mnt) as mount:
        assert (mount.latest / "admin" / "system.users.bson").read_bytes()


def test_a_user_mounts_a_store_of_their_own(user, programs, fixture_dump, ground):
    """Without being root; and root has no look at it either, as FUSE has it. kill -9 and `yester umount`, too."""
    dump, store, mnt = ground / "dump-of-user", user.home / "store", user.home / "mnt"
    shutil.copytree(fixture_dump, dump)
    peers.run(["chmod", "-R", "a+rX", dump])
    (dump / "lost+found").mkdir(mode=0o700)  # root's, at the root of a file system
    with Namespace(ground) as inside:
        def act(*command, check=0):
            return user.run(*command, check=check, inside=inside)

        act("mkdir", mnt)
        act(programs / "yester", "init", "-s", store)
        act(programs / "yester", "ingest", "-s", store, dump)
        act(programs / "yester", "mount", "-s", store, mnt)
        assert b"orders.bson" in act("find", mnt / "snapshots", "-name", "orders.bson").raw
        assert act("stat", "-L", "-c", "%u:%g:%a", mnt / "latest").out.strip() == f"{user.uid}:{user.gid}:500"
        assert inside.run("ls", mnt).status != 0, "root may look without allow_other"
        act(programs / "yester", "umount", mnt)
        assert not inside.is_mounted(mnt)

        act(programs / "yester", "mount", "-s", store, mnt)
        driver = driver_of(mnt)
        os.kill(driver, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{driver}").exists(), "yesterfs is gone")
        assert act("ls", mnt, check=None).status != 0
        assert "mended" in act(programs / "yester", "umount", mnt).out
        assert not inside.is_mounted(mnt)

        refused = act(programs / "yester", "mount", "-s", store, mnt, "-o", "allow_other", check=None)
        if refused.status == 0:  # /etc/fuse.conf has user_allow_other
            act(programs / "yester", "umount", mnt)
        else:
            assert "user_allow_other" in refused.err and not inside.is_mounted(mnt), refused.story()


def test_what_its_user_may_not_read_is_no_damage(user, programs, fixture_dump, ground):
    """As after an ingest by root, or a wrong chmod: the reason is told, nothing is taken away, and a sound copy stays one that can be read."""
    dump, store, far = ground / "dump-of-owner", user.home / "owned", user.home / "far"
    shutil.copytree(fixture_dump, dump)
    peers.run(["chmod", "-R", "a+rX", dump])

    def act(*words, check=0):
        return user.run(programs / "yester", words[0], "-s", store, *words[1:], check=check)

    act("init"), act("ingest", dump, "--name", "one")
    if shutil.which("rsync"):
        act("replicate", far)
    for path in sorted(path for folder in ("chunks", "snapshots") for path in (store / folder).rglob("*") if path.is_file()):
        mode = path.stat().st_mode
        path.chmod(0)
        shutil.rmtree(store / "local")
        for words in (("check", "--read-data"), ("repair",), ("repair", "--give-up")):
            assert "Permission denied" in act(*words, check=1).err, words
        assert act("prune", "--grace", "0", check=None).status != 0
        if far.exists():
            assert "Permission denied" in act("replicate", far, "--verify", "full", "--delete", check=1).err
            act("replicate", far, check=(0, 1))
            assert user.run(programs / "yester", "check", "-s", far, "--read-data").status == 0
        path.chmod(mode)
        act("check", "--read-data")
        assert "one" in act("snapshots").out
    if far.exists():
        assert json.loads(act("replicate", far, "--verify", "full", "--json").out)["verified"]


# ---- owners and modes


@pytest.mark.parametrize("options,files,folders", [
    ("", 0o400, 0o500), ("umask=0277", 0o400, 0o500), ("umask=0", 0o444, 0o555), ("umask=027", 0o440, 0o550),
    ("allow_other,umask=0777", 0, 0), ("allow_other", 0o444, 0o555), ("umask=077,allow_other", 0o400, 0o500)])
def test_modes(small, mnt, options, files, folders):
    with Mount(small.path, mnt, options or None) as mount:
        for path in all_below(mount.path):
            if not path.is_symlink():
                found = path.lstat()
                wanted = folders if stat.S_ISDIR(found.st_mode) else files
                assert stat.S_IMODE(found.st_mode) == wanted, f"{path}: {oct(found.st_mode)}"
                assert (found.st_uid, found.st_gid) == (os.getuid(), os.getgid()), path


def test_owner_and_group(small, mnt, user):
    """uid= and gid= are who is let in by the modes, when allow_other opens the door."""
    path = lambda mount: mount.latest / "shop" / "orders.bson"  # noqa: E731
    with Mount(small.path, mnt, f"allow_other,uid={user.uid},umask=0277") as mount:
        assert path(mount).stat().st_uid == user.uid
        assert user.run("cat", path(mount)).status == 0
    with Mount(small.path, mnt, "allow_other,gid=4242,umask=0227") as mount:
        assert path(mount).stat().st_gid == 4242
        assert user.run("cat", path(mount)).status != 0, "neither the owner nor of the group"
        assert user.run("cat", path(mount), groups=[4242]).status == 0, "the group may read"
    with Mount(small.path, mnt, f"uid={user.uid}"):
        assert user.run("ls", mnt).status != 0, "uid= without allow_other opens nothing"


@pytest.mark.parametrize("options", ["uid=x", "uid=-1", "gid=4294967295", "umask=8", "umask=01000", "umask=", "cache=lots", "uid"])
def test_options_that_make_no_sense(small, mnt, options):
    done = peers.run([peers.program("yesterfs"), small.path, mnt, "-o", options], check=None)
    assert done.status == 2 and options.split("=")[0] in done.err and not peers.is_mounted(mnt), done.story()


def test_nothing_can_be_written_by_root_either(small, mnt):
    with Mount(small.path, mnt) as mount:
        orders = mount.latest / "shop" / "orders.bson"
        for act in (lambda: orders.unlink(), lambda: orders.open("r+b"), lambda: orders.chmod(0o777), lambda: (mount.latest / "x").mkdir(),
                    lambda: orders.rename(mount.latest / "y"), lambda: os.truncate(orders, 0), lambda: os.utime(orders),
                    lambda: os.link(orders, mount.latest / "z"), lambda: os.setxattr(orders, "user.x", b"1")):
            with pytest.raises(OSError) as raised:
                act()
            assert raised.value.errno == 30, raised.value  # EROFS
        with open("/proc/self/mounts") as table:
            options, = [line.split()[3].split(",") for line in table if line.split()[1] == str(mnt)]
        assert {"ro", "nosuid", "nodev", "noexec", "default_permissions"} <= set(options), options


# ---- mount(8) and fstab


# In a mount namespace of its own, where our programs are installed: nothing of the machine is changed.
AS_INSTALLED = """
set -e
mount --bind "$PROGRAMS" /usr/local/bin
if [ -n "$SBIN" ]; then mount -t overlay -o "lowerdir=$SBIN:/usr/sbin" overlay /usr/sbin || exit 77; fi
"$@"
stat -L -c %a "$MNT/latest"
grep " $MNT .* - fuse.yesterfs " /proc/self/mountinfo
ls "$MNT/latest/shop/orders.bson"
umount "$MNT"
"""


@pytest.mark.parametrize("how", ["helper", "mount", "mount-as-installed", "fstab", "fstab-as-installed"])
def test_mount_with_the_options_of_fstab(small, mnt, programs, how):
    """By mount.fuse3, and by the link /sbin/mount.fuse.yesterfs that `make install` makes."""
    helper = shutil.which("mount.fuse3", path="/sbin:/usr/sbin:/bin")
    if os.geteuid() != 0 or not helper or not shutil.which("unshare"):
        pytest.skip("needs root, mount.fuse3 (package fuse3) and unshare")
    options = "rw,nofail,noauto,_netdev,x-systemd.automount,x-systemd.requires=network.target,allow_other,umask=0227"
    env = dict(os.environ, PROGRAMS=str(programs), MNT=str(mnt), SBIN="")
    if how.endswith("installed"):
        sbin = mnt.parent / "sbin"
        sbin.mkdir(exist_ok=True)
        (sbin / "mount.fuse.yesterfs").unlink(missing_ok=True)
        (sbin / "mount.fuse.yesterfs").symlink_to("/usr/local/bin/yesterfs")
        env["SBIN"] = str(sbin)
    fstab = mnt.parent / "fstab"
    fstab.write_text(f"{small.path} {mnt} fuse.yesterfs {options} 0 0\n")
    command = {"helper": [helper, small.path, mnt, "-t", "fuse.yesterfs", "-o", options],
               "mount": ["mount", "-t", "fuse.yesterfs", small.path, mnt, "-o", options],
               "fstab": ["mount", "-T", fstab, mnt]}[how.partition("-")[0]]
    done = peers.run(["unshare", "--mount", "--propagation", "slave", "sh", "-c", AS_INSTALLED, "sh", *command],
                     check=None, env=env, timeout=120)
    if done.status == 77:
        pytest.skip(f"no overlay here: {done.err}")
    assert done.status == 0, done.story()
    mode, line, found = done.out.splitlines()
    assert mode == "550" and f" - fuse.yesterfs {small.path} " in line and found.endswith("/shop/orders.bson"), done.story()
    wait_until(lambda: driver_of(mnt) is None, "yesterfs ends when it is unmounted")


def test_an_error_is_mounts_error(small, mnt, programs):
    helper = shutil.which("mount.fuse3", path="/sbin:/usr/sbin:/bin")
    if os.geteuid() != 0 or not helper:
        pytest.skip("needs root and mount.fuse3")
    env = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}")
    done = peers.run([helper, mnt.parent / "nosuch", mnt, "-t", "fuse.yesterfs", "-o", "nofail"], check=None, env=env)
    assert done.status != 0 and "nosuch" in done.err and not peers.is_mounted(mnt), done.story()


# ---- how a mount ends


def test_sigterm_in_the_background(small, mnt):
    peers.yester("mount", "-s", small.path, mnt)
    driver = driver_of(mnt)
    assert driver, "no yesterfs runs"
    os.kill(driver, signal.SIGTERM)
    wait_until(lambda: not Path(f"/proc/{driver}").exists(), "yesterfs ends by SIGTERM")
    assert not peers.is_mounted(mnt)
    assert os.listdir(mnt) == []


def test_sigterm_while_it_is_read(small, mnt):
    """Readers get an end or an error, nobody hangs, and the mount point is free."""
    process = subprocess.Popen([str(peers.program("yesterfs")), str(small.path), str(mnt), "-f"])
    ending, errors = threading.Event(), []

    def read():
        while not ending.is_set():
            try:
                for path in all_below(mnt / "snapshots"):
                    if path.is_file():
                        path.read_bytes()
            except OSError as error:
                errors.append(error.errno)

    readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    try:
        wait_until(lambda: peers.is_mounted(mnt), "mounted in the foreground")
        held = os.open(mnt / "README.txt", os.O_RDONLY)
        for reader in readers:
            reader.start()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
        os.close(held)
    finally:
        ending.set()
        process.kill()
        process.wait()
    for reader in readers:
        reader.join(timeout=120)
        assert not reader.is_alive(), "a reader hangs"
    assert not peers.is_mounted(mnt)


def test_a_dead_mount_point(small, mnt):
    """kill -9: the mount point is dead; `yester umount` frees it, and it can be mounted again."""
    peers.yester("mount", "-s", small.path, mnt)
    driver = driver_of(mnt)
    os.kill(driver, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{driver}").exists(), "yesterfs is gone")
    with pytest.raises(OSError) as raised:
        os.listdir(mnt)
    assert raised.value.errno == 107, raised.value  # ENOTCONN
    assert "mended" in peers.yester("umount", mnt).out
    assert not peers.is_mounted(mnt)
    with Mount(small.path, mnt) as mount:
        assert mount.latest.is_dir()


def test_umount_of_what_is_not_ours(mnt, tmp_path):
    assert peers.yester("umount", mnt, check=None).status in (1, 6)
    assert peers.yester("umount", mnt / "nosuch", check=None).status == 1
    if os.geteuid() == 0:
        peers.run(["mount", "-t", "tmpfs", "tmpfs", mnt])
        try:
            assert peers.yester("umount", mnt, check=None).status == 6 and peers.is_mounted(mnt)
        finally:
            peers.run(["umount", mnt])
