/* few.c: linear, batchnorm and an activation where linear has few inputs. Then nothing but sums over the inputs is needed to know the
 * statistics of every feature: with d = x - mean(x) and C = mean(d d'), linear's result z = x W + b has
 *
 *   mean(z) = mean(x) W + b,   var(z) = w' C w,   xhat = d (w rstd)
 *
 * so forward is one pass over the rows of a panel. Backward needs no dz either: as the sums of dz and xhat over the rows are 0,
 *
 *   dW = sum(x dz) = gamma rstd (sum(d dy) - mean(dy xhat) sum(d xhat)),   sum(d xhat) = rows C w rstd
 *
 * and dgamma, dbeta and dW come from one pass as well, which does not see xhat: mean(dy xhat) = mean(d dy)' (w rstd).
 *
 * Where inputs nearly go together, as in every batch of two rows, w' C w can be a small difference of large numbers. Then the same is done
 * with other inputs, e, which do not go together: d = L e, and all of the above holds with e for d and L' w for w; dW is L times that of e
 * (docs/batchnorm.md tells what this saves). */
#include "activations.h"
#include "columns.h"
#include "few.h"
#include "optimizers.h"
#include "sums.h"

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
	store_few_columns(x + (ptrdiff_t)row * LANES, column, block_rows, inputs);     /* nobody reads the other lanes */
#endif
}

/* The rows of x less m and c, and the covariances of these. Rows run across the lanes. */
INLINE void centre_at(const int inputs, int rows, float *centred, float *moments, const float *x, const float *m, const float *c)
{
	Total product[FEW][FEW];
	UNROLL
	for (int i = 0; i < inputs; i++)
		UNROLL
		for (int j = 0; j <= i; j++)
			product[i][j] = total_none();
	for (int row = 0; row < rows;) {
		const int end = smaller(rows, row + ROW_BLOCK);
		Vector column[FEW], part[FEW][FEW];
		UNROLL
		for (int i = 0; i < inputs; i++)
			UNROLL
			for (int j = 0; j <= i; j++)
				part[i][j] = splat(0.0f);
		for (; row < end; row += LANES) {
			const int block_rows = smaller(rows - row, LANES);
			const Mask used = first_lanes(block_rows);
			load_inputs(inputs, column, x, rows, row, block_rows);
			UNROLL
			for (int i = 0; i < inputs; i++) {
				column[i] = choose(used, (column[i] - m[i]) - c[i], splat(0.0f));
				UNROLL
				for (int j = 0; j <= i; j++)
					part[i][j] += column[i] * column[j];
			}
			store_inputs(inputs, centred, column, rows, row, block_rows);
		}
		UNROLL
		for (int i = 0; i < inputs; i++)
			UNROLL
			for (int j = 0; j <= i; j++)
				total_add_block(&product[i][j], part[i][j], end <= ROW_BLOCK);
	}
	UNROLL
	for (int i = 0; i < inputs; i++)
		UNROLL
		for (int j = 0; j <= i; j++)
			moments[COVARIANCES + i * FEW + j] = moments[COVARIANCES + j * FEW + i] = lane_sum(product[i][j].sum) * (1.0f / (float)rows);
}

/* Means, then covariances of the inputs, and what the rows differ by from the means. A mean is a float m and what is left of it, c,
 * which matters where it is large. */
INLINE void centre_rows(const int inputs, int rows, float *centred, float *moments, const float *x)
{
	Total sum[FEW];
	UNROLL
	for (int i = 0; i < inputs; i++)
		sum[i] = total_none();
	float m[FEW], c[FEW];
	for (int row = 0; row < rows;) {
		const int end = smaller(rows, row + ROW_BLOCK);
		Vector column[FEW], part[FEW];
		UNROLL
		for (int i = 0; i < inputs; i++)
			part[i] = splat(0.0f);
		for (; row < end; row += LANES) {
			const int block_rows = smaller(rows - row, LANES);
			const Mask used = first_lanes(block_rows);
			load_inputs(inputs, column, x, rows, row, block_rows);
			UNROLL
			for (int i = 0; i < inputs; i++)
				part[i] += choose(used, column[i] - x[entry(rows, 0, i)], splat(0.0f));
		}
		UNROLL
		for (int i = 0; i < inputs; i++)
			total_add_block(&sum[i], part[i], end <= ROW_BLOCK);
	}
	UNROLL
	for (int i = 0; i < inputs; i++) {
		const float shift = x[entry(rows, 0, i)], above = lane_sum(sum[i].sum) * (1.0f / (float)rows);
		m[i] = moments[MEANS + i] = moments[INPUT_MEANS + i] = shift + above;
		c[i] = moments[RESTS + i] = above - (m[i] - shift);
	}
	centre_at(inputs, rows, centred, moments, x, m, c);
}

/* Whether squares and sums of them can be trusted, for the size of the numbers. */
INLINE int is_ordinary(float var)
{
	return var > 0x1p-80f && var < 0x1p80f;
}

/* Whether w' C w and mean(x) W keep their digits for every w: no mean is far above its deviation, and the smallest eigenvalue of the matrix
 * of correlations is 0.13 or more. That is at least 1 - sqrt(2 (inputs - 1) / inputs times the sum of the squares of the correlations). */
INLINE int are_apart(const int inputs, const float *moments)
{
	const float *c = moments + COVARIANCES;
	float inverse[FEW], squares = 0.0f;
	UNROLL
	for (int i = 0; i < inputs; i++) {
		const float mean = moments[MEANS + i], var = c[i * FEW + i];
		if (!is_ordinary(var) || !(mean * mean <= var * 1024.0f))
			return 0;
		inverse[i] = 1.0f / var;
		UNROLL
		for (int j = 0; j < i; j++)
			squares += c[i * FEW + j] * inverse[i] * (c[i * FEW + j] * inverse[j]);
	}
	return squares * (2.0f * (float)(inputs - 1) / (float)inputs) <= 0.75f;
}

/* A power of two about as large as the numbers of the column, so that in this unit their squares are ordinary. */
INLINE float unit_of(int rows, const float *centred, int input)
{
	float size = 0x1p-126f;
	Lanes lanes;
	for (int row = 0; row < rows; row++) {
		const float value = centred[entry(rows, row, input)], above = value < 0.0f ? -value : value;
		size = above > size ? above : size;
	}
	lanes.vector = splat(size);
	lanes.bits &= 0x7f800000u;
	return lanes.lane[0];
}

/* The rows of x less their means, and less what L says of them, all in twice a float's precision: e + CENTRES. Returns their means. */
INLINE void turn_rows(const int inputs, int rows, float *turned, const float *moments, const float *inverse, float *mean, const float *x)
{
	Total sum[FEW];
	UNROLL
	for (int i = 0; i < inputs; i++)
		sum[i] = total_none();
	for (int row = 0; row < rows;) {
		const int end = smaller(rows, row + ROW_BLOCK);
		Vector column[FEW], part[FEW];
		Twofold e[FEW];
		UNROLL
		for (int i = 0; i < inputs; i++)
			part[i] = splat(0.0f);
		for (; row < end; row += LANES) {
			const int block_rows = smaller(rows - row, LANES);
			const Mask used = first_lanes(block_rows);
			load_inputs(inputs, column, x, rows, row, block_rows);
			UNROLL
			for (int i = 0; i < inputs; i++) {
				e[i].sum = column[i];
				e[i].rest = splat(-moments[RESTS + i]);
				twofold_add(&e[i], splat(-moments[INPUT_MEANS + i]));
				e[i].sum *= inverse[i];
				e[i].rest *= inverse[i];
				UNROLL
				for (int j = 0; j < i; j++) {
					e[i].rest -= e[j].rest * moments[BASIS + i * FEW + j];
					twofold_add_product(&e[i], e[j].sum, splat(-moments[BASIS + i * FEW + j]));
				}
				column[i] = choose(used, e[i].sum + e[i].rest, splat(0.0f));
				part[i] += column[i];
			}
			store_inputs(inputs, turned, column, rows, row, block_rows);
		}
		UNROLL
		for (int i = 0; i < inputs; i++)
			total_add_block(&sum[i], part[i], end <= ROW_BLOCK);
	}
	UNROLL
	for (int i = 0; i < inputs; i++)
		mean[i] = lane_sum(sum[i].sum) * (1.0f / (float)rows);
}

/* Gram-Schmidt's e and L: of each input what is left without its part along each e before it, which is right to a rounding of its own,
 * however little of the input it is. What is left along one e is found from covariances, taken off, and so on. Where mere rounding errors are
 * left, nothing is along them. Inputs whose squares a float does not hold get units that make them ordinary first. */
INLINE void turn_inputs(const int inputs, int rows, float *centred, float *moments, const float *x)
{
	const float none[FEW] = {0}, *c = moments + COVARIANCES;
	float *basis = moments + BASIS, unit[FEW], inverse[FEW], noise[FEW];
	int first = 0;
	UNROLL
	for (int i = 0; i < inputs; i++) {
		unit[i] = 1.0f;
		if (!is_ordinary(c[i * FEW + i])) {
			unit[i] = unit_of(rows, centred, i);
			first = -1;
		}
		inverse[i] = 1.0f / unit[i];
		UNROLL
		for (int j = 0; j < i; j++)
			basis[i * FEW + j] = 0.0f;
	}
	for (int along = first; along == first || along < inputs - 1; along++) {
		UNROLL
		for (int i = 0; i < inputs; i++) {
			if (along == 0)
				noise[i] = c[i * FEW + i] * 0x1p-42f;
			if (along >= 0 && along < i && c[along * FEW + along] > noise[along])
				basis[i * FEW + along] = c[i * FEW + along] / c[along * FEW + along];
		}
		turn_rows(inputs, rows, centred, moments, inverse, moments + CENTRES, x);
		centre_at(inputs, rows, centred, moments, centred, moments + CENTRES, none);
	}
	UNROLL
	for (int i = 0; i < inputs; i++) {
		UNROLL
		for (int j = 0; j < i; j++)
			basis[i * FEW + j] *= unit[i];
		basis[i * FEW + i] = unit[i];
		moments[MEANS + i] = 0.0f;
	}
}

INLINE void centre_inputs(const int inputs, int rows, float *centred, float *moments, const float *x)
{
	centre_rows(inputs, rows, centred, moments, x);
	moments[TURNED] = 0.0f;
	if (!are_apart(inputs, moments)) {
		turn_inputs(inputs, rows, centred, moments, x);
		moments[TURNED] = 1.0f;
	}
}

/* L' w, each as if rounded once, whatever of it cancels. */
NOINLINE void turn_weights(int inputs, float *turned, const float *moments, const float *w)
{
	for (int j = 0; j < inputs; j++) {
		Twofold sum = { load(w + j * LANES) * moments[BASIS + j * FEW + j], splat(0.0f) };
		for (int i = j + 1; i < inputs; i++)
			twofold_add_product(&sum, load(w + i * LANES), splat(moments[BASIS + i * FEW + j]));
		store(turned + j * LANES, sum.sum + sum.rest);
	}
}

/* L times the gradients of L' w, in place. */
NOINLINE void turn_gradients(int inputs, float *gradient, const float *moments)
{
	for (int i = inputs - 1; i >= 0; i--) {
		Vector sum = load(gradient + i * LANES) * moments[BASIS + i * FEW + i];
		for (int j = 0; j < i; j++)
			sum += load(gradient + j * LANES) * moments[BASIS + i * FEW + j];
		store(gradient + i * LANES, sum);
	}
}

/* After them, mean(x) w + b. */
NOINLINE void turn_weights_and_mean(int inputs, float *turned, const float *moments, const float *w, const float *b)
{
	Twofold sum = { b ? load(b) : splat(0.0f), splat(0.0f) };
	turn_weights(inputs, turned, moments, w);
	for (int i = 0; i < inputs; i++) {
		sum.rest += load(w + i * LANES) * moments[RESTS + i] + load(turned + i * LANES) * moments[CENTRES + i];
		twofold_add_product(&sum, load(w + i * LANES), splat(moments[INPUT_MEANS + i]));
	}
	store(turned + inputs * LANES, sum.sum + sum.rest);
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
			spread[i] += load(w + j * LANES) * moments[COVARIANCES + i * FEW + j];
		*mean += load(w + i * LANES) * moments[MEANS + i];
		*var += load(w + i * LANES) * spread[i];
	}
	*var = choose(*var < 0.0f, splat(0.0f), *var);
}

/* Row `row` of the inputs times a weight of each; few_sum adds it to something. */
INLINE Vector few_product(const int inputs, int rows, int row, const float *x, const Vector *w)
{
	Vector sum = w[0] * x[entry(rows, row, 0)];
	UNROLL
	for (int i = 1; i < inputs; i++)
		sum += w[i] * x[entry(rows, row, i)];
	return sum;
}

INLINE Vector few_sum(const int inputs, int rows, int row, const float *x, const Vector *w, Vector sum)
{
	UNROLL
	for (int i = 0; i < inputs; i++)
		sum += w[i] * x[entry(rows, row, i)];
	return sum;
}

static void KERNEL_FN(centre)(int rows, int inputs, float *centred, float *moments, const float *x)
{
	FOR_FEW(INPUTS, inputs, centre_inputs(INPUTS, rows, centred, moments, x))
}

#define FEW_FORWARD(with, activation, FROM, NUMBERS, WEIGHT) \
	INLINE void activation##_few_forward(const int inputs, int rows, NUMBERS##_PARAMETERS float eps, float kept, float momentum, float *y, float *normal, float *rstd, float *mean, float *var, \
		const float *centred, const float *moments, const float *w, const float *b, const float *gamma, const float *beta) \
	{ \
		Vector spread[FEW], scaled[FEW], variance, centre; \
		float turned[(FEW + 1) * LANES]; \
		if (moments[TURNED] > 0.0f) { \
			turn_weights_and_mean(inputs, turned, moments, w, b); \
			w = turned; \
			b = turned + inputs * LANES; \
		} \
		feature_moments(inputs, spread, &variance, &centre, moments, w, b); \
		const Vector scale = 1.0f / square_root(variance + eps); \
		const Vector y_scale = gamma ? load(gamma) : splat(1.0f), y_shift = beta ? load(beta) : splat(0.0f); \
		UNROLL \
		for (int i = 0; i < inputs; i++) \
			scaled[i] = load(w + i * LANES) * scale; \
		if (normal) { \
			UNROLL_4 \
			for (int row = 0; row < rows; row++) \
				store(normal + (ptrdiff_t)row * LANES, few_product(inputs, rows, row, centred, scaled)); \
		} \
		UNROLL \
		for (int i = 0; i < inputs; i++) \
			scaled[i] *= y_scale; \
		WEIGHT##_UNROLL \
		for (int row = 0; row < rows; row++) { \
			const Vector value = few_sum(inputs, rows, row, centred, scaled, y_shift); \
			store(y + (ptrdiff_t)row * LANES, activation##_of(value NUMBERS##_PASSED)); \
		} \
		const float unbiased = rows > 1 ? (float)rows / (float)(rows - 1) : 0.0f; \
		store(rstd, scale); \
		store(mean, load(mean) * kept + centre * momentum); \
		store(var, load(var) * kept + variance * (unbiased * momentum)); \
	} \
	 \
	static void KERNEL_FN(linear_batchnorm_##activation)(int rows, int outputs, int inputs, NUMBERS##_PARAMETERS float eps, float kept, float momentum, float *y, \
		float *normal, float *rstd, float *mean, float *var, const float *centred, const float *moments, const float *w, const float *b, \
		const float *gamma, const float *beta) \
	{ \
		(void)outputs; \
		FOR_FEW(INPUTS, inputs, activation##_few_forward(INPUTS, rows NUMBERS##_PASSED, eps, kept, momentum, y, normal, rstd, mean, var, centred, moments, w, \
			b, gamma, beta)) \
	}
ACTIVATIONS(FEW_FORWARD, )
#undef FEW_FORWARD

/* Sums over rows of dy, and of dy times each input. */
typedef struct FewSums { Vector dy, against[FEW]; } FewSums;
typedef struct FewTotals { Total dy, against[FEW]; } FewTotals;

INLINE FewSums no_sums(void)
{
	FewSums sums;
	sums.dy = splat(0.0f);
	UNROLL
	for (int i = 0; i < FEW; i++)
		sums.against[i] = splat(0.0f);
	return sums;
}

INLINE FewTotals no_totals(void)
{
	FewTotals totals;
	totals.dy = total_none();
	for (int i = 0; i < FEW; i++)
		totals.against[i] = total_none();
	return totals;
}

INLINE void add_row(const int inputs, FewSums *sums, int rows, int row, Vector gradient, const float *centred)
{
	sums->dy += gradient;
	UNROLL
	for (int i = 0; i < inputs; i++)
		sums->against[i] += gradient * centred[entry(rows, row, i)];
}

INLINE FewSums both(const int inputs, const FewSums strand[2])
{
	FewSums sums;
	sums.dy = strand[0].dy + strand[1].dy;
	UNROLL
	for (int i = 0; i < FEW; i++)
		sums.against[i] = i < inputs ? strand[0].against[i] + strand[1].against[i] : splat(0.0f);
	return sums;
}

/* Adds a block of rows to the totals, and gives these back in its place. */
NOINLINE void add_block(int inputs, FewTotals *totals, FewSums *block)
{
	total_add(&totals->dy, block->dy);
	block->dy = totals->dy.sum;
	for (int i = 0; i < inputs; i++) {
		total_add(&totals->against[i], block->against[i]);
		block->against[i] = totals->against[i].sum;
	}
}

/* What backward reads of a panel beside its rows, and what it gives to the optimizer. */
typedef struct FewPanel { const float *w, *gamma, *beta, *rstd, *centred, *moments; } FewPanel;
typedef struct FewGradients { float w[FEW * LANES], gamma[LANES], beta[LANES]; } FewGradients;

INLINE void few_gradients(const int inputs, FewGradients *gradients, const FewSums *sums, const FewPanel *panel, const float *w)
{
	Vector spread[FEW], against[FEW], variance, centre;
	feature_moments(inputs, spread, &variance, &centre, panel->moments, w, 0);
	const Vector rstd = load(panel->rstd);
	Vector along = splat(0.0f);
	UNROLL
	for (int i = 0; i < inputs; i++) {
		against[i] = sums->against[i];
		along += against[i] * (load(w + i * LANES) * rstd);
	}
	const Vector scale = panel->gamma ? load(panel->gamma) * rstd : rstd;
	UNROLL
	for (int i = 0; i < inputs; i++)
		store(gradients->w + i * LANES, (against[i] - along * (spread[i] * rstd)) * scale);
	if (panel->moments[TURNED] > 0.0f)
		turn_gradients(inputs, gradients->w, panel->moments);
	store(gradients->gamma, along);
	store(gradients->beta, sums->dy);
}

/* What forward multiplied centred rows by, and what it added; returns the latter. */
INLINE Vector few_scaled(const int inputs, Vector *scaled, const FewPanel *panel, const float *w)
{
	const Vector scale = load(panel->rstd), z_scale = panel->gamma ? load(panel->gamma) : splat(1.0f);
	UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] = load(w + i * LANES) * scale * z_scale;
	return panel->beta ? load(panel->beta) : splat(0.0f);
}

/* dy is given, or with `above` outputs made from their gradients and weights: above_w, a vector each. */
#define INCOMING(row) (above ? few_product(above, rows, row, dy, above_w) : load(dy + (ptrdiff_t)(row) * LANES))

/* The activation's y is given; or its input is made again, as forward made it. */
#define OUTPUT_ROWS_PASSED , y
#define OUTPUT_BEFORE_FEW
#define OUTPUT_OF(row) load(y + (ptrdiff_t)(row) * LANES)
#define INPUT_ROWS_PASSED
#define INPUT_BEFORE_FEW Vector scaled[FEW]; const Vector z_shift = few_scaled(inputs, scaled, panel, w);
#define INPUT_OF(row) few_sum(inputs, rows, row, centred, scaled, z_shift)

/* Two chains of sums. */
#define FEW_BACKWARD(with, activation, FROM, NUMBERS, WEIGHT) \
	INLINE void activation##_few_backward(const int inputs, const int above, int rows, NUMBERS##_PARAMETERS FewGradients *gradients, const float *dy, \
		const Vector *above_w, FROM##_ROWS(const float *) const FewPanel *panel) \
	{ \
		const float *centred = panel->centred, *w = panel->w; \
		float turned[FEW * LANES]; \
		if (panel->moments[TURNED] > 0.0f) { \
			turn_weights(inputs, turned, panel->moments, w); \
			w = turned; \
		} \
		FewTotals totals; \
		FewSums sums; FROM##_BEFORE_FEW \
		if (rows > ROW_BLOCK) \
			totals = no_totals(); \
		int row = 0; \
		do { \
			const int end = smaller(rows, row + ROW_BLOCK); \
			FewSums strand[2]; \
			UNROLL \
			for (int i = 0; i < 2; i++) \
				strand[i] = no_sums(); \
			for (; row + 2 <= end; row += 2) { \
				add_row(inputs, &strand[0], rows, row, activation##_gradient(INCOMING(row), FROM##_OF(row) NUMBERS##_PASSED), centred); \
				add_row(inputs, &strand[1], rows, row + 1, activation##_gradient(INCOMING(row + 1), FROM##_OF(row + 1) NUMBERS##_PASSED), centred); \
			} \
			if (row < end) { \
				add_row(inputs, &strand[0], rows, row, activation##_gradient(INCOMING(row), FROM##_OF(row) NUMBERS##_PASSED), centred); \
				row++; \
			} \
			sums = both(inputs, strand); \
			if (rows > ROW_BLOCK) { \
				FewSums block = sums; \
				add_block(inputs, &totals, &block); \
				sums = block; \
			} \
		} while (row < rows); \
		few_gradients(inputs, gradients, &sums, panel, w); \
	} \
	 \
	NOINLINE void activation##_few_bwd(int rows, int inputs, NUMBERS##_PARAMETERS FewGradients *gradients, const float *dy, FROM##_ROWS(const float *) \
		const FewPanel *panel) \
	{ \
		FOR_FEW(INPUTS, inputs, activation##_few_backward(INPUTS, 0, rows NUMBERS##_PASSED, gradients, dy, NULL FROM##_ROWS_PASSED, panel)) \
	} \
	 \
	WEIGHT##_BEHIND_LINEAR(activation, FROM, NUMBERS)
#define HEAVY_BEHIND_LINEAR(activation, FROM, NUMBERS)
#define LIGHT_BEHIND_LINEAR(activation, FROM, NUMBERS) \
	INLINE void activation##_behind_linear(const int above, int rows, int inputs, NUMBERS##_PARAMETERS FewGradients *gradients, const float *dy, \
		const Vector *above_w, FROM##_ROWS(const float *) const FewPanel *panel) \
	{ \
		FOR_FEW(INPUTS, inputs, activation##_few_backward(INPUTS, above, rows NUMBERS##_PASSED, gradients, dy, above_w FROM##_ROWS_PASSED, panel)) \
	} \
	 \
	NOINLINE void activation##_few_bwd_behind_linear(int above, int rows, int inputs, NUMBERS##_PARAMETERS FewGradients *gradients, const float *dy, \
		const Vector *above_w, FROM##_ROWS(const float *) const FewPanel *panel) \
	{ \
		FOR_FEW(ABOVE, above, activation##_behind_linear(ABOVE, rows, inputs NUMBERS##_PASSED, gradients, dy, above_w FROM##_ROWS_PASSED, panel)) \
	}
ACTIVATIONS(FEW_BACKWARD, )
#undef FEW_BACKWARD

#define UPDATE_FEW(optimizer) \
	const optimizer##_Update of_w = optimizer##_UPDATE(w); \
	const optimizer##_Update of_gamma = optimizer##_UPDATE(gamma); \
	const optimizer##_Update of_beta = optimizer##_UPDATE(beta); \
	for (int i = 0; i < inputs; i++) \
		optimizer##_at(&of_w, i * LANES, load(gradients.w + i * LANES)); \
	if (gamma) \
		optimizer##_at(&of_gamma, 0, load(gradients.gamma)); \
	if (beta) \
		optimizer##_at(&of_beta, 0, load(gradients.beta));

#define FEW_UPDATE(optimizer, activation, FROM, NUMBERS, WEIGHT) \
	static void KERNEL_FN(linear_batchnorm_##activation##_bwd_##optimizer)(int rows, int outputs, int inputs, NUMBERS##_PARAMETERS \
		optimizer##_PARAMETERS(const int64_t *) float *w, optimizer##_STATE(float *, w) float *gamma, optimizer##_STATE(float *, gamma) \
		float *beta, optimizer##_STATE(float *, beta) const float *dy, FROM##_ROWS(const float *) const float *rstd, const float *centred, \
		const float *moments) \
	{ \
		const FewPanel panel = { w, gamma, beta, rstd, centred, moments }; \
		FewGradients gradients; \
		(void)outputs; \
		activation##_few_bwd(rows, inputs NUMBERS##_PASSED, &gradients, dy FROM##_ROWS_PASSED, &panel); \
		UPDATE_FEW(optimizer) \
	} \
	 \
	WEIGHT##_UPDATE_BEHIND_LINEAR(optimizer, activation, FROM, NUMBERS)
#define HEAVY_UPDATE_BEHIND_LINEAR(optimizer, activation, FROM, NUMBERS)
#define LIGHT_UPDATE_BEHIND_LINEAR(optimizer, activation, FROM, NUMBERS) \
	UPDATE_BEHIND(linear_batchnorm_##activation##_linear_bwd_##optimizer, load_few_rows, above, above_dy, optimizer, activation, FROM, NUMBERS) \
	UPDATE_BEHIND_CONTRAST(linear_batchnorm_##activation##_linear_bwd_##optimizer##_contrast, optimizer, activation, FROM, NUMBERS)
#if LANES > 1
/* In contrast above_dy is (-d, d): d times the difference of the two rows. */
INLINE void load_difference(Vector *difference, int outputs, int inputs, int panel, const float *w)
{
	Vector row[FEW];
	load_few_rows(row, outputs, inputs, panel, w);
	*difference = row[1] - row[0];
}
#define UPDATE_BEHIND_CONTRAST(name, optimizer, activation, FROM, NUMBERS) \
	\
	UPDATE_BEHIND(name, load_difference, 1, above_dy + 1, optimizer, activation, FROM, NUMBERS)
#else
#define UPDATE_BEHIND_CONTRAST(name, optimizer, activation, FROM, NUMBERS)
#endif
#define UPDATE_BEHIND(name, load_rows, count, dy, optimizer, activation, FROM, NUMBERS) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, int panel, int above, \
		NUMBERS##_PARAMETERS optimizer##_PARAMETERS(const int64_t *) float *w, optimizer##_STATE(float *, w) \
		float *gamma, optimizer##_STATE(float *, gamma) float *beta, optimizer##_STATE(float *, beta) FROM##_ROWS(const float *) \
		const float *rstd, const float *centred, const float *moments, const float *above_dy, const float *above_w) \
	{ \
		const FewPanel own = { w, gamma, beta, rstd, centred, moments }; \
		FewGradients gradients; \
		Vector rows_of_w[FEW]; \
		load_rows(rows_of_w, above, outputs, panel, above_w); \
		activation##_few_bwd_behind_linear(count, rows, inputs NUMBERS##_PASSED, &gradients, dy, rows_of_w FROM##_ROWS_PASSED, &own); \
		UPDATE_FEW(optimizer) \
	}
#define FEW_UPDATES(with, optimizer) ACTIVATIONS(FEW_UPDATE, optimizer)
OPTIMIZERS(FEW_UPDATES, )
