#include "../bnc.h"

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = r->x[i] < 0 ? 0 : r->x[i] > 6 ? 6 : r->x[i];
}

const Layer layer_relu6 = {
	.name = "relu6",
	.summary = "min(max(x, 0), 6) (torch.nn.ReLU6)",
	.forward = "relu6(rows, y, x)",
	.backward = "relu6_bwd(rows, dx, dy, y)",
	.reference = reference,
	.examples = {"linear 3 5; relu6", "linear 2 33; leaky_relu slope=-8; relu6; linear 3; relu6"},
};
