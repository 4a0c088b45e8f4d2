/* choose.c: which columns of a table are inputs, which are the target, and which are left out. */
#include "table.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 60, MAX_SHOWN_NAMES = 400 };

/* "a, b, c, ..." */
static void list_columns(const Sheet *sheet, char *out, size_t size)
{
	enum { MOST = 12 };
	size_t used = 0;
	out[0] = 0;
	for (int i = 0; i < sheet->columns && i <= MOST && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%.40s", i ? ", " : "", i < MOST ? sheet->names[i] : "...");
}

static bool no_such_column(const Sheet *sheet, const char *option, const char *name, Failure *failure)
{
	char list[MAX_SHOWN_NAMES];
	if (!sheet->names)
		return fail(failure, "%.200s has no header, so --%s takes the numbers of columns, from 1 to %d; found `%.*s`",
			sheet->path, option, sheet->columns, SHOWN, name);
	if (name[strspn(name, "0123456789")] == 0)
		return fail(failure, "%.200s has %d columns, so --%s takes a name or a number from 1 to %d; found `%.*s`",
			sheet->path, sheet->columns, option, sheet->columns, SHOWN, name);
	list_columns(sheet, list, sizeof list);
	const char *nearest = nearest_name(name, (const char *const *)sheet->names, sheet->columns);
	return fail(failure, "%.200s has no column `%.*s` for --%s%s%.60s%s It has %s", sheet->path, SHOWN, name, option,
		nearest ? ": did you mean `" : ".", nearest ? nearest : "", nearest ? "`?" : "", list);
}

/* The name counts before the number. -1: failure says why there is no such column. */
static int find_column(const Sheet *sheet, const char *option, const char *name, Failure *failure)
{
	int found = -1;
	for (int i = 0; sheet->names && *name && i < sheet->columns; i++) {
		if (strcmp(sheet->names[i], name) != 0)
			continue;
		if (found >= 0) {
			fail(failure, "%.200s has two columns `%.*s`, %d and %d: give --%s the number of one", sheet->path, SHOWN,
				name, found + 1, i + 1, option);
			return -1;
		}
		found = i;
	}
	if (found >= 0)
		return found;
	bool number = isdigit((unsigned char)*name) && strlen(name) < 8 && name[strspn(name, "0123456789")] == 0;
	if (number && atoi(name) >= 1 && atoi(name) <= sheet->columns)
		return atoi(name) - 1;
	no_such_column(sheet, option, name, failure);
	return -1;
}

static bool take_column(Choice *choice, const Sheet *sheet, int column, Part part, const char *option, Failure *failure)
{
	char words[COLUMN_WORDS];
	if (choice->parts[column] == PART_TARGET)
		return fail(failure, "%.200s: --%s names %s, which is a target already: name it once", sheet->path, option,
			column_words(sheet, column, words));
	choice->parts[column] = part;
	choice->places[column] = part == PART_TARGET ? choice->targets++ : 0;
	return true;
}

/* The list may also be one name that holds commas. */
static bool take_list(Choice *choice, const Sheet *sheet, const char *list, Part part, const char *option,
	Failure *failure)
{
	Failure unused;
	const int whole = list ? find_column(sheet, option, list, strchr(list, ',') ? &unused : failure) : 0;
	if (!list)
		return true;
	if (whole >= 0)
		return take_column(choice, sheet, whole, part, option, failure);
	if (!strchr(list, ','))
		return false;
	for (const char *at = list; at;) {
		const size_t length = strcspn(at, ",");
		char *name = strndup(at, length);
		int column = name ? find_column(sheet, option, name, failure) : -1;
		if (!name)
			fail(failure, "%.200s: not enough memory for the name of a column", sheet->path);
		free(name);
		if (column < 0 || !take_column(choice, sheet, column, part, option, failure))
			return false;
		at = at[length] ? at + length + 1 : NULL;
	}
	return true;
}

/* Leaves out what no one means: columns without a name and without values, and one without a name that counts the
 * rows, as pandas writes it. */
static void leave_out(Choice *choice, const Sheet *sheet, const Sniffed *sniffed)
{
	for (int i = 0; sheet->names && i < sheet->columns; i++) {
		const bool empty = sniffed[i].numbers + sniffed[i].texts == 0;
		const bool counts = i == 0 && sniffed[i].counts_rows && !sniffed[i].texts && !sniffed[i].missing;
		if (*sheet->names[i] || !(empty || counts))
			continue;
		choice->parts[i] = PART_IGNORED;
		choice->unnamed = counts && !empty ? i : choice->unnamed;
	}
}

static bool is_target(const Sheet *sheet, const Schema *schema, int column)
{
	for (int i = 0; schema && i < schema->target_count; i++) {
		const Column *target = &schema->targets[i];
		if (sheet->names && target->name ? strcmp(sheet->names[column], target->name) == 0
			: sheet->columns == schema->width && target->place == column)
			return true;
	}
	return false;
}

/* The columns that are left out tell a person which row it is; but not the target, if the table has it. */
static void keep_ids(Choice *choice, const Sheet *sheet, const Schema *schema)
{
	for (int i = 0; i < sheet->columns; i++)
		if (choice->parts[i] == PART_IGNORED && !is_target(sheet, schema, i)) {
			choice->parts[i] = PART_ID;
			choice->places[i] = choice->ids++;
		}
}

static bool choose_new(Choice *choice, const Sheet *sheet, const Sniffed *sniffed, const DataOptions *options,
	Failure *failure)
{
	for (int i = 0; i < sheet->columns; i++)
		choice->parts[i] = PART_INPUT;
	leave_out(choice, sheet, sniffed);
	if (!take_list(choice, sheet, options->target, PART_TARGET, "target", failure)
		|| !take_list(choice, sheet, options->ignore, PART_IGNORED, "ignore", failure))
		return false;
	choice->by_default = !options->target;
	if (options->without_target)
		keep_ids(choice, sheet, NULL);
	for (int i = 0; options->without_target && i < sheet->columns; i++)
		choice->parts[i] = choice->parts[i] == PART_TARGET ? PART_IGNORED : choice->parts[i];
	choice->targets = options->without_target ? 0 : choice->targets;
	for (int i = sheet->columns - 1; !options->without_target && choice->targets == 0 && i >= 0; i--)
		if (choice->parts[i] == PART_INPUT)
			take_column(choice, sheet, i, PART_TARGET, "target", failure);
	for (int i = 0; i < sheet->columns; i++)
		if (choice->parts[i] == PART_INPUT)
			choice->places[i] = choice->inputs++;
	return choice->inputs || fail(failure, "%.200s has %d column%s%s, expected inputs and a target, separated by "
		"commas, semicolons, tabs or |", sheet->path, sheet->columns, sheet->columns == 1 ? "" : "s",
		sheet->columns > 1 ? ", and no input is left" : "");
}

/* ---- the columns of a schema */

/* The table's column of this name that is not taken yet, or -1. Of several it is the one at the old place. */
static int named_column(const Choice *choice, const Sheet *sheet, const Column *column)
{
	const int place = column->place;
	if (place < sheet->columns && choice->parts[place] == PART_IGNORED
		&& strcmp(sheet->names[place], column->name) == 0)
		return place;
	for (int i = 0; i < sheet->columns; i++)
		if (choice->parts[i] == PART_IGNORED && strcmp(sheet->names[i], column->name) == 0)
			return i;
	return -1;
}

static bool match_column(Choice *choice, const Sheet *sheet, const Schema *schema, Part part, int place,
	bool without_target, Failure *failure)
{
	const Column *column = part == PART_INPUT ? &schema->inputs[place] : &schema->targets[place];
	const bool inputs_only = sheet->columns == schema->input_count;
	int found = -1;
	if (sheet->names && column->name)
		found = named_column(choice, sheet, column);
	else if (sheet->columns == schema->width)
		found = column->place;
	else if (inputs_only && part == PART_INPUT)
		found = place;
	if (found < 0 && sheet->names && column->name) {
		char list[MAX_SHOWN_NAMES];
		list_columns(sheet, list, sizeof list);
		return fail(failure, "%.200s has no column `%.60s`, which the network was trained %s; it has %s", sheet->path,
			column->name, part == PART_INPUT ? "with" : "to tell", list);
	}
	if (found < 0)
		return fail(failure, "%.200s has %d column%s, but the network was trained with a table of %d, of which %d are "
			"inputs: give it the same columns%s", sheet->path, sheet->columns, sheet->columns == 1 ? "" : "s",
			schema->width, schema->input_count, without_target ? ", or the inputs alone" : "");
	choice->parts[found] = part;
	choice->places[found] = place;
	choice->targets += part == PART_TARGET;
	choice->inputs += part == PART_INPUT;
	return true;
}

static bool choose_known(Choice *choice, const Sheet *sheet, const DataOptions *options, Failure *failure)
{
	const Schema *schema = options->schema;
	for (int i = 0; i < schema->input_count; i++)
		if (!match_column(choice, sheet, schema, PART_INPUT, i, options->without_target, failure))
			return false;
	for (int i = 0; !options->without_target && i < schema->target_count; i++)
		if (!match_column(choice, sheet, schema, PART_TARGET, i, false, failure))
			return false;
	if (options->without_target)
		keep_ids(choice, sheet, schema);
	return true;
}

bool choose_columns(Choice *choice, const Sheet *sheet, const Sniffed *sniffed, const DataOptions *options,
	Failure *failure)
{
	*choice = (Choice){.unnamed = -1};
	choice->parts = calloc((size_t)sheet->columns, sizeof *choice->parts);
	choice->places = calloc((size_t)sheet->columns, sizeof *choice->places);
	if (!choice->parts || !choice->places)
		return fail(failure, "%.200s: not enough memory for %d columns", sheet->path, sheet->columns);
	return options->schema ? choose_known(choice, sheet, options, failure)
		: choose_new(choice, sheet, sniffed, options, failure);
}

void choice_free(Choice *choice)
{
	free(choice->parts);
	free(choice->places);
}
