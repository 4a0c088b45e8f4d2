#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	const double factor = sqrt(2 / acos(-1));
	for (int i = 0; i < r->rows * r->inputs; i++) {
		const double x = r->x[i];
		r->y[i] = r->arguments[0] != 0 ? x / 2 * (1 + tanh(factor * (x + 0.044715 * x * x * x)))
			: x / 2 * erfc(-x / sqrt(2));
	}
}

const Layer layer_gelu = {
	.name = "gelu",
	.summary = "x P(X <= x) for a standard normal X; tanh=true: torch.nn.GELU(approximate='tanh')",
	.arguments = {{"tanh", ARGUMENT_FLAG, 0, 0, 0}},
	.forward = "[!tanh] gelu(rows, y, x); [tanh] gelu_tanh(rows, y, x)",
	.backward = "[!tanh] gelu_bwd(rows, dx, dy, x); [tanh] gelu_tanh_bwd(rows, dx, dy, x)",
	.reference = reference,
	.examples = {"linear 3 5; gelu", "linear 2 33; batchnorm; gelu; linear 3",
		"linear 3 17; gelu tanh=true; linear 2; gelu tanh=true"},
};
