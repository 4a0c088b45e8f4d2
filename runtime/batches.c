#include "batches.h"
#include <stdlib.h>

bool order_open(Order *order, const Training *t, int64_t epochs, Failure *failure)
{
	size_t rows = (size_t)t->data->rows;
	order->epochs = epochs;
	order->before = *t->random;
	order->rows = malloc(rows * sizeof *order->rows);
	order->reciprocals = malloc(rows * sizeof *order->reciprocals);
	if (!order->rows || !order->reciprocals)
		return fail(failure, "not enough memory for the order of %d rows", t->data->rows);
	torch_reciprocals(order->reciprocals, t->data->rows);
	return true;
}

void order_close(Order *order)
{
	free(order->rows);
	free(order->reciprocals);
}

/* A network that draws random numbers draws them after the sampler of its epoch, and before the next one. */
static int samplers_together(const Training *t)
{
	return any_draws(t) ? 1 : SAMPLERS;
}

static void draw_samplers(Order *order, const Training *t, int64_t first)
{
	int64_t left = order->epochs - first;
	const int most = samplers_together(t);
	order->before = *t->random;
	if (t->shuffle)
		torch_samplers(t->random, order->samplers, left < most ? (int)left : most);
	else if (any_draws(t))
		torch_sequential_epoch(t->random);
}

static void permute(Order *order, const Training *t, int64_t epoch)
{
	if (t->shuffle)
		t->runs[0].program->kernels->permute(t->data->rows, order->rows, order->samplers[epoch % samplers_together(t)],
			order->reciprocals);
	else
		for (int i = 0; i < t->data->rows; i++)
			order->rows[i] = i;
}

void order_draw(Order *order, const Training *t, int64_t epoch)
{
	if (epoch % samplers_together(t) == 0)
		draw_samplers(order, t, epoch);
	permute(order, t, epoch);
}

void order_draw_again(Order *order, const Training *t, int64_t epoch, const Random *before)
{
	*t->random = *before;
	draw_samplers(order, t, epoch - epoch % samplers_together(t));
	permute(order, t, epoch);
}

int batch_rows(const Training *t, int batch)
{
	int begin = batch * t->batch;
	return t->data->rows - begin < t->batch ? t->data->rows - begin : t->batch;
}

void batch_load(const Training *t, const Run *run, const int *rows, int count)
{
	const Program *program = run->program;
	const Data *data = t->data;
	char *base = run->net;
	program->kernels->gather(count, data->features, (float *)(base + program->x), data->x, rows);
	if (program->truth != TRUTH_LABELS)
		program->kernels->gather(count, data->target_features, (float *)(base + program->target), data->targets, rows);
	else {
		int32_t *labels = (int32_t *)(base + program->label);
		for (int i = 0; i < count; i++)
			labels[i] = data->labels[rows[i]];
	}
}

float batch_rate(const Training *t, const Run *run, int64_t epoch, int batch)
{
	const Schedule *schedule = &run->schedule;
	const Instant now = {epoch, epoch * batches_of(t) + batch, epochs_of(t), steps_of(t)};
	return (float)(schedule->rate ? schedule->rate(schedule->arguments, schedule->lr, &now) : schedule->lr);
}

void batch_train(const Training *t, const Run *run, const Order *order, int batch, float lr, const Host *host)
{
	int rows = batch_rows(t, batch);
	batch_load(t, run, order->rows + batch * t->batch, rows);
	program_set_random(run->program, run->net, t->random);
	run->program->train(run->net, rows, lr, host);
	program_get_random(run->program, run->net, t->random);
}
