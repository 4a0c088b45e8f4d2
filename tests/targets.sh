#!/bin/sh
# The emitted C where it is meant to run: microcontroller, WebAssembly, other processors, in emulators. The same program
# must print the same bits everywhere. Builds the examples, too.
#
#	tests/targets.sh [BNC]
. tests/check.sh
top=$PWD
firmware=$top/examples/firmware
web=$top/examples/web
skipped=0
cd "$scratch" || exit 1
"$top/examples/table-to-c" moons <"$top/examples/moons.csv" >moons.h

# Says what is missing of the commands that a part needs; tools/install-packages brings them to Debian and nowhere else.
have() {
	part=$1
	shift
	for command; do
		command -v "$command" >/dev/null || { echo "$part: skipped, there is no $command"; skipped=$((skipped + 1))
			return 1; }
	done
}

# ---- ways to build ./program of program.c and device.c, and to run it

includes="-I. -I$firmware"
sources="$includes $top/tests/targets/program.c device.c"
program="$sources $firmware/host.c"

host() {
	$1 -std=c99 $program -o program -lm && ./program
}

cortex_m() {
	arm-none-eabi-gcc -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 -std=c11 "$@" -ffunction-sections \
		-nostartfiles \
		-Wl,--gc-sections -T "$firmware/board.ld" $sources "$firmware/board.c" -o program -lm &&
		qemu-system-arm -M mps2-an386 -display none -monitor none -serial none -chardev stdio,id=output \
			-semihosting-config enable=on,target=native,chardev=output -kernel program
}

wasm() {
	clang --target=wasm32 -std=c99 -O3 -fno-math-errno -mbulk-memory "$@" -ffreestanding -isystem "$web/include" \
		-Dmain=run \
		-nostdlib -Wl,--no-entry,--export=run,--allow-undefined $sources -o program &&
		node "$top/tests/targets/run-wasm.js" program
}

# For another processor, with clang, lld and that processor's libc: there need be no compiler made for it.
foreign() {
	triple=$1
	shift
	clang --target=$triple -std=c99 -O3 -no-pie -isystem /usr/$triple/include -fuse-ld=lld -nostdlib \
		/usr/$triple/lib/crt1.o "$@" \
		-L/usr/$triple/lib -lc -lm -o program
}

aarch64() {
	foreign aarch64-linux-gnu "$@" && qemu-aarch64 -L /usr/aarch64-linux-gnu ./program
}

# 64-bit integers are aligned to 4 bytes there. Its older unit for numbers, x87, would round otherwise.
i386() {
	foreign i686-linux-gnu -msse2 -mfpmath=sse "$@" && qemu-i386 -L /usr/i686-linux-gnu ./program
}

armhf() {
	foreign arm-linux-gnueabihf -mcpu=cortex-a7 "$@" && qemu-arm -L /usr/arm-linux-gnueabihf ./program
}

powerpc() {
	foreign powerpc-linux-gnu "$@" && qemu-ppc -L /usr/powerpc-linux-gnu ./program
}

processors="aarch64 armhf i386 powerpc"
emulators="qemu-aarch64 qemu-arm qemu-i386 qemu-ppc"

# same NAME COMMAND ...: the command prints what is expected
same() {
	name=$1
	shift
	check "$name" print_expected "$@"
}

print_expected() {
	"$@" >bits && cmp expected bits
}

write_saved() {
	echo 'static const unsigned char saved[] = {'
	sed -n 's/^saved //p' expected | sed 's/../0x&,/g'
	echo '};'
}

# ---- with one lane: the same bits

for network in models/mlp_bn.net tests/targets/everything.net; do
	name=$(basename $network)
	check "$name" "$bnc" "$top/$network" --max-batch 20 --prefix device --emit device.c
	host "cc -O1" >expected
	write_saved >saved.h
	host "cc -O1 -DSAVED" >expected
	check "$name: loading" grep -qx loaded expected
	same "$name, gcc" host "gcc -O3 -march=native -DSAVED"
	same "$name, clang" host "clang -O3 -march=native -DSAVED"
	if have "$name, Cortex-M" arm-none-eabi-gcc qemu-system-arm; then
		same "$name, Cortex-M, -Os" cortex_m -Os -DSAVED
		same "$name, Cortex-M, -O3" cortex_m -O3 -DSAVED
	fi
	if have "$name, WebAssembly" clang wasm-ld node; then
		same "$name, WebAssembly" wasm -DSAVED
	fi
	if have "$name, other processors" clang ld.lld $emulators; then
		for processor in $processors; do
			same "$name, $processor" $processor -DSAVED $program
		done
	fi
done

# ---- with vectors: the same numbers, on processors that have them and on some that have not

if have "vectors" clang ld.lld $emulators; then
	for lanes in 4 16; do
		check "$lanes lanes" "$bnc" "$top/tests/targets/everything.net" --lanes $lanes --prefix device --emit device.c \
			--emit-test device_test.c
		for processor in $processors; do
			check "$lanes lanes, $processor" $processor device.c device_test.c
		done
	done
fi

# ---- a processor whose int has 16 bits

avr() {
	avr-gcc -mmcu=atmega1284p -std=gnu99 -Wall -Wextra -Wpedantic -Werror -Os -I. "$top/tests/targets/avr.c" device.c \
		-o program -lm &&
		timeout 60 simavr -m atmega1284p -f 16000000 program 2>&1 | sed 's/\x1b\[[0-9;]*m//g' | sed -n 's/\.$//p'
}

if have "AVR" avr-gcc simavr; then
	check "AVR" "$bnc" "$top/tests/targets/everything.net" --max-batch 4 --prefix device --emit device.c
	cc -std=c99 -O1 -I. "$top/tests/targets/avr.c" device.c -o program -lm && ./program >expected
	check "AVR: what is expected" [ "$(wc -l <expected)" = 16 ]
	same "AVR" avr
	check "AVR" "$bnc" -e 'input 182; linear 181' --max-batch 4 --prefix device --emit device.c
	check "AVR: too many weights" sh -c '! avr-gcc -mmcu=atmega1284p -std=gnu99 -fsyntax-only device.c 2>said'
	check "AVR: too many weights" grep -q device_needs_an_int_of_32_bits said
fi

# ---- the examples

example() {
	make -s -C "$top/examples/$1" BNC="$bnc" BUILD="$scratch/$1" check
}

if have "examples/firmware, examples/digits" arm-none-eabi-gcc qemu-system-arm; then
	check examples/firmware example firmware
	check examples/digits example digits
fi
if have examples/plugin c++; then
	check examples/plugin example plugin
fi
if have examples/web clang wasm-ld node; then
	check examples/web example web
fi
[ $skipped = 0 ] || echo "$skipped parts skipped"
finish
