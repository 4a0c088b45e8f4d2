#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = r->x[i] > 0 ? r->x[i] : r->arguments[0] * expm1(r->x[i]);
}

const Layer layer_elu = {
	.name = "elu",
	.summary = "x where x > 0, else alpha (exp(x) - 1) (torch.nn.ELU)",
	.arguments = {{"alpha", ARGUMENT_REAL, POSITIONAL, 1, 0}},
	.forward = "elu(rows, alpha, y, x)",
	.backward = "elu_bwd(rows, alpha, dx, dy, x)",
	.reference = reference,
	.examples = {"linear 3 5; elu", "linear 2 33; elu alpha=0.5; linear 3", "linear 2 9; batchnorm; elu; linear 2"},
};
