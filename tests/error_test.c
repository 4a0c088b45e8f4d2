#include "syntax_support.h"
#include "terminal.h"
#include <pty.h>
#include <unistd.h>

static void expect_printed(const Reading *reading, const char *expected)
{
	const char *found = printed(reading);
	expect_text(found, expected);
}

static Span span(uint32_t begin, uint32_t end)
{
	return (Span){ begin, end };
}

Test(error, place_line_caret_and_note)
{
	Reading reading = open_text("input 2\nlinear 2 32\nrelu\nlinear 64 2\n");
	error_at(reading.diagnostics, span(32, 34), "linear expects %d inputs, but its source has %d features", 64, 32);
	note_at(reading.diagnostics, span(8, 19), "the %d features come from here", 32);
	cr_expect_eq(error_count(reading.diagnostics), 1);
	expect_printed(&reading,
		"t.net:4:8: error: linear expects 64 inputs, but its source has 32 features\n"
		"    4 | linear 64 2\n"
		"      |        ^~\n"
		"t.net:2:1: note: the 32 features come from here\n");
	close_reading(&reading);
}

Test(error, order_of_the_source_with_notes_below_their_error)
{
	Reading reading = open_text("a\nb\nc");
	error_at(reading.diagnostics, span(4, 5), "third");
	note_at(reading.diagnostics, span(0, 1), "of third");
	note_at(reading.diagnostics, span(2, 3), "of third too");
	warning_at(reading.diagnostics, span(0, 1), "first");
	error_at(reading.diagnostics, span(0, 1), "second");
	cr_expect_eq(error_count(reading.diagnostics), 2);
	expect_printed(&reading,
		"t.net:1:1: warning: first\n    1 | a\n      | ^\n"
		"t.net:1:1: error: second\n    1 | a\n      | ^\n"
		"t.net:3:1: error: third\n    3 | c\n      | ^\n"
		"t.net:1:1: note: of third\nt.net:2:1: note: of third too\n");
	close_reading(&reading);
}

Test(error, nothing_is_printed_without_reports)
{
	Reading reading = open_text("relu");
	note_at(reading.diagnostics, span(0, 1), "belongs to nothing");
	expect_printed(&reading, "");
	close_reading(&reading);
}

Test(error, a_span_of_several_lines_ends_with_its_first)
{
	Reading reading = open_text("ab\ncd");
	error_at(reading.diagnostics, span(1, 5), "x");
	expect_printed(&reading, "t.net:1:2: error: x\n    1 | ab\n      |  ^\n");
	close_reading(&reading);
}

Test(error, places_at_and_beyond_the_end)
{
	Reading reading = open_text("ab\n");
	error_at(reading.diagnostics, span(2, 2), "line's end");
	error_at(reading.diagnostics, span(3, 3), "file's end");
	error_at(reading.diagnostics, span(900, 7), "beyond");
	expect_printed(&reading,
		"t.net:1:3: error: line's end\n    1 | ab\n      |   ^\n"
		"t.net:2:1: error: file's end\n    2 |\n      | ^\n"
		"t.net:2:1: error: beyond\n    2 |\n      | ^\n");
	close_reading(&reading);
	reading = open_text("");
	error_at(reading.diagnostics, span(0, 0), "empty");
	expect_printed(&reading, "t.net:1:1: error: empty\n    1 |\n      | ^\n");
	close_reading(&reading);
}

Test(error, columns_count_characters)
{
	Reading reading = open_text("\xef\xbb\xbf\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82 x\r\n");
	error_at(reading.diagnostics, span(13, 14), "x");
	expect_printed(&reading,
		"t.net:1:5: error: x\n    1 | \xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82 x\n      |      ^\n");
	close_reading(&reading);
}

Test(error, the_caret_stands_below_wide_and_combining_characters)
{
	static const struct { const char *text; uint32_t begin, end; const char *below; } cases[] = {
		{ "\xe5\xb1\x82 x", 4, 5, "   ^" },                      /* U+5C42 takes two columns */
		{ "a \xe5\xb1\x82\xe5\xb1\x82 b", 2, 10, "  ^~~~~~" },
		{ "e\xcc\x81 x", 4, 5, "  ^" },                         /* U+0301 stands above the e */
		{ "a e\xcc\x81 x", 2, 7, "  ^~~" },
		{ "\xf0\x9f\x99\x82\xf0\x9f\x99\x82", 4, 8, "  ^~" },
		{ "a b\tc", 2, 5, "  ^\t~" },
		{ "\xe5\xb1 x", 3, 4, "   ^" },                         /* two bytes that are not UTF-8: two ? */
		{ "\xe2\x80\xae x", 4, 5, "  ^" },                      /* one ? */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Reading reading = open_text(cases[i].text);
		error_at(reading.diagnostics, span(cases[i].begin, cases[i].end), "x");
		const char *caret = strrchr(printed(&reading), '|');
		cr_expect(strncmp(caret + 2, cases[i].below, strlen(cases[i].below)) == 0
			&& strlen(caret + 2) == strlen(cases[i].below) + 1, "case %zu: found `%s`", i, caret + 2);
		close_reading(&reading);
	}
}

Test(error, a_long_line_of_wide_characters_fits)
{
	char line[400 * 3 + 1] = "";
	for (int i = 0; i < 400; i++)
		strcat(line, "\xe5\xb1\x82");
	Reading reading = open_text(line);
	error_at(reading.diagnostics, span(600, 603), "x");
	const char *found = printed(&reading), *excerpt = strchr(found, '\n') + 1, *caret = strrchr(found, '|');
	cr_expect_eq(strcspn(excerpt, "\n"), strlen("    1 | ......") + 40 * 3, "80 columns: %s", found);
	cr_expect_eq(strspn(caret + 2, " "), 3 + 40, "half of them before the caret: %s", found);
	close_reading(&reading);
}

/* In a terminal of so many columns. */
static void expect_in_terminal(int columns, const char *text, uint32_t begin, const char *expected)
{
	int master, slave;
	const struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
	char found[1000] = "";
	size_t used = 0;
	cr_assert(openpty(&master, &slave, 0, 0, &size) == 0);
	FILE *out = fdopen(slave, "w");
	Reading reading = open_text(text);
	error_at(reading.diagnostics, span(begin, begin + 2), "x");
	note_at(reading.diagnostics, span(0, 1), "y");
	diagnostics_print(reading.diagnostics, out);
	fclose(out);
	for (ssize_t size_read; used < sizeof found - 1
		&& (size_read = read(master, found + used, sizeof found - 1 - used)) > 0;)
		used += (size_t)size_read;
	close(master);
	expect_text(found, expected);
	close_reading(&reading);
}

Test(error, colours_on_a_terminal)
{
	static const char *const plain = "t.net:1:1: error: x\r\n    1 | relo\r\n      | ^~\r\nt.net:1:1: note: y\r\n";
	static const char *const coloured =
		"\033[1mt.net:1:1:\033[0m \033[1;31merror:\033[0m x\r\n    1 | relo\r\n      | \033[1;32m^~\033[0m\r\n"
		"\033[1mt.net:1:1:\033[0m \033[1;36mnote:\033[0m y\r\n";
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	expect_in_terminal(80, "relo", 0, coloured);
	setenv("NO_COLOR", "", 1);
	expect_in_terminal(80, "relo", 0, coloured);
	setenv("NO_COLOR", "1", 1);
	expect_in_terminal(80, "relo", 0, plain);
	terminal_choose_colour(COLOUR_ALWAYS);
	expect_in_terminal(80, "relo", 0, coloured);
	unsetenv("NO_COLOR");
	terminal_choose_colour(COLOUR_NEVER);
	expect_in_terminal(80, "relo", 0, plain);
	terminal_choose_colour(COLOUR_AUTO);
	setenv("TERM", "dumb", 1);
	expect_in_terminal(80, "relo", 0, plain);
	unsetenv("TERM");
	expect_in_terminal(80, "relo", 0, plain);
}

Test(error, an_excerpt_fits_the_terminal)
{
	static const char line[] = "0123456789012345678901234567890123456789";
	unsetenv("TERM");
	expect_in_terminal(80, line, 30, "t.net:1:31: error: x\r\n    1 | 0123456789012345678901234567890123456789\r\n"
		"      |                               ^~\r\nt.net:1:1: note: y\r\n");
	expect_in_terminal(34, line, 25, "t.net:1:26: error: x\r\n    1 | ...56789012345678901234...\r\n"
		"      |              ^~\r\nt.net:1:1: note: y\r\n");
	expect_in_terminal(1, line, 25, "t.net:1:26: error: x\r\n    1 | ...7890123456789012...\r\n"
		"      |            ^~\r\nt.net:1:1: note: y\r\n");
}

Test(error, tabs_stay_and_the_caret_stands_below)
{
	Reading reading = open_text("\ta\tbc");
	error_at(reading.diagnostics, span(3, 5), "x");
	expect_printed(&reading, "t.net:1:4: error: x\n    1 | \ta\tbc\n      | \t \t^~\n");
	close_reading(&reading);
}

Test(error, nothing_reaches_the_terminal_raw)
{
	Reading reading = open_bytes("\x1b[2J\0\xff\xc3\xe2\x80\xae" "a\x7f\xed\xa0\x80" "b", 16);
	reading.source->path = "dir\n\x1b.net";
	error_at(reading.diagnostics, span(0, 16), "found `%s`", "\x1b\xff");
	error_at(reading.diagnostics, span(15, 16), "%s", quote_source(reading.arena, reading.source, span(0, 11)));
	expect_printed(&reading,
		"dir\\x0a\\x1b.net:1:1: error: found `\\x1b\\xff`\n"
		"    1 | ?[2J????a????b\n      | ^~~~~~~~~~~~~~\n"
		"dir\\x0a\\x1b.net:1:14: error: \\x1b[2J\\x00\\xff\\xc3\\xe2\\x80\\xaea\n"
		"    1 | ?[2J????a????b\n      |              ^\n");
	close_reading(&reading);
}

static Reading open_line(size_t length, char fill)
{
	char *line = malloc(length);
	memset(line, fill, length);
	Reading reading = open_bytes(line, length);
	free(line);
	return reading;
}

Test(error, a_long_line_is_shown_around_the_caret)
{
	Reading reading = open_line(10000000, 'x');
	error_at(reading.diagnostics, span(5000000, 5000002), "x");
	char expected[400], xs[81], blanks[81];
	snprintf(xs, sizeof xs, "%080d", 0);
	for (char *x = xs; *x; x++)
		*x = 'x';
	snprintf(blanks, sizeof blanks, "%40s", "");
	snprintf(expected, sizeof expected,
		"t.net:1:5000001: error: x\n    1 | ...%s...\n      |    %s^~\n", xs, blanks);
	expect_printed(&reading, expected);
	close_reading(&reading);
}

Test(error, the_whole_line_when_it_fits)
{
	Reading reading = open_line(80, 'x');
	error_at(reading.diagnostics, span(79, 80), "x");
	const char *found = printed(&reading);
	cr_expect(!strstr(found, "..."), "%s", found);
	close_reading(&reading);
}

Test(error, a_long_message_and_a_long_quotation_are_cut)
{
	Reading reading = open_line(100000, 'y');
	cr_expect_lt(strlen(quote_source(reading.arena, reading.source, span(0, 100000))), 50);
	error_at(reading.diagnostics, span(0, 1), "%s", reading.text);
	const char *found = printed(&reading);
	cr_expect_lt(strlen(found), 1300);
	cr_expect(strstr(found, "yyy...\n"));
	close_reading(&reading);
}

static int occurrences(const char *text, const char *word)
{
	int count = 0;
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		count++;
	return count;
}

static void expect_counts(int errors, int in_full, const char *rest)
{
	Reading reading = open_line(100000, 'z');
	for (int i = 0; i < errors; i++) {
		error_at(reading.diagnostics, span((uint32_t)(i % 100000), 100000), "number %d", i);
		note_at(reading.diagnostics, span(0, 1), "and why");
	}
	warning_at(reading.diagnostics, span(99999, 100000), "careful");
	const char *found = printed(&reading);
	cr_expect_eq(error_count(reading.diagnostics), errors);
	cr_expect_eq(occurrences(found, "error: number"), in_full);
	cr_expect_eq(occurrences(found, "note: and why"), in_full);
	cr_expect(strstr(found, rest), "%s", found + strlen(found) - 100);
	close_reading(&reading);
}

Test(error, twenty_in_full_and_the_rest_counted)
{
	expect_counts(20, 20, "careful\n");
	expect_counts(21, 20, "1 more error\n");
	expect_counts(1000, 20, "980 more errors\n");
	expect_counts(300000, 20, "299980 more errors\n");
}

Test(error, places_count_on)
{
	Reading reading = open_text("ab\n\nc\xc3\xa4" "d");
	static const int expected[][3] = {
		{ 0, 1, 1 }, { 2, 1, 3 }, { 3, 2, 1 }, { 4, 3, 1 }, { 7, 3, 3 }, { 8, 3, 4 }, { 1, 1, 2 },
	};
	Place place = place_first(reading.source);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		place = place_next(reading.source, place, (uint32_t)expected[i][0]);
		cr_expect_eq(place.line, expected[i][1], "offset %d", expected[i][0]);
		cr_expect_eq(place.column, expected[i][2], "offset %d", expected[i][0]);
	}
	close_reading(&reading);
}
