/* augments.c: what is done to images before a network is trained on them: torchvision.transforms. */
#include "../bnc.h"

/* An image is cut out of a larger one around it, so without padding nothing would move. */
static bool infer_crop(Node *node, Diagnostics *diagnostics)
{
	if (node->arguments[0] > 0 || node->widths[0] > 0)
		return true;
	error_at(diagnostics, node->argument_spans[0], "random_crop moves images by at most `padding`, which is 0: give "
		"how many pixels, for example `padding=4`, or `padding=0x4` to move them sideways only");
	return false;
}

const Layer layer_random_crop = {
	.kind = KIND_AUGMENT,
	.name = "random_crop",
	.summary = "moves the image by up to padding pixels in each direction; fill comes in from outside "
		"(RandomCrop of the image's own size)",
	.arguments = {
		{"padding", ARGUMENT_PAIR, REQUIRED, 0, ">= 0"},
		{"fill", ARGUMENT_REAL},
	},
	.infer = infer_crop,
	.transform = random_crop,
	.examples = {"padding=4", "padding=2x0", "padding=0x3 fill=0.5", "padding=9 fill=-1"},
};

const Layer layer_random_horizontal_flip = {
	.kind = KIND_AUGMENT,
	.name = "random_horizontal_flip",
	.summary = "mirrors the image, left and right, with probability p (RandomHorizontalFlip)",
	.arguments = {{"p", ARGUMENT_REAL, POSITIONAL, 0.5, ">= 0 and <= 1"}},
	.transform = random_horizontal_flip,
	.examples = {"", "p=0.3", "0", "1"},
};
