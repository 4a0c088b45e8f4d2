/* layers_test.c: every example of every layer and loss, compiled for every kernel set, fused and unfused, against the
 * layers' references in double: the loss, the outputs in prediction, and each parameter's gradient against central
 * differences. A layer's examples are run with each default loss that fits them. A layer needs no code here, only its
 * examples.
 *
 * The gradients are read from the optimizer: with lr=0 and momentum its buffer is, after the first step, the
 * gradient. */
#include "network_support.h"
#include <math.h>
#include <criterion/parameterized.h>

/* Of the largest value (or gradient) beside it. A float sum of 64 terms, through 8 layers, errs by 64 * 8 * 2^-24 =
 * 3e-5 of its terms at the worst, but roundings cancel as a rule: the root of as many is 1.3e-6. */
static const double tolerance = 3e-6;
/* So far apart may the slopes of two steps be, of 1 + the slope; more is a kink. */
static const double most_curvature = 1e-5;

/* Numbers, since a test's process may have the tables elsewhere. */
typedef struct Example { int layer, index; } Example;

static const struct { int batch, rows; } sizes[] = {{2, 2}, {7, 7}, {32, 32}, {33, 33}, {32, 8}, {33, 3}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* What the model says of one text and one batch. */
typedef struct Expectation {
	Model model;
	Batch batch;
	double loss;
	double *outputs;                        /* in prediction */
	double *(*gradients)[MAX_TENSORS];      /* by node, as the model's tensors */
	double steepest;                        /* the largest of them */
} Expectation;

static void expect_gradients(Expectation *e)
{
	const Network *network = e->model.network;
	int kinks = 0, count = 0;
	e->gradients = arena_alloc(e->model.arena, (size_t)network->nodes.count, sizeof *e->gradients);
	model_loss(&e->model);
	for (int i = network->nodes.count - 1; i >= 0; i--)
		for (int k = 0; network->nodes.items[i]->layer->tensors[k].name; k++) {
			const size_t values = model_count(network->nodes.items[i], k);
			if (!values || !network->nodes.items[i]->layer->tensors[k].trainable)
				continue;
			e->gradients[i][k] = NEW_ARRAY(e->model.arena, double, values);
			for (size_t v = 0; v < values; v++) {
				const Slope slope = model_slope_by(&e->model, &e->model.tensors[i][k][v], i, most_curvature / 100);
				const bool kink = !(slope.error <= most_curvature * (1 + fabs(slope.value)));
				e->gradients[i][k][v] = kink ? (double)NAN : slope.value;
				kinks += kink;
				count++;
				e->steepest = fmax(e->steepest, kink ? 0 : fabs(slope.value));
			}
		}
	cr_assert(50 * kinks <= count, "%d of %d derivatives are at a kink", kinks, count);
}

static Expectation expectation_of(const Compilation *c, int rows)
{
	Random random;
	random_seed(&random, (uint32_t)rows);
	Expectation e = {.model = model_open(c->arena, c->network)};
	model_randomise(&e.model, &random);
	e.batch = random_batch(c->network, &random, rows);
	model_set_batch(&e.model, &e.batch);
	e.loss = model_loss(&e.model);
	expect_gradients(&e);
	model_forward(&e.model, false);
	e.outputs = e.model.outputs[c->network->output->producer->index];
	return e;
}

typedef struct Found { const char *text, *set; bool fused; int rows; } Found;

#define expect_near(found, actual, expected, scale, what) \
	cr_expect(fabs((actual) - (expected)) <= tolerance * (scale), \
		"%s (%s, %s, %d rows): %s is %.9g and should be %.9g", (found)->text, (found)->set, (found)->fused ? "fused" \
		: "unfused", (found)->rows, (what), (actual), (expected))

static void check_gradient(const Found *found, const Compilation *c, const void *net, const Tensor *tensor,
	const double *expected, double scale)
{
	const Tensor *buffer = find_persistent(c, arena_print(c->arena, "momentum_buffer_%s", tensor->name));
	cr_assert(buffer, "%s: %s has no gradient", found->text, tensor->path);
	float *values = NEW_ARRAY(c->arena, float, value_count(tensor));
	get_values(c, net, buffer, values);
	for (size_t v = 0; v < value_count(tensor); v++)
		if (!isnan(expected[v]))
			expect_near(found, (double)values[v], expected[v], scale, arena_print(c->arena, "the gradient of %s[%zu]",
				tensor->path, v));
}

/* A bias that batchnorm cancels has no step: its gradient must be what the network takes it for. */
static void check_cancelled(const Found *found, const Tensor *tensor, const double *expected, double scale)
{
	for (size_t v = 0; v < value_count(tensor); v++)
		expect_near(found, 0.0, expected[v], scale, "the gradient of a cancelled bias");
}

static void check_gradients(const Found *found, const Expectation *e, const Compilation *c, const void *net)
{
	for (int i = 0; i < c->network->nodes.count; i++) {
		const Node *node = c->network->nodes.items[i];
		for (int k = 0; k < MAX_TENSORS; k++) {
			if (!e->gradients[i][k])
				continue;
			if (shift_is_cancelled(c->network, node, k))
				check_cancelled(found, c->module->owned[i][k], e->gradients[i][k], 1 + e->steepest);
			else
				check_gradient(found, c, net, c->module->owned[i][k], e->gradients[i][k], 1 + e->steepest);
		}
	}
}

static void check_outputs(const Found *found, const Expectation *e, const Compilation *c, void *net)
{
	size_t count = (size_t)e->batch.rows * (size_t)e->batch.outputs;
	float *y = NEW_ARRAY(c->arena, float, count);
	predict_rows(c, net, &e->batch, y);
	double largest = 0;
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs(e->outputs[i]));
	for (size_t i = 0; i < count; i++)
		expect_near(found, (double)y[i], e->outputs[i], 1 + largest, arena_print(c->arena, "output %zu", i));
}

static void check_program(const Expectation *e, const char *text, const KernelSet *set, bool fused)
{
	Compilation c;
	compile_text(&c, text, set, fused, STAGE_RUN);
	Found found = {text, set->name, fused, e->batch.rows};
	void *net = allocate_net(&c);
	model_store(&e->model, c.module, net);
	float loss = train_on(&c, net, &e->batch, 0);
	expect_near(&found, (double)loss, e->loss, 1 + fabs(e->loss), "the loss");
	check_gradients(&found, e, &c, net);
	model_store(&e->model, c.module, net);
	check_outputs(&found, e, &c, net);
	program_free(&c.module->program, net);
	compilation_close(&c);
}

static void check_text(const char *text, int rows)
{
	Compilation c;
	compile_text(&c, text, kernel_set("scalar"), true, STAGE_STEPS);
	Expectation e = expectation_of(&c, rows);
	FOR_EACH_USABLE_SET(set)
		for (int fused = 0; fused < 2; fused++)
			check_program(&e, text, set, fused);
	compilation_close(&c);
}

static int outputs_of(const char *example)
{
	Compilation c;
	compile_text(&c, example, kernel_set("scalar"), true, STAGE_NETWORK);
	int outputs = (int)shape_size(&c.network->output->shape);
	compilation_close(&c);
	return outputs;
}

/* A network with its loss, in batches of all sizes. */
static void check_network(const char *network)
{
	for (int s = 0; s < SIZES; s++) {
		if (SANITIZED && s % 3 != 1)    /* whole vectors of samples are read alike whatever their number */
			continue;
		char text[512];
		snprintf(text, sizeof text, "%s; optimizer sgd lr=0 momentum=1; batch %d", network, sizes[s].batch);
		check_text(text, sizes[s].rows);
	}
}

static void check_example(const char *example)
{
	int outputs = outputs_of(example);
	for (int i = 0; layers[i]; i++) {
		if (layers[i]->kind != KIND_LOSS || !layers[i]->is_default || (layers[i]->truth == TRUTH_LABELS && outputs < 2))
			continue;
		char network[400];
		snprintf(network, sizeof network, "%s; loss %s", example, layers[i]->name);
		check_network(network);
	}
}

ParameterizedTestParameters(layers, examples)
{
	static Example examples[64 * MAX_EXAMPLES];
	size_t count = 0;
	for (int i = 0; layers[i]; i++)
		for (int k = 0; layers[i]->kind < KIND_OPTIMIZER && layers[i]->examples[k]; k++)
			examples[count++] = (Example){i, k};
	return cr_make_param_array(Example, examples, count);
}

ParameterizedTest(Example *example, layers, examples)
{
	const Layer *layer = layers[example->layer];
	(layer->kind == KIND_LOSS ? check_network : check_example)(layer->examples[example->index]);
}

Test(layers, each_has_an_example)
{
	for (int i = 0; layers[i]; i++)
		if (layers[i]->kind != KIND_OPTIMIZER)
			cr_expect(layers[i]->examples[0], "%s has no example for the tests", layers[i]->name);
}
