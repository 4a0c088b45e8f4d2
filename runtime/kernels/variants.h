/* variants.h: kernels with the same operands and result as a row of kernels.h, for certain sizes.
 *
 * VARIANT(row, name, panels, condition): the compiler uses the first variant whose condition holds
 * (compiler/loops/variants.c). One with panels == 2 does two neighbouring panels in one call, with the same bits as two
 * calls. Its own-panel operands point to the first panel; the second panel follows it in memory, in scratch memory too,
 * at the distance that this call's rows give. The name of a list says how many bits the vectors of a kernel set
 * must have, to have its variants. */
#ifndef BNC_VARIANTS_H
#define BNC_VARIANTS_H
#include "few.h"
#include "tables.h"

#define VARIANT_OF(row, name, panels, condition) VARIANT(row, name, panels, condition)

#define VARIANTS_FROM_1_LANE(VARIANT) \
	VARIANT(linear,           linear_row,           1, is.rows == 1) \
	VARIANT(linear_dx,        linear_dx_few,        1, is.outputs <= FEW)

/* With few outputs, most lanes of a tile would be idle. Letting the inputs run across the lanes is faster from about 32
 * inputs per output on. */
#define IS_NARROW(outputs) ((outputs) <= is.lanes / 4 && (outputs) * 32 <= is.inputs)
/* If only the difference of two outputs matters, one output is enough: y becomes 0 and the difference; and of dy only
 * the second feature is read, since the first is its negative. */
#define IS_CONTRAST (is.contrast && is.outputs == 2 && IS_NARROW(1))
#define IS_BEHIND_CONTRAST (is.contrast && is.above == 2)
/* Transposing W for dx takes as long as the products of about ten rows, or 48 with 8 lanes; summing across the lanes
 * takes, for each row, as long as the products of some 100 outputs. */
#define IS_FEW_ROWS (is.rows <= (is.bits < 512 ? 32 : 8) && is.rows * 6 <= is.outputs)
#define FEW_CONTRAST_VARIANT(activation, FROM, NUMBERS, optimizer, STATES) \
	VARIANT_OF(linear_batchnorm_##activation##_linear_bwd_##optimizer, \
		linear_batchnorm_##activation##_linear_bwd_##optimizer##_contrast, 1, IS_BEHIND_CONTRAST)
#define IS_OPTIMIZER(name) (is.optimizer && strcmp(is.optimizer, #name) == 0)
#define CONTRAST_VARIANT(name, states) \
	VARIANT_OF(linear_dw_update, linear_dw_update_contrast_##name, 1, IS_CONTRAST && IS_OPTIMIZER(name))
/* Copying numbers takes less time than copying vectors, most of whose lanes have no channel. */
#define IS_OF_FEW_CHANNELS (is.channels <= FEW_CHANNELS)
/* These go over the taps of a kernel row together, and add in another order than those that go tap by tap. */
#define IS_RUN (is.run == 3 || is.run == 5)
/* With fewer channels or tiles, and where many tiles reach beyond the last row or column, what is added up takes longer
 * than the products that are saved. */
#define IS_WINOGRAD (is.lanes >= 8 && is.square == 3 && is.channels >= 16 && is.outputs >= 16 && is.tiles >= 16 && \
	is.tiles * 3 <= is.rows)
/* Of sets with vectors of 256 bits or more. They come before the kernels that go tap by tap, and take more of the stack
 * than those. */
#define WINOGRAD_VARIANTS(VARIANT) \
	VARIANT(conv2d,           conv2d_winograd,      1, IS_WINOGRAD) \
	VARIANT(conv2d,           conv2d_winograd_pair, 2, IS_WINOGRAD) \
	VARIANT(conv2d_dx,        conv2d_dx_winograd,   1, IS_WINOGRAD) \
	VARIANT(conv2d_dx,        conv2d_dx_winograd_pair, 2, IS_WINOGRAD) \
	VARIANT(conv2d_dw,        conv2d_dw_winograd,   1, IS_WINOGRAD) \
	VARIANT(conv2d_dw,        conv2d_dw_winograd_pair, 2, IS_WINOGRAD)

#define VARIANTS_FROM_128_BITS(VARIANT) \
	VARIANT(linear,           linear_contrast,      1, IS_CONTRAST && is.rows >= is.lanes) \
	VARIANT(linear,           linear_narrow,        1, IS_NARROW(is.outputs) && is.rows >= is.lanes) \
	VARIANT(linear_dw,        linear_dw_contrast,   1, IS_CONTRAST) \
	VARIANT(linear_dw,        linear_dw_narrow,     1, IS_NARROW(is.outputs)) \
	CONTRAST_INSTANCES(CONTRAST_VARIANT) \
	VARIANT(linear_dw_update, linear_dw_update_contrast, 1, IS_CONTRAST) \
	VARIANT(linear_dw_update, linear_dw_update_narrow, 1, IS_NARROW(is.outputs)) \
	FEW_UPDATE_INSTANCES(FEW_CONTRAST_VARIANT) \
	VARIANT(linear_dx,        linear_dx_few_rows,   1, IS_FEW_ROWS) \
	VARIANT(cross_entropy,    cross_entropy_of_two, 1, is.features == 2) \
	VARIANT(conv2d,           conv2d_narrow_run3,   1, IS_OF_FEW_CHANNELS && is.run == 3) \
	VARIANT(conv2d,           conv2d_narrow_run5,   1, IS_OF_FEW_CHANNELS && is.run == 5) \
	VARIANT(conv2d,           conv2d_narrow,        1, IS_OF_FEW_CHANNELS) \
	VARIANT(conv2d,           conv2d_run3,          1, is.run == 3) \
	VARIANT(conv2d,           conv2d_run5,          1, is.run == 5) \
	VARIANT(conv2d_dx,        conv2d_dx_run3,       1, is.run == 3) \
	VARIANT(conv2d_dx,        conv2d_dx_run5,       1, is.run == 5) \
	VARIANT(conv2d_dw,        conv2d_dw_narrow_run3, 1, IS_OF_FEW_CHANNELS && is.run == 3) \
	VARIANT(conv2d_dw,        conv2d_dw_narrow_run5, 1, IS_OF_FEW_CHANNELS && is.run == 5) \
	VARIANT(conv2d_dw,        conv2d_dw_narrow,     1, IS_OF_FEW_CHANNELS) \
	VARIANT(conv2d_dw,        conv2d_dw_run3,       1, is.run == 3) \
	VARIANT(conv2d_dw,        conv2d_dw_run5,       1, is.run == 5) \
	VARIANT(conv2d_depthwise_dw, conv2d_depthwise_dw_run3, 1, is.run == 3) \
	VARIANT(conv2d_depthwise_dw, conv2d_depthwise_dw_run5, 1, is.run == 5)

/* With fewer inputs or outputs, loads of x do not limit a product. A single row is left to linear_row, which rounds
 * differently from linear_pair. */
#define IS_PAIRED (is.outputs >= 16 && is.inputs >= 16)
#define VARIANTS_FROM_256_BITS(VARIANT) \
	VARIANT(linear,           linear_pair,          2, IS_PAIRED && is.rows > 1) \
	VARIANT(linear_dx,        linear_dx_pair,       2, IS_PAIRED && !IS_FEW_ROWS) \
	VARIANT(linear_dw,        linear_dw_pair,       2, IS_PAIRED) \
	VARIANT(linear_dw_update, linear_dw_update_pair, 2, IS_PAIRED) \
	VARIANT(conv2d,           conv2d_narrow_pair,   2, IS_OF_FEW_CHANNELS && !IS_RUN) \
	VARIANT(conv2d,           conv2d_pair,          2, is.outputs > is.lanes && !IS_RUN) \
	VARIANT(conv2d_dx,        conv2d_dx_pair,       2, is.channels > is.lanes && !IS_RUN) \
	VARIANT(conv2d_dw,        conv2d_dw_narrow_pair, 2, IS_OF_FEW_CHANNELS && !IS_RUN) \
	VARIANT(conv2d_dw,        conv2d_dw_pair,       2, is.outputs > is.lanes && !IS_RUN)

#define VARIANTS(VARIANT) VARIANTS_FROM_1_LANE(VARIANT) WINOGRAD_VARIANTS(VARIANT) VARIANTS_FROM_128_BITS(VARIANT) \
	VARIANTS_FROM_256_BITS(VARIANT)

#endif
