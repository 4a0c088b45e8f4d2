/* Finds which steps must keep their order: two that touch the same tensor, at least one of which writes it. Requires an
 * order of the steps; provides the edges from each step to the earlier ones that it must stay after. */
#include "bnc.h"

typedef struct Access { int step; bool own; int next; } Access;

/* The last write of a tensor, and the reads since then. */
typedef struct History { Access writer; int readers; } History;

static void add_edge(Arena *arena, Routine *routine, Access from, int to, bool own, const Tensor *tensor)
{
	const Step *a = routine->steps.items[from.step], *b = routine->steps.items[to];
	if (from.step == to)
		return;
	Edge edge = {from.step, to, tensor, from.own && own && a->features == b->features};
	APPEND(arena, &routine->edges, edge);
}

static const Tensor *written_by(const Step *step)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && step->kernel->parameters[k].type->writes)
			return step->operands[k].tensor;
	return 0;
}

void find_dependences(Module *m, Routine *routine)
{
	History *histories = NEW_ARRAY(m->arena, History, m->tensor_count);
	struct { Access *items; int count, capacity; } reads = {0};
	const int count = routine->steps.count;
	routine->edges.count = 0;
	routine->first_edge = NEW_ARRAY(m->arena, int, count + 1);
	for (int i = 0; i < m->tensor_count; i++)
		histories[i] = (History){{-1, false, -1}, -1};
	for (int i = 0; i < count; i++) {
		Step *step = routine->steps.items[i];
		routine->first_edge[i] = routine->edges.count;
		step->time = i;
		if (step->after) {
			Edge edge = {step->after->time, i, written_by(step), false};
			APPEND(m->arena, &routine->edges, edge);
		}
		for (int before = 0; step->after_all && before < i; before++) {
			Edge edge = {before, i, written_by(step), false};
			APPEND(m->arena, &routine->edges, edge);
		}
		for (int k = 0; k < step->kernel->parameter_count; k++) {
			const OperandType *type = step->kernel->parameters[k].type;
			if (step->operands[k].kind != OPERAND_AT)
				continue;
			const Tensor *tensor = step->operands[k].tensor;
			History *history = &histories[tensor->id];
			if (history->writer.step >= 0)
				add_edge(m->arena, routine, history->writer, i, type->own, tensor);
			if (!type->writes) {
				Access read = {i, type->own, history->readers};
				history->readers = reads.count;
				APPEND(m->arena, &reads, read);
				continue;
			}
			for (int r = history->readers; r >= 0; r = reads.items[r].next)
				add_edge(m->arena, routine, reads.items[r], i, type->own, tensor);
			*history = (History){{i, type->own, -1}, -1};
		}
	}
	routine->first_edge[count] = routine->edges.count;
}
