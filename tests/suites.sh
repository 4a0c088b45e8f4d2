#!/bin/sh
# Runs tests/run.sh on suites that do nothing but pass, fail or break: it must count them, and say so while others still
# run. Looks for lines that are too long.
#
#	tests/suites.sh [BNC]
. tests/check.sh
top=$PWD
mkdir -p "$scratch/tests" "$scratch/one/tests" "$scratch/two/tests"
cd "$scratch" || exit 1

# stub FILE BODY: a suite
stub() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# All suites pass, two tests each.
all_pass() {
	for driver in "$top"/tests/*.sh; do
		stub "tests/${driver##*/}" 'echo "2 passed, 0 failed"'
	done
	cp "$top/tests/run.sh" tests
	stub one/tests/unit 'echo "[====] Synthesis: Tested: 2 | Passing: 2 | Failing: 0 | Crashing: 0 "'
	for build in two two/sanitized three; do
		mkdir -p $build/tests
		cp one/tests/unit $build/tests
	done
}

# runs STATUS FAILED BUILD ...: how it ends
runs() {
	expected=$1
	last="^[1-9][0-9]* passed, $2 failed$"
	shift 2
	sh tests/run.sh "$@" >printed 2>&1
	[ $? = "$expected" ] && tail -n 1 printed | grep -q "$last" || { cat printed; false; }
}

all_pass
check 'all pass' runs 0 0 one two
check 'nothing is shown of what passed' [ "$(grep -c '^2 passed' printed)" = 0 ]
check 'a line for each suite' [ "$(grep -c '^[a-z]* [a-z]*  *2 passed, 0 failed, [0-9]* s$' printed)" = \
	"$(($(wc -l <printed) - 2))" ]
# What the first build leaves out, nothing runs. What other builds leave out is in tests/run.sh.
for driver in "$top"/tests/*.sh; do
	name=${driver##*/}
	name=${name%.sh}
	case $name in check | compare | run) continue ;; esac
	check "$name is run" grep -q "^one ${name#emit_} " printed
done
check 'other builds run what differs there' runs 0 0 one two/sanitized three
check 'sanitizers see what is read' grep -q '^two/sanitized robust ' printed
check 'another compiler computes' grep -q '^three computed ' printed
check 'no builds' sh -c '! sh tests/run.sh'

# breaks WHAT FAILURES BODY: a suite of the first build
breaks() {
	all_pass
	stub tests/golden.sh "case \$1 in one/*) $3 ;; *) echo '2 passed, 0 failed' ;; esac"
	check "$1" runs 1 "$2" one two
	check "$1: its line" grep -q "^one golden  *[0-9]* passed, $2 failed, " printed
	check "$1: its log" grep -q '^---- one golden failed, one/tests/golden.log:$' printed
}

breaks 'failures are counted' 3 'echo "the reason"; echo "2 passed, 3 failed"; exit 1'
check 'failures are shown' grep -q '^the reason$' printed
check 'failures are kept' grep -q '^the reason$' one/tests/golden.log
breaks 'a status without a word' 1 'exit 2'
breaks 'a status beside good counts' 1 'echo "2 passed, 0 failed"; exit 1'
breaks 'a signal' 1 'kill -KILL $$'
breaks 'nothing was tested' 1 'echo "0 passed, 0 failed"'
breaks 'silence' 1 ':'
breaks 'a report of a sanitizer' 1 'echo "==1==ERROR: LeakSanitizer: leaks"; echo "2 passed, 0 failed"'
all_pass
rm one/tests/unit
check 'a suite that is not there' runs 1 1 one two
all_pass
stub tests/golden.sh 'echo "a part: skipped, there is no compiler"; echo "0 passed, 0 failed"'
check 'what is skipped is no failure' runs 0 0 one
check 'what is skipped is said' grep -q '^one golden  *0 passed, 0 failed, 1 skipped, ' printed

# A suite that ends once the line of the one before it is there.
all_pass
stub tests/golden.sh \
	'for i in $(seq 100); do grep -q "^one unit " printed && echo "2 passed, 0 failed" && exit; sleep 0.1; done; exit 1'
check 'lines come as suites end' runs 0 0 one

cd "$top" || exit 1

# Each line of more than 120 columns, a tab being 4, of the sources and of the prose in Markdown: tables and what is in
# fences may be wider.
lines_fit() {
	find bench compiler docs examples runtime tests tools Makefile README.md \
		\( -name build -o -path tests/golden -o -path tests/errors \) -prune -o \
		\( -name '*.[chy]' -o -name '*.re' -o -name '*.sh' -o -name '*.md' -o -name Makefile \) -print | sort |
	while read -r file; do
		expand -t 4 "$file" | awk -v file="$file" '
		/^ *```/ { fenced = !fenced }
		file ~ /\.md$/ && (fenced || /^\|/ || /^    /) { next }
		length($0) > 120 { print file ":" NR ": a line of " length($0) " columns, more than 120" }'
	done >"$scratch/long"
	! grep . "$scratch/long"
}
check 'lines are of at most 120 columns' lines_fit
check 'each edit of tests/mutations can be made' awk -f tests/mutations/edit.awk -v root=. tests/mutations/*.edits
printf '[tests/suites.sh]\n\nold\n- no such %s\n+ text\n' text >"$scratch/old.edits"
check 'an edit of what is not there is an error' sh -c "! awk -f tests/mutations/edit.awk -v root=. $scratch/old.edits"

finish
