/* groupnorm has two sets of kernels: a single group of features is a layernorm; others are groups of channels. infer
 * chooses. */
#include "norms.h"

static const Layer of_rows;

enum { GROUPS, EPS };

static bool infer(Node *node, Diagnostics *diagnostics)
{
	if (!infer_unchanged(node, diagnostics))
		return false;
	const Shape *x = &node->inputs[0]->shape;
	const int channels = shape_features(x), groups = (int)node->arguments[GROUPS];
	if (channels % groups) {
		char what[40];
		snprintf(what, sizeof what, "the %d %s%s", channels, x->rank > 1 ? "channel" : "feature",
			channels == 1 ? "" : "s");
		error_at(diagnostics, node->argument_spans[GROUPS], "groupnorm cannot divide %s into %d groups", what + 4,
			groups);
		note_source(diagnostics, node->inputs[0], what, channels == 1 ? "comes" : "come");
		return false;
	}
	if (x->rank == 1 && groups == 1)
		node->layer = &of_rows;
	return true;
}

/* One weight for each channel: a matrix of one column, as layernorm of an image has one with a column for each
 * pixel. */
static Shape shape_of_weights(const Node *node)
{
	(void)node;
	return (Shape){.rank = 0};
}

static void reference(const Reference *r)
{
	reference_norm(r, (int)r->arguments[GROUPS], shape_positions(r->x_shape), r->arguments[EPS]);
}

#define COMMON \
	.name = "groupnorm", \
	.summary = "(x - mean) / sqrt(var + eps) * weight + bias over each group of a sample's channels " \
		"(torch.nn.GroupNorm)", \
	.arguments = { \
		{"groups", ARGUMENT_SIZE, REQUIRED | POSITIONAL, 0, 0}, \
		{"eps", ARGUMENT_REAL, 0, 1e-5, ">= 0"}, \
		{"affine", ARGUMENT_FLAG, 0, 1, 0}, \
	}, \
	.reference = reference

const Layer layer_groupnorm = {
	COMMON,
	.tensors = {
		{"weight", LAYOUT_WEIGHTS, true, INIT_ONE, "affine"},
		{"bias", LAYOUT_WEIGHTS, true, INIT_ZERO, "affine"},
	},
	.weight_shape = shape_of_weights,
	.locals = {{"statistics", LAYOUT_STATISTICS, "groups"}, {"sums", LAYOUT_STATISTICS, "groups"}},
	.infer = infer,
	.forward = GROUP_NORM_FORWARD("groups", "1"),
	.backward = GROUP_NORM_BACKWARD("groups", "1"),
	.examples = {
		"input 4x3x2; groupnorm 2; flatten; linear 2", "input 2x2x2; conv2d 18 1; groupnorm 3 eps=0.1; relu; flatten",
		"input 2x2x2; conv2d 5 1; groupnorm 1 affine=false; flatten", "linear 3 6; groupnorm 2; tanh; linear 2",
		"linear 3 18; groupnorm 1; linear 2",
	},
};

static const Layer of_rows = {
	COMMON,
	.tensors = {
		{"weight", LAYOUT_FEATURES, true, INIT_ONE, "affine"},
		{"bias", LAYOUT_FEATURES, true, INIT_ZERO, "affine"},
	},
	ROW_NORM,
};
