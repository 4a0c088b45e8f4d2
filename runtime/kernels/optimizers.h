/* optimizers.h: torch.optim's updates of a vector: value is w, then its state. */
#ifndef BNC_OPTIMIZERS_H
#define BNC_OPTIMIZERS_H
#include "simd.h"
#include "tables.h"

enum { sgd_VALUES = 1 };
typedef struct sgd_Update { float *at[sgd_VALUES], lr, weight_decay; } sgd_Update;

INLINE void sgd_next(const sgd_Update *update, Vector *value, Vector gradient)
{
	value[0] -= (gradient + value[0] * update->weight_decay) * update->lr;
}

/* The first step takes the gradient itself into the buffer, without dampening; `undamped` is 1 - dampening. */
enum { sgd_momentum_VALUES = 2 };
typedef struct sgd_momentum_Update { float *at[sgd_momentum_VALUES], lr, weight_decay, momentum, undamped; int nesterov, first; } sgd_momentum_Update;

INLINE void sgd_momentum_next(const sgd_momentum_Update *update, Vector *value, Vector gradient)
{
	gradient += value[0] * update->weight_decay;
	value[1] = update->first ? gradient : rounded(value[1] * update->momentum) + gradient * update->undamped;
	value[0] -= (update->nesterov ? gradient + rounded(value[1] * update->momentum) : value[1]) * update->lr;
}

/* NAME_at: the vector of floats `offset` behind the update's places. */
#define UPDATE_AT(with, optimizer) \
	INLINE void optimizer##_at(const optimizer##_Update *update, ptrdiff_t offset, Vector gradient) \
	{ \
		Vector value[optimizer##_VALUES]; \
		UNROLL \
		for (int i = 0; i < optimizer##_VALUES; i++) \
			value[i] = load(update->at[i] + offset); \
		optimizer##_next(update, value, gradient); \
		UNROLL \
		for (int i = 0; i < optimizer##_VALUES; i++) \
			store(update->at[i] + offset, value[i]); \
	}
OPTIMIZERS(UPDATE_AT, )
#undef UPDATE_AT

#endif
