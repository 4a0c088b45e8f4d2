/* folder_support.h: a folder for one test, and its files. */
#ifndef FOLDER_SUPPORT_H
#define FOLDER_SUPPORT_H
#include "../runtime/runtime.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[64];

static inline void make_directory(void)
{
	strcpy(directory, "/tmp/bnc-test-XXXXXX");
	cr_assert(mkdtemp(directory));
}

static inline void remove_directory(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", directory);
	cr_assert_eq(system(command), 0);
}

/* A path in it; good until the fourth one after it. */
static inline const char *in_directory(const char *name)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static inline void write_file(const char *path, const void *bytes, size_t count)
{
	FILE *file = fopen(path, "wb");
	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, count, file), count);
	cr_assert_eq(fclose(file), 0);
}

static inline size_t read_file(const char *path, char *bytes, size_t capacity)
{
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s", path);
	size_t count = fread(bytes, 1, capacity, file);
	fclose(file);
	return count;
}

static inline int files_in_directory(void)
{
	char command[128], text[16] = "";
	snprintf(command, sizeof command, "ls -A %s | wc -l", directory);
	FILE *pipe = popen(command, "r");
	cr_assert(pipe && fgets(text, sizeof text, pipe));
	pclose(pipe);
	return atoi(text);
}

static inline void expect_message(const Failure *failure, const char *expected)
{
	cr_assert(strstr(failure->text, expected), "expected \"%s\" in: %s", expected, failure->text);
}

static inline void expect_content(const char *path, const char *expected)
{
	char content[64];
	size_t count = read_file(path, content, sizeof content - 1);
	content[count] = '\0';
	cr_assert_str_eq(content, expected);
}

#endif
