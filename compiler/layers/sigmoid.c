#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = 1 / (1 + exp(-r->x[i]));
}

const Layer layer_sigmoid = {
	.name = "sigmoid",
	.summary = "1 / (1 + exp(-x))",
	.forward = "sigmoid(rows, y, x)",
	.backward = "sigmoid_bwd(rows, dx, dy, y)",
	.reference = reference,
	.examples = {"linear 3 5; sigmoid", "linear 2 33; sigmoid; linear 3; sigmoid"},
};
