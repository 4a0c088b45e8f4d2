/* Rows of networks for images: a training step, and the prediction of one sample. */
#include "bench.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Subject { const char *name, *file; int batch; } Subject;

static char *read_text(const char *name)
{
	FILE *file = fopen(name, "rb");
	char *text = calloc(1, 1 << 14);
	if (file && text && fread(text, 1, (1 << 14) - 1, file) == 0)
		*text = 0;
	if (file)
		fclose(file);
	return text;
}

/* The network that bnc --print prints, in a new file. False: none was written. */
static bool write_printed(const Net *net, char *name)
{
	int file = mkstemp(name);
	const char *text = network_text(net->compilation.arena, net->compilation.network);
	return file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) && close(file) == 0;
}

/* What is printed of the network without the lines of its batchnorms. */
static const char *without_norms(const Net *net)
{
	char *text = strdup(network_text(net->compilation.arena, net->compilation.network)), *to = text;
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		next = next ? next + 1 : line + strlen(line);
		if (strncmp(line + strspn(line, "\t"), "batchnorm", 9) != 0) {
			memmove(to, line, (size_t)(next - line));
			to += next - line;
		}
	}
	*to = 0;
	return text;
}

static void bench_step(Bench *bench, const Subject *subject, int threads)
{
	char printed[] = "/tmp/bnc-bench-XXXXXX";
	Row row = {.threads = threads};
	Net net, plain, unfused;
	Question eager, last, compiled;
	row_name(&row, "cnn step %s, batch %d", subject->name, subject->batch);
	if (!row_wanted(bench, &row))
		return;
	char *source = read_text(subject->file);
	if (!net_open_text(&net, bench, source, subject->batch, threads, true) || !write_printed(&net, printed) ||
		!net_open_text(&plain, bench, without_norms(&net), subject->batch, threads, true) ||
		!net_open_text(&unfused, bench, source, subject->batch, threads, false))
		return;
	row.flops = net_flops(&net);
	Peak peak = {bench, bench->set->name, threads, row.flops};
	ask_of_file(bench, &eager, "network", "eager", printed, subject->batch, threads);
	ask_of_file(bench, &last, "network", "channels_last", printed, subject->batch, threads);
	ask_of_file(bench, &compiled, "network", "compiled", printed, subject->batch, threads);
	row_add(&row, "bnc", measure_step, &net);
	row_add(&row, "FMA peak", measure_peak, &peak);
	row_add(&row, "bnc without BN", measure_step, &plain);
	row_add(&row, "bnc --no-fuse", measure_step, &unfused);
	row_add(&row, "PyTorch", measure_peer, &eager);
	row_add(&row, "channels_last", measure_peer, &last);
	row_add(&row, "torch.compile", measure_peer, &compiled);
	row_run(bench, &row);
	unlink(printed);
	net_close(&unfused);
	net_close(&plain);
	net_close(&net);
	free(source);
}

static void bench_predict(Bench *bench, const Subject *subject)
{
	char printed[] = "/tmp/bnc-bench-XXXXXX";
	Row row = {.threads = 1};
	Net net;
	Deployed plain, vectors;
	Question eager, last, compiled;
	row_name(&row, "cnn predict %s, 1 sample", subject->name);
	if (!row_wanted(bench, &row))
		return;
	char *source = read_text(subject->file);
	if (!net_open_text(&net, bench, source, subject->batch, 1, true) || !write_printed(&net, printed))
		return;
	net.rows = 1;
	const int inputs = net.compilation.module->program.inputs, outputs = net.compilation.module->program.outputs;
	deployed_open(&plain, bench, source, inputs, outputs, 1);
	deployed_open(&vectors, bench, source, inputs, outputs, bench->set->lanes);
	ask_of_file(bench, &eager, "inference", "eager", printed, 1, 1);
	ask_of_file(bench, &last, "inference", "channels_last", printed, 1, 1);
	ask_of_file(bench, &compiled, "inference", "compiled", printed, 1, 1);
	row_add(&row, "with vectors", measure_deployed, &vectors);
	row_add(&row, "--inference", measure_deployed, &plain);
	row_add(&row, "bnc", measure_predict, &net);
	row_add(&row, "PyTorch", measure_peer, &eager);
	row_add(&row, "channels_last", measure_peer, &last);
	row_add(&row, "torch.compile", measure_peer, &compiled);
	row_run(bench, &row);
	unlink(printed);
	deployed_close(&vectors);
	deployed_close(&plain);
	net_close(&net);
	free(source);
}

void bench_images(Bench *bench)
{
	static const Subject networks[] = {
		{"vgg_small", "models/vgg_small.net", 64}, {"resnet8", "models/resnet8.net", 128},
		{"resnet20", "models/resnet20.net", 128}, {"lenet", "models/lenet.net", 64},
		{"mobilenet", "bench/networks/mobilenet.net", 64}, {"ds_cnn", "models/ds_cnn.net", 32},
		{"conv_autoencoder", "bench/networks/conv_autoencoder.net", 64},
	};
	bench->heading = "networks for images";
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
		for (int threads = 1; threads <= bench->cores; threads += bench->cores > 1 ? bench->cores - 1 : 1)
			bench_step(bench, &networks[i], threads);
	bench_predict(bench, &networks[3]);
	bench_predict(bench, &networks[5]);
}
