/* main: reads the command line, then the networks, and runs what was asked for. */
#include "run.h"
#include "pool.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

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

/* Reads and compiles each network, and reports the mistakes of all of them. */
static int compile_all(Session *s)
{
	Failure failure;
	int status = 0;
	Stage last = s->options.dump >= 0 ? (Stage)s->options.dump : s->options.check ? STAGE_C : STAGE_RUN;
	for (int i = 0; i < s->options.network_count; i++) {
		Compilation *c = &s->compilations[i];
		*c = (Compilation){
			.arena = arena_open(),
			.options = {
				.target = s->target, .fuse = !s->options.no_fuse, .profile = s->options.profile, .pairs = true,
				.recompute = s->options.recompute,
				.threads = s->options.threads ? s->options.threads : physical_cores(),
			},
		};
		s->count++;
		if (!source_read(&c->source, c->arena, &s->options.networks[i], &failure)) {
			status = report_failure(EXIT_DATA, &failure);
			continue;
		}
		failure.text[0] = 0;
		bool ok = compile(c, last, &s->options.overrides, &failure);
		diagnostics_print(c->diagnostics, stderr);
		if (!ok)
			status = failure.text[0] ? report_failure(EXIT_INTERNAL, &failure) : EXIT_NETWORK;
		else if (c->module && !s->options.emit.path
			&& !check_ram(c->module, &c->module->train, true, c->module->bytes, s->options.emit.ram, &failure))
			status = report_failure(EXIT_NETWORK, &failure);
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
			print_summary(c->module, stdout);
		if (s->options.explain)
			explain(c->module, stdout);
	}
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
	output_keep_descriptors();
	signal(SIGXFSZ, SIG_IGN);       /* so that a file that may not grow is reported like a full disk */
	OptionsResult result = options_read(&session.options, argc, argv, &failure);
	int status = 0;
	if (result == OPTIONS_WRONG)
		status = report_failure(EXIT_COMMAND, &failure);
	else if (result == OPTIONS_RUN) {
		session.target = kernel_set(session.options.isa);
		status = settle_output(&session.options, &failure);
		status = status ? status : run_session(&session);
	}
	options_free(&session.options);
	return finish_output(&session, status);
}
