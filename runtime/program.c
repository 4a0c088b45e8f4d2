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
	fail(failure, "%s needs %zu bytes of memory, more than there is: a smaller batch needs less", program->name, program->bytes);
	return 0;
}

void program_free(const Program *program, void *net)
{
	if (net)
		munmap(net, program->bytes);
}

/* ---- tensors: panels <-> rows */

static size_t tensor_count(const ProgramTensor *tensor)
{
	return (size_t)tensor->features * (tensor->layout == LAYOUT_WEIGHTS ? (size_t)tensor->inputs : 1);
}

/* Where value i of the row-major tensor [features][inputs] lies in [panels][inputs][LANES]. */
static size_t panel_index(const Program *program, const ProgramTensor *tensor, size_t i)
{
	size_t lanes = (size_t)program->kernels->lanes;
	size_t inputs = tensor->layout == LAYOUT_WEIGHTS ? (size_t)tensor->inputs : 1;
	size_t feature = i / inputs, input = i % inputs;
	return (feature / lanes * inputs + input) * lanes + feature % lanes;
}

void tensor_get(const Program *program, const void *net, const ProgramTensor *tensor, float *values)
{
	const float *panels = (const float *)((const char *)net + tensor->offset);
	for (size_t i = 0; i < tensor_count(tensor); i++)
		values[i] = panels[panel_index(program, tensor, i)];
}

void tensor_set(const Program *program, void *net, const ProgramTensor *tensor, const float *values)
{
	float *panels = (float *)((char *)net + tensor->offset);
	for (size_t i = 0; i < tensor_count(tensor); i++)
		panels[panel_index(program, tensor, i)] = values[i];
}

bool program_initialise(const Program *program, void *net, Random *random, Failure *failure)
{
	for (int i = 0; i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		if (tensor->layout == LAYOUT_COUNTER)
			continue;
		float *values = malloc(tensor_count(tensor) * sizeof *values);
		if (!values)
			return fail(failure, "not enough memory for the weights of %s", program->name);
		initialise(random, tensor->init, values, tensor_count(tensor), tensor->inputs);
		tensor_set(program, net, tensor, values);
		free(values);
	}
	return true;
}

int64_t program_parameters(const Program *program)
{
	int64_t count = 0;
	for (int i = 0; i < program->tensor_count; i++)
		if (program->tensors[i].trainable)
			count += (int64_t)tensor_count(&program->tensors[i]);
	return count;
}

/* ---- weights in files */

static NamedTensor named(const ProgramTensor *tensor)
{
	NamedTensor out = {.name = tensor->path, .type = ELEMENT_F32};
	if (tensor->layout == LAYOUT_COUNTER)
		out.type = ELEMENT_I64;
	else {
		out.rank = tensor->layout == LAYOUT_WEIGHTS ? 2 : 1;
		out.shape[0] = tensor->features;
		out.shape[1] = tensor->inputs;
	}
	return out;
}

bool program_save(const Program *program, const void *net, const char *path, Failure *failure)
{
	NamedTensor *tensors = calloc((size_t)program->tensor_count + 1, sizeof *tensors);
	bool ok = tensors != 0;
	for (int i = 0; ok && i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		tensors[i] = named(tensor);
		tensors[i].values = malloc(tensor->layout == LAYOUT_COUNTER ? sizeof(int64_t) : tensor_count(tensor) * sizeof(float));
		ok = tensors[i].values != 0;
		if (ok && tensor->layout == LAYOUT_COUNTER)
			memcpy(tensors[i].values, (const char *)net + tensor->offset, sizeof(int64_t));
		else if (ok)
			tensor_get(program, net, tensor, tensors[i].values);
	}
	if (ok)
		ok = safetensors_save(path, tensors, program->tensor_count, failure);
	else
		fail(failure, "%s: not enough memory to write the weights of %s", path, program->name);
	for (int i = 0; tensors && i < program->tensor_count; i++)
		free(tensors[i].values);
	free(tensors);
	return ok;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const NamedTensor *)a)->name, ((const NamedTensor *)b)->name);
}

/* A tensor's name in the file: what stands before all names, and its own. */
typedef struct Key { const char *prefix, *path; size_t prefix_length; } Key;

static int by_key(const void *key, const void *tensor)
{
	const Key *k = key;
	const char *name = ((const NamedTensor *)tensor)->name;
	int order = strncmp(k->prefix, name, k->prefix_length);
	return order ? order : strcmp(k->path, name + k->prefix_length);
}

/* Length of what stands before the first tensor's own name in the file: `net.` in `net.0.weight`. */
static size_t prefix_of(const TensorFile *file, const char *path, const char **name)
{
	size_t length = strlen(path);
	for (int i = 0; i < file->count; i++) {
		size_t whole = strlen(file->tensors[i].name);
		*name = file->tensors[i].name;
		if (whole == length && strcmp(*name, path) == 0)
			return 0;
		if (whole > length && strcmp(*name + whole - length, path) == 0 && (*name)[whole - length - 1] == '.')
			return whole - length;
	}
	*name = "";
	return 0;
}

static void shape_words(const NamedTensor *tensor, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "%s [", tensor->type == ELEMENT_I64 ? "int64" : "float32");
	for (int i = 0; i < tensor->rank && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? ", " : "", (long long)tensor->shape[i]);
	if (used < size)
		snprintf(out + used, size - used, "]");
}

static bool same_shape(const NamedTensor *a, const NamedTensor *b)
{
	bool same = a->type == b->type && a->rank == b->rank;
	for (int i = 0; same && i < a->rank; i++)
		same = a->shape[i] == b->shape[i];
	return same;
}

static bool check_finite(const ProgramTensor *tensor, const NamedTensor *found, const char *path, Failure *failure)
{
	const float *values = found->values;
	for (size_t i = 0; tensor->layout != LAYOUT_COUNTER && i < tensor_count(tensor); i++)
		if (!isfinite(values[i])) {
			size_t inputs = tensor->layout == LAYOUT_WEIGHTS ? (size_t)tensor->inputs : 1;
			char column[32] = "";
			if (tensor->layout == LAYOUT_WEIGHTS)
				snprintf(column, sizeof column, ", %zu", i % inputs);
			return fail(failure, "%s: the tensor `%s` has the value %s at [%zu%s], expected finite 32-bit floats: "
				"these weights are of a run that went wrong, or too large", path, found->name, isnan(values[i]) ? "nan" : values[i] > 0 ? "inf" : "-inf",
				i / inputs, column);
		}
	return true;
}

static bool load_tensors(const Program *program, void *net, const TensorFile *file, const char *path, bool store, Failure *failure)
{
	const char *prefix = "";
	size_t prefix_length = program->tensor_count ? prefix_of(file, program->tensors[0].path, &prefix) : 0;
	for (int i = 0; i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		const Key key = {prefix, tensor->path, prefix_length};
		const NamedTensor *found = bsearch(&key, file->tensors, (size_t)file->count, sizeof *file->tensors, by_key);
		if (!found)
			return fail(failure, "%s: %s has a tensor `%s`, which the file does not have: it holds another network's weights",
				path, program->name, tensor->path);
		NamedTensor expected = named(tensor);
		if (!same_shape(&expected, found)) {
			char want[100], have[100];
			shape_words(&expected, want, sizeof want);
			shape_words(found, have, sizeof have);
			return fail(failure, "%s: the tensor `%s` should be %s for %s, but is %s", path, found->name, want, program->name, have);
		}
		if (!check_finite(tensor, found, path, failure))
			return false;
		if (store && tensor->layout == LAYOUT_COUNTER)
			memcpy((char *)net + tensor->offset, found->values, sizeof(int64_t));
		else if (store)
			tensor_set(program, net, tensor, found->values);
	}
	if (file->count > program->tensor_count)
		return fail(failure, "%s: the file holds %d tensors, but %s has %d: it holds another network's weights", path, file->count,
			program->name, program->tensor_count);
	return true;
}

bool program_load(const Program *program, void *net, const char *path, Failure *failure)
{
	TensorFile file;
	if (!safetensors_load(&file, path, failure))
		return false;
	qsort(file.tensors, (size_t)file.count, sizeof *file.tensors, by_name);
	/* all of it is checked before any of it is stored */
	bool ok = load_tensors(program, net, &file, path, false, failure) && load_tensors(program, net, &file, path, true, failure);
	tensor_file_close(&file);
	return ok;
}

/* ---- data */

bool program_accepts(const Program *program, const Data *data, Failure *failure)
{
	if (data->features != program->inputs)
		return fail(failure, "%s takes %d inputs, but a sample of %s has %d values", program->name, program->inputs, data->name, data->features);
	if (!program->classifies) {
		if (data->target_features != program->outputs)
			return fail(failure, "%s has %d outputs, but %s has %d target value%s a sample", program->name, program->outputs, data->name,
				data->target_features, data->target_features == 1 ? "" : "s");
		return true;
	}
	if (!data->labels)
		return fail(failure, "the loss of %s takes class labels, but the targets of %s are real values: use `loss mse`, or whole numbers for y",
			program->name, data->name);
	for (int i = 0; i < data->rows; i++)
		if (data->labels[i] < 0 || data->labels[i] >= program->outputs)
			return fail(failure, "%s: the label of row %d is %d, but %s has %d outputs: labels go from 0 to %d", data->name, i, data->labels[i],
				program->name, program->outputs, program->outputs - 1);
	return true;
}

int program_correct(const Program *program, void *net, const Data *data, const Host *host)
{
	const KernelSet *kernels = program->kernels;
	size_t outputs = (size_t)program->outputs;
	float *scores = malloc((size_t)program->max_rows * outputs * sizeof *scores);
	int correct = 0;
	for (int begin = 0; scores && begin < data->rows; begin += program->max_rows) {
		int rows = data->rows - begin < program->max_rows ? data->rows - begin : program->max_rows;
		kernels->gather(rows, data->features, (float *)((char *)net + program->x), data->x + (size_t)begin * (size_t)data->features, 0);
		program->predict(net, rows, host);
		kernels->scatter(rows, program->outputs, scores, (const float *)((char *)net + program->output));
		for (int row = 0; row < rows; row++) {
			const float *score = scores + (size_t)row * outputs;
			int best = 0;
			for (int c = 1; c < program->outputs; c++)
				best = score[c] > score[best] ? c : best;
			correct += best == data->labels[begin + row];
		}
	}
	free(scores);
	return correct;
}
