/* descent.h: what sgd makes of a gradient, for the kernels that make the gradient themselves. */
#ifndef BNC_DESCENT_H
#define BNC_DESCENT_H
#include "simd.h"

typedef struct Descent { float lr, weight_decay; } Descent;

INLINE Vector descend(Vector w, Vector gradient, const Descent *descent)
{
	return w - (gradient + w * descent->weight_decay) * descent->lr;
}

#endif
