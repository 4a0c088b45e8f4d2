#!/bin/sh
# Hands every input that is kept in tests/fuzz to its harness.
#
#	tests/replay.sh [BNC]
bnc=${1:-build/bnc}
exec "${bnc%/*}/tests/fuzz/replay"
