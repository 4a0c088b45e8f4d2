/* optimizer.c: what all optimizers have in common: what is done with gradients before an update. */
#include "../bnc.h"

const char gradient_calls[] = "accumulate(size, one_over_accumulate, dw_sum, dw)";
const char ready_calls[] = "[clip] clip(size, clip, dw)";
const char updated_calls[] = "clear(size, dw, batches)";

static double value_of(const Node *optimizer, const char *argument)
{
	return optimizer->arguments[argument_index(optimizer->layer, argument)];
}

int batches_of_update(const Node *optimizer)
{
	return (int)value_of(optimizer, "accumulate");
}

bool updates_at_once(const Node *optimizer)
{
	return value_of(optimizer, "clip") != 0 || batches_of_update(optimizer) > 1;
}

FirstStep first_step_of(const Node *optimizer)
{
	const int batches = batches_of_update(optimizer);
	if (batches > 1)
		return (FirstStep){"gradient", 1.0 / batches, 0, false};
	return optimizer->layer->first_step(optimizer->arguments);
}
