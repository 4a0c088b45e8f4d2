/* picture.c: what all pictures have in common. */
#include "picture.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

Panel *picture_add_panel(Picture *picture, const char *x_label, const char *y_label)
{
	Panel *panel = &picture->panels[picture->panel_count++];
	*panel = (Panel){.x_label = x_label, .y_label = y_label};
	return panel;
}

Curve *panel_add_series(Panel *panel, const char *name, int style)
{
	if (panel->series_count == 2 * MAX_SERIES)
		return 0;
	Curve *series = &panel->series[panel->series_count++];
	*series = (Curve){.name = name, .style = style};
	return series;
}

void series_add(Picture *picture, Curve *series, Point point)
{
	APPEND(picture->arena, &series->points, point);
}

bool picture_has_points(const Picture *picture)
{
	Extent extent;
	return picture->panel_count
		&& (picture->panels[0].grid.columns || panel_extent(&picture->panels[0], &extent));
}

static void take(double *low, double *high, double value)
{
	*low = fmin(*low, value);
	*high = fmax(*high, value);
}

bool panel_extent(const Panel *panel, Extent *e)
{
	const Grid *g = &panel->grid;
	*e = (Extent){INFINITY, -INFINITY, INFINITY, -INFINITY};
	if (g->columns)
		*e = (Extent){fmin(g->x_from, g->x_to), fmax(g->x_from, g->x_to), fmin(g->y_from, g->y_to),
			fmax(g->y_from, g->y_to)};
	for (int i = 0; i < panel->series_count; i++)
		for (int k = 0; k < panel->series[i].points.count; k++) {
			const Point *p = &panel->series[i].points.items[k];
			if (!isfinite(p->y))
				continue;
			take(&e->x_low, &e->x_high, p->x);
			take(&e->y_low, &e->y_high, p->y);
			take(&e->y_low, &e->y_high, p->low);
			take(&e->y_low, &e->y_high, p->high);
		}
	return e->x_low <= e->x_high;
}

void panel_choose_scale(Panel *panel)
{
	Extent e;
	panel->log_y = panel_extent(panel, &e) && e.y_low > 0 && e.y_high / e.y_low > 20;
}

/* ---- several runs in one curve */

int by_value(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

/* Between the two values next to it, as numpy.percentile does. */
double percentile(const double *sorted, int count, double part)
{
	const double at = part * (count - 1);
	const int low = (int)at, high = low + 1 < count ? low + 1 : low;
	return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

Point point_of_values(double x, double *values, int count)
{
	if (count == 0)
		return (Point){x, NAN, NAN, NAN};
	qsort(values, (size_t)count, sizeof *values, by_value);
	return (Point){x, percentile(values, count, 0.5), percentile(values, count, 0.1), percentile(values, count, 0.9)};
}

static bool is_among(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Lists the networks in the order of the sweep, and returns their number, at most `most`. */
static int list_networks(const Records *records, const char *names[], int most)
{
	int count = 0;
	for (const RunRecord *next = records->items; next && count < most;) {
		next = 0;
		for (int i = 0; i < records->count; i++) {
			const RunRecord *r = &records->items[i];
			if ((!next || r->number < next->number) && !is_among(r->network, names, count))
				next = r;
		}
		if (next)
			names[count++] = next->network;
	}
	return count;
}

/* "mlp and mlp_bn, 20 seeds each: ..." */
const char *picture_title(Arena *arena, const Records *records, int seeds)
{
	enum { MOST_NAMED = 4 };
	const char *names[MOST_NAMED], *title = "";
	const int count = list_networks(records, names, MOST_NAMED);
	for (int i = 0; i < count && count < MOST_NAMED; i++)
		title = arena_print(arena, "%s%s%s", title, !i ? "" : i + 1 < count ? ", " : " and ", names[i]);
	if (seeds <= 2)
		return title;
	return arena_print(arena, "%s%s%d seeds each: median, and from 10 to 90 %% of them", title, *title ? ", " : "",
		seeds);
}
