/* unknown.c: what is said of a statement whose name is neither a layer nor a setting nor a block. */
#include "build.h"

/* "optimizer sgd lr=0.1", where somebody wrote `lr 0.1` or `learning_rate 0.1`; null: no optimizer takes it. */
static const char *as_optimizer_argument(Builder *b, const Scope *scope, const Statement *statement)
{
	for (int i = 0; layers[i]; i++) {
		const char *names[MAX_ARGUMENTS];
		int count = 0;
		if (layers[i]->kind != KIND_OPTIMIZER)
			continue;
		for (const ArgumentSpec *a = layers[i]->arguments; a->name; a++)
			names[count++] = a->name;
		const char *near = nearest_name(statement->name, names, count);
		const Argument *first = statement->arguments;
		if (!near)
			continue;
		bool number = first && !first->key && resolve(scope, &first->value).kind == LITERAL_NUMBER;
		Literal value = number ? resolve(scope, &first->value) : (Literal){0};
		return arena_print(b->arena, "optimizer %s %s=%s", layers[i]->name, near, number ? describe(b, &value) : "...");
	}
	return 0;
}

/* "loss mse", where somebody wrote `mse` or `MSELoss` */
static const char *as_kind(Builder *b, const Statement *statement, LayerKind kind, const char *setting)
{
	const char *names[MAX_NAMES];
	const char *near = nearest_name(statement->name, names, layer_names(kind, names, MAX_NAMES));
	return near ? arena_print(b->arena, "%s %s", setting, near) : 0;
}

void unknown_statement(Builder *b, const Scope *scope, const Statement *statement)
{
	const char *names[3 * MAX_NAMES];
	int count = layer_names(KIND_LAYER, names, MAX_NAMES);
	count += setting_names(names + count);
	for (const Block *block = b->blocks; block && count < 3 * MAX_NAMES; block = block->next)
		names[count++] = block->definition->name;
	const char *near = nearest_name(statement->name, names, count);
	near = near ? near : as_kind(b, statement, KIND_LOSS, "loss");
	near = near ? near : as_kind(b, statement, KIND_OPTIMIZER, "optimizer");
	near = near ? near : as_optimizer_argument(b, scope, statement);
	if (near)
		error_at(b->diagnostics, statement->name_span, "unknown layer or setting `%s`: did you mean `%s`?", statement->name, near);
	else
		error_at(b->diagnostics, statement->name_span, "unknown layer or setting `%s`: bnc --list-layers and --list-settings print all",
			statement->name);
}
