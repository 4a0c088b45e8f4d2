# Shared by the drivers that compare what bnc prints with a file: reads their arguments, [--bless] [BNC]. With --bless
# whatever bnc prints becomes the expected text.

bless=
if [ "${1-}" = --bless ]; then
	bless=yes
	shift
fi
. tests/check.sh
[ -z "$bless" ] || finish() { exit; }

# The options that a network asks for in its first line: `# bnc: --dump c --isa avx2`.
options() {
	sed -n '1s/^# bnc: *//p' "$1"
}

# Runs bnc on one string of arguments, quoted as for a shell; sets status.
run() {
	eval "timeout 60 \"\$bnc\" $1" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null
	status=$?
}

# Compares a file with the expected one.
compare() {
	if [ -n "$bless" ]; then
		cmp -s "$1" "$2" || { cp "$1" "$2" && echo "blessed $2"; }
	else
		check "$2" diff -u --label "$2" --label "what bnc prints" "$2" "$1"
	fi
}
