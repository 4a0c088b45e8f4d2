/* few_test.c: what the kernels for few inputs lose of the digits, against double, beside what PyTorch loses in
 * float32. */
#include "kernels.h"
#include "set_support.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LANES = 16, MAX_ROWS = 64 };

static const double eps = 1e-5f;

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

/* A panel of linear, batchnorm and relu: its inputs, row by row, weights [inputs][MAX_LANES] and gradient
 * [rows][MAX_LANES]. */
typedef struct Panel {
	int rows, inputs;
	float x[MAX_ROWS][FEW], w[FEW][MAX_LANES], b[MAX_LANES], dy[MAX_ROWS][MAX_LANES];
} Panel;

/* The groups of numbers that are compared. */
enum { Y, MEAN, VAR, DW, DGAMMA, DBETA, GROUPS };
static const char *const group_names[GROUPS] = { "y", "running mean", "running variance", "dW", "dgamma", "dbeta" };
typedef struct Result { double values[GROUPS][MAX_ROWS * MAX_LANES]; } Result;

/* In double, or with the roundings of PyTorch's float32, which takes the statistics in double: kept() rounds what it
 * keeps in floats. */
static double kept(int in_float, double value)
{
	return in_float ? (double)(float)value : value;
}

static void compute(const Panel *p, int in_float, Result *result)
{
	memset(result, 0, sizeof *result);
	for (int f = 0; f < MAX_LANES; f++) {
		double z[MAX_ROWS], xhat[MAX_ROWS], g[MAX_ROWS], mean = 0, squares = 0, dgamma = 0, dbeta = 0;
		for (int r = 0; r < p->rows; r++) {
			z[r] = 0;
			for (int i = 0; i < p->inputs; i++)
				z[r] = kept(in_float, z[r] + kept(in_float, (double)p->x[r][i] * (double)p->w[i][f]));
			z[r] = kept(in_float, z[r] + (double)p->b[f]);
			mean += z[r] / p->rows;
		}
		for (int r = 0; r < p->rows; r++)
			squares += (z[r] - mean) * (z[r] - mean);
		const double rstd = kept(in_float, 1 / sqrt(squares / p->rows + eps));
		mean = kept(in_float, mean);
		for (int r = 0; r < p->rows; r++) {
			xhat[r] = kept(in_float, (z[r] - mean) * rstd);
			g[r] = xhat[r] > 0 ? (double)p->dy[r][f] : 0;
			dgamma = kept(in_float, dgamma + g[r] * xhat[r]);
			dbeta = kept(in_float, dbeta + g[r]);
			result->values[Y][r * MAX_LANES + f] = fmax(xhat[r], 0);
		}
		for (int r = 0; r < p->rows; r++) {
			const double dz = kept(in_float, (g[r] - dbeta / p->rows - kept(in_float, xhat[r] * dgamma / p->rows))
				* rstd);
			for (int i = 0; i < p->inputs; i++)
				result->values[DW][i * MAX_LANES + f] = kept(in_float,
					result->values[DW][i * MAX_LANES + f] + (double)p->x[r][i] * dz);
		}
		result->values[MEAN][f] = mean;
		result->values[VAR][f] = kept(in_float, squares / (p->rows - 1));
		result->values[DGAMMA][f] = dgamma;
		result->values[DBETA][f] = dbeta;
	}
}

/* The kernels, a panel of their lanes at a time. The momentum's buffer is the gradient after the first step; running
 * statistics with a momentum of 1 are those of the batch. */
static void run(const KernelSet *set, const Panel *p, Result *result)
{
	const int lanes = set->lanes;
	static float x[MAX_ROWS * FEW * MAX_LANES], centred[MAX_ROWS * FEW * MAX_LANES], table[MAX_ROWS * FEW];
	float moments[MOMENTS], y[MAX_ROWS * MAX_LANES], rstd[MAX_LANES], w[FEW * MAX_LANES], dy[MAX_ROWS * MAX_LANES];
	float mean[MAX_LANES] = {0}, var[MAX_LANES] = {0}, gamma[MAX_LANES], beta[MAX_LANES] = {0};
	float dw[FEW * MAX_LANES], dgamma[MAX_LANES], dbeta[MAX_LANES], numbers[NUMBERS];
	const int64_t step = 0;
	for (int r = 0; r < p->rows; r++)
		memcpy(table + r * p->inputs, p->x[r], (size_t)p->inputs * sizeof *table);
	set->gather(p->rows, p->inputs, x, table, NULL);
	set->table->centre(p->rows, p->inputs, centred, moments, x);
	set->table->sgd_momentum_numbers(numbers, 0, 0, 0.5f, 1, 0, &step);
	memset(result, 0, sizeof *result);
	for (int first = 0; first < MAX_LANES; first += lanes) {
		for (int i = 0; i < p->inputs; i++)
			memcpy(w + i * lanes, p->w[i] + first, (size_t)lanes * sizeof *w);
		for (int r = 0; r < p->rows; r++)
			memcpy(dy + r * lanes, p->dy[r] + first, (size_t)lanes * sizeof *dy);
		for (int lane = 0; lane < lanes; lane++)
			gamma[lane] = 1;
		set->table->linear_batchnorm_relu(p->rows, lanes, p->inputs, (float)eps, 0, 1, y, NULL, rstd, mean, var,
			centred, moments, w, p->b + first, gamma, beta);
		set->table->linear_batchnorm_relu_bwd_update(p->rows, lanes, p->inputs, set->table->sgd_momentum, numbers, w,
			dw, NULL, NULL, dgamma, dbeta, dy, y, rstd, centred, moments, gamma);
		for (int lane = 0; lane < lanes; lane++) {
			const int f = first + lane;
			for (int r = 0; r < p->rows; r++)
				result->values[Y][r * MAX_LANES + f] = (double)y[r * lanes + lane];
			for (int i = 0; i < p->inputs; i++)
				result->values[DW][i * MAX_LANES + f] = (double)dw[i * lanes + lane];
			result->values[MEAN][f] = (double)mean[lane];
			result->values[VAR][f] = (double)var[lane];
			result->values[DGAMMA][f] = (double)dgamma[lane];
			result->values[DBETA][f] = (double)dbeta[lane];
		}
	}
}

/* The largest difference of a group by its largest number. dW is 0 in a batch of two: it is measured by what it is a
 * sum of; a mean, which may be near 0, by the deviation around it. */
static double error(const Panel *p, const Result *result, const Result *want, int group)
{
	double worst = 0, largest = DBL_MIN;
	for (int i = 0; i < MAX_ROWS * MAX_LANES; i++) {
		worst = fmax(worst, fabs(result->values[group][i] - want->values[group][i]));
		largest = fmax(largest, fabs(want->values[group][i]));
	}
	for (int f = 0; f < MAX_LANES && group == MEAN; f++)
		largest = fmax(largest, sqrt(want->values[VAR][f]));
	if (group == DW)
		for (int f = 0; f < MAX_LANES; f++)
			for (int r = 0; r < p->rows; r++)
				for (int i = 0; i < p->inputs; i++)
					largest = fmax(largest, fabs((double)p->x[r][i] * (double)p->dy[r][f])
						/ sqrt(want->values[VAR][f] + eps));
	return worst / largest;
}

/* x = offset + scale (one number for all inputs of a row + noise a number of each), or without the first; w as PyTorch
 * draws it, or (1, -1, 0, 0). */
typedef struct Case { const char *name; double offset, scale, common, noise; int difference; } Case;

static const Case cases[] = {
	{ "independent inputs", 0, 1, 0, 1, 0 },
	{ "inputs that nearly agree", 0, 1, 1, 0.003, 0 },
	{ "inputs that agree to 1e-5", 0, 1, 1, 1e-5, 0 },
	{ "inputs that are equal", 0, 1, 1, 0, 0 },
	{ "around 1000", 1e3, 1, 0, 1, 0 },
	{ "around 1000, nearly in agreement", 1e3, 1, 1, 0.003, 0 },
	{ "around 1e6", 1e6, 1, 0, 1, 0 },
	{ "tiny", 0, 1e-19, 0, 1, 0 },
	{ "tiny, nearly in agreement", 0, 1e-19, 1, 0.003, 0 },
	{ "huge", 0, 4e18, 0, 1, 0 },
	{ "huge, nearly in agreement", 0, 4e18, 1, 0.003, 0 },
	{ "differences of large numbers", 0, 5000, 1, 2e-4, 1 },
	{ "differences around 1", 0, 1, 1, 2e-4, 1 },
};

static void make_panel(Panel *p, const Case *c, int rows, int inputs, uint32_t seed)
{
	uint32_t state = seed;
	memset(p, 0, sizeof *p);
	p->rows = rows;
	p->inputs = inputs;
	for (int r = 0; r < rows; r++) {
		const double common = c->common * normal(&state);
		for (int i = 0; i < inputs; i++)
			p->x[r][i] = (float)(c->offset + c->scale * (common + c->noise * normal(&state)));
	}
	for (int f = 0; f < MAX_LANES; f++) {
		for (int i = 0; i < inputs; i++)
			p->w[i][f] = c->difference ? (float)((i == 0) - (i == 1))
				: (float)((2 * uniform(&state) - 1) / sqrt(inputs));
		for (int r = 0; r < rows; r++)
			p->dy[r][f] = (float)(normal(&state) / rows);
	}
}

/* Where PyTorch loses less than the last place of a result, that is what counts. */
Test(few, loses_no_more_than_8_times_what_pytorch_does)
{
	static const int batches[] = { 2, 3, 32, 50 };
	static Panel panel;
	static Result want, pytorch, found;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
		for (int trial = 0; trial < 96; trial++) {
			const int rows = batches[trial % 4], inputs = 2 + trial / 4 % 3;
			make_panel(&panel, &cases[c], rows, inputs, (uint32_t)trial * 7919u + 1u);
			compute(&panel, 0, &want);
			compute(&panel, 1, &pytorch);
			FOR_EACH_USABLE_SET(set) {
				run(set, &panel, &found);
				for (int group = 0; group < GROUPS; group++) {
					const double lost = error(&panel, &found, &want, group),
						allowed = 8 * fmax(error(&panel, &pytorch, &want, group), 0x1p-23);
					cr_expect(lost <= allowed, "%s: %s, %d rows of %d, trial %d: %s lost %.2g, PyTorch %.2g",
						set->name, cases[c].name, rows, inputs, trial, group_names[group], lost, allowed / 8);
				}
			}
		}
}
