#include "../bnc.h"
#include <string.h>

static bool infer(Node *node, Diagnostics *diagnostics)
{
	return infer_image(node, diagnostics)
		&& set_output(node, (Shape){1, {(int)shape_size(&node->inputs[0]->shape)}});
}

static void reference(const Reference *r)
{
	memcpy(r->y, r->x, (size_t)r->rows * (size_t)r->inputs * sizeof *r->y);
}

/* Memory has the pixels of an image as rows; torch's order of the values, channel by channel, is another one. */
const Layer layer_flatten = {
	.name = "flatten",
	.summary = "the values of an image as features, channel by channel (torch.nn.Flatten)",
	.infer = infer,
	.forward = "flatten(images, positions, inputs, y, x)",
	.backward = "unflatten(images, positions, inputs, dx, dy)",
	.reference = reference,
	.examples = {
		"input 3x2x3; flatten; linear 2",
		"input 2x3x3; conv2d 5 2; flatten; linear 2",
	},
};
