/* What bnc prints about a compilation: --dump, --summary, --explain. */
#include "bnc.h"
#include "profile.h"
#include <string.h>

/* ---- dumps */

static void print_layer(Arena *arena, const Node *node, FILE *out)
{
	fprintf(out, "%s%s", node->layer->name, arguments_text(arena, node, 0));
}

static void print_value(Arena *arena, const Value *value, FILE *out)
{
	if (value->producer)
		fprintf(out, "%s", value->producer->path);
	else
		fprintf(out, "input");
	fprintf(out, ":%s", shape_text(arena, &value->shape));
}

static void dump_network(const Network *network, FILE *out)
{
	fprintf(out, "network %s batch %d epochs %d seed %llu\n", network->name, network->batch, network->epochs,
		(unsigned long long)network->seed);
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		fprintf(out, "%-12s ", node->path);
		print_layer(network->arena, node, out);
		for (int k = 0; k < node->input_count; k++) {
			fprintf(out, "%s", k ? " + " : "  ");
			print_value(network->arena, node->inputs[k], out);
		}
		fprintf(out, " -> %s\n", shape_text(network->arena, &node->output->shape));
	}
	const Node *rules[] = {network->loss, network->optimizer, network->schedule};
	static const char *const names[] = {"loss", "optimizer", "schedule"};
	for (int i = 0; i < 3; i++) {
		fprintf(out, "%-12s ", names[i]);
		print_layer(network->arena, rules[i], out);
		fprintf(out, "\n");
	}
	for (int i = 0; i < network->augments.count; i++) {
		fprintf(out, "%-12s ", "augment");
		print_layer(network->arena, network->augments.items[i], out);
		fprintf(out, "\n");
	}
}

static void print_step(const Module *m, const Step *step, FILE *out)
{
	fprintf(out, "%s(", step->kernel->name);
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		const Operand *operand = &step->operands[k];
		const OperandType *type = step->kernel->parameters[k].type;
		fprintf(out, "%s", k ? ", " : "");
		switch (operand->kind) {
		case OPERAND_ABSENT: fprintf(out, "-"); break;
		case OPERAND_AT: fprintf(out, "%s%s", type->own ? "" : "all ", operand->tensor->name); break;
		case OPERAND_NUMBER:
			fprintf(out, "%s", number_text(m->arena, operand->number, literal_class(m, type)));
			break;
		case OPERAND_ROWS: fprintf(out, "rows"); break;
		case OPERAND_PANEL: fprintf(out, "panel"); break;
		case OPERAND_RATE: fprintf(out, "lr"); break;
		case OPERAND_PANEL_SIZE: fprintf(out, "size"); break;
		case OPERAND_LIST: fprintf(out, "%s", operand->name); break;
		case OPERAND_KERNEL: fprintf(out, "%s", operand->kernel->name); break;
		}
	}
	fprintf(out, ")\n");
}

static void dump_steps(const Module *m, const Routine *routine, FILE *out)
{
	fprintf(out, "%s\n", routine->name);
	for (int i = 0; i < routine->steps.count; i++) {
		fprintf(out, "\t");
		print_step(m, routine->steps.items[i], out);
	}
}

static void dump_loops(const Module *m, const Routine *routine, FILE *out)
{
	fprintf(out, "%s\n", routine->name);
	for (int i = 0; i < routine->loops.count; i++) {
		const Loop *loop = routine->loops.items[i];
		if (loop->features)
			fprintf(out, "loop %d: panels of %d features\n", i, loop->features);
		else
			fprintf(out, "loop %d: once\n", i);
		for (int k = 0; k < loop->steps.count; k++) {
			fprintf(out, "\t");
			print_step(m, loop->steps.items[k], out);
		}
	}
}

static void dump_plan(const Module *m, FILE *out)
{
	fprintf(out, "struct of %zu bytes, %d lanes, batch %d\n", m->bytes, m->options.target->lanes, m->options.batch);
	for (int i = 0; i < m->tensors.count; i++)
		fprintf(out, "\tbyte %8zu  %s\n", m->tensors.items[i]->offset, m->tensors.items[i]->name);
	for (int r = 0; r < m->routine_count; r++) {
		const Routine *routine = m->routines[r];
		fprintf(out, "%s: work of %zu floats, %zu alive at the peak\n", routine->name, routine->work,
			routine->peak);
		for (int i = 0; i < routine->temporaries.count; i++) {
			const Tensor *tensor = routine->temporaries.items[i];
			fprintf(out, "\tfloat %7zu  %s: %zu floats%s, steps %d to %d\n", tensor->offset, tensor->name,
				tensor->one_panel ? panel_floats(m, tensor) : tensor_floats(m, tensor),
				tensor->one_panel ? " (one panel)" : "",
				tensor->first, tensor->last);
		}
	}
}

void dump(const Compilation *c, Stage stage, FILE *out)
{
	const Module *m = c->module;
	switch (stage) {
	case STAGE_TOKENS: dump_tokens(&c->source, out); break;
	case STAGE_TREE: dump_tree(&c->source, c->tree, out); break;
	case STAGE_NETWORK: dump_network(c->network, out); break;
	case STAGE_STEPS:
	case STAGE_LOOPS:
	case STAGE_CALLS:
		for (int i = 0; i < m->routine_count; i++)
			(stage == STAGE_STEPS ? dump_steps : dump_loops)(m, m->routines[i], out);
		break;
	case STAGE_PLAN: dump_plan(m, out); break;
	case STAGE_C: fputs(m->text, out); break;
	case STAGE_RUN: break;
	}
}

/* ---- summary */

static int64_t parameters_of(const Module *m, const Node *node, int64_t *products)
{
	int64_t parameters = 0;
	*products = 0;
	for (int i = 0; node->layer->tensors[i].name; i++) {
		const Tensor *tensor = m->owned[node->index][i];
		if (!tensor || tensor->role != ROLE_PARAMETER)
			continue;
		int64_t count = (int64_t)element_count(tensor);
		parameters += count;
		if (node->layer->product && strcmp(node->layer->tensors[i].name, node->layer->product) == 0)
			*products += 2 * count * shape_positions(&node->output->shape);
	}
	return parameters;
}

static void print_memory(const Module *m, FILE *out)
{
	const size_t bytes = number_bytes(m);
	size_t ends = role_bytes(m, ROLE_INPUT) + role_bytes(m, ROLE_LABEL) + role_bytes(m, ROLE_TARGET)
		+ role_bytes(m, ROLE_RESULT);
	fprintf(out, "  memory at batch %d, %d lanes (%s):\n", m->options.batch, m->options.target->lanes,
		m->options.target->name);
	fprintf(out, "    %12zu bytes  parameters\n", role_bytes(m, ROLE_PARAMETER));
	fprintf(out, "    %12zu bytes  running statistics\n", role_bytes(m, ROLE_STATISTIC));
	fprintf(out, "    %12zu bytes  optimizer state\n", role_bytes(m, ROLE_STATE));
	if (m->generator)
		fprintf(out, "    %12zu bytes  generator of random numbers\n", role_bytes(m, ROLE_GENERATOR));
	if (role_bytes(m, ROLE_GRADIENT))
		fprintf(out, "    %12zu bytes  gradients, all at once\n", role_bytes(m, ROLE_GRADIENT));
	fprintf(out, "    %12zu bytes  inputs, labels, outputs\n", ends);
	fprintf(out, "    %12zu bytes  activations, gradients and scratch (training: %zu planned, %zu alive at the peak; "
		"prediction: %zu)\n", m->work * bytes, m->train.work * bytes, m->train.peak * bytes, m->predict.work * bytes);
	fprintf(out, "                        %zu for what backward reads of forward, the rest for scratch; in "
		"training,\n%s", saved_activation_bytes(m), shared_storage(m, &m->train, "                        "));
	fprintf(out, "    %12zu bytes  in all\n", m->bytes);
}

void print_summary(const Module *m, FILE *out)
{
	const Network *network = m->network;
	int64_t parameters = 0, products = 0;
	fprintf(out, "%s (%s)\n", network->name, m->network->path);
	fprintf(out, "  %-14s %-16s %-12s %12s %14s\n", "tensors", "layer", "output", "parameters", "product FLOPs");
	fprintf(out, "  %-14s %-16s %-12s\n", "", "input", shape_text(m->arena, &network->input->shape));
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		int64_t flops, count = parameters_of(m, node, &flops);
		fprintf(out, "  %-14s %-16s %-12s %12lld %14lld\n", node->path, node->layer->name,
			shape_text(m->arena, &node->output->shape), (long long)count, (long long)flops);
		parameters += count;
		products += flops;
	}
	fprintf(out, "  %lld parameter%s; %lld FLOPs in the products of one sample's forward pass\n", (long long)parameters,
		parameters == 1 ? "" : "s", (long long)products);
	fprintf(out, "  loss ");
	print_layer(network->arena, network->loss, out);
	fprintf(out, "; optimizer ");
	print_layer(network->arena, network->optimizer, out);
	fprintf(out, "; schedule ");
	print_layer(network->arena, network->schedule, out);
	for (int i = 0; i < network->augments.count; i++) {
		fprintf(out, "; augment ");
		print_layer(network->arena, network->augments.items[i], out);
	}
	fprintf(out, "\n");
	print_memory(m, out);
}

/* ---- explanations */

/* "linear (0 linear)" */
static void name_step(const Step *step, FILE *out)
{
	if (step->node->layer->kind == KIND_LAYER)
		fprintf(out, "%s (%s %s)", step->kernel->name, step->node->path, step->node->layer->name);
	else
		fprintf(out, "%s (%s)", step->kernel->name, step->node->layer->name);
}

/* name_step, with the calls that it replaces. */
static void describe_step(const Step *step, FILE *out)
{
	if (step->part_count == 0) {
		name_step(step, out);
		return;
	}
	fprintf(out, "%s, one call for ", step->kernel->name);
	for (int i = 0; i < step->part_count; i++) {
		fprintf(out, "%s", i ? ", " : "");
		name_step(step->parts[i], out);
	}
}

/* Lists of the edges that leave each loop: for each loop its first edge, for each edge the next one of the same loop;
 * -1: none. */
typedef struct Neighbours { int *first, *next; } Neighbours;

/* Whether the step reads or writes the whole tensor, not one panel at a time. */
static bool touches_whole(const Step *step, const Tensor *tensor)
{
	for (int k = 0; k < step->kernel->parameter_count; k++)
		if (step->operands[k].kind == OPERAND_AT && step->operands[k].tensor == tensor
			&& !step->kernel->parameters[k].type->own)
			return true;
	return false;
}

static void explain_edge(const Routine *routine, const Edge *edge, int number, FILE *out)
{
	const Step *from = routine->steps.items[edge->from], *to = routine->steps.items[edge->to];
	const char *tensor = edge->tensor->name;
	fprintf(out, "    not with loop %d: ", number);
	name_step(to, out);
	if (edge->panel_local)
		fprintf(out, " and loop %d read different activations whole, too large to stay in the cache together; it "
			"shares %s with ", from->loop->number, tensor);
	else if (to->features && from->features && touches_whole(to, edge->tensor))
		fprintf(out, " needs all of %s, which is made one panel at a time by ", tensor);
	else if (to->features && from->features && touches_whole(from, edge->tensor))
		fprintf(out, " overwrites panels of %s, and all panels are read for every panel by ", tensor);
	else if (!to->features)
		fprintf(out, " runs once, on all of %s from ", tensor);
	else if (!from->features)
		fprintf(out, " runs for every panel on %s, which is there only after ", tensor);
	else
		fprintf(out, " goes over panels of %d features, not %d, and shares %s with ", to->features, from->features,
			tensor);
	name_step(from, out);
	fprintf(out, "\n");
}

/* Whether the tensor's writer and reader are apart because the cache is too small for both. */
static bool is_crowded(const Routine *routine, const Tensor *tensor)
{
	for (int i = 0; i < routine->crowded.count; i++)
		if (routine->crowded.items[i] == tensor)
			return true;
	return false;
}

/* Explains, for every later loop that depends on this one, the first dependence that keeps the two apart. */
static void explain_neighbours(const Routine *routine, const Neighbours *neighbours, const Loop *loop, FILE *out)
{
	const Loop *explained = 0;
	for (int e = neighbours->first[loop->number]; e >= 0; e = neighbours->next[e]) {
		const Edge *edge = &routine->edges.items[e];
		const Loop *other = routine->steps.items[edge->to]->loop;
		if (other == loop || other == explained || (edge->panel_local && !is_crowded(routine, edge->tensor)))
			continue;
		explain_edge(routine, edge, other->number, out);
		explained = other;
	}
}

/* The edges that leave each loop, in their order. */
static Neighbours find_neighbours(const Module *m, const Routine *routine)
{
	Neighbours neighbours = {
		NEW_ARRAY(m->arena, int, routine->loops.count), NEW_ARRAY(m->arena, int, routine->edges.count),
	};
	for (int l = 0; l < routine->loops.count; l++)
		neighbours.first[l] = -1;
	for (int e = routine->edges.count - 1; e >= 0; e--) {
		int from = routine->steps.items[routine->edges.items[e].from]->loop->number;
		neighbours.next[e] = neighbours.first[from];
		neighbours.first[from] = e;
	}
	return neighbours;
}

static void explain_routine(const Module *m, const Routine *routine, FILE *out)
{
	Neighbours neighbours = find_neighbours(m, routine);
	fprintf(out, "%s: %d steps in %d loops\n", routine->name, routine->steps.count, routine->loops.count);
	for (int i = 0; i < routine->loops.count; i++) {
		const Loop *loop = routine->loops.items[i];
		if (loop->features)
			fprintf(out, "  loop %d, %d panel%s of %d features:\n", i, panel_count(m, loop->features),
				panel_count(m, loop->features) == 1 ? "" : "s", loop->features);
		else
			fprintf(out, "  loop %d, once:\n", i);
		for (int k = 0; k < loop->steps.count; k++) {
			fprintf(out, "    ");
			describe_step(loop->steps.items[k], out);
			fprintf(out, "\n");
		}
		explain_neighbours(routine, &neighbours, loop, out);
	}
}

/* Lists the biases that are not trained, since the next layer subtracts them again. */
static void explain_shifts(const Module *m, FILE *out)
{
	const Network *network = m->network;
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *next = network->nodes.items[i];
		const Node *node = next->inputs[0]->producer;
		if (!next->layer->cancels_shift || !node || !node->layer->shift || node->output->readers > 1)
			continue;
		for (int t = 0; node->layer->tensors[t].name; t++)
			if (strcmp(node->layer->tensors[t].name, node->layer->shift) == 0 && m->owned[node->index][t])
				fprintf(out, "note: %s.%s has no effect: %s (%s) follows and subtracts each feature's mean; "
					"`%s=false` saves it%s\n", node->path, node->layer->shift, next->path, next->layer->name,
					node->layer->shift, shift_is_cancelled(network, node, t) ? ". No step trains it" : "");
	}
}

void explain(const Module *m, FILE *out)
{
	fprintf(out, "%s (%s)\n", m->network->name, m->network->path);
	for (int i = 0; i < m->routine_count; i++)
		explain_routine(m, m->routines[i], out);
	explain_shifts(m, out);
}

/* ---- profile */

/* "linear, batchnorm, relu": the kernels of a loop */
static void print_kernels(const Loop *loop, FILE *out)
{
	for (int i = 0; i < loop->steps.count; i++)
		fprintf(out, "%s%s", i ? ", " : "", loop->steps.items[i]->kernel->name);
}

void print_profile(const Module *m, const Profile *profile, FILE *out)
{
	double total = 0, peak = profile_peak(m->options.target);
	const int in_train = m->train.loops.count, loops = in_train + m->update.loops.count;
	for (int i = 0; i < loops; i++)
		total += profile->seconds[i];
	double calls = profile->calls ? (double)profile->calls : 1;
	fprintf(out, "%s: %lld steps, %.2f us each in loops (timing a loop adds about 0.05 us); peak of %s: %.1f GFLOP/s "
		"a thread\n", m->program.name, (long long)profile->calls, 1e6 * total / calls, m->options.target->name, 1e-9
			* peak);
	fprintf(out, "  loop    time/us   share    MFLOP  GFLOP/s  of peak       KiB     GB/s  what it does\n");
	for (int i = 0; i < loops; i++) {
		const Loop *loop = i < in_train ? m->train.loops.items[i] : m->update.loops.items[i - in_train];
		double seconds = profile->seconds[i] / calls, flops = loop_flops(m, loop), bytes = loop_bytes(m, loop);
		double rate = seconds > 0 ? flops / seconds : 0;
		fprintf(out, "  %3d%s %10.3f  %5.1f%% %8.3f %8.1f  %6.1f%% %9.1f %8.1f  ", i, loop->parallel ? "*" : " ",
			1e6 * seconds, total > 0 ? 100 * profile->seconds[i] / total : 0, 1e-6 * flops, 1e-9 * rate,
			100 * rate / (peak * (loop->parallel ? m->options.threads : 1)), bytes / 1024,
			seconds > 0 ? 1e-9 * bytes / seconds : 0);
		print_kernels(loop, out);
		fprintf(out, "\n");
	}
	if (m->options.threads > 1)
		fprintf(out, "  * shared by %d threads\n", m->options.threads);
}
