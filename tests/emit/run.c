/* Trains the emitted network `device` on moons as `bnc --train moons --log-steps` does, and prints each step's loss,
 * then the learning rate of each epoch's last step.
 *
 *	run EPOCHS SEED */
#include "runtime.h"
#include "device.h"
#include <stdlib.h>
#include <string.h>

static device net;
typedef REAL real;

/* Draws from the generator what initialisation draws: a number for each value that is not 0 or 1 from the start. */
static void skip_initial(Random *random)
{
	for (int i = 0; i < DEVICE_TENSORS; i++) {
		const device_tensor *tensor = &device_tensors[i];
		size_t count = (size_t)tensor->shape[0] * (size_t)tensor->shape[1];
		if (tensor->rank == 0)
			continue;
		real *values = malloc(count * sizeof *values);
		device_get(&net, tensor, values);
		for (size_t k = 0; values[0] != 0 && values[0] != 1 && k < count; k++)
			sizeof *values == sizeof(double) ? (void)random_u64(random) : (void)random_u32(random);
		free(values);
	}
}

/* bnc's networks draw random numbers from the generator that orders the samples. */
#ifdef DRAWS
static void take_random(Random *random)
{
	memcpy(random->state, net.generator, sizeof random->state);
	random->position = (int)net.generator[STATE_WORDS];
}

static void give_random(const Random *random)
{
	memcpy(net.generator, random->state, sizeof random->state);
	net.generator[STATE_WORDS] = (uint32_t)random->position;
}
#else
#define take_random(random) (void)(random)
#define give_random(random) (void)(random)
#endif

/* What a schedule changes the rate with. */
#if defined RATE_OF_STEP
#define RATE device_rate(step, steps)
#elif defined RATE_OF_EPOCH
#define RATE device_rate(epoch, epochs)
#else
#define RATE DEVICE_LEARNING_RATE
#endif

#ifndef DEVICE_ACCUMULATE
#define DEVICE_ACCUMULATE 1
#define device_update(net, lr) (void)(net)
#endif

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	const int epochs = atoi(argv[1]), batch = DEVICE_MAX_BATCH;
	const uint32_t seed = (uint32_t)atoi(argv[2]);
	static real x[DEVICE_MAX_BATCH][DEVICE_INPUTS];
	static int32_t label[DEVICE_MAX_BATCH];
	Data data;
	Random random;
	Failure failure;
	if (!data_open(&data, "moons", &(const DataOptions){.number_bytes = sizeof(real)}, &failure))
		return 1;
	int *order = malloc((size_t)data.rows * sizeof *order);
	device_init(&net, seed);
	random_seed(&random, seed);
	skip_initial(&random);
	real *rates = malloc((size_t)epochs * sizeof *rates);
	/* a step is an update here */
	const int rows_of_step = batch * DEVICE_ACCUMULATE, steps_of_epoch = (data.rows + rows_of_step - 1) / rows_of_step,
		steps = epochs * steps_of_epoch;
	for (int epoch = 0; epoch < epochs; epoch++) {
		take_random(&random);
		torch_epoch_order(&random, order, data.rows);
		give_random(&random);
		for (int begin = 0; begin < data.rows; begin += batch) {
			int rows = data.rows - begin < batch ? data.rows - begin : batch;
			for (int row = 0; row < rows; row++) {
				for (int i = 0; i < data.features; i++)
					x[row][i] = (real)number_at(data.x_any, sizeof(real),
						(size_t)order[begin + row] * DEVICE_INPUTS + (size_t)i);
				label[row] = data.labels[order[begin + row]];
			}
			const int step = epoch * steps_of_epoch + begin / rows_of_step;
			(void)step;
			(void)steps;
			rates[epoch] = RATE;
			printf("%.*g\n", number_digits(sizeof(real)), (double)device_train(&net, x[0], label, rows, rates[epoch]));
		}
		device_update(&net, rates[epoch]);
	}
	for (int epoch = 0; epoch < epochs; epoch++)
		printf("%.*g\n", number_digits(sizeof(real)), (double)rates[epoch]);
	free(rates);
	free(order);
	data_close(&data);
	return 0;
}
