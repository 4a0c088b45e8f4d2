/* Steps -> loops over panels. Requires program order; provides loops. Their order, and the order of steps in each, keep
 * every dependence.
 *
 * The rule: two steps may share a loop if they run over the panels of equally many features, and both touch panel by
 * panel every tensor that one of them writes and the other touches. Nothing else is known of kernels or layers. What
 * the steps of a loop read as a whole, again for every panel, must stay in the cache (share_cache).
 *
 * Gluing: if one step writes a temporary and one step reads it, both panel by panel, the two go into the same loop, so
 * that the temporary never leaves the cache and needs storage for one panel only. So a weight gradient waits for its
 * update, and the update for the last step that reads the old weights. Activations that forward keeps for backward glue
 * nothing, since other loops lie between.
 *
 * The schedule: clusters of glued steps are placed in the order of their first steps. The first cluster that is ready
 * opens a loop, and every ready cluster that the rule admits joins it. */
#include "bnc.h"

typedef struct Ready { int features; int *items; int head, count, capacity; } Ready;

typedef struct Fuse {
	const Module *module;
	Arena *arena;
	Routine *routine;
	int count;                      /* steps */
	/* the edges of the routine, by `from`: of a step, the indices of its edges are successors[first_successor[step]] to
	 * successors[first_successor[step + 1] - 1] */
	int *first_successor, *successors;
	int *depth, *height;            /* of a step: the number of loops that must end before it, and after it, at least */
	int *cluster;                   /* of a step: the index of the first step of its cluster */
	int *next_member;               /* of a step: the next step of its cluster, or -1 */
	Resident *resident;             /* of a cluster: what it needs in the cache */
	int *waiting;                   /* of a cluster: the number of edges from outside steps that are not placed yet */
	Loop **placed;                  /* of a step: its loop */
	struct { Ready *items; int count, capacity; } ready;    /* one list for each number of features */
} Fuse;

static void index_successors(Fuse *f)
{
	const Edges *edges = &f->routine->edges;
	for (int e = 0; e < edges->count; e++)
		f->first_successor[edges->items[e].from + 1]++;
	for (int i = 0; i < f->count; i++)
		f->first_successor[i + 1] += f->first_successor[i];
	int *next = NEW_ARRAY(f->arena, int, f->count + 1);
	for (int e = 0; e < edges->count; e++) {
		int from = edges->items[e].from;
		f->successors[f->first_successor[from] + next[from]++] = e;
	}
}

static void measure(Fuse *f)
{
	const Edge *edges = f->routine->edges.items;
	for (int i = 0; i < f->count; i++)
		for (int e = f->routine->first_edge[i]; e < f->routine->first_edge[i + 1]; e++) {
			int depth = f->depth[edges[e].from] + !edges[e].panel_local;
			f->depth[i] = depth > f->depth[i] ? depth : f->depth[i];
		}
	for (int i = f->count - 1; i >= 0; i--)
		for (int s = f->first_successor[i]; s < f->first_successor[i + 1]; s++) {
			const Edge *edge = &edges[f->successors[s]];
			int height = f->height[edge->to] + !edge->panel_local;
			f->height[i] = height > f->height[i] ? height : f->height[i];
		}
}

/* ---- clusters */

/* Whether the two steps of the edge can share a loop. They cannot if a loop must end between them: then both their
 * depths and their heights differ. */
static bool can_meet(const Fuse *f, const Edge *edge)
{
	return edge->panel_local && (f->depth[edge->from] == f->depth[edge->to]
		|| f->height[edge->from] == f->height[edge->to]);
}

static int find_cluster(Fuse *f, int step)
{
	while (f->cluster[step] != step)
		step = f->cluster[step] = f->cluster[f->cluster[step]];
	return step;
}

/* Returns the only edge by which the temporary goes from its writer to a reader; null if there are several. */
static const Edge *only_edge(Fuse *f, int step, const Tensor *tensor)
{
	const Edge *only = 0;
	for (int s = f->first_successor[step]; s < f->first_successor[step + 1]; s++) {
		const Edge *edge = &f->routine->edges.items[f->successors[s]];
		if (edge->tensor != tensor)
			continue;
		if (only)
			return 0;
		only = edge;
	}
	return only;
}

static bool join_clusters(Fuse *f, int a, int b)
{
	const int first = a < b ? a : b, second = a < b ? b : a;
	if (first == second)
		return true;
	if (!share_cache(f->module, &f->resident[first], &f->resident[second]))
		return false;
	for (int i = 0; i < f->resident[second].count; i++)
		add_resident(f->module, &f->resident[first], f->resident[second].items[i]);
	f->cluster[second] = first;
	return true;
}

static void glue(Fuse *f)
{
	for (int i = 0; i < f->count; i++) {
		const Step *step = f->routine->steps.items[i];
		for (int k = 0; k < step->kernel->parameter_count; k++) {
			if (step->operands[k].kind != OPERAND_AT || !step->kernel->parameters[k].type->writes
				|| step->operands[k].tensor->role != ROLE_TEMPORARY)
				continue;
			const Edge *edge = only_edge(f, i, step->operands[k].tensor);
			if (!edge || !can_meet(f, edge) || step->features == 0)
				continue;
			if (!join_clusters(f, find_cluster(f, edge->from), find_cluster(f, edge->to)))
				APPEND(f->arena, &f->routine->crowded, step->operands[k].tensor);
		}
	}
}

static void set_alone(Fuse *f, int step)
{
	f->cluster[step] = step;
	f->next_member[step] = -1;
	f->resident[step] = (Resident){0};
	add_step_residents(f->module, &f->resident[step], f->routine->steps.items[step]);
}

static void release(Fuse *f, int cluster)
{
	int next;
	for (int i = cluster; i >= 0; i = next) {
		next = f->next_member[i];
		set_alone(f, i);
	}
}

/* Links the steps of each cluster. Dissolves a cluster with two steps that the rule keeps apart. */
static void chain_members(Fuse *f)
{
	int *last = NEW_ARRAY(f->arena, int, f->count);
	for (int i = 0; i < f->count; i++) {
		int root = find_cluster(f, i);
		f->cluster[i] = root;
		f->next_member[i] = -1;
		if (root != i)
			f->next_member[last[root]] = i;
		last[root] = i;
	}
	for (int e = 0; e < f->routine->edges.count; e++) {
		const Edge *edge = &f->routine->edges.items[e];
		if (!edge->panel_local && f->cluster[edge->from] == f->cluster[edge->to])
			release(f, f->cluster[edge->from]);
	}
}

static void count_waiting(Fuse *f, int cluster)
{
	f->waiting[cluster] = 0;
	for (int i = cluster; i >= 0; i = f->next_member[i])
		for (int e = f->routine->first_edge[i]; e < f->routine->first_edge[i + 1]; e++) {
			int from = f->routine->edges.items[e].from;
			f->waiting[cluster] += f->cluster[from] != cluster && !f->placed[from];
		}
}

/* ---- the schedule */

static Ready *ready_list(Fuse *f, int features)
{
	for (int i = 0; i < f->ready.count; i++)
		if (f->ready.items[i].features == features)
			return &f->ready.items[i];
	Ready fresh = {.features = features};
	APPEND(f->arena, &f->ready, fresh);
	return &f->ready.items[f->ready.count - 1];
}

static void add_ready(Fuse *f, int cluster)
{
	Ready *list = ready_list(f, f->routine->steps.items[cluster]->features);
	APPEND(f->arena, list, cluster);
	for (int i = list->count - 1; i > list->head && list->items[i - 1] > cluster; i--) {
		list->items[i] = list->items[i - 1];
		list->items[i - 1] = cluster;
	}
}

/* Removes the i-th entry and returns it. */
static int take_ready(Ready *list, int i)
{
	int cluster = list->items[i];
	for (; i > list->head; i--)
		list->items[i] = list->items[i - 1];
	list->head++;
	return cluster;
}

static bool admits(Fuse *f, const Loop *loop, int cluster)
{
	for (int i = cluster; i >= 0; i = f->next_member[i])
		for (int e = f->routine->first_edge[i]; e < f->routine->first_edge[i + 1]; e++) {
			const Edge *edge = &f->routine->edges.items[e];
			if (f->placed[edge->from] == loop && !edge->panel_local)
				return false;
		}
	return share_cache(f->module, &loop->resident, &f->resident[cluster]);
}

static void place(Fuse *f, Loop *loop, int cluster)
{
	for (int i = cluster; i >= 0; i = f->next_member[i]) {
		Step *step = f->routine->steps.items[i];
		f->placed[i] = loop;
		step->loop = loop;
		APPEND(f->arena, &loop->steps, step);
		add_step_residents(f->module, &loop->resident, step);
	}
	for (int i = cluster; i >= 0; i = f->next_member[i])
		for (int s = f->first_successor[i]; s < f->first_successor[i + 1]; s++) {
			int other = f->cluster[f->routine->edges.items[f->successors[s]].to];
			if (other != cluster && --f->waiting[other] == 0)
				add_ready(f, other);
		}
}

static Loop *open_loop(Fuse *f, int features)
{
	Loop *loop = NEW(f->arena, Loop);
	loop->features = features;
	APPEND(f->arena, &f->routine->loops, loop);
	return loop;
}

/* Places ready clusters in the loop, as long as the rule admits one. */
static void grow(Fuse *f, Loop *loop)
{
	if (loop->features == 0)
		return;
	Ready *list = ready_list(f, loop->features);
	for (int i = list->head; i < list->count; i++)
		if (admits(f, loop, list->items[i])) {
			place(f, loop, take_ready(list, i));
			list = ready_list(f, loop->features);
			i = list->head - 1;
		}
}

/* The ready list whose first cluster begins first; null if nothing is ready. */
static Ready *first_ready(Fuse *f)
{
	Ready *first = 0;
	for (int i = 0; i < f->ready.count; i++) {
		Ready *list = &f->ready.items[i];
		if (list->head < list->count && (!first || list->items[list->head] < first->items[first->head]))
			first = list;
	}
	return first;
}

/* Gluing may have made clusters that wait for each other. Dissolves the first one that is not placed; at least one of
 * its steps is then ready. False: every step is placed. */
static bool untie(Fuse *f, int *first)
{
	while (*first < f->count && f->placed[*first])
		++*first;
	if (*first == f->count)
		return false;
	int following;
	for (int i = *first; i >= 0; i = following) {
		following = f->next_member[i];
		set_alone(f, i);
		count_waiting(f, i);
		if (f->waiting[i] == 0)
			add_ready(f, i);
	}
	return true;
}

static void schedule(Fuse *f)
{
	int next = 0;
	for (int i = 0; i < f->count; i++)
		if (f->cluster[i] == i) {
			count_waiting(f, i);
			if (f->waiting[i] == 0)
				add_ready(f, i);
		}
	do {
		Ready *list;
		while ((list = first_ready(f))) {
			Loop *loop = open_loop(f, list->features);
			place(f, loop, take_ready(list, list->head));
			grow(f, loop);
		}
	} while (untie(f, &next));
}

/* ---- the pass */

static void one_loop_per_step(Fuse *f)
{
	for (int i = 0; i < f->count; i++) {
		Step *step = f->routine->steps.items[i];
		step->loop = open_loop(f, step->features);
		APPEND(f->arena, &step->loop->steps, step);
	}
}

void settle_order(Module *m, Routine *routine)
{
	routine->steps.count = 0;
	for (int l = 0; l < routine->loops.count; l++) {
		Loop *loop = routine->loops.items[l];
		loop->number = l;
		for (int i = 0; i < loop->steps.count; i++)
			APPEND(m->arena, &routine->steps, loop->steps.items[i]);
	}
	find_dependences(m, routine);
}

void fuse(Module *m, Routine *routine)
{
	int count = routine->steps.count;
	find_dependences(m, routine);
	Fuse f = {.module = m, .arena = m->arena, .routine = routine, .count = count};
	f.first_successor = NEW_ARRAY(m->arena, int, count + 1);
	f.depth = NEW_ARRAY(m->arena, int, count);
	f.height = NEW_ARRAY(m->arena, int, count);
	f.cluster = NEW_ARRAY(m->arena, int, count);
	f.next_member = NEW_ARRAY(m->arena, int, count);
	f.waiting = NEW_ARRAY(m->arena, int, count);
	f.placed = NEW_ARRAY(m->arena, Loop *, count);
	f.successors = NEW_ARRAY(m->arena, int, routine->edges.count);
	index_successors(&f);
	measure(&f);
	f.resident = NEW_ARRAY(m->arena, Resident, count);
	for (int i = 0; i < count; i++)
		set_alone(&f, i);
	if (m->options.fuse) {
		glue(&f);
		chain_members(&f);
		schedule(&f);
	} else
		one_loop_per_step(&f);
	for (int i = 0; i < count; i++)
		routine->steps.items[i]->after = 0;     /* no longer needed */
	settle_order(m, routine);
}
