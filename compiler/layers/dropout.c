/* dropout has three sets of calls: p = 0 drops nothing and p = 1 all, and neither draws. infer chooses. */
#include "../bnc.h"

static const Layer of_nothing, of_all;

static bool infer(Node *node, Diagnostics *diagnostics)
{
	if (!infer_unchanged(node, diagnostics))
		return false;
	if (node->arguments[0] == 0)
		node->layer = &of_nothing;
	else if (node->arguments[0] == 1)
		node->layer = &of_all;
	return true;
}

/* Draws as torch's bernoulli_ does where it is built without MKL: at::bernoulli_distribution<double>. */
static void reference(const Reference *r)
{
	const double keep = 1 - r->arguments[0];
	for (int i = 0; i < r->rows * r->inputs; i++) {
		bool kept = keep > 0;
		if (r->training && keep > 0 && keep < 1)
			kept = (double)(random_u64(r->random) & ((UINT64_C(1) << 53) - 1)) * 0x1p-53 < keep;
		r->y[i] = !r->training ? r->x[i] : kept ? r->x[i] / keep : 0;
	}
}

#define COMMON \
	.name = "dropout", \
	.summary = "in training 0 with probability p, else x / (1 - p); in evaluation x (torch.nn.Dropout)", \
	.arguments = {{"p", ARGUMENT_REAL, POSITIONAL, 0.5, ">= 0 and <= 1"}}, \
	.predict = "y = x", \
	.reference = reference

const Layer layer_dropout = {
	COMMON,
	.locals = {{"mask", LAYOUT_BITS, 0}},
	.infer = infer,
	.forward =
		"dropout_mask(images, positions, inputs, mask_size, one_minus_p, generator, mask);"
		"dropout(rows, one_minus_p, y, x, mask)",
	.backward = "dropout(rows, one_minus_p, dx, dy, mask)",
	.examples = {
		"linear 3 5; dropout", "linear 2 33; dropout 0.3; relu; linear 18; dropout 0.9; linear 3",
		"input 3x2x3; conv2d 5 1; dropout 0.25; flatten; linear 2; dropout 0", "linear 3 4; dropout 1; linear 2",
		"linear 2 17; residual { dropout p=0.4; linear 17 }; dropout 0.1",
	},
};

static const Layer of_nothing = {
	COMMON,
	.forward = "y = x",
	.backward = "dx = dy",
};

static const Layer of_all = {
	COMMON,
	.forward = "dropout(rows, one_minus_p, y, x, 0)",
	.backward = "dropout(rows, one_minus_p, dx, dy, 0)",
};
