/* conv2d has four sets of kernels: for one group; for a kernel of one pixel, which is linear; for groups of one
 * channel, which is depthwise; and for other groups. infer chooses. */
#include "window.h"

static const Layer pointwise, depthwise, grouped;
extern const Layer layer_conv2d;

enum { OUT = 1, KERNEL, STRIDE, PADDING, GROUPS };

/* torch pads by a pixel more at the end if the kernel is even; where it begins is the same. */
static bool infer_same(Node *node, Diagnostics *diagnostics)
{
	if (node->arguments[PADDING] >= 0)
		return true;
	if (node->arguments[STRIDE] != 1 || node->widths[STRIDE] != 1) {
		error_at(diagnostics, node->argument_spans[PADDING], "padding=same of conv2d needs stride=1");
		return false;
	}
	node->arguments[PADDING] = (double)(((int)node->arguments[KERNEL] - 1) / 2);
	node->widths[PADDING] = (double)(((int)node->widths[KERNEL] - 1) / 2);
	return true;
}

static bool infer_groups(Node *node, int channels, Diagnostics *diagnostics)
{
	const int out = (int)node->arguments[OUT], groups = (int)node->arguments[GROUPS];
	const char *what = channels % groups ? "input" : "output";
	if (channels % groups == 0 && out % groups == 0)
		return true;
	error_at(diagnostics, node->argument_spans[GROUPS], "conv2d cannot divide %d %s channels into %d groups",
		channels % groups ? channels : out, what, groups);
	return false;
}

/* Whether each pixel of y is computed from the same pixel of x. */
static bool is_pointwise(const Node *node)
{
	const double *heights = node->arguments, *widths = node->widths;
	return heights[KERNEL] == 1 && widths[KERNEL] == 1 && heights[STRIDE] == 1 && widths[STRIDE] == 1
		&& heights[PADDING] == 0 && widths[PADDING] == 0;
}

static bool infer(Node *node, Diagnostics *diagnostics)
{
	if (!infer_image(node, diagnostics) || !infer_channels(node, "in", diagnostics))
		return false;
	const Shape *x = &node->inputs[0]->shape;
	const bool same = node->arguments[PADDING] < 0;
	const int channels = x->dims[0], out = (int)node->arguments[OUT], groups = (int)node->arguments[GROUPS];
	if (!infer_groups(node, channels, diagnostics) || !infer_same(node, diagnostics))
		return false;
	if (same ? !set_image(node, out, x->dims[1], x->dims[2], diagnostics) : !infer_window(node, out, diagnostics))
		return false;
	if (groups == 1 && is_pointwise(node))
		node->layer = &pointwise;
	if (groups > 1)
		node->layer = groups == channels && groups == out ? &depthwise : &grouped;
	return true;
}

static Shape shape_of_weights(const Node *node)
{
	const int channels = shape_features(&node->inputs[0]->shape);
	return (Shape){3, {channels / (int)node->arguments[GROUPS], (int)node->arguments[KERNEL],
		(int)node->widths[KERNEL]}};
}

static void reference(const Reference *r)
{
	const int x_channels = shape_features(r->x_shape), y_channels = shape_features(r->y_shape);
	const int x_pixels = shape_positions(r->x_shape), y_pixels = shape_positions(r->y_shape);
	const int taps = (int)r->arguments[KERNEL] * (int)r->widths[KERNEL], groups = (int)r->arguments[GROUPS];
	const int channels = x_channels / groups;
	const double *weight = r->tensors[0], *bias = r->tensors[1];
	for (int image = 0; image < r->rows; image++)
		for (int i = 0; i < y_channels * y_pixels; i++) {
			const int out = i / y_pixels, first = out / (y_channels / groups) * channels;
			double sum = bias ? bias[out] : 0;
			for (int k = 0; k < taps; k++) {
				const int pixel = seen_pixel(r, KERNEL, i % y_pixels, k);
				for (int channel = 0; channel < channels && pixel >= 0; channel++)
					sum += weight[(out * channels + channel) * taps + k]
						* r->x[(image * x_channels + first + channel) * x_pixels + pixel];
			}
			r->y[image * r->outputs + i] = sum;
		}
}

#define COMMON \
	.name = "conv2d", \
	.summary = "convolution of images with a kernel of height x width (torch.nn.Conv2d)", \
	.arguments = { \
		{"in", ARGUMENT_SIZE, INFERRED | POSITIONAL, 0, 0}, \
		{"out", ARGUMENT_SIZE, REQUIRED | POSITIONAL, 0, 0}, \
		{"kernel", ARGUMENT_PAIR, REQUIRED | POSITIONAL, 0, 0}, \
		{"stride", ARGUMENT_PAIR, 0, 1, 0}, \
		{"padding", ARGUMENT_PAIR, 0, 0, ">= 0", 0, "same"}, \
		{"groups", ARGUMENT_SIZE, 0, 1, 0}, \
		{"bias", ARGUMENT_FLAG, 0, 1, 0}, \
	}, \
	.tensors = { \
		{"weight", LAYOUT_WEIGHTS, true, INIT_KAIMING_UNIFORM, 0}, \
		{"bias", LAYOUT_FEATURES, true, INIT_FAN_IN_UNIFORM, "bias"}, \
	}, \
	.weight_shape = shape_of_weights, \
	.shift = "bias", \
	.product = "weight", \
	.reference = reference

const Layer layer_conv2d = {
	COMMON,
	.infer = infer,
	.forward = "conv2d(y_rows, outputs, fan_in, " WINDOW "y, x, weight, bias)",
	.backward =
		"conv2d_dx(y_rows, outputs, fan_in, " WINDOW "panel, dx, dy, weight);"
		"conv2d_dw(y_rows, outputs, fan_in, " WINDOW "dweight, x, dy);"
		"column_sum(y_rows, dbias, dy)",
	.examples = {
		"input 1x4x3; conv2d 2 3; flatten",
		"input 2x4x3; conv2d 5 3x2 padding=1; relu; conv2d 2 1; flatten",
		"input 2x5x5; conv2d 3 3 stride=2x3 padding=1x2 bias=false; batchnorm; relu; global_avgpool",
		"input 3x3x3; conv2d 2 2 padding=same; flatten",
		"input 2x3x3; conv2d 2 1; residual { conv2d 2 3 padding=1; batchnorm } { conv2d 2 1 }; flatten",
		"input 2x5x4; conv2d 2 3 stride=2 padding=2; flatten",
		"input 5x3x2; conv2d 5 3x2 groups=5 padding=1; flatten",
		"input 4x2x3; conv2d 6 2x1 groups=2 stride=1x2; flatten",
	},
};

static const Layer pointwise = {
	COMMON,
	.forward = "linear(rows, outputs, inputs, y, x, weight, bias)",
	.backward =
		"linear_dx(rows, outputs, inputs, panel, dx, dy, weight);"
		"linear_dw(rows, outputs, inputs, dweight, x, dy);"
		"column_sum(rows, dbias, dy)",
};

static const Layer depthwise = {
	COMMON,
	.forward = "conv2d_depthwise(y_rows, " WINDOW "y, x, weight, bias)",
	.backward =
		"conv2d_depthwise_dx(y_rows, " WINDOW "dx, dy, weight);"
		"conv2d_depthwise_dw(y_rows, " WINDOW "dweight, x, dy);"
		"column_sum(y_rows, dbias, dy)",
};

static const Layer grouped = {
	COMMON,
	.forward = "conv2d_grouped(y_rows, outputs, fan_in, " WINDOW "groups, panel, y, x, weight, bias)",
	.backward =
		"conv2d_grouped_dx(y_rows, outputs, fan_in, " WINDOW "groups, panel, dx, dy, weight);"
		"conv2d_grouped_dw(y_rows, outputs, fan_in, " WINDOW "groups, panel, dweight, x, dy);"
		"column_sum(y_rows, dbias, dy)",
};
