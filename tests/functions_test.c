/* functions_test.c: the accuracy of the kernels' own exp, log, tanh and sigmoid over the whole range of floats. */
#define LANES 1
#include "kernels.h"
#include "kernels/functions.h"
#include "set_support.h"
#include <criterion/criterion.h>
#include <string.h>

/* One float in this many is tried; a prime, so that all exponents and low bits are met. */
enum { STRIDE = 1009, BLOCK = 64 };

static float float_from(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* In units of the last place of the exact result; a subnormal's is the smallest float. */
static double error_of(float got, double want)
{
	if (isnan(want) || isinf((float)want))
		return isnan(want) ? !isnan(got) : got != (float)want;
	int exponent;
	frexp(want, &exponent);
	return fabs(got - want) / ldexp(1, exponent < -125 ? -149 : exponent - 24);
}

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* Of the floats from bits on up to others. */
static void check_between(const char *name, float function(float), double exact(double), double limit, uint64_t first,
	uint64_t last, uint64_t stride)
{
	for (uint64_t bits = first; bits <= last; bits += stride) {
		const float x = float_from((uint32_t)bits);
		const double error = error_of(function(x), exact(x));
		cr_assert(error <= limit, "%s(%a) is %g ulp off", name, (double)x, error);
	}
}

static void check_scalar(const char *name, float function(float), double exact(double), double limit)
{
	check_between(name, function, exact, limit, 0, UINT32_MAX, STRIDE);
}

/* A kernel that maps values, on every set: with fused multiply-adds the bits differ. */
static void check_kernel(const char *name, size_t entry, double exact(double), double limit)
{
	FOR_EACH_USABLE_SET(set) {
		void (*kernel)(int rows, float *y, const float *x);
		memcpy(&kernel, (const char *)set->table + entry, sizeof kernel);
		float x[BLOCK], y[BLOCK];
		for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STRIDE * BLOCK) {
			for (int i = 0; i < BLOCK; i++)
				x[i] = float_from((uint32_t)(bits + (uint64_t)i * STRIDE));
			kernel(BLOCK / set->lanes, y, x);
			for (int i = 0; i < BLOCK; i++) {
				const double error = error_of(y[i], exact(x[i]));
				cr_assert(error <= limit, "%s, %s(%a) is %g ulp off", set->name, name, (double)x[i], error);
			}
		}
	}
}

Test(functions, exponential) { check_scalar("exp", vector_exp, exp, 1.01); }
Test(functions, logarithm) { check_scalar("log", vector_log, log, 0.84); }
Test(functions, logarithm_to_2)
{
	check_between("log", vector_log_to_2, log, 1.29, 0x3f800000, 0x40000000, 3);        /* 1 to 2 */
	cr_assert(isnan(vector_log_to_2(NAN)) && vector_log_to_2(1) == 0);
}

Test(functions, hyperbolic_tangent) { check_kernel("tanh", offsetof(KernelTable, tanh), tanh, 1.3); }
Test(functions, logistic) { check_kernel("sigmoid", offsetof(KernelTable, sigmoid), sigmoid, 2.31); }

Test(functions, keep_the_sign_of_zero)
{
	cr_assert(signbit(vector_tanh(-0.0f)) && vector_tanh(-0.0f) == 0);
	cr_assert(vector_exp(-0.0f) == 1 && vector_sigmoid(-0.0f) == 0.5f);
}
