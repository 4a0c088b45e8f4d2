/* --emit-test: a program that feeds the emitted code what bnc fed its own, and compares. Numbers are exact; where there are
 * many, as many as SAMPLES of them, evenly spaced. */
#include "standalone.h"
#include <string.h>

enum { MOST_ROWS = 8, STEPS = 3, SAMPLES = 16 };

static const float test_rate = 0.25f;

typedef struct Case {
	const Standalone *s;
	Code *code;
	Trial trial;
	size_t rows, inputs, outputs;   /* floats of a row */
	float *x, *target;
	int32_t *label;
} Case;

/* ---- text */

static void put_array(const Case *t, const char *type, const char *name, const float *values, size_t count)
{
	code_put(t->code, "static const %s %s[%zu] = {\n", type, name, count);
	put_floats(t->s, t->code, values, count);
	code_put(t->code, "};\n\n");
}

static void put_labels(const Case *t)
{
	code_put(t->code, "static const int32_t label[ROWS] = {");
	for (size_t row = 0; row < t->rows; row++)
		code_put(t->code, "%s%d", row ? ", " : " ", (int)t->label[row]);
	code_put(t->code, " };\n\n");
}

static const char beginning[] =
	"/* Tests %s: the numbers are those of bnc %s. Prints `N passed, N failed` and ends with status 0 or 1. */\n"
	"#include \"%s\"\n"
	"#include <stdio.h>\n"
	"#include <string.h>\n\n"
	"enum { ROWS = %d };\n\n";

static const char checks[] =
	"static int passed, failed;\n\n"
	"static void check(int good, const char *what)\n"
	"{\n"
	"\tif (!good)\n"
	"\t\tprintf(\"%s: wrong\\n\", what);\n"
	"\tpassed += good != 0;\n"
	"\tfailed += good == 0;\n"
	"}\n\n"
	"/* Each value may be off by relative times the largest expected one, and by least. */\n"
	"static void compare(const float *found, const float *expected, int count, float relative, float least, const char *what)\n"
	"{\n"
	"\tfloat largest = 0;\n\n"
	"\tfor (int i = 0; i < count; i++) {\n"
	"\t\tconst float magnitude = expected[i] < 0 ? -expected[i] : expected[i];\n"
	"\t\tlargest = magnitude > largest ? magnitude : largest;\n"
	"\t}\n"
	"\tfor (int i = 0; i < count; i++) {\n"
	"\t\tconst float off = found[i] < expected[i] ? expected[i] - found[i] : found[i] - expected[i];\n"
	"\t\tif (!(off <= relative * largest + least)) {\n"
	"\t\t\tprintf(\"%s: number %d is %.9g, expected %.9g\\n\", what, i, (double)found[i], (double)expected[i]);\n"
	"\t\t\tcheck(0, what);\n"
	"\t\t\treturn;\n"
	"\t\t}\n"
	"\t}\n"
	"\tcheck(1, what);\n"
	"}\n\n";

static const char ending[] =
	"\tprintf(\"%d passed, %d failed\\n\", passed, failed);\n"
	"\treturn failed > 0;\n"
	"}\n";

/* ---- training */

static const char training_functions[] =
	"static @ net, copy;\n"
	"static unsigned char saved[$_SAVE_BYTES];\n"
	"static float values[%zu];\n\n"
	"/* Up to %d values of a tensor, evenly spaced. */\n"
	"static int sample(const @ *from, int tensor, float *to)\n"
	"{\n"
	"\tconst int count = (int)(@_tensors[tensor].shape[0] * @_tensors[tensor].shape[1]);\n"
	"\tconst int samples = count < %d ? count : %d;\n\n"
	"\t@_get(from, &@_tensors[tensor], values);\n"
	"\tfor (int i = 0; i < samples; i++)\n"
	"\t\tto[i] = values[(long)i * count / samples];\n"
	"\treturn samples;\n"
	"}\n\n"
	"/* The first step takes from a parameter, with plain SGD, %g times its gradient. */\n"
	"static void compare_update(int tensor, const float *expected)\n"
	"{\n"
	"\tfloat before[%d], after[%d];\n"
	"\tconst int samples = sample(&copy, tensor, before);\n\n"
	"\tsample(&net, tensor, after);\n"
	"\tfor (int i = 0; i < samples; i++)\n"
	"\t\tafter[i] = before[i] - after[i];\n"
	"\tcompare(after, expected, samples, 1e-4f, 1e-6f, @_tensors[tensor].name);\n"
	"}\n\n"
	"static void compare_tensor(int tensor, const float *expected)\n"
	"{\n"
	"\tfloat found[%d];\n"
	"\tconst int samples = sample(&net, tensor, found);\n\n"
	"\tcompare(found, expected, samples, 1e-4f, 1e-6f, @_tensors[tensor].name);\n"
	"}\n\n";

static const char training_main[] =
	"int main(void)\n"
	"{\n"
	"\tfloat y[ROWS * $_OUTPUTS], loss[%d];\n\n"
	"\t@_init%s;\n"
	"\t@_predict(&net, x, y, ROWS);\n"
	"\tcompare(y, outputs, ROWS * $_OUTPUTS, 1e-5f, 1e-6f, \"outputs\");\n\n"
	"\tcopy = net;\n"
	"\tloss[0] = @_train(&net, x, %s, ROWS, %s);\n";

static const char training_end[] =
	"\n\tfor (int step = 1; step < %d; step++)\n"
	"\t\tloss[step] = @_train(&net, x, %s, ROWS, %s);\n"
	"\tcompare(loss, losses, %d, 1e-5f, 1e-6f, \"losses\");\n";

static const char training_saves[] =
	"\n\tcheck(@_save(&net, saved, sizeof saved - 1) == 0, \"a buffer that is too small\");\n"
	"\tcheck(@_save(&net, saved, sizeof saved) == sizeof saved, \"saving\");\n"
	"\tcheck(@_load(&copy, saved, sizeof saved - 1) == $_LOAD_SHORT, \"a save that is cut off\");\n"
	"\tsaved[sizeof saved / 2] ^= 1;\n"
	"\tcheck(@_load(&copy, saved, sizeof saved) == $_LOAD_DAMAGED, \"a damaged save\");\n"
	"\tsaved[sizeof saved / 2] ^= 1;\n"
	"\tsaved[5] ^= 1;\n"
	"\tcheck(@_load(&copy, saved, sizeof saved) == $_LOAD_FOREIGN, \"a save of another network\");\n"
	"\tsaved[5] ^= 1;\n"
	"\tcheck(@_load(&copy, saved, sizeof saved) == $_LOAD_OK, \"loading\");\n"
	"\tloss[0] = @_train(&net, x, %s, ROWS, %s);\n"
	"\tloss[1] = @_train(&copy, x, %s, ROWS, %s);\n"
	"\tcheck(memcmp(&loss[0], &loss[1], sizeof loss[0]) == 0, \"training on after loading\");\n"
	"\tloss[0] = @_train(&net, x, %s, $_MAX_BATCH + 1, %s);\n"
	"\tcheck(loss[0] != loss[0], \"too many rows\");\n"
	"\tloss[0] = @_train(&net, x, %s, $_MIN_BATCH - 1, %s);\n"
	"\tcheck(loss[0] != loss[0], \"too few rows\");\n";

static int sample(const Case *t, const Tensor *tensor, float *samples)
{
	size_t count = element_count(tensor);
	int wanted = count < SAMPLES ? (int)count : SAMPLES;
	float *values = NEW_ARRAY(t->s->arena, float, count);
	trial_get(&t->trial, tensor->path, values);
	for (int i = 0; i < wanted; i++)
		samples[i] = values[(size_t)i * count / (size_t)wanted];
	return wanted;
}

/* Expected numbers of the tensors that a network keeps, in the order of the emitted table. */
static void put_expected(const Case *t, const char *what, bool parameters_only, float (*before)[SAMPLES])
{
	const Tensor **tensors = NEW_ARRAY(t->s->arena, const Tensor *, t->s->c.tensors.count);
	int count = saved_tensors(t->s, tensors);
	for (int i = 0; i < count; i++) {
		float samples[SAMPLES];
		if (!tensors[i]->path || tensors[i]->layout == LAYOUT_COUNTER || (parameters_only && tensors[i]->role != ROLE_PARAMETER))
			continue;
		int wanted = sample(t, tensors[i], samples);
		for (int k = 0; parameters_only && k < wanted; k++)
			samples[k] = before[i][k] - samples[k];
		put_array(t, "float", arena_print(t->s->arena, "%s_%d", what, i), samples, (size_t)wanted);
	}
}

static void put_calls(const Case *t, const char *function, const char *what, bool parameters_only)
{
	const Tensor **tensors = NEW_ARRAY(t->s->arena, const Tensor *, t->s->c.tensors.count);
	int count = saved_tensors(t->s, tensors);
	for (int i = 0; i < count; i++)
		if (tensors[i]->path && tensors[i]->layout != LAYOUT_COUNTER && (!parameters_only || tensors[i]->role == ROLE_PARAMETER))
			code_put(t->code, "\t%s(%d, %s_%d);\n", function, i, what, i);
}

static size_t largest_tensor(const Case *t)
{
	size_t largest = 0;
	for (int i = 0; i < t->s->c.tensors.count; i++)
		if (is_persistent(t->s->c.tensors.items[i]) && element_count(t->s->c.tensors.items[i]) > largest)
			largest = element_count(t->s->c.tensors.items[i]);
	return largest;
}

static void put_training_test(const Case *t)
{
	const Standalone *s = t->s;
	const char *rate = number_text(s->arena, test_rate, true), *truth = t->trial.c.program.classifies ? "label" : "target";
	float losses[STEPS], *y = NEW_ARRAY(s->arena, float, t->rows * t->outputs);
	const Tensor **tensors = NEW_ARRAY(s->arena, const Tensor *, s->c.tensors.count);
	int count = saved_tensors(s, tensors);
	float (*before)[SAMPLES] = arena_alloc(s->arena, (size_t)count + 1, sizeof *before);
	for (int i = 0; i < count; i++)
		if (tensors[i]->path && tensors[i]->layout != LAYOUT_COUNTER)
			sample(t, tensors[i], before[i]);

	trial_predict(&t->trial, t->x, y);
	put_array(t, "float", "outputs", y, t->rows * t->outputs);
	losses[0] = trial_train(&t->trial, t->x, t->label, t->target, test_rate);
	put_expected(t, "update", true, before);
	for (int step = 1; step < STEPS; step++)
		losses[step] = trial_train(&t->trial, t->x, t->label, t->target, test_rate);
	put_array(t, "float", "losses", losses, STEPS);
	put_expected(t, "trained", false, 0);

	code_put(t->code, "%s", checks);
	put_template(s, t->code, training_functions, largest_tensor(t), SAMPLES, SAMPLES, SAMPLES, (double)test_rate, SAMPLES, SAMPLES, SAMPLES);
	put_template(s, t->code, training_main, STEPS, s->net ? "_trained(&net)" : "(&net, 0)", truth, rate);
	put_calls(t, "compare_update", "update", true);
	put_template(s, t->code, training_end, STEPS, truth, rate, STEPS);
	put_calls(t, "compare_tensor", "trained", false);
	put_template(s, t->code, training_saves, truth, rate, truth, rate, truth, rate, truth, rate);
}

/* ---- inference */

static const char inference_main[] =
	"static float scratch[$_SCRATCH];\n\n"
	"int main(void)\n"
	"{\n"
	"\tfloat y[ROWS * $_OUTPUTS];\n\n"
	"\t@_predict(x, y, ROWS, scratch);\n"
	"\tcompare(y, outputs, ROWS * $_OUTPUTS, 2e-5f, %gf, \"outputs of a batch\");\n"
	"\tfor (int row = 0; row < ROWS; row++)\n"
	"\t\t@_predict_one(x + row * $_INPUTS, y + row * $_OUTPUTS);\n"
	"\tcompare(y, outputs, ROWS * $_OUTPUTS, 2e-5f, %gf, \"outputs of single samples\");\n";

/* Against the network as it was trained, not as it was folded. */
static void put_inference_test(const Case *t)
{
	float *y = NEW_ARRAY(t->s->arena, float, t->rows * t->outputs);
	double allowed = 4 * t->s->difference + 1e-6;
	trial_predict(&t->trial, t->x, y);
	put_array(t, "float", "outputs", y, t->rows * t->outputs);
	code_put(t->code, "%s", checks);
	put_template(t->s, t->code, inference_main, allowed, allowed);
}

/* ---- both */

static void make_inputs(Case *t)
{
	Random random;
	random_seed(&random, 1);
	t->x = NEW_ARRAY(t->s->arena, float, t->rows * t->inputs);
	t->target = NEW_ARRAY(t->s->arena, float, t->rows * t->outputs);
	t->label = NEW_ARRAY(t->s->arena, int32_t, t->rows);
	for (size_t i = 0; i < t->rows * t->inputs; i++)
		t->x[i] = (float)numpy_normal(&random, 0, 1);
	for (size_t i = 0; i < t->rows * t->outputs; i++)
		t->target[i] = (float)numpy_normal(&random, 0, 1);
	for (size_t row = 0; row < t->rows; row++)
		t->label[row] = (int32_t)(random_u32(&random) % (uint32_t)t->outputs);
}

bool put_test(Standalone *s, Failure *failure)
{
	Case t = {.s = s, .code = &s->test};
	t.rows = !s->options->inference && s->c.network->batch < MOST_ROWS ? (size_t)s->c.network->batch : MOST_ROWS;
	if (!trial_open(s, &t.trial, (int)t.rows, false, failure))
		return false;
	t.inputs = (size_t)t.trial.c.program.inputs;
	t.outputs = (size_t)t.trial.c.program.outputs;
	make_inputs(&t);
	if (s->options->single_header)
		put_template(s, t.code, "#define $_IMPLEMENTATION\n");
	put_template(s, t.code, beginning, s->header_name, BNC_VERSION, s->header_name, (int)t.rows);
	put_array(&t, "float", "x", t.x, t.rows * t.inputs);
	if (!s->options->inference && t.trial.c.program.classifies)
		put_labels(&t);
	else if (!s->options->inference)
		put_array(&t, "float", "target", t.target, t.rows * t.outputs);
	if (s->options->inference)
		put_inference_test(&t);
	else
		put_training_test(&t);
	code_put(t.code, "%s", ending);
	trial_close(&t.trial);
	return true;
}
