/* Evaluation: all data in order, with running statistics. */
#include "runtime.h"
#include "progress.h"
#include <stdlib.h>

/* The first of the largest. */
static int best_class(const void *scores, size_t bytes, size_t first, int classes)
{
	int best = 0;
	for (int c = 1; c < classes; c++)
		best = number_at(scores, bytes, first + (size_t)c) > number_at(scores, bytes, first + (size_t)best) ? c : best;
	return best;
}

static bool all_agree(const void *scores, const void *chances, size_t bytes, size_t first, size_t row, int outputs)
{
	for (size_t i = 0; i < (size_t)outputs; i++)
		if ((number_at(scores, bytes, first + i) > 0) != (number_at(chances, bytes, row * (size_t)outputs + i) > 0.5))
			return false;
	return true;
}

static int count_correct(const Program *program, const void *scores, const Data *data, int begin, int rows)
{
	const size_t bytes = program->kernels->number_bytes;
	const int outputs = program->outputs;
	int correct = 0;
	size_t first = 0;
	for (int row = begin; row < begin + rows; row++, first += (size_t)outputs)
		correct += program->truth == TRUTH_LABELS ? best_class(scores, bytes, first, outputs) == data->labels[row]
			: all_agree(scores, data->targets_any, bytes, first, (size_t)row, outputs);
	return correct;
}

bool evaluate(const Training *t, const Run *run, int *correct)
{
	const Program *program = run->program;
	const Data *data = t->data;
	const size_t bytes = program->kernels->number_bytes;
	void *scores = malloc((size_t)program->max_rows * (size_t)program->outputs * bytes);
	Progress progress = progress_start((data->rows + program->max_rows - 1) / program->max_rows, !t->quiet);
	int begin = 0;
	progress.action = "evaluating";
	progress.network = t->run_count > 1 ? program->name : 0;
	*correct = 0;
	for (; scores && begin < data->rows && !(t->stop && *t->stop); begin += program->max_rows) {
		int rows = data->rows - begin < program->max_rows ? data->rows - begin : program->max_rows;
		program->kernels->gather(rows, data->features, (char *)run->net + program->x,
			(const char *)data->x_any + (size_t)begin * (size_t)data->features * bytes, 0);
		program->predict(run->net, rows, t->host);
		program->kernels->scatter(rows, program->outputs, scores, (char *)run->net + program->output);
		*correct += count_correct(program, scores, data, begin, rows);
		progress_step(&progress, 0);
	}
	progress_clear(&progress);
	free(scores);
	return begin >= data->rows;
}
