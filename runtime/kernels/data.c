/* data.c: between row-major tables and panels. */
#include "few.h"
#include "simd.h"

/* Up to FEW features, a constant: 32 rows of 2 take 25 ns, not 45. */
INLINE void gather_few(const int features, int rows, float *y, const float *table, const int32_t *index)
{
	for (int row = 0; row < rows; row++) {
		const float *source = table + (ptrdiff_t)(index ? index[row] : row) * features;
		if (LANES > 1)
			store(y + (ptrdiff_t)row * LANES, splat(0.0f));
		UNROLL
		for (int feature = 0; feature < features; feature++)
			y[entry(rows, row, feature)] = source[feature];
	}
}

static void KERNEL_FN(gather)(int rows, int features, float *y, const float *table, const int32_t *index)
{
	if (features <= FEW) {
		FOR_FEW(FEATURES, features, gather_few(FEATURES, rows, y, table, index))
		return;
	}
	for (int row = 0; row < rows; row++) {
		const float *source = table + (ptrdiff_t)(index ? index[row] : row) * features;
		float *panel = y + (ptrdiff_t)row * LANES;
		int feature = 0;
		for (; feature + LANES <= features; feature += LANES, panel += (ptrdiff_t)rows * LANES)
			store(panel, load(source + feature));
		if (feature < features) {
			store(panel, splat(0.0f));
			for (int lane = 0; feature + lane < features; lane++)
				panel[lane] = source[feature + lane];
		}
	}
}

static void KERNEL_FN(scatter)(int rows, int features, float *table, const float *x)
{
	for (int row = 0; row < rows; row++) {
		float *destination = table + (ptrdiff_t)row * features;
		const float *panel = x + (ptrdiff_t)row * LANES;
		int feature = 0;
		for (; feature + LANES <= features; feature += LANES, panel += (ptrdiff_t)rows * LANES)
			store(destination + feature, load(panel));
		for (int lane = 0; feature + lane < features; lane++)
			destination[feature + lane] = panel[lane];
	}
}
