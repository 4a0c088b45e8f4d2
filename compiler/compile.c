/* Runs the passes in their order. */
#include "bnc.h"
#include "progress.h"
#include <stdlib.h>

void internal_error(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	fputs("bnc: internal error: ", stderr);
	vfprintf(stderr, format, values);
	fputs("\nThis is a fault of bnc, not of the network; please report it.\n", stderr);
	va_end(values);
	_Exit(4);
}

/* The node as a statement of the language: with its sizes, and with the arguments that do not have their default
 * values. */
static const char *statement_of(Arena *arena, const Node *node)
{
	const char *text = node->layer->name;
	for (const ArgumentSpec *a = node->layer->arguments; a->name; a++) {
		double value = node->arguments[a - node->layer->arguments];
		if (a->use & POSITIONAL)
			text = arena_print(arena, "%s %.9g", text, value);
		else if (value != a->default_value)
			text = a->kind == ARGUMENT_FLAG
				? arena_print(arena, "%s %s=%s", text, a->name, value != 0 ? "true" : "false")
				: arena_print(arena, "%s %s=%.9g", text, a->name, value);
	}
	return text;
}

/* Fills in the Program: what the runtime needs to know of the network. */
static void describe(Compilation *c)
{
	const Network *network = c->network;
	int count = 0;
	const char *statement = "";
	const Node *before = 0;
	ProgramTensor *tensors = NEW_ARRAY(c->arena, ProgramTensor, c->tensors.count);
	for (int i = 0; i < c->tensors.count; i++) {
		const Tensor *tensor = c->tensors.items[i];
		if (!tensor->path)
			continue;
		statement = tensor->node == before ? statement : statement_of(c->arena, tensor->node);
		before = tensor->node;
		tensors[count++] = (ProgramTensor){
			.path = tensor->path, .statement = statement, .layout = tensor->layout, .init = tensor->init,
			.features = tensor->features, .inputs = tensor->inputs, .trainable = tensor->role == ROLE_PARAMETER,
			.offset = tensor->offset,
		};
	}
	c->program = (Program){
		.name = network->name, .kernels = c->target, .bytes = c->bytes, .max_rows = network->batch,
		.work = c->work_offset, .work_end = c->work_offset + c->work * sizeof(float),
		.inputs = (int)shape_size(&network->input->shape), .outputs = (int)shape_size(&network->output->shape),
		.classifies = network->loss->layer->takes_labels,
		.x = c->input->offset, .output = c->output->offset, .loss = c->loss->offset,
		.label = c->label ? c->label->offset : 0, .target = c->target_values ? c->target_values->offset : 0,
		.correct = c->correct ? c->correct->offset : 0,
		.tensors = tensors, .tensor_count = count,
	};
	for (int i = 0; i < network->nodes.count; i++)
		c->program.normalises_batch |= network->nodes.items[i]->layer->normalises_batch;
}

bool compile(Compilation *c, Stage last, const Overrides *overrides, Failure *failure)
{
	double start = wall_seconds();
	c->diagnostics = diagnostics_open(c->arena, &c->source);
	if (last == STAGE_TOKENS)
		return true;
	c->tree = parse(c->arena, c->diagnostics, &c->source);
	if (last == STAGE_TREE)
		return error_count(c->diagnostics) == 0;
	c->network = network_build(c->arena, c->diagnostics, c->tree, &c->source, overrides);
	infer_shapes(c->network, c->diagnostics);
	if (error_count(c->diagnostics) > 0)
		return false;
	if (last == STAGE_NETWORK)
		return true;
	if (c->weights)
		fold(c);
	c->kernels = kernel_table(c->arena);
	differentiate(c);
	if (c->recompute)
		recompute(c, &c->train);
	if (last == STAGE_STEPS)
		return true;
	fuse(c, &c->train);
	fuse(c, &c->predict);
	if (last == STAGE_LOOPS)
		return true;
	if (c->fuse) {
		combine(c, &c->train);
		combine(c, &c->predict);
	}
	choose_variants(c);
	if (last == STAGE_CALLS)
		return true;
	choose_parallel(c);
	plan_memory(c);
	if (last == STAGE_PLAN)
		return true;
	describe(c);
	emit(c);
	if (last == STAGE_C)
		return true;
	double before = wall_seconds();
	bool ok = jit(c, failure);
	c->tcc_seconds = wall_seconds() - before;
	c->compile_seconds = wall_seconds() - start;
	return ok;
}

void compilation_close(Compilation *c)
{
	jit_free(c);
	arena_close(c->arena);
}
