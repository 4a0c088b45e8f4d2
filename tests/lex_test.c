#include "syntax_support.h"

static void expect_tokens(const char *bytes, size_t length, const char *expected)
{
	Reading reading = open_bytes(bytes, length);
	Capture capture;
	open_capture(&capture);
	dump_tokens(reading.source, capture.out);
	const char *found = close_capture(&capture, reading.arena);
	expect_text(found, expected);
	close_reading(&reading);
}

/* The only token of text is text itself, of this kind. */
static void expect_one(const char *text, const char *kind)
{
	char expected[200];
	snprintf(expected, sizeof expected, "1:1 %s %s\n1:%zu end of file\n", kind, text, strlen(text) + 1);
	expect_tokens(text, strlen(text), expected);
}

Test(lex, a_statement)
{
	const char *text = "fc1: linear 2 64 bias=false # two\r\n;\n";
	expect_tokens(text, strlen(text),
		"1:1 name fc1\n1:4 punctuation :\n1:6 name linear\n1:13 integer 2\n1:15 integer 64\n"
		"1:18 name bias\n1:22 punctuation =\n1:23 name false\n1:35 newline\n2:1 semicolon\n2:2 newline\n"
		"3:1 end of file\n");
}

Test(lex, keywords_only_as_whole_words)
{
	static const char *const keywords[] = { "let", "repeat", "block", "residual" };
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		expect_one(keywords[i], "keyword");
	static const char *const names[] = {
		"lets", "le", "repeat1", "_block", "Residual", "true", "nan", "inf", "x", "e1",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		expect_one(names[i], "name");
}

Test(lex, numbers_and_shapes)
{
	static const char *const integers[] = { "0", "64", "007", "-1", "+5", "99999999999999999999999" };
	static const char *const reals[] = {
		"1.", ".5", "-.5", "-0.1", "1e-4", "1E+10", "1.5e3", ".1e9", "1.e2", "1e309",
	};
	static const char *const shapes[] = { "3x32x32", "1x1", "0x10", "1x2x3x4x5x6" };
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
		expect_one(integers[i], "integer");
	for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
		expect_one(reals[i], "real");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		expect_one(shapes[i], "shape");
}

Test(lex, malformed_words_are_one_token)
{
	static const char *const numbers[] = {
		"64abc", "3x", "3x32x", "1.2.3", "1e", "1e+", "--5", "+-5", "-5-", "1e-4abc", "..5", "3X32", "0x1f",
		"1_000",
	};
	static const char *const names[] = { "fc-1", "layer.0", "a+b" };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		expect_one(numbers[i], "bad number");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		expect_one(names[i], "bad name");
	expect_tokens("gr\xc3\xb6\xc3\x9f" "e", 7, "1:1 bad name gr\xc3\xb6\xc3\x9f" "e\n1:6 end of file\n");
}

Test(lex, long_names_are_refused)
{
	char name[65] = "";
	memset(name, 'n', 64);
	expect_one(name, "bad name");
	name[63] = 0;
	expect_one(name, "name");
}

Test(lex, rubbish_is_one_token_in_a_run)
{
	expect_tokens("a @@!\"$ b", 9, "1:1 name a\n1:3 bad character @@!\"$\n1:9 name b\n1:10 end of file\n");
	expect_tokens("\0\0\x1b\0", 4, "1:1 bad character \\x00\\x00\\x1b\\x00\n1:5 end of file\n");
	expect_tokens("-", 1, "1:1 bad character -\n1:2 end of file\n");
	expect_tokens("\xff\xfe", 2, "1:1 bad name \\xff\\xfe\n1:3 end of file\n");
}

Test(lex, a_zero_does_not_end_the_source)
{
	expect_tokens("a\0b", 3, "1:1 name a\n1:2 bad character \\x00\n1:3 name b\n1:4 end of file\n");
	expect_tokens("#a\0b\nc", 6, "1:5 newline\n2:1 name c\n2:2 end of file\n");
}

Test(lex, ends_anywhere)
{
	expect_tokens("", 0, "1:1 end of file\n");
	expect_tokens("  ", 2, "1:3 end of file\n");
	expect_tokens("# x", 3, "1:4 end of file\n");
	expect_tokens("relu", 4, "1:1 name relu\n1:5 end of file\n");
	expect_tokens("1e-", 3, "1:1 bad number 1e-\n1:4 end of file\n");
}

Test(lex, a_byte_order_mark_is_not_seen)
{
	expect_tokens("\xef\xbb\xbfrelu", 7, "1:1 name relu\n1:5 end of file\n");
	expect_tokens("\xef\xbb\xbf", 3, "1:1 end of file\n");
	expect_tokens("a\xef\xbb\xbf", 4, "1:1 bad name a\\xef\\xbb\\xbf\n1:3 end of file\n");
}
