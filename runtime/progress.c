#include "progress.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 30 };

double wall_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

Progress progress_start(int64_t total, bool wanted)
{
	double now = wall_seconds();
	return (Progress){.shown = wanted && isatty(STDERR_FILENO), .total = total, .next_look = 1, .start = now, .last = now};
}

/* Redraws at most ten times a second; the next look at the clock is put about a hundredth of a second ahead. */
void progress_draw(Progress *progress)
{
	double now = wall_seconds(), elapsed = now - progress->start;
	double rate = (double)progress->done / (elapsed > 1e-9 ? elapsed : 1e-9);
	progress->next_look = progress->done + 1 + (int64_t)(rate / 100);
	if (now - progress->last < 0.1)
		return;
	progress->last = now;
	int filled = (int)(WIDTH * progress->done / progress->total);
	char bar[WIDTH + 1];
	for (int i = 0; i < WIDTH; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[WIDTH] = 0;
	fprintf(stderr, "\r[%s] %3d%%  %.0f steps/s  %.0f s left \033[K", bar, (int)(100 * progress->done / progress->total), rate,
		(double)(progress->total - progress->done) / rate);
	fflush(stderr);
}

void progress_clear(Progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
