/* few.c: linear, batchnorm and relu where linear has few inputs. Then nothing but sums over the inputs is needed to know the
 * statistics of every feature: with d = x - mean(x) and C = mean(d d'), linear's result z = x W + b has
 *
 *   mean(z) = mean(x) W + b,   var(z) = w' C w,   xhat = d (w rstd)
 *
 * so forward is one pass over the rows of a panel. Backward needs no dz either: as the sums of dz and xhat over the rows are 0,
 *
 *   dW = sum(x dz) = gamma rstd (sum(d dy) - mean(dy xhat) sum(d xhat)),   sum(d xhat) = rows C w rstd
 *
 * and dgamma, dbeta and dW come from one pass as well. */
#include "columns.h"
#include "few.h"

/* The inputs of up to LANES rows, a vector each. */
INLINE void load_inputs(const int inputs, Vector *column, const float *x, int rows, int row, int block_rows)
{
#if LANES == 1
	(void)block_rows;
	for (int i = 0; i < inputs; i++)
		column[i] = x[entry(rows, row, i)];
#else
	(void)rows;
	load_few_columns(column, x + (ptrdiff_t)row * LANES, block_rows, inputs);
#endif
}

INLINE void store_inputs(const int inputs, float *x, Vector *column, int rows, int row, int block_rows)
{
#if LANES == 1
	(void)block_rows;
	for (int i = 0; i < inputs; i++)
		x[entry(rows, row, i)] = column[i];
#else
	(void)rows;
	store_columns(x + (ptrdiff_t)row * LANES, column, block_rows, inputs);
#endif
}

/* Means, then covariances of the inputs, and what the rows differ by from the means. Rows run across the lanes. A mean is
 * a float m and what is left of it, c, which matters where it is large. */
INLINE void centre_rows(const int inputs, int rows, float *centred, float *moments, const float *x)
{
	const float share = 1.0f / (float)rows;
	Vector column[FEW], m[FEW], c[FEW], sum[FEW], product[FEW][FEW];
	UNROLL
	for (int i = 0; i < inputs; i++) {
		sum[i] = splat(0.0f);
		UNROLL
		for (int j = 0; j <= i; j++)
			product[i][j] = splat(0.0f);
	}
	for (int row = 0; row < rows; row += LANES) {
		const int block_rows = smaller(rows - row, LANES);
		const Mask used = first_lanes(block_rows);
		load_inputs(inputs, column, x, rows, row, block_rows);
		UNROLL
		for (int i = 0; i < inputs; i++)
			sum[i] += choose(used, column[i] - x[entry(rows, 0, i)], splat(0.0f));
	}
	UNROLL
	for (int i = 0; i < inputs; i++) {
		const float shift = x[entry(rows, 0, i)], above = lane_sum(sum[i]) * share, mean = shift + above, rest = above - (mean - shift);
		moments[i] = mean;
		m[i] = splat(mean);
		c[i] = splat(rest);
	}
	for (int row = 0; row < rows; row += LANES) {
		const int block_rows = smaller(rows - row, LANES);
		const Mask used = first_lanes(block_rows);
		load_inputs(inputs, column, x, rows, row, block_rows);
		UNROLL
		for (int i = 0; i < inputs; i++) {
			column[i] = choose(used, (column[i] - m[i]) - c[i], splat(0.0f));
			UNROLL
			for (int j = 0; j <= i; j++)
				product[i][j] += column[i] * column[j];
		}
		store_inputs(inputs, centred, column, rows, row, block_rows);
	}
	UNROLL
	for (int i = 0; i < inputs; i++)
		UNROLL
		for (int j = 0; j <= i; j++)
			moments[FEW + i * FEW + j] = moments[FEW + j * FEW + i] = lane_sum(product[i][j]) * share;
}

/* What a panel knows of its features before it has seen a row: C w for each input, var and mean. */
INLINE void feature_moments(const int inputs, Vector *spread, Vector *var, Vector *mean, const float *moments, const float *w, const float *b)
{
	*mean = b ? load(b) : splat(0.0f);
	*var = splat(0.0f);
	UNROLL
	for (int i = 0; i < inputs; i++) {
		spread[i] = splat(0.0f);
		UNROLL
		for (int j = 0; j < inputs; j++)
			spread[i] += load(w + j * LANES) * moments[FEW + i * FEW + j];
		*mean += load(w + i * LANES) * moments[i];
		*var += load(w + i * LANES) * spread[i];
	}
	*var = choose(*var < 0.0f, splat(0.0f), *var);
}

INLINE void few_forward(const int inputs, int rows, float eps, float momentum, float *y, float *xhat, float *rstd, float *mean, float *var,
	const float *centred, const float *moments, const float *w, const float *b, const float *gamma, const float *beta)
{
	Vector spread[FEW], scaled[FEW], variance, centre;
	feature_moments(inputs, spread, &variance, &centre, moments, w, b);
	const Vector scale = 1.0f / square_root(variance + eps);
	const Vector y_scale = gamma ? load(gamma) : splat(1.0f), y_shift = beta ? load(beta) : splat(0.0f);
	UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] = load(w + i * LANES) * scale;
	UNROLL_4
	for (int row = 0; row < rows; row++) {
		Vector normal = scaled[0] * centred[entry(rows, row, 0)];
		UNROLL
		for (int i = 1; i < inputs; i++)
			normal += scaled[i] * centred[entry(rows, row, i)];
		const Vector value = normal * y_scale + y_shift;
		store(xhat + (ptrdiff_t)row * LANES, normal);
		store(y + (ptrdiff_t)row * LANES, choose(value < 0.0f, splat(0.0f), value));
	}
	const float unbiased = rows > 1 ? (float)rows / (float)(rows - 1) : 0.0f;
	store(rstd, scale);
	store(mean, load(mean) * (1.0f - momentum) + centre * momentum);
	store(var, load(var) * (1.0f - momentum) + variance * (unbiased * momentum));
}

INLINE void few_backward(const int inputs, int rows, float lr, float weight_decay, float *w, float *dgamma, float *dbeta, const float *dy,
	const float *y, const float *xhat, const float *rstd, const float *gamma, const float *centred, const float *moments)
{
	Vector sum[2] = {0}, along[2] = {0}, against[FEW][2];
	UNROLL
	for (int i = 0; i < inputs; i++)
		against[i][0] = against[i][1] = splat(0.0f);
	int row = 0;
	for (; row + 2 <= rows; row += 2)
		UNROLL
		for (int strand = 0; strand < 2; strand++) {
			const ptrdiff_t at = (ptrdiff_t)(row + strand) * LANES;
			const Vector gradient = choose(load(y + at) > 0.0f, load(dy + at), splat(0.0f));
			sum[strand] += gradient;
			along[strand] += gradient * load(xhat + at);
			UNROLL
			for (int i = 0; i < inputs; i++)
				against[i][strand] += gradient * centred[entry(rows, row + strand, i)];
		}
	if (row < rows) {
		const ptrdiff_t at = (ptrdiff_t)row * LANES;
		const Vector gradient = choose(load(y + at) > 0.0f, load(dy + at), splat(0.0f));
		sum[0] += gradient;
		along[0] += gradient * load(xhat + at);
		UNROLL
		for (int i = 0; i < inputs; i++)
			against[i][0] += gradient * centred[entry(rows, row, i)];
	}
	const Vector product = along[0] + along[1];
	Vector spread[FEW], variance, centre;
	feature_moments(inputs, spread, &variance, &centre, moments, w, 0);
	const Vector scale = gamma ? load(gamma) * load(rstd) : load(rstd);
	UNROLL
	for (int i = 0; i < inputs; i++) {
		const Vector old = load(w + i * LANES);
		const Vector gradient = (against[i][0] + against[i][1] - product * (spread[i] * load(rstd))) * scale;
		store(w + i * LANES, old - (gradient + old * weight_decay) * lr);
	}
	if (dgamma)
		store(dgamma, product);
	if (dbeta)
		store(dbeta, sum[0] + sum[1]);
}

static void KERNEL_FN(centre)(int rows, int inputs, float *centred, float *moments, const float *x)
{
	FOR_FEW(INPUTS, inputs, centre_rows(INPUTS, rows, centred, moments, x))
}

static void KERNEL_FN(linear_batchnorm_relu)(int rows, int outputs, int inputs, float eps, float momentum, float *y, float *xhat, float *rstd,
	float *mean, float *var, const float *centred, const float *moments, const float *w, const float *b, const float *gamma, const float *beta)
{
	(void)outputs;
	FOR_FEW(INPUTS, inputs, few_forward(INPUTS, rows, eps, momentum, y, xhat, rstd, mean, var, centred, moments, w, b, gamma, beta))
}

static void KERNEL_FN(linear_batchnorm_relu_bwd_sgd)(int rows, int outputs, int inputs, float lr, float weight_decay, float *w, float *dgamma,
	float *dbeta, const float *dy, const float *y, const float *xhat, const float *rstd, const float *gamma, const float *centred,
	const float *moments)
{
	(void)outputs;
	FOR_FEW(INPUTS, inputs, few_backward(INPUTS, rows, lr, weight_decay, w, dgamma, dbeta, dy, y, xhat, rstd, gamma, centred, moments))
}
