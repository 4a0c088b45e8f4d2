/* network_support.h: what the tests of the passes share: a text compiled in this process, and its tensors by hand. */
#ifndef NETWORK_SUPPORT_H
#define NETWORK_SUPPORT_H
#include "set_support.h"
#include "data/data.h"
#include "verify/model.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const Overrides nothing_overridden = {.batch = -1, .epochs = -1, .lr = -1};

/* Compiles text as the options in *c say. False: c->diagnostics or failure says why. Close it either way. */
static inline bool try_with_options(Compilation *c, const char *text, Stage last, Failure *failure)
{
	c->arena = arena_open();
	c->source = (Source){"t.net", text, strlen(text)};
	failure->text[0] = 0;
	return compile(c, last, &nothing_overridden, failure);
}

static inline void compile_with_options(Compilation *c, const char *text, Stage last)
{
	Failure failure;
	bool ok = try_with_options(c, text, last, &failure);
	if (!ok)
		diagnostics_print(c->diagnostics, stderr);
	cr_assert(ok, "%s: %s", text, failure.text);
}

static inline void compile_text(Compilation *c, const char *text, const KernelSet *target, bool fused, Stage last)
{
	*c = (Compilation){.options = {.target = target, .fuse = fused}};
	compile_with_options(c, text, last);
}

static inline void *allocate_net(const Compilation *c)
{
	Failure failure;
	void *net = program_allocate(&c->module->program, &failure);
	cr_assert(net, "%s", failure.text);
	return net;
}

/* Rows of normally distributed numbers for the program, the second class for every other row. */
static inline void open_noise(Data *data, const Program *program, int rows, Random *random, double mean,
	double deviation)
{
	Failure failure;
	const size_t bytes = program->kernels->number_bytes;
	*data = (Data){.name = "t", .rank = program->rank, .number_bytes = bytes, .classes = 2};
	memcpy(data->dims, program->dims, sizeof data->dims);
	cr_assert(data_allocate(data, rows, 1, true, &failure));
	for (int i = 0; i < rows * data->features; i++)
		number_put(data->x_any, bytes, (size_t)i, numpy_normal(random, mean, deviation));
	for (int i = 0; i < rows; i++)
		number_put(data->targets_any, bytes, (size_t)i, data->labels[i] = i % 2);
}

/* ---- tensors */

static inline size_t value_count(const Tensor *tensor)
{
	return (size_t)tensor->features * (tensor->layout == LAYOUT_WEIGHTS ? (size_t)tensor->inputs : 1);
}

/* Row-major. */
static inline void get_values(const Compilation *c, const void *net, const Tensor *tensor, float *values)
{
	ProgramTensor view = program_view(tensor);
	tensor_get(&c->module->program, net, &view, values);
}

static inline void set_values(const Compilation *c, void *net, const Tensor *tensor, const float *values)
{
	ProgramTensor view = program_view(tensor);
	tensor_set(&c->module->program, net, &view, values);
}

static inline float get_scalar(const void *net, size_t offset)
{
	float value;
	memcpy(&value, (const char *)net + offset, sizeof value);
	return value;
}

static inline int64_t get_counter(const void *net, const Tensor *tensor)
{
	int64_t value;
	memcpy(&value, (const char *)net + tensor->offset, sizeof value);
	return value;
}

static inline Tensor *find_persistent(const Compilation *c, const char *name)
{
	for (int i = 0; i < c->module->tensors.count; i++)
		if (strcmp(c->module->tensors.items[i]->name, name) == 0)
			return c->module->tensors.items[i];
	return 0;
}

/* ---- batches */

static inline void load_rows(const Compilation *c, void *net, const Batch *batch)
{
	char *base = net;
	c->options.target->gather(batch->rows, batch->inputs, (float *)(base + c->module->program.x), batch->x, 0);
	if (c->module->program.truth == TRUTH_LABELS)
		memcpy(base + c->module->program.label, batch->labels, (size_t)batch->rows * sizeof *batch->labels);
	else
		c->options.target->gather(batch->rows, batch->outputs, (float *)(base + c->module->program.target),
			batch->targets, 0);
}

/* The loss. */
static inline float train_on(const Compilation *c, void *net, const Batch *batch, float lr)
{
	load_rows(c, net, batch);
	c->module->program.train(net, batch->rows, lr, &(const Host){0});
	return get_scalar(net, c->module->program.loss);
}

/* [rows][outputs] */
static inline void predict_rows(const Compilation *c, void *net, const Batch *batch, float *y)
{
	load_rows(c, net, batch);
	c->module->program.predict(net, batch->rows, &(const Host){0});
	c->options.target->scatter(batch->rows, batch->outputs, y, (const float *)((const char *)net
		+ c->module->program.output));
}

#endif
