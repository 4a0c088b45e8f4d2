/* window.c: samples of several rows of a table, such as a logger's: its rows are in the order of time, and a sample is
 * so many of them, one after another. */
#include "data.h"
#include <stdlib.h>
#include <string.h>

int window_reach(const Data *data)
{
	return data->window ? (data->window - 1) / data->stride : 0;
}

int data_row(const Data *data, int sample)
{
	return data->window ? data->window - 1 + sample * data->stride : sample;
}

/* What tells which row it is, of the last row of each window. */
static void keep_ids(Data *data, int windows)
{
	Ids *ids = &data->ids;
	const size_t count = (size_t)ids->count;
	size_t kept = 0;
	for (size_t i = 0; i < ids->filled; i++)
		if (kept < (size_t)windows * count && i == (size_t)data_row(data, (int)(kept / count)) * count + kept % count)
			ids->texts[kept++] = ids->texts[i];
		else
			free(ids->texts[i]);
	ids->filled = kept;
}

bool data_window(Data *data, int window, int stride, Failure *failure)
{
	const size_t bytes = data->number_bytes, row = (size_t)data->features * bytes;
	const size_t target = (size_t)data->target_features * bytes;
	if (data->rows < window)
		return fail(failure, "%.200s has %d row%s, fewer than the %d of a window: give more rows, or a shorter "
			"--window", data->name, data->rows, data->rows == 1 ? "" : "s", window);
	const int windows = (data->rows - window) / stride + 1;
	const double values = (double)windows * window * data->features;
	if (values > MAX_VALUES)
		return fail(failure, "%.200s has %d windows of %d rows, %.0f values, more than %d in all: give a larger "
			"--stride, or split it", data->name, windows, window, values, MAX_VALUES);
	char *x = malloc((size_t)windows * (size_t)window * row);
	if (!x)
		return fail(failure, "%.200s: not enough memory for %d windows of %d rows", data->name, windows, window);
	data->window = window;
	data->stride = stride;
	for (int i = 0; i < windows; i++) {
		const size_t first = (size_t)i * (size_t)stride, last = (size_t)data_row(data, i);
		memcpy(x + (size_t)i * (size_t)window * row, (const char *)data->x_any + first * row, (size_t)window * row);
		memmove((char *)data->targets_any + (size_t)i * target, (const char *)data->targets_any + last * target,
			target);
		if (data->labels)
			data->labels[i] = data->labels[last];
	}
	keep_ids(data, windows);
	free(data->x_any);
	data->x_any = x;
	data->rows = windows;
	data->rank = 3;
	data->dims[0] = 1;
	data->dims[1] = window;
	data->dims[2] = data->features;
	data->features *= window;
	return true;
}
