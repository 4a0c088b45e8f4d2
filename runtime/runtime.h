/* runtime.h: what a compiled network needs to run. It knows nothing of the compiler: a Program is the layout of a
 * struct and two functions that work on it. */
#ifndef BNC_RUNTIME_H
#define BNC_RUNTIME_H
#include "kernel_set.h"
#include <stddef.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- failures: one message, written for the person at the keyboard: what, where, expected, found, what to do */

typedef struct Failure { char text[1024]; } Failure;

/* Writes the message and returns false, so that a function can `return fail(failure, ...)`. Text from files and names
 * cannot break the line, nor give commands to the terminal. */
bool fail(Failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The candidate that was probably meant by word, or null if none is near enough to propose. */
const char *nearest_name(const char *word, const char *const *candidates, int count);

/* ---- shapes: the sizes of one sample, 2 or 1x28x28 */

enum { MAX_RANK = 4, SHAPE_TEXT = 12 * MAX_RANK };

/* Writes "1x28x28" to text[SHAPE_TEXT]. */
void write_shape(char *text, const int *dims, int rank);

/* ---- numbers: tables and tensors are of floats or, with number_bytes 8, of doubles */

static inline double number_at(const void *numbers, size_t number_bytes, size_t i)
{
	return number_bytes == sizeof(double) ? ((const double *)numbers)[i] : (double)((const float *)numbers)[i];
}

static inline void number_put(void *numbers, size_t number_bytes, size_t i, double value)
{
	if (number_bytes == sizeof(double))
		((double *)numbers)[i] = value;
	else
		((float *)numbers)[i] = (float)value;
}

/* Copies the bits, which a conversion may change: those of a NaN, which words of a random generator may look like. */
static inline void number_copy(void *to, size_t i, const void *from, size_t k, size_t number_bytes)
{
	if (number_bytes == sizeof(double))
		memcpy((double *)to + i, (const double *)from + k, sizeof(double));
	else
		memcpy((float *)to + i, (const float *)from + k, sizeof(float));
}

static inline void numbers_to_doubles(double *out, const void *numbers, size_t number_bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = number_at(numbers, number_bytes, i);
}

/* The value as such a number holds it. */
static inline double number_rounded(double value, size_t number_bytes)
{
	return number_bytes == sizeof(double) ? value : (double)(float)value;
}

/* The digits with which a reader gets such a number itself. */
static inline int number_digits(size_t number_bytes)
{
	return number_bytes == sizeof(double) ? 17 : 9;
}

/* ---- random.c: numpy's RandomState and torch's CPU generator, bit for bit (both are MT19937) */

typedef struct Random {
	uint32_t state[STATE_WORDS];
	int position;
	double gauss;           /* numpy's polar method computes two numbers at a time; this is the other one */
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
void torch_uniform_double(Random *random, double *out, size_t count, double from, double to);
void torch_permutation(Random *random, int *out, int count);
/* The order of one epoch of DataLoader(shuffle=True). Draws exactly what torch draws from the default generator. */
void torch_epoch_order(Random *random, int *out, int count);
/* The same in steps, which is faster: the reciprocals are computed once, the generators of at most SAMPLERS epochs are
 * seeded together, and KernelSet's permute is called with each. Seeding is a chain of multiplications: eight side by
 * side take less time than three one after another. */
enum { SAMPLERS = 8 };
void torch_reciprocals(uint32_t *out, int count);
void torch_samplers(Random *random, uint32_t states[SAMPLERS][STATE_WORDS], int count);

/* Draws what an epoch of DataLoader(shuffle=False) draws. */
void torch_sequential_epoch(Random *random);

/* ---- initialisers of torch.nn, over row-major values */

typedef enum Init { INIT_ZERO, INIT_ONE, INIT_KAIMING_UNIFORM, INIT_FAN_IN_UNIFORM } Init;

/* The bound of the uniform distributions, which reach from -bound to bound. */
double initial_bound(Init init, int fan_in);
/* Draws count floats or doubles. The uniform distributions use fan_in (for the weight and bias of nn.Linear). Zero and
 * one draw nothing. */
void initialise(Random *random, Init init, void *out, size_t number_bytes, size_t count, int fan_in);

/* ---- data/: a table of samples. data/data.h says how they are read */

typedef struct Schema Schema;           /* data/data.h: how the columns of a table became numbers */

/* Texts by which a person knows a row again: the columns of a table that are left out, or the file of an image. */
typedef struct Ids {
	int count;              /* of each row */
	char **names;           /* [count] */
	char **texts;           /* [rows][count] */
	size_t filled;          /* how many texts there are */
} Ids;

typedef struct Data {
	/* the name of the set or the path of the file, for messages; it points into the specification */
	const char *name;
	int rows;
	int features;           /* floats in a sample */
	int rank, dims[3];      /* the shape of a sample: 2, or 1x28x28 */
	size_t number_bytes;    /* 4: x and targets are floats; 8: doubles */
	union { float *x; double *x_f64; void *x_any; };        /* [rows][features] */
	int32_t *labels;        /* [rows]; null if the targets are values */
	int classes;            /* 1 + the largest label; of a table, how many there are */
	const char *const *class_names;         /* [classes]; null: they have only their numbers */
	char unlabelled[160];   /* why labels is null, and what to do: "y[3] is -1: number the classes from 0" */
	/* [rows][target_features]; if there are labels, their values */
	union { float *targets; double *targets_f64; void *targets_any; };
	int target_features;
	Schema *schema;         /* of a table; null: the samples are as the file or the set has them */
	int window, stride;     /* of a table: as in Schema */
	Ids ids;                /* only where the target is not read */
} Data;

typedef enum Missing { MISSING_REFUSED, MISSING_MEAN, MISSING_DROP } Missing;

enum { MAX_WINDOW_ROWS = 1 << 20 };

/* How data are read. */
typedef struct DataOptions {
	const char *target;     /* the columns of a table to learn: NAME|N[,...]; null: the last one */
	const char *ignore;     /* the columns to leave out: NAME|N[,...]; null: none */
	Missing missing;        /* values that are missing: no sample; the column's mean; or the row is left out */
	int window, stride;     /* a sample is so many rows of a table, the next one begins so many later; 0: not given */
	bool standardize;       /* scale each input to mean 0 and deviation 1 */
	/* how the columns became numbers when the network was trained: these become the same. Null: find out. target and
	 * ignore are then null */
	const Schema *schema;
	bool unscaled;          /* leave the samples as they are, whatever scale the schema has */
	bool without_target;    /* do not read the target, if it is there at all: target_features is 0 */
	size_t number_bytes;    /* 8: the numbers become doubles; else floats */
	FILE *notes;            /* where the choice of the target is told; null: nowhere */
} DataOptions;

/* Opens `moons:n=1000,noise=0.1,seed=42`, `F.csv`, `-`, `F.npz` or `F.npz:samples,labels`. options: null for none.
 * False: failure says what is wrong. */
bool data_open(Data *data, const char *specification, const DataOptions *options, Failure *failure);
/* The length of the path in the specification; 0: it is a built-in set. */
size_t data_path_length(const char *specification);
void data_close(Data *data);
/* A copy without the schema, which must be closed before the data. */
bool data_copy(Data *copy, const Data *data, Failure *failure);
/* The number of the row of a table that the sample is, or ends with. */
int data_row(const Data *data, int sample);
/* Moves about this fraction of the rows, of each class as many of its rows, to `part`, which must be closed before
 * data. The choice depends on the seed alone. Of windows it moves the last ones of each class, and leaves out those
 * that have rows in common with them. */
bool data_split(Data *data, double fraction, uint64_t seed, Data *part, Failure *failure);
/* Finds the scale of --standardize over these rows (null: the first count), and keeps it in the schema. */
bool data_fit_scale(Data *data, const int *rows, int count, Failure *failure);
/* Scales the samples as the schema says, if it does. */
bool data_scale(Data *data, const Schema *schema, Failure *failure);
void data_list(FILE *out);                                              /* --list-data */
/* the part of that list for one built-in set; false: there is no set of that name */
bool data_print(const char *name, FILE *out);
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

/* A text that is kept in the metadata, which must be UTF-8. */
typedef struct Metadata { const char *key, *text; } Metadata;

/* All tensors of a file; tensor_file_close frees them. */
typedef struct TensorFile {
	NamedTensor *tensors;
	int count;
	Metadata *metadata;
	int metadata_count;
	bool checked;           /* it has a check sum, which is right */
	void *storage;
} TensorFile;

/* Only F32, F64 and I64 are written. A tensor of any other type that is read gets the smallest type of ours that holds
 * its values exactly. */
/* notes: up to one without a key; those without a text are left out. Null: there are none. */
bool safetensors_save(const char *path, const NamedTensor *tensors, int count, const Metadata *notes, Failure *failure);
/* The same, with a last tensor `bnc/crc32`: the CRC-32 of all bytes before it. A file that has one is refused if a bit
 * of it has changed. */
bool safetensors_save_checked(const char *path, const NamedTensor *tensors, int count, const Metadata *notes,
	Failure *failure);
/* Reads such a text of a file, to be freed; *text is null if it has none. */
bool safetensors_note(const char *path, const char *key, char **text, Failure *failure);
bool safetensors_load(TensorFile *file, const char *path, Failure *failure);
void tensor_file_sort(TensorFile *file);        /* by names */
/* The tensor whose name is so much of the prefix and then this, of a file that is sorted; null: it has none. */
NamedTensor *tensor_file_find(const TensorFile *file, const char *prefix, size_t prefix_length, const char *name);
/* The text of that key; null: it has none. */
const char *tensor_file_text(const TensorFile *file, const char *key);
void tensor_file_close(TensorFile *file);
float float_from_half(uint32_t bits);           /* IEEE 754's binary16, exactly */

/* Whether the file at path belongs to another program; then failure says to which, and how to convert it. */
bool foreign_weights(const char *path, Failure *failure);
bool foreign_data(const char *path, Failure *failure);
/* The same of a network's file. */
bool foreign_network(const char *path, Failure *failure);
/* Whether the file at path is safetensors. */
bool is_weights_file(const char *path);
/* Whether the name of a file of weights suggests that it belongs to another program; what: to which. */
bool foreign_name(const char *path, const char **what);

/* Whether both paths lead to the same regular file, which need not exist yet. */
bool is_same_file(const char *a, const char *b);

/* A file that is either complete or does not exist. It is written to a temporary file, which atomic_commit renames; or
 * written over the old file, if only that keeps what the file is (a mount point, another user's file, one with several
 * names). atomic_commit reports any error in writing. It must not be moved in memory while it is open. */
typedef struct AtomicFile {
	FILE *stream;
	char *path, *target;    /* path: as given, for messages; target: after following links, empty for a stream */
	int folder;             /* the target's */
	/* its name in folder; empty: the content is kept in bytes until it is complete, or goes to a stream at once */
	char temporary[256];
	char *bytes;
	size_t size;
	int error;
	bool damaged;           /* the file has neither the old content nor the new one */
} AtomicFile;
bool atomic_open(AtomicFile *file, const char *path, Failure *failure);
/* Whether atomic_open would work, and probably the functions after it. */
bool atomic_check(const char *path, Failure *failure);
void atomic_write(AtomicFile *file, const void *bytes, size_t size);
void atomic_print(AtomicFile *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The part of atomic_commit that a full disk can make fail, for several files that belong together. */
bool atomic_flush(AtomicFile *file, Failure *failure);
bool atomic_commit(AtomicFile *file, Failure *failure);
void atomic_abandon(AtomicFile *file);
/* Removes all files that are being written; for a signal handler that ends the process. */
void atomic_remove_all(void);

/* A file that grows by whole lines, or other pieces, which others may read meanwhile: a line arrives at most a tenth of
 * a second after it was printed, if another line follows. */
typedef struct LineFile {
	int descriptor;
	bool opened;            /* false: the process had it already, like standard output */
	char *path;
	/* the length of the whole pieces at the beginning of these bytes; null: the pieces are lines */
	size_t (*whole)(const char *bytes, size_t size);
	int error;              /* errno of the first write that failed; nothing is written after it */
	double written;         /* the time of the last write */
	int64_t length;         /* of the lines that are written, and their CRC-32 */
	uint32_t sum;
	size_t used;
	char text[16384];
} LineFile;
bool lines_open(LineFile *file, const char *path, Failure *failure);            /* an existing file becomes empty */
/* Goes on after the first `length` bytes, and removes what is after them. If the file is not there, or these bytes have
 * not this sum, it is as lines_open, and *kept is false. */
bool lines_reopen(LineFile *file, const char *path, int64_t length, uint32_t sum, bool *kept, Failure *failure);
/* A new file; false: errno says why not, such as EEXIST. whole: as in LineFile. */
bool lines_create(LineFile *file, const char *path, size_t (*whole)(const char *bytes, size_t size));
void lines_sync(LineFile *file);        /* whatever was printed is in the file when it returns */
void lines_print(LineFile *file, const char *format, ...) __attribute__((format(printf, 2, 3)));       /* one line */
void lines_put(LineFile *file, const void *bytes, size_t size);        /* one piece */
bool lines_close(LineFile *file, Failure *failure);

/* If standard input, output or error is closed, its use fails from here on, and no other file gets its descriptor. */
void output_keep_descriptors(void);
/* Whether the path of an output leads to standard output. */
bool output_is_named(const char *path);
/* From here on standard output has only the file `-`: what is printed to stdout goes to stderr. */
bool output_claim(Failure *failure);

/* ---- programs: a compiled network */

typedef enum Layout {
	LAYOUT_ROWS,            /* [panels][rows][LANES] */
	LAYOUT_FEATURES,        /* [panels][LANES] */
	/* [panels][inputs][LANES]; the inputs of a convolution are [panels of channels][height][width][channels of one] */
	LAYOUT_WEIGHTS,
	LAYOUT_SCALAR,          /* one number */
	LAYOUT_LABELS,          /* [rows] int32_t */
	LAYOUT_COUNTER,         /* one int64_t */
	LAYOUT_MOMENTS,         /* means and covariances of a few features */
	LAYOUT_NUMBERS,         /* what an optimizer prepares once a step */
	LAYOUT_STATISTICS,      /* [rows][groups][STATISTICS] */
	LAYOUT_BITS,            /* [panels][words]: a bit for each float of LAYOUT_ROWS */
	LAYOUT_GENERATOR,       /* uint32_t [GENERATOR_WORDS] */
} Layout;

/* What a loss compares a network's outputs with. */
typedef enum Truth {
	TRUTH_VALUES,           /* a number for each output */
	TRUTH_LABELS,           /* a class for each sample: its output should be the largest */
	TRUTH_CHANCES,          /* for each output the chance of a yes, from 0 to 1; above 0 the output says yes */
} Truth;

/* A tensor that outlives a step. Those with a path are the network's: they are initialised, saved and loaded. */
typedef struct ProgramTensor {
	const char *path;       /* "0.weight", as torch.nn.Sequential names it */
	const char *statement;  /* "linear 2 64": its layer, as a statement of the language */
	Layout layout;
	Init init;
	int features, inputs;   /* true sizes: it has features x inputs values, row-major */
	/* 1: [features]; 2: [features][inputs]; 3: [features][height][width]; 4: [features][channels][height][width] */
	int rank;
	int kernel_height, kernel_width;        /* of rank 3 and 4; inputs is their product with the channels */
	bool trainable;
	size_t offset;          /* bytes from the start of the network's struct */
} ProgramTensor;

/* What generated code needs besides its own memory. */
typedef struct Host {
	struct Pool *pool;                      /* null: one thread */
	struct Profile *profile;                /* null: loops are not timed */
} Host;

typedef struct Program {
	const char *name;
	const KernelSet *kernels;
	/* the size of the struct that has everything; it must be aligned to 64 bytes */
	size_t bytes;
	size_t work, work_end;                  /* the part of the struct that keeps nothing from one step to the next */
	int max_rows;                           /* samples in a batch */
	int inputs, outputs;                    /* numbers in a sample and in its output */
	int rank, dims[MAX_RANK];               /* the shape of a sample */
	Truth truth;                            /* unless it is TRUTH_VALUES, training counts correct predictions */
	bool draws;                             /* training draws random numbers, from the generator at this offset */
	size_t generator;
	bool normalises_batch;                  /* a training batch of one row has no variance */
	size_t x, target, label, loss, correct; /* the offsets of inputs and results */
	size_t output;                          /* the offset of predict's result: [panels][rows][LANES] */
	const ProgramTensor *tensors;           /* in the order in which torch would initialise them */
	int tensor_count;
	bool part;                              /* of a network: files of weights may have other parts' tensors, too */
	/* what else lasts from step to step: "bnc/exp_avg/0.weight", "bnc/step"; not initialised, not among the weights */
	const ProgramTensor *states;
	int state_count;
	void (*train)(void *net, int rows, double lr, const Host *host);        /* forward, loss, backward, update */
	void (*predict)(void *net, int rows, const Host *host);         /* running statistics */
	/* An update is for so many batches: each adds to the gradients, and train calls update after the last of them. */
	int batches_of_update;
	/* If that is more than 1, updates with the batches since the last update, and does nothing if there are none. */
	void (*update)(void *net, double lr, const Host *host);
} Program;

/* The number of values, without padding. */
size_t tensor_count(const ProgramTensor *tensor);
/* The sizes that PyTorch gives it; returns their number. Those after them are 1. */
int tensor_shape(const ProgramTensor *tensor, int shape[4]);
/* As files have it: without values. */
NamedTensor tensor_named(const Program *program, const ProgramTensor *tensor);
/* Copies a network's tensor to row-major numbers, of the program's type, and back. Not for LAYOUT_COUNTER. */
void tensor_get(const Program *program, const void *net, const ProgramTensor *tensor, void *values);
void tensor_set(const Program *program, void *net, const ProgramTensor *tensor, const void *values);

/* ---- program.c: the memory of a compiled network */

/* Zeroed memory for the program's struct; null: there is not enough. */
void *program_allocate(const Program *program, Failure *failure);
void program_free(const Program *program, void *net);
/* Sets the weights that torch would have, drawn in the same order. */
bool program_initialise(const Program *program, void *net, Random *random, Failure *failure);
/* Multiplies the weights, but not biases, with a number. */
bool program_scale(const Program *program, void *net, double scale, Failure *failure);
/* Gives the network's generator, if it has one, the state of this one; and back. */
void program_set_random(const Program *program, void *net, const Random *random);
void program_get_random(const Program *program, const void *net, Random *random);
int64_t program_parameters(const Program *program);
/* Whether all weights and statistics are finite. */
bool program_is_finite(const Program *program, const void *net);
/* Writes "takes 784 inputs, but a sample of a.npz has 64 values", for a network of such a shape. */
void write_other_size(char *out, size_t size, const int *dims, int rank, const Data *data);
/* Whether the network can predict from the data's samples. */
bool program_takes(const Program *program, const Data *data, Failure *failure);
/* Whether the network can be trained or evaluated on the data, with these shapes and labels. */
bool program_accepts(const Program *program, const Data *data, Failure *failure);

/* ---- weights.c: a network's tensors in files: safetensors with the names of PyTorch's state_dict */

/* What is worth telling of weights that were read. */
typedef struct Loaded {
	int uncounted;          /* the number of BatchNorms without num_batches_tracked in the file; they get 0 */
	int integers;           /* the number of tensors of floats that the file has as integers */
	const char *integer;    /* the name of the first of them */
} Loaded;

/* Accepts the files that load_state_dict(strict=True) accepts, for a part of a network also files with other tensors;
 * and those in which all names have the same prefix (`net.`). */
bool program_load(const Program *program, void *net, const char *path, Loaded *loaded, Failure *failure);
/* What a file of weights says besides them. */
typedef struct About {
	const char *network;    /* its text, as a .net file has it; or null */
	const Schema *schema;   /* of the data that it was trained on, or null */
} About;

/* about: null for nothing. */
bool program_save(const Program *program, const void *net, const char *path, const About *about, Failure *failure);
/* The text of the network that was saved with its weights, to be freed; *text is null if there is none. */
bool network_load(char **text, const char *path, Failure *failure);
/* The schema that was saved with the weights, to be freed by schema_free; *schema is null if there is none. */
bool schema_load(Schema **schema, const char *path, Failure *failure);
/* The same of a file that is read already. */
bool schema_in(Schema **schema, const TensorFile *file, const char *path, Failure *failure);
/* Whether both say the same; either may be null. False, too, if there is no memory to find out. */
bool schema_equal(const Schema *a, const Schema *b);
void schema_free(Schema *schema);
bool schema_has_windows(const Schema *schema);          /* may be null */
/* The mean and the deviation of each input, as --standardize found them; false: inputs are not scaled. */
bool schema_scale(const Schema *schema, const double **centres, const double **deviations);
/* The name of a class, or of a target; null: it has none, or there is no schema. */
const char *schema_class(const Schema *schema, int index);
const char *schema_target(const Schema *schema, int index);
/* The name of the column that gives this value of a sample alone, or null. */
const char *schema_input(const Schema *schema, int index);

/* ---- augment.c: images that are changed at random before a network is trained on them */

/* An image, [channels][height][width], as the network gets it: if it is scaled, a value v of the data is (v - centre) /
 * deviation at its place. */
typedef struct Pixmap {
	void *values;
	size_t number_bytes;
	int channels, height, width;
	const double *centres, *deviations;     /* or null */
} Pixmap;

/* arguments, widths: as in Node. */
typedef void Transform(const Pixmap *image, const double *arguments, const double *widths, Random *random);
Transform random_crop, random_horizontal_flip;

/* What is done to each image, in this order. */
typedef struct Augment { Transform *transform; const double *arguments, *widths; } Augment;
typedef struct Augments { const Augment *items; int count; } Augments;

/* ---- train.c */

/* When a step is, in its training. A step is an update here, if that is for several batches. */
typedef struct Instant {
	int64_t epoch, step;    /* how many were before */
	int64_t epochs, steps;  /* of the whole training; the last epoch may not be whole */
} Instant;

/* See kernels/rates.h. */
typedef double Rate(const double *arguments, double lr, int64_t now, int64_t all);

typedef struct Schedule {
	Rate *rate;             /* null: always lr */
	bool each_step;         /* the rate changes after each step, not after each epoch */
	const double *arguments;
	double lr;
} Schedule;

double rate_at(const Schedule *schedule, const Instant *now);

/* The loss over all rows of data, of these outputs, [rows][width]; false: there is no memory. */
typedef bool LossOf(const void *rule, const void *outputs, int width, const Data *data, double *loss);

/* One who looks at some steps of a run. */
typedef struct Probe {
	int64_t next;           /* the next step to be looked at, counted from 0 */
	void (*before)(void *context, int64_t step, int rows);  /* the network has the rows of its batch as its input */
	void (*after)(void *context, int64_t step);
	void *context;
} Probe;

/* A network that is trained, and the results. */
typedef struct Run {
	const Program *program;
	void *net;
	Schedule schedule;
	double lr;              /* the learning rate of the last step */
	double loss;            /* of the last epoch: the plain mean of its batch losses */
	double accuracy;        /* of the outputs in the last epoch of training */
	LossOf *loss_of;        /* for validation: the loss, and what it is called with */
	const void *loss_rule;
	double valid_loss, valid_accuracy;      /* after the last epoch */
	int best_epoch;         /* that with the smallest of these losses; -1: none yet */
	double best_loss;
	int64_t steps;
	/* the last epoch that was begun, how many of its steps were run, and how many it has */
	int epoch, batch, batches;
	/* the steps after the first epoch, in which the program and the data are not in the caches yet */
	int64_t timed_steps;
	double seconds;         /* the time of these steps */
	Probe *probe;           /* or null */
} Run;

enum { MEASURE_TEXT = 32 };
/* Writes a loss, or another number of a report, to text[MEASURE_TEXT], which it returns: 0.7412, or 7.412e+06 from a
 * million on. */
const char *measure_text(char *text, double value);

/* What ended a training early: a loss, or the weights after the last step, that are not finite. */
typedef struct Breakdown {
	const Run *run;         /* null: none */
	int64_t step;           /* the number of steps before the one with that loss */
	int epoch, batch;
	bool of_weights;
} Breakdown;

/* What is called after each whole epoch. */
typedef void EpochEnd(void *context, int epoch);

/* One who wants to know of each whole epoch of a training: the numbers are in its runs. */
typedef struct Listener {
	EpochEnd *epoch_end;
	void (*sync)(void *context);    /* before a checkpoint is written: what was heard must not get lost; or null */
	void *context;
	struct Listener *next;
} Listener;

/* How a training is kept in a file, from which it can go on. */
typedef struct Checkpoint {
	const char *path;       /* null: it is not kept */
	int64_t steps;          /* it is written after each of so many steps of the first network, if that is not 0; */
	double seconds;         /* else when so many seconds have passed; and at the end in any case */
	const About *about;     /* of each network */
	uint64_t seed;
	const TensorFile *from; /* what it goes on from, and the path of that; null: it begins */
	const char *from_path;
	void (*say)(const Failure *text);       /* for what is not a mistake, or does not end the training */

	char train[100], valid[100];            /* what the data are like */
	int64_t ticks, next_look, looked_at;    /* of all networks' steps: the clock is not read at each */
	double written, looked;                 /* when */
	bool failed;                            /* the last time that it was written; failure says why */
	Failure failure;
} Checkpoint;

typedef struct Training {
	Run *runs;
	int run_count;
	const Host *host;
	const Data *data;
	int batch, epochs;
	int64_t steps;          /* stop after this many steps; 0: after all epochs */
	Random *random;         /* torch's default generator, after initialisation */
	bool shuffle;
	Augments augments;      /* of the images that are trained on, and of no others */
	bool quiet;
	LineFile *log;          /* JSON Lines, or null */
	bool log_steps;
	const volatile sig_atomic_t *stop;      /* if it is not 0, the present step is the last one; null: never */
	const Data *valid;      /* that each epoch ends with an evaluation on; null: none */
	int patience;           /* end after this many epochs without a smaller loss there; 0: never */
	Checkpoint *checkpoint; /* or null */
	Listener *listeners;    /* or null */
	bool returns;           /* after a breakdown, restore its network as it was before (one run only) */

	volatile int64_t step;  /* the present step, counted from 1: for the signal handler */
	bool stopped;           /* before the last step */
	Breakdown breakdown;
	/* after restoring a network: how many steps it has been trained for; -1: none was restored */
	int64_t returned;
	int output_error;       /* errno of an epoch's line that could not be printed */
} Training;

static inline void training_tell(Training *training, Listener *listener)
{
	listener->next = training->listeners;
	training->listeners = listener;
}

/* Checks everything that could otherwise go wrong after hours of training. */
bool training_check(const Training *training, Failure *failure);
/* How far a log had come, and the CRC-32 of that; length -1: there was none. */
typedef struct LogPlace { int64_t length; uint32_t sum; } LogPlace;

/* Finds out what the data are like; and if the training goes on from a file, whether that is of this training, and how
 * far its log had come. */
bool checkpoint_open(Training *training, LogPlace *log, Failure *failure);
/* Trains all runs, epoch by epoch, on the same batches in the same order. Prints a line for each epoch to stdout, and a
 * bar to stderr if that is a terminal. False: a loss is not finite. */
bool train(Training *training, Failure *failure);

/* ---- evaluate.c */

/* Counts the samples whose largest output is that of their label, with running statistics; false: it was stopped. */
bool evaluate(const Training *training, const Run *run, int *correct);
/* The outputs of all rows, [rows][outputs], numbers of the data's type, with running statistics; false: it was
 * stopped. */
bool predict_all(const Run *run, const Data *data, const Host *host, const volatile sig_atomic_t *stop, bool quiet,
	void *outputs);

#endif
