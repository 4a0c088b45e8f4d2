#!/bin/sh
# Emitted C under compiler flags that allow other arithmetic than C's, and under others that programs are built with:
# activations, losses and BatchNorm against libm, and the networks' own tests.
#
#	tests/arithmetic.sh [BNC]
. tests/check.sh
top=$PWD
cd "$scratch" || exit 1

emit() {
	"$bnc" --quiet "$@" >/dev/null
}

# network NAME TEXT OPTIONS: one of what tests/emit/arithmetic.c looks at
network() {
	name=$1
	text=$2
	shift 2
	check "$name" emit -e "$text" --save none.safetensors
	check "$name, $lanes lanes" emit -e "$text" --lanes $lanes --prefix "$name" --emit "$name.c" "$@"
	echo "#include \"$name.c\"" >>networks.c
	echo "#include \"$name.h\"" >>networks.h
}

emit_networks() {
	: >networks.c
	: >networks.h
	network relu 'input 20; relu' --weights none.safetensors --inference
	network six 'input 20; relu6' --weights none.safetensors --inference
	network leaky 'input 20; leaky_relu slope=0.1' --weights none.safetensors --inference
	network tangent 'input 20; tanh' --weights none.safetensors --inference
	network logistic 'input 20; sigmoid' --weights none.safetensors --inference
	network exponential 'input 20; elu alpha=0.5' --weights none.safetensors --inference
	network gaussian 'input 20; gelu' --weights none.safetensors --inference
	network gaussian_tanh 'input 20; gelu tanh=true' --weights none.safetensors --inference
	network swish 'input 20; silu' --weights none.safetensors --inference
	network smooth 'input 20; softplus beta=2' --weights none.safetensors --inference
	network shares 'input 20; softmax' --weights none.safetensors --inference
	network log_shares 'input 20; log_softmax' --weights none.safetensors --inference
	for classes in 2:two 3:three 20:many; do
		network "${classes#*:}_classes" "input ${classes%:*}; linear ${classes%:*} bias=false; batch 32"
	done
	network answers 'input 20; linear 20 bias=false; loss bce; batch 32'
	network norm 'input 20; batchnorm; loss mse; batch 32'
	network norm_of_few 'input 2; linear 2 bias=false; batchnorm; leaky_relu slope=1; loss mse; batch 32'
	check "the program" cc -std=c99 -O1 -Wall -Wextra -Werror -c "$top/tests/emit/arithmetic.c" -I. -o arithmetic.o
}

# runs COMPILER FLAGS [NaN]: what is emitted, with these flags
runs() {
	$1 -std=gnu99 -Wall -Wextra -Werror $2 -c networks.c -o networks.o &&
		$1 $2 arithmetic.o networks.o -lm -o arithmetic && ./arithmetic $3
}

# passes COMPILER FLAGS: the network's own test
passes() {
	$1 -std=c99 -Wall -Wextra -Werror $2 device.c device_test.c -lm -o device_test && ./device_test
}

x86=
case $(uname -m) in x86_64) x86=yes ;; esac
fast="-O2 -ffast-math
-O2 -fassociative-math -fno-signed-zeros -fno-trapping-math
-Ofast -march=native
-O2 -ffinite-math-only
-O2 -funsafe-math-optimizations
-O1 -freciprocal-math -march=native
-O2 -frounding-math
-O2 -ffast-math -flto"
others="-O0
-Os -fwrapv -funsigned-char -fshort-enums -fno-builtin
-O2 -ffp-contract=fast -march=native
-O1 -ffp-contract=off -march=native"

for lanes in 1 4 8; do
	emit_networks
	echo "$fast
$others" >flags
	# Vectors of any number of lanes are the same code to a compiler, and what it may do with a lane it may do with one.
	compilers="gcc clang"
	case $lanes in
	1) ;;
	4) sed -n 3p flags >some && mv some flags && compilers=gcc ;;
	8) sed -n 1p flags >some && mv some flags && compilers=clang ;;
	esac
	for compiler in $compilers; do
		# clang switches most of these on together
		[ $compiler = gcc ] || { grep -e '-ffast-math$' -e -Ofast -e -O0 flags >some && mv some flags; }
		while read -r flags; do
			check "$lanes lanes, $compiler $flags" runs $compiler "$flags" NaN
		done <flags
	done
done

for lanes in 1 8; do
	check "self-test" emit "$top/tests/emit/activations.net" --lanes $lanes --prefix device --emit device.c \
		--emit-test device_test.c
	for compiler in gcc clang; do
		check "self-test, $lanes lanes, $compiler" passes $compiler "-O1 -ffast-math -march=native"
	done
done

# ---- x87: with one lane gcc is told how to round; all else says what it needs

refuses() {
	! $1 -std=gnu99 -O2 $2 -c networks.c -o networks.o 2>said && grep -q 'compile with -msse2 -mfpmath=sse' said
}

if [ $x86 ]; then
	lanes=1
	emit_networks
	for level in -O0 -O2 "-O3 -ffast-math"; do
		check "x87, gcc $level" runs gcc "$level -mfpmath=387" NaN
	done
	check "x87, clang" refuses clang "--target=i386-linux-gnu -ffreestanding -isystem $top/examples/web/include"
	lanes=8
	emit_networks
	check "x87, 8 lanes" refuses gcc -mfpmath=387
fi

# ---- BatchNorm is folded, but for a mean in which the digits of x would be lost

check "far means" cc -std=c99 -Wall -Wextra -Werror "$top/tests/emit/far_means.c" -lm -o far_means
for mean in 0 1 30 1e4 1e6; do
	./far_means $mean 1 >norm.safetensors
	./far_means $mean 2 >norm_relu.safetensors
	for lanes in 1 8; do
		check "mean $mean" emit -e 'input 20; batchnorm; linear 3' --weights norm.safetensors --inference \
			--lanes $lanes --prefix norm \
			--emit norm.c --emit-test norm_test.c
		check "mean $mean" emit -e 'input 20; batchnorm; relu; linear 3' --weights norm_relu.safetensors --inference \
			--lanes $lanes \
			--prefix norm_relu --emit norm_relu.c
		check "mean $mean" cc -std=c99 -Wall -Wextra -Werror -O2 -DCOMPARE -I. "$top/tests/emit/far_means.c" norm.c \
			norm_relu.c -lm \
			-o compare
		check "mean $mean, $lanes lanes" ./compare $mean
		check "mean $mean, $lanes lanes: self-test" cc -std=c99 -O2 norm.c norm_test.c -lm -o norm_test
		check "mean $mean, $lanes lanes: self-test" ./norm_test
		case $mean in
		0 | 1) check "mean $mean: said" grep -q '0 batchnorm is folded into 1 linear after it\.' norm.h ;;
		*) check "mean $mean: said" grep -q '0 batchnorm is folded into 1 linear after it, but for its mean' norm.h ;;
		esac
	done
done

# ---- a single header leaves the arithmetic of the file that includes it as it was

lanes=1
check "single header" emit "$top/models/mlp_bn.net" --single-header --prefix device --emit device.h
cat >around.c <<'END'
#define DEVICE_IMPLEMENTATION
#include "device.h"
int is_nan(float x) { return x != x; }
END
for compiler in gcc clang; do
	check "single header, $compiler" $compiler -std=c99 -O2 -ffast-math -S around.c -o around.s
	check "single header, $compiler: no comparison is left" sh -c \
		'! sed -n "/^is_nan:/,/ret/p" around.s | grep -i "comis"'
done
# ---- bnc itself, built with such flags

# build FOLDER FLAGS TARGET ...: by the Makefile
build() {
	folder=$1
	flags=$2
	shift 2
	env -u MAKEFLAGS -u MFLAGS make -s -C "$top" BUILD="$scratch/$folder" CC="$compiler" CFLAGS="$flags" "$@"
}

# same FLAGS: they make the same instructions as their level of optimisation alone, of files that compute
same() {
	level=$(echo "${1%% *}" | sed 's/fast/3/')
	for folder in plain fast; do
		rm -rf $folder
		flags=$1
		[ $folder = fast ] || flags=$level
		build $folder "$flags" $(for file in random data/npy data/circles; do echo "$scratch/$folder/runtime/$file.o"
			done) || return 1
	done
	diff -r plain fast -x '*.d'
}

# commands FLAGS: what the kernels are compiled with ends with what allows no more than contraction; what is linked has
# no such flags
commands() {
	# a command in one line
	build none "$1" -n bnc 2>&1 | sed -e ':more' -e '/\\$/{' -e N -e 's/\\\n//' -e 't more' -e '}' >commands
	grep 'kernels/all.c$' commands >kernels && ! grep -v -e "$1 .*-fno-fast-math .*-ffp-contract=[a-z]* " kernels &&
		grep -e ' -o [^ ]*/bnc ' commands >linked &&
		! grep -e -Ofast -e fast-math -e unsafe linked
}

for compiler in gcc clang; do
	command -v $compiler >/dev/null || { echo "bnc built by $compiler: skipped, there is none"; continue; }
	for flags in '-O2 -ffast-math' '-Ofast -ffp-contract=fast'; do
		check "bnc by $compiler $flags" same "$flags"
	done
	check "bnc by $compiler: commands" commands '-Ofast -ffast-math -funsafe-math-optimizations'
done
finish
