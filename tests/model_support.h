/* model_support.h: a network in double: the layers' references, walked along the graph. It shares nothing with the
 * compiler beyond the graph itself. */
#ifndef MODEL_SUPPORT_H
#define MODEL_SUPPORT_H
#include "network_support.h"
#include <math.h>

typedef struct Model {
	const Network *network;
	Arena *arena;
	int rows;
	double *x, *targets;
	int *labels;
	double *(*tensors)[MAX_TENSORS];        /* by node; row-major; null for counters and for what does not exist */
	double **outputs;                       /* by node */
} Model;

static inline double *as_doubles(Arena *arena, const float *values, size_t count)
{
	double *out = NEW_ARRAY(arena, double, count);
	for (size_t i = 0; i < count; i++)
		out[i] = values[i];
	return out;
}

/* The number of values of a node's tensor; 0 for a counter and for one that does not exist. */
static inline size_t model_count(const Node *node, int index)
{
	const TensorSpec *spec = &node->layer->tensors[index];
	if (spec->layout == LAYOUT_COUNTER || (spec->when && node->arguments[argument_index(node->layer, spec->when)] == 0))
		return 0;
	const Shape weights = weight_shape(node);
	return (size_t)shape_features(&node->output->shape)
		* (spec->layout == LAYOUT_WEIGHTS ? (size_t)shape_size(&weights) : 1);
}

/* Parameters anywhere around 0; statistics positive, as a variance must be. */
static inline double *random_tensor(Arena *arena, const Node *node, int index, Random *random)
{
	size_t count = model_count(node, index);
	float *values = NEW_ARRAY(arena, float, count);
	bool statistic = !node->layer->tensors[index].trainable;
	torch_uniform(random, values, count, statistic ? 0.5 : -1, statistic ? 2 : 1);
	return as_doubles(arena, values, count);
}

static inline void model_set_batch(Model *m, const Batch *batch)
{
	m->rows = batch->rows;
	m->x = as_doubles(m->arena, batch->x, (size_t)batch->rows * (size_t)batch->inputs);
	m->targets = as_doubles(m->arena, batch->targets, (size_t)batch->rows * (size_t)batch->outputs);
	m->labels = NEW_ARRAY(m->arena, int, batch->rows);
	for (int row = 0; row < batch->rows; row++)
		m->labels[row] = batch->labels[row];
	for (int i = 0; i < m->network->nodes.count; i++) {
		int64_t size = shape_size(&m->network->nodes.items[i]->output->shape);
		m->outputs[i] = NEW_ARRAY(m->arena, double, (size_t)batch->rows * (size_t)size);
	}
}

/* With random values in every tensor; they are floats, so that a program can have the same. */
static inline Model model_open(const Network *network, Random *random)
{
	Model m = {.network = network, .arena = network->arena};
	m.tensors = arena_alloc(m.arena, (size_t)network->nodes.count, sizeof *m.tensors);
	m.outputs = NEW_ARRAY(m.arena, double *, network->nodes.count);
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; network->nodes.items[i]->layer->tensors[k].name; k++)
			if (model_count(network->nodes.items[i], k))
				m.tensors[i][k] = random_tensor(m.arena, network->nodes.items[i], k, random);
	return m;
}

static inline const double *model_value(const Model *m, const Value *value)
{
	return !value ? 0 : value->producer ? m->outputs[value->producer->index] : m->x;
}

static inline void model_forward(const Model *m, bool training)
{
	for (int i = 0; i < m->network->nodes.count; i++) {
		const Node *node = m->network->nodes.items[i];
		Reference reference = reference_of(node, m->rows);
		reference.x = model_value(m, node->inputs[0]);
		reference.x2 = model_value(m, node->inputs[1]);
		reference.y = m->outputs[i];
		reference.training = training;
		for (int k = 0; k < MAX_TENSORS; k++)
			reference.tensors[k] = m->tensors[i][k];
		node->layer->reference(&reference);
	}
}

static inline double model_loss(const Model *m)
{
	model_forward(m, true);
	const Node *loss = m->network->loss;
	double value;
	Reference reference = reference_of(loss, m->rows);
	reference.x = model_value(m, m->network->output);
	reference.y = &value;
	reference.training = true;
	reference.labels = m->labels;
	reference.targets = m->targets;
	loss->layer->reference(&reference);
	return value;
}

static inline double central_difference(const Model *m, double *value, double step)
{
	double old = *value;
	*value = old + step;
	double above = model_loss(m);
	*value = old - step;
	double below = model_loss(m);
	*value = old;
	return (above - below) / (2 * step);
}

/* The loss's derivative by *value; NAN where the network has a kink within the step.
 *
 * The step: differences err by step^2 f'''/6 and by 2^-53 f / step. 2^-18 makes both some 1e-11 for f and f''' of about
 * 1, and leaves 1e-6 for the f''' = 1e5 of a BatchNorm over two nearly equal rows; and a ReLU's input is rarely that
 * near 0. Across a kink, a quarter of the step gives another slope. */
static inline double model_derivative(const Model *m, double *value)
{
	double wide = central_difference(m, value, 0x1p-18), narrow = central_difference(m, value, 0x1p-20);
	return fabs(wide - narrow) > 1e-5 * (1 + fabs(narrow)) ? (double)NAN : narrow;
}

/* Gives the program of another compilation of the same text the model's tensors. */
static inline void model_store(const Model *m, const Compilation *c, void *net)
{
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++) {
			if (!m->tensors[i][k])
				continue;
			const Tensor *tensor = c->module->owned[i][k];
			float *values = NEW_ARRAY(c->arena, float, value_count(tensor));
			for (size_t v = 0; v < value_count(tensor); v++)
				values[v] = (float)m->tensors[i][k][v];
			set_values(c, net, tensor, values);
		}
}

#endif
