#!/bin/sh
# Writes to whatever a path may lead to: standard output and pipes, files that cannot be replaced, folders that cannot
# be written.
#
#	tests/files.sh [BNC]
. tests/check.sh
chmod 755 "$scratch"
cd "$scratch" || exit 1
net='linear 2 2'
wide='linear 2 64; relu; linear 2'

# Prints only what it is asked to write.
quiet() {
	"$bnc" -e "$net" --train moons --quiet --no-eval "$@"
}

quiet --epochs 2 --save expected >/dev/null
quiet --epochs 2 --log log_expected >/dev/null
"$bnc" -e "$wide" --train moons --quiet --no-eval --epochs 1 --save larger >/dev/null

# ---- standard output

appends() {
	printf 'one\ntwo\n' >out
	quiet --epochs 2 --log "$1" >>out
	[ "$(sed -n '1,2p' out)" = "$(printf 'one\ntwo')" ] && sed -n '3,4p' out | cmp - log_expected &&
		[ "$(wc -l <out)" = 5 ]
}
begins() {
	"$bnc" -e "$net" --train moons --epochs 3 --log "$1" >out
	[ "$(grep -c '^Epoch' out)" = 3 ] && [ "$(grep -c '^{.*}$' out)" = 3 ] && [ "$(wc -l <out)" = 7 ]
}
for name in - /dev/stdout /dev/fd/1 /proc/self/fd/1; do
	check "--log $name >>" appends "$name"
	check "--log $name >" begins "$name"
done
check '--log FILE >FILE' begins out

errors() {
	quiet --epochs 2 --log "$1" 2>err >out && cmp err log_expected && [ "$(wc -l <out)" = 1 ]
}
check '--log /dev/stderr' errors /dev/stderr
another() {
	echo before >third
	quiet --epochs 2 --log /dev/fd/3 3>>third >out && { echo before; cat log_expected; } | cmp - third
}
check '--log /dev/fd/3' another

binary() {
	"$bnc" -e "$net" --train moons --epochs 2 --summary --save "$1" >out 2>err && cmp out expected &&
		[ "$(grep -c '^Epoch' err)" = 2 ] &&
		grep -q 'parameters' err
}
for name in - /dev/stdout /dev/fd/1; do
	check "--save $name" binary "$name"
done
check '--save FILE >FILE' binary out
check '--save - | cat' sh -c "'$bnc' -e '$net' --train moons --quiet --epochs 2 --save - 2>/dev/null | cmp - expected"
check '--save - and a log' sh -c \
	"'$bnc' -e '$net' --train moons --quiet --epochs 2 --save - --log /dev/stderr 2>err >out && cmp out expected &&
	head -n 2 err | cmp - log_expected"

# refused STATUS MESSAGE ARGUMENT ...: on standard error, in one line
refused() {
	status=$1
	message=$2
	shift 2
	"$bnc" -e "$net" --train moons --quiet --no-eval --epochs 2 "$@" >out 2>err
	[ $? = "$status" ] && grep -q "$message" err && [ "$(wc -l <err)" = 1 ] || { cat err; false; }
}
check '--save - --log -' refused 2 'would both write' --save - --log -
check '--save - --log /dev/stdout' refused 2 'would both write' --save - --log /dev/stdout
check '--log /dev/fd/77' refused 3 'descriptor 77 is not open' --log /dev/fd/77
check '--log /dev/stdin' refused 3 'reading only' --log /dev/stdin </dev/null
check '--emit -' refused 2 'ends in .c' --emit -

# Descriptors that are closed: what is opened must not become standard output.
closed() {
	rm -f w l
	quiet --epochs 2 --save w --log l >&- 2>err
	[ $? = 3 ] && cmp w expected && cmp l log_expected && grep -q 'cannot write the output: Bad file descriptor' err &&
		rm w l && quiet --epochs 2 --save w --log l 2>&- && cmp w expected && cmp l log_expected
}
check 'standard output or error is closed' closed
check 'standard input is closed' sh -c \
	"'$bnc' -e '$net' --train moons --quiet --epochs 2 --save w <&- >out && cmp w expected"
check 'all are closed' sh -c \
	"'$bnc' -e '$net' --train moons --quiet --epochs 2 --save w <&- >&- 2>&-; [ \$? = 3 ] && cmp w expected"
full() {
	rm -f w l
	"$bnc" -e "$net" --train moons --epochs 2 --save w --log l >/dev/full 2>err
	[ $? = 3 ] && cmp w expected && cmp l log_expected && grep -q 'cannot write the output: No space left on device' err
}
check 'standard output is full' full

# ---- pipes and devices

mkfifo pipe
piped() {
	cat pipe >out &
	quiet --epochs 2 "$1" pipe >/dev/null && wait $! && cmp out "$2"
}
check '--save PIPE' piped --save expected
check '--log PIPE' piped --log log_expected
emitted() {
	mkfifo pipe.c
	cat pipe.c >out &
	quiet --epochs 2 --emit pipe.c --prefix net >/dev/null && wait $! &&
		quiet --epochs 2 --emit file.c --prefix net >/dev/null &&
		[ -s out ] && sed 's/pipe/file/g' out | cmp - file.c
}
check '--emit PIPE.c' emitted
check '--save /dev/null' quiet --epochs 2 --save /dev/null --log /dev/null
check '/dev/null is still a device' [ -c /dev/null ]
broken() {
	head -c 10 pipe >/dev/null &
	"$bnc" -e 'linear 2 100000; linear 2' --train moons --quiet --steps 1 --no-eval --save kept --log pipe --log-steps \
		>/dev/null 2>err
	status=$?
	wait
	[ -s kept ] && { [ $status = 0 ] || { [ $status = 3 ] && grep -q 'cannot write pipe: Broken pipe' err; }; }
}
check 'nobody reads the log: the weights are kept' broken
if [ -d /dev/shm ]; then
	shm=$(mktemp -d /dev/shm/bnc.XXXXXX)
	trap 'rm -rf "$scratch" "$shm"' EXIT
	cp larger "$shm/a"
	quiet --epochs 2 --save "$shm/a" >/dev/null
	check 'a smaller file under /dev' cmp "$shm/a" expected
fi

# ---- files that stay what they are

replaces() {
	cp larger "$1" && quiet --epochs 2 --save "$1" >/dev/null && cmp "$1" expected &&
		[ "$(ls -A "${2:-.}" | grep -c tmp)" = 0 ]
}
check 'a file' replaces w
chmod 604 w
check 'its mode' [ "$(replaces w && stat -c %a w)" = 604 ]
ln -f w other
check 'another name of it' sh -c \
	"'$bnc' -e '$net' --train moons --quiet --epochs 2 --save w >/dev/null && cmp w expected && [ w -ef other ]"
ln -s target link
check 'a link to what is not there' sh -c \
	"'$bnc' -e '$net' --train moons --quiet --epochs 2 --save link >/dev/null && [ -L link ] && cmp target expected"
check 'a link to what is there' sh -c \
	"cp larger target && '$bnc' -e '$net' --train moons --quiet --epochs 2 --save link >/dev/null &&
	[ -L link ] && cmp target expected"
mkdir folder
check 'a folder' refused 3 'cannot write folder: it is a directory' --save folder
check 'no folder' refused 3 'cannot write none/w: its directory does not exist' --save none/w
check 'a folder that is not there' refused 3 'cannot write none/' --save none/
check 'a file as a folder' refused 3 'cannot write w/w: Not a directory' --log w/w
long=$(printf 'w%.0s' $(seq 255))
check 'a name of 255 bytes' replaces "$long"
check 'a name of 256 bytes' refused 3 'File name too long' --save "w$long"

# The old log is there until the training begins.
echo old >l
check 'data that are missing' sh -c "! '$bnc' -e '$net' --train none.npz --log l && [ \"\$(cat l)\" = old ]"

# A log is read while it is written; a killed run leaves whole lines. It is stopped first, since what is killed in the
# middle of a write may have written a part: the system looks for that signal at each page.
"$bnc" -e "$net" --train moons --quiet --epochs 1000000000 --log l --log-steps >/dev/null &
job=$!
tries=0
while [ "$(wc -l <l)" -lt 100000 ] && [ $tries != 1200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
kill -s STOP $job
sleep 0.2
kill -s KILL $job
wait $job 2>/dev/null
check 'a log that grows' [ "$(wc -l <l)" -ge 100000 ]
check 'a killed run leaves whole lines' [ "$(grep -c '^{.*}$' l)" = "$(wc -l <l)" -a -z "$(tail -c 1 l)" ]

# ---- as the administrator and as others

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	as() {
		user=$1
		shift
		setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
	}
	cp larger owned
	chown 1000:2000 owned
	chmod 660 owned
	check 'owner and group' sh -c \
		"'$bnc' -e '$net' --train moons --quiet --epochs 2 --save owned >/dev/null && cmp owned expected &&
		[ \"\$(stat -c '%u %g %a' owned)\" = '1000 2000 660' ]"
	mkdir sticky && chmod 1777 sticky && cp larger sticky/w && chown 1000 sticky/w && chmod 666 sticky/w
	check "another's file in a sticky folder" sh -c \
		"setpriv --reuid 1001 --regid 1001 --clear-groups '$bnc' -e '$net' --train moons --quiet \
		--epochs 2 --save sticky/w >/dev/null && cmp sticky/w expected && [ \$(stat -c %u sticky/w) = 1000 ] &&
		[ \$(ls -A sticky) = w ]"
	mkdir closed && cp larger closed/w && chmod 666 closed/w && chmod 755 closed
	check "a file in a folder that cannot be written" sh -c \
		"setpriv --reuid 1001 --regid 1001 --clear-groups '$bnc' -e '$net' --train moons --quiet \
		--epochs 2 --save closed/w >/dev/null && cmp closed/w expected"
	refused_as() {
		user=$1
		message=$2
		shift 2
		as "$user" "$bnc" -e "$net" --train moons --epochs 2 "$@" >out 2>err
		[ $? = 3 ] && grep -q "$message" err && [ ! -s out ]
	}
	check 'a folder that cannot be written' refused_as 1001 \
		'cannot write closed/new: no file can be made in the directory closed: Permission denied' --save closed/new
	check 'such a folder for a log' refused_as 1001 'in the directory closed: Permission denied' --log closed/new
	chmod 444 sticky/w
	check 'a file that may only be read' refused_as 1000 'cannot write sticky/w: Permission denied' --save sticky/w
	if unshare -m true 2>/dev/null; then
		cp larger mounted
		touch m
		check 'a mount point' unshare -m sh -c \
			"mount --bind mounted m && '$bnc' -e '$net' --train moons --quiet --epochs 2 --save m >/dev/null &&
			cmp m expected && cmp mounted expected"
		check 'a mount point: nothing else' [ -z "$(ls -A | grep tmp)" ]
	fi
fi

ln -s linked_to link_to_nothing
check 'two outputs that meet in a link to nothing yet' sh -c \
	"! '$bnc' -e '$net' --train moons --quiet --save linked_to --log link_to_nothing \
	2>err && grep -q 'would both write' err && [ ! -e linked_to ]"

"$bnc" -e "$net" --train moons --quiet --epochs 1 --save weights.c >/dev/null
cp weights.c weights.copy
for output in --log --emit; do
	check "$output over the weights" sh -c \
		"! '$bnc' -e '$net' --train moons --quiet --weights weights.c $output weights.c 2>err &&
		grep -q 'would write over the weights' err && cmp weights.c weights.copy"
done

finish
