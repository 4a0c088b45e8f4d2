/* FANN, a library that trains in plain C: the same network, batch and loss, as far as it has them. Found at run time:
 * it need not be here. */
#define _GNU_SOURCE
#include "bench.h"
#include <dlfcn.h>

/* fann_data.h of FANN 2.2 */
enum { LINEAR = 0, SIGMOID_SYMMETRIC = 5, TRAIN_BATCH = 1 };

typedef struct Fann Fann;
typedef struct FannData FannData;
typedef void FillSample(unsigned sample, unsigned inputs, unsigned outputs, float *input, float *output);

typedef struct Library {
	Fann *(*create)(unsigned layers, const unsigned *widths);
	FannData *(*create_data)(unsigned samples, unsigned inputs, unsigned outputs, FillSample *fill);
	void (*set_hidden)(Fann *, int function), (*set_output)(Fann *, int function),
		(*set_algorithm)(Fann *, int algorithm);
	void (*set_rate)(Fann *, float rate), (*destroy)(Fann *), (*destroy_data)(FannData *);
	float (*train_epoch)(Fann *, FannData *);
} Library;

typedef struct Trainer { Library library; Fann *net; FannData *data; } Trainer;

static bool find_library(Library *library)
{
	void *handle = dlopen("libfloatfann.so.2", RTLD_NOW | RTLD_LOCAL);
	const struct { const char *name; void *place; } functions[] = {
		{"fann_create_standard_array", &library->create}, {"fann_create_train_from_callback", &library->create_data},
		{"fann_set_activation_function_hidden", &library->set_hidden}, {"fann_set_activation_function_output",
			&library->set_output},
		{"fann_set_training_algorithm", &library->set_algorithm}, {"fann_set_learning_rate", &library->set_rate},
		{"fann_destroy", &library->destroy}, {"fann_destroy_train", &library->destroy_data},
			{"fann_train_epoch", &library->train_epoch},
	};
	for (size_t i = 0; handle && i < sizeof functions / sizeof *functions; i++)
		if (!(*(void **)functions[i].place = dlsym(handle, functions[i].name)))
			return false;
	return handle;
}

static void fill_sample(unsigned sample, unsigned inputs, unsigned outputs, float *input, float *output)
{
	for (unsigned i = 0; i < inputs; i++)
		input[i] = (float)((sample * 7 + i * 3) % 11) / 5 - 1;
	for (unsigned i = 0; i < outputs; i++)
		output[i] = (float)((sample + i) % 2);
}

static bool trainer_open(Trainer *trainer, const Shapes *shapes)
{
	Library *library = &trainer->library;
	unsigned widths[MAX_WIDTHS];
	*trainer = (Trainer){.net = 0};
	if (!find_library(library))
		return false;
	for (int i = 0; i < shapes->count; i++)
		widths[i] = (unsigned)shapes->widths[i];
	trainer->net = library->create((unsigned)shapes->count, widths);
	trainer->data = library->create_data((unsigned)shapes->batch, widths[0], widths[shapes->count - 1], fill_sample);
	if (!trainer->net || !trainer->data)
		return false;
	library->set_hidden(trainer->net, SIGMOID_SYMMETRIC);
	library->set_output(trainer->net, LINEAR);
	library->set_algorithm(trainer->net, TRAIN_BATCH);
	library->set_rate(trainer->net, 1e-6f);
	return true;
}

static void trainer_close(Trainer *trainer)
{
	if (trainer->net)
		trainer->library.destroy(trainer->net);
	if (trainer->data)
		trainer->library.destroy_data(trainer->data);
}

static void call_trainer(void *subject)
{
	Trainer *trainer = subject;
	trainer->library.train_epoch(trainer->net, trainer->data);
}

static double measure_trainer(void *subject, double seconds)
{
	const Trainer *trainer = subject;
	return trainer->net && trainer->data ? measure_calls(call_trainer, subject, seconds) : 0;
}

static void bench_tanh(Bench *bench, const char *widths, int batch)
{
	Shapes shapes = shapes_read(widths, batch, false);
	Row row = {.threads = 1, .flops = step_flops(&shapes)};
	Net net;
	Trainer trainer;
	shapes.activation = "tanh";
	shapes.mse = true;
	row_name(&row, "step %s tanh, mse, batch %d", widths, batch);
	if (!row_wanted(bench, &row) || !net_open(&net, bench, &shapes, 1, true))
		return;
	trainer_open(&trainer, &shapes);
	row_add(&row, "bnc", measure_step, &net);
	row_add(&row, "FANN", measure_trainer, &trainer);
	row_run(bench, &row);
	trainer_close(&trainer);
	net_close(&net);
}

void bench_fann(Bench *bench)
{
	bench->heading = "beside a plain-C trainer";
	bench_tanh(bench, "2-64-2", 32);
	bench_tanh(bench, "784-512-512-10", 128);
}
