/* Finds the shapes along the graph. Requires nodes in an order of evaluation; provides the shape of every value, every
 * inferred argument and the default loss, and makes sure that no size exceeds what the program can hold. */
#include "bnc.h"

enum { WIDEST_PANEL = 16 };

/* Floats in whole panels of the widest kind, so that the answer does not depend on the machine. */
static bool fits(int features, int64_t per_feature)
{
	int64_t padded = ((int64_t)features + WIDEST_PANEL - 1) / WIDEST_PANEL * WIDEST_PANEL;
	return per_feature <= INT32_MAX / padded;
}

/* Checks the sizes of the node's weights. Both shapes are known. */
static bool check_weights(const Node *node, Diagnostics *diagnostics)
{
	const Shape shape = weight_shape(node);
	const int features = shape_features(&node->output->shape);
	const int64_t inputs = shape_size(&shape);
	for (const TensorSpec *t = node->layer->tensors; t->name; t++)
		if (t->layout == LAYOUT_WEIGHTS && !fits(features, inputs)) {
			error_at(diagnostics, node->span,
				"%s of %lld x %d has %lld values; the limit of a tensor is %d (in panels of %d features)", t->name,
				(long long)inputs, features, (long long)inputs * features, INT32_MAX, WIDEST_PANEL);
			return false;
		}
	return true;
}

static void infer_node(Node *node, Diagnostics *diagnostics)
{
	const Value *x = node->inputs[0];
	if (shape_is_broken(&node->output->shape))
		return;
	const bool inferred = (node->layer->infer ? node->layer->infer : infer_unchanged)(node, diagnostics);
	if (same_shape(&node->output->shape, &x->shape)) {      /* messages about the size point to where it comes from */
		node->output->span = x->span;
		node->output->data = x->data;
	}
	bool known = shape_is_known(&node->output->shape) && shape_is_known(&x->shape);
	if (node->output->shape.rank == UNKNOWN_RANK || (inferred && known && !check_weights(node, diagnostics)))
		node->output->shape = (Shape){.rank = BROKEN_RANK};
}

/* The first loss with this truth. */
static const Layer *loss_of(Truth truth)
{
	int i = 0;
	while (layers[i]->kind != KIND_LOSS || layers[i]->truth != truth)
		i++;
	return layers[i];
}

/* It learns, but slowly: of two softmaxes the outer one cannot tell chances apart. */
static void warn_of_twice(const Node *loss, const Node *last, Diagnostics *diagnostics)
{
	if (loss->layer->contains && last && strcmp(last->layer->name, loss->layer->contains) == 0)
		warning_at(diagnostics, last->span, "loss %s applies %s itself, so that it is applied twice here: "
			"leave it out; --predict prints probabilities without it", loss->layer->name, last->layer->name);
}

static void check_loss(Network *network, Diagnostics *diagnostics)
{
	Value *output = network->output;
	if (!network->loss) {
		network->loss = NEW(network->arena, Node);
		network->loss->layer = network->until ? loss_of(TRUTH_VALUES)
			: layer_default(KIND_LOSS, (int)shape_size(&output->shape));
		network->loss->path = "loss";
		network->loss->span = output->span;
	}
	Node *loss = network->loss;
	loss->inputs[0] = output;
	loss->input_count = 1;
	const bool labels = loss->layer->truth == TRUTH_LABELS;
	if (output->shape.rank != 1 && loss->layer->truth != TRUTH_VALUES)
		error_at(diagnostics, loss->span,
			"%s expects %s, but the network's output has %d dimensions: end it with `flatten` or `global_avgpool`",
			loss->layer->name, labels ? "a score for each class" : "features", output->shape.rank);
	else if (labels && shape_features(&output->shape) < 2) {
		error_at(diagnostics, loss->span,
			"%s expects a score for each of 2 or more classes, but the network has 1 output", loss->layer->name);
		note_at(diagnostics, output->span,
			"the 1 output comes from here; `loss %s` takes one, and `loss %s` with labels 0 and 1",
			layer_default(KIND_LOSS, 1)->name, loss_of(TRUTH_CHANCES)->name);
	} else if (loss->layer->infer)
		loss->layer->infer(loss, diagnostics);
	warn_of_twice(loss, output->producer, diagnostics);
}

bool check_batch(const Network *network, int batch, bool training, Diagnostics *diagnostics)
{
	const Value *input = network->input;
	const int64_t size = shape_size(&input->shape);
	if (shape_is_known(&input->shape) && !fits((int)size, batch)) {
		error_at(diagnostics, input->span,
			"a batch of %d samples of %lld values has %lld; the limit of a tensor is %d (in panels of %d features)",
			batch, (long long)size, (long long)size * batch, INT32_MAX, WIDEST_PANEL);
		return false;
	}
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		const Shape *y = &node->output->shape;
		if (!shape_is_known(y) || fits(shape_features(y), (int64_t)batch * shape_positions(y)))
			continue;
		error_at(diagnostics, node->span,
			"%s gives %s%s for each of %d rows of a batch, %lld values; the limit of a tensor is %d (in panels of %d "
			"features)", node->layer->name, shape_text(network->arena, y), y->rank > 1 ? "" : " features", batch,
			(long long)shape_size(y) * batch, INT32_MAX, WIDEST_PANEL);
		return false;
	}
	for (int i = 0; i < network->nodes.count && training && batch == 1; i++) {
		const Node *node = network->nodes.items[i];
		if (!node->layer->normalises_batch || shape_positions(&node->output->shape) > 1)
			continue;
		error_at(diagnostics, node->span,
			"%s needs at least 2 rows to train on, but the batch is 1: use `batch 2` or more", node->layer->name);
		return false;
	}
	return true;
}

/* The rates of a schedule that each epoch changes, as long as it rises: whether the last epoch still has not reached
 * the optimizer's. */
static bool rises_to_the_end(const Schedule *schedule, int epochs)
{
	int now = 0;
	double before = -1;
	for (double rate; now < epochs && before < schedule->lr
		&& (rate = schedule->rate(schedule->arguments, schedule->lr, now, epochs)) > before; now++)
		before = rate;
	return epochs > 0 && now == epochs && before < schedule->lr;
}

static void check_schedule(const Network *network, Diagnostics *diagnostics)
{
	const Schedule schedule = schedule_of(network);
	const int epochs = network->epochs;
	if (network->epochs_unused || !schedule.rate || schedule.each_step || !rises_to_the_end(&schedule, epochs))
		return;
	warning_at(diagnostics, network->schedule->span, "after %d epoch%s the learning rate of %s has risen to %g, but "
		"not yet to the optimizer's %g: let it rise in fewer epochs, or train for more", epochs, epochs == 1 ? "" : "s",
		network->schedule->layer->name, schedule.rate(schedule.arguments, schedule.lr, epochs - 1, epochs),
		schedule.lr);
}

/* The input must be an image. */
static void check_augments(Network *network, Diagnostics *diagnostics)
{
	const Shape *input = &network->input->shape;
	bool good = true;
	for (int i = 0; good && i < network->augments.count; i++) {
		Node *node = network->augments.items[i];
		good = input->rank == 3;
		if (!good)
			error_at(diagnostics, node->span, "augment %s is for images, channels x height x width, but the network's "
				"input is %s: say `input 1x28x28`, and `flatten` before a layer that takes features",
				node->layer->name, shape_text(network->arena, input));
		else if (node->layer->infer && error_count(diagnostics) == 0)
			good = node->layer->infer(node, diagnostics);
	}
}

static void number_nodes(Network *network)
{
	int index = network->nodes.count;
	if (network->loss)
		network->loss->index = index++;
	network->optimizer->index = index++;
	network->index_count = index;
}

static void count_readers(const Network *network)
{
	network->output->readers = 1;
	for (int i = 0; i < network->nodes.count; i++)
		for (int k = 0; k < network->nodes.items[i]->input_count; k++) {
			Value *value = network->nodes.items[i]->inputs[k];
			value->readers++;
			value->reader = network->nodes.items[i];
		}
}

void infer_shapes(Network *network, const Sample *sample, Diagnostics *diagnostics)
{
	network->input->sample = sample;
	for (int i = 0; i < network->nodes.count; i++)
		infer_node(network->nodes.items[i], diagnostics);
	if ((network->from || network->until) && error_count(diagnostics) == 0)
		cut_network(network, diagnostics);
	if (shape_is_known(&network->output->shape))
		check_loss(network, diagnostics);
	if (network->optimizer->layer->infer)
		network->optimizer->layer->infer(network->optimizer, diagnostics);
	check_batch(network, network->batch, true, diagnostics);
	if (shape_is_known(&network->input->shape))
		check_augments(network, diagnostics);
	if (error_count(diagnostics) == 0 && !network->input->waits)
		check_schedule(network, diagnostics);
	number_nodes(network);
	count_readers(network);
}
