#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	const double delta = r->arguments[0];
	long double sum = 0;
	for (int i = 0; i < r->rows * r->inputs; i++) {
		const double distance = fabs(r->x[i] - r->targets[i]);
		sum += distance < delta ? distance * distance / 2 : delta * (distance - delta / 2);
	}
	r->y[0] = (double)sum / (r->rows * r->inputs);
}

const Layer layer_huber = {
	.kind = KIND_LOSS,
	.name = "huber",
	.summary = "mean of d^2 / 2 where d = |x - target| < delta, else delta (d - delta / 2) (torch.nn.HuberLoss)",
	.arguments = {{"delta", ARGUMENT_REAL, POSITIONAL, 1, "> 0"}},
	.forward = "huber(rows, inputs, delta, loss, dx, x, target)",
	.reference = reference,
	.examples = {"linear 3 5; loss huber", "linear 2 33; loss huber delta=0.3", "linear 2 1; loss huber 2.5"},
};
