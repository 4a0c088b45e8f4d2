/* Network -> network, for prediction only. Requires shapes and the trained weights; a layer that then only scales and shifts
 * each feature disappears into the product before it, else into the one after it, else becomes a scale and a shift. What
 * changes place must be seen by one reader alone: a value that others read stays what it was.
 *
 *     before: y = s (x W' + b) + t      =  x (diag(s) W)' + (s b + t)
 *     after:  y = (s x + t) W' + b      =  x (W diag(s))' + (W t + b)                         */
#include "bnc.h"
#include <string.h>

/* y = x weight + bias for each feature; the numbers are fold's. */
static const Layer layer_scale_shift = {
	.name = "scale_shift",
	.summary = "x * weight + bias for each feature",
	.tensors = {{"weight", LAYOUT_FEATURES, false, INIT_ONE, 0}, {"bias", LAYOUT_FEATURES, false, INIT_ZERO, 0}},
	.forward = "scale_shift(rows, y, x, weight, bias)",
};

static int tensor_index(const Layer *layer, const char *name)
{
	for (int i = 0; layer->tensors[i].name; i++)
		if (strcmp(layer->tensors[i].name, name) == 0)
			return i;
	internal_error("%s has no tensor `%s`", layer->name, name);
}

static int count_readers(const Network *network, const Value *value)
{
	int readers = network->output == value;
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; k < network->nodes.items[i]->input_count; k++)
			readers += network->nodes.items[i]->inputs[k] == value;
	return readers;
}

static Node *only_reader(const Network *network, const Value *value)
{
	if (count_readers(network, value) != 1 || network->output == value)
		return 0;
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; k < network->nodes.items[i]->input_count; k++)
			if (network->nodes.items[i]->inputs[k] == value)
				return network->nodes.items[i];
	return 0;
}

/* The node's constants, made where it had none. */
static double *shift_of(Compilation *c, Node *node)
{
	int index = tensor_index(node->layer, node->layer->shift);
	double **shift = &c->weights[node->index].tensors[index];
	const char *when = node->layer->tensors[index].when;
	if (!*shift) {
		node->arguments[argument_index(node->layer, when)] = 1;
		*shift = NEW_ARRAY(c->arena, double, shape_features(&node->output->shape));
	}
	return *shift;
}

static double *product_of(Compilation *c, const Node *node)
{
	return c->weights[node->index].tensors[tensor_index(node->layer, node->layer->product)];
}

static void fold_before(Compilation *c, Node *product, const double *scale, const double *shift)
{
	int outputs = shape_features(&product->output->shape), inputs = shape_features(&product->inputs[0]->shape);
	double *w = product_of(c, product), *b = shift_of(c, product);
	for (int output = 0; output < outputs; output++) {
		for (int input = 0; input < inputs; input++)
			w[output * inputs + input] *= scale[output];
		b[output] = b[output] * scale[output] + shift[output];
	}
}

static void fold_after(Compilation *c, Node *product, const double *scale, const double *shift)
{
	int outputs = shape_features(&product->output->shape), inputs = shape_features(&product->inputs[0]->shape);
	double *w = product_of(c, product), *b = shift_of(c, product);
	for (int output = 0; output < outputs; output++)
		for (int input = 0; input < inputs; input++) {
			b[output] += w[output * inputs + input] * shift[input];
			w[output * inputs + input] *= scale[input];
		}
}

static void stay(Compilation *c, Node *node, double *scale, double *shift)
{
	node->layer = &layer_scale_shift;
	c->weights[node->index] = (Weights){{scale, shift}};
}

/* Takes the node out of the graph. */
static void remove_node(Network *network, const Node *node)
{
	Nodes *nodes = &network->nodes;
	int kept = 0;
	for (int i = 0; i < nodes->count; i++) {
		for (int k = 0; k < nodes->items[i]->input_count; k++)
			if (nodes->items[i]->inputs[k] == node->output)
				nodes->items[i]->inputs[k] = node->inputs[0];
		if (nodes->items[i] != node)
			nodes->items[kept++] = nodes->items[i];
	}
	nodes->count = kept;
	if (network->output == node->output)
		network->output = network->loss->inputs[0] = node->inputs[0];
}

static void fold_node(Compilation *c, Node *node)
{
	Network *network = c->network;
	int features = shape_features(&node->output->shape);
	double *scale = NEW_ARRAY(c->arena, double, features), *shift = NEW_ARRAY(c->arena, double, features);
	for (int f = 0; f < features; f++)
		node->layer->scales(node->arguments, (const double *const *)c->weights[node->index].tensors, f, &scale[f], &shift[f]);
	Node *before = node->inputs[0]->producer, *after = only_reader(network, node->output);
	bool gone = true;
	const char *place = "becomes a scale and a shift";
	if (before && before->layer->product && count_readers(network, node->inputs[0]) == 1) {
		fold_before(c, before, scale, shift);
		place = arena_print(c->arena, "is folded into %s %s before it", before->path, before->layer->name);
	} else if (after && after->layer->product) {
		fold_after(c, after, scale, shift);
		place = arena_print(c->arena, "is folded into %s %s after it", after->path, after->layer->name);
	} else
		gone = false;
	APPEND(c->arena, &c->folded, arena_print(c->arena, "%s %s %s", node->path, node->layer->name, place));
	if (gone)
		remove_node(network, node);
	else
		stay(c, node, scale, shift);
}

void fold(Compilation *c)
{
	c->network->batch = c->rows;
	/* the list shrinks as nodes go */
	for (int i = 0; i < c->network->nodes.count;) {
		Node *node = c->network->nodes.items[i];
		if (node->layer->scales)
			fold_node(c, node);
		i += i < c->network->nodes.count && c->network->nodes.items[i] == node;
	}
}
