/* predictions.c: --predict: what a network says of each row, as a table. */
#include "answers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A prefix and a text as one value of a table, in quotes if it needs them. */
static void put_text(AtomicFile *file, const char *prefix, const char *text)
{
	const size_t length = strlen(text);
	if (length && !strpbrk(text, ",\"\r\n") && *text != ' ' && text[length - 1] != ' ') {
		atomic_print(file, "%s%s", prefix, text);
		return;
	}
	atomic_print(file, "\"%s", prefix);
	for (; *text; text++)
		atomic_print(file, "%s%c", *text == '"' ? "\"" : "", *text);
	atomic_print(file, "\"");
}

static void put_number(const Answers *a, AtomicFile *file, double value)
{
	atomic_print(file, ",%.*g", number_digits(a->data->number_bytes), value);
}

/* Whether the outputs are one class, of some or of no and yes. */
static bool has_class(const Answers *a)
{
	return a->program->truth == TRUTH_LABELS || (a->program->truth == TRUTH_CHANCES && a->program->outputs == 1);
}

/* The columns of probabilities or values: one more than the outputs where one output stands for no and yes. */
static int column_count(const Answers *a)
{
	return has_class(a) && a->program->outputs == 1 ? 2 : a->program->outputs;
}

static void put_names(const Answers *a, AtomicFile *file)
{
	char number[NUMBER_TEXT];
	atomic_print(file, "row");
	for (int i = 0; i < a->data->ids.count; i++) {
		atomic_print(file, ",");
		put_text(file, "", a->data->ids.names[i]);
	}
	if (has_class(a)) {
		const char *target = target_name(a, 0);
		atomic_print(file, ",");
		put_text(file, "", target ? target : "class");
	}
	for (int i = 0; i < column_count(a); i++) {
		const char *target = target_name(a, i);
		atomic_print(file, ",");
		if (has_class(a))
			put_text(file, "p_", class_name(a, i, number));
		else if (target)
			put_text(file, a->program->truth == TRUTH_CHANCES ? "p_" : "", target);
		else
			atomic_print(file, "%s_%d", a->program->truth == TRUTH_CHANCES ? "p" : "value", i);
	}
	atomic_print(file, "\n");
}

static double sigmoid(double x)
{
	return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static void put_softmax(const Answers *a, AtomicFile *file, size_t first, int best)
{
	const size_t bytes = a->data->number_bytes;
	const double largest = number_at(a->outputs, bytes, first + (size_t)best);
	double sum = 0;
	for (int i = 0; i < a->program->outputs; i++)
		sum += exp(number_at(a->outputs, bytes, first + (size_t)i) - largest);
	for (int i = 0; i < a->program->outputs; i++)
		put_number(a, file, exp(number_at(a->outputs, bytes, first + (size_t)i) - largest) / sum);
}

static void put_class(const Answers *a, AtomicFile *file, int index)
{
	char number[NUMBER_TEXT];
	atomic_print(file, ",");
	put_text(file, "", class_name(a, index, number));
}

static void put_row(const Answers *a, AtomicFile *file, int row)
{
	const size_t bytes = a->data->number_bytes, width = (size_t)a->program->outputs, first = (size_t)row * width;
	const double output = number_at(a->outputs, bytes, first);
	atomic_print(file, "%d", data_row(a->data, row));
	for (int i = 0; i < a->data->ids.count; i++) {
		atomic_print(file, ",");
		put_text(file, "", a->data->ids.texts[(size_t)row * (size_t)a->data->ids.count + (size_t)i]);
	}
	if (a->program->truth == TRUTH_LABELS) {
		const int best = best_class(a->outputs, bytes, (size_t)row, (int)width);
		put_class(a, file, best);
		put_softmax(a, file, first, best);
	} else if (has_class(a)) {
		put_class(a, file, output > 0);
		put_number(a, file, sigmoid(-output));
		put_number(a, file, sigmoid(output));
	} else
		for (size_t i = 0; i < width; i++) {
			const double value = number_at(a->outputs, bytes, first + i);
			put_number(a, file, a->program->truth == TRUTH_CHANCES ? sigmoid(value) : value);
		}
	atomic_print(file, "\n");
}

bool write_predictions(const Answers *a, Failure *failure)
{
	AtomicFile file;
	const char *path = a->session->options.predictions;
	if (!atomic_open(&file, path ? path : "-", failure))
		return false;
	put_names(a, &file);
	for (int row = 0; row < a->data->rows; row++)
		put_row(a, &file, row);
	return atomic_commit(&file, failure);
}
