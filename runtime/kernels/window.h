/* window.h: a window of kernel_height x kernel_width pixels that moves over the pixels of images: what it sees at each
 * place becomes a pixel of the result. */
#ifndef BNC_WINDOW_H
#define BNC_WINDOW_H
#include "simd.h"
#include "few.h"
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

/* What a row of the result and a kernel column share: `pixels` pixels of the result from y on, and the pixels of the
 * source from x on, stride_width apart. Offsets in floats within an image's panel. */
typedef struct Tap { int pixels; ptrdiff_t x, y; } Tap;

/* In row 0 of both. */
INLINE Tap tap_of_column(const Window *o, int kernel_column)
{
	const int shift = kernel_column - o->padding_width, last = o->width - 1 - shift;
	const int before = shift < 0 ? (-shift + o->stride_width - 1) / o->stride_width : 0;
	const int end = last < 0 ? 0 : smaller(last / o->stride_width + 1, o->y_width);
	const Tap tap = { end > before ? end - before : 0, ((ptrdiff_t)before * o->stride_width + shift) * LANES,
		(ptrdiff_t)before * LANES };
	return tap;
}

/* The rows of an image's result that see a row of the source for one kernel row and column: what the first of them
 * sees, and how far the next row of the source and of the result is. */
typedef struct Sight { int begin, end; Tap tap; ptrdiff_t x_row, y_row; } Sight;

INLINE Sight sight_of(const Window *o, int kernel_row, int column)
{
	Sight sight = { 0, o->y_height, tap_of_column(o, column), (ptrdiff_t)o->stride_height * o->width * LANES,
		(ptrdiff_t)o->y_width * LANES };
	const int shift = kernel_row - o->padding_height;
	while (sight.begin < sight.end && sight.begin * o->stride_height + shift < 0)
		sight.begin++;
	while (sight.begin < sight.end && (sight.end - 1) * o->stride_height + shift >= o->height)
		sight.end--;
	sight.tap.x += ((ptrdiff_t)sight.begin * o->stride_height + shift) * o->width * LANES;
	sight.tap.y += sight.begin * sight.y_row;
	return sight;
}

typedef struct Range { int first, end; } Range;

/* The places of a kernel of this size that see one of `size` places, if its first place sees the place `start`. */
INLINE Range places_seen(int start, int kernel, int size)
{
	const Range seen = { start < 0 ? smaller(-start, kernel) : 0, smaller(kernel, size - start) };
	return seen;
}

INLINE void fill_rows(int rows, real *y, Vector value)
{
	for (int row = 0; row < rows; row++)
		store(y + (ptrdiff_t)row * LANES, value);
}

#endif
