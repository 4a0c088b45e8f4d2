#include "profile.h"
#include "progress.h"

void profile_mark(const Host *host, int loop)
{
	Profile *profile = host->profile;
	double now = wall_seconds();
	if (!profile)
		return;
	if (loop < 0)
		profile->calls++;
	else if (loop < profile->loops)
		profile->seconds[loop] += now - profile->last;
	profile->last = wall_seconds();
}
