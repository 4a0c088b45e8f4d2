#include "../bnc.h"
#include <math.h>

static FirstStep first_step(const double *arguments)
{
	return (FirstStep){"square_avg", 1 - arguments[1], arguments[3], true};
}

/* torch/optim/rmsprop.py */
static void reference(const Reference *r)
{
	const double alpha = r->arguments[1], eps = r->arguments[2], weight_decay = r->arguments[3],
		momentum = r->arguments[4];
	const bool centered = r->arguments[5] != 0;
	double *square = r->states[0], *buffer = r->states[1], *mean = r->states[2];
	for (int i = 0; i < r->inputs; i++) {
		const double d = r->x[i] + weight_decay * r->y[i];
		square[i] = alpha * square[i] + (1 - alpha) * d * d;
		mean[i] = alpha * mean[i] + (1 - alpha) * d;
		const double average = mean[i] * (1 - r->off), spread = square[i] * (1 + r->off) - average * average;
		buffer[i] = momentum * buffer[i] + d / (sqrt(centered ? spread : square[i]) + eps);
		r->y[i] -= r->lr * buffer[i];
	}
}

const Layer layer_rmsprop = {
	.kind = KIND_OPTIMIZER,
	.name = "rmsprop",
	.summary = "the root of a running mean of the gradient's square sets the step (torch.optim.RMSprop)",
	.arguments = {
		{"lr", ARGUMENT_REAL, 0, 0.01, ">= 0"},
		{"alpha", ARGUMENT_REAL, 0, 0.99, ">= 0 and < 1"},
		{"eps", ARGUMENT_REAL, 0, 1e-8, "> 0"},
		{"weight_decay", ARGUMENT_REAL, 0, 0, ">= 0"},
		{"momentum", ARGUMENT_REAL, 0, 0, ">= 0"},
		{"centered", ARGUMENT_FLAG, 0, 0, 0},
	},
	.tensors = {
		{"square_avg", LAYOUT_WEIGHTS, false, INIT_ZERO, 0},
		{"momentum_buffer", LAYOUT_WEIGHTS, false, INIT_ZERO, "momentum"},
		{"grad_avg", LAYOUT_WEIGHTS, false, INIT_ZERO, "centered"},
	},
	.decay = "weight_decay",
	.first_step = first_step,
	.prepare = "rmsprop_numbers(numbers, lr, alpha, eps, weight_decay, momentum, centered)",
	.forward = "rmsprop(size, numbers, w, square_avg, momentum_buffer, grad_avg, dw)",
	.reference = reference,
	.examples = {"", "weight_decay=0.1", "momentum=0.9", "centered=true",
		"centered=true momentum=0.5 alpha=0.9 eps=0.001"},
};
