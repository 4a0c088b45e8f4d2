/* rates.h: learning rates by the schedule, at the epoch `now` of `all`, both counted from 0; or at the step, where the
 * rate changes after each. lr is the optimizer's. The formulas take nothing from libm, so that every machine computes
 * the same bits. */
#ifndef BNC_RATES_H
#define BNC_RATES_H
#include <stdint.h>

/* rate gamma^n, by squaring */
static inline double decayed(double rate, double gamma, int64_t n)
{
	double power = 1.0;
	for (; n > 0; n /= 2, gamma *= gamma)
		if (n % 2 == 1)
			power *= gamma;
	return rate * power;
}

/* (1 + cos(pi part)) / 2, part >= 0: from 1 to 0 while part goes from 0 to 1, and back up from 1 to 2. That is the
 * square of a cosine, and 1 less the square of a sine. The angle is at most pi / 4: for its sine, a few terms of
 * Taylor's series give all digits. */
static inline double descent(double part)
{
	double turn = part - 2.0 * (double)(int64_t)(part / 2.0);
	turn = turn > 1.0 ? 2.0 - turn : turn;
	const double x = 1.5707963267948966 * (turn > 0.5 ? 1.0 - turn : turn), y = x * x;
	const double sine = x * (1.0 - y / 6.0 * (1.0 - y / 20.0 * (1.0 - y / 42.0 * (1.0 - y / 72.0
		* (1.0 - y / 110.0 * (1.0 - y / 156.0 * (1.0 - y / 210.0)))))));
	return turn > 0.5 ? sine * sine : 1.0 - sine * sine;
}

/* Goes up again after T_max epochs, and so on. */
static inline double annealed(double lr, double eta_min, double T_max, double epoch)
{
	return eta_min + (lr - eta_min) * descent(epoch / T_max);
}

static inline double step_rate(const double *arguments, double lr, int64_t now, int64_t all)
{
	const int64_t step_size = (int64_t)arguments[0];
	(void)all;
	return decayed(lr, arguments[1], now / step_size);
}

static inline double exponential_rate(const double *arguments, double lr, int64_t now, int64_t all)
{
	(void)all;
	return decayed(lr, arguments[0], now);
}

static inline double cosine_rate(const double *arguments, double lr, int64_t now, int64_t all)
{
	const double T_max = arguments[0] > 0.0 ? arguments[0] : all > 1 ? (double)all : 1.0;
	return annealed(lr, arguments[1], T_max, (double)now);
}

static inline double warmup_cosine_rate(const double *arguments, double lr, int64_t now, int64_t all)
{
	const double total_iters = arguments[0], start_factor = arguments[1], epoch = (double)now,
		rest = (double)all - total_iters;
	if (epoch < total_iters)
		return lr * (start_factor + (1.0 - start_factor) * epoch / total_iters);
	const double T_max = arguments[2] > 0.0 ? arguments[2] : rest > 1.0 ? rest : 1.0;
	return annealed(lr, arguments[3], T_max, epoch - total_iters);
}

/* Where torch divides 0 by 0, because the rise is one step long, this is at its end. After the last step, where torch
 * fails, it stays as it is. */
static inline double one_cycle_rate(const double *arguments, double lr, int64_t now, int64_t all)
{
	const double max_lr = arguments[0], rise = arguments[1] * (double)all, last = (double)all - 1.0,
		initial = max_lr / arguments[2], least = initial / arguments[3], step = now < all ? (double)now : last;
	const int three = arguments[4] != 0.0, linear = arguments[5] != 0.0, phases = three ? 3 : 2;
	double ends[3], rates[4];
	int phase = 0;
	(void)lr;
	ends[0] = rise - 1.0;
	ends[1] = three ? 2.0 * rise - 2.0 : last;
	ends[2] = last;
	rates[0] = initial;
	rates[1] = max_lr;
	rates[2] = three ? initial : least;
	rates[3] = least;
	while (phase < phases - 1 && step > ends[phase])
		phase++;
	const double begin = phase ? ends[phase - 1] : 0.0, length = ends[phase] - begin,
		part = length != 0.0 ? (step - begin) / length : 1.0, from = rates[phase], to = rates[phase + 1];
	return linear ? from + (to - from) * part : to + (from - to) * descent(part);
}

#endif
