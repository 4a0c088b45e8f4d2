/* few.c: linear, batchnorm and relu where linear has few inputs. Then nothing but sums over the inputs is needed to know the
 * statistics of every feature: with d = x - mean(x) and C = mean(d d'), linear's result z = x W + b has
 *
 *   mean(z) = mean(x) W + b,   var(z) = w' C w,   xhat = d (w rstd)
 *
 * so forward is one pass over the rows of a panel. Backward needs no dz either: as the sums of dz and xhat over the rows are 0,
 *
 *   dW = sum(x dz) = gamma rstd (sum(d dy) - mean(dy xhat) sum(d xhat)),   sum(d xhat) = rows C w rstd
 *
 * and dgamma, dbeta and dW come from one pass as well, which does not see xhat: mean(dy xhat) = mean(d dy)' (w rstd). */
#include "columns.h"
#include "descent.h"
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

/* Row `row` of the inputs times a weight of each. */
INLINE Vector few_product(const int inputs, int rows, int row, const float *x, const Vector *w)
{
	Vector sum = w[0] * x[entry(rows, row, 0)];
	UNROLL
	for (int i = 1; i < inputs; i++)
		sum += w[i] * x[entry(rows, row, i)];
	return sum;
}

INLINE void few_forward(const int inputs, int rows, float eps, float momentum, float *y, float *normal, float *rstd, float *mean, float *var,
	const float *centred, const float *moments, const float *w, const float *b, const float *gamma, const float *beta)
{
	Vector spread[FEW], scaled[FEW], variance, centre;
	feature_moments(inputs, spread, &variance, &centre, moments, w, b);
	const Vector scale = 1.0f / square_root(variance + eps);
	const Vector y_scale = gamma ? load(gamma) : splat(1.0f), y_shift = beta ? load(beta) : splat(0.0f);
	UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] = load(w + i * LANES) * scale;
	if (normal) {
		UNROLL_4
		for (int row = 0; row < rows; row++)
			store(normal + (ptrdiff_t)row * LANES, few_product(inputs, rows, row, centred, scaled));
	}
	UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] *= y_scale;
	UNROLL_4
	for (int row = 0; row < rows; row++) {
		const Vector value = few_product(inputs, rows, row, centred, scaled) + y_shift;
		store(y + (ptrdiff_t)row * LANES, choose(value < 0.0f, splat(0.0f), value));
	}
	const float unbiased = rows > 1 ? (float)rows / (float)(rows - 1) : 0.0f;
	store(rstd, scale);
	store(mean, load(mean) * (1.0f - momentum) + centre * momentum);
	store(var, load(var) * (1.0f - momentum) + variance * (unbiased * momentum));
}

/* Sums over rows of dy, and of dy times each input. */
typedef struct FewSums { Vector dy, against[FEW]; } FewSums;

INLINE void add_row(const int inputs, FewSums *sums, int rows, int row, Vector dy, const float *y, const float *centred)
{
	const Vector gradient = choose(load(y + (ptrdiff_t)row * LANES) > 0.0f, dy, splat(0.0f));
	sums->dy += gradient;
	UNROLL
	for (int i = 0; i < inputs; i++)
		sums->against[i] += gradient * centred[entry(rows, row, i)];
}

/* Parameters and gradient of a panel; what becomes of dy is the same wherever it comes from. */
typedef struct FewPanel { Descent descent; float *w, *gamma, *beta; const float *rstd, *moments; } FewPanel;

INLINE void few_descent(const int inputs, const FewSums *sums, const FewPanel *panel)
{
	Vector spread[FEW], old[FEW], variance, centre;
	feature_moments(inputs, spread, &variance, &centre, panel->moments, panel->w, 0);
	const Vector rstd = load(panel->rstd);
	Vector along = splat(0.0f);
	UNROLL
	for (int i = 0; i < inputs; i++) {
		old[i] = load(panel->w + i * LANES);
		along += sums->against[i] * (old[i] * rstd);
	}
	const Vector scale = panel->gamma ? load(panel->gamma) * rstd : rstd;
	UNROLL
	for (int i = 0; i < inputs; i++)
		store(panel->w + i * LANES, descend(old[i], (sums->against[i] - along * (spread[i] * rstd)) * scale, &panel->descent));
	if (panel->gamma)
		store(panel->gamma, descend(load(panel->gamma), along, &panel->descent));
	if (panel->beta)
		store(panel->beta, descend(load(panel->beta), sums->dy, &panel->descent));
}

/* dy is given, or with `above` outputs made from their gradients and weights: above_w, a vector each. Two chains of sums. */
INLINE void few_backward(const int inputs, const int above, int rows, const float *dy, const Vector *above_w, const float *y, const float *centred,
	const FewPanel *panel)
{
	FewSums sums[2];
	UNROLL
	for (int strand = 0; strand < 2; strand++) {
		sums[strand].dy = splat(0.0f);
		UNROLL
		for (int i = 0; i < inputs; i++)
			sums[strand].against[i] = splat(0.0f);
	}
#define INCOMING(row) (above ? few_product(above, rows, row, dy, above_w) : load(dy + (ptrdiff_t)(row) * LANES))
	int row = 0;
	for (; row + 2 <= rows; row += 2) {
		add_row(inputs, &sums[0], rows, row, INCOMING(row), y, centred);
		add_row(inputs, &sums[1], rows, row + 1, INCOMING(row + 1), y, centred);
	}
	if (row < rows)
		add_row(inputs, &sums[0], rows, row, INCOMING(row), y, centred);
#undef INCOMING
	sums[0].dy += sums[1].dy;
	UNROLL
	for (int i = 0; i < inputs; i++)
		sums[0].against[i] += sums[1].against[i];
	few_descent(inputs, &sums[0], panel);
}

static void KERNEL_FN(centre)(int rows, int inputs, float *centred, float *moments, const float *x)
{
	FOR_FEW(INPUTS, inputs, centre_rows(INPUTS, rows, centred, moments, x))
}

static void KERNEL_FN(linear_batchnorm_relu)(int rows, int outputs, int inputs, float eps, float momentum, float *y, float *normal, float *rstd,
	float *mean, float *var, const float *centred, const float *moments, const float *w, const float *b, const float *gamma, const float *beta)
{
	(void)outputs;
	FOR_FEW(INPUTS, inputs, few_forward(INPUTS, rows, eps, momentum, y, normal, rstd, mean, var, centred, moments, w, b, gamma, beta))
}

static void KERNEL_FN(linear_batchnorm_relu_bwd_sgd)(int rows, int outputs, int inputs, float lr, float weight_decay, float *w, float *gamma,
	float *beta, const float *dy, const float *y, const float *rstd, const float *centred, const float *moments)
{
	const FewPanel own = { { lr, weight_decay }, w, gamma, beta, rstd, moments };
	(void)outputs;
	FOR_FEW(INPUTS, inputs, few_backward(INPUTS, 0, rows, dy, NULL, y, centred, &own))
}

INLINE void behind_linear(const int above, int rows, int inputs, const float *dy, const Vector *above_w, const float *y, const float *centred,
	const FewPanel *panel)
{
	FOR_FEW(INPUTS, inputs, few_backward(INPUTS, above, rows, dy, above_w, y, centred, panel))
}

static void KERNEL_FN(linear_batchnorm_relu_linear_bwd_sgd)(int rows, int outputs, int inputs, int panel, int above, float lr, float weight_decay,
	float *w, float *gamma, float *beta, const float *y, const float *rstd, const float *centred, const float *moments, const float *above_dy,
	const float *above_w)
{
	const FewPanel own = { { lr, weight_decay }, w, gamma, beta, rstd, moments };
	Vector rows_of_w[FEW];
	load_few_rows(rows_of_w, above, outputs, panel, above_w);
	FOR_FEW(ABOVE, above, behind_linear(ABOVE, rows, inputs, above_dy, rows_of_w, y, centred, &own))
}
