/* layernorm has two sets of kernels: for features, and for images, whose weights have a value for each pixel. infer
 * chooses. */
#include "norms.h"

static const Layer of_image;

static bool infer(Node *node, Diagnostics *diagnostics)
{
	if (!infer_unchanged(node, diagnostics))
		return false;
	if (node->inputs[0]->shape.rank > 1)
		node->layer = &of_image;
	return true;
}

static Shape shape_of_weights(const Node *node)
{
	const Shape *x = &node->inputs[0]->shape;
	return (Shape){2, {x->dims[1], x->dims[2]}};
}

static void reference(const Reference *r)
{
	reference_norm(r, 1, 1, r->arguments[0]);
}

#define COMMON \
	.name = "layernorm", \
	.summary = "(x - mean) / sqrt(var + eps) * weight + bias over all values of a sample (torch.nn.LayerNorm)", \
	.arguments = { \
		{"eps", ARGUMENT_REAL, 0, 1e-5, ">= 0"}, \
		{"affine", ARGUMENT_FLAG, 0, 1, 0}, \
	}, \
	.reference = reference

const Layer layer_layernorm = {
	COMMON,
	.tensors = {
		{"weight", LAYOUT_FEATURES, true, INIT_ONE, "affine"},
		{"bias", LAYOUT_FEATURES, true, INIT_ZERO, "affine"},
	},
	ROW_NORM,
	.infer = infer,
	.examples = {
		"linear 2 5; layernorm", "linear 2 33; layernorm; relu; linear 3",
		"linear 3 17; layernorm affine=false eps=0.1; linear 2",
		"input 5x2x3; layernorm; flatten; linear 2", "input 2x2x2; conv2d 17 1; layernorm affine=false; relu; flatten",
	},
};

static const Layer of_image = {
	COMMON,
	.tensors = {
		{"weight", LAYOUT_WEIGHTS, true, INIT_ONE, "affine"},
		{"bias", LAYOUT_WEIGHTS, true, INIT_ZERO, "affine"},
	},
	.weight_shape = shape_of_weights,
	.locals = {{"statistics", LAYOUT_STATISTICS, 0}, {"sums", LAYOUT_STATISTICS, 0}},
	.forward = GROUP_NORM_FORWARD("1", "positions"),
	.backward = GROUP_NORM_BACKWARD("1", "positions"),
};
