/* experiments.h: many trainings at once: networks, settings and seeds in all combinations, spread over the cores. */
#ifndef BNC_EXPERIMENTS_H
#define BNC_EXPERIMENTS_H
#include "../bnc.h"

enum { MAX_RUNS = 1 << 20, MOST_AXES = 16, MAX_PROGRAMS = 4096 };

/* ---- axes.c: --sweep NAME=VALUES, and the two axes of --map */

typedef struct Axis {
	const char *name;
	Definitions values;
	bool log;               /* of a series: in equal ratios; its ends, which are equal if it is a list */
	double from, to;
} Axis;
typedef struct Axes { Axis *items; int count, capacity; } Axes;

/* Adds an axis of the values in `lr=0.1,0.2`, `lr=log:1e-4:1:9` or `batch=lin:8:32:4`. */
bool axis_read(Arena *arena, const char *text, Axes *axes, Failure *failure);
/* The same of --map, which takes only series. */
bool map_axis_read(Arena *arena, const char *text, Axes *axes, Failure *failure);

/* ---- shard.c: which part of the runs is this process's */

typedef struct Shard { int index, count; const char *from; } Shard;

/* text: I/N, counted from 0; null: as the environment of Slurm or MPI says, or all. */
bool shard_read(const char *text, Shard *shard, Failure *failure);
bool shard_has(const Shard *shard, int64_t run);
/* A name for the shard's own file: runs.3-of-8.jsonl. */
const char *shard_path(Arena *arena, const Shard *shard, const char *path);

/* ---- results */

typedef enum Outcome { OUTCOME_NONE, OUTCOME_DONE, OUTCOME_DIVERGED, OUTCOME_LOST } Outcome;

/* What became of a run. Plain numbers: it is handed from one process to another. */
typedef struct Result {
	Outcome outcome;
	int epochs;             /* that were trained; of the last one it has: */
	int64_t steps;
	double loss, accuracy, valid_loss, valid_accuracy;
	double eval_accuracy;   /* on all training data, in evaluation mode, after the training */
	double seconds;
	bool classifies, validated, evaluated;  /* which of these there are */
	bool unwritten;         /* its file for TensorBoard could not be written */
} Result;

/* A run in words and numbers: what a line of --runs has. */
typedef struct RunRecord {
	int64_t number;         /* its place in the sweep */
	uint64_t configuration; /* what defines the run, but for its seed */
	uint64_t seed;
	const char *network;
	const char *settings;   /* a JSON object */
	Result result;
} RunRecord;

typedef struct Records { RunRecord *items; int count, capacity; } Records;

/* ---- plan.c: a sweep, and its runs */

typedef struct SweepNetwork {
	const char *name;
	const Source *source;
	const Options *options;
	const char *weights;    /* the file that has them, or null */
	uint64_t seed;          /* the first one */
} SweepNetwork;

/* What is asked for. */
typedef struct Sweep {
	Arena *arena;
	const SweepNetwork *networks;
	int network_count;
	Overrides overrides;    /* without the values of axes */
	const Axis *axes;
	int axis_count;
	int seeds;
	int64_t steps;
	int patience;
	bool shuffle, standardize, evaluates;
	const Data *data, *valid;       /* valid: null without --valid DATA */
	double valid_fraction;
	const char *tensorboard;        /* the folder that has one for each run, or null */
	LossOf *loss_of;
	int threads;            /* cores to use */
	Shard shard;
	const volatile sig_atomic_t *stop;
	bool quiet;
	bool draws;             /* the numbers of each epoch are kept, too */
} Sweep;

/* The numbers of an epoch of a run. */
typedef struct EpochResult { double loss, accuracy, valid_loss, valid_accuracy; } EpochResult;

/* Of all runs; in memory that all processes share. */
typedef struct EpochResults {
	EpochResult *items;     /* [runs][epochs] */
	int epochs;
	size_t bytes;
} EpochResults;

/* A network that is compiled. Several configurations share one if they differ only in what its program is given when it
 * runs: rates, and how long it is trained. */
typedef struct Compiled {
	Arena *arena;
	const char *name;
	const Compilation *compilation;
	const Network *network;
	Module *module;
	struct Compiled *next;
} Compiled;

/* A network with a value for each axis. */
typedef struct Configuration {
	const SweepNetwork *network;
	const Compiled *compiled;
	const char *settings;   /* as in RunRecord */
	uint64_t identity;
	Schedule schedule;
	Augments augments;
	int batch, epochs;
	double init;            /* as in Network */
} Configuration;

typedef struct Plan {
	const Sweep *sweep;
	Configuration *configurations;
	int configuration_count;
	int64_t run_count;      /* configurations times seeds: a run's number is configuration * seeds + seed */
	Compiled *compiled;
	int compiled_count;
	const Map *programs;            /* the text on which a program depends -> Compiled */
	Arena *broken;          /* of a network with mistakes */
	EpochResults epochs;            /* if they are to be drawn */
	int workers, run_threads;       /* how many runs there are at a time, and the threads of each */
} Plan;

/* What keeps a sweep from running: either text, or a network or a definition with mistakes. */
typedef struct Refusal { const Diagnostics *diagnostics; bool of_command; Failure failure; } Refusal;

/* Makes all configurations, and compiles what they need. plan_close must follow in any case. */
bool plan_open(Plan *plan, const Sweep *sweep, Refusal *refusal);
void plan_close(Plan *plan);
/* Makes room for the numbers of all epochs. */
bool plan_keep_epochs(Plan *plan, Failure *failure);
static inline uint64_t seed_of_run(const Plan *plan, int64_t run)
{
	const Sweep *s = plan->sweep;
	return plan->configurations[run / s->seeds].network->seed + (uint64_t)(run % s->seeds);
}

/* ---- trial.c: one run */

/* What a process keeps from run to run: its threads, memory, and the data of the last seed. */
typedef struct Trials {
	const Plan *plan;
	Host host;
	void *net;              /* the memory of the last program's networks; null: of none yet */
	const Program *program;
	Data train, valid;      /* the rows that --valid FRACTION leaves with this seed, and those that it holds out */
	bool split;
	uint64_t split_seed;
	const Run *run;         /* the present one, and its number */
	int64_t number;
	Listener keeper;        /* keeps the numbers of its epochs */
} Trials;

bool trials_open(Trials *trials, const Plan *plan, Failure *failure);
void trials_close(Trials *trials);
/* Looks for what would keep a run of the configuration from being trained. */
bool trial_check(Trials *trials, const Configuration *configuration, Failure *failure);
/* Trains one run as it would be trained alone. False: it could not be, for another reason than a loss that is not
 * finite. failure also says why a result is unwritten. */
bool trial_run(Trials *trials, int64_t run, Result *result, Failure *failure);

/* ---- workers.c: many runs, by several processes */

/* What is called with each run when it has ended. */
typedef void Ended(void *context, int64_t run, const Result *result);

/* Does these runs. False: failure says why not all have a result; stopped: a signal ended them. */
bool runs_do(const Plan *plan, const int64_t *runs, int64_t count, Ended *ended, void *context, bool *stopped,
	Failure *failure);

/* ---- records.c: --runs FILE.jsonl */

/* Reads the records of a file, if it is there. place: the end of its whole lines, for lines_reopen. */
bool records_read(Arena *arena, const char *path, Records *records, LogPlace *place, Failure *failure);
/* Leaves so many digits, so that a result is the same whether it comes from a run or from a file. */
void record_round(RunRecord *record, int digits);
void record_write(LineFile *file, const RunRecord *record);
/* The record of a run, among those that records_sort has sorted. Null: there is none. */
const RunRecord *record_find(const Records *sorted, uint64_t configuration, uint64_t seed);
void records_sort(Records *records);
/* Sorts them, and leaves each run once: as the first that does it. */
void records_once(Records *records);

/* ---- table.c */

/* What counts of a run: that of rows that were not trained on, if there are such. Infinite after it diverged. */
double result_loss(const Result *result);
double result_accuracy(const Result *result);

/* The mean, the deviation and the best of each configuration. */
void table_print(Arena *arena, const Records *records, FILE *out);

#endif
