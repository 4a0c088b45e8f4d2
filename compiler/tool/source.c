/* Where a network's text and its weights come from. */
#include "options.h"
#include <errno.h>
#include <stdlib.h>
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

/* From the file of the network's weights. */
static bool read_saved(Source *source, Arena *arena, Failure *failure)
{
	char *text;
	if (!network_load(&text, source->path, failure))
		return false;
	if (!text)
		return fail(failure, "%s has weights, but not the text of their network, as files of bnc's --save have: give "
			"that, too, as in bnc FILE.net --weights %.200s", source->path, source->path);
	source->length = strlen(text);
	source->text = arena_copy(arena, text, source->length);
	free(text);
	return true;
}

bool source_read(Source *source, Arena *arena, const NetworkArgument *argument, Failure *failure)
{
	*source = (Source){.path = argument->path};
	if (argument->saved)
		return read_saved(source, arena, failure);
	if (argument->text) {
		source->length = strlen(argument->text);
		source->text = arena_copy(arena, argument->text, source->length);
		return true;
	}
	if (foreign_network(argument->path, failure))
		return false;
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

const char *weights_path(const CommandLine *options, int network)
{
	const NetworkArgument *argument = &options->networks[network];
	return options->weights ? options->weights : argument->saved ? argument->path : 0;
}

bool has_weights(const CommandLine *options)
{
	for (int i = 0; i < options->network_count; i++)
		if (!weights_path(options, i))
			return false;
	return true;
}
