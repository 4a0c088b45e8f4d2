/* combine.h: the rules by which combine.c replaces calls, and the patterns that they are read into. */
#ifndef COMBINE_H
#define COMBINE_H
#include "bnc.h"

enum { MAX_CALLS = 4, MAX_VARIABLES = 48 };

/* What the derivative of an activation is computed from: its result y, or its input x. FROM_ANY: it does not matter. */
typedef enum From { FROM_ANY, FROM_Y, FROM_X } From;

/* A rule replaces `calls` by the call `with`. Names in it are variables: a name stands for the same operand wherever it
 * occurs, and `0` for an absent one. A tensor that the calls write and that `with` does not mention must be a temporary
 * that nothing else touches; it vanishes.
 *
 *   hoisted       a call that is needed once, in a loop of its own before the others. The names of its results are new;
 *                 all rules that need the same call with the same operands share it.
 *   recomputed    a call in an earlier loop that wrote what the calls read. `with` reads its operands instead, and
 *                 computes its result again.
 *
 * A rule with {activation} or {optimizer} is read once for each kernel with that property. If an operand is itself a
 * kernel, {optimizer} is that kernel. {numbers} stands for the activation's parameters, {state w} for the operands of
 * all states of w, and {kept w} for those that this optimizer has. */
typedef struct Rule {
	const char *calls, *with, *hoisted, *recomputed;
	const char *few;                /* the variable that must be at most `most`, or null */
	int most;
	bool reassociates;              /* the combined call rounds differently */
	From from;                      /* the rule is only for activations of this kind */
} Rule;

extern const Rule combine_rules[];
extern const int combine_rule_count;

/* The activation and the optimizer for which a rule is read; null if it names none. */
typedef struct Fill { const Kernel *activation, *optimizer; From from; } Fill;

/* A call of a rule: its kernel, and the variable that stands for each operand. */
typedef struct Call { const Kernel *kernel; int variables[MAX_OPERANDS]; } Call;

typedef struct Pattern {
	const Rule *rule;
	Call calls[MAX_CALLS], with, hoisted, recomputed;
	int call_count, variable_count;
	int given;                      /* the number of variables that occur in other calls than `with` */
	const Kernel *optimizer;        /* the optimizer that the rule is read for */
	int optimizer_variable;         /* the variable that stands for this kernel as an operand; 0: none */
	const char *names[MAX_VARIABLES];
} Pattern;

/* Reads a rule for one activation and optimizer. Null: there is no kernel of the name that `with` has then. */
const Pattern *read_rule(Arena *arena, const Kernels *kernels, const Rule *rule, const Fill *fill);

#endif
