/* diff.h: what diff.c and bind.c share. */
#ifndef DIFF_H
#define DIFF_H
#include "bnc.h"

typedef struct Diff {
	Compilation *c;
	Arena *arena;
	Routine *routine;
	Node *node;                     /* whose calls are being bound */
	Tensor *dx[MAX_INPUTS];         /* what they contribute to the gradients of its inputs */
	Tensor *w, *dw;                 /* in an optimizer's calls: the parameter, its gradient and */
	Tensor *states[MAX_TENSORS];    /* the optimizer's tensors for it */
	Tensor *numbers;                /* what the optimizer prepared */
	int contributions;              /* to gradients that had one already: numbers their names */
} Diff;

/* ---- bind.c */

Tensor *new_tensor(Diff *d, Role role, Layout layout, const char *name);
/* A tensor over the features of value, whatever its layout. */
Tensor *tensor_over(Diff *d, Role role, Layout layout, const Value *value, const char *name);
/* A new temporary for what one reader adds to the gradient of value. */
Tensor *gradient_of(Diff *d, Value *value);
Operand at(Tensor *tensor);             /* absent when null */
/* A step at the end of the routine, its operands to be filled in; then find_features. */
Step *new_step(Diff *d, const Kernel *kernel);
/* Own-panel operands run along one set of panels: finds which. */
void find_features(Step *step);
/* Appends the steps of a rule's text for the node. */
void bind_calls(Diff *d, Node *node, const char *text);

#endif
