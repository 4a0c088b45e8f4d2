/* settle.c: what was read of a table becomes samples: texts become numbers or inputs of their own, what is missing
 * becomes a mean, and the target labels or values. The schema remembers how. */
#include "table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CATEGORIES = 1000, MAX_CLASSES = 1 << 16, FEW_ROWS = 20 };

/* ---- texts become values */

/* Refuses what is a name or an identifier of a row rather than one of some kinds. */
static bool check_categories(const Table *t, int column, Failure *failure)
{
	char words[COLUMN_WORDS];
	const int count = t->plans[column].texts.count;
	if (count <= MAX_CATEGORIES && (t->rows < FEW_ROWS || count <= t->rows / 2))
		return true;
	return fail(failure, "%.200s: %s holds %d different texts in %d rows, and each would be an input of its own: leave "
		"it out with --ignore %d, or make numbers of it", t->sheet.path, column_words(&t->sheet, column, words), count,
		t->rows, column + 1);
}

/* Moves the texts of the table's column i into the schema, sorted, and renumbers the values: the first, and then each
 * that is `stride` later. */
static bool settle_texts(Table *t, int i, Column *column, void *values, int first, int stride, bool whole,
	Failure *failure)
{
	const size_t bytes = t->data->number_bytes;
	Plan *plan = &t->plans[i];
	int *order = malloc((size_t)plan->texts.count * sizeof *order + 1);
	if (!order || !texts_sort(&plan->texts, whole, order)) {
		free(order);
		return fail(failure, "%.200s: not enough memory to sort the texts of column %d", t->sheet.path, i + 1);
	}
	for (int row = 0; row < t->rows; row++) {
		const size_t at = (size_t)row * (size_t)stride + (size_t)first;
		const double value = number_at(values, bytes, at);
		number_put(values, bytes, at, isnan(value) ? value : order[(int)value]);
	}
	free(order);
	column->texts = plan->texts.items;
	column->text_count = plan->texts.count;
	column->whole = whole;
	plan->texts.items = NULL;
	plan->texts.count = 0;
	return true;
}

static bool new_schema(Table *t, Failure *failure)
{
	Schema *schema = t->data->schema = calloc(1, sizeof *schema);
	if (!schema)
		return fail(failure, "%.200s: not enough memory", t->sheet.path);
	schema->inputs = calloc((size_t)t->choice.inputs, sizeof *schema->inputs);
	schema->targets = calloc((size_t)t->choice.targets + 1, sizeof *schema->targets);
	schema->width = t->sheet.columns;
	schema->missing = t->options->missing;
	schema->input_count = schema->inputs ? t->choice.inputs : 0;
	schema->target_count = schema->targets ? t->choice.targets : 0;
	if (!schema->inputs || !schema->targets)
		return fail(failure, "%.200s: not enough memory for %d columns", t->sheet.path, t->sheet.columns);
	for (int i = 0; i < t->sheet.columns; i++) {
		const Plan *plan = &t->plans[i];
		if (!is_learned(plan->part))
			continue;
		Column *column = plan->part == PART_INPUT ? &schema->inputs[plan->place] : &schema->targets[plan->place];
		column->place = i;
		const char *name = t->sheet.names ? t->sheet.names[i] : "";
		column->name = *name ? strdup(name) : NULL;
		if (*name && !column->name)
			return fail(failure, "%.200s: not enough memory for the names of columns", t->sheet.path);
	}
	return true;
}

static bool settle_inputs(Table *t, Failure *failure)
{
	for (int i = 0; i < t->sheet.columns; i++) {
		const Plan *plan = &t->plans[i];
		if (plan->part != PART_INPUT || !plan->text)
			continue;
		if (!check_categories(t, i, failure) || !settle_texts(t, i, &t->data->schema->inputs[plan->place],
				t->inputs, plan->place, t->choice.inputs, false, failure))
			return false;
	}
	return true;
}

/* The mean of each value of the column, over the rows that have it. */
static bool find_means(Table *t, Failure *failure)
{
	for (int k = 0; k < t->choice.inputs; k++) {
		Column *column = &t->data->schema->inputs[k];
		double count = 0, *means = column->means = calloc((size_t)column_features(column), sizeof *means);
		if (!means)
			return fail(failure, "%.200s: not enough memory", t->sheet.path);
		for (int row = 0; row < t->rows; row++) {
			const double value = number_at(t->inputs, t->data->number_bytes,
				(size_t)row * (size_t)t->choice.inputs + (size_t)k);
			if (isnan(value))
				continue;
			means[column->texts ? (int)value : 0] += column->texts ? 1 : value;
			count++;
		}
		if (count == 0) {
			char words[COLUMN_WORDS];
			return fail(failure, "%.200s: %s has no value in any row, so it has no mean: leave it out with --ignore %d",
				t->sheet.path, column_words(&t->sheet, column->place, words), column->place + 1);
		}
		for (int i = 0; i < column_features(column); i++)
			means[i] /= count;
	}
	return true;
}

/* ---- the target */

Plan *single_target(const Table *t, int *at)
{
	for (*at = 0; *at < t->sheet.columns; ++*at)
		if (t->choice.targets == 1 && t->plans[*at].part == PART_TARGET)
			return &t->plans[*at];
	return NULL;
}

bool keep_values(Table *t)
{
	free(t->whole);
	t->whole = NULL;
	return true;
}

static bool unknown_class(Table *t, int column, const char *text)
{
	char words[COLUMN_WORDS], list[50];
	const Column *known = t->plans[column].known;
	join_names(list, sizeof list, (const char *const *)known->texts, known->text_count < 5 ? known->text_count : 5);
	snprintf(t->data->unlabelled, sizeof t->data->unlabelled, "%.40s holds %.20s, and the network was trained "
		"with %.49s%s", column_words(&t->sheet, column, words), text, list, known->text_count > 5 ? ", ..." : "");
	return keep_values(t);
}

/* Whole numbers are texts for the labels, but stay values for the targets. */
static bool number_whole(Table *t, Plan *plan, int column, Failure *failure)
{
	int small[256];                 /* the numbers of small values that came before */
	memset(small, -1, sizeof small);
	for (int row = 0; row < t->rows; row++) {
		char text[32];
		const double whole = t->whole[row];
		int *before = whole >= 0 && whole < 256 ? &small[(int)whole] : NULL;
		if (before && *before >= 0) {
			t->whole[row] = *before;
			continue;
		}
		int length = snprintf(text, sizeof text, "%.0f", whole + 0.0);
		int number = plan->known ? column_find(plan->known, text) : texts_add(&plan->texts, text, (size_t)length);
		if (number < 0 && plan->known)
			return unknown_class(t, column, text);
		if (number < 0)
			return fail(failure, "%.200s: not enough memory for the classes", t->sheet.path);
		t->whole[row] = number;
		if (before)
			*before = number;
		if (number < MAX_CLASSES)
			continue;
		snprintf(t->data->unlabelled, sizeof t->data->unlabelled, "the target has more than %d different values",
			MAX_CLASSES);
		texts_free(&plan->texts);
		return keep_values(t);
	}
	return true;
}

static bool set_labels(Table *t, const Column *column, const void *numbers, Failure *failure)
{
	Data *data = t->data;
	data->labels = malloc((size_t)t->rows * sizeof *data->labels);
	if (!data->labels)
		return fail(failure, "%.200s: not enough memory for %d labels", t->sheet.path, t->rows);
	for (int row = 0; row < t->rows; row++)
		data->labels[row] = (int32_t)number_at(numbers, data->number_bytes, (size_t)row);
	data->classes = column->text_count;
	data->class_names = (const char *const *)column->texts;
	return true;
}

static bool settle_target(Table *t, Failure *failure)
{
	Data *data = t->data;
	int at;
	Plan *plan = single_target(t, &at);
	Column *column = plan ? &data->schema->targets[0] : NULL;
	if (t->choice.targets > 1)
		snprintf(data->unlabelled, sizeof data->unlabelled, "the target has %d values a row", t->choice.targets);
	if (!plan || (plan->known && !plan->known->texts))
		return true;
	if (plan->text && !plan->known && !settle_texts(t, at, column, data->targets_any, 0, 1, false, failure))
		return false;
	if (plan->text)
		return set_labels(t, column, data->targets_any, failure);
	if (t->whole && !number_whole(t, plan, at, failure))
		return false;
	if (!t->whole)
		return true;
	void *numbers = malloc((size_t)t->rows * data->number_bytes);
	bool done = numbers || fail(failure, "%.200s: not enough memory", t->sheet.path);
	for (int row = 0; done && row < t->rows; row++)
		number_put(numbers, data->number_bytes, (size_t)row, t->whole[row]);
	done = done && (plan->known || settle_texts(t, at, column, numbers, 0, 1, true, failure))
		&& set_labels(t, column, numbers, failure);
	free(numbers);
	return done;
}

/* ---- samples */

/* Writes a row's values, with means for what is missing. */
static void spread_row(const Table *t, int row, void *x)
{
	const size_t bytes = t->data->number_bytes;
	size_t from = (size_t)row * (size_t)t->choice.inputs, to = (size_t)row * (size_t)t->data->features;
	for (int k = 0; k < t->choice.inputs; k++) {
		const Column *column = &t->data->schema->inputs[k];
		const int count = column_features(column);
		const double value = number_at(t->inputs, bytes, from++);
		for (int i = 0; i < count; i++)
			number_put(x, bytes, to++, isnan(value) ? column->means[i] : column->texts ? i == (int)value : value);
	}
}

static bool set_samples(Table *t, Failure *failure)
{
	Data *data = t->data;
	int64_t features = 0;
	bool plain = true;
	for (int k = 0; k < t->choice.inputs; k++) {
		const Column *column = &data->schema->inputs[k];
		features += column_features(column);
		plain &= !column->texts && !column->means;
	}
	if (features * t->rows > MAX_VALUES)
		return fail(failure, "%.200s has %d rows of %lld values, more than %d in all: split it", t->sheet.path, t->rows,
			(long long)features, MAX_VALUES);
	data->rank = 1;
	data->dims[0] = data->features = data->schema->features = (int)features;
	data->rows = t->rows;
	data->target_features = t->choice.targets;
	void *x = plain ? t->inputs : malloc((size_t)features * (size_t)t->rows * data->number_bytes);
	if (!x)
		return fail(failure, "%.200s: not enough memory for %d rows of %lld values", t->sheet.path, t->rows,
			(long long)features);
	for (int row = 0; !plain && row < t->rows; row++)
		spread_row(t, row, x);
	data->x_any = x;
	t->inputs = plain ? NULL : t->inputs;
	return true;
}

/* An input that never falls from row to row, as the time: what windows had teaches nothing about later ones. */
static int find_growing(const Table *t)
{
	const Data *data = t->data;
	size_t at = 0;
	for (int k = 0; k < t->choice.inputs; at += (size_t)column_features(&data->schema->inputs[k++])) {
		int row = 1;
		while (row < data->rows && !data->schema->inputs[k].texts
			&& number_at(data->x_any, data->number_bytes, (size_t)(row - 1) * (size_t)data->features + at)
				<= number_at(data->x_any, data->number_bytes, (size_t)row * (size_t)data->features + at))
			row++;
		if (row == data->rows && number_at(data->x_any, data->number_bytes, at)
			< number_at(data->x_any, data->number_bytes, (size_t)(row - 1) * (size_t)data->features + at))
			return k;
	}
	return -1;
}

/* Whoever runs a trained network may ask for windows at other distances. */
static bool set_windows(Table *t, Failure *failure)
{
	Schema *schema = t->data->schema;
	const Schema *known = t->options->schema;
	schema->window = known ? known->window : t->options->window;
	schema->stride = t->options->stride ? t->options->stride : known ? known->stride : 1;
	if (!schema->window)
		return true;
	t->grows = find_growing(t);
	if (!data_window(t->data, schema->window, schema->stride, failure))
		return false;
	schema->features = t->data->features;
	return true;
}

bool table_settle(Table *t, Failure *failure)
{
	const Schema *known = t->options->schema;
	if (known && !(t->data->schema = schema_copy(known)))
		return fail(failure, "%.200s: not enough memory", t->sheet.path);
	if (!known && (!new_schema(t, failure) || !settle_inputs(t, failure)))
		return false;
	if (!known && t->options->missing == MISSING_MEAN && !find_means(t, failure))
		return false;
	return settle_target(t, failure) && set_samples(t, failure) && set_windows(t, failure);
}
