#include "data/data.h"
#include "runtime.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *program_allocate(const Program *program, Failure *failure)
{
	void *net = mmap(0, program->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (net != MAP_FAILED)
		return net;
	fail(failure, "%s needs %zu bytes of memory, more than there is: a smaller batch needs less", program->name,
		program->bytes);
	return 0;
}

void program_free(const Program *program, void *net)
{
	if (net)
		munmap(net, program->bytes);
}

/* ---- tensors: panels <-> rows */

size_t tensor_count(const ProgramTensor *tensor)
{
	return (size_t)tensor->features * (tensor->layout == LAYOUT_WEIGHTS ? (size_t)tensor->inputs : 1);
}

int tensor_shape(const ProgramTensor *tensor, int shape[4])
{
	const int taps = tensor->kernel_height * tensor->kernel_width;
	for (int i = 0; i < 4; i++)
		shape[i] = 1;
	if (tensor->rank >= 1)
		shape[0] = tensor->features;
	if (tensor->rank == 2 || tensor->rank == 4)
		shape[1] = taps ? tensor->inputs / taps : tensor->inputs;
	if (tensor->rank >= 3) {
		shape[tensor->rank - 2] = tensor->kernel_height;
		shape[tensor->rank - 1] = tensor->kernel_width;
	}
	return tensor->rank;
}

/* The index in panels, see LAYOUT_WEIGHTS, of value i of the row-major tensor. */
static size_t panel_index(const Program *program, const ProgramTensor *tensor, size_t i)
{
	size_t lanes = (size_t)program->kernels->lanes;
	size_t inputs = tensor->layout == LAYOUT_WEIGHTS ? (size_t)tensor->inputs : 1;
	size_t feature = i / inputs, input = i % inputs;
	if (tensor->kernel_height) {
		size_t taps = (size_t)tensor->kernel_height * (size_t)tensor->kernel_width, channels = inputs / taps;
		size_t channel = input / taps, first = channel / lanes * lanes;
		input = first * taps + input % taps * (channels - first < lanes ? channels - first : lanes) + channel - first;
	}
	return (feature / lanes * inputs + input) * lanes + feature % lanes;
}

void tensor_get(const Program *program, const void *net, const ProgramTensor *tensor, void *values)
{
	const size_t bytes = program->kernels->number_bytes;
	const void *panels = (const char *)net + tensor->offset;
	for (size_t i = 0; i < tensor_count(tensor); i++)
		number_copy(values, i, panels, panel_index(program, tensor, i), bytes);
}

void tensor_set(const Program *program, void *net, const ProgramTensor *tensor, const void *values)
{
	const size_t bytes = program->kernels->number_bytes;
	void *panels = (char *)net + tensor->offset;
	for (size_t i = 0; i < tensor_count(tensor); i++)
		number_copy(panels, panel_index(program, tensor, i), values, i, bytes);
}

bool program_initialise(const Program *program, void *net, Random *random, Failure *failure)
{
	for (int i = 0; i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		if (tensor->layout == LAYOUT_COUNTER)
			continue;
		const size_t bytes = program->kernels->number_bytes;
		void *values = malloc(tensor_count(tensor) * bytes);
		if (!values)
			return fail(failure, "not enough memory for the weights of %s", program->name);
		initialise(random, tensor->init, values, bytes, tensor_count(tensor), tensor->inputs);
		tensor_set(program, net, tensor, values);
		free(values);
	}
	return true;
}

bool program_scale(const Program *program, void *net, double scale, Failure *failure)
{
	for (int i = 0; scale != 1 && i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		if (tensor->init != INIT_KAIMING_UNIFORM)
			continue;
		const size_t bytes = program->kernels->number_bytes, count = tensor_count(tensor);
		void *values = malloc(count * bytes);
		if (!values)
			return fail(failure, "not enough memory for the weights of %s", program->name);
		tensor_get(program, net, tensor, values);
		for (size_t k = 0; k < count; k++)
			number_put(values, bytes, k, scale * number_at(values, bytes, k));
		tensor_set(program, net, tensor, values);
		free(values);
	}
	return true;
}

void program_set_random(const Program *program, void *net, const Random *random)
{
	uint32_t *generator = (uint32_t *)((char *)net + program->generator);
	if (!program->draws)
		return;
	memcpy(generator, random->state, sizeof random->state);
	generator[STATE_WORDS] = (uint32_t)random->position;
}

void program_get_random(const Program *program, const void *net, Random *random)
{
	const uint32_t *generator = (const uint32_t *)((const char *)net + program->generator);
	if (!program->draws)
		return;
	memcpy(random->state, generator, sizeof random->state);
	random->position = (int)generator[STATE_WORDS];
}

int64_t program_parameters(const Program *program)
{
	int64_t count = 0;
	for (int i = 0; i < program->tensor_count; i++)
		if (program->tensors[i].trainable)
			count += (int64_t)tensor_count(&program->tensors[i]);
	return count;
}

bool program_is_finite(const Program *program, const void *net)
{
	for (int i = 0; i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		const void *panels = (const char *)net + tensor->offset;
		for (size_t k = 0; tensor->layout != LAYOUT_COUNTER && k < tensor_count(tensor); k++)
			if (!isfinite(number_at(panels, program->kernels->number_bytes, panel_index(program, tensor, k))))
				return false;
	}
	return true;
}

/* ---- data */

static bool accept_values(const Program *program, const Data *data, Failure *failure)
{
	if (program->truth == TRUTH_VALUES && data->schema && data->schema->target_count && data->labels
		&& !data->schema->targets[0].whole)
		return fail(failure, "the loss of %s compares numbers, but the target of %s is texts, such as %.60s: `loss "
			"cross_entropy` takes classes, or --target names another column", program->name, data->name,
			data->class_names[0]);
	if (data->target_features == program->outputs)
		return true;
	return fail(failure, "%s has %d outputs, but %s has %d target value%s a sample%s", program->name, program->outputs,
		data->name, data->target_features, data->target_features == 1 ? "" : "s",
		program->truth == TRUTH_CHANCES && data->target_features == 1 ? ": yes or no takes 1 output" : "");
}

static bool accept_labels(const Program *program, const Data *data, Failure *failure)
{
	if (!data->labels)
		return fail(failure,
			"the loss of %s takes class labels, a whole number from 0 for each sample, but in %s %s; values are for "
			"`loss mse`", program->name, data->name, data->unlabelled);
	for (int i = 0; i < data->rows; i++)
		if (data->labels[i] < 0 || data->labels[i] >= program->outputs)
			return fail(failure, "%s: the label of row %d is %d, but %s has %d outputs: labels go from 0 to %d",
				data->name, i, data->labels[i], program->name, program->outputs, program->outputs - 1);
	return true;
}

static bool accept_chances(const Program *program, const Data *data, Failure *failure)
{
	if (!accept_values(program, data, failure))
		return false;
	for (int i = 0; i < data->rows; i++)
		for (int k = 0; k < data->target_features; k++) {
			const double chance = number_at(data->targets_any, data->number_bytes,
				(size_t)i * (size_t)data->target_features + (size_t)k);
			if (chance >= 0 && chance <= 1)
				continue;
			return fail(failure, "%s: the %s of row %d is %.9g, but the loss of %s takes %s", data->name,
				data->labels ? "label" : "target", i, chance, program->name,
				data->labels ? "labels 0 (no) and 1 (yes); `loss cross_entropy` takes more classes"
				: "values from 0 (no) to 1 (yes)");
		}
	return true;
}

void write_shape(char *text, const int *dims, int rank)
{
	int length = 0;
	for (int i = 0; i < rank; i++)
		length += snprintf(text + length, SHAPE_TEXT - (size_t)length, "%s%d", i ? "x" : "", dims[i]);
}

void write_other_size(char *out, size_t size, const int *dims, int rank, const Data *data)
{
	char takes[SHAPE_TEXT], has[SHAPE_TEXT];
	write_shape(takes, dims, rank);
	write_shape(has, data->dims, data->rank);
	snprintf(out, size, "takes %s%s%s, but a sample of %s %s %s%s", rank > 1 ? "samples of " : "", takes,
		rank > 1 ? "" : dims[0] == 1 ? " input" : " inputs", data->name, data->rank > 1 ? "is" : "has", has,
		data->rank > 1 ? "" : data->features == 1 ? " value" : " values");
}

bool program_takes(const Program *program, const Data *data, Failure *failure)
{
	char text[sizeof failure->text];
	if (data->features == program->inputs)
		return true;
	write_other_size(text, sizeof text, program->dims, program->rank, data);
	return fail(failure, "%s %s", program->name, text);
}

bool program_accepts(const Program *program, const Data *data, Failure *failure)
{
	if (!program_takes(program, data, failure))
		return false;
	switch (program->truth) {
	case TRUTH_LABELS: return accept_labels(program, data, failure);
	case TRUTH_CHANCES: return accept_chances(program, data, failure);
	case TRUTH_VALUES: break;
	}
	return accept_values(program, data, failure);
}
