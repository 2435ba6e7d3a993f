"""The crash tests use the helpers of the integration tests."""
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))


def pytest_configure(config):
    config.addinivalue_line("markers", "mongod: starts real mongods")
    config.addinivalue_line("markers", "fuse: mounts; skipped where there is no FUSE")
    config.addinivalue_line("markers", "long: a longer form; `make test` leaves it out, `make check-crash` does not")


def pytest_collection_modifyitems(items):
    for item in items:
        if "crash" in str(item.path.parent.name) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(3600))


def pytest_terminal_summary(terminalreporter):
    workload = sys.modules.get("crash_workload")
    if workload is not None and workload.points_tried > 0:
        terminalreporter.write_line(f"crash: {workload.points_tried} points")
