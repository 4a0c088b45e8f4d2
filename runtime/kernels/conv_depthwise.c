/* conv_depthwise.c: each channel has a kernel of its own, so that a panel of the result needs its own panel of x only.
 * Weights are [kernel row][kernel column][LANES]. Image by image, which stays in L1, and tap by tap: a pixel's place in
 * the kernel is called a tap. */
#include "window.h"

/* Adds to an image of y what x gives it, times the weights; or, for dx, to an image of dx what dy gives it. */
INLINE void spread(const Window *o, const int to_x, real *to, const real *from, const real *w)
{
	const ptrdiff_t x_step = (ptrdiff_t)o->stride_width * LANES;
	const ptrdiff_t to_step = to_x ? x_step : LANES, from_step = to_x ? LANES : x_step;
	for (int i = 0; i < o->kernel_height * o->kernel_width; i++) {
		Sight sight = sight_of(o, i / o->kernel_width, i % o->kernel_width);
		const Vector weight = load(w + i * LANES);
		for (; sight.begin < sight.end; sight.begin++, sight.tap.x += sight.x_row, sight.tap.y += sight.y_row) {
			real *const begin = to + (to_x ? sight.tap.x : sight.tap.y);
			const real *const source = from + (to_x ? sight.tap.y : sight.tap.x);
			for (int p = 0; p < sight.tap.pixels; p++)
				store(begin + p * to_step, load(begin + p * to_step) + weight * load(source + p * from_step));
		}
	}
}

static void KERNEL_FN(conv2d_depthwise)(int rows, WINDOW_PARAMETERS, real *y, const real *x, const real *w,
	const real *b)
{
	const Window o = window_of(rows, WINDOW);
	fill_rows(rows, y, b ? load(b) : splat(0.0f));
	for (int image = 0; image < o.images; image++)
		spread(&o, 0, y + (ptrdiff_t)image * y_height * y_width * LANES,
			x + (ptrdiff_t)image * height * width * LANES, w);
}

static void KERNEL_FN(conv2d_depthwise_dx)(int rows, WINDOW_PARAMETERS, real *dx, const real *dy, const real *w)
{
	const Window o = window_of(rows, WINDOW);
	fill_rows(o.images * height * width, dx, splat(0.0f));
	for (int image = 0; image < o.images; image++)
		spread(&o, 1, dx + (ptrdiff_t)image * height * width * LANES,
			dy + (ptrdiff_t)image * y_height * y_width * LANES, w);
}

static void KERNEL_FN(conv2d_depthwise_dw)(int rows, WINDOW_PARAMETERS, real *dw, const real *x, const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const ptrdiff_t step = (ptrdiff_t)stride_width * LANES;
	fill_rows(kernel_height * kernel_width, dw, splat(0.0f));
	for (int image = 0; image < o.images; image++) {
		for (int i = 0; i < kernel_height * kernel_width; i++) {
			Sight sight = sight_of(&o, i / kernel_width, i % kernel_width);
			Vector sum = splat(0.0f);
			for (; sight.begin < sight.end; sight.begin++, sight.tap.x += sight.x_row, sight.tap.y += sight.y_row)
				for (int p = 0; p < sight.tap.pixels; p++)
					sum += load(x + sight.tap.x + p * step) * load(dy + sight.tap.y + p * LANES);
			store(dw + i * LANES, load(dw + i * LANES) + sum);
		}
		x += (ptrdiff_t)height * width * LANES;
		dy += (ptrdiff_t)y_height * y_width * LANES;
	}
}
