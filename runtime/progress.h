/* progress.h: what a terminal shows during a long operation: a bar while training, a line while reading. */
#ifndef BNC_PROGRESS_H
#define BNC_PROGRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Progress {
	bool shown;
	bool plain;                     /* without control sequences: only a few whole lines */
	bool drawn;                     /* the bar is on the last line */
	int64_t done, total, next_look; /* in steps; the clock is not read at every step */
	double start, next_draw;
	const char *action;             /* what is being done, if it is not training with an epoch and a loss; or null */
	const char *network;            /* the network that is being trained, if there are several */
	int epoch;
	double loss;                    /* of the last step */
	int columns, bar;               /* the columns of the terminal, and of the bar when it was last drawn */
} Progress;

double wall_seconds(void);
Progress progress_start(int64_t total, bool wanted);
void progress_draw(Progress *progress);
/* Removes the bar, so that a line can be printed. */
void progress_clear(Progress *progress);
/* Writes what is drawn in this many columns. Returns the length of the bar in it. The bar does not grow again while the
 * terminal keeps its width: the texts beside it often change their lengths, and the bar would jump. */
int progress_line(const Progress *progress, double elapsed, int columns, char *out, size_t size);

static inline void progress_step(Progress *progress, double loss)
{
	progress->loss = loss;
	if (++progress->done >= progress->next_look && progress->shown)
		progress_draw(progress);
}

/* From half a second after waiting_begin until waiting_end, a terminal shows `ACTION NAME ...`. Only one at a time. */
void waiting_begin(const char *action, const char *name, bool wanted);
void waiting_end(void);

#endif
