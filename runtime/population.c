/* population.c: a step of training with the rate 0 changes no weight, but gives the running statistics their share of
 * those of its batch. If they were 0 before, they are then momentum times the batch's own. So the program that trains
 * also tells the statistics of batches.
 *
 * The mean of all rows is the mean of the batches' means, and their variance the mean of the batches' variances plus
 * the variance of their means. */
#include "population.h"
#include "batches.h"
#include "progress.h"
#include <math.h>
#include <stdlib.h>

typedef struct Pass {
	const Training *t;
	Population *p;
	Run run;                        /* with a copy of the network */
	int *order;                     /* of the rows */
	int batches, taken;             /* of the training, and of the pass */
	void *values;                   /* of a tensor, or the outputs of a batch */
	Data batch;                     /* the labels and targets of a batch */
	Progress progress;
} Pass;

static size_t bytes_of(const Pass *pass)
{
	return pass->run.program->kernels->number_bytes;
}

/* ---- batches */

/* Rows may be sorted by their class, and statistics of batches of one class are not those of training. */
static bool draw_rows(Pass *pass, Failure *failure)
{
	const Training *t = pass->t;
	Random random;
	pass->order = malloc((size_t)t->data->rows * sizeof *pass->order);
	if (!pass->order)
		return fail(failure, "not enough memory for the order of %d rows", t->data->rows);
	random_seed(&random, 0);
	if (t->shuffle)
		torch_permutation(&random, pass->order, t->data->rows);
	for (int i = 0; !t->shuffle && i < t->data->rows; i++)
		pass->order[i] = i;
	return true;
}

/* The training's batch of that number in the pass: if it does not take all, they lie evenly among them. */
static int batch_at(const Pass *pass, int i)
{
	return (int)((int64_t)i * pass->batches / pass->taken);
}

/* Puts a batch of the pass into the network, and its truth into pass->batch. Returns the number of its rows. */
static int load(Pass *pass, int i)
{
	const Data *data = pass->t->data;
	Data *batch = &pass->batch;
	const int index = batch_at(pass, i), rows = batch_rows(pass->t, index);
	const int *order = pass->order + (size_t)index * (size_t)pass->t->batch;
	const size_t row_bytes = (size_t)data->target_features * data->number_bytes;
	batch_load(pass->t, &pass->run, NULL, order, rows);
	batch->rows = rows;
	for (int row = 0; row < rows; row++) {
		memcpy((char *)batch->targets_any + (size_t)row * row_bytes,
			(const char *)data->targets_any + (size_t)order[row] * row_bytes, row_bytes);
		if (batch->labels)
			batch->labels[row] = data->labels[order[row]];
	}
	return rows;
}

static bool is_stopped(const Pass *pass)
{
	return pass->t->stop && *pass->t->stop;
}

/* ---- statistics */

static void get(const Pass *pass, const ProgramTensor *tensor, double *values, int count)
{
	tensor_get(pass->run.program, pass->run.net, tensor, pass->values);
	numbers_to_doubles(values, pass->values, bytes_of(pass), (size_t)count);
}

static void set(const Pass *pass, const ProgramTensor *tensor, const double *values, int count)
{
	for (int i = 0; i < count; i++)
		number_put(pass->values, bytes_of(pass), (size_t)i, values ? values[i] : 0);
	tensor_set(pass->run.program, pass->run.net, tensor, pass->values);
}

/* Adds a batch of so many rows to those before it; until the end of the pass, variances are sums of squares. */
static void add_batch(Norm *norm, const double *means, const double *variances, double before, double rows)
{
	const double all = before + rows;
	for (int f = 0; f < norm->features; f++) {
		const double away = means[f] / norm->momentum - norm->means[f];
		norm->variances[f] += variances[f] / norm->momentum * (rows - 1) + away * away * before * rows / all;
		norm->means[f] += away * rows / all;
	}
}

static void take_statistics(const Pass *pass, double before, double rows, double *scratch)
{
	for (int i = 0; i < pass->p->count; i++) {
		Norm *norm = &pass->p->norms[i];
		get(pass, &norm->mean, scratch, norm->features);
		get(pass, &norm->variance, scratch + norm->features, norm->features);
		add_batch(norm, scratch, scratch + norm->features, before * norm->positions, rows * norm->positions);
		set(pass, &norm->mean, 0, norm->features);
		set(pass, &norm->variance, 0, norm->features);
	}
}

/* A running mean is one of about (2 - momentum) / momentum batches, and the largest of some features is off by some
 * times its deviation. */
static double distance_by_chance(const Norm *norm, int batch)
{
	const double share = norm->momentum < 1 ? norm->momentum / (2 - norm->momentum) : 1;
	return 5 * sqrt(share / ((double)batch * norm->positions));
}

static void find_distances(const Pass *pass, double rows, double *scratch)
{
	for (int i = 0; i < pass->p->count; i++) {
		Norm *norm = &pass->p->norms[i];
		const double *means = scratch, *variances = scratch + norm->features;
		get(pass, &norm->mean, scratch, norm->features);
		get(pass, &norm->variance, scratch + norm->features, norm->features);
		norm->chance = distance_by_chance(norm, pass->t->batch < pass->t->data->rows ? pass->t->batch
			: pass->t->data->rows);
		for (int f = 0; f < norm->features; f++) {
			norm->variances[f] /= rows * norm->positions - 1;
			const double deviation = sqrt(norm->variances[f] + norm->eps);
			norm->distance = fmax(norm->distance, fabs(means[f] - norm->means[f]) / deviation);
			norm->distance = fmax(norm->distance, fabs(sqrt(variances[f] + norm->eps) - deviation) / deviation);
		}
	}
}

/* ---- passes */

/* With the statistics of each batch. */
static void run_batches(Pass *pass, double *scratch)
{
	const Run *run = &pass->run;
	double loss = 0, seen = 0;
	for (int i = 0; i < pass->p->count; i++) {
		set(pass, &pass->p->norms[i].mean, 0, pass->p->norms[i].features);
		set(pass, &pass->p->norms[i].variance, 0, pass->p->norms[i].features);
	}
	for (int i = 0; i < pass->taken && !is_stopped(pass); i++) {
		const int rows = load(pass, i);
		run->program->train(run->net, rows, 0, pass->t->host);
		loss += rows * number_at((const char *)run->net + run->program->loss, bytes_of(pass), 0);
		take_statistics(pass, seen, rows, scratch);
		seen += rows;
		progress_step(&pass->progress, 0);
	}
	pass->p->batch_loss = loss / seen;
}

/* In evaluation mode. */
static bool run_evaluation(Pass *pass, double *mean)
{
	const Run *run = &pass->run;
	const Program *program = run->program;
	double sum = 0, seen = 0;
	for (int i = 0; i < pass->taken && !is_stopped(pass); i++) {
		const int rows = load(pass, i);
		double loss;
		program->predict(run->net, rows, pass->t->host);
		program->kernels->scatter(rows, program->outputs, pass->values, (const char *)run->net + program->output);
		if (!run->loss_of(run->loss_rule, pass->values, program->outputs, &pass->batch, &loss))
			return false;
		sum += rows * loss;
		seen += rows;
		progress_step(&pass->progress, 0);
	}
	*mean = sum / seen;
	return true;
}

static void put_population(const Pass *pass)
{
	for (int i = 0; i < pass->p->count; i++) {
		const Norm *norm = &pass->p->norms[i];
		set(pass, &norm->mean, norm->means, norm->features);
		set(pass, &norm->variance, norm->variances, norm->features);
	}
}

static bool run_passes(Pass *pass, const void *net, double *scratch)
{
	Population *p = pass->p;
	double rows = 0;
	for (int i = 0; i < pass->taken; i++)
		rows += batch_rows(pass->t, batch_at(pass, i));
	run_batches(pass, scratch);
	memcpy(pass->run.net, net, pass->run.program->bytes);
	find_distances(pass, rows, scratch);
	bool done = run_evaluation(pass, &p->running_loss);
	put_population(pass);
	done = done && run_evaluation(pass, &p->population_loss);
	p->found = done && !is_stopped(pass);
	return done;
}

static int most_features(const Population *p)
{
	int most = 0;
	for (int i = 0; i < p->count; i++)
		most = p->norms[i].features > most ? p->norms[i].features : most;
	return most;
}

/* Makes room for what is found, and for a batch. */
static bool allocate(Pass *pass, const Run *run, Failure *failure)
{
	Population *p = pass->p;
	const Data *data = pass->t->data;
	const size_t rows = (size_t)pass->t->batch, features = (size_t)most_features(p),
		outputs = rows * (size_t)run->program->outputs;
	pass->run = *run;
	pass->batch = (Data){.number_bytes = data->number_bytes, .target_features = data->target_features};
	pass->batch.targets_any = malloc(rows * (size_t)data->target_features * data->number_bytes);
	pass->batch.labels = data->labels ? malloc(rows * sizeof *data->labels) : NULL;
	pass->values = malloc((features > outputs ? features : outputs) * data->number_bytes);
	bool done = pass->batch.targets_any && (pass->batch.labels || !data->labels) && pass->values;
	for (int i = 0; i < p->count; i++) {
		Norm *norm = &p->norms[i];
		norm->means = calloc((size_t)norm->features, sizeof *norm->means);
		norm->variances = calloc((size_t)norm->features, sizeof *norm->variances);
		done = done && norm->means && norm->variances;
	}
	pass->run.net = program_allocate(run->program, failure);
	return pass->run.net && (done || fail(failure, "not enough memory for the statistics of %s", run->program->name));
}

bool population_find(Population *p, const Training *t, const Run *run, const Host *host, Failure *failure)
{
	Training plain = *t;
	Pass pass = {.t = &plain, .p = p, .batches = batches_of(t)};
	plain.host = host;
	p->found = false;
	pass.batches -= run->program->normalises_batch && batch_rows(t, pass.batches - 1) == 1;
	pass.taken = p->steps && p->steps < pass.batches ? (int)p->steps : pass.batches;
	double *scratch = malloc(2 * sizeof *scratch * (size_t)most_features(p) + 1);
	bool done = scratch || fail(failure, "not enough memory for the statistics of %s", run->program->name);
	done = done && allocate(&pass, run, failure) && draw_rows(&pass, failure);
	if (done && pass.taken) {
		pass.progress = progress_start(3 * (int64_t)pass.taken, !t->quiet);
		pass.progress.action = "comparing statistics";
		memcpy(pass.run.net, run->net, run->program->bytes);
		program_set_random(run->program, pass.run.net, t->random);
		done = run_passes(&pass, run->net, scratch)
			|| fail(failure, "not enough memory for the loss of %d rows", t->batch);
		progress_clear(&pass.progress);
	}
	if (pass.run.net)
		program_free(run->program, pass.run.net);
	free(pass.batch.targets_any);
	free(pass.batch.labels);
	free(pass.values);
	free(pass.order);
	free(scratch);
	return done;
}

bool population_take(Population *p, const Run *run, Failure *failure)
{
	const size_t bytes = run->program->kernels->number_bytes;
	for (int i = 0; i < p->count; i++)
		for (int f = 0; f < p->norms[i].features; f++)
			if (!isfinite(number_rounded(p->norms[i].means[f] + p->norms[i].variances[f], bytes)))
				return fail(failure, "the statistics of %s in %s are not finite, so the running ones stay",
					p->norms[i].path, run->program->name);
	void *values = malloc((size_t)most_features(p) * bytes + 1);
	if (!values)
		return fail(failure, "not enough memory for the statistics of %s", run->program->name);
	put_population(&(Pass){.run = *run, .values = values, .p = p});
	free(values);
	return true;
}

void population_close(Population *p)
{
	for (int i = 0; i < p->count; i++) {
		free(p->norms[i].means);
		free(p->norms[i].variances);
	}
	free(p->norms);
	*p = (Population){.norms = NULL};
}
