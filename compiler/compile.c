/* Runs the passes in their order: text -> network -> module. */
#include "bnc.h"
#include "progress.h"
#include <string.h>

/* "bnc/exp_avg/0.weight" for exp_avg_weight_0, which belongs to weight_0; what belongs to no parameter has its own
 * name. */
static const char *state_path(Arena *arena, const Tensor *state)
{
	const Tensor *of = state->parameter;
	if (!of)
		return arena_print(arena, "bnc/%s", state->name);
	return arena_print(arena, "bnc/%.*s/%s", (int)(strlen(state->name) - strlen(of->name) - 1), state->name, of->path);
}

/* What the optimizer keeps. */
static void describe_states(Module *m)
{
	ProgramTensor *states = NEW_ARRAY(m->arena, ProgramTensor, m->tensors.count);
	for (int i = 0; i < m->tensors.count; i++) {
		const Tensor *tensor = m->tensors.items[i];
		if (tensor->role != ROLE_STATE)
			continue;
		ProgramTensor *state = &states[m->program.state_count++];
		*state = program_view(tensor->parameter ? tensor->parameter : tensor);
		state->path = state_path(m->arena, tensor);
		state->offset = tensor->offset;
	}
	m->program.states = states;
}

/* Fills in the Program: what the runtime needs to know of the network. */
static void describe(Module *m)
{
	const Network *network = m->network;
	int count = 0;
	const char *statement = "";
	const Node *before = 0;
	ProgramTensor *tensors = NEW_ARRAY(m->arena, ProgramTensor, m->tensors.count);
	for (int i = 0; i < m->tensors.count; i++) {
		const Tensor *tensor = m->tensors.items[i];
		if (!tensor->path)
			continue;
		statement = tensor->node == before ? statement : statement_text(m->arena, tensor->node);
		before = tensor->node;
		tensors[count] = program_view(tensor);
		tensors[count++].statement = statement;
	}
	m->program = (Program){
		.name = network->name, .kernels = m->options.target, .bytes = m->bytes, .max_rows = m->options.batch,
		.work = m->work_offset, .work_end = m->work_offset + m->work * number_bytes(m),
		.inputs = (int)shape_size(&network->input->shape), .outputs = (int)shape_size(&network->output->shape),
		.truth = network->loss->layer->truth,
		.x = m->input->offset, .output = m->output->offset, .loss = m->loss->offset,
		.label = m->label ? m->label->offset : 0, .target = m->target_values ? m->target_values->offset : 0,
		.correct = m->correct ? m->correct->offset : 0,
		.tensors = tensors, .tensor_count = count, .part = network->from || network->until,
		.draws = m->generator, .generator = m->generator ? m->generator->offset : 0,
		.batches_of_update = batches_of_update(network->optimizer),
	};
	m->program.rank = network->input->shape.rank;
	memcpy(m->program.dims, network->input->shape.dims, sizeof m->program.dims);
	describe_states(m);
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		m->program.normalises_batch |= node->layer->normalises_batch && shape_positions(&node->output->shape) == 1;
	}
}

Module *compile_network(Arena *arena, const Network *network, const Options *options, Stage last, Failure *failure)
{
	Module *m = choose_set(arena, network, options);
	if (options->recompute)
		recompute(m, &m->train);
	if (last == STAGE_STEPS)
		return m;
	for (int i = 0; i < m->routine_count; i++)
		fuse(m, m->routines[i]);
	if (last == STAGE_LOOPS)
		return m;
	for (int i = 0; options->fuse && i < m->routine_count; i++)
		combine(m, m->routines[i]);
	choose_variants(m);
	if (last == STAGE_CALLS)
		return m;
	choose_parallel(m);
	plan_memory(m);
	if (last == STAGE_PLAN)
		return m;
	describe(m);
	emit(m);
	if (last == STAGE_C)
		return m;
	double start = wall_seconds();
	bool ok = jit(m, failure);
	m->tcc_seconds = wall_seconds() - start;
	return ok ? m : 0;
}

void module_close(Module *m)
{
	if (m)
		jit_free(m);
}

bool compile(Compilation *c, Stage last, const Overrides *overrides, Failure *failure)
{
	double start = wall_seconds();
	c->diagnostics = diagnostics_open(c->arena, &c->source);
	if (last == STAGE_TOKENS)
		return true;
	c->tree = parse(c->arena, c->diagnostics, &c->source, meant_assignment);
	if (last == STAGE_TREE)
		return error_count(c->diagnostics) == 0;
	Network *network = network_build(c->arena, c->diagnostics, c->tree, &c->source, overrides);
	infer_shapes(network, &c->options.sample, c->diagnostics);
	c->network = network;
	c->waits = network->input->waits;
	if (error_count(c->diagnostics) > 0 || network->refused)
		return false;
	if (c->waits)
		return true;
	warn_of_unused(c->arena, c->tree, c->diagnostics);
	if (last == STAGE_NETWORK)
		return true;
	c->module = compile_network(c->arena, network, &c->options, last, failure);
	c->seconds = wall_seconds() - start;
	return c->module;
}

void compilation_close(Compilation *c)
{
	module_close(c->module);
	arena_close(c->arena);
}
