/* norms_test.c: layernorm and groupnorm on every kernel set: groups of channels in images of many shapes, against sums
 * in double; and what the formulae promise beyond being right on ordinary numbers. */
#include "kernels.h"
#include "runtime.h"
#include "set_support.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Shape { int images, positions, channels, groups, weights; } Shape;

static int up_to(Random *random, int most)
{
	return 1 + (int)(random_u32(random) % (unsigned)most);
}

static double any(Random *random)
{
	return (double)((float)(random_u32(random) % 4001) / 1000 - 2);
}

/* ---- panels: the value of (image, channel, pixel), or of a weight of (channel, pixel) with one image */

static size_t place(const KernelSet *set, int images, int positions, int image, int channel, int p)
{
	const int lanes = set->lanes;
	return ((size_t)(channel / lanes * images + image) * (size_t)positions + (size_t)p) * (size_t)lanes
		+ (size_t)(channel % lanes);
}

static size_t floats_of(const KernelSet *set, int images, int positions, int channels)
{
	return place(set, images, positions, images - 1, (channels + set->lanes - 1) / set->lanes * set->lanes - 1,
		positions - 1) + 1;
}

/* values: row-major, or null; padding: what lanes after the last channel hold. */
static float *panels_of(const KernelSet *set, int images, int positions, int channels, const double *values,
	float padding)
{
	const size_t count = floats_of(set, images, positions, channels);
	float *panels = malloc(count * sizeof *panels);
	cr_assert(panels);
	for (size_t i = 0; i < count; i++)
		panels[i] = padding;
	for (int i = 0; values && i < images * channels * positions; i++)
		panels[place(set, images, positions, i / positions / channels, i / positions % channels, i % positions)]
			= (float)values[i];
	return panels;
}

static void expect_panels(const KernelSet *set, const char *what, const Shape *s, int images, int positions,
	const double *expected, const float *found)
{
	for (int i = 0; i < images * s->channels * positions; i++) {
		const float value = found[place(set, images, positions, i / positions / s->channels,
			i / positions % s->channels, i % positions)];
		cr_assert(fabs((double)value - expected[i]) <= 2e-5 * (1 + fabs(expected[i])),
			"%s, %s[%d]: %.9g instead of %.9g (%d images of %d x %d in %d groups, %d weights)", set->name, what, i,
			(double)value, expected[i], s->images, s->channels, s->positions, s->groups, s->weights);
	}
}

static void expect_zero_padding(const KernelSet *set, const char *what, const Shape *s, int images, int positions,
	const float *found)
{
	const int padded = (s->channels + set->lanes - 1) / set->lanes * set->lanes;
	for (int channel = s->channels; channel < padded; channel++)
		for (int i = 0; i < images * positions; i++)
			cr_assert_eq(found[place(set, images, positions, i / positions, channel, i % positions)], 0,
				"%s: the padding of %s is not 0", set->name, what);
}

/* ---- the reference */

typedef struct Arrays { double *x, *dy, *weight, *bias, *y, *dx, *dweight, *dbias; } Arrays;

static double *doubles(int count, Random *random)
{
	double *values = calloc((size_t)count, sizeof *values);
	cr_assert(values);
	for (int i = 0; random && i < count; i++)
		values[i] = any(random);
	return values;
}

static void normalise(const Shape *s, const Arrays *a, double eps)
{
	const int size = s->channels / s->groups * s->positions;
	for (int first = 0; first < s->images * s->channels * s->positions; first += size) {
		double mean = 0, squares = 0, slope = 0, product = 0;
		for (int i = first; i < first + size; i++)
			mean += a->x[i] / size;
		for (int i = first; i < first + size; i++)
			squares += (a->x[i] - mean) * (a->x[i] - mean);
		const double deviation = sqrt(squares / size + eps);
		for (int pass = 0; pass < 2; pass++)
			for (int i = first; i < first + size; i++) {
				const int w = i % (s->channels * s->positions) / (s->weights > 1 ? 1 : s->positions);
				const double xhat = (a->x[i] - mean) / deviation, g = a->dy[i] * a->weight[w];
				if (pass == 1) {
					a->dx[i] = (g - slope / size - xhat * product / size) / deviation;
					continue;
				}
				a->y[i] = xhat * a->weight[w] + a->bias[w];
				a->dweight[w] += a->dy[i] * xhat;
				a->dbias[w] += a->dy[i];
				slope += g;
				product += g * xhat;
			}
	}
}

static void check_groups(const KernelSet *set, const Shape *s, const Arrays *a, bool affine, float eps)
{
	const float stranger = 1e30f;
	const int n = s->images, p = s->positions, c = s->channels, g = s->groups, k = s->weights;
	float *x = panels_of(set, n, p, c, a->x, stranger), *dy = panels_of(set, n, p, c, a->dy, 0),
		*weight = panels_of(set, 1, k, c, a->weight, 0), *bias = panels_of(set, 1, k, c, a->bias, 0),
		*y = panels_of(set, n, p, c, 0, 0), *dx = panels_of(set, n, p, c, 0, stranger),
		*dweight = panels_of(set, 1, k, c, 0, stranger), *dbias = panels_of(set, 1, k, c, 0, stranger);
	float *statistics = malloc(sizeof(float) * (size_t)(n * g * STATISTICS)), *sums = malloc(sizeof(float)
		* (size_t)(n * g * STATISTICS));
	cr_assert(statistics && sums);
	set->table->groupnorm_statistics(n, p, c, g, eps, statistics, x);
	set->table->groupnorm_sums(n, p, c, g, k, sums, dy, x, statistics, affine ? weight : 0);
	for (int panel = 0; panel * set->lanes < c; panel++) {
		const ptrdiff_t rows = (ptrdiff_t)panel * n * p * set->lanes, w = (ptrdiff_t)panel * k * set->lanes;
		set->table->groupnorm(n, p, c, g, k, panel, y + rows, x + rows, statistics, affine ? weight + w : 0,
			affine ? bias + w : 0);
		set->table->groupnorm_bwd(n, p, c, g, k, panel, dx + rows, affine ? dweight + w : 0, affine ? dbias + w : 0,
			dy + rows, x + rows, statistics, sums, affine ? weight + w : 0);
	}
	expect_panels(set, "y", s, n, p, a->y, y);
	expect_panels(set, "dx", s, n, p, a->dx, dx);
	expect_zero_padding(set, "dx", s, n, p, dx);
	if (affine) {
		expect_panels(set, "dweight", s, 1, k, a->dweight, dweight);
		expect_panels(set, "dbias", s, 1, k, a->dbias, dbias);
		expect_zero_padding(set, "dweight", s, 1, k, dweight);
		expect_zero_padding(set, "dbias", s, 1, k, dbias);
	}
	float *all[] = {x, dy, weight, bias, y, dx, dweight, dbias, statistics, sums};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
}

static Shape draw_shape(Random *random, int n)
{
	Shape s = {.images = up_to(random, 5), .positions = n % 4 == 0 ? 1 : n % 16 == 1 ? 1200 : up_to(random, 20),
		.groups = n % 3 == 0 ? 1 : up_to(random, 7)};
	s.channels = s.groups * up_to(random, n % 5 == 0 ? 40 : 9);
	s.weights = n % 2 ? s.positions : 1;
	return s;
}

Test(norms, groups_of_channels)
{
	enum { CASES = 160 };
	Random random;
	random_seed(&random, 5);
	for (int n = 0; n < CASES; n++) {
		const Shape s = draw_shape(&random, n);
		const bool affine = n % 7 != 0;
		const int values = s.images * s.channels * s.positions, weights = s.channels * s.weights;
		Arrays a = {doubles(values, &random), doubles(values, &random), doubles(weights, &random),
			doubles(weights, &random), doubles(values, 0), doubles(values, 0), doubles(weights, 0),
			doubles(weights, 0)};
		for (int w = 0; !affine && w < weights; w++) {
			a.weight[w] = 1;
			a.bias[w] = 0;
		}
		normalise(&s, &a, 0.01);
		FOR_EACH_USABLE_SET(set)
			check_groups(set, &s, &a, affine, 0.01f);
		double *all[] = {a.x, a.dy, a.weight, a.bias, a.y, a.dx, a.dweight, a.dbias};
		for (size_t i = 0; i < sizeof all / sizeof *all; i++)
			free(all[i]);
	}
}

/* ---- numbers that are hard */

enum { FEATURES = 64, ROWS = 11 };

/* xhat of ROWS rows of FEATURES: as rows, or as images of one channel. */
static float *normalised(const KernelSet *set, bool rows, const float *x)
{
	const int channels = rows ? FEATURES : 1, positions = rows ? 1 : FEATURES;
	double *values = doubles(ROWS * FEATURES, 0);
	float statistics[ROWS * STATISTICS], *found = malloc(sizeof(float) * ROWS * FEATURES);
	for (int i = 0; i < ROWS * FEATURES; i++)
		values[i] = (double)x[i];
	float *panels = panels_of(set, ROWS, positions, channels, values, 0);
	if (rows)
		set->table->layernorm_statistics(ROWS, FEATURES, 1e-5f, statistics, panels);
	else
		set->table->groupnorm_statistics(ROWS, positions, 1, 1, 1e-5f, statistics, panels);
	for (int panel = 0; panel * set->lanes < channels; panel++) {
		float *own = panels + place(set, ROWS, positions, 0, panel * set->lanes, 0);
		if (rows)
			set->table->layernorm(ROWS, own, own, statistics, 0, 0);
		else
			set->table->groupnorm(ROWS, positions, 1, 1, 1, 0, own, own, statistics, 0, 0);
	}
	cr_assert(found);
	for (int i = 0; i < ROWS * FEATURES; i++)
		found[i] = panels[place(set, ROWS, positions, i / FEATURES, rows ? i % FEATURES : 0, rows ? 0 : i % FEATURES)];
	free(values);
	free(panels);
	return found;
}

/* The first value of each row is `first` away from the mean of the others. */
static double error_around(const KernelSet *set, bool rows, double mean, double first)
{
	float x[ROWS * FEATURES];
	double worst = 0;
	Random random;
	random_seed(&random, 6);
	for (int i = 0; i < ROWS * FEATURES; i++)
		x[i] = (float)(numpy_normal(&random, mean, 1) + (i % FEATURES ? 0 : first));
	float *found = normalised(set, rows, x);
	for (const float *row = x; row < x + ROWS * FEATURES; row += FEATURES) {
		double m = 0, squares = 0;
		for (int i = 0; i < FEATURES; i++)
			m += (double)row[i] / FEATURES;
		for (int i = 0; i < FEATURES; i++)
			squares += ((double)row[i] - m) * ((double)row[i] - m);
		for (int i = 0; i < FEATURES; i++)
			worst = fmax(worst, fabs((double)found[row - x + i]
				- ((double)row[i] - m) / sqrt(squares / FEATURES + 1e-5)));
	}
	free(found);
	return worst;
}

/* Values reach 3.5, or 8 for a first value that is far from the others: a few roundings of those, of 2.4e-7 or
 * 9.5e-7. */
Test(norms, a_large_mean_does_no_harm)
{
	const double means[] = {0, 1e3, 1e4, 1e6, -1e6};
	FOR_EACH_USABLE_SET(set)
		for (int rows = 0; rows < 2; rows++)
			for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
				const double error = error_around(set, rows, means[i], 0);
				cr_expect(error < 1e-6, "%s: mean %g: %g", set->name, means[i], error);
			}
}

Test(norms, the_first_value_may_be_far_from_the_others)
{
	FOR_EACH_USABLE_SET(set)
		for (int rows = 0; rows < 2; rows++) {
			const double error = error_around(set, rows, 3, 1e4);
			cr_expect(error < 3e-6, "%s: %g", set->name, error);
		}
}

Test(norms, of_a_constant_is_zero)
{
	const float constants[] = {0.1f, -3.3e-5f, 1234567.8f, 1e30f, 0};
	float x[ROWS * FEATURES];
	FOR_EACH_USABLE_SET(set)
		for (size_t c = 0; c < sizeof constants / sizeof *constants; c++)
			for (int rows = 0; rows < 2; rows++) {
				for (int i = 0; i < ROWS * FEATURES; i++)
					x[i] = constants[c];
				float *found = normalised(set, rows, x);
				for (int i = 0; i < ROWS * FEATURES; i++)
					cr_assert_eq(found[i], 0, "%s: %g gives %g", set->name, (double)constants[c], (double)found[i]);
				free(found);
			}
}
