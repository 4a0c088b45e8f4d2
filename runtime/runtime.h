/* runtime.h: what a compiled network runs on. It knows nothing of the compiler: a Program is a struct's layout and two
 * functions over it. */
#ifndef BNC_RUNTIME_H
#define BNC_RUNTIME_H
#include "kernel_set.h"
#include <stddef.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* ---- failures: one message, written for the person at the keyboard: what, where, expected, found, what to do */

typedef struct Failure { char text[1024]; } Failure;

/* Writes the message and returns false, so that a function can `return fail(failure, ...)`. What files and names bring along cannot break
 * its line, nor reach the terminal as commands. */
bool fail(Failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The candidate that differs from word by the fewest edits, or null when none is near enough to propose. */
const char *nearest_name(const char *word, const char *const *candidates, int count);

/* ---- random.c: numpy's RandomState and torch's CPU generator, bit for bit (both are MT19937) */

typedef struct Random {
	uint32_t state[STATE_WORDS];
	int position;
	double gauss;           /* numpy's polar method makes two at a time */
	bool has_gauss;
} Random;

void random_seed(Random *random, uint32_t seed);
uint32_t random_u32(Random *random);
uint64_t random_u64(Random *random);                                    /* torch's random64: high half first */

double numpy_double(Random *random);                                    /* [0, 1) */
double numpy_uniform(Random *random, double low, double high);
double numpy_normal(Random *random, double location, double scale);
void numpy_shuffle(Random *random, int *items, int count);
void numpy_linspace(double *out, double from, double to, int count, bool endpoint);

void torch_uniform(Random *random, float *out, size_t count, double from, double to);
void torch_permutation(Random *random, int *out, int count);
/* One epoch's order of a DataLoader(shuffle=True): draws from the default generator exactly what torch draws. */
void torch_epoch_order(Random *random, int *out, int count);
/* The same in steps, for speed: reciprocals once, the generators of the next epochs, at most SAMPLERS, and KernelSet's permute with
 * each. A generator is seeded by a chain of multiplications: eight side by side take less time than three one after the other. */
enum { SAMPLERS = 8 };
void torch_reciprocals(uint32_t *out, int count);
void torch_samplers(Random *random, uint32_t states[SAMPLERS][STATE_WORDS], int count);

/* ---- initialisers of torch.nn, over row-major values */

typedef enum Init { INIT_ZERO, INIT_ONE, INIT_KAIMING_UNIFORM, INIT_FAN_IN_UNIFORM } Init;

/* The uniform ones draw from -bound to bound. */
double initial_bound(Init init, int fan_in);
/* Fills count values; fan_in is used by the uniform ones (nn.Linear's weight and bias). Zero and one draw nothing. */
void initialise(Random *random, Init init, float *out, size_t count, int fan_in);

/* ---- data/: a table of samples */

typedef struct Data {
	const char *name;       /* the set's name or the file's path, for messages: the specification must live as long */
	int rows;
	int features;           /* floats in a sample */
	int rank, dims[3];      /* its shape as given: 2, or 1x28x28 */
	float *x;               /* [rows][features] */
	int32_t *labels;        /* [rows], or null when the targets are values */
	int classes;            /* 1 + the largest label */
	char unlabelled[160];   /* why labels is null, and what to do: "y[3] is -1: number the classes from 0" */
	float *targets;         /* [rows][target_features]; for labels their value as a float */
	int target_features;
} Data;

/* Opens `moons:n=1000,noise=0.1,seed=42`, `F.npz` or `F.npz:samples,labels`. Everything that can be wrong with it is said in failure. */
bool data_open(Data *data, const char *specification, Failure *failure);
/* The length of the path in it; 0: it is a built-in set. */
size_t data_path_length(const char *specification);
void data_close(Data *data);
void data_list(FILE *out);                                              /* --list-data */
bool data_print(const char *name, FILE *out);                           /* a built-in set's part of the list; false: there is none */
bool data_print_parameter(const char *name, FILE *out);                 /* all sets that have it */
int data_names(const char *names[], int capacity);

/* ---- files/ */

typedef enum ElementType { ELEMENT_F32, ELEMENT_I64, ELEMENT_F64 } ElementType;

typedef struct NamedTensor {
	const char *name;
	ElementType type;
	int rank;               /* 0 for a single value */
	int64_t shape[4];
	void *values;           /* row-major */
} NamedTensor;

/* An archive of tensors as read from a file: free with tensor_file_close. */
typedef struct TensorFile { NamedTensor *tensors; int count; void *storage; } TensorFile;

/* F32 and I64 alone are written. What is read becomes the narrowest type that holds it exactly. */
bool safetensors_save(const char *path, const NamedTensor *tensors, int count, Failure *failure);
bool safetensors_load(TensorFile *file, const char *path, Failure *failure);
void tensor_file_close(TensorFile *file);
float float_from_half(uint32_t bits);           /* IEEE 754's binary16, exactly */

/* Whether the file at path is known to be of another program's kind; then failure says of which, and how to make of it what is read. */
bool foreign_weights(const char *path, Failure *failure);
bool foreign_data(const char *path, Failure *failure);
/* Whether a file of weights that is named like this would be taken for another program's; what: for which. */
bool foreign_name(const char *path, const char **what);

/* Whether both paths lead to one regular file, which need not be there yet. */
bool is_same_file(const char *a, const char *b);

/* A file that is complete or not there: written beside its target and renamed over it by atomic_commit, or written over it where that
 * alone keeps what the file is (a mount point, another user's file, one with several names). What writing it fails of is said by
 * atomic_commit. Not to be moved while it is open. */
typedef struct AtomicFile {
	FILE *stream;
	char *path, *target;    /* as given, for messages; after links, empty for a stream */
	int folder;             /* the target's */
	char temporary[256];    /* a name in folder; empty: the content is in bytes until it is complete, or goes to a stream at once */
	char *bytes;
	size_t size;
	int error;
	bool damaged;           /* neither the old content nor the new one */
} AtomicFile;
bool atomic_open(AtomicFile *file, const char *path, Failure *failure);
/* Whether atomic_open would work, and probably the rest. */
bool atomic_check(const char *path, Failure *failure);
void atomic_write(AtomicFile *file, const void *bytes, size_t size);
void atomic_print(AtomicFile *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All of atomic_commit that a full disk may prevent, for several files that belong together. */
bool atomic_flush(AtomicFile *file, Failure *failure);
bool atomic_commit(AtomicFile *file, Failure *failure);
void atomic_abandon(AtomicFile *file);
/* Leaves nothing of all files that are being written, for a signal's handler that ends the process. */
void atomic_remove_all(void);

/* A file that grows by whole lines, which others may read meanwhile: a line is there a tenth of a second after it was printed, if
 * another one follows. */
typedef struct LineFile {
	int descriptor;
	bool opened;            /* it is not one that the process had already, such as standard output */
	char *path;
	int error;              /* of the first write that failed; nothing is written after it */
	double written;         /* when */
	size_t used;
	char text[16384];
} LineFile;
bool lines_open(LineFile *file, const char *path, Failure *failure);            /* empties it */
void lines_print(LineFile *file, const char *format, ...) __attribute__((format(printf, 2, 3)));       /* one line */
bool lines_close(LineFile *file, Failure *failure);

/* Standard input, output and error that are closed fail from here on, instead of being the next file that is opened. */
void output_keep_descriptors(void);
/* Does the path of an output lead to standard output? */
bool output_is_named(const char *path);
/* From here on standard output is the file `-` alone: what is printed to stdout goes to stderr. */
bool output_claim(Failure *failure);

/* ---- programs: a compiled network */

typedef enum Layout {
	LAYOUT_ROWS,            /* [panels][rows][LANES] */
	LAYOUT_FEATURES,        /* [panels][LANES] */
	LAYOUT_WEIGHTS,         /* [panels][inputs][LANES] */
	LAYOUT_SCALAR,          /* one float */
	LAYOUT_LABELS,          /* [rows] int32_t */
	LAYOUT_COUNTER,         /* one int64_t */
	LAYOUT_MOMENTS,         /* means and covariances of a few features */
	LAYOUT_NUMBERS,         /* what an optimizer prepares once a step */
} Layout;

/* A tensor that outlives a step. Only those with a path are a network's own (saved, loaded, initialised). */
typedef struct ProgramTensor {
	const char *path;       /* "0.weight", as torch.nn.Sequential names it */
	const char *statement;  /* "linear 2 64": the layer that has it, as a network says it */
	Layout layout;
	Init init;
	int features, inputs;   /* true sizes; row-major shape [features] or [features][inputs] */
	bool trainable;
	size_t offset;          /* bytes from the start of the network's struct */
} ProgramTensor;

/* What generated code is run with, besides its own memory. */
typedef struct Host {
	struct Pool *pool;                      /* null: one thread */
	struct Profile *profile;                /* null: loops are not timed */
} Host;

typedef struct Program {
	const char *name;
	const KernelSet *kernels;
	size_t bytes;                           /* the struct that holds everything; 64-byte aligned */
	size_t work, work_end;                  /* the part of it that holds nothing from one step to the next */
	int max_rows;                           /* samples in a batch */
	int inputs, outputs;                    /* floats in a sample and in its output */
	bool classifies;                        /* the loss takes labels, and counts what is right */
	bool normalises_batch;                  /* a training batch of one row has no variance */
	size_t x, target, label, loss, correct; /* offsets of what goes in and comes out */
	size_t output;                          /* of predict's result: [panels][rows][LANES] */
	const ProgramTensor *tensors;           /* in the order in which torch would initialise them */
	int tensor_count;
	void (*train)(void *net, int rows, float lr, const Host *host); /* forward, loss, backward, update */
	void (*predict)(void *net, int rows, const Host *host);         /* running statistics */
} Program;

/* A network's tensor as row-major floats, and back. LAYOUT_COUNTER is not for these. */
size_t tensor_count(const ProgramTensor *tensor);
void tensor_get(const Program *program, const void *net, const ProgramTensor *tensor, float *values);
void tensor_set(const Program *program, void *net, const ProgramTensor *tensor, const float *values);

/* ---- program.c: the memory of a compiled network */

/* Zeroed memory for the program's struct; null when there is not enough. */
void *program_allocate(const Program *program, Failure *failure);
void program_free(const Program *program, void *net);
/* The weights that torch would have, drawn in the order in which torch would draw them. */
bool program_initialise(const Program *program, void *net, Random *random, Failure *failure);
int64_t program_parameters(const Program *program);
/* Whether all weights and statistics are finite. */
bool program_is_finite(const Program *program, const void *net);
/* Whether the network can be trained or evaluated on data: its shapes, its labels. */
bool program_accepts(const Program *program, const Data *data, Failure *failure);

/* ---- weights.c: a network's tensors in files: safetensors with the names of PyTorch's state_dict */

/* Accepts what load_state_dict(strict=True) does, and a prefix that all names in the file share (`net.`). uncounted: how many of the
 * network's BatchNorms have no num_batches_tracked in the file; theirs is 0. */
bool program_load(const Program *program, void *net, const char *path, int *uncounted, Failure *failure);
bool program_save(const Program *program, const void *net, const char *path, Failure *failure);

/* ---- train.c */

/* One network in training, and what came of it. */
typedef struct Run {
	const Program *program;
	void *net;
	float lr;
	double loss;            /* the last epoch's: plain mean of its batch losses */
	double accuracy;        /* of the last epoch's training outputs */
	int64_t steps;
	int epoch, batch, batches;      /* the last epoch that was begun, how many of its steps were run, and of how many */
	int64_t timed_steps;    /* those after the first epoch, which also fetches the program and the data into the caches */
	double seconds;         /* in them */
} Run;

/* What ended a training early: a loss, or the weights after the last step, that is not finite. */
typedef struct Breakdown {
	const Run *run;         /* null: none */
	int64_t step;           /* how many steps had been run before the one with that loss */
	int epoch, batch;
	bool of_weights;
} Breakdown;

typedef struct Training {
	Run *runs;
	int run_count;
	const Host *host;
	const Data *data;
	int batch, epochs;
	int64_t steps;          /* stop after so many; 0: after the epochs */
	Random *random;         /* torch's default generator, after initialisation */
	bool shuffle;
	bool quiet;
	LineFile *log;          /* JSON Lines, or null */
	bool log_steps;
	const volatile sig_atomic_t *stop;      /* no longer 0: the step that runs is the last one; null: never */
	bool returns;           /* of one run: on a breakdown, its network goes back to what it was before */

	volatile int64_t step;  /* the step that runs, from 1: for whoever stops it */
	bool stopped;           /* before the last step */
	Breakdown breakdown;
	int64_t returned;       /* how many steps the network has been trained for after a return; -1: there was none */
	int output_error;       /* errno of an epoch's line that could not be printed */
} Training;

/* Everything that would go wrong after hours is checked here, before. */
bool training_check(const Training *training, Failure *failure);
/* Trains all runs, epoch by epoch, each on the same batches in the same order; a line per epoch to stdout, a bar to
 * stderr when that is a terminal. False when a loss is no longer finite. */
bool train(Training *training, Failure *failure);

/* ---- evaluate.c */

/* How many of the samples have their largest output at their label, with running statistics; false when it was stopped. */
bool evaluate(const Training *training, const Run *run, int *correct);

#endif
