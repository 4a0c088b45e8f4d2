/* trial.c: one run of a sweep, with the same functions, and so the same bits, as a run alone. */
#include "experiments.h"
#include "metrics.h"
#include "pool.h"
#include "progress.h"
#include "tensorboard.h"
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- data */

static void drop_split(Trials *t)
{
	data_close(&t->valid);
	data_close(&t->train);
	t->split = false;
}

/* A scale is found without the rows that are held out. */
static bool standardize(Trials *t, Failure *failure)
{
	return data_fit_scale(&t->train, 0, t->train.rows, failure) && data_scale(&t->train, t->train.schema, failure)
		&& data_scale(&t->valid, t->train.schema, failure);
}

/* Which rows are held out follows from the seed. */
static bool split_for(Trials *t, uint64_t seed, Failure *failure)
{
	const Sweep *s = t->plan->sweep;
	if (s->valid_fraction <= 0 || (t->split && t->split_seed == seed))
		return true;
	drop_split(t);
	if (!data_copy(&t->train, s->data, failure) || !data_split(&t->train, s->valid_fraction, seed, &t->valid, failure))
		return false;
	t->split = true;
	t->split_seed = seed;
	return !s->standardize || standardize(t, failure);
}

bool trials_open(Trials *t, const Plan *plan, Failure *failure)
{
	*t = (Trials){.plan = plan};
	if (plan->run_threads > 1 && !(t->host.pool = pool_open(plan->run_threads)))
		return fail(failure, "%d threads cannot be had: try --threads 1", plan->run_threads);
	return true;
}

static void drop_net(Trials *t)
{
	if (t->net)
		program_free(t->program, t->net);
	t->net = 0;
}

/* Zeroed memory for a network. That of the last one is at hand, and new memory would take longer than its zeros: it is
 * mapped page by page when it is touched. */
static void *take_net(Trials *t, const Program *program, Failure *failure)
{
	if (t->net && t->program == program) {
		memset(t->net, 0, program->bytes);
		return t->net;
	}
	drop_net(t);
	t->net = program_allocate(program, failure);
	t->program = program;
	return t->net;
}

void trials_close(Trials *t)
{
	drop_net(t);
	drop_split(t);
	pool_close(t->host.pool);
}

/* ---- training */

static Run run_of(const Trials *t, const Configuration *c)
{
	return (Run){.program = &c->compiled->module->program, .schedule = c->schedule,
		.loss_of = t->plan->sweep->loss_of, .loss_rule = c->compiled->network->loss};
}

static void keep_epoch(void *context, int epoch)
{
	const Trials *t = context;
	const EpochResults *all = &t->plan->epochs;
	const Run *run = t->run;
	if (epoch < all->epochs)
		all->items[t->number * all->epochs + epoch] = (EpochResult){run->loss, run->accuracy, run->valid_loss,
			run->valid_accuracy};
}

static Training training_of(Trials *t, const Configuration *c, Run *run, Random *random)
{
	const Sweep *s = t->plan->sweep;
	const bool split = s->valid_fraction > 0;
	t->keeper = (Listener){.epoch_end = keep_epoch, .context = t};
	return (Training){
		.runs = run, .run_count = 1, .host = &t->host, .data = split ? &t->train : s->data, .batch = c->batch,
		.epochs = c->epochs, .steps = s->steps, .random = random, .shuffle = s->shuffle, .augments = c->augments,
		.quiet = true,
		.valid = split ? &t->valid : s->valid, .patience = s->patience, .returned = -1,
		.listeners = t->plan->epochs.items ? &t->keeper : 0,
	};
}

bool trial_check(Trials *t, const Configuration *c, Failure *failure)
{
	Run run = run_of(t, c);
	Random random = {.position = 0};
	if (!split_for(t, c->network->seed, failure))
		return false;
	const Training training = training_of(t, c, &run, &random);
	return training_check(&training, failure);
}

/* DIR/mlp-lr=0.1-seed3: network, settings, and the seed if there are several. Of the settings' JSON only what a path
 * can have is left. */
static void write_folder(const Trials *t, int64_t number, char out[PATH_MAX])
{
	const Sweep *s = t->plan->sweep;
	const Configuration *c = &t->plan->configurations[number / s->seeds];
	int used = snprintf(out, PATH_MAX, "%s/%s", s->tensorboard, c->network->name);
	for (const char *at = c->settings; *at && used < PATH_MAX - 1; at++) {
		const char next = *at == ':' ? '=' : *at == ',' || (*at == '{' && at[1] != '}') ? '-' : *at;
		if (!strchr("{}\"", next))
			out[used++] = isalnum((unsigned char)next) || strchr("=-+._", next) ? next : '_';
	}
	if (used >= PATH_MAX)
		return;
	out[used] = 0;
	if (s->seeds > 1)
		snprintf(out + used, (size_t)(PATH_MAX - used), "-seed%llu", (unsigned long long)seed_of_run(t->plan, number));
}

/* Initial weights, or those of a file. */
static bool begin(Trials *t, const Configuration *c, Run *run, Random *random, Failure *failure)
{
	Loaded loaded;
	run->net = take_net(t, run->program, failure);
	if (!run->net || !program_initialise(run->program, run->net, random, failure)
		|| !program_scale(run->program, run->net, c->init, failure)
		|| (c->network->weights && !program_load(run->program, run->net, c->network->weights, &loaded, failure)))
		return false;
	program_set_random(run->program, run->net, random);
	return true;
}

static void take_result(const Training *t, const Run *run, bool evaluates, Result *out)
{
	int correct;
	out->epochs = run->steps ? run->epoch + 1 : 0;
	out->steps = run->steps;
	out->loss = run->loss;
	out->accuracy = run->accuracy;
	out->valid_loss = run->valid_loss;
	out->valid_accuracy = run->valid_accuracy;
	out->classifies = run->program->truth != TRUTH_VALUES;
	out->validated = t->valid;
	out->evaluated = evaluates && out->classifies && out->outcome == OUTCOME_DONE && evaluate(t, run, &correct);
	out->eval_accuracy = out->evaluated ? (double)correct / t->data->rows : 0;
}

/* Trains, with a file for TensorBoard. */
static bool train_on_board(const Trials *t, int64_t number, Training *training, Result *result, Failure *failure)
{
	TensorBoard board;
	Failure other;
	char path[PATH_MAX];
	const char *folder = path;
	write_folder(t, number, path);
	if (!tensorboard_open(&board, training, &folder, failure))
		return false;
	training_tell(training, &board.listener);
	const bool finite = train(training, failure);
	result->unwritten = !tensorboard_close(&board, &other);
	if (result->unwritten)
		*failure = other;
	return finite;
}

bool trial_run(Trials *t, int64_t number, Result *result, Failure *failure)
{
	const Configuration *c = &t->plan->configurations[number / t->plan->sweep->seeds];
	const uint64_t seed = seed_of_run(t->plan, number);
	const double start = wall_seconds();
	Run run = run_of(t, c);
	Random random;
	*result = (Result){.outcome = OUTCOME_NONE};
	if (!split_for(t, seed, failure))
		return false;
	random_seed(&random, (uint32_t)seed);
	t->run = &run;
	t->number = number;
	Training training = training_of(t, c, &run, &random);
	bool done = begin(t, c, &run, &random, failure);
	if (done) {
		const bool finite = t->plan->sweep->tensorboard ? train_on_board(t, number, &training, result, failure)
			: train(&training, failure);
		done = finite || training.breakdown.run;
		result->outcome = finite ? OUTCOME_DONE : OUTCOME_DIVERGED;
		take_result(&training, &run, t->plan->sweep->evaluates, result);
		result->steps = finite ? run.steps : training.breakdown.step;
	}
	result->seconds = wall_seconds() - start;
	return done;
}
