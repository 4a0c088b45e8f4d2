/* valid_test.c: rows that are held out of the training, and what --valid and --patience make of them. */
#include "network_support.h"
#include "data/data.h"
#include <stdlib.h>
#include <string.h>

enum { ROWS = 100 };

static const int class_rows[] = {61, 30, 9};

/* Each row's input is its number. */
static void make_data(Data *data)
{
	Failure failure;
	*data = (Data){.name = "t", .rank = 1, .dims = {1}, .number_bytes = sizeof(float), .classes = 3};
	cr_assert(data_allocate(data, ROWS, 1, true, &failure));
	for (int row = 0, c = 0, end = class_rows[0]; row < ROWS; row++) {
		if (row == end)
			end += class_rows[++c];
		data->x[row] = (float)row;
		data->targets[row] = (float)c;
		data->labels[row] = c;
	}
}

static void split(Data *data, Data *part, double fraction, uint64_t seed)
{
	Failure failure;
	make_data(data);
	cr_assert(data_split(data, fraction, seed, part, &failure), "%s", failure.text);
}

static void close_both(Data *data, Data *part)
{
	data_close(part);
	data_close(data);
}

static void count_rows(const Data *data, int counts[3], bool seen[ROWS])
{
	for (int row = 0; row < data->rows; row++) {
		counts[data->labels[row]]++;
		cr_expect_eq(data->targets[row], (float)data->labels[row]);
		cr_expect_not(seen[(int)data->x[row]], "row %g is in both parts", data->x[row]);
		seen[(int)data->x[row]] = true;
		cr_expect(row == 0 || data->x[row - 1] < data->x[row], "the rows keep their order");
	}
}

Test(valid, holds_out_each_class)
{
	Data data, part, again, other;
	bool seen[ROWS] = {false};
	int kept[3] = {0}, held[3] = {0};
	split(&data, &part, 0.2, 5);
	cr_expect_eq(part.rows, 20);
	cr_expect_eq(data.rows, 80);
	count_rows(&data, kept, seen);
	count_rows(&part, held, seen);
	for (int c = 0; c < 3; c++)
		cr_expect(abs(held[c] - class_rows[c] / 5) <= 1 && held[c] + kept[c] == class_rows[c], "%d of class %d",
			held[c], c);
	for (uint64_t seed = 5; seed <= 6; seed++) {
		split(&other, &again, 0.2, seed);
		bool same = memcmp(again.x, part.x, 20 * sizeof *part.x) == 0;
		cr_expect_eq(same, seed == 5, "the rows follow from the seed");
		close_both(&other, &again);
	}
	close_both(&data, &part);
}

Test(valid, needs_rows_on_both_sides)
{
	static const double fractions[] = {0.001, 0.999};
	for (size_t i = 0; i < 2; i++) {
		Data data, part;
		Failure failure;
		make_data(&data);
		cr_expect_not(data_split(&data, fractions[i], 1, &part, &failure));
		cr_expect(strstr(failure.text, i ? "leaves none to train on" : "is none to validate on"), "%s", failure.text);
		data_close(&data);
	}
}

/* ---- patience */

static int epochs_seen;

/* The third epoch is the best one. */
static bool given_loss(const void *rule, const void *outputs, int width, const Data *data, double *loss)
{
	static const double losses[] = {3, 2, 1, 5, 1, 0.5};
	(void)rule, (void)outputs, (void)width, (void)data;
	*loss = losses[epochs_seen++];
	return true;
}

/* Trains and returns a copy of the first weight. */
static float train_for(Compilation *c, Data *data, Data *part, int epochs, int patience, Run *run)
{
	Random random;
	Failure failure;
	float weight[3];
	epochs_seen = 0;
	*run = (Run){.program = &c->module->program, .net = allocate_net(c), .schedule = schedule_of(c->network),
		.loss_of = given_loss};
	random_seed(&random, 3);
	cr_assert(program_initialise(run->program, run->net, &random, &failure));
	Training training = {.runs = run, .run_count = 1, .host = &(const Host){0}, .data = data, .batch = 10,
		.epochs = epochs, .random = &random, .shuffle = true, .quiet = true, .valid = part, .patience = patience};
	cr_assert(training_check(&training, &failure) && train(&training, &failure), "%s", failure.text);
	cr_expect_not(training.stopped, "an early end is no stop");
	tensor_get(run->program, run->net, &run->program->tensors[0], weight);
	program_free(run->program, run->net);
	return weight[0];
}

Test(valid, patience_keeps_the_best_epoch)
{
	Compilation c;
	Data data, part;
	Run early, best;
	split(&data, &part, 0.2, 5);
	FOR_EACH_USABLE_SET(set) {
		compile_text(&c, "linear 1 3; loss cross_entropy; batch 10", set, true, STAGE_RUN);
		const float kept = train_for(&c, &data, &part, 6, 2, &early), third = train_for(&c, &data, &part, 3, 0, &best);
		cr_expect_eq(early.best_epoch, 2);
		cr_expect_eq(early.epoch, 4, "two epochs after the best one, not %d", early.epoch);
		cr_expect_eq(kept, third, "%s: the weights are those of the best epoch", set->name);
		train_for(&c, &data, &part, 6, 3, &early);
		cr_expect_eq(early.best_epoch, 5, "with more patience there is a better one");
		compilation_close(&c);
	}
	close_both(&data, &part);
}
