#include "../bnc.h"
#include <math.h>

static bool infer(Node *node, Diagnostics *diagnostics)
{
	return infer_features(node, "features", diagnostics)
		&& set_output(node, node->inputs[0]->shape);
}

static void reference(const Reference *r)
{
	double eps = r->arguments[1];
	const double *gamma = r->tensors[0], *beta = r->tensors[1], *running_mean = r->tensors[2],
		*running_var = r->tensors[3];
	for (int f = 0; f < r->inputs; f++) {
		double mean = 0, variance = 0;
		for (int row = 0; row < r->rows; row++)
			mean += r->x[row * r->inputs + f] / r->rows;
		for (int row = 0; row < r->rows; row++) {
			double d = r->x[row * r->inputs + f] - mean;
			variance += d * d / r->rows;
		}
		if (!r->training) {
			mean = running_mean[f];
			variance = running_var[f];
		}
		for (int row = 0; row < r->rows; row++) {
			double xhat = (r->x[row * r->inputs + f] - mean) / sqrt(variance + eps);
			r->y[row * r->inputs + f] = gamma ? gamma[f] * xhat + beta[f] : xhat;
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
	.summary = "(x - mean) / sqrt(var + eps) * weight + bias per feature over the batch (torch.nn.BatchNorm1d)",
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
		"linear 3 8; batchnorm affine=false; linear 4",
	},
};
