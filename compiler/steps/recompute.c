/* Less memory for some more work. Requires program order. If backward reads an activation that can be computed, panel
 * by panel, from another activation which backward keeps anyway, backward recomputes it just before it first needs it:
 * of linear, batchnorm, relu only batchnorm's normalised values are then kept from forward to backward. Nothing is
 * known of layers: a call can be repeated if it touches only its own panel of activations and writes nothing but that
 * one. */
#include "bnc.h"

enum { MAX_DEPTH = 4 };                 /* the most calls in a row that recompute one activation */

typedef struct Recompute {
	Module *module;
	Routine *routine;
	int first_backward;             /* the first step after the loss */
	Step **writer;                  /* by tensor id: the step of forward that writes it, or null */
	bool *kept;                     /* by tensor id: backward reads it, and does not recompute it */
	Tensor **again;                 /* by tensor id: the recomputed tensor that backward reads in its place */
	Step **gradient_writer;         /* by tensor id: the step after forward that writes it */
	Steps result;
} Recompute;

static bool is_temporary(const Operand *operand)
{
	return operand->kind == OPERAND_AT && operand->tensor->role == ROLE_TEMPORARY;
}

/* Whether the step only writes one activation, from operands of its own panel. */
static bool is_repeatable(const Step *step)
{
	int written = 0;
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		const OperandType *type = step->kernel->parameters[k].type;
		if (step->operands[k].kind != OPERAND_AT)
			continue;
		const bool small = type->reads && !type->writes && type->layout != LAYOUT_ROWS;
		if ((!type->own && !small) || (type->writes && (type->reads || !is_temporary(&step->operands[k]))))
			return false;
		written += type->writes;
	}
	return written == 1 && step->features > 0;
}

/* Whether backward can compute the tensor from what it keeps, with at most depth calls. */
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

/* In the order of forward, drops each activation that can be computed from the others that are kept. */
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

/* Returns the step that writes the gradient that reader needs: nothing has to be recomputed for reader before that. */
static Step *called_for_by(const Recompute *r, const Step *reader)
{
	for (int k = 0; k < reader->kernel->parameter_count; k++)
		if (is_temporary(&reader->operands[k]) && reader->kernel->parameters[k].type->reads
			&& r->gradient_writer[reader->operands[k].tensor->id])
			return r->gradient_writer[reader->operands[k].tensor->id];
	return r->routine->steps.items[r->first_backward - 1];
}

/* Returns the tensor that backward reads: itself, or a recomputed one. The calls that recompute it are appended here;
 * they must come after the loop of `after`. */
static Tensor *in_backward(Recompute *r, Tensor *tensor, Step *after)
{
	Step *step = r->writer[tensor->id];
	if (!step || r->kept[tensor->id])
		return tensor;
	if (r->again[tensor->id])
		return r->again[tensor->id];
	Tensor *copy = add_tensor(r->module, r->routine, *tensor);
	copy->name = arena_print(r->module->arena, "%s_again", tensor->name);
	r->again[tensor->id] = copy;
	Step *repeated = NEW(r->module->arena, Step);
	*repeated = *step;
	repeated->after = after;
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (is_temporary(&step->operands[k]))
			repeated->operands[k].tensor = step->kernel->parameters[k].type->writes ? copy
				: in_backward(r, step->operands[k].tensor, after);
	APPEND(r->module->arena, &r->result, repeated);
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
		APPEND(r->module->arena, &r->result, step);
	}
	r->routine->steps = r->result;
}

void recompute(Module *m, Routine *routine)
{
	Recompute r = {.module = m, .routine = routine};
	const int tensors = m->tensor_count;
	while (r.first_backward < routine->steps.count && routine->steps.items[r.first_backward]->node != m->network->loss)
		r.first_backward++;
	while (r.first_backward < routine->steps.count && routine->steps.items[r.first_backward]->node == m->network->loss)
		r.first_backward++;
	r.writer = NEW_ARRAY(m->arena, Step *, tensors);
	r.kept = NEW_ARRAY(m->arena, bool, tensors);
	r.gradient_writer = NEW_ARRAY(m->arena, Step *, tensors);
	r.again = NEW_ARRAY(m->arena, Tensor *, tensors);
	find_kept(&r);
	choose(&r);
	rewrite_backward(&r);
}
