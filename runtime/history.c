#include "history.h"
#include "progress.h"
#include <stdlib.h>
#include <string.h>

/* ---- copies */

static size_t kept_bytes(const Program *program)
{
	return program->work + (program->bytes - program->work_end);
}

static void copy_out(char *copy, const Run *run)
{
	const Program *program = run->program;
	memcpy(copy, run->net, program->work);
	memcpy(copy + program->work, (const char *)run->net + program->work_end, program->bytes - program->work_end);
}

static void copy_in(const char *copy, const Run *run)
{
	const Program *program = run->program;
	memcpy(run->net, copy, program->work);
	memcpy((char *)run->net + program->work_end, copy + program->work, program->bytes - program->work_end);
}

bool history_open(History *history, const Run *run)
{
	*history = (History){.last = 0};
	for (int i = 0; i < 2; i++)
		history->moments[i] = (Moment){.net = malloc(kept_bytes(run->program) + 1), .step = -1};
	return history->moments[0].net && history->moments[1].net;
}

void history_close(History *history)
{
	for (int i = 0; i < 2; i++)
		free(history->moments[i].net);
}

/* ---- when */

static void take(History *history, const Training *t, const Run *run, const Order *order, int64_t step, int64_t epoch,
	int batch)
{
	Moment *moment = &history->moments[history->last = 1 - history->last];
	copy_out(moment->net, run);
	moment->step = step;
	moment->epoch = epoch;
	moment->batch = batch;
	moment->before = order->before;
	moment->random = *t->random;
}

/* Sets the step at which the clock is read next, about a hundredth of a second from now. */
static void plan_look(History *history, int64_t step, double now)
{
	double rate = (double)(step - history->looked_at) / (now - history->looked + 1e-9);
	history->looked_at = step;
	history->looked = now;
	history->next_look = step + 1 + (int64_t)(rate < 1e9 ? rate / 100 : 1e7);
}

void history_look(History *history, const Training *t, const Run *run, const Order *order, int64_t step, int64_t epoch,
	int batch)
{
	enum { SHARE = 200 };           /* copies take at most 1 / SHARE of the time */
	double now = wall_seconds();
	bool first = history->moments[history->last].step < 0;
	if (first || (now - history->taken > 0.1 && now - history->taken > SHARE * history->cost)) {
		take(history, t, run, order, step, epoch, batch);
		history->taken = wall_seconds();
		history->cost = history->taken - now;
		now = history->taken;
	}
	plan_look(history, step, now);
}

/* ---- back */

/* Starts from the moment and runs the steps before `end` again. Returns the last of them that began with finite
 * weights, or -1. */
static int64_t run_again(const Moment *moment, const Training *t, const Run *run, Order *order, int64_t end, bool check)
{
	const Host host = {.pool = t->host->pool};
	int64_t epoch = moment->epoch, finite = -1;
	int batch = moment->batch;
	copy_in(moment->net, run);
	order_draw_again(order, t, epoch, &moment->before);
	*t->random = moment->random;
	for (int64_t step = moment->step; step < end; step++) {
		if (batch == batches_of(t)) {
			order_draw(order, t, ++epoch);
			batch = 0;
		}
		if (check && program_is_finite(run->program, run->net))
			finite = step;
		batch_train(t, run, order, epoch, batch, batch_rate(t, run, epoch, batch), &host);
		batch++;
	}
	return finite;
}

int64_t history_return(const History *history, const Training *t, const Run *run, Order *order, int64_t end)
{
	const Moment *known = 0;
	for (int i = 0; i < 2; i++) {
		const Moment *moment = &history->moments[i ? 1 - history->last : history->last];
		if (moment->step < 0)
			continue;
		known = moment;
		int64_t last = run_again(moment, t, run, order, end, true);
		if (last < 0)
			continue;
		run_again(moment, t, run, order, last, false);
		return last;
	}
	if (known)
		run_again(known, t, run, order, end, false);
	return -1;
}
