/* What folding changes: the folded network against the one that was trained, both run by bnc's scalar kernels, so that the
 * answer does not depend on the machine. */
#include "standalone.h"
#include <math.h>

enum { BATCH = 32, BATCHES = 32 };

static bool compile_scalar(const Standalone *s, Compilation *c, Weights *weights, Failure *failure)
{
	Overrides overrides = {.batch = BATCH, .epochs = -1, .lr = -1};
	*c = (Compilation){.arena = arena_open(), .source = s->model->source, .target = kernel_set("scalar"), .fuse = true, .weights = weights, .rows = BATCH};
	if (compile(c, STAGE_RUN, &overrides, failure))
		return true;
	if (error_count(c->diagnostics) > 0)
		fail(failure, "%s: too large to measure what folding changes", s->options->path);
	compilation_close(c);
	return false;
}

static void set_weights(const Standalone *s, const Compilation *c, void *net)
{
	for (int n = 0; n < c->network->nodes.count; n++) {
		const Node *node = c->network->nodes.items[n];
		for (int t = 0; node->layer->tensors[t].name; t++) {
			const Tensor *tensor = node->tensors[t];
			if (!tensor || tensor->layout == LAYOUT_COUNTER)
				continue;
			for (int i = 0; i < c->program.tensor_count; i++)
				if (c->program.tensors[i].path == tensor->path)
					tensor_set(&c->program, net, &c->program.tensors[i],
						c->weights ? folded_values(c, node, t) : weights_of(s, tensor));
		}
	}
}

static void predict_batch(const Compilation *c, void *net, const float *x, float *y)
{
	const Program *program = &c->program;
	program->kernels->gather(BATCH, program->inputs, (float *)((char *)net + program->x), x, 0);
	program->predict(net, BATCH, 0);
	program->kernels->scatter(BATCH, program->outputs, y, (const float *)((char *)net + program->output));
}

static void compare(Standalone *s, const Compilation *plain, void *plain_net, const Compilation *folded, void *folded_net)
{
	size_t inputs = BATCH * (size_t)plain->program.inputs, outputs = BATCH * (size_t)plain->program.outputs;
	float *x = NEW_ARRAY(s->arena, float, inputs), *y = NEW_ARRAY(s->arena, float, outputs), *z = NEW_ARRAY(s->arena, float, outputs);
	Random random;
	random_seed(&random, 0);
	for (int batch = 0; batch < BATCHES; batch++) {
		for (size_t i = 0; i < inputs; i++)
			x[i] = (float)numpy_normal(&random, 0, 1);
		predict_batch(plain, plain_net, x, y);
		predict_batch(folded, folded_net, x, z);
		for (size_t i = 0; i < outputs; i++) {
			s->difference = fmax(s->difference, fabs((double)y[i] - (double)z[i]));
			s->largest = fmax(s->largest, fabs((double)y[i]));
		}
	}
	s->measured = BATCH * BATCHES;
}

bool measure_folding(Standalone *s, Failure *failure)
{
	Compilation plain, folded;
	if (!compile_scalar(s, &plain, 0, failure))
		return false;
	if (!compile_scalar(s, &folded, copy_weights(s), failure)) {
		compilation_close(&plain);
		return false;
	}
	void *plain_net = program_allocate(&plain.program, failure);
	void *folded_net = plain_net ? program_allocate(&folded.program, failure) : 0;
	if (folded_net) {
		set_weights(s, &plain, plain_net);
		set_weights(s, &folded, folded_net);
		compare(s, &plain, plain_net, &folded, folded_net);
	}
	bool ok = folded_net != 0;
	program_free(&plain.program, plain_net);
	program_free(&folded.program, folded_net);
	compilation_close(&plain);
	compilation_close(&folded);
	return ok;
}
