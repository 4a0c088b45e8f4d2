/* conv_groups.c: convolution in several groups of channels. The lanes of a panel may belong to different groups, which
 * see different channels: a vector is gathered lane by lane. */
#include "window.h"

/* Where each lane reads. */
typedef struct Lookup { ptrdiff_t at[LANES]; } Lookup;

INLINE Vector look_up(const real *base, const Lookup *lookup, ptrdiff_t offset)
{
	Lanes lanes;
	UNROLL
	for (int lane = 0; lane < LANES; lane++)
		lanes.lane[lane] = base[lookup->at[lane] + offset];
	return lanes.vector;
}

/* What a lane multiplies with: channel `index` of the group of feature panel * LANES + lane, where a group has `own`
 * features of this panel's tensor and `other` of the other. A lane after the last feature looks where the last one
 * does. */
static Lookup look_at_channels(int panel, int features, int own, int other, int index, int rows)
{
	Lookup lookup;
	for (int lane = 0; lane < LANES; lane++) {
		const int feature = smaller(panel * LANES + lane, features - 1);
		lookup.at[lane] = entry(rows, 0, feature / own * other + index);
	}
	return lookup;
}

/* The place of a channel's weight for a tap among the `channels` of a group, see conv.c. */
INLINE ptrdiff_t weight_place(int channels, int taps, int channel, int tap)
{
	const int first = channel - channel % LANES;
	return (ptrdiff_t)first * taps + tap * smaller(LANES, channels - first) + channel % LANES;
}

static void KERNEL_FN(conv2d_grouped)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *y, const real *x, const real *w, const real *b)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps;
	const ptrdiff_t x_image = (ptrdiff_t)height * width * LANES, y_image = (ptrdiff_t)y_height * y_width * LANES;
	fill_rows(rows, y, b ? load(b) : splat(0.0f));
	for (int channel = 0; channel < channels; channel++) {
		const Lookup lookup = look_at_channels(panel, outputs, outputs / groups, channels, channel,
			o.images * height * width);
		for (int image = 0; image < o.images; image++)
			for (int row = 0; row < y_height; row++)
				for (int i = 0; i < taps; i++) {
					const Tap tap = tap_of(&o, row, i / kernel_width, i % kernel_width);
					const Vector weight = load(w + weight_place(channels, taps, channel, i) * LANES);
					real *to = y + image * y_image + tap.y;
					for (int p = 0; p < tap.pixels; p++, to += LANES)
						store(to, load(to) + weight
							* look_up(x, &lookup, image * x_image + tap.x + (ptrdiff_t)p * stride_width * LANES));
				}
	}
}

static void KERNEL_FN(conv2d_grouped_dx)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *dx, const real *dy, const real *w)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps, group_outputs = outputs / groups;
	const ptrdiff_t x_image = (ptrdiff_t)height * width * LANES, y_image = (ptrdiff_t)y_height * y_width * LANES;
	const int present = smaller(LANES, channels * groups - panel * LANES);
	fill_rows(o.images * height * width, dx, splat(0.0f));
	for (int output = 0; output < group_outputs; output++) {
		const Lookup lookup = look_at_channels(panel, channels * groups, channels, group_outputs, output, rows);
		for (int i = 0; i < taps; i++) {
			Lanes weight;
			weight.vector = splat(0.0f);
			for (int lane = 0; lane < present; lane++) {
				const int channel = panel * LANES + lane, of = channel / channels * group_outputs + output;
				weight.lane[lane] = w[((ptrdiff_t)(of / LANES) * inputs
					+ weight_place(channels, taps, channel % channels, i)) * LANES + of % LANES];
			}
			for (int image = 0; image < o.images; image++)
				for (int row = 0; row < y_height; row++) {
					const Tap tap = tap_of(&o, row, i / kernel_width, i % kernel_width);
					real *to = dx + image * x_image + tap.x;
					for (int p = 0; p < tap.pixels; p++, to += (ptrdiff_t)stride_width * LANES)
						store(to, load(to) + weight.vector * look_up(dy, &lookup, image * y_image + tap.y + p * LANES));
				}
		}
	}
}

static void KERNEL_FN(conv2d_grouped_dw)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *dw, const real *x, const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps;
	const ptrdiff_t x_image = (ptrdiff_t)height * width * LANES, y_image = (ptrdiff_t)y_height * y_width * LANES;
	for (int channel = 0; channel < channels; channel++) {
		const Lookup lookup = look_at_channels(panel, outputs, outputs / groups, channels, channel,
			o.images * height * width);
		for (int i = 0; i < taps; i++) {
			Vector total = splat(0.0f);
			for (int image = 0; image < o.images; image++) {
				Vector sum = splat(0.0f);
				for (int row = 0; row < y_height; row++) {
					const Tap tap = tap_of(&o, row, i / kernel_width, i % kernel_width);
					const real *from = dy + image * y_image + tap.y;
					for (int p = 0; p < tap.pixels; p++, from += LANES)
						sum += load(from)
							* look_up(x, &lookup, image * x_image + tap.x + (ptrdiff_t)p * stride_width * LANES);
				}
				total += sum;
			}
			store(dw + weight_place(channels, taps, channel, i) * LANES, total);
		}
	}
}
