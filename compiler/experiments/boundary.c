/* boundary.c: where a network with two inputs sees which class: a line between the classes, over the samples. */
#include "picture.h"
#include <math.h>

typedef struct Spot { double x, y, lead; } Spot;

/* By how much a class is likelier than the likeliest other one. */
static double lead_of(const double *chances, int classes, int class)
{
	double other = -INFINITY;
	for (int i = 0; i < classes; i++)
		other = i == class ? other : fmax(other, chances[i]);
	return chances[class] - other;
}

static Spot spot_at(const Grid *g, const double *chances, int classes, int class, int row, int column)
{
	const int cell = row * g->columns + column;
	return (Spot){
		g->x_from + (g->x_to - g->x_from) * column / (g->columns - 1),
		g->y_from + (g->y_to - g->y_from) * row / (g->rows - 1),
		lead_of(chances + (size_t)cell * (size_t)classes, classes, class),
	};
}

static void add_segment(Picture *picture, Curve *lines, const Spot *a, const Spot *b)
{
	series_add(picture, lines, (Point){a->x, a->y, a->y, a->y});
	series_add(picture, lines, (Point){b->x, b->y, b->y, b->y});
	series_add(picture, lines, (Point){b->x, NAN, NAN, NAN});
}

/* The line in a square between four places: it crosses a side whose ends have leads of different signs. Where it
 * crosses all four, either pairing will do. */
static void add_square(Picture *picture, Curve *lines, const Spot corners[4])
{
	Spot crossings[4];
	int count = 0;
	for (int i = 0; i < 4; i++) {
		const Spot *a = &corners[i], *b = &corners[(i + 1) % 4];
		if ((a->lead > 0) == (b->lead > 0))
			continue;
		const double part = a->lead / (a->lead - b->lead);
		crossings[count++] = (Spot){a->x + part * (b->x - a->x), a->y + part * (b->y - a->y), 0};
	}
	for (int i = 0; i + 1 < count; i += 2)
		add_segment(picture, lines, &crossings[i], &crossings[i + 1]);
}

/* Where a class ends. */
static void add_lines(Picture *picture, Curve *lines, const Grid *g, const double *chances, int classes, int class)
{
	for (int row = 0; row + 1 < g->rows; row++)
		for (int column = 0; column + 1 < g->columns; column++) {
			const Spot corners[4] = {
				spot_at(g, chances, classes, class, row, column),
				spot_at(g, chances, classes, class, row, column + 1),
				spot_at(g, chances, classes, class, row + 1, column + 1),
				spot_at(g, chances, classes, class, row + 1, column),
			};
			add_square(picture, lines, corners);
		}
}

/* Of two classes the probability of the second, of more the number of the likeliest. */
static double value_of(const double *chances, int classes)
{
	int best = 0;
	for (int i = 1; i < classes; i++)
		best = chances[i] > chances[best] ? i : best;
	return classes == 2 ? chances[1] : best;
}

Panel *boundary_panel(Picture *picture, const Grid *grid, const double *chances, const char *const *names, int classes)
{
	Panel *panel = picture_add_panel(picture, "", "");
	const int cells = grid->columns * grid->rows;
	panel->grid = *grid;
	panel->grid.values = NEW_ARRAY(picture->arena, double, cells);
	for (int i = 0; i < cells; i++)
		panel->grid.values[i] = value_of(chances + (size_t)i * (size_t)classes, classes);
	for (int i = 0; i < classes; i++)
		panel_add_series(panel, names[i], i);
	Curve *lines = panel_add_series(panel, "", classes);
	for (int i = 0; i < (classes == 2 ? 1 : classes); i++)
		add_lines(picture, lines, grid, chances, classes, i);
	picture->kind = PICTURE_BOUNDARY;
	picture->shades = (Shades){.low = 0, .high = classes - 1};
	if (classes == 2)
		picture->shades.label = arena_print(picture->arena, "probability of %s", names[1]);
	return panel;
}

void boundary_sample(Picture *picture, Panel *panel, int class, double x, double y)
{
	series_add(picture, &panel->series[class], (Point){x, y, y, y});
}
