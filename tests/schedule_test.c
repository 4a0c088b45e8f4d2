/* schedule_test.c: the rates of every schedule are those that PyTorch's schedulers had in a recorded run. */
#include "batches.h"
#include "network_support.h"
#include <math.h>

/* torch gets most rates from the ones before, so they differ by the roundings of some steps. */
static void expect_rate(const char *text, int index, double found, double expected, double lr)
{
	cr_expect(fabs(found - expected) <= 1e-14 * fmax(lr, expected), "%s, %d: %.17g, of torch %.17g", text, index, found,
		expected);
}

static bool check_schedule(FILE *file, bool *seen)
{
	char arguments[200], text[400];
	double lr, expected;
	int epochs, batches;
	if (fscanf(file, "%lf %d %d %199[^\n]", &lr, &epochs, &batches, arguments) != 4)
		return false;
	snprintf(text, sizeof text, "linear 2 2; optimizer sgd lr=%g; schedule %s", lr, arguments);
	Compilation c = {.options = {.target = kernel_sets[0]}};
	compile_with_options(&c, text, STAGE_NETWORK);
	const Schedule schedule = schedule_of(c.network);
	for (int i = 0; layers[i]; i++)
		seen[i] |= layers[i] == c.network->schedule->layer;
	const int64_t steps = (int64_t)epochs * batches;
	for (int i = 0; i < steps; i++) {
		const Instant now = {i / batches, i, epochs, steps};
		cr_assert(fscanf(file, "%lf", &expected) == 1, "%s", text);
		expect_rate(text, i, rate_at(&schedule, &now), expected, lr);
	}
	compilation_close(&c);
	return true;
}

Test(schedule, torch)
{
	FILE *file = fopen("tests/parity/schedules.txt", "r");
	bool seen[200] = {false};
	cr_assert(file);
	while (check_schedule(file, seen))
		;
	cr_expect(feof(file));
	fclose(file);
	for (int i = 0; layers[i]; i++)
		cr_expect(layers[i]->kind != KIND_SCHEDULE || !layers[i]->rate || seen[i], "%s", layers[i]->name);
}

/* No rate is negative or not a number, in any example, for any length of training: one step, too. */
Test(schedule, examples)
{
	for (int i = 0; layers[i]; i++)
		for (int k = 0; layers[i]->kind == KIND_SCHEDULE && layers[i]->examples[k]; k++)
			for (int64_t steps = 1; steps < 30; steps++) {
				char text[200];
				snprintf(text, sizeof text, "linear 2 2; schedule %s %s", layers[i]->name, layers[i]->examples[k]);
				Compilation c = {.options = {.target = kernel_sets[0]}};
				compile_with_options(&c, text, STAGE_NETWORK);
				const Schedule schedule = schedule_of(c.network);
				for (int64_t step = 0; schedule.rate && step < steps; step++) {
					const Instant now = {step / 4, step, (steps + 3) / 4, steps};
					const double rate = rate_at(&schedule, &now);
					cr_expect(rate >= 0 && rate < 1, "%s: %g at step %d of %d", text, rate, (int)step, (int)steps);
				}
				compilation_close(&c);
			}
}

/* The last rate of one_cycle, and the last but one of cosine, tell the length. */
Test(schedule, length_is_that_of_the_training)
{
	static const struct { const char *text; int64_t steps, epoch; int batch; double rate; } cases[] = {
		{"one_cycle 0.5", 0, 3, 2, 0.5 / 25 / 1e4}, {"one_cycle 0.5", 5, 1, 1, 0.5 / 25 / 1e4},
		{"one_cycle 0.5", 20, 6, 1, 0.5 / 25 / 1e4}, {"cosine", 0, 2, 0, 0.005}, {"cosine", 5, 1, 1, 0.005},
	};
	const Data data = {.rows = 10};         /* three batches of an epoch */
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[100];
		snprintf(text, sizeof text, "linear 2 2; schedule %s", cases[i].text);
		Compilation c = {.options = {.target = kernel_sets[0]}};
		compile_with_options(&c, text, STAGE_NETWORK);
		const Program program = {.kernels = kernel_sets[0], .batches_of_update = 1};
		const Run run = {.program = &program, .schedule = schedule_of(c.network)};
		const Training training = {.data = &data, .batch = 4, .epochs = 4, .steps = cases[i].steps};
		const double rate = (double)batch_rate(&training, &run, cases[i].epoch, cases[i].batch);
		cr_expect(fabs(rate - cases[i].rate) < 1e-6 * cases[i].rate, "%s, %d steps: %g", text, (int)cases[i].steps,
			rate);
		compilation_close(&c);
	}
}

/* --lr is the rate that a schedule begins from, and the largest of one_cycle. */
Test(schedule, overridden_rate)
{
	static const struct { const char *text; double rate; } cases[] = {
		{"linear 2 2; schedule constant", 0.5}, {"linear 2 2; schedule cosine", 0.5},
		{"linear 2 2; optimizer adam; schedule one_cycle 3 div_factor=4", 0.125},
	};
	const Overrides overrides = {.batch = -1, .epochs = -1, .lr = 0.5};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Failure failure;
		Compilation c = {.arena = arena_open(), .source = {"t.net", cases[i].text, strlen(cases[i].text)},
			.options = {.target = kernel_sets[0]}};
		cr_assert(compile(&c, STAGE_NETWORK, &overrides, &failure), "%s", cases[i].text);
		const Schedule schedule = schedule_of(c.network);
		const Instant now = {0, 0, 10, 100};
		cr_expect_eq(rate_at(&schedule, &now), cases[i].rate, "%s", cases[i].text);
		compilation_close(&c);
	}
}
