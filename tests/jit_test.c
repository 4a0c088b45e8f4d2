/* jit_test.c: machine code in this process: what it can reach, which pages it lies in, and what happens to a text that
 * does not compile. */
#include "network_support.h"
#include <dirent.h>
#include <locale.h>
#include <math.h>
#include <unistd.h>

static const char network[] = "linear 2 5; relu; linear 2";

/* Another text in place of that of a compiled network. */
static bool jit_text(Compilation *c, const char *text, Failure *failure)
{
	compile_text(c, network, kernel_set(0), true, STAGE_C);
	c->module->text = text;
	failure->text[0] = 0;
	return jit(c->module, failure);
}

/* ---- texts that fail leave themselves behind for a report: here, in a folder of their own */

static char folder[] = "/tmp/bnc-jit-test-XXXXXX";

static void enter_folder(void)
{
	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
}

static void leave_folder(void)
{
	DIR *files = opendir(".");
	for (struct dirent *file; (file = readdir(files));)
		unlink(file->d_name);
	closedir(files);
	cr_assert(chdir("/") == 0 && rmdir(folder) == 0);
}

#define TRAIN "void train(float *net) {}\n"
#define PREDICT "void predict(float *net) {}\n"

static void expect_failure(const char *text, const char *part)
{
	Compilation c;
	Failure failure;
	cr_expect_not(jit_text(&c, text, &failure), "this compiled: %s", text);
	cr_expect(strstr(failure.text, part), "expected `%s` in `%s`", part, failure.text);
	cr_expect(strstr(failure.text, "internal error"), "%s", failure.text);
	cr_expect_null(c.module->code.pages);
	compilation_close(&c);
}

Test(jit, programs_see_nothing_but_kernels, .init = enter_folder, .fini = leave_folder)
{
	expect_failure("int system(const char *);\nvoid train(float *net) { system(\"true\"); }\n" PREDICT, "system");
	expect_failure("void *dlopen(const char *, int);\nvoid train(float *net) { dlopen(0, 1); }\n" PREDICT, "dlopen");
	expect_failure("void *malloc(unsigned long);\nvoid train(float *net) { malloc(1); }\n" PREDICT, "malloc");
	expect_failure("extern char **environ;\nvoid train(float *net) { environ = 0; }\n" PREDICT, "environ");
	expect_failure("void *mmap(void);\nvoid *address = mmap;\n" TRAIN PREDICT, "mmap");
	expect_failure("#include <stdlib.h>\n" TRAIN PREDICT, "stdlib.h");
}

Test(jit, what_is_wrong_is_said, .init = enter_folder, .fini = leave_folder)
{
	expect_failure("void train(float *net) { net[0] = ; }\n" PREDICT, "t.net");
	expect_failure("", "does not compile");
	expect_failure(TRAIN, "does not compile");
	expect_failure(PREDICT, "does not compile");
	/* libtcc only warns, but floats would arrive as doubles */
	expect_failure("void train(float *net) { relu(1, net, net); }\n" PREDICT, "relu");
	expect_failure("void train(float *net) { int *i = net; i[0] = 0; }\n" PREDICT, "incompatible");
}

static const char *read_text(Arena *arena, const char *path)
{
	FILE *file = fopen(path, "r");
	cr_assert(file, "%s is missing", path);
	char *text = arena_alloc(arena, 1000, 1);
	text[fread(text, 1, 999, file)] = 0;
	fclose(file);
	return text;
}

Test(jit, a_failing_text_is_saved, .init = enter_folder, .fini = leave_folder)
{
	static const char text[] = "void train(float *net) { return 1 + ; }\n";
	Compilation c;
	Failure failure;
	cr_assert_not(jit_text(&c, text, &failure));
	const char *path = strstr(failure.text, "bnc-internal-error-");
	cr_assert(path, "%s", failure.text);
	cr_expect_str_eq(read_text(c.arena, path), text);
	compilation_close(&c);
}

Test(jit, a_folder_that_cannot_be_written_to_is_no_obstacle)
{
	Compilation c;
	Failure failure;
	cr_assert(chdir("/proc") == 0);
	cr_assert_not(jit_text(&c, "?", &failure));
	cr_expect_not(strstr(failure.text, "which is in"), "%s", failure.text);
	compilation_close(&c);
}

/* ---- pages */

typedef struct Page { unsigned long begin, end; char rights[5]; } Page;

static bool read_page(FILE *maps, Page *page)
{
	char line[512];
	return fgets(line, sizeof line, maps) && sscanf(line, "%lx-%lx %4s", &page->begin, &page->end, page->rights) == 3;
}

static void expect_safe_pages(const void *code)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	cr_assert(maps);
	bool found = false;
	for (Page page; read_page(maps, &page);) {
		cr_expect_not(page.rights[1] == 'w' && page.rights[2] == 'x', "a page is both writable and executable");
		if (page.begin > (unsigned long)code || (unsigned long)code >= page.end)
			continue;
		cr_expect_str_eq(page.rights, "r-xp", "the code's pages are %s", page.rights);
		found = true;
	}
	cr_expect(found);
	fclose(maps);
}

Test(jit, no_page_is_writable_and_executable)
{
	Compilation c;
	Failure failure;
	Random random;
	compile_text(&c, network, kernel_set(0), true, STAGE_RUN);
	expect_safe_pages(c.module->code.pages);
	void *net = allocate_net(&c);
	random_seed(&random, 1);
	cr_assert(program_initialise(&c.module->program, net, &random, &failure));
	Batch batch = random_batch(c.network, &random, 3);
	train_on(&c, net, &batch, 0.1f);
	expect_safe_pages(c.module->code.pages);
	program_free(&c.module->program, net);
	module_close(c.module);
	cr_expect_null(c.module->code.pages);
	compilation_close(&c);
}

/* ---- numbers */

static float random_float(Random *random)
{
	for (;;) {
		uint32_t bits = random_u32(random);
		float value;
		memcpy(&value, &bits, sizeof value);
		if (isfinite(value))
			return value;
	}
}

static const float special_floats[] = {
	0, -0.0f, 1, -1, 0.1f, 16777216, 1e10f, 1e-10f, 1e20f, 3.4028234663852886e38f, -3.4028234663852886e38f,
	1.17549435e-38f,
	1.40129846e-45f, -1.40129846e-45f, 1.17549421e-38f, 123456792, 9.99999975e-06f,
};
enum { SPECIAL_FLOATS = sizeof special_floats / sizeof *special_floats };

static bool same_bits(float a, float b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

/* A C literal of type float, in which nothing but a point marks the fraction. */
static void expect_literal(Arena *arena, float value)
{
	const char *text = number_text(arena, (double)value, true);
	size_t length = strlen(text);
	cr_expect(strspn(text, "-+0123456789.e") == length - 1 && text[length - 1] == 'f', "%s is no literal", text);
	cr_expect(strpbrk(text, ".e"), "%s is not real", text);
	setlocale(LC_NUMERIC, "C");
	cr_expect(same_bits(strtof(text, 0), value), "%s is not %a", text, (double)value);
}

Test(numbers, are_printed_exactly)
{
	Arena *arena = arena_open();
	Random random;
	random_seed(&random, 6);
	for (int i = 0; i < SPECIAL_FLOATS; i++)
		expect_literal(arena, special_floats[i]);
	for (int i = 0; i < 200000; i++)
		expect_literal(arena, random_float(&random));
	cr_expect_str_eq(number_text(arena, 0, false), "0");
	cr_expect_str_eq(number_text(arena, INT32_MAX, false), "2147483647");
	cr_expect_str_eq(number_text(arena, -5, false), "-5");
	cr_expect_str_eq(number_text(arena, 7, true), "7.0f");
	arena_close(arena);
}

/* Where a machine has no such locale, this says nothing. */
Test(numbers, do_not_depend_on_the_locale)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8", "ps_AF.UTF-8",
		"fa_IR.UTF-8"};
	Arena *arena = arena_open();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (int k = 0; k < SPECIAL_FLOATS; k++) {
			setlocale(LC_NUMERIC, names[i]);
			expect_literal(arena, special_floats[k]);
		}
	arena_close(arena);
}

Test(numbers, arrive_in_machine_code)
{
	enum { COUNT = 500 };
	Compilation c;
	Failure failure;
	Random random;
	Arena *arena = arena_open();
	float values[COUNT], found[COUNT];
	const char *body = "";
	random_seed(&random, 7);
	for (int i = 0; i < COUNT; i++) {
		values[i] = i < SPECIAL_FLOATS ? special_floats[i] : random_float(&random);
		body = arena_print(arena, "%s\tout[%d] = %s;\n", body, i, number_text(arena, (double)values[i], true));
	}
	cr_assert(jit_text(&c, arena_print(arena, "void train(float *out)\n{\n%s}\n" PREDICT, body), &failure), "%s",
		failure.text);
	void (*store)(float *);
	memcpy(&store, &c.module->program.train, sizeof store);
	store(found);
	for (int i = 0; i < COUNT; i++)
		cr_expect(same_bits(found[i], values[i]), "%a became %a", (double)values[i], (double)found[i]);
	compilation_close(&c);
	arena_close(arena);
}
