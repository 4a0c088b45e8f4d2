/* population.h: the statistics that BatchNorms have over many batches together, and what they make of the loss. */
#ifndef BNC_POPULATION_H
#define BNC_POPULATION_H
#include "runtime.h"

/* A BatchNorm of a program, and what is found of each of its features. */
typedef struct Norm {
	const char *path;
	ProgramTensor mean, variance;   /* the running ones */
	int features, positions;        /* a sample has so many rows of each feature */
	double eps, momentum;
	/* over all rows of the pass; the variance is unbiased, as the running one is */
	double *means, *variances;
	double distance;                /* the largest of a feature from running to population, in deviations of it */
	/* the distance that running statistics, which are those of the last batches, may well have by chance */
	double chance;
} Norm;

/* The caller sets norms, count and steps. The losses are means over the rows of the pass. */
typedef struct Population {
	Norm *norms;
	int count;
	int64_t steps;                  /* the most batches that the pass takes; 0: all */
	bool found;                     /* false: it was stopped */
	double batch_loss;              /* with the statistics of each batch, as in training */
	double running_loss, population_loss;   /* in evaluation mode, with either statistics */
} Population;

/* Runs the network over the training data with the statistics of each batch, and with either of the others; it stays as
 * it is. The batches are those of a training, in an order of their own that depends on nothing, or in the order of the
 * data if the training has it. No momentum may be 0. False: there is no memory; population_close in any case. */
bool population_find(Population *population, const Training *training, const Run *run, const Host *host,
	Failure *failure);
/* Gives the network the statistics that were found. */
bool population_take(Population *population, const Run *run, Failure *failure);
void population_close(Population *population);

#endif
