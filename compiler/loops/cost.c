/* The cost of steps and loops, from the tables: for --profile, and to decide which loops threads share and which kernel
 * set suits a network. */
#include "bnc.h"
#include <limits.h>

/* Starting a loop on other threads and waiting for them takes 1 to 2 us if they are awake. If they have no core of
 * their own at the moment it takes a time slice of the system. So threads share only loops of 40 us or more (at 200
 * GFLOP/s). */
enum { WORTH_SHARING = 8000000 };

/* Two operations for each of rows x outputs x inputs, see PRODUCT in kernels.h. */
static double step_flops(const Module *m, const Step *step)
{
	return step->kernel->product ? 2.0 * m->options.batch * step->operands[0].number * step->operands[1].number
		* step->operands[2].number : 0;
}

double loop_flops(const Module *m, const Loop *loop)
{
	double flops = 0;
	for (int i = 0; i < loop->steps.count; i++)
		flops += step_flops(m, loop->steps.items[i]);
	return flops;
}

static bool seen_before(const Loop *loop, int step, int operand)
{
	const Tensor *tensor = loop->steps.items[step]->operands[operand].tensor;
	for (int i = 0; i <= step; i++)
		for (int k = 0; k < (i == step ? operand : loop->steps.items[i]->kernel->parameter_count); k++)
			if (loop->steps.items[i]->operands[k].tensor == tensor)
				return true;
	return false;
}

double loop_bytes(const Module *m, const Loop *loop)
{
	double bytes = 0;
	for (int i = 0; i < loop->steps.count; i++)
		for (int k = 0; k < loop->steps.items[i]->kernel->parameter_count; k++) {
			const Tensor *tensor = loop->steps.items[i]->operands[k].tensor;
			if (tensor && !tensor->one_panel && loop->steps.items[i]->operands[k].kind == OPERAND_AT
				&& !seen_before(loop, i, k))
				bytes += (double)(tensor_floats(m, tensor) * number_bytes(m));
		}
	return bytes;
}

/* Half of a second-level cache of 2 MiB. With batch 256, a loop that reads in turns a dy of 1 MiB to compute dx and an
 * x of 0.8 MiB to compute dW waits for the third-level cache: as two loops, a step of 784-1024-1024-10 takes 3 % less
 * time. With batch 128 and 512 features, 0.7 MiB together, it makes no difference. */
enum { SHARED_CACHE = 1 << 20 };

static bool holds(const Resident *resident, const Tensor *tensor)
{
	for (int i = 0; i < resident->count; i++)
		if (resident->items[i] == tensor)
			return true;
	return false;
}

void add_resident(const Module *m, Resident *resident, const Tensor *tensor)
{
	if (!holds(resident, tensor))
		APPEND(m->arena, resident, tensor);
}

void add_step_residents(const Module *m, Resident *resident, const Step *step)
{
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		const OperandType *type = step->kernel->parameters[k].type;
		if (step->operands[k].kind == OPERAND_AT && !type->own && step->operands[k].tensor->layout == LAYOUT_ROWS)
			add_resident(m, resident, step->operands[k].tensor);
	}
}

bool share_cache(const Module *m, const Resident *a, const Resident *b)
{
	size_t bytes = 0;
	int added = 0;
	for (int i = 0; i < b->count; i++)
		if (!holds(a, b->items[i])) {
			bytes += tensor_floats(m, b->items[i]) * number_bytes(m);
			added++;
		}
	for (int i = 0; i < a->count; i++)
		bytes += tensor_floats(m, a->items[i]) * number_bytes(m);
	return !a->count || !added || bytes <= SHARED_CACHE;
}

/* Elementwise kernels spend their time on memory, not on multiplications: it counts as 4 FLOPs for each value. */
static double loop_work(const Module *m, const Loop *loop)
{
	return loop_flops(m, loop) + 4.0 * m->options.batch * loop->features * loop->steps.count;
}

/* ---- the kernel set */

/* The features of what the step writes of its own panel, or 0. */
static int features_written(const Step *step)
{
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		const OperandType *type = step->kernel->parameters[k].type;
		if (step->operands[k].kind == OPERAND_AT && type->writes && type->own)
			return step->operands[k].tensor->features;
	}
	return 0;
}

/* The work of a training step, with that of lanes that have no feature. A byte that a kernel reads or writes counts as
 * a FLOP: kernels that multiply little wait for the cache. Few features do not count, since kernels let the inputs run
 * across the lanes for them (IS_NARROW in kernels/variants.h). */
static double padded_work(const Module *m)
{
	double work = 0;
	for (int i = 0; i < m->train.steps.count; i++) {
		const Step *step = m->train.steps.items[i];
		const int features = features_written(step), lanes = m->options.target->lanes;
		const double waste = features > lanes / 4 ? (double)panel_count(m, features) * lanes / features : 1;
		work += waste * step_flops(m, step);
		for (int k = 0; k < step->kernel->parameter_count; k++)
			if (step->operands[k].kind == OPERAND_AT)
				work += (double)(tensor_floats(m, step->operands[k].tensor) * number_bytes(m));
	}
	return work;
}

/* On processors that take two cycles for 512 bits, half as many lanes with twice the share of features halve the work;
 * on others they do as many multiplications in a cycle. LeNet, whose first convolution has 6 channels, takes 1.68 times
 * less time with 8 lanes (an AMD processor with AVX-512, one thread). */
enum { LONG_VECTOR = 512 };
static const double worth_halving = 1.4;

Module *choose_set(Arena *arena, const Network *network, const Options *options)
{
	const KernelSet *set = options->target;
	const KernelSet *half = set->lanes * (int)set->number_bytes * CHAR_BIT == LONG_VECTOR ? kernel_set_shorter(set) : 0;
	Module *whole = differentiate(arena, network, options);
	if (!options->any_target || !half)
		return whole;
	Options with_half = *options;
	with_half.target = half;
	Module *narrow = differentiate(arena, network, &with_half);
	return padded_work(whole) > worth_halving * padded_work(narrow) ? narrow : whole;
}

void choose_parallel(Module *m)
{
	bool any = false;
	for (int r = 0; r < m->routine_count; r++)
		for (int i = 0; i < m->routines[r]->loops.count; i++) {
			Loop *loop = m->routines[r]->loops.items[i];
			loop->parallel = m->options.threads > 1 && loop->features && panel_count(m, loop->features) > 1
				&& (m->options.share_all || loop_work(m, loop) >= WORTH_SHARING);
			any |= loop->parallel;
		}
	if (!any)
		m->options.threads = 1;
}
