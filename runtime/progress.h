/* progress.h: a bar with the time left, on a terminal only. */
#ifndef BNC_PROGRESS_H
#define BNC_PROGRESS_H
#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
	bool shown;
	int64_t done, total, next_look; /* steps; the clock is not read at every one */
	double start, last;
} Progress;

double wall_seconds(void);
Progress progress_start(int64_t total, bool wanted);
void progress_draw(Progress *progress);
/* Takes the bar away so that a line can be printed. */
void progress_clear(Progress *progress);

static inline void progress_step(Progress *progress)
{
	if (++progress->done >= progress->next_look && progress->shown)
		progress_draw(progress);
}

#endif
