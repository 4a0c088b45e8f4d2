/* linear.c: products with weights, in tiles whose sums stay in registers. Each tile is a function that is never
 * inlined: several tiles in one function would share its registers and spill some to memory, which costs 25 % of the
 * time of a large product. */
#include "columns.h"
#include "few.h"
#include "optimizers.h"
#include "sums.h"

/* ---- y = x W: a tile is a number of rows of y. Each step of its inner loop reads one row of W, and one float of each
 * row of x. */

/* The rows of the largest tile: as many sums as fit into the registers beside the row of W and, if the instruction set
 * cannot multiply by a float in memory, that float. */
#if LANES * REAL_BITS == 512
enum { TALL = 24, MIDDLE = 16 };
#elif LANES * REAL_BITS == 256
enum { TALL = 12, MIDDLE = 8 };
#elif LANES > 1
enum { TALL = 8, MIDDLE = 6 };
#else
enum { TALL = 8 };
#endif

#if LANES > 1
enum { STEPS = 4 };
#endif

enum { CHUNK = 256 };   /* the number of features in one pass of a product; a multiple of LANES */

typedef struct Product {
	int inputs;
	const real *x;         /* the first row of the tile */
	ptrdiff_t x_stride;     /* the distance between panels of x */
	const real *w;         /* [inputs][LANES] */
	real *y;
	const real *start;     /* the initial values of y: a vector for each row, at a distance of start_step */
	ptrdiff_t start_step;
} Product;

INLINE void product_step(const int rows, Vector *sum, const real *x, const real *w)
{
	const Vector weights = load(w);
	UNROLL
	for (int row = 0; row < rows; row++)
		sum[row] += weights * x[row * LANES];
}

INLINE void product_tile(const int rows, const Product *product)
{
	Vector sum[TALL];
	UNROLL
	for (int row = 0; row < rows; row++)
		sum[row] = load(product->start + row * product->start_step);
	const real *x = product->x, *w = product->w;
#if LANES == 1
	for (int input = 0; input < product->inputs; input++, x += product->x_stride)
		product_step(rows, sum, x, w + input);
#else
	int inputs = product->inputs;
	for (; inputs >= LANES; inputs -= LANES, x += product->x_stride)
		for (int lane = 0; lane < LANES; lane += STEPS, w += STEPS * LANES) {
			UNROLL
			for (int step = 0; step < STEPS; step++)
				product_step(rows, sum, x + lane + step, w + step * LANES);
		}
	for (int lane = 0; lane < inputs; lane++, w += LANES)
		product_step(rows, sum, x + lane, w);
#endif
	UNROLL
	for (int row = 0; row < rows; row++)
		store(product->y + row * LANES, sum[row]);
}

NOINLINE void product_tall(const Product *product) { product_tile(TALL, product); }
#if LANES * REAL_BITS == 512
NOINLINE void product_8(const Product *product) { product_tile(8, product); }
#endif
#if LANES > 1
NOINLINE void product_middle(const Product *product) { product_tile(MIDDLE, product); }
NOINLINE void product_4(const Product *product) { product_tile(4, product); }
NOINLINE void product_2(const Product *product) { product_tile(2, product); }
#endif
NOINLINE void product_1(const Product *product) { product_tile(1, product); }

static void product_of_rows(int rows, Product product)
{
#define TILES(count, function) \
	for (; rows >= count; rows -= count) { \
		function(&product); \
		product.x += count * LANES; \
		product.y += count * LANES; \
		product.start += count * product.start_step; \
	}
#if LANES > 1
	if (rows != 2 * MIDDLE)
		TILES(TALL, product_tall)
	TILES(MIDDLE, product_middle)
#else
	TILES(TALL, product_tall)
#endif
#if LANES * REAL_BITS == 512
	TILES(8, product_8)
#endif
#if LANES > 1
	TILES(4, product_4)
	TILES(2, product_2)
#endif
	TILES(1, product_1)
#undef TILES
}

static const real nothing[LANES] = {0};

static void KERNEL_FN(linear)(int rows, int outputs, int inputs, real *y, const real *x, const real *w,
	const real *b)
{
	Product whole = { inputs, x, (ptrdiff_t)rows * LANES, w, y, b ? b : nothing, 0 };
	(void)outputs;
	/* In chunks of W that stay in L1 while all tiles use them: a product of 256x1024x1024 with AVX2 runs at 104 GFLOP/s
	 * instead of 90. */
	do {
		whole.inputs = smaller(inputs, CHUNK);
		product_of_rows(rows, whole);
		inputs -= whole.inputs;
		whole.x += whole.inputs / LANES * whole.x_stride;
		whole.w += whole.inputs * LANES;
		whole.start = whole.y;
		whole.start_step = LANES;
	} while (inputs > 0);
}

/* The same for a single row; its x is contiguous. W is read once, in as many independent chains as keep a processor
 * busy. Inlined, so that in emitted code the sizes are constants. */
INLINE void KERNEL_FN(linear_row)(int rows, int outputs, int inputs, real *y, const real *x, const real *w,
	const real *b)
{
	enum { CHAINS = 8 };
	Vector sum[CHAINS];
	const int whole = inputs - inputs % CHAINS;
	(void)rows;
	(void)outputs;
	sum[0] = b ? load(b) : splat(0.0f);
	UNROLL
	for (int i = 1; i < CHAINS; i++)
		sum[i] = splat(0.0f);
	for (int input = 0; input < whole; input += CHAINS) {
		UNROLL
		for (int i = 0; i < CHAINS; i++)
			sum[i] += load(w + (input + i) * LANES) * x[input + i];
	}
	for (int input = whole; input < inputs; input++)
		sum[0] += load(w + input * LANES) * x[input];
	/* Not as a loop: clang would keep the sums in memory for it. With fewer inputs the others are 0: 2-64-2 takes 20.6
	 * ns without these sums, 22.1 with them. */
	if (whole > 0)
		sum[0] = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
	store(y, sum[0]);
}

/* ---- dx = dy W': a product with the transposed rows of W that belong to the panel. They are transposed in chunks of
 * limited size. W is stored as [outputs / LANES][inputs][LANES], so each block of LANES x LANES is contiguous. */

static void KERNEL_FN(linear_dx)(int rows, int outputs, int inputs, int panel, real *dx, const real *dy,
	const real *w)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const int block_inputs = smaller(inputs - panel * LANES, LANES);
	Vector transposed[CHUNK];
	Product step = { 0, dy, stride, (const real *)transposed, dx, nothing, 0 };
	w += (ptrdiff_t)panel * LANES * LANES;
	for (int first = 0; first < outputs; first += CHUNK) {
		const int end = smaller(first + CHUNK, outputs);
		for (int output = first; output < end; output += LANES, w += (ptrdiff_t)inputs * LANES)
			load_columns(transposed + (output - first), w, block_inputs, smaller(end - output, LANES));
		step.inputs = end - first;
		product_of_rows(rows, step);
		step.x += step.inputs / LANES * stride;
		step.start = dx;
		step.start_step = LANES;
	}
}

/* With few outputs the transposed rows stay in registers. */
INLINE void few_dx(const int outputs, int rows, real *dx, const real *dy, const Vector *w)
{
	UNROLL_4
	for (int row = 0; row < rows; row++) {
		Vector sum = w[0] * dy[entry(rows, row, 0)];
		UNROLL
		for (int output = 1; output < outputs; output++)
			sum += w[output] * dy[entry(rows, row, output)];
		store(dx + (ptrdiff_t)row * LANES, sum);
	}
}

/* Loads the rows of W that belong to the panel: one vector for each of the few outputs. */
static void load_few_rows(Vector *column, int outputs, int inputs, int panel, const real *w)
{
#if LANES == 1
	for (int output = 0; output < outputs; output++)
		column[output] = w[output * inputs + panel];
#else
	load_few_columns(column, w + (ptrdiff_t)panel * LANES * LANES, smaller(inputs - panel * LANES, LANES), outputs);
#endif
}

static void KERNEL_FN(linear_dx_few)(int rows, int outputs, int inputs, int panel, real *dx, const real *dy,
	const real *w)
{
	Vector column[FEW];
	load_few_rows(column, outputs, inputs, panel, w);
	FOR_FEW(OUTPUTS, outputs, few_dx(OUTPUTS, rows, dx, dy, column))
}

/* ---- dW = x' dy, alone or with an optimizer's update: a tile is a number of rows of dW, each for a neighbouring
 * column of x. A narrow tile splits the rows of x into strands, so that there are at least eight independent sums: as
 * many as a processor can work on at once. */

#if LANES > 1
INLINE void gradient_tile(const int inputs, int rows, real *dw, const real *x, const real *dy)
{
	const int strands = inputs < 8 ? 8 / inputs : 1;
	const int sums = inputs * strands;
	Vector sum[LANES < 8 ? 8 : LANES];
	UNROLL
	for (int i = 0; i < sums; i++)
		sum[i] = splat(0.0f);
	UNROLL_4
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
#endif

INLINE Vector rows_sum(int rows, const real *x)
{
	Total total = total_none();
	int row = 0;
	do {
		const int end = smaller(rows, row + ROW_BLOCK);
		Vector strand[4] = {0};
		for (; row + 4 <= end; row += 4) {
			UNROLL
			for (int i = 0; i < 4; i++)
				strand[i] += load(x + (ptrdiff_t)(row + i) * LANES);
		}
		for (; row < end; row++)
			strand[0] += load(x + (ptrdiff_t)row * LANES);
		total_add_block(&total, (strand[0] + strand[1]) + (strand[2] + strand[3]), end <= ROW_BLOCK);
	} while (row < rows);
	return total.sum;
}

static void KERNEL_FN(column_sum)(int rows, real *sum, const real *x)
{
	store(sum, rows_sum(rows, x));
}

#if LANES == 1
static void gradient_of_block(int rows, int inputs, real *dw, const real *x, const real *dy)
{
	real sum = 0;
	for (int row = 0; row < rows; row++)
		sum += x[row] * dy[row];
	(void)inputs;
	*dw = sum;
}
#else
#define GRADIENT(inputs) \
	NOINLINE void gradient_##inputs(int rows, real *dw, const real *x, const real *dy) \
	{ \
		gradient_tile(inputs, rows, dw, x, dy); \
	}
#if LANES >= 16
GRADIENT(16)
#endif
#if LANES >= 8
GRADIENT(8)
#endif
GRADIENT(4)
GRADIENT(2)
GRADIENT(1)
#undef GRADIENT

static void gradient_of_block(int rows, int inputs, real *dw, const real *x, const real *dy)
{
#define TILES(count) \
	for (; inputs >= count; inputs -= count, x += count, dw += count * LANES) \
		gradient_##count(rows, dw, x, dy);
#if LANES >= 16
	TILES(16)
#endif
#if LANES >= 8
	TILES(8)
#endif
	TILES(4)
	TILES(2)
	TILES(1)
#undef TILES
}
#endif

/* Adds the gradients of the rows after the first ROW_BLOCK. */
NOINLINE void add_gradients(int rows, int inputs, real *dw, const real *x, const real *dy)
{
	Vector part[LANES], lost[LANES];
	for (int i = 0; i < inputs; i++)
		lost[i] = splat(0.0f);
	for (int row = ROW_BLOCK; row < rows; row += ROW_BLOCK) {
		const ptrdiff_t block = (ptrdiff_t)row * LANES;
		gradient_of_block(smaller(rows - row, ROW_BLOCK), inputs, (real *)part, x + block, dy + block);
		for (int i = 0; i < inputs; i++)
			total_store(dw + i * LANES, &lost[i], part[i]);
	}
}

/* The gradients of up to LANES inputs, in one panel of x. */
static void gradient(int rows, int inputs, real *dw, const real *x, const real *dy)
{
	gradient_of_block(smaller(rows, ROW_BLOCK), inputs, dw, x, dy);
	if (rows > ROW_BLOCK)
		add_gradients(rows, inputs, dw, x, dy);
}

static void KERNEL_FN(linear_dw)(int rows, int outputs, int inputs, real *dw, const real *x, const real *dy)
{
	(void)outputs;
	for (; inputs > 0; inputs -= LANES, x += (ptrdiff_t)rows * LANES, dw += LANES * LANES)
		gradient(rows, smaller(inputs, LANES), dw, x, dy);
}

/* linear_dw, column_sum, and the optimizer's update with both results: the gradients of a panel of x are used before
 * the next ones are computed, so they stay in the cache. */
static void KERNEL_FN(linear_dw_update)(int rows, int outputs, int inputs, Update *update, const real *numbers,
	real *w, real *w1, real *w2, real *w3, real *b, real *b1, real *b2, real *b3, const real *x,
	const real *dy)
{
	const Places of_w = places_of(w, w1, w2, w3), of_b = places_of(b, b1, b2, b3);
	Vector sum[LANES];
	(void)outputs;
	for (ptrdiff_t offset = 0; inputs > 0; inputs -= LANES, x += (ptrdiff_t)rows * LANES, offset += LANES * LANES) {
		const int count = smaller(inputs, LANES);
		gradient(rows, count, (real *)sum, x, dy);
		update_at(update, count * LANES, numbers, &of_w, offset, (const real *)sum);
	}
	if (b) {
		sum[0] = rows_sum(rows, dy);
		update_at(update, LANES, numbers, &of_b, 0, (const real *)sum);
	}
}
