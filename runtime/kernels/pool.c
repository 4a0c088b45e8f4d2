/* pool.c: what a window sees becomes one value: the largest, or the mean. Pixels that are padding do not exist for a
 * maximum, and count as 0 in a mean. */
#include "window.h"

/* What a window sees for one pixel of the result: rows and columns of the kernel, and the first pixel of the source
 * that they see. `line` is the distance from one row of the source to the next. */
typedef struct Seen { Range rows, columns; ptrdiff_t first, line; } Seen;

INLINE Seen pixels_seen(const Window *o, int row, int column)
{
	const int top = row * o->stride_height - o->padding_height, left = column * o->stride_width - o->padding_width;
	Seen seen = { places_seen(top, o->kernel_height, o->height), places_seen(left, o->kernel_width, o->width), 0,
		(ptrdiff_t)o->width * LANES };
	seen.first = ((ptrdiff_t)(top + seen.rows.first) * o->width + left + seen.columns.first) * LANES;
	seen.rows.end -= seen.rows.first;
	seen.columns.end -= seen.columns.first;
	return seen;
}

/* The largest of the pixels, where a NaN stays, as in torch; or their sum. */
INLINE Vector pooled(const int mean, int rows, int columns, const real *x, ptrdiff_t line)
{
	Vector result = splat(mean ? 0.0f : -INFINITY);
	for (int row = 0; row < rows; row++)
		for (int column = 0; column < columns; column++) {
			const Vector value = load(x + row * line + column * LANES);
			result = mean ? result + value : choose(value != value, value, larger(value, result));
		}
	return result;
}

/* Windows that lie side by side, without padding, so that each sees the next pixels. */
INLINE int is_tiled(const Window *o)
{
	return o->padding_height == 0 && o->padding_width == 0 && o->stride_height == o->kernel_height
		&& o->stride_width == o->kernel_width;
}
/* Windows of 2 x 2 are usual: with known sizes their loops vanish. */
INLINE int are_fours(const Window *o)
{
	return is_tiled(o) && o->kernel_height == 2 && o->kernel_width == 2;
}

INLINE void pool(const int mean, const Window *o, real *y, const real *x)
{
	const Vector size = splat((real)(o->kernel_height * o->kernel_width));
	for (int image = 0; image < o->images; image++, x += (ptrdiff_t)o->height * o->width * LANES)
		for (int row = 0; row < o->y_height; row++)
			for (int column = 0; column < o->y_width; column++, y += LANES) {
				const Seen seen = pixels_seen(o, row, column);
				const real *const first = x + seen.first;
				const Vector result = are_fours(o) ? pooled(mean, 2, 2, first, seen.line)
					: pooled(mean, seen.rows.end, seen.columns.end, first, seen.line);
				store(y, mean ? result / size : result);
			}
}

static void KERNEL_FN(maxpool2d)(int rows, WINDOW_PARAMETERS, real *y, const real *x)
{
	const Window o = window_of(rows, WINDOW);
	pool(0, &o, y, x);
}

static void KERNEL_FN(avgpool2d)(int rows, WINDOW_PARAMETERS, real *y, const real *x)
{
	const Window o = window_of(rows, WINDOW);
	pool(1, &o, y, x);
}

/* The gradient of a maximum belongs to the first pixel that has it; that of a mean to all. They are added, or where
 * nothing can be there yet, stored. */
INLINE void spread_gradient(const int mean, const int add, int rows, int columns, real *dx, const real *x,
	ptrdiff_t line, Vector largest, Vector gradient)
{
	const Vector none = splat(0.0f);
	for (int row = 0; row < rows; row++)
		for (int column = 0; column < columns; column++) {
			const ptrdiff_t place = row * line + column * LANES;
			Vector share = gradient;
			if (!mean) {
				const Vector value = load(x + place);
				const Mask is_it = (value == largest) | (value != value);
				share = choose(is_it, gradient, none);
				gradient = choose(is_it, none, gradient);
			}
			store(dx + place, add ? load(dx + place) + share : share);
		}
}

INLINE void pool_gradient(const int mean, const Window *o, real *dx, const real *dy, const real *x, const real *y)
{
	const Vector size = splat((real)(o->kernel_height * o->kernel_width));
	const ptrdiff_t x_image = (ptrdiff_t)o->height * o->width * LANES;
	if (!are_fours(o) || o->height % 2 || o->width % 2)
		fill_rows(o->images * o->height * o->width, dx, splat(0.0f));
	for (int image = 0; image < o->images; image++)
		for (int row = 0; row < o->y_height; row++)
			for (int column = 0; column < o->y_width; column++, dy += LANES) {
				const Seen seen = pixels_seen(o, row, column);
				const ptrdiff_t first = image * x_image + seen.first;
				const real *const source = x + first;
				Vector largest = splat(0.0f), gradient = load(dy);
				if (mean) {
					gradient = gradient / size;
				} else {
					largest = load(y);
					y += LANES;
				}
				if (are_fours(o))
					spread_gradient(mean, 0, 2, 2, dx + first, source, seen.line, largest, gradient);
				else
					spread_gradient(mean, 1, seen.rows.end, seen.columns.end, dx + first, source, seen.line, largest,
						gradient);
			}
}

static void KERNEL_FN(maxpool2d_bwd)(int rows, WINDOW_PARAMETERS, real *dx, const real *dy, const real *x,
	const real *y)
{
	const Window o = window_of(rows, WINDOW);
	pool_gradient(0, &o, dx, dy, x, y);
}

static void KERNEL_FN(avgpool2d_bwd)(int rows, WINDOW_PARAMETERS, real *dx, const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	pool_gradient(1, &o, dx, dy, dx, dy);
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
