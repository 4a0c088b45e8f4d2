/* Tree -> network. Requires a parsed tree; provides the nodes in an order of evaluation, with every name looked up, and
 * every argument checked as far as it can be without shapes. infer.c does the rest. */
#include "build.h"
#include <ctype.h>
#include <string.h>

enum { MAX_EXPANDED = 1000000 };

static void build_statements(Builder *b, Scope *scope, const Statement *statement);

/* ---- layers */

/* The next layer's path: its label, or else its number. */
static const char *next_path(Builder *b, Scope *scope, const Statement *statement)
{
	int number = scope->count++;
	if (!statement->label)
		return arena_print(b->arena, "%s%d", scope->prefix, number);
	const char *path = arena_print(b->arena, "%s%s", scope->prefix, statement->label);
	if (scope->repeated)
		error_at(b->diagnostics, statement->label_span,
			"a label inside repeat or a block would name several layers: remove `%s:`", statement->label);
	if (map_get(b->labels, path))
		error_at(b->diagnostics, statement->label_span, "the label `%s` is used twice", statement->label);
	b->labels = map_put(b->arena, b->labels, path, statement);
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

/* ---- statements */

/* After a mistake the size of what follows is unknown, and should not be reported again. */
static void build_unknown(Builder *b, Scope *scope, const Statement *statement)
{
	scope->count++;
	scope->value = NEW(b->arena, Value);
	scope->value->shape.rank = BROKEN_RANK;
	scope->value->span = statement->span;
}

static Block *find_block(const Builder *b, const char *name)
{
	return (Block *)map_get(b->block_names, name);
}

static void build_block(Builder *b, Scope *scope, const Statement *statement, Block *block)
{
	const Statement *definition = block->definition;
	if (statement->label)
		error_at(b->diagnostics, statement->label_span, "a label names one layer; `%s` is a block of several",
			statement->name);
	if (block->open) {
		error_at(b->diagnostics, statement->name_span, "block `%s` uses itself", statement->name);
		return;
	}
	Scope inside = *scope;
	inside.bindings = block->bindings;
	const Argument *value = statement->arguments;
	int expected = 0, found = 0;
	for (const Argument *v = value; v; v = v->next)
		found++;
	for (const Argument *p = definition->arguments; p; p = p->next, expected++) {
		if (!value)
			continue;
		inside.bindings = bind_name(b->arena, inside.bindings, p->value.name, resolve(b, scope, &value->value));
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
	int setting = setting_index(statement->name);
	if (setting >= 0) {
		if (statement->label)
			error_at(b->diagnostics, statement->label_span, "only a layer can have a label; `%s` is a setting",
				statement->name);
		build_setting(b, scope, statement, setting);
		return;
	}
	Block *block = find_block(b, statement->name);
	if (block) {
		build_block(b, scope, statement, block);
		return;
	}
	const Layer *layer = layer_find(KIND_LAYER, statement->name);
	if (layer)
		build_layer(b, scope, statement, layer);
	else {
		unknown_statement(b, scope, statement);
		build_unknown(b, scope, statement);
	}
}

static void build_let(Builder *b, Scope *scope, const Statement *statement)
{
	if (find_binding(scope, statement->name)) {
		error_at(b->diagnostics, statement->name_span, "`%s` has a value already", statement->name);
		return;
	}
	if (!statement->arguments)
		return;
	Literal value = resolve(b, scope, defined_value(b, statement));
	if (value.kind == LITERAL_NAME && !is_flag(&value)) {
		unknown_name(b, scope, arena_print(b->arena, "let %s expects a value", statement->name), &value);
		return;
	}
	scope->bindings = bind_name(b->arena, scope->bindings, statement->name, value);
}

static void build_repeat(Builder *b, Scope *scope, const Statement *statement)
{
	double count = 0;
	if (!statement->arguments)
		return;
	Literal value = resolve(b, scope, &statement->arguments->value);
	if (!check_size(b, scope, "repeat", &value, MAX_NODES, &count))
		return;
	if (!statement->body)
		return;         /* a repetition without statements would not count for MAX_EXPANDED */
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

static void check_parameters(Builder *b, const Statement *block)
{
	const Map *names = 0;
	for (const Argument *p = block->arguments; p; p = p->next) {
		const Argument *first = map_get(names, p->value.name);
		if (first) {
			error_at(b->diagnostics, p->value.span, "block `%s` has two parameters `%s`: give each a name of its own",
				block->name, p->value.name);
			note_at(b->diagnostics, first->value.span, "the first one is here");
		}
		names = map_put(b->arena, names, p->value.name, first ? first : p);
	}
}

static void define_block(Builder *b, Scope *scope, const Statement *statement)
{
	if (!scope->top)
		error_at(b->diagnostics, statement->span, "block definitions belong outside of braces");
	const Block *other = find_block(b, statement->name);
	if (other) {
		error_at(b->diagnostics, statement->name_span, "block `%s` is defined twice", statement->name);
		note_at(b->diagnostics, other->definition->name_span, "the first time is here");
	}
	if (layer_find(KIND_LAYER, statement->name))
		error_at(b->diagnostics, statement->name_span, "`%s` is a layer: give the block another name", statement->name);
	check_parameters(b, statement);
	Block *block = NEW(b->arena, Block);
	*block = (Block){statement, scope->bindings, false, b->blocks};
	b->blocks = block;
	if (!other)
		b->block_names = map_put(b->arena, b->block_names, statement->name, block);
}

/* Layers in the second braces get names under `shortcut`, so no label in the first braces may be that. */
static void check_shortcut(Builder *b, const Statement *residual, const char *prefix)
{
	const Statement *labelled = residual->shortcut ? map_get(b->labels, prefix) : 0;
	if (!labelled)
		return;
	error_at(b->diagnostics, labelled->label_span,
		"the label `%s` is also the name under which the second braces have their tensors: take another",
		labelled->label);
	note_at(b->diagnostics, residual->shortcut->span, "the second braces begin with this");
}

/* Builds main, and shortcut if there is one, and adds main's result to shortcut's or to the input. */
static void build_residual(Builder *b, Scope *scope, const Statement *statement)
{
	const char *path = next_path(b, scope, statement);
	Scope paths[2];
	for (int i = 0; i < 2; i++) {
		const char *place = arena_print(b->arena, "%s%s", path, i ? ".shortcut" : "");
		if (i)
			check_shortcut(b, statement, place);
		paths[i] = *scope;
		paths[i].prefix = arena_print(b->arena, "%s.", place);
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
			error_at(b->diagnostics, statement->span, "repeat expands to more than %d statements: this is the limit",
				MAX_EXPANDED);
			b->full = true;
			return;
		}
		if (statement->broken) {
			if (setting_index(statement->name) < 0)
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

/* The file's name, without folders and ending, as a C identifier. */
static const char *identifier_of(Arena *arena, const char *path)
{
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	size_t length = strcspn(base, ".");
	char *name = arena_print(arena, "%s%.*s", isalpha((unsigned char)base[0]) ? "" : "net_",
		length < MAX_NAMES ? (int)length : MAX_NAMES, base);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	return name;
}

static void override_argument(Node *node, const char *name, double value)
{
	int index = argument_index(node->layer, name);
	if (index >= 0)
		node->arguments[index] = value;
}

Network *network_build(Arena *arena, Diagnostics *diagnostics, const Statement *tree, const Source *source,
	const Overrides *overrides)
{
	Network *network = NEW(arena, Network);
	*network = (Network){
		.arena = arena, .path = source->path, .from = overrides->from, .until = overrides->until, .batch = 32,
		.epochs = 10, .epochs_unused = overrides->epochs_unused, .init = 1,
	};
	network->name = strcmp(source->path, "-e") == 0 ? "net" : identifier_of(arena, source->path);
	network->input = NEW(arena, Value);
	Builder builder = {
		.arena = arena, .diagnostics = diagnostics, .network = network, .overrides = overrides,
		.used = NEW_ARRAY(arena, bool, overrides->definition_count),
	};
	Scope scope = {.prefix = "", .value = network->input, .top = true};
	build_statements(&builder, &scope, tree);
	network->output = scope.value;
	if (network->nodes.count == 0 && error_count(diagnostics) == 0)
		error_at(diagnostics, (Span){0, 0}, "the network is empty: it needs a layer, for example `linear 2 64`");
	set_default_rules(&builder, &scope);
	if (overrides->batch > 0)
		network->batch = overrides->batch;
	if (overrides->epochs >= 0)
		network->epochs = overrides->epochs;
	if (overrides->lr >= 0) {
		override_argument(network->optimizer, "lr", overrides->lr);
		override_argument(network->schedule, "max_lr", overrides->lr);
	}
	apply_definitions(&builder, &scope);
	return network;
}
