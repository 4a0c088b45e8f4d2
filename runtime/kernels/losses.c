/* losses.c: mean losses over a batch, and their gradients. */
#include "columns.h"
#include "functions.h"

/* A sum that keeps what rounding drops (Kahan), so that the loss of a large batch is as exact as that of a small one. */
typedef struct Total { Vector sum, lost; } Total;

INLINE void total_add(Total *total, Vector value)
{
	const Vector corrected = value - total->lost;
	const Vector sum = total->sum + corrected;
	total->lost = (sum - total->sum) - corrected;
	total->sum = sum;
}

/* Rows run across the lanes: a vector holds one class of LANES samples. With z the logits, m their largest and s the
 * sum of exp(z - m), loss = log(s) + m - z[label] and dz = (exp(z - m) / s - (1 at the label)) / rows. */
static void KERNEL_FN(cross_entropy)(int rows, int features, float *loss, float *correct, float *dx, const float *x, const int32_t *label)
{
	const ptrdiff_t stride = (ptrdiff_t)rows * LANES;
	const int panels = panel_count(features);
	const float share = 1.0f / (float)rows;
	Total total = {0};
	Vector hits = splat(0.0f);
	for (int row = 0; row < rows; row += LANES) {
		const ptrdiff_t block = (ptrdiff_t)row * LANES;
		const int block_rows = smaller(rows - row, LANES);
		Vector column[LANES];
		Lanes wanted;
		for (int lane = 0; lane < LANES; lane++)
			wanted.lane[lane] = lane < block_rows ? (float)label[row + lane] : -1.0f;

		Vector highest = splat(-INFINITY), best = splat(0.0f), chosen = splat(0.0f);
		for (int panel = 0; panel < panels; panel++) {
			const int columns = smaller(features - panel * LANES, LANES);
			load_columns(column, x + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				const Vector index = splat((float)(panel * LANES + i));
				const Mask higher = column[i] > highest;
				highest = choose(higher, column[i], highest);
				best = choose(higher, index, best);
				chosen = choose(wanted.vector == index, column[i], chosen);
			}
		}
		Vector sum = splat(0.0f);
		for (int panel = 0; panel < panels; panel++) {
			const int columns = smaller(features - panel * LANES, LANES);
			if (panels > 1)
				load_columns(column, x + panel * stride + block, block_rows, columns);
			for (int i = 0; i < columns; i++) {
				column[i] = vector_exp(column[i] - highest);
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
				const Vector index = splat((float)(panel * LANES + i));
				column[i] = column[i] * scale - choose(wanted.vector == index, splat(share), splat(0.0f));
			}
			store_columns(dx + panel * stride + block, column, block_rows, columns);
		}
		const Vector row_loss = vector_log(sum) + (highest - chosen);
		total_add(&total, choose(wanted.vector >= 0.0f, row_loss, splat(0.0f)));
		/* a NaN among the logits makes the sum NaN */
		hits += choose((best == wanted.vector) & (sum == sum), splat(1.0f), splat(0.0f));
	}
	*loss = (lane_sum(total.sum) - lane_sum(total.lost)) * share;
	*correct = lane_sum(hits);
}

static void KERNEL_FN(mse)(int rows, int features, float *loss, float *dx, const float *x, const float *target)
{
	const float share = 1.0f / ((float)rows * (float)features);
	Total total = {0};
	for (int panel = 0; panel < panel_count(features); panel++) {
		const Mask used = first_lanes(features - panel * LANES);
		for (int row = 0; row < rows; row++, dx += LANES, x += LANES, target += LANES) {
			const Vector difference = choose(used, load(x) - load(target), splat(0.0f));
			total_add(&total, difference * difference);
			store(dx, difference * (2.0f * share));
		}
	}
	*loss = (lane_sum(total.sum) - lane_sum(total.lost)) * share;
}
