/* npy_file.c: reads an array of a file of its own, as numpy.save writes it: samples alone, or with their targets in a
 * second file. */
#include "array.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool regular_file(const char *path, const char *writer, Failure *failure)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return fail(failure, "cannot open %s: %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return fail(failure, "%s is a directory, expected a file", path);
	if (!S_ISREG(status.st_mode))
		return fail(failure, "%s is not a regular file", path);
	if (status.st_size == 0)
		return fail(failure, "%s is empty, expected what %s writes", path, writer);
	return true;
}

static int64_t read_file(void *stream, void *bytes, size_t size)
{
	const size_t got = fread(bytes, 1, size, stream);
	return ferror((FILE *)stream) ? -1 : (int64_t)got;
}

static const char *file_reason(void *stream)
{
	(void)stream;
	return strerror(errno);
}

/* The array is called as its file, without folders and ending. */
static bool file_open(Array *array, char **name, const char *path, Failure *failure)
{
	struct stat status;
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	*name = strndup(base, strcspn(base, "."));
	*array = (Array){.name = *name, .container = "file", .writer = "numpy.save", .read = read_file,
		.reason = file_reason};
	snprintf(array->where, sizeof array->where, "%.*s", MAX_WHERE - 10, path);
	if (!*name)
		return fail(failure, "%.200s: not enough memory", path);
	if (!regular_file(path, array->writer, failure) || foreign_data(path, failure))
		return false;
	array->stream = fopen(path, "rb");
	if (!array->stream || fstat(fileno(array->stream), &status) != 0)
		return fail(failure, "cannot open %s: %s", path, strerror(errno));
	return array_begin(array, (uint64_t)status.st_size, failure);
}

static void file_close(Array *array, char *name)
{
	if (array->stream)
		fclose(array->stream);
	free(name);
}

bool npy_read(Data *data, const char *path, const char *names, const DataOptions *options, Failure *failure)
{
	const bool alone = options && options->without_target;
	char *x_name = NULL, *y_name = NULL;
	Array x = {.stream = NULL}, y = {.stream = NULL};
	if (!alone && !names)
		return fail(failure, "%.200s has samples and no targets, with which --predict alone can do: %.200s:TARGETS.npy "
			"names a file of them, too", path, path);
	bool done = file_open(&x, &x_name, path, failure) && (alone || file_open(&y, &y_name, names, failure))
		&& arrays_read(data, &x, alone ? NULL : &y, failure);
	file_close(&x, x_name);
	file_close(&y, y_name);
	return done;
}
