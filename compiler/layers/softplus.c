#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = r->arguments[0] * r->x[i] > r->arguments[1] ? r->x[i]
			: log1p(exp(r->arguments[0] * r->x[i])) / r->arguments[0];
}

const Layer layer_softplus = {
	.name = "softplus",
	.summary = "log(1 + exp(beta x)) / beta, and x where beta x > threshold (torch.nn.Softplus)",
	.arguments = {{"beta", ARGUMENT_REAL, POSITIONAL, 1, "> 0"}, {"threshold", ARGUMENT_REAL, 0, 20, 0}},
	.forward = "softplus(rows, beta, threshold, y, x)",
	.backward = "softplus_bwd(rows, beta, threshold, dx, dy, x)",
	.reference = reference,
	.examples = {"linear 3 5; softplus", "linear 2 33; softplus beta=3; linear 3; softplus",
		"linear 2 17; softplus beta=0.5 threshold=2; linear 2"},
};
