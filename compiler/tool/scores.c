/* scores.c: --eval: loss and metrics of a network's outputs. */
#include "answers.h"
#include "terminal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN = 20 };               /* the most classes of a table of confusions on the screen */

/* As one batch of all rows would have it, in double precision. */
bool loss_over(const void *rule, const void *outputs, int width, const Data *data, double *loss)
{
	const Node *node = rule;
	const size_t count = (size_t)data->rows * (size_t)width;
	const size_t targets = (size_t)data->rows * (size_t)data->target_features;
	double *x = malloc(count * sizeof *x), *y = malloc(targets * sizeof *y);
	const bool done = x && y;
	if (done) {
		numbers_to_doubles(x, outputs, data->number_bytes, count);
		numbers_to_doubles(y, data->targets_any, data->number_bytes, targets);
		Reference reference = reference_of(node, data->rows);
		reference.x = x;
		reference.y = loss;
		reference.labels = data->labels;
		reference.targets = y;
		node->layer->reference(&reference);
	}
	free(x);
	free(y);
	return done;
}

/* ---- as text */

/* The columns that a text takes; each of its characters is taken to need one. */
static int columns_of(const char *text)
{
	int columns = 0;
	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* Names come from the data. Padded on the right, or with a width below 0 on the left. */
static void print_name(const char *name, int width)
{
	const int missing = abs(width) - columns_of(name);
	printf("%*s", width < 0 && missing > 0 ? missing : 0, "");
	print_name_of_data(name, stdout);
	printf("%*s", width > 0 && missing > 0 ? missing : 0, "");
}

static int widest_name(const Answers *a, int count)
{
	char text[NUMBER_TEXT];
	int widest = 5;
	for (int i = 0; i < count; i++) {
		const int columns = columns_of(class_name(a, i, text));
		widest = columns > widest ? columns : widest;
	}
	return widest;
}

void print_confusion(const Answers *a, const Metrics *m)
{
	const int width = widest_name(a, m->class_count);
	char text[NUMBER_TEXT];
	printf("  rows of each class, by what they were predicted to be:\n  %*s", width, "");
	for (int c = 0; c < m->class_count; c++) {
		printf("  ");
		print_name(class_name(a, c, text), -5);
	}
	printf("\n");
	for (int r = 0; r < m->class_count; r++) {
		printf("  ");
		print_name(class_name(a, r, text), width);
		for (int c = 0; c < m->class_count; c++) {
			const int columns = columns_of(class_name(a, c, text));
			printf("  %*d", columns > 5 ? columns : 5, m->confusion[r * m->class_count + c]);
		}
		printf("\n");
	}
}

static void print_classes(const Answers *a, const Metrics *m)
{
	char text[NUMBER_TEXT];
	const int width = widest_name(a, m->class_count);
	if (m->confusion && m->class_count <= MOST_SHOWN)
		print_confusion(a, m);
	printf("  %-*s  precision  recall      F1   rows\n", width, m->truth == TRUTH_LABELS || m->confusion ? "class"
		: "yes");
	for (int i = 0; i < m->class_count; i++) {
		const ClassScore *c = &m->classes[i];
		printf("  ");
		print_name(class_name(a, i, text), width);
		printf("  %9.4f  %6.4f  %6.4f  %5d\n", c->precision, c->recall, c->f1, c->rows);
	}
	if (!isnan(m->auc))
		printf("  AUC %.4f\n", m->auc);
}

static void print_values(const Answers *a, const Metrics *m)
{
	char r2[MEASURE_TEXT];
	printf("  MSE %.6g, MAE %.6g, R2 %s\n", m->mean.mse, m->mean.mae, measure_text(r2, m->mean.r2));
	for (int i = 0; m->value_count > 1 && i < m->value_count; i++) {
		const ValueScore *v = &m->values[i];
		const char *name = target_name(a, i);
		printf("    ");
		if (name)
			print_name(name, 0);
		else
			printf("target %d", i);
		printf(": MSE %.6g, MAE %.6g, R2 %s\n", v->mse, v->mae, measure_text(r2, v->r2));
	}
}

static void print_text(const Answers *a, const Metrics *m, double loss)
{
	char text[MEASURE_TEXT];
	printf("%s on ", a->program->name);
	print_name(a->data->name, 0);
	printf(": %d row%s, loss %s", m->rows, m->rows == 1 ? "" : "s", measure_text(text, loss));
	if (m->truth != TRUTH_VALUES)
		printf(", accuracy %.1f%% (%d of %d)", 100.0 * m->correct / m->rows, m->correct, m->rows);
	if (ranks_classes(m))
		printf(", top 3 %.1f%%, top 5 %.1f%%", 100.0 * m->among[0] / m->rows, 100.0 * m->among[1] / m->rows);
	printf("\n");
	if (m->truth == TRUTH_VALUES)
		print_values(a, m);
	else
		print_classes(a, m);
}

bool find_scores(const Answers *a, Metrics *metrics, double *loss, Failure *failure)
{
	const int width = a->program->outputs;
	return metrics_find(metrics, a->program->truth, a->outputs, width, a->data, failure)
		&& (loss_over(a->network->loss, a->outputs, width, a->data, loss)
			|| fail(failure, "not enough memory for the loss of %d rows", a->data->rows));
}

bool print_scores(const Answers *a, Failure *failure)
{
	Metrics metrics;
	double loss;
	const bool done = find_scores(a, &metrics, &loss, failure);
	if (done)
		print_text(a, &metrics, loss);
	metrics_free(&metrics);
	return done;
}
