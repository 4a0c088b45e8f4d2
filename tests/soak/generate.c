/* Draws networks from the table of layers: a layer's statement has random arguments by their descriptions, and whatever
 * the compiler takes after what is there stays. So a new layer joins by itself. */
#include "soak.h"
#include "network/build.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 3000, MOST_WEIGHTS = 70000, MOST_WORK = 400000, TRIES = 12, DEEPEST = 2 };

typedef struct Generator { Arena *arena; Random random; double work; } Generator;

int below(Random *random, int limit)
{
	return (int)(random_u32(random) % (unsigned)limit);
}

static bool chance(Generator *g, int percent)
{
	return below(&g->random, 100) < percent;
}

static double uniform(Generator *g, double from, double to)
{
	return numpy_uniform(&g->random, from, to);
}

const Network *network_of(Arena *arena, const char *text)
{
	static const Overrides none = {.batch = -1, .epochs = -1, .lr = -1};
	Failure failure;
	Compilation c = {.arena = arena, .source = {"t.net", text, strlen(text)}};
	return compile(&c, STAGE_NETWORK, &none, &failure) ? c.network : 0;
}

/* ---- arguments */

/* Edges of panels, of tiles of several, and of neither. */
static int random_width(Generator *g, bool image)
{
	static const int widths[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 251, 257};
	return image ? widths[below(&g->random, 11)] : chance(g, 70) ? widths[below(&g->random, 15)]
		: 1 + below(&g->random, 96);
}

static const char *random_real(Generator *g, const ArgumentSpec *spec)
{
	for (;;) {
		const double usual = spec->default_value,
			value = usual != 0 ? usual * pow(10, uniform(g, -1, 1)) : chance(g, 30) ? 0 : uniform(g, 0, 1);
		const char *text = arena_print(g->arena, "%.3g", chance(g, 10) && usual != 0 && !spec->range ? -value : value);
		if (in_range(spec->range, atof(text)))
			return text;
	}
}

static const char *random_pair(Generator *g, const ArgumentSpec *spec)
{
	const int least = spec->range ? 0 : 1, most = spec->use & REQUIRED ? 5 : 3;
	if (spec->word && chance(g, 30) && spec->default_value >= 0)
		return spec->word;
	const int height = least + below(&g->random, most), width = least + below(&g->random, most);
	return chance(g, 50) ? arena_print(g->arena, "%d", height) : arena_print(g->arena, "%dx%d", height, width);
}

static const char *random_list(Generator *g, const ArgumentSpec *spec, const Shape *x)
{
	const char *text = "";
	for (int i = 0; i < shape_features(x); i++)
		text = arena_print(g->arena, "%s%s%s", text, i ? "," : "", random_real(g, spec));
	return text;
}

static const char *random_argument(Generator *g, const ArgumentSpec *spec, const Shape *x)
{
	switch (spec->kind) {
	case ARGUMENT_SIZE:
		/* a divisor of the channels makes groups */
		if (!(spec->use & POSITIONAL) && chance(g, 60))
			return arena_print(g->arena, "%d", chance(g, 50) ? shape_features(x) : 1 + below(&g->random, 4));
		return arena_print(g->arena, "%d", random_width(g, x->rank > 1));
	case ARGUMENT_REAL: return random_real(g, spec);
	case ARGUMENT_FLAG: return chance(g, 50) ? "true" : "false";
	case ARGUMENT_PAIR: return random_pair(g, spec);
	case ARGUMENT_LIST: return random_list(g, spec, x);
	}
	return "";
}

/* Required arguments, and some of the others. x: the shape before it. */
static const char *random_statement(Generator *g, const Layer *layer, const Shape *x)
{
	const char *text = layer->name;
	const ArgumentSpec *a;
	for (int i = 0; (a = argument_spec(layer, i)); i++) {
		if (a->use & REQUIRED || (!(a->use & INFERRED) && chance(g, 30)))
			text = arena_print(g->arena, "%s %s=%s", text, a->name, random_argument(g, a, x));
	}
	return text;
}

/* Of the table; whichever there is more of in networks comes more often. */
static const Layer *random_layer(Generator *g, LayerKind kind)
{
	int count = 0;
	while (layers[count])
		count++;
	for (;;) {
		const Layer *layer = layers[below(&g->random, count)];
		if (layer->kind == kind && layer != layer_sum() && (kind != KIND_LAYER || layer->tensors[0].name
			|| layer->infer || chance(g, 35)))
			return layer;
	}
}

/* ---- bodies */

static double work_of(const Network *network)
{
	double work = 0;
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		const Shape weights = weight_shape(node);
		work += (double)shape_size(&node->output->shape) * (node->layer->product ? (double)shape_size(&weights) : 4);
	}
	return work;
}

static bool is_small(Generator *g, const Network *network)
{
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		const Shape weights = weight_shape(node);
		if (shape_size(&node->output->shape) > MOST_VALUES
			|| shape_size(&weights) * shape_features(&node->output->shape) > MOST_WEIGHTS)
			return false;
	}
	return g->work + work_of(network) <= MOST_WORK;
}

/* Whether the statements can follow the shape, which becomes theirs. */
static bool follows(Generator *g, const char *statements, Shape *x)
{
	const Network *network = network_of(g->arena, arena_print(g->arena, "input %s\n%s\nloss mse\nbatch 2\n",
		shape_text(g->arena, x), statements));
	if (!network || !is_small(g, network))
		return false;
	*x = network->output->shape;
	return true;
}

static const char *random_body(Generator *g, Shape *x, int length, int depth);

/* Another branch from one shape to the other, or null. */
static const char *shortcut_between(Generator *g, Shape from, const Shape *to)
{
	const int channels = shape_features(to);
	const char *ways[] = {
		arena_print(g->arena, "linear %d\n", channels),
		from.rank > 1 && to->rank > 1 ? arena_print(g->arena, "conv2d %d 1 stride=%dx%d\n", channels,
			(from.dims[1] + to->dims[1] - 1) / to->dims[1], (from.dims[2] + to->dims[2] - 1) / to->dims[2]) : "",
		from.rank > 1 ? arena_print(g->arena, "flatten\nlinear %d\n", channels) : "",
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		Shape x = from;
		if (*ways[i] && follows(g, ways[i], &x) && same_shape(&x, to))
			return chance(g, 30) ? arena_print(g->arena, "%s%s", ways[i], "batchnorm\n") : ways[i];
	}
	return 0;
}

static const char *random_residual(Generator *g, const Shape *x, int depth)
{
	Shape y = *x;
	const char *body = random_body(g, &y, 1 + below(&g->random, 4), depth + 1), *shortcut = 0;
	if (!same_shape(x, &y) || chance(g, 20)) {
		shortcut = shortcut_between(g, *x, &y);
		if (!shortcut)
			return 0;
	}
	return shortcut ? arena_print(g->arena, "residual {\n%s} {\n%s}\n", body, shortcut)
		: arena_print(g->arena, "residual {\n%s}\n", body);
}

static const char *random_body(Generator *g, Shape *x, int length, int depth)
{
	const char *text = "";
	for (int i = 0; i < length; i++)
		for (int tries = 0; tries < TRIES; tries++) {
			Shape y = *x;
			const char *statement = depth < DEEPEST && chance(g, 20) ? random_residual(g, x, depth)
				: arena_print(g->arena, "%s\n", random_statement(g, random_layer(g, KIND_LAYER), x));
			if (!statement || !follows(g, statement, &y))
				continue;
			text = arena_print(g->arena, "%s%s", text, statement);
			*x = y;
			break;
		}
	return text;
}

/* ---- networks */

static Shape random_input(Generator *g)
{
	if (chance(g, 50))
		return (Shape){1, {random_width(g, false)}};
	return (Shape){3, {1 + below(&g->random, 5), 1 + below(&g->random, 9), 1 + below(&g->random, 9)}};
}

static const char *random_rule(Generator *g, const char *keyword, LayerKind kind, const Shape *y)
{
	return arena_print(g->arena, "%s %s\n", keyword, random_statement(g, random_layer(g, kind), y));
}

char *generate(Arena *arena, uint32_t seed, int number)
{
	static const int batches[] = {1, 2, 3, 5, 7, 8, 16, 17, 31, 32, 33, 64, 67};
	Generator g = {.arena = arena};
	random_seed(&g.random, seed * 1000003u + (uint32_t)number);
	for (;;) {
		const Shape input = random_input(&g);
		Shape y = input;
		const char *text = arena_print(arena, "input %s\n%s", shape_text(arena, &input),
			random_body(&g, &y, 1 + below(&g.random, 8), 0));
		if (y.rank > 1 && chance(&g, 70))
			text = arena_print(arena, "%s%s", text, chance(&g, 50) ? "flatten\n" : "global_avgpool\n");
		if (chance(&g, 60))
			text = arena_print(arena, "%slinear %d\n", text, chance(&g, 80) ? 2 + below(&g.random, 10)
				: random_width(&g, false));
		for (int i = 0; input.rank == 3 && i < 2 && chance(&g, 20); i++)
			text = arena_print(arena, "%s%s", text, random_rule(&g, "augment", KIND_AUGMENT, &input));
		text = arena_print(arena, "%s%s%s%sbatch %d\nepochs %d\nseed %d\n", text,
			random_rule(&g, "loss", KIND_LOSS, &(const Shape){1, {(int)shape_size(&y)}}),
			random_rule(&g, "optimizer", KIND_OPTIMIZER, &y), random_rule(&g, "schedule", KIND_SCHEDULE, &y),
			batches[below(&g.random, 13)], 1 + below(&g.random, 9), below(&g.random, 1000));
		const Network *network = network_of(arena, text);
		g.work = 0;
		if (network && is_small(&g, network))
			return arena_copy(arena, text, strlen(text));
	}
}
