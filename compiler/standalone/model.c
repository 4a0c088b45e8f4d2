/* What all printers ask of the model: its tensors, its weights, and what is saved of it. */
#include "standalone.h"
#include <string.h>

bool is_persistent(const Tensor *tensor)
{
	return tensor->role == ROLE_PARAMETER || tensor->role == ROLE_STATISTIC || tensor->role == ROLE_STATE
		|| tensor->role == ROLE_GENERATOR;
}

bool follows_work(const Tensor *tensor)
{
	return tensor->layout == LAYOUT_COUNTER || tensor->layout == LAYOUT_GENERATOR;
}

Role content_role(const Tensor *tensor)
{
	return tensor->role == ROLE_BLOCK ? tensor->parts : tensor->role;
}

int standalone_tensors(const Standalone *s, const Tensor **tensors)
{
	static const Role roles[] = {
		ROLE_PARAMETER, ROLE_STATISTIC, ROLE_STATE, ROLE_GRADIENT, ROLE_INPUT, ROLE_TARGET,
		ROLE_GENERATOR,
	};
	int count = 0;
	for (int last = 0; last <= 1; last++)
		for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
			for (int i = 0; i < s->module->tensors.count; i++) {
				const Tensor *tensor = s->module->tensors.items[i];
				if (!tensor->block && content_role(tensor) == roles[r] && follows_work(tensor) == last)
					tensors[count++] = tensor;
			}
	return count;
}

bool normalises_batch(const Standalone *s)
{
	for (int i = 0; i < s->module->network->nodes.count; i++) {
		const Node *node = s->module->network->nodes.items[i];
		if (node->layer->normalises_batch && shape_positions(&node->output->shape) == 1)
			return true;
	}
	return false;
}

bool classifies(const Standalone *s)
{
	return s->module->network->loss->layer->truth == TRUTH_LABELS;
}

bool says_yes_or_no(const Standalone *s)
{
	return s->module->network->loss->layer->truth == TRUTH_CHANCES;
}

const char *truth_parameter(const Standalone *s)
{
	return classifies(s) ? "int32_t *label" : arena_print(s->arena, "%s *target", number_type(s->target.number_bytes));
}

bool has_classify(const Standalone *s)
{
	return classifies(s) || (says_yes_or_no(s) && shape_size(&s->module->network->output->shape) == 1);
}

bool has_rate(const Standalone *s)
{
	return !s->options->inference && s->module->network->schedule->layer->rate;
}

int training_minimum(const Standalone *s)
{
	return normalises_batch(s) ? 2 : 1;
}

/* Lists the saved tensors in the order of bnc's struct, which is that of the network. */
int saved_tensors(const Module *m, Tensor **tensors)
{
	int count = 0;
	for (int states = 0; states <= 1; states++)
		for (int i = 0; i < m->tensors.count; i++)
			if (is_persistent(m->tensors.items[i]) && (m->tensors.items[i]->role >= ROLE_STATE) == states)
				tensors[count++] = m->tensors.items[i];
	return count;
}

const char *member_text(const Standalone *s, const Tensor *tensor)
{
	return tensor->block ? arena_print(s->arena, "%s + %zu", tensor->block->name, tensor->in_block) : tensor->name;
}

const char *saved_name(const Tensor *tensor)
{
	return tensor->path ? tensor->path : tensor->name;
}

size_t saved_count(const Standalone *s, const Tensor *tensor)
{
	const size_t count = element_count(tensor);
	return tensor->layout == LAYOUT_GENERATOR ? count * sizeof(uint32_t) / s->target.number_bytes : count;
}

size_t save_bytes(const Standalone *s)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	size_t bytes = SAVE_HEADER_BYTES;
	for (int i = saved_tensors(s->module, tensors) - 1; i >= 0; i--)
		bytes += tensors[i]->layout == LAYOUT_COUNTER ? sizeof(int64_t)
			: saved_count(s, tensors[i]) * s->target.number_bytes;
	return bytes;
}

const Map *tensors_by_path(Arena *arena, const Program *program)
{
	const Map *tensors = 0;
	for (int i = 0; i < program->tensor_count; i++)
		tensors = map_put(arena, tensors, program->tensors[i].path, &program->tensors[i]);
	return tensors;
}

const ProgramTensor *tensor_at_path(const Map *tensors, const char *path)
{
	const ProgramTensor *tensor = map_get(tensors, path);
	if (!tensor)
		internal_error("there is no tensor %s", path);
	return tensor;
}

const void *weights_of(const Standalone *s, const Tensor *tensor)
{
	void *values = arena_alloc(s->arena, element_count(tensor), s->target.number_bytes);
	tensor_get(&s->model->module->program, s->net, tensor_at_path(s->tensors, tensor->path), values);
	return values;
}

int64_t count_of(const Standalone *s, const Tensor *tensor)
{
	int64_t count;
	memcpy(&count, (const char *)s->net + tensor_at_path(s->tensors, tensor->path)->offset, sizeof count);
	return count;
}

static double *doubles_of(const Standalone *s, const ProgramTensor *tensor)
{
	size_t count = tensor_count(tensor);
	void *values = arena_alloc(s->arena, count, s->target.number_bytes);
	double *doubles = NEW_ARRAY(s->arena, double, count);
	tensor_get(&s->model->module->program, s->net, tensor, values);
	numbers_to_doubles(doubles, values, s->target.number_bytes, count);
	return doubles;
}

Weights *model_weights(const Standalone *s)
{
	const Nodes *nodes = &s->model->network->nodes;
	Weights *weights = NEW_ARRAY(s->arena, Weights, s->model->network->index_count);
	for (int n = 0; n < nodes->count; n++)
		for (int t = 0; nodes->items[n]->layer->tensors[t].name; t++) {
			const Tensor *tensor = s->model->module->owned[nodes->items[n]->index][t];
			if (tensor && tensor->layout != LAYOUT_COUNTER)
				weights[nodes->items[n]->index].tensors[t] = doubles_of(s, tensor_at_path(s->tensors, tensor->path));
		}
	return weights;
}
