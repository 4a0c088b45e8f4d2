/* --emit-test: a program that runs the emitted code on the inputs that bnc used, and compares the results with the
 * numbers of expected.c. */
#include "standalone.h"
#include <math.h>

/* ---- both kinds of program */

static void put_array(Standalone *s, const char *name, const void *values, size_t count)
{
	put_template(s, &s->test, "static const real %s[%zu] = {\n", name, count);
	put_table_values(s, &s->test, values, count);
	code_put(&s->test, "};\n\n");
}

static void put_labels(Standalone *s, const Expected *e)
{
	code_put(&s->test, "static const int32_t label[ROWS] = {");
	for (size_t row = 0; row < e->rows; row++)
		code_put(&s->test, "%s%d", row ? ", " : " ", (int)e->label[row]);
	code_put(&s->test, " };\n\n");
}

/* Writes the tolerance, rounded up to two digits. */
static const char *tolerance_text(Standalone *s, const Numbers *numbers)
{
	double unit = pow(10, floor(log10(fmax(numbers->tolerance, 1e-30))) - 1);
	return number_text(s->arena, ceil(fmax(numbers->tolerance, 1e-30) / unit) * unit,
		number_class(s->target.number_bytes));
}

static const char *name_of(Standalone *s, const Numbers *numbers)
{
	static const char *const names[] = {
		[NUMBERS_OUTPUTS] = "outputs", [NUMBERS_GRADIENT] = "gradient", [NUMBERS_LOSSES] = "losses",
		[NUMBERS_TRAINED] = "trained",
		[NUMBERS_PREDICTED] = "predicted",
	};
	return numbers->tensor < 0 ? names[numbers->kind] : arena_print(s->arena, "%s_%d", names[numbers->kind],
		numbers->tensor);
}

static void put_numbers(Standalone *s, const Expected *e)
{
	for (int i = 0; i < e->numbers.count; i++) {
		const Numbers *numbers = &e->numbers.items[i];
		void *values = arena_alloc(s->arena, (size_t)numbers->count, s->target.number_bytes);
		for (int k = 0; k < numbers->count; k++)
			number_put(values, s->target.number_bytes, (size_t)k, numbers->values[k]);
		put_array(s, name_of(s, numbers), values, (size_t)numbers->count);
	}
}

static const Numbers *first_of(const Expected *e, NumbersKind kind)
{
	int i = 0;
	while (e->numbers.items[i].kind != kind)
		i++;
	return &e->numbers.items[i];
}

static void put_comparisons(Standalone *s, const Expected *e, NumbersKind kind)
{
	for (int i = 0; i < e->numbers.count; i++) {
		const Numbers *numbers = &e->numbers.items[i];
		if (numbers->kind != kind)
			continue;
		code_put(&s->test, "\tcompare_%s(%d, ", kind == NUMBERS_GRADIENT ? "gradient" : "trained", numbers->tensor);
		if (kind == NUMBERS_GRADIENT)
			code_put(&s->test, "%d, ", numbers->state < 0 ? numbers->tensor : numbers->state);
		code_put(&s->test, "%s, %s);\n", name_of(s, numbers), tolerance_text(s, numbers));
	}
}

static const char beginning[] =
	"/* Tests %s: the numbers are those of bnc %s. Prints `N passed, N failed` and ends with status 0 or 1.\n"
	" *\n"
	" * Tolerances are what rounding can do to this network: bnc has computed each number again, several times, with "
	"every weight,\n"
	" * input and result of a kernel off by a rounding, and allows %g times the largest difference, and %.1g of the "
	"largest number. */\n"
	"#include \"%s\"\n"
	"#include <stdio.h>\n"
	"#include <string.h>\n\n"
	"enum { ROWS = %d };\n\n";

static const char checks[] =
	"static int passed, failed;\n\n"
	"/* By its bits: to compilers with -ffast-math there is no number that is not equal to itself. */\n"
	"static int is_nan(real value)\n"
	"{\n"
	"\t%s bits;\n\n"
	"\tmemcpy(&bits, &value, sizeof bits);\n"
	"\treturn (bits & %s) > %s;\n"
	"}\n\n"
	"static void check(int good, const char *what, const char *name)\n"
	"{\n"
	"\tif (!good)\n"
	"\t\tprintf(\"%%s%%s: wrong\\n\", what, name);\n"
	"\tpassed += good != 0;\n"
	"\tfailed += good == 0;\n"
	"}\n\n"
	"static void compare(const real *found, const real *expected, int count, real tolerance, const char *what, "
	"const char *name)\n"
	"{\n"
	"\tint i = 0;\n\n"
	"\twhile (i < count && !is_nan(found[i]) && found[i] - expected[i] <= tolerance && expected[i] - found[i] "
	"<= tolerance)\n"
	"\t\ti++;\n"
	"\tif (i < count)\n"
	"\t\tprintf(\"%%s%%s: number %%d is %%.%dg, expected %%.%dg, give or take %%.2g\\n\", what, name, i, "
	"(double)found[i],\n"
	"\t\t\t(double)expected[i], (double)tolerance);\n"
	"\tcheck(i == count, what, name);\n"
	"}\n\n";

static const char ending[] =
	"\tprintf(\"%d passed, %d failed\\n\", passed, failed);\n"
	"\treturn failed > 0;\n"
	"}\n";

/* ---- training */

static const char training_functions[] =
	"static @ net, copy;\n"
	"static unsigned char saved[$_SAVE_BYTES];\n"
	"static real values[%zu];\n\n"
	"/* Up to %d values of a tensor, evenly spaced. */\n"
	"static int sample(const @ *from, int tensor, real *to)\n"
	"{\n"
	"\tconst int count = (int)(@_tensors[tensor].shape[0] * @_tensors[tensor].shape[1]%s);\n"
	"\tconst int samples = count < %d ? count : %d;\n\n"
	"\t@_get(from, &@_tensors[tensor], values);\n"
	"\tfor (int i = 0; i < samples; i++)\n"
	"\t\tto[i] = values[(long)i * count / samples];\n"
	"\treturn samples;\n"
	"}\n\n"
	"/* net is copy after a step at a rate of %d, beside which nothing is left of the weights: what they lost, divided "
	"by it,\n"
	" * is %s. So is what the optimizer keeps, where it keeps it. */\n"
	"static void compare_gradient(int tensor, int kept, const real *expected, real tolerance)\n"
	"{\n"
	"\treal before[%d], found[%d];\n"
	"\tconst int samples = sample(&copy, tensor, before);\n\n"
	"\tsample(&net, kept, found);\n"
	"\tfor (int i = 0; kept == tensor && i < samples; i++)\n"
	"\t\tfound[i] = (before[i] - found[i]) / %d;\n"
	"%s"
	"\tcompare(found, expected, samples, tolerance, \"gradient of \", @_tensors[tensor].name);\n"
	"}\n\n"
	"static void compare_trained(int tensor, const real *expected, real tolerance)\n"
	"{\n"
	"\treal found[%d];\n"
	"\tconst int samples = sample(&net, tensor, found);\n\n"
	"\tcompare(found, expected, samples, tolerance, \"\", @_tensors[tensor].name);\n"
	"}\n\n";

static const char training_main[] =
	"int main(void)\n"
	"{\n"
	"\treal y[ROWS * $_OUTPUTS], loss[%d];\n\n"
	"\t@_init%s;\n"
	"\t@_predict(&net, x, y, ROWS);\n"
	"\tcompare(y, outputs, ROWS * $_OUTPUTS, %s, \"outputs\", \"\");\n\n"
	"\tcopy = net;\n"
	"\t@_train(&net, x, %s, ROWS, %d);\n";

static const char training_steps[] =
	"\n\tnet = copy;\n"
	"\tfor (int step = 0; step < %d; step++)\n"
	"\t\tloss[step] = @_train(&net, x, %s, ROWS, %s);\n"
	"%s"
	"\tcompare(loss, losses, %d, %s, \"losses\", \"\");\n";

static const char training_saves[] =
	"\t@_predict(&net, x, y, ROWS);\n"
	"\tcompare(y, predicted, ROWS * $_OUTPUTS, %s, \"outputs after training\", \"\");\n"
	"\n\tcheck(@_save(&net, saved, sizeof saved - 1) == 0, \"a buffer that is too small\", \"\");\n"
	"\tcheck(@_save(&net, saved, sizeof saved) == sizeof saved, \"saving\", \"\");\n"
	"\tcheck(@_load(&copy, saved, sizeof saved - 1) == $_LOAD_SHORT, \"a save that is cut off\", \"\");\n"
	"\tsaved[sizeof saved / 2] ^= 1;\n"
	"\tcheck(@_load(&copy, saved, sizeof saved) == $_LOAD_DAMAGED, \"a damaged save\", \"\");\n"
	"\tsaved[sizeof saved / 2] ^= 1;\n"
	"\tsaved[5] ^= 1;\n"
	"\tcheck(@_load(&copy, saved, sizeof saved) == $_LOAD_FOREIGN, \"a save of another network\", \"\");\n"
	"\tsaved[5] ^= 1;\n"
	"\tcheck(@_load(&copy, saved, sizeof saved) == $_LOAD_OK, \"loading\", \"\");\n"
	"\tloss[0] = @_train(&net, x, %s, ROWS, %s);\n"
	"\tloss[1] = @_train(&copy, x, %s, ROWS, %s);\n"
	"\tcheck(memcmp(&loss[0], &loss[1], sizeof loss[0]) == 0, \"training on after loading\", \"\");\n"
	"\tloss[0] = @_train(&net, x, %s, $_MAX_BATCH + 1, %s);\n"
	"\tcheck(is_nan(loss[0]), \"too many rows\", \"\");\n"
	"\tloss[0] = @_train(&net, x, %s, $_MIN_BATCH - 1, %s);\n"
	"\tcheck(is_nan(loss[0]), \"too few rows\", \"\");\n";

static void put_training_functions(Standalone *s, const Expected *e)
{
	const FirstStep *first = &e->first_step;
	const char *more = !s->convolves ? "" : arena_print(s->arena,
		"\n\t\t* %s_tensors[tensor].shape[2] * %s_tensors[tensor].shape[3]", s->prefix, s->prefix);
	const char *meaning = "the gradient", *undo = "", *loop = "\tfor (int i = 0; i < samples; i++)\n\t\tfound[i] ";
	if (first->decay != 0) {
		const char *decay = number_text(s->arena, first->decay, number_class(s->target.number_bytes));
		meaning = arena_print(s->arena, "the gradient + %s of the weight", decay);
		if (!first->squared)
			undo = arena_print(s->arena, "%s-= before[i] * %s;\n", loop, decay);
	}
	if (first->squared)
		meaning = arena_print(s->arena, "the square of (%s)", meaning);
	if (first->scale != 1) {
		const char *scale = number_text(s->arena, first->scale, number_class(s->target.number_bytes));
		meaning = arena_print(s->arena, "%s times (%s)", scale, meaning);
		undo = arena_print(s->arena, "%s/= %s;\n%s", loop, scale, undo);
	}
	size_t largest = 0;
	for (int i = 0; i < s->module->tensors.count; i++)
		if (is_persistent(s->module->tensors.items[i]) && element_count(s->module->tensors.items[i]) > largest)
			largest = element_count(s->module->tensors.items[i]);
	put_template(s, &s->test, training_functions, largest, SAMPLES, more, SAMPLES, SAMPLES, GRADIENT_RATE, meaning,
		SAMPLES, SAMPLES, GRADIENT_RATE, undo, SAMPLES);
}

static void put_training_test(Standalone *s, const Expected *e)
{
	const char *truth = classifies(s) ? "label" : "target", *rate = number_text(s->arena, (double)e->rate,
		number_class(s->target.number_bytes));
	put_training_functions(s, e);
	put_template(s, &s->test, training_main, TEST_STEPS, s->net ? "_trained(&net)" : "(&net, 0)",
		tolerance_text(s, first_of(e, NUMBERS_OUTPUTS)), truth, GRADIENT_RATE);
	put_comparisons(s, e, NUMBERS_GRADIENT);
	put_template(s, &s->test, training_steps, TEST_STEPS, truth, rate, s->module->batches
		? arena_print(s->arena, "\t%s_update(&net, %s);\n", s->prefix, rate) : "", TEST_STEPS,
		tolerance_text(s, first_of(e, NUMBERS_LOSSES)));
	put_comparisons(s, e, NUMBERS_TRAINED);
	put_template(s, &s->test, training_saves, tolerance_text(s, first_of(e, NUMBERS_PREDICTED)), truth, rate, truth,
		rate, truth, rate, truth, rate);
}

/* ---- inference: against the network as it was trained, not as it was folded */

static const char inference_main[] =
	"static real scratch[$_SCRATCH];\n\n"
	"int main(void)\n"
	"{\n"
	"\treal y[ROWS * $_OUTPUTS];\n\n"
	"\t@_predict(x, y, ROWS, scratch);\n"
	"\tcompare(y, outputs, ROWS * $_OUTPUTS, %s, \"outputs of a batch\", \"\");\n"
	"\tfor (int row = 0; row < ROWS; row++)\n"
	"\t\t@_predict_one(x + row * $_INPUTS, y + row * $_OUTPUTS);\n"
	"\tcompare(y, outputs, ROWS * $_OUTPUTS, %s, \"outputs of single samples\", \"\");\n";

bool put_test(Standalone *s, Failure *failure)
{
	Expected e = {0};
	if (!find_expected(s, &e, failure))
		return false;
	if (s->options->single_header)
		put_template(s, &s->test, "#define $_IMPLEMENTATION\n");
	put_template(s, &s->test, beginning, s->header_name, BNC_VERSION, test_margin,
		test_least_tolerance(s->target.number_bytes),
		s->header_name, (int)e.rows);
	put_array(s, "x", e.x, e.rows * e.inputs);
	if (!s->options->inference && classifies(s))
		put_labels(s, &e);
	else if (!s->options->inference)
		put_array(s, "target", e.target, e.rows * e.outputs);
	put_numbers(s, &e);
	const bool wide = s->target.number_bytes == sizeof(double);
	const int digits = number_digits(s->target.number_bytes);
	put_template(s, &s->test, checks, wide ? "uint64_t" : "uint32_t",
		wide ? "UINT64_C(0x7fffffffffffffff)" : "0x7fffffff",
		wide ? "UINT64_C(0x7ff0000000000000)" : "0x7f800000", digits, digits);
	if (s->options->inference) {
		const char *tolerance = tolerance_text(s, first_of(&e, NUMBERS_OUTPUTS));
		put_template(s, &s->test, inference_main, tolerance, tolerance);
	} else
		put_training_test(s, &e);
	code_put(&s->test, "%s", ending);
	return true;
}
