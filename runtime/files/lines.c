#define _GNU_SOURCE
#include "place.h"
#include "../progress.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* A log may be a pipe whose reader has gone. The write then fails with EPIPE, which is enough: SIGPIPE, which would
 * stop the training, is blocked meanwhile. Standard output is not guarded: there SIGPIPE is wanted. */
typedef struct Pipe { bool guarded; sigset_t before; } Pipe;

static Pipe guard_pipe(const LineFile *file)
{
	Pipe pipe = {.guarded = file->opened};
	sigset_t broken;
	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	if (pipe.guarded)
		pthread_sigmask(SIG_BLOCK, &broken, &pipe.before);
	return pipe;
}

static void release_pipe(const Pipe *pipe)
{
	if (!pipe->guarded)
		return;
	sigset_t broken;
	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	int error = errno;
	while (sigtimedwait(&broken, NULL, &(const struct timespec){0}) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &pipe->before, NULL);
	errno = error;
}

static void begin_lines(LineFile *file)
{
	file->whole = NULL;
	file->error = 0;
	file->used = 0;
	file->written = 0;
	file->length = 0;
	file->sum = 0;
}

/* Opens the file without changing it. */
static bool open_lines(LineFile *file, const char *path, bool readable, Failure *failure)
{
	Place place;
	begin_lines(file);
	if (!place_find(&place, path, failure))
		return false;
	bool own = place.kind == PLACE_OWN;
	if (!own && output_is_named(path)) {
		own = true;
		place.descriptor = STDOUT_FILENO;
	}
	file->opened = !own;
	int flags = (readable ? O_RDWR : O_WRONLY) | O_APPEND | O_NOCTTY | O_CLOEXEC
		| (place.kind == PLACE_NEW ? O_CREAT : 0);
	file->descriptor = own ? place.descriptor : open(place.path, flags, 0666);
	place_free(&place);
	if (file->descriptor < 0)
		return cannot_write(failure, path);
	file->path = strdup(place_words(path));
	return file->path || cannot_write(failure, path);
}

static bool is_file(const LineFile *file)
{
	struct stat status;
	return file->opened && fstat(file->descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

bool lines_open(LineFile *file, const char *path, Failure *failure)
{
	if (!open_lines(file, path, false, failure))
		return false;
	return !is_file(file) || ftruncate(file->descriptor, 0) == 0 || cannot_write(failure, path);
}

bool lines_create(LineFile *file, const char *path, size_t (*whole)(const char *bytes, size_t size))
{
	begin_lines(file);
	file->whole = whole;
	file->opened = true;
	file->path = strdup(place_words(path));
	file->descriptor = file->path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0666) : -1;
	if (file->descriptor >= 0)
		return true;
	const int error = errno;
	free(file->path);
	file->path = NULL;
	errno = error;
	return false;
}

static bool begins_with(const LineFile *file, int64_t length, uint32_t sum)
{
	char bytes[16384];
	uLong found = crc32_z(0, NULL, 0);
	for (int64_t at = 0; at < length;) {
		size_t wanted = length - at < (int64_t)sizeof bytes ? (size_t)(length - at) : sizeof bytes;
		ssize_t count = pread(file->descriptor, bytes, wanted, (off_t)at);
		if (count <= 0)
			return false;
		found = crc32_z(found, (const unsigned char *)bytes, (size_t)count);
		at += count;
	}
	return found == sum;
}

bool lines_reopen(LineFile *file, const char *path, int64_t length, uint32_t sum, bool *kept, Failure *failure)
{
	struct stat status;
	*kept = false;
	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || output_is_named(path) || access(path, R_OK) != 0)
		return lines_open(file, path, failure);
	if (!open_lines(file, path, true, failure))
		return false;
	*kept = is_file(file) && begins_with(file, length, sum);
	if (*kept) {
		file->length = length;
		file->sum = sum;
	}
	return ftruncate(file->descriptor, (off_t)file->length) == 0 || cannot_write(failure, path);
}

/* Returns how many bytes were written. If that is not all, errno says why. */
static size_t write_text(const LineFile *file)
{
	size_t at = 0;
	while (at < file->used) {
		ssize_t written = write(file->descriptor, file->text + at, file->used - at);
		if (written >= 0)
			at += (size_t)written;
		else if (errno == EAGAIN)
			poll(&(struct pollfd){.fd = file->descriptor, .events = POLLOUT}, 1, -1);
		else if (errno != EINTR)
			break;
	}
	return at;
}

static size_t whole_lines(const char *text, size_t size)
{
	while (size > 0 && text[size - 1] != '\n')
		size--;
	return size;
}

/* Removes the incomplete line at the end of a file when the disk is full. */
static void take_back(LineFile *file, size_t written)
{
	const size_t whole = file->whole ? file->whole(file->text, written) : whole_lines(file->text, written);
	off_t half = (off_t)(written - whole), end = lseek(file->descriptor, 0, SEEK_END);
	if (file->opened && half > 0 && end >= half && ftruncate(file->descriptor, end - half) != 0)
		file->error = errno;
}

static void write_lines(LineFile *file)
{
	if (file->descriptor == STDOUT_FILENO)
		fflush(stdout);
	Pipe pipe = guard_pipe(file);
	size_t written = file->error ? 0 : write_text(file);
	if (written < file->used && !file->error) {
		file->error = errno;
		take_back(file, written);
	}
	release_pipe(&pipe);
	if (!file->error) {
		file->length += (int64_t)file->used;
		file->sum = (uint32_t)crc32_z(file->sum, (const unsigned char *)file->text, file->used);
	}
	file->used = 0;
}

void lines_sync(LineFile *file)
{
	write_lines(file);
	if (file->opened && fdatasync(file->descriptor) != 0) {
		/* a pipe, or a file system without it */
	}
}

static void write_lines_in_time(LineFile *file)
{
	double now = wall_seconds();
	if (now - file->written < 0.1)
		return;
	file->written = now;
	write_lines(file);
}

void lines_put(LineFile *file, const void *bytes, size_t size)
{
	if (sizeof file->text - file->used < size)
		write_lines(file);
	if (size <= sizeof file->text)
		memcpy(file->text + file->used, bytes, size);
	else if (!file->error)
		file->error = EMSGSIZE;
	file->used += size <= sizeof file->text ? size : 0;
	write_lines_in_time(file);
}

void lines_print(LineFile *file, const char *format, ...)
{
	enum { LONGEST = 2048 };
	if (sizeof file->text - file->used < LONGEST)
		write_lines(file);
	va_list values;
	va_start(values, format);
	int length = vsnprintf(file->text + file->used, sizeof file->text - file->used, format, values);
	va_end(values);
	if (length < LONGEST)
		file->used += (size_t)length;
	else if (!file->error)
		file->error = EMSGSIZE;
	write_lines_in_time(file);
}

bool lines_close(LineFile *file, Failure *failure)
{
	write_lines(file);
	if (file->opened) {
		if (!file->error && fsync(file->descriptor) != 0 && errno != EINVAL && errno != EROFS)
			file->error = errno;
		if (close(file->descriptor) != 0 && !file->error)
			file->error = errno;
	}
	errno = file->error;
	bool well = !file->error || cannot_write(failure, file->path);
	free(file->path);
	file->path = NULL;
	return well;
}
