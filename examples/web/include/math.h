/* What the network needs of <math.h>: WebAssembly has a square root, and no libc. */
#ifndef MATH_H
#define MATH_H

#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define sqrtf(x) __builtin_sqrtf(x)

#endif
