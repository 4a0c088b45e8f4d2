#include "../bnc.h"

static bool infer(Node *node, Diagnostics *diagnostics)
{
	bool fits = infer_features(node, "in", diagnostics);
	return set_output(node, (Shape){1, {(int)node->arguments[argument_index(node->layer, "out")]}}) && fits;
}

static void reference(const Reference *r)
{
	const double *weight = r->tensors[0], *bias = r->tensors[1];
	for (int row = 0; row < r->rows; row++)
		for (int o = 0; o < r->outputs; o++) {
			double sum = bias ? bias[o] : 0;
			for (int i = 0; i < r->inputs; i++)
				sum += r->x[row * r->inputs + i] * weight[o * r->inputs + i];
			r->y[row * r->outputs + o] = sum;
		}
}

const Layer layer_linear = {
	.name = "linear",
	.summary = "y = x W' + b (torch.nn.Linear)",
	.arguments = {
		{"in", ARGUMENT_SIZE, INFERRED | POSITIONAL, 0, 0},
		{"out", ARGUMENT_SIZE, REQUIRED | POSITIONAL, 0, 0},
		{"bias", ARGUMENT_FLAG, 0, 1, 0},
	},
	.tensors = {
		{"weight", LAYOUT_WEIGHTS, true, INIT_KAIMING_UNIFORM, 0},
		{"bias", LAYOUT_FEATURES, true, INIT_FAN_IN_UNIFORM, "bias"},
	},
	.infer = infer,
	.forward = "linear(rows, outputs, inputs, y, x, weight, bias)",
	.backward =
		"linear_dx(rows, outputs, inputs, panel, dx, dy, weight);"
		"linear_dw(rows, outputs, inputs, dweight, x, dy);"
		"column_sum(rows, dbias, dy)",
	.shift = "bias",
	.product = "weight",
	.reference = reference,
	.examples = {"linear 3 5", "linear 17 33 bias=false", "linear 7 4; linear 1; linear 19"},
};
