/* kernels_reference.h: what each kernel means, in plain double. Operands come in the order of the kernel's row: p holds
 * the pointers, f the floats. A tensor is [features][rows], a matrix [outputs][inputs], as with one lane. Labels, indices
 * and counters are doubles too. A kernel without a function here is compared with the scalar set alone. */
#ifndef BNC_KERNELS_REFERENCE_H
#define BNC_KERNELS_REFERENCE_H
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* width: features of the operands that a kernel touches panel by panel; depth: floats per feature of `any` operands */
typedef struct Shape { int rows, inputs, outputs, features, width, depth, flag, above; } Shape;

typedef void Reference(const Shape *s, const double *f, double **p);

static void reference_linear(const Shape *s, const double *f, double **p)
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

static void reference_linear_dx(const Shape *s, const double *f, double **p)
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

static void reference_linear_dw(const Shape *s, const double *f, double **p)
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

static void reference_column_sum(const Shape *s, const double *f, double **p)
{
	(void)f;
	for (int o = 0; o < s->width; o++) {
		p[0][o] = 0;
		for (int r = 0; r < s->rows; r++)
			p[0][o] += p[1][o * s->rows + r];
	}
}

static void reference_batchnorm(const Shape *s, const double *f, double **p)
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
		mean[o] += f[1] * (m - mean[o]);
		var[o] += f[1] * ((n > 1 ? squares / (n - 1) : 0) - var[o]);
	}
}

static void reference_batchnorm_predict(const Shape *s, const double *f, double **p)
{
	double *y = p[0], *x = p[1], *mean = p[2], *var = p[3], *gamma = p[4], *beta = p[5];
	for (int i = 0; i < s->width * s->rows; i++) {
		const int o = i / s->rows;
		y[i] = (x[i] - mean[o]) / sqrt(var[o] + f[0]) * (gamma ? gamma[o] : 1) + (beta ? beta[o] : 0);
	}
}

static void reference_batchnorm_bwd(const Shape *s, const double *f, double **p)
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

static void reference_scale_shift(const Shape *s, const double *f, double **p)
{
	(void)f;
	for (int i = 0; i < s->width * s->rows; i++)
		p[0][i] = p[1][i] * (p[2] ? p[2][i / s->rows] : 1) + (p[3] ? p[3][i / s->rows] : 0);
}

/* Kernels that map each value: `a` and `b` are the values of the second and the third pointer. */
#define REFERENCE_MAP(name, pointers, expression) \
	static void reference_##name(const Shape *s, const double *f, double **p) \
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
REFERENCE_MAP(leaky_relu, 2, a > 0 ? a : slope * a)
REFERENCE_MAP(leaky_relu_bwd, 3, b > 0 ? a : slope * a)
REFERENCE_MAP(tanh, 2, tanh(a))
REFERENCE_MAP(tanh_bwd, 3, a * (1 - b * b))
REFERENCE_MAP(sigmoid, 2, 1 / (1 + exp(-a)))
REFERENCE_MAP(sigmoid_bwd, 3, a * b * (1 - b))
#undef REFERENCE_MAP

static void reference_cross_entropy(const Shape *s, const double *f, double **p)
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

static void reference_mse(const Shape *s, const double *f, double **p)
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

static void reference_sgd(const Shape *s, const double *f, double **p)
{
	for (int i = 0; i < s->width * s->depth; i++)
		p[0][i] -= f[0] * (p[1][i] + f[1] * p[0][i]);
}

static void reference_sgd_momentum(const Shape *s, const double *f, double **p)
{
	double *w = p[0], *buffer = p[1], *dw = p[2], *step = p[3];
	for (int i = 0; i < s->width * s->depth; i++) {
		const double gradient = dw[i] + f[1] * w[i];
		buffer[i] = *step == 0 ? gradient : f[2] * buffer[i] + (1 - f[3]) * gradient;
		w[i] -= f[0] * (s->flag ? gradient + f[2] * buffer[i] : buffer[i]);
	}
}

static void reference_batchnorm_relu(const Shape *s, const double *f, double **p)
{
	double *y = p[0], *normal[] = { p[1], p[2], p[3], p[4], p[5] };
	reference_batchnorm(s, f, normal);
	reference_scale_shift(s, f, (double *[]){ y, p[1], p[6], p[7] });
	reference_relu(s, f, (double *[]){ y, y });
}

static void reference_batchnorm_relu_bwd(const Shape *s, const double *f, double **p)
{
	reference_relu_bwd(s, f, (double *[]){ p[0], p[3], p[4] });
	reference_batchnorm_bwd(s, f, (double *[]){ p[0], p[1], p[2], p[0], p[5], p[6], p[7] });
}

static void reference_linear_dw_sgd(const Shape *s, const double *f, double **p)
{
	double *w = p[0], *b = p[1], *x = p[2], *dy = p[3];
	for (int o = 0; o < s->width; o++) {
		for (int i = 0; i < s->inputs; i++) {
			double gradient = f[1] * w[o * s->inputs + i];
			for (int r = 0; r < s->rows; r++)
				gradient += x[i * s->rows + r] * dy[o * s->rows + r];
			w[o * s->inputs + i] -= f[0] * gradient;
		}
		double sum = b ? f[1] * b[o] : 0;
		for (int r = 0; r < s->rows; r++)
			sum += dy[o * s->rows + r];
		if (b)
			b[o] -= f[0] * sum;
	}
}

/* Covariance of the inputs i and j as `moments` holds it. */
static double covariance(const double *moments, int i, int j)
{
	return moments[FEW + i * FEW + j];
}

static void reference_centre(const Shape *s, const double *f, double **p)
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
			moments[FEW + i * FEW + j] = 0;
			for (int r = 0; r < n; r++)
				moments[FEW + i * FEW + j] += centred[i * n + r] * centred[j * n + r] / n;
		}
}

static void reference_linear_batchnorm_relu(const Shape *s, const double *f, double **p)
{
	double *y = p[0], *normal = p[1], *rstd = p[2], *mean = p[3], *var = p[4], *centred = p[5], *moments = p[6], *w = p[7], *b = p[8];
	const int n = s->rows;
	for (int o = 0; o < s->width; o++, w += s->inputs) {
		double m = b ? b[o] : 0, v = 0;
		for (int i = 0; i < s->inputs; i++) {
			m += w[i] * moments[i];
			for (int j = 0; j < s->inputs; j++)
				v += w[i] * w[j] * covariance(moments, i, j);
		}
		rstd[o] = 1 / sqrt(v + f[0]);
		for (int r = 0; r < n; r++) {
			double xhat = 0;
			for (int i = 0; i < s->inputs; i++)
				xhat += w[i] * rstd[o] * centred[i * n + r];
			if (normal)
				normal[o * n + r] = xhat;
			y[o * n + r] = xhat;
		}
		mean[o] += f[1] * (m - mean[o]);
		var[o] += f[1] * ((n > 1 ? v * n / (n - 1) : 0) - var[o]);
	}
	reference_scale_shift(s, f, (double *[]){ y, y, p[9], p[10] });
	reference_relu(s, f, (double *[]){ y, y });
}

static void reference_linear_batchnorm_relu_bwd_sgd(const Shape *s, const double *f, double **p)
{
	double *w = p[0], *gamma = p[1], *beta = p[2], *dy = p[3], *y = p[4], *rstd = p[5], *centred = p[6], *moments = p[7];
	const int n = s->rows;
	for (int o = 0; o < s->width; o++, w += s->inputs) {
		double sum = 0, along = 0, old[FEW];
		memcpy(old, w, sizeof *old * (size_t)s->inputs);
		for (int r = o * n; r < (o + 1) * n; r++) {
			double xhat = 0;
			for (int i = 0; i < s->inputs; i++)
				xhat += centred[i * n + r - o * n] * old[i] * rstd[o];
			sum += y[r] > 0 ? dy[r] : 0;
			along += y[r] > 0 ? dy[r] * xhat : 0;
		}
		for (int i = 0; i < s->inputs; i++) {
			double against = 0, spread = 0;
			for (int r = 0; r < n; r++)
				against += y[o * n + r] > 0 ? dy[o * n + r] * centred[i * n + r] : 0;
			for (int j = 0; j < s->inputs; j++)
				spread += covariance(moments, i, j) * old[j];
			const double gradient = (gamma ? gamma[o] : 1) * rstd[o] * (against - along * spread * rstd[o]);
			w[i] -= f[0] * (gradient + f[1] * old[i]);
		}
		if (gamma)
			gamma[o] -= f[0] * (along + f[1] * gamma[o]);
		if (beta)
			beta[o] -= f[0] * (sum + f[1] * beta[o]);
	}
}

static void reference_linear_batchnorm_relu_linear_bwd_sgd(const Shape *s, const double *f, double **p)
{
	double *dy = malloc(sizeof *dy * (size_t)s->rows * (size_t)s->outputs);
	const Shape above = { .rows = s->rows, .inputs = s->outputs, .outputs = s->above };
	reference_linear_dx(&above, f, (double *[]){ dy, p[7], p[8] });
	reference_linear_batchnorm_relu_bwd_sgd(s, f, (double *[]){ p[0], p[1], p[2], dy, p[3], p[4], p[5], p[6] });
	free(dy);
}

static void reference_count(const Shape *s, const double *f, double **p)
{
	(void)s, (void)f;
	*p[0] += 1;
}

static void reference_gather(const Shape *s, const double *f, double **p)
{
	(void)f;
	for (int r = 0; r < s->rows; r++)
		for (int i = 0; i < s->features; i++)
			p[0][i * s->rows + r] = p[1][(p[2] ? (int)p[2][r] : r) * s->features + i];
}

static void reference_scatter(const Shape *s, const double *f, double **p)
{
	(void)f;
	for (int r = 0; r < s->rows; r++)
		for (int i = 0; i < s->features; i++)
			p[0][r * s->features + i] = p[1][i * s->rows + r];
}

#define REFERENCE(name) { #name, reference_##name }
static const struct { const char *name; Reference *function; } references[] = {
	REFERENCE(linear), REFERENCE(linear_dx), REFERENCE(linear_dw), REFERENCE(column_sum), REFERENCE(add),
	REFERENCE(batchnorm), REFERENCE(batchnorm_predict), REFERENCE(batchnorm_bwd), REFERENCE(scale_shift),
	REFERENCE(relu), REFERENCE(relu_bwd), REFERENCE(leaky_relu), REFERENCE(leaky_relu_bwd), REFERENCE(tanh),
	REFERENCE(tanh_bwd), REFERENCE(sigmoid), REFERENCE(sigmoid_bwd), REFERENCE(cross_entropy), REFERENCE(mse),
	REFERENCE(sgd), REFERENCE(batchnorm_relu), REFERENCE(batchnorm_relu_bwd), REFERENCE(linear_dw_sgd),
	REFERENCE(centre), REFERENCE(linear_batchnorm_relu), REFERENCE(linear_batchnorm_relu_bwd_sgd),
	REFERENCE(linear_batchnorm_relu_linear_bwd_sgd), REFERENCE(sgd_momentum), REFERENCE(count), REFERENCE(gather), REFERENCE(scatter),
};
#undef REFERENCE

static Reference *find_reference(const char *name)
{
	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		if (strcmp(references[i].name, name) == 0)
			return references[i].function;
	return NULL;
}

#endif
