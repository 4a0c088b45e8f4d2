#!/bin/sh
# Runs every test on each of the given builds, says of each suite how it ended as soon as it has, and adds up all of them in the last
# line. What a suite printed is kept in BUILD/tests/SUITE.log, and shown if it failed.
#
#	tests/run.sh BUILD ...
[ $# -gt 0 ] || { echo "tests/run.sh needs a build: make test makes three"; exit 1; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints `PASSED FAILED SKIPPED` of a suite's output: the last line that says so, in Criterion's words or in ours. A suite that
# ends badly without a word about it counts as one failure, and so does one that neither ran nor skipped anything, and each report
# of a sanitizer that no failed test explains: Criterion has let a test pass by the time its leaks are found.
count() {
	awk -v status="$2" '
	/ERROR: (Address|Leak)Sanitizer|: runtime error: / { reports++ }
	/Synthesis: Tested: / { sub(/.*Tested: /, ""); tested = $1; sub(/.*Passing: /, ""); passed = $1; failed = tested - passed }
	/[0-9]+ passed, [0-9]+ failed$/ { failed = $(NF - 1); passed = $(NF - 3) }
	/: skipped/ { skipped++ }
	END {
		if (failed < reports) failed = reports
		if (failed == 0 && (status != 0 || passed + skipped == 0)) failed = 1
		print passed + 0, failed + 0, skipped + 0
	}' "$1"
}

# suite BUILD SUITE COMMAND ...: runs it and hands its line to report
suite() {
	log=$1/tests/$2.log
	name="$1 $2"
	start=$(date +%s)
	shift 2
	mkdir -p "${log%/*}"
	"$@" >"$log" 2>&1 </dev/null
	echo "$(count "$log" $?) $(($(date +%s) - start)) $log $name"
}

build_suites() {
	suite "$1" unit "$1/tests/unit"
	for driver in golden errors robust stop files breakdown docs terminal replay; do
		suite "$1" $driver sh tests/$driver.sh "$1/bnc"
	done
}

# What needs one build, or all of them at once.
other_suites() {
	suite "$1" emit sh tests/emit.sh $(for build; do echo "$build/bnc"; done)
	suite "$1" arithmetic sh tests/arithmetic.sh "$1/bnc"
	suite "$1" names sh tests/emit_names.sh "$1/bnc"
	suite "$1" project sh tests/emit_project.sh "$1/bnc"
	suite "$1" targets sh tests/targets.sh "$1/bnc"
	suite "$1" suites sh tests/suites.sh "$1/bnc"
	suite "$1" install sh tests/install.sh "$1/bnc"
}

# Two at a time, about equally long.
all_suites() {
	other_suites "$@" &
	for build; do
		build_suites "$build"
	done
	wait
}

# One reader of all lines, so that what two suites print does not mix.
report() {
	while read -r passed failed skipped seconds log name; do
		if [ "$failed" != 0 ]; then
			echo "---- $name failed, $log:"
			cat "$log"
			echo "----"
		fi
		[ "$skipped" = 0 ] && skipped= || skipped=", $skipped skipped"
		printf '%-24s %s\n' "$name" "$passed passed, $failed failed$skipped, $seconds s"
		echo "$passed $failed" >>"$scratch/counts"
	done
}

echo "testing $*, two suites at a time"
all_suites "$@" | report
awk '{ passed += $1; failed += $2 } END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 || passed == 0 }' "$scratch/counts"
