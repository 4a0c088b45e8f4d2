/* Rows of prediction: one sample through a trained network, by the program in memory and by the C that it is handed
 * over as. */
#include "bench.h"

static void bench_predict(Bench *bench, const char *widths, bool norm)
{
	Shapes shapes = shapes_read(widths, 1, norm);
	Row row = {.threads = 1};
	Net net;
	Bandwidth bandwidth;
	Deployed plain, vectors;
	Question eager, compiled;
	static char source[1 << 14];
	row_name(&row, "predict %s%s, 1 sample", widths, norm ? " BN" : "");
	if (!row_wanted(bench, &row))
		return;
	ask(bench, &eager, "predict", "eager", &shapes, 1);
	ask(bench, &compiled, "predict", "compiled", &shapes, 1);
	shapes.batch = 32;
	shapes_source(&shapes, source, sizeof source);
	if (!net_open(&net, bench, &shapes, 1, true))
		return;
	net.rows = 1;
	row.bytes = (double)net_weight_bytes(&net);
	if (!bandwidth_open(&bandwidth, net_weight_bytes(&net), row.bytes))
		return;
	row_add(&row, "bnc", measure_predict, &net);
	deployed_open(&plain, bench, source, shapes.widths[0], shapes.widths[shapes.count - 1], 1);
	deployed_open(&vectors, bench, source, shapes.widths[0], shapes.widths[shapes.count - 1], bench->set->lanes);
	row_add(&row, "--inference", measure_deployed, &plain);
	row_add(&row, "with vectors", measure_deployed, &vectors);
	row_add(&row, "loads of that size", measure_bandwidth, &bandwidth);
	row_add(&row, "PyTorch", measure_peer, &eager);
	row_add(&row, "torch.compile", measure_peer, &compiled);
	row_run(bench, &row);
	deployed_close(&vectors);
	deployed_close(&plain);
	bandwidth_close(&bandwidth);
	net_close(&net);
}

void bench_prediction(Bench *bench)
{
	bench->heading = "prediction";
	bench_predict(bench, "2-64-2", false);
	bench_predict(bench, "2-64-2", true);
	bench_predict(bench, "784-512-512-10", false);
	bench_predict(bench, "784-512-512-10", true);
}

