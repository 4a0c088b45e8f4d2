/* fuse_test.c: loops keep what the steps mean, hold what they should, and change no bit of what is computed. */
#include "simulate_support.h"
#include <math.h>

static const char deep[] =
	"linear 3 32; repeat 3 { linear 32; batchnorm; leaky_relu; linear 32 bias=false; tanh }; linear 5";

static const char *const networks[] = {
	"linear 2 64; batchnorm; relu; linear 64 2",
	"linear 1 1; loss mse",
	"batchnorm 1; linear 2",
	"linear 17 33; linear 33; linear 33; sigmoid; linear 33",
	"linear 2 16; repeat 50 { linear 16; batchnorm; relu }; linear 2",
	"linear 2 16; residual { linear 16; batchnorm; relu; residual { tanh; linear 16 }; linear 16 }; relu; linear 3",
	"linear 3 5; residual { batchnorm; relu; linear 17 } { residual { linear 17 } { linear 17 }; sigmoid }; linear 2",
	"linear 3 5; residual { residual { residual { linear 5 } } }; linear 2",
	"linear 2 20; residual { }; linear 20; residual { relu } { relu }; linear 2",
	"linear 2 16; batchnorm; residual { relu; batchnorm; residual { relu } { linear 16 } }; linear 2",
	"linear 2 64; batchnorm affine=false; relu; linear 64 64; batchnorm; linear 2; optimizer sgd momentum=0.9 "
	"nesterov=true weight_decay=0.1",
	"linear 2 16; repeat 4 { residual { linear 16; batchnorm; relu; linear 16 } { linear 16 } }; linear 2; optimizer "
	"sgd momentum=0.9",
	"linear 5 17; batchnorm; leaky_relu; linear 33; batchnorm; leaky_relu slope=-0.5; linear 20; batchnorm "
	"affine=false; leaky_relu; linear 2",
	"linear 5 17; batchnorm; tanh; linear 40; batchnorm; sigmoid; linear 64; batchnorm affine=false; tanh; linear 2; "
	"optimizer sgd momentum=0.9 dampening=0.1",
	"linear 40 80; batchnorm; leaky_relu; linear 40 bias=false; leaky_relu; linear 2; optimizer sgd momentum=0.9 "
	"nesterov=true",
	/* leaky_relu's input has another reader, and does not vanish */
	"linear 5 17; batchnorm; residual { leaky_relu; linear 17 }; batchnorm; leaky_relu; linear 2; optimizer sgd "
	"momentum=0.5",
	"linear 5 17; layernorm; relu; dropout 0.3; linear 33; groupnorm 3; residual { dropout; linear 33 }; layernorm "
	"affine=false; linear 3; dropout 0",
	deep,
};
enum { NETWORKS = sizeof networks / sizeof *networks };

/* ---- meaning */

/* How to get at what runs: options, and where to stop. */
typedef struct Way { const char *name; bool fused, recompute; Stage stage; } Way;

static const Way ways[] = {
	{"steps", false, false, STAGE_STEPS}, {"unfused", false, false, STAGE_LOOPS}, {"fused", true, false, STAGE_LOOPS},
	{"combined", true, false, STAGE_CALLS}, {"recomputed", false, true, STAGE_STEPS},
	{"recomputed, unfused", false, true, STAGE_CALLS}, {"recomputed, combined", true, true, STAGE_CALLS},
};
enum { WAYS = sizeof ways / sizeof *ways };

static uint64_t meaning(const char *text, const KernelSet *set, const Way *way, bool predict)
{
	Compilation c = {.options = {.target = set, .fuse = way->fused, .recompute = way->recompute}};
	compile_with_options(&c, text, way->stage);
	Simulation s = simulation_open(c.module, predict ? &c.module->predict : &c.module->train,
		separate_storage(c.module));
	s.parts = true;
	if (way->stage == STAGE_STEPS)
		simulate_steps(&s);
	else
		simulate_loops(&s);
	uint64_t hash = simulation_close(&s);
	compilation_close(&c);
	return hash;
}

Test(fuse, all_ways_mean_the_same)
{
	FOR_EACH_USABLE_SET(set)
		for (int i = 0; i < NETWORKS; i++)
			for (int predict = 0; predict < 2; predict++) {
				uint64_t expected = meaning(networks[i], set, &ways[0], predict);
				for (int w = 1; w < WAYS; w++)
					cr_expect_eq(meaning(networks[i], set, &ways[w], predict), expected, "%s (%s, %s)", networks[i],
						set->name, ways[w].name);
			}
}

static int products_of(const char *text, bool recompute)
{
	int products = 0;
	Compilation c = {.options = {.target = kernel_set(0), .fuse = true, .recompute = recompute}};
	compile_with_options(&c, text, STAGE_LOOPS);
	for (int i = 0; i < c.module->train.steps.count; i++)
		products += c.module->train.steps.items[i]->kernel->product;
	compilation_close(&c);
	return products;
}

Test(fuse, products_are_not_made_again)
{
	for (int i = 0; i < NETWORKS; i++)
		cr_expect_eq(products_of(networks[i], true), products_of(networks[i], false), "%s", networks[i]);
}

/* ---- bits */

static void train_some(const char *text, Compilation c, float *losses, float *outputs)
{
	enum { STEPS = 4, ROWS = 19 };
	Failure failure;
	Random random;
	compile_with_options(&c, text, STAGE_RUN);
	void *net = allocate_net(&c);
	random_seed(&random, 5);
	cr_assert(program_initialise(&c.module->program, net, &random, &failure));
	program_set_random(&c.module->program, net, &random);
	for (int step = 0; step < STEPS; step++) {
		Batch batch = random_batch(c.network, &random, ROWS);
		losses[step] = train_on(&c, net, &batch, 0.01f);
		predict_rows(&c, net, &batch, outputs);
	}
	program_free(&c.module->program, net);
	compilation_close(&c);
}

Test(fuse, changes_no_bit)
{
	FOR_EACH_USABLE_SET(set)
		for (int i = 0; i < NETWORKS; i++) {
			float losses[4][8] = {{0}}, outputs[4][1024] = {{0}};
			for (int way = 0; way < 4; way++) {
				train_some(networks[i], (Compilation){.options = {.target = set, .fuse = way & 1, .recompute = way & 2,
					.keep_rounding = true}}, losses[way], outputs[way]);
				cr_expect(memcmp(losses[0], losses[way], sizeof losses[0]) == 0, "%s (%s): losses differ", networks[i],
					set->name);
				cr_expect(memcmp(outputs[0], outputs[way], sizeof outputs[0]) == 0, "%s (%s): outputs differ",
					networks[i], set->name);
			}
		}
}

static const char *const few_inputs[] = {
	"linear 1 40; batchnorm; relu; linear 2",
	"linear 2 64; batchnorm; relu; linear 64 2",
	"linear 3 17 bias=false; batchnorm affine=false eps=0.1; relu; linear 5; optimizer sgd weight_decay=0.1",
	"linear 4 33; batchnorm momentum=0.5; relu; linear 3; batchnorm; relu; linear 20; batchnorm; relu; linear 2",
	"input 2; residual { linear 9; batchnorm; relu } { linear 9; batchnorm; relu }; linear 2",
	"linear 2 18 bias=false; batchnorm; relu; linear 6; optimizer sgd weight_decay=0.1",
	"linear 2 40 bias=false; batchnorm; leaky_relu; linear 40 2; optimizer sgd momentum=0.9 weight_decay=0.1",
	"linear 3 40; batchnorm affine=false; leaky_relu slope=-0.5; linear 9; optimizer sgd momentum=0.9 nesterov=true",
	"linear 4 33; batchnorm; tanh; linear 33 2; optimizer sgd momentum=0.9",
	"linear 1 33; batchnorm; sigmoid; linear 33 9; batchnorm; leaky_relu; linear 2",
	/* what both branches need of the inputs is made before the first of them, whichever activation is merged first */
	"input 2; residual { linear 8; batchnorm; tanh; linear 4 } { linear 4; batchnorm; relu }; linear 2",
	("input 3; residual { linear 9; batchnorm; leaky_relu; linear 5 } { linear 5; batchnorm; sigmoid }; linear 2; "
		"optimizer sgd momentum=0.9"),
	"input 3; residual { linear 9; batchnorm; relu; linear 5 } { linear 5; batchnorm; tanh }; linear 2",
	/* optimizers and activations without an instance of their own */
	"linear 2 40 bias=false; batchnorm; relu; linear 40 2; optimizer adam lr=0.01 eps=0.01",
	"linear 3 33 bias=false; batchnorm affine=false; gelu; linear 33 3; optimizer rmsprop eps=0.1 momentum=0.5",
	"linear 4 17 bias=false; batchnorm; linear 2; optimizer adamw eps=0.01",
	"linear 1 20; batchnorm; elu; linear 20 9; batchnorm; softplus; linear 2",
};

/* The kernel, or a variant of it. */
static bool calls_kernel(const char *text, const KernelSet *set, const char *name)
{
	bool found = false;
	Compilation c = {.options = {.target = set, .fuse = true}};
	compile_with_options(&c, text, STAGE_CALLS);
	for (int i = 0; i < c.module->train.steps.count; i++) {
		const Kernel *kernel = c.module->train.steps.items[i]->kernel;
		found |= strcmp(kernel->name, name) == 0 || strcmp(kernel->row->name, name) == 0;
	}
	compilation_close(&c);
	return found;
}

/* Whether both give the same but for their rounding. */
static void expect_close(const char *text, const Compilation *one, const Compilation *other)
{
	float losses[2][8] = {{0}}, outputs[2][1024] = {{0}};
	train_some(text, *one, losses[0], outputs[0]);
	train_some(text, *other, losses[1], outputs[1]);
	for (int k = 0; k < 8; k++)
		cr_expect(fabsf(losses[1][k] - losses[0][k]) <= 2e-6f * (1 + fabsf(losses[0][k])), "%s (%s, %s): %.9g and %.9g",
			text, one->options.target->name, other->options.target->name, (double)losses[0][k], (double)losses[1][k]);
	for (int k = 0; k < 1024; k++)
		cr_expect(fabsf(outputs[1][k] - outputs[0][k]) <= 2e-5f * (1 + fabsf(outputs[0][k])), "%s (%s, %s): output %d",
			text, one->options.target->name, other->options.target->name, k);
}

/* Statistics from the inputs' covariances are other sums of the same numbers. */
Test(fuse, changes_rounding_only)
{
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof few_inputs / sizeof *few_inputs; i++)
			expect_close(few_inputs[i], &(Compilation){.options = {.target = set}},
				&(Compilation){.options = {.target = set, .fuse = true}});
}

/* Behind cross entropy only the difference of two logits counts. */
static const struct { const char *text; bool forward, backward; } contrasts[] = {
	{"linear 40 2", true, true},
	{"linear 2 64; batchnorm; relu; linear 2", true, true},
	{"linear 3 70; batchnorm affine=false; leaky_relu; linear 2 bias=false; optimizer sgd momentum=0.9 "
		"weight_decay=0.1", true, true},
	{"linear 4 60; tanh; linear 40; residual { relu } { linear 40 }; linear 2; optimizer sgd momentum=0.5", true, true},
	{"linear 5 70; batchnorm eps=0; relu; linear 2", true, true},      /* padding is not finite */
	{"linear 40 2; loss cross_entropy weights=1,5", true, true},
	{"linear 3 64; relu; linear 2; loss cross_entropy weights=3,0.5 label_smoothing=0.2", true, true},
	{"linear 40 2; loss cross_entropy label_smoothing=1", true, true},
	{"input 40; residual { linear 2 } { linear 2 }", false, true},
	{"linear 200 2; residual { }", false, false},
	{"linear 50 2; relu", false, false},
	{"linear 50 2; batchnorm", false, false},
	{"linear 50 2; loss mse", false, false},
	{"linear 50 2; softmax", false, false},
	{"linear 50 2; log_softmax", false, false},
	{"linear 50 3", false, false},
};

Test(fuse, two_logits_become_one)
{
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof contrasts / sizeof *contrasts; i++) {
			const char *text = contrasts[i].text, *dw = strstr(text, "momentum")
				? "linear_dw_update_contrast_sgd_momentum" : "linear_dw_update_contrast_sgd";
			expect_close(text, &(Compilation){.options = {.target = set, .fuse = true}},
				&(Compilation){.options = {.target = kernel_set("scalar")}});
			cr_expect_eq(calls_kernel(text, set, "linear_contrast"), set->lanes > 1 && contrasts[i].forward, "%s (%s)",
				text, set->name);
			cr_expect_eq(calls_kernel(text, set, dw), set->lanes > 1 && contrasts[i].backward, "%s (%s)", text,
				set->name);
		}
}

/* Which calls a network's become, few or many; and none that a reader of what should vanish forbids. */
Test(fuse, combines_by_the_tables)
{
	const struct { const char *text, *kernel; } cases[] = {
		{few_inputs[0], "linear_batchnorm_relu"}, {few_inputs[3], "linear_batchnorm_relu"},
			{few_inputs[4], "linear_batchnorm_relu"},
		{few_inputs[1], "linear_batchnorm_relu_linear_bwd_sgd"}, {few_inputs[2], "linear_batchnorm_relu_bwd_sgd"},
		{few_inputs[5], "linear_batchnorm_relu_bwd_sgd"}, {few_inputs[6], "linear_batchnorm_leaky_relu_bwd_update"},
		{few_inputs[7], "linear_batchnorm_leaky_relu_bwd_update"}, {few_inputs[8], "linear_batchnorm_bwd_update"},
		{few_inputs[9], "linear_batchnorm_bwd_update"}, {few_inputs[9], "linear_batchnorm"},
		{few_inputs[13], "linear_batchnorm_relu_bwd_update"}, {few_inputs[14], "linear_batchnorm_bwd_update"},
			{few_inputs[9], "batchnorm_leaky_relu"}, {few_inputs[9], "batchnorm_leaky_relu_bwd"},
		{networks[13], "linear_dw_update"}, {networks[13], "sigmoid_bwd"}, {networks[13], "batchnorm_bwd"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(calls_kernel(cases[i].text, kernel_set(0), cases[i].kernel), "%s: no %s", cases[i].text,
			cases[i].kernel);
	cr_expect(!calls_kernel(networks[12], kernel_set(0), "scale_shift"));
	cr_expect(calls_kernel(networks[15], kernel_set(0), "scale_shift"));
	cr_expect(calls_kernel(networks[15], kernel_set(0), "batchnorm_leaky_relu"));
}

/* A network with few channels takes half as many lanes, if it may. */
Test(fuse, lanes_suit_the_features)
{
	static const struct { const char *text; bool halves; } cases[] = {
		{"input 1x28x28; conv2d 6 5; relu; flatten; linear 10", true},
		{"input 16x28x28; conv2d 6 5; relu; flatten; linear 10", true},
		{"input 1x28x28; conv2d 16 5; relu; flatten; linear 10", false},
		{"linear 2 64; batchnorm; relu; linear 2", false},
		{"linear 9 8; batchnorm; relu; linear 8; batchnorm; relu; linear 2", true},
	};
	const KernelSet *set = kernel_set("avx512"), *half = set ? kernel_set_shorter(set) : 0;
	if (!half)
		cr_skip_test("there are no kernels of 512 and of 256 bits here");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int any = 0; any < 2; any++) {
			Compilation c = {.options = {.target = set, .any_target = any, .fuse = true}};
			compile_with_options(&c, cases[i].text, STAGE_LOOPS);
			cr_expect_str_eq(c.module->options.target->name, (any && cases[i].halves ? half : set)->name, "%s",
				cases[i].text);
			compilation_close(&c);
		}
}

/* ---- what shares a loop */

static bool works_for(const Step *step, int node)
{
	for (int i = 0; i < step->part_count; i++)
		if (works_for(step->parts[i], node))
			return true;
	return step->node->layer->kind == KIND_LAYER && step->node->index == node;
}

/* The loops that hold a step of the node: before the loss those of its forward, behind it those of its backward. */
static int loops_of(const Compilation *c, int node, bool backward, const Loop *found[], int capacity)
{
	int count = 0;
	bool behind = false;
	for (int l = 0; l < c->module->train.loops.count; l++) {
		const Loop *loop = c->module->train.loops.items[l];
		bool holds = false;
		for (int i = 0; i < loop->steps.count; i++) {
			behind = behind || loop->steps.items[i]->node == c->network->loss;
			holds = holds || (loop->features && works_for(loop->steps.items[i], node));
		}
		if (holds && behind == backward && count < capacity)
			found[count++] = loop;
	}
	return count;
}

static void expect_one_loop(const Compilation *c, bool backward, int first, int last)
{
	const Loop *loops[8], *shared = 0;
	for (int node = first; node <= last; node++) {
		int count = loops_of(c, node, backward, loops, 8);
		cr_expect_eq(count, 1, "node %d is in %d loops", node, count);
		shared = shared ? shared : loops[0];
		cr_expect_eq(loops[0], shared, "node %d is in another loop than node %d", node, first);
	}
}

Test(fuse, batchnorm_shares_the_loop_of_its_linear)
{
	FOR_EACH_USABLE_SET(set) {
		Compilation c;
		compile_text(&c, networks[0], set, true, STAGE_LOOPS);
		expect_one_loop(&c, false, 0, 2);
		expect_one_loop(&c, true, 0, 2);
		/* the other linear's dx is in that loop too, its dW and update are in one of their own */
		const Loop *above[8], *below[8];
		cr_assert_eq(loops_of(&c, 3, true, above, 8), 2);
		cr_assert_eq(loops_of(&c, 0, true, below, 8), 1);
		cr_expect_eq(above[0], below[0]);
		cr_expect_eq(above[1]->features, 2);
		compilation_close(&c);
	}
}

/* Each of L products goes into a loop forward, one for its dx, and one for its dW and update, which must wait until the
 * old weights have given dx. The first has no dx; and where the dW of one and the dx of the next have equally many
 * features, they share. */
Test(fuse, a_step_of_training_is_few_loops)
{
	static const struct { const char *text; int loops; } cases[] = {
		{"linear 2 64; batchnorm; relu; linear 64 2", 4},
		{"linear 2 64; relu; linear 64 2", 4},
		{"linear 2 8; tanh; linear 16; tanh; linear 24; tanh; linear 2", 3 * 4 - 2},
		{"linear 2 16; repeat 20 { batchnorm; relu; linear 16 }; linear 2; optimizer sgd momentum=0.9", 2 * 22 + 1},
		{"linear 2 16; repeat 5 { residual { batchnorm; relu; linear 16 } }; linear 2", 2 * 7 + 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Compilation c;
		int loops = 0;
		compile_text(&c, cases[i].text, kernel_set(0), true, STAGE_LOOPS);
		for (int l = 0; l < c.module->train.loops.count; l++)
			loops += c.module->train.loops.items[l]->features > 0;
		cr_expect_eq(loops, cases[i].loops, "%s: %d loops", cases[i].text, loops);
		compilation_close(&c);
	}
}

/* dx of one layer and dW of the one before share a loop while what both read whole stays in the cache; else what is
 * handed from one to the other still takes no storage of its own. */
Test(fuse, loops_want_to_keep_what_they_read_whole)
{
	static const struct { int batch, loops; } cases[] = {{128, 1}, {256, 2}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[128];
		Compilation c;
		const Loop *loops[8];
		snprintf(text, sizeof text,
			"batch %d; linear 784 1024; batchnorm; relu; linear 1024; batchnorm; relu; linear 10", cases[i].batch);
		compile_text(&c, text, kernel_set(0), true, STAGE_PLAN);
		cr_expect_eq(loops_of(&c, 1, true, loops, 8), 1);
		const Loop *batchnorm = loops[0];
		cr_expect_eq(loops_of(&c, 0, true, loops, 8), 1);
		cr_expect_eq(loops[0] == batchnorm, cases[i].loops == 1, "batch %d", cases[i].batch);
		cr_expect_leq(c.module->train.work, (size_t)cases[i].batch * 4 * 1024 + 64 * 1024, "%zu floats",
			c.module->train.work);
		compilation_close(&c);
	}
}

Test(fuse, unfused_steps_are_alone)
{
	Compilation c;
	compile_text(&c, deep, kernel_set(0), false, STAGE_LOOPS);
	cr_expect_eq(c.module->train.loops.count, c.module->train.steps.count);
	compilation_close(&c);
}

/* ---- size */

typedef struct Size { int steps, edges, loops; } Size;

static Size size_of(int depth)
{
	char text[256];
	snprintf(text, sizeof text,
		"linear 2 16; repeat %d { residual { linear 16; batchnorm; relu } }; linear 2; optimizer sgd momentum=0.9",
		depth);
	Compilation c;
	compile_text(&c, text, kernel_set(0), true, STAGE_LOOPS);
	Size size = {c.module->train.steps.count, c.module->train.edges.count, c.module->train.loops.count};
	compilation_close(&c);
	return size;
}

Test(fuse, grows_in_step_with_the_network)
{
	Size few = size_of(100), many = size_of(1000);
	cr_expect_leq(many.steps, 10 * few.steps);
	cr_expect_leq(many.edges, 10 * few.edges);
	cr_expect_leq(many.loops, 10 * few.loops);
	cr_expect_leq(many.edges, 8 * many.steps);
}
