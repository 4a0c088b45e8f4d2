/* Tensors and their sizes. */
#include "bnc.h"

Tensor *add_tensor(Module *m, Routine *routine, Tensor tensor)
{
	Tensor *added = NEW(m->arena, Tensor);
	*added = tensor;
	added->id = m->tensor_count++;
	APPEND(m->arena, tensor.role == ROLE_TEMPORARY ? &routine->temporaries : &m->tensors, added);
	return added;
}

int panel_count(const Module *m, int features)
{
	return (features + m->options.target->lanes - 1) / m->options.target->lanes;
}

size_t panel_floats(const Module *m, const Tensor *tensor)
{
	size_t lanes = (size_t)m->options.target->lanes;
	switch (tensor->layout) {
	case LAYOUT_ROWS: return lanes * (size_t)m->options.batch * (size_t)tensor->positions;
	case LAYOUT_WEIGHTS: return lanes * (size_t)tensor->inputs;
	case LAYOUT_FEATURES: return lanes;
	case LAYOUT_MOMENTS: return MOMENTS;
	case LAYOUT_NUMBERS: return NUMBERS;
	case LAYOUT_BITS: return (lanes * (size_t)m->options.batch * (size_t)tensor->positions + 31) / 32;
	case LAYOUT_GENERATOR: return GENERATOR_WORDS;
	case LAYOUT_STATISTICS: return (size_t)m->options.batch * (size_t)tensor->features * STATISTICS;
	default: return 1;
	}
}

size_t tensor_floats(const Module *m, const Tensor *tensor)
{
	bool panels = tensor->layout == LAYOUT_ROWS || tensor->layout == LAYOUT_WEIGHTS
		|| tensor->layout == LAYOUT_FEATURES || tensor->layout == LAYOUT_BITS;
	return panel_floats(m, tensor) * (panels ? (size_t)panel_count(m, tensor->features) : 1);
}

ProgramTensor program_view(const Tensor *tensor)
{
	return (ProgramTensor){
		.path = tensor->path, .layout = tensor->layout, .init = tensor->init, .features = tensor->features,
		.inputs = tensor->inputs, .rank = tensor->rank,
		.kernel_height = tensor->kernel_height, .kernel_width = tensor->kernel_width,
		.trainable = tensor->role == ROLE_PARAMETER, .offset = tensor->offset,
	};
}

size_t element_count(const Tensor *tensor)
{
	switch (tensor->layout) {
	case LAYOUT_WEIGHTS: return (size_t)tensor->features * (size_t)tensor->inputs;
	case LAYOUT_FEATURES: return (size_t)tensor->features;
	case LAYOUT_GENERATOR: return GENERATOR_WORDS;
	default: return 1;
	}
}
