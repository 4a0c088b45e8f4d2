/* The numbers that a self-test expects, and how much the results of the emitted program may differ from them.
 *
 * They come from bnc's own program with each step separate: without the combined calls of the emitted program, and with
 * one lane. How much rounding changes them depends on the network: BatchNorm over two nearly equal rows amplifies it a
 * thousand times more than over many rows. So it is measured: the numbers are computed again, DISTURBED_RUNS times,
 * with random rounding errors added to every weight, input and result of a kernel. The same is done with the fused
 * program, as BatchNorm from covariances rounds in other places. Of that only the effect of the errors counts, not the
 * difference from the separate steps: that could come from a wrong fusion. */
#include "standalone.h"
#include <math.h>
#include <string.h>

enum { MOST_ROWS = 8, DISTURBED_RUNS = 8 };

/* A kernel rounds more than once. So a tolerance is this many times the largest change found, plus this fraction of the
 * largest number. In random networks the worst number needed 0.9 times the change; with two rows and tiny eps, 6 times
 * were enough for all numbers. */
const double test_margin = 8;

double test_least_tolerance(size_t number_bytes)
{
	return number_bytes == sizeof(double) ? 0x1p-50 : 0x1p-21;
}

/* If a loss grows by more than this factor in a step, the rate is too large for a test. */
static const double most_growth = 2;
static const double first_rate = 0.25, rate_factor = 0.25, least_rate = (double)1e-9f;

typedef struct Rehearsal {
	Arena *arena;
	Expected *expected;
	Trial trial;
	Tensor **tensors;               /* in the order of the emitted table */
	int tensor_count;
	int *states;                    /* by tensor: the one from which its gradient is found, or -1 */
	size_t number_bytes;
	void *x, *target;               /* with rounding errors */
	void *origin, *start;           /* the network's bytes, without and with rounding errors */
	Random *random;                 /* draws the rounding errors; null in the first run */
	int next;                       /* the index of the next numbers, in later runs */
} Rehearsal;

bool is_tested(const Tensor *tensor)
{
	return tensor->path && tensor->layout != LAYOUT_COUNTER;
}

/* ---- what is noted of a run */

static void note(Rehearsal *run, Numbers found)
{
	Expected *e = run->expected;
	if (!run->random) {
		double *copy = NEW_ARRAY(run->arena, double, found.count);
		memcpy(copy, found.values, (size_t)found.count * sizeof *copy);
		found.values = copy;
		APPEND(run->arena, &e->numbers, found);
		return;
	}
	Numbers *numbers = &e->numbers.items[run->next++];
	for (int i = 0; i < found.count; i++)
		numbers->spread = fmax(numbers->spread, fabs(found.values[i] - numbers->values[i]));
}

static int sample(const Rehearsal *run, const void *net, int tensor, double *samples)
{
	const char *values = (const char *)net + run->tensors[tensor]->offset;
	size_t count = element_count(run->tensors[tensor]);
	int wanted = count < SAMPLES ? (int)count : SAMPLES;
	for (int i = 0; i < wanted; i++)
		samples[i] = number_at(values, run->number_bytes, (size_t)i * count / (size_t)wanted);
	return wanted;
}

static void note_gradients(Rehearsal *run)
{
	const FirstStep *first = &run->expected->first_step;
	for (int i = 0; i < run->tensor_count; i++) {
		double before[SAMPLES], after[SAMPLES];
		if (run->tensors[i]->role != ROLE_PARAMETER)
			continue;
		int state = run->states[i], count = sample(run, run->start, i, before);
		sample(run, run->trial.net, state < 0 ? i : state, after);
		for (int k = 0; k < count; k++) {
			double left = state < 0 ? (before[k] - after[k]) / GRADIENT_RATE : after[k];
			after[k] = number_rounded(left / first->scale - (first->squared ? 0 : before[k] * first->decay),
				run->number_bytes);
		}
		note(run, (Numbers){.kind = NUMBERS_GRADIENT, .tensor = i, .state = state, .values = after, .count = count});
	}
}

static double take_step(const Rehearsal *run, double rate)
{
	return trial_train(&run->trial, run->random, run->x, run->expected->label, run->target, rate);
}

static void restart(Rehearsal *run, const void *bytes)
{
	memcpy(run->trial.net, bytes, run->trial.module->program.bytes);
}

/* With the weights trained so far: in evaluation mode, mistakes in BatchNorm show only after its statistics and
 * parameters have changed. */
static void note_outputs(Rehearsal *run, NumbersKind kind)
{
	const Expected *e = run->expected;
	const size_t count = e->rows * e->outputs;
	void *y = arena_alloc(run->arena, count, run->number_bytes);
	double *values = NEW_ARRAY(run->arena, double, count);
	trial_predict(&run->trial, run->random, run->x, y);
	numbers_to_doubles(values, y, run->number_bytes, count);
	note(run, (Numbers){.kind = kind, .tensor = -1, .values = values, .count = (int)count});
}

static void note_training(Rehearsal *run)
{
	double losses[TEST_STEPS], samples[SAMPLES];
	take_step(run, GRADIENT_RATE);
	note_gradients(run);
	restart(run, run->start);
	for (int i = 0; i < TEST_STEPS; i++)
		losses[i] = take_step(run, run->expected->rate);
	trial_update(&run->trial, run->random, run->expected->rate);
	note(run, (Numbers){.kind = NUMBERS_LOSSES, .tensor = -1, .values = losses, .count = TEST_STEPS});
	for (int i = 0; i < run->tensor_count; i++)
		if (is_tested(run->tensors[i])) {
			int count = sample(run, run->trial.net, i, samples);
			note(run, (Numbers){.kind = NUMBERS_TRAINED, .tensor = i, .values = samples, .count = count});
		}
	note_outputs(run, NUMBERS_PREDICTED);
}

static void note_run(Rehearsal *run, bool training)
{
	memcpy(run->start, run->trial.net, run->trial.module->program.bytes);
	note_outputs(run, NUMBERS_OUTPUTS);
	if (training) {
		restart(run, run->start);
		note_training(run);
	}
}

/* ---- roundings */

static void note_disturbed_run(Rehearsal *run, bool training)
{
	const Expected *e = run->expected;
	restart(run, run->origin);
	for (int i = 0; i < run->tensor_count; i++)
		if (is_tested(run->tensors[i])) {
			void *values = (char *)run->trial.net + run->tensors[i]->offset;
			trial_disturb(run->random, values, run->number_bytes, element_count(run->tensors[i]));
		}
	memcpy(run->x, e->x, e->rows * e->inputs * run->number_bytes);
	memcpy(run->target, e->target, e->rows * e->outputs * run->number_bytes);
	trial_disturb(run->random, run->x, run->number_bytes, e->rows * e->inputs);
	trial_disturb(run->random, run->target, run->number_bytes, e->rows * e->outputs);
	run->next = 0;
	note_run(run, training);
}

/* ---- preparations */

static void make_inputs(Arena *arena, Expected *e, size_t number_bytes, bool chances)
{
	Random random;
	random_seed(&random, 1);
	e->x = arena_alloc(arena, e->rows * e->inputs, number_bytes);
	e->target = arena_alloc(arena, e->rows * e->outputs, number_bytes);
	e->label = NEW_ARRAY(arena, int32_t, e->rows);
	for (size_t i = 0; i < e->rows * e->inputs; i++)
		number_put(e->x, number_bytes, i, numpy_normal(&random, 0, 1));
	for (size_t i = 0; i < e->rows * e->outputs; i++)
		number_put(e->target, number_bytes, i, chances ? numpy_double(&random) : numpy_normal(&random, 0, 1));
	for (size_t row = 0; row < e->rows; row++)
		e->label[row] = (int32_t)(random_u32(&random) % (uint32_t)e->outputs);
}

/* Finds the states; a parameter that is not updated has none. */
static void find_states(Rehearsal *run)
{
	const char *name = run->expected->first_step.state;
	int *rows = NEW_ARRAY(run->arena, int, run->trial.module->tensor_count);       /* by tensor id: in the table */
	run->states = NEW_ARRAY(run->arena, int, run->tensor_count);
	for (int i = 0; i < run->tensor_count; i++) {
		rows[run->tensors[i]->id] = i;
		run->states[i] = -1;
	}
	for (int i = 0; name && i < run->tensor_count; i++) {
		const Tensor *tensor = run->tensors[i];
		if (tensor->parameter
			&& strcmp(tensor->name, arena_print(run->arena, "%s_%s", name, tensor->parameter->name)) == 0)
			run->states[rows[tensor->parameter->id]] = i;
	}
}

static bool open_run(const Standalone *s, Rehearsal *run, Expected *e, bool fused, Failure *failure)
{
	const int batch = s->module->options.batch;
	e->rows = !s->options->inference && batch < MOST_ROWS ? (size_t)batch : MOST_ROWS;
	*run = (Rehearsal){.arena = s->arena, .expected = e, .number_bytes = s->target.number_bytes};
	if (!trial_open(s, &run->trial, (int)e->rows, false, fused, failure))
		return false;
	const Program *program = &run->trial.module->program;
	const Node *optimizer = run->trial.module->network->optimizer;
	e->inputs = (size_t)program->inputs;
	e->outputs = (size_t)program->outputs;
	if (!optimizer->layer->first_step)
		internal_error("%s does not say what its first step leaves of a gradient", optimizer->layer->name);
	e->first_step = first_step_of(optimizer);
	make_inputs(s->arena, e, s->target.number_bytes, says_yes_or_no(s));
	run->x = arena_alloc(s->arena, e->rows * e->inputs, run->number_bytes);
	run->target = arena_alloc(s->arena, e->rows * e->outputs, run->number_bytes);
	memcpy(run->x, e->x, e->rows * e->inputs * run->number_bytes);
	memcpy(run->target, e->target, e->rows * e->outputs * run->number_bytes);
	run->tensors = NEW_ARRAY(s->arena, Tensor *, run->trial.module->tensors.count);
	run->tensor_count = saved_tensors(run->trial.module, run->tensors);
	run->origin = arena_alloc(s->arena, 1, program->bytes);
	run->start = arena_alloc(s->arena, 1, program->bytes);
	memcpy(run->origin, run->trial.net, program->bytes);
	find_states(run);
	return true;
}

/* Finds the largest rate with which the loss does not grow too much. */
static bool find_rate(Rehearsal *run, Failure *failure)
{
	Expected *e = run->expected;
	for (e->rate = first_rate; e->rate > least_rate; e->rate *= rate_factor) {
		double first = take_step(run, e->rate);
		bool bounded = isfinite(first);
		for (int i = 0; i < TEST_STEPS; i++)
			bounded = bounded && take_step(run, e->rate) <= most_growth * first + 1;
		trial_update(&run->trial, run->random, e->rate);
		restart(run, run->origin);
		if (bounded)
			return true;
	}
	return fail(failure, "%s: the loss is not finite, so that no test can be written: nothing was emitted",
		run->trial.module->network->name);
}

static bool check_finite(const Rehearsal *run, Failure *failure)
{
	const Expected *e = run->expected;
	for (int i = 0; i < e->numbers.count; i++)
		for (int k = 0; k < e->numbers.items[i].count; k++)
			if (!isfinite(e->numbers.items[i].values[k]))
				return fail(failure,
					"%s: a number that the test should expect is %f, which C cannot write: nothing was emitted",
					run->trial.module->network->name, e->numbers.items[i].values[k]);
	return true;
}

/* ---- tolerances */

static double largest_of(const Numbers *numbers)
{
	double largest = 0;
	for (int i = 0; i < numbers->count; i++)
		largest = fmax(largest, fabs(numbers->values[i]));
	return largest;
}

static void set_tolerances(const Standalone *s, Expected *e)
{
	double steepest = 0;
	for (int i = 0; i < e->numbers.count; i++)
		if (e->numbers.items[i].kind == NUMBERS_GRADIENT)
			steepest = fmax(steepest, largest_of(&e->numbers.items[i]));
	for (int i = 0; i < e->numbers.count; i++) {
		Numbers *numbers = &e->numbers.items[i];
		double largest = numbers->kind == NUMBERS_GRADIENT ? steepest : largest_of(numbers);
		if (numbers->kind == NUMBERS_TRAINED)
			largest += steepest * e->rate;
		numbers->tolerance = test_margin * (numbers->spread + s->difference)
			+ test_least_tolerance(s->target.number_bytes) * largest;
	}
}

/* Finds the numbers of one program, and how much rounding changes them. */
static bool rehearse(const Standalone *s, Expected *e, bool fused, Failure *failure)
{
	Rehearsal run;
	Random random;
	bool training = !s->options->inference;
	if (!open_run(s, &run, e, fused, failure))
		return false;
	bool ok = !training || e->rate > 0 || find_rate(&run, failure);
	if (ok)
		note_run(&run, training);
	ok = ok && check_finite(&run, failure);
	random_seed(&random, 2);
	run.random = &random;
	for (int i = 0; ok && i < DISTURBED_RUNS; i++)
		note_disturbed_run(&run, training);
	trial_close(&run.trial);
	return ok;
}

bool find_expected(const Standalone *s, Expected *e, Failure *failure)
{
	Expected fused = {0};
	if (!rehearse(s, e, false, failure))
		return false;
	fused.rate = e->rate;
	if (!rehearse(s, &fused, true, failure))
		return false;
	for (int i = 0; i < e->numbers.count; i++)
		e->numbers.items[i].spread = fmax(e->numbers.items[i].spread, fused.numbers.items[i].spread);
	set_tolerances(s, e);
	return true;
}
