#!/usr/bin/env python3
"""Line coverage by layer, from what a build with --coverage left behind.

    coverage.py [--where] BUILD LAYER...

--where lists the lines of each file that nothing reached.
"""
import argparse
import collections
import gzip
import json
import subprocess
import tempfile
from pathlib import Path

BATCH = 40  # objects of one gcov


def reports(objects):
    """What gcov tells of these .gcda files."""
    with tempfile.TemporaryDirectory(prefix="yester-coverage-") as folder:
        subprocess.run(["gcov", "--json-format", "--hash-filenames", *map(str, objects)], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # it names what was never run
        for path in Path(folder).glob("*.gcov.json.gz"):
            yield json.loads(gzip.decompress(path.read_bytes()))


def count(build):
    """{file: {line: times}}: a line of a header counts once, however many objects have it."""
    lines = collections.defaultdict(lambda: collections.defaultdict(int))
    objects = [path.resolve() for path in sorted(Path(build).rglob("*.gcno"))]
    for at in range(0, len(objects), BATCH):
        for report in reports(objects[at:at + BATCH]):
            for file in report["files"]:
                for line in file["lines"]:
                    lines[file["file"]][line["line_number"]] += line["count"]
    return lines


def runs(numbers):
    """1 2 3 7 as '1-3 7'."""
    spans = []
    for n in numbers:
        if spans and spans[-1][1] == n - 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--where", action="store_true")
    parser.add_argument("build")
    parser.add_argument("layers", nargs="+")
    options = parser.parse_args()
    lines = count(options.build)
    for layer in options.layers:
        files = {name: found for name, found in lines.items() if name.startswith(layer + "/")}
        total = sum(len(found) for found in files.values())
        reached = sum(1 for found in files.values() for times in found.values() if times > 0)
        if options.where:
            for name, found in sorted(files.items(), key=lambda item: -sum(1 for t in item[1].values() if t == 0)):
                missed = sorted(n for n, times in found.items() if times == 0)
                if missed:
                    print(f"  {name}: {len(missed)} of {len(found)}: {runs(missed)}")
        print(f"{layer:8} {reached:7} of {total:7} lines  {100 * reached / max(total, 1):5.1f} %")


if __name__ == "__main__":
    main()
