/* The safetensors format: the header's length in 8 bytes, the header, a JSON object
 *
 *   {"NAME": {"dtype": "F32", "shape": [64, 2], "data_offsets": [BEGIN, END]}, ..., "__metadata__": {...}}
 *
 * and the values, to which the offsets refer: row-major, without gaps. All numbers are little-endian.
 *
 * Loads it: nothing that the file says is believed before it is checked. */
#include "dtypes.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { MAX_HEADER_BYTES = 100000000 };

#define JSON_SPACE " \t\r\n"

typedef struct Entry {
	NamedTensor tensor;
	const Dtype *dtype;
	uint64_t begin, end;    /* relative to the beginning of the values */
} Entry;

/* A file that is being read. */
typedef struct Reader {
	const char *path;
	FILE *stream;
	uint64_t value_bytes;   /* the bytes after the header */
	cJSON *header;
	Entry *entries;         /* in the order of the header */
	Entry **sorted;         /* by name, later by their offsets */
	int count;
	bool summed;            /* the bytes that are read count for the sum: of the header, and of a file that has a sum */
	uLong sum;
	Failure *failure;
} Reader;

static bool read_bytes(Reader *reader, void *to, size_t count)
{
	if (fread(to, 1, count, reader->stream) == count) {
		if (reader->summed)
			reader->sum = crc32_z(reader->sum, to, count);
		return true;
	}
	return fail(reader->failure, "cannot read %s: %s", reader->path,
		ferror(reader->stream) ? strerror(errno) : "it ends too early");
}

static bool read_header(Reader *reader)
{
	struct stat status;
	if (fstat(fileno(reader->stream), &status) != 0)
		return fail(reader->failure, "cannot read %s: %s", reader->path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fail(reader->failure, "cannot read %s: it is %s, expected a safetensors file", reader->path,
			S_ISDIR(status.st_mode) ? "a directory" : "not a regular file");
	uint64_t size = (uint64_t)status.st_size;
	if (size < 8)
		return fail(reader->failure, "%s: not a safetensors file: it has %llu bytes, and the header's length alone "
			"takes 8", reader->path, (unsigned long long)size);

	unsigned char prefix[8];
	if (!read_bytes(reader, prefix, sizeof prefix))
		return false;
	uint64_t length = get_little_endian(prefix, 8);
	if (length > size - 8 && foreign_weights(reader->path, reader->failure))
		return false;
	if (length > MAX_HEADER_BYTES)
		return fail(reader->failure, "%s: not a safetensors file: its first 8 bytes announce a header of %llu bytes, "
			"but at most %d are allowed", reader->path, (unsigned long long)length, MAX_HEADER_BYTES);
	if (length > size - 8)
		return fail(reader->failure, "%s: cut off, or not a safetensors file: its first 8 bytes announce a header of "
			"%llu bytes, but only %llu follow", reader->path, (unsigned long long)length,
			(unsigned long long)(size - 8));
	reader->value_bytes = size - 8 - length;

	char *text = malloc(length + 1);
	if (!text)
		return fail(reader->failure, "cannot read %s: out of memory", reader->path);
	text[length] = '\0';
	const char *end = text;
	bool complete = read_bytes(reader, text, length);
	if (complete && text[strspn(text, JSON_SPACE)] == '{')
		reader->header = cJSON_ParseWithLengthOpts(text, length + 1, &end, false);
	if (complete && !reader->header && foreign_weights(reader->path, reader->failure))
		complete = false;
	else if (complete && (!reader->header || end + strspn(end, JSON_SPACE) != text + length))
		complete = fail(reader->failure, "%s: damaged, or not a safetensors file: its header is not a JSON object (at "
			"byte %td)", reader->path, 8 + (end - text));
	free(text);
	return complete;
}

/* Reads an integer. JSON's numbers are doubles, so it must be one that a double holds exactly. */
static bool read_integer(const cJSON *item, uint64_t *value)
{
	const double limit = 9007199254740992.0;
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= limit))
		return false;
	*value = (uint64_t)item->valuedouble;
	return (double)*value == item->valuedouble;
}

static bool read_shape(Reader *reader, const cJSON *shape, Entry *entry)
{
	NamedTensor *tensor = &entry->tensor;
	if (!cJSON_IsArray(shape))
		return fail(reader->failure, "%s: tensor %s has no shape", reader->path, tensor->name);
	const cJSON *item;
	uint64_t bytes = (uint64_t)entry->dtype->bytes;
	cJSON_ArrayForEach(item, shape) {
		uint64_t size;
		if (tensor->rank == 4)
			return fail(reader->failure, "%s: tensor %s has %d dimensions, expected at most 4", reader->path,
				tensor->name, cJSON_GetArraySize(shape));
		if (!read_integer(item, &size))
			return fail(reader->failure, "%s: tensor %s: a dimension is not a size (0, 1, 2, ...)", reader->path,
				tensor->name);
		if (size && bytes > INT64_MAX / size)
			return fail(reader->failure, "%s: tensor %s has a shape beyond any memory", reader->path, tensor->name);
		bytes *= size;
		tensor->shape[tensor->rank++] = (int64_t)size;
	}
	if (entry->end - entry->begin != bytes)
		return fail(reader->failure, "%s: tensor %s: its shape and dtype %s take %llu bytes, but its data_offsets "
			"give it %llu", reader->path, tensor->name, entry->dtype->name, (unsigned long long)bytes,
			(unsigned long long)(entry->end - entry->begin));
	return true;
}

static bool read_offsets(Reader *reader, const cJSON *offsets, Entry *entry)
{
	const char *name = entry->tensor.name;
	if (cJSON_GetArraySize(offsets) != 2 || !cJSON_IsArray(offsets)
			|| !read_integer(cJSON_GetArrayItem(offsets, 0), &entry->begin)
			|| !read_integer(cJSON_GetArrayItem(offsets, 1), &entry->end))
		return fail(reader->failure, "%s: tensor %s: expected data_offsets [BEGIN, END]", reader->path, name);
	if (entry->begin > entry->end)
		return fail(reader->failure, "%s: tensor %s ends at byte %llu, before it begins at %llu", reader->path, name,
			(unsigned long long)entry->end, (unsigned long long)entry->begin);
	if (entry->end > reader->value_bytes)
		return fail(reader->failure, "%s: cut off: tensor %s ends at byte %llu of the values, but there are only %llu",
			reader->path, name, (unsigned long long)entry->end, (unsigned long long)reader->value_bytes);
	return true;
}

/* Returns the member of that name; null if there is none, or more than one. */
static const cJSON *only_member(const cJSON *object, const char *name)
{
	const cJSON *found = NULL, *item;
	cJSON_ArrayForEach(item, object) {
		if (!item->string || strcmp(item->string, name) != 0)
			continue;
		if (found)
			return NULL;
		found = item;
	}
	return found;
}

/* Other members do not affect the values; newer programs may use them. */
static bool read_entry(Reader *reader, const cJSON *item, Entry *entry)
{
	const char *name = item->string;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return fail(reader->failure, "%s: a tensor's name contains the control character %d", reader->path, *c);
	entry->tensor.name = name;
	const char *dtype = cJSON_GetStringValue(only_member(item, "dtype"));
	const cJSON *shape = only_member(item, "shape"), *offsets = only_member(item, "data_offsets");
	if (!dtype || !shape || !offsets)
		return fail(reader->failure, "%s: tensor %s: expected dtype, shape and data_offsets, each once", reader->path,
			name);
	entry->dtype = dtype_find(dtype);
	if (!entry->dtype)
		return fail(reader->failure, "%s: tensor %s has dtype %.20s, expected F32, F64, F16, BF16, BOOL or integers "
			"to I64: convert it with .float() before save_file", reader->path, name, dtype);
	entry->tensor.type = entry->dtype->type;
	return read_offsets(reader, offsets, entry) && read_shape(reader, shape, entry);
}

static bool read_metadata(Reader *reader, const cJSON *metadata)
{
	bool valid = cJSON_IsObject(metadata) || cJSON_IsNull(metadata);
	const cJSON *item;
	cJSON_ArrayForEach(item, metadata)
		valid = valid && cJSON_IsString(item);
	if (!only_member(reader->header, METADATA_KEY))
		return fail(reader->failure, "%s: damaged: %s is there twice", reader->path, METADATA_KEY);
	return valid || fail(reader->failure, "%s: damaged: %s is not an object of strings", reader->path, METADATA_KEY);
}

static bool read_entries(Reader *reader)
{
	size_t size = (size_t)cJSON_GetArraySize(reader->header) + 1;
	reader->entries = calloc(size, sizeof *reader->entries);
	reader->sorted = calloc(size, sizeof *reader->sorted);
	if (!reader->entries || !reader->sorted)
		return fail(reader->failure, "cannot read %s: out of memory", reader->path);
	const cJSON *item;
	cJSON_ArrayForEach(item, reader->header) {
		if (strcmp(item->string, METADATA_KEY) == 0) {
			if (!read_metadata(reader, item))
				return false;
			continue;
		}
		if (!read_entry(reader, item, &reader->entries[reader->count]))
			return false;
		reader->sorted[reader->count] = &reader->entries[reader->count];
		reader->count++;
	}
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(Entry *const *)a)->tensor.name, (*(Entry *const *)b)->tensor.name);
}

static int compare_places(const void *a, const void *b)
{
	const Entry *x = *(Entry *const *)a, *y = *(Entry *const *)b;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

static bool check_names(Reader *reader)
{
	qsort(reader->sorted, (size_t)reader->count, sizeof *reader->sorted, compare_names);
	for (int i = 1; i < reader->count; i++)
		if (compare_names(&reader->sorted[i - 1], &reader->sorted[i]) == 0)
			return fail(reader->failure, "%s: tensor %s is there twice", reader->path, reader->sorted[i]->tensor.name);
	return true;
}

/* Every byte of the values belongs to one tensor. */
static bool check_places(Reader *reader)
{
	qsort(reader->sorted, (size_t)reader->count, sizeof *reader->sorted, compare_places);
	uint64_t end = 0;
	for (int i = 0; i < reader->count; i++) {
		const Entry *entry = reader->sorted[i];
		if (entry->begin != end)
			return fail(reader->failure, "%s: tensor %s begins at byte %llu of the values, expected %llu, where the "
				"one before it ends", reader->path, entry->tensor.name, (unsigned long long)entry->begin,
				(unsigned long long)end);
		end = entry->end;
	}
	if (end != reader->value_bytes)
		return fail(reader->failure, "%s: %llu bytes follow the last tensor, expected none", reader->path,
			(unsigned long long)(reader->value_bytes - end));
	return true;
}

/* The size in memory, rounded up so that any element may follow. */
static size_t memory_bytes(const Entry *entry)
{
	return ((size_t)value_bytes(&entry->tensor) + 7) / 8 * 8;
}

static bool read_values(Reader *reader, const Entry *entry)
{
	const Dtype *dtype = entry->dtype;
	size_t from_bytes = (size_t)dtype->bytes, to_bytes = (size_t)dtypes[dtype->type].bytes;
	unsigned char chunk[CHUNK_BYTES];
	char *to = entry->tensor.values;
	for (uint64_t left = entry->end - entry->begin; left > 0;) {
		size_t bytes = left < sizeof chunk ? (size_t)left : sizeof chunk;
		if (!read_bytes(reader, chunk, bytes))
			return false;
		for (size_t i = 0; i < bytes; i += from_bytes, to += to_bytes)
			dtype->get(to, chunk + i);
		left -= bytes;
	}
	return true;
}

/* The sum is the last value of the file. */
static bool check_sum(const Reader *reader, const Entry *last, uLong sum)
{
	uint64_t found;
	memcpy(&found, last->tensor.values, sizeof found);
	if (last->end - last->begin != SUM_BYTES || last->end != reader->value_bytes)
		return fail(reader->failure, "%s: damaged: its last %d bytes are not its check sum", reader->path, SUM_BYTES);
	return found == sum || fail(reader->failure, "%s: damaged: its check sum is %08llx, but its bytes have the sum "
		"%08lx", reader->path, (unsigned long long)found, sum);
}

static const cJSON *metadata_of(const Reader *reader)
{
	return cJSON_GetObjectItemCaseSensitive(reader->header, METADATA_KEY);
}

static size_t metadata_bytes(const Reader *reader)
{
	size_t size = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, metadata_of(reader))
		size += strlen(item->string) + strlen(item->valuestring) + 2;
	return size;
}

/* Returns what follows the copy. */
static char *copy_text(char *to, const char *from, const char **text)
{
	*text = strcpy(to, from);
	return to + strlen(from) + 1;
}

static void take_metadata(const Reader *reader, TensorFile *file, char *next)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, metadata_of(reader)) {
		Metadata *metadata = &file->metadata[file->metadata_count++];
		next = copy_text(next, item->string, &metadata->key);
		next = copy_text(next, item->valuestring, &metadata->text);
	}
}

/* One block holds all values and then all texts. */
static bool take_over(Reader *reader, TensorFile *file)
{
	size_t size = 1 + metadata_bytes(reader);
	for (int i = 0; i < reader->count; i++)
		size += memory_bytes(&reader->entries[i]) + strlen(reader->entries[i].tensor.name) + 1;
	char *next = file->storage = malloc(size);
	file->tensors = malloc(((size_t)reader->count + 1) * sizeof *file->tensors);
	file->metadata = malloc(((size_t)cJSON_GetArraySize(metadata_of(reader)) + 1) * sizeof *file->metadata);
	if (!file->storage || !file->tensors || !file->metadata)
		return fail(reader->failure, "cannot read %s: out of memory", reader->path);
	for (int i = 0; i < reader->count; i++) {
		reader->entries[i].tensor.values = next;
		next += memory_bytes(&reader->entries[i]);
	}
	for (int i = 0; i < reader->count; i++) {
		file->tensors[i] = reader->entries[i].tensor;
		next = copy_text(next, reader->entries[i].tensor.name, &file->tensors[i].name);
		file->checked |= strcmp(file->tensors[i].name, SUM_NAME) == 0;
	}
	file->count = reader->count;
	take_metadata(reader, file, next);
	reader->summed = file->checked;
	for (int i = 0; i < reader->count; i++) {
		const uLong sum = reader->sum;
		if (!read_values(reader, reader->sorted[i]))
			return false;
		if (strcmp(reader->sorted[i]->tensor.name, SUM_NAME) == 0 && !check_sum(reader, reader->sorted[i], sum))
			return false;
	}
	return true;
}

bool safetensors_load(TensorFile *file, const char *path, Failure *failure)
{
	*file = (TensorFile){0};
	Reader reader = {.path = path, .stream = fopen(path, "rb"), .failure = failure, .summed = true,
		.sum = crc32_z(0, NULL, 0)};
	if (!reader.stream)
		return fail(failure, "cannot read %s: %s", path, strerror(errno));
	bool loaded = read_header(&reader) && read_entries(&reader) && check_names(&reader) && check_places(&reader)
		&& take_over(&reader, file);
	fclose(reader.stream);
	cJSON_Delete(reader.header);
	free(reader.entries);
	free(reader.sorted);
	if (!loaded)
		tensor_file_close(file);
	return loaded;
}

bool safetensors_note(const char *path, const char *key, char **text, Failure *failure)
{
	*text = NULL;
	Reader reader = {.path = path, .stream = fopen(path, "rb"), .failure = failure};
	if (!reader.stream)
		return fail(failure, "cannot read %s: %s", path, strerror(errno));
	bool done = read_header(&reader);
	fclose(reader.stream);
	const cJSON *metadata = done ? metadata_of(&reader) : NULL;
	const cJSON *item = metadata ? cJSON_GetObjectItemCaseSensitive(metadata, key) : NULL;
	if (done && cJSON_IsString(item))
		done = (*text = strdup(item->valuestring)) || fail(failure, "cannot read %s: out of memory", path);
	cJSON_Delete(reader.header);
	return done;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const NamedTensor *)a)->name, ((const NamedTensor *)b)->name);
}

void tensor_file_sort(TensorFile *file)
{
	qsort(file->tensors, (size_t)file->count, sizeof *file->tensors, by_name);
}

/* A tensor's name in two parts. */
typedef struct Key { const char *prefix, *name; size_t prefix_length; } Key;

static int by_key(const void *key, const void *tensor)
{
	const Key *k = key;
	const char *name = ((const NamedTensor *)tensor)->name;
	int order = strncmp(k->prefix, name, k->prefix_length);
	return order ? order : strcmp(k->name, name + k->prefix_length);
}

NamedTensor *tensor_file_find(const TensorFile *file, const char *prefix, size_t prefix_length, const char *name)
{
	const Key key = {prefix, name, prefix_length};
	return bsearch(&key, file->tensors, (size_t)file->count, sizeof *file->tensors, by_key);
}

const char *tensor_file_text(const TensorFile *file, const char *key)
{
	for (int i = 0; i < file->metadata_count; i++)
		if (strcmp(file->metadata[i].key, key) == 0)
			return file->metadata[i].text;
	return NULL;
}

void tensor_file_close(TensorFile *file)
{
	free(file->tensors);
	free(file->metadata);
	free(file->storage);
	*file = (TensorFile){0};
}
