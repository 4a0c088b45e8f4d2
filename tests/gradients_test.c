/* gradients_test.c: the norm by which gradients are clipped, at the ends of what a float can hold, and its accuracy. */
#include "kernels.h"
#include "network_support.h"
#include <math.h>

enum { SIZE = 16 * 1000 };      /* a multiple of all lanes */

static float values[SIZE], clipped[SIZE];

/* The sum of squares in long double, which neither overflows nor loses small squares. */
static double norm_of_values(void)
{
	long double sum = 0;
	for (int i = 0; i < SIZE; i++)
		sum += (long double)values[i] * (long double)values[i];
	return (double)sqrtl(sum);
}

static void fill(Random *random, double scale)
{
	for (int i = 0; i < SIZE; i++)
		values[i] = (float)(numpy_normal(random, 0, 1) * scale);
}

static void expect_clipped(const KernelSet *set, float most, double tolerance)
{
	/* torch's float norm + 1e-6, which is infinite where the norm is more than a float can hold */
	const double factor = fmin((double)(most / ((float)norm_of_values() + 1e-6f)), 1);
	memcpy(clipped, values, sizeof values);
	((const KernelTable *)set->table)->clip(SIZE, most, clipped);
	for (int i = 0; i < SIZE; i++) {
		const double expected = (double)values[i] * factor;
		cr_assert(fabs((double)clipped[i] - expected) <= tolerance * fabs(expected) + 1e-45,
			"%s: %.9g becomes %.9g and should be %.9g", set->name, (double)values[i], (double)clipped[i], expected);
	}
}

/* From the largest gradients, whose squares overflow, to such that their squares are 0. */
Test(gradients, any_size)
{
	static const double scales[] = {5e36, 1e30, 1e19, 1e17, 1e10, 1, 1e-6, 1e-10, 1e-15, 1e-20, 1e-25, 1e-30};
	Random random;
	random_seed(&random, 1);
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
			fill(&random, scales[i]);
			expect_clipped(set, 1, 3e-7);
			if (scales[i] >= 1e-30)
				expect_clipped(set, (float)scales[i], 3e-7);
		}
}

/* One that is large among small ones, or at either end. */
Test(gradients, single)
{
	Random random;
	random_seed(&random, 2);
	FOR_EACH_USABLE_SET(set)
		for (int at = 0; at < SIZE; at += SIZE / 7) {
			fill(&random, 1e-3);
			values[at] = -3e38f;
			expect_clipped(set, 1, 3e-7);
			memset(values, 0, sizeof values);
			values[at] = 1e-30f;
			expect_clipped(set, 1e-36f, 3e-7);
			values[at] = 1e-43f;
			expect_clipped(set, 1e-38f, 3e-7);
		}
}

/* A norm up to the limit changes no bit. */
Test(gradients, small_norm)
{
	Random random;
	random_seed(&random, 3);
	fill(&random, 1);
	FOR_EACH_USABLE_SET(set) {
		memcpy(clipped, values, sizeof values);
		((const KernelTable *)set->table)->clip(SIZE, 1.001f * (float)norm_of_values(), clipped);
		cr_expect(memcmp(values, clipped, sizeof values) == 0, "%s", set->name);
	}
}

/* As torch's: the factor of an infinite norm is 0, that of NaN is NaN. */
Test(gradients, not_finite)
{
	static const struct { float value; bool other_is_nan; } cases[] = {
		{INFINITY, false}, {-INFINITY, false}, {NAN, true},
	};
	Random random;
	random_seed(&random, 4);
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			for (int at = 0; at < SIZE; at += SIZE / 5) {
				fill(&random, 1);
				values[at] = cases[i].value;
				((const KernelTable *)set->table)->clip(SIZE, 1, values);
				cr_expect(isnan(values[at]), "%s: %g", set->name, (double)values[at]);
				cr_expect(cases[i].other_is_nan ? isnan(values[at + 1]) : values[at + 1] == 0, "%s: %g", set->name,
					(double)values[at + 1]);
			}
}

/* All zero: the factor is more than 1, so nothing changes. */
Test(gradients, none)
{
	memset(values, 0, sizeof values);
	FOR_EACH_USABLE_SET(set)
		expect_clipped(set, 1e-3f, 0);
}
