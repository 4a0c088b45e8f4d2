/* profile.h: time spent in each loop of a generated routine. */
#ifndef BNC_PROFILE_H
#define BNC_PROFILE_H
#include "runtime.h"

typedef struct Profile {
	int loops;
	double *seconds;        /* of each loop, over all calls */
	int64_t calls;          /* of the routine */
	double last;
} Profile;

/* Called by generated code: loop -1 before the first loop, then each loop's number when it is done. */
void profile_mark(const Host *host, int loop);

#endif
