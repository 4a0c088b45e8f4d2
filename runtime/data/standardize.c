/* standardize.c: each value of a sample is moved and scaled to mean 0 and deviation 1, as scikit-learn's StandardScaler
 * does. In windows of a table a column has one scale, wherever its values are. */
#include "data.h"
#include <math.h>
#include <stdlib.h>

/* The schema of data that are no table, which has no columns. */
static bool have_schema(Data *data, Failure *failure)
{
	if (!data->schema && (data->schema = calloc(1, sizeof *data->schema)))
		data->schema->features = data->features;
	return data->schema || fail(failure, "%s: not enough memory", data->name);
}

/* The scale of the values from `feature` on that are `step` apart. Two passes, so that a mean far from 0 costs no
 * digits. */
static void find_scale(const Data *data, const int *rows, int row_count, int feature, int step, double *centre,
	double *deviation)
{
	const double count = (double)row_count * (data->features / step);
	double sum = 0, squares = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < row_count; i++) {
			const size_t row = (size_t)(rows ? rows[i] : i) * (size_t)data->features;
			for (int k = feature; k < data->features; k += step) {
				const double value = number_at(data->x_any, data->number_bytes, row + (size_t)k);
				sum += pass ? 0 : value;
				squares += pass ? (value - sum / count) * (value - sum / count) : 0;
			}
		}
	*centre = sum / count;
	*deviation = sqrt(squares / count);
	/* a value that is the same in all rows, but for rounding */
	if (!(*deviation > 1e-12 * fabs(*centre)) || *deviation < 1e-30)
		*deviation = 1;
}

bool data_fit_scale(Data *data, const int *rows, int count, Failure *failure)
{
	if (!have_schema(data, failure))
		return false;
	Schema *schema = data->schema;
	schema->centres = malloc((size_t)data->features * sizeof *schema->centres);
	schema->deviations = malloc((size_t)data->features * sizeof *schema->deviations);
	if (!schema->centres || !schema->deviations)
		return fail(failure, "%s: not enough memory to standardize %d values", data->name, data->features);
	const int step = data->window ? data->features / data->window : data->features;
	for (int i = 0; i < step; i++)
		find_scale(data, rows, count, i, step, &schema->centres[i], &schema->deviations[i]);
	for (int i = step; i < data->features; i++) {
		schema->centres[i] = schema->centres[i - step];
		schema->deviations[i] = schema->deviations[i - step];
	}
	return true;
}

bool schema_scale(const Schema *schema, const double **centres, const double **deviations)
{
	*centres = schema ? schema->centres : NULL;
	*deviations = schema ? schema->deviations : NULL;
	return *centres;
}

bool data_scale(Data *data, const Schema *schema, Failure *failure)
{
	if (schema->features != data->features)
		return fail(failure, "a sample of %s has %d values, but the network was trained with %d", data->name,
			data->features, schema->features);
	for (int row = 0; schema->centres && row < data->rows; row++) {
		const size_t first = (size_t)row * (size_t)data->features, bytes = data->number_bytes;
		for (int i = 0; i < data->features; i++) {
			const size_t at = first + (size_t)i;
			const double x = number_at(data->x_any, bytes, at);
			const double value = number_rounded((x - schema->centres[i]) / schema->deviations[i], bytes);
			number_put(data->x_any, bytes, at, value);
			if (!isfinite(value))
				return fail(failure, "%s: value %d of row %d is too large to be standardized", data->name, i, row);
		}
	}
	return true;
}
