/* real.h: the type of the numbers of a network. The kernels are written for `real`, and compiled with REAL_BITS 32 for
 * float and with 64 for double; everything else sees float. --emit prints the type itself. */
#ifndef BNC_REAL_H
#define BNC_REAL_H

#ifndef REAL_BITS
#define REAL_BITS 32
#endif

#if REAL_BITS == 64
typedef double real;
#else
typedef float real;
#endif

#endif
