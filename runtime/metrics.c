#include "metrics.h"
#include <math.h>
#include <stdlib.h>

int best_class(const void *outputs, size_t bytes, size_t row, int width)
{
	const size_t first = row * (size_t)width;
	size_t best = 0;
	for (size_t c = 1; c < (size_t)width; c++)
		best = number_at(outputs, bytes, first + c) > number_at(outputs, bytes, first + best) ? c : best;
	return (int)best;
}

static double target_at(const Data *data, int row, int k)
{
	return number_at(data->targets_any, data->number_bytes, (size_t)row * (size_t)data->target_features + (size_t)k);
}

static double output_at(const void *outputs, const Data *data, int width, int row, int k)
{
	return number_at(outputs, data->number_bytes, (size_t)row * (size_t)width + (size_t)k);
}

int count_correct(Truth truth, const void *outputs, int width, const Data *data, int begin, int rows)
{
	int correct = 0;
	for (int row = 0; row < rows; row++) {
		bool right = true;
		if (truth == TRUTH_LABELS)
			right = best_class(outputs, data->number_bytes, (size_t)row, width) == data->labels[begin + row];
		else
			for (int k = 0; right && k < width; k++)
				right = (output_at(outputs, data, width, row, k) > 0) == (target_at(data, begin + row, k) > 0.5);
		correct += right;
	}
	return correct;
}

/* ---- classes */

static void score_classes(Metrics *m)
{
	for (int i = 0; i < m->class_count; i++) {
		ClassScore *c = &m->classes[i];
		c->precision = c->predicted ? (double)c->hits / c->predicted : 0;
		c->recall = c->rows ? (double)c->hits / c->rows : 0;
		c->f1 = c->rows + c->predicted ? 2.0 * c->hits / (c->rows + c->predicted) : 0;
	}
}

static void count_class(Metrics *m, int is, int said)
{
	m->classes[is].rows++;
	m->classes[said].predicted++;
	m->classes[is].hits += is == said;
	if (m->confusion)
		m->confusion[is * m->class_count + said]++;
}

/* How many classes are likelier: with a larger output, or with an equal one that comes first. All, if the class has no
 * number. */
static int rank_of(int class, const void *outputs, int width, const Data *data, int row)
{
	const double own = output_at(outputs, data, width, row, class);
	int likelier = isnan(own) ? width : 0;
	for (int c = 0; c < width; c++) {
		const double other = output_at(outputs, data, width, row, c);
		likelier += other > own || (other == own && c < class);
	}
	return likelier;
}

/* Of several outputs that each say yes or no, only the yes counts. */
static void count_yes(ClassScore *c, bool is, bool said)
{
	c->rows += is;
	c->predicted += said;
	c->hits += is && said;
}

typedef struct Ranked { double score; bool yes; } Ranked;

static int compare_ranked(const void *a, const void *b)
{
	const double x = ((const Ranked *)a)->score, y = ((const Ranked *)b)->score;
	return (x > y) - (x < y);
}

/* The share of the pairs of a yes and a no in which the yes has the larger score; half for equal ones. */
static double area_under_curve(Ranked *items, int count)
{
	double pairs = 0, yes = 0, no = 0;
	qsort(items, (size_t)count, sizeof *items, compare_ranked);
	for (int i = 0, end; i < count; i = end) {
		double tied_yes = 0, tied_no = 0;
		for (end = i; end < count && items[end].score == items[i].score; end++)
			*(items[end].yes ? &tied_yes : &tied_no) += 1;
		pairs += tied_yes * (no + tied_no / 2);
		yes += tied_yes;
		no += tied_no;
	}
	return yes > 0 && no > 0 ? pairs / (yes * no) : NAN;
}

/* NAN unless there are two classes, both in the data, and all outputs are finite. */
static bool find_area(Metrics *m, const void *outputs, int width, const Data *data, Failure *failure)
{
	Ranked *items = malloc((size_t)data->rows * sizeof *items + 1);
	bool finite = true;
	if (!items)
		return fail(failure, "not enough memory to rank %d rows", data->rows);
	for (int row = 0; row < data->rows; row++) {
		const bool labels = m->truth == TRUTH_LABELS;
		const double score = labels ? output_at(outputs, data, 2, row, 1) - output_at(outputs, data, 2, row, 0)
			: output_at(outputs, data, width, row, 0);
		items[row] = (Ranked){score, labels ? data->labels[row] == 1 : target_at(data, row, 0) > 0.5};
		finite &= isfinite(score) != 0;
	}
	m->auc = finite ? area_under_curve(items, data->rows) : (double)NAN;
	free(items);
	return true;
}

static bool find_classes(Metrics *m, const void *outputs, int width, const Data *data, Failure *failure)
{
	const bool several = m->truth == TRUTH_CHANCES && width > 1;
	m->class_count = m->truth == TRUTH_CHANCES && width == 1 ? 2 : width;
	m->classes = calloc((size_t)m->class_count, sizeof *m->classes);
	const size_t pairs = (size_t)m->class_count * (size_t)m->class_count;
	const bool confused = !several && m->class_count <= MAX_CONFUSED;
	m->confusion = confused ? calloc(pairs, sizeof *m->confusion) : NULL;
	if (!m->classes || (confused && !m->confusion))
		return fail(failure, "not enough memory for %d classes", m->class_count);
	for (int row = 0; row < data->rows; row++)
		if (m->truth == TRUTH_LABELS) {
			const int rank = ranks_classes(m) ? rank_of(data->labels[row], outputs, width, data, row) : width;
			count_class(m, data->labels[row], best_class(outputs, data->number_bytes, (size_t)row, width));
			m->among[0] += rank < AMONG_FEW;
			m->among[1] += rank < AMONG_MORE;
		} else if (!several)
			count_class(m, target_at(data, row, 0) > 0.5, output_at(outputs, data, 1, row, 0) > 0);
		else
			for (int k = 0; k < width; k++)
				count_yes(&m->classes[k], target_at(data, row, k) > 0.5, output_at(outputs, data, width, row, k) > 0);
	score_classes(m);
	m->correct = count_correct(m->truth, outputs, width, data, 0, data->rows);
	return m->class_count != 2 || several || find_area(m, outputs, width, data, failure);
}

/* ---- values */

/* R2 of a target that is the same in all rows is 1 if all are met, and else 0. */
static ValueScore score_value(const void *outputs, int width, const Data *data, int k)
{
	double sum = 0, squares = 0, absolute = 0, spread = 0;
	for (int row = 0; row < data->rows; row++)
		sum += target_at(data, row, k);
	for (int row = 0; row < data->rows; row++) {
		const double target = target_at(data, row, k), error = output_at(outputs, data, width, row, k) - target;
		squares += error * error;
		absolute += fabs(error);
		spread += (target - sum / data->rows) * (target - sum / data->rows);
	}
	return (ValueScore){squares / data->rows, absolute / data->rows,
		spread > 0 ? 1 - squares / spread : squares > 0 ? 0 : 1};
}

static bool find_values(Metrics *m, const void *outputs, int width, const Data *data, Failure *failure)
{
	m->value_count = width;
	m->values = calloc((size_t)width, sizeof *m->values);
	if (!m->values)
		return fail(failure, "not enough memory for %d values", width);
	for (int k = 0; k < width; k++) {
		m->values[k] = score_value(outputs, width, data, k);
		m->mean.mse += m->values[k].mse / width;
		m->mean.mae += m->values[k].mae / width;
		m->mean.r2 += m->values[k].r2 / width;
	}
	return true;
}

bool metrics_find(Metrics *m, Truth truth, const void *outputs, int width, const Data *data, Failure *failure)
{
	*m = (Metrics){.truth = truth, .rows = data->rows, .auc = NAN};
	return truth == TRUTH_VALUES ? find_values(m, outputs, width, data, failure)
		: find_classes(m, outputs, width, data, failure);
}

void metrics_free(Metrics *m)
{
	free(m->classes);
	free(m->confusion);
	free(m->values);
}
