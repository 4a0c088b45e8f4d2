/* Training: epochs of batches, several networks on the same ones. */
#include "runtime.h"
#include "progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The generator's order of one epoch, cut into batches. */
typedef struct Epoch {
	int number;
	const int *order;
	int64_t first_step;             /* over all epochs */
	int batches;                    /* those that will be run: --steps may end an epoch early */
} Epoch;

static int batches_of(const Training *t)
{
	return (t->data->rows + t->batch - 1) / t->batch;
}

/* The batch size nearest to batch that leaves no last batch of one row. */
static int better_batch(int rows, int batch)
{
	for (int distance = 1; distance < batch; distance++) {
		if (rows % (batch + distance) != 1)
			return batch + distance;
		if (batch - distance > 1 && rows % (batch - distance) != 1)
			return batch - distance;
	}
	return batch + 1;
}

static bool check_last_batch(const Training *t, const Program *program, Failure *failure)
{
	int rows = t->data->rows;
	bool reached = t->steps == 0 || t->steps >= batches_of(t);
	if (!program->normalises_batch || rows % t->batch != 1 || !reached)
		return true;
	if (rows == 1)
		return fail(failure, "%s normalises over the batch, which needs at least 2 rows, but %s has 1", program->name, t->data->name);
	return fail(failure, "%s normalises over the batch, but the last batch would have one row: %d rows of %s in batches of %d. "
		"Use another batch (--batch %d), or one row more or less", program->name, rows, t->data->name, t->batch, better_batch(rows, t->batch));
}

bool training_check(const Training *t, Failure *failure)
{
	for (int i = 0; i < t->run_count; i++)
		if (!program_accepts(t->runs[i].program, t->data, failure) || !check_last_batch(t, t->runs[i].program, failure))
			return false;
	return true;
}

/* Puts the rows of one batch where the program reads them. */
static void load_batch(const Program *program, void *net, const Data *data, const int *rows, int count)
{
	char *base = net;
	program->kernels->gather(count, data->features, (float *)(base + program->x), data->x, rows);
	if (!program->classifies)
		program->kernels->gather(count, data->target_features, (float *)(base + program->target), data->targets, rows);
	else {
		int32_t *labels = (int32_t *)(base + program->label);
		for (int i = 0; i < count; i++)
			labels[i] = data->labels[rows[i]];
	}
}

static bool not_finite(const Run *run, const Epoch *epoch, int batch, float loss, Failure *failure)
{
	return fail(failure, "the loss of %s is %s at step %lld (epoch %d, batch %d), so training stops here: a smaller --lr often helps (it is %g)",
		run->program->name, isnan(loss) ? "not a number" : "infinite", (long long)epoch->first_step + batch, epoch->number, batch, (double)run->lr);
}

static void log_step(const Training *t, const Run *run, const Epoch *epoch, int batch, float loss)
{
	char number[32] = "null";       /* JSON has no infinity */
	if (isfinite(loss))
		snprintf(number, sizeof number, "%.9g", (double)loss);
	if (t->log_steps)
		atomic_print(t->log, "{\"event\":\"step\",\"net\":\"%s\",\"epoch\":%d,\"step\":%lld,\"loss\":%s}\n", run->program->name, epoch->number,
			(long long)epoch->first_step + batch, number);
}

static bool is_stopped(const Training *t)
{
	return t->stop && *t->stop;
}

static bool run_epoch(const Training *t, Run *run, const Epoch *epoch, Progress *progress, Failure *failure)
{
	const Program *program = run->program;
	const float *loss = (const float *)((char *)run->net + program->loss);
	const float *correct = (const float *)((char *)run->net + program->correct);
	double sum = 0, right = 0, start = wall_seconds();
	int seen = 0, batch = 0;
	progress->epoch = epoch->number;
	progress->network = t->run_count > 1 ? program->name : 0;
	for (; batch < epoch->batches && !is_stopped(t); batch++) {
		int begin = batch * t->batch;
		int rows = t->data->rows - begin < t->batch ? t->data->rows - begin : t->batch;
		load_batch(program, run->net, t->data, epoch->order + begin, rows);
		program->train(run->net, rows, run->lr, t->host);
		if (t->log)
			log_step(t, run, epoch, batch, *loss);
		if (!isfinite(*loss))
			return not_finite(run, epoch, batch, *loss, failure);
		sum += *loss;
		right += program->classifies ? *correct : 0;
		seen += rows;
		progress_step(progress, *loss);
	}
	run->seconds += wall_seconds() - start;
	run->steps += batch;
	if (batch) {
		run->loss = sum / batch;
		run->accuracy = right / seen;
	}
	return true;
}

static void report_epoch(const Training *t, const Epoch *epoch, Progress *progress)
{
	progress_clear(progress);
	if (!t->quiet)
		printf("Epoch %d:", epoch->number);
	for (int i = 0; i < t->run_count; i++) {
		const Run *run = &t->runs[i];
		bool classifies = run->program->classifies;
		if (!t->quiet) {
			printf("%s %s loss=%.4f", i ? "," : "", run->program->name, run->loss);
			if (classifies)
				printf(" accuracy=%.1f%%", 100 * run->accuracy);
		}
		if (!t->log)
			continue;
		atomic_print(t->log, "{\"event\":\"epoch\",\"net\":\"%s\",\"epoch\":%d,\"steps\":%lld,\"loss\":%.9g", run->program->name, epoch->number,
			(long long)run->steps, run->loss);
		if (classifies)
			atomic_print(t->log, ",\"accuracy\":%.9g", run->accuracy);
		atomic_print(t->log, "}\n");
	}
	if (!t->quiet)
		printf("\n");
}

/* What the orders of the epochs are drawn with. */
typedef struct Shuffle {
	int *order;
	uint32_t *reciprocals;
	uint32_t samplers[SAMPLERS][STATE_WORDS];
} Shuffle;

/* left: epochs to come, this one included. */
static void set_order(const Training *t, Shuffle *shuffle, const Epoch *epoch, int64_t left)
{
	int turn = epoch->number % SAMPLERS, rows = t->data->rows;
	if (t->shuffle && turn == 0)
		torch_samplers(t->random, shuffle->samplers, left < SAMPLERS ? (int)left : SAMPLERS);
	if (t->shuffle)
		t->runs[0].program->kernels->permute(rows, shuffle->order, shuffle->samplers[turn], shuffle->reciprocals);
	else
		for (int i = 0; i < rows; i++)
			shuffle->order[i] = i;
}

static bool run_epochs(Training *t, Shuffle *shuffle, Failure *failure)
{
	int batches = batches_of(t);
	int64_t total = t->steps ? t->steps : (int64_t)t->epochs * batches;
	Progress progress = progress_start(total * t->run_count, !t->quiet);
	Epoch epoch = {.order = shuffle->order};
	bool ok = true;
	while (ok && !is_stopped(t) && epoch.first_step < total) {
		epoch.batches = total - epoch.first_step < batches ? (int)(total - epoch.first_step) : batches;
		set_order(t, shuffle, &epoch, (total - epoch.first_step + batches - 1) / batches);
		for (int i = 0; ok && i < t->run_count; i++)
			ok = run_epoch(t, &t->runs[i], &epoch, &progress, failure);
		if (ok && !is_stopped(t))       /* not of a part */
			report_epoch(t, &epoch, &progress);
		epoch.first_step += epoch.batches;
		epoch.number++;
	}
	progress_clear(&progress);
	return ok;
}

bool train(Training *t, Failure *failure)
{
	size_t rows = (size_t)t->data->rows;
	Shuffle shuffle;
	shuffle.order = malloc(rows * sizeof *shuffle.order);
	shuffle.reciprocals = malloc(rows * sizeof *shuffle.reciprocals);
	bool ok = shuffle.order && shuffle.reciprocals;
	if (ok) {
		torch_reciprocals(shuffle.reciprocals, t->data->rows);
		ok = run_epochs(t, &shuffle, failure);
	} else
		fail(failure, "not enough memory for the order of %d rows", t->data->rows);
	free(shuffle.order);
	free(shuffle.reciprocals);
	return ok;
}
