/* functions.h: exp, log, tanh, sigmoid and others of vectors. They do not use libc, so that the bits depend on neither
 * libc nor the number of lanes. The errors stated are the largest found in a comparison with double for one in 61 of
 * all floats; tests/functions_test.c checks them. */
#ifndef BNC_FUNCTIONS_H
#define BNC_FUNCTIONS_H
#include "functions_f64.h"
#include "simd.h"

#if REAL_BITS == 32
/* exp(x) = 2^n exp(r), |r| <= ln(2) / 2. The polynomial and the split of ln(2) are from Cephes, expf.c. Returns exp(r);
 * the low bits of *sum are n. */
INLINE Vector exp_of_rest(Vector x, Vector *sum)
{
	const real shift = 0x1.8p23f;  /* adding it leaves the integer nearest in the low bits */
	const Vector shifted = x * 0x1.715476p+0f + shift;
	const Vector n = shifted - shift;
	const Vector r = x - n * 0.693359375f - n * -2.12194440e-4f;
	Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	*sum = shifted;
	return p * (r * r) + r + 1.0f;
}

/* The result is multiplied by 2^n in two steps, so that it overflows to infinity and underflows gradually. Error: at
 * most 1.01 ulp. NaN stays NaN. */
INLINE Vector vector_exp(Vector x)
{
	Vector shifted;
	x = choose(x > 89.0f, splat(89.0f), x);
	x = choose(x < -104.0f, splat(-104.0f), x);
	const Vector p = exp_of_rest(x, &shifted);
	const Bits exponent = bits_of(shifted) - 0x4b400000u;
	const Bits half = ((exponent + 256u) >> 1) - 1u;  /* both exponents include the bias, 127 */
	const Bits rest = exponent - half + 254u;
	return p * float_of(half << 23) * float_of(rest << 23);
}

/* log(x) = k ln(2) + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2). Method and coefficients are from FreeBSD, e_logf.c.
 * Error: at most 0.84 ulp. log(0) is -infinity, log(x < 0) is NaN. */
INLINE Vector vector_log(Vector x)
{
	const Mask ordinary = (x > 0.0f) & (x < INFINITY);
	const Vector special = choose(x == 0.0f, splat(-INFINITY), choose(x > 0.0f, x, splat(NAN)));
	const Mask subnormal = x < 0x1p-126f;
	const Vector scaled = choose(subnormal, x * 0x1p23f, x);
	const Bits bits = bits_of(scaled) + (0x3f800000u - 0x3f3504f3u);
	const Vector k = float_of((bits >> 23) + 0x4b000000u) - choose(subnormal, splat(0x1p23f + 150.0f),
		splat(0x1p23f + 127.0f));
	const Vector f = float_of((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
	const Vector s = f / (f + 2.0f);
	const Vector z = s * s;
	const Vector w = z * z;
	const Vector r = w * (w * 0xf89e26.0p-26f + 0xccce13.0p-25f) + z * (w * 0x91e9ee.0p-25f + 0xaaaaaa.0p-24f);
	const Vector h = f * f * 0.5f;
	const Vector log = s * (h + r) + k * 9.0580006145e-06f - h + f + k * 6.9313812256e-01f;
	return choose(ordinary, log, special);
}

/* log(x) for 1 <= x <= 2: like vector_log with k = 0, but with the series of atanh instead of its coefficients, since s
 * grows to 1/3. Error: at most 1.29 ulp. NaN stays NaN. */
INLINE Vector vector_log_to_2(Vector x)
{
	const Vector f = x - 1.0f;
	const Vector s = f / (f + 2.0f);
	const Vector z = s * s;
	const Vector w = z * z;
	const Vector r = w * (w * (w * (2.0f / 13) + 2.0f / 9) + 2.0f / 5) + z
		* (w * (w * (w * (2.0f / 15) + 2.0f / 11) + 2.0f / 7) + 2.0f / 3);
	const Vector h = f * f * 0.5f;
	return s * (h + r) - h + f;
}

/* tanh(x) = 1 - 2 / (exp(2x) + 1) for |x| >= 0.625, and an odd polynomial (Cephes, tanhf.c) for smaller ones. From x =
 * 20 on it is 1, so that 2^n needs no second step. Error: at most 1.3 ulp. */
INLINE Vector vector_tanh(Vector x)
{
	Vector shifted;
	const Bits sign = bits_of(x) & 0x80000000u;
	const Vector a = float_of(bits_of(x) ^ sign);
	const Vector rest = exp_of_rest(choose(a > 20.0f, splat(40.0f), a + a), &shifted);
	const Vector e = rest * float_of((bits_of(shifted) << 23) + 0x3f800000u);
	const Vector large = 1.0f - 2.0f / (e + 1.0f);
	const Vector z = a * a;
	Vector p = z * -5.70498872745e-3f + 2.06390887954e-2f;
	p = p * z - 5.37397155531e-2f;
	p = p * z + 1.33314422036e-1f;
	p = p * z - 3.33332819422e-1f;
	const Vector small = p * z * a + a;
	return float_of(bits_of(choose(a < 0.625f, small, large)) | sign);
}

/* exp(x) - 1 for x <= 0, by a polynomial near 0. For x > 0 it is as inexact as the difference of floats exp(x) - 1. */
INLINE Vector vector_expm1(Vector x)
{
	Vector p = x * (1.0f / 40320) + (1.0f / 5040);
	p = p * x + (1.0f / 720);
	p = p * x + (1.0f / 120);
	p = p * x + (1.0f / 24);
	p = p * x + (1.0f / 6);
	p = p * x + 0.5f;
	return choose(x > -0.5f, x * (p * x + 1.0f), vector_exp(x) - 1.0f);
}

/* The probability that a standard normal variable is at most x. For x < 0 it is exp(-x^2 / 2) times a polynomial in t =
 * 1 / (1 + 0.35 |x|), which was fitted with a relative error of 4e-8 for |x| < 13. Error: at most 2e-7. */
INLINE Vector vector_normal_cdf(Vector x)
{
	const Vector a = float_of(bits_of(x) & 0x7fffffffu);
	const Vector t = 1.0f / (a * 0.35f + 1.0f);
	Vector p = t * -0.0295609962f + 0.145932764f;
	p = p * t - 0.259629101f;
	p = p * t + 0.163470015f;
	p = p * t - 0.0259316526f;
	p = p * t + 0.106638953f;
	p = p * t + 0.119564049f;
	p = p * t + 0.139896363f;
	p = p * t + 0.139619574f;
	const Vector below = p * t * vector_exp(a * a * -0.5f);
	return choose(x < 0.0f, below, 1.0f - below);
}

/* log(1 + e) for 0 <= e <= 1. The sum loses the digits of a small e, so the first terms of the series are used
 * there. */
INLINE Vector vector_log1p(Vector e)
{
	const Vector small = e - e * e * (0.5f - e * (1.0f / 3));
	return choose(e < 0x1p-7f, small, vector_log_to_2(e + 1.0f));
}
#endif

/* sigmoid(x) = e / (1 + e) for x <= 0 and 1 / (1 + e) for x > 0, with e = exp(-|x|): this never overflows, and is
 * accurate where the result is small. Error: at most 2.31 ulp. */
INLINE Vector vector_sigmoid(Vector x)
{
	const Vector e = vector_exp(choose(x > 0.0f, -x, x));
	return choose(x > 0.0f, splat(1.0f), e) / (e + 1.0f);
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)) */
INLINE Vector vector_softplus(Vector x)
{
	const Vector e = vector_exp(choose(x > 0.0f, -x, x));
	return choose(x > 0.0f, x, splat(0.0f)) + vector_log1p(e);
}

#endif
