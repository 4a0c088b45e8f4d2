/* batches.h: the order of the rows in each epoch, and one step on a batch of them. */
#ifndef BNC_BATCHES_H
#define BNC_BATCHES_H
#include "runtime.h"

/* The images of one batch, if they are changed before training: all networks train on the same ones. */
typedef struct Augmented {
	void *x;                        /* [rows][features]; null: images are trained on as they are */
	int64_t step;                   /* that they are for; -1: none */
	Random before;                  /* the state of the generator before it drew what was done to them */
} Augmented;

/* The random order of one epoch. The samplers of SAMPLERS epochs are drawn together, unless a network draws random
 * numbers in between. */
typedef struct Order {
	int *rows;
	int64_t epochs;                 /* the number of all epochs */
	uint32_t *reciprocals;
	uint32_t samplers[SAMPLERS][STATE_WORDS];
	Random before;                  /* the state of the generator before it drew the samplers */
	Augmented augmented;
} Order;

static inline int batches_of(const Training *t)
{
	return (t->data->rows + t->batch - 1) / t->batch;
}

/* The number of steps of the whole training. */
static inline int64_t steps_of(const Training *t)
{
	return t->steps ? t->steps : (int64_t)t->epochs * batches_of(t);
}

static inline int64_t epochs_of(const Training *t)
{
	return (steps_of(t) + batches_of(t) - 1) / batches_of(t);
}

/* Whether each batch draws random numbers: for its images, or a network for itself. */
static inline bool any_draws(const Training *t)
{
	if (t->augments.count)
		return true;
	for (int i = 0; i < t->run_count; i++)
		if (t->runs[i].program->draws)
			return true;
	return false;
}

bool order_open(Order *order, const Training *t, int64_t epochs, Failure *failure);
void order_close(Order *order);
/* Draws the order of the next epoch. */
void order_draw(Order *order, const Training *t, int64_t epoch);
/* Draws again the order of an epoch whose sampler was drawn after `before`; the next epoch can still be drawn
 * afterwards. */
void order_draw_again(Order *order, const Training *t, int64_t epoch, const Random *before);

/* Draws the order of the epoch in which a training goes on, with `before` and the training's generator as they were;
 * drawn: that of this epoch was drawn by then. */
void order_draw_on(Order *order, const Training *t, int64_t epoch, bool drawn);

/* The number of rows in the batch. */
int batch_rows(const Training *t, int batch);
/* Copies the rows of a batch to where the program reads them. x: what has become of their samples; null: they are as
 * the data have them. */
void batch_load(const Training *t, const Run *run, const void *x, const int *rows, int count);
/* The learning rate of a batch; it follows from these alone, so that steps can be repeated. */
double batch_rate(const Training *t, const Run *run, int64_t epoch, int batch);
/* Trains on one batch of the order. After the last batch of an epoch, and of the training, there is an update, even if
 * it is for fewer batches than others. */
void batch_train(const Training *t, const Run *run, Order *order, int64_t epoch, int batch, double lr,
	const Host *host);

/* Changes the images of a batch again as they were, for the networks that are not trained on it yet; the generator
 * stays as it is. */
void batch_augment_again(const Training *t, Order *order, int64_t epoch, int batch);

#endif
