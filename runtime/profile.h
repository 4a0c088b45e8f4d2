/* profile.h: what happens between the loops of a generated routine: the time of each is taken, or somebody looks on. */
#ifndef BNC_PROFILE_H
#define BNC_PROFILE_H
#include "runtime.h"

typedef struct Profile {
	int loops;
	double *seconds;        /* of each loop, over all calls */
	int64_t calls;          /* of the routine */
	double last;
	void (*watch)(void *watcher, int loop);         /* instead of taking times */
	void *watcher;
} Profile;

/* Sorts the values. */
double median(double *values, int count);

/* FLOPs a second of one thread that only multiplies and adds in registers: the median over 20 ms, as short
 * bursts may have a higher clock than it can keep up. */
double profile_peak(const KernelSet *kernels);

/* Called by generated code: loop -1 before the first loop, then each loop's number when it is done. */
void profile_mark(const Host *host, int loop);

#endif
