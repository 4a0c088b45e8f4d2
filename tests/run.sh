#!/bin/sh
# Runs the tests on the given builds, says of each suite how it ended as soon as it has, and adds up all of them in the
# last line. What a suite printed is kept in BUILD/tests/SUITE.log, and shown if it failed.
#
#	tests/run.sh BUILD ...
[ $# -gt 0 ] || { echo "tests/run.sh needs a build: make test makes three"; exit 1; }

# Prints `PASSED FAILED SKIPPED` of a suite's output: the last line that says so, in Criterion's words or in ours. A
# suite that ends badly without a word about it counts as one failure, and so does one that neither ran nor skipped
# anything, and each report of a sanitizer that no failed test explains: Criterion has let a test pass by the time its
# leaks are found.
count() {
	awk -v status="$2" '
	/ERROR: (Address|Leak)Sanitizer|: runtime error: / { reports++ }
	/Synthesis: Tested: / { sub(/.*Tested: /, ""); tested = $1
		sub(/.*Passing: /, ""); passed = $1; failed = tested - passed }
	/[0-9]+ passed, [0-9]+ failed$/ { failed = $(NF - 1); passed = $(NF - 3) }
	/: skipped/ { skipped++ }
	END {
		if (failed < reports) failed = reports
		if (failed == 0 && (status != 0 || passed + skipped == 0)) failed = 1
		print passed + 0, failed + 0, skipped + 0
	}' "$1"
}

# run_suite SUITE BUILD [BUILD ...]: runs it, and prints the line that report reads
run_suite() {
	name=$1
	log=$2/tests/$1.log
	start=$(date +%s)
	shift
	mkdir -p "${log%/*}"
	case $name in
	unit) "$1/tests/unit" ;;
	computed) "$1/tests/unit" --filter '!(fuse|npz|plan|progress|safetensors|weights)/*' ;;
	emit) sh tests/emit.sh $(for build; do echo "$build/bnc"; done) ;;
	compile | runs | names | project) sh "tests/emit_$name.sh" "$1/bnc" ;;
	*) sh "tests/$name.sh" "$1/bnc" ;;
	esac >"$log" 2>&1 </dev/null
	echo "$(count "$log" $?) $(($(date +%s) - start)) $log $1 $name"
}

if [ "$1" = --suite ]; then
	shift
	run_suite "$@"
	exit
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
first=$1
processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || processors=1
[ "$processors" -gt 1 ] || processors=2         # some suites wait for what they have started

# belongs SUITE BUILD: the first build runs everything. One with sanitizers sees each byte that bnc reads and writes,
# and runs whatever hands bnc input or takes output from it. Of other builds another compiler has made the machine code:
# they run what computes, which are the unit tests but for those of files and plans; signals and terminals are the
# system's.
belongs() {
	case $2:$1 in
	"$first":computed) return 1 ;;
	"$first":*) ;;
	*:compile | *:runs | *:emit | *:arithmetic | *:targets | *:names | *:project | *:suites | *:install | *:recipes | \
		*:circles) return 1 ;;
	*sanitized:computed | *sanitized:docs) return 1 ;;
	*sanitized:*) ;;
	*:computed | *:golden | *:errors | *:replay | *:breakdown) ;;
	*) return 1 ;;
	esac
}

# What takes longest comes first, so that all processors are busy until the end.
queue() {
	for suite in unit computed robust checkpoint stop sweep tensorboard health compile runs arithmetic targets recipes \
		emit names docs breakdown terminal files saved suites project errors suggest augment window golden install \
		replay soak circles; do
		for build; do
			if [ $suite = emit ] && [ "$build" = "$first" ]; then
				echo "emit $*"
			elif belongs $suite "$build"; then
				echo "$suite $build"
			fi
		done
	done
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

echo "testing $*, $processors suites at a time"
queue "$@" | xargs -L 1 -P "$processors" sh "$0" --suite | report
awk '{ passed += $1; failed += $2 } END { print passed + 0 " passed, " failed + 0 " failed";
	exit failed > 0 || passed == 0 }' "$scratch/counts"
