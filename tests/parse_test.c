#include "syntax_support.h"
#include <locale.h>
#include <math.h>

static const char *dumped(const Reading *reading, const Statement *statements)
{
	Capture capture;
	open_capture(&capture);
	dump_tree(reading->source, statements, capture.out);
	return close_capture(&capture, reading->arena);
}

/* The lines with a place, without the file's name. */
static const char *messages_of(const Reading *reading)
{
	char *all = printed(reading), *out = all;
	for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, "t.net:", 6)) {
			size_t length = strlen(line + 6);
			memmove(out, line + 6, length);
			out += length;
			*out++ = '\n';
		}
	*out = 0;
	return all;
}

static void expect_parse(const char *text, const char *tree, const char *messages)
{
	Reading reading = open_text(text);
	const Statement *statements = read_tree(&reading);
	const char *found = dumped(&reading, statements);
	expect_text(found, tree);
	found = messages_of(&reading);
	expect_text(found, messages);
	close_reading(&reading);
}

Test(parse, statements_end_at_newlines_and_semicolons)
{
	expect_parse("", "", "");
	expect_parse(" ;; # nothing\n\n;", "", "");
	expect_parse("linear 2 64; batchnorm\r\n\n;relu # yes\nlinear 2",
		"1:1 linear 2 64\n1:14 batchnorm\n3:2 relu\n4:1 linear 2\n", "");
}

Test(parse, every_form)
{
	expect_parse(
		"name moons\n"
		"input 1x28x28\n"
		"let WIDTH = 64\n"
		"fc: linear WIDTH bias=false\n"
		"repeat 4 { relu; tanh }\n"
		"repeat N {}\n"
		"block res(c, k) {\n\tconv2d c k padding=same\n}\n"
		"block twice { relu; relu }\n"
		"block none() { }\n"
		"residual { relu }\n"
		"skip: residual { relu } { linear 4 }\n"
		"optimizer sgd lr=1e-4 nesterov=true\n",
		"1:1 name moons\n"
		"2:1 input 1x28x28\n"
		"3:1 let WIDTH = 64\n"
		"4:1 fc: linear WIDTH bias=false\n"
		"5:1 repeat 4\n"
		"5:12   relu\n"
		"5:18   tanh\n"
		"6:1 repeat N\n"
		"7:1 block res c k\n"
		"8:2   conv2d c k padding=same\n"
		"10:1 block twice\n"
		"10:15   relu\n"
		"10:21   relu\n"
		"11:1 block none\n"
		"12:1 residual\n"
		"12:12   relu\n"
		"13:1 skip: residual\n"
		"13:18   relu\n"
		"13:27 shortcut\n"
		"13:27   linear 4\n"
		"14:1 optimizer sgd lr=1e-4 nesterov=true\n", "");
}

Test(parse, a_brace_may_begin_a_line)
{
	expect_parse("repeat 2\n\n# why\n{ relu }\nresidual { a }\n{ b }\nc\n",
		"1:1 repeat 2\n4:3   relu\n5:1 residual\n5:12   a\n6:3 shortcut\n6:3   b\n7:1 c\n", "");
	expect_parse("residual { a };{ b }", "1:1 residual\n1:12   a\n",
		"1:16: error: expected a layer, a setting or a definition, found `{`\n");
}

static Literal literal_in(Reading *reading, const char *text)
{
	*reading = open_text(text);
	Statement *statement = read_tree(reading);
	cr_assert(statement && statement->arguments, "%s", text);
	return statement->arguments->value;
}

Test(parse, integers)
{
	static const struct {
		const char *text;
		bool negative, overflow;
		uint64_t magnitude;
		double number;
	} cases[] = {
		{ "a 0", false, false, 0, 0 },
		{ "a -1", true, false, 1, -1 },
		{ "a +2147483648", false, false, 2147483648u, 2147483648.0 },
		{ "a 9007199254740993", false, false, 9007199254740993u, 9007199254740992.0 },
		{ "a 18446744073709551615", false, false, UINT64_MAX, 18446744073709551616.0 },
		{ "a 18446744073709551616", false, true, UINT64_MAX, 18446744073709551616.0 },
		{ "a -100000000000000000000", true, true, UINT64_MAX, -1e20 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Reading reading;
		Literal literal = literal_in(&reading, cases[i].text);
		cr_expect_eq(literal.kind, LITERAL_NUMBER);
		cr_expect(literal.integer);
		cr_expect_eq(literal.negative, cases[i].negative, "%s", cases[i].text);
		cr_expect_eq(literal.overflow, cases[i].overflow, "%s", cases[i].text);
		cr_expect_eq(literal.magnitude, cases[i].magnitude, "%s", cases[i].text);
		cr_expect_eq(literal.number, cases[i].number, "%s", cases[i].text);
		close_reading(&reading);
	}
}

static void expect_real(const char *text, double number, bool overflow)
{
	Reading reading;
	Literal literal = literal_in(&reading, text);
	cr_expect_eq(literal.kind, LITERAL_NUMBER);
	cr_expect(!literal.integer);
	cr_expect_eq(literal.number, number, "%s: %.17g", text, literal.number);
	cr_expect_eq(literal.negative, text[2] == '-');
	cr_expect_eq(literal.overflow, overflow, "%s", text);
	close_reading(&reading);
}

Test(parse, reals)
{
	expect_real("a 1e-4", 1e-4, false);
	expect_real("a .5", 0.5, false);
	expect_real("a -0.1", -0.1, false);
	expect_real("a 1.;b", 1, false);
	expect_real("a 1e-400", 0, false);
	expect_real("a 1e309", INFINITY, true);
	expect_real("a -1e309}", -INFINITY, true);
}

Test(parse, reals_in_a_locale_with_a_decimal_comma)
{
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
		cr_skip_test("no such locale is installed");
	expect_real("a 0.25", 0.25, false);
}

Test(parse, names_and_shapes)
{
	Reading reading;
	Literal literal = literal_in(&reading, "a true");
	cr_expect_eq(literal.kind, LITERAL_NAME);
	cr_expect_str_eq(literal.name, "true");
	close_reading(&reading);
	literal = literal_in(&reading, "a 3x032x99999999999999999999x0");
	cr_expect_eq(literal.kind, LITERAL_SHAPE);
	cr_expect_eq(literal.rank, 4);
	cr_expect_eq(literal.dims[0], 3);
	cr_expect_eq(literal.dims[1], 32);
	cr_expect_eq(literal.dims[2], INT64_MAX);
	cr_expect_eq(literal.dims[3], 0);
	close_reading(&reading);
}

Test(parse, lists)
{
	Reading reading = open_text("a 1 w=1, -2.5,X n=7");
	const Argument *list = read_tree(&reading)->arguments->next;
	cr_assert(list && list->value.kind == LITERAL_LIST && list->value.item_count == 3);
	cr_expect(list->key_span.begin == 4 && list->value.span.begin == 6 && list->value.span.end == 15);
	cr_expect(list->value.items[0].integer && list->value.items[0].magnitude == 1);
	cr_expect(list->value.items[1].number == -2.5 && list->value.items[1].span.begin == 9);
	cr_expect_str_eq(list->value.items[2].name, "X");
	cr_assert(list->next && list->next->value.kind == LITERAL_NUMBER && list->next->value.magnitude == 7);
	cr_expect_null(list->next->next);
	close_reading(&reading);
	expect_parse("a w=1, 2 n=3", "1:1 a w=1, 2 n=3\n", "");
	/* a comma between arguments, as other languages have it */
	expect_parse("a w=1, n=3", "1:1 a w=1, n\n",
		"1:6: error: expected a value, a name=value or the end of the line after `1`, found `,`\n");
	expect_parse("a w=1,\nb", "2:1 b\n", "1:7: error: expected a value after `,`, found the end of the line\n");
}

Test(parse, spans)
{
	Reading reading = open_text("  fc: linear 64 bias=false ; repeat 3 { relu }");
	const Statement *call = read_tree(&reading);
	const Argument *keyed = call->arguments->next;
	cr_expect(call->span.begin == 2 && call->span.end == 26);
	cr_expect(call->label_span.begin == 2 && call->label_span.end == 4);
	cr_expect(call->name_span.begin == 6 && call->name_span.end == 12);
	cr_expect(call->arguments->key_span.begin == 13 && call->arguments->key_span.end == 15);
	cr_expect(keyed->key_span.begin == 16 && keyed->key_span.end == 20);
	cr_expect(keyed->value.span.begin == 21 && keyed->value.span.end == 26);
	cr_expect(call->next->span.begin == 29 && call->next->span.end == 37);
	close_reading(&reading);
}

Test(parse, mistakes_in_words)
{
	static const struct { const char *text, *tree, *messages; } cases[] = {
		{ "linear 2 )", "1:1 linear 2\n",
			"1:10: error: expected a value, a name=value or the end of the line after `2`, found `)`\n" },
		{ "linear 2 64abc", "1:1 linear 2\n",
			"1:10: error: `64abc` is neither a number (64, -0.1, 1e-4) nor a shape (3x32x32)\n" },
		{ "linear 2 @@ 64 @", "1:1 linear 2\n", "1:10: error: `@@` has no meaning here\n" },
		{ "fc-1: linear", "",
			"1:1: error: `fc-1` is not a name: "
			"names are made of the letters A-Z and a-z, digits and `_`\n" },
		{ "epochs = 10", "1:1 epochs\n", "1:8: error: expected a value after `epochs`, found `=`: "
			"write `epochs 10`\n" },
		{ "linear 2 = 4", "1:1 linear 2\n", "1:10: error: expected a name before `=`, found `2`\n" },
		{ "sgd lr=", "", "1:8: error: expected a value after `=`, found the end of the file\n" },
		{ "sgd lr= # none\n", "", "1:15: error: expected a value after `=`, found the end of the line\n" },
		{ "{a lr=}", "", "1:1: error: expected a layer, a setting or a definition, found `{`\n"
			"1:7: error: expected a value after `=`, found `}`\n" },
		{ "sgd lr=1 2 3", "1:1 sgd lr=1 2 3\n",
			"1:10: error: `2` needs a name (name=2): values without one come first\n"
			"1:5: note: the first name is here\n" },
		{ "= 3", "", "1:1: error: expected a layer, a setting or a definition, found `=`\n" },
		{ "5; (", "", "1:1: error: expected a layer, a setting or a definition, found `5`\n"
			"1:4: error: expected a layer, a setting or a definition, found `(`\n" },
		{ "fc1:\nrelu", "2:1 relu\n", "1:5: error: expected a layer after `:`, found the end of the line\n" },
		{ "a: repeat 2 { relu }", "", "1:4: error: expected a layer after `:`, found `repeat`\n" },
		{ "let = 3", "", "1:5: error: expected a name after `let`, found `=`\n" },
		{ "let a 3", "", "1:7: error: expected `=` after `a`, found `3`\n" },
		{ "let a = ;b", "1:10 b\n", "1:9: error: expected a value after `=`, found `;`\n" },
		{ "let a = 3 4", "1:1 let a = 3\n",
			"1:11: error: expected the end of the line after `3`, found `4`\n" },
		{ "repeat", "", "1:7: error: expected a count after `repeat`, found the end of the file\n" },
		{ "repeat { relu }", "1:1 repeat repeat\n1:10   relu\n",
			"1:1: error: expected a count after `repeat`, found `{`\n" },
		{ "repeat 2 relu", "", "1:10: error: expected `{` after `2`, found `relu`\n" },
		{ "repeat 2 { relu } tanh", "1:1 repeat 2\n1:12   relu\n",
			"1:19: error: expected the end of the line after `}`, found `tanh`\n" },
		{ "block", "", "1:6: error: expected a name after `block`, found the end of the file\n" },
		{ "block a b", "", "1:9: error: expected `(` or `{` after `a`, found `b`\n" },
		{ "block a(b c) {}", "", "1:11: error: expected `,` or `)` after `b`, found `c`\n" },
		{ "block a(b,) {}", "", "1:11: error: expected a parameter's name after `,`, found `)`\n" },
		{ "block a(5) {}", "", "1:9: error: expected a parameter's name or `)` after `(`, found `5`\n" },
		{ "block a() relu", "", "1:11: error: expected `{` after `)`, found `relu`\n" },
		{ "residual", "", "1:9: error: expected `{` after `residual`, found the end of the file\n" },
		{ "residual 3 { relu }", "", "1:10: error: expected `{` after `residual`, found `3`\n" },
		{ "}", "", "1:1: error: this `}` closes nothing: no `{` is open\n" },
		{ "a } b", "1:1 a\n1:5 b\n", "1:3: error: this `}` closes nothing: no `{` is open\n" },
		{ "repeat 2 {\n a\n", "1:1 repeat 2\n2:2   a\n",
			"3:1: error: expected `}` before the end of the file\n1:10: note: this `{` is not closed\n" },
		{ "input 1x2x3x4x5", "1:1 input 1x2x3x4x5\n",
			"1:7: error: a shape has at most 4 dimensions, this one has 5\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_parse(cases[i].text, cases[i].tree, cases[i].messages);
}

Test(parse, every_mistake_once_and_the_rest_kept)
{
	expect_parse(
		"linear 2 64a 3 4b\n"
		"= = =\n"
		"=\n"
		"relu\n"
		"let x { a =; b }\n"
		"repeat { c d= }\n"
		"tanh\n",
		"1:1 linear 2\n4:1 relu\n6:1 repeat repeat\n7:1 tanh\n",
		"1:10: error: `64a` is neither a number (64, -0.1, 1e-4) nor a shape (3x32x32)\n"
		"2:1: error: expected a layer, a setting or a definition, found `=`\n"
		"3:1: error: expected a layer, a setting or a definition, found `=`\n"
		"5:7: error: expected `=` after `x`, found `{`\n"
		"5:11: error: expected a value after `a`, found `=`: "
			"write `let a = 64`\n"
		"6:1: error: expected a count after `repeat`, found `{`\n"
		"6:15: error: expected a value after `=`, found `}`\n");
}

/* unit, count times, then the end. */
static Reading parse_many(const char *unit, int count, const char *end)
{
	size_t length = strlen(unit);
	char *text = malloc(length * (size_t)count + strlen(end) + 1), *at = text;
	for (int i = 0; i < count; i++, at += length)
		memcpy(at, unit, length);
	memcpy(at, end, strlen(end) + 1);
	Reading reading = open_text(text);
	read_tree(&reading);
	free(text);
	return reading;
}

static void expect_errors(const char *unit, int count, int errors)
{
	Reading reading = parse_many(unit, count, "");
	cr_expect_eq(error_count(reading.diagnostics), errors, "%s: %d", unit, error_count(reading.diagnostics));
	printed(&reading);
	close_reading(&reading);
}

Test(parse, nesting_has_a_limit)
{
	char close[2 * MAX_NESTING + 3] = "";
	memset(close, '}', MAX_NESTING);
	Reading reading = parse_many("repeat 2 {", MAX_NESTING, close);
	cr_expect_eq(error_count(reading.diagnostics), 0);
	close_reading(&reading);

	strcat(close, "}");
	reading = parse_many("repeat 2 {", MAX_NESTING + 1, close);
	const char *found = messages_of(&reading);
	expect_text(found, "1:650: error: bodies are nested more than 64 deep\n");
	close_reading(&reading);
}

Test(parse, what_is_too_deep_is_skipped_to_its_end)
{
	Reading reading = parse_many("repeat 2 {", 100, "= } } } { { } }");
	cr_expect_eq(error_count(reading.diagnostics), 2);
	close_reading(&reading);
}

Test(parse, huge_sources)
{
	expect_errors("{", 100000, 67);
	expect_errors("repeat 2 {", 100000, 2);
	expect_errors("residual {", 100000, 2);
	expect_errors("}", 100000, 100000);
	expect_errors("(", 100000, 1);
	expect_errors("block a(", 100000, 1);
	expect_errors("linear 2 64\n", 100000, 0);
	expect_errors("linear 2 64 ", 100000, 0);
	expect_errors("a lr=1 ", 100000, 1);
	expect_errors("x", 10000000, 1);
	expect_errors("=;", 1000000, 1000000);
}

Test(parse, binary_rubbish_is_a_short_list)
{
	Reading reading = open_bytes("\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0", 24);
	read_tree(&reading);
	cr_expect_eq(error_count(reading.diagnostics), 1);
	close_reading(&reading);
}
