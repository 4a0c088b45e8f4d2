#!/bin/sh
# For every mistake in tests/errors, compares bnc's standard error and, in the last line, its exit status with
# NAME.expected. NAME.net is a network, and may have a first line `# bnc: OPTIONS`; NAME.args is a whole command line.
#
#	tests/errors.sh [--bless] [BNC]
. tests/compare.sh

for mistake in tests/errors/*.net tests/errors/*.args; do
	case $mistake in
	*\*.*) continue ;;
	*.net) run "$(options "$mistake") $mistake" ;;
	*.args) run "$(cat "$mistake")" ;;
	esac
	echo "exit $status" >>"$scratch/stderr"
	compare "$scratch/stderr" "${mistake%.*}.expected"
done
finish
