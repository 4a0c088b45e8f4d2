#include "window.h"

enum { KERNEL };        /* the index of the argument */

static void reference(const Reference *r)
{
	const int x_pixels = shape_positions(r->x_shape), y_pixels = shape_positions(r->y_shape);
	const int pixels = (int)r->arguments[KERNEL] * (int)r->widths[KERNEL];
	for (int channel = 0; channel < r->rows * shape_features(r->x_shape); channel++)
		for (int i = 0; i < y_pixels; i++) {
			double sum = 0;
			for (int k = 0; k < pixels; k++) {
				const int pixel = seen_pixel(r, KERNEL, i, k);
				if (pixel >= 0)
					sum += r->x[channel * x_pixels + pixel];
			}
			r->y[channel * y_pixels + i] = sum / pixels;
		}
}

const Layer layer_avgpool2d = {
	.name = "avgpool2d",
	.summary = "the mean of each kernel of height x width, padding counted as 0 (torch.nn.AvgPool2d)",
	.arguments = {
		{"kernel", ARGUMENT_PAIR, REQUIRED | POSITIONAL, 0, 0},
		{"stride", ARGUMENT_PAIR, 0, -1, 0, 0, "kernel"},
		{"padding", ARGUMENT_PAIR, 0, 0, ">= 0"},
	},
	.infer = infer_pool,
	.forward = "avgpool2d(y_rows, " WINDOW "y, x)",
	.backward = "avgpool2d_bwd(y_rows, " WINDOW "dx, dy)",
	.reference = reference,
	.examples = {
		"input 2x4x6; conv2d 5 1; avgpool2d 2; flatten; linear 2",
		"input 1x5x4; conv2d 2 1; avgpool2d 3 stride=2 padding=1; flatten",
		"input 2x3x4; avgpool2d 2x3 stride=1; flatten; linear 2",
	},
};
