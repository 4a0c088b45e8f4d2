#!/bin/sh
# What emitted programs compute: whole runs beside bnc's, saves, several networks in one program, inputs that are hard;
# and that their own tests find what is wrong.
#
#	tests/emit_runs.sh [BNC]
. tests/emit/support.sh

# ---- a wrong gradient is found: here a term of BatchNorm's is missing

for lanes in 1 16; do
	check "wrong" emit "$root/tests/emit/residual.net" --lanes $lanes --prefix device --emit device.c \
		--emit-test device_test.c
	# with one lane the vector at xhat + i is xhat[i]
	sed -e 's/ - device_load_lanes(xhat + i) \* slope_of_mean//' -e 's/ - xhat\[i\] \* slope_of_mean//' device.c \
		>wrong.c
	check "wrong" sh -c '! cmp device.c wrong.c'
	check "wrong" gcc -std=c99 -O1 wrong.c device_test.c -lm -o device_test
	check "wrong, $lanes lanes" sh -c './device_test | grep -q "^gradient of 0.weight: wrong"'
	# evaluation mode without the running mean
	check "wrong" emit "$root/models/mlp_bn.net" --lanes $lanes --prefix device --emit device.c \
		--emit-test device_test.c
	sed -e 's/(device_load_lanes(x + i) - centre) \* scale + shift/device_load_lanes(x + i) * scale + shift/' \
		-e 's/(x\[i\] - centre) \* scale + shift/x[i] * scale + shift/' device.c >wrong.c
	check "wrong" sh -c '! cmp device.c wrong.c'
	check "wrong" gcc -std=c99 -O1 wrong.c device_test.c -lm -o device_test
	check "wrong, $lanes lanes" sh -c './device_test | grep -q "^outputs after training: wrong"'
done

# ---- a small difference of large inputs, which covariances would lose

for lanes in 1 4 8 16; do
	check "correlated" emit "$root/tests/emit/correlated.net" --lanes $lanes --prefix device --emit device.c
	case $lanes in
	1 | 8) levels="gcc $optimised:clang -O0" ;;
	*) levels="gcc -O2:clang $optimised" ;;
	esac
	for level in "${levels%:*}" "${levels#*:}"; do
		compiler="${level%% *} -std=c99 ${level#* }"
		check "correlated, $lanes lanes, $compiler" $compiler -I. "$root/tests/emit/correlated.c" device.c -lm \
			-o correlated
		check "correlated, $lanes lanes, $compiler" ./correlated
	done
done

# ---- whole runs: the bits of bnc's scalar kernels, and nearly those of others

data="$root/runtime/random.c $root/runtime/failure.c $root/runtime/nearest.c $root/runtime/words.c
	$root/runtime/half.c $root/runtime/terminal.c
	$root/runtime/files/kinds.c $(echo "$root"/runtime/data/*.c)"
for source in $data; do
	gcc -O1 -ffp-contract=off -D_DEFAULT_SOURCE -I"$root/runtime" -c "$source" || echo "$source: cannot be compiled"
done
mkdir data
for source in $data; do
	mv "$(basename "$source" .c).o" data/
done

# build COMPILER ...: the program that trains what is emitted
build() {
	draws=
	! grep -q 'uint32_t generator' device.h || draws=-DDRAWS
	rate=
	! grep -q 'learning rate of one epoch' device.h || rate=-DRATE_OF_EPOCH
	! grep -Eq 'learning rate of one (step|update)' device.h || rate=-DRATE_OF_STEP
	"$@" -c device.c -o device.o && gcc -DREAL=${real:-float} $draws $rate -D_DEFAULT_SOURCE -I. -I"$root/runtime" \
		"$root/tests/emit/run.c" device.o data/*.o -lcjson -lzip -lz -lzstd -lpng -lm -o run
}

# trains SEED COMMAND ...: what the command says of the program's losses, in run.txt, and bnc's of the same seed
trains() {
	./run 10 "$1" >run.txt
	seed=$1
	shift
	"$@" "bnc_$seed.txt" run.txt
}

# close RELATIVE FILE FILE: two files of losses and rates
close() {
	paste "$2" "$3" | awk -v relative="$1" '{ off = $1 > $2 ? $1 - $2 : $2 - $1
		if (!(off <= relative * $1)) { print NR ": " $0; bad = 1 } }
		END { exit bad || NR < 300 }'
}

# steps SEED NETWORK ...: the losses of bnc's own steps and the rates of its epochs, in bnc_SEED.txt, after the network
# was emitted for one lane
steps() {
	seed=$1
	shift
	recompute=
	! grep -q _again device.h || recompute=--recompute
	emit "$@" --train moons --isa scalar --epochs 10 --seed $seed --quiet --log log.jsonl --log-steps \
		$recompute
	sed -n 's/.*"event":"step".*"loss":\([^,}]*\).*/\1/p' log.jsonl >bnc_$seed.txt
	sed -n 's/.*"event":"epoch".*"lr":\([^,}]*\).*/\1/p' log.jsonl >>bnc_$seed.txt
}

# same_bits SEEDS COMPILER ...: the network for one lane
same_bits() {
	seeds=$1
	shift
	check "$network, $*" build "$@"
	for seed in $seeds; do
		check "$network, $*: same bits, seed $seed" trains $seed cmp
	done
}

for network in models/mlp_bn.net models/mlp.net tests/emit/momentum.net tests/emit/two_dropouts.net \
	tests/emit/accumulated.net; do
	case $network in
	models/*) relative=1e-5 ;;
	*) relative=1e-4 ;; # roundings grow as it learns
	esac
	check "$network" emit "$root/$network" --prefix device --emit device.c
	for seed in 0 7; do
		steps $seed "$root/$network"
	done
	# The seed changes what is computed with, and not how: what another compiler or lanes change one seed shows.
	same_bits "0 7" gcc $optimised
	same_bits 0 clang -O0
	if [ $network = models/mlp_bn.net ]; then
		same_bits 0 gcc -std=c99 -O2
		same_bits 0 clang $optimised
		! has tcc || same_bits 0 tcc
	fi
	for way in "8 gcc -O2" "16 clang -O1"; do
		lanes=${way%% *}
		compiler=${way#* }
		check "$network" emit "$root/$network" --prefix device --lanes $lanes --emit device.c
		check "$network, $compiler, $lanes lanes" build $compiler -march=native
		check "$network, $compiler, $lanes lanes: nearly the same" trains 0 close $relative
	done
done

# ---- double

real=double
for network in models/mlp_bn.net tests/emit/two_dropouts.net; do
	check "$network, double" emit "$root/$network" --dtype f64 --prefix device --emit device.c
	for seed in 0 7; do
		steps $seed "$root/$network" --dtype f64
	done
	network="$network, double"
	same_bits "0 7" gcc -O2 -march=native
done
real=

# ---- every optimizer, with gradients that are clipped and added up

for optimizer in "sgd clip=0.1" "sgd accumulate=2" "sgd clip=0.2 accumulate=5" \
	"sgd momentum=0.9 nesterov=true clip=0.2 accumulate=5" "adam clip=0.2 accumulate=5" "adamw clip=0.2 accumulate=5" \
	"rmsprop momentum=0.5 centered=true clip=0.2 accumulate=5"; do
	text="linear 2 9; batchnorm; relu; linear 5; tanh; linear 2; optimizer $optimizer"
	check "$text" emit -e "$text" --prefix device --emit device.c
	steps 0 -e "$text"
	check "$text" build gcc -O1
	check "$text: same bits" trains 0 cmp
done

# ---- every schedule, in epochs and in updates of several batches

while read -r schedule; do
	text="linear 2 2; schedule $schedule"
	check "$text" emit -e "$text" --prefix device --emit device.c
	steps 0 -e "$text"
	check "$text: the rates change" sh -c 'tail -n 10 bnc_0.txt | uniq | sed -n 2p | grep -q .'
	check "$text" build gcc -Ofast -march=native $warnings
	check "$text: same bits" trains 0 cmp
	for compiler in "clang -std=c99" "g++ -xc++ -std=c++11"; do
		! has ${compiler%% *} || check "$text, $compiler" $compiler $warnings -fsyntax-only device.c
	done
done <<end
step 3
exponential 0.83; optimizer adam
cosine T_max=4 eta_min=0.002; optimizer sgd accumulate=3
warmup_cosine 3 start_factor=0.1
one_cycle 0.2; optimizer sgd accumulate=3
one_cycle 0.1 pct_start=0.35 three_phase=true linear=true
end
for schedule in $(sed -n 's/.*RATE(\(.*\)_rate),.*/\1/p' "$root/compiler/layers/schedules.c"); do
	check "$schedule is among them" grep -q "^$schedule " "$root/tests/emit_runs.sh"
done

# ---- what --predict says is what the C of --inference says, with BatchNorm and the scale of the data in its weights

awk 'BEGIN { srand(1)
	print "a,b,c,y"
	for (i = 0; i < 300; i++)
		printf "%.6f,%.6f,%.6f,%.6f\n", rand(), 10 + 3 * rand(), 0.1 * rand() - 2, rand()
}' >rows.csv
for text in "linear 3 5; batchnorm; relu; linear 1" \
	"linear 37; batchnorm; relu; residual { linear 37; batchnorm; gelu; linear 37 }; dropout; linear 1"; do
	check "$text" emit -e "$text; loss mse" --train rows.csv --standardize --epochs 3 --save weights.safetensors
	for set in 1:scalar: 4:sse2: 8:avx2:"-mavx2 -mfma"; do
		lanes=${set%%:*}
		rest=${set#*:}
		"$bnc" weights.safetensors --isa "${rest%%:*}" --check >said 2>&1 || continue
		check "$text" "$bnc" weights.safetensors --predict rows.csv --isa "${rest%%:*}" -o told.csv
		check "$text" emit weights.safetensors --inference --lanes $lanes --prefix device --emit device.c
		check "$text, $lanes lanes" gcc -std=c99 -O2 ${rest#*:} "$root/tests/emit/predict.c" device.c -I. -lm -o predict
		check "$text, $lanes lanes" sh -c './predict | cmp - told.csv'
	done
done

# ---- a save does not depend on the lanes: neither its bytes nor what comes after them, but for rounding

for network in momentum accumulated; do
	for lanes in 1 16 8 4; do
		check "save" emit "$root/tests/emit/$network.net" --lanes $lanes --prefix device --emit device.c
		check "save" gcc -std=c99 $warnings -O1 -march=native -I. "$root/tests/emit/save.c" device.c -lm -o save
		if [ $lanes = 1 ]; then
			check "save" ./save save saved.bin
			cp output saved.txt
		fi
		check "a save of $network with one lane, loaded with $lanes" ./save load saved.bin
		cp output loaded.txt
		check "a save of $network with one lane, trained on with $lanes" cmp saved.txt loaded.txt
	done
done

# ---- several networks, several copies

emit "$root/models/mlp_bn.net" --prefix net_a --lanes 8 --emit net_a.c
emit "$root/tests/emit/residual.net" --prefix net_b --emit net_b.c
check "two networks" gcc -std=c99 $warnings -O2 "$root/tests/emit/two.c" -I. net_a.c net_b.c -lm -o two
check "two networks" ./two
emit "$root/tests/emit/two_dropouts.net" --prefix net_a --lanes 8 --emit net_a.c
check "copies draw the same" gcc -std=c99 $warnings -O2 "$root/tests/emit/two.c" -I. net_a.c net_b.c -lm -o two
check "copies draw the same" ./two
emit "$root/models/mlp_bn.net" --prefix net_a --lanes 8 --emit net_a.h --single-header
emit "$root/tests/emit/residual.net" --prefix net_b --emit net_b.h --single-header
check "two single headers" clang -std=c99 $warnings -O2 -DSINGLE_HEADER "$root/tests/emit/two.c" -I. -lm -o two
check "two single headers" ./two
emit "$root/models/mlp_bn.net" --train moons --prefix device --emit device.c --emit-test device_test.c
check "what was trained" gcc -std=c99 $warnings device.c device_test.c -lm -o device_test
check "what was trained" ./device_test
finish
