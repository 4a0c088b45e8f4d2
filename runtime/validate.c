#include "validate.h"
#include "metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool validation_open(Validation *v, const Training *t, Failure *failure)
{
	size_t width = 0;
	*v = (Validation){.outputs = NULL};
	if (!t->valid)
		return true;
	for (int i = 0; i < t->run_count; i++)
		width = (size_t)t->runs[i].program->outputs > width ? (size_t)t->runs[i].program->outputs : width;
	v->outputs = malloc((size_t)t->valid->rows * width * t->valid->number_bytes);
	v->best = t->patience ? calloc((size_t)t->run_count, sizeof *v->best) : NULL;
	bool done = v->outputs && (v->best || !t->patience);
	for (int i = 0; done && t->patience && i < t->run_count; i++)
		done = (v->best[i] = calloc(1, t->runs[i].program->bytes));   /* a file restores only its weights */
	for (int i = 0; i < t->run_count; i++)
		t->runs[i].best_epoch = -1;
	return done || fail(failure, "not enough memory to validate on %d rows", t->valid->rows);
}

void validation_close(Validation *v, const Training *t)
{
	for (int i = 0; v->best && i < t->run_count; i++)
		free(v->best[i]);
	free(v->best);
	free(v->outputs);
}

bool validate(Validation *v, Training *t, int epoch, Failure *failure)
{
	const Host host = {.pool = t->host->pool};      /* the profile is of training */
	for (int i = 0; t->valid && i < t->run_count; i++) {
		Run *run = &t->runs[i];
		const Program *program = run->program;
		const Truth truth = program->truth;
		predict_all(run, t->valid, &host, NULL, true, v->outputs);
		if (!run->loss_of(run->loss_rule, v->outputs, program->outputs, t->valid, &run->valid_loss))
			return fail(failure, "not enough memory for the loss of %d rows", t->valid->rows);
		if (truth != TRUTH_VALUES)
			run->valid_accuracy = (double)count_correct(truth, v->outputs, program->outputs, t->valid, 0,
				t->valid->rows) / t->valid->rows;
		if (!isfinite(run->valid_loss) || (run->best_epoch >= 0 && run->valid_loss >= run->best_loss))
			continue;
		run->best_epoch = epoch;
		run->best_loss = run->valid_loss;
		if (v->best)
			memcpy(v->best[i], run->net, program->bytes);
	}
	return true;
}

bool patience_is_over(const Training *t, int epoch)
{
	for (int i = 0; i < t->run_count; i++)
		if (epoch - t->runs[i].best_epoch < t->patience)
			return false;
	return t->patience > 0;
}

void take_best(const Validation *v, const Training *t)
{
	for (int i = 0; v->best && i < t->run_count; i++)
		if (t->runs[i].best_epoch >= 0)
			memcpy(t->runs[i].net, v->best[i], t->runs[i].program->bytes);
}
