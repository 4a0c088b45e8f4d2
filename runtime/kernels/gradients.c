/* gradients.c: what is done with gradients before an update: their sum over several batches, and their norm. */
#include "sums.h"

static void KERNEL_FN(accumulate)(int size, real share, real *sum, const real *dw)
{
	for (int i = 0; i < size; i += LANES)
		store(sum + i, load(sum + i) + load(dw + i) * share);
}

static void KERNEL_FN(clear)(int size, real *dw, int64_t *batches)
{
	for (int i = 0; i < size; i += LANES)
		store(dw + i, splat(0.0f));
	*batches = 0;
}

/* ---- the norm */

/* What is added to a norm; sums of squares in which none has overflowed or lost digits, and the scale for others. */
#if REAL_BITS == 64
#define NORM_EPS 1e-6
#define NORM_LEAST 0x1p-900
#define NORM_MOST 0x1p1022
#define NORM_UP 0x1p600
#define NORM_DOWN 0x1p-600
#else
#define NORM_EPS 1e-6f
#define NORM_LEAST 0x1p-70f
#define NORM_MOST 0x1p126f
#define NORM_UP 0x1p96f
#define NORM_DOWN 0x1p-96f
#endif

/* STREAMS sums side by side, so that an addition need not wait for the one before; and of NORM_BLOCK terms each, before
 * a sum that keeps what rounding drops takes them. */
enum { STREAMS = 4, NORM_BLOCK = 32 };

/* The sum of the squares of dw times scale. NaN if one is NaN, infinite if one is infinite. */
static real sum_of_squares(int size, real scale, const real *dw)
{
	Total all = total_none();
	Vector plain = splat(0.0f);
	int i = 0;
	while (i < size) {
		const int end = i + smaller(size - i, NORM_BLOCK * STREAMS * LANES);
		Vector sum[STREAMS] = {0};
		for (; i + STREAMS * LANES <= end; i += STREAMS * LANES)
			UNROLL
			for (int stream = 0; stream < STREAMS; stream++) {
				const Vector value = load(dw + i + stream * LANES) * scale;
				sum[stream] += value * value;
			}
		for (; i < end; i += LANES) {
			const Vector value = load(dw + i) * scale;
			sum[0] += value * value;
		}
		const Vector block = (sum[0] + sum[1]) + (sum[2] + sum[3]);
		total_add(&all, block);
		plain += block;
	}
	const real total = total_of_lanes(&all);
	return total == total ? total : lane_sum(plain);
}

/* The root of the sum of squares. If squares overflow, or are so small that digits are lost, all is computed again from
 * numbers 2^96 times smaller or larger: then none overflows, and what still is too small does not matter beside the
 * others. NaN if a gradient is NaN; infinite if one is, or if the norm is more than a float can hold. */
static real norm_of(int size, const real *dw)
{
	const real least = NORM_LEAST, most = NORM_MOST;
	real sum = sum_of_squares(size, 1.0f, dw), back = 1.0f;
	if (sum < least) {
		sum = sum_of_squares(size, NORM_UP, dw);
		back = NORM_DOWN;
	} else if (!(sum <= most)) {
		sum = sum_of_squares(size, NORM_DOWN, dw);
		back = NORM_UP;
	}
	Lanes root;
	root.vector = square_root(splat(sum));
	return root.lane[0] * back;
}

/* torch.nn.utils.clip_grad_norm_. A factor of 1 or more changes nothing; one that is NaN makes all NaN. */
static void KERNEL_FN(clip)(int size, real most, real *dw)
{
	const real factor = most / (norm_of(size, dw) + NORM_EPS);
	if (factor >= 1.0f)
		return;
	for (int i = 0; i < size; i += LANES)
		store(dw + i, load(dw + i) * factor);
}
