/* Rows of networks for images: a training step, and the prediction of one sample. */
#include "bench.h"
#include "tool/options.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Subject { const char *name, *file; int batch; } Subject;

/* The network as bnc --print prints it; without its batchnorms if those are not wanted. */
static const char *printed(const Net *net, bool norms)
{
	char *text = arena_print(net->compilation.arena, "%s", network_text(net->compilation.arena,
		net->compilation.network)), *to = text;
	for (char *line = text, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (norms || strncmp(line + strspn(line, "\t"), "batchnorm", 9) != 0) {
			memmove(to, line, (size_t)(next - line));
			to += next - line;
		}
	}
	*to = 0;
	return text;
}

/* PyTorch's ways to run a network that is in a file of its own. */
typedef struct Peers { char file[40]; Question eager, last, compiled; } Peers;

/* False: the file cannot be written. */
static bool add_peers(Peers *peers, Row *row, const Bench *bench, const Net *net, const char *what, int batch)
{
	const char *text = printed(net, true);
	snprintf(peers->file, sizeof peers->file, "/tmp/bnc-bench-XXXXXX");
	const int file = mkstemp(peers->file);
	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text) || close(file) != 0)
		return false;
	ask_of_file(bench, &peers->eager, what, "eager", peers->file, batch, row->threads);
	ask_of_file(bench, &peers->last, what, "channels_last", peers->file, batch, row->threads);
	ask_of_file(bench, &peers->compiled, what, "compiled", peers->file, batch, row->threads);
	row_add(row, "PyTorch", measure_peer, &peers->eager);
	row_add(row, "channels_last", measure_peer, &peers->last);
	row_add(row, "torch.compile", measure_peer, &peers->compiled);
	return true;
}

/* The text of the subject's file; null: it cannot be read, and that has been said. */
static const char *text_of(const Subject *subject, Arena *arena)
{
	Source source;
	Failure failure;
	if (source_read(&source, arena, &(const NetworkArgument){subject->file, 0}, &failure))
		return source.text;
	fprintf(stderr, "bench: %s\n", failure.text);
	return 0;
}

static void bench_step(Bench *bench, const Subject *subject, int threads)
{
	Row row = {.threads = threads};
	Net net, plain, unfused;
	Peers peers;
	row_name(&row, "cnn step %s, batch %d", subject->name, subject->batch);
	if (!row_wanted(bench, &row))
		return;
	Arena *arena = arena_open();
	const char *source = text_of(subject, arena);
	if (source && net_open_text(&net, bench, source, subject->batch, threads, true) &&
		net_open_text(&plain, bench, printed(&net, false), subject->batch, threads, true) &&
		net_open_text(&unfused, bench, source, subject->batch, threads, false)) {
		row.flops = net_flops(&net);
		Peak peak = {bench, bench->set->name, threads, row.flops};
		row_add(&row, "bnc", measure_step, &net);
		row_add(&row, "FMA peak", measure_peak, &peak);
		row_add(&row, "bnc without BN", measure_step, &plain);
		row_add(&row, "bnc --no-fuse", measure_step, &unfused);
		if (add_peers(&peers, &row, bench, &net, "network", subject->batch))
			row_run(bench, &row);
		unlink(peers.file);
		net_close(&unfused);
		net_close(&plain);
		net_close(&net);
	}
	arena_close(arena);
}

static void bench_predict(Bench *bench, const Subject *subject)
{
	Row row = {.threads = 1};
	Net net;
	Deployed plain, vectors;
	Peers peers;
	row_name(&row, "cnn predict %s, 1 sample", subject->name);
	if (!row_wanted(bench, &row))
		return;
	Arena *arena = arena_open();
	const char *source = text_of(subject, arena);
	if (source && net_open_text(&net, bench, source, subject->batch, 1, true)) {
		const Program *program = &net.compilation.module->program;
		net.rows = 1;
		deployed_open(&plain, bench, source, program->inputs, program->outputs, 1);
		deployed_open(&vectors, bench, source, program->inputs, program->outputs, bench->set->lanes);
		row_add(&row, "with vectors", measure_deployed, &vectors);
		row_add(&row, "--inference", measure_deployed, &plain);
		row_add(&row, "bnc", measure_predict, &net);
		if (add_peers(&peers, &row, bench, &net, "inference", 1))
			row_run(bench, &row);
		unlink(peers.file);
		deployed_close(&vectors);
		deployed_close(&plain);
		net_close(&net);
	}
	arena_close(arena);
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
