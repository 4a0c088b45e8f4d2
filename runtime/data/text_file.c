/* text_file.c: the whole of a text file in memory, unpacked if it is compressed; the bytes tell, not the name. */
#include "table.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { FIRST_CAPACITY = 1 << 16 };
static const size_t most_bytes = (size_t)1 << 36;

/* Bytes that grow; there is room for a final 0 and the padding. */
typedef struct Bytes { char *bytes; size_t size, capacity; } Bytes;

static bool reserve(Bytes *b, size_t room, const char *path, Failure *failure)
{
	if (b->size + room + TEXT_PADDING < b->capacity)
		return true;
	size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
	while (capacity <= b->size + room + TEXT_PADDING)
		capacity *= 2;
	char *bytes = capacity <= most_bytes ? realloc(b->bytes, capacity) : NULL;
	if (!bytes)
		return fail(failure, "%s: not enough memory for its text, which has more than %zu MB", path, b->size >> 20);
	b->bytes = bytes;
	b->capacity = capacity;
	return true;
}

static bool read_all(Bytes *b, int file, const char *path, Failure *failure)
{
	struct stat status;
	size_t room = fstat(file, &status) == 0 && S_ISREG(status.st_mode) ? (size_t)status.st_size + 1 : FIRST_CAPACITY;
	for (;;) {
		if (!reserve(b, room, path, failure))
			return false;
		ssize_t got = read(file, b->bytes + b->size, b->capacity - b->size - 1 - TEXT_PADDING);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(failure, "cannot read %s: %s", path, strerror(errno));
		if (got == 0)
			return true;
		b->size += (size_t)got;
		room = FIRST_CAPACITY;
	}
}

static bool damaged(const char *path, const char *program, const char *reason, Failure *failure)
{
	return fail(failure, "%s: the data compressed by %s are damaged (%s): download or compress the file again", path,
		program, reason);
}

/* One member after another, as gzip itself does. */
static bool unpack_gzip(Bytes *out, const Bytes *in, const char *path, Failure *failure)
{
	z_stream stream = {.next_in = (Bytef *)in->bytes};
	size_t left = in->size;
	int code = inflateInit2(&stream, 16 + MAX_WBITS);
	if (code != Z_OK)
		return fail(failure, "%s: not enough memory to unpack it", path);
	bool done = false, room = true;
	while (code == Z_OK && !done && (room = reserve(out, FIRST_CAPACITY, path, failure))) {
		const uInt given = left < FIRST_CAPACITY ? (uInt)left : FIRST_CAPACITY;
		stream.avail_in = given;
		stream.next_out = (Bytef *)out->bytes + out->size;
		stream.avail_out = FIRST_CAPACITY;
		code = inflate(&stream, Z_NO_FLUSH);
		left -= given - stream.avail_in;
		out->size += FIRST_CAPACITY - stream.avail_out;
		if (code == Z_STREAM_END && left > 0 && *stream.next_in == 0x1f)
			code = inflateReset(&stream);
		else
			done = code == Z_STREAM_END;    /* what follows is padding */
	}
	inflateEnd(&stream);
	return !room ? false : done || damaged(path, "gzip", code == Z_BUF_ERROR ? "they are cut off" : "a wrong byte",
		failure);
}

static bool unpack_zstd(Bytes *out, const Bytes *in, const char *path, Failure *failure)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer input = {in->bytes, in->size, 0};
	size_t code = 1;
	bool room = stream || fail(failure, "%s: not enough memory to unpack it", path);
	while (room && (input.pos < input.size || code > 0) && !ZSTD_isError(code)) {
		size_t before = input.pos;
		room = reserve(out, FIRST_CAPACITY, path, failure);
		if (!room)
			break;
		ZSTD_outBuffer output = {out->bytes + out->size, FIRST_CAPACITY, 0};
		code = ZSTD_decompressStream(stream, &output, &input);
		if (!ZSTD_isError(code))
			out->size += output.pos;
		if (input.pos == before && output.pos == 0)
			break;
	}
	ZSTD_freeDStream(stream);
	if (!room)
		return false;
	return ZSTD_isError(code) ? damaged(path, "zstd", ZSTD_getErrorName(code), failure)
		: code == 0 || damaged(path, "zstd", "they are cut off", failure);
}

static bool begins_with(const Bytes *b, const char *magic)
{
	return b->size >= strlen(magic) && memcmp(b->bytes, magic, strlen(magic)) == 0;
}

static int open_file(const char *path, Failure *failure)
{
	struct stat status;
	int file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		fail(failure, "cannot open %s: %s", path, strerror(errno));
	else if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
		close(file);
		fail(failure, "%s is a directory, expected a file", path);
		return -1;
	}
	return file;
}

bool text_read(char **text, size_t *size, bool *packed, const char *path, Failure *failure)
{
	Bytes in = {.bytes = NULL}, out = {.bytes = NULL};
	int file = open_file(path, failure);
	if (file < 0)
		return false;
	bool done = read_all(&in, file, path, failure);
	close(file);
	const bool gzip = done && begins_with(&in, "\x1f\x8b"), zstd = done && begins_with(&in, "\x28\xb5\x2f\xfd");
	*packed = gzip || zstd;
	if (*packed) {
		done = gzip ? unpack_gzip(&out, &in, path, failure) : unpack_zstd(&out, &in, path, failure);
		free(in.bytes);
		in = out;
	}
	if (!done) {
		free(in.bytes);
		return false;
	}
	memset(in.bytes + in.size, 0, 1 + TEXT_PADDING);
	*text = in.bytes;
	*size = in.size;
	return true;
}
