/* Rows of starting: whole processes, and compiling networks of many layers. */
#include "bench.h"
#include <string.h>

static void bench_article(Bench *bench)
{
	Row row = {.threads = 1};
	Process article = {{bench->bnc, "models/mlp.net", "models/mlp_bn.net", "--train", "moons", "--seed", "0",
		"--threads", "1"}};
	Process nothing = {{"true"}};
	Process torch = {{bench->python, "bench/torch_article.py"}};
	row_name(&row, "process: the article, both networks");
	row_add(&row, "bnc", measure_process, &article);
	row_add(&row, "true (no work)", measure_process, &nothing);
	if (bench->python)
		row_add(&row, "PyTorch", measure_process, &torch);
	row_run(bench, &row);
}

/* A network of depth layers, most of them linear 32 32, batchnorm, relu over and over. */
static const char *deep_source(int depth, char *text, size_t size)
{
	snprintf(text, size, "input 32; repeat %d { linear 32 32; batchnorm; relu }; linear 32 2; batch 32",
		(depth - 1) / 3);
	return text;
}

typedef struct Start { const Bench *bench; const char *source; bool tcc; } Start;

/* The passes as the compiler times them itself: all of them, or libtcc alone. */
static double measure_compile(void *subject, double seconds)
{
	enum { MOST = 200 };
	const Start *start = subject;
	double samples[MOST];
	int count = 0;
	double end = wall_seconds() + seconds;
	do {
		Failure failure;
		Compilation c = {.arena = arena_open(), .source = {"-e", start->source, strlen(start->source)},
			.options = {.target = start->bench->set, .fuse = true, .pairs = true, .threads = 1}};
		if (!compile(&c, STAGE_RUN, &(Overrides){-1, -1, -1}, &failure))
			return 0;
		samples[count++] = start->tcc ? c.module->tcc_seconds : c.seconds;
		compilation_close(&c);
	} while (count < MOST && wall_seconds() < end);
	return median(samples, count);
}

static void bench_start(Bench *bench, const char *title, const char *source, const char *data)
{
	Row row = {.threads = 1};
	Start all = {bench, source, false}, tcc = {bench, source, true};
	Process process = {{bench->bnc, "-e", source, "--train", data, "--steps", "1", "--quiet", "--threads", "1"}};
	row_name(&row, "%s", title);
	row_add(&row, "process, 1 step", measure_process, &process);
	row_add(&row, "compile", measure_compile, &all);
	row_add(&row, "libtcc", measure_compile, &tcc);
	row_run(bench, &row);
}

void bench_starting(Bench *bench)
{
	static const int depths[] = {10, 100, 1000};
	char source[256], title[64];
	bench->heading = "starting";
	bench_article(bench);
	bench_start(bench, "start: mlp_bn, 4 layers", "linear 2 64; batchnorm; relu; linear 64 2", "moons");
	for (int i = 0; i < 3; i++) {
		snprintf(title, sizeof title, "start: %d layers", depths[i]);
		bench_start(bench, title, deep_source(depths[i], source, sizeof source), "blobs:n=64,features=32,centers=2");
	}
}
