#!/bin/sh
# What --emit writes: compiled by every compiler here with all warnings, run against what bnc computes, and looked at from
# outside. Further builds of bnc must write the same bytes as the first.
#
#	tests/emit.sh BNC [BNC ...]
. tests/check.sh
others="$*"
root=$(pwd)
case $bnc in /*) ;; *) bnc=$root/$bnc ;; esac
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
optimised="-O3 -march=native"

has() {
	command -v "$1" >/dev/null
}

emit() {
	"$bnc" --quiet "$@" >/dev/null
}

# Nothing of libc but these, nor sqrtf, for which this processor has an instruction; and nothing that could be written to.
symbols() {
	! nm "$1" | awk '$1 == "U" && $2 !~ /^_?(memcpy|memset)$/ || $2 ~ /^[bBdDC]$/ { print; bad = 1 } END { exit !bad }'
}

# stack FUNCTION BYTES CI: by gcc's call graph, the function and what it calls take that much at most.
stack() {
	awk -v root="$1" -v most="$2" '
	function deepest(name, callee, found, deep) {
		deep = 0
		for (callee in calls)
			if (index(callee, name SUBSEP) == 1 && (found = deepest(substr(callee, length(name) + 2))) > deep) deep = found
		return deep + bytes[name]
	}
	/^node:/ { split($0, part, "\""); bytes[part[2]] = match(part[4], /[0-9]+ bytes/) ? substr(part[4], RSTART) + 0 : 0 }
	/^edge:/ { split($0, part, "\""); calls[part[2], part[4]] = 1 }
	END { found = deepest(root); print root ": " found " bytes of " most; exit !(found > 0 && found <= most) }' "$3"
}

# What the header says of the stack, in the order in which it says it.
check_stack() {
	for level in -Os -O2 -O3 "$optimised"; do
		check "$1: $level" gcc -std=c99 -w $level -fcallgraph-info=su -c device.c -o device_stack.o
		if [ "$2" = inference ]; then
			check "$1: $level: stack" stack device_predict_one "$(awk '/of the stack for one sample/ { print $2 + $12 }' device.h)" device_stack.ci
			check "$1: $level: stack" stack device_predict "$(awk '/of the stack at most for those/ { print $2 }' device.h)" device_stack.ci
		else
			check "$1: $level: stack" stack device_train "$(awk '/of the stack for a training step/ { print $2 }' device.h)" device_stack.ci
			check "$1: $level: stack" stack device_predict "$(awk '/of the stack for a training step/ { print $10 }' device.h)" device_stack.ci
		fi
	done
}

compile() {
	check "$1" $2 $warnings -c device.c -o device.o
	check "$1: symbols" symbols device.o
}

# As a sketch of the Arduino is, for one: the same files are C++, without a warning.
compile_as_cpp() {
	! has g++ || check "$1, g++" g++ -xc++ -std=c++11 $warnings -fsyntax-only device.c device_test.c
	! has clang++ || check "$1, clang++" clang++ -xc++ -std=c++20 $warnings -fsyntax-only device.c device_test.c
}

# ---- every network for every number of lanes

cd "$scratch" || exit 1
for network in "$root/models/mlp_bn.net" "$root"/tests/emit/*.net; do
	name=$(basename "$network" .net)
	check "$name" emit "$network" --save weights.safetensors
	case $name in
	mlp_bn | residual) all_lanes="1 4 8 16" ;;
	*) all_lanes="1 8" ;;
	esac
	for lanes in $all_lanes; do
		check "$name" emit "$network" --lanes $lanes --prefix device --emit device.c --emit-test device_test.c
		compile "$name, $lanes lanes, gcc" "gcc -std=c99 $optimised"
		compile "$name, $lanes lanes, clang" "clang -std=c99 $optimised"
		compile_as_cpp "$name, $lanes lanes"
		check "$name, $lanes lanes" clang -std=c11 $warnings -O0 -c device.c
		check "$name, $lanes lanes" gcc -std=c11 $warnings -O0 device.c device_test.c -lm -o device_test
		check "$name, $lanes lanes: self-test" ./device_test
		[ "$(uname -m)" != x86_64 ] || check_stack "$name, $lanes lanes" training
		check "$name" emit "$network" --weights weights.safetensors --inference --lanes $lanes --prefix device --emit device.c \
			--emit-test device_test.c
		compile_as_cpp "$name, $lanes lanes, inference"
		compile "$name, $lanes lanes, inference, clang" "clang -std=c99 $optimised"
		compile "$name, $lanes lanes, inference, gcc" "gcc -std=c99 $optimised"
		check "$name, $lanes lanes, inference" gcc -std=c99 $warnings device.o device_test.c -lm -o device_test
		check "$name, $lanes lanes, inference: self-test" ./device_test
		[ "$(uname -m)" != x86_64 ] || check_stack "$name, $lanes lanes" inference
	done
	for lanes in 1 16; do
		for how in "" "--weights weights.safetensors" "--weights weights.safetensors --inference"; do
			check "$name" emit "$network" $how --lanes $lanes --prefix device --emit device.c --emit-test device_test.c
			check "$name, sanitized" gcc -std=c99 -O1 -fsanitize=address,undefined -fno-sanitize-recover=all device.c device_test.c -lm \
				-o device_test
			check "$name, sanitized, $lanes lanes $how" ./device_test
		done
	done
	if has tcc; then
		check "$name" emit "$network" --prefix device --emit device.c --emit-test device_test.c
		check "$name, tcc" tcc -Wall -Werror device.c device_test.c -lm -o device_test
		check "$name, tcc: self-test" ./device_test
	fi
done

# ---- C++: one header, of whichever standard, gives the numbers that C gives. With all in one file, gcc 12 does not see that as many labels as
# there are lanes are loaded only where there are as many rows, hence -Wno-array-bounds.

for lanes in 1 4 8 16; do
	for how in "" "--weights weights.safetensors" "--weights weights.safetensors --inference"; do
		check "C++" emit "$root/tests/emit/residual.net" --save weights.safetensors
		check "C++" emit "$root/tests/emit/residual.net" $how --lanes $lanes --prefix device --single-header --emit device.h --emit-test device_test.c
		for standard in "g++ -std=c++11 -O2" "g++ -std=gnu++17 $optimised -Wno-array-bounds" "clang++ -std=c++14 -O2" "clang++ -std=c++20 $optimised"; do
			has ${standard%% *} || continue
			check "C++, $lanes lanes $how, $standard" ${standard%% *} -xc++ ${standard#* } $warnings device_test.c -o device_test
			check "C++, $lanes lanes $how, $standard: self-test" ./device_test
		done
	done
done

# ---- where constant tables are placed

section_of_weights() {
	$1 -DDEVICE_CONST_ATTR='__attribute__((section(".flash_weights")))' $warnings -c device.c -o device.o &&
		size -A device.o | awk '$1 == ".flash_weights" { found = $2 } END { print found; exit !(found >= 1288 && found < 1400) }' # 322 floats
}

for how in "" --inference; do
	check "sections" emit "$root/models/mlp.net" --train moons $how --prefix device --emit device.c
	for compiler in "gcc -std=c99" "clang -std=c99" "g++ -xc++ -std=c++11"; do
		! has ${compiler%% *} || check "sections $how, $compiler" section_of_weights "$compiler"
	done
done

# ---- what outputs mean

check "classify" emit -e 'linear 2 3' --save weights.safetensors --prefix device --emit device.c
check "classify" gcc -std=c99 $warnings -I. "$root/tests/emit/classify.c" device.c -lm -o classify
check "classify" ./classify
check "classify" emit -e 'linear 2 3' --weights weights.safetensors --inference --prefix device --emit device.c
check "classify, inference" gcc -std=c99 $warnings -I. "$root/tests/emit/classify.c" device.c -lm -o classify
check "classify, inference" ./classify
check "values" emit "$root/tests/emit/one_output.net" --prefix device --emit device.c
check "values are no classes" sh -c '! grep classify device.c device.h'

# ---- a network that counts further than 16 bits says so to the compiler

check "int" emit "$root/models/mlp.net" --prefix device --emit device.c
check "int: small" sh -c '! grep needs_an_int device.h'
check "int" emit -e 'input 784; linear 784 64' --prefix device --emit device.c
check "int: large" grep -q 'device_needs_an_int_of_32_bits\[sizeof(int) >= 4' device.h

# ---- a wrong gradient is found: here a term of BatchNorm's is missing

for lanes in 1 16; do
	check "wrong" emit "$root/tests/emit/residual.net" --lanes $lanes --prefix device --emit device.c --emit-test device_test.c
	sed 's/ - device_load_lanes(xhat + i) \* slope_of_mean//' device.c >wrong.c
	check "wrong" sh -c '! cmp device.c wrong.c'
	check "wrong" gcc -std=c99 -O1 wrong.c device_test.c -lm -o device_test
	check "wrong, $lanes lanes" sh -c './device_test | grep -q "^gradient of 0.weight: wrong"'
	# evaluation mode without the running mean
	check "wrong" emit "$root/models/mlp_bn.net" --lanes $lanes --prefix device --emit device.c --emit-test device_test.c
	sed 's/(device_load_lanes(x + i) - centre) \* scale + shift/device_load_lanes(x + i) * scale + shift/' device.c >wrong.c
	check "wrong" sh -c '! cmp device.c wrong.c'
	check "wrong" gcc -std=c99 -O1 wrong.c device_test.c -lm -o device_test
	check "wrong, $lanes lanes" sh -c './device_test | grep -q "^outputs after training: wrong"'
done

# ---- a small difference of large inputs, which covariances would lose

for lanes in 1 4 8 16; do
	check "correlated" emit "$root/tests/emit/correlated.net" --lanes $lanes --prefix device --emit device.c
	for compiler in "gcc -std=c99 $optimised" "gcc -std=c99 -O2" "clang -std=c99 $optimised" "clang -std=c99 -O0"; do
		check "correlated, $lanes lanes, $compiler" $compiler -I. "$root/tests/emit/correlated.c" device.c -lm -o correlated
		check "correlated, $lanes lanes, $compiler" ./correlated
	done
done

# ---- whole runs: the bits of bnc's scalar kernels, and nearly those of others

data="$root/runtime/random.c $root/runtime/failure.c $root/runtime/nearest.c $root/runtime/words.c $root/runtime/half.c $root/runtime/files/kinds.c $(echo "$root"/runtime/data/*.c)"
for source in $data; do
	gcc -O1 -ffp-contract=off -D_DEFAULT_SOURCE -I"$root/runtime" -c "$source" || echo "$source: cannot be compiled"
done
mkdir data
for source in $data; do
	mv "$(basename "$source" .c).o" data/
done

# run COMPILER: the losses of the emitted program, in run.txt
run_emitted() {
	$1 -c device.c -o device.o && gcc -D_DEFAULT_SOURCE -I. -I"$root/runtime" "$root/tests/emit/run.c" device.o data/*.o -lzip -lm -o run &&
		./run 10 "$seed" >run.txt
}

# close RELATIVE: bnc's losses and the run's
close() {
	paste bnc.txt run.txt | awk -v relative="$1" '{ off = $1 > $2 ? $1 - $2 : $2 - $1; if (!(off <= relative * $1)) { print NR ": " $0; bad = 1 } }
		END { exit bad || NR < 300 }'
}

for network in models/mlp_bn.net models/mlp.net tests/emit/momentum.net; do
	case $network in
	models/*) relative=1e-5 ;;
	*) relative=1e-4 ;; # roundings grow as it learns
	esac
	for seed in 0 7; do
		emit "$root/$network" --train moons --isa scalar --epochs 10 --seed $seed --log log.jsonl --log-steps
		sed -n 's/.*"event":"step".*"loss":\([^,}]*\).*/\1/p' log.jsonl >bnc.txt
		check "$network" emit "$root/$network" --prefix device --emit device.c
		for compiler in "gcc $optimised" "gcc -std=c99 -O2" "clang $optimised" "clang -O0" tcc; do
			has ${compiler%% *} || continue
			check "$network, $compiler" run_emitted "$compiler"
			check "$network, $compiler: same bits" cmp bnc.txt run.txt
		done
		for lanes in 8 16; do
			check "$network" emit "$root/$network" --prefix device --lanes $lanes --emit device.c
			for compiler in gcc clang; do
				check "$network, $compiler, $lanes lanes" run_emitted "$compiler $optimised"
				check "$network, $compiler, $lanes lanes: nearly the same" close $relative
			done
		done
	done
done

# ---- a save does not depend on the lanes: neither its bytes nor what comes after them, but for rounding

for lanes in 1 16 8 4; do
	check "save" emit "$root/tests/emit/momentum.net" --lanes $lanes --prefix device --emit device.c
	check "save" gcc -std=c99 $warnings $optimised -I. "$root/tests/emit/save.c" device.c -lm -o save
	if [ $lanes = 1 ]; then
		check "save" ./save save saved.bin
		cp output saved.txt
	fi
	check "a save of one lane, loaded with $lanes" ./save load saved.bin
	cp output loaded.txt
	check "a save of one lane, trained on with $lanes" cmp saved.txt loaded.txt
done

# ---- several networks, several copies

emit "$root/models/mlp_bn.net" --prefix net_a --lanes 8 --emit net_a.c
emit "$root/tests/emit/residual.net" --prefix net_b --emit net_b.c
check "two networks" gcc -std=c99 $warnings -O2 "$root/tests/emit/two.c" -I. net_a.c net_b.c -lm -o two
check "two networks" ./two
emit "$root/models/mlp_bn.net" --prefix net_a --lanes 8 --emit net_a.h --single-header
emit "$root/tests/emit/residual.net" --prefix net_b --emit net_b.h --single-header
check "two single headers" clang -std=c99 $warnings -O2 -DSINGLE_HEADER "$root/tests/emit/two.c" -I. -lm -o two
check "two single headers" ./two
emit "$root/models/mlp_bn.net" --train moons --prefix device --emit device.c --emit-test device_test.c
check "what was trained" gcc -std=c99 $warnings device.c device_test.c -lm -o device_test
check "what was trained" ./device_test

# ---- the text

emit "$root/models/mlp_bn.net" --weights-as hex --train moons --prefix device --emit device.c --emit-test device_test.c
check "hexadecimal weights" gcc -std=c99 $warnings device.c device_test.c -lm -o device_test
check "hexadecimal weights" ./device_test
gcc -std=c99 -O1 -fno-ident -c device.c -o hex.o
emit "$root/models/mlp_bn.net" --train moons --prefix device --emit device.c
gcc -std=c99 -O1 -fno-ident -c device.c -o decimal.o
check "hexadecimal and decimal weights are the same" cmp hex.o decimal.o

printf 'linear 2 3 # */ #error ??/\nrelu # \001\033[31m /* \\\nlinear 2 # caf\303\251 \377 "' >hostile.net
check "hostile comments" emit hostile.net --prefix device --emit device.c
check "hostile comments" gcc -std=c99 $warnings -Wcomment -Wtrigraphs -c device.c
check "hostile comments: plain text" sh -c '! LC_ALL=C grep -n "[^[:print:][:space:]]" device.h'

# ---- further builds

check "emitted twice" emit "$root/tests/emit/residual.net" --prefix device --emit device.c
for other in $others; do
	case $other in /*) ;; *) other=$root/$other ;; esac
	mkdir -p again
	for network in "$root/models/mlp_bn.net" "$root"/tests/emit/*.net; do
		for how in "--lanes 1" "--lanes 16 --max-batch 3" "--single-header --inference --weights weights.safetensors"; do
			end=c
			case $how in *single*) end=h ;; esac
			emit "$network" --save weights.safetensors
			emit "$network" $how --prefix device --emit device.$end --emit-test device_test.c
			"$other" --quiet "$network" $how --prefix device --emit again/device.$end --emit-test again/device_test.c >/dev/null
			check "$network: the bytes of $other" cmp device.$end again/device.$end
			check "$network: the bytes of $other" cmp device.h again/device.h
			check "$network: the bytes of $other" cmp device_test.c again/device_test.c
		done
	done
done

# ---- refusals leave the old files

echo old >device.c
cp device.c device.h
for wrong in "--ram 100" "--prefix while" "--emit-test nowhere/test.c" "--weights $root/Makefile"; do
	check "$wrong" sh -c '! "$@"' - "$bnc" "$root/models/mlp_bn.net" $wrong --emit device.c
	check "$wrong: old files" cmp device.c device.h
done
cd "$root" || exit 1
finish
