/* profile.h: what is done between the loops of a generated routine: measuring the time of each, or calling a
 * watcher. */
#ifndef BNC_PROFILE_H
#define BNC_PROFILE_H
#include "runtime.h"

typedef struct Profile {
	int loops;
	double *seconds;        /* the time of each loop, over all calls */
	int64_t calls;          /* the number of calls of the routine */
	double last;
	void (*watch)(void *watcher, int loop);         /* called after each loop instead of measuring; or null */
	void *watcher;
} Profile;

/* Sorts the values. */
double median(double *values, int count);

/* The FLOPs a second of one thread that only multiplies and adds in registers: the median over 20 ms, since a processor
 * may run short bursts at a clock that it cannot keep. */
double profile_peak(const KernelSet *kernels);

/* Called by generated code: with loop -1 before the first loop, then with the number of each loop after it. */
void profile_mark(const Host *host, int loop);

#endif
