/* options.h: the command line as data. */
#ifndef BNC_OPTIONS_H
#define BNC_OPTIONS_H
#include "standalone/standalone.h"

typedef struct NetworkArgument { const char *path, *text; } NetworkArgument;    /* text: the argument of -e, or null */

typedef struct CommandLine {
	NetworkArgument *networks;
	int network_count;
	const char *train, *valid, *eval, *predict, *predictions, *weights, *save, *log, *isa;
	Overrides overrides;
	DataOptions data;
	int64_t steps;
	uint64_t seed;
	bool seed_given, no_shuffle, quiet, json, log_steps, no_eval, summary, explain, verify, check, no_fuse;
	double valid_fraction;  /* of the data of --train; 0: valid names data */
	int patience;           /* 0: none */
	bool f64;               /* the numbers are doubles */
	int dump;               /* a Stage, or -1 */
	StandaloneOptions emit;
	int threads;            /* 0: as many as are worth it */
	bool profile, recompute;
} CommandLine;

typedef enum OptionsResult { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG } OptionsResult;

/* Reads argv. OPTIONS_DONE: a question such as --help was answered on stdout. */
OptionsResult options_read(CommandLine *options, int argc, char **argv, Failure *failure);
void options_free(CommandLine *options);

/* ---- source.c: the text of a network, from its file or the command line */
bool source_read(Source *source, Arena *arena, const NetworkArgument *argument, Failure *failure);

#endif
