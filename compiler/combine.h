/* combine.h: what combine.c does, in words: the rules, read for an activation and an optimizer. */
#ifndef COMBINE_H
#define COMBINE_H
#include "bnc.h"

enum { MAX_CALLS = 4, MAX_VARIABLES = 48 };

/* What an activation's backward is made of: its result y, or its input x; or that does not matter. */
typedef enum From { FROM_ANY, FROM_Y, FROM_X } From;

/* Names in `calls` are variables: each stands for the same operand wherever it appears, `0` for an absent one. One that
 * is written, and that `with` does not mention, must be a temporary that nothing else touches; it vanishes. `made` is a call in
 * whatever loop before that wrote what the calls read; `with` makes it again. `first` is a call to make once, in a loop of its own
 * before; it gives new names to what it writes, and is shared by all rules that want the same of the same operands.
 *
 * A rule that says {activation} or {optimizer} is one for each kernel that has this property; where an operand is a kernel, {optimizer} is that one.
 * {numbers} are the activation's own numbers, {state w} the operands for all states of w, {kept w} those for as many as the optimizer has. */
typedef struct Rule {
	const char *calls, *with, *first, *made;
	const char *few;                /* the variable that is at most `most`, if one must be */
	int most;
	bool reassociates;              /* same values, other rounding */
	From from;                      /* for activations of this kind only */
} Rule;

extern const Rule combine_rules[];
extern const int combine_rule_count;

/* The kernels that a rule is read for; null where it names none. */
typedef struct Fill { const Kernel *activation, *optimizer; From from; } Fill;

/* A rule's call, read once: its kernel and which variable each operand is. */
typedef struct Call { const Kernel *kernel; int variables[MAX_OPERANDS]; } Call;

typedef struct Pattern {
	const Rule *rule;
	Call calls[MAX_CALLS], with, first, made;
	int call_count, variable_count;
	int given;                      /* variables that the other calls bind */
	const Kernel *optimizer;        /* that the rule is read for */
	int optimizer_variable;         /* that stands for this kernel itself; 0: none */
	const char *names[MAX_VARIABLES];
} Pattern;

/* Null: no kernel does what the rule wants of these. */
const Pattern *read_rule(Arena *arena, const Kernels *kernels, const Rule *rule, const Fill *fill);

#endif
