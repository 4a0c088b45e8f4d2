/* The C that --emit --inference writes, compiled as its user would, and called in this process. */
#define _GNU_SOURCE
#include "bench.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>

bool deployed_open(Deployed *deployed, const Bench *bench, const char *source, int inputs, int outputs, int lane_count)
{
	char lanes[16], c_file[300], library[300], data[100];
	*deployed = (Deployed){.inputs = calloc((size_t)inputs, sizeof(float)),
		.outputs = calloc((size_t)outputs, sizeof(float))};
	snprintf(lanes, sizeof lanes, "%d", lane_count);
	snprintf(data, sizeof data, "blobs:n=100,features=%d,centers=%d", inputs, outputs);
	snprintf(c_file, sizeof c_file, "%s-deployed-%d.c", bench->bnc, lane_count);
	snprintf(library, sizeof library, "%s-deployed-%d.so", bench->bnc, lane_count);
	const Process emit = {{bench->bnc, "-e", source, "--train", data, "--steps", "1", "--quiet", "--emit",
		c_file, "--inference", "--lanes", lanes, "--prefix", "deployed"}};
	const Process compile_it = {{BENCH_CC, "-std=c99", "-O3", "-march=native", "-shared", "-fPIC", "-o", library,
		c_file}};
	if (run_process(&emit) <= 0 || run_process(&compile_it) <= 0)
		return false;
	deployed->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (deployed->library)
		*(void **)&deployed->predict_one = dlsym(deployed->library, "deployed_predict_one");
	return deployed->predict_one;
}

void deployed_close(Deployed *deployed)
{
	if (deployed->library)
		dlclose(deployed->library);
	free(deployed->inputs);
	free(deployed->outputs);
}

static void call_deployed(void *subject)
{
	const Deployed *deployed = subject;
	deployed->predict_one(deployed->inputs, deployed->outputs);
}

double measure_deployed(void *subject, double seconds)
{
	const Deployed *deployed = subject;
	return deployed->predict_one ? measure_calls(call_deployed, subject, seconds) : 0;
}
