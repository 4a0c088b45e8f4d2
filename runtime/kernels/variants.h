/* variants.h: kernels that are called as a row of kernels.h is, and do the same, for certain sizes.
 *
 * VARIANT(row, name, panels, condition): the compiler takes the first whose condition holds (compiler/variants.c). With panels == 2 it does two neighbouring panels at once, with the bits of two
 * calls: own-panel operands are those of the first, and the second's lie behind them (in scratch memory too, at the stride of this
 * call's rows). Sets of fewer lanes than the list says do not have it. */
#ifndef BNC_VARIANTS_H
#define BNC_VARIANTS_H
#include "few.h"
#include "tables.h"

#define VARIANT_OF(row, name, panels, condition) VARIANT(row, name, panels, condition)


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
#define FEW_CONTRAST_VARIANT(activation, FROM, NUMBERS, optimizer, STATES) \
	VARIANT_OF(linear_batchnorm_##activation##_linear_bwd_##optimizer, linear_batchnorm_##activation##_linear_bwd_##optimizer##_contrast, 1, \
		IS_BEHIND_CONTRAST)
#define IS_OPTIMIZER(name) (is.optimizer && strcmp(is.optimizer, #name) == 0)
#define CONTRAST_VARIANT(name, states) \
	VARIANT_OF(linear_dw_update, linear_dw_update_contrast_##name, 1, IS_CONTRAST && IS_OPTIMIZER(name))
#define VARIANTS_FROM_4_LANES(VARIANT) \
	VARIANT(linear,           linear_contrast,      1, IS_CONTRAST && is.rows >= is.lanes) \
	VARIANT(linear,           linear_narrow,        1, IS_NARROW(is.outputs) && is.rows >= is.lanes) \
	VARIANT(linear_dw,        linear_dw_contrast,   1, IS_CONTRAST) \
	VARIANT(linear_dw,        linear_dw_narrow,     1, IS_NARROW(is.outputs)) \
	CONTRAST_INSTANCES(CONTRAST_VARIANT) \
	VARIANT(linear_dw_update, linear_dw_update_contrast, 1, IS_CONTRAST) \
	VARIANT(linear_dw_update, linear_dw_update_narrow, 1, IS_NARROW(is.outputs)) \
	FEW_UPDATE_INSTANCES(FEW_CONTRAST_VARIANT) \
	VARIANT(linear_dx,        linear_dx_few_rows,   1, IS_FEW_ROWS) \
	VARIANT(cross_entropy,    cross_entropy_of_two, 1, is.features == 2)

/* With fewer inputs or outputs a product is not bound by its loads of x. A single row has linear_row, whose bits two panels would not have. */
#define IS_PAIRED (is.outputs >= 16 && is.inputs >= 16)
#define VARIANTS_FROM_8_LANES(VARIANT) \
	VARIANT(linear,           linear_pair,          2, IS_PAIRED && is.rows > 1) \
	VARIANT(linear_dx,        linear_dx_pair,       2, IS_PAIRED && !IS_FEW_ROWS) \
	VARIANT(linear_dw,        linear_dw_pair,       2, IS_PAIRED) \
	VARIANT(linear_dw_update, linear_dw_update_pair, 2, IS_PAIRED)

#define VARIANTS(VARIANT) VARIANTS_FROM_1_LANE(VARIANT) VARIANTS_FROM_4_LANES(VARIANT) VARIANTS_FROM_8_LANES(VARIANT)

#endif
