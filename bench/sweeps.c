/* Step time against width, depth and batch, with BatchNorm and without, beside PyTorch: where each is faster. */
#include "bench.h"
#include <string.h>

/* A point that bnc loses, to be listed at the end. */
typedef struct Loss { char title[128]; double ratio; } Loss;
enum { MAX_LOSSES = 100 };
static Loss losses[MAX_LOSSES];
static int loss_count;

static void bench_point(Bench *bench, const char *title, const Shapes *shapes, int threads)
{
	Row row = {.threads = threads, .flops = step_flops(shapes)};
	Peak peak = {bench, bench->set->name, threads, row.flops};
	Net net;
	Question eager;
	row_name(&row, "%s%s", title, shapes->norm ? " BN" : "");
	if (!row_wanted(bench, &row))
		return;
	ask(bench, &eager, "step", "eager", shapes, threads);
	if (!net_open(&net, bench, shapes, threads, true))
		return;
	row_add(&row, "bnc", measure_step, &net);
	row_add(&row, "FMA peak", measure_peak, &peak);
	row_add(&row, "PyTorch", measure_peer, &eager);
	row_run(bench, &row);
	if (row.ratios[2] > 0 && row.ratios[2] < 1 && loss_count < MAX_LOSSES) {
		losses[loss_count].ratio = row.ratios[2];
		snprintf(losses[loss_count++].title, sizeof losses->title, "%s, %d threads", row.title, threads);
	}
	net_close(&net);
}

static Shapes wide(int width, int depth, int batch, bool norm)
{
	Shapes shapes = {.norm = norm, .batch = batch};
	shapes.widths[shapes.count++] = 64;
	for (int i = 0; i < depth; i++)
		shapes.widths[shapes.count++] = width;
	shapes.widths[shapes.count++] = 10;
	return shapes;
}

static void sweep(Bench *bench, const char *what, const int values[], int threads)
{
	char title[64];
	for (const int *value = values; *value; value++)
		for (int norm = 0; norm < 2; norm++) {
			Shapes shapes = strcmp(what, "width") == 0 ? wide(*value, 2, 128, norm)
				: strcmp(what, "depth") == 0 ? wide(256, *value, 128, norm) : wide(512, 2, *value, norm);
			if (norm && shapes.batch == 1)
				continue;
			snprintf(title, sizeof title, "%s %d", what, *value);
			bench_point(bench, title, &shapes, threads);
		}
}

void bench_sweeps(Bench *bench)
{
	static const int widths[] = {16, 17, 32, 64, 100, 128, 256, 512, 1000, 1024, 2048, 4096, 0},
	depths[] = {1, 2, 4, 8, 16, 32, 64, 0},
		batches[] = {1, 2, 3, 4, 8, 16, 32, 64, 100, 128, 256, 512, 1024, 2048, 4096, 0};
	for (int threads = 1; threads <= bench->cores; threads += bench->cores - 1 + (bench->cores == 1)) {
		bench->heading = "width W: 64-W-W-10, batch 128";
		sweep(bench, "width", widths, threads);
		bench->heading = "depth D: 64-256-...-256-10, batch 128";
		sweep(bench, "depth", depths, threads);
		bench->heading = "batch B: 64-512-512-10";
		sweep(bench, "batch", batches, threads);
	}
	printf("\npoints that bnc loses: %s\n", loss_count ? "" : "none");
	for (int i = 0; i < loss_count; i++)
		printf("  %s: PyTorch takes %.2f of bnc's time\n", losses[i].title, losses[i].ratio);
}
