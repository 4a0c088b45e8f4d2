/* simulate_support.h: runs a routine on symbols. A float of memory holds a number that stands for how it came about:
 * what a call writes is a hash of the kernel and of all that the call read. Two ways to run the same steps agree on
 * every such number exactly when each call saw the same inputs in both, whatever the order of steps, loops and storage.
 * All that is used of a kernel is the types of its operands. */
#ifndef SIMULATE_SUPPORT_H
#define SIMULATE_SUPPORT_H
#include "network_support.h"

typedef struct Simulation {
	const Module *module;
	const Routine *routine;
	uint64_t *memory;               /* by float of the struct */
	size_t floats;
	bool parts;                     /* a combined call does what its parts would, not something of its own */
} Simulation;

/* splitmix64's finaliser over both. */
static inline uint64_t mix(uint64_t hash, uint64_t value)
{
	uint64_t z = hash * 0x9e3779b97f4a7c15u + value + 1;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint64_t hash_text(const char *text)
{
	uint64_t hash = 0;
	for (; *text; text++)
		hash = mix(hash, (unsigned char)*text);
	return hash;
}

/* Floats of memory, from begin up to end. */
typedef struct Range { size_t begin, end; } Range;

static inline size_t floats_of(const Module *m, const Tensor *tensor)
{
	if (tensor->layout == LAYOUT_LABELS)
		return (size_t)m->network->batch;
	return tensor->layout == LAYOUT_COUNTER ? 2 : tensor_floats(m, tensor);
}

static inline Range persistent_range(const Module *m, const Tensor *tensor)
{
	size_t begin = tensor->offset / sizeof(float);
	return (Range){begin, begin + floats_of(m, tensor)};
}

/* With several threads, each has single panels of its own behind what they share. */
static inline size_t temporary_begin(const Module *m, const Routine *routine, const Tensor *tensor, int thread)
{
	size_t begin = m->work_offset / sizeof(float) + tensor->offset;
	return tensor->one_panel && m->options.threads > 1 ? begin + routine->work + (size_t)thread * routine->scratch
		: begin;
}

/* What a call touches of an operand: its panel, or all of it. */
static inline Range operand_range(const Module *m, const Routine *routine, const Step *step, int operand,
	int panel, int thread)
{
	const Tensor *tensor = step->operands[operand].tensor;
	bool own = step->kernel->parameters[operand].type->own && step->features;
	size_t begin = tensor->role == ROLE_TEMPORARY ? temporary_begin(m, routine, tensor, thread)
		: tensor->offset / sizeof(float);
	if (own && !tensor->one_panel)
		begin += panel_floats(m, tensor) * (size_t)panel;
	return (Range){begin, begin + (own ? panel_floats(m, tensor) : floats_of(m, tensor))};
}

static inline uint64_t hash_operand(const Simulation *s, const Step *step, int k, int panel, int thread)
{
	const Operand *operand = &step->operands[k];
	uint64_t hash = operand->kind;
	if (operand->kind == OPERAND_PANEL)
		return mix(hash, (uint64_t)panel);
	if (operand->kind == OPERAND_NUMBER || operand->kind == OPERAND_ROWS)
		return mix(hash, (uint64_t)(int64_t)(operand->number * 1e6));
	if (operand->kind != OPERAND_AT || !step->kernel->parameters[k].type->reads)
		return hash;
	Range range = operand_range(s->module, s->routine, step, k, panel, thread);
	cr_assert(range.end <= s->floats, "%s lies beyond the struct", operand->tensor->name);
	for (size_t i = range.begin; i < range.end; i++)
		hash = mix(hash, s->memory[i]);
	return hash;
}

static inline void simulate_call(Simulation *s, const Step *step, int panel, int thread)
{
	if (s->parts && step->part_count) {
		for (int i = 0; i < step->part_count; i++)
			simulate_call(s, step->parts[i], panel, thread);
		return;
	}
	uint64_t hash = hash_text(step->kernel->row->name);
	for (int k = 0; k < step->kernel->parameter_count; k++)
		hash = mix(hash, hash_operand(s, step, k, panel, thread));
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		if (step->operands[k].kind != OPERAND_AT || !step->kernel->parameters[k].type->writes)
			continue;
		Range range = operand_range(s->module, s->routine, step, k, panel, thread);
		cr_assert(range.end <= s->floats, "%s lies beyond the struct", step->operands[k].tensor->name);
		for (size_t i = range.begin; i < range.end; i++)
			s->memory[i] = mix(mix(hash, (uint64_t)k), i - range.begin);
	}
}

static inline int panels_of(const Module *m, const Step *step)
{
	return step->features ? panel_count(m, step->features) : 1;
}

/* What persists gets numbers by its place in the list of tensors, what does not the same number everywhere. */
static inline Simulation simulation_open(const Module *m, const Routine *routine, size_t floats)
{
	Simulation s = {.module = m, .routine = routine, .floats = floats, .memory = malloc(floats * sizeof *s.memory)};
	cr_assert(s.memory);
	for (size_t i = 0; i < floats; i++)
		s.memory[i] = 0;
	for (int t = 0; t < m->tensors.count; t++) {
		Range range = persistent_range(m, m->tensors.items[t]);
		cr_assert(range.end <= floats);
		for (size_t i = range.begin; i < range.end; i++)
			s.memory[i] = mix((uint64_t)t, i - range.begin);
	}
	return s;
}

/* One number for all that persists. */
static inline uint64_t simulation_close(Simulation *s)
{
	uint64_t hash = 0;
	for (int t = 0; t < s->module->tensors.count; t++) {
		Range range = persistent_range(s->module, s->module->tensors.items[t]);
		for (size_t i = range.begin; i < range.end; i++)
			hash = mix(hash, s->memory[i]);
	}
	free(s->memory);
	return hash;
}

/* Step by step, each for all panels: what a routine means. */
static inline void simulate_steps(Simulation *s)
{
	for (int i = 0; i < s->routine->steps.count; i++)
		for (int panel = 0; panel < panels_of(s->module, s->routine->steps.items[i]); panel++)
			simulate_call(s, s->routine->steps.items[i], panel, 0);
}

static inline int smaller_of(int a, int b)
{
	return a < b ? a : b;
}

/* Threads take neighbouring panels, and go through the steps side by side: whatever they share, one spoils for
 * another. */
static inline void simulate_side_by_side(Simulation *s, const Loop *loop, int first, int threads)
{
	for (int i = 0; i < loop->steps.count; i++)
		for (int thread = 0; thread < threads; thread++)
			simulate_call(s, loop->steps.items[i], first + thread, thread);
}

/* Panel by panel, each through all steps of a loop: what is emitted. */
static inline void simulate_loops(Simulation *s)
{
	for (int l = 0; l < s->routine->loops.count; l++) {
		const Loop *loop = s->routine->loops.items[l];
		int panels = panels_of(s->module, loop->steps.items[0]);
		int threads = loop->parallel ? s->module->options.threads : 1;
		for (int panel = 0; panel < panels; panel += threads)
			simulate_side_by_side(s, loop, panel, smaller_of(threads, panels - panel));
	}
}

/* ---- storage of its own for every tensor: what no plan can get wrong */

typedef void TensorVisit(const Module *m, Tensor *tensor, size_t *floats);

static inline void visit_temporaries(const Module *m, const Step *step, TensorVisit *visit, size_t *floats)
{
	for (int i = 0; i < step->part_count; i++)
		visit_temporaries(m, step->parts[i], visit, floats);
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && step->operands[k].tensor->role == ROLE_TEMPORARY)
			visit(m, step->operands[k].tensor, floats);
}

static inline void forget_place(const Module *m, Tensor *tensor, size_t *floats)
{
	(void)m, (void)floats;
	tensor->first = -1;
}

static inline void give_place(const Module *m, Tensor *tensor, size_t *floats)
{
	if (tensor->first == 0)
		return;
	tensor->first = 0;
	tensor->one_panel = false;
	tensor->offset = *floats;
	*floats += tensor_floats(m, tensor);
}

/* The floats it takes. */
static inline size_t separate_storage(Module *m)
{
	static TensorVisit *const visits[] = {forget_place, give_place};
	size_t floats = 0;
	for (int i = 0; i < m->tensors.count; i++) {
		m->tensors.items[i]->offset = floats * sizeof(float);
		floats += floats_of(m, m->tensors.items[i]);
	}
	m->work_offset = 0;
	for (int v = 0; v < 2; v++)
		for (int r = 0; r < m->routine_count; r++)
			for (int i = 0; i < m->routines[r]->steps.count; i++)
				visit_temporaries(m, m->routines[r]->steps.items[i], visits[v], &floats);
	return floats;
}

#endif
