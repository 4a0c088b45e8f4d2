/* main: reads the command line, then the networks, and runs what was asked for. */
#include "run.h"
#include "pool.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* libtcc makes the pages that it relocates to writable and executable, even ours, before jit.c can change that. bnc is
 * linked with --wrap=mprotect, so that libtcc's calls come here, and no page is ever both. */
int __real_mprotect(void *address, size_t length, int protection);
int __wrap_mprotect(void *address, size_t length, int protection);

int __wrap_mprotect(void *address, size_t length, int protection)
{
	bool both = (protection & PROT_WRITE) && (protection & PROT_EXEC);
	return __real_mprotect(address, length, both ? protection & ~PROT_EXEC : protection);
}

/* ---- networks */

/* This bnc does not take the text that another one saved: it can be had and mended. */
static void say_saved(const Session *s, const Compilation *c)
{
	const char *path = c->source.path;
	if (s->options.print)
		fwrite(c->source.text, 1, c->source.length, stdout);
	else
		say("note: this is the text of the network in %.150s: with --print instead of other options it is written out; "
			"changed, it can be given with the weights, as in bnc FILE.net --weights %.150s", path, path);
}

/* Reports the network's mistakes. */
static int compile_one(const Session *s, Compilation *c)
{
	Failure failure = {.text = ""};
	const bool network = s->options.print || is_sweep(&s->options);
	Stage last = s->options.dump >= 0 ? (Stage)s->options.dump : network ? STAGE_NETWORK
		: s->options.check ? STAGE_C : STAGE_RUN;
	bool ok = compile(c, last, &s->options.overrides, &failure);
	diagnostics_print(c->diagnostics, stderr);
	if (!ok && c->network && c->network->refused && !error_count(c->diagnostics)) {
		diagnostics_print(c->network->refused, stderr);
		return EXIT_COMMAND;
	}
	if (!ok && !failure.text[0] && !misuse_count(c->diagnostics) && s->options.networks[c - s->compilations].saved)
		say_saved(s, c);
	if (!ok)
		return failure.text[0] ? report_failure(EXIT_INTERNAL, &failure)
			: misuse_count(c->diagnostics) ? EXIT_COMMAND : EXIT_NETWORK;
	if (c->module && !s->options.emit.path
		&& !check_ram(c->module, &c->module->train, true, c->module->bytes, s->options.emit.ram, &failure))
		return report_failure(EXIT_NETWORK, &failure);
	return 0;
}

/* Reads and compiles each network, and reports the mistakes of all of them. Those that leave their input out wait for
 * the data. */
static int compile_all(Session *s)
{
	Failure failure;
	int status = 0;
	for (int i = 0; i < s->options.network_count; i++) {
		Compilation *c = &s->compilations[i];
		*c = (Compilation){
			.arena = arena_open(),
			.options = {
				.target = s->target, .any_target = !s->options.isa, .fuse = !s->options.no_fuse,
				.profile = s->options.profile, .pairs = true,
				.recompute = s->options.recompute,
				.threads = s->options.threads ? s->options.threads : physical_cores(),
				.sample.awaited = s->options.train || s->options.eval || s->options.predict,
			},
		};
		s->count++;
		if (!source_read(&c->source, c->arena, &s->options.networks[i], &failure)) {
			status = report_failure(EXIT_DATA, &failure);
			continue;
		}
		int compiled = compile_one(s, c);
		status = compiled ? compiled : status;
	}
	return status;
}

/* Several networks with weights are run on the same data, and must take them alike. */
static bool take_one_schema(Session *s, const char *path, const char **first, Failure *failure)
{
	Schema *schema;
	if (!schema_load(&schema, path, failure))
		return false;
	if (!*first) {
		*first = path;
		s->schema = schema;
		return true;
	}
	const bool equal = schema_equal(s->schema, schema);
	schema_free(schema);
	return equal || fail(failure, "%s and %s were trained on different columns, or on columns that became numbers in "
		"different ways: run each by itself", *first, path);
}

/* The command may say again how the training data are read, or leave it to the checkpoint. */
static bool take_resumed_schema(Session *s, Failure *failure)
{
	DataOptions *data = &s->options.data;
	if (data->target || data->ignore || data->standardize || data->window)
		return true;
	const bool read = schema_in(&s->schema, &s->resume, s->options.resume, failure);
	data->schema = s->schema;
	return read;
}

/* Data become numbers as those did with which the weights were trained. */
static bool take_schema(Session *s, Failure *failure)
{
	DataOptions *data = &s->options.data;
	const char *first = 0;
	if (s->resumes)
		return take_resumed_schema(s, failure);
	if (s->options.overrides.from)
		return true;    /* what goes into a later part of a network is no data */
	for (int i = 0; i < s->count; i++)
		if (weights_path(&s->options, i) && !take_one_schema(s, weights_path(&s->options, i), &first, failure))
			return false;
	const char *option = data->target ? "target" : data->ignore ? "ignore" : data->standardize ? "standardize"
		: data->window ? "window" : 0;
	if (s->schema && option)
		return fail(failure, "--%s would change what %s was trained with, which it remembers: leave it out", option,
			first);
	if (data->stride && !data->window && !schema_has_windows(s->schema))
		return fail(failure, "--stride is how many rows lie between the beginnings of windows, and %s was not trained "
			"on windows: leave it out", first ? first : "the network");
	data->schema = s->schema;
	return true;
}

/* Compiles the network if it waited for the data. */
static int compile_waiting(const Session *s, Compilation *c, const Data *data)
{
	if (!c->waits)
		return 0;
	c->options.sample = sample_of(data);
	return compile_one(s, c);
}

/* Reads the data that a network, trained already or about to be, is run on. */
static int take_answered(Session *s)
{
	Failure failure;
	int status = 0;
	const CommandLine *o = &s->options;
	if ((o->eval && !answer_open(s, &s->eval, o->eval, false, &failure))
		|| (o->predict && !answer_open(s, &s->predict, o->predict, true, &failure)))
		return report_failure(EXIT_DATA, &failure);
	for (int i = 0; i < s->count; i++) {
		int compiled = compile_waiting(s, &s->compilations[i], o->eval ? &s->eval : &s->predict);
		status = compiled ? compiled : status;
	}
	return status;
}

/* Reads the data, compiles the networks that waited for them, and reports which do not fit them. */
static int take_data(Session *s)
{
	Failure failure;
	int status = 0;
	s->options.data.notes = stderr;
	s->options.data.number_bytes = s->target->number_bytes;
	DataOptions options = s->options.data;
	options.standardize &= s->options.valid_fraction == 0;
	if (!open_data(&s->options, &s->data, s->options.train, &options, &failure))
		return report_failure(EXIT_DATA, &failure);
	for (int i = 0; i < s->count; i++) {
		Compilation *c = &s->compilations[i];
		int compiled = compile_waiting(s, c, &s->data);
		if (!compiled) {
			c->diagnostics = diagnostics_open(c->arena, &c->source);
			compiled = check_data(c->network, &s->data, weights_path(&s->options, i), c->diagnostics) ? 0 : EXIT_DATA;
			diagnostics_print(c->diagnostics, stderr);
		}
		status = compiled ? compiled : status;
	}
	return status;
}

/* Data of their own, or rows of the training data, which are then no part of these; a scale is found without them. */
static int take_validation(Session *s)
{
	Failure failure;
	const CommandLine *o = &s->options;
	const uint64_t seed = o->seed_given ? o->seed : s->compilations[0].network->seed;
	const int rows = s->data.rows;
	bool done = o->valid_fraction > 0 ? data_split(&s->data, o->valid_fraction, seed, &s->valid, &failure)
		: answer_open(s, &s->valid, o->valid, false, &failure);
	if (done && o->valid_fraction > 0 && o->data.standardize)
		done = data_fit_scale(&s->data, 0, s->data.rows, &failure) && data_scale(&s->data, s->data.schema, &failure)
			&& data_scale(&s->valid, s->data.schema, &failure);
	const int near = rows - s->data.rows - s->valid.rows;
	if (done && o->valid_fraction > 0 && near)
		say("note: %d windows are held out, and %d that have rows in common with them are left out", s->valid.rows,
			near);
	return done ? 0 : report_failure(EXIT_DATA, &failure);
}

/* Whether it was only asked for what the compiler knows. */
static bool is_early(const CommandLine *options)
{
	return options->print || options->check || options->dump >= 0;
}

static void report_all(const Session *s)
{
	bool other = s->options.train || s->options.save || s->options.emit.path || s->options.eval
		|| s->options.predict || s->options.explain || s->options.verify || is_early(&s->options);
	for (int i = 0; i < s->count; i++) {
		const Compilation *c = &s->compilations[i];
		if (s->options.print)
			fputs(network_text(c->arena, c->network), stdout);
		if (s->options.dump >= 0)
			dump(c, (Stage)s->options.dump, stdout);
		if (s->options.summary || !other)
			print_summary(c->module, stdout);
		if (s->options.explain)
			explain(c->module, stdout);
	}
}

/* Reads the checkpoint. The seed is also that of the rows that --valid holds out, so it must be known before those. */
static bool take_checkpoint(Session *s, Failure *failure)
{
	CommandLine *o = &s->options;
	struct stat status;
	if (!o->resume)
		return true;
	if (o->checkpoint && is_same_file(o->checkpoint, o->resume) && stat(o->resume, &status) != 0 && errno == ENOENT) {
		say("note: %s is not there yet: the training begins", o->resume);
		return true;
	}
	if (!safetensors_load(&s->resume, o->resume, failure))
		return false;
	tensor_file_sort(&s->resume);
	s->resumes = true;
	const NamedTensor *seed = tensor_file_find(&s->resume, "", 0, "bnc/seed");
	if (!seed || seed->type != ELEMENT_I64 || seed->rank != 0)
		return true;    /* checkpoint_open says what is wrong */
	uint64_t begun;
	memcpy(&begun, seed->values, sizeof begun);
	if (o->seed_given && o->seed != begun)
		return fail(failure, "%s was begun with the seed %llu, not %llu: leave out --seed", o->resume,
			(unsigned long long)begun, (unsigned long long)o->seed);
	o->seed = begun;
	o->seed_given = true;
	return true;
}

static int run_session(Session *s)
{
	s->options.overrides.epochs_unused = s->options.steps > 0 || (!s->options.train && has_weights(&s->options));
	s->compilations = calloc((size_t)s->options.network_count, sizeof *s->compilations);
	if (!s->compilations)
		return no_memory(s->options.network_count);
	Failure failure;
	int status = take_checkpoint(s, &failure) ? 0 : report_failure(EXIT_DATA, &failure);
	if (status == 0)
		status = compile_all(s);
	if (status == 0 && !is_early(&s->options) && !take_schema(s, &failure))
		status = report_failure(EXIT_DATA, &failure);
	if (status == 0 && s->options.train)
		status = take_data(s);
	if (status == 0 && s->options.valid && !(is_sweep(&s->options) && s->options.valid_fraction > 0))
		status = take_validation(s);
	if (status == 0 && (s->options.eval || s->options.predict))
		status = take_answered(s);
	if (status == 0 && is_sweep(&s->options))
		status = sweep_all(s);
	else if (status == 0) {
		report_all(s);
		if (s->options.train || s->options.save || s->options.emit.path || s->options.verify
			|| (weights_path(&s->options, 0) && !is_early(&s->options)))
			status = run_all(s);
	}
	for (int i = 0; i < s->count; i++)
		compilation_close(&s->compilations[i]);
	data_close(&s->valid);
	data_close(&s->data);
	data_close(&s->eval);
	data_close(&s->predict);
	schema_free(s->schema);
	tensor_file_close(&s->resume);
	free(s->compilations);
	return status;
}

int main(int argc, char **argv)
{
	Session session = {0};
	Failure failure;
	output_keep_descriptors();
	signal(SIGXFSZ, SIG_IGN);       /* so that a file that may not grow is reported like a full disk */
	OptionsResult result = options_read(&session.options, argc, argv, &failure);
	int status = 0;
	if (result == OPTIONS_WRONG)
		status = report_failure(EXIT_COMMAND, &failure);
	else if (result == OPTIONS_RUN) {
		session.target = kernel_set(session.options.isa);
		if (session.options.f64)
			session.target = kernel_set_f64(session.target);
		status = settle_output(&session.options, &failure);
		status = status ? status : session.options.sweep.merge ? merge_all(&session.options)
			: session.options.suggest ? suggest(&session.options) : run_session(&session);
	}
	options_free(&session.options);
	return finish_output(&session, status);
}
