/* few.h: how many inputs or outputs are few. */
#ifndef BNC_FEW_H
#define BNC_FEW_H

enum { FEW = 4, MOMENTS = FEW + FEW * FEW };    /* a mean each, and a covariance of each two */

enum { NARROW_INPUTS = 256 };   /* at most so many for the narrow products; a multiple of all lanes */

/* The call with a number of 1 to FEW as the constant `name`, so that arrays of so many vectors stay in registers. */
#define FOR_FEW(name, number, call) \
	switch (number) { \
	case 1: { enum { name = 1 }; call; break; } \
	case 2: { enum { name = 2 }; call; break; } \
	case 3: { enum { name = 3 }; call; break; } \
	default: { enum { name = 4 }; call; break; } \
	}

#endif
