/* unused.c: warns of names that nothing uses. Names are bound where they are written, so the tree alone tells: what
 * matters is whether a name is mentioned where its definition is known, even in a block that nothing uses. */
#include "build.h"
#include <string.h>

typedef enum NamedKind { A_LET, A_PARAMETER, A_BLOCK } NamedKind;

typedef struct Named {
	NamedKind kind;
	const char *name;
	Span span;
	const Statement *statement;     /* the let, or the block */
	bool used;
} Named;

typedef struct AllNamed { Named **items; int count, capacity; } AllNamed;

typedef struct Search {
	Arena *arena;
	AllNamed all;
	const Map *blocks;              /* name -> Named */
} Search;

/* Returns the names with one more. */
static const Map *define(Search *s, const Map *names, Named named)
{
	Named *copy = NEW(s->arena, Named);
	*copy = named;
	APPEND(s->arena, &s->all, copy);
	return map_put(s->arena, names, copy->name, copy);
}

static void mention(const Map *names, const char *name)
{
	Named *named = (Named *)map_get(names, name);
	if (named)
		named->used = true;
}

static void mention_value(const Map *names, const Literal *value)
{
	if (value->kind == LITERAL_NAME)
		mention(names, value->name);
	for (int i = 0; value->kind == LITERAL_LIST && i < value->item_count; i++)
		mention_value(names, &value->items[i]);
}

static void search(Search *s, const Map *names, const Statement *statement);

static void search_block(Search *s, const Map *names, const Statement *block)
{
	s->blocks = define(s, s->blocks, (Named){A_BLOCK, block->name, block->name_span, block, false});
	for (const Argument *p = block->arguments; p; p = p->next)
		names = define(s, names, (Named){A_PARAMETER, p->value.name, p->value.span, block, false});
	search(s, names, block->body);
}

/* names: what is bound where these statements begin. */
static void search(Search *s, const Map *names, const Statement *statement)
{
	for (; statement; statement = statement->next) {
		if (statement->kind == STATEMENT_BLOCK) {
			search_block(s, names, statement);
			continue;
		}
		for (const Argument *a = statement->arguments; a; a = a->next)
			mention_value(names, &a->value);
		if (statement->kind == STATEMENT_CALL)
			mention(s->blocks, statement->name);
		else if (statement->kind == STATEMENT_LET)
			names = define(s, names, (Named){A_LET, statement->name, statement->name_span, statement, false});
		search(s, names, statement->body);
		search(s, names, statement->shortcut);
	}
}

/* `let lr = 0.1` sets no learning rate: what does, or null. */
static const char *meant_by_let(Arena *arena, const Statement *let)
{
	const Literal *value = &let->arguments->value;
	bool other = setting_index(let->name) >= 0;
	for (int i = 0; !other && layers[i]; i++)
		other = layers[i]->kind == KIND_OPTIMIZER && argument_index(layers[i], let->name) >= 0;
	return other ? meant_assignment(arena, let->name,
		value->kind == LITERAL_NAME ? value->name : describe(arena, value)) : 0;
}

void warn_of_unused(Arena *arena, const Statement *tree, Diagnostics *diagnostics)
{
	Search s = {.arena = arena};
	search(&s, 0, tree);
	for (int i = 0; i < s.all.count; i++) {
		const Named *d = s.all.items[i];
		if (d->used)
			continue;
		if (d->kind == A_BLOCK)
			warning_at(diagnostics, d->span, "block `%s` is never used: write `%s%s` where its layers are meant, or "
				"leave it out", d->name, d->name, d->statement->arguments ? " ..." : "");
		else if (d->kind == A_PARAMETER)
			warning_at(diagnostics, d->span, "block `%s` never uses its parameter `%s`: write `%s` where its value is "
				"meant, or leave it out", d->statement->name, d->name, d->name);
		else {
			const char *meant = meant_by_let(arena, d->statement);
			warning_at(diagnostics, d->span, "`%s` is never used: write `%s` where its value is meant, or %s%s%s",
				d->name, d->name, meant ? "say `" : "leave it out", meant ? meant : "", meant ? "`" : "");
		}
	}
}
