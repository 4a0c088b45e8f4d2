#!/bin/sh
# Sweeps: each run must have the bits that it has alone, in one process or in several, and nothing that ends early may
# lose or spoil what was done.
#
#	tests/sweep.sh [BNC]
. tests/check.sh
unset SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT SLURM_PROCID SLURM_NTASKS OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE \
	PMI_RANK PMI_SIZE
runs=$scratch/runs.jsonl

fails() {
	! "$@"
}

# status STATUS COMMAND ...: the command must end so
status() {
	wanted=$1
	shift
	"$@"
	[ $? = "$wanted" ]
}

# sweep OPTION ...: sets $runs
sweep() {
	rm -f "$runs"
	check "sweep $*" "$bnc" --quiet "$@" --runs "$runs"
}

# value FILE WHAT FIELD: of the only line that has WHAT
value() {
	grep -F "$2" "$1" | tail -n 1 | sed -n "s/.*\"$3\":\([^,}]*\).*/\1/p"
}

# same_as_alone LINE OPTION ...: the run of the line has the numbers of the run alone
same_as_alone() {
	line=$1
	shift
	"$bnc" --quiet --no-eval "$@" --log "$scratch/log" >"$scratch/stdout" 2>"$scratch/stderr"
	for field in loss accuracy valid_loss valid_accuracy; do
		[ "$(value "$scratch/log" '"event":"epoch"' $field)" = "$(value "$runs" "$line" $field)" ] || return 1
	done
	[ -n "$(value "$runs" "$line" loss)" ]
}

sweep models/mlp.net models/mlp_bn.net --train moons:n=200 --sweep lr=0.01,0.5 --sweep batch=16,32 --seeds 2 \
	--epochs 2
check 'as many runs as there are' [ "$(wc -l <"$runs")" = 16 ]
for net in mlp mlp_bn; do
	for seed in 0 1; do
		line="\"net\":\"$net\",\"settings\":{\"lr\":0.5,\"batch\":16},\"seed\":$seed,"
		check "$net, seed $seed" same_as_alone "$line" \
			"models/$net.net" --train moons:n=200 --lr 0.5 --batch 16 --epochs 2 --seed $seed
	done
done

augment='input 1x2x1; flatten; let PAD = 1; linear 2; augment random_crop padding=PAD; augment random_horizontal_flip'
sweep -e "$augment" --train moons:n=200 --sweep PAD=1,2 --seeds 2 --epochs 2
for pad in 1 2; do
	check "images that are changed, by $pad" same_as_alone "{\"PAD\":$pad},\"seed\":1," -e "$augment" -D PAD=$pad \
		--train moons:n=200 --epochs 2 --seed 1
done

sweep models/moons.net --train moons:n=200 --valid 0.25 --standardize --patience 2 --seeds 3 --epochs 4
for seed in 0 1 2; do
	check "rows held out, seed $seed" same_as_alone "\"seed\":$seed," models/moons.net --train moons:n=200 \
		--valid 0.25 --standardize --patience 2 --epochs 4 --seed $seed
done

dropout='let P = 0.1; linear 2 16; dropout p=P; relu; linear 16 2; optimizer adam lr=0.01; schedule one_cycle 0.1'
sweep -e "$dropout" --train moons:n=100 --valid moons:n=50,seed=1 --sweep P=0.1,0.5 --sweep beta1=0.8,0.9 \
	-D epochs=2 --dtype f64
check 'a let, an argument, doubles' same_as_alone '"P":0.5,"beta1":0.8}' -e "$dropout" --train moons:n=100 --valid \
	moons:n=50,seed=1 -D P=0.5 -D beta1=0.8 -D epochs=2 --dtype f64
check 'two values, two results' [ "$(sed 's/.*"loss"/"loss"/; s/,.*//' "$runs" | sort -u | wc -l)" = 4 ]

"$bnc" models/mlp_bn.net --save "$scratch/weights.st" --seed 5 >"$scratch/stdout"
sweep models/mlp_bn.net --weights "$scratch/weights.st" --train moons:n=100 --seeds 2 --epochs 2
check 'with weights' same_as_alone '"seed":1,' models/mlp_bn.net --weights "$scratch/weights.st" --train moons:n=100 \
	--epochs 2 --seed 1

"$bnc" models/mlp.net --save "$scratch/one.st" >"$scratch/stdout"
"$bnc" models/mlp.net -D init=0 --save "$scratch/zero.st" >"$scratch/stdout"
check 'init scales weights' fails same_weights "$scratch/one.st" "$scratch/zero.st"
"$bnc" models/mlp.net -D init=1 --save "$scratch/again.st" >"$scratch/stdout"
check 'init=1 does not' same_weights "$scratch/one.st" "$scratch/again.st"
sweep models/mlp.net --train moons:n=100 --sweep init=0,1,3 --epochs 2
check 'init=3' same_as_alone '"init":3}' models/mlp.net --train moons:n=100 -D init=3 --epochs 2
check 'init=1' same_as_alone '"init":1}' models/mlp.net --train moons:n=100 --epochs 2
check 'each differs' [ "$(sed 's/.*"loss"/"loss"/; s/,.*//' "$runs" | sort -u | wc -l)" = 3 ]

# What diverges is a result.
set -- models/mlp.net --train moons:n=200 --epochs 4 --seeds 4 --sweep lr=0.1,1e30,log:1:2:3
check 'a list of two kinds' status 2 "$bnc" "$@"
set -- models/mlp.net --train moons:n=200 --epochs 4 --seeds 4 --sweep lr=0.1,1e30
sweep "$@"
check 'diverged runs' [ "$(grep -c '"outcome":"diverged".*"loss":null' "$runs")" = 4 ]
"$bnc" "$@" >"$scratch/whole" 2>&1
check 'they are counted' grep -q '^mlp *1e+30 *4 *4 *- *- *- *-' "$scratch/whole"

# Done once, whatever the order, the processes and the ends of the file.
"$bnc" "$@" --quiet >"$scratch/whole"
"$bnc" "$@" --runs "$runs" >"$scratch/again" 2>"$scratch/stderr"
check 'all are known' grep -q '^bnc: 0 runs in .*; 8 were done before$' "$scratch/stderr"
check 'the table of known runs' cmp "$scratch/whole" "$scratch/again"
head -n 3 "$runs" >"$scratch/part" && tail -n 1 "$runs" | head -c 50 >>"$scratch/part" && cp "$scratch/part" "$runs"
"$bnc" "$@" --runs "$runs" >"$scratch/again" 2>"$scratch/stderr"
check 'after a line that was cut off' grep -q '^bnc: 5 runs in .*; 3 were done before$' "$scratch/stderr"
check 'its table' cmp "$scratch/whole" "$scratch/again"
check 'whole lines' [ "$(grep -c '^{.*}$' "$runs")" = 8 -a "$(wc -l <"$runs")" = 8 ]
check 'the table of merged runs' sh -c "'$bnc' --merge '$runs' | cmp - '$scratch/whole'"
"$bnc" "$@" --quiet --threads 1 >"$scratch/again"
check 'one process' cmp "$scratch/whole" "$scratch/again"
cp models/mlp.net "$scratch/other"
check 'another file' status 3 "$bnc" "$@" --runs "$scratch/other"
check 'which stays' cmp models/mlp.net "$scratch/other"
sed 's/linear 64 2/linear 64 2 # the same/' models/mlp.net >"$scratch/mlp.net"
"$bnc" "$scratch/mlp.net" --train moons:n=200 --sweep lr=0.1 --epochs 4 --seeds 4 --runs "$runs" \
	>"$scratch/again" 2>"$scratch/stderr"
check 'a comment changes no run' grep -q '; 4 were done before$' "$scratch/stderr"
"$bnc" "$scratch/mlp.net" --train moons:n=200,seed=1 --sweep lr=0.1 --epochs 4 --seeds 4 --runs "$runs" \
	>"$scratch/again" 2>"$scratch/stderr"
check 'other data do' grep -q '^bnc: 4 runs in [0-9.]* s$' "$scratch/stderr"

# Parts.
rm -f "$scratch"/part*
for part in 0 1 2; do
	check "part $part" "$bnc" "$@" --quiet --shard $part/3 --runs "$scratch/part.jsonl"
done
check 'a file for each' [ -s "$scratch/part.0-of-3.jsonl" -a -s "$scratch/part.2-of-3.jsonl" -a \
	! -e "$scratch/part.jsonl" ]
"$bnc" --merge "$scratch"/part.*.jsonl --runs "$scratch/all.jsonl" >"$scratch/merged"
check 'the same table' cmp "$scratch/whole" "$scratch/merged"
check 'of the file of all' sh -c "'$bnc' --merge '$scratch/all.jsonl' '$runs' | grep -c '^mlp' | grep -qx 3"

# part VARIABLES WORDS: what the environment says
part() {
	env $1 "$bnc" "$set" --train moons:n=50 --epochs 1 --seeds 12 >"$scratch/stdout" 2>"$scratch/stderr" || true
	grep -q "$2" "$scratch/stderr" || { cat "$scratch/stderr"; false; }
}
set=models/mlp.net
check 'all of it' part A=1 '^bnc: 12 runs in'
check 'an array' part 'SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=4' 'of part 1 of 4 (SLURM_ARRAY_TASK_ID)'
check 'an array from 10 in steps of 5' part 'SLURM_ARRAY_TASK_ID=20 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=10
	SLURM_ARRAY_TASK_STEP=5' 'of part 2 of 3'
check 'tasks' part 'SLURM_PROCID=2 SLURM_NTASKS=4' '^bnc: 3 runs of part 2 of 4 (SLURM_PROCID)'
check 'tasks of an array' part 'SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=2 SLURM_PROCID=1 SLURM_NTASKS=3' \
	'^bnc: 2 runs of part 4 of 6'
check 'Open MPI' part 'OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=5' 'of part 0 of 5 (OMPI_COMM_WORLD_RANK)'
check 'MPICH' part 'PMI_RANK=4 PMI_SIZE=5' 'of part 4 of 5 (PMI_RANK)'
check 'each would do all' part 'PMI_RANK=0 PMI_SIZE=1 SLURM_NTASKS=8' 'SLURM_NTASKS says that there are 8 processes'
check 'no number' part 'SLURM_PROCID=x SLURM_NTASKS=8' 'SLURM_PROCID is `x`'
check 'beyond the last' part 'PMI_RANK=5 PMI_SIZE=5' 'give --shard I/N'

# Pictures. What they show of a run is what the run has; without gnuplot the script stays.
is_picture() {
	"$bnc" --quiet --no-eval --train moons:n=100 --epochs 3 "$@" --plot "$scratch/$kind" >"$scratch/stdout" &&
		[ "$(head -c 4 "$scratch/$kind" | tr -d '\211')" = "$magic" ]
}
is_answer() {
	what=$1
	shift
	"$bnc" --quiet --no-eval --train moons:n=100 --epochs 3 "$@" --plot "$what:$scratch/$kind" >"$scratch/stdout" &&
		[ "$(head -c 4 "$scratch/$kind" | tr -d '\211')" = "$magic" ]
}
# Cells of .svg are drawn one by one, since an image of few would be blurred; .png has them as an image.
cells() {
	case $kind in
	*.svg) ! grep -q '<image' "$scratch/$kind" && grep -q '<polygon fill *= *.rgb' "$scratch/$kind" ;;
	esac
}
if command -v gnuplot >/dev/null; then
	for kind in picture.png:PNG 'picture.svg:<?xm' picture.pdf:%PDF; do
		magic=${kind#*:}
		kind=${kind%:*}
		check "$kind of a training" is_picture models/mlp.net
		check "$kind of a sweep" is_picture models/mlp.net --sweep lr=0.1,0.2 --seeds 3
		check "a boundary as $kind" is_answer boundary models/mlp.net models/mlp_bn.net
		check "a confusion as $kind" is_answer confusion models/mlp.net models/mlp_bn.net
		check "cells of a confusion as $kind" cells
		check "$kind of a map" is_picture models/mlp.net models/mlp_bn.net --map lr=log:1:1e30:3 init=lin:1:2:2
	done
else
	echo 'gnuplot is not here: skipped'
fi
without_gnuplot() {
	PATH=/nonexistent "$bnc" models/mlp.net --quiet --train moons:n=100 --seeds 3 --plot "$scratch/none.svg" \
		>"$scratch/stdout" 2>"$scratch/stderr"
}
check 'without gnuplot' without_gnuplot
check 'it says so' grep -q '^bnc: note: .*none.svg needs gnuplot.*gnuplot-nox.*none.gp$' "$scratch/stderr"
check 'the script stays' [ -s "$scratch/none.gp" -a ! -e "$scratch/none.svg" ]
kind=picture.gp magic='# Wr'
check 'a script of a training' is_picture models/mlp.net --valid 0.2 --log "$scratch/log"
for field in loss valid_loss accuracy; do
	number=$(value "$scratch/log" '"epoch":2' $field)
	[ $field != accuracy ] || number=$(awk "BEGIN { print 100 * $number }")
	check "its $field" grep -q "^ 2 $(printf %.7g "$number") " "$scratch/picture.gp"
done
check 'a script of seeds' is_picture models/mlp.net models/mlp_bn.net --seeds 4
check 'a band over the epochs' [ "$(grep -c '^ 2 [0-9.]* [0-9.]* [0-9.]*$' "$scratch/picture.gp")" = 4 ]
check 'a script of a sweep' is_picture models/mlp.net models/mlp_bn.net --seeds 4 --sweep lr=0.1,1 --sweep batch=16,32
check 'a curve for what is not on the axis' \
	[ "$(grep -c '^# mlp\(_bn\)\{0,1\} batch=[0-9]*$' "$scratch/picture.gp")" = 8 ]
rm -f "$runs"
check 'curves of runs' is_picture models/mlp.net --seeds 4 --runs "$runs"
cp "$scratch/picture.gp" "$scratch/before.gp"
check 'curves of known runs' is_picture models/mlp.net --seeds 4 --runs "$runs"
check 'are the same' cmp "$scratch/picture.gp" "$scratch/before.gp"
check 'and each is kept once' [ "$(wc -l <"$runs")" = 4 ]
"$bnc" models/mlp.net --train moons:n=100 --epochs 3 --quiet --plot >"$scratch/drawn"
check 'in the terminal' [ "$(grep -c '[┤│]' "$scratch/drawn")" = 32 ]
"$bnc" --plot models/mlp.net --train moons:n=100 --epochs 3 --quiet >"$scratch/again"
check 'a network after --plot' [ "$(grep -c '[┤│]' "$scratch/again")" = 32 ]


# What a trained network says of data: those of --eval, or of --valid, or of --train.
set -- models/moons.net --train moons:n=200,noise=0.4 --epochs 5 --quiet
counts() {
	sed -n '/^# column row count/,/^END$/p' "$scratch/picture.gp" | awk 'NF == 4 { printf "%s ", $3 }'
}
samples() {
	for class in 1 2; do
		sed -n "/^\$panel1_$class /,/^END\$/p" "$scratch/picture.gp" | grep -c '^[-0-9]'
	done | tr '\n' ' '
}
"$bnc" "$@" --eval moons:n=300,noise=0.4,seed=7 --plot confusion:"$scratch/picture.gp" --json >"$scratch/json" \
	2>"$scratch/stderr"
check 'a confusion is that of --eval' [ "$(counts)" = \
	"$(sed 's/.*"confusion":\[*\([0-9,]*\)\],\[\([0-9,]*\)\].*/\1,\2/; s/,/ /g' "$scratch/json") " ]
"$bnc" "$@" --plot confusion:"$scratch/picture.gp" --plot boundary >"$scratch/stdout"
check 'a confusion of the training' [ "$(counts | awk '{ print $1 + $2, $3 + $4 }')" = '100 100' ]
check 'its accuracy is the last line'\''s' grep -q "accuracy .* ($(counts | awk '{ print $1 + $4 }') of 200 " \
	"$scratch/stdout"
check 'a boundary in the terminal' grep -q '^         a class 0   b class 1$' "$scratch/stdout"
"$bnc" "$@" --valid 0.25 --plot boundary:"$scratch/picture.gp" --plot confusion >"$scratch/stdout"
check 'a boundary over the rows held out' [ "$(samples)" = '25 25 ' ]
check 'a confusion in the terminal' grep -q '^  rows of each class, by what they were predicted to be:$' \
	"$scratch/stdout"
printf 'width,height,kind\n100,1,low\n200,2,low\n110,3,high\n190,4,high\n' >"$scratch/kinds.csv"
check 'a table, scaled' "$bnc" -e 'linear 8; relu; linear 2; optimizer adam lr=0.1' --train "$scratch/kinds.csv" \
	--standardize --quiet --save "$scratch/kinds.st" --plot boundary:"$scratch/picture.gp"
check 'is drawn as it is' grep -qx '110 3' "$scratch/picture.gp"
check 'with the names of its columns' grep -q '^set xlabel "width"$' "$scratch/picture.gp"
check 'and of its classes' grep -qx '# low' "$scratch/picture.gp"
cp "$scratch/picture.gp" "$scratch/before.gp"
check 'again, from its weights' "$bnc" "$scratch/kinds.st" --eval "$scratch/kinds.csv" --plot \
	boundary:"$scratch/picture.gp"
check 'is the same' cmp "$scratch/picture.gp" "$scratch/before.gp"

# Maps. A pixel is the loss of its run, columns are of the first axis, rows of the second.
set -- models/mlp.net models/mlp_bn.net --map lr=log:0.01:100:5 init=lin:0.5:2:4
kind=picture.gp magic='# Wr'
rm -f "$runs"
check 'a map' is_picture "$@" --runs "$runs"
pixels=$(grep -A 4 '^$map2 << END$' "$scratch/picture.gp" | sed 1d)
pixel() {
	printf '%s\n' "$pixels" | awk -v row="$2" -v column="$1" 'NR == row { print $column }'
}
for at in 1:1:0.01:0.5 2:1:0.1:0.5 4:2:10:1 1:4:0.01:2; do
	settings=${at#*:*:}
	line="\"net\":\"mlp_bn\",\"settings\":{\"lr\":${settings%:*},\"init\":${settings#*:}},"
	place=${at%":$settings"}
	check "pixel $place" [ "$(pixel ${place%:*} ${place#*:})" = "$(printf %.5g "$(value "$runs" "$line" loss)")" ]
done
check 'a line for each network' [ "$(grep -c '^mlp\(_bn\)\{0,1\}: 20 runs, [0-9]* diverged; the smallest loss is ' \
	"$scratch/stdout")" = 2 ]
cp "$scratch/picture.gp" "$scratch/before.gp"
check 'the map by one process' is_picture "$@" --threads 1
check 'has the same pixels' cmp "$scratch/picture.gp" "$scratch/before.gp"
check 'the map of known runs' is_picture "$@" --runs "$runs"
check 'has the same pixels' cmp "$scratch/picture.gp" "$scratch/before.gp"
check 'and each run is kept once' [ "$(wc -l <"$runs")" = 40 ]
rm -f "$scratch"/part* "$scratch/part.gp"
set -- "$@" --train moons:n=100 --epochs 3 --quiet --plot "$scratch/part.gp"
for part in 0 1; do
	"$bnc" "$@" --runs "$scratch/part.jsonl" --shard $part/2 >"$scratch/stdout" 2>"$scratch/stderr"
	check "part $part of a map" grep -q '^bnc: note: 20 of 40 runs of the map are not done.*--merge' "$scratch/stderr"
done
check 'is not drawn' [ ! -e "$scratch/part.gp" ]
"$bnc" --merge "$scratch"/part.*.jsonl --runs "$scratch/all.jsonl" >"$scratch/stdout"
check 'all parts of a map' "$bnc" "$@" --runs "$scratch/all.jsonl"
check 'have the same pixels' sh -c "sed 1,2d '$scratch/part.gp' >'$scratch/a'; sed 1,2d '$scratch/before.gp' |
	cmp - '$scratch/a'"
check 'the same network twice' is_picture models/mlp.net models/mlp.net --map lr=log:1:1e30:3 init=log:1:2:2
check 'what diverges has no value' [ "$(grep -c '^[0-9.]* inf inf$' "$scratch/picture.gp")" = 4 ]
check 'a map of seeds' is_picture models/mlp.net --map lr=log:1:1e30:3 init=log:1:2:2 --seeds 3
check 'says so' grep -q '^set multiplot title "mlp on moons, median of 3 seeds"' "$scratch/picture.gp"
"$bnc" models/mlp.net --train moons:n=100 --epochs 1 --quiet --map lr=log:1:10:3 init=log:1:2:2 >"$scratch/drawn"
check 'a map in the terminal' [ "$(grep -c '[┤│][█▓▒░x]*$' "$scratch/drawn")" = 16 ]

case $bnc in
*sanitized*) ;;         # 1500 runs
*)
	check 'the article' sh tools/article "$bnc" "$scratch/pictures" 8
	check 'a picture of each experiment' [ "$(ls "$scratch/pictures" | sed 's/\..*//' | tr '\n' ' ')" = \
		'article batches boundary confusion depths health map map_deep rates scales seeds ' ]
	;;
esac

"$bnc" models/mlp.net --train moons:n=100 --seeds 2 --epochs 1 --quiet >"$scratch/again"
for i in 1 2 3 4 5 6 7 8; do
	"$bnc" models/mlp.net models/mlp.net --train moons:n=100 --seeds 2 --epochs 1 --quiet >"$scratch/twice"
	check 'a network given twice counts once, whichever ends first' cmp "$scratch/again" "$scratch/twice"
done

# Signals: long runs, of which none is done; what was done stays.
start() {
	rm -f "$runs"
	env --default-signal "$bnc" models/mlp.net --train moons --sweep epochs=1,1000000000 --seeds 2 --threads 2 \
		--runs "$runs" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null &
	job=$!
	tries=0
	while [ "$(cat "$runs" 2>/dev/null | wc -l)" != 2 ] && [ $tries != 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

workers() {
	pgrep -P $job || [ $? = 1 ]
}

for name in INT:130 TERM:143; do
	start
	children=$(workers)
	kill -s ${name%:*} $job
	wait $job
	check "${name%:*}: exit status" [ $? = ${name#*:} ]
	check "${name%:*}: says so" grep -q "^bnc: stopped by SIG${name%:*} after 2 of 4 runs" "$scratch/stderr"
	check "${name%:*}: two runs" [ "$(wc -l <"$runs")" = 2 ]
	check "${name%:*}: the table" grep -q '^mlp  *1  *2 ' "$scratch/stdout"
	for child in $children; do
		check "${name%:*}: no process is left" fails kill -0 $child
	done
done

# A run whose process is killed is lost, and no other.
start
for round in 1 2; do
	child=$(workers | head -n 1)
	check 'there are workers' [ -n "$child" ]
	kill -s KILL $child
	tries=0
	while [ "$(grep -c '"outcome":"lost"' "$runs")" != $round ] && [ $tries != 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	check "run $round is lost" [ "$(grep -c '"outcome":"lost"' "$runs")" = $round ]
done
wait $job
check 'lost runs: exit status' [ $? = 3 ]
check 'lost runs: says so' grep -q '^bnc: 2 runs could not be trained. The first: mlp {"epochs":1000000000}, seed ' \
	"$scratch/stderr"
check 'lost runs: the others are in the table' grep -q '^mlp  *1  *2 ' "$scratch/stdout"

# The process that waits is killed: its workers end, too.
start
children=$(workers)
kill -s KILL $job
wait $job 2>/dev/null
tries=0
for child in $children; do
	while kill -0 $child 2>/dev/null && [ $tries != 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	check 'killed: no process is left' fails kill -0 $child
done
check 'killed: two runs are kept' [ "$(grep -c '^{.*}$' "$runs")" = 2 ]
finish
