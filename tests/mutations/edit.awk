# edit.awk: reads lists of edits, and applies one of them, or sees whether all can be applied.
#
#	awk -f edit.awk -v root=TREE [-v name=EDIT] LIST ...
#
# With a name, the edit is made in a file below TREE, whose path is printed. Without, the names of all edits are printed.
# An edit that does not fit its file is an error, so that the lists follow the code: status 1. A list has the lines
#
#	[PATH]                  the edits that follow change this file
#	NAME                    or `NAME 2 of 3`: of the old text, which is in the file three times, the second
#	- OLD                   the text to replace, and
#	+ NEW                   what takes its place; of several lines each has its sign. All after the blank counts
#	# ...                   a comment

function wrong(text)
{
	print FILENAME ":" FNR ": " text >"/dev/stderr"
	failed = 1
}

# The file's text. Each is read once.
function text_of(path,    line, text)
{
	if (path in texts)
		return texts[path]
	text = ""
	while ((getline line <path) > 0)
		text = text line "\n"
	close(path)
	return texts[path] = text
}

# How often the old text is in the file; sets `place` to where the wanted one is.
function count_old(text,    count, begin, at)
{
	count = 0
	for (begin = 1; (at = index(substr(text, begin), old)) > 0; begin += at) {
		count++
		if (count == number)
			place = begin + at - 1
	}
	return count
}

# Ends an edit: its old and new text have been read.
function finish(    text, count)
{
	if (edit == "" || old == "")
		return
	text = text_of(root "/" file)
	count = count_old(text)
	if (text == "")
		wrong(edit ": " file " is not there")
	else if (count != total)
		wrong(edit ": the old text is " count " times in " file ", expected " total)
	else if (old == new)
		wrong(edit ": changes nothing")
	else if (name == "")
		print edit
	else if (name == edit) {
		printf "%s", substr(text, 1, place - 1) new substr(text, place + length(old)) >(root "/" file)
		print file
		done = 1
	}
	edit = old = new = ""
}

/^#/ || /^$/ { next }
/^\[.*\]$/ { finish(); file = substr($0, 2, length($0) - 2); next }
/^- / { old = (old == "" ? "" : old "\n") substr($0, 3); next }
/^\+( |$)/ { new = (has_new ? new "\n" : "") substr($0, 3); has_new = 1; next }
/^[a-z0-9_]+( [0-9]+ of [0-9]+)?$/ {
	finish()
	edit = $1
	if (edit in seen)
		wrong("there are two edits " edit)
	seen[edit] = 1
	number = NF == 4 ? $2 : 1
	total = NF == 4 ? $4 : 1
	has_new = 0
	next
}
{ wrong("not a line of a list: " $0) }
END {
	finish()
	if (name != "" && !done && !failed) {
		print "there is no edit " name >"/dev/stderr"
		failed = 1
	}
	exit failed
}
