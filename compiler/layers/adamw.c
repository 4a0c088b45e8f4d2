#include "../bnc.h"
#include <math.h>

static FirstStep first_step(const double *arguments)
{
	return (FirstStep){"exp_avg", 1 - arguments[1], 0, false};
}

/* torch/optim/adamw.py */
static void reference(const Reference *r)
{
	const double beta1 = r->arguments[1], beta2 = r->arguments[2], eps = r->arguments[3],
		weight_decay = r->arguments[4];
	double *m = r->states[0], *v = r->states[1];
	for (int i = 0; i < r->inputs; i++) {
		const double d = r->x[i];
		r->y[i] *= 1 - r->lr * weight_decay;
		m[i] = beta1 * m[i] + (1 - beta1) * d;
		v[i] = beta2 * v[i] + (1 - beta2) * d * d;
		const double root = sqrt(v[i]) / sqrt(1 - pow(beta2, (double)r->step + 1));
		r->y[i] -= r->lr / (1 - pow(beta1, (double)r->step + 1)) * m[i] / (root + eps);
	}
}

const Layer layer_adamw = {
	.kind = KIND_OPTIMIZER,
	.name = "adamw",
	.summary = "adam whose weight decay is no part of the gradient (torch.optim.AdamW)",
	.arguments = {
		{"lr", ARGUMENT_REAL, 0, 0.001, ">= 0"},
		{"beta1", ARGUMENT_REAL, 0, 0.9, ">= 0 and < 1"},
		{"beta2", ARGUMENT_REAL, 0, 0.999, ">= 0 and < 1"},
		{"eps", ARGUMENT_REAL, 0, 1e-8, "> 0"},
		{"weight_decay", ARGUMENT_REAL, 0, 0.01, ">= 0"},
	},
	.tensors = {{"exp_avg", LAYOUT_WEIGHTS, false, INIT_ZERO, 0}, {"exp_avg_sq", LAYOUT_WEIGHTS, false, INIT_ZERO, 0}},
	.decay = "weight_decay",
	.first_step = first_step,
	.prepare = "adamw_numbers(numbers, lr, beta1, beta2, eps, weight_decay, step)",
	.forward = "adamw(size, numbers, w, exp_avg, exp_avg_sq, 0, dw)",
	.reference = reference,
	.examples = {"", "weight_decay=0.5", "beta1=0 beta2=0.5", "beta1=0.5 beta2=0.9 eps=0.01"},
};
