# Shared by the drivers: reads their argument, [BNC], of which $bnc is the whole path, and counts what they check.

bnc=${1:-build/bnc}
[ -x "$bnc" ] || { echo "$bnc is not built: 0 passed, 1 failed"; exit 1; }
bnc=$(realpath "$bnc")
passed=0
failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=print_stacktrace=1

# check WHAT COMMAND ...: counts whether the command succeeds, and returns it. Its output is in $scratch/output, and is
# shown when it does not, ten times at most.
check() {
	what=$1
	shift
	if "$@" >"$scratch/output" 2>&1; then
		passed=$((passed + 1))
		return 0
	fi
	failed=$((failed + 1))
	[ $failed -gt 10 ] || { echo "$what: failed: $*"; head -n 50 "$scratch/output"; }
	return 1
}

finish() {
	[ $failed -le 10 ] || echo "The first 10 failures are shown."
	echo "$passed passed, $failed failed"
	exit $((failed > 0))
}

# same_weights FILE FILE: their values; the text of the network says how many epochs it was to train for
same_weights() {
	first=$(od -An -tu4 -N 4 "$1")
	second=$(od -An -tu4 -N 4 "$2")
	cmp -i $((8 + first)):$((8 + second)) "$1" "$2"
}
