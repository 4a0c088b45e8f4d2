/* samples.c: memory for the samples of a built-in set or a file. */
#include "data.h"
#include <stdlib.h>

bool data_allocate(Data *data, int rows, int target_features, bool labelled, Failure *failure)
{
	data->rows = rows;
	data->features = 1;
	for (int i = 0; i < data->rank; i++)
		data->features *= data->dims[i];
	data->target_features = target_features;
	data->x_any = malloc((size_t)rows * (size_t)data->features * data->number_bytes);
	data->targets_any = malloc((size_t)rows * (size_t)target_features * data->number_bytes);
	if (labelled)
		data->labels = malloc((size_t)rows * sizeof *data->labels);
	if (data->x && data->targets && (data->labels || !labelled))
		return true;
	return fail(failure, "%s: no memory for %d samples of %d values", data->name, rows, data->features);
}

bool ids_open(Ids *ids, int count, size_t rows)
{
	*ids = (Ids){.count = count};
	ids->names = calloc((size_t)count + 1, sizeof *ids->names);
	ids->texts = malloc((rows * (size_t)count + 1) * sizeof *ids->texts);
	return ids->names && ids->texts;
}

bool ids_add(Ids *ids, char *text)
{
	if (text)
		ids->texts[ids->filled++] = text;
	return text;
}

void data_close(Data *data)
{
	free(data->x);
	free(data->labels);
	free(data->targets);
	schema_free(data->schema);
	for (size_t i = 0; i < data->ids.filled; i++)
		free(data->ids.texts[i]);
	for (int i = 0; data->ids.names && i < data->ids.count; i++)
		free(data->ids.names[i]);
	free(data->ids.texts);
	free(data->ids.names);
	*data = (Data){0};
}

bool data_copy(Data *copy, const Data *data, Failure *failure)
{
	const size_t rows = (size_t)data->rows, bytes = data->number_bytes;
	*copy = *data;
	copy->schema = NULL;
	copy->ids = (Ids){0};
	copy->labels = NULL;
	if (!data_allocate(copy, data->rows, data->target_features, data->labels, failure))
		return false;
	memcpy(copy->x_any, data->x_any, rows * (size_t)data->features * bytes);
	memcpy(copy->targets_any, data->targets_any, rows * (size_t)data->target_features * bytes);
	if (data->labels)
		memcpy(copy->labels, data->labels, rows * sizeof *copy->labels);
	return true;
}
