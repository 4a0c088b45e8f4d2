#include "../bnc.h"
#include <math.h>

static bool infer(Node *node, Diagnostics *diagnostics)
{
	return infer_channels(node, "features", diagnostics)
		&& set_output(node, node->inputs[0]->shape);
}

/* The index of a feature in one of rows x positions rows: a sample is [features][positions]. */
static int at(int row, int feature, int features, int positions)
{
	return (row / positions * features + feature) * positions + row % positions;
}

static void reference(const Reference *r)
{
	double eps = r->arguments[1];
	const double *gamma = r->tensors[0], *beta = r->tensors[1], *running_mean = r->tensors[2],
		*running_var = r->tensors[3];
	const int features = shape_features(r->x_shape), positions = shape_positions(r->x_shape);
	const int rows = r->rows * positions;
	for (int f = 0; f < features; f++) {
		double mean = 0, variance = 0;
		for (int row = 0; row < rows; row++)
			mean += r->x[at(row, f, features, positions)] / rows;
		for (int row = 0; row < rows; row++) {
			double d = r->x[at(row, f, features, positions)] - mean;
			variance += d * d / rows;
		}
		if (r->updated[2])
			r->updated[2][f] = (1 - r->arguments[2]) * running_mean[f] + r->arguments[2] * mean;
		if (r->updated[3])
			r->updated[3][f] = (1 - r->arguments[2]) * running_var[f] + r->arguments[2] * variance * rows / (rows - 1);
		if (!r->training) {
			mean = running_mean[f];
			variance = running_var[f];
		}
		for (int row = 0; row < rows; row++) {
			const int i = at(row, f, features, positions);
			double xhat = (r->x[i] - mean) / sqrt(variance + eps);
			r->y[i] = gamma ? gamma[f] * xhat + beta[f] : xhat;
		}
	}
}

static Scaling scales(const double *arguments, const double *const tensors[], int feature)
{
	const double *gamma = tensors[0], *beta = tensors[1], *mean = tensors[2], *var = tensors[3];
	double deviation = sqrt(var[feature] + arguments[1]);
	return (Scaling){mean[feature], deviation, (gamma ? gamma[feature] : 1) / deviation, beta ? beta[feature] : 0};
}

const Layer layer_batchnorm = {
	.name = "batchnorm",
	.summary = "(x - mean) / sqrt(var + eps) * weight + bias per feature or channel over the batch "
		"(torch.nn.BatchNorm1d, 2d)",
	.arguments = {
		{"features", ARGUMENT_SIZE, INFERRED | POSITIONAL, 0, 0},
		{"eps", ARGUMENT_REAL, 0, 1e-5, ">= 0"},
		{"momentum", ARGUMENT_REAL, 0, 0.1, 0},
		{"affine", ARGUMENT_FLAG, 0, 1, 0},
	},
	.tensors = {
		{"weight", LAYOUT_FEATURES, true, INIT_ONE, "affine"},
		{"bias", LAYOUT_FEATURES, true, INIT_ZERO, "affine"},
		{"running_mean", LAYOUT_FEATURES, false, INIT_ZERO, 0},
		{"running_var", LAYOUT_FEATURES, false, INIT_ONE, 0},
		{"num_batches_tracked", LAYOUT_COUNTER, false, INIT_ZERO, 0},
	},
	.locals = {{"xhat", LAYOUT_ROWS}, {"rstd", LAYOUT_FEATURES}},
	.infer = infer,
	.forward =
		"batchnorm(rows, eps, one_minus_momentum, momentum, xhat, rstd, running_mean, running_var, x);"
		"scale_shift(rows, y, xhat, weight, bias);"
		"count(num_batches_tracked)",
	.predict = "batchnorm_predict(rows, eps, y, x, running_mean, running_var, weight, bias)",
	.backward = "batchnorm_bwd(rows, dx, dweight, dbias, dy, xhat, rstd, weight)",
	.normalises_batch = true,
	.cancels_shift = true,
	.scales = scales,
	.reference = reference,
	.examples = {
		"batchnorm 5", "linear 2 64; batchnorm", "linear 3 17; batchnorm eps=0.1 momentum=0.5; linear 2",
		"linear 3 8; batchnorm affine=false; linear 4", "input 3x4x2; batchnorm; flatten; linear 3",
	},
};
