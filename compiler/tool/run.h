/* run.h: does what the command line asks for. */
#ifndef BNC_RUN_H
#define BNC_RUN_H
#include "options.h"

enum { EXIT_NETWORK = 1, EXIT_COMMAND = 2, EXIT_DATA = 3, EXIT_INTERNAL = 4 };

typedef struct Session {
	CommandLine options;
	Compilation *compilations;
	int count;
	const KernelSet *target;
	Data data;              /* of --train */
	Data valid;             /* of --valid, or held out of data */
	Data eval, predict;     /* of --eval and --predict */
	struct cJSON *report;   /* of --json; null: it is printed as text */
	Schema *schema;         /* that the files of weights remember, or null */
	TensorFile resume;      /* of --resume */
	bool resumes;
	int output_error;       /* errno of output to stdout that failed */
} Session;

/* ---- say.c: messages on standard error */

/* Prints a message that is not about a mistake. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the message and returns the status. */
int report_failure(int status, const Failure *failure);
int no_memory(int networks);

/* ---- run.c: trains, and writes what came of it */

/* Returns the exit status. */
int run_all(Session *session);

/* ---- sweep.c: --sweep, --seeds and --merge */

/* Both return the exit status. */
int sweep_all(Session *session);
int merge_all(const CommandLine *options);

/* ---- suggest.c: --suggest */

/* Prints a network for the data. Returns the exit status. */
int suggest(CommandLine *options);

/* ---- plot.c: where a picture goes */

/* Prints the picture or writes it to its file. */
bool plot_show(const PlotOption *plot, const Picture *picture, Failure *failure);

/* ---- answer_plots.c: --plot boundary and --plot confusion */

/* Whether the networks are such that these can be drawn. */
bool answer_plots_check(const Session *session, Failure *failure);
/* Draws them of each network as it is now. */
bool answer_plots_show(Session *session, const Run *runs, const Host *host, Failure *failure);

/* ---- scores.c */

/* The loss of a network, whose rule is its loss's node. */
LossOf loss_over;

/* ---- names.c */

/* The name, or name_2, name_3, ... if others have it, such as those of one file that is given twice. Adds it to the
 * names. */
const char *name_apart(Arena *arena, const Map **names, const char *name);
/* A text of people's data, with ? for what a terminal would act on, such as the end of a line. */
void print_name_of_data(const char *name, FILE *out);
/* What is saved with the weights: that of the data, or what came with the weights; or null. */
const Schema *schema_of(const Session *session);

/* ---- scores_json.c: --json */

bool report_open(Session *session, Failure *failure);
/* On standard output, as one line. */
bool report_write(const Session *session, Failure *failure);
void report_close(Session *session);

/* ---- answers.c: --eval and --predict */

/* data_open, during which a terminal shows what is read. */
bool open_data(const CommandLine *options, Data *data, const char *specification, const DataOptions *read,
	Failure *failure);
/* Reads data as those that the network was trained with, if these are known. */
bool answer_open(Session *session, Data *data, const char *specification, bool without_target, Failure *failure);
/* Whether the network can be run on the data of --eval and --predict. */
bool answer_check(const Session *session, const Program *program, Failure *failure);
/* Prints how well the network does on the data of --eval, and writes what it says of those of --predict. */
bool answer_all(Session *session, int index, const Run *run, const Host *host, Failure *failure);

/* ---- verify.c: --verify */

/* Compares the network's program with other computations of the same, and prints the table. False: failure says why it
 * could not. wrong becomes true if something is not what it should be. */
bool verify_network(const Compilation *compilation, const void *net, uint64_t seed, bool *wrong, Failure *failure);

/* ---- scaled.c: --standardize in emitted code */

/* A copy of the network's struct that takes inputs as they are, where the network itself takes them scaled; to be freed
 * by program_free. Null: its first layer is of a kind that cannot take it up. */
void *fold_scale(const Compilation *compilation, const void *net, const Schema *schema);

/* ---- output.c: standard output */

/* A binary file on standard output must be alone there: everything else is then printed to standard error. Returns 0,
 * or the exit status if that cannot be. */
int settle_output(CommandLine *options, Failure *failure);
/* Returns the exit status: output that is lost makes the run fail, whatever else was done. */
int finish_output(const Session *session, int status);

/* ---- blame.c: why a training broke down */
/* The last batchnorm with eps=0, which divides by 0 if a feature is the same in all rows of a batch; null: there is
 * none. */
const Node *find_division(const Network *network);
/* Adds to the message what is known of the cause. */
void blame(const Module *module, const Training *training, const char *weights, Failure *failure);

#endif
