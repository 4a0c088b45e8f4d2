/* dropout_test.c: the masks of dropout on every kernel set, against the generator of random.c in torch's order. */
#include "kernels.h"
#include "runtime.h"
#include "set_support.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Shape { int images, positions, channels; } Shape;

/* How torch's bernoulli_distribution<double> decides. */
static bool is_kept(Random *random, double keep)
{
	return (double)(random_u64(random) & ((UINT64_C(1) << 53) - 1)) * 0x1p-53 < keep;
}

/* The float of (image, channel, pixel) in panels. */
static size_t place(const KernelSet *set, const Shape *s, int image, int channel, int p)
{
	const size_t lanes = (size_t)set->lanes, rows = (size_t)s->images * (size_t)s->positions;
	return ((size_t)channel / lanes * rows + (size_t)image * (size_t)s->positions + (size_t)p) * lanes
		+ (size_t)channel % lanes;
}

static void check_mask(const KernelSet *set, const Shape *s, double keep, int used)
{
	const int rows = s->images * s->positions, lanes = set->lanes;
	const int panels = (s->channels + lanes - 1) / lanes, size = (rows * lanes + 31) / 32 + 3;
	const size_t floats = (size_t)(panels * rows * lanes);
	float *mask = malloc((size_t)(panels * size) * sizeof *mask), *x = malloc(floats * sizeof *x), *y = malloc(floats
		* sizeof *y);
	uint32_t generator[GENERATOR_WORDS];
	Random random;
	cr_assert(mask && x && y);
	random_seed(&random, 7);
	for (int i = 0; i < used; i++)
		random_u32(&random);
	memcpy(generator, random.state, sizeof random.state);
	generator[STATE_WORDS] = (uint32_t)random.position;
	memset(mask, 0xff, (size_t)(panels * size) * sizeof *mask);
	for (size_t i = 0; i < floats; i++)
		x[i] = 1 + (float)(i % 7);
	set->table->dropout_mask(s->images, s->positions, s->channels, size, keep, generator, mask);
	for (int panel = 0; panel < panels; panel++)
		set->table->dropout(rows, (float)keep, y + panel * rows * lanes, x + panel * rows * lanes, mask + panel * size);
	for (int image = 0; image < s->images; image++)
		for (int channel = 0; channel < s->channels; channel++)
			for (int p = 0; p < s->positions; p++) {
				const size_t i = place(set, s, image, channel, p);
				const float expected = is_kept(&random, keep) ? x[i] * (1.0f / (float)keep) : 0.0f;
				cr_assert_eq(y[i], expected, "%s: image %d, channel %d of %d, pixel %d of %d: %g, not %g", set->name,
					image, channel, s->channels, p, s->positions, (double)y[i], (double)expected);
				y[i] = 0;
			}
	for (size_t i = 0; i < floats; i++)
		cr_assert_eq(y[i], 0, "%s: the padding is %g", set->name, (double)y[i]);
	cr_assert_eq(generator[STATE_WORDS], (uint32_t)random.position);
	cr_assert(memcmp(generator, random.state, sizeof random.state) == 0, "%s: the generator went elsewhere", set->name);
	free(mask);
	free(x);
	free(y);
}

Test(dropout, masks_are_in_the_order_of_torch)
{
	const Shape shapes[] = {{1, 1, 1}, {3, 1, 5}, {4, 1, 16}, {2, 1, 17}, {33, 1, 70}, {37, 1, 33}, {2, 6, 3},
		{3, 49, 20}, {1, 100, 33}, {5, 2, 1}};
	const double keeps[] = {0.5, 0.7, 1 - 1e-9, 0x1p-53, 1e-3};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
			for (size_t k = 0; k < sizeof keeps / sizeof *keeps; k++)
				check_mask(set, &shapes[i], keeps[k], (int)(311 * i + k) % 627);
}

/* Without a mask everything is dropped; as torch has it, by a product with 0. */
Test(dropout, of_all_is_a_product_with_zero)
{
	FOR_EACH_USABLE_SET(set) {
		float x[2 * 16];
		for (int i = 0; i < 2 * set->lanes; i++)
			x[i] = i % 3 ? -2.0f : INFINITY;
		set->table->dropout(2, 0, x, x, 0);
		for (int i = 0; i < 2 * set->lanes; i++)
			cr_assert(i % 3 ? x[i] == 0 && signbit(x[i]) : isnan(x[i]), "%s: %g", set->name, (double)x[i]);
	}
}
