/* history.h: restores the network as it was some steps ago. Training is deterministic, so an occasional copy is enough:
 * the steps after the copy are run again. */
#ifndef BNC_HISTORY_H
#define BNC_HISTORY_H
#include "batches.h"

/* The network before a step, and the state of the generator that draws its batches. */
typedef struct Moment {
	char *net;                      /* without the working memory */
	int64_t step;                   /* -1: none */
	int64_t epoch;
	int batch;
	Random before, random;          /* as in Order; and when the step began */
} Moment;

typedef struct History {
	Moment moments[2];              /* two, since the step after the last copy may be the one with the bad loss */
	int last;
	int64_t next_look, looked_at;   /* steps at which the clock is read; it is not read at every step */
	double looked, taken, cost;     /* seconds */
} History;

/* For a run whose weights are to be kept after a breakdown. False: there is not enough memory. */
bool history_open(History *history, const Run *run);
void history_close(History *history);

/* Copies the network if the last copy was long enough ago that copies take less than a hundredth of the time. */
void history_look(History *history, const Training *t, const Run *run, const Order *order, int64_t step, int64_t epoch,
	int batch);

static inline void history_step(History *history, const Training *t, const Run *run, const Order *order, int64_t step,
	int64_t epoch, int batch)
{
	if (step >= history->next_look)
		history_look(history, t, run, order, step, epoch, batch);
}

/* Restores the network before the last step, earlier than `end`, that began with finite weights. Returns the number of
 * steps that it has been trained for; -1 if no such step is known, and then the network is as it was before step `end`.
 * All losses before step `end` must be finite. */
int64_t history_return(const History *history, const Training *t, const Run *run, Order *order, int64_t end);

#endif
