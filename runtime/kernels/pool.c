/* pool.c: what a window sees becomes one value: the largest, or the mean. Pixels that are padding do not exist for a
 * maximum, and count as 0 in a mean. */
#include "window.h"

static void KERNEL_FN(maxpool2d)(int rows, WINDOW_PARAMETERS, real *y, const real *x)
{
	const Window o = window_of(rows, WINDOW);
	fill_rows(rows, y, splat(-INFINITY));
	for (int image = 0; image < o.images; image++) {
		for (int i = 0; i < kernel_height * kernel_width; i++) {
			Sight s = sight_of(&o, i / kernel_width, i % kernel_width);
			for (; s.begin < s.end; s.begin++, s.tap.x += s.x_row, s.tap.y += s.y_row)
				for (int p = 0; p < s.tap.pixels; p++) {
					const Vector largest = load(y + s.tap.y + p * LANES);
					const Vector value = load(x + s.tap.x + (ptrdiff_t)p * stride_width * LANES);
					/* a NaN stays, as in torch */
					store(y + s.tap.y + p * LANES, choose((value > largest) | (value != value), value, largest));
				}
		}
		x += (ptrdiff_t)height * width * LANES;
		y += (ptrdiff_t)y_height * y_width * LANES;
	}
}

/* The gradient of a maximum belongs to the first pixel that has it. */
static void KERNEL_FN(maxpool2d_bwd)(int rows, WINDOW_PARAMETERS, real *dx, const real *dy, const real *x,
	const real *y)
{
	const Window o = window_of(rows, WINDOW);
	const Vector none = splat(0.0f);
	fill_rows(o.images * height * width, dx, none);
	for (int image = 0; image < o.images; image++) {
		for (int pixel = 0; pixel < y_height * y_width; pixel++, y += LANES, dy += LANES) {
			const int top = pixel / y_width * stride_height - padding_height;
			const int left = pixel % y_width * stride_width - padding_width;
			const Vector largest = load(y);
			Vector left_over = load(dy);
			for (int i = 0; i < kernel_height * kernel_width; i++) {
				const int x_row = top + i / kernel_width, column = left + i % kernel_width;
				if (x_row < 0 || x_row >= height || column < 0 || column >= width)
					continue;
				const ptrdiff_t place = ((ptrdiff_t)x_row * width + column) * LANES;
				const Vector value = load(x + place);
				const Mask is_it = (value == largest) | (value != value);
				store(dx + place, load(dx + place) + choose(is_it, left_over, none));
				left_over = choose(is_it, none, left_over);
			}
		}
		x += (ptrdiff_t)height * width * LANES;
		dx += (ptrdiff_t)height * width * LANES;
	}
}

static void KERNEL_FN(avgpool2d)(int rows, WINDOW_PARAMETERS, real *y, const real *x)
{
	const Window o = window_of(rows, WINDOW);
	const Vector size = splat((real)(kernel_height * kernel_width));
	fill_rows(rows, y, splat(0.0f));
	for (int image = 0; image < o.images; image++) {
		for (int i = 0; i < kernel_height * kernel_width; i++) {
			Sight s = sight_of(&o, i / kernel_width, i % kernel_width);
			for (; s.begin < s.end; s.begin++, s.tap.x += s.x_row, s.tap.y += s.y_row)
				for (int p = 0; p < s.tap.pixels; p++)
					store(y + s.tap.y + p * LANES, load(y + s.tap.y + p * LANES)
						+ load(x + s.tap.x + (ptrdiff_t)p * stride_width * LANES));
		}
		x += (ptrdiff_t)height * width * LANES;
		for (int pixel = 0; pixel < y_height * y_width; pixel++, y += LANES)
			store(y, load(y) / size);
	}
}

static void KERNEL_FN(avgpool2d_bwd)(int rows, WINDOW_PARAMETERS, real *dx, const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const Vector size = splat((real)(kernel_height * kernel_width));
	fill_rows(o.images * height * width, dx, splat(0.0f));
	for (int image = 0; image < o.images; image++) {
		for (int i = 0; i < kernel_height * kernel_width; i++) {
			Sight s = sight_of(&o, i / kernel_width, i % kernel_width);
			for (; s.begin < s.end; s.begin++, s.tap.x += s.x_row, s.tap.y += s.y_row)
				for (int p = 0; p < s.tap.pixels; p++) {
					real *to = dx + s.tap.x + (ptrdiff_t)p * stride_width * LANES;
					store(to, load(to) + load(dy + s.tap.y + p * LANES) / size);
				}
		}
		dx += (ptrdiff_t)height * width * LANES;
		dy += (ptrdiff_t)y_height * y_width * LANES;
	}
}

static void KERNEL_FN(global_avgpool)(int images, int positions, real *y, const real *x)
{
	for (int image = 0; image < images; image++, y += LANES) {
		Vector sum = splat(0.0f);
		for (int p = 0; p < positions; p++, x += LANES)
			sum += load(x);
		store(y, sum / splat((real)positions));
	}
}

static void KERNEL_FN(global_avgpool_bwd)(int images, int positions, real *dx, const real *dy)
{
	for (int image = 0; image < images; image++, dy += LANES) {
		fill_rows(positions, dx, load(dy) / splat((real)positions));
		dx += (ptrdiff_t)positions * LANES;
	}
}
