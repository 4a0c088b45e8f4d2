/* conv_groups.c: convolution in several groups of channels. What the channels of one panel of x give to those of one
 * panel of y is a dense convolution (conv.c), in which the weights between channels of different groups are 0. So a
 * panel takes the panels of the other side that have channels of its groups, one after the other. */
#include "window.h"

#if LANES > 1
typedef struct Groups {
	int inputs, outputs, taps;      /* of one group */
	int features;                   /* of y */
	int x_panel, y_panel;           /* the two panels */
} Groups;

typedef struct Panels { int first, end; } Panels;

/* The panels of the other side that have channels of this panel's groups. A group has `own` channels of the `total` of
 * this side, and `other` channels of the other side. */
INLINE Panels panels_seen(int panel, int total, int own, int other)
{
	const int last = smaller((panel + 1) * LANES, total) - 1;
	const Panels seen = { panel * LANES / own * other / LANES, panel_count((last / own + 1) * other) };
	return seen;
}

/* Where the weight of a group's channel is among those of a panel of y, see conv.c. */
INLINE ptrdiff_t weight_place(const Groups *g, int channel, int tap)
{
	const int first = channel - channel % LANES;
	return ((ptrdiff_t)first * g->taps + tap * smaller(LANES, g->inputs - first) + channel % LANES) * LANES;
}

/* Copies the weights of a tap between the two panels, from w to the block or back. The block's steps are those from one
 * lane of x's panel to the next, and of y's. */
INLINE void copy_weights(const Groups *g, int tap, const int to_block, real *block, int x_step, int y_step, real *w)
{
	const int lanes = smaller(g->features - g->y_panel * LANES, LANES);
	for (int lane = 0; lane < lanes; lane++) {
		const int group = (g->y_panel * LANES + lane) / g->outputs, first = group * g->inputs - g->x_panel * LANES;
		const int end = smaller(first + g->inputs, LANES);
		for (int i = first < 0 ? 0 : first; i < end; i++) {
			real *const at = block + i * x_step + lane * y_step;
			real *const weight = w + weight_place(g, i - first, tap) + lane;
			*(to_block ? at : weight) = *(to_block ? weight : at);
		}
	}
}

/* The weights of kernel rows and columns from (row, column) on, as conv.c has those of a panel of `inputs` inputs. */
static void gather_weights(const Groups *g, int kernel_width, const Strip *strip, int row, int column, Vector *block,
	const real *w)
{
	fill_rows(strip->kernel_height * strip->kernel_width * strip->inputs, (real *)block, splat(0.0f));
	for (int i = 0; i < strip->kernel_height; i++)
		for (int k = 0; k < strip->kernel_width; k++, block += strip->inputs)
			copy_weights(g, (row + i) * kernel_width + column + k, 1, (real *)block, LANES, 1, (real *)w);
}

static void KERNEL_FN(conv2d_grouped)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *y, const real *x, const real *w, const real *b)
{
	const Window o = window_of(rows, WINDOW);
	const int channels = inputs / (kernel_height * kernel_width);
	Groups g = { channels, outputs / groups, kernel_height * kernel_width, outputs, 0, panel };
	const Panels seen = panels_seen(panel, outputs, g.outputs, channels);
	const int columns = smaller(kernel_width, MOST_TAPS), rows_at_once = MOST_TAPS / columns;
	Vector block[MOST_TAPS * LANES];
	Strip strip = { 0, 0, 0, width, stride_width, 0, 0, 0, 0, 0, (const real *)block, y, b ? b : nothing };
	for (g.x_panel = seen.first; g.x_panel < seen.end; g.x_panel++) {
		strip.inputs = smaller(channels * groups - g.x_panel * LANES, LANES);
		for (int row = 0; row < kernel_height; row += rows_at_once)
			for (int column = 0; column < kernel_width; column += columns) {
				strip.kernel_height = smaller(rows_at_once, kernel_height - row);
				strip.kernel_width = smaller(columns, kernel_width - column);
				strip.shift = column - padding_width;
				gather_weights(&g, kernel_width, &strip, row, column, block, w);
				convolve(strip, &o, row, x + (ptrdiff_t)g.x_panel * o.images * height * width * LANES);
				strip.start = 0;
			}
	}
}

/* A Turn with the groups that its function needs. */
typedef struct GroupTurn { Turn turn; Groups groups; } GroupTurn;

static void turn_group(const Turn *t, Vector *turned, int tap)
{
	fill_rows(t->outputs, (real *)turned, splat(0.0f));
	copy_weights(&((const GroupTurn *)t)->groups, tap, 1, (real *)turned, 1, LANES, (real *)t->w);
}

static void KERNEL_FN(conv2d_grouped_dx)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *dx, const real *dy, const real *w)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps;
	const Panels seen = panels_seen(panel, channels * groups, channels, outputs / groups);
	GroupTurn t = { { &turn_group, &o, 0, o.images, 0, smaller(channels * groups - panel * LANES, LANES), w, dx, dy },
		{ channels, outputs / groups, taps, outputs, panel, 0 } };
	fill_rows(o.images * height * width, dx, splat(0.0f));
	for (t.groups.y_panel = seen.first; t.groups.y_panel < seen.end; t.groups.y_panel++) {
		t.turn.outputs = smaller(outputs - t.groups.y_panel * LANES, LANES);
		t.turn.w = w + (ptrdiff_t)t.groups.y_panel * LANES * inputs;
		t.turn.dy = dy + (ptrdiff_t)t.groups.y_panel * LANES * rows;
		dx_of_panel(&t.turn);
	}
}

static void KERNEL_FN(conv2d_grouped_dw)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *dw, const real *x, const real *dy)
{
	const Window o = window_of(rows, WINDOW);
	const int taps = kernel_height * kernel_width, channels = inputs / taps;
	Groups g = { channels, outputs / groups, taps, outputs, 0, panel };
	const Panels seen = panels_seen(panel, outputs, g.outputs, channels);
	Vector block[LANES];
	fill_rows(inputs, dw, splat(0.0f));
	fill_rows(LANES, (real *)block, splat(0.0f));
	for (g.x_panel = seen.first; g.x_panel < seen.end; g.x_panel++)
		for (int tap = 0; tap < taps; tap++) {
			dw_of_tap(&o, smaller(channels * groups - g.x_panel * LANES, LANES), tap, (real *)block,
				x + (ptrdiff_t)g.x_panel * o.images * height * width * LANES, dy);
			copy_weights(&g, tap, 0, (real *)block, LANES, 1, dw);
		}
}
#endif
