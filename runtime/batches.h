/* batches.h: the order of the rows in each epoch, and one step on a batch of them. */
#ifndef BNC_BATCHES_H
#define BNC_BATCHES_H
#include "runtime.h"

/* The generator's order of one epoch. The samplers of SAMPLERS epochs are drawn together. */
typedef struct Order {
	int *rows;
	int64_t epochs;                 /* in all */
	uint32_t *reciprocals;
	uint32_t samplers[SAMPLERS][STATE_WORDS];
	Random before;                  /* the generator before it drew the samplers */
} Order;

static inline int batches_of(const Training *t)
{
	return (t->data->rows + t->batch - 1) / t->batch;
}

bool order_open(Order *order, const Training *t, int64_t epochs, Failure *failure);
void order_close(Order *order);
/* The order of the next epoch. */
void order_draw(Order *order, const Training *t, int64_t epoch);
/* The order of any epoch of those whose samplers were drawn after `before`; the next epoch may be drawn after it. */
void order_draw_again(Order *order, const Training *t, int64_t epoch, const Random *before);

/* How many rows the batch has. */
int batch_rows(const Training *t, int batch);
/* Puts the rows of a batch where the program reads them. */
void batch_load(const Training *t, const Run *run, const int *rows, int count);
/* Trains on one batch of the order. */
void batch_train(const Training *t, const Run *run, const Order *order, int batch, const Host *host);

#endif
