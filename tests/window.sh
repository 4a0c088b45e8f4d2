#!/bin/sh
# Windows of a logger's table, from the training to what is told of each row.
#
#	tests/window.sh [BNC]
. tests/check.sh
cd "$scratch" || exit 1

# A swing of two speeds, one after the other, and a column of another size
awk 'BEGIN { srand(5); print "timestamp,x,level,state"; for (i = 0; i < 900; i++) { fast = int(i / 150) % 2
	printf "%d,%.4f,%.2f,%s\n", 1700000000 + i, sin(i * (fast ? 0.9 : 0.3)) + 0.2 * rand(), 500 + 50 * rand(),
		fast ? "fast" : "slow" } }' >log.csv
net='linear 16; relu; linear 2; optimizer adam lr=0.01'
log='--train log.csv --ignore timestamp --window 20 --stride 5 --standardize'

learns() {
	"$bnc" -e "$net" $log --valid 0.2 --epochs 20 --save w.st >out 2>err || return 1
	grep -q '^windows: 177 of 20 rows each, 5 rows apart; each has the target of its last row$' err &&
		grep -q '^bnc: note: 35 windows are held out, and [1-9][0-9]* that have rows in common with them are' err &&
		awk '/^Epoch 19/ { sub(/.*valid_accuracy=/, ""); right = $0 + 0 } END { exit right < 90 }' out
}
check 'learns what one row does not tell' learns
check 'one row does not tell it' sh -c "'$bnc' -e '$net' --train log.csv --ignore timestamp --standardize --epochs 20 |
	awk '/^Epoch 19/ { sub(/.*accuracy=/, \"\"); right = \$0 + 0 } END { exit right > 80 }'"

evaluates() {
	"$bnc" w.st --eval log.csv >out && grep -q '^net on log.csv: 177 rows' out &&
		"$bnc" w.st --eval log.csv --stride 1 | grep -q '^net on log.csv: 881 rows'
}
check 'evaluates on the same windows, or on others' evaluates

# The number and the time are those of the window's last row; the same window says the same at any distance.
predicts() {
	"$bnc" w.st --predict log.csv >five && "$bnc" w.st --predict log.csv --stride 1 >each || return 1
	[ "$(wc -l <five)" = 178 ] && [ "$(wc -l <each)" = 882 ] &&
		[ "$(cut -d, -f1-2 five | sed -n 1,3p | tr '\n' ' ')" = 'row,timestamp 19,1700000019 24,1700000024 ' ] ||
		return 1
	sed 1q each >again
	sed 1d each | awk 'NR % 5 == 1' >>again
	cmp five again
}
check 'predicts, with the time of the last row' predicts
# The rest of the columns is enough.
cut -d, -f2,3 log.csv | head -n 41 >new.csv
without() {
	"$bnc" w.st --predict new.csv >out && [ "$(cut -d, -f1 out | tr '\n' ' ')" = 'row 19 24 29 34 39 ' ]
}
check 'predicts without target and time' without

conv() {
	"$bnc" -e 'conv2d 8 5x2; batchnorm; relu; flatten; linear 2; optimizer adam' $log --epochs 2 --save c.st >out &&
		"$bnc" c.st --print | grep -qx 'input 1x20x2'
}
check 'an image of one channel for conv2d' conv

# In C, a sample is N rows, the oldest first.
in_c() {
	"$bnc" w.st --inference --emit net.c --prefix net >out && cat >main.c <<-'END' || return 1
		#include "net.h"
		#include <stdio.h>
		int main(void)
		{
			float x[NET_INPUTS], y[NET_OUTPUTS];
			int i = 0;
			while (i < NET_INPUTS && scanf("%f%*c", &x[i]) == 1)
				i++;
			net_predict_one(x, y);
			puts(net_classify(y) ? "slow" : "fast");
			return 0;
		}
	END
	cc -o main main.c net.c -lm || return 1
	for first in 1 6 300 461; do
		cut -d, -f2,3 log.csv | sed 1d | tail -n +$first | head -n 20 | ./main
	done >found
	for first in 1 6 300 461; do
		awk -F, -v row=$((first + 18)) '$1 == row { print $3 }' each
	done | cmp found -
}
check 'the same in C' in_c

# ---- what goes on, and what is done many times

resumes() {
	"$bnc" -e "$net" $log --valid 0.2 --epochs 3 --checkpoint c.ck --quiet >out &&
		"$bnc" --resume c.ck --train log.csv --valid 0.2 --epochs 6 --save part.st >out &&
		"$bnc" -e "$net" $log --valid 0.2 --epochs 6 --save whole.st >out &&
		"$bnc" part.st --predict log.csv >one && "$bnc" whole.st --predict log.csv | cmp - one
}
check 'a training that goes on' resumes
further() {
	"$bnc" w.st --train log.csv --epochs 1 >out 2>err && ! grep -q '^windows' err && "$bnc" w.st --train log.csv \
		--epochs 1 --stride 40 >out && grep -q ' 1 step, ' out
}
check 'weights that are trained further' further
sweeps() {
	"$bnc" -e "$net" $log --valid 0.2 --epochs 3 --seeds 2 --runs runs.jsonl >out 2>&1 || return 1
	"$bnc" -e "$net" $log --valid 0.2 --epochs 3 --seed 1 --log alone --quiet >out 2>&1 || return 1
	loss=$(tail -n 1 alone | grep -o '"valid_loss":[^,]*') && grep '"seed":1' runs.jsonl | grep -q "$loss"
}
check 'a sweep' sweeps
suggests() {
	"$bnc" --suggest log.csv --ignore timestamp --window 20 --stride 5 >said || return 1
	cp said log.net
	eval "set -- $(sed -n 's/^# bnc \(.* --train.*\)/\1/p' said)"
	"$bnc" "$@" --epochs 5 >out && grep -q 'input 1x20x2' said && grep -q -- '--window 20 --stride 5 --standardize' said
}
check 'a network to begin with' suggests

# ---- what cannot be

# refused STATUS MESSAGE ARGUMENT ...
refused() {
	status=$1
	message=$2
	shift 2
	"$bnc" "$@" >out 2>err
	[ $? = "$status" ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -q -e "$message" err ||
		{ cat out err; false; }
}
check 'another window than that of the weights' refused 3 'would change what w.st was trained with' \
	w.st --eval log.csv --window 5
check 'too few rows' refused 3 'log.csv has 900 rows, fewer than the 901 of a window' \
	-e "$net" --train log.csv --window 901
"$bnc" -e 'linear 2' --train log.csv --ignore timestamp --epochs 1 --save plain.st >out 2>&1
check 'a stride without windows' refused 3 'plain.st was not trained on windows' plain.st --eval log.csv --stride 5
grows() {
	"$bnc" -e "$net" --train log.csv --window 9 --epochs 1 >out 2>err
	grep -q '^inputs: column 1 (timestamp) never falls from row to row: if it is the time, --ignore 1 leaves' err
}
check 'a time that is not left out' grows

# A row cannot be left out, so nobody is told to
says_what_helps() {
	printf 'x,y\n1,2\n2,\n3,4\n' >no_target.csv
	printf 'x,y\n1,2\n,3\n3,4\n' >no_input.csv
	! "$bnc" -e 'linear 1' --train no_target.csv --window 2 2>err &&
		grep -q 'no_target.csv:3: .* give it a value: no row can be left out of the middle of windows$' err &&
		! "$bnc" -e 'linear 1' --train no_input.csv --window 2 2>err &&
		grep -q "no_input.csv:3: .*: --missing mean puts the column's mean there\$" err
}
check 'what is missing in windows' says_what_helps

finish
