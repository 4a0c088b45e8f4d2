/* optimizers.c: an update of a whole panel. `size` is a multiple of LANES. */
#include "optimizers.h"

#define OPTIMIZER_KERNEL(with, optimizer) \
	static void KERNEL_FN(optimizer)(int size, optimizer##_PARAMETERS(const int64_t *) float *w, optimizer##_STATE(float *, w) const float *dw) \
	{ \
		const optimizer##_Update update = optimizer##_UPDATE(w); \
		for (int i = 0; i < size; i += LANES) \
			optimizer##_at(&update, i, load(dw + i)); \
	}
OPTIMIZERS(OPTIMIZER_KERNEL, )
#undef OPTIMIZER_KERNEL

static void KERNEL_FN(count)(int64_t *n)
{
	*n += 1;
}
