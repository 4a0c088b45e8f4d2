/* gap.h: what the report says of BatchNorm in training and in evaluation, and --precise-bn. */
#ifndef BNC_GAP_H
#define BNC_GAP_H
#include "population.h"
#include "run.h"

/* Whether --precise-bn, if it is given, has something to do: it is for what the batches move. */
bool gap_check(const Session *session, Failure *failure);
/* steps: the most batches; 0: all. population_close in any case. False: there is no memory. */
bool gap_find(Population *population, const Module *module, const Training *training, const Run *run, const Host *host,
	int64_t steps, Failure *failure);
/* taken: the network has the population's statistics now. */
void gap_print(const Population *population, const char *name, bool taken);

#endif
