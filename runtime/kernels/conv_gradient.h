/* conv_gradient.h: the tiles of dW: for each tap of a convolution, the product of what it sees with dy. Several taps
 * and channels are summed at once, so that each vector of dy is loaded for all of them. */
#ifndef BNC_CONV_GRADIENT_H
#define BNC_CONV_GRADIENT_H
#include "conv_tiles.h"

#if LANES > 1
/* dW of neighbouring taps and channels, in the same tile, of a panel of dy or two. The second panel is dy_second from
 * the first, and so on. */
typedef struct Taps {
	const View *v;
	const real *dy;         /* the panel of dy */
	real *dw;               /* [kernel row][kernel column][inputs][LANES] */
	ptrdiff_t dw_line;      /* from kernel row to kernel row */
	int inputs;             /* DENSE: channels of the panel of x; NARROW: of x; OWN: 1 */
	ptrdiff_t dy_second, dw_second;
	int kernel_row, column, channel;        /* the first of the tile */
} Taps;

/* A row of the view: what the tap at the top left sees for its first pixel, and dy there. */
typedef struct Line { int image, row; const real *x, *dy; } Line;

INLINE Line first_line(const Taps *t)
{
	const Line line = { 0, 0, t->v->x, t->dy + y_place(t->v, 0, 0, 0) };
	return line;
}

INLINE void next_line(Line *line, const Taps *t)
{
	const View *v = t->v;
	if (++line->row == v->rows) {
		line->row = 0;
		line->image++;
	}
	line->x = v->x + line->image * v->x_image + (ptrdiff_t)line->row * v->o->stride_height * v->line;
	line->dy = t->dy + y_place(v, line->image, line->row, 0);
}

/* dW += the sums over the pixels of the view. If each channel has a kernel of its own, `channels` is 1, and small tiles
 * split the pixels into strands, so that there are enough independent sums. */
INLINE void dw_tile(const int columns, const int channels, const int panels, const int kind, const Taps *t)
{
	enum { MOST_SUMS = 24, MOST_COLUMNS = 5 };
	const int sums = columns * channels, strands = kind == OWN && sums < 8 ? 8 / sums : 1;
	const View *v = t->v;
	const Window *o = v->o;
	Vector sum[MOST_SUMS];
	ptrdiff_t at[MOST_COLUMNS];
	UNROLL
	for (int i = 0; i < panels * sums * strands; i++)
		sum[i] = splat(0.0f);
	UNROLL
	for (int k = 0; k < columns; k++)
		at[k] = t->kernel_row * v->line + v->tap[t->column + k] + t->channel;
	Line line = first_line(t);
	for (int rows = v->images * v->rows; rows > 0; rows--, next_line(&line, t)) {
		const real *x = line.x, *dy = line.dy;
		const int seen = (v->row + line.row) * o->stride_height - o->padding_height + t->kernel_row;
		int left = seen >= 0 && seen < o->height ? v->pixels : 0;
		for (; left >= strands; left -= strands, x += strands * LANES, dy += strands * LANES) {
			UNROLL
			for (int j = 0; j < sums * strands; j++) {
				const Vector pixel = pixel_of(kind, x + at[j % sums / channels] + j % channels, j / sums);
				sum[j] += load(dy + j / sums * LANES) * pixel;
				if (panels > 1)
					sum[sums + j] += load(dy + t->dy_second) * pixel;
			}
		}
		for (; strands > 1 && left > 0; left--, x += LANES, dy += LANES) {
			UNROLL
			for (int j = 0; j < sums; j++)
				sum[j] += load(dy) * pixel_of(kind, x + at[j / channels] + j % channels, 0);
		}
	}
	UNROLL
	for (int strand = 1; strand < strands; strand++) {
		UNROLL
		for (int i = 0; i < sums; i++)
			sum[i] += sum[strand * sums + i];
	}
	UNROLL
	for (int i = 0; i < panels * sums; i++) {
		const int place = (t->column + i % sums / channels) * t->inputs + t->channel + i % channels;
		real *dw = t->dw + t->kernel_row * t->dw_line + i / sums * t->dw_second + place * LANES;
		store(dw, load(dw) + sum[i]);
	}
}

/* The same for neighbouring taps of a narrow view, over the ends of kernel rows, from tap `first` on. Rows that are not
 * in the image are 0 in the view. */
INLINE void narrow_dw_tile(const int count, const int panels, const Taps *t, int first)
{
	enum { MOST_SUMS = 12, MOST_TAPS_OF_TILE = 9 };
	const View *v = t->v;
	Vector sum[MOST_SUMS];
	ptrdiff_t at[MOST_TAPS_OF_TILE], place[MOST_TAPS_OF_TILE];
	UNROLL
	for (int i = 0; i < panels * count; i++)
		sum[i] = splat(0.0f);
	UNROLL
	for (int k = 0; k < count; k++) {
		const int row = (first + k) / v->taps, tap = (first + k) % v->taps;
		at[k] = row * v->line + v->tap[tap];
		place[k] = row * t->dw_line + tap * LANES;
	}
	Line line = first_line(t);
	for (int rows = v->images * v->rows; rows > 0; rows--, next_line(&line, t)) {
		const real *x = line.x, *dy = line.dy;
		for (int left = v->pixels; left > 0; left--, x++, dy += LANES) {
			UNROLL
			for (int k = 0; k < count; k++) {
				const Vector pixel = splat(x[at[k]]);
				sum[k] += load(dy) * pixel;
				if (panels > 1)
					sum[count + k] += load(dy + t->dy_second) * pixel;
			}
		}
	}
	UNROLL
	for (int i = 0; i < panels * count; i++) {
		real *dw = t->dw + i / count * t->dw_second + place[i % count];
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
#define NARROW_DW_TILES(TILE) TILE(9) TILE(8) TILE(7) TILE(6) TILE(5) TILE(4) TILE(3) TILE(2) TILE(1)
#define TILE(columns, channels) \
	NOINLINE void dw_tile_##columns##_##channels(const Taps *t) { dw_tile(columns, channels, 1, DENSE, t); }
DW_TILES(TILE)
#undef TILE
#define TILE(taps) NOINLINE void narrow_dw_##taps(const Taps *t, int first) { narrow_dw_tile(taps, 1, t, first); }
NARROW_DW_TILES(TILE)
#undef TILE
NOINLINE void own_dw_5(const Taps *t) { dw_tile(5, 1, 1, OWN, t); }
NOINLINE void own_dw_3(const Taps *t) { dw_tile(3, 1, 1, OWN, t); }
NOINLINE void own_dw_1(const Taps *t) { dw_tile(1, 1, 1, OWN, t); }

/* Of two panels: as many channels as leave registers for them. */
#if LANES * REAL_BITS >= 256
#if LANES * REAL_BITS == 512
enum { PAIR_CHANNELS = 4 };
#define PAIR_DW_TILES(TILE) TILE(3, 4) TILE(2, 4) TILE(1, 4) TILE(5, 2) TILE(3, 2) TILE(1, 2) TILE(5, 1) TILE(3, 1) \
	TILE(1, 1)
#else
enum { PAIR_CHANNELS = 2 };
#define PAIR_DW_TILES(TILE) TILE(1, 4) TILE(3, 2) TILE(2, 2) TILE(1, 2) TILE(5, 1) TILE(3, 1) TILE(1, 1)
#endif
#define NARROW_PAIR_DW_TILES(TILE) TILE(6) TILE(5) TILE(4) TILE(3) TILE(2) TILE(1)
#define TILE(columns, channels) \
	NOINLINE void pair_dw_tile_##columns##_##channels(const Taps *t) { dw_tile(columns, channels, 2, DENSE, t); }
PAIR_DW_TILES(TILE)
#undef TILE
#define TILE(taps) NOINLINE void narrow_pair_dw_##taps(const Taps *t, int first) { narrow_dw_tile(taps, 2, t, first); }
NARROW_PAIR_DW_TILES(TILE)
#undef TILE
#endif

/* dW += what a view gives, if each channel has a kernel of its own. */
static void own_dw_of_view(Taps t)
{
	const Window *o = t.v->o;
#define TILES(count) \
		for (; t.column + count <= o->kernel_width; t.column += count) \
			own_dw_##count(&t);
	for (; t.kernel_row < o->kernel_height; t.kernel_row++) {
		t.column = 0;
		TILES(5)
		TILES(3)
		TILES(1)
	}
#undef TILES
}

/* The most channels of a tile, a power of 2. */
INLINE int channels_of_tile(int most, int left)
{
	int channels = 1;
	while (2 * channels <= smaller(most, left))
		channels *= 2;
	return channels;
}

/* NAME_view: dW += what a view gives. NAME: what images of a panel of x give. */
#define ADD_DW(name, TILES, TILE, most) \
	static void name##_view(Taps t) \
	{ \
		const int width = t.v->o->kernel_width; \
		for (; t.kernel_row < t.v->o->kernel_height; t.kernel_row++) \
			for (t.channel = 0; t.channel < t.inputs; ) { \
				const int channels_now = channels_of_tile(most, t.inputs - t.channel); \
				for (t.column = 0; t.column < width; ) { \
					int done = 0; \
					TILES(TILE) \
					t.column += done; \
				} \
				t.channel += channels_now; \
			} \
	} \
	NOINLINE void name(const Window *o, int begin, int end, Taps taps, const real *x) \
	{ \
		Vector copy[VIEW]; \
		for (View v = view_of(0, o, begin, end, x, copy); v.images > 0; next_view(&v)) { \
			taps.v = &v; \
			name##_view(taps); \
		} \
	}
#define DENSE_TILE(columns, channels) \
	if (!done && channels_now == channels && width - t.column >= columns) { \
		dw_tile_##columns##_##channels(&t); \
		done = columns; \
	}
ADD_DW(add_dw, DW_TILES, DENSE_TILE, LANES)
#undef DENSE_TILE
#if LANES * REAL_BITS >= 256
#define PAIR_TILE(columns, channels) \
	if (!done && channels_now == channels && width - t.column >= columns) { \
		pair_dw_tile_##columns##_##channels(&t); \
		done = columns; \
	}
ADD_DW(add_dw_pair, PAIR_DW_TILES, PAIR_TILE, width > 1 ? PAIR_CHANNELS : 4)
#undef PAIR_TILE
#endif
#undef ADD_DW

/* The same by a narrow view, in tiles of nearly equal size, of at most `most` taps. */
#define ADD_NARROW_DW(name, TILES, TILE, most) \
	static void name##_view(const Taps *t) \
	{ \
		const int taps_in_all = t->v->o->kernel_height * t->v->taps; \
		int first = 0; \
		for (int tiles = (taps_in_all + most - 1) / most; tiles > 0; tiles--) { \
			const int size = (taps_in_all - first + tiles - 1) / tiles; \
			switch (size) { \
			TILES(TILE) \
			} \
			first += size; \
		} \
	} \
	NOINLINE void name(const Window *o, int begin, int end, Taps taps, const real *x) \
	{ \
		Vector copy[VIEW]; \
		for (View v = view_of(taps.inputs, o, begin, end, x, copy); v.images > 0; next_narrow_view(&v)) { \
			taps.v = &v; \
			name##_view(&taps); \
		} \
	}
#define NARROW_TILE(taps) case taps: narrow_dw_##taps(t, first); break;
ADD_NARROW_DW(add_dw_narrow, NARROW_DW_TILES, NARROW_TILE, 9)
#undef NARROW_TILE
#if LANES * REAL_BITS >= 256
#define NARROW_PAIR_TILE(taps) case taps: narrow_pair_dw_##taps(t, first); break;
ADD_NARROW_DW(add_dw_narrow_pair, NARROW_PAIR_DW_TILES, NARROW_PAIR_TILE, 6)
#undef NARROW_PAIR_TILE
#endif
#undef ADD_NARROW_DW

NOINLINE void add_own_dw(const Window *o, int begin, int end, Taps taps, const real *x)
{
	Vector copy[VIEW];
	for (View v = view_of(0, o, begin, end, x, copy); v.images > 0; next_view(&v)) {
		taps.v = &v;
		own_dw_of_view(taps);
	}
}
#endif

#endif
