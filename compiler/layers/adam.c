/* adam and adamw, which differ in what the weight decay does. */
#include "../bnc.h"
#include <math.h>

static FirstStep first_step_of_adam(const double *arguments)
{
	return (FirstStep){"exp_avg", 1 - arguments[1], arguments[4], false};
}

static FirstStep first_step_of_adamw(const double *arguments)
{
	return (FirstStep){"exp_avg", 1 - arguments[1], 0, false};
}

/* torch/optim/adam.py, without amsgrad */
static void step(const Reference *r, double weight_decay)
{
	const double beta1 = r->arguments[1], beta2 = r->arguments[2], eps = r->arguments[3];
	double *m = r->states[0], *v = r->states[1];
	for (int i = 0; i < r->inputs; i++) {
		const double d = r->x[i] + weight_decay * r->y[i];
		m[i] = beta1 * m[i] + (1 - beta1) * d;
		v[i] = beta2 * v[i] + (1 - beta2) * d * d;
		const double root = sqrt(v[i]) / sqrt(1 - pow(beta2, (double)r->step + 1));
		r->y[i] -= r->lr / (1 - pow(beta1, (double)r->step + 1)) * m[i] / (root + eps);
	}
}

static void reference_of_adam(const Reference *r)
{
	step(r, r->arguments[4]);
}

/* torch/optim/adamw.py */
static void reference_of_adamw(const Reference *r)
{
	for (int i = 0; i < r->inputs; i++)
		r->y[i] *= 1 - r->lr * r->arguments[4];
	step(r, 0);
}

#define ARGUMENTS(weight_decay) { \
		{"lr", ARGUMENT_REAL, 0, 0.001, ">= 0"}, \
		{"beta1", ARGUMENT_REAL, 0, 0.9, ">= 0 and < 1"}, \
		{"beta2", ARGUMENT_REAL, 0, 0.999, ">= 0 and < 1"}, \
		{"eps", ARGUMENT_REAL, 0, 1e-8, "> 0"}, \
		{"weight_decay", ARGUMENT_REAL, 0, weight_decay, ">= 0"}, \
	}
#define STATES {{"exp_avg", LAYOUT_WEIGHTS, false, INIT_ZERO, 0}, {"exp_avg_sq", LAYOUT_WEIGHTS, false, INIT_ZERO, 0}}

const Layer layer_adam = {
	.kind = KIND_OPTIMIZER,
	.name = "adam",
	.summary = "running means of the gradient and its square set the step (torch.optim.Adam)",
	.arguments = ARGUMENTS(0),
	.tensors = STATES,
	.decay = "weight_decay",
	.first_step = first_step_of_adam,
	.prepare = "adam_numbers(numbers, lr, beta1, beta2, eps, weight_decay, step)",
	.forward = "adam(size, numbers, w, exp_avg, exp_avg_sq, 0, dw)",
	.reference = reference_of_adam,
	.examples = {"", "weight_decay=0.1", "beta1=0 beta2=0.5", "beta1=0.5 beta2=0.9 eps=0.01"},
};

const Layer layer_adamw = {
	.kind = KIND_OPTIMIZER,
	.name = "adamw",
	.summary = "adam whose weight decay is no part of the gradient (torch.optim.AdamW)",
	.arguments = ARGUMENTS(0.01),
	.tensors = STATES,
	.decay = "weight_decay",
	.first_step = first_step_of_adamw,
	.prepare = "adamw_numbers(numbers, lr, beta1, beta2, eps, weight_decay, step)",
	.forward = "adamw(size, numbers, w, exp_avg, exp_avg_sq, 0, dw)",
	.reference = reference_of_adamw,
	.examples = {"", "weight_decay=0.5", "beta1=0 beta2=0.5", "beta1=0.5 beta2=0.9 eps=0.01"},
};
