/* threads_test.c: the bits depend neither on how many threads share the loops nor on how many panels they take at a
 * time, and the pool runs every panel once. */
#include "network_support.h"
#include "pool.h"

static const char wide[] =
	"linear 140 300; batchnorm; relu; dropout 0.2; linear 300 460; layernorm; tanh; linear 460 7; optimizer sgd "
	"momentum=0.9 weight_decay=0.01; batch 130";

/* With sanitizers, where a step takes fifty times as long, every sixth number of threads and panels. */
enum { STEPS = SANITIZED ? 2 : 3, EVERY = SANITIZED ? 6 : 1 };

/* The network's bytes after some steps, without its working memory. */
static unsigned char *train_with(const char *text, const KernelSet *set, int threads, bool pairs, size_t *bytes)
{
	Failure failure;
	Random random;
	Compilation c = {.options = {.target = set, .fuse = true, .threads = threads, .pairs = pairs}};
	compile_with_options(&c, text, STAGE_RUN);
	cr_assert_eq(c.module->options.threads, threads, "no loop of %s is worth sharing", text);
	Pool *pool = threads > 1 ? pool_open(threads) : 0;
	Host host = {.pool = pool};
	void *net = allocate_net(&c);
	random_seed(&random, 3);
	cr_assert(program_initialise(&c.module->program, net, &random, &failure));
	program_set_random(&c.module->program, net, &random);
	for (int step = 0; step < STEPS; step++) {
		Batch batch = random_batch(c.network, &random, c.network->batch - step);
		load_rows(&c, net, &batch);
		c.module->program.train(net, batch.rows, 0.01f, &host);
		c.module->program.predict(net, batch.rows, &host);
	}
	unsigned char *result = malloc(c.module->work_offset);
	cr_assert(result);
	memcpy(result, net, c.module->work_offset);
	*bytes = c.module->work_offset;
	program_free(&c.module->program, net);
	pool_close(pool);
	compilation_close(&c);
	return result;
}

Test(threads, change_no_bit)
{
	FOR_EACH_USABLE_SET(set) {
		size_t expected_bytes, bytes;
		unsigned char *expected = train_with(wide, set, 1, false, &expected_bytes);
		for (int way = 1; way < 14; way += EVERY) {
			int threads = 1 + way / 2;
			bool pairs = way % 2;
			unsigned char *found = train_with(wide, set, threads, pairs, &bytes);
			cr_expect(bytes == expected_bytes && memcmp(found, expected, bytes) == 0, "%s: %d threads, %s", set->name,
				threads, pairs ? "two panels at a time" : "one panel at a time");
			free(found);
		}
		free(expected);
	}
}

enum { MOST = 64 };

typedef struct Visits { int of_panel[MOST]; int threads; } Visits;

static void visit(void *task, int begin, int end, int thread)
{
	Visits *visits = task;
	cr_assert(thread >= 0 && thread < visits->threads);
	for (int panel = begin; panel < end; panel++)
		visits->of_panel[panel]++;
}

Test(threads, every_panel_is_run_once)
{
	for (int threads = 1; threads <= 5; threads++) {
		Pool *pool = pool_open(threads);
		cr_assert(pool);
		for (int panels = 0; panels <= MOST; panels++) {
			Visits visits = {.threads = threads};
			pool_run(pool, visit, &visits, panels);
			for (int panel = 0; panel < MOST; panel++)
				cr_expect_eq(visits.of_panel[panel], panel < panels, "%d threads, panel %d of %d", threads, panel,
					panels);
		}
		pool_close(pool);
	}
}

static const char *const awkward[] = {
	"linear 17 33; linear 33 49; linear 49 18; loss mse",
	"linear 37 100; batchnorm; relu; linear 100 37 bias=false; batchnorm affine=false; leaky_relu; linear 37 5; "
	"optimizer sgd lr=0.1",
	"linear 300 40; tanh; residual { linear 40 300; sigmoid; linear 300 40 }; linear 40 20; optimizer sgd momentum=0.5 "
	"nesterov=true",
	"linear 250 40; relu; linear 40 241; relu; linear 241 3; batch 1091",        /* more than a megabyte in and out */
};

Test(threads, two_panels_change_no_bit)
{
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof awkward / sizeof *awkward; i++) {
			size_t bytes[2];
			unsigned char *one = train_with(awkward[i], set, 1, false, &bytes[0]),
				*two = train_with(awkward[i], set, 1, true, &bytes[1]);
			cr_expect(bytes[0] == bytes[1] && memcmp(one, two, bytes[0]) == 0, "%s: %s", set->name, awkward[i]);
			free(one);
			free(two);
		}
}

Test(threads, small_networks_start_none)
{
	Compilation c = {.options = {.target = kernel_set(0), .fuse = true, .threads = 8}};
	compile_with_options(&c, "linear 2 64; batchnorm; relu; linear 64 2", STAGE_RUN);
	cr_expect_eq(c.module->options.threads, 1);
	compilation_close(&c);
}
