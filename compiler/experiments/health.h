/* health.h: --health FILE.html: what goes on within networks while they are trained, as a page. */
#ifndef BNC_HEALTH_H
#define BNC_HEALTH_H
#include "picture.h"
#include "standalone/standalone.h"

enum { MOST_LINES = MAX_SERIES - 1 };

/* A tensor of weights. */
typedef struct WeightLook {
	int node, tensor;
	size_t count;
	double *before;         /* the values before the step that is looked at */
} WeightLook;

/* A network, and the curves of what is found. Steps go from left to right. */
typedef struct Patient {
	struct Health *health;
	const Network *network;
	const Module *module;
	Run *run;
	Trial trial;            /* the network with steps that leave their gradients */
	Probe probe;
	int64_t looked;         /* the last step that was looked at */
	bool waits;             /* for the update of that */
	double begun, seconds;  /* when the training began, and how long it took to look */
	WeightLook *weights;
	int weight_count;
	const Node **norms, **units;    /* nodes that normalise over the batch; and those whose units may be dead */
	int norm_count, unit_count;
	Picture *inner;         /* of each norm: before and after it */
	Picture dead, gradients, statistics;
} Patient;

typedef struct Health {
	Arena *arena;
	const Training *training;
	int64_t interval;       /* steps from look to look */
	Patient *patients;
	int count;
} Health;

/* Prepares to look at each run of the training. health_close in any case. */
bool health_open(Health *health, const Compilation *compilations, const Training *training, Failure *failure);
/* Writes what was found. */
bool health_write(Health *health, const char *path, Failure *failure);
void health_close(Health *health);

#endif
