#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	long double sum = 0;
	for (int i = 0; i < r->rows * r->inputs; i++)
		sum += fabs(r->x[i] - r->targets[i]);
	r->y[0] = (double)sum / (r->rows * r->inputs);
}

const Layer layer_l1 = {
	.kind = KIND_LOSS,
	.name = "l1",
	.summary = "mean of |x - target| (torch.nn.L1Loss)",
	.forward = "l1(rows, inputs, loss, dx, x, target)",
	.reference = reference,
	.examples = {"linear 3 5; loss l1", "linear 2 33; loss l1", "linear 2 1; loss l1"},
};
