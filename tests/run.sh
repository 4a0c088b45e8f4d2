#!/bin/sh
# Runs every test on each of the given builds. The last line adds up all of them.
#
#	tests/run.sh BUILD ...
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

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

# suite NAME COMMAND ...: its output and counts, in files of that name
suite() {
	name=$1
	shift
	{ echo "== $*"; "$@" 2>&1; echo $? >"$scratch/$name.status"; } >"$scratch/$name.output"
	count "$scratch/$name.output" "$(cat "$scratch/$name.status")" >"$scratch/$name.counts"
}

build_suites() {
	suite "$1.unit" "$2/tests/unit"
	for driver in golden errors robust stop docs; do
		suite "$1.$driver" sh tests/$driver.sh "$2/bnc"
	done
}

emitted_suites() {
	suite emit sh tests/emit.sh "$@"
	suite targets sh tests/targets.sh "$1"
}

# two at a time, about equally long: what is emitted, and the builds one after the other
emitted_suites $(for build; do echo "$build/bnc"; done) &
number=0
for build; do
	number=$((number + 1))
	build_suites $number "$build"
	cat "$scratch/$number".*.output
done
wait
cat "$scratch/emit.output" "$scratch/targets.output"
cat "$scratch"/*.counts | awk '{ passed += $1; failed += $2 } END { print passed " passed, " failed " failed"; exit failed > 0 }'
