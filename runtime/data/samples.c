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

void data_close(Data *data)
{
	free(data->x);
	free(data->labels);
	free(data->targets);
	schema_free(data->schema);
	*data = (Data){0};
}
