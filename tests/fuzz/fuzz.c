#define _GNU_SOURCE     /* memfd_create */
#include "fuzz.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const Harness *const harnesses[] = {&language_harness, &npz_harness, &table_harness, &image_harness,
	&safetensors_harness, &checkpoint_harness, &command_harness, 0};

const Harness *harness_find(const char *name)
{
	for (int i = 0; harnesses[i]; i++)
		if (strcmp(harnesses[i]->name, name) == 0)
			return harnesses[i];
	return 0;
}

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

void harness_run(const Harness *harness, const void *bytes, size_t size)
{
	if (size > harness->most)
		return;
	char *copy = malloc(size ? size : 1);
	if (!copy)
		give_up("malloc");
	memcpy(copy, bytes, size);
	harness->run(copy, size);
	free(copy);
}

const char *file_of(const void *bytes, size_t size)
{
	static char path[40];
	static int file = -1;
	if (file < 0) {
		file = memfd_create("input", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	}
	if (ftruncate(file, 0) != 0 || pwrite(file, bytes, size, 0) != (ssize_t)size)
		give_up(path);
	return path;
}

const char *safetensors_of(const char *bytes, size_t size)
{
	enum { LENGTH_BYTES = 8 };
	if (size == 0 || bytes[0] != '{')
		return file_of(bytes, size);
	const char *end = memchr(bytes, 0, size);
	const size_t length = end ? (size_t)(end - bytes) : size, values = end ? size - length - 1 : 0;
	unsigned char *file = malloc(LENGTH_BYTES + length + values);
	if (!file)
		give_up("malloc");
	for (int i = 0; i < LENGTH_BYTES; i++)
		file[i] = (unsigned char)((uint64_t)length >> 8 * i);
	memcpy(file + LENGTH_BYTES, bytes, length);
	if (values)
		memcpy(file + LENGTH_BYTES + length, end + 1, values);
	const char *path = file_of(file, LENGTH_BYTES + length + values);
	free(file);
	return path;
}

FILE *nowhere(void)
{
	static FILE *stream;
	if (!stream && !(stream = fopen("/dev/null", "w")))
		give_up("/dev/null");
	return stream;
}

void broken_promise(const char *promise)
{
	fprintf(stderr, "broken: %s\n", promise);
	abort();
}

void check_samples(const Data *data)
{
	PROMISE(data->rows > 0 && data->features > 0 && data->target_features > 0);
	for (int i = 0; i < data->rows * data->features; i++)
		PROMISE(isfinite(data->x[i]));
	for (int i = 0; i < data->rows * data->target_features; i++)
		PROMISE(isfinite(data->targets[i]));
	for (int i = 0; data->labels && i < data->rows; i++)
		PROMISE(data->labels[i] >= 0 && data->labels[i] < data->classes);
}
