/* image.c: an image with its pixels as rows, [panel of channels][image][pixel][LANES], or with all its values as
 * features in the order of torch, [panel of values][image][LANES]: channel by channel, pixel by pixel. */
#include "simd.h"

/* y: the values of x as features. */
static void KERNEL_FN(flatten)(int images, int positions, int channels, real *y, const real *x)
{
	for (int image = 0; image < images; image++) {
		int value = 0;
		for (int channel = 0; channel < channels; channel++) {
			const real *from = x + entry(images * positions, image * positions, channel);
			for (int p = 0; p < positions; p++, value++)
				y[entry(images, image, value)] = from[p * LANES];
		}
		for (; value % LANES; value++)
			y[entry(images, image, value)] = 0.0f;
	}
}

/* x: the features of y as pixels. */
static void KERNEL_FN(unflatten)(int images, int positions, int channels, real *x, const real *y)
{
	for (int image = 0; image < images; image++) {
		int value = 0;
		for (int first = 0; first < channels; first += LANES) {
			real *const to = x + entry(images * positions, image * positions, first);
			const int count = smaller(channels - first, LANES);
			for (int p = 0; count < LANES && p < positions; p++)
				store(to + p * LANES, splat(0.0f));
			for (int channel = 0; channel < count; channel++)
				for (int p = 0; p < positions; p++, value++)
					to[p * LANES + channel] = y[entry(images, image, value)];
		}
	}
}
