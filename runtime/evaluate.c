/* Evaluation: all data in order, with running statistics. */
#include "runtime.h"
#include "progress.h"
#include <stdlib.h>

static int count_correct(const Program *program, const float *scores, const int32_t *labels, int rows)
{
	int correct = 0;
	for (int row = 0; row < rows; row++, scores += program->outputs) {
		int best = 0;
		for (int c = 1; c < program->outputs; c++)
			best = scores[c] > scores[best] ? c : best;
		correct += best == labels[row];
	}
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
		*correct += count_correct(program, scores, data->labels + begin, rows);
		progress_step(&progress, 0);
	}
	progress_clear(&progress);
	free(scores);
	return begin >= data->rows;
}
