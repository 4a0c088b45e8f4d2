/* health.c: looks at some steps of a training. What a step computes is not kept by the program, so before the step the
 * network is run on its batch once more: by the references of the layers in double, which give all activations, and by
 * a program whose optimizer leaves the gradients. After the step the weights tell what the update was. */
#include "health.h"
#include "verify/verify.h"
#include "batches.h"
#include "progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_INTERVAL = 20, MOST_LOOKS = 250, MOST_VALUES = 1 << 13 };

/* ---- curves */

static Curve *add_curve(Panel *panel, const char *name, int style)
{
	Curve *curve = panel_add_series(panel, name, style);
	curve->band = true;
	return curve;
}

/* Adds a point: of the values, which it sorts, the median and a band. */
static void add_values(Picture *picture, Curve *curve, int64_t step, double *values, int count, double low, double high)
{
	qsort(values, (size_t)count, sizeof *values, by_value);
	series_add(picture, curve, (Point){(double)step, percentile(values, count, 0.5), percentile(values, count, low),
		percentile(values, count, high)});
}

static void add_number(Picture *picture, Curve *curve, int64_t step, double value)
{
	series_add(picture, curve, (Point){(double)step, value, value, value});
}

/* ---- activations */

/* Up to MOST_VALUES of them, evenly spaced. */
static double *some_of(Arena *arena, const double *values, size_t all, int *count)
{
	const size_t each = (all + MOST_VALUES - 1) / MOST_VALUES;
	double *some = NEW_ARRAY(arena, double, all / each + 1);
	*count = 0;
	for (size_t i = 0; i < all; i += each)
		some[(*count)++] = values[i];
	return some;
}

static void look_at_values(Arena *arena, const Model *model, const Value *value, Picture *picture,
	int panel, int64_t step)
{
	int count;
	const size_t all = (size_t)model->rows * (size_t)shape_size(&value->shape);
	double *values = some_of(arena, model_value(model, value), all, &count);
	Curve *series = picture->panels[panel].series;
	add_values(picture, &series[0], step, values, count, 0.05, 0.95);
	add_number(picture, &series[1], step, percentile(values, count, 0.25));
	add_number(picture, &series[2], step, percentile(values, count, 0.75));
}

/* The part of the units that have the same value in all rows: no gradient passes a relu there. */
static double dead_part(const Model *model, const Value *value)
{
	const int units = value->shape.dims[0], positions = shape_positions(&value->shape);
	const size_t width = (size_t)units * (size_t)positions;
	const double *y = model_value(model, value);
	int dead = 0;
	for (int unit = 0; unit < units; unit++) {
		const double first = y[(size_t)unit * (size_t)positions];
		bool same = true;
		for (int row = 0; same && row < model->rows; row++)
			for (int i = 0; same && i < positions; i++)
				same = y[(size_t)row * width + (size_t)unit * (size_t)positions + (size_t)i] == first;
		dead += same;
	}
	return (double)dead / units;
}

/* What the running statistics are beside those of the batch, which follow from what the step makes of them. */
static void look_at_statistics(Patient *p, Arena *arena, const Model *model, int norm, int64_t step)
{
	const Node *node = p->norms[norm];
	const int mean = tensor_index(node->layer, "running_mean"), variance = tensor_index(node->layer, "running_var");
	const int features = (int)model_count(node, mean);
	const double momentum = node->arguments[argument_index(node->layer, "momentum")];
	const double eps = node->arguments[argument_index(node->layer, "eps")];
	double *away = NEW_ARRAY(arena, double, features), *ratio = NEW_ARRAY(arena, double, features);
	if (momentum == 0)
		return;
	for (int i = 0; i < features; i++) {
		const double old_mean = model->tensors[node->index][mean][i], old = model->tensors[node->index][variance][i];
		const double batch_mean = old_mean + (model->updated[node->index][mean][i] - old_mean) / momentum;
		const double batch = old + (model->updated[node->index][variance][i] - old) / momentum;
		away[i] = (old_mean - batch_mean) / sqrt(fmax(batch, 0) + eps);
		ratio[i] = sqrt((old + eps) / (fmax(batch, 0) + eps));
	}
	if (norm < MAX_SERIES) {
		add_values(&p->statistics, &p->statistics.panels[0].series[norm], step, away, features, 0.1, 0.9);
		add_values(&p->statistics, &p->statistics.panels[1].series[norm], step, ratio, features, 0.1, 0.9);
	}
}

/* ---- gradients and updates */

static double norm_of(const double *values, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += values[i] * values[i];
	return sqrt(sum);
}

static void look_at_gradients(Patient *p, Arena *arena, const Model *model, const Batch *batch, int64_t step)
{
	Trial *trial = &p->trial;
	const size_t rows = (size_t)batch->rows;
	memset(trial->net, 0, trial->module->program.bytes);
	model_store(model, trial->module, trial->net);
	trial->rows = batch->rows;
	trial_train(trial, 0, numbers_of(arena, trial->module, batch->x, rows * (size_t)batch->inputs), batch->labels,
		numbers_of(arena, trial->module, batch->targets, rows * (size_t)batch->outputs), 0);
	for (int i = 0; i < p->weight_count; i++) {
		WeightLook *w = &p->weights[i];
		double *values = NEW_ARRAY(arena, double, w->count);
		get_gradient(arena, trial, w->node, w->tensor, values);
		add_number(&p->gradients, &p->gradients.panels[0].series[i], step, norm_of(values, w->count));
	}
}

/* What the program has as its input, in the order of the rows; floats, also of doubles. */
static float *input_at(Arena *arena, const Patient *p, size_t offset, int rows, int width)
{
	const Program *program = p->run->program;
	const size_t bytes = program->kernels->number_bytes, count = (size_t)rows * (size_t)width;
	void *numbers = arena_alloc(arena, count, bytes);
	float *out = NEW_ARRAY(arena, float, count);
	program->kernels->scatter(rows, width, numbers, (const char *)p->run->net + offset);
	for (size_t i = 0; i < count; i++)
		out[i] = (float)number_at(numbers, bytes, i);
	return out;
}

/* The batch as the references take it. */
static Batch batch_of(Arena *arena, const Patient *p, int rows)
{
	const Program *program = p->run->program;
	Batch batch = {.rows = rows, .inputs = program->inputs, .outputs = program->outputs,
		.x = input_at(arena, p, program->x, rows, program->inputs),
		.labels = NEW_ARRAY(arena, int32_t, rows)};
	if (program->truth == TRUTH_LABELS) {
		memcpy(batch.labels, (const char *)p->run->net + program->label, (size_t)rows * sizeof *batch.labels);
		batch.targets = NEW_ARRAY(arena, float, (size_t)rows * (size_t)program->outputs);
	} else
		batch.targets = input_at(arena, p, program->target, rows, program->outputs);
	return batch;
}

static void before_step(void *context, int64_t step, int rows)
{
	Patient *p = context;
	if (p->waits)
		return;
	const double start = wall_seconds();
	Arena *arena = arena_open();
	Model model = model_open(arena, p->network);
	const Batch batch = batch_of(arena, p, rows);
	model_fetch(&model, p->module, p->run->net);
	model_set_batch(&model, &batch);
	model_loss(&model);
	for (int i = 0; i < p->norm_count; i++) {
		look_at_values(arena, &model, p->norms[i]->inputs[0], &p->inner[i], 0, step);
		look_at_values(arena, &model, p->norms[i]->output, &p->inner[i], 1, step);
		look_at_statistics(p, arena, &model, i, step);
	}
	for (int i = 0; i < p->unit_count; i++)
		add_number(&p->dead, &p->dead.panels[0].series[i], step, 100 * dead_part(&model, p->units[i]->output));
	look_at_gradients(p, arena, &model, &batch, step);
	for (int i = 0; i < p->weight_count; i++)
		memcpy(p->weights[i].before, model.tensors[p->weights[i].node][p->weights[i].tensor],
			p->weights[i].count * sizeof(double));
	arena_close(arena);
	p->seconds += wall_seconds() - start;
}

/* By what parts of themselves weights were moved. False: none was. */
static bool look_at_updates(Patient *p, Arena *arena)
{
	Panel *panel = &p->gradients.panels[1];
	bool moved = false;
	for (int i = 0; i < p->weight_count; i++) {
		WeightLook *w = &p->weights[i];
		double *values = NEW_ARRAY(arena, double, w->count);
		get_doubles(arena, p->module, p->run->net, p->module->owned[w->node][w->tensor], values);
		for (size_t k = 0; k < w->count; k++)
			values[k] -= w->before[k];
		const double part = norm_of(values, w->count) / norm_of(w->before, w->count);
		moved |= part > 0;
		if (part > 0 && isfinite(part))
			add_number(&p->gradients, &panel->series[i], p->looked, log10(part));
	}
	if (moved)
		add_number(&p->gradients, &panel->series[p->weight_count], p->looked, -3);
	return moved;
}

/* An update for several batches may come some steps later. If looking takes more than a tenth of the time of a training
 * that lasts, there are fewer looks. */
static void after_step(void *context, int64_t step)
{
	Patient *p = context;
	const double start = wall_seconds();
	Arena *arena = arena_open();
	p->looked = p->waits ? p->looked : step;
	p->waits = !look_at_updates(p, arena) && p->run->program->batches_of_update > 1;
	arena_close(arena);
	const double now = wall_seconds(), allowed = 1 + (now - p->begun) / 10;
	p->seconds += now - start;
	p->probe.next = p->looked + p->health->interval * (p->seconds > allowed ? 1 + (int64_t)(p->seconds / allowed) : 1);
	if (p->waits || p->probe.next <= step)
		p->probe.next = step + 1;
}

/* ---- what there is to look at */

static bool has_units(const Node *node)
{
	const Shape *x = &node->inputs[0]->shape, *y = &node->output->shape;
	return node->input_count == 1 && !node->layer->tensors[0].name && x->rank == y->rank
		&& shape_size(x) == shape_size(y) && !layer_does_nothing(node->layer, true);
}

/* Of many, MOST_LINES are shown, evenly spaced. */
static bool is_shown(int index, int count)
{
	return count <= MOST_LINES || index * MOST_LINES / count != (index - 1) * MOST_LINES / count || index == 0;
}

static const char *node_name(Arena *arena, const Node *node)
{
	return arena_print(arena, "%s %s", node->path, node->layer->name);
}

static void list_weights(Patient *p)
{
	Arena *arena = p->health->arena;
	int all = 0, index = 0;
	p->weights = NEW_ARRAY(arena, WeightLook, MOST_LINES);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < p->network->nodes.count; i++) {
			const Node *node = p->network->nodes.items[i];
			for (int k = 0; node->layer->tensors[k].name; k++) {
				const size_t count = model_count(node, k);
				if (node->layer->tensors[k].layout != LAYOUT_WEIGHTS || !count)
					continue;
				all += pass == 0;
				if (pass == 0 || !is_shown(index++, all))
					continue;
				const int w = p->weight_count++;
				p->weights[w] = (WeightLook){i, k, count, NEW_ARRAY(arena, double, count)};
				panel_add_series(&p->gradients.panels[0], node_name(arena, node), w);
				panel_add_series(&p->gradients.panels[1], node_name(arena, node), w);
			}
		}
	panel_add_series(&p->gradients.panels[1], "-3: a thousandth", p->weight_count)->dashed = true;
}

static void add_norm(Patient *p, const Node *node)
{
	static const char *const labels[] = {"before the batchnorm", "after the batchnorm"};
	Arena *arena = p->health->arena;
	const int index = p->norm_count++;
	Picture *inner = &p->inner[index];
	p->norms[index] = node;
	*inner = (Picture){.arena = arena, .title = arena_print(arena, "%s of %d", node_name(arena, node),
		node->output->shape.dims[0])};
	for (int i = 0; i < 2; i++) {
		Panel *panel = picture_add_panel(inner, "step", labels[i]);
		add_curve(panel, "median, and 5 to 95 %", 0);
		panel_add_series(panel, "25 and 75 %", 0)->dashed = true;
		panel_add_series(panel, "", 0)->dashed = true;
	}
	for (int i = 0; index < MAX_SERIES && i < 2; i++)
		add_curve(&p->statistics.panels[i], node_name(arena, node), index);
}

static void list_nodes(Patient *p)
{
	Arena *arena = p->health->arena;
	const Nodes *nodes = &p->network->nodes;
	int all = 0;
	p->norms = NEW_ARRAY(arena, const Node *, nodes->count + 1);
	p->units = NEW_ARRAY(arena, const Node *, nodes->count + 1);
	p->inner = NEW_ARRAY(arena, Picture, nodes->count + 1);
	for (int i = 0; i < nodes->count; i++)
		all += has_units(nodes->items[i]);
	for (int i = 0, index = 0; i < nodes->count; i++) {
		const Node *node = nodes->items[i];
		if (node->layer->normalises_batch)
			add_norm(p, node);
		if (!has_units(node) || !is_shown(index++, all))
			continue;
		panel_add_series(&p->dead.panels[0], node_name(arena, node), p->unit_count);
		p->units[p->unit_count++] = node;
	}
}

static bool open_patient(Patient *p, const Compilation *c, Failure *failure)
{
	Arena *arena = p->health->arena;
	Options options = c->module->options;
	const char *name = p->run->program->name;
	p->dead = (Picture){.arena = arena, .title = arena_print(arena, "%s: units that give all rows the same", name)};
	p->gradients = (Picture){.arena = arena, .title = arena_print(arena, "%s: weights", name)};
	p->statistics = (Picture){.arena = arena, .title = arena_print(arena, "%s: running statistics, and those of the "
		"batch; median and 10 to 90 %% of the features", name)};
	picture_add_panel(&p->dead, "step", "dead units (%)");
	picture_add_panel(&p->gradients, "step", "norm of the gradient");
	picture_add_panel(&p->gradients, "step", "log10 of update / weight");
	picture_add_panel(&p->statistics, "step", "distance of the means (deviations)");
	picture_add_panel(&p->statistics, "step", "running / batch's deviation");
	list_weights(p);
	list_nodes(p);
	options.profile = false;
	options.threads = 1;
	p->probe = (Probe){.before = before_step, .after = after_step, .context = p};
	p->run->probe = &p->probe;
	p->begun = wall_seconds();
	return trial_compile(arena, gradient_network(arena, p->network), &options, &p->trial, failure);
}

bool health_open(Health *h, const Compilation *compilations, const Training *t, Failure *failure)
{
	const int64_t looks = steps_of(t) / MOST_LOOKS;
	Arena *arena = arena_open();
	*h = (Health){.arena = arena, .training = t, .interval = looks > LEAST_INTERVAL ? looks : LEAST_INTERVAL,
		.patients = NEW_ARRAY(arena, Patient, t->run_count)};
	for (int i = 0; i < t->run_count; i++) {
		Patient *p = &h->patients[h->count++];
		*p = (Patient){.health = h, .network = compilations[i].module->network, .module = compilations[i].module,
			.run = &t->runs[i]};
		if (!open_patient(p, &compilations[i], failure))
			return false;
	}
	return true;
}

void health_close(Health *h)
{
	for (int i = 0; i < h->count; i++) {
		h->patients[i].run->probe = 0;
		trial_close(&h->patients[i].trial);
	}
	arena_close(h->arena);
	*h = (Health){.count = 0};
}
