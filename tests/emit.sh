#!/bin/sh
# The text that --emit writes, looked at from outside: what is in it and where it goes. Further builds of bnc must write
# the same bytes as the first.
#
#	tests/emit.sh BNC [BNC ...]
. tests/emit/support.sh
builds=$*

# ---- where constant tables are placed

section_of_weights() {
	$1 -DDEVICE_CONST_ATTR='__attribute__((section(".flash_weights")))' $warnings -c device.c -o device.o &&
		size -A device.o |
		awk '$1 == ".flash_weights" { found = $2 }
			END { print found; exit !(found >= 1288 && found < 1400) }' # 322 floats
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
check "yes or no" emit -e 'linear 2 1; loss bce' --save weights.safetensors --prefix device --emit device.c
check "yes or no" gcc -std=c99 $warnings -I. "$root/tests/emit/yes_or_no.c" device.c -lm -o classify
check "yes or no" ./classify
check "yes or no" emit -e 'linear 2 1; loss bce' --weights weights.safetensors --inference --prefix device \
	--emit device.c
check "yes or no, inference" gcc -std=c99 $warnings -I. "$root/tests/emit/yes_or_no.c" device.c -lm -o classify
check "yes or no, inference" ./classify
check "values" emit "$root/tests/emit/one_output.net" --prefix device --emit device.c
check "values are no classes" sh -c '! grep classify device.c device.h'

# ---- a network that counts further than 16 bits says so to the compiler

check "int" emit "$root/models/mlp.net" --prefix device --emit device.c
check "int: small" sh -c '! grep needs_an_int device.h'
check "int" emit -e 'input 784; linear 784 64' --prefix device --emit device.c
check "int: large" grep -q 'device_needs_an_int_of_32_bits\[sizeof(int) >= 4' device.h

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

emit -e 'linear 2 3; optimizer sgd lr=0.5; schedule step 4; relu' --prefix device --emit device.c
check "a schedule: its arguments" grep -q "Schedule: step step_size=4 gamma=0.1\$" device.h
check "a schedule: what it begins from" grep -q 'DEVICE_LEARNING_RATE 0.5f ' device.h
check "a schedule" gcc -std=c99 $warnings -c device.c
emit -e 'linear 2 3; schedule cosine' --dtype f64 --prefix device --emit device.c
check "a schedule in double" grep -q '^double device_rate(int32_t now, int32_t all);' device.h
check "a schedule in double" gcc -std=c99 $warnings -c device.c
emit -e 'linear 2 3' --prefix device --emit device.c
check "no schedule" sh -c '! grep "[Ss]chedule\|_rate(" device.h device.c'

# ---- every build writes the same bytes, and the first does so twice

mkdir again
for network in "$root/models/mlp_bn.net" "$root"/tests/emit/*.net; do
	emit "$network" --save weights.safetensors
	for how in "--lanes 1" "--lanes 16 --max-batch 3" "--single-header --inference --weights weights.safetensors"; do
		end=c
		case $how in *single*) end=h ;; esac
		emit "$network" $how --prefix device --emit device.$end --emit-test device_test.c
		for build in ${builds:-$bnc}; do
			case $build in /*) ;; *) build=$root/$build ;; esac
			rm -f again/*
			"$build" --quiet "$network" $how --prefix device --emit again/device.$end --emit-test again/device_test.c \
				>/dev/null
			for file in device.$end device.h device_test.c; do
				check "$network: the bytes of $build" cmp $file again/$file
			done
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
finish
