/* checkpoint.h: a training in a file, from which it can go on as if nothing had happened. */
#ifndef BNC_CHECKPOINT_H
#define BNC_CHECKPOINT_H
#include "batches.h"
#include "validate.h"

/* What a network has done of an epoch. */
typedef struct Turn {
	double sum, right, seconds;     /* of losses and of right answers; the time that it took */
	int seen, batch;                /* rows; the next batch */
	int first;                      /* the first batch that this process runs */
} Turn;

/* Where a training is: between two steps. */
typedef struct Position {
	int epoch;                      /* the one that has begun, or will next */
	bool drawn;                     /* the order of its batches is drawn */
	Turn *turns;                    /* of each network, in this epoch */
	Order *order;
	Validation *validation;
} Position;

/* After a step of the first network, or of any: writes the file if it is time. */
void checkpoint_look(Training *training, const Position *position, int network, int64_t steps);

static inline void checkpoint_step(Training *training, const Position *position, int network, int64_t steps)
{
	Checkpoint *checkpoint = training->checkpoint;
	if (checkpoint && checkpoint->path && ++checkpoint->ticks >= checkpoint->next_look)
		checkpoint_look(training, position, network, steps);
}

/* Writes the file now, if there is one to write. What goes wrong is told once, and kept in the checkpoint. */
void checkpoint_write(Training *training, const Position *position);

/* Sets networks, generator and position as the file has them, which must have been checked; does nothing if there is
 * none. */
void checkpoint_restore(Training *training, Position *position);

#endif
