/* Files that are written: whole or not at all, or line by line; and whatever else a path may lead to. */
#include "folder_support.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

TestSuite(atomic, .init = make_directory, .fini = remove_directory);
TestSuite(lines, .init = make_directory, .fini = remove_directory);

/* ---- atomic files */

static void put(const char *path, const char *text)
{
	AtomicFile file;
	Failure failure;
	cr_assert(atomic_open(&file, path, &failure), "%s", failure.text);
	atomic_print(&file, "%s", text);
	cr_assert(atomic_commit(&file, &failure), "%s", failure.text);
}

Test(atomic, new_and_replaced)
{
	put(in_directory("file"), "one");
	expect_content(in_directory("file"), "one");
	put(in_directory("file"), "two");
	expect_content(in_directory("file"), "two");
	cr_assert_eq(files_in_directory(), 1);
}

Test(atomic, abandoned_leaves_the_old_file)
{
	const char *path = in_directory("file");
	put(path, "old");
	AtomicFile file;
	Failure failure;
	cr_assert(atomic_open(&file, path, &failure));
	atomic_print(&file, "half of the new");
	fflush(file.stream);
	expect_content(path, "old");
	atomic_abandon(&file);
	expect_content(path, "old");
	cr_assert_eq(files_in_directory(), 1);
}

Test(atomic, removes_what_is_being_written)
{
	const char *path = in_directory("file");
	AtomicFile files[3];
	Failure failure;
	put(path, "old");
	for (int i = 0; i < 3; i++)
		cr_assert(atomic_open(&files[i], path, &failure));
	atomic_abandon(&files[1]);
	cr_assert_eq(files_in_directory(), 3);
	atomic_remove_all();
	cr_assert_eq(files_in_directory(), 1);
	expect_content(path, "old");
	cr_assert_not(atomic_commit(&files[0], &failure));
	atomic_abandon(&files[2]);
	put(path, "new");
	expect_content(path, "new");
}

Test(atomic, keeps_permissions)
{
	const char *path = in_directory("file");
	struct stat status;
	umask(027);
	put(path, "new");
	stat(path, &status);
	cr_assert_eq(status.st_mode & 0777, 0640);
	chmod(path, 0604);
	put(path, "replaced");
	stat(path, &status);
	cr_assert_eq(status.st_mode & 0777, 0604);
}

Test(atomic, follows_links)
{
	const char *target = in_directory("target"), *link = in_directory("link");
	put(target, "old");
	cr_assert_eq(symlink("target", link), 0);
	put(link, "new");
	struct stat status;
	cr_assert(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
	expect_content(target, "new");

	/* as a shell's > does */
	unlink(target);
	put(link, "made");
	cr_assert(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
	expect_content(target, "made");
	cr_assert_eq(files_in_directory(), 2);
}

Test(atomic, a_file_of_several_names_keeps_them)
{
	const char *path = in_directory("file"), *other = in_directory("other");
	put(path, "longer");
	cr_assert_eq(link(path, other), 0);
	put(path, "new");
	expect_content(other, "new");
	cr_assert_eq(files_in_directory(), 2);
}

Test(atomic, over_a_file_of_several_names_there_must_be_room)
{
	const char *path = in_directory("file");
	static char large[30000];
	AtomicFile file;
	Failure failure;
	put(path, "old");
	cr_assert_eq(link(path, in_directory("other")), 0);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, RLIM_INFINITY}), 0);
	cr_assert(atomic_open(&file, path, &failure));
	atomic_write(&file, large, sizeof large);
	cr_assert_not(atomic_commit(&file, &failure));
	expect_message(&failure, "File too large");
	expect_content(path, "old");
	put(path, "new");
	expect_content(path, "new");
}

Test(atomic, keeps_extended_attributes)
{
	const char *path = in_directory("file");
	char value[8];
	put(path, "old");
	if (setxattr(path, "user.note", "kept", 4, 0) != 0)
		cr_skip_test("no extended attributes here");
	put(path, "new");
	expect_content(path, "new");
	cr_assert_eq(getxattr(path, "user.note", value, sizeof value), 4);
	cr_assert_eq(memcmp(value, "kept", 4), 0);
}

Test(atomic, the_longest_names)
{
	char name[256], path[400];
	for (int length = 200; length < 256; length++) {
		memset(name, 'n', (size_t)length);
		name[length] = 0;
		snprintf(path, sizeof path, "%s/%s", directory, name);
		put(path, "new");
		expect_content(path, "new");
	}
	cr_assert_eq(files_in_directory(), 56);
}

Test(atomic, the_longest_paths)
{
	char path[4200];
	int length = snprintf(path, sizeof path, "%s", directory);
	while (length < 4090) {
		int more = 4090 - length > 200 ? 200 : 4090 - length;
		memset(path + length, 'd', (size_t)more);
		path[length] = '/';
		path[length += more] = 0;
		cr_assert_eq(mkdir(path, 0777), 0);
	}
	strcpy(path + length, "/file");
	cr_assert_eq(strlen(path), 4095);
	put(path, "one");
	put(path, "two");
	expect_content(path, "two");
	strcpy(path + length, "/file2");
	AtomicFile file;
	Failure failure;
	cr_assert_not(atomic_open(&file, path, &failure));
	expect_message(&failure, "File name too long");
}

Test(atomic, descriptors_of_this_process_are_not_opened_again)
{
	char name[64];
	int descriptor = open(in_directory("file"), O_RDWR | O_CREAT, 0666);
	cr_assert_eq(write(descriptor, "first ", 6), 6);
	snprintf(name, sizeof name, "/dev/fd/%d", descriptor);
	put(name, "second ");
	cr_assert_eq(symlink(name, in_directory("link")), 0);
	put(in_directory("link"), "third");
	expect_content(in_directory("file"), "first second third");
	cr_assert_eq(close(descriptor), 0);
	AtomicFile file;
	Failure failure;
	cr_assert_not(atomic_open(&file, name, &failure));
	expect_message(&failure, "is not open");
	descriptor = open("/dev/null", O_RDONLY);
	snprintf(name, sizeof name, "/dev/fd/%d", descriptor);
	cr_assert_not(atomic_open(&file, name, &failure));
	expect_message(&failure, "reading only");
}

Test(atomic, regular_files_under_dev)
{
	char path[64];
	struct stat status;
	snprintf(path, sizeof path, "/dev/shm/bnc-test-%d", (int)getpid());
	if (stat("/dev/shm", &status) != 0)
		cr_skip_test("no /dev/shm here");
	put(path, "a long text");
	put(path, "short");
	expect_content(path, "short");
	unlink(path);
}

Test(atomic, links_in_a_circle)
{
	AtomicFile file;
	Failure failure;
	cr_assert_eq(symlink("b", in_directory("a")), 0);
	cr_assert_eq(symlink("a", in_directory("b")), 0);
	cr_assert_not(atomic_open(&file, in_directory("a"), &failure));
	expect_message(&failure, "Too many levels of symbolic links");
}

Test(atomic, devices_that_do_not_open)
{
	Failure failure;
	cr_expect(atomic_check("/dev/null", &failure), "%s", failure.text);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		setsid();       /* without a terminal */
		_exit(access("/dev/tty", W_OK) != 0 ? 2 : atomic_check("/dev/tty", &failure) ? 1 : strstr(failure.text,
			"cannot write /dev/tty") ? 0 : 3);
	}
	int status;
	cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		cr_skip_test("no /dev/tty here");
	cr_expect_eq(WEXITSTATUS(status), 0);
}

/* ---- files of lines */

Test(lines, others_read_whole_lines)
{
	static LineFile file;
	Failure failure;
	char text[200000];
	put(in_directory("log"), "of an earlier run");
	cr_assert(lines_open(&file, in_directory("log"), &failure), "%s", failure.text);
	expect_content(in_directory("log"), "");
	lines_print(&file, "line %d\n", 0);
	expect_content(in_directory("log"), "line 0\n");
	for (int i = 1; i < 10000; i++) {
		lines_print(&file, "line %d\n", i);
		if (i % 1000 == 0) {
			size_t size = read_file(in_directory("log"), text, sizeof text);
			cr_assert(size > 0 && text[size - 1] == '\n');
		}
	}
	cr_assert(lines_close(&file, &failure), "%s", failure.text);
	size_t size = read_file(in_directory("log"), text, sizeof text);
	cr_assert_eq(size, 98890);
	cr_assert_eq(memcmp(text + size - 10, "line 9999\n", 10), 0);
}

Test(lines, a_full_disk_leaves_whole_lines)
{
	static LineFile file;
	Failure failure;
	char text[20001];
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, RLIM_INFINITY}), 0);
	cr_assert(lines_open(&file, in_directory("log"), &failure));
	for (int i = 0; i < 10000; i++)
		lines_print(&file, "line %d\n", i);
	cr_assert_not(lines_close(&file, &failure));
	expect_message(&failure, "File too large");
	size_t size = read_file(in_directory("log"), text, sizeof text);
	cr_assert(size > 19900 && text[size - 1] == '\n');
}

Test(lines, nobody_reads_them)
{
	static LineFile file;
	Failure failure;
	char name[64];
	int ends[2];
	cr_assert_eq(mkfifo(in_directory("pipe"), 0666), 0);
	ends[0] = open(in_directory("pipe"), O_RDONLY | O_NONBLOCK);
	cr_assert(lines_open(&file, in_directory("pipe"), &failure), "%s", failure.text);
	close(ends[0]);
	lines_print(&file, "line\n");          /* by default SIGPIPE would end the test */
	cr_assert_not(lines_close(&file, &failure));
	expect_message(&failure, "Broken pipe");
	cr_assert_eq(pipe(ends), 0);
	snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
	cr_assert(lines_open(&file, name, &failure), "%s", failure.text);
	lines_print(&file, "line\n");
	cr_assert(lines_close(&file, &failure));
	cr_assert_eq(write(ends[1], "more\n", 5), 5);
	cr_assert_eq(read(ends[0], name, sizeof name), 10);
}

Test(atomic, devices_are_not_replaced)
{
	AtomicFile file;
	Failure failure;
	put("/dev/null", "gone");
	struct stat status;
	cr_assert(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
	cr_assert(atomic_open(&file, "/dev/full", &failure));
	atomic_print(&file, "too much");
	cr_assert_not(atomic_commit(&file, &failure));
	expect_message(&failure, "cannot write /dev/full: No space left on device");
}

Test(atomic, says_why_a_write_failed)
{
	AtomicFile file;
	Failure failure;
	cr_assert(atomic_open(&file, "/dev/full", &failure));
	for (int i = 0; i < 10000; i++)
		atomic_write(&file, "too much", 8);
	cr_assert_not(atomic_commit(&file, &failure));
	expect_message(&failure, "cannot write /dev/full: No space left on device");
}

Test(atomic, says_that_a_file_may_not_grow)
{
	AtomicFile file;
	Failure failure;
	const char *path = in_directory("file");
	put(path, "old");
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, RLIM_INFINITY}), 0);
	cr_assert(atomic_open(&file, path, &failure));
	for (int i = 0; i < 10000; i++)
		atomic_print(&file, "%d and more of it\n", i);
	cr_assert_not(atomic_commit(&file, &failure));
	expect_message(&failure, "File too large");
	expect_content(path, "old");
	cr_assert_eq(files_in_directory(), 1);
}

Test(atomic, says_why_not)
{
	AtomicFile file;
	Failure failure;
	cr_assert_not(atomic_open(&file, directory, &failure));
	expect_message(&failure, "it is a directory");
	cr_assert_not(atomic_open(&file, in_directory("none/file"), &failure));
	expect_message(&failure, "its directory does not exist");
	cr_assert_not(atomic_open(&file, "", &failure));
	expect_message(&failure, "name is empty");
	cr_assert_not(atomic_open(&file, "/proc/file", &failure));
	expect_message(&failure, "cannot write /proc/file: ");
	put(in_directory("file"), "a file");
	cr_assert_not(atomic_open(&file, in_directory("file/file"), &failure));
	expect_message(&failure, "Not a directory");
}
