#!/bin/sh
# Checks random networks in every way that they can be compiled and run: as many as take half a minute.
# `make soak N=...` checks more.
#
#	tests/soak.sh [BNC]
bnc=${1:-build/bnc}
case $bnc in
*sanitized*) count=6 ;;
*) count=100 ;;
esac
exec "${bnc%/*}/tests/soak/soak" $count
