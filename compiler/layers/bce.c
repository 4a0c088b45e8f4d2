#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	long double sum = 0;
	for (int i = 0; i < r->rows * r->inputs; i++)
		sum += fmax(r->x[i], 0) - r->targets[i] * r->x[i] + log1p(exp(-fabs(r->x[i])));
	r->y[0] = (double)sum / (r->rows * r->inputs);
}

const Layer layer_bce = {
	.kind = KIND_LOSS,
	.name = "bce",
	.summary = "mean of log(1 + exp(x)) - target x, for targets from 0 to 1 (torch.nn.BCEWithLogitsLoss)",
	.forward = "bce(rows, inputs, loss, correct, dx, x, target)",
	.truth = TRUTH_CHANCES,
	.contains = "sigmoid",
	.reference = reference,
	.examples = {"linear 3 1; loss bce", "linear 3 5; loss bce", "linear 2 33; loss bce"},
};
