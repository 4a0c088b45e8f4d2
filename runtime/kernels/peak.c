/* peak.c: what the processor could do. Sums that do not wait for each other, in registers alone. */
#include "simd.h"

enum { PEAK_SUMS = 12 };        /* two units, four cycles each, and some more; with what they need they fit into 16 registers */

/* turns x PEAK_SUMS x LANES multiply-adds; the value keeps them from being removed. */
static float KERNEL_FN(multiply_add)(int turns)
{
	Vector sum[PEAK_SUMS];
	const Vector factor = splat(0.999f), term = splat(0.001f);
	UNROLL
	for (int i = 0; i < PEAK_SUMS; i++)
		sum[i] = splat((float)i);
	for (int turn = 0; turn < turns; turn++) {
		UNROLL
		for (int i = 0; i < PEAK_SUMS; i++)
			sum[i] = sum[i] * factor + term;
	}
	UNROLL
	for (int i = 1; i < PEAK_SUMS; i++)
		sum[0] += sum[i];
	return lane_sum(sum[0]);
}
