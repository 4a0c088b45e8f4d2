#!/bin/sh
# The names that --emit gives: bnc refuses or replaces a prefix, or what is emitted compiles before and after every
# header that the compilers here have. The same of the header's own name.
#
#	tests/emit_names.sh BNC
. tests/check.sh
root=$(pwd)
export LC_ALL=C
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wdouble-promotion -Wshadow -Werror"
cd "$scratch" || exit 1

has() {
	command -v "$1" >/dev/null
}

# Names in a text that can be a prefix, one a line.
words() {
	tr -c 'A-Za-z0-9_' '\n' | grep '^[A-Za-z]' | grep -v -e __ -e '_$' | awk 'length <= 40' | sort -u
}

# ---- every header, before and after the emitted one

# A C++ header has no ending, one of C has. util/delay.h warns without optimisation.
tr ' ' '\n' <"$root/tools/headers.txt" | awk '
	$1 && $1 != "util/delay.h" { print ($1 ~ /\.h$/ ? "" : "#ifdef __cplusplus\n") \
		"#if __has_include(<" $1 ">)\n#include <" $1 ">\n#endif" ($1 ~ /\.h$/ ? "" : "\n#endif") }' >headers.h
cp headers.h every.h

"$bnc" --quiet "$root/models/mlp_bn.net" --train moons --steps 2 --prefix device --emit device.c \
	--emit-test device_test.c >/dev/null
"$bnc" --quiet "$root/models/mlp_bn.net" --train moons --steps 2 --prefix device --single-header --emit whole.h \
	>/dev/null
tr ' ' '\n' <"$root/compiler/standalone/taken_names.txt" >taken
cat device.h device.c | words | sed -n 's/^\(device\|DEVICE\)_//p' | sort -u >endings

# The words of all headers, which are more than their names: those of them, and what they begin with where an emitted
# name goes on so, that bnc takes. A name that goes on to be another network's is not tried beside it.
free_names() {
	{ "$@" -E -P headers.h | sed 's/"[^"]*"//g'; "$@" -E -dM headers.h | sed 's/^#define \([A-Za-z0-9_]*\).*/\1/'; } |
		words >all
	awk 'NR == FNR { ending[$1] = 1; next }
		{ print; for (i = 2; i < length; i++) 
			if (substr($1, i, 1) == "_" && substr($1, i + 1) in ending) print substr($1, 1, i - 1) }' \
		endings all | sort -u | grep -v '_t$' | comm -23 - taken >free
	awk 'NR == FNR { ending[$1] = 1; next } FNR == 1 { file++ } file == 1 { free[$1] = 1; next }
		{ for (i = 2; i < length; i++) 
			if (substr($1, i, 1) == "_" && substr($1, i + 1) in ending && substr($1, 1, i - 1) in free) next; print }' \
		endings free free
}

# renamed FILE: the file for each of the names that are read
renamed() {
	awk 'NR == FNR { line[NR] = $0; lines = NR; next }
		{ for (i = 1; i <= lines; i++) { text = line[i]; gsub(/device/, $1, text); gsub(/DEVICE/, toupper($1), text)
			print text } }' "$1" -
}

# with_headers LIBRARY COMPILER ...
with_headers() {
	library=$1
	shift
	free_names "$@" >tried
	check "$library: many names" [ "$(wc -l <tried)" -gt 100 ]
	{ cat headers.h; renamed device.h <tried; echo "#define DEVICE_IMPLEMENTATION"; cat whole.h; } >after.h
	check "$library: every header before" "$@" -fsyntax-only after.h
	{ renamed device.h <tried; cat headers.h; } >before.h
	check "$library: every header after" "$@" -fsyntax-only before.h
}

with_headers "C99" gcc -xc -std=c99 -w
with_headers "GNU C" gcc -xc -std=gnu2x -D_GNU_SOURCE -w
! has g++ || with_headers "C++" g++ -xc++ -std=gnu++20 -w
if has arm-none-eabi-gcc; then
	# newlib has headers of systems that it does not know
	for header in $(tr ' ' '\n' <"$root/tools/headers.txt" | grep '\.h$'); do
		echo "#include <$header>" >one.h
		arm-none-eabi-gcc -xc -std=gnu17 -w -fsyntax-only one.h 2>one.errors && cat one.h
	done >headers.h
	with_headers "newlib" arm-none-eabi-gcc -xc -std=gnu17 -w
fi

# ---- what bnc does with a name

# A name that it takes for a prefix, or a network's file that it emits, compiles.
emitted() {
	"$bnc" --quiet "$@" >/dev/null && gcc -std=c99 $warnings -fsyntax-only device.c device_test.c
}

# refused NAME: as a prefix, with a name that is not; and replaced where it is the network's own
refused() {
	status=0
	"$bnc" "$root/models/mlp.net" --prefix "$1" --emit device.c 2>said || status=$?
	[ $status = 2 ] && grep -q "such as .$1_net" said || { cat said; return 1; }
	cp "$root/models/mlp.net" "$1.net"
	"$bnc" --quiet "$1.net" --emit device.c 2>said && grep -q "$1_net" said && [ "$(wc -l <said)" = 1 ] &&
		grep -q "^typedef struct $1_net {" device.h
}

for name in random clock time div abs exit rand system signal read link pipe bind send qsort isalpha setjmp stdin FILE \
	while xor sem mtx \
	atomic pthread_mutex timespec main setup small features_t EOF double_t; do
	check "$name" refused "$name"
done
for name in random_net Clock token total string memory island mode size key; do
	cp "$root/models/mlp.net" "$name.net"
	check "$name.net" emitted "$name.net" --emit device.c --emit-test device_test.c
	check "$name.net: its own name" grep -q "^typedef struct $name {" device.h
	check "$name" emitted "$name.net" --prefix "$name" --emit device.c --emit-test device_test.c
done
for name in 'two  words' "it's" 2x 2x_t _ "$(printf %0100d 1)" "$(printf %060da 1 | tr 01 ba)_t"; do
	cp "$root/models/mlp.net" "$name.net"
	check "$name.net" emitted "$name.net" --emit device.c --emit-test device_test.c
	cp device_test.c "device_test of $name.c"
	check "$name.c" "$bnc" -e 'linear 2 2' --emit "$name.c"
	check "$name.c" gcc -std=c99 $warnings -fsyntax-only "$name.c"
done

# A word of the emitted test and header, and what it begins with: more than the name of the struct goes on after the
# prefix.
"$bnc" --quiet -e 'linear 2 2; batchnorm; relu' --prefix device --emit device.c --emit-test device_test.c >/dev/null
cat device.h device_test.c | grep -v '^ \*' | sed 's/device_[a-z_]*//g; s|/\*.*||' | words |
	sed 'p; s/_[^_]*$//; p; s/_[^_]*$//' |
	sort -u | comm -23 - taken | grep -v '_t$' >tried
check "words of the emitted files" [ "$(wc -l <tried)" -gt 100 ]
mkdir words
while read -r name; do
	"$bnc" --quiet -e 'linear 2 2; batchnorm; relu' --prefix "$name" --emit "words/of_$name.c" \
		--emit-test "words/test_$name.c" >/dev/null || echo "$name"
done <tried >not_taken
check "words of the emitted files" cmp not_taken /dev/null
check "words of the emitted files" gcc -std=c99 $warnings -fsyntax-only words/*.c

# ---- names of headers

# hidden FILE: refused, with a name that is not
hidden() {
	status=0
	"$bnc" "$root/models/mlp.net" "$@" 2>said || status=$?
	[ $status = 2 ] && grep -q "such as .*_net\.[ch]$" said || { cat said; return 1; }
}

mkdir -p folder/sys
for header in $(tr ' ' '\n' <"$root/tools/headers.txt" | grep '\.h$'); do
	check "$header" hidden --prefix net --emit "folder/${header%.h}.c"
done
for name in Signal ./TIME folder/Windows folder/sys/../math Arduino; do
	check "$name.c" hidden --prefix net --emit "$name.c"
done
check "signal.h" hidden --prefix net --single-header --emit signal.h
for name in stat folder/types folder/signals sys/signal_net folder/net iostream; do
	mkdir -p sys
	check "$name.c" "$bnc" "$root/models/mlp.net" --prefix net --emit "$name.c"
	check "$name.c" gcc -std=c99 $warnings -fsyntax-only "$name.c"
done

# What is emitted hides no header from what is compiled beside it.
check "headers beside the emitted one" "$bnc" "$root/models/mlp.net" --prefix net --emit folder/network.c
check "headers beside the emitted one" gcc -xc -std=gnu2x -D_GNU_SOURCE -w -Ifolder -Isys -I. -fsyntax-only every.h
finish
