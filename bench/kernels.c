/* Rows of kernels that are not products: one panel of a batch of 128 in L1, as the loops call them. Their roof is how
 * fast that many bytes can be loaded. */
#include "bench.h"
#include "kernels.h"
#include <stdlib.h>
#include <string.h>

enum { ROWS = 128, CLASSES = 10, MOST_LANES = 16, PLACES = 5 };

/* Places for panels, and what a kernel may read and write beside them. */
typedef struct Panels {
	const KernelSet *set;
	float *panel[PLACES];
	float features[8][MOST_LANES];
	float loss, correct;
	float numbers[NUMBERS];
	int32_t label[ROWS], index[ROWS];
} Panels;

static void call_relu(void *p) { Panels *s = p; s->set->table->relu(ROWS, s->panel[0], s->panel[1]); }
static void call_tanh(void *p) { Panels *s = p; s->set->table->tanh(ROWS, s->panel[0], s->panel[1]); }
static void call_sigmoid(void *p) { Panels *s = p; s->set->table->sigmoid(ROWS, s->panel[0], s->panel[1]); }
static void call_relu_bwd(void *p) { Panels *s = p; s->set->table->relu_bwd(ROWS, s->panel[0], s->panel[1],
	s->panel[2]); }
static void call_column_sum(void *p) { Panels *s = p; s->set->table->column_sum(ROWS, s->features[0], s->panel[1]); }
static void call_gather(void *p) { Panels *s = p; s->set->gather(ROWS, s->set->lanes, s->panel[0], s->panel[1],
	s->index); }

static void call_update(Panels *s, optimizer *update, float *state)
{
	update(ROWS * s->set->lanes, s->numbers, s->panel[0], state, NULL, NULL, s->panel[1]);
}

static void call_sgd(void *p) { Panels *s = p; call_update(s, s->set->table->sgd, NULL); }
static void call_momentum(void *p) { Panels *s = p; call_update(s, s->set->table->sgd_momentum, s->panel[2]); }

static void call_batchnorm(void *p)
{
	Panels *s = p;
	s->set->table->batchnorm(ROWS, 1e-5f, 0.9f, 0.1f, s->panel[0], s->features[0], s->features[1], s->features[2],
		s->panel[1]);
}

static void call_batchnorm_bwd(void *p)
{
	Panels *s = p;
	s->set->table->batchnorm_bwd(ROWS, s->panel[0], s->features[3], s->features[4], s->panel[1], s->panel[2],
		s->features[0], s->features[5]);
}

static void call_batchnorm_relu(void *p)
{
	Panels *s = p;
	s->set->table->batchnorm_relu(ROWS, 1e-5f, 0.9f, 0.1f, s->panel[0], s->panel[1], s->features[0], s->features[1],
		s->features[2], s->panel[2], s->features[5], s->features[6]);
}

static void call_batchnorm_relu_bwd(void *p)
{
	Panels *s = p;
	s->set->table->batchnorm_relu_bwd(ROWS, s->panel[0], s->features[3], s->features[4], s->panel[1], s->panel[2],
		s->panel[3], s->features[0], s->features[5]);
}

static void call_cross_entropy(void *p)
{
	Panels *s = p;
	s->set->table->cross_entropy(ROWS, CLASSES < s->set->lanes ? CLASSES : s->set->lanes, &s->loss, &s->correct,
		s->panel[0], s->panel[1], s->label);
}

typedef struct KernelCall { const char *name; void (*call)(void *panels); int panels; Panels *subject; } KernelCall;

/* panels: how many a call reads or writes, each once */
static const KernelCall kernel_calls[] = {
	{"relu", call_relu, 2}, {"relu_bwd", call_relu_bwd, 3}, {"tanh", call_tanh, 2}, {"sigmoid", call_sigmoid, 2},
	{"batchnorm", call_batchnorm, 2}, {"batchnorm_relu", call_batchnorm_relu, 3},
		{"batchnorm_bwd", call_batchnorm_bwd, 3},
	{"batchnorm_relu_bwd", call_batchnorm_relu_bwd, 4}, {"column_sum", call_column_sum, 1},
		{"cross_entropy", call_cross_entropy, 2},
	{"sgd", call_sgd, 3}, {"sgd_momentum", call_momentum, 5}, {"gather", call_gather, 2},
};

static double measure_kernel(void *subject, double seconds)
{
	const KernelCall *call = subject;
	return measure_calls(call->call, call->subject, seconds);
}

static void bench_kernel(Bench *bench, Panels *panels, KernelCall call)
{
	size_t bytes = (size_t)call.panels * ROWS * (size_t)bench->set->lanes * sizeof(float);
	Row row = {.threads = 1, .bytes = (double)bytes};
	Bandwidth bandwidth;
	call.subject = panels;
	row_name(&row, "kernel %s, a panel of %d rows", call.name, ROWS);
	if (bandwidth_open(&bandwidth, bytes, row.bytes)) {
		row_add(&row, "bnc", measure_kernel, &call);
		row_add(&row, "loads of that size", measure_bandwidth, &bandwidth);
		row_run(bench, &row);
	}
	bandwidth_close(&bandwidth);
}

void bench_kernels(Bench *bench)
{
	Panels panels = {.set = bench->set};
	const size_t floats = (size_t)ROWS * MOST_LANES;
	float *memory = aligned_alloc(64, PLACES * floats * sizeof *memory);
	Random random;
	random_seed(&random, 3);
	if (!memory)
		return;
	torch_uniform(&random, memory, PLACES * floats, -1, 1);
	torch_uniform(&random, panels.features[0], sizeof panels.features / sizeof(float), 0.5, 1.5);
	for (int i = 0; i < PLACES; i++)
		panels.panel[i] = memory + (size_t)i * floats;
	for (int i = 0; i < ROWS; i++) {
		panels.label[i] = i % CLASSES;
		panels.index[i] = i;
	}
	const int64_t step = 1;
	panels.set->table->sgd_momentum_numbers(panels.numbers, 1e-9f, 0, 0.9f, 1, 0, &step);
	bench->heading = "kernels beside the products";
	for (size_t i = 0; i < sizeof kernel_calls / sizeof *kernel_calls; i++)
		bench_kernel(bench, &panels, kernel_calls[i]);
	free(memory);
}
