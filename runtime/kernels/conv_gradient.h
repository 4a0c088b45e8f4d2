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

/* A row of a kernel whose columns are neighbours in the view. A tile has all its columns, for several strings: each is
 * what a channel has in a kernel row. Each pixel of the view and each of dy is loaded once for all products that it is
 * in, and the last pixels of dy stay in registers. at: where the string is in the view; place: where its dW is. */
typedef struct String { ptrdiff_t at, place; } String;

/* sum[k][string] += x[p] dy[p - k] for the columns k from first to end; dy[p - k] is in recent[(p - k) % columns]. */
INLINE void run_pixel(const int columns, const int strings, const int kind, const int first, const int end,
	const int turn, Vector *sum, const Vector *recent, const real *x, const String *string)
{
	UNROLL
	for (int i = 0; i < strings; i++) {
		const Vector pixel = pixel_of(kind, x + string[i].at, 0);
		UNROLL
		for (int k = first; k < end; k++)
			sum[k * strings + i] += recent[(turn + columns - k) % columns] * pixel;
	}
}

/* The view has at least `columns` pixels in a row. */
INLINE void dw_run(const int columns, const int strings, const int kind, const Taps *t, const String *string)
{
	enum { MOST_SUMS = 20, MOST_COLUMNS_RUN = 5 };
	const View *v = t->v;
	const Window *o = v->o;
	const int step = kind == NARROW ? 1 : LANES;
	Vector sum[MOST_SUMS], recent[MOST_COLUMNS_RUN];
	UNROLL
	for (int i = 0; i < columns * strings; i++)
		sum[i] = splat(0.0f);
	Line line = first_line(t);
	for (int rows = v->images * v->rows; rows > 0; rows--, next_line(&line, t)) {
		const real *x = line.x, *dy = line.dy;
		const int seen = (v->row + line.row) * o->stride_height - o->padding_height + t->kernel_row;
		int left = v->pixels - columns;
		if (kind == DENSE && (seen < 0 || seen >= o->height))
			continue;       /* with several kernel rows in a tile, it is 0 in the view */
		/* the first pixels, as many as there are columns: pixel i is in the columns up to i only */
		UNROLL
		for (int i = 0; i < columns; i++, x += step, dy += LANES) {
			recent[i] = load(dy);
			run_pixel(columns, strings, kind, 0, i + 1, i, sum, recent, x, string);
		}
		for (; left >= columns; left -= columns) {
			UNROLL
			for (int i = 0; i < columns; i++, x += step, dy += LANES) {
				recent[i] = load(dy);
				run_pixel(columns, strings, kind, 0, columns, i, sum, recent, x, string);
			}
		}
		for (; left > 0; left--, x += step, dy += LANES) {
			UNROLL
			for (int i = 0; i + 1 < columns; i++)
				recent[i] = recent[i + 1];
			recent[columns - 1] = load(dy);
			run_pixel(columns, strings, kind, 0, columns, columns - 1, sum, recent, x, string);
		}
		/* what the last columns see beyond the last pixel */
		UNROLL
		for (int i = 0; i + 1 < columns; i++, x += step)
			run_pixel(columns, strings, kind, i + 1, columns, i, sum, recent, x, string);
	}
	UNROLL
	for (int i = 0; i < columns * strings; i++) {
		real *dw = t->dw + string[i % strings].place + i / strings * t->inputs * LANES;
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

/* NAME: dW += what images of a panel of x give. NAME_view does it for a view. */
#define ADD_VIEWS(name, channels, next) \
	NOINLINE void name(const Window *o, int begin, int end, Taps taps, const real *x) \
	{ \
		Vector copy[VIEW]; \
		for (View v = view_of(channels, o, begin, end, x, copy); v.images > 0; next(&v)) { \
			taps.v = &v; \
			name##_view(taps); \
		} \
	}

/* If each channel has a kernel of its own. */
static void add_own_dw_view(Taps t)
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
ADD_VIEWS(add_own_dw, 0, next_view)

/* The most channels of a tile, a power of 2. */
INLINE int channels_of_tile(int most, int left)
{
	int channels = 1;
	while (2 * channels <= smaller(most, left))
		channels *= 2;
	return channels;
}

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
	ADD_VIEWS(name, 0, next_view)
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
	static void name##_view(Taps t) \
	{ \
		const int taps_in_all = t.v->o->kernel_height * t.v->taps; \
		int first = 0; \
		for (int tiles = (taps_in_all + most - 1) / most; tiles > 0; tiles--) { \
			const int size = (taps_in_all - first + tiles - 1) / tiles; \
			switch (size) { \
			TILES(TILE) \
			} \
			first += size; \
		} \
	} \
	ADD_VIEWS(name, taps.inputs, next_narrow_view)
#define NARROW_TILE(taps) case taps: narrow_dw_##taps(&t, first); break;
ADD_NARROW_DW(add_dw_narrow, NARROW_DW_TILES, NARROW_TILE, 9)
#undef NARROW_TILE
#if LANES * REAL_BITS >= 256
#define NARROW_PAIR_TILE(taps) case taps: narrow_pair_dw_##taps(&t, first); break;
ADD_NARROW_DW(add_dw_narrow_pair, NARROW_PAIR_DW_TILES, NARROW_PAIR_TILE, 6)
#undef NARROW_PAIR_TILE
#endif
#undef ADD_NARROW_DW

/* As many strings in a tile as there are registers for. */
#if LANES * REAL_BITS == 512
enum { STRINGS_OF_3 = 6, STRINGS_OF_5 = 4 };
#define RUN3_STRINGS(TILE) TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#define RUN5_STRINGS(TILE) TILE(1) TILE(2) TILE(3) TILE(4)
#elif LANES * REAL_BITS == 256
enum { STRINGS_OF_3 = 4, STRINGS_OF_5 = 2 };
#define RUN3_STRINGS(TILE) TILE(1) TILE(2) TILE(3) TILE(4)
#define RUN5_STRINGS(TILE) TILE(1) TILE(2)
#else
enum { STRINGS_OF_3 = 3, STRINGS_OF_5 = 1 };
#define RUN3_STRINGS(TILE) TILE(1) TILE(2) TILE(3)
#define RUN5_STRINGS(TILE) TILE(1)
#endif
#define TILE(strings) \
	NOINLINE void run3_dw_##strings(const Taps *t, const String *s) { dw_run(3, strings, DENSE, t, s); } \
	NOINLINE void narrow_run3_dw_##strings(const Taps *t, const String *s) { dw_run(3, strings, NARROW, t, s); } \
	NOINLINE void own_run3_dw_##strings(const Taps *t, const String *s) { dw_run(3, strings, OWN, t, s); }
RUN3_STRINGS(TILE)
#undef TILE
#define TILE(strings) \
	NOINLINE void run5_dw_##strings(const Taps *t, const String *s) { dw_run(5, strings, DENSE, t, s); } \
	NOINLINE void narrow_run5_dw_##strings(const Taps *t, const String *s) { dw_run(5, strings, NARROW, t, s); } \
	NOINLINE void own_run5_dw_##strings(const Taps *t, const String *s) { dw_run(5, strings, OWN, t, s); }
RUN5_STRINGS(TILE)
#undef TILE

/* The strings of a tile: the channels from `first` on of a kernel row or, if it has few or one, of the next ones,
 * too. */
INLINE void find_strings(const int kind, const Taps *t, int first, int count, String *string)
{
	for (int i = 0; i < count; i++) {
		const int channel = (first + i) % t->inputs, row = t->kernel_row + (first + i) / t->inputs;
		string[i].at = row * t->v->line + (kind == NARROW ? t->v->tap[channel] : channel);
		string[i].place = row * t->dw_line + channel * LANES;
	}
}

/* Kernel rows that are done one after the other; else all of them are in the same tiles. */
INLINE int rows_in_turn(const int kind, const Taps *t)
{
	return kind == DENSE ? t->v->o->kernel_height : 1;
}

/* In tiles of nearly equal size. If the rows of a view are too short, `other_view` does it. */
#define ADD_DW_RUN(name, kind, columns, most, STRINGS, TILE, other_view, channels, next) \
	static void name##_view(Taps t) \
	{ \
		const int rows = rows_in_turn(kind, &t), strings = t.v->o->kernel_height / rows * t.inputs; \
		if (t.v->pixels < columns) { \
			other_view(t); \
			return; \
		} \
		for (; t.kernel_row < rows; t.kernel_row++) { \
			int first = 0; \
			for (int tiles = (strings + most - 1) / most; tiles > 0; tiles--) { \
				String string[most]; \
				const int size = (strings - first + tiles - 1) / tiles; \
				find_strings(kind, &t, first, size, string); \
				switch (size) { \
				STRINGS(TILE) \
				} \
				first += size; \
			} \
		} \
	} \
	ADD_VIEWS(name, channels, next)
#define RUN3_TILE(strings) case strings: run3_dw_##strings(&t, string); break;
#define RUN5_TILE(strings) case strings: run5_dw_##strings(&t, string); break;
#define NARROW_RUN3_TILE(strings) case strings: narrow_run3_dw_##strings(&t, string); break;
#define NARROW_RUN5_TILE(strings) case strings: narrow_run5_dw_##strings(&t, string); break;
#define OWN_RUN3_TILE(strings) case strings: own_run3_dw_##strings(&t, string); break;
#define OWN_RUN5_TILE(strings) case strings: own_run5_dw_##strings(&t, string); break;
ADD_DW_RUN(add_dw_run3, DENSE, 3, STRINGS_OF_3, RUN3_STRINGS, RUN3_TILE, add_dw_view, 0, next_view)
ADD_DW_RUN(add_dw_run5, DENSE, 5, STRINGS_OF_5, RUN5_STRINGS, RUN5_TILE, add_dw_view, 0, next_view)
ADD_DW_RUN(add_dw_narrow_run3, NARROW, 3, STRINGS_OF_3, RUN3_STRINGS, NARROW_RUN3_TILE, add_dw_narrow_view,
	taps.inputs, next_narrow_view)
ADD_DW_RUN(add_dw_narrow_run5, NARROW, 5, STRINGS_OF_5, RUN5_STRINGS, NARROW_RUN5_TILE, add_dw_narrow_view,
	taps.inputs, next_narrow_view)
ADD_DW_RUN(add_own_dw_run3, OWN, 3, STRINGS_OF_3, RUN3_STRINGS, OWN_RUN3_TILE, add_own_dw_view, 0, next_view)
ADD_DW_RUN(add_own_dw_run5, OWN, 5, STRINGS_OF_5, RUN5_STRINGS, OWN_RUN5_TILE, add_own_dw_view, 0, next_view)
#undef RUN3_TILE
#undef RUN5_TILE
#undef NARROW_RUN3_TILE
#undef OWN_RUN3_TILE
#undef OWN_RUN5_TILE
#undef NARROW_RUN5_TILE
#undef ADD_DW_RUN
#undef ADD_VIEWS
#endif

#endif
