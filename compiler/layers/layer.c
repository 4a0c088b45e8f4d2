/* layer.c: looks up a layer's arguments and tensors, and puts arguments into words. */
#include "../bnc.h"
#include "../base/code.h"
#include <string.h>

/* What is done with them is in optimizer.c. */
const ArgumentSpec optimizer_arguments[] = {
	{"clip", ARGUMENT_REAL, OPTIONAL, 0, "> 0",
		.summary = "scales all gradients together so that their norm is at most X (torch.nn.utils.clip_grad_norm_)"},
	{"accumulate", ARGUMENT_SIZE, OPTIONAL, 1,
		.summary = "an update is for N batches, and takes the mean of their gradients"},
	{0},
};

const ArgumentSpec *argument_spec(const Layer *layer, int index)
{
	int own = 0;
	while (own < index && layer->arguments[own].name)
		own++;
	const ArgumentSpec *spec = &layer->arguments[own];
	if (!spec->name && layer->kind == KIND_OPTIMIZER)
		for (spec = optimizer_arguments; own < index && spec->name; own++)
			spec++;
	return spec->name ? spec : 0;
}

int argument_index(const Layer *layer, const char *name)
{
	const ArgumentSpec *spec;
	for (int i = 0; (spec = argument_spec(layer, i)); i++)
		if (strcmp(spec->name, name) == 0)
			return i;
	return -1;
}

int tensor_index(const Layer *layer, const char *name)
{
	for (int i = 0; layer->tensors[i].name; i++)
		if (strcmp(layer->tensors[i].name, name) == 0)
			return i;
	return -1;
}

bool layer_does_nothing(const Layer *layer, bool training)
{
	const char *calls = !training && layer->predict ? layer->predict : layer->forward;
	return calls && strcmp(calls, "y = x") == 0;
}

static const char *list_text(Arena *arena, const double *numbers, int count)
{
	Code text = {.arena = arena};
	for (int i = 0; i < count; i++)
		code_put(&text, "%s%.9g", i ? "," : "", numbers[i]);
	return code_text(&text);
}

const char *argument_text(Arena *arena, const Node *node, int index)
{
	const ArgumentSpec *spec = argument_spec(node->layer, index);
	const double value = node->arguments[index];
	switch (spec->kind) {
	case ARGUMENT_FLAG: return value != 0 ? "true" : "false";
	case ARGUMENT_PAIR: return pair_text(arena, spec, value, node->widths[index]);
	case ARGUMENT_LIST: return list_text(arena, node->lists[index], (int)value);
	default: return arena_print(arena, "%.9g", value);
	}
}

/* A size that may be left out cannot be written as 0. */
static bool is_left_out(const Node *node, int index)
{
	const ArgumentSpec *spec = argument_spec(node->layer, index);
	return ((spec->use & INFERRED) && node->arguments[index] == 0)
		|| ((spec->use & OPTIONAL) && node->arguments[index] == spec->default_value);
}

const char *arguments_text(Arena *arena, const Node *node, const char *except)
{
	const char *text = "";
	const ArgumentSpec *spec;
	for (int i = 0; (spec = argument_spec(node->layer, i)); i++) {
		const char *value = argument_text(arena, node, i);
		if (*value && !is_left_out(node, i) && !(except && strcmp(spec->name, except) == 0))
			text = arena_print(arena, "%s %s=%s", text, spec->name, value);
	}
	return text;
}

const char *pair_text(Arena *arena, const ArgumentSpec *spec, double height, double width)
{
	if (height < 0)
		return spec->word;
	return height == width ? arena_print(arena, "%.9g", height) : arena_print(arena, "%.9gx%.9g", height, width);
}
