#!/bin/sh
# Trains until a loss is not finite: the message must name what is known of the cause, and the weights of a little
# before must be kept.
#
#	tests/breakdown.sh [BNC]
. tests/check.sh
cd "$scratch" || exit 1

# breaks MESSAGE ARGUMENT ...: status 3, and a first line that has the message
breaks() {
	message=$1
	shift
	"$bnc" "$@" --quiet >out 2>err
	[ $? = 3 ] && [ ! -s out ] && head -n 1 err | grep -q "$message" || { cat out err; false; }
}

# keeps ARGUMENT ...: what is kept are the weights of a run of as many steps; the file itself, and the log, are as they
# should be
keeps() {
	echo old >w
	rm -f w.last-finite
	breaks 'so training stops here' "$@" --save w --log l --log-steps || return 1
	kept='the weights that gave the last finite loss, those after \([0-9]*\) steps\{0,1\}, are in w.last-finite'
	steps=$(sed -n "s/^bnc: $kept\$/\1/p" err)
	[ "$(cat w)" = old ] && [ "$(wc -l <err)" = 2 ] && [ -n "$steps" ] && [ "$(grep -c '^{.*}$' l)" = "$(wc -l <l)" ] ||
		return 1
	last=--steps
	[ "$steps" != 0 ] || last=--epochs
	"$bnc" "$@" $last $steps --quiet --no-eval --save again >/dev/null && same_weights again w.last-finite &&
		"$bnc" "$@" --weights w.last-finite --epochs 0 >/dev/null
}

# Their weights grow in each step by a factor whose distance from 1 says how long it takes: from one step to far more
# than a second.
growing='linear 2 2; optimizer sgd lr=0.01'
for decay in 1e10 300 201 200.04 200.02; do
	check "keeps, $decay" keeps -e "$growing weight_decay=$decay; batch 20; epochs 1000000" --train moons:n=100
done
check 'in order' keeps -e "$growing weight_decay=200.04; batch 20; epochs 1000000" --train moons:n=100 --no-shuffle
check 'with momentum' keeps -e "$growing momentum=0.9 weight_decay=380.02; batch 20; epochs 1000000" --train moons:n=100
check 'with BatchNorm' keeps \
	-e 'linear 2 8; batchnorm; relu; linear 2; optimizer sgd lr=0.01 weight_decay=200.3; epochs 1000000' --train moons
check 'with dropout' keeps \
	-e 'linear 2 8; dropout 0.1; linear 2; optimizer sgd lr=0.01 weight_decay=200.3; batch 20; epochs 1000000' \
	--train moons:n=100
check 'with dropout, in order' keeps \
	-e 'linear 2 8; dropout 0.1; linear 2; optimizer sgd lr=0.01 weight_decay=200.3; batch 20; epochs 1000000' \
	--train moons:n=100 --no-shuffle
check 'with augmentation' keeps -e 'input 1x2x1; flatten; linear 2; augment random_crop padding=1; batch 20
	optimizer sgd lr=0.01 weight_decay=200.3; epochs 1000000' --train moons:n=100
check 'with a schedule' keeps -e 'linear 2 2; batch 20; epochs 1000000; schedule exponential 1.02
	optimizer sgd lr=0.01' --train moons:n=100
check 'with threads' keeps \
	-e 'linear 2 512; batchnorm; relu; linear 512; relu; linear 2
	optimizer sgd lr=0.01 weight_decay=300; batch 100; epochs 100' \
	--train moons --threads 3

infinite='linear 2 1; loss mse; epochs 1000'
stops='so training stops here: a smaller --lr often helps'
check 'infinite' breaks \
	"the loss of net is infinite at step [0-9]* (epoch [0-9]*, batch [0-9]*), $stops" \
	-e "$infinite" --train moons --lr 0.8
check 'infinite from one step to the next' breaks 'the loss of net is infinite at step 1 ' -e "$infinite" \
	--train moons --lr 1e25
check 'not a number' breaks 'the loss of net is not a number at step 1 ' -e 'linear 2 64; relu; linear 2' \
	--train moons --lr 1e30
check 'several networks' breaks 'the loss of b is infinite' \
	-e 'name a; linear 2 1; loss mse' \
	-e 'name b; linear 2 1; loss mse; optimizer sgd lr=1e25' --train moons
check 'the last step' breaks 'the weights or running statistics of net are not finite after step 0, the last one' \
	-e 'linear 2 2; optimizer sgd lr=0.01 weight_decay=1e38' --train moons --steps 1 --lr 1e10
check 'the last step: kept' keeps -e 'linear 2 2; optimizer sgd lr=1e10 weight_decay=1e38; batch 1000; epochs 1' \
	--train moons

# ---- earlier files

cp again w.last-finite
check 'a run that ends well' "$bnc" -e 'linear 2 2' --train moons --quiet --save w
check 'no weights of an earlier run are left' [ ! -e w.last-finite ]
cp w w.last-finite
check 'a run that begins there' "$bnc" -e 'linear 2 2' --train moons --quiet --weights w.last-finite --save w
check 'what was given is not removed' [ -e w.last-finite ]

# nothing ARGUMENT ...: there is nothing to keep, and nothing is left
nothing() {
	breaks '' "$@" && grep -q '^bnc: no weights are kept: ' err && [ ! -e w.last-finite ]
}
constant='--train blobs:centers=1,std=0'
check 'the first step' nothing -e 'input 2; batchnorm eps=0; linear 1; loss mse' $constant --save w
check '--save -' sh -c "'$bnc' -e '$infinite' --train moons --quiet --lr 1e25 --save - 2>err | cmp - /dev/null &&
	grep -q 'no weights are kept' err && [ ! -e ./-.last-finite ]"
check '--save /dev/null' nothing -e "$infinite" --train moons --lr 1e25 --save /dev/null

# ---- causes

eps='has eps=0, and its input 0 is the same in all 32 rows of the batch, so that it divides 0 by 0. Give it eps=1e-5'
check 'eps=0' breaks "batchnorm \`0\` $eps" -e 'input 2; batchnorm eps=0; linear 1; loss mse' $constant
check 'eps=0, deeper' breaks "batchnorm \`norm\` $eps" \
	-e 'input 2; linear 8; tanh; norm: batchnorm eps=0; linear 1; loss mse' $constant
check 'eps=0 in a residual' breaks "batchnorm \`1.1\` $eps" \
	-e 'input 2; linear 8; residual { linear 8; batchnorm eps=0 }; linear 1; loss mse' $constant
check 'eps=0, and another cause' breaks 'a smaller --lr often helps (it is 1e+30)$' \
	-e 'linear 2 8; batchnorm eps=0; linear 1; loss mse' \
	--train moons --lr 1e30
check 'eps=0, side by side' breaks \
	'batchnorm `0` has eps=0, and divides by 0 where a feature is the same in a whole batch' \
	-e 'input 2; batchnorm eps=0; linear 1; loss mse' -e 'input 2; batchnorm eps=0; linear 2 1; loss mse' $constant
check 'large inputs' breaks 'blobs has inputs up to -\{0,1\}[0-9.e+]* (row [0-9]*): scale them to about 1$' \
	-e 'linear 2 8; relu; linear 8; relu; linear 1; loss mse; epochs 100' --train blobs:std=100000
check 'large weights' sh -c \
	"'$bnc' -e 'linear 2 1; loss mse; optimizer sgd lr=1e10 weight_decay=1e25' --train moons --quiet --steps 1 \
	--no-eval --save large"
check 'large weights' breaks 'before any step: the weights in large are too large' -e 'linear 2 1; loss mse' \
	--train moons --weights large
finish
