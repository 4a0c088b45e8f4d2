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
	return (FirstStep){arguments[1] != 0 ? "momentum_buffer" : 0, 1, arguments[3]};
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
	.standard = STANDARD,
	.infer = infer,
	.decay = "weight_decay",
	.first_step = first_step,
	.forward =
		"[!momentum] sgd(size, lr, weight_decay, w, dw);"
		"[momentum] sgd_momentum(size, lr, weight_decay, momentum, one_minus_dampening, nesterov, step, w, momentum_buffer, dw)",
};
