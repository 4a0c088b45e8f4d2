/* fit.c: what a network and the data for it must agree on: the sizes of a sample and of its target. */
#include "bnc.h"

Sample sample_of(const Data *data)
{
	Sample sample = {.name = data->name, .shape.rank = data->rank};
	for (int i = 0; i < data->rank; i++)
		sample.shape.dims[i] = data->dims[i];
	return sample;
}

static const char *plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

static bool check_input(const Network *network, const Data *data, bool trained, Diagnostics *diagnostics)
{
	const Shape *shape = &network->input->shape;
	char text[1024];
	if (shape_size(shape) == data->features)
		return true;
	write_other_size(text, sizeof text, shape->dims, shape->rank, data);
	error_at(diagnostics, network->input->span, "the network %s%s", text,
		trained ? "" : ": without a size here, and without `input`, it takes what the data have");
	return false;
}

/* More outputs than classes are no mistake where the network says its sizes itself: the other classes may be in other
 * data. */
static bool check_classes(const Network *network, int outputs, const Data *data, Diagnostics *diagnostics)
{
	static const char text[] = "the network ends with %d outputs, but %s has %d classes: its last layer should have "
		"%d%s";
	const int classes = data->classes;
	/* of classes there are some for many samples */
	const char *hint = classes * 4 > data->rows ? "; or is the target a number? Then end with 1, and say `loss mse`"
		: "";
	if (classes == 1) {
		error_at(diagnostics, network->output->span, "every sample of %s is of the same class%s%.60s%s: there is "
			"nothing to tell apart", data->name, data->class_names ? " (" : "", data->class_names ? data->class_names[0]
			: "",
			data->class_names ? ")" : "");
		return false;
	}
	if (outputs == classes)
		return true;
	if (outputs > classes && !network->input->data) {
		warning_at(diagnostics, network->output->span, text, outputs, data->name, classes, classes, hint);
		return true;
	}
	error_at(diagnostics, network->output->span, text, outputs, data->name, classes, classes, hint);
	return false;
}

static bool check_values(const Network *network, int outputs, const Data *data, Diagnostics *diagnostics)
{
	const int values = data->target_features;
	if (outputs == values)
		return true;
	error_at(diagnostics, network->output->span, "the network ends with %d output%s, but %s has %d target value%s a "
		"sample for %s to compare them with: its last layer should have %d", outputs, plural(outputs), data->name,
		values, plural(values), network->loss->layer->name, values);
	return false;
}

bool check_data(const Network *network, const Data *data, bool trained, Diagnostics *diagnostics)
{
	const int outputs = (int)shape_size(&network->output->shape);
	bool fits = check_input(network, data, trained, diagnostics);
	if (network->loss->layer->truth != TRUTH_LABELS)
		return check_values(network, outputs, data, diagnostics) && fits;
	return (!data->labels || check_classes(network, outputs, data, diagnostics)) && fits;
}
