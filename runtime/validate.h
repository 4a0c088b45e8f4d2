/* validate.h: how networks do on rows that they are not trained on, after each epoch. */
#ifndef BNC_VALIDATE_H
#define BNC_VALIDATE_H
#include "runtime.h"

typedef struct Validation {
	void *outputs;                  /* for all rows; null: there is no validation */
	void **best;                    /* with patience: each network as it was after its best epoch */
} Validation;

bool validation_open(Validation *validation, const Training *training, Failure *failure);
void validation_close(Validation *validation, const Training *training);
/* Sets the loss and accuracy of each run after an epoch, and keeps those networks that are better than before. False:
 * there is no memory for the loss. */
bool validate(Validation *validation, Training *training, int epoch, Failure *failure);
/* Whether no network has become better for as many epochs as --patience says. */
bool patience_is_over(const Training *training, int epoch);
/* Makes each network what it was after its best epoch. */
void take_best(const Validation *validation, const Training *training);

#endif
