/* Values and arguments: checks what a call has against what its layer takes. Knows the tables' specs, but no layer. */
#include "build.h"
#include <string.h>

const char *describe(Arena *arena, const Literal *value)
{
	switch (value->kind) {
	case LITERAL_NAME:
		return arena_print(arena, "`%s`", value->name);
	case LITERAL_SHAPE: {
		const char *text = "";
		for (int i = 0; i < value->rank; i++)
			text = arena_print(arena, "%s%s%lld", text, i ? "x" : "", (long long)value->dims[i]);
		return arena_print(arena, "the shape %s", text);
	}
	case LITERAL_LIST:
		return arena_print(arena, "a list of %d values", value->item_count);
	case LITERAL_NUMBER:
		break;
	}
	if (value->overflow)
		return value->integer ? "a number beyond 64 bits" : "a number beyond the largest double";
	if (value->integer)
		return arena_print(arena, "%s%llu", value->negative ? "-" : "", (unsigned long long)value->magnitude);
	return arena_print(arena, "%.9g", value->number);
}

const Binding *find_binding(const Scope *scope, const char *name)
{
	return scope->bindings ? map_get(scope->bindings->names, name) : 0;
}

const Binding *bind_name(Arena *arena, const Binding *bindings, const char *name, Literal value)
{
	Binding *binding = NEW(arena, Binding);
	*binding = (Binding){name, value, bindings, map_put(arena, bindings ? bindings->names : 0, name, binding)};
	return binding;
}

Literal resolve(const Builder *b, const Scope *scope, const Literal *literal)
{
	Literal value = *literal;
	const Binding *binding = literal->kind == LITERAL_NAME ? find_binding(scope, literal->name) : 0;
	if (binding)
		value = binding->value;
	else if (literal->kind == LITERAL_LIST) {
		Literal *items = NEW_ARRAY(b->arena, Literal, literal->item_count);
		for (int i = 0; i < literal->item_count; i++)
			items[i] = resolve(b, scope, &literal->items[i]);
		value.items = items;
	}
	value.span = literal->span;
	return value;
}

static bool is_size(const Literal *value, uint64_t most)
{
	return value->kind == LITERAL_NUMBER && value->integer && !value->negative && !value->overflow
		&& value->magnitude >= 1 && value->magnitude <= most;
}

bool in_range(const char *range, double number)
{
	if (!range)
		return true;
	if (strcmp(range, "> 0") == 0)
		return number > 0;
	if (strcmp(range, ">= 0") == 0)
		return number >= 0;
	if (strcmp(range, ">= 0 and < 1") == 0)
		return number >= 0 && number < 1;
	if (strcmp(range, ">= 0 and <= 1") == 0)
		return number >= 0 && number <= 1;
	if (strcmp(range, "> 0 and <= 1") == 0)
		return number > 0 && number <= 1;
	internal_error("`%s` is not a range", range);
}

bool is_flag(const Literal *value)
{
	return value->kind == LITERAL_NAME && (strcmp(value->name, "true") == 0 || strcmp(value->name, "false") == 0);
}

bool unknown_name(Builder *b, const Scope *scope, const char *wanted, const Literal *value)
{
	const char *names[MAX_NAMES];
	int count = 0;
	for (const Binding *binding = scope->bindings; binding && count < MAX_NAMES; binding = binding->next)
		names[count++] = binding->name;
	const char *near = nearest_name(value->name, names, count);
	if (is_flag(value))
		error_at(b->diagnostics, value->span, "%s, found `%s`", wanted, value->name);
	else if (near)
		error_at(b->diagnostics, value->span, "%s, found `%s`: did you mean `%s`?", wanted, value->name, near);
	else
		error_at(b->diagnostics, value->span, "%s, found `%s`, which no `let` defines", wanted, value->name);
	return false;
}

bool check_size(Builder *b, const Scope *scope, const char *what, const Literal *value, int most, double *out)
{
	if (is_size(value, (uint64_t)most)) {
		*out = (double)value->magnitude;
		return true;
	}
	const char *wanted = arena_print(b->arena, "%s must be a whole number from 1 to %d", what, most);
	if (value->kind == LITERAL_NAME)
		return unknown_name(b, scope, wanted, value);
	error_at(b->diagnostics, value->span, "%s, found %s", wanted, describe(b->arena, value));
	return false;
}

bool check_real(Builder *b, const Scope *scope, const char *what, const Literal *value, const char *range,
	double *out)
{
	const char *wanted = arena_print(b->arena, "%s must be a number%s%s", what, range ? " " : "", range ? range : "");
	if (value->kind == LITERAL_NAME)
		return unknown_name(b, scope, wanted, value);
	if (value->kind == LITERAL_LIST) {
		error_at(b->diagnostics, value->span, "%s, found %s", wanted, describe(b->arena, value));
		return false;
	}
	double magnitude = value->number < 0 ? -value->number : value->number;
	if (value->kind != LITERAL_NUMBER || value->overflow || magnitude > 3.4028234663852886e38) {
		error_at(b->diagnostics, value->span, "%s that a 32-bit float can hold, found %s", wanted,
			describe(b->arena, value));
		return false;
	}
	if (!in_range(range, value->number)) {
		error_at(b->diagnostics, value->span, "%s, found %s", wanted, describe(b->arena, value));
		return false;
	}
	*out = value->number;
	return true;
}

/* height and width: a shape of two sizes, one number for both, or the word of the spec */
static bool check_pair(Builder *b, const Scope *scope, const char *what, const ArgumentSpec *spec, const Literal *value,
	double *height, double *width)
{
	const bool zero = spec->range && in_range(spec->range, 0);
	const int64_t least = zero ? 0 : 1, most = MAX_WINDOW;
	int64_t pair[2] = {-1, -1};
	if (spec->word && value->kind == LITERAL_NAME && strcmp(value->name, spec->word) == 0) {
		*height = *width = -1;
		return true;
	}
	if (value->kind == LITERAL_NUMBER && value->integer && !value->negative && !value->overflow
		&& value->magnitude <= MAX_WINDOW)
		pair[0] = pair[1] = (int64_t)value->magnitude;
	else if (value->kind == LITERAL_SHAPE && value->rank == 2) {
		pair[0] = value->dims[0];
		pair[1] = value->dims[1];
	}
	if (pair[0] >= least && pair[1] >= least && pair[0] <= most && pair[1] <= most) {
		*height = (double)pair[0];
		*width = (double)pair[1];
		return true;
	}
	const char *wanted = arena_print(b->arena, "%s must be a whole number from %d to %d, or two, such as 3x1%s%s%s",
		what, (int)least, MAX_WINDOW, spec->word ? ", or `" : "", spec->word ? spec->word : "", spec->word ? "`" : "");
	if (value->kind == LITERAL_NAME)
		return unknown_name(b, scope, wanted, value);
	error_at(b->diagnostics, value->span, "%s, found %s", wanted, describe(b->arena, value));
	return false;
}

static bool check_flag(Builder *b, const char *what, const Literal *value, double *out)
{
	if (is_flag(value)) {
		*out = strcmp(value->name, "true") == 0;
		return true;
	}
	error_at(b->diagnostics, value->span, "%s must be true or false, found %s", what, describe(b->arena, value));
	return false;
}

/* ---- arguments */

/* A single number is a list, too. One with a mistake counts as not given, so that nothing is reported about its
 * length. */
static void check_list(Builder *b, const Scope *scope, const char *what, const Literal *value, const ArgumentSpec *spec,
	Node *node, int index)
{
	const Literal *items = value->kind == LITERAL_LIST ? value->items : value;
	const int count = value->kind == LITERAL_LIST ? value->item_count : 1;
	double *numbers = NEW_ARRAY(b->arena, double, count);
	bool good = true;
	what = arena_print(b->arena, "each of the %s", what);
	for (int i = 0; i < count; i++)
		good &= check_real(b, scope, what, &items[i], spec->range, &numbers[i]);
	node->lists[index] = numbers;
	node->arguments[index] = good ? count : 0;
}

/* Marks the node's shapes as unknown, so that nothing is reported about sizes that follow from a mistake. */
static void leave_unknown(Node *node)
{
	if (node->output)
		node->output->shape.rank = BROKEN_RANK;
}

static void set_argument(Builder *b, const Scope *scope, Node *node, int index, const Literal *value, Span where)
{
	const ArgumentSpec *spec = argument_spec(node->layer, index);
	if (node->given[index]) {
		error_at(b->diagnostics, where, "%s is given `%s` twice", node->layer->name, spec->name);
		note_at(b->diagnostics, node->argument_spans[index], "the first time is here");
		return;
	}
	node->given[index] = true;
	node->argument_spans[index] = value->span;
	const char *what = arena_print(b->arena, "%s of %s", spec->name, node->layer->name);
	double *out = &node->arguments[index];
	switch (spec->kind) {
	case ARGUMENT_SIZE:
		if (!check_size(b, scope, what, value, INT32_MAX, out))
			leave_unknown(node);
		break;
	case ARGUMENT_REAL:
		check_real(b, scope, what, value, spec->range, out);
		break;
	case ARGUMENT_FLAG:
		check_flag(b, what, value, out);
		break;
	case ARGUMENT_PAIR:
		if (!check_pair(b, scope, what, spec, value, out, &node->widths[index]))
			leave_unknown(node);
		node->as_word[index] = *out < 0;
		break;
	case ARGUMENT_LIST:
		check_list(b, scope, what, value, spec, node, index);
		break;
	}
}

void replace_argument(Builder *b, const Scope *scope, Node *node, int index, const Literal *value)
{
	const Span where = node->argument_spans[index];
	node->given[index] = false;
	set_argument(b, scope, node, index, value, value->span);
	node->argument_spans[index] = where;
}

static const char *expected_arguments(Builder *b, const Layer *layer)
{
	const ArgumentSpec *a;
	const char *text = argument_spec(layer, 0) ? "" : "no arguments";
	for (int i = 0; (a = argument_spec(layer, i)); i++) {
		const bool optional = (a->use & INFERRED) && (a->use & POSITIONAL);
		text = arena_print(b->arena, "%s%s%s%s%s", text, *text ? ", " : "",
			optional ? "[" : "", a->name, optional ? "]" : a->use & POSITIONAL ? "" : "=...");
	}
	return text;
}

/* ": did you mean `T_max=5`?" for what is no layer and whose arguments all need names. Otherwise nothing:
 * the number of `layernorm 8` is hardly the first of its arguments. */
static const char *as_named(Builder *b, const Layer *layer, const Literal *value)
{
	if (layer->kind == KIND_LAYER)
		return "";
	for (const ArgumentSpec *a = layer->arguments; a->name; a++)
		if (a->use & POSITIONAL)
			return "";
	const ArgumentSpec *first = argument_spec(layer, 0);
	const bool fits = first && value->kind == LITERAL_NUMBER && !value->overflow
		&& (first->kind == ARGUMENT_SIZE ? is_size(value, INT32_MAX)
			: first->kind == ARGUMENT_PAIR ? is_size(value, MAX_WINDOW)
			: first->kind == ARGUMENT_REAL && in_range(first->range, value->number));
	return fits ? arena_print(b->arena, ": did you mean `%s=%s`?", first->name, describe(b->arena, value)) : "";
}

static void set_named(Builder *b, const Scope *scope, Node *node, const Argument *argument, const Literal *value)
{
	int index = argument_index(node->layer, argument->key);
	if (index >= 0) {
		set_argument(b, scope, node, index, value, argument->key_span);
		return;
	}
	const char *names[MAX_ARGUMENTS];
	int count = 0;
	for (const ArgumentSpec *a; (a = argument_spec(node->layer, count)); count++)
		names[count] = a->name;
	const char *near = nearest_name(argument->key, names, count);
	if (near)
		error_at(b->diagnostics, argument->key_span, "%s has no argument `%s`: did you mean `%s`?",
			node->layer->name, argument->key, near);
	else
		error_at(b->diagnostics, argument->key_span, "%s has no argument `%s`: it takes %s",
			node->layer->name, argument->key, expected_arguments(b, node->layer));
}

/* Positional values belong to the positional arguments in their order; if there are too few values, inferred arguments
 * are skipped. */
void set_arguments(Builder *b, const Scope *scope, Node *node, const Argument *arguments)
{
	const ArgumentSpec *specs = node->layer->arguments, *spec;
	int values = 0, places = 0, inferred = 0;
	for (const Argument *a = arguments; a; a = a->next)
		values += !a->key;
	for (int i = 0; (spec = argument_spec(node->layer, i)); i++) {
		node->arguments[i] = node->widths[i] = spec->default_value;
		node->argument_spans[i] = node->span;
		places += (spec->use & POSITIONAL) != 0;
		inferred += (spec->use & (POSITIONAL | INFERRED)) == (POSITIONAL | INFERRED);
	}
	bool all_named = true;
	bool infer = values < places && inferred > 0 && values <= places - inferred && places > inferred;
	int index = 0;
	for (const Argument *a = arguments; a; a = a->next) {
		Literal value = resolve(b, scope, &a->value);
		if (a->key) {
			set_named(b, scope, node, a, &value);
			continue;
		}
		while (specs[index].name && (!(specs[index].use & POSITIONAL) || (infer && (specs[index].use & INFERRED))))
			index++;
		if (!specs[index].name) {
			error_at(b->diagnostics, a->value.span, "%s takes %s; %s is one value too many%s", node->layer->name,
				expected_arguments(b, node->layer), describe(b->arena, &value), as_named(b, node->layer, &value));
			all_named = false;
			break;
		}
		set_argument(b, scope, node, index++, &value, a->value.span);
	}
	for (int i = 0; specs[i].name; i++)
		if ((specs[i].use & REQUIRED) && !node->given[i] && (all_named || (specs[i].use & POSITIONAL))) {
			error_at(b->diagnostics, node->span, "%s needs `%s`: it takes %s", node->layer->name, specs[i].name,
				expected_arguments(b, node->layer));
			leave_unknown(node);
		}
}
