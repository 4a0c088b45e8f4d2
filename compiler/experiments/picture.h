/* picture.h: panels side by side, of curves or of a grid of values, which gnuplot or a terminal draws. */
#ifndef BNC_PICTURE_H
#define BNC_PICTURE_H
#include "experiments.h"

enum { MAX_SERIES = 12, MAX_PANELS = 6 };

/* low, high: of a band around the curve; both are y without one. A y that is not finite leaves a gap. */
typedef struct Point { double x, y, low, high; } Point;

typedef struct Curve {
	const char *name;
	int style;              /* its colour, and what tells it from others without colours */
	bool dashed;            /* it belongs to the series before it, and has its style */
	bool band;
	struct { Point *items; int count, capacity; } points;
} Curve;

/* Values in columns and rows; the first row is the lowest. */
typedef struct Grid {
	int columns, rows;
	double x_from, x_to, y_from, y_to;      /* the centres of the first and the last column, and row */
	double *values;         /* [rows][columns]; not finite: there is none */
} Grid;

typedef enum PictureKind { PICTURE_CURVES, PICTURE_MAP, PICTURE_BOUNDARY, PICTURE_CONFUSION } PictureKind;

typedef struct Panel {
	const char *title;      /* null: the picture's says all */
	const char *x_label, *y_label;
	bool log_x, log_y;
	Curve series[2 * MAX_SERIES];
	int series_count;
	Grid grid;              /* without columns: there is none */
	/* of a confusion: the name of each column and row, and the number in each cell; else null */
	const char *const *names;
	const int *counts;
} Panel;

/* What a colour says in all grids of a picture. Values outside are drawn as the nearest inside. */
typedef struct Shades {
	const char *label, *none;       /* null: no bar says what they mean; none: what no value means, or null */
	bool log;
	double low, high;
} Shades;

typedef struct Picture {
	Arena *arena;
	PictureKind kind;
	const char *title;
	Panel panels[MAX_PANELS];
	int panel_count;
	Shades shades;          /* of all panels but those of curves */
} Picture;

/* ---- picture.c */

Panel *picture_add_panel(Picture *picture, const char *x_label, const char *y_label);
/* Null: there are too many. */
Curve *panel_add_series(Panel *panel, const char *name, int style);
void series_add(Picture *picture, Curve *series, Point point);
/* The median of the values, which are sorted, and the band from the 10th to the 90th percentile. */
Point point_of_values(double x, double *values, int count);
/* The value at a part of them, from 0 to 1. */
double percentile(const double *sorted, int count, double part);
int by_value(const void *left, const void *right);
const char *picture_title(Arena *arena, const Records *records, int seeds);
/* Whether there is a grid, or a point with a finite y. */
bool picture_has_points(const Picture *picture);
/* Chooses an axis of y that shows small values beside large ones, where they differ that much. */
void panel_choose_scale(Panel *panel);
/* The range of the finite values; false: there are none. */
typedef struct Extent { double x_low, x_high, y_low, y_high; } Extent;
bool panel_extent(const Panel *panel, Extent *out);

/* ---- gnuplot.c */

/* Whether the name says what kind of picture the file is to be. */
bool plot_check(const char *path, Failure *failure);
/* Writes FILE.gp, or draws FILE.png, .svg or .pdf with gnuplot. Where that is missing, the script is written instead,
 * and *missing is its name. */
bool plot_write(const Picture *picture, const char *path, const char **missing, Failure *failure);

/* Whether gnuplot is there. */
bool plot_can_draw(Failure *failure);
/* The picture as an element of a page, in memory that is to be freed. prefix: of its ids, which no other element of the
 * page has. */
bool plot_inline(const Picture *picture, const char *prefix, char **svg, Failure *failure);

/* ---- braille.c */

/* Draws the picture with braille characters in so many columns. */
void plot_print(const Picture *picture, int columns, FILE *out);

/* ---- curves.c: what becomes of a loss epoch by epoch */

typedef struct Curves {
	Picture picture;
	const Training *training;
	Listener listener;      /* one for the training: takes the numbers of each epoch */
} Curves;

void curves_open(Curves *curves, Arena *arena, const Training *training);
void curves_close(Curves *curves);

/* ---- map.c: --map */

/* The loss of each pixel of each network, by the numbers of the runs. */
bool map_picture(Picture *picture, const Plan *plan, const Records *records, Failure *failure);
/* A line for each network. */
void map_print(const Plan *plan, const Records *records, FILE *out);

/* ---- boundary.c: where a network with two inputs sees which class */

/* A panel of what a network says: chances[rows][columns][classes] of the places of the grid, whose values are not
 * needed. */
Panel *boundary_panel(Picture *picture, const Grid *grid, const double *chances, const char *const *names, int classes);
/* Adds a sample. */
void boundary_sample(Picture *picture, Panel *panel, int class, double x, double y);

/* ---- confusion.c: how many rows of each class are taken for which */

/* counts: [true class][predicted class] */
Panel *confusion_panel(Picture *picture, const int *counts, const char *const *names, int classes);

/* ---- sweep_picture.c: loss and accuracy against what was varied */

/* Whether a number varies in these axes. */
bool axes_have_number(const Axis *axes, int count);
/* The same loss and accuracy epoch by epoch, where none does. */
bool epochs_picture(Picture *picture, const Plan *plan, const Records *records, Failure *failure);
/* False: failure says what cannot be drawn. */
bool records_picture(Picture *picture, Arena *arena, const Records *records, Failure *failure);

#endif
