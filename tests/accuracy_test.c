/* accuracy_test.c: which outputs count as right, for each kind of truth, in training and in the evaluation after it. */
#include "network_support.h"

enum { ROWS = 45, BATCH = 7, OUTPUTS = 3 };

/* x, and targets of this many values a row; labels if there is only one. */
static Data random_data(Arena *arena, int targets, bool soft)
{
	Random random;
	Data data = {.name = "t", .rows = ROWS, .features = 2, .rank = 1, .dims = {2}, .target_features = targets};
	random_seed(&random, 1);
	data.x = NEW_ARRAY(arena, float, ROWS * 2);
	data.targets = NEW_ARRAY(arena, float, ROWS * OUTPUTS);
	data.labels = targets == 1 ? NEW_ARRAY(arena, int32_t, ROWS) : 0;
	torch_uniform(&random, data.x, ROWS * 2, -2, 2);
	torch_uniform(&random, data.targets, (size_t)(ROWS * targets), 0, 1);
	for (int i = 0; !soft && i < ROWS * targets; i++)
		data.targets[i] = data.targets[i] < 0.5f ? 0 : 1;
	for (int i = 0; data.labels && i < ROWS; i++)
		data.labels[i] = (int32_t)data.targets[i];
	return data;
}

/* By the row's outputs. */
static bool is_largest_at(const float *y, int outputs, int label)
{
	for (int i = 0; i < outputs; i++)
		if (y[i] > y[label])
			return false;
	return true;
}

static bool has_all_sides(const float *y, int outputs, const float *targets)
{
	bool right = true;
	for (int i = 0; i < outputs; i++)
		right = right && (targets[i] > 0.5f ? y[i] > 0 : y[i] <= 0);
	return right;
}

static int count_right(const Compilation *c, void *net, const Data *data)
{
	const int outputs = c->module->program.outputs;
	int right = 0;
	for (int row = 0; row < ROWS; row++) {
		float y[OUTPUTS];
		const Batch one = {.rows = 1, .inputs = 2, .outputs = outputs, .x = data->x + 2 * row,
			.targets = data->targets + row * data->target_features, .labels = data->labels + (data->labels ? row : 0)};
		predict_rows(c, net, &one, y);
		right += c->module->program.truth == TRUTH_LABELS ? is_largest_at(y, outputs, data->labels[row])
			: has_all_sides(y, outputs, one.targets);
	}
	return right;
}

/* The learning rate is 0, so that training counts with the weights that evaluation has. */
static void check_counts(const char *text, const KernelSet *set, Data *data)
{
	Compilation c;
	Random random;
	Failure failure;
	int correct;
	compile_text(&c, text, set, true, STAGE_RUN);
	Run run = {.program = &c.module->program, .net = allocate_net(&c), .lr = 0};
	random_seed(&random, 3);
	cr_assert(program_initialise(run.program, run.net, &random, &failure));
	Training training = {.runs = &run, .run_count = 1, .host = &(const Host){0}, .data = data, .batch = BATCH,
		.epochs = 1, .random = &random, .shuffle = true, .quiet = true};
	cr_assert(training_check(&training, &failure) && train(&training, &failure), "%s", failure.text);
	const int expected = count_right(&c, run.net, data);
	cr_expect(expected > 0 && expected < ROWS, "%s: %d of %d are right, which tells little", text, expected, ROWS);
	cr_expect_eq((int)(run.accuracy * ROWS + 0.5), expected, "%s (%s): training counts %g of %d", text, set->name,
		run.accuracy * ROWS, expected);
	cr_expect(evaluate(&training, &run, &correct) && correct == expected, "%s (%s): evaluation counts %d of %d", text,
		set->name, correct, expected);
	program_free(run.program, run.net);
	compilation_close(&c);
}

Test(accuracy, of_labels_and_chances)
{
	static const struct { const char *text; int targets; bool soft; } cases[] = {
		{"linear 2 3; loss cross_entropy; batch 7", 1, false}, {"linear 2 1; loss bce; batch 7", 1, false},
		{"linear 2 3; loss bce; batch 7", 3, false}, {"linear 2 3; loss bce; batch 7", 3, true},
	};
	Arena *arena = arena_open();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Data data = random_data(arena, cases[i].targets, cases[i].soft);
		FOR_EACH_USABLE_SET(set)
			check_counts(cases[i].text, set, &data);
	}
	arena_close(arena);
}
