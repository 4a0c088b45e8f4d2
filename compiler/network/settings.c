/* Settings: statements about the whole network. */
#include "build.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	Literal value = resolve(b, scope, &statement->arguments->value);
	double number;
	if (check_size(b, scope, statement->name, &value, most, &number))
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
	Literal value = resolve(b, scope, &statement->arguments->value);
	if (value.kind != LITERAL_NUMBER || !value.integer || value.negative || value.overflow) {
		error_at(b->diagnostics, value.span, "seed must be a whole number from 0 to 18446744073709551615, found %s",
			describe(b->arena, &value));
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
		error_at(b->diagnostics, value->span, "name must be a name (letters, digits and _), found %s",
			describe(b->arena, value));
	else if (strlen(value->name) > MAX_NAMES)
		error_at(b->diagnostics, value->span, "name must be at most %d characters long, found %zu", MAX_NAMES,
			strlen(value->name));
	else
		b->network->name = value->name;
}

/* The shape has BROKEN_RANK after a mistake, so that no further mistakes are reported for sizes that follow from it. */
static Shape input_shape(Builder *b, const Scope *scope, const Literal *value)
{
	const Shape unknown = {.rank = BROKEN_RANK};
	double number;
	if (value->kind != LITERAL_SHAPE)
		return check_size(b, scope, "input", value, INT32_MAX, &number) ? (Shape){1, {(int)number}} : unknown;
	if (value->overflow)
		return unknown;         /* it was reported where it was read */
	Shape shape = {.rank = value->rank};
	int64_t size = 1;
	for (int i = 0; i < value->rank; i++) {
		if (value->dims[i] < 1 || value->dims[i] > INT32_MAX / size) {
			error_at(b->diagnostics, value->span, "input must have from 1 to %d floats, found %s", INT32_MAX,
				describe(b->arena, value));
			return unknown;
		}
		size *= value->dims[i];
		shape.dims[i] = (int)value->dims[i];
	}
	return shape;
}

static void set_input(Builder *b, const Scope *scope, const Statement *statement)
{
	b->network->input->shape.rank = BROKEN_RANK;
	if (!expect_one(b, statement, "the shape of one sample: 2, or 1x28x28"))
		return;
	Literal value = resolve(b, scope, &statement->arguments->value);
	if (b->network->nodes.count)
		error_at(b->diagnostics, statement->span, "input must come before the first layer");
	b->network->input->shape = input_shape(b, scope, &value);
	b->network->input->span = value.span;
}

/* `loss NAME arguments`, and the same of an optimizer, a schedule and an augmentation */
static Node *set_rule(Builder *b, const Scope *scope, const Statement *statement, LayerKind kind)
{
	const char *names[MAX_NAMES];
	int count = layer_names(kind, names, MAX_NAMES);
	const Argument *first = statement->arguments;
	if (!first || first->key || first->value.kind != LITERAL_NAME) {
		const char *known = "";
		for (int i = 0; i < count; i++)
			known = arena_print(b->arena, "%s%s%s", known, i ? ", " : "", names[i]);
		error_at(b->diagnostics, first ? first->value.span : statement->span, "`%s` takes the name of one: %s",
			statement->name, known);
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

static void set_schedule(Builder *b, const Scope *scope, const Statement *statement)
{
	Node *node = set_rule(b, scope, statement, KIND_SCHEDULE);
	if (node)
		b->network->schedule = node;
}

static void set_augment(Builder *b, const Scope *scope, const Statement *statement)
{
	Node *node = set_rule(b, scope, statement, KIND_AUGMENT);
	if (node)
		APPEND(b->arena, &b->network->augments, node);
}

static const struct Setting {
	const char *name;
	void (*set)(Builder *, const Scope *, const Statement *);
	const char *takes, *help;
	const char *usual;              /* null: the default of its kind */
	LayerKind kind;                 /* of what it names; KIND_LAYER: it names none */
	bool repeats;                   /* may be set again, for something more */
} settings[] = {
	{"name", set_name, "NAME", "of the network, in messages, logs and emitted C (default: the file's name)", "net"},
	{"input", set_input, "SHAPE",
		"of one sample, 2 or 1x28x28; before the first layer (default: what that says, or the data)", "2"},
	{"loss", set_loss, "NAME ...", "with its arguments", .kind = KIND_LOSS},
	{"optimizer", set_optimizer, "NAME ...", "with its arguments", .kind = KIND_OPTIMIZER},
	{"schedule", set_schedule, "NAME ...", "of the learning rate, with its arguments", .kind = KIND_SCHEDULE},
	{"augment", set_augment, "NAME ...", "changes each image before it is trained on; several are done in their order",
		"random_horizontal_flip", .kind = KIND_AUGMENT, .repeats = true},
	{"batch", set_batch, "N", "rows of a step (default 32)", "32"},
	{"epochs", set_epochs, "N", "times through the data (default 10)", "10"},
	{"seed", set_seed, "N", "of initial weights and batch order (default 0)", "0"},
};
enum { SETTINGS = sizeof settings / sizeof *settings, LONGEST_DEFAULT = 100 };
_Static_assert((int)SETTINGS <= (int)MAX_SETTINGS, "Builder has a place for each setting");

int setting_index(const char *name)
{
	for (int i = 0; name && i < SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return i;
	return -1;
}

static bool is_whole(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && value >= least && value <= most;
}

static bool is_shape(const char *text)
{
	return *text > '0' && *text <= '9' && text[strspn(text, "0123456789x")] == 0 && strlen(text) < 9
		&& !strstr(text, "x0");
}

/* Returns the value if the setting takes it, or null. */
static const char *fitting_value(Arena *arena, const struct Setting *setting, const char *value)
{
	bool fits = false;
	if (setting->kind != KIND_LAYER)
		return rule_text(arena, setting->kind, value);
	if (setting->set == set_batch)
		fits = is_whole(value, 1, MAX_BATCH);
	else if (setting->set == set_epochs)
		fits = is_whole(value, 1, INT32_MAX);
	else if (setting->set == set_seed)
		fits = is_whole(value, 0, UINT64_MAX);
	else if (setting->set == set_input)
		fits = is_shape(value);
	else if (setting->set == set_name)
		fits = isalpha((unsigned char)*value);
	return fits ? value : 0;
}

const char *setting_with(Arena *arena, const char *name, const char *value)
{
	const struct Setting *setting = &settings[setting_index(name)];
	const char *fitting = fitting_value(arena, setting, value);
	char usual[LONGEST_DEFAULT];
	if (!setting->usual)
		layer_write_default(setting->kind, 0, usual, sizeof usual);
	return arena_print(arena, "%s %s", name, fitting ? fitting : setting->usual ? setting->usual : usual);
}

int setting_names(const char *names[])
{
	for (int i = 0; i < SETTINGS; i++)
		names[i] = settings[i].name;
	return SETTINGS;
}

void setting_list(FILE *out)
{
	fprintf(out, "settings, each but augment at most once, outside of braces\n");
	for (int i = 0; i < SETTINGS; i++)
		setting_print(settings[i].name, out);
}

/* " (default: cross_entropy, with one output mse)" */
static void print_defaults(LayerKind kind, FILE *out)
{
	char usual[LONGEST_DEFAULT], for_one[LONGEST_DEFAULT];
	layer_write_default(kind, 0, usual, sizeof usual);
	layer_write_default(kind, 1, for_one, sizeof for_one);
	if (strcmp(usual, for_one) == 0)
		fprintf(out, " (default: %s)", usual);
	else
		fprintf(out, " (default: %s, with one output %s)", usual, for_one);
}

bool setting_print(const char *name, FILE *out)
{
	int i = setting_index(name);
	if (i < 0)
		return false;
	fprintf(out, "  %s %s\n      %s", settings[i].name, settings[i].takes, settings[i].help);
	if (settings[i].kind != KIND_LAYER && layer_default(settings[i].kind, 0))
		print_defaults(settings[i].kind, out);
	fprintf(out, "\n");
	if (settings[i].kind == KIND_OPTIMIZER)
		layer_print_common(0, out);
	return true;
}

void set_default_rules(Builder *b, const Scope *scope)
{
	Node **rules[] = {&b->network->optimizer, &b->network->schedule};
	static const LayerKind kinds[] = {KIND_OPTIMIZER, KIND_SCHEDULE};
	static const char *const paths[] = {"optimizer", "schedule"};
	for (int i = 0; i < 2; i++)
		if (!*rules[i]) {
			*rules[i] = add_node(b, layer_default(kinds[i], 0), paths[i], (Span){0, 0});
			set_arguments(b, scope, *rules[i], 0);
		}
}

Schedule schedule_of(const Network *network)
{
	const Node *optimizer = network->optimizer, *schedule = network->schedule;
	return (Schedule){.rate = schedule->layer->rate, .each_step = schedule->layer->each_step,
		.arguments = schedule->arguments, .lr = optimizer->arguments[argument_index(optimizer->layer, "lr")]};
}

Augments augments_of(Arena *arena, const Network *network)
{
	const Nodes *nodes = &network->augments;
	Augment *items = NEW_ARRAY(arena, Augment, nodes->count);
	for (int i = 0; i < nodes->count; i++) {
		double *numbers = NEW_ARRAY(arena, double, 2 * MAX_ARGUMENTS);
		memcpy(numbers, nodes->items[i]->arguments, MAX_ARGUMENTS * sizeof *numbers);
		memcpy(numbers + MAX_ARGUMENTS, nodes->items[i]->widths, MAX_ARGUMENTS * sizeof *numbers);
		items[i] = (Augment){nodes->items[i]->layer->transform, numbers, numbers + MAX_ARGUMENTS};
	}
	return (Augments){items, nodes->count};
}

void build_setting(Builder *b, const Scope *scope, const Statement *statement, int index)
{
	if (!scope->top) {
		error_at(b->diagnostics, statement->span, "the setting `%s` belongs outside of braces", statement->name);
		return;
	}
	Span *first = &b->settings[index];
	if (first->begin != first->end && !settings[index].repeats) {
		error_at(b->diagnostics, statement->span, "`%s` is set twice", statement->name);
		note_at(b->diagnostics, *first, "the first time is here");
		return;
	}
	*first = statement->span;
	settings[index].set(b, scope, statement);
}
