/* linear.c: products with weights, as register tiles. Each tile is a function of its own, never inlined: several tiles
 * in one function share its registers and spill (measured: 25 % of the time of a large product). */
#include "columns.h"

/* ---- y = x W: a tile is some rows of y. A step of its inner loop takes one row of W and one x of each row. */

/* The rows of the largest tile: as many sums as leave registers for W's row and, where the instruction set cannot
 * multiply by one float in memory, for that float. */
#if LANES == 16
enum { TALL = 24, MIDDLE = 16 };
#elif LANES == 8
enum { TALL = 12, MIDDLE = 8 };
#else
enum { TALL = 8, MIDDLE = 6 };
#endif

typedef struct Product {
	int inputs;
	const float *x;         /* first row of the tile */
	ptrdiff_t x_stride;     /* between panels of x */
	const float *w;         /* [inputs][LANES] */
	float *y;
	const float *start;     /* what y begins with: one vector for each row, start_step apart */
	ptrdiff_t start_step;
} Product;

INLINE void product_tile(const int rows, const Product *product)
{
	Vector sum[TALL];
	UNROLL
	for (int row = 0; row < rows; row++)
		sum[row] = load(product->start + row * product->start_step);
	const float *x = product->x, *w = product->w;
	for (int input = 0; input < product->inputs; input += LANES, x += product->x_stride) {
		const float *last = x + smaller(product->inputs - input, LANES);
		for (const float *value = x; value < last; value++, w += LANES) {
			const Vector weights = load(w);
			UNROLL
			for (int row = 0; row < rows; row++)
				sum[row] += weights * value[row * LANES];
		}
	}
	UNROLL
	for (int row = 0; row < rows; row++)
		store(product->y + row * LANES, sum[row]);
}

NOINLINE void product_tall(const Product *product) { product_tile(TALL, product); }
NOINLINE void product_middle(const Product *product) { product_tile(MIDDLE, product); }
NOINLINE void product_4(const Product *product) { product_tile(4, product); }
NOINLINE void product_2(const Product *product) { product_tile(2, product); }
NOINLINE void product_1(const Product *product) { product_tile(1, product); }

static void product(int rows, Product product)
{
	while (rows > 0) {
		int done;
		if (rows >= TALL) {
			product_tall(&product);
			done = TALL;
		} else if (rows >= MIDDLE) {
			product_middle(&product);
			done = MIDDLE;
		} else if (rows >= 4) {
			product_4(&product);
			done = 4;
		} else if (rows >= 2) {
			product_2(&product);
			done = 2;
		} else {
			product_1(&product);
			done = 1;
		}
		rows -= done;
		product.x += done * LANES;
		product.y += done * LANES;
		product.start += done * product.start_step;
	}
}

static const float nothing[LANES];

static void KERNEL_FN(linear)(int rows, int inputs, float *y, const float *x, const float *w, const float *b)
{
	product(rows, (Product){ .inputs = inputs, .x = x, .x_stride = (ptrdiff_t)rows * LANES, .w = w, .y = y,
		.start = b ? b : nothing });
}

/* ---- dx = dy W': a product with the transpose of the rows of W that belong to the panel, made in chunks of bounded
 * size: W is stored [outputs / LANES][inputs][LANES], so each LANES x LANES block is contiguous. */

enum { CHUNK = 256 };   /* outputs; a multiple of LANES */

static void KERNEL_FN(linear_dx)(int rows, int outputs, int inputs, int panel, float *dx, const float *dy, const float *w)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const int block_inputs = smaller(inputs - panel * LANES, LANES);
	Vector transposed[CHUNK];
	Product step = { .x = dy, .x_stride = stride, .w = (const float *)transposed, .y = dx, .start = nothing };
	w += (ptrdiff_t)panel * LANES * LANES;
	for (int first = 0; first < outputs; first += CHUNK) {
		const int end = smaller(first + CHUNK, outputs);
		for (int output = first; output < end; output += LANES, w += (ptrdiff_t)inputs * LANES)
			load_columns(transposed + (output - first), w, block_inputs, smaller(end - output, LANES));
		step.inputs = end - first;
		product(rows, step);
		step.x += CHUNK / LANES * stride;
		step.start = dx;
		step.start_step = LANES;
	}
}

/* ---- dW = x' dy: a tile is some rows of dW, for as many neighbouring floats of each row of x. A narrow tile splits the
 * rows into strands, so that there are eight sums at least: what a processor has in flight. */

INLINE void gradient_tile(const int inputs, int rows, float *dw, const float *x, const float *dy)
{
	const int strands = inputs < 8 ? 8 / inputs : 1;
	const int sums = inputs * strands;
	Vector sum[LANES < 8 ? 8 : LANES];
	UNROLL
	for (int i = 0; i < sums; i++)
		sum[i] = splat(0.0f);
	for (; rows >= strands; rows -= strands, x += strands * LANES, dy += strands * LANES) {
		UNROLL
		for (int i = 0; i < sums; i++)
			sum[i] += load(dy + i / inputs * LANES) * x[i / inputs * LANES + i % inputs];
	}
	for (; rows > 0; rows--, x += LANES, dy += LANES) {
		UNROLL
		for (int i = 0; i < inputs; i++)
			sum[i] += load(dy) * x[i];
	}
	UNROLL
	for (int half = sums / 2; half >= inputs; half /= 2) {
		UNROLL
		for (int i = 0; i < half; i++)
			sum[i] += sum[i + half];
	}
	UNROLL
	for (int i = 0; i < inputs; i++)
		store(dw + i * LANES, sum[i]);
}

#define GRADIENT(inputs) \
	NOINLINE void gradient_##inputs(int rows, float *dw, const float *x, const float *dy) \
	{ \
		gradient_tile(inputs, rows, dw, x, dy); \
	}
#if LANES >= 16
GRADIENT(16)
#endif
#if LANES >= 8
GRADIENT(8)
#endif
#if LANES >= 4
GRADIENT(4)
GRADIENT(2)
#endif
GRADIENT(1)
#undef GRADIENT

static void KERNEL_FN(linear_dw)(int rows, int inputs, float *dw, const float *x, const float *dy)
{
	for (; inputs > 0; inputs -= LANES, x += (ptrdiff_t)rows * LANES) {
		int input = 0;
		const int end = smaller(inputs, LANES);
#define GRADIENT(count) \
	for (; end - input >= count; input += count, dw += count * LANES) \
		gradient_##count(rows, dw, x + input, dy);
#if LANES >= 16
		GRADIENT(16)
#endif
#if LANES >= 8
		GRADIENT(8)
#endif
#if LANES >= 4
		GRADIENT(4)
		GRADIENT(2)
#endif
		GRADIENT(1)
#undef GRADIENT
	}
}

static void KERNEL_FN(column_sum)(int rows, float *sum, const float *x)
{
	Vector strand[4] = {0};
	int row = 0;
	for (; row + 4 <= rows; row += 4) {
		UNROLL
		for (int i = 0; i < 4; i++)
			strand[i] += load(x + (ptrdiff_t)(row + i) * LANES);
	}
	for (; row < rows; row++)
		strand[0] += load(x + (ptrdiff_t)row * LANES);
	store(sum, (strand[0] + strand[1]) + (strand[2] + strand[3]));
}
