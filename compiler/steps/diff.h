/* diff.h: shared by diff.c and bind.c. */
#ifndef DIFF_H
#define DIFF_H
#include "bnc.h"

typedef struct Diff {
	Module *module;
	Arena *arena;
	Routine *routine;
	const Node *node;               /* the node whose calls are being bound */
	Tensor **values, **gradients;   /* by value_index: the value's tensor, and its gradient's */
	Tensor *(*locals)[MAX_LOCALS], *(*owned_gradients)[MAX_TENSORS];        /* by a node's index */
	Tensor *dx[MAX_INPUTS];         /* what the calls add to the gradients of the node's inputs */
	Tensor *w, *dw, *dw_sum;        /* in an optimizer's calls: the parameter, its gradient, the sum of those, and */
	Tensor *states[MAX_TENSORS];    /* the states that the optimizer keeps for it */
	Tensor *all_w, *all_dw;         /* if all parameters are updated at once: the blocks of them and of their */
	Tensor **kept;                  /* gradients, and by a parameter's id its part of those; else null */
	Tensor *numbers;                /* the numbers that the optimizer prepares once a step */
	int contributions;              /* the number of additions to gradients so far, for the names of their tensors */
} Diff;

/* ---- bind.c */

Tensor *new_tensor(Diff *d, Role role, Layout layout, const char *name);
/* A new tensor with the features of value, in any layout. */
Tensor *tensor_over(Diff *d, Role role, Layout layout, const Value *value, const char *name);
/* A new tensor with the layout and the size of model. */
Tensor *tensor_like(Diff *d, Role role, const Tensor *model, const char *name);
/* Cuts a block into parts of this role, one for each part of the block of parameters, in its order. */
void cut_block(Diff *d, Tensor *block, Role role, const char *name);
/* A new tensor that has all values of a sample as features. */
Tensor *flat_tensor(Diff *d, Role role, const Value *value, const char *name);
/* A new temporary for what one reader adds to the gradient of value. */
Tensor *gradient_of(Diff *d, const Value *value);
Operand at(Tensor *tensor);             /* absent when null */
/* Appends a step to the routine. The caller sets its operands, then calls find_features. */
Step *new_step(Diff *d, const Kernel *kernel);
/* Sets step->features: those that its own-panel operands have in common. */
void find_features(Step *step);
/* Appends the steps that the text of a layer's rule says, for the node. */
void bind_calls(Diff *d, const Node *node, const char *text);

#endif
