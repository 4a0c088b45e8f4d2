/* npz.c: a zip archive of .npy files, as numpy.savez writes it: the samples X and their labels or values y. */
#include "data.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

enum { NPY_PREFIX = 10, MAX_WHERE = 300 };      /* magic, version and length of format 1.0 */

/* One array of the archive while it is read, item after item. */
typedef struct Array {
	char where[MAX_WHERE];          /* "digits.npz: X" */
	zip_file_t *stream;
	Npy npy;
	unsigned char buffer[1 << 14];
	size_t filled, used;
} Array;

static bool regular_file(const char *path, Failure *failure)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return fail(failure, "cannot open %s: %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return fail(failure, "%s is a directory, expected a file", path);
	if (!S_ISREG(status.st_mode))
		return fail(failure, "%s is not a regular file", path);
	if (status.st_size == 0)
		return fail(failure, "%s is empty, expected what numpy.savez writes", path);
	return true;
}

static zip_t *archive_open(const char *path, Failure *failure)
{
	if (!regular_file(path, failure))
		return NULL;
	int code;
	zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
	if (!archive && !foreign_data(path, failure)) {
		zip_error_t error;
		zip_error_init_with_code(&error, code);
		fail(failure, "%s is not a sound .npz file: %s; save it again with numpy.savez", path, zip_error_strerror(&error));
		zip_error_fini(&error);
	}
	return archive;
}

static bool broken(const Array *array, const char *reason, Failure *failure)
{
	return fail(failure, "%s: the archive is damaged (%s): save it again with numpy.savez", array->where, reason);
}

/* Exactly length bytes. */
static bool read_bytes(Array *array, void *bytes, size_t length, Failure *failure)
{
	zip_int64_t got = zip_fread(array->stream, bytes, length);
	if (got < 0)
		return broken(array, zip_file_strerror(array->stream), failure);
	return (size_t)got == length || broken(array, "it ends too early", failure);
}

static bool header_read(Array *array, size_t *header_size, Failure *failure)
{
	unsigned char prefix[NPY_PREFIX], high[2] = {0};
	char text[MAX_NPY_HEADER + 1];
	if (!read_bytes(array, prefix, sizeof prefix, failure))
		return false;
	if (memcmp(prefix, "\x93NUMPY", 6) != 0 || prefix[6] < 1 || prefix[6] > 3)
		return fail(failure, "%s: not an array in the format of numpy 1.0 to 3.0", array->where);
	*header_size = sizeof prefix;
	if (prefix[6] > 1) {
		if (!read_bytes(array, high, sizeof high, failure))
			return false;
		*header_size += sizeof high;
	}
	size_t length = prefix[8] | (size_t)prefix[9] << 8 | (size_t)high[0] << 16 | (size_t)high[1] << 24;
	*header_size += length;
	if (length > MAX_NPY_HEADER)
		return fail(failure, "%s: its header is %zu bytes long, and the limit is %d", array->where, length, MAX_NPY_HEADER);
	if (!read_bytes(array, text, length, failure))
		return false;
	text[length] = 0;
	return npy_parse(&array->npy, text, array->where, failure);
}

static bool no_such_array(zip_t *archive, const char *path, const char *name, Failure *failure)
{
	enum { SHOWN = 8 };
	const char *names[SHOWN];
	zip_int64_t entries = zip_get_num_entries(archive, 0);
	int count = 0;
	for (zip_int64_t i = 0; i < entries && count < SHOWN; i++)
		if ((names[count] = zip_get_name(archive, (zip_uint64_t)i, 0)))
			count++;
	char list[300];
	join_names(list, sizeof list, names, count);
	return fail(failure, "%s has no array %s, it holds: %s; expected what numpy.savez(path, X=samples, y=labels) writes",
		path, name, count > 0 ? list : "nothing");
}

static bool array_open(Array *array, zip_t *archive, const char *path, const char *name, Failure *failure)
{
	char entry[16];
	snprintf(entry, sizeof entry, "%s.npy", name);
	snprintf(array->where, sizeof array->where, "%.*s: %s", MAX_WHERE - 10, path, name);
	zip_stat_t status;
	if (zip_stat(archive, entry, 0, &status) != 0)
		return no_such_array(archive, path, entry, failure);
	array->stream = zip_fopen(archive, entry, 0);
	if (!array->stream)
		return broken(array, zip_strerror(archive), failure);
	size_t header_size;
	if (!header_read(array, &header_size, failure))
		return false;
	if (array->npy.count == 0)
		return fail(failure, "%s: its shape %s holds no values", array->where, array->npy.shape_text);
	size_t expected = header_size + (size_t)array->npy.count * (size_t)array->npy.item_size;
	if (status.size != expected)
		return fail(failure, "%s: it takes %zu bytes of shape %s, but the archive holds %llu: save it again", array->where,
			expected, array->npy.shape_text, (unsigned long long)status.size);
	return true;
}

static void array_close(Array *array)
{
	if (array->stream)
		zip_fclose(array->stream);
}

static bool next_value(Array *array, double *value, int remaining, Failure *failure)
{
	size_t item_size = (size_t)array->npy.item_size;
	if (array->used == array->filled) {
		size_t left = (size_t)remaining * item_size;
		array->filled = left < sizeof array->buffer ? left : sizeof array->buffer;
		array->used = 0;
		if (!read_bytes(array, array->buffer, array->filled, failure))
			return false;
	}
	*value = npy_value(&array->npy, array->buffer + array->used);
	array->used += item_size;
	return true;
}

/* The checksum is compared when the end is reached, and not before. */
static bool end_reached(Array *array, Failure *failure)
{
	char beyond;
	zip_int64_t got = zip_fread(array->stream, &beyond, 1);
	if (got < 0)
		return broken(array, zip_file_strerror(array->stream), failure);
	return got == 0 || broken(array, "it is longer than it says", failure);
}

/* Where the value that comes after `before` others belongs in row-major order. In Fortran's, the first axis runs
 * fastest. */
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

static bool floats_read(Array *array, float *out, Failure *failure)
{
	const Npy *npy = &array->npy;
	int row_size = npy->count / npy->shape[0];
	for (int i = 0; i < npy->count; i++) {
		double value;
		if (!next_value(array, &value, npy->count - i, failure))
			return false;
		int place = row_major_place(npy, i);
		out[place] = (float)value;
		if (!isfinite(out[place]))
			return fail(failure, "%s[%d] holds %.9g, expected finite numbers of single precision: drop the row or scale it",
				array->where, place / row_size, value);
	}
	return end_reached(array, failure);
}

static bool labels_read(Array *array, Data *data, Failure *failure)
{
	for (int i = 0; i < data->rows; i++) {
		double value;
		if (!next_value(array, &value, data->rows - i, failure))
			return false;
		if (value < 0 || value >= INT32_MAX)
			return fail(failure, "%s[%d] is %.15g, expected labels from 0 to %d: number the classes from 0", array->where, i,
				value, INT32_MAX - 1);
		data->labels[i] = (int32_t)value;
		data->targets[i] = (float)value;
		if (data->labels[i] >= data->classes)
			data->classes = data->labels[i] + 1;
	}
	return end_reached(array, failure);
}

static bool shapes_fit(const Array *x, const Array *y, Failure *failure)
{
	if (x->npy.rank < 2)
		return fail(failure, "%s has the shape %s, expected (samples, features): use X.reshape(-1, 1) for one feature",
			x->where, x->npy.shape_text);
	if (y->npy.rank < 1 || y->npy.rank > 2)
		return fail(failure, "%s has the shape %s, expected (samples,) or (samples, values)", y->where, y->npy.shape_text);
	if (x->npy.shape[0] != y->npy.shape[0])
		return fail(failure, "%s has %d rows, but y has %d: every sample needs its label or values", x->where,
			x->npy.shape[0], y->npy.shape[0]);
	if (y->npy.kind != 'f' && y->npy.count != y->npy.shape[0])
		return fail(failure, "%s has the shape %s, expected one label for each sample: use y.argmax(1), or floats for values",
			y->where, y->npy.shape_text);
	return true;
}

static bool arrays_read(Data *data, Array *x, Array *y, Failure *failure)
{
	if (!shapes_fit(x, y, failure))
		return false;
	data->rank = x->npy.rank - 1;
	for (int i = 0; i < data->rank; i++)
		data->dims[i] = x->npy.shape[i + 1];
	int rows = x->npy.shape[0];
	bool labelled = y->npy.kind != 'f';
	return data_allocate(data, rows, y->npy.count / rows, labelled, failure) && floats_read(x, data->x, failure)
		&& (labelled ? labels_read(y, data, failure) : floats_read(y, data->targets, failure));
}

bool npz_read(Data *data, const char *path, Failure *failure)
{
	zip_t *archive = archive_open(path, failure);
	if (!archive)
		return false;
	Array x = {.stream = NULL}, y = {.stream = NULL};
	bool done = array_open(&x, archive, path, "X", failure) && array_open(&y, archive, path, "y", failure)
		&& arrays_read(data, &x, &y, failure);
	array_close(&x);
	array_close(&y);
	zip_discard(archive);
	return done;
}
