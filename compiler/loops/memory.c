/* The memory plan in words: bytes by purpose, what shares storage, and what is largest. */
#include "base/code.h"
#include <stdlib.h>

size_t element_size(const Module *m, const Tensor *tensor)
{
	switch (tensor->layout) {
	case LAYOUT_COUNTER: return sizeof(int64_t);
	case LAYOUT_LABELS: return sizeof(int32_t);
	case LAYOUT_GENERATOR: return sizeof(uint32_t);
	default: return number_bytes(m);
	}
}

size_t tensor_bytes(const Module *m, const Tensor *tensor)
{
	const size_t elements = tensor->layout == LAYOUT_LABELS ? (size_t)m->options.batch
		: tensor->one_panel ? panel_floats(m, tensor) : tensor_floats(m, tensor);
	return elements * element_size(m, tensor);
}

size_t role_bytes(const Module *m, Role role)
{
	size_t bytes = 0;
	for (int i = 0; i < m->tensors.count; i++)
		if (m->tensors.items[i]->role == role)
			bytes += tensor_bytes(m, m->tensors.items[i]);
	return bytes;
}

/* These are in use while the loss is computed, and are read after it. */
size_t saved_activation_bytes(const Module *m)
{
	int loss = 0;
	for (int i = 0; i < m->train.steps.count; i++)
		if (m->train.steps.items[i]->node == m->network->loss)
			loss = m->train.steps.items[i]->time;
	size_t bytes = 0;
	for (int i = 0; i < m->train.temporaries.count; i++)
		if (m->train.temporaries.items[i]->first < loss && m->train.temporaries.items[i]->last > loss)
			bytes += tensor_bytes(m, m->train.temporaries.items[i]);
	return bytes;
}

/* ---- shared storage */

static int by_place(const void *a, const void *b)
{
	const Tensor *x = *(Tensor *const *)a, *y = *(Tensor *const *)b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->first - y->first;
}

const char *shared_storage(const Module *m, const Routine *routine, const char *margin)
{
	enum { MOST_PLACES = 40 };
	Code text = {.arena = m->arena};
	int count = routine->temporaries.count, places = 0;
	Tensor **sorted = NEW_ARRAY(m->arena, Tensor *, count);
	for (int i = 0; i < count; i++)
		sorted[i] = routine->temporaries.items[i];
	qsort(sorted, (size_t)count, sizeof *sorted, by_place);
	for (int i = 0; i < count; i++) {
		bool same = i > 0 && sorted[i]->offset == sorted[i - 1]->offset;
		places += !same;
		if (places <= MOST_PLACES && same)
			code_put(&text, ", then %s", sorted[i]->name);
		else if (places <= MOST_PLACES)
			code_put(&text, "%s%sfrom byte %zu: %s", i ? "\n" : "", margin, sorted[i]->offset * number_bytes(m),
				sorted[i]->name);
	}
	if (places > MOST_PLACES)
		code_put(&text, "\n%sand %d places more", margin, places - MOST_PLACES);
	if (count)
		code_put(&text, "\n");
	return code_text(&text);
}

/* ---- budgets */

typedef struct Buffer { const char *name; size_t bytes; int order; } Buffer;

static int by_bytes(const void *a, const void *b)
{
	const Buffer *x = a, *y = b;
	return x->bytes != y->bytes ? (x->bytes < y->bytes) - (x->bytes > y->bytes) : x->order - y->order;
}

static void add_buffers(const Module *m, const Tensors *tensors, Buffer *buffers, int *count)
{
	for (int i = 0; i < tensors->count; i++) {
		if (tensors->items[i]->role == ROLE_BLOCK)
			continue;
		buffers[*count] = (Buffer){tensors->items[i]->path ? tensors->items[i]->path : tensors->items[i]->name,
			tensor_bytes(m, tensors->items[i]), *count};
		++*count;
	}
}

bool check_ram(const Module *m, const Routine *routine, bool with_weights, size_t needed, uint64_t budget,
	Failure *failure)
{
	if (budget == 0 || needed <= budget)
		return true;
	Buffer *buffers = NEW_ARRAY(m->arena, Buffer, m->tensors.count + routine->temporaries.count);
	int count = 0;
	if (with_weights)
		add_buffers(m, &m->tensors, buffers, &count);
	add_buffers(m, &routine->temporaries, buffers, &count);
	qsort(buffers, (size_t)count, sizeof *buffers, by_bytes);
	const char *largest = "";
	for (int i = 0; i < count && i < 3; i++)
		largest = arena_print(m->arena, "%s%s%s (%zu)", largest, i ? ", " : "", buffers[i].name, buffers[i].bytes);
	return fail(failure,
		"%s needs %zu bytes of memory at batch %d, more than --ram %llu; the largest buffers are %s: a smaller batch "
		"needs less", m->network->name, needed, m->options.batch, (unsigned long long)budget, largest);
}
