/* unknown.c: proposes a statement for one whose name is neither a layer nor a setting nor a block. bnc takes what is
 * proposed: a value that does not fit is replaced by the usual one. */
#include "build.h"
#include <stdlib.h>
#include <string.h>

/* ---- arguments of optimizers */

static bool fits_argument(const ArgumentSpec *argument, const char *value)
{
	char *end;
	double number = strtod(value, &end);
	if (argument->kind == ARGUMENT_FLAG)
		return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
	if (argument->kind == ARGUMENT_SIZE)
		return !value[strspn(value, "0123456789")] && number >= 1 && number <= INT32_MAX;
	bool is_number = *value && strchr("+-.0123456789", *value) && !*end && number >= -3.4e38 && number <= 3.4e38;
	return is_number && in_range(argument->range, number);
}

static const char *optimizer_with(Arena *arena, const Layer *optimizer, const ArgumentSpec *argument, const char *value)
{
	const char *default_text = argument->kind == ARGUMENT_FLAG ? "true"
		: in_range(argument->range, argument->default_value) ? arena_print(arena, "%.9g", argument->default_value)
			: "1";
	return arena_print(arena, "optimizer %s %s=%s%s", optimizer->name, argument->name,
		fits_argument(argument, value) ? value : default_text, argument->with ? argument->with : "");
}

static const char *as_argument_of(Arena *arena, const Layer *optimizer, const char *name, const char *value)
{
	const char *names[MAX_ARGUMENTS];
	int count = 0;
	for (const ArgumentSpec *a; (a = argument_spec(optimizer, count)); count++)
		names[count] = a->name;
	const char *near = nearest_name(name, names, count);
	return near ? optimizer_with(arena, optimizer, argument_spec(optimizer, argument_index(optimizer, near)), value)
		: 0;
}

/* "optimizer sgd lr=0.1", for `lr 0.1` or `learning_rate 0.1`. The default optimizer, if it has such an argument, or
 * else the first one in the table that has; null: none has. */
static const char *as_optimizer_argument(Arena *arena, const char *name, const char *value)
{
	const char *found = as_argument_of(arena, layer_default(KIND_OPTIMIZER, 0), name, value);
	for (int i = 0; !found && layers[i]; i++)
		if (layers[i]->kind == KIND_OPTIMIZER)
			found = as_argument_of(arena, layers[i], name, value);
	return found;
}

/* ---- what settings name, and layers */

/* "loss mse", for `mse` or `MSELoss`; null: it is near to none */
static const char *as_rule(Arena *arena, const char *name)
{
	static const struct { LayerKind kind; const char *setting; } rules[] = {
		{KIND_LOSS, "loss"}, {KIND_OPTIMIZER, "optimizer"}, {KIND_SCHEDULE, "schedule"},
		{KIND_AUGMENT, "augment"},
	};
	const char *text = 0;
	for (size_t i = 0; !text && i < sizeof rules / sizeof *rules; i++) {
		const char *rule = rule_text(arena, rules[i].kind, name);
		text = rule ? arena_print(arena, "%s %s", rules[i].setting, rule) : 0;
	}
	return text;
}

/* "linear 64", for `dense` or `Linear`. If the layer needs a size and value is none, it is 64. */
static const char *as_layer(Arena *arena, const char *name, const char *value)
{
	const char *names[MAX_NAMES];
	const char *near = nearest_name(name, names, layer_names(KIND_LAYER, names, MAX_NAMES));
	if (!near)
		return 0;
	if (layer_find(KIND_LAYER, near) == layer_sum())
		return arena_print(arena, "%s { relu }", near);
	const bool needs = layer_needs_value(layer_find(KIND_LAYER, near));
	bool size = *value && strspn(value, "0123456789") == strlen(value) && strlen(value) < 7 && atoi(value) > 0;
	return needs ? arena_print(arena, "%s %s", near, size ? value : "64") : near;
}

/* ---- name = value */

static const char *as_setting(Arena *arena, const char *name, const char *value)
{
	const char *names[MAX_SETTINGS];
	const char *near = nearest_name(name, names, setting_names(names));
	return near ? setting_with(arena, near, value) : 0;
}

static bool is_literal(const char *value)
{
	return (*value && strchr("+-.0123456789", *value)) || strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
}

const char *meant_assignment(Arena *arena, const char *name, const char *value)
{
	const char *meant = as_setting(arena, name, value);
	meant = meant ? meant : as_layer(arena, name, value);
	meant = meant ? meant : as_rule(arena, name);
	meant = meant ? meant : as_optimizer_argument(arena, name, value);
	if (meant)
		return meant;
	const char *layer = is_literal(value) ? 0 : as_layer(arena, value, "");
	if (layer)
		return arena_print(arena, "%s: %s", name, layer);
	return arena_print(arena, "let %s = %s", name, is_literal(value) ? value : "64");
}

/* ---- name value */

void unknown_statement(Builder *b, const Scope *scope, const Statement *statement)
{
	const char *names[3 * MAX_NAMES], *name = statement->name, *value = "";
	int count = layer_names(KIND_LAYER, names, MAX_NAMES);
	count += setting_names(names + count);
	for (const Block *block = b->blocks; block && count < 3 * MAX_NAMES; block = block->next)
		names[count++] = block->definition->name;
	const Argument *first = statement->arguments;
	if (first && !first->key) {
		const Literal literal = resolve(b, scope, &first->value);
		value = literal.kind == LITERAL_NAME ? literal.name : describe(b->arena, &literal);
	}
	const char *near = nearest_name(name, names, count);
	near = near ? near : as_rule(b->arena, name);
	near = near ? near : as_optimizer_argument(b->arena, name, value);
	if (near)
		error_at(b->diagnostics, statement->name_span, "unknown layer or setting `%s`: did you mean `%s`?", name, near);
	else
		error_at(b->diagnostics, statement->name_span, "unknown layer or setting `%s`: bnc --list-layers and "
			"--list-settings print all", name);
}
