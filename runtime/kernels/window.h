/* window.h: a window of kernel_height x kernel_width pixels that moves over the pixels of images: what it sees at each
 * place becomes a pixel of the result. */
#ifndef BNC_WINDOW_H
#define BNC_WINDOW_H
#include "simd.h"
#include "tables.h"

typedef struct Window {
	int images, height, width, y_height, y_width;
	int kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
} Window;

INLINE Window window_of(int rows, WINDOW_PARAMETERS)
{
	const Window window = { rows / (y_height * y_width), WINDOW };
	return window;
}

/* What one row of the result and one kernel row and column share: `pixels` pixels of the result from y on, and the
 * pixels of the source from x on, stride_width apart. Offsets in floats within an image's panel. */
typedef struct Tap { int pixels; ptrdiff_t x, y; } Tap;

/* The same for a kernel column, in row 0 of both. */
INLINE Tap tap_of_column(const Window *o, int kernel_column)
{
	const int shift = kernel_column - o->padding_width, last = o->width - 1 - shift;
	const int before = shift < 0 ? (-shift + o->stride_width - 1) / o->stride_width : 0;
	const int end = last < 0 ? 0 : smaller(last / o->stride_width + 1, o->y_width);
	const Tap tap = { end > before ? end - before : 0, ((ptrdiff_t)before * o->stride_width + shift) * LANES,
		(ptrdiff_t)before * LANES };
	return tap;
}

INLINE Tap tap_of(const Window *o, int y_row, int kernel_row, int kernel_column)
{
	const int x_row = y_row * o->stride_height + kernel_row - o->padding_height;
	Tap tap = tap_of_column(o, kernel_column);
	tap.x += (ptrdiff_t)x_row * o->width * LANES;
	tap.y += (ptrdiff_t)y_row * o->y_width * LANES;
	if (x_row < 0 || x_row >= o->height)
		tap.pixels = 0;
	return tap;
}

INLINE void fill_rows(int rows, real *y, Vector value)
{
	for (int row = 0; row < rows; row++)
		store(y + (ptrdiff_t)row * LANES, value);
}

#endif
