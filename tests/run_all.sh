#!/bin/bash
# Everything that is counted: the unit programs, then pytest against real mongods.
#
#   BUILD=build tests/run_all.sh        YESTER_MARKS is pytest's -m; by default the longer forms are left out
#                                       ('not long'); `make check-integration` runs them
#
# It ends with one plain line, "N passed, N failed, N skipped", and fails when anything failed or nothing ran.
set -eu
cd "$(dirname "$0")/.."

BUILD=${BUILD:-build}
cache=${YESTER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/yesterfs}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0
add() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

echo "== unit tests"
status=0
YESTER_UNIT_TOTALS=$results/unit "${MAKE:-make}" --no-print-directory -j "$(nproc)" BUILD="$BUILD" check-unit || status=$?
if [ -s "$results/unit" ]; then
	# shellcheck disable=SC2046
	add $(cat "$results/unit")
	[ $status -eq 0 ] || [ $failed -gt 0 ] || add 0 1 0
else
	echo "the unit tests could not be built"
	add 0 1 0
fi

echo "== integration tests"
python3 tests/setup/truth.py all || echo "some of the real programs are absent: what needs them is skipped"
status=0
BUILD=$BUILD "$cache/venv/bin/python" -m pytest tests/integration tests/crash -q -p no:cacheprovider \
	--junitxml="$results/pytest.xml" -m "${YESTER_MARKS:-not long}" || status=$?
counts=$(python3 - "$results/pytest.xml" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

try:
    suites = list(tree.parse(sys.argv[1]).getroot().iter("testsuite"))
except (OSError, tree.ParseError):
    sys.exit()
total = {k: sum(int(s.get(k, 0)) for s in suites) for k in ("tests", "failures", "errors", "skipped")}
failed = total["failures"] + total["errors"]
print(max(0, total["tests"] - failed - total["skipped"]), failed, total["skipped"])
PYTHON
)
if [ -n "$counts" ]; then
	before=$failed
	# shellcheck disable=SC2086
	add $counts
	# 5: no test was chosen, which is no failure by itself.
	[ $status -eq 0 ] || [ $status -eq 5 ] || [ $failed -gt $before ] || add 0 1 0
else
	echo "pytest did not end as it should (exit status $status)"
	add 0 1 0
fi

ran=$((passed + failed))
[ $ran -gt 0 ] || echo "no test ran"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $ran -gt 0 ]
