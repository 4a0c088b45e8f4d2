/* A sitting: a batch, the programs that take it, and what they make of it.
 *
 * How much rounding changes the results depends on the network: BatchNorm over two nearly equal rows amplifies it a
 * thousand times more than over many rows. So it is measured, in two ways. The separate steps are run again, with
 * random rounding errors added to every weight, input and result of a kernel, as for the tests of --emit-test. And
 * they are run with numbers of the other type: so the roundings within a kernel count, too, which grow with the
 * terms of its sums. */
#include "verify.h"
#include "pool.h"
#include <math.h>
#include <string.h>

/* ---- findings */

Finding *add_finding(Verification *v, Check check, const char *what, double scale)
{
	Finding *finding = NEW(v->arena, Finding);
	*finding = (Finding){.check = check, .what = what, .scale = scale};
	APPEND(v->arena, &v->findings, finding);
	return finding;
}

/* The part of its tolerance that an error takes. */
static double part_of(double error, double tolerance)
{
	return error == 0 ? 0 : error / tolerance;
}

void compare_value(Verification *v, Finding *f, double found, double expected, double tolerance)
{
	if ((isnan(found) && isnan(expected)) || isnan(tolerance)) {    /* or roundings decide what is a number */
		f->unknown++;
		return;
	}
	const double error = found == expected ? 0 : fabs(found - expected);
	const double part = part_of(error, tolerance), worst = part_of(f->error, f->tolerance);
	if (!(error <= tolerance))
		f->wrong = v->wrong = true;
	if (f->count++ == 0 || isnan(part) || part > worst) {
		f->error = error;
		f->tolerance = tolerance;
	}
}

/* ---- programs */

const Network *gradient_network(Arena *arena, const Network *network)
{
	const Layer *sgd = layer_find(KIND_OPTIMIZER, "sgd");
	Node *optimizer = NEW(arena, Node);
	Network *copy = NEW(arena, Network);
	*copy = *network;
	*optimizer = *network->optimizer;
	optimizer->layer = sgd;
	const ArgumentSpec *spec;
	for (int i = 0; (spec = argument_spec(sgd, i)); i++)
		optimizer->arguments[i] = spec->default_value;
	optimizer->arguments[argument_index(sgd, "momentum")] = 1;
	copy->optimizer = optimizer;
	return copy;
}

void start_trial(const Sitting *s, const Trial *trial)
{
	memset(trial->net, 0, trial->module->program.bytes);
	model_store(&s->model, trial->module, trial->net);
}

double rounding_unit(const Sitting *s)
{
	return number_bytes(s->program.module) == sizeof(double) ? 0x1p-53 : 0x1p-24;
}

/* With random, the samples are off by a rounding. */
static void *samples_of(const Sitting *s, const Trial *trial, Random *random)
{
	const size_t count = (size_t)s->batch.rows * (size_t)s->batch.inputs;
	void *x = numbers_of(s->arena, trial->module, s->batch.x, count);
	if (random)
		trial_disturb(random, x, number_bytes(trial->module), count);
	return x;
}

double train_trial(const Sitting *s, const Trial *trial, Random *random, double rate)
{
	const void *targets = numbers_of(s->arena, trial->module, s->batch.targets,
		(size_t)s->batch.rows * (size_t)s->batch.outputs);
	return trial_train(trial, random, samples_of(s, trial, random), s->batch.labels, targets,
		number_rounded(rate, number_bytes(trial->module)));
}

void predict_trial(const Sitting *s, const Trial *trial, Random *random, double *y)
{
	const size_t bytes = number_bytes(trial->module), count = (size_t)s->batch.rows * (size_t)s->batch.outputs;
	void *outputs = arena_alloc(s->arena, count, bytes);
	trial_predict(trial, random, samples_of(s, trial, random), outputs);
	numbers_to_doubles(y, outputs, bytes, count);
}

double own_rate(const Network *network, int step, int steps)
{
	const Schedule schedule = schedule_of(network);
	const Instant now = {.epoch = 0, .step = step, .epochs = network->epochs, .steps = steps};
	const double rate = rate_at(&schedule, &now);
	return rate > 0 ? rate : 0.01;
}

bool get_gradient(Arena *arena, const Trial *trial, int node, int tensor, double *values)
{
	const Module *m = trial->module;
	const Tensor *parameter = m->owned[node][tensor];
	memset(values, 0, element_count(parameter) * sizeof *values);
	for (int i = 0; i < m->tensors.count; i++)
		if (m->tensors.items[i]->role == ROLE_STATE && m->tensors.items[i]->parameter == parameter) {
			get_doubles(arena, m, trial->net, m->tensors.items[i], values);
			return true;
		}
	return false;
}

static bool open_programs(Sitting *s, Failure *failure)
{
	const Verification *v = s->v;
	const Network *network = gradient_network(s->arena, v->compilation->module->network);
	const KernelSet *scalar = kernel_set("scalar"), *scalar_f64 = kernel_set_f64(scalar);
	Options options = v->compilation->module->options, separate = {.batch = s->batch.rows, .profile = true};
	const bool wide = options.target->number_bytes == sizeof(double);
	options.profile = false;
	s->program = s->separate = s->other = (Trial){.rows = s->batch.rows};
	if (!trial_compile(s->arena, network, &options, &s->program, failure))
		return false;
	const int threads = s->program.module->options.threads;
	s->program.pool = threads > 1 ? pool_open(threads) : 0;
	if (threads > 1 && !s->program.pool)
		return fail(failure, "%d threads cannot be had: try --threads 1", threads);
	separate.target = wide ? scalar_f64 : scalar;
	if (!trial_compile(s->arena, network, &separate, &s->separate, failure))
		return false;
	separate.target = wide ? scalar : scalar_f64;
	return trial_compile(s->arena, network, &separate, &s->other, failure);
}

void close_sitting(Sitting *s)
{
	pool_close(s->program.pool);
	trial_close(&s->program);
	trial_close(&s->separate);
	trial_close(&s->other);
}

/* ---- runs */

static void add_series(Sitting *s, SeriesList *list, Series series)
{
	series.values = NEW_ARRAY(s->arena, double, series.count);
	APPEND(s->arena, list, series);
}

static void list_series(Sitting *s, SeriesList *list)
{
	const Network *network = s->v->network;
	add_series(s, list, (Series){.kind = OUTPUTS, .what = "predictions",
		.count = (size_t)s->batch.rows * (size_t)s->batch.outputs});
	add_series(s, list, (Series){.kind = LOSS, .what = "loss", .count = 1});
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++)
			if (s->model.tensors[i][k])
				add_series(s, list, (Series){.kind = s->model.updated[i][k] ? STATISTIC : GRADIENT, .node = i,
					.tensor = k, .what = s->v->compilation->module->owned[i][k]->path,
					.count = model_count(network->nodes.items[i], k)});
}

double larger(double a, double b)
{
	return !(a >= b) ? b : a;
}

/* Runs a prediction and a step. With random, everything is off by a rounding. */
static void observe(const Sitting *s, const Trial *trial, Random *random, SeriesList *into)
{
	const Module *m = trial->module;
	start_trial(s, trial);
	for (int i = 0; random && i < m->tensors.count; i++)
		if (m->tensors.items[i]->path && m->tensors.items[i]->layout != LAYOUT_COUNTER)
			trial_disturb(random, (char *)trial->net + m->tensors.items[i]->offset, number_bytes(m),
				tensor_floats(m, m->tensors.items[i]));
	for (int i = 0; i < into->count; i++) {
		Series *series = &into->items[i];
		switch (series->kind) {
		case OUTPUTS: predict_trial(s, trial, random, series->values); break;
		case LOSS: series->values[0] = train_trial(s, trial, random, 0); break;
		case GRADIENT: get_gradient(s->arena, trial, series->node, series->tensor, series->values); break;
		case STATISTIC:
			get_doubles(s->arena, m, trial->net, m->owned[series->node][series->tensor], series->values); break;
		}
	}
}

/* Sets how far the values of another run are from the expected ones, in parts of that. */
static void widen_spread(Sitting *s, const SeriesList *list, double part)
{
	for (int i = 0; i < list->count; i++)
		for (size_t k = 0; k < list->items[i].count; k++)
			s->expected.items[i].spread = larger(s->expected.items[i].spread,
				part * fabs(list->items[i].values[k] - s->expected.items[i].values[k]));
}

static void measure_spread(Sitting *s)
{
	const double part = rounding_unit(s) / 0x1p-24;         /* of the two types, the one with floats differs */
	SeriesList disturbed = {0}, other = {0};
	list_series(s, &disturbed);
	list_series(s, &other);
	for (int i = 0; i < s->expected.count; i++)
		for (size_t k = 0; k < s->expected.items[i].count; k++)
			s->expected.items[i].largest = larger(s->expected.items[i].largest,
				fabs(s->expected.items[i].values[k]));
	for (int run = 0; run < DISTURBED_RUNS; run++) {
		observe(s, &s->separate, s->random, &disturbed);
		widen_spread(s, &disturbed, 1);
	}
	observe(s, &s->other, 0, &other);
	widen_spread(s, &other, part);
	for (int i = 0; i < s->expected.count; i++)
		if (s->expected.items[i].kind == GRADIENT)
			s->steepest = larger(s->steepest, s->expected.items[i].largest);
}

/* ---- tolerances */

/* The references have the precision of float64, and sum in another order: so they round as often as such a program. */
double series_tolerance(const Sitting *s, const Series *series)
{
	const size_t bytes = number_bytes(s->program.module);
	const double least = test_least_tolerance(bytes), margin = (bytes == sizeof(double) ? 4 : 1) * test_margin;
	return margin * series->spread + least * series->largest;
}

double gradient_tolerance(const Sitting *s, const Series *gradient)
{
	return series_tolerance(s, gradient) + rounding_unit(s) * s->steepest;
}

bool open_sitting(Sitting *s, int rows, Failure *failure)
{
	Verification *v = s->v;
	s->batch = random_batch(v->network, s->random, rows);
	s->model = model_open(s->arena, v->network);
	model_fetch(&s->model, v->compilation->module, v->net);
	model_set_batch(&s->model, &s->batch);
	if (!open_programs(s, failure))
		return false;
	list_series(s, &s->found);
	list_series(s, &s->expected);
	observe(s, &s->program, 0, &s->found);
	observe(s, &s->separate, 0, &s->expected);
	measure_spread(s);
	return true;
}
