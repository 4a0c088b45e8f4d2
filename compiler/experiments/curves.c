/* curves.c: the loss and the accuracy of a training, epoch by epoch, with those of --valid dashed. */
#include "picture.h"
#include <math.h>

static bool any_classifies(const Training *t)
{
	for (int i = 0; i < t->run_count; i++)
		if (t->runs[i].program->truth != TRUTH_VALUES)
			return true;
	return false;
}

static const char *title_of(Arena *arena, const Training *t)
{
	const char *title = "";
	for (int i = 0; i < t->run_count; i++)
		title = arena_print(arena, "%s%s%s", title, !i ? "" : i + 1 < t->run_count ? ", " : " and ",
			t->runs[i].program->name);
	return arena_print(arena, "%s on %.60s", title, t->data->name);
}

/* Adds the curves of each network to a panel: of training, and dashed that of --valid. */
static void add_curves(Picture *picture, const Training *t, Panel *panel)
{
	for (int i = 0; i < t->run_count; i++) {
		const char *name = t->runs[i].program->name;
		panel_add_series(panel, name, i);
		Curve *valid = t->valid ? panel_add_series(panel, arena_print(picture->arena, "%s, validation", name), i) : 0;
		if (valid)
			valid->dashed = true;
	}
}

static void add_value(Picture *picture, Panel *panel, int series, int epoch, double value)
{
	if (series < panel->series_count)
		series_add(picture, &panel->series[series], (Point){epoch, value, value, value});
}

static void take_epoch(void *context, int epoch)
{
	Curves *c = context;
	const Training *t = c->training;
	const int each = t->valid ? 2 : 1;
	for (int i = 0; i < t->run_count; i++) {
		const Run *run = &t->runs[i];
		const bool classifies = run->program->truth != TRUTH_VALUES;
		const double losses[] = {run->loss, run->valid_loss};
		const double accuracies[] = {100 * run->accuracy, 100 * run->valid_accuracy};
		for (int k = 0; k < each; k++) {
			add_value(&c->picture, &c->picture.panels[0], each * i + k, epoch, losses[k]);
			if (classifies)
				add_value(&c->picture, &c->picture.panels[1], each * i + k, epoch, accuracies[k]);
		}
	}
}

void curves_open(Curves *curves, Arena *arena, const Training *t)
{
	Picture *picture = &curves->picture;
	*curves = (Curves){.picture = {.arena = arena, .title = title_of(arena, t)}, .training = t,
		.listener = {.epoch_end = take_epoch, .context = curves}};
	add_curves(picture, t, picture_add_panel(picture, "epoch", "loss"));
	if (any_classifies(t))
		add_curves(picture, t, picture_add_panel(picture, "epoch", "accuracy (%)"));
}

void curves_close(Curves *curves)
{
	panel_choose_scale(&curves->picture.panels[0]);
}
