/* all.c: all kernels, for one instruction set ISA and the TYPE of its numbers, with LANES of them in a vector. It
 * includes the other files of this folder, and is compiled once for each set. */
#include "kernel_set.h"
#include "kernels.h"

#define JOINED_(name, isa) name##_##isa
#define JOINED(name, isa) JOINED_(name, isa)
#define TEXT_(text) #text
#define TEXT(text) TEXT_(text)
#define SET JOINED(ISA, TYPE)
#define KERNEL_FN(name) JOINED(name, SET)

#include "linear.c"
#if LANES * REAL_BITS >= 128
#include "narrow.c"
#endif
#if LANES * REAL_BITS >= 256
#include "pair.c"
#endif
#include "conv_depthwise.c"
#include "conv_plain.c"
#include "conv.c"
#if LANES * REAL_BITS >= 256
#include "conv_winograd.c"
#endif
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

extern const KernelSet JOINED(kernel_set, SET);
int JOINED(usable, ISA)(void);

/* The data path does not know the type of a number. */
static void gather_any(int rows, int features, void *y, const void *table, const int32_t *index)
{
	KERNEL_FN(gather)(rows, features, (real *)y, (const real *)table, index);
}

static void scatter_any(int rows, int features, void *table, const void *x)
{
	KERNEL_FN(scatter)(rows, features, (real *)table, (const real *)x);
}

static const KernelTable entries = {
#define KERNEL(name, properties, parameters) .name = KERNEL_FN(name),
#define VARIANT(row, name, panels, condition) .name = KERNEL_FN(name),
	KERNELS(KERNEL)
	VARIANTS_FROM_1_LANE(VARIANT)
#if LANES * REAL_BITS >= 128
	VARIANTS_FROM_128_BITS(VARIANT)
#endif
#if LANES * REAL_BITS >= 256
	WINOGRAD_VARIANTS(VARIANT)
	VARIANTS_FROM_256_BITS(VARIANT)
#endif
};

const KernelSet JOINED(kernel_set, SET) = {
	.name = TEXT(ISA),
	.number_bytes = sizeof(real),
	.lanes = LANES,
	.usable = JOINED(usable, ISA),
	.multiply_add = KERNEL_FN(multiply_add),
	.multiply_adds = PEAK_SUMS * LANES,
	.multiply_add_loading = KERNEL_FN(multiply_add_loading),
	.multiply_adds_loading = LOADED * LANES,
	.table = &entries,
	.gather = gather_any,
	.scatter = scatter_any,
	.permute = KERNEL_FN(permute),
};
