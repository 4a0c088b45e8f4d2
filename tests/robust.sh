#!/bin/sh
# Feeds bnc what nobody should: it must say what is wrong, and end by itself with a status from 0 to 3.
#
#	tests/robust.sh [BNC]
bnc=${1:-build/bnc}
[ -x "$bnc" ] || { echo "$bnc is not built: 0 passed, 1 failed"; exit 1; }
passed=0
failed=0
scratch=$(mktemp -d) || exit 1
export LC_ALL=C ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=print_stacktrace=1

# check NAME ARGUMENT ...
check() {
	name=$1
	shift
	timeout 60 "$bnc" "$@" >/dev/null 2>"$scratch/stderr" </dev/null
	status=$?
	if [ $status -gt 3 ] || { [ $status -gt 0 ] && [ ! -s "$scratch/stderr" ]; }; then
		failed=$((failed + 1))
		[ $failed -gt 10 ] || { echo "$name: exit $status: bnc $*"; head -n 20 "$scratch/stderr"; }
	else
		passed=$((passed + 1))
	fi
}

# Checks a network that comes from standard input.
network() {
	cat >"$scratch/$1.net"
	check "$1" --check "$scratch/$1.net"
}

# Prints a text many times.
many() {
	yes "$2" | head -n "$1" | tr -d '\n'
}

# ---- files that are no networks

check missing "$scratch/none.net"
check directory "$scratch"
check no_arguments
network empty </dev/null
printf '\n\n;;\n# nothing' | network blank
head -c 100000 "$bnc" | network binary
printf 'linear 2 \000 64\nrelu\000\n' | network nul
printf 'linear 2 64\r\nrelu\r\n' | network carriage_returns
printf 'linear 2 \377\376 64; rel\303; \342\202\254' | network bad_utf8
{ echo 'linear 2 2'; many 5000000 'ab'; } | network long_word
{ echo 'linear 2 2'; many 5000000 '1 '; } | network long_line
{ echo 'linear 2 2 #'; many 5000000 'ab'; } | network long_comment
many 100000 'repeat 2 { ' | network open_braces
{ many 100000 'residual { '; many 100000 '} '; } | network nested_braces
many 100000 '} ' | network closing_braces
{ echo 'input 2'; many 100000 'relu;'; } | network many_layers
# Each so large that work with its square would take longer than the timeout.
{ echo 'linear 2 4'; seq -f 'let A%.0f = 4' 300000; echo 'linear A1'; } | network many_lets
{ echo 'linear 2 4'; seq -f 'block b%.0f { relu }' 300000; echo 'b1'; } | network many_blocks
{ echo 'linear 2 4'; seq -f 'l%.0f: relu' 99000; } | network many_labels
{ echo 'linear 2 4'; many 30000 'residual { relu };'; } | network many_residuals
{ echo 'linear 2 4'; many 45000 'batchnorm; relu;'; } | network many_pairs
# All leaves of a tree of residuals read one value, and pass on one gradient.
awk 'BEGIN { tree = "linear 4; batchnorm; relu"; for (i = 0; i < 14; i++) tree = "residual { " tree " } { " tree " }"; print "linear 2 4; " tree }' |
	network many_branches
many 20000 'relo;' | network many_mistakes
many 100000 ': = ' | network only_punctuation

# ---- sizes

for size in 0 -1 1.5 2147483647 2147483648 4294967296 9223372036854775807 9223372036854775808 18446744073709551616 \
		1e309 -1e309 1e-400 nan inf 0x10 007 1x 1x0 3x-1 9999999999x9999999999 true '' -; do
	check "size $size" --check -e "linear 2 $size"
	check "size $size" --check -e "linear $size; relu; linear 2"
	check "size $size" --check -e "input $size; linear 2"
	check "size $size" --check -e "linear 2 2; batch $size; epochs $size; seed $size"
	check "size $size" --check -e "repeat $size { linear 2 2 }"
	check "size $size" --check -e "let N = $size; linear 2 N"
	check "size $size" --check -e "linear 2 2; batchnorm eps=$size momentum=$size; optimizer sgd lr=$size momentum=$size"
	check "size $size" --check --batch "$size" --epochs "$size" --seed "$size" --lr "$size" -e 'linear 2 2'
	check "size $size" --train "moons:n=$size" --steps 1 -e 'linear 2 2'
	check "size $size" --train "moons:noise=$size" --steps 1 -e 'linear 2 2'
done
check product --check -e 'linear 2 2000000000; linear 2000000000'
check product --check -e 'input 65536x65536x65536; linear 2'
check product --check -e 'repeat 1000000 { repeat 1000000 { repeat 1000000 { relu } } }'
check product --check -e 'linear 2 1000000; batch 1000000; repeat 1000 { relu }'
check memory --train moons --steps 1 -e 'linear 2 1000000; linear 1000000'

# ---- names, arguments, command lines

check twice --check -e 'linear 2 64 out=64'
check twice --check -e 'batchnorm eps=1 eps=1'
check itself --check -e 'let A = A; linear A'
check itself --check -e 'block a { a }; linear 2 2; a'
check unfinished --check -e 'linear 2 ('
check unfinished --check -e 'let'
check unfinished --check -e
check format --check -e '%s%n%s%n: relu; linear 2 %d'
check option --nothing
check option --isa
check option --isa nothing -e 'linear 2 2'
check option --dump nothing -e 'linear 2 2'
check option --train nothing -e 'linear 2 2'
check option --train 'moons:' -e 'linear 2 2'
check option --train 'moons:n' -e 'linear 2 2'
check option --train 'moons:n=10,n=10' -e 'linear 2 2'
check option --train "$scratch" -e 'linear 2 2'
check option --weights "$scratch" -e 'linear 2 2'
check option --train moons --steps 1 --save "$scratch" -e 'linear 2 2'
check option --train moons --steps 1 --save "$scratch/none/file" -e 'linear 2 2'
check option --train moons --steps 1 --log "$scratch/none/file" -e 'linear 2 2'

# ---- damaged files

for file in tests/data/*; do
	[ -f "$file" ] || continue
	for length in 0 7 9 40 100 300; do
		head -c $length "$file" >"$scratch/cut"
		check "cut off: $file" --weights "$scratch/cut" --train moons --steps 1 -e 'linear 2 2'
		mv "$scratch/cut" "$scratch/cut.npz"
		check "cut off: $file" --train "$scratch/cut.npz" --steps 1 -e 'linear 2 2'
	done
done

# ---- networks with random mistakes, the same in every run

mutate() {
	awk -v seed="$1" '
	function random(limit) {
		seed = seed * 16807 % 2147483647
		return seed % limit
	}
	{ text = text $0 "\n" }
	END {
		count = split("{ } ( ) = ; : # x - . , 0 1 64 -1 1e309 99999999999999999999 2x2 true let repeat block residual input " \
			"loss batch linear relu batchnorm mse lr= bias=false \t \001 \377 \\ \"", word, " ")
		seed = seed * 7919 + 1
		for (changes = 1 + random(4); changes > 0; changes--) {
			at = random(length(text)) + 1
			kind = random(4)
			if (kind == 0) text = substr(text, 1, at - 1) substr(text, at + 1 + random(8))
			if (kind == 1) text = substr(text, 1, at - 1) word[1 + random(count)] substr(text, at)
			if (kind == 2) text = substr(text, 1, at - 1) " " word[1 + random(count)] " " substr(text, at + random(4))
			if (kind == 3) text = substr(text, 1, at) substr(text, 1 + random(length(text)), random(40)) substr(text, at)
		}
		printf "%s", text
	}' "$2"
}

seed=0
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	for model in models/*.net tests/golden/*.net; do
		[ -e "$model" ] || continue
		seed=$((seed + 1))
		mutate $seed "$model" >"$scratch/mutated_$seed.net"
		check "mutation $seed of $model" --dump c "$scratch/mutated_$seed.net"
	done
done

if [ $failed = 0 ]; then
	rm -rf "$scratch"
else
	echo "At most 10 failures are shown; the networks are kept in $scratch."
fi
echo "$passed passed, $failed failed"
exit $((failed > 0))
