#!/bin/sh
# Interrupts training: the run must end with its step, write what it was asked for, and leave nothing else behind. Where
# that cannot be written, it must say why.
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

# start ARGUMENT ...: bnc in the background, with all signals as they are by default: a shell lets what it starts there
# ignore SIGINT
start() {
	rm -rf "$scratch/run" "$scratch/stdout"
	mkdir "$scratch/run"
	env --default-signal "$bnc" "$@" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null &
	job=$!
}

# ends STATUS: the job must, within a minute
ends() {
	while_true kill -0 $job
	kill -s KILL $job 2>/dev/null
	wait $job
	[ $? = "$1" ] || { cat "$scratch/stderr"; false; }
}

whole_lines() {
	[ "$(grep -c '^{.*}$' "$1")" = "$(wc -l <"$1")" ]
}

# saved_after STEPS: the weights must be those of a run of as many steps
saved_after() {
	"$bnc" models/mlp_bn.net --train moons --quiet --no-eval --steps "${1:-1}" --save "$scratch/again" >/dev/null &&
		same_weights "$scratch/run/weights" "$scratch/again"
}

# stop SIGNAL STATUS MESSAGE: one network
stop() {
	start models/mlp_bn.net --train moons --epochs 1000000000 --save "$scratch/run/weights" --log "$scratch/run/log"
	while_true [ ! -s "$scratch/stdout" ]          # it trains
	kill -s "$1" $job
	check "$1: exit status" ends "$2"
	steps=$(sed -n "s/^bnc: stopped by SIG$1.* after \([0-9]*\) steps; their weights are in .*/\1/p" "$scratch/stderr")
	check "$1: two lines say so" [ -n "$steps" -a "$(wc -l <"$scratch/stderr")" = 2 ]
	check "$1: at once" grep -q "^bnc: $3\$" "$scratch/stderr"
	check "$1: only what was asked for" [ "$(ls "$scratch/run" | tr '\n' ' ')" = "log weights " ]
	check "$1: whole lines in the log" whole_lines "$scratch/run/log"
	check "$1: the weights of these steps" saved_after "$steps"
	check "$1: an epoch that was cut short" \
		grep -q "final loss [0-9.]*\( (epoch [0-9]* was cut short after [0-9]* of its 32 steps)\)\{0,1\}$" \
		"$scratch/stdout"
}

for signal in TERM:143 INT:130 QUIT:131; do
	stop ${signal%:*} ${signal#*:} 'stopping after step [0-9]*; again to quit without saving'
done
for signal in HUP:129 USR1:138 USR2:140 ALRM:142 XCPU:152 VTALRM:154 PROF:155 PIPE:141; do
	stop ${signal%:*} ${signal#*:} "SIG${signal%:*}: stopping after step [0-9]*"
done

# Who reads the output ends, or the messages.
gone() {
	rm -f "$scratch/run/"*
	{ { env --default-signal "$bnc" models/mlp_bn.net --train moons --epochs 1000000000 --save "$scratch/run/weights" \
		--log "$scratch/run/log" \
		"$@" 2>&3; echo $? >"$scratch/status"; } | head -n 1 >"$scratch/head"; } 3>"$scratch/stderr"
	[ "$(cat "$scratch/status")" = 141 ] && [ "$(ls "$scratch/run" | tr '\n' ' ')" = "log weights " ] &&
		whole_lines "$scratch/run/log" &&
		saved_after "$(sed -n 's/^bnc: stopped by SIGPIPE (nobody reads the output) after \([0-9]*\) steps; .*/\1/p' \
		"$scratch/stderr")"
}
check 'the output ends' gone

gone_too() {
	rm -f "$scratch/run/"*
	{ env --default-signal "$bnc" models/mlp_bn.net --train moons --epochs 1000000000 --save "$scratch/run/weights" \
		--log "$scratch/run/log" \
		2>&1; echo $? >"$scratch/status"; } | head -n 1 >"$scratch/head"
	[ "$(cat "$scratch/status")" = 141 ] && [ -s "$scratch/run/weights" ] && whole_lines "$scratch/run/log"
}
check 'output and messages end' gone_too

# Where SIGPIPE is ignored, as under some service managers, the training goes on.
goes_on() {
	rm -f "$scratch/run/"*
	mkfifo "$scratch/nobody"
	true <"$scratch/nobody" &
	exec 4>"$scratch/nobody"
	wait $!                                         # the reader is gone before the first line
	(trap '' PIPE; exec "$bnc" models/mlp_bn.net --train moons --epochs 20 --save "$scratch/run/weights" >&4 \
		2>"$scratch/stderr")
	status=$?
	exec 4>&-
	[ $status = 3 ] && grep -q '^bnc: cannot write the output: Broken pipe$' "$scratch/stderr" && saved_after 640
}
check 'the output ends, and SIGPIPE is ignored' goes_on

# What is ignored stays ignored, as by nohup.
rm -f "$scratch/run/"* "$scratch/stdout"
(trap '' HUP; exec env --default-signal=INT,TERM "$bnc" models/mlp_bn.net --train moons --epochs 1000000000 \
	--save "$scratch/run/weights" \
	--log "$scratch/run/log" >"$scratch/stdout" 2>"$scratch/stderr") &
job=$!
while_true [ ! -s "$scratch/stdout" ]
kill -s HUP $job
kill -s TERM $job
check 'SIGHUP is ignored: exit status' ends 143
check 'SIGHUP is ignored' grep -q 'stopped by SIGTERM' "$scratch/stderr"

# ---- after the last step

wide='linear 2 3000; linear 3000 3000; linear 3000 2; batch 10'

# Evaluation takes minutes here; the weights are there before it.
start -e "$wide" --train moons:n=100000 --steps 1 --isa scalar --threads 1 --save "$scratch/run/weights" \
	--log "$scratch/run/log"
while_true [ ! -s "$scratch/run/weights" ]
kill -s TERM $job
check 'evaluation: exit status' ends 0
check 'evaluation: one line says so' grep -qx \
	"bnc: SIGTERM ended the evaluation, after all 1 steps; their weights are in $scratch/run/weights" "$scratch/stderr"
check 'evaluation: no result' grep -q 'final loss [0-9.]*$' "$scratch/stdout"
check 'evaluation: the log' [ "$(wc -l <"$scratch/run/log")" = 1 ]

check '--no-eval' timeout 60 "$bnc" -e "$wide" --train moons:n=100000 --steps 1 --isa scalar --threads 1 --no-eval

# All steps are run, and nobody reads the weights yet.
mkfifo "$scratch/weights.pipe"
start models/mlp_bn.net --train moons --epochs 1 --save "$scratch/weights.pipe"
while_true [ ! -s "$scratch/stdout" ]
kill -s TERM $job
while_true [ ! -s "$scratch/stderr" ]
cat "$scratch/weights.pipe" >"$scratch/run/weights"
check 'after the last step: exit status' ends 0
check 'after the last step: all weights' saved_after 32
check 'after the last step: no stop' sh -c "! grep 'stopped by' '$scratch/stderr'"

start models/mlp_bn.net --train moons --epochs 1 --save "$scratch/weights.pipe"
while_true [ ! -s "$scratch/stdout" ]
kill -s TERM $job
while_true [ ! -s "$scratch/stderr" ]
kill -s TERM $job
check 'after the last step, twice' ends 143

# ---- at once

no_temporary() {
	! ls "$scratch/run" | grep -q "^$1\..*\.tmp$"
}

# The second signal during a step, which takes seconds, with sanitizers too: the log is what it was.
side=2000
case $bnc in *sanitized*) side=600 ;; esac
twice() {
	start -e "linear 2 $side; linear $side $side; linear $side 2; batch 500" --train moons --isa scalar --threads 1 \
		--log "$scratch/run/log" --log-steps
	while_true [ ! -s "$scratch/run/log" ]
	kill -s USR1 $job
	while_true sh -c "! grep -q '^bnc: SIGUSR1: stopping after step 2$' '$scratch/stderr'"
	kill -s USR1 $job
	kill -s XCPU $job
	kill -s "$1" $job
	while_true sh -c "! grep -q '^bnc: stopping after step 2; again to quit at once$' '$scratch/stderr'"
	kill -s "$1" $job
	check "twice, $1: exit status" ends "$2"
	check "twice, $1: two answers" [ "$(wc -l <"$scratch/stderr")" = 2 ]
	check "twice, $1: nothing else is left" [ "$(ls "$scratch/run")" = log ]
}

# ended WHAT SIGNAL STATUS: the job must end at once, without a word, and leave nothing in its folder
ended() {
	kill -s "$2" $job
	wait $job
	check "$1, $2: exit status" [ $? = "$3" ]
	check "$1, $2: nothing is left" [ -z "$(ls "$scratch/run")" ]
	check "$1, $2: at once" [ ! -s "$scratch/stderr" ] || cat "$scratch/stderr"
}

# The only signal, while the files of --emit are open: there is nobody to read the third.
emitting() {
	rm -r "$scratch/run"
	mkdir "$scratch/run"
	env --default-signal "$bnc" models/mlp_bn.net --emit "$scratch/run/net.c" --emit-test "$scratch/pipe.c" >/dev/null \
		2>"$scratch/stderr" &
	job=$!
	while_true no_temporary net.h
	ended "emitting" "$@"
}

mkfifo "$scratch/pipe.c"
twice TERM 143
twice INT 130
emitting HUP 129
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

# A log grows: it has what there was room for.
check 'File too large: a log' fails 3 "bnc: cannot write $scratch/small/log: File too large" \
	models/mlp_bn.net --train moons --log-steps --log "$scratch/small/log"
check 'File too large: whole lines' whole_lines "$scratch/small/log"
check 'File too large: and many' [ "$(wc -l <"$scratch/small/log")" -ge 100 ]

finish
