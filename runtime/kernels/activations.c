/* activations.c: functions of one value, and their derivatives; and sums of two activations. */
#include "functions.h"

static void KERNEL_FN(add)(int rows, float *y, const float *a, const float *b)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, load(a + i) + load(b + i));
}

/* x < 0 ? 0 : x, so that NaN and -0 stay what they are */
static void KERNEL_FN(relu)(int rows, float *y, const float *x)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) {
		const Vector value = load(x + i);
		store(y + i, choose(value < 0.0f, splat(0.0f), value));
	}
}

static void KERNEL_FN(relu_bwd)(int rows, float *dx, const float *dy, const float *y)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(dx + i, choose(load(y + i) > 0.0f, load(dy + i), splat(0.0f)));
}

static void KERNEL_FN(leaky_relu)(int rows, float slope, float *y, const float *x)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) {
		const Vector value = load(x + i);
		store(y + i, choose(value > 0.0f, value, value * slope));
	}
}

static void KERNEL_FN(leaky_relu_bwd)(int rows, float slope, float *dx, const float *dy, const float *x)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) {
		const Vector gradient = load(dy + i);
		store(dx + i, choose(load(x + i) > 0.0f, gradient, gradient * slope));
	}
}

static void KERNEL_FN(tanh)(int rows, float *y, const float *x)
{
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, vector_tanh(load(x + i)));
}

static void KERNEL_FN(tanh_bwd)(int rows, float *dx, const float *dy, const float *y)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) {
		const Vector value = load(y + i);
		store(dx + i, load(dy + i) * (1.0f - value * value));
	}
}

static void KERNEL_FN(sigmoid)(int rows, float *y, const float *x)
{
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES)
		store(y + i, vector_sigmoid(load(x + i)));
}

static void KERNEL_FN(sigmoid_bwd)(int rows, float *dx, const float *dy, const float *y)
{
	UNROLL_4
	for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * LANES; i += LANES) {
		const Vector value = load(y + i);
		store(dx + i, load(dy + i) * (1.0f - value) * value);
	}
}
