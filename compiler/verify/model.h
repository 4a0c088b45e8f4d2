/* model.h: a network in double: the layers' references, walked along the graph, and differences of its loss. It shares
 * nothing with differentiation, fusion and kernels, so that the programs can be compared with it. */
#ifndef MODEL_H
#define MODEL_H
#include "bnc.h"

/* Samples with what the loss compares their outputs with: floats, which programs of both types can have. */
typedef struct Batch {
	int rows, inputs, outputs;
	float *x;               /* [rows][inputs] */
	float *targets;         /* [rows][outputs] */
	int32_t *labels;
} Batch;

/* Inputs from -2 to 2; targets, too, unless they are chances. */
Batch random_batch(const Network *network, Random *random, int rows);
/* The first rows of a batch. */
Batch first_rows(const Batch *batch, int rows);

typedef struct Model {
	const Network *network;
	Arena *arena;
	int rows;
	double *x, *targets;
	int *labels;
	double *(*tensors)[MAX_TENSORS];        /* by node; row-major; null for counters and for what does not exist */
	double *(*updated)[MAX_TENSORS];        /* the same of statistics, as training leaves them */
	double **outputs;                       /* by node */
	Random random;                          /* the generator as each evaluation in training begins with it */
	Random *before;                         /* by node: as it is then; see forward_from */
} Model;

/* The number of values of a node's tensor; 0 for a counter and for one that does not exist. */
size_t model_count(const Node *node, int index);
/* All tensors are 0. */
Model model_open(Arena *arena, const Network *network);
/* Sets parameters anywhere around 0, and statistics positive, as a variance must be. They are floats, so that a program
 * of either type can have the same. */
void model_randomise(Model *model, Random *random);
void model_set_batch(Model *model, const Batch *batch);
/* The values that a node of this model has as its input. */
const double *model_value(const Model *model, const Value *value);
void model_forward(const Model *model, bool training);
/* The loss, in training. */
double model_loss(const Model *model);

/* Gives the statistics the values that the last evaluation in training left. */
void model_keep_statistics(Model *model);

/* The values as a program takes them, of its type. */
void *numbers_of(Arena *arena, const Module *module, const float *values, size_t count);
/* A program's tensor in row-major order; as tensor_get and tensor_set, whatever the program's type. */
void get_doubles(Arena *arena, const Module *module, const void *net, const Tensor *tensor, double *values);
void set_doubles(Arena *arena, const Module *module, void *net, const Tensor *tensor, const double *values);

/* Copy the model's tensors to a program of the same network, and back. */
void model_store(const Model *model, const Module *module, void *net);
void model_fetch(Model *model, const Module *module, const void *net);

/* ---- derivatives of the loss */

/* Parameters that are moved together: each of them by its part of `along`, times a step. */
typedef struct Move { double *values; const double *along; size_t count; } Move;

/* A derivative, and how much two steps of different length, and its two sides, differ in it: at a kink, much. */
typedef struct Slope { double value, error; } Slope;

/* The loss's derivative by the step of all these moves, which are of nodes from `first` on. Tries shorter and shorter
 * steps until two of them differ by less than `enough`. Of the nodes before `first`, the outputs must be those of the
 * last model_loss; it leaves others in those from `first` on. So of several moves, those of later nodes come first. */
Slope model_slope(const Model *model, const Move *moves, int count, int first, double enough);
/* The same by one parameter. */
Slope model_slope_by(const Model *model, double *value, int first, double enough);

#endif
