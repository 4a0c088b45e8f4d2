/* Fewer calls for the same work. Requires loops; replaces calls within a loop by one call that passes over memory less
 * often, or that suits the shape better. Rules speak of kernels, never of layers: whatever layers left such calls side by
 * side, they are combined. */
#include "bnc.h"
#include <string.h>

enum { MAX_CALLS = 4, MAX_VARIABLES = 24 };

/* Names in `calls` are variables: each stands for the same operand wherever it appears, `0` for an absent one. One that
 * is written, and that `with` does not mention, must be a temporary that nothing else touches; it vanishes. `first` is a call
 * to make once, in a loop of its own before; it gives new names to what it writes, and is shared by all rules that want the
 * same of the same operands. */
typedef struct Rule {
	const char *calls, *with, *first;
	const char *few;                /* the variable that is at most FEW, if one must be */
	bool reassociates;              /* same values, other rounding */
} Rule;

static const Rule rules[] = {
	{
		"batchnorm(rows, eps, momentum, xhat, rstd, mean, var, x); scale_shift(rows, z, xhat, gamma, beta); relu(rows, y, z)",
		"batchnorm_relu(rows, eps, momentum, y, xhat, rstd, mean, var, x, gamma, beta)",
	},
	{
		"relu_bwd(rows, dz, dy, y); batchnorm_bwd(rows, dx, dgamma, dbeta, dz, xhat, rstd, gamma)",
		"batchnorm_relu_bwd(rows, dx, dgamma, dbeta, dy, y, xhat, rstd, gamma)",
	},
	{
		"linear_dw(rows, outputs, inputs, dw, x, dy); sgd(size, lr, weight_decay, w, dw)",
		"linear_dw_sgd(rows, outputs, inputs, lr, weight_decay, w, 0, x, dy)",
	},
	{
		"linear_dw_sgd(rows, outputs, inputs, lr, weight_decay, w, 0, x, dy); column_sum(rows, db, dy); sgd(size, lr, weight_decay, b, db)",
		"linear_dw_sgd(rows, outputs, inputs, lr, weight_decay, w, b, x, dy)",
	},
	{
		"linear(rows, outputs, inputs, z, x, w, b); batchnorm_relu(rows, eps, momentum, y, xhat, rstd, mean, var, z, gamma, beta)",
		"linear_batchnorm_relu(rows, outputs, inputs, eps, momentum, y, xhat, rstd, mean, var, centred, moments, w, b, gamma, beta)",
		"centre(rows, inputs, centred, moments, x)", "inputs", true,
	},
	{
		"batchnorm_relu_bwd(rows, dz, dgamma, dbeta, dy, y, xhat, rstd, gamma); sgd(gamma_size, lr, weight_decay, gamma, dgamma);"
		"sgd(beta_size, lr, weight_decay, beta, dbeta); linear_dw_sgd(rows, outputs, inputs, lr, weight_decay, w, 0, x, dz)",
		"linear_batchnorm_relu_bwd_sgd(rows, outputs, inputs, lr, weight_decay, w, gamma, beta, dy, y, rstd, centred, moments)",
		"centre(rows, inputs, centred, moments, x)", "inputs", true,
	},
	{
		"batchnorm_relu_bwd(rows, dz, 0, 0, dy, y, xhat, rstd, 0); linear_dw_sgd(rows, outputs, inputs, lr, weight_decay, w, 0, x, dz)",
		"linear_batchnorm_relu_bwd_sgd(rows, outputs, inputs, lr, weight_decay, w, 0, 0, dy, y, rstd, centred, moments)",
		"centre(rows, inputs, centred, moments, x)", "inputs", true,
	},
	{
		"linear_dx(rows, above, outputs, panel, dy, above_dy, above_w);"
		"linear_batchnorm_relu_bwd_sgd(rows, outputs, inputs, lr, weight_decay, w, gamma, beta, dy, y, rstd, centred, moments)",
		"linear_batchnorm_relu_linear_bwd_sgd(rows, outputs, inputs, panel, above, lr, weight_decay, w, gamma, beta, y, rstd, centred, moments,"
		"above_dy, above_w)",
		0, "above", true,
	},
	{
		"linear_batchnorm_relu(rows, outputs, inputs, eps, momentum, y, xhat, rstd, mean, var, centred, moments, w, b, gamma, beta)",
		"linear_batchnorm_relu(rows, outputs, inputs, eps, momentum, y, 0, rstd, mean, var, centred, moments, w, b, gamma, beta)",
		0, 0, true,
	},
};

/* A rule's call, read once: its kernel and which variable each operand is. */
typedef struct Call { const Kernel *kernel; int variables[MAX_OPERANDS]; } Call;

typedef struct Pattern {
	const Rule *rule;
	Call calls[MAX_CALLS], with, first;
	int call_count, variable_count;
	int given;                      /* variables that the calls and `first` bind */
	const char *names[MAX_VARIABLES];
} Pattern;

/* The calls made once on one tensor. */
typedef struct First { Step *step; struct First *next; } First;

typedef struct Combine {
	Compilation *c;
	Routine *routine;
	Pattern patterns[sizeof rules / sizeof *rules];
	int *uses;                      /* by tensor id: steps that touch it */
	First **firsts;                 /* by tensor id: calls made once on it */
} Combine;

/* ---- rules */

static int variable_named(Pattern *pattern, const char *name)
{
	for (int i = 0; i < pattern->variable_count; i++)
		if (strcmp(pattern->names[i], name) == 0)
			return i;
	if (pattern->variable_count == MAX_VARIABLES)
		internal_error("a rule has more than %d variables: %s", MAX_VARIABLES, pattern->rule->calls);
	pattern->names[pattern->variable_count] = name;
	return pattern->variable_count++;
}

/* The call at text; returns what follows it. */
static const char *read_call(Combine *m, Pattern *pattern, const char *text, Call *call)
{
	const char *name = read_word(m->c->arena, &text);
	call->kernel = kernel_find(&m->c->kernels, name, strlen(name));
	if (!call->kernel)
		internal_error("a rule names `%s`, which is no kernel", name);
	for (int k = 0; k < call->kernel->parameter_count; k++)
		call->variables[k] = variable_named(pattern, read_word(m->c->arena, &text));
	for (int k = 0; call == &pattern->with && k < call->kernel->parameter_count; k++)
		if (call->variables[k] >= pattern->given)
			internal_error("the rule for %s uses `%s`, which nothing gives", name, pattern->names[call->variables[k]]);
	if (*text != ')')
		internal_error("a rule's call of %s does not fit its prototype %s", name, call->kernel->prototype);
	return text + 1;
}

static void read_rules(Combine *m)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		Pattern *pattern = &m->patterns[i];
		pattern->rule = &rules[i];
		pattern->names[pattern->variable_count++] = "0";
		for (const char *text = rules[i].calls; *text && pattern->call_count < MAX_CALLS;)
			text = read_call(m, pattern, text, &pattern->calls[pattern->call_count++]);
		if (rules[i].first)
			read_call(m, pattern, rules[i].first, &pattern->first);
		pattern->given = pattern->variable_count;
		read_call(m, pattern, rules[i].with, &pattern->with);
	}
}

/* ---- matching */

typedef struct Match {
	int steps[MAX_CALLS];           /* positions in the loop */
	Operand values[MAX_VARIABLES];
	bool bound[MAX_VARIABLES];
} Match;

static bool same_operand(const Operand *a, const Operand *b)
{
	return a->kind == b->kind && a->tensor == b->tensor && a->number == b->number;
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

/* Does the step share a tensor with one of the first `calls` steps of the match? */
static bool is_linked(const Loop *loop, const Match *match, int calls, const Step *step)
{
	for (int i = 0; i < calls; i++) {
		const Step *before = loop->steps.items[match->steps[i]];
		for (int k = 0; k < before->kernel->parameter_count; k++)
			if (before->operands[k].kind == OPERAND_AT && touches(step, before->operands[k].tensor))
				return true;
	}
	return false;
}

/* Continues a match at the next step of the loop that shares a tensor with the calls before and may be joined to them. */
static bool match_next(const Pattern *pattern, const Loop *loop, int call, Match *match)
{
	if (call == pattern->call_count)
		return true;
	for (int i = match->steps[call - 1] + 1; i < loop->steps.count; i++) {
		Match longer = *match;
		if (!bind_operands(&pattern->calls[call], loop->steps.items[i], &longer))
			continue;
		longer.steps[call] = i;
		if (is_linked(loop, match, call, loop->steps.items[i]) && match_next(pattern, loop, call + 1, &longer)) {
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

/* What vanishes must be a temporary of these steps alone. What they only read may also be left unread. */
static bool rest_vanishes(const Combine *m, const Pattern *pattern, const Loop *loop, const Match *match)
{
	for (int v = 0; v < pattern->variable_count; v++) {
		const Tensor *tensor = match->values[v].tensor;
		if (match->values[v].kind != OPERAND_AT || mentions(&pattern->with, v) || !writes(pattern, v))
			continue;
		int own_uses = 0;
		for (int i = 0; i < pattern->call_count; i++)
			own_uses += touches(loop->steps.items[match->steps[i]], tensor);
		if (tensor->role != ROLE_TEMPORARY || m->uses[tensor->id] != own_uses)
			return false;
	}
	return true;
}

/* ---- replacing */

/* Do the two steps touch one tensor, and one of them writes it? */
static bool conflict(const Step *a, const Step *b)
{
	for (int k = 0; k < a->kernel->parameter_count; k++)
		for (int j = 0; a->operands[k].kind == OPERAND_AT && j < b->kernel->parameter_count; j++)
			if (b->operands[j].kind == OPERAND_AT && b->operands[j].tensor == a->operands[k].tensor
				&& (a->kernel->parameters[k].type->writes || b->kernel->parameters[j].type->writes))
				return true;
	return false;
}

static bool is_matched(const Pattern *pattern, const Match *match, int position)
{
	for (int i = 0; i < pattern->call_count; i++)
		if (match->steps[i] == position)
			return true;
	return false;
}

/* May the matched step at position `from` move to `to`, past all between that are not matched themselves? */
static bool can_move(const Pattern *pattern, const Loop *loop, const Match *match, int from, int to)
{
	int begin = from < to ? from + 1 : to + 1, end = from < to ? to : from;
	for (int i = begin; i < end; i++)
		if (!is_matched(pattern, match, i) && conflict(loop->steps.items[from], loop->steps.items[i]))
			return false;
	return true;
}

/* The position at which all matched steps can meet: that of the last, or of the first; -1 when there is none. */
static int meeting_place(const Pattern *pattern, const Loop *loop, const Match *match)
{
	for (int place = pattern->call_count - 1; place >= 0; place -= pattern->call_count > 1 ? pattern->call_count - 1 : 1) {
		bool reachable = true;
		for (int i = 0; i < pattern->call_count; i++)
			reachable = reachable && can_move(pattern, loop, match, match->steps[i], match->steps[place]);
		if (reachable)
			return match->steps[place];
	}
	return -1;
}

static bool has_few(const Pattern *pattern, const Match *match)
{
	for (int v = 0; pattern->rule->few && v < pattern->variable_count; v++)
		if (strcmp(pattern->names[v], pattern->rule->few) == 0 && match->values[v].number > FEW)
			return false;
	return true;
}

/* The operand by which a call made once is found again: the first tensor that the match gives it. */
static const Tensor *key_of(const Call *call, const Match *match)
{
	for (int k = 0; k < call->kernel->parameter_count; k++)
		if (match->bound[call->variables[k]] && match->values[call->variables[k]].kind == OPERAND_AT)
			return match->values[call->variables[k]].tensor;
	internal_error("%s is to be made once, but of no tensor", call->kernel->name);
}

/* A result of a call made once: as long as what the call is made of, in the layout that its type says. */
static Tensor *new_result(Combine *m, const Tensor *of, const KernelParameter *parameter)
{
	Tensor *tensor = NEW(m->c->arena, Tensor);
	*tensor = (Tensor){
		.name = arena_print(m->c->arena, "%s_%s", of->name, parameter->name), .role = ROLE_TEMPORARY, .layout = parameter->type->layout,
		.features = of->features, .inputs = of->inputs, .positions = of->positions,
	};
	APPEND(m->c->arena, &m->routine->temporaries, tensor);
	return tensor;
}

/* Binds what the call gives: by the same call made before on the same operands, or by a new one before the loop. */
static void make_first(Combine *m, const Call *call, Match *match, Loop *before)
{
	const Tensor *key = key_of(call, match);
	for (First *first = m->firsts[key->id]; first; first = first->next) {
		Match longer = *match;
		if (bind_operands(call, first->step, &longer)) {
			*match = longer;
			return;
		}
	}
	First *first = NEW(m->c->arena, First);
	*first = (First){NEW(m->c->arena, Step), m->firsts[key->id]};
	first->step->kernel = call->kernel;
	first->step->node = before->steps.items[0]->node;
	for (int k = 0; k < call->kernel->parameter_count; k++) {
		int variable = call->variables[k];
		if (!match->bound[variable]) {
			match->bound[variable] = true;
			match->values[variable] = (Operand){OPERAND_AT, new_result(m, key, &call->kernel->parameters[k]), 0};
		}
		first->step->operands[k] = match->values[variable];
	}
	m->firsts[key->id] = first;
	APPEND(m->c->arena, &before->firsts, first->step);
}

/* Puts the calls made once into loops of their own, each before the loop that asked for it. */
static void insert_firsts(Combine *m)
{
	Loops old = m->routine->loops;
	m->routine->loops = (Loops){0};
	for (int l = 0; l < old.count; l++) {
		for (int i = 0; i < old.items[l]->firsts.count; i++) {
			Loop *loop = NEW(m->c->arena, Loop);
			old.items[l]->firsts.items[i]->loop = loop;
			APPEND(m->c->arena, &loop->steps, old.items[l]->firsts.items[i]);
			APPEND(m->c->arena, &m->routine->loops, loop);
		}
		APPEND(m->c->arena, &m->routine->loops, old.items[l]);
	}
}

static void add_part(Step *combined, Step *part)
{
	if (combined->part_count == MAX_PARTS)
		internal_error("%s replaces more than %d calls", combined->kernel->name, MAX_PARTS);
	combined->parts[combined->part_count++] = part;
}

static void replace(Combine *m, const Pattern *pattern, Loop *loop, const Match *match, int place)
{
	Step *combined = NEW(m->c->arena, Step);
	*combined = (Step){.kernel = pattern->with.kernel, .features = loop->features, .loop = loop};
	for (int i = 0; i < pattern->call_count; i++) {
		Step *part = loop->steps.items[match->steps[i]];
		if (part->part_count == 0)
			add_part(combined, part);
		for (int k = 0; k < part->part_count; k++)
			add_part(combined, part->parts[k]);
		if (!combined->node || combined->node->layer->kind == KIND_OPTIMIZER)
			combined->node = part->node;
		loop->steps.items[match->steps[i]] = 0;
	}
	for (int k = 0; k < combined->kernel->parameter_count; k++)
		combined->operands[k] = match->values[pattern->with.variables[k]];
	loop->steps.items[place] = combined;
	int kept = 0;
	for (int i = 0; i < loop->steps.count; i++)
		if (loop->steps.items[i])
			loop->steps.items[kept++] = loop->steps.items[i];
	loop->steps.count = kept;
}

/* Applies the rule where loop number l has its calls from position i on; false when it has not. */
static bool apply(Combine *m, const Pattern *pattern, int l, int i)
{
	Loop *loop = m->routine->loops.items[l];
	Match match = {.steps = {i}, .values = {{OPERAND_ABSENT, 0, 0}}, .bound = {true}};
	if (!bind_operands(&pattern->calls[0], loop->steps.items[i], &match) || !match_next(pattern, loop, 1, &match)
		|| !has_few(pattern, &match) || !rest_vanishes(m, pattern, loop, &match))
		return false;
	int place = meeting_place(pattern, loop, &match);
	if (place < 0)
		return false;
	if (pattern->rule->first)
		make_first(m, &pattern->first, &match, loop);
	replace(m, pattern, loop, &match, place);
	return true;
}

static void count_steps(Combine *m, const Steps *steps)
{
	for (int i = 0; i < steps->count; i++)
		for (int k = 0; k < steps->items[i]->kernel->parameter_count; k++)
			if (steps->items[i]->operands[k].kind == OPERAND_AT)
				m->uses[steps->items[i]->operands[k].tensor->id]++;
}

/* Numbers new temporaries behind the old ones. */
static void count_uses(Combine *m)
{
	m->uses = NEW_ARRAY(m->c->arena, int, number_tensors(m->c, m->routine));
	for (int l = 0; l < m->routine->loops.count; l++) {
		count_steps(m, &m->routine->loops.items[l]->firsts);
		count_steps(m, &m->routine->loops.items[l]->steps);
	}
}

static void combine_loops(Combine *m)
{
	for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
		if (rules[r].reassociates && m->c->keep_rounding)
			continue;
		count_uses(m);
		for (int l = 0; l < m->routine->loops.count; l++)
			for (int i = 0; i < m->routine->loops.items[l]->steps.count; i++)
				apply(m, &m->patterns[r], l, i);
	}
}

/* Temporaries that vanished with the calls between which they passed. */
static void drop_vanished(Combine *m)
{
	Tensors *temporaries = &m->routine->temporaries;
	int kept = 0;
	count_uses(m);
	for (int i = 0; i < temporaries->count; i++)
		if (m->uses[temporaries->items[i]->id])
			temporaries->items[kept++] = temporaries->items[i];
	temporaries->count = kept;
}

void combine(Compilation *c, Routine *routine)
{
	Combine m = {.c = c, .routine = routine};
	m.firsts = NEW_ARRAY(c->arena, First *, c->tensors.count + routine->temporaries.count);
	read_rules(&m);
	routine->steps.count = 0;
	combine_loops(&m);
	insert_firsts(&m);
	for (int l = 0; l < routine->loops.count; l++) {
		const Loop *loop = routine->loops.items[l];
		for (int i = 0; i < loop->steps.count; i++)
			APPEND(c->arena, &routine->steps, loop->steps.items[i]);
	}
	drop_vanished(&m);
	find_dependences(c, routine);
}
