#include "../bnc.h"
#include <math.h>

enum { LABEL_SMOOTHING, WEIGHTS };

static bool infer(Node *node, Diagnostics *diagnostics)
{
	const int classes = shape_features(&node->inputs[0]->shape), count = (int)node->arguments[WEIGHTS];
	double largest = 0;
	if (!count)
		return true;
	if (count != classes) {
		error_at(diagnostics, node->argument_spans[WEIGHTS],
			"%s takes a weight for each of the %d classes, found %d", node->layer->name, classes, count);
		note_at(diagnostics, node->inputs[0]->span, "the %d classes come from here", classes);
		return false;
	}
	for (int i = 0; i < count; i++)
		largest = fmax(largest, (double)(float)node->lists[WEIGHTS][i]);
	if (largest == 0)
		error_at(diagnostics, node->argument_spans[WEIGHTS], "one of the weights of %s must be more than 0",
			node->layer->name);
	return largest > 0;
}

/* The mean by the weights of the labels, as torch has it. */
static void reference(const Reference *r)
{
	const double smoothing = r->arguments[LABEL_SMOOTHING], *weights = r->lists[WEIGHTS];
	long double sum = 0;
	double weight = 0;
	for (int row = 0; row < r->rows; row++) {
		const double *x = r->x + row * r->inputs;
		const int label = r->labels[row];
		double largest = x[0], total = 0;
		for (int c = 1; c < r->inputs; c++)
			largest = fmax(largest, x[c]);
		for (int c = 0; c < r->inputs; c++)
			total += exp(x[c] - largest);
		for (int c = 0; c < r->inputs; c++) {
			const double truth = (c == label ? 1 - smoothing : 0) + smoothing / r->inputs;
			sum += truth * (weights ? weights[c] : 1) * (log(total) + largest - x[c]);
		}
		weight += weights ? weights[label] : 1;
	}
	r->y[0] = (double)sum / weight;
}

const Layer layer_cross_entropy = {
	.kind = KIND_LOSS,
	.name = "cross_entropy",
	.summary = "mean of -log softmax(x)[label] (torch.nn.CrossEntropyLoss)",
	.arguments = {
		[LABEL_SMOOTHING] = {"label_smoothing", ARGUMENT_REAL, 0, 0, ">= 0 and <= 1"},
		[WEIGHTS] = {"weights", ARGUMENT_LIST, 0, 0, ">= 0"},
	},
	.infer = infer,
	.is_default = DEFAULT,
	.forward =
		"[!weights] [!label_smoothing] cross_entropy(rows, inputs, loss, correct, dx, x, label);"
		"[!weights] [label_smoothing]"
		" cross_entropy_weighted(rows, inputs, label_smoothing, loss, correct, dx, x, label, weights);"
		"[weights] cross_entropy_weighted(rows, inputs, label_smoothing, loss, correct, dx, x, label, weights)",
	.truth = TRUTH_LABELS,
	.contains = "softmax",
	.reference = reference,
	.examples = {
		"linear 3 5; loss cross_entropy", "linear 2 33; loss cross_entropy", "linear 2 2; loss cross_entropy",
		"linear 3 5; loss cross_entropy label_smoothing=0.1", "linear 2 33; loss cross_entropy label_smoothing=1",
		"linear 2 2; loss cross_entropy weights=1,5", "linear 70 2; loss cross_entropy weights=1,5 label_smoothing=0.2",
		"linear 2 17; loss cross_entropy weights=1,2,3,4,5,6,7,8,9,0.1,0.2,0,0.4,0.5,0.6,0.7,0.8",
		"linear 3 3; loss cross_entropy weights=0.5,2,0 label_smoothing=0.3",
	},
};
