#!/bin/sh
# Lets AFL++ look for inputs that a reader ends badly on: all named harnesses side by side, for so many seconds. What is
# there from the last time is gone on from. The last part runs everything that was kept once more, each input in a
# process of its own, so that leaks are found, too; its failures are the finds.
#
#	tests/fuzz/fuzz.sh BUILD SECONDS HARNESS ...
here=tests/fuzz
build=$1
seconds=$2
shift 2

# A fault of bnc ends it with status 4, which is a find like a crash. Memory of a GiB at once is refused, as on a small
# machine.
export AFL_CRASH_EXITCODE=4 AFL_AUTORESUME=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 \
	AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
sanitizers=allocator_may_return_null=1:max_allocation_size_mb=1024:hard_rss_limit_mb=4096
MILLISECONDS=3000       # a second of work, on a machine that has others to do

# table PATTERN: the quoted words at the beginning of what matches in bnc's source
table() {
	grep -rhoE --include='*.c' "$1" compiler | grep -o '"[^"]*"' | sort -u | grep . ||
		echo "no table of bnc matches $1" >&2
}

# The words of the tables, beside those in the dictionary.
words() {
	cat $here/"$1".dict
	case $1 in
	language)
		table '\.name = "[a-z_0-9]*"'
		table '[{]"[a-z_0-9]*", ARGUMENT'
		table '[{]"[a-z_]*", set_'
		;;
	command) table '^	[{]"[a-z][a-z-]*", (0|")' | sed 's/"/"--/' ;;
	esac
}

status=0
for harness; do
	finds=$build/finds/$harness
	mkdir -p "$finds"
	words "$harness" >"$finds/dictionary"
	ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0:$sanitizers nice afl-fuzz -i "$here/$harness" -o "$finds" \
		-x "$finds/dictionary" \
		-m none -t $MILLISECONDS -V "$seconds" -- "$build/tests/fuzz/afl" "$harness" >"$finds/log" 2>&1 &
done
wait
for harness; do
	finds=$build/finds/$harness
	if ! [ -f "$finds/default/fuzzer_stats" ]; then
		echo "$harness: AFL++ did not start: see $finds/log"
		status=1
		continue
	fi
	awk -F ' *: *' -v name="$harness" '{ value[$1] = $2 } END {
		printf "%s: %d seconds, %d executions, %d of %d edges, %d inputs kept, %d crashes, %d hangs\n", name,
			value["run_time"], value["execs_done"], value["edges_found"], value["total_edges"], value["corpus_count"],
			value["saved_crashes"], value["saved_hangs"]
	}' "$finds/default/fuzzer_stats"
	find "$finds"/default/queue "$finds"/default/crashes "$finds"/default/hangs -maxdepth 1 -name 'id*' -print0 |
		ASAN_OPTIONS=$sanitizers xargs -0 "$build/tests/fuzz/replay" "$harness" >"$finds/replayed" 2>&1 || status=1
	grep -a '^[0-9]* passed\|^build.*: ' "$finds/replayed"
done
[ $status = 0 ] ||
	echo "What the finds said is in $build/finds/*/replayed. Keep each, once it is mended, in $here/HARNESS."
exit $status
