/* batchnorm_test.c: what BatchNorm keeps from step to step, against a computation in double, on every kernel set. */
#include "network_support.h"
#include <math.h>

enum { STEPS = 5, LARGEST_BATCH = 33 };

static const Layer *batchnorm(void)
{
	return layer_find(KIND_LAYER, "batchnorm");
}

/* The error of a float mean of 33 values below 10: less than 33 * 10 * 2^-24 = 2e-5, and of their squares' ten times
 * that. */
static void check_values(const Compilation *c, const void *net, const Tensor *tensor, const double *expected,
	double tolerance, int step)
{
	float *values = NEW_ARRAY(c->arena, float, value_count(tensor));
	get_values(c, net, tensor, values);
	for (size_t v = 0; v < value_count(tensor); v++)
		cr_expect(fabs((double)values[v] - expected[v]) < tolerance * (1 + fabs(expected[v])),
			"%s, step %d: %s[%zu] is %.9g and should be %.9g", c->options.target->name, step, tensor->path, v,
			(double)values[v], expected[v]);
}

static void check_node(const Compilation *c, const void *net, const Model *m, int index, int step)
{
	int mean = tensor_index(batchnorm(), "running_mean"), var = tensor_index(batchnorm(), "running_var"),
		count = tensor_index(batchnorm(), "num_batches_tracked");
	check_values(c, net, c->module->owned[index][mean], m->updated[index][mean], 2e-6, step);
	check_values(c, net, c->module->owned[index][var], m->updated[index][var], 2e-6, step);
	cr_expect_eq(get_counter(net, c->module->owned[index][count]), step + 1);
}

static void check_statistics(const char *text, const KernelSet *set, bool fused)
{
	static const int rows[STEPS] = {LARGEST_BATCH, LARGEST_BATCH, 7, 2, 32};
	Compilation c;
	compile_text(&c, text, set, fused, STAGE_RUN);
	void *net = allocate_net(&c);
	Random random;
	random_seed(&random, 3);
	Model m = model_open(c.arena, c.network);
	model_randomise(&m, &random);
	model_store(&m, c.module, net);
	for (int step = 0; step < STEPS; step++) {
		Batch batch = random_batch(c.network, &random, rows[step]);
		model_set_batch(&m, &batch);
		model_forward(&m, true);
		train_on(&c, net, &batch, 0);
		for (int i = 0; i < c.network->nodes.count; i++)
			if (c.network->nodes.items[i]->layer == batchnorm())
				check_node(&c, net, &m, i, step);
		model_keep_statistics(&m);
		/* looking at the network changes nothing */
		predict_rows(&c, net, &batch, NEW_ARRAY(c.arena, float, batch.rows * batch.outputs));
	}
	program_free(&c.module->program, net);
	compilation_close(&c);
}

Test(batchnorm, keeps_running_statistics)
{
	static const char *const texts[] = {
		"batchnorm 3; batch 33",
		"linear 3 17; batchnorm momentum=0.5; relu; linear 2; batchnorm affine=false; batch 33",
		"linear 2 4; batchnorm momentum=0; residual { batchnorm momentum=1; tanh; linear 4 }; linear 3; batch 33",
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			for (int fused = 0; fused < 2; fused++)
				check_statistics(texts[i], set, fused);
}

/* Inputs of one feature far from 0, one constant, the others ordinary. */
static void move_away(Batch *batch, float mean)
{
	for (int row = 0; row < batch->rows; row++) {
		batch->x[row * batch->inputs] += mean;
		batch->x[row * batch->inputs + 1] = 0.7f * mean;
	}
}

static void check_far_inputs(const char *text, const KernelSet *set, float mean, double tolerance)
{
	Compilation c;
	compile_text(&c, text, set, true, STAGE_RUN);
	void *net = allocate_net(&c);
	Random random;
	random_seed(&random, 4);
	Model m = model_open(c.arena, c.network);
	model_randomise(&m, &random);
	Batch batch = random_batch(c.network, &random, LARGEST_BATCH);
	move_away(&batch, mean);
	model_set_batch(&m, &batch);
	model_store(&m, c.module, net);
	double expected = model_loss(&m);
	cr_expect_float_eq((double)train_on(&c, net, &batch, 0), expected, tolerance * (1 + expected), "%s (%s)", text,
		set->name);
	program_free(&c.module->program, net);
	compilation_close(&c);
}

/* Statistics lose neither the digits of a small deviation beside a large mean, nor those of a constant. Behind a linear
 * the inputs of batchnorm are sums of 3 terms of up to 1000, rounded to 2^-24 of that: 2e-4 of a deviation of 1. */
Test(batchnorm, does_not_cancel)
{
	FOR_EACH_USABLE_SET(set) {
		check_far_inputs("batchnorm 3; loss mse; batch 33", set, 1e6f, 1e-6);
		check_far_inputs("linear 3 17; batchnorm; relu; linear 3; loss mse; batch 33", set, 1e3f, 2e-4);
		check_far_inputs("linear 3 17 bias=false; batchnorm; tanh; loss mse; batch 33", set, 1e3f, 2e-4);
	}
}

/* Nor does a linear make one out of its two constant inputs. */
Test(batchnorm, a_constant_has_no_variance)
{
	FOR_EACH_USABLE_SET(set) {
		Compilation c;
		Failure failure;
		Random random;
		compile_text(&c, "linear 2 40; batchnorm; relu; linear 2; batch 33", set, true, STAGE_RUN);
		void *net = allocate_net(&c);
		random_seed(&random, 8);
		cr_assert(program_initialise(&c.module->program, net, &random, &failure));
		Batch batch = random_batch(c.network, &random, LARGEST_BATCH);
		for (int i = 0; i < batch.rows * batch.inputs; i++)
			batch.x[i] = i % 2 ? 123.4f : -0.3f;
		train_on(&c, net, &batch, 0);
		float var[40];
		get_values(&c, net, find_persistent(&c, "running_var_1"), var);
		for (int f = 0; f < 40; f++)
			cr_expect_float_eq(var[f], 0.9f, 1e-6f, "%s: %g", set->name, (double)var[f]);
		program_free(&c.module->program, net);
		compilation_close(&c);
	}
}
