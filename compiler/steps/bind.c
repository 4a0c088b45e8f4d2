/* The text of a layer's rule -> steps: looks up the kernel of each call, and binds each name to a tensor or a number.
 * bnc.h lists the names above Layer; any other name is a fault of the layer's table. */
#include "diff.h"
#include <string.h>

/* ---- tensors */

Tensor *new_tensor(Diff *d, Role role, Layout layout, const char *name)
{
	return add_tensor(d->module, d->routine, (Tensor){.name = name, .role = role, .layout = layout, .positions = 1});
}

Tensor *tensor_over(Diff *d, Role role, Layout layout, const Value *value, const char *name)
{
	Tensor *tensor = new_tensor(d, role, layout, name);
	tensor->features = shape_features(&value->shape);
	tensor->positions = shape_positions(&value->shape);
	return tensor;
}

/* The parameters' own parts have no parameter that they belong to. */
void cut_block(Diff *d, Tensor *block, Role role, const char *name)
{
	const Tensors *tensors = &d->module->tensors;
	block->parts = role;
	for (int i = 0, count = tensors->count; i < count; i++) {
		Tensor *w = tensors->items[i];
		if (!w->block || w->role != ROLE_PARAMETER)
			continue;
		Tensor *part = tensor_like(d, role, w, arena_print(d->arena, "%s_%s", name, w->name));
		part->parameter = w;
		part->block = block;
		part->in_block = w->in_block;
	}
}

Tensor *flat_tensor(Diff *d, Role role, const Value *value, const char *name)
{
	Tensor *tensor = new_tensor(d, role, LAYOUT_ROWS, name);
	tensor->features = (int)shape_size(&value->shape);
	return tensor;
}

Tensor *tensor_like(Diff *d, Role role, const Tensor *model, const char *name)
{
	Tensor *tensor = new_tensor(d, role, model->layout, name);
	tensor->features = model->features;
	tensor->inputs = model->inputs;
	tensor->rank = model->rank;
	tensor->kernel_height = model->kernel_height;
	tensor->kernel_width = model->kernel_width;
	tensor->positions = model->positions;
	return tensor;
}

Tensor *gradient_of(Diff *d, const Value *value)
{
	const char *name = value->producer ? arena_print(d->arena, "dy_%d", value->producer->index) : "dx";
	if (d->gradients[value_index(value)])
		name = arena_print(d->arena, "%s_part%d", name, ++d->contributions);
	return tensor_over(d, ROLE_TEMPORARY, LAYOUT_ROWS, value, name);
}

/* ---- calls: "kernel(name, name, ...)" */

Operand at(Tensor *tensor)
{
	return tensor ? (Operand){.kind = OPERAND_AT, .tensor = tensor} : (Operand){.kind = OPERAND_ABSENT};
}

static Operand number(double value)
{
	return (Operand){.kind = OPERAND_NUMBER, .number = value};
}

/* The numbers of a list argument; absent if it is not given. */
static Operand list(const Diff *d, int argument)
{
	const Node *node = d->node;
	const char *name = node->layer->arguments[argument].name;
	if (node->arguments[argument] == 0)
		return (Operand){.kind = OPERAND_ABSENT};
	return (Operand){.kind = OPERAND_LIST, .number = node->arguments[argument], .list = node->lists[argument],
		.name = node->layer->kind == KIND_LAYER ? arena_print(d->arena, "%s_%d", name, node->index)
			: arena_print(d->arena, "%s_%s", node->path, name)};
}

/* The index of `x` or `x2`, `dx` or `dx2`, after the prefix; -1 if name is none of these. */
static int input_index(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);
	if (strncmp(name, prefix, length) != 0)
		return -1;
	return name[length] == 0 ? 0 : strcmp(name + length, "2") == 0 ? 1 : -1;
}

static Tensor *local_tensor(Diff *d, int index)
{
	const Node *node = d->node;
	const LocalSpec *spec = &node->layer->locals[index];
	Tensor **local = &d->locals[node->index][index];
	if (*local)
		return *local;
	*local = tensor_over(d, ROLE_TEMPORARY, spec->layout, node->output,
		arena_print(d->arena, "%s_%d", spec->name, node->index));
	if (spec->layout == LAYOUT_STATISTICS)
		(*local)->features = spec->groups ? (int)node->arguments[argument_index(node->layer, spec->groups)] : 1;
	return *local;
}

static Tensor *parameter_gradient(Diff *d, int index)
{
	Tensor *tensor = d->module->owned[d->node->index][index], **gradient = &d->owned_gradients[d->node->index][index];
	if (tensor && !*gradient && d->kept && !d->module->batches)
		*gradient = d->kept[tensor->id];
	if (tensor && !*gradient)
		*gradient = tensor_like(d, ROLE_TEMPORARY, tensor, arena_print(d->arena, "d%s", tensor->name));
	return *gradient;
}

static Tensor *step_counter(Diff *d)
{
	if (!d->module->step)
		d->module->step = new_tensor(d, ROLE_STATE, LAYOUT_COUNTER, "step");
	return d->module->step;
}

static Tensor *generator(Diff *d)
{
	if (!d->module->generator) {
		d->module->generator = new_tensor(d, ROLE_GENERATOR, LAYOUT_GENERATOR, "generator");
		d->module->generator->features = GENERATOR_WORDS;
		d->module->generator->rank = 1;
	}
	return d->module->generator;
}

/* `<local>_size` */
static bool bind_size(Diff *d, const char *name, Operand *operand)
{
	const char *end = strrchr(name, '_');
	for (int i = 0; end && strcmp(end, "_size") == 0 && d->node->layer->locals[i].name; i++)
		if (strncmp(d->node->layer->locals[i].name, name, (size_t)(end - name)) == 0) {
			*operand = (Operand){.kind = OPERAND_PANEL_SIZE, .tensor = local_tensor(d, i)};
			return true;
		}
	return false;
}

/* Sizes of images. */
static bool bind_image(const Node *node, const char *name, Operand *operand)
{
	if (node->layer->kind == KIND_OPTIMIZER)
		return false;
	const Shape *x = &node->inputs[0]->shape, *y = node->output ? &node->output->shape : x;
	const Shape weights = node->output ? weight_shape(node) : *x;
	const struct { const char *name; int rank; int64_t size; } sizes[] = {
		{"height", x->rank, x->dims[1]}, {"width", x->rank, x->dims[2]},
		{"y_height", y->rank, y->dims[1]}, {"y_width", y->rank, y->dims[2]},
		{"positions", 3, shape_positions(x)}, {"fan_in", 3, shape_size(&weights)},
	};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (strcmp(name, sizes[i].name) == 0) {
			*operand = number((double)sizes[i].size);
			return sizes[i].rank == 3;
		}
	if (strcmp(name, "y_rows") == 0 || strcmp(name, "images") == 0) {
		*operand = (Operand){.kind = OPERAND_ROWS, .number = *name == 'y' ? shape_positions(y) : 1};
		return true;
	}
	return false;
}

/* `kernel_height`, `kernel_width` of an argument that is a pair. */
static bool bind_pair(const Node *node, const char *name, Operand *operand)
{
	const char *side = strrchr(name, '_');
	for (int i = 0; side && node->layer->arguments[i].name; i++) {
		const ArgumentSpec *spec = &node->layer->arguments[i];
		if (spec->kind != ARGUMENT_PAIR || strlen(spec->name) != (size_t)(side - name)
			|| strncmp(spec->name, name, (size_t)(side - name)) != 0)
			continue;
		*operand = number(strcmp(side, "_height") == 0 ? node->arguments[i] : node->widths[i]);
		return true;
	}
	return false;
}

/* Binds names that every rule can use. False: name is none of them. */
static bool bind_common(Diff *d, const char *name, Operand *operand)
{
	const Node *node = d->node;
	const Value *x = node->inputs[0], *y = node->output;
	const bool flat = node->layer->kind == KIND_LOSS;       /* it reads images as features */
	int input;
	if (strcmp(name, "rows") == 0 && x)
		*operand = (Operand){.kind = OPERAND_ROWS, .number = flat ? 1 : shape_positions(&x->shape)};
	else if (strcmp(name, "panel") == 0)
		*operand = (Operand){.kind = OPERAND_PANEL};
	else if (strcmp(name, "generator") == 0)
		*operand = at(generator(d));
	else if (strcmp(name, "size") == 0)
		*operand = (Operand){.kind = OPERAND_PANEL_SIZE, .tensor = d->w};
	else if (strcmp(name, "lr") == 0)
		*operand = (Operand){.kind = OPERAND_RATE};
	else if (strcmp(name, "step") == 0)
		*operand = at(step_counter(d));
	else if (strcmp(name, "inputs") == 0 && x)
		*operand = number(flat ? (double)shape_size(&x->shape) : shape_features(&x->shape));
	else if (strcmp(name, "outputs") == 0 && y)
		*operand = number(shape_features(&y->shape));
	else if ((input = input_index(name, "x")) >= 0 && node->inputs[input])
		*operand = at(d->values[value_index(node->inputs[input])]);
	else if ((input = input_index(name, "dx")) >= 0 && node->inputs[input]) {
		if (!d->dx[input])
			d->dx[input] = gradient_of(d, node->inputs[input]);
		*operand = at(d->dx[input]);
	} else if (strcmp(name, "y") == 0 && y)
		*operand = at(d->values[value_index(y)]);
	else if (strcmp(name, "dy") == 0 && y)
		*operand = at(d->gradients[value_index(y)]);
	else
		return false;
	return true;
}

static Operand bind_loss(Diff *d, const char *name)
{
	Module *m = d->module;
	const Value *x = d->node->inputs[0];
	if (strcmp(name, "label") == 0)
		return at(m->label ? m->label : (m->label = new_tensor(d, ROLE_LABEL, LAYOUT_LABELS, "label")));
	if (strcmp(name, "target") == 0)
		return at(m->target_values ? m->target_values
			: (m->target_values = flat_tensor(d, ROLE_TARGET, x, "target")));
	if (strcmp(name, "loss") == 0)
		return at(m->loss ? m->loss : (m->loss = new_tensor(d, ROLE_RESULT, LAYOUT_SCALAR, "loss")));
	if (strcmp(name, "correct") == 0)
		return at(m->correct ? m->correct : (m->correct = new_tensor(d, ROLE_RESULT, LAYOUT_SCALAR, "correct")));
	internal_error("%s: nothing is called `%s`", d->node->layer->name, name);
}

static Operand bind_optimizer(Diff *d, const char *name)
{
	if (strcmp(name, "w") == 0)
		return at(d->w);
	if (strcmp(name, "dw") == 0)
		return at(d->dw);
	if (strcmp(name, "numbers") == 0)
		return at(d->numbers);
	if (strcmp(name, "dw_sum") == 0)
		return at(d->dw_sum);
	if (strcmp(name, "batches") == 0)
		return at(d->module->batches);
	int index = tensor_index(d->node->layer, name);
	if (index < 0)
		internal_error("%s: nothing is called `%s`", d->node->layer->name, name);
	const char *when = d->node->layer->tensors[index].when;
	if (when && d->node->arguments[argument_index(d->node->layer, when)] == 0)
		return at(0);
	if (!d->states[index]) {
		const bool block = d->w->role == ROLE_BLOCK;
		Tensor *state = tensor_like(d, block ? ROLE_BLOCK : ROLE_STATE, d->w,
			arena_print(d->arena, "%s_%s", name, d->w->name));
		if (block)
			cut_block(d, state, ROLE_STATE, name);
		else
			state->parameter = d->w;
		d->states[index] = state;
	}
	return at(d->states[index]);
}

static Operand bind_layer(Diff *d, const char *name)
{
	const Layer *layer = d->node->layer;
	int index = tensor_index(layer, name);
	if (index >= 0)
		return at(d->module->owned[d->node->index][index]);
	for (int i = 0; layer->locals[i].name; i++)
		if (strcmp(layer->locals[i].name, name) == 0)
			return at(local_tensor(d, i));
	if (name[0] == 'd' && (index = tensor_index(layer, name + 1)) >= 0)
		return at(parameter_gradient(d, index));
	internal_error("%s: nothing is called `%s`", layer->name, name);
}

static bool skip_prefix(const char **name, const char *prefix)
{
	const bool found = strncmp(*name, prefix, strlen(prefix)) == 0;
	*name += found ? strlen(prefix) : 0;
	return found;
}

static Operand bind(Diff *d, const char *name)
{
	Operand operand;
	if (strcmp(name, "0") == 0)
		return at(0);
	if (strcmp(name, "1") == 0)
		return number(1);
	if (bind_common(d, name, &operand) || bind_image(d->node, name, &operand) || bind_pair(d->node, name, &operand)
		|| bind_size(d, name, &operand))
		return operand;
	/* a tensor takes precedence over an argument of the same name, which says whether the tensor exists */
	const char *rest = name;
	const bool minus = skip_prefix(&rest, "one_minus_"), over = skip_prefix(&rest, "one_over_");
	const int argument = argument_index(d->node->layer, rest);
	const double value = argument >= 0 ? d->node->arguments[argument] : 0;
	if (argument >= 0 && argument_spec(d->node->layer, argument)->kind == ARGUMENT_LIST)
		return list(d, argument);
	if (argument >= 0 && tensor_index(d->node->layer, name) < 0)
		return number(minus ? 1 - value : over ? 1 / value : value);
	switch (d->node->layer->kind) {
	case KIND_LOSS: return bind_loss(d, name);
	case KIND_OPTIMIZER: return bind_optimizer(d, name);
	case KIND_LAYER: case KIND_SCHEDULE: case KIND_AUGMENT: break;
	}
	return bind_layer(d, name);
}

static void check_operand(const Step *step, int index)
{
	const KernelParameter *parameter = &step->kernel->parameters[index];
	const Operand *operand = &step->operands[index];
	const bool listed = operand->kind == OPERAND_LIST && parameter->type->layout == LAYOUT_FEATURES
		&& !parameter->type->own;
	bool tensor = operand->kind == OPERAND_AT || operand->kind == OPERAND_ABSENT || listed;
	if (tensor != (parameter->type->class == OPERAND_TENSOR))
		internal_error("%s: operand %s of %s is of the wrong kind", step->node->layer->name, parameter->name,
			step->kernel->name);
	if (operand->kind == OPERAND_AT && !parameter->type->any_layout
		&& operand->tensor->layout != parameter->type->layout)
		internal_error("%s: operand %s of %s has the wrong layout", step->node->layer->name, parameter->name,
			step->kernel->name);
}

void find_features(Step *step)
{
	for (int i = 0; i < step->kernel->parameter_count; i++) {
		if (step->operands[i].kind != OPERAND_AT || !step->kernel->parameters[i].type->own)
			continue;
		int features = step->operands[i].tensor->features;
		if (step->features && step->features != features)
			internal_error("%s: %s goes over panels of %d and of %d features", step->node->layer->name,
				step->kernel->name, step->features, features);
		step->features = features;
	}
}

Step *new_step(Diff *d, const Kernel *kernel)
{
	Step *step = NEW(d->arena, Step);
	step->kernel = kernel;
	step->node = d->node;
	APPEND(d->arena, &d->routine->steps, step);
	return step;
}

/* y is x. */
static void pass_value(Diff *d, const char *from)
{
	const Node *node = d->node;
	if (strcmp(from, "x") != 0)
		internal_error("%s: `y = %s` passes no value on", node->layer->name, from);
	d->values[value_index(node->output)] = d->values[value_index(node->inputs[0])];
}

/* Passes on the gradient called `from` as that of the input called `dx` or `dx2`. */
static void pass_gradient(Diff *d, const char *input, const char *from)
{
	int index = input_index(input, "dx");
	Operand operand = bind(d, from);
	if (index < 0 || operand.kind != OPERAND_AT)
		internal_error("%s: `%s = %s` passes no gradient on", d->node->layer->name, input, from);
	d->dx[index] = operand.tensor;
}

/* Binds `dx = dy` or a call; only reads it if it is not wanted. */
static void bind_call(Diff *d, const char **text, bool wanted)
{
	const char *after = *text, *names[MAX_OPERANDS];
	const char *name = read_word(d->arena, &after);
	if (read_mark(&after, '=')) {
		const char *from = read_word(d->arena, &after);
		*text = after;
		if (wanted && strcmp(name, "y") == 0)
			pass_value(d, from);
		else if (wanted)
			pass_gradient(d, name, from);
		return;
	}
	const Kernel *kernel = read_call(d->arena, &d->module->kernels, text, names);
	if (!wanted)
		return;
	Step *step = new_step(d, kernel);
	for (int i = 0; i < kernel->parameter_count; i++) {
		step->operands[i] = bind(d, names[i]);
		check_operand(step, i);
	}
	find_features(step);
}

/* Whether the call after any number of `[name]` and `[!name]` exists with the node's arguments. */
static bool guards_hold(Diff *d, const char **text)
{
	const char *begin = *text;
	bool hold = true;
	while (read_mark(text, '[')) {
		bool negated = read_mark(text, '!');
		int argument = argument_index(d->node->layer, read_word(d->arena, text));
		if (argument < 0 || !read_mark(text, ']'))
			internal_error("%s: `%s` does not begin with an argument's name in brackets", d->node->layer->name, begin);
		hold = hold && (d->node->arguments[argument] != 0) != negated;
	}
	return hold;
}

void bind_calls(Diff *d, const Node *node, const char *text)
{
	d->node = node;
	for (bool more = text && *text; more; more = read_mark(&text, ';')) {
		bool wanted = guards_hold(d, &text);
		bind_call(d, &text, wanted);
	}
	if (text && *text)
		internal_error("%s: `%s` follows a call, expected `;`", node->layer->name, text);
}
