/* The command line. */
#include "bnc.h"
#include "options.h"
#include "pool.h"
#include "profile.h"
#include "progress.h"
#include "terminal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_NETWORK = 1, EXIT_COMMAND = 2, EXIT_DATA = 3, EXIT_INTERNAL = 4 };

typedef struct Session {
	Options options;
	Compilation *compilations;
	int count;
	const KernelSet *target;
	int unwritten;          /* the status for a log that could not be written */
} Session;

/* libtcc makes the pages that it relocates into writable and executable, ours too, before jit.c can say otherwise. bnc is linked
 * with --wrap=mprotect, so that its calls come here: no page is ever both. */
int __real_mprotect(void *address, size_t length, int protection);
int __wrap_mprotect(void *address, size_t length, int protection);

int __wrap_mprotect(void *address, size_t length, int protection)
{
	bool both = (protection & PROT_WRITE) && (protection & PROT_EXEC);
	return __real_mprotect(address, length, both ? protection & ~PROT_EXEC : protection);
}

/* Files and arguments are quoted in it, with whatever a terminal might act upon. */
static void say(Style style, const char *begin, const Failure *message)
{
	fprintf(stderr, "%s%s%s ", terminal_style(stderr, style), begin, terminal_style(stderr, STYLE_PLAIN));
	print_safely(message->text, strlen(message->text), stderr);
	fputc('\n', stderr);
}

static int complain(int status, const Failure *failure)
{
	say(STYLE_ERROR, "bnc:", failure);
	return status;
}

static int no_memory(int networks)
{
	fprintf(stderr, "bnc: not enough memory for %d networks\n", networks);
	return EXIT_DATA;
}

/* ---- stopping */

static volatile sig_atomic_t stoppable; /* the training has begun */
static volatile sig_atomic_t stop;      /* the signal that asked for it */

/* The first signal ends the training after its step, and the run goes on with what was reached; the second ends it at once, and so
 * does any before the training. */
static void on_signal(int signal)
{
	if (stoppable && !stop)
		stop = signal;
	else {
		atomic_remove_all();
		_exit(128 + signal);
	}
}

/* Who ignores a signal, as nohup does, goes on ignoring it. */
static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM};
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction before;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], 0, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, 0);
}

/* ---- networks */

/* Reads and compiles each network; every network's mistakes are reported. */
static int compile_all(Session *s)
{
	Failure failure;
	int status = 0;
	Stage last = s->options.dump >= 0 ? (Stage)s->options.dump : s->options.check ? STAGE_C : STAGE_RUN;
	for (int i = 0; i < s->options.network_count; i++) {
		Compilation *c = &s->compilations[i];
		*c = (Compilation){
			.arena = arena_open(), .target = s->target, .fuse = !s->options.no_fuse, .profile = s->options.profile, .pairs = true,
			.recompute = s->options.recompute,
			.threads = s->options.threads ? s->options.threads : physical_cores(),
		};
		s->count++;
		if (!source_read(&c->source, c->arena, &s->options.networks[i], &failure)) {
			status = complain(EXIT_DATA, &failure);
			continue;
		}
		failure.text[0] = 0;
		bool ok = compile(c, last, &s->options.overrides, &failure);
		diagnostics_print(c->diagnostics, stderr);
		if (!ok)
			status = failure.text[0] ? complain(EXIT_INTERNAL, &failure) : EXIT_NETWORK;
		else if (!s->options.emit.path && !check_ram(c, &c->train, true, c->bytes, s->options.emit.ram, &failure))
			status = complain(EXIT_NETWORK, &failure);
	}
	return status;
}

static void report_all(const Session *s)
{
	bool training = s->options.train || s->options.save || s->options.emit.path;
	for (int i = 0; i < s->count; i++) {
		const Compilation *c = &s->compilations[i];
		if (s->options.dump >= 0)
			dump(c, (Stage)s->options.dump, stdout);
		if (s->options.summary || (!training && !s->options.explain && !s->options.check && s->options.dump < 0))
			print_summary(c, stdout);
		if (s->options.explain)
			explain(c, stdout);
	}
}

/* ---- training */

/* Networks that train on the same batches must agree on them. */
static bool check_agreement(const Session *s, Failure *failure)
{
	const Network *first = s->compilations[0].network;
	const char *first_name = s->compilations[0].program.name;
	for (int i = 1; i < s->count; i++) {
		const Network *other = s->compilations[i].network;
		const char *name = s->compilations[i].program.name;
		if (other->batch != first->batch)
			return fail(failure, "%s and %s train side by side on the same batches, but their batch is %d and %d: give --batch",
				first_name, name, first->batch, other->batch);
		if (other->epochs != first->epochs && s->options.steps == 0)
			return fail(failure, "%s and %s train side by side, but their epochs are %d and %d: give --epochs", first_name, name,
				first->epochs, other->epochs);
		if (!s->options.seed_given && other->seed != first->seed)
			return fail(failure, "%s and %s train side by side from one generator, but their seeds are %llu and %llu: give --seed",
				first_name, name, (unsigned long long)first->seed, (unsigned long long)other->seed);
	}
	return true;
}

/* Several networks of one name, as from one file given twice, are told apart by a number: net, net_2. */
static void name_apart(Session *s)
{
	const Map *names = 0;
	for (int i = 0; i < s->count; i++) {
		Program *program = &s->compilations[i].program;
		const char *name = program->name;
		for (int number = 2; map_get(names, program->name); number++)
			program->name = arena_print(s->compilations[i].arena, "%s_%d", name, number);
		names = map_put(s->compilations[0].arena, names, program->name, program);
	}
}

static bool load_weights(const Program *program, void *net, const char *path, Failure *failure)
{
	int uncounted;
	Failure note;
	if (!program_load(program, net, path, &uncounted, failure))
		return false;
	if (uncounted) {
		fail(&note, "%s has no num_batches_tracked for %d batchnorm%s of %s: it is taken to be 0, as PyTorch does", path, uncounted,
			uncounted == 1 ? "" : "s", program->name);
		say(STYLE_NOTE, "bnc: note:", &note);
	}
	return true;
}

static bool prepare_runs(Session *s, Run *runs, Random *random, Failure *failure)
{
	random_seed(random, (uint32_t)(s->options.seed_given ? s->options.seed : s->compilations[0].network->seed));
	for (int i = 0; i < s->count; i++) {
		const Compilation *c = &s->compilations[i];
		const Node *optimizer = c->network->optimizer;
		runs[i].program = &c->program;
		runs[i].lr = (float)optimizer->arguments[argument_index(optimizer->layer, "lr")];
		runs[i].net = program_allocate(&c->program, failure);
		if (!runs[i].net || !program_initialise(&c->program, runs[i].net, random, failure))
			return false;
		if (s->options.weights && !load_weights(&c->program, runs[i].net, s->options.weights, failure))
			return false;
	}
	return true;
}

static void print_results(const Session *s, const Run *runs, const Data *data, const Host *host)
{
	for (int i = 0; i < s->count; i++) {
		const Compilation *c = &s->compilations[i];
		const Run *run = &runs[i];
		printf("%s: %lld parameters, compiled in %.1f ms (libtcc %.1f ms)", c->program.name, (long long)program_parameters(&c->program),
			1e3 * c->compile_seconds, 1e3 * c->tcc_seconds);
		if (run->steps)
			printf(", %lld steps at %.0f a second, final loss %.4f", (long long)run->steps, (double)run->steps / run->seconds, run->loss);
		if (c->program.classifies) {
			int correct = program_correct(&c->program, run->net, data, host);
			printf(", accuracy %.1f%% (%d of %d in evaluation mode)", 100.0 * correct / data->rows, correct, data->rows);
		}
		printf("\n");
	}
}

/* The threads of the network that uses most. */
static bool open_pool(const Session *s, Host *host, Failure *failure)
{
	int threads = 1;
	for (int i = 0; i < s->count; i++)
		threads = s->compilations[i].threads > threads ? s->compilations[i].threads : threads;
	host->pool = threads > 1 ? pool_open(threads) : 0;
	return threads == 1 || host->pool || fail(failure, "%d threads cannot be had: try --threads 1", threads);
}

static bool open_profile(const Session *s, Profile *profile, Failure *failure)
{
	for (int i = 0; i < s->count; i++)
		if (s->compilations[i].train.loops.count > profile->loops)
			profile->loops = s->compilations[i].train.loops.count;
	profile->seconds = calloc((size_t)profile->loops, sizeof *profile->seconds);
	return profile->seconds || fail(failure, "not enough memory to time %d loops", profile->loops);
}

static int train_runs(Session *s, Run *runs, const Data *data, Random *random, AtomicFile *log, Failure *failure)
{
	const Network *first = s->compilations[0].network;
	Profile profile = {0};
	Host host = {0};
	Training training = {
		.runs = runs, .run_count = s->count, .host = &host, .data = data, .batch = first->batch, .epochs = first->epochs,
		.steps = s->options.steps, .random = random, .shuffle = !s->options.no_shuffle, .quiet = s->options.quiet, .log = log,
		.log_steps = s->options.log_steps, .stop = &stop,
	};
	bool ok = training_check(&training, failure) && open_pool(s, &host, failure);
	if (ok && s->options.profile) {
		ok = open_profile(s, &profile, failure);
		host.profile = &profile;
	}
	ok = ok && train(&training, failure);
	if (ok && s->options.profile)
		print_profile(&s->compilations[0], &profile, stdout);
	host.profile = 0;
	if (ok)
		print_results(s, runs, data, &host);
	pool_close(host.pool);
	free(profile.seconds);
	return ok ? 0 : complain(EXIT_DATA, failure);
}

/* Opens what the run reads and writes, trains, and keeps the log even of a run that failed. */
static int train_all(Session *s, Run *runs, Random *random, Failure *failure)
{
	Data data;
	AtomicFile log = {0};
	waiting_begin(data_path_length(s->options.train) ? "reading" : "making", s->options.train, !s->options.quiet);
	bool opened = data_open(&data, s->options.train, failure);
	waiting_end();
	if (!opened)
		return complain(EXIT_DATA, failure);
	stoppable = true;
	int status = 0;
	if (s->options.log && !atomic_open(&log, s->options.log, failure))
		status = complain(EXIT_DATA, failure);
	else {
		status = train_runs(s, runs, &data, random, s->options.log ? &log : 0, failure);
		if (s->options.log && !atomic_commit(&log, failure))
			s->unwritten = complain(EXIT_DATA, failure);
	}
	data_close(&data);
	return status;
}

static const int emit_status[] = {[WRONG_FILE] = EXIT_DATA, [WRONG_SIZE] = EXIT_NETWORK};

/* Weights that nobody gave or trained are not worth writing: _init makes them. */
static int emit_first(const Session *s, const Run *run, Failure *failure)
{
	bool trained = s->options.train || s->options.weights;
	Wrong wrong;
	if (standalone_write(&s->compilations[0], trained ? run->net : 0, &s->options.emit, &wrong, failure))
		return 0;
	return complain(emit_status[wrong], failure);
}

/* What cannot be written is said before anything is trained. */
static bool check_outputs(const Options *options, Failure *failure)
{
	const char *paths[] = {options->save, options->emit.path};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		AtomicFile file;
		struct stat status;
		if (!paths[i] || (stat(paths[i], &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)))
			continue;       /* a pipe is not opened twice */
		if (!atomic_open(&file, paths[i], failure))
			return false;
		atomic_abandon(&file);
	}
	return true;
}

/* A run that was stopped is a run: it did all that it was asked for with the weights that it had reached. */
static int report_stop(const Session *s, const Run *run)
{
	fprintf(stderr, "bnc: stopped by %s after %lld steps", stop == SIGINT ? "SIGINT" : "SIGTERM", (long long)run->steps);
	if (s->options.save)
		fprintf(stderr, "; their weights are in %s", s->options.save);
	fprintf(stderr, "\n");
	return 128 + stop;
}

/* Each whether or not another can be written, so that no trained weights are lost for the sake of a log. */
static int write_results(const Session *s, const Run *run, Failure *failure)
{
	int status = s->unwritten;
	if (s->options.save && !program_save(run->program, run->net, s->options.save, failure))
		status = complain(EXIT_DATA, failure);
	if (s->options.emit.path) {
		int emitted = emit_first(s, run, failure);
		status = status ? status : emitted;
	}
	return status;
}

static int run_all(Session *s)
{
	Failure failure;
	Random random;
	Run *runs = calloc((size_t)s->count, sizeof *runs);
	int status = 0;
	if (!runs)
		return no_memory(s->count);
	name_apart(s);
	catch_signals();
	Wrong wrong;
	if (s->options.emit.path && !standalone_foresee(&s->compilations[0], &s->options.emit, &wrong, &failure)) {
		free(runs);
		return complain(emit_status[wrong], &failure);
	}
	if (!check_agreement(s, &failure))
		status = complain(EXIT_COMMAND, &failure);
	else if (!check_outputs(&s->options, &failure) || !prepare_runs(s, runs, &random, &failure))
		status = complain(EXIT_DATA, &failure);
	else if (s->options.train)
		status = train_all(s, runs, &random, &failure);
	if (status == 0)
		status = write_results(s, &runs[0], &failure);
	if (status == 0 && stop)
		status = report_stop(s, &runs[0]);
	for (int i = 0; i < s->count; i++)
		if (runs[i].program)
			program_free(runs[i].program, runs[i].net);
	free(runs);
	return status;
}

static int run_session(Session *s)
{
	s->compilations = calloc((size_t)s->options.network_count, sizeof *s->compilations);
	if (!s->compilations)
		return no_memory(s->options.network_count);
	int status = compile_all(s);
	if (status == 0) {
		report_all(s);
		if (s->options.train || s->options.save || s->options.weights || s->options.emit.path)
			status = run_all(s);
	}
	for (int i = 0; i < s->count; i++)
		compilation_close(&s->compilations[i]);
	free(s->compilations);
	return status;
}

int main(int argc, char **argv)
{
	Session session = {0};
	Failure failure;
	signal(SIGXFSZ, SIG_IGN);       /* so that a file that may not grow is reported, as a full disk is */
	OptionsResult result = options_read(&session.options, argc, argv, &failure);
	int status = 0;
	if (result == OPTIONS_WRONG)
		status = complain(EXIT_COMMAND, &failure);
	else if (result == OPTIONS_RUN) {
		session.target = kernel_set(session.options.isa);
		status = run_session(&session);
	}
	options_free(&session.options);
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "bnc: cannot write the output%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
		status = status ? status : EXIT_DATA;
	}
	return status;
}
