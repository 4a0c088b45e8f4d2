/* metamorphic_test.c: what must stay the same, whatever the right numbers are, when a batch, a network or its weights
 * are changed in a certain way. It needs no reference, so it finds mistakes that a reference would share. */
#include "network_support.h"
#include <math.h>

enum { ROWS = 13 };

/* A network with random weights, and a batch. */
typedef struct Subject {
	Compilation c;
	void *net;
	Model m;
	Batch batch;
} Subject;

static Subject open_subject(const char *text, const KernelSet *set)
{
	Subject s;
	Random random;
	random_seed(&random, 4);
	compile_text(&s.c, text, set, true, STAGE_RUN);
	s.net = allocate_net(&s.c);
	s.m = model_open(s.c.arena, s.c.network);
	model_randomise(&s.m, &random);
	model_store(&s.m, s.c.module, s.net);
	s.batch = random_batch(s.c.network, &random, ROWS);
	return s;
}

static void close_subject(Subject *s)
{
	program_free(&s->c.module->program, s->net);
	compilation_close(&s->c);
}

static float *predictions(const Subject *s, const Batch *batch)
{
	float *y = NEW_ARRAY(s->c.arena, float, batch->rows * batch->outputs);
	predict_rows(&s->c, s->net, batch, y);
	return y;
}

/* The weights after a step on the batch, by node and tensor; null for what is not trained. The subject itself then has
 * those from before the step again. */
typedef struct Update { float loss; float *(*tensors)[MAX_TENSORS]; } Update;

static Update step_on(const Subject *s, const Batch *batch)
{
	const Network *network = s->c.network;
	Update step = {0, arena_alloc(s->c.arena, (size_t)network->nodes.count, sizeof *step.tensors)};
	step.loss = train_on(&s->c, s->net, batch, 0.1f);
	for (int n = 0; n < network->nodes.count; n++)
		for (int t = 0; network->nodes.items[n]->layer->tensors[t].name; t++) {
			const Tensor *tensor = s->c.module->owned[n][t];
			if (!tensor || tensor->role != ROLE_PARAMETER)
				continue;
			step.tensors[n][t] = NEW_ARRAY(s->c.arena, float, element_count(tensor));
			get_values(&s->c, s->net, tensor, step.tensors[n][t]);
		}
	model_store(&s->m, s->c.module, s->net);
	return step;
}

/* Sums are in another order, and so other in their last digits; a batchnorm makes a few times more of that. */
static const double tolerance = 2e-5;

static bool is_near(double found, double expected)
{
	return fabs(found - expected) <= tolerance * (1 + fabs(expected));
}

static void expect_same_step(const Subject *s, const char *text, const Update *found, const Update *expected,
	const float *except)
{
	cr_expect(is_near((double)found->loss, (double)expected->loss), "%s, %s: a loss of %.9g, before %.9g", text,
		s->c.options.target->name, (double)found->loss, (double)expected->loss);
	for (int n = 0; n < s->c.network->nodes.count; n++)
		for (int t = 0; t < MAX_TENSORS; t++) {
			const float *values = found->tensors[n][t], *others = expected->tensors[n][t];
			for (size_t v = 0; values && others != except && v < element_count(s->c.module->owned[n][t]); v++)
				cr_assert(is_near((double)values[v], (double)others[v]), "%s, %s: %s[%zu] is %.9g, before %.9g", text,
					s->c.options.target->name, s->c.module->owned[n][t]->path, v, (double)values[v],
					(double)others[v]);
		}
}

/* Whether the layer's batch statistics take away what is added to its input. */
static bool cancels(const Network *network, int index)
{
	return index < network->nodes.count && network->nodes.items[index]->layer->cancels_shift;
}

static const char *const texts[] = {
	"linear 3 64; batchnorm; relu; linear 2",
	"linear 5 17; batchnorm; tanh; linear 33; batchnorm eps=0.1; sigmoid; linear 3; loss mse",
	"linear 40 20; batchnorm; leaky_relu; residual { linear 20; batchnorm; relu; linear 20 }; linear 5",
	"linear 3 9; batchnorm; gelu; linear 9 1; loss bce",
	"linear 16 16; batchnorm; linear 16; layernorm; softplus; linear 4; loss huber",
	"linear 6 31; batchnorm affine=false; silu; linear 7; log_softmax; loss l1",
	"linear 9 8; batchnorm; residual { linear 8; relu } { linear 8 }; linear 4; loss cross_entropy label_smoothing=0.1",
	"input 2x6x5; conv2d 4 3; batchnorm; relu; flatten; linear 3",
	"input 3x7x7; conv2d 18 3 stride=2; batchnorm; relu; conv2d 18 1; batchnorm; relu6; global_avgpool; linear 3",
	"input 4x6x6; conv2d 8 3x1 groups=2; batchnorm; elu; maxpool2d 2; flatten; linear 2",
	"input 3x5x5; conv2d 6 2; groupnorm 3; relu; avgpool2d 2; flatten; linear 3; loss mse",
	"input 2x6x5; conv2d 4 2; relu; batchnorm; conv2d 3 3 padding=1; batchnorm; relu; flatten; linear 3",
	"linear 4 9; relu; batchnorm; linear 5; loss mse",
	"linear 3 8 bias=false; batchnorm; relu; linear 70; relu; linear 2; loss cross_entropy weights=1,3",
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* ---- the order of a batch */

static Batch permuted(const Subject *s, const int *order)
{
	Batch batch = s->batch;
	batch.x = NEW_ARRAY(s->c.arena, float, batch.rows * batch.inputs);
	batch.targets = NEW_ARRAY(s->c.arena, float, batch.rows * batch.outputs);
	batch.labels = NEW_ARRAY(s->c.arena, int32_t, batch.rows);
	for (int row = 0; row < batch.rows; row++) {
		memcpy(batch.x + row * batch.inputs, s->batch.x + order[row] * batch.inputs,
			(size_t)batch.inputs * sizeof *batch.x);
		memcpy(batch.targets + row * batch.outputs, s->batch.targets + order[row] * batch.outputs,
			(size_t)batch.outputs * sizeof *batch.targets);
		batch.labels[row] = s->batch.labels[order[row]];
	}
	return batch;
}

Test(metamorphic, order_of_a_batch)
{
	static const int order[ROWS] = {7, 3, 12, 0, 9, 1, 11, 4, 2, 10, 8, 6, 5};
	FOR_EACH_USABLE_SET(set)
		for (int i = 0; i < TEXTS; i++) {
			Subject s = open_subject(texts[i], set);
			const Batch batch = permuted(&s, order);
			const float *before = predictions(&s, &s.batch), *after = predictions(&s, &batch);
			for (int k = 0; k < ROWS * batch.outputs; k++) {
				const float expected = before[order[k / batch.outputs] * batch.outputs + k % batch.outputs];
				cr_assert(is_near((double)after[k], (double)expected), "%s, %s: output %d is %.9g, before %.9g",
					texts[i], set->name, k, (double)after[k], (double)expected);
			}
			const Update first = step_on(&s, &s.batch), second = step_on(&s, &batch);
			expect_same_step(&s, texts[i], &second, &first, 0);
			close_subject(&s);
		}
}

/* ---- batchnorm */

/* Whatever is added to what it normalises, it takes away. */
Test(metamorphic, bias_before_batchnorm)
{
	int tried = 0;
	FOR_EACH_USABLE_SET(set)
		for (int i = 0; i < TEXTS; i++) {
			Subject s = open_subject(texts[i], set);
			const Update before = step_on(&s, &s.batch);
			for (int n = 0; n < s.c.network->nodes.count; n++) {
				const Node *node = s.c.network->nodes.items[n];
				const int shift = node->layer->shift ? tensor_index(node->layer, node->layer->shift) : -1;
				if (shift < 0 || !s.m.tensors[n][shift] || !cancels(s.c.network, n + 1))
					continue;
				double *bias = s.m.tensors[n][shift];
				for (size_t v = 0; v < model_count(node, shift); v++)
					bias[v] += v % 3 == 0 ? 1.5 : -0.75;
				model_store(&s.m, s.c.module, s.net);
				const Update after = step_on(&s, &s.batch);
				expect_same_step(&s, texts[i], &after, &before, before.tensors[n][shift]);
				for (size_t v = 0; v < model_count(node, shift); v++)
					bias[v] -= v % 3 == 0 ? 1.5 : -0.75;
				tried++;
			}
			close_subject(&s);
		}
	cr_expect(tried >= 9);
}

/* The largest change of those weights of the first layer that see the first channel, or of the others. */
static double largest_change(const Subject *s, const Update *update, bool first)
{
	const Node *node = s->c.network->nodes.items[0];
	const Shape weights = weight_shape(node);
	const int inputs = (int)shape_size(&weights), channels = shape_features(&weights),
		groups = shape_features(&s->c.network->input->shape) / channels,
		features = shape_features(&node->output->shape);
	double largest = 0;
	for (int k = 0; k < features * inputs; k++)
		if ((k / inputs < features / groups && k % inputs < inputs / channels) == first)
			largest = fmax(largest, fabs((double)update->tensors[0][0][k] - s->m.tensors[0][0][k]));
	return largest;
}

/* So the gradient of what it normalises sums to 0. The sum is the gradient of a weight whose input is always 1, without
 * padding around it: the weight stays as it is. */
Test(metamorphic, gradient_before_batchnorm_sums_to_zero)
{
	int tried = 0;
	FOR_EACH_USABLE_SET(set)
		for (int i = 0; i < TEXTS; i++) {
			Subject s = open_subject(texts[i], set);
			const int positions = shape_positions(&s.c.network->input->shape);
			for (int row = 0; row < ROWS; row++)
				for (int k = 0; k < positions; k++)
					s.batch.x[row * s.batch.inputs + k] = 1;
			const Update update = step_on(&s, &s.batch);
			const double found = largest_change(&s, &update, true), others = largest_change(&s, &update, false);
			if (cancels(s.c.network, 1)) {
				cr_expect(found <= tolerance * (0.1 + others) && others > 1e-3,
					"%s, %s: a weight changes by %g, others by up to %g", texts[i], set->name, found, others);
				tried++;
			}
			close_subject(&s);
		}
	cr_expect(tried >= 11);
}

static void set_folded(const Compilation *c, void *net, const Folded *folded)
{
	for (int i = 0; i < folded->network->nodes.count; i++) {
		const Node *node = folded->network->nodes.items[i];
		for (int t = 0; node->layer->tensors[t].name; t++) {
			const Tensor *tensor = c->module->owned[node->index][t];
			if (!tensor || tensor->layout == LAYOUT_COUNTER)
				continue;
			float *values = NEW_ARRAY(c->arena, float, element_count(tensor));
			for (size_t v = 0; v < element_count(tensor); v++)
				values[v] = (float)folded->weights[node->index].tensors[t][v];
			set_values(c, net, tensor, values);
		}
	}
}

/* The folded network predicts what the network does. Returns whether a layer is gone. */
static bool check_folded(const Subject *s, const char *text)
{
	Failure failure;
	Subject folded = *s;
	const Folded f = fold(s->c.arena, s->c.network, (const Weights *)s->m.tensors);
	folded.c.network = f.network;
	folded.c.module = compile_network(s->c.arena, f.network, &s->c.options, STAGE_RUN, &failure);
	cr_assert(folded.c.module, "%s: %s", text, failure.text);
	folded.net = allocate_net(&folded.c);
	set_folded(&folded.c, folded.net, &f);
	const float *before = predictions(s, &s->batch), *after = predictions(&folded, &s->batch);
	for (int k = 0; k < ROWS * s->batch.outputs; k++)
		cr_assert(is_near((double)after[k], (double)before[k]), "%s, %s: output %d is %.9g, unfolded %.9g", text,
			s->c.options.target->name, k, (double)after[k], (double)before[k]);
	program_free(&folded.c.module->program, folded.net);
	module_close(folded.c.module);
	return f.network->nodes.count < s->c.network->nodes.count;
}

/* In evaluation a batchnorm is a scale and a shift, which the product next to it can have in its weights. */
Test(metamorphic, folded)
{
	FOR_EACH_USABLE_SET(set)
		for (int i = 0; i < TEXTS; i++) {
			Subject s = open_subject(texts[i], set);
			bool folds = false;
			for (int n = 0; n < s.c.network->nodes.count; n++)
				folds |= cancels(s.c.network, n);
			cr_assert_eq(check_folded(&s, texts[i]), folds, "%s", texts[i]);
			close_subject(&s);
		}
}

/* In the bias of the product after it, a mean of 20,000 deviations would lose the digits of the values. */
Test(metamorphic, folded_with_a_large_mean)
{
	static const char text[] = "batchnorm 5; linear 5 4; loss mse";
	FOR_EACH_USABLE_SET(set) {
		Subject s = open_subject(text, set);
		const Node *norm = s.c.network->nodes.items[0];
		for (int k = 0; k < 5; k++) {
			s.m.tensors[0][tensor_index(norm->layer, "running_mean")][k] = 20000;
			s.m.tensors[0][tensor_index(norm->layer, "running_var")][k] = 1;
		}
		for (int k = 0; k < ROWS * s.batch.inputs; k++)
			s.batch.x[k] += 20000;
		model_store(&s.m, s.c.module, s.net);
		check_folded(&s, text);
		close_subject(&s);
	}
}

/* ---- images */

/* The images of the batch, moved down and to the right; what comes in from outside is 0. */
static Batch moved(const Subject *s, int by)
{
	const Shape *shape = &s->c.network->input->shape;
	const int height = shape->dims[1], width = shape->dims[2];
	Batch batch = s->batch;
	batch.x = arena_alloc(s->c.arena, (size_t)(batch.rows * batch.inputs), sizeof *batch.x);
	for (int k = 0; k < batch.rows * batch.inputs; k++)
		if (k / width % height + by < height && k % width + by < width)
			batch.x[k + by * width + by] = s->batch.x[k];
	return batch;
}

/* Where an output sees no border, before nor after, it moves with the image. */
Test(metamorphic, moved_image)
{
	static const struct { const char *text; int by, outputs, border; } cases[] = {
		{"input 2x11x13; conv2d 5 3 padding=1; loss mse", 1, 1, 1},
		{"input 3x14x12; conv2d 17 5 padding=2; relu; conv2d 3 3 padding=1; loss mse", 2, 2, 3},
		{"input 1x12x19; conv2d 9 3x1 padding=1x0; batchnorm; tanh; conv2d 2 1x3 padding=0x1; loss mse", 3, 3, 1},
		{"input 18x9x10; conv2d 18 3 padding=same groups=18; loss mse", 1, 1, 1},
		{"input 4x12x12; conv2d 6 3 padding=1 groups=2; loss mse", 1, 1, 1},
		{"input 2x16x20; conv2d 8 3 stride=2 padding=1; loss mse", 4, 2, 1},
		{"input 2x16x18; conv2d 5 3; relu; maxpool2d 2; loss mse", 2, 1, 0},
		{"input 3x15x16; conv2d 33 2; avgpool2d 2; loss mse", 4, 2, 0},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			Subject s = open_subject(cases[i].text, set);
			const Shape *shape = &s.c.network->output->shape;
			const int height = shape->dims[1], width = shape->dims[2], by = cases[i].outputs, border = cases[i].border;
			const Batch batch = moved(&s, cases[i].by);
			const float *before = predictions(&s, &s.batch), *after = predictions(&s, &batch);
			int compared = 0;
			for (int k = 0; k < ROWS * batch.outputs; k++) {
				const int y = k / width % height, x = k % width;
				if (y < border || x < border || y + by + border >= height || x + by + border >= width)
					continue;
				const float found = after[k + by * width + by];
				cr_assert(is_near((double)found, (double)before[k]), "%s, %s: at %dx%d %.9g, before %.9g",
					cases[i].text, set->name, y, x, (double)found, (double)before[k]);
				compared++;
			}
			cr_expect(compared >= ROWS * batch.outputs / 8, "%s: %d compared", cases[i].text, compared);
			close_subject(&s);
		}
}
