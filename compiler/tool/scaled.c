/* scaled.c: folds the scale of --standardize into a network's first product, so that emitted code takes inputs as they
 * are: W ((x - c) / d) + b = (W / d) x + (b - W c / d). */
#include "run.h"
#include <stdlib.h>
#include <string.h>

/* The node that multiplies the input with weights and adds a bias to each output, or null: then nothing can be
 * folded. */
static const Node *first_product(const Network *network)
{
	const Value *input = network->input;
	const Node *node = input->readers == 1 ? input->reader : 0;
	return node && input->shape.rank == 1 && node->layer->product && node->layer->shift ? node : 0;
}

/* The node's tensor of this name, or null. */
static const ProgramTensor *tensor_of(const Program *program, const Node *node, const char *name)
{
	const size_t length = strlen(node->path);
	for (int i = 0; i < program->tensor_count; i++) {
		const char *path = program->tensors[i].path;
		if (strncmp(path, node->path, length) == 0 && path[length] == '.' && strcmp(path + length + 1, name) == 0)
			return &program->tensors[i];
	}
	return 0;
}

/* Weights and biases are numbers of so many bytes. */
static void fold_row(void *weight, void *bias, size_t bytes, int row, int inputs, const double *centres,
	const double *deviations)
{
	double shift = number_at(bias, bytes, (size_t)row);
	for (int i = 0; i < inputs; i++) {
		const size_t at = (size_t)row * (size_t)inputs + (size_t)i;
		const double scaled = number_at(weight, bytes, at) / deviations[i];
		shift -= scaled * centres[i];
		number_put(weight, bytes, at, scaled);
	}
	number_put(bias, bytes, (size_t)row, shift);
}

static bool fold_tensors(const Program *program, void *net, const ProgramTensor *w, const ProgramTensor *b,
	const double *centres, const double *deviations)
{
	const size_t bytes = program->kernels->number_bytes;
	void *weight = malloc(tensor_count(w) * bytes), *bias = malloc(tensor_count(b) * bytes);
	const bool done = weight && bias;
	if (done) {
		tensor_get(program, net, w, weight);
		tensor_get(program, net, b, bias);
		for (int row = 0; row < w->features; row++)
			fold_row(weight, bias, bytes, row, w->inputs, centres, deviations);
		tensor_set(program, net, w, weight);
		tensor_set(program, net, b, bias);
	}
	free(weight);
	free(bias);
	return done;
}

void *fold_scale(const Compilation *c, const void *net, const Schema *schema)
{
	const Program *program = &c->module->program;
	const Node *node = first_product(c->network);
	const double *centres, *deviations;
	if (!node || !schema_scale(schema, &centres, &deviations))
		return 0;
	const ProgramTensor *w = tensor_of(program, node, node->layer->product);
	const ProgramTensor *b = tensor_of(program, node, node->layer->shift);
	Failure unused;
	void *copy = w && b ? program_allocate(program, &unused) : 0;
	if (!copy)
		return 0;
	memcpy(copy, net, program->bytes);
	if (fold_tensors(program, copy, w, b, centres, deviations))
		return copy;
	program_free(program, copy);
	return 0;
}
