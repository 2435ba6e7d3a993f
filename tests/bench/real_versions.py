#!/usr/bin/env python3
"""
Versions of a table as .bson files, from a CSV file in a git repository: what `make bench-versions
BENCH_FLAGS='--versions-of FOLDER'` stores. The last COUNT commits that changed the file, oldest first.

    git clone https://github.com/davidmegginson/ourairports-data
    tests/bench/real_versions.py ourairports-data airport-frequencies.csv 40 FOLDER

(That table is in the public domain: some 30,000 radio frequencies of airports, a few changes a day.)
"""
import csv
import io
import subprocess
import sys
from pathlib import Path

import bson


def git(repository, *args):
    return subprocess.run(["git", "-C", repository, *args], capture_output=True, text=True, check=True).stdout


def value(text):
    """What a program that imports such a file makes of a field."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def documents(text):
    """The rows in the order of their first column, which is the _id."""
    rows = [{k: value(v) for k, v in row.items()} for row in csv.DictReader(io.StringIO(text))]
    named = [{"_id": row.pop(next(iter(row))), **row} for row in rows]
    return sorted(named, key=lambda row: row["_id"])


def main():
    repository, table, count, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    commits = git(repository, "log", "--reverse", "--format=%H", "--", table).split()[-count:]
    folder.mkdir(parents=True)
    for number, commit in enumerate(commits):
        rows = documents(git(repository, "show", f"{commit}:{table}"))
        (folder / f"{number:04}.bson").write_bytes(b"".join(bson.encode(row) for row in rows))
    print(f"{len(commits)} versions in {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main()
