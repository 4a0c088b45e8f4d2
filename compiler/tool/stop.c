#include "stop.h"
#include "runtime.h"
#include "terminal.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The signals that end a process by default, and that are sent by a terminal, a batch system or a limit. */
static const struct { int signal; const char *name; } signals[] = {
	{SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}, {SIGQUIT, "SIGQUIT"}, {SIGTERM, "SIGTERM"}, {SIGPIPE, "SIGPIPE"},
	{SIGALRM, "SIGALRM"}, {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}, {SIGVTALRM, "SIGVTALRM"},
	{SIGPROF, "SIGPROF"},
};
enum { SIGNALS = sizeof signals / sizeof *signals };

volatile sig_atomic_t stop_signal;

static volatile sig_atomic_t phase, insisted;
enum { AT_ONCE, AFTER_STEP, AFTER_FILES, EVALUATION };

static const volatile int64_t *running_step;
static bool saving, on_terminal;

const char *stop_name(int signal)
{
	for (int i = 0; i < SIGNALS; i++)
		if (signals[i].signal == signal)
			return signals[i].name;
	return "a signal";
}

/* ---- in the handler: of output functions only write(2) may be called there */

typedef struct Line { char text[200]; size_t length; } Line;

static void add(Line *line, const char *text)
{
	while (*text && line->length < sizeof line->text)
		line->text[line->length++] = *text++;
}

static void add_number(Line *line, int64_t number)
{
	char digits[24];
	size_t at = sizeof digits - 1;
	digits[at] = 0;
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	add(line, digits + at);
}

static void answer(int signal, bool insists)
{
	Line line = {.length = 0};
	add(&line, on_terminal ? "\r\033[K" : "");      /* replaces the progress bar and the ^C that the terminal shows */
	add(&line, "bnc: ");
	if (!insists) {
		add(&line, stop_name(signal));
		add(&line, ": ");
	}
	if (phase == AFTER_STEP) {
		add(&line, "stopping after step ");
		add_number(&line, *running_step);
	} else
		add(&line, "the files are being written");
	if (insists)
		add(&line, saving ? "; again to quit without saving" : "; again to quit at once");
	add(&line, "\n");
	if (write(STDERR_FILENO, line.text, line.length) < 0) {
		/* nothing can be done if nobody reads it */
	}
}

/* A second signal of these kinds is meant to end bnc at once. Others repeat by themselves: SIGXCPU comes every second,
 * and a terminal that is closed may send SIGHUP twice. */
static bool is_insistent(int signal)
{
	return signal == SIGINT || signal == SIGQUIT || signal == SIGTERM;
}

static void on_signal(int signal)
{
	int error = errno;
	bool insists = is_insistent(signal);
	if (phase == AT_ONCE || (insists && insisted)) {
		atomic_remove_all();
		_exit(128 + signal);
	}
	if (phase != EVALUATION && (insists || !stop_signal))
		answer(signal, insists);
	insisted |= insists;
	if (!stop_signal)
		stop_signal = signal;
	errno = error;
}

/* ---- phases */

/* A signal that is ignored when bnc starts, as under nohup, stays ignored. */
void stop_catch(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction before;
	sigfillset(&action.sa_mask);
	on_terminal = isatty(STDERR_FILENO) && terminal_obeys(STDERR_FILENO);
	for (int i = 0; i < SIGNALS; i++)
		if (sigaction(signals[i].signal, 0, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i].signal, &action, 0);
}

void stop_after_step(const volatile int64_t *step, bool saves)
{
	running_step = step;
	saving = saves;
	phase = AFTER_STEP;
}

void stop_after_files(void)
{
	phase = AFTER_FILES;
}

void stop_evaluation(void)
{
	phase = EVALUATION;
}
