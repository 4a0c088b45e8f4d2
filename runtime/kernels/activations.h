/* activations.h: activations, and what their derivatives do to a gradient. Loops get these functions as constant
 * arguments, so that a compiler inlines them. */
#ifndef BNC_ACTIVATIONS_H
#define BNC_ACTIVATIONS_H
#include "functions.h"
#include "tables.h"

/* The parameters of an activation, see its row in tables.h; 0 where it has none. */
typedef struct Numbers { real a, b; } Numbers;

typedef Vector Value(Vector x, Numbers numbers);
/* dx from dy and, as the activation's row says, y or x */
typedef Vector Slope(Vector dy, Vector from, Numbers numbers);

/* 1 / sqrt(2 pi); sqrt(2 / pi) and 0.044715 times that */
#if REAL_BITS == 64
#define DENSITY_AT_0 0.39894228040143268
#define GELU_LINEAR 0.79788456080286536
#define GELU_CUBIC 0.035677408136300125
#else
#define DENSITY_AT_0 0.3989422804f
#define GELU_LINEAR 0.7978845608f
#define GELU_CUBIC 0.0356774081f
#endif

enum { LIGHT, HEAVY };  /* weight */
enum { OUTPUT, INPUT };  /* from */

INLINE Numbers numbers_of(real a, real b)
{
	Numbers numbers;
	numbers.a = a;
	numbers.b = b;
	return numbers;
}
#define NONE_NUMBERS numbers_of(0.0f, 0.0f)
#define ONE_NUMBERS numbers_of(a, 0.0f)
#define TWO_NUMBERS numbers_of(a, b)

/* For loops without an activation. */
INLINE Vector identity_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return x;
}

INLINE Vector identity_slope(Vector dy, Vector y, Numbers numbers)
{
	(void)y, (void)numbers;
	return dy;
}

/* x < 0 ? 0 : x, so that NaN and -0 stay unchanged */
INLINE Vector relu_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return larger(splat(0.0f), x);
}

INLINE Vector relu_slope(Vector dy, Vector y, Numbers numbers)
{
	(void)numbers;
	return choose(y > 0.0f, dy, splat(0.0f));
}

/* x < 0 ? 0 : x > 6 ? 6 : x, so that NaN and -0 stay unchanged. With -ffast-math, clang would clamp NaN if larger()
 * were used here. */
INLINE Vector relu6_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return choose(x < 0.0f, splat(0.0f), choose(x > 6.0f, splat(6.0f), x));
}

INLINE Vector relu6_slope(Vector dy, Vector y, Numbers numbers)
{
	(void)numbers;
	return choose((y > 0.0f) & (y < 6.0f), dy, splat(0.0f));
}

/* a is the slope for x < 0 */
INLINE Vector leaky_relu_value(Vector x, Numbers numbers)
{
	return choose(x > 0.0f, x, x * numbers.a);
}

INLINE Vector leaky_relu_slope(Vector dy, Vector x, Numbers numbers)
{
	return choose(x > 0.0f, dy, rounded(dy * numbers.a));
}

INLINE Vector tanh_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return vector_tanh(x);
}

INLINE Vector tanh_slope(Vector dy, Vector y, Numbers numbers)
{
	(void)numbers;
	return rounded(dy * (1.0f - y * y));
}

INLINE Vector sigmoid_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return vector_sigmoid(x);
}

INLINE Vector sigmoid_slope(Vector dy, Vector y, Numbers numbers)
{
	(void)numbers;
	return rounded(dy * (1.0f - y) * y);
}

/* a (exp(x) - 1) for x < 0; a is torch's alpha */
INLINE Vector elu_value(Vector x, Numbers numbers)
{
	return choose(x > 0.0f, x, vector_expm1(x) * numbers.a);
}

INLINE Vector elu_slope(Vector dy, Vector x, Numbers numbers)
{
	return choose(x > 0.0f, dy, rounded(dy * (vector_exp(x) * numbers.a)));
}

/* x times the probability that a standard normal variable is at most x */
INLINE Vector gelu_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return x * vector_normal_cdf(x);
}

INLINE Vector gelu_slope(Vector dy, Vector x, Numbers numbers)
{
	(void)numbers;
	const Vector density = vector_exp(x * x * -0.5f) * DENSITY_AT_0;
	return rounded(dy * (vector_normal_cdf(x) + x * density));
}

/* x / 2 (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3): torch's approximate='tanh'. It equals x sigmoid(2 u). */
INLINE Vector gelu_tanh_inner(Vector x)
{
	return x * (x * x * (2.0f * GELU_CUBIC) + 2.0f * GELU_LINEAR);
}

INLINE Vector gelu_tanh_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return x * vector_sigmoid(gelu_tanh_inner(x));
}

INLINE Vector gelu_tanh_slope(Vector dy, Vector x, Numbers numbers)
{
	(void)numbers;
	const Vector s = vector_sigmoid(gelu_tanh_inner(x));
	const Vector rise = x * x * (6.0f * GELU_CUBIC) + 2.0f * GELU_LINEAR;
	return rounded(dy * (s + x * (s * (1.0f - s)) * rise));
}

/* x sigmoid(x) */
INLINE Vector silu_value(Vector x, Numbers numbers)
{
	(void)numbers;
	return x * vector_sigmoid(x);
}

INLINE Vector silu_slope(Vector dy, Vector x, Numbers numbers)
{
	(void)numbers;
	const Vector s = vector_sigmoid(x);
	return rounded(dy * (s + x * (s * (1.0f - s))));
}

/* log(1 + exp(a x)) / a, and x if a x > b: a is torch's beta, b its threshold. */
INLINE Vector softplus_value(Vector x, Numbers numbers)
{
	const Vector scaled = x * numbers.a;
	return choose(scaled > numbers.b, x, vector_softplus(scaled) * (1.0f / numbers.a));
}

INLINE Vector softplus_slope(Vector dy, Vector x, Numbers numbers)
{
	const Vector scaled = x * numbers.a;
	return choose(scaled > numbers.b, dy, rounded(dy * vector_sigmoid(scaled)));
}

#endif
