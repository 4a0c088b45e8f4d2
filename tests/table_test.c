/* table_test.c: tables as text, and the numbers in them. */
#include "../runtime/data/table.h"
#include "data_test.h"
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- numbers */

static void expect_number(const char *text)
{
	char padded[400] = {0}, *float_end, *double_end;
	cr_assert(strlen(text) + TEXT_PADDING < sizeof padded);
	strcpy(padded, text);
	float value = 0, expected = strtof(text, &float_end);
	double real = 0, expected_real = strtod(text, &double_end);
	const char *end = number_float(padded, '.', &value), *real_end = number_double(padded, '.', &real);
	cr_assert(end && end - padded == float_end - text && real_end == end, "%s: where it ends", text);
	cr_assert(memcmp(&value, &expected, sizeof value) == 0, "%s: %a, not %a", text, (double)value, (double)expected);
	cr_assert(memcmp(&real, &expected_real, sizeof real) == 0, "%s: %a, not %a", text, real, expected_real);
}

Test(numbers, are_rounded_as_by_strtof)
{
	static const char *const texts[] = {
		"0", "-0", "1", "+1", "-1.5", ".5", "5.", "5.e2", "-.5e-3", "1e22", "1e23", "1e-22", "1e-23", "1e38", "3.4e38",
		"3.4028235e38", "3.4028236e38", "1e39", "1e308", "1e309", "1e999", "-1e999", "1e-45", "1e-46", "1e-400",
		"1.4e-45",
		"1.17549435e-38", "16777216", "16777217", "16777218", "16777219", "16777217.0000000000000001",
		"9007199254740993",
		"9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "0.1",
		"0.30000001",
		"123456789012345678901234567890", "0.000000000000000000000000000001", "000000000000000000000000000001.5",
		"1e+5", "1E5", "1e", "1e+", "1.e", "1x", "1.5.5", "1-2", "12,5", "1 ", "1e5e5", "1e99999999999999999999",
		"0e99999999999999999999", "1e-99999999999999999999", "8388608.5", "8388609.5", "0.50000002980232238769531250",
		"12345678", "123456789", "1234567.12345678", "12345678.123456789",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_number(texts[i]);
}

Test(numbers, that_are_none)
{
	static const char *const texts[] = {"", "-", "+", ".", "-.", "e5", ".e5", "x", "--1", "inf", "nan", "0x", " 1"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char padded[40] = {0};
		float value;
		double real;
		strcpy(padded, texts[i]);
		bool zero = strcmp(texts[i], "0x") == 0;        /* 0 and something after it */
		cr_expect_eq(number_float(padded, '.', &value), zero ? padded + 1 : NULL, "`%s`", texts[i]);
		cr_expect_eq(number_double(padded, '.', &real), zero ? padded + 1 : NULL, "`%s`", texts[i]);
	}
}

static uint64_t next_word(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The nearest that a text can be to the middle between two floats, and many others. */
Test(numbers, of_every_length)
{
	uint64_t state = 88172645463325252u;
	for (int i = 0; i < 100000; i++) {
		char text[120];
		const uint64_t a = next_word(&state), b = next_word(&state);
		const uint32_t word = (uint32_t)(a & 0x7fffff) | (uint32_t)(100 + b % 60) << 23;
		float single;
		double real;
		memcpy(&single, &word, sizeof single);
		memcpy(&real, &a, sizeof real);
		const double middle = ((double)single + (double)nextafterf(single, INFINITY)) / 2;
		switch (i % 5) {
		case 0: snprintf(text, sizeof text, "%.*g", (int)(6 + (b >> 20) % 20), middle); break;
		case 1: snprintf(text, sizeof text, "%.17g", isfinite(real) ? real : 1); break;
		case 2: snprintf(text, sizeof text, "%.*f", (int)(b % 12), (double)(int64_t)a / 1e15); break;
		case 3:
			snprintf(text, sizeof text, "%llue%d", (unsigned long long)(a >> b % 60), (int)(b >> 32) % 50 - 25);
			break;
		default:
			snprintf(text, sizeof text, "00%llu.%0*llue-%d", (unsigned long long)a, (int)(b % 30),
				(unsigned long long)b,
				(int)(a % 50));
		}
		expect_number(text);
	}
}

Test(numbers, with_a_comma)
{
	static const struct { const char *text; float value; int length; } cases[] = {
		{"1,5", 1.5f, 3}, {"-,25", -0.25f, 4}, {"1.5", 1, 1}, {"1,5e2", 150, 5}, {"12345678901234567890123,5",
			1.2345679e22f, 25},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char padded[60] = {0};
		float value;
		strcpy(padded, cases[i].text);
		cr_expect_eq(number_float(padded, ',', &value), padded + cases[i].length, "%s", cases[i].text);
		cr_expect_eq(value, cases[i].value, "%s", cases[i].text);
	}
}

/* ---- tables */

/* Reads a table of this text. */
static bool read_text(Data *data, const char *text, size_t length, const DataOptions *options, Failure *failure)
{
	char path[] = "/tmp/bnc_table_XXXXXX.csv";
	int file = mkstemps(path, 4);
	cr_assert(file >= 0 && write(file, text, length) == (ssize_t)length);
	close(file);
	bool done = data_open(data, path, options, failure);
	data->name = "t.csv";
	unlink(path);
	return done;
}

static DataOptions with(const char *target, const char *ignore, Missing missing)
{
	return (DataOptions){.target = target, .ignore = ignore, .missing = missing};
}

static void print_table(const Data *data, char *out, size_t size)
{
	size_t used = 0;
	out[0] = 0;
	for (int row = 0; row < data->rows && used < size; row++) {
		for (int i = 0; i < data->features && used < size; i++)
			used += (size_t)snprintf(out + used, size - used, "%s%.9g", i ? " " : "",
				(double)data->x[row * data->features + i]);
		for (int i = 0; i < data->target_features && used < size && !data->labels; i++)
			used += (size_t)snprintf(out + used, size - used, "%s%.9g", i ? " " : ":",
				(double)data->targets[row * data->target_features + i]);
		if (data->labels && used < size)
			used += (size_t)snprintf(out + used, size - used, ":%s", data->class_names[data->labels[row]]);
		if (used < size)
			used += (size_t)snprintf(out + used, size - used, "/");
	}
}

typedef struct Case { const char *text; const char *target, *ignore; Missing missing; const char *expected; } Case;

/* expected: the rows as values:label or values:targets, with a / after each. */
static const Case tables[] = {
	{"1,2,a\n3,4,b\n", .expected = "1 2:a/3 4:b/"},
	{"1,2,a\n3,4,b", .expected = "1 2:a/3 4:b/"},
	{"1;2;a\r\n3;4;b\r\n", .expected = "1 2:a/3 4:b/"},
	{"1\t2\ta\n3\t4\tb\n\n\n", .expected = "1 2:a/3 4:b/"},
	{"1|2|a\r3|4|b\r", .expected = "1 2:a/3 4:b/"},
	{"1 2 a\n 3   4\tb \n", .expected = "1 2:a/3 4:b/"},
	{"\xef\xbb\xbfx,y,t\n1, 2, a\n3 ,4 ,b \n", .expected = "1 2:a/3 4:b/"},
	{"#t,x,y\na,1,2\nb,3,4\n", .target = "t", .expected = "1 2:a/3 4:b/"},
	{"# made by hand\n# t,x,y\na,1,2\nb,3,4\n", .target = "t", .expected = "1 2:a/3 4:b/"},
	{"# made by hand\n1,2,a\n3,4,b\n", .expected = "1 2:a/3 4:b/"},
	{"sep=;\nx;y;t\n1;2;a\n3;4;b\n", .expected = "1 2:a/3 4:b/"},
	{"x;t\n1,5;a\n-2,25e1;b\n", .expected = "1.5:a/-22.5:b/"},
	{"x;t\n1.5;a,b\n2;b\n", .expected = "1.5:a,b/2:b/"},
	{"\"x\",\"t\"\n\"1\",\"a \"\"b\"\", c\"\n \"2.5\" ,\"c\nd\"\n", .expected = "1:a \"b\", c/2.5:c\nd/"},
	{"0,1,2,t\n5,6,7,a\n8,9,10,b\n", .expected = "5 6 7:a/8 9 10:b/"},
	{"p,x,a\nq,x,b\np,y,a\nq,x,b\n", .expected = "1 0 1 0:a/0 1 1 0:b/1 0 0 1:a/0 1 1 0:b/"},
	{"x,y,t\n1,2,3\n4,5,6\n", .expected = "1 2:3/4 5:6/"},
	{"x,y,t\n1,2,3.5\n4,5,6\n", .expected = "1 2:3.5/4 5:6/"},
	{"x,y,t\n1,2,-1\n4,5,1\n", .expected = "1 2:-1/4 5:1/"},
	{"x,y,t\n1,2,10\n4,5,9\n4,5,10\n", .expected = "1 2:10/4 5:9/4 5:10/"},
	{"x,y,t\n1,2,3\n4,5,6\n", .target = "x", .expected = "2 3:1/5 6:4/"},
	{"x,y,t\n1,2,3\n4,5,6\n", .target = "1", .ignore = "t", .expected = "2:1/5:4/"},
	{"x,y,t\n1,2,3\n4,5,6\n", .target = "t,x", .expected = "2:3 1/5:6 4/"},
	{"x,y,t\n1,2,3\n4,5,6\n", .ignore = "3", .expected = "1:2/4:5/"},
	{"x,2,t\n1,2,3\n4,5,6\n", .target = "2", .expected = "1 3:2/4 6:5/"},
	{"\"x,y\",y,t\n1,2,3\n4,5,6\n", .target = "x,y", .expected = "2 3:1/5 6:4/"},
	{",x,t\n0,5,a\n1,6,b\n", .expected = "5:a/6:b/"},
	{"x,t,,\n5,a,,\n6,b,,\n", .expected = "5:a/6:b/"},
	{"c,x,t\nred,1,a\nblue,2,b\nred,3,a\n", .expected = "0 1 1:a/1 0 2:b/0 1 3:a/"},
	{"x,y,t\n1,2,a\nNA,5,b\n3,?,a\n5,8,b\n", .missing = MISSING_DROP, .expected = "1 2:a/5 8:b/"},
	{"x,y,t\n1,2,a\nNA,5,b\n3,,a\n5,8,b\n", .missing = MISSING_MEAN, .expected = "1 2:a/3 5:b/3 5:a/5 8:b/"},
	{"c,x,t\nred,1,a\nblue,2,b\nnan,3,a\nred,4,b\nred,5,b\n", .missing = MISSING_MEAN,
		.expected = "0 1 1:a/1 0 2:b/0.25 0.75 3:a/0 1 4:b/0 1 5:b/"},
	{"x,t\n1,a\n2,\n3,b\n", .missing = MISSING_DROP, .expected = "1:a/3:b/"},
	{"x,y\n1,2\n,4\n5,6\n", .missing = MISSING_DROP, .expected = "1:2/5:6/"},
	{"x,y,t\n1,1e-999,a\n3,-0,b\n", .expected = "1 0:a/3 -0:b/"},
	{"x,t\n123456789012345678901234567890,a\n1e38,b\n", .expected = "1.23456789e+29:a/9.99999968e+37:b/"},
};

Test(tables, are_read)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		const Case *c = &tables[i];
		const DataOptions options = with(c->target, c->ignore, c->missing);
		Data data;
		Failure failure;
		char printed[400];
		bool done = read_text(&data, c->text, strlen(c->text), &options, &failure);
		cr_expect(done, "%s: %s", c->text, failure.text);
		if (!done)
			continue;
		print_table(&data, printed, sizeof printed);
		cr_expect_str_eq(printed, c->expected, "%s: %s", c->text, printed);
		cr_expect_eq(data.rank, 1);
		cr_expect_eq(data.dims[0], data.features);
		data_close(&data);
	}
}

/* With --dtype f64, each number is the double that is nearest to its text: no float is between. */
Test(tables, are_read_as_doubles)
{
	static const char text[] = "c,x,y,t\nred,0.1,1e300,0.30000000000000004\nblue,0.2,,16777217.1\n"
		"\"red\",\"0.7\",1e299,-0.9\n";
	static const double x[] = {0, 1, 0.1, 1e300, 1, 0, 0.2, (1e300 + 1e299) / 2, 0, 1, 0.7, 1e299};
	static const double targets[] = {0.30000000000000004, 16777217.1, -0.9};
	const DataOptions options = {.missing = MISSING_MEAN, .number_bytes = sizeof(double)};
	Data data;
	Failure failure;
	cr_assert(read_text(&data, text, sizeof text - 1, &options, &failure), "%s", failure.text);
	cr_assert_eq(data.rows * data.features, (int)(sizeof x / sizeof *x));
	cr_expect_arr_eq(data.x_f64, x, sizeof x);
	cr_expect_arr_eq(data.targets_f64, targets, sizeof targets);
	data_close(&data);
	static const char large[] = "x,t\n1,2\n3,1e309\n";
	cr_assert_not(read_text(&data, large, sizeof large - 1, &options, &failure));
	cr_expect(strstr(failure.text, ":3: column 2 (t) holds 1e309, expected a finite number of double"), "%s",
		failure.text);
}

/* In the message, what follows the name of the file. */
static const Case mistakes[] = {
	{"", .expected = " is empty, expected a table as text"},
	{"\n\r\n  \n", .expected = " is empty"},
	{"x,y,t\n", .expected = " has only a header"},
	{"# only\n#comments\n", .expected = " has comments only"},
	{"x,y,t\n1,2,a\n3,b\n", .expected = ":3: 2 columns, expected 3 as in the header"},
	{"1,2,a\n3,4,b\n5,6,7,c\n", .expected = ":3: 4 columns, expected 3 as in the first row"},
	{"x,y,t\n1,2,a\n3,four,b\n5,6,a\n", .expected = ":3: column 2 (y) holds `four`, expected a number"},
	{"x\ty\tt\n1\t2,5\ta\n3\t4.5\tb\n5\t6\ta\n", .expected = ":2: column 2 (y) holds `2,5`, expected a number as in "
		"the other rows: write numbers with a point"},
	{"x,y,t\n1,2,a\n3,,b\n", .expected = ":3: column 2 (y) is missing: --missing mean puts"},
	{"1,2,a\n3,NA,b\n", .expected = ":2: column 2 is missing (`NA`): --missing mean"},
	{"x,y,t\n1,2,a\n3,4,?\n5,6,b\n", .expected = ":3: the target, column 3 (t) is missing (`?`): --missing drop"},
	{"x,y,t\n1,2,a\n3,4,?\n5,6,b\n", .missing = MISSING_MEAN, .expected = "the target, column 3 (t) is missing"},
	{"x,t\n,a\n,b\n", .missing = MISSING_MEAN, .expected = "column 1 (x) has no value in any row"},
	{"x,y,t\n,2,a\n3,,b\n", .missing = MISSING_DROP, .expected = " a value is missing in every row"},
	{"x,y,t\n1,2,a\n3,inf,b\n", .expected = ":3: column 2 (y) holds inf, expected a finite number"},
	{"x,y,t\n1,2,a\n3,1e999,b\n", .expected = ":3: column 2 (y) holds 1e999, expected a finite number of single"},
	{"x,y,t\n1,2,a\n3,\"4,b\n", .expected = ":3: a quote opens here, and no other closes it"},
	{"x,y,t\n1,\"2\"3,a\n", .expected = ":2: `3,a"},
	{"x\n1\n2\n", .expected = " has 1 column, expected inputs and a target"},
	{"x,t\n1,2\n2,3\n", .ignore = "x", .expected = " has 2 columns, and no input is left"},
	{"width,t\n1,2\n2,3\n", .target = "widht", .expected = " has no column `widht` for --target: did you mean `width`? "
		"It has width, t"},
	{"width,t\n1,2\n2,3\n", .target = "zebra", .expected = " has no column `zebra` for --target. It has width, t"},
	{"width,t\n1,2\n2,3\n", .ignore = "3", .expected = " has 2 columns, so --ignore takes a name or a number from 1 to "
		"2"},
	{"1,2\n2,3\n", .target = "width", .expected = " has no header, so --target takes the numbers of columns, from 1 to "
		"2"},
	{"x,x,t\n1,2,3\n2,3,4\n", .target = "x", .expected = " has two columns `x`, 1 and 2: give --target the number"},
	{"x,y,t\n1,2,3\n2,3,4\n", .target = "t", .ignore = "t", .expected = "--ignore names column 3 (t), which is a "
		"target"},
	{"x,y,t\n1,2,3\n2,3,4\n", .target = "t,t", .expected = "--target names column 3 (t), which is a target already"},
	{"x,y,t\n1,a,3\n2,b,4\n", .target = "t,y", .expected = "column 2 (y) holds texts, but several targets must be "
		"numbers"},
	{"\xff\xfe" "1", .expected = " is text in UTF-16, expected UTF-8"},
	{"<!DOCTYPE html>\n", .expected = " is a web page"},
};

Test(tables, mistakes_are_named)
{
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		const Case *c = &mistakes[i];
		const DataOptions options = with(c->target, c->ignore, c->missing);
		Data data;
		Failure failure = {.text = ""};
		cr_assert_not(read_text(&data, c->text, strlen(c->text), &options, &failure), "%s", c->text);
		cr_expect(strstr(failure.text, c->expected), "%s: expected `%s` in\n%s", c->text, c->expected, failure.text);
	}
	static const char zero[] = "x,t\n1,a\n2,\0\n";
	Data data;
	Failure failure;
	cr_assert_not(read_text(&data, zero, sizeof zero - 1, 0, &failure));
	cr_expect(strstr(failure.text, ":3: a byte 0 at offset 10"), "%s", failure.text);
}

Test(tables, texts_that_tell_rows_apart_are_no_inputs)
{
	char text[2000] = "name,x,t\n";
	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), 40, "person %d,%d,%d\n", i, i, i % 2);
	Data data;
	Failure failure;
	cr_assert_not(read_text(&data, text, strlen(text), 0, &failure));
	cr_expect(strstr(failure.text, "column 1 (name) holds 40 different texts in 40 rows, and each would be an input of "
		"its own: leave it out with --ignore 1"), "%s", failure.text);
	const DataOptions options = with(0, "name", MISSING_REFUSED);
	cr_expect(read_text(&data, text, strlen(text), &options, &failure));
	cr_expect_eq(data.features, 1);
	data_close(&data);
}

/* What makes labels, and why there are none. */
Test(tables, labels_or_values)
{
	static const struct { const char *text; int classes; const char *first, *reason; } cases[] = {
		{"1,b\n2,a\n", 2, "a", 0}, {"1,7\n2,-3\n", 2, "-3", 0}, {"1,1e1\n2,9.0\n", 2, "9", 0}, {"1,1\n2,1\n", 1, "1",
			0},
		{"1,0.5\n2,1\n", 0, 0, "column 2 holds 0.5: classes are texts or whole numbers"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Data data;
		Failure failure;
		cr_assert(read_text(&data, cases[i].text, strlen(cases[i].text), 0, &failure), "%s", failure.text);
		cr_expect_eq(data.classes, cases[i].classes, "%s", cases[i].text);
		cr_expect_eq(!data.labels, !cases[i].classes);
		cr_expect(!cases[i].first || strcmp(data.class_names[0], cases[i].first) == 0, "%s: %s", cases[i].text,
			data.class_names ? data.class_names[0] : "");
		cr_expect(!cases[i].reason || strstr(data.unlabelled, cases[i].reason), "%s: %s", cases[i].text,
			data.unlabelled);
		data_close(&data);
	}
}

/* ---- tables that become numbers as another one did */

static const char trained[] = "c,x,t\nred,1,yes\nblue,2,no\nred,3,yes\n";

Test(schemas, give_others_the_same_numbers)
{
	static const Case cases[] = {
		{"c,x,t\nblue,5,no\n", .expected = "1 0 5:no/"},
		{"t,extra,x,c\nyes,1,5,red\n", .expected = "0 1 5:yes/"},
		{"red,5,yes\n", .expected = "0 1 5:yes/"},
		{"c,x\nred,5\n", .target = "none", .expected = "0 1 5/"},
		{"x,c\n5,red\n", .target = "none", .expected = "0 1 5/"},
		{"t,x,c\n,5,red\n", .target = "none", .expected = "0 1 5/"},
		{"red,5\n", .target = "none", .expected = "0 1 5/"},
	};
	static const Case wrong[] = {
		{"c,x\nred,5\n", .expected = " has no column `t`, which the network was trained to tell; it has c, x"},
		{"c,z,t\nred,5,no\n", .expected = " has no column `x`, which the network was trained with"},
		{"c,x,t\ngreen,5,no\n", .expected = ":2: column 1 (c) holds `green`, which the network was not trained with: "
			"it knows blue, red"},
		{"c,x,t\nred,5,maybe\n", .expected = "column 3 (t) holds `maybe`, which the network was not trained with"},
		{"1,2,3,4\n", .expected = " has 4 columns, but the network was trained with a table of 3, of which 2 are "
			"inputs"},
		{"c,x,t\nred,,no\n", .missing = MISSING_MEAN, .expected = "its mean is not known to these weights"},
		{"c,x,t\nred,,no\n", .expected = "its mean is not known to these weights"},
	};
	Data data, other;
	Failure failure;
	cr_assert(read_text(&data, trained, sizeof trained - 1, 0, &failure), "%s", failure.text);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const DataOptions options = {.schema = data.schema, .without_target = cases[i].target};
		char printed[200];
		cr_assert(read_text(&other, cases[i].text, strlen(cases[i].text), &options, &failure), "%s", failure.text);
		print_table(&other, printed, sizeof printed);
		cr_expect_str_eq(printed, cases[i].expected, "%s: %s", cases[i].text, printed);
		cr_expect_eq(other.target_features, cases[i].target ? 0 : 1);
		data_close(&other);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const DataOptions options = {.schema = data.schema, .missing = wrong[i].missing};
		cr_assert_not(read_text(&other, wrong[i].text, strlen(wrong[i].text), &options, &failure), "%s", wrong[i].text);
		cr_expect(strstr(failure.text, wrong[i].expected), "%s: %s", wrong[i].text, failure.text);
	}
	data_close(&data);
}

/* Reads the table with the schema of the JSON text, and prints it. */
static void expect_with(const char *json, const char *text, const char *expected)
{
	Schema *schema = schema_read(json);
	Data data;
	Failure failure;
	char printed[200];
	cr_assert(schema, "%s", json);
	const DataOptions options = {.schema = schema};
	cr_assert(read_text(&data, text, strlen(text), &options, &failure), "%s", failure.text);
	print_table(&data, printed, sizeof printed);
	cr_expect_str_eq(printed, expected, "%s: %s", json, printed);
	data_close(&data);
	schema_free(schema);
}

Test(schemas, are_kept_as_text)
{
	const DataOptions options = {.missing = MISSING_MEAN, .standardize = true};
	Data data;
	Failure failure;
	cr_assert(read_text(&data, trained, sizeof trained - 1, &options, &failure), "%s", failure.text);
	char *json = schema_write(data.schema);
	cr_assert(json);
	Schema *schema = schema_read(json);
	cr_assert(schema, "%s", json);
	char *again = schema_write(schema);
	cr_expect_str_eq(json, again);
	schema_free(schema);
	expect_with(json, trained, "-0.707106769 0.707106769 -1.22474492:yes/1.41421354 -1.41421354 0:no/"
		"-0.707106769 0.707106769 1.22474492:yes/");
	free(json);
	free(again);
	data_close(&data);
	expect_with("{\"features\":1,\"width\":3,\"inputs\":[{\"place\":2}],\"targets\":[{\"place\":0,\"whole\":true,"
		"\"texts\":[\"-3\",\"7\",\"10\"]}]}", "10,5,6\n-3,7,8\n", "6:10/8:-3/");
}

/* Rows that are to be told something are not left out. */
Test(schemas, know_what_was_done_about_missing_values)
{
	static const char first[] = "x,y,t\n1,2,a\n,4,b\n3,6,a\n5,,b\n", other[] = "x,y,t\n,9,a\n7,8,b\n";
	static const struct { Missing trained, said; bool predicts; const char *expected; } cases[] = {
		{MISSING_MEAN, MISSING_REFUSED, false, "3 9:a/7 8:b/"}, {MISSING_MEAN, MISSING_REFUSED, true, "3 9/7 8/"},
		{MISSING_MEAN, MISSING_DROP, false, "7 8:b/"}, {MISSING_DROP, MISSING_REFUSED, false, "7 8:b/"},
		{MISSING_DROP, MISSING_REFUSED, true, 0}, {MISSING_DROP, MISSING_DROP, true, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const DataOptions begin = {.missing = cases[i].trained};
		Data data, again;
		Failure failure;
		cr_assert(read_text(&data, first, sizeof first - 1, &begin, &failure), "%s", failure.text);
		char *json = schema_write(data.schema), printed[200];
		Schema *schema = schema_read(json);
		const DataOptions then = {.schema = schema, .missing = cases[i].said, .without_target = cases[i].predicts};
		const bool done = read_text(&again, other, sizeof other - 1, &then, &failure);
		cr_expect_eq(done, cases[i].expected != 0, "%zu: %s", i, done ? "" : failure.text);
		if (done) {
			print_table(&again, printed, sizeof printed);
			cr_expect_str_eq(printed, cases[i].expected, "%zu: %s", i, printed);
			data_close(&again);
		} else
			cr_expect(strstr(failure.text, "its mean is not known to these weights"), "%s", failure.text);
		schema_free(schema);
		free(json);
		data_close(&data);
	}
}

Test(schemas, that_are_not_sound_are_refused)
{
	static const char *const texts[] = {
		"{\"features\":1,\"width\":1,\"inputs\":[{\"place\":0}],\"targets\":[],\"missing\":\"no\"}",
		"{\"features\":1,\"width\":1,\"inputs\":[{\"place\":0}],\"targets\":[],\"missing\":1}",
		"", "7", "{}", "{\"features\":1}", "{\"features\":-1,\"width\":0,\"inputs\":[],\"targets\":[]}",
		"{\"features\":1.5,\"width\":0,\"inputs\":[],\"targets\":[]}",
		"{\"features\":2,\"width\":1,\"inputs\":[{\"place\":0}],\"targets\":[]}",
		"{\"features\":1,\"width\":1,\"inputs\":[{\"place\":1}],\"targets\":[]}",
		"{\"features\":1,\"width\":2,\"inputs\":[{\"place\":1}],\"targets\":[{\"place\":1}]}",
		"{\"features\":1,\"width\":2,\"inputs\":[{\"place\":1,\"name\":5}],\"targets\":[]}",
		"{\"features\":2,\"width\":2,\"inputs\":[{\"place\":1,\"texts\":[\"b\",\"a\"]}],\"targets\":[]}",
		"{\"features\":2,\"width\":2,\"inputs\":[{\"place\":1,\"texts\":[\"a\",\"a\"]}],\"targets\":[]}",
		"{\"features\":1,\"width\":2,\"inputs\":[{\"place\":1,\"texts\":[1]}],\"targets\":[]}",
		"{\"features\":1,\"width\":2,\"inputs\":[{\"place\":1,\"means\":[1,2]}],\"targets\":[]}",
		"{\"features\":1,\"width\":2,\"inputs\":[{\"place\":1}],\"targets\":[{\"place\":0,\"whole\":true}]}",
		("{\"features\":1,\"width\":2,\"inputs\":[{\"place\":1}],\"targets\":[{\"place\":0,\"whole\":true,"
			"\"texts\":[\"1\",\"x\"]}]}"),
		"{\"features\":1,\"width\":1,\"inputs\":[{\"place\":0}],\"targets\":[],\"centres\":[0]}",
		"{\"features\":1,\"width\":1,\"inputs\":[{\"place\":0}],\"targets\":[],\"centres\":[0],\"deviations\":[0]}",
		"{\"features\":1,\"width\":1,\"inputs\":[{\"place\":0}],\"targets\":[],\"centres\":[0,1],\"deviations\":[1]}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_null(schema_read(texts[i]), "%s", texts[i]);
}

/* scikit-learn's StandardScaler: the deviation of the whole, and 1 for a value that never changes. */
Test(schemas, standardize)
{
	static const char text[] = "x,y,t\n1,5,a\n2,5,b\n6,5,a\n";
	const DataOptions options = {.standardize = true};
	Data data, other;
	Failure failure;
	char printed[200];
	cr_assert(read_text(&data, text, sizeof text - 1, &options, &failure), "%s", failure.text);
	print_table(&data, printed, sizeof printed);
	cr_expect_str_eq(printed, "-0.925820112 0:a/-0.462910056 0:b/1.38873017 0:a/", "%s", printed);
	cr_expect(data.schema->centres[1] == 5 && data.schema->deviations[1] == 1, "%g", data.schema->deviations[1]);
	const DataOptions known = {.schema = data.schema};
	cr_assert_not(data_open(&other, "moons:n=3,noise=0:", &known, &failure));
	cr_assert(data_open(&other, "moons:n=3,noise=0", &known, &failure), "%s", failure.text);
	cr_expect_float_eq(other.x[0], (1 - 3) / 2.160246899469287, 1e-6);
	data_close(&other);
	cr_assert_not(data_open(&other, "iris", &known, &failure));
	cr_expect(strstr(failure.text, "a sample of iris has 4 values, but the network was trained with 2"), "%s",
		failure.text);
	data_close(&data);
}
