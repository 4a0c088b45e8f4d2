#include "../runtime.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool cannot_write(Failure *failure, const char *path)
{
	return fail(failure, "cannot write %s: %s", path, strerror(errno));
}

/* A symbolic link stays, and the file that it leads to is replaced. Null with errno. */
static char *follow_links(const char *path, bool exists)
{
	return exists ? realpath(path, NULL) : strdup(path);
}

/* ---- temporary files */

/* Those that are there, for atomic_remove_all. */
enum { MOST_FILES = 8 };
static _Atomic(char *) temporaries[MOST_FILES];

static void replace_temporary(char *old, char *new)
{
	int i = 0;
	while (i < MOST_FILES && temporaries[i] != old)
		i++;
	if (i < MOST_FILES)
		temporaries[i] = new;
}

void atomic_remove_all(void)
{
	for (int i = 0; i < MOST_FILES; i++) {
		const char *temporary = temporaries[i];
		if (temporary)
			unlink(temporary);
	}
}

static void free_temporary(AtomicFile *file)
{
	if (file->temporary)
		replace_temporary(file->temporary, NULL);
	free(file->temporary);
	file->temporary = NULL;
}

/* Creates `path.NUMBER.tmp`, a name that no other run is using; with the permissions that the umask leaves. No signal comes between
 * the file and its place among the temporaries. */
static int create_temporary(AtomicFile *file)
{
	size_t size = strlen(file->path) + 64;
	file->temporary = malloc(size);
	if (!file->temporary)
		return -1;
	int descriptor = -1;
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	for (int attempt = 0; attempt < 100; attempt++) {
		snprintf(file->temporary, size, "%s.%ld-%d.tmp", file->path, (long)getpid(), attempt);
		descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (descriptor >= 0 || errno != EEXIST)
			break;
	}
	if (descriptor >= 0)
		replace_temporary(NULL, file->temporary);
	else
		free_temporary(file);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return descriptor;
}

/* ---- files */

bool atomic_open(AtomicFile *file, const char *path, Failure *failure)
{
	*file = (AtomicFile){0};
	if (!*path)
		return fail(failure, "cannot write: the file's name is empty");
	struct stat status;
	bool exists = stat(path, &status) == 0;
	if (!exists && lstat(path, &status) == 0)
		return fail(failure, "cannot write %s: it is a symbolic link to a file that does not exist", path);
	if (exists && S_ISDIR(status.st_mode))
		return fail(failure, "cannot write %s: it is a directory", path);
	if (exists && access(path, W_OK) != 0)
		return cannot_write(failure, path);

	/* What is no regular file, such as a pipe or /dev/null, must not be replaced by one; /dev/stdout may lead to one. */
	bool in_place = exists && (!S_ISREG(status.st_mode) || strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0);
	file->path = in_place ? strdup(path) : follow_links(path, exists);
	if (!file->path)
		return cannot_write(failure, path);
	int descriptor = in_place ? open(path, O_WRONLY | O_CLOEXEC) : create_temporary(file);
	if (descriptor >= 0 && exists && !in_place)
		fchmod(descriptor, status.st_mode & 0777);
	file->stream = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
	if (file->stream)
		return true;

	if (errno == ENOENT)
		fail(failure, "cannot write %s: its directory does not exist", path);
	else
		cannot_write(failure, path);
	if (descriptor >= 0)
		close(descriptor);
	atomic_abandon(file);
	return false;
}

/* Keeps why the first of all writes failed: a stream remembers no more than that one did. */
static void keep_error(AtomicFile *file, bool written)
{
	if (!written && !file->error)
		file->error = errno ? errno : EIO;
}

void atomic_write(AtomicFile *file, const void *bytes, size_t size)
{
	keep_error(file, fwrite(bytes, 1, size, file->stream) == size);
}

void atomic_print(AtomicFile *file, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	keep_error(file, vfprintf(file->stream, format, values) >= 0);
	va_end(values);
}

static bool is_well(const AtomicFile *file, Failure *failure)
{
	errno = file->error;
	return !file->error || cannot_write(failure, file->path);
}

bool atomic_flush(AtomicFile *file, Failure *failure)
{
	keep_error(file, fflush(file->stream) == 0);
	if (file->temporary)
		keep_error(file, fsync(fileno(file->stream)) == 0);
	return is_well(file, failure);
}

bool atomic_commit(AtomicFile *file, Failure *failure)
{
	bool committed = atomic_flush(file, failure);
	if (committed) {
		keep_error(file, fclose(file->stream) == 0);
		file->stream = NULL;
		if (file->temporary && !file->error)
			keep_error(file, rename(file->temporary, file->path) == 0);
		committed = is_well(file, failure);
	}
	if (!committed) {
		atomic_abandon(file);
		return false;
	}
	free_temporary(file);
	free(file->path);
	*file = (AtomicFile){0};
	return true;
}

void atomic_abandon(AtomicFile *file)
{
	if (file->stream)
		fclose(file->stream);
	if (file->temporary)
		unlink(file->temporary);
	free_temporary(file);
	free(file->path);
	*file = (AtomicFile){0};
}
