/* pair.c: the products of two neighbouring panels at once. A tile of one panel takes a float of x for every multiply-add, and
 * a processor that starts two of each in a cycle is bound by that; with two panels a float serves twice. Of the peak of
 * AVX-512: 24 rows x 1 panel 85 %, 12 x 2 95 %. Each sum is made in the order of the single panel's, so that the bits are the
 * same, whichever panels meet. */
#include "columns.h"

#if LANES == 16
enum { PAIR_ROWS = 12 };
#else
enum { PAIR_ROWS = 6 };
#endif


enum { PAIR_CHUNK = 128 };
/* From one panel to the next, in what belongs to the panels. */
typedef struct PairSteps { ptrdiff_t w, y, start; } PairSteps;

INLINE void pair_step(const int rows, Vector *first, Vector *second, const float *x, const float *w, ptrdiff_t w_step)
{
	const Vector weights = load(w), other = load(w + w_step);
	UNROLL
	for (int row = 0; row < rows; row++) {
		first[row] += weights * x[row * LANES];
		second[row] += other * x[row * LANES];
	}
}

INLINE void pair_tile(const int rows, const Product *product, const PairSteps *steps)
{
	Vector first[PAIR_ROWS], second[PAIR_ROWS];
	UNROLL
	for (int row = 0; row < rows; row++) {
		first[row] = load(product->start + row * product->start_step);
		second[row] = load(product->start + steps->start + row * product->start_step);
	}
	const float *x = product->x, *w = product->w;
	int inputs = product->inputs;
	for (; inputs >= LANES; inputs -= LANES, x += product->x_stride)
		for (int lane = 0; lane < LANES; lane += STEPS, w += STEPS * LANES) {
			UNROLL
			for (int step = 0; step < STEPS; step++)
				pair_step(rows, first, second, x + lane + step, w + step * LANES, steps->w);
		}
	for (int lane = 0; lane < inputs; lane++, w += LANES)
		pair_step(rows, first, second, x + lane, w, steps->w);
	UNROLL
	for (int row = 0; row < rows; row++) {
		store(product->y + row * LANES, first[row]);
		store(product->y + steps->y + row * LANES, second[row]);
	}
}

NOINLINE void pair_all(const Product *product, const PairSteps *steps) { pair_tile(PAIR_ROWS, product, steps); }
#if LANES == 16
NOINLINE void pair_8(const Product *product, const PairSteps *steps) { pair_tile(8, product, steps); }
#endif
NOINLINE void pair_4(const Product *product, const PairSteps *steps) { pair_tile(4, product, steps); }
NOINLINE void pair_2(const Product *product, const PairSteps *steps) { pair_tile(2, product, steps); }
NOINLINE void pair_1(const Product *product, const PairSteps *steps) { pair_tile(1, product, steps); }

static void pair_product(int rows, Product product, const PairSteps *steps)
{
#define TILES(count, function) \
	for (; rows >= count; rows -= count) { \
		function(&product, steps); \
		product.x += count * LANES; \
		product.y += count * LANES; \
		product.start += count * product.start_step; \
	}
	TILES(PAIR_ROWS, pair_all)
#if LANES == 16
	TILES(8, pair_8)
#endif
	TILES(4, pair_4)
	TILES(2, pair_2)
	TILES(1, pair_1)
#undef TILES
}

static void KERNEL_FN(linear_pair)(int rows, int outputs, int inputs, float *y, const float *x, const float *w, const float *b)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	PairSteps steps = { .w = (ptrdiff_t)inputs * LANES, .y = stride, .start = b ? LANES : 0 };
	Product whole = { .x = x, .x_stride = stride, .w = w, .y = y, .start = b ? b : nothing };
	(void)outputs;
	do {
		whole.inputs = smaller(inputs, PAIR_CHUNK);
		pair_product(rows, whole, &steps);
		inputs -= whole.inputs;
		whole.x += whole.inputs / LANES * stride;
		whole.w += whole.inputs * LANES;
		whole.start = y;
		whole.start_step = LANES;
		steps.start = stride;
	} while (inputs > 0);
}

static void KERNEL_FN(linear_dx_pair)(int rows, int outputs, int inputs, int panel, float *dx, const float *dy, const float *w)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const int second_inputs = smaller(inputs - (panel + 1) * LANES, LANES);
	Vector transposed[2 * PAIR_CHUNK];
	PairSteps steps = { .w = PAIR_CHUNK * LANES, .y = stride, .start = 0 };
	Product step = { .x = dy, .x_stride = stride, .w = (const float *)transposed, .y = dx, .start = nothing };
	w += (ptrdiff_t)panel * LANES * LANES;
	for (int first = 0; first < outputs; first += PAIR_CHUNK) {
		const int end = smaller(first + PAIR_CHUNK, outputs);
		for (int output = first; output < end; output += LANES, w += (ptrdiff_t)inputs * LANES) {
			load_columns(transposed + (output - first), w, LANES, smaller(end - output, LANES));
			load_columns(transposed + PAIR_CHUNK + (output - first), w + LANES * LANES, second_inputs, smaller(end - output, LANES));
		}
		step.inputs = end - first;
		pair_product(rows, step, &steps);
		step.x += step.inputs / LANES * stride;
		step.start = dx;
		step.start_step = LANES;
		steps.start = stride;
	}
}

/* As gradient_tile, for two panels of dy and dw. */
INLINE void pair_gradient_tile(const int inputs, int rows, float *dw, ptrdiff_t dw_step, const float *x, const float *dy, ptrdiff_t dy_step,
	const Descent *descent)
{
	enum { MOST = 8 };
	const int strands = inputs < MOST ? MOST / inputs : 1;
	Vector first[MOST], second[MOST];
	UNROLL
	for (int i = 0; i < MOST; i++)
		first[i] = second[i] = splat(0.0f);
	UNROLL_4
	for (; rows >= strands; rows -= strands, x += strands * LANES, dy += strands * LANES) {
		UNROLL
		for (int i = 0; i < MOST; i++) {
			first[i] += load(dy + i / inputs * LANES) * x[i / inputs * LANES + i % inputs];
			second[i] += load(dy + dy_step + i / inputs * LANES) * x[i / inputs * LANES + i % inputs];
		}
	}
	for (; rows > 0; rows--, x += LANES, dy += LANES) {
		UNROLL
		for (int i = 0; i < inputs; i++) {
			first[i] += load(dy) * x[i];
			second[i] += load(dy + dy_step) * x[i];
		}
	}
	UNROLL
	for (int half = MOST / 2; half >= inputs; half /= 2) {
		UNROLL
		for (int i = 0; i < half; i++) {
			first[i] += first[i + half];
			second[i] += second[i + half];
		}
	}
	UNROLL
	for (int i = 0; i < inputs; i++) {
		float *one = dw + i * LANES, *other = one + dw_step;
		store(one, descent ? descend(load(one), first[i], descent) : first[i]);
		store(other, descent ? descend(load(other), second[i], descent) : second[i]);
	}
}

#define PAIR_GRADIENT(inputs) \
	NOINLINE void pair_gradient_##inputs(int rows, float *dw, ptrdiff_t dw_step, const float *x, const float *dy, ptrdiff_t dy_step, \
		const Descent *descent) \
	{ \
		pair_gradient_tile(inputs, rows, dw, dw_step, x, dy, dy_step, descent); \
	}
PAIR_GRADIENT(8)
PAIR_GRADIENT(4)
PAIR_GRADIENT(2)
PAIR_GRADIENT(1)
#undef PAIR_GRADIENT

static void pair_gradient(int rows, int inputs, float *dw, const float *x, const float *dy, const Descent *descent)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES, dw_step = (ptrdiff_t)inputs * LANES;
	for (; inputs > 0; inputs -= LANES, x += stride) {
		const float *from = x;
		int count = smaller(inputs, LANES);
#define TILES(tile) \
		for (; count >= tile; count -= tile, from += tile, dw += tile * LANES) \
			pair_gradient_##tile(rows, dw, dw_step, from, dy, stride, descent);
		TILES(8)
		TILES(4)
		TILES(2)
		TILES(1)
#undef TILES
	}
}

static void KERNEL_FN(linear_dw_pair)(int rows, int outputs, int inputs, float *dw, const float *x, const float *dy)
{
	(void)outputs;
	pair_gradient(rows, inputs, dw, x, dy, NULL);
}

static void KERNEL_FN(linear_dw_sgd_pair)(int rows, int outputs, int inputs, float lr, float weight_decay, float *w, float *b, const float *x,
	const float *dy)
{
	const Descent descent = { lr, weight_decay };
	(void)outputs;
	pair_gradient(rows, inputs, w, x, dy, &descent);
	if (b) {
		bias_descent(rows, b, dy, &descent);
		bias_descent(rows, b + LANES, dy + (ptrdiff_t)rows * LANES, &descent);
	}
}
