/* images_test.c: the kernels of images on every kernel set, with windows of many shapes, against sums in double. */
#include "bnc.h"
#include "kernels.h"
#include "set_support.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Shapes {
	int images, channels, outputs, groups, height, width;
	int kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
	int y_height, y_width;
} Shapes;

/* Row-major: [image][channel][pixel], [output][channel of the group][kernel pixel]. */
typedef struct Arrays { double *x, *y, *w, *dx, *dw, *dy; size_t x_count, y_count, w_count; } Arrays;

static double *doubles(size_t count, Random *random)
{
	double *values = calloc(count, sizeof *values);
	cr_assert(values);
	for (size_t i = 0; random && i < count; i++)
		values[i] = (double)((float)(random_u32(random) % 2001) / 1000 - 1);
	return values;
}

static void free_arrays(Arrays *a)
{
	double *all[] = {a->x, a->y, a->w, a->dx, a->dw, a->dy};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
}

static int up_to(Random *random, int most)
{
	return 1 + (int)(random_u32(random) % (unsigned)most);
}

/* Window number n of a random series; some are at the edges of what is possible. */
static Shapes draw_shapes(Random *random, int kind)
{
	Shapes s = {up_to(random, 3), up_to(random, 20), up_to(random, 20), 1, up_to(random, 9), up_to(random, 30),
		up_to(random, 5), up_to(random, 6), up_to(random, 3), up_to(random, 3), up_to(random, 4) - 1,
		up_to(random, 4) - 1, 0, 0};
	if (random_u32(random) % 2)
		s.stride_height = s.stride_width = 1;
	if (random_u32(random) % 8 == 0) {
		s.kernel_width = 1 + 33 * (int)(random_u32(random) % 3);        /* 67 pixels are more than a tile sees */
		s.width += s.kernel_width;
	}
	if (random_u32(random) % 8 == 0) {
		s.stride_width = 2 + (int)(random_u32(random) % 2);
		s.width += 100;                 /* with strides, conv.c brings 32 pixels together at a time */
	}
	if (kind == 0 && random_u32(random) % 3 == 0)
		s.channels = up_to(random, FEW_CHANNELS);
	if (kind == 1)
		s.groups = s.outputs = s.channels;
	if (kind == 2) {
		s.groups = up_to(random, 5);
		s.channels = s.groups * up_to(random, 6);
		s.outputs = s.groups * up_to(random, 6);
	}
	if (kind == 3) {
		s.groups = s.outputs = s.channels;
		s.padding_height = s.padding_height * 2 <= s.kernel_height ? s.padding_height : 0;
		s.padding_width = s.padding_width * 2 <= s.kernel_width ? s.padding_width : 0;
		if (random_u32(random) % 3 == 0) {      /* side by side, as pooling usually is; some overlap in a row */
			s.stride_height = s.kernel_height = s.stride_width = s.kernel_width = 2;
			s.padding_height = s.padding_width = 0;
			s.stride_width -= random_u32(random) % 3 == 0;
		}
	}
	const int rows = s.height + 2 * s.padding_height - s.kernel_height,
		columns = s.width + 2 * s.padding_width - s.kernel_width;
	s.y_height = rows < 0 ? 0 : rows / s.stride_height + 1;
	s.y_width = columns < 0 ? 0 : columns / s.stride_width + 1;
	return s;
}

/* The index in x of what output pixel i sees at kernel pixel k of channel c; -1: nothing. */
static ptrdiff_t seen(const Shapes *s, int image, int c, int i, int k)
{
	const int row = i / s->y_width * s->stride_height + k / s->kernel_width - s->padding_height;
	const int column = i % s->y_width * s->stride_width + k % s->kernel_width - s->padding_width;
	if (row < 0 || row >= s->height || column < 0 || column >= s->width)
		return -1;
	return ((ptrdiff_t)(image * s->channels + c) * s->height + row) * s->width + column;
}

static Arrays convolve(const Shapes *s, Random *random)
{
	const int taps = s->kernel_height * s->kernel_width, channels = s->channels / s->groups;
	const int pixels = s->y_height * s->y_width;
	Arrays a = {.x_count = (size_t)(s->images * s->channels * s->height * s->width),
		.y_count = (size_t)(s->images * s->outputs * pixels), .w_count = (size_t)(s->outputs * channels * taps)};
	a.x = doubles(a.x_count, random);
	a.w = doubles(a.w_count, random);
	a.dy = doubles(a.y_count, random);
	a.y = doubles(a.y_count, 0);
	a.dx = doubles(a.x_count, 0);
	a.dw = doubles(a.w_count, 0);
	for (int image = 0; image < s->images; image++)
		for (int out = 0; out < s->outputs; out++)
			for (int i = 0; i < pixels; i++) {
				a.y[(image * s->outputs + out) * pixels + i] = a.w[out];         /* the bias, see Panels */
				for (int k = 0; k < channels * taps; k++) {
					const int c = out / (s->outputs / s->groups) * channels + k / taps;
					const ptrdiff_t x = seen(s, image, c, i, k % taps);
					const size_t y = (size_t)((image * s->outputs + out) * pixels + i), w = (size_t)(out * channels
						* taps + k);
					if (x < 0)
						continue;
					a.y[y] += a.x[x] * a.w[w];
					a.dx[x] += a.dy[y] * a.w[w];
					a.dw[w] += a.dy[y] * a.x[x];
				}
			}
	return a;
}

/* ---- panels */

static const float stranger = 1e30f;    /* in lanes that a kernel may not use */

/* [panel][image][pixel][lane], in memory of exactly this size; padding: the value of lanes after the last channel. */
static float *image_panels(const KernelSet *set, int images, int channels, int pixels, const double *values,
	float padding)
{
	const int lanes = set->lanes, panels = (channels + lanes - 1) / lanes;
	float *out = malloc((size_t)(panels * images * pixels * lanes) * sizeof *out);
	cr_assert(out);
	for (int i = 0; i < panels * images * pixels * lanes; i++) {
		const int channel = i / (images * pixels * lanes) * lanes + i % lanes, row = i / lanes % (images * pixels);
		out[i] = channel >= channels ? padding
			: (float)values[(row / pixels * channels + channel) * pixels + row % pixels];
	}
	return out;
}

static void expect_image(const KernelSet *set, const char *what, int images, int channels, int pixels,
	const double *expected, const float *found, bool zero_padded, const Shapes *s)
{
	const int lanes = set->lanes, panels = (channels + lanes - 1) / lanes;
	/* n products are added one after the other: partial sums of about sqrt(n) / 3, sqrt(n) roundings */
	const double terms = (double)(s->channels > s->outputs ? s->channels : s->outputs) * s->kernel_height
		* s->kernel_width;
	for (int i = 0; i < panels * images * pixels * lanes; i++) {
		const int channel = i / (images * pixels * lanes) * lanes + i % lanes, row = i / lanes % (images * pixels);
		if (channel >= channels && zero_padded)
			cr_assert(found[i] == 0, "%s, %s: the padding is %g", set->name, what, (double)found[i]);
		if (channel >= channels)
			continue;
		const double value = expected[(row / pixels * channels + channel) * pixels + row % pixels];
		cr_assert(fabs((double)found[i] - value) < 2e-5 * (1 + fabs(value)) + 2e-8 * terms,
			"%s, %s: %g instead of %g (%d images %dx%dx%d, %d outputs, %d groups, kernel %dx%d, stride %dx%d, padding "
			"%dx%d)", set->name, what, (double)found[i], value, s->images, s->channels, s->height, s->width, s->outputs,
			s->groups, s->kernel_height, s->kernel_width, s->stride_height, s->stride_width, s->padding_height,
			s->padding_width);
	}
}

/* The weights in panels, and back. */
static float *weight_panels(const Program *program, const ProgramTensor *tensor, const double *values)
{
	const int lanes = program->kernels->lanes, panels = (tensor->features + lanes - 1) / lanes;
	const size_t count = tensor_count(tensor);
	float *out = calloc((size_t)(panels * tensor->inputs * lanes), sizeof *out), *floats = malloc(count
		* sizeof *floats);
	cr_assert(out && floats);
	for (size_t i = 0; i < count; i++)
		floats[i] = (float)values[i];
	tensor_set(program, out, tensor, floats);
	free(floats);
	return out;
}

/* Each is a sum of so many terms, whose roundings add up. */
static void expect_weights(const Program *program, const ProgramTensor *tensor, int terms, const double *expected,
	const float *found)
{
	const size_t count = tensor_count(tensor);
	float *floats = malloc(count * sizeof *floats);
	cr_assert(floats);
	tensor_get(program, found, tensor, floats);
	for (size_t i = 0; i < count; i++)
		cr_assert(fabs((double)floats[i] - expected[i]) < 2e-5 * (1 + fabs(expected[i])) + 2e-8 * terms,
			"%s: dw[%zu] is %g, not %g", program->kernels->name, i, (double)floats[i], expected[i]);
	free(floats);
}

/* ---- convolutions */

#define WINDOW_OF(s) (s)->height, (s)->width, (s)->y_height, (s)->y_width, (s)->kernel_height, (s)->kernel_width, \
	(s)->stride_height, (s)->stride_width, (s)->padding_height, (s)->padding_width

/* b: the first of the weights, as a bias */
typedef struct Panels { float *x, *y, *w, *dx, *dw, *dy, *b; } Panels;

/* How a dense convolution runs: by the kernels that do any size, by those that the compiler chooses for this one, or
 * two panels at a time where there are kernels for that. */
enum { PLAIN, CHOSEN, PAIRED };

typedef void ConvY(int, int, int, WINDOW_PARAMETERS, float *, const float *, const float *, const float *);
typedef void ConvDw(int, int, int, WINDOW_PARAMETERS, float *, const float *, const float *);
typedef void ConvDx(int, int, int, WINDOW_PARAMETERS, int, float *, const float *, const float *);
typedef void DepthwiseDw(int, WINDOW_PARAMETERS, float *, const float *, const float *);
typedef struct Functions { ConvY *y; ConvDw *dw; ConvDx *dx; DepthwiseDw *depthwise_dw; } Functions;

/* Where the function of the kernel is, or of its variant for so many panels; null is there if there is none. */
static const void *place_of(const Kernels *kernels, const KernelSet *set, const Sizes *sizes, int way, const char *name,
	int panels)
{
	static const void *const none;
	const Kernel *row = kernel_find(kernels, name, strlen(name));
	const Kernel *kernel = way == PLAIN ? 0 : kernel_variant(kernels, row, *sizes, panels);
	if (!kernel && panels > 1)
		return &none;
	return (const char *)set->table + (kernel ? kernel : row)->entry;
}

static Functions functions_of(const KernelSet *set, const Shapes *s, int way, int panels)
{
	Arena *arena = arena_open();
	const Kernels kernels = kernel_table(arena);
	const int inputs = s->channels * s->kernel_height * s->kernel_width;
	const Sizes sizes = {.lanes = set->lanes, .bits = 32 * set->lanes, .rows = s->images * s->y_height * s->y_width,
		.outputs = s->outputs, .inputs = inputs, .channels = s->channels,
		.run = s->stride_width == 1 ? s->kernel_width : 0,
		.square = s->stride_width == 1 && s->stride_height == 1 && s->kernel_height == s->kernel_width
			? s->kernel_width : 0,
		.tiles = s->images * ((s->y_height + 1) / 2) * ((s->y_width + 1) / 2)};
	Functions functions;
	memcpy(&functions.y, place_of(&kernels, set, &sizes, way, "conv2d", panels), sizeof functions.y);
	memcpy(&functions.dw, place_of(&kernels, set, &sizes, way, "conv2d_dw", panels), sizeof functions.dw);
	memcpy(&functions.dx, place_of(&kernels, set, &sizes, way, "conv2d_dx", panels), sizeof functions.dx);
	memcpy(&functions.depthwise_dw, place_of(&kernels, set, &sizes, way, "conv2d_depthwise_dw", panels),
		sizeof functions.depthwise_dw);
	arena_close(arena);
	return functions;
}

static void run_dense(const KernelSet *set, const Shapes *s, const Panels *p, int way)
{
	const Functions one = functions_of(set, s, way, 1), two = functions_of(set, s, way, 2);
	const int lanes = set->lanes, rows = s->images * s->y_height * s->y_width;
	const int fan_in = s->channels * s->kernel_height * s->kernel_width;
	for (int panel = 0, step; panel * lanes < s->outputs; panel += step) {
		float *y = p->y + (ptrdiff_t)panel * rows * lanes;
		const float *w = p->w + (ptrdiff_t)panel * fan_in * lanes;
		step = way == PAIRED && two.y && (panel + 1) * lanes < s->outputs ? 2 : 1;
		(step == 2 ? two.y : one.y)(rows, s->outputs, fan_in, WINDOW_OF(s), y, p->x, w, p->b + panel * lanes);
	}
	for (int panel = 0, step; panel * lanes < s->outputs; panel += step) {
		float *dw = p->dw + (ptrdiff_t)panel * fan_in * lanes;
		const float *dy = p->dy + (ptrdiff_t)panel * rows * lanes;
		step = way == PAIRED && two.dw && (panel + 1) * lanes < s->outputs ? 2 : 1;
		(step == 2 ? two.dw : one.dw)(rows, s->outputs, fan_in, WINDOW_OF(s), dw, p->x, dy);
	}
	for (int panel = 0, step; panel * lanes < s->channels; panel += step) {
		float *dx = p->dx + (ptrdiff_t)panel * s->images * s->height * s->width * lanes;
		step = way == PAIRED && two.dx && (panel + 1) * lanes < s->channels ? 2 : 1;
		(step == 2 ? two.dx : one.dx)(rows, s->outputs, fan_in, WINDOW_OF(s), panel, dx, p->dy, p->w);
	}
}

/* Two panels at a time have the bits of one. */
static void check_pairs(const KernelSet *set, const Shapes *s, const Panels *p)
{
	const int lanes = set->lanes, taps = s->kernel_height * s->kernel_width;
	const size_t x = (size_t)((s->channels + lanes - 1) / lanes * lanes * s->images * s->height * s->width);
	const size_t panels = (size_t)((s->outputs + lanes - 1) / lanes * lanes);
	const size_t y = panels * (size_t)(s->images * s->y_height * s->y_width);
	const size_t w = panels * (size_t)(s->channels * taps);
	const Panels pairs = {p->x, malloc(y * sizeof(float)), p->w, malloc(x * sizeof(float)), malloc(w * sizeof(float)),
		p->dy, p->b};
	cr_assert(pairs.y && pairs.dx && pairs.dw);
	run_dense(set, s, &pairs, PAIRED);
	cr_assert_arr_eq(pairs.y, p->y, y * sizeof(float), "%s: y of two panels", set->name);
	cr_assert_arr_eq(pairs.dx, p->dx, x * sizeof(float), "%s: dx of two panels", set->name);
	cr_assert_arr_eq(pairs.dw, p->dw, w * sizeof(float), "%s: dw of two panels", set->name);
	free(pairs.y);
	free(pairs.dx);
	free(pairs.dw);
}

static void run_convolution(const KernelSet *set, const Shapes *s, int kind, int way, const Panels *p)
{
	if (kind == 0) {
		run_dense(set, s, p, way);
		return;
	}
	const int lanes = set->lanes, rows = s->images * s->y_height * s->y_width;
	const int fan_in = s->channels / s->groups * s->kernel_height * s->kernel_width;
	const Functions functions = functions_of(set, s, way, 1);
	const ptrdiff_t x_panel = (ptrdiff_t)s->images * s->height * s->width * lanes, y_panel = (ptrdiff_t)rows * lanes;
	for (int panel = 0; panel * lanes < s->outputs; panel++) {
		float *y = p->y + panel * y_panel, *dw = p->dw + (ptrdiff_t)panel * fan_in * lanes;
		const float *w = p->w + (ptrdiff_t)panel * fan_in * lanes, *dy = p->dy + panel * y_panel;
		const float *b = p->b + panel * lanes;
		if (kind == 1) {
			set->table->conv2d_depthwise(rows, WINDOW_OF(s), y, p->x + panel * x_panel, w, b);
			functions.depthwise_dw(rows, WINDOW_OF(s), dw, p->x + panel * x_panel, dy);
			set->table->conv2d_depthwise_dx(rows, WINDOW_OF(s), p->dx + panel * x_panel, dy, w);
		} else {
			set->table->conv2d_grouped(rows, s->outputs, fan_in, WINDOW_OF(s), s->groups, panel, y, p->x, w, b);
			set->table->conv2d_grouped_dw(rows, s->outputs, fan_in, WINDOW_OF(s), s->groups, panel, dw, p->x, dy);
		}
	}
	for (int panel = 0; panel * lanes < s->channels && kind != 1; panel++) {
		set->table->conv2d_grouped_dx(rows, s->outputs, fan_in, WINDOW_OF(s), s->groups, panel, p->dx + panel * x_panel,
			p->dy, p->w);
	}
}

static void check_convolution(const KernelSet *set, const Shapes *s, int kind, int way, const Arrays *a)
{
	const int x_pixels = s->height * s->width, y_pixels = s->y_height * s->y_width;
	const Program program = {.kernels = set};
	const ProgramTensor weight = {.layout = LAYOUT_WEIGHTS, .features = s->outputs,
		.inputs = s->channels / s->groups * s->kernel_height * s->kernel_width, .kernel_height = s->kernel_height,
		.kernel_width = s->kernel_width};
	/* what a kernel of one panel reads in lanes without a channel may reach only such lanes */
	const Panels p = {
		image_panels(set, s->images, s->channels, x_pixels, a->x, kind == 1 ? 0 : stranger),
		image_panels(set, s->images, s->outputs, y_pixels, a->dy, stranger), weight_panels(&program, &weight, a->w),
		image_panels(set, s->images, s->channels, x_pixels, a->x, stranger), weight_panels(&program, &weight, a->w),
		image_panels(set, s->images, s->outputs, y_pixels, a->dy, 0), image_panels(set, 1, s->outputs, 1, a->w, 0),
	};
	run_convolution(set, s, kind, way, &p);
	expect_image(set, "y", s->images, s->outputs, y_pixels, a->y, p.y, false, s);
	expect_image(set, "dx", s->images, s->channels, x_pixels, a->dx, p.dx, true, s);
	expect_weights(&program, &weight, s->images * y_pixels, a->dw, p.dw);
	if (kind == 0 && way == CHOSEN)
		check_pairs(set, s, &p);
	float *all[] = {p.x, p.y, p.w, p.dx, p.dw, p.dy, p.b};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
}

/* The last of several views of an image, which reaches beyond its lower or its right edge and no other. */
static Shapes draw_edge(bool right)
{
	return right ? (Shapes){.images = 2, .height = 3, .width = 70, .groups = 1, .channels = 3, .outputs = 3,
		.kernel_height = 1, .kernel_width = 3, .stride_height = 1, .stride_width = 1, .padding_width = 1,
		.y_height = 3, .y_width = 70}
		: (Shapes){.images = 2, .height = 130, .width = 5, .groups = 1, .channels = 3, .outputs = 3,
		.kernel_height = 3, .kernel_width = 1, .stride_height = 1, .stride_width = 1, .padding_height = 1,
		.y_height = 130, .y_width = 5};
}

static void check_shapes(const Shapes *s, int kind, Random *random)
{
	if (!s->y_height || !s->y_width)
		return;
	Arrays a = convolve(s, random);
	FOR_EACH_USABLE_SET(set)
		for (int way = PLAIN; way <= CHOSEN; way++)
			check_convolution(set, s, kind, way, &a);
	free_arrays(&a);
}

static void check_convolutions(int kind)
{
	enum { CASES = SANITIZED ? 40 : 120 };
	Random random;
	random_seed(&random, (uint32_t)kind);
	for (int n = -2; n < CASES; n++) {
		Shapes s = n < 0 ? draw_edge(n == -1) : draw_shapes(&random, kind);
		if (n < 0 && kind > 0)
			s.groups = 3;
		check_shapes(&s, kind, &random);
	}
}

Test(images, convolution) { check_convolutions(0); }
/* Enough channels and tiles of 2x2 pixels for Winograd's algorithm, in one pass or more over the channels, with tiles
 * that reach beyond the last row or column, and padding of which tiles see nothing else. Large images, in groups. */
Test(images, convolution_in_winograd_tiles)
{
	enum { CASES = SANITIZED ? 6 : 24 };
	Random random;
	random_seed(&random, 4);
	for (int n = 0; n < CASES; n++) {
		const int most = n % 4 == 0 ? 150 : 40;
		Shapes s = {.images = up_to(&random, 3), .channels = 15 + up_to(&random, most),
			.outputs = 15 + up_to(&random, 25), .groups = 1, .height = 3 + up_to(&random, 12),
			.width = 3 + up_to(&random, 12), .kernel_height = 3, .kernel_width = 3, .stride_height = 1,
			.stride_width = 1, .padding_height = up_to(&random, 4) - 1, .padding_width = up_to(&random, 4) - 1};
		if (n % 4 == 1)
			s.height += 40;         /* more pixels than images that are taken together have */
		s.y_height = s.height + 2 * s.padding_height - 2;
		s.y_width = s.width + 2 * s.padding_width - 2;
		const int tiles = s.images * ((s.y_height + 1) / 2) * ((s.y_width + 1) / 2);
		if (tiles >= 16 && tiles * 3 <= s.images * s.y_height * s.y_width)
			FOR_EACH_USABLE_SET(set)
				cr_expect(set->lanes < 8 || functions_of(set, &s, CHOSEN, 1).y == set->table->conv2d_winograd);
		check_shapes(&s, 0, &random);
	}
}
Test(images, depthwise_convolution) { check_convolutions(1); }
Test(images, convolution_in_groups) { check_convolutions(2); }

/* ---- pools */

/* The largest value, or the mean, of what each pixel of y sees, and what dx each gives. */
static void pool(const Shapes *s, const Arrays *a, bool largest)
{
	const int taps = s->kernel_height * s->kernel_width, pixels = s->y_height * s->y_width;
	memset(a->dx, 0, a->x_count * sizeof *a->dx);
	for (int image = 0; image < s->images * s->channels; image++)
		for (int i = 0; i < pixels; i++) {
			const size_t y = (size_t)(image * pixels + i);
			ptrdiff_t first = -1;
			a->y[y] = 0;
			for (int k = 0; k < taps; k++) {
				const ptrdiff_t x = seen(s, image / s->channels, image % s->channels, i, k);
				if (x >= 0 && largest && (first < 0 || a->x[x] > a->x[first]))
					first = x;
				if (x >= 0 && !largest) {
					a->y[y] += a->x[x] / taps;
					a->dx[x] += a->dy[y] / taps;
				}
			}
			if (largest) {
				a->y[y] = a->x[first];
				a->dx[first] += a->dy[y];
			}
		}
}

static void check_pool(const KernelSet *set, const Shapes *s, const Arrays *a, bool largest)
{
	const int x_pixels = s->height * s->width, y_pixels = s->y_height * s->y_width, rows = s->images * y_pixels;
	float *x = image_panels(set, s->images, s->channels, x_pixels, a->x, 0),
		*y = image_panels(set, s->images, s->channels, y_pixels, a->dy, stranger),
		*dy = image_panels(set, s->images, s->channels, y_pixels, a->dy, 0),
		*dx = image_panels(set, s->images, s->channels, x_pixels, a->x, stranger);
	for (int panel = 0; panel * set->lanes < s->channels; panel++) {
		const ptrdiff_t in = (ptrdiff_t)panel * s->images * x_pixels * set->lanes;
		const ptrdiff_t out = (ptrdiff_t)panel * rows * set->lanes;
		if (largest) {
			set->table->maxpool2d(rows, WINDOW_OF(s), y + out, x + in);
			set->table->maxpool2d_bwd(rows, WINDOW_OF(s), dx + in, dy + out, x + in, y + out);
		} else {
			set->table->avgpool2d(rows, WINDOW_OF(s), y + out, x + in);
			set->table->avgpool2d_bwd(rows, WINDOW_OF(s), dx + in, dy + out);
		}
	}
	expect_image(set, "y", s->images, s->channels, y_pixels, a->y, y, false, s);
	expect_image(set, "dx", s->images, s->channels, x_pixels, a->dx, dx, true, s);
	free(x);
	free(y);
	free(dy);
	free(dx);
}

Test(images, pools)
{
	enum { CASES = 120 };
	Random random;
	random_seed(&random, 3);
	for (int n = 0; n < CASES; n++) {
		const Shapes s = draw_shapes(&random, 3);
		if (!s.y_height || !s.y_width)
			continue;
		Arrays a = convolve(&s, &random);
		for (int largest = 0; largest < 2; largest++) {
			pool(&s, &a, largest);
			FOR_EACH_USABLE_SET(set)
				check_pool(set, &s, &a, largest);
		}
		free_arrays(&a);
	}
}

/* A maximum that is NaN stays one, and its gradient goes to the first pixel that is it, as in torch. */
Test(images, maximum_of_nan)
{
	static const struct { float x[3], y; int at; } cases[] = {
		{{1, NAN, 2}, NAN, 1}, {{NAN, 5, NAN}, NAN, 0}, {{3, 2, NAN}, NAN, 2}, {{1, 7, 7}, 7, 1},
		{{-INFINITY, -INFINITY, -INFINITY}, -INFINITY, 0},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			float x[3 * 16] = {0}, dx[3 * 16], y[16], dy[16] = {1};
			for (int pixel = 0; pixel < 3; pixel++)
				x[pixel * set->lanes] = cases[i].x[pixel];
			set->table->maxpool2d(1, 1, 3, 1, 1, 1, 3, 1, 1, 0, 0, y, x);
			set->table->maxpool2d_bwd(1, 1, 3, 1, 1, 1, 3, 1, 1, 0, 0, dx, dy, x, y);
			cr_expect(isnan(cases[i].y) ? isnan(y[0]) : y[0] == cases[i].y, "%s, %zu: %g", set->name, i,
				(double)y[0]);
			for (int pixel = 0; pixel < 3; pixel++)
				cr_expect_eq(dx[pixel * set->lanes], pixel == cases[i].at, "%s, %zu: the gradient of pixel %d is %g",
					set->name, i, pixel, (double)dx[pixel * set->lanes]);
		}
}

/* ---- flatten */

Test(images, flatten_has_the_order_of_torch)
{
	enum { IMAGES = 3 };
	Random random;
	random_seed(&random, 4);
	for (int channels = 1; channels <= 33; channels += 4)
		for (int pixels = 1; pixels <= 12; pixels++) {
			double *values = doubles((size_t)(IMAGES * channels * pixels), &random);
			FOR_EACH_USABLE_SET(set) {
				const Shapes none = {.images = IMAGES, .channels = channels, .height = pixels, .width = 1};
				float *x = image_panels(set, IMAGES, channels, pixels, values, stranger),
					*y = image_panels(set, IMAGES, channels * pixels, 1, values, stranger);
				set->table->flatten(IMAGES, pixels, channels, y, x);
				expect_image(set, "flatten", IMAGES, channels * pixels, 1, values, y, true, &none);
				set->table->unflatten(IMAGES, pixels, channels, x, y);
				expect_image(set, "unflatten", IMAGES, channels, pixels, values, x, true, &none);
				free(x);
				free(y);
			}
			free(values);
		}
}
