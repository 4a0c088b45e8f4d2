/* standalone.h: --emit: C that needs nothing of bnc, in FILE.c and FILE.h. */
#ifndef STANDALONE_H
#define STANDALONE_H
#include "emit/emit.h"

typedef struct StandaloneOptions {
	const char *path;               /* FILE.c, or null: nothing is emitted */
	const char *test_path;          /* FILE_test.c, or null */
	const char *prefix;             /* null: the network's name */
	int lanes;                      /* 0: 1 */
	int max_batch;                  /* 0: the network's batch */
	uint64_t ram;                   /* the bytes that it may use; 0: any number */
	bool inference, single_header, hex;
	bool in_memory;                 /* no file: for standalone_text */
} StandaloneOptions;

/* Checks what can be checked of the options before a network is read. */
bool standalone_check(const StandaloneOptions *options, Failure *failure);

/* Why nothing was written. */
typedef enum Wrong { WRONG_FILE, WRONG_SIZE } Wrong;

typedef struct Standalone Standalone;

/* Plans what is to be written, as far as that needs no weights, and finds out before a training what would go wrong
 * after it. The model and the options must stay. Null: wrong and failure say why. */
Standalone *standalone_open(const Compilation *model, const StandaloneOptions *options, Wrong *wrong, Failure *failure);
void standalone_close(Standalone *standalone);

/* A program of the network with these weights, with BatchNorm folded away as --inference does it, for the kernel set,
 * the batch and the threads of the model. Null: failure says why there is none. */
typedef struct Predictor Predictor;
Predictor *predictor_open(const Compilation *model, const void *net, Failure *failure);
void predictor_close(Predictor *predictor);
const Program *predictor_program(const Predictor *predictor);
void *predictor_net(const Predictor *predictor);
/* Writes the files. net holds the weights of the model's program; null: no weights are written. */
bool standalone_write(Standalone *standalone, const void *net, Wrong *wrong, Failure *failure);
/* The text of standalone_write's FILE.h with single_header; nothing is written. recomputes: whether activations are
 * made again for backward, as with --recompute. */
const char *standalone_text(Standalone *standalone, const void *net, bool *recomputes, Wrong *wrong, Failure *failure);
/* Whether the prefix is not the network's name; the note then says so. */
bool standalone_renames(const Standalone *standalone, Failure *note);

/* ---- between the files of this folder */

/* The header of a save: magic number, layout, number of bytes that follow, their checksum; four bytes each. */
enum { SAVE_HEADER_BYTES = 16 };

struct Standalone {
	Arena *arena;
	const StandaloneOptions *options;
	const Compilation *model;
	const void *net;
	const Map *tensors;             /* the model's, by path */
	Folded folded;                  /* for inference */
	const Module *module;           /* the network, folded if it is, for the lanes and the batch that were asked for */
	const Module *one;              /* for inference: the same for one row */
	KernelSet target;
	const char *prefix, *capitals;
	const char *taken;              /* the name of the network, if it cannot be the prefix; or null */
	const char *header_path, *header_name;  /* header_name: without folders */
	size_t work;                    /* the floats of working memory, which train and predict share */
	size_t output;                  /* the offset of predict's result there */
	size_t bytes;                   /* the size of the struct */
	bool convolves;                 /* a tensor of the struct, or of a block in it, is a kernel of a convolution */
	double difference, largest;     /* inference: the largest change of an output by folding, and the largest output */
	int measured;                   /* the number of rows that were compared */
	Code header, source, test;
};

/* text.c */
/* Writes a template, in which @ stands for the prefix, $ for the prefix in capitals, and the word real for the type of
 * the numbers, whose literals are written as floats. */
void put_template(const Standalone *s, Code *code, const char *format, ...);
/* Removes the marks that put_template leaves. If a variable has the name of the struct, it gets another name. */
void settle_name(const Standalone *s, Code *code);

/* model.c */

/* Lists the struct's members in their order: parameters, statistics, the optimizer's, the batch, counters, the
 * generator. A block is one member, and its parts are none. */
int standalone_tensors(const Standalone *s, const Tensor **tensors);
Role content_role(const Tensor *tensor);        /* its own, or that of a block's parts */
/* Where the struct has it: the name of a member, or "parameters + 128". */
const char *member_text(const Standalone *s, const Tensor *tensor);
bool follows_work(const Tensor *tensor);        /* its place is after the working memory */
bool is_persistent(const Tensor *tensor);       /* outlives a step, so it is saved */
/* Returns a tensor's weights in net, row-major, in numbers of the target's type, as all tables are; or the value of a
 * counter. */
const void *weights_of(const Standalone *s, const Tensor *tensor);
int64_t count_of(const Standalone *s, const Tensor *tensor);

/* The program's tensors as a map: path -> ProgramTensor. */
const Map *tensors_by_path(Arena *arena, const Program *program);
const ProgramTensor *tensor_at_path(const Map *tensors, const char *path);      /* one that exists */
Weights *model_weights(const Standalone *s);    /* all of them, in double */

/* What training needs, and what is saved. */
bool normalises_batch(const Standalone *s);
bool classifies(const Standalone *s);
bool says_yes_or_no(const Standalone *s);
const char *truth_parameter(const Standalone *s);       /* "int32_t *label", "float *target" or "double *target" */
bool has_classify(const Standalone *s);         /* a sample has one class */
bool has_rate(const Standalone *s);             /* there is a schedule other than a constant */
int training_minimum(const Standalone *s);      /* rows */
int saved_tensors(const Module *m, Tensor **tensors);
const char *saved_name(const Tensor *tensor);
size_t save_bytes(const Standalone *s);
/* How many numbers of the target take as many bytes as the tensor: with double, half as many as a generator has
 * words. */
size_t saved_count(const Standalone *s, const Tensor *tensor);

/* inference.c */

/* The memory for one call, in floats: temporaries, then inputs and outputs in panels. */
typedef struct Scratch { size_t input, output, floats; } Scratch;

/* m: a module of the folded network */
const void *folded_values(const Standalone *s, const Module *m, const Node *node, int index);
bool check_folded(const Standalone *s, Failure *failure);
Scratch scratch_of(const Module *m);
Scratch one_scratch(const Standalone *s);
void put_inference(const Standalone *s, Code *code);

/* standalone.c: the network with these weights, folded; it can be emitted nowhere */
Standalone *standalone_fold(const Compilation *model, const void *net);

/* trial.c */
/* tensors: its program's, by path; pool: for its threads, or null */
typedef struct Trial { Module *module; void *net; int rows; const Map *tensors; struct Pool *pool; } Trial;

/* Compiles the network; all weights are 0. */
bool trial_compile(Arena *arena, const Network *network, const Options *options, Trial *trial, Failure *failure);
/* With the weights of net, or those of seed 0. fused: as usual; else each step has a loop of its own, and no calls are
 * combined. */
bool trial_open(const Standalone *s, Trial *trial, int rows, bool folded, bool fused, Failure *failure);
/* The network or the folded one, compiled with these options. */
bool trial_open_as(const Standalone *s, Trial *trial, const Network *network, const Options *options,
	Failure *failure);
void trial_close(Trial *trial);
/* One training step or prediction. With random, a rounding error is added to each result of a kernel call. */
void trial_predict(const Trial *trial, Random *random, const void *x, void *y);
double trial_train(const Trial *trial, Random *random, const void *x, const int32_t *label, const void *target,
	double lr);
void trial_update(const Trial *trial, Random *random, double lr);       /* if an update is for several batches */
/* Changes each by a rounding error. */
void trial_disturb(Random *random, void *values, size_t number_bytes, size_t count);
bool measure_folding(Standalone *s, Failure *failure);

/* expected.c: up to SAMPLES numbers of each tensor, evenly spaced. Gradients are found from a step with a
 * rate so large that the old weights vanish beside what the step subtracts. */
enum { TEST_STEPS = 3, SAMPLES = 16, GRADIENT_RATE = 1 << 20 };

typedef enum NumbersKind {
	NUMBERS_OUTPUTS, NUMBERS_GRADIENT, NUMBERS_LOSSES, NUMBERS_TRAINED, NUMBERS_PREDICTED
} NumbersKind;

typedef struct Numbers {
	NumbersKind kind;
	int tensor;             /* its row in the emitted table; -1: none */
	/* of a gradient: the row of the tensor from which it is found, or -1: the parameter itself */
	int state;
	double *values;
	int count;
	double spread;          /* the largest change of any of them by rounding */
	double tolerance;
} Numbers;

typedef struct Expected {
	size_t rows, inputs, outputs;   /* inputs, outputs: numbers in a row */
	void *x, *target;
	int32_t *label;
	double rate;
	FirstStep first_step;
	struct { Numbers *items; int count, capacity; } numbers;
} Expected;

extern const double test_margin;
double test_least_tolerance(size_t number_bytes);

bool is_tested(const Tensor *tensor);   /* has values that a test can predict */
bool find_expected(const Standalone *s, Expected *expected, Failure *failure);

/* test.c */
bool put_test(Standalone *s, Failure *failure);

/* names.c */
bool check_prefix(const char *prefix, Failure *failure);
/* The prefix for a network or a file of this name: the name itself if it can be one, NAME_net if it is taken. */
const char *prefix_of(Arena *arena, const char *name, bool *taken);
/* of the file of --emit, with the ending of the header or the source */
bool check_header(const char *path, Failure *failure);
/* The words of compiler/standalone/taken_names.txt and taken_headers.txt, with a space before and after each. */
extern const char taken_names[], taken_headers[];

/* header.c, memory.c */
void put_header(Standalone *s);
bool needs_large_int(const Standalone *s);      /* of more than 16 bits */
void put_memory_table(const Standalone *s, Code *code);
void put_inference_memory(const Standalone *s, Code *code);

/* source.c, init.c, save.c, weights.c */
void put_source(Standalone *s);
void put_classify(const Standalone *s, Code *code);
void put_tensors(const Standalone *s, Code *code);
void put_init(const Standalone *s, Code *code);
void put_saving(const Standalone *s, Code *code);
void put_trained(const Standalone *s, Code *code);
/* Writes a row of exact literals, as the lines of an initialiser. */
void put_table_values(const Standalone *s, Code *code, const void *values, size_t count);
/* False: a weight is not finite; C has no literal for it. */
bool check_weights(const Standalone *s, Failure *failure);

#endif
