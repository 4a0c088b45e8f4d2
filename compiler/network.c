/* Tree -> network. Requires a parsed tree; provides the nodes in order of evaluation, every name looked up and every
 * argument checked by itself. What depends on a source's shape is left to shape.c. */
#include "bnc.h"
#include <ctype.h>
#include <string.h>

/* A name that `let` or a block's parameter gave a value. */
typedef struct Binding { const char *name; Literal value; const struct Binding *next; } Binding;

typedef struct Block { const Statement *definition; bool open; struct Block *next; } Block;

/* Where layers are being added: names of their tensors, and what the next one reads. */
typedef struct Scope {
	const char *prefix;             /* "3." or "" */
	int count;                      /* layers so far */
	Value *value;                   /* the last layer's result */
	const Binding *bindings;
	bool top;                       /* settings are allowed here */
	bool repeated;                  /* labels are not */
} Scope;

typedef struct Builder {
	Arena *arena;
	Diagnostics *diagnostics;
	Network *network;
	Block *blocks;
	struct { const char **items; int count, capacity; } labels;
	Span settings[8];               /* of the setting's first use; begin == end: none */
	int expanded;                   /* statements so far: bounds what repeat can do */
	bool full;
} Builder;

enum { MAX_EXPANDED = 1000000, MAX_NAMES = 64 };

static void build_statements(Builder *b, Scope *scope, const Statement *statement);

/* ---- values */

static const char *describe(Builder *b, const Literal *value)
{
	switch (value->kind) {
	case LITERAL_NAME:
		return arena_print(b->arena, "`%s`", value->name);
	case LITERAL_SHAPE: {
		const char *text = "";
		for (int i = 0; i < value->rank; i++)
			text = arena_print(b->arena, "%s%s%lld", text, i ? "x" : "", (long long)value->dims[i]);
		return arena_print(b->arena, "the shape %s", text);
	}
	case LITERAL_NUMBER:
		break;
	}
	if (value->overflow)
		return value->integer ? "a number beyond 64 bits" : "a number beyond the largest double";
	if (value->integer)
		return arena_print(b->arena, "%s%llu", value->negative ? "-" : "", (unsigned long long)value->magnitude);
	return arena_print(b->arena, "%.9g", value->number);
}

/* The literal that a name stands for; other literals as they are. */
static Literal resolve(const Scope *scope, const Literal *literal)
{
	if (literal->kind != LITERAL_NAME)
		return *literal;
	for (const Binding *binding = scope->bindings; binding; binding = binding->next)
		if (strcmp(binding->name, literal->name) == 0) {
			Literal value = binding->value;
			value.span = literal->span;
			return value;
		}
	return *literal;
}

static bool is_size(const Literal *value, uint64_t most)
{
	return value->kind == LITERAL_NUMBER && value->integer && !value->negative && !value->overflow
		&& value->magnitude >= 1 && value->magnitude <= most;
}

static bool in_range(const char *range, double number)
{
	if (!range)
		return true;
	if (strcmp(range, "> 0") == 0)
		return number > 0;
	if (strcmp(range, ">= 0") == 0)
		return number >= 0;
	internal_error("`%s` is not a range", range);
}

static bool unknown_name(Builder *b, const char *what, const Literal *value)
{
	error_at(b->diagnostics, value->span, "%s, found `%s`, which no `let` defines", what, value->name);
	return false;
}

static bool check_size(Builder *b, const char *what, const Literal *value, int most, double *out)
{
	if (is_size(value, (uint64_t)most)) {
		*out = (double)value->magnitude;
		return true;
	}
	const char *wanted = arena_print(b->arena, "%s must be a whole number from 1 to %d", what, most);
	if (value->kind == LITERAL_NAME)
		return unknown_name(b, wanted, value);
	error_at(b->diagnostics, value->span, "%s, found %s", wanted, describe(b, value));
	return false;
}

static bool check_real(Builder *b, const char *what, const Literal *value, const char *range, double *out)
{
	const char *wanted = arena_print(b->arena, "%s must be a number%s%s", what, range ? " " : "", range ? range : "");
	if (value->kind == LITERAL_NAME)
		return unknown_name(b, wanted, value);
	double magnitude = value->number < 0 ? -value->number : value->number;
	if (value->kind != LITERAL_NUMBER || value->overflow || magnitude > 3.4028234663852886e38) {
		error_at(b->diagnostics, value->span, "%s that a 32-bit float can hold, found %s", wanted, describe(b, value));
		return false;
	}
	if (!in_range(range, value->number)) {
		error_at(b->diagnostics, value->span, "%s, found %s", wanted, describe(b, value));
		return false;
	}
	*out = value->number;
	return true;
}

static bool check_flag(Builder *b, const char *what, const Literal *value, double *out)
{
	if (value->kind == LITERAL_NAME && strcmp(value->name, "true") == 0)
		*out = 1;
	else if (value->kind == LITERAL_NAME && strcmp(value->name, "false") == 0)
		*out = 0;
	else {
		error_at(b->diagnostics, value->span, "%s must be true or false, found %s", what, describe(b, value));
		return false;
	}
	return true;
}

/* ---- arguments */

static void set_argument(Builder *b, Node *node, int index, const Literal *value, Span where)
{
	const ArgumentSpec *spec = &node->layer->arguments[index];
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
		if (!check_size(b, what, value, INT32_MAX, out))
			*out = 1;
		break;
	case ARGUMENT_REAL:
		check_real(b, what, value, spec->range, out);
		break;
	case ARGUMENT_FLAG:
		check_flag(b, what, value, out);
		break;
	}
}

static const char *expected_arguments(Builder *b, const Layer *layer)
{
	const char *text = layer->arguments[0].name ? "" : "no arguments";
	for (const ArgumentSpec *a = layer->arguments; a->name; a++)
		text = arena_print(b->arena, "%s%s%s%s%s", text, *text ? ", " : "",
			a->use & INFERRED ? "[" : "", a->name, a->use & INFERRED ? "]" : a->use & POSITIONAL ? "" : "=...");
	return text;
}

static void set_named(Builder *b, Node *node, const Argument *argument, const Literal *value)
{
	int index = argument_index(node->layer, argument->key);
	if (index >= 0) {
		set_argument(b, node, index, value, argument->key_span);
		return;
	}
	const char *names[MAX_ARGUMENTS];
	int count = 0;
	for (const ArgumentSpec *a = node->layer->arguments; a->name; a++)
		names[count++] = a->name;
	const char *near = nearest_name(argument->key, names, count);
	if (near)
		error_at(b->diagnostics, argument->key_span, "%s has no argument `%s`: did you mean `%s`?",
			node->layer->name, argument->key, near);
	else
		error_at(b->diagnostics, argument->key_span, "%s has no argument `%s`: it takes %s",
			node->layer->name, argument->key, expected_arguments(b, node->layer));
}

/* Positional values fill the positional arguments in order; with too few of them, inferred ones are passed over. */
static void set_arguments(Builder *b, const Scope *scope, Node *node, const Argument *arguments)
{
	const ArgumentSpec *specs = node->layer->arguments;
	int values = 0, places = 0, inferred = 0;
	for (const Argument *a = arguments; a; a = a->next)
		values += !a->key;
	for (int i = 0; specs[i].name; i++) {
		node->arguments[i] = specs[i].standard;
		node->argument_spans[i] = node->span;
		places += (specs[i].use & POSITIONAL) != 0;
		inferred += (specs[i].use & (POSITIONAL | INFERRED)) == (POSITIONAL | INFERRED);
	}
	bool infer = values < places && inferred > 0 && values <= places - inferred && places > inferred;
	int index = 0;
	for (const Argument *a = arguments; a; a = a->next) {
		Literal value = resolve(scope, &a->value);
		if (a->key) {
			set_named(b, node, a, &value);
			continue;
		}
		while (specs[index].name && (!(specs[index].use & POSITIONAL) || (infer && (specs[index].use & INFERRED))))
			index++;
		if (!specs[index].name) {
			error_at(b->diagnostics, a->value.span, "%s takes %s; %s is one value too many", node->layer->name,
				expected_arguments(b, node->layer), describe(b, &value));
			break;
		}
		set_argument(b, node, index++, &value, a->value.span);
	}
	for (int i = 0; specs[i].name; i++)
		if ((specs[i].use & REQUIRED) && !node->given[i]) {
			error_at(b->diagnostics, node->span, "%s needs `%s`: it takes %s", node->layer->name, specs[i].name,
				expected_arguments(b, node->layer));
			node->arguments[i] = 1;
		}
}

/* ---- layers */

static Node *add_node(Builder *b, const Layer *layer, const char *path, Span span)
{
	Node *node = NEW(b->arena, Node);
	node->layer = layer;
	node->path = path;
	node->span = span;
	if (layer->kind != KIND_LAYER)
		return node;
	if (b->network->nodes.count == MAX_NODES) {
		if (!b->full)
			error_at(b->diagnostics, span, "the network has more than %d layers: this is the limit", MAX_NODES);
		b->full = true;
		return node;
	}
	node->index = b->network->nodes.count;
	node->output = NEW(b->arena, Value);
	node->output->producer = node;
	node->output->span = span;
	APPEND(b->arena, &b->network->nodes, node);
	return node;
}

/* The next layer's place in the scope: its label, or else its number. */
static const char *next_path(Builder *b, Scope *scope, const Statement *statement)
{
	int number = scope->count++;
	if (!statement->label)
		return arena_print(b->arena, "%s%d", scope->prefix, number);
	const char *path = arena_print(b->arena, "%s%s", scope->prefix, statement->label);
	if (scope->repeated)
		error_at(b->diagnostics, statement->label_span, "a label inside repeat or a block would name several layers: remove `%s:`",
			statement->label);
	for (int i = 0; i < b->labels.count; i++)
		if (strcmp(b->labels.items[i], path) == 0)
			error_at(b->diagnostics, statement->label_span, "the label `%s` is used twice", statement->label);
	APPEND(b->arena, &b->labels, path);
	return path;
}

static void build_layer(Builder *b, Scope *scope, const Statement *statement, const Layer *layer)
{
	Node *node = add_node(b, layer, next_path(b, scope, statement), statement->span);
	set_arguments(b, scope, node, statement->arguments);
	if (b->full)
		return;
	node->inputs[node->input_count++] = scope->value;
	scope->value = node->output;
}

/* ---- settings */

static bool expect_one(Builder *b, const Statement *statement, const char *what)
{
	if (statement->arguments && !statement->arguments->key && !statement->arguments->next)
		return true;
	error_at(b->diagnostics, statement->span, "`%s` takes %s", statement->name, what);
	return false;
}

static void set_count(Builder *b, const Scope *scope, const Statement *statement, int most, int *out)
{
	if (!expect_one(b, statement, "one whole number"))
		return;
	Literal value = resolve(scope, &statement->arguments->value);
	double number;
	if (check_size(b, statement->name, &value, most, &number))
		*out = (int)number;
}

static void set_batch(Builder *b, const Scope *scope, const Statement *statement)
{
	set_count(b, scope, statement, MAX_BATCH, &b->network->batch);
}

static void set_epochs(Builder *b, const Scope *scope, const Statement *statement)
{
	set_count(b, scope, statement, INT32_MAX, &b->network->epochs);
}

static void set_seed(Builder *b, const Scope *scope, const Statement *statement)
{
	if (!expect_one(b, statement, "one whole number"))
		return;
	Literal value = resolve(scope, &statement->arguments->value);
	if (value.kind != LITERAL_NUMBER || !value.integer || value.negative || value.overflow) {
		error_at(b->diagnostics, value.span, "seed must be a whole number from 0 to 18446744073709551615, found %s", describe(b, &value));
		return;
	}
	b->network->seed = value.magnitude;
	b->network->seed_given = true;
}

static void set_name(Builder *b, const Scope *scope, const Statement *statement)
{
	(void)scope;
	if (!expect_one(b, statement, "one name"))
		return;
	const Literal *value = &statement->arguments->value;
	if (value->kind != LITERAL_NAME)
		error_at(b->diagnostics, value->span, "name must be a name (letters, digits and _), found %s", describe(b, value));
	else if (strlen(value->name) > MAX_NAMES)
		error_at(b->diagnostics, value->span, "name must be at most %d characters long, found %zu", MAX_NAMES, strlen(value->name));
	else
		b->network->name = value->name;
}

static void set_input(Builder *b, const Scope *scope, const Statement *statement)
{
	if (!expect_one(b, statement, "the shape of one sample: 2, or 1x28x28"))
		return;
	Literal value = resolve(scope, &statement->arguments->value);
	Shape shape = {.rank = 1};
	double number;
	if (value.kind != LITERAL_SHAPE) {
		if (!check_size(b, "input", &value, INT32_MAX, &number))
			return;
		shape.dims[0] = (int)number;
	} else {
		shape.rank = value.rank;
		int64_t size = 1;
		for (int i = 0; i < value.rank; i++) {
			if (value.dims[i] < 1 || value.dims[i] > INT32_MAX / size) {
				error_at(b->diagnostics, value.span, "input must have from 1 to %d floats, found %s", INT32_MAX, describe(b, &value));
				return;
			}
			size *= value.dims[i];
			shape.dims[i] = (int)value.dims[i];
		}
	}
	if (b->network->nodes.count)
		error_at(b->diagnostics, statement->span, "input must come before the first layer");
	b->network->input->shape = shape;
	b->network->input->span = value.span;
}

/* `loss NAME arguments`, `optimizer NAME arguments` */
static Node *set_rule(Builder *b, const Scope *scope, const Statement *statement, LayerKind kind)
{
	const char *names[MAX_NAMES];
	int count = layer_names(kind, names, MAX_NAMES);
	const Argument *first = statement->arguments;
	if (!first || first->key || first->value.kind != LITERAL_NAME) {
		const char *known = "";
		for (int i = 0; i < count; i++)
			known = arena_print(b->arena, "%s%s%s", known, i ? ", " : "", names[i]);
		error_at(b->diagnostics, first ? first->value.span : statement->span, "`%s` takes the name of one: %s", statement->name, known);
		return 0;
	}
	const Layer *layer = layer_find(kind, first->value.name);
	if (!layer) {
		const char *near = nearest_name(first->value.name, names, count);
		error_at(b->diagnostics, first->value.span, "unknown %s `%s`%s%s%s", statement->name, first->value.name,
			near ? ": did you mean `" : ": bnc --list-layers prints all", near ? near : "", near ? "`?" : "");
		return 0;
	}
	Node *node = add_node(b, layer, statement->name, statement->span);
	set_arguments(b, scope, node, first->next);
	return node;
}

static void set_loss(Builder *b, const Scope *scope, const Statement *statement)
{
	Node *node = set_rule(b, scope, statement, KIND_LOSS);
	if (node)
		b->network->loss = node;
}

static void set_optimizer(Builder *b, const Scope *scope, const Statement *statement)
{
	Node *node = set_rule(b, scope, statement, KIND_OPTIMIZER);
	if (node)
		b->network->optimizer = node;
}

static const struct Setting { const char *name; void (*set)(Builder *, const Scope *, const Statement *); } settings[] = {
	{"name", set_name}, {"input", set_input}, {"loss", set_loss}, {"optimizer", set_optimizer},
	{"batch", set_batch}, {"epochs", set_epochs}, {"seed", set_seed},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void build_setting(Builder *b, const Scope *scope, const Statement *statement, int index)
{
	if (!scope->top) {
		error_at(b->diagnostics, statement->span, "the setting `%s` belongs outside of braces", statement->name);
		return;
	}
	Span *first = &b->settings[index];
	if (first->begin != first->end) {
		error_at(b->diagnostics, statement->span, "`%s` is set twice", statement->name);
		note_at(b->diagnostics, *first, "the first time is here");
		return;
	}
	*first = statement->span;
	settings[index].set(b, scope, statement);
}

/* ---- statements */

/* After a mistake the size of what follows is unknown, and not worth a message of its own. */
static void build_unknown(Builder *b, Scope *scope, const Statement *statement)
{
	scope->count++;
	scope->value = NEW(b->arena, Value);
	scope->value->shape.rank = -1;
	scope->value->span = statement->span;
}

static bool is_setting(const Statement *statement)
{
	for (int i = 0; statement->name && i < SETTINGS; i++)
		if (strcmp(settings[i].name, statement->name) == 0)
			return true;
	return false;
}

static void unknown_call(Builder *b, const Statement *statement)
{
	const char *names[2 * MAX_NAMES];
	int count = layer_names(KIND_LAYER, names, MAX_NAMES);
	for (int i = 0; i < SETTINGS; i++)
		names[count++] = settings[i].name;
	for (const Block *block = b->blocks; block && count < 2 * MAX_NAMES; block = block->next)
		names[count++] = block->definition->name;
	const char *near = nearest_name(statement->name, names, count);
	if (near)
		error_at(b->diagnostics, statement->name_span, "unknown layer or setting `%s`: did you mean `%s`?", statement->name, near);
	else
		error_at(b->diagnostics, statement->name_span, "unknown layer or setting `%s`: bnc --list-layers prints all layers", statement->name);
}

static void build_block(Builder *b, Scope *scope, const Statement *statement, Block *block)
{
	const Statement *definition = block->definition;
	if (statement->label)
		error_at(b->diagnostics, statement->label_span, "a label names one layer; `%s` is a block of several", statement->name);
	if (block->open) {
		error_at(b->diagnostics, statement->name_span, "block `%s` uses itself", statement->name);
		return;
	}
	Scope inside = *scope;
	const Argument *value = statement->arguments;
	int expected = 0, found = 0;
	for (const Argument *v = value; v; v = v->next)
		found++;
	for (const Argument *p = definition->arguments; p; p = p->next, expected++) {
		if (!value)
			continue;
		Binding *binding = NEW(b->arena, Binding);
		*binding = (Binding){p->value.name, resolve(scope, &value->value), inside.bindings};
		inside.bindings = binding;
		value = value->next;
	}
	if (expected != found) {
		error_at(b->diagnostics, statement->span, "block `%s` takes %d value%s, found %d", statement->name, expected,
			expected == 1 ? "" : "s", found);
		note_at(b->diagnostics, definition->name_span, "it is defined here");
		return;
	}
	inside.top = false;
	inside.repeated = true;
	block->open = true;
	build_statements(b, &inside, definition->body);
	block->open = false;
	scope->count = inside.count;
	scope->value = inside.value;
}

static void build_call(Builder *b, Scope *scope, const Statement *statement)
{
	for (int i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].name, statement->name) == 0) {
			if (statement->label)
				error_at(b->diagnostics, statement->label_span, "only a layer can have a label; `%s` is a setting", statement->name);
			build_setting(b, scope, statement, i);
			return;
		}
	for (Block *block = b->blocks; block; block = block->next)
		if (strcmp(block->definition->name, statement->name) == 0) {
			build_block(b, scope, statement, block);
			return;
		}
	const Layer *layer = layer_find(KIND_LAYER, statement->name);
	if (layer)
		build_layer(b, scope, statement, layer);
	else {
		unknown_call(b, statement);
		build_unknown(b, scope, statement);
	}
}

static void build_let(Builder *b, Scope *scope, const Statement *statement)
{
	for (const Binding *other = scope->bindings; other; other = other->next)
		if (strcmp(other->name, statement->name) == 0) {
			error_at(b->diagnostics, statement->name_span, "`%s` has a value already", statement->name);
			return;
		}
	if (!statement->arguments)
		return;
	Literal value = resolve(scope, &statement->arguments->value);
	if (value.kind == LITERAL_NAME && strcmp(value.name, "true") != 0 && strcmp(value.name, "false") != 0) {
		unknown_name(b, arena_print(b->arena, "let %s expects a value", statement->name), &value);
		return;
	}
	Binding *binding = NEW(b->arena, Binding);
	*binding = (Binding){statement->name, value, scope->bindings};
	scope->bindings = binding;
}

static void build_repeat(Builder *b, Scope *scope, const Statement *statement)
{
	double count = 0;
	if (!statement->arguments)
		return;
	Literal value = resolve(scope, &statement->arguments->value);
	if (!check_size(b, "repeat", &value, MAX_NODES, &count))
		return;
	Scope inside = *scope;
	inside.top = false;
	inside.repeated = true;
	int errors = error_count(b->diagnostics);
	for (int i = 0; i < (int)count && !b->full && error_count(b->diagnostics) == errors; i++) {
		inside.bindings = scope->bindings;
		build_statements(b, &inside, statement->body);
	}
	scope->count = inside.count;
	scope->value = inside.value;
}

static void define_block(Builder *b, Scope *scope, const Statement *statement)
{
	if (!scope->top)
		error_at(b->diagnostics, statement->span, "block definitions belong outside of braces");
	for (const Block *other = b->blocks; other; other = other->next)
		if (strcmp(other->definition->name, statement->name) == 0) {
			error_at(b->diagnostics, statement->name_span, "block `%s` is defined twice", statement->name);
			note_at(b->diagnostics, other->definition->name_span, "the first time is here");
		}
	if (layer_find(KIND_LAYER, statement->name))
		error_at(b->diagnostics, statement->name_span, "`%s` is a layer: give the block another name", statement->name);
	Block *block = NEW(b->arena, Block);
	*block = (Block){statement, false, b->blocks};
	b->blocks = block;
}

/* main, and shortcut or nothing, added. */
static void build_residual(Builder *b, Scope *scope, const Statement *statement)
{
	const char *path = next_path(b, scope, statement);
	Scope paths[2];
	for (int i = 0; i < 2; i++) {
		paths[i] = *scope;
		paths[i].prefix = arena_print(b->arena, "%s%s.", path, i ? ".shortcut" : "");
		paths[i].count = 0;
		paths[i].top = false;
		build_statements(b, &paths[i], i ? statement->shortcut : statement->body);
	}
	Node *node = add_node(b, layer_sum(), path, statement->span);
	if (b->full)
		return;
	node->inputs[node->input_count++] = paths[0].value;
	node->inputs[node->input_count++] = paths[1].value;
	scope->value = node->output;
}

static void build_statements(Builder *b, Scope *scope, const Statement *statement)
{
	for (; statement && !b->full; statement = statement->next) {
		if (++b->expanded > MAX_EXPANDED) {
			error_at(b->diagnostics, statement->span, "repeat expands to more than %d statements: this is the limit", MAX_EXPANDED);
			b->full = true;
			return;
		}
		if (statement->broken) {
			if (!is_setting(statement))
				build_unknown(b, scope, statement);
			continue;
		}
		switch (statement->kind) {
		case STATEMENT_CALL: build_call(b, scope, statement); break;
		case STATEMENT_LET: build_let(b, scope, statement); break;
		case STATEMENT_REPEAT: build_repeat(b, scope, statement); break;
		case STATEMENT_BLOCK: define_block(b, scope, statement); break;
		case STATEMENT_RESIDUAL: build_residual(b, scope, statement); break;
		}
	}
}

/* The file's name without folders and ending, as a C identifier. */
static const char *identifier_of(Arena *arena, const char *path)
{
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	size_t length = strcspn(base, ".");
	char *name = arena_print(arena, "%s%.*s", isalpha((unsigned char)base[0]) ? "" : "net_", length < MAX_NAMES ? (int)length : MAX_NAMES, base);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	return name;
}

Network *network_build(Arena *arena, Diagnostics *diagnostics, const Statement *tree, const Source *source, const Overrides *overrides)
{
	Network *network = NEW(arena, Network);
	*network = (Network){.arena = arena, .path = source->path, .batch = 32, .epochs = 10};
	network->name = strcmp(source->path, "-e") == 0 ? "net" : identifier_of(arena, source->path);
	network->input = NEW(arena, Value);
	Builder builder = {.arena = arena, .diagnostics = diagnostics, .network = network};
	Scope scope = {.prefix = "", .value = network->input, .top = true};
	build_statements(&builder, &scope, tree);
	network->output = scope.value;
	if (network->nodes.count == 0 && error_count(diagnostics) == 0)
		error_at(diagnostics, (Span){0, 0}, "the network is empty: it needs a layer, for example `linear 2 64`");
	if (!network->optimizer) {
		network->optimizer = add_node(&builder, layer_standard(KIND_OPTIMIZER, 0), "optimizer", (Span){0, 0});
		set_arguments(&builder, &scope, network->optimizer, 0);
	}
	if (overrides->batch > 0)
		network->batch = overrides->batch;
	if (overrides->epochs >= 0)
		network->epochs = overrides->epochs;
	if (overrides->lr >= 0)
		network->optimizer->arguments[argument_index(network->optimizer->layer, "lr")] = overrides->lr;
	return network;
}
