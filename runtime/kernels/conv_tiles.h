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

/* What the numbers of a view are to the weights of a tap: one vector of weights for each channel of a panel; one for
 * each channel of a narrow view; or, if each channel has a kernel of its own, one for the panel. */
enum { DENSE, NARROW, OWN };

/* What all tiles of a view have in common: a panel of the result, or two, and the weights of a panel of the source,
 * which are w_line apart from kernel row to kernel row. The weights of the second panel are w_second from those of the
 * first, and so on. */
typedef struct Strip {
	int inputs;             /* DENSE: channels of the source's panel; else those of a narrow view */
	const real *w;
	ptrdiff_t w_line;
	real *y;
	const real *start;      /* the initial value of all pixels; null: what is there */
	ptrdiff_t w_second, y_second, start_second;
} Strip;

/* What a vector of weights is multiplied by for pixel i: one channel for all lanes or, if each channel has its own
 * kernel, a panel of channels. */
INLINE Vector pixel_of(const int kind, const real *x, int i)
{
	return kind == OWN ? load(x + i * LANES) : splat(x[kind == NARROW ? i : i * LANES]);
}

/* sum: [panel][row][pixel] */
INLINE void conv_step(const int pixels, const int rows, const int panels, const int kind, Vector *sum,
	const real *const *x, ptrdiff_t at, const real *w, ptrdiff_t w_second)
{
	const Vector weights = load(w), other = panels > 1 ? load(w + w_second) : weights;
	UNROLL
	for (int row = 0; row < rows; row++) {
		UNROLL
		for (int i = 0; i < pixels; i++) {
			const Vector pixel = pixel_of(kind, x[row] + at, i);
			sum[row * pixels + i] += weights * pixel;
			if (panels > 1)
				sum[(rows + row) * pixels + i] += other * pixel;
		}
	}
}

/* All columns of a kernel row, where its columns are neighbours in the view, of one channel: each pixel of the view is
 * loaded once for all pixels of the tile that see it. The weights of a column are w_step from those of the one
 * before. */
INLINE void conv_run(const int pixels, const int rows, const int columns, const int kind, Vector *sum,
	const real *const *x, ptrdiff_t at, const real *w, ptrdiff_t w_step)
{
	enum { MOST_COLUMNS_RUN = 5 };
	Vector weights[MOST_COLUMNS_RUN];
	UNROLL
	for (int k = 0; k < columns; k++)
		weights[k] = load(w + k * w_step);
	UNROLL
	for (int row = 0; row < rows; row++) {
		UNROLL
		for (int i = 0; i < pixels + columns - 1; i++) {
			const Vector pixel = pixel_of(kind, x[row] + at, i);
			UNROLL
			for (int k = 0; k < columns; k++)
				if (i - k >= 0 && i - k < pixels)
					sum[row * pixels + i - k] += weights[k] * pixel;
		}
	}
}

/* The same `pixels` pixels, from p on, of all rows of the view, `rows` rows at a time: one after the other, over all
 * images. Where rows are missing in the end, the first one is computed several times. With a number of columns, the
 * kernel has as many and a stride of 1, and goes channel by channel. */
INLINE void conv_tiles(const int pixels, const int rows, const int panels, const int columns, const int kind,
	const Strip *s, const View *v, int p)
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
			x[r] = v->x + image * v->x_image + row * o->stride_height * v->line + p * (kind == NARROW ? 1 : LANES);
			y[r] = s->y + y_place(v, image, row, p);
			if (++row == v->rows) {
				row = 0;
				image++;
			}
		}
		UNROLL
		for (int i = 0; i < panels * rows * pixels; i++) {
			const int panel = i / (rows * pixels);
			sum[i] = load(s->start ? s->start + panel * s->start_second
				: y[i / pixels % rows] + panel * s->y_second + i % pixels * LANES);
		}
		for (int kernel_row = seen.first; kernel_row < seen.end; kernel_row++) {
			const real *w = s->w + kernel_row * s->w_line;
			for (int channel = 0; columns && channel < s->inputs; channel++, w += LANES)
				conv_run(pixels, rows, columns, kind, sum, x,
					kernel_row * v->line + (kind == DENSE ? channel : v->tap[channel]), w, s->inputs * LANES);
			if (columns)
				continue;
			for (int tap = 0; tap < v->taps; tap++) {
				ptrdiff_t at = kernel_row * v->line + v->tap[tap];
				if (kind != DENSE) {
					conv_step(pixels, rows, panels, kind, sum, x, at, w, s->w_second);
					w += LANES;
					continue;
				}
				int lane = 0;
				for (; lane + STEPS <= s->inputs; lane += STEPS, at += STEPS, w += STEPS * LANES) {
					UNROLL
					for (int step = 0; step < STEPS; step++)
						conv_step(pixels, rows, panels, DENSE, sum, x, at + step, w + step * LANES, s->w_second);
					at = hidden(at);
				}
				for (; lane < s->inputs; lane++, at++, w += LANES)
					conv_step(pixels, rows, panels, DENSE, sum, x, at, w, s->w_second);
			}
		}
		UNROLL
		for (int i = 0; i < panels * rows * pixels; i++)
			store(y[i / pixels % rows] + i / (rows * pixels) * s->y_second + i % pixels * LANES, sum[i]);
	}
}

/* TILE(pixels, rows): as many sums as there are registers for, and no fewer than a processor can work on at once. Of
 * several rows where one has too few pixels. The widest comes first. PAIR_TILES are those of two panels, which load a
 * pixel for both. */
#if LANES * REAL_BITS == 512
#define CONV_TILES(TILE) TILE(24, 1) TILE(16, 1) TILE(12, 1) TILE(10, 1) TILE(8, 1) TILE(6, 2) TILE(5, 2) TILE(4, 3) \
	TILE(3, 4) TILE(2, 4) TILE(1, 4)
#define PAIR_TILES(TILE) TILE(12, 1) TILE(10, 1) TILE(8, 1) TILE(6, 1) TILE(5, 1) TILE(4, 2) TILE(3, 2) TILE(2, 4) \
	TILE(1, 4)
#elif LANES * REAL_BITS == 256
#define CONV_TILES(TILE) TILE(12, 1) TILE(10, 1) TILE(8, 1) TILE(6, 2) TILE(5, 2) TILE(4, 3) TILE(3, 4) TILE(2, 4) \
	TILE(1, 4)
#define PAIR_TILES(TILE) TILE(6, 1) TILE(5, 1) TILE(4, 1) TILE(3, 2) TILE(2, 3) TILE(1, 4)
#else
#define CONV_TILES(TILE) TILE(8, 1) TILE(6, 1) TILE(5, 1) TILE(4, 2) TILE(3, 2) TILE(2, 4) TILE(1, 4)
#endif

/* NAME_PIXELS: a tile. Those of runs are of kernels of 3 and of 5 columns. */
#define TILE_OF(name, pixels, rows, panels, columns, kind) \
	NOINLINE void name##_##pixels(const Strip *s, const View *v, int p) \
	{ conv_tiles(pixels, rows, panels, columns, kind, s, v, p); }

#define TILE(pixels, rows) \
	TILE_OF(conv_tiles, pixels, rows, 1, 0, DENSE) \
	TILE_OF(narrow_tiles, pixels, rows, 1, 0, NARROW) \
	TILE_OF(own_tiles, pixels, rows, 1, 0, OWN) \
	TILE_OF(run3_tiles, pixels, rows, 1, 3, DENSE) \
	TILE_OF(narrow_run3_tiles, pixels, rows, 1, 3, NARROW)
CONV_TILES(TILE)
#undef TILE
#if LANES * REAL_BITS == 256
#define RUN5_TILES(TILE) TILE(10, 1) TILE(8, 1) TILE(6, 1) TILE(5, 2) TILE(4, 2) TILE(3, 3) TILE(2, 4) TILE(1, 4)
#else
#define RUN5_TILES(TILE) CONV_TILES(TILE)
#endif
#define TILE(pixels, rows) \
	TILE_OF(run5_tiles, pixels, rows, 1, 5, DENSE) \
	TILE_OF(narrow_run5_tiles, pixels, rows, 1, 5, NARROW)
RUN5_TILES(TILE)
#undef TILE
#if LANES * REAL_BITS >= 256
#define TILE(pixels, rows) \
	TILE_OF(pair_tiles, pixels, rows, 2, 0, DENSE) \
	TILE_OF(narrow_pair_tiles, pixels, rows, 2, 0, NARROW)
PAIR_TILES(TILE)
#undef TILE
#endif
#undef TILE_OF

/* The width of the next tile of a row with so many pixels left: all of them, if a tile has this width; the widest, if
 * at least two of it fit; else the narrowest that leaves less than half. */
INLINE int width_of_tile(const int *widths, int count, int pixels)
{
	int width = widths[0];
	if (pixels >= 2 * width)
		return width;
	for (int i = 0; i < count && 2 * widths[i] >= pixels; i++) {
		width = widths[i];
		if (width == pixels)
			break;
	}
	return width;
}

/* NAME_view: y += x W for the view. NAME: the same for images of a panel of the source. Never inlined, so that several
 * convolutions of a program take the stack of one. */
#define WIDTH(pixels, rows) pixels,
#define CONVOLVE(name, TILES, CASE, channels, next) \
	static void name##_view(const Strip *s, const View *v) \
	{ \
		static const int widths[] = { TILES(WIDTH) }; \
		for (int p = 0, width; p < v->pixels; p += width) { \
			width = width_of_tile(widths, (int)(sizeof widths / sizeof *widths), v->pixels - p); \
			switch (width) { \
			TILES(CASE) \
			} \
		} \
	} \
	NOINLINE void name(const Strip *s, const Window *o, int begin, int end, const real *x) \
	{ \
		Vector copy[VIEW]; \
		for (View v = view_of(channels, o, begin, end, x, copy); v.images > 0; next(&v)) \
			name##_view(s, &v); \
	}
#define DENSE_CASE(pixels, rows) case pixels: conv_tiles_##pixels(s, v, p); break;
#define NARROW_CASE(pixels, rows) case pixels: narrow_tiles_##pixels(s, v, p); break;
#define OWN_CASE(pixels, rows) case pixels: own_tiles_##pixels(s, v, p); break;
CONVOLVE(convolve, CONV_TILES, DENSE_CASE, 0, next_view)
CONVOLVE(convolve_narrow, CONV_TILES, NARROW_CASE, s->inputs, next_narrow_view)
CONVOLVE(convolve_own, CONV_TILES, OWN_CASE, 0, next_view)
#define RUN3_CASE(pixels, rows) case pixels: run3_tiles_##pixels(s, v, p); break;
#define RUN5_CASE(pixels, rows) case pixels: run5_tiles_##pixels(s, v, p); break;
#define NARROW_RUN3_CASE(pixels, rows) case pixels: narrow_run3_tiles_##pixels(s, v, p); break;
#define NARROW_RUN5_CASE(pixels, rows) case pixels: narrow_run5_tiles_##pixels(s, v, p); break;
CONVOLVE(convolve_run3, CONV_TILES, RUN3_CASE, 0, next_view)
CONVOLVE(convolve_run5, RUN5_TILES, RUN5_CASE, 0, next_view)
CONVOLVE(convolve_narrow_run3, CONV_TILES, NARROW_RUN3_CASE, s->inputs, next_narrow_view)
CONVOLVE(convolve_narrow_run5, RUN5_TILES, NARROW_RUN5_CASE, s->inputs, next_narrow_view)
#if LANES * REAL_BITS >= 256
#define PAIR_CASE(pixels, rows) case pixels: pair_tiles_##pixels(s, v, p); break;
#define NARROW_PAIR_CASE(pixels, rows) case pixels: narrow_pair_tiles_##pixels(s, v, p); break;
CONVOLVE(convolve_pair, PAIR_TILES, PAIR_CASE, 0, next_view)
CONVOLVE(convolve_narrow_pair, PAIR_TILES, NARROW_PAIR_CASE, s->inputs, next_narrow_view)
#undef PAIR_CASE
#undef NARROW_PAIR_CASE
#endif
#undef WIDTH
#undef CONVOLVE
#undef DENSE_CASE
#undef NARROW_CASE
#undef OWN_CASE
#undef RUN3_CASE
#undef RUN5_CASE
#undef NARROW_RUN3_CASE
#undef NARROW_RUN5_CASE
#endif

#endif
