/* The network as --inference emits it, run within bnc: so what --predict says is what the emitted C says. */
#include "standalone.h"

struct Predictor {
	Standalone *standalone;
	Trial trial;
};

Predictor *predictor_open(const Compilation *model, const void *net, Failure *failure)
{
	Standalone *s = standalone_fold(model, net);
	Predictor *predictor = NEW(s->arena, Predictor);
	Options options = model->module->options;
	*predictor = (Predictor){.standalone = s};
	options.profile = false;
	if (trial_open_as(s, &predictor->trial, s->folded.network, &options, failure)) {
		s->module = predictor->trial.module;
		if (check_folded(s, failure))
			return predictor;
	}
	predictor_close(predictor);
	return 0;
}

void predictor_close(Predictor *predictor)
{
	if (!predictor)
		return;
	trial_close(&predictor->trial);
	standalone_close(predictor->standalone);
}

const Program *predictor_program(const Predictor *predictor)
{
	return &predictor->trial.module->program;
}

void *predictor_net(const Predictor *predictor)
{
	return predictor->trial.net;
}
