"""What there is to ingest: the repository's fixture, and every dump, archive and single file under the shared data."""
import os
from pathlib import Path

import peers
import pytest

DATA = peers.SHARED / "data"
TESTDATA = DATA / "mongo-tools-testdata"
FIXTURES = peers.ROOT / "tests" / "fixture"

# Not sound BSON, or (deep_nested) nested deeper than any server takes: an error that names the file and
# the offset, and no snapshot.
BROKEN = tuple(
    TESTDATA / "bsondump" / "testdata" / f"{name}.bson"
    for name in ("bad_cstring", "bad_type", "deep_nested", "invalid_field_name", "partial_file", "random_bytes")
)
BROKEN_ARCHIVES = (TESTDATA / "mongorestore" / "testdata" / "bad-format.archive",
                   DATA / "archives" / "damaged-powershell-utf16-6.0.4.archive")


def _is_database(folder):
    return folder.name not in ("testdata", "test_data", "oplogs", "bson") and any(
        p.name.endswith((".bson", ".bson.gz", ".metadata.json")) and p.name != "oplog.bson"
        for p in folder.iterdir() if p.is_file())


def _is_dump(folder):
    """Its sub-folders are databases, and none of them is a dump itself. One of the oplog is none: ingest refuses it."""
    if (folder / "local" / "oplog.rs.bson").exists():
        return False
    below = [p for p in folder.iterdir() if p.is_dir()]
    return any(map(_is_database, below)) and not any(map(_is_dump, below)) and not any(
        p.name != "oplog.bson" and p.suffix in (".bson", ".bin") for p in folder.iterdir() if p.is_file())


def _shared_folders():
    if not DATA.is_dir():
        return
    for top in sorted(DATA.iterdir()):
        if not top.is_dir() or top.name in ("oplog_samples", "conformance", "query_probes"):
            continue
        for path, folders, _ in sorted(os.walk(top)):
            if _is_dump(Path(path)):
                folders[:] = []
                yield Path(path)


def _name(path):
    for base in (DATA, FIXTURES):
        if path.is_relative_to(base):
            return str(path.relative_to(base)).replace("/testdata/", "/")
    return str(path)


def _parameters(paths):
    paths = [pytest.param(p, id=_name(p)) for p in paths]
    return paths or [pytest.param(None, marks=pytest.mark.skip(reason=f"no shared test data at {peers.SHARED}"))]


def folders():
    """Every dump folder, the fixtures first."""
    return _parameters([FIXTURES / "dump", FIXTURES / "dump-names", *_shared_folders()])


def archives():
    found = [p for p in sorted(DATA.rglob("*.archive*")) if p.is_file() and p not in BROKEN_ARCHIVES] if DATA.is_dir() else []
    return _parameters(found)


def singles():
    """Loose .bson files that are sound."""
    found = []
    for folder in (DATA / "bson-singles", TESTDATA / "bsondump" / "testdata", TESTDATA / "mongorestore" / "testdata",
                   TESTDATA / "mongodump" / "testdata", TESTDATA / "mongostat" / "test_data"):
        if folder.is_dir():
            found += [p for p in sorted(folder.glob("*.bson")) if p not in BROKEN]
    return _parameters(found)


def broken():
    return _parameters([p for p in BROKEN + BROKEN_ARCHIVES if p.exists()])
