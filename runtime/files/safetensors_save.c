/* Writes the safetensors format, which safetensors.c describes. */
#include "dtypes.h"
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The order of the values: the widest elements come first, so that each starts at a multiple of its size. */
static const ElementType order_of_values[] = {ELEMENT_I64, ELEMENT_F64, ELEMENT_F32};
enum { ELEMENT_TYPES = sizeof order_of_values / sizeof *order_of_values };

static bool add_numbers(cJSON *object, const char *key, const uint64_t *numbers, int count)
{
	cJSON *array = cJSON_AddArrayToObject(object, key);
	bool added = array != NULL;
	for (int i = 0; i < count; i++)
		added = added && cJSON_AddItemToArray(array, cJSON_CreateNumber((double)numbers[i]));
	return added;
}

static bool add_entry(cJSON *header, const char *name, const char *dtype, const uint64_t *shape, int rank,
	uint64_t begin, uint64_t end)
{
	const uint64_t offsets[] = {begin, end};
	cJSON *entry = cJSON_AddObjectToObject(header, name);
	return entry && cJSON_AddStringToObject(entry, "dtype", dtype) && add_numbers(entry, "shape", shape, rank)
		&& add_numbers(entry, "data_offsets", offsets, 2);
}

static bool add_tensor(cJSON *header, const NamedTensor *tensor, uint64_t begin)
{
	uint64_t shape[4];
	for (int i = 0; i < tensor->rank; i++)
		shape[i] = (uint64_t)tensor->shape[i];
	return add_entry(header, tensor->name, dtypes[tensor->type].name, shape, tensor->rank, begin,
		begin + value_bytes(tensor));
}

/* Returns the header as text, which the caller frees; null: there is no memory. */
static char *print_header(const NamedTensor *tensors, int count, const Metadata *notes, bool checked)
{
	uint64_t next[ELEMENT_TYPES] = {0}, end = 0;
	for (int i = 0; i < ELEMENT_TYPES; i++) {
		next[order_of_values[i]] = end;
		for (int j = 0; j < count; j++)
			if (tensors[j].type == order_of_values[i])
				end += value_bytes(&tensors[j]);
	}

	cJSON *header = cJSON_CreateObject();
	cJSON *metadata = cJSON_AddObjectToObject(header, METADATA_KEY);
	bool complete = cJSON_AddStringToObject(metadata, "format", "pt") != NULL;
	for (const Metadata *note = notes; complete && note && note->key; note++)
		complete = !note->text || cJSON_AddStringToObject(metadata, note->key, note->text);
	for (int i = 0; i < count && complete; i++) {
		complete = add_tensor(header, &tensors[i], next[tensors[i].type]);
		next[tensors[i].type] += value_bytes(&tensors[i]);
	}
	if (complete && checked)
		complete = add_entry(header, SUM_NAME, "U32", NULL, 0, end, end + SUM_BYTES);
	char *text = complete ? cJSON_PrintUnformatted(header) : NULL;
	cJSON_Delete(header);
	return text;
}

/* A file that is being written. */
typedef struct Writer {
	AtomicFile file;
	bool checked;
	uLong sum;              /* if it is checked: of all bytes so far */
} Writer;

static void write_bytes(Writer *writer, const void *bytes, size_t size)
{
	atomic_write(&writer->file, bytes, size);
	if (writer->checked)
		writer->sum = crc32_z(writer->sum, bytes, size);
}

/* Padded with spaces, so that the values start at a multiple of 8. */
static void write_header(Writer *writer, const char *text)
{
	static const char spaces[8] = "        ";
	size_t length = strlen(text), padded = (length + 7) / 8 * 8;
	unsigned char prefix[8];
	put_little_endian(prefix, padded, 8);
	write_bytes(writer, prefix, sizeof prefix);
	write_bytes(writer, text, length);
	write_bytes(writer, spaces, padded - length);
}

static void write_sum(Writer *writer)
{
	unsigned char sum[SUM_BYTES];
	put_little_endian(sum, writer->sum, SUM_BYTES);
	if (writer->checked)
		atomic_write(&writer->file, sum, sizeof sum);
}

static void write_values(Writer *writer, const NamedTensor *tensor)
{
	const Dtype *dtype = &dtypes[tensor->type];
	const char *from = tensor->values;
	unsigned char chunk[CHUNK_BYTES];
	size_t used = 0, bytes = (size_t)dtype->bytes;
	for (uint64_t left = named_count(tensor); left > 0; left--) {
		dtype->put(chunk + used, from);
		from += bytes;
		used += bytes;
		if (used == sizeof chunk || left == 1) {
			write_bytes(writer, chunk, used);
			used = 0;
		}
	}
}

static bool save(const char *path, const NamedTensor *tensors, int count, const Metadata *notes, bool checked,
	Failure *failure)
{
	Writer writer = {.checked = checked, .sum = crc32_z(0, NULL, 0)};
	if (!atomic_open(&writer.file, path, failure))
		return false;
	char *header = print_header(tensors, count, notes, checked);
	if (!header) {
		atomic_abandon(&writer.file);
		return fail(failure, "cannot write %s: out of memory", path);
	}
	write_header(&writer, header);
	free(header);
	for (int i = 0; i < ELEMENT_TYPES; i++)
		for (int j = 0; j < count; j++)
			if (tensors[j].type == order_of_values[i])
				write_values(&writer, &tensors[j]);
	write_sum(&writer);
	return atomic_commit(&writer.file, failure);
}

bool safetensors_save(const char *path, const NamedTensor *tensors, int count, const Metadata *notes, Failure *failure)
{
	return save(path, tensors, count, notes, false, failure);
}

bool safetensors_save_checked(const char *path, const NamedTensor *tensors, int count, const Metadata *notes,
	Failure *failure)
{
	return save(path, tensors, count, notes, true, failure);
}
