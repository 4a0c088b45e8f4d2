/* conv_winograd.c: convolution by kernels of 3x3 without strides, in tiles of 2x2 pixels, by the minimal filtering
 * algorithm F(2x2, 3x3): Winograd, Arithmetic Complexity of Computations (1980); Lavin and Gray, Fast Algorithms for
 * Convolutional Neural Networks (2015), section 4.1. A tile needs a product for each of 16 places instead of 36 for its
 * pixels and taps: 2.25 times fewer. What comes before and behind the products are sums of whole vectors.
 *
 * With the 4x4 pixels d that a tile sees and the kernel g, for an image of one channel:
 *
 *     y = A' ((G g G') * (B' d B)) A        B' = 1  0 -1  0    G = 1    0    0      A' = 1  1  1  0
 *                                                0  1  1  0        1/2  1/2  1/2         0  1 -1 -1
 *     where * multiplies place by place          0 -1  1  0        1/2 -1/2  1/2
 *                                                0  1  0 -1        0    0    1
 *
 * The sum over channels is taken before A. dx is such a convolution of dy. dW of a tile is F(3x3, 2x2) with the same B:
 * dy takes the place of the kernel. */
#include "view.h"

#if LANES * REAL_BITS >= 256
enum { SIDE = 4, TILE_PLACES = SIDE * SIDE, TAPS = 9 };
enum { FILTERED_PANELS = FILTERED / LANES };
/* The distances of places, in numbers: a cache line more than there is of one, so that the places of a tile do not fall
 * into the same few sets of a cache. */
enum { KERNEL_STEP = FILTERED * LANES + LINE, PIXEL_STEP = FILTERED * BLOCK_TILES + LINE,
	SUM_STEP = BLOCK_TILES * LANES + LINE };

/* A tile of 2x2 pixels of the result, by its first pixel. Tiles are counted row by row, image by image. */
typedef struct Tile { int image, row, column; } Tile;

/* So many tiles from this one on, whose products are computed place by place. */
typedef struct Block { Tile tile; int tiles; } Block;

INLINE void next_tile(Tile *tile, const Window *o)
{
	tile->column += 2;
	if (tile->column >= o->y_width) {
		tile->column = 0;
		tile->row += 2;
	}
	if (tile->row >= o->y_height) {
		tile->row = 0;
		tile->image++;
	}
}

/* The block from this tile on. No tiles are left after the last one of image end - 1. */
static Block block_from(Tile tile, const Window *o, int end)
{
	Block block = { tile, 0 };
	for (; block.tiles < BLOCK_TILES && tile.image < end; block.tiles++)
		next_tile(&tile, o);
	return block;
}

static Block next_block(Block block, const Window *o, int end)
{
	for (int i = 0; i < block.tiles; i++)
		next_tile(&block.tile, o);
	return block_from(block.tile, o, end);
}

INLINE Block first_block(const Window *o, int begin, int end)
{
	const Tile tile = { begin, 0, 0 };
	return block_from(tile, o, end);
}

#define FOR_BLOCKS(block, o, begin, end) \
	for (Block block = first_block(o, begin, end); block.tiles > 0; block = next_block(block, o, end))

/* Pixels of an image's panel: the first of them, and the distance between rows of them. */
typedef struct Pixels { const real *at; ptrdiff_t line; } Pixels;

/* size x size pixels of an image, from a row and a column on. If some are beyond its edges: a copy with zeros there. */
INLINE Pixels see_pixels(const int size, Vector *copy, const real *image, int height, int width, int row, int column)
{
	const Range rows = places_seen(row, size, height), columns = places_seen(column, size, width);
	const Pixels pixels = { image + ((ptrdiff_t)row * width + column) * LANES, (ptrdiff_t)width * LANES };
	const Pixels copied = { (const real *)copy, size * LANES };
	if (rows.first == 0 && columns.first == 0 && rows.end == size && columns.end == size)
		return pixels;
	UNROLL
	for (int i = 0; i < size * size; i++)
		copy[i] = splat(0.0f);
	for (int i = rows.first; i < rows.end; i++)
		for (int k = columns.first; k < columns.end; k++)
			copy[i * size + k] = load(pixels.at + i * pixels.line + k * LANES);
	return copied;
}

/* A row of v = B' d B from two rows of d, which are added or subtracted. */
INLINE void filter_row(const int add, real *v, const real *d, const real *other)
{
	Vector t[SIDE];
	UNROLL
	for (int i = 0; i < SIDE; i++)
		t[i] = add ? load(d + i * LANES) + load(other + i * LANES) : load(d + i * LANES) - load(other + i * LANES);
	store(v, t[0] - t[2]);
	store(v + PIXEL_STEP, t[1] + t[2]);
	store(v + 2 * PIXEL_STEP, t[2] - t[1]);
	store(v + 3 * PIXEL_STEP, t[1] - t[3]);
}

/* v: [TILE_PLACES][FILTERED_PANELS][BLOCK_TILES][LANES], from so many panels of x. */
NOINLINE void filter_tiles(real *v, const Window *o, Block block, int panels, const real *x, ptrdiff_t x_panel)
{
	for (int i = 0; i < block.tiles; i++, v += LANES, next_tile(&block.tile, o)) {
		const real *image = x + (ptrdiff_t)block.tile.image * o->height * o->width * LANES;
		real *to = v;
		for (int panel = 0; panel < panels; panel++, image += x_panel, to += BLOCK_TILES * LANES) {
			Vector copy[TILE_PLACES];
			const Pixels d = see_pixels(SIDE, copy, image, o->height, o->width, block.tile.row - o->padding_height,
				block.tile.column - o->padding_width);
			filter_row(0, to, d.at, d.at + 2 * d.line);
			filter_row(1, to + SIDE * PIXEL_STEP, d.at + d.line, d.at + 2 * d.line);
			filter_row(0, to + 2 * SIDE * PIXEL_STEP, d.at + 2 * d.line, d.at + d.line);
			filter_row(0, to + 3 * SIDE * PIXEL_STEP, d.at + d.line, d.at + 3 * d.line);
		}
	}
}

/* u = G g G' for the kernels of so many channels. g: [TAPS, tap_step apart][count][LANES]; u:
 * [TILE_PLACES][FILTERED][LANES], from a channel on. */
NOINLINE void filter_kernels(real *u, int count, const real *g, ptrdiff_t tap_step)
{
	const Vector half = splat(0.5f);
	for (int channel = 0; channel < count; channel++, g += LANES, u += LANES) {
		Vector t[3 * SIDE];
		UNROLL
		for (int i = 0; i < 3; i++) {
			const Vector first = load(g + i * tap_step), middle = load(g + (3 + i) * tap_step),
				last = load(g + (6 + i) * tap_step);
			t[i] = first;
			t[3 + i] = half * (first + last + middle);
			t[6 + i] = half * (first + last - middle);
			t[9 + i] = last;
		}
		UNROLL
		for (int i = 0; i < SIDE; i++) {
			const Vector outer = t[3 * i] + t[3 * i + 2];
			real *to = u + i * SIDE * KERNEL_STEP;
			store(to, t[3 * i]);
			store(to + KERNEL_STEP, half * (outer + t[3 * i + 1]));
			store(to + 2 * KERNEL_STEP, half * (outer - t[3 * i + 1]));
			store(to + 3 * KERNEL_STEP, t[3 * i + 2]);
		}
	}
}

/* y = start + A' m A. m: [TILE_PLACES][BLOCK_TILES][LANES]. Without a start, adds to y. */
NOINLINE void place_tiles(const real *m, const Window *o, Block block, real *y, const real *start)
{
	for (int i = 0; i < block.tiles; i++, m += LANES, next_tile(&block.tile, o)) {
		const Tile tile = block.tile;
		Vector t[2 * SIDE], sum[4];
		real *to = y + (((ptrdiff_t)tile.image * o->y_height + tile.row) * o->y_width + tile.column) * LANES;
		UNROLL
		for (int k = 0; k < SIDE; k++) {
			const Vector second = load(m + (4 + k) * SUM_STEP), third = load(m + (8 + k) * SUM_STEP);
			t[k] = load(m + k * SUM_STEP) + (second + third);
			t[SIDE + k] = (second - third) - load(m + (12 + k) * SUM_STEP);
		}
		UNROLL
		for (int row = 0; row < 2; row++) {
			sum[2 * row] = t[4 * row] + (t[4 * row + 1] + t[4 * row + 2]);
			sum[2 * row + 1] = (t[4 * row + 1] - t[4 * row + 2]) - t[4 * row + 3];
		}
		const int rows = smaller(2, o->y_height - tile.row), columns = smaller(2, o->y_width - tile.column);
		UNROLL
		for (int pixel = 0; pixel < 4; pixel++)
			if (pixel / 2 < rows && pixel % 2 < columns) {
				real *at = to + ((ptrdiff_t)(pixel / 2) * o->y_width + pixel % 2) * LANES;
				store(at, load(start ? start : at) + sum[pixel]);
			}
	}
}

/* ---- y and dx */

/* The kernels that give a panel of the result, whose blocks for the panels of the source are w_panel apart. */
typedef struct Filters {
	const real *w;
	ptrdiff_t w_panel;
	int turned;             /* of dx: the number of its channels in this panel; else 0 */
} Filters;

/* u: [TILE_PLACES][FILTERED][LANES], for so many channels of the source from one on. */
static void filters_of_pass(real *u, const Filters *filters, int channel, int count)
{
	for (int begin = 0; begin < count; begin += LANES, u += LANES * LANES) {
		const real *w = filters->w + (channel + begin) / LANES * filters->w_panel;
		const int lanes = smaller(count - begin, LANES);
		if (!filters->turned) {
			filter_kernels(u, lanes, w, (ptrdiff_t)lanes * LANES);
			continue;
		}
		Vector turned[TAPS * LANES];
		for (int tap = 0; tap < TAPS; tap++, w += filters->turned * LANES)
			load_columns(turned + (TAPS - 1 - tap) * LANES, w, filters->turned, lanes);
		filter_kernels(u, lanes, (const real *)turned, LANES * LANES);
	}
}

/* Convolves so many channels of the source. y: of `panels` panels, one or two, whose images are y_panel apart; start:
 * LANES numbers for each. */
INLINE void convolve_filtered(const int panels, const Window *o, int channels, const Filters *filters, real *y,
	ptrdiff_t y_panel, const real *start, ptrdiff_t start_panel, const real *x)
{
	const ptrdiff_t x_panel = (ptrdiff_t)o->images * o->height * o->width * LANES;
	Vector u[2 * TILE_PLACES * KERNEL_STEP / LANES], v[TILE_PLACES * PIXEL_STEP / LANES],
		m[TILE_PLACES * SUM_STEP / LANES];
	for (int begin = 0, end; begin < o->images; begin = end) {
		end = smaller(begin + images_at_once(o), o->images);
		for (int channel = 0; channel < channels; channel += FILTERED) {
			const int count = smaller(channels - channel, FILTERED);
			for (int panel = 0; panel < panels && (begin == 0 || channels > FILTERED); panel++)
				filters_of_pass((real *)u + panel * TILE_PLACES * KERNEL_STEP, &filters[panel], channel, count);
			FOR_BLOCKS(block, o, begin, end) {
				filter_tiles((real *)v, o, block, (count + LANES - 1) / LANES, x + channel / LANES * x_panel, x_panel);
				for (int panel = 0; panel < panels; panel++) {
					for (int place = 0; place < TILE_PLACES; place++) {
						const Product product = { count, (const real *)v + place * PIXEL_STEP, BLOCK_TILES * LANES,
							(const real *)u + (panel * TILE_PLACES + place) * KERNEL_STEP,
							(real *)m + place * SUM_STEP, nothing, 0 };
						product_of_rows(block.tiles, product);
					}
					place_tiles((const real *)m, o, block, y + panel * y_panel,
						channel == 0 ? start + panel * start_panel : 0);
				}
			}
		}
	}
}

#define CONV2D_WINOGRAD(name, panels) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *y, const real *x, \
		const real *w, const real *b) \
	{ \
		const Window o = window_of(rows, WINDOW); \
		const Filters filters[2] = { { w, TAPS * LANES * LANES, 0 }, \
			{ w + (ptrdiff_t)inputs * LANES, TAPS * LANES * LANES, 0 } }; \
		(void)outputs; \
		convolve_filtered(panels, &o, inputs / TAPS, filters, y, (ptrdiff_t)rows * LANES, b ? b : nothing, \
			b ? LANES : 0, x); \
	}
CONV2D_WINOGRAD(conv2d_winograd, 1)
CONV2D_WINOGRAD(conv2d_winograd_pair, 2)
#undef CONV2D_WINOGRAD

#define CONV2D_DX_WINOGRAD(name, panels) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int panel, real *dx, \
		const real *dy, const real *w) \
	{ \
		const Window o = window_of(rows, WINDOW), turned = turned_window(&o); \
		const ptrdiff_t next = TAPS * LANES * LANES, w_panel = (ptrdiff_t)inputs * LANES; \
		const int channels = inputs / TAPS - panel * LANES; \
		const Filters filters[2] = { { w + panel * next, w_panel, smaller(channels, LANES) }, \
			{ w + (panel + 1) * next, w_panel, smaller(channels - LANES, LANES) } }; \
		convolve_filtered(panels, &turned, outputs, filters, dx, (ptrdiff_t)o.images * o.height * o.width * LANES, \
			nothing, 0, dy); \
	}
CONV2D_DX_WINOGRAD(conv2d_dx_winograd, 1)
CONV2D_DX_WINOGRAD(conv2d_dx_winograd_pair, 2)
#undef CONV2D_DX_WINOGRAD

/* ---- dW */

/* d: [TILE_PLACES][BLOCK_TILES][LANES], of the 2x2 pixels of a tile of dy: F(3x3, 2x2)'s G, without its halves. */
NOINLINE void filter_gradients(real *d, const Window *o, Block block, const real *dy)
{
	for (int i = 0; i < block.tiles; i++, d += LANES, next_tile(&block.tile, o)) {
		Vector copy[4], t[2 * SIDE];
		const Pixels pixels = see_pixels(2, copy, dy + (ptrdiff_t)block.tile.image * o->y_height * o->y_width * LANES,
			o->y_height, o->y_width, block.tile.row, block.tile.column);
		UNROLL
		for (int k = 0; k < 2; k++) {
			const Vector upper = load(pixels.at + k * LANES), lower = load(pixels.at + pixels.line + k * LANES);
			t[k] = upper;
			t[2 + k] = upper + lower;
			t[4 + k] = upper - lower;
			t[6 + k] = lower;
		}
		UNROLL
		for (int k = 0; k < SIDE; k++) {
			real *to = d + k * SIDE * SUM_STEP;
			store(to, t[2 * k]);
			store(to + SUM_STEP, t[2 * k] + t[2 * k + 1]);
			store(to + 2 * SUM_STEP, t[2 * k] - t[2 * k + 1]);
			store(to + 3 * SUM_STEP, t[2 * k + 1]);
		}
	}
}

/* m += v' d for LANES channels of a place. */
NOINLINE void add_gradients_of_place(int tiles, real *m, const real *v, const real *d)
{
	Vector sum[LANES];
	UNROLL
	for (int lane = 0; lane < LANES; lane++)
		sum[lane] = load(m + lane * LANES);
	for (; tiles > 0; tiles--, v += LANES, d += LANES) {
		const Vector gradient = load(d);
		UNROLL
		for (int lane = 0; lane < LANES; lane++)
			sum[lane] += gradient * v[lane];
	}
	UNROLL
	for (int lane = 0; lane < LANES; lane++)
		store(m + lane * LANES, sum[lane]);
}

/* Of three sums of the places of a row or a column, with the halves of G: A' of F(3, 2). */
INLINE void taps_of_places(Vector *taps, const Vector *places, int step)
{
	const Vector half = splat(0.5f), even = half * (places[step] + places[2 * step]);
	taps[0] = places[0] + even;
	taps[1] = half * (places[step] - places[2 * step]);
	taps[2] = even - places[3 * step];
}

/* dw: [9][count][LANES], from m: [TILE_PLACES][FILTERED][LANES]. */
NOINLINE void taps_of_gradients(real *dw, const real *m, int count)
{
	for (int channel = 0; channel < count; channel++, dw += LANES, m += LANES) {
		Vector place[TILE_PLACES], column[SIDE][3], tap[3];
		UNROLL
		for (int i = 0; i < TILE_PLACES; i++)
			place[i] = load(m + i * KERNEL_STEP);
		UNROLL
		for (int i = 0; i < SIDE; i++)
			taps_of_places(column[i], place + i, SIDE);
		UNROLL
		for (int row = 0; row < 3; row++) {
			const Vector of_row[SIDE] = { column[0][row], column[1][row], column[2][row], column[3][row] };
			taps_of_places(tap, of_row, 1);
			UNROLL
			for (int i = 0; i < 3; i++)
				store(dw + (row * 3 + i) * count * LANES, tap[i]);
		}
	}
}

INLINE void gradients_filtered(const int panels, const Window *o, int channels, real *dw, ptrdiff_t dw_panel,
	const real *x, const real *dy)
{
	const ptrdiff_t x_panel = (ptrdiff_t)o->images * o->height * o->width * LANES;
	const ptrdiff_t dy_panel = (ptrdiff_t)o->images * o->y_height * o->y_width * LANES;
	Vector m[2 * TILE_PLACES * KERNEL_STEP / LANES], v[TILE_PLACES * PIXEL_STEP / LANES],
		d[TILE_PLACES * SUM_STEP / LANES];
	for (int channel = 0; channel < channels; channel += FILTERED) {
		const int count = smaller(channels - channel, FILTERED);
		fill_rows(panels * TILE_PLACES * KERNEL_STEP / LANES, (real *)m, splat(0.0f));
		FOR_BLOCKS(block, o, 0, o->images) {
			filter_tiles((real *)v, o, block, (count + LANES - 1) / LANES, x + channel / LANES * x_panel, x_panel);
			for (int panel = 0; panel < panels; panel++) {
				filter_gradients((real *)d, o, block, dy + panel * dy_panel);
				for (int place = 0; place < TILE_PLACES; place++)
					for (int i = 0; i * LANES < count; i++)
						add_gradients_of_place(block.tiles,
							(real *)m + (panel * TILE_PLACES + place) * KERNEL_STEP + i * LANES * LANES,
							(const real *)v + place * PIXEL_STEP + i * BLOCK_TILES * LANES,
							(const real *)d + place * SUM_STEP);
			}
		}
		for (int panel = 0; panel < panels; panel++)
			for (int i = 0; i < count; i += LANES)
				taps_of_gradients(dw + panel * dw_panel + (ptrdiff_t)(channel + i) * TAPS * LANES,
					(const real *)m + panel * TILE_PLACES * KERNEL_STEP + i * LANES, smaller(count - i, LANES));
	}
}

#define CONV2D_DW_WINOGRAD(name, panels) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *dw, const real *x, \
		const real *dy) \
	{ \
		const Window o = window_of(rows, WINDOW); \
		(void)outputs; \
		gradients_filtered(panels, &o, inputs / TAPS, dw, (ptrdiff_t)inputs * LANES, x, dy); \
	}
CONV2D_DW_WINOGRAD(conv2d_dw_winograd, 1)
CONV2D_DW_WINOGRAD(conv2d_dw_winograd_pair, 2)
#undef CONV2D_DW_WINOGRAD
#undef FOR_BLOCKS
#endif
