/* standalone.h: C that needs nothing of bnc: FILE.c and FILE.h of --emit. */
#ifndef STANDALONE_H
#define STANDALONE_H
#include "emit.h"

typedef struct StandaloneOptions {
	const char *path;               /* FILE.c, or null: nothing is emitted */
	const char *test_path;          /* FILE_test.c, or null */
	const char *prefix;             /* null: the network's name */
	int lanes;                      /* 0: 1 */
	int max_batch;                  /* 0: the network's batch */
	uint64_t ram;                   /* bytes that it may take; 0: any */
	bool inference, single_header, hex;
} StandaloneOptions;

/* What can be said of the options before a network is read. */
bool standalone_check(const StandaloneOptions *options, Failure *failure);
/* Why nothing was written. */
typedef enum Wrong { WRONG_FILE, WRONG_SIZE } Wrong;

/* What would go wrong after the training is said before it. */
bool standalone_foresee(const Compilation *model, const StandaloneOptions *options, Wrong *wrong, Failure *failure);
/* Writes the files. net holds the weights of model's program; null: none are embedded. */
bool standalone_write(const Compilation *model, const void *net, const StandaloneOptions *options, Wrong *wrong, Failure *failure);

/* Has the network's name been replaced? Then the note says so. */
bool standalone_renames(const Compilation *model, const StandaloneOptions *options, Failure *note);

/* ---- between the standalone_*.c */

/* Of a save: magic, layout, bytes that follow, their check sum; four bytes each. */
enum { SAVE_HEADER_BYTES = 16 };

typedef struct Standalone {
	Arena *arena;
	const StandaloneOptions *options;
	const Compilation *model;
	const void *net;
	Compilation c;                  /* the model, compiled for these lanes and batch; for inference, folded */
	Compilation one;                /* for inference: the same for a single row */
	KernelSet target;
	const char *prefix, *capitals;
	const char *taken;              /* the name that the prefix replaces, or null */
	const char *header_path, *header_name;  /* the name: without folders */
	size_t work;                    /* floats that train and predict share */
	size_t output;                  /* where in them predict's result is */
	size_t bytes;                   /* of the struct */
	Wrong wrong;
	double difference, largest;     /* inference: what folding changed at most, and the largest output */
	int measured;                   /* in so many rows */
	Code header, source, test;
} Standalone;

/* Prints a template, in which @ stands for the prefix and $ for the prefix in capitals. */
void put_template(const Standalone *s, Code *code, const char *format, ...);

/* The struct's tensors one after the other: parameters, statistics, the optimizer's, the batch, counters. */
int standalone_tensors(const Standalone *s, const Tensor **tensors);
bool is_persistent(const Tensor *tensor);       /* outlives a step: is saved */
size_t element_count(const Tensor *tensor);     /* without padding */
/* A tensor's weights, row-major, and a counter's value, out of net. */
const float *weights_of(const Standalone *s, const Tensor *tensor);
int64_t count_of(const Standalone *s, const Tensor *tensor);

const ProgramTensor *program_tensor(const Standalone *s, const Tensor *tensor);

/* What training needs and what is saved. */
bool normalises_batch(const Standalone *s);
bool classifies(const Standalone *s);
int training_minimum(const Standalone *s);      /* rows */
int saved_tensors(const Compilation *c, Tensor **tensors);
const char *saved_name(const Tensor *tensor);
size_t save_bytes(const Standalone *s);

/* standalone_inference.c */

/* Floats of memory for one call: temporaries, then inputs and outputs in panels. */
typedef struct Scratch { size_t input, output, floats; } Scratch;

Weights *copy_weights(const Standalone *s);     /* of the model, for a compilation to fold */
const float *folded_values(const Compilation *c, const Node *node, int index);
bool check_folded(const Standalone *s, Failure *failure);
Scratch scratch_of(const Compilation *c);
Scratch one_scratch(const Standalone *s);
void put_inference(const Standalone *s, Code *code);

/* standalone_trial.c */
typedef struct Trial { Compilation c; void *net; int rows; const Map *tensors; } Trial;        /* tensors: ProgramTensor by path */

/* With net's weights, or those of seed 0. fused: else each step has a loop of its own, and no calls are combined. */
bool trial_open(const Standalone *s, Trial *trial, int rows, bool folded, bool fused, Failure *failure);
void trial_close(Trial *trial);
/* One step or prediction; with random, what each kernel call returns is off by a rounding. */
void trial_predict(const Trial *trial, Random *random, const float *x, float *y);
float trial_train(const Trial *trial, Random *random, const float *x, const int32_t *label, const float *target, float lr);
void trial_disturb(Random *random, float *values, size_t count);        /* by a rounding each */
bool measure_folding(Standalone *s, Failure *failure);

/* standalone_expected.c: of a tensor, up to SAMPLES numbers, evenly spaced. Gradients are told by a step at a rate so large that
 * nothing is left of the weights beside what it takes from them. */
enum { TEST_STEPS = 3, SAMPLES = 16, GRADIENT_RATE = 1 << 20 };

typedef enum NumbersKind { NUMBERS_OUTPUTS, NUMBERS_GRADIENT, NUMBERS_LOSSES, NUMBERS_TRAINED, NUMBERS_PREDICTED } NumbersKind;

typedef struct Numbers {
	NumbersKind kind;
	int tensor;             /* of the emitted table; -1: none */
	int state;              /* gradient: the tensor of the emitted table that tells it, or -1: the parameter itself */
	float *values;
	int count;
	double spread;          /* how far roundings moved any of them */
	double tolerance;
} Numbers;

typedef struct Expected {
	size_t rows, inputs, outputs;   /* floats of a row */
	float *x, *target;
	int32_t *label;
	float rate;
	FirstStep first_step;
	struct { Numbers *items; int count, capacity; } numbers;
} Expected;

extern const double test_margin, test_least_tolerance;

bool is_tested(const Tensor *tensor);   /* has values that a test can know */
bool find_expected(const Standalone *s, Expected *expected, Failure *failure);

/* standalone_test.c */
bool put_test(Standalone *s, Failure *failure);

/* names.c */
bool check_prefix(const char *prefix, Failure *failure);
/* The prefix that a network of that name has, or a file's: the name itself where it can be one, NAME_net where it is taken. */
const char *prefix_of(Arena *arena, const char *name, bool *taken);
bool check_header(const char *path, Failure *failure);        /* of --emit's file, with the header's ending or the source's */
/* compiler/taken_names.txt and taken_headers.txt: a space before and after each. */
extern const char taken_names[], taken_headers[];

/* standalone_header.c, standalone_memory.c */
void put_header(Standalone *s);
bool needs_large_int(const Standalone *s);      /* of more than 16 bits */
void put_memory_table(const Standalone *s, Code *code);
void put_inference_memory(const Standalone *s, Code *code);

/* standalone_source.c, standalone_init.c, standalone_save.c, standalone_weights.c */
void put_source(Standalone *s);
void put_classify(const Standalone *s, Code *code);
void put_tensors(const Standalone *s, Code *code);
void put_init(const Standalone *s, Code *code);
void put_saving(const Standalone *s, Code *code);
void put_trained(const Standalone *s, Code *code);
/* A row of exact literals, in the lines of an initialiser. */
void put_floats(const Standalone *s, Code *code, const float *values, size_t count);
/* False: a weight is not finite, which C has no literal for. */
bool check_weights(const Standalone *s, Failure *failure);

#endif
