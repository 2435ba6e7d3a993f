#!/bin/bash
# Run cmocka programs, as many at once as there are cores: tests/run_unit.sh build/unit/base/test_buf ...
#
# A program with "encrypted:" before its path runs over encrypted stores (tests/harness/test_store.h).
# One line for each program; of one that fails, all it printed. Ends with the totals, which also go
# as three numbers (passed failed skipped) to the file $YESTER_UNIT_TOTALS when that is set.
# A program that crashes, hangs (YESTER_UNIT_TIMEOUT seconds, default 600) or leaks fails.
set -eu

# The name of what a program leaves: store/test_check, encrypted:store/test_check.
name_of() {
	case $1 in
	encrypted:*) echo "encrypted:${1#*unit/}" ;;
	*) echo "${1#*unit/}" ;;
	esac
}

# One program: its output to $2.log, "passed failed skipped" to $2.sum.
run_one() {
	local program=$1 to=$2 name status=0 started=0 ok=0 failed=0 skipped=0
	name=$(name_of "$program")
	case $program in
	encrypted:*)
		program=${program#encrypted:}
		export YESTER_TEST_ENCRYPTED=1
		;;
	esac
	local begin=$SECONDS
	timeout -k 10 "${YESTER_UNIT_TIMEOUT:-600}" "$program" >"$to.out" 2>"$to.err" </dev/null || status=$?

	# cmocka's lines about single tests are on its standard output, the summary is on the other.
	started=$(grep -acF '[ RUN      ]' "$to.out" || true)
	ok=$(grep -acF '[       OK ]' "$to.out" || true)
	skipped=$(grep -acF '[  SKIPPED ]' "$to.out" || true)
	failed=$((started - ok - skipped))
	[ $failed -ge 0 ] || failed=0
	if [ $status -ne 0 ] && [ $failed -eq 0 ]; then
		failed=1
	fi
	echo "$ok $failed $skipped" >"$to.sum"
	if [ $status -eq 0 ] && [ $failed -eq 0 ]; then
		printf '  ok     %-44s %4d tests %4d s%s\n' "$name" "$ok" $((SECONDS - begin)) \
			"$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
		return
	fi
	{
		printf '  FAILED %s (exit status %d%s)\n' "$name" "$status" \
			"$([ $status -ne 124 ] || echo ': it took too long')"
		# In the order of the streams: what it did, then what went wrong.
		sed 's/^/    | /' "$to.out" "$to.err"
		echo "    run it alone: ${YESTER_TEST_ENCRYPTED:+YESTER_TEST_ENCRYPTED=1 }$program"
	} >"$to.log"
	cat "$to.log"
}

if [ "${1:-}" = --one ]; then
	run_one "$3" "$2/$(name_of "$3" | tr / _)"
	exit 0
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
if [ $# -gt 0 ]; then
	printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" "$0" --one "$results"
fi

passed=0 failed=0 skipped=0
for program in "$@"; do
	sum=$results/$(name_of "$program" | tr / _).sum
	if [ -s "$sum" ]; then
		read -r p f s <"$sum"
	else
		p=0 f=1 s=0
		echo "  FAILED $program: it left no result"
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
[ -z "${YESTER_UNIT_TOTALS:-}" ] || echo "$passed $failed $skipped" >"$YESTER_UNIT_TOTALS"
echo "unit tests of $# programs: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
