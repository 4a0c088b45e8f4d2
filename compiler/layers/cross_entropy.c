#include "../bnc.h"
#include <math.h>

static void reference(const Reference *r)
{
	double sum = 0;
	for (int row = 0; row < r->rows; row++) {
		const double *x = r->x + row * r->inputs;
		double largest = x[0], total = 0;
		for (int c = 1; c < r->inputs; c++)
			largest = fmax(largest, x[c]);
		for (int c = 0; c < r->inputs; c++)
			total += exp(x[c] - largest);
		sum += log(total) + largest - x[r->labels[row]];
	}
	r->y[0] = sum / r->rows;
}

const Layer layer_cross_entropy = {
	.kind = KIND_LOSS,
	.name = "cross_entropy",
	.summary = "mean of -log softmax(x)[label] (torch.nn.CrossEntropyLoss)",
	.is_default = DEFAULT,
	.forward = "cross_entropy(rows, inputs, loss, correct, dx, x, label)",
	.truth = TRUTH_LABELS,
	.reference = reference,
	.examples = {"linear 3 5; loss cross_entropy", "linear 2 33; loss cross_entropy", "linear 2 2; loss cross_entropy"},
};
