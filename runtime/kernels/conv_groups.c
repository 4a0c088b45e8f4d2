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

/* The weights of a part of the kernel, as conv.c has those of a panel of `inputs` inputs. */
static void gather_weights(const Groups *g, int kernel_width, const Part *part, int inputs, Vector *block,
	const real *w)
{
	fill_rows(part->o.kernel_height * part->o.kernel_width * inputs, (real *)block, splat(0.0f));
	for (int i = 0; i < part->o.kernel_height; i++)
		for (int k = 0; k < part->o.kernel_width; k++, block += inputs)
			copy_weights(g, (part->row + i) * kernel_width + part->column + k, 1, (real *)block, LANES, 1, (real *)w);
}

/* What a panel of x gives a panel of y, by a part of the kernel. */
NOINLINE void convolve_part(const Groups *g, int kernel_width, const Part *part, Strip strip, const real *x,
	const real *w)
{
	Vector block[MOST_TAPS * LANES];
	gather_weights(g, kernel_width, part, strip.inputs, block, w);
	strip.w = (const real *)block;
	strip.w_line = (ptrdiff_t)part->o.kernel_width * strip.inputs * LANES;
	convolve(&strip, &part->o, 0, part->o.images, x);
}

static void KERNEL_FN(conv2d_grouped)(int rows, int outputs, int inputs, WINDOW_PARAMETERS, int groups, int panel,
	real *y, const real *x, const real *w, const real *b)
{
	const Window o = window_of(rows, WINDOW);
	const int channels = inputs / (kernel_height * kernel_width);
	Groups g = { channels, outputs / groups, kernel_height * kernel_width, outputs, 0, panel };
	const Panels seen = panels_seen(panel, outputs, g.outputs, channels);
	Strip strip = { 0, 0, 0, y, b ? b : nothing, 0, 0, 0 };
	for (g.x_panel = seen.first; g.x_panel < seen.end; g.x_panel++) {
		strip.inputs = smaller(channels * groups - g.x_panel * LANES, LANES);
		FOR_GATHERED_PARTS(part, &o) {
			convolve_part(&g, kernel_width, &part, strip, x + (ptrdiff_t)g.x_panel * o.images * height * width * LANES,
				w);
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
	const int own = smaller(channels * groups - panel * LANES, LANES);
	GroupTurn t = { { &turn_group, &o, 0, o.images, 0, own, w, dx, dy, 0 },
		{ channels, outputs / groups, taps, outputs, panel, 0 } };
	for (t.groups.y_panel = seen.first; t.groups.y_panel < seen.end; t.groups.y_panel++) {
		t.turn.first = t.groups.y_panel == seen.first;
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
	Vector block[MOST_TAPS * LANES];
	fill_rows(inputs, dw, splat(0.0f));
	for (g.x_panel = seen.first; g.x_panel < seen.end; g.x_panel++) {
		const int count = smaller(channels * groups - g.x_panel * LANES, LANES);
		FOR_GATHERED_PARTS(part, &o) {
			real *from = (real *)block;
			fill_rows(part.o.kernel_height * part.o.kernel_width * count, from, splat(0.0f));
			const ptrdiff_t line = (ptrdiff_t)part.o.kernel_width * count * LANES;
			const Taps of_part = { 0, dy, from, line, count, 0, 0, 0, 0, 0 };
			add_dw(&part.o, 0, o.images, of_part, x + (ptrdiff_t)g.x_panel * o.images * height * width * LANES);
			for (int i = 0; i < part.o.kernel_height; i++)
				for (int k = 0; k < part.o.kernel_width; k++, from += count * LANES)
					copy_weights(&g, (part.row + i) * kernel_width + part.column + k, 0, from, LANES, 1, dw);
		}
	}
}
#endif
