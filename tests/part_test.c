/* part_test.c: a network that is cut in two computes and learns what the whole one does. */
#include "network_support.h"
#include "tool/options.h"
#include <math.h>
#include <unistd.h>

enum { ROWS = 5, MOST_VALUES = 4096 };

/* Those with a residual, an image at the cut, statistics, dropout. */
static const char *const networks[] = {
	"linear 3 17; tanh; linear 8; relu; linear 4",
	"input 5; linear 17; batchnorm; relu; residual { linear 17; tanh }; batchnorm; sigmoid; last: linear 3; softplus",
	"input 2x5x4; conv2d 9 3 padding=1; batchnorm; relu; "
		"residual { conv2d 20 3 stride=2 padding=1 } { conv2d 20 1 stride=2 }; "
		"layernorm; dropout 0.4; maxpool2d 2; flatten; linear 7; elu; linear 2",
};

typedef struct Part { Compilation c; void *net; } Part;

/* The part of the network from a layer on and before another; null: the network's own ends. */
static Part open_part(const char *text, const KernelSet *set, const char *from, const char *until)
{
	Part part = {.c = {
		.arena = arena_open(), .source = {"t.net", text, strlen(text)},
		.options = {.target = set, .fuse = true, .batch = ROWS},
	}};
	Overrides overrides = {.batch = -1, .epochs = -1, .lr = -1, .from = from, .until = until};
	Failure failure = {.text = ""};
	bool ok = compile(&part.c, STAGE_RUN, &overrides, &failure);
	if (!ok)
		diagnostics_print(part.c.diagnostics, stderr);
	cr_assert(ok, "%s: %s", text, failure.text);
	part.net = allocate_net(&part.c);
	return part;
}

static void close_part(Part *part)
{
	program_free(&part->c.module->program, part->net);
	compilation_close(&part->c);
}

static void fill(float *values, int count, Random *random)
{
	for (int i = 0; i < count; i++)
		values[i] = (float)numpy_normal(random, 0, 1);
}

static Batch batch_of(const Part *part, float *x, int *labels)
{
	static float targets[MOST_VALUES];      /* of a part without a loss, for which they do not matter */
	return (Batch){
		.rows = ROWS, .inputs = part->c.module->program.inputs, .outputs = part->c.module->program.outputs, .x = x,
		.labels = labels, .targets = targets,
	};
}

/* Initialises the whole network, moves it away from what initial weights have in common, and writes it to a file. */
static void save_whole(Part *whole, const char *path, float *x, int *labels, Random *random)
{
	Failure failure;
	cr_assert(program_initialise(&whole->c.module->program, whole->net, random, &failure));
	program_set_random(&whole->c.module->program, whole->net, random);
	const Batch batch = batch_of(whole, x, labels);
	for (int i = 0; i < 3; i++)
		train_on(&whole->c, whole->net, &batch, 0.1f);
	cr_assert(program_save(&whole->c.module->program, whole->net, path, 0, &failure), "%s", failure.text);
}

static void load_part(Part *part, const char *path)
{
	Failure failure;
	Loaded loaded;
	cr_assert(program_load(&part->c.module->program, part->net, path, &loaded, &failure), "%s", failure.text);
	cr_expect_eq(loaded.uncounted, 0);
}

static void expect_same(const float *found, const float *expected, int count, const char *text, const char *cut)
{
	float largest = 1;
	for (int i = 0; i < count; i++)
		largest = fmaxf(largest, fabsf(expected[i]));
	for (int i = 0; i < count; i++)
		cr_assert_float_eq(found[i], expected[i], 2e-6f * largest, "%s, cut before %s: [%d] is %g, not %g", text, cut,
			i, (double)found[i], (double)expected[i]);
}

/* What the first part gives, the second part takes, and gives what the whole network gives. */
static void check_cut(const char *text, const KernelSet *set, const char *cut)
{
	static float x[MOST_VALUES], middle[MOST_VALUES], y[MOST_VALUES], expected[MOST_VALUES];
	int labels[ROWS] = {0, 1, 1, 0, 1};
	char path[] = "/tmp/bnc-part-XXXXXX";
	Random random;
	random_seed(&random, 7);
	close(mkstemp(path));
	Part whole = open_part(text, set, 0, 0);
	Part first = open_part(text, set, 0, cut), second = open_part(text, set, cut, 0);
	Batch of_whole = batch_of(&whole, x, labels), of_first = batch_of(&first, x, labels),
		of_second = batch_of(&second, middle, labels);
	fill(x, ROWS * of_whole.inputs, &random);
	save_whole(&whole, path, x, labels, &random);
	load_part(&first, path);
	load_part(&second, path);
	unlink(path);
	predict_rows(&whole.c, whole.net, &of_whole, expected);
	predict_rows(&first.c, first.net, &of_first, middle);
	cr_assert_eq(of_first.outputs, of_second.inputs);
	predict_rows(&second.c, second.net, &of_second, y);
	expect_same(y, expected, ROWS * of_whole.outputs, text, cut);
	cr_expect_eq(first.c.module->program.truth, TRUTH_VALUES);
	cr_expect_eq(program_parameters(&first.c.module->program) + program_parameters(&second.c.module->program),
		program_parameters(&whole.c.module->program));
	close_part(&whole);
	close_part(&first);
	close_part(&second);
}

/* Before each layer but the first and those inside of residuals. */
Test(part, two_give_what_the_whole_gives)
{
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
		Compilation c;
		compile_text(&c, networks[i], kernel_set("scalar"), true, STAGE_NETWORK);
		int cuts = 0;
		for (int k = 1; k < c.network->nodes.count; k++) {
			const char *cut = c.network->nodes.items[k]->path;
			if (strchr(cut, '.'))
				continue;
			FOR_EACH_USABLE_SET(set)
				check_cut(networks[i], set, cut);
			cuts++;
		}
		cr_expect_gt(cuts, 3);
		compilation_close(&c);
	}
}

/* The loss of the last layers alone, after each of some steps, is that of the whole network whose first layers stay as
 * they are: they have nothing to learn. */
Test(part, the_second_learns_as_in_the_whole)
{
	static const char text[] = "input 3; tanh; head: linear 9; relu; linear 2; optimizer adam lr=0.1";
	static float x[MOST_VALUES], middle[MOST_VALUES];
	int labels[ROWS] = {0, 1, 1, 0, 1};
	char path[] = "/tmp/bnc-part-XXXXXX";
	Random random;
	random_seed(&random, 7);
	close(mkstemp(path));
	FOR_EACH_USABLE_SET(set) {
		Part whole = open_part(text, set, 0, 0), second = open_part(text, set, "head", 0);
		const Batch of_whole = batch_of(&whole, x, labels), of_second = batch_of(&second, middle, labels);
		fill(x, ROWS * of_whole.inputs, &random);
		for (int i = 0; i < ROWS * of_whole.inputs; i++)
			middle[i] = tanhf(x[i]);
		save_whole(&whole, path, x, labels, &random);
		close_part(&whole);
		whole = open_part(text, set, 0, 0);     /* its optimizer has not begun */
		load_part(&whole, path);
		load_part(&second, path);
		for (int step = 0; step < 5; step++)
			cr_expect_float_eq(train_on(&second.c, second.net, &of_second, 0.1f),
				train_on(&whole.c, whole.net, &of_whole, 0.1f), 2e-6f, "%s: step %d", set->name, step);
		close_part(&whole);
		close_part(&second);
	}
	unlink(path);
}

/* A whole network does not take a file with more than its own tensors. */
Test(part, only_a_part_takes_files_of_more)
{
	static const char text[] = "linear 3 4; relu; linear 4 2";
	char path[] = "/tmp/bnc-part-XXXXXX";
	Random random;
	Failure failure;
	Loaded loaded;
	random_seed(&random, 7);
	close(mkstemp(path));
	const KernelSet *set = kernel_set("scalar");
	Part whole = open_part(text, set, 0, 0), less = open_part("linear 3 4", set, 0, 0);
	Part first = open_part(text, set, 0, "2"), second = open_part(text, set, "2", 0);
	cr_assert(program_initialise(&whole.c.module->program, whole.net, &random, &failure));
	cr_assert(program_save(&whole.c.module->program, whole.net, path, 0, &failure));
	cr_expect_not(program_load(&less.c.module->program, less.net, path, &loaded, &failure));
	cr_assert(program_load(&first.c.module->program, first.net, path, &loaded, &failure));
	cr_assert(program_save(&first.c.module->program, first.net, path, 0, &failure));
	cr_expect(program_load(&first.c.module->program, first.net, path, &loaded, &failure));
	cr_expect(program_load(&less.c.module->program, less.net, path, &loaded, &failure), "%s", failure.text);
	cr_expect_not(program_load(&second.c.module->program, second.net, path, &loaded, &failure));
	cr_expect(strstr(failure.text, "`2.weight`, `2.bias`, which the file does not have"), "%s", failure.text);
	close_part(&whole);
	close_part(&less);
	close_part(&first);
	close_part(&second);
	unlink(path);
}
