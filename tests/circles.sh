#!/bin/sh
# Looks for circles in compiler/ and runtime/: no file may reach itself through the functions and data of others, which
# nm shows of the objects, and no folder may use or include anything of a folder above it.
#
#	tests/circles.sh [BNC]
. tests/check.sh
build=${bnc%/*}

# Each folder may use those before it. `.` is compile.c, which runs the passes for whatever is above it.
folders="kernels runtime base source layers network steps loops emit . standalone verify experiments tool"

# Prints each source, and its object below the build. Objects of sources that are no more may lie there, too.
list_objects() {
	find runtime compiler -name kernels -prune -o -name '*.c' -print | sort |
		sed -e 's|\(.*\)\.c$|\1.c \1.o|' -e 's|^compiler/\([^/]*\.c\)|./\1|' -e 's|^compiler/||'
	echo "source/lex.re gen/lex.o"
	echo "source/parse.y gen/parse.o"
	echo "emit/kernel_files.c gen/kernel_files.o"
	echo "standalone/taken.c gen/taken.o"
}

# Lists `OBJECT: SYMBOL TYPE ...` for each global symbol of each object.
list_symbols() (
	cd "$build" && nm -A -P -g $(cut -d ' ' -f 2 "$scratch/objects") >"$scratch/symbols"
)

# Prints `FILE OTHER SYMBOL` for each symbol of another file that a file uses.
list_uses() {
	awk '
	FILENAME == ARGV[1] { source[$2 ":"] = $1; next }
	$3 == "U" { user[++count] = source[$1]; symbol[count] = $2; next }
	$3 ~ /^[BCDGRSTVW]$/ { home[$2] = source[$1] }
	END {
		for (i = 1; i <= count; i++)
			if (symbol[i] in home) print user[i], home[symbol[i]], symbol[i]
	}' "$scratch/objects" "$scratch/symbols"
}

# Prints `FILE HEADER #include` for each header of another folder, whether it is found from compiler/ or by `..`.
list_includes() {
	find compiler -name '*.[chy]' -o -name '*.re' | sort | while read -r source; do
		case $source in
		compiler/*/*) file=${source#compiler/} ;;
		*) file=./${source#compiler/} ;;
		esac
		sed -n "s|^#include \"\(\.\./\)*\([a-z]*/[a-z_/]*\.h\)\".*|$file \2 #include|p" "$source"
	done
}

# Fails if a line's second file is in a folder above that of the first, or a folder is unknown, and prints the line.
points_down() {
	awk -v folders="$folders" '
	function rank(file) { sub(/\/.*/, "", file); return place[file] }
	BEGIN { for (i = split(folders, name, " "); i > 0; i--) place[name[i]] = i }
	!rank($1) || !rank($2) || rank($1) < rank($2) { print $1 " -> " $2 ": " $3; found = 1 }
	END { exit found }' "$1"
}

# Fails if a file reaches itself, and prints the lines of which the circles consist.
has_no_circle() {
	awk '
	$1 != $2 { line[++count] = $0; files[$1]; files[$2]; reaches[$1, $2] }
	END {
		for (k in files)
			for (i in files)
				if ((i, k) in reaches)
					for (j in files)
						if ((k, j) in reaches) reaches[i, j]
		for (i = 1; i <= count; i++) {
			split(line[i], part, " ")
			if ((part[2], part[1]) in reaches) { print part[1] " -> " part[2] ": " part[3]; found = 1 }
		}
		exit found
	}' "$1"
}

# whether the file has so many lines that there is something to look at
has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

fails() {
	! "$@"
}

list_objects >"$scratch/objects"
check 'each source has an object' list_symbols
list_uses >"$scratch/uses"
list_includes >"$scratch/includes"
check 'files use each other' has_lines "$scratch/uses" 500
check 'files include headers' has_lines "$scratch/includes" 10
check 'no file reaches itself' has_no_circle "$scratch/uses"
check 'no folder uses one above it' points_down "$scratch/uses"
check 'no folder includes a header of one above it' points_down "$scratch/includes"

# That they find what they look for.
echo 'steps/diff.c layers/table.c layers' >"$scratch/made"
check 'an arrow down' points_down "$scratch/made"
check 'two files' has_no_circle "$scratch/made"
echo 'layers/table.c base/arena.c arena_alloc
base/arena.c steps/diff.c differentiate' >>"$scratch/made"
check 'an arrow up' fails points_down "$scratch/made"
check 'a circle of three' fails has_no_circle "$scratch/made"
echo 'new/new.c base/arena.c arena_alloc' >"$scratch/made"
check 'a folder without a place' fails points_down "$scratch/made"

finish
