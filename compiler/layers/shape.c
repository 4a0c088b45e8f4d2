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
	char text[SHAPE_TEXT];
	write_shape(text, shape->dims, shape->rank);
	return arena_copy(arena, text, strlen(text));
}

/* Gives the network's input, if it has no shape yet, that of the data's samples. Returns whether it did. */
static bool take_sample(const Node *node, Shape shape)
{
	Value *x = node->inputs[0];
	if (x->shape.rank != UNKNOWN_RANK || !x->sample || !x->sample->name)
		return false;
	x->shape = shape;
	x->span = node->span;
	x->data = x->sample->name;
	return true;
}

static void take_features(const Node *node)
{
	const Sample *sample = node->inputs[0]->sample;
	if (sample)
		take_sample(node, (Shape){1, {(int)shape_size(&sample->shape)}});
}

/* Images of one channel may come without it, as height x width. */
static void take_image(const Node *node)
{
	const Sample *sample = node->inputs[0]->sample;
	if (sample && sample->shape.rank == 2)
		take_sample(node, (Shape){3, {1, sample->shape.dims[0], sample->shape.dims[1]}});
	else if (sample)
		take_sample(node, sample->shape);
}

/* Whether the layer has an argument that would tell the size of its source. */
static bool can_tell_size(const Layer *layer)
{
	for (const ArgumentSpec *a = layer->arguments; a->name; a++)
		if (a->use & INFERRED)
			return true;
	return false;
}

bool shape_is_missing(Node *node, Diagnostics *diagnostics)
{
	Value *x = node->inputs[0];
	if (shape_is_known(&x->shape) || (x->sample && take_sample(node, x->sample->shape)))
		return false;
	if (shape_is_broken(&x->shape))
		return true;
	x->waits = x->sample && x->sample->awaited;
	if (x->waits)
		x->shape.rank = BROKEN_RANK;
	else
		error_at(diagnostics, node->span, "%s does not know the size of its source: %s with `input`, for example "
			"`input 2`, or take it from data with --train DATA", node->layer->name,
			can_tell_size(node->layer) ? "give it, or start the network" : "start the network");
	return true;
}

/* what: "the 32 features"; verb: "come". */
void note_source(Diagnostics *diagnostics, const Value *x, const char *what, const char *verb)
{
	if (x->data)
		note_at(diagnostics, x->span, "%s %s from the data %s, which the network takes as its input", what, verb,
			x->data);
	else
		note_at(diagnostics, x->span, "%s %s from here", what, verb);
}

/* Takes the argument from x, or x's features from it, or reports that they differ. */
static bool infer_size(Node *node, const char *argument, const char *noun, Diagnostics *diagnostics)
{
	int index = argument_index(node->layer, argument);
	const Value *x = node->inputs[0];
	int expected = node->given[index] ? (int)node->arguments[index] : 0, found = shape_features(&x->shape);
	if (expected && expected != found) {
		const char *unit = x->shape.rank > 1 ? "channel" : "feature";
		error_at(diagnostics, node->argument_spans[index], "%s expects %d %s, but its source has %d %s%s",
			node->layer->name, expected, noun, found, unit, found == 1 ? "" : "s");
		char what[40];
		snprintf(what, sizeof what, "the %d %s%s", found, unit, found == 1 ? "" : "s");
		note_source(diagnostics, x, what, found == 1 ? "comes" : "come");
		return false;
	}
	node->arguments[index] = found;
	return true;
}

bool infer_channels(Node *node, const char *argument, Diagnostics *diagnostics)
{
	int index = argument_index(node->layer, argument);
	Value *x = node->inputs[0];
	if (!shape_is_known(&x->shape) && node->given[index]) {
		x->shape = (Shape){1, {(int)node->arguments[index]}};
		x->span = node->argument_spans[index];
	}
	return !shape_is_missing(node, diagnostics)
		&& infer_size(node, argument, strcmp(argument, "in") == 0 ? "inputs" : argument, diagnostics);
}

bool infer_features(Node *node, const char *argument, Diagnostics *diagnostics)
{
	const Value *x = node->inputs[0];
	if (!node->given[argument_index(node->layer, argument)])
		take_features(node);
	if (x->shape.rank > 1) {
		error_at(diagnostics, node->span, "%s expects features, but its source has %d dimensions%s", node->layer->name,
			x->shape.rank, x->shape.rank == 3 ? ": put `flatten` before it" : "");
		note_source(diagnostics, x, "they", "come");
		return false;
	}
	return infer_channels(node, argument, diagnostics);
}

bool infer_unchanged(Node *node, Diagnostics *diagnostics)
{
	return !shape_is_missing(node, diagnostics) && set_output(node, node->inputs[0]->shape);
}

bool infer_image(Node *node, Diagnostics *diagnostics)
{
	const Value *x = node->inputs[0];
	take_image(node);
	if (shape_is_missing(node, diagnostics))
		return false;
	if (x->shape.rank == 3)
		return true;
	error_at(diagnostics, node->span,
		"%s expects an image of channels x height x width, such as `input 1x28x28`, but its source has %d dimension%s",
		node->layer->name, x->shape.rank, x->shape.rank == 1 ? "" : "s");
	note_source(diagnostics, x, x->shape.rank == 1 ? "it" : "they", x->shape.rank == 1 ? "comes" : "come");
	return false;
}

bool set_image(Node *node, int channels, int height, int width, Diagnostics *diagnostics)
{
	const int64_t pixels = (int64_t)height * width;
	if (pixels <= INT32_MAX && channels <= INT32_MAX / pixels)
		return set_output(node, (Shape){3, {channels, height, width}});
	error_at(diagnostics, node->span, "%s gives %d channels of %dx%d pixels, more than %d values for each sample",
		node->layer->name, channels, height, width, INT32_MAX);
	return false;
}

/* The number of places of the window along one side. */
static int places(int size, double kernel, double stride, double padding)
{
	int64_t room = size + 2 * (int64_t)padding - (int64_t)kernel;
	return room < 0 ? 0 : (int)(room / (int64_t)stride) + 1;
}

bool infer_window(Node *node, int channels, Diagnostics *diagnostics)
{
	const int kernel = argument_index(node->layer, "kernel"), stride = argument_index(node->layer, "stride"),
		padding = argument_index(node->layer, "padding");
	const Shape *x = &node->inputs[0]->shape;
	const double *heights = node->arguments, *widths = node->widths;
	const int height = places(x->dims[1], heights[kernel], heights[stride], heights[padding]),
		width = places(x->dims[2], widths[kernel], widths[stride], widths[padding]);
	if (height > 0 && width > 0)
		return set_image(node, channels, height, width, diagnostics);
	error_at(diagnostics, node->span, "%s has a kernel of %.0fx%.0f pixels, which is larger than its source: %dx%d%s",
		node->layer->name, heights[kernel], widths[kernel], x->dims[1], x->dims[2],
		heights[padding] + widths[padding] > 0 ? " with its padding" : "");
	note_at(diagnostics, node->inputs[0]->span, "the %dx%d pixels come from here", x->dims[1], x->dims[2]);
	return false;
}

/* Of a pooling layer: the stride is the kernel if it is not given, and torch allows half a kernel of padding. */
bool infer_pool(Node *node, Diagnostics *diagnostics)
{
	if (!infer_image(node, diagnostics))
		return false;
	const int kernel = argument_index(node->layer, "kernel"), stride = argument_index(node->layer, "stride"),
		padding = argument_index(node->layer, "padding");
	if (node->arguments[stride] < 0) {
		node->arguments[stride] = node->arguments[kernel];
		node->widths[stride] = node->widths[kernel];
	}
	if (2 * node->arguments[padding] > node->arguments[kernel] || 2 * node->widths[padding] > node->widths[kernel]) {
		error_at(diagnostics, node->argument_spans[padding], "padding of %s must be at most half of its kernel",
			node->layer->name);
		return false;
	}
	return infer_window(node, shape_features(&node->inputs[0]->shape), diagnostics);
}

Shape weight_shape(const Node *node)
{
	return node->layer->weight_shape ? node->layer->weight_shape(node)
		: (Shape){1, {shape_features(&node->inputs[0]->shape)}};
}

bool set_output(Node *node, Shape shape)
{
	node->output->shape = shape;
	return true;
}

Reference reference_of(const Node *node, int rows)
{
	return (Reference){
		.rows = rows, .inputs = (int)shape_size(&node->inputs[0]->shape),
		.outputs = node->output ? (int)shape_size(&node->output->shape) : 1,
		.arguments = node->arguments, .widths = node->widths, .lists = node->lists,
		.x_shape = &node->inputs[0]->shape, .y_shape = node->output ? &node->output->shape : 0,
	};
}
