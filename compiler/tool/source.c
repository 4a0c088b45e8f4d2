/* Reads the text of a network. */
#include "options.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* The contents of the file; null if it cannot be read or is too long. */
static char *read_all(FILE *file, Arena *arena, size_t *length)
{
	size_t capacity = 1 << 16;
	char *text = arena_alloc(arena, capacity, 1);
	*length = 0;
	for (size_t count; (count = fread(text + *length, 1, capacity - *length, file)) > 0;) {
		*length += count;
		if (*length < capacity)
			continue;
		char *longer = arena_alloc(arena, 2 * capacity, 1);
		memcpy(longer, text, *length);
		text = longer;
		capacity *= 2;
		if (*length > MAX_SOURCE_BYTES)
			break;
	}
	return ferror(file) || *length > MAX_SOURCE_BYTES ? 0 : text;
}

bool source_read(Source *source, Arena *arena, const NetworkArgument *argument, Failure *failure)
{
	*source = (Source){.path = argument->path};
	if (argument->text) {
		source->length = strlen(argument->text);
		source->text = arena_copy(arena, argument->text, source->length);
		return true;
	}
	FILE *file = fopen(argument->path, "rb");
	struct stat status;
	if (!file)
		return fail(failure, "%s: %s", argument->path, strerror(errno));
	if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		fclose(file);
		return fail(failure, "%s is a directory; expected a file that describes a network", argument->path);
	}
	source->text = read_all(file, arena, &source->length);
	int reason = errno;
	fclose(file);
	if (source->text)
		return true;
	if (source->length > MAX_SOURCE_BYTES)
		return fail(failure, "%s is longer than %d bytes, the limit for a network", argument->path, MAX_SOURCE_BYTES);
	return fail(failure, "%s: cannot be read: %s", argument->path, strerror(reason));
}
