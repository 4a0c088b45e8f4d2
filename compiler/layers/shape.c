/* shape.c: the shape of a sample, and what a layer's infer does with it. */
#include "../bnc.h"
#include <string.h>

bool same_shape(const Shape *a, const Shape *b)
{
	bool same = a->rank == b->rank;
	for (int i = 0; same && i < a->rank; i++)
		same = a->dims[i] == b->dims[i];
	return same;
}

int shape_features(const Shape *shape)
{
	return shape->dims[0];
}

int shape_positions(const Shape *shape)
{
	int positions = 1;
	for (int i = 1; i < shape->rank; i++)
		positions *= shape->dims[i];
	return positions;
}

int64_t shape_size(const Shape *shape)
{
	int64_t size = 1;
	for (int i = 0; i < shape->rank; i++)
		size *= shape->dims[i];
	return size;
}

const char *shape_text(Arena *arena, const Shape *shape)
{
	char *text = arena_print(arena, "%d", shape->dims[0]);
	for (int i = 1; i < shape->rank; i++)
		text = arena_print(arena, "%sx%d", text, shape->dims[i]);
	return text;
}

bool infer_features(Node *node, const char *argument, Diagnostics *diagnostics)
{
	int index = argument_index(node->layer, argument);
	Value *x = node->inputs[0];
	int expected = node->given[index] ? (int)node->arguments[index] : 0;
	const char *noun = strcmp(argument, "in") == 0 ? "inputs" : argument;
	if (!shape_is_known(&x->shape) && expected) {
		x->shape = (Shape){1, {expected}};
		x->span = node->argument_spans[index];
	}
	if (shape_is_broken(&x->shape))
		return false;
	if (x->shape.rank == UNKNOWN_RANK) {
		error_at(diagnostics, node->span,
			"%s does not know the size of its source: give it, or start the network with `input`", node->layer->name);
		return false;
	}
	if (x->shape.rank != 1) {
		error_at(diagnostics, node->span, "%s expects features, but its source has %d dimensions", node->layer->name,
			x->shape.rank);
		note_at(diagnostics, x->span, "they come from here");
		return false;
	}
	int found = shape_features(&x->shape);
	if (expected && expected != found) {
		error_at(diagnostics, node->argument_spans[index], "%s expects %d %s, but its source has %d feature%s",
			node->layer->name, expected, noun, found, found == 1 ? "" : "s");
		note_at(diagnostics, x->span, "the %d feature%s come%s from here", found, found == 1 ? "" : "s",
			found == 1 ? "s" : "");
		return false;
	}
	node->arguments[index] = found;
	return true;
}

bool set_output(Node *node, Shape shape)
{
	node->output->shape = shape;
	return true;
}
