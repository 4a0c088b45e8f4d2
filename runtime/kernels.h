/* kernels.h: one row for each kernel. A row is all that others know of the kernel: C reads it as a prototype, the
 * compiler reads the same text to learn what each operand touches, and the tests read it to learn how large each
 * operand is and which values it may have.
 *
 * A tensor is cut into panels of LANES features. The type of an operand says what a call touches:
 *
 *   in_ out_ io_            reads, writes, updates the call's own panel only
 *   all_ all_out_ all_io_   reads, writes, updates the whole tensor
 *
 *   rows                    activation: a panel is [rows][LANES]
 *   features                one value per feature: a panel is [LANES]
 *   weights                 matrix: a panel is [inputs][LANES]
 *   any                     any of these: a panel is [size] floats (for optimizers)
 *   moments                 statistics of a batch with at most FEW features (kernels/few.h)
 *   numbers                 NUMBERS floats that an optimizer prepares once a step
 *   statistics              STATISTICS floats for each sample, or for each group of its channels
 *   bits                    a mask: one bit for each float of an activation, [size] floats a panel (kernels/dropout.c)
 *   generator               GENERATOR_WORDS of a random number generator
 *   scalar, counter         one float; one int64_t
 *   labels                  one int32_t per row
 *   table, index            a row-major matrix of the caller, and the rows of it to copy (data path only)
 *
 *   maybe_                  before one of these: may be absent (null)
 *   grad_                   before one of these: the lanes after the tensor's last feature are zero and stay zero.
 *                           In weights, any and features of parameters they are zero in any case. In other activations
 *                           they hold values that no result depends on. These are finite, except after a batchnorm
 *                           with eps = 0, so a kernel that reads a whole activation must skip them.
 *   optimizer               no tensor but a function: the kernel of an optimizer, which this kernel calls
 *
 * Two steps may share a loop over panels if both touch panel by panel every tensor that one of them writes and the
 * other touches. So fusion needs to know nothing but the types.
 *
 * Integers: `rows` is the number of rows in this call, `panel` the index of the call's own panel, `size` the number of
 * floats in a panel of an `any` operand, `inputs`, `outputs` and `features` the sizes of whole tensors, without
 * padding.
 *
 * Properties:
 *   PRODUCT                 takes 2 FLOPs for each of rows x outputs x inputs, the kernel's first three operands
 *   ACTIVATION, OPTIMIZER   has a row in kernels/tables.h: one rule of compiler/loops/combine_rules.c can
 *                           be for all of these
 *   CONTRAST                only the differences between the features of a row of x matter, and the features of a row
 *                           of dx sum to 0
 *   IMAGE                   its activations have different numbers of rows: a pixel of an image is a row
 *   IN_PLACE                an `out_rows` operand may have the same address as an `in_rows` operand; they may not
 *                           overlap in any other way */
#ifndef BNC_KERNELS_H
#define BNC_KERNELS_H
#include "kernels/few.h"
#include "kernels/tables.h"
#include "kernels/variants.h"
#include "real.h"
#include <stddef.h>
#include <stdint.h>

typedef const real *in_rows, *in_features, *in_weights, *in_any, *grad_in_rows, *maybe_in_features, *maybe_in_weights;
typedef real *out_rows, *out_features, *out_weights, *maybe_out_rows, *grad_out_rows, *grad_out_features,
	*maybe_grad_out_features, *maybe_out_weights;
typedef real *io_rows, *io_features, *io_weights, *io_any, *maybe_io_features, *maybe_io_weights, *maybe_io_any;
typedef const real *all_features, *maybe_all_features, *maybe_all_weights, *all_statistics;
typedef const real *all_rows, *all_moments, *all_numbers, *all_weights, *grad_all_rows, *in_table;
typedef real *all_io_any, *all_out_rows, *grad_all_out_rows, *all_out_moments, *all_out_numbers, *out_table,
	*out_scalar, *all_out_statistics;
typedef const real *maybe_in_bits;
typedef real *all_out_bits;
typedef uint32_t *io_generator;
typedef const int64_t *in_counter;
typedef int64_t *io_counter;
typedef const int32_t *in_labels, *in_index, *maybe_in_index;
typedef void optimizer(int size, const real *numbers, real *w, real *first, real *second, real *third,
	const real *dw);

enum { IN_PLACE = 1, PRODUCT = 2, ACTIVATION = 4, OPTIMIZER = 8, CONTRAST = 16, IMAGE = 32 };

/* Rows that are generated from those of kernels/tables.h. */
#define KERNEL_OF(name, properties, parameters) KERNEL(name, properties, parameters)

#define ACTIVATION_KERNELS(name, FROM, NUMBERS, WEIGHT) \
	KERNEL_OF(name, IN_PLACE | ACTIVATION, (int rows, NUMBERS##_PARAMETERS out_rows y, in_rows x)) \
	KERNEL_OF(name##_bwd, IN_PLACE, (int rows, NUMBERS##_PARAMETERS grad_out_rows dx, grad_in_rows dy, \
		in_rows FROM##_NAME))

#define OPTIMIZER_KERNELS(name, states, prepared) \
	KERNEL_OF(name##_numbers, 0, prepared) \
	KERNEL_OF(name, OPTIMIZER, (int size, all_numbers numbers, io_any w, maybe_io_any w1, maybe_io_any w2, \
		maybe_io_any w3, in_any dw))

#define BATCHNORM_KERNELS(activation, FROM, NUMBERS) \
	KERNEL_OF(batchnorm_##activation, IN_PLACE, (int rows, NUMBERS##_PARAMETERS real eps, real kept, real momentum, \
		out_rows y, out_rows xhat, out_features rstd, io_features mean, io_features var, in_rows x, \
		maybe_in_features gamma, maybe_in_features beta)) \
	KERNEL_OF(batchnorm_##activation##_bwd, IN_PLACE, (int rows, NUMBERS##_PARAMETERS grad_out_rows dx, \
		maybe_grad_out_features dgamma, maybe_grad_out_features dbeta, grad_in_rows dy, \
		FROM##_OR_BETA(in_rows, maybe_in_features) in_rows xhat, in_features rstd, maybe_in_features gamma))

/* linear and batchnorm in one pass; `normal` is xhat. */
#define FEW_KERNEL(name, NUMBERS) \
	KERNEL_OF(name, PRODUCT, (int rows, int outputs, int inputs, NUMBERS##_PARAMETERS real eps, real kept, \
		real momentum, out_rows y, maybe_out_rows normal, out_features rstd, io_features mean, io_features var, \
		all_rows centred, all_moments moments, in_weights w, maybe_in_features b, maybe_in_features gamma, \
		maybe_in_features beta))

/* Their backward pass with the update of w. `from` declares the operands from which the activation's derivative is
 * computed. */
#define FEW_BWD_KERNEL(name, NUMBERS, from) \
	KERNEL_OF(name, PRODUCT, (int rows, int outputs, int inputs, NUMBERS##_PARAMETERS optimizer step, \
		all_numbers numbers, io_weights w, maybe_io_weights w1, maybe_io_weights w2, maybe_io_weights w3, \
		maybe_grad_out_features dgamma, maybe_grad_out_features dbeta, grad_in_rows dy, from in_features rstd, \
		all_rows centred, all_moments moments, maybe_in_features gamma))
#define FEW_KERNELS(activation, FROM, NUMBERS) \
	FEW_KERNEL(linear_batchnorm_##activation, NUMBERS) \
	FEW_BWD_KERNEL(linear_batchnorm_##activation##_bwd_update, NUMBERS, FROM##_OR_BETA(in_rows, maybe_in_features))

/* The second is also the dx of a linear with at most FEW_ABOVE outputs, `above`. */
#define FEW_UPDATE_KERNELS(activation, FROM, NUMBERS, optimizer, STATES) \
	KERNEL_OF(linear_batchnorm_##activation##_bwd_##optimizer, PRODUCT, (int rows, int outputs, int inputs, \
		NUMBERS##_PARAMETERS all_numbers numbers, io_weights w, STATES(io_weights, w) maybe_io_features gamma, \
		STATES(maybe_io_features, gamma) maybe_io_features beta, STATES(maybe_io_features, beta) grad_in_rows dy, \
		FROM##_ROWS(in_rows) in_features rstd, all_rows centred, all_moments moments)) \
	KERNEL_OF(linear_batchnorm_##activation##_linear_bwd_##optimizer, PRODUCT, \
		(int rows, int outputs, int inputs, int panel, int above, NUMBERS##_PARAMETERS all_numbers numbers, \
		io_weights w, STATES(io_weights, w) maybe_io_features gamma, STATES(maybe_io_features, \
		gamma) maybe_io_features beta, STATES(maybe_io_features, beta) FROM##_ROWS(in_rows) in_features rstd, \
		all_rows centred, all_moments moments, grad_all_rows above_dy, all_weights above_w))

/* KERNEL(name, properties, parameters) */
#define KERNELS(KERNEL) \
	/* linear: y = x W + b. dx = dy W', dW = x' dy, db = column_sum(dy) */ \
	KERNEL(linear,            PRODUCT, (int rows, int outputs, int inputs, out_rows y, all_rows x, in_weights w, \
		maybe_in_features b)) \
	KERNEL(linear_dx,         PRODUCT, (int rows, int outputs, int inputs, int panel, grad_out_rows dx, \
		grad_all_rows dy, all_weights w)) \
	KERNEL(linear_dw,         PRODUCT, (int rows, int outputs, int inputs, out_weights dw, all_rows x, \
		grad_in_rows dy)) \
	KERNEL(column_sum,        0, (int rows, grad_out_features sum, grad_in_rows x)) \
	KERNEL(add,               IN_PLACE, (int rows, out_rows y, in_rows a, in_rows b)) \
	/* images: a window moves over the pixels, see kernels/window.h. rows: those of y; inputs: those of a sum */ \
	KERNEL_OF(conv2d,         PRODUCT | IMAGE, (int rows, int outputs, int inputs, WINDOW_PARAMETERS, out_rows y, \
		all_rows x, in_weights w, maybe_in_features b)) \
	KERNEL_OF(conv2d_dx,      PRODUCT | IMAGE, (int rows, int outputs, int inputs, WINDOW_PARAMETERS, int panel, \
		grad_out_rows dx, grad_all_rows dy, all_weights w)) \
	KERNEL_OF(conv2d_dw,      PRODUCT | IMAGE, (int rows, int outputs, int inputs, WINDOW_PARAMETERS, out_weights dw, \
		all_rows x, grad_in_rows dy)) \
	KERNEL_OF(conv2d_depthwise, IMAGE, (int rows, WINDOW_PARAMETERS, out_rows y, in_rows x, in_weights w, \
		maybe_in_features b)) \
	KERNEL_OF(conv2d_depthwise_dx, IMAGE, (int rows, WINDOW_PARAMETERS, grad_out_rows dx, grad_in_rows dy, \
		in_weights w)) \
	KERNEL_OF(conv2d_depthwise_dw, IMAGE, (int rows, WINDOW_PARAMETERS, out_weights dw, in_rows x, grad_in_rows dy)) \
	KERNEL_OF(conv2d_grouped, PRODUCT | IMAGE, (int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, \
		int panel, out_rows y, all_rows x, in_weights w, maybe_in_features b)) \
	KERNEL_OF(conv2d_grouped_dx, PRODUCT | IMAGE, (int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, \
		int panel, grad_out_rows dx, grad_all_rows dy, all_weights w)) \
	KERNEL_OF(conv2d_grouped_dw, PRODUCT | IMAGE, (int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, \
		int panel, out_weights dw, all_rows x, grad_in_rows dy)) \
	KERNEL_OF(maxpool2d,      IMAGE, (int rows, WINDOW_PARAMETERS, out_rows y, in_rows x)) \
	KERNEL_OF(maxpool2d_bwd,  IMAGE, (int rows, WINDOW_PARAMETERS, grad_out_rows dx, grad_in_rows dy, in_rows x, \
		in_rows y)) \
	KERNEL_OF(avgpool2d,      IMAGE, (int rows, WINDOW_PARAMETERS, out_rows y, in_rows x)) \
	KERNEL_OF(avgpool2d_bwd,  IMAGE, (int rows, WINDOW_PARAMETERS, grad_out_rows dx, grad_in_rows dy)) \
	KERNEL(global_avgpool,    IMAGE, (int images, int positions, out_rows y, in_rows x)) \
	KERNEL(global_avgpool_bwd, IMAGE, (int images, int positions, grad_out_rows dx, grad_in_rows dy)) \
	/* an image's values as features, in the order of torch, and back */ \
	KERNEL(flatten,           IMAGE, (int images, int positions, int channels, grad_all_out_rows y, all_rows x)) \
	KERNEL(unflatten,         IMAGE, (int images, int positions, int channels, grad_all_out_rows x, all_rows y)) \
	/* batch normalisation, re-centred two-pass statistics */ \
	KERNEL(batchnorm,         IN_PLACE, (int rows, real eps, real kept, real momentum, out_rows xhat, \
		out_features rstd, io_features mean, io_features var, in_rows x)) \
	KERNEL(batchnorm_predict, IN_PLACE, (int rows, real eps, out_rows y, in_rows x, in_features mean, \
		in_features var, maybe_in_features gamma, maybe_in_features beta)) \
	KERNEL(batchnorm_bwd,     IN_PLACE, (int rows, grad_out_rows dx, maybe_grad_out_features dgamma, \
		maybe_grad_out_features dbeta, grad_in_rows dy, in_rows xhat, in_features rstd, maybe_in_features gamma)) \
	KERNEL(scale_shift,       IN_PLACE, (int rows, out_rows y, in_rows x, maybe_in_features gamma, \
		maybe_in_features beta)) \
	/* normalisation of each row, in three passes: statistics, values; sums of the gradient, gradient */ \
	KERNEL(layernorm_statistics, 0, (int rows, int features, real eps, all_out_statistics statistics, all_rows x)) \
	KERNEL(layernorm,         IN_PLACE, (int rows, out_rows y, in_rows x, all_statistics statistics, \
		maybe_in_features weight, maybe_in_features bias)) \
	KERNEL(layernorm_sums,    0, (int rows, int features, all_out_statistics sums, grad_all_rows dy, all_rows x, \
		all_statistics statistics, maybe_all_features weight)) \
	KERNEL(layernorm_bwd,     IN_PLACE, (int rows, int features, int panel, grad_out_rows dx, \
		maybe_grad_out_features dweight, maybe_grad_out_features dbias, grad_in_rows dy, in_rows x, \
		all_statistics statistics, all_statistics sums, maybe_in_features weight)) \
	/* the same of groups of channels over an image's pixels; so many pixels as `weights` have weights of their own */ \
	KERNEL(groupnorm_statistics, IMAGE, (int images, int positions, int channels, int groups, real eps, \
		all_out_statistics statistics, all_rows x)) \
	KERNEL(groupnorm,         IN_PLACE | IMAGE, (int images, int positions, int channels, int groups, int weights, \
		int panel, out_rows y, in_rows x, all_statistics statistics, maybe_in_weights weight, maybe_in_weights bias)) \
	KERNEL(groupnorm_sums,    IMAGE, (int images, int positions, int channels, int groups, int weights, \
		all_out_statistics sums, grad_all_rows dy, all_rows x, all_statistics statistics, maybe_all_weights weight)) \
	KERNEL(groupnorm_bwd,     IN_PLACE | IMAGE, (int images, int positions, int channels, int groups, int weights, \
		int panel, grad_out_rows dx, maybe_out_weights dweight, maybe_out_weights dbias, grad_in_rows dy, in_rows x, \
		all_statistics statistics, all_statistics sums, maybe_in_weights weight)) \
	/* what is kept, drawn from torch's generator; and the values, or their gradients, with the rest set to 0 */ \
	KERNEL(dropout_mask,      IMAGE, (int images, int positions, int channels, int size, double keep, \
		io_generator generator, all_out_bits mask)) \
	KERNEL(dropout,           IN_PLACE, (int rows, real keep, grad_out_rows y, in_rows x, maybe_in_bits mask)) \
	/* activations: relu, relu_bwd, ... */ \
	ACTIVATIONS(ACTIVATION_KERNELS) \
	/* over the features of each row */ \
	KERNEL(softmax,           0, (int rows, int features, all_out_rows y, all_rows x)) \
	KERNEL(softmax_bwd,       0, (int rows, int features, grad_all_out_rows dx, grad_all_rows dy, all_rows y)) \
	KERNEL(log_softmax,       0, (int rows, int features, all_out_rows y, all_rows x)) \
	KERNEL(log_softmax_bwd,   0, (int rows, int features, grad_all_out_rows dx, grad_all_rows dy, all_rows y)) \
	/* losses: mean over the batch, and its gradient. `correct` counts the rows with argmax == label, or those in \
	 * which every x is on its target's side: above 0 where the target is above 1 / 2 */ \
	KERNEL(cross_entropy,     CONTRAST, (int rows, int features, out_scalar loss, out_scalar correct, \
		grad_all_out_rows dx, all_rows x, in_labels label)) \
	/* with a weight for each class (absent: 1), a mean by the weights of the labels, and a part of the truth, \
	 * `smoothing`, that all classes share */ \
	KERNEL(cross_entropy_weighted, CONTRAST, (int rows, int features, real smoothing, out_scalar loss, \
		out_scalar correct, grad_all_out_rows dx, all_rows x, in_labels label, maybe_all_features weights)) \
	KERNEL(mse,               0, (int rows, int features, out_scalar loss, grad_all_out_rows dx, all_rows x, \
		all_rows target)) \
	KERNEL(l1,                0, (int rows, int features, out_scalar loss, grad_all_out_rows dx, all_rows x, \
		all_rows target)) \
	KERNEL(huber,             0, (int rows, int features, real delta, out_scalar loss, grad_all_out_rows dx, \
		all_rows x, all_rows target)) \
	KERNEL(bce,               0, (int rows, int features, out_scalar loss, out_scalar correct, grad_all_out_rows dx, \
		all_rows x, all_rows target)) \
	/* optimizers: sgd_numbers, sgd, ... */ \
	OPTIMIZERS(OPTIMIZER_KERNELS) \
	KERNEL(count,             0, (io_counter n)) \
	/* gradients before an update: a sum over several batches; scaled so that their norm is at most `most`; and 0 again,
	 * as is the number of batches */ \
	KERNEL(accumulate,        0, (int size, real share, io_any sum, in_any dw)) \
	KERNEL(clip,              0, (int size, real most, all_io_any dw)) \
	KERNEL(clear,             0, (int size, io_any dw, io_counter batches)) \
	/* several of the kernels above in one pass; compiler/loops/combine.c puts them in */ \
	BATCHNORM_INSTANCES(BATCHNORM_KERNELS) \
	KERNEL(linear_dw_update,  PRODUCT, (int rows, int outputs, int inputs, optimizer step, all_numbers numbers, \
		io_weights w, maybe_io_weights w1, maybe_io_weights w2, maybe_io_weights w3, maybe_io_features b, \
		maybe_io_features b1, maybe_io_features b2, maybe_io_features b3, all_rows x, grad_in_rows dy)) \
	/* the same where linear has at most FEW inputs, computed from the inputs' means and covariances */ \
	KERNEL(centre,            0, (int rows, int inputs, all_out_rows centred, all_out_moments moments, all_rows x)) \
	FEW_KERNEL(linear_batchnorm, NONE) \
	FEW_BWD_KERNEL(linear_batchnorm_bwd_update, NONE, ) \
	FEW_INSTANCES(FEW_KERNELS) \
	FEW_UPDATE_INSTANCES(FEW_UPDATE_KERNELS) \
	/* data path: copies rows of a row-major table into panels (without an index: rows 0, 1, ...), and back */ \
	KERNEL(gather,            0, (int rows, int features, all_out_rows y, in_table table, maybe_in_index index)) \
	KERNEL(scatter,           0, (int rows, int features, out_table table, all_rows x))

#define KERNEL(name, properties, parameters) typedef void name##_kernel parameters;
KERNELS(KERNEL)
#undef KERNEL

/* The functions of a kernel set, each of the type of its row. A variant is null in a set whose vectors are too short
 * for it. */
typedef struct KernelTable {
#define KERNEL(name, properties, parameters) name##_kernel *name;
#define VARIANT(row, name, panels, condition) row##_kernel *name;
	KERNELS(KERNEL)
	VARIANTS(VARIANT)
#undef KERNEL
#undef VARIANT
} KernelTable;

#endif
