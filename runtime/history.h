/* history.h: the way back to a network as it was some steps ago. Training is deterministic, so that it takes no more than a copy from
 * time to time: the steps after it are run again. */
#ifndef BNC_HISTORY_H
#define BNC_HISTORY_H
#include "batches.h"

/* A network before a step, and what its batches are drawn with. */
typedef struct Moment {
	char *net;                      /* without the working memory */
	int64_t step;                   /* -1: none */
	int64_t epoch;
	int batch;
	Random before;                  /* as in Order */
} Moment;

typedef struct History {
	Moment moments[2];              /* the loss of the last one's step may turn out not to be finite */
	int last;
	int64_t next_look, looked_at;   /* steps: the clock is not read at every one */
	double looked, taken, cost;     /* seconds */
} History;

/* Only a run of which something is to be kept has a history. */
/* False when there is not enough memory. */
bool history_open(History *history, const Run *run);
void history_close(History *history);

/* Copies the network if the last copy was long ago, so that copies take less than a hundredth of the time. */
void history_look(History *history, const Run *run, const Order *order, int64_t step, int64_t epoch, int batch);

static inline void history_step(History *history, const Run *run, const Order *order, int64_t step, int64_t epoch, int batch)
{
	if (step >= history->next_look)
		history_look(history, run, order, step, epoch, batch);
}

/* Takes the network back to the last step before `end` with a finite loss and finite weights, and returns how many steps it has been
 * trained for. Returns -1 when no such step is known: then the network is as it was before step `end`. No step before `end` had a loss
 * that is not finite. */
int64_t history_return(const History *history, const Training *t, const Run *run, Order *order, int64_t end);

#endif
