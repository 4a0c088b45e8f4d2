#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = tanh(r->x[i]);
}

const Layer layer_tanh = {
	.name = "tanh",
	.summary = "the hyperbolic tangent of x",
	.forward = "tanh(rows, y, x)",
	.backward = "tanh_bwd(rows, dx, dy, y)",
	.reference = reference,
	.examples = {"linear 3 5; tanh", "linear 2 33; tanh; linear 3; tanh"},
};
