/* Chooses the kernel of each call. Requires the final calls of all loops; replaces their kernels by the variants of
 * kernels.h for the network's sizes. So no kernel needs to ask for the sizes while it runs, and an emitted program
 * contains only kernels that it calls. */
#include "bnc.h"
#include <limits.h>
#include <string.h>

/* ---- contrasts: if a CONTRAST kernel reads a tensor, only the differences between the tensor's features count; if it
 * writes one, the features of each row sum to 0 */

typedef bool Wanted(const Step *step, const OperandType *type);

typedef struct Variants {
	const Module *module;
	bool *contrast;                 /* by tensor id */
} Variants;

static bool contrast_reads(const Step *step, const OperandType *type)
{
	return step->kernel->contrast && type->reads;
}

static bool other_reads(const Step *step, const OperandType *type)
{
	return !step->kernel->contrast && type->reads;
}

static bool contrast_writes(const Step *step, const OperandType *type)
{
	return step->kernel->contrast && type->writes;
}

/* Sets the mark of every activation that is such an operand of a step. */
static void mark(const Variants *v, const Routine *routine, Wanted *wanted, bool contrast)
{
	for (int i = 0; i < routine->steps.count; i++) {
		const Step *step = routine->steps.items[i];
		for (int k = 0; k < step->kernel->parameter_count; k++) {
			const Tensor *tensor = step->operands[k].tensor;
			if (step->operands[k].kind == OPERAND_AT && tensor->role == ROLE_TEMPORARY && tensor->layout == LAYOUT_ROWS
				&& wanted(step, step->kernel->parameters[k].type))
				v->contrast[tensor->id] = contrast;
		}
	}
}

static void mark_contrasts(const Variants *v, const Routine *routine)
{
	mark(v, routine, contrast_reads, true);
	mark(v, routine, other_reads, false);
	mark(v, routine, contrast_writes, true);
}

/* Whether an operand of the step has the mark. In a product that is y or dy: an x with the mark is read by CONTRAST
 * kernels only. */
static bool has_contrast(const Variants *v, const Step *step)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && v->contrast[step->operands[k].tensor->id])
			return true;
	return false;
}

/* ---- choosing */

static int size_named(const Module *m, const Step *step, const char *name)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (strcmp(step->kernel->parameters[k].name, name) == 0)
			return (int)step->operands[k].number * (step->operands[k].kind == OPERAND_ROWS ? m->options.batch : 1);
	return 0;
}

static const char *optimizer_of(const Step *step)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_KERNEL)
			return step->operands[k].kernel->name;
	return 0;
}

static Sizes sizes_of(const Variants *v, const Step *step)
{
	const Module *m = v->module;
	const KernelSet *target = m->options.target;
	const int width = size_named(m, step, "kernel_width"), height = size_named(m, step, "kernel_height");
	const int y_height = size_named(m, step, "y_height"), y_width = size_named(m, step, "y_width");
	const int rows = size_named(m, step, "rows"), pixels = y_height * y_width;
	const int taps = width * height, run = size_named(m, step, "stride_width") == 1 ? width : 0;
	return (Sizes){
		.lanes = target->lanes, .bits = target->lanes * (int)target->number_bytes * CHAR_BIT,
		.rows = rows,
		.outputs = size_named(m, step, "outputs"), .inputs = size_named(m, step, "inputs"),
		.channels = taps ? size_named(m, step, "inputs") / taps : 0,
		.run = run, .square = height == width && size_named(m, step, "stride_height") == 1 ? run : 0,
		.tiles = pixels ? rows / pixels * ((y_height + 1) / 2) * ((y_width + 1) / 2) : 0,
		.features = size_named(m, step, "features"), .above = size_named(m, step, "above"),
		.contrast = has_contrast(v, step), .optimizer = optimizer_of(step),
	};
}

bool is_paired(const Step *step)
{
	return step->pair && step->loop->paired;
}

static void choose_for_loop(const Variants *v, Loop *loop)
{
	const Module *m = v->module;
	for (int i = 0; i < loop->steps.count; i++) {
		Step *step = loop->steps.items[i];
		const Sizes sizes = sizes_of(v, step);
		const Kernel *variant = kernel_variant(&m->kernels, step->kernel, sizes, 1);
		step->pair = m->options.pairs ? kernel_variant(&m->kernels, step->kernel, sizes, 2) : 0;
		step->kernel = variant ? variant : step->kernel;
		loop->paired |= step->pair && loop->features > m->options.target->lanes;
	}
}

void choose_variants(Module *m)
{
	const Variants v = {m, NEW_ARRAY(m->arena, bool, m->tensor_count)};
	for (int r = 0; r < m->routine_count; r++) {
		mark_contrasts(&v, m->routines[r]);
		for (int i = 0; i < m->routines[r]->loops.count; i++)
			choose_for_loop(&v, m->routines[r]->loops.items[i]);
	}
}
