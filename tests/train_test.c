/* train_test.c: what the log says of a training that ends before its last step. */
#include "folder_support.h"
#include "network_support.h"
#include <math.h>

TestSuite(train, .init = make_directory, .fini = remove_directory);

static volatile sig_atomic_t stop;
static int steps_until_stop;
static void (*train_really)(void *net, int rows, double lr, const Host *host);

static float rates[100];        /* with which steps were called, of all networks */
static int rate_count;

static void train_and_stop(void *net, int rows, double lr, const Host *host)
{
	train_really(net, rows, lr, host);
	if (rate_count < (int)(sizeof rates / sizeof *rates))
		rates[rate_count++] = (float)lr;
	if (--steps_until_stop == 0)
		stop = 1;
}

/* Two networks on 1000 moons in batches of 100, until so many steps are run; -1: to the
 * end. Their log. lr: takes the place of theirs; -1: it does not. */
static bool train_with(const char *const texts[2], int step, float lr, bool log_steps, char *log, size_t size)
{
	static LineFile file;
	static Compilation networks[2];
	Run runs[2] = {{.program = 0}};
	Program programs[2];
	Random random;
	Data data;
	Failure failure;
	random_seed(&random, 0);
	cr_assert(data_open(&data, "moons", 0, &failure));
	for (int i = 0; i < 2; i++) {
		compile_text(&networks[i], texts[i],
			kernel_sets[0]->usable() ? kernel_sets[0] :
			kernel_set("scalar"), true, STAGE_RUN);
		programs[i] = networks[i].module->program;
		runs[i].schedule = schedule_of(networks[i].network);
		runs[i].schedule.lr = lr >= 0 ? (double)lr : runs[i].schedule.lr;
		train_really = programs[i].train;
		programs[i].train = train_and_stop;
		runs[i].program = &programs[i];
		runs[i].net = allocate_net(&networks[i]);
		cr_assert(program_initialise(&programs[i], runs[i].net, &random, &failure));
	}
	rate_count = 0;
	stop = step == 0;
	steps_until_stop = step;
	cr_assert(lines_open(&file, in_directory("log"), &failure));
	Training training = {
		.runs = runs, .run_count = 2, .host = &(const Host){0}, .data = &data, .batch = 100, .epochs = 2,
			.random = &random, .quiet = true,
		.log = &file, .log_steps = log_steps, .stop = &stop,
	};
	bool done = train(&training, &failure);
	cr_assert(lines_close(&file, &failure));
	log[read_file(in_directory("log"), log, size - 1)] = 0;
	for (int i = 0; i < 2; i++) {
		program_free(&programs[i], runs[i].net);
		compilation_close(&networks[i]);
	}
	data_close(&data);
	return done;
}

static bool train_until(int step, float lr, bool log_steps, char *log, size_t size)
{
	static const char *const texts[] = {"name one; linear 2 2; batch 100", "name two; linear 2 2; batch 100"};
	return train_with(texts, step, lr, log_steps, log, size);
}

static void expect_log(const char *log, const char *const *lines, int count)
{
	for (int i = 0; i < count; i++) {
		const char *found = strstr(log, lines[i]);
		cr_expect(found && (found == log || found[-1] == '\n'), "expected `%s` in\n%s", lines[i], log);
		log = found ? found : log;
	}
}

Test(train, the_log_says_that_it_was_stopped)
{
	static char log[10000];
	static const char *const begun[] = {
		"{\"event\":\"stop\",\"net\":\"one\",\"epoch\":0,\"steps\":5,\"loss\":0.",
		"{\"event\":\"stop\",\"net\":\"two\",\"epoch\":0,\"steps\":0,\"loss\":null,\"signal\":1}\n",
	};
	static const char *const later[] = {
		"{\"event\":\"epoch\",\"net\":\"one\",\"epoch\":0,\"steps\":10,",
		"{\"event\":\"epoch\",\"net\":\"two\",\"epoch\":0,\"steps\":10,",
		"{\"event\":\"stop\",\"net\":\"one\",\"epoch\":1,\"steps\":20,",
		"{\"event\":\"stop\",\"net\":\"two\",\"epoch\":1,\"steps\":12,\"loss\":0.",
	};
	static const char *const never[] = {
		"{\"event\":\"stop\",\"net\":\"one\",\"epoch\":0,\"steps\":0,\"loss\":null,\"signal\":1}\n"
		"{\"event\":\"stop\",\"net\":\"two\",\"epoch\":0,\"steps\":0,\"loss\":null,\"signal\":1}\n",
	};
	cr_expect(train_until(5, 0.1f, false, log, sizeof log));
	expect_log(log, begun, 2);
	cr_expect(train_until(32, 0.1f, false, log, sizeof log));
	expect_log(log, later, 4);
	cr_expect(train_until(0, 0.1f, false, log, sizeof log));
	cr_expect_str_eq(log, never[0]);
	cr_expect(train_until(-1, 0.1f, false, log, sizeof log));
	cr_expect_not(strstr(log, "stop"), "%s", log);
}

Test(train, the_log_says_that_a_loss_is_not_finite)
{
	static char log[10000];
	static const char *const lines[] = {"{\"event\":\"not_finite\",\"net\":\"one\",\"epoch\":0,\"step\":"};
	static const char *const with_steps[] = {
		"{\"event\":\"step\",\"net\":\"one\",\"epoch\":0,\"step\":0,\"loss\":0.",
		"{\"event\":\"not_finite\",\"net\":\"one\",\"epoch\":0,\"step\":",
	};
	cr_expect_not(train_until(-1, 1e38f, false, log, sizeof log));
	expect_log(log, lines, 1);
	cr_expect(strstr(log, "\"what\":\"loss\"}\n") && strchr(log, '\n')[1] == 0, "%s", log);
	cr_expect_not(train_until(-1, 1e38f, true, log, sizeof log));
	expect_log(log, with_steps, 2);
}

/* Two epochs of ten steps: the networks take turns after each epoch. */
Test(train, each_network_has_its_own_schedule)
{
	static char log[10000];
	static const char *const texts[] = {
		"name one; linear 2 2; batch 100; optimizer sgd lr=0.5; schedule step 1 gamma=0.25",
		"name two; linear 2 2; batch 100; optimizer sgd lr=7; schedule one_cycle 0.5 pct_start=0 linear=true "
		"div_factor=1 final_div_factor=20",
	};
	static const char *const lines[] = {
		"{\"event\":\"epoch\",\"net\":\"one\",\"epoch\":0,\"steps\":10,",
		"{\"event\":\"epoch\",\"net\":\"two\",\"epoch\":1,\"steps\":20,",
	};
	cr_expect(train_with(texts, -1, -1, false, log, sizeof log));
	cr_assert_eq(rate_count, 40);
	for (int i = 0; i < 40; i++) {
		const int epoch = i / 20, step = i / 20 * 10 + i % 10;
		/* with pct_start=0 the rise would end one step before the first */
		const double expected = i / 10 % 2 ? 0.5 + (0.025 - 0.5) * (step + 1) / 20 : epoch ? 0.125 : 0.5;
		cr_expect(fabs((double)rates[i] - expected) < 1e-7, "call %d: %.9g, expected %.9g", i, (double)rates[i],
			expected);
	}
	expect_log(log, lines, 2);
	cr_expect(strstr(log, ",\"lr\":0.5}\n") && strstr(log, ",\"lr\":0.125}\n"), "%s", log);
	cr_expect(strstr(log, ",\"lr\":0.0250000004}\n"), "%s", log);
}
