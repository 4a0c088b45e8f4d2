/* Weights: what can be read is loaded into a network. */
#include "../../compiler/bnc.h"
#include "fuzz.h"
#include <math.h>
#include <string.h>

enum { MOST_BYTES = 20000 };

static const char network[] = "linear 2 3; batchnorm; relu; linear 3 2";

/* Compiled once: nothing of it changes. */
static const Program *program_of(void)
{
	static const KernelSet narrow = {.name = "narrow", .lanes = 4, .number_bytes = sizeof(float)};
	static const Overrides none = {.batch = -1, .epochs = -1, .lr = -1};
	static Compilation c;
	Failure failure;
	if (!c.arena) {
		c = (Compilation){.arena = arena_open(), .source = {"fuzz.net", network, sizeof network - 1},
			.options = {.target = &narrow, .fuse = true}};
		PROMISE(compile(&c, STAGE_C, &none, &failure));
	}
	return &c.module->program;
}

static size_t element_bytes(ElementType type)
{
	return type == ELEMENT_I64 ? 8 : 4;
}

/* Reads all of it, so that a sanitizer looks at each byte. */
static void check(const TensorFile *file)
{
	unsigned sum = 0;
	for (int i = 0; i < file->count; i++) {
		const NamedTensor *tensor = &file->tensors[i];
		size_t bytes = element_bytes(tensor->type);
		PROMISE(tensor->rank >= 0 && tensor->rank <= 4);
		for (int axis = 0; axis < tensor->rank; axis++)
			bytes *= (size_t)tensor->shape[axis];
		for (size_t k = 0; k < bytes; k++)
			sum += ((const unsigned char *)tensor->values)[k];
		sum += (unsigned)strlen(tensor->name);
	}
	fprintf(nowhere(), "%u\n", sum);
}

static void check_loaded(const Program *program, const void *net)
{
	for (int i = 0; i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		float values[16];
		if (tensor->layout == LAYOUT_COUNTER)
			continue;
		tensor_get(program, net, tensor, values);
		for (int k = 0; k < tensor->features * (tensor->layout == LAYOUT_WEIGHTS ? tensor->inputs : 1); k++)
			PROMISE(isfinite(values[k]));
	}
}

static void run(const char *bytes, size_t size)
{
	const Program *program = program_of();
	const char *path = safetensors_of(bytes, size);
	Failure failure = {.text = ""};
	TensorFile file;
	bool read = safetensors_load(&file, path, &failure);
	PROMISE(read == !failure.text[0]);
	if (!read)
		return;
	check(&file);
	tensor_file_close(&file);
	void *net = program_allocate(program, &failure);
	PROMISE(net);
	Loaded loaded;
	if (program_load(program, net, path, &loaded, &failure))
		check_loaded(program, net);
	program_free(program, net);
}

const Harness safetensors_harness = {"safetensors", MOST_BYTES, run};
