#include "../bnc.h"

static void reference(const Reference *r)
{
	long double sum = 0;
	for (int i = 0; i < r->rows * r->inputs; i++)
		sum += (r->x[i] - r->targets[i]) * (r->x[i] - r->targets[i]);
	r->y[0] = (double)sum / (r->rows * r->inputs);
}

const Layer layer_mse = {
	.kind = KIND_LOSS,
	.name = "mse",
	.summary = "mean of (x - target)^2 (torch.nn.MSELoss)",
	.is_default = DEFAULT_FOR_ONE_OUTPUT,
	.forward = "mse(rows, inputs, loss, dx, x, target)",
	.reference = reference,
	.examples = {
		"linear 3 5; loss mse", "linear 2 33; loss mse", "linear 2 1; loss mse",
		"input 2x3x2; conv2d 3 2 padding=1; loss mse",
	},
};
