/* Rows of training: single steps, and whole epochs. */
#include "bench.h"
#include <string.h>

/* FLOPs below which bnc uses one thread whatever it is offered, and so does this. */
enum { WORTH_SHARING = 10000000 };

/* What is not relu and plain sgd. */
typedef struct Kind { const char *activation; double momentum; } Kind;

static void bench_step(Bench *bench, const char *widths, int batch, const Kind *kind, int threads)
{
	Shapes with = shapes_read(widths, batch, true), without = shapes_read(widths, batch, false);
	with.activation = without.activation = kind->activation;
	with.momentum = without.momentum = kind->momentum;
	Row row = {.threads = threads, .flops = step_flops(&with)};
	Peak peak = {bench, bench->set->name, threads, row.flops};
	Net net, plain, unfused;
	Question eager, eager_plain, compiled, from_c;
	row_name(&row, "step %s BN%s%s%s, batch %d", widths, kind->activation ? " " : "",
		kind->activation ? kind->activation : "", kind->momentum > 0 ? " momentum" : "", batch);
	if (!row_wanted(bench, &row))
		return;
	ask(bench, &eager, "step", "eager", &with, threads);
	ask(bench, &eager_plain, "step", "eager", &without, threads);
	ask(bench, &compiled, "step", "compiled", &with, threads);
	ask(bench, &from_c, "step", "C++", &with, threads);
	if (net_open(&net, bench, &with, threads, true) && net_open(&plain, bench, &without, threads, true) &&
		net_open(&unfused, bench, &with, threads, false)) {
		row_add(&row, "bnc", measure_step, &net);
		row_add(&row, "FMA peak", measure_peak, &peak);
		row_add(&row, "FMA peak, loading", measure_tile, &peak);
		row_add(&row, "bnc without BN", measure_step, &plain);
		row_add(&row, "bnc --no-fuse", measure_step, &unfused);
		row_add(&row, "PyTorch", measure_peer, &eager);
		row_add(&row, "PyTorch without BN", measure_peer, &eager_plain);
		row_add(&row, "torch.compile", measure_peer, &compiled);
		row_add(&row, "libtorch, C++", measure_peer, &from_c);
		row_run(bench, &row);
		net_close(&unfused);
		net_close(&plain);
		net_close(&net);
	}
}

void bench_training(Bench *bench)
{
	static const struct { const char *widths; int batch; Kind kind; } networks[] = {
		{"2-64-2", 32, {0, 0}}, {"2-64-2", 32, {"leaky_relu", 0}}, {"2-64-2", 32, {0, 0.9}},
			{"784-512-512-10", 128, {0, 0}},
		{"784-512-512-10", 128, {0, 0.9}}, {"784-1024-1024-10", 256, {0, 0}}, {"300-700-130-7", 96, {0, 0}},
			{"65-33-17-3", 50, {0, 0}},
	};
	bench->heading = "training steps";
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
		const Shapes shapes = shapes_read(networks[i].widths, networks[i].batch, true);
		bench_step(bench, networks[i].widths, networks[i].batch, &networks[i].kind, 1);
		if (bench->cores > 1 && step_flops(&shapes) > WORTH_SHARING)
			bench_step(bench, networks[i].widths, networks[i].batch, &networks[i].kind, bench->cores);
	}
}

/* ---- epochs: what a run takes beside its steps */

typedef struct Epochs { const Bench *bench; Data data; Net net; int count; } Epochs;

/* A whole run as the command makes it, divided by its steps. */
static void call_run(void *subject)
{
	Epochs *epochs = subject;
	Failure failure;
	Random random;
	Run run = {.program = &epochs->net.compilation.module->program, .net = epochs->net.memory, .schedule.lr = 1e-4};
	Training training = {
		.runs = &run, .run_count = 1, .host = &epochs->net.host, .data = &epochs->data,
		.batch = epochs->net.rows,
		.epochs = epochs->count, .random = &random, .shuffle = true, .quiet = true,
	};
	random_seed(&random, 0);
	train(&training, &failure);
}

/* The same steps with nothing around them, the smaller last one of an epoch included. */
static void call_steps(void *subject)
{
	Epochs *epochs = subject;
	Net *net = &epochs->net;
	for (int epoch = 0; epoch < epochs->count; epoch++)
		for (int begin = 0; begin < epochs->data.rows; begin += net->rows) {
			int rows = epochs->data.rows - begin < net->rows ? epochs->data.rows - begin : net->rows;
			net->compilation.module->program.train(net->memory, rows, 1e-4f, &net->host);
		}
}

static double measure_run(void *subject, double seconds)
{
	return measure_calls(call_run, subject, seconds);
}

static double measure_steps(void *subject, double seconds)
{
	return measure_calls(call_steps, subject, seconds);
}

static void bench_run(Bench *bench, const char *widths, int batch)
{
	Epochs epochs = {.bench = bench, .count = 10};
	Shapes shapes = shapes_read(widths, batch, true);
	Failure failure;
	Row row = {.threads = 1};
	row_name(&row, "epochs of moons, %s BN, batch %d", widths, batch);
	if (!row_wanted(bench, &row) || !data_open(&epochs.data, "moons", 0, &failure)
		|| !net_open(&epochs.net, bench, &shapes, 1, true))
		return;
	row_add(&row, "bnc, whole run", measure_run, &epochs);
	row_add(&row, "its steps alone", measure_steps, &epochs);
	row_run(bench, &row);
	net_close(&epochs.net);
	data_close(&epochs.data);
}

void bench_epochs(Bench *bench)
{
	bench->heading = "epochs";
	bench_run(bench, "2-64-2", 32);
	bench_run(bench, "2-64-64-2", 200);
}
