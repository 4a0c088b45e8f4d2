/* all.c: all kernels, for one instruction set ISA with LANES floats in a vector. It includes the other files of this
 * folder, and is compiled once for each set. */
#include "kernel_set.h"
#include "kernels.h"

#define JOINED_(name, isa) name##_##isa
#define JOINED(name, isa) JOINED_(name, isa)
#define TEXT_(text) #text
#define TEXT(text) TEXT_(text)
#define KERNEL_FN(name) JOINED(name, ISA)

#include "linear.c"
#if LANES >= 4
#include "narrow.c"
#endif
#if LANES >= 8
#include "pair.c"
#endif
#include "conv_depthwise.c"
#include "conv_plain.c"
#include "conv.c"
#include "conv_groups.c"
#include "pool.c"
#include "image.c"
#include "batchnorm.c"
#include "norms.c"
#include "dropout.c"
#include "centre.c"
#include "few.c"
#include "activations.c"
#include "softmax.c"
#include "losses.c"
#include "optimizers.c"
#include "gradients.c"
#include "data.c"
#include "shuffle.c"
#include "peak.c"

extern const KernelSet JOINED(kernel_set, ISA);
int JOINED(usable, ISA)(void);

static const KernelTable entries = {
#define KERNEL(name, properties, parameters) .name = KERNEL_FN(name),
#define VARIANT(row, name, panels, condition) .name = KERNEL_FN(name),
	KERNELS(KERNEL)
	VARIANTS_FROM_1_LANE(VARIANT)
#if LANES >= 4
	VARIANTS_FROM_4_LANES(VARIANT)
#endif
#if LANES >= 8
	VARIANTS_FROM_8_LANES(VARIANT)
#endif
};

const KernelSet JOINED(kernel_set, ISA) = {
	.name = TEXT(ISA),
	.lanes = LANES,
	.usable = JOINED(usable, ISA),
	.multiply_add = KERNEL_FN(multiply_add),
	.multiply_adds = PEAK_SUMS * LANES,
	.multiply_add_loading = KERNEL_FN(multiply_add_loading),
	.multiply_adds_loading = LOADED * LANES,
	.table = &entries,
	.gather = KERNEL_FN(gather),
	.scatter = KERNEL_FN(scatter),
	.permute = KERNEL_FN(permute),
};
