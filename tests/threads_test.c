/* threads_test.c: the bits do not depend on how many threads share the loops, and the pool runs every panel once. */
#include "network_support.h"
#include "pool.h"

static const char wide[] =
	"linear 40 300; batchnorm; relu; linear 300 260; batchnorm; tanh; linear 260 7; optimizer sgd momentum=0.9 weight_decay=0.01; batch 96";

enum { STEPS = 3, ROWS = 96 };

/* The network's bytes after some steps, without its working memory. */
static unsigned char *train_with(const char *text, const KernelSet *set, int threads, size_t *bytes)
{
	Failure failure;
	Random random;
	Compilation c = {.target = set, .fuse = true, .threads = threads};
	compile_with_options(&c, text, STAGE_RUN);
	cr_assert_eq(c.threads, threads, "no loop of %s is worth sharing", text);
	Pool *pool = threads > 1 ? pool_open(threads) : 0;
	Host host = {.pool = pool};
	void *net = allocate_net(&c);
	random_seed(&random, 3);
	cr_assert(program_initialise(&c.program, net, &random, &failure));
	for (int step = 0; step < STEPS; step++) {
		Batch batch = random_batch(c.network, &random, ROWS - step);
		load_rows(&c, net, &batch);
		c.program.train(net, batch.rows, 0.01f, &host);
		c.program.predict(net, batch.rows, &host);
	}
	unsigned char *result = malloc(c.work_offset);
	cr_assert(result);
	memcpy(result, net, c.work_offset);
	*bytes = c.work_offset;
	program_free(&c.program, net);
	pool_close(pool);
	compilation_close(&c);
	return result;
}

Test(threads, change_no_bit)
{
	FOR_EACH_USABLE_SET(set) {
		size_t expected_bytes, bytes;
		unsigned char *expected = train_with(wide, set, 1, &expected_bytes);
		for (int threads = 2; threads <= 7; threads++) {
			unsigned char *found = train_with(wide, set, threads, &bytes);
			cr_expect(bytes == expected_bytes && memcmp(found, expected, bytes) == 0, "%s: %d threads", set->name, threads);
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
				cr_expect_eq(visits.of_panel[panel], panel < panels, "%d threads, panel %d of %d", threads, panel, panels);
		}
		pool_close(pool);
	}
}

Test(threads, small_networks_start_none)
{
	Compilation c = {.target = kernel_set(0), .fuse = true, .threads = 8};
	compile_with_options(&c, "linear 2 64; batchnorm; relu; linear 64 2", STAGE_RUN);
	cr_expect_eq(c.threads, 1);
	compilation_close(&c);
}
