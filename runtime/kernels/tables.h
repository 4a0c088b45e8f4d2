/* tables.h: the activations and the optimizers, a row each. A row makes kernels of its own, which share a loop with whatever stands beside
 * them; the lists of instances below name the few that are also done in the same pass as something else. */
#ifndef BNC_TABLES_H
#define BNC_TABLES_H

/* ROW(name, FROM, NUMBERS, WEIGHT): NAME_value and NAME_slope in activations.h are the functions. FROM is what the derivative is made of: the
 * OUTPUT, y, or the INPUT, x. NUMBERS says how many numbers of its own the activation has: NONE, ONE (a) or TWO (a, b). HEAVY: a loop over it
 * is not unrolled, for several at a time would spill. */
#define ACTIVATIONS(ROW) \
	ROW(relu, OUTPUT, NONE, LIGHT) \
	ROW(leaky_relu, INPUT, ONE, LIGHT) \
	ROW(tanh, OUTPUT, NONE, HEAVY) \
	ROW(sigmoid, OUTPUT, NONE, HEAVY) \
	ROW(elu, INPUT, ONE, HEAVY) \
	ROW(gelu, INPUT, NONE, HEAVY) \
	ROW(gelu_tanh, INPUT, NONE, HEAVY) \
	ROW(silu, INPUT, NONE, HEAVY) \
	ROW(softplus, INPUT, TWO, HEAVY)

/* ROW(name, states, prepared): NAME_numbers(prepared) makes, once a step, the numbers that NAME_next, the update of one vector, reads; both are
 * in optimizers.h. The kernel NAME is the update of a whole panel: of w and at most so many states. */
#define OPTIMIZERS(ROW) \
	ROW(sgd, 0, (all_out_numbers numbers, float lr, float weight_decay)) \
	ROW(sgd_momentum, 1, (all_out_numbers numbers, float lr, float weight_decay, float momentum, float undamped, int nesterov, in_counter step)) \
	ROW(adam, 2, (all_out_numbers numbers, float lr, double beta1, double beta2, double eps, double weight_decay, in_counter step)) \
	ROW(adamw, 2, (all_out_numbers numbers, float lr, double beta1, double beta2, double eps, double weight_decay, in_counter step)) \
	ROW(rmsprop, 3, (all_out_numbers numbers, float lr, double alpha, double eps, double weight_decay, double momentum, int centered))

/* ---- instances: fused kernels that were worth it, each by the time of a step without it. A pair that is not listed runs as separate calls. */

/* ROW(activation, FROM, NUMBERS): batchnorm, scale_shift and the activation in one pass, and back. */
#define BATCHNORM_INSTANCES(ROW) \
	ROW(relu, OUTPUT, NONE) \
	ROW(leaky_relu, INPUT, ONE)

/* ROW(activation, FROM, NUMBERS): the same of a linear with few inputs, and back with the update of its weights. */
#define FEW_INSTANCES(ROW) \
	ROW(relu, OUTPUT, NONE) \
	ROW(leaky_relu, INPUT, ONE)

/* ROW(activation, FROM, NUMBERS, optimizer, STATES): back with all updates, by an optimizer of so many states; alone, and also with what comes
 * from a linear above that has few outputs. */
#define FEW_UPDATE_INSTANCES(ROW) \
	ROW(relu, OUTPUT, NONE, sgd, NO_STATE) \
	ROW(relu, OUTPUT, NONE, sgd_momentum, ONE_STATE) \
	ROW(leaky_relu, INPUT, ONE, sgd, NO_STATE)

/* ROW(optimizer, states): the gradient of a linear with two outputs of which only the difference counts, with the update. */
#define CONTRAST_INSTANCES(ROW) \
	ROW(sgd, 0) \
	ROW(sgd_momentum, 1)

/* ---- what the words of the rows stand for in a list of parameters */

#define NONE_PARAMETERS
#define ONE_PARAMETERS float a,
#define TWO_PARAMETERS float a, float b,

/* What backward is given: y; or x, which is made again of xhat, gamma and beta where batchnorm comes before. */
#define OUTPUT_NAME y
#define INPUT_NAME x
#define OUTPUT_ROWS(type) type y,
#define INPUT_ROWS(type)
#define OUTPUT_OR_BETA(rows, features) rows y,
#define INPUT_OR_BETA(rows, features) features beta,

#define NO_STATE(type, w)
#define ONE_STATE(type, w) type w##_state,

#endif
