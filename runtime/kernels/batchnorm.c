/* batchnorm.c: batch normalisation of one panel. Sums over rows are split into STRANDS independent sums, so that an
 * addition need not wait for the result of the previous one. */
#include "activations.h"
#include "sums.h"

enum { STRANDS = 4 };

INLINE Vector strand_sum(const Vector strand[STRANDS])
{
	return (strand[0] + strand[1]) + (strand[2] + strand[3]);
}

/* Approximately mean(x), as shift + mean(x - shift). The shift is the first row, so the result is exact for a constant
 * column with any number of rows. */
INLINE Vector approximate_mean(int rows, const real *x)
{
	const Vector shift = load(x);
	Vector sum[STRANDS] = {0};
	int row = 0;
	for (; row + STRANDS <= rows; row += STRANDS)
		UNROLL
		for (int strand = 0; strand < STRANDS; strand++)
			sum[strand] += load(x + (ptrdiff_t)(row + strand) * LANES) - shift;
	for (; row < rows; row++)
		sum[0] += load(x + (ptrdiff_t)row * LANES) - shift;
	return shift + strand_sum(sum) * (1.0f / (real)rows);
}

/* xhat = (x - centre) scale - shift */
typedef struct Normal { Vector centre, scale, shift; } Normal;

/* Computes rstd and updates the running mean and variance; `kept` is 1 - momentum. With m close to the mean, d = x - m
 * and c = mean(d), the mean is m + c and the variance mean(d^2) - c^2. As c is about as large as a rounding error of m,
 * that subtraction loses no digits, however large the mean is. */
INLINE Normal batch_statistics(int rows, real eps, real kept, real momentum, real *rstd, real *mean, real *var,
	const real *x)
{
	const real share = 1.0f / (real)rows;
	const Vector m = approximate_mean(rows, x);
	Total all = total_none(), squares_of_all = total_none();
	int row = 0;
	do {
		const int end = smaller(rows, row + ROW_BLOCK);
		Vector sum[STRANDS] = {0}, square_sum[STRANDS] = {0};
		for (; row + STRANDS <= end; row += STRANDS)
			UNROLL
			for (int strand = 0; strand < STRANDS; strand++) {
				const Vector d = load(x + (ptrdiff_t)(row + strand) * LANES) - m;
				sum[strand] += d;
				square_sum[strand] += d * d;
			}
		for (; row < end; row++) {
			const Vector d = load(x + (ptrdiff_t)row * LANES) - m;
			sum[0] += d;
			square_sum[0] += d * d;
		}
		total_add_block(&all, strand_sum(sum), end <= ROW_BLOCK);
		total_add_block(&squares_of_all, strand_sum(square_sum), end <= ROW_BLOCK);
	} while (row < rows);
	const Vector total = all.sum;
	const Vector c = total * share;
	Vector squares = squares_of_all.sum - total * c;
	squares = choose(squares < 0.0f, splat(0.0f), squares);
	const Vector scale = 1.0f / square_root(squares * share + eps);
	const real unbiased = rows > 1 ? 1.0f / (real)(rows - 1) : 0.0f;
	store(rstd, scale);
	store(mean, load(mean) * kept + (m + c) * momentum);
	store(var, load(var) * kept + squares * unbiased * momentum);
	const Normal normal = { m, scale, c * scale };
	return normal;
}

/* Writes xhat, and the activation of xhat gamma + beta. */
INLINE void normalise(Value *value, Numbers numbers, int rows, const Normal *normal, real *y, real *xhat,
	const real *x, const real *gamma, const real *beta)
{
	const Vector scale = gamma ? load(gamma) : splat(1.0f);
	const Vector shift = beta ? load(beta) : splat(0.0f);
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) {
		const Vector normalised = (load(x + i) - normal->centre) * normal->scale - normal->shift;
		store(xhat + i, normalised);
		store(y + i, value(normalised * scale + shift, numbers));
	}
}

static void KERNEL_FN(batchnorm)(int rows, real eps, real kept, real momentum, real *xhat, real *rstd, real *mean,
	real *var, const real *x)
{
	const Normal normal = batch_statistics(rows, eps, kept, momentum, rstd, mean, var, x);
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(xhat + i, (load(x + i) - normal.centre) * normal.scale - normal.shift);
}

static void KERNEL_FN(scale_shift)(int rows, real *y, const real *x, const real *gamma, const real *beta)
{
	const Vector scale = gamma ? load(gamma) : splat(1.0f);
	const Vector shift = beta ? load(beta) : splat(0.0f);
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, load(x + i) * scale + shift);
}

/* Not computed as x * scale + (beta - mean * scale): that would lose the digits that x and a large mean have in
 * common. */
static void KERNEL_FN(batchnorm_predict)(int rows, real eps, real *y, const real *x, const real *mean,
	const real *var, const real *gamma, const real *beta)
{
	const Vector centre = load(mean);
	const Vector scale = (gamma ? load(gamma) : splat(1.0f)) / square_root(load(var) + eps);
	const Vector shift = beta ? load(beta) : splat(0.0f);
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, (load(x + i) - centre) * scale + shift);
}

/* What dz, the gradient before the activation, is computed from: dy, and either y or the activation's input, which is
 * recomputed from xhat. */
typedef struct Incoming {
	const real *dy, *y, *xhat;
	Vector gamma, beta;
} Incoming;

INLINE Vector incoming(Slope *slope, const int from, Numbers numbers, const Incoming *rows, ptrdiff_t i)
{
	if (slope == &identity_slope)
		return load(rows->dy + i);
	return slope(load(rows->dy + i), from == OUTPUT ? load(rows->y + i) : load(rows->xhat + i) * rows->gamma
		+ rows->beta, numbers);
}

/* dx = gamma rstd (dz - mean(dz) - xhat mean(dz xhat)), where dz is the gradient before the activation. */
INLINE void batchnorm_gradient(Slope *slope, const int from, Numbers numbers, int rows, real *dx, real *dgamma,
	real *dbeta, const real *dy, const real *y, const real *xhat, const real *rstd, const real *gamma,
	const real *beta)
{
	Incoming in;
	in.dy = dy;
	in.y = y;
	in.xhat = xhat;
	in.gamma = gamma ? load(gamma) : splat(1.0f);
	in.beta = beta ? load(beta) : splat(0.0f);
	Total all = total_none(), products_of_all = total_none();
	int row = 0;
	do {
		const int end = smaller(rows, row + ROW_BLOCK);
		Vector sum[STRANDS] = {0}, product_sum[STRANDS] = {0};
		for (; row + STRANDS <= end; row += STRANDS)
			UNROLL
			for (int strand = 0; strand < STRANDS; strand++) {
				const ptrdiff_t i = (ptrdiff_t)(row + strand) * LANES;
				const Vector dz = incoming(slope, from, numbers, &in, i);
				sum[strand] += dz;
				product_sum[strand] += dz * load(xhat + i);
			}
		for (; row < end; row++) {
			const ptrdiff_t i = (ptrdiff_t)row * LANES;
			const Vector dz = incoming(slope, from, numbers, &in, i);
			sum[0] += dz;
			product_sum[0] += dz * load(xhat + i);
		}
		total_add_block(&all, strand_sum(sum), end <= ROW_BLOCK);
		total_add_block(&products_of_all, strand_sum(product_sum), end <= ROW_BLOCK);
	} while (row < rows);
	const Vector total = all.sum, product = products_of_all.sum;
	const Vector scale = in.gamma * load(rstd);
	const real share = 1.0f / (real)rows;
	const Vector slope_of_mean = product * share, shift_of_mean = total * share;
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(dx + i, (incoming(slope, from, numbers, &in, i) - shift_of_mean - load(xhat + i) * slope_of_mean)
			* scale);
	if (dgamma)
		store(dgamma, product);
	if (dbeta)
		store(dbeta, total);
}

static void KERNEL_FN(batchnorm_bwd)(int rows, real *dx, real *dgamma, real *dbeta, const real *dy,
	const real *xhat, const real *rstd, const real *gamma)
{
	batchnorm_gradient(&identity_slope, OUTPUT, NONE_NUMBERS, rows, dx, dgamma, dbeta, dy, NULL, xhat, rstd, gamma,
		NULL);
}

#define OUTPUT_OR_BETA_PASSED y, xhat, rstd, gamma, NULL
#define INPUT_OR_BETA_PASSED NULL, xhat, rstd, gamma, beta

#define BATCHNORM_INSTANCE(activation, FROM, NUMBERS) \
	static void KERNEL_FN(batchnorm_##activation)(int rows, NUMBERS##_PARAMETERS real eps, real kept, \
		real momentum, real *y, real *xhat, real *rstd, real *mean, real *var, const real *x, \
		const real *gamma, const real *beta) \
	{ \
		const Normal normal = batch_statistics(rows, eps, kept, momentum, rstd, mean, var, x); \
		normalise(&activation##_value, NUMBERS##_NUMBERS, rows, &normal, y, xhat, x, gamma, beta); \
	} \
	\
	static void KERNEL_FN(batchnorm_##activation##_bwd)(int rows, NUMBERS##_PARAMETERS real *dx, real *dgamma, \
		real *dbeta, const real *dy, FROM##_OR_BETA(const real *, const real *) const real *xhat, \
		const real *rstd, const real *gamma) \
	{ \
		batchnorm_gradient(&activation##_slope, FROM, NUMBERS##_NUMBERS, rows, dx, dgamma, dbeta, dy, \
			FROM##_OR_BETA_PASSED); \
	}
BATCHNORM_INSTANCES(BATCHNORM_INSTANCE)
#undef BATCHNORM_INSTANCE
