/* Why a loss is not finite: finds what can be known of the cause, and says it. */
#include "run.h"
#include "batches.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Whether the node is a batchnorm with eps=0. */
static bool may_divide_by_0(const Node *node)
{
	int eps = node->layer->normalises_batch ? argument_index(node->layer, "eps") : -1;
	return eps >= 0 && node->arguments[eps] == 0;
}

const Node *find_division(const Network *network)
{
	for (int i = network->nodes.count - 1; i >= 0; i--)
		if (may_divide_by_0(network->nodes.items[i]))
			return network->nodes.items[i];
	return 0;
}

static void add(Failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(Failure *failure, const char *format, ...)
{
	size_t length = strlen(failure->text);
	va_list values;
	va_start(values, format);
	vsnprintf(failure->text + length, sizeof failure->text - length, format, values);
	va_end(values);
}

/* ---- a batch through the network, in double */

static const double *value_of(double *const *outputs, const double *x, const Value *value)
{
	return !value ? 0 : value->producer ? outputs[value->producer->index] : x;
}

static double *tensor_values(const Module *m, const void *net, const Tensor *tensor)
{
	const size_t count = element_count(tensor);
	const ProgramTensor place = program_view(tensor);
	const size_t bytes = m->program.kernels->number_bytes;
	void *numbers = malloc(count * bytes);
	double *values = numbers ? NEW_ARRAY(m->arena, double, count) : 0;
	if (numbers) {
		tensor_get(&m->program, net, &place, numbers);
		numbers_to_doubles(values, numbers, bytes, count);
	}
	free(numbers);
	return values;
}

static void run_node(const Module *m, const void *net, const Node *node, int rows, const double *x, Random *random,
	double **outputs)
{
	Reference reference = reference_of(node, rows);
	reference.x = value_of(outputs, x, node->inputs[0]);
	reference.x2 = value_of(outputs, x, node->inputs[1]);
	reference.training = true;
	reference.random = random;
	reference.y = outputs[node->index] = NEW_ARRAY(m->arena, double, (size_t)rows * (size_t)reference.outputs);
	for (int k = 0; k < MAX_TENSORS; k++)
		if (m->owned[node->index][k] && m->owned[node->index][k]->layout != LAYOUT_COUNTER)
			reference.tensors[k] = tensor_values(m, net, m->owned[node->index][k]);
	node->layer->reference(&reference);
}

/* The first feature that has the same value in all rows, as far as the program's numbers can tell; -1: none. */
static int constant_feature(const double *values, int rows, int features, size_t number_bytes)
{
	for (int f = 0; f < features; f++) {
		double least = values[f], most = values[f];
		for (int row = 1; row < rows; row++) {
			least = fmin(least, values[(size_t)row * (size_t)features + (size_t)f]);
			most = fmax(most, values[(size_t)row * (size_t)features + (size_t)f]);
		}
		if (most - least <= (number_bytes == sizeof(double) ? 0x1p-53 : 0x1p-24) * fmax(fabs(least), fabs(most)))
			return f;
	}
	return -1;
}

/* The batch that is in the network's input, as row-major doubles. */
static double *input_values(const Module *m, const Run *run, int rows)
{
	size_t count = (size_t)rows * (size_t)m->program.inputs;
	const size_t bytes = m->program.kernels->number_bytes;
	void *numbers = malloc(count * bytes);
	double *values = numbers ? NEW_ARRAY(m->arena, double, count) : 0;
	if (numbers) {
		m->program.kernels->scatter(rows, m->program.inputs, numbers, (const char *)run->net + m->program.x);
		numbers_to_doubles(values, numbers, bytes, count);
	}
	free(numbers);
	return values;
}

/* Looks for a batchnorm with eps=0 that has an input feature without variance. */
static bool blame_deviation(const Module *m, const Training *t, Failure *failure)
{
	const Run *run = t->breakdown.run;
	const Node *last = find_division(m->network);
	if (!last || !t->returns || t->breakdown.of_weights || !program_is_finite(run->program, run->net))
		return false;
	const Nodes *nodes = &m->network->nodes;
	const int rows = batch_rows(t, t->breakdown.batch);
	const double *x = input_values(m, run, rows);
	double **outputs = NEW_ARRAY(m->arena, double *, nodes->count);
	Random random = *t->random;
	for (int i = 0; x && i <= last->index; i++) {
		const Node *node = nodes->items[i];
		int features = (int)shape_size(&node->inputs[0]->shape);
		int constant = may_divide_by_0(node) ? constant_feature(value_of(outputs, x, node->inputs[0]), rows, features,
			m->program.kernels->number_bytes)
			: -1;
		if (constant >= 0) {
			add(failure,
				": %s `%s` has eps=0, and its input %d is the same in all %d rows of the batch, so that it divides 0 "
				"by 0. Give it eps=1e-5, or leave such a feature out", node->layer->name, node->path, constant, rows);
			return true;
		}
		run_node(m, run->net, node, rows, x, &random, outputs);
	}
	return false;
}

/* ---- class weights */

/* A loss with class weights is their weighted mean: of no rows, if the classes of the whole batch have the weight 0. */
static bool blame_class_weights(const Module *m, const Training *t, Failure *failure)
{
	const Run *run = t->breakdown.run;
	const Node *loss = m->network->loss;
	const int index = argument_index(loss->layer, "weights");
	if (index < 0 || !loss->lists[index] || loss->layer->truth != TRUTH_LABELS || t->breakdown.of_weights)
		return false;
	const int32_t *labels = (const int32_t *)(const void *)((const char *)run->net + m->program.label);
	const int rows = batch_rows(t, t->breakdown.batch);
	for (int row = 0; row < rows; row++)
		if (number_rounded(loss->lists[index][labels[row]], number_bytes(m)) != 0)
			return false;
	add(failure, ": the classes of all %d row%s of the batch have the weight 0, and the mean of none is no number. "
		"Give them a weight, leave out their rows, or use a larger --batch", rows, rows == 1 ? "" : "s");
	return true;
}

/* ---- large numbers */

/* The index of the value with the largest magnitude. */
static size_t largest(const void *values, size_t bytes, size_t count)
{
	size_t at = 0;
	for (size_t i = 1; i < count; i++)
		at = fabs(number_at(values, bytes, i)) > fabs(number_at(values, bytes, at)) ? i : at;
	return at;
}

/* Writes "d.npz has inputs up to 1e+30 (row 3): scale them to about 1", or nothing if the data are about as large as
 * initial weights are made for. Returns the largest magnitude. */
static double describe_data(const Training *t, char *out, size_t size)
{
	enum { LARGE = 1000 };
	const Data *data = t->data;
	const struct { const char *name; const void *values; int features; } tables[] = {
		{"inputs", data->x_any, data->features},
		{"targets", data->labels ? 0 : data->targets_any, data->target_features},
	};
	double most = 0;
	*out = 0;
	for (int i = 0; i < 2; i++) {
		if (!tables[i].values)
			continue;
		size_t at = largest(tables[i].values, data->number_bytes, (size_t)data->rows * (size_t)tables[i].features);
		double value = number_at(tables[i].values, data->number_bytes, at);
		if (fabs(value) >= LARGE && fabs(value) > most)
			snprintf(out, size, "%s has %s up to %g (row %zu): scale them to about 1", data->name, tables[i].name,
				value, at / (size_t)tables[i].features);
		most = fmax(most, fabs(value));
	}
	return most;
}

static void blame_size(const Training *t, const char *weights, Failure *failure)
{
	/* its square times the square of a weight may overflow */
	const double overflows = t->data->number_bytes == sizeof(double) ? 1e150 : 1e15;
	char data[sizeof failure->text];
	double most = describe_data(t, data, sizeof data);
	const char *when = t->breakdown.step > 0 ? "" : ", before any step";
	if (most >= overflows || (!t->breakdown.step && *data))
		add(failure, "%s: %s", when, data);
	else if (t->breakdown.step > 0)
		add(failure, ": a smaller --lr often helps (%s%g)%s%s",
			t->breakdown.run->schedule.rate ? "the schedule was at " : "it is ", t->breakdown.run->lr,
			*data ? "; " : "", data);
	else if (weights)
		add(failure, "%s: the weights in %s are too large", when, weights);
	else
		add(failure, "%s: the learning rate has no part in it", when);
}

void blame(const Module *m, const Training *t, const char *weights, Failure *failure)
{
	if (!t->breakdown.run)
		return;
	add(failure, ", so training stops here");
	if (blame_class_weights(m, t, failure) || blame_deviation(m, t, failure))
		return;
	blame_size(t, weights, failure);
	const Node *node = find_division(m->network);
	if (node && !t->returns)
		add(failure,
			". %s `%s` has eps=0, and divides by 0 where a feature is the same in a whole batch: eps=1e-5 does not",
			node->layer->name, node->path);
}
