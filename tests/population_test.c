/* population_test.c: the statistics that BatchNorms have over all rows, and what the report says of them. */
#include "network_support.h"
#include "tool/gap.h"
#include "tool/run.h"
#include <math.h>

enum { ROWS = 23, BATCH = 5 };

typedef struct Sitting {
	Compilation c;
	Data data;
	Random random;
	Run run;
	Training training;
	Host host;
	Population population;
} Sitting;

/* Numbers around 100 with a deviation of about 3, which a formula of one pass would lose. */
static void open_sitting(Sitting *s, const char *text, const KernelSet *target)
{
	Failure failure;
	memset(s, 0, sizeof *s);
	compile_text(&s->c, text, target, true, STAGE_RUN);
	const Program *program = &s->c.module->program;
	random_seed(&s->random, 7);
	open_noise(&s->data, program, ROWS, &s->random, 100, 3);
	s->run = (Run){.program = program, .net = allocate_net(&s->c), .loss_of = loss_over,
		.loss_rule = s->c.network->loss};
	cr_assert(program_initialise(program, s->run.net, &s->random, &failure));
	program_set_random(program, s->run.net, &s->random);
	s->training = (Training){.runs = &s->run, .run_count = 1, .host = &s->host, .data = &s->data, .batch = BATCH,
		.epochs = 1, .random = &s->random, .shuffle = true, .quiet = true};
}

static void find(Sitting *s, int64_t steps)
{
	Failure failure;
	cr_assert(gap_find(&s->population, s->c.module, &s->training, &s->run, &s->host, steps, &failure), "%s",
		failure.text);
}

static void close_sitting(Sitting *s)
{
	population_close(&s->population);
	program_free(s->run.program, s->run.net);
	data_close(&s->data);
	compilation_close(&s->c);
}

/* The mean and the unbiased variance of a channel's values in all rows. */
static void channel(const Data *data, int f, int positions, double *mean, double *variance)
{
	const int count = data->rows * positions;
	*mean = *variance = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < count; i++) {
			const int row = i / positions, at = row * data->features + f * positions + i % positions;
			const double x = number_at(data->x_any, data->number_bytes, (size_t)at);
			if (pass)
				*variance += (x - *mean) * (x - *mean) / (count - 1);
			else
				*mean += x / count;
		}
}

/* What comes first sees the data themselves, so its statistics are theirs, whatever the batches. */
Test(population, of_the_first_layer_is_that_of_the_data)
{
	static const char *const texts[] = {
		"batchnorm 3; linear 2", "input 2x3x2; batchnorm momentum=0.3; conv2d 2 2; dropout; flatten; linear 2",
		"input 3; batchnorm momentum=1; linear 2; optimizer adamw clip=1 accumulate=2 weight_decay=0.1",
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
			Sitting s;
			const KernelSet *target = i % 2 ? kernel_set_f64(set) : set;
			const double off = i % 2 ? 1e-12 : 1e-5;
			open_sitting(&s, texts[i / 2], target);
			void *before = allocate_net(&s.c);
			const Random random = s.random;
			memcpy(before, s.run.net, s.run.program->bytes);
			find(&s, 0);
			cr_expect(memcmp(before, s.run.net, s.run.program->bytes) == 0, "the network stays as it is");
			cr_expect(memcmp(&random, &s.random, sizeof random) == 0, "so does the generator");
			cr_assert(s.population.found && s.population.count == 1);
			const Norm *norm = &s.population.norms[0];
			for (int f = 0; f < norm->features; f++) {
				double mean, variance;
				channel(&s.data, f, norm->positions, &mean, &variance);
				cr_expect(fabs(norm->means[f] - mean) < off * 100, "%s: %g", texts[i / 2], norm->means[f] - mean);
				cr_expect(fabs(norm->variances[f] - variance) < off * 100 * variance, "%s: %g of %g", texts[i / 2],
					norm->variances[f], variance);
			}
			cr_expect(norm->distance > 20, "the running statistics are 0 and 1: %g", norm->distance);
			program_free(s.run.program, before);
			close_sitting(&s);
		}
}

/* In one batch, training and evaluation with the statistics of all rows differ by the unbiased variance alone; and once
 * the network has them, the running ones are theirs. */
Test(population, is_what_one_batch_has)
{
	Sitting s;
	Failure failure;
	open_sitting(&s, "linear 3 9; batchnorm eps=0.1; tanh; linear 4; batchnorm; linear 2; batch 32", kernel_set(0));
	s.training.batch = 32;
	find(&s, 0);
	cr_expect(fabs(s.population.batch_loss - s.population.population_loss) < 0.05, "%g and %g",
		s.population.batch_loss, s.population.population_loss);
	cr_expect(population_take(&s.population, &s.run, &failure), "%s", failure.text);
	population_close(&s.population);
	find(&s, 0);
	cr_expect_eq(s.population.count, 2);
	for (int i = 0; i < s.population.count; i++)
		cr_expect(s.population.norms[i].distance < 1e-5, "%g", s.population.norms[i].distance);
	cr_expect(fabs(s.population.running_loss - s.population.population_loss) < 1e-6);
	close_sitting(&s);
}

/* Some of the batches give nearly the same; a batch of one row, which has no variance, is left out. */
Test(population, of_some_batches)
{
	Sitting s;
	open_sitting(&s, "batchnorm 3; linear 2; batch 11", kernel_set(0));
	s.training.batch = 11;
	s.training.shuffle = false;
	find(&s, 1);
	double mean, variance;
	s.data.rows = 11;
	channel(&s.data, 1, 1, &mean, &variance);
	s.data.rows = ROWS;
	cr_expect(fabs(s.population.norms[0].means[1] - mean) < 1e-4);
	population_close(&s.population);
	find(&s, 0);
	s.data.rows = 22;
	channel(&s.data, 1, 1, &mean, &variance);
	s.data.rows = ROWS;
	cr_expect(fabs(s.population.norms[0].means[1] - mean) < 1e-4);
	cr_expect(fabs(s.population.norms[0].variances[1] - variance) < 1e-3 * variance);
	close_sitting(&s);
}

/* A signal that has come ends it, without results. */
Test(population, stops)
{
	static const volatile sig_atomic_t stop = 1;
	Sitting s;
	open_sitting(&s, "batchnorm 3; linear 2", kernel_set(0));
	s.training.stop = &stop;
	find(&s, 0);
	cr_expect_not(s.population.found);
	close_sitting(&s);
}
