#include "../bnc.h"

static bool infer(Node *node, Diagnostics *diagnostics)
{
	return infer_image(node, diagnostics)
		&& set_output(node, (Shape){1, {shape_features(&node->inputs[0]->shape)}});
}

static void reference(const Reference *r)
{
	const int positions = shape_positions(r->x_shape);
	for (int channel = 0; channel < r->rows * r->outputs; channel++) {
		double sum = 0;
		for (int p = 0; p < positions; p++)
			sum += r->x[channel * positions + p];
		r->y[channel] = sum / positions;
	}
}

const Layer layer_global_avgpool = {
	.name = "global_avgpool",
	.summary = "the mean of each channel, as features (torch.nn.AdaptiveAvgPool2d(1), then torch.nn.Flatten)",
	.infer = infer,
	.forward = "global_avgpool(images, positions, y, x)",
	.backward = "global_avgpool_bwd(images, positions, dx, dy)",
	.reference = reference,
	.examples = {
		"input 3x4x5; global_avgpool; linear 2",
		"input 2x3x3; conv2d 5 2; global_avgpool; linear 3",
	},
};
