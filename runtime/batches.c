#include "batches.h"
#include <stdlib.h>

static size_t row_bytes(const Training *t)
{
	return (size_t)t->data->features * t->data->number_bytes;
}

static size_t batch_bytes(const Training *t)
{
	return (size_t)(t->batch < t->data->rows ? t->batch : t->data->rows) * row_bytes(t);
}

bool order_open(Order *order, const Training *t, int64_t epochs, Failure *failure)
{
	size_t rows = (size_t)t->data->rows;
	order->epochs = epochs;
	order->before = *t->random;
	order->augmented = (Augmented){.step = -1, .before = *t->random};
	order->rows = malloc(rows * sizeof *order->rows);
	order->reciprocals = malloc(rows * sizeof *order->reciprocals);
	if (!order->rows || !order->reciprocals)
		return fail(failure, "not enough memory for the order of %d rows", t->data->rows);
	torch_reciprocals(order->reciprocals, t->data->rows);
	if (t->augments.count && !(order->augmented.x = malloc(batch_bytes(t))))
		return fail(failure, "not enough memory for the images of a batch");
	return true;
}

void order_close(Order *order)
{
	free(order->rows);
	free(order->reciprocals);
	free(order->augmented.x);
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
	order->augmented.step = -1;
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

/* The samplers of an epoch within a group are drawn again with the group: one with an earlier end drew fewer of
 * them. */
void order_draw_on(Order *order, const Training *t, int64_t epoch, bool drawn)
{
	const Random now = *t->random, before = order->before;
	if (!drawn && epoch % samplers_together(t) == 0) {
		order_draw(order, t, epoch);
		return;
	}
	order_draw_again(order, t, epoch, &before);
	if (any_draws(t))
		*t->random = now;
}

int batch_rows(const Training *t, int batch)
{
	int begin = batch * t->batch;
	return t->data->rows - begin < t->batch ? t->data->rows - begin : t->batch;
}

void batch_load(const Training *t, const Run *run, const void *x, const int *rows, int count)
{
	const Program *program = run->program;
	const Data *data = t->data;
	char *base = run->net;
	program->kernels->gather(count, data->features, base + program->x, x ? x : data->x_any, x ? NULL : rows);
	if (program->truth != TRUTH_LABELS)
		program->kernels->gather(count, data->target_features, base + program->target, data->targets_any, rows);
	else {
		int32_t *labels = (int32_t *)(base + program->label);
		for (int i = 0; i < count; i++)
			labels[i] = data->labels[rows[i]];
	}
}

/* The updates that `batches` batches of one epoch make; the last one, if it is not whole, counts if ended. */
static int64_t updates_of(const Run *run, int64_t batches, bool ended)
{
	const int64_t each = run->program ? run->program->batches_of_update : 1;
	return (batches + (ended ? each - 1 : 0)) / each;
}

/* The updates before the step, or in a training of so many steps, which has ended. */
static int64_t updates_before(const Training *t, const Run *run, int64_t step, bool ended)
{
	const int batches = batches_of(t);
	return step / batches * updates_of(run, batches, true) + updates_of(run, step % batches, ended);
}

double rate_at(const Schedule *schedule, const Instant *now)
{
	if (!schedule->rate)
		return schedule->lr;
	return schedule->each_step ? schedule->rate(schedule->arguments, schedule->lr, now->step, now->steps)
		: schedule->rate(schedule->arguments, schedule->lr, now->epoch, now->epochs);
}

double batch_rate(const Training *t, const Run *run, int64_t epoch, int batch)
{
	const int64_t step = epoch * batches_of(t) + batch;
	const Instant now = {epoch, updates_before(t, run, step, false), epochs_of(t),
		updates_before(t, run, steps_of(t), true)};
	return number_rounded(rate_at(&run->schedule, &now), run->program->kernels->number_bytes);
}

/* Image by image, as a Dataset does that transforms each sample when it is asked for it. */
static void augment(const Training *t, Order *order, int64_t epoch, int batch)
{
	const int *rows = order->rows + batch * t->batch, *dims = t->runs[0].program->dims;
	Pixmap image = {.number_bytes = t->data->number_bytes, .channels = dims[0], .height = dims[1], .width = dims[2]};
	schema_scale(t->data->schema, &image.centres, &image.deviations);
	order->augmented.before = *t->random;
	for (int i = 0; i < batch_rows(t, batch); i++) {
		image.values = (char *)order->augmented.x + (size_t)i * row_bytes(t);
		memcpy(image.values, (const char *)t->data->x_any + (size_t)rows[i] * row_bytes(t), row_bytes(t));
		for (int k = 0; k < t->augments.count; k++)
			t->augments.items[k].transform(&image, t->augments.items[k].arguments, t->augments.items[k].widths,
				t->random);
	}
	order->augmented.step = epoch * batches_of(t) + batch;
}

void batch_augment_again(const Training *t, Order *order, int64_t epoch, int batch)
{
	const Random now = *t->random;
	*t->random = order->augmented.before;
	augment(t, order, epoch, batch);
	*t->random = now;
}

void batch_train(const Training *t, const Run *run, Order *order, int64_t epoch, int batch, double lr,
	const Host *host)
{
	const int batches = batches_of(t), rows = batch_rows(t, batch);
	const int64_t step = epoch * batches + batch;
	const Probe *probe = run->probe && step >= run->probe->next ? run->probe : NULL;
	if (t->augments.count && order->augmented.step != step)
		augment(t, order, epoch, batch);
	batch_load(t, run, order->augmented.x, order->rows + batch * t->batch, rows);
	program_set_random(run->program, run->net, t->random);
	if (probe)
		probe->before(probe->context, step, rows);
	run->program->train(run->net, rows, lr, host);
	program_get_random(run->program, run->net, t->random);
	if (run->program->update && (batch + 1 == batches || step + 1 == steps_of(t)))
		run->program->update(run->net, lr, host);
	if (probe)
		probe->after(probe->context, step);
}
