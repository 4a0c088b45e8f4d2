#!/bin/sh
# Images that are changed at random before they are trained on: which are, and which are not.
#
#	tests/augment.sh [BNC]
. tests/check.sh
cd "$scratch" || exit 1

net='input 1x8x8; conv2d 6 3; batchnorm; relu; flatten; linear 10; batch 100'
augment='augment random_crop padding=2; augment random_horizontal_flip'

# trains OPTION ...: prints the lines of the epochs
trains() {
	"$bnc" "$@" --train digits --epochs 2 >out 2>err || { cat err; return 1; }
	grep '^Epoch' out
}

threads() {
	trains -e "$net; $augment" --threads 1 --save one.st >one &&
		trains -e "$net; $augment" --threads 2 --save two.st >two && cmp one two && cmp one.st two.st
}
check 'any number of threads' threads

# With the rate 0 nothing is learned, so that losses differ only where images do.
still() {
	"$bnc" -e "$net; $1" --lr 0 --train digits --epochs 1 --valid 0.2 --eval digits --no-eval >"$2" || return 1
}
evaluates() {
	still '' plain && still "augment random_horizontal_flip p=1" flipped && still "$augment" moved || return 1
	for file in plain flipped moved; do
		sed -n 's/.* \(loss=[^ ]*\) .*/\1/p' $file >$file.loss
	done
	! cmp -s plain.loss flipped.loss && ! cmp -s plain.loss moved.loss
}
check 'training sees changed images' evaluates
fixed() {
	for add in '' "$augment"; do
		"$bnc" -e "input 1x8x8; conv2d 6 3; relu; flatten; linear 10; $add" --lr 0 --train digits --epochs 1 --seed 3 \
			--valid digits --eval digits --quiet --save w.st >"out${add:+2}" || return 1
		"$bnc" w.st --predict digits >"predicted${add:+2}" || return 1
	done
	sed 's/.*accuracy/accuracy/' out >one && sed 's/.*accuracy/accuracy/' out2 | cmp - one && cmp predicted predicted2
}
check '--valid, --eval and --predict see images as they are' fixed

# ---- one network as text

round_trip() {
	"$bnc" -e "$net; $augment" --train digits --epochs 1 --save w.st --quiet >out || return 1
	"$bnc" w.st --print >text && grep -q '^augment random_crop padding=2$' text &&
		grep -q '^augment random_horizontal_flip$' text && "$bnc" text --print | cmp - text
}
check 'saved weights remember it' round_trip
goes_on() {
	"$bnc" w.st --train digits --epochs 1 >one &&
		"$bnc" -e "$net; $augment" --weights w.st --train digits --epochs 1 >two &&
		grep '^Epoch' one | cut -d= -f2 >lines && grep '^Epoch' two | cut -d= -f2 | cmp - lines
}
check 'and so trains further' goes_on
emitted() {
	"$bnc" -e "$net; $augment" --emit net.c && grep -q 'The caller changes each image before it is trained on:' net.h &&
		"$bnc" -e "$net" --emit net.c --prefix net && ! grep -q 'The caller changes' net.h
}
check 'the C says that it is for the caller' emitted
part() {
	"$bnc" -e "$net; $augment" --from 3 --print >text && ! grep -q augment text
}
check 'a part begins after the images' part

# ---- with --standardize, fill is a value of the data: an image of nothing else stays what it is

cat >pixels.csv <<'END'
a,b,c,d,class
7,7,7,9,0
7,7,7,9,1
7,7,9,7,0
9,7,7,7,1
END
outside() {
	"$bnc" -e "input 1x2x2; conv2d 2 1; flatten; linear 2; augment random_crop padding=9 fill=7; batch 4" \
		--train pixels.csv --standardize --lr 0 --epochs 4 --log log --quiet >out || return 1
	# 9 columns and rows to each side: nearly always all of the image is fill
	"$bnc" -e "input 1x2x2; conv2d 2 1; flatten; linear 2; augment random_crop padding=9 fill=1e6; batch 4" \
		--train pixels.csv --standardize --lr 0 --epochs 4 --log other --quiet >out &&
		awk -F'"loss":' '{ split($2, v, ","); if (v[1] > 10) exit 1 }' log &&
		awk -F'"loss":' '{ split($2, v, ","); if (v[1] > 10) large = 1 } END { exit !large }' other
}
check 'fill is in the units of the data' outside

# ---- colour

mkdir -p photos/a photos/b
for i in 1 2 3 4; do
	for class in a b; do
		{ printf 'P6\n3 2\n255\n'; awk -v i=$i -v c=$class 'BEGIN { srand(i + (c == "a" ? 0 : 9));
			for (k = 0; k < 18; k++) printf "%c", 65 + int(50 * rand()) }'; } >photos/$class/$i.ppm
	done
done
colour() {
	"$bnc" -e "conv2d 4 2; relu; flatten; linear 2; $augment; batch 4" --train photos --standardize --epochs 3 >out
}
check 'images in colour' colour
finish
