/* options.h: the command line as data. */
#ifndef BNC_OPTIONS_H
#define BNC_OPTIONS_H
#include "standalone/standalone.h"
#include "experiments/picture.h"

typedef struct NetworkArgument {
	const char *path;
	const char *text;       /* the argument of -e; null: it is in a file */
	bool saved;             /* the file is one of weights, which has the text of its network, too */
} NetworkArgument;

/* What makes many runs of one. */
typedef struct SweepOptions {
	Arena *arena;           /* of what follows, and of the sweep itself; null: there is none */
	Definitions definitions;
	Axes axes;
	int seeds;              /* 0: not given */
	const char *runs, *shard;
	bool merge;             /* the files are no networks, but have runs */
	int map;                /* how many axes a map has; 0: there is none */
} SweepOptions;

/* --plot WHAT:FILE */
typedef enum PlotKind { PLOT_CURVES, PLOT_BOUNDARY, PLOT_CONFUSION, PLOT_KINDS } PlotKind;
typedef struct PlotOption { bool given; const char *path; } PlotOption;     /* null: in the terminal */

typedef struct CommandLine {
	NetworkArgument *networks;
	int network_count;
	const char *train, *valid, *eval, *predict, *suggest;
	const char *predictions, *weights, *save, *checkpoint, *resume, *log, *tensorboard, *health, *isa;
	Overrides overrides;
	DataOptions data;
	int64_t steps;
	uint64_t seed;
	bool seed_given, no_shuffle, quiet, json, log_steps, no_eval, print, summary, explain, verify, check, no_fuse;
	double valid_fraction;  /* of the data of --train; 0: valid names data */
	int patience;           /* 0: none */
	int64_t every_steps;    /* of --checkpoint; 0: by the clock */
	double every_seconds;
	bool f64;               /* the numbers are doubles */
	int dump;               /* a Stage, or -1 */
	StandaloneOptions emit;
	int threads;            /* 0: as many as are worth it */
	bool profile, recompute, precise_bn;
	SweepOptions sweep;
	PlotOption plots[PLOT_KINDS];
} CommandLine;

static inline bool is_sweep(const CommandLine *options)
{
	return options->sweep.axes.count || options->sweep.seeds;
}

/* Whether a picture of a trained network and its data is asked for, which is not of its training. */
static inline bool plots_answers(const CommandLine *options)
{
	return options->plots[PLOT_BOUNDARY].given || options->plots[PLOT_CONFUSION].given;
}

typedef enum OptionsResult { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG } OptionsResult;

/* Reads argv. OPTIONS_DONE: a question such as --help was answered on stdout. */
OptionsResult options_read(CommandLine *options, int argc, char **argv, Failure *failure);
void options_free(CommandLine *options);

/* ---- source.c: the text of a network, from its file, its weights or the command line */
bool source_read(Source *source, Arena *arena, const NetworkArgument *argument, Failure *failure);
/* The file that has the weights of a network; null: there is none, and they are drawn. */
const char *weights_path(const CommandLine *options, int network);
/* Whether there is such a file for each network. */
bool has_weights(const CommandLine *options);

#endif
