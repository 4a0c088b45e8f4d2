#!/bin/sh
# Keeps README.md, docs/ and examples/lecture/ true. Of each page's fenced blocks
#
#	```bnc          is a network, which must have no mistakes
#	```c NAME       is a file of that name (any language)
#	```console      is a transcript: each line after `$ ` is run, and must print the lines up to the next. A line
#	                `...` stands for any lines. Times and rates are not compared.
#
# After a comment `<!-- bnc --list-layers: TITLE -->` stands the table of these, which tests/docs.sh --bless writes.
#
# Commands run in a folder of their own, where they find the page's files, models/ and build/bnc. A command of python3
# is left out where python3 has no PyTorch or no scikit-learn.
#
#	tests/docs.sh [--bless] [BNC]
. tests/compare.sh
top=$PWD
python3 -c 'import torch, sklearn' 2>/dev/null && has_torch=yes || has_torch=

# Cuts a page into networks (N.net), named files and transcripts (N.command with N.expected).
cut_blocks() {
	awk '
	/^```/ {
		kind = fenced ? "" : substr($1, 4)
		fenced = !fenced
		file = kind == "bnc" ? ++count ".net" : fenced && NF > 1 ? $2 : ""
		next
	}
	kind == "console" && /^\$ / {
		file = ++count ".expected"
		printf "" >file
		print substr($0, 3) >(count ".command")
		next
	}
	file != "" { print >file }' "$1"
}

# A column is as wide as its widest entry, and that may be in a line left out.
comparable() {
	sed -e 's/   */  /g' -e 's/[0-9][0-9.]* ms/N ms/g' \
		-e 's/ at [0-9][0-9]* a second//g' -e 's/ in [0-9.]* s\b/ in N s/' "$1"
}

# The second file, with lines left out where the first one does.
leave_out() {
	awk '
	FILENAME == ARGV[1] { want[++wanted] = $0; next }
	{ have[++count] = $0 }
	END {
		for (i = 1; i <= wanted; i++) {
			if (want[i] != "...") {
				if (at < count) print have[++at]
				continue
			}
			print "..."
			if (i == wanted) exit
			for (next_at = at + 1; next_at <= count && have[next_at] != want[i + 1]; next_at++)
				;
			if (next_at <= count) at = next_at - 1
		}
		while (at < count) print have[++at]
	}' "$1" "$2"
}

# The page with the tables of what bnc lists now.
with_tables() {
	"$bnc" --list-layers | awk -v page="$1" '
	/^[a-z]/ { title = $1; next }
	/^  [a-z]/ { name = substr($0, 3); next }
	/^      / { gsub(/\|/, "\\|"); rows[title] = rows[title] "| `" name "` | " substr($0, 7) " |\n" }
	END {
		while ((getline line <page) > 0) {
			if (skipping && line ~ /^\|/) continue
			skipping = 0
			print line
			if (split(line, word, " ") == 5 && line ~ /^<!-- bnc --list-layers: /) {
				printf "| %s | |\n|---|---|\n%s", word[4], rows[word[4]]
				skipping = 1
			}
		}
	}'
}

for page in README.md docs/*.md docs/layers/*.md examples/lecture/*.md; do
	with_tables "$page" >"$scratch/found"
	compare "$scratch/found" "$page"
	[ -z "$bless" ] || continue
	folder=$scratch/pages/${page%.md}
	mkdir -p "$folder/build"
	ln -s "$bnc" "$folder/build/bnc"
	ln -s "$top/models" "$folder/models"
	(cd "$folder" && cut_blocks "$top/$page")
	for network in "$folder"/[0-9]*.net; do
		[ -e "$network" ] || continue
		"$bnc" --check "$network" 2>&1 | sed "s|^$folder/|$page, block |" >"$scratch/found"
		: >"$scratch/wanted"
		compare "$scratch/found" "$scratch/wanted"
	done
	for command in $(cd "$folder" && ls | grep '\.command$' | sort -n); do
		[ -n "$has_torch" ] || ! grep -q '^python3 ' "$folder/$command" || continue
		(cd "$folder" && timeout 60 sh "$command" 2>&1 </dev/null) >"$scratch/printed"
		comparable "$folder/${command%.command}.expected" >"$scratch/wanted"
		comparable "$scratch/printed" >"$scratch/now"
		leave_out "$scratch/wanted" "$scratch/now" >"$scratch/found"
		echo "$page: $(cat "$folder/$command")" | tee -a "$scratch/found" >>"$scratch/wanted"
		compare "$scratch/found" "$scratch/wanted"
	done
done
finish
