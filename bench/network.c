/* A network as bnc runs it: compiled in this process, fed with one batch of noise. */
#include "bench.h"
#include <stdlib.h>
#include <string.h>

Shapes shapes_read(const char *widths, int batch, bool norm)
{
	Shapes shapes = {.norm = norm, .batch = batch};
	char *end = (char *)widths;
	while (*end && shapes.count < MAX_WIDTHS) {
		shapes.widths[shapes.count++] = (int)strtol(end, &end, 10);
		end += *end == '-';
	}
	return shapes;
}

const char *shapes_text(const Shapes *shapes, char *text, size_t size)
{
	size_t used = 0;
	for (int i = 0; i < shapes->count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%d", i ? "-" : "", shapes->widths[i]);
	return text;
}

const char *shapes_source(const Shapes *shapes, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "batch %d; optimizer sgd lr=1e-4 momentum=%g; loss %s", shapes->batch,
		shapes->momentum, shapes->mse ? "mse" : "cross_entropy");
	for (int i = 1; i < shapes->count; i++) {
		bool last = i == shapes->count - 1;
		used += (size_t)snprintf(text + used, size - used, "; linear %d %d%s%s%s", shapes->widths[i - 1],
			shapes->widths[i], shapes->norm && !last ? "; batchnorm" : "", last ? "" : "; ",
			last ? "" : shapes->activation ? shapes->activation : "relu");
	}
	return text;
}

double step_flops(const Shapes *shapes)
{
	double flops = 0;
	for (int i = 1; i < shapes->count; i++)
		flops += (i == 1 ? 4.0 : 6.0) * shapes->batch * shapes->widths[i - 1] * shapes->widths[i];
	return flops;
}

/* One batch of noise, and its labels. */
static bool fill(const Net *net)
{
	const Program *program = &net->compilation.module->program;
	float *table = malloc((size_t)program->max_rows * (size_t)program->inputs * sizeof *table);
	char *base = net->memory;
	Random random;
	if (!table)
		return false;
	random_seed(&random, 1);
	torch_uniform(&random, table, (size_t)program->max_rows * (size_t)program->inputs, -1, 1);
	program->kernels->gather(program->max_rows, program->inputs, (float *)(base + program->x), table, 0);
	for (int i = 0; i < program->max_rows && program->truth != TRUTH_VALUES; i++)
		((int32_t *)(base + program->label))[i] = i % program->outputs;
	free(table);
	return true;
}

bool net_open(Net *net, const Bench *bench, const Shapes *shapes, int threads, bool fuse)
{
	static char source[1 << 14];
	return net_open_text(net, bench, shapes_source(shapes, source, sizeof source), shapes->batch, threads, fuse);
}

bool net_open_text(Net *net, const Bench *bench, const char *source, int batch, int threads, bool fuse)
{
	Failure failure = {0};
	Random random;
	*net = (Net){.rows = batch};
	Compilation *c = &net->compilation;
	*c = (Compilation){.arena = arena_open(), .source = {"-e", source, strlen(source)},
		.options = {.target = bench->set, .any_target = bench->any_set,
			.fuse = fuse, .pairs = true, .threads = threads}};
	random_seed(&random, 0);
	if (!compile(c, STAGE_RUN, &(Overrides){batch, -1, -1}, &failure)) {
		diagnostics_print(c->diagnostics, stderr);
		fprintf(stderr, "bench: %s: %s\n", source, failure.text);
		return false;
	}
	net->memory = program_allocate(&c->module->program, &failure);
	net->host.pool = c->module->options.threads > 1 ? bench->pool : 0;
	return net->memory && program_initialise(&c->module->program, net->memory, &random, &failure) && fill(net);
}

void net_close(Net *net)
{
	program_free(&net->compilation.module->program, net->memory);
	compilation_close(&net->compilation);
}

/* A rate this small: a batch that is learnt by heart has gradients too small for normal floats, which are slow. */
static void call_step(void *subject)
{
	Net *net = subject;
	net->compilation.module->program.train(net->memory, net->rows, 1e-6f, &net->host);
}

static void call_predict(void *subject)
{
	Net *net = subject;
	net->compilation.module->program.predict(net->memory, net->rows, &net->host);
}

double measure_step(void *subject, double seconds)
{
	return measure_calls(call_step, subject, seconds);
}

double measure_predict(void *subject, double seconds)
{
	return measure_calls(call_predict, subject, seconds);
}

static double flops_of(const Module *module, const Loops *loops)
{
	double flops = 0;
	for (int i = 0; i < loops->count; i++)
		flops += loop_flops(module, loops->items[i]);
	return flops;
}

double net_flops(const Net *net)
{
	const Module *module = net->compilation.module;
	return flops_of(module, &module->train.loops) + flops_of(module, &module->update.loops);
}

size_t net_weight_bytes(const Net *net)
{
	return (size_t)program_parameters(&net->compilation.module->program) * sizeof(float);
}
