#!/bin/sh
# Trains what --suggest prints, by the command that it prints with it.
#
#	tests/suggest.sh [BNC]
. tests/check.sh
cd "$scratch" || exit 1

# trains ENOUGH DATA [OPTION ...]: the network is written, and at the end the loss of the validation is at most that
trains() {
	enough=$1 epochs=
	shift
	case $bnc in *sanitized*) enough=100 epochs="--epochs 1" ;; esac    # each epoch reads and writes the same memory
	"$bnc" --suggest "$@" >said 2>errors || { cat errors; return 1; }
	eval "set -- $(sed -n 's/^# bnc \(.* --train.*\)/\1/p' said)"
	[ "$1" ] && cp said "$1" || return 1
	"$bnc" "$@" $epochs --log log.jsonl --quiet --no-eval >printed 2>&1 || { cat printed; return 1; }
	loss=$(grep -o '"\(valid_\|\)loss":[^,}]*' log.jsonl | sed 's/.*://' | sort -g | head -n 1)
	awk -v loss="$loss" -v most="$enough" 'BEGIN { print loss " of " most; exit !(loss != "" && loss <= most) }'
}

# says TEXT DATA [OPTION ...]: in what is printed
says() {
	text=$1
	shift
	"$bnc" --suggest "$@" >said 2>errors && grep -qF -- "$text" said || { cat said errors; return 1; }
}

for set in moons:n=200 blobs:n=200 iris wine; do
	check "$set" trains 0.15 "$set"
done
check digits says 'conv2d 32 3 padding=same' digits
check 'rows that are few' says '--standardize
input 2' moons:n=20

# A batch of 32 would leave one row of 65 or of the 97 - 19 + 1 that are trained on.
for rows in 2 3 33 65 97 98 121; do
	awk -v rows=$rows 'BEGIN { srand(rows); print "a b,\"it''s, c\",y"
		for (i = 0; i < rows; i++) { a = rand(); print a "," i % 3 "," a + i % 3 / 3 } }' >"it's $rows.csv"
	check "$rows rows" trains 2 "it's $rows.csv"
done
check 'a file with quotes in its name' says "--train 'it'\\''s 65.csv'" "it's 65.csv"

printf 'x,kind\n1,a\nNA,b\n3,a\n4,b\n,a\n' >missing.csv
check 'missing values' sh -c '! "$1" --suggest missing.csv 2>said && grep -q -- "--missing mean" said' - "$bnc"
check 'missing values' trains 5 missing.csv --missing mean
check 'another target' trains 2 missing.csv --target x --missing drop
check 'another target' says '--target x --missing drop' missing.csv --target x --missing drop
awk 'BEGIN { print "rooms,price,grade"; for (i = 0; i < 300; i++) print i % 7 "," 1000 + i * 7 "," i % 5 }' >prices.csv
check 'prices are no classes' says 'loss mse' prices.csv --target price --ignore grade
check 'far targets' says '# Target 1 has mean 2046 and deviation 606.2' prices.csv --target price
check 'grades are' says '5 classes (0, 1, 2, 3, 4)' prices.csv
printf 'x,y\n1,2\n' >one_row.csv
check 'one row' sh -c '! "$1" --suggest one_row.csv 2>said && grep -q "one row" said' - "$bnc"
printf 'x,y\n1,a\n2,a\n' >one_class.csv
check 'one class' sh -c '! "$1" --suggest one_class.csv 2>said && [ "$(wc -l <said)" = 2 ]' - "$bnc"
printf 'x,y\n1,"a\nb"\n2,c\n' >lines.csv
check 'a class of two lines' sh -c '! "$1" --suggest lines.csv >said 2>&1 || ! grep "^b[,)]" said' - "$bnc"

# Samples of any shape
image() {
	mkdir -p images/a images/b
	for i in 1 2 3 4; do
		for class in a b; do
			{ printf 'P5 %d %d 255\n' "$1" "$2"; head -c $(($1 * $2)) /dev/zero | tr '\0' "\\$class$i"; } \
				>images/$class/$i.pgm
		done
	done
}
for size in "1 1" "3 3" "4 9" "100 1" "28 28" "5 40"; do
	rm -rf images
	image $size
	check "images of $size" trains 2 images
done
finish
