#include "../bnc.h"

static bool infer(Node *node, Diagnostics *diagnostics)
{
	const Shape *main = &node->inputs[0]->shape, *other = &node->inputs[1]->shape;
	if (!shape_is_known(main) || !shape_is_known(other))
		return false;
	if (same_shape(main, other))
		return set_output(node, *main);
	error_at(diagnostics, node->span,
		"residual adds two results of one shape, but they have %lld and %lld values a sample",
		(long long)shape_size(main), (long long)shape_size(other));
	note_at(diagnostics, node->inputs[0]->span, "the %lld come from here", (long long)shape_size(main));
	note_at(diagnostics, node->inputs[1]->span,
		"the %lld come from here; `residual { main } { shortcut }` can change them", (long long)shape_size(other));
	return false;
}

static void reference(const Reference *r)
{
	for (int i = 0; i < r->rows * r->inputs; i++)
		r->y[i] = r->x[i] + r->x2[i];
}

/* `residual { main } { shortcut }` of the language: the layers of main and shortcut are nodes of their own; this node
 * adds their results. */
const Layer layer_residual = {
	.name = "residual",
	.summary = "{ main } [{ shortcut }]: adds the input, or the shortcut's result, to main's result",
	.infer = infer,
	.forward = "add(rows, y, x, x2)",
	.backward = "dx = dy; dx2 = dy",
	.reference = reference,
	.examples = {
		"linear 3 5; residual { linear 5 7; relu; linear 5 }; linear 2",
		"linear 2 17; residual { batchnorm; relu; linear 17 33 } { linear 33 }; relu",
		"linear 2 4; residual { residual { tanh } { linear 4 } }; residual { linear 4 } ; linear 3",
		"linear 3 5; residual { tanh } { batchnorm }; linear 2",
	},
};
