/* stop.h: signals that end a run. */
#ifndef BNC_STOP_H
#define BNC_STOP_H
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* The first signal that asked to end the training, or what follows it; 0: none. */
extern volatile sig_atomic_t stop_signal;

/* From here on a signal removes temporary files and ends the process at once, with status 128 + its number. */
void stop_catch(void);
/* From here on a signal ends the training after its step; the second SIGINT, SIGQUIT or SIGTERM ends the process. */
void stop_after_step(const volatile int64_t *step, bool saves);
/* All steps are run, and files are being written: a signal ends neither. */
void stop_after_files(void);
/* The files are written: a signal ends the rest of the run without a message. */
void stop_evaluation(void);

/* "SIGINT" */
const char *stop_name(int signal);

#endif
