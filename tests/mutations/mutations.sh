#!/bin/sh
# Do the tests notice mistakes? Each edit of the lists *.edits puts one into the sources, such as a wrong sign. This
# makes the edits in a copy, one after the other, builds it, and runs the suites until one fails: then the edit is
# killed. One that no suite notices survives, and shows what is not tested: at least 95 % must be killed.
#
#	tests/mutations/mutations.sh BUILD [EDIT ...]
#
# Without names it takes all edits; a name may have a * in it. BUILD/mutations/EDIT.log keeps what was printed.
top=$PWD
here=$top/tests/mutations
build=$1
shift
[ $# -gt 0 ] || set -- '*'

# edits TREE NAME: see edit.awk
edits() {
	awk -f "$here/edit.awk" -v root="$1" -v name="$2" "$here"/*.edits
}

all=$(edits "$top" "") || exit 1
names=$(for name in $all; do
	for wanted; do
		case $name in $wanted) echo "$name"; break ;; esac
	done
done)
[ "$names" ] || { echo "no edit is called so"; exit 1; }

logs=$build/mutations
mkdir -p "$logs"
logs=$(cd "$logs" && pwd)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for entry in *; do
	[ "$entry" = build ] || cp -r "$entry" "$scratch"
done
cd "$scratch" || exit 1

# The kernels take most of the time of a build. So an edit first meets the unit tests of the scalar kernels alone, which
# tcc compiles at once, and only then those of one set with vectors, which gcc takes some seconds for. The other sets
# stay as they were before the edit: they have their names and their C, and cannot be run.
sets=$(make -s --eval 'print-sets: ; @echo $(sets)' print-sets)
vectors=
for set in $sets; do
	case $set in
	avx2) grep -q '^flags.* avx2 .* fma\|^flags.* fma .* avx2 ' /proc/cpuinfo && vectors=avx2 ;;
	sse2) [ "$vectors" ] || vectors=sse2 ;;
	neon) vectors=neon ;;
	esac
done

# objects SET ...: their files
objects() {
	for set; do
		echo "build/kernels_${set}_f32.o build/kernels_${set}_f64.o"
	done
}

# usable SET EXPRESSION: makes that its answer, in which & is what it was
usable() {
	sed -i "/^int usable_$1(void)\$/,/^}/s/return \(.*\);/return $2;/" runtime/kernel_set.c
}

others=
for set in $sets; do
	case $set in
	scalar) ;;
	"$vectors") usable "$set" '!getenv("ONLY_SCALAR") \&\& \1' ;;
	*)
		others="$others $set"
		usable "$set" 0
		;;
	esac
done
sed -i '1a #include <stdlib.h>' runtime/kernel_set.c
sed -i 's/^\(#define UNROLL[_4]*\) .*/\1/' runtime/kernels/simd.h
mkdir unedited
cp -r compiler runtime unedited
processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || processors=1

# make_without "SET ..." [TARGET ...]: without new kernels of these sets. With -Og gcc would join no multiplication
# and addition of the kernels, as it does in emitted C, and predictions would have other bits.
make_without() {
	old=$(for object in $(objects $1); do echo "-o $object"; done)
	shift
	make -j"$processors" CFLAGS='-Og -Wl,-z,noexecstack' KERNEL_LEVEL='-O1 -fexpensive-optimizations' $old "$@"
}

build_scalar() {
	mkdir -p build
	for bits in 32 64; do
		tcc -w -std=c11 -D_DEFAULT_SOURCE -Icompiler -Iruntime -DLANES=1 -DISA=scalar -DTYPE=f$bits -DREAL_BITS=$bits \
			-c -o build/kernels_scalar_f$bits.o runtime/kernels/all.c || return 1
	done
	make_without "$sets" unit
}

build_all() {
	make_without "$others scalar" bnc unit replay soaker
}

# run SUITE ...: status 1 when one of them fails, and $suite is its name. A process that computes without end has
# failed: the processor's seconds tell, whatever else runs beside it. The unit tests come in three parts, the quickest
# first; of the scalar kernels alone there is no third, in which they would take too long.
slow='@(kernels|layers|parity|optimizer|plan|images|functions)/*'
slowest='@(threads|models)/*'
quick='!(threads|models|kernels|layers|parity|optimizer|plan|images|functions)/*'
run() {
	for suite; do
		unset ONLY_SCALAR
		case $suite in
		scalar_*) export ONLY_SCALAR=1 ;;
		esac
		case $suite in
		*quick) set -- build/tests/unit --fail-fast --filter "$quick" ;;
		*slow) set -- build/tests/unit --fail-fast --filter "$slow" ;;
		slowest) set -- build/tests/unit --fail-fast --filter "$slowest" ;;
		soak) set -- build/tests/soak/soak 30 ;;
		*) set -- sh "tests/$suite.sh" build/bnc ;;
		esac
		(ulimit -t 100 && exec timeout -k 10 1800 "$@" </dev/null) || return 1
	done
}
first_suites="scalar_quick scalar_slow"
all_suites="golden errors replay quick slow slowest docs soak emit_runs"

echo "building, with the kernels scalar and $vectors"
if ! { make_without "" KERNEL_LEVEL=-O0 $(objects $others) && make_without "" $(objects $vectors) && build_scalar &&
	build_all; } >"$logs/unedited.log" 2>&1; then
	tail -n 30 "$logs/unedited.log"
	exit 1
elif ! run $first_suites $all_suites >>"$logs/unedited.log" 2>&1; then
	tail -n 30 "$logs/unedited.log"
	echo "$suite fails without any edit"
	exit 1
fi

count=0
killed=0
survivors=
broken=
for name in $names; do
	start=$(date +%s)
	log=$logs/$name.log
	file=$(edits . "$name") || exit 1
	count=$((count + 1))
	if ! build_scalar >"$log" 2>&1; then
		result="does not compile"
	elif ! run $first_suites >>"$log" 2>&1; then
		result="killed by $suite"
	elif ! build_all >>"$log" 2>&1; then
		result="does not compile"
	elif ! run $all_suites >>"$log" 2>&1; then
		result="killed by $suite"
	else
		result=SURVIVES
	fi
	case $result in
	killed*) killed=$((killed + 1)) ;;
	SURVIVES) survivors="$survivors $name" ;;
	*) broken="$broken $name" ;;
	esac
	echo "$name: $result, $(($(date +%s) - start)) s"
	cp "unedited/$file" "$file"
done
[ ! "$broken" ] || echo "An edit must compile: one that the compiler finds says nothing of the tests:$broken"
echo "$count edits, $killed killed, $(echo "$survivors" | wc -w) survived:${survivors:- none}"
[ ! "$broken" ] && [ $((killed * 100)) -ge $((count * 95)) ]
