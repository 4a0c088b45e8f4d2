/* grid_script.c: how gnuplot draws grids of values: an image for each, what lies over it, and one bar that says what
 * its colours mean. */
#include "script.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In pixels; what lies beside the squares. A letter of a class's name takes LETTER. Viewers of .svg blur an image of
 * few cells, so up to MOST_DRAWN are drawn one by one there. */
enum { SQUARE = 320, LEFT = 88, GAP = 48, RIGHT = 134, TOP = 64, BOTTOM = 70, BAR = 16, BAR_GAP = 24, LETTER = 7,
	LINE = 18, SHORT_NAME = 4, LONG_NAME = 14, MOST_NAMED = 32, MOST_COUNTED = 20, MOST_DRAWN = 10000 };

/* ---- where things are */

/* The letters of the longest name of a confusion's classes that are shown. */
static int longest_name(const Picture *picture)
{
	int longest = 0;
	const Panel *panel = &picture->panels[0];
	for (int i = 0; panel->names && i < panel->grid.columns; i++) {
		const int length = (int)strlen(panel->names[i]);
		longest = length > longest ? length : longest;
	}
	return longest < LONG_NAME ? longest : LONG_NAME;
}

/* Whether the names do not fit side by side. */
static bool names_stand(const Picture *picture)
{
	const int count = picture->panels[0].grid.columns, named = count < MOST_NAMED ? count : MOST_NAMED;
	return picture->panels[0].names && named * (longest_name(picture) + 2) * LETTER > SQUARE;
}

typedef struct Frame { int left, bottom, width, height, gap; } Frame;

static Frame layout_of(const Picture *picture)
{
	const int more = longest_name(picture) - SHORT_NAME;
	Frame l = {.left = LEFT + (more > 0 ? (more + 1) * LETTER : 0), .bottom = BOTTOM, .gap = GAP};
	l.bottom += names_stand(picture) ? (longest_name(picture) - 1) * LETTER : 0;
	l.width = l.left + picture->panel_count * (SQUARE + l.gap) - l.gap + RIGHT;
	l.height = TOP + SQUARE + l.bottom;
	return l;
}

void grids_size(const Picture *picture, int *width, int *height)
{
	const Frame layout = layout_of(picture);
	*width = layout.width;
	*height = layout.height;
}

/* Parts of the picture's width and height, from the left and from the bottom. */
typedef struct Screen { double left, right, bottom, top; } Screen;

static Screen screen_of(const Picture *picture, double left, double right, double bottom, double top)
{
	const Frame l = layout_of(picture);
	return (Screen){left / l.width, right / l.width, bottom / l.height, top / l.height};
}

/* ---- axes */

static double on_axis(bool log, double value)
{
	return log ? log10(value) : value;
}

/* An image has cells of one width, so an axis is that of the logarithms, and its tics say of what. */
static void put_logarithms(Code *code, char axis, double from, double to, bool labelled)
{
	const double low = fmin(from, to), high = fmax(from, to);
	const int first = (int)floor(log10(low) + 1e-9), last = (int)ceil(log10(high) - 1e-9);
	const int each = (last - first + 7) / 8;
	const char *before = "";
	code_put(code, "set %ctics (", axis);
	for (int power = first; power <= last; power++)
		for (int digit = 1; digit < 10; digit++) {
			const double value = digit * pow(10, power);
			if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9))
				continue;
			const bool named = digit == 1 ? (power - first) % each == 0
				: last - first < 3 && (digit == 2 || digit == 5);
			code_put(code, "%s\"", before);
			if (named && labelled)
				code_put(code, "%g", value);
			code_put(code, "\" %.9g %d", log10(value), !named);
			before = ", ";
		}
	code_put(code, ")\n");
}

/* Long names are cut; of many classes only some are named. */
static void put_names(Code *code, char axis, const char *const *names, int count)
{
	const int each = (count + MOST_NAMED - 1) / MOST_NAMED;
	code_put(code, "set %ctics scale 0 (", axis);
	for (int i = 0; names && i < count; i += each) {
		char name[LONG_NAME + 4];
		const size_t length = strlen(names[i]);
		snprintf(name, sizeof name, length > LONG_NAME ? "%.*s..." : "%.*s",
			length > LONG_NAME ? LONG_NAME - 3 : LONG_NAME, names[i]);
		code_put(code, i ? ", " : "");
		put_text(code, name);
		code_put(code, " %d", i);
	}
	code_put(code, ")\n");
}

/* label: null for an axis that has those of the panel to the left. names: of each cell, or null. */
static void put_axis(Code *code, char axis, const char *label, bool log, double from, double to,
	const char *const *names, int count)
{
	code_put(code, "set %clabel ", axis);
	put_text(code, label ? label : "");
	code_put(code, "\nset format %c \"%s\"\n", axis, label ? "%g" : "");
	if (names)
		put_names(code, axis, label ? names : 0, count);
	else if (log)
		put_logarithms(code, axis, from, to, label);
	else
		code_put(code, "set %ctics autofreq\n", axis);
}

static double step_of(double from, double to, int count)
{
	return count > 1 ? (to - from) / (count - 1) : 1;
}

/* Half a cell lies outside of the first and the last centre. */
static void put_range(Code *code, char axis, double from, double to, int count, bool falling)
{
	const double half = step_of(from, to, count) / 2;
	const double low = from - half, high = to + half;
	code_put(code, "set %crange [%.9g:%.9g]\n", axis, falling ? high : low, falling ? low : high);
}

/* ---- data */

static void put_values(Code *code, const Picture *picture)
{
	for (int i = 0; i < picture->panel_count; i++) {
		const Grid *grid = &picture->panels[i].grid;
		code_put(code, "$map%d << END\n", i + 1);
		for (int k = 0; k < grid->columns * grid->rows; k++) {
			code_put(code, isfinite(grid->values[k]) ? "%s%.5g" : "%sinf", k % grid->columns ? " " : "",
				grid->values[k]);
			if ((k + 1) % grid->columns == 0)
				code_put(code, "\n");
		}
		code_put(code, "END\n");
	}
}

/* An empty line ends a line of a boundary. */
static void put_points(Code *code, const Picture *picture)
{
	for (int i = 0; i < picture->panel_count; i++)
		for (int k = 0; k < picture->panels[i].series_count; k++) {
			const Curve *s = &picture->panels[i].series[k];
			code_put(code, "$panel%d_%d << END\n# %s\n", i + 1, k + 1, *s->name ? s->name : "boundary");
			for (int p = 0; p < s->points.count; p++)
				if (isfinite(s->points.items[p].y))
					code_put(code, "%.6g %.6g\n", s->points.items[p].x, s->points.items[p].y);
				else
					code_put(code, "\n");
			code_put(code, s->points.count ? "END\n" : "NaN NaN\nEND\n");
		}
}

static void put_counts(Code *code, const Picture *picture)
{
	for (int i = 0; i < picture->panel_count; i++) {
		const Panel *panel = &picture->panels[i];
		const Grid *grid = &panel->grid;
		for (int k = 0; panel->counts && k < grid->columns * grid->rows; k++) {
			if (k == 0)
				code_put(code, "$counts%d << END\n# column row count: part of the row\n", i + 1);
			code_put(code, "%d %d %d %.5g\n", k % grid->columns, k / grid->columns, panel->counts[k], grid->values[k]);
		}
		if (panel->counts)
			code_put(code, "END\n");
	}
}

/* ---- colours */

/* Of losses, viridis without its lightest end, which would be near to the white of what has no value; of parts, the
 * blues of ColorBrewer. Both grow evenly in lightness, so that they can be read without colours, and by colour-blind
 * people. Of a boundary, pale tints of the colours of the classes: of two, over white in the middle. */
static const char *const viridis[] = {"#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779",
	"#6dcd59", "#b4de2c", 0};
static const char *const blues[] = {"#ffffff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5",
	"#08519c", "#08306b", 0};

static void put_palette(Code *code, const char *const *colours)
{
	for (int i = 0; colours[i]; i++)
		code_put(code, "%s%d \"%s\"", i ? ", " : "set palette defined (", i, colours[i]);
	code_put(code, ")\n");
}

/* The colour with so much white. */
static const char *tint(Arena *arena, const char *colour, double white)
{
	int parts[3];
	const long number = strtol(colour + 1, 0, 16);
	for (int i = 0; i < 3; i++) {
		const int part = (int)(number >> 8 * (2 - i) & 255);
		parts[i] = (int)(part + white * (255 - part) + 0.5);
	}
	return arena_print(arena, "#%02x%02x%02x", parts[0], parts[1], parts[2]);
}

static int class_count(const Picture *picture)
{
	return picture->panels[0].series_count - 1;
}

static void put_tints(Code *code, const Picture *picture)
{
	const char *colours[MAX_SERIES + 2] = {0};
	const int classes = class_count(picture);
	const double white = 0.6;
	for (int i = 0; i < classes; i++)
		colours[i] = tint(picture->arena, style_colour(i), white);
	if (classes == 2) {
		colours[2] = colours[1];
		colours[1] = "#ffffff";
	}
	put_palette(code, colours);
}

static void put_colours(Code *code, const Picture *picture)
{
	const Shades *shades = &picture->shades;
	if (picture->kind == PICTURE_BOUNDARY)
		put_tints(code, picture);
	else
		put_palette(code, picture->kind == PICTURE_MAP ? viridis : blues);
	code_put(code, "%sset logscale cb\nset cbrange [%.5g:%.5g]\nset format cb \"%%g\"\nset cblabel ",
		shades->log ? "" : "un", shades->low, shades->high);
	put_text(code, shades->label ? shades->label : "");
	code_put(code, " offset 1,0\n");
}

/* ---- beside the squares */

/* Below the bar, the square of what has no value. */
static void put_none(Code *code, const Picture *picture, double left, double bottom)
{
	const Screen box = screen_of(picture, left, left + BAR, bottom, bottom + BAR);
	code_put(code, "set object 1 rectangle from screen %.5f,%.5f to screen %.5f,%.5f fillcolor rgb \"white\" fillstyle "
		"solid border linecolor rgb \"black\"\nset label 1 ", box.left, box.bottom, box.right, box.top);
	put_text(code, picture->shades.none);
	code_put(code, " at screen %.5f,%.5f left offset 0.6,0\n", box.right, (box.bottom + box.top) / 2);
}

/* The names of classes on top, then the bar. */
static void put_legend(Code *code, const Picture *picture)
{
	const Frame l = layout_of(picture);
	const double left = l.left + picture->panel_count * (SQUARE + l.gap) - l.gap + BAR_GAP;
	const double names = picture->kind == PICTURE_BOUNDARY ? LINE * (class_count(picture) + 1) : 0;
	const double bottom = l.bottom + (picture->shades.none ? 2 * BAR : 0);
	const Screen bar = screen_of(picture, left, left + BAR, bottom, l.bottom + SQUARE - names);
	const Screen key = screen_of(picture, left - BAR_GAP / 2, left, 0, l.bottom + SQUARE);
	if (names > 0)
		code_put(code, "set key at screen %.5f,%.5f left top Left reverse samplen 1 width 0\n", key.left, key.top);
	if (picture->shades.none)
		put_none(code, picture, left, l.bottom);
	if (picture->shades.label)
		code_put(code, "set colorbox user origin screen %.5f,%.5f size screen %.5f,%.5f\n", bar.left, bar.bottom,
			bar.right - bar.left, bar.top - bar.bottom);
}

/* ---- panels */

/* White numbers lie on dark cells. */
static void put_cells(Code *code, const Panel *panel, int index)
{
	if (!panel->counts || panel->grid.columns > MOST_COUNTED)
		return;
	const int size = panel->grid.columns > 10 ? 7 : 10;
	code_put(code, ", $counts%d using 1:2:($4 > 0.5 ? \"\" : sprintf(\"%%d\", $3)) with labels font \",%d\" notitle"
		", $counts%d using 1:2:($4 > 0.5 ? sprintf(\"%%d\", $3) : \"\") with labels font \",%d\" textcolor rgb "
		"\"white\" notitle", index + 1, size, index + 1, size);
}

/* Samples are drawn smaller, the more there are, and those of two classes can be told apart without colours. The last
 * curve is the boundary. */
static void put_samples(Code *code, const Picture *picture, int index)
{
	static const int points[MAX_SERIES] = {7, 2, 8, 5, 1, 6, 9, 4, 3, 10, 11, 12};
	const Panel *panel = &picture->panels[index];
	const int classes = panel->series_count - 1;
	int count = 0;
	for (int i = 0; i < classes; i++)
		count += panel->series[i].points.count;
	const double size = count > 2000 ? 0.25 : count > 300 ? 0.45 : 0.7;
	for (int i = 0; i < classes; i++) {
		code_put(code, ", \\\n\t$panel%d_%d using 1:2 with points pointtype %d pointsize %g linecolor rgb \"%s\" "
			"title ", index + 1, i + 1, points[i], size, style_colour(i));
		put_text(code, index + 1 == picture->panel_count ? panel->series[i].name : "");
	}
	if (classes > 0)
		code_put(code, ", \\\n\t$panel%d_%d using 1:2 with lines linewidth 2 linecolor rgb \"black\" notitle",
			index + 1, classes + 1);
}

static void put_grid_panel(Code *code, const Picture *picture, int index)
{
	const Panel *panel = &picture->panels[index];
	const Grid *grid = &panel->grid;
	const Frame l = layout_of(picture);
	const double left = l.left + index * (SQUARE + l.gap);
	const double x_from = on_axis(panel->log_x, grid->x_from), x_to = on_axis(panel->log_x, grid->x_to);
	const double y_from = on_axis(panel->log_y, grid->y_from), y_to = on_axis(panel->log_y, grid->y_to);
	const Screen square = screen_of(picture, left, left + SQUARE, l.bottom, l.bottom + SQUARE);
	code_put(code, "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset bmargin at screen %.5f\n"
		"set tmargin at screen %.5f\nset title ", square.left, square.right, square.bottom, square.top);
	put_text(code, picture->panel_count > 1 ? panel->title : "");
	code_put(code, "\n");
	put_axis(code, 'x', panel->x_label, panel->log_x, grid->x_from, grid->x_to, panel->names, grid->columns);
	put_axis(code, 'y', index ? 0 : panel->y_label, panel->log_y, grid->y_from, grid->y_to, panel->names, grid->rows);
	if (names_stand(picture))
		code_put(code, "set xtics rotate by 90 right\n");
	put_range(code, 'x', x_from, x_to, grid->columns, false);
	put_range(code, 'y', y_from, y_to, grid->rows, panel->names);
	if (index + 1 == picture->panel_count)
		put_legend(code, picture);
	code_put(code, "plot $map%d matrix using (%.9g + %.9g * $1):(%.9g + %.9g * $2):(abs($3) < 1e308 ? $3 : NaN) "
		"with image%s notitle", index + 1, x_from, step_of(x_from, x_to, grid->columns), y_from,
		step_of(y_from, y_to, grid->rows), grid->columns * grid->rows > MOST_DRAWN ? "" : " @pixels");
	put_cells(code, panel, index);
	put_samples(code, picture, index);
	code_put(code, "\n");
}

void put_grids(Code *code, const Picture *picture)
{
	put_values(code, picture);
	put_points(code, picture);
	put_counts(code, picture);
	code_put(code, "set encoding utf8\nset tics nomirror out\nunset colorbox\nunset key\n"
		"pixels = GPVAL_TERM eq \"svg\" ? \"pixels\" : \"\"\n");
	put_colours(code, picture);
	code_put(code, "set multiplot title ");
	put_text(code, picture->title);
	code_put(code, " noenhanced\n");
	for (int i = 0; i < picture->panel_count; i++)
		put_grid_panel(code, picture, i);
	code_put(code, "unset multiplot\n");
}
