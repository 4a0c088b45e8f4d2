/* The emitted header's table of memory. */
#include "standalone.h"
#include <stdlib.h>

static size_t bytes_of_role(const Standalone *s, Role role)
{
	size_t bytes = 0;
	for (int i = 0; i < s->c.tensors.count; i++) {
		const Tensor *tensor = s->c.tensors.items[i];
		if (tensor->role == role)
			bytes += tensor->layout == LAYOUT_COUNTER ? sizeof(int64_t) : tensor_floats(&s->c, tensor) * sizeof(float);
	}
	return bytes;
}

static size_t floats_of(const Standalone *s, const Tensor *tensor)
{
	return tensor->one_panel ? panel_floats(&s->c, tensor) : tensor_floats(&s->c, tensor);
}

/* What forward leaves for backward is alive when the loss is computed, and read after it. */
static size_t saved_activations(const Standalone *s)
{
	const Routine *train = &s->c.train;
	int loss = 0;
	for (int i = 0; i < train->steps.count; i++)
		if (train->steps.items[i]->node == s->c.network->loss)
			loss = train->steps.items[i]->time;
	size_t floats = 0;
	for (int i = 0; i < train->temporaries.count; i++)
		if (train->temporaries.items[i]->first < loss && train->temporaries.items[i]->last > loss)
			floats += floats_of(s, train->temporaries.items[i]);
	return floats;
}

static int by_offset(const void *a, const void *b)
{
	const Tensor *x = *(Tensor *const *)a, *y = *(Tensor *const *)b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->first - y->first;
}

/* Temporaries by place: those that begin at one place follow each other in time. */
static void put_places(const Standalone *s, Code *code, const Routine *routine)
{
	int count = routine->temporaries.count;
	Tensor **sorted = NEW_ARRAY(s->arena, Tensor *, count);
	for (int i = 0; i < count; i++)
		sorted[i] = routine->temporaries.items[i];
	qsort(sorted, (size_t)count, sizeof *sorted, by_offset);
	for (int i = 0; i < count; i++) {
		if (i > 0 && sorted[i]->offset == sorted[i - 1]->offset) {
			code_put(code, ", then %s", sorted[i]->name);
			continue;
		}
		code_put(code, "%s *                  from byte %zu: %s", i ? "\n" : "", sorted[i]->offset * sizeof(float), sorted[i]->name);
	}
	code_put(code, count ? "\n" : "");
}

void put_memory_table(const Standalone *s, Code *code)
{
	size_t batch = bytes_of_role(s, ROLE_INPUT) + bytes_of_role(s, ROLE_TARGET);
	size_t kept = bytes_of_role(s, ROLE_PARAMETER) + bytes_of_role(s, ROLE_STATISTIC);
	size_t saved = saved_activations(s) * sizeof(float), work = s->work * sizeof(float);
	size_t predict = (s->output + tensor_floats(&s->c, s->c.output)) * sizeof(float);
	code_put(code, " * Memory in bytes, for batches of up to %d rows:\n", s->c.network->batch);
	code_put(code, " * %10zu  parameters\n", bytes_of_role(s, ROLE_PARAMETER));
	code_put(code, " * %10zu  running statistics\n", bytes_of_role(s, ROLE_STATISTIC));
	code_put(code, " * %10zu  the optimizer's state\n", bytes_of_role(s, ROLE_STATE));
	code_put(code, " * %10zu  the batch\n", batch);
	code_put(code, " * %10zu  work: %zu for activations that backward reads, the rest for scratch; %zu are alive at the worst moment\n", work, saved,
		s->c.train.peak * sizeof(float));
	put_places(s, code, &s->c.train);
	code_put(code, " * %10zu  in all, for training\n", s->bytes);
	code_put(code, " * %10zu  of it for prediction, which takes %zu of work\n", kept + batch + predict, predict);
	code_put(code, " * Nothing is allocated, and nothing but the stack is used beside it.\n");
}

void put_inference_memory(const Standalone *s, Code *code)
{
	size_t constants = 0;
	for (int i = 0; i < s->c.tensors.count; i++)
		if (s->c.tensors.items[i]->path)
			constants += tensor_floats(&s->c, s->c.tensors.items[i]) * sizeof(float);
	code_put(code, " * Memory in bytes:\n");
	code_put(code, " * %10zu  weights, constant\n", constants);
	code_put(code, " * %10zu  of the stack for one sample\n", one_scratch(s).floats * sizeof(float));
	code_put(code, " * %10zu  of the caller's for batches, which are taken %d rows at a time\n", scratch_of(&s->c).floats * sizeof(float),
		s->c.network->batch);
	code_put(code, " * Nothing is allocated, and nothing is kept between calls.\n");
}
