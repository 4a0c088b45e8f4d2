/* view.h: what a window sees of a part of a panel of images, with the padding around it, as a block in which a tile
 * needs no test for edges. */
#ifndef BNC_VIEW_H
#define BNC_VIEW_H
#include "window.h"

#if LANES > 1
/* Where the source has at most FEW_CHANNELS channels, a view is narrow: it has numbers instead of vectors, one for each
 * pixel and channel. */
enum { SIGHT = 16 };    /* the number of rows and columns of a kernel that a view can have, at most */
enum { VIEW = 512 };    /* the number of vectors that a view copies, at most; at least 30 * SIGHT */
enum { SPAN = 48 };     /* the number of pixels of a row of the result in a view, at most */

enum { GROUP_PIXELS = 512 };    /* images are taken together until they have so many pixels, which stay in L2 */

INLINE int images_at_once(const Window *o)
{
	return 1 + GROUP_PIXELS / (o->y_height * o->y_width);
}

/* The window through which dx sees dy, without strides: that of the kernel turned around. */
INLINE Window turned_window(const Window *o)
{
	const Window turned = { o->images, o->y_height, o->y_width, o->height, o->width, o->kernel_height, o->kernel_width,
		1, 1, o->kernel_height - 1 - o->padding_height, o->kernel_width - 1 - o->padding_width };
	return turned;
}

/* The part of a kernel that begins at a row and a column of it, as a window of its own. */
typedef struct Part { int row, column; Window o; } Part;

/* Cuts a part of at most so many rows and columns from the whole, at the part's row and column. */
INLINE void cut_part(Part *part, const Window *whole, int rows, int columns)
{
	part->o = *whole;
	part->o.kernel_height = smaller(rows, whole->kernel_height - part->row);
	part->o.kernel_width = smaller(columns, whole->kernel_width - part->column);
	part->o.padding_height -= part->row;
	part->o.padding_width -= part->column;
}

INLINE Part first_part(const Window *whole, int rows, int columns)
{
	Part part;
	part.row = part.column = 0;
	cut_part(&part, whole, rows, columns);
	return part;
}

/* After the last part, its row is that of the kernel's end. */
INLINE void next_part(Part *part, const Window *whole, int rows, int columns)
{
	part->column += columns;
	if (part->column >= whole->kernel_width) {
		part->column = 0;
		part->row += rows;
	}
	cut_part(part, whole, rows, columns);
}

#define FOR_PARTS(part, whole, rows, columns) \
	for (Part part = first_part(whole, rows, columns); part.row < (whole)->kernel_height; \
		next_part(&part, whole, rows, columns))

/* Some rows and pixels of the result in some images, and what the window sees for them. What kernel row r and column c
 * see for pixel p of row i is at x + (i * stride_height + r) * line + tap[c] + p * LANES. In a narrow view, what they
 * see of channel k is at x + (i * stride_height + r) * line + tap[c * channels + k] + p. */
typedef struct View {
	const Window *o;
	int channels;                   /* of a narrow view; else 0 */
	const real *panel;              /* of the source */
	Vector *copy;                   /* VIEW of them */
	/* so many rows of the copy have zeros around the image's pixels, for views that begin at that pixel of a row */
	int framed, framed_pixel;
	int end_image;
	int most_images, most_rows, most_pixels;
	int image, images, row, rows, pixel, pixels;
	const real *x;
	ptrdiff_t x_image, line;        /* distances in numbers */
	int taps;                       /* of a kernel row */
	ptrdiff_t tap[(int)SIGHT * FEW_CHANNELS];
} View;

/* The number of vectors of a row of the source that is copied for so many pixels: one phase after the other. Those of a
 * phase are a stride apart in the source, and neighbours in the copy. */
INLINE int phase_length(const Window *o, int pixels)
{
	return pixels + (o->kernel_width - 1) / o->stride_width;
}

INLINE int phase_count(const Window *o)
{
	return smaller(o->stride_width, o->kernel_width);
}

/* Rows of the source that the window sees for so many rows of the result. */
INLINE int source_rows(const Window *o, int rows)
{
	return (rows - 1) * o->stride_height + o->kernel_height;
}

/* As fill_rows does, for so few that a call of memset would take longer, which gcc makes of it. */
INLINE void zero_few(ptrdiff_t rows, real *y)
{
	for (; rows > 0; rows = hidden(rows - 1), y += LANES)
		store(y, splat(0.0f));
}

/* The number of vectors, or in a narrow view of numbers, of a row of the source for so many pixels. */
INLINE int line_length(const View *v, int pixels)
{
	return (v->channels ? v->channels : 1) * phase_count(v->o) * phase_length(v->o, pixels);
}

INLINE void zero_few_numbers(ptrdiff_t count, real *y)
{
	for (; count > 0; count = hidden(count - 1))
		*y++ = 0.0f;
}

/* A phase of a row: the vectors that are seen are `stride` apart, the others are 0, and may be so already. */
INLINE void copy_phase(int length, Range seen, int framed, real *to, const real *from, ptrdiff_t stride)
{
	from += seen.first * stride;
	for (int column = seen.first; column < seen.end; column++, from += stride)
		store(to + column * LANES, load(from));
	if (framed)
		return;
	zero_few(seen.first, to);
	zero_few(length - seen.end, to + seen.end * LANES);
}

/* The same for a channel of a narrow view. */
INLINE void copy_numbers(int length, Range seen, int framed, real *to, const real *from, ptrdiff_t stride)
{
	from += seen.first * stride;
	for (int column = seen.first; column < seen.end; column++, from += stride)
		to[column] = *from;
	if (framed)
		return;
	zero_few_numbers(seen.first, to);
	zero_few_numbers(length - seen.end, to + seen.end);
}

/* A row of the source begins at `from`. Of one that is not in the image nothing is seen. */
INLINE void copy_row(const int narrow, const View *v, int length, Range seen, int framed, real *to, const real *from)
{
	const ptrdiff_t stride = (ptrdiff_t)v->o->stride_width * LANES, step = (ptrdiff_t)phase_count(v->o) * length;
	if (!narrow)
		copy_phase(length, seen, framed, to, from, stride);
	for (int channel = 0; narrow && channel < v->channels; channel++, to += step)
		copy_numbers(length, seen, framed, to, from + channel, stride);
}

INLINE void copy_view(const int narrow, View *v, int top, int left)
{
	const Window *o = v->o;
	const int length = phase_length(o, v->pixels), rows = source_rows(o, v->rows), size = narrow ? 1 : LANES;
	v->x = (const real *)v->copy;
	v->line = (ptrdiff_t)line_length(v, v->pixels) * size;
	v->x_image = v->line * rows;
	if (v->framed_pixel != v->pixel)
		v->framed = 0;
	for (int phase = 0; phase < phase_count(o); phase++) {
		const int first = left + phase, last = o->width - 1 - first;
		Range seen = { smaller(first < 0 ? (-first + o->stride_width - 1) / o->stride_width : 0, length),
			last < 0 ? 0 : smaller(last / o->stride_width + 1, length) };
		real *to = (real *)v->copy + (ptrdiff_t)phase * length * size;
		seen.end = seen.end > seen.first ? seen.end : seen.first;
		int framed = v->framed;
		for (int image = v->image; image < v->image + v->images; image++)
			for (int row = top; row < top + rows; row++, to += v->line, framed--) {
				const real *from = v->panel + (((ptrdiff_t)image * o->height + row) * o->width + first) * LANES;
				const Range none = { 0, 0 };
				if (row >= 0 && row < o->height)
					copy_row(narrow, v, length, seen, framed > 0, to, from);
				else
					copy_row(narrow, v, length, none, 0, to, v->panel);
			}
	}
	v->framed_pixel = v->pixel;
	if (v->framed < v->images * rows)
		v->framed = v->images * rows;
	for (int tap = 0; tap < v->taps; tap++) {
		const int column = narrow ? tap / v->channels : tap, channel = narrow ? tap % v->channels : 0;
		const int phase = channel * phase_count(o) + column % o->stride_width;
		v->tap[tap] = ((ptrdiff_t)phase * length + column / o->stride_width) * size;
	}
}

/* Without strides, what lies within the images is seen in place, by a view that is not narrow. */
INLINE void see(const int narrow, View *v)
{
	const Window *o = v->o;
	const int top = v->row * o->stride_height - o->padding_height, left = v->pixel * o->stride_width - o->padding_width;
	if (narrow || o->stride_width > 1 || top < 0 || left < 0 || top + source_rows(o, v->rows) > o->height
		|| left + phase_length(o, v->pixels) > o->width) {
		copy_view(narrow, v, top, left);
		return;
	}
	v->x = v->panel + (((ptrdiff_t)v->image * o->height + top) * o->width + left) * LANES;
	v->line = (ptrdiff_t)o->width * LANES;
	v->x_image = v->line * o->height;
	for (int column = 0; column < o->kernel_width; column++)
		v->tap[column] = (ptrdiff_t)column * LANES;
}

/* The next view, or one without images after the last. */
INLINE void advance_view(const int narrow, View *v)
{
	const Window *o = v->o;
	v->row += v->rows;
	if (v->row == o->y_height) {
		v->row = 0;
		v->pixel += v->pixels;
	}
	if (v->pixel == o->y_width) {
		v->pixel = 0;
		v->image += v->images;
	}
	v->images = smaller(v->most_images, v->end_image - v->image);
	v->rows = smaller(v->most_rows, o->y_height - v->row);
	v->pixels = smaller(v->most_pixels, o->y_width - v->pixel);
	if (v->images > 0)
		see(narrow, v);
}

static void next_view(View *v) { advance_view(0, v); }
static void next_narrow_view(View *v) { advance_view(1, v); }

/* The first view of the images from begin to end, begin < end. The window's kernel has at most SIGHT rows and columns.
 * `copy` has room for VIEW vectors. With a number of channels, the view is narrow. */
static View view_of(int channels, const Window *o, int begin, int end, const real *panel, Vector *copy)
{
	const int room = channels ? VIEW * LANES : VIEW;
	View v;
	v.o = o;
	v.channels = channels;
	v.taps = o->kernel_width * (channels ? channels : 1);
	v.panel = panel;
	v.copy = copy;
	v.framed = v.framed_pixel = 0;
	v.end_image = end;
	v.most_pixels = smaller(o->y_width, SPAN);
	while (line_length(&v, v.most_pixels) * o->kernel_height > room)
		v.most_pixels--;
	const int lines = room / line_length(&v, v.most_pixels);
	v.most_rows = smaller((lines - o->kernel_height) / o->stride_height + 1, o->y_height);
	v.most_images = v.most_rows == o->y_height && v.most_pixels == o->y_width ? lines / source_rows(o, o->y_height) : 1;
	v.image = begin;
	v.images = v.row = v.rows = v.pixel = v.pixels = 0;
	if (channels)
		next_narrow_view(&v);
	else
		next_view(&v);
	return v;
}

/* Where the result has the pixel p of a row of the view, in an image of it. */
INLINE ptrdiff_t y_place(const View *v, int image, int row, int p)
{
	const ptrdiff_t y_row = (ptrdiff_t)(v->image + image) * v->o->y_height + v->row + row;
	return (y_row * v->o->y_width + v->pixel + p) * LANES;
}

/* The kernel rows that see a row of the source, for a row of the result. */
INLINE Range kernel_rows_seen(const Window *o, int row)
{
	return places_seen(row * o->stride_height - o->padding_height, o->kernel_height, o->height);
}
#endif

#endif
