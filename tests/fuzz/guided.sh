#!/bin/sh
# guided.sh run SECONDS SEED BUILD NAME...: libFuzzer on each target for SECONDS. What it says goes to BUILD/guided/NAME.log, inputs that
# reached something new to BUILD/found/NAME, those that failed to BUILD/guided/NAME-*. Fails when one failed.
# guided.sh merge ...: take the inputs found into the corpus that reach code which nothing in it reaches.
what=$1 seconds=$2 seed=$3 build=$4
shift 4
# An abort is what libFuzzer sees: it keeps the input then.
export UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1

run() {
	"$build/guided/fuzz_$1" -max_total_time="$seconds" -seed="$seed" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="$build/guided/$1-" "$found" "$corpus" >"$log" 2>&1
}

merge() {
	"$build/guided/fuzz_$1" -merge=1 -use_counters=0 -max_len=4096 -timeout=20 "$corpus" "$found" >"$log" 2>&1
}

targets=0 failed=0 total=0
for name; do
	found=$build/found/$name corpus=tests/fuzz/corpus/$name log=$build/guided/$name.$what.log
	mkdir -p "$found"
	targets=$((targets + 1))
	if "$what" "$name"; then
		count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		total=$((total + ${count:-0}))
		echo "$name: features $(sed -n 's|.*ft: \([0-9]*\).*|\1|p' "$log" | tail -1)${count:+, $count executions}, $(ls "$corpus" | wc -l) files in the corpus"
	else
		failed=$((failed + 1))
		grep -vE '^#[0-9]+[[:space:]]' "$log" | tail -60
		echo "failed: $name; the input is $build/guided/$name-*"
	fi
done
echo "fuzz, guided: $targets targets, $total executions, $failed failed"
[ "$failed" -eq 0 ]
