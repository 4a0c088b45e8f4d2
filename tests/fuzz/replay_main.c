/* Hands every kept input to its harness, each in a process of its own, and counts those that end well and in time.
 *
 *	replay [HARNESS FILE ...]
 *
 * Without arguments: all files of tests/fuzz/HARNESS, for every harness. */
#include "fuzz.h"
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Far more than any input needs, under sanitizers on a busy machine: it is here to end what would never end. */
enum { MOST_SECONDS = 60 };

static char *read_file(const char *path, size_t *size)
{
	enum { MOST_BYTES = 1 << 20 };
	FILE *file = fopen(path, "rb");
	char *bytes = file ? malloc(MOST_BYTES) : 0;
	if (!bytes) {
		perror(path);
		exit(1);
	}
	*size = fread(bytes, 1, MOST_BYTES, file);
	fclose(file);
	return bytes;
}

/* exit, and not _exit: a sanitizer looks for leaks there. */
static _Noreturn void run_one(const Harness *harness, const char *path)
{
	size_t size;
	char *bytes = read_file(path, &size);
	if (!freopen("/dev/null", "w", stdout))         /* where a command line such as --help is answered */
		exit(1);
	alarm(MOST_SECONDS);
	harness_run(harness, bytes, size);
	free(bytes);
	exit(0);
}

static bool ends_well(const Harness *harness, const char *path)
{
	int status = -1;
	fflush(0);
	pid_t child = fork();
	if (child == 0)
		run_one(harness, path);
	if (child < 0 || waitpid(child, &status, 0) != child)
		perror("fork");
	if (status != 0)
		printf("%s: %s %d\n", path, WIFSIGNALED(status) ? "ended by signal" : "exit status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return status == 0;
}

static int replay(const Harness *harness, char *const *paths, size_t count)
{
	int failed = 0;
	for (size_t i = 0; i < count; i++)
		failed += !ends_well(harness, paths[i]);
	return failed;
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0;
	if (argc > 2) {
		const Harness *harness = harness_find(argv[1]);
		if (!harness)
			return 2;
		failed = replay(harness, argv + 2, (size_t)argc - 2);
		passed = argc - 2 - failed;
	}
	for (int i = 0; argc == 1 && harnesses[i]; i++) {
		char pattern[100];
		glob_t files;
		snprintf(pattern, sizeof pattern, "tests/fuzz/%s/*", harnesses[i]->name);
		if (glob(pattern, 0, 0, &files) != 0) {
			printf("%s: no inputs\n", pattern);
			failed++;
			continue;
		}
		int wrong = replay(harnesses[i], files.gl_pathv, files.gl_pathc);
		failed += wrong;
		passed += (int)files.gl_pathc - wrong;
		globfree(&files);
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
