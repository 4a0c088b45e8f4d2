/* conv.c: convolution in tiles whose sums stay in registers; conv_plain.c is for one lane. An image is a row of every
 * panel for each of its pixels: [panel][image][height][width][LANES].
 *
 * The weights of a panel are [input panel][kernel row][kernel column][input lane][LANES]; the last input panel has only
 * as many lanes as there are inputs left. */
#include "columns.h"
#include "conv_tiles.h"

#if LANES > 1
/* ---- y */

static void KERNEL_FN(conv2d)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *y, const real *x,
	const real *w, const real *b)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps;
	const ptrdiff_t x_panel = (ptrdiff_t)o.images * height * width * LANES;
	(void)outputs;
	for (int begin = 0, end; begin < o.images; begin = end) {
		Strip strip = { 0, 0, 0, y, b ? b : nothing };
		end = smaller(begin + images_at_once(&o), o.images);
		for (int channel = 0; channel < channels; channel += LANES) {
			strip.inputs = smaller(channels - channel, LANES);
			strip.w_line = (ptrdiff_t)kernel_width * strip.inputs * LANES;
			FOR_PARTS(part, &o, SIGHT, SIGHT) {
				const ptrdiff_t first = (ptrdiff_t)(part.row * kernel_width + part.column) * strip.inputs;
				strip.w = w + ((ptrdiff_t)channel * taps + first) * LANES;
				convolve(&strip, &part.o, begin, end, x + channel / LANES * x_panel);
				strip.start = 0;
			}
		}
	}
}

/* ---- dx */

enum { NEAR = 32 };     /* the number of pixels that are brought together at a time */

/* dx += dy W' for pixels of dx that are dx_step numbers apart, and neighbouring pixels of dy. */
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
		for (int i = 0; i < count; i++)
			near[i] = load(dx + i * dx_step);
		product_of_rows(count, product);
		for (int i = 0; i < count; i++)
			store(dx + i * dx_step, near[i]);
	}
}

/* Where dx of an output panel and a group of images is computed. */
typedef struct Turn {
	/* One vector of dx's channels for each output: the weights of a tap. */
	void (*turn)(const struct Turn *t, Vector *turned, int tap);
	const Window *o;
	int begin, end;         /* images */
	int outputs, inputs;    /* of this panel of dy and of dx */
	const real *w;          /* what `turn` turns */
	real *dx;
	const real *dy;         /* the panel of dy */
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

/* Without strides, dx is the convolution of dy with the kernel turned around: in parts that are turned together. */
static void dx_by_tiles(const Turn *t)
{
	const Window whole = turned_window(t->o);
	const int last = whole.kernel_height * whole.kernel_width - 1;
	Vector turned[MOST_TAPS * LANES];
	FOR_GATHERED_PARTS(part, &whole) {
		const Strip strip = { t->outputs, (const real *)turned, (ptrdiff_t)part.o.kernel_width * t->outputs * LANES,
			t->dx, 0 };
		Vector *to = turned;
		for (int i = 0; i < part.o.kernel_height; i++)
			for (int k = 0; k < part.o.kernel_width; k++, to += t->outputs)
				t->turn(t, to, last - (part.row + i) * whole.kernel_width - part.column - k);
		convolve(&strip, &part.o, t->begin, t->end, t->dy);
	}
}

/* dx += what the panel of dy that t describes gives its images. */
static void dx_of_panel(const Turn *t)
{
	if (t->o->stride_height > 1 || t->o->stride_width > 1)
		dx_by_taps(t);
	else
		dx_by_tiles(t);
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

static void KERNEL_FN(conv2d_dw)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *dw, const real *x,
	const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps;
	(void)outputs;
	fill_rows(inputs, dw, splat(0.0f));
	for (int begin = 0, end; begin < o.images; begin = end) {
		end = smaller(begin + images_at_once(&o), o.images);
		for (int channel = 0; channel < channels; channel += LANES) {
			const int count = smaller(channels - channel, LANES);
			const real *const panel = x + (ptrdiff_t)channel * o.images * height * width;
			FOR_PARTS(part, &o, SIGHT, SIGHT) {
				const ptrdiff_t first = (ptrdiff_t)(part.row * kernel_width + part.column) * count;
				add_dw(&part.o, begin, end, count, dw + ((ptrdiff_t)channel * taps + first) * LANES,
					(ptrdiff_t)kernel_width * count * LANES, panel, dy);
			}
		}
	}
}
#endif
