#include "../bnc.h"

static bool infer(Node *node, Diagnostics *diagnostics)
{
	const Shape *main = &node->inputs[0]->shape, *other = &node->inputs[1]->shape;
	if (!shape_is_known(main) || !shape_is_known(other))
		return false;
	if (same_shape(main, other))
		return set_output(node, *main);
	char shapes[2][SHAPE_TEXT];
	write_shape(shapes[0], main->dims, main->rank);
	write_shape(shapes[1], other->dims, other->rank);
	error_at(diagnostics, node->span, "residual adds two results of one shape, but their shapes are %s and %s",
		shapes[0], shapes[1]);
	note_at(diagnostics, node->inputs[0]->span, "the shape %s comes from here", shapes[0]);
	note_at(diagnostics, node->inputs[1]->span,
		"the shape %s comes from here; `residual { main } { shortcut }` can change it", shapes[1]);
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
