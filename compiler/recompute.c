/* Less memory for a little work. Requires program order; where backward reads an activation that forward can make again,
 * panel by panel, from another one that backward keeps anyway, it is made again just before its first use there: of
 * linear, batchnorm, relu only batchnorm's normalised values then live from forward to backward. Nothing is known of layers:
 * a call can be made again when it touches its own panel only and writes nothing but that activation. */
#include "bnc.h"

enum { MAX_DEPTH = 4 };                 /* calls in a row that are made again for one activation */

typedef struct Recompute {
	Compilation *c;
	Routine *routine;
	int first_backward;             /* the first step behind the loss */
	Step **writer;                  /* by tensor id, in forward; null for others */
	bool *kept;                     /* by tensor id: read by backward, and not made again */
	Tensor **again;                 /* by tensor id: what takes its place in backward */
	Step **gradient_writer;         /* by tensor id: the step behind forward that writes it */
	Steps result;
} Recompute;

static bool is_temporary(const Operand *operand)
{
	return operand->kind == OPERAND_AT && operand->tensor->role == ROLE_TEMPORARY;
}

/* Whether the step does nothing but write one activation from operands of its own panel. */
static bool is_repeatable(const Step *step)
{
	int written = 0;
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		const OperandType *type = step->kernel->parameters[k].type;
		if (step->operands[k].kind != OPERAND_AT)
			continue;
		if (!type->own || (type->writes && (type->reads || !is_temporary(&step->operands[k]))))
			return false;
		written += type->writes;
	}
	return written == 1 && step->features > 0;
}

/* Can tensor be had in backward from what is kept, with at most depth calls? */
static bool is_available(const Recompute *r, const Tensor *tensor, int depth)
{
	const Step *step = r->writer[tensor->id];
	if (r->kept[tensor->id])
		return true;
	if (depth == 0 || !step || !is_repeatable(step))
		return false;
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (is_temporary(&step->operands[k]) && step->kernel->parameters[k].type->reads
			&& !is_available(r, step->operands[k].tensor, depth - 1))
			return false;
	return true;
}

static void find_kept(Recompute *r)
{
	const Steps *steps = &r->routine->steps;
	for (int i = 0; i < steps->count; i++)
		for (int k = 0; k < steps->items[i]->kernel->parameter_count; k++) {
			const Operand *operand = &steps->items[i]->operands[k];
			const OperandType *type = steps->items[i]->kernel->parameters[k].type;
			if (!is_temporary(operand))
				continue;
			if (i >= r->first_backward && type->writes)
				r->gradient_writer[operand->tensor->id] = steps->items[i];
			if (i < r->first_backward && type->writes)
				r->writer[operand->tensor->id] = steps->items[i];
			if (i >= r->first_backward && type->reads && r->writer[operand->tensor->id])
				r->kept[operand->tensor->id] = true;
		}
}

/* Drops from what is kept, in the order of forward, what the rest of it can give. */
static void choose(Recompute *r)
{
	for (int i = 0; i < r->first_backward; i++) {
		const Step *step = r->routine->steps.items[i];
		for (int k = 0; k < step->kernel->parameter_count; k++) {
			const Operand *operand = &step->operands[k];
			if (!is_temporary(operand) || !step->kernel->parameters[k].type->writes || !r->kept[operand->tensor->id])
				continue;
			r->kept[operand->tensor->id] = false;
			if (!is_available(r, operand->tensor, MAX_DEPTH))
				r->kept[operand->tensor->id] = true;
		}
	}
}

/* The step that gives reader what is new to it in backward: before that, nothing needs to be made again for it. */
static Step *called_for_by(const Recompute *r, const Step *reader)
{
	for (int k = 0; k < reader->kernel->parameter_count; k++)
		if (is_temporary(&reader->operands[k]) && reader->kernel->parameters[k].type->reads
			&& r->gradient_writer[reader->operands[k].tensor->id])
			return r->gradient_writer[reader->operands[k].tensor->id];
	return r->routine->steps.items[r->first_backward - 1];
}

/* The tensor to read in backward: itself, or made again, behind the step `after`, by calls that are appended first. */
static Tensor *in_backward(Recompute *r, Tensor *tensor, Step *after)
{
	Step *step = r->writer[tensor->id];
	if (!step || r->kept[tensor->id])
		return tensor;
	if (r->again[tensor->id])
		return r->again[tensor->id];
	Tensor *copy = NEW(r->c->arena, Tensor);
	*copy = *tensor;
	copy->name = arena_print(r->c->arena, "%s_again", tensor->name);
	r->again[tensor->id] = copy;
	Step *repeated = NEW(r->c->arena, Step);
	*repeated = *step;
	repeated->after = after;
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (is_temporary(&step->operands[k]))
			repeated->operands[k].tensor = step->kernel->parameters[k].type->writes ? copy
				: in_backward(r, step->operands[k].tensor, after);
	APPEND(r->c->arena, &r->routine->temporaries, copy);
	APPEND(r->c->arena, &r->result, repeated);
	return copy;
}

static void rewrite_backward(Recompute *r)
{
	const Steps *steps = &r->routine->steps;
	for (int i = 0; i < steps->count; i++) {
		Step *step = steps->items[i];
		for (int k = 0; i >= r->first_backward && k < step->kernel->parameter_count; k++)
			if (is_temporary(&step->operands[k]) && step->kernel->parameters[k].type->reads)
				step->operands[k].tensor = in_backward(r, step->operands[k].tensor, called_for_by(r, step));
		APPEND(r->c->arena, &r->result, step);
	}
	r->routine->steps = r->result;
}

void recompute(Compilation *c, Routine *routine)
{
	Recompute r = {.c = c, .routine = routine};
	int tensors = number_tensors(c, routine);
	while (r.first_backward < routine->steps.count && routine->steps.items[r.first_backward]->node != c->network->loss)
		r.first_backward++;
	while (r.first_backward < routine->steps.count && routine->steps.items[r.first_backward]->node == c->network->loss)
		r.first_backward++;
	r.writer = NEW_ARRAY(c->arena, Step *, tensors);
	r.kept = NEW_ARRAY(c->arena, bool, tensors);
	r.gradient_writer = NEW_ARRAY(c->arena, Step *, tensors);
	r.again = NEW_ARRAY(c->arena, Tensor *, tensors);
	find_kept(&r);
	choose(&r);
	rewrite_backward(&r);
}
