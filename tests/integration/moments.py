"""What tests of moments in the mount share: how they are named, and what was kept of visits."""
import datetime
import errno
import os
from pathlib import Path

UTC = datetime.timezone.utc


def optime(stamp):
    return f"{stamp[0]}.{stamp[1]}"


def second_name(seconds):
    return datetime.datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H%M%SZ")


def is_absent(path):
    """Is it ENOENT, and nothing else?"""
    try:
        os.lstat(path)
    except OSError as error:
        assert error.errno == errno.ENOENT, f"{path}: {error}"
        return True
    return False


def visited(store):
    """What was replayed and kept: the names of the cache's snapshots."""
    return sorted(p.name for p in Path(store).glob("local/*/cache/snapshots/*"))
