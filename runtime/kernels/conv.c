/* conv.c: convolution in tiles whose sums stay in registers; conv_plain.c is for one lane. An image is a row of every
 * panel for each of its pixels: [panel][image][height][width][LANES].
 *
 * The weights of a panel are [input panel][kernel row][kernel column][input lane][LANES]; the last input panel has only
 * as many lanes as there are inputs left. */
#include "columns.h"
#include "conv_gradient.h"

#if LANES > 1
/* ---- y */

/* Adds what images of a panel of x give: convolve, or another of its kind. */
typedef void Convolve(const Strip *s, const Window *o, int begin, int end, const real *x);

/* `strip` has what all parts have in common. */
INLINE void conv2d_of_panels(Convolve *of_panel, const Window *o, int channels, Strip strip, const real *x)
{
	const int taps = o->kernel_height * o->kernel_width;
	const ptrdiff_t x_panel = (ptrdiff_t)o->images * o->height * o->width * LANES;
	const real *const w = strip.w, *const start = strip.start;
	for (int begin = 0, end; begin < o->images; begin = end) {
		end = smaller(begin + images_at_once(o), o->images);
		strip.start = start;
		for (int channel = 0; channel < channels; channel += LANES) {
			strip.inputs = smaller(channels - channel, LANES);
			strip.w_line = (ptrdiff_t)o->kernel_width * strip.inputs * LANES;
			FOR_PARTS(part, o, SIGHT, SIGHT) {
				const ptrdiff_t first = (ptrdiff_t)(part.row * o->kernel_width + part.column) * strip.inputs;
				strip.w = w + ((ptrdiff_t)channel * taps + first) * LANES;
				of_panel(&strip, &part.o, begin, end, x + channel / LANES * x_panel);
				strip.start = 0;
			}
		}
	}
}

#define CONV2D(name, of_panel) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *y, const real *x, \
		const real *w, const real *b) \
	{ \
		const Window o = window_of(rows, WINDOW); \
		const Strip strip = { 0, w, 0, y, b ? b : nothing, (ptrdiff_t)inputs * LANES, (ptrdiff_t)rows * LANES, \
			b ? LANES : 0 }; \
		(void)outputs; \
		conv2d_of_panels(&of_panel, &o, inputs / (kernel_height * kernel_width), strip, x); \
	}
CONV2D(conv2d, convolve)
CONV2D(conv2d_run3, convolve_run3)
CONV2D(conv2d_run5, convolve_run5)
CONV2D(conv2d_narrow, convolve_narrow)
CONV2D(conv2d_narrow_run3, convolve_narrow_run3)
CONV2D(conv2d_narrow_run5, convolve_narrow_run5)
#if LANES * REAL_BITS >= 256
CONV2D(conv2d_pair, convolve_pair)
CONV2D(conv2d_narrow_pair, convolve_narrow_pair)
#endif
#undef CONV2D

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
	int first;              /* it is the first panel of dy: dx is set, not added to */
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

INLINE int has_strides(const Window *o)
{
	return o->stride_height > 1 || o->stride_width > 1;
}

/* Without strides, dx is the convolution of dy with the kernel turned around: in parts that are turned together. Of as
 * many panels as there are turns, which differ in what they turn and write. */
INLINE void dx_by_tiles(const int panels, Convolve *of_panel, const Turn *t)
{
	const Window whole = turned_window(t->o);
	const int last = whole.kernel_height * whole.kernel_width - 1;
	Vector turned[2 * MOST_TAPS * LANES];
	const real *start = t->first ? nothing : 0;
	FOR_GATHERED_PARTS(part, &whole) {
		const Strip strip = { t->outputs, (const real *)turned, (ptrdiff_t)part.o.kernel_width * t->outputs * LANES,
			t->dx, start, MOST_TAPS * LANES * LANES, t[panels - 1].dx - t->dx, 0 };
		for (int panel = 0; panel < panels; panel++) {
			Vector *to = turned + panel * MOST_TAPS * LANES;
			for (int i = 0; i < part.o.kernel_height; i++)
				for (int k = 0; k < part.o.kernel_width; k++, to += t->outputs)
					t[panel].turn(t + panel, to, last - (part.row + i) * whole.kernel_width - part.column - k);
		}
		of_panel(&strip, &part.o, t->begin, t->end, t->dy);
		start = 0;
	}
}

/* dx of what the panel of dy that t describes gives its images. */
INLINE void dx_by(Convolve *of_panel, const Turn *t)
{
	if (has_strides(t->o)) {
		const ptrdiff_t x_image = (ptrdiff_t)t->o->height * t->o->width;
		if (t->first)
			fill_rows((int)((t->end - t->begin) * x_image), t->dx + t->begin * x_image * LANES, splat(0.0f));
		dx_by_taps(t);
	} else {
		dx_by_tiles(1, of_panel, t);
	}
}

static void dx_of_panel(const Turn *t) { dx_by(&convolve, t); }
static void dx_of_panel_run3(const Turn *t) { dx_by(&convolve_run3, t); }
static void dx_of_panel_run5(const Turn *t) { dx_by(&convolve_run5, t); }

#if LANES * REAL_BITS >= 256
static void dx_of_two_panels(const Turn *t)
{
	if (has_strides(t->o)) {
		dx_of_panel(t);
		dx_of_panel(t + 1);
	} else {
		dx_by_tiles(2, &convolve_pair, t);
	}
}
#endif

/* Group by group of images, all panels of dy give dx what they have: a panel of dx, or two, from `panel` on. */
INLINE void conv2d_dx_of_panels(const int panels, void (*of_panels)(const Turn *t), const Window *o, int outputs,
	int inputs, int panel, real *dx, const real *dy, const real *w)
{
	const int taps = o->kernel_height * o->kernel_width, channels = inputs / taps;
	const ptrdiff_t dx_panel = (ptrdiff_t)o->images * o->height * o->width * LANES;
	const ptrdiff_t dy_panel = (ptrdiff_t)o->images * o->y_height * o->y_width * LANES;
	for (int begin = 0, end; begin < o->images; begin = end) {
		end = smaller(begin + images_at_once(o), o->images);
		for (int output = 0; output < outputs; output += LANES) {
			Turn turns[2];
			for (int i = 0; i < panels; i++) {
				const ptrdiff_t block = (ptrdiff_t)output * inputs + (ptrdiff_t)(panel + i) * taps * LANES * LANES;
				const Turn turn = { &turn_block, o, begin, end, smaller(outputs - output, LANES),
					smaller(channels - (panel + i) * LANES, LANES), w + block, dx + i * dx_panel,
					dy + output / LANES * dy_panel, output == 0 };
				turns[i] = turn;
			}
			of_panels(turns);
		}
	}
}

#define CONV2D_DX(name, panels, of_panels) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int panel, real *dx, \
		const real *dy, const real *w) \
	{ \
		const Window o = window_of(rows, WINDOW); \
		conv2d_dx_of_panels(panels, &of_panels, &o, outputs, inputs, panel, dx, dy, w); \
	}
CONV2D_DX(conv2d_dx, 1, dx_of_panel)
CONV2D_DX(conv2d_dx_run3, 1, dx_of_panel_run3)
CONV2D_DX(conv2d_dx_run5, 1, dx_of_panel_run5)
#if LANES * REAL_BITS >= 256
CONV2D_DX(conv2d_dx_pair, 2, dx_of_two_panels)
#endif
#undef CONV2D_DX

/* ---- dW */

/* Adds what images of a panel of x give: add_dw, or another of its kind. */
typedef void AddDw(const Window *o, int begin, int end, Taps taps, const real *x);

INLINE void conv2d_dw_of_panels(const int panels, AddDw *of_panel, const Window *o, int inputs, real *dw, const real *x,
	const real *dy)
{
	const int taps = o->kernel_height * o->kernel_width, channels = inputs / taps;
	const ptrdiff_t dy_panel = (ptrdiff_t)o->images * o->y_height * o->y_width * LANES;
	fill_rows(panels * inputs, dw, splat(0.0f));
	for (int begin = 0, end; begin < o->images; begin = end) {
		end = smaller(begin + images_at_once(o), o->images);
		for (int channel = 0; channel < channels; channel += LANES) {
			const int count = smaller(channels - channel, LANES);
			FOR_PARTS(part, o, SIGHT, SIGHT) {
				const ptrdiff_t first = (ptrdiff_t)(part.row * o->kernel_width + part.column) * count;
				const Taps of_part = { 0, dy, dw + ((ptrdiff_t)channel * taps + first) * LANES,
					(ptrdiff_t)o->kernel_width * count * LANES, count, dy_panel, (ptrdiff_t)inputs * LANES, 0, 0, 0 };
				of_panel(&part.o, begin, end, of_part, x + (ptrdiff_t)channel * o->images * o->height * o->width);
			}
		}
	}
}

#define CONV2D_DW(name, panels, of_panel) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, real *dw, const real *x, \
		const real *dy) \
	{ \
		const Window o = window_of(rows, WINDOW); \
		(void)outputs; \
		conv2d_dw_of_panels(panels, &of_panel, &o, inputs, dw, x, dy); \
	}
CONV2D_DW(conv2d_dw, 1, add_dw)
CONV2D_DW(conv2d_dw_run3, 1, add_dw_run3)
CONV2D_DW(conv2d_dw_run5, 1, add_dw_run5)
CONV2D_DW(conv2d_dw_narrow, 1, add_dw_narrow)
CONV2D_DW(conv2d_dw_narrow_run3, 1, add_dw_narrow_run3)
CONV2D_DW(conv2d_dw_narrow_run5, 1, add_dw_narrow_run5)
#if LANES * REAL_BITS >= 256
CONV2D_DW(conv2d_dw_pair, 2, add_dw_pair)
CONV2D_DW(conv2d_dw_narrow_pair, 2, add_dw_narrow_pair)
#endif
#undef CONV2D_DW
#endif
