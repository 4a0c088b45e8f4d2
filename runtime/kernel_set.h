/* kernel_set.h: the kernels of one instruction set. A caller that names kernels includes kernels.h too. */
#ifndef BNC_KERNEL_SET_H
#define BNC_KERNEL_SET_H
#include "kernels/few.h"
#include <stddef.h>
#include <stdint.h>

/* One set for each instruction set and type of numbers. All are compiled from the same text, the folder kernels/; only
 * simd.h differs, and what is less exact for float. */
typedef struct KernelSet {
	const char *name;       /* as in --isa */
	size_t number_bytes;    /* the size of a number: 4 for float, 8 for double */
	int lanes;              /* features in a panel */
	int (*usable)(void);    /* whether this processor has the instruction set */
	/* runs multiply-adds as fast as the processor can, in registers: multiply_adds of them a turn */
	double (*multiply_add)(int turns);
	int multiply_adds;
	double (*multiply_add_loading)(int turns);       /* the same with the loads of a product, from L1 */
	int multiply_adds_loading;
	const struct KernelTable *table;        /* all kernels of kernels.h */
	/* for the data path: the rows of kernels.h with these names */
	void (*gather)(int rows, int features, void *y, const void *table, const int32_t *index);
	void (*scatter)(int rows, int features, void *table, const void *x);
	/* see torch_permutation in random.c */
	void (*permute)(int count, int32_t *order, uint32_t state[STATE_WORDS], const uint32_t *reciprocals);
} KernelSet;

/* The sizes of a call and what else the compiler needs to know to choose a kernel for it (kernels/variants.h). */
typedef struct Sizes {
	/* bits: those of a vector; rows: the most rows of a call; channels: those that a convolution sees; run: the
	 * width of its kernel, if that moves from pixel to pixel of a row; square: the width of a square kernel without
	 * strides; tiles: of 2x2 pixels, that its images have. A size is 0 if the kernel has no such operand */
	int lanes, bits, rows, outputs, inputs, channels, run, square, tiles, features, above;
	/* only the differences between the features of y are used, or the features of each row of dy sum to 0 */
	int contrast;
	const char *optimizer;  /* the name of the optimizer that the call gets as an operand, or null */
} Sizes;

/* All sets for float of this build, the best first. scalar is always the last, before a null pointer. */
extern const KernelSet *const kernel_sets[];

/* The set for float of that name; with null, the best one for this processor. Null: there is none. */
const KernelSet *kernel_set(const char *name);
/* The set for double of the same instruction set. */
const KernelSet *kernel_set_f64(const KernelSet *set);
/* The set of the same type with half as many lanes; null if there is none that this processor can run. */
const KernelSet *kernel_set_shorter(const KernelSet *set);

#endif
