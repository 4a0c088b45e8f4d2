/* braille.c: a picture in the terminal. A braille character is two columns and four rows of dots. */
#include "picture.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 16, MARGIN = 9, NARROWEST = 20, WIDEST = 100, MAX_TICKS = 12 };

typedef struct Canvas {
	int columns;            /* characters */
	unsigned char *dots;    /* [ROWS][columns]: the bits of a braille character */
	char *letters;          /* [ROWS][columns]: a letter in place of the dots, or a shade, or 0 */
	const Panel *panel;
	double x_low, x_high, y_low, y_high;    /* in logarithms where the axis is logarithmic */
} Canvas;

static double on_axis(bool log, double value)
{
	return log ? log10(value) : value;
}

/* The range of an axis, never empty. */
static void set_range(bool log, double from, double to, double *low, double *high)
{
	*low = on_axis(log, from);
	*high = on_axis(log, to);
	if (*low < *high)
		return;
	*low -= 0.5;
	*high += 0.5;
}

static bool open_canvas(Canvas *c, const Panel *panel, int columns)
{
	Extent e;
	if (!panel_extent(panel, &e))
		return false;
	*c = (Canvas){.columns = columns, .panel = panel, .dots = calloc(ROWS, (size_t)columns),
		.letters = calloc(ROWS, (size_t)columns)};
	set_range(panel->log_x, e.x_low, e.x_high, &c->x_low, &c->x_high);
	set_range(panel->log_y, e.y_low, e.y_high, &c->y_low, &c->y_high);
	return c->dots && c->letters;
}

static void close_canvas(Canvas *c)
{
	free(c->dots);
	free(c->letters);
}

/* ---- dots */

static double dot_x(const Canvas *c, double x)
{
	return (on_axis(c->panel->log_x, x) - c->x_low) / (c->x_high - c->x_low) * (2 * c->columns - 1);
}

static double dot_y(const Canvas *c, double y)
{
	return (c->y_high - on_axis(c->panel->log_y, y)) / (c->y_high - c->y_low) * (4 * ROWS - 1);
}

static void set_dot(const Canvas *c, double x, double y)
{
	static const unsigned char bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	const int column = (int)lround(x), row = (int)lround(y);
	if (column >= 0 && column < 2 * c->columns && row >= 0 && row < 4 * ROWS)
		c->dots[row / 4 * c->columns + column / 2] |= bits[row % 4][column % 2];
}

/* Draws `on` dots of each `period` of a line. */
static void draw_line(const Canvas *c, const double from[2], const double to[2], int on, int period, int *phase)
{
	const double dx = to[0] - from[0], dy = to[1] - from[1];
	const int steps = (int)ceil(fmax(fabs(dx), fabs(dy)));
	for (int i = 0; i <= steps; i++) {
		const double part = steps ? (double)i / steps : 0;
		if ((*phase)++ % period < on)
			set_dot(c, from[0] + part * dx, from[1] + part * dy);
	}
}

typedef double Height(const Point *point);
static double middle(const Point *p) { return p->y; }
static double lower(const Point *p) { return p->low; }
static double upper(const Point *p) { return p->high; }

static void draw_curve(const Canvas *c, const Curve *s, Height *height, int on, int period)
{
	double before[2] = {NAN, NAN};
	int phase = 0;
	for (int i = 0; i < s->points.count; i++) {
		const Point *p = &s->points.items[i];
		const double here[2] = {dot_x(c, p->x), dot_y(c, height(p))};
		if (isfinite(p->y) && isfinite(here[1]))
			draw_line(c, isfinite(before[1]) ? before : here, here, on, period, &phase);
		before[0] = here[0];
		before[1] = isfinite(p->y) ? here[1] : NAN;
	}
}

/* A letter tells which curve it is: where that is farthest from the others, as far as there is room. */
static double distance_to_others(const Canvas *c, const Curve *s, int index)
{
	double nearest = 1e9;
	const Point *p = &s->points.items[index];
	for (int i = 0; i < c->panel->series_count; i++) {
		const Curve *other = &c->panel->series[i];
		for (int k = 0; other != s && k < other->points.count; k++) {
			const double dx = dot_x(c, other->points.items[k].x) - dot_x(c, p->x);
			const double dy = dot_y(c, other->points.items[k].y) - dot_y(c, p->y);
			nearest = isfinite(dy) ? fmin(nearest, hypot(dx, 2 * dy)) : nearest;
		}
	}
	return nearest;
}

static void put_letter(const Canvas *c, const Curve *s, char letter)
{
	int best = -1;
	double most = -1;
	for (int i = 0; i < s->points.count; i++) {
		const double distance = isfinite(s->points.items[i].y) ? distance_to_others(c, s, i) : -1;
		best = distance > most ? i : best;
		most = fmax(most, distance);
	}
	if (best < 0)
		return;
	const int column = (int)lround(dot_x(c, s->points.items[best].x)) / 2;
	const int row = (int)lround(dot_y(c, s->points.items[best].y)) / 4;
	if (column >= 0 && column < c->columns && row >= 0 && row < ROWS)
		c->letters[row * c->columns + column] = letter;
}

static void draw_series(const Canvas *c)
{
	for (int i = 0; i < c->panel->series_count; i++) {
		const Curve *s = &c->panel->series[i];
		draw_curve(c, s, middle, s->dashed ? 4 : 1, s->dashed ? 8 : 1);
		if (s->band) {
			draw_curve(c, s, lower, 1, 4);
			draw_curve(c, s, upper, 1, 4);
		}
	}
	for (int i = 0; c->panel->series_count > 1 && i < c->panel->series_count; i++)
		put_letter(c, &c->panel->series[i], (char)('a' + i));
}

/* ---- a boundary */

/* A letter for each sample. The last curve is the boundary, in pieces. */
static void draw_boundary(const Canvas *c)
{
	const int classes = c->panel->series_count - 1;
	draw_curve(c, &c->panel->series[classes], middle, 1, 1);
	for (int i = 0; i < classes; i++) {
		const Curve *s = &c->panel->series[i];
		for (int k = 0; k < s->points.count; k++) {
			const int column = (int)lround(dot_x(c, s->points.items[k].x)) / 2;
			const int row = (int)lround(dot_y(c, s->points.items[k].y)) / 4;
			if (column >= 0 && column < c->columns && row >= 0 && row < ROWS)
				c->letters[row * c->columns + column] = (char)('a' + i);
		}
	}
}

/* ---- grids */

/* Blocks, from the smallest values to the largest; and what has no value. */
enum { SHADES = 4, NO_VALUE = SHADES + 1 };
static const char *const blocks[] = {"", "\xe2\x96\x88", "\xe2\x96\x93", "\xe2\x96\x92", "\xe2\x96\x91", "x"};

/* The end of a shade, on an axis of the values. */
static double shade_end(const Shades *shades, int shade)
{
	const double low = on_axis(shades->log, shades->low), high = on_axis(shades->log, shades->high);
	return low + (high - low) * shade / SHADES;
}

static char shade_of(const Shades *shades, double value)
{
	int shade = 1;
	while (shade < SHADES && on_axis(shades->log, value) > shade_end(shades, shade))
		shade++;
	return (char)(isfinite(value) ? shade : NO_VALUE);
}

/* The column or the row of a grid that is drawn at a place, `part` of the axis from its smaller end. */
static int index_at(double part, double from, double to, int count)
{
	return (int)((from < to ? part : 1 - part) * (count - 1) + 0.5);
}

static void draw_grid(const Canvas *c, const Shades *shades)
{
	const Grid *g = &c->panel->grid;
	for (int row = 0; row < ROWS; row++)
		for (int column = 0; column < c->columns; column++) {
			const int x = index_at((column + 0.5) / c->columns, g->x_from, g->x_to, g->columns);
			const int y = index_at(1 - (row + 0.5) / ROWS, g->y_from, g->y_to, g->rows);
			c->letters[row * c->columns + column] = shade_of(shades, g->values[y * g->columns + x]);
		}
}

static void print_shades(const Shades *shades, FILE *out)
{
	fprintf(out, "%*s%s:", MARGIN, "", shades->label);
	for (int i = 1; i <= SHADES; i++) {
		const double end = shade_end(shades, i < SHADES ? i : i - 1), value = shades->log ? pow(10, end) : end;
		fprintf(out, "   %s %s %.2g", blocks[i], i < SHADES ? "to" : "above", value);
	}
	fprintf(out, "   %s %s\n", blocks[NO_VALUE], shades->none);
}

/* ---- axes */

/* Whole powers of ten, or steps of 1, 2 or 5 of one. */
static int find_ticks(bool log, double low, double high, int most, double ticks[MAX_TICKS])
{
	double step = log ? 1 : pow(10, floor(log10((high - low) / most)));
	static const double times[] = {1, 2, 5, 10, 20, 50, 100};
	for (int i = 0; i < 7; i++)
		if ((high - low) / (step * times[i]) <= most) {
			step *= times[i];
			break;
		}
	int count = 0;
	for (double at = ceil(low / step - 1e-9) * step; at <= high + 1e-9 * step && count < MAX_TICKS; at += step)
		ticks[count++] = fabs(at) < 1e-9 * step ? 0 : at;
	return count;
}

static const char *tick_text(bool log, double tick, char out[16])
{
	snprintf(out, 16, "%.6g", log ? pow(10, tick) : tick);
	return out;
}

static void print_cell(const Canvas *c, int row, int column, FILE *out)
{
	const size_t at = (size_t)(row * c->columns + column);
	const unsigned code = 0x2800u + c->dots[at];
	if (c->letters[at] > 0 && c->letters[at] <= NO_VALUE)
		fputs(blocks[(int)c->letters[at]], out);
	else if (c->letters[at] || !c->dots[at])
		fputc(c->letters[at] ? c->letters[at] : ' ', out);
	else
		fprintf(out, "%c%c%c", (int)(0xe0 | code >> 12), (int)(0x80 | (code >> 6 & 63)), (int)(0x80 | (code & 63)));
}

static void print_rows(const Canvas *c, FILE *out)
{
	double ticks[MAX_TICKS];
	char text[16];
	const int count = find_ticks(c->panel->log_y, c->y_low, c->y_high, 5, ticks);
	for (int row = 0; row < ROWS; row++) {
		const char *label = "";
		for (int i = 0; i < count; i++) {
			const double y = (c->y_high - ticks[i]) / (c->y_high - c->y_low) * (4 * ROWS - 1);
			if ((int)lround(y) / 4 == row)
				label = tick_text(c->panel->log_y, ticks[i], text);
		}
		fprintf(out, "%*s %s", MARGIN - 2, label, *label ? "\xe2\x94\xa4" : "\xe2\x94\x82");
		int end = c->columns;
		while (end > 0 && !c->dots[row * c->columns + end - 1] && !c->letters[row * c->columns + end - 1])
			end--;
		for (int column = 0; column < end; column++)
			print_cell(c, row, column, out);
		fputc('\n', out);
	}
}

static void print_x_axis(const Canvas *c, FILE *out)
{
	double ticks[MAX_TICKS];
	char text[16], line[WIDEST + MARGIN + 32], labels[WIDEST + MARGIN + 32];
	const int count = find_ticks(c->panel->log_x, c->x_low, c->x_high, c->columns / 12, ticks);
	memset(labels, ' ', sizeof labels);
	memset(line, 0, sizeof line);
	int end = 0;
	for (int i = 0; i < count; i++) {
		const double part = (ticks[i] - c->x_low) / (c->x_high - c->x_low);
		const int column = (int)lround(part * (2 * c->columns - 1)) / 2;
		const int length = (int)strlen(tick_text(c->panel->log_x, ticks[i], text)), at = column - length / 2;
		const int first = MARGIN + at < end ? end : MARGIN + at;
		line[column] = 1;
		memcpy(labels + first, text, (size_t)length);
		end = first + length + 1;
	}
	fprintf(out, "%*s\xe2\x94\x94", MARGIN - 1, "");
	for (int i = 0; i < c->columns; i++)
		fputs(line[i] ? "\xe2\x94\xac" : "\xe2\x94\x80", out);
	fprintf(out, "\n%.*s\n", end > 0 ? end - 1 : 0, labels);
}

static void print_centred(const char *text, int columns, FILE *out)
{
	const int length = (int)strlen(text);
	fprintf(out, "%*s%s\n", MARGIN + (columns > length ? (columns - length) / 2 : 0), "", text);
}

/* A curve without a name has no letter. */
static void print_legend(const Panel *panel, FILE *out)
{
	if (panel->series_count < 2)
		return;
	fprintf(out, "%*s", MARGIN, "");
	for (int i = 0; i < panel->series_count && *panel->series[i].name; i++)
		fprintf(out, "%s%c %s", i ? "   " : "", 'a' + i, panel->series[i].name);
	fputc('\n', out);
}

static void print_panel(const Picture *picture, const Panel *panel, int columns, FILE *out)
{
	Canvas c;
	if (open_canvas(&c, panel, columns)) {
		if (picture->kind == PICTURE_BOUNDARY)
			draw_boundary(&c);
		else
			draw_series(&c);
		if (picture->kind == PICTURE_MAP)
			draw_grid(&c, &picture->shades);
		if (panel->title && picture->panel_count > 1)
			print_centred(panel->title, columns, out);
		fprintf(out, "%*s%s\n", MARGIN - 1, "", panel->y_label);
		print_rows(&c, out);
		print_x_axis(&c, out);
		print_centred(panel->x_label, columns, out);
		print_legend(panel, out);
		if (picture->kind == PICTURE_MAP && panel == &picture->panels[picture->panel_count - 1])
			print_shades(&picture->shades, out);
		close_canvas(&c);
	}
}

void plot_print(const Picture *picture, int columns, FILE *out)
{
	const int wanted = (columns ? columns : 80) - MARGIN - 2;
	const int width = wanted < NARROWEST ? NARROWEST : wanted > WIDEST ? WIDEST : wanted;
	print_centred(picture->title, width, out);
	for (int i = 0; i < picture->panel_count; i++)
		print_panel(picture, &picture->panels[i], width, out);
}
