#include "../bnc.h"

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = r->x[i] > 0 ? r->x[i] : r->arguments[0] * r->x[i];
}

const Layer layer_leaky_relu = {
	.name = "leaky_relu",
	.summary = "x where x > 0, else slope x",
	.arguments = {{"slope", ARGUMENT_REAL, POSITIONAL, 0.01, 0}},
	.forward = "leaky_relu(rows, slope, y, x)",
	.backward = "leaky_relu_bwd(rows, slope, dx, dy, x)",
	.reference = reference,
	.examples = {"linear 3 5; leaky_relu", "linear 2 33; leaky_relu slope=-0.5; linear 3"},
};
