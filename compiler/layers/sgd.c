#include "../bnc.h"

static bool infer(Node *node, Diagnostics *diagnostics)
{
	const Layer *sgd = node->layer;
	int nesterov = argument_index(sgd, "nesterov");
	if (node->arguments[nesterov] == 0)
		return true;
	if (node->arguments[argument_index(sgd, "momentum")] > 0 && node->arguments[argument_index(sgd, "dampening")] == 0)
		return true;
	error_at(diagnostics, node->argument_spans[nesterov],
		"nesterov needs momentum > 0 and dampening = 0: write `optimizer sgd nesterov=true momentum=0.9`");
	return false;
}

static FirstStep first_step(const double *arguments)
{
	return (FirstStep){arguments[1] != 0 ? "momentum_buffer" : 0, 1, arguments[3], false};
}

/* torch/optim/sgd.py */
static void reference(const Reference *r)
{
	const double momentum = r->arguments[1], dampening = r->arguments[2], weight_decay = r->arguments[3],
		nesterov = r->arguments[4];
	double *buffer = r->states[0];
	for (int i = 0; i < r->inputs; i++) {
		double d = r->x[i] + weight_decay * r->y[i];
		if (momentum != 0) {
			buffer[i] = r->step == 0 ? d : momentum * buffer[i] + (1 - dampening) * d;
			d = nesterov != 0 ? d + momentum * buffer[i] : buffer[i];
		}
		r->y[i] -= r->lr * d;
	}
}

const Layer layer_sgd = {
	.kind = KIND_OPTIMIZER,
	.name = "sgd",
	.summary = "w -= lr (dw + weight_decay w), with momentum if asked (torch.optim.SGD)",
	.arguments = {
		{"lr", ARGUMENT_REAL, 0, 0.01, ">= 0"},
		{"momentum", ARGUMENT_REAL, 0, 0, ">= 0"},
		{"dampening", ARGUMENT_REAL, 0, 0, 0},
		{"weight_decay", ARGUMENT_REAL, 0, 0, ">= 0"},
		{"nesterov", ARGUMENT_FLAG, 0, 0, 0, " momentum=0.9"},
	},
	.tensors = {{"momentum_buffer", LAYOUT_WEIGHTS, false, INIT_ZERO, "momentum"}},
	.is_default = DEFAULT,
	.infer = infer,
	.decay = "weight_decay",
	.first_step = first_step,
	.prepare =
		"[!momentum] sgd_numbers(numbers, lr, weight_decay);"
		"[momentum] sgd_momentum_numbers(numbers, lr, weight_decay, momentum, one_minus_dampening, nesterov, step)",
	.forward =
		"[!momentum] sgd(size, numbers, w, 0, 0, 0, dw);"
		"[momentum] sgd_momentum(size, numbers, w, momentum_buffer, 0, 0, dw)",
	.reference = reference,
	.examples = {
		"", "weight_decay=0.1", "dampening=0.5 weight_decay=0.1", "momentum=0.9", "momentum=0.9 dampening=0.3",
		"momentum=0.5 weight_decay=0.1",
		"momentum=1.5 dampening=-0.5", "momentum=0.9 nesterov=true", "momentum=0.5 weight_decay=0.1 nesterov=true",
	},
};
