/* emit.h: what emit.c prints for libtcc and for --emit alike. */
#ifndef EMIT_H
#define EMIT_H
#include "code.h"

typedef struct Emit {
	const Compilation *c;
	Code code;
	const char *prefix;     /* of the kernels' names */
	const char *members;    /* before a persistent tensor's name: "net->" */
	const char *work;       /* the floats that temporaries lie in */
	unsigned outside;       /* 1 << role: of what is a variable of its name, not a member */
	int rows;               /* of every call; 0: those of the variable */
} Emit;

const char *element_type(const Tensor *tensor);
/* Names for the places in `work`: of all the routine's temporaries, or of those that a parallel loop uses. */
void put_temporaries(Emit *e, const Routine *routine, const Loop *loop);
void put_loop(Emit *e, const Routine *routine, int number);

#endif
