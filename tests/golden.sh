#!/bin/sh
# For every tests/golden/NAME.net, compares bnc's standard output with NAME.expected. A first line `# bnc: OPTIONS` says
# what is printed; without it, the generated C.
#
#	tests/golden.sh [--bless] [BNC]
. tests/compare.sh

for network in tests/golden/*.net; do
	[ -e "$network" ] || continue
	arguments=$(options "$network")
	run "${arguments:---dump c} $network"
	[ $status = 0 ] || { cat "$scratch/stderr"; echo "exit $status"; } >>"$scratch/stdout"
	compare "$scratch/stdout" "${network%.net}.expected"
done
finish
