/* activations.c: activations and their derivatives, and the sum of two activations, over a panel. */
#include "activations.h"

static void KERNEL_FN(add)(int rows, real *y, const real *a, const real *b)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, load(a + i) + load(b + i));
}

INLINE void values(Value *value, const int weight, Numbers numbers, int rows, real *y, const real *x)
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
INLINE void slopes(Slope *slope, const int weight, Numbers numbers, int rows, real *dx, const real *dy,
	const real *from)
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
	static void KERNEL_FN(name)(int rows, NUMBERS##_PARAMETERS real *y, const real *x) \
	{ \
		values(&name##_value, WEIGHT, NUMBERS##_NUMBERS, rows, y, x); \
	} \
	\
	static void KERNEL_FN(name##_bwd)(int rows, NUMBERS##_PARAMETERS real *dx, const real *dy, \
		const real *FROM##_NAME) \
	{ \
		slopes(&name##_slope, WEIGHT_OF_##FROM(WEIGHT), NUMBERS##_NUMBERS, rows, dx, dy, FROM##_NAME); \
	}
ACTIVATIONS(ACTIVATION)
#undef ACTIVATION
