/* kernels.h: one row per kernel. The row is the kernel's description: C reads it as a prototype, the planner reads the
 * same text for what every operand touches, the tests read it for how large every operand is.
 *
 * A tensor is cut into panels of LANES features. An operand's type says what a call touches:
 *
 *   in_ out_ io_            reads, writes, updates its own panel only
 *   all_ all_out_           reads, writes the whole tensor
 *
 *   rows                    activation: a panel is [rows][LANES]
 *   features                one value per feature: a panel is [LANES]
 *   weights                 matrix: a panel is [inputs][LANES]
 *   any                     any of the above: a panel is [size] floats (optimizers)
 *   moments                 the means of FEW features, then their FEW x FEW covariances
 *   scalar, counter         one float; one int64_t
 *   labels                  one int32_t per row
 *   table, index            a row-major matrix of the caller, and the rows of it to take (data path only)
 *
 * An operand of a kernel may be absent (null) where its description says so. Two steps share a loop over panels when
 * every tensor that one writes and the other touches is touched by both panel by panel; so the types are all that
 * fusion needs to know.
 *
 * Integers: `rows` is the rows of this call, `panel` the index of its own panel, `size` the floats in a panel of an
 * `any` operand, `inputs`/`outputs`/`features` the true (unpadded) sizes of whole operands.
 *
 * Padding: lanes past a tensor's last feature are zero in parameters and gradients, and stay so; in activations they
 * hold some value on which no result depends. It is finite but behind a batchnorm with eps = 0: who reads an activation whole does
 * not touch it.
 *
 * PRODUCT: costs 2 FLOPs for each of rows x outputs x inputs, the first three operands of such a kernel.
 * ACTIVATION, OPTIMIZER: of kernels/tables.h, so that there are kernels which do it in the same pass as something else.
 * CONTRAST: only the differences between the features of a row of x matter; so the features of a row of dx sum to 0.
 * IN_PLACE: an `out_rows` operand may share the storage of any `in_rows` operand (same address, not just overlap). */
#ifndef BNC_KERNELS_H
#define BNC_KERNELS_H
#include "kernels/few.h"
#include "kernels/tables.h"
#include <stddef.h>
#include <stdint.h>

typedef const float *in_rows, *in_features, *in_weights, *in_any;
typedef float *out_rows, *out_features, *out_weights;
typedef float *io_rows, *io_features, *io_weights, *io_any;
typedef const float *all_rows, *all_moments, *all_weights, *in_table;
typedef float *all_out_rows, *all_out_moments, *out_table, *out_scalar;
typedef const int64_t *in_counter;
typedef int64_t *io_counter;
typedef const int32_t *in_labels, *in_index;

enum { IN_PLACE = 1, PRODUCT = 2, ACTIVATION = 4, OPTIMIZER = 8, CONTRAST = 16 };

/* Rows made from those of kernels/tables.h: one for each activation, each optimizer, or both. */
#define KERNEL_OF(name, properties, parameters) KERNEL(name, properties, parameters)
#define VARIANT_OF(row, name, panels, condition) VARIANT(row, name, panels, condition)

#define ACTIVATION_KERNELS(with, activation, FROM, NUMBERS, WEIGHT) \
	KERNEL_OF(activation, IN_PLACE | ACTIVATION, (int rows, NUMBERS##_PARAMETERS out_rows y, in_rows x)) \
	KERNEL_OF(activation##_bwd, IN_PLACE, (int rows, NUMBERS##_PARAMETERS out_rows dx, in_rows dy, in_rows FROM##_NAME))

#define BATCHNORM_KERNELS(with, activation, FROM, NUMBERS, WEIGHT) \
	KERNEL_OF(batchnorm_##activation, IN_PLACE, (int rows, NUMBERS##_PARAMETERS float eps, float kept, float momentum, out_rows y, out_rows xhat, \
		out_features rstd, io_features mean, io_features var, in_rows x, in_features gamma, in_features beta)) \
	KERNEL_OF(batchnorm_##activation##_bwd, IN_PLACE, (int rows, NUMBERS##_PARAMETERS out_rows dx, out_features dgamma, out_features dbeta, \
		in_rows dy, FROM##_BEHIND_BATCHNORM(in_rows, in_features), in_rows xhat, in_features rstd, in_features gamma))

#define LINEAR_DW_PARAMETERS(optimizer) \
	(int rows, int outputs, int inputs, optimizer##_PARAMETERS(in_counter) io_weights w, optimizer##_STATE(io_weights, w) \
		io_features b, optimizer##_STATE(io_features, b) all_rows x, in_rows dy)
#define LINEAR_DW_KERNEL(with, optimizer) KERNEL_OF(linear_dw_##optimizer, PRODUCT, LINEAR_DW_PARAMETERS(optimizer))

/* `normal`, xhat, may be absent */
#define FEW_KERNEL(with, activation, FROM, NUMBERS, WEIGHT) \
	KERNEL_OF(linear_batchnorm_##activation, PRODUCT, (int rows, int outputs, int inputs, NUMBERS##_PARAMETERS float eps, float kept, float momentum, \
		out_rows y, out_rows normal, out_features rstd, io_features mean, io_features var, all_rows centred, all_moments moments, \
		in_weights w, in_features b, in_features gamma, in_features beta))

/* The second is behind a linear with at most FEW outputs, `above`. */
#define FEW_BWD_KERNELS(with, optimizer) ACTIVATIONS(FEW_BWD_KERNEL, optimizer)
#define FEW_BWD_KERNEL(optimizer, activation, FROM, NUMBERS, WEIGHT) \
	KERNEL_OF(linear_batchnorm_##activation##_bwd_##optimizer, PRODUCT, (int rows, int outputs, int inputs, \
		NUMBERS##_PARAMETERS optimizer##_PARAMETERS(in_counter) io_weights w, optimizer##_STATE(io_weights, w) \
		io_features gamma, optimizer##_STATE(io_features, gamma) io_features beta, optimizer##_STATE(io_features, beta) \
		in_rows dy, FROM##_ROWS(in_rows) in_features rstd, all_rows centred, all_moments moments)) \
	WEIGHT##_LINEAR_BWD_KERNEL(optimizer, activation, FROM, NUMBERS)
#define HEAVY_LINEAR_BWD_KERNEL(optimizer, activation, FROM, NUMBERS)
#define LIGHT_LINEAR_BWD_KERNEL(optimizer, activation, FROM, NUMBERS) \
	KERNEL_OF(linear_batchnorm_##activation##_linear_bwd_##optimizer, PRODUCT, (int rows, int outputs, int inputs, int panel, int above, \
		NUMBERS##_PARAMETERS optimizer##_PARAMETERS(in_counter) io_weights w, optimizer##_STATE(io_weights, w) \
		io_features gamma, optimizer##_STATE(io_features, gamma) io_features beta, optimizer##_STATE(io_features, beta) \
		FROM##_ROWS(in_rows) in_features rstd, all_rows centred, all_moments moments, all_rows above_dy, all_weights above_w))

/* KERNEL(name, properties, parameters) */
#define KERNELS(KERNEL) \
	/* linear: y = x W + b; b may be absent. dx = dy W', dW = x' dy, db = column_sum(dy) */ \
	KERNEL(linear,            PRODUCT, (int rows, int outputs, int inputs, out_rows y, all_rows x, in_weights w, in_features b)) \
	KERNEL(linear_dx,         PRODUCT, (int rows, int outputs, int inputs, int panel, out_rows dx, all_rows dy, all_weights w)) \
	KERNEL(linear_dw,         PRODUCT, (int rows, int outputs, int inputs, out_weights dw, all_rows x, in_rows dy)) \
	KERNEL(column_sum,        0, (int rows, out_features sum, in_rows x)) \
	KERNEL(add,               IN_PLACE, (int rows, out_rows y, in_rows a, in_rows b)) \
	/* batch normalisation, re-centred two-pass statistics; gamma, beta, dgamma, dbeta may be absent */ \
	KERNEL(batchnorm,         IN_PLACE, (int rows, float eps, float kept, float momentum, out_rows xhat, out_features rstd, io_features mean, io_features var, in_rows x)) \
	KERNEL(batchnorm_predict, IN_PLACE, (int rows, float eps, out_rows y, in_rows x, in_features mean, in_features var, in_features gamma, in_features beta)) \
	KERNEL(batchnorm_bwd,     IN_PLACE, (int rows, out_rows dx, out_features dgamma, out_features dbeta, in_rows dy, in_rows xhat, in_features rstd, in_features gamma)) \
	KERNEL(scale_shift,       IN_PLACE, (int rows, out_rows y, in_rows x, in_features gamma, in_features beta)) \
	/* activations: relu, relu_bwd, ... */ \
	ACTIVATIONS(ACTIVATION_KERNELS, ) \
	/* losses: mean over the batch, and its gradient; padded lanes of dx become zero. `correct` counts argmax == label */ \
	KERNEL(cross_entropy,     CONTRAST, (int rows, int features, out_scalar loss, out_scalar correct, all_out_rows dx, all_rows x, in_labels label)) \
	KERNEL(mse,               0, (int rows, int features, out_scalar loss, all_out_rows dx, all_rows x, all_rows target)) \
	/* optimizers, torch.optim's formulae */ \
	KERNEL(sgd,               OPTIMIZER, (int size, float lr, float weight_decay, io_any w, in_any dw)) \
	KERNEL(sgd_momentum,      OPTIMIZER, (int size, float lr, float weight_decay, float momentum, float undamped, int nesterov, in_counter step, io_any w, io_any buffer, in_any dw)) \
	KERNEL(count,             0, (io_counter n)) \
	/* several of the above in one pass, put together by compiler/combine.c */ \
	ACTIVATIONS(BATCHNORM_KERNELS, ) \
	OPTIMIZERS(LINEAR_DW_KERNEL, ) \
	/* the same where linear has at most FEW inputs, from the inputs' means and covariances */ \
	KERNEL(centre,            0, (int rows, int inputs, all_out_rows centred, all_out_moments moments, all_rows x)) \
	ACTIVATIONS(FEW_KERNEL, ) \
	OPTIMIZERS(FEW_BWD_KERNELS, ) \
	/* data path: rows of a row-major table into panels (index may be absent: rows 0, 1, ...), and panels back */ \
	KERNEL(gather,            0, (int rows, int features, all_out_rows y, in_table table, in_index index)) \
	KERNEL(scatter,           0, (int rows, int features, out_table table, all_rows x))

/* VARIANT(row, name, panels, condition): a kernel that is called as the row is and does the same, for certain sizes. The compiler takes the
 * first whose condition holds (compiler/variants.c). With panels == 2 it does two neighbouring panels at once, with the bits of two
 * calls: own-panel operands are those of the first, and the second's lie behind them (in scratch memory too, at the stride of this
 * call's rows). Sets of fewer lanes than the list says do not have it. */
typedef struct Sizes {
	int lanes, rows, outputs, inputs, features, above;      /* rows: the most of a call; 0 where the row has no such integer */
	int contrast;           /* y is read for the differences between its features alone, or the features of each row of dy sum to 0 */
} Sizes;

#define VARIANTS_FROM_1_LANE(VARIANT) \
	VARIANT(linear,           linear_row,           1, is.rows == 1) \
	VARIANT(linear_dx,        linear_dx_few,        1, is.outputs <= FEW)

/* With few outputs most lanes of a tile would be idle; to let the inputs run across the lanes instead pays from about 32 of them an output on. */
#define IS_NARROW(outputs) ((outputs) <= is.lanes / 4 && (outputs) * 32 <= is.inputs && is.inputs <= NARROW_INPUTS)
/* Of two outputs in contrast one is enough: y becomes 0 and the difference; dy is its second feature, and the negative of it. */
#define IS_CONTRAST (is.contrast && is.outputs == 2 && IS_NARROW(1))
#define IS_BEHIND_CONTRAST (is.contrast && is.above == 2)
/* To turn W for dx costs as much as about ten rows need of it, or 48 with 8 lanes; to sum across the lanes costs each row as much as some 100
 * outputs. */
#define IS_FEW_ROWS (is.rows <= (is.lanes < 16 ? 32 : 8) && is.rows * 6 <= is.outputs)
#define LINEAR_DW_NARROW_VARIANTS(with, optimizer) \
	VARIANT_OF(linear_dw_##optimizer, linear_dw_##optimizer##_contrast, 1, IS_CONTRAST) \
	VARIANT_OF(linear_dw_##optimizer, linear_dw_##optimizer##_narrow, 1, IS_NARROW(is.outputs))
#define FEW_CONTRAST_VARIANTS(with, optimizer) ACTIVATIONS(FEW_CONTRAST_VARIANT, optimizer)
#define FEW_CONTRAST_VARIANT(optimizer, activation, FROM, NUMBERS, WEIGHT) WEIGHT##_CONTRAST_VARIANT(optimizer, activation)
#define HEAVY_CONTRAST_VARIANT(optimizer, activation)
#define LIGHT_CONTRAST_VARIANT(optimizer, activation) \
	VARIANT_OF(linear_batchnorm_##activation##_linear_bwd_##optimizer, linear_batchnorm_##activation##_linear_bwd_##optimizer##_contrast, 1, \
		IS_BEHIND_CONTRAST)
#define VARIANTS_FROM_4_LANES(VARIANT) \
	VARIANT(linear,           linear_contrast,      1, IS_CONTRAST && is.rows >= is.lanes) \
	VARIANT(linear,           linear_narrow,        1, IS_NARROW(is.outputs) && is.rows >= is.lanes) \
	VARIANT(linear_dw,        linear_dw_contrast,   1, IS_CONTRAST) \
	VARIANT(linear_dw,        linear_dw_narrow,     1, IS_NARROW(is.outputs)) \
	OPTIMIZERS(LINEAR_DW_NARROW_VARIANTS, ) \
	OPTIMIZERS(FEW_CONTRAST_VARIANTS, ) \
	VARIANT(linear_dx,        linear_dx_few_rows,   1, IS_FEW_ROWS) \
	VARIANT(cross_entropy,    cross_entropy_of_two, 1, is.features == 2)

/* With fewer inputs or outputs a product is not bound by its loads of x. A single row has linear_row, whose bits two panels would not have. */
#define IS_PAIRED (is.outputs >= 16 && is.inputs >= 16)
#define LINEAR_DW_PAIR_VARIANT(with, optimizer) VARIANT_OF(linear_dw_##optimizer, linear_dw_##optimizer##_pair, 2, IS_PAIRED)
#define VARIANTS_FROM_8_LANES(VARIANT) \
	VARIANT(linear,           linear_pair,          2, IS_PAIRED && is.rows > 1) \
	VARIANT(linear_dx,        linear_dx_pair,       2, IS_PAIRED && !IS_FEW_ROWS) \
	VARIANT(linear_dw,        linear_dw_pair,       2, IS_PAIRED) \
	OPTIMIZERS(LINEAR_DW_PAIR_VARIANT, )

#define VARIANTS(VARIANT) VARIANTS_FROM_1_LANE(VARIANT) VARIANTS_FROM_4_LANES(VARIANT) VARIANTS_FROM_8_LANES(VARIANT)

#define KERNEL(name, properties, parameters) typedef void name##_kernel parameters;
KERNELS(KERNEL)
#undef KERNEL

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
	void (*permute)(int count, int32_t *order, uint32_t state[STATE_WORDS], const uint32_t *reciprocals);    /* of torch: random.c */
#define KERNEL(name, properties, parameters) name##_kernel *name;
#define VARIANT(row, name, panels, condition) row##_kernel *name;       /* null: not with so few lanes */
	KERNELS(KERNEL)
	VARIANTS(VARIANT)
#undef KERNEL
#undef VARIANT
} KernelSet;

/* All sets of this build, best first, ending with null; scalar is always the last. */
extern const KernelSet *const kernel_sets[];

/* The set of that name, or the best that this processor has when name is null; null when there is none. */
const KernelSet *kernel_set(const char *name);

#endif
