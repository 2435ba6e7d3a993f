"""The crash tests use the helpers of the integration tests."""
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))


def pytest_collection_modifyitems(items):
    for item in items:
        if "crash" in str(item.path.parent.name) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(3600))
