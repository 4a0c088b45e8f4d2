/* emit.h: what emit.c writes, for libtcc and for --emit. */
#ifndef EMIT_H
#define EMIT_H
#include "base/code.h"

typedef struct Emit {
	const Module *module;
	Code code;
	const char *prefix;     /* before each kernel's name */
	/* before the name of a persistent tensor: "net->"; null: it is found by its offset from `net` */
	const char *members;
	const char *work;       /* the name of the working memory */
	unsigned outside;       /* the roles whose tensors are variables of their own, not members: bits 1 << role */
	int *named;             /* by tensor id: the last function that declared a variable for its place */
	int function;
	bool second;            /* the calls are for panel p + 1; in scratch memory it follows panel p */
	int mark;               /* the number that the profile has of the routine's first loop */
	int rows;               /* the number of rows in every call; 0: the variable rows */
	const Map *lists;       /* by name: those that are defined */
} Emit;

/* Sets called[i] for each of the module's kernels that the routine calls. */
void mark_called(const Module *m, const Routine *routine, bool *called);
/* Defines the constants that the routine's calls read: the numbers of list arguments. */
void put_lists(Emit *e, const Routine *routine);
const char *element_type(const Module *m, const Tensor *tensor);
/* Declares variables for the places of temporaries, and of other tensors if there is no struct: those that one parallel
 * loop uses, or, if loop is null, those that all other loops use. */
void put_places(Emit *e, const Routine *routine, const Loop *loop);
void put_loop(Emit *e, const Routine *routine, int number);
/* Calls the update if enough batches wait for it. batches, call: the counter and the call, as C. */
void put_update_call(Emit *e, const char *batches, const char *call);

#endif
