/* tensorboard.h: what becomes of trainings epoch by epoch, for TensorBoard: losses, accuracies and rates, and how the
 * weights and the statistics of each network are spread. */
#ifndef BNC_TENSORBOARD_H
#define BNC_TENSORBOARD_H
#include "files/events.h"

typedef struct Board Board;             /* of one network */

typedef struct TensorBoard {
	const Training *training;
	Board *boards;                  /* of each of its runs */
	int count;
	void *values;                   /* room for a tensor */
	Listener listener;
} TensorBoard;

/* folders: of each run. training_tell then takes the listener; the board must stay where it is. */
bool tensorboard_open(TensorBoard *board, const Training *training, const char *const *folders, Failure *failure);
/* False: something could not be written. */
bool tensorboard_close(TensorBoard *board, Failure *failure);

#endif
