/* few.c: linear, batchnorm and an activation in one pass, if linear has few inputs. Sums over the inputs then give the
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
 * holds with e in place of d and L' w in place of w; dW is L times the gradient that this gives.
 * docs/layers/batchnorm.md says how many digits this saves. */
#include "activations.h"
#include "columns.h"
#include "few.h"
#include "optimizers.h"
#include "sums.h"

/* L' w, as exact as if each result were rounded once, even where terms cancel. */
NOINLINE void turn_weights(int inputs, real *turned, const real *moments, const real *w)
{
	for (int j = 0; j < inputs; j++) {
		Twofold sum = { load(w + j * LANES) * moments[BASIS + j * FEW + j], splat(0.0f) };
		for (int i = j + 1; i < inputs; i++)
			twofold_add_product(&sum, load(w + i * LANES), splat(moments[BASIS + i * FEW + j]));
		store(turned + j * LANES, sum.sum + sum.rest);
	}
}

/* Turns gradients of L' w into gradients of w, in place: L times them. */
NOINLINE void turn_gradients(int inputs, real *gradient, const real *moments)
{
	for (int i = inputs - 1; i >= 0; i--) {
		Vector sum = load(gradient + i * LANES) * moments[BASIS + i * FEW + i];
		for (int j = 0; j < i; j++)
			sum += load(gradient + j * LANES) * moments[BASIS + i * FEW + j];
		store(gradient + i * LANES, sum);
	}
}

/* turn_weights, followed by mean(x) w + b. */
NOINLINE void turn_weights_and_mean(int inputs, real *turned, const real *moments, const real *w, const real *b)
{
	Twofold sum = { b ? load(b) : splat(0.0f), splat(0.0f) };
	turn_weights(inputs, turned, moments, w);
	for (int i = 0; i < inputs; i++) {
		sum.rest += load(w + i * LANES) * moments[RESTS + i] + load(turned + i * LANES) * moments[CENTRES + i];
		twofold_add_product(&sum, load(w + i * LANES), splat(moments[INPUT_MEANS + i]));
	}
	store(turned + inputs * LANES, sum.sum + sum.rest);
}

/* Statistics of a panel's features, from the moments alone: C w for each input (spread), the variance and the mean. */
INLINE void feature_moments(const int inputs, Vector *spread, Vector *var, Vector *mean, const real *moments,
	const real *w, const real *b)
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

/* The sum of each input of row `row` times its weight; few_sum adds this to `sum`. */
INLINE Vector few_product(const int inputs, int rows, int row, const real *x, const Vector *w)
{
	Vector sum = w[0] * x[entry(rows, row, 0)];
	UNROLL
	for (int i = 1; i < inputs; i++)
		sum += w[i] * x[entry(rows, row, i)];
	return sum;
}

INLINE Vector few_sum(const int inputs, int rows, int row, const real *x, const Vector *w, Vector sum)
{
	UNROLL
	for (int i = 0; i < inputs; i++)
		sum += w[i] * x[entry(rows, row, i)];
	return sum;
}

/* y = value(gamma xhat + beta), and the batch statistics. */
INLINE void few_forward(Value *value, Numbers numbers, const int inputs, int rows, real eps, real kept,
	real momentum, real *y, real *normal, real *rstd, real *mean, real *var, const real *centred,
	const real *moments, const real *w, const real *b, const real *gamma, const real *beta)
{
	Vector spread[FEW], scaled[FEW], variance, average;
	real turned[(FEW + 1) * LANES];
	if (moments[TURNED] > 0.0f) {
		turn_weights_and_mean(inputs, turned, moments, w, b);
		w = turned;
		b = turned + inputs * LANES;
	}
	feature_moments(inputs, spread, &variance, &average, moments, w, b);
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
	for (int row = 0; row < rows; row++)
		store(y + (ptrdiff_t)row * LANES, value(few_sum(inputs, rows, row, centred, scaled, y_shift), numbers));
	const real unbiased = rows > 1 ? (real)rows / (real)(rows - 1) : 0.0f;
	store(rstd, scale);
	store(mean, load(mean) * kept + average * momentum);
	store(var, load(var) * kept + variance * (unbiased * momentum));
}

#define FEW_FORWARD(name, value, NUMBERS) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, NUMBERS##_PARAMETERS real eps, real kept, \
		real momentum, real *y, real *normal, real *rstd, real *mean, real *var, const real *centred, \
		const real *moments, const real *w, const real *b, const real *gamma, const real *beta) \
	{ \
		(void)outputs; \
		FOR_FEW(INPUTS, inputs, few_forward(value, NUMBERS##_NUMBERS, INPUTS, rows, eps, kept, momentum, y, normal, \
			rstd, mean, var, centred, moments, w, b, gamma, beta)) \
	}
#define FEW_INSTANCE(activation, FROM, NUMBERS) FEW_FORWARD(linear_batchnorm_##activation, &activation##_value, NUMBERS)
FEW_FORWARD(linear_batchnorm, &identity_value, NONE)
FEW_INSTANCES(FEW_INSTANCE)
#undef FEW_INSTANCE
#undef FEW_FORWARD

/* Sums over rows: of dy, and of dy times each input. */
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

INLINE void add_row(const int inputs, FewSums *sums, int rows, int row, Vector gradient, const real *centred)
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

/* Adds a block of rows to the totals, and returns the totals in its place. */
NOINLINE void add_block(int inputs, FewTotals *totals, FewSums *block)
{
	total_add(&totals->dy, block->dy);
	block->dy = totals->dy.sum;
	for (int i = 0; i < inputs; i++) {
		total_add(&totals->against[i], block->against[i]);
		block->against[i] = totals->against[i].sum;
	}
}

/* What backward reads of a panel besides its rows, and the gradients that it computes. */
typedef struct FewPanel { const real *w, *gamma, *beta, *rstd, *centred, *moments; } FewPanel;
typedef struct FewGradients { real w[FEW * LANES], gamma[LANES], beta[LANES]; } FewGradients;

INLINE void few_gradients(const int inputs, FewGradients *gradients, const FewSums *sums, const FewPanel *panel,
	const real *w)
{
	Vector spread[FEW], against[FEW], variance, average;
	feature_moments(inputs, spread, &variance, &average, panel->moments, w, 0);
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

/* Recomputes what forward multiplied the centred rows by, and returns what it added. */
INLINE Vector few_scaled(const int inputs, Vector *scaled, const FewPanel *panel, const real *w)
{
	const Vector scale = load(panel->rstd), z_scale = panel->gamma ? load(panel->gamma) : splat(1.0f);
	UNROLL
	for (int i = 0; i < inputs; i++)
		scaled[i] = load(w + i * LANES) * scale * z_scale;
	return panel->beta ? load(panel->beta) : splat(0.0f);
}

/* Where backward gets its gradients from: from dy of the panel; or, if `above` is not 0, from dy of a following linear
 * layer with that many outputs and the rows of its weights, one vector each. Also y, if the activation's derivative is
 * computed from it. */
typedef struct FewIncoming { const real *dy, *y; const Vector *above_w; } FewIncoming;

/* The gradient of row `row` before the activation. If the derivative is computed from the activation's input, `scaled`
 * and `shift` recompute that as in forward. */
INLINE Vector few_incoming(Slope *slope, const int from, Numbers numbers, const int inputs, const int above, int rows,
	int row, const FewIncoming *in, const real *centred, const Vector *scaled, Vector shift)
{
	const ptrdiff_t at = (ptrdiff_t)row * LANES;
	const Vector dy = above ? few_product(above, rows, row, in->dy, in->above_w) : load(in->dy + at);
	if (slope == &identity_slope)
		return dy;
	return slope(dy, from == OUTPUT ? load(in->y + at) : few_sum(inputs, rows, row, centred, scaled, shift), numbers);
}

/* The rows are summed in two independent strands. */
INLINE void few_backward(Slope *slope, const int from, Numbers numbers, const int inputs, const int above, int rows,
	FewGradients *gradients, const FewIncoming *in, const FewPanel *panel)
{
	const real *centred = panel->centred, *w = panel->w;
	real turned[FEW * LANES];
	if (panel->moments[TURNED] > 0.0f) {
		turn_weights(inputs, turned, panel->moments, w);
		w = turned;
	}
	FewTotals totals;
	FewSums sums;
	Vector scaled[FEW], shift = splat(0.0f);
	if (from == INPUT)
		shift = few_scaled(inputs, scaled, panel, w);
	if (rows > ROW_BLOCK)
		totals = no_totals();
	int row = 0;
	do {
		const int end = smaller(rows, row + ROW_BLOCK);
		FewSums strand[2];
		UNROLL
		for (int i = 0; i < 2; i++)
			strand[i] = no_sums();
#define ADD_ROW(i) \
	add_row(inputs, &strand[i], rows, row + i, few_incoming(slope, from, numbers, inputs, above, rows, row + i, in, \
		centred, scaled, shift), centred)
		for (; row + 2 <= end; row += 2) {
			ADD_ROW(0);
			ADD_ROW(1);
		}
		if (row < end) {
			ADD_ROW(0);
			row++;
		}
#undef ADD_ROW
		sums = both(inputs, strand);
		if (rows > ROW_BLOCK) {
			FewSums block = sums;
			add_block(inputs, &totals, &block);
			sums = block;
		}
	} while (row < rows);
	few_gradients(inputs, gradients, &sums, panel, w);
}

INLINE void few_backward_above(Slope *slope, const int from, Numbers numbers, const int above, int inputs, int rows,
	FewGradients *gradients, const FewIncoming *in, const FewPanel *panel)
{
	FOR_FEW(INPUTS, inputs, few_backward(slope, from, numbers, INPUTS, above, rows, gradients, in, panel))
}

/* `above`: the number of outputs of the following linear layer, or 0. */
typedef void FewBackward(int above, int inputs, int rows, Numbers numbers, FewGradients *gradients,
	const FewIncoming *in, const FewPanel *panel);

INLINE void few_backward_any(Slope *slope, const int from, Numbers numbers, int above, int inputs, int rows,
	FewGradients *gradients, const FewIncoming *in, const FewPanel *panel)
{
	if (above == 0 || slope == &identity_slope)
		few_backward_above(slope, from, numbers, 0, inputs, rows, gradients, in, panel);
	else if (above == 1)
		few_backward_above(slope, from, numbers, 1, inputs, rows, gradients, in, panel);
	else
		few_backward_above(slope, from, numbers, FEW_ABOVE, inputs, rows, gradients, in, panel);
}

#define FEW_BACKWARD(activation, FROM, NUMBERS) \
	NOINLINE void few_##activation##_bwd(int above, int inputs, int rows, Numbers numbers, FewGradients *gradients, \
		const FewIncoming *in, const FewPanel *panel) \
	{ \
		few_backward_any(&activation##_slope, FROM, numbers, above, inputs, rows, gradients, in, panel); \
	}
FEW_BACKWARD(identity, OUTPUT, NONE)
FEW_INSTANCES(FEW_BACKWARD)
#undef FEW_BACKWARD

INLINE void few_backward_dw(FewBackward *backward, Numbers own, int rows, int inputs, Update *update,
	const real *numbers, const Places *w, real *dgamma, real *dbeta, const FewIncoming *in, const real *rstd,
	const real *centred, const real *moments, const real *gamma, const real *beta)
{
	const FewPanel panel = { w->at[0], gamma, beta, rstd, centred, moments };
	FewGradients gradients;
	backward(0, inputs, rows, own, &gradients, in, &panel);
	update_at(update, inputs * LANES, numbers, w, 0, gradients.w);
	if (dgamma)
		store(dgamma, load(gradients.gamma));
	if (dbeta)
		store(dbeta, load(gradients.beta));
}

#define OUTPUT_Y y
#define INPUT_Y NULL
#define OUTPUT_BETA NULL
#define INPUT_BETA beta

static void KERNEL_FN(linear_batchnorm_bwd_update)(int rows, int outputs, int inputs, Update *update,
	const real *numbers, real *w, real *w1, real *w2, real *w3, real *dgamma, real *dbeta, const real *dy,
	const real *rstd, const real *centred, const real *moments, const real *gamma)
{
	const Places of_w = places_of(w, w1, w2, w3);
	const FewIncoming in = { dy, NULL, NULL };
	(void)outputs;
	few_backward_dw(&few_identity_bwd, NONE_NUMBERS, rows, inputs, update, numbers, &of_w, dgamma, dbeta, &in, rstd,
		centred, moments, gamma, NULL);
}

#define FEW_BACKWARD_DW(activation, FROM, NUMBERS) \
	static void KERNEL_FN(linear_batchnorm_##activation##_bwd_update)(int rows, int outputs, int inputs, \
		NUMBERS##_PARAMETERS Update *update, const real *numbers, real *w, real *w1, real *w2, real *w3, \
		real *dgamma, real *dbeta, const real *dy, FROM##_OR_BETA(const real *, const real *) const real *rstd, \
		const real *centred, const real *moments, const real *gamma) \
	{ \
		const Places of_w = places_of(w, w1, w2, w3); \
		const FewIncoming in = { dy, FROM##_Y, NULL }; \
		(void)outputs; \
		few_backward_dw(&few_##activation##_bwd, NUMBERS##_NUMBERS, rows, inputs, update, numbers, &of_w, dgamma, \
			dbeta, &in, rstd, centred, moments, gamma, FROM##_BETA); \
	}
FEW_INSTANCES(FEW_BACKWARD_DW)
#undef FEW_BACKWARD_DW

INLINE void few_update(Next *next, const int states, int inputs, const real *numbers, const Places *w,
	const Places *gamma, const Places *beta, const FewGradients *gradients)
{
	for (int i = 0; i < inputs; i++)
		update_vector(next, states, numbers, w->at, i * LANES, load(gradients->w + i * LANES));
	if (gamma->at[0])
		update_vector(next, states, numbers, gamma->at, 0, load(gradients->gamma));
	if (beta->at[0])
		update_vector(next, states, numbers, beta->at, 0, load(gradients->beta));
}

INLINE void few_backward_update(FewBackward *backward, Numbers own, Next *next, const int states, int above, int rows,
	int inputs, const real *numbers, const Places *w, const Places *gamma, const Places *beta, const FewIncoming *in,
	const real *rstd, const real *centred, const real *moments)
{
	const FewPanel panel = { w->at[0], gamma->at[0], beta->at[0], rstd, centred, moments };
	FewGradients gradients;
	backward(above, inputs, rows, own, &gradients, in, &panel);
	few_update(next, states, inputs, numbers, w, gamma, beta, &gradients);
}

#define NO_STATE_COUNT 0
#define NO_STATE_PLACES(w) places_of(w, NULL, NULL, NULL)
#define ONE_STATE_COUNT 1
#define ONE_STATE_PLACES(w) places_of(w, w##_state, NULL, NULL)

#define FEW_UPDATE_INSTANCE(activation, FROM, NUMBERS, optimizer, STATES) \
	static void KERNEL_FN(linear_batchnorm_##activation##_bwd_##optimizer)(int rows, int outputs, int inputs, \
		NUMBERS##_PARAMETERS const real *numbers, real *w, STATES(real *, w) real *gamma, \
		STATES(real *, gamma) real *beta, STATES(real *, beta) const real *dy, \
		FROM##_ROWS(const real *) const real *rstd, const real *centred, const real *moments) \
	{ \
		const Places of_w = STATES##_PLACES(w), of_gamma = STATES##_PLACES(gamma), of_beta = STATES##_PLACES(beta); \
		const FewIncoming in = { dy, FROM##_Y, NULL }; \
		(void)outputs; \
		few_backward_update(&few_##activation##_bwd, NUMBERS##_NUMBERS, &optimizer##_next, STATES##_COUNT, 0, rows, \
			inputs, numbers, &of_w, &of_gamma, &of_beta, &in, rstd, centred, moments); \
	}
FEW_UPDATE_INSTANCES(FEW_UPDATE_INSTANCE)
#undef FEW_UPDATE_INSTANCE

#define FEW_LINEAR_UPDATE(name, load_rows, count, first_dy, activation, FROM, NUMBERS, optimizer, STATES) \
	static void KERNEL_FN(name)(int rows, int outputs, int inputs, int panel, int above, \
		NUMBERS##_PARAMETERS const real *numbers, real *w, STATES(real *, w) real *gamma, \
		STATES(real *, gamma) real *beta, STATES(real *, beta) FROM##_ROWS(const real *) const real *rstd, \
		const real *centred, const real *moments, const real *above_dy, const real *above_w) \
	{ \
		const Places of_w = STATES##_PLACES(w), of_gamma = STATES##_PLACES(gamma), of_beta = STATES##_PLACES(beta); \
		Vector rows_of_w[FEW]; \
		const FewIncoming in = { first_dy, FROM##_Y, rows_of_w }; \
		load_rows(rows_of_w, above, outputs, panel, above_w); \
		few_backward_update(&few_##activation##_bwd, NUMBERS##_NUMBERS, &optimizer##_next, STATES##_COUNT, count, \
			rows, inputs, numbers, &of_w, &of_gamma, &of_beta, &in, rstd, centred, moments); \
	}
#define FEW_LINEAR_UPDATE_INSTANCE(activation, FROM, NUMBERS, optimizer, STATES) \
	FEW_LINEAR_UPDATE(linear_batchnorm_##activation##_linear_bwd_##optimizer, load_few_rows, above, above_dy, \
		activation, FROM, NUMBERS, optimizer, STATES)
FEW_UPDATE_INSTANCES(FEW_LINEAR_UPDATE_INSTANCE)
#undef FEW_LINEAR_UPDATE_INSTANCE

#if LANES > 1
/* If only the difference of the outputs above matters, above_dy is (-d, d), and the gradient is d times the difference
 * of the two rows of weights. */
INLINE void load_difference(Vector *difference, int outputs, int inputs, int panel, const real *w)
{
	Vector row[FEW];
	load_few_rows(row, outputs, inputs, panel, w);
	*difference = row[1] - row[0];
}

#define FEW_CONTRAST_UPDATE_INSTANCE(activation, FROM, NUMBERS, optimizer, STATES) \
	FEW_LINEAR_UPDATE(linear_batchnorm_##activation##_linear_bwd_##optimizer##_contrast, load_difference, 1, \
		above_dy + 1, activation, FROM, NUMBERS, optimizer, STATES)
FEW_UPDATE_INSTANCES(FEW_CONTRAST_UPDATE_INSTANCE)
#undef FEW_CONTRAST_UPDATE_INSTANCE
#endif
#undef FEW_LINEAR_UPDATE
