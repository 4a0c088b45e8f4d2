/* Evaluation: all data in order, with running statistics. */
#include "runtime.h"
#include "progress.h"
#include <stdlib.h>

/* The first of the largest. */
static int best_class(const float *scores, int classes)
{
	int best = 0;
	for (int c = 1; c < classes; c++)
		best = scores[c] > scores[best] ? c : best;
	return best;
}

static bool all_agree(const float *scores, const float *chances, int outputs)
{
	for (int i = 0; i < outputs; i++)
		if ((scores[i] > 0) != (chances[i] > 0.5f))
			return false;
	return true;
}

static int count_correct(const Program *program, const float *scores, const Data *data, int begin, int rows)
{
	const int outputs = program->outputs;
	int correct = 0;
	for (int row = begin; row < begin + rows; row++, scores += outputs)
		correct += program->truth == TRUTH_LABELS ? best_class(scores, outputs) == data->labels[row]
			: all_agree(scores, data->targets + (size_t)row * (size_t)outputs, outputs);
	return correct;
}

bool evaluate(const Training *t, const Run *run, int *correct)
{
	const Program *program = run->program;
	const Data *data = t->data;
	float *scores = malloc((size_t)program->max_rows * (size_t)program->outputs * sizeof *scores);
	Progress progress = progress_start((data->rows + program->max_rows - 1) / program->max_rows, !t->quiet);
	int begin = 0;
	progress.action = "evaluating";
	progress.network = t->run_count > 1 ? program->name : 0;
	*correct = 0;
	for (; scores && begin < data->rows && !(t->stop && *t->stop); begin += program->max_rows) {
		int rows = data->rows - begin < program->max_rows ? data->rows - begin : program->max_rows;
		program->kernels->gather(rows, data->features, (float *)((char *)run->net + program->x),
			data->x + (size_t)begin * (size_t)data->features, 0);
		program->predict(run->net, rows, t->host);
		program->kernels->scatter(rows, program->outputs, scores, (const float *)((char *)run->net + program->output));
		*correct += count_correct(program, scores, data, begin, rows);
		progress_step(&progress, 0);
	}
	progress_clear(&progress);
	free(scores);
	return begin >= data->rows;
}
