#!/bin/sh
# Feeds bnc what nobody should: it must say what is wrong, and end by itself with a status from 0 to 3.
#
#	tests/robust.sh [BNC]
. tests/check.sh
export LC_ALL=C

# Whether bnc ends as it should.
ends_well() {
	timeout 60 "$bnc" "$@" >/dev/null 2>"$scratch/stderr" </dev/null
	status=$?
	cat "$scratch/stderr"
	echo "exit $status"
	[ $status = 0 ] || { [ $status -le 3 ] && [ -s "$scratch/stderr" ]; }
}

# feed NAME ARGUMENT ...
feed() {
	name=$1
	shift
	check "$name" ends_well "$@"
}

# Prints a text many times.
many() {
	yes "$2" | head -n "$1" | tr -d '\n'
}

# ---- files that are no networks

feed missing "$scratch/none.net"
feed directory "$scratch"
feed no_arguments
printf '' >"$scratch/empty.net"
printf '\n\n;;\n# nothing' >"$scratch/blank.net"
head -c 100000 "$bnc" >"$scratch/binary.net"
printf 'linear 2 \000 64\nrelu\000\n' >"$scratch/nul.net"
printf 'linear 2 64\r\nrelu\r\n' >"$scratch/carriage_returns.net"
printf 'linear 2 \377\376 64; rel\303; \342\202\254' >"$scratch/bad_utf8.net"
{ echo 'linear 2 2'; many 5000000 'ab'; } >"$scratch/long_word.net"
{ echo 'linear 2 2'; many 5000000 '1 '; } >"$scratch/long_line.net"
{ echo 'linear 2 2 #'; many 5000000 'ab'; } >"$scratch/long_comment.net"
many 100000 'repeat 2 { ' >"$scratch/open_braces.net"
{ many 100000 'residual { '; many 100000 '} '; } >"$scratch/nested_braces.net"
many 100000 '} ' >"$scratch/closing_braces.net"
{ echo 'input 2'; many 100000 'relu;'; } >"$scratch/many_layers.net"
# Each so large that work with its square would take longer than the timeout.
{ echo 'linear 2 4'; seq -f 'let A%.0f = 4' 300000; echo 'linear A1'; } >"$scratch/many_lets.net"
{ echo 'linear 2 4'; seq -f 'block b%.0f { relu }' 300000; echo 'b1'; } >"$scratch/many_blocks.net"
{ echo 'linear 2 4'; seq -f 'l%.0f: relu' 99000; } >"$scratch/many_labels.net"
{ echo 'linear 2 4'; many 30000 'residual { relu };'; } >"$scratch/many_residuals.net"
{ echo 'linear 2 4'; many 45000 'batchnorm; relu;'; } >"$scratch/many_pairs.net"
# All leaves of a tree of residuals read one value, and pass on one gradient.
awk 'BEGIN { tree = "linear 4; batchnorm; relu";
	for (i = 0; i < 14; i++) tree = "residual { " tree " } { " tree " }"; print "linear 2 4; " tree }' \
	>"$scratch/many_branches.net"
echo 'linear 2 4; repeat 100000 { repeat 100000 { repeat 100000 { } } }' >"$scratch/many_empty_turns.net"
many 20000 'relo;' >"$scratch/many_mistakes.net"
many 100000 ': = ' >"$scratch/only_punctuation.net"

for network in "$scratch"/*.net; do
	feed "$network" --check "$network"
done

# ---- sizes

for size in 0 -1 1.5 2147483647 2147483648 4294967296 9223372036854775807 9223372036854775808 18446744073709551616 \
		1e309 -1e309 1e-400 nan inf 0x10 007 1x 1x0 3x-1 9999999999x9999999999 true '' -; do
	feed "size $size" --check -e "linear 2 $size"
	feed "size $size" --check -e "linear $size; relu; linear 2"
	feed "size $size" --check -e "input $size; linear 2"
	feed "size $size" --check -e "linear 2 2; batch $size; epochs $size; seed $size"
	feed "size $size" --check -e "repeat $size { linear 2 2 }"
	feed "size $size" --check -e "let N = $size; linear 2 N"
	feed "size $size" --check -e "linear 2 2; batchnorm eps=$size momentum=$size; optimizer sgd lr=$size momentum=$size"
	feed "size $size" --dump network --batch "$size" --epochs "$size" --lr "$size" -e 'linear 2 2'
	feed "size $size" --save /dev/null --seed "$size" -e 'linear 2 2'
	feed "size $size" --train "moons:n=$size" --steps 1 -e 'linear 2 2'
	feed "size $size" --train "moons:noise=$size" --steps 1 -e 'linear 2 2'
done
feed product --check -e 'linear 2 2000000000; linear 2000000000'
feed product --check -e 'input 65536x65536x65536; linear 2'
feed product --check -e 'repeat 1000000 { repeat 1000000 { repeat 1000000 { relu } } }'
feed product --check -e 'linear 2 1000000; batch 1000000; repeat 1000 { relu }'
feed memory --train moons --steps 1 -e 'linear 2 1000000; linear 1000000'

# ---- names, arguments, command lines

feed twice --check -e 'linear 2 64 out=64'
feed twice --check -e 'batchnorm eps=1 eps=1'
feed itself --check -e 'let A = A; linear A'
feed itself --check -e 'block a { a }; linear 2 2; a'
feed unfinished --check -e 'linear 2 ('
feed unfinished --check -e 'let'
feed unfinished --check -e
feed format --check -e '%s%n%s%n: relu; linear 2 %d'
feed option --nothing
feed option --isa
feed option --isa nothing -e 'linear 2 2'
feed option --dump nothing -e 'linear 2 2'
feed option --train nothing -e 'linear 2 2'
feed option --train 'moons:' -e 'linear 2 2'
feed option --train 'moons:n' -e 'linear 2 2'
feed option --train 'moons:n=10,n=10' -e 'linear 2 2'
feed option --train "$scratch" -e 'linear 2 2'
feed option --weights "$scratch" -e 'linear 2 2'
feed option --train moons --steps 1 --save "$scratch" -e 'linear 2 2'
feed option --train moons --steps 1 --save "$scratch/none/file" -e 'linear 2 2'
feed option --train moons --steps 1 --log "$scratch/none/file" -e 'linear 2 2'

# ---- damaged files

for file in tests/data/*; do
	[ -f "$file" ] || continue
	for length in 0 7 9 40 100 300; do
		head -c $length "$file" >"$scratch/cut"
		feed "cut off: $file" --weights "$scratch/cut" --train moons --steps 1 -e 'linear 2 2'
		mv "$scratch/cut" "$scratch/cut.npz"
		feed "cut off: $file" --train "$scratch/cut.npz" --steps 1 -e 'linear 2 2'
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
		count = split("{ } ( ) = ; : # x - . , 0 1 64 -1 1e309 99999999999999999999 2x2 " \
			"true let repeat block residual input " \
			"loss batch linear relu batchnorm mse lr= bias=false \t \001 \377 \\ \"", word, " ")
		seed = seed * 7919 + 1
		for (changes = 1 + random(4); changes > 0; changes--) {
			at = random(length(text)) + 1
			kind = random(4)
			if (kind == 0) text = substr(text, 1, at - 1) substr(text, at + 1 + random(8))
			if (kind == 1) text = substr(text, 1, at - 1) word[1 + random(count)] substr(text, at)
			if (kind == 2) text = substr(text, 1, at - 1) " " word[1 + random(count)] " " substr(text, at + random(4))
			if (kind == 3) text = substr(text, 1, at) substr(text, 1 + random(length(text)), random(40)) \
				substr(text, at)
		}
		printf "%s", text
	}' "$2"
}

keeps_weights() {
	"$bnc" models/mlp_bn.net --train moons --quiet --log /dev/full --log-steps --save "$scratch/kept.safetensors" \
		--emit "$scratch/kept.c"
	[ $? = 3 ] && [ -s "$scratch/kept.safetensors" ] && [ -s "$scratch/kept.c" ]
}
check 'a log that cannot be written costs no weights' keeps_weights

# Without sanitizers fewer mistakes are noticed.
case $bnc in *sanitized*) rounds=$(seq 5) ;; *) rounds="1 2" ;; esac
seed=0
for round in $rounds; do
	for model in models/*.net tests/golden/*.net; do
		[ -e "$model" ] || continue
		seed=$((seed + 1))
		mutate $seed "$model" >"$scratch/mutated_$seed.net"
		feed "mutation $seed of $model" --dump c "$scratch/mutated_$seed.net"
	done
done

[ $failed = 0 ] || { trap - EXIT; echo "The networks are kept in $scratch."; }
finish
