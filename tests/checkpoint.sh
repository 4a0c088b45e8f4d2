#!/bin/sh
# Trainings that are interrupted and go on: all that they print, log and save must be what one that nothing interrupts
# prints, logs and saves.
#
#	tests/checkpoint.sh [BNC [KILLS]]
. tests/check.sh
case $bnc in *sanitized*) kills=${2:-33} ;; *) kills=${2:-300} ;; esac
data=$PWD/tests/data
cd "$scratch" || exit 1

cp "$data/flowers.csv" .
dropout='linear 32; batchnorm; relu; dropout 0.2; linear 2'
small='linear 8; relu; linear 2'
augment='augment random_crop padding=2x1 fill=3; augment random_horizontal_flip p=0.3'

# ---- kill -9

# trains NAME ARGUMENT ...: in the way that $way says, and at most as long as $limit says
ways=9
trains() {
	name=$1
	shift
	case $way in
	0) set -- "$@" --train moons --epochs 300 --save "$name.st" \
		-e "$dropout; optimizer adam lr=0.01 accumulate=3 clip=1; schedule cosine" ;;
	1) set -- "$@" --train moons --steps 9003 --save "$name.st" \
		-e "$dropout; optimizer rmsprop lr=0.001; schedule one_cycle 0.01" ;;
	2) set -- "$@" --train wine --standardize --valid 0.2 --patience 300 --epochs 1500 --batch 7 --save "$name.st" \
		--precise-bn -e 'linear 16; batchnorm; relu; linear 3; optimizer adamw lr=0.001' ;;
	3) set -- "$@" --train moons --epochs 300 -e "$dropout; optimizer adam" -e 'linear 2; optimizer sgd momentum=0.9' ;;
	4) set -- "$@" --train moons --epochs 400 -e "$small; optimizer adam" -e 'linear 2; optimizer sgd momentum=0.9' ;;
	5) set -- "$@" --train moons --epochs 200 --dtype f64 --no-shuffle --save "$name.st" \
		-e "$dropout; schedule step 7" ;;
	6) set -- "$@" --train moons:n=200 --epochs 6 --batch 20 --threads 2 --save "$name.st" \
		-e 'linear 512; batchnorm; relu; linear 512; relu; linear 2; optimizer sgd momentum=0.9' ;;
	7) set -- "$@" --train digits --epochs 60 --batch 100 --save "$name.st" \
		-e "input 1x8x8; flatten; linear 10; optimizer adam; $augment" ;;
	8) set -- "$@" --train digits --epochs 20 --batch 100 \
		-e "input 1x8x8; conv2d 2 3 stride=2; dropout 0.3; flatten; linear 10; optimizer adam; $augment" \
		-e "input 1x8x8; flatten; linear 10; $augment" ;;
	esac
	$limit "$bnc" "$@" --log "$name.log" --log-steps >"$name.out" 2>"$name.err"
}

# The lines of all lives: an epoch that was reported after the last checkpoint is there again, with the same words.
same_lines() {
	grep -h '^Epoch' lives | sort -u >found
	grep '^Epoch' whole.out | sort -u | cmp - found
}

# Kills a training again and again until it has ended, and compares what it leaves with what one without a break does.
# Each life has a line of `plan`: how long, and how often it writes. After its share of them it is left to its end.
survives() {
	rm -f part.* lives
	life=0
	while :; do
		life=$((life + 1))
		if [ $life -le $((kills / ways + 1)) ] && read -r delay every <&3; then
			limit="timeout -s KILL $delay"
			killed=$((killed + 1))
		else
			limit=
			every=2000
		fi
		trains part --checkpoint part.ck --resume part.ck --every "$every"
		status=$?
		head -n "$(wc -l <part.out)" part.out >>lives   # the last line may be cut off
		case $status in
		0) break ;;
		137) ;;
		*) cat part.err; return 1 ;;
		esac
	done
	limit=
	same_lines && cmp whole.log part.log && { [ ! -e whole.st ] || cmp whole.st part.st; }
}
awk -v kills="$kills" 'BEGIN { srand(1); for (i = 0; i < kills; i++)
	printf "0.%03d %s\n", 8 + int(25 * rand()), rand() < 0.9 ? 1 + int(120 * rand()) : "1s" }' >plan
exec 3<plan
killed=0
round=0
while [ $killed -lt "$kills" ] || [ $round = 0 ]; do
	way=$((round % ways))
	round=$((round + 1))
	rm -f whole.*
	limit=
	trains whole
	check "way $way, killed" survives
done
exec 3<&-
rm -f part.*

# ---- more epochs, more steps

grows() {
	network=$1
	first=$2
	last=$3
	rm -f one.ck
	"$bnc" -e "$network" --train moons $first --checkpoint one.ck --log one.log >one.out 2>&1 &&
		"$bnc" --resume one.ck --train moons $last --log one.log --save one.st >two.out 2>&1 &&
		"$bnc" -e "$network" --train moons $last --log whole.log --save whole.st >whole.out 2>&1 &&
		cmp one.log whole.log && grep '^Epoch' two.out >lines
	grep '^Epoch' whole.out | tail -n "$(wc -l <lines)" | cmp - lines && "$bnc" one.st --predict moons >one &&
		"$bnc" whole.st --predict moons | cmp - one
}
for network in "$small; optimizer adam" "$dropout; optimizer sgd momentum=0.9"; do
	for epochs in 3:20 8:9 10:16 16:17 0:2 7:7; do
		check "epochs $epochs" grows "$network" "--epochs ${epochs%:*}" "--epochs ${epochs#*:}"
	done
	for steps in 50:77 64:100 1:32 300:301; do
		check "steps $steps" grows "$network" "--steps ${steps%:*}" "--steps ${steps#*:}"
	done
done

# ---- signals, and what a checkpoint is good for besides

stopped() {
	env --default-signal "$bnc" -e "$dropout" --train moons --epochs 100000000 --checkpoint stop.ck --every 1s \
		>out 2>err </dev/null &
	job=$!
	tries=0
	while [ ! -s out ] && [ $tries != 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill $job
	wait $job
	[ $? = 143 ] || return 1
	steps=$(sed -n 's/^bnc: stopped by SIGTERM after \([0-9]*\) steps; to go on: --resume stop.ck/\1/p' err)
	[ -n "$steps" ] && "$bnc" --resume stop.ck --train moons --epochs 10 --steps $((steps + 40)) --save part.st >out &&
		"$bnc" -e "$dropout" --train moons --steps $((steps + 40)) --save whole.st >out && cmp part.st whole.st
}
check 'a signal' stopped

table() {
	"$bnc" -e 'linear 3; optimizer adam' --train flowers.csv --standardize --epochs 5 --checkpoint table.ck >out 2>&1 &&
		"$bnc" --resume table.ck --train flowers.csv --epochs 9 --save part.st >out 2>&1 &&
		"$bnc" -e 'linear 3; optimizer adam' --train flowers.csv --standardize --epochs 9 --save whole.st >out 2>&1 &&
		"$bnc" part.st --predict flowers.csv >one && "$bnc" whole.st --predict flowers.csv | cmp - one
}
check 'of a table' table
check 'as weights' sh -c "'$bnc' table.ck --predict flowers.csv >one && '$bnc' -e 'linear 3' --weights table.ck \
	--predict flowers.csv | cmp - one"
begins() {
	rm -f new.ck
	"$bnc" -e "$small" --train moons --epochs 1 --quiet --checkpoint new.ck --resume new.ck >out 2>err &&
		[ -s new.ck ] && grep -q 'new.ck is not there yet: the training begins' err
}
check 'none yet' begins
fresh_log() {
	echo other >other.log
	"$bnc" --resume table.ck --train flowers.csv --epochs 7 --log other.log >out 2>err &&
		[ "$(grep -c epoch other.log)" = 2 ] && [ "$(wc -l <other.log)" = 2 ]
}
check 'a log of its own' fresh_log

# ---- what cannot be

# refused STATUS MESSAGE ARGUMENT ...: and no file is changed
refused() {
	wanted=$1
	message=$2
	shift 2
	cp table.ck before
	"$bnc" "$@" --checkpoint table.ck >out 2>err
	[ $? = "$wanted" ] && grep -q -e "$message" err && cmp table.ck before || { cat err; false; }
}
resumes() {
	network=$1
	message=$2
	shift 2
	refused 3 "$message" -e "$network" --resume table.ck "$@"
}
net='linear 3; optimizer adam'
check 'another network' resumes 'name other; linear 4; linear 3; optimizer adam' \
	'another network: net has `linear 4 3` there, and other has `linear 4 4` here' --train flowers.csv --standardize
check 'another optimizer' resumes 'linear 3' 'begun with `optimizer adam`, but net has `optimizer sgd`' \
	--train flowers.csv --standardize
check 'other data' resumes "$net" 'other data: flowers.csv, 7 rows of 4 values, check sum [0-9a-f]*; but iris has 150' \
	--train iris
check 'another seed' resumes "$net" 'begun with the seed 0, not 7' --train flowers.csv --seed 7
check 'fewer epochs' resumes "$net" 'has run 5 steps already, more than the 3 of 3 epochs' --train flowers.csv \
	--epochs 3
check 'another order' resumes "$net" 'trained without --no-shuffle' --train flowers.csv --no-shuffle
check 'other numbers' resumes "$net" 'trained with --dtype f32' --train flowers.csv --dtype f64
check 'held out' resumes "$net" 'trained without --valid' --train flowers.csv --valid 0.4
check 'two networks' refused 3 'a checkpoint of 1 network that trains side by side' --resume table.ck \
	-e "$net" -e "$net" --train flowers.csv --epochs 9
check 'weights' refused 3 'is not a checkpoint' --resume whole.st --train flowers.csv
check 'not there' refused 3 'No such file' --resume none.ck -e "$net" --train flowers.csv
check 'the weights over it' refused 2 'would write over the checkpoint' --resume table.ck \
	--train flowers.csv --save table.ck
for where in - /dev/full; do
	check "to $where" sh -c \
		"! '$bnc' -e '$small' --train moons --checkpoint $where >out 2>err && grep -q 'regular file' err"
done

# A file that may not grow, like a full disk: the old one stays, the training goes on, and the status says so.
full() {
	cp table.ck before
	(
		ulimit -f 1
		"$bnc" -e "$dropout; optimizer adam" --train moons --epochs 3 --checkpoint table.ck --every 9 >out 2>err
	)
	[ $? = 3 ] && cmp table.ck before && [ "$(grep -c '^Epoch' out)" = 3 ] &&
		grep -q 'cannot write table.ck: File too large; the training goes on, and tries again' err &&
		[ "$(ls | grep -c tmp)" = 0 ]
}
check 'a full disk' full

# Damaged anywhere; the unit tests do the same with every byte.
damaged() {
	size=$(wc -c <table.ck)
	for at in 0 7 8 40 300 $((size / 2)) $((size - 300)) $((size - 5)) $((size - 1)); do
		cp table.ck bad.ck
		byte=$(od -An -tu1 -j "$at" -N 1 table.ck)
		printf "\\$(printf %o $((byte ^ 4)))" | dd of=bad.ck bs=1 seek="$at" conv=notrunc 2>out
		"$bnc" -e "$net" --resume bad.ck --train flowers.csv >out 2>err && { echo "byte $at"; return 1; }
		head -c "$at" table.ck >bad.ck
		"$bnc" -e "$net" --resume bad.ck --train flowers.csv >out 2>err && { echo "cut at $at"; return 1; }
	done
	:
}
check 'damaged' damaged
finish
