/* conv_plain.c: convolution with one lane: channel by channel, as conv_depthwise.c does each. With so few registers as
 * a microcontroller has, tiles would be no faster. A panel is a channel, and a row of weights is
 * [channel][kernel row][kernel column]. */
#include "window.h"

#if LANES == 1
static void KERNEL_FN(conv2d)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *y, const real *x,
	const real *w, const real *b)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width;
	(void)outputs;
	fill_rows(rows, y, b ? load(b) : splat(0));
	for (int channel = 0; channel < inputs / taps; channel++)
		for (int image = 0; image < o.images; image++, x += height * width)
			spread(&o, 0, y + (ptrdiff_t)image * y_height * y_width, x, w + channel * taps);
}

static void KERNEL_FN(conv2d_dx)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int panel, real *dx,
	const real *dy, const real *w)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width;
	fill_rows(o.images * height * width, dx, splat(0));
	for (int output = 0; output < outputs; output++)
		for (int image = 0; image < o.images; image++, dy += y_height * y_width)
			spread(&o, 1, dx + (ptrdiff_t)image * height * width, dy, w + (ptrdiff_t)output * inputs + panel * taps);
}

static void KERNEL_FN(conv2d_dw)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *dw, const real *x,
	const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width;
	(void)outputs;
	for (int channel = 0; channel < inputs / taps; channel++, x += (ptrdiff_t)o.images * height * width)
		KERNEL_FN(conv2d_depthwise_dw)(rows, WINDOW, dw + channel * taps, x, dy);
}

/* ---- in groups: the dense convolution of one group */

static void KERNEL_FN(conv2d_grouped)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *y, const real *x, const real *w, const real *b)
{
	const Window o = window_of(rows, WINDOW);
	const int channels = inputs / (kernel_height * kernel_width), first = panel / (outputs / groups) * channels;
	KERNEL_FN(conv2d)(rows, outputs, inputs, WINDOW, y, x + (ptrdiff_t)first * o.images * height * width, w, b);
}

static void KERNEL_FN(conv2d_grouped_dx)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *dx, const real *dy, const real *w)
{
	const int channels = inputs / (kernel_height * kernel_width), own = outputs / groups;
	const ptrdiff_t first = panel / channels * own;
	KERNEL_FN(conv2d_dx)(rows, own, inputs, WINDOW, panel % channels, dx, dy + first * rows, w + first * inputs);
}

static void KERNEL_FN(conv2d_grouped_dw)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *dw, const real *x, const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const int channels = inputs / (kernel_height * kernel_width), first = panel / (outputs / groups) * channels;
	KERNEL_FN(conv2d_dw)(rows, outputs, inputs, WINDOW, dw, x + (ptrdiff_t)first * o.images * height * width, dy);
}
#endif
