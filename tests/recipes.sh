#!/bin/sh
# Follows the recipes of docs/internals.md on a copy of the sources, builds it, and tests what they add. Below a heading
# such as
#
#	### An activation: `softsign`
#
# which says what is added and its name, each tab-indented block is text to add. The line before it says where:
#
#	In a new file `PATH`:
#	In `PATH`, below `TEXT`:        TEXT is in one line of the file
#	At the end of `PATH`:           of a header, before its #endif
#
# The tests are those of the copy itself, which loop over its tables.
#
#	tests/recipes.sh [BNC]
. tests/check.sh
top=$PWD
tree=$scratch/tree
mkdir "$tree" "$scratch/blocks"
cp -r Makefile compiler runtime tests "$tree"

# ---- the page -> kinds, lines `KIND: NAME`; and for each block N.text and N.place, whose lines are the path, then
# `new`, `end`, or `below` and the text of a line

(cd "$scratch/blocks" && awk '
/^##/ {
	recipe = $0 ~ /^### .*: `[a-z0-9_]+`$/
	if (recipe) print substr($0, 5) >"kinds"
	place = ""
	inside = 0
	next
}
!recipe { next }
/^\t/ || (/^$/ && inside) {
	if (!inside) {
		file = ++count
		print place >(file ".place")
		blank = ""
	}
	inside = 1
	if ($0 == "") { blank = blank "\n"; next }
	printf "%s%s\n", blank, substr($0, 2) >(file ".text")
	blank = ""
	next
}
/^$/ { next }
{
	inside = 0
	n = split($0, part, "`")
	place = "nowhere"
	if (part[1] == "In a new file " && n == 3) place = part[2] "\nnew"
	if (part[1] == "In " && part[3] == ", below " && n == 5) place = part[2] "\nbelow\n" part[4]
	if (part[1] == "At the end of " && n == 3) place = part[2] "\nend"
}' "$top/docs/internals.md")

# name_of KIND: what the recipe for one adds
name_of() {
	sed -n "s/^$1.*: \`\(.*\)\`$/\1/p" "$scratch/blocks/kinds"
}

for kind in "An activation" "An optimizer" "A loss" "A layer" "A data set"; do
	check "a recipe: $kind" [ -n "$(name_of "$kind")" ]
done
activation=$(name_of "An activation")
optimizer=$(name_of "An optimizer")
loss=$(name_of "A loss")
layer=$(name_of "A layer")
data=$(name_of "A data set")

# ---- what the recipes add

# add PLACE TEXT: adds the block in the one file to the copy where the other says
add() {
	path=$tree/$(sed -n 1p "$1")
	case $(sed -n 2p "$1") in
	new) [ ! -e "$path" ] && cp "$2" "$path" ;;
	below)
		line=$(grep -nF -e "$(sed -n 3p "$1")" "$path" | cut -d: -f1)
		[ "$(echo "$line" | wc -w)" = 1 ] && sed -i "${line}r $2" "$path" ;;
	end)
		if [ "$(tail -n 1 "$path")" = "#endif" ]; then
			{ sed '$d' "$path"; cat "$2"; printf '\n#endif\n'; } >"$scratch/grown"
		else
			{ cat "$path"; echo; cat "$2"; } >"$scratch/grown"
		fi
		[ -s "$path" ] && mv "$scratch/grown" "$path" ;;
	*) echo "the line before the block does not say where it goes"; false ;;
	esac
}

for place in "$scratch"/blocks/*.place; do
	text=${place%.place}.text
	check "$(sed -n 1p "$place"): $(head -n 1 "$text")" add "$place" "$text"
done

# ---- the copy, built as fast as it goes: kernels that are not optimised compute the same, and its unit tests are those
# that unit() below asks for

tests=$(printf 'build/tests/%s_test.o ' kernels layers optimizer data words)
check "the copy is built" env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$tree" BUILD=build CC=gcc CFLAGS=-O0 \
	KERNEL_LEVEL=-O0 WERROR=-Werror tests="$tests" bnc unit || finish
cd "$tree" || exit 1
bnc=$tree/build/bnc

lists() {
	"$bnc" "$1" | grep "^  $2\b"
}
for name in $activation $optimizer $loss $layer; do
	check "$name: --list-layers" lists --list-layers "$name"
done
check "$data: --list-data" lists --list-data "$data"

# unit TESTS: those of the copy whose names fit, of which there must be some
unit() {
	build/tests/unit --filter "$1" >"$scratch/said" 2>&1
	ended=$?
	cat "$scratch/said"
	grep -q 'Tested: [1-9]' "$scratch/said" && [ $ended = 0 ]
}
for name in $activation $optimizer $loss $layer; do
	check "$name: the tests of its kernels" unit "kernels/$name*"
done
check "the layers' examples, with every loss" unit 'layers/*'
check "the optimizers' examples" unit 'optimizer/*'
check "the data sets" unit 'sets/*'
check "what is proposed for other names" unit 'words/*'

# ---- all of them in one network: trained, and as C

network="linear 2 33; $activation; $layer; linear 33 1; loss $loss; optimizer $optimizer lr=0.05; batch 20"
check "all: trains" "$bnc" -e "$network" --train "$data:n=200" --epochs 2
for lanes in 1 8; do
	check "all, $lanes lanes: --emit" "$bnc" -e "$network" --lanes $lanes --prefix all --emit all.c \
		--emit-test all_test.c
	for name in $activation $optimizer $loss $layer; do
		check "all, $lanes lanes: $name is in it" grep -q "all_$name" all.c
	done
	check "all, $lanes lanes: gcc" gcc -std=c99 -Wall -Wextra -Werror -O1 -march=native all.c all_test.c -lm -o all
	check "all, $lanes lanes: self-test" ./all
done
finish
