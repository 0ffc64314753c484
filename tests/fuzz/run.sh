#!/bin/bash
# run.sh: runs every fuzz target that was built in B/fuzz for FUZZ_TIME seconds
# (2 in make test), from the corpus that earlier runs left there.  TAP.
set -uo pipefail

: "${B:?}" "${FUZZ_TIME:=2}"
targets=()
for target in "$B"/fuzz/fuzz_*; do
	[ -d "$target" ] || [[ $target == *.* ]] || targets+=("$target")
done
echo "1..${#targets[@]}"
number=0 status=0 runs=0
for target in "${targets[@]}"; do
	name=$(basename "$target")
	corpus=$B/fuzz/corpus/$name
	mkdir -p "$corpus"
	number=$((number + 1))
	if "$target" -max_total_time="$FUZZ_TIME" -print_final_stats=1 \
		-artifact_prefix="$B/fuzz/" "$corpus" >"$target.log" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name: see $target.log"
		status=1
	fi
	runs=$((runs + $(sed -n 's/^stat::number_of_executed_units: *//p' \
		"$target.log")))
done
echo "# count: $runs inputs in $number fuzz targets"
exit $status
