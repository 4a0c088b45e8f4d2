/* kernels_reference.h: what each kernel means, in plain double. Operands come in the order of the kernel's row: p holds
 * the pointers, f the floats. A tensor is [features][rows], a matrix [outputs][inputs], as with one lane. Labels,
 * indices and counters are doubles too. A kernel without a function here is compared with the scalar set alone. */
#ifndef BNC_KERNELS_REFERENCE_H
#define BNC_KERNELS_REFERENCE_H
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* width: features of the operands that a kernel touches panel by panel; depth: floats per feature of `any` operands;
 * contrast, optimizer: as Sizes says */
typedef struct KernelShape { int rows, inputs, outputs, features, width, depth, flag, above, contrast;
	const char *optimizer; } KernelShape;

typedef void KernelReference(const KernelShape *s, const double *f, double **p);

static void reference_linear(const KernelShape *s, const double *f, double **p)
{
	double *y = p[0], *x = p[1], *w = p[2], *b = p[3];
	(void)f;
	for (int o = 0; o < s->width; o++)
		for (int r = 0; r < s->rows; r++) {
			double sum = b ? b[o] : 0;
			for (int i = 0; i < s->inputs; i++)
				sum += x[i * s->rows + r] * w[o * s->inputs + i];
			y[o * s->rows + r] = sum;
		}
}

static void reference_linear_dx(const KernelShape *s, const double *f, double **p)
{
	double *dx = p[0], *dy = p[1], *w = p[2];
	(void)f;
	for (int i = 0; i < s->inputs; i++)
		for (int r = 0; r < s->rows; r++) {
			double sum = 0;
			for (int o = 0; o < s->outputs; o++)
				sum += dy[o * s->rows + r] * w[o * s->inputs + i];
			dx[i * s->rows + r] = sum;
		}
}

static void reference_linear_dw(const KernelShape *s, const double *f, double **p)
{
	double *dw = p[0], *x = p[1], *dy = p[2];
	(void)f;
	for (int o = 0; o < s->width; o++)
		for (int i = 0; i < s->inputs; i++) {
			double sum = 0;
			for (int r = 0; r < s->rows; r++)
				sum += x[i * s->rows + r] * dy[o * s->rows + r];
			dw[o * s->inputs + i] = sum;
		}
}

static void reference_column_sum(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	for (int o = 0; o < s->width; o++) {
		p[0][o] = 0;
		for (int r = 0; r < s->rows; r++)
			p[0][o] += p[1][o * s->rows + r];
	}
}

static void reference_batchnorm(const KernelShape *s, const double *f, double **p)
{
	double *xhat = p[0], *rstd = p[1], *mean = p[2], *var = p[3], *x = p[4];
	const int n = s->rows;
	for (int o = 0; o < s->width; o++, x += n, xhat += n) {
		double m = 0, squares = 0;
		for (int r = 0; r < n; r++)
			m += x[r] / n;
		for (int r = 0; r < n; r++)
			squares += (x[r] - m) * (x[r] - m);
		rstd[o] = 1 / sqrt(squares / n + f[0]);
		for (int r = 0; r < n; r++)
			xhat[r] = (x[r] - m) * rstd[o];
		mean[o] = f[1] * mean[o] + f[2] * m;
		var[o] = f[1] * var[o] + f[2] * (n > 1 ? squares / (n - 1) : 0);
	}
}

static void reference_batchnorm_predict(const KernelShape *s, const double *f, double **p)
{
	double *y = p[0], *x = p[1], *mean = p[2], *var = p[3], *gamma = p[4], *beta = p[5];
	for (int i = 0; i < s->width * s->rows; i++) {
		const int o = i / s->rows;
		y[i] = (x[i] - mean[o]) / sqrt(var[o] + f[0]) * (gamma ? gamma[o] : 1) + (beta ? beta[o] : 0);
	}
}

static void reference_batchnorm_bwd(const KernelShape *s, const double *f, double **p)
{
	double *dx = p[0], *dgamma = p[1], *dbeta = p[2], *dy = p[3], *xhat = p[4], *rstd = p[5], *gamma = p[6];
	const int n = s->rows;
	(void)f;
	for (int o = 0; o < s->width; o++, dx += n, dy += n, xhat += n) {
		double sum = 0, product = 0;
		for (int r = 0; r < n; r++) {
			sum += dy[r];
			product += dy[r] * xhat[r];
		}
		for (int r = 0; r < n; r++)
			dx[r] = (gamma ? gamma[o] : 1) * rstd[o] * (dy[r] - sum / n - xhat[r] * product / n);
		if (dgamma)
			dgamma[o] = product;
		if (dbeta)
			dbeta[o] = sum;
	}
}

static void reference_scale_shift(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	for (int i = 0; i < s->width * s->rows; i++)
		p[0][i] = p[1][i] * (p[2] ? p[2][i / s->rows] : 1) + (p[3] ? p[3][i / s->rows] : 0);
}

/* Statistics of a row: centre, scale and shift; its sums: nothing, the mean of dy weight, and of that times xhat. */
static double xhat_of(const double *group, double x)
{
	return (x - group[0]) * group[1] - group[2];
}

static void reference_layernorm_statistics(const KernelShape *s, const double *f, double **p)
{
	for (int r = 0; r < s->rows; r++) {
		double mean = 0, squares = 0;
		for (int i = 0; i < s->features; i++)
			mean += p[1][i * s->rows + r] / s->features;
		for (int i = 0; i < s->features; i++)
			squares += (p[1][i * s->rows + r] - mean) * (p[1][i * s->rows + r] - mean);
		p[0][3 * r] = mean;
		p[0][3 * r + 1] = 1 / sqrt(squares / s->features + f[0]);
		p[0][3 * r + 2] = 0;
	}
}

static void reference_layernorm(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	for (int i = 0; i < s->width * s->rows; i++)
		p[0][i] = xhat_of(p[2] + i % s->rows * 3, p[1][i]) * (p[3] ? p[3][i / s->rows] : 1)
			+ (p[4] ? p[4][i / s->rows] : 0);
}

static void reference_layernorm_sums(const KernelShape *s, const double *f, double **p)
{
	double *sums = p[0], *dy = p[1], *x = p[2], *weight = p[4];
	(void)f;
	for (int r = 0; r < s->rows; r++) {
		sums[3 * r + 1] = sums[3 * r + 2] = 0;
		for (int i = r; i < s->features * s->rows; i += s->rows) {
			const double slope = dy[i] * (weight ? weight[i / s->rows] : 1) / s->features;
			sums[3 * r + 1] += slope;
			sums[3 * r + 2] += slope * xhat_of(p[3] + 3 * r, x[i]);
		}
	}
}

static void reference_layernorm_bwd(const KernelShape *s, const double *f, double **p)
{
	double *dx = p[0], *dweight = p[1], *dbias = p[2], *dy = p[3], *x = p[4], *statistics = p[5], *sums = p[6],
		*weight = p[7];
	(void)f;
	for (int o = 0; o < s->width; o++) {
		double product = 0, sum = 0;
		for (int r = 0; r < s->rows; r++) {
			const int i = o * s->rows + r;
			const double xhat = xhat_of(statistics + 3 * r, x[i]), slope = dy[i];
			product += slope * xhat;
			sum += slope;
			dx[i] = statistics[3 * r + 1] * (slope * (weight ? weight[o] : 1) - sums[3 * r + 1]
				- xhat * sums[3 * r + 2]);
		}
		if (dweight)
			dweight[o] = product;
		if (dbias)
			dbias[o] = sum;
	}
}

static void reference_dropout(const KernelShape *s, const double *f, double **p)
{
	for (int i = 0; i < s->width * s->rows; i++)
		p[0][i] = p[2] && p[2][i] > 0 ? p[1][i] / f[0] : 0;
}

/* Kernels that map each value: `a` and `b` are the values of the second and the third pointer. */
#define REFERENCE_MAP(name, pointers, expression) \
	static void reference_##name(const KernelShape *s, const double *f, double **p) \
	{ \
		for (int i = 0; i < s->width * s->rows; i++) { \
			const double a = p[1][i], b = pointers > 2 ? p[pointers - 1][i] : 0, slope = f[0]; \
			(void)b, (void)slope; \
			p[0][i] = expression; \
		} \
	}
REFERENCE_MAP(add, 3, a + b)
REFERENCE_MAP(relu, 2, a < 0 ? 0 : a)
REFERENCE_MAP(relu_bwd, 3, b > 0 ? a : 0)
REFERENCE_MAP(relu6, 2, a < 0 ? 0 : a > 6 ? 6 : a)
REFERENCE_MAP(relu6_bwd, 3, b > 0 && b < 6 ? a : 0)
REFERENCE_MAP(leaky_relu, 2, a > 0 ? a : slope * a)
REFERENCE_MAP(leaky_relu_bwd, 3, b > 0 ? a : slope * a)
REFERENCE_MAP(tanh, 2, tanh(a))
REFERENCE_MAP(tanh_bwd, 3, a * (1 - b * b))
REFERENCE_MAP(sigmoid, 2, 1 / (1 + exp(-a)))
REFERENCE_MAP(sigmoid_bwd, 3, a * b * (1 - b))
#undef REFERENCE_MAP

/* The largest of the row, and the sum of exp(x - largest). */
static double row_sum(const KernelShape *s, const double *x, int row, double *largest)
{
	double sum = 0;
	*largest = x[row];
	for (int i = row; i < s->features * s->rows; i += s->rows)
		*largest = fmax(*largest, x[i]);
	for (int i = row; i < s->features * s->rows; i += s->rows)
		sum += exp(x[i] - *largest);
	return sum;
}

static void reference_softmax(const KernelShape *s, const double *f, double **p)
{
	double largest;
	(void)f;
	for (int r = 0; r < s->rows; r++) {
		const double sum = row_sum(s, p[1], r, &largest);
		for (int i = r; i < s->features * s->rows; i += s->rows)
			p[0][i] = exp(p[1][i] - largest) / sum;
	}
}

static void reference_log_softmax(const KernelShape *s, const double *f, double **p)
{
	double largest;
	(void)f;
	for (int r = 0; r < s->rows; r++) {
		const double sum = row_sum(s, p[1], r, &largest);
		for (int i = r; i < s->features * s->rows; i += s->rows)
			p[0][i] = p[1][i] - largest - log(sum);
	}
}

static void reference_softmax_bwd(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	for (int r = 0; r < s->rows; r++) {
		double sum = 0;
		for (int i = r; i < s->features * s->rows; i += s->rows)
			sum += p[1][i] * p[2][i];
		for (int i = r; i < s->features * s->rows; i += s->rows)
			p[0][i] = p[2][i] * (p[1][i] - sum);
	}
}

static void reference_log_softmax_bwd(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	for (int r = 0; r < s->rows; r++) {
		double sum = 0;
		for (int i = r; i < s->features * s->rows; i += s->rows)
			sum += p[1][i];
		for (int i = r; i < s->features * s->rows; i += s->rows)
			p[0][i] = p[1][i] - exp(p[2][i]) * sum;
	}
}

static void reference_cross_entropy(const KernelShape *s, const double *f, double **p)
{
	double *loss = p[0], *correct = p[1], *dx = p[2], *x = p[3], *label = p[4];
	(void)f;
	*loss = *correct = 0;
	for (int r = 0; r < s->rows; r++) {
		int best = 0;
		double sum = 0;
		for (int i = 1; i < s->features; i++)
			if (x[i * s->rows + r] > x[best * s->rows + r])
				best = i;
		const double highest = x[best * s->rows + r];
		for (int i = 0; i < s->features; i++)
			sum += exp(x[i * s->rows + r] - highest);
		for (int i = 0; i < s->features; i++)
			dx[i * s->rows + r] = (exp(x[i * s->rows + r] - highest) / sum - (i == label[r])) / s->rows;
		*loss += (log(sum) + highest - x[(int)label[r] * s->rows + r]) / s->rows;
		*correct += best == label[r];
	}
}

static void reference_cross_entropy_weighted(const KernelShape *s, const double *f, double **p)
{
	double *loss = p[0], *correct = p[1], *dx = p[2], *x = p[3], *label = p[4], *weights = p[5];
	const int n = s->rows;
	double total = 0, all = 0;
	for (int r = 0; r < n; r++)
		total += weights ? weights[(int)label[r]] : 1;
	for (int i = 0; i < s->features; i++)
		all += weights ? weights[i] : 1;
	*loss = *correct = 0;
	for (int r = 0; r < n; r++) {
		const double own = (1 - f[0]) * (weights ? weights[(int)label[r]] : 1);
		int best = 0;
		double sum = 0;
		for (int i = 1; i < s->features; i++)
			if (x[i * n + r] > x[best * n + r])
				best = i;
		for (int i = 0; i < s->features; i++)
			sum += exp(x[i * n + r]);
		for (int i = 0; i < s->features; i++) {
			const double truth = (i == label[r] ? own : 0) + f[0] / s->features * (weights ? weights[i] : 1);
			*loss += truth * (log(sum) - x[i * n + r]) / total;
			dx[i * n + r] = (exp(x[i * n + r]) / sum * (own + f[0] / s->features * all) - truth) / total;
		}
		*correct += best == label[r];
	}
}

static void reference_l1(const KernelShape *s, const double *f, double **p)
{
	double *loss = p[0], *dx = p[1], *x = p[2], *target = p[3];
	const int n = s->rows * s->features;
	(void)f;
	*loss = 0;
	for (int i = 0; i < n; i++) {
		const double d = x[i] - target[i];
		*loss += fabs(d) / n;
		dx[i] = d == 0 ? 0 : copysign(1, d) / n;
	}
}

static void reference_huber(const KernelShape *s, const double *f, double **p)
{
	double *loss = p[0], *dx = p[1], *x = p[2], *target = p[3];
	const int n = s->rows * s->features;
	*loss = 0;
	for (int i = 0; i < n; i++) {
		const double d = x[i] - target[i], size = fabs(d);
		*loss += (size < f[0] ? d * d / 2 : f[0] * (size - f[0] / 2)) / n;
		dx[i] = fmax(-f[0], fmin(d, f[0])) / n;
	}
}

static void reference_bce(const KernelShape *s, const double *f, double **p)
{
	double *loss = p[0], *correct = p[1], *dx = p[2], *x = p[3], *target = p[4];
	const int n = s->rows * s->features;
	(void)f;
	*loss = *correct = 0;
	for (int i = 0; i < n; i++) {
		*loss += (log1p(exp(-fabs(x[i]))) + fmax(x[i], 0) - target[i] * x[i]) / n;
		dx[i] = (1 / (1 + exp(-x[i])) - target[i]) / n;
	}
	for (int r = 0; r < s->rows; r++) {
		int wrong = 0;
		for (int i = r; i < n; i += s->rows)
			wrong += (x[i] > 0) != (target[i] > 0.5);
		*correct += wrong == 0;
	}
}

static void reference_mse(const KernelShape *s, const double *f, double **p)
{
	double *loss = p[0], *dx = p[1], *x = p[2], *target = p[3];
	const int n = s->rows * s->features;
	(void)f;
	*loss = 0;
	for (int i = 0; i < n; i++) {
		*loss += (x[i] - target[i]) * (x[i] - target[i]) / n;
		dx[i] = 2 * (x[i] - target[i]) / n;
	}
}

/* The update of depth values of each of the panel's features: w and its states; w may be absent. numbers:
 * kernels/optimizers.h. */
static void step_sgd(const KernelShape *s, int depth, const double *numbers, double **w, const double *dw)
{
	for (int i = 0; w[0] && i < s->width * depth; i++)
		w[0][i] -= numbers[0] * (dw[i] + numbers[1] * w[0][i]);
}

static void step_sgd_momentum(const KernelShape *s, int depth, const double *numbers, double **w, const double *dw)
{
	for (int i = 0; w[0] && i < s->width * depth; i++) {
		const double gradient = dw[i] + numbers[1] * w[0][i];
		const double buffer = numbers[5] > 0 ? gradient : numbers[2] * (w[1] ? w[1][i] : 0) + numbers[3] * gradient;
		if (w[1])
			w[1][i] = buffer;
		w[0][i] -= numbers[0] * (numbers[4] > 0 ? gradient + numbers[2] * buffer : buffer);
	}
}

static void reference_sgd(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	step_sgd(s, s->depth, p[0], p + 1, p[5]);
}

static void reference_sgd_momentum(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	step_sgd_momentum(s, s->depth, p[0], p + 1, p[5]);
}

/* The update by the shape's optimizer. */
static void step_by(const KernelShape *s, int depth, const double *numbers, double **w, const double *dw)
{
	(strcmp(s->optimizer, "sgd") == 0 ? step_sgd : step_sgd_momentum)(s, depth, numbers, w, dw);
}

static void reference_linear_dw_update(const KernelShape *s, const double *f, double **p)
{
	double **w = p + 1, **b = p + 5, *x = p[9], *dy = p[10];
	double *dw = malloc(sizeof *dw * (size_t)s->width * (size_t)s->inputs), *db = malloc(sizeof *db * (size_t)s->width);
	reference_linear_dw(s, f, (double *[]){ dw, x, dy });
	reference_column_sum(s, f, (double *[]){ db, dy });
	step_by(s, s->inputs, p[0], w, dw);
	step_by(s, 1, p[0], b, db);
	free(dw);
	free(db);
}

/* ---- in one pass: what the kernels above do one after the other, for each instance of kernels/tables.h. Of the floats
 * an activation's own come first. */

enum { NONE_COUNT = 0, ONE_COUNT = 1, TWO_COUNT = 2 };

/* y from xhat, in what a kernel gives its activation. */
#define REFERENCE_BATCHNORM(activation, FROM, NUMBERS) \
	static void reference_batchnorm_##activation(const KernelShape *s, const double *f, double **p) \
	{ \
		reference_batchnorm(s, f + NUMBERS##_COUNT, (double *[]){ p[1], p[2], p[3], p[4], p[5] }); \
		reference_scale_shift(s, f, (double *[]){ p[0], p[1], p[6], p[7] }); \
		reference_##activation(s, f, (double *[]){ p[0], p[0] }); \
	} \
	\
	static void reference_batchnorm_##activation##_bwd(const KernelShape *s, const double *f, double **p) \
	{ \
		double *z = malloc(sizeof *z * (size_t)s->rows * (size_t)s->width); \
		reference_scale_shift(s, f, (double *[]){ z, p[5], p[7], p[4] }); \
		reference_##activation##_bwd(s, f, (double *[]){ p[0], p[3], FROM##_CHOSEN(p[4], z) }); \
		reference_batchnorm_bwd(s, f, (double *[]){ p[0], p[1], p[2], p[0], p[5], p[6], p[7] }); \
		free(z); \
	}
#define OUTPUT_CHOSEN(y, x) y
#define INPUT_CHOSEN(y, x) x
BATCHNORM_INSTANCES(REFERENCE_BATCHNORM)

/* Covariance of the inputs i and j as `moments` holds it. */
static double covariance(const double *moments, int i, int j)
{
	return moments[COVARIANCES + i * FEW + j];
}

static void reference_centre(const KernelShape *s, const double *f, double **p)
{
	double *centred = p[0], *moments = p[1], *x = p[2];
	const int n = s->rows;
	(void)f;
	for (int i = 0; i < s->inputs; i++) {
		moments[i] = 0;
		for (int r = 0; r < n; r++)
			moments[i] += x[i * n + r] / n;
		for (int r = 0; r < n; r++)
			centred[i * n + r] = x[i * n + r] - moments[i];
	}
	for (int i = 0; i < s->inputs; i++)
		for (int j = 0; j < s->inputs; j++) {
			moments[COVARIANCES + i * FEW + j] = 0;
			for (int r = 0; r < n; r++)
				moments[COVARIANCES + i * FEW + j] += centred[i * n + r] * centred[j * n + r] / n;
		}
	for (int k = TURNED; k < MOMENTS; k++)
		moments[k] = 0;
}

/* One way of many to turn inputs is as good as another: back to how the reference has them. */
static void turn_back(const KernelShape *s, double *centred, double *moments)
{
	const double *basis = moments + BASIS;
	const int n = s->rows;
	if (moments[TURNED] > 0) {
		double c[FEW][FEW] = {{0}};
		for (int r = 0; r < n; r++)
			for (int i = s->inputs - 1; i >= 0; i--) {
				double d = 0;
				for (int j = 0; j <= i; j++)
					d += basis[i * FEW + j] * (centred[j * n + r] + moments[CENTRES + j]);
				centred[i * n + r] = d;
			}
		for (int i = 0; i < s->inputs; i++)
			for (int j = 0; j < s->inputs; j++)
				for (int k = 0; k <= i; k++)
					for (int l = 0; l <= j; l++)
						c[i][j] += basis[i * FEW + k] * basis[j * FEW + l]
							* moments[COVARIANCES + k * FEW + l];
		for (int i = 0; i < s->inputs; i++) {
			moments[MEANS + i] = moments[INPUT_MEANS + i] + moments[RESTS + i];
			for (int j = 0; j < s->inputs; j++)
				moments[COVARIANCES + i * FEW + j] = c[i][j];
		}
	}
	for (int k = TURNED; k < MOMENTS; k++)
		moments[k] = 0;
}

/* L' w, or w. */
static void turned_weights(const KernelShape *s, double *turned, const double *moments, const double *w)
{
	for (int j = 0; j < s->inputs; j++) {
		turned[j] = moments[TURNED] > 0 ? 0 : w[j];
		for (int i = j; i < s->inputs && moments[TURNED] > 0; i++)
			turned[j] += moments[BASIS + i * FEW + j] * w[i];
	}
}

/* xhat of all rows, from the inputs' covariances; and the statistics, where they are asked for. */
static void few_xhat(const KernelShape *s, double eps, double *xhat, double *rstd, double *variance, double *mean,
	const double *centred, const double *moments, const double *w, const double *b)
{
	const int n = s->rows;
	for (int o = 0; o < s->width; o++, w += s->inputs) {
		double m = b ? b[o] : 0, v = 0, turned[FEW];
		turned_weights(s, turned, moments, w);
		for (int i = 0; i < s->inputs; i++) {
			m += moments[TURNED] > 0 ? w[i] * (moments[INPUT_MEANS + i] + moments[RESTS + i]) + turned[i]
				* moments[CENTRES + i] : w[i] * moments[MEANS + i];
			for (int j = 0; j < s->inputs; j++)
				v += turned[i] * turned[j] * covariance(moments, i, j);
		}
		if (mean) {
			rstd[o] = 1 / sqrt(v + eps);
			variance[o] = v;
			mean[o] = m;
		}
		for (int r = 0; r < n; r++) {
			xhat[o * n + r] = 0;
			for (int i = 0; i < s->inputs; i++)
				xhat[o * n + r] += turned[i] * rstd[o] * centred[i * n + r];
		}
	}
}

/* gradients: of w, gamma and beta, one behind the other; from dz, behind the activation. */
static void few_gradients(const KernelShape *s, double *dw, double *dgamma, double *dbeta, const double *dz,
	const double *xhat, const double *rstd, const double *centred, const double *moments, const double *w,
	const double *gamma)
{
	const int n = s->rows;
	for (int o = 0; o < s->width; o++, w += s->inputs, dw += s->inputs, dz += n, xhat += n) {
		double turned[FEW];
		turned_weights(s, turned, moments, w);
		dgamma[o] = dbeta[o] = 0;
		for (int r = 0; r < n; r++) {
			dbeta[o] += dz[r];
			dgamma[o] += dz[r] * xhat[r];
		}
		for (int i = 0; i < s->inputs; i++) {
			double against = 0, spread = 0;
			for (int r = 0; r < n; r++)
				against += dz[r] * centred[i * n + r];
			for (int j = 0; j < s->inputs; j++)
				spread += covariance(moments, i, j) * turned[j];
			dw[i] = (gamma ? gamma[o] : 1) * rstd[o] * (against - dgamma[o] * spread * rstd[o]);
		}
		for (int i = s->inputs - 1; i >= 0 && moments[TURNED] > 0; i--) {
			dw[i] *= moments[BASIS + i * FEW + i];
			for (int j = 0; j < i; j++)
				dw[i] += moments[BASIS + i * FEW + j] * dw[j];
		}
	}
}

#define REFERENCE_FEW(activation, FROM, NUMBERS) \
	static void reference_linear_batchnorm_##activation(const KernelShape *s, const double *f, double **p) \
	{ \
		reference_linear_batchnorm(s, f + NUMBERS##_COUNT, p); \
		reference_##activation(s, f, (double *[]){ p[0], p[0] }); \
	}
static void reference_linear_batchnorm(const KernelShape *s, const double *f, double **p)
{
	const size_t width = (size_t)s->width;
	double *variance = malloc(sizeof *variance * 2 * width), *mean = variance + width;
	const int n = s->rows;
	few_xhat(s, f[0], p[0], p[2], variance, mean, p[5], p[6], p[7], p[8]);
	if (p[1])
		memcpy(p[1], p[0], sizeof **p * width * (size_t)n);
	for (int o = 0; o < s->width; o++) {
		p[3][o] = f[1] * p[3][o] + f[2] * mean[o];
		p[4][o] = f[1] * p[4][o] + f[2] * (n > 1 ? variance[o] * n / (n - 1) : 0);
	}
	reference_scale_shift(s, f, (double *[]){ p[0], p[0], p[9], p[10] });
	free(variance);
}
FEW_INSTANCES(REFERENCE_FEW)

/* What backward is given beside its weights; y or null, and gradients to fill in. */
typedef struct FewBackward { double *dy, *y, *rstd, *centred, *moments, *w, *gamma, *beta, *dw, *dgamma, *dbeta;
	} FewBackward;

/* slope: the activation's backward, or null. Where an input that the kernel makes again is so near 0 that rounding
 * decides on which side of a kink it lies, anything is right: NaN. */
static void few_backward(const KernelShape *s, const double *f, KernelReference *slope, const FewBackward *in)
{
	const size_t width = (size_t)s->width, size = width * (size_t)s->rows;
	double *xhat = malloc(sizeof *xhat * (3 * size + 2 * width)), *z = xhat + size, *dz = z + size, *dgamma = dz + size,
		*dbeta = dgamma + width;
	few_xhat(s, 0, xhat, in->rstd, NULL, NULL, in->centred, in->moments, in->w, NULL);
	reference_scale_shift(s, f, (double *[]){ z, xhat, in->gamma, in->beta });
	memcpy(dz, in->dy, sizeof *dz * size);
	if (slope)
		slope(s, f, (double *[]){ dz, dz, in->y ? in->y : z });
	for (size_t i = 0; i < size; i++)
		if (slope && !in->y && fabs(z[i]) < 1e-5)
			dz[i] = NAN;
	few_gradients(s, in->dw, in->dgamma ? in->dgamma : dgamma, in->dbeta ? in->dbeta : dbeta, dz, xhat, in->rstd,
		in->centred, in->moments, in->w, in->gamma);
	free(xhat);
}

/* Pointers: numbers, w and its states, dgamma, dbeta, dy, [y or beta], rstd, centred, moments, gamma. */
static void few_bwd_update(const KernelShape *s, const double *f, KernelReference *slope, double **p, double *y,
	double *beta, double **rest)
{
	double *dw = malloc(sizeof *dw * (size_t)s->width * (size_t)s->inputs);
	const FewBackward in = { .dy = p[7], .y = y, .rstd = rest[0], .centred = rest[1], .moments = rest[2], .w = p[1],
		.gamma = rest[3], .beta = beta,
		.dw = dw, .dgamma = p[5], .dbeta = p[6] };
	few_backward(s, f, slope, &in);
	step_by(s, s->inputs, p[0], p + 1, dw);
	free(dw);
}

static void reference_linear_batchnorm_bwd_update(const KernelShape *s, const double *f, double **p)
{
	few_bwd_update(s, f, NULL, p, NULL, NULL, p + 8);
}

#define OUTPUT_Y(pointer) pointer
#define INPUT_Y(pointer) NULL
#define OUTPUT_BETA(pointer) NULL
#define INPUT_BETA(pointer) pointer
#define REFERENCE_FEW_BWD(activation, FROM, NUMBERS) \
	static void reference_linear_batchnorm_##activation##_bwd_update(const KernelShape *s, const double *f, \
		double **p) \
	{ \
		few_bwd_update(s, f, reference_##activation##_bwd, p, FROM##_Y(p[8]), FROM##_BETA(p[8]), p + 9); \
	}
FEW_INSTANCES(REFERENCE_FEW_BWD)

/* Pointers: numbers; w, gamma, beta with their states; [dy], [y], rstd, centred, moments, [above_dy, above_w]. */
typedef void KernelStep(const KernelShape *s, int depth, const double *numbers, double **w, const double *dw);

static void few_update(const KernelShape *s, const double *f, KernelReference *slope, KernelStep *step, int places,
	double **p, double *dy, double *y, double **rest)
{
	double **w = p + 1, **gamma = w + places, **beta = gamma + places;
	const size_t width = (size_t)s->width;
	double *dw = malloc(sizeof *dw * width * (size_t)(s->inputs + 2)), *dgamma = dw + width * (size_t)s->inputs,
		*dbeta = dgamma + width;
	const FewBackward in = { .dy = dy, .y = y, .rstd = rest[0], .centred = rest[1], .moments = rest[2], .w = w[0],
		.gamma = gamma[0], .beta = beta[0],
		.dw = dw, .dgamma = dgamma, .dbeta = dbeta };
	few_backward(s, f, slope, &in);
	step(s, s->inputs, p[0], w, dw);
	step(s, 1, p[0], gamma, dgamma);
	step(s, 1, p[0], beta, dbeta);
	free(dw);
}

enum { NO_STATE_PLACES = 1, ONE_STATE_PLACES = 2, OUTPUT_GIVEN_ROWS = 1, INPUT_GIVEN_ROWS = 0 };
#define REFERENCE_FEW_UPDATE(activation, FROM, NUMBERS, optimizer, STATES) \
	static void reference_linear_batchnorm_##activation##_bwd_##optimizer(const KernelShape *s, const double *f, \
		double **p) \
	{ \
		double **dy = p + 1 + 3 * STATES##_PLACES, **rest = dy + 1; \
		few_update(s, f, reference_##activation##_bwd, step_##optimizer, STATES##_PLACES, p, *dy, FROM##_Y(*rest), \
			rest + FROM##_GIVEN_ROWS); \
	} \
	\
	static void reference_linear_batchnorm_##activation##_linear_bwd_##optimizer(const KernelShape *s, \
		const double *f, double **p) \
	{ \
		double **rest = p + 1 + 3 * STATES##_PLACES, **above_dy = rest + FROM##_GIVEN_ROWS + 3; \
		double *dy = malloc(sizeof *dy * (size_t)s->rows * (size_t)s->outputs); \
		const KernelShape above = { .rows = s->rows, .inputs = s->outputs, .outputs = s->above }; \
		reference_linear_dx(&above, f, (double *[]){ dy, above_dy[0], above_dy[1] }); \
		few_update(s, f, reference_##activation##_bwd, step_##optimizer, STATES##_PLACES, p, dy, FROM##_Y(*rest), \
			rest + FROM##_GIVEN_ROWS); \
		free(dy); \
	}
FEW_UPDATE_INSTANCES(REFERENCE_FEW_UPDATE)

static void reference_count(const KernelShape *s, const double *f, double **p)
{
	(void)s, (void)f;
	*p[0] += 1;
}

static void reference_accumulate(const KernelShape *s, const double *f, double **p)
{
	for (int i = 0; i < s->width * s->depth; i++)
		p[0][i] += f[0] * p[1][i];
}

static void reference_clip(const KernelShape *s, const double *f, double **p)
{
	double squares = 0;
	for (int i = 0; i < s->width * s->depth; i++)
		squares += p[0][i] * p[0][i];
	const double factor = f[0] / (sqrt(squares) + 1e-6);
	for (int i = 0; factor < 1 && i < s->width * s->depth; i++)
		p[0][i] *= factor;
}

static void reference_clear(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	memset(p[0], 0, (size_t)(s->width * s->depth) * sizeof *p[0]);
	p[1][0] = 0;
}

static void reference_gather(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	for (int r = 0; r < s->rows; r++)
		for (int i = 0; i < s->features; i++)
			p[0][i * s->rows + r] = p[1][(p[2] ? (int)p[2][r] : r) * s->features + i];
}

static void reference_scatter(const KernelShape *s, const double *f, double **p)
{
	(void)f;
	for (int r = 0; r < s->rows; r++)
		for (int i = 0; i < s->features; i++)
			p[0][r * s->features + i] = p[1][i * s->rows + r];
}

#define REFERENCE(name) { #name, reference_##name }
#define OF_BATCHNORM(activation, FROM, NUMBERS) REFERENCE(batchnorm_##activation), \
	REFERENCE(batchnorm_##activation##_bwd),
#define OF_FEW(activation, FROM, NUMBERS) REFERENCE(linear_batchnorm_##activation), \
REFERENCE(linear_batchnorm_##activation##_bwd_update),
#define OF_UPDATE(activation, FROM, NUMBERS, optimizer, STATES) \
	REFERENCE(linear_batchnorm_##activation##_bwd_##optimizer), \
		REFERENCE(linear_batchnorm_##activation##_linear_bwd_##optimizer),
static const struct { const char *name; KernelReference *function; } references[] = {
	REFERENCE(linear), REFERENCE(linear_dx), REFERENCE(linear_dw), REFERENCE(column_sum), REFERENCE(add),
	REFERENCE(batchnorm), REFERENCE(batchnorm_predict), REFERENCE(batchnorm_bwd), REFERENCE(scale_shift),
	REFERENCE(dropout), REFERENCE(layernorm_statistics), REFERENCE(layernorm), REFERENCE(layernorm_sums),
	REFERENCE(layernorm_bwd),
	REFERENCE(softmax), REFERENCE(softmax_bwd), REFERENCE(log_softmax), REFERENCE(log_softmax_bwd),
	REFERENCE(cross_entropy), REFERENCE(cross_entropy_weighted), REFERENCE(mse), REFERENCE(l1), REFERENCE(huber),
	REFERENCE(bce), REFERENCE(centre), REFERENCE(count), REFERENCE(accumulate), REFERENCE(clip),
	REFERENCE(clear), REFERENCE(gather),
	REFERENCE(scatter),
	REFERENCE(linear_dw_update), REFERENCE(linear_batchnorm), REFERENCE(linear_batchnorm_bwd_update), REFERENCE(sgd),
	REFERENCE(sgd_momentum),
	REFERENCE(relu), REFERENCE(relu_bwd), REFERENCE(relu6), REFERENCE(relu6_bwd),
	REFERENCE(leaky_relu), REFERENCE(leaky_relu_bwd), REFERENCE(tanh),
	REFERENCE(tanh_bwd), REFERENCE(sigmoid),
	REFERENCE(sigmoid_bwd),
	BATCHNORM_INSTANCES(OF_BATCHNORM) FEW_INSTANCES(OF_FEW) FEW_UPDATE_INSTANCES(OF_UPDATE)
};
#undef REFERENCE

static KernelReference *find_reference(const char *name)
{
	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		if (strcmp(references[i].name, name) == 0)
			return references[i].function;
	return NULL;
}

#endif
