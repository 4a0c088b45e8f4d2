/* activations.c: activations and their derivatives over a panel; and sums of two activations. */
#include "activations.h"

static void KERNEL_FN(add)(int rows, float *y, const float *a, const float *b)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, load(a + i) + load(b + i));
}

#define ACTIVATION(with, activation, FROM, NUMBERS, WEIGHT) \
	static void KERNEL_FN(activation)(int rows, NUMBERS##_PARAMETERS float *y, const float *x) \
	{ \
		WEIGHT##_UNROLL \
		for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) \
			store(y + i, activation##_of(load(x + i) NUMBERS##_PASSED)); \
	} \
	\
	static void KERNEL_FN(activation##_bwd)(int rows, NUMBERS##_PARAMETERS float *dx, const float *dy, const float *FROM##_NAME) \
	{ \
		UNROLL_4 \
		for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) \
			store(dx + i, activation##_gradient(load(dy + i), load(FROM##_NAME + i) NUMBERS##_PASSED)); \
	}
ACTIVATIONS(ACTIVATION, )
#undef ACTIVATION
