/* device: see device.h. */
#include "device.h"
#include <math.h>
#include <string.h>

#if (defined __i386__ || defined __x86_64__) && defined __clang__ && !defined __SSE2_MATH__
#error "x87 rounds otherwise than this file needs: compile with -msse2 -mfpmath=sse"
#endif

/* Whatever the compiler's options, -ffast-math too: sums stay in their order, NaN and infinity are what they are,
 * and a product and a sum are rounded one after the other. The same bits everywhere. */
#if defined __clang__ && __clang_major__ >= 13
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wignored-pragmas"
#pragma float_control(precise, on, push)
#pragma clang diagnostic pop
#pragma clang fp reassociate(off)
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__ && !defined __clang__ && !defined __TINYC__
#pragma GCC push_options
#pragma GCC optimize ("no-unsafe-math-optimizations", "no-associative-math", "no-reciprocal-math", "no-finite-math-only")
#pragma GCC optimize ("signed-zeros", "excess-precision=standard", "fp-contract=off")
#elif defined __FAST_MATH__
#error "this file needs a compiler that keeps to its arithmetic: leave out -ffast-math"
#elif !defined __TINYC__
#pragma STDC FP_CONTRACT OFF
#endif

/* a vector of LANES floats, with the vector extension of GCC and clang. With LANES == 1 a vector is a float,
 * and everything written with it is plain C99. No other file depends on how many lanes there are. */

#if defined __GNUC__ && !defined __TINYC__
#define DEVICE_INLINE static inline __attribute__((always_inline))
#define DEVICE_NOINLINE static __attribute__((noinline))
#ifdef __clang__
/* clang warns where a loop has so few iterations that nothing is left to unroll. */
#pragma clang diagnostic ignored "-Wpass-failed"
#define DEVICE_UNROLL _Pragma("clang loop unroll(full)")
#define DEVICE_UNROLL_4 _Pragma("clang loop unroll_count(4)")
#elif __GNUC__ >= 8
#define DEVICE_UNROLL _Pragma("GCC unroll 32")
#define DEVICE_UNROLL_4 _Pragma("GCC unroll 4")
#else
#define DEVICE_UNROLL
#define DEVICE_UNROLL_4
#endif
#else
#define DEVICE_INLINE static inline
#define DEVICE_NOINLINE static
#define DEVICE_UNROLL
#define DEVICE_UNROLL_4
#endif

/* A Mask is the result of comparing two vectors: all ones or all zeros in each lane (with one lane, 1 or 0). Masks are
 * combined with & and |, and used by choose(). */
typedef float device_Vector;
typedef uint32_t device_Bits;
typedef int device_Mask;

typedef union device_Lanes {
	device_Vector vector;
	device_Bits bits;
	float lane[DEVICE_LANES];
} device_Lanes;

DEVICE_INLINE int device_smaller(int a, int b)
{
	return a < b ? a : b;
}

DEVICE_INLINE int device_panel_count(int features)
{
	return (features + DEVICE_LANES - 1) / DEVICE_LANES;
}

/* The index of (row, feature) in an activation. */
DEVICE_INLINE ptrdiff_t device_entry(int rows, int row, int feature)
{
	return ((ptrdiff_t)(feature / DEVICE_LANES) * rows + row) * DEVICE_LANES + feature % DEVICE_LANES;
}

DEVICE_INLINE device_Vector device_load_lanes(const float *source)
{
	return *source;
}

DEVICE_INLINE void device_store_lanes(float *destination, device_Vector value)
{
	*destination = value;
}

DEVICE_INLINE device_Vector device_splat(float value)
{
	return value;
}

/* a where the mask is set, else b */
DEVICE_INLINE device_Vector device_choose(device_Mask mask, device_Vector a, device_Vector b)
{
	return mask ? a : b;
}

/* a > b ? a : b in each lane, so the result is b if one of them is NaN. gcc 12 needs two instructions where it does not
 * use an instruction for just this. It does not call choose(), so that an emitted program that needs only this has no
 * choose(). */
DEVICE_INLINE device_Vector device_larger(device_Vector a, device_Vector b)
{
	return a > b ? a : b;
}

/* Returns the value, and keeps compilers from joining the operation before it and the one after it into one
 * multiply-add: so the bits do not depend on what follows. */
DEVICE_INLINE device_Vector device_rounded(device_Vector value)
{
	return value;
}

DEVICE_INLINE device_Bits device_bits_of(device_Vector value)
{
	device_Lanes lanes;
	lanes.vector = value;
	return lanes.bits;
}

DEVICE_INLINE device_Vector device_float_of(device_Bits bits)
{
	device_Lanes lanes;
	lanes.bits = bits;
	return lanes.vector;
}

DEVICE_INLINE device_Vector device_square_root(device_Vector value)
{
#if defined __GNUC__ && !defined __TINYC__ && !defined __cplusplus
	/* sets no errno, so it is one instruction even without -fno-math-errno */
	extern float (sqrtf)(float) __attribute__((const));
#endif
	device_Lanes lanes;
	lanes.vector = value;
	DEVICE_UNROLL
	for (int lane = 0; lane < DEVICE_LANES; lane++)
		lanes.lane[lane] = sqrtf(lanes.lane[lane]);
	return lanes.vector;
}

/* A mask that is set in the first `count` lanes. */
DEVICE_INLINE device_Mask device_first_lanes(int count)
{
	device_Lanes index;
	DEVICE_UNROLL
	for (int lane = 0; lane < DEVICE_LANES; lane++)
		index.lane[lane] = (float)lane;
	return index.vector < (float)count;
}

/* Interleaves the low halves and the high halves of a and b. */
DEVICE_INLINE void device_interleave(device_Vector a, device_Vector b, device_Vector *low, device_Vector *high)
{
	*low = a;
	*high = b;
}

/* The sum of the lanes: adds halves until one lane is left. */
DEVICE_INLINE float device_lane_sum(device_Vector value)
{
	DEVICE_UNROLL
	for (int half = DEVICE_LANES / 2; half > 0; half /= 2) {
		device_Vector low, high;
		device_interleave(value, value, &low, &high);
		value = low + high;
	}
	device_Lanes lanes;
	lanes.vector = value;
	return lanes.lane[0];
}

/* transposes a block of LANES neighbouring rows of a panel, so that a vector holds one feature of all these
 * rows: a column. */

/* A block is one number. */
static void device_load_columns(device_Vector *column, const float *block, int rows, int columns)
{
	(void)rows;
	(void)columns;
	*column = *block;
}

static void device_store_columns(float *block, device_Vector *column, int rows, int columns)
{
	(void)rows;
	(void)columns;
	*block = *column;
}

/* constants that the kernels and the compiler share: how many inputs or outputs count as few, and where the
 * statistics of few inputs are stored. */

enum { DEVICE_FEW = 4 };       /* at most this many inputs or outputs are few */

/* with at most this many outputs, backward of a linear after few inputs, batchnorm and an activation is one kernel */
enum { DEVICE_FEW_ABOVE = 2 };
enum { DEVICE_NUMBERS = 8 };   /* the most numbers that an optimizer prepares */

/* Indices into the moments of a batch. If TURNED is 0: MEANS and COVARIANCES are those of the inputs. If it is 1 they
 * are those of other variables e, which are not correlated and have means of 0: x = m + c + L (e + CENTRES). Here m are
 * the INPUT_MEANS, c the RESTS that these floats leave out, and L a lower triangular matrix, in BASIS, with a row for
 * each input. */
enum {
	DEVICE_MEANS = 0,
	DEVICE_COVARIANCES = DEVICE_MEANS + DEVICE_FEW,
	DEVICE_TURNED = DEVICE_COVARIANCES + DEVICE_FEW * DEVICE_FEW,
	DEVICE_INPUT_MEANS,
	DEVICE_RESTS = DEVICE_INPUT_MEANS + DEVICE_FEW,
	DEVICE_BASIS = DEVICE_RESTS + DEVICE_FEW,
	DEVICE_CENTRES = DEVICE_BASIS + DEVICE_FEW * DEVICE_FEW,
	DEVICE_MOMENTS = DEVICE_CENTRES + DEVICE_FEW
};

/* the updates of torch.optim. NAME_numbers computes once a step what is the same for all weights.
 * NAME_next updates one vector: value[0] is w, the others are its states, or 0 if the network does not have that
 * state. */

enum { DEVICE_PLACES = 4 };    /* w, and at most three states */
typedef void device_Next(const float *numbers, device_Vector *value, device_Vector gradient);

/* torch.optim.SGD without momentum: w -= lr (dw + weight_decay w) */
enum { DEVICE_SGD_LR, DEVICE_SGD_WEIGHT_DECAY, DEVICE_SGD_MOMENTUM, DEVICE_SGD_UNDAMPED, DEVICE_SGD_NESTEROV, DEVICE_SGD_FIRST };

static void device_sgd_numbers(float *numbers, float lr, float weight_decay)
{
	numbers[DEVICE_SGD_LR] = lr;
	numbers[DEVICE_SGD_WEIGHT_DECAY] = weight_decay;
}

DEVICE_INLINE void device_sgd_next(const float *numbers, device_Vector *value, device_Vector gradient)
{
	value[0] -= (gradient + value[0] * numbers[DEVICE_SGD_WEIGHT_DECAY]) * numbers[DEVICE_SGD_LR];
}

/* Updates the vector at `offset` floats from the beginning of w, and of each of its states. */
DEVICE_INLINE void device_update_vector(device_Next *next, const int states, const float *numbers, float *const *at, ptrdiff_t offset,
	device_Vector gradient)
{
	device_Vector value[DEVICE_PLACES];
	value[0] = device_load_lanes(at[0] + offset);
	DEVICE_UNROLL
	for (int i = 1; i <= states; i++)
		value[i] = at[i] ? device_load_lanes(at[i] + offset) : device_splat(0.0f);
	next(numbers, value, gradient);
	device_store_lanes(at[0] + offset, value[0]);
	DEVICE_UNROLL
	for (int i = 1; i <= states; i++)
		if (at[i])
			device_store_lanes(at[i] + offset, value[i]);
}

/* ---- for kernels that get the optimizer as an argument: one call updates many weights */

/* size: the number of floats, a multiple of LANES. */
typedef void device_Update(int size, const float *numbers, float *w, float *first, float *second, float *third,
	const float *dw);

typedef struct device_Places { float *at[DEVICE_PLACES]; } device_Places;

DEVICE_INLINE device_Places device_places_of(float *w, float *first, float *second, float *third)
{
	device_Places places;
	places.at[0] = w;
	places.at[1] = first;
	places.at[2] = second;
	places.at[3] = third;
	return places;
}

DEVICE_INLINE float *device_after(float *place, ptrdiff_t offset)
{
	return place ? place + offset : place;
}

DEVICE_INLINE void device_update_at(device_Update *update, int size, const float *numbers, const device_Places *places, ptrdiff_t offset,
	const float *gradient)
{
	update(size, numbers, places->at[0] + offset, device_after(places->at[1], offset), device_after(places->at[2], offset),
		device_after(places->at[3], offset), gradient);
}

/* sums that keep what rounding drops. Compilers may join a product and a sum into one multiply-add, except
 * after rounded(). */

/* Sums over rows are computed block by block: the rounding error of a plain sum grows with the number of its terms. */
enum { DEVICE_ROW_BLOCK = 512 };

/* A sum that keeps what rounding drops (Kahan's method), so its error does not grow with the number of terms. If it
 * overflows it becomes NaN. */
typedef struct device_Total { device_Vector sum, lost; } device_Total;

DEVICE_INLINE device_Total device_total_none(void)
{
	const device_Total none = { device_splat(0.0f), device_splat(0.0f) };
	return none;
}

DEVICE_INLINE void device_total_add(device_Total *total, device_Vector value)
{
	const device_Vector corrected = value - total->lost;
	const device_Vector sum = total->sum + corrected;
	total->lost = (sum - total->sum) - corrected;
	total->sum = sum;
}

DEVICE_INLINE float device_total_of_lanes(const device_Total *total)
{
	return device_lane_sum(total->sum) - device_lane_sum(total->lost);
}

/* Adds the sum of a block of rows; with `first`, sets the total to it. */
DEVICE_INLINE void device_total_add_block(device_Total *total, device_Vector value, int first)
{
	if (first) {
		total->sum = value;
		total->lost = device_splat(0.0f);
	} else {
		device_total_add(total, value);
	}
}

/* total_add for a total whose sum is in memory. */
DEVICE_INLINE void device_total_store(float *sum, device_Vector *lost, device_Vector value)
{
	device_Total total = { device_load_lanes(sum), *lost };
	device_total_add(&total, value);
	device_store_lanes(sum, total.sum);
	*lost = total.lost;
}

/* A number with twice a float's precision: sum + rest. */
typedef struct device_Twofold { device_Vector sum, rest; } device_Twofold;

/* Adds to the sum, and adds what that rounds off to the rest (Knuth). */
DEVICE_INLINE void device_twofold_add(device_Twofold *number, device_Vector value)
{
	const device_Vector sum = number->sum + value, added = sum - number->sum;
	number->rest += (number->sum - (sum - added)) + (value - added);
	number->sum = sum;
}

/* a b - product, exactly; `product` must be a b rounded. Without a multiply-add instruction, by splitting each factor
 * into halves of 12 bits, whose products are exact (Dekker). */
DEVICE_INLINE device_Vector device_product_rest(device_Vector a, device_Vector b, device_Vector product)
{
#if defined __FMA__
	device_Lanes rest, other, rounded_product;
	rest.vector = a;
	other.vector = b;
	rounded_product.vector = product;
	DEVICE_UNROLL
	for (int lane = 0; lane < DEVICE_LANES; lane++)
		rest.lane[lane] = __builtin_fmaf(rest.lane[lane], other.lane[lane], -rounded_product.lane[lane]);
	return rest.vector;
#else
	const device_Vector high = device_float_of(device_bits_of(a) & 0xfffff000u), low = a - high;
	const device_Vector other_high = device_float_of(device_bits_of(b) & 0xfffff000u), other_low = b - other_high;
	return ((high * other_high - product) + high * other_low + low * other_high) + low * other_low;
#endif
}

/* Adds the product a b. */
DEVICE_INLINE void device_twofold_add_product(device_Twofold *number, device_Vector a, device_Vector b)
{
	const device_Vector product = device_rounded(a * b);
	number->rest += device_product_rest(a, b, product);
	device_twofold_add(number, product);
}

/* ---- y = x W: a tile is a number of rows of y. Each step of its inner loop reads one row of W, and one float of each
 * row of x. */

/* The rows of the largest tile: as many sums as fit into the registers beside the row of W and, if the instruction set
 * cannot multiply by a float in memory, that float. */
enum { DEVICE_TALL = 8 };
enum { DEVICE_STEPS = DEVICE_LANES < 4 ? 1 : 4 };
enum { DEVICE_CHUNK = 256 };   /* the number of features in one pass of a product; a multiple of LANES */

typedef struct device_Product {
	int inputs;
	const float *x;         /* the first row of the tile */
	ptrdiff_t x_stride;     /* the distance between panels of x */
	const float *w;         /* [inputs][LANES] */
	float *y;
	const float *start;     /* the initial values of y: a vector for each row, at a distance of start_step */
	ptrdiff_t start_step;
} device_Product;

DEVICE_INLINE void device_product_step(const int rows, device_Vector *sum, const float *x, const float *w)
{
	const device_Vector weights = device_load_lanes(w);
	DEVICE_UNROLL
	for (int row = 0; row < rows; row++)
		sum[row] += weights * x[row * DEVICE_LANES];
}

DEVICE_INLINE void device_product_tile(const int rows, const device_Product *product)
{
	device_Vector sum[DEVICE_TALL];
	DEVICE_UNROLL
	for (int row = 0; row < rows; row++)
		sum[row] = device_load_lanes(product->start + row * product->start_step);
	const float *x = product->x, *w = product->w;
	int inputs = product->inputs;
	for (; inputs >= DEVICE_LANES; inputs -= DEVICE_LANES, x += product->x_stride)
		for (int lane = 0; lane < DEVICE_LANES; lane += DEVICE_STEPS, w += DEVICE_STEPS * DEVICE_LANES) {
			DEVICE_UNROLL
			for (int step = 0; step < DEVICE_STEPS; step++)
				device_product_step(rows, sum, x + lane + step, w + step * DEVICE_LANES);
		}
	for (int lane = 0; lane < inputs; lane++, w += DEVICE_LANES)
		device_product_step(rows, sum, x + lane, w);
	DEVICE_UNROLL
	for (int row = 0; row < rows; row++)
		device_store_lanes(product->y + row * DEVICE_LANES, sum[row]);
}

DEVICE_NOINLINE void device_product_tall(const device_Product *product) { device_product_tile(DEVICE_TALL, product); }
DEVICE_NOINLINE void device_product_1(const device_Product *product) { device_product_tile(1, product); }

static void device_product_of_rows(int rows, device_Product product)
{
	for (; rows >= DEVICE_TALL; rows -= DEVICE_TALL) {
		device_product_tall(&product);
		product.x += DEVICE_TALL * DEVICE_LANES;
		product.y += DEVICE_TALL * DEVICE_LANES;
		product.start += DEVICE_TALL * product.start_step;
	}
	for (; rows >= 1; rows -= 1) {
		device_product_1(&product);
		product.x += 1 * DEVICE_LANES;
		product.y += 1 * DEVICE_LANES;
		product.start += 1 * product.start_step;
	}
}

static const float device_nothing[DEVICE_LANES] = {0};

static void device_linear(int rows, int outputs, int inputs, float *y, const float *x, const float *w,
	const float *b)
{
	device_Product whole = { inputs, x, (ptrdiff_t)rows * DEVICE_LANES, w, y, b ? b : device_nothing, 0 };
	(void)outputs;
	/* In chunks of W that stay in L1 while all tiles use them: a product of 256x1024x1024 with AVX2 runs at 104 GFLOP/s
	 * instead of 90. */
	do {
		whole.inputs = device_smaller(inputs, DEVICE_CHUNK);
		device_product_of_rows(rows, whole);
		inputs -= whole.inputs;
		whole.x += whole.inputs / DEVICE_LANES * whole.x_stride;
		whole.w += whole.inputs * DEVICE_LANES;
		whole.start = whole.y;
		whole.start_step = DEVICE_LANES;
	} while (inputs > 0);
}

/* ---- dx = dy W': a product with the transposed rows of W that belong to the panel. They are transposed in chunks of
 * limited size. W is stored as [outputs / LANES][inputs][LANES], so each block of LANES x LANES is contiguous. */

/* Loads the rows of W that belong to the panel: one vector for each of the few outputs. */
static void device_load_few_rows(device_Vector *column, int outputs, int inputs, int panel, const float *w)
{
	for (int output = 0; output < outputs; output++)
		column[output] = w[output * inputs + panel];
}

/* ---- dW = x' dy, alone or with an optimizer's update: a tile is a number of rows of dW, each for a neighbouring
 * column of x. A narrow tile splits the rows of x into strands, so that there are at least eight independent sums: as
 * many as a processor can work on at once. */

DEVICE_INLINE device_Vector device_rows_sum(int rows, const float *x)
{
	device_Total total = device_total_none();
	int row = 0;
	do {
		const int end = device_smaller(rows, row + DEVICE_ROW_BLOCK);
		device_Vector strand[4] = {0};
		for (; row + 4 <= end; row += 4) {
			DEVICE_UNROLL
			for (int i = 0; i < 4; i++)
				strand[i] += device_load_lanes(x + (ptrdiff_t)(row + i) * DEVICE_LANES);
		}
		for (; row < end; row++)
			strand[0] += device_load_lanes(x + (ptrdiff_t)row * DEVICE_LANES);
		device_total_add_block(&total, (strand[0] + strand[1]) + (strand[2] + strand[3]), end <= DEVICE_ROW_BLOCK);
	} while (row < rows);
	return total.sum;
}

static void device_gradient_of_block(int rows, int inputs, float *dw, const float *x, const float *dy)
{
	float sum = 0;
	for (int row = 0; row < rows; row++)
		sum += x[row] * dy[row];
	(void)inputs;
	*dw = sum;
}

/* Adds the gradients of the rows after the first ROW_BLOCK. */
DEVICE_NOINLINE void device_add_gradients(int rows, int inputs, float *dw, const float *x, const float *dy)
{
	device_Vector part[DEVICE_LANES], lost[DEVICE_LANES];
	for (int i = 0; i < inputs; i++)
		lost[i] = device_splat(0.0f);
	for (int row = DEVICE_ROW_BLOCK; row < rows; row += DEVICE_ROW_BLOCK) {
		const ptrdiff_t block = (ptrdiff_t)row * DEVICE_LANES;
		device_gradient_of_block(device_smaller(rows - row, DEVICE_ROW_BLOCK), inputs, (float *)part, x + block, dy + block);
		for (int i = 0; i < inputs; i++)
			device_total_store(dw + i * DEVICE_LANES, &lost[i], part[i]);
	}
}

/* The gradients of up to LANES inputs, in one panel of x. */
static void device_gradient(int rows, int inputs, float *dw, const float *x, const float *dy)
{
	device_gradient_of_block(device_smaller(rows, DEVICE_ROW_BLOCK), inputs, dw, x, dy);
	if (rows > DEVICE_ROW_BLOCK)
		device_add_gradients(rows, inputs, dw, x, dy);
}

/* linear_dw, column_sum, and the optimizer's update with both results: the gradients of a panel of x are used before
 * the next ones are computed, so they stay in the cache. */
static void device_linear_dw_update(int rows, int outputs, int inputs, device_Update *update, const float *numbers,
	float *w, float *w1, float *w2, float *w3, float *b, float *b1, float *b2, float *b3, const float *x,
	const float *dy)
{
	const device_Places of_w = device_places_of(w, w1, w2, w3), of_b = device_places_of(b, b1, b2, b3);
	device_Vector sum[DEVICE_LANES];
	(void)outputs;
	for (ptrdiff_t offset = 0; inputs > 0; inputs -= DEVICE_LANES, x += (ptrdiff_t)rows * DEVICE_LANES, offset += DEVICE_LANES * DEVICE_LANES) {
		const int count = device_smaller(inputs, DEVICE_LANES);
		device_gradient(rows, count, (float *)sum, x, dy);
		device_update_at(update, count * DEVICE_LANES, numbers, &of_w, offset, (const float *)sum);
	}
	if (b) {
		sum[0] = device_rows_sum(rows, dy);
		device_update_at(update, DEVICE_LANES, numbers, &of_b, 0, (const float *)sum);
	}
}

/* exp, log, tanh, sigmoid and others of vectors. They do not use libc, so that the bits depend on neither
 * libc nor the number of lanes. The errors stated are the largest found in a comparison with double for one in 61 of
 * all floats; tests/functions_test.c checks them. */

/* exp(x) = 2^n exp(r), |r| <= ln(2) / 2. The polynomial and the split of ln(2) are from Cephes, expf.c. The result is
 * multiplied by 2^n in two steps, so that it overflows to infinity and underflows gradually. Error: at most 1.01 ulp.
 * NaN stays NaN. */
DEVICE_INLINE device_Vector device_vector_exp(device_Vector x)
{
	const float shift = 12582912.0f;  /* adding it leaves the integer nearest in the low bits */
	x = device_choose(x > 89.0f, device_splat(89.0f), x);
	x = device_choose(x < -104.0f, device_splat(-104.0f), x);
	const device_Vector shifted = x * 1.442695f + shift;
	const device_Vector n = shifted - shift;
	const device_Vector r = x - n * 0.693359375f - n * -2.12194440e-4f;
	device_Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1.0f;
	const device_Bits exponent = device_bits_of(shifted) - 0x4b400000u;
	const device_Bits half = ((exponent + 256u) >> 1) - 1u;  /* both exponents include the bias, 127 */
	const device_Bits rest = exponent - half + 254u;
	return p * device_float_of(half << 23) * device_float_of(rest << 23);
}

/* log(x) = k ln(2) + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2). Method and coefficients are from FreeBSD, e_logf.c.
 * Error: at most 0.84 ulp. log(0) is -infinity, log(x < 0) is NaN. */
DEVICE_INLINE device_Vector device_vector_log(device_Vector x)
{
	const device_Mask ordinary = (x > 0.0f) & (x < INFINITY);
	const device_Vector special = device_choose(x == 0.0f, device_splat(-INFINITY), device_choose(x > 0.0f, x, device_splat(NAN)));
	const device_Mask subnormal = x < 1.1754944e-38f;
	const device_Vector scaled = device_choose(subnormal, x * 8388608.0f, x);
	const device_Bits bits = device_bits_of(scaled) + (0x3f800000u - 0x3f3504f3u);
	const device_Vector k = device_float_of((bits >> 23) + 0x4b000000u) - device_choose(subnormal, device_splat(8388608.0f + 150.0f),
		device_splat(8388608.0f + 127.0f));
	const device_Vector f = device_float_of((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
	const device_Vector s = f / (f + 2.0f);
	const device_Vector z = s * s;
	const device_Vector w = z * z;
	const device_Vector r = w * (w * 0.24279079f + 0.40000972f) + z * (w * 0.28498787f + 0.6666666f);
	const device_Vector h = f * f * 0.5f;
	const device_Vector log = s * (h + r) + k * 9.0580006145e-06f - h + f + k * 6.9313812256e-01f;
	return device_choose(ordinary, log, special);
}

/* activations, and what their derivatives do to a gradient. Loops get these functions as constant
 * arguments, so that a compiler inlines them. */

/* The parameters of an activation, see its row in tables.h; 0 where it has none. */
typedef struct device_Numbers { float a, b; } device_Numbers;
typedef device_Vector device_Value(device_Vector x, device_Numbers numbers);

/* dx from dy and, as the activation's row says, y or x */
typedef device_Vector device_Slope(device_Vector dy, device_Vector from, device_Numbers numbers);
enum { DEVICE_LIGHT, DEVICE_HEAVY };  /* weight */
enum { DEVICE_OUTPUT, DEVICE_INPUT };  /* from */

DEVICE_INLINE device_Numbers device_numbers_of(float a, float b)
{
	device_Numbers numbers;
	numbers.a = a;
	numbers.b = b;
	return numbers;
}

DEVICE_INLINE device_Vector device_identity_slope(device_Vector dy, device_Vector y, device_Numbers numbers)
{
	(void)y, (void)numbers;
	return dy;
}

/* x < 0 ? 0 : x, so that NaN and -0 stay unchanged */
DEVICE_INLINE device_Vector device_relu_value(device_Vector x, device_Numbers numbers)
{
	(void)numbers;
	return device_larger(device_splat(0.0f), x);
}

DEVICE_INLINE device_Vector device_relu_slope(device_Vector dy, device_Vector y, device_Numbers numbers)
{
	(void)numbers;
	return device_choose(y > 0.0f, dy, device_splat(0.0f));
}

/* batch normalisation of one panel. Sums over rows are split into STRANDS independent sums, so that an
 * addition need not wait for the result of the previous one. */

/* Not computed as x * scale + (beta - mean * scale): that would lose the digits that x and a large mean have in
 * common. */
static void device_batchnorm_predict(int rows, float eps, float *y, const float *x, const float *mean,
	const float *var, const float *gamma, const float *beta)
{
	const device_Vector centre = device_load_lanes(mean);
	const device_Vector scale = (gamma ? device_load_lanes(gamma) : device_splat(1.0f)) / device_square_root(device_load_lanes(var) + eps);
	const device_Vector shift = beta ? device_load_lanes(beta) : device_splat(0.0f);
	DEVICE_UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * DEVICE_LANES; i += DEVICE_LANES)
		device_store_lanes(y + i, (device_load_lanes(x + i) - centre) * scale + shift);
}

/* what the kernels for few inputs need to know of a batch: the rows without their means, d, and the moments.
 * If inputs are nearly linearly dependent, both are of other variables e instead, which are not correlated: d = L e. */

/* Loads the inputs of up to LANES rows, one vector for each input. */
DEVICE_INLINE void device_load_inputs(const int inputs, device_Vector *column, const float *x, int rows, int row, int block_rows)
{
	(void)block_rows;
	for (int i = 0; i < inputs; i++)
		column[i] = x[device_entry(rows, row, i)];
}

DEVICE_INLINE void device_store_inputs(const int inputs, float *x, device_Vector *column, int rows, int row, int block_rows)
{
	(void)block_rows;
	for (int i = 0; i < inputs; i++)
		x[device_entry(rows, row, i)] = column[i];
}

/* Subtracts m and c from the rows of x, and computes the covariances of the result. Rows run across the lanes. */
DEVICE_INLINE void device_centre_at(const int inputs, int rows, float *centred, float *moments, const float *x, const float *m,
	const float *c)
{
	device_Total product[DEVICE_FEW][DEVICE_FEW];
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		DEVICE_UNROLL
		for (int j = 0; j <= i; j++)
			product[i][j] = device_total_none();
	for (int row = 0; row < rows;) {
		const int end = device_smaller(rows, row + DEVICE_ROW_BLOCK);
		device_Vector column[DEVICE_FEW], part[DEVICE_FEW][DEVICE_FEW];
		DEVICE_UNROLL
		for (int i = 0; i < inputs; i++)
			DEVICE_UNROLL
			for (int j = 0; j <= i; j++)
				part[i][j] = device_splat(0.0f);
		for (; row < end; row += DEVICE_LANES) {
			const int block_rows = device_smaller(rows - row, DEVICE_LANES);
			const device_Mask used = device_first_lanes(block_rows);
			device_load_inputs(inputs, column, x, rows, row, block_rows);
			DEVICE_UNROLL
			for (int i = 0; i < inputs; i++) {
				column[i] = device_choose(used, (column[i] - m[i]) - c[i], device_splat(0.0f));
				DEVICE_UNROLL
				for (int j = 0; j <= i; j++)
					part[i][j] += column[i] * column[j];
			}
			device_store_inputs(inputs, centred, column, rows, row, block_rows);
		}
		DEVICE_UNROLL
		for (int i = 0; i < inputs; i++)
			DEVICE_UNROLL
			for (int j = 0; j <= i; j++)
				device_total_add_block(&product[i][j], part[i][j], end <= DEVICE_ROW_BLOCK);
	}
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		DEVICE_UNROLL
		for (int j = 0; j <= i; j++)
			moments[DEVICE_COVARIANCES + i * DEVICE_FEW + j] = moments[DEVICE_COVARIANCES + j * DEVICE_FEW + i] = device_lane_sum(product[i][j].sum)
				* (1.0f / (float)rows);
}

DEVICE_NOINLINE void device_centre_few_at(int inputs, int rows, float *centred, float *moments, const float *x, const float *m,
	const float *c)
{
	switch (inputs) {
	case 1: { enum { INPUTS = 1 }; device_centre_at(INPUTS, rows, centred, moments, x, m, c); break; }
	case 2: { enum { INPUTS = 2 }; device_centre_at(INPUTS, rows, centred, moments, x, m, c); break; }
	case 3: { enum { INPUTS = 3 }; device_centre_at(INPUTS, rows, centred, moments, x, m, c); break; }
	default: { enum { INPUTS = 4 }; device_centre_at(INPUTS, rows, centred, moments, x, m, c); break; }
	}
}

/* Computes the means of the inputs. A mean is the float m plus the rest c, which matters if the mean is large. */
DEVICE_INLINE void device_means_of(const int inputs, int rows, float *moments, const float *x)
{
	device_Total sum[DEVICE_FEW];
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		sum[i] = device_total_none();
	for (int row = 0; row < rows;) {
		const int end = device_smaller(rows, row + DEVICE_ROW_BLOCK);
		device_Vector column[DEVICE_FEW], part[DEVICE_FEW];
		DEVICE_UNROLL
		for (int i = 0; i < inputs; i++)
			part[i] = device_splat(0.0f);
		for (; row < end; row += DEVICE_LANES) {
			const int block_rows = device_smaller(rows - row, DEVICE_LANES);
			const device_Mask used = device_first_lanes(block_rows);
			device_load_inputs(inputs, column, x, rows, row, block_rows);
			DEVICE_UNROLL
			for (int i = 0; i < inputs; i++)
				part[i] += device_choose(used, column[i] - x[device_entry(rows, 0, i)], device_splat(0.0f));
		}
		DEVICE_UNROLL
		for (int i = 0; i < inputs; i++)
			device_total_add_block(&sum[i], part[i], end <= DEVICE_ROW_BLOCK);
	}
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++) {
		const float shift = x[device_entry(rows, 0, i)], above = device_lane_sum(sum[i].sum) * (1.0f / (float)rows);
		moments[DEVICE_MEANS + i] = moments[DEVICE_INPUT_MEANS + i] = shift + above;
		moments[DEVICE_RESTS + i] = above - (moments[DEVICE_MEANS + i] - shift);
	}
}

/* Whether the variance is neither so large nor so small that squares and sums of squares overflow or lose digits. */
DEVICE_INLINE int device_is_ordinary(float var)
{
	return var > 8.271806e-25f && var < 1.2089258e+24f;
}

/* Whether w' C w and mean(x) W keep their digits for every w. That is so if no mean is far larger than the deviation,
 * and the smallest eigenvalue of the correlation matrix is at least 0.13. The eigenvalue is at least 1 - sqrt(2 (inputs
 * - 1) / inputs times the sum of the squared correlations). */
DEVICE_INLINE int device_are_apart(const int inputs, const float *moments)
{
	const float *c = moments + DEVICE_COVARIANCES;
	float inverse[DEVICE_FEW], squares = 0.0f;
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++) {
		const float mean = moments[DEVICE_MEANS + i], var = c[i * DEVICE_FEW + i];
		if (!device_is_ordinary(var) || !(mean * mean <= var * 1024.0f))
			return 0;
		inverse[i] = 1.0f / var;
		DEVICE_UNROLL
		for (int j = 0; j < i; j++)
			squares += c[i * DEVICE_FEW + j] * inverse[i] * (c[i * DEVICE_FEW + j] * inverse[j]);
	}
	return squares * (2.0f * (float)(inputs - 1) / (float)inputs) <= 0.75f;
}

/* A power of two about as large as the largest number of the column. In this unit the squares of the column are
 * ordinary. */
DEVICE_INLINE float device_unit_of(int rows, const float *centred, int input)
{
	float size = 1.1754944e-38f;
	device_Lanes lanes;
	for (int row = 0; row < rows; row++) {
		const float value = centred[device_entry(rows, row, input)], above = value < 0.0f ? -value : value;
		size = above > size ? above : size;
	}
	lanes.vector = device_splat(size);
	lanes.bits &= 0x7f800000u;
	return lanes.lane[0];
}

/* Subtracts from the rows of x their means and the part that L explains, with twice a float's precision; the result is
 * e + CENTRES. Also computes the means of the result. */
DEVICE_INLINE void device_turn_rows(const int inputs, int rows, float *turned, const float *moments, const float *inverse,
	float *mean, const float *x)
{
	device_Total sum[DEVICE_FEW];
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		sum[i] = device_total_none();
	for (int row = 0; row < rows;) {
		const int end = device_smaller(rows, row + DEVICE_ROW_BLOCK);
		device_Vector column[DEVICE_FEW], part[DEVICE_FEW];
		device_Twofold e[DEVICE_FEW];
		DEVICE_UNROLL
		for (int i = 0; i < inputs; i++)
			part[i] = device_splat(0.0f);
		for (; row < end; row += DEVICE_LANES) {
			const int block_rows = device_smaller(rows - row, DEVICE_LANES);
			const device_Mask used = device_first_lanes(block_rows);
			device_load_inputs(inputs, column, x, rows, row, block_rows);
			DEVICE_UNROLL
			for (int i = 0; i < inputs; i++) {
				e[i].sum = column[i];
				e[i].rest = device_splat(-moments[DEVICE_RESTS + i]);
				device_twofold_add(&e[i], device_splat(-moments[DEVICE_INPUT_MEANS + i]));
				e[i].sum *= inverse[i];
				e[i].rest *= inverse[i];
				DEVICE_UNROLL
				for (int j = 0; j < i; j++) {
					e[i].rest -= e[j].rest * moments[DEVICE_BASIS + i * DEVICE_FEW + j];
					device_twofold_add_product(&e[i], e[j].sum, device_splat(-moments[DEVICE_BASIS + i * DEVICE_FEW + j]));
				}
				column[i] = device_choose(used, e[i].sum + e[i].rest, device_splat(0.0f));
				part[i] += column[i];
			}
			device_store_inputs(inputs, turned, column, rows, row, block_rows);
		}
		DEVICE_UNROLL
		for (int i = 0; i < inputs; i++)
			device_total_add_block(&sum[i], part[i], end <= DEVICE_ROW_BLOCK);
	}
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		mean[i] = device_lane_sum(sum[i].sum) * (1.0f / (float)rows);
}

DEVICE_NOINLINE void device_turn_few_rows(int inputs, int rows, float *turned, const float *moments, const float *inverse,
	float *mean, const float *x)
{
	switch (inputs) {
	case 1: { enum { INPUTS = 1 }; device_turn_rows(INPUTS, rows, turned, moments, inverse, mean, x); break; }
	case 2: { enum { INPUTS = 2 }; device_turn_rows(INPUTS, rows, turned, moments, inverse, mean, x); break; }
	case 3: { enum { INPUTS = 3 }; device_turn_rows(INPUTS, rows, turned, moments, inverse, mean, x); break; }
	default: { enum { INPUTS = 4 }; device_turn_rows(INPUTS, rows, turned, moments, inverse, mean, x); break; }
	}
}

/* Finds e and L by the method of Gram and Schmidt: e of an input is the input minus its part along each previous e. It
 * has the relative error of one rounding, however small it is compared with the input. For each e in turn, the part
 * along it is found from the covariances and subtracted. An e that consists of rounding errors only explains nothing of
 * the others. Inputs whose squares do not fit into a float first get units in which they do. */
DEVICE_NOINLINE void device_turn_inputs(int inputs, int rows, float *centred, float *moments, const float *x)
{
	const float none[DEVICE_FEW] = {0}, *c = moments + DEVICE_COVARIANCES;
	float *basis = moments + DEVICE_BASIS, unit[DEVICE_FEW], inverse[DEVICE_FEW], noise[DEVICE_FEW];
	int first = 0;
	for (int i = 0; i < inputs; i++) {
		unit[i] = 1.0f;
		if (!device_is_ordinary(c[i * DEVICE_FEW + i])) {
			unit[i] = device_unit_of(rows, centred, i);
			first = -1;
		}
		inverse[i] = 1.0f / unit[i];
		for (int j = 0; j < i; j++)
			basis[i * DEVICE_FEW + j] = 0.0f;
	}
	for (int along = first; along == first || along < inputs - 1; along++) {
		for (int i = 0; i < inputs; i++) {
			if (along == 0)
				noise[i] = c[i * DEVICE_FEW + i] * 2.2737368e-13f;
			if (along >= 0 && along < i && c[along * DEVICE_FEW + along] > noise[along])
				basis[i * DEVICE_FEW + along] = c[i * DEVICE_FEW + along] / c[along * DEVICE_FEW + along];
		}
		device_turn_few_rows(inputs, rows, centred, moments, inverse, moments + DEVICE_CENTRES, x);
		device_centre_few_at(inputs, rows, centred, moments, centred, moments + DEVICE_CENTRES, none);
	}
	for (int i = 0; i < inputs; i++) {
		for (int j = 0; j < i; j++)
			basis[i * DEVICE_FEW + j] *= unit[i];
		basis[i * DEVICE_FEW + i] = unit[i];
		moments[DEVICE_MEANS + i] = 0.0f;
	}
}

static void device_centre(int rows, int inputs, float *centred, float *moments, const float *x)
{
	int apart;
	switch (inputs) {
	case 1: { enum { INPUTS = 1 }; device_means_of(INPUTS, rows, moments, x); break; }
	case 2: { enum { INPUTS = 2 }; device_means_of(INPUTS, rows, moments, x); break; }
	case 3: { enum { INPUTS = 3 }; device_means_of(INPUTS, rows, moments, x); break; }
	default: { enum { INPUTS = 4 }; device_means_of(INPUTS, rows, moments, x); break; }
	}
	device_centre_few_at(inputs, rows, centred, moments, x, moments + DEVICE_INPUT_MEANS, moments + DEVICE_RESTS);
	switch (inputs) {
	case 1: { enum { INPUTS = 1 }; apart = device_are_apart(INPUTS, moments); break; }
	case 2: { enum { INPUTS = 2 }; apart = device_are_apart(INPUTS, moments); break; }
	case 3: { enum { INPUTS = 3 }; apart = device_are_apart(INPUTS, moments); break; }
	default: { enum { INPUTS = 4 }; apart = device_are_apart(INPUTS, moments); break; }
	}
	moments[DEVICE_TURNED] = apart ? 0.0f : 1.0f;
	if (!apart)
		device_turn_inputs(inputs, rows, centred, moments, x);
}

/* linear, batchnorm and an activation in one pass, if linear has few inputs. Sums over the inputs then give the
 * statistics of every feature. With d = x - mean(x) and C = mean(d d'), the result of linear, z = x W + b, has
 *
 *   mean(z) = mean(x) W + b,   var(z) = w' C w,   xhat = d (w rstd)
 *
 * so forward is one pass over the rows of a panel. Backward does not need dz either, because dz and xhat sum to 0 over
 * the rows:
 *
 *   dW = sum(x dz) = gamma rstd (sum(d dy) - mean(dy xhat) sum(d xhat)),   sum(d xhat) = rows C w rstd
 *
 * and dgamma, dbeta and dW come from one pass too. It does not read xhat, because mean(dy xhat) = mean(d dy)' (w rstd).
 *
 * If inputs are nearly linearly dependent, as in every batch of two rows, w' C w can be a small difference of large
 * numbers. Then the same is computed with other variables e, which are not correlated: d = L e, and all of the above
 * holds with e in place of d and L' w in place of w; dW is L times the gradient that this gives. docs/batchnorm.md says
 * how many digits this saves. */

/* L' w, as exact as if each result were rounded once, even where terms cancel. */
DEVICE_NOINLINE void device_turn_weights(int inputs, float *turned, const float *moments, const float *w)
{
	for (int j = 0; j < inputs; j++) {
		device_Twofold sum = { device_load_lanes(w + j * DEVICE_LANES) * moments[DEVICE_BASIS + j * DEVICE_FEW + j], device_splat(0.0f) };
		for (int i = j + 1; i < inputs; i++)
			device_twofold_add_product(&sum, device_load_lanes(w + i * DEVICE_LANES), device_splat(moments[DEVICE_BASIS + i * DEVICE_FEW + j]));
		device_store_lanes(turned + j * DEVICE_LANES, sum.sum + sum.rest);
	}
}

/* Turns gradients of L' w into gradients of w, in place: L times them. */
DEVICE_NOINLINE void device_turn_gradients(int inputs, float *gradient, const float *moments)
{
	for (int i = inputs - 1; i >= 0; i--) {
		device_Vector sum = device_load_lanes(gradient + i * DEVICE_LANES) * moments[DEVICE_BASIS + i * DEVICE_FEW + i];
		for (int j = 0; j < i; j++)
			sum += device_load_lanes(gradient + j * DEVICE_LANES) * moments[DEVICE_BASIS + i * DEVICE_FEW + j];
		device_store_lanes(gradient + i * DEVICE_LANES, sum);
	}
}

/* turn_weights, followed by mean(x) w + b. */
DEVICE_NOINLINE void device_turn_weights_and_mean(int inputs, float *turned, const float *moments, const float *w, const float *b)
{
	device_Twofold sum = { b ? device_load_lanes(b) : device_splat(0.0f), device_splat(0.0f) };
	device_turn_weights(inputs, turned, moments, w);
	for (int i = 0; i < inputs; i++) {
		sum.rest += device_load_lanes(w + i * DEVICE_LANES) * moments[DEVICE_RESTS + i] + device_load_lanes(turned + i * DEVICE_LANES) * moments[DEVICE_CENTRES + i];
		device_twofold_add_product(&sum, device_load_lanes(w + i * DEVICE_LANES), device_splat(moments[DEVICE_INPUT_MEANS + i]));
	}
	device_store_lanes(turned + inputs * DEVICE_LANES, sum.sum + sum.rest);
}

/* Statistics of a panel's features, from the moments alone: C w for each input (spread), the variance and the mean. */
DEVICE_INLINE void device_feature_moments(const int inputs, device_Vector *spread, device_Vector *var, device_Vector *mean, const float *moments,
	const float *w, const float *b)
{
	*mean = b ? device_load_lanes(b) : device_splat(0.0f);
	*var = device_splat(0.0f);
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++) {
		spread[i] = device_splat(0.0f);
		DEVICE_UNROLL
		for (int j = 0; j < inputs; j++)
			spread[i] += device_load_lanes(w + j * DEVICE_LANES) * moments[DEVICE_COVARIANCES + i * DEVICE_FEW + j];
		*mean += device_load_lanes(w + i * DEVICE_LANES) * moments[DEVICE_MEANS + i];
		*var += device_load_lanes(w + i * DEVICE_LANES) * spread[i];
	}
	*var = device_choose(*var < 0.0f, device_splat(0.0f), *var);
}

/* The sum of each input of row `row` times its weight; few_sum adds this to `sum`. */
DEVICE_INLINE device_Vector device_few_product(const int inputs, int rows, int row, const float *x, const device_Vector *w)
{
	device_Vector sum = w[0] * x[device_entry(rows, row, 0)];
	DEVICE_UNROLL
	for (int i = 1; i < inputs; i++)
		sum += w[i] * x[device_entry(rows, row, i)];
	return sum;
}

DEVICE_INLINE device_Vector device_few_sum(const int inputs, int rows, int row, const float *x, const device_Vector *w, device_Vector sum)
{
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		sum += w[i] * x[device_entry(rows, row, i)];
	return sum;
}

/* y = value(gamma xhat + beta), and the batch statistics. */
DEVICE_INLINE void device_few_forward(device_Value *value, device_Numbers numbers, const int inputs, int rows, float eps, float kept,
	float momentum, float *y, float *normal, float *rstd, float *mean, float *var, const float *centred,
	const float *moments, const float *w, const float *b, const float *gamma, const float *beta)
{
	device_Vector spread[DEVICE_FEW], scaled[DEVICE_FEW], variance, average;
	float turned[(DEVICE_FEW + 1) * DEVICE_LANES];
	if (moments[DEVICE_TURNED] > 0.0f) {
		device_turn_weights_and_mean(inputs, turned, moments, w, b);
		w = turned;
		b = turned + inputs * DEVICE_LANES;
	}
	device_feature_moments(inputs, spread, &variance, &average, moments, w, b);
	const device_Vector scale = 1.0f / device_square_root(variance + eps);
	const device_Vector y_scale = gamma ? device_load_lanes(gamma) : device_splat(1.0f), y_shift = beta ? device_load_lanes(beta) : device_splat(0.0f);
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] = device_load_lanes(w + i * DEVICE_LANES) * scale;
	if (normal) {
		DEVICE_UNROLL_4
		for (int row = 0; row < rows; row++)
			device_store_lanes(normal + (ptrdiff_t)row * DEVICE_LANES, device_few_product(inputs, rows, row, centred, scaled));
	}
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] *= y_scale;
	DEVICE_UNROLL_4
	for (int row = 0; row < rows; row++)
		device_store_lanes(y + (ptrdiff_t)row * DEVICE_LANES, value(device_few_sum(inputs, rows, row, centred, scaled, y_shift), numbers));
	const float unbiased = rows > 1 ? (float)rows / (float)(rows - 1) : 0.0f;
	device_store_lanes(rstd, scale);
	device_store_lanes(mean, device_load_lanes(mean) * kept + average * momentum);
	device_store_lanes(var, device_load_lanes(var) * kept + variance * (unbiased * momentum));
}

static void device_linear_batchnorm_relu(int rows, int outputs, int inputs, float eps, float kept,
	float momentum, float *y, float *normal, float *rstd, float *mean, float *var, const float *centred,
	const float *moments, const float *w, const float *b, const float *gamma, const float *beta)
{
	(void)outputs;
	switch (inputs) {
	case 1: { enum { INPUTS = 1 }; device_few_forward(&device_relu_value, device_numbers_of(0.0f, 0.0f), INPUTS, rows, eps, kept, momentum, y, normal,
		rstd, mean, var, centred, moments, w, b, gamma, beta); break; }
	case 2: { enum { INPUTS = 2 }; device_few_forward(&device_relu_value, device_numbers_of(0.0f, 0.0f), INPUTS, rows, eps, kept, momentum, y, normal,
		rstd, mean, var, centred, moments, w, b, gamma, beta); break; }
	case 3: { enum { INPUTS = 3 }; device_few_forward(&device_relu_value, device_numbers_of(0.0f, 0.0f), INPUTS, rows, eps, kept, momentum, y, normal,
		rstd, mean, var, centred, moments, w, b, gamma, beta); break; }
	default: { enum { INPUTS = 4 }; device_few_forward(&device_relu_value, device_numbers_of(0.0f, 0.0f), INPUTS, rows, eps, kept, momentum, y, normal,
		rstd, mean, var, centred, moments, w, b, gamma, beta); break; }
	}
}

/* Sums over rows: of dy, and of dy times each input. */
typedef struct device_FewSums { device_Vector dy, against[DEVICE_FEW]; } device_FewSums;
typedef struct device_FewTotals { device_Total dy, against[DEVICE_FEW]; } device_FewTotals;

DEVICE_INLINE device_FewSums device_no_sums(void)
{
	device_FewSums sums;
	sums.dy = device_splat(0.0f);
	DEVICE_UNROLL
	for (int i = 0; i < DEVICE_FEW; i++)
		sums.against[i] = device_splat(0.0f);
	return sums;
}

DEVICE_INLINE device_FewTotals device_no_totals(void)
{
	device_FewTotals totals;
	totals.dy = device_total_none();
	for (int i = 0; i < DEVICE_FEW; i++)
		totals.against[i] = device_total_none();
	return totals;
}

DEVICE_INLINE void device_add_row(const int inputs, device_FewSums *sums, int rows, int row, device_Vector gradient, const float *centred)
{
	sums->dy += gradient;
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		sums->against[i] += gradient * centred[device_entry(rows, row, i)];
}

DEVICE_INLINE device_FewSums device_both(const int inputs, const device_FewSums strand[2])
{
	device_FewSums sums;
	sums.dy = strand[0].dy + strand[1].dy;
	DEVICE_UNROLL
	for (int i = 0; i < DEVICE_FEW; i++)
		sums.against[i] = i < inputs ? strand[0].against[i] + strand[1].against[i] : device_splat(0.0f);
	return sums;
}

/* Adds a block of rows to the totals, and returns the totals in its place. */
DEVICE_NOINLINE void device_add_block(int inputs, device_FewTotals *totals, device_FewSums *block)
{
	device_total_add(&totals->dy, block->dy);
	block->dy = totals->dy.sum;
	for (int i = 0; i < inputs; i++) {
		device_total_add(&totals->against[i], block->against[i]);
		block->against[i] = totals->against[i].sum;
	}
}

/* What backward reads of a panel besides its rows, and the gradients that it computes. */
typedef struct device_FewPanel { const float *w, *gamma, *beta, *rstd, *centred, *moments; } device_FewPanel;
typedef struct device_FewGradients { float w[DEVICE_FEW * DEVICE_LANES], gamma[DEVICE_LANES], beta[DEVICE_LANES]; } device_FewGradients;

DEVICE_INLINE void device_few_gradients(const int inputs, device_FewGradients *gradients, const device_FewSums *sums, const device_FewPanel *panel,
	const float *w)
{
	device_Vector spread[DEVICE_FEW], against[DEVICE_FEW], variance, average;
	device_feature_moments(inputs, spread, &variance, &average, panel->moments, w, 0);
	const device_Vector rstd = device_load_lanes(panel->rstd);
	device_Vector along = device_splat(0.0f);
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++) {
		against[i] = sums->against[i];
		along += against[i] * (device_load_lanes(w + i * DEVICE_LANES) * rstd);
	}
	const device_Vector scale = panel->gamma ? device_load_lanes(panel->gamma) * rstd : rstd;
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		device_store_lanes(gradients->w + i * DEVICE_LANES, (against[i] - along * (spread[i] * rstd)) * scale);
	if (panel->moments[DEVICE_TURNED] > 0.0f)
		device_turn_gradients(inputs, gradients->w, panel->moments);
	device_store_lanes(gradients->gamma, along);
	device_store_lanes(gradients->beta, sums->dy);
}

/* Recomputes what forward multiplied the centred rows by, and returns what it added. */
DEVICE_INLINE device_Vector device_few_scaled(const int inputs, device_Vector *scaled, const device_FewPanel *panel, const float *w)
{
	const device_Vector scale = device_load_lanes(panel->rstd), z_scale = panel->gamma ? device_load_lanes(panel->gamma) : device_splat(1.0f);
	DEVICE_UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] = device_load_lanes(w + i * DEVICE_LANES) * scale * z_scale;
	return panel->beta ? device_load_lanes(panel->beta) : device_splat(0.0f);
}

/* Where backward gets its gradients from: from dy of the panel; or, if `above` is not 0, from dy of a following linear
 * layer with that many outputs and the rows of its weights, one vector each. Also y, if the activation's derivative is
 * computed from it. */
typedef struct device_FewIncoming { const float *dy, *y; const device_Vector *above_w; } device_FewIncoming;

/* The gradient of row `row` before the activation. If the derivative is computed from the activation's input, `scaled`
 * and `shift` recompute that as in forward. */
DEVICE_INLINE device_Vector device_few_incoming(device_Slope *slope, const int from, device_Numbers numbers, const int inputs, const int above, int rows,
	int row, const device_FewIncoming *in, const float *centred, const device_Vector *scaled, device_Vector shift)
{
	const ptrdiff_t at = (ptrdiff_t)row * DEVICE_LANES;
	const device_Vector dy = above ? device_few_product(above, rows, row, in->dy, in->above_w) : device_load_lanes(in->dy + at);
	if (slope == &device_identity_slope)
		return dy;
	return slope(dy, from == DEVICE_OUTPUT ? device_load_lanes(in->y + at) : device_few_sum(inputs, rows, row, centred, scaled, shift), numbers);
}

/* The rows are summed in two independent strands. */
DEVICE_INLINE void device_few_backward(device_Slope *slope, const int from, device_Numbers numbers, const int inputs, const int above, int rows,
	device_FewGradients *gradients, const device_FewIncoming *in, const device_FewPanel *panel)
{
	const float *centred = panel->centred, *w = panel->w;
	float turned[DEVICE_FEW * DEVICE_LANES];
	if (panel->moments[DEVICE_TURNED] > 0.0f) {
		device_turn_weights(inputs, turned, panel->moments, w);
		w = turned;
	}
	device_FewTotals totals;
	device_FewSums sums;
	device_Vector scaled[DEVICE_FEW], shift = device_splat(0.0f);
	if (from == DEVICE_INPUT)
		shift = device_few_scaled(inputs, scaled, panel, w);
	if (rows > DEVICE_ROW_BLOCK)
		totals = device_no_totals();
	int row = 0;
	do {
		const int end = device_smaller(rows, row + DEVICE_ROW_BLOCK);
		device_FewSums strand[2];
		DEVICE_UNROLL
		for (int i = 0; i < 2; i++)
			strand[i] = device_no_sums();
		for (; row + 2 <= end; row += 2) {
			device_add_row(inputs, &strand[0], rows, row + 0, device_few_incoming(slope, from, numbers, inputs, above, rows, row + 0, in,
				centred, scaled, shift), centred);
			device_add_row(inputs, &strand[1], rows, row + 1, device_few_incoming(slope, from, numbers, inputs, above, rows, row + 1, in,
				centred, scaled, shift), centred);
		}
		if (row < end) {
			device_add_row(inputs, &strand[0], rows, row + 0, device_few_incoming(slope, from, numbers, inputs, above, rows, row + 0, in,
				centred, scaled, shift), centred);
			row++;
		}
		sums = device_both(inputs, strand);
		if (rows > DEVICE_ROW_BLOCK) {
			device_FewSums block = sums;
			device_add_block(inputs, &totals, &block);
			sums = block;
		}
	} while (row < rows);
	device_few_gradients(inputs, gradients, &sums, panel, w);
}

DEVICE_INLINE void device_few_backward_above(device_Slope *slope, const int from, device_Numbers numbers, const int above, int inputs, int rows,
	device_FewGradients *gradients, const device_FewIncoming *in, const device_FewPanel *panel)
{
	switch (inputs) {
	case 1: { enum { INPUTS = 1 }; device_few_backward(slope, from, numbers, INPUTS, above, rows, gradients, in, panel); break; }
	case 2: { enum { INPUTS = 2 }; device_few_backward(slope, from, numbers, INPUTS, above, rows, gradients, in, panel); break; }
	case 3: { enum { INPUTS = 3 }; device_few_backward(slope, from, numbers, INPUTS, above, rows, gradients, in, panel); break; }
	default: { enum { INPUTS = 4 }; device_few_backward(slope, from, numbers, INPUTS, above, rows, gradients, in, panel); break; }
	}
}

/* `above`: the number of outputs of the following linear layer, or 0. */
typedef void device_FewBackward(int above, int inputs, int rows, device_Numbers numbers, device_FewGradients *gradients,
	const device_FewIncoming *in, const device_FewPanel *panel);

DEVICE_INLINE void device_few_backward_any(device_Slope *slope, const int from, device_Numbers numbers, int above, int inputs, int rows,
	device_FewGradients *gradients, const device_FewIncoming *in, const device_FewPanel *panel)
{
	if (above == 0 || slope == &device_identity_slope)
		device_few_backward_above(slope, from, numbers, 0, inputs, rows, gradients, in, panel);
	else if (above == 1)
		device_few_backward_above(slope, from, numbers, 1, inputs, rows, gradients, in, panel);
	else
		device_few_backward_above(slope, from, numbers, DEVICE_FEW_ABOVE, inputs, rows, gradients, in, panel);
}

DEVICE_NOINLINE void device_few_relu_bwd(int above, int inputs, int rows, device_Numbers numbers, device_FewGradients *gradients,
	const device_FewIncoming *in, const device_FewPanel *panel)
{
	device_few_backward_any(&device_relu_slope, DEVICE_OUTPUT, numbers, above, inputs, rows, gradients, in, panel);
}

DEVICE_INLINE void device_few_update(device_Next *next, const int states, int inputs, const float *numbers, const device_Places *w,
	const device_Places *gamma, const device_Places *beta, const device_FewGradients *gradients)
{
	for (int i = 0; i < inputs; i++)
		device_update_vector(next, states, numbers, w->at, i * DEVICE_LANES, device_load_lanes(gradients->w + i * DEVICE_LANES));
	if (gamma->at[0])
		device_update_vector(next, states, numbers, gamma->at, 0, device_load_lanes(gradients->gamma));
	if (beta->at[0])
		device_update_vector(next, states, numbers, beta->at, 0, device_load_lanes(gradients->beta));
}

DEVICE_INLINE void device_few_backward_update(device_FewBackward *backward, device_Numbers own, device_Next *next, const int states, int above, int rows,
	int inputs, const float *numbers, const device_Places *w, const device_Places *gamma, const device_Places *beta, const device_FewIncoming *in,
	const float *rstd, const float *centred, const float *moments)
{
	const device_FewPanel panel = { w->at[0], gamma->at[0], beta->at[0], rstd, centred, moments };
	device_FewGradients gradients;
	backward(above, inputs, rows, own, &gradients, in, &panel);
	device_few_update(next, states, inputs, numbers, w, gamma, beta, &gradients);
}

static void device_linear_batchnorm_relu_linear_bwd_sgd(int rows, int outputs, int inputs, int panel, int above,
	 const float *numbers, float *w, float *gamma,
	 float *beta, const float *y, const float *rstd,
	const float *centred, const float *moments, const float *above_dy, const float *above_w)
{
	const device_Places of_w = device_places_of(w, NULL, NULL, NULL), of_gamma = device_places_of(gamma, NULL, NULL, NULL), of_beta = device_places_of(beta, NULL, NULL, NULL);
	device_Vector rows_of_w[DEVICE_FEW];
	const device_FewIncoming in = { above_dy, y, rows_of_w };
	device_load_few_rows(rows_of_w, above, outputs, panel, above_w);
	device_few_backward_update(&device_few_relu_bwd, device_numbers_of(0.0f, 0.0f), &device_sgd_next, 0, above,
		rows, inputs, numbers, &of_w, &of_gamma, &of_beta, &in, rstd, centred, moments);
}

/* activations and their derivatives, and the sum of two activations, over a panel. */

DEVICE_INLINE void device_values(device_Value *value, const int weight, device_Numbers numbers, int rows, float *y, const float *x)
{
	const ptrdiff_t size = (ptrdiff_t)rows * DEVICE_LANES;
	if (weight == DEVICE_HEAVY) {
		for (ptrdiff_t i = 0; i < size; i += DEVICE_LANES)
			device_store_lanes(y + i, value(device_load_lanes(x + i), numbers));
		return;
	}
	DEVICE_UNROLL_4
	for (ptrdiff_t i = 0; i < size; i += DEVICE_LANES)
		device_store_lanes(y + i, value(device_load_lanes(x + i), numbers));
}

static void device_relu(int rows, float *y, const float *x)
{
	device_values(&device_relu_value, DEVICE_LIGHT, device_numbers_of(0.0f, 0.0f), rows, y, x);
}

/* mean losses over a batch, and their gradients. */

/* The labels of the first `rows` lanes; the other lanes are -1. */
DEVICE_INLINE device_Mask device_load_labels(const int32_t *label, int rows)
{
	(void)rows;
	return *label;
}

/* A sum of losses. If it overflows, `exact` becomes NaN, since it subtracts infinity from infinity, and `plain` becomes
 * infinite. */
typedef struct device_LossSum { device_Total exact; device_Vector plain; } device_LossSum;

DEVICE_INLINE void device_loss_add(device_LossSum *sum, device_Vector loss)
{
	device_total_add(&sum->exact, loss);
	sum->plain += loss;
}

DEVICE_INLINE float device_loss_mean(const device_LossSum *sum, float share)
{
	const float exact = device_total_of_lanes(&sum->exact);
	return (exact - exact == 0.0f ? exact : device_lane_sum(sum->plain)) * share;
}

/* What is summed over blocks of rows: the losses, and 1 for each row that was predicted correctly. */
typedef struct device_Score { device_LossSum loss; device_Vector hits; } device_Score;

DEVICE_INLINE device_Score device_score_none(void)
{
	const device_Score none = { { { device_splat(0.0f), device_splat(0.0f) }, device_splat(0.0f) }, device_splat(0.0f) };
	return none;
}

/* `loss` is NaN if one of the logits is. */
DEVICE_INLINE void device_add_score(device_Score *score, device_Mask used, device_Mask right, device_Vector loss)
{
	device_loss_add(&score->loss, device_choose(used, loss, device_splat(0.0f)));
	score->hits += device_choose(right & (loss == loss), device_splat(1.0f), device_splat(0.0f));
}

DEVICE_INLINE void device_store_score(const device_Score *score, float share, float *loss, float *correct)
{
	*loss = device_loss_mean(&score->loss, share);
	*correct = device_lane_sum(score->hits);
}

/* The largest logit of each row, that of its label, and whether they are one. */
typedef struct device_Peak { device_Vector highest, chosen; device_Mask right; } device_Peak;

/* Leaves the logits of the last panel in `column`. */
DEVICE_INLINE device_Peak device_find_peak(device_Vector *column, int features, ptrdiff_t stride, const float *x, int rows, device_Mask wanted)
{
	device_Peak peak;
	peak.highest = device_splat(-INFINITY);
	peak.chosen = device_splat(0.0f);
	peak.right = wanted == 0;
	for (int panel = 0; panel < device_panel_count(features); panel++) {
		const int columns = device_smaller(features - panel * DEVICE_LANES, DEVICE_LANES);
		device_load_columns(column, x + panel * stride, rows, columns);
		for (int i = 0; i < columns; i++) {
			const int32_t index = panel * DEVICE_LANES + i;
			const device_Mask higher = column[i] > peak.highest;
			peak.highest = device_choose(higher, column[i], peak.highest);
			peak.right = (higher & (wanted == index)) | (~higher & peak.right);
			peak.chosen = device_choose(wanted == index, column[i], peak.chosen);
		}
	}
	return peak;
}

/* Rows run across the lanes: a vector holds one class of LANES samples. With the logits z, their maximum m and s the
 * sum of exp(z - m): loss = log(s) + m - z[label], dz = (exp(z - m) / s - (1 at the label, else 0)) / rows. */
static void device_cross_entropy(int rows, int features, float *loss, float *correct, float *dx, const float *x,
	const int32_t *label)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * DEVICE_LANES;
	const int panels = device_panel_count(features);
	const float share = 1.0f / (float)rows;
	device_Score score = device_score_none();
	for (int row = 0; row < rows; row += DEVICE_LANES) {
		const ptrdiff_t block = (ptrdiff_t)row * DEVICE_LANES;
		const int block_rows = device_smaller(rows - row, DEVICE_LANES);
		const device_Mask wanted = device_load_labels(label + row, block_rows);
		device_Vector column[DEVICE_LANES];

		const device_Peak peak = device_find_peak(column, features, stride, x + block, block_rows, wanted);
		device_Vector sum = device_splat(0.0f);
		for (int panel = 0; panel < panels; panel++) {
			const int columns = device_smaller(features - panel * DEVICE_LANES, DEVICE_LANES);
			if (panels > 1)
				device_load_columns(column, x + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				column[i] = device_vector_exp(column[i] - peak.highest);
				sum += column[i];
			}
			if (panels > 1)
				device_store_columns(dx + panel * stride + block, column, block_rows, columns);
		}
		const device_Vector scale = share / sum;
		for (int panel = 0; panel < panels; panel++) {
			const int columns = device_smaller(features - panel * DEVICE_LANES, DEVICE_LANES);
			if (panels > 1)
				device_load_columns(column, dx + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				const int32_t index = panel * DEVICE_LANES + i;
				column[i] = column[i] * scale - device_choose(wanted == index, device_splat(share), device_splat(0.0f));
			}
			device_store_columns(dx + panel * stride + block, column, block_rows, columns);
		}
		device_add_score(&score, wanted >= 0, peak.right, device_vector_log(sum) + (peak.highest - peak.chosen));
	}
	device_store_score(&score, share, loss, correct);
}

/* the update of a whole panel of `size` floats, a multiple of LANES. */

DEVICE_INLINE void device_update_panel(device_Next *next, const int states, int size, const float *numbers, float *w, float *first,
	float *second, float *third, const float *dw)
{
	const device_Places places = device_places_of(w, first, second, third);
	float own[DEVICE_NUMBERS];     /* a copy that no store to weights can change, so it stays in registers */
	DEVICE_UNROLL
	for (int i = 0; i < DEVICE_NUMBERS; i++)
		own[i] = numbers[i];
	for (int i = 0; i < size; i += DEVICE_LANES)
		device_update_vector(next, states, own, places.at, i, device_load_lanes(dw + i));
}

static void device_sgd(int size, const float *numbers, float *w, float *first, float *second, float *third,
	const float *dw)
{
	device_update_panel(&device_sgd_next, 0, size, numbers, w, first, second, third, dw);
}

static void device_count(int64_t *n)
{
	*n += 1;
}

/* copies between row-major tables and panels. */

static void device_gather(int rows, int features, float *y, const float *table, const int32_t *index)
{
	for (int row = 0; row < rows; row++) {
		const float *source = table + (ptrdiff_t)(index ? index[row] : row) * features;
		float *panel = y + (ptrdiff_t)row * DEVICE_LANES;
		int feature = 0;
		for (; feature + DEVICE_LANES <= features; feature += DEVICE_LANES, panel += (ptrdiff_t)rows * DEVICE_LANES)
			device_store_lanes(panel, device_load_lanes(source + feature));
		if (feature < features) {
			device_store_lanes(panel, device_splat(0.0f));
			for (int lane = 0; feature + lane < features; lane++)
				panel[lane] = source[feature + lane];
		}
	}
}

static void device_scatter(int rows, int features, float *table, const float *x)
{
	for (int row = 0; row < rows; row++) {
		float *destination = table + (ptrdiff_t)row * features;
		const float *panel = x + (ptrdiff_t)row * DEVICE_LANES;
		int feature = 0;
		for (; feature + DEVICE_LANES <= features; feature += DEVICE_LANES, panel += (ptrdiff_t)rows * DEVICE_LANES)
			device_store_lanes(destination + feature, device_load_lanes(panel));
		for (int lane = 0; feature + lane < features; lane++)
			destination[feature + lane] = panel[lane];
	}
}

/* ---- tensors */

const device_tensor device_tensors[DEVICE_TENSORS] = {
	{ "0.weight", DEVICE_PARAMETER, 2, { 64, 2 }, offsetof(device, weight_0) },
	{ "0.bias", DEVICE_PARAMETER, 1, { 64, 1 }, offsetof(device, bias_0) },
	{ "1.weight", DEVICE_PARAMETER, 1, { 64, 1 }, offsetof(device, weight_1) },
	{ "1.bias", DEVICE_PARAMETER, 1, { 64, 1 }, offsetof(device, bias_1) },
	{ "1.running_mean", DEVICE_STATISTIC, 1, { 64, 1 }, offsetof(device, running_mean_1) },
	{ "1.running_var", DEVICE_STATISTIC, 1, { 64, 1 }, offsetof(device, running_var_1) },
	{ "1.num_batches_tracked", DEVICE_STATISTIC, 0, { 1, 1 }, offsetof(device, num_batches_tracked_1) },
	{ "3.weight", DEVICE_PARAMETER, 2, { 2, 64 }, offsetof(device, weight_3) },
	{ "3.bias", DEVICE_PARAMETER, 1, { 2, 1 }, offsetof(device, bias_3) },
};

/* Where a value of a row-major tensor is in its panels. */
static size_t device_place(int32_t feature, int32_t input, int32_t inputs)
{
	return ((size_t)(feature / DEVICE_LANES) * (size_t)inputs + (size_t)input) * DEVICE_LANES + (size_t)(feature % DEVICE_LANES);
}

void device_get(const device *net, const device_tensor *tensor, float *values)
{
	const float *panels = (const float *)(const void *)((const unsigned char *)net + tensor->offset);
	for (int32_t feature = 0; feature < tensor->shape[0]; feature++)
		for (int32_t input = 0; input < tensor->shape[1]; input++)
			*values++ = panels[device_place(feature, input, tensor->shape[1])];
}

void device_set(device *net, const device_tensor *tensor, const float *values)
{
	float *panels = (float *)(void *)((unsigned char *)net + tensor->offset);
	for (int32_t feature = 0; feature < tensor->shape[0]; feature++)
		for (int32_t input = 0; input < tensor->shape[1]; input++)
			panels[device_place(feature, input, tensor->shape[1])] = *values++;
}

/* ---- prediction */

static void device_predict_batch(device *net, const float *inputs, float *outputs, int rows)
{
	const int panel = rows;
	float *const y_0 = net->work + 512;	/* one panel */
	float *const y_1 = net->work + 512;	/* one panel */
	float *const y_2 = net->work + 0;
	float *const y = net->work + 528;

	device_gather(rows, 2, net->x, inputs, NULL);

	/* 0 linear, 1 batchnorm, 2 relu: 64 features */
	for (int p = 0; p < 64; p++) {
		device_linear(rows, 64, 2, y_0, net->x, net->weight_0 + 2 * p, net->bias_0 + p);
		device_batchnorm_predict(rows, 1e-05f, y_1, y_0, net->running_mean_1 + p, net->running_var_1 + p,
			net->weight_1 + p, net->bias_1 + p);
		device_relu(rows, y_2 + panel * p, y_1);
	}

	/* 3 linear: 2 features */
	for (int p = 0; p < 2; p++) {
		device_linear(rows, 2, 64, y + panel * p, y_2, net->weight_3 + 64 * p, net->bias_3 + p);
	}

	device_scatter(rows, 2, outputs, y);
}

void device_predict(device *net, const float *x, float *y, int rows)
{
	for (; rows > 0; rows -= DEVICE_MAX_BATCH, x += DEVICE_MAX_BATCH * DEVICE_INPUTS, y += DEVICE_MAX_BATCH * DEVICE_OUTPUTS)
		device_predict_batch(net, x, y, rows < DEVICE_MAX_BATCH ? rows : DEVICE_MAX_BATCH);
}

int32_t device_classify(const float *y)
{
	int32_t best = 0;
	for (int32_t i = 1; i < DEVICE_OUTPUTS; i++)
		best = y[i] > y[best] ? i : best;
	return best;
}

/* ---- training */

float device_train(device *net, const float *x, const int32_t *label, int rows, float lr)
{
	if (rows < DEVICE_MIN_BATCH || rows > DEVICE_MAX_BATCH)
		return NAN;
	for (int row = 0; row < rows; row++)
		if (label[row] < 0 || label[row] >= DEVICE_OUTPUTS)
			return NAN;
	const int panel = rows;
	float *const x_centred = net->work + 64;
	float *const x_moments = net->work + 0;
	float *const y_2 = net->work + 80;
	float *const rstd_1 = net->work + 592;
	float *const y_3 = net->work + 656;
	float *const numbers = net->work + 672;
	float *const dy_3 = net->work + 688;
	float loss, correct;

	device_gather(rows, 2, net->x, x, NULL);

	/* 0 linear */
	device_centre(rows, 2, x_centred, x_moments, net->x);

	/* 0 linear, 1 batchnorm, 2 relu: 64 features */
	for (int p = 0; p < 64; p++) {
		device_linear_batchnorm_relu(rows, 64, 2, 1e-05f, 0.9f, 0.1f, y_2 + panel * p, 0, rstd_1 + p, net->running_mean_1 + p,
			net->running_var_1 + p, x_centred, x_moments, net->weight_0 + 2 * p, net->bias_0 + p,
			net->weight_1 + p, net->bias_1 + p);
	}

	/* 1 batchnorm */
	device_count(&net->num_batches_tracked_1);

	/* 3 linear: 2 features */
	for (int p = 0; p < 2; p++) {
		device_linear(rows, 2, 64, y_3 + panel * p, y_2, net->weight_3 + 64 * p, net->bias_3 + p);
	}

	/* sgd */
	device_sgd_numbers(numbers, lr, 0.0f);

	/* cross_entropy */
	device_cross_entropy(rows, 2, &loss, &correct, dy_3, y_3, label);

	/* 3 linear, 2 relu, 1 batchnorm, 0 linear: 64 features */
	for (int p = 0; p < 64; p++) {
		device_linear_batchnorm_relu_linear_bwd_sgd(rows, 64, 2, p, 2, numbers, net->weight_0 + 2 * p, net->weight_1 + p, net->bias_1 + p,
			y_2 + panel * p, rstd_1 + p, x_centred, x_moments, dy_3, net->weight_3);
	}

	/* 3 linear: 2 features */
	for (int p = 0; p < 2; p++) {
		device_linear_dw_update(rows, 2, 64, device_sgd, numbers, net->weight_3 + 64 * p, 0, 0, 0, net->bias_3 + p,
			0, 0, 0, y_2, dy_3 + panel * p);
	}
	return loss;
}

/* ---- initial weights */

/* MT19937 (Matsumoto and Nishimura, 1998). Its words are kept in memory meant for floats, so they are copied. */
enum { DEVICE_WORDS = 624, DEVICE_SHIFT = 397 };

typedef struct device_Generator { float *words; int position; } device_Generator;

static uint32_t device_word(const device_Generator *generator, int i)
{
	uint32_t word;
	memcpy(&word, generator->words + i, sizeof word);
	return word;
}

static void device_set_word(device_Generator *generator, int i, uint32_t word)
{
	memcpy(generator->words + i, &word, sizeof word);
}

static void device_seed(device_Generator *generator, uint32_t seed)
{
	device_set_word(generator, 0, seed);
	for (int i = 1; i < DEVICE_WORDS; i++) {
		seed = UINT32_C(1812433253) * (seed ^ (seed >> 30)) + (uint32_t)i;
		device_set_word(generator, i, seed);
	}
	generator->position = DEVICE_WORDS;
}

static uint32_t device_random(device_Generator *generator)
{
	if (generator->position == DEVICE_WORDS) {
		for (int i = 0; i < DEVICE_WORDS; i++) {
			const uint32_t bits = (device_word(generator, i) & UINT32_C(0x80000000))
				| (device_word(generator, (i + 1) % DEVICE_WORDS) & UINT32_C(0x7fffffff));
			const uint32_t twist = (bits & 1) ? UINT32_C(0x9908b0df) : 0;
			device_set_word(generator, i, device_word(generator, (i + DEVICE_SHIFT) % DEVICE_WORDS) ^ (bits >> 1) ^ twist);
		}
		generator->position = 0;
	}
	uint32_t word = device_word(generator, generator->position++);
	word ^= word >> 11;
	word ^= (word << 7) & UINT32_C(0x9d2c5680);
	word ^= (word << 15) & UINT32_C(0xefc60000);
	return word ^ (word >> 18);
}

/* Numbers from -bound to bound, as torch.nn.init.uniform_ draws them from 24 bits each. */
static void device_uniform(device_Generator *generator, float *panels, int features, int inputs, float bound)
{
	for (int feature = 0; feature < features; feature++)
		for (int input = 0; input < inputs; input++) {
			const int32_t bits = (int32_t)(device_random(generator) & 0xffffff) - 0x800000;
			panels[device_place(feature, input, inputs)] = bound * ((float)bits / 8388608.0f);
		}
}

static void device_fill(float *panel, int features, float value)
{
	for (int feature = 0; feature < features; feature++)
		panel[feature] = value;
}

void device_init(device *net, uint64_t seed)
{
	device_Generator generator = { net->work, 0 };

	memset(net, 0, sizeof *net);
	device_seed(&generator, (uint32_t)seed);
	device_uniform(&generator, net->weight_0, 64, 2, 0.70710677f);
	device_uniform(&generator, net->bias_0, 64, 1, 0.70710677f);
	device_fill(net->weight_1, 64, 1.0f);
	device_fill(net->running_var_1, 64, 1.0f);
	device_uniform(&generator, net->weight_3, 2, 64, 0.125f);
	device_uniform(&generator, net->bias_3, 2, 1, 0.125f);
	memset(net->work, 0, sizeof net->work);
}

/* ---- saving: numbers are written byte by byte, the lowest first */

enum { DEVICE_SAVE_HEADER = 16 };
static const uint32_t device_magic = UINT32_C(0x31434e42);       /* "BNC1" */
static const uint32_t device_layout = UINT32_C(0x8cfa10ee);      /* of the tensors' names and shapes */

static unsigned char *device_write_word(unsigned char *to, uint32_t word)
{
	for (int i = 0; i < 4; i++, word >>= 8)
		*to++ = (unsigned char)(word & 0xff);
	return to;
}

static uint32_t device_read_word(const unsigned char *from)
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* CRC-32, that of zip and Ethernet. */
static uint32_t device_check_sum(const unsigned char *from, size_t size)
{
	uint32_t sum = UINT32_C(0xffffffff);
	for (size_t i = 0; i < size; i++) {
		sum ^= from[i];
		for (int bit = 0; bit < 8; bit++)
			sum = (sum >> 1) ^ (UINT32_C(0xedb88320) & (0 - (sum & 1)));
	}
	return ~sum;
}

size_t device_save(const device *net, void *buffer, size_t size)
{
	unsigned char *const begin = (unsigned char *)buffer;
	unsigned char *to = begin + DEVICE_SAVE_HEADER;

	if (size < DEVICE_SAVE_BYTES)
		return 0;
	for (int i = 0; i < DEVICE_TENSORS; i++) {
		const device_tensor *tensor = &device_tensors[i];
		const unsigned char *const from = (const unsigned char *)net + tensor->offset;
		if (tensor->rank == 0) {
			uint64_t count;
			memcpy(&count, from, sizeof count);
			to = device_write_word(to, (uint32_t)(count & UINT32_C(0xffffffff)));
			to = device_write_word(to, (uint32_t)(count >> 32));
			continue;
		}
		for (int32_t feature = 0; feature < tensor->shape[0]; feature++)
			for (int32_t input = 0; input < tensor->shape[1]; input++) {
				uint32_t word;
				memcpy(&word, from + 4 * device_place(feature, input, tensor->shape[1]), sizeof word);
				to = device_write_word(to, word);
			}
	}
	to = device_write_word(begin, device_magic);
	to = device_write_word(to, device_layout);
	to = device_write_word(to, DEVICE_SAVE_BYTES - DEVICE_SAVE_HEADER);
	device_write_word(to, device_check_sum(begin + DEVICE_SAVE_HEADER, DEVICE_SAVE_BYTES - DEVICE_SAVE_HEADER));
	return DEVICE_SAVE_BYTES;
}

device_load_result device_load(device *net, const void *buffer, size_t size)
{
	const unsigned char *from = (const unsigned char *)buffer;

	if (size < DEVICE_SAVE_HEADER)
		return DEVICE_LOAD_SHORT;
	if (device_read_word(from) != device_magic || device_read_word(from + 4) != device_layout
		|| device_read_word(from + 8) != DEVICE_SAVE_BYTES - DEVICE_SAVE_HEADER)
		return DEVICE_LOAD_FOREIGN;
	if (size < DEVICE_SAVE_BYTES)
		return DEVICE_LOAD_SHORT;
	if (device_check_sum(from + DEVICE_SAVE_HEADER, DEVICE_SAVE_BYTES - DEVICE_SAVE_HEADER) != device_read_word(from + 12))
		return DEVICE_LOAD_DAMAGED;
	from += DEVICE_SAVE_HEADER;
	memset(net, 0, sizeof *net);
	for (int i = 0; i < DEVICE_TENSORS; i++) {
		const device_tensor *tensor = &device_tensors[i];
		unsigned char *const to = (unsigned char *)net + tensor->offset;
		if (tensor->rank == 0) {
			const uint64_t count = device_read_word(from) | (uint64_t)device_read_word(from + 4) << 32;
			memcpy(to, &count, sizeof count);
			from += 8;
			continue;
		}
		for (int32_t feature = 0; feature < tensor->shape[0]; feature++)
			for (int32_t input = 0; input < tensor->shape[1]; input++, from += 4) {
				const uint32_t word = device_read_word(from);
				memcpy(to + 4 * device_place(feature, input, tensor->shape[1]), &word, sizeof word);
			}
	}
	return DEVICE_LOAD_OK;
}

#if defined __clang__ && __clang_major__ >= 13
#pragma STDC FP_CONTRACT DEFAULT
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wignored-pragmas"
#pragma float_control(pop)
#pragma clang diagnostic pop
#elif defined __GNUC__ && !defined __clang__ && !defined __TINYC__
#pragma GCC pop_options
#elif !defined __TINYC__
#pragma STDC FP_CONTRACT DEFAULT
#endif
