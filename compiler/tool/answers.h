/* answers.h: --eval and --predict: what a network says of data, and how well. */
#ifndef BNC_ANSWERS_H
#define BNC_ANSWERS_H
#include "run.h"
#include "metrics.h"

/* What a trained network says of data. */
typedef struct Answers {
	const Session *session;
	const Program *program;
	const Network *network;
	const Data *data;
	void *outputs;                  /* [rows][program->outputs], numbers of the data's type */
} Answers;

/* ---- names.c */

/* The name of a class, as the data of the training have it, or else its number; text: room for that. */
enum { NUMBER_TEXT = 24 };
const char *class_name(const Answers *answers, int index, char text[NUMBER_TEXT]);
/* The name of a target, or null. */
const char *target_name(const Answers *answers, int index);

/* ---- scores.c */

/* metrics_free frees the metrics, after failures too. */
bool find_scores(const Answers *answers, Metrics *metrics, double *loss, Failure *failure);
/* How well the outputs agree with the data, as lines of text for people. */
bool print_scores(const Answers *answers, Failure *failure);

/* How many rows of each class were taken for which, as a table. */
void print_confusion(const Answers *answers, const Metrics *metrics);

/* ---- scores_json.c */

/* The same, added to the session's report. */
bool add_scores(const Answers *answers, Failure *failure);

/* ---- predictions.c */

/* Writes a table with a line for each row of the data. */
bool write_predictions(const Answers *answers, Failure *failure);

#endif
