/* Fewer calls for the same work. Requires loops; replaces several calls of a loop by one call that reads and writes
 * less memory, or that suits the shape better. Rules name kernels, never layers: the calls are combined whichever
 * layers they come from. */
#include "combine.h"
#include <string.h>

/* The steps that touch a tensor, those that write it, and the hoisted calls whose key it is. The lists may still have
 * steps that were replaced, or that no longer touch the tensor; count is the exact number of steps. */
typedef struct Uses { int count; Steps steps, writers, hoisted; } Uses;

typedef struct Combine {
	Module *module;
	Routine *routine;
	bool *present;                  /* by kernel: whether the routine calls it */
	Steps hoisted;                  /* the hoisted calls; `loop` of each is the loop that it must come before */
	struct { Uses *items; int count, capacity; } uses;      /* by tensor id */
} Combine;

/* ---- matching */

typedef struct Match {
	Step *steps[MAX_CALLS];
	Operand values[MAX_VARIABLES];
	bool bound[MAX_VARIABLES];
} Match;

static bool same_operand(const Operand *a, const Operand *b)
{
	return a->kind == b->kind && a->tensor == b->tensor && a->number == b->number && a->kernel == b->kernel
		&& a->list == b->list;
}

static bool bind_operands(const Call *call, const Step *step, Match *match)
{
	if (step->kernel != call->kernel)
		return false;
	for (int k = 0; k < call->kernel->parameter_count; k++) {
		int variable = call->variables[k];
		if (!match->bound[variable]) {
			match->bound[variable] = true;
			match->values[variable] = step->operands[k];
		} else if (!same_operand(&match->values[variable], &step->operands[k]))
			return false;
	}
	return true;
}

static bool touches(const Step *step, const Tensor *tensor)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && step->operands[k].tensor == tensor)
			return true;
	return false;
}

/* The calls of a rule share tensors. Returns the uses of the tensor with the fewest, of those that the match has bound
 * for this call. */
static const Uses *fewest_uses(const Combine *m, const Call *call, const Match *match)
{
	const Uses *fewest = 0;
	for (int k = 0; k < call->kernel->parameter_count; k++) {
		int variable = call->variables[k];
		if (!match->bound[variable] || match->values[variable].kind != OPERAND_AT)
			continue;
		const Uses *uses = &m->uses.items[match->values[variable].tensor->id];
		if (!fewest || uses->steps.count < fewest->steps.count)
			fewest = uses;
	}
	return fewest;
}

/* Returns the next step of the loop after `previous` that calls the kernel and is one of these uses. */
static Step *next_call(const Uses *uses, const Kernel *kernel, const Step *previous)
{
	Step *next = 0;
	for (int i = 0; i < uses->steps.count; i++) {
		Step *step = uses->steps.items[i];
		if (step->kernel == kernel && step->loop == previous->loop && step->time > previous->time
			&& (!next || step->time < next->time))
			next = step;
	}
	return next;
}

/* Continues a match with the next call of the rule: with the first step of the loop that shares a tensor with the
 * previous calls and has the operands that the rule wants. */
static bool match_next(const Combine *m, const Pattern *pattern, int call, Match *match)
{
	if (call == pattern->call_count)
		return true;
	const Uses *uses = fewest_uses(m, &pattern->calls[call], match);
	Step *step = match->steps[call - 1];
	while (uses && (step = next_call(uses, pattern->calls[call].kernel, step))) {
		Match longer = *match;
		longer.steps[call] = step;
		if (bind_operands(&pattern->calls[call], step, &longer) && match_next(m, pattern, call + 1, &longer)) {
			*match = longer;
			return true;
		}
	}
	return false;
}

static bool mentions(const Call *call, int variable)
{
	for (int k = 0; k < call->kernel->parameter_count; k++)
		if (call->variables[k] == variable)
			return true;
	return false;
}

static bool writes(const Pattern *pattern, int variable)
{
	for (int i = 0; i < pattern->call_count; i++)
		for (int k = 0; k < pattern->calls[i].kernel->parameter_count; k++)
			if (pattern->calls[i].variables[k] == variable && pattern->calls[i].kernel->parameters[k].type->writes)
				return true;
	return false;
}

/* Whether what the rule makes vanish is a temporary that these steps alone touch. What the steps only read may stay. */
static bool rest_vanishes(const Combine *m, const Pattern *pattern, const Match *match)
{
	for (int v = 0; v < pattern->variable_count; v++) {
		const Tensor *tensor = match->values[v].tensor;
		if (match->values[v].kind != OPERAND_AT || mentions(&pattern->with, v) || !writes(pattern, v))
			continue;
		int own_uses = 0;
		for (int i = 0; i < pattern->call_count; i++)
			own_uses += touches(match->steps[i], tensor);
		if (tensor->role != ROLE_TEMPORARY || m->uses.items[tensor->id].count != own_uses)
			return false;
	}
	return true;
}

static bool writes_tensor(const Step *step, const Tensor *tensor)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && step->operands[k].tensor == tensor
			&& step->kernel->parameters[k].type->writes)
			return true;
	return false;
}

/* Returns the step that wrote what the rule recomputes. */
static Step *recomputed_step(const Combine *m, const Pattern *pattern, const Match *match)
{
	const Call *recomputed = &pattern->recomputed;
	for (int k = 0; k < recomputed->kernel->parameter_count; k++) {
		const Operand *operand = &match->values[recomputed->variables[k]];
		if (!recomputed->kernel->parameters[k].type->writes || operand->kind != OPERAND_AT)
			continue;
		const Steps *writers = &m->uses.items[operand->tensor->id].writers;
		for (int i = 0; i < writers->count; i++)
			if (writers->items[i]->loop && writers->items[i]->kernel == recomputed->kernel
				&& writes_tensor(writers->items[i], operand->tensor))
				return writers->items[i];
	}
	return 0;
}

static bool is_written_between(const Combine *m, const Tensor *tensor, const Step *begin, const Step *end)
{
	const Steps *writers = &m->uses.items[tensor->id].writers;
	for (int i = 0; i < writers->count; i++) {
		const Step *writer = writers->items[i];
		if (writer->loop && writer->time > begin->time && writer->time < end->time && writes_tensor(writer, tensor))
			return true;
	}
	return false;
}

/* Binds the operands of the recomputed call: there must be one step that made it, and none of its operands may change
 * between that step and `place`. */
static bool match_recomputed(const Combine *m, const Pattern *pattern, const Step *place, Match *match)
{
	const Step *step = recomputed_step(m, pattern, match);
	if (!step || !bind_operands(&pattern->recomputed, step, match))
		return false;
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && is_written_between(m, step->operands[k].tensor, step, place))
			return false;
	return true;
}

/* ---- replacing */

/* Whether both steps touch a tensor that one of them writes. */
static bool conflict(const Step *a, const Step *b)
{
	for (int k = 0; k < a->kernel->parameter_count; k++)
		for (int j = 0; a->operands[k].kind == OPERAND_AT && j < b->kernel->parameter_count; j++)
			if (b->operands[j].kind == OPERAND_AT && b->operands[j].tensor == a->operands[k].tensor
				&& (a->kernel->parameters[k].type->writes || b->kernel->parameters[j].type->writes))
				return true;
	return false;
}

static bool is_matched(const Pattern *pattern, const Match *match, const Step *step)
{
	for (int i = 0; i < pattern->call_count; i++)
		if (match->steps[i] == step)
			return true;
	return false;
}

/* Whether the matched step can move to the place of `to`, past all steps in between that are not matched. */
static bool can_move(const Combine *m, const Pattern *pattern, const Match *match, const Step *step, const Step *to)
{
	int begin = step->time < to->time ? step->time : to->time, end = step->time < to->time ? to->time : step->time;
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		if (step->operands[k].kind != OPERAND_AT)
			continue;
		const Uses *uses = &m->uses.items[step->operands[k].tensor->id];
		const Steps *others = step->kernel->parameters[k].type->writes ? &uses->steps : &uses->writers;
		for (int i = 0; i < others->count; i++) {
			const Step *other = others->items[i];
			if (other->loop == step->loop && other->time > begin && other->time < end
				&& !is_matched(pattern, match, other) && conflict(step, other))
				return false;
		}
	}
	return true;
}

/* Returns the step to whose place all matched steps can move: the last or the first; null if neither. */
static Step *meeting_place(const Combine *m, const Pattern *pattern, const Match *match)
{
	for (int place = pattern->call_count - 1; place >= 0;
		place -= pattern->call_count > 1 ? pattern->call_count - 1 : 1) {
		bool reachable = true;
		for (int i = 0; i < pattern->call_count; i++)
			reachable = reachable && can_move(m, pattern, match, match->steps[i], match->steps[place]);
		if (reachable)
			return match->steps[place];
	}
	return 0;
}

static bool has_few(const Pattern *pattern, const Match *match)
{
	for (int v = 0; pattern->rule->few && v < pattern->variable_count; v++)
		if (strcmp(pattern->names[v], pattern->rule->few) == 0 && match->values[v].number > pattern->rule->most)
			return false;
	return true;
}

/* The tensor under which a hoisted call is listed: the first operand that the match has bound. */
static const Tensor *key_of(const Call *call, const Match *match)
{
	for (int k = 0; k < call->kernel->parameter_count; k++)
		if (match->bound[call->variables[k]] && match->values[call->variables[k]].kind == OPERAND_AT)
			return match->values[call->variables[k]].tensor;
	internal_error("%s is to be made once, but of no tensor", call->kernel->name);
}

/* A new tensor for a result of a hoisted call. It has the features of its key, and the layout that the parameter
 * says. */
static Tensor *new_result(Combine *m, const Tensor *of, const KernelParameter *parameter)
{
	APPEND(m->module->arena, &m->uses, (Uses){0});
	return add_tensor(m->module, m->routine, (Tensor){
		.name = arena_print(m->module->arena, "%s_%s", of->name, parameter->name), .role = ROLE_TEMPORARY,
		.layout = parameter->type->layout,
		.features = of->features, .inputs = of->inputs, .positions = of->positions,
	});
}

static bool is_first_mention(const Step *step, int operand)
{
	for (int k = 0; k < operand; k++)
		if (step->operands[k].kind == OPERAND_AT && step->operands[k].tensor == step->operands[operand].tensor)
			return false;
	return true;
}

static void enter_uses(Combine *m, Step *step)
{
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		if (step->operands[k].kind != OPERAND_AT)
			continue;
		Uses *uses = &m->uses.items[step->operands[k].tensor->id];
		if (is_first_mention(step, k)) {
			uses->count++;
			APPEND(m->module->arena, &uses->steps, step);
		}
		if (step->kernel->parameters[k].type->writes)
			APPEND(m->module->arena, &uses->writers, step);
	}
}

static void leave_uses(Combine *m, const Step *step)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && is_first_mention(step, k))
			m->uses.items[step->operands[k].tensor->id].count--;
}

/* Binds the results of the hoisted call: those of an equal call that exists already, or of a new one before the
 * loop. */
static void hoist_call(Combine *m, const Call *call, Match *match, Loop *before)
{
	const Tensor *key = key_of(call, match);
	const Steps *hoisted = &m->uses.items[key->id].hoisted;
	for (int i = 0; i < hoisted->count; i++) {
		Match longer = *match;
		if (bind_operands(call, hoisted->items[i], &longer)) {
			/* it must come before the first of the loops that share it */
			if (before->number < hoisted->items[i]->loop->number)
				hoisted->items[i]->loop = before;
			*match = longer;
			return;
		}
	}
	Step *first = NEW(m->module->arena, Step);
	*first = (Step){.kernel = call->kernel, .node = before->steps.items[0]->node, .loop = before, .time = -1};
	for (int k = 0; k < call->kernel->parameter_count; k++) {
		int variable = call->variables[k];
		if (!match->bound[variable]) {
			match->bound[variable] = true;
			match->values[variable] = (Operand){.kind = OPERAND_AT,
				.tensor = new_result(m, key, &call->kernel->parameters[k])};
		}
		first->operands[k] = match->values[variable];
	}
	enter_uses(m, first);
	APPEND(m->module->arena, &m->uses.items[key->id].hoisted, first);
	APPEND(m->module->arena, &m->hoisted, first);
}

/* Gives each hoisted call a loop of its own, before the loop that it must come before. */
static void insert_hoisted(Combine *m)
{
	Loops old = m->routine->loops;
	Steps *before = NEW_ARRAY(m->module->arena, Steps, old.count);
	for (int i = 0; i < m->hoisted.count; i++)
		APPEND(m->module->arena, &before[m->hoisted.items[i]->loop->number], m->hoisted.items[i]);
	m->routine->loops = (Loops){0};
	for (int l = 0; l < old.count; l++) {
		for (int i = 0; i < before[l].count; i++) {
			Loop *loop = NEW(m->module->arena, Loop);
			before[l].items[i]->loop = loop;
			APPEND(m->module->arena, &loop->steps, before[l].items[i]);
			APPEND(m->module->arena, &m->routine->loops, loop);
		}
		APPEND(m->module->arena, &m->routine->loops, old.items[l]);
	}
}

static void add_part(Step *combined, Step *part)
{
	if (combined->part_count == MAX_PARTS)
		internal_error("%s replaces more than %d calls", combined->kernel->name, MAX_PARTS);
	combined->parts[combined->part_count++] = part;
}

static Step *copy_step(Combine *m, const Step *step)
{
	Step *copy = NEW(m->module->arena, Step);
	*copy = *step;
	return copy;
}

/* Puts the combined call in place of the step at `place`; the other matched steps lose their loop. */
static void replace(Combine *m, const Pattern *pattern, const Match *match, Step *place)
{
	Step combined = {.kernel = pattern->with.kernel, .features = place->features, .loop = place->loop,
		.time = place->time};
	if (pattern->recomputed.kernel)
		add_part(&combined, copy_step(m, recomputed_step(m, pattern, match)));
	for (int i = 0; i < pattern->call_count; i++) {
		Step *part = match->steps[i];
		if (part->part_count == 0)
			add_part(&combined, copy_step(m, part));
		for (int k = 0; k < part->part_count; k++)
			add_part(&combined, part->parts[k]);
		if (!combined.node || combined.node->layer->kind == KIND_OPTIMIZER)
			combined.node = part->node;
		leave_uses(m, part);
		part->loop = 0;
	}
	for (int k = 0; k < combined.kernel->parameter_count; k++)
		combined.operands[k] = match->values[pattern->with.variables[k]];
	*place = combined;
	enter_uses(m, place);
}

/* Applies the rule if its calls begin with this step of the loop; false if they do not. */
static bool apply(Combine *m, const Pattern *pattern, Loop *loop, Step *step)
{
	Match match = {.steps = {step}, .values = {{.kind = OPERAND_ABSENT}}, .bound = {true}};
	if (pattern->optimizer_variable) {
		match.bound[pattern->optimizer_variable] = true;
		match.values[pattern->optimizer_variable] = (Operand){.kind = OPERAND_KERNEL, .kernel = pattern->optimizer};
	}
	if (!bind_operands(&pattern->calls[0], step, &match) || !match_next(m, pattern, 1, &match)
		|| !has_few(pattern, &match) || !rest_vanishes(m, pattern, &match))
		return false;
	Step *place = meeting_place(m, pattern, &match);
	if (!place || (pattern->recomputed.kernel && !match_recomputed(m, pattern, place, &match)))
		return false;
	if (pattern->rule->hoisted)
		hoist_call(m, &pattern->hoisted, &match, loop);
	replace(m, pattern, &match, place);
	return true;
}

static void drop_replaced(Steps *steps)
{
	int kept = 0;
	for (int i = 0; i < steps->count; i++)
		if (steps->items[i]->loop)
			steps->items[kept++] = steps->items[i];
	steps->count = kept;
}

static bool *present(const Combine *m, const Kernel *kernel)
{
	return &m->present[kernel - m->module->kernels.items];
}

static void try_rule(Combine *m, const Rule *rule, const Fill *fill)
{
	const Pattern *pattern = read_rule(m->module->arena, &m->module->kernels, rule, fill);
	if (!pattern)
		return;
	for (int i = 0; i < pattern->call_count; i++)
		if (!*present(m, pattern->calls[i].kernel))
			return;
	for (int l = 0; l < m->routine->loops.count; l++) {
		Loop *loop = m->routine->loops.items[l];
		for (int i = 0; i < loop->steps.count; i++)
			if (loop->steps.items[i]->loop)
				*present(m, pattern->with.kernel) |= apply(m, pattern, loop, loop->steps.items[i]);
		drop_replaced(&loop->steps);
	}
}

static From from_of(const Combine *m, const Kernel *activation)
{
	const char *name = arena_print(m->module->arena, "%s_bwd", activation->name);
	const Kernel *backward = kernel_find(&m->module->kernels, name, strlen(name));
	return strcmp(backward->parameters[backward->parameter_count - 1].name, "y") == 0 ? FROM_Y : FROM_X;
}

/* Tries the rule as it is, or for each activation, optimizer or pair of both that the routine calls. */
static void try_fills(Combine *m, const Rule *rule)
{
	const Kernels *kernels = &m->module->kernels;
	const bool activations = strstr(rule->with, "{activation}"), optimizers = strstr(rule->with, "{optimizer}")
		|| strstr(rule->calls, "{optimizer}");
	for (int a = 0; a < (activations ? kernels->count : 1); a++) {
		Fill fill = {.activation = activations ? &kernels->items[a] : 0};
		if (activations && !(fill.activation->activation && *present(m, fill.activation)))
			continue;
		fill.from = activations ? from_of(m, fill.activation) : FROM_ANY;
		if (rule->from != FROM_ANY && fill.from != rule->from)
			continue;
		for (int o = 0; o < (optimizers ? kernels->count : 1); o++) {
			fill.optimizer = optimizers ? &kernels->items[o] : 0;
			if (!optimizers || (fill.optimizer->optimizer && *present(m, fill.optimizer)))
				try_rule(m, rule, &fill);
		}
	}
}

static void combine_loops(Combine *m)
{
	for (int r = 0; r < combine_rule_count; r++)
		if (!combine_rules[r].reassociates || !m->module->options.keep_rounding)
			try_fills(m, &combine_rules[r]);
}

/* Removes the temporaries that vanished with the calls that used them. */
static void drop_vanished(Combine *m)
{
	Tensors *temporaries = &m->routine->temporaries;
	int kept = 0;
	for (int i = 0; i < temporaries->count; i++)
		if (m->uses.items[temporaries->items[i]->id].count)
			temporaries->items[kept++] = temporaries->items[i];
	temporaries->count = kept;
}

void combine(Module *module, Routine *routine)
{
	Combine m = {.module = module, .routine = routine};
	m.uses.count = m.uses.capacity = module->tensor_count;
	m.uses.items = NEW_ARRAY(module->arena, Uses, m.uses.count);
	m.present = NEW_ARRAY(module->arena, bool, module->kernels.count);
	for (int i = 0; i < routine->steps.count; i++) {
		enter_uses(&m, routine->steps.items[i]);
		*present(&m, routine->steps.items[i]->kernel) = true;
	}
	combine_loops(&m);
	insert_hoisted(&m);
	drop_vanished(&m);
	settle_order(module, routine);
}
