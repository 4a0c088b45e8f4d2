/* The memory table in the emitted header. */
#include "standalone.h"

/* Bytes for each lane. */
enum { IMAGE_STACK = 6144, WINOGRAD_STACK = 1024 };

/* Bytes for each lane in a kernel that moves a window over images: gradients of two panels of it take most; or, with
 * vectors, one of Winograd's algorithm takes what its arrays have (kernels/conv_winograd.c), beside what it calls. */
static size_t image_stack(const Routine *routine, size_t lanes)
{
	const size_t places = 2 * FILTERED * lanes + FILTERED * BLOCK_TILES + BLOCK_TILES * lanes + 3 * 64;
	size_t most = 0;
	for (int i = 0; i < routine->steps.count; i++) {
		const Kernel *kernel = routine->steps.items[i]->kernel;
		const size_t its = kernel->winograd ? 16 * places * sizeof(float) / lanes + WINOGRAD_STACK : IMAGE_STACK;
		if (kernel->image && its > most)
			most = its;
	}
	return most;
}

/* The stack of a routine and its deepest kernel: the most that gcc 12 used for any of them, rounded up to half a KB,
 * for scalar code or for each lane, and twice as much of doubles; and two words for each place in working memory, some
 * of which gcc spills. tests/emit_compile.sh compares. */
static size_t stack_bytes(const Module *m, const Routine *routine, size_t scalar, size_t lane)
{
	size_t lanes = (size_t)m->options.target->lanes;
	const size_t numbers = number_bytes(m) / sizeof(float);
	const size_t image = image_stack(routine, lanes);
	if (lane < image)
		lane = image;
	return (lanes == 1 ? scalar : lane * lanes) * numbers + 16 * (size_t)routine->temporaries.count;
}

/* The largest number that the code has in an int: the floats of its largest array, or of a batch in the caller's
 * layout. */
bool needs_large_int(const Standalone *s)
{
	const Module *m = s->module;
	size_t largest = s->options->inference ? scratch_of(m).floats : s->work;
	size_t rows = (size_t)m->options.batch;
	size_t batches[] = {rows * (size_t)shape_size(&m->network->input->shape),
		rows * (size_t)shape_size(&m->network->output->shape)};
	for (int i = 0; i < m->tensors.count; i++)
		if (tensor_floats(m, m->tensors.items[i]) > largest)
			largest = tensor_floats(m, m->tensors.items[i]);
	return largest > INT16_MAX || batches[0] > INT16_MAX || batches[1] > INT16_MAX;
}

void put_memory_table(const Standalone *s, Code *code)
{
	const Module *m = s->module;
	size_t batch = role_bytes(m, ROLE_INPUT) + role_bytes(m, ROLE_TARGET);
	size_t kept = role_bytes(m, ROLE_PARAMETER) + role_bytes(m, ROLE_STATISTIC);
	size_t predict = (s->output + tensor_floats(m, m->output)) * s->target.number_bytes;
	code_put(code, " * Memory in bytes, for batches of up to %d rows:\n", m->options.batch);
	code_put(code, " * %10zu  parameters\n", role_bytes(m, ROLE_PARAMETER));
	code_put(code, " * %10zu  running statistics\n", role_bytes(m, ROLE_STATISTIC));
	code_put(code, " * %10zu  the optimizer's state\n", role_bytes(m, ROLE_STATE));
	if (m->generator)
		code_put(code, " * %10zu  the generator of random numbers\n", role_bytes(m, ROLE_GENERATOR));
	if (role_bytes(m, ROLE_GRADIENT))
		code_put(code, " * %10zu  gradients, all at once\n", role_bytes(m, ROLE_GRADIENT));
	code_put(code, " * %10zu  the batch\n", batch);
	code_put(code,
		" * %10zu  work: %zu for what backward reads of forward, the rest for scratch (%zu are in use at the worst\n"
		" *             moment). What begins at one place follows each other there:\n",
		s->work * s->target.number_bytes, saved_activation_bytes(m), m->train.peak * s->target.number_bytes);
	code_put(code, "%s", shared_storage(m, &m->train, " *                 "));
	code_put(code, " * %10zu  in all, for training\n", s->bytes);
	code_put(code, " * %10zu  of it for prediction, which takes %zu of work\n", kept + batch + predict, predict);
	code_put(code,
		" * %10zu  of the stack for a training step, %zu for prediction, at most: gcc on x86-64, with -Os, -O2 or "
		"-O3\n", stack_bytes(m, &m->train, 2048, 3072), stack_bytes(m, &m->predict, 1024, 3072));
	code_put(code, " * Nothing is allocated, and nothing but the stack is used beside it.\n");
}

void put_inference_memory(const Standalone *s, Code *code)
{
	size_t constants = 0;
	for (int i = 0; i < s->module->tensors.count; i++)
		if (s->module->tensors.items[i]->path)
			constants += tensor_floats(s->module, s->module->tensors.items[i]) * s->target.number_bytes;
	code_put(code, " * Memory in bytes:\n");
	code_put(code, " * %10zu  weights, constant\n", constants);
	size_t one = one_scratch(s).floats * s->target.number_bytes;
	code_put(code,
		" * %10zu  of the stack for one sample, and up to %zu for what the compiler keeps there: gcc on x86-64, with "
		"-Os, -O2 or -O3\n", one, stack_bytes(s->one, &s->one->predict, 512, 2560));
	code_put(code, " * %10zu  of the caller's for batches, which are taken %d rows at a time\n",
		scratch_of(s->module).floats * s->target.number_bytes, s->module->options.batch);
	code_put(code, " * %10zu  of the stack at most for those\n",
		stack_bytes(s->module, &s->module->predict, 1024, 3072));
	code_put(code, " * Nothing is allocated, and nothing is kept between calls.\n");
}
