/* map_script.c: how gnuplot draws grids of values: an image for each, and one bar that says what its colours mean. */
#include "script.h"
#include <math.h>

/* In pixels; what lies beside the squares. */
enum { SQUARE = 320, LEFT = 74, GAP = 48, RIGHT = 126, TOP = 64, BOTTOM = 58, BAR = 16, BAR_GAP = 24 };

void map_size(const Picture *picture, int *width, int *height)
{
	*width = LEFT + picture->panel_count * (SQUARE + GAP) - GAP + RIGHT;
	*height = TOP + SQUARE + BOTTOM;
}

/* Parts of the picture's width and height, from the left and from the bottom. */
typedef struct Screen { double left, right, bottom, top; } Screen;

static Screen screen_of(const Picture *picture, double left, double right, double bottom, double top)
{
	int width, height;
	map_size(picture, &width, &height);
	return (Screen){left / width, right / width, bottom / height, top / height};
}

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

/* label: null for an axis that has those of the panel to the left. */
static void put_axis(Code *code, char axis, const char *label, bool log, double from, double to)
{
	code_put(code, "set %clabel ", axis);
	put_text(code, label ? label : "");
	code_put(code, "\nset format %c \"%s\"\n", axis, label ? "%g" : "");
	if (log)
		put_logarithms(code, axis, from, to, label);
	else
		code_put(code, "set %ctics autofreq\n", axis);
}

/* Half a cell lies outside of the first and the last centre. */
static void put_range(Code *code, char axis, double from, double to, int count)
{
	const double half = (to - from) / (count - 1) / 2;
	code_put(code, "set %crange [%.9g:%.9g]\n", axis, from - half, to + half);
}

static void put_grids(Code *code, const Picture *picture)
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

/* Viridis without its lightest end, which would be near to the white of what has no value. It grows lighter evenly,
 * so that it can be read without colours, and by colour-blind people. */
static void put_colours(Code *code, const Picture *picture)
{
	const Shades *shades = &picture->shades;
	code_put(code, "set palette defined (0 \"#440154\", 1 \"#482878\", 2 \"#3e4a89\", 3 \"#31688e\", 4 \"#26828e\", "
		"5 \"#1f9e89\", 6 \"#35b779\", 7 \"#6dcd59\", 8 \"#b4de2c\")\n"
		"%sset logscale cb\nset cbrange [%.5g:%.5g]\nset format cb \"%%g\"\nset cblabel ", shades->log ? "" : "un",
		shades->low, shades->high);
	put_text(code, shades->label);
	code_put(code, " offset 1,0\n");
}

/* Below the bar, the square of what has no value. */
static void put_none(Code *code, const Picture *picture, double left)
{
	const Screen box = screen_of(picture, left, left + BAR, BOTTOM, BOTTOM + BAR);
	code_put(code, "set object 1 rectangle from screen %.5f,%.5f to screen %.5f,%.5f fillcolor rgb \"white\" fillstyle "
		"solid border linecolor rgb \"black\"\nset label 1 ", box.left, box.bottom, box.right, box.top);
	put_text(code, picture->shades.none);
	code_put(code, " at screen %.5f,%.5f left offset 0.6,0\n", box.right, (box.bottom + box.top) / 2);
}

static void put_bar(Code *code, const Picture *picture)
{
	const double left = LEFT + picture->panel_count * (SQUARE + GAP) - GAP + BAR_GAP;
	const double bottom = BOTTOM + 2 * BAR;
	const Screen bar = screen_of(picture, left, left + BAR, bottom, BOTTOM + SQUARE);
	code_put(code, "set colorbox user origin screen %.5f,%.5f size screen %.5f,%.5f\n", bar.left, bar.bottom,
		bar.right - bar.left, bar.top - bar.bottom);
	put_none(code, picture, left);
}

static void put_map_panel(Code *code, const Picture *picture, int index)
{
	const Panel *panel = &picture->panels[index];
	const Grid *grid = &panel->grid;
	const double left = LEFT + index * (SQUARE + GAP);
	const double x_from = on_axis(panel->log_x, grid->x_from), x_to = on_axis(panel->log_x, grid->x_to);
	const double y_from = on_axis(panel->log_y, grid->y_from), y_to = on_axis(panel->log_y, grid->y_to);
	const Screen square = screen_of(picture, left, left + SQUARE, BOTTOM, BOTTOM + SQUARE);
	code_put(code, "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset bmargin at screen %.5f\n"
		"set tmargin at screen %.5f\nset title ", square.left, square.right, square.bottom, square.top);
	put_text(code, panel->title);
	code_put(code, "\n");
	put_axis(code, 'x', panel->x_label, panel->log_x, grid->x_from, grid->x_to);
	put_axis(code, 'y', index ? 0 : panel->y_label, panel->log_y, grid->y_from, grid->y_to);
	put_range(code, 'x', x_from, x_to, grid->columns);
	put_range(code, 'y', y_from, y_to, grid->rows);
	if (index + 1 == picture->panel_count)
		put_bar(code, picture);
	code_put(code, "plot $map%d matrix using (%.9g + %.9g * $1):(%.9g + %.9g * $2):(abs($3) < 1e308 ? $3 : NaN) "
		"with image notitle\n", index + 1,
		x_from, (x_to - x_from) / (grid->columns - 1), y_from, (y_to - y_from) / (grid->rows - 1));
}

void put_map(Code *code, const Picture *picture)
{
	put_grids(code, picture);
	code_put(code, "set encoding utf8\nset tics nomirror out\nunset colorbox\n");
	put_colours(code, picture);
	code_put(code, "set multiplot title ");
	put_text(code, picture->title);
	code_put(code, " noenhanced\n");
	for (int i = 0; i < picture->panel_count; i++)
		put_map_panel(code, picture, i);
	code_put(code, "unset multiplot\n");
}
