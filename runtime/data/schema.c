/* schema.c: what is remembered of a table, so that others become numbers in the same way. */
#include "data.h"
#include <stdlib.h>
#include <string.h>

static void columns_free(Column *columns, int count)
{
	for (int i = 0; columns && i < count; i++) {
		for (int k = 0; k < columns[i].text_count; k++)
			free(columns[i].texts[k]);
		free(columns[i].texts);
		free(columns[i].name);
		free(columns[i].means);
	}
	free(columns);
}

void schema_free(Schema *schema)
{
	if (!schema)
		return;
	columns_free(schema->inputs, schema->input_count);
	columns_free(schema->targets, schema->target_count);
	free(schema->centres);
	free(schema->deviations);
	free(schema);
}

bool schema_has_windows(const Schema *schema)
{
	return schema && schema->window;
}

int column_find(const Column *column, const char *text)
{
	if (column->whole) {
		for (int i = 0; i < column->text_count; i++)
			if (strcmp(column->texts[i], text) == 0)
				return i;
		return -1;
	}
	int low = 0, high = column->text_count;
	while (low < high) {
		const int middle = low + (high - low) / 2, order = strcmp(column->texts[middle], text);
		if (order == 0)
			return middle;
		low = order < 0 ? middle + 1 : low;
		high = order < 0 ? high : middle;
	}
	return -1;
}

static bool copy_numbers(double **to, const double *from, size_t count)
{
	*to = from ? malloc((count + 1) * sizeof **to) : NULL;
	if (*to)
		memcpy(*to, from, count * sizeof **to);
	return *to || !from;
}

static bool copy_texts(Column *to, const Column *from)
{
	to->text_count = 0;
	to->texts = from->texts ? malloc(((size_t)from->text_count + 1) * sizeof *to->texts) : NULL;
	for (; to->texts && to->text_count < from->text_count; to->text_count++)
		if (!(to->texts[to->text_count] = strdup(from->texts[to->text_count])))
			return false;
	return to->texts || !from->texts;
}

static bool copy_columns(Column **to, int *to_count, const Column *from, int count)
{
	*to = calloc((size_t)count + 1, sizeof **to);
	bool done = *to;
	*to_count = 0;
	for (int i = 0; done && i < count; i++) {
		Column *column = &(*to)[i];
		++*to_count;
		column->place = from[i].place;
		column->whole = from[i].whole;
		column->name = from[i].name ? strdup(from[i].name) : NULL;
		done = (column->name || !from[i].name) && copy_texts(column, &from[i])
			&& copy_numbers(&column->means, from[i].means, (size_t)column_features(&from[i]));
	}
	return done;
}

Schema *schema_copy(const Schema *schema)
{
	Schema *copy = calloc(1, sizeof *copy);
	if (!copy)
		return NULL;
	copy->width = schema->width;
	copy->features = schema->features;
	copy->missing = schema->missing;
	copy->window = schema->window;
	copy->stride = schema->stride;
	const size_t features = (size_t)schema->features;
	if (copy_columns(&copy->inputs, &copy->input_count, schema->inputs, schema->input_count)
		&& copy_columns(&copy->targets, &copy->target_count, schema->targets, schema->target_count)
		&& copy_numbers(&copy->centres, schema->centres, features)
		&& copy_numbers(&copy->deviations, schema->deviations, features))
		return copy;
	schema_free(copy);
	return NULL;
}

const char *schema_class(const Schema *schema, int index)
{
	const Column *column = schema && schema->target_count == 1 ? &schema->targets[0] : NULL;
	return column && column->texts && index < column->text_count ? column->texts[index] : NULL;
}

const char *schema_target(const Schema *schema, int index)
{
	return schema && index < schema->target_count ? schema->targets[index].name : NULL;
}

const char *schema_input(const Schema *schema, int index)
{
	for (int i = 0, first = 0; schema && i < schema->input_count; first += column_features(&schema->inputs[i++]))
		if (first == index && column_features(&schema->inputs[i]) == 1)
			return schema->inputs[i].name;
	return NULL;
}
