#!/bin/sh
# Compiles torch_peer.cpp against the PyTorch of the given Python and prints the program's path; prints nothing when
# that cannot be had.
#
#	bench/build-libtorch.sh PYTHON PROGRAM
python=$1 program=$2

torch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null) || exit 0
if [ ! "$program" -nt bench/torch_peer.cpp ]; then
	echo "Compiling a program of PyTorch's C++ interface (half a minute)" >&2
	c++ -O2 -std=c++20 -I"$torch/include" -I"$torch/include/torch/csrc/api/include" -o "$program" bench/torch_peer.cpp \
		-L"$torch/lib" -Wl,-rpath,"$(realpath "$torch/lib")" -ltorch -ltorch_cpu -lc10 >"$program.log" 2>&1 || exit 0
fi
echo "$program"
