/* npz.c: reads a zip archive of .npy files, as numpy.savez writes it: the samples X and their labels or values y, or
 * arrays of other names. */
#include "array.h"
#include <stdlib.h>
#include <string.h>
#include <zip.h>

static zip_t *archive_open(const char *path, Failure *failure)
{
	if (!regular_file(path, "numpy.savez", failure))
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

static int64_t read_member(void *stream, void *bytes, size_t size)
{
	return zip_fread(stream, bytes, size);
}

static const char *member_reason(void *stream)
{
	return zip_file_strerror(stream);
}

static bool array_open(Array *array, zip_t *archive, const char *path, const char *name, Failure *failure)
{
	*array = (Array){.name = name, .container = "archive", .writer = "numpy.savez", .read = read_member,
		.reason = member_reason};
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
		return array_broken(array, zip_strerror(archive), failure);
	return array_begin(array, status.size, failure);
}

static void array_close(Array *array)
{
	if (array->stream)
		zip_fclose(array->stream);
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
