/* node.c: adds a node to the network. */
#include "build.h"

Node *add_node(Builder *b, const Layer *layer, const char *path, Span span)
{
	Node *node = NEW(b->arena, Node);
	node->layer = layer;
	node->path = path;
	node->span = span;
	if (layer->kind != KIND_LAYER)
		return node;
	if (b->network->nodes.count == MAX_NODES) {
		if (!b->full)
			error_at(b->diagnostics, span, "the network has more than %d layers: this is the limit", MAX_NODES);
		b->full = true;
		return node;
	}
	node->index = b->network->nodes.count;
	node->output = NEW(b->arena, Value);
	node->output->producer = node;
	node->output->span = span;
	APPEND(b->arena, &b->network->nodes, node);
	return node;
}
