/* array.c: the arrays of numpy, read item after item, as samples and their targets. */
#include "array.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NPY_PREFIX = 10 };       /* magic, version and length of format 1.0 */

/* ---- bytes */

bool array_broken(const Array *array, const char *reason, Failure *failure)
{
	return fail(failure, "%s: the %s is damaged (%s): save it again with %s", array->where, array->container, reason,
		array->writer);
}

/* Reads exactly length bytes. */
static bool read_bytes(Array *array, void *bytes, size_t length, Failure *failure)
{
	const int64_t got = array->read(array->stream, bytes, length);
	if (got < 0)
		return array_broken(array, array->reason(array->stream), failure);
	return (size_t)got == length || array_broken(array, "it ends too early", failure);
}

static bool header_read(Array *array, size_t *header_size, Failure *failure)
{
	unsigned char prefix[NPY_PREFIX], high[2] = {0};
	char text[MAX_NPY_HEADER + 1];
	if (!read_bytes(array, prefix, sizeof prefix, failure))
		return false;
	if (memcmp(prefix, "\x93NUMPY", 6) != 0 || prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0)
		return fail(failure, "%s: not an array in the format of numpy 1.0 to 3.0: save it with %s", array->where,
			array->writer);
	*header_size = sizeof prefix;
	if (prefix[6] > 1) {
		if (!read_bytes(array, high, sizeof high, failure))
			return false;
		*header_size += sizeof high;
	}
	size_t length = prefix[8] | (size_t)prefix[9] << 8 | (size_t)high[0] << 16 | (size_t)high[1] << 24;
	*header_size += length;
	if (length > MAX_NPY_HEADER)
		return fail(failure, "%s: its header is %zu bytes long, and the limit is %d", array->where, length,
			MAX_NPY_HEADER);
	if (!read_bytes(array, text, length, failure))
		return false;
	text[length] = 0;
	return npy_parse(&array->npy, text, length, array->where, failure);
}

bool array_begin(Array *array, uint64_t size, Failure *failure)
{
	size_t header_size;
	if (!header_read(array, &header_size, failure))
		return false;
	if (array->npy.count == 0)
		return fail(failure, "%s: its shape %s holds no values", array->where, array->npy.shape_text);
	const size_t expected = header_size + (size_t)array->npy.count * (size_t)array->npy.item_size;
	return size == expected || fail(failure, "%s: it takes %zu bytes of shape %s, but the %s holds %llu: save it again",
		array->where, expected, array->npy.shape_text, array->container, (unsigned long long)size);
}

/* ---- items */

/* Returns the next item; null: failure says why there is none. */
static const unsigned char *next_item(Array *array, int remaining, Failure *failure)
{
	size_t item_size = (size_t)array->npy.item_size;
	if (array->used == array->filled) {
		size_t left = (size_t)remaining * item_size;
		array->filled = left < sizeof array->buffer ? left : sizeof array->buffer;
		array->used = 0;
		if (!read_bytes(array, array->buffer, array->filled, failure))
			return NULL;
	}
	const unsigned char *item = array->buffer + array->used;
	array->used += item_size;
	return item;
}

/* The check sum of an archive is compared only at the end. */
static bool end_reached(Array *array, Failure *failure)
{
	char beyond;
	const int64_t got = array->read(array->stream, &beyond, 1);
	if (got < 0)
		return array_broken(array, array->reason(array->stream), failure);
	return got == 0 || array_broken(array, "it is longer than it says", failure);
}

/* The row-major index of the value that follows `before` others. In Fortran's order the first axis changes fastest. */
static int row_major_place(const Npy *npy, int before)
{
	if (!npy->fortran_order)
		return before;
	int place = 0, stride = npy->count;
	for (int axis = 0; axis < npy->rank; axis++) {
		stride /= npy->shape[axis];
		place += before % npy->shape[axis] * stride;
		before /= npy->shape[axis];
	}
	return place;
}

static bool check_number(const Array *array, const Data *data, double value, const unsigned char *item, int row,
	Failure *failure)
{
	char words[48];
	if (isfinite(value))
		return true;
	npy_print(&array->npy, item, words, sizeof words);
	return fail(failure, "%s[%d] holds %s, expected finite numbers of %s precision: drop the row or scale it",
		array->where, row, words, data->number_bytes == sizeof(double) ? "double" : "single");
}

static bool samples_read(Array *array, const Data *data, Failure *failure)
{
	const Npy *npy = &array->npy;
	int row_size = npy->count / npy->shape[0];
	for (int i = 0; i < npy->count; i++) {
		const unsigned char *item = next_item(array, npy->count - i, failure);
		if (!item)
			return false;
		int place = row_major_place(npy, i);
		const double value = npy_number(npy, item, data->number_bytes);
		number_put(data->x_any, data->number_bytes, (size_t)place, value);
		if (!check_number(array, data, value, item, place / row_size, failure))
			return false;
	}
	return end_reached(array, failure);
}

/* Stores a label; if it is none, the targets are values and not labels. */
static void label_read(const Array *array, Data *data, const unsigned char *item, int row)
{
	char words[48];
	if (npy_label(&array->npy, item, &data->labels[row])) {
		if (data->labels[row] >= data->classes)
			data->classes = data->labels[row] + 1;
		return;
	}
	npy_print(&array->npy, item, words, sizeof words);
	snprintf(data->unlabelled, sizeof data->unlabelled, "%.40s[%d] is %s: number the classes from 0", array->name, row,
		words);
	free(data->labels);
	data->labels = NULL;
	data->classes = 0;
}

/* One whole number in each row is a label, whatever its type, and also a value. */
static bool targets_read(Array *array, Data *data, Failure *failure)
{
	const Npy *npy = &array->npy;
	if (!data->labels)
		snprintf(data->unlabelled, sizeof data->unlabelled, "%.40s has %d values a row: of one-hot rows take "
			"%.40s.argmax(1)", array->name, data->target_features, array->name);
	for (int i = 0; i < npy->count; i++) {
		const unsigned char *item = next_item(array, npy->count - i, failure);
		if (!item)
			return false;
		int place = row_major_place(npy, i), row = place / data->target_features;
		const double value = npy_number(npy, item, data->number_bytes);
		number_put(data->targets_any, data->number_bytes, (size_t)place, value);
		if (!check_number(array, data, value, item, row, failure))
			return false;
		if (data->labels)
			label_read(array, data, item, row);
	}
	return end_reached(array, failure);
}

static bool shapes_fit(const Array *x, const Array *y, Failure *failure)
{
	if (x->npy.rank < 2)
		return fail(failure, "%s has the shape %s, expected (samples, features): use %.80s.reshape(-1, 1) for one "
			"feature", x->where, x->npy.shape_text, x->name);
	if (!y)
		return true;
	if (y->npy.rank < 1)
		return fail(failure, "%s has the shape %s, expected (samples,) or (samples, values), or the shape of images",
			y->where, y->npy.shape_text);
	if (x->npy.shape[0] != y->npy.shape[0])
		return fail(failure, "%s has %d rows, but %.80s has %d: every sample needs its label or values", x->where,
			x->npy.shape[0], y->name, y->npy.shape[0]);
	return true;
}

bool arrays_read(Data *data, Array *x, Array *y, Failure *failure)
{
	if (!shapes_fit(x, y, failure))
		return false;
	data->rank = x->npy.rank - 1;
	for (int i = 0; i < data->rank; i++)
		data->dims[i] = x->npy.shape[i + 1];
	int rows = x->npy.shape[0], values = y ? y->npy.count / rows : 0;
	return data_allocate(data, rows, values, values == 1, failure) && samples_read(x, data, failure)
		&& (!y || targets_read(y, data, failure));
}
