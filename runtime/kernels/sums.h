/* sums.h: sums that keep what rounding drops. Compilers may join a product and a sum into one multiply-add, except
 * after rounded(). */
#ifndef BNC_SUMS_H
#define BNC_SUMS_H
#include "simd.h"

/* Sums over rows are computed block by block: the rounding error of a plain sum grows with the number of its terms. */
enum { ROW_BLOCK = 512 };

/* A sum that keeps what rounding drops (Kahan's method), so its error does not grow with the number of terms. If it
 * overflows it becomes NaN. */
typedef struct Total { Vector sum, lost; } Total;

INLINE Total total_none(void)
{
	const Total none = { splat(0.0f), splat(0.0f) };
	return none;
}

INLINE void total_add(Total *total, Vector value)
{
	const Vector corrected = value - total->lost;
	const Vector sum = total->sum + corrected;
	total->lost = (sum - total->sum) - corrected;
	total->sum = sum;
}

INLINE real total_of_lanes(const Total *total)
{
	return lane_sum(total->sum) - lane_sum(total->lost);
}

/* Adds the sum of a block of rows; with `first`, sets the total to it. */
INLINE void total_add_block(Total *total, Vector value, int first)
{
	if (first) {
		total->sum = value;
		total->lost = splat(0.0f);
	} else {
		total_add(total, value);
	}
}

/* total_add for a total whose sum is in memory. */
INLINE void total_store(real *sum, Vector *lost, Vector value)
{
	Total total = { load(sum), *lost };
	total_add(&total, value);
	store(sum, total.sum);
	*lost = total.lost;
}

/* A number with twice a float's precision: sum + rest. */
typedef struct Twofold { Vector sum, rest; } Twofold;

/* Adds to the sum, and adds what that rounds off to the rest (Knuth). */
INLINE void twofold_add(Twofold *number, Vector value)
{
	const Vector sum = number->sum + value, added = sum - number->sum;
	number->rest += (number->sum - (sum - added)) + (value - added);
	number->sum = sum;
}

/* a b - product, exactly; `product` must be a b rounded. Without a multiply-add instruction, by splitting each factor
 * into halves of 12 bits, whose products are exact (Dekker). */
INLINE Vector product_rest(Vector a, Vector b, Vector product)
{
#if defined __FMA__
	Lanes rest, other, rounded_product;
	rest.vector = a;
	other.vector = b;
	rounded_product.vector = product;
	UNROLL
	for (int lane = 0; lane < LANES; lane++)
		rest.lane[lane] = FMA(rest.lane[lane], other.lane[lane], -rounded_product.lane[lane]);
	return rest.vector;
#else
	const Vector high = float_of(bits_of(a) & SPLIT), low = a - high;
	const Vector other_high = float_of(bits_of(b) & SPLIT), other_low = b - other_high;
	return ((high * other_high - product) + high * other_low + low * other_high) + low * other_low;
#endif
}

/* Adds the product a b. */
INLINE void twofold_add_product(Twofold *number, Vector a, Vector b)
{
	const Vector product = rounded(a * b);
	number->rest += product_rest(a, b, product);
	twofold_add(number, product);
}

#endif
