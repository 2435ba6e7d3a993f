"""Random aggregation expressions on a mongod 6.0.27 and on ours: the same values, the same errors, code and text.

YESTER_SEED makes them others, YESTER_EXPRESSIONS more; tests/query/expr_differential.py by hand shows more of what differs.
"""
import os
import subprocess
import sys
from pathlib import Path

import peers
import pytest

sys.path.insert(0, str(Path(peers.ROOT) / "tests" / "query"))
import expr_differential  # noqa: E402
import truth  # noqa: E402

COUNT = int(os.environ.get("YESTER_EXPRESSIONS") or 6000)
SEED = int(os.environ.get("YESTER_SEED") or 1)


@pytest.mark.mongod
def test_every_expression_gives_what_the_mongod_gives():
    """Every operator, arguments of every type, wrong counts and unknown parameters."""
    peers.fetched(truth.mongod, "6.0.27")
    build = os.environ.get("BUILD", "build")
    made = subprocess.run(["make", "--no-print-directory", f"BUILD={build}", f"{build}/expr_driver"], cwd=peers.ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    said = []
    print(f"seed {SEED}, {COUNT} expressions")
    with peers.Mongod("6.0.27", replset=False, arguments=["--noscripting"]) as server:
        counts = expr_differential.compare(server.uri, str(Path(peers.ROOT) / build / "expr_driver"), SEED, COUNT, say=said.append)
    assert counts["values"] > COUNT / 5 and counts["errors"] > COUNT / 5
    assert not counts["different"], f"YESTER_SEED={SEED} makes it again\n" + "\n".join(said)
