#include "profile.h"
#include "progress.h"
#include <stdlib.h>

void profile_mark(const Host *host, int loop)
{
	Profile *profile = host->profile;
	if (!profile)
		return;
	if (profile->watch) {
		profile->watch(profile->watcher, loop);
		return;
	}
	double now = wall_seconds();
	if (loop < 0)
		profile->calls++;
	else if (loop < profile->loops)
		profile->seconds[loop] += now - profile->last;
	profile->last = wall_seconds();
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double profile_peak(const KernelSet *kernels)
{
	enum { TURNS = 20000, MOST = 1000 };
	double rates[MOST], begin = wall_seconds(), start = begin;
	int count = 0;
	volatile double sink;
	while (count < MOST && start - begin < 0.02) {
		sink = kernels->multiply_add(TURNS);
		double end = wall_seconds();
		rates[count++] = 2.0 * TURNS * kernels->multiply_adds / (end - start);
		start = end;
	}
	(void)sink;
	return median(rates, count);
}
