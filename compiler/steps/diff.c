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

static void own_tensors(Diff *d, const Node *node)
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
		const Shape weights = weight_shape(node);
		tensor->inputs = (int)shape_size(&weights);
		tensor->rank = spec->layout == LAYOUT_WEIGHTS ? 1 + weights.rank : spec->layout == LAYOUT_FEATURES;
		if (tensor->rank >= 3) {
			tensor->kernel_height = weights.dims[weights.rank - 2];
			tensor->kernel_width = weights.dims[weights.rank - 1];
		}
		d->module->owned[node->index][i] = tensor;
	}
}

/* ---- forward, backward, update */

/* The caller's samples are features, in the order of torch. An image has its pixels as rows. */

static bool is_image(const Value *value)
{
	return shape_positions(&value->shape) > 1;
}

/* A call of `flatten` or `unflatten` for the value. */
static void reorder(Diff *d, const char *kernel, const Value *value, Tensor *to, Tensor *from)
{
	Step *step = new_step(d, kernel_find(&d->module->kernels, kernel, strlen(kernel)));
	step->operands[0] = (Operand){.kind = OPERAND_ROWS, .number = 1};
	step->operands[1] = (Operand){.kind = OPERAND_NUMBER, .number = shape_positions(&value->shape)};
	step->operands[2] = (Operand){.kind = OPERAND_NUMBER, .number = shape_features(&value->shape)};
	step->operands[3] = at(to);
	step->operands[4] = at(from);
}

static void begin_forward(Diff *d)
{
	const Value *input = d->module->network->input;
	Tensor **x = &d->values[value_index(input)];
	*x = d->module->input;
	d->node = d->module->network->nodes.items[0];
	if (!is_image(input))
		return;
	*x = tensor_over(d, ROLE_TEMPORARY, LAYOUT_ROWS, input, "x_image");
	reorder(d, "unflatten", input, *x, d->module->input);
}

/* Adds the dx of the node's calls to the gradients of its inputs. */
static void collect_gradients(Diff *d, const Node *node)
{
	for (int i = 0; i < node->input_count; i++) {
		const Value *value = node->inputs[i];
		Tensor **gradient = &d->gradients[value_index(value)];
		if (!d->dx[i])
			continue;
		if (*gradient) {
			Tensor *sum = gradient_of(d, value);
			Step *step = new_step(d, kernel_find(&d->module->kernels, "add", 3));
			step->operands[0] = (Operand){.kind = OPERAND_ROWS, .number = sum->positions};
			step->operands[1] = at(sum);
			step->operands[2] = at(*gradient);
			step->operands[3] = at(d->dx[i]);
			find_features(step);
			*gradient = sum;
		} else
			*gradient = d->dx[i];
		d->dx[i] = 0;
	}
}

/* Binds the loss, which takes features. */
static void loss(Diff *d)
{
	const Network *network = d->module->network;
	const Value *y = network->output;
	Tensor **value = &d->values[value_index(y)], **gradient = &d->gradients[value_index(y)], *image = *value;
	d->node = network->loss;
	if (is_image(y)) {
		*value = flat_tensor(d, ROLE_TEMPORARY, y, "y_flat");
		reorder(d, "flatten", y, *value, image);
		d->dx[0] = flat_tensor(d, ROLE_TEMPORARY, y, "dy_flat");
	}
	bind_calls(d, network->loss, network->loss->layer->forward);
	collect_gradients(d, network->loss);
	if (is_image(y)) {
		Tensor *flat = *gradient;
		*value = image;
		*gradient = 0;
		*gradient = gradient_of(d, y);
		reorder(d, "unflatten", y, *gradient, flat);
	}
}

/* The value whose tensor is the routine's result: the network's output, or what the layers at its end pass on as
 * that. */
static const Value *result_value(const Network *network, bool training)
{
	const Value *value = network->output;
	while (value->producer && layer_does_nothing(value->producer->layer, training))
		value = value->producer->inputs[0];
	return value;
}

/* A network that does nothing. */
static void copy_input(Diff *d)
{
	const Network *network = d->module->network;
	Step *step = new_step(d, kernel_find(&d->module->kernels, "scale_shift", strlen("scale_shift")));
	step->operands[0] = (Operand){.kind = OPERAND_ROWS, .number = 1};
	step->operands[1] = at(d->module->output);
	step->operands[2] = at(d->values[value_index(network->output)]);
	find_features(step);
}

static void forward(Diff *d, bool training)
{
	const Network *network = d->module->network;
	const Value *last = result_value(network, training);
	begin_forward(d);
	memset(d->locals, 0, (size_t)network->index_count * sizeof *d->locals);
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		bool result = !training && node->output == last && !is_image(node->output);
		d->values[value_index(node->output)] = result ? d->module->output
			: tensor_over(d, ROLE_TEMPORARY, LAYOUT_ROWS, node->output, value_name(d, node->output));
		bind_calls(d, node, !training && node->layer->predict ? node->layer->predict : node->layer->forward);
	}
	if (!training && last == network->input && !is_image(network->output))
		copy_input(d);
	if (!training && is_image(network->output))
		reorder(d, "flatten", network->output, d->module->output, d->values[value_index(network->output)]);
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

static Tensor *new_block(Diff *d, const char *name, size_t floats)
{
	Tensor *block = new_tensor(d, ROLE_BLOCK, LAYOUT_WEIGHTS, name);
	block->features = d->module->options.target->lanes;
	block->inputs = (int)(floats / (size_t)d->module->options.target->lanes);
	return block;
}

/* Puts all parameters that are updated side by side, and their gradients in the same order. */
static void make_blocks(Diff *d)
{
	const Network *network = d->module->network;
	const bool sums = batches_of_update(network->optimizer) > 1;
	Tensor *parameters = new_block(d, "parameters", 0);
	size_t floats = 0;
	parameters->parts = ROLE_PARAMETER;
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; network->nodes.items[i]->layer->tensors[k].name; k++) {
			const Node *node = network->nodes.items[i];
			Tensor *w = d->module->owned[node->index][k];
			if (!w || w->role != ROLE_PARAMETER || shift_is_cancelled(network, node, k))
				continue;
			w->block = parameters;
			w->in_block = floats;
			floats += tensor_floats(d->module, w);
		}
	parameters->inputs = (int)(floats / (size_t)d->module->options.target->lanes);
	d->all_w = parameters;
	d->all_dw = new_block(d, "gradients", floats);
	cut_block(d, d->all_dw, sums ? ROLE_STATE : ROLE_GRADIENT, "gradient");
	d->kept = NEW_ARRAY(d->arena, Tensor *, d->module->tensor_count);
	for (int i = 0; i < d->module->tensors.count; i++)
		if (d->module->tensors.items[i]->block == d->all_dw)
			d->kept[d->module->tensors.items[i]->parameter->id] = d->module->tensors.items[i];
}

/* The optimizer's calls for all parameters, after all steps before. */
static void update_all(Diff *d)
{
	const int before = d->routine->steps.count;
	const Node *optimizer = d->module->network->optimizer;
	if (d->all_w->inputs == 0)
		return;
	d->w = d->all_w;
	d->dw = d->all_dw;
	bind_calls(d, optimizer, ready_calls);
	bind_calls(d, optimizer, optimizer->layer->forward);
	if (d->module->batches)
		bind_calls(d, optimizer, updated_calls);
	for (int i = before; i < d->routine->steps.count; i++)
		d->routine->steps.items[i]->after_all = true;
}

/* What becomes of a gradient: with the calls for it alone, an update or a sum. */
static void use_gradient(Diff *d, Tensor *w, Tensor *dw, const char *calls)
{
	d->w = w;
	d->dw = dw;
	d->dw_sum = d->kept ? d->kept[w->id] : 0;
	memset(d->states, 0, sizeof d->states);
	bind_calls(d, d->module->network->optimizer, calls);
}

static void use_gradients(Diff *d, const Node *node)
{
	const Node *optimizer = d->module->network->optimizer;
	const bool at_once = d->module->options.update_at_once;
	if (at_once && !d->module->batches)
		return;
	for (int i = 0; node->layer->tensors[i].name; i++)
		if (d->owned_gradients[node->index][i] && !shift_is_cancelled(d->module->network, node, i))
			use_gradient(d, d->module->owned[node->index][i], d->owned_gradients[node->index][i],
				at_once ? gradient_calls : optimizer->layer->forward);
}

static void prepare_update(Diff *d)
{
	d->numbers = new_tensor(d, ROLE_TEMPORARY, LAYOUT_NUMBERS, "numbers");
	bind_calls(d, d->module->network->optimizer, d->module->network->optimizer->layer->prepare);
}

static void backward(Diff *d)
{
	const Network *network = d->module->network;
	if (!d->module->batches)
		prepare_update(d);
	loss(d);
	for (int i = network->nodes.count - 1; i >= 0; i--) {
		const Node *node = network->nodes.items[i];
		if (!d->gradients[value_index(node->output)])
			continue;
		bind_calls(d, node, node->layer->backward);
		collect_gradients(d, node);
		use_gradients(d, node);
	}
}

/* A call of `count` for the counter, if there is one. */
static void count(Diff *d, Tensor *counter)
{
	if (!counter)
		return;
	Step *step = new_step(d, kernel_find(&d->module->kernels, "count", 5));
	step->operands[0] = at(counter);
}

/* ---- dead steps */

/* Keeps the steps that write something persistent, and the steps whose results those read, directly or not; and the
 * temporaries of those steps. */
static void drop_unread(Diff *d)
{
	Steps *steps = &d->routine->steps;
	bool *touched = NEW_ARRAY(d->arena, bool, d->module->tensor_count),     /* by tensor id: by a step that is kept */
		*read = NEW_ARRAY(d->arena, bool, d->module->tensor_count);
	for (int i = steps->count - 1; i >= 0; i--) {
		Step *step = steps->items[i];
		const KernelParameter *parameters = step->kernel->parameters;
		bool live = false;
		for (int k = 0; k < step->kernel->parameter_count; k++)
			if (step->operands[k].kind == OPERAND_AT && parameters[k].type->writes) {
				const Tensor *tensor = step->operands[k].tensor;
				live = live || tensor->role != ROLE_TEMPORARY || read[tensor->id];
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
				touched[step->operands[k].tensor->id] = true;
				read[step->operands[k].tensor->id] |= parameters[k].type->reads;
			}
	}
	int kept = 0;
	for (int i = 0; i < steps->count; i++)
		if (steps->items[i])
			steps->items[kept++] = steps->items[i];
	steps->count = kept;
	Tensors *temporaries = &d->routine->temporaries;
	kept = 0;
	for (int i = 0; i < temporaries->count; i++)
		if (touched[temporaries->items[i]->id])
			temporaries->items[kept++] = temporaries->items[i];
	temporaries->count = kept;
}

/* ---- the pass */

static Diff begin(Module *m)
{
	const int nodes = m->network->index_count;      /* there are fewer values: the loss and the optimizer have none */
	m->owned = arena_alloc(m->arena, (size_t)nodes, sizeof *m->owned);
	return (Diff){
		.module = m, .arena = m->arena,
		.values = NEW_ARRAY(m->arena, Tensor *, nodes), .gradients = NEW_ARRAY(m->arena, Tensor *, nodes),
		.locals = arena_alloc(m->arena, (size_t)nodes, sizeof(Tensor *[MAX_LOCALS])),
		.owned_gradients = arena_alloc(m->arena, (size_t)nodes, sizeof(Tensor *[MAX_TENSORS])),
	};
}

static void begin_routine(Diff *d, Routine *routine)
{
	d->routine = routine;
	d->module->routines[d->module->routine_count++] = routine;
}

static void differentiate_training(Diff *d)
{
	Module *m = d->module;
	begin_routine(d, &m->train);
	forward(d, true);
	backward(d);
	count(d, m->batches);
	if (m->batches) {
		drop_unread(d);
		begin_routine(d, &m->update);
		prepare_update(d);
	}
	if (m->options.update_at_once)
		update_all(d);
	count(d, m->step);
	drop_unread(d);
}

Module *differentiate(Arena *arena, const Network *network, const Options *options)
{
	Module *m = NEW(arena, Module);
	*m = (Module){.arena = arena, .network = network, .options = *options, .kernels = kernel_table(arena)};
	m->options.batch = options->batch ? options->batch : network->batch;
	m->options.update_at_once |= updates_at_once(network->optimizer);
	Diff d = begin(m);
	for (int i = 0; i < network->nodes.count; i++)
		own_tensors(&d, network->nodes.items[i]);
	m->input = flat_tensor(&d, ROLE_INPUT, network->input, "x");
	m->output = flat_tensor(&d, ROLE_RESULT, network->output, "y");

	m->train.name = "train";
	m->predict.name = "predict";
	m->update.name = "update";
	if (m->options.update_at_once)
		make_blocks(&d);
	if (batches_of_update(network->optimizer) > 1 && d.all_w->inputs > 0)
		m->batches = new_tensor(&d, ROLE_STATE, LAYOUT_COUNTER, "batches");
	differentiate_training(&d);
	begin_routine(&d, &m->predict);
	forward(&d, false);
	drop_unread(&d);
	return m;
}
