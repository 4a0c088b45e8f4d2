/* npz.c: reads a zip archive of .npy files, as numpy.savez writes it: the samples X and their labels or values y, or
 * arrays of other names. */
#include "data.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

enum { NPY_PREFIX = 10, MAX_WHERE = 300 };      /* magic, version and length of format 1.0 */

/* One array of the archive while it is read, item after item. */
typedef struct Array {
	const char *name;               /* "X" */
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
		fail(failure, "%s is not a sound .npz file: %s; save it again with numpy.savez", path,
			zip_error_strerror(&error));
		zip_error_fini(&error);
	}
	return archive;
}

static bool broken(const Array *array, const char *reason, Failure *failure)
{
	return fail(failure, "%s: the archive is damaged (%s): save it again with numpy.savez", array->where, reason);
}

/* Reads exactly length bytes. */
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
	if (memcmp(prefix, "\x93NUMPY", 6) != 0 || prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0)
		return fail(failure, "%s: not an array in the format of numpy 1.0 to 3.0: save it with numpy.savez",
			array->where);
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

/* ---- names */

/* The length of the name without the .npy that numpy adds; other programs may not add it. */
static int name_length(const char *entry)
{
	size_t length = strlen(entry);
	return (int)(length >= 4 && strcmp(entry + length - 4, ".npy") == 0 ? length - 4 : length);
}

static bool is_named(const char *entry, const char *name)
{
	size_t length = (size_t)name_length(entry);
	return strlen(name) == length && memcmp(entry, name, length) == 0;
}

/* The number of entries with this name; index: that of the last one. */
static int count_entries(zip_t *archive, const char *name, zip_uint64_t *index)
{
	zip_int64_t entries = zip_get_num_entries(archive, 0);
	int count = 0;
	for (zip_int64_t i = 0; i < entries; i++) {
		const char *entry = zip_get_name(archive, (zip_uint64_t)i, 0);
		if (entry && is_named(entry, name)) {
			*index = (zip_uint64_t)i;
			count++;
		}
	}
	return count;
}

/* "a, b, c, ..." */
static void list_arrays(zip_t *archive, char *out, size_t size)
{
	enum { SHOWN = 8 };
	zip_int64_t entries = zip_get_num_entries(archive, 0);
	size_t used = 0;
	for (zip_int64_t i = 0; i < entries && i <= SHOWN && used < size; i++) {
		const char *entry = zip_get_name(archive, (zip_uint64_t)i, 0);
		int length = !entry ? 0 : name_length(entry) < 40 ? name_length(entry) : 40;
		used += (size_t)snprintf(out + used, size - used, "%s%.*s", i > 0 ? ", " : "", i < SHOWN ? length : 3,
			i < SHOWN && entry ? entry : "...");
	}
}

/* The names that other programs give to samples and labels, if the archive has both; or null. */
static const char *usual_pair(zip_t *archive)
{
	static const char *const pairs[] = {
		"X,y", "x_train,y_train", "X_train,y_train", "X_train,Y_train", "train_images,train_labels", "train_x,train_y",
		"train_X,train_y", "train_data,train_labels", "x,y", "X,Y", "features,labels", "features,targets",
		"images,labels", "data,labels", "data,target", "data,targets", "inputs,labels", "inputs,targets",
		"samples,labels", "X,labels", "arr_0,arr_1",
	};
	zip_uint64_t index;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char samples[32];
		const char *comma = strchr(pairs[i], ',');
		snprintf(samples, sizeof samples, "%.*s", (int)(comma - pairs[i]), pairs[i]);
		if (count_entries(archive, samples, &index) && count_entries(archive, comma + 1, &index))
			return pairs[i];
	}
	return NULL;
}

static bool no_such_array(zip_t *archive, const char *path, const char *name, Failure *failure)
{
	char list[400];
	if (zip_get_num_entries(archive, 0) == 0)
		return fail(failure, "%.200s holds no arrays: write it with numpy.savez(\"%.200s\", X=samples, y=labels)", path,
			path);
	if (foreign_data(path, failure))
		return false;
	const char *pair = usual_pair(archive);
	list_arrays(archive, list, sizeof list);
	return fail(failure, "%.200s has no array %.80s, it holds %s: --train %.200s:%s says which are samples and labels",
		path, name, list, path, pair ? pair : "SAMPLES,LABELS");
}

/* ---- arrays */

static bool array_open(Array *array, zip_t *archive, const char *path, const char *name, Failure *failure)
{
	array->name = name;
	snprintf(array->where, sizeof array->where, "%.*s: %.80s", MAX_WHERE - 90, path, name);
	zip_uint64_t index = 0;
	zip_stat_t status;
	int count = count_entries(archive, name, &index);
	if (count == 0)
		return no_such_array(archive, path, name, failure);
	if (count > 1)
		return fail(failure, "%.200s has the array %.80s %d times, as %.80s.npy or %.80s: save it again with one of "
			"them", path, name, count, name, name);
	array->stream = zip_stat_index(archive, index, 0, &status) == 0 ? zip_fopen_index(archive, index, 0) : NULL;
	if (!array->stream)
		return broken(array, zip_strerror(archive), failure);
	size_t header_size;
	if (!header_read(array, &header_size, failure))
		return false;
	if (array->npy.count == 0)
		return fail(failure, "%s: its shape %s holds no values", array->where, array->npy.shape_text);
	size_t expected = header_size + (size_t)array->npy.count * (size_t)array->npy.item_size;
	if (status.size != expected)
		return fail(failure, "%s: it takes %zu bytes of shape %s, but the archive holds %llu: save it again",
			array->where, expected, array->npy.shape_text, (unsigned long long)status.size);
	return true;
}

static void array_close(Array *array)
{
	if (array->stream)
		zip_fclose(array->stream);
}

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

/* The checksum is compared only at the end. */
static bool end_reached(Array *array, Failure *failure)
{
	char beyond;
	zip_int64_t got = zip_fread(array->stream, &beyond, 1);
	if (got < 0)
		return broken(array, zip_file_strerror(array->stream), failure);
	return got == 0 || broken(array, "it is longer than it says", failure);
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

/* y: null if the targets are not wanted. */
static bool arrays_read(Data *data, Array *x, Array *y, Failure *failure)
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

/* The names of both arrays: X and y, or those in names, "samples,labels"; alone: the first one is enough. */
static bool names_read(char **x, char **y, const char *path, const char *names, bool alone, Failure *failure)
{
	const char *given = names ? names : "X,y";
	size_t length = strcspn(given, ",");
	if (alone && length > 0 && !given[length])
		return (*x = strdup(given)) || fail(failure, "%.200s: not enough memory", path);
	if (length == 0 || !given[length] || !given[length + 1] || strchr(given + length + 1, ','))
		return fail(failure, "%.200s: expected the names of two arrays after the colon, as in "
			"FILE.npz:samples,labels, found `%.80s`", path, given);
	*x = strndup(given, length);
	*y = strdup(given + length + 1);
	return (*x && *y) || fail(failure, "%.200s: not enough memory", path);
}

bool npz_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure)
{
	const bool alone = options && options->without_target;
	char *x_name = NULL, *y_name = NULL;
	Array x = {.stream = NULL}, y = {.stream = NULL};
	zip_t *archive = NULL;
	bool done = names_read(&x_name, &y_name, path, names, alone, failure) && (archive = archive_open(path, failure))
		&& array_open(&x, archive, path, x_name, failure) && (alone || array_open(&y, archive, path, y_name, failure))
		&& arrays_read(data, &x, alone ? NULL : &y, failure);
	array_close(&x);
	array_close(&y);
	if (archive)
		zip_discard(archive);
	free(x_name);
	free(y_name);
	return done;
}
