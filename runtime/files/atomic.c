#define _GNU_SOURCE
#include "place.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- temporary files */

/* The files that have one, for atomic_remove_all. */
enum { MOST_FILES = 8 };
static _Atomic(AtomicFile *) temporaries[MOST_FILES];

static void replace_temporary(AtomicFile *old, AtomicFile *new)
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
		const AtomicFile *file = temporaries[i];
		if (file)
			unlinkat(file->folder, file->temporary, 0);
	}
}

static void block_signals(sigset_t *before)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, before);
}

static void forget_temporary(AtomicFile *file)
{
	if (file->temporary[0])
		replace_temporary(file, NULL);
	file->temporary[0] = 0;
}

static void remove_temporary(AtomicFile *file)
{
	if (file->temporary[0])
		unlinkat(file->folder, file->temporary, 0);
	forget_temporary(file);
}

/* Creates `name.NUMBER.tmp`, or `bnc.NUMBER.tmp` if the first is too long for a name. No other run uses the same
 * number. The file gets the permissions that the umask leaves. Signals are blocked until the file is in the list of
 * temporaries. */
static int create_temporary(AtomicFile *file, const char *name)
{
	int descriptor = -1;
	sigset_t before;
	block_signals(&before);
	for (int attempt = 0; attempt < 100; attempt++) {
		int length = snprintf(file->temporary, sizeof file->temporary, "%s.%ld-%d.tmp", name, (long)getpid(), attempt);
		bool fits = length < (int)sizeof file->temporary;
		if (fits)
			descriptor = openat(file->folder, file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (descriptor >= 0 || (fits && errno != EEXIST && errno != ENAMETOOLONG))
			break;
		if (!fits || errno == ENAMETOOLONG)
			name = "bnc";
	}
	if (descriptor >= 0)
		replace_temporary(NULL, file);
	else
		file->temporary[0] = 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return descriptor;
}

/* ---- what belongs to a file besides its content */

/* Gives the new file one extended attribute of the old one. */
static bool copy_attribute(int new, int old, const char *name)
{
	char value[4096], present[sizeof value];
	ssize_t length = fgetxattr(old, name, value, sizeof value);
	if (length < 0)
		return false;
	if (fgetxattr(new, name, present, sizeof present) == length && memcmp(value, present, (size_t)length) == 0)
		return true;
	return fsetxattr(new, name, value, (size_t)length, 0) == 0;
}

/* Access lists are extended attributes, too. A new file may already have some of its own. */
static bool copy_attributes(int new, int old)
{
	char names[4096];
	ssize_t length = flistxattr(old, names, sizeof names);
	if (length < 0)
		return errno == ENOTSUP;
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if (!copy_attribute(new, old, name))
			return false;
	return flistxattr(new, names, sizeof names) == length;
}

/* Gives the new file the owner, mode and attributes of the old one; false if this user is not allowed to. */
static bool look_alike(int new, int old)
{
	struct stat have, want;
	if (fstat(new, &have) != 0 || fstat(old, &want) != 0 || want.st_nlink != 1)
		return false;
	if ((have.st_uid != want.st_uid || have.st_gid != want.st_gid) && fchown(new, want.st_uid, want.st_gid) != 0)
		return false;
	return fchmod(new, want.st_mode & 07777) == 0 && copy_attributes(new, old);
}

/* ---- opening */

static bool cannot_create(const AtomicFile *file, const Place *place, Failure *failure)
{
	int error = errno;
	size_t length = (size_t)(place->name - place->path);
	while (length > 1 && place->path[length - 1] == '/')
		length--;
	if (file->folder < 0 && error == ENOENT)
		return fail(failure, "cannot write %s: its directory does not exist", file->path);
	return fail(failure, "cannot write %s: no file can be made in the directory %.*s: %s", file->path,
		length ? (int)length : 1, length ? place->path : ".", strerror(error));
}

/* Opens a temporary file that will take the place of the old one. If that cannot be, an existing file is first written
 * in memory. */
static bool open_file(AtomicFile *file, const Place *place, Failure *failure)
{
	bool exists = place->kind != PLACE_NEW;
	int old = exists ? open(place->path, O_WRONLY | O_CLOEXEC) : -1;
	if (exists && old < 0)
		return cannot_write(failure, file->path);
	file->folder = place_folder(place);
	int new = place->kind == PLACE_FIXED || file->folder < 0 ? -1 : create_temporary(file, place->name);
	bool made = exists || new >= 0 || cannot_create(file, place, failure);
	if (new >= 0 && exists && !look_alike(new, old)) {
		close(new);
		new = -1;
		remove_temporary(file);
	}
	if (old >= 0)
		close(old);
	if (!made)
		return false;
	file->stream = new >= 0 ? fdopen(new, "wb") : open_memstream(&file->bytes, &file->size);
	return file->stream || cannot_write(failure, file->path);
}

static bool open_stream(AtomicFile *file, const Place *place, Failure *failure)
{
	bool own = place->kind == PLACE_OWN;
	int descriptor = own ? fcntl(place->descriptor, F_DUPFD_CLOEXEC, 0)
		: open(place->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	file->stream = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
	return file->stream || cannot_write(failure, file->path);
}

bool atomic_open(AtomicFile *file, const char *path, Failure *failure)
{
	Place place;
	*file = (AtomicFile){.folder = -1};
	if (!place_find(&place, path, failure))
		return false;
	bool stream = place.kind == PLACE_OWN || place.kind == PLACE_STREAM;
	file->path = strdup(place_words(path));
	file->target = strdup(stream ? "" : place.path);
	bool opened = file->path && file->target ? (stream ? open_stream : open_file)(file, &place, failure)
		: cannot_write(failure, path);
	place_free(&place);
	if (!opened)
		atomic_abandon(file);
	return opened;
}

/* Devices are opened, since some exist and cannot be: /dev/tty without a terminal. Pipes are not: to open one waits
 * for its reader. */
static bool check_stream(const Place *place, const char *path, Failure *failure)
{
	mode_t mode = place->status.st_mode;
	if (S_ISSOCK(mode))
		return fail(failure, "cannot write %s: it is a socket", place_words(path));
	if (!S_ISCHR(mode) && !S_ISBLK(mode))
		return faccessat(AT_FDCWD, place->path, W_OK, AT_EACCESS) == 0 || cannot_write(failure, path);
	int descriptor = open(place->path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (descriptor < 0)
		return cannot_write(failure, path);
	close(descriptor);
	return true;
}

bool atomic_check(const char *path, Failure *failure)
{
	Place place;
	AtomicFile file;
	if (!place_find(&place, path, failure))
		return false;
	bool stream = place.kind == PLACE_OWN || place.kind == PLACE_STREAM;
	bool ok = place.kind != PLACE_STREAM || check_stream(&place, path, failure);
	place_free(&place);
	if (!ok || stream)
		return ok;
	if (!atomic_open(&file, path, failure))
		return false;
	atomic_abandon(&file);
	return true;
}

/* ---- writing */

/* Keeps the reason of the first write that failed. The stream itself only remembers that one did. */
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
	if (file->temporary[0])
		keep_error(file, fsync(fileno(file->stream)) == 0);
	return is_well(file, failure);
}

/* ---- taking the file's place */

/* Reserves room for all bytes before the old content is lost: then neither a full disk nor a limit can stop the
 * writing. */
static bool reserve(int descriptor, off_t old_size, size_t size)
{
	int error = size ? posix_fallocate(descriptor, 0, (off_t)size) : 0;
	if (error == 0 || error == EOPNOTSUPP || error == EINVAL || error == ENODEV || error == ENOSYS)
		return true;
	errno = ftruncate(descriptor, old_size) == 0 ? error : errno;
	return false;
}

static bool write_all(int descriptor, const char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t written = pwrite(descriptor, bytes + at, size - at, (off_t)at);
		if (written < 0 && errno != EINTR)
			return false;
		at += written > 0 ? (size_t)written : 0;
	}
	return ftruncate(descriptor, (off_t)size) == 0 && fsync(descriptor) == 0;
}

/* Writes over the file's content, with signals blocked, so that none ends the process halfway. */
static void write_over(AtomicFile *file, const char *bytes, size_t size)
{
	sigset_t before;
	struct stat old;
	block_signals(&before);
	int descriptor = open(file->target, O_WRONLY | O_CLOEXEC);
	if (descriptor < 0 && errno == ENOENT)
		descriptor = open(file->target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	bool reserved = descriptor >= 0 && fstat(descriptor, &old) == 0 && reserve(descriptor, old.st_size, size);
	keep_error(file, reserved);
	if (reserved) {
		file->damaged = !write_all(descriptor, bytes, size);
		keep_error(file, !file->damaged);
	}
	if (descriptor >= 0)
		close(descriptor);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* For a file that can be written but not replaced by renaming: a mount point, or another user's file in a folder such
 * as /tmp. */
static void copy_over(AtomicFile *file)
{
	struct stat status;
	int descriptor = fileno(file->stream);
	if (fstat(descriptor, &status) != 0) {
		keep_error(file, false);
		return;
	}
	size_t size = (size_t)status.st_size;
	void *bytes = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : NULL;
	if (bytes == MAP_FAILED) {
		keep_error(file, false);
		return;
	}
	write_over(file, bytes, size);
	if (size)
		munmap(bytes, size);
}

/* Makes the new name survive a loss of power, if the file system can do that. */
static void sync_folder(const AtomicFile *file)
{
	int descriptor = openat(file->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return;
	fsync(descriptor);
	close(descriptor);
}

static void take_place(AtomicFile *file)
{
	const char *slash = strrchr(file->target, '/');
	if (renameat(file->folder, file->temporary, file->folder, slash ? slash + 1 : file->target) == 0) {
		forget_temporary(file);
		sync_folder(file);
		return;
	}
	bool gone = errno == ENOENT;
	if (gone)
		keep_error(file, false);
	else
		copy_over(file);
}

static void close_stream(AtomicFile *file)
{
	bool closed = !file->stream || fclose(file->stream) == 0;
	file->stream = NULL;
	keep_error(file, closed);
}

/* The file was overwritten in part: says what is left. */
static bool report_damage(AtomicFile *file, Failure *failure)
{
	const char *why = strerror(file->error);
	if (file->temporary[0])
		fail(failure, "cannot write %s, and a part of it is already overwritten: %s. The whole new content is in %s "
			"in the same folder", file->path, why, file->temporary);
	else
		fail(failure, "cannot write %s, and a part of it is already overwritten: %s", file->path, why);
	forget_temporary(file);
	return false;
}

bool atomic_commit(AtomicFile *file, Failure *failure)
{
	bool committed = atomic_flush(file, failure);
	if (committed) {
		bool in_memory = !file->temporary[0] && *file->target;
		if (file->temporary[0])
			take_place(file);
		close_stream(file);
		if (in_memory && !file->error)
			write_over(file, file->bytes, file->size);
		committed = file->damaged ? report_damage(file, failure) : is_well(file, failure);
	}
	atomic_abandon(file);
	return committed;
}

void atomic_abandon(AtomicFile *file)
{
	if (!file->path)
		return;
	if (file->stream)
		fclose(file->stream);
	remove_temporary(file);
	if (file->folder >= 0)
		close(file->folder);
	free(file->path);
	free(file->target);
	free(file->bytes);
	*file = (AtomicFile){.folder = -1};
}
