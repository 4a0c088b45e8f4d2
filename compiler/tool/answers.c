/* answers.c: opens the data of --eval and --predict, and runs networks on them. */
#include "answers.h"
#include "progress.h"
#include "stop.h"
#include <stdlib.h>

/* ---- data */

bool answer_open(Session *s, Data *data, const char *specification, bool without_target, Failure *failure)
{
	DataOptions options = s->options.data;
	options.schema = schema_of(s);
	options.without_target = without_target;
	options.standardize = false;
	options.number_bytes = s->target->number_bytes;
	options.notes = stderr;
	if (options.schema)
		options.target = options.ignore = 0;
	waiting_begin(data_path_length(specification) ? "reading" : "making", specification, !s->options.quiet);
	const bool opened = data_open(data, specification, &options, failure);
	waiting_end();
	return opened;
}

bool answer_check(const Session *s, const Program *program, Failure *failure)
{
	const int64_t rows = s->eval.rows, outputs = program->outputs;
	if (rows * outputs > INT32_MAX)
		return fail(failure, "%s: %lld rows with %lld outputs are too many at once: split it", s->eval.name,
			(long long)rows, (long long)outputs);
	return program_accepts(program, &s->eval, failure);
}

/* ---- answers */

bool evaluate_network(const Session *s, int index, const Run *run, const Host *host, Failure *failure)
{
	Answers answers = {.session = s, .program = run->program, .network = s->compilations[index].network,
		.data = &s->eval};
	const size_t rows = (size_t)s->eval.rows, width = (size_t)run->program->outputs;
	answers.outputs = malloc(rows * width * s->eval.number_bytes);
	bool done = answers.outputs || fail(failure, "not enough memory for the outputs for %zu rows", rows);
	if (done && predict_all(run, &s->eval, host, &stop_signal, s->options.quiet, answers.outputs))
		done = print_scores(&answers, failure);
	free(answers.outputs);
	return done;
}
