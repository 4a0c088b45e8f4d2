/* conv_tiles.h: the tiles of a convolution, whose sums stay in registers: pixels of the result, or taps and channels of
 * dW. A place in a kernel is called a tap. If each channel has a kernel of its own (depthwise), a tap has a vector of
 * weights for a panel; else it has one for each channel of the source. */
#ifndef BNC_CONV_TILES_H
#define BNC_CONV_TILES_H
#include "view.h"

#if LANES > 1
/* ---- a convolution: pixels of the result */

/* Parts whose weights are gathered or turned have at most so many taps. */
enum { MOST_TAPS = 25 };
#define FOR_GATHERED_PARTS(part, whole) \
	FOR_PARTS(part, whole, smaller(SIGHT, MOST_TAPS / smaller(SIGHT, (whole)->kernel_width)), SIGHT)

/* What all tiles of a view have in common: a panel of the result, and the weights of a panel of the source, which are
 * w_line apart from kernel row to kernel row. */
typedef struct Strip {
	int inputs;             /* channels of the source's panel; 0: each has a kernel of its own */
	const real *w;
	ptrdiff_t w_line;
	real *y;
	const real *start;      /* the initial value of all pixels; null: what is there */
} Strip;

/* What a vector of weights is multiplied by: one channel for all lanes or, if each channel has its own kernel, a panel
 * of channels. */
INLINE Vector channel_of(const int own, const real *x)
{
	return own ? load(x) : splat(*x);
}

INLINE void conv_step(const int pixels, const int rows, const int own, Vector *sum, const real *const *x, ptrdiff_t at,
	const real *w)
{
	const Vector weights = load(w);
	UNROLL
	for (int row = 0; row < rows; row++) {
		UNROLL
		for (int i = 0; i < pixels; i++)
			sum[row * pixels + i] += weights * channel_of(own, x[row] + at + i * LANES);
	}
}

/* The same `pixels` pixels, from p on, of all rows of the view, `rows` rows at a time: one after the other, over all
 * images. Where rows are missing in the end, the first one is computed several times. */
INLINE void conv_tiles(const int pixels, const int rows, const int own, const Strip *s, const View *v, int p)
{
	enum { MOST_SUMS = 24, MOST_ROWS = 4 };
	const Window *o = v->o;
	int row = 0, image = 0;
	for (int left = v->images * v->rows; left > 0; left -= rows) {
		Vector sum[MOST_SUMS];
		const real *x[MOST_ROWS];
		real *y[MOST_ROWS];
		Range seen = { o->kernel_height, 0 };
		UNROLL
		for (int r = 0; r < rows; r++) {
			if (r >= left) {
				x[r] = x[0];
				y[r] = y[0];
				continue;
			}
			const Range its = kernel_rows_seen(o, v->row + row);
			seen.first = smaller(seen.first, its.first);
			seen.end = seen.end < its.end ? its.end : seen.end;
			x[r] = v->x + image * v->x_image + row * o->stride_height * v->line + p * LANES;
			y[r] = s->y + y_place(v, image, row, p);
			if (++row == v->rows) {
				row = 0;
				image++;
			}
		}
		UNROLL
		for (int i = 0; i < rows * pixels; i++)
			sum[i] = load(s->start ? s->start : y[i / pixels] + i % pixels * LANES);
		for (int kernel_row = seen.first; kernel_row < seen.end; kernel_row++) {
			const real *w = s->w + kernel_row * s->w_line;
			for (int column = 0; column < o->kernel_width; column++) {
				ptrdiff_t at = kernel_row * v->line + v->tap[column];
				if (own) {
					conv_step(pixels, rows, 1, sum, x, at, w);
					w += LANES;
					continue;
				}
				int lane = 0;
				for (; lane + STEPS <= s->inputs; lane += STEPS, at += STEPS, w += STEPS * LANES) {
					UNROLL
					for (int step = 0; step < STEPS; step++)
						conv_step(pixels, rows, 0, sum, x, at + step, w + step * LANES);
					at = hidden(at);
				}
				for (; lane < s->inputs; lane++, at++, w += LANES)
					conv_step(pixels, rows, 0, sum, x, at, w);
			}
		}
		UNROLL
		for (int i = 0; i < rows * pixels; i++)
			store(y[i / pixels] + i % pixels * LANES, sum[i]);
	}
}

/* TILE(pixels, rows): as many sums as there are registers for, and no fewer than a processor can work on at once. Of
 * several rows where one has too few pixels. The widest comes first. */
#if LANES * REAL_BITS == 512
#define CONV_TILES(TILE) TILE(24, 1) TILE(16, 1) TILE(12, 1) TILE(10, 1) TILE(8, 1) TILE(6, 2) TILE(5, 2) TILE(4, 3) \
	TILE(3, 4) TILE(2, 4) TILE(1, 4)
#elif LANES * REAL_BITS == 256
#define CONV_TILES(TILE) TILE(12, 1) TILE(10, 1) TILE(8, 1) TILE(6, 2) TILE(5, 2) TILE(4, 3) TILE(3, 4) TILE(2, 4) \
	TILE(1, 4)
#else
#define CONV_TILES(TILE) TILE(8, 1) TILE(6, 1) TILE(5, 1) TILE(4, 2) TILE(3, 2) TILE(2, 4) TILE(1, 4)
#endif

#define TILE(pixels, rows) \
	NOINLINE void conv_tiles_##pixels(const Strip *s, const View *v, int p) { conv_tiles(pixels, rows, 0, s, v, p); } \
	NOINLINE void depthwise_##pixels(const Strip *s, const View *v, int p) { conv_tiles(pixels, rows, 1, s, v, p); }
CONV_TILES(TILE)
#undef TILE

/* The width of the next tile of a row with so many pixels left: all of them, if a tile has this width; the widest, if
 * at least two of it fit; else the narrowest that leaves less than half. */
INLINE int tile_width(int pixels)
{
	static const int widths[] = {
#define TILE(count, rows) count,
		CONV_TILES(TILE)
#undef TILE
	};
	int width = widths[0];
	if (pixels >= 2 * width)
		return width;
	for (size_t i = 0; i < sizeof widths / sizeof *widths && 2 * widths[i] >= pixels; i++) {
		width = widths[i];
		if (width == pixels)
			break;
	}
	return width;
}

/* y += x W for the view. */
static void conv_of_view(const Strip *s, const View *v)
{
	for (int p = 0; p < v->pixels; ) {
		const int width = tile_width(v->pixels - p);
		switch (width) {
#define TILE(pixels, rows) \
		case pixels: s->inputs ? conv_tiles_##pixels(s, v, p) : depthwise_##pixels(s, v, p); break;
		CONV_TILES(TILE)
#undef TILE
		}
		p += width;
	}
}

/* The same for images of a panel of the source. Never inlined, so that several convolutions of a program take the stack
 * of one. */
NOINLINE void convolve(const Strip *s, const Window *o, int begin, int end, const real *x)
{
	Vector copy[VIEW];
	for (View v = view_of(o, begin, end, x, copy); v.images > 0; next_view(&v))
		conv_of_view(s, &v);
}

/* ---- dW: for each tap, the product of what it sees with dy. Several taps and channels are summed at once, so that
 * each vector of dy is loaded for all of them. */

/* dW of neighbouring taps and channels, in the same tile. Narrow ones split the pixels into strands, so that there are
 * enough independent sums. */
typedef struct Taps {
	const View *v;
	const real *dy;         /* the panel of dy */
	real *dw;               /* of the kernel row, [kernel column][inputs][LANES] */
	int inputs;             /* channels of the panel of x; 0: each has a kernel of its own */
	int kernel_row, column, channel;        /* the first of the tile */
} Taps;

/* dW += the sums over the pixels of the view. If each channel has a kernel of its own, `channels` is 1. */
INLINE void dw_tile(const int columns, const int channels, const int own, const Taps *t)
{
	enum { MOST_SUMS = 16, MOST_COLUMNS = 5 };
	const int sums = columns * channels, strands = sums < 8 ? 8 / sums : 1;
	const View *v = t->v;
	const Window *o = v->o;
	Vector sum[MOST_SUMS];
	ptrdiff_t at[MOST_COLUMNS];
	UNROLL
	for (int i = 0; i < sums * strands; i++)
		sum[i] = splat(0.0f);
	UNROLL
	for (int k = 0; k < columns; k++)
		at[k] = v->tap[t->column + k] + t->channel;
	int image = 0, row = 0;
	for (int rows = v->images * v->rows; rows > 0; rows--) {
		const real *x = v->x + image * v->x_image + (row * o->stride_height + t->kernel_row) * v->line;
		const real *dy = t->dy + y_place(v, image, row, 0);
		const int seen = (v->row + row) * o->stride_height - o->padding_height + t->kernel_row;
		int left = seen >= 0 && seen < o->height ? v->pixels : 0;
		if (++row == v->rows) {
			row = 0;
			image++;
		}
		for (; left >= strands; left -= strands, x += strands * LANES, dy += strands * LANES) {
			UNROLL
			for (int j = 0; j < sums * strands; j++)
				sum[j] += load(dy + j / sums * LANES)
					* channel_of(own, x + at[j % sums / channels] + j / sums * LANES + j % channels);
		}
		for (; left > 0; left--, x += LANES, dy += LANES) {
			UNROLL
			for (int j = 0; j < sums; j++)
				sum[j] += load(dy) * channel_of(own, x + at[j / channels] + j % channels);
		}
	}
	UNROLL
	for (int strand = 1; strand < strands; strand++) {
		UNROLL
		for (int i = 0; i < sums; i++)
			sum[i] += sum[strand * sums + i];
	}
	UNROLL
	for (int i = 0; i < sums; i++) {
		real *dw = t->dw + ((t->column + i / channels) * (own ? 1 : t->inputs) + t->channel + i % channels) * LANES;
		store(dw, load(dw) + sum[i]);
	}
}

/* TILE(columns, channels): the most channels come first, and the most columns of each. */
#if LANES >= 16
#define DW_WHOLE_PANEL(TILE) TILE(1, 16) TILE(1, 8)
#elif LANES >= 8
#define DW_WHOLE_PANEL(TILE) TILE(1, 8)
#else
#define DW_WHOLE_PANEL(TILE)
#endif
#define DW_TILES(TILE) DW_WHOLE_PANEL(TILE) TILE(3, 4) TILE(2, 4) TILE(1, 4) TILE(5, 2) TILE(3, 2) TILE(1, 2) \
	TILE(5, 1) TILE(3, 1) TILE(1, 1)

#define TILE(columns, channels) \
	NOINLINE void dw_tile_##columns##_##channels(const Taps *t) { dw_tile(columns, channels, 0, t); }
DW_TILES(TILE)
#undef TILE
NOINLINE void depthwise_dw_5(const Taps *t) { dw_tile(5, 1, 1, t); }
NOINLINE void depthwise_dw_3(const Taps *t) { dw_tile(3, 1, 1, t); }
NOINLINE void depthwise_dw_1(const Taps *t) { dw_tile(1, 1, 1, t); }

/* dW += what a view gives a row of the kernel, if each channel has one of its own. */
static void depthwise_dw_of_kernel_row(Taps t)
{
#define TILES(count) \
	for (; t.column + count <= t.v->o->kernel_width; t.column += count) \
		depthwise_dw_##count(&t);
	TILES(5)
	TILES(3)
	TILES(1)
#undef TILES
}

/* dW += what a view gives a row of the kernel. */
static void dw_of_kernel_row(Taps t)
{
	const int width = t.v->o->kernel_width;
	for (int channels; t.channel < t.inputs; t.channel += channels) {
		for (channels = 1; 2 * channels <= smaller(LANES, t.inputs - t.channel); channels *= 2)
			;
		for (t.column = 0; t.column < width; ) {
			int done = 0;
#define TILE(columns, its_channels) \
			if (!done && channels == its_channels && width - t.column >= columns) { \
				dw_tile_##columns##_##its_channels(&t); \
				done = columns; \
			}
			DW_TILES(TILE)
#undef TILE
			t.column += done;
		}
	}
}

/* dW += what images of a panel of x give a part of a kernel whose rows are dw_line apart. inputs: as in Taps. */
NOINLINE void add_dw(const Window *o, int begin, int end, int inputs, real *dw, ptrdiff_t dw_line, const real *x,
	const real *dy)
{
	Vector copy[VIEW];
	for (View v = view_of(o, begin, end, x, copy); v.images > 0; next_view(&v))
		for (int kernel_row = 0; kernel_row < o->kernel_height; kernel_row++) {
			const Taps taps = { &v, dy, dw + kernel_row * dw_line, inputs, kernel_row, 0, 0 };
			if (inputs)
				dw_of_kernel_row(taps);
			else
				depthwise_dw_of_kernel_row(taps);
		}
}
#endif

#endif
