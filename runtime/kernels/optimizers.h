/* optimizers.h: the updates of torch.optim. NAME_numbers computes once a step what is the same for all weights.
 * NAME_next updates one vector: value[0] is w, the others are its states, or 0 if the network does not have that
 * state. */
#ifndef BNC_OPTIMIZERS_H
#define BNC_OPTIMIZERS_H
#include "simd.h"
#include "tables.h"

enum { PLACES = 4 };    /* w, and at most three states */

typedef void Next(const real *numbers, Vector *value, Vector gradient);

/* torch.optim.SGD without momentum: w -= lr (dw + weight_decay w) */
enum { SGD_LR, SGD_WEIGHT_DECAY, SGD_MOMENTUM, SGD_UNDAMPED, SGD_NESTEROV, SGD_FIRST };

static void KERNEL_FN(sgd_numbers)(real *numbers, real lr, real weight_decay)
{
	numbers[SGD_LR] = lr;
	numbers[SGD_WEIGHT_DECAY] = weight_decay;
}

INLINE void sgd_next(const real *numbers, Vector *value, Vector gradient)
{
	value[0] -= (gradient + value[0] * numbers[SGD_WEIGHT_DECAY]) * numbers[SGD_LR];
}

/* torch.optim.SGD with momentum. The first step sets the buffer to the gradient, without dampening; `undamped` is 1 -
 * dampening. */
static void KERNEL_FN(sgd_momentum_numbers)(real *numbers, real lr, real weight_decay, real momentum,
	real undamped, int nesterov, const int64_t *step)
{
	numbers[SGD_LR] = lr;
	numbers[SGD_WEIGHT_DECAY] = weight_decay;
	numbers[SGD_MOMENTUM] = momentum;
	numbers[SGD_UNDAMPED] = undamped;
	numbers[SGD_NESTEROV] = (real)nesterov;
	numbers[SGD_FIRST] = *step == 0 ? 1.0f : 0.0f;
}

INLINE void sgd_momentum_next(const real *numbers, Vector *value, Vector gradient)
{
	const real momentum = numbers[SGD_MOMENTUM];
	gradient += value[0] * numbers[SGD_WEIGHT_DECAY];
	value[1] = numbers[SGD_FIRST] > 0.0f ? gradient : rounded(value[1] * momentum) + gradient * numbers[SGD_UNDAMPED];
	value[0] -= (numbers[SGD_NESTEROV] > 0.0f ? gradient + rounded(value[1] * momentum) : value[1]) * numbers[SGD_LR];
}

/* beta^n by squaring, n > 0 */
INLINE double power(double beta, int64_t n)
{
	double result = 1.0;
	for (; n > 0; n >>= 1, beta *= beta)
		if (n & 1)
			result *= beta;
	return result;
}

/* sqrt in double: one step of Newton's method from the root in float, since libc's sqrt is not available everywhere. */
INLINE double precise_root(double value)
{
	Lanes lanes;
	lanes.vector = square_root(splat((real)value));
	const double root = (double)lanes.lane[0];
	return root > 0.0 ? 0.5 * (root + value / root) : root;
}

/* torch.optim.Adam: m and v are running means of the gradient and its square, and
 * w -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps). */
enum { ADAM_DECAY, ADAM_KEPT, ADAM_SHARE1, ADAM_BETA2, ADAM_SHARE2, ADAM_STEP, ADAM_ROOT, ADAM_EPS };

INLINE void prepare_adam(real *numbers, real lr, double beta1, double beta2, double eps, double decay, double kept,
	const int64_t *step)
{
	numbers[ADAM_DECAY] = (real)decay;
	numbers[ADAM_KEPT] = (real)kept;
	numbers[ADAM_SHARE1] = (real)(1.0 - beta1);
	numbers[ADAM_BETA2] = (real)beta2;
	numbers[ADAM_SHARE2] = (real)(1.0 - beta2);
	numbers[ADAM_STEP] = (real)((double)lr / (1.0 - power(beta1, *step + 1)));
	numbers[ADAM_ROOT] = (real)(1.0 / precise_root(1.0 - power(beta2, *step + 1)));
	numbers[ADAM_EPS] = (real)eps;
}

static void KERNEL_FN(adam_numbers)(real *numbers, real lr, double beta1, double beta2, double eps,
	double weight_decay, const int64_t *step)
{
	prepare_adam(numbers, lr, beta1, beta2, eps, weight_decay, 1.0, step);
}

INLINE void adam_next(const real *numbers, Vector *value, Vector gradient)
{
	gradient += value[0] * numbers[ADAM_DECAY];
	value[1] += (gradient - value[1]) * numbers[ADAM_SHARE1];
	value[2] = rounded(value[2] * numbers[ADAM_BETA2]) + gradient * gradient * numbers[ADAM_SHARE2];
	value[0] -= value[1] / (square_root(value[2]) * numbers[ADAM_ROOT] + numbers[ADAM_EPS]) * numbers[ADAM_STEP];
}

/* torch.optim.AdamW: weight decay shrinks w directly and is not added to the gradient. */
static void KERNEL_FN(adamw_numbers)(real *numbers, real lr, double beta1, double beta2, double eps,
	double weight_decay, const int64_t *step)
{
	prepare_adam(numbers, lr, beta1, beta2, eps, 0.0, 1.0 - (double)lr * weight_decay, step);
}

INLINE void adamw_next(const real *numbers, Vector *value, Vector gradient)
{
	value[0] = rounded(value[0] * numbers[ADAM_KEPT]);
	adam_next(numbers, value, gradient);
}

/* torch.optim.RMSprop: v is a running mean of the gradient's square, and g one of the gradient, whose square is
 * subtracted from v if `centered` is set. With momentum a buffer sums what is subtracted from w. States: v, the buffer,
 * g. */
enum { RMS_LR, RMS_DECAY, RMS_ALPHA, RMS_EPS, RMS_SHARE, RMS_MOMENTUM, RMS_CENTERED };

static void KERNEL_FN(rmsprop_numbers)(real *numbers, real lr, double alpha, double eps, double weight_decay,
	double momentum, int centered)
{
	numbers[RMS_LR] = lr;
	numbers[RMS_DECAY] = (real)weight_decay;
	numbers[RMS_ALPHA] = (real)alpha;
	numbers[RMS_SHARE] = (real)(1.0 - alpha);
	numbers[RMS_EPS] = (real)eps;
	numbers[RMS_MOMENTUM] = (real)momentum;
	numbers[RMS_CENTERED] = (real)centered;
}

/* Rounding may make the square of g larger than v; the difference then counts as 0. torch takes the root of the
 * negative number, which is NaN. */
INLINE void rmsprop_next(const real *numbers, Vector *value, Vector gradient)
{
	gradient += value[0] * numbers[RMS_DECAY];
	value[1] = rounded(value[1] * numbers[RMS_ALPHA]) + gradient * gradient * numbers[RMS_SHARE];
	value[3] += (gradient - value[3]) * numbers[RMS_SHARE];
	const Vector spread = larger(value[1] - value[3] * value[3], splat(0.0f));
	const Vector scaled = gradient / (square_root(numbers[RMS_CENTERED] > 0.0f ? spread : value[1]) + numbers[RMS_EPS]);
	value[2] = rounded(value[2] * numbers[RMS_MOMENTUM]) + scaled;
	value[0] -= value[2] * numbers[RMS_LR];
}

/* Updates the vector at `offset` floats from the beginning of w, and of each of its states. */
INLINE void update_vector(Next *next, const int states, const real *numbers, real *const *at, ptrdiff_t offset,
	Vector gradient)
{
	Vector value[PLACES];
	value[0] = load(at[0] + offset);
	UNROLL
	for (int i = 1; i <= states; i++)
		value[i] = at[i] ? load(at[i] + offset) : splat(0.0f);
	next(numbers, value, gradient);
	store(at[0] + offset, value[0]);
	UNROLL
	for (int i = 1; i <= states; i++)
		if (at[i])
			store(at[i] + offset, value[i]);
}

/* ---- for kernels that get the optimizer as an argument: one call updates many weights */

/* size: the number of floats, a multiple of LANES. */
typedef void Update(int size, const real *numbers, real *w, real *first, real *second, real *third,
	const real *dw);

typedef struct Places { real *at[PLACES]; } Places;

INLINE Places places_of(real *w, real *first, real *second, real *third)
{
	Places places;
	places.at[0] = w;
	places.at[1] = first;
	places.at[2] = second;
	places.at[3] = third;
	return places;
}

INLINE real *after(real *place, ptrdiff_t offset)
{
	return place ? place + offset : place;
}

INLINE void update_at(Update *update, int size, const real *numbers, const Places *places, ptrdiff_t offset,
	const real *gradient)
{
	update(size, numbers, places->at[0] + offset, after(places->at[1], offset), after(places->at[2], offset),
		after(places->at[3], offset), gradient);
}

#endif
