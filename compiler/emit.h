/* emit.h: what emit.c prints for libtcc and for --emit alike. */
#ifndef EMIT_H
#define EMIT_H
#include "code.h"

typedef struct Emit {
	const Compilation *c;
	Code code;
	const char *prefix;     /* of the kernels' names */
	const char *members;    /* before a persistent tensor's name: "net->"; null: each is a pointer, by its offset from `net` */
	const char *work;       /* the floats that temporaries lie in */
	unsigned outside;       /* 1 << role: of what is a variable of its name, not a member */
	int *named;             /* by tensor id: the function that has a name for its place */
	int function;
	bool second;            /* the calls are for panel p + 1, whose scratch lies behind that of panel p */
	int rows;               /* of every call; 0: those of the variable */
} Emit;

/* Sets called[i] for what the routine calls of the compilation's kernels. */
void mark_called(const Compilation *c, const Routine *routine, bool *called);
const char *element_type(const Tensor *tensor);
/* Names for the places of temporaries, and of all else where there is no struct: of what the routine's loops use that are
 * not parallel, or of what one parallel loop uses. */
void put_places(Emit *e, const Routine *routine, const Loop *loop);
void put_loop(Emit *e, const Routine *routine, int number);

#endif
