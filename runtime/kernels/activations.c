/* activations.c: activations and their derivatives, and the sum of two activations, over a panel. */
#include "activations.h"

static void KERNEL_FN(add)(int rows, float *y, const float *a, const float *b)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, load(a + i) + load(b + i));
}

INLINE void values(Value *value, const int weight, Numbers numbers, int rows, float *y, const float *x)
{
	const ptrdiff_t size = (ptrdiff_t)rows * LANES;
	if (weight == HEAVY) {
		for (ptrdiff_t i = 0; i < size; i += LANES)
			store(y + i, value(load(x + i), numbers));
		return;
	}
	UNROLL_4
	for (ptrdiff_t i = 0; i < size; i += LANES)
		store(y + i, value(load(x + i), numbers));
}

/* A derivative that is computed from y calls no function such as exp, so its loop is always unrolled. */
INLINE void slopes(Slope *slope, const int weight, Numbers numbers, int rows, float *dx, const float *dy,
	const float *from)
{
	const ptrdiff_t size = (ptrdiff_t)rows * LANES;
	if (weight == HEAVY) {
		for (ptrdiff_t i = 0; i < size; i += LANES)
			store(dx + i, slope(load(dy + i), load(from + i), numbers));
		return;
	}
	UNROLL_4
	for (ptrdiff_t i = 0; i < size; i += LANES)
		store(dx + i, slope(load(dy + i), load(from + i), numbers));
}

#define WEIGHT_OF_OUTPUT(weight) LIGHT
#define WEIGHT_OF_INPUT(weight) weight
#define ACTIVATION(name, FROM, NUMBERS, WEIGHT) \
	static void KERNEL_FN(name)(int rows, NUMBERS##_PARAMETERS float *y, const float *x) \
	{ \
		values(&name##_value, WEIGHT, NUMBERS##_NUMBERS, rows, y, x); \
	} \
	\
	static void KERNEL_FN(name##_bwd)(int rows, NUMBERS##_PARAMETERS float *dx, const float *dy, \
		const float *FROM##_NAME) \
	{ \
		slopes(&name##_slope, WEIGHT_OF_##FROM(WEIGHT), NUMBERS##_NUMBERS, rows, dx, dy, FROM##_NAME); \
	}
ACTIVATIONS(ACTIVATION)
#undef ACTIVATION
