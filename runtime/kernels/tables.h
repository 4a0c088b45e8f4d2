/* tables.h: the activations and the optimizers. From a row here come the kernel, and all kernels that do it in the same pass as
 * something else. `with` is passed on. */
#ifndef BNC_TABLES_H
#define BNC_TABLES_H

/* ROW(with, name, FROM, NUMBERS, WEIGHT): NAME_of(x) and NAME_gradient(dy, y or x) in activations.h are the functions; FROM tells what the
 * derivative is made of: the OUTPUT, y, or the INPUT, x. NUMBERS are the activation's own. */
#define ACTIVATIONS(ROW, with) \
	ROW(with, relu, OUTPUT, NONE, LIGHT) \
	ROW(with, leaky_relu, INPUT, SLOPE, LIGHT) \
	ROW(with, tanh, OUTPUT, NONE, HEAVY) \
	ROW(with, sigmoid, OUTPUT, NONE, HEAVY)

#define NONE_PARAMETERS
#define NONE_PASSED
#define SLOPE_PARAMETERS float slope,
#define SLOPE_PASSED , slope

/* What backward is given: y; or x, which behind batchnorm is made again of what is there: of xhat, gamma and beta. */
#define OUTPUT_NAME y
#define INPUT_NAME x
#define OUTPUT_ROWS(type) type y,
#define INPUT_ROWS(type)
#define OUTPUT_BEHIND_BATCHNORM(rows, features) rows y
#define INPUT_BEHIND_BATCHNORM(rows, features) features beta

/* ROW(with, name): the kernel NAME is elementwise in a w, its state, and its gradient dw; NAME_next in optimizers.h is the
 * function. NAME_PARAMETERS are the numbers, and the step where it counts; NAME_PASSED passes them on; NAME_STATE is the
 * state of one w; NAME_UPDATE that of one w as a NAME_Update, which has NAME_VALUES places: w, then its state. */
#define OPTIMIZERS(ROW, with) \
	ROW(with, sgd) \
	ROW(with, sgd_momentum)

#define sgd_PARAMETERS(counter) float lr, float weight_decay,
#define sgd_PASSED lr, weight_decay,
#define sgd_STATE(type, w)
#define sgd_UPDATE(w) { { w }, lr, weight_decay }

#define sgd_momentum_PARAMETERS(counter) \
	float lr, float weight_decay, float momentum, float undamped, int nesterov, counter step,
#define sgd_momentum_PASSED lr, weight_decay, momentum, undamped, nesterov, step,
#define sgd_momentum_STATE(type, w) type w##_buffer,
#define sgd_momentum_UPDATE(w) { { w, w##_buffer }, lr, weight_decay, momentum, undamped, nesterov, *step == 0 }

#endif
