/* schedules.c: torch.optim.lr_scheduler. torch makes some rates from the rate before; those of kernels/rates.h are its
 * closed forms, which differ from that by roundings of a double. A step of a schedule is an epoch, and of one_cycle a
 * step of training. */
#include "../bnc.h"
#include "kernels/rates.h"

/* The function of kernels/rates.h, and its name in emitted C. */
#define RATE(function) .rate = function, .rate_name = #function

const Layer layer_constant = {
	.kind = KIND_SCHEDULE,
	.name = "constant",
	.summary = "the optimizer's lr",
	.is_default = DEFAULT,
	.examples = {""},
};

const Layer layer_step = {
	.kind = KIND_SCHEDULE,
	.name = "step",
	.summary = "times gamma after every step_size epochs (StepLR)",
	.arguments = {
		{"step_size", ARGUMENT_SIZE, REQUIRED | POSITIONAL},
		{"gamma", ARGUMENT_REAL, POSITIONAL, 0.1, ">= 0"},
	},
	RATE(step_rate),
	.examples = {"30", "1 gamma=0.5", "3 0.7", "2 gamma=0", "2 gamma=1.5"},
};

const Layer layer_exponential = {
	.kind = KIND_SCHEDULE,
	.name = "exponential",
	.summary = "times gamma after every epoch (ExponentialLR)",
	.arguments = {{"gamma", ARGUMENT_REAL, REQUIRED | POSITIONAL, 0, ">= 0"}},
	RATE(exponential_rate),
	.examples = {"0.9", "0.5", "gamma=1.01", "0"},
};

const Layer layer_cosine = {
	.kind = KIND_SCHEDULE,
	.name = "cosine",
	.summary = "down to eta_min in T_max epochs, on half a cosine; T_max: all epochs (CosineAnnealingLR)",
	.arguments = {
		{"T_max", ARGUMENT_SIZE, INFERRED},
		{"eta_min", ARGUMENT_REAL, 0, 0, ">= 0"},
	},
	RATE(cosine_rate),
	.examples = {"", "eta_min=0.01", "T_max=2", "T_max=3 eta_min=0.02", "T_max=1", "T_max=40"},
};

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
	RATE(warmup_cosine_rate),
	.examples = {"", "2", "1 start_factor=0.1 eta_min=0.01", "3 start_factor=1 T_max=2", "1 T_max=9"},
};

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
	RATE(one_cycle_rate),
	.each_step = true,
	.examples = {
		"0.1", "max_lr=0.2 linear=true", "0.1 pct_start=0.45 three_phase=true", "0.1 pct_start=0 final_div_factor=10",
		"0.1 pct_start=1 div_factor=4", "0.3 pct_start=0.8 three_phase=true linear=true",
	},
};
