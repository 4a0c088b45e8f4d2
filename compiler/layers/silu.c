#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = r->x[i] / (1 + exp(-r->x[i]));
}

const Layer layer_silu = {
	.name = "silu",
	.summary = "x sigmoid(x) (torch.nn.SiLU)",
	.forward = "silu(rows, y, x)",
	.backward = "silu_bwd(rows, dx, dy, x)",
	.reference = reference,
	.examples = {"linear 3 5; silu", "linear 2 33; batchnorm; silu; linear 3"},
};
