/* draft.c: functions that the generators of the built-in sets share. */
#include "table.h"
#include <stdlib.h>

enum { MAX_ROW_TEXT = 400 };

bool draft_open(Draft *draft, double n, double features, double seed, Failure *failure)
{
	if (n * features > MAX_VALUES)
		return fail(failure,
			"%s: %.0f samples of %.0f features are %.0f values, and the limit is %d: lower n or features", draft->name,
			n, features, n * features, MAX_VALUES);
	size_t rows = (size_t)n;
	draft->rows = (int)n;
	draft->features = (int)features;
	draft->x = malloc(rows * (size_t)features * sizeof *draft->x);
	draft->labels = malloc(rows * sizeof *draft->labels);
	draft->order = malloc(rows * sizeof *draft->order);
	draft->scratch = malloc(rows * sizeof *draft->scratch);
	if (!draft->x || !draft->labels || !draft->order || !draft->scratch)
		return fail(failure, "%s: no memory for %.0f samples of %.0f features: lower n", draft->name, n, features);
	for (int i = 0; i < draft->rows; i++)
		draft->order[i] = i;
	random_seed(&draft->random, (uint32_t)seed);
	return true;
}

void draft_close(Draft *draft)
{
	free(draft->x);
	free(draft->labels);
	free(draft->order);
	free(draft->scratch);
}

void draft_shuffle(Draft *draft)
{
	numpy_shuffle(&draft->random, draft->order, draft->rows);
}

bool draft_rows(Draft *draft, const char *const *rows, size_t count, int features, const char *const *names,
	Failure *failure)
{
	if (!draft_open(draft, (double)count, features, 0, failure))
		return false;
	double *x = draft->x;
	for (int row = 0; row < draft->rows; row++) {
		char text[MAX_ROW_TEXT + TEXT_PADDING] = {0};
		snprintf(text, MAX_ROW_TEXT, "%s", rows[row]);
		const char *at = text;
		for (int i = 0; i < features; i++)
			at = number_double(at, '.', x++) + 1;
		draft->labels[row] = *at - '0';
	}
	draft->class_names = names;
	return true;
}

static double *row_of(const Draft *draft, int place)
{
	return draft->x + (size_t)draft->order[place] * (size_t)draft->features;
}

void draft_add_noise(Draft *draft, double deviation)
{
	for (int i = 0; i < draft->rows; i++) {
		double *row = row_of(draft, i);
		for (int j = 0; j < draft->features; j++)
			row[j] += numpy_normal(&draft->random, 0, deviation);
	}
}

/* Sets the shape of a sample: features, or a square image of one channel. */
static void set_shape(const Draft *draft, Data *data)
{
	data->rank = draft->side ? 3 : 1;
	data->dims[0] = draft->side ? 1 : draft->features;
	data->dims[1] = data->dims[2] = draft->side;
}

bool draft_finish(Draft *draft, Data *data, Failure *failure)
{
	set_shape(draft, data);
	data->class_names = draft->class_names;
	if (!data_allocate(data, draft->rows, 1, true, failure))
		return false;
	for (int i = 0; i < draft->rows; i++) {
		const double *row = row_of(draft, i);
		for (int j = 0; j < draft->features; j++)
			number_put(data->x_any, data->number_bytes, (size_t)i * (size_t)draft->features + (size_t)j, row[j]);
		int label = draft->labels[draft->order[i]];
		data->labels[i] = label;
		number_put(data->targets_any, data->number_bytes, (size_t)i, label);
		if (label >= data->classes)
			data->classes = label + 1;
	}
	return true;
}
