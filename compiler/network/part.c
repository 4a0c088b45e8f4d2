/* Leaves a part of a network: what begins with one layer, or ends before one. Requires the shapes of the whole network,
 * since the part's input has the shape that the layers before it give; provides the part as a network, whose tensors
 * have the names that they have in the whole one. */
#include "bnc.h"
#include "words.h"
#include <string.h>

/* Whether the node is the layer of this name, or inside the residual of this name. */
static bool belongs_to(const Node *node, const char *name)
{
	const size_t length = strlen(name);
	return strncmp(node->path, name, length) == 0 && (node->path[length] == 0 || node->path[length] == '.');
}

/* "0, 1, head (not those inside a residual)" */
static const char *places_to_cut(const Network *network)
{
	enum { MOST = 20 };
	const char *text = "", *last = "";
	int count = 0;
	bool inside = false;
	for (int i = 0; i < network->nodes.count; i++) {
		const char *path = network->nodes.items[i]->path;
		inside |= strchr(path, '.') != 0;
		if (strchr(path, '.'))
			continue;
		last = path;
		if (count++ < MOST)
			text = arena_print(network->arena, "%s%s%.60s", text, *text ? ", " : "", path);
	}
	return arena_print(network->arena, "%s%s%.60s%s", text, count > MOST + 1 ? " ... " : count > MOST ? ", " : "",
		count > MOST ? last : "", inside ? "; those inside a residual cannot be named" : "");
}

static void report_unknown(const Network *network, const char *option, const char *name, Diagnostics *diagnostics)
{
	const char **names = NEW_ARRAY(network->arena, const char *, network->nodes.count);
	int count = 0;
	for (int i = 0; i < network->nodes.count; i++)
		if (!strchr(network->nodes.items[i]->path, '.'))
			names[count++] = network->nodes.items[i]->path;
	const char *near = nearest_name(name, names, count);
	misuse(diagnostics, "--%s %.60s: %s has no layer of this name%s%s%s Its layers are %s", option, name,
		network->name, near ? ": did you mean `" : ".", near ? near : "", near ? "`?" : "", places_to_cut(network));
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
		misuse(diagnostics, "--%s %.60s is inside a residual, and a network can only be cut outside of one: give "
			"--%s %.*s", option, name, option, (int)strcspn(name, "."), name);
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
		misuse(diagnostics, "no layer is left before `%s`%s%s%s", network->until,
			network->from ? ", from `" : "", network->from ? network->from : "", network->from ? "` on" : "");
		return;
	}
	if (first > 0) {
		network->input = nodes->items[first - 1]->output;
		network->input->producer = 0;
		network->augments.count = 0;    /* its input is no image of the data */
		if (!shape_is_known(&network->input->shape))
			error_at(diagnostics, nodes->items[0]->span, "--from %s reads what the layers before it give, whose shape "
				"depends on the network's input: say it, for example `input 28`", network->from);
	}
	network->output = nodes->items[end - 1]->output;
	network->loss = network->until ? 0 : network->loss;
	nodes->items += first;
	nodes->count = end - first;
	for (int i = 0; i < nodes->count; i++)
		nodes->items[i]->index = i;
}
