/* Tensors -> memory. Requires loops and times; provides the layout of the struct, for what outlives a step, and for
 * each routine the offsets of its temporaries in working memory.
 *
 * A temporary that all its steps touch panel by panel in one loop needs storage for one panel, from its first to its
 * last step there; for two panels if the loop does two at a time. With several threads each has its own. Any other
 * temporary is stored as a whole, from the beginning of the loop that writes it to the end of the loop that uses it
 * last. A kernel marked IN_PLACE may write its result over an operand that is not used afterwards. Storage is assigned
 * in the order of time, to the smallest free piece that is large enough. */
#include "bnc.h"
#include <stdlib.h>

enum { ALIGNMENT = 16, INT64_BYTES = 8 };       /* floats in a cache line; also the widest vector */

/* ---- lifetimes */

/* A piece of storage: for one temporary, or for several of which each is written over the one before. */
typedef struct Piece {
	int first, last;
	bool scratch;                   /* storage for one panel; each thread has its own copy */
	size_t floats, offset;
	const Step *taken_by;           /* the last step that writes a result over what was there */
	struct Piece *next_free;        /* in the list of free pieces, which is sorted by offset */
} Piece;

typedef struct Plan {
	Module *module;
	Routine *routine;
	Piece **piece_of;               /* by tensor id */
	const Loop **loop_of;           /* by tensor id: the only loop that touches it, or null */
	const Loop **whole_in;          /* by tensor id: the last loop for which mark_whole found it */
	bool *local;                    /* by tensor id: every step touches it panel by panel */
	int *begin, *end;               /* by time: when the loop of that step begins and ends */
} Plan;

static void find_lifetimes(Plan *p)
{
	for (int i = 0; i < p->routine->temporaries.count; i++)
		p->routine->temporaries.items[i]->first = -1;
	for (int l = 0; l < p->routine->loops.count; l++) {
		const Loop *loop = p->routine->loops.items[l];
		for (int i = 0; i < loop->steps.count; i++) {
			const Step *step = loop->steps.items[i];
			for (int k = 0; k < step->kernel->parameter_count; k++) {
				Tensor *tensor = step->operands[k].tensor;
				if (step->operands[k].kind != OPERAND_AT || tensor->role != ROLE_TEMPORARY)
					continue;
				if (tensor->first < 0) {
					tensor->first = step->time;
					p->loop_of[tensor->id] = loop;
					p->local[tensor->id] = true;
				}
				tensor->last = step->time;
				p->local[tensor->id] &= step->kernel->parameters[k].type->own;
				if (p->loop_of[tensor->id] != loop)
					p->loop_of[tensor->id] = 0;
			}
		}
	}
}

/* Marks the tensors that a step of the loop touches as a whole. */
static void mark_whole(Plan *p, const Loop *loop)
{
	for (int i = 0; i < loop->steps.count; i++)
		for (int k = 0; k < loop->steps.items[i]->kernel->parameter_count; k++) {
			const Operand *operand = &loop->steps.items[i]->operands[k];
			if (operand->kind == OPERAND_AT && !loop->steps.items[i]->kernel->parameters[k].type->own)
				p->whole_in[operand->tensor->id] = loop;
		}
}

/* Whether all steps of the loop that touch the tensor do so panel by panel. */
static bool local_in(const Plan *p, const Loop *loop, const Tensor *tensor)
{
	return p->whole_in[tensor->id] != loop;
}

/* Returns storage that the step may write its result over: that of an operand of the same size which is not used
 * afterwards, and which no other result of the step takes. */
static Piece *storage_to_take_over(const Plan *p, const Step *step, int result)
{
	const Tensor *out = step->operands[result].tensor;
	if (!step->kernel->in_place || out->layout != LAYOUT_ROWS)
		return 0;
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		const Tensor *in = step->operands[k].tensor;
		if (step->operands[k].kind != OPERAND_AT || in->role != ROLE_TEMPORARY || in->layout != LAYOUT_ROWS
			|| in->last != step->time || !step->kernel->parameters[k].type->reads)
			continue;
		Piece *piece = p->piece_of[in->id];
		if (in->one_panel == out->one_panel && in->features == out->features && in->positions == out->positions
			&& local_in(p, step->loop, in) && local_in(p, step->loop, out) && piece->taken_by != step) {
			piece->taken_by = step;
			return piece;
		}
	}
	return 0;
}

static void extend(const Plan *p, Piece *piece, const Tensor *tensor)
{
	int last = tensor->one_panel ? tensor->last : p->end[tensor->last];
	if (piece->last < last)
		piece->last = last;
}

/* Finds the pieces, in the order of their first times. */
static int make_pieces(Plan *p, Piece **pieces)
{
	int count = 0;
	for (int l = 0; l < p->routine->loops.count; l++) {
		const Loop *loop = p->routine->loops.items[l];
		mark_whole(p, loop);
		for (int i = 0; i < loop->steps.count; i++) {
			const Step *step = loop->steps.items[i];
			for (int k = 0; k < step->kernel->parameter_count; k++) {
				Tensor *tensor = step->operands[k].tensor;
				if (step->operands[k].kind != OPERAND_AT || tensor->role != ROLE_TEMPORARY
					|| tensor->first != step->time || p->piece_of[tensor->id])
					continue;
				Piece *piece = storage_to_take_over(p, step, k);
				if (!piece) {
					piece = pieces[count++] = NEW(p->module->arena, Piece);
					piece->scratch = tensor->one_panel && p->module->options.threads > 1;
					piece->first = tensor->one_panel ? tensor->first : p->begin[tensor->first];
					piece->floats = tensor->one_panel ? panel_floats(p->module, tensor) * (loop->paired ? 2 : 1)
						: tensor_floats(p->module, tensor);
				}
				extend(p, piece, tensor);
				p->piece_of[tensor->id] = piece;
			}
		}
	}
	return count;
}

/* ---- storage */

typedef struct Heap { Piece *free; size_t top; Arena *arena; } Heap;

/* Takes floats from the smallest free piece that is large enough, or from the end. */
static size_t take(Heap *heap, size_t floats)
{
	Piece **best = 0;
	for (Piece **link = &heap->free; *link; link = &(*link)->next_free)
		if ((*link)->floats >= floats && (!best || (*link)->floats < (*best)->floats))
			best = link;
	if (best) {
		Piece *piece = *best;
		size_t offset = piece->offset;
		piece->offset += floats;
		piece->floats -= floats;
		if (piece->floats == 0)
			*best = piece->next_free;
		return offset;
	}
	/* a free piece at the very end is extended */
	Piece **last = &heap->free;
	while (*last && (*last)->next_free)
		last = &(*last)->next_free;
	size_t offset = heap->top;
	if (*last && (*last)->offset + (*last)->floats == heap->top) {
		offset = (*last)->offset;
		*last = 0;
	}
	heap->top = offset + floats;
	return offset;
}

static void give_back(Heap *heap, size_t offset, size_t floats)
{
	Piece **link = &heap->free, *before = 0;
	while (*link && (*link)->offset < offset) {
		before = *link;
		link = &before->next_free;
	}
	Piece *after = *link;
	if (before && before->offset + before->floats == offset)
		before->floats += floats;
	else {
		Piece *piece = NEW(heap->arena, Piece);
		*piece = (Piece){.offset = offset, .floats = floats, .next_free = after};
		if (before)
			before->next_free = piece;
		else
			heap->free = piece;
		before = piece;
	}
	if (after && before->offset + before->floats == after->offset) {
		before->floats += after->floats;
		before->next_free = after->next_free;
	}
}

static size_t aligned(size_t floats)
{
	return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Goes through the times in order: at each, frees the pieces that have ended, then places those that begin. Returns the
 * floats needed. */
static size_t place_pieces(Plan *p, Piece **pieces, int count, int times, bool scratch)
{
	Heap heap = {.arena = p->module->arena};
	/* lists, linked by next_free, which placed pieces do not use */
	Piece **ending = NEW_ARRAY(p->module->arena, Piece *, times + 1);
	size_t alive = 0, peak = 0;
	int time = -1;
	for (int i = 0; i < count; i++) {
		Piece *piece = pieces[i];
		if (piece->scratch != scratch)
			continue;
		for (; time + 1 < piece->first; time++)
			for (Piece *end = ending[time + 1], *next; end; end = next) {
				next = end->next_free;
				give_back(&heap, end->offset, aligned(end->floats));
				alive -= aligned(end->floats);
			}
		piece->offset = take(&heap, aligned(piece->floats));
		piece->next_free = ending[piece->last];
		ending[piece->last] = piece;
		alive += aligned(piece->floats);
		if (alive > peak)
			peak = alive;
	}
	p->routine->peak += peak;
	return heap.top;
}

static int by_first(const void *a, const void *b)
{
	const Piece *x = *(Piece *const *)a, *y = *(Piece *const *)b;
	return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
		: (x->floats < y->floats) - (x->floats > y->floats);
}

static void plan_routine(Module *m, Routine *routine)
{
	int tensors = m->tensor_count, times = routine->steps.count;
	Plan p = {.module = m, .routine = routine};
	p.piece_of = NEW_ARRAY(m->arena, Piece *, tensors);
	p.loop_of = NEW_ARRAY(m->arena, const Loop *, tensors);
	p.whole_in = NEW_ARRAY(m->arena, const Loop *, tensors);
	p.local = NEW_ARRAY(m->arena, bool, tensors);
	p.begin = NEW_ARRAY(m->arena, int, times);
	p.end = NEW_ARRAY(m->arena, int, times);
	for (int l = 0, time = 0; l < routine->loops.count; l++) {
		int begin = time, steps = routine->loops.items[l]->steps.count;
		for (; time < begin + steps; time++) {
			p.begin[time] = begin;
			p.end[time] = begin + steps - 1;
		}
	}
	find_lifetimes(&p);
	for (int i = 0; i < routine->temporaries.count; i++) {
		Tensor *tensor = routine->temporaries.items[i];
		tensor->one_panel = p.local[tensor->id] && p.loop_of[tensor->id] && p.loop_of[tensor->id]->features > 0;
	}
	Piece **pieces = NEW_ARRAY(m->arena, Piece *, tensors);
	int count = make_pieces(&p, pieces);
	qsort(pieces, (size_t)count, sizeof *pieces, by_first);
	routine->work = place_pieces(&p, pieces, count, times, false);
	routine->scratch = place_pieces(&p, pieces, count, times, true);
	for (int i = 0; i < routine->temporaries.count; i++)
		routine->temporaries.items[i]->offset = p.piece_of[routine->temporaries.items[i]->id]->offset;
}

/* ---- the struct: arrays, work, scalars and labels, then counters. This order keeps all of them aligned; only counters
 * may need padding before them */

static size_t place_persistent(Module *m, size_t bytes, Layout first, Layout last)
{
	for (int i = 0; i < m->tensors.count; i++) {
		Tensor *tensor = m->tensors.items[i];
		if (tensor->layout < first || tensor->layout > last || tensor->block)
			continue;
		const size_t size = element_size(m, tensor);
		bytes = (bytes + size - 1) / size * size;
		tensor->offset = bytes;
		bytes += tensor_bytes(m, tensor);
	}
	return bytes;
}

void plan_memory(Module *m)
{
	size_t threads = m->options.threads > 1 ? (size_t)m->options.threads : 1;
	for (int i = 0; i < m->routine_count; i++) {
		plan_routine(m, m->routines[i]);
		size_t work = m->routines[i]->work + threads * m->routines[i]->scratch;
		m->work = work > m->work ? work : m->work;
	}
	m->work_offset = place_persistent(m, 0, LAYOUT_ROWS, LAYOUT_WEIGHTS);
	m->bytes = m->work_offset + m->work * number_bytes(m);
	m->bytes = place_persistent(m, m->bytes, LAYOUT_SCALAR, LAYOUT_LABELS);
	m->bytes = place_persistent(m, m->bytes, LAYOUT_GENERATOR, LAYOUT_GENERATOR);
	m->bytes = place_persistent(m, m->bytes, LAYOUT_COUNTER, LAYOUT_COUNTER);
	m->bytes = (m->bytes + INT64_BYTES - 1) / INT64_BYTES * INT64_BYTES;
	for (int i = 0; i < m->tensors.count; i++)
		if (m->tensors.items[i]->block)
			m->tensors.items[i]->offset = m->tensors.items[i]->block->offset + m->tensors.items[i]->in_block
				* number_bytes(m);
}
