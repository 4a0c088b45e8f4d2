/* norms.c: normalisation of each sample (layernorm), or of groups of its channels (groupnorm). It takes three passes:
 * the mean, the deviations from it, and, panel by panel, the values. What a pass needs of a group are STATISTICS floats
 * of that group, [sample][group][STATISTICS]; the passes that sum also begin from them, and add to them.
 *
 * Samples of features have kernels of their own: a row is one group, and a few rows are summed side by side. In the
 * others a panel may belong to several groups, and a group to several panels, so that each lane has its own group. */
#include "sums.h"

/* xhat = (x - centre) scale - shift. The centre is close to the mean: see batch_statistics in batchnorm.c. */
enum { GROUP_CENTRE, GROUP_SCALE, GROUP_SHIFT };
/* Where a pass leaves its one or two sums. For the gradient they become the means of dy weight and of that times
 * xhat. */
enum { GROUP_SUM = 1, GROUP_PRODUCT };

/* What is summed: x - centre; that and its square; dy weight, and that times xhat. */
enum { SUM_VALUES, SUM_DEVIATIONS, SUM_GRADIENTS };

typedef struct GroupNormal { Vector centre, scale, shift; } GroupNormal;

INLINE Vector normalised_by(const GroupNormal *of, Vector x)
{
	return (x - of->centre) * of->scale - of->shift;
}

/* Adds what this vector of x gives. */
INLINE void add_terms(const int kind, const GroupNormal *of, Vector x, Vector slope, Vector *sum, Vector *product)
{
	const Vector term = kind == SUM_GRADIENTS ? slope : x - of->centre;
	*sum += term;
	if (kind != SUM_VALUES)
		*product += term * (kind == SUM_GRADIENTS ? normalised_by(of, x) : term);
}

/* ---- what becomes of the sums of `count` groups, each of size values */

/* The centres were a value of each group: so the result is exact where all values are equal. */
static void end_centres(int count, int size, real *statistics)
{
	for (real *group = statistics; group < statistics + count * STATISTICS; group += STATISTICS)
		group[GROUP_CENTRE] += group[GROUP_SUM] * (1.0f / (real)size);
}

static void end_statistics(int count, int size, real eps, real *statistics)
{
	const real share = 1.0f / (real)size;
	for (; count > 0; count -= LANES, statistics += LANES * STATISTICS) {
		Lanes sum, squares;
		sum.vector = squares.vector = splat(0.0f);
		for (int lane = 0; lane < smaller(count, LANES); lane++) {
			sum.lane[lane] = statistics[lane * STATISTICS + GROUP_SUM];
			squares.lane[lane] = statistics[lane * STATISTICS + GROUP_PRODUCT];
		}
		const Vector c = sum.vector * share;
		Vector rest = squares.vector - sum.vector * c;
		rest = choose(rest < 0.0f, splat(0.0f), rest);
		squares.vector = 1.0f / square_root(rest * share + eps);
		sum.vector = c * squares.vector;
		for (int lane = 0; lane < smaller(count, LANES); lane++) {
			statistics[lane * STATISTICS + GROUP_SCALE] = squares.lane[lane];
			statistics[lane * STATISTICS + GROUP_SHIFT] = sum.lane[lane];
		}
	}
}

static void end_means(int count, int size, real *sums)
{
	for (real *group = sums; group < sums + count * STATISTICS; group += STATISTICS) {
		group[GROUP_SUM] *= 1.0f / (real)size;
		group[GROUP_PRODUCT] *= 1.0f / (real)size;
	}
}

/* ---- features: a row is a group */

#if LANES * REAL_BITS == 512
enum { SUMMED_ROWS = 8 };
#else
enum { SUMMED_ROWS = 4 };       /* their sums and what is added fit into the registers */
#endif

/* The panels of x from the first row on lie `stride` floats apart, as do those of dy. */
typedef struct RowSums {
	int features;
	ptrdiff_t stride;
	const real *x, *dy, *weight, *statistics;
	real *sums;
} RowSums;

INLINE void add_rows(const int kind, const int count, const RowSums *o, int left, ptrdiff_t at, ptrdiff_t panel,
	Vector *sum, Vector *product)
{
	const Mask used = first_lanes(left);
	const Vector weight = kind == SUM_GRADIENTS && o->weight ? load(o->weight + panel * LANES) : splat(1.0f);
	UNROLL
	for (int row = 0; row < count; row++) {
		const real *group = o->statistics + row * STATISTICS;
		GroupNormal of = { splat(group[GROUP_CENTRE]), splat(1.0f), splat(0.0f) };
		Vector x = load(o->x + at + row * LANES), slope = splat(0.0f);
		if (kind == SUM_GRADIENTS) {
			of.scale = splat(group[GROUP_SCALE]);
			of.shift = splat(group[GROUP_SHIFT]);
			slope = load(o->dy + at + row * LANES) * weight;
		}
		/* lanes after the last feature add 0 */
		if (left < LANES) {
			x = choose(used, x, of.centre);
			slope = choose(used, slope, splat(0.0f));
		}
		add_terms(kind, &of, x, slope, &sum[row], &product[row]);
	}
}

/* The sums of `count` rows, a constant. */
INLINE void sum_rows(const int kind, const int count, const RowSums *o)
{
	Total all[SUMMED_ROWS], all_products[SUMMED_ROWS];
	ptrdiff_t at = 0, panel = 0;
	int left = o->features, first = 1;
	UNROLL
	for (int row = 0; row < count; row++)
		all[row] = all_products[row] = total_none();
	do {
		Vector sum[SUMMED_ROWS], product[SUMMED_ROWS];
		const ptrdiff_t end = panel + ROW_BLOCK;
		UNROLL
		for (int row = 0; row < count; row++)
			sum[row] = product[row] = splat(0.0f);
		for (; left >= LANES && panel < end; left -= LANES, at += o->stride, panel++)
			add_rows(kind, count, o, LANES, at, panel, sum, product);
#if LANES > 1
		if (left > 0 && left < LANES) {
			add_rows(kind, count, o, left, at, panel, sum, product);
			left = 0;
		}
#endif
		UNROLL
		for (int row = 0; row < count; row++) {
			total_add_block(&all[row], sum[row], first);
			total_add_block(&all_products[row], product[row], first);
		}
		first = 0;
	} while (left > 0);
	UNROLL
	for (int row = 0; row < count; row++) {
		o->sums[row * STATISTICS + GROUP_SUM] = total_of_lanes(&all[row]);
		if (kind != SUM_VALUES)
			o->sums[row * STATISTICS + GROUP_PRODUCT] = total_of_lanes(&all_products[row]);
	}
}

INLINE RowSums next_rows(RowSums o, int count)
{
	o.x += count * LANES;
	o.dy = o.dy ? o.dy + count * LANES : o.dy;
	o.statistics += count * STATISTICS;
	o.sums += count * STATISTICS;
	return o;
}

/* The mean and the deviations of a few rows while they are in L1. */
INLINE void statistics_of_rows(const int count, const RowSums *o)
{
	for (int row = 0; row < count; row++)
		o->sums[row * STATISTICS + GROUP_CENTRE] = o->x[row * LANES];
	sum_rows(SUM_VALUES, count, o);
	end_centres(count, o->features, o->sums);
	sum_rows(SUM_DEVIATIONS, count, o);
}

static void KERNEL_FN(layernorm_statistics)(int rows, int features, real eps, real *statistics, const real *x)
{
	RowSums o = { features, (ptrdiff_t)rows * LANES, x, NULL, NULL, statistics, statistics };
	int row = 0;
	for (; row + SUMMED_ROWS <= rows; row += SUMMED_ROWS, o = next_rows(o, SUMMED_ROWS))
		statistics_of_rows(SUMMED_ROWS, &o);
	for (; row < rows; row++, o = next_rows(o, 1))
		statistics_of_rows(1, &o);
	end_statistics(rows, features, eps, statistics);
}

static void KERNEL_FN(layernorm_sums)(int rows, int features, real *sums, const real *dy, const real *x,
	const real *statistics, const real *weight)
{
	RowSums o = { features, (ptrdiff_t)rows * LANES, x, dy, weight, statistics, sums };
	int row = 0;
	for (; row + SUMMED_ROWS <= rows; row += SUMMED_ROWS, o = next_rows(o, SUMMED_ROWS))
		sum_rows(SUM_GRADIENTS, SUMMED_ROWS, &o);
	for (; row < rows; row++, o = next_rows(o, 1))
		sum_rows(SUM_GRADIENTS, 1, &o);
	end_means(rows, features, sums);
}

INLINE GroupNormal normal_of_row(const real *group)
{
	const GroupNormal of = { splat(group[GROUP_CENTRE]), splat(group[GROUP_SCALE]), splat(group[GROUP_SHIFT]) };
	return of;
}

static void KERNEL_FN(layernorm)(int rows, real *y, const real *x, const real *statistics, const real *weight,
	const real *bias)
{
	const Vector scale = weight ? load(weight) : splat(1.0f);
	const Vector shift = bias ? load(bias) : splat(0.0f);
	for (int row = 0; row < rows; row++, x += LANES, y += LANES, statistics += STATISTICS) {
		const GroupNormal of = normal_of_row(statistics);
		store(y, normalised_by(&of, load(x)) * scale + shift);
	}
}

/* dx = scale (g - mean(g) - xhat mean(g xhat)) with g = dy weight; dweight and dbias are sums over the rows. */
static void KERNEL_FN(layernorm_bwd)(int rows, int features, int panel, real *dx, real *dweight, real *dbias,
	const real *dy, const real *x, const real *statistics, const real *sums, const real *weight)
{
	const Mask used = first_lanes(features - panel * LANES);
	const Vector gamma = weight ? load(weight) : splat(1.0f), none = splat(0.0f);
	Total all = total_none(), products_of_all = total_none();
	int row = 0;
	do {
		const int end = smaller(rows, row + ROW_BLOCK);
		Vector sum = none, product = none;
		for (; row < end; row++, x += LANES, dy += LANES, dx += LANES, statistics += STATISTICS, sums += STATISTICS) {
			const GroupNormal of = normal_of_row(statistics);
			const Vector slope = load(dy), normalised = normalised_by(&of, load(x));
			sum += slope;
			product += slope * normalised;
			store(dx, choose(used, (slope * gamma - sums[GROUP_SUM] - normalised * sums[GROUP_PRODUCT]) * of.scale,
				none));
		}
		total_add_block(&all, sum, end <= ROW_BLOCK);
		total_add_block(&products_of_all, product, end <= ROW_BLOCK);
	} while (row < rows);
	if (dweight)
		store(dweight, choose(used, products_of_all.sum, none));
	if (dbias)
		store(dbias, all.sum);
}

/* ---- groups of channels, over all their pixels */

typedef struct NormGroups {
	int positions, channels, groups, size;  /* size: the channels of a group */
	ptrdiff_t panel_stride;                 /* floats from one panel to the next */
	const real *dy, *weight;
	ptrdiff_t weight_step;                  /* from a pixel's weight to the next; 0: all pixels have the same */
	int weights;                            /* the pixels that have weights of their own */
} NormGroups;

INLINE NormGroups norm_groups(int images, int positions, int channels, int groups, int weights)
{
	const NormGroups of = { positions, channels, groups, channels / groups, (ptrdiff_t)images * positions * LANES, NULL,
		NULL, weights > 1 ? LANES : 0, weights };
	return of;
}

/* A number of the group of each channel, from the channel of the first lane on. */
INLINE Vector of_lanes(const NormGroups *o, int channel, const real *number)
{
	int group = channel / o->size, left = (group + 1) * o->size - channel;
	Lanes lanes;
	if (left >= LANES)
		return splat(number[group * STATISTICS]);
	lanes.vector = splat(0.0f);
	for (int lane = 0; lane < smaller(o->channels - channel, LANES); lane++) {
		lanes.lane[lane] = number[group * STATISTICS];
		if (--left == 0) {
			group++;
			left = o->size;
		}
	}
	return lanes.vector;
}

INLINE GroupNormal normal_of_lanes(const NormGroups *o, int channel, const real *statistics)
{
	const GroupNormal of = { of_lanes(o, channel, statistics + GROUP_CENTRE),
		of_lanes(o, channel, statistics + GROUP_SCALE), of_lanes(o, channel, statistics + GROUP_SHIFT) };
	return of;
}

/* Adds each lane to a number of its group. */
INLINE void add_lanes(const NormGroups *o, int channel, Vector value, real *number)
{
	int group = channel / o->size, left = (group + 1) * o->size - channel;
	Lanes lanes;
	lanes.vector = value;
	for (int lane = 0; lane < smaller(o->channels - channel, LANES); lane++) {
		number[group * STATISTICS] += lanes.lane[lane];
		if (--left == 0) {
			group++;
			left = o->size;
		}
	}
}

/* Sums over the pixels of one image, whose first panel is at x. */
INLINE void sum_image(const int kind, const NormGroups *o, const real *x, const real *dy, const real *statistics,
	real *sums)
{
	const real *weight = o->weight;
	for (real *group = sums; group < sums + o->groups * STATISTICS; group += STATISTICS)
		group[GROUP_SUM] = group[GROUP_PRODUCT] = 0.0f;
	for (int channel = 0; channel < o->channels; channel += LANES, x += o->panel_stride) {
		const GroupNormal of = normal_of_lanes(o, channel, statistics);
		Total all = total_none(), all_products = total_none();
		int p = 0;
		do {
			const int end = smaller(o->positions, p + ROW_BLOCK);
			Vector sum = splat(0.0f), product = splat(0.0f);
			for (; p < end; p++) {
				const Vector slope = kind != SUM_GRADIENTS ? sum : !weight ? load(dy + (ptrdiff_t)p * LANES)
					: load(dy + (ptrdiff_t)p * LANES) * load(weight + p * o->weight_step);
				add_terms(kind, &of, load(x + (ptrdiff_t)p * LANES), slope, &sum, &product);
			}
			total_add_block(&all, sum, end <= ROW_BLOCK);
			total_add_block(&all_products, product, end <= ROW_BLOCK);
		} while (p < o->positions);
		add_lanes(o, channel, all.sum, sums + GROUP_SUM);
		if (kind != SUM_VALUES)
			add_lanes(o, channel, all_products.sum, sums + GROUP_PRODUCT);
		if (kind == SUM_GRADIENTS) {
			dy += o->panel_stride;
			weight = weight ? weight + (ptrdiff_t)o->weights * LANES : weight;
		}
	}
}

static void KERNEL_FN(groupnorm_statistics)(int images, int positions, int channels, int groups, real eps,
	real *statistics, const real *x)
{
	const NormGroups o = norm_groups(images, positions, channels, groups, 1);
	real *sums = statistics;
	for (int image = 0; image < images; image++, x += (ptrdiff_t)positions * LANES, sums += groups * STATISTICS) {
		for (int group = 0; group < groups; group++)
			sums[group * STATISTICS + GROUP_CENTRE] = x[entry(images * positions, 0, group * o.size)];
		for (int group = 0; group < groups; group++)
			sums[group * STATISTICS + GROUP_SCALE] = sums[group * STATISTICS + GROUP_SHIFT] = 0.0f;
		sum_image(SUM_VALUES, &o, x, NULL, sums, sums);
		end_centres(groups, o.size * positions, sums);
		sum_image(SUM_DEVIATIONS, &o, x, NULL, sums, sums);
	}
	end_statistics(images * groups, o.size * positions, eps, statistics);
}

static void KERNEL_FN(groupnorm_sums)(int images, int positions, int channels, int groups, int weights, real *sums,
	const real *dy, const real *x, const real *statistics, const real *weight)
{
	NormGroups o = norm_groups(images, positions, channels, groups, weights);
	real *to = sums;
	o.weight = weight;
	for (int image = 0; image < images; image++) {
		sum_image(SUM_GRADIENTS, &o, x, dy, statistics, to);
		x += (ptrdiff_t)positions * LANES;
		dy += (ptrdiff_t)positions * LANES;
		statistics += groups * STATISTICS;
		to += groups * STATISTICS;
	}
	end_means(images * groups, o.size * positions, sums);
}

static void KERNEL_FN(groupnorm)(int images, int positions, int channels, int groups, int weights, int panel, real *y,
	const real *x, const real *statistics, const real *weight, const real *bias)
{
	const NormGroups o = norm_groups(images, positions, channels, groups, weights);
	Vector scale = weight ? load(weight) : splat(1.0f);
	Vector shift = bias ? load(bias) : splat(0.0f);
	for (int image = 0; image < images; image++, statistics += groups * STATISTICS) {
		const GroupNormal of = normal_of_lanes(&o, panel * LANES, statistics);
		for (int p = 0; p < positions; p++, x += LANES, y += LANES) {
			if (weight && weights > 1)
				scale = load(weight + (ptrdiff_t)p * LANES);
			if (bias && weights > 1)
				shift = load(bias + (ptrdiff_t)p * LANES);
			store(y, normalised_by(&of, load(x)) * scale + shift);
		}
	}
}

/* Adds to the gradient of the weights of the image's pixels; the first image sets it. */
INLINE void add_pixel(int image, real *to, Vector value)
{
	if (to)
		store(to, image ? load(to) + value : value);
}

static void KERNEL_FN(groupnorm_bwd)(int images, int positions, int channels, int groups, int weights, int panel,
	real *dx, real *dweight, real *dbias, const real *dy, const real *x, const real *statistics,
	const real *sums, const real *weight)
{
	const NormGroups o = norm_groups(images, positions, channels, groups, weights);
	const Mask used = first_lanes(channels - panel * LANES);
	const Vector none = splat(0.0f);
	Total all = total_none(), all_products = total_none();
	for (int image = 0; image < images; image++, statistics += groups * STATISTICS, sums += groups * STATISTICS) {
		const GroupNormal of = normal_of_lanes(&o, panel * LANES, statistics);
		const Vector mean = of_lanes(&o, panel * LANES, sums + GROUP_SUM);
		const Vector mean_product = of_lanes(&o, panel * LANES, sums + GROUP_PRODUCT);
		int p = 0;
		do {
			const int end = smaller(positions, p + ROW_BLOCK);
			Vector sum = none, product = none;
			for (; p < end; p++, x += LANES, dy += LANES, dx += LANES) {
				const Vector gamma = weight ? load(weight + p * o.weight_step) : splat(1.0f);
				const Vector slope = load(dy), normalised = choose(used, normalised_by(&of, load(x)), none);
				store(dx, choose(used, (slope * gamma - mean - normalised * mean_product) * of.scale, none));
				if (weights > 1) {
					add_pixel(image, dweight ? dweight + (ptrdiff_t)p * LANES : NULL, slope * normalised);
					add_pixel(image, dbias ? dbias + (ptrdiff_t)p * LANES : NULL, slope);
				}
				sum += slope;
				product += slope * normalised;
			}
			total_add(&all, sum);
			total_add(&all_products, product);
		} while (p < positions);
	}
	if (dweight && weights == 1)
		store(dweight, all_products.sum);
	if (dbias && weights == 1)
		store(dbias, all.sum);
}
