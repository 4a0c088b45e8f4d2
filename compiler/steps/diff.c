/* Network -> steps. Requires shapes; provides each routine's kernel calls in program order, with every operand bound to
 * a tensor or a number: forward, loss, and then backward in reverse order, with the update of each parameter after its
 * gradient. Exactly one step writes a temporary, so later passes need to know only who writes and who reads.
 *
 * A value with several readers gets a gradient from each of them; they are added one after another. Steps whose results
 * nothing reads are dropped: dx of the first layer, the sum for a bias that does not exist, and in predict whatever
 * only backward would have read. */
#include "diff.h"
#include <string.h>

/* ---- tensors */

static const char *value_name(Diff *d, const Value *value)
{
	return value->producer ? arena_print(d->arena, "y_%d", value->producer->index) : "x";
}

static void own_tensors(Diff *d, Node *node)
{
	for (int i = 0; node->layer->tensors[i].name; i++) {
		const TensorSpec *spec = &node->layer->tensors[i];
		if (spec->when && node->arguments[argument_index(node->layer, spec->when)] == 0)
			continue;
		Tensor *tensor = tensor_over(d, spec->trainable ? ROLE_PARAMETER : ROLE_STATISTIC, spec->layout, node->output,
			arena_print(d->arena, "%s_%d", spec->name, node->index));
		tensor->path = arena_print(d->arena, "%s.%s", node->path, spec->name);
		tensor->node = node;
		tensor->init = spec->init;
		tensor->inputs = shape_features(&node->inputs[0]->shape);
		node->tensors[i] = tensor;
	}
}

/* ---- forward, backward, update */

static void forward(Diff *d, bool training)
{
	const Network *network = d->c->network;
	network->input->tensor = d->c->input;
	for (int i = 0; i < network->nodes.count; i++) {
		Node *node = network->nodes.items[i];
		bool result = !training && node->output == network->output;
		node->output->tensor = result ? d->c->output
			: tensor_over(d, ROLE_TEMPORARY, LAYOUT_ROWS, node->output, value_name(d, node->output));
		memset(node->locals, 0, sizeof node->locals);
		bind_calls(d, node, !training && node->layer->predict ? node->layer->predict : node->layer->forward);
	}
}

/* Adds the dx of the node's calls to the gradients of its inputs. */
static void collect_gradients(Diff *d, const Node *node)
{
	for (int i = 0; i < node->input_count; i++) {
		Value *value = node->inputs[i];
		if (!d->dx[i])
			continue;
		if (value->gradient) {
			Tensor *sum = gradient_of(d, value);
			Step *step = new_step(d, kernel_find(&d->c->kernels, "add", 3));
			step->operands[0] = (Operand){.kind = OPERAND_ROWS, .number = sum->positions};
			step->operands[1] = at(sum);
			step->operands[2] = at(value->gradient);
			step->operands[3] = at(d->dx[i]);
			find_features(step);
			value->gradient = sum;
		} else
			value->gradient = d->dx[i];
		d->dx[i] = 0;
	}
}

/* The only reader of y subtracts this constant again, so its gradient is 0 except for rounding. Its update is left out
 * if the optimizer does not change weights whose gradient is 0. Forward still adds it, since it moves the running
 * mean. */
bool shift_is_cancelled(const Network *network, const Node *node, int tensor)
{
	const Layer *layer = node->layer;
	const char *decay = network->optimizer->layer->decay;
	return layer->shift && strcmp(layer->tensors[tensor].name, layer->shift) == 0 && node->output->readers == 1
		&& node->output->reader && node->output->reader->layer->cancels_shift
		&& !(decay && network->optimizer->arguments[argument_index(network->optimizer->layer, decay)] != 0);
}

/* Puts all parameters side by side, and gradients that outlive their loops in the same order. What a cancelled shift
 * should add has no gradient: its place keeps the 0 that it is given at first. */
static void make_blocks(Diff *d)
{
	const Network *network = d->c->network;
	Tensor *parameters = new_tensor(d, ROLE_BLOCK, LAYOUT_WEIGHTS, "parameters"),
		*gradients = new_tensor(d, ROLE_BLOCK, LAYOUT_WEIGHTS, "gradients");
	size_t floats = 0;
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; network->nodes.items[i]->layer->tensors[k].name; k++) {
			Node *node = network->nodes.items[i];
			Tensor *w = node->tensors[k];
			if (!w || w->role != ROLE_PARAMETER)
				continue;
			w->block = parameters;
			w->in_block = floats;
			if (!shift_is_cancelled(network, node, k)) {
				Tensor *dw = new_tensor(d, ROLE_GRADIENT, w->layout, arena_print(d->arena, "d%s", w->name));
				dw->features = w->features;
				dw->inputs = w->inputs;
				dw->block = gradients;
				dw->in_block = floats;
				node->gradients[k] = dw;
			}
			floats += tensor_floats(d->c, w);
		}
	parameters->features = gradients->features = d->c->target->lanes;
	parameters->inputs = gradients->inputs = (int)(floats / (size_t)d->c->target->lanes);
	d->w = parameters;
	d->dw = gradients;
}

static void update_all(Diff *d)
{
	const int before = d->routine->steps.count;
	bind_calls(d, d->c->network->optimizer, d->c->network->optimizer->layer->forward);
	for (int i = before; i < d->routine->steps.count; i++)
		d->routine->steps.items[i]->after_all = true;
}

static void update_parameters(Diff *d, Node *node)
{
	for (int i = 0; node->layer->tensors[i].name; i++) {
		if (!node->gradients[i] || shift_is_cancelled(d->c->network, node, i))
			continue;
		d->w = node->tensors[i];
		d->dw = node->gradients[i];
		memset(d->states, 0, sizeof d->states);
		bind_calls(d, d->c->network->optimizer, d->c->network->optimizer->layer->forward);
	}
}

static void backward(Diff *d)
{
	const Network *network = d->c->network;
	d->numbers = new_tensor(d, ROLE_TEMPORARY, LAYOUT_NUMBERS, "numbers");
	bind_calls(d, network->optimizer, network->optimizer->layer->prepare);
	bind_calls(d, network->loss, network->loss->layer->forward);
	collect_gradients(d, network->loss);
	for (int i = network->nodes.count - 1; i >= 0; i--) {
		Node *node = network->nodes.items[i];
		if (!node->output->gradient)
			continue;
		bind_calls(d, node, node->layer->backward);
		collect_gradients(d, node);
		if (!d->c->update_at_once)
			update_parameters(d, node);
	}
	if (d->c->update_at_once)
		update_all(d);
}

static void count_step(Diff *d)
{
	if (!d->c->step)
		return;
	Step *step = new_step(d, kernel_find(&d->c->kernels, "count", 5));
	step->operands[0] = at(d->c->step);
}

/* ---- dead steps */

/* Keeps the steps that write something persistent, and the steps whose results those read, directly or not. */
static void drop_unread(Diff *d)
{
	Steps *steps = &d->routine->steps;
	for (int i = steps->count - 1; i >= 0; i--) {
		Step *step = steps->items[i];
		const KernelParameter *parameters = step->kernel->parameters;
		bool live = false;
		for (int k = 0; k < step->kernel->parameter_count; k++)
			if (step->operands[k].kind == OPERAND_AT && parameters[k].type->writes) {
				const Tensor *tensor = step->operands[k].tensor;
				live = live || tensor->role != ROLE_TEMPORARY || tensor->read;
			}
		if (!live) {
			steps->items[i] = 0;
			continue;
		}
		for (int k = 0; k < step->kernel->parameter_count; k++)
			if (step->operands[k].kind == OPERAND_ABSENT && !parameters[k].maybe)
				internal_error("%s: operand %s of %s may not be absent", step->node->layer->name, parameters[k].name,
					step->kernel->name);
			else if (step->operands[k].kind == OPERAND_AT) {
				step->operands[k].tensor->touched = true;
				step->operands[k].tensor->read |= parameters[k].type->reads;
			}
	}
	int kept = 0;
	for (int i = 0; i < steps->count; i++)
		if (steps->items[i])
			steps->items[kept++] = steps->items[i];
	steps->count = kept;
}

static void drop_untouched(Tensors *temporaries)
{
	int kept = 0;
	for (int i = 0; i < temporaries->count; i++)
		if (temporaries->items[i]->touched)
			temporaries->items[kept++] = temporaries->items[i];
	temporaries->count = kept;
}

void count_readers(const Network *network)
{
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; k < network->nodes.items[i]->input_count; k++)
			network->nodes.items[i]->inputs[k]->readers = 0;
	network->output->readers = 1;
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; k < network->nodes.items[i]->input_count; k++) {
			Value *value = network->nodes.items[i]->inputs[k];
			value->readers++;
			value->reader = network->nodes.items[i];
		}
}

void differentiate(Compilation *c)
{
	Diff d = {.c = c, .arena = c->arena, .routine = &c->train};
	const Network *network = c->network;
	for (int i = 0; i < network->nodes.count; i++)
		own_tensors(&d, network->nodes.items[i]);
	c->input = tensor_over(&d, ROLE_INPUT, LAYOUT_ROWS, network->input, "x");
	c->output = tensor_over(&d, ROLE_RESULT, LAYOUT_ROWS, network->output, "y");

	count_readers(network);
	c->train.name = "train";
	if (c->update_at_once)
		make_blocks(&d);
	forward(&d, true);
	backward(&d);
	count_step(&d);
	drop_unread(&d);
	drop_untouched(&c->train.temporaries);

	c->predict.name = "predict";
	d.routine = &c->predict;
	forward(&d, false);
	drop_unread(&d);
	drop_untouched(&c->predict.temporaries);
}
