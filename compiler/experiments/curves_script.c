/* curves_script.c: how gnuplot draws curves. */
#include "script.h"
#include <math.h>

/* Okabe and Ito's colours, which colour-blind people can tell apart; the points differ, too. */
const char *style_colour(int style)
{
	static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
	return colours[style % (int)(sizeof colours / sizeof *colours)];
}

static int style_point(int style)
{
	static const int points[] = {7, 5, 9, 13, 11, 6, 4, 8, 12, 10};
	return points[style % (int)(sizeof points / sizeof *points)];
}

void put_text(Code *code, const char *text)
{
	code_put(code, "\"");
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			code_put(code, "\\%c", *text);
		else
			code_put(code, "%c", (unsigned char)*text < ' ' ? ' ' : *text);
	code_put(code, "\"");
}

void put_number(Code *code, double number)
{
	code_put(code, isfinite(number) ? " %.7g" : " NaN", number);
}

/* Each series is a block of lines: x, y, and the ends of the band. */
static void put_data(Code *code, const Picture *picture)
{
	for (int i = 0; i < picture->panel_count; i++)
		for (int k = 0; k < picture->panels[i].series_count; k++) {
			const Curve *s = &picture->panels[i].series[k];
			code_put(code, "$panel%d_%d << END\n# %s\n", i + 1, k + 1, s->name);
			for (int p = 0; p < s->points.count; p++) {
				const Point *point = &s->points.items[p];
				const double numbers[] = {point->x, point->y, point->low, point->high};
				for (int n = 0; n < 4; n++)
					put_number(code, numbers[n]);
				code_put(code, "\n");
			}
			code_put(code, s->points.count ? "END\n" : " NaN NaN NaN NaN\nEND\n");
		}
}

static void put_band(Code *code, int panel, int series, const Curve *s)
{
	code_put(code, "\t$panel%d_%d using 1:3:4 with filledcurves fillcolor rgb \"%s\" fillstyle transparent solid 0.18 "
		"noborder notitle, \\\n", panel + 1, series + 1, style_colour(s->style));
}

/* Few points are marked; of many only some, so that the line can be seen. */
static void put_line(Code *code, int panel, int series, const Curve *s, bool last)
{
	const int each = (s->points.count + 24) / 25;
	code_put(code, "\t$panel%d_%d using 1:2 with linespoints linecolor rgb \"%s\" linewidth 2 dashtype %s pointtype %d "
		"pointsize 0.8 pointinterval %d title ", panel + 1, series + 1, style_colour(s->style),
		s->dashed ? "(8,6)" : "solid", s->dashed ? 1 : style_point(s->style), each ? each : 1);
	put_text(code, s->name);
	code_put(code, last ? "\n" : ", \\\n");
}

static void put_axis(Code *code, char axis, const char *label, bool log)
{
	code_put(code, "set %clabel ", axis);
	put_text(code, label);
	code_put(code, log ? "\nset logscale %c\nset format %c \"%%g\"\n" : "\nunset logscale %c\nset format %c \"%%g\"\n",
		axis, axis);
}

/* A few whole numbers, such as sizes, are marked themselves. */
static void put_tics(Code *code, const Panel *panel)
{
	enum { MOST_MARKED = 10 };
	const Curve *longest = &panel->series[0];
	for (int i = 1; i < panel->series_count; i++)
		longest = panel->series[i].points.count > longest->points.count ? &panel->series[i] : longest;
	bool marked = longest->points.count > 1 && longest->points.count <= MOST_MARKED;
	for (int i = 0; i < longest->points.count; i++)
		marked &= longest->points.items[i].x == floor(longest->points.items[i].x);
	code_put(code, marked ? "set xtics (" : "set xtics autofreq");
	for (int i = 0; marked && i < longest->points.count; i++)
		code_put(code, "%s%.7g", i ? ", " : "", longest->points.items[i].x);
	code_put(code, marked ? ")\n" : "\n");
}

static void put_panel(Code *code, const Picture *picture, int index)
{
	const Panel *panel = &picture->panels[index];
	Extent e;
	put_axis(code, 'x', panel->x_label, panel->log_x);
	put_axis(code, 'y', panel->y_label, panel->log_y);
	put_tics(code, panel);
	const bool any = panel_extent(panel, &e);
	if (any && e.x_low < e.x_high)
		code_put(code, "set xrange [%.7g:%.7g]\n", e.x_low, e.x_high);
	if (any && e.y_low == e.y_high && !panel->log_y)
		code_put(code, "set yrange [%.7g:%.7g]\n", e.y_low == 0 ? 0 : e.y_low - 1, e.y_high + 1);
	else
		code_put(code, "set yrange [*:*]\n");
	code_put(code, "plot \\\n");
	for (int i = 0; i < panel->series_count; i++)
		if (panel->series[i].band)
			put_band(code, index, i, &panel->series[i]);
	for (int i = 0; i < panel->series_count; i++)
		put_line(code, index, i, &panel->series[i], i + 1 == panel->series_count);
}

void put_curves(Code *code, const Picture *picture)
{
	put_data(code, picture);
	code_put(code, "set encoding utf8\nset grid linecolor rgb \"#d8d8d8\"\nset border 3\nset tics nomirror out\n"
		"set key under center horizontal\nset datafile missing \"NaN\"\nset multiplot layout 1,%d title ",
		picture->panel_count);
	put_text(code, picture->title);
	code_put(code, " noenhanced\n");
	for (int i = 0; i < picture->panel_count; i++)
		put_panel(code, picture, i);
	code_put(code, "unset multiplot\n");
}
