/* optimizers.c: torch.optim's updates. `size` is a multiple of LANES. */
#include "descent.h"

static void KERNEL_FN(sgd)(int size, float lr, float weight_decay, float *w, const float *dw)
{
	const Descent descent = { lr, weight_decay };
	for (int i = 0; i < size; i += LANES)
		store(w + i, descend(load(w + i), load(dw + i), &descent));
}

/* The first step takes the gradient itself into the buffer, without dampening. */
static void KERNEL_FN(sgd_momentum)(int size, float lr, float weight_decay, float momentum, float dampening, int nesterov,
	float *w, float *buffer, const float *dw, const int64_t *step)
{
	const int first = *step == 0;
	for (int i = 0; i < size; i += LANES) {
		const Vector old = load(w + i);
		const Vector gradient = load(dw + i) + old * weight_decay;
		const Vector velocity = first ? gradient : load(buffer + i) * momentum + gradient * (1.0f - dampening);
		store(buffer + i, velocity);
		store(w + i, old - (nesterov ? gradient + velocity * momentum : velocity) * lr);
	}
}

static void KERNEL_FN(count)(int64_t *n)
{
	*n += 1;
}
