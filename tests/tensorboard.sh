#!/bin/sh
# --tensorboard: what a program that shares nothing with bnc reads from its files must be what the log says, and what
# the saved weights are like.
#
#	tests/tensorboard.sh [BNC]
. tests/check.sh
source=$PWD/tests/tensorboard
cd "$scratch" || exit 1
check 'the reader' cc -std=c99 -O1 -Wall -Wextra -Werror "$source/read_events.c" -o read_events || finish
moons='linear 16; batchnorm; relu; linear 2'

# events FOLDER [-c]: of all its files, in the order of their names, but for those that a later file takes back
events() {
	for file in "$1"/events.out.tfevents.*; do
		./read_events $2 "$file" || return 1
	done >events.text || { cat events.text; return 1; }
	awk 'BEGIN { count = 0 } $2 == "begins" { for (i = 0; i < count; i++) if (step[i] >= $1) line[i] = ""; next }
		{ step[count] = $1; line[count++] = $0 }
		END { for (i = 0; i < count; i++) if (line[i] != "") print line[i] }' events.text
}

# files FOLDER COUNT
files() {
	[ "$(ls "$1" | grep -c '^events\.out\.tfevents\.[0-9]\{10\}\..*\.[0-9]\{4\}$')" = "$2" ] &&
		[ "$(ls "$1" | wc -l)" = "$2" ]
}

# logged LOG NETWORK: the scalars of the epochs in the log, but for how fast they were
logged() {
	grep '"event":"epoch"' "$1" | grep -F "\"net\":\"$2\"" | sed 's/[{}"]//g' | awk -F, '{
		for (i = 1; i <= NF; i++) { colon = index($i, ":"); field[substr($i, 1, colon - 1)] = substr($i, colon + 1) }
		print field["steps"], "epoch", field["epoch"]
		print field["steps"], "loss/train", field["loss"]
		if ("valid_loss" in field) print field["steps"], "loss/valid", field["valid_loss"]
		if ("accuracy" in field) print field["steps"], "accuracy/train", field["accuracy"]
		if ("valid_accuracy" in field) print field["steps"], "accuracy/valid", field["valid_accuracy"]
		print field["steps"], "learning_rate", field["lr"]
	}'
}

# as_logged FOLDER LOG NETWORK: a scalar is a float
as_logged() {
	events "$1" >events || { cat events; return 1; }
	awk 'NF == 3 && $2 != "steps_per_second"' events >scalars
	logged "$2" "$3" >expected
	[ -s expected ] && paste -d ' ' scalars expected | awk '
		{ difference = $3 - $6; size = $6 < 0 ? -$6 : $6 }
		NF != 6 || $1 != $4 || $2 != $5 || difference > 1e-7 * size || -difference > 1e-7 * size { print; wrong = 1 }
		END { exit wrong }'
}

# numbers FILE TENSOR: of a safetensors file
numbers() {
	head=$(od -An -tu8 -N 8 "$1")
	set -- "$1" "$(head -c $((8 + head)) "$1" | tail -c "+9" | sed "s/.*\"$2\"://; s/}.*//")"
	from=${2#*data_offsets*[}
	to=${from#*,}
	from=${from%%,*}
	to=${to%%]*}
	case $2 in *F64*) type=f8 ;; *) type=f4 ;; esac
	od -An -v -t$type -w8 -j $((8 + head + from)) -N $((to - from)) "$1" | tr -s ' ' '\n' | grep .
}

# as_saved FOLDER WEIGHTS TENSOR ...: the last histograms of these tensors
as_saved() {
	folder=$1
	weights=$2
	shift 2
	events "$folder" >events || { cat events; return 1; }
	for tensor; do
		tag=${tensor%.*}/${tensor##*.}
		numbers "$weights" "$tensor" >numbers
		grep " $tag " events | tail -n 1 | tr ' ' '\n' | awk -v tag="$tag" '
			BEGIN { count = buckets = 0 }
			function differs(a, b) { return a - b > 1e-6 * (size + 1e-30) || b - a > 1e-6 * (size + 1e-30) }
			FILENAME == "numbers" { x[count++] = $1; sum += $1; squares += $1 * $1; size += $1 < 0 ? -$1 : $1
				if (count == 1 || $1 < low) low = $1
				if (count == 1 || $1 > high) high = $1; next }
			FNR > 7 { split($1, pair, ":"); limit[buckets] = pair[1]; wanted[buckets++] = pair[2]; next }
			{ field[FNR] = $1 }
			END {
				for (i = 0; i < count; i++) {
					for (k = 0; k < buckets - 1 && x[i] >= limit[k]; k++)
						;
					found[k]++
				}
				for (k = 0; k < buckets; k++)
					wrong += found[k] + 0 != wanted[k]
				wrong += buckets != (low == high ? 1 : 30) || field[2] != tag || field[5] != count || !count
				wrong += differs(field[3], low) || differs(field[4], high) || differs(limit[buckets - 1], high)
				size = sum > 0 ? sum : -sum
				wrong += differs(field[6], sum)
				size = squares
				wrong += differs(field[7], squares)
				if (wrong) print tag, count, low, high, sum, squares, buckets
				exit wrong > 0
			}' numbers - || return 1
	done
}

# all_tags FOLDER TAG ...: the histograms of an epoch are of these
all_tags() {
	folder=$1
	shift
	events "$folder" | awk 'NF > 3 && !seen[$2]++ { print $2 }' >tags
	echo "$*" | tr ' ' '\n' | diff tags -
}

# trains OPTION ...: on $data
data=moons
trains() {
	"$bnc" --train $data --quiet --no-eval "$@" >out 2>err || { cat err; return 1; }
}

check 'one network' trains -e "$moons" --tensorboard one/deep --log one.log --save one.st
check 'one network: a file' files one/deep/net 1
check 'one network: scalars' as_logged one/deep/net one.log net
check 'one network: histograms' as_saved one/deep/net one.st 0.weight 0.bias 1.weight 1.bias 1.running_mean \
	1.running_var 3.weight 3.bias
check 'one network: all of them' all_tags one/deep/net 0/weight 0/bias 1/weight 1/bias 1/running_mean 1/running_var \
	3/weight 3/bias
check 'how fast' sh -c './read_events one/deep/net/* | awk '\''$2 == "steps_per_second" && $3 > 0 { count++ }
	END { exit count != 9 }'\'

check 'doubles' trains -e "head: $moons" --dtype f64 --epochs 3 --tensorboard f64 --log f64.log --save f64.st
check 'doubles: scalars' as_logged f64/net f64.log net
check 'doubles: histograms' as_saved f64/net f64.st head.weight 1.running_var 3.bias

check 'side by side' trains -e "name a; $moons; optimizer adam lr=0.01; schedule cosine" -e 'name b; linear 2' \
	-e 'name b; linear 1; loss bce' --valid 0.2 --tensorboard several --log several.log
for name in a b b_2; do
	check "side by side: $name" as_logged several/$name several.log $name
done

check 'patience' trains -e "$moons; optimizer adam lr=0.05" --valid 0.3 --patience 2 --epochs 300 \
	--tensorboard patient --log patient.log
check 'patience: scalars' as_logged patient/net patient.log net
printf 'a,b,y\n1,2,0.5\n2,1,0.7\n3,3,0.1\n' >values.csv
data=values.csv
check 'values' trains -e 'linear 1; loss mse' --tensorboard values --log values.log
check 'values: scalars' as_logged values/net values.log net
data=moons

# ---- equal values, and some that are not finite

check 'equal' trains -e "$moons" --lr 0 --epochs 1 --tensorboard equal --save equal.st
check 'equal: histograms' as_saved equal/net equal.st 1.weight 1.bias 0.weight
printf 'a,y\n1e15,1e10\n-3e15,2e10\n' >large.csv
broken() {
	"$bnc" -e 'linear 1; loss mse; optimizer sgd lr=1e30; batch 2' --train large.csv --tensorboard broken \
		>out 2>err
	[ $? = 3 ] && events broken/net >events && grep -q '^1 loss/train ' events && ! grep -q 'nan\|inf' events
}
check 'not finite' broken

# ---- on and on

keeps() {
	trains -e "$moons" --epochs 1 --tensorboard twice --log first.log && cat twice/net/* >before &&
		first=$(ls twice/net) && trains -e "$moons" --epochs 2 --seed 5 --tensorboard twice --log second.log &&
		cmp before "twice/net/$first" && files twice/net 2 && as_logged twice/net second.log net
}
check 'an older file stays, and counts no more' keeps

# goes_on FIRST LAST: the options of a training, and of one that goes on from it
goes_on() {
	rm -rf on on.ck whole
	trains -e "$moons; optimizer adam" --valid 0.2 $1 --checkpoint on.ck --tensorboard on --log on.log &&
		trains --resume on.ck --valid 0.2 $2 --tensorboard on --log on.log &&
		trains -e "$moons; optimizer adam" --valid 0.2 $2 --tensorboard whole --log whole.log &&
		files on/net 2 && as_logged on/net whole.log net && as_logged on/net on.log net &&
		events whole/net | grep -v steps_per_second >expected && events on/net | grep -v steps_per_second |
		cmp - expected
}
check 'resumed after an epoch' goes_on '--epochs 2' '--epochs 5'
check 'resumed within an epoch' goes_on '--steps 57' '--steps 110'
grep ' epoch ' expected >on.epochs

# A process that is killed leaves what was reported before its checkpoint. It may be killed while it writes a record.
killed() {
	rm -rf dead dead.ck
	timeout -s KILL 0.3 "$bnc" -e "$moons; optimizer adam" --train moons --quiet --epochs 100000 --checkpoint dead.ck \
		--every 100 --tensorboard dead >out 2>err
	[ -s dead.ck ] || return 1
	"$bnc" --resume dead.ck --train moons --quiet --epochs 100000 --steps 1 >out 2>err
	steps=$(sed -n 's/.*has run \([0-9]*\) steps already.*/\1/p' err)
	epochs=$((steps / 32))
	trains --resume dead.ck --epochs $((epochs + 2)) --tensorboard dead &&
		events dead/net -c | awk '$2 == "epoch" { print $3 }' >epochs &&
		seq 0 $((epochs + 1)) | diff - epochs
}
check 'killed' killed

# ---- what cannot be written

# A file may not grow, like on a full disk: the weights are kept, and the file is whole up to a record.
full() {
	(
		ulimit -f 8
		"$bnc" -e "$moons" --train moons --quiet --tensorboard full --save full.st >out 2>err
	)
	[ $? = 3 ] && [ "$(wc -l <err)" = 1 ] && grep -q 'cannot write full/net/events.*File too large' err &&
		events full/net >events && [ -s events ] && cmp full.st one.st || { cat err; false; }
}
check 'a full disk' full

# ---- sweeps

sweeps() {
	trains -e "name a; $moons" -e 'name b; linear 2' --sweep lr=0.1,1e30 --sweep batch=50 --seeds 2 --epochs 3 \
		--valid 0.2 --tensorboard swept --runs runs.jsonl --threads 2 &&
		[ "$(ls swept | tr '\n' ' ')" = "$(printf '%s ' a-lr=0.1-batch=50-seed0 a-lr=0.1-batch=50-seed1 \
			a-lr=1e+30-batch=50-seed0 a-lr=1e+30-batch=50-seed1 b-lr=0.1-batch=50-seed0 b-lr=0.1-batch=50-seed1 \
			b-lr=1e+30-batch=50-seed0 b-lr=1e+30-batch=50-seed1)" ] || { ls swept; return 1; }
	trains -e "name a; $moons" --lr 0.1 --batch 50 --seed 1 --epochs 3 --valid 0.2 --log swept.log &&
		as_logged swept/a-lr=0.1-batch=50-seed1 swept.log a
}
check 'a sweep' sweeps
check 'values only' trains -e "$moons" --sweep lr=0.1,0.2 --epochs 1 --tensorboard rates
check 'values only: folders' [ "$(ls rates | tr '\n' ' ')" = 'net-lr=0.1 net-lr=0.2 ' ]
sweeps_full() {
	(
		ulimit -f 8
		"$bnc" -e "$moons" --train moons --seeds 2 --tensorboard full_sweep >out 2>err
	)
	[ $? = 3 ] && grep -q '^net  *2  *0 ' out && grep -q 'cannot write full_sweep/net-seed[01]/events' err ||
		{ cat out err; false; }
}
check 'a full disk in a sweep' sweeps_full

# ---- TensorBoard itself

python=${PYTHON:-python3}
if "$python" -c 'import tensorboard' 2>out; then
	check 'TensorBoard reads the same' sh -c "'$python' '$source/read_events.py' one/deep/net >theirs &&
		./read_events one/deep/net/* | grep -v begins | LC_ALL=C sort >ours && diff ours theirs"
	check 'TensorBoard takes back the same' sh -c "'$python' '$source/read_events.py' on/net >theirs &&
		grep ' epoch ' theirs | sort -n | diff - on.epochs"
else
	echo "TensorBoard: skipped, Python has no tensorboard"
fi
finish
