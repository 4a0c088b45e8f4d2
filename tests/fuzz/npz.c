/* Archives as numpy.savez writes them. An input is such a file, or else the members themselves, X.npy and then y.npy,
 * each from its magic on: those are put into an archive here, since a changed archive fails its check sums before
 * anything else is read. The first is also read as a file of its own. Before either may stand a line with the names of
 * the arrays that are wanted, `:y,X`. */
#define _GNU_SOURCE     /* memmem */
#include "fuzz.h"
#include <string.h>
#include <zip.h>

enum { MAGIC_BYTES = 6, MOST_NAMES = 300, MOST_BYTES = 20000 };

static const char magic[] = "\x93NUMPY";

typedef struct Archive { unsigned char bytes[MOST_BYTES + 1000]; size_t size; } Archive;

static void put(Archive *archive, const void *bytes, size_t size)
{
	memcpy(archive->bytes + archive->size, bytes, size);
	archive->size += size;
}

static void put_number(Archive *archive, uint32_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		archive->bytes[archive->size++] = (unsigned char)(number >> 8 * i);
}

/* Of zip: 32 bits, reflected. */
static uint32_t check_sum(const char *bytes, size_t size)
{
	uint32_t sum = 0xffffffff;
	for (size_t i = 0; i < size; i++) {
		sum ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return ~sum;
}

typedef struct Member { const char *name, *bytes; size_t size; uint32_t sum, place; } Member;

/* What the local and the central header have in common, from the version on. */
static void put_facts(Archive *archive, const Member *member)
{
	put_number(archive, 20, 2);             /* version */
	put_number(archive, 0, 2);              /* flags */
	put_number(archive, 0, 2);              /* stored */
	put_number(archive, 0x21 << 16, 4);     /* time and date */
	put_number(archive, member->sum, 4);
	put_number(archive, (uint32_t)member->size, 4);
	put_number(archive, (uint32_t)member->size, 4);
	put_number(archive, (uint32_t)strlen(member->name), 2);
	put_number(archive, 0, 2);              /* extra */
}

static void put_archive(Archive *archive, Member *members, int count)
{
	for (int i = 0; i < count; i++) {
		members[i].place = (uint32_t)archive->size;
		members[i].sum = check_sum(members[i].bytes, members[i].size);
		put(archive, "PK\3\4", 4);
		put_facts(archive, &members[i]);
		put(archive, members[i].name, strlen(members[i].name));
		put(archive, members[i].bytes, members[i].size);
	}
	size_t directory = archive->size;
	for (int i = 0; i < count; i++) {
		put(archive, "PK\1\2\24\0", 6);
		put_facts(archive, &members[i]);
		put(archive, "\0\0\0\0\0\0\0\0\0\0", 10);       /* comment, disk, attributes */
		put_number(archive, members[i].place, 4);
		put(archive, members[i].name, strlen(members[i].name));
	}
	size_t end = archive->size;
	put(archive, "PK\5\6\0\0\0\0", 8);
	put_number(archive, (uint32_t)count, 2);
	put_number(archive, (uint32_t)count, 2);
	put_number(archive, (uint32_t)(end - directory), 4);
	put_number(archive, (uint32_t)directory, 4);
	put_number(archive, 0, 2);
}

/* The archive of the members that the bytes are. */
static void pack(Archive *archive, const char *bytes, size_t size)
{
	const char *second = memmem(bytes + MAGIC_BYTES, size - MAGIC_BYTES, magic, MAGIC_BYTES);
	size_t first_size = second ? (size_t)(second - bytes) : size;
	Member members[] = {{"X.npy", bytes, first_size, 0, 0}, {"y.npy", second, size - first_size, 0, 0}};
	archive->size = 0;
	put_archive(archive, members, second ? 2 : 1);
}

/* Cuts off the line with the names; null: there is none. */
static const char *cut_names(const char **bytes, size_t *size)
{
	static char names[MOST_NAMES + 1];
	const char *end = *size > 0 && **bytes == ':' ? memchr(*bytes, '\n', *size < MOST_NAMES ? *size : MOST_NAMES) : 0;
	if (!end)
		return 0;
	snprintf(names, sizeof names, "%.*s", (int)(end - *bytes) - 1, *bytes + 1);
	*size -= (size_t)(end + 1 - *bytes);
	*bytes = end + 1;
	return names;
}

/* As the file that numpy.save writes. */
static void run_alone(const char *bytes, size_t size)
{
	Failure failure = {.text = ""};
	const DataOptions options = {.without_target = true};
	Data data = {.name = "fuzz.npy", .number_bytes = sizeof(float)};
	const bool done = npy_read(&data, file_of(bytes, size), 0, &options, &failure);
	PROMISE(done == !failure.text[0]);
	if (done)
		check_samples(&data);
	data_close(&data);
}

static void run(const char *bytes, size_t size)
{
	static Archive archive;
	Failure failure = {.text = ""};
	const char *names = cut_names(&bytes, &size), *path;
	if (size >= MAGIC_BYTES && memcmp(bytes, magic, MAGIC_BYTES) == 0) {
		run_alone(bytes, size);
		pack(&archive, bytes, size);
		path = file_of(archive.bytes, archive.size);
	} else
		path = file_of(bytes, size);
	Data data = {.name = "fuzz.npz", .number_bytes = sizeof(float)};
	bool done = npz_read(&data, path, names, 0, &failure);
	PROMISE(done == !failure.text[0]);
	if (done)
		check_samples(&data);
	data_close(&data);
}

const Harness npz_harness = {"npz", MOST_BYTES, run};
