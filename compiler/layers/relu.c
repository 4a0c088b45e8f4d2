#include "../bnc.h"

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = r->x[i] < 0 ? 0 : r->x[i];
}

const Layer layer_relu = {
	.name = "relu",
	.summary = "max(x, 0)",
	.forward = "relu(rows, y, x)",
	.backward = "relu_bwd(rows, dx, dy, y)",
	.reference = reference,
	.examples = {"linear 3 5; relu", "linear 2 33; relu; linear 3; relu"},
};
