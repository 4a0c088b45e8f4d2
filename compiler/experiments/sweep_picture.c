/* sweep_picture.c: loss and accuracy against the value that was varied, as the median over the seeds with a band from
 * the 10th to the 90th percentile. */
#include "picture.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is varied */

/* A configuration: where it is on the axis of x, and the rest of what it is. */
typedef struct Spot {
	const RunRecord *records;
	int count;
	int64_t number;
	double x;
	const char *name;       /* its network, and its settings but for that of x, as far as these vary */
} Spot;

/* A setting, and what values it has. */
typedef struct Setting {
	const char *name;
	bool numeric;
	double first, low, high;
	int values;             /* how many different ones: 1, or 2 for several */
	const char *text;       /* the first one */
} Setting;

typedef struct Settings { Setting items[MOST_AXES]; int count; } Settings;

static void note_setting(Arena *arena, Settings *settings, const cJSON *item)
{
	int i = 0;
	while (i < settings->count && strcmp(settings->items[i].name, item->string) != 0)
		i++;
	if (i == MOST_AXES)
		return;
	Setting *s = &settings->items[i];
	char *text = cJSON_PrintUnformatted(item);
	if (i == settings->count) {
		settings->count++;
		*s = (Setting){.name = arena_copy(arena, item->string, strlen(item->string)), .numeric = true,
			.low = INFINITY, .high = -INFINITY, .text = arena_copy(arena, text ? text : "", text ? strlen(text) : 0)};
	}
	s->numeric &= cJSON_IsNumber(item);
	s->low = fmin(s->low, item->valuedouble);
	s->high = fmax(s->high, item->valuedouble);
	s->values = text && strcmp(text, s->text) != 0 ? 2 : s->values ? s->values : 1;
	cJSON_free(text);
}

static Settings find_settings(Arena *arena, const Records *records)
{
	Settings settings = {.count = 0};
	const char *before = "";
	for (int i = 0; i < records->count; i++) {
		if (strcmp(records->items[i].settings, before) == 0)
			continue;
		before = records->items[i].settings;
		cJSON *object = cJSON_Parse(before);
		for (const cJSON *item = object ? object->child : 0; item; item = item->next)
			note_setting(arena, &settings, item);
		cJSON_Delete(object);
	}
	return settings;
}

/* The first number that varies. */
static const Setting *find_x(const Settings *settings)
{
	for (int i = 0; i < settings->count; i++)
		if (settings->items[i].numeric && settings->items[i].values > 1)
			return &settings->items[i];
	return 0;
}

static bool varies(const Settings *settings, const char *name)
{
	for (int i = 0; i < settings->count; i++)
		if (strcmp(settings->items[i].name, name) == 0)
			return settings->items[i].values > 1;
	return false;
}

static void name_spot(Arena *arena, const Settings *settings, const Setting *x, Spot *spot)
{
	cJSON *object = cJSON_Parse(spot->records[0].settings);
	spot->name = spot->records[0].network;
	spot->x = NAN;
	for (const cJSON *item = object ? object->child : 0; item; item = item->next) {
		if (strcmp(item->string, x->name) == 0) {
			spot->x = item->valuedouble;
			continue;
		}
		if (!varies(settings, item->string))
			continue;
		if (cJSON_IsNumber(item))
			spot->name = arena_print(arena, "%s %s=%.6g", spot->name, item->string, item->valuedouble);
		else
			spot->name = arena_print(arena, "%s %s=%s", spot->name, item->string,
				cJSON_IsString(item) ? item->valuestring : cJSON_IsTrue(item) ? "true" : "false");
	}
	cJSON_Delete(object);
}

static int by_x(const void *left, const void *right)
{
	const Spot *a = left, *b = right;
	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* ---- points */

/* Of the runs that have not diverged; if most have, there is no point. */
static Point point_of(Arena *arena, const Spot *spot, double (*value)(const Result *), double times)
{
	double *values = NEW_ARRAY(arena, double, spot->count);
	int count = 0;
	for (int i = 0; i < spot->count; i++)
		if (isfinite(result_loss(&spot->records[i].result)))
			values[count++] = times * value(&spot->records[i].result);
	if (2 * count <= spot->count)
		return (Point){spot->x, NAN, NAN, NAN};
	return point_of_values(spot->x, values, count);
}

/* ---- the picture */

static Curve *find_series(Panel *panel, const Spot *spot)
{
	for (int i = 0; i < panel->series_count; i++)
		if (strcmp(panel->series[i].name, spot->name) == 0)
			return &panel->series[i];
	return panel->series_count < MAX_SERIES ? panel_add_series(panel, spot->name, panel->series_count) : 0;
}

static bool add_points(Picture *picture, Panel *panel, const Spot *spots, int count,
	double (*value)(const Result *), double times, Failure *failure)
{
	for (int i = 0; i < count; i++) {
		Curve *series = find_series(panel, &spots[i]);
		if (!series)
			return fail(failure, "--plot would show more than %d curves: give fewer values to what is not on its axis",
				MAX_SERIES);
		series_add(picture, series, point_of(picture->arena, &spots[i], value, times));
		series->band |= spots[i].count > 2;
	}
	return true;
}

static Spot *find_spots(Arena *arena, const Records *sorted, const Settings *settings, const Setting *x, int *count)
{
	Spot *spots = NEW_ARRAY(arena, Spot, sorted->count);
	*count = 0;
	for (int i = 0, end; i < sorted->count; i = end) {
		Spot *spot = &spots[(*count)++];
		*spot = (Spot){.records = &sorted->items[i], .number = sorted->items[i].number};
		for (end = i; end < sorted->count && sorted->items[end].configuration == sorted->items[i].configuration; end++)
			spot->number = sorted->items[end].number < spot->number ? sorted->items[end].number : spot->number;
		spot->count = end - i;
		name_spot(arena, settings, x, spot);
	}
	return spots;
}

/* Curves are named in the order of the table, points lie in the order of x. */
static void name_series(Panel *panel, const Spot *spots, int count)
{
	for (;;) {
		const Spot *next = 0;
		for (int i = 0; i < count; i++) {
			bool named = false;
			for (int k = 0; k < panel->series_count; k++)
				named |= strcmp(panel->series[k].name, spots[i].name) == 0;
			if (!named && (!next || spots[i].number < next->number))
				next = &spots[i];
		}
		if (!next || !find_series(panel, next))
			return;
	}
}

static Panel *add_panel(Picture *picture, const Setting *x, const char *label, const Spot *spots, int count)
{
	Panel *panel = picture_add_panel(picture, x->name, label);
	panel->log_x = x->low > 0 && x->high / x->low > 20;
	name_series(panel, spots, count);
	return panel;
}

bool axes_have_number(const Axis *axes, int count)
{
	for (int i = 0; i < count; i++) {
		bool numeric = axes[i].values.count > 1;
		for (int k = 0; k < axes[i].values.count; k++)
			numeric &= axes[i].values.items[k].value.kind == LITERAL_NUMBER;
		if (numeric)
			return true;
	}
	return false;
}

bool records_picture(Picture *picture, Arena *arena, const Records *sorted, Failure *failure)
{
	const Settings settings = find_settings(arena, sorted);
	const Setting *x = find_x(&settings);
	int count;
	*picture = (Picture){.arena = arena};
	if (!x)
		return fail(failure, "--plot shows what comes of a number that varies: give --sweep with one, such as "
			"lr=log:1e-4:1:9");
	Spot *spots = find_spots(arena, sorted, &settings, x, &count);
	const Result *like = &sorted->items[0].result;
	qsort(spots, (size_t)count, sizeof *spots, by_x);
	Panel *panel = add_panel(picture, x, like->validated ? "validation loss" : "loss", spots, count);
	bool done = add_points(picture, panel, spots, count, result_loss, 1, failure);
	panel_choose_scale(panel);
	if (done && like->classifies) {
		panel = add_panel(picture, x, like->validated ? "validation accuracy (%)" : "accuracy (%)", spots, count);
		done = add_points(picture, panel, spots, count, result_accuracy, 100, failure);
	}
	int most = 0;
	for (int i = 0; i < count; i++)
		most = spots[i].count > most ? spots[i].count : most;
	picture->title = picture_title(arena, sorted, most);
	return done;
}
