/* epochs_picture.c: loss and accuracy epoch by epoch, as the median over the seeds with a band from the 10th to the
 * 90th percentile. */
#include "picture.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

typedef double Number(const EpochResult *result);
static double loss(const EpochResult *r) { return r->loss; }
static double accuracy(const EpochResult *r) { return 100 * r->accuracy; }
static double valid_loss(const EpochResult *r) { return r->valid_loss; }
static double valid_accuracy(const EpochResult *r) { return 100 * r->valid_accuracy; }

/* The network, and its settings as far as the sweep varies them. */
static const char *name_of(Arena *arena, const Sweep *s, const Configuration *c)
{
	const char *name = c->network->name;
	cJSON *object = cJSON_Parse(c->settings);
	for (int i = 0; i < s->axis_count; i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, s->axes[i].name);
		char *text = s->axes[i].values.count > 1 && item ? cJSON_PrintUnformatted(item) : 0;
		if (text)
			name = arena_print(arena, "%s %s=%.40s", name, s->axes[i].name, text);
		cJSON_free(text);
	}
	cJSON_Delete(object);
	return name;
}

/* Of the runs that came so far. */
static Point point_at(const Plan *plan, int configuration, int epoch, const int *lengths, Number *number,
	double *values)
{
	const int seeds = plan->sweep->seeds;
	int count = 0;
	for (int i = 0; i < seeds; i++) {
		const int64_t run = (int64_t)configuration * seeds + i;
		const double value = number(&plan->epochs.items[run * plan->epochs.epochs + epoch]);
		if (epoch < lengths[run] && isfinite(value))
			values[count++] = value;
	}
	return point_of_values(epoch, values, 2 * count > seeds ? count : 0);
}

static void add_curve(Picture *picture, Panel *panel, const Plan *plan, int configuration, const char *name,
	const int *lengths, Number *number, bool dashed)
{
	double *values = NEW_ARRAY(picture->arena, double, plan->sweep->seeds);
	Curve *curve = panel_add_series(panel, name, configuration);
	curve->dashed = dashed;
	curve->band = plan->sweep->seeds > 2 && !dashed;
	for (int epoch = 0; epoch < plan->epochs.epochs; epoch++) {
		const Point point = point_at(plan, configuration, epoch, lengths, number, values);
		if (isfinite(point.y))
			series_add(picture, curve, point);
	}
}

static void add_panel(Picture *picture, const Plan *plan, const char *label, const int *lengths, Number *trained,
	Number *validated)
{
	Panel *panel = picture_add_panel(picture, "epoch", label);
	const bool valid = plan->sweep->valid || plan->sweep->valid_fraction > 0;
	for (int i = 0; i < plan->configuration_count; i++) {
		const char *name = name_of(picture->arena, plan->sweep, &plan->configurations[i]);
		add_curve(picture, panel, plan, i, name, lengths, trained, false);
		if (valid)
			add_curve(picture, panel, plan, i, arena_print(picture->arena, "%s, validation", name), lengths, validated,
				true);
	}
}

bool epochs_picture(Picture *picture, const Plan *plan, const Records *records, Failure *failure)
{
	Arena *arena = plan->sweep->arena;
	int *lengths = NEW_ARRAY(arena, int, plan->run_count);
	*picture = (Picture){.arena = arena, .title = picture_title(arena, records, plan->sweep->seeds)};
	if (plan->configuration_count > MAX_SERIES)
		return fail(failure, "--plot would show %d curves, more than %d: give fewer values", plan->configuration_count,
			MAX_SERIES);
	for (int i = 0; i < records->count; i++)
		lengths[records->items[i].number] = records->items[i].result.epochs;
	add_panel(picture, plan, "loss", lengths, loss, valid_loss);
	panel_choose_scale(&picture->panels[0]);
	if (records->count && records->items[0].result.classifies)
		add_panel(picture, plan, "accuracy (%)", lengths, accuracy, valid_accuracy);
	return true;
}
