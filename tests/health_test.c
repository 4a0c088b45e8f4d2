/* health_test.c: what --health sees of a step, against sums over its batch by hand. */
#include "experiments/health.h"
#include "network_support.h"
#include "set_support.h"
#include <math.h>

enum { ROWS = 23, BATCH = 5, INPUTS = 2 };

typedef struct Sitting {
	Compilation c;
	Data data;
	Random random;
	Run run;
	Training training;
	Host host;
	Health health;
} Sitting;

static void open_sitting(Sitting *s, const char *text, const KernelSet *target, double init)
{
	Failure failure;
	memset(s, 0, sizeof *s);
	compile_text(&s->c, text, target, true, STAGE_RUN);
	const Program *program = &s->c.module->program;
	random_seed(&s->random, 7);
	open_noise(&s->data, program, ROWS, &s->random, 1, 1);
	s->run = (Run){.program = program, .schedule = schedule_of(s->c.network), .net = allocate_net(&s->c)};
	cr_assert(program_initialise(program, s->run.net, &s->random, &failure));
	cr_assert(program_scale(program, s->run.net, init, &failure));
	program_set_random(program, s->run.net, &s->random);
	s->training = (Training){.runs = &s->run, .run_count = 1, .host = &s->host, .data = &s->data, .batch = BATCH,
		.epochs = 9, .random = &s->random, .quiet = true};
}

static void open_health(Sitting *s)
{
	Failure failure;
	cr_assert(health_open(&s->health, &s->c, &s->training, &failure), "%s", failure.text);
}

static void run(Sitting *s)
{
	Failure failure;
	cr_assert(train(&s->training, &failure), "%s", failure.text);
}

static void close_sitting(Sitting *s)
{
	health_close(&s->health);
	program_free(s->run.program, s->run.net);
	data_close(&s->data);
	compilation_close(&s->c);
}

/* The present values of the tensor of that name. */
static int values_of(const Sitting *s, const char *path, double *values)
{
	const Program *p = s->run.program;
	for (int i = 0; i < p->tensor_count; i++)
		if (strcmp(p->tensors[i].path, path) == 0) {
			double numbers[100];
			const size_t count = tensor_count(&p->tensors[i]);
			tensor_get(p, s->run.net, &p->tensors[i], numbers);
			numbers_to_doubles(values, numbers, p->kernels->number_bytes, count);
			return (int)count;
		}
	cr_assert_fail("there is no %s", path);
	return 0;
}

static double length_of(const double *values, int count)
{
	double sum = 0;
	for (int i = 0; i < count; i++)
		sum += values[i] * values[i];
	return sqrt(sum);
}

/* What the first layer makes of a row of the data, for one of its units. */
static double unit_of(const Sitting *s, const double *weight, const double *bias, int row, int unit)
{
	double sum = bias[unit];
	for (int i = 0; i < INPUTS; i++)
		sum += weight[unit * INPUTS + i]
			* number_at(s->data.x_any, s->data.number_bytes, (size_t)row * INPUTS + (size_t)i);
	return sum;
}

static double tolerance(const KernelSet *set)
{
	return set->number_bytes == sizeof(double) ? 1e-9 : 1e-3;
}

/* Plain sgd moves weights by the rate times the gradient. Steps 0, 20 and 40 of 45 are looked at. */
Test(health, updates_are_rates_times_gradients)
{
	FOR_EACH_USABLE_SET(set) {
		Sitting s;
		double values[100];
		open_sitting(&s, "input 2; first: linear 2 5; batchnorm; relu; last: linear 5 2; optimizer sgd lr=0.1; batch 5",
			set, 1);
		open_health(&s);
		const double sizes[] = {length_of(values, values_of(&s, "first.weight", values)),
			length_of(values, values_of(&s, "last.weight", values))};
		run(&s);
		const Panel *gradients = &s.health.patients[0].gradients.panels[0], *updates = gradients + 1;
		cr_assert_eq(gradients->series_count, 2);
		cr_assert_eq(updates->series_count, 3);
		for (int i = 0; i < 2; i++) {
			const Curve *gradient = &gradients->series[i], *update = &updates->series[i];
			cr_assert(gradient->points.count == 3 && update->points.count == 3, "%s: %d", set->name,
				gradient->points.count);
			cr_expect(gradient->points.items[2].x == 40 && update->points.items[1].x == 20);
			const double expected = log10(0.1 * gradient->points.items[0].y / sizes[i]);
			cr_expect(fabs(update->points.items[0].y - expected) < tolerance(set), "%s: %g, expected %g", set->name,
				update->points.items[0].y, expected);
		}
		cr_expect_eq(updates->series[2].points.items[1].y, -3);
		close_sitting(&s);
	}
}

/* Of one feature: the running statistics begin with 0 and 1, and the batch has the first rows. */
Test(health, batchnorms)
{
	FOR_EACH_USABLE_SET(set) {
		Sitting s;
		double weight[INPUTS], bias[1], mean = 0, variance = 0;
		open_sitting(&s, "input 2; first: linear 2 1; batchnorm; linear 1 2; batch 5", set, 1);
		values_of(&s, "first.weight", weight);
		values_of(&s, "first.bias", bias);
		for (int row = 0; row < BATCH; row++)
			mean += unit_of(&s, weight, bias, row, 0) / BATCH;
		for (int row = 0; row < BATCH; row++)
			variance += pow(unit_of(&s, weight, bias, row, 0) - mean, 2) / (BATCH - 1);
		open_health(&s);
		run(&s);
		const Patient *p = &s.health.patients[0];
		cr_assert_eq(p->norm_count, 1);
		const Point away = p->statistics.panels[0].series[0].points.items[0];
		const Point ratio = p->statistics.panels[1].series[0].points.items[0];
		const double deviation = sqrt(variance + 1e-5);
		cr_expect(fabs(away.y + mean / deviation) < tolerance(set), "%s: %g", set->name, away.y);
		cr_expect(fabs(ratio.y - sqrt(1 + 1e-5) / deviation) < tolerance(set), "%s: %g", set->name, ratio.y);
		const Point in = p->inner[0].panels[0].series[0].points.items[0];
		const Point out = p->inner[0].panels[1].series[0].points.items[0];
		const double biased = sqrt(variance * (BATCH - 1) / BATCH + 1e-5);
		cr_expect(fabs(out.y - (in.y - mean) / biased) < tolerance(set), "%s: %g %g", set->name, in.y, out.y);
		cr_expect(fabs(out.low - (in.low - mean) / biased) < tolerance(set), "%s: %g %g", set->name, in.low, out.low);
		cr_expect(fabs(out.high - (in.high - mean) / biased) < tolerance(set), "%s: %g", set->name, out.high);
		close_sitting(&s);
	}
}

Test(health, dead_units)
{
	static const double inits[] = {0, 1, 4};
	for (size_t k = 0; k < 3; k++) {
		Sitting s;
		double weight[INPUTS * 9], bias[9];
		int dead = 0;
		open_sitting(&s, "input 2; first: linear 2 9; relu; linear 9 2; batch 5", kernel_set("scalar"), inits[k]);
		values_of(&s, "first.weight", weight);
		values_of(&s, "first.bias", bias);
		for (int unit = 0; unit < 9; unit++) {
			bool same = true;
			for (int row = 0; row < BATCH; row++)
				same &= fmax(unit_of(&s, weight, bias, row, unit), 0) == fmax(unit_of(&s, weight, bias, 0, unit), 0);
			dead += same;
		}
		cr_expect(inits[k] > 0 || dead == 9);
		open_health(&s);
		run(&s);
		const Curve *curve = &s.health.patients[0].dead.panels[0].series[0];
		cr_expect_str_eq(curve->name, "1 relu");
		cr_expect(fabs(curve->points.items[0].y - 100.0 * dead / 9) < 1e-9, "%g", curve->points.items[0].y);
		close_sitting(&s);
	}
}

/* Looking changes nothing, whatever is drawn or kept in a step; and an update for several batches is seen. */
Test(health, leaves_the_training_alone)
{
	static const char *const texts[] = {
		"input 2; linear 2 5; batchnorm; relu; dropout; linear 5 2; optimizer adam lr=0.1; batch 5",
		"input 2; linear 2 5; batchnorm; relu; linear 5 2; optimizer sgd lr=0.1 accumulate=2; batch 5",
		"input 2; linear 2 1; loss bce; batch 5",
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
			Sitting alone, seen;
			open_sitting(&alone, texts[i], set, 1);
			run(&alone);
			open_sitting(&seen, texts[i], set, 1);
			open_health(&seen);
			run(&seen);
			cr_expect_eq(memcmp(&alone.run.loss, &seen.run.loss, sizeof alone.run.loss), 0, "%s", texts[i]);
			const size_t kept = alone.run.program->work;
			cr_expect_eq(memcmp(alone.run.net, seen.run.net, kept), 0, "%s", texts[i]);
			const Curve *update = &seen.health.patients[0].gradients.panels[1].series[0];
			cr_expect(update->points.count == 3 && update->points.items[1].x == 20, "%s", texts[i]);
			close_sitting(&alone);
			close_sitting(&seen);
		}
}
