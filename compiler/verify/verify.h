/* verify.h: what bnc --verify and the tests ask of a program: that it computes what its network means. */
#ifndef VERIFY_H
#define VERIFY_H
#include "model.h"
#include "standalone/standalone.h"

/* In the order of the table. */
typedef enum Check {
	CHECK_RESULTS,          /* of prediction and a step: against the model */
	CHECK_SLOPES,           /* gradients: against differences of the model's loss */
	CHECK_SEPARATE,         /* all results and gradients: against a program of scalar kernels with separate steps */
	CHECK_UPDATES,          /* weights after steps of the network's optimizer: against its reference */
	CHECK_EMITTED,          /* results of the emitted C: against the program of the scalar kernels, bit for bit */
	CHECK_FOLDED,           /* predictions of that for inference: against the model */
	CHECKS
} Check;

typedef struct Finding {
	Check check;
	const char *what;       /* "0.weight" */
	size_t count;           /* how many values were compared */
	/* how many were not: the loss has a kink there, a gradient is nothing but rounding, or neither is a number */
	size_t unknown;
	double scale;           /* the largest of such values; 1: error and tolerance are parts of it already */
	double error, tolerance;/* of the value that differs most beside its tolerance */
	bool wrong;
} Finding;

typedef struct Verification {
	/* what the caller gives */
	Arena *arena;
	const Network *network; /* what the program should compute */
	const Compilation *compilation; /* the program as it would run; tests may give that of another network */
	const void *net;        /* its weights */
	uint32_t seed;          /* of the batch */
	double operations;      /* about as many may the model compute, and the separate steps */
	bool quick;             /* only what is compared with separate steps, and the optimizer */
	/* what verify finds */
	int rows;               /* of the batch that the model had time for */
	int separate_rows;      /* and the separate steps, */
	int emitted_rows;       /* and the emitted C */
	int parameters, sampled;/* tensors that are trained, and those with slopes of their own */
	struct { Finding **items; int count, capacity; } findings;
	bool wrong;
	const char *not_emitted;/* why there is no emitted C to compare; or null */
} Verification;

/* False: failure says why the programs could not be compared. */
bool verify(Verification *v, Failure *failure);

/* ---- between the files of this folder */

/* The result of a run, or the gradient of a parameter, in row-major order. */
typedef struct Series {
	enum { OUTPUTS, LOSS, STATISTIC, GRADIENT } kind;
	int node, tensor;
	const char *what;
	size_t count;
	double *values;
	double largest, spread; /* spread: how far roundings carry a value */
} Series;

typedef struct SeriesList { Series *items; int count, capacity; } SeriesList;

/* A batch, and what the programs and the model make of it. */
typedef struct Sitting {
	Verification *v;
	Arena *arena;
	Random *random;
	Batch batch;
	Model model;            /* has the weights */
	/* all with gradient_network's optimizer; `other` is `separate` with numbers of the other type */
	Trial program, separate, other;
	SeriesList found, expected;     /* of the program, and of the separate steps */
	double steepest;        /* the largest of all gradients */
} Sitting;

enum { DISTURBED_RUNS = 8, EMITTED_STEPS = 2 };

/* Makes a random batch, opens the programs, and fills in all else. Close it in any case. */
bool open_sitting(Sitting *s, int rows, Failure *failure);
void close_sitting(Sitting *s);
/* The network with another optimizer: that of sgd with lr=0 and momentum=1 has, after its first step, the gradients in
 * its momentum_buffer. */
const Network *gradient_network(Arena *arena, const Network *network);
/* Gives the program the weights, and counters and states of 0. */
void start_trial(const Sitting *s, const Trial *trial);
double train_trial(const Sitting *s, const Trial *trial, Random *random, double rate);
void predict_trial(const Sitting *s, const Trial *trial, Random *random, double *y);
/* The learning rate of the network's own schedule; one that is 0 tells nothing, and becomes another. */
double own_rate(const Network *network, int step, int steps);
/* The gradient of a parameter after such a step. False: the parameter is not updated, as its gradient is nothing but
 * rounding; then the values are 0. */
bool get_gradient(Arena *arena, const Trial *trial, int node, int tensor, double *values);
/* The rounding unit of the program's numbers: a result is off by at most this part of itself. */
double rounding_unit(const Sitting *s);
/* The larger one; not finite if one of them is not. */
double larger(double a, double b);
/* How far roundings may carry a result, and a gradient, at most. */
double series_tolerance(const Sitting *s, const Series *series);
double gradient_tolerance(const Sitting *s, const Series *gradient);

Finding *add_finding(Verification *v, Check check, const char *what, double scale);
/* Compares a value with what it should be. */
void compare_value(Verification *v, Finding *finding, double found, double expected, double tolerance);

/* slopes.c, updates.c, emitted.c */
void verify_slopes(Sitting *s);
bool verify_updates(Sitting *s, Failure *failure);
void verify_emitted(Sitting *s);

#endif
