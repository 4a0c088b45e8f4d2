/* gap.c: how far a network in evaluation mode is from the one that was trained. BatchNorm takes the statistics of its
 * batch in training, and running ones in evaluation: those of the last batches, of weights that have moved since. */
#include "gap.h"
#include <stdlib.h>

enum { MOST_SHOWN = 8 };
static const double far = 0.05;  /* running statistics may be so far from those of all rows, beyond what is chance */

static double momentum_of(const Node *node)
{
	return node->arguments[argument_index(node->layer, "momentum")];
}

/* The first batchnorm whose running statistics move with the batches, or the first one whose do not; null: none. */
static const Node *find_norm(const Network *network, bool moves)
{
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		if (node->layer->normalises_batch && (momentum_of(node) != 0) == moves)
			return node;
	}
	return 0;
}

bool gap_check(const Session *s, Failure *failure)
{
	bool any = !s->options.precise_bn;
	for (int i = 0; i < s->count && s->options.precise_bn; i++) {
		const Network *network = s->compilations[i].network;
		const Node *kept = find_norm(network, false);
		any |= find_norm(network, true) != 0;
		if (kept)
			return fail(failure, "--precise-bn: batchnorm `%s` of %s has momentum=0, so that it keeps its running "
				"statistics: leave one of them out", kept->path, network->name);
	}
	return any || fail(failure, "--precise-bn is for networks with a batchnorm, and %s has none: leave it out",
		s->count == 1 ? s->compilations[0].network->name : "each of these");
}

static Norm norm_of(const Module *m, const Node *node)
{
	Tensor *const *tensors = m->owned[node->index];
	const Tensor *mean = tensors[tensor_index(node->layer, "running_mean")],
		*variance = tensors[tensor_index(node->layer, "running_var")];
	return (Norm){
		.path = node->path, .mean = program_view(mean), .variance = program_view(variance), .features = mean->features,
		.positions = shape_positions(&node->output->shape),
		.eps = node->arguments[argument_index(node->layer, "eps")], .momentum = momentum_of(node),
	};
}

bool gap_find(Population *p, const Module *m, const Training *t, const Run *run, const Host *host, int64_t steps,
	Failure *failure)
{
	const Nodes *nodes = &m->network->nodes;
	*p = (Population){.norms = calloc((size_t)nodes->count + 1, sizeof *p->norms), .steps = steps};
	if (!p->norms)
		return fail(failure, "not enough memory for the statistics of %s", run->program->name);
	for (int i = 0; i < nodes->count; i++)
		if (nodes->items[i]->layer->normalises_batch && momentum_of(nodes->items[i]) != 0)
			p->norms[p->count++] = norm_of(m, nodes->items[i]);
	return !p->count || population_find(p, t, run, host, failure);
}

/* ---- in words */

static int by_distance(const void *left, const void *right)
{
	const Norm *const *a = left, *const *b = right;
	return ((*a)->distance < (*b)->distance) - ((*a)->distance > (*b)->distance);
}

static bool is_far(const Norm *norm)
{
	return norm->distance > norm->chance + far;
}

/* Those that are farthest, in the order of distance if not all are shown. */
static void print_distances(const Population *p)
{
	const Norm **norms = malloc((size_t)p->count * sizeof *norms);
	for (int i = 0; norms && i < p->count; i++)
		norms[i] = &p->norms[i];
	if (norms && p->count > MOST_SHOWN)
		qsort(norms, (size_t)p->count, sizeof *norms, by_distance);
	printf("  running statistics, from those of all rows: ");
	for (int i = 0; norms && i < p->count && i < MOST_SHOWN; i++)
		printf("%s%s by %.2g", i ? ", " : "", norms[i]->path, norms[i]->distance);
	printf(" deviations");
	if (p->count > MOST_SHOWN)
		printf(", %d others by less", p->count - MOST_SHOWN);
	printf("\n");
	free(norms);
}

void gap_print(const Population *p, const char *name, bool taken)
{
	char batch[MEASURE_TEXT], running[MEASURE_TEXT], population[MEASURE_TEXT];
	int count = 0;
	if (!p->found)
		return;
	printf("%s: loss %s with the statistics of each batch, %s with running ones, %s with those of all rows\n", name,
		measure_text(batch, p->batch_loss), measure_text(running, p->running_loss),
		measure_text(population, p->population_loss));
	print_distances(p);
	for (int i = 0; i < p->count; i++)
		count += is_far(&p->norms[i]);
	if (taken)
		printf("  those of all rows have taken their place (--precise-bn)\n");
	else if (count)
		printf("  %d of %d batchnorm%s differ%s by more than chance: --precise-bn takes the statistics of all rows for "
			"the running ones\n", count, p->count, p->count == 1 ? "" : "s", count == 1 ? "s" : "");
}
