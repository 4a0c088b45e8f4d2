/* model.h says what it is for. */
#include "model.h"
#include <math.h>
#include <string.h>

/* ---- batches */

Batch random_batch(const Network *network, Random *random, int rows)
{
	Batch batch = {.rows = rows, .inputs = (int)shape_size(&network->input->shape),
		.outputs = (int)shape_size(&network->output->shape)};
	size_t x_count = (size_t)rows * (size_t)batch.inputs, target_count = (size_t)rows * (size_t)batch.outputs;
	batch.x = NEW_ARRAY(network->arena, float, x_count);
	batch.targets = NEW_ARRAY(network->arena, float, target_count);
	batch.labels = NEW_ARRAY(network->arena, int32_t, rows);
	torch_uniform(random, batch.x, x_count, -2, 2);
	const bool chances = network->loss->layer->truth == TRUTH_CHANCES;
	torch_uniform(random, batch.targets, target_count, chances ? 0 : -2, chances ? 1 : 2);
	for (int row = 0; row < rows; row++)
		batch.labels[row] = (int32_t)(random_u32(random) % (unsigned)batch.outputs);
	return batch;
}

Batch first_rows(const Batch *batch, int rows)
{
	Batch first = *batch;
	first.rows = rows;
	return first;
}

/* ---- the model */

static double *as_doubles(Arena *arena, const float *values, size_t count)
{
	double *out = NEW_ARRAY(arena, double, count);
	numbers_to_doubles(out, values, sizeof *values, count);
	return out;
}

size_t model_count(const Node *node, int index)
{
	const TensorSpec *spec = &node->layer->tensors[index];
	if (spec->layout == LAYOUT_COUNTER || (spec->when && node->arguments[argument_index(node->layer, spec->when)] == 0))
		return 0;
	const Shape weights = weight_shape(node);
	return (size_t)shape_features(&node->output->shape)
		* (spec->layout == LAYOUT_WEIGHTS ? (size_t)shape_size(&weights) : 1);
}

Model model_open(Arena *arena, const Network *network)
{
	const int nodes = network->nodes.count;
	Model m = {.network = network, .arena = arena};
	m.tensors = arena_alloc(arena, (size_t)nodes, sizeof *m.tensors);
	m.updated = arena_alloc(arena, (size_t)nodes, sizeof *m.updated);
	m.outputs = NEW_ARRAY(arena, double *, nodes);
	m.before = NEW_ARRAY(arena, Random, nodes + 1);
	random_seed(&m.random, 1);
	for (int i = 0; i < nodes; i++) {
		const Node *node = network->nodes.items[i];
		for (int k = 0; node->layer->tensors[k].name; k++) {
			const size_t count = model_count(node, k);
			if (!count)
				continue;
			m.tensors[i][k] = NEW_ARRAY(arena, double, count);
			if (!node->layer->tensors[k].trainable)
				m.updated[i][k] = NEW_ARRAY(arena, double, count);
		}
	}
	return m;
}

void model_randomise(Model *m, Random *random)
{
	for (int i = 0; i < m->network->nodes.count; i++) {
		const Node *node = m->network->nodes.items[i];
		for (int k = 0; k < MAX_TENSORS; k++) {
			if (!m->tensors[i][k])
				continue;
			const bool statistic = !node->layer->tensors[k].trainable;
			for (size_t v = 0; v < model_count(node, k); v++) {
				float value;
				torch_uniform(random, &value, 1, statistic ? 0.5 : -1, statistic ? 2 : 1);
				m->tensors[i][k][v] = value;
			}
		}
	}
}

void model_set_batch(Model *m, const Batch *batch)
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

/* ---- evaluation */

const double *model_value(const Model *m, const Value *value)
{
	return !value ? 0 : value->producer ? m->outputs[value->producer->index] : m->x;
}

static void forward_from(const Model *m, int first, bool training)
{
	Random random = first > 0 ? m->before[first] : m->random;
	for (int i = first; i < m->network->nodes.count; i++) {
		m->before[i] = random;
		const Node *node = m->network->nodes.items[i];
		Reference reference = reference_of(node, m->rows);
		reference.x = model_value(m, node->inputs[0]);
		reference.x2 = model_value(m, node->inputs[1]);
		reference.y = m->outputs[i];
		reference.training = training;
		reference.random = &random;
		for (int k = 0; k < MAX_TENSORS; k++) {
			reference.tensors[k] = m->tensors[i][k];
			reference.updated[k] = training ? m->updated[i][k] : 0;
		}
		node->layer->reference(&reference);
	}
}

void model_forward(const Model *m, bool training)
{
	forward_from(m, 0, training);
}

static double loss_from(const Model *m, int first)
{
	const Node *loss = m->network->loss;
	double value;
	forward_from(m, first, true);
	Reference reference = reference_of(loss, m->rows);
	reference.x = model_value(m, m->network->output);
	reference.y = &value;
	reference.training = true;
	reference.labels = m->labels;
	reference.targets = m->targets;
	loss->layer->reference(&reference);
	return value;
}

double model_loss(const Model *m)
{
	return loss_from(m, 0);
}

void model_keep_statistics(Model *m)
{
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++)
			if (m->updated[i][k])
				memcpy(m->tensors[i][k], m->updated[i][k],
					model_count(m->network->nodes.items[i], k) * sizeof *m->tensors[i][k]);
}

/* ---- programs */

void *numbers_of(Arena *arena, const Module *module, const float *values, size_t count)
{
	void *numbers = arena_alloc(arena, count, number_bytes(module));
	for (size_t i = 0; i < count; i++)
		number_put(numbers, number_bytes(module), i, (double)values[i]);
	return numbers;
}

void get_doubles(Arena *arena, const Module *module, const void *net, const Tensor *tensor, double *values)
{
	const ProgramTensor view = program_view(tensor);
	void *numbers = arena_alloc(arena, tensor_count(&view), number_bytes(module));
	tensor_get(&module->program, net, &view, numbers);
	numbers_to_doubles(values, numbers, number_bytes(module), tensor_count(&view));
}

void set_doubles(Arena *arena, const Module *module, void *net, const Tensor *tensor, const double *values)
{
	const ProgramTensor view = program_view(tensor);
	void *numbers = arena_alloc(arena, tensor_count(&view), number_bytes(module));
	for (size_t i = 0; i < tensor_count(&view); i++)
		number_put(numbers, number_bytes(module), i, values[i]);
	tensor_set(&module->program, net, &view, numbers);
}

void model_store(const Model *m, const Module *module, void *net)
{
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++)
			if (m->tensors[i][k])
				set_doubles(m->arena, module, net, module->owned[i][k], m->tensors[i][k]);
	program_set_random(&module->program, net, &m->random);
}

void model_fetch(Model *m, const Module *module, const void *net)
{
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++)
			if (m->tensors[i][k])
				get_doubles(m->arena, module, net, module->owned[i][k], m->tensors[i][k]);
	program_get_random(&module->program, net, &m->random);
}

/* ---- differences */

static void move(const Move *moves, int count, double *const *from, double step)
{
	for (int i = 0; i < count; i++)
		for (size_t v = 0; v < moves[i].count; v++)
			moves[i].values[v] = from[i][v] + step * moves[i].along[v];
}

/* Differences err by step^2 f''' / 6 and by 2^-53 f / step. 2^-18 makes both some 1e-11 for f and f''' of about 1, and
 * leaves 1e-6 for the f''' = 1e5 of a BatchNorm over two nearly equal rows. A kink within a step makes the slope one
 * between those of its two sides: so a shorter step gives another one. Two slopes may agree by chance: so the error is
 * at least 2^-49 f / step, what sums of some values leave of f's digits.
 *
 * At the kink itself, every step gives the mean of its two sides. The slopes of the sides differ by step f'' where the
 * loss is smooth, and by as much more at a kink for any step: two steps tell the one from the other. */
Slope model_slope(const Model *m, const Move *moves, int count, int first, double enough)
{
	static const double steps[] = {0x1p-16, 0x1p-18, 0x1p-21, 0x1p-24, 0x1p-27};
	enum { STEPS = sizeof steps / sizeof *steps };
	Slope best = {NAN, INFINITY};
	const double middle = loss_from(m, first);
	double before = NAN, bend_before = 0, noise = 0, **from = NEW_ARRAY(m->arena, double *, count);
	for (int i = 0; i < count; i++) {
		from[i] = NEW_ARRAY(m->arena, double, moves[i].count);
		memcpy(from[i], moves[i].values, moves[i].count * sizeof *from[i]);
	}
	for (int i = 0; i < STEPS && !(best.error <= enough + noise); i++) {
		move(moves, count, from, steps[i]);
		const double above = loss_from(m, first);
		move(moves, count, from, -steps[i]);
		const double below = loss_from(m, first), slope = (above - below) / (2 * steps[i]),
			bend = ((above - middle) + (below - middle)) / steps[i];
		noise = 0x1p-49 * fabs(above) / steps[i];
		if (i > 0) {
			const double shorter = steps[i] / steps[i - 1],
				kink = fabs(bend - shorter * bend_before) / (1 - shorter),
				error = fabs(slope - before) + noise + fmax(kink - 4 * noise, 0);
			if (error < best.error)
				best = (Slope){slope, error};
		}
		before = slope;
		bend_before = bend;
	}
	for (int i = 0; i < count; i++)
		memcpy(moves[i].values, from[i], moves[i].count * sizeof *from[i]);
	return best;
}

Slope model_slope_by(const Model *m, double *value, int first, double enough)
{
	static const double one = 1;
	return model_slope(m, &(const Move){value, &one, 1}, 1, first, enough);
}
