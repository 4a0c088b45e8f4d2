/* narrow.c: products of shapes for which the tiles of linear.c are slow, since their lanes are the outputs of y or dx.
 * Here the lanes are what is summed over, and a tile ends by adding up its lanes.
 *
 * With few outputs and many inputs most lanes of a tile would be idle; W is transposed while it is read. For 32 rows,
 * 64 inputs and 2 outputs with AVX-512, forward takes 165 ns instead of 320, and dW 125 ns instead of 295. If only the
 * difference of two outputs matters (CONTRAST), half of that is enough: y = (0, x (w2 - w1)), dy = (-d, d), and dW
 * likewise.
 *
 * With few rows, dx would spend most of its time on transposing W; here W is read as it is stored. */
#include "columns.h"
#include "few.h"
#include "optimizers.h"

/* LANES sums over features: of each row of a, whose panels are [LANES][LANES], times the only row of b. Does not read
 * padding. */
INLINE Vector across_tile(int features, const real *a, ptrdiff_t a_stride, const real *b, ptrdiff_t b_stride)
{
	Vector sum[LANES];
	UNROLL
	for (int i = 0; i < LANES; i++)
		sum[i] = splat(0.0f);
	for (; features >= LANES; features -= LANES, a += a_stride, b += b_stride) {
		UNROLL
		for (int i = 0; i < LANES; i++)
			sum[i] += load(a + i * LANES) * load(b);
	}
	if (features > 0) {
		const Mask used = first_lanes(features);
		const Vector factor = choose(used, load(b), splat(0.0f));
		UNROLL
		for (int i = 0; i < LANES; i++)
			sum[i] += choose(used, load(a + i * LANES), splat(0.0f)) * factor;
	}
	return row_sums(sum);
}

/* Adds to two outputs what some of the inputs give, or to `start`, unless it is null, what the first of them give;
 * `turned` has the two columns of W, one panel after another. With `contrast` it has the difference of the two columns,
 * and y is (0, difference). The 0 is NaN if the difference is not finite, so that the loss is NaN too. */
INLINE void add_narrow(const int contrast, int rows, int outputs, int first, int inputs, real *y, const real *start,
	const real *x, ptrdiff_t stride, const real *w)
{
	Vector turned[2][NARROW_INPUTS / LANES], column[FEW_COLUMNS];
	for (int panel = 0; panel < panel_count(inputs); panel++) {
		load_few_columns(column, w + panel * LANES * LANES, smaller(inputs - panel * LANES, LANES), outputs);
		turned[0][panel] = column[first];
		turned[1][panel] = contrast ? column[1] - column[0] : column[first + 1];
	}
	for (int row = 0; row < rows; row += LANES, x += LANES * LANES, y += LANES * LANES) {
		if (start) {
			column[0] = splat(start[0]);
			column[1] = splat(contrast ? start[1] - start[0] : start[1]);
		} else
			load_few_columns(column, y, LANES, 2);
		if (first + 1 < outputs)
			column[1] += across_tile(inputs, x, stride, (const real *)turned[1], LANES);
		if (contrast)
			column[0] = column[1] - column[1];
		else
			column[0] += across_tile(inputs, x, stride, (const real *)turned[0], LANES);
		store_two_columns(y, column, LANES);
	}
}

/* Two outputs at a time, and NARROW_INPUTS inputs. */
INLINE void narrow_product(const int contrast, int rows, int outputs, int inputs, real *y, const real *x,
	const real *w, const real *b)
{
	const int whole = rows / LANES * LANES;
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const Product rest = { inputs, x + whole * LANES, stride, w, y + whole * LANES, b ? b : nothing, 0 };
	for (int row = 0; row < whole; row++)
		store(y + row * LANES, splat(0.0f));
	for (int input = 0; input < inputs; input += NARROW_INPUTS)
		for (int first = 0; first < outputs; first += 2)
			add_narrow(contrast, whole, outputs, first, smaller(inputs - input, NARROW_INPUTS), y + first,
				input ? NULL : rest.start + first, x + input / LANES * stride, stride, w + (ptrdiff_t)input * LANES);
	product_of_rows(rows - whole, rest);
}

static void KERNEL_FN(linear_narrow)(int rows, int outputs, int inputs, real *y, const real *x, const real *w,
	const real *b)
{
	narrow_product(0, rows, outputs, inputs, y, x, w, b);
}

static void KERNEL_FN(linear_contrast)(int rows, int outputs, int inputs, real *y, const real *x, const real *w,
	const real *b)
{
	narrow_product(1, rows, outputs, inputs, y, x, w, b);
}

/* x and dy change roles: a tile of gradients gives columns of dW. With `contrast`, the second of the two columns is
 * enough. */
INLINE void narrow_gradient(const int contrast, int rows, int outputs, Vector *column, const real *x, const real *dy)
{
	gradient(rows, contrast ? 1 : outputs, (real *)(column + contrast), dy + contrast, x);
	if (contrast)
		column[0] = -column[1];
}

INLINE void narrow_dw(const int contrast, int rows, int outputs, int inputs, real *dw, const real *x, const real *dy)
{
	const int columns = contrast ? 2 : outputs;
	Vector column[LANES];
	for (; inputs > 0; inputs -= LANES, x += (ptrdiff_t)rows * LANES, dw += LANES * LANES) {
		narrow_gradient(contrast, rows, columns, column, x, dy);
		store_columns(dw, column, smaller(inputs, LANES), columns);
	}
}

static void KERNEL_FN(linear_dw_narrow)(int rows, int outputs, int inputs, real *dw, const real *x, const real *dy)
{
	narrow_dw(0, rows, outputs, inputs, dw, x, dy);
}

static void KERNEL_FN(linear_dw_contrast)(int rows, int outputs, int inputs, real *dw, const real *x, const real *dy)
{
	narrow_dw(1, rows, outputs, inputs, dw, x, dy);
}

/* Transposes weights and states too, several panels of them at a time, so that an update sees no padding and is called
 * only a few times. Transposing the gradients instead would be slower: an update would load vectors of weights that
 * were stored in pairs just before. */
INLINE void narrow_update(const int contrast, int rows, int outputs, int inputs, Update *update, const real *numbers,
	const Places *w, const Places *b, const real *x, const real *dy)
{
	enum { MOST = 16 };
	const int columns = contrast ? 2 : outputs, places = w->at[1] ? PLACES : 1;
	Vector sum[MOST], turned[PLACES][MOST + 1];
	Places of_turned = places_of((real *)turned[0], NULL, NULL, NULL);
	for (int i = 1; i < places; i++)
		of_turned.at[i] = w->at[i] ? (real *)turned[i] : NULL;
	for (int first = 0, panels; first < inputs; first += panels * LANES) {
		panels = smaller(MOST / columns, panel_count(inputs - first));
		for (int panel = 0; panel < panels; panel++, x += (ptrdiff_t)rows * LANES) {
			const int input = first + panel * LANES, count = smaller(inputs - input, LANES);
			narrow_gradient(contrast, rows, columns, sum + panel * columns, x, dy);
			for (int i = 0; i < places; i++)
				if (w->at[i])
					load_few_columns(turned[i] + panel * columns, w->at[i] + (ptrdiff_t)input * LANES, count, columns);
		}
		update_at(update, panels * columns * LANES, numbers, &of_turned, 0, (const real *)sum);
		/* the last panel first: storing an odd number of columns overwrites the column that follows */
		for (int panel = panels - 1; panel >= 0; panel--) {
			const int input = first + panel * LANES, count = smaller(inputs - input, LANES);
			for (int i = 0; i < places; i++)
				if (w->at[i])
					store_few_columns(w->at[i] + (ptrdiff_t)input * LANES, turned[i] + panel * columns, count, columns);
		}
	}
	if (b->at[0]) {
		sum[0] = rows_sum(rows, dy);
		update_at(update, LANES, numbers, b, 0, (const real *)sum);
	}
}

static void KERNEL_FN(linear_dw_update_narrow)(int rows, int outputs, int inputs, Update *update, const real *numbers,
	real *w, real *w1, real *w2, real *w3, real *b, real *b1, real *b2, real *b3, const real *x,
	const real *dy)
{
	const Places of_w = places_of(w, w1, w2, w3), of_b = places_of(b, b1, b2, b3);
	narrow_update(0, rows, outputs, inputs, update, numbers, &of_w, &of_b, x, dy);
}

static void KERNEL_FN(linear_dw_update_contrast)(int rows, int outputs, int inputs, Update *update,
	const real *numbers, real *w, real *w1, real *w2, real *w3, real *b, real *b1, real *b2, real *b3,
	const real *x, const real *dy)
{
	const Places of_w = places_of(w, w1, w2, w3), of_b = places_of(b, b1, b2, b3);
	narrow_update(1, rows, outputs, inputs, update, numbers, &of_w, &of_b, x, dy);
}

/* The same for two outputs in contrast with an optimizer that is known at compile time: one panel at a time, without
 * function calls. */
INLINE void contrast_update_by(Next *next, const int states, int rows, int inputs, const real *numbers,
	const Places *w, const Places *b, const real *x, const real *dy)
{
	Vector sum[2], column[PLACES][2], value[PLACES];
	for (ptrdiff_t offset = 0; inputs > 0; inputs -= LANES, x += (ptrdiff_t)rows * LANES, offset += LANES * LANES) {
		const int count = smaller(inputs, LANES);
		narrow_gradient(1, rows, 2, sum, x, dy);
		UNROLL
		for (int i = 0; i <= states; i++)
			load_few_columns(column[i], w->at[i] + offset, count, 2);
		for (int output = 0; output < 2; output++) {
			UNROLL
			for (int i = 0; i <= states; i++)
				value[i] = column[i][output];
			next(numbers, value, sum[output]);
			UNROLL
			for (int i = 0; i <= states; i++)
				column[i][output] = value[i];
		}
		UNROLL
		for (int i = 0; i <= states; i++)
			store_few_columns(w->at[i] + offset, column[i], count, 2);
	}
	if (b->at[0])
		update_vector(next, states, numbers, b->at, 0, rows_sum(rows, dy));
}

#define CONTRAST_INSTANCE(optimizer, states) \
	static void KERNEL_FN(linear_dw_update_contrast_##optimizer)(int rows, int outputs, int inputs, Update *update, \
		const real *numbers, real *w, real *w1, real *w2, real *w3, real *b, real *b1, real *b2, real *b3, \
		const real *x, const real *dy) \
	{ \
		const Places of_w = places_of(w, w1, w2, w3), of_b = places_of(b, b1, b2, b3); \
		(void)outputs, (void)update; \
		contrast_update_by(&optimizer##_next, states, rows, inputs, numbers, &of_w, &of_b, x, dy); \
	}
CONTRAST_INSTANCES(CONTRAST_INSTANCE)
#undef CONTRAST_INSTANCE

NOINLINE Vector across(int features, const real *w, ptrdiff_t w_stride, const real *dy, ptrdiff_t dy_stride)
{
	return across_tile(features, w, w_stride, dy, dy_stride);
}

/* In chunks of W that stay in L1 while all rows use them. The chunks are copied, since blocks that are a power of two
 * apart displace each other in the cache: without the copy a step with 32 rows takes 1.4 times as long. One or two rows
 * do not use a block often enough to pay for copying it. Time of a step of 64-512-512-10 relative to linear_dx: with
 * AVX-512 0.65 with one row, 0.77 with 2, 0.91 with 4, 0.97 with 8; with AVX2 0.65, 0.73, 0.80, 0.93 and 0.97 with 2,
 * 4, 8, 16 and 32; with SSE2 0.85, 0.86, 0.89, 0.91 and 0.95. */
static void KERNEL_FN(linear_dx_few_rows)(int rows, int outputs, int inputs, int panel, real *dx, const real *dy,
	const real *w)
{
	enum { PANELS = 384 / LANES, WORTH_COPYING = 3 };
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES, w_stride = (ptrdiff_t)inputs * LANES;
	const int block_inputs = smaller(inputs - panel * LANES, LANES);
	const int copies = rows >= WORTH_COPYING || block_inputs < LANES;
	Vector block[PANELS * LANES];
	w += (ptrdiff_t)panel * LANES * LANES;
	for (int rest = outputs, first = 1; rest > 0; rest -= PANELS * LANES, first = 0, dy += PANELS * stride,
		w += PANELS * w_stride) {
		const int features = smaller(rest, PANELS * LANES);
		for (int i = 0; copies && i < panel_count(features); i++)
			for (int input = 0; input < LANES; input++)
				block[i * LANES + input] = input < block_inputs ? load(w + i * w_stride + input * LANES) : splat(0.0f);
		for (int row = 0; row < rows; row++) {
			const Vector sum = across(features, copies ? (const real *)block : w, copies ? LANES * LANES : w_stride,
				dy + row * LANES, stride);
			store(dx + row * LANES, first ? sum : load(dx + row * LANES) + sum);
		}
	}
}
