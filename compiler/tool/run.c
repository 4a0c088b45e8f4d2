/* run.c: does a run: prepares, trains, writes files, evaluates. */
#include "run.h"
#include "experiments/health.h"
#include "gap.h"
#include "pool.h"
#include "profile.h"
#include "progress.h"
#include "stop.h"
#include "tensorboard.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Job {
	Session *session;
	Standalone *standalone;         /* what --emit writes, or null */
	const CommandLine *options;
	Run *runs;
	Random random;
	Host host;
	Profile profile;
	Training training;
	Population *populations;        /* of each network */
	LineFile log;
	Curves curves;          /* of --plot */
	Health health;
	TensorBoard *tensorboard;       /* or null */
	Checkpoint checkpoint;
	LogPlace log_place;     /* in the training that it goes on from */
	About *about;           /* of each network */
	Failure failure;
	bool saved;
	int status;             /* the exit status for the first thing that went wrong */
} Job;

/* Reports the failure and remembers the first status. The run goes on with what can still be done. */
static void go_wrong(Job *job, int status)
{
	report_failure(status, &job->failure);
	job->status = job->status ? job->status : status;
}

/* ---- before */

static const char *augments_text(const Network *network)
{
	const char *text = "";
	for (int i = 0; i < network->augments.count; i++)
		text = arena_print(network->arena, "%s%s`augment %s`", text, i ? ", " : "",
			statement_text(network->arena, network->augments.items[i]));
	return *text ? text : "no `augment`";
}

/* The images of a batch are changed once, for all networks. */
static bool check_augments(const Network *first, const char *first_name, const Network *other, const char *name,
	Failure *failure)
{
	const char *text = augments_text(first), *other_text = augments_text(other);
	if (strcmp(text, other_text) != 0)
		return fail(failure, "%s and %s train side by side on the same images, but %.300s has %s and %.300s has %s: "
			"write the same in both, or train them one after the other", first_name, name, first_name, text, name,
			other_text);
	return !first->augments.count || same_shape(&first->input->shape, &other->input->shape)
		|| fail(failure, "%s and %s train side by side on images that `augment` changes, but take them as %s and %s: "
			"give both the same `input`", first_name, name, shape_text(first->arena, &first->input->shape),
			shape_text(other->arena, &other->input->shape));
}

/* Networks that train on the same batches must agree on them. */
static bool check_agreement(const Session *s, Failure *failure)
{
	const Network *first = s->compilations[0].network;
	const char *first_name = s->compilations[0].module->program.name;
	for (int i = 1; i < s->count && s->options.train; i++) {
		const Network *other = s->compilations[i].network;
		const char *name = s->compilations[i].module->program.name;
		if (other->batch != first->batch)
			return fail(failure, "%s and %s train side by side on the same batches, but their batch is %d and %d: "
				"give --batch", first_name, name, first->batch, other->batch);
		if (other->epochs != first->epochs && s->options.steps == 0)
			return fail(failure, "%s and %s train side by side, but their epochs are %d and %d: give --epochs",
				first_name, name, first->epochs, other->epochs);
		if (!check_augments(first, first_name, other, name, failure))
			return false;
		if (!s->options.seed_given && other->seed != first->seed)
			return fail(failure, "%s and %s train side by side from one generator, but their seeds are %llu and %llu: "
				"give --seed", first_name, name, (unsigned long long)first->seed, (unsigned long long)other->seed);
	}
	return true;
}

static void name_programs(const Session *s)
{
	const Map *names = 0;
	for (int i = 0; i < s->count; i++) {
		Program *program = &s->compilations[i].module->program;
		program->name = name_apart(s->compilations[0].arena, &names, program->name);
	}
}

static bool load_weights(const Program *program, void *net, const char *path, Failure *failure)
{
	Loaded loaded;
	if (!program_load(program, net, path, &loaded, failure))
		return false;
	if (loaded.uncounted)
		say("note: %s has no num_batches_tracked for %d batchnorm%s of %s: it is taken to be 0, as PyTorch does", path,
			loaded.uncounted, loaded.uncounted == 1 ? "" : "s", program->name);
	if (loaded.integers)
		say("note: %s has integers for `%s`%s: they are taken for the weights themselves, as PyTorch does; if they "
			"were quantized, multiply them by their scale before save_file", path, loaded.integer,
			loaded.integers > 1 ? " and others" : "");
	return true;
}

static uint64_t seed_of(const Session *s)
{
	return s->options.seed_given ? s->options.seed : s->compilations[0].network->seed;
}

static bool prepare_runs(Job *job)
{
	const Session *s = job->session;
	Run *runs = job->runs;
	Random *random = &job->random;
	Failure *failure = &job->failure;
	random_seed(random, (uint32_t)seed_of(s));
	for (int i = 0; i < s->count; i++) {
		const Compilation *c = &s->compilations[i];
		runs[i].program = &c->module->program;
		runs[i].schedule = schedule_of(c->network);
		runs[i].loss_of = loss_over;
		runs[i].loss_rule = c->network->loss;
		runs[i].net = program_allocate(&c->module->program, failure);
		if (!runs[i].net || !program_initialise(&c->module->program, runs[i].net, random, failure)
			|| !program_scale(&c->module->program, runs[i].net, c->network->init, failure))
			return false;
		if (!s->resumes && weights_path(&s->options, i)
			&& !load_weights(&c->module->program, runs[i].net, weights_path(&s->options, i), failure))
			return false;
	}
	for (int i = 0; i < s->count; i++)
		program_set_random(runs[i].program, runs[i].net, random);
	return true;
}

static const int emit_status[] = {[WRONG_FILE] = EXIT_DATA, [WRONG_SIZE] = EXIT_NETWORK};

/* Finds out before the training what cannot be written or evaluated after it. */
static bool check_afterwards(Job *job)
{
	for (int i = 0; i < job->session->count; i++)
		if (!answer_check(job->session, &job->session->compilations[i].module->program, &job->failure))
			return false;
	const char *paths[] = {job->options->save, job->options->log, job->options->predictions, job->options->checkpoint,
		job->options->plots[PLOT_CURVES].path, job->options->plots[PLOT_BOUNDARY].path,
		job->options->plots[PLOT_CONFUSION].path, job->options->health};
	struct stat status;
	if (paths[3] && (output_is_named(paths[3]) || (stat(paths[3], &status) == 0 && !S_ISREG(status.st_mode))))
		return fail(&job->failure, "--checkpoint %.300s: it is written again and again, and each time replaced: give a "
			"regular file", paths[3]);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (paths[i] && !atomic_check(paths[i], &job->failure))
			return false;
	return true;
}

/* A page that cannot be drawn after the training is refused before it. */
static bool check_health(Job *job)
{
	Failure why;
	const char *page = job->options->health;
	return !page || plot_can_draw(&why) || fail(&job->failure, "--health %.200s: %s", page, why.text);
}

static void prepare(Job *job)
{
	Wrong wrong;
	name_programs(job->session);
	const StandaloneOptions *emit = &job->options->emit;
	if (emit->path)
		job->standalone = standalone_open(&job->session->compilations[0], emit, &wrong, &job->failure);
	if (emit->path && !job->standalone)
		go_wrong(job, emit_status[wrong]);
	else if (!check_agreement(job->session, &job->failure) || !gap_check(job->session, &job->failure)
		|| !answer_plots_check(job->session, &job->failure))
		go_wrong(job, EXIT_COMMAND);
	else if (!check_afterwards(job) || !check_health(job) || !prepare_runs(job))
		go_wrong(job, EXIT_DATA);
}

/* ---- files */

/* Null if --save writes to standard output, a pipe or a device, which no file can lie beside. */
static char *last_finite_path(const char *save)
{
	static const char end[] = ".last-finite";
	struct stat status;
	if (!save || strcmp(save, "-") == 0 || (stat(save, &status) == 0 && !S_ISREG(status.st_mode)))
		return 0;
	char *path = malloc(strlen(save) + sizeof end);
	if (path)
		strcat(strcpy(path, save), end);
	return path;
}

/* Removes the file of an earlier run, which could be taken for this one's. If it is the file that the weights came
 * from, it stays. */
static void remove_last_finite(const CommandLine *options)
{
	char *path = last_finite_path(options->save);
	const char *given = weights_path(options, 0);
	struct stat old;
	if (path && lstat(path, &old) == 0 && S_ISREG(old.st_mode) && !(given && is_same_file(given, path)))
		unlink(path);
	free(path);
}

/* What a file of weights says of a network and the data. */
static About about_network(const Job *job, int network)
{
	const Compilation *c = &job->session->compilations[network];
	return (About){network_text(c->arena, c->network), schema_of(job->session)};
}

/* After a loss that is not finite the weights are of no use, but those of some steps before may be. */
static void save_last_finite(Job *job)
{
	const About about = about_network(job, 0);
	const Training *t = &job->training;
	char *path = last_finite_path(job->options->save);
	if (!job->options->save)
		return;
	if (t->returned < 0 || !path) {
		remove_last_finite(job->options);
		say("no weights are kept: %s", path ? "there are none with a finite loss"
			: "there is no file that they could lie beside");
	} else if (!program_save(t->breakdown.run->program, t->breakdown.run->net, path, &about, &job->failure))
		go_wrong(job, EXIT_DATA);
	else
		say("the weights that gave the last finite loss, those after %lld step%s, are in %s", (long long)t->returned,
			t->returned == 1 ? "" : "s", path);
	free(path);
}

/* Initial weights are not emitted: the emitted _init makes them. Prediction alone takes inputs as the data have
 * them. */
static void emit_first(Job *job)
{
	const bool trained = job->options->train || weights_path(job->options, 0), inference = job->options->emit.inference;
	const Compilation *c = &job->session->compilations[0];
	const double *centres, *deviations;
	const bool scaled = schema_scale(schema_of(job->session), &centres, &deviations);
	void *folded = trained && inference && scaled ? fold_scale(c, job->runs[0].net, schema_of(job->session)) : 0;
	Wrong wrong;
	Failure note;
	if (!standalone_write(job->standalone, folded ? folded : trained ? job->runs[0].net : 0, &wrong, &job->failure))
		go_wrong(job, emit_status[wrong]);
	else if (standalone_renames(job->standalone, &note))
		say("note: %s", note.text);
	if (scaled && !folded)
		say("note: %s takes inputs that --standardize has scaled: x less its mean, divided by its deviation%s",
			job->options->emit.path, inference ? "; it is folded only into a first layer of features with a bias"
			: "; --inference folds that into the weights");
	if (folded)
		program_free(&c->module->program, folded);
}

/* Writes each file even if another one cannot be written, so that no trained weights are lost because of another
 * file. */
static void write_results(Job *job)
{
	const CommandLine *options = job->options;
	if (options->save) {
		const About about = about_network(job, 0);
		job->saved = program_save(job->runs[0].program, job->runs[0].net, options->save, &about, &job->failure);
		if (job->saved)
			remove_last_finite(options);
		else
			go_wrong(job, EXIT_DATA);
	}
	if (options->emit.path)
		emit_first(job);
}

/* ---- reports */

/* What to say after the number of steps. */
static const char *saved_words(const Job *job)
{
	const char *path = job->options->save;
	if (!job->saved)
		return "";
	return arena_print(job->session->compilations[0].arena, "; their weights are in %s",
		strcmp(path, "-") == 0 ? "standard output" : path);
}

/* Says that the run was stopped. It has written everything that it was asked for, with the weights of its last step. */
static void report_stop(Job *job)
{
	int signal = stop_signal;
	const char *path = job->options->checkpoint;
	const bool kept = path && !job->checkpoint.failed;
	say("stopped by %s%s after %lld step%s%s%s%s", stop_name(signal),
		signal == SIGPIPE ? " (nobody reads the output)" : "", (long long)job->runs[0].steps,
		job->runs[0].steps == 1 ? "" : "s", saved_words(job), kept ? "; to go on: --resume " : "", kept ? path : "");
	job->status = job->status ? job->status : 128 + signal;
}

/* Compares the statistics of each network's batchnorms, for the report. The pass over the data takes at most a tenth of
 * the steps that were trained, but some steps take no time. */
static bool find_gaps(Job *job)
{
	enum { FEW_STEPS = 64, PART = 10 };
	const Host host = {.pool = job->host.pool};
	for (int i = 0; i < job->session->count; i++) {
		const int64_t part = job->runs[i].steps / PART, steps = part > FEW_STEPS ? part : FEW_STEPS;
		if (!gap_find(&job->populations[i], job->session->compilations[i].module, &job->training, &job->runs[i], &host,
				job->options->precise_bn ? 0 : steps, &job->failure))
			return false;
	}
	return true;
}

/* Before anything is written; a signal leaves the statistics as they are. */
static bool take_populations(Job *job)
{
	if (!find_gaps(job))
		return false;
	for (int i = 0; i < job->session->count; i++)
		if (job->populations[i].found && !population_take(&job->populations[i], &job->runs[i], &job->failure))
			return false;
	return true;
}

/* ", accuracy ..."; false when a signal ended the evaluation. */
static bool print_accuracy(const Job *job, const Run *run)
{
	int correct, rows = job->session->data.rows;
	if (run->program->truth == TRUTH_VALUES || job->options->no_eval || job->training.stopped)
		return true;
	if (!evaluate(&job->training, run, &correct))
		return false;
	printf(", accuracy %.1f%% (%d of %d in evaluation mode)", 100.0 * correct / rows, correct, rows);
	return true;
}

/* One line for each network. */
static bool print_results(const Job *job)
{
	bool evaluated = true;
	char loss[MEASURE_TEXT];
	for (int i = 0; i < job->session->count; i++) {
		const Compilation *c = &job->session->compilations[i];
		const Run *run = &job->runs[i];
		printf("%s: %lld parameters, compiled in %.1f ms (libtcc %.1f ms)", c->module->program.name,
			(long long)program_parameters(&c->module->program), 1e3 * c->seconds, 1e3 * c->module->tcc_seconds);
		if (run->steps)
			printf(", %lld step%s", (long long)run->steps, run->steps == 1 ? "" : "s");
		if (run->seconds > 0.1)         /* a shorter time cannot be measured well */
			printf(" at %.0f a second", (double)run->timed_steps / run->seconds);
		if (run->steps)
			printf(", final loss %s", measure_text(loss, run->loss));
		if (job->training.stopped && run->batch < run->batches)
			printf(" (epoch %d was cut short after %d of its %d steps)", run->epoch, run->batch, run->batches);
		if (job->options->patience && run->steps && run->best_epoch >= 0)
			printf(", the weights of epoch %d (valid_loss %s)", run->best_epoch, measure_text(loss, run->best_loss));
		evaluated &= print_accuracy(job, run);
		printf("\n");
		gap_print(&job->populations[i], c->module->program.name, job->options->precise_bn);
	}
	return evaluated;
}

static void report(Job *job)
{
	if (job->options->profile)
		print_profile(job->session->compilations[0].module, &job->profile, stdout);
	job->host.profile = 0;
	if (!job->options->precise_bn && !job->options->no_eval && !job->training.stopped && !find_gaps(job))
		go_wrong(job, EXIT_DATA);
	bool evaluated = print_results(job);
	if (job->training.stopped)
		report_stop(job);
	else if (!evaluated && stop_signal)
		say("%s ended the evaluation, after all %lld steps%s", stop_name(stop_signal), (long long)job->runs[0].steps,
			saved_words(job));
}

/* ---- training */

/* As many threads as the network that uses most of them. */
static bool open_pool(const Session *s, Host *host, Failure *failure)
{
	int threads = 1;
	for (int i = 0; i < s->count; i++) {
		const Options *options = &s->compilations[i].module->options;
		threads = options->threads > threads ? options->threads : threads;
	}
	host->pool = threads > 1 ? pool_open(threads) : 0;
	return threads == 1 || host->pool || fail(failure, "%d threads cannot be had: try --threads 1", threads);
}

static bool open_profile(const Session *s, Profile *profile, Failure *failure)
{
	for (int i = 0; i < s->count; i++) {
		const Module *m = s->compilations[i].module;
		const int loops = m->train.loops.count + m->update.loops.count;
		profile->loops = loops > profile->loops ? loops : profile->loops;
	}
	profile->seconds = calloc((size_t)profile->loops, sizeof *profile->seconds);
	return profile->seconds || fail(failure, "not enough memory to time %d loops", profile->loops);
}

static void say_text(const Failure *text)
{
	say("%s", text->text);
}

static bool open_checkpoint(Job *job)
{
	const Session *s = job->session;
	if (!job->options->checkpoint && !s->resumes)
		return true;
	job->about = calloc((size_t)s->count, sizeof *job->about);
	for (int i = 0; job->about && i < s->count; i++)
		job->about[i] = about_network(job, i);
	job->checkpoint = (Checkpoint){
		.path = job->options->checkpoint, .steps = job->options->every_steps, .seconds = job->options->every_seconds,
		.about = job->about, .seed = seed_of(s), .from = s->resumes ? &s->resume : 0,
		.from_path = job->options->resume, .say = say_text,
	};
	job->training.checkpoint = &job->checkpoint;
	return (job->about || fail(&job->failure, "not enough memory for %d networks", s->count))
		&& checkpoint_open(&job->training, &job->log_place, &job->failure);
}

/* A training that goes on writes on in its log, if that is the one that it had. */
static bool open_log(Job *job)
{
	const char *path = job->options->log;
	bool kept;
	if (!path || !job->session->resumes || job->log_place.length < 0)
		return !path || lines_open(&job->log, path, &job->failure);
	if (!lines_reopen(&job->log, path, job->log_place.length, job->log_place.sum, &kept, &job->failure))
		return false;
	if (!kept && job->log.opened)
		say("note: %s is not the log of what was trained before: it begins here", path);
	return true;
}

/* A folder for each network. */
static bool open_tensorboard(Job *job)
{
	const Session *s = job->session;
	Arena *arena = s->compilations[0].arena;
	const char **folders = NEW_ARRAY(arena, const char *, s->count);
	if (!job->options->tensorboard)
		return true;
	for (int i = 0; i < s->count; i++)
		folders[i] = arena_print(arena, "%s/%s", job->options->tensorboard, job->runs[i].program->name);
	TensorBoard *board = NEW(arena, TensorBoard);
	if (!tensorboard_open(board, &job->training, folders, &job->failure))
		return false;
	job->tensorboard = board;
	training_tell(&job->training, &board->listener);
	return true;
}

/* The network before a breakdown is also kept if a batchnorm may divide by 0, to find out whether that was the
 * cause. */
static bool open_training(Job *job)
{
	const CommandLine *options = job->options;
	const Network *first = job->session->compilations[0].network;
	job->training = (Training){
		.runs = job->runs, .run_count = job->session->count, .host = &job->host, .data = &job->session->data,
		.batch = first->batch, .epochs = first->epochs, .steps = options->steps, .random = &job->random,
		.shuffle = !options->no_shuffle, .augments = augments_of(job->session->compilations[0].arena, first),
		.quiet = options->quiet, .log = options->log ? &job->log : 0, .log_steps = options->log_steps,
		.stop = &stop_signal,
		.valid = options->valid ? &job->session->valid : 0, .patience = options->patience,
		.returns = job->session->count == 1 && (options->save || find_division(first)), .returned = -1,
	};
	if (options->plots[PLOT_CURVES].given) {
		curves_open(&job->curves, job->session->compilations[0].arena, &job->training);
		training_tell(&job->training, &job->curves.listener);
	}
	if (options->health && !health_open(&job->health, job->session->compilations, &job->training, &job->failure))
		return false;
	if (!training_check(&job->training, &job->failure) || !open_pool(job->session, &job->host, &job->failure))
		return false;
	if (options->profile && !open_profile(job->session, &job->profile, &job->failure))
		return false;
	job->host.profile = options->profile ? &job->profile : 0;
	return open_checkpoint(job) && open_log(job) && open_tensorboard(job);
}

static void plot(Job *job)
{
	curves_close(&job->curves);
	if (!plot_show(&job->options->plots[PLOT_CURVES], &job->curves.picture, &job->failure))
		go_wrong(job, EXIT_DATA);
}

/* Writes the files at once after the last step, before anything that takes time. */
static void train_and_write(Job *job)
{
	stop_after_step(&job->training.step, job->options->save || job->options->checkpoint);
	bool trained = train(&job->training, &job->failure);
	stop_after_files();
	job->session->output_error = job->training.output_error;
	if (!trained) {
		const Run *run = job->training.breakdown.run;
		blame(job->session->compilations[run ? run - job->runs : 0].module, &job->training,
			weights_path(job->options, run ? (int)(run - job->runs) : 0), &job->failure);
		go_wrong(job, EXIT_DATA);
		save_last_finite(job);
	} else {
		if (job->checkpoint.failed) {
			job->failure = job->checkpoint.failure;
			go_wrong(job, EXIT_DATA);
		}
		if (job->options->precise_bn && !job->training.stopped && !take_populations(job))
			go_wrong(job, EXIT_DATA);
		write_results(job);
	}
	if (job->options->log && !lines_close(&job->log, &job->failure))
		go_wrong(job, EXIT_DATA);
	if (job->tensorboard && !tensorboard_close(job->tensorboard, &job->failure))
		go_wrong(job, EXIT_DATA);
	if (job->options->health && !health_write(&job->health, job->options->health, &job->failure))
		go_wrong(job, EXIT_DATA);
	stop_evaluation();
	if (trained)
		report(job);
	if (job->options->plots[PLOT_CURVES].given)
		plot(job);
}

static void train_all(Job *job)
{
	if (open_training(job))
		train_and_write(job);
	else
		go_wrong(job, EXIT_DATA);
	health_close(&job->health);
	pool_close(job->host.pool);
	free(job->profile.seconds);
}

/* With the weights as they are now. */
static void verify_all(Job *job)
{
	bool wrong = false;
	for (int i = 0; i < job->session->count; i++)
		if (!verify_network(&job->session->compilations[i], job->runs[i].net, seed_of(job->session), &wrong,
				&job->failure)) {
			go_wrong(job, EXIT_DATA);
			return;
		}
	job->status = wrong ? EXIT_NETWORK : 0;
}

/* Runs the networks, as they are now, on other data. */
static void run_on_others(Job *job)
{
	const bool json = job->options->json;
	bool done = open_pool(job->session, &job->host, &job->failure)
		&& (!json || report_open(job->session, &job->failure));
	for (int i = 0; done && i < job->session->count; i++)
		done = answer_all(job->session, i, &job->runs[i], &job->host, &job->failure);
	if (done && json && !stop_signal)
		done = report_write(job->session, &job->failure);
	if (!done)
		go_wrong(job, EXIT_DATA);
	report_close(job->session);
	pool_close(job->host.pool);
}

static void plot_answers(Job *job)
{
	job->host = (Host){0};
	if (!answer_plots_show(job->session, job->runs, &job->host, &job->failure))
		go_wrong(job, EXIT_DATA);
}

int run_all(Session *session)
{
	const size_t count = (size_t)session->count;
	Job job = {
		.session = session, .options = &session->options, .runs = calloc(count, sizeof *job.runs),
		.populations = calloc(count, sizeof *job.populations),
	};
	if (!job.runs || !job.populations) {
		free(job.runs);
		free(job.populations);
		return no_memory(session->count);
	}
	stop_catch();
	prepare(&job);
	if (job.status == 0 && job.options->train)
		train_all(&job);
	else if (job.status == 0)
		write_results(&job);
	if (job.status == 0 && !stop_signal && (job.options->eval || job.options->predict))
		run_on_others(&job);
	if (job.status == 0 && !stop_signal && plots_answers(job.options))
		plot_answers(&job);
	if (job.status == 0 && job.options->verify)
		verify_all(&job);
	for (int i = 0; i < session->count; i++)
		if (job.runs[i].program)
			program_free(job.runs[i].program, job.runs[i].net);
	for (int i = 0; i < session->count; i++)
		population_close(&job.populations[i]);
	free(job.populations);
	free(job.runs);
	free(job.about);
	standalone_close(job.standalone);
	return job.status;
}
