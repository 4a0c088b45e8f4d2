/* progress.h: what a terminal shows while something takes its time: a bar of the training, a line of what is read. */
#ifndef BNC_PROGRESS_H
#define BNC_PROGRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Progress {
	bool shown;
	bool plain;                     /* no control sequences: whole lines, and few */
	bool drawn;                     /* the bar is on the last line */
	int64_t done, total, next_look; /* steps; the clock is not read at every one */
	double start, next_draw;
	const char *action;             /* what is done instead of training, which has an epoch and a loss; or null */
	const char *network;            /* that trains now, where there are several */
	int epoch;
	float loss;                     /* of the last step */
	int columns, bar;               /* of the terminal, and of the bar in it when it was last drawn */
} Progress;

double wall_seconds(void);
Progress progress_start(int64_t total, bool wanted);
void progress_draw(Progress *progress);
/* Takes the bar away so that a line can be printed. */
void progress_clear(Progress *progress);
/* What is drawn, so that it fits into that many columns. Returns the length of the bar in it, which does not grow
 * again in a terminal that stays as it is: the texts beside it change their lengths all the time, and the bar would
 * jump. */
int progress_line(const Progress *progress, double elapsed, int columns, char *out, size_t size);

static inline void progress_step(Progress *progress, float loss)
{
	progress->loss = loss;
	if (++progress->done >= progress->next_look && progress->shown)
		progress_draw(progress);
}

/* From half a second after waiting_begin until waiting_end, a terminal says `ACTION NAME ...`. One at a time. */
void waiting_begin(const char *action, const char *name, bool wanted);
void waiting_end(void);

#endif
