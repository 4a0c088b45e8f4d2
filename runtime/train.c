/* Training: epochs of batches, for several networks on the same batches. */
#include "runtime.h"
#include "checkpoint.h"
#include "history.h"
#include "progress.h"
#include "validate.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Epoch {
	int number;
	int64_t first_step;             /* the number of its first step, counted over all epochs */
	int batches;                    /* the number of batches that will be run: --steps may end an epoch early */
} Epoch;

/* What a training needs besides what it was given. */
typedef struct Work {
	Turn *turns;                    /* of each network */
	Order order;
	History history;
	Progress progress;
	Validation validation;
	Position position;              /* in the above */
	bool goes_on;                   /* from a file, and its first epoch is not begun here */
	double printed;                 /* when a line was last flushed */
} Work;

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
		return fail(failure, "%s normalises over the batch, which needs at least 2 rows, but %s has 1", program->name,
			t->data->name);
	return fail(failure, "%s normalises over the batch, but the last batch would have one row: %d rows of %s in "
		"batches of %d. Use another batch (--batch %d), or one row more or less", program->name, rows, t->data->name,
		t->batch, better_batch(rows, t->batch));
}

bool training_check(const Training *t, Failure *failure)
{
	for (int i = 0; i < t->run_count; i++)
		if (!program_accepts(t->runs[i].program, t->data, failure) || !check_last_batch(t, t->runs[i].program, failure)
			|| (t->valid && !program_accepts(t->runs[i].program, t->valid, failure)))
			return false;
	return true;
}

/* ---- reports */

const char *measure_text(char *text, double value)
{
	snprintf(text, MEASURE_TEXT, fabs(value) < 1e6 ? "%.4f" : "%.4g", value);
	return text;
}

static int digits_of(const Run *run)
{
	return number_digits(run->program->kernels->number_bytes);
}

static void log_step(const Training *t, const Run *run, const Epoch *epoch, int batch, double loss)
{
	char number[32] = "null";       /* JSON has no infinity */
	if (isfinite(loss))
		snprintf(number, sizeof number, "%.*g", digits_of(run), loss);
	lines_print(t->log, "{\"event\":\"step\",\"net\":\"%s\",\"epoch\":%d,\"step\":%lld,\"loss\":%s}\n",
		run->program->name, epoch->number, (long long)epoch->first_step + batch, number);
}

/* Logs an epoch, or the part of it that was run, as `event`; more: further fields. */
static void log_run(const Training *t, const Run *run, const char *event, int epoch, const char *more)
{
	char loss[32] = "null", accuracy[64] = "";
	if (run->steps > 0)
		snprintf(loss, sizeof loss, "%.*g", digits_of(run), run->loss);
	if (run->steps > 0 && run->program->truth != TRUTH_VALUES)
		snprintf(accuracy, sizeof accuracy, ",\"accuracy\":%.9g", run->accuracy);
	lines_print(t->log, "{\"event\":\"%s\",\"net\":\"%s\",\"epoch\":%d,\"steps\":%lld,\"loss\":%s%s%s}\n", event,
		run->program->name, epoch, (long long)run->steps, loss, accuracy, more);
}

static void log_stop(const Training *t)
{
	char more[32];
	snprintf(more, sizeof more, ",\"signal\":%d", (int)*t->stop);
	for (int i = 0; t->log && i < t->run_count; i++)
		log_run(t, &t->runs[i], "stop", t->runs[i].epoch, more);
}

static void log_breakdown(const Training *t, const Breakdown *breakdown)
{
	if (t->log)
		lines_print(t->log, "{\"event\":\"not_finite\",\"net\":\"%s\",\"epoch\":%d,\"step\":%lld,\"what\":\"%s\"}\n",
			breakdown->run->program->name, breakdown->epoch, (long long)breakdown->step - breakdown->of_weights,
			breakdown->of_weights ? "weights" : "loss");
}

/* Flushes a line at once, but at most ten times a second. */
static void print_epoch(Training *t, Work *work, const Epoch *epoch)
{
	printf("Epoch %d:", epoch->number);
	char loss[MEASURE_TEXT];
	for (int i = 0; i < t->run_count; i++) {
		const Run *run = &t->runs[i];
		printf("%s %s loss=%s", i ? "," : "", run->program->name, measure_text(loss, run->loss));
		if (run->program->truth != TRUTH_VALUES)
			printf(" accuracy=%.1f%%", 100 * run->accuracy);
		if (t->valid)
			printf(" valid_loss=%s", measure_text(loss, run->valid_loss));
		if (t->valid && run->program->truth != TRUTH_VALUES)
			printf(" valid_accuracy=%.1f%%", 100 * run->valid_accuracy);
	}
	printf("\n");
	double now = wall_seconds();
	if (now - work->printed < 0.1)
		return;
	work->printed = now;
	if (fflush(stdout) != 0 && !t->output_error)
		t->output_error = errno;
}

/* What an epoch's line of the log says besides the training's own loss. */
static void write_more(const Training *t, const Run *run, char *out, size_t size)
{
	const int digits = digits_of(run);
	char valid[40] = "null";
	if (isfinite(run->lr))
		snprintf(out, size, ",\"lr\":%.*g", digits, run->lr);
	else
		snprintf(out, size, ",\"lr\":null");
	if (!t->valid)
		return;
	if (isfinite(run->valid_loss))
		snprintf(valid, sizeof valid, "%.*g", digits, run->valid_loss);
	snprintf(out + strlen(out), size - strlen(out), ",\"valid_loss\":%s", valid);
	if (run->program->truth != TRUTH_VALUES)
		snprintf(out + strlen(out), size - strlen(out), ",\"valid_accuracy\":%.9g", run->valid_accuracy);
}

static void report_epoch(Training *t, Work *work, const Epoch *epoch)
{
	progress_clear(&work->progress);
	if (!t->quiet)
		print_epoch(t, work, epoch);
	for (int i = 0; t->log && i < t->run_count; i++) {
		char more[200];
		write_more(t, &t->runs[i], more, sizeof more);
		log_run(t, &t->runs[i], "epoch", epoch->number, more);
	}
	for (const Listener *l = t->listeners; l; l = l->next)
		l->epoch_end(l->context, epoch->number);
}

/* ---- what cannot go on */

/* Restores the network that broke down, if that was asked for; its input is again the batch with which it broke
 * down. */
static bool break_down(Training *t, Work *work, const Breakdown *breakdown)
{
	t->breakdown = *breakdown;
	progress_clear(&work->progress);
	log_breakdown(t, breakdown);
	if (!t->returns)
		return false;
	int rows = breakdown->of_weights ? 0 : batch_rows(t, breakdown->batch);
	int *batch = malloc(((size_t)rows + 1) * sizeof *batch);
	if (batch && rows)
		memcpy(batch, work->order.rows + breakdown->batch * t->batch, (size_t)rows * sizeof *batch);
	const size_t bytes = work->order.augmented.x ? (size_t)rows * (size_t)t->data->features * t->data->number_bytes : 0;
	void *images = bytes ? malloc(bytes) : NULL;
	if (images)
		memcpy(images, work->order.augmented.x, bytes);
	t->returned = history_return(&work->history, t, breakdown->run, &work->order, breakdown->step);
	if (batch && rows)
		batch_load(t, breakdown->run, images, batch, rows);
	free(images);
	free(batch);
	return false;
}

static bool check_loss(Training *t, Work *work, const Run *run, const Epoch *epoch, int batch, double loss,
	Failure *failure)
{
	if (isfinite(loss))
		return true;
	fail(failure, "the loss of %s is %s at step %lld (epoch %d, batch %d)", run->program->name,
		isnan(loss) ? "not a number" : "infinite", (long long)epoch->first_step + batch, epoch->number, batch);
	return break_down(t, work, &(Breakdown){.run = run, .step = epoch->first_step + batch, .epoch = epoch->number,
		.batch = batch});
}

/* The loss of no step shows the result of the last update, so the weights are checked. */
static bool check_weights(Training *t, Work *work, Failure *failure)
{
	for (int i = 0; i < t->run_count; i++) {
		const Run *run = &t->runs[i];
		if (run->steps == 0 || program_is_finite(run->program, run->net))
			continue;
		fail(failure, "the weights or running statistics of %s are not finite after step %lld, the last one",
			run->program->name, (long long)run->steps - 1);
		return break_down(t, work, &(Breakdown){.run = run, .step = run->steps, .epoch = run->epoch,
			.batch = run->batch, .of_weights = true});
	}
	return true;
}

/* ---- the loop */

static bool is_stopped(const Training *t)
{
	return t->stop && *t->stop;
}

/* Runs the network's batches before `end` that are not run yet. */
static bool run_batches(Training *t, Work *work, int index, const Epoch *epoch, int end, Failure *failure)
{
	Run *run = &t->runs[index];
	Turn *turn = &work->turns[index];
	const Program *program = run->program;
	const size_t bytes = program->kernels->number_bytes;
	const char *loss_place = (char *)run->net + program->loss, *correct = (char *)run->net + program->correct;
	double start = wall_seconds();
	work->progress.epoch = epoch->number;
	work->progress.network = t->run_count > 1 ? program->name : 0;
	while (turn->batch < end && !is_stopped(t)) {
		const int batch = turn->batch;
		t->step = epoch->first_step + batch + 1;
		if (t->returns)
			history_step(&work->history, t, run, &work->order, epoch->first_step + batch, epoch->number, batch);
		if (batch == 0 || run->schedule.each_step)
			run->lr = batch_rate(t, run, epoch->number, batch);
		batch_train(t, run, &work->order, epoch->number, batch, run->lr, t->host);
		const double loss = number_at(loss_place, bytes, 0);
		if (t->log && t->log_steps)
			log_step(t, run, epoch, batch, loss);
		if (!check_loss(t, work, run, epoch, batch, loss, failure))
			return false;
		turn->sum += loss;
		turn->right += program->truth != TRUTH_VALUES ? number_at(correct, bytes, 0) : 0;
		turn->seen += batch_rows(t, batch);
		turn->batch++;
		progress_step(&work->progress, loss);
		checkpoint_step(t, &work->position, index, epoch->first_step + turn->batch);
	}
	turn->seconds += wall_seconds() - start;
	return true;
}

static void end_turn(Run *run, const Turn *turn, const Epoch *epoch)
{
	run->steps += turn->batch;
	if (epoch->number > 0) {
		run->seconds += turn->seconds;
		run->timed_steps += turn->batch - turn->first;
	}
	if (turn->batch == 0)
		return;
	run->loss = turn->sum / turn->batch;
	run->accuracy = turn->right / turn->seen;
	run->epoch = epoch->number;
	run->batch = turn->batch;
	run->batches = epoch->batches;
}

/* Whether all networks have run so many batches of the epoch. */
static bool is_whole(const Training *t, const Work *work, int batches)
{
	for (int i = 0; i < t->run_count; i++)
		if (work->turns[i].batch < batches)
			return false;
	return true;
}

/* Each network runs the whole epoch while it is in the cache; but if one draws random numbers they take turns, batch by
 * batch, as they would in a script with a loop over the batches. */
static bool run_epoch(Training *t, Work *work, const Epoch *epoch, Failure *failure)
{
	const int together = any_draws(t) ? 1 : epoch->batches;
	for (int end = 0; end < epoch->batches && !is_stopped(t);) {
		end += together;
		for (int i = 0; i < t->run_count; i++)
			if (!run_batches(t, work, i, epoch, end, failure))
				return false;
	}
	if (!is_whole(t, work, batches_of(t)))
		checkpoint_write(t, &work->position);
	for (int i = 0; i < t->run_count; i++)
		end_turn(&t->runs[i], &work->turns[i], epoch);
	return true;
}

/* A checkpoint may have been written when some of the networks were trained on a batch, and others not yet. */
static void augment_again(const Training *t, Work *work)
{
	int least = work->turns[0].batch, most = least;
	for (int i = 1; i < t->run_count; i++) {
		least = work->turns[i].batch < least ? work->turns[i].batch : least;
		most = work->turns[i].batch > most ? work->turns[i].batch : most;
	}
	if (t->augments.count && least < most)
		batch_augment_again(t, &work->order, work->position.epoch, least);
}

/* The first time, the training may go on within an epoch. */
static void draw_order(const Training *t, Work *work)
{
	Position *position = &work->position;
	if (work->goes_on) {
		order_draw_on(&work->order, t, position->epoch, position->drawn);
		augment_again(t, work);
	} else
		order_draw(&work->order, t, position->epoch);
	work->goes_on = false;
	position->drawn = true;
}

static void end_epoch(const Training *t, Work *work)
{
	memset(work->turns, 0, (size_t)t->run_count * sizeof *work->turns);
	work->position.epoch++;
	work->position.drawn = false;
}

static bool run_epochs(Training *t, Work *work, int64_t total, Failure *failure)
{
	Position *position = &work->position;
	Epoch epoch = {.number = position->epoch, .first_step = (int64_t)position->epoch * batches_of(t)};
	bool over = patience_is_over(t, epoch.number - 1);
	while (!is_stopped(t) && !over && epoch.first_step < total) {
		epoch.batches = total - epoch.first_step < batches_of(t) ? (int)(total - epoch.first_step) : batches_of(t);
		draw_order(t, work);
		if (!run_epoch(t, work, &epoch, failure))
			return false;
		const bool whole = is_whole(t, work, epoch.batches);
		if (whole && !validate(&work->validation, t, epoch.number, failure))
			return false;
		if (whole)
			report_epoch(t, work, &epoch);
		over = whole && patience_is_over(t, epoch.number);
		if (is_whole(t, work, batches_of(t)))
			end_epoch(t, work);
		epoch.first_step += epoch.batches;
		epoch.number++;
	}
	progress_clear(&work->progress);
	if (!position->drawn || work->goes_on)
		checkpoint_write(t, position);
	take_best(&work->validation, t);
	t->stopped = !over && total > 0 && t->runs[t->run_count - 1].steps < total;
	if (t->stopped)
		log_stop(t);
	return check_weights(t, work, failure);
}

/* Of all networks. */
static int64_t steps_left(const Training *t, const Work *work, int64_t total)
{
	int64_t left = 0;
	for (int i = 0; i < t->run_count; i++)
		left += total - (int64_t)work->position.epoch * batches_of(t) - work->turns[i].batch;
	return left;
}

bool train(Training *t, Failure *failure)
{
	int64_t total = steps_of(t);
	Work work = {.history.last = 0};
	t->returned = -1;
	bool ok = order_open(&work.order, t, epochs_of(t), failure);
	work.turns = calloc((size_t)t->run_count, sizeof *work.turns);
	if (ok && !work.turns)
		ok = fail(failure, "not enough memory for %d networks", t->run_count);
	ok = ok && validation_open(&work.validation, t, failure);
	if (ok) {
		work.position = (Position){.turns = work.turns, .order = &work.order, .validation = &work.validation};
		work.goes_on = t->checkpoint && t->checkpoint->from;
		checkpoint_restore(t, &work.position);
		t->returns = t->returns && history_open(&work.history, &t->runs[0]);
		work.progress = progress_start(steps_left(t, &work, total), !t->quiet);
		ok = run_epochs(t, &work, total, failure);
	}
	history_close(&work.history);
	validation_close(&work.validation, t);
	order_close(&work.order);
	free(work.turns);
	return ok;
}
