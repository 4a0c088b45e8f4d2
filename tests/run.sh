#!/bin/sh
# Runs every test on each of the given builds. The last line adds up all of them.
#
#	tests/run.sh BUILD ...
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
: >"$scratch/totals"

# Prints `PASSED FAILED` of a suite's output: the last line that says so, in Criterion's words or in ours. A suite that
# ends badly without a word about it counts as one failure, and so does each report of a sanitizer that no failed test
# explains: Criterion has let a test pass by the time its leaks are found.
count() {
	awk -v status="$2" '
	/ERROR: (Address|Leak)Sanitizer|: runtime error: / { reports++ }
	/Synthesis: Tested: / { sub(/.*Tested: /, ""); tested = $1; sub(/.*Passing: /, ""); passed = $1; failed = tested - passed }
	/[0-9]+ passed, [0-9]+ failed$/ { failed = $(NF - 1); passed = $(NF - 3) }
	END {
		if (failed < reports) failed = reports
		print passed + 0, failed == 0 && status != 0 ? 1 : failed + 0
	}' "$1"
}

suite() {
	echo "== $*"
	{ "$@" 2>&1; echo $? >"$scratch/status"; } | tee "$scratch/output"
	count "$scratch/output" "$(cat "$scratch/status")" >>"$scratch/totals"
}

for build; do
	suite "$build/tests/unit"
	for driver in golden errors robust stop docs; do
		suite sh tests/$driver.sh "$build/bnc"
	done
done
set -- $(for build; do echo "$build/bnc"; done)
suite sh tests/emit.sh "$@"
suite sh tests/targets.sh "$1"
awk '{ passed += $1; failed += $2 } END { print passed " passed, " failed " failed"; exit failed > 0 }' "$scratch/totals"
