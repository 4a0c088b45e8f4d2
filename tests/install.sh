#!/bin/sh
# Installs into a folder, uses what is there, and takes it away again: then nothing may be left, and nothing else may be
# missing. Reads the manual page and the completions.
#
#	tests/install.sh [BNC]
. tests/check.sh
export LC_ALL=C.UTF-8

# No package may be installed on the way.
mkdir "$scratch/stubs"
for command in apt-get sudo; do
	printf '#!/bin/sh\ntouch "%s/called"\nexit 1\n' "$scratch" >"$scratch/stubs/$command"
	chmod +x "$scratch/stubs/$command"
done
PATH=$scratch/stubs:$PATH

# The program is there: -o keeps make from building it anew with other flags.
build=$(dirname "$bnc")
makes() {
	make -s -o "$build/bnc" BUILD="$build" "$@"
}

prefix="/opt/of bnc"
stage="$scratch/stage"
root=$stage$prefix

check "install" makes install DESTDIR="$stage" PREFIX="$prefix"
check "install: the program" cmp "$bnc" "$root/bin/bnc"
check "install: it can be run" [ -x "$root/bin/bnc" ]
for file in share/bnc/models/mlp_bn.net share/doc/bnc/README.md share/doc/bnc/docs/language.md share/man/man1/bnc.1 \
		share/bash-completion/completions/bnc share/zsh/site-functions/_bnc; do
	check "install: $file" [ -s "$root/$file" -a -r "$root/$file" ]
done
check "install: it trains" "$root/bin/bnc" "$root/share/bnc/models/mlp_bn.net" --train moons --quiet
check "install again" makes install DESTDIR="$stage" PREFIX="$prefix"
check "uninstall" makes uninstall DESTDIR="$stage" PREFIX="$prefix"
check "uninstall: nothing is left" [ -z "$(find "$stage" -mindepth 1)" ] || find "$stage"
check "uninstall again" makes uninstall DESTDIR="$stage" PREFIX="$prefix"

# What was there before stays, an empty folder too; so does what came into the folders of bnc.
root=$scratch/home/.local
mkdir -p "$root/bin" "$root/share/man/man1" "$root/share/bnc/models"
echo other >"$root/bin/other"
echo mine >"$root/share/bnc/models/mine.net"
(cd "$root" && find . | sort) >"$scratch/before"
check "beside others: install" makes install PREFIX="$root"
echo old >"$root/share/bnc/models/old.net"      # of a version that had it
echo "$root/share/bnc/models/old.net" >>"$root/share/bnc/installed"
check "beside others: install again" makes install PREFIX="$root"
check "beside others: what an old version had goes" [ ! -e "$root/share/bnc/models/old.net" ]
mkdir "$root/share/doc/bnc/notes"
check "beside others: uninstall" makes uninstall PREFIX="$root"
rmdir "$root/share/doc/bnc/notes" "$root/share/doc/bnc" "$root/share/doc"
(cd "$root" && find . | sort) >"$scratch/after"
check "beside others: they stay" diff "$scratch/before" "$scratch/after"

echo file >"$scratch/file"
makes install PREFIX="$scratch/file/below" >"$scratch/refused" 2>&1
check "no folder: refused" [ $? != 0 ]
check "no folder: says what to do" grep -q 'make install PREFIX=' "$scratch/refused"
check "no packages" [ ! -e "$scratch/called" ]

# ---- the manual page

"$bnc" --text man >"$scratch/bnc.1"
have() {
	command -v "$1" >/dev/null || { echo "$2: skipped, there is no $1"; false; }
}
silent() {
	"$@" >/dev/null 2>"$scratch/warnings"
	status=$?
	cat "$scratch/warnings"
	[ $status = 0 ] && [ ! -s "$scratch/warnings" ]
}
if have groff "the manual page"; then
	check "manual: groff" silent groff -man -ww -z -Tutf8 "$scratch/bnc.1"
fi
if have mandoc "the manual page"; then
	mandoc -Tlint -W warning "$scratch/bnc.1" | grep -v 'missing date' >"$scratch/warnings"
	check "manual: mandoc" [ ! -s "$scratch/warnings" ] || cat "$scratch/warnings"
fi
"$bnc" --help | grep -o '^  \(-[a-zA-Z], \)\?--[a-z-]*' | grep -o -e '--.*' >"$scratch/options"
check "manual: there are options" [ "$(wc -l <"$scratch/options")" -gt 30 ]
sed 's/\\-/-/g' "$scratch/bnc.1" | grep -o '^\(\\fB-[a-zA-Z]\\fR, \)*\\fB--[a-z-]*' |
	sed 's/.*fB//' >"$scratch/explained"
check "manual: every option" diff "$scratch/options" "$scratch/explained"

# ---- completions

"$bnc" --text bash >"$scratch/completion.bash"
mkdir "$scratch/files" "$scratch/files/folder"
touch "$scratch/files/one.net" "$scratch/files/two words.net" "$scratch/files/data.npz" "$scratch/files/other.txt"

# completes EXPECTED WORD ...: what is proposed for the last of the words, in any order
completes() {
	expected=$1
	shift
	found=$(cd "$scratch/files" && bash -c '. "$0/completion.bash"
		COMP_WORDS=(bnc "$@")
		COMP_CWORD=$#
		$(complete -p bnc | sed "s/.*-F \([^ ]*\) .*/\1/")
		printf "%s\n" "${COMPREPLY[@]}"' "$scratch" "$@" | sort | tr '\n' ' ')
	[ "$found" = "$(for word in $expected; do echo "$word"; done | sort | tr '\n' ' ')" ] ||
		[ "$found" = "$expected " ] || { echo "found $found, expected $expected"; false; }
}
if have bash "completions for bash"; then
	check "bash: options" completes "--explain" --ex
	check "bash: several options" completes "--list-layers --list-settings --list-data" --li
	check "bash: all options" completes "$(tr '\n' ' ' <"$scratch/options" | sed 's/ $//')" --
	check "bash: no hidden option" completes "" --tex
	check "bash: kernel sets" completes "scalar" --isa sc
	check "bash: kernel sets after =" completes "scalar" --isa = sc
	check "bash: the empty word after =" completes "hex decimal" --weights-as =
	check "bash: stages" completes "tokens tree network steps loops calls plan c" --dump ""
	check "bash: colours" completes "always" one.net --color al
	check "bash: data sets" completes "moons" --train mo
	check "bash: data files" completes "data.npz" --train da
	check "bash: networks" completes "folder one.net two words.net" ""
	check "bash: networks after a flag" completes "one.net" --quiet o
	check "bash: any file" completes "one.net other.txt" --save o
	check "bash: numbers" completes "" --epochs ""
	check "bash: what help knows" completes "list-layers list-settings list-data" --help li
	check "bash: topics" completes "training train" --help train
fi
"$bnc" --text zsh >"$scratch/_bnc"
check "zsh: all options" sh -c 'while read -r option; do grep -q -e "$option[=[]" "$1" || exit 1; done <"$2"' - \
	"$scratch/_bnc" "$scratch/options"
if have zsh "completions for zsh"; then
	check "zsh: syntax" zsh -n "$scratch/_bnc"
fi
finish
