/* schedules.c: torch.optim.lr_scheduler. torch makes some rates from the rate before; these are its closed forms, which
 * differ from that by roundings of a double. A step of a schedule is an epoch, and of one_cycle a step of training. */
#include "../bnc.h"
#include <math.h>

const Layer layer_constant = {
	.kind = KIND_SCHEDULE,
	.name = "constant",
	.summary = "the optimizer's lr",
	.is_default = DEFAULT,
	.examples = {""},
};

static double rate_of_step(const double *arguments, double lr, const Instant *now)
{
	return lr * pow(arguments[1], floor((double)now->epoch / arguments[0]));
}

const Layer layer_step = {
	.kind = KIND_SCHEDULE,
	.name = "step",
	.summary = "times gamma after every step_size epochs (StepLR)",
	.arguments = {
		{"step_size", ARGUMENT_SIZE, REQUIRED | POSITIONAL},
		{"gamma", ARGUMENT_REAL, POSITIONAL, 0.1, ">= 0"},
	},
	.rate = rate_of_step,
	.examples = {"30", "1 gamma=0.5", "3 0.7", "2 gamma=0", "2 gamma=1.5"},
};

static double rate_of_exponential(const double *arguments, double lr, const Instant *now)
{
	return lr * pow(arguments[0], (double)now->epoch);
}

const Layer layer_exponential = {
	.kind = KIND_SCHEDULE,
	.name = "exponential",
	.summary = "times gamma after every epoch (ExponentialLR)",
	.arguments = {{"gamma", ARGUMENT_REAL, REQUIRED | POSITIONAL, 0, ">= 0"}},
	.rate = rate_of_exponential,
	.examples = {"0.9", "0.5", "gamma=1.01", "0"},
};

/* From 1 to 0 while part goes from 0 to 1, on half a cosine. */
static double descent(double part)
{
	return (1 + cos(acos(-1) * part)) / 2;
}

/* Goes up again after T_max epochs, and so on. */
static double anneal(double lr, double eta_min, double T_max, double epoch)
{
	return eta_min + (lr - eta_min) * descent(epoch / T_max);
}

static double rate_of_cosine(const double *arguments, double lr, const Instant *now)
{
	const double T_max = arguments[0] > 0 ? arguments[0] : (double)now->epochs;
	return anneal(lr, arguments[1], T_max, (double)now->epoch);
}

const Layer layer_cosine = {
	.kind = KIND_SCHEDULE,
	.name = "cosine",
	.summary = "down to eta_min in T_max epochs, on half a cosine; T_max: all epochs (CosineAnnealingLR)",
	.arguments = {
		{"T_max", ARGUMENT_SIZE, INFERRED},
		{"eta_min", ARGUMENT_REAL, 0, 0, ">= 0"},
	},
	.rate = rate_of_cosine,
	.examples = {"", "eta_min=0.01", "T_max=2", "T_max=3 eta_min=0.02", "T_max=1", "T_max=40"},
};

static double rate_of_warmup_cosine(const double *arguments, double lr, const Instant *now)
{
	const double total_iters = arguments[0], start_factor = arguments[1], epoch = (double)now->epoch;
	if (epoch < total_iters)
		return lr * (start_factor + (1 - start_factor) * epoch / total_iters);
	const double T_max = arguments[2] > 0 ? arguments[2] : fmax((double)now->epochs - total_iters, 1);
	return anneal(lr, arguments[3], T_max, epoch - total_iters);
}

const Layer layer_warmup_cosine = {
	.kind = KIND_SCHEDULE,
	.name = "warmup_cosine",
	.summary = "up from start_factor lr in total_iters epochs, then cosine; T_max: all other epochs "
		"(SequentialLR of LinearLR and CosineAnnealingLR)",
	.arguments = {
		{"total_iters", ARGUMENT_SIZE, POSITIONAL, 5},
		{"start_factor", ARGUMENT_REAL, 0, 1.0 / 3, "> 0 and <= 1"},
		{"T_max", ARGUMENT_SIZE, INFERRED},
		{"eta_min", ARGUMENT_REAL, 0, 0, ">= 0"},
	},
	.rate = rate_of_warmup_cosine,
	.examples = {"", "2", "1 start_factor=0.1 eta_min=0.01", "3 start_factor=1 T_max=2", "1 T_max=9"},
};

/* Where torch divides 0 by 0, because the rise is one step long, this is at its end. */
static double rate_of_one_cycle(const double *arguments, double lr, const Instant *now)
{
	(void)lr;
	const double max_lr = arguments[0], rise = arguments[1] * (double)now->steps, last = (double)now->steps - 1,
		initial = max_lr / arguments[2], least = initial / arguments[3], step = (double)now->step;
	const bool three = arguments[4] != 0, linear = arguments[5] != 0;
	const double ends[] = {rise - 1, three ? 2 * rise - 2 : last, last},
		rates[] = {initial, max_lr, three ? initial : least, least};
	const int phases = three ? 3 : 2;
	int phase = 0;
	while (phase < phases - 1 && step > ends[phase])
		phase++;
	const double begin = phase ? ends[phase - 1] : 0, length = ends[phase] - begin,
		part = length != 0 ? (step - begin) / length : 1, from = rates[phase], to = rates[phase + 1];
	return linear ? from + (to - from) * part : to + (from - to) * descent(part);
}

const Layer layer_one_cycle = {
	.kind = KIND_SCHEDULE,
	.name = "one_cycle",
	.summary = "up from max_lr / div_factor to max_lr, then down to 1 / final_div_factor of where it began, step by "
		"step (OneCycleLR with cycle_momentum=False)",
	.arguments = {
		{"max_lr", ARGUMENT_REAL, REQUIRED | POSITIONAL, 0, ">= 0"},
		{"pct_start", ARGUMENT_REAL, 0, 0.3, ">= 0 and <= 1"},
		{"div_factor", ARGUMENT_REAL, 0, 25, "> 0"},
		{"final_div_factor", ARGUMENT_REAL, 0, 1e4, "> 0"},
		{"three_phase", ARGUMENT_FLAG},
		{"linear", ARGUMENT_FLAG},
	},
	.rate = rate_of_one_cycle,
	.each_step = true,
	.examples = {
		"0.1", "max_lr=0.2 linear=true", "0.1 pct_start=0.45 three_phase=true", "0.1 pct_start=0 final_div_factor=10",
		"0.1 pct_start=1 div_factor=4", "0.3 pct_start=0.8 three_phase=true linear=true",
	},
};
