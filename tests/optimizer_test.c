/* optimizer_test.c: several steps of every optimizer in each of its examples, on every kernel set, against its layer's
 * reference in double, with gradients from differences of the layers' references: two paths that share nothing. An
 * optimizer needs no code here. */
#include "network_support.h"
#include <criterion/parameterized.h>
#include <math.h>

enum { STEPS = 6, ROWS = 9, VALUES = 256, MOST_EXAMPLES = 64 };

/* Few inputs before batchnorm, wide enough for several panels, few outputs. No bias that batchnorm cancels: its
 * gradient is nothing but rounding, which adam makes as large as any other. */
static const char network[] =
	"linear 3 5 bias=false; batchnorm; tanh; linear 5 17; sigmoid; linear 17 2; loss mse; batch 9";

/* A run in double: as it is, and with gradients off by a rounding up or down, which shows how much of that an update
 * keeps. */
enum { EXACT, ABOVE, BELOW, RUNS };
static const double rounding = 3e-7;

/* Every parameter's values in one row. */
typedef struct Parameters {
	double *model[VALUES];
	int node[VALUES];
	double value[RUNS][VALUES], state[RUNS][MAX_TENSORS][VALUES];
	double sum[VALUES];             /* of the gradients that wait for an update */
	int count, waiting, updates;
} Parameters;

static void find_parameters(const Model *m, Parameters *p)
{
	*p = (Parameters){.count = 0};
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; m->network->nodes.items[i]->layer->tensors[k].name; k++)
			for (size_t v = 0; m->network->nodes.items[i]->layer->tensors[k].trainable
				&& v < model_count(m->network->nodes.items[i], k); v++) {
				p->node[p->count] = i;
				p->model[p->count++] = &m->tensors[i][k][v];
			}
}

/* Each step begins with the same floats, so that only states carry on what the steps before rounded off. */
static void begin_step(const Model *m, Parameters *p, const Compilation *c, void *net)
{
	for (int i = 0; i < p->count; i++) {
		*p->model[i] = (double)(float)*p->model[i];
		for (int run = 0; run < RUNS; run++)
			p->value[run][i] = *p->model[i];
	}
	model_store(m, c->module, net);
}

static double argument_of(const Node *optimizer, const char *name)
{
	return optimizer->arguments[argument_index(optimizer->layer, name)];
}

/* torch.nn.utils.clip_grad_norm_; 0: there is no limit. */
static void clip_in_double(Parameters *p, double most)
{
	double squares = 0;
	for (int i = 0; i < p->count; i++)
		squares += p->sum[i] * p->sum[i];
	for (int i = 0; most > 0 && i < p->count; i++)
		p->sum[i] *= fmin(most / (sqrt(squares) + 1e-6), 1);
}

static void update_in_double(const Model *m, Parameters *p, double lr)
{
	const Node *optimizer = m->network->optimizer;
	clip_in_double(p, argument_of(optimizer, "clip"));
	for (int run = 0; run < RUNS; run++) {
		double gradient[VALUES];
		Reference reference = {.rows = 1, .inputs = p->count, .arguments = optimizer->arguments, .x = gradient,
			.y = p->value[run], .lr = lr, .step = p->updates};
		for (int i = 0; i < p->count; i++)
			gradient[i] = p->sum[i] + (run == EXACT ? 0 : run == ABOVE ? rounding : -rounding) * (1 + fabs(p->sum[i]));
		for (int k = 0; k < MAX_TENSORS; k++)
			reference.states[k] = p->state[run][k];
		optimizer->layer->reference(&reference);
	}
	for (int i = 0; i < p->count; i++) {
		*p->model[i] = p->value[EXACT][i];
		p->sum[i] = 0;
	}
	p->waiting = 0;
	p->updates++;
}

static void step_in_double(const Model *m, Parameters *p, double lr)
{
	const double batches = argument_of(m->network->optimizer, "accumulate");
	model_loss(m);
	for (int i = p->count - 1; i >= 0; i--) {
		const Slope slope = model_slope_by(m, p->model[i], p->node[i], 1e-7);
		cr_assert(slope.error < 1e-6, "a slope is known to %g only", slope.error);
		p->sum[i] += slope.value / batches;
	}
	if (++p->waiting == batches)
		update_in_double(m, p, lr);
}

static double rate_of(int step)
{
	return 0.05 + 0.01 * step;      /* a schedule may change it from step to step */
}

static void check_parameters(const Model *m, const Parameters *p, const Compilation *c, const void *net,
	const char *text, int step)
{
	int next = 0;
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++) {
			const Tensor *tensor = c->module->owned[i][k];
			if (!tensor || tensor->role != ROLE_PARAMETER)
				continue;
			float values[VALUES];
			get_values(c, net, tensor, values);
			for (size_t v = 0; v < value_count(tensor); v++, next++) {
				/* a step adds the roundings of its gradient and of the sum: some 1e-7 of a value below 3 */
				const double exact = p->value[EXACT][next], kept = fmax(fabs(p->value[ABOVE][next] - exact),
					fabs(p->value[BELOW][next] - exact));
				cr_expect(fabs((double)values[v] - exact) < 3e-6 + kept,
					"%s (%s, step %d): %s[%zu] is %.9g and should be %.9g", text, c->options.target->name, step,
						tensor->path,
					v, (double)values[v], exact);
			}
		}
}

/* more: arguments that every optimizer has */
static void check_example(const char *optimizer, const char *example, const char *more, const KernelSet *set,
	bool at_once)
{
	char text[512];
	snprintf(text, sizeof text, "%s; optimizer %s %s %s", network, optimizer, example, more);
	Compilation c = {.options = {.target = set, .fuse = true, .update_at_once = at_once}};
	compile_with_options(&c, text, STAGE_RUN);
	void *net = allocate_net(&c);
	Random random;
	random_seed(&random, 1);
	Model m = model_open(c.arena, c.network);
	model_randomise(&m, &random);
	static Parameters p;
	find_parameters(&m, &p);
	for (int step = 0; step < STEPS; step++) {
		Batch batch = random_batch(c.network, &random, ROWS);
		model_set_batch(&m, &batch);
		begin_step(&m, &p, &c, net);
		step_in_double(&m, &p, rate_of(step));
		train_on(&c, net, &batch, (float)rate_of(step));
		check_parameters(&m, &p, &c, net, text, step);
	}
	/* what waits is updated when it is asked for, once */
	for (int turn = 0; turn < 2 && c.module->program.update; turn++) {
		if (p.waiting) {
			begin_step(&m, &p, &c, net);
			update_in_double(&m, &p, rate_of(STEPS));
		}
		c.module->program.update(net, (float)rate_of(STEPS), &(const Host){0});
		check_parameters(&m, &p, &c, net, text, STEPS);
	}
	program_free(&c.module->program, net);
	compilation_close(&c);
}

typedef struct Example { int layer, index; } Example;

static struct criterion_test_params list_examples(void)
{
	static Example examples[MOST_EXAMPLES];
	size_t count = 0;
	for (int i = 0; layers[i]; i++)
		for (int k = 0; layers[i]->kind == KIND_OPTIMIZER && layers[i]->examples[k] && count < MOST_EXAMPLES; k++)
			examples[count++] = (Example){i, k};
	return cr_make_param_array(Example, examples, count);
}

ParameterizedTestParameters(optimizer, examples)
{
	return list_examples();
}

ParameterizedTest(Example *example, optimizer, examples)
{
	FOR_EACH_USABLE_SET(set)
		for (int at_once = 0; at_once < 2; at_once++)
			check_example(layers[example->layer]->name, layers[example->layer]->examples[example->index], "", set,
				at_once);
}

/* What FirstStep promises to a self-test. */
ParameterizedTestParameters(optimizer, first_step_tells_the_gradient)
{
	return list_examples();
}

ParameterizedTest(Example *example, optimizer, first_step_tells_the_gradient)
{
	const double before = 0.75, gradient = -0.25, lr = 0.125;
	const Layer *layer = layers[example->layer];
	double after = before, states[MAX_TENSORS] = {0}, dw = gradient;
	char text[512];
	Compilation c = {.options = {.target = kernel_set("scalar"), .fuse = true}};
	snprintf(text, sizeof text, "linear 1 1; optimizer %s %s", layer->name, layer->examples[example->index]);
	compile_with_options(&c, text, STAGE_NETWORK);
	const Node *optimizer = c.network->optimizer;
	Reference reference = {.rows = 1, .inputs = 1, .arguments = optimizer->arguments, .x = &dw, .y = &after, .lr = lr};
	for (int k = 0; k < MAX_TENSORS; k++)
		reference.states[k] = &states[k];
	layer->reference(&reference);
	const FirstStep first = first_step_of(optimizer);
	const double result = first.state ? states[tensor_index(layer, first.state)] : (before - after) / lr;
	const double decayed = gradient + first.decay * before;
	cr_expect_float_eq(result, first.scale * (first.squared ? decayed * decayed : decayed), 1e-12, "%s: %g", text,
		result);
	compilation_close(&c);
}

/* A norm that is always larger, and one that never is. */
ParameterizedTestParameters(optimizer, of_clipped_sums)
{
	return list_examples();
}

ParameterizedTest(Example *example, optimizer, of_clipped_sums)
{
	static const char *const more[] = {"clip=0.05", "accumulate=4", "clip=1e-3 accumulate=2", "clip=100 accumulate=1"};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof more / sizeof *more; i++)
			check_example(layers[example->layer]->name, layers[example->layer]->examples[example->index], more[i], set,
				false);
}

/* One update of all parameters changes no bit of what one for each makes. */
Test(optimizer, all_parameters_at_once)
{
	static const char *const texts[] = {
		"linear 2 17; batchnorm; relu; linear 17 9; residual { linear 9; batchnorm; tanh }; linear 2; optimizer sgd "
		"lr=0.1",
		"linear 3 33; batchnorm affine=false; linear 20 bias=false; gelu; linear 5; loss mse; optimizer adam",
		"input 2; relu; linear 2 2; optimizer sgd momentum=0.9 weight_decay=0.1",
		/* the block is one panel, and so are these with 4, 8 and 16 lanes: the update must not join their loops */
		"linear 2 4; relu; linear 8; relu; linear 16; relu; linear 1; linear 16; linear 8; linear 4; linear 2; "
		"optimizer sgd lr=0.1",
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
			float values[2][VALUES * 4] = {{0}};
			for (int at_once = 0; at_once < 2; at_once++) {
				/* few inputs would be other sums where the update is not in the same call */
				Compilation c = {.options = {.target = set, .fuse = true, .keep_rounding = true,
					.update_at_once = at_once}};
				compile_with_options(&c, texts[i], STAGE_RUN);
				void *net = allocate_net(&c);
				Random random;
				random_seed(&random, 3);
				cr_assert(program_initialise(&c.module->program, net, &random, 0));
				for (int step = 0; step < STEPS; step++) {
					Batch batch = random_batch(c.network, &random, ROWS);
					train_on(&c, net, &batch, (float)rate_of(step));
				}
				size_t count = 0;
				for (int k = 0; k < c.module->tensors.count; k++)
					if (c.module->tensors.items[k]->role == ROLE_PARAMETER) {
						get_values(&c, net, c.module->tensors.items[k], values[at_once] + count);
						count += value_count(c.module->tensors.items[k]);
					}
				cr_assert(count > 0 && count < VALUES * 4);
				program_free(&c.module->program, net);
				compilation_close(&c);
			}
			cr_expect(memcmp(values[0], values[1], sizeof values[0]) == 0, "%s (%s)", texts[i], set->name);
		}
}

Test(optimizer, every_one_has_a_reference_and_examples)
{
	for (int i = 0; layers[i]; i++)
		cr_expect(layers[i]->kind != KIND_OPTIMIZER || (layers[i]->reference && layers[i]->examples[0]), "%s",
			layers[i]->name);
}
