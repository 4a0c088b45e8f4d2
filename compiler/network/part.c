/* Leaves a part of a network: what begins with one layer, or ends before one. Requires the shapes of the whole network,
 * since the part's input has the shape that the layers before it give; provides the part as a network, whose tensors
 * have the names that they have in the whole one. */
#include "bnc.h"
#include "words.h"
#include <string.h>

static const Span file_span = {0, 0};   /* these mistakes are the command line's */

/* Whether the node is the layer of this name, or inside the residual of this name. */
static bool belongs_to(const Node *node, const char *name)
{
	const size_t length = strlen(name);
	return strncmp(node->path, name, length) == 0 && (node->path[length] == 0 || node->path[length] == '.');
}

static void report_unknown(const Network *network, const char *option, const char *name, Diagnostics *diagnostics)
{
	const char **names = NEW_ARRAY(network->arena, const char *, network->nodes.count);
	int count = 0;
	for (int i = 0; i < network->nodes.count; i++)
		if (!strchr(network->nodes.items[i]->path, '.'))
			names[count++] = network->nodes.items[i]->path;
	const char *near = nearest_name(name, names, count);
	error_at(diagnostics, file_span, "--%s %.60s: the network has no layer of this name%s%s%s --summary shows them all",
		option, name, near ? ": did you mean `" : "", near ? near : ".", near ? "`?" : "");
}

/* The index of the first node of that layer or residual; -1: an error was reported. */
static int find_cut(const Network *network, const char *option, const char *name, Diagnostics *diagnostics)
{
	int at = 0;
	while (at < network->nodes.count && !belongs_to(network->nodes.items[at], name))
		at++;
	if (at == network->nodes.count)
		report_unknown(network, option, name, diagnostics);
	else if (strchr(name, '.'))
		error_at(diagnostics, file_span, "--%s %.60s is inside a residual, and a network can only be cut outside of "
			"one: give --%s %.*s", option, name, option, (int)strcspn(name, "."), name);
	else
		return at;
	return -1;
}

void cut_network(Network *network, Diagnostics *diagnostics)
{
	Nodes *nodes = &network->nodes;
	const int first = network->from ? find_cut(network, "from", network->from, diagnostics) : 0;
	const int end = network->until ? find_cut(network, "until", network->until, diagnostics) : nodes->count;
	if (first < 0 || end < 0)
		return;
	if (first >= end) {
		error_at(diagnostics, file_span, "no layer is left before `%s`%s%s%s", network->until,
			network->from ? ", from `" : "", network->from ? network->from : "", network->from ? "` on" : "");
		return;
	}
	if (first > 0) {
		network->input = nodes->items[first - 1]->output;
		network->input->producer = 0;
		if (!shape_is_known(&network->input->shape))
			error_at(diagnostics, file_span, "--from %s reads what the layers before it give, whose shape depends on "
				"the network's input: say it, for example `input 28`", network->from);
	}
	network->output = nodes->items[end - 1]->output;
	network->loss = network->until ? 0 : network->loss;
	nodes->items += first;
	nodes->count = end - first;
	for (int i = 0; i < nodes->count; i++)
		nodes->items[i]->index = i;
}
