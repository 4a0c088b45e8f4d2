#!/bin/sh
# Files of --save, which have their network and what is known of the data, given alone: they must do what the network's
# own file does with --weights.
#
#	tests/saved.sh [BNC]
. tests/check.sh
data=$PWD/tests/data
cd "$scratch" || exit 1

head -n 7 "$data/flowers.csv" >flowers.csv         # two whole batches
cat >tree.net <<-END
	# comments, names for values, blocks and sizes that the data tell
	let WIDTH = 8
	block dense(n) { linear n; batchnorm; relu }
	first: linear WIDTH
	repeat 2 { residual { dense WIDTH; linear WIDTH } }
	dropout 0.25
	linear 3
	optimizer adam lr=0.05
	schedule cosine
END
"$bnc" tree.net --train flowers.csv --standardize --epochs 5 --batch 3 --lr 0.03 --quiet --save w.st 2>/dev/null >out

# same ARGUMENT ...: with the file alone, and with the network beside it
same() {
	"$bnc" w.st "$@" >alone 2>alone.err
	one=$?
	"$bnc" tree.net --weights w.st "$@" >both 2>both.err
	[ $one = $? ] && sed 's/w\.st/tree.net/' alone | cmp - both && cmp alone.err both.err
}
check 'evaluates' same --eval flowers.csv
check 'evaluates as JSON' same --eval flowers.csv --json
check 'predicts' same --predict flowers.csv
"$bnc" w.st --print >printed.net
check 'the text is whole' "$bnc" printed.net --check
check 'the text has the sizes' grep -qx 'first: linear 4 8' printed.net
check 'the text has what the command line said' sh -c \
	"grep -qx 'optimizer adam lr=0.03' printed.net && grep -qx 'batch 3' printed.net && grep -qx 'epochs 5' printed.net"
check 'the text is called as the network' grep -qx 'name tree' printed.net
check 'the text is that of itself' sh -c "'$bnc' printed.net --print | cmp - printed.net"
check 'the text has the same tensors' "$bnc" printed.net --weights w.st --predict flowers.csv -o other.csv
check 'and gives the same' sh -c "'$bnc' w.st --predict flowers.csv | cmp - other.csv"
untrained() {
	"$bnc" tree.net --weights w.st --train flowers.csv --epochs 0 --precise-bn --save zero.st >out 2>&1 &&
		"$bnc" zero.st --predict flowers.csv >out && "$bnc" zero.st --print | "$bnc" --check /dev/stdin
}
check 'after no epochs' untrained
array() {
	"$bnc" -e 'linear 4; relu; linear 2' --train moons --epochs 2 --quiet --save moons.st >out || return 1
	header="{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
	{ printf '\223NUMPY\1\0v\0%-117s\n' "$header"; printf '\0\0\200\77\0\0\0\0\0\0\0\300\0\0\0\77'; } >points.npy
	printf '1,0\n-2,0.5\n' >points.csv
	"$bnc" moons.st --predict points.csv >table && "$bnc" moons.st --predict points.npy | cmp - table
}
check 'predicts from an array in a file' array
part() {
	"$bnc" w.st --save part.st "$@" && "$bnc" w.st "$@" --predict flowers.csv >whole_file &&
		"$bnc" tree.net --weights part.st "$@" --predict flowers.csv | cmp - whole_file
}
check 'a part takes and gives what the whole network does there' part --until 2
check 'a part alone has no text' sh -c "! '$bnc' part.st --summary 2>said && grep -q 'not the text' said"
emits() {
	"$bnc" w.st --emit one.c --prefix tree --inference && "$bnc" printed.net --weights w.st --emit two.c --prefix tree \
		--inference && sed 's/one\.h/two.h/' one.c | cmp - two.c
}
check 'emits' emits
trains() {
	"$bnc" w.st --train flowers.csv --save one.st >one 2>&1 && "$bnc" printed.net --weights w.st --train flowers.csv \
		--save two.st >two 2>&1 && cmp one.st two.st && grep '^Epoch' one >epochs && grep '^Epoch' two | cmp - epochs
}
check 'trains' trains
check 'a summary' sh -c "'$bnc' w.st | grep -q '^tree (w.st)\$'"
check 'verifies' sh -c "'$bnc' w.st --verify >out"
# Networks that are not trained together need not agree on batch and epochs
check 'verifies networks of other batches' sh -c \
	"'$bnc' -e 'linear 2 3; epochs 2' -e 'linear 2 2; batch 7' --verify >out"
check '--check' "$bnc" w.st --check
check '--dump' sh -c "'$bnc' w.st --dump network | grep -q '^network tree batch 3 epochs 5'"
replaces() {
	cp w.st over.st && "$bnc" over.st --train flowers.csv --epochs 1 --quiet --save over.st >out 2>&1 &&
		! cmp -s over.st w.st && "$bnc" over.st --print >out
}
check '--save replaces it' replaces
other() {
	cp w.st kept.c && ! "$bnc" kept.c --emit kept.c 2>err && grep -q 'would write over the network' err &&
		cmp w.st kept.c
}
check 'other files do not' other
check 'by its bytes, not by its name' sh -c "cp w.st weights && '$bnc' weights --predict flowers.csv | cmp - other.csv"

# ---- several

two() {
	cp w.st again.st && "$bnc" w.st again.st --eval flowers.csv --json >out 2>err &&
		grep -q '"net":"tree",.*"net":"tree_2",' out
}
check 'two networks' two
"$bnc" -e 'linear 2; loss mse' --train flowers.csv --target length,width --ignore species --quiet \
	--save values.st >out 2>&1
differ() {
	! "$bnc" w.st values.st --eval flowers.csv >out 2>err && grep -q 'w.st and values.st were trained on different' err
}
check 'of other columns' differ
lacks() {
	! "$bnc" w.st tree.net --eval flowers.csv >out 2>err && grep -q -e '--eval needs weights' err
}
check 'one without weights' lacks
check '--weights counts more' sh -c \
	"'$bnc' w.st --train flowers.csv --quiet --save later.st >out 2>&1 &&
	'$bnc' w.st --weights later.st --predict flowers.csv >one && '$bnc' later.st --predict flowers.csv | cmp - one"

# ---- numbers of other types

f64() {
	"$bnc" w.st --dtype f64 --save double.st && "$bnc" double.st --save single.st && cmp single.st w.st
}
check 'to f64 and back' f64
integers() {
	"$bnc" "$data/integers.safetensors" --weights "$data/integers.safetensors" --predict moons >out 2>err &&
		grep -q 'has integers for `0.weight` and others' err && [ "$(wc -l <err)" = 1 ]
}
check 'integers' integers

# ---- what cannot be

# refused STATUS MESSAGE ARGUMENT ...
refused() {
	status=$1
	message=$2
	shift 2
	"$bnc" "$@" >out 2>err
	[ $? = "$status" ] && grep -q -e "$message" err || { cat err; false; }
}
printf 'id,name,x,y,kind\n7,"A, B",1,2,a\n8,,2,1,b\n9,"a ""b""",3,1,a\n' >people.csv
"$bnc" -e 'linear 4; relu; linear 2' --train people.csv --ignore id,name --epochs 1 --quiet --save people.st >out 2>&1
ids() {
	columns=$1
	shift
	"$bnc" "$@" | sed -e 's/,[ab01],[^,]*,[^,]*$//' -e '1s/,[^,]*,p_.*//' >told && printf '%s' "$columns" | cmp - told
}
check 'columns that are left out come along' ids 'row,id,name
0,7,"A, B"
1,8,""
2,9,"a ""b"""
' people.st --predict people.csv
printf 'x,y,kind\n1,2,a\n2,1,b\n3,1,a\n' >inputs.csv
check 'or are not there' ids 'row
0
1
2
' people.st --predict inputs.csv
"$bnc" -e 'input 2; linear 2' --save plain.st --quiet >out
tail -n +2 people.csv >bare.csv
check 'without a header, by their number' ids 'row,column_1,column_2
0,7,"A, B"
1,8,""
2,9,"a ""b"""
' -e 'input 2; linear 2' --weights plain.st --predict bare.csv --ignore 1,2 --target 5

mkdir -p images/a images/b new
for i in 1 2 3 4; do
	for folder in images/a images/b new; do printf 'P2 2 2 255 %d 20 30 %d' $i ${#folder}$i >$folder/$i.pgm; done
done
mv new/1.pgm 'new/a, "b".pgm'
names() {
	"$bnc" -e 'conv2d 4 2; flatten; linear 2' --train images --epochs 1 --quiet --save images.st >out &&
		"$bnc" images.st --predict new | cut -d, -f1-3 >predicted &&
		printf 'row,file,class\n0,2.pgm,X\n1,3.pgm,X\n2,4.pgm,X\n3,"a, ""b"".pgm",X\n' >expected &&
		sed '$s/^\(3,"a, ""b"".pgm"\).*/\1,X/; 2,4s/[ab]$/X/' predicted | sed 's/,p_.*//' | cmp - expected
}
check 'images of no class, with their names' names
check 'not there' refused 3 'cannot read none.st: No such file' none.st --eval flowers.csv
check 'without a network' refused 3 'has weights, but not the text of their network' \
	"$data/nan.safetensors" --eval moons
check 'of a newer bnc' refused 1 'newer.safetensors:3:1: error: unknown layer or setting `attention`' \
	"$data/newer.safetensors" --eval moons
check 'which says what to do' grep -q 'bnc FILE.net --weights' err
newer() {
	! "$bnc" "$data/newer.safetensors" --print >out 2>err && grep -qx 'attention 4' out && grep -q 'unknown layer' err
}
check 'whose text can be had' newer
echo >none.pt
check 'of another kind' refused 3 'none.pt is an archive of torch.save; expected a network, or safetensors' none.pt
head -c 100 w.st >cut.st
printf "a,b\n1,2\n" >two.csv
check 'cut off' refused 3 'cut off' cut.st --eval flowers.csv
check 'other columns' refused 3 'has no column `length`' w.st --eval two.csv
check 'of another size' refused 3 'the network takes 2 inputs' "$data/integers.safetensors" --train wine
finish
