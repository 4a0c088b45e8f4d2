/* sweep.c: --sweep, --seeds and --merge: many runs instead of one. */
#include "run.h"
#include "pool.h"
#include "progress.h"
#include "stop.h"
#include "tensorboard.h"
#include <stdlib.h>
#include <string.h>

typedef struct SweepJob {
	Session *session;
	Sweep sweep;
	Plan plan;
	Records known;          /* of the file, sorted */
	Records records;        /* of this sweep */
	LineFile file;
	const char *path;       /* of the file, or null */
	bool waiting;           /* records are not in the file yet */
	Failure failure;
	int status;
} SweepJob;

static void go_wrong(SweepJob *job, int status)
{
	report_failure(status, &job->failure);
	job->status = job->status ? job->status : status;
}

static void describe(SweepJob *job)
{
	const Session *s = job->session;
	const CommandLine *o = &s->options;
	Arena *arena = o->sweep.arena;
	SweepNetwork *networks = NEW_ARRAY(arena, SweepNetwork, s->count);
	const Map *names = 0;
	for (int i = 0; i < s->count; i++) {
		const Compilation *c = &s->compilations[i];
		networks[i] = (SweepNetwork){
			.name = name_apart(arena, &names, c->network->name), .source = &c->source, .options = &c->options,
			.weights = weights_path(o, i), .seed = o->seed_given ? o->seed : c->network->seed,
		};
	}
	job->sweep = (Sweep){
		.arena = arena, .networks = networks, .network_count = s->count, .overrides = o->overrides,
		.axes = o->sweep.axes.items, .axis_count = o->sweep.axes.count, .seeds = o->sweep.seeds ? o->sweep.seeds : 1,
		.steps = o->steps, .patience = o->patience, .shuffle = !o->no_shuffle, .standardize = o->data.standardize,
		.evaluates = !o->no_eval && !o->sweep.map, .data = &s->data,
		.valid = o->valid && o->valid_fraction <= 0 ? &s->valid : 0,
		.valid_fraction = o->valid_fraction, .tensorboard = o->tensorboard, .loss_of = loss_over,
		.draws = o->plots[PLOT_CURVES].given && !o->sweep.map
			&& !axes_have_number(o->sweep.axes.items, o->sweep.axes.count),
		.threads = o->threads ? o->threads : physical_cores(), .stop = &stop_signal, .quiet = o->quiet,
	};
	if (job->sweep.threads > MAX_THREADS)
		job->sweep.threads = MAX_THREADS;
}

/* ---- before */

static bool check_trials(SweepJob *job)
{
	Trials trials = {.plan = &job->plan};
	bool good = true;
	for (int i = 0; good && i < job->plan.configuration_count; i++)
		good = trial_check(&trials, &job->plan.configurations[i], &job->failure);
	trials_close(&trials);
	return good;
}

/* Whether what will be drawn can be. */
static bool check_plot(SweepJob *job)
{
	const Sweep *s = &job->sweep;
	int64_t curves = job->plan.configuration_count;
	for (int i = 0; !s->draws && i < s->axis_count; i++)
		if (axes_have_number(&s->axes[i], 1)) {
			curves /= s->axes[i].values.count;
			break;
		}
	if (job->session->options.sweep.map)
		return s->network_count <= MAX_PANELS || fail(&job->failure, "--map would show %d networks, more than %d: give "
			"fewer", s->network_count, MAX_PANELS);
	if (job->session->options.plots[PLOT_CURVES].given && curves > MAX_SERIES)
		return fail(&job->failure, "--plot would show %lld curves, more than %d: give fewer values to what is not on "
			"its axis", (long long)curves, MAX_SERIES);
	return !s->draws || plan_keep_epochs(&job->plan, &job->failure);
}

static void refuse(SweepJob *job, const Refusal *refusal)
{
	if (refusal->diagnostics) {
		diagnostics_print(refusal->diagnostics, stderr);
		job->status = refusal->of_command ? EXIT_COMMAND : EXIT_NETWORK;
		return;
	}
	job->failure = refusal->failure;
	go_wrong(job, EXIT_COMMAND);
}

static bool open_file(SweepJob *job)
{
	const CommandLine *o = &job->session->options;
	LogPlace place;
	bool kept;
	if (!o->sweep.runs)
		return true;
	job->path = shard_path(o->sweep.arena, &job->sweep.shard, o->sweep.runs);
	if (!records_read(o->sweep.arena, job->path, &job->known, &place, &job->failure))
		return false;
	records_sort(&job->known);
	return lines_reopen(&job->file, job->path, place.length, place.sum, &kept, &job->failure);
}

static bool check_files(SweepJob *job)
{
	const char *plot = job->session->options.plots[PLOT_CURVES].path, *board = job->sweep.tensorboard;
	return (!plot || atomic_check(plot, &job->failure)) && open_file(job)
		&& (!board || events_folder(board, &job->failure));
}

static void prepare(SweepJob *job)
{
	Refusal refusal;
	if (!shard_read(job->session->options.sweep.shard, &job->sweep.shard, &job->failure))
		go_wrong(job, EXIT_COMMAND);
	else if (!plan_open(&job->plan, &job->sweep, &refusal))
		refuse(job, &refusal);
	else if (!check_plot(job))
		go_wrong(job, EXIT_COMMAND);
	else if (!check_trials(job) || !check_files(job))
		go_wrong(job, EXIT_DATA);
}

/* plan: null for runs of files, whose epochs are not known. */
static void plot(Arena *arena, const CommandLine *options, const Plan *plan, const Records *records, int *status)
{
	Picture picture;
	Failure failure;
	if (!options->plots[PLOT_CURVES].given || !records->count)
		return;
	const bool made = plan && plan->epochs.items ? epochs_picture(&picture, plan, records, &failure)
		: records_picture(&picture, arena, records, &failure);
	if (!made || !plot_show(&options->plots[PLOT_CURVES], &picture, &failure))
		*status = report_failure(made ? EXIT_DATA : EXIT_COMMAND, &failure);
}

/* ---- runs */

static RunRecord record_of(const SweepJob *job, int64_t run)
{
	const Configuration *c = &job->plan.configurations[run / job->sweep.seeds];
	return (RunRecord){.number = run, .configuration = c->identity, .seed = seed_of_run(&job->plan, run),
		.network = c->network->name, .settings = c->settings};
}

/* A run without a result only says that time has passed. */
static void on_end(void *context, int64_t run, const Result *result)
{
	SweepJob *job = context;
	if (result) {
		RunRecord record = record_of(job, run);
		record.result = *result;
		record_round(&record, number_digits(job->sweep.data->number_bytes));
		if (result->outcome != OUTCOME_LOST)
			APPEND(job->sweep.arena, &job->records, record);
		if (job->path && !record_find(&job->known, record.configuration, record.seed))
			record_write(&job->file, &record);
		job->waiting = job->path;
	} else if (job->waiting) {
		lines_sync(&job->file);
		job->waiting = false;
	}
}

/* The runs of this shard that are not done, seed by seed: so the rows of a seed are held out once for all of them. */
static int64_t *list_runs(SweepJob *job, int64_t *count)
{
	const Sweep *s = &job->sweep;
	int64_t *runs = NEW_ARRAY(s->arena, int64_t, job->plan.run_count);
	*count = 0;
	for (int64_t i = 0; i < job->plan.run_count; i++) {
		const int64_t run = i % job->plan.configuration_count * s->seeds + i / job->plan.configuration_count;
		RunRecord record = record_of(job, run);
		const RunRecord *known = record_find(&job->known, record.configuration, record.seed);
		if (!shard_has(&s->shard, run))
			continue;
		if (!known || s->draws) {
			runs[(*count)++] = run;
			continue;
		}
		record.result = known->result;
		APPEND(s->arena, &job->records, record);
	}
	return runs;
}

static void say_what(const SweepJob *job, int64_t done, double seconds, bool stopped)
{
	const Shard *shard = &job->sweep.shard;
	const int64_t all = job->records.count;
	char part[100] = "", before[60] = "";
	if (shard->count > 1)
		snprintf(part, sizeof part, " of part %d of %d (%s)", shard->index, shard->count, shard->from);
	if (all > done)
		snprintf(before, sizeof before, "; %lld were done before", (long long)(all - done));
	if (stopped)
		say("stopped by %s after %lld of %lld runs%s%s%s", stop_name(stop_signal), (long long)all,
			(long long)job->plan.run_count, part, job->path ? "; the same command goes on: they are in " : "",
			job->path ? job->path : "");
	else if (!job->session->options.quiet)
		say("%lld run%s%s in %.2f s%s", (long long)done, done == 1 ? "" : "s", part, seconds, before);
}

static void show_table(SweepJob *job)
{
	records_once(&job->records);    /* a network may be given twice */
	table_print(job->sweep.arena, &job->records, stdout);
	fflush(stdout);
	plot(job->sweep.arena, &job->session->options, &job->plan, &job->records, &job->status);
}

/* It is drawn when it is whole: the runs of all parts can be joined in a file, which --runs then names. */
static void show_map(SweepJob *job)
{
	Picture picture;
	Failure failure;
	map_print(&job->plan, &job->records, stdout);
	fflush(stdout);
	if (!map_picture(&picture, &job->plan, &job->records, &failure))
		say("note: %s%s", failure.text, job->sweep.shard.count > 1 ? ": join the files of --runs with --merge, and "
			"give this command again with that file and --shard 0/1" : "");
	else if (!plot_show(&job->session->options.plots[PLOT_CURVES], &picture, &failure))
		job->status = report_failure(EXIT_DATA, &failure);
}

static void run_sweep(SweepJob *job)
{
	int64_t count;
	bool stopped = false;
	const double start = wall_seconds();
	const int64_t *runs = list_runs(job, &count);
	stop_after_files();
	const int64_t known = job->records.count;
	if (count && !runs_do(&job->plan, runs, count, on_end, job, &stopped, &job->failure))
		go_wrong(job, EXIT_DATA);
	if (job->path && !lines_close(&job->file, &job->failure))
		go_wrong(job, EXIT_DATA);
	stop_evaluation();
	const int64_t done = job->records.count - known;
	if (job->session->options.sweep.map)
		show_map(job);
	else
		show_table(job);
	say_what(job, done, wall_seconds() - start, stopped);
	if (stopped)
		job->status = job->status ? job->status : 128 + stop_signal;
}

/* ---- --merge */

int merge_all(const CommandLine *options)
{
	Arena *arena = arena_open();
	Records all = {0};
	Failure failure;
	LogPlace place;
	int status = 0;
	for (int i = 0; status == 0 && i < options->network_count; i++) {
		const char *path = options->networks[i].path;
		const int before = all.count;
		if (!records_read(arena, path, &all, &place, &failure))
			status = report_failure(EXIT_DATA, &failure);
		else if (all.count == before) {
			fail(&failure, "%s has no runs: --merge takes the files that --runs has written", path);
			status = report_failure(EXIT_DATA, &failure);
		}
	}
	records_once(&all);
	LineFile file;
	if (status == 0 && options->sweep.runs) {
		bool written = lines_open(&file, options->sweep.runs, &failure);
		for (int i = 0; written && i < all.count; i++)
			record_write(&file, &all.items[i]);
		if (!written || !lines_close(&file, &failure))
			status = report_failure(EXIT_DATA, &failure);
	}
	if (status == 0) {
		table_print(arena, &all, stdout);
		plot(arena, options, 0, &all, &status);
	}
	arena_close(arena);
	return status;
}

int sweep_all(Session *session)
{
	SweepJob job = {.session = session};
	stop_catch();
	describe(&job);
	prepare(&job);
	if (job.status == 0)
		run_sweep(&job);
	plan_close(&job.plan);
	return job.status;
}
