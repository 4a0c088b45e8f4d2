/* One row for each layer, loss, optimizer, schedule and augmentation; a file of this folder has everything else. */
#include "../bnc.h"
#include <string.h>

#define LAYERS(ROW) \
	ROW(linear) ROW(conv2d) ROW(batchnorm) ROW(layernorm) ROW(groupnorm) ROW(dropout) \
	ROW(maxpool2d) ROW(avgpool2d) ROW(global_avgpool) ROW(flatten) \
	ROW(residual) \
	ROW(relu) ROW(relu6) ROW(leaky_relu) ROW(tanh) ROW(sigmoid) ROW(elu) ROW(gelu) ROW(silu) ROW(softplus) \
	ROW(softmax) ROW(log_softmax) \
	ROW(cross_entropy) ROW(mse) ROW(l1) ROW(huber) ROW(bce) \
	ROW(sgd) ROW(adam) ROW(adamw) ROW(rmsprop) \
	ROW(constant) ROW(step) ROW(exponential) ROW(cosine) ROW(warmup_cosine) ROW(one_cycle) \
	ROW(random_crop) ROW(random_horizontal_flip)

#define DECLARE(name) extern const Layer layer_##name;
LAYERS(DECLARE)

#define ADDRESS(name) &layer_##name,
const Layer *const layers[] = {LAYERS(ADDRESS) 0};

const Layer *layer_find(LayerKind kind, const char *name)
{
	for (int i = 0; layers[i]; i++)
		if (layers[i]->kind == kind && strcmp(layers[i]->name, name) == 0)
			return layers[i];
	return 0;
}

const Layer *layer_default(LayerKind kind, int outputs)
{
	const Layer *found = 0;
	for (int i = 0; layers[i]; i++)
		if (layers[i]->kind == kind
			&& (layers[i]->is_default == DEFAULT || (layers[i]->is_default == DEFAULT_FOR_ONE_OUTPUT && outputs == 1)))
			found = layers[i];
	return found;
}

void layer_write_default(LayerKind kind, int outputs, char *out, size_t size)
{
	const Layer *layer = layer_default(kind, outputs);
	int rate = argument_index(layer, "lr");
	if (rate >= 0)
		snprintf(out, size, "%s lr=%g", layer->name, layer->arguments[rate].default_value);
	else
		snprintf(out, size, "%s", layer->name);
}

const Layer *layer_sum(void)
{
	return &layer_residual;
}

int layer_names(LayerKind kind, const char *names[], int capacity)
{
	int count = 0;
	for (int i = 0; layers[i] && count < capacity; i++)
		if (layers[i]->kind == kind)
			names[count++] = layers[i]->name;
	return count;
}

bool layer_needs_value(const Layer *layer)
{
	bool needs = false;
	const ArgumentSpec *a;
	for (int i = 0; (a = argument_spec(layer, i)); i++)
		needs |= (a->use & REQUIRED) != 0;
	return needs;
}

/* The first example has what it needs. */
const char *rule_text(Arena *arena, LayerKind kind, const char *name)
{
	enum { MOST = 64 };
	const char *names[MOST];
	const char *near = nearest_name(name, names, layer_names(kind, names, MOST));
	const Layer *layer = near ? layer_find(kind, near) : 0;
	return layer && layer_needs_value(layer) ? arena_print(arena, "%s %s", near, layer->examples[0]) : near;
}

static void list_arguments(const Layer *layer, FILE *out)
{
	const ArgumentSpec *a;
	for (int i = 0; (a = argument_spec(layer, i)); i++) {
		if (a->use & OPTIONAL)
			fprintf(out, " [%s=%s]", a->name, a->kind == ARGUMENT_SIZE ? "N" : "X");
		else if (a->use & INFERRED)
			fprintf(out, " [%s]", a->name);
		else if (a->use & REQUIRED)
			fprintf(out, " %s%s", a->name, a->use & POSITIONAL ? "" : "=N");
		else if (a->kind == ARGUMENT_FLAG)
			fprintf(out, " %s=%s", a->name, a->default_value != 0 ? "true" : "false");
		else if (a->kind == ARGUMENT_PAIR && a->default_value < 0)
			fprintf(out, " %s=%s", a->name, a->word);
		else if (a->kind == ARGUMENT_LIST)
			fprintf(out, " [%s=X,X,...]", a->name);
		else
			fprintf(out, " %s=%g", a->name, a->default_value);
	}
}

static void print_layer(const Layer *layer, FILE *out)
{
	fprintf(out, "  %s", layer->name);
	list_arguments(layer, out);
	fprintf(out, "\n      %s\n", layer->summary);
}

bool layer_print_common(const char *argument, FILE *out)
{
	bool found = false;
	for (const ArgumentSpec *a = optimizer_arguments; a->name; a++) {
		if (argument && strcmp(a->name, argument) != 0)
			continue;
		fprintf(out, "  optimizer NAME ... %s=%s\n      %s\n", a->name, a->kind == ARGUMENT_SIZE ? "N" : "X",
			a->summary);
		found = true;
	}
	return found;
}

bool layer_print(LayerKind kind, const char *name, FILE *out)
{
	const Layer *layer = layer_find(kind, name);
	if (layer)
		print_layer(layer, out);
	return layer;
}

void layer_list(FILE *out)
{
	static const char *const titles[] = {
		[KIND_LAYER] = "layers", [KIND_LOSS] = "losses (loss NAME ...)",
		[KIND_OPTIMIZER] = "optimizers (optimizer NAME ...)",
		[KIND_SCHEDULE] = "schedules of the learning rate (schedule NAME ...)",
		[KIND_AUGMENT] = "augmentations of images (augment NAME ...)",
	};
	for (LayerKind kind = KIND_LAYER; kind <= LAST_KIND; kind++) {
		fprintf(out, "%s%s\n", kind ? "\n" : "", titles[kind]);
		for (int i = 0; layers[i]; i++)
			if (layers[i]->kind == kind)
				print_layer(layers[i], out);
		if (kind == KIND_OPTIMIZER)
			layer_print_common(0, out);
	}
}
