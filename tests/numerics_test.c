/* numerics_test.c: what the formulae of the kernels promise beyond being right on ordinary numbers. */
#include "kernels.h"
#include "set_support.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LANES = 16 };

static double uniform(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) / 16777216.0;
}

static double normal(uint32_t *state)
{
	const double radius = sqrt(-2 * log(1 - uniform(state)));
	return radius * cos(2 * acos(-1) * uniform(state));
}

/* ---- batchnorm */

/* The largest error of the normalised values of `columns` columns around a mean. */
static double batchnorm_error(const KernelSet *set, double mean, int rows, int columns)
{
	float x[64 * MAX_LANES], xhat[64 * MAX_LANES], rstd[MAX_LANES], running_mean[MAX_LANES], running_var[MAX_LANES];
	uint32_t state = 1;
	double worst = 0;
	for (int column = 0; column < columns; column += set->lanes) {
		for (int i = 0; i < rows * set->lanes; i++)
			x[i] = (float)(mean + normal(&state));
		for (int lane = 0; lane < set->lanes; lane++)
			running_mean[lane] = running_var[lane] = 0;
		set->table->batchnorm(rows, 1e-5f, 0, 1, xhat, rstd, running_mean, running_var, x);
		for (int lane = 0; lane < set->lanes; lane++) {
			double m = 0, squares = 0;
			for (int row = 0; row < rows; row++)
				m += (double)x[row * set->lanes + lane] / rows;
			for (int row = 0; row < rows; row++)
				squares += pow((double)x[row * set->lanes + lane] - m, 2);
			for (int row = 0; row < rows; row++) {
				const double want = ((double)x[row * set->lanes + lane] - m) / sqrt(squares / rows + 1e-5f);
				worst = fmax(worst, fabs((double)xhat[row * set->lanes + lane] - want));
			}
			cr_assert(fabs((double)running_mean[lane] - m) <= 1e-7 * (1 + fabs(m)), "%s: running mean", set->name);
			cr_assert(fabs((double)running_var[lane] - squares / (rows - 1)) <= 1e-6 * squares, "%s: running variance",
				set->name);
		}
	}
	return worst;
}

Test(numerics, batchnorm_does_not_mind_a_large_mean)
{
	const double means[] = { 0, 1e3, 1e4, 1e6, -1e6 };
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
			const double error = batchnorm_error(set, means[i], 32, 64);
			cr_assert(error < 6e-7, "%s: mean %g: %g", set->name, means[i], error);
		}
}

Test(numerics, batchnorm_of_a_constant_is_beta)
{
	static float x[4099 * MAX_LANES], y[4099 * MAX_LANES];
	const float constants[] = { 0.1f, -3.3e-5f, 1234567.8f, 1e30f, 0 };
	const int rows[] = { 1, 2, 3, 32, 37, 1000, 4099 };
	FOR_EACH_USABLE_SET(set)
		for (size_t c = 0; c < sizeof constants / sizeof *constants; c++)
			for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
				float rstd[MAX_LANES], mean[MAX_LANES] = {0}, var[MAX_LANES] = {0}, gamma[MAX_LANES], beta[MAX_LANES];
				for (int lane = 0; lane < set->lanes; lane++) {
					gamma[lane] = 3;
					beta[lane] = 0.3f + (float)lane;
				}
				for (int i = 0; i < rows[n] * set->lanes; i++)
					x[i] = constants[c];
				set->table->batchnorm(rows[n], 1e-5f, 0, 1, y, rstd, mean, var, x);
				set->table->scale_shift(rows[n], y, y, gamma, beta);
				for (int i = 0; i < rows[n] * set->lanes; i++)
					cr_assert(y[i] == beta[i % set->lanes], "%s: %g, %d rows: %g", set->name, (double)constants[c],
						rows[n], (double)y[i]);
				cr_assert(mean[0] == constants[c] && var[0] == 0, "%s: running statistics", set->name);
			}
}

Test(numerics, batchnorm_predict_does_not_mind_a_large_mean)
{
	FOR_EACH_USABLE_SET(set) {
		float x[MAX_LANES], y[MAX_LANES], mean[MAX_LANES], var[MAX_LANES];
		for (int lane = 0; lane < set->lanes; lane++) {
			x[lane] = 1000001;
			mean[lane] = 1000000;
			var[lane] = 0.7f;       /* by whose root no product is exact */
		}
		set->table->batchnorm_predict(1, 0, y, x, mean, var, NULL, NULL);
		cr_assert_float_eq(y[0], 1.1952286f, 2e-7f, "%s: %g", set->name, (double)y[0]);
	}
}

/* ---- sums over very many rows */

enum { MANY = 262147, MANY_INPUTS = 3 };     /* no multiple of a block of rows, nor of any lanes */

static double relative(double found, double want, double of)
{
	return fabs(found - want) / of;
}

/* A dy of two panels, the sums of its features, and those of its products with inputs x. All terms are positive, so an
 * error is one by what the terms are in all. A column sum of PyTorch 2.13 in float32 loses 1.0e-7 here, and a plain sum
 * up to 1e-5. */
typedef struct Many { float *x, *dy, *y; double sum[2 * MAX_LANES], product[MANY_INPUTS][2 * MAX_LANES]; } Many;

static void make_many(Many *many, int lanes)
{
	uint32_t state = 3;
	const size_t panel = (size_t)MANY * (size_t)lanes;
	*many = (Many){calloc(MANY_INPUTS * panel, sizeof(float)), calloc(2 * panel, sizeof(float)),
		calloc(2 * panel, sizeof(float)), {0}, {{0}}};
	cr_assert(many->x && many->dy && many->y);
	for (size_t row = 0; row < MANY; row++) {
		float x[MANY_INPUTS];
		for (int i = 0; i < MANY_INPUTS; i++) {
			x[i] = (float)uniform(&state);
			/* entry (row, i) */
			many->x[((size_t)(i / lanes) * MANY + row) * (size_t)lanes + (size_t)(i % lanes)] = x[i];
		}
		for (int f = 0; f < 2 * lanes; f++) {
			const float dy = (float)uniform(&state);
			many->dy[(size_t)(f / lanes) * panel + row * (size_t)lanes + (size_t)(f % lanes)] = dy;
			many->sum[f] += (double)dy;
			for (int i = 0; i < MANY_INPUTS; i++)
				many->product[i][f] += (double)dy * (double)x[i];
		}
	}
}

static void free_many(Many *many)
{
	free(many->x);
	free(many->dy);
	free(many->y);
}

Test(numerics, sums_of_very_many_rows)
{
	const double allowed = 4e-7;
	FOR_EACH_USABLE_SET(set) {
		Many many;
		float sum[MAX_LANES], dw[2 * MANY_INPUTS * MAX_LANES], rstd[MAX_LANES], mean[MAX_LANES] = {0},
			var[MAX_LANES] = {0}, dgamma[MAX_LANES];
		const int lanes = set->lanes;
		make_many(&many, lanes);
		set->table->column_sum(MANY, sum, many.dy);
		for (int f = 0; f < lanes; f++)
			cr_expect(relative((double)sum[f], many.sum[f], many.sum[f]) < allowed, "%s: column_sum", set->name);
		set->table->linear_dw(MANY, lanes, MANY_INPUTS, dw, many.x, many.dy);
		for (int f = 0; f < lanes; f++)
			for (int i = 0; i < MANY_INPUTS; i++)
				cr_expect(relative((double)dw[i * lanes + f], many.product[i][f], many.product[i][f]) < allowed,
					"%s: linear_dw", set->name);
		if (set->table->linear_dw_pair) {
			set->table->linear_dw_pair(MANY, 2 * lanes, MANY_INPUTS, dw, many.x, many.dy);
			for (int f = 0; f < 2 * lanes; f++)
				for (int i = 0; i < MANY_INPUTS; i++) {
					const float found = dw[(f / lanes * MANY_INPUTS + i) * lanes + f % lanes];
					cr_expect(relative((double)found, many.product[i][f], many.product[i][f]) < allowed,
						"%s: linear_dw_pair", set->name);
				}
		}
		set->table->batchnorm(MANY, 1e-5f, 0, 1, many.y, rstd, mean, var, many.dy);
		for (int f = 0; f < lanes; f++) {
			double squares = 0;
			for (size_t row = 0; row < MANY; row++)
				squares += pow((double)many.dy[row * (size_t)lanes + (size_t)f] - many.sum[f] / MANY, 2);
			cr_expect(relative((double)mean[f], many.sum[f] / MANY, many.sum[f] / MANY) < allowed, "%s: mean",
				set->name);
			cr_expect(relative((double)var[f], squares / (MANY - 1), squares / (MANY - 1)) < allowed, "%s: variance",
				set->name);
			for (size_t row = 0; row < MANY; row++)
				many.y[row * (size_t)lanes + (size_t)f] = 1;
		}
		/* with xhat = 1 everywhere dgamma is a sum like dbeta, of positive terms */
		set->table->batchnorm_bwd(MANY, many.dy, dgamma, sum, many.dy, many.y, rstd, NULL);
		for (int f = 0; f < lanes; f++) {
			cr_expect(relative((double)sum[f], many.sum[f], many.sum[f]) < allowed, "%s: dbeta", set->name);
			cr_expect(relative((double)dgamma[f], many.sum[f], many.sum[f]) < allowed, "%s: dgamma", set->name);
		}
		free_many(&many);
	}
}

/* The same from few inputs: statistics of the inputs, and backward's sums. An error of dW is one by the sizes of
 * its terms: with the mean of dy it loses most of them. */
Test(numerics, few_inputs_of_very_many_rows)
{
	FOR_EACH_USABLE_SET(set) {
		Many many;
		float moments[MOMENTS], rstd[MAX_LANES], w[MANY_INPUTS * MAX_LANES], gamma[MAX_LANES], beta[MAX_LANES];
		float mean[MAX_LANES] = {0}, var[MAX_LANES] = {0}, dw[MANY_INPUTS * MAX_LANES], dgamma[MAX_LANES],
			dbeta[MAX_LANES], numbers[NUMBERS];
		const int lanes = set->lanes;
		const int64_t step = 0;
		uint32_t state = 9;
		make_many(&many, lanes);
		float *centred = calloc(MANY_INPUTS * (size_t)MANY * (size_t)lanes, sizeof *centred);
		cr_assert(centred);
		for (int i = 0; i < MANY_INPUTS * lanes; i++)
			w[i] = (float)(uniform(&state) - 0.5);
		for (int f = 0; f < lanes; f++) {
			gamma[f] = 1;
			beta[f] = 100;  /* so that relu lets all rows through */
		}
		set->table->centre(MANY, MANY_INPUTS, centred, moments, many.x);
		set->table->linear_batchnorm_relu(MANY, lanes, MANY_INPUTS, 1e-5f, 0, 1, many.y, NULL, rstd, mean, var, centred,
			moments, w, NULL, gamma, beta);
		set->table->sgd_momentum_numbers(numbers, 0, 0, 0.5f, 1, 0, &step);
		set->table->linear_batchnorm_relu_bwd_update(MANY, lanes, MANY_INPUTS, set->table->sgd_momentum, numbers, w, dw,
			NULL, NULL, dgamma, dbeta, many.dy, many.y, rstd, centred, moments, gamma);
		for (int f = 0; f < lanes; f++) {
			double sum = 0, squares = 0, product = 0, gradient[MANY_INPUTS] = {0}, size[MANY_INPUTS] = {0};
			for (int pass = 0; pass < 3; pass++)
				for (size_t row = 0; row < MANY; row++) {
					const double dy = (double)many.dy[row * (size_t)lanes + (size_t)f], m = sum / MANY;
					double x[MANY_INPUTS], z = 0;
					for (int i = 0; i < MANY_INPUTS; i++) {
						x[i] = (double)many.x[((size_t)(i / lanes) * MANY + row) * (size_t)lanes + (size_t)(i % lanes)];
						z += x[i] * (double)w[i * lanes + f];
					}
					if (pass == 0) {
						sum += z;
					} else if (pass == 1) {
						squares += (z - m) * (z - m);
						product += (z - m) * dy;
					} else {
						const double dz = dy - many.sum[f] / MANY - (z - m) * product / (squares + MANY * 1e-5);
						for (int i = 0; i < MANY_INPUTS; i++) {
							gradient[i] += x[i] * dz / sqrt(squares / MANY + 1e-5);
							size[i] += fabs(x[i] * dy) / sqrt(squares / MANY + 1e-5);
						}
					}
				}
			cr_expect(relative((double)mean[f], sum / MANY, sqrt(squares / MANY)) < 4e-7, "%s: mean", set->name);
			cr_expect(relative((double)var[f], squares / (MANY - 1), squares / (MANY - 1)) < 8e-7, "%s: variance",
				set->name);
			cr_expect(relative((double)dbeta[f], many.sum[f], many.sum[f]) < 4e-7, "%s: dbeta", set->name);
			for (int i = 0; i < MANY_INPUTS; i++)
				cr_expect(relative((double)dw[i * lanes + f], gradient[i], size[i]) < 1e-7, "%s: dW", set->name);
		}
		free(centred);
		free_many(&many);
	}
}

/* ---- losses */

typedef struct Logits { int rows, features; const float *values; const int32_t *labels; } Logits;

static float cross_entropy(const KernelSet *set, const Logits *logits, float *correct, float *gradient)
{
	static float x[4096 * 2 * MAX_LANES], dx[4096 * 2 * MAX_LANES];
	float loss;
	set->gather(logits->rows, logits->features, x, logits->values, NULL);
	(logits->features == 2 && set->table->cross_entropy_of_two ? set->table->cross_entropy_of_two
		: set->table->cross_entropy)(logits->rows, logits->features, &loss, correct, dx, x, logits->labels);
	set->scatter(logits->rows, logits->features, gradient, dx);
	return loss;
}

Test(numerics, cross_entropy_of_extreme_logits)
{
	const float values[] = { 1e30f, -1e30f, 1e30f, -1e30f };
	const int32_t right[] = { 0, 0 }, wrong[] = { 1, 1 };
	FOR_EACH_USABLE_SET(set) {
		float correct, dx[4];
		cr_assert(cross_entropy(set, &(Logits){ 2, 2, values, right }, &correct, dx) == 0 && correct == 2, "%s",
			set->name);
		for (int i = 0; i < 4; i++)
			cr_assert(dx[i] == 0, "%s", set->name);
		cr_assert(cross_entropy(set, &(Logits){ 2, 2, values, wrong }, &correct, dx) == 2e30f && correct == 0, "%s",
			set->name);
		for (int i = 0; i < 4; i++)
			cr_assert(dx[i] == (i % 2 ? -0.5f : 0.5f), "%s", set->name);
	}
}

Test(numerics, cross_entropy_of_infinite_logits)
{
	const float above[] = { INFINITY, 0, 0, INFINITY }, below[] = { 0, -INFINITY, -INFINITY, 0 };
	const int32_t labels[] = { 0, 1 };
	FOR_EACH_USABLE_SET(set) {
		float correct, dx[4];
		cr_assert(isnan(cross_entropy(set, &(Logits){ 1, 2, above, labels }, &correct, dx)), "%s", set->name);
		cr_assert(isnan(cross_entropy(set, &(Logits){ 2, 2, above, labels }, &correct, dx)), "%s", set->name);
		cr_assert(cross_entropy(set, &(Logits){ 2, 2, below, labels }, &correct, dx) == 0 && correct == 2, "%s",
			set->name);
	}
}

/* Of which only the difference is computed: as the inputs, so the loss. */
Test(numerics, contrast_of_infinite_logits)
{
	enum { INPUTS = 40, ROWS = MAX_LANES };
	FOR_EACH_USABLE_SET(set) {
		static float x[ROWS * 3 * MAX_LANES * MAX_LANES], w[INPUTS * MAX_LANES], y[ROWS * MAX_LANES],
			dx[ROWS * MAX_LANES];
		static const int32_t labels[ROWS];
		for (int value = 0; value < 3 && set->table->linear_contrast; value++) {
			float loss, correct;
			for (size_t i = 0; i < sizeof x / sizeof *x; i++)
				x[i] = (float[]){ INFINITY, NAN, 3e38f }[value];
			for (int i = 0; i < INPUTS * set->lanes; i++)
				w[i] = i % set->lanes == 0 ? 1.0f : i % set->lanes == 1 ? -1.0f : 0.0f;
			set->table->linear_contrast(ROWS, 2, INPUTS, y, x, w, NULL);
			set->table->cross_entropy_of_two(ROWS, 2, &loss, &correct, dx, y, labels);
			cr_assert(isnan(loss), "%s: %g", set->name, (double)loss);
		}
	}
}

Test(numerics, cross_entropy_counts_the_first_maximum_and_no_nan)
{
	const float values[] = { 1, 3, 3, /**/ NAN, 1, 0, /**/ 0, NAN, 0, /**/ 2, 2, 2 };
	const int32_t labels[] = { 1, 0, 0, 0 };
	FOR_EACH_USABLE_SET(set) {
		float correct, dx[12];
		cr_assert(isnan(cross_entropy(set, &(Logits){ 4, 3, values, labels }, &correct, dx)), "%s", set->name);
		cr_assert(correct == 2, "%s: %g", set->name, (double)correct);
	}
}

Test(numerics, cross_entropy_of_many_rows_is_as_exact_as_of_one)
{
	static float values[4096 * 17], dx[4096 * 17];
	static int32_t labels[4096];
	uint32_t state = 7;
	double want = 0;
	for (int row = 0; row < 4096; row++) {
		double sum = 0;
		labels[row] = (int32_t)(uniform(&state) * 17);
		for (int i = 0; i < 17; i++) {
			values[row * 17 + i] = (float)normal(&state);
			sum += exp((double)values[row * 17 + i]);
		}
		want += (log(sum) - (double)values[row * 17 + labels[row]]) / 4096;
	}
	FOR_EACH_USABLE_SET(set) {
		float correct;
		const float loss = cross_entropy(set, &(Logits){ 4096, 17, values, labels }, &correct, dx);
		cr_assert(fabs((double)loss - want) < 3e-7, "%s: %.9g, not %.9g", set->name, (double)loss, want);
	}
}

/* Weights, or 0 for none, of two classes; what torch gives. */
Test(numerics, weighted_cross_entropy_of_its_ends)
{
	static const struct { float x[4], weights[2], smoothing; int32_t labels[2]; double loss; } cases[] = {
		/* logits that make another loss infinite count only if they have a part in it */
		{{0, -INFINITY, -INFINITY, 0}, {1, 5}, 0, {0, 1}, 0}, {{1e30f, -1e30f, -1e30f, 1e30f}, {1, 5}, 0, {0, 1}, 0},
		{{1e30f, -1e30f, -1e30f, 1e30f}, {1, 3}, 0, {1, 1}, 1e30}, {{0, -INFINITY, 0, 0}, {0}, 0.5f, {0, 1}, INFINITY},
		/* no label has a weight */
		{{1, 2, 3, 4}, {0, 2}, 0, {0, 0}, NAN}, {{1, 2, 3, 4}, {0, 2}, 0, {0, 1}, 0.31326169},
		{{NAN, 2, 3, 4}, {1, 2}, 0, {0, 1}, NAN}, {{INFINITY, 0, 0, 0}, {1, 2}, 0, {0, 0}, NAN},
		/* all is shared: half of -log softmax of each class */
		{{1, 2, 1, 2}, {0}, 1, {0, 1}, 0.81326169},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			float x[2 * MAX_LANES * MAX_LANES], dx[2 * MAX_LANES * MAX_LANES], weights[MAX_LANES], loss, correct;
			memcpy(weights, cases[i].weights, sizeof cases[i].weights);
			set->gather(2, 2, x, cases[i].x, NULL);
			set->table->cross_entropy_weighted(2, 2, cases[i].smoothing, &loss, &correct, dx, x, cases[i].labels,
				cases[i].weights[1] > 0 ? weights : NULL);
			const double wanted = cases[i].loss, found = (double)loss;
			cr_expect(isnan(wanted) ? isnan(found) : found == wanted || fabs(found - wanted) <= 3e-7 * wanted,
				"%s: case %zu: the loss is %.9g", set->name, i, found);
		}
}

typedef void Distance(const KernelSet *set, const float *x, const float *target, float *loss, float *dx);

static void l1_of_one(const KernelSet *set, const float *x, const float *target, float *loss, float *dx)
{
	set->table->l1(1, 1, loss, dx, x, target);
}

static void huber_of_one(const KernelSet *set, const float *x, const float *target, float *loss, float *dx)
{
	set->table->huber(1, 1, 0.5f, loss, dx, x, target);
}

/* What torch gives, at the ends of the pieces too. */
Test(numerics, l1_and_huber_of_their_ends)
{
	static const struct { Distance *of; float x, target, loss, dx; } cases[] = {
		{l1_of_one, 3, 3, 0, 0}, {l1_of_one, 0x1p-149f, 0, 0x1p-149f, 1}, {l1_of_one, -3e38f, 3e38f, INFINITY, -1},
		{l1_of_one, INFINITY, 0, INFINITY, 1}, {huber_of_one, 1, 0.5f, 0.125f, 0.5f},
		{huber_of_one, 0.5f, 1, 0.125f, -0.5f}, {huber_of_one, 0.25f, 0, 0.03125f, 0.25f},
		{huber_of_one, 2e30f, 0, 1e30f, 0.5f}, {huber_of_one, -INFINITY, 0, INFINITY, -0.5f},
		{huber_of_one, NAN, 0, NAN, NAN}, {l1_of_one, NAN, 0, NAN, NAN},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			float x[MAX_LANES] = {cases[i].x}, target[MAX_LANES] = {cases[i].target}, dx[MAX_LANES], loss;
			cases[i].of(set, x, target, &loss, dx);
			cr_expect(isnan(cases[i].loss) ? isnan(loss) : loss == cases[i].loss, "%s: case %zu: the loss is %g",
				set->name, i, (double)loss);
			cr_expect(isnan(cases[i].dx) || dx[0] == cases[i].dx, "%s: case %zu: dx is %g", set->name, i,
				(double)dx[0]);
		}
}

/* To the last digits: what torch's formula loses for target 0, too. A NaN is no answer. */
Test(numerics, bce_of_extreme_logits)
{
	static const struct { float x, target; double loss, dx; float correct; } cases[] = {
		{0, 0, 0.69314718, 0.5, 1}, {0, 1, 0.69314718, -0.5, 0}, {20, 1, 2.0611536e-09, -2.0611536e-09, 1},
		{-20, 0, 2.0611536e-09, 2.0611536e-09, 1}, {20, 0, 20, 1, 0}, {-20, 1, 20, -1, 0}, {1e30f, 0, 1e30, 1, 0},
		{-1e30f, 1, 1e30, -1, 0}, {1e30f, 1, 0, 0, 1}, {3e38f, 0.5f, 1.5e38, 0.5, 0}, {-INFINITY, 1, INFINITY, -1, 0},
		{NAN, 0, NAN, NAN, 0},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			float x[MAX_LANES] = {cases[i].x}, target[MAX_LANES] = {cases[i].target}, dx[MAX_LANES], loss, correct;
			set->table->bce(1, 1, &loss, &correct, dx, x, target);
			const double wanted = cases[i].loss, found = (double)loss, slope = cases[i].dx;
			cr_expect(isnan(wanted) ? isnan(found) : found == wanted || fabs(found - wanted) <= 4e-7 * wanted,
				"%s: case %zu: the loss is %.9g", set->name, i, found);
			cr_expect(isnan(slope) || fabs((double)dx[0] - slope) <= 4e-7 * fabs(slope), "%s: case %zu: dx is %.9g",
				set->name, i, (double)dx[0]);
			cr_expect(correct == cases[i].correct, "%s: case %zu: %g are correct", set->name, i, (double)correct);
		}
}

/* ---- activations and optimizers */

Test(numerics, relu_keeps_nan_and_negative_zero)
{
	FOR_EACH_USABLE_SET(set) {
		float x[MAX_LANES] = {0}, y[MAX_LANES];
		for (int i = 0; i < 3; i++) {
			x[0] = (float[]){ NAN, -0.0f, -INFINITY }[i];
			set->table->relu(1, y, x);
			cr_assert(i == 0 ? isnan(y[0]) : y[0] == 0 && !signbit(y[0]) == (i == 2), "%s: relu(%g)", set->name,
				(double)x[0]);
		}
	}
}

/* Other tests do not reach 6. The derivative is 0 at both ends, as torch has it. */
Test(numerics, relu6_of_its_ends)
{
	static const struct { float x, y, slope; } cases[] = {
		{NAN, NAN, 0}, {-INFINITY, 0, 0}, {0, 0, 0}, {0x1p-149f, 0x1p-149f, 1}, {5.9999995f, 5.9999995f, 1}, {6, 6, 0},
		{6.0000005f, 6, 0}, {INFINITY, 6, 0},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			float x[MAX_LANES] = {cases[i].x}, y[MAX_LANES], dy[MAX_LANES] = {1}, dx[MAX_LANES];
			set->table->relu6(1, y, x);
			set->table->relu6_bwd(1, dx, dy, y);
			cr_expect(isnan(cases[i].y) ? isnan(y[0]) : y[0] == cases[i].y, "%s: relu6(%g) is %g", set->name,
				(double)x[0], (double)y[0]);
			cr_expect(dx[0] == cases[i].slope, "%s: the slope at %g is %g", set->name, (double)x[0], (double)dx[0]);
		}
}

/* In torch the slope at 0 is that of negative numbers. */
Test(numerics, leaky_relu_and_elu_of_their_ends)
{
	static const struct { float x, leaky, leaky_slope, elu, elu_slope; } cases[] = {
		{NAN, NAN, 0.25f, NAN, NAN}, {-INFINITY, -INFINITY, 0.25f, -0.25f, 0}, {0, 0, 0.25f, 0, 0.25f},
		{0x1p-149f, 0x1p-149f, 1, 0x1p-149f, 1}, {INFINITY, INFINITY, 1, INFINITY, 1},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			float x[MAX_LANES] = {cases[i].x}, dy[MAX_LANES] = {1}, found[4][MAX_LANES];
			const float wanted[] = {cases[i].leaky, cases[i].leaky_slope, cases[i].elu, cases[i].elu_slope};
			set->table->leaky_relu(1, 0.25f, found[0], x);
			set->table->leaky_relu_bwd(1, 0.25f, found[1], dy, x);
			set->table->elu(1, 0.25f, found[2], x);
			set->table->elu_bwd(1, 0.25f, found[3], dy, x);
			for (int k = 0; k < 4; k++)
				cr_expect(isnan(wanted[k]) ? isnan(found[k][0]) : found[k][0] == wanted[k], "%s: number %d of %g is %g",
					set->name, k, (double)x[0], (double)found[k][0]);
		}
}

/* Above the threshold it is x itself, and there is a step at the threshold: log(1 + exp(2 x)) / 2, until 2 x is 3. */
Test(numerics, softplus_of_its_ends)
{
	static const struct { float x, y, slope; } cases[] = {
		{NAN, NAN, NAN}, {-INFINITY, 0, 0}, {0, 0.34657359f, 0.5f}, {1.5f, 1.5242935f, 0.95257413f},
		{1.5000001f, 1.5000001f, 1}, {INFINITY, INFINITY, 1},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			float x[MAX_LANES] = {cases[i].x}, dy[MAX_LANES] = {1}, y[MAX_LANES], dx[MAX_LANES];
			set->table->softplus(1, 2, 3, y, x);
			set->table->softplus_bwd(1, 2, 3, dx, dy, x);
			cr_expect(isnan(cases[i].y) ? isnan(y[0]) : y[0] == cases[i].y || fabsf(y[0] - cases[i].y) < 2e-7f,
				"%s: softplus(%g) is %.9g", set->name, (double)x[0], (double)y[0]);
			cr_expect(isnan(cases[i].slope) ? isnan(dx[0]) : fabsf(dx[0] - cases[i].slope) < 2e-7f,
				"%s: the slope at %g is %.9g", set->name, (double)x[0], (double)dx[0]);
		}
}

/* As torch has them; 37 features are in several panels, whose last has a lane that no sum may count. */
Test(numerics, softmax_of_extreme_inputs)
{
	enum { FEATURES = 37 };
	static const struct { float first, others, first_y, other_y, first_log, other_log; } cases[] = {
		{1e30f, -1e30f, 1, 0, 0, -2e30f}, {-1e30f, 1e30f, 0, 1.0f / 36, -2e30f, -3.5835189f},
		{3e38f, 3e38f, 1.0f / 37, 1.0f / 37, -3.6109179f, -3.6109179f}, {0, -INFINITY, 1, 0, 0, -INFINITY},
		{INFINITY, 0, NAN, NAN, NAN, NAN}, {NAN, 0, NAN, NAN, NAN, NAN}, {-INFINITY, -INFINITY, NAN, NAN, NAN, NAN},
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			for (int logs = 0; logs < 2; logs++) {
				float row[FEATURES], x[3 * MAX_LANES], y[3 * MAX_LANES];
				for (int f = 0; f < FEATURES; f++)
					row[f] = f ? cases[i].others : cases[i].first;
				for (int f = 0; f < 3 * MAX_LANES; f++)
					x[f] = 3e38f;
				set->gather(1, FEATURES, x, row, NULL);
				(logs ? set->table->log_softmax : set->table->softmax)(1, FEATURES, y, x);
				set->scatter(1, FEATURES, row, y);
				for (int f = 0; f < FEATURES; f++) {
					const float first = logs ? cases[i].first_log : cases[i].first_y,
						wanted = f == 0 ? first : logs ? cases[i].other_log : cases[i].other_y;
					cr_assert(isnan(wanted) ? isnan(row[f])
						: row[f] == wanted || fabsf(row[f] - wanted) <= 3e-7f * fabsf(wanted),
						"%s: case %zu, %d: feature %d is %g", set->name, i, logs, f, (double)row[f]);
				}
			}
}

/* torch: the first step takes the gradient undamped, later ones (1 - dampening) of it. */
Test(numerics, sgd_momentum_dampens_from_the_second_step_on)
{
	FOR_EACH_USABLE_SET(set) {
		float w[MAX_LANES] = {0}, buffer[MAX_LANES], dw[MAX_LANES], numbers[NUMBERS];
		int64_t step = 0;
		for (int lane = 0; lane < set->lanes; lane++) {
			buffer[lane] = NAN;
			dw[lane] = 1;
		}
		for (int i = 0; i < 3; i++) {
			set->table->sgd_momentum_numbers(numbers, 1, 0, 0.5f, 0.75f, 0, &step);
			set->table->sgd_momentum(set->lanes, numbers, w, buffer, NULL, NULL, dw);
			set->table->count(&step);
		}
		/* buffers 1, 1.25, 1.375 */
		cr_assert(w[0] == -3.625f && buffer[0] == 1.375f && step == 3, "%s: %g %g", set->name, (double)w[0],
			(double)buffer[0]);
	}
}
