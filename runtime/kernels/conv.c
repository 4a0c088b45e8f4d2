/* conv.c: convolution in tiles whose sums stay in registers; conv_plain.c is for one lane. An image is a row of every
 * panel for each of its pixels: [panel][image][height][width][LANES]. No padding is stored.
 *
 * The weights of a panel are [input panel][kernel row][kernel column][input lane][LANES]; the last input panel has only
 * as many lanes as there are inputs left. */
#include "columns.h"
#include "window.h"

#if LANES > 1
/* ---- tiles: neighbouring pixels of one row of the result, whose sums stay in registers */

enum { PATCH = 64 };    /* the number of pixels of a row of the source that a tile can see, at most */

/* A row of tiles: what its tiles have in common. The source's pixel for pixel p of the result and kernel column k is
 * p * stride + k + shift; what is outside of the row is 0. */
typedef struct Strip {
	int inputs, kernel_height, kernel_width;        /* inputs: channels of the source */
	int width, stride, shift;                       /* width: of a row of the source, in pixels */
	int first, end;         /* the kernel rows that see a row of the source */
	const real *x;         /* the row of the source that the first of them sees, in the first input panel */
	ptrdiff_t x_panel;      /* the distance between panels of the source */
	const real *w;
	real *y;               /* the row of the result */
	const real *start;     /* the initial value of all its pixels; null: what is there */
} Strip;

/* Returns the pixels that `pixels` pixels of the result from p on see in a row of the source, by phase: those of
 * kernel column k begin at (k % stride) * (PATCH / stride) + k / stride. They are copied to patch, unless they lie so
 * in memory. */
INLINE const real *tile_source(const Strip *s, const int pixels, int p, const real *row, Vector *patch)
{
	const int from = p * s->stride + s->shift, count = (pixels - 1) * s->stride + s->kernel_width;
	if (s->stride == 1 && from >= 0 && from + count <= s->width)
		return row + (ptrdiff_t)from * LANES;
	const int phase = PATCH / s->stride;
	for (int i = 0, column = 0, of = 0; i < count; i++) {
		patch[of * phase + column] = from + i >= 0 && from + i < s->width
			? load(row + (ptrdiff_t)(from + i) * LANES) : splat(0.0f);
		if (++of == s->stride) {
			of = 0;
			column++;
		}
	}
	return (const real *)patch;
}

INLINE void conv_tile(const int pixels, const Strip *s, int p)
{
	Vector sum[TALL], patch[PATCH];
	real *const y = s->y + (ptrdiff_t)p * LANES;
	const int phase = PATCH / s->stride * LANES;
	const real *w = s->w;
	UNROLL
	for (int i = 0; i < pixels; i++)
		sum[i] = load(s->start ? s->start : y + i * LANES);
	for (int channel = 0; channel < s->inputs; channel += LANES) {
		const int count = smaller(s->inputs - channel, LANES);
		const real *row = s->x + channel / LANES * s->x_panel;
		w += s->first * s->kernel_width * count * LANES;
		for (int kernel_row = s->first; kernel_row < s->end; kernel_row++, row += (ptrdiff_t)s->width * LANES) {
			const real *source = tile_source(s, pixels, p, row, patch);
			for (int column = 0, of = 0; column < s->kernel_width; column++) {
				const real *x = source + of * phase;
				int lane = 0;
				for (; lane + STEPS <= count; lane += STEPS, w += STEPS * LANES) {
					UNROLL
					for (int step = 0; step < STEPS; step++)
						product_step(pixels, sum, x + lane + step, w + step * LANES);
				}
				for (; lane < count; lane++, w += LANES)
					product_step(pixels, sum, x + lane, w);
				if (++of == s->stride) {
					of = 0;
					source += LANES;
				}
			}
		}
		w += (s->kernel_height - s->end) * s->kernel_width * count * LANES;
	}
	UNROLL
	for (int i = 0; i < pixels; i++)
		store(y + i * LANES, sum[i]);
}

NOINLINE void conv_tall(const Strip *s, int p) { conv_tile(TALL, s, p); }
NOINLINE void conv_middle(const Strip *s, int p) { conv_tile(MIDDLE, s, p); }
#if LANES * REAL_BITS == 512
NOINLINE void conv_8(const Strip *s, int p) { conv_tile(8, s, p); }
#endif
NOINLINE void conv_4(const Strip *s, int p) { conv_tile(4, s, p); }

/* One pixel, which sees only the kernel columns that lie within the row. */
NOINLINE void conv_1(const Strip *s, int p)
{
	const int from = p * s->stride + s->shift;
	const int first = from < 0 ? -from : 0, end = smaller(s->kernel_width, s->width - from);
	real *const y = s->y + (ptrdiff_t)p * LANES;
	Vector sum = load(s->start ? s->start : y);
	const real *w = s->w;
	for (int channel = 0; channel < s->inputs; channel += LANES) {
		const int count = smaller(s->inputs - channel, LANES);
		const real *row = s->x + channel / LANES * s->x_panel + (ptrdiff_t)from * LANES;
		for (int kernel_row = s->first; kernel_row < s->end; kernel_row++, row += (ptrdiff_t)s->width * LANES)
			for (int column = first; column < end; column++) {
				const real *weights = w + (kernel_row * s->kernel_width + column) * count * LANES;
				for (int lane = 0; lane < count; lane++)
					sum += load(weights + lane * LANES) * row[column * LANES + lane];
			}
		w += s->kernel_height * s->kernel_width * count * LANES;
	}
	store(y, sum);
}

/* Whether a tile of so many pixels has room for what it sees. */
INLINE int fits_patch(const Strip *s, int pixels)
{
	return (pixels - 1) * s->stride + s->kernel_width <= PATCH - s->stride;
}

/* Computes the first `pixels` pixels of the row. */
static void conv_strip(const Strip *s, int pixels)
{
	int p = 0;
#define TILES(count, function) \
	if (fits_patch(s, count)) \
		for (; p + count <= pixels; p += count) \
			function(s, p);
	if (pixels != 2 * MIDDLE)
		TILES(TALL, conv_tall)
	TILES(MIDDLE, conv_middle)
#if LANES * REAL_BITS == 512
	TILES(8, conv_8)
#endif
	TILES(4, conv_4)
#undef TILES
	for (; p < pixels; p++)
		conv_1(s, p);
}

/* ---- y */

/* The rows of y for the strip's kernel rows, which are those of the window from first_row on. */
static void convolve(Strip strip, const Window *o, int first_row, const real *x)
{
	const ptrdiff_t x_image = (ptrdiff_t)o->height * o->width * LANES;
	for (int image = 0; image < o->images; image++)
		for (int row = 0; row < o->y_height; row++, strip.y += (ptrdiff_t)o->y_width * LANES) {
			const int top = row * o->stride_height - o->padding_height + first_row;
			strip.first = top < 0 ? smaller(-top, strip.kernel_height) : 0;
			strip.end = smaller(strip.kernel_height, o->height - top);
			if (strip.end < strip.first)
				strip.end = strip.first;
			strip.x = x + image * x_image + ((ptrdiff_t)top + strip.first) * o->width * LANES;
			conv_strip(&strip, o->y_width);
		}
}

static void KERNEL_FN(conv2d)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *y, const real *x,
	const real *w, const real *b)
{
	const Window o = window_of(rows, WINDOW);
	const Strip strip = { inputs / (kernel_height * kernel_width), kernel_height, kernel_width, width, stride_width,
		-padding_width, 0, 0, 0, (ptrdiff_t)o.images * height * width * LANES, w, y, b ? b : nothing };
	(void)outputs;
	convolve(strip, &o, 0, x);
}

/* ---- dx */

enum { NEAR = 32 };     /* the number of pixels that are brought together at a time */

/* Copies vectors that are `step` floats apart. */
INLINE void bring_near(int pixels, Vector *to, const real *from, ptrdiff_t step)
{
	for (int i = 0; i < pixels; i++)
		to[i] = load(from + i * step);
}

/* dx += dy W' for pixels of dx that are dx_step floats apart, and neighbouring pixels of dy. */
static void tap_dx(int pixels, int outputs, real *dx, ptrdiff_t dx_step, const real *dy, const real *w)
{
	Product product = { outputs, dy, 0, w, dx, dx, LANES };
	if (dx_step == LANES) {
		product_of_rows(pixels, product);
		return;
	}
	Vector near[NEAR];
	product.start = product.y = (real *)near;
	for (; pixels > 0; pixels -= NEAR, dx += NEAR * dx_step, product.x += NEAR * LANES) {
		const int count = smaller(pixels, NEAR);
		bring_near(count, near, dx, dx_step);
		product_of_rows(count, product);
		for (int i = 0; i < count; i++)
			store(dx + i * dx_step, near[i]);
	}
}

enum { GROUP_PIXELS = 512 };    /* images are taken together until they have so many pixels: weights are turned once
				 * for all of them, and their pixels stay in L2 */

/* Where dx of an output panel and a group of images is computed. */
typedef struct Turn {
	/* One vector of dx's channels for each output: the weights of a tap. */
	void (*turn)(const struct Turn *t, Vector *turned, int tap);
	const Window *o;
	int begin, end;         /* images */
	int outputs, inputs;    /* of this panel of dy and of dx */
	const real *w;         /* what `turn` turns */
	real *dx;
	const real *dy;        /* the panel of dy */
} Turn;

/* From a block with a row for each input. */
static void turn_block(const Turn *t, Vector *turned, int tap)
{
	const real *block = t->w + (ptrdiff_t)tap * t->inputs * LANES;
	load_columns(turned, block, t->inputs, t->outputs);
}

/* Tap by tap: the pixels of a row that see a tap are one range, over which dx is a product of neighbouring pixels. */
static void dx_by_taps(const Turn *t)
{
	const Window *o = t->o;
	const ptrdiff_t x_image = (ptrdiff_t)o->height * o->width * LANES;
	const ptrdiff_t y_image = (ptrdiff_t)o->y_height * o->y_width * LANES;
	Vector turned[LANES];
	for (int tap = 0; tap < o->kernel_height * o->kernel_width; tap++) {
		const Sight sight = sight_of(o, tap / o->kernel_width, tap % o->kernel_width);
		t->turn(t, turned, tap);
		for (int image = t->begin; image < t->end; image++) {
			real *const dx = t->dx + image * x_image + sight.tap.x;
			const real *const dy = t->dy + image * y_image + sight.tap.y;
			for (int row = 0; row < sight.end - sight.begin; row++)
				tap_dx(sight.tap.pixels, t->outputs, dx + row * sight.x_row, (ptrdiff_t)o->stride_width * LANES,
					dy + row * sight.y_row, (const real *)turned);
		}
	}
}

enum { MOST_TAPS = 25 };        /* the number of taps that are turned at a time */

/* Without strides, dx is the convolution of dy with the kernel turned around. In kernel rows that are turned together:
 * row r of the turned kernel is row kernel_height - 1 - r of the kernel. */
static void dx_by_tiles(const Turn *t, int first_row, int end_row)
{
	const Window *o = t->o;
	const int taps = o->kernel_height * o->kernel_width, row_count = end_row - first_row;
	Vector turned[MOST_TAPS * LANES];
	Strip strip = { t->outputs, row_count, o->kernel_width, o->y_width, 1, o->padding_width - (o->kernel_width - 1), 0,
		0, t->dy, 0, (const real *)turned, 0, 0 };
	for (int i = 0; i < row_count * o->kernel_width; i++)
		t->turn(t, turned + i * t->outputs, taps - 1 - first_row * o->kernel_width - i);
	for (int image = t->begin; image < t->end; image++)
		for (int row = 0; row < o->height; row++) {
			const int top = row + o->padding_height - (o->kernel_height - 1) + first_row;
			strip.first = top < 0 ? smaller(-top, row_count) : 0;
			strip.end = smaller(row_count, o->y_height - top);
			if (strip.end <= strip.first)
				continue;
			strip.x = t->dy + ((ptrdiff_t)image * o->y_height + top + strip.first) * o->y_width * LANES;
			strip.y = t->dx + ((ptrdiff_t)image * o->height + row) * o->width * LANES;
			conv_strip(&strip, o->width);
		}
}

/* dx += what the panel of dy that t describes gives its images. */
static void dx_of_panel(const Turn *t)
{
	const Window *o = t->o;
	const int rows_at_once = MOST_TAPS / o->kernel_width;
	if (o->stride_height > 1 || o->stride_width > 1 || rows_at_once == 0) {
		dx_by_taps(t);
		return;
	}
	for (int row = 0; row < o->kernel_height; row += rows_at_once)
		dx_by_tiles(t, row, smaller(row + rows_at_once, o->kernel_height));
}

INLINE int images_at_once(const Window *o)
{
	return 1 + GROUP_PIXELS / (o->y_height * o->y_width);
}

static void KERNEL_FN(conv2d_dx)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int panel, real *dx,
	const real *dy, const real *w)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width;
	Turn turn = { &turn_block, &o, 0, 0, 0, smaller(inputs / taps - panel * LANES, LANES), w, dx, dy };
	fill_rows(o.images * height * width, dx, splat(0.0f));
	for (turn.begin = 0; turn.begin < o.images; turn.begin = turn.end) {
		turn.end = smaller(turn.begin + images_at_once(&o), o.images);
		for (int output = 0; output < outputs; output += LANES) {
			turn.outputs = smaller(outputs - output, LANES);
			turn.w = w + (ptrdiff_t)output * inputs + (ptrdiff_t)panel * taps * LANES * LANES;
			turn.dy = dy + (ptrdiff_t)(output / LANES) * rows * LANES;
			dx_of_panel(&turn);
		}
	}
}

/* ---- dW */

/* dW += x' dy for neighbouring pixels of dy, and pixels of x that are x_step floats apart. */
static void tap_dw(int pixels, int inputs, real *dw, const real *x, ptrdiff_t x_step, const real *dy)
{
	Vector part[LANES], near[NEAR];
	for (; pixels > 0; pixels -= NEAR, x += NEAR * x_step, dy += NEAR * LANES) {
		const int count = smaller(pixels, NEAR);
		if (x_step != LANES)
			bring_near(count, near, x, x_step);
		gradient_of_block(count, inputs, (real *)part, x_step == LANES ? x : (const real *)near, dy);
		for (int i = 0; i < inputs; i++)
			store(dw + i * LANES, load(dw + i * LANES) + part[i]);
	}
}

/* dW of one tap and `inputs` inputs of a panel of x: the sum over all images, of the sums of each. */
static void dw_of_tap(const Window *o, int inputs, int tap, real *dw, const real *x, const real *dy)
{
	const ptrdiff_t x_image = (ptrdiff_t)o->height * o->width * LANES;
	const ptrdiff_t y_image = (ptrdiff_t)o->y_height * o->y_width * LANES;
	const Sight sight = sight_of(o, tap / o->kernel_width, tap % o->kernel_width);
	Vector image_sum[LANES];
	fill_rows(inputs, dw, splat(0.0f));
	x += sight.tap.x;
	dy += sight.tap.y;
	for (int image = 0; image < o->images; image++, x += x_image, dy += y_image) {
		fill_rows(LANES, (real *)image_sum, splat(0.0f));
		for (int row = 0; row < sight.end - sight.begin; row++)
			tap_dw(sight.tap.pixels, inputs, (real *)image_sum, x + row * sight.x_row,
				(ptrdiff_t)o->stride_width * LANES, dy + row * sight.y_row);
		for (int i = 0; i < inputs; i++)
			store(dw + i * LANES, load(dw + i * LANES) + image_sum[i]);
	}
}

static void KERNEL_FN(conv2d_dw)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *dw, const real *x,
	const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps;
	(void)outputs;
	for (int first = 0; first < channels; first += LANES) {
		const int count = smaller(channels - first, LANES);
		for (int i = 0; i < taps; i++, dw += count * LANES)
			dw_of_tap(&o, count, i, dw, x, dy);
		x += (ptrdiff_t)o.images * height * width * LANES;
	}
}
#endif
