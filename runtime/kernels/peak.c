/* peak.c: measures the peak of the processor: multiply-adds in registers that do not wait for each other. */
#include "simd.h"

/* two units times four cycles of latency, and some more; with the other operands they fit into 16 registers */
enum { PEAK_SUMS = 12 };

/* turns x PEAK_SUMS x LANES multiply-adds; the result is returned so that compilers cannot remove them. The sums begin
 * with values that no compiler knows: a sum that began with 1, which the factor and the term do not change, was
 * removed, and the peak came out a twelfth too high. */
static double KERNEL_FN(multiply_add)(int turns)
{
	Vector sum[PEAK_SUMS];
	const Vector factor = splat(0.999f), term = splat(0.001f);
	UNROLL
	for (int i = 0; i < PEAK_SUMS; i++)
		sum[i] = splat((real)(turns + i));
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

/* The same with the loads of a product's inner loop, all from L1: a processor may run at a lower clock then. */
#if LANES * REAL_BITS >= 256
enum { LOADING_ROWS = PAIR_ROWS, LOADED = 2 * PAIR_ROWS };
#else
enum { LOADING_ROWS = TALL, LOADED = TALL };
#endif

static double KERNEL_FN(multiply_add_loading)(int turns)
{
	static const Vector memory[LOADING_ROWS + 32];
	const Vector *volatile hidden = memory;         /* so that no compiler knows what is read */
	const real *x = (const real *)hidden, *w = x + LOADING_ROWS * LANES;
	Vector sum[LOADED];
	UNROLL
	for (int i = 0; i < LOADED; i++)
		sum[i] = splat((real)(turns + i));
	UNROLL_4
	for (int turn = 0; turn < turns; turn++)
#if LANES * REAL_BITS >= 256
		pair_step(LOADING_ROWS, sum, sum + LOADING_ROWS, x + turn % LANES, w + turn % LANES * LANES, 16 * LANES);
#else
		product_step(LOADING_ROWS, sum, x + turn % LANES, w + turn % LANES * LANES);
#endif
	UNROLL
	for (int i = 1; i < LOADED; i++)
		sum[0] += sum[i];
	return lane_sum(sum[0]);
}
