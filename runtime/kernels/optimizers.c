/* optimizers.c: the update of a whole panel of `size` floats, a multiple of LANES. */
#include "few.h"
#include "optimizers.h"

INLINE void update_panel(Next *next, const int states, int size, const real *numbers, real *w, real *first,
	real *second, real *third, const real *dw)
{
	const Places places = places_of(w, first, second, third);
	real own[NUMBERS];     /* a copy that no store to weights can change, so it stays in registers */
	UNROLL
	for (int i = 0; i < NUMBERS; i++)
		own[i] = numbers[i];
	for (int i = 0; i < size; i += LANES)
		update_vector(next, states, own, places.at, i, load(dw + i));
}

#define OPTIMIZER(name, states, prepared) \
	static void KERNEL_FN(name)(int size, const real *numbers, real *w, real *first, real *second, real *third, \
		const real *dw) \
	{ \
		update_panel(&name##_next, states, size, numbers, w, first, second, third, dw); \
	}
OPTIMIZERS(OPTIMIZER)
#undef OPTIMIZER

static void KERNEL_FN(count)(int64_t *n)
{
	*n += 1;
}
