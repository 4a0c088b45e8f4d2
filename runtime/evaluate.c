/* Evaluation: all data in order, with running statistics. */
#include "metrics.h"
#include "progress.h"
#include <stdlib.h>

/* Writes the outputs of these rows, [rows][outputs]. */
static void predict_batch(const Run *run, const Data *data, const Host *host, int begin, int rows, void *outputs)
{
	const Program *program = run->program;
	program->kernels->gather(rows, data->features, (char *)run->net + program->x,
		(const char *)data->x_any + (size_t)begin * (size_t)data->features * program->kernels->number_bytes, 0);
	program->predict(run->net, rows, host);
	program->kernels->scatter(rows, program->outputs, outputs, (char *)run->net + program->output);
}

static int rows_at(const Program *program, const Data *data, int begin)
{
	return data->rows - begin < program->max_rows ? data->rows - begin : program->max_rows;
}

static Progress start_progress(const Program *program, const Data *data, const char *action, bool wanted)
{
	Progress progress = progress_start((data->rows + program->max_rows - 1) / program->max_rows, wanted);
	progress.action = action;
	return progress;
}

bool evaluate(const Training *t, const Run *run, int *correct)
{
	const Program *program = run->program;
	const Data *data = t->data;
	void *scores = malloc((size_t)program->max_rows * (size_t)program->outputs * program->kernels->number_bytes);
	Progress progress = start_progress(program, data, "evaluating", !t->quiet);
	int begin = 0;
	progress.network = t->run_count > 1 ? program->name : 0;
	*correct = 0;
	for (; scores && begin < data->rows && !(t->stop && *t->stop); begin += program->max_rows) {
		const int rows = rows_at(program, data, begin);
		predict_batch(run, data, t->host, begin, rows, scores);
		*correct += count_correct(program->truth, scores, program->outputs, data, begin, rows);
		progress_step(&progress, 0);
	}
	progress_clear(&progress);
	free(scores);
	return begin >= data->rows;
}

bool predict_all(const Run *run, const Data *data, const Host *host, const volatile sig_atomic_t *stop, bool quiet,
	void *outputs)
{
	const Program *program = run->program;
	const size_t row_bytes = (size_t)program->outputs * program->kernels->number_bytes;
	Progress progress = start_progress(program, data, "predicting", !quiet);
	int begin = 0;
	for (; begin < data->rows && !(stop && *stop); begin += program->max_rows) {
		predict_batch(run, data, host, begin, rows_at(program, data, begin),
			(char *)outputs + (size_t)begin * row_bytes);
		progress_step(&progress, 0);
	}
	progress_clear(&progress);
	return begin >= data->rows;
}
