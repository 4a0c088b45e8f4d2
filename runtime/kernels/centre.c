/* centre.c: what the kernels for few inputs need to know of a batch: the rows without their means, d, and the moments.
 * If inputs are nearly linearly dependent, both are of other variables e instead, which are not correlated: d = L e. */
#include "columns.h"
#include "few.h"
#include "sums.h"

/* The variances that are ordinary, the smallest unit, and the share of a variance that is noise. */
#if REAL_BITS == 64
#define ORDINARY_LEAST 0x1p-640
#define ORDINARY_MOST 0x1p640
#define LEAST_UNIT 0x1p-1022
#define NOISE 0x1p-100
#else
#define ORDINARY_LEAST 0x1p-80f
#define ORDINARY_MOST 0x1p80f
#define LEAST_UNIT 0x1p-126f
#define NOISE 0x1p-42f
#endif

/* Loads the inputs of up to LANES rows, one vector for each input. */
INLINE void load_inputs(const int inputs, Vector *column, const real *x, int rows, int row, int block_rows)
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

INLINE void store_inputs(const int inputs, real *x, Vector *column, int rows, int row, int block_rows)
{
#if LANES == 1
	(void)block_rows;
	for (int i = 0; i < inputs; i++)
		x[entry(rows, row, i)] = column[i];
#else
	(void)rows;
	/* the other lanes may change: nothing reads them */
	store_few_columns(x + (ptrdiff_t)row * LANES, column, block_rows, inputs);
#endif
}

/* Subtracts m and c from the rows of x, and computes the covariances of the result. Rows run across the lanes. */
INLINE void centre_at(const int inputs, int rows, real *centred, real *moments, const real *x, const real *m,
	const real *c)
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
			moments[COVARIANCES + i * FEW + j] = moments[COVARIANCES + j * FEW + i] = lane_sum(product[i][j].sum)
				* (1.0f / (real)rows);
}

NOINLINE void centre_few_at(int inputs, int rows, real *centred, real *moments, const real *x, const real *m,
	const real *c)
{
	FOR_FEW(INPUTS, inputs, centre_at(INPUTS, rows, centred, moments, x, m, c))
}

/* Computes the means of the inputs. A mean is the float m plus the rest c, which matters if the mean is large. */
INLINE void means_of(const int inputs, int rows, real *moments, const real *x)
{
	Total sum[FEW];
	UNROLL
	for (int i = 0; i < inputs; i++)
		sum[i] = total_none();
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
		const real shift = x[entry(rows, 0, i)], above = lane_sum(sum[i].sum) * (1.0f / (real)rows);
		moments[MEANS + i] = moments[INPUT_MEANS + i] = shift + above;
		moments[RESTS + i] = above - (moments[MEANS + i] - shift);
	}
}

/* Whether the variance is neither so large nor so small that squares and sums of squares overflow or lose digits. */
INLINE int is_ordinary(real var)
{
	return var > ORDINARY_LEAST && var < ORDINARY_MOST;
}

/* Whether w' C w and mean(x) W keep their digits for every w. That is so if no mean is far larger than the deviation,
 * and the smallest eigenvalue of the correlation matrix is at least 0.13. The eigenvalue is at least 1 - sqrt(2 (inputs
 * - 1) / inputs times the sum of the squared correlations). */
INLINE int are_apart(const int inputs, const real *moments)
{
	const real *c = moments + COVARIANCES;
	real inverse[FEW], squares = 0.0f;
	UNROLL
	for (int i = 0; i < inputs; i++) {
		const real mean = moments[MEANS + i], var = c[i * FEW + i];
		if (!is_ordinary(var) || !(mean * mean <= var * 1024.0f))
			return 0;
		inverse[i] = 1.0f / var;
		UNROLL
		for (int j = 0; j < i; j++)
			squares += c[i * FEW + j] * inverse[i] * (c[i * FEW + j] * inverse[j]);
	}
	return squares * (2.0f * (real)(inputs - 1) / (real)inputs) <= 0.75f;
}

/* A power of two about as large as the largest number of the column. In this unit the squares of the column are
 * ordinary. */
INLINE real unit_of(int rows, const real *centred, int input)
{
	real size = LEAST_UNIT;
	Lanes lanes;
	for (int row = 0; row < rows; row++) {
		const real value = centred[entry(rows, row, input)], above = value < 0.0f ? -value : value;
		size = above > size ? above : size;
	}
	lanes.vector = splat(size);
	lanes.bits &= EXPONENT;
	return lanes.lane[0];
}

/* Subtracts from the rows of x their means and the part that L explains, with twice a float's precision; the result is
 * e + CENTRES. Also computes the means of the result. */
INLINE void turn_rows(const int inputs, int rows, real *turned, const real *moments, const real *inverse,
	real *mean, const real *x)
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
		mean[i] = lane_sum(sum[i].sum) * (1.0f / (real)rows);
}

NOINLINE void turn_few_rows(int inputs, int rows, real *turned, const real *moments, const real *inverse,
	real *mean, const real *x)
{
	FOR_FEW(INPUTS, inputs, turn_rows(INPUTS, rows, turned, moments, inverse, mean, x))
}

/* Finds e and L by the method of Gram and Schmidt: e of an input is the input minus its part along each previous e. It
 * has the relative error of one rounding, however small it is compared with the input. For each e in turn, the part
 * along it is found from the covariances and subtracted. An e that consists of rounding errors only explains nothing of
 * the others. Inputs whose squares do not fit into a float first get units in which they do. */
NOINLINE void turn_inputs(int inputs, int rows, real *centred, real *moments, const real *x)
{
	const real none[FEW] = {0}, *c = moments + COVARIANCES;
	real *basis = moments + BASIS, unit[FEW], inverse[FEW], noise[FEW];
	int first = 0;
	for (int i = 0; i < inputs; i++) {
		unit[i] = 1.0f;
		if (!is_ordinary(c[i * FEW + i])) {
			unit[i] = unit_of(rows, centred, i);
			first = -1;
		}
		inverse[i] = 1.0f / unit[i];
		for (int j = 0; j < i; j++)
			basis[i * FEW + j] = 0.0f;
	}
	for (int along = first; along == first || along < inputs - 1; along++) {
		for (int i = 0; i < inputs; i++) {
			if (along == 0)
				noise[i] = c[i * FEW + i] * NOISE;
			if (along >= 0 && along < i && c[along * FEW + along] > noise[along])
				basis[i * FEW + along] = c[i * FEW + along] / c[along * FEW + along];
		}
		turn_few_rows(inputs, rows, centred, moments, inverse, moments + CENTRES, x);
		centre_few_at(inputs, rows, centred, moments, centred, moments + CENTRES, none);
	}
	for (int i = 0; i < inputs; i++) {
		for (int j = 0; j < i; j++)
			basis[i * FEW + j] *= unit[i];
		basis[i * FEW + i] = unit[i];
		moments[MEANS + i] = 0.0f;
	}
}

static void KERNEL_FN(centre)(int rows, int inputs, real *centred, real *moments, const real *x)
{
	int apart;
	FOR_FEW(INPUTS, inputs, means_of(INPUTS, rows, moments, x))
	centre_few_at(inputs, rows, centred, moments, x, moments + INPUT_MEANS, moments + RESTS);
	FOR_FEW(INPUTS, inputs, apart = are_apart(INPUTS, moments))
	moments[TURNED] = apart ? 0.0f : 1.0f;
	if (!apart)
		turn_inputs(inputs, rows, centred, moments, x);
}
