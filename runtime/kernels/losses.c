/* losses.c: mean losses over a batch, and their gradients. */
#include "columns.h"
#include "functions.h"
#include "sums.h"

/* The labels of the first `rows` lanes; the other lanes are -1. */
INLINE Mask load_labels(const int32_t *label, int rows)
{
#if LANES == 1
	(void)rows;
	return *label;
#else
	Mask wanted = {0};
	wanted -= 1;
#if REAL_BITS == 64
	for (int row = 0; row < rows; row++)
		wanted[row] = label[row];
#else
	if (rows == LANES)
		memcpy(&wanted, label, sizeof wanted);
	else
		memcpy(&wanted, label, (size_t)rows * sizeof *label);
#endif
	return wanted;
#endif
}

/* A sum of losses. If it overflows, `exact` becomes NaN, since it subtracts infinity from infinity, and `plain` becomes
 * infinite. */
typedef struct LossSum { Total exact; Vector plain; } LossSum;

INLINE LossSum loss_none(void)
{
	const LossSum none = { { splat(0.0f), splat(0.0f) }, splat(0.0f) };
	return none;
}

INLINE void loss_add(LossSum *sum, Vector loss)
{
	total_add(&sum->exact, loss);
	sum->plain += loss;
}

INLINE real loss_mean(const LossSum *sum, real share)
{
	const real exact = total_of_lanes(&sum->exact);
	return (exact - exact == 0.0f ? exact : lane_sum(sum->plain)) * share;
}

/* What is summed over blocks of rows: the losses, and 1 for each row that was predicted correctly. */
typedef struct Score { LossSum loss; Vector hits; } Score;

INLINE Score score_none(void)
{
	const Score none = { { { splat(0.0f), splat(0.0f) }, splat(0.0f) }, splat(0.0f) };
	return none;
}

/* `loss` is NaN if one of the logits is. */
INLINE void add_score(Score *score, Mask used, Mask right, Vector loss)
{
	loss_add(&score->loss, choose(used, loss, splat(0.0f)));
	score->hits += choose(right & (loss == loss), splat(1.0f), splat(0.0f));
}

INLINE void store_score(const Score *score, real share, real *loss, real *correct)
{
	*loss = loss_mean(&score->loss, share);
	*correct = lane_sum(score->hits);
}

#if LANES > 1
/* With two classes, exp(z - m) of the larger logit is 1: so one exp is enough, and there is no maximum to search. dx of
 * the wrong class is exactly minus that of the right class. */
static void KERNEL_FN(cross_entropy_of_two)(int rows, int features, real *loss, real *correct, real *dx,
	const real *x, const int32_t *label)
{
	(void)features;
	const real share = 1.0f / (real)rows;
	Score score = score_none();
	for (int row = 0; row < rows; row += LANES, x += LANES * LANES, dx += LANES * LANES) {
		const int block_rows = smaller(rows - row, LANES);
		const Mask wanted = load_labels(label + row, block_rows);
		Vector z[LANES];
		load_columns(z, x, block_rows, 2);
		const Mask used = wanted >= 0, second = z[1] > z[0], wrong = second ^ (wanted == 1);
		const Vector highest = choose(second, z[1], z[0]), gap = highest - choose(second, z[0], z[1]),
			e = vector_exp(-gap);
		/* this 1 is NaN if the largest logit is infinite */
		const Vector one = highest - highest + 1.0f, sum = e + one;
		add_score(&score, used, used & ~wrong, vector_log_to_2(sum) + choose(wrong, gap, splat(0.0f)));
		z[0] = choose(wrong, one, e) * (share / sum);
		z[0] = choose(wanted == 1, z[0], -z[0]);
		z[1] = -z[0];
		store_columns(dx, z, block_rows, 2);
	}
	store_score(&score, share, loss, correct);
}
#endif

/* The largest logit of each row, that of its label, and whether they are one. */
typedef struct Peak { Vector highest, chosen; Mask right; } Peak;

/* Leaves the logits of the last panel in `column`. */
INLINE Peak find_peak(Vector *column, int features, ptrdiff_t stride, const real *x, int rows, Mask wanted)
{
	Peak peak;
	peak.highest = splat(-INFINITY);
	peak.chosen = splat(0.0f);
	peak.right = wanted == 0;
	for (int panel = 0; panel < panel_count(features); panel++) {
		const int columns = smaller(features - panel * LANES, LANES);
		load_columns(column, x + panel * stride, rows, columns);
		for (int i = 0; i < columns; i++) {
			const int32_t index = panel * LANES + i;
			const Mask higher = column[i] > peak.highest;
			peak.highest = choose(higher, column[i], peak.highest);
			peak.right = (higher & (wanted == index)) | (~higher & peak.right);
			peak.chosen = choose(wanted == index, column[i], peak.chosen);
		}
	}
	return peak;
}

/* Rows run across the lanes: a vector holds one class of LANES samples. With the logits z, their maximum m and s the
 * sum of exp(z - m): loss = log(s) + m - z[label], dz = (exp(z - m) / s - (1 at the label, else 0)) / rows. */
static void KERNEL_FN(cross_entropy)(int rows, int features, real *loss, real *correct, real *dx, const real *x,
	const int32_t *label)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const int panels = panel_count(features);
	const real share = 1.0f / (real)rows;
	Score score = score_none();
	for (int row = 0; row < rows; row += LANES) {
		const ptrdiff_t block = (ptrdiff_t)row * LANES;
		const int block_rows = smaller(rows - row, LANES);
		const Mask wanted = load_labels(label + row, block_rows);
		Vector column[LANES];

		const Peak peak = find_peak(column, features, stride, x + block, block_rows, wanted);
		Vector sum = splat(0.0f);
		for (int panel = 0; panel < panels; panel++) {
			const int columns = smaller(features - panel * LANES, LANES);
			if (panels > 1)
				load_columns(column, x + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				column[i] = vector_exp(column[i] - peak.highest);
				sum += column[i];
			}
			if (panels > 1)
				store_columns(dx + panel * stride + block, column, block_rows, columns);
		}
		const Vector scale = share / sum;
		for (int panel = 0; panel < panels; panel++) {
			const int columns = smaller(features - panel * LANES, LANES);
			if (panels > 1)
				load_columns(column, dx + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				const int32_t index = panel * LANES + i;
				column[i] = column[i] * scale - choose(wanted == index, splat(share), splat(0.0f));
			}
			store_columns(dx + panel * stride + block, column, block_rows, columns);
		}
		add_score(&score, wanted >= 0, peak.right, vector_log(sum) + (peak.highest - peak.chosen));
	}
	store_score(&score, share, loss, correct);
}

/* The weight of each class, or with step 0 one weight for all. */
typedef struct ClassWeights { const real *of; int step; } ClassWeights;

/* The weights of a block's labels; 0 in lanes after its rows. */
INLINE Vector label_weights(ClassWeights weights, const int32_t *label, int rows)
{
	Lanes found;
	for (int lane = 0; lane < LANES; lane++)
		found.lane[lane] = lane < rows ? weights.of[label[lane] * weights.step] : 0.0f;
	return found.vector;
}

/* With the weights w, w[label] of the rows' sum T, the sum of all weights S and l = -log softmax(z), a row loses
 * ((1 - smoothing) w[label] l[label] + smoothing / features sum(w l)) / T. */
static void KERNEL_FN(cross_entropy_weighted)(int rows, int features, real smoothing, real *loss, real *correct,
	real *dx, const real *x, const int32_t *label, const real *weights)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const int panels = panel_count(features);
	const real shared = smoothing / (real)features, unit = 1.0f;
	ClassWeights weight;
	weight.of = weights ? weights : &unit;
	weight.step = weights != NULL;
	real all = 0.0f;
	for (int i = 0; i < features; i++)
		all += weight.of[i * weight.step];
	Total counted = total_none();
	for (int row = 0; row < rows; row += LANES)
		total_add(&counted, label_weights(weight, label + row, smaller(rows - row, LANES)));
	const real share = 1.0f / total_of_lanes(&counted);
	Score score = score_none();
	for (int row = 0; row < rows; row += LANES) {
		const ptrdiff_t block = (ptrdiff_t)row * LANES;
		const int block_rows = smaller(rows - row, LANES);
		const Mask wanted = load_labels(label + row, block_rows);
		const Vector own = label_weights(weight, label + row, block_rows) * (1.0f - smoothing);
		Vector column[LANES];
		const Peak peak = find_peak(column, features, stride, x + block, block_rows, wanted);
		/* of the exponentials; and of w (highest - z), which may be infinite where it does not count */
		Vector sum = splat(0.0f), fall = splat(0.0f);
		for (int panel = 0; panel < panels; panel++) {
			const int columns = smaller(features - panel * LANES, LANES);
			if (panels > 1)
				load_columns(column, x + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				column[i] = column[i] - peak.highest;
				fall -= column[i] * weight.of[(panel * LANES + i) * weight.step];
				column[i] = vector_exp(column[i]);
				sum += column[i];
			}
			if (panels > 1)
				store_columns(dx + panel * stride + block, column, block_rows, columns);
		}
		const Vector scale = (own + shared * all) * share / sum;
		for (int panel = 0; panel < panels; panel++) {
			const int columns = smaller(features - panel * LANES, LANES);
			if (panels > 1)
				load_columns(column, dx + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				const int32_t index = panel * LANES + i;
				const real truth = shared * weight.of[index * weight.step];
				column[i] = column[i] * scale - (choose(wanted == index, own, splat(0.0f)) + truth) * share;
			}
			store_columns(dx + panel * stride + block, column, block_rows, columns);
		}
		const Vector log_sum = vector_log(sum), lost = (log_sum + (peak.highest - peak.chosen)) * own;
		add_score(&score, wanted >= 0, peak.right, shared > 0.0f ? lost + (log_sum * all + fall) * shared : lost);
	}
	store_score(&score, share, loss, correct);
}

/* log(1 + exp(z)) - t z, and its derivative, without a difference of two large numbers. With e = exp(-|z|) the sigmoid
 * of -|z| is e / (1 + e). */
INLINE Vector bce_of(Vector z, Vector t, Vector *slope)
{
	const Mask positive = z > 0.0f;
	const Vector e = vector_exp(choose(positive, -z, z)), s = e / (e + 1.0f);
	*slope = choose(positive, (1.0f - t) - s, s - t);
	return choose(positive, z * (1.0f - t), -z * t) + vector_log1p(e);
}

/* Rows run across the lanes, since most networks with this loss have one output. */
static void KERNEL_FN(bce)(int rows, int features, real *loss, real *correct, real *dx, const real *x,
	const real *target)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const real share = 1.0f / ((real)rows * (real)features);
	Score score = score_none();
	for (int row = 0; row < rows; row += LANES) {
		const int block_rows = smaller(rows - row, LANES);
		const Mask used = first_lanes(block_rows);
		Mask wrong = first_lanes(0);
		for (int panel = 0; panel < panel_count(features); panel++) {
			const int columns = smaller(features - panel * LANES, LANES);
			const ptrdiff_t block = panel * stride + (ptrdiff_t)row * LANES;
			Vector z[LANES], t[LANES];
			load_columns(z, x + block, block_rows, columns);
			load_columns(t, target + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				Vector slope;
				const Vector each = bce_of(z[i], t[i], &slope);
				loss_add(&score.loss, choose(used, each, splat(0.0f)));
				wrong |= ((z[i] > 0.0f) ^ (t[i] > 0.5f)) | (each != each);
				z[i] = slope * share;
			}
			store_columns(dx + block, z, block_rows, columns);
		}
		score.hits += choose(used & (wrong == 0), splat(1.0f), splat(0.0f));
	}
	store_score(&score, share, loss, correct);
}

/* ---- losses of the differences d between outputs and targets */

/* A loss, and its derivative by d: 0 where d is, as lanes after the last feature have it. `delta` is that of huber. */
typedef Vector Distance(Vector d, real delta, Vector *slope);

INLINE Vector mse_distance(Vector d, real delta, Vector *slope)
{
	(void)delta;
	*slope = d * 2.0f;
	return d * d;
}

INLINE Vector l1_distance(Vector d, real delta, Vector *slope)
{
	(void)delta;
	*slope = choose(d > 0.0f, splat(1.0f), choose(d < 0.0f, splat(-1.0f), splat(0.0f)));
	return larger(d, -d);
}

/* d^2 / 2 where |d| < delta, and beyond it the line that goes on from there */
INLINE Vector huber_distance(Vector d, real delta, Vector *slope)
{
	const Vector size = larger(d, -d);
	const Mask inside = size < delta;
	*slope = choose(inside, d, choose(d < 0.0f, splat(-delta), splat(delta)));
	return choose(inside, d * d * 0.5f, (size - delta * 0.5f) * delta);
}

INLINE void mean_distance(Distance *distance, real delta, int rows, int features, real *loss, real *dx,
	const real *x, const real *target)
{
	const real share = 1.0f / ((real)rows * (real)features);
	LossSum sum = loss_none();
	for (int panel = 0; panel < panel_count(features); panel++) {
		const Mask used = first_lanes(features - panel * LANES);
		for (int row = 0; row < rows; row++, dx += LANES, x += LANES, target += LANES) {
			Vector slope;
			loss_add(&sum, distance(choose(used, load(x) - load(target), splat(0.0f)), delta, &slope));
			store(dx, slope * share);
		}
	}
	*loss = loss_mean(&sum, share);
}

static void KERNEL_FN(mse)(int rows, int features, real *loss, real *dx, const real *x, const real *target)
{
	mean_distance(&mse_distance, 0.0f, rows, features, loss, dx, x, target);
}

static void KERNEL_FN(l1)(int rows, int features, real *loss, real *dx, const real *x, const real *target)
{
	mean_distance(&l1_distance, 0.0f, rows, features, loss, dx, x, target);
}

static void KERNEL_FN(huber)(int rows, int features, real delta, real *loss, real *dx, const real *x,
	const real *target)
{
	mean_distance(&huber_distance, delta, rows, features, loss, dx, x, target);
}
