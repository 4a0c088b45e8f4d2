/* idx.c: MNIST's format: a file of images, and beside it one of labels, both also packed. All numbers begin with their
 * highest byte:
 *
 *   0 0 TYPE AXES, the length of each axis in 4 bytes, the values */
#include "table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_IDX_AXES = 4, MAX_PATH = 1000 };

typedef struct IdxType { int code; char kind; int size; } IdxType;

static const IdxType types[] = {{8, 'u', 1}, {9, 'i', 1}, {11, 'i', 2}, {12, 'i', 4}, {13, 'f', 4}, {14, 'f', 8}};

/* A whole file; its values are like those of an array of numpy. */
typedef struct Idx {
	const char *path;
	char *bytes;
	const unsigned char *values;
	Npy npy;
} Idx;

static bool idx_open(Idx *idx, const char *path, Failure *failure)
{
	size_t size;
	bool packed;
	*idx = (Idx){.path = path};
	if (!text_read(&idx->bytes, &size, &packed, path, failure))
		return false;
	const unsigned char *bytes = (const unsigned char *)idx->bytes;
	const IdxType *type = NULL;
	for (size_t i = 0; size >= 4 && i < sizeof types / sizeof *types; i++)
		if (!bytes[0] && !bytes[1] && bytes[2] == types[i].code)
			type = &types[i];
	if (!type)
		return fail(failure, "%.300s is no IDX file: expected 0 0 TYPE AXES as its first bytes%s", path,
			size < 4 ? ", but it is shorter" : "");
	const int axes = bytes[3];
	if (axes < 1 || axes > MAX_IDX_AXES)
		return fail(failure, "%.300s has %d axes, expected 1 to %d", path, axes, MAX_IDX_AXES);
	if (size < 4 + 4 * (size_t)axes)
		return fail(failure, "%.300s ends in its header of %d axes: download it again", path, axes);
	Npy *npy = &idx->npy;
	*npy = (Npy){.kind = type->kind, .item_size = type->size, .big_endian = true, .rank = axes};
	int64_t count = 1;
	for (int i = 0; i < axes; i++) {
		const unsigned char *b = bytes + 4 + 4 * i;
		const int64_t length = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
		count = length && count > MAX_VALUES / length ? (int64_t)MAX_VALUES + 1 : count * length;
		npy->shape[i] = count > MAX_VALUES ? 0 : (int)length;
	}
	if (count == 0 || count > MAX_VALUES)
		return fail(failure, "%.300s holds %s values, and the limit is %d", path, count ? "too many" : "no",
			MAX_VALUES);
	npy->count = (int)count;
	const size_t begin = 4 + 4 * (size_t)axes, expected = begin + (size_t)count * (size_t)type->size;
	if (size != expected)
		return fail(failure, "%.300s has %zu bytes, expected %zu for its %d values: download it again", path, size,
			expected,
			npy->count);
	idx->values = bytes + begin;
	return true;
}

/* Replaces the last `old` in the path's last part; false: there is none. */
static bool replace(char *path, size_t size, const char *old, const char *new)
{
	char *name = strrchr(path, '/'), *found = NULL, rest[MAX_PATH];
	for (char *at = name ? name : path; (at = strstr(at, old)); at++)
		found = at;
	if (!found)
		return false;
	snprintf(rest, sizeof rest, "%s", found + strlen(old));
	snprintf(found, size - (size_t)(found - path), "%s%s", new, rest);
	return true;
}

/* train-images-idx3-ubyte.gz has its labels in train-labels-idx1-ubyte.gz, or without the .gz. */
static bool find_labels(char *labels, size_t size, const char *path, Failure *failure)
{
	snprintf(labels, size, "%s", path);
	if (!replace(labels, size, "images", "labels") && !replace(labels, size, "data", "labels"))
		return fail(failure, "%.300s: the file of its labels is not known, as `images` is not in its name: give both, "
			"%.300s:LABELS", path, path);
	replace(labels, size, "idx3", "idx1");
	replace(labels, size, "idx4", "idx1");
	if (access(labels, F_OK) == 0)
		return true;
	const size_t length = strlen(labels);
	char other[MAX_PATH];
	const bool packed = length > 3 && strcmp(labels + length - 3, ".gz") == 0;
	snprintf(other, sizeof other, "%.*s%s", (int)(packed ? length - 3 : length), labels, packed ? "" : ".gz");
	if (access(other, F_OK) != 0)
		return fail(failure, "%.200s needs its labels beside it, but there is neither %.200s nor %.200s: give both, "
			"%.200s:LABELS", path, labels, other, path);
	snprintf(labels, size, "%s", other);
	return true;
}

static bool take_values(const Idx *idx, float *out, Failure *failure)
{
	const Npy *npy = &idx->npy;
	for (int i = 0; i < npy->count; i++) {
		out[i] = (float)npy_number(npy, idx->values + (size_t)i * (size_t)npy->item_size, sizeof *out);
		if (!isfinite(out[i]))
			return fail(failure, "%.300s: value %d is not finite in single precision", idx->path, i);
	}
	return true;
}

/* A whole number for each sample is a label, and also a value. */
static bool take_labels(const Idx *idx, Data *data)
{
	for (int row = 0; data->labels && row < data->rows; row++) {
		if (npy_label(&idx->npy, idx->values + (size_t)row * (size_t)idx->npy.item_size, &data->labels[row])) {
			data->classes = data->labels[row] >= data->classes ? data->labels[row] + 1 : data->classes;
			continue;
		}
		snprintf(data->unlabelled, sizeof data->unlabelled, "label %d is %.9g: number the classes from 0", row,
			(double)data->targets[row]);
		free(data->labels);
		data->labels = NULL;
		data->classes = 0;
	}
	return true;
}

/* labels: null for the samples alone */
static bool take_files(Data *data, const Idx *images, const Idx *labels, Failure *failure)
{
	const Npy *x = &images->npy, *y = labels ? &labels->npy : NULL;
	if (y && x->shape[0] != y->shape[0])
		return fail(failure, "%.300s has %d samples, but %.300s has %d labels", images->path, x->shape[0], labels->path,
			y->shape[0]);
	const int values = y ? y->count / y->shape[0] : 0;
	data->rank = 0;
	if (x->rank == 3)
		data->dims[data->rank++] = 1;
	for (int i = 1; i < x->rank; i++)
		data->dims[data->rank++] = x->shape[i];
	if (x->rank == 1)
		data->dims[data->rank++] = 1;
	if (values > 1)
		snprintf(data->unlabelled, sizeof data->unlabelled, "a sample has %d labels", values);
	return data_allocate(data, x->shape[0], values, values == 1, failure) && take_values(images, data->x, failure)
		&& (!y || (take_values(labels, data->targets, failure) && take_labels(labels, data)));
}

bool idx_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure)
{
	char beside[MAX_PATH];
	Idx images = {.bytes = NULL}, labels = {.bytes = NULL};
	const bool alone = options && options->without_target;
	if (strlen(path) > MAX_PATH - 10)
		return fail(failure, "%.200s...: a path of more than %d characters", path, MAX_PATH - 10);
	if (!alone && !names && !find_labels(beside, sizeof beside, path, failure))
		return false;
	bool done = idx_open(&images, path, failure)
		&& (alone || idx_open(&labels, names ? names : beside, failure))
		&& take_files(data, &images, alone ? NULL : &labels, failure);
	free(images.bytes);
	free(labels.bytes);
	return done;
}
