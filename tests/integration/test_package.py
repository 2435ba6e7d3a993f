"""What is installed: manual pages, completion, units; the tarball and the Debian package, built, unpacked and used."""
import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
import tarfile

import peers
import pytest

VERSION = re.search(r"^VERSION := (\S+)", (peers.ROOT / "Makefile").read_text(), re.M)[1]
# What is built is installed as it is: a test does not build.
AS_IT_IS = ("-o", "all", "-o", f"{peers.BUILD}/yester", "-o", f"{peers.BUILD}/yesterfs")
MAKE = ("make", "--no-print-directory", "-C", peers.ROOT, f"BUILD={peers.BUILD}", *AS_IT_IS)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """`make install` into a folder of its own, as PREFIX=/usr."""
    folder = tmp_path_factory.mktemp("a root")  # a name that has to be quoted
    # With -o yester make does not see that the pages are of an older one.
    (peers.BUILD / "made" / "done").unlink(missing_ok=True)
    peers.run([*MAKE, "install", f"DESTDIR={folder}", "PREFIX=/usr"])
    return folder


@pytest.fixture(scope="module")
def verbs():
    return peers.yester("help", "--as", "names").out.split()


def needs(*programs):
    absent = [name for name in programs if not shutil.which(name)]
    return pytest.mark.skipif(bool(absent), reason=f"no {' and no '.join(absent)}")


# ---- make


def test_make_alone_builds_both_programs(tmp_path):
    env = {name: text for name, text in os.environ.items() if name not in ("BUILD", "MAKEFLAGS")}
    done = peers.run(["make", "--no-print-directory", "-n", "-C", peers.ROOT, f"BUILD={tmp_path}"], env=env)
    for program in ("yester", "yesterfs"):
        assert re.search(rf"-o {tmp_path}/{program}( |$)", done.out, re.M), done.out[-500:]


def test_objects_are_made_anew_for_other_flags_and_changed_headers_only(tmp_path):
    target = tmp_path / "base" / "crc64.o"
    env = {name: text for name, text in os.environ.items() if name not in ("CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "SANITIZE", "MAKEFLAGS")}

    def compiles(*options):
        done = peers.run(["make", "--no-print-directory", "-C", peers.ROOT, f"BUILD={tmp_path}", target, *options], env=env)
        return "base/crc64.c" in done.out

    assert compiles()
    assert not compiles()
    assert not compiles("DEVELOPER=1")
    assert compiles("CFLAGS=-O0")
    assert not compiles("CFLAGS=-O0")
    assert not compiles()  # who asks for none goes on with what is there
    assert compiles("SANITIZE=address")
    assert compiles("SANITIZE=address", "-W", "base/bytes.h")


def test_a_build_folder_with_a_space_is_refused(tmp_path):
    done = peers.run(["make", "-C", peers.ROOT, f"BUILD={tmp_path}/a b", "all"], check=None)
    assert done.status == 2 and "BUILD has to be one word" in done.err


# ---- make install


def test_both_programs_run_where_they_are_installed(installed):
    for name in ("yester", "yesterfs"):
        assert f"{name} {VERSION}\n" in peers.run([installed / "usr" / "bin" / name, "--version"]).out
    assert os.readlink(installed / "sbin" / "mount.fuse.yesterfs") == "/usr/bin/yesterfs"
    assert os.readlink(installed / "usr/share/man/man8/mount.fuse.yesterfs.8") == "../man1/yesterfs.1"


def test_uninstall_takes_away_all_of_it_and_nothing_else(tmp_path):
    folder = tmp_path / "a root"
    mine = [folder / "opt/y/bin/other", folder / "opt/y/share/man/man1/other.1", folder / "opt/y/lib/systemd/system/yester-tail@shop.service"]
    where = (f"DESTDIR={folder}", "PREFIX=/opt/y")
    peers.run([*MAKE, "install", *where])
    for path in mine:
        path.write_text("mine")
    peers.run([*MAKE, "uninstall", *where])
    assert sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()) == sorted(mine)


def test_every_verb_has_a_manual_page_and_there_are_no_others(installed, verbs):
    pages = {path.name for path in (installed / "usr/share/man/man1").iterdir()}
    assert pages == {f"yester-{verb}.1" for verb in verbs} | {"yester.1", "yesterfs.1"}


def pages(installed):
    return sorted((installed / "usr/share/man/man1").iterdir())


@needs("mandoc")
def test_mandoc_finds_nothing_to_warn_of(installed):
    assert peers.run(["mandoc", "-T", "lint", "-W", "warning", *pages(installed)], check=None).out == ""


@needs("man")
def test_man_renders_every_page_without_a_warning(installed):
    done = peers.run(["man", "--warnings", "-l", *pages(installed)], env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
    assert done.err == "", done.story()
    assert done.out.count("\nEXIT STATUS\n") == done.out.count("\nSEE ALSO\n") == len(pages(installed))


@needs("man")
def test_a_page_says_what_the_help_says(installed, verbs):
    def words(text):
        return re.findall(r"[\w|]+", text)

    for verb in ("restore", "log", "help", "umount", "ingest-oplog"):
        assert verb in verbs
        page = installed / "usr/share/man/man1" / f"yester-{verb}.1"
        shown = peers.run(["man", "-l", page], env={**os.environ, "MANWIDTH": "1000", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-rHY=0"}).out
        helped = json.loads(peers.yester("help", verb, "--json").out)
        for option in helped["verbs"][0]["options"] + helped["options"]:
            assert f"--{option['name']}" in shown, f"{verb}: {option['name']}"
            assert " ".join(words(option["help"])) in " ".join(words(shown)), f"{verb}: {option['name']}"
        assert " ".join(words(helped["verbs"][0]["summary"])) in " ".join(words(shown))


def test_the_main_page_names_every_verb(verbs):
    text = (peers.ROOT / "docs/man/yester.1").read_text().replace("\\-", "-")
    assert not [verb for verb in verbs if not re.search(rf"^\.B\w* \"?{verb}\b", text, re.M)]


def test_completion_is_put_where_shells_look(installed):
    share = installed / "usr/share"
    assert (share / "bash-completion/completions/yester").read_text() == peers.yester("help", "--as", "bash").out
    assert os.readlink(share / "bash-completion/completions/yesterfs") == "yester"
    assert (share / "zsh/site-functions/_yester").read_text() == peers.yester("help", "--as", "zsh").out


# ---- systemd


def units(installed):
    return sorted((installed / "usr/lib/systemd/system").iterdir())


def test_the_units_that_are_promised_are_there(installed):
    names = {path.name for path in units(installed)}
    for verb in ("snapshot", "replicate", "check", "drill", "forget", "status"):
        assert {f"yester-{verb}@.service", f"yester-{verb}@.timer"} <= names
    assert "yester-tail@.service" in names


def test_units_use_options_that_there_are(installed):
    """Those in ExecStart, and those in the example of the file that they read."""
    example = dict(line.split("=", 1) for line in (peers.ROOT / "packaging/examples/shop.env").read_text().splitlines()
                   if not line.startswith("#"))
    for path in units(installed):
        if path.suffix != ".service":
            continue
        text = path.read_text()
        command = re.search(r"^ExecStart=(/usr/bin/yester) (\S+) (.*)$", text, re.M)
        defaults = dict(re.findall(r'^Environment="?(\w+)=(.*?)"?$', text, re.M))
        line = command[3]
        for name in re.findall(r"\$\{?(\w+)\}?", line):
            assert name in example, f"{path.name}: {name} is not in the example"
            line += f" {example[name]} {defaults.get(name, '')}"
        tables = json.loads(peers.yester("help", command[2], "--json").out)
        known = {option["name"] for option in tables["options"] + tables["verbs"][0]["options"]}
        assert set(re.findall(r"--([\w-]+)", line)) <= known, path.name


@needs("systemd-analyze")
def test_systemd_finds_nothing_wrong(tmp_path):
    """With programs and users that are there, so that only what is wrong with the units is told."""
    peers.run([*MAKE, "install", f"PREFIX={tmp_path}", f"sbindir={tmp_path}/sbin"])
    folder = tmp_path / "units"
    folder.mkdir()
    for path in (tmp_path / "lib/systemd/system").iterdir():
        text = path.read_text().replace("User=yester", "User=root").replace("Group=yester", "Group=root")
        (folder / path.name).write_text(text)
    shutil.copy(peers.ROOT / "packaging/examples/mnt-shop.mount", folder)
    names = [folder / path.name.replace("@.", "@shop.") for path in folder.iterdir()]
    for name in names:
        if "@shop." in name.name:
            shutil.copy(folder / name.name.replace("@shop.", "@."), name)
    done = peers.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names], check=None)
    if "Failed to" in done.err and "systemd" in done.err and done.status != 0 and ".service" not in done.err:
        pytest.skip(f"systemd-analyze does not work here: {done.err.strip()}")
    wrong = [line for line in done.err.splitlines() if str(folder) in line or re.search(r"yester-|mnt-shop", line)]
    assert not wrong, done.story()


# ---- make dist


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist") / f"yesterfs-{VERSION}.tar.gz"
    peers.run([peers.ROOT / "packaging/dist.sh", VERSION, "2026-11-21", out])
    return out


def test_the_tarball_has_all_sources_and_nothing_that_is_built(tarball):
    with tarfile.open(tarball) as archive:
        members = {m.name: m for m in archive.getmembers()}
    assert all(name.startswith(f"yesterfs-{VERSION}/") for name in members)
    names = {name.split("/", 1)[1] for name in members}
    if (peers.ROOT / ".git").exists():
        known = peers.run(["git", "-C", peers.ROOT, "ls-files", "-z"]).out.split("\0")[:-1]
        assert {name for name in known if (peers.ROOT / name).exists()} <= names
    assert not [name for name in names if re.search(r"\.(o|a|pyc)$|^build|/__pycache__/|^\.git/", name)]
    assert {(m.uid, m.gid) for m in members.values()} == {(0, 0)}
    assert members[f"yesterfs-{VERSION}/packaging/dist.sh"].mode & 0o111


def test_an_unpacked_tarball_makes_the_same_tarball(tarball, tmp_path):
    with tarfile.open(tarball) as archive:
        archive.extractall(tmp_path)
    again = tmp_path / "again.tar.gz"
    peers.run([tmp_path / f"yesterfs-{VERSION}/packaging/dist.sh", VERSION, "2026-11-21", again], env={**os.environ, "GIT_DIR": "/nowhere"})
    assert gzip.decompress(again.read_bytes()) == gzip.decompress(tarball.read_bytes())


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_an_unpacked_tarball_builds_and_passes_its_check(tarball, tmp_path):
    with tarfile.open(tarball) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / f"yesterfs-{VERSION}"
    done = peers.run(["make", "-C", folder, "-j2", "check"], timeout=3000, env={k: v for k, v in os.environ.items() if k != "BUILD"})
    assert "0 problems" in done.out
    assert f"yester {VERSION}" in peers.run([folder / "build/yester", "version"]).out


# ---- make deb

SMOKE = """
set -eu
apt-get -q -y install --no-install-recommends /pkg/yesterfs.deb >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; exit 1; }
yester doctor || [ $? = 3 ]
getent passwd yester
export YESTER_STORE=/root/store
yester init
yester ingest /pkg/dump --time 1795248000.1 --assert-quiesced
yester ingest-oplog /pkg/slice
yester log --bursts --op d
yester check --read-data
test "$(yester count shop.orders --at 1795254067.1~)" = 285
if [ -e /dev/fuse ]; then
    mkdir /mnt/shop
    yester mount /mnt/shop
    cat /mnt/shop/at/1795254067.1~/shop/orders/5.json
    yester umount /mnt/shop
    mount -t fuse.yesterfs /root/store /mnt/shop -o ro
    ls /mnt/shop/latest/shop/orders.bson
    umount /mnt/shop
    echo mounted
fi
bash -c 'source /usr/share/bash-completion/completions/yester; complete -p yester'
apt-get -q -y purge yesterfs >/dev/null 2>&1
test ! -e /usr/bin/yester && test -d /root/store && echo smoke passed
"""


@pytest.fixture(scope="module")
def deb(tmp_path_factory):
    if not shutil.which("dpkg-shlibdeps"):
        pytest.skip("no dpkg-dev")
    out = tmp_path_factory.mktemp("deb")
    peers.run([peers.ROOT / "packaging/deb.sh", VERSION, "2026-11-21", out], env={**os.environ, "BUILD": str(peers.BUILD), "MAKE": shlex.join(["make", *AS_IT_IS])})
    found, = out.glob("yesterfs_*.deb")
    return found


def test_the_package_names_the_libraries_that_it_needs(deb):
    fields = peers.run(["dpkg-deb", "--field", deb, "Depends"]).out
    for library in ("libbson-1.0-0", "libmongoc-1.0-0", "libzstd1", "liblmdb0", "libfuse3-3", "libssl3", "libpcre2-8-0", "libc6"):
        assert re.search(rf"\b{re.escape(library)}\w* \(>= ", fields), f"{library} is not in {fields}"
    assert "fuse3" in fields and "${" not in fields


def test_the_package_belongs_to_root_and_is_whole(deb, tmp_path, verbs):
    listed = peers.run(["dpkg-deb", "--contents", deb]).out
    assert {line.split()[1] for line in listed.splitlines()} == {"root/root"}
    peers.run(["dpkg-deb", "--raw-extract", deb, tmp_path / "x"])
    peers.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=tmp_path / "x")
    assert (tmp_path / "x/usr/share/doc/yesterfs/copyright").is_file()
    assert all((tmp_path / f"x/usr/share/man/man1/yester-{verb}.1.gz").is_file() for verb in verbs)
    assert f"yester {VERSION}" in peers.run([tmp_path / "x/usr/bin/yester", "version"]).out


def clean_root(folder):
    """A minimal Debian of this release by debootstrap; the test is skipped, with the reason, where that can't be done."""
    if os.geteuid() != 0:
        pytest.skip("a clean root needs root")
    if not shutil.which("debootstrap"):
        pytest.skip("no debootstrap")
    release = re.search(r"^VERSION_CODENAME=(\w+)", open("/etc/os-release").read(), re.M)
    mirror = os.environ.get("YESTER_MIRROR", "http://deb.debian.org/debian")
    if not release or not re.search(r"^ID=debian$", open("/etc/os-release").read(), re.M):
        pytest.skip("what is built here is for this system's libraries, and it is no Debian")
    done = subprocess.run(["debootstrap", "--variant=minbase", release[1], str(folder), mirror], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"debootstrap does not work here: {(done.stderr or done.stdout).strip()[-300:]}")


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_package_installs_and_works_in_a_clean_root(deb, tmp_path):
    root = tmp_path / "root"
    clean_root(root)
    (root / "pkg").mkdir()
    shutil.copy(deb, root / "pkg/yesterfs.deb")
    for name in ("dump", "slice"):
        shutil.copytree(peers.ROOT / "tests/fixture" / name, root / "pkg" / name)
    (root / "smoke").write_text(SMOKE)
    if os.path.exists("/dev/fuse"):
        peers.run(["cp", "-a", "/dev/fuse", root / "dev/fuse"])
    # Mounts of its own: /proc comes and goes with the namespace.
    done = peers.run(["unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc", "chroot", root, "/bin/sh", "/smoke"], timeout=900)
    assert "smoke passed" in done.out, done.story()
    if os.path.exists("/dev/fuse"):
        assert "mounted" in done.out, done.story()
