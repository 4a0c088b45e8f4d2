#!/bin/sh
# What --emit writes, compiled by every compiler here with all warnings: it must pass its own test, need nothing but
# itself, and take no more of the stack than it says.
#
# To compile everything in every way would take a quarter of an hour. Networks differ in their kernels and in the shapes
# of these, lanes in how the kernels are written, training and inference in what calls them. gcc finds some of its
# warnings only while it optimises, so it compiles every network with 1 and 8 lanes, and clang with 8. The warnings of
# clang and of C++ need the text alone. One network is compiled for every number of lanes by both, by gcc for training
# and for inference, too, and with 8 lanes as far as they can optimise; others at the level from which on gcc warns,
# and which makes clang combine operations: half the time.
#
#	tests/emit_compile.sh [BNC]
. tests/emit/support.sh

# Nothing of libc but these, nor sqrtf, for which this processor has an instruction; and nothing that could be written
# to.
symbols() {
	! nm "$1" | awk '$1 == "U" && $2 !~ /^_?(memcpy|memset)$/ || $2 ~ /^[bBdDC]$/ { print; bad = 1 } END { exit !bad }'
}

# stack FUNCTION BYTES CI: by gcc's call graph, the function and what it calls take that much at most.
stack() {
	awk -v root="$1" -v most="$2" '
	function deepest(name, callee, found, deep) {
		deep = 0
		for (callee in calls)
			if (index(callee, name SUBSEP) == 1 && (found = deepest(substr(callee, length(name) + 2))) > deep)
				deep = found
		return deep + bytes[name]
	}
	/^node:/ { split($0, part, "\""); bytes[part[2]] = match(part[4], /[0-9]+ bytes/) ? \
		substr(part[4], RSTART) + 0 : 0 }
	/^edge:/ { split($0, part, "\""); calls[part[2], part[4]] = 1 }
	END { found = deepest(root); print root ": " found " bytes of " most; exit !(found > 0 && found <= most) }' "$3"
}

# check_stack WHAT training|inference: what the header says of the stack, in the order in which it says it
check_stack() {
	if [ "$2" = inference ]; then
		check "$1: stack" stack device_predict_one \
			"$(awk '/of the stack for one sample/ { print $2 + $12 }' device.h)" device.ci
		check "$1: stack" stack device_predict "$(awk '/of the stack at most for those/ { print $2 }' device.h)" \
			device.ci
	else
		check "$1: stack" stack device_train "$(awk '/of the stack for a training step/ { print $2 }' device.h)" \
			device.ci
		check "$1: stack" stack device_predict "$(awk '/of the stack for a training step/ { print $10 }' device.h)" \
			device.ci
	fi
}

# compile WHAT COMPILER ...: to device.o
compile() {
	said=$1
	shift
	check "$said: $*" "$@" $warnings -c device.c -o device.o
	check "$said: $*: symbols" symbols device.o
}

# self_test WHAT COMPILER ...: of what has been compiled so
self_test() {
	said=$1
	shift
	check "$said: $*" "$@" $warnings device.o device_test.c -lm -o device_test
	check "$said: $*: self-test" ./device_test
}

# warns_of_nothing WHAT: nor do those that need not compile. As a sketch of the Arduino is, for one: the same files are
# C++.
warns_of_nothing() {
	check "$1, clang" clang -std=c11 $warnings -fsyntax-only device.c device_test.c
	! has g++ || check "$1, g++" g++ -xc++ -std=c++11 $warnings -fsyntax-only device.c device_test.c
	! has clang++ || check "$1, clang++" clang++ -xc++ -std=c++20 $warnings -fsyntax-only device.c device_test.c
}

# emit_as NETWORK LANES training|weights|inference [OPTION ENDING]: with numbers of $type
emit_as() {
	options=
	case $3 in
	weights) options="--weights weights.safetensors" ;;
	inference) options="--weights weights.safetensors --inference" ;;
	esac
	options="$options ${type:+--dtype $type}"
	check "$subject" emit "$1" $options --lanes $2 --prefix device ${4-} --emit device.${5-c} --emit-test device_test.c
}

# ---- every network

# Without checks of pointers before they are used, since AddressSanitizer looks at each use.
sanitized="gcc -std=c99 -O0 -fsanitize=address,undefined -fno-sanitize-recover=all
	-fno-sanitize=null,object-size,pointer-overflow"
for network in "$root/models/mlp_bn.net" "$root"/tests/emit/*.net; do
	name=$(basename "$network" .net)
	check "$name" emit "$network" --save weights.safetensors
	# lanes, what is emitted, who compiles it, and f64 if not of float
	ways="1:training:gcc 8:inference:gcc 8:training:clang"
	case $name in # their kernels are also other networks'
	mlp_bn | clipped_convolution | correlated | four_rows | two_rows | one_output | momentum | two_dropouts) ;;
	*)
		ways="$ways 4:training:sanitized" ;;
	esac
	case $name in # most kernels between them
	mlp_bn | residual | few_inputs)
		ways="$ways 16:training:gcc 1:inference:clang 1:inference:sanitized" ;;
	convolution | norms | activations) # gcc takes four times as long for theirs as clang
		ways="$ways 16:training:clang 1:inference:clang 1:inference:sanitized" ;;
	narrow_momentum) # a tile across the lanes is widest
		ways="$ways 16:training:sanitized" ;;
	esac
	case $name in
	convolution)
		ways="$ways 1:training:sanitized:f64 8:inference:clang:f64" ;;
	norms)
		ways="$ways 4:training:sanitized:f64 8:inference:gcc:f64" ;;
	few_inputs)
		ways="$ways 1:training:sanitized:f64" ;;
	esac
	case $name in
	mlp_bn)
		ways="$ways 1:training:gcc:f64 8:training:clang:f64
			4:training:gcc 1:inference:gcc 4:inference:gcc 16:inference:gcc 16:training:clang 4:inference:clang" ;;
	residual)
		ways="$ways 4:training:gcc 1:weights:sanitized" ;;
	esac
	for way in $ways; do
		IFS=: read -r lanes how compiler type <<-end
			$way
		end
		subject="$name, $lanes lanes, $how${type:+, $type}"
		emit_as "$network" $lanes $how
		gcc_level="-O2 -march=native"
		clang_level="-O1 -march=native"
		case $name$lanes in
		mlp_bn8)
			gcc_level=$optimised
			clang_level=$optimised ;;
		convolution8) # what -O3 inlines takes most of the stack
			gcc_level=$optimised ;;
		esac
		case $compiler in
		gcc)
			compile "$subject" gcc -std=c99 $gcc_level -fcallgraph-info=su
			[ "$(uname -m)" != x86_64 ] || check_stack "$subject, $gcc_level" $how
			self_test "$subject" gcc -std=c99
			[ $how = inference ] || warns_of_nothing "$subject" ;;
		clang)
			compile "$subject" clang -std=c99 $clang_level
			self_test "$subject" clang -std=c99 ;;
		sanitized)
			check "$subject, sanitized" $sanitized device.c device_test.c -lm -o device_test
			check "$subject, sanitized: self-test" ./device_test ;;
		esac
	done
	if has tcc; then
		check "$name" emit "$network" --prefix device --emit device.c --emit-test device_test.c
		check "$name, tcc" tcc -Wall -Werror device.c device_test.c -lm -o device_test
		check "$name, tcc: self-test" ./device_test
	fi
done

# ---- other levels: the stack, and what gcc warns of without optimisation

type=
# Those that come nearest to what is said, with 16 lanes and with one.
for name in ill_conditioned narrow_momentum; do
	network=$root/tests/emit/$name.net
	check "$name" emit "$network" --save weights.safetensors
	for way in 1:training 16:training 16:inference; do
		lanes=${way%:*}
		how=${way#*:}
		subject="$name, $lanes lanes, $how"
		emit_as "$network" $lanes $how
		for level in -Os -O3; do # with -O2 every network is compiled above
			[ "$(uname -m)" = x86_64 ] || continue
			check "$subject, $level" gcc -std=c99 -w $level -fcallgraph-info=su -c device.c -o device.o
			check_stack "$subject, $level" $how
		done
		check "$subject, -O0" gcc -std=c11 $warnings -O0 device.c device_test.c -lm -o device_test
		check "$subject, -O0: self-test" ./device_test
	done
done

# ---- C++: one header, of whichever standard, gives the numbers that C gives. With all in one file, gcc 12 does not see
# that as many labels as there are lanes are loaded only where there are as many rows, hence -Wno-array-bounds.

# single_header LANES training|weights|inference COMPILER ...
single_header() {
	subject="C++, $1 lanes, $2"
	has "$3" || return
	emit_as "$root/tests/emit/residual.net" $1 $2 --single-header h
	shift 2
	check "$subject, $*" "$@" -xc++ $warnings device_test.c -o device_test
	check "$subject, $*: self-test" ./device_test
}

check "C++" emit "$root/tests/emit/residual.net" --save weights.safetensors
single_header 1 training g++ -std=c++11 -O2
single_header 1 weights clang++ -std=c++20 -O1
single_header 4 inference g++ -std=gnu++17 $optimised -Wno-array-bounds
single_header 4 training clang++ -std=c++14 -O1
single_header 8 weights g++ -std=c++11 -O2
single_header 8 inference clang++ -std=c++20 -O1
single_header 16 training g++ -std=gnu++17 -O1
single_header 16 inference clang++ -std=c++14 -O2
finish
