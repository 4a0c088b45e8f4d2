/* pair.c: products of two neighbouring panels in one call. A tile of one panel loads a float of x for each
 * multiply-add, which limits a processor that can start two loads and two multiply-adds in a cycle; with two panels
 * each float is used twice. Share of the peak of AVX-512: 85 % with 24 rows x 1 panel, 95 % with 12 x 2. Each sum is
 * computed in the same order as with one panel, so the bits do not depend on which panels are paired. */
#include "columns.h"
#include "sums.h"

#if LANES * REAL_BITS == 512
enum { PAIR_ROWS = 12 };
#else
enum { PAIR_ROWS = 6 };
#endif

/* The number of features in one pass of a product: 24 KiB of weights stay in L1. 128 is 1 % slower with a batch of 128,
 * and 256 with a batch of 256. */
enum { PAIR_CHUNK = 192 };

/* An x with more bytes than this is no longer in L2 when the next two panels need it. Its tiles then prefetch the rows
 * of the next tile: 5 % less time for forward and the input gradient of 1024 x 512 x 512. With a smaller x, prefetching
 * would cost 4 %. */
enum { FAR = 1 << 20 };

/* The distance from one panel to the next in the operands that are panels; and whether x is larger than FAR. */
typedef struct PairSteps { ptrdiff_t w, y, start; int far; } PairSteps;

INLINE void pair_step(const int rows, Vector *first, Vector *second, const real *x, const real *w, ptrdiff_t w_step)
{
	const Vector weights = load(w), other = load(w + w_step);
	UNROLL
	for (int row = 0; row < rows; row++) {
		first[row] += weights * x[row * LANES];
		second[row] += other * x[row * LANES];
	}
}

INLINE void pair_tile(const int rows, const int far, const Product *product, const PairSteps *steps)
{
	enum { TURNS = LANES / STEPS };
	const int ahead = far ? (rows * LANES / LINE + TURNS - 1) / TURNS : 0;
	Vector first[PAIR_ROWS], second[PAIR_ROWS];
	UNROLL
	for (int row = 0; row < rows; row++) {
		first[row] = load(product->start + row * product->start_step);
		second[row] = load(product->start + steps->start + row * product->start_step);
	}
	const real *x = product->x, *w = product->w;
	int inputs = product->inputs;
	for (; inputs >= LANES; inputs -= LANES, x += product->x_stride)
		for (int lane = 0; lane < LANES; lane += STEPS, w += STEPS * LANES) {
			UNROLL
			for (int line = 0; line < ahead; line++)
				__builtin_prefetch(x + rows * LANES + (lane / STEPS * ahead + line) * LINE);
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

#define PAIR_TILE(rows) \
	NOINLINE void pair_##rows(const Product *product, const PairSteps *steps) { pair_tile(rows, 0, product, steps); }
NOINLINE void pair_far(const Product *product, const PairSteps *steps) { pair_tile(PAIR_ROWS, 1, product, steps); }
PAIR_TILE(1)
PAIR_TILE(2)
PAIR_TILE(3)
PAIR_TILE(4)
PAIR_TILE(5)
PAIR_TILE(6)
#if LANES * REAL_BITS == 512
PAIR_TILE(7)
PAIR_TILE(8)
PAIR_TILE(9)
PAIR_TILE(10)
PAIR_TILE(11)
PAIR_TILE(12)
#endif
#undef PAIR_TILE

/* Splits the rows into tiles of nearly equal height, since a tile of one or two rows would wait for its own sums: 50
 * rows become 5 tiles of 10, not 4 of 12 and one of 2. */
static void pair_product(int rows, Product product, const PairSteps *steps)
{
#define PAIR_CASE(rows) case rows: pair_##rows(&product, steps); break;
	for (int tiles = (rows + PAIR_ROWS - 1) / PAIR_ROWS; tiles > 0; tiles--) {
		const int height = (rows + tiles - 1) / tiles;
		switch (height == PAIR_ROWS && steps->far ? 0 : height) {
		case 0: pair_far(&product, steps); break;
		PAIR_CASE(1)
		PAIR_CASE(2)
		PAIR_CASE(3)
		PAIR_CASE(4)
		PAIR_CASE(5)
		PAIR_CASE(6)
#if LANES * REAL_BITS == 512
		PAIR_CASE(7)
		PAIR_CASE(8)
		PAIR_CASE(9)
		PAIR_CASE(10)
		PAIR_CASE(11)
		PAIR_CASE(12)
#endif
		}
		rows -= height;
		product.x += height * LANES;
		product.y += height * LANES;
		product.start += height * product.start_step;
	}
#undef PAIR_CASE
}

static int is_far(int rows, int features)
{
	return (ptrdiff_t)rows * features * (ptrdiff_t)sizeof(real) > FAR;
}

static void KERNEL_FN(linear_pair)(int rows, int outputs, int inputs, real *y, const real *x, const real *w,
	const real *b)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	PairSteps steps = { (ptrdiff_t)inputs * LANES, stride, b ? LANES : 0, is_far(rows, inputs) };
	Product whole = { 0, x, stride, w, y, b ? b : nothing, 0 };
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

static void KERNEL_FN(linear_dx_pair)(int rows, int outputs, int inputs, int panel, real *dx, const real *dy,
	const real *w)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const int second_inputs = smaller(inputs - (panel + 1) * LANES, LANES);
	Vector transposed[2 * PAIR_CHUNK];
	PairSteps steps = { PAIR_CHUNK * LANES, stride, 0, is_far(rows, outputs) };
	Product step = { 0, dy, stride, (const real *)transposed, dx, nothing, 0 };
	w += (ptrdiff_t)panel * LANES * LANES;
	for (int first = 0; first < outputs; first += PAIR_CHUNK) {
		const int end = smaller(first + PAIR_CHUNK, outputs);
		for (int output = first; output < end; output += LANES, w += (ptrdiff_t)inputs * LANES) {
			load_columns(transposed + (output - first), w, LANES, smaller(end - output, LANES));
			load_columns(transposed + PAIR_CHUNK + (output - first), w + LANES * LANES, second_inputs,
				smaller(end - output, LANES));
		}
		step.inputs = end - first;
		pair_product(rows, step, &steps);
		step.x += step.inputs / LANES * stride;
		step.start = dx;
		step.start_step = LANES;
		steps.start = stride;
	}
}

/* Like gradient_tile with the same number of strands, for two panels of dy and dw. */
INLINE void pair_gradient_tile(const int inputs, const int strands, int rows, real *dw, ptrdiff_t dw_step,
	const real *x, const real *dy, ptrdiff_t dy_step)
{
	enum { MOST = 8 };
	const int sums = inputs * strands;
	Vector first[MOST], second[MOST];
	UNROLL
	for (int i = 0; i < sums; i++)
		first[i] = second[i] = splat(0.0f);
	UNROLL_4
	for (; rows >= strands; rows -= strands, x += strands * LANES, dy += strands * LANES) {
		UNROLL
		for (int i = 0; i < sums; i++) {
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
	for (int half = sums / 2; half >= inputs; half /= 2) {
		UNROLL
		for (int i = 0; i < half; i++) {
			first[i] += first[i + half];
			second[i] += second[i + half];
		}
	}
	UNROLL
	for (int i = 0; i < inputs; i++) {
		real *one = dw + i * LANES, *other = one + dw_step;
		store(one, first[i]);
		store(other, second[i]);
	}
}

#define PAIR_GRADIENT(name, inputs, strands) \
	NOINLINE void name(int rows, real *dw, ptrdiff_t dw_step, const real *x, const real *dy, ptrdiff_t dy_step) \
	{ \
		pair_gradient_tile(inputs, strands, rows, dw, dw_step, x, dy, dy_step); \
	}
#if LANES * REAL_BITS == 256
/* Half of the inputs of a panel at a time: sixteen sums would take all registers of AVX2. This runs at 90 % of the peak
 * instead of 79. */
#if LANES == 8
PAIR_GRADIENT(pair_gradient_half, 4, 1)
#else
PAIR_GRADIENT(pair_gradient_half, 2, 2)
#endif
#else
PAIR_GRADIENT(pair_gradient_8, 8, 1)
#endif
#if LANES > 4
PAIR_GRADIENT(pair_gradient_4, 4, 2)
#endif
PAIR_GRADIENT(pair_gradient_2, 2, 4)
PAIR_GRADIENT(pair_gradient_1, 1, 8)
#undef PAIR_GRADIENT

/* The gradients of up to LANES inputs, in one panel of x; dy_step is the distance from one panel of dy to the next. */
static void pair_gradient_of_block(int rows, int count, real *dw, ptrdiff_t dw_step, const real *x, const real *dy,
	ptrdiff_t dy_step)
{
#define TILES(tile) \
	for (; count >= tile; count -= tile, x += tile, dw += tile * LANES) \
		pair_gradient_##tile(rows, dw, dw_step, x, dy, dy_step);
#if LANES * REAL_BITS == 256
	if (count == LANES) {
		pair_gradient_half(rows, dw, dw_step, x, dy, dy_step);
		pair_gradient_half(rows, dw + LANES / 2 * LANES, dw_step, x + LANES / 2, dy, dy_step);
		return;
	}
#else
	TILES(8)
#endif
#if LANES > 4
	TILES(4)
#endif
	TILES(2)
	TILES(1)
#undef TILES
}

/* Like add_gradients, for two panels. */
NOINLINE void add_pair_gradients(int rows, int count, real *dw, ptrdiff_t dw_step, const real *x, const real *dy,
	ptrdiff_t dy_step)
{
	Vector part[2 * LANES], lost[2 * LANES];
	for (int i = 0; i < 2 * count; i++)
		lost[i] = splat(0.0f);
	for (int row = ROW_BLOCK; row < rows; row += ROW_BLOCK) {
		const ptrdiff_t block = (ptrdiff_t)row * LANES;
		pair_gradient_of_block(smaller(rows - row, ROW_BLOCK), count, (real *)part, count * LANES, x + block,
			dy + block, dy_step);
		for (int i = 0; i < count; i++) {
			total_store(dw + i * LANES, &lost[i], part[i]);
			total_store(dw + dw_step + i * LANES, &lost[count + i], part[count + i]);
		}
	}
}

static void pair_gradient(int rows, int inputs, real *dw, const real *x, const real *dy)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES, dw_step = (ptrdiff_t)inputs * LANES;
	for (; inputs > 0; inputs -= LANES, x += stride, dw += LANES * LANES) {
		const int count = smaller(inputs, LANES);
		pair_gradient_of_block(smaller(rows, ROW_BLOCK), count, dw, dw_step, x, dy, stride);
		if (rows > ROW_BLOCK)
			add_pair_gradients(rows, count, dw, dw_step, x, dy, stride);
	}
}

static void KERNEL_FN(linear_dw_pair)(int rows, int outputs, int inputs, real *dw, const real *x, const real *dy)
{
	(void)outputs;
	pair_gradient(rows, inputs, dw, x, dy);
}

/* Prefetches the weights while their gradients are computed: a step of 300-700-130-7 takes 1 % less time, and so does
 * one of 784-512-512-10 with momentum. Prefetching the momentum too makes no difference. */
static void KERNEL_FN(linear_dw_update_pair)(int rows, int outputs, int inputs, Update *update, const real *numbers,
	real *w, real *w1, real *w2, real *w3, real *b, real *b1, real *b2, real *b3, const real *x,
	const real *dy)
{
	const Places of_w = places_of(w, w1, w2, w3), of_b = places_of(b, b1, b2, b3);
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES, dw_step = (ptrdiff_t)inputs * LANES;
	Vector sum[2 * LANES];
	(void)outputs;
	for (ptrdiff_t offset = 0; inputs > 0; inputs -= LANES, x += stride, offset += LANES * LANES) {
		const int count = smaller(inputs, LANES);
		for (int i = 0; i < count; i++) {
			__builtin_prefetch(w + offset + i * LANES, 1);
			__builtin_prefetch(w + offset + dw_step + i * LANES, 1);
		}
		pair_gradient(rows, count, (real *)sum, x, dy);
		update_at(update, count * LANES, numbers, &of_w, offset, (const real *)sum);
		update_at(update, count * LANES, numbers, &of_w, offset + dw_step, (const real *)(sum + count));
	}
	if (b) {
		sum[0] = rows_sum(rows, dy);
		sum[1] = rows_sum(rows, dy + stride);
		update_at(update, 2 * LANES, numbers, &of_b, 0, (const real *)sum);
	}
}
