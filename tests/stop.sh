#!/bin/sh
# Interrupts training: the run must end with its step, write what it was asked for, and leave nothing else behind. Where that cannot be
# written, it must say why.
#
#	tests/stop.sh [BNC]
. tests/check.sh

# Waits until the command fails, for at most a minute.
while_true() {
	tries=0
	while "$@" 2>/dev/null && [ $tries != 1200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

# stop SIGNAL STATUS: one network, whose weights must be those of a run of as many steps
stop() {
	rm -rf "$scratch/run" "$scratch/stdout"
	mkdir "$scratch/run"
	# a shell lets what it starts in the background ignore SIGINT
	env --default-signal=INT "$bnc" models/mlp_bn.net --train moons --epochs 1000000000 --save "$scratch/run/weights" --log "$scratch/run/log" \
		>"$scratch/stdout" 2>"$scratch/stderr" </dev/null &
	job=$!
	while_true [ ! -s "$scratch/stdout" ]          # it trains
	kill -s "$1" $job
	while_true kill -0 $job
	kill -s KILL $job 2>/dev/null
	wait $job
	check "$1: exit status" [ $? = "$2" ] || cat "$scratch/stderr"
	steps=$(sed -n "s/^bnc: stopped by SIG$1 after \([0-9]*\) steps; their weights are in .*/\1/p" "$scratch/stderr")
	check "$1: one line says so" [ -n "$steps" -a "$(wc -l <"$scratch/stderr")" = 1 ]
	check "$1: only what was asked for" [ "$(ls "$scratch/run" | tr '\n' ' ')" = "log weights " ]
	check "$1: whole lines in the log" [ "$(grep -c '^{.*}$' "$scratch/run/log")" = "$(wc -l <"$scratch/run/log")" ]
	check "$1: the same steps again" "$bnc" models/mlp_bn.net --train moons --quiet --steps "${steps:-1}" --save "$scratch/again"
	check "$1: the weights of these steps" cmp "$scratch/run/weights" "$scratch/again"
}

stop TERM 143
stop INT 130

no_temporary() {
	! ls "$scratch/run" | grep -q "^$1\..*\.tmp$"
}

# ended WHAT SIGNAL STATUS: the job must end at once, without a word, and leave nothing in its folder
ended() {
	kill -s "$2" $job
	wait $job
	check "$1, $2: exit status" [ $? = "$3" ]
	check "$1, $2: nothing is left" [ -z "$(ls "$scratch/run")" ]
	check "$1, $2: at once" [ ! -s "$scratch/stderr" ] || cat "$scratch/stderr"
}

# The second signal during a step, which takes 10 s and more.
twice() {
	rm -r "$scratch/run"
	mkdir "$scratch/run"
	env --default-signal=INT "$bnc" -e 'linear 2 3000; linear 3000 3000; linear 3000 2; batch 1000' --train moons --isa scalar --threads 1 \
		--log "$scratch/run/log" >/dev/null 2>"$scratch/stderr" </dev/null &
	job=$!
	while_true no_temporary log
	sleep 1
	kill -s "$1" $job
	sleep 0.2
	ended "twice" "$@"
}

# The only signal, while the files of --emit are open: there is nobody to read the third.
emitting() {
	rm -r "$scratch/run"
	mkdir "$scratch/run"
	env --default-signal=INT "$bnc" models/mlp_bn.net --emit "$scratch/run/net.c" --emit-test "$scratch/pipe.c" >/dev/null 2>"$scratch/stderr" &
	job=$!
	while_true no_temporary net.h
	ended "emitting" "$@"
}

mkfifo "$scratch/pipe.c"
twice TERM 143
twice INT 130
emitting TERM 143
emitting INT 130

# fails STATUS MESSAGE ARGUMENT ...: bnc, where no file may have more blocks
fails() {
	status=$1
	message=$2
	shift 2
	(ulimit -f $blocks && exec "$bnc" "$@" >/dev/null 2>"$scratch/stderr")
	[ $? = "$status" ] && [ "$(cat "$scratch/stderr")" = "$message" ] || { cat "$scratch/stderr"; false; }
}

# cannot_write WHY PATH ARGUMENT ...: bnc says why, and leaves the old file.c alone
cannot_write() {
	why=$1
	path=$2
	shift 2
	echo old | tee "$scratch/old" >"$file"
	check "$why" fails 3 "bnc: cannot write $path: $why" "$@"
	check "$why: the old file" cmp "$scratch/old" "$file"
	check "$why: nothing else" [ "$(ls "$scratch/small")" = file.c ]
}

mkdir "$scratch/small"
ln -s /dev/full "$scratch/full.c"
file=$scratch/small/file.c
blocks=unlimited
cannot_write "No space left on device" "$scratch/full.c" models/mlp_bn.net --emit "$file" --emit-test "$scratch/full.c"
blocks=16       # of 512 bytes or 1 KB
cannot_write "File too large" "$file" models/mlp_bn.net --emit "$file"
cannot_write "File too large" "$file" -e 'linear 2 5000' --save "$file"
cannot_write "File too large" "$file" models/mlp_bn.net --train moons --log-steps --log "$file"

finish
