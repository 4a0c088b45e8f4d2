/* table.c: reads a table as text (CSV and its relatives): one pass over the text, which puts each cell where it
 * belongs. settle.c makes samples of that. */
#define _GNU_SOURCE     /* asprintf */
#include "table.h"
#include "terminal.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells that are not plainly numbers */

static bool wrong_text(const Table *t, int column, const Cell *cell, Failure *failure)
{
	char words[COLUMN_WORDS], *text = cell_text(cell);
	const char *cure = ": correct it, or leave the column out with --ignore";
	if (text && t->sheet.point == '.' && strchr(text, ',') && t->sheet.separator != ',')
		cure = ": write numbers with a point, or all of them with a comma";
	fail_at(&t->sheet, cell->begin, failure, "%s holds `%.60s`, expected a number as in the other rows%s",
		column_words(&t->sheet, column, words), text ? text : "", cure);
	free(text);
	return false;
}

static bool refuse_missing(const Table *t, int column, const Cell *cell, Failure *failure)
{
	char words[COLUMN_WORDS];
	const Plan *plan = &t->plans[column];
	const int length = (int)(cell->end - cell->begin);
	const bool target = plan->part == PART_TARGET;
	return fail_at(&t->sheet, cell->begin, failure, "%s%s is missing%s%.*s%s: %s", target ? "the target, " : "",
		column_words(&t->sheet, column, words), length ? " (`" : "", length, cell->begin, length ? "`)" : "",
		target && t->options->window ? "give it a value: no row can be left out of the middle of windows"
		: target ? "--missing drop leaves out such rows"
		: plan->known ? "its mean is not known to these weights, which were trained without --missing mean"
		: t->options->window ? "--missing mean puts the column's mean there"
		: "--missing mean puts the column's mean there, --missing drop leaves out such rows");
}

/* A row with a missing value that is to be left out becomes NAN, as does one that will get the mean. */
static bool take_missing(Table *t, int column, const Cell *cell, double *value, Failure *failure)
{
	Plan *plan = &t->plans[column];
	const bool mean = t->options->missing == MISSING_MEAN && plan->part == PART_INPUT
		&& (!plan->known || plan->known->means);
	if (t->options->missing != MISSING_DROP && !mean)
		return refuse_missing(t, column, cell, failure);
	plan->missing++;
	*value = NAN;
	return true;
}

static bool unknown_text(const Table *t, int column, const Cell *cell, const char *text, Failure *failure)
{
	char words[COLUMN_WORDS], list[200];
	const Column *known = t->plans[column].known;
	join_names(list, sizeof list, (const char *const *)known->texts, known->text_count < 10 ? known->text_count : 10);
	return fail_at(&t->sheet, cell->begin, failure, "%s holds `%.60s`, which the network was not trained with: it "
		"knows %s%s", column_words(&t->sheet, column, words), text, list, known->text_count > 10 ? ", ..." : "");
}

/* The number of a text, as a value of the column. */
static bool take_text(Table *t, int column, const Cell *cell, double *value, Failure *failure)
{
	Plan *plan = &t->plans[column];
	char *copy = NULL;
	const char *begin = cell->begin;
	size_t length = (size_t)(cell->end - begin);
	if (length > MAX_TEXT)
		return fail_at(&t->sheet, begin, failure, "a text of %zu bytes: the limit is %d", length, MAX_TEXT);
	if ((cell->quoted && memchr(begin, '"', length)) || plan->known) {
		copy = cell_text(cell);
		if (!copy)
			return fail(failure, "%.200s: not enough memory", t->sheet.path);
		begin = copy;
		length = strlen(copy);
	}
	const int number = plan->known ? column_find(plan->known, copy) : texts_add(&plan->texts, begin, length);
	bool done = number >= 0 || (plan->known ? unknown_text(t, column, cell, copy, failure)
		: fail(failure, "%.200s: not enough memory for the texts of column %d", t->sheet.path, column + 1));
	*value = number;
	free(copy);
	return done;
}

/* Reads any cell, and returns where the next one begins; null: failure says what is wrong. */
static const char *take_cell(Table *t, int column, const char *at, Cell *cell, double *value, Failure *failure)
{
	const Plan *plan = &t->plans[column];
	const char *next = cell_read(&t->sheet, at, cell, failure);
	bool done = next;
	*value = 0;
	if (!done || plan->part == PART_IGNORED)
		return next;
	if (plan->part == PART_ID)
		return ids_add(&t->data->ids, cell_text(cell)) || fail(failure, "%.200s: not enough memory", t->sheet.path)
			? next : NULL;
	if (is_missing(cell->begin, (size_t)(cell->end - cell->begin)))
		done = take_missing(t, column, cell, value, failure);
	else if (plan->text)
		done = take_text(t, column, cell, value, failure);
	else if (!cell_number(&t->sheet, cell, t->data->number_bytes, value))
		done = wrong_text(t, column, cell, failure);
	else if (!isfinite(*value)) {
		char words[COLUMN_WORDS];
		done = fail_at(&t->sheet, cell->begin, failure, "%s holds %.*s, expected a finite number of %s: correct it, or "
			"leave out the row", column_words(&t->sheet, column, words),
			(int)(cell->end - cell->begin < 60 ? cell->end - cell->begin : 60), cell->begin,
			t->data->number_bytes == sizeof(double) ? "double precision, at most 1.8e308"
			: "single precision, at most 3.4e38");
	}
	return done ? next : NULL;
}

/* ---- rows */

static bool wrong_count(const Table *t, const char *row, Failure *failure)
{
	const Sheet *sheet = &t->sheet;
	Cell cell = {.last = false};
	Failure unused;
	const char *at = row;
	int found = 0;
	for (; !cell.last && at; found++)
		at = cell_read(sheet, at, &cell, &unused);
	return fail_at(sheet, row, failure, "%d column%s, expected %d as in the %s: is a value or a quote missing?", found,
		found == 1 ? "" : "s", sheet->columns, sheet->header ? "header" : "first row");
}

/* Keeps a target's exact value as long as all are whole: then they may be labels. */
static void keep_whole(Table *t, const char *cell, double value)
{
	double exact = value;
	if (!t->whole || isnan(value))
		return;
	const char *at = skip_spaces(&t->sheet, cell);
	number_double(at + (*at == '"'), t->sheet.point, &exact);
	if (exact == floor(exact) && fabs(exact) < 0x1p53) {
		t->whole[t->rows] = exact;
		return;
	}
	char words[COLUMN_WORDS];
	int target;
	single_target(t, &target);
	snprintf(t->data->unlabelled, sizeof t->data->unlabelled, "%.60s holds %.9g: classes are texts or whole numbers",
		column_words(&t->sheet, target, words), exact);
	keep_values(t);
}

/* Reads a row of numbers of 4 or 8 bytes, and returns where the next one begins. A row that is left out does not
 * count. */
static inline __attribute__((always_inline)) const char *take_row_of(Table *t, const char *row, size_t bytes,
	Failure *failure)
{
	const Sheet *sheet = &t->sheet;
	const char separator = sheet->separator;
	const int columns = sheet->columns;
	const size_t first_input = (size_t)t->rows * (size_t)t->choice.inputs;
	const size_t first_target = (size_t)t->rows * (size_t)t->choice.targets;
	bool whole = true;
	const char *at = row;
	for (int i = 0; i < columns; i++) {
		const Plan *plan = &t->plans[i];
		const char *cell_begin = at, *end = NULL;
		double value;
		bool last;
		if (is_learned(plan->part) && !plan->text) {
			while (*at == ' ')
				at++;
			end = number_read(at, sheet->point, bytes, &value);
		}
		if (end && (*end == separator || *end == '\n') && separator != ' ' && fabs(value) < INFINITY) {
			last = *end == '\n';
			at = end + 1;
		} else {
			Cell cell;
			at = take_cell(t, i, cell_begin, &cell, &value, failure);
			if (!at)
				return NULL;
			last = cell.last;
		}
		if (last != (i == columns - 1))
			return wrong_count(t, row, failure), NULL;
		whole &= !isnan(value);
		if (plan->part == PART_INPUT)
			number_put(t->inputs, bytes, first_input + (size_t)plan->place, value);
		else if (plan->part == PART_TARGET) {
			number_put(t->data->targets_any, bytes, first_target + (size_t)plan->place, value);
			keep_whole(t, cell_begin, value);
		}
	}
	t->rows += whole || t->options->missing != MISSING_DROP;
	return at;
}

/* A loop over the cells for each type. */
static const char *take_row(Table *t, const char *row, Failure *failure)
{
	return t->data->number_bytes == sizeof(double) ? take_row_of(t, row, sizeof(double), failure)
		: take_row_of(t, row, sizeof(float), failure);
}

/* At least as many as there are: quoted texts may hold ends of lines. */
static size_t count_lines(const Sheet *sheet)
{
	size_t count = 1;
	const char *end = sheet->text + sheet->size;
	for (const char *at = sheet->rows; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		count++;
	for (const char *at = sheet->rows; (at = memchr(at, '\r', (size_t)(end - at))); at++)
		count += at[1] != '\n';
	return count;
}

static bool name_id(Table *t, int column)
{
	char **name = &t->data->ids.names[t->plans[column].place];
	if (t->sheet.names)
		*name = strdup(t->sheet.names[column]);
	else if (asprintf(name, "column_%d", column + 1) < 0)
		*name = NULL;
	return *name;
}

static bool allocate(Table *t, Failure *failure)
{
	const size_t rows = count_lines(&t->sheet), width = (size_t)t->choice.inputs, targets = (size_t)t->choice.targets;
	if (rows > INT32_MAX || rows * (width + targets) > (size_t)16 * MAX_VALUES)
		return fail(failure, "%.200s has %zu lines of %d columns, more than %d values: split it", t->sheet.path, rows,
			t->sheet.columns, MAX_VALUES);
	t->inputs = malloc((rows * width + 1) * t->data->number_bytes);
	t->data->targets_any = malloc((rows * targets + 1) * t->data->number_bytes);
	bool single = false, named = ids_open(&t->data->ids, t->choice.ids, rows);
	for (int i = 0; named && i < t->sheet.columns; i++)
		if (t->plans[i].part == PART_ID)
			named = name_id(t, i);
	for (int i = 0; i < t->sheet.columns; i++)
		single |= targets == 1 && t->plans[i].part == PART_TARGET && !t->plans[i].text;
	t->whole = single ? malloc(rows * sizeof *t->whole) : NULL;
	return (t->inputs && t->data->targets_any && (t->whole || !single) && named)
		|| fail(failure, "%.200s: not enough memory for %zu rows of %zu values", t->sheet.path, rows, width);
}

static bool take_rows(Table *t, Failure *failure)
{
	if (!allocate(t, failure))
		return false;
	for (const char *at = t->sheet.rows; *(at = skip_blank_lines(&t->sheet, at));)
		if (!(at = take_row(t, at, failure)))
			return false;
	return t->rows || fail(failure, "%.200s: a value is missing in every row, and --missing drop leaves out such rows: "
		"use --missing mean, or leave out a column with --ignore", t->sheet.path);
}

/* ---- the whole */

static bool make_plans(Table *t, const Sniffed *sniffed, Failure *failure)
{
	const Schema *known = t->options->schema;
	t->plans = calloc((size_t)t->sheet.columns, sizeof *t->plans);
	if (!t->plans)
		return fail(failure, "%.200s: not enough memory for %d columns", t->sheet.path, t->sheet.columns);
	for (int i = 0; i < t->sheet.columns; i++) {
		Plan *plan = &t->plans[i];
		*plan = (Plan){.part = t->choice.parts[i], .place = t->choice.places[i]};
		plan->text = sniffed[i].texts > 0 && sniffed[i].texts >= sniffed[i].numbers;
		if (known && is_learned(plan->part)) {
			plan->known = plan->part == PART_INPUT ? &known->inputs[plan->place] : &known->targets[plan->place];
			plan->text = plan->known->texts && !plan->known->whole;
		}
		if (plan->text && plan->part == PART_TARGET && t->choice.targets > 1) {
			char words[COLUMN_WORDS];
			return fail(failure, "%.200s: %s holds texts, but several targets must be numbers: give --target one "
				"column of classes", t->sheet.path, column_words(&t->sheet, i, words));
		}
	}
	return true;
}

/* A line, in which the table's own words cannot give commands to a terminal. */
static void note(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(FILE *out, const char *format, ...)
{
	char line[600], shown[sizeof line + 4];
	va_list values;
	va_start(values, format);
	vsnprintf(line, sizeof line, format, values);
	va_end(values);
	terminal_text(shown, sizeof shown, line);
	fprintf(out, "%s\n", shown);
}

static void tell_choice(const Table *t)
{
	FILE *out = t->options->notes;
	const Sheet *sheet = &t->sheet;
	if (!out || t->options->schema)
		return;
	char words[COLUMN_WORDS];
	for (int k = 0; k < t->choice.targets; k++) {
		int i = 0;
		while (t->plans[i].part != PART_TARGET || t->plans[i].place != k)
			i++;
		const char *name = sheet->names ? sheet->names[i] : "";
		if (*name)
			note(out, "target: %.60s (column %d of %d%s)", name, i + 1, sheet->columns,
				t->choice.by_default ? "; --target changes it" : "");
		else
			note(out, "target: column %d of %d%s", i + 1, sheet->columns,
				t->choice.by_default ? " (--target changes it)" : "");
	}
	if (t->choice.unnamed >= 0)
		note(out, "left out: column %d, which has no name and counts the rows", t->choice.unnamed + 1);
	if (t->data->window)
		note(out, "windows: %d of %d row%s each, %d row%s apart; each has the target of its last row", t->data->rows,
			t->data->window, t->data->window == 1 ? "" : "s", t->data->stride, t->data->stride == 1 ? "" : "s");
	if (t->data->window && t->grows >= 0) {
		const int column = t->data->schema->inputs[t->grows].place;
		note(out, "inputs: %s never falls from row to row: if it is the time, --ignore %d leaves it out",
			column_words(sheet, column, words), column + 1);
	}
	for (int k = 0; k < t->choice.inputs; k++) {
		const Column *column = &t->data->schema->inputs[k];
		char list[200];
		const int shown = column->text_count < 8 ? column->text_count : 8;
		if (!column->texts)
			continue;
		join_names(list, sizeof list, (const char *const *)column->texts, shown);
		note(out, "inputs: %s is %d, one for each of its texts: %s%s", column_words(sheet, column->place, words),
			column->text_count, list, shown < column->text_count ? ", ..." : "");
	}
}

static bool read_table(Table *t, Failure *failure)
{
	Sniffed *sniffed = NULL;
	bool done = sniff(&t->sheet, &sniffed, failure)
		&& choose_columns(&t->choice, &t->sheet, sniffed, t->options, failure) && make_plans(t, sniffed, failure)
		&& take_rows(t, failure) && table_settle(t, failure);
	if (done)
		tell_choice(t);
	free(sniffed);
	return done;
}

static void close_table(Table *t)
{
	for (int i = 0; t->plans && i < t->sheet.columns; i++)
		texts_free(&t->plans[i].texts);
	free(t->plans);
	choice_free(&t->choice);
	sheet_close(&t->sheet);
	free(t->inputs);
	free(t->whole);
}

/* What was done about missing values is done again, unless the options say else. Of a row that is left out nothing
 * could be told. */
static Missing missing_of(const DataOptions *options)
{
	const Missing missing = options->missing || !options->schema ? options->missing : options->schema->missing;
	return missing == MISSING_DROP && options->without_target ? MISSING_REFUSED : missing;
}

bool table_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure)
{
	DataOptions settled = options ? *options : (DataOptions){.target = NULL};
	settled.missing = missing_of(&settled);
	Table t = {.sheet.path = strcmp(path, "-") == 0 ? "standard input" : path, .options = &settled, .data = data};
	bool packed;
	if (names)
		return fail(failure, "%.200s: `:%.60s` names arrays of a .npz file; of a table, --target and --ignore name "
			"columns",
			path, names);
	if (!text_read((char **)&t.sheet.text, &t.sheet.size, &packed, path, failure))
		return false;
	bool done = (packed || !foreign_data(path, failure)) && read_table(&t, failure);
	close_table(&t);
	return done;
}
