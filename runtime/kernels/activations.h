/* activations.h: functions of one value, and what their derivatives make of a gradient. */
#ifndef BNC_ACTIVATIONS_H
#define BNC_ACTIVATIONS_H
#include "functions.h"
#include "tables.h"

/* Before a loop of one. */
#define LIGHT_UNROLL UNROLL_4
#define HEAVY_UNROLL

/* x < 0 ? 0 : x, so that NaN and -0 stay what they are */
INLINE Vector relu_of(Vector x)
{
	return larger(splat(0.0f), x);
}

INLINE Vector relu_gradient(Vector dy, Vector y)
{
	return choose(y > 0.0f, dy, splat(0.0f));
}

INLINE Vector leaky_relu_of(Vector x, float slope)
{
	return choose(x > 0.0f, x, x * slope);
}

INLINE Vector leaky_relu_gradient(Vector dy, Vector x, float slope)
{
	return choose(x > 0.0f, dy, rounded(dy * slope));
}

INLINE Vector tanh_of(Vector x)
{
	return vector_tanh(x);
}

INLINE Vector tanh_gradient(Vector dy, Vector y)
{
	return rounded(dy * (1.0f - y * y));
}

INLINE Vector sigmoid_of(Vector x)
{
	return vector_sigmoid(x);
}

INLINE Vector sigmoid_gradient(Vector dy, Vector y)
{
	return rounded(dy * (1.0f - y) * y);
}

#endif
