/* conv_depthwise.c: each channel has a kernel of its own, so that a panel of the result needs its own panel of x only.
 * Weights are [kernel row][kernel column][LANES]; a place in the kernel is called a tap. */
#include "conv_gradient.h"

/* Image by image, which stays in L1, and tap by tap: for one lane, and for dx with strides. Adds to an image of y what
 * x gives it, times the weights; or, for dx, to an image of dx what dy gives it. */
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

#if LANES == 1
static void KERNEL_FN(conv2d_depthwise)(int rows, WINDOW_PARAMETERS, real *y, const real *x, const real *w,
	const real *b)
{
	const Window o = window_of(rows, WINDOW);
	fill_rows(rows, y, b ? load(b) : splat(0.0f));
	for (int image = 0; image < o.images; image++)
		spread(&o, 0, y + (ptrdiff_t)image * y_height * y_width, x + (ptrdiff_t)image * height * width, w);
}

static void KERNEL_FN(conv2d_depthwise_dx)(int rows, WINDOW_PARAMETERS, real *dx, const real *dy, const real *w)
{
	const Window o = window_of(rows, WINDOW);
	fill_rows(o.images * height * width, dx, splat(0.0f));
	for (int image = 0; image < o.images; image++)
		spread(&o, 1, dx + (ptrdiff_t)image * height * width, dy + (ptrdiff_t)image * y_height * y_width, w);
}

static void KERNEL_FN(conv2d_depthwise_dw)(int rows, WINDOW_PARAMETERS, real *dw, const real *x, const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	fill_rows(kernel_height * kernel_width, dw, splat(0.0f));
	for (int image = 0; image < o.images; image++) {
		for (int i = 0; i < kernel_height * kernel_width; i++) {
			Sight sight = sight_of(&o, i / kernel_width, i % kernel_width);
			real sum = 0;
			for (; sight.begin < sight.end; sight.begin++, sight.tap.x += sight.x_row, sight.tap.y += sight.y_row)
				for (int p = 0; p < sight.tap.pixels; p++)
					sum += x[sight.tap.x + p * stride_width] * dy[sight.tap.y + p];
			dw[i] += sum;
		}
		x += (ptrdiff_t)height * width;
		dy += (ptrdiff_t)y_height * y_width;
	}
}
#else
static void KERNEL_FN(conv2d_depthwise)(int rows, WINDOW_PARAMETERS, real *y, const real *x, const real *w,
	const real *b)
{
	const Window o = window_of(rows, WINDOW);
	Strip strip = { 0, w, (ptrdiff_t)kernel_width * LANES, y, b ? b : nothing, 0, 0, 0 };
	FOR_PARTS(part, &o, SIGHT, SIGHT) {
		strip.w = w + ((ptrdiff_t)part.row * kernel_width + part.column) * LANES;
		convolve_own(&strip, &part.o, 0, o.images, x);
		strip.start = 0;
	}
}

/* Without strides, dx is the convolution of dy with the kernel turned around. */
static void KERNEL_FN(conv2d_depthwise_dx)(int rows, WINDOW_PARAMETERS, real *dx, const real *dy, const real *w)
{
	const Window o = window_of(rows, WINDOW);
	if (stride_height == 1 && stride_width == 1) {
		const Window whole = turned_window(&o);
		const real *last = w + (ptrdiff_t)(kernel_height * kernel_width - 1) * LANES;
		Vector turned[SIGHT * SIGHT];
		Strip strip = { 0, (const real *)turned, 0, dx, nothing, 0, 0, 0 };
		FOR_PARTS(part, &whole, SIGHT, SIGHT) {
			Vector *to = turned;
			for (int i = 0; i < part.o.kernel_height; i++)
				for (int k = 0; k < part.o.kernel_width; k++)
					*to++ = load(last - ((ptrdiff_t)(part.row + i) * kernel_width + part.column + k) * LANES);
			strip.w_line = (ptrdiff_t)part.o.kernel_width * LANES;
			convolve_own(&strip, &part.o, 0, o.images, dy);
			strip.start = 0;
		}
		return;
	}
	fill_rows(o.images * height * width, dx, splat(0.0f));
	for (int image = 0; image < o.images; image++)
		spread(&o, 1, dx + (ptrdiff_t)image * height * width * LANES,
			dy + (ptrdiff_t)image * y_height * y_width * LANES, w);
}

#define DEPTHWISE_DW(name, of_panel) \
	static void KERNEL_FN(name)(int rows, WINDOW_PARAMETERS, real *dw, const real *x, const real *dy) \
	{ \
		const Window o = window_of(rows, WINDOW); \
		fill_rows(kernel_height * kernel_width, dw, splat(0.0f)); \
		FOR_PARTS(part, &o, SIGHT, SIGHT) { \
			const ptrdiff_t first = ((ptrdiff_t)part.row * kernel_width + part.column) * LANES; \
			const Taps taps = { 0, dy, dw + first, (ptrdiff_t)kernel_width * LANES, 1, 0, 0, 0, 0, 0 }; \
			of_panel(&part.o, 0, o.images, taps, x); \
		} \
	}
DEPTHWISE_DW(conv2d_depthwise_dw, add_own_dw)
DEPTHWISE_DW(conv2d_depthwise_dw_run3, add_own_dw_run3)
DEPTHWISE_DW(conv2d_depthwise_dw_run5, add_own_dw_run5)
#undef DEPTHWISE_DW
#endif
