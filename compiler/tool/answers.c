/* answers.c: opens the data of --eval and --predict, and runs networks on them. */
#include "answers.h"
#include "standalone/standalone.h"
#include "progress.h"
#include "stop.h"
#include <stdlib.h>

/* ---- data */

bool open_data(const CommandLine *o, Data *data, const char *specification, const DataOptions *options,
	Failure *failure)
{
	waiting_begin(data_path_length(specification) ? "reading" : "making", specification, !o->quiet);
	const bool opened = data_open(data, specification, options, failure);
	waiting_end();
	return opened;
}

bool answer_open(Session *s, Data *data, const char *specification, bool without_target, Failure *failure)
{
	DataOptions options = s->options.data;
	options.schema = schema_of(s);
	options.without_target = without_target;
	options.unscaled = without_target;      /* see predict */
	options.standardize = false;
	options.number_bytes = s->target->number_bytes;
	options.notes = stderr;
	if (options.schema)
		options.target = options.ignore = 0, options.window = 0;
	return open_data(&s->options, data, specification, &options, failure);
}

bool answer_check(const Session *s, const Program *program, Failure *failure)
{
	const Data *const all[] = {&s->eval, &s->predict};
	const int64_t outputs = program->outputs;
	for (int i = 0; i < 2; i++)
		if (all[i]->rows * outputs > INT32_MAX)
			return fail(failure, "%s: %d rows with %lld outputs are too many at once: split it", all[i]->name,
				all[i]->rows, (long long)outputs);
	return (!s->options.eval || program_accepts(program, &s->eval, failure))
		&& (!s->options.predict || program_takes(program, &s->predict, failure));
}

/* ---- answers */

static bool answer(const Session *s, int index, const Run *run, const Host *host, const Data *data,
	bool (*tell)(const Answers *answers, Failure *failure), Failure *failure)
{
	Answers answers = {.session = s, .program = run->program, .network = s->compilations[index].network, .data = data};
	answers.outputs = malloc((size_t)data->rows * (size_t)run->program->outputs * data->number_bytes);
	bool done = answers.outputs || fail(failure, "not enough memory for the outputs of %d rows", data->rows);
	if (done && predict_all(run, data, host, &stop_signal, s->options.quiet, answers.outputs))
		done = tell(&answers, failure);
	free(answers.outputs);
	return done;
}

/* Predicts with the network as --inference emits it, so that the numbers are those of the emitted C. Where folding
 * would not leave finite weights, with the network as it is. The scale of --standardize goes into the weights, too, or
 * else the samples are scaled: there is one network, so that happens once. */
static bool predict(Session *s, int index, const Run *run, const Host *host, Failure *failure)
{
	const Compilation *c = &s->compilations[index];
	void *scaled = fold_scale(c, run->net, s->predict.schema);
	Run folded = *run;
	Failure unfolded;
	folded.net = scaled ? scaled : run->net;
	Predictor *predictor = predictor_open(c, folded.net, &unfolded);
	if (predictor) {
		folded.program = predictor_program(predictor);
		folded.net = predictor_net(predictor);
	}
	const bool done = (scaled || !s->predict.schema || data_scale(&s->predict, s->predict.schema, failure))
		&& answer(s, index, &folded, host, &s->predict, write_predictions, failure);
	predictor_close(predictor);
	if (scaled)
		program_free(run->program, scaled);
	return done;
}

bool answer_all(Session *s, int index, const Run *run, const Host *host, Failure *failure)
{
	return (!s->options.eval || answer(s, index, run, host, &s->eval, s->report ? add_scores : print_scores, failure))
		&& (!s->options.predict || predict(s, index, run, host, failure));
}
