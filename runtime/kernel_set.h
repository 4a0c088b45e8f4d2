/* kernel_set.h: the kernels of one instruction set. Who calls them by name needs kernels.h as well. */
#ifndef BNC_KERNEL_SET_H
#define BNC_KERNEL_SET_H
#include <stdint.h>

enum { STATE_WORDS = 624 };     /* of an MT19937, the generator of numpy and of torch */

/* One set per instruction set, each compiled from the same text, kernels/ over simd.h. */
typedef struct KernelSet {
	const char *name;       /* as in --isa */
	int lanes;              /* features in a panel */
	int (*usable)(void);    /* does this processor have it? */
	float (*multiply_add)(int turns);       /* as fast as the processor can: multiply_adds a turn, in registers */
	int multiply_adds;
	float (*multiply_add_loading)(int turns);       /* with what a product loads for them, from L1 */
	int multiply_adds_loading;
	const struct KernelTable *table;        /* every row of kernels.h */
	/* of the data path: those rows of kernels.h */
	void (*gather)(int rows, int features, float *y, const float *table, const int32_t *index);
	void (*scatter)(int rows, int features, float *table, const float *x);
	void (*permute)(int count, int32_t *order, uint32_t state[STATE_WORDS], const uint32_t *reciprocals);    /* of torch: random.c */
} KernelSet;

/* The sizes of a call, and what else is known of it, by which the compiler chooses a kernel for it (kernels/variants.h). */
typedef struct Sizes {
	int lanes, rows, outputs, inputs, features, above;      /* rows: the most of a call; 0 where the row has no such integer */
	int contrast;           /* y is read for the differences between its features alone, or the features of each row of dy sum to 0 */
	const char *optimizer;  /* the kernel that the call is given, or null */
} Sizes;

/* All sets of this build, best first, ending with null; scalar is always the last. */
extern const KernelSet *const kernel_sets[];

/* The set of that name, or the best that this processor has when name is null; null when there is none. */
const KernelSet *kernel_set(const char *name);

#endif
