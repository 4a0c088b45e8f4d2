/* define.c: values that the command line gives to what a network names. They are read and checked as the network's own
 * are, and a mistake in one is shown in the text of the command line. */
#include "build.h"
#include <string.h>

/* ---- reading */

static bool is_value(const Literal *literal)
{
	return literal->kind == LITERAL_NAME ? is_flag(literal) : !literal->overflow;
}

static bool takes_values(const char *option, const char *text, Failure *failure)
{
	return fail(failure, "%s takes NAME=VALUE: a name, and a number, true, false or a shape such as 3x32x32; found "
		"`%.100s`", option, text);
}

static const char *nothing_is_meant(Arena *arena, const char *name, const char *value)
{
	(void)value;
	return arena_copy(arena, name, strlen(name));
}

bool definitions_read(Arena *arena, const char *option, const char *word, const char *text, Definitions *out,
	Failure *failure)
{
	Source *source = NEW(arena, Source);
	*source = (Source){.path = option, .text = arena_print(arena, "%s %s", word, text)};
	source->length = strlen(source->text);
	Diagnostics *diagnostics = diagnostics_open(arena, source);
	const Statement *statement = parse(arena, diagnostics, source, nothing_is_meant);
	const bool call = statement && !statement->next && !statement->broken && statement->kind == STATEMENT_CALL
		&& !statement->label && error_count(diagnostics) == 0;
	const Argument *argument = call ? statement->arguments : 0;
	if (!argument || !argument->key || argument->next)
		return takes_values(option, text, failure);
	const Literal *values = argument->value.kind == LITERAL_LIST ? argument->value.items : &argument->value;
	const int count = argument->value.kind == LITERAL_LIST ? argument->value.item_count : 1;
	for (int i = 0; i < count; i++) {
		if (!is_value(&values[i]))
			return takes_values(option, text, failure);
		APPEND(arena, out, ((Definition){argument->key, argument->key_span, values[i], source}));
	}
	return true;
}

const char *definition_text(Arena *arena, const Definition *definition)
{
	const Span span = definition->value.span;
	return arena_copy(arena, definition->source->text + span.begin, span.end - span.begin);
}

/* ---- lets */

const Literal *defined_value(Builder *b, const Statement *let)
{
	const Literal *own = &let->arguments->value;
	APPEND(b->arena, &b->lets, let->name);
	for (int i = 0; i < b->overrides->definition_count; i++) {
		const Definition *definition = &b->overrides->definitions[i];
		if (strcmp(definition->name, let->name) != 0)
			continue;
		b->used[i] = true;
		Literal *value = NEW(b->arena, Literal);
		*value = definition->value;
		value->span = own->span;
		return value;
	}
	return own;
}

/* ---- everything else */

typedef struct Target { const char *name; Node *node; int index; int most, *setting; double *scale; } Target;

enum { MAX_TARGETS = 2 * MAX_ARGUMENTS + 3 };

static int list_arguments(Node *node, Target *out)
{
	int count = 0;
	for (const ArgumentSpec *spec; (spec = argument_spec(node->layer, count)); count++)
		out[count] = (Target){.name = spec->name, .node = node, .index = count};
	return count;
}

/* What can be given a value besides `let`s. */
static int list_targets(Network *network, Target out[MAX_TARGETS])
{
	int count = list_arguments(network->optimizer, out);
	count += list_arguments(network->schedule, out + count);
	out[count++] = (Target){.name = "batch", .most = MAX_BATCH, .setting = &network->batch};
	out[count++] = (Target){.name = "epochs", .most = INT32_MAX, .setting = &network->epochs};
	out[count++] = (Target){.name = "init", .scale = &network->init};
	return count;
}

static void report_unknown(Builder *b, const Definition *definition, const Target *targets, int target_count)
{
	const char *name = definition->name, *network = b->network->name;
	const char **names = NEW_ARRAY(b->arena, const char *, target_count + b->lets.count);
	int count = 0;
	for (int i = 0; i < b->lets.count; i++)
		names[count++] = b->lets.items[i];
	for (int i = 0; i < target_count; i++)
		names[count++] = targets[i].name;
	const char *near = nearest_name(name, names, count);
	if (near)
		error_at(b->diagnostics, definition->name_span, "%s has no `%s`: did you mean `%s`?", network, name, near);
	else
		error_at(b->diagnostics, definition->name_span, "%s has no `%s`: a value can be given to a `let`, to an "
			"argument of `optimizer %s` or `schedule %s`, to batch, epochs and init", network, name,
			b->network->optimizer->layer->name, b->network->schedule->layer->name);
}

static void set_target(Builder *b, const Scope *scope, const Target *target, const Literal *value)
{
	double number;
	if (target->node)
		replace_argument(b, scope, target->node, target->index, value);
	else if (target->scale)
		check_real(b, scope, target->name, value, ">= 0", target->scale);
	else if (check_size(b, scope, target->name, value, target->most, &number))
		*target->setting = (int)number;
}

/* As --lr does, lr also sets the rate that a schedule has in its place. */
static bool is_meant(const Target *target, const char *name)
{
	return strcmp(target->name, name) == 0 || (strcmp(name, "lr") == 0 && strcmp(target->name, "max_lr") == 0);
}

static void apply(Builder *b, const Scope *scope, const Definition *definition)
{
	Target targets[MAX_TARGETS];
	const int count = list_targets(b->network, targets);
	bool found = false;
	for (int i = 0; i < count; i++)
		if (is_meant(&targets[i], definition->name)) {
			set_target(b, scope, &targets[i], &definition->value);
			found = true;
		}
	if (!found)
		report_unknown(b, definition, targets, count);
}

void apply_definitions(Builder *b, const Scope *scope)
{
	for (int i = 0; i < b->overrides->definition_count && !b->network->refused; i++) {
		const Definition *definition = &b->overrides->definitions[i];
		Builder shown = *b;
		if (b->used[i])
			continue;
		shown.diagnostics = diagnostics_open(b->arena, definition->source);
		apply(&shown, scope, definition);
		if (error_count(shown.diagnostics))
			b->network->refused = shown.diagnostics;
	}
}
