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
# Side by side, one more than there are processors: much of a test is waiting for a server. Each takes what nobody has taken
# (tests/side_by_side.py). What the others print comes after what the first one prints.
runs=$(($(nproc) + 1))
mkdir "$results/claims"
run_part() {
	BUILD=$BUILD "$cache/venv/bin/python" -m pytest tests/integration tests/crash -q -p no:cacheprovider -p tests.side_by_side \
		--claims "$results/claims" --junitxml="$results/pytest$1.xml" -m "${YESTER_MARKS:-not long}"
}
# Exit status 5: no test was chosen, which is no failure by itself.
count_part() {
	local counts before
	counts=$(python3 tests/junit_totals.py "$results/pytest$1.xml")
	if [ -z "$counts" ]; then
		echo "pytest did not end as it should (exit status $2)"
		add 0 1 0
		return
	fi
	before=$failed
	# shellcheck disable=SC2086
	add $counts
	[ "$2" -eq 0 ] || [ "$2" -eq 5 ] || [ $failed -gt "$before" ] || add 0 1 0
}
others=()
for part in $(seq 2 "$runs"); do
	run_part "$part" >"$results/output$part" 2>&1 &
	others+=($!)
done
status=0
run_part 1 || status=$?
count_part 1 $status
for part in $(seq 2 "$runs"); do
	status=0
	wait "${others[part - 2]}" || status=$?
	cat "$results/output$part"
	count_part "$part" $status
done

ran=$((passed + failed))
[ $ran -gt 0 ] || echo "no test ran"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $ran -gt 0 ]
