/* softmax.c: softmax and its logarithm over the features of each row, and their gradients. A call goes over whole rows,
 * which lie apart in as many panels as they have. Lanes after the last feature hold any values: they are left out of
 * every sum, and become 0. */
#include "functions.h"
#include "sums.h"

INLINE real largest_of_row(int features, ptrdiff_t stride, const real *x)
{
	Vector largest = splat(-INFINITY);
	for (; features > 0; features -= LANES, x += stride)
		largest = larger(choose(first_lanes(features), load(x), largest), largest);
	return lane_largest(largest);
}

/* With the largest m of a row: exp(x - m), which does not overflow, by their sum. */
static void KERNEL_FN(softmax)(int rows, int features, real *y, const real *x)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	for (int row = 0; row < rows; row++, x += LANES, y += LANES) {
		const real largest = largest_of_row(features, stride, x);
		const real *from = x;
		real *to = y;
		Total sum = total_none();
		for (int left = features; left > 0; left -= LANES, from += stride, to += stride) {
			const Vector e = choose(first_lanes(left), vector_exp(load(from) - largest), splat(0.0f));
			total_add(&sum, e);
			store(to, e);
		}
		const real scale = 1.0f / total_of_lanes(&sum);
		to = y;
		for (int left = features; left > 0; left -= LANES, to += stride)
			store(to, load(to) * scale);
	}
}

/* dx = y (dy - the row's sum of y dy) */
static void KERNEL_FN(softmax_bwd)(int rows, int features, real *dx, const real *dy, const real *y)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	for (int row = 0; row < rows; row++, dx += LANES, dy += LANES, y += LANES) {
		ptrdiff_t panel = 0;
		Total sum = total_none();
		for (int left = features; left > 0; left -= LANES, panel += stride)
			total_add(&sum, choose(first_lanes(left), rounded(load(y + panel) * load(dy + panel)), splat(0.0f)));
		const real mean = total_of_lanes(&sum);
		panel = 0;
		for (int left = features; left > 0; left -= LANES, panel += stride)
			store(dx + panel, choose(first_lanes(left), load(y + panel) * (load(dy + panel) - mean), splat(0.0f)));
	}
}

/* x - m - log(the row's sum of exp(x - m)) */
static void KERNEL_FN(log_softmax)(int rows, int features, real *y, const real *x)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	for (int row = 0; row < rows; row++, x += LANES, y += LANES) {
		const real largest = largest_of_row(features, stride, x);
		ptrdiff_t panel = 0;
		Total sum = total_none();
		for (int left = features; left > 0; left -= LANES, panel += stride)
			total_add(&sum, choose(first_lanes(left), vector_exp(load(x + panel) - largest), splat(0.0f)));
		const Vector log_sum = vector_log(splat(total_of_lanes(&sum)));
		panel = 0;
		for (int left = features; left > 0; left -= LANES, panel += stride)
			store(y + panel, choose(first_lanes(left), load(x + panel) - largest - log_sum, splat(0.0f)));
	}
}

/* dx = dy - exp(y) times the row's sum of dy */
static void KERNEL_FN(log_softmax_bwd)(int rows, int features, real *dx, const real *dy, const real *y)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	for (int row = 0; row < rows; row++, dx += LANES, dy += LANES, y += LANES) {
		ptrdiff_t panel = 0;
		Total sum = total_none();
		for (int left = features; left > 0; left -= LANES, panel += stride)
			total_add(&sum, choose(first_lanes(left), load(dy + panel), splat(0.0f)));
		const real total = total_of_lanes(&sum);
		panel = 0;
		for (int left = features; left > 0; left -= LANES, panel += stride)
			store(dx + panel, choose(first_lanes(left), load(dy + panel) - vector_exp(load(y + panel)) * total,
				splat(0.0f)));
	}
}
