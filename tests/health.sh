#!/bin/sh
# --health: the page is whole and needs nothing else, and a training that is looked at is the one that is not.
#
#	tests/health.sh [BNC]
. tests/check.sh
page=$scratch/page.html

# status STATUS COMMAND ...: the command must end so
status() {
	wanted=$1
	shift
	"$@" >"$scratch/stdout" 2>"$scratch/stderr"
	[ $? = "$wanted" ]
}

refuses() {
	PATH=/nonexistent status 3 "$bnc" models/moons.net --train moons:n=100 --quiet --health "$page" \
		--save "$scratch/none.st"
}

check 'without gnuplot nothing is trained' refuses
check 'it says so' grep -q '^bnc: --health .*page.html: it needs gnuplot.*gnuplot-nox' "$scratch/stderr"
check 'there is no page, and there are no weights' [ ! -e "$page" -a ! -e "$scratch/none.st" ]
command -v gnuplot >/dev/null || { echo 'gnuplot is not here: skipped'; finish; }

# figures COUNT: the page has so many
figures() {
	[ "$(grep -c '^<figure>$' "$page")" = "$1" ] && [ "$(grep -c '^<svg' "$page")" = "$1" ] &&
		[ "$(grep -c '^</svg>' "$page")" = "$1" ] && [ "$(tail -n 1 "$page")" = '</html>' ]
}

alone() {
	! grep -qi '<script' "$page" && ! grep -v 'xmlns' "$page" | grep -q 'http' &&
		[ -z "$(grep -o " id=['\"][^'\"]*" "$page" | sort | uniq -d)" ]
}

same_bits() {
	"$bnc" "$@" --quiet --save "$scratch/seen.st" --health "$page" >"$scratch/stdout" 2>"$scratch/stderr" &&
		"$bnc" "$@" --quiet --save "$scratch/alone.st" >"$scratch/stdout" &&
		cmp "$scratch/seen.st" "$scratch/alone.st"
}

check 'a training with batchnorm' same_bits models/moons.net --train moons
check 'gnuplot complains of nothing' [ ! -s "$scratch/stderr" ]
check 'weights, dead units, two batchnorms, statistics' figures 5
check 'it needs nothing else' alone
if command -v python3 >/dev/null; then
	check 'it is sound' python3 -c 'import sys, xml.etree.ElementTree as e; e.parse(sys.argv[1])' "$page"
else
	echo 'python3 is not here: skipped'
fi
check 'dropout' same_bits -e 'linear 16; relu; dropout; linear 2; optimizer adam lr=0.01' --train moons:n=300
check 'without batchnorm' figures 2
check 'images that are changed' same_bits -e 'input 1x8x8; augment random_crop padding=1; conv2d 4 3; batchnorm; relu
	flatten; linear 10; batch 64; epochs 2' --train digits
check 'doubles, and values' same_bits -e 'linear 16; batchnorm; tanh; linear 1; loss mse' --train moons --dtype f64
check 'several networks' "$bnc" models/mlp.net models/mlp_bn.net --train moons --quiet --health "$page"
check 'each has its pictures' figures 6
check 'a long training' "$bnc" models/mlp_bn.net --train moons --steps 10000 --quiet --no-eval --health "$page"
check 'says how often it was looked at' grep -q 'one every 40 steps' "$page"
rm "$page"
check 'a loss that is not finite' status 3 "$bnc" models/mlp.net --train moons --lr 1e38 --quiet --health "$page"
check 'is on the page' figures 2
printf 'a,b,c\n1,2,x\n2,1,y\n3,1,x\n1,3,y\n' >"$scratch/a&b<.csv"
check 'a name of data' "$bnc" -e 'linear 2' --train "$scratch/a&b<.csv" --quiet --health "$page"
check 'is escaped' grep -q 'a&#38;b&#60;.csv</h1>' "$page"
finish
