"""Random histories on real mongods against our replay, in a short form; `make check-differential` is the long one.

YESTER_SEED makes the history another, YESTER_OPS a longer one (operations of one version).
"""
import os
import sys
from pathlib import Path

import peers
import pytest

sys.path.insert(0, str(Path(peers.ROOT) / "tests" / "differential"))
import compare  # noqa: E402
import run  # noqa: E402
import truth  # noqa: E402

OPERATIONS = int(os.environ.get("YESTER_OPS") or 700)
SEED = int(os.environ.get("YESTER_SEED") or 20261123)


@pytest.mark.mongod
@pytest.mark.parametrize("version", run.VERSIONS)
def test_every_moment_is_what_the_mongod_held(version, tmp_path):
    """Documents, catalogs, dbHash and roots; the seed is in what a failure prints."""
    peers.fetched(truth.mongod, version), peers.fetched(truth.tool, "mongodump")
    said = []
    print(f"seed {SEED}, {version}, {OPERATIONS} operations")
    with run.working_in(tmp_path) as folder:
        info, differences = run.one_version(version, folder, SEED, OPERATIONS, said.append)
        assert info["operations"] >= OPERATIONS and info["moments"]["quiet"] > 0 and info["moments"]["history"] > 0
        missed = compare.sees_lies(folder)
        assert not missed, f"the comparison does not see what is wrong on purpose: {missed}"
        assert not differences, f"seed {SEED}: YESTER_SEED={SEED} YESTER_OPS={OPERATIONS} makes it again\n" + "\n".join(said)
