/* metrics.h: how well a network's outputs agree with what is true. The measures are those of scikit-learn. */
#ifndef BNC_METRICS_H
#define BNC_METRICS_H
#include "runtime.h"

enum { MAX_CONFUSED = 100 };            /* the most classes of a table of confusions */
enum { AMONG_FEW = 3, AMONG_MORE = 5 }; /* top-k accuracy */

/* One class; or, of several outputs that each say yes or no, the yes of one of them. */
typedef struct ClassScore {
	int rows, predicted, hits;      /* rows that are of the class, that were said to be, and both */
	double precision, recall, f1;   /* 0 where they would be 0 / 0 */
} ClassScore;

/* Of one target, or the mean of all. */
typedef struct ValueScore { double mse, mae, r2; } ValueScore;

typedef struct Metrics {
	Truth truth;
	int rows, correct;
	int class_count;                /* 0: the outputs are values */
	ClassScore *classes;
	int among[2];                   /* rows whose class is among the likeliest AMONG_FEW, and AMONG_MORE */
	int *confusion;                 /* [true class][predicted class]; null: too many classes, or several outputs */
	double auc;                     /* the area under the ROC curve of two classes; NAN: there is none */
	int value_count;
	ValueScore *values, mean;
} Metrics;

/* Whether there are so many classes that being among the likeliest ones says something. */
static inline bool ranks_classes(const Metrics *m)
{
	return m->truth == TRUTH_LABELS && m->class_count >= 2 * AMONG_MORE;
}

/* The index of the first of the largest outputs of the row. */
int best_class(const void *outputs, size_t number_bytes, size_t row, int width);
/* How many of the rows from `begin` on the outputs, [rows][width], get right. */
int count_correct(Truth truth, const void *outputs, int width, const Data *data, int begin, int rows);
/* outputs: of all rows. metrics_free frees what is allocated, after failures too. */
bool metrics_find(Metrics *metrics, Truth truth, const void *outputs, int width, const Data *data, Failure *failure);
void metrics_free(Metrics *metrics);

#endif
