"""A pytest plugin: --shard I/N runs the I-th part of the files, so that N runs side by side make a whole one.

A file is in one part with all its tests; the heaviest first, each goes to the part that has least so far. Who has no weight here
counts as DEFAULT: a new file needs no entry, an old one that grew may get one (pytest's --durations tells).
"""
import pytest

DEFAULT = 8  # seconds
WEIGHTS = {
    "test_roundtrip.py": 259, "test_restore.py": 124, "test_encrypt.py": 81, "test_json_mount.py": 76,
    "test_crash_verbs.py": 60, "test_live.py": 58, "test_live_set.py": 54, "test_scale.py": 47, "test_damage.py": 34,
    "test_documents_cli.py": 32, "test_differential.py": 31, "test_query_suites.py": 30, "test_cli.py": 28,
    "test_crash.py": 25, "test_update_model.py": 23, "test_natural_order.py": 20, "test_package.py": 20,
    "test_together.py": 19, "test_at.py": 18, "test_repair.py": 18, "test_live_secure.py": 18,
    "test_concurrency.py": 16, "test_crash_retention.py": 15, "test_serve.py": 15, "test_ingest_oplog.py": 15,
}


def pytest_addoption(parser):
    parser.addoption("--shard", metavar="I/N", help="run the I-th of N parts of the files")


def parts(files, count):
    """The files in `count` lists of about the same weight; the same for the same files."""
    shares = [[] for _ in range(count)]
    weights = [0] * count
    for file in sorted(files, key=lambda name: (-WEIGHTS.get(name, DEFAULT), name)):
        least = weights.index(min(weights))
        shares[least].append(file)
        weights[least] += WEIGHTS.get(file, DEFAULT)
    return shares


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    shard = config.getoption("--shard")
    if not shard:
        return
    index, count = (int(part) for part in shard.split("/"))
    mine = set(parts({item.path.name for item in items}, count)[index - 1])
    config.hook.pytest_deselected(items=[item for item in items if item.path.name not in mine])
    items[:] = [item for item in items if item.path.name in mine]
