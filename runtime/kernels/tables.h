/* tables.h: one row for each activation and each optimizer. A row defines kernels of its own, which run in one loop
 * with the steps next to them. The lists of instances below name the few combinations for which there is also one
 * kernel that does everything in one pass. */
#ifndef BNC_TABLES_H
#define BNC_TABLES_H

/* ROW(name, FROM, NUMBERS, WEIGHT): the functions are NAME_value and NAME_slope in activations.h. FROM says from what
 * the derivative is computed: the OUTPUT, y, or the INPUT, x. NUMBERS says how many parameters the activation has:
 * NONE, ONE (a) or TWO (a, b). HEAVY: its loop is not unrolled, since several vectors at a time would need more
 * registers than there are. */
#define ACTIVATIONS(ROW) \
	ROW(relu, OUTPUT, NONE, LIGHT) \
	ROW(relu6, OUTPUT, NONE, LIGHT) \
	ROW(leaky_relu, INPUT, ONE, LIGHT) \
	ROW(tanh, OUTPUT, NONE, HEAVY) \
	ROW(sigmoid, OUTPUT, NONE, HEAVY) \
	ROW(elu, INPUT, ONE, HEAVY) \
	ROW(gelu, INPUT, NONE, HEAVY) \
	ROW(gelu_tanh, INPUT, NONE, HEAVY) \
	ROW(silu, INPUT, NONE, HEAVY) \
	ROW(softplus, INPUT, TWO, HEAVY)

/* ROW(name, states, prepared): NAME_numbers(prepared) computes numbers once a step; NAME_next updates one vector with
 * them; both are in optimizers.h. The kernel NAME updates a whole panel: w, and at most this many states. */
#define OPTIMIZERS(ROW) \
	ROW(sgd, 0, (all_out_numbers numbers, real lr, real weight_decay)) \
	ROW(sgd_momentum, 1, (all_out_numbers numbers, real lr, real weight_decay, real momentum, real undamped, \
		int nesterov, in_counter step)) \
	ROW(adam, 2, (all_out_numbers numbers, real lr, double beta1, double beta2, double eps, double weight_decay, \
		in_counter step)) \
	ROW(adamw, 2, (all_out_numbers numbers, real lr, double beta1, double beta2, double eps, double weight_decay, \
		in_counter step)) \
	ROW(rmsprop, 3, (all_out_numbers numbers, real lr, double alpha, double eps, double weight_decay, \
		double momentum, int centered))

/* ---- instances: combinations that have a kernel of their own, because a step takes measurably longer without it. All
 * other combinations run as separate calls. */

/* ROW(activation, FROM, NUMBERS): batchnorm, scale_shift and the activation in one pass; and their backward pass. */
#define BATCHNORM_INSTANCES(ROW) \
	ROW(relu, OUTPUT, NONE) \
	ROW(leaky_relu, INPUT, ONE)

/* ROW(activation, FROM, NUMBERS): linear with few inputs, batchnorm and the activation in one pass; and their backward
 * pass with the update of w. */
#define FEW_INSTANCES(ROW) \
	ROW(relu, OUTPUT, NONE) \
	ROW(leaky_relu, INPUT, ONE)

/* ROW(activation, FROM, NUMBERS, optimizer, STATES): the same backward pass with the updates of w, gamma and beta, by
 * an optimizer with this many states. Two kernels each: one reads dy, the other computes it from the gradient of a
 * following linear layer with few outputs. */
#define FEW_UPDATE_INSTANCES(ROW) \
	ROW(relu, OUTPUT, NONE, sgd, NO_STATE) \
	ROW(relu, OUTPUT, NONE, sgd_momentum, ONE_STATE) \
	ROW(leaky_relu, INPUT, ONE, sgd, NO_STATE)

/* ROW(optimizer, states): dW of a linear with two outputs of which only the difference matters, with the update. */
#define CONTRAST_INSTANCES(ROW) \
	ROW(sgd, 0) \
	ROW(sgd_momentum, 1)

/* ---- what the words of the rows stand for in a parameter list */

#define NONE_PARAMETERS
#define ONE_PARAMETERS real a,
#define TWO_PARAMETERS real a, real b,

/* What backward gets for the derivative: y, or x. After batchnorm it gets no x, but recomputes x from xhat, gamma and
 * beta. */
#define OUTPUT_NAME y
#define INPUT_NAME x
#define OUTPUT_ROWS(type) type y,
#define INPUT_ROWS(type)
#define OUTPUT_OR_BETA(rows, features) rows y,
#define INPUT_OR_BETA(rows, features) features beta,

#define NO_STATE(type, w)
#define ONE_STATE(type, w) type w##_state,

/* What a window that moves over images is, see window.h: as the operands of a kernel, and as arguments. */
#define WINDOW_PARAMETERS int height, int width, int y_height, int y_width, int kernel_height, int kernel_width, \
		int stride_height, int stride_width, int padding_height, int padding_width
#define WINDOW height, width, y_height, y_width, kernel_height, kernel_width, stride_height, stride_width, \
		padding_height, padding_width

#endif
