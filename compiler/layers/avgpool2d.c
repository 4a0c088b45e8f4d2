#include "window.h"

enum { KERNEL, STRIDE, PADDING };

static void reference(const Reference *r)
{
	const int *x = r->x_shape->dims, *y = r->y_shape->dims;
	const int pixels = (int)r->arguments[KERNEL] * (int)r->widths[KERNEL];
	for (int image = 0; image < r->rows * x[0]; image++)
		for (int i = 0; i < y[1] * y[2]; i++) {
			double sum = 0;
			for (int k = 0; k < pixels; k++) {
				const int row = i / y[2] * (int)r->arguments[STRIDE]
					+ k / (int)r->widths[KERNEL] - (int)r->arguments[PADDING];
				const int column = i % y[2] * (int)r->widths[STRIDE]
					+ k % (int)r->widths[KERNEL] - (int)r->widths[PADDING];
				if (row >= 0 && row < x[1] && column >= 0 && column < x[2])
					sum += r->x[(image * x[1] + row) * x[2] + column];
			}
			r->y[image * y[1] * y[2] + i] = sum / pixels;
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
