/* Network -> text: a .net that makes the same network. What let, repeat and block made is written out. */
#include "build.h"
#include "base/code.h"
#include <stdlib.h>
#include <string.h>

typedef struct Printer { Arena *arena; Code code; int depth; } Printer;

const char *exact_text(Arena *arena, double number)
{
	const char *text = 0;
	for (int digits = 6; digits <= 17 && !(text && strtod(text, 0) == number); digits++)
		text = arena_print(arena, "%.*g", digits, number);
	return text;
}

static const char *value_text(Arena *arena, const Node *node, int index)
{
	const ArgumentSpec *spec = argument_spec(node->layer, index);
	const char *text = "";
	if (node->as_word[index])
		return spec->word;
	if (spec->kind == ARGUMENT_REAL)
		return exact_text(arena, node->arguments[index]);
	if (spec->kind != ARGUMENT_LIST)
		return argument_text(arena, node, index);
	for (int i = 0; i < (int)node->arguments[index]; i++)
		text = arena_print(arena, "%s%s%s", text, i ? "," : "", exact_text(arena, node->lists[index][i]));
	return text;
}

static bool has_default(const Node *node, int index)
{
	const ArgumentSpec *spec = argument_spec(node->layer, index);
	return node->arguments[index] == spec->default_value && !node->as_word[index]
		&& (spec->kind != ARGUMENT_PAIR || node->widths[index] == spec->default_value);
}

/* Required values without their names, the others by name where they are not the default. Inferred sizes follow from
 * what is there, but for the first layer, whose input the text gives. */
const char *statement_text(Arena *arena, const Node *node)
{
	const char *text = node->layer->name;
	const ArgumentSpec *spec;
	for (int i = 0; (spec = argument_spec(node->layer, i)); i++) {
		const bool place = spec->use & POSITIONAL && spec->use & (REQUIRED | INFERRED);
		if (!place && has_default(node, i))
			continue;
		const char *value = value_text(arena, node, i);
		text = arena_print(arena, place ? "%s %s%s" : "%s %s=%s", text, place ? "" : spec->name, value);
	}
	return text;
}

/* ---- statements */

static void put_line(Printer *p, const char *format, const char *text)
{
	for (int i = 0; i < p->depth; i++)
		code_put(&p->code, "\t");
	code_put(&p->code, format, text);
}

/* What the last part of a path says if it is no number. */
static const char *label_of(Arena *arena, const Node *node)
{
	const char *dot = strrchr(node->path, '.'), *last = dot ? dot + 1 : node->path;
	return *last >= '0' && *last <= '9' ? "" : arena_print(arena, "%s: ", last);
}

/* The value from which the statement of this node goes on: for a residual, where both its branches begin. */
static const Value *source_of(const Node *node)
{
	const Value *a = node->inputs[0], *b = node->input_count > 1 ? node->inputs[1] : a;
	while (a != b)
		if (value_index(a) > value_index(b))
			a = source_of(a->producer);
		else
			b = source_of(b->producer);
	return a;
}

static void put_statements(Printer *p, const Value *from, const Value *to);

static void put_branch(Printer *p, const char *begin, const Value *from, const Value *to)
{
	put_line(p, "%s {\n", begin);
	p->depth++;
	put_statements(p, from, to);
	p->depth--;
}

static void put_node(Printer *p, const Node *node)
{
	const char *label = label_of(p->arena, node);
	if (node->input_count < 2) {
		put_line(p, "%s\n", arena_print(p->arena, "%s%s", label, statement_text(p->arena, node)));
		return;
	}
	const Value *from = source_of(node);
	put_branch(p, arena_print(p->arena, "%s%s", label, node->layer->name), from, node->inputs[0]);
	if (node->inputs[1] != from)
		put_branch(p, "}", from, node->inputs[1]);
	put_line(p, "%s\n", "}");
}

/* Prints what leads from one value to the other. */
static void put_statements(Printer *p, const Value *from, const Value *to)
{
	struct { const Node **items; int count, capacity; } nodes = {0};
	for (; to != from; to = source_of(to->producer))
		APPEND(p->arena, &nodes, to->producer);
	while (nodes.count > 0)
		put_node(p, nodes.items[--nodes.count]);
}

const char *network_text(Arena *arena, const Network *network)
{
	Printer p = {.arena = arena, .code = {.arena = arena}};
	code_put(&p.code, "name %s\ninput %s\n", network->name, shape_text(arena, &network->input->shape));
	put_statements(&p, network->input, network->output);
	for (int i = 0; i < network->augments.count; i++)
		code_put(&p.code, "augment %s\n", statement_text(arena, network->augments.items[i]));
	code_put(&p.code, "loss %s\noptimizer %s\nschedule %s\nbatch %d\n", statement_text(arena, network->loss),
		statement_text(arena, network->optimizer), statement_text(arena, network->schedule), network->batch);
	if (network->epochs)            /* 0 is what only the command line can say */
		code_put(&p.code, "epochs %d\n", network->epochs);
	if (network->seed_given)
		code_put(&p.code, "seed %llu\n", (unsigned long long)network->seed);
	return code_text(&p.code);
}
