/* functions_f64.h: the functions of functions.h for double. The errors stated are the largest found by
 * tests/functions_test.c. */
#ifndef BNC_FUNCTIONS_F64_H
#define BNC_FUNCTIONS_F64_H
#include "simd.h"
#if REAL_BITS == 64

/* exp(x) = 2^n exp(r), |r| <= ln(2) / 2, with the series up to r^13 and the split of ln(2) of FreeBSD's e_exp.c. The
 * result is multiplied by 2^n in two steps, so that it overflows to infinity and underflows gradually. NaN stays
 * NaN. */
INLINE Vector vector_exp(Vector x)
{
	const real shift = 0x1.8p52;    /* adding it leaves the integer nearest in the low bits */
	x = choose(x > 710.0, splat(710.0), x);
	x = choose(x < -746.0, splat(-746.0), x);
	const Vector shifted = x * 0x1.71547652b82fep+0 + shift;
	const Vector n = shifted - shift;
	const Vector r = x - n * 6.93147180369123816490e-01 - n * 1.90821492927058770002e-10;
	Vector p = r * 1.6059043836821613e-10 + 2.08767569878681e-09;
	p = p * r + 2.505210838544172e-08;
	p = p * r + 2.755731922398589e-07;
	p = p * r + 2.7557319223985893e-06;
	p = p * r + 2.48015873015873e-05;
	p = p * r + 0.0001984126984126984;
	p = p * r + 0.001388888888888889;
	p = p * r + 0.008333333333333333;
	p = p * r + 0.041666666666666664;
	p = p * r + 0.16666666666666666;
	p = p * r + 0.5;
	p = p * (r * r) + r + 1.0;
	const Bits exponent = bits_of(shifted) - 0x4338000000000000u;
	const Bits half = ((exponent + 2048u) >> 1) - 1u;  /* both exponents include the bias, 1023 */
	const Bits rest = exponent - half + 2046u;
	return p * float_of(half << 52) * float_of(rest << 52);
}

/* log(x) = k ln(2) + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2). Method and coefficients are from FreeBSD, e_log.c.
 * log(0) is -infinity, log(x < 0) is NaN. */
INLINE Vector vector_log(Vector x)
{
	const Mask ordinary = (x > 0.0) & (x < INFINITY);
	const Vector special = choose(x == 0.0, splat(-INFINITY), choose(x > 0.0, x, splat(NAN)));
	const Mask subnormal = x < 0x1p-1022;
	const Vector scaled = choose(subnormal, x * 0x1p54, x);
	const Bits bits = bits_of(scaled) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
	const Vector k = float_of((bits >> 52) + 0x4330000000000000u) - choose(subnormal, splat(0x1p52 + 1077.0),
		splat(0x1p52 + 1023.0));
	const Vector f = float_of((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
	const Vector s = f / (f + 2.0);
	const Vector z = s * s;
	const Vector w = z * z;
	const Vector r = w * (w * (w * 1.531383769920937332e-01 + 2.222219843214978396e-01) + 3.999999999940941908e-01)
		+ z * (w * (w * (w * 1.479819860511658591e-01 + 1.818357216161805012e-01) + 2.857142874366239149e-01)
		+ 6.666666666666735130e-01);
	const Vector h = f * f * 0.5;
	const Vector log = k * 6.93147180369123816490e-01 - ((h - (s * (h + r) + k * 1.90821492927058770002e-10)) - f);
	return choose(ordinary, log, special);
}

/* log(x) for 1 <= x <= 2. NaN stays NaN. */
INLINE Vector vector_log_to_2(Vector x)
{
	return vector_log(x);
}

/* tanh(x) = 1 - 2 / (exp(2x) + 1) for |x| >= 0.625, and a quotient of polynomials (Cephes, tanh.c) for smaller ones. */
INLINE Vector vector_tanh(Vector x)
{
	const Bits sign = bits_of(x) & 0x8000000000000000u;
	const Vector a = float_of(bits_of(x) ^ sign);
	const Vector large = 1.0 - 2.0 / (vector_exp(a + a) + 1.0);
	const Vector z = a * a;
	const Vector p = (z * -9.64399179425052238628e-1 - 9.92877231001918586564e1) * z - 1.61468768441708447952e3;
	const Vector q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3;
	const Vector small = p / q * z * a + a;
	return float_of(bits_of(choose(a < 0.625, small, large)) | sign);
}

/* exp(x) - 1 for x <= 0, by its series near 0. For x > 0 it is as inexact as the difference exp(x) - 1. */
INLINE Vector vector_expm1(Vector x)
{
	Vector p = x * 2.8114572543455206e-15 + 4.779477332387385e-14;
	p = p * x + 7.647163731819816e-13;
	p = p * x + 1.1470745597729725e-11;
	p = p * x + 1.6059043836821613e-10;
	p = p * x + 2.08767569878681e-09;
	p = p * x + 2.505210838544172e-08;
	p = p * x + 2.755731922398589e-07;
	p = p * x + 2.7557319223985893e-06;
	p = p * x + 2.48015873015873e-05;
	p = p * x + 0.0001984126984126984;
	p = p * x + 0.001388888888888889;
	p = p * x + 0.008333333333333333;
	p = p * x + 0.041666666666666664;
	p = p * x + 0.16666666666666666;
	p = p * x + 0.5;
	return choose(x > -0.5, x * (p * x + 1.0), vector_exp(x) - 1.0);
}

/* The probability that a standard normal variable is at most x. For x < 0 it is exp(-x^2 / 2) times a polynomial in
 * t = 1 / (1 + |x| / 4), which was fitted with a relative error of 4e-17 for |x| < 39. The square is computed in two
 * parts, since its rounding error would grow with it. */
INLINE Vector vector_normal_cdf(Vector x)
{
	const Vector size = float_of(bits_of(x) & 0x7fffffffffffffffu), a = choose(size > 40.0, splat(40.0), size);
	const Vector t = 1.0 / (a * 0.25 + 1.0);
	Vector p = t * -0.0010122350213441524 + 0.011096471880184597;
	p = p * t - 0.054406282913560956;
	p = p * t + 0.1544424516474848;
	p = p * t - 0.26991779697144513;
	p = p * t + 0.2670277219048097;
	p = p * t - 0.04922290379091282;
	p = p * t - 0.27548256352588485;
	p = p * t + 0.4778805031969773;
	p = p * t - 0.4670310516161868;
	p = p * t + 0.3317856140129587;
	p = p * t - 0.17592946165709222;
	p = p * t + 0.0680096565489385;
	p = p * t - 0.03072241832130962;
	p = p * t + 0.0032696963836554745;
	p = p * t + 0.005864963379556649;
	p = p * t + 0.023616019479006024;
	p = p * t + 0.04321725613067316;
	p = p * t + 0.06350614776899742;
	p = p * t + 0.0810349656839141;
	p = p * t + 0.09350210585723466;
	p = p * t + 0.09973556983946887;
	p = p * t + 0.09973557010387663;
	const Vector high = float_of(bits_of(a) & 0xfffffffff8000000u);
	const Vector rest = (a - high) * (a + high) * -0.5;
	const Vector density = vector_exp(high * high * -0.5) * (rest * rest * 0.5 + rest + 1.0);
	const Vector below = p * t * density;
	return choose(x < 0.0, below, 1.0 - below);
}

/* log(1 + e) for 0 <= e <= 1: the logarithm of the rounded sum, times what rounding changed e by. */
INLINE Vector vector_log1p(Vector e)
{
	const Vector sum = e + 1.0;
	return choose(sum == 1.0, e, vector_log(sum) * (e / (sum - 1.0)));
}

#endif
#endif
