#!/bin/sh
# run.sh MUTATIONS SEED FOLDER TARGET...: replay and mutate the corpus of each target. The
# output of each goes to FOLDER/NAME.log and is shown when the target fails.
mutations=$1 seed=$2 folder=$3
shift 3

targets=0 inputs=0 failed=0
for target; do
	name=${target##*/}
	log=$folder/$name.log
	corpus=tests/fuzz/corpus/${name#fuzz_}
	targets=$((targets + 1))
	if "$target" -n "$mutations" -s "$seed" "$corpus" >"$log" 2>&1; then
		count=$(sed -n 's/.*: \([0-9]*\) inputs$/\1/p' "$log")
		inputs=$((inputs + count))
	else
		failed=$((failed + 1))
		cat "$log"
		echo "failed: $target -n $mutations -s $seed $corpus"
	fi
done
echo "fuzz: $targets targets, $inputs inputs, $failed failed"
[ "$failed" -eq 0 ]
