/* map.c: --map: the loss that is left after a training, for each pair of values, side by side for each network. */
#include "picture.h"
#include <math.h>
#include <stdlib.h>

/* The losses of all runs, by their numbers: a diverged one is infinite; not a number: it was not trained. */
static double *losses_of(Arena *arena, const Plan *plan, const Records *records)
{
	double *losses = NEW_ARRAY(arena, double, plan->run_count);
	for (int64_t i = 0; i < plan->run_count; i++)
		losses[i] = NAN;
	for (int i = 0; i < records->count; i++)
		losses[records->items[i].number] = result_loss(&records->items[i].result);
	return losses;
}

/* Of the seeds of a pixel, the median. If half of them have diverged, so has the pixel. */
static double pixel_of(const double *losses, int seeds, double *values)
{
	int count = 0;
	for (int i = 0; i < seeds; i++)
		if (isfinite(losses[i]))
			values[count++] = losses[i];
	return 2 * count > seeds ? point_of_values(0, values, count).y : INFINITY;
}

/* The first axis goes from left to right, the second from bottom to top. */
static Grid grid_of(Arena *arena, const Sweep *s, const double *losses)
{
	const Axis *x = &s->axes[0], *y = &s->axes[1];
	Grid grid = {x->values.count, y->values.count, x->from, x->to, y->from, y->to, 0};
	double *values = NEW_ARRAY(arena, double, s->seeds);
	grid.values = NEW_ARRAY(arena, double, (size_t)grid.columns * (size_t)grid.rows);
	for (int column = 0; column < grid.columns; column++)
		for (int row = 0; row < grid.rows; row++) {
			const int64_t run = ((int64_t)column * grid.rows + row) * s->seeds;
			grid.values[row * grid.columns + column] = pixel_of(losses + run, s->seeds, values);
		}
	return grid;
}

/* From the 2nd to the 90th percentile of all pixels, so that a few do not take the colours from the others. */
static void choose_shades(Picture *picture)
{
	Shades *shades = &picture->shades;
	int64_t count = 0, pixels = 0;
	for (int i = 0; i < picture->panel_count; i++)
		pixels += (int64_t)picture->panels[i].grid.columns * picture->panels[i].grid.rows;
	double *values = NEW_ARRAY(picture->arena, double, pixels);
	for (int i = 0; i < picture->panel_count; i++) {
		const Grid *grid = &picture->panels[i].grid;
		for (int k = 0; k < grid->columns * grid->rows; k++)
			if (isfinite(grid->values[k]))
				values[count++] = grid->values[k];
	}
	qsort(values, (size_t)count, sizeof *values, by_value);
	shades->low = count ? values[count / 50] : 0;
	shades->high = count ? values[count - 1 - count / 10] : 1;
	shades->log = shades->low > 0 && shades->high / shades->low > 20;
	if (shades->low == shades->high)
		shades->high += fabs(shades->high) > 0 ? fabs(shades->high) : 1;
}

bool map_picture(Picture *picture, const Plan *plan, const Records *records, Failure *failure)
{
	const Sweep *s = plan->sweep;
	Arena *arena = s->arena;
	const double *losses = losses_of(arena, plan, records);
	const int64_t each = plan->run_count / s->network_count;
	const bool validated = s->valid || s->valid_fraction > 0;
	int64_t missing = 0;
	for (int64_t i = 0; i < plan->run_count; i++)
		missing += isnan(losses[i]);
	if (missing)
		return fail(failure, "%lld of %lld runs of the map are not done, so it is not drawn",
			(long long)missing, (long long)plan->run_count);
	*picture = (Picture){.arena = arena, .kind = PICTURE_MAP, .shades = {.none = "diverged"}};
	picture->shades.label = validated ? "validation loss after the last epoch" : "loss of the last epoch";
	picture->title = arena_print(arena, "%s on %.60s%s", picture_title(arena, records, 1), s->data->name,
		s->seeds > 1 ? arena_print(arena, ", median of %d seeds", s->seeds) : "");
	for (int i = 0; i < s->network_count; i++) {
		Panel *panel = picture_add_panel(picture, s->axes[0].name, s->axes[1].name);
		panel->title = s->networks[i].name;
		panel->log_x = s->axes[0].log;
		panel->log_y = s->axes[1].log;
		panel->grid = grid_of(arena, s, losses + i * each);
	}
	choose_shades(picture);
	return true;
}

static const char *value_text(Arena *arena, const Sweep *s, int64_t configuration, int axis)
{
	const Definitions *values = &s->axes[axis].values;
	const int64_t index = axis ? configuration % values->count : configuration / s->axes[1].values.count;
	return definition_text(arena, &values->items[index]);
}

void map_print(const Plan *plan, const Records *records, FILE *out)
{
	const Sweep *s = plan->sweep;
	const double *losses = losses_of(s->arena, plan, records);
	const int64_t each = plan->run_count / s->network_count;
	for (int i = 0; i < s->network_count; i++) {
		const double *own = losses + i * each;
		int64_t count = 0, diverged = 0, best = -1;
		for (int64_t k = 0; k < each; k++) {
			count += !isnan(own[k]);
			diverged += isinf(own[k]);
			best = isfinite(own[k]) && (best < 0 || own[k] < own[best]) ? k : best;
		}
		fprintf(out, "%s: %lld runs, %lld diverged", s->networks[i].name, (long long)count, (long long)diverged);
		if (best >= 0)
			fprintf(out, "; the smallest loss is %.4g, at %s=%s %s=%s", own[best], s->axes[0].name,
				value_text(s->arena, s, best / s->seeds, 0), s->axes[1].name,
				value_text(s->arena, s, best / s->seeds, 1));
		fputc('\n', out);
	}
}
