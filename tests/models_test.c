/* models_test.c: the networks of models/ learn a batch of made-up samples by heart. */
#include "network_support.h"
#include "tool/options.h"
#include "tool/run.h"
#include <glob.h>

/* With sanitizers a step takes fifty times as long. */
enum { ROWS = 4, STEPS = SANITIZED ? 3 : 8 };

static void compile_model(Compilation *c, const char *path)
{
	Failure failure = {.text = ""};
	Overrides overrides = {.batch = ROWS, .epochs = -1, .lr = -1};
	*c = (Compilation){.arena = arena_open(), .options = {.target = kernel_set(0), .fuse = true}};
	cr_assert(source_read(&c->source, c->arena, &(NetworkArgument){path, 0}, &failure), "%s", failure.text);
	cr_assert(compile(c, STAGE_RUN, &overrides, &failure), "%s: %s", path, failure.text);
}

/* Samples of noise around a pattern of their class, in 0 to 1 as pixels are. A network with a target for each output
 * shall draw its input. */
static Batch make_samples(const Network *network, Random *random)
{
	Batch batch = random_batch(network, random, ROWS);
	torch_uniform(random, batch.x, (size_t)batch.rows * (size_t)batch.inputs, 0, 1);
	for (int row = 0; row < batch.rows; row++) {
		batch.labels[row] = row % batch.outputs;
		for (int i = 0; i < batch.inputs; i++)
			batch.x[row * batch.inputs + i] = batch.x[row * batch.inputs + i] / 4
				+ (i % (row + 2) == 0 ? 0.75f : 0.0f);
	}
	if (batch.inputs == batch.outputs)
		memcpy(batch.targets, batch.x, (size_t)batch.rows * (size_t)batch.inputs * sizeof *batch.x);
	return batch;
}

static void learn(const char *path)
{
	Compilation c;
	Random random;
	Failure failure;
	compile_model(&c, path);
	random_seed(&random, 0);
	void *net = allocate_net(&c);
	cr_assert(program_initialise(&c.module->program, net, &random, &failure), "%s", failure.text);
	const Batch batch = make_samples(c.network, &random);
	const float lr = (float)schedule_of(c.network).lr;
	const float first = train_on(&c, net, &batch, lr);
	float least = first;
	for (int step = 1; step < STEPS; step++) {
		const float loss = train_on(&c, net, &batch, lr);
		least = loss < least ? loss : least;
	}
	cr_expect(least < first, "%s: the loss went from %g to %g", path, (double)first, (double)least);
	program_free(&c.module->program, net);
	compilation_close(&c);
}

Test(models, they_learn)
{
	glob_t models;
	cr_assert(glob("models/*.net", 0, 0, &models) == 0 && models.gl_pathc >= 10);
	for (size_t i = 0; i < models.gl_pathc; i++)
		learn(models.gl_pathv[i]);
	globfree(&models);
}
