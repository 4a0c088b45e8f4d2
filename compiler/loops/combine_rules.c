/* The rules of combine.c, and how they are read. */
#include "base/code.h"
#include "combine.h"
#include <string.h>

const Rule combine_rules[] = {
	/* backward comes first: if it recomputes a tensor, forward's rules may then make that tensor vanish */
	{
		"{activation}_bwd(rows, {numbers} dz, dy, y); batchnorm_bwd(rows, dx, dgamma, dbeta, dz, xhat, rstd, gamma)",
		"batchnorm_{activation}_bwd(rows, {numbers} dx, dgamma, dbeta, dy, y, xhat, rstd, gamma)", .from = FROM_Y,
	},
	{
		"scale_shift(rows, z, xhat, gamma, beta); {activation}_bwd(rows, {numbers} dz, dy, z);"
		"batchnorm_bwd(rows, dx, dgamma, dbeta, dz, xhat, rstd, gamma)",
		"batchnorm_{activation}_bwd(rows, {numbers} dx, dgamma, dbeta, dy, beta, xhat, rstd, gamma)", .from = FROM_X,
	},
	{
		"{activation}_bwd(rows, {numbers} dz, dy, z); batchnorm_bwd(rows, dx, dgamma, dbeta, dz, xhat, rstd, gamma)",
		"batchnorm_{activation}_bwd(rows, {numbers} dx, dgamma, dbeta, dy, beta, xhat, rstd, gamma)",
		.recomputed = "scale_shift(rows, z, xhat, gamma, beta)", .from = FROM_X,
	},
	{
		"batchnorm(rows, eps, kept, momentum, xhat, rstd, mean, var, x); scale_shift(rows, z, xhat, gamma, beta);"
		"{activation}(rows, {numbers} y, z)",
		"batchnorm_{activation}(rows, {numbers} eps, kept, momentum, y, xhat, rstd, mean, var, x, gamma, beta)",
	},
	{
		"linear_dw(rows, outputs, inputs, dw, x, dy); {optimizer}(size, numbers, w, w1, w2, w3, dw)",
		"linear_dw_update(rows, outputs, inputs, {optimizer}, numbers, w, w1, w2, w3, 0, 0, 0, 0, x, dy)",
	},
	{
		"linear_dw_update(rows, outputs, inputs, optimizer, numbers, w, w1, w2, w3, 0, 0, 0, 0, x, dy);"
		"column_sum(rows, db, dy); {optimizer}(size, numbers, b, b1, b2, b3, db)",
		"linear_dw_update(rows, outputs, inputs, optimizer, numbers, w, w1, w2, w3, b, b1, b2, b3, x, dy)",
	},
	/* few inputs: with an activation if there is a kernel for it, else without */
	{
		"linear(rows, outputs, inputs, z, x, w, b);"
		"batchnorm_{activation}(rows, {numbers} eps, kept, momentum, y, xhat, rstd, mean, var, z, gamma, beta)",
		"linear_batchnorm_{activation}(rows, outputs, inputs, {numbers} eps, kept, momentum, y, xhat, rstd, mean, var, "
		"centred, moments, w, b, gamma, beta)",
		.hoisted = "centre(rows, inputs, centred, moments, x)", .few = "inputs", .most = FEW, .reassociates = true,
	},
	{
		"linear(rows, outputs, inputs, z, x, w, b); batchnorm(rows, eps, kept, momentum, xhat, rstd, mean, var, z);"
		"scale_shift(rows, y, xhat, gamma, beta)",
		"linear_batchnorm(rows, outputs, inputs, eps, kept, momentum, y, xhat, rstd, mean, var, centred, moments, "
		"w, b, gamma, beta)",
		.hoisted = "centre(rows, inputs, centred, moments, x)", .few = "inputs", .most = FEW, .reassociates = true,
	},
	{
		"batchnorm_{activation}_bwd(rows, {numbers} dz, dgamma, dbeta, dy, {y, or beta} xhat, rstd, gamma);"
		"{optimizer}(gamma_size, numbers, gamma, {state gamma} dgamma);"
		"{optimizer}(beta_size, numbers, beta, {state beta} dbeta);"
		"linear_dw_update(rows, outputs, inputs, {optimizer}, numbers, w, {state w} 0, 0, 0, 0, x, dz)",
		"linear_batchnorm_{activation}_bwd_{optimizer}(rows, outputs, inputs, {numbers} numbers, w, {kept w} gamma, "
		"{kept gamma} beta, {kept beta} dy, {y} rstd, centred, moments)",
		.hoisted = "centre(rows, inputs, centred, moments, x)", .few = "inputs", .most = FEW, .reassociates = true,
	},
	{
		"batchnorm_{activation}_bwd(rows, {numbers} dz, 0, 0, dy, {y, or 0} xhat, rstd, 0);"
		"linear_dw_update(rows, outputs, inputs, {optimizer}, numbers, w, {state w} 0, 0, 0, 0, x, dz)",
		"linear_batchnorm_{activation}_bwd_{optimizer}(rows, outputs, inputs, {numbers} numbers, w, {kept w} 0, "
		"{kept 0} 0, {kept 0} dy, {y} rstd, centred, moments)",
		.hoisted = "centre(rows, inputs, centred, moments, x)", .few = "inputs", .most = FEW, .reassociates = true,
	},
	{
		"batchnorm_{activation}_bwd(rows, {numbers} dz, dgamma, dbeta, dy, {y, or beta} xhat, rstd, gamma);"
		"linear_dw_update(rows, outputs, inputs, optimizer, numbers, w, w1, w2, w3, 0, 0, 0, 0, x, dz)",
		"linear_batchnorm_{activation}_bwd_update(rows, outputs, inputs, {numbers} optimizer, numbers, w, w1, w2, w3, "
		"dgamma, dbeta, dy, {y, or beta} rstd, centred, moments, gamma)",
		.hoisted = "centre(rows, inputs, centred, moments, x)", .few = "inputs", .most = FEW, .reassociates = true,
	},
	{
		"batchnorm_bwd(rows, dz, dgamma, dbeta, dy, xhat, rstd, gamma);"
		"linear_dw_update(rows, outputs, inputs, optimizer, numbers, w, w1, w2, w3, 0, 0, 0, 0, x, dz)",
		"linear_batchnorm_bwd_update(rows, outputs, inputs, optimizer, numbers, w, w1, w2, w3, dgamma, dbeta, dy, "
		"rstd, centred, moments, gamma)",
		.hoisted = "centre(rows, inputs, centred, moments, x)", .few = "inputs", .most = FEW, .reassociates = true,
	},
	{
		"linear_dx(rows, above, outputs, panel, dy, above_dy, above_w);"
		"linear_batchnorm_{activation}_bwd_{optimizer}(rows, outputs, inputs, {numbers} numbers, w, {kept w} gamma, "
		"{kept gamma} beta, {kept beta} dy, {y} rstd, centred, moments)",
		"linear_batchnorm_{activation}_linear_bwd_{optimizer}(rows, outputs, inputs, panel, above, {numbers} numbers, "
		"w, {kept w} gamma, {kept gamma} beta, {kept beta} {y} rstd, centred, moments, above_dy, above_w)",
		.few = "above", .most = FEW_ABOVE, .reassociates = true,
	},
	/* xhat, if nothing reads it */
	{
		"linear_batchnorm_{activation}(rows, outputs, inputs, {numbers} eps, kept, momentum, y, xhat, rstd, mean, var, "
		"centred, moments, w, b, gamma, beta)",
		"linear_batchnorm_{activation}(rows, outputs, inputs, {numbers} eps, kept, momentum, y, 0, rstd, mean, var, "
		"centred, moments, w, b, gamma, beta)",
		.reassociates = true,
	},
	{
		"linear_batchnorm(rows, outputs, inputs, eps, kept, momentum, y, xhat, rstd, mean, var, centred, moments, "
		"w, b, gamma, beta)",
		"linear_batchnorm(rows, outputs, inputs, eps, kept, momentum, y, 0, rstd, mean, var, centred, moments, "
		"w, b, gamma, beta)",
		.reassociates = true,
	},
};

const int combine_rule_count = sizeof combine_rules / sizeof *combine_rules;

/* ---- reading */

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

static void read_pattern(Arena *arena, const Kernels *kernels, Pattern *pattern, const char **text, Call *call)
{
	const char *names[MAX_OPERANDS];
	call->kernel = read_call(arena, kernels, text, names);
	for (int k = 0; k < call->kernel->parameter_count; k++) {
		call->variables[k] = variable_named(pattern, names[k]);
		if (call->kernel->parameters[k].type->class == OPERAND_FUNCTION && pattern->optimizer
			&& strcmp(names[k], pattern->optimizer->name) == 0)
			pattern->optimizer_variable = call->variables[k];
		else if (call == &pattern->with && call->variables[k] >= pattern->given)
			internal_error("the rule for %s uses `%s`, which nothing gives", call->kernel->name, names[k]);
	}
}

enum { MAX_STATES = 3 };

/* `count` states of w, each followed by a comma: names for those that the optimizer has, 0 for the others. */
static void put_states(Code *code, const Kernel *optimizer, const char *w, int count)
{
	for (int i = 0; i < count; i++)
		if (i < optimizer->states && strcmp(w, "0") != 0)
			code_put(code, "%s_state_%d, ", w, i);
		else
			code_put(code, "0, ");
}

/* The activation's parameters, each followed by a comma. */
static void put_numbers(Code *code, const Kernel *activation)
{
	for (int k = 1; strcmp(activation->parameters[k].name, "y") != 0; k++)
		code_put(code, "own_%s, ", activation->parameters[k].name);
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* Writes what {text} stands for. */
static void put_filled(Arena *arena, Code *code, const char *text, size_t length, const Fill *fill)
{
	const Kernel *activation = fill->activation, *optimizer = fill->optimizer;
	if (is_word(text, length, "activation"))
		code_put(code, "%s", activation->name);
	else if (is_word(text, length, "optimizer"))
		code_put(code, "%s", optimizer->name);
	else if (is_word(text, length, "numbers"))
		put_numbers(code, activation);
	else if (length > 6 && memcmp(text, "state ", 6) == 0)
		put_states(code, optimizer, arena_copy(arena, text + 6, length - 6), MAX_STATES);
	else if (length > 5 && memcmp(text, "kept ", 5) == 0)
		put_states(code, optimizer, arena_copy(arena, text + 5, length - 5), optimizer->states);
	else if (is_word(text, length, "y"))
		code_put(code, "%s", fill->from == FROM_Y ? "y, " : "");
	else if (length > 6 && memcmp(text, "y, or ", 6) == 0)
		code_put(code, "%.*s, ", fill->from == FROM_Y ? 1 : (int)length - 6, fill->from == FROM_Y ? text : text + 6);
	else
		internal_error("a rule has {%.*s}", (int)length, text);
}

static const char *filled(Arena *arena, const char *text, const Fill *fill)
{
	Code code = {.arena = arena};
	while (*text) {
		size_t plain = strcspn(text, "{"), length = strcspn(text + plain, "}");
		code_add(&code, text, plain);
		text += plain;
		if (*text) {
			put_filled(arena, &code, text + 1, length - 1, fill);
			text += length + 1;
		}
	}
	return code_text(&code);
}

const Pattern *read_rule(Arena *arena, const Kernels *kernels, const Rule *rule, const Fill *fill)
{
	const char *with = filled(arena, rule->with, fill);
	if (!kernel_find(kernels, with, strcspn(with, "(")))
		return 0;
	Pattern *pattern = NEW(arena, Pattern);
	pattern->rule = rule;
	pattern->optimizer = fill->optimizer;
	pattern->names[pattern->variable_count++] = "0";
	const char *calls = filled(arena, rule->calls, fill), *hoisted = rule->hoisted, *recomputed = rule->recomputed;
	do
		read_pattern(arena, kernels, pattern, &calls, &pattern->calls[pattern->call_count++]);
	while (read_mark(&calls, ';') && pattern->call_count < MAX_CALLS);
	if (hoisted)
		read_pattern(arena, kernels, pattern, &hoisted, &pattern->hoisted);
	if (recomputed)
		read_pattern(arena, kernels, pattern, &recomputed, &pattern->recomputed);
	pattern->given = pattern->variable_count;
	read_pattern(arena, kernels, pattern, &with, &pattern->with);
	return pattern;
}
