#include "progress.h"
#include "terminal.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

double wall_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- the bar */

#define CLEAR "\r\033[K"
enum { LONGEST = 256 };

/* A dumb terminal gets a line after 1, 2, 4, ... seconds, then one a minute; any other terminal gets a bar ten times a
 * second. */
static const double first_wait[] = {0.1, 1}, longest_wait[] = {0.1, 60};

Progress progress_start(int64_t total, bool wanted)
{
	double now = wall_seconds();
	bool plain = !terminal_obeys(STDERR_FILENO);
	return (Progress){
		.shown = wanted && isatty(STDERR_FILENO), .plain = plain, .total = total, .next_look = 1, .start = now,
		.next_draw = now + first_wait[plain],
	};
}

typedef enum Piece { BAR, PERCENT, EPOCH, NETWORK, LOSS, LEFT, RATE, PIECES } Piece;

static void write_time(char *out, size_t size, double seconds)
{
	const double most = 9999.0 * 3600;
	long long whole = (long long)(seconds < most ? seconds + 0.5 : most);
	snprintf(out, size, "%lld:%02lld:%02lld left", whole / 3600, whole / 60 % 60, whole % 60);
}

static void write_bar(char *out, int width, double part)
{
	int cells = width - 2, filled = (int)(part * cells);
	out[0] = '[';
	memset(out + 1, '#', (size_t)filled);
	memset(out + 1 + filled, '.', (size_t)(cells - filled));
	out[1 + cells] = ']';
	out[2 + cells] = 0;
}

/* The number of steps a second. */
static double step_rate(const Progress *progress, double elapsed)
{
	return (double)progress->done / (elapsed > 1e-9 ? elapsed : 1e-9);
}

/* Writes "1250 steps/s", "2.5 steps/s" or "3.1 s/step"; nothing if nothing can be measured yet. */
static void write_rate(char *out, size_t size, const Progress *progress, double rate)
{
	const char *unit = progress->action ? "batch" : "step", *several = progress->action ? "batches" : "steps";
	if (progress->done == 0)
		out[0] = 0;
	else if (rate < 0.995)
		snprintf(out, size, "%.*f s/%s", rate > 0.1005 ? 1 : 0, 1 / rate, unit);
	else
		snprintf(out, size, "%.*f %s/s", rate < 9.95 ? 1 : 0, rate, several);
}

/* Writes the pieces that fit, the most important first; the bar gets the remaining columns. One column stays free,
 * because some terminals go to the next line when the last column is written. */
int progress_line(const Progress *progress, double elapsed, int columns, char *out, size_t size)
{
	enum { GAP = 2, SHORTEST_BAR = 12, LONGEST_BAR = 32, LONGEST_NAME = 24 };
	static const Piece by_worth[] = {LEFT, LOSS, EPOCH, PERCENT, BAR, NETWORK, RATE};
	double part = (double)progress->done / (double)progress->total, rate = step_rate(progress, elapsed);
	char text[PIECES][48] = {""};
	memset(text[BAR], '#', SHORTEST_BAR);
	snprintf(text[PERCENT], sizeof text[0], "%3d%%", (int)(100 * part));
	if (progress->action)
		snprintf(text[EPOCH], sizeof text[0], "%s", progress->action);
	else
		snprintf(text[EPOCH], sizeof text[0], "epoch %d", progress->epoch);
	snprintf(text[NETWORK], sizeof text[0], "%.*s", LONGEST_NAME, progress->network ? progress->network : "");
	if (!progress->action)
		snprintf(text[LOSS], sizeof text[0], "loss %#.4g", (double)progress->loss);
	if (progress->done > 0)
		write_time(text[LEFT], sizeof text[0], (double)(progress->total - progress->done) / rate);
	write_rate(text[RATE], sizeof text[0], progress, rate);
	bool fits[PIECES] = {false};
	int room = (columns - 1 < (int)size - 1 ? columns - 1 : (int)size - 1) + GAP;
	for (int i = 0; i < PIECES; i++) {
		int needed = (int)strlen(text[by_worth[i]]) + GAP;
		fits[by_worth[i]] = needed > GAP && needed <= room;
		room -= fits[by_worth[i]] ? needed : 0;
	}
	int bar = SHORTEST_BAR + room < LONGEST_BAR ? SHORTEST_BAR + room : LONGEST_BAR;
	if (progress->bar && progress->columns == columns && progress->bar < bar)
		bar = progress->bar;
	if (fits[BAR])
		write_bar(text[BAR], bar, part);
	size_t used = 0;
	out[0] = 0;
	for (Piece piece = 0; piece < PIECES; piece++)
		if (fits[piece])
			used += (size_t)snprintf(out + used, size - used, "%*s%s", used ? GAP : 0, "", text[piece]);
	return fits[BAR] ? bar : 0;
}

/* Reads the clock again in about a hundredth of a second. */
void progress_draw(Progress *progress)
{
	double now = wall_seconds(), elapsed = now - progress->start;
	progress->next_look = progress->done + 1 + (int64_t)(step_rate(progress, elapsed) / 100);
	if (now < progress->next_draw)
		return;
	double wait = progress->plain && elapsed > first_wait[1] ? elapsed : first_wait[progress->plain];
	progress->next_draw = now + (wait < longest_wait[progress->plain] ? wait : longest_wait[progress->plain]);
	char line[LONGEST];
	int columns = terminal_columns(STDERR_FILENO);
	progress->bar = progress_line(progress, elapsed, columns, line, sizeof line);
	progress->columns = columns;
	if (progress->plain)
		fprintf(stderr, "%s\n", line);
	else
		fprintf(stderr, "\r%s\033[K", line);
	progress->drawn = !progress->plain;
}

void progress_clear(Progress *progress)
{
	if (progress->drawn) {
		fputs(CLEAR, stderr);
		progress->next_draw = 0;        /* so the bar is drawn again at once */
	}
	progress->drawn = false;
}

/* ---- the line of what is read: a signal prints it, since readers and generators have no moment at which they could */

static struct Waiting {
	char line[LONGEST];
	size_t length;
	bool armed, plain;
	volatile sig_atomic_t shown;
	struct sigaction before;
} waiting;

static void show_waiting(int signal)
{
	(void)signal;
	waiting.shown = write(STDERR_FILENO, waiting.line, waiting.length) > 0;
}

/* Appends text, in at most room columns. A character outside ASCII counts as two columns; none needs more. */
static int append_word(char *line, const char *text, int room)
{
	size_t used = strlen(line);
	while (*text) {
		int length = terminal_character(text);
		room -= length > 1 ? 2 : 1;
		if (room < 0 || used + 16 > LONGEST)
			break;
		memcpy(line + used, length ? text : "?", length ? (size_t)length : 1);
		used += length ? (size_t)length : 1;
		text += length ? length : 1;
	}
	line[used] = 0;
	return room < 0 ? 0 : room;
}

static void set_timer(suseconds_t microseconds)
{
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = microseconds}}, 0);
}

void waiting_begin(const char *action, const char *name, bool wanted)
{
	static const char end[] = " ...";
	int room = terminal_columns(STDERR_FILENO) - 1 - (int)strlen(end);
	if (!wanted || room <= 0)
		return;
	waiting = (struct Waiting){.armed = true, .plain = !terminal_obeys(STDERR_FILENO)};
	strcpy(waiting.line, waiting.plain ? "" : "\r");
	room = append_word(waiting.line, action, room);
	room = append_word(waiting.line, " ", room);
	append_word(waiting.line, name, room);
	strcat(waiting.line, end);
	if (waiting.plain)
		strcat(waiting.line, "\n");
	waiting.length = strlen(waiting.line);
	const struct sigaction show = {.sa_handler = show_waiting, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &show, &waiting.before);
	set_timer(500000);
}

void waiting_end(void)
{
	if (!waiting.armed)
		return;
	set_timer(0);
	sigaction(SIGALRM, &waiting.before, 0);
	if (waiting.shown && !waiting.plain)
		fputs(CLEAR, stderr);
	waiting.armed = false;
}
