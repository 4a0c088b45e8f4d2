#define _GNU_SOURCE             /* O_PATH */
#include "place.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

static int output = STDOUT_FILENO;

const char *place_words(const char *path)
{
	enum { LONGEST = 400 };
	static char end[LONGEST + 4];
	size_t length = strlen(path);
	if (length > LONGEST)
		snprintf(end, sizeof end, "...%s", path + length - LONGEST);
	return strcmp(path, "-") == 0 ? "standard output" : length > LONGEST ? end : path;
}

bool cannot_write(Failure *failure, const char *path)
{
	return fail(failure, "cannot write %s: %s", place_words(path), strerror(errno));
}

/* ---- paths */

/* The length of the part up to the last slash: 2 of "a/b". */
static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) + 1 : 0;
}

static char *folder_of(const char *path)
{
	size_t length = folder_length(path);
	return length ? strndup(path, length) : strdup(".");
}

int place_folder(const Place *place)
{
	char *folder = folder_of(place->path);
	int descriptor = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	free(folder);
	return descriptor;
}

/* Returns where the symbolic link leads; null: see errno. */
static char *read_link(const char *path)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof target - 1);
	if (length < 0)
		return NULL;
	target[length] = 0;
	size_t kept = target[0] == '/' ? 0 : folder_length(path);
	char *joined = malloc(kept + (size_t)length + 1);
	if (joined)
		memcpy(mempcpy(joined, path, kept), target, (size_t)length + 1);
	return joined;
}

/* Links in /proc lead to open files, even if no file has the name that they contain. */
static bool is_in_proc(const char *path)
{
	struct statfs system;
	char *folder = folder_of(path);
	bool found = folder && statfs(folder, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
	free(folder);
	return found;
}

/* The value of "12"; -1: it is no number. */
static int number_of(const char *name)
{
	bool is_number = *name && strlen(name) < 9 && name[strspn(name, "0123456789")] == 0;
	return is_number ? atoi(name) : -1;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* ---- descriptors */

static bool take_descriptor(Place *place, int descriptor, const char *path, Failure *failure)
{
	int flags = fcntl(descriptor, F_GETFL);
	if (flags < 0 || fstat(descriptor, &place->status) != 0 || (flags & O_ACCMODE) == O_RDONLY)
		return fail(failure, "cannot write %s: it is closed, or open for reading only", place_words(path));
	place->kind = PLACE_OWN;
	place->descriptor = descriptor;
	return true;
}

bool output_is_named(const char *path)
{
	struct stat there, here;
	if (strcmp(path, "-") == 0)
		return true;
	/* Another device, such as /dev/null, may be opened twice. */
	if (stat(path, &there) != 0 || fstat(STDOUT_FILENO, &here) != 0 || !is_same(&there, &here))
		return false;
	Place place;
	Failure failure;
	bool named = !S_ISCHR(there.st_mode);
	if (!named && place_find(&place, path, &failure)) {
		named = place.kind == PLACE_OWN && place.descriptor == STDOUT_FILENO;
		place_free(&place);
	}
	return named;
}

bool output_claim(Failure *failure)
{
	struct stat status;
	fflush(stdout);
	output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (output >= 0 && fstat(output, &status) == 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		return true;
	return cannot_write(failure, "-");
}

void output_keep_descriptors(void)
{
	/* Then writing fails and reading finds nothing, like with a closed descriptor. */
	static const int flags[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDONLY};
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (fcntl(i, F_GETFD) < 0 && open("/dev/null", flags[i]) != i)
			_exit(EXIT_FAILURE);
}

/* ---- places */

/* Finds what a link or a name in /proc stands for. */
static bool take_proc(Place *place, const char *path, Failure *failure)
{
	struct stat own;
	int number = number_of(place->name);
	bool there = stat(place->path, &place->status) == 0;
	if (number >= 0 && !there)
		return fail(failure, "cannot write %s: descriptor %d is not open", place_words(path), number);
	if (number >= 0 && fstat(number, &own) == 0 && is_same(&own, &place->status))
		return take_descriptor(place, number, path, failure);
	place->kind = !there ? PLACE_NEW : S_ISREG(place->status.st_mode) ? PLACE_FIXED : PLACE_STREAM;
	return true;
}

static bool follow_link(Place *place)
{
	char *next = read_link(place->path);
	if (!next)
		return false;
	free(place->path);
	place->path = next;
	place->name = next + folder_length(next);
	return true;
}

static bool follow(Place *place, const char *path, Failure *failure)
{
	enum { MOST_LINKS = 40 };
	for (int links = 0; links <= MOST_LINKS; links++) {
		struct stat status;
		bool there = lstat(place->path, &status) == 0;
		if (!there && errno != ENOENT)
			return cannot_write(failure, path);
		if ((!there || S_ISLNK(status.st_mode)) && is_in_proc(place->path))
			return take_proc(place, path, failure);
		if (!there && !*place->name)
			return fail(failure, "cannot write %s: a directory's name ends so, and there is none", place_words(path));
		if (!there || !S_ISLNK(status.st_mode)) {
			place->status = status;
			place->kind = !there ? PLACE_NEW : S_ISREG(status.st_mode) ? PLACE_FILE : PLACE_STREAM;
			if (there && S_ISDIR(status.st_mode))
				return fail(failure, "cannot write %s: it is a directory", place_words(path));
			return true;
		}
		if (!follow_link(place))
			return cannot_write(failure, path);
	}
	errno = ELOOP;
	return cannot_write(failure, path);
}

bool place_find(Place *place, const char *path, Failure *failure)
{
	*place = (Place){.descriptor = -1};
	if (!*path)
		return fail(failure, "cannot write: the file's name is empty");
	if (strcmp(path, "-") == 0)
		return take_descriptor(place, output, path, failure);
	place->path = strdup(path);
	if (!place->path)
		return cannot_write(failure, path);
	place->name = place->path + folder_length(place->path);
	if (follow(place, path, failure))
		return true;
	place_free(place);
	return false;
}

void place_free(Place *place)
{
	free(place->path);
	place->path = NULL;
}

static bool is_same_place(const Place *a, const Place *b)
{
	if (a->kind == PLACE_FILE && b->kind == PLACE_FILE)
		return is_same(&a->status, &b->status);
	if (a->kind != PLACE_NEW || b->kind != PLACE_NEW || strcmp(a->name, b->name) != 0)
		return false;
	struct stat one, other;
	char *folder_a = folder_of(a->path), *folder_b = folder_of(b->path);
	bool same = folder_a && folder_b && stat(folder_a, &one) == 0 && stat(folder_b, &other) == 0
		&& is_same(&one, &other);
	free(folder_a);
	free(folder_b);
	return same;
}

bool is_same_file(const char *a, const char *b)
{
	Place one, other;
	Failure failure;
	if (!place_find(&one, a, &failure))
		return false;
	bool same = place_find(&other, b, &failure) && is_same_place(&one, &other);
	place_free(&other);
	place_free(&one);
	return same;
}
