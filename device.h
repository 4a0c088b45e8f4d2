/* device: a neural network with its training, written by bnc 0.1.0.
 * This code belongs to whoever generated it; no licence of bnc applies to it.
 *
 * The network:
 *     # The smallest network that shows what BatchNorm does: the article's experiment (docs/batchnorm.md) with it.
 *     input 2
 *     linear 2 64
 *     batchnorm
 *     relu
 *     linear 64 2
 *     loss cross_entropy
 *     optimizer sgd lr=1e-4
 *     batch 32
 *     epochs 10
 *
 * Its layers and the shapes of their outputs, for one sample:
 *                          input            2
 *     0                    linear           64
 *     1                    batchnorm        64
 *     2                    relu             64
 *     3                    linear           2
 *
 * Loss: cross_entropy label_smoothing=0
 * Optimizer: sgd momentum=0 dampening=0 weight_decay=0 nesterov=false
 *
 * Memory in bytes, for batches of up to 8 rows:
 *       1800  parameters
 *        520  running statistics
 *          0  the optimizer's state
 *         64  the batch
 *       2816  work: 2596 for what backward reads of forward, the rest for scratch (2816 are in use at the worst
 *             moment). What begins at one place follows each other there:
 *                 from byte 0: x_moments
 *                 from byte 256: x_centred
 *                 from byte 320: y_2
 *                 from byte 2368: rstd_1
 *                 from byte 2624: y_3
 *                 from byte 2688: numbers
 *                 from byte 2752: dy_3
 *       5200  in all, for training
 *       4560  of it for prediction, which takes 2176 of work
 *       2160  of the stack for a training step, 1072 for prediction, at most: gcc on x86-64, with -Os, -O2 or -O3
 * Nothing is allocated, and nothing but the stack is used beside it.
 */
#ifndef DEVICE_H
#define DEVICE_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEVICE_INPUTS 2  /* floats of a sample */
#define DEVICE_OUTPUTS 2
#define DEVICE_PARAMETERS 450
#define DEVICE_MIN_BATCH 2  /* rows of a training step: one has no variance */
#define DEVICE_MAX_BATCH 8
#define DEVICE_LEARNING_RATE 0.0001f  /* of the network's text */
#define DEVICE_LANES 1  /* features that are stored side by side */
#define DEVICE_BYTES 5200  /* of the struct */

/* Everything there is of one network: no pointer, nothing elsewhere. Place it where you like, copy it with memcpy. A
 * matrix of outputs x inputs lies in panels of DEVICE_LANES outputs, [panel][input][lane]: device_get and device_set
 * translate. */
typedef struct device {
	/* parameters */
	float weight_0[128];                     /* 0.weight: 64 x 2 */
	float bias_0[64];                        /* 0.bias: 64 */
	float weight_1[64];                      /* 1.weight: 64 */
	float bias_1[64];                        /* 1.bias: 64 */
	float weight_3[128];                     /* 3.weight: 2 x 64 */
	float bias_3[2];                         /* 3.bias: 2 */
	/* running statistics */
	float running_mean_1[64];                /* 1.running_mean: 64 */
	float running_var_1[64];                 /* 1.running_var: 64 */
	/* the batch at work */
	float x[16];                             /* 8 rows of 2 */
	float work[704];
	/* counters */
	int64_t num_batches_tracked_1;           /* 1.num_batches_tracked: one value */
} device;

typedef char device_is_as_large_as_planned[sizeof(device) == DEVICE_BYTES ? 1 : -1];

/* The initial weights that bnc, and PyTorch, draw for this seed (its lower 32 bits). This or
 * device_load comes first: only then is the struct a network. */
void device_init(device *net, uint64_t seed);

/* y[rows][DEVICE_OUTPUTS] from x[rows][DEVICE_INPUTS], with running statistics, for any number of
 * rows; none when rows <= 0. Works in the network's own memory: calls for one network must not overlap in time. */
void device_predict(device *net, const float *x, float *y, int rows);

/* y holds a logit for each class, DEVICE_OUTPUTS for each sample: any number, larger for a likelier class. The probability of
 * class i is softmax(y)[i] = exp(y[i]) / (exp(y[0]) + ... + exp(y[DEVICE_OUTPUTS - 1])), in which the largest of y may first
 * be taken off all of them, so that no exp overflows. The likeliest class of one sample, as its label: the first of those
 * with the largest logit. A NaN is larger than none, and none is larger than it. */
int32_t device_classify(const float *y);

/* One step on x[rows][DEVICE_INPUTS] and label[rows]: forward, backward and update.
 * Returns the rows' mean loss before the update; NaN, and nothing changes, where rows is not from DEVICE_MIN_BATCH
 * to DEVICE_MAX_BATCH or a label is not from 0 to DEVICE_OUTPUTS - 1. */
float device_train(device *net, const float *x, const int32_t *label, int rows, float lr);

/* ---- the tensors by name, and their bytes */

typedef enum device_role { DEVICE_PARAMETER, DEVICE_STATISTIC, DEVICE_OPTIMIZER_STATE } device_role;

typedef struct device_tensor {
	char name[22];   /* as PyTorch's state_dict has it */
	int32_t role;    /* a device_role */
	int32_t rank;    /* 2: shape[0] x shape[1]; 1: shape[0] values; 0: one int64_t */
	int32_t shape[2];
	uint32_t offset; /* bytes from the start of the struct */
} device_tensor;

#define DEVICE_TENSORS 9
extern const device_tensor device_tensors[DEVICE_TENSORS];

/* The tensor as row-major floats, and back. Not for a tensor of rank 0, which is an int64_t at its offset. */
void device_get(const device *net, const device_tensor *tensor, float *values);
void device_set(device *net, const device_tensor *tensor, const float *values);

/* Everything that training has made, the optimizer's state with it, in bytes that mean the same on any machine. */
#define DEVICE_SAVE_BYTES 2336

/* Bytes written: DEVICE_SAVE_BYTES, or 0 when size is less. */
size_t device_save(const device *net, void *buffer, size_t size);

typedef enum device_load_result {
	DEVICE_LOAD_OK,
	DEVICE_LOAD_SHORT,    /* less than DEVICE_SAVE_BYTES */
	DEVICE_LOAD_FOREIGN,  /* of another network, or no save */
	DEVICE_LOAD_DAMAGED   /* the check sum is wrong */
} device_load_result;

/* Leaves the network as it was unless the result is DEVICE_LOAD_OK. Needs no device_init before it. */
device_load_result device_load(device *net, const void *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
