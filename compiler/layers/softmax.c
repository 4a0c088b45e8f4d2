/* softmax and its logarithm. */
#include "../bnc.h"
#include <math.h>

/* Of an image, over the channels of each pixel. */
static void normalise(const Reference *r, bool logarithm)
{
	const int features = shape_features(r->x_shape), pixels = shape_positions(r->x_shape);
	for (int k = 0; k < r->rows * pixels; k++) {
		const int first = k / pixels * r->inputs + k % pixels;
		const double *x = r->x + first;
		double *y = r->y + first, largest = x[0], sum = 0;
		for (int i = 1; i < features; i++)
			largest = fmax(largest, x[i * pixels]);
		for (int i = 0; i < features; i++)
			sum += exp(x[i * pixels] - largest);
		for (int i = 0; i < features; i++) {
			const double difference = x[i * pixels] - largest;
			y[i * pixels] = logarithm ? difference - log(sum) : exp(difference) / sum;
		}
	}
}

static void reference(const Reference *r)
{
	normalise(r, false);
}

static void log_reference(const Reference *r)
{
	normalise(r, true);
}

const Layer layer_softmax = {
	.name = "softmax",
	.summary = "exp(x), divided by its sum over the features, or the channels of each pixel (torch.nn.Softmax)",
	.forward = "softmax(rows, inputs, y, x)",
	.backward = "softmax_bwd(rows, inputs, dx, dy, y)",
	.reference = reference,
	.examples = {
		"linear 3 5; softmax", "linear 2 33; softmax; linear 3", "linear 4 16; softmax; linear 1; softmax",
		"linear 2 9; batchnorm; softmax; batchnorm; linear 2", "input 3x2x3; conv2d 5 2; softmax; flatten; linear 2",
	},
};

const Layer layer_log_softmax = {
	.name = "log_softmax",
	.summary = "log(softmax(x)) over the features, or the channels of each pixel (torch.nn.LogSoftmax)",
	.forward = "log_softmax(rows, inputs, y, x)",
	.backward = "log_softmax_bwd(rows, inputs, dx, dy, y)",
	.reference = log_reference,
	.examples = {
		"linear 3 5; log_softmax", "linear 2 33; log_softmax; linear 3",
		"linear 4 16; log_softmax; linear 1; log_softmax",
		"linear 2 9; batchnorm; log_softmax; batchnorm; linear 2",
		"input 3x2x3; conv2d 5 2; log_softmax; flatten; linear 2",
	},
};
