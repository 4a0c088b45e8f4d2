/* Compares a network's program with the model in double, and with a program of scalar kernels whose steps are
 * separate. */
#include "verify.h"
#include <math.h>

/* ---- comparisons */

static void compare_separate(Sitting *s)
{
	for (int i = 0; i < s->found.count; i++) {
		const Series *found = &s->found.items[i], *expected = &s->expected.items[i];
		const double tolerance = found->kind == GRADIENT ? gradient_tolerance(s, expected)
			: series_tolerance(s, expected);
		Finding *f = add_finding(s->v, CHECK_SEPARATE, found->what, expected->largest);
		for (size_t k = 0; k < found->count; k++)
			compare_value(s->v, f, found->values[k], expected->values[k], tolerance);
	}
}

static void compare_results(Sitting *s)
{
	const Network *network = s->v->network;
	for (int i = 0; i < s->found.count; i++) {
		const Series *found = &s->found.items[i];
		double loss = 0, largest = 0;
		const double *expected = &loss;
		if (found->kind == GRADIENT)
			continue;
		if (found->kind == OUTPUTS) {
			model_forward(&s->model, false);
			expected = model_value(&s->model, network->output);
		} else
			loss = model_loss(&s->model);
		if (found->kind == STATISTIC)
			expected = s->model.updated[found->node][found->tensor];
		for (size_t k = 0; k < found->count; k++)
			largest = larger(largest, fabs(expected[k]));
		Finding *f = add_finding(s->v, CHECK_RESULTS, found->what, largest);
		for (size_t k = 0; k < found->count; k++)
			compare_value(s->v, f, found->values[k], expected[k], series_tolerance(s, &s->expected.items[i]));
	}
}

/* ---- how many rows there is time for */

/* About as many operations takes the model for a row. */
static double model_work(const Network *network)
{
	double work = 0;
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		const Shape weights = weight_shape(node);
		bool product = false;
		for (const TensorSpec *t = node->layer->tensors; t->name; t++)
			product |= t->layout == LAYOUT_WEIGHTS;
		work += (double)shape_size(&node->output->shape) * (product ? (double)shape_size(&weights) + 8 : 32);
	}
	return work;
}

static int clamp_rows(const Verification *v, double rows)
{
	/* BatchNorm of 2 rows computes nothing but signs */
	const int most = v->compilation->module->options.batch,
		wanted = v->compilation->module->program.normalises_batch ? 4 : 2, least = most < wanted ? most : wanted;
	return rows > most ? most : rows < least ? least : (int)rows;
}

/* What libtcc compiles takes about as many times as long. */
enum { TCC_SLOWNESS = 10 };

/* A slope takes two or three differences, of two losses each; those of late nodes need not compute the early ones. */
static void choose_rows(Verification *v)
{
	const double work = model_work(v->network), slopes = 8, runs = 3 * (DISTURBED_RUNS + 2);
	v->parameters = 0;
	for (int i = 0; i < v->compilation->module->program.tensor_count; i++)
		v->parameters += v->compilation->module->program.tensors[i].trainable;
	v->rows = clamp_rows(v, v->operations / (work * (16 + 2.5 * slopes * v->parameters)));
	v->separate_rows = clamp_rows(v, v->operations / (work * runs));
	v->emitted_rows = clamp_rows(v, v->operations / (work * TCC_SLOWNESS * 3 * EMITTED_STEPS));
	if (v->emitted_rows > v->separate_rows)
		v->emitted_rows = v->separate_rows;
	const double left = v->operations / (work * v->rows) - 16;
	v->sampled = left > 2.5 * slopes * v->parameters ? v->parameters : left < 20 ? 1 : (int)(left / (2.5 * slopes));
}

/* ---- */

static bool sit(Verification *v, Random *random, int rows, bool with_model, bool separate, Failure *failure)
{
	Sitting s = {.v = v, .arena = v->arena, .random = random};
	bool ok = open_sitting(&s, rows, failure);
	if (ok && with_model) {
		compare_results(&s);
		verify_slopes(&s);
	}
	if (ok && separate) {
		compare_separate(&s);
		ok = verify_updates(&s, failure);
		if (!v->quick)
			verify_emitted(&s);
	}
	close_sitting(&s);
	return ok;
}

bool verify(Verification *v, Failure *failure)
{
	Random random;
	random_seed(&random, v->seed);
	choose_rows(v);
	const bool once = v->rows == v->separate_rows;
	if (v->quick)
		return sit(v, &random, v->separate_rows, false, true, failure);
	return sit(v, &random, v->rows, true, once, failure)
		&& (once || sit(v, &random, v->separate_rows, false, true, failure));
}
