#include "profile.h"
#include "progress.h"

void profile_mark(const Host *host, int loop)
{
	Profile *profile = host->profile;
	if (!profile)
		return;
	double now = wall_seconds();
	if (loop < 0)
		profile->calls++;
	else if (loop < profile->loops)
		profile->seconds[loop] += now - profile->last;
	profile->last = wall_seconds();
}

double profile_peak(const KernelSet *kernels)
{
	enum { TURNS = 2000, TRIES = 40 };
	double best = 0;
	volatile float sink;
	for (int i = 0; i < TRIES; i++) {
		double start = wall_seconds();
		sink = kernels->multiply_add(TURNS);
		double rate = 2.0 * TURNS * kernels->multiply_adds / (wall_seconds() - start);
		best = rate > best ? rate : best;
	}
	(void)sink;
	return best;
}
