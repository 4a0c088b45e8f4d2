#!/bin/sh
# A project of someone's who has bnc installed, as docs/emitted-c.md has it: its make and CMake files, and the figures
# it gives.
#
#	tests/emit_project.sh BNC
. tests/check.sh
root=$(pwd)
page=$root/docs/emitted-c.md
cd "$scratch" || exit 1
mkdir -p installed/bin "a project"
cp "$bnc" installed/bin/bnc
for file in Makefile CMakeLists.txt device.c; do
	awk -v file="$file" '/^```/ { inside = $2 == file; next } inside' "$page" >"a project/$file"
done
cp "$root/models/mlp_bn.net" "a project"

# Nothing of the environment's make, which may have started this.
run_make() {
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make "$@"
}

# ---- make

in_path() {
	PATH=$scratch/installed/bin:$PATH "$@"
}

built() {
	"$1" | grep -qx 'loss 0.005, first sample: class 0'
}

cd "a project" || exit 1
check "make" in_path run_make CFLAGS="-std=c99 -O2"
check "make: what it has built" built ./device
check "make: nothing is left to do" in_path run_make -q
check "make: another network" sh -c 'sleep 1; sed -i s/64/32/g mlp_bn.net'
check "make: another network" in_path run_make
check "make: another network" grep -q 'MLP_BN_PARAMETERS 226' mlp_bn.h
rm device mlp_bn.c mlp_bn.h
check "make BNC=" run_make BNC="../installed/bin/bnc"
cp "$root/models/mlp_bn.net" mlp_bn.net
rm device mlp_bn.c mlp_bn.h
cd .. || exit 1

# ---- CMake

if ! command -v cmake >/dev/null; then
	echo "CMake: skipped, there is no cmake" # tools/install-packages brings it to Debian and nowhere else
else
	check "CMake" in_path cmake -S "a project" -B made
	check "CMake" run_make -C made
	check "CMake: what it has built" built made/device
	check "CMake: nothing beside the sources" sh -c 'test ! -e "a project/mlp_bn.c"'
	check "CMake: BNC" cmake -S "a project" -B made_too -DBNC="$scratch/installed/bin/bnc"
	check "CMake: BNC" cmake --build made_too
	check "CMake: BNC" built made_too/device
	check "CMake: no bnc" sh -c '! cmake -S "a project" -B made_three 2>said'
	[ -n "$(command -v bnc)" ] || check "CMake: no bnc" grep -q 'no bnc in PATH: give -DBNC=FILE' said
fi

# ---- figures

check "bytes of the struct" "$bnc" "$root/models/mlp_bn.net" --emit mlp_bn.c
bytes=$(sed -n 's/^#define MLP_BN_BYTES \([0-9]*\).*/\1/p' mlp_bn.h)
check "bytes of the struct" grep -q "^static mlp_bn net; .*\* $bytes bytes," "$page"
check "bytes of the struct: no others" [ "$(grep -c ' bytes, wherever' "$page")" = 1 ]
cd "$root" || exit 1
finish
