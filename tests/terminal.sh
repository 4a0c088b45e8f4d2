#!/bin/sh
# Runs bnc in terminals of many widths: the bar must fit the window, and never stand on the line of something else.
#
#	tests/terminal.sh [BNC]
. tests/check.sh
if ! command -v script >/dev/null; then
	echo "terminals: skipped, there is no script"
	finish
fi

# trains COMMANDS: in a terminal, after these commands and until it is stopped, into $scratch/shown; fails if nothing
# was trained
trains() {
	TERM=$terminal script -qefc \
		"$1; '$bnc' models/mlp.net models/mlp_bn.net --train moons:n=20000 --epochs 1000000 $2 & job=\$!
		sleep 1; $3 kill -TERM \$job; wait \$job" "$scratch/raw" >/dev/null </dev/null
	grep -v '^Script ' "$scratch/raw" | tr -d '\r' >"$scratch/lines"
	sed 1d "$scratch/raw" >"$scratch/shown"
	grep -q '^bnc: stopped by SIGTERM' "$scratch/lines"
}

escape=$(printf '\033')
return=$(printf '\r')

# Prints the bars, one a line: what lies between a carriage return and the sequence that clears the rest of the line.
bars() {
	sed "s/$escape\[K/\n/g" "$scratch/shown" | sed -n "s/^.*$return\([^$return][^$return]*\)$/\1/p"
}

# Whatever else is shown: all epoch lines are whole, once each bar has been taken away.
whole_lines() {
	tr -d '\r' <"$scratch/shown" | grep 'Epoch' | sed "s/^.*$escape\[K//" >"$scratch/epochs"
	[ -s "$scratch/epochs" ] &&
		! grep -v '^Epoch [0-9]*: mlp loss=[0-9.]* accuracy=[0-9.]*%, mlp_bn loss=[0-9.]* accuracy=[0-9.]*%$' \
		"$scratch/epochs"
}

fits() {
	bars >"$scratch/bars"
	[ -s "$scratch/bars" ] && ! awk -v most="$1" 'length($0) >= most' "$scratch/bars" | grep .
}

has() {
	grep -q "$1" "$scratch/bars"
}

terminal=xterm
for columns in 10 40 59 60 80 200; do
	check "$columns columns" trains "stty cols $columns"
	check "$columns columns: the bar fits" fits $columns
	check "$columns columns: whole lines" whole_lines
	[ $columns -lt 40 ] ||
		check "$columns columns: what it says" has 'epoch [0-9]*  .*loss [0-9.]*  [0-9]*:[0-9][0-9]:[0-9][0-9] left'
done
check "1 column" trains "stty cols 1"
no_bar() {
	! bars | grep .
}
check "1 column: no bar" no_bar

check "resized" trains "stty cols 100" "" "stty cols 50 </dev/tty; sleep 1;"
bars | tail -n 3 >"$scratch/last"
check "resized: the last bars fit" awk 'length($0) >= 50 { bad = 1 } END { exit bad || NR < 3 }' "$scratch/last"

check "quiet" trains "stty cols 80" --quiet
check "quiet: nothing but the results" sh -c '! grep -q "left\|Epoch" "$1"' - "$scratch/shown"

no_controls() {
	! tr -d '\n\r' <"$scratch/shown" | LC_ALL=C grep -q '[[:cntrl:]]' && ! grep -q "$return." "$scratch/shown"
}

for terminal in dumb ""; do
	check "TERM=$terminal" trains "stty cols 80"
	check "TERM=$terminal: no control characters" no_controls
done

"$bnc" models/mlp_bn.net --train moons 2>"$scratch/shown" >/dev/null
check "no terminal: no bar" [ ! -s "$scratch/shown" ]
finish
