/* Checks which prefixes the emitted C can have, and which names its header. The prefix is the name of the struct, and
 * all other names begin with it. So it must be no keyword of C or C++, no name from their headers or POSIX's, and no
 * beginning of such a name that the emitted C would complete. A header must not have the name of one of theirs: a
 * program with -I. would include it in place of theirs. */
#include "standalone.h"
#include <ctype.h>
#include <limits.h>
#include <string.h>

enum { LONGEST = 63 };          /* the number of characters that C distinguishes, at least */
static const char letters_and_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool is_listed(const char *names, const char *name)
{
	size_t length = strlen(name);
	for (const char *found = names; length > 0 && (found = strstr(found, name)); found++)
		if (found[-1] == ' ' && found[length] == ' ')
			return true;
	return false;
}

/* POSIX reserves all names that end in _t. */
static bool is_taken(const char *name)
{
	size_t length = strlen(name);
	return (length > 2 && strcmp(name + length - 2, "_t") == 0) || is_listed(taken_names, name);
}

static bool is_identifier(const char *name)
{
	if (!isalpha((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && (*name != '_' || name[1] == '_' || !name[1]))
			return false;
	return true;
}

bool check_prefix(const char *prefix, Failure *failure)
{
	if (strlen(prefix) > LONGEST)
		return fail(failure,
			"the prefix `%.80s` is longer than the %d characters that C promises to tell apart: give a shorter "
			"--prefix", prefix, LONGEST);
	if (!is_identifier(prefix))
		return fail(failure,
			"--prefix takes a name of letters, digits and single underscores between them that begins with a letter, "
			"found `%.100s`", prefix);
	if (is_taken(prefix))
		return fail(failure,
			"--prefix `%s` belongs to C, C++, POSIX or one of their libraries: take another, such as `%.*s_net`",
			prefix, LONGEST - 4, prefix);
	return true;
}

static void trim(char *name, size_t longest)
{
	size_t length = strlen(name);
	length = length < longest ? length : longest;
	while (length > 0 && name[length - 1] == '_')
		length--;
	name[length] = 0;
}

const char *prefix_of(Arena *arena, const char *name, bool *taken)
{
	char prefix[LONGEST + 1];
	size_t length = 0;
	if (isdigit((unsigned char)name[strcspn(name, letters_and_digits)]))
		length = (size_t)snprintf(prefix, sizeof prefix, "net_");
	for (; *name && length < LONGEST; name++)
		if (isalnum((unsigned char)*name))
			prefix[length++] = *name;
		else if (length > 0 && prefix[length - 1] != '_')
			prefix[length++] = '_';
	prefix[length] = 0;
	trim(prefix, LONGEST);
	*taken = is_taken(prefix);
	if (!*taken)
		return arena_print(arena, "%s", *prefix ? prefix : "net");
	trim(prefix, LONGEST - 4);
	return arena_print(arena, "%s_net", prefix);
}

/* Removes empty parts and `.` from a path, and each part that is followed by `..`, together with that. */
static void normalise(char *path)
{
	char *end = path;
	for (const char *part = path; *part;) {
		size_t length = strcspn(part, "/");
		const char *next = part + length + (part[length] == '/');
		bool up = length == 2 && part[0] == '.' && part[1] == '.' && end > path;
		if (up)
			for (end--; end > path && end[-1] != '/';)
				end--;
		else if (length > 1 || (length == 1 && *part != '.')) {
			memmove(end, part, (size_t)(next - part));
			end += next - part;
		}
		part = next;
	}
	*end = 0;
}

/* On a file system that does not distinguish capitals from small letters, Signal.h hides signal.h too. */
bool check_header(const char *path, Failure *failure)
{
	char name[64], whole[PATH_MAX];
	size_t all = strlen(path);
	strcpy(whole, path + (all < sizeof whole ? 0 : all - sizeof whole + 1));
	normalise(whole);
	const char *end = whole + strlen(whole);
	for (const char *part = whole; part; part = strchr(part, '/')) {
		part += *part == '/';
		size_t length = (size_t)(end - part);
		if (length >= sizeof name)
			continue;
		for (size_t i = 0; i <= length; i++)
			name[i] = (char)tolower((unsigned char)part[i]);
		name[length - 1] = 'h';
		if (is_listed(taken_headers, name))
			return fail(failure,
				"--emit %.200s: C, C++, POSIX or one of their libraries has a header <%s>, which the emitted one would "
				"hide from programs that look for theirs in its folder: take another name, such as %.*s_net%s", path,
				name, (int)length - 2, part, end - 2);
	}
	return true;
}
