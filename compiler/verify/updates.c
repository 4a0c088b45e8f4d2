/* Compares the weights after some steps of the network's own program with what the optimizer's reference makes of the
 * gradients, which another program computes from the same weights before each step. One step is taken with a rate so
 * large that the old weights vanish beside what it subtracts, others with the network's own. */
#include "verify.h"
#include <math.h>
#include <string.h>

enum { STEPS = 3 };

/* The reference is run as it is, and with gradients off by as much as rounding may carry them, and states off by more
 * than a rounding, each in either direction: an optimizer may keep all of that, or make it larger than the gradient.
 * So it is with the states of the step itself: rmsprop, if it is centered, divides by the root of v - a^2, which with a
 * small alpha is a small part of either, and of their roundings: after the first step it is alpha (1 - alpha) g^2, and
 * v is (1 - alpha) g^2. */
enum { EXACT, RUNS = 5 };
static const struct { int gradient, states; } directions[RUNS] = {{0, 0}, {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
enum { ROUNDINGS = 16 };        /* the errors of a state, in roundings of itself */

typedef struct Updated {
	const Series *gradient;         /* of the first sitting: the names, and how exact it is */
	double tolerance;
	bool known;                     /* its gradient is not left out as nothing but rounding */
	double *before, *after, *slope;  /* the weights before and after a step, and the gradient of the batch */
	double *sum;                    /* of the gradients since the last update, each divided by the batches of one */
	double *states[RUNS][MAX_TENSORS];
	Finding *finding;
} Updated;

typedef struct Updates {
	Sitting *s;
	Trial own;                      /* the network's own program */
	Updated *items;
	int count;
	int waiting, updates;           /* batches since the last update; updates since the start */
	double factor, spread;          /* by what clipping multiplies gradients, and how far roundings carry that */
} Updates;

static void list_updates(Updates *u)
{
	Sitting *s = u->s;
	u->items = NEW_ARRAY(s->arena, Updated, s->found.count);
	for (int i = 0; i < s->found.count; i++) {
		const Series *gradient = &s->found.items[i];
		if (gradient->kind != GRADIENT)
			continue;
		Updated *item = &u->items[u->count++];
		item->gradient = gradient;
		item->tolerance = gradient_tolerance(s, &s->expected.items[i]);
		item->before = NEW_ARRAY(s->arena, double, gradient->count);
		item->after = NEW_ARRAY(s->arena, double, gradient->count);
		item->slope = NEW_ARRAY(s->arena, double, gradient->count);
		item->sum = NEW_ARRAY(s->arena, double, gradient->count);
		for (int run = 0; run < RUNS; run++)
			for (int k = 0; k < MAX_TENSORS; k++)
				item->states[run][k] = NEW_ARRAY(s->arena, double, gradient->count);
	}
}

static void forget_states(Updates *u)
{
	u->waiting = u->updates = 0;
	for (int i = 0; i < u->count; i++)
		for (int run = 0; run < RUNS; run++)
			for (int k = 0; k < MAX_TENSORS; k++)
				memset(u->items[i].states[run][k], 0, u->items[i].gradient->count * sizeof(double));
}

static void get_weights(const Updates *u, const Updated *item, double *values)
{
	get_doubles(u->s->arena, u->own.module, u->own.net,
		u->own.module->owned[item->gradient->node][item->gradient->tensor], values);
}

static void add_slope(const Updates *u, Updated *item)
{
	const int batches = batches_of_update(u->s->v->network->optimizer);
	for (size_t k = 0; k < item->gradient->count; k++)
		item->sum[k] = (u->waiting ? item->sum[k] : 0) + item->slope[k] / batches;
}

/* Takes the step with both programs, from the same weights. last: the own program updates with what it has. */
static void take_step(Updates *u, double rate, bool last)
{
	Sitting *s = u->s;
	Model before = model_open(s->arena, s->v->network);
	model_fetch(&before, u->own.module, u->own.net);
	memset(s->program.net, 0, s->program.module->program.bytes);
	model_store(&before, s->program.module, s->program.net);
	train_trial(s, &s->program, 0, 0);
	for (int i = 0; i < u->count; i++) {
		get_weights(u, &u->items[i], u->items[i].before);
		u->items[i].known = get_gradient(s->arena, &s->program, u->items[i].gradient->node,
			u->items[i].gradient->tensor, u->items[i].slope);
		add_slope(u, &u->items[i]);
	}
	u->waiting++;
	train_trial(s, &u->own, 0, rate);
	if (last)
		trial_update(&u->own, 0, rate);
	for (int i = 0; i < u->count; i++)
		get_weights(u, &u->items[i], u->items[i].after);
}

static void disturb_states(Updated *item, int run, double off)
{
	for (int k = 0; k < MAX_TENSORS; k++)
		for (size_t i = 0; i < item->gradient->count; i++)
			item->states[run][k][i] *= k % 2 == 0 ? 1 + off : 1 - off;
}

/* torch.nn.utils.clip_grad_norm_ */
static void find_factor(Updates *u)
{
	const Node *optimizer = u->s->v->network->optimizer;
	const double most = optimizer->arguments[argument_index(optimizer->layer, "clip")];
	double squares = 0, roundings = 0;
	u->factor = 1;
	u->spread = 0;
	for (int i = 0; i < u->count; i++)
		for (size_t k = 0; k < u->items[i].gradient->count; k++) {
			squares += u->items[i].sum[k] * u->items[i].sum[k];
			roundings += u->items[i].tolerance * u->items[i].tolerance;
		}
	if (most == 0)
		return;
	const double norm = sqrt(squares), off = fmin(sqrt(roundings), norm);
	u->factor = fmin(most / (norm + 1e-6), 1);
	u->spread = fmin(most / (norm - off + 1e-6), 1) - fmin(most / (norm + off + 1e-6), 1);
}

static void run_reference(const Updates *u, Updated *item, double *const weights[RUNS], double rate)
{
	const Node *optimizer = u->s->v->network->optimizer;
	double *slope = NEW_ARRAY(u->s->arena, double, item->gradient->count);
	for (int run = 0; run < RUNS; run++) {
		const double off = directions[run].states * ROUNDINGS * rounding_unit(u->s);
		disturb_states(item, run, off);
		Reference reference = {.rows = 1, .inputs = (int)item->gradient->count, .arguments = optimizer->arguments,
			.x = slope, .y = weights[run], .lr = rate, .step = u->updates, .off = off};
		for (size_t k = 0; k < item->gradient->count; k++) {
			const double by = u->factor * item->tolerance + u->spread * fabs(item->sum[k]);
			slope[k] = u->factor * item->sum[k] + directions[run].gradient * by;
			weights[run][k] = item->before[k];
		}
		memcpy(reference.states, item->states[run], sizeof reference.states);
		optimizer->layer->reference(&reference);
	}
}

/* The large margins: where the gradient's error makes much of a change, no two runs of the reference tell
 * the largest. */
static double update_tolerance(double kept, double change, double before, double unit)
{
	return (kept > change / 16 ? 4 * kept : kept) + 256 * unit * change + 4 * unit * fabs(before);
}

/* A parameter that this optimizer moves, by its decay, although its gradient is nothing but rounding: how far is not
 * known, as an optimizer may make any gradient large. */
static bool is_unknown(const Updates *u, const Updated *item)
{
	return !item->known && !shift_is_cancelled(u->own.module->network,
		u->own.module->network->nodes.items[item->gradient->node], item->gradient->tensor);
}

static void compare_update(const Updates *u, Updated *item, double rate)
{
	if (is_unknown(u, item)) {
		item->finding->unknown += item->gradient->count;
		return;
	}
	double *weights[RUNS], largest = 0x1p-126;
	for (int run = 0; run < RUNS; run++)
		weights[run] = NEW_ARRAY(u->s->arena, double, item->gradient->count);
	run_reference(u, item, weights, rate);
	for (size_t k = 0; k < item->gradient->count; k++)
		largest = fmax(largest, fabs(weights[EXACT][k]));
	for (size_t k = 0; k < item->gradient->count; k++) {
		const double exact = weights[EXACT][k], change = fabs(exact - item->before[k]);
		double kept = 0;        /* becomes no number if a weight of a run is none */
		for (int run = 0; run < RUNS; run++)
			kept = isnan(kept) || fabs(weights[run][k] - exact) <= kept ? kept : fabs(weights[run][k] - exact);
		compare_value(u->s->v, item->finding, item->after[k] / largest, exact / largest,
			update_tolerance(kept, change, item->before[k], rounding_unit(u->s)) / largest);
	}
}

static void compare_run(Updates *u, int steps, bool large)
{
	forget_states(u);
	start_trial(u->s, &u->own);
	for (int step = 0; step < steps; step++) {
		const double rate = number_rounded(large ? GRADIENT_RATE : own_rate(u->s->v->network, step, STEPS),
			number_bytes(u->own.module));
		take_step(u, rate, step + 1 == steps);
		if (u->waiting < batches_of_update(u->s->v->network->optimizer) && step + 1 < steps)
			continue;
		find_factor(u);
		for (int i = 0; i < u->count; i++)
			compare_update(u, &u->items[i], rate);
		u->waiting = 0;
		u->updates++;
	}
}

bool verify_updates(Sitting *s, Failure *failure)
{
	Updates u = {.s = s, .own = {.module = s->v->compilation->module, .rows = s->batch.rows, .pool = s->program.pool}};
	u.own.net = program_allocate(&u.own.module->program, failure);
	if (!u.own.net)
		return false;
	list_updates(&u);
	for (int i = 0; i < u.count; i++)
		u.items[i].finding = add_finding(s->v, CHECK_UPDATES, u.items[i].gradient->what, 1);
	compare_run(&u, 1, true);
	compare_run(&u, STEPS, false);
	program_free(&u.own.module->program, u.own.net);
	return true;
}
